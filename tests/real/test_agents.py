"""Hermes' own delegations and processes: each write arrives, and the panel says what Hermes says."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hermes_hud_widget import Home
from hermes_hud_widget.panels import agents
from real.agent import Hermes, Live
from support.served import served


@pytest.fixture
def live(home: Path, hermes: Hermes) -> Iterator[Live]:
    """A Hermes at work, and a client that watches its agents."""
    hermes.db("create_session", "s1", "cli")
    hermes.say("s1", "Count the stations.")
    with served() as server:
        id = server.open(home)
        with server.connect() as client:
            client.look(id, "agents")
            yield hermes, server, client, id


def wait(live: Live, holds: Callable[[Any], bool], **query: Any) -> Any:
    """The panel's data once something holds, told by the server alone."""
    _, _, client, id = live
    frame = client.get(id, "agents", query)
    while not holds(frame["data"]):
        client.wait_version(id, "agents", frame["version"])
        frame = client.get(id, "agents", query)
    return frame["data"]


def test_a_background_delegation_is_followed_from_its_dispatch_to_its_delivery(live: Live) -> None:
    hermes = live[0]
    id = hermes("delegation", "dispatch", ["Count", "Fetch"], parent_session_id="s1")
    (one,) = wait(live, lambda data: data["running"] == 1)["delegations"]
    assert (one["id"], one["parent_id"], one["parent_title"]) == (id, "s1", "Count the stations.")
    assert (one["owner_pid"], one["is_owner_alive"]) == (hermes.pid, True)
    assert [(task["goal"], task["status"]) for task in one["tasks"]] == [
        ("Count", "running"),
        ("Fetch", "running"),
    ]
    hermes(
        "delegation",
        "finish",
        id,
        [
            {
                "task_index": 0,
                "status": "completed",
                "summary": "42",
                "api_calls": 2,
                "exit_reason": "completed",
            },
            {"task_index": 1, "status": "error", "error": "No network", "api_calls": 1},
        ],
    )
    (one,) = wait(live, lambda data: data["delegations"][0]["state"] == "completed")["delegations"]
    theirs = hermes("tools.async_delegation", "get_durable_delegation", id)
    assert (one["state"], one["delivery"], one["delivery_attempts"]) == tuple(
        theirs[name] for name in ("state", "delivery_state", "delivery_attempts")
    )
    assert [(task["summary"], task["error"]) for task in one["tasks"]] == [("42", None), (None, "No network")]
    assert one["api_calls"] == 3
    assert hermes("tools.async_delegation", "mark_completion_delivered", id)
    wait(live, lambda data: data["delegations"][0]["delivery"] == "delivered")


def test_a_live_transcript_grows_line_by_line_while_somebody_looks(live: Live) -> None:
    hermes = live[0]
    id = hermes("delegation", "dispatch", ["Count the stations"])
    said = [
        ("assistant_text", ["I look at the list."], "assistant", "I look at the list."),
        ("tool_start", ["read_file", "stations.csv"], "tool", "-> read_file(stations.csv)"),
        ("tool_result", ["read_file", "42 lines", 0.12], "result", "read_file ok 0.1s: 42 lines"),
        ("thinking", ["One is closed."], "think", "One is closed."),
        ("marker", ["end status=completed"], "final", "end status=completed"),
    ]
    for method, values, role, text in said:
        hermes("delegation", "tell", id, 0, method, *values)
        data = wait(
            live, lambda data, text=text: data["transcript"]["lines"][-1]["text"] == text, transcript=id
        )
        assert data["transcript"]["lines"][-1]["role"] == role
    head = [line["text"] for line in data["transcript"]["lines"] if line["role"] is None]
    assert f"delegation: {id}   task: 0" in head


def test_a_killed_owner_leaves_a_lost_delegation_which_hermes_then_calls_unknown(
    live: Live, start_hermes: Callable[..., Hermes]
) -> None:
    hermes = live[0]
    hermes("delegation", "dispatch", ["Count"], parent_session_id="s1")
    wait(live, lambda data: data["running"] == 1)
    hermes.kill()
    data = wait(live, lambda data: data["delegations"][0]["is_lost"])
    assert data["running"] == 0
    assert start_hermes()("tools.async_delegation", "recover_abandoned_delegations") == 1
    wait(live, lambda data: data["delegations"][0]["state"] == "unknown")


def test_delegations_that_the_conversation_waits_for_are_shown_too(live: Live) -> None:
    hermes = live[0]
    id = hermes("delegation", "dispatch", ["Count"], background=False)
    (one,) = wait(live, lambda data: data["total_delegations"] == 1)["delegations"]
    assert (one["id"], one["is_background"], one["state"], one["is_lost"]) == (id, False, "running", False)
    hermes("delegation", "finish", id, [{"task_index": 0, "status": "completed"}])
    # Hermes writes the manifest in its place: for a moment there may be none.
    wait(live, lambda data: [one["state"] for one in data["delegations"]] == ["completed"])


