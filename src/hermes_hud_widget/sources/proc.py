"""What the system knows of a process: since when it runs, and how much memory it has."""

from __future__ import annotations

import os
import socket
from collections.abc import Hashable
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.ledger.processes import start_ticks, started_at
from hermes_hud_widget.place import Place
from hermes_hud_widget.sources.source import Attached, Source


@frozen
class ProcessFacts:
    """One process that lives.

    Attributes:
        started_at: When it started, in UTC.
        memory_bytes: Resident memory; None if it cannot be read.
    """

    started_at: datetime
    memory_bytes: int | None


class Proc:
    """Asks the system (`/proc`) for one process at a time. Never for its command line."""

    @property
    def host(self) -> str:
        """This machine's name, by which Hermes notes where a process is."""
        return socket.gethostname()

    def is_gone(self, pid: int) -> bool:
        """True if no process has this number; False if one has, or nobody can tell from here."""
        if not Path("/proc/self/stat").exists() or start_ticks(pid) is not None:
            return False
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        except (OSError, OverflowError):
            return False
        # There is one, but `/proc` does not show it, or it is dead and waits for its parent to notice.
        return Path(f"/proc/{pid}").exists()

    def facts(self, pid: int) -> ProcessFacts | None:
        """Of the process that has this number now; None if there is none, or it cannot be seen from here."""
        started = started_at(pid)
        if started is None:
            return None
        return ProcessFacts(started, _memory_bytes(pid))


@frozen
class System(Source[Proc]):
    """The processes of this machine. What they do is no change: a panel that shows it says how long that holds."""

    counts_as_content: ClassVar[bool] = False

    @property
    def label(self) -> str:
        return "/proc"

    @property
    def missing(self) -> Proc:
        return Proc()

    def attach(self, place: Place) -> Attached[Proc]:
        return _System()


class _System(Attached[Proc]):
    def signature(self) -> Hashable:
        return None

    def read(self) -> Proc:
        return Proc()


def _memory_bytes(pid: int) -> int | None:
    try:
        resident = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]
    except (OSError, IndexError):
        return None
    return int(resident) * os.sysconf("SC_PAGE_SIZE")
