"""Processes: whether one is still the same, and bells that ring when it dies."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Generic, TypeVar

Key = TypeVar("Key")


class DeathBells(Generic[Key]):
    """A descriptor for each process that is followed, readable when it has died. Not thread-safe.

    Linux has them (`pidfd_open`); elsewhere, and for a process that is gone already, there is none.
    """

    def __init__(self) -> None:
        self._descriptors: dict[Key, int] = {}

    def follow(self, processes: Mapping[Key, int]) -> None:
        """Follows exactly these from now on; the values are their process ids."""
        for key in self._descriptors.keys() - processes.keys():
            os.close(self._descriptors.pop(key))
        for key in processes.keys() - self._descriptors.keys():
            try:
                self._descriptors[key] = os.pidfd_open(processes[key])
            except (AttributeError, OSError, OverflowError, ValueError):  # no such call, process or number
                continue

    @property
    def followed(self) -> frozenset[Key]:
        """Those that have a bell."""
        return frozenset(self._descriptors)

    @property
    def descriptors(self) -> frozenset[int]:
        """What becomes readable."""
        return frozenset(self._descriptors.values())

    def has_rung(self) -> bool:
        """True if one of the processes that have a bell has died."""
        if not self._descriptors:
            return False
        poll = select.poll()
        for descriptor in self._descriptors.values():
            poll.register(descriptor, select.POLLIN)
        return bool(poll.poll(0))

    def close(self) -> None:
        """Gives them back."""
        self.follow({})


def start_ticks(pid: int) -> int | None:
    """When a process started, in clock ticks since the machine did (`/proc/PID/stat`, field 22).

    Together with the process id it tells a process from a later one with the same number. None when there
    is no such process, when it is dead and only waits for its parent to notice, and where there is no `/proc`.
    """
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The second field is the program's name in brackets, and may hold brackets and spaces.
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else int(fields[19])


def started_at(pid: int) -> datetime | None:
    """When a process started, to some hundredths of a second; None where `start_ticks` is."""
    ticks = start_ticks(pid)
    if ticks is None:
        return None
    return datetime.fromtimestamp(_boot_time() + ticks / os.sysconf("SC_CLK_TCK"), UTC)


@cache
def _boot_time() -> float:
    # Asked once: computed anew each time it would jitter, and the same process would look like another one.
    return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
