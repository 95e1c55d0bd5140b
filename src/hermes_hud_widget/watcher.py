"""Notices which watched things truly changed. Knows nothing of homes and panels.

Native events only say "look now"; what changed is decided by comparing signatures. An event too many costs
a look, and one too few is caught by the next. What rings is

* on Linux an inotify descriptor of our own (`doorbell.py`): watchfiles collects events for tens of
  milliseconds before it hands them over, and polls while it does so;
* watchfiles everywhere else.

Where neither works (network drives, out of inotify watches), a timer looks once a second while someone looks,
and now and then events are tried again.
"""

from __future__ import annotations

import logging
import os
import selectors
import socket
import threading
import time
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar

from hermes_hud_widget.doorbell import Doorbell, DoorbellError, DoorbellLimitError
from hermes_hud_widget.looks import one_look

log = logging.getLogger(__name__)

T = TypeVar("T", bound=Hashable)
Keys = frozenset[Hashable]
NOTHING: Keys = frozenset()

SETTLE_S = (0.0, 0.004, 0.015, 0.05, 0.2, 1.0)
"""Looks after an event, in seconds. SQLite writes its log before the commit is visible, and making it
visible is a write to shared memory, which raises no event. What cannot lag behind its events is looked at
first and last only."""
BETWEEN_LOOKS_S = 0.010
"""At most one look at the same thing in so many seconds, however many events there are."""
RECHECK_S = 0.025
TIMER_S = 1.0
"""Between two looks at everything, in seconds, where events do not work and somebody looks."""
RETRY_S = 30.0
"""How often events are tried again then, in seconds: watches become free when other programs end."""
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

    @property
    def may_lag(self) -> bool:
        """True when what was written may become visible some time after the event."""

    @property
    def rings(self) -> bool:
        """False when it never has doorbells; does not change."""

    def signature(self) -> Hashable:
        """Equal as long as its content is."""

    def doorbells(self) -> frozenset[int]:
        """Descriptors that become readable when its signature must be taken again."""


Directory = tuple[str, int, int]
"""A real directory, with its identity (device and inode)."""


@dataclass(frozen=True)
class Needs:
    """What one thing needs of native events.

    Attributes:
        directories: To be watched, not recursively.
        names: Paths of which an event counts.
        folders: Directories in which every event counts.
    """

    directories: frozenset[Directory] = frozenset()
    names: frozenset[str] = frozenset()
    folders: frozenset[str] = frozenset()


class Plan:
    """What native events are wanted for. Changed by one thread; any may ask for what an event concerns.

    Attributes:
        directories: To be watched, and for what.
    """

    def __init__(self) -> None:
        self.directories: dict[Directory, Keys] = {}
        self._needs: dict[Hashable, Needs] = {}
        self._names: dict[str, Keys] = {}
        self._folders: dict[str, Keys] = {}

    def meet(self, needs: Mapping[Hashable, Needs]) -> tuple[frozenset[Directory], frozenset[Directory]]:
        """Meets these needs from now on; those of other things stay. Costs no more than what changes.

        Returns the directories that came and those that went.
        """
        before = {key: self._needs.get(key, _NO_NEEDS) for key in needs}
        self._needs.update(needs)
        _assign(self._names, [(key, before[key].names, need.names) for key, need in needs.items()])
        _assign(self._folders, [(key, before[key].folders, need.folders) for key, need in needs.items()])
        return _assign(
            self.directories,
            [(key, before[key].directories, need.directories) for key, need in needs.items()],
        )

    def concerned(self, path: str) -> Keys:
        """What an event on this path is a reason to look at."""
        return self._names.get(path, NOTHING) | self._folders.get(_parent(path), NOTHING)


_NO_NEEDS = Needs()


