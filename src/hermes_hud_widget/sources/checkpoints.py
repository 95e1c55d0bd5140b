"""The snapshots that Hermes takes of working directories before it changes files there (`tools/checkpoint_manager.py`)."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Hashable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from hermes_hud_widget.errors import SourceError
from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.ledger.descriptor import NotRegularError, open_for_reading
from hermes_hud_widget.ledger.keeper import Bell
from hermes_hud_widget.ledger.values import instant
from hermes_hud_widget.place import Place
from hermes_hud_widget.protocol import Progress
from hermes_hud_widget.redact import encodable
from hermes_hud_widget.sources.git import Commit, GitError, find_git, read_log, read_ref
from hermes_hud_widget.sources.source import Attached, Source

MAX_DIRECTORIES = 200
MAX_CHECKPOINTS = 200
"""Of one directory so many are read, the newest."""
MAX_FILES_SIZED = 20_000
MAX_META_BYTES = 64 * 1024
LIMIT_S = 3.0
"""So long git may take for one directory."""
MOST_S = 4.0
"""After so much of git in one read the other directories wait for the next, which follows at once."""
TIMES_AS_LONG = 50
"""What git could not read is tried again, at a change, after so many times as long as that took."""
SIZE_S = 0.5
"""So long sizes are added up."""
_FRESH_NS = 20_000_000
"""File times advance in ticks of up to 10 ms: two writes within one tick may look the same from outside."""


@frozen
class CheckpointedDirectory:
    """One working directory that snapshots were taken of (`store/projects/HASH.json`).

    Attributes:
        id: Hermes' hash of its path.
        path: The directory; None where the file does not say it.
        created_at: When it was first seen.
        touched_at: When a snapshot was last due.
        checkpoints: The snapshots, newest first; the subject of each is its reason.
        is_cut: True if there are more.
        problem: Why the snapshots could not be read, in words.
    """

    id: str
    path: str | None
    created_at: datetime | None
    touched_at: datetime | None
    checkpoints: tuple[Commit, ...]
    is_cut: bool
    problem: str | None


@frozen
class CheckpointArchive:
    """Snapshots of an older form, put away by Hermes (`legacy-*`)."""

    name: str
    modified_at: datetime


@frozen
class CheckpointFiles:
    """Everything below `checkpoints/`.

    Attributes:
        directories: Those touched last first, at most 200.
        total: How many there are.
        unreadable: Files about a directory that are damaged; Hermes ignores them, too.
        archives: By name.
        size_bytes: Of all files, archives too; of those that could be looked at where there are very many.
        is_size_cut: True if there are more.
    """

    directories: tuple[CheckpointedDirectory, ...] = ()
    total: int = 0
    unreadable: int = 0
    archives: tuple[CheckpointArchive, ...] = ()
    size_bytes: int = 0
    is_size_cut: bool = False


@frozen
class Checkpoints(Source[CheckpointFiles]):
    """The store of snapshots. Git reads it in a directory of its own, and only where something changed."""

    path: str = "checkpoints"

    @property
    def label(self) -> str:
        return f"{self.path}/"

    @property
    def missing(self) -> CheckpointFiles:
        return CheckpointFiles()

    def attach(self, place: Place) -> Attached[CheckpointFiles]:
        return _Checkpoints(self.path, place.path / self.path)


@dataclass
class _Known:
    """What was read of one directory's snapshots at one tip."""

    tip: str
    checkpoints: tuple[Commit, ...] = field(default=())
    problem: str | None = None
    again_at: float = 0.0


