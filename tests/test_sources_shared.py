"""Small sources of one SQLite file share its connection, the look after an event, and the read after a commit."""

from __future__ import annotations

import gc
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from hermes_hud_widget.errors import SourceError
from hermes_hud_widget.ledger.database import Database
from hermes_hud_widget.looks import once, one_look
from hermes_hud_widget.place import Place
from hermes_hud_widget.sources import Attached, DatabaseStanding, Rows, Table
from hermes_hud_widget.sources.shared import shared_database

NAMES = ("a", "b", "c")


def table(name: str, **more: bool) -> Table:
    return Table("list.db", name, ("id",), order=("id",), by_content=True, **more)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    with closing(sqlite3.connect(tmp_path / "list.db")) as database, database:
        database.execute("PRAGMA journal_mode=WAL")
        for name in NAMES:
            database.execute(f"CREATE TABLE {name}(id)")
    return Place(tmp_path, tmp_path, None)


@pytest.fixture
def writer(place: Place) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(place.path / "list.db", isolation_level=None)) as database:
        database.execute("SELECT * FROM a")  # so that the log lies there
        yield database


@pytest.fixture
def tables(place: Place, writer: sqlite3.Connection) -> Iterator[dict[str, Attached[Rows]]]:
    attached = {name: table(name).attach(place) for name in NAMES}
    yield attached
    for one in attached.values():
        one.close()


def signatures(tables: dict[str, Attached[Rows]]) -> dict[str, object]:
    """In one pass, as the watcher takes them."""
    with one_look():
        return {name: one.signature() for name, one in tables.items()}


def certain(tables: dict[str, Attached[Rows]]) -> dict[str, object]:
    """As soon as the files' times tell writes apart: the watcher looks again until then."""
    deadline = time.monotonic() + 5
    found = signatures(tables)
    while any(one.recheck_soon for one in tables.values()):
        assert time.monotonic() < deadline, "not within the time"
        threading.Event().wait(0.005)
        found = signatures(tables)
    return found


def test_a_commit_changes_only_the_tables_whose_rows_it_changed(
    tables: dict[str, Attached[Rows]], writer: sqlite3.Connection
) -> None:
    before = signatures(tables)
    writer.execute("INSERT INTO b VALUES (1)")
    after = signatures(tables)
    assert {name for name in NAMES if before[name] != after[name]} == {"b"}
    assert tables["b"].read() == ({"id": 1},)


