from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hermes_hud_widget.errors import SourceError
from hermes_hud_widget.ledger.database import DatabaseMissing
from hermes_hud_widget.place import Place
from hermes_hud_widget.sources import Attached, Rows, Table

LIST = Table("some/list.db", "list", ("id", "text", "later"), order=("-id", "later"), limit=3)


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Attached[Rows]]:
    attached = LIST.attach(Place(tmp_path, tmp_path, None))
    yield attached
    attached.close()


def write(tmp_path: Path, sql: str) -> None:
    path = tmp_path / "some" / "list.db"
    path.parent.mkdir(exist_ok=True)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("PRAGMA journal_mode=WAL")
        database.executescript(sql)


def test_a_missing_file_is_missing_and_no_damage(table: Attached[Rows]) -> None:
    assert table.is_missing()
    with pytest.raises(DatabaseMissing):  # what the home takes for `missing`
        table.read()


def test_rows_come_in_order_and_no_more_than_the_limit(table: Attached[Rows], tmp_path: Path) -> None:
    write(
        tmp_path, "CREATE TABLE list(id, text, later); INSERT INTO list VALUES (1,'a',0),(4,'d',0),(3,'c',0)"
    )
    write(tmp_path, "INSERT INTO list VALUES (2,'b',0)")
    assert [row["id"] for row in table.read()] == [4, 3, 2]


def test_a_column_that_the_table_lacks_is_none_and_no_reason_to_fail(
    table: Attached[Rows], tmp_path: Path
) -> None:
    write(tmp_path, "CREATE TABLE list(id, text, surplus); INSERT INTO list VALUES (1, 'a', 'x')")
    assert table.read() == ({"id": 1, "text": "a", "later": None},)


def test_a_table_that_is_not_there_has_no_rows(table: Attached[Rows], tmp_path: Path) -> None:
    write(tmp_path, "CREATE TABLE other(id)")
    assert table.read() == ()


def test_a_table_of_other_columns_has_rows_of_nothing(table: Attached[Rows], tmp_path: Path) -> None:
    write(tmp_path, "CREATE TABLE list(surplus); INSERT INTO list VALUES (1)")
    assert table.read() == ({"id": None, "text": None, "later": None},)


def test_only_rows_of_a_certain_kind_and_none_where_there_are_no_kinds(tmp_path: Path) -> None:
    write(tmp_path, "CREATE TABLE list(id, kind); INSERT INTO list VALUES (1,'a'),(2,'b'),(3,'c'),(4,NULL)")
    write(tmp_path, "CREATE TABLE plain(id); INSERT INTO plain VALUES (1)")
    for table, ids in (("list", [1, 3]), ("plain", [])):
        source = Table("some/list.db", table, ("id",), order=("id",), where=("kind", ("a", "c")))
        attached = source.attach(Place(tmp_path, tmp_path, None))
        assert [row["id"] for row in attached.read()] == ids
        attached.close()


def test_names_are_quoted(tmp_path: Path) -> None:
    write(tmp_path, """CREATE TABLE "a ""b"(" select "); INSERT INTO "a ""b" VALUES (7)""")
    odd = Table("some/list.db", 'a "b', (" select ",), order=("- select ",))
    attached = odd.attach(Place(tmp_path, tmp_path, None))
    assert attached.read() == ({" select ": 7},)
    attached.close()


@pytest.mark.parametrize("content", [b"garbage " * 1024, b"SQLite format 3\0" + b"\x07" * 4096])
def test_damage_names_the_file_by_its_path_in_the_home(
    table: Attached[Rows], tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "some").mkdir()
    (tmp_path / "some" / "list.db").write_bytes(content)
    with pytest.raises(SourceError, match=r"^some/list\.db ") as raised:
        table.read()
    assert raised.value.path == "some/list.db"
    assert "sessions repair" not in str(raised.value)


def test_text_that_is_not_utf_8_harms_nobody(table: Attached[Rows], tmp_path: Path) -> None:
    write(
        tmp_path,
        "CREATE TABLE list(id, text, later); INSERT INTO list VALUES (1, CAST(x'61ff' AS TEXT), NULL)",
    )
    assert table.read()[0]["text"] == "a\ufffd"


