"""One file descriptor for each database file in this process, and what the file's header says."""

from __future__ import annotations

import os
import stat
import struct
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import ClassVar, NamedTuple

if sys.platform != "win32":
    import fcntl

_MAGIC = b"SQLite format 3\0"
_SHARED_FIRST = 0x40000002
_SHARED_SIZE = 510
_LOG_HEADER_BYTES = 32
_FRAME_HEADER_BYTES = 24


class NotRegularError(OSError):
    """A pipe, a device or a directory lies where a file should be."""


def open_for_reading(path: Path) -> int:
    """A descriptor of a regular file; never waits, as opening a pipe or a device may.

    Raises:
        NotRegularError: It is something else.
        OSError: It cannot be opened.
    """
    _check_regular(path.stat())
    flags = [getattr(os, name, 0) for name in ("O_NONBLOCK", "O_BINARY")]
    fd = os.open(path, os.O_RDONLY | sum(flags))
    try:
        _check_regular(os.fstat(fd))  # it may have been replaced since the stat
    except NotRegularError:
        os.close(fd)
        raise
    return fd


def _check_regular(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise NotRegularError("not a regular file")


class Header(NamedTuple):
    """What the first 100 bytes of a database say.

    Attributes:
        is_sqlite: False when this is no SQLite database at all.
        format: 1: rollback journal, 2: write-ahead log; anything else is newer than this program.
        change_counter: Grows with commits (in WAL mode not with each one, and only at checkpoints).
        page_bytes: Size of a page.
    """

    is_sqlite: bool
    format: int
    change_counter: int
    page_bytes: int


class LogIndex(NamedTuple):
    """The header of a `-shm` file, as far as it tells a commit from a checkpoint.

    Attributes:
        commits: Grows by one with each commit, as long as the file is not made anew.
        frames: How many valid frames the log has.
        salt: Grows by one whenever the log is emptied and begun again.
    """

    commits: int
    frames: int
    salt: int

    def was_only_emptied_since(self, last: LogIndex) -> bool:
        """True when nothing happened in between but a checkpoint that emptied the log."""
        return self.frames == 0 and self.commits == last.commits and self.salt == (last.salt + 1) % 2**32

    def is_behind(self, log: int, page_bytes: int) -> bool:
        """True when the log (its descriptor) may have frames that are not visible yet, or were given up."""
        if self.frames == 0:
            # The first writer of a new log gives it a salt that nobody knows before the commit is visible.
            return True
        start = _LOG_HEADER_BYTES + self.frames * (_FRAME_HEADER_BYTES + page_bytes)
        # Frames of an earlier round, which the log still holds, have another salt.
        return os.pread(log, 4, start + 8) == self.salt.to_bytes(4, "big")


class Descriptor:
    """A database file (or its `-shm`), open for reading its header beside SQLite's own descriptors.

    POSIX drops all locks that a process holds on a file as soon as the process closes any descriptor of
    it. So the file is opened once in the process, however many connections there are, and closed when
    the last user has closed its connection and released this.
    """

    # The locks belong to the process, and so must the knowledge of who still needs them.
    _registry: ClassVar[dict[tuple[int, int], _Shared]] = {}
    _registry_lock: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, path: Path) -> None:
        """Opens the file.

        Raises:
            NotRegularError: It is no file.
            OSError: It cannot be opened.
        """
        with self._registry_lock:
            status = path.stat()
            identity = (status.st_dev, status.st_ino)
            if identity not in self._registry:
                fd = open_for_reading(path)
                status = os.fstat(fd)  # it may have been replaced since the stat
                identity = (status.st_dev, status.st_ino)
                self._registry.setdefault(identity, _Shared()).descriptors.append(fd)
            self.identity = identity
            self._shared = self._registry[identity]
            self._shared.users += 1
            self._fd = self._shared.descriptors[0]

    def header(self) -> Header:
        """The header as it is on disk now."""
        start = self.read(100, 0)
        counter = int.from_bytes(start[24:28], "big")
        page = int.from_bytes(start[16:18], "big")
        return Header(
            len(start) == 100 and start.startswith(_MAGIC),
            max(start[18:20], default=0),
            counter,
            65_536 if page == 1 else page,
        )

    def log_index(self) -> LogIndex | None:
        """The header of a `-shm` file; None when it is being written or has none yet."""
        raw = self.read(96, 0)
        if len(raw) < 96 or raw[:48] != raw[48:]:
            return None
        (commits,) = struct.unpack_from("=I", raw, 8)
        (frames,) = struct.unpack_from("=I", raw, 16)
        (salt,) = struct.unpack_from(">I", raw, 32)  # copied from the log, whose numbers are big-endian
        return LogIndex(commits, frames, salt)

    def read(self, size: int, offset: int) -> bytes:
        """Up to `size` bytes from `offset`, in bytes."""
        return os.pread(self._fd, size, offset)

    def hold(self) -> bool:
        """Keeps the last writer from deleting the write-ahead log; True when `let_go` must follow.

        SQLite takes the same shared lock for any read. Without it a `-wal` that was seen may be gone when
        SQLite opens it, and SQLite would leave a new, empty one behind. A second user of the file in this
        process does without: letting go would take the first one's lock away.
        """
        if sys.platform == "win32" or self._shared.users > 1:
            return False
        with suppress(OSError):
            fcntl.lockf(self._fd, fcntl.LOCK_SH | fcntl.LOCK_NB, _SHARED_SIZE, _SHARED_FIRST)
            return True
        return False

    def let_go(self) -> None:
        """Drops what `hold` took; only while SQLite has no lock of its own on the file."""
        if sys.platform != "win32":
            with suppress(OSError):
                fcntl.lockf(self._fd, fcntl.LOCK_UN, _SHARED_SIZE, _SHARED_FIRST)

    def release(self) -> None:
        """Gives it back; to be called after the connection was closed."""
        with self._registry_lock:
            self._shared.users -= 1
            if self._shared.users == 0:
                del self._registry[self.identity]
                for fd in self._shared.descriptors:
                    # On a network drive closing may fail; the descriptor is gone nevertheless.
                    with suppress(OSError):
                        os.close(fd)


class _Shared:
    def __init__(self) -> None:
        self.descriptors: list[int] = []
        self.users = 0