class _Checkpoints(Attached[CheckpointFiles]):
    def __init__(self, label: str, top: Path) -> None:
        self._label = label
        self._top = top
        self._store = top / "store"
        self.files = (self._store / "packed-refs",)
        self.folders = (top, self._store, self._store / "projects", self._store / "refs" / "hermes")
        self._lock = threading.Lock()
        self._bell = Bell()
        self._known: dict[str, _Known] = {}
        self._sizes = _Sizes(top)
        self._git_s = 0.0
        self._waiting = 0
        self._goes_on = False
        self._read: tuple[Hashable, CheckpointFiles] | None = None

    @property
    def progress(self) -> Progress | None:
        waiting, read = self._waiting, self._read
        if not waiting or read is None:
            return None
        total = len(read[1].directories)
        return Progress(done=total - waiting, total=total)

    def settle(self) -> None:
        self.read()
        while self._waiting:
            self.read()

    def signature(self) -> Hashable:
        return (self._bell.silence(), *self._listings())

    def doorbells(self) -> frozenset[int]:
        return frozenset({self._bell.fileno()})

    def _listings(self) -> tuple[Hashable, ...]:
        return (
            _listing(self._top),
            _listing(self._store / "projects"),
            _listing(self._store / "refs" / "hermes"),
            _facts(self._store / "packed-refs"),
        )

    def is_missing(self) -> bool:
        return not os.path.lexists(self._top)

    def read(self) -> CheckpointFiles:
        with self._lock:
            # Before the files: what is written in between is noticed by the next look.
            listings = self._listings()
            if self._read is None or self._read[0] != listings or self._waiting:
                self._goes_on = self._waiting > 0 and self._read is not None and self._read[0] == listings
                self._git_s, self._waiting = 0.0, 0
                # What fails on the way is read anew the next time.
                self._read = None
                self._read = (listings, self._files())
                if self._waiting:
                    self._bell.ring()
            return self._read[1]

    def rest(self) -> None:
        with self._lock:
            self._known.clear()
            self._sizes = _Sizes(self._top)
            self._read, self._waiting = None, 0

    def close(self) -> None:
        self._bell.close()

    def _files(self) -> CheckpointFiles:
        try:
            names = [entry.name for entry in os.scandir(self._top) if entry.name.startswith("legacy-")]
        except FileNotFoundError:
            return CheckpointFiles()
        except NotADirectoryError as error:
            raise SourceError("damaged", self._label, f"{self._label} is not a folder") from error
        except OSError as error:
            raise SourceError(
                "unavailable", self._label, f"{self._label} cannot be listed: {error.strerror}"
            ) from error
        archives = []
        for name in sorted(names):
            facts = _facts(self._top / name)
            if isinstance(facts, tuple):
                archives.append(
                    CheckpointArchive(encodable(name), datetime.fromtimestamp(facts[2] / 1e9, UTC))
                )
        metas = {
            name: self._meta(name) for name in _names(self._store / "projects") if name.endswith(".json")
        }
        found = [(name.removesuffix(".json"), meta) for name, meta in metas.items() if meta is not None]
        found.sort(key=lambda one: -_seconds(one[1].get("last_touch")))
        for gone in self._known.keys() - {id for id, _ in found}:
            del self._known[gone]
        size, is_cut = self._sizes.add_up()
        return CheckpointFiles(
            directories=tuple(self._directory(id, meta) for id, meta in found[:MAX_DIRECTORIES]),
            total=len(found),
            unreadable=len(metas) - len(found),
            archives=tuple(archives),
            size_bytes=size,
            is_size_cut=is_cut,
        )

    def _meta(self, name: str) -> Mapping[str, Any] | None:
        try:
            with os.fdopen(open_for_reading(self._store / "projects" / name), "rb") as file:
                meta = json.loads(file.read(MAX_META_BYTES))
        except (OSError, NotRegularError, ValueError, RecursionError):
            return None
        return meta if isinstance(meta, dict) else None

    def _directory(self, id: str, meta: Mapping[str, Any]) -> CheckpointedDirectory:
        known = self._log(id)
        path = meta.get("workdir")
        return CheckpointedDirectory(
            id=encodable(id),
            path=encodable(path) if isinstance(path, str) and path else None,
            created_at=instant(meta.get("created_at")),
            touched_at=instant(meta.get("last_touch")),
            checkpoints=known.checkpoints[:MAX_CHECKPOINTS],
            is_cut=len(known.checkpoints) > MAX_CHECKPOINTS,
            problem=known.problem,
        )

    def _log(self, id: str) -> _Known:
        """The snapshots from the newest back, read again only when there is another newest."""
        tip = read_ref(self._store, f"refs/hermes/{id}") or ""
        known = self._known.get(id)
        # Whoever goes on with what was waiting comes to an end: what failed until then is for another time.
        is_final = known is not None and (
            known.problem is None or self._goes_on or time.monotonic() < known.again_at
        )
        if known is not None and known.tip == tip and is_final:
            return known
        if self._git_s >= MOST_S:
            self._waiting += 1
            return _Known(tip, problem="it is not read yet")
        found = self._known[id] = _Known(tip)
        git = find_git()
        if tip and git is None:
            found.problem = "git is not installed here, so its snapshots cannot be read"
        elif tip and git is not None:
            began = time.monotonic()
            try:
                found.checkpoints = read_log(self._store / "objects", tip, git, MAX_CHECKPOINTS + 1, LIMIT_S)
            except (GitError, OSError) as error:
                found.problem = str(error)
            ended = time.monotonic()
            self._git_s += ended - began
            found.again_at = ended + TIMES_AS_LONG * (ended - began)
        return found


