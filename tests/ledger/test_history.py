"""What is kept of a database stays true to it, and how little is read for that."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any, TypeVar, get_args
from zoneinfo import ZoneInfo

import pytest

from hermes_hud_widget.frames import FrameArguments
from hermes_hud_widget.ledger import Database, DatabaseProblem, Ledger, history
from hermes_hud_widget.ledger.history import History
from hermes_hud_widget.ledger.kept import Filters, Sort
from hermes_hud_widget.ledger.pace import Pace
from hermes_hud_widget.ledger.records import Record
from hermes_hud_widget.ledger.schema import Schema
from ledger.world import NOW, Story, Writer, make, wait_for, writing

T = TypeVar("T")

LONG_AGO = NOW.timestamp() - 86400
OLD = tuple(f"old{number}" for number in range(8))
JOURNALS = ("wal", "delete")


class Clock:
    """Monotonic seconds that only the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Watched(History):
    """A history that counts how often it tells of something that nobody asked for."""

    def __init__(self, database: Database) -> None:
        self.clock = Clock()
        self.told = 0
        super().__init__(database, self._hear, clock=self.clock)

    def _hear(self) -> None:
        self.told += 1

    def drain(self) -> None:
        """Reads all that waits, without a rest."""
        for _ in range(10_000):
            wait = self.advance()
            if wait is None:
                return
            self.clock.now += wait
        raise AssertionError("it never comes to an end")


@pytest.fixture(params=JOURNALS)
def hermes(request: pytest.FixtureRequest, path: Path) -> Iterator[Writer]:
    """A process that writes; in the database are old sessions, and one that it works with."""
    make(path, request.param)
    with writing(path, request.param) as writer:
        script = ["BEGIN"]
        for number, session in enumerate((*OLD, "hot")):
            at = NOW.timestamp() if session == "hot" else LONG_AGO - number
            script += [new_session(session, at), new_message(session, at, "hello"), counted(session)]
        writer.script(";".join([*script, "COMMIT"]))
        # The last commit before anybody looks is one of which SQLite's counters tell.
        writer("UPDATE sessions SET title = 'Plans' WHERE id = 'hot'")
        yield writer


@pytest.fixture
def short(database: Database, monkeypatch: pytest.MonkeyPatch) -> Watched:
    """A history that is read again whenever something is in doubt."""
    monkeypatch.setattr(history, "INLINE_S", 60.0)
    return Watched(database)


@pytest.fixture
def long(database: Database, monkeypatch: pytest.MonkeyPatch) -> Watched:
    """A history that takes too long to be read again by whoever looks."""
    monkeypatch.setattr(history, "INLINE_S", 0.0)
    return Watched(database)


@pytest.fixture
def slow(long: Watched, monkeypatch: pytest.MonkeyPatch) -> Watched:
    """A long history of which the first reader sees little: two sessions are read at a time."""
    monkeypatch.setattr(history, "FIRST_S", 0.0)
    monkeypatch.setattr(history, "MOST_NEW_MESSAGES", 1)
    monkeypatch.setattr(Pace.__init__, "__defaults__", (2, 1, 2))
    return long


def new_session(session: str, at: float = NOW.timestamp(), parent: str | None = None) -> str:
    above = f"'{parent}'" if parent else "NULL"
    return (
        "INSERT INTO sessions (id, source, started_at, parent_session_id)"
        f" VALUES ('{session}', 'cli', {at}, {above})"
    )


def new_message(session: str, at: float = NOW.timestamp(), content: str = "more") -> str:
    return (
        "INSERT INTO messages (session_id, role, content, timestamp)"
        f" VALUES ('{session}', 'user', '{content}', {at})"
    )


def counted(session: str, count: str = "message_count + 1") -> str:
    return f"UPDATE sessions SET message_count = {count} WHERE id = '{session}'"


def commit(*statements: str) -> str:
    """One transaction."""
    return ";".join(["BEGIN IMMEDIATE", *statements, "COMMIT"])