def test_the_signature_changes_with_each_commit_and_only_then(table: Attached[Rows], tmp_path: Path) -> None:
    write(tmp_path, "CREATE TABLE list(id, text, later)")
    with closing(sqlite3.connect(tmp_path / "some" / "list.db")) as writer:
        seen = {table.signature()}
        for number in range(5):
            writer.execute("INSERT INTO list VALUES (?, '', 0)", (number,))
            writer.commit()
            seen.add(table.signature())
            table.read()
            assert table.signature() in seen
        assert len(seen) == 6


def test_only_rows_whose_text_begins_so_and_none_of_what_a_wildcard_would_find(tmp_path: Path) -> None:
    write(
        tmp_path,
        "CREATE TABLE list(key PRIMARY KEY, value);"
        "INSERT INTO list VALUES ('a_b:1','x'),('a_b:','y'),('axb:2','n'),('a_c','n'),('A_b:3','n'),(7,'n'),(NULL,'n')",
    )
    source = Table("some/list.db", "list", ("key", "value"), order=("key",), prefix=("key", "a_b:"))
    attached = source.attach(Place(tmp_path, tmp_path, None))
    assert [row["value"] for row in attached.read()] == ["y", "x"]
    attached.close()
    elsewhere = Table("some/list.db", "list", ("key",), prefix=("no_such_column", "a")).attach(
        Place(tmp_path, tmp_path, None)
    )
    assert elsewhere.read() == ()
    elsewhere.close()


def test_long_texts_are_cut_and_nothing_else_is(tmp_path: Path) -> None:
    write(tmp_path, "CREATE TABLE list(a, b, c); INSERT INTO list VALUES ('äöüäöü', 123456, NULL)")
    attached = Table("some/list.db", "list", ("a", "b", "c"), cut_chars=4).attach(
        Place(tmp_path, tmp_path, None)
    )
    assert attached.read() == ({"a": "äöüä", "b": 123456, "c": None},)
    attached.close()


def test_a_file_of_the_root_home_is_read_there(tmp_path: Path) -> None:
    profile = tmp_path / "profiles" / "coder"
    profile.mkdir(parents=True)
    write(tmp_path, "CREATE TABLE list(id); INSERT INTO list VALUES (1)")
    attached = Table("some/list.db", "list", ("id",), of="root").attach(Place(profile, tmp_path, "coder"))
    assert attached.read() == ({"id": 1},)
    attached.close()


def test_by_content_it_changes_with_its_rows_and_not_with_every_commit(tmp_path: Path) -> None:
    write(tmp_path, "CREATE TABLE list(id, text); CREATE TABLE other(id); INSERT INTO list VALUES (1, 'a')")
    age(tmp_path)
    plain, by_content = (
        Table("some/list.db", "list", ("id",), by_content=chosen).attach(Place(tmp_path, tmp_path, None))
        for chosen in (False, True)
    )
    before = plain.signature(), by_content.signature()
    write(tmp_path, "INSERT INTO other VALUES (1); UPDATE list SET text = 'b'")
    age(tmp_path)
    assert plain.signature() != before[0]
    assert by_content.signature() == before[1]
    write(tmp_path, "INSERT INTO list VALUES (2, 'c')")
    age(tmp_path)
    assert by_content.signature() != before[1]
    assert by_content.read() == ({"id": 1}, {"id": 2})
    plain.close()
    by_content.close()


def test_by_content_damage_and_its_end_are_changes(tmp_path: Path) -> None:
    write(tmp_path, "CREATE TABLE list(id); INSERT INTO list VALUES (1)")
    age(tmp_path)
    path = tmp_path / "some" / "list.db"
    good = path.read_bytes()
    attached = Table("some/list.db", "list", ("id",), by_content=True).attach(Place(tmp_path, tmp_path, None))
    signatures = [attached.signature()]
    for content in (b"garbage " * 1024, good):
        path.with_name("new").write_bytes(content)
        path.with_name("new").replace(path)
        age(tmp_path)
        signatures.append(attached.signature())
    assert len(set(signatures)) == 3
    assert attached.read() == ({"id": 1},)
    attached.close()


def age(tmp_path: Path) -> None:
    """As if written long ago: of what was written just now a look is not certain."""
    for file in (tmp_path / "some").iterdir():
        os.utime(file, ns=(0, file.stat().st_mtime_ns - 10**9))
