"""What is kept about messages, against plain SQL, through everything that Hermes does to them."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hermes_hud_widget.chunks import Chunk
from hermes_hud_widget.frames import FrameArguments
from hermes_hud_widget.ledger import Database
from hermes_hud_widget.ledger.follower import Follower
from hermes_hud_widget.ledger.lines import instants
from hermes_hud_widget.ledger.messages import COLUMNS, Messages
from hermes_hud_widget.ledger.shapes import Shape
from hermes_hud_widget.ledger.tool_calls import TOOL_CALL_COLUMNS, ToolCalls
from hermes_hud_widget.ledger.values import instant
from ledger.test_tool_calls import MESSAGES, add, plainly, world
from ledger.world import NOW, RELEASES, Story, call, make

NAMES = {Messages: list(COLUMNS), ToolCalls: TOOL_CALL_COLUMNS}
BOTH = pytest.mark.parametrize("kind", [Messages, ToolCalls])


def follower(kind: type[Follower], database: Database) -> Follower:
    return (
        ToolCalls(database, lambda session_id: f"root of {session_id}")
        if kind is ToolCalls
        else Messages(database)
    )


def shapes(connection: sqlite3.Connection) -> dict[str, Shape]:
    """By plain SQL."""
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    columns = {row[1] for row in connection.execute("PRAGMA table_info(messages)")}
    active = "coalesce(active, 1) <> 0" if "active" in columns else "1"
    return {
        session_id: Shape(*counts)
        for session_id, *counts in connection.execute(
            f"SELECT CAST(session_id AS TEXT), count(*), sum({active}), max(id), sum(id) FROM messages GROUP BY 1"
        )
    }


def sync(
    one: Follower, connection: sqlite3.Connection, hot: Collection[str] = (), identity: Any = (1, 2)
) -> list[tuple[int, int]]:
    """Brings it up to date; what was told."""
    told: list[tuple[int, int]] = []
    ((newest,),) = connection.execute("SELECT max(id) FROM messages").fetchall()
    one.sync(shapes(connection), newest or 0, identity, lambda done, total: told.append((done, total)), hot)
    return told


def listed(one: Follower) -> list[dict[str, Any]]:
    """All rows."""
    rows = []
    for chunk in one.chunks(NAMES[type(one)]):
        rows.extend(pa.table(dict(chunk.columns)).to_pylist())
    return rows


def contents(one: Follower) -> dict[str, list[dict[str, Any]]]:
    chunks: list[Chunk] = one.chunks(NAMES[type(one)])
    return {chunk.key: pa.table(dict(chunk.columns)).to_pylist() for chunk in chunks}


def fresh(kind: type[Follower], database: Database, connection: sqlite3.Connection) -> list[dict[str, Any]]:
    """What one that kept nothing reads."""
    one = follower(kind, database)
    sync(one, connection)
    return listed(one)


def plain(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    """All messages, row by row."""
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    cursor = connection.execute("SELECT * FROM messages ORDER BY id")
    names = [column[0] for column in cursor.description]
    return [_plain(dict(zip(names, row, strict=True))) for row in cursor]


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    def words(name: str) -> str | None:
        value = row.get(name)
        value = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
        return None if value is None else str(value).split("\0")[0]

    def length(content: Any) -> int:
        if isinstance(content, str) and content.startswith("\0json:"):
            return sum(len(part.get("text", "")) for part in json.loads(content[6:]))
        return 0 if content is None else len(content.split("\0")[0] if isinstance(content, str) else content)

    try:
        entries = json.loads(row["tool_calls"]) if row["tool_calls"] else []
    except ValueError:
        entries = []
    thought = row["reasoning"] or row["reasoning_content"]
    flags = bool(row.get("active", 1)), bool(row.get("compacted", 0))
    return {
        "id": row["id"],
        "session_id": words("session_id"),
        "role": words("role"),
        "timestamp": instant(row["timestamp"]),
        "tool_name": words("tool_name"),
        "tool_call_id": words("tool_call_id"),
        "tool_names": [entry["function"]["name"] for entry in entries],
        "finish_reason": words("finish_reason"),
        "token_count": row["token_count"] if isinstance(row["token_count"], int) else None,
        "text_chars": length(row["content"]),
        "reasoning_chars": len(thought or ""),
        "state": "active" if flags[0] else "compacted" if flags[1] else "rewound",
    }


@contextmanager
def steps_of(rows: int, slab: int, hot: int = 200) -> Iterator[None]:
    """Reads so many messages at a time, and keeps so many rows in a slab."""

    def set_up(self: Any, *_: object, **__: object) -> None:
        self.rows, self._least, self._most = rows, rows, rows

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("hermes_hud_widget.ledger.pace.Pace.__init__", set_up)
        patched.setattr("hermes_hud_widget.ledger.slabs.SLAB_ROWS", slab)
        patched.setattr("hermes_hud_widget.ledger.follower.SLAB_ROWS", slab)
        patched.setattr("hermes_hud_widget.ledger.follower.SWEPT_MESSAGES", 0)
        patched.setattr("hermes_hud_widget.ledger.follower.HOT_MESSAGES", hot)
        patched.setattr("hermes_hud_widget.ledger.follower._GROUP_MESSAGES", 3 * rows)
        yield


# -- everything that happens to messages


def insert(connection: sqlite3.Connection, rng: random.Random, session: str) -> None:
    """A message of any kind."""
    (count,) = connection.execute("SELECT count(*) FROM messages").fetchone()
    kind = rng.randrange(4)
    values: dict[str, Any] = {"role": "user", "content": "x" * rng.randrange(9)}
    if kind == 1:
        calls = [call(str(rng.randrange(3)), rng.choice(["terminal", "web", "patch"])) for _ in range(2)]
        values = {"role": "assistant", "tool_calls": json.dumps(calls), "reasoning": "why"}
    elif kind >= 2:
        content = rng.choice(['{"exit_code": 1}', "Error", "fine", None, '\0json:[{"text": "seen"}]'])
        values = {"role": "tool", "tool_call_id": str(rng.randrange(3)), "content": content}
    add(connection, session, at=count / 3, **values)


def happen(connection: sqlite3.Connection, rng: random.Random, what: str, session: str) -> None:
    """One of the things that Hermes does."""
    mine = [
        message_id
        for (message_id,) in connection.execute(
            "SELECT id FROM messages WHERE session_id = ? ORDER BY id", (session,)
        )
    ]
    some = mine[rng.randrange(len(mine)) :] if mine else []
    marks = f"({', '.join(map(str, some))})"
    match what:
        case "append":
            for _ in range(rng.randrange(1, 6)):
                insert(connection, rng, session)
        case "rewind":
            connection.execute(f"UPDATE messages SET active = 0 WHERE id IN {marks}")
        case "restore":
            connection.execute(f"UPDATE messages SET active = 1 WHERE id IN {marks} AND compacted = 0")
        case "compact":
            connection.execute(
                "UPDATE messages SET active = 0, compacted = 1 WHERE session_id = ? AND active = 1",
                (session,),
            )
            insert(connection, rng, session)
        case "replace":
            connection.execute("DELETE FROM messages WHERE session_id = ?", (session,))
            for _ in some:
                insert(connection, rng, session)
        case "delete":
            connection.execute(f"DELETE FROM messages WHERE id IN {marks}")
        case "prune":
            connection.execute("DELETE FROM messages WHERE session_id = ?", (session,))


WHAT = ["append", "append", "append", "rewind", "restore", "compact", "replace", "delete", "prune"]
HAPPENINGS = st.lists(
    st.lists(st.tuples(st.sampled_from(WHAT), st.sampled_from("abcd")), min_size=1, max_size=3),
    min_size=1,
    max_size=8,
)
MANY = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@BOTH
@MANY
@example(
    # All was undone, and then restored and compacted at once: as many are active as if it had only grown.
    happenings=[[("append", "a"), ("append", "a"), ("rewind", "a")], [("restore", "a"), ("compact", "a")]],
    seed=0,
    rows=1,
    slab=2,
)
@given(happenings=HAPPENINGS, seed=st.integers(0, 10**6), rows=st.integers(1, 7), slab=st.integers(2, 9))
def test_whatever_happens_to_messages_what_is_kept_is_what_is_there(
    kind: type[Follower],
    happenings: Sequence[Sequence[tuple[str, str]]],
    seed: int,
    rows: int,
    slab: int,
    tmp_path: Path,
) -> None:
    rng = random.Random(seed)
    with (
        world(tmp_path) as (connection, _),
        steps_of(rows, slab, hot=3),
        opened(tmp_path / "world.db") as database,
    ):
        one = follower(kind, database)
        known: dict[str, list[dict[str, Any]]] = {}
        for happening in happenings:
            for what, session in happening:
                happen(connection, rng, what, session)
            connection.commit()
            sync(one, connection, hot=rng.sample("abcd", rng.randrange(3)))
            found = listed(one)
            assert found == fresh(kind, database, connection)
            if kind is Messages:
                assert found == plain(connection)
            else:
                assert found == again(one)
                assert [
                    (row["message_id"], row["call_index"], row["tool"], row["call_id"], row["status"])
                    for row in found
                ] == [row[:5] for row in calls_plainly(connection)]
            for key, content in contents(one).items():
                assert known.setdefault(key, content) == content


def again(one: Follower) -> list[dict[str, Any]]:
    """The rows, by way of what is stored on disk."""
    meta, tables = one.dump()
    other = follower(type(one), one._database)
    other.load(json.loads(json.dumps(meta)), tables)
    assert list(contents(other)) == list(contents(one))
    return listed(other)


def calls_plainly(connection: sqlite3.Connection) -> list[tuple[Any, ...]]:
    """As `plainly`, for sessions of any name."""
    rows = plainly(connection, None, None, None, None)
    others = []
    for (session,) in connection.execute("SELECT DISTINCT session_id FROM messages").fetchall():
        if session in ("a", "b", "child"):
            continue
        with closing(sqlite3.connect(":memory:")) as alone:
            alone.execute(
                "CREATE TABLE messages (id, session_id, role, timestamp, tool_calls, tool_call_id, content)"
            )
            alone.executemany(
                "INSERT INTO messages VALUES (?, 'a', ?, ?, ?, ?, ?)",
                connection.execute(
                    "SELECT id, role, timestamp, tool_calls, tool_call_id, content FROM messages"
                    " WHERE session_id = ?",
                    (session,),
                ),
            )
            others.extend(plainly(alone, None, None, None, None))
    return sorted([*rows, *others], key=lambda row: row[:2])


@contextmanager
def opened(path: Path) -> Iterator[Database]:
    with closing(Database(path)) as database:
        yield database


@settings(MANY, max_examples=60)
@given(messages=MESSAGES, cut=st.integers(0, 40), rows=st.integers(1, 7))
def test_calls_that_come_bit_by_bit_are_those_of_a_plain_search(
    messages: Sequence[tuple[str, dict[str, Any], int, tuple[int, int]]], cut: int, rows: int, tmp_path: Path
) -> None:
    with world(tmp_path) as (connection, _), steps_of(rows, 4), opened(tmp_path / "world.db") as database:
        one = follower(ToolCalls, database)
        at = 0.0
        for part in (messages[:cut], messages[cut : cut + 5], messages[cut + 5 :]):
            for session_id, values, pause, (active, compacted) in part:
                at += pause
                add(connection, session_id, at=at, active=active, compacted=compacted, **values)
            connection.commit()
            sync(one, connection)
            found = [
                (
                    row["message_id"],
                    row["call_index"],
                    row["tool"],
                    row["call_id"],
                    row["status"],
                    row["duration_s"],
                    row["exit_code"],
                )
                for row in listed(one)
            ]
            assert found == plainly(connection, None, None, None, None)


@BOTH
@pytest.mark.parametrize("journal_mode", ["wal", "delete"])
@pytest.mark.parametrize("release", RELEASES)
def test_each_release_is_read_in_either_journal_mode(
    kind: type[Follower], release: str, journal_mode: str, path: Path, database: Database
) -> None:
    make(path, journal_mode, release)
    with closing(sqlite3.connect(path)) as connection:
        for number in range(9):
            add(connection, "a", "assistant", tool_calls=json.dumps([call(f"{number}", "web")]))
            add(connection, "a", "tool", tool_call_id=f"{number}", content='{"exit_code": 3}')
        connection.commit()
        one = follower(kind, database)
        sync(one, connection)
        if kind is Messages:
            assert listed(one) == plain(connection)
        else:
            found = [(row["exit_code"], row["effect"], row["state"]) for row in listed(one)]
            assert found == [(3, None, "active")] * 9


@BOTH
def test_without_a_table_of_messages_there_are_no_rows(
    kind: type[Follower], path: Path, database: Database
) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE sessions (id TEXT)")
        connection.commit()
    one = follower(kind, database)
    one.sync({}, 5, 1, lambda *_: None)
    assert listed(one) == []
    assert all(len(column) == 0 for column in one.select(FrameArguments()).values())


# -- values that nobody expects


HOSTILE: Sequence[Any] = (
    "",
    "'",
    "''",
    "NULL",
    "'NULL'",
    "\x1f",
    "a\x1fb\nc\rd",
    "\r\n",
    "\n",
    "a\0b",
    "日本",
    "\x1e",
    '"',
    b"",
    b"\xff\xfe",
    b"ab\0c",
    2**62,
    -1.5,
    "9" * 400,
    None,
)


@pytest.mark.parametrize(
    "column", ["session_id", "role", "tool_name", "tool_call_id", "finish_reason", "token_count"]
)
def test_no_value_of_a_column_disturbs_another(column: str, path: Path, database: Database) -> None:
    make(path)
    with closing(sqlite3.connect(path)) as connection:
        for value in HOSTILE:
            if value is None and column in ("session_id", "role"):
                continue
            connection.execute(
                "INSERT INTO messages (session_id, role, timestamp, content) VALUES ('s', 'user', ?, 'x')",
                (NOW.timestamp(),),
            )
            connection.execute(f"UPDATE messages SET {column} = ? WHERE id = last_insert_rowid()", (value,))
        connection.commit()
        one = follower(Messages, database)
        sync(one, connection)
        expected = plain(connection)
        if column == "session_id":
            for row, (raw,) in zip(
                expected, connection.execute("SELECT session_id FROM messages ORDER BY id"), strict=True
            ):
                row["session_id"] = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw
        assert listed(one) == expected


@pytest.mark.parametrize(
    "value", ["x", "nan", "-inf", "1e999", b"\xff", -5.5, 0, 12.25, 1e11, 1e300, 2**63 - 1, "", 8589934592.5]
)
def test_a_time_is_what_python_makes_of_it(value: Any, story: Story, database: Database) -> None:
    for at in (value, 1_700_000_000.123456):
        story.execute("INSERT INTO messages (session_id, role, timestamp) VALUES ('s', 'user', ?)", (at,))
    with closing(sqlite3.connect(story.path)) as connection:
        one = follower(Messages, database)
        sync(one, connection)
        assert listed(one) == plain(connection)


@settings(max_examples=500, deadline=None)
@given(
    st.lists(
        st.floats(0, 1e10)
        | st.floats(1.6e9, 1.9e9)
        | st.floats(-1e12, 1e13)
        | st.integers(1_600_000_000 * 128, 1_900_000_000 * 128).map(lambda whole: whole / 128),
        max_size=30,
    )
)
def test_times_are_those_of_python_to_the_microsecond(seconds: list[float]) -> None:
    assert instants(pa.array(seconds, pa.float64())).to_pylist() == [instant(one) for one in seconds]


# -- keys


def history(connection: sqlite3.Connection, messages: int) -> None:
    """Conversations of ten messages, one after the other; in each a call with its result."""
    for number in range(messages):
        session = f"s{number // 10:04}"
        if number % 10 == 3:
            add(connection, session, "assistant", at=number, tool_calls=json.dumps([call("1", "web")]))
        elif number % 10 == 5:
            add(connection, session, "tool", at=number, tool_call_id="1", content="Error")
        else:
            add(connection, session, "user", at=number, content="x" * (number % 7))
    connection.commit()


@pytest.fixture(scope="module")
def hundred(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with a hundred conversations."""
    path = tmp_path_factory.mktemp("hundred") / "state.db"
    make(path, "delete")
    with closing(sqlite3.connect(path)) as connection:
        history(connection, 1000)
    return path


