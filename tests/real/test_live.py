"""Hermes itself writes while our server watches: each change arrives, and moves no other panel."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hermes_hud_widget import Home
from real.agent import Hermes, Live
from support.served import served

READERS = {"db": {"overview", "sessions"}, "memory": {"overview", "memory"}}
CALLS = [{"id": "c1", "type": "function", "function": {"name": "terminal", "arguments": '{"command": "ls"}'}}]

WRITES: list[tuple[str, str, tuple[Any, ...], dict[str, Any]]] = [
    ("db", "create_session", ("s2", "telegram"), {"model": "m/two"}),
    ("db", "append_message", ("s1", "user", "What is in this folder?"), {}),
    (
        "db",
        "update_token_counts",
        ("s1",),
        {"input_tokens": 10, "output_tokens": 5, "model": "m/one", "api_call_count": 1},
    ),
    ("db", "append_message", ("s1", "assistant", ""), {"tool_calls": CALLS, "finish_reason": "tool_calls"}),
    ("db", "append_message", ("s1", "tool", "a b c"), {"tool_name": "terminal", "tool_call_id": "c1"}),
    ("db", "set_session_title", ("s1", "A folder"), {}),
    ("db", "archive_and_compact", ("s1", [{"role": "user", "content": "a summary"}]), {}),
    ("db", "set_session_archived", ("s2", True), {}),
    ("db", "end_session", ("s1", "cli_close"), {}),
    ("db", "reopen_session", ("s1",), {}),
    (
        "db",
        "record_auxiliary_usage",
        ("s1",),
        {"task": "title_generation", "model": "m/one", "input_tokens": 3},
    ),
    ("db", "delete_session", ("s2",), {}),
    ("memory", "add", ("memory", "The user likes tea."), {}),
    ("memory", "add", ("user", "Works at night."), {}),
    ("memory", "replace", ("memory", "likes tea", "The user likes coffee."), {}),
    ("memory", "remove", ("memory", "coffee"), {}),
]


@pytest.fixture(params=["wal", "delete"])
def live(request: pytest.FixtureRequest, home: Path, start_hermes: Callable[..., Hermes]) -> Iterator[Live]:
    """A Hermes at work, and a client that watches its home."""
    hermes = start_hermes(request.param)
    hermes.db("create_session", "s1", "cli", model="m/one")
    hermes.say("s1", "Hello", "Hello to you")
    hermes.memory("add", "memory", "Seen at the start.")
    with served() as server:
        id = server.open(home)
        with server.connect() as client:
            client.look(id, "overview", "memory", "sessions")
            yield hermes, server, client, id


def test_each_write_of_hermes_reaches_a_client_and_moves_no_other_panel(
    live: Live,
) -> None:
    hermes, server, client, id = live
    for target, method, args, kwargs in WRITES:
        before = {panel: client.get(id, panel)["version"] for panel in ("overview", "memory", "sessions")}
        hermes(target, method, *args, **kwargs)
        for panel in READERS[target]:
            client.wait_version(id, panel, before[panel])
        # Memory tells which sessions carry an older one: it may move with a session.
        unmoved = before.keys() - READERS[target] - ({"memory"} if target == "db" else set())
        assert {panel: server.engine.hub.version(id, panel) for panel in unmoved} == {
            panel: before[panel] for panel in unmoved
        }, f"{target}.{method}"


def test_memory_is_what_hermes_own_store_holds(live: Live) -> None:
    hermes, _, client, id = live
    hermes.memory("add", "memory", "See § 12 BGB\nand § 13.")
    hermes.memory("add", "user", "日本語 and ümläuts")

    def equals_hermes(data: Any) -> bool:
        memory, user = data["stores"]
        return bool(
            [entry["text"] for entry in memory["entries"]] == hermes.memory("memory_entries")
            and [entry["text"] for entry in user["entries"]] == hermes.memory("user_entries")
        )

    data = client.wait_data(id, "memory", equals_hermes)["data"]
    for store, target in zip(data["stores"], ("memory", "user"), strict=True):
        assert store["used_chars"] == hermes.memory("_char_count", target)
        assert store["limit_chars"] == hermes.memory("_char_limit", target)
    with Home(hermes.home) as home:
        frame = home.frame("memory")
    assert list(frame["text"]) == hermes.memory("memory_entries") + hermes.memory("user_entries")


def test_the_list_is_what_hermes_lists(live: Live) -> None:
    hermes, _, client, id = live
    hermes.compress("s1", "s1b")
    hermes.say("s1b", "And on we go")
    hermes.branch("s1b", "s3")
    hermes.say("s3", "Another way")
    hermes.delegate("s3", "hidden")
    hermes.db("set_session_title", "s3", "The last thing written")
    theirs = hermes.db("list_sessions_rich", order_by_last_active=True, limit=100)

    def equals_hermes(data: Any) -> bool:
        rows = data["list"]["rows"]
        return bool([row["id"] for row in rows] == [row["id"] for row in theirs])

    rows = client.wait_data(id, "sessions", equals_hermes)["data"]["list"]["rows"]
    for ours, theirs_row in zip(rows, theirs, strict=True):
        for name in ("title", "source", "message_count", "tool_call_count", "end_reason"):
            assert ours[name] == theirs_row[name], name


def test_frames_hold_what_hermes_own_functions_return(live: Live) -> None:
    hermes, *_ = live
    hermes.db("append_message", "s1", "assistant", "", tool_calls=CALLS, finish_reason="tool_calls")
    hermes.db("append_message", "s1", "tool", "a b c", tool_name="terminal", tool_call_id="c1")
    theirs = hermes.db("get_messages", "s1")
    with Home(hermes.home) as home:
        messages = home.frame("messages", session_id="s1")
        sessions = home.frame("sessions")
    assert list(messages["id"]) == [row["id"] for row in theirs]
    assert list(messages["role"]) == [row["role"] for row in theirs]
    assert list(messages["text_chars"].fillna(0)) == [len(row["content"] or "") for row in theirs]
    assert [stamp.timestamp() for stamp in messages["timestamp"]] == pytest.approx(
        [row["timestamp"] for row in theirs]
    )
    assert list(messages["tool_names"].iloc[-2]) == ["terminal"]
    session = hermes.db("get_session", "s1")
    row = sessions.set_index("id").loc["s1"]
    for name in ("source", "model", "message_count", "tool_call_count", "input_tokens", "output_tokens"):
        assert row[name] == session[name], name


def test_a_transcript_is_what_hermes_stored(live: Live) -> None:
    hermes, _, client, id = live
    hermes.say("s1", "One more <b>question</b>", "One more answer")
    theirs = [row["content"] for row in hermes.db("get_messages", "s1")]

    def equals_hermes(data: Any) -> bool:
        return [message["text"] for message in reversed(data["transcript"]["messages"])] == theirs

    client.wait_data(id, "sessions", equals_hermes, {"session": "s1"})


def test_a_killed_hermes_is_crashed_within_seconds(live: Live) -> None:
    hermes, _, client, id = live
    hermes.db("append_message", "s1", "assistant", "", tool_calls=CALLS, finish_reason="tool_calls")

    def does(activity: str) -> Callable[[Any], bool]:
        return lambda data: [session["activity"] for session in data["live"]] == [activity]

    client.wait_data(id, "overview", does("running"))
    hermes.kill()
    # Hermes itself would call it active for five minutes.
    frame = client.wait_data(id, "overview", does("crashed"))
    assert json.dumps(frame["data"]["live"]).count("terminal") == 1