def appended(session: str, at: float = NOW.timestamp() + 1) -> str:
    """One more message, as Hermes writes it."""
    return commit(new_message(session, at), counted(session))


def called(session: str) -> str:
    """One more call of the model, as Hermes counts it."""
    return (
        "UPDATE sessions SET api_call_count = api_call_count + 1, input_tokens = input_tokens + 7,"
        f" estimated_cost_usd = coalesce(estimated_cost_usd, 0) + 0.25 WHERE id = '{session}'"
    )


def helped(session: str) -> str:
    """One call of an auxiliary task, as Hermes counts it."""
    return (
        "INSERT INTO session_model_usage (session_id, model, task, api_call_count, input_tokens)"
        f" VALUES ('{session}', 'm', 'vision', 1, 5)"
        " ON CONFLICT DO UPDATE SET api_call_count = api_call_count + 1, input_tokens = input_tokens + 5"
    )


def anew(path: Path) -> dict[str, Record]:
    """What one finds there who has kept nothing."""
    with closing(Database(path)) as database:
        fresh = History(database)
        fresh.settle()
        return fresh.kept.records


def asked(database: Database) -> list[str]:
    """The statements that are executed from now on."""
    database.read(lambda connection, schema: None)
    assert database._opened
    statements: list[str] = []
    database._opened.connection.set_trace_callback(statements.append)
    return statements


def about(table: str, statements: list[str]) -> list[str]:
    return [sql for sql in statements if f"FROM {table}" in sql]


# -- what a commit costs


def test_after_one_more_message_only_its_session_is_read(
    hermes: Writer, database: Database, long: Watched
) -> None:
    long.update()
    assert long.hot == ("hot",)
    hermes.script(appended("old3"))
    statements = asked(database)
    long.update()
    assert long.kept.records["old3"].shape.messages == 2
    assert long.kept.last["old3"] == NOW.timestamp() + 1
    for sql in about("sessions", statements):
        assert sql.count('"old') == ('["' in sql) or "rowid > " in sql
    for sql in about("messages", statements):
        assert "max(id)" in sql or " id > " in sql
    assert len([sql for sql in statements if "FROM" in sql]) <= 6
    assert long.advance() is None


def test_without_a_commit_nothing_is_read(hermes: Writer, database: Database, long: Watched) -> None:
    long.update()
    statements = asked(database)
    content = database.content()
    for _ in range(3):
        long.update()
    assert content == database.content()
    assert about("sessions", statements) == about("messages", statements) == []


EXPLAINED = {
    "a message": [appended("hot")],
    "a message in an old session": [appended("old3")],
    "messages in two sessions": [appended("hot"), appended("old3"), appended("hot")],
    "a call of the model": [called("hot")],
    "several calls": [called("hot"), called("hot"), called("hot")],
    "auxiliary usage": [helped("hot"), helped("hot")],
    "a new session": [new_session("new")],
    "a new session and its first message": [new_session("new"), appended("new")],
    "an undo, as Hermes commits it": [
        commit(
            "UPDATE messages SET active = 0 WHERE session_id = 'hot'",
            "UPDATE sessions SET rewind_count = rewind_count + 1, message_count = 0 WHERE id = 'hot'",
        )
    ],
    "an undo that counts no message": [
        commit(
            "UPDATE messages SET active = 0 WHERE session_id = 'hot'",
            "UPDATE sessions SET rewind_count = rewind_count + 1 WHERE id = 'hot'",
        )
    ],
    "a turn": [appended("hot"), called("hot"), helped("hot"), appended("hot"), appended("hot")],
}


@pytest.mark.parametrize("name", EXPLAINED)
def test_what_a_commit_did_is_seen_at_once_and_leaves_nothing_in_doubt(
    hermes: Writer, path: Path, long: Watched, name: str
) -> None:
    long.update()
    for script in EXPLAINED[name]:
        hermes.script(script)
    long.update()
    assert long.kept.records == anew(path)
    assert not long.is_waiting()
    assert long.advance() is None
    assert long.told == 0


