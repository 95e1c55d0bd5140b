"""What git knows of directories outside the home: read only when somebody asks, never on the loop, and never waited for long."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.ledger.keeper import Bell
from hermes_hud_widget.place import Place
from hermes_hud_widget.sources.git import LIMIT_S, Repository, find_git, read_repository
from hermes_hud_widget.sources.source import Attached, Source

log = logging.getLogger(__name__)

READ_AGAIN = timedelta(seconds=30)
"""What was read so long ago is read again when somebody asks for it."""
TIMES_AS_LONG = 50
"""After reading nothing is read again for so many times as long as that took, however many directories there are."""
ROUND_S = 10.0
"""After so much reading in one go what is known already waits for the next time, that read last as the last."""
WORKERS = 4
MOST_STUCK = 8
"""A directory on a network drive that does not answer holds a thread; so many may be held in all."""
STUCK_AFTER_S = LIMIT_S + 2.0


@frozen
class Checkout:
    """What was found out about one directory.

    Attributes:
        read_at: When, in UTC.
        exists: False if there is no such directory; None: it does not answer.
        repository: The git checkout that it lies in; None: in none.
    """

    read_at: datetime
    exists: bool | None
    repository: Repository | None


class Checkouts:
    """Directories and what git knows of them. All methods may be called from any thread.

    Args:
        on_read: Called when all is read of which somebody has been told that it is not yet.
        read: Reads one directory, and may take as long as it likes.
    """

    def __init__(self, on_read: Callable[[], None], read: Callable[[str], Checkout]) -> None:
        self._on_read = on_read
        self._read = read
        self._changed = threading.Condition()
        self._known: dict[str, Checkout] = {}
        self._waiting: deque[str] = deque()
        self._busy: dict[str, float] = {}
        self._workers = 0
        self._spent_s = 0.0
        self._not_again_before = datetime.min.replace(tzinfo=UTC)
        self._is_somebody_told = False
        self._is_closed = False

    def look(
        self, paths: Iterable[str], now: datetime, wait_s: float, read_again: timedelta = READ_AGAIN
    ) -> Mapping[str, Checkout]:
        """What is known of these directories; those of which nothing is known yet are missing.

        Whatever is unknown or old is read, and waited for as long as that takes, but no longer than `wait_s`. What is
        old is left as it is while reading has taken too much of the time lately.

        Args:
            paths: Absolute paths.
            now: The present.
            wait_s: How long to wait at most, in seconds.
            read_again: What was read before that is old.
        """
        wanted = list(dict.fromkeys(paths))
        until = time.monotonic() + wait_s
        with self._changed:
            unknown = [path for path in wanted if path not in self._known]
            old = [path for path in wanted if path in self._known and self._is_old(path, now, read_again)]
            for path in (*unknown, *sorted(old, key=lambda path: self._known[path].read_at)):
                if path not in self._busy and path not in self._waiting:
                    self._waiting.append(path)
            self._employ()
            while self._is_reading(wanted) and (left := until - time.monotonic()) > 0:
                self._changed.wait(left)
            self._is_somebody_told |= self._is_reading(wanted)
            stuck = {path: Checkout(now, None, None) for path in wanted if self._is_stuck(path)}
            return {**{path: self._known[path] for path in wanted if path in self._known}, **stuck}

    def forget(self) -> None:
        """Drops all that was read."""
        with self._changed:
            self._known.clear()

    def close(self) -> None:
        """Reads nothing any more; what hangs is left behind."""
        with self._changed:
            self._is_closed = True
            self._waiting.clear()
            self._changed.notify_all()

    def _is_old(self, path: str, now: datetime, read_again: timedelta) -> bool:
        return now >= max(self._known[path].read_at + read_again, self._not_again_before)

    def _is_reading(self, paths: Iterable[str]) -> bool:
        return not self._is_closed and any(
            path in self._waiting or (path in self._busy and not self._is_stuck(path)) for path in paths
        )

    def _is_stuck(self, path: str) -> bool:
        began = self._busy.get(path)
        return began is not None and time.monotonic() - began > STUCK_AFTER_S

    def _employ(self) -> None:
        """Sees to it that somebody does what waits. Threads of our own: at exit nobody waits for one that hangs."""
        stuck = sum(map(self._is_stuck, self._busy))
        while len(self._waiting) > self._workers - len(self._busy) and (
            self._workers - stuck < WORKERS and self._workers < MOST_STUCK + WORKERS
        ):
            self._workers += 1
            threading.Thread(target=self._work, name="hermes-hud-git", daemon=True).start()

    def _work(self) -> None:
        while True:
            with self._changed:
                if not self._waiting:
                    self._workers -= 1
                    return
                path = self._waiting.popleft()
                began = self._busy[path] = time.monotonic()
            try:
                found = self._read(path)
            except OSError:
                found = Checkout(datetime.now(UTC), None, None)
            except (
                Exception
            ):  # the boundary of this thread: whoever waits for the path must not wait for ever
                log.exception("A directory's git state could not be read")
                found = Checkout(datetime.now(UTC), None, None)
            with self._changed:
                del self._busy[path]
                if not self._is_closed:
                    self._known[path] = found
                # Of one that hung for hours no more than is needed to know that it hangs.
                self._spent_s += min(time.monotonic() - began, STUCK_AFTER_S)
                if self._spent_s >= ROUND_S:
                    self._waiting = deque(path for path in self._waiting if path not in self._known)
                is_done = not self._waiting and all(map(self._is_stuck, self._busy))
                if is_done:
                    pause = timedelta(seconds=TIMES_AS_LONG * self._spent_s)
                    self._not_again_before = max(self._not_again_before, found.read_at) + pause
                    self._spent_s = 0.0
                must_tell = is_done and self._is_somebody_told and not self._is_closed
                if must_tell:
                    self._is_somebody_told = False
                self._changed.notify_all()
            if must_tell:
                self._on_read()


@frozen
class Repositories(Source[Checkouts]):
    """What git knows of any directory that a panel asks for, wherever it lies.

    Nothing there is watched: it changes when something was read that a panel has waited for in vain.
    """

    counts_as_content: ClassVar[bool] = False

    limit_s: float = LIMIT_S

    @property
    def label(self) -> str:
        return "git repositories"

    @property
    def missing(self) -> Checkouts:
        return Checkouts(lambda: None, self.read)

    def attach(self, place: Place) -> Attached[Checkouts]:
        return _Repositories(self)

    def read(self, path: str) -> Checkout:
        """What is known of one directory now."""
        folder = Path(path)
        exists = folder.is_dir()
        found = read_repository(folder, find_git(), self.limit_s) if exists else None
        return Checkout(datetime.now(UTC), exists, found)


class _Repositories(Attached[Checkouts]):
    def __init__(self, declared: Repositories) -> None:
        self._bell = Bell()
        self._checkouts = Checkouts(self._bell.ring, declared.read)

    def signature(self) -> Hashable:
        return self._bell.silence()

    def read(self) -> Checkouts:
        return self._checkouts

    def doorbells(self) -> frozenset[int]:
        return frozenset({self._bell.fileno()})

    def rest(self) -> None:
        self._checkouts.forget()

    def close(self) -> None:
        self._checkouts.close()
        self._bell.close()
