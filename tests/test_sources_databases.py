"""Several databases of one kind: found, read in one go, and quiet while nothing is committed."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Hashable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from hermes_hud_widget.errors import SourceError
from hermes_hud_widget.place import Place
from hermes_hud_widget.sources import Attached, DatabaseFiles, Databases, Table

LIST = Table("", "list", ("id", "text"), order=("id",))
OTHER = Table("", "other", ("id",))


@pytest.fixture
def databases(tmp_path: Path) -> Iterator[Attached[DatabaseFiles]]:
    attached = Databases("main.db", "each", of="root").attach(
        Place(tmp_path / "profile", tmp_path, "profile")
    )
    yield attached
    attached.close()


def write(path: Path, *texts: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE IF NOT EXISTS list(id INTEGER PRIMARY KEY, text)")
        database.executemany("INSERT INTO list(text) VALUES (?)", [(text,) for text in texts])


def settled(databases: Attached[DatabaseFiles]) -> Hashable:
    """The signature, taken until it is certain."""
    deadline = time.monotonic() + 10
    while (found := databases.signature()) is not None and databases.recheck_soon:
        assert time.monotonic() < deadline
    return found


def listed(databases: Attached[DatabaseFiles], name: str | None) -> list[object]:
    return [row["text"] for row in databases.read().read(name, LIST)[0]]


def test_without_a_file_there_is_nothing_and_no_error(databases: Attached[DatabaseFiles]) -> None:
    found = databases.read()
    assert (found.names, found.has_main) == ((), False)
    assert found.read(None, LIST, OTHER) == ((), ())
    assert found.read("nowhere", LIST) == ((),)
    assert databases.is_missing()


def test_each_folder_has_its_own_rows_and_tables_that_are_not_there_have_none(
    databases: Attached[DatabaseFiles], tmp_path: Path
) -> None:
    write(tmp_path / "main.db", "a")
    write(tmp_path / "each" / "two" / "main.db", "c")
    write(tmp_path / "each" / "one" / "main.db", "b", "bb")
    (tmp_path / "each" / "none").mkdir()
    found = databases.read()
    assert (found.names, found.has_main) == (("one", "two"), True)
    assert [listed(databases, name) for name in (None, "one", "two", "none")] == [
        ["a"],
        ["b", "bb"],
        ["c"],
        [],
    ]
    assert found.read("one", OTHER, LIST)[0] == ()


def test_a_commit_to_any_of_them_is_a_change_and_coming_and_going_is_none(
    databases: Attached[DatabaseFiles], tmp_path: Path
) -> None:
    one = tmp_path / "each" / "one" / "main.db"
    write(tmp_path / "main.db", "a")
    write(one, "b")
    before = settled(databases)
    for path in (one, tmp_path / "main.db"):
        with closing(sqlite3.connect(path)) as database:
            database.execute("SELECT count(*) FROM list").fetchone()
        assert settled(databases) == before
    write(one, "c")
    assert settled(databases) != before
    assert listed(databases, "one") == ["b", "c"]


def test_a_folder_that_comes_is_awaited_and_one_that_goes_is_let_go(
    databases: Attached[DatabaseFiles], tmp_path: Path
) -> None:
    write(tmp_path / "main.db", "a")
    assert databases.folders == (tmp_path / "each",)
    before = settled(databases)
    new = tmp_path / "each" / "new" / "main.db"
    new.parent.mkdir(parents=True)
    databases.signature()
    assert new in databases.files
    write(new, "b")
    assert settled(databases) != before
    assert listed(databases, "new") == ["b"]
    shutil.rmtree(new.parent)
    databases.signature()
    assert new not in databases.files
    assert listed(databases, "new") == []


def test_a_damaged_one_is_named_and_costs_no_other(
    databases: Attached[DatabaseFiles], tmp_path: Path
) -> None:
    write(tmp_path / "main.db", "a")
    damaged = tmp_path / "each" / "one" / "main.db"
    damaged.parent.mkdir(parents=True)
    damaged.write_bytes(b"garbage " * 1024)
    with pytest.raises(SourceError, match=r"each/one/main\.db is damaged") as error:
        databases.read().read("one", LIST)
    assert error.value.path == "each/one/main.db"
    assert listed(databases, None) == ["a"]


def test_of_very_many_the_others_are_known_and_read_when_somebody_asks(
    databases: Attached[DatabaseFiles], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hermes_hud_widget.sources.databases.MAX_DATABASES", 2)
    for name in "abcd":
        write(tmp_path / "each" / name / "main.db", name)
    (tmp_path / "each" / "empty").mkdir()
    found = databases.read()
    assert (found.names, found.more) == (("a", "b"), ("c", "d"))
    assert [listed(databases, name) for name in "abcd"] == [[name] for name in "abcd"]
    before = settled(databases)
    assert tmp_path / "each" / "d" / "main.db" not in databases.files
    write(tmp_path / "each" / "d" / "main.db", "dd")
    assert settled(databases) == before
    assert listed(databases, "d") == ["d", "dd"]
    shutil.rmtree(tmp_path / "each" / "c")
    assert settled(databases) != before
    assert databases.read().more == ("d",)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts descriptors in /proc")
def test_those_that_are_not_watched_stay_open_no_longer_than_they_are_read(
    databases: Attached[DatabaseFiles], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hermes_hud_widget.sources.databases.MAX_DATABASES", 1)
    for name in "ab":
        write(tmp_path / "each" / name / "main.db", name)

    def is_open(name: str) -> bool:
        links = []
        for descriptor in Path("/proc/self/fd").iterdir():
            with suppress(FileNotFoundError):  # the one that lists them
                links.append(descriptor.readlink())
        return tmp_path / "each" / name / "main.db" in links

    assert [listed(databases, name) for name in "ab"] == [["a"], ["b"]]
    assert (is_open("a"), is_open("b")) == (True, False)
