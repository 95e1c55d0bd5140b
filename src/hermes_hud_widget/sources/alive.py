"""Which of the processes that another source names are alive."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import field
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from hermes_hud_widget.errors import SourceError
from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.ledger.database import DatabaseMissing
from hermes_hud_widget.ledger.processes import DeathBells, start_ticks
from hermes_hud_widget.place import Place
from hermes_hud_widget.sources.source import Attached, Source

MAX_PROCESSES = 128
"""At most so many are looked after: each costs a descriptor."""
_UNSEEN = 2
"""Processes that were named while we looked on and never seen, after which we say that we cannot see them."""


class Process(NamedTuple):
    """A process as another program noted it.

    Attributes:
        pid: Its number.
        started: When it started, in the kernel's clock ticks (`/proc/PID/stat`, field 22); None: not noted.
    """

    pid: int
    started: int | None


@frozen
class Processes:
    """What is known of the processes that a source names.

    Attributes:
        alive: True, False, or None where it cannot be known here.
    """

    alive: Mapping[Process, bool | None] = field(default_factory=dict)

    def is_alive(self, pid: object, started: object) -> bool | None:
        """Whether that process lives; None for one that was not named, or is no process at all."""
        process = _process(pid, started)
        return None if process is None else self.alive.get(process)


@frozen
class Alive(Source[Processes]):
    """Which of the processes that another source names are alive.

    A process is named by every mapping, however deep in the other source's content, that has a `pid`: a row of a
    table, the one object of a JSON file, one entry of a list. Its death is told at once, without looking (Linux);
    where there is no `/proc`, nothing is known. Processes of another machine or container look dead, until two
    that were named just now were not there either: then nothing is known of any.

    Attributes:
        of: The source that names them.
        pid: Under which name their number is.
        started: Under which name their start is, in the kernel's clock ticks.
        where: Only mappings whose value under the first name is among the others.
    """

    counts_as_content: ClassVar[bool] = False

    of: Source[Any]
    pid: str = "pid"
    started: str = "start_time"
    where: tuple[str, tuple[str | None, ...]] | None = None

    @property
    def label(self) -> str:
        return f"processes in {self.of.label}"

    @property
    def missing(self) -> Processes:
        return Processes()

    def attach(self, place: Place) -> Attached[Processes]:
        return _Alive(self, self.of.attach(place))


class _Alive(Attached[Processes]):
    def __init__(self, declared: Alive, named_by: Attached[Any]) -> None:
        self._declared = declared
        self._named_by = named_by
        self._lock = threading.Lock()
        self._read_at: Hashable = object()
        self._named: frozenset[Process] = frozenset()
        self._dead: frozenset[Process] = frozenset()
        self._problem: SourceError | None = None
        self._is_first = True
        self._unseen = 0
        self._bells: DeathBells[Process] = DeathBells()

    @property
    def files(self) -> tuple[Path, ...]:  # type: ignore[override]
        return self._named_by.files

    @property
    def folders(self) -> tuple[Path, ...]:  # type: ignore[override]
        return self._named_by.folders

    @property
    def recheck_soon(self) -> bool:  # type: ignore[override]
        return self._named_by.recheck_soon

    @property
    def may_lag(self) -> bool:  # type: ignore[override]
        return self._named_by.may_lag

    def signature(self) -> Hashable:
        with self._lock:
            signature = self._named_by.signature()
            if signature != self._read_at or self._problem is not None:
                self._read_at = signature
                self._read_names()
            alive = self._look()
            # Here and not in `read`: a bell that rings must be heard by whoever compares signatures.
            self._bells.follow({process: process.pid for process in self._named - self._dead})
            return str(self._problem) if self._problem else frozenset(alive.items())

    def read(self) -> Processes:
        with self._lock:
            # Always anew: right after a write the other's signature may lag behind its content.
            self._read_names()
            alive = self._look()
            if self._problem is not None:
                raise self._problem
            return Processes(alive)

    def doorbells(self) -> frozenset[int]:
        with self._lock:
            return self._named_by.doorbells() | self._bells.descriptors

    def close(self) -> None:
        with self._lock:
            self._bells.close()
        self._named_by.close()

    def _look(self) -> dict[Process, bool | None]:
        # The bells first: one that dies in between is then either seen to be dead or heard.
        followed = (self._named - self._dead) | self._bells.followed
        self._bells.follow({process: process.pid for process in followed})
        alive = {process: process not in self._dead and _is_alive(process) for process in self._named}
        self._dead = frozenset(process for process, lives in alive.items() if lives is False)
        return dict.fromkeys(alive) if self._unseen >= _UNSEEN else alive

    def _read_names(self) -> None:
        before, self._problem = self._named, None
        try:
            content = self._named_by.read()
        except DatabaseMissing:
            self._named = frozenset()
        except SourceError as error:
            self._problem = error
            return
        else:
            self._named = frozenset(islice(self._processes(content), MAX_PROCESSES))
        for process in self._named - before:
            lives = _is_alive(process)
            if lives is not False:
                # There is one of this number, even if without its start nobody can tell whether it is the same.
                self._unseen = 0
            elif not self._is_first:
                # Whoever wrote this down lived a moment ago, and is not there: it is not to be seen from here.
                self._unseen += 1
        self._is_first = False

    def _processes(self, content: Any) -> Iterator[Process]:
        names = self._declared
        for entry in _mappings(content):
            if names.where is not None and entry.get(names.where[0]) not in names.where[1]:
                continue
            process = _process(entry.get(names.pid), entry.get(names.started))
            if process is not None:
                yield process


def _mappings(content: Any) -> Iterator[Mapping[str, Any]]:
    """All mappings in it; without recursion, since a file may nest as deep as it likes."""
    waiting = [content]
    while waiting:
        value = waiting.pop()
        if isinstance(value, Mapping):
            yield value
            waiting.extend(value.values())
        elif isinstance(value, (list, tuple)):
            waiting.extend(reversed(value))


def _process(pid: object, started: object) -> Process | None:
    if not isinstance(pid, int) or isinstance(pid, bool) or not 0 < pid < 2**31:
        return None
    return Process(pid, started if isinstance(started, int) and not isinstance(started, bool) else None)


def _is_alive(process: Process) -> bool | None:
    if not sys.platform.startswith("linux") or not Path("/proc/self/stat").exists():
        return None
    started = start_ticks(process.pid)
    if started is None:
        return None if _may_be_hidden(process.pid) else False
    # Another process may have got the number since, and without its start nobody can tell.
    return None if process.started is None else started == process.started


def _may_be_hidden(pid: int) -> bool:
    """True if there is such a process, but `/proc` does not show it (mounted with `hidepid`)."""
    if Path(f"/proc/{pid}").exists():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
