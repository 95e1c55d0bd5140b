"""The calls of tools as panels have them, against the same as frames have them."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hermes_hud_widget.ledger import Database
from hermes_hud_widget.ledger.plain_calls import MISSING, NO_TIME, PlainCalls, at
from hermes_hud_widget.ledger.tool_calls import STATUSES, ToolCalls
from ledger.test_followers import HAPPENINGS, happen, opened, shapes, steps_of
from ledger.test_tool_calls import add, world
from ledger.world import NOW, RELEASES, Story, call, make

MANY = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
ODD = [
    None,
    "",
    "[1, null, {}, []]",
    "{damaged",
    '[{"id": 1, "function": {"name": "web"}}]',
    '[{"id": "1", "function": {"name": "we\\u0000b"}}, {"id": "2", "function": {"name": null}}]',
    '[{"id": "1\\u00002", "call_id": "y", "function": {"name": "terminal"}}]',
    '[{"call_id": "1", "function": {"name": ["list"]}}]',
]


def sync(one: PlainCalls | ToolCalls, connection: sqlite3.Connection, hot: Sequence[str] = ()) -> None:
    ((newest,),) = connection.execute("SELECT max(id) FROM messages").fetchall()
    one.sync(shapes(connection), newest or 0, (1, 2), lambda done, total: None, hot)


def listed(one: PlainCalls) -> list[tuple[Any, ...]]:
    """All rows, in the words of the frame."""
    return [row for rows in contents(one).values() for row in rows]


def contents(one: PlainCalls) -> dict[str, list[tuple[Any, ...]]]:
    return {
        chunk.key: [
            (
                message_id,
                place,
                None if session == MISSING else chunk.sessions[session],
                None if tool == MISSING else chunk.tools[tool],
                None if called_us == NO_TIME else at(called_us),
                None if np.isnan(duration) else duration,
                STATUSES[status],
            )
            for message_id, place, session, tool, called_us, duration, status in chunk.rows.tolist()
        ]
        for chunk in one.chunks()
    }


def as_framed(database: Database, connection: sqlite3.Connection) -> list[tuple[Any, ...]]:
    """What one that kept nothing reads for the frame."""
    frames = ToolCalls(database, lambda session_id: session_id)
    sync(frames, connection)
    names = ["message_id", "call_index", "session_id", "tool", "called_at", "duration_s", "status"]
    rows = [row for chunk in frames.chunks(names) for row in pa.table(dict(chunk.columns)).to_pylist()]
    return [tuple(row[name] for name in names) for row in rows]


@MANY
@given(happenings=HAPPENINGS, seed=st.integers(0, 10**6), rows=st.integers(1, 7), slab=st.integers(2, 9))
def test_whatever_happens_panels_and_frames_have_the_same_calls(
    happenings: Sequence[Sequence[tuple[str, str]]], seed: int, rows: int, slab: int, tmp_path: Path
) -> None:
    rng = random.Random(seed)
    with (
        world(tmp_path) as (connection, _),
        steps_of(rows, slab, hot=3),
        opened(tmp_path / "world.db") as database,
    ):
        one = PlainCalls(database)
        known: dict[str, list[tuple[Any, ...]]] = {}
        for happening in happenings:
            for what, session in happening:
                happen(connection, rng, what, session)
            connection.commit()
            sync(one, connection, hot=rng.sample("abcd", rng.randrange(3)))
            assert listed(one) == as_framed(database, connection)
            for key, content in contents(one).items():
                assert known.setdefault(key, content) == content


@pytest.mark.parametrize(
    "timestamp", [0, 1e9 + 0.123456, 1.8e9 + 0.0000005, -5.5, 1e300, "no time", b"\xff", None]
)
@pytest.mark.parametrize("tool_calls", ODD)
def test_odd_values_are_to_panels_what_they_are_to_frames(
    tool_calls: str | None, timestamp: Any, path: Path, database: Database
) -> None:
    make(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = on")
        connection.execute("CREATE TABLE other AS SELECT * FROM messages")
        connection.execute("DROP TABLE messages")
        connection.execute("ALTER TABLE other RENAME TO messages")
        for number, (role, values) in enumerate(
            (
                ("assistant", {"tool_calls": tool_calls}),
                ("tool", {"tool_call_id": "1", "content": '{"error": "no"}'}),
                ("tool", {"tool_call_id": "y", "content": b"\xff\xfe"}),
            ),
            1,
        ):
            row = {"id": number, "session_id": "a\0b", "role": role, "timestamp": timestamp, **values}
            marks = ", ".join("?" * len(row))
            connection.execute(f"INSERT INTO messages ({', '.join(row)}) VALUES ({marks})", [*row.values()])
        connection.commit()
        one = PlainCalls(database)
        sync(one, connection)
        assert listed(one) == as_framed(database, connection)


@pytest.mark.parametrize("release", RELEASES)
def test_each_release_is_read(path: Path, database: Database, release: str) -> None:
    story = Story(path, release)
    story.session("a")
    story.message("a", role="assistant", at=60, tool_calls=[call("1", "web"), call("2", "terminal")])
    story.message("a", role="tool", at=50, content='{"exit_code": 1}', tool_call_id="2")
    one = PlainCalls(database)
    with closing(sqlite3.connect(path)) as connection:
        sync(one, connection)
    assert [row[3:] for row in listed(one)] == [
        ("web", NOW.replace(hour=11, minute=59), None, "no result"),
        ("terminal", NOW.replace(hour=11, minute=59), 10.0, "error"),
    ]


@pytest.fixture
def long(path: Path) -> Iterator[sqlite3.Connection]:
    """Two hundred calls, to be kept in slabs of 64."""
    make(path)
    with steps_of(50, 64), closing(sqlite3.connect(path)) as connection:
        for number in range(200):
            calls = json.dumps([call(f"{number}", "web")])
            add(connection, f"s{number % 20}", "assistant", at=number, tool_calls=calls)
        connection.commit()
        yield connection


def test_only_chunks_whose_calls_changed_get_another_key(
    long: sqlite3.Connection, database: Database
) -> None:
    one = PlainCalls(database)
    sync(one, long)
    before = [chunk.key for chunk in one.chunks()]
    add(long, "s3", "tool", at=500, tool_call_id="3", content="done")
    add(long, "s3", "assistant", at=501, tool_calls=json.dumps([call("new", "web")]))
    long.commit()
    sync(one, long)
    after = [chunk.key for chunk in one.chunks()]
    assert len(before) == len(after) == 4
    assert [new == old for new, old in zip(after, before, strict=True)] == [False, True, True, False]


def test_what_was_stored_is_taken_back_and_a_call_that_waited_finds_its_result(
    long: sqlite3.Connection, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = PlainCalls(database), PlainCalls(database)
    sync(one, long)
    other.load(*one.dump())
    add(long, "s3", "tool", at=500, tool_call_id="3", content="done")
    long.commit()
    sync(other, long)
    assert listed(other) == as_framed(database, long)
    (answered,) = [row for row in listed(other) if row[-1] == "ok"]
    assert answered[:4] == (4, 0, "s3", "web")
    kept = {chunk.key for chunk in one.chunks()} & {chunk.key for chunk in other.chunks()}
    assert len(kept) == 3


def _with(name: str, values: Any) -> Callable[[pa.Table], pa.Table]:
    return lambda table: table.set_column(
        table.schema.get_field_index(name), name, pa.array(values(table[name].to_pylist()), table[name].type)
    )


@pytest.mark.parametrize(
    "damage",
    [
        lambda table: table.drop(["status"]),
        lambda table: table.slice(0, 0),
        lambda table: table.append_column("more", table["status"]),
        _with("session_id", lambda values: [99, *values[1:]]),
        _with("tool", lambda values: [-2, *values[1:]]),
        _with("status", lambda values: [3, *values[1:]]),
        _with("status", lambda values: [None, *values[1:]]),
        _with("message_id", lambda values: values[::-1]),
    ],
)
def test_what_is_not_as_it_was_stored_is_refused(
    damage: Callable[[pa.Table], pa.Table], long: sqlite3.Connection, database: Database
) -> None:
    one = PlainCalls(database)
    sync(one, long)
    meta, tables = one.dump()
    key = meta["slabs"][1]
    with pytest.raises(ValueError, match=r"stored|column|sequence|word"):
        PlainCalls(database).load(meta, {**tables, key: damage(tables[key])})
    PlainCalls(database).load(meta, tables)
