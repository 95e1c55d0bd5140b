"""What can be said of files and databases from outside: whether they can be read, how large they are, who may read them."""

from __future__ import annotations

import shutil
import sqlite3
import stat
from collections.abc import Callable, Hashable, Mapping
from contextlib import ExitStack
from dataclasses import field
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from hermes_hud_widget.errors import SourceError
from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.ledger.database import DatabaseMissing, DatabaseProblem, Way
from hermes_hud_widget.ledger.release import release_of
from hermes_hud_widget.ledger.schema import Schema
from hermes_hud_widget.place import Place
from hermes_hud_widget.sources.shared import SharedDatabase, shared_database
from hermes_hud_widget.sources.source import Attached, Source


@frozen
class Readable(Source[Mapping[str, str | None]]):
    """Whether other sources can be read: by label what is wrong, in words, or None. Those that are missing are left out.

    Whoever declares them as its own sources, too, has their last good content meanwhile, and says that it is old.
    """

    counts_as_content: ClassVar[bool] = False

    of: tuple[Source[Any], ...]

    @property
    def label(self) -> str:
        return f"whether these can be read: {', '.join(source.label for source in self.of)}"

    @property
    def missing(self) -> Mapping[str, str | None]:
        return {}

    def attach(self, place: Place) -> Attached[Mapping[str, str | None]]:
        return _Readable({source.label: source.attach(place) for source in self.of})


class _Readable(Attached[Mapping[str, str | None]]):
    def __init__(self, attached: Mapping[str, Attached[Any]]) -> None:
        self._attached = attached

    @property
    def files(self) -> tuple[Path, ...]:  # type: ignore[override]
        return tuple(file for one in self._attached.values() for file in one.files)

    @property
    def folders(self) -> tuple[Path, ...]:  # type: ignore[override]
        return tuple(folder for one in self._attached.values() for folder in one.folders)

    @property
    def may_lag(self) -> bool:  # type: ignore[override]
        return any(one.may_lag for one in self._attached.values())

    @property
    def recheck_soon(self) -> bool:  # type: ignore[override]
        return any(one.recheck_soon for one in self._attached.values())

    def signature(self) -> Hashable:
        return tuple(self.read().items())

    def read(self) -> Mapping[str, str | None]:
        return {label: _problem(one) for label, one in self._attached.items() if not one.is_missing()}

    def close(self) -> None:
        with ExitStack() as stack:
            for one in self._attached.values():
                stack.callback(one.close)


def _problem(attached: Attached[Any]) -> str | None:
    try:
        attached.read()
    except SourceError as error:
        return str(error)
    except DatabaseMissing:
        return None
    return None


class FileFacts(NamedTuple):
    """A file or folder as it looks from outside.

    Attributes:
        size_bytes: Its size.
        mode: Who may do what with it: the last nine bits of its mode.
    """

    size_bytes: int
    mode: int


@frozen
class Surroundings:
    """What a home's files look like from outside.

    Attributes:
        files: By path in the home (the home itself is "."); those that are not there are missing.
        free_bytes: What is free where the home lies; None if that cannot be known.
        disk_bytes: How large that is.
    """

    files: Mapping[str, FileFacts] = field(default_factory=dict)
    free_bytes: int | None = None
    disk_bytes: int | None = None


@frozen
class Outward(Source[Surroundings]):
    """Sizes and modes of files, and the disk that the home lies on.

    Read whenever it is asked for; nothing of it is ever a change: a panel that shows it says for how long that is true.
    """

    counts_as_content: ClassVar[bool] = False

    paths: tuple[str, ...]

    @property
    def label(self) -> str:
        return "sizes, modes and the disk"

    @property
    def missing(self) -> Surroundings:
        return Surroundings()

    def attach(self, place: Place) -> Attached[Surroundings]:
        return _Outward(self.paths, place.path)


class _Outward(Attached[Surroundings]):
    def __init__(self, paths: tuple[str, ...], home: Path) -> None:
        self._paths = paths
        self._home = home

    def signature(self) -> Hashable:
        return None

    def read(self) -> Surroundings:
        found: dict[str, FileFacts] = {}
        for path in self._paths:
            try:
                status = (self._home / path).stat()
            except OSError:
                continue
            found[path] = FileFacts(status.st_size, stat.S_IMODE(status.st_mode) & 0o777)
        try:
            disk = shutil.disk_usage(self._home)
        except OSError:
            return Surroundings(found)
        return Surroundings(found, disk.free, disk.total)


@frozen
class DatabaseState:
    """How a database stands.

    Attributes:
        problem: Why it cannot be read, in words; None: it can.
        release: The newest release of Hermes that has opened it.
        schema: Hermes' number of its schema.
        way: How it is read: `immutable` and `shared` (a write-ahead log), `journal` (a rollback journal), `copy`.
    """

    problem: str | None = None
    release: str | None = None
    schema: int | None = None
    way: Way | None = None


@frozen
class DatabaseStanding(Source[DatabaseState | None]):
    """Whether Hermes' database can be read, and how; None: there is none."""

    counts_as_content: ClassVar[bool] = False

    path: str = "state.db"

    @property
    def label(self) -> str:
        return f"how {self.path} is read"

    @property
    def missing(self) -> None:
        return None

    def attach(self, place: Place) -> Attached[DatabaseState | None]:
        return _Standing(shared_database(place, place.path / self.path))


class _Standing(Attached[DatabaseState | None]):
    def __init__(self, shared: SharedDatabase) -> None:
        self._shared = shared
        self._database = shared.database
        self.files = shared.database.files
        shared.join(self)

    @property
    def recheck_soon(self) -> bool:  # type: ignore[override]
        return self._shared.recheck_soon

    @property
    def may_lag(self) -> bool:  # type: ignore[override]
        return self._database.may_lag

    def signature(self) -> Hashable:
        return self._shared.changes(self, self._state)

    def read(self) -> DatabaseState | None:
        try:
            return self._database.read(self._state)
        except DatabaseMissing:
            return None
        except DatabaseProblem as error:
            return DatabaseState(str(error))

    def is_missing(self) -> bool:
        return not self._database.path.exists()

    def close(self) -> None:
        self._shared.leave(self)

    def _state(self, connection: sqlite3.Connection, schema: Schema) -> DatabaseState:
        number = None
        if schema.has("schema_version", "version"):
            row = connection.execute("SELECT version FROM schema_version LIMIT 1").fetchone()
            number = row[0] if row is not None and isinstance(row[0], int) else None
        return DatabaseState(None, release_of(schema), number, self._database.way)


class WatchState(NamedTuple):
    """How a home is watched.

    Attributes:
        reason: Why native events are not in use and a timer looks instead; None: they are.
    """

    reason: str | None


@frozen
class WatchMode(Source[WatchState | None]):
    """How the process that reads this watches the home; None: it does not."""

    counts_as_content: ClassVar[bool] = False

    @property
    def label(self) -> str:
        return "how the home is watched"

    @property
    def missing(self) -> None:
        return None

    def attach(self, place: Place) -> Attached[WatchState | None]:
        return AttachedWatchMode()


class AttachedWatchMode(Attached[WatchState | None]):
    """Whoever watches the home sets `reason`, to be asked whenever this is read."""

    reason: Callable[[], str | None] | None = None

    def signature(self) -> Hashable:
        return self.read()

    def read(self) -> WatchState | None:
        return None if self.reason is None else WatchState(self.reason())
