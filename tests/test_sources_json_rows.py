from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from hermes_hud_widget.errors import SourceError
from hermes_hud_widget.place import Place
from hermes_hud_widget.sources import JsonRows, Table

NOTES = JsonRows(Table("notes.db", "notes", ("key", "value"), order=("key",), prefix=("key", "a:")), "value")


def write(home: Path, *rows: tuple[str, object]) -> None:
    with closing(sqlite3.connect(home / "notes.db")) as database, database:
        database.execute("CREATE TABLE IF NOT EXISTS notes (key TEXT, value)")
        database.executemany("INSERT INTO notes VALUES (?, ?)", rows)


def test_the_objects_in_the_columns_texts_are_given_and_everything_else_is_left_out(tmp_path: Path) -> None:
    deep = "[" * 100_000
    odd = ("{broken", "[1]", "null", 7, None, b"{}", deep)
    write(
        tmp_path,
        ("a:2", '{"n": 2}'),
        ("a:1", '{"n": {"pid": 1}}'),
        ("b:1", '{"n": 3}'),
        *((f"a:{number + 3}", value) for number, value in enumerate(odd)),
    )
    attached = NOTES.attach(Place(tmp_path, tmp_path, None))
    assert attached.read() == ({"n": {"pid": 1}}, {"n": 2})
    before = attached.signature()
    write(tmp_path, ("a:9", '{"n": 9}'))
    assert attached.signature() != before
    assert attached.read()[-1] == {"n": 9}
    attached.close()


def test_a_file_that_is_not_there_is_missing_and_a_damaged_one_is_named(tmp_path: Path) -> None:
    attached = NOTES.attach(Place(tmp_path, tmp_path, None))
    assert attached.is_missing()
    (tmp_path / "notes.db").write_bytes(b"garbage " * 1024)
    assert not attached.is_missing()
    with pytest.raises(SourceError, match=r"notes\.db is damaged"):
        attached.read()
    attached.close()