@pytest.fixture
def long(hundred: Path, path: Path) -> Iterator[sqlite3.Connection]:
    """A hundred conversations, to be kept in slabs of 64 rows."""
    shutil.copyfile(hundred, path)
    with closing(sqlite3.connect(path)) as connection, steps_of(25, 64):
        yield connection


@BOTH
def test_only_the_last_chunk_gets_another_key_when_messages_come(
    kind: type[Follower], long: sqlite3.Connection, database: Database
) -> None:
    one = follower(kind, database)
    sync(one, long)
    before = list(contents(one))
    sync(one, long)
    assert list(contents(one)) == before
    add(long, "s0099", "assistant", at=5000, tool_calls=json.dumps([call("9", "web")]))
    long.commit()
    sync(one, long)
    after = list(contents(one))
    assert after[:-1] == before[:-1]
    assert after[-1] not in before


@BOTH
def test_only_chunks_whose_rows_changed_get_another_key(
    kind: type[Follower], long: sqlite3.Connection, database: Database
) -> None:
    # A conversation that goes through all chunks.
    long.execute("UPDATE messages SET session_id = 'all' WHERE id % 10 = 4")
    long.commit()
    one = follower(kind, database)
    sync(one, long)
    before = list(contents(one))
    long.execute("UPDATE messages SET active = 0 WHERE id = 4")
    long.commit()
    sync(one, long)
    after = list(contents(one))
    assert after[1:] == before[1:]
    assert after[0] != before[0]