def _assign(
    table: dict[T, Keys], changes: Iterable[tuple[Hashable, frozenset[T], frozenset[T]]]
) -> tuple[frozenset[T], frozenset[T]]:
    """Notes for each key what it has no longer and what it has now; returns what is new in the table and what went."""
    come: dict[T, set[Hashable]] = {}
    gone: dict[T, set[Hashable]] = {}
    for key, before, now in changes:
        for entry in now - before:
            come.setdefault(entry, set()).add(key)
        for entry in before - now:
            gone.setdefault(entry, set()).add(key)
    new = frozenset(come.keys() - table.keys())
    # Another thread may be reading: each set is replaced, none is changed.
    for entry in come.keys() | gone.keys():
        table[entry] = (table.get(entry, NOTHING) - gone.get(entry, NOTHING)) | come.get(entry, NOTHING)
    lost = frozenset(entry for entry in gone if not table[entry])
    for entry in lost:
        del table[entry]
    return new, lost


def needs_of(thing: Watched) -> Needs:
    """Which directories must be watched for it: a missing file is awaited from the nearest one that exists."""
    directories: set[Directory] = set()
    names: set[str] = set()
    folders: set[str] = set()

    def await_path(path: str) -> None:
        """Watches the nearest existing directory above `path`, for the next step on the way to it."""
        while True:
            names.add(path)
            parent = _parent(path)
            if (directory := _directory(parent)) is not None:
                directories.add(directory)
                return
            if parent == path:
                return
            path = parent

    for file in map(str, thing.files):
        for spelling in {file, os.path.realpath(file)}:
            await_path(spelling)
            # A directory on the way may be replaced by another one under the same name.
            await_path(_parent(spelling))
            names.update(_parents(spelling))
    for folder in map(str, thing.folders):
        # Both, as for files: of two names of one directory only one is told by events.
        for spelling in {folder, os.path.realpath(folder)}:
            await_path(spelling)
            names.update(_parents(spelling))
            if (directory := _directory(spelling)) is not None:
                directories.add(directory)
                folders.add(spelling)
    return Needs(frozenset(directories), frozenset(names), frozenset(folders))


def _parent(path: str) -> str:
    # As text, as there are thousands when a home is opened: a `Path` costs ten times as much.
    return os.path.dirname(path)  # noqa: PTH120


def _parents(path: str) -> Iterator[str]:
    while (parent := _parent(path)) != path:
        yield parent
        path = parent


def _directory(path: str) -> Directory | None:
    try:
        status = os.stat(path)  # noqa: PTH116
    except OSError:
        return None
    return path, status.st_dev, status.st_ino


class Agenda:
    """When to look at what: after each ring at once, and again as `SETTLE_S` says. Not thread-safe."""

    def __init__(self) -> None:
        self._due: dict[Hashable, list[float]] = {}
        self._looked: dict[Hashable, float] = {}
        self._moved: set[Hashable] = set()

    def ring(self, keys: Keys, now: float, *, moved: Keys | None = None) -> None:
        """Something happened to these; among them to `moved` (None: all) more than that a file was written."""
        for key in keys:
            first = max(now, self._looked.get(key, now - BETWEEN_LOOKS_S) + BETWEEN_LOOKS_S)
            self._due[key] = [first + delay for delay in SETTLE_S]
        self._moved |= keys if moved is None else moved

    def again(self, keys: Keys, at: float) -> None:
        """Looks at these once more."""
        for key in keys:
            self._due[key] = sorted([*self._due.get(key, []), at])

    def settled(self, keys: Keys) -> None:
        """These cannot lag behind what rang: of the looks to come only the last one is left."""
        for key in keys & self._due.keys():
            del self._due[key][:-1]

    def next(self) -> float | None:
        """When something is due; None: never."""
        return min((moments[0] for moments in self._due.values()), default=None)

    def take(self, now: float) -> tuple[Keys, Keys]:
        """What is due, which counts as looked at, and what of it may be somewhere else than at the last look."""
        keys = frozenset(key for key, moments in self._due.items() if moments[0] <= now)
        for key in keys:
            self._looked[key] = now
            left = [moment for moment in self._due[key] if moment > now]
            if left:
                self._due[key] = left
            else:
                del self._due[key]
        moved = keys & self._moved
        self._moved -= moved
        return keys, moved


class Heard(NamedTuple):
    """What rang.

    Attributes:
        keys: What to look at.
        moved: Those of which more happened than that a file was written: it may lie elsewhere now.
    """

    keys: Keys = NOTHING
    moved: Keys = NOTHING

    def __or__(self, other: tuple[Any, ...]) -> Heard:
        return Heard(self.keys | other[0], self.moved | other[1])


