"""Notices which watched things truly changed. Knows nothing of homes and panels.

Native events only say "look now"; what changed is decided by comparing signatures. An event too many costs
a look, and one too few is caught by the next. Two things ring:

* watchfiles, on every system that it supports;
* on Linux an inotify descriptor of our own (`doorbell.py`): watchfiles collects events for tens of
  milliseconds before it hands them over, and polls while it does so.

Where neither works (network drives, out of inotify watches), a timer looks once a second while someone looks.
"""

from __future__ import annotations

import logging
import os
import selectors
import socket
import threading
import time
from collections.abc import Callable, Hashable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from hermes_hud_widget.doorbell import Doorbell, DoorbellError

log = logging.getLogger(__name__)

SETTLE_S = (0.0, 0.004, 0.015, 0.05, 0.2, 1.0)
"""Looks after an event, in seconds. SQLite writes its log before the commit is visible, and making it
visible is a write to shared memory, which raises no event."""
BETWEEN_LOOKS_S = 0.010
"""At most one look in so many seconds, however many events there are."""
RECHECK_S = 0.025
TIMER_S = 1.0
NETWORK_FILE_SYSTEMS = (
    "nfs",
    "cifs",
    "smb",
    "9p",
    "fuse",
    "virtiofs",
    "afs",
    "ceph",
    "gluster",
    "lustre",
    "prl_fs",
    "vboxsf",
)


class Watched(Protocol):
    """One thing to be watched."""

    @property
    def files(self) -> tuple[Path, ...]:
        """Files whose change may change it."""

    @property
    def folders(self) -> tuple[Path, ...]:
        """Directories whose list of entries may change it."""

    @property
    def recheck_soon(self) -> bool:
        """True after a signature that could not be certain."""

    def signature(self) -> Hashable:
        """Equal as long as its content is."""

    def doorbells(self) -> frozenset[int]:
        """Descriptors that become readable when its signature must be taken again."""


@dataclass(frozen=True)
class Plan:
    """What native events are wanted for.

    Attributes:
        directories: Real directories to watch, not recursively, each with its identity.
        names: Paths of which an event counts.
        folders: Directories in which every event counts.
    """

    directories: frozenset[tuple[str, int, int]]
    names: frozenset[str]
    folders: frozenset[str]

    def concerns(self, path: str) -> bool:
        """True if an event on this path is a reason to look."""
        return path in self.names or os.path.dirname(path) in self.folders  # noqa: PTH120


def make_plan(watched: Iterable[Watched]) -> Plan:
    """Which directories must be watched: a missing file is awaited from the nearest directory that exists."""
    directories: set[tuple[str, int, int]] = set()
    names: set[str] = set()
    folders: set[str] = set()

    def await_path(path: Path) -> None:
        """Watches the nearest existing directory above `path`, for the next step on the way to it."""
        while True:
            names.add(str(path))
            parent = path.parent
            with suppress(OSError):
                status = parent.stat()
                directories.add((str(parent), status.st_dev, status.st_ino))
                return
            if parent == path:
                return
            path = parent

    for thing in watched:
        for file in thing.files:
            for spelling in {file, Path(os.path.realpath(file))}:
                await_path(spelling)
                # A directory on the way may be replaced by another one under the same name.
                await_path(spelling.parent)
        for folder in thing.folders:
            await_path(folder)
            with suppress(OSError):
                status = folder.stat()
                directories.add((str(folder), status.st_dev, status.st_ino))
                folders.add(str(folder))
    return Plan(frozenset(directories), frozenset(names), frozenset(folders))


