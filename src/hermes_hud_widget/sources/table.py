"""A table of an SQLite file that a program keeps in the home."""

from __future__ import annotations

import sqlite3
from collections.abc import Hashable, Mapping
from typing import Any, NamedTuple

from hermes_hud_widget.errors import SourceError
from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.ledger.database import DatabaseProblem
from hermes_hud_widget.ledger.schema import Schema
from hermes_hud_widget.place import Place
from hermes_hud_widget.sources.files import Where, base_of
from hermes_hud_widget.sources.shared import SharedDatabase, shared_database
from hermes_hud_widget.sources.source import Attached, Source

Rows = tuple[Mapping[str, Any], ...]


@frozen
class Table(Source[Rows]):
    """Rows of one table, each a mapping from all of `columns` to whatever SQLite holds there.

    A column that this database lacks is None in every row; a file or table that is not there has no rows.
    Hermes' lock-free and trace-free way of reading is that of `Database`: what is read in one go should be
    some thousand rows at most.

    Attributes:
        path: The file, in the home.
        table: The table.
        columns: The columns wanted.
        order: The columns that the rows are sorted by, `-column` for the greatest first; those that this
            database lacks are left out.
        limit: At most so many rows, the first in that order.
        where: Only rows whose value in the first is among the others; none of a table without that column.
        of: The home, or the root home for a file that its profiles share.
        prefix: Only rows whose text in the first begins with the second; none of a table without that column.
        cut_chars: Longer texts are cut to so many characters.
        by_content: It changes only when its rows do, not with every commit to the file: for a small table
            (some hundred rows) of a database that is written often. They are read with every commit, those of all
            such tables of the file in one go.
    """

    path: str
    table: str
    columns: tuple[str, ...]
    order: tuple[str, ...] = ()
    limit: int = 1000
    where: tuple[str, tuple[str, ...]] | None = None
    of: Where = "home"
    prefix: tuple[str, str] | None = None
    cut_chars: int | None = None
    by_content: bool = False

    @property
    def label(self) -> str:
        return self.path

    @property
    def missing(self) -> Rows:
        return ()

    def attach(self, place: Place) -> Attached[Rows]:
        shared = shared_database(place, base_of(place, self.of) / self.path)
        return _ByContent(self, shared) if self.by_content else _Table(self, shared)


class _Table(Attached[Rows]):
    def __init__(self, declared: Table, shared: SharedDatabase) -> None:
        self._declared = declared
        self._shared = shared
        self._database = shared.database
        self.files = shared.database.files
        self._asked: tuple[Schema, _Statement | None] | None = None
        shared.join(self)

    @property
    def recheck_soon(self) -> bool:  # type: ignore[override]
        return self._shared.recheck_soon

    @property
    def may_lag(self) -> bool:  # type: ignore[override]
        return self._database.may_lag

    def signature(self) -> Hashable:
        return self._shared.signature()

    def read(self) -> Rows:
        try:
            return self._content()
        except DatabaseProblem as error:
            raise in_words(error, self._declared.path) from error

    def is_missing(self) -> bool:
        return not self._database.path.exists()

    def close(self) -> None:
        self._shared.leave(self)

    def _content(self) -> Rows:
        return self._database.read(self._rows)

    def _rows(self, connection: sqlite3.Connection, schema: Schema) -> Rows:
        # Written once for a schema: it is asked after every commit.
        if self._asked is None or self._asked[0] is not schema:
            self._asked = (schema, _statement(self._declared, schema))
        return _found(self._asked[1], connection)


class _ByContent(_Table):
    """Its rows are read whenever something was committed, and it has changed when they have."""

    def signature(self) -> Hashable:
        return self._shared.changes(self, self._rows)

    def _content(self) -> Rows:
        rows: Rows = self._shared.content(self, self._rows)
        return rows


def select(declared: Table, connection: sqlite3.Connection, schema: Schema) -> Rows:
    """The rows that a declaration asks for; where the file lies is the caller's business."""
    return _found(_statement(declared, schema), connection)


class _Statement(NamedTuple):
    """What asks for the rows of a declaration.

    Attributes:
        there: The columns that it asks for.
        blank: A row without them.
    """

    sql: str
    values: tuple[Any, ...]
    there: tuple[str, ...]
    blank: Mapping[str, None]


def _statement(declared: Table, schema: Schema) -> _Statement | None:
    """None where there is no such table."""
    column, among = declared.where or (None, ())
    beginning, start = declared.prefix or (None, "")
    if not schema.has(declared.table, column) or not schema.has(declared.table, beginning):
        return None
    there = tuple(name for name in declared.columns if schema.has(declared.table, name))
    order = [
        f"{_quoted(name.removeprefix('-'))}{' DESC' if name.startswith('-') else ''}"
        for name in declared.order
        if schema.has(declared.table, name.removeprefix("-"))
    ]
    selected = ", ".join(_selected(name, declared.cut_chars) for name in there)
    sql = f"SELECT {selected or 'NULL'} FROM {_quoted(declared.table)}"
    conditions, values = [], [*among]
    if column is not None:
        conditions.append(f"{_quoted(column)} IN ({', '.join('?' * len(among))})")
    if beginning is not None:
        # A range, which an index serves; LIKE would not, and reads `_` and `%` as wildcards.
        conditions.append(f"{_quoted(beginning)} >= ? AND {_quoted(beginning)} < ?")
        values += [start, start[:-1] + chr(ord(start[-1]) + 1)]
    if conditions:
        sql += f" WHERE {' AND '.join(conditions)}"
    if order:
        sql += f" ORDER BY {', '.join(order)}"
    return _Statement(f"{sql} LIMIT ?", (*values, declared.limit), there, dict.fromkeys(declared.columns))


def _found(statement: _Statement | None, connection: sqlite3.Connection) -> Rows:
    if statement is None:
        return ()
    rows = connection.execute(statement.sql, statement.values).fetchall()
    # Without strict: the NULL of a table that has none of the columns belongs to no column.
    return tuple({**statement.blank, **dict(zip(statement.there, row, strict=False))} for row in rows)


def in_words(error: DatabaseProblem, path: str) -> SourceError:
    """The database's own words are about `state.db`: another file needs its path and other advice."""
    if error.kind == "damaged":
        words = f"{path} is damaged: it is no SQLite database that can be read. Move it away, or restore it."
        return SourceError(error.kind, path, words)
    return SourceError(error.kind, path, f"{path}{str(error).removeprefix(path.rpartition('/')[2])}")


def _selected(name: str, chars: int | None) -> str:
    column = _quoted(name)
    if chars is None:
        return column
    return f"CASE typeof({column}) WHEN 'text' THEN substr({column}, 1, {chars}) ELSE {column} END"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