def test_a_pass_over_all_of_them_looks_once_and_reads_once(
    tables: dict[str, Attached[Rows]], writer: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    signatures(tables)
    calls: list[str] = []
    for name in ("signature", "read"):
        real = getattr(Database, name)

        def counted(self: Database, *given: object, name: str = name, real: object = real) -> object:
            calls.append(name)
            return real(self, *given)  # type: ignore[operator]

        monkeypatch.setattr(Database, name, counted)
    signatures(tables)
    assert calls == ["signature"]
    calls.clear()
    writer.execute("INSERT INTO c VALUES (1)")
    signatures(tables)
    assert calls == ["signature", "read"]


def test_outside_a_pass_each_look_sees_what_was_committed_before(
    tables: dict[str, Attached[Rows]], writer: sqlite3.Connection
) -> None:
    before = {name: one.signature() for name, one in tables.items()}
    writer.execute("INSERT INTO a VALUES (1)")
    assert tables["b"].signature() == before["b"]
    assert tables["a"].signature() != before["a"]


def test_damage_is_a_change_of_each_and_so_is_its_repair(
    tables: dict[str, Attached[Rows]], place: Place, writer: sqlite3.Connection
) -> None:
    whole = certain(tables)
    writer.close()
    good = (place.path / "list.db").read_bytes()
    replace(place.path / "list.db", b"no database" * 400)
    damaged = certain(tables)
    assert all(damaged[name] != whole[name] for name in NAMES)
    replace(place.path / "list.db", good)
    mended = certain(tables)
    assert all(mended[name] != damaged[name] for name in NAMES)


@pytest.fixture
def half(tmp_path: Path) -> Iterator[tuple[Place, sqlite3.Connection]]:
    """A file of which one table is damaged, and its writer."""
    file = tmp_path / "list.db"
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        for name in NAMES:
            database.execute(f"CREATE TABLE {name}(id)")
        ((root, page_bytes),) = database.execute(
            "SELECT rootpage, page_size FROM sqlite_master, pragma_page_size WHERE name = 'b'"
        )
    with file.open("r+b") as written:
        written.seek((root - 1) * page_bytes)
        written.write(b"\xff" * page_bytes)
    with closing(sqlite3.connect(file, isolation_level=None)) as writer:
        writer.execute("SELECT * FROM a")  # so that the log lies there
        yield Place(tmp_path, tmp_path, None), writer


def test_a_damaged_table_costs_the_others_no_read_more_and_nobody_a_pause(
    half: tuple[Place, sqlite3.Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    place, writer = half
    attached = {name: table(name).attach(place) for name in NAMES}
    before = certain(attached)
    reads: list[Database] = []
    pauses: list[float] = []
    real = Database.read

    def read(self: Database, work: Any) -> Any:
        reads.append(self)
        return real(self, work)

    monkeypatch.setattr(Database, "read", read)
    monkeypatch.setattr("hermes_hud_widget.ledger.database.time.sleep", pauses.append)
    writer.execute("INSERT INTO c VALUES (1)")
    after = signatures(attached)
    assert {name for name in NAMES if before[name] != after[name]} == {"c"}
    assert (len(reads), pauses) == (1, [])
    with pytest.raises(SourceError, match=r"list\.db is damaged"):
        attached["b"].read()
    for one in attached.values():
        one.close()


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[tuple[Place, sqlite3.Connection]]:
    """A file in rollback mode, where a writer's lock keeps readers out, and that writer."""
    with closing(sqlite3.connect(tmp_path / "list.db", isolation_level=None)) as writer:
        for name in NAMES:
            writer.execute(f"CREATE TABLE {name}(id)")
        yield Place(tmp_path, tmp_path, None), writer


@pytest.mark.parametrize("end", ["COMMIT", "ROLLBACK"])
def test_a_lock_is_no_change_and_what_was_committed_under_it_is_one(
    locked: tuple[Place, sqlite3.Connection], end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hermes_hud_widget.sources.shared.TIMES_AS_LONG", 0)
    place, writer = locked
    attached = {"a": table("a").attach(place)}
    assert certain(attached) == {"a": 1}
    writer.execute("BEGIN EXCLUSIVE")
    writer.execute("INSERT INTO a VALUES (1)")
    attached["b"] = table("b").attach(place)  # somebody opens another panel, so there is something to read
    assert signatures(attached) == {"a": 1, "b": 0}
    assert attached["a"].recheck_soon
    writer.execute(end)
    assert certain(attached) == {"a": 2 if end == "COMMIT" else 1, "b": 1}
    for one in attached.values():
        one.close()


def test_while_a_lock_is_held_reading_is_tried_now_and_then(
    locked: tuple[Place, sqlite3.Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    place, writer = locked
    tries: list[Database] = []
    real = Database.read

    def read(self: Database, work: Any) -> Any:
        tries.append(self)
        return real(self, work)

    monkeypatch.setattr(Database, "read", read)
    one = table("a").attach(place)
    certain({"a": one})
    other = table("b").attach(place)
    tries.clear()
    writer.execute("BEGIN EXCLUSIVE")
    for _ in range(5):
        signatures({"a": one, "b": other})
    assert len(tries) == 1
    other.close()
    one.close()


def test_a_journal_that_a_dead_writer_left_is_told_and_not_waited_for(
    locked: tuple[Place, sqlite3.Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hermes_hud_widget.sources.shared.TIMES_AS_LONG", 0)
    place, writer = locked
    writer.close()
    journal = place.path / "list.db-journal"
    journal.write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + bytes(504))
    attached = {"a": table("a").attach(place)}
    # Nobody looks again and again: it is as it is until somebody starts Hermes.
    assert certain(attached) == {"a": 1}
    with pytest.raises(SourceError, match="writer left behind"):
        attached["a"].read()
    journal.unlink()
    assert certain(attached) == {"a": 2}
    attached["a"].close()


def replace(file: Path, content: bytes) -> None:
    for end in ("-wal", "-shm"):
        file.with_name(file.name + end).unlink(missing_ok=True)
    new = file.with_name("new")
    new.write_bytes(content)
    new.replace(file)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts descriptors in /proc")
def test_they_cost_one_connection_and_the_last_one_to_leave_closes_it(
    place: Place, writer: sqlite3.Connection
) -> None:
    def held() -> int:
        gc.collect()
        found = 0
        for descriptor in Path("/proc/self/fd").iterdir():
            with suppress(FileNotFoundError):  # the one that lists them
                found += "list.db" in descriptor.readlink().name
        return found

    before = held()
    first = table("a").attach(place)
    first.signature()
    of_one = held()
    others = [*(table(name).attach(place) for name in NAMES), DatabaseStanding("list.db").attach(place)]
    for other in others:
        other.signature()
        other.read()
    assert held() == of_one
    assert of_one > before
    first.close()
    assert held() == of_one
    for other in others:
        other.close()
    assert held() < of_one


def test_two_homes_have_nothing_in_common(tmp_path: Path) -> None:
    file = tmp_path / "kanban.db"
    root, work = Place(tmp_path, tmp_path, None), Place(tmp_path / "profiles" / "work", tmp_path, "work")
    of_root, of_work = shared_database(root, file), shared_database(work, file)
    assert of_root is shared_database(root, file)
    assert of_root is not of_work


def test_once_asks_again_after_the_look() -> None:
    asked: list[int] = []

    def ask() -> int:
        asked.append(1)
        return len(asked)

    with one_look():
        assert (once("a", ask), once("a", ask), once("b", ask)) == (1, 1, 2)
        with one_look():
            assert once("a", ask) == 1
        assert once("a", ask) == 1
    assert (once("a", ask), once("a", ask)) == (3, 4)


def test_what_a_pass_has_read_is_not_read_again_until_something_is_committed(
    tables: dict[str, Attached[Rows]], writer: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer.execute("INSERT INTO a VALUES (1)")
    certain(tables)
    reads: list[int] = []
    read = Database.read
    monkeypatch.setattr(Database, "read", lambda self, work: reads.append(1) or read(self, work))
    assert (tables["a"].read(), tables["b"].read(), reads) == (({"id": 1},), (), [])
    writer.execute("INSERT INTO a VALUES (2)")
    assert (tables["a"].read(), tables["b"].read()) == (({"id": 1}, {"id": 2}), ())
    assert len(reads) == 2
    certain(tables)
    assert tables["a"].read() == ({"id": 1}, {"id": 2})
    assert len(reads) == 3