def _seconds(written: Any) -> float:
    at = instant(written)
    return 0.0 if at is None else at.timestamp()


def _names(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208  names, thousands of them
    except OSError:
        return []


def _listing(folder: Path) -> Hashable:
    return tuple((name, _facts(folder / name)) for name in _names(folder))


def _facts(path: Path) -> tuple[int, int, int] | int | None:
    try:
        status = path.stat()
    except OSError as error:
        return error.errno
    return (status.st_ino, status.st_size, status.st_mtime_ns)


class _Sized(NamedTuple):
    """What lies in one folder itself; `is_cut`: there is more."""

    mtime_ns: int = 0
    files: int = 0
    size_bytes: int = 0
    folders: tuple[str, ...] = ()
    is_cut: bool = False


class _Sizes:
    """Adds up the size of the files below a folder.

    Where git keeps its objects files come and go but never change: such a folder is listed again only when that
    shows in its own time, so that a snapshot more costs a look at some hundred folders, not at all files.
    """

    def __init__(self, top: Path) -> None:
        self._top = str(top)
        self._known: dict[str, _Sized] = {}

    def add_up(self) -> tuple[int, bool]:
        """The size, and whether there is more than could be looked at."""
        until = time.monotonic() + SIZE_S
        size, left, is_cut = 0, MAX_FILES_SIZED, False
        known: dict[str, _Sized] = {}
        waiting = [self._top]
        while waiting and left > 0 and time.monotonic() < until:
            path = waiting.pop()
            before = self._known.get(path)
            found = _in_folder(path, before, left)
            left -= 1 if found is before else 1 + found.files
            size += found.size_bytes
            is_cut |= found.is_cut
            waiting += found.folders
            if "/objects" in path.removeprefix(self._top):
                known[path] = found
        # What could not be looked at this time may be as it was.
        self._known = {**self._known, **known} if waiting else known
        return size, is_cut or bool(waiting)


def _in_folder(path: str, before: _Sized | None, most: int) -> _Sized:
    """What lies in a folder, or what lay there `before` if it has not changed; links are not followed."""
    files = size = 0
    folders: list[str] = []
    try:
        mtime_ns = Path(path).stat().st_mtime_ns
        if before is not None and before.mtime_ns == mtime_ns:
            return before
        is_fresh = abs(time.time_ns() - mtime_ns) < _FRESH_NS
        with os.scandir(path) as entries:
            for entry in entries:
                if files >= most:
                    return _Sized(0, files, size, tuple(folders), is_cut=True)
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                    continue
                files += 1
                with suppress(OSError):  # gone meanwhile
                    size += entry.stat(follow_symlinks=False).st_size
    except OSError:  # gone meanwhile, or nothing that may be looked at
        return _Sized()
    return _Sized(0 if is_fresh else mtime_ns, files, size, tuple(folders))
