"""The snapshots that Hermes takes of working directories before it changes files there (`tools/checkpoint_manager.py`)."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hermes_hud_widget.errors import SourceError
from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.ledger.descriptor import NotRegularError, open_for_reading
from hermes_hud_widget.ledger.values import instant
from hermes_hud_widget.place import Place
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
        size_bytes: Of all files, archives too; of the first 20,000 where there are more.
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


class _Checkpoints(Attached[CheckpointFiles]):
    def __init__(self, label: str, top: Path) -> None:
        self._label = label
        self._top = top
        self._store = top / "store"
        self.files = (self._store / "packed-refs",)
        self.folders = (top, self._store, self._store / "projects", self._store / "refs" / "hermes")
        self._lock = threading.Lock()
        self._known: dict[str, _Known] = {}
        self._read: tuple[Hashable, CheckpointFiles] | None = None

    def signature(self) -> Hashable:
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
            signature = self.signature()
            if self._read is None or self._read[0] != signature:
                self._read = (signature, self._files())
            return self._read[1]

    def rest(self) -> None:
        with self._lock:
            self._known.clear()
            self._read = None

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
        size, is_cut = _size(self._top)
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
        if known is not None and known.tip == tip and known.problem is None:
            return known
        found = _Known(tip)
        git = find_git()
        if tip and git is None:
            found.problem = "git is not installed here, so its snapshots cannot be read"
        elif tip and git is not None:
            try:
                found.checkpoints = read_log(self._store / "objects", tip, git, MAX_CHECKPOINTS + 1, LIMIT_S)
            except (GitError, OSError) as error:
                found.problem = str(error)
        self._known[id] = found
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


def _size(top: Path) -> tuple[int, bool]:
    """The size of the files below, and whether there are more than are looked at."""
    size = number = 0
    for folder, _, files in os.walk(top):
        for name in files:
            if number >= MAX_FILES_SIZED:
                return size, True
            number += 1
            facts = _facts(Path(folder, name))
            size += facts[1] if isinstance(facts, tuple) else 0
    return size, False