class Watcher:
    """Watches any number of things in two threads of its own, and says which of them changed.

    Args:
        on_change: Called in the watcher's thread with the keys of those whose signature changed.
    """

    def __init__(self, on_change: Callable[[frozenset[Hashable]], None]) -> None:
        self._on_change = on_change
        self._lock = threading.Lock()
        self._watched: dict[Hashable, Watched] = {}
        self._signatures: dict[Hashable, Hashable] = {}
        self._bell_read, self._bell_write = socket.socketpair()
        self._bell_read.setblocking(False)
        self._bell_write.setblocking(False)
        self._is_closing = False
        self._is_attended = False
        self._native = _NativeEvents(self.ring)
        self._thread = threading.Thread(target=self._run, name="hermes-hud-watcher", daemon=True)
        self._thread.start()

    def add(self, watched: Mapping[Hashable, Watched]) -> None:
        """Watches these from now on. Their signatures are taken before this returns."""
        signatures = {key: _signature(thing) for key, thing in watched.items()}
        with self._lock:
            self._watched.update(watched)
            self._signatures.update(signatures)
        self.ring()

    def remove(self, keys: Iterable[Hashable]) -> None:
        """Stops watching these."""
        with self._lock:
            for key in keys:
                self._watched.pop(key, None)
                self._signatures.pop(key, None)
        self.ring()

    def attend(self, is_attended: bool) -> None:
        """Says whether someone looks; the timer runs only then."""
        if self._is_attended != is_attended:
            self._is_attended = is_attended
            self.ring()

    def ring(self) -> None:
        """Looks soon; may be called from any thread."""
        with suppress(BlockingIOError, OSError):  # a full bell rings already; a closed one needs no ringing
            self._bell_write.send(b"!")

    @property
    def reason(self) -> str | None:
        """Why native events are not in use; None when they are."""
        return self._native.reason

    def close(self) -> None:
        """Stops both threads."""
        self._is_closing = True
        self.ring()
        self._thread.join()
        self._native.close()
        self._bell_read.close()
        self._bell_write.close()

    def _run(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._bell_read, selectors.EVENT_READ)
            due: list[float] = []
            last_look = 0.0
            while not self._is_closing:
                timeout = max(0.0, due[0] - time.monotonic()) if due else self._idle_timeout()
                rung = self._wait(selector, timeout)
                if self._is_closing:
                    return
                now = time.monotonic()
                if rung:
                    first = max(now, last_look + BETWEEN_LOOKS_S)
                    due = [first + delay for delay in SETTLE_S]
                if due and due[0] > now:
                    continue
                due = [moment for moment in due if moment > now]
                last_look = now
                try:
                    must_recheck = self._look()
                except (
                    Exception
                ):  # the boundary of this thread: without it one bad source would end all watching
                    log.exception("Looking for changes failed")
                    must_recheck = False
                if must_recheck:
                    due = sorted([*due, time.monotonic() + RECHECK_S])
                self._register_doorbells(selector)

    def _idle_timeout(self) -> float | None:
        return TIMER_S if self._native.reason is not None and self._is_attended else None

    def _wait(self, selector: selectors.BaseSelector, timeout: float | None) -> bool:
        rung = False
        for key, _ in selector.select(timeout):
            if key.fileobj is self._bell_read:
                with suppress(BlockingIOError):
                    self._bell_read.recv(4096)
                rung = True
            elif key.data == "inotify":
                rung = self._native.doorbell_concerns() or rung
            else:
                rung = True
                selector.unregister(key.fileobj)
        return rung

    def _look(self) -> bool:
        with self._lock:
            watched = dict(self._watched)
        self._native.follow(make_plan(watched.values()))
        signatures = {key: _signature(thing) for key, thing in watched.items()}
        with self._lock:
            changed = frozenset(
                key
                for key, value in signatures.items()
                if key in self._watched and self._signatures[key] != value
            )
            self._signatures.update({key: signatures[key] for key in changed})
        if changed:
            self._on_change(changed)
        return any(thing.recheck_soon for thing in watched.values())

    def _register_doorbells(self, selector: selectors.BaseSelector) -> None:
        with self._lock:
            wanted = {fd for thing in self._watched.values() for fd in thing.doorbells()}
        for key in list(selector.get_map().values()):
            if key.data == "process":
                # All anew: a number that was closed may by now be another process's.
                with suppress(KeyError, ValueError, OSError):
                    selector.unregister(key.fileobj)
        for fd in wanted:
            with suppress(OSError, ValueError, KeyError):  # its process died, and it was closed, meanwhile
                selector.register(fd, selectors.EVENT_READ, "process")
        inotify = self._native.descriptor
        if inotify is not None and inotify not in selector.get_map():
            selector.register(inotify, selectors.EVENT_READ, "inotify")


