"""SQLite files of one kind: one in its own place, and one in each folder beside it."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Hashable
from contextlib import suppress
from pathlib import Path

from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.ledger.database import Database, DatabaseMissing, DatabaseProblem
from hermes_hud_widget.ledger.schema import Schema
from hermes_hud_widget.place import Place
from hermes_hud_widget.sources.files import Where, base_of
from hermes_hud_widget.sources.source import Attached, Source
from hermes_hud_widget.sources.table import Rows, Table, in_words, select

MAX_DATABASES = 32
"""At most so many folders are watched, the first by name: each database costs descriptors."""
MAX_FOLDERS = 200
"""At most so many are known at all."""


@frozen
class Databases(Source["DatabaseFiles"]):
    """The SQLite file at a path, and the files of the same name in the folders of another folder.

    It changes when something is committed to one of them, as far as they are watched. Nothing is read before somebody
    asks; a damaged one is told to whoever asks for it, and costs no other.

    Attributes:
        path: The file, in the home.
        each: The folder with a folder for each of the others.
        of: The home, or the root home for what its profiles share.
    """

    path: str
    each: str
    of: Where = "home"

    @property
    def label(self) -> str:
        return self.path

    @property
    def missing(self) -> DatabaseFiles:
        return DatabaseFiles((), False, lambda name, tables: tuple(() for _ in tables))

    def attach(self, place: Place) -> Attached[DatabaseFiles]:
        return _Databases(self, base_of(place, self.of))


@frozen
class DatabaseFiles:
    """What a `Databases` gives.

    Attributes:
        names: Of the folders that hold a database, sorted; at most 32.
        has_main: Whether there is a file at the path itself.
        more: Of the others, sorted: they can be read, and nothing tells when they change.
    """

    names: tuple[str, ...]
    has_main: bool
    _read: Callable[[str | None, tuple[Table, ...]], tuple[Rows, ...]]
    more: tuple[str, ...] = ()

    def read(self, name: str | None, *tables: Table) -> tuple[Rows, ...]:
        """The rows of these tables, all of one moment; none of a database or table that is not there.

        Args:
            name: Which database: a folder's name, or None for the one at the path itself.
            tables: What to read; their `path` and `of` mean nothing here.

        Raises:
            SourceError: It is there but cannot be read.
        """
        return self._read(name, tables)


class _Databases(Attached[DatabaseFiles]):
    def __init__(self, declared: Databases, base: Path) -> None:
        self._declared = declared
        self._base = base
        self._lock = threading.Lock()
        self._databases: dict[str | None, Database] = {None: Database(base / declared.path)}
        self._more: tuple[str, ...] = ()
        self.folders = (base / declared.each,)
        self._set_files()

    @property
    def recheck_soon(self) -> bool:  # type: ignore[override]
        return any(database.recheck_soon for database in self._all())

    @property
    def may_lag(self) -> bool:  # type: ignore[override]
        return any(database.may_lag for database in self._all())

    def signature(self) -> Hashable:
        with self._lock:
            self._look()
            found, more = dict(self._databases), self._more
        seen = ((name, database.path.exists(), database.signature()) for name, database in found.items())
        return (*seen, more)

    def read(self) -> DatabaseFiles:
        with self._lock:
            self._look()
            there = [name for name, database in self._databases.items() if database.path.exists()]
            more = tuple(name for name in self._more if self._path(name).exists())
        names = tuple(name for name in there if name is not None)
        return DatabaseFiles(names, None in there, self._rows, more)

    def is_missing(self) -> bool:
        return not any(database.path.exists() for database in self._all())

    def close(self) -> None:
        with self._lock:
            for database in self._databases.values():
                database.close()

    def _all(self) -> tuple[Database, ...]:
        with self._lock:
            return tuple(self._databases.values())

    def _rows(self, name: str | None, tables: tuple[Table, ...]) -> tuple[Rows, ...]:
        nothing = tuple[Rows, ...](() for _ in tables)
        with self._lock:
            watched = self._databases.get(name)
            database = Database(self._path(name)) if name in self._more and name is not None else watched
        if database is None:
            return nothing

        def work(connection: sqlite3.Connection, schema: Schema) -> tuple[Rows, ...]:
            return tuple(select(table, connection, schema) for table in tables)

        try:
            return database.read(work)
        except DatabaseMissing:
            return nothing
        except DatabaseProblem as error:
            raise in_words(error, database.path.relative_to(self._base).as_posix()) from error
        finally:
            if database is not watched:
                database.close()

    def _look(self) -> None:
        """Which folders there are now. One without a database is awaited: it comes a moment after its folder."""
        folders: list[str] = []
        with suppress(OSError), os.scandir(self.folders[0]) as entries:
            folders = sorted(entry.name for entry in entries if entry.is_dir())[:MAX_FOLDERS]
        self._more = tuple(folders[MAX_DATABASES:])
        del folders[MAX_DATABASES:]
        if folders == [name for name in self._databases if name is not None]:
            return
        for name in [name for name in self._databases if name is not None and name not in folders]:
            self._databases.pop(name).close()
        known = self._databases
        self._databases = {None: known[None]}
        for name in folders:
            self._databases[name] = known.get(name) or Database(self._path(name))
        self._set_files()

    def _path(self, name: str) -> Path:
        return self.folders[0] / name / Path(self._declared.path).name

    def _set_files(self) -> None:
        self.files = tuple(file for database in self._databases.values() for file in database.files)