UNEXPLAINED = {
    "the title of an old session": ["UPDATE sessions SET title = 'Renamed' WHERE id = 'old5'"],
    "a session that is deleted": [
        commit("DELETE FROM messages WHERE session_id = 'old5'", "DELETE FROM sessions WHERE id = 'old5'")
    ],
    "a rewind of an old session": ["UPDATE messages SET active = 0 WHERE session_id = 'old5'"],
    "an old session's call": [called("old5")],
    "old auxiliary usage": [helped("old5")],
    "two things of which one is known": [
        appended("hot"),
        "UPDATE sessions SET title = 'Renamed' WHERE id = 'old5'",
    ],
    "something beside messages that replace others": [
        commit(
            "UPDATE messages SET active = 0, compacted = 1 WHERE session_id = 'hot'",
            *[new_message("hot") for _ in range(5)],
            counted("hot", "5"),
        ),
        "UPDATE sessions SET title = 'Renamed' WHERE id = 'old5'",
    ],
    "a table that nobody reads": ["INSERT INTO state_meta (key, value) VALUES ('a', 'b')"],
}


@pytest.mark.parametrize("name", UNEXPLAINED)
def test_what_nothing_explains_is_looked_for_at_once_in_a_short_history(
    hermes: Writer, path: Path, short: Watched, name: str
) -> None:
    short.update()
    for script in UNEXPLAINED[name]:
        hermes.script(script)
    short.update()
    assert short.kept.records == anew(path)
    assert not short.is_waiting()
    assert short.told == 0


@pytest.mark.parametrize("name", UNEXPLAINED)
def test_what_nothing_explains_is_looked_for_in_the_background_in_a_long_history(
    hermes: Writer, path: Path, long: Watched, name: str
) -> None:
    long.update()
    before = dict(long.kept.records)
    for script in UNEXPLAINED[name]:
        hermes.script(script)
    long.update()
    assert long.is_waiting()
    assert {id: one for id, one in long.kept.records.items() if id != "hot"} == {
        id: one for id, one in before.items() if id != "hot"
    }
    long.drain()
    assert long.kept.records == anew(path)
    assert bool(long.told) == (name != "a table that nobody reads")
    assert long.advance() is None


def test_a_change_in_a_session_that_changed_lately_is_seen_at_once_though_nothing_explains_it(
    hermes: Writer, path: Path, long: Watched
) -> None:
    long.update()
    hermes("UPDATE sessions SET title = 'Other plans' WHERE id = 'hot'")
    hermes("UPDATE messages SET active = 0 WHERE session_id = 'hot'")
    hermes("INSERT INTO state_meta (key, value) VALUES ('a', 'b')")
    long.update()
    assert long.kept.records == anew(path)
    assert long.kept.records["hot"].shape.active == 0


def test_a_damaged_row_is_no_change_each_time_it_is_read(hermes: Writer, long: Watched) -> None:
    hermes("UPDATE sessions SET message_count = 'many', ended_at = 'yesterday' WHERE id = 'old5'")
    long.update()
    before = long.kept.records["old5"]
    hermes("INSERT INTO state_meta (key, value) VALUES ('a', 'b')")
    long.update()
    long.drain()
    assert long.kept.records["old5"] is before
    assert long.told == 0


def test_a_session_in_which_nothing_happened_for_long_is_no_longer_looked_at_with_each_commit(
    hermes: Writer, long: Watched
) -> None:
    long.update()
    long.clock.now += history.HOT_S + 1
    hermes.script(appended("old1"))
    long.update()
    assert long.hot == ("old1",)


def test_not_more_sessions_than_a_few_are_looked_at_with_each_commit(
    hermes: Writer, long: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "MOST_HOT", 3)
    long.update()
    for session in OLD:
        hermes.script(appended(session))
        long.update()
    assert long.hot == OLD[-3:]


