"""An inotify descriptor on Linux: says within a millisecond that something happened in a directory.

The standard library has no inotify, and watchfiles keeps its descriptor to itself; four calls of libc are
less than another dependency.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys
from collections.abc import Iterable, Iterator
from typing import NamedTuple

_MODIFY, _ATTRIB, _MOVED, _CREATE, _DELETE, _DELETE_SELF, _MOVE_SELF = (
    0x2,
    0x4,
    0xC0,
    0x100,
    0x200,
    0x400,
    0x800,
)
_EVENTS = _MODIFY | _ATTRIB | _MOVED | _CREATE | _DELETE | _DELETE_SELF | _MOVE_SELF
_OVERFLOW = 0x4000
_ONLY_DIRECTORY = 0x01000000
_HEADER = struct.Struct("iIII")


_LIMITS = {
    errno.ENOSPC: "this user has used up the inotify watches (fs.inotify.max_user_watches)",
    errno.EMFILE: "this user has used up the inotify instances (fs.inotify.max_user_instances)",
}


class DoorbellError(OSError):
    """inotify is not to be had: another system, or a limit of this one is reached."""


class DoorbellLimitError(DoorbellError):
    """inotify is there, but a limit of it is reached, which holds for everything of this user."""


class Rung(NamedTuple):
    """Something that happened.

    Attributes:
        was_moved: False when a file was only written: nothing came, went or is called otherwise now.
    """

    path: str
    was_moved: bool


class Doorbell:
    """Watches directories, not recursively. Not thread-safe; `descriptor` is readable when it rings."""

    def __init__(self) -> None:
        if not sys.platform.startswith("linux"):
            raise DoorbellError("there is no inotify on this system")
        self._libc = ctypes.CDLL(None, use_errno=True)
        self.descriptor: int = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self.descriptor < 0:
            raise _error("inotify_init1")
        self._paths: dict[int, str] = {}

    def follow(self, directories: Iterable[str]) -> None:
        """Watches exactly these from now on.

        Raises:
            DoorbellError: A limit is reached (`fs.inotify.max_user_watches`). The others are watched.
        """
        # All are asked for anew: one that was replaced under the same name is another inode.
        paths = {}
        failure = None
        for directory in directories:
            wanted = _EVENTS | _ONLY_DIRECTORY
            watch = self._libc.inotify_add_watch(
                self.descriptor, os.fsencode(directory), ctypes.c_uint32(wanted)
            )
            if watch >= 0:
                paths[watch] = directory
            elif ctypes.get_errno() not in (errno.ENOENT, errno.ENOTDIR):
                # Those vanished meanwhile: the next look makes a new plan.
                failure = _error(directory)
        for watch in self._paths.keys() - paths.keys():
            self._libc.inotify_rm_watch(self.descriptor, watch)
        self._paths = paths
        if failure is not None:
            raise failure

    def take(self) -> Iterator[Rung | None]:
        """Empties the queue: what happened, and on which path; None where the queue overflowed."""
        while True:
            try:
                data = os.read(self.descriptor, 65536)
            except BlockingIOError:
                return
            offset = 0
            while offset < len(data):
                watch, mask, _, length = _HEADER.unpack_from(data, offset)
                offset += _HEADER.size
                name = data[offset : offset + length].rstrip(b"\0")
                offset += length
                if mask & _OVERFLOW:
                    yield None
                elif watch in self._paths:
                    directory = self._paths[watch]
                    path = f"{directory.rstrip('/')}/{os.fsdecode(name)}" if name else directory
                    yield Rung(path, was_moved=mask != _MODIFY)

    def close(self) -> None:
        """Gives the descriptor back."""
        os.close(self.descriptor)


def _error(what: str) -> DoorbellError:
    number = ctypes.get_errno()
    if number in _LIMITS:
        return DoorbellLimitError(_LIMITS[number])
    return DoorbellError(f"{what}: inotify: {os.strerror(number)}")