def test_subagents_are_those_that_hermes_hides_from_its_list(live: Live, home: Path) -> None:
    hermes = live[0]
    hermes.delegate("s1", "sub1")
    hermes.delegate("s1", "sub2")
    hermes.delegate("sub1", "sub11")
    hermes.say("sub1", "Count.", "42.")
    data = wait(live, lambda data: data["subagents"] == 3)
    (family,) = data["families"]
    assert family["parent_id"] == "s1"
    assert {(child["session"]["id"], child["depth"]) for child in family["children"]} == {
        ("sub1", 1),
        ("sub2", 1),
        ("sub11", 2),
    }
    listed = {session["id"] for session in hermes.db("list_sessions_rich")}
    assert listed == {"s1"}
    with Home(home) as opened:
        sessions = opened.frame("sessions")
    assert set(sessions[sessions["kind"] == "subagent"]["id"]) == {"sub1", "sub2", "sub11"}


def test_a_compression_is_seen_as_long_as_its_lock_is_held(live: Live) -> None:
    hermes = live[0]
    holder = f"pid={hermes.pid}:tid=1:agent=a"
    assert hermes.db("try_acquire_compression_lock", "s1", holder, 60)
    (one,) = wait(live, lambda data: data["compressions"])["compressions"]
    assert (one["session_id"], one["pid"], one["is_process_gone"]) == ("s1", hermes.pid, False)
    hermes.db("release_compression_lock", "s1", holder)
    wait(live, lambda data: not data["compressions"])


def test_background_processes_are_those_that_hermes_keeps(live: Live, home: Path) -> None:
    hermes = live[0]
    registry = "tools.process_registry"
    spawned = hermes(registry, "process_registry.spawn_local", "sleep 300", str(home), "s1")
    assert spawned
    (entry,) = json.loads((home / "processes.json").read_text())

    def background(data: Any) -> list[Any]:
        return [one for one in data["processes"] if one["kind"] == "background"]

    (one,) = background(wait(live, lambda data: len(background(data)) == 1))
    assert (one["id"], one["pid"], one["cwd"]) == (entry["session_id"], entry["pid"], entry["cwd"])
    assert (one["is_alive"], one["session_id"]) == (True, "s1")
    assert one["memory_bytes"] > 0
    assert "sleep 300" not in json.dumps(one)
    hermes(registry, "process_registry.kill_process", entry["session_id"])
    wait(live, lambda data: not any(one["is_alive"] for one in background(data)))


def test_an_open_chat_lives_by_the_start_that_hermes_notes(live: Live) -> None:
    hermes = live[0]
    lease = {"session_id": "s1", "surface": "cli", "config": {"max_concurrent_sessions": 3}}
    hermes("hermes_cli.active_sessions", "try_acquire_active_session", **lease)

    def surfaces(data: Any) -> list[Any]:
        return [one for one in data["processes"] if one["kind"] == "surface"]

    (one,) = surfaces(wait(live, lambda data: bool(surfaces(data))))
    assert (one["pid"], one["surface"], one["session_id"]) == (hermes.pid, "cli", "s1")
    assert one["is_alive"]
    assert one["memory_bytes"] > 0
    hermes.kill()
    wait(live, lambda data: not surfaces(data)[0]["is_alive"])


def test_traces_of_a_mixture_of_agents_are_counted(live: Live, home: Path) -> None:
    hermes = live[0]
    (home / "config.yaml").write_text("moa:\n  save_traces: true\n")
    turn = dict.fromkeys(
        ("aggregator_model", "aggregator_provider", "aggregator_temperature", "aggregator_output")
    )
    for session in ("s1", "s2", "s1"):
        hermes(
            "agent.moa_trace",
            "save_moa_turn",
            session_id=session,
            preset_name="p",
            reference_outputs=[],
            aggregator_label="a",
            aggregator_input_messages=[],
            aggregator_streamed=False,
            **turn,
        )
    size = sum(path.stat().st_size for path in (home / "moa-traces").iterdir())
    data = wait(live, lambda data: data["moa_bytes"] == size)
    assert data["moa_sessions"] == 2


def test_the_words_and_limits_are_hermes_own(hermes: Hermes) -> None:
    assert hermes("tools.async_delegation", "_MAX_RETAINED_COMPLETED") < agents.DELEGATIONS.limit
    assert hermes("tools.delegation_live_log", "LIVE_RETENTION_DAYS") == 7


def test_the_frames_hold_what_hermes_holds(live: Live, home: Path) -> None:
    hermes = live[0]
    ids = [
        hermes("delegation", "dispatch", [f"Goal {number}"], parent_session_id="s1") for number in range(3)
    ]
    hermes("delegation", "finish", ids[0], [{"task_index": 0, "status": "completed", "summary": "s"}])
    wait(live, lambda data: data["running"] == 2)
    with Home(home) as opened:
        frame = opened.frame("delegations")
    theirs = {id: hermes("tools.async_delegation", "get_durable_delegation", id) for id in ids}
    assert set(frame["id"]) == set(ids)
    for _, row in frame.iterrows():
        assert row["state"] == theirs[row["id"]]["state"]
        assert row["delivery"] == theirs[row["id"]]["delivery_state"]
        assert row["started_at"].timestamp() == pytest.approx(theirs[row["id"]]["dispatched_at"], abs=1e-3)
