"""Opening files with the right to write taken away by the kernel.

SQLite opens a `-wal` for reading and writing also when told `mode=ro` (`sqlite3WalOpen`), and as root sets its
owner. Nothing can talk it out of that, but on Linux ≥ 5.13 a thread can give up its rights for good
(Landlock): refused, SQLite opens the file for reading, and later uses that descriptor in any thread.
"""

from __future__ import annotations

import ctypes
import sys
import threading
from collections.abc import Callable
from functools import cache
from typing import TypeVar

T = TypeVar("T")

_CREATE_RULESET, _RESTRICT_SELF = 444, 446
_GET_VERSION = 1
_SET_NO_NEW_PRIVILEGES = 38
_WRITE_FILE = 1 << 1
_REMOVE_AND_MAKE = sum(1 << bit for bit in range(4, 13))
_TRUNCATE = 1 << 14
_TRUNCATE_SINCE = 3


def without_write_access(work: Callable[[], T]) -> T:
    """Does `work` in a thread that can open no file for writing, and make, remove or truncate none.

    Where the system cannot do that, `work` is simply done.
    """
    if not is_possible():
        return work()
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            _give_up_writing()
            results.append(work())
        except BaseException as error:  # noqa: BLE001  carried to the caller, whatever it is
            errors.append(error)

    thread = threading.Thread(target=run, name="hermes-hud-opening")
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]


def is_possible() -> bool:
    """True where the kernel has Landlock, version 1 or newer."""
    return _version() >= 1


@cache
def _version() -> int:
    """Which version of Landlock the kernel has; 0 or less: none, or it is switched off."""
    if not sys.platform.startswith("linux"):
        return 0
    version: int = _libc().syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_GET_VERSION))
    return version


def _give_up_writing() -> None:
    rights = _WRITE_FILE | _REMOVE_AND_MAKE | (_TRUNCATE if _version() >= _TRUNCATE_SINCE else 0)
    handled = ctypes.c_uint64(rights)
    libc = _libc()
    # No rule allows any of the rights that the ruleset handles, so it denies them everywhere.
    ruleset = libc.syscall(_CREATE_RULESET, ctypes.byref(handled), ctypes.c_size_t(8), ctypes.c_uint32(0))
    if ruleset < 0:
        return
    try:
        libc.prctl(_SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        libc.syscall(_RESTRICT_SELF, ruleset, ctypes.c_uint32(0))
    finally:
        libc.close(ruleset)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