# -- one commit that does more than to add


def test_messages_that_are_all_replaced_in_one_commit_are_counted(
    hermes: Writer, path: Path, long: Watched
) -> None:
    hermes.script(appended("old2"))
    long.update()
    again = [new_message("old2", LONG_AGO + number) for number in range(5)]
    hermes.script(commit("DELETE FROM messages WHERE session_id = 'old2'", *again, counted("old2", "5")))
    long.update()
    assert long.kept.records["old2"].shape.messages == 5
    assert long.kept.records == anew(path)


def test_messages_that_are_compacted_in_one_commit_are_counted(
    hermes: Writer, path: Path, long: Watched
) -> None:
    for _ in range(4):
        hermes.script(appended("hot"))
    long.update()
    hermes.script(
        commit(
            "UPDATE messages SET active = 0, compacted = 1 WHERE session_id = 'hot'",
            new_message("hot"),
            counted("hot", "1"),
        )
    )
    long.update()
    assert long.kept.records["hot"].shape[:2] == (6, 1)
    assert long.kept.records == anew(path)


def test_a_message_that_the_reading_of_all_has_counted_is_not_counted_twice(
    hermes: Writer, path: Path, slow: Watched
) -> None:
    slow.update()
    for session in reversed(("hot", *OLD)):
        # The reading of all is ahead of the looks after each commit, or behind.
        hermes.script(appended(session))
        slow.advance()
        slow.update()
    slow.drain()
    assert slow.kept.records == anew(path)


def test_more_messages_than_are_looked_at_one_by_one_are_all_counted(
    hermes: Writer, path: Path, long: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "MOST_NEW_MESSAGES", 5)
    long.update()
    for number in range(12):
        hermes.script(appended(OLD[number % 3]))
    for number in range(7):
        hermes(new_session(f"new{number}"))
    long.update()
    assert long.is_waiting()
    long.drain()
    assert long.kept.records == anew(path)


def test_a_new_session_in_the_place_of_the_newest_that_was_deleted_is_found(
    hermes: Writer, path: Path, long: Watched
) -> None:
    long.update()
    hermes("DELETE FROM messages WHERE session_id = 'hot'")
    hermes("DELETE FROM sessions WHERE id = 'hot'")
    hermes(new_session("other"))
    hermes.script(appended("other"))
    long.update()
    long.drain()
    assert long.kept.records == anew(path)
    assert "hot" not in long.kept.records


# -- other files, other schemas


@pytest.mark.parametrize("kind", ["short", "long"])
def test_rows_that_got_other_numbers_are_found_again(
    hermes: Writer, path: Path, request: pytest.FixtureRequest, kind: str
) -> None:
    told: Watched = request.getfixturevalue(kind)
    hermes("DELETE FROM sessions WHERE id = 'old0'")
    told.update()
    hermes("VACUUM")
    hermes(new_session("new"))
    told.update()
    told.drain()
    assert told.kept.records == anew(path)


def test_a_column_that_is_added_while_it_is_open_is_read(hermes: Writer, path: Path, long: Watched) -> None:
    long.update()
    assert len(long.kept.conversations) == 9
    hermes("ALTER TABLE sessions ADD COLUMN hidden INTEGER NOT NULL DEFAULT 0")
    hermes("UPDATE sessions SET hidden = 1 WHERE id = 'old5'")
    long.update()
    long.drain()
    assert long.kept.records == anew(path)
    assert "old5" not in long.kept.conversations


def test_a_change_of_the_schema_waits_for_whoever_looks_next(
    hermes: Writer, path: Path, slow: Watched
) -> None:
    slow.update()
    assert slow.advance() == 0.0
    hermes("ALTER TABLE sessions ADD COLUMN hidden INTEGER NOT NULL DEFAULT 0")
    # It would go round and round.
    waits = [slow.advance() for _ in range(3)]
    assert waits[-1] is None
    assert slow.progress is not None
    slow.update()
    slow.drain()
    assert slow.kept.records == anew(path)


