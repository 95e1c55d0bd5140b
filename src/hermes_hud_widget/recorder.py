"""When something of a home is to be kept: some time after it changed, and before nobody needs it any more."""

from __future__ import annotations

import threading
from collections.abc import Callable

from hermes_hud_widget.attendance import Timer, daemon_timer

RECORD_AFTER_S = 120.0
"""How long after the first change of a home that somebody looks at, in seconds; what follows until then is kept with it."""


class Recorder:
    """Notes which homes have something to be kept. All methods may be called from any thread.

    Nothing is polled: a timer runs only for a home that somebody looks at and that has changed since it was kept, or
    that nobody had looked at before.

    Args:
        record: Keeps what there is of a home; called by timers, by `finish` and by `close`.
        timer: Makes a timer.
    """

    def __init__(
        self,
        record: Callable[[str], None],
        timer: Callable[[float, Callable[[], None]], Timer] = daemon_timer,
    ) -> None:
        self._record = record
        self._make_timer = timer
        self._lock = threading.Lock()
        self._timers: dict[str, Timer] = {}
        self._changed: set[str] = set()
        self._known: set[str] = set()
        self._looked_at: frozenset[str] = frozenset()
        self._is_over = False

    def look(self, homes: frozenset[str]) -> None:
        """Somebody looks at these homes now."""
        with self._lock:
            self._looked_at = homes
            self._changed |= homes - self._known
            self._known |= homes
            for home in homes & self._changed:
                self._start(home)

    def changed(self, home: str) -> None:
        """Something changed of which something is kept."""
        with self._lock:
            if home not in self._known:  # that is for its first viewer
                return
            self._changed.add(home)
            if home in self._looked_at:
                self._start(home)

    def finish(self, home: str) -> None:
        """Keeps at once what is not kept yet: nobody needs the home any more."""
        with self._lock:
            timer = self._timers.pop(home, None)
            if timer is not None:
                timer.cancel()
            is_changed = home in self._changed
            self._changed.discard(home)
        if is_changed:
            self._record(home)

    def close(self) -> None:
        """Keeps what is not kept yet, and gives up every timer."""
        with self._lock:
            self._is_over = True
            homes = list(self._changed)
        for home in homes:
            self.finish(home)

    def _start(self, home: str) -> None:
        if home in self._timers or self._is_over:
            return
        timer = self._make_timer(RECORD_AFTER_S, lambda: self._ring(home, timer))
        self._timers[home] = timer
        timer.start()

    def _ring(self, home: str, timer: Timer) -> None:
        with self._lock:
            # One that was given up while it rang says nothing any more.
            if self._timers.get(home) is not timer:
                return
        self.finish(home)
