"""An SQLite file of a home that several sources read a little of each."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from hermes_hud_widget.ledger.database import Database, DatabaseMissing, DatabaseProblem
from hermes_hud_widget.ledger.schema import Schema
from hermes_hud_widget.looks import once
from hermes_hud_widget.place import Place

TIMES_AS_LONG = 5
"""After a read that the writer's lock made vain, the next one waits so many times as long as that took."""

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
        self._is_unread = False
        self._again_at = 0.0

    @property
    def recheck_soon(self) -> bool:
        """True after a look that could not be certain, or that could not be followed by a read."""
        return self.database.recheck_soon or self._is_unread

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
            self._is_unread &= bool(self._works)
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
            if seen != self._seen and time.monotonic() >= self._again_at:
                self._refresh(seen)
            return self._changes[member]

    def content(self, member: Hashable, work: Work) -> Any:
        """What `work` finds now; what `changes` has found already is not read again.

        Raises what `Database.read` raises.
        """
        with self._lock:
            found = self._found.get(member)
            # Damage is words; whoever asks is to get it as an error.
            if isinstance(found, tuple) and once((self, "content"), self.database.content) == self._seen:
                return found
        return self.database.read(work)

    def _refresh(self, seen: Hashable) -> None:
        began = time.monotonic()
        read = self._read()
        self._is_unread = read is None
        if read is None:
            ended = time.monotonic()
            self._again_at = ended + TIMES_AS_LONG * (ended - began)
            return
        for each, found in read.items():
            if each not in self._found or found != self._found[each]:
                self._found[each] = found
                self._changes[each] += 1
        self._seen = seen

    def _read(self) -> Mapping[Hashable, Any] | None:
        """What each finds now; None while the writer's lock lets nobody know."""
        works = dict(self._works)
        try:
            return self.database.read(
                lambda connection, schema: {
                    each: _unless_damaged(work, connection, schema) for each, work in works.items()
                }
            )
        except DatabaseMissing:
            return dict.fromkeys(works)
        except DatabaseProblem as error:
            # What a dead writer left behind is locked, too, but until somebody starts Hermes.
            may_pass = self.database.way is not None or self.database.recheck_soon
            return None if error.kind == "locked" and may_pass else dict.fromkeys(works, str(error))


def _unless_damaged(work: Work, connection: sqlite3.Connection, schema: Schema) -> Any:
    """What it finds, or in words that this part of the file is damaged: others may be whole, and have not changed.

    Here, as `Database.read` would try all of it again and again, with pauses.
    """
    try:
        return work(connection, schema)
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_CORRUPT:
            raise
        return str(error)


def shared_database(place: Place, path: Path) -> SharedDatabase:
    """The one of that home and file, the same for everybody who asks while somebody has it."""
    with _files_lock:
        shared = _files.get((place, path))
        if shared is None:
            shared = _files[place, path] = SharedDatabase(path)
        return shared