def _signature(thing: Watched) -> Hashable:
    try:
        return thing.signature()
    except (
        Exception
    ) as error:  # the boundary to each source: one that breaks its promise must not blind the others
        log.exception("The signature of %r failed", thing)
        return ("failed", repr(error))


class _NativeEvents:
    """watchfiles and, on Linux, the doorbell, both following one plan."""

    WITH_DOORBELL_STEP_MS = 250
    ALONE_STEP_MS = 20

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._plan = Plan(frozenset(), frozenset(), frozenset())
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.reason: str | None = None
        self._doorbell: Doorbell | None = None
        with suppress(
            DoorbellError
        ):  # not Linux, or no inotify instance left: watchfiles alone is slower, not worse
            self._doorbell = Doorbell()

    @property
    def descriptor(self) -> int | None:
        return self._doorbell.descriptor if self._doorbell else None

    def doorbell_concerns(self) -> bool:
        """Empties the doorbell; True if one of its events is a reason to look."""
        if self._doorbell is None:
            return False
        events = list(self._doorbell.take())
        return any(path is None or self._plan.concerns(path) for path in events)

    def follow(self, plan: Plan) -> None:
        """Watches what the plan says from now on; a look must follow, since events may fall into the gap."""
        if plan == self._plan:
            return
        same_directories = plan.directories == self._plan.directories
        self._plan = plan
        if same_directories:
            return
        directories = sorted(path for path, _, _ in plan.directories)
        self.reason = _network_reason(directories)
        if self._doorbell is not None:
            try:
                self._doorbell.follow(directories)
            except DoorbellError as error:
                self.reason = self.reason or str(error)
        self._restart(directories)
        self._ring()

    def close(self) -> None:
        self._stop_thread()
        if self._doorbell is not None:
            self._doorbell.close()

    def _restart(self, directories: list[str]) -> None:
        self._stop_thread()
        if not directories:
            return
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._listen, args=(directories, self._stop), name="hermes-hud-watchfiles", daemon=True
        )
        self._thread.start()

    def _stop_thread(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _listen(self, directories: list[str], stop: threading.Event) -> None:
        from watchfiles import watch

        step = self.ALONE_STEP_MS if self._doorbell is None else self.WITH_DOORBELL_STEP_MS
        try:
            for _ in watch(
                *directories,
                watch_filter=lambda _, path: self._plan.concerns(path),
                step=step,
                debounce=4 * step,
                stop_event=stop,
                recursive=False,
                raise_interrupt=False,
                ignore_permission_denied=True,
            ):
                self._ring()
        except OSError as error:  # inotify watches ran out, or a directory vanished before it was watched
            if not stop.is_set():
                self.reason = f"native file events failed: {error}"
                log.warning("Watching by timer, since %s", self.reason)
                self._ring()


def _network_reason(directories: Iterable[str]) -> str | None:
    """Says so when one of the directories is on a drive that raises no events for changes made elsewhere."""
    try:
        mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    types = {}
    for line in mounts:
        fields, _, rest = line.partition(" - ")
        types[fields.split()[4].replace("\\040", " ")] = rest.split()[0]
    for directory in directories:
        parents = [directory, *map(str, Path(directory).parents)]
        kind = next((types[parent] for parent in parents if parent in types), "")
        if kind.startswith(NETWORK_FILE_SYSTEMS):
            return f"{directory} is on a network or shared drive ({kind}), which raises no file events"
    return None