@pytest.mark.parametrize("is_gone_first", [False, True])
def test_another_file_in_its_place_leaves_nothing_of_the_first(
    path: Path, short: Watched, tmp_path: Path, is_gone_first: bool
) -> None:
    first, second = Story(path), Story(tmp_path / "other.db")
    for session in ("a", "b"):
        first.session(session)
        first.message(session)
    second.session("b", title="Of another file")
    short.update()
    before = short.kept
    assert set(before.records) == {"a", "b"}
    if is_gone_first:
        path.unlink()
        short.update()
        assert short.kept.records == {}
        assert (short.identity, short.progress, short.advance()) == (None, None, None)
    second.path.replace(path)
    short.update()
    assert short.kept.records == anew(path)
    assert set(short.kept.records) == {"b"}
    assert short.kept is not before
    # Nobody changed it under those who still look at it.
    assert set(before.records) == {"a", "b"}


def test_a_file_that_is_made_again_is_read_from_the_beginning(path: Path, short: Watched) -> None:
    for session in ("a", "b"):
        Story(path).session(session)
        Story(path).message(session)
        short.update()
        assert set(short.kept.records) == {session}
        path.unlink()
    short.update()
    assert short.kept.records == {}


def test_a_file_that_appears_is_read(path: Path, short: Watched) -> None:
    short.update()
    assert (short.kept.records, short.progress, short.advance()) == ({}, None, None)
    path.touch()
    short.update()
    assert short.kept.records == {}
    path.unlink()
    Story(path).session("a")
    short.update()
    assert set(short.kept.records) == {"a"}


# -- what goes wrong


def test_a_lock_in_the_middle_is_told_to_whoever_looks_and_nothing_is_lost(path: Path, slow: Watched) -> None:
    make(path, "delete")
    with writing(path, "delete") as hermes:
        for session in OLD:
            hermes(new_session(session))
            hermes.script(appended(session))
        slow.update()
        hermes("BEGIN EXCLUSIVE")
        hermes(called("old5"))
        with pytest.raises(DatabaseProblem, match="locked"):
            slow.advance()
        with pytest.raises(DatabaseProblem, match="locked"):
            slow.update()
        with pytest.raises(DatabaseProblem, match="locked"):
            slow.settle()
        assert slow.progress is not None
        hermes("COMMIT")
        slow.update()
        slow.drain()
        assert slow.kept.records == anew(path)
        assert slow.progress is None