class Watcher:
    """Watches any number of things in a thread of its own, and says which of them changed.

    After an event only those things are looked at that it concerns.

    Args:
        on_change: Called in the watcher's thread with the keys of those whose signature changed.
        on_reason: Called in the watcher's thread after `reason` changed.
    """

    def __init__(
        self, on_change: Callable[[Keys], None], on_reason: Callable[[], None] = lambda: None
    ) -> None:
        self._on_change = on_change
        self._on_reason = on_reason
        self._lock = threading.Lock()
        self._watched: dict[Hashable, Watched] = {}
        self._ringing: dict[Hashable, Watched] = {}
        self._signatures: dict[Hashable, Hashable] = {}
        self._rung = Heard()
        self._bell_read, self._bell_write = socket.socketpair()
        self._bell_read.setblocking(False)
        self._bell_write.setblocking(False)
        self._is_closing = False
        self._is_attended = False
        self._native = _NativeEvents(self._hear)
        self._thread = threading.Thread(target=self._run, name="hermes-hud-watcher", daemon=True)
        self._thread.start()

    def add(self, watched: Mapping[Hashable, Watched]) -> None:
        """Watches these from now on. Their signatures are taken before this returns."""
        with one_look():
            signatures = {key: _signature(thing) for key, thing in watched.items()}
        with self._lock:
            self._watched.update(watched)
            self._ringing.update({key: thing for key, thing in watched.items() if thing.rings})
            self._signatures.update(signatures)
        self.ring(frozenset(watched))

    def attend(self, is_attended: bool) -> None:
        """Says whether someone looks; the timer runs only then."""
        if self._is_attended != is_attended:
            self._is_attended = is_attended
            self.ring()

    def ring(self, keys: Keys | None = None) -> None:
        """Looks soon at these, or at everything; may be called from any thread."""
        self._hear(None if keys is None else Heard(keys, keys))

    @property
    def reason(self) -> str | None:
        """Why native events are not in use; None when they are."""
        return self._native.reason

    def close(self) -> None:
        """Stops its threads."""
        self._is_closing = True
        self.ring()
        self._thread.join()
        self._native.close()
        self._bell_read.close()
        self._bell_write.close()

    def _hear(self, heard: Heard | None) -> None:
        """Wakes the thread for this; None: nobody knows what happened, so for everything."""
        if heard is None:
            everything = self._everything()
            heard = Heard(everything, everything)
        with self._lock:
            self._rung |= heard
        with suppress(BlockingIOError, OSError):  # a full bell rings already; a closed one needs no ringing
            self._bell_write.send(b"!")

    def _run(self) -> None:
        agenda = Agenda()
        processes: dict[int, Keys] = {}
        told: str | None = None
        looked_at_all = tried = time.monotonic()
        with selectors.DefaultSelector() as selector:
            selector.register(self._bell_read, selectors.EVENT_READ)
            while not self._is_closing:
                if self._native.reason != told:
                    told = self._native.reason
                    self._on_reason()
                is_timed = told is not None and self._is_attended
                moments = [agenda.next(), looked_at_all + TIMER_S if is_timed else None]
                heard = self._wait(selector, _until(moments), processes)
                if self._is_closing:
                    return
                now = time.monotonic()
                agenda.ring(heard.keys, now, moved=heard.moved)
                if is_timed and now >= looked_at_all + TIMER_S:
                    looked_at_all = now
                    agenda.again(self._everything(), now)
                if is_timed and now >= tried + RETRY_S:
                    tried = now
                    self._try_again()
                due, moved = agenda.take(now)
                if not due:
                    continue
                try:
                    self._follow(moved)
                    uncertain, settled, moved = self._look(due)
                    self._follow(moved)
                except (
                    Exception
                ):  # the boundary of this thread: without it one bad source would end all watching
                    log.exception("Looking for changes failed")
                    uncertain = settled = NOTHING
                if self._native.is_prompt:
                    agenda.settled(settled)
                agenda.again(uncertain, time.monotonic() + RECHECK_S)
                processes = self._register_doorbells(selector)

    def _wait(
        self, selector: selectors.BaseSelector, timeout: float | None, processes: Mapping[int, Keys]
    ) -> Heard:
        """Until something rings or the time runs out, and what rang."""
        heard = Heard()
        for key, _ in selector.select(timeout):
            if key.fileobj is self._bell_read:
                with suppress(BlockingIOError):
                    self._bell_read.recv(4096)
                with self._lock:
                    heard, self._rung = heard | self._rung, Heard()
            elif key.data == "inotify":
                everything = self._everything()
                heard |= self._native.taken_from_doorbell() or Heard(everything, everything)
            else:
                heard |= Heard(processes.get(key.fd, NOTHING))
                selector.unregister(key.fileobj)
        return heard

    def _try_again(self) -> None:
        """Tries events again where they did not work."""
        try:
            self._follow(self._everything())
            self._native.retry()
        except Exception:  # as in `_run`
            log.exception("Trying file events again failed")

    def _everything(self) -> Keys:
        with self._lock:
            return frozenset(self._watched)

    def _look(self, keys: Keys) -> tuple[Keys, Keys, Keys]:
        """Takes the signatures of these and announces what changed.

        Returns what was not certain, what cannot change any more without another event, and what found by
        looking that it has other files or folders to watch.
        """
        with self._lock:
            watched = {key: self._watched[key] for key in keys}
        places = {key: (thing.files, thing.folders) for key, thing in watched.items()}
        with one_look():
            signatures = {key: _signature(thing) for key, thing in watched.items()}
        with self._lock:
            changed = frozenset(key for key, value in signatures.items() if self._signatures[key] != value)
            self._signatures.update({key: signatures[key] for key in changed})
        if changed:
            self._on_change(changed)
        uncertain = frozenset(key for key, thing in watched.items() if thing.recheck_soon)
        settled = frozenset(key for key, thing in watched.items() if not thing.may_lag)
        moved = frozenset(
            key for key, thing in watched.items() if (thing.files, thing.folders) != places[key]
        )
        return uncertain, settled, moved

    def _follow(self, keys: Keys) -> None:
        """Watches what these need now."""
        if not keys:
            return
        with self._lock:
            watched = {key: self._watched[key] for key in keys}
        self._native.follow({key: needs_of(thing) for key, thing in watched.items()})

    def _register_doorbells(self, selector: selectors.BaseSelector) -> dict[int, Keys]:
        with self._lock:
            ringing = dict(self._ringing)
        wanted: dict[int, set[Hashable]] = {}
        for name, thing in ringing.items():
            for fd in _doorbells(thing):
                wanted.setdefault(fd, set()).add(name)
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
        return {fd: frozenset(names) for fd, names in wanted.items()}


