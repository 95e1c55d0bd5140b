"""Small sources of one SQLite file share its connection, the look after an event, and the read after a commit."""

from __future__ import annotations

import gc
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

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
    assert (once("a", ask), once("a", ask)) == (3, 4)