@BOTH
def test_a_chunk_without_rows_goes_and_small_ones_are_joined(
    kind: type[Follower], long: sqlite3.Connection, database: Database
) -> None:
    one = follower(kind, database)
    sync(one, long)
    before = len(contents(one))
    long.execute("DELETE FROM messages WHERE id BETWEEN 101 AND 900")
    long.commit()
    sync(one, long)
    assert listed(one) == fresh(kind, database, long)
    assert len(contents(one)) <= before // 2 + 1


@BOTH
def test_two_that_read_the_same_have_no_key_in_common(
    kind: type[Follower], long: sqlite3.Connection, database: Database
) -> None:
    one, other = follower(kind, database), follower(kind, database)
    sync(one, long)
    sync(other, long)
    assert contents(one).keys().isdisjoint(contents(other).keys())


def test_a_chunk_gets_another_key_when_a_conversation_has_another_root(
    long: sqlite3.Connection, database: Database
) -> None:
    roots: dict[str, str] = {}
    one = ToolCalls(database, lambda session_id: roots.get(session_id, session_id))
    sync(one, long)
    before = list(contents(one))
    roots["s0000"] = "somewhere"
    after = contents(one)
    assert list(after)[1:] == before[1:]
    assert next(iter(after)) != before[0]
    assert listed(one)[0]["root_id"] == "somewhere"
    (found,) = one.select(FrameArguments(columns=("root_id",)), ["s0000"]).values()
    assert found.to_pylist() == ["somewhere"]