def _signature(thing: Watched) -> Hashable:
    try:
        return thing.signature()
    except (
        Exception
    ) as error:  # the boundary to each source: one that breaks its promise must not blind the others
        log.exception("The signature of %r failed", thing)
        return ("failed", repr(error))


def _doorbells(thing: Watched) -> frozenset[int]:
    try:
        return thing.doorbells()
    except Exception:  # the same boundary
        log.exception("The doorbells of %r failed", thing)
        return frozenset()


class _NativeEvents:
    """The doorbell or, where there is none, watchfiles, following a plan.

    Args:
        hear: Takes what rang; may be called from any thread.
    """

    STEP_MS = 20
    """Between watchfiles' looks at its own queue."""

    def __init__(self, hear: Callable[[Heard | None], None]) -> None:
        self._hear = hear
        self._plan = Plan()
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._network: str | None = None
        self._failure: str | None = None
        self._doorbell: Doorbell | None = None
        self._limit: DoorbellLimitError | None = None
        self._make_doorbell()

    @property
    def reason(self) -> str | None:
        """Why events cannot be relied on; None when they can."""
        return self._network or self._failure

    @property
    def is_prompt(self) -> bool:
        """True when no event can be missed from the moment on in which a plan is followed."""
        return self._doorbell is not None and self.reason is None

    @property
    def descriptor(self) -> int | None:
        return self._doorbell.descriptor if self._doorbell else None

    def taken_from_doorbell(self) -> Heard | None:
        """Empties the doorbell: what its events are a reason to look at; None: nobody knows, so everything."""
        events = set(self._doorbell.take() if self._doorbell else ())
        if None in events:
            return None
        return self._concerned((event.path, event.was_moved) for event in events if event is not None)

    def follow(self, needs: Mapping[Hashable, Needs]) -> None:
        """Watches what these need from now on, too; a look must follow, since events may fall into the gap."""
        came, went = self._plan.meet(needs)
        if came or went:
            self._begin(frozenset().union(*(self._plan.directories[directory] for directory in came)))

    def retry(self) -> None:
        """Begins anew where events failed."""
        if self._failure is None:
            return
        self._make_doorbell()
        self._begin(NOTHING)

    def close(self) -> None:
        """Gives everything back."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
        if self._doorbell is not None:
            self._doorbell.close()

    def _make_doorbell(self) -> None:
        if self._doorbell is not None:
            return
        self._limit = None
        try:
            self._doorbell = Doorbell()
        except DoorbellLimitError as error:  # of which watchfiles has no more than we
            self._limit = error
        except DoorbellError as error:  # not Linux, most likely
            log.debug("watchfiles alone: %s", error)

    def _begin(self, gained: Keys) -> None:
        """Follows the plan, in which these have directories that were not watched yet."""
        directories = sorted(path for path, _, _ in self._plan.directories)
        self._network = network_reason(directories)
        # Not waited for: with hundreds of directories it takes its time to end.
        self._stop.set()
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        if self._limit is not None:
            self._fail(self._limit)
        elif self._doorbell is None:
            self._listen_to_watchfiles(directories)
        elif self._followed(self._doorbell, directories):
            self._hear(Heard(gained, gained))
            return
        self._hear(None)

    def _followed(self, doorbell: Doorbell, directories: Iterable[str]) -> bool:
        """Whether it follows them all, as it did the ones before: then only what is new has a gap behind it."""
        had_failed = self._failure is not None
        try:
            doorbell.follow(directories)
        except DoorbellError as error:
            self._fail(error)
            return False
        self._failure = None
        return not had_failed

    def _fail(self, error: OSError) -> None:
        failure = f"file events do not work here: {error}"
        if self._failure != failure:
            self._failure = failure
            log.warning("Changes are looked for once a second, since %s", failure)

    def _concerned(self, events: Iterable[tuple[str, bool]]) -> Heard:
        heard = Heard()
        for path, was_moved in events:
            keys = self._plan.concerned(path)
            heard |= Heard(keys, keys if was_moved else NOTHING)
        return heard

    def _listen_to_watchfiles(self, directories: list[str]) -> None:
        if not directories:
            return
        self._stop = threading.Event()
        thread = threading.Thread(
            target=self._listen, args=(directories, self._stop), name="hermes-hud-watchfiles", daemon=True
        )
        self._threads.append(thread)
        thread.start()

    def _listen(self, directories: list[str], stop: threading.Event) -> None:
        from watchfiles import Change, watch

        try:
            for changes in watch(
                *directories,
                watch_filter=lambda _, path: bool(self._plan.concerned(path)),
                step=self.STEP_MS,
                debounce=4 * self.STEP_MS,
                stop_event=stop,
                recursive=False,
                raise_interrupt=False,
                ignore_permission_denied=True,
                yield_on_timeout=True,
            ):
                if stop.is_set():
                    return
                if self._failure is not None:
                    # Nothing else tells that it works again, and events of a moment ago may be missing.
                    self._failure = None
                    self._hear(None)
                self._hear(self._concerned((path, kind != Change.modified) for kind, path in changes))
        except OSError as error:  # inotify watches ran out, or a directory vanished before it was watched
            if not stop.is_set():
                self._fail(error)
                self._hear(None)


def _until(moments: Iterable[float | None]) -> float | None:
    """Seconds until the first of these; None: never."""
    first = min((moment for moment in moments if moment is not None), default=None)
    return None if first is None else max(0.0, first - time.monotonic())


def network_reason(directories: Iterable[str]) -> str | None:
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
        kind = next((types[parent] for parent in (directory, *_parents(directory)) if parent in types), "")
        if kind.startswith(NETWORK_FILE_SYSTEMS):
            return f"{directory} is on a network or shared drive ({kind}), which raises no file events"
    return None
