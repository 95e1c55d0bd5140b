"""Which processes have a file open for writing: how a dead agent is told from a thinking one.

Hermes' command line writes no pid file; but as long as it lives it holds `state.db` open.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.ledger.processes import DeathBells, started_at

RESCAN_S = 5.0
"""How long a scan is believed while all writers that it found live, in seconds."""
_UNSEEN_WRITES = 3
"""Changes of the file without any visible writer after which we say that we cannot see its writers."""


@frozen
class WriterProcess:
    """One process; `started_at` tells it from a later one with the same pid."""

    pid: int
    started_at: datetime


@frozen
class Writers:
    """All processes that have the file open for writing."""

    processes: frozenset[WriterProcess]


class WriterScan:
    """Looks for the writers of one file, by `/proc/*/fd`; knows nothing on systems without it.

    `writers` is None where they cannot be known: no `/proc`, a file of another user, or a writer in another
    container (the file changes although nobody visible has it open).
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._found: frozenset[WriterProcess] = frozenset()
        self._bells: DeathBells[WriterProcess] = DeathBells()
        self._scanned_at = -RESCAN_S
        self._unseen_writes = 0
        self._written: tuple[tuple[int, int], ...] = ()

    def writers(self) -> Writers | None:
        """The writers now; scans again when one of them died, when nobody was
        there and the file was written nevertheless, or when the last scan is some seconds old."""
        if not sys.platform.startswith("linux"):
            return None
        with self._lock:
            if self._is_due():
                self._scan()
            if self._unseen_writes >= _UNSEEN_WRITES:
                return None
            return Writers(self._found) if self._may_look() else None

    def doorbells(self) -> frozenset[int]:
        """One descriptor for each writer, readable when it has died."""
        with self._lock:
            return self._bells.descriptors

    def close(self) -> None:
        """Closes the descriptors."""
        with self._lock:
            self._found = frozenset()
            self._bells.close()

    def _is_due(self) -> bool:
        if time.monotonic() - self._scanned_at >= RESCAN_S:
            return True
        if not self._found and self._unseen_writes < _UNSEEN_WRITES and _written(self._path) != self._written:
            return True  # somebody has come, and what he began is not to be taken for a crash
        # One call for all, where reading each one's state would cost as much as the rest of a look.
        return self._bells.has_rung() or not all(map(_is_alive, self._found - self._bells.followed))

    def _may_look(self) -> bool:
        try:
            owner = self._path.stat().st_uid
        except OSError:  # no file, no writers
            return True
        return os.geteuid() in (0, owner)

    def _scan(self) -> None:
        self._scanned_at = time.monotonic()
        self._found = _writers_of(self._path)
        # One that died meanwhile, or a kernel before 5.3, has no bell: then the next scan tells.
        self._bells.follow({process: process.pid for process in self._found})
        written = _written(self._path)
        if self._found:
            self._unseen_writes = 0
        elif self._written and written != self._written:
            self._unseen_writes += 1
        self._written = written


def _writers_of(path: Path) -> frozenset[WriterProcess]:
    try:
        target = path.stat()
    except OSError:
        return frozenset()
    name = Path(os.path.realpath(path)).name
    me, user = os.getpid(), os.geteuid()
    found = set()
    for entry in _entries("/proc"):
        if not entry.name.isdigit() or int(entry.name) == me:
            continue
        # Processes come and go while we look, and those of others are closed to us.
        with suppress(OSError):
            if user != 0 and entry.stat().st_uid != user:
                continue
            if _has_open_for_writing(entry.path, name, (target.st_dev, target.st_ino)):
                began = started_at(int(entry.name))
                if began is not None:
                    found.add(WriterProcess(int(entry.name), began))
    return frozenset(found)


def _has_open_for_writing(process: str, name: str, identity: tuple[int, int]) -> bool:
    ending = f"/{name}"
    for entry in _entries(f"{process}/fd"):
        with suppress(OSError):
            # The name first: a stat of each descriptor would cost ten times as much. As text: so does a `Path`.
            if not os.readlink(entry.path).endswith(ending):  # noqa: PTH115
                continue
            status = entry.stat()
            if (status.st_dev, status.st_ino) != identity:
                continue
            info = Path(process, "fdinfo", entry.name).read_text(encoding="ascii")
            flags = next(int(line.split()[1], 8) for line in info.splitlines() if line.startswith("flags:"))
            if flags & os.O_ACCMODE != os.O_RDONLY:
                return True
    return False


def _entries(directory: str) -> list[os.DirEntry[str]]:
    with os.scandir(directory) as entries:
        return list(entries)


def _is_alive(process: WriterProcess) -> bool:
    began = started_at(process.pid)
    return began is not None and abs((began - process.started_at).total_seconds()) < 2


def _written(path: Path) -> tuple[tuple[int, int], ...]:
    facts = []
    for name in (path, path.with_name(path.name + "-wal")):
        with suppress(OSError):
            status = name.stat()
            facts.append((status.st_size, status.st_mtime_ns))
    return tuple(facts)