def test_damage_is_told_and_what_is_restored_is_read(path: Path, short: Watched) -> None:
    Story(path).session("a")
    short.update()
    whole = path.read_bytes()
    path.write_bytes(b"nonsense" * (len(whole) // 8))
    for _ in range(2):
        with pytest.raises(DatabaseProblem, match=r"state\.db"):
            short.update()
    path.write_bytes(whole)
    Story(path).session("b")
    short.update()
    assert set(short.kept.records) == {"a", "b"}


# -- a long history


def test_the_first_reader_sees_what_goes_on_and_the_rest_comes_newest_first(
    hermes: Writer, path: Path, slow: Watched
) -> None:
    hermes("UPDATE sessions SET end_reason = 'compression', ended_at = 1 WHERE id = 'old0'")
    hermes(new_session("tip", parent="old0"))
    hermes.script(appended("tip"))
    slow.update()
    # The last message's session with what it hangs on; then from the newest on.
    assert set(slow.kept.records) == {"tip", "old0", "hot"}
    assert [piece.id for piece in slow.kept.conversations["old0"].chain] == ["old0", "tip"]
    progress = slow.progress
    assert progress is not None
    assert (progress.done, progress.total) == (3, 10)
    seen: list[set[str]] = []
    while slow.progress is not None:
        assert slow.advance() == (0.0 if slow.progress else None)
        seen.append(set(slow.kept.records) - {"tip", "old0", "hot"})
    assert seen[0] == {"old7", "old6"}
    assert all(before <= after for before, after in pairwise(seen))
    assert slow.kept.records == anew(path)
    assert slow.told >= 1


def test_while_it_is_read_first_it_is_told_of_now_and_then_and_in_the_end(
    hermes: Writer, slow: Watched
) -> None:
    slow.update()
    assert slow.advance() == 0.0
    assert slow.told == 0
    slow.clock.now += history.TOLD_S
    assert slow.advance() == 0.0
    assert slow.told == 1
    assert slow.advance() == 0.0
    assert slow.told == 1
    slow.drain()
    assert slow.told == 2


def test_a_history_is_not_read_again_before_it_has_rested(
    hermes: Writer, database: Database, path: Path, long: Watched
) -> None:
    long.update()
    hermes("UPDATE sessions SET title = 'Renamed' WHERE id = 'old5'")
    long.update()
    wait = 0.0
    while wait == 0.0:
        found = long.advance()
        assert found is not None
        wait = found
    assert 0 < wait <= history.REST * long.took
    statements = asked(database)
    long.clock.now += wait * 0.9
    assert long.advance() == pytest.approx(wait * 0.1)
    assert about("sessions", statements) == []
    assert long.kept.records["old5"].row.title is None
    assert long.told == 0
    long.clock.now += wait * 0.2
    while long.advance() is not None:
        assert long.progress is None
    assert about("sessions", statements)
    assert long.kept.records["old5"].row.title == "Renamed"
    assert long.told == 1


def test_all_rows_have_their_turn_while_an_agent_writes_without_a_pause_what_nothing_explains(
    hermes: Writer, long: Watched
) -> None:
    long.update()
    hermes("UPDATE sessions SET title = 'Renamed' WHERE id = 'old5'")
    for _ in range(200):
        hermes("INSERT OR REPLACE INTO state_meta (key, value) VALUES ('a', random())")
        long.update()
        if long.advance() != 0.0:
            long.clock.now += history.REST * long.took / 20
        if long.kept.records["old5"].row.title == "Renamed":
            return
    raise AssertionError("nobody has looked at the rows")


def test_sessions_that_come_while_all_are_read_stay(hermes: Writer, path: Path, slow: Watched) -> None:
    slow.update()
    assert slow.advance() == 0.0
    hermes(new_session("new"))
    hermes.script(appended("new"))
    slow.update()
    while slow.advance() == 0.0:
        assert "new" in slow.kept.records
    assert slow.kept.records == anew(path)


class Twice(Database):
    """Reads everything twice, as it does when a file without locks was written meanwhile."""

    def read(self, work: Callable[[sqlite3.Connection, Schema], T]) -> T:
        super().read(work)
        return super().read(work)


@pytest.mark.parametrize("inline_s", [0.0, 60.0])
def test_what_is_read_twice_is_taken_in_once(
    hermes: Writer, path: Path, monkeypatch: pytest.MonkeyPatch, inline_s: float
) -> None:
    monkeypatch.setattr(history, "INLINE_S", inline_s)
    monkeypatch.setattr(Pace.__init__, "__defaults__", (2, 1, 2))
    with closing(Twice(path)) as database:
        told = Watched(database)
        told.update()
        told.drain()
        assert told.kept.records == anew(path)
        hermes("UPDATE messages SET active = 0 WHERE session_id = 'old3'")
        hermes.script(appended("hot"))
        hermes(new_session("new"))
        told.update()
        told.drain()
        assert told.kept.records == anew(path)


def test_settling_gives_all_while_another_process_goes_on_writing(
    hermes: Writer, path: Path, slow: Watched
) -> None:
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            hermes.script(appended("hot"))
            hermes("INSERT OR REPLACE INTO state_meta (key, value) VALUES ('a', random())")

    def is_settled() -> bool:
        try:
            slow.settle()
        except DatabaseProblem as problem:
            # Between two commits without a pause there may be no room for a reader.
            if problem.kind != "locked":
                raise
            return False
        return True

    writes = threading.Thread(target=write)
    writes.start()
    try:
        for _ in range(5):
            wait_for(is_settled, 30)
            assert slow.progress is None
            assert set(slow.kept.records) == {*OLD, "hot"}
    finally:
        stop.set()
        writes.join(10)
    slow.settle()
    assert slow.kept.records == anew(path)


def test_what_settling_finds_is_told_to_those_who_did_not_ask(hermes: Writer, long: Watched) -> None:
    long.update()
    hermes("UPDATE sessions SET title = 'Renamed' WHERE id = 'old5'")
    long.update()
    assert long.kept.records["old5"].row.title is None
    long.settle()
    assert long.kept.records["old5"].row.title == "Renamed"
    assert long.told == 1
    long.settle()
    assert long.told == 1


def test_settling_a_first_reading_tells_those_who_saw_a_part(hermes: Writer, slow: Watched) -> None:
    slow.update()
    assert slow.progress is not None
    slow.settle()
    assert slow.progress is None
    assert slow.told == 1


def test_after_a_rest_all_is_read_anew(hermes: Writer, path: Path, long: Watched) -> None:
    long.update()
    long.rest()
    assert (long.kept.records, long.identity, long.progress, long.advance()) == ({}, None, None, None)
    hermes.script(appended("hot"))
    long.update()
    long.drain()
    assert long.kept.records == anew(path)
    hermes.script(appended("hot"))
    long.update()
    assert long.kept.records == anew(path)
    assert not long.is_waiting()


# -- whatever is written


ZONE = ZoneInfo("Europe/Berlin")
SORTS: tuple[Sort, ...] = get_args(Sort)


def said(ledger: Ledger, sessions: list[str]) -> dict[str, Any]:
    """All that a ledger says."""
    found: dict[str, Any] = {
        "usage": ledger.usage_columns(FrameArguments()),
        "usage, the newest": ledger.usage_columns(FrameArguments(limit=3)),
        "table of sessions": ledger.session_columns(FrameArguments()),
        "progress": ledger.progress,
        "totals": ledger.totals(),
        "sessions": ledger.sessions(NOW),
        "with archived": ledger.sessions(NOW, None, True),
        "live": ledger.live(NOW),
        "one live": ledger.live(NOW, None, 1),
        "next change": ledger.next_change(NOW),
        "recent": ledger.recent(7),
        "spending": ledger.spending(datetime.fromtimestamp(0, UTC)),
        "spending today": ledger.spending(NOW - timedelta(days=1)),
        "days": [
            (day, one.total.sessions, one.total.tokens(), one.total.cost(), sorted(one.tasks))
            for day, one in ledger.days(ZONE).items()
        ],
        "dearest": ledger.dearest(None, 5),
        "dearest of today": ledger.dearest(NOW - timedelta(days=1), 5),
    }
    for sort in SORTS:
        for descending in (True, False):
            for archived in (True, False):
                for number in range(3):
                    found[f"page {number} by {sort}, {descending}, {archived}"] = ledger.page(
                        NOW,
                        number=number,
                        size=3,
                        sort=sort,
                        descending=descending,
                        filters=Filters(archived=archived),
                    )
    for session in sessions:
        found[f"transcript of {session}"] = ledger.transcript(session, None, 4, NOW)
    return found


def any_write(random: Random, step: int, there: list[str]) -> str:
    """Something that Hermes or a person might write, with all kinds of families.

    Args:
        random: What chooses.
        step: A number for new names.
        there: The sessions that are there: only such a one can have messages.
    """
    some = [f"s{number}" for number in range(10)]
    new, other = random.choice(some), random.choice(some)
    session = random.choice(there or ["nobody"])
    if not there:
        return new_session(new)
    at = NOW.timestamp() - random.choice((10, 200, 4000, 90_000, 400_000))
    config = random.choice(
        ("NULL", f'\'{{"_delegate_from": "{other}"}}\'', f'\'{{"_branched_from": "{other}"}}\'')
    )
    above = random.choice(("NULL", f"'{other}'", "'missing'"))
    end = random.choice(
        ("NULL, end_reason = NULL", f"{at}, end_reason = 'compression'", f"{at}, end_reason = 'branched'")
    )
    writes = {
        appended(session, at): 8,
        called(session): 5,
        helped(session): 4,
        "INSERT OR IGNORE INTO sessions (id, source, model, started_at, parent_session_id, model_config,"
        f" title, archived) VALUES ('{new}', 'cli', 'm{step % 3}', {at}, {above}, {config},"
        f" {random.choice(('NULL', f'{chr(39)}Plan {step}{chr(39)}'))}, {random.randrange(5) // 4})": 6,
        f"UPDATE sessions SET parent_session_id = {above} WHERE id = '{session}'": 2,
        f"UPDATE sessions SET model_config = {config} WHERE id = '{session}'": 1,
        f"UPDATE sessions SET ended_at = {end} WHERE id = '{session}'": 4,
        f"UPDATE OR IGNORE sessions SET title = 'Title {step}' WHERE id = '{session}'": 2,
        f"UPDATE sessions SET archived = 1 - archived WHERE id = '{session}'": 1,
        f"UPDATE sessions SET started_at = {at} WHERE id = '{session}'": 1,
        f"UPDATE messages SET active = 0 WHERE session_id = '{session}' AND id > {step}": 2,
        f"UPDATE messages SET active = 1 WHERE session_id = '{session}'": 2,
        commit(
            f"DELETE FROM messages WHERE session_id = '{session}'",
            new_message(session, at, f"again {step}"),
            counted(session, "1"),
        ): 2,
        commit(
            f"UPDATE messages SET active = 0, compacted = 1 WHERE session_id = '{session}'",
            new_message(session, at, f"summary {step}"),
            counted(session, "1"),
        ): 2,
        f"DELETE FROM messages WHERE session_id = '{session}' AND id % 2": 1,
        f"DELETE FROM session_model_usage WHERE session_id = '{session}'": 1,
        commit(
            f"DELETE FROM messages WHERE session_id = '{session}'",
            f"DELETE FROM sessions WHERE id = '{session}'",
        ): 1,
        "INSERT OR REPLACE INTO state_meta (key, value) VALUES ('a', random())": 1,
        "VACUUM": 1,
    }
    return random.choices(list(writes), list(writes.values()))[0]


@pytest.mark.parametrize("journal", JOURNALS)
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("is_long", [False, True])
def test_whatever_is_written_it_says_what_a_fresh_reader_says(
    path: Path,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    journal: str,
    seed: int,
    is_long: bool,
) -> None:
    monkeypatch.setattr(history, "INLINE_S", 0.0 if is_long else 60.0)
    monkeypatch.setattr(Pace.__init__, "__defaults__", (3, 1, 3))
    make(path, journal)
    random = Random(f"{seed} {journal} {is_long}")
    ledger = Ledger(database)
    with writing(path, journal) as hermes:
        hermes("PRAGMA foreign_keys = OFF")
        for step in range(40):
            for _ in range(random.randrange(1, 4)):
                there = [id for (id,) in hermes("SELECT id FROM sessions ORDER BY id")]
                hermes.script(any_write(random, step, there))
            if random.randrange(3) == 0:
                ledger.page(NOW)
                ledger.advance()
                continue
            if is_long:
                ledger.usage_columns(FrameArguments())  # settles
            with closing(Database(path)) as other:
                fresh = Ledger(other)
                sessions = [f"s{number}" for number in range(10)]
                expected = said(fresh, sessions)
                found = said(ledger, sessions)
            for name in expected:
                assert found[name] == expected[name], (step, name)