def test_all_chunks_share_their_dictionaries(long: sqlite3.Connection, database: Database) -> None:
    one = follower(Messages, database)
    sync(one, long)
    first, *others = [chunk.columns["session_id"].dictionary for chunk in one.chunks(["session_id"])]
    assert others
    assert all(other.equals(first) for other in others)
    add(long, "new", "user")
    long.commit()
    sync(one, long)
    later = one.chunks(["session_id"])[0].columns["session_id"].dictionary
    assert later.slice(0, len(first)).equals(first)


# -- what is read


def statements(database: Database) -> list[str]:
    """What is asked of the database from now on."""
    asked: list[str] = []

    def watched(work: Any) -> Any:
        def traced(connection: sqlite3.Connection, schema: Any) -> Any:
            connection.set_trace_callback(asked.append)
            try:
                return work(connection, schema)
            finally:
                connection.set_trace_callback(None)

        return type(database).read(database, traced)

    database.read = watched  # type: ignore[method-assign]
    return asked


@BOTH
def test_what_is_there_already_is_not_read_again(
    kind: type[Follower], long: sqlite3.Connection, database: Database
) -> None:
    one = follower(kind, database)
    told = sync(one, long)
    assert told[-1] == (1000, 1000)
    assert [done for done, _ in told] == sorted({done for done, _ in told})
    asked = statements(database)
    assert sync(one, long) == []
    assert asked == []
    add(long, "s0099", "user")
    long.commit()
    assert sync(one, long) == [(1, 1)]
    assert all("id > 1000" in sql for sql in asked if "FROM messages" in sql)


