"""An SQLite file of a home that several sources read a little of each."""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from hermes_hud_widget.ledger.database import Database, DatabaseMissing, DatabaseProblem
from hermes_hud_widget.ledger.schema import Schema
from hermes_hud_widget.looks import once
from hermes_hud_widget.place import Place

Work = Callable[[sqlite3.Connection, Schema], Any]

_files: WeakValueDictionary[tuple[Place, Path], SharedDatabase] = WeakValueDictionary()
_files_lock = threading.Lock()


class SharedDatabase:
    """One connection, one look after an event, and one transaction for what all of them want after a commit.

    Not for what reads much: whoever waits for it would keep the watcher waiting. All methods may be called from any thread.

    Attributes:
        database: The file.
    """

    def __init__(self, path: Path) -> None:
        self.database = Database(path)
        self._lock = threading.Lock()
        self._members: set[Hashable] = set()
        self._works: dict[Hashable, Work] = {}
        self._seen: Hashable = object()
        self._found: dict[Hashable, Any] = {}
        self._changes: Counter[Hashable] = Counter()

    def join(self, member: Hashable) -> None:
        """The file stays open until this one has left, too."""
        with self._lock:
            self._members.add(member)

    def leave(self, member: Hashable) -> None:
        """This one needs it no more; the last one closes it."""
        with self._lock:
            self._members.discard(member)
            for kept in (self._works, self._found, self._changes):
                kept.pop(member, None)
            if not self._members:
                self.database.close()

    def signature(self) -> Hashable:
        """Equal as long as nothing was committed; see `Database.signature`."""
        return once(self, self.database.signature)

    def changes(self, member: Hashable, work: Work) -> int:
        """How often what `work` reads has changed so far.

        Args:
            member: Who asks; from then on it is read with whatever the others want, after each commit.
            work: As `Database.read` takes it; its results are compared.
        """
        with self._lock:
            if member not in self._works:
                self._works[member] = work
                self._seen = object()
            # Before the rows: a commit in between is then noticed by the next look.
            seen = self.signature()
            if seen != self._seen:
                for each, found in self._read().items():
                    if each not in self._found or found != self._found[each]:
                        self._found[each] = found
                        self._changes[each] += 1
                self._seen = seen
            return self._changes[member]

    def _read(self) -> Mapping[Hashable, Any]:
        works = dict(self._works)
        try:
            return self.database.read(
                lambda connection, schema: {each: work(connection, schema) for each, work in works.items()}
            )
        except DatabaseMissing:
            return dict.fromkeys(works)
        except DatabaseProblem as error:
            if error.kind != "damaged":
                return dict.fromkeys(works, str(error))
            # Of a damaged file some tables may be whole: they have not changed.
            return {each: self._read_alone(work) for each, work in works.items()}

    def _read_alone(self, work: Work) -> Any:
        try:
            return self.database.read(work)
        except DatabaseMissing:
            return None
        except DatabaseProblem as error:
            return str(error)


def shared_database(place: Place, path: Path) -> SharedDatabase:
    """The one of that home and file, the same for everybody who asks while somebody has it."""
    with _files_lock:
        shared = _files.get((place, path))
        if shared is None:
            shared = _files[place, path] = SharedDatabase(path)
        return shared
