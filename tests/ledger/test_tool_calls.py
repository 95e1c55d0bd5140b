"""Calls of tools and what answered them: against plain rules over all rows, on worlds that nobody thought of."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hermes_hud_widget.frames import FrameArguments
from hermes_hud_widget.ledger import Database, Ledger
from hermes_hud_widget.ledger.tool_calls import TOOL_CALL_COLUMNS
from hermes_hud_widget.panels import sessions as panel
from ledger.test_columns import lists
from ledger.world import NOW, RELEASES, Story, call, make


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def calls(ledger: Ledger, *columns: str, **asked: Any) -> list[tuple[Any, ...]]:
    """The rows, as tuples of these columns."""
    found = lists(ledger.tool_calls(FrameArguments(columns=columns or None, **asked)))
    assert list(found) == (list(columns or TOOL_CALL_COLUMNS) if found else [])
    return list(zip(*found.values(), strict=True))


@pytest.fixture
def work(story: Story) -> Story:
    """A compressed conversation that called three tools, one of which never answered; and another one."""
    story.session("a", at=100, ended_at=ago(50).timestamp(), end_reason="compression")
    story.session("b", at=50, parent_session_id="a")
    story.session("other", at=200)
    story.message(
        "a", "assistant", "", at=90, tool_calls=[call("1", "terminal", '{"x": 1}'), call("2", "web")]
    )
    story.message(
        "a", "tool", '{"output": "", "exit_code": 2}', at=80, tool_call_id="1", tool_name="terminal"
    )
    story.message("other", "assistant", "", at=75, tool_calls=[call("1", "memory")])
    story.message("a", "tool", "Found", at=70, tool_call_id="2", tool_name="web")
    story.message("b", "assistant", "", at=40, tool_calls=[call("3", "patch")])
    return story


def test_each_call_is_a_row_with_the_result_that_answered_it(work: Story, ledger: Ledger) -> None:
    assert calls(ledger) == [
        (1, 0, "a", "a", "terminal", "1", ago(90), ago(80), 10.0, "error", 2, None, 8, 30, "active"),
        (1, 1, "a", "a", "web", "2", ago(90), ago(70), 20.0, "ok", None, None, 2, 5, "active"),
        (
            3,
            0,
            "other",
            "other",
            "memory",
            "1",
            ago(75),
            None,
            None,
            "no result",
            None,
            None,
            2,
            None,
            "active",
        ),
        (5, 0, "b", "a", "patch", "3", ago(40), None, None, "no result", None, None, 2, None, "active"),
    ]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"limit": 2}, [3, 5]),
        ({"limit": 3}, [1, 3, 5]),
        ({"limit": 0}, []),
        ({"session_id": "a"}, [1, 1, 5]),
        ({"session_id": "b", "limit": 1}, [5]),
        ({"session_id": "unheard of"}, []),
        ({"since": ago(80)}, [3, 5]),
        ({"since": ago(90), "until": ago(75)}, [1, 1]),
        ({"until": ago(75)}, [1, 1]),
        ({"until": ago(75), "limit": 1}, [1]),
        ({"since": ago(90), "session_id": "a", "limit": 2}, [1, 5]),
        ({"since": ago(-1)}, []),
    ],
)
def test_calls_are_chosen_by_time_conversation_and_number(
    work: Story, ledger: Ledger, asked: dict[str, Any], expected: list[int]
) -> None:
    assert [message_id for (message_id,) in calls(ledger, "message_id", **asked)] == expected
    # A result that came after `until` still answers a call from before it.
    durations = dict(calls(ledger, "call_id", "duration_s", session_id="a", until=ago(85)))
    assert durations == {"1": 10.0, "2": 20.0}


def test_a_result_answers_by_either_id_of_the_call(story: Story, ledger: Ledger) -> None:
    story.session("a")
    story.message("a", "assistant", at=9, tool_calls=[call("fc_1", "web", call_id="call_1")])
    story.message("a", "tool", at=5, tool_call_id="call_1")
    story.message("a", "assistant", at=4, tool_calls=[{**call("x", "web"), "id": None, "call_id": "call_2"}])
    story.message("a", "tool", at=1, tool_call_id="call_2")
    assert calls(ledger, "call_id", "duration_s") == [("fc_1", 4.0), ("call_2", 3.0)]


def test_of_calls_with_one_id_each_has_its_own_result(story: Story, ledger: Ledger) -> None:
    story.session("a")
    for at in (90, 80):
        story.message("a", "assistant", at=at, tool_calls=[call("1", "web")])
    story.message("a", "tool", at=75, tool_call_id="1")
    story.message("a", "tool", at=74, tool_call_id="1")
    story.message("a", "assistant", at=70, tool_calls=[call("1", "web")])
    assert calls(ledger, "message_id", "duration_s") == [(1, None), (2, 5.0), (5, None)]


def test_what_became_of_the_calling_message_is_told(story: Story, ledger: Ledger) -> None:
    story.session("a")
    for flags in ({}, {"active": 0, "compacted": 1}, {"active": 0}, {"active": 0, "compacted": 7}):
        story.message("a", "assistant", tool_calls=[call("1", "web")], **flags)
    assert [state for (state,) in calls(ledger, "state")] == ["active", "compacted", "rewound", "compacted"]


def test_the_effect_is_what_hermes_noted(story: Story, ledger: Ledger) -> None:
    story.session("a")
    for number, effect in enumerate(["unknown", "none", None]):
        story.message("a", "assistant", tool_calls=[call(f"{number}", "web")])
        story.message("a", "tool", tool_call_id=f"{number}", effect_disposition=effect)
    assert calls(ledger, "effect") == [("unknown",), ("none",), (None,)]


@pytest.mark.parametrize(
    "tool_calls",
    ["{damaged", "[]", "{}", "null", '"x"', '[null, 1, "x", []]', "[{}]", '[{"function": 1}]', b"\xff"],
)
def test_what_is_no_call_costs_no_other(story: Story, ledger: Ledger, tool_calls: Any) -> None:
    story.session("a")
    story.message("a", "assistant", tool_calls=tool_calls)
    story.message("a", "assistant", tool_calls=[call("1", "web", arguments="€€")])
    story.message("a", "tool", tool_call_id=b"\xff\x00", content=b"\xff")
    found = calls(ledger, "tool", "call_id", "argument_chars", "status")
    assert found[-1] == ("web", "1", 2, "no result")
    assert {row[0] for row in found[:-1]} <= {None}
    # With every column, too: nothing in there may raise.
    assert len(calls(ledger)) == len(found)


def test_arguments_that_are_no_text_have_the_length_of_their_json(story: Story, ledger: Ledger) -> None:
    story.session("a")
    entry = call("1", "web")
    entry["function"]["arguments"] = {"a": [1, 2]}
    bare = {"id": "2", "function": {"name": "web"}}
    story.message("a", "assistant", tool_calls=[entry, bare])
    assert calls(ledger, "argument_chars") == [(11,), (0,)]


def test_a_result_made_of_parts_has_the_length_of_its_texts_and_is_no_failure(
    story: Story, ledger: Ledger
) -> None:
    story.session("a")
    story.message("a", "assistant", tool_calls=[call("1", "vision")])
    parts = [{"type": "text", "text": 'Error "error"'}, {"type": "image", "data": "A" * 999}]
    story.message("a", "tool", parts, tool_call_id="1")
    assert calls(ledger, "status", "result_chars", "exit_code") == [("ok", 13, None)]


@pytest.mark.parametrize("release", RELEASES)
def test_all_columns_are_there_whatever_the_release(path: Path, ledger: Ledger, release: str) -> None:
    story = Story(path, release)
    story.session("a", at=10)
    story.message("a", "assistant", at=9, tool_calls=[call("1", "terminal")])
    story.message("a", "tool", '{"exit_code": 1}', at=8, tool_call_id="1")
    ((*_, status, exit_code, effect, _, chars, state),) = calls(ledger)
    assert (status, exit_code, effect, chars, state) == ("error", 1, None, 16, "active")


def test_a_missing_database_has_no_rows(ledger: Ledger) -> None:
    assert calls(ledger) == []
    assert lists(ledger.tool_calls(FrameArguments(columns=("tool",), limit=9))) == {"tool": []}


def test_the_columns_are_those_that_the_frame_declares() -> None:
    assert [column.name for column in panel.TOOL_CALL_COLUMNS] == TOOL_CALL_COLUMNS


# -- Hermes' rule


def hermes_says(tool: str, content: Any) -> bool:
    """`agent/display.py`, `_detect_tool_failure`, on what a tool returned."""
    if content is None or content.startswith("\0"):
        return False
    content = unwrapped(content)
    data = parsed(content)
    is_object = isinstance(data, dict)
    if is_object and not data.get("error"):
        if tool == "write_file" and "bytes_written" in data:
            return False
        if tool == "patch" and data.get("success") is True:
            return False
    if tool == "terminal":
        return is_object and data.get("exit_code") is not None and data["exit_code"] != 0
    if is_object:
        error = data.get("error") or data.get("message")
        if error and (data.get("success") is False or "error" in data):
            return True
    head = content[:500].lower()
    return '"error"' in head or '"failed"' in head or content.startswith("Error")


def unwrapped(content: str) -> str:
    """Without the words that Hermes puts before what came from the web."""
    is_wrapped = content.startswith("<untrusted_tool_result ") and "\n\n" in content
    return content.split("\n\n", 1)[1] if is_wrapped else content


def parsed(content: str) -> Any:
    """Its JSON, alone or on its first line."""
    for text in (content, content.split("\n", 1)[0] if content.startswith("{") else ""):
        try:
            return json.loads(text)
        except ValueError:
            continue
    return None


VALUES = st.sampled_from(
    [None, True, False, 0, 1, -1, 0.0, 0.5, "", "x", "0", "exceed the limit", [], [0], {}, {"error": 1}]
)
OBJECTS = st.dictionaries(
    st.sampled_from(["exit_code", "error", "message", "success", "bytes_written", "output", "failed"]), VALUES
)
JSON = st.one_of(OBJECTS, OBJECTS, VALUES).map(json.dumps)
TEXTS = st.one_of(
    JSON,
    JSON.map(lambda text: f"{text}\n\n[Tool loop warning: exact; count=3; stop]"),
    JSON.map(lambda text: f'<untrusted_tool_result source="web">\nData.\n\n{text}\n</untrusted_tool_result>'),
    st.sampled_from(
        [
            None,
            "",
            "Error: no",
            "error: no",
            'so it "FAILED"',
            "x" * 498 + '"error"',
            "{",
            '{"exit_code": 1} trailing',
            "<untrusted_tool_result x>no blank line",
            '\0json:[{"type": "text", "text": "\\"error\\""}]',
            "\n",
            '日本語 "error"',
        ]
    ),
)
TOOLS = ("terminal", "write_file", "patch", "memory", "web")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(contents=st.lists(TEXTS, min_size=1, max_size=8))
def test_a_failure_is_what_hermes_marks_as_one(contents: list[str | None], tmp_path: Path) -> None:
    with world(tmp_path) as (connection, ledger):
        for number, content in enumerate(contents):
            for tool in TOOLS:
                add(connection, "a", "assistant", tool_calls=json.dumps([call(f"{number}{tool}", tool)]))
                add(connection, "a", "tool", content=content, tool_call_id=f"{number}{tool}")
        connection.commit()
        expected = [
            ("error" if hermes_says(tool, content) else "ok") for content in contents for tool in TOOLS
        ]
        assert [status for (status,) in calls(ledger, "status")] == expected


# -- random worlds


IDS = st.sampled_from(["1", "2", "3", None, ""])
ENTRIES = st.builds(
    lambda id, other, tool: {"id": id, "call_id": other, "function": {"name": tool, "arguments": "{}"}},
    IDS,
    IDS,
    st.sampled_from([*TOOLS, None]),
)
CALLERS = st.fixed_dictionaries(
    {
        "role": st.just("assistant"),
        "tool_calls": st.one_of(
            st.lists(ENTRIES, max_size=3).map(json.dumps), st.sampled_from([None, "{", "{}", "[7]"])
        ),
    }
)
ANSWERS = st.fixed_dictionaries(
    {"role": st.just("tool"), "tool_call_id": IDS, "content": TEXTS, "tool_calls": st.none()}
)
PLAIN = st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant"]), "tool_calls": st.none()})
MESSAGES = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "child"]),
        st.one_of(CALLERS, CALLERS, ANSWERS, ANSWERS, PLAIN),
        st.integers(0, 100),
        st.sampled_from([(1, 0), (0, 1), (0, 0)]),
    ),
    max_size=40,
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    messages=MESSAGES,
    since=st.none() | st.integers(0, 1000),
    until=st.none() | st.integers(0, 1000),
    limit=st.none() | st.integers(0, 12),
    session=st.sampled_from([None, None, "a", "child"]),
    rows=st.integers(1, 7),
)
def test_whatever_happened_calls_and_results_are_those_of_a_plain_search(
    messages: Sequence[tuple[str, dict[str, Any], int, tuple[int, int]]],
    since: int | None,
    until: int | None,
    limit: int | None,
    session: str | None,
    rows: int,
    tmp_path: Path,
) -> None:
    with world(tmp_path) as (connection, ledger), pytest.MonkeyPatch.context() as patched:
        at = 0.0
        for session_id, values, pause, (active, compacted) in messages:
            at += pause  # time goes on, as it does for Hermes
            add(connection, session_id, at=at, active=active, compacted=compacted, **values)
        connection.commit()
        patched.setattr("hermes_hud_widget.ledger.pace.Pace.__init__", _steps_of(rows))
        found = calls(
            ledger,
            "message_id",
            "call_index",
            "tool",
            "call_id",
            "status",
            "duration_s",
            "exit_code",
            since=None if since is None else NOW + timedelta(seconds=since),
            until=None if until is None else NOW + timedelta(seconds=until),
            limit=limit,
            session_id=session,
        )
        assert found == plainly(connection, since, until, limit, session)


def _steps_of(rows: int) -> Any:
    def set_up(self: Any, *_: object, **__: object) -> None:
        self.rows, self._least, self._most = rows, rows, rows

    return set_up


def plainly(
    connection: sqlite3.Connection,
    since: int | None,
    until: int | None,
    limit: int | None,
    session: str | None,
) -> list[tuple[Any, ...]]:
    """By the plainest rules over all rows: a result belongs to the last call before it that has its id."""
    start = NOW.timestamp()
    everything = connection.execute(
        "SELECT id, session_id, role, timestamp, tool_calls, tool_call_id, content FROM messages ORDER BY id"
    ).fetchall()
    made: list[tuple[tuple[int, int], str, float, dict[str, Any]]] = []
    answered: defaultdict[tuple[int, int], list[tuple[Any, ...]]] = defaultdict(list)
    for message_id, session_id, role, timestamp, tool_calls, call_id, content in everything:
        try:
            entries = json.loads(tool_calls) if tool_calls is not None else []
        except ValueError:
            entries = []
        for place, entry in enumerate(entries if isinstance(entries, list) else []):
            entry = entry if isinstance(entry, dict) else {}
            made.append(((message_id, place), session_id, timestamp, entry))
        if role == "tool" and call_id is not None:
            owners = [
                key
                for key, owner_session, _, entry in made
                if owner_session == session_id and call_id in (entry.get("id"), entry.get("call_id"))
            ]
            if owners:
                answered[max(owners)].append((timestamp, content))
    rows = []
    pieces = {None: {"a", "b", "child"}, "a": {"a", "b"}, "child": {"child"}}[session]
    for key, session_id, timestamp, entry in made:
        if session_id not in pieces:
            continue
        if (since is not None and timestamp < start + since) or (
            until is not None and timestamp >= start + until
        ):
            continue
        tool = entry.get("function", {}).get("name")
        first = answered[key][0] if key in answered else None
        status = "no result" if first is None else "error" if hermes_says(tool, first[1]) else "ok"
        exit_code = None if first is None else _exit_code(first[1])
        own_id = entry.get("id") if entry.get("id") is not None else entry.get("call_id")
        duration = None if first is None else first[0] - timestamp
        rows.append((*key, tool, own_id, status, duration, exit_code))
    return rows if limit is None else rows[max(0, len(rows) - limit) :]


def _exit_code(content: str | None) -> int | None:
    if content is None:
        return None
    data = parsed(unwrapped(content))
    code = data.get("exit_code") if isinstance(data, dict) else None
    return code if isinstance(code, int) and not isinstance(code, bool) else None


@contextmanager
def world(folder: Path) -> Iterator[tuple[sqlite3.Connection, Ledger]]:
    """A fresh database with a conversation of two pieces (a, b) and a delegated session (child).

    What is written to it can be read after a commit.
    """
    path, template = folder / "world.db", folder / "template.db"
    if not template.exists():
        make(template, journal_mode="delete")
        with closing(sqlite3.connect(template)) as connection:
            at = NOW.timestamp()
            for id, parent, ended in (("a", None, "compression"), ("b", "a", None), ("child", "b", None)):
                marks = '{"_delegate_from": "b"}' if id == "child" else None
                connection.execute(
                    "INSERT INTO sessions (id, source, started_at, parent_session_id, end_reason, ended_at,"
                    " model_config) VALUES (?, 'cli', ?, ?, ?, ?, ?)",
                    (id, at, parent, ended, at if ended else None, marks),
                )
            connection.commit()
    shutil.copyfile(template, path)
    database = Database(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        yield connection, Ledger(database)
    database.close()


def add(connection: sqlite3.Connection, session: str, role: str, at: float = 0, **values: Any) -> None:
    """One message."""
    columns = {"session_id": session, "role": role, "timestamp": NOW.timestamp() + at, **values}
    connection.execute(
        f"INSERT INTO messages ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",
        tuple(columns.values()),
    )