@BOTH
def test_messages_are_read_a_few_at_first_and_one_at_a_time_when_that_is_slow(
    kind: type[Follower], hundred: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hermes_hud_widget.ledger.pace.TARGET_S", 1e-9)
    with opened(hundred) as database, closing(sqlite3.connect(hundred)) as connection:
        told = sync(follower(kind, database), connection)
    assert [done for done, _ in told] == list(range(5, 1001))


@BOTH
def test_another_file_is_read_from_its_beginning(
    kind: type[Follower], long: sqlite3.Connection, database: Database
) -> None:
    one = follower(kind, database)
    sync(one, long)
    before = contents(one)
    assert sync(one, long, identity=(1, 3))[-1] == (1000, 1000)
    assert contents(one).keys().isdisjoint(before)
    assert list(contents(one).values()) == list(before.values())
    one.rest()
    assert not one.is_read
    assert listed(one) == []


@BOTH
def test_what_changes_in_place_is_found_in_hot_sessions_at_once_and_in_others_in_turn(
    kind: type[Follower], long: sqlite3.Connection, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = follower(kind, database)
    sync(one, long)
    long.execute("UPDATE messages SET content = 'mended', effect_disposition = 'none' WHERE id IN (6, 996)")
    long.commit()
    sync(one, long, hot=["s0099", "unheard of"])
    now = fresh(kind, database, long)
    assert listed(one)[-9:] == now[-9:]
    assert listed(one) != now
    monkeypatch.setattr("hermes_hud_widget.ledger.follower.SWEPT_MESSAGES", 100)
    for _ in range(10):
        sync(one, long)
    assert listed(one) == now


@BOTH
def test_reading_goes_on_where_it_broke_off(
    kind: type[Follower], long: sqlite3.Connection, database: Database
) -> None:
    one = follower(kind, database)
    read, reads = database.read, 0

    def breaks(work: Any) -> Any:
        nonlocal reads
        reads += 1
        if reads == 20:
            raise OSError("gone")
        return read(work)

    database.read = breaks  # type: ignore[method-assign,assignment]
    with pytest.raises(OSError, match="gone"):
        sync(one, long)
    assert not one.is_read
    long.execute("UPDATE messages SET active = 0 WHERE id = 3")
    long.execute("DELETE FROM messages WHERE session_id = 's0001'")
    add(long, "s0002", "user", content="later")
    add(long, "s0099", "user", content="later")
    long.commit()
    told = sync(one, long)
    assert told[0][1] < 600
    assert listed(one) == fresh(kind, database, long)


# -- what is asked for


ASKED: Sequence[Mapping[str, Any]] = (
    {},
    {"limit": 0},
    {"limit": 7},
    {"limit": 10_000},
    {"since": NOW + timedelta(seconds=700)},
    {"until": NOW + timedelta(seconds=700), "limit": 9},
    {"since": NOW + timedelta(seconds=100), "until": NOW + timedelta(seconds=103)},
    {"since": datetime(2999, 1, 1, tzinfo=UTC)},
)


@BOTH
@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("sessions", [None, [], ["s0003", "s0070", "s0099", "unheard of"]])
def test_what_is_asked_for_is_what_filtering_all_rows_gives_whether_they_are_kept_or_not(
    kind: type[Follower],
    asked: Mapping[str, Any],
    sessions: list[str] | None,
    long: sqlite3.Connection,
    database: Database,
) -> None:
    time = {Messages: "timestamp", ToolCalls: "called_at"}[kind]
    args = FrameArguments(**asked)
    cold, warm = follower(kind, database), follower(kind, database)
    sync(warm, long)
    expected = [
        row
        for row in listed(warm)
        if (sessions is None or row["session_id"] in sessions) and args.holds(row[time])
    ]
    if args.limit is not None:
        expected = expected[max(0, len(expected) - args.limit) :]
    for one in (cold, warm):
        found = one.select(args, sessions)
        assert list(found) == NAMES[kind]
        assert pa.table(found).to_pylist() == expected
    some = FrameArguments(args.since, args.until, ("state", "session_id"), args.limit)
    assert list(warm.select(some, sessions)) == ["state", "session_id"]


def test_a_narrow_question_does_not_read_all(long: sqlite3.Connection, database: Database) -> None:
    one = follower(Messages, database)
    known = shapes(long)
    assert one.is_narrow(FrameArguments(limit=5), None, known)
    assert one.is_narrow(FrameArguments(), ["s0003"], known)
    assert not one.is_narrow(FrameArguments(), None, known)
    assert not one.is_narrow(FrameArguments(since=NOW), None, known)
    sync(one, long)
    assert not one.is_narrow(FrameArguments(limit=5), None, known)


# -- on disk


@BOTH
def test_what_was_stored_is_taken_back_and_compared(
    kind: type[Follower], long: sqlite3.Connection, database: Database
) -> None:
    one, other = follower(kind, database), follower(kind, database)
    assert one.dump() == ({}, {})
    sync(one, long)
    before = contents(one)
    meta, tables = one.dump()
    long.execute("UPDATE messages SET active = 0 WHERE id = 4")
    add(long, "s0099", "assistant", tool_calls=json.dumps([call("7", "web")]))
    add(long, "s0099", "tool", tool_call_id="7", content="fine")
    long.commit()
    other.load(json.loads(json.dumps(meta)), tables)
    assert contents(other) == before
    assert sync(other, long) == [(2, 2)]
    assert listed(other) == fresh(kind, database, long)
    assert sum(key in before for key in contents(other)) >= len(before) - 2
    assert len(tables) == len(before) + 1


def test_a_call_that_waited_when_it_was_stored_finds_its_result(
    long: sqlite3.Connection, database: Database
) -> None:
    add(long, "s0050", "assistant", tool_calls=json.dumps([call("x", "web", call_id="y")]))
    long.commit()
    one, other = follower(ToolCalls, database), follower(ToolCalls, database)
    sync(one, long)
    other.load(*one.dump())
    add(long, "s0050", "tool", tool_call_id="y", content="fine")
    long.commit()
    sync(other, long)
    assert listed(other)[-1]["status"] == "ok"


def test_a_call_from_before_what_is_hot_still_finds_its_result(
    long: sqlite3.Connection, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hermes_hud_widget.ledger.follower.HOT_MESSAGES", 3)
    one = follower(ToolCalls, database)
    add(long, "z", "assistant", at=2000, tool_calls=json.dumps([call("x", "web")]))
    for number in range(9):
        add(long, "z", "user", at=2001 + number)
    long.commit()
    sync(one, long)
    sync(one, long, hot=["z"])
    add(long, "z", "tool", at=2020, tool_call_id="x", content="fine")
    long.commit()
    sync(one, long, hot=["z"])
    assert (listed(one)[-1]["status"], listed(one)[-1]["duration_s"]) == ("ok", 20.0)


@BOTH
@pytest.mark.parametrize(
    "damage",
    [
        lambda meta, tables: meta.update(format=0),
        lambda meta, tables: meta.pop("slabs"),
        lambda meta, tables: meta.update(slabs=meta["slabs"][::-1]),
        lambda meta, tables: meta.update(slabs=[1]),
        lambda meta, tables: meta.update(last="x"),
        lambda meta, tables: meta.update(words={}),
        lambda meta, tables: meta["words"].update(session_id=["a"]),
        lambda meta, tables: tables.pop(meta["slabs"][1]),
        lambda meta, tables: tables.pop(meta["shapes"]),
        lambda meta, tables: tables.update({meta["slabs"][0]: pa.table({"id": [1]})}),
        lambda meta, tables: tables.update({meta["shapes"]: pa.table({"session_id": ["a"]})}),
    ],
)
def test_what_is_not_as_it_was_stored_is_refused(
    kind: type[Follower], damage: Any, long: sqlite3.Connection, database: Database
) -> None:
    one, other = follower(kind, database), follower(kind, database)
    sync(one, long)
    meta, tables = one.dump()
    damage(meta, tables)
    with pytest.raises(ValueError, match=r"."):
        other.load(meta, tables)
    assert not other.is_read
    sync(other, long)
    assert listed(other) == listed(one)


def test_no_text_of_a_message_is_kept(path: Path, database: Database) -> None:
    make(path)
    with closing(sqlite3.connect(path)) as connection:
        add(
            connection,
            "a",
            "assistant",
            content="hush",
            reasoning="hush",
            tool_calls=json.dumps([call("1", "web", "hush")]),
        )
        add(connection, "a", "tool", tool_call_id="1", content="hush")
        connection.commit()
        for kind in (Messages, ToolCalls):
            one = follower(kind, database)
            sync(one, connection)
            meta, tables = one.dump()
            assert "hush" not in f"{meta} {[table.to_pylist() for table in tables.values()]}"
