"""Who looks at which home, and which homes nobody has needed for minutes."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

REST_AFTER_S = 300.0
"""How long a home that nobody looks at or asks for keeps its memory, in seconds: long enough for a reloaded page
or a notebook's next cell, short enough for a HUD that was left open over night."""

Shown = frozenset[tuple[str, str]]
"""(home, panel)."""


class Timer(Protocol):
    """As `threading.Timer`."""

    def start(self) -> None:
        """Begins to wait."""

    def cancel(self) -> None:
        """Gives it up."""


def daemon_timer(seconds: float, ring: Callable[[], None]) -> Timer:
    """Calls `ring` after so many seconds, in a thread that the process does not wait for."""
    timer = threading.Timer(seconds, ring)
    timer.name, timer.daemon = "hermes-hud-rest", True
    return timer


class Attendance:
    """Notes who needs what. All methods may be called from any thread.

    Nothing is polled: a timer runs only for a home that was needed and is not needed now, once.

    Args:
        rest: Called with a home that nobody has needed for `REST_AFTER_S`.
        timer: Makes a timer.
    """

    def __init__(
        self,
        rest: Callable[[str], None],
        timer: Callable[[float, Callable[[], None]], Timer] = daemon_timer,
    ) -> None:
        self._rest = rest
        self._make_timer = timer
        self._lock = threading.Lock()
        self._looks: dict[object, Shown] = {}
        self._asks: Counter[str] = Counter()
        self._timers: dict[str, Timer] = {}
        self._is_over = False

    def look(self, viewer: object, shown: Shown) -> None:
        """Says which (home, panel) a viewer shows; nothing when it left."""
        with self._lock:
            before = self._looks.pop(viewer, frozenset())
            if shown:
                self._looks[viewer] = shown
            for home in {home for home, _ in before | shown}:
                self._set_timer(home)

    @contextmanager
    def asking(self, home: str) -> Iterator[None]:
        """Somebody needs this home as long as the context lasts."""
        with self._lock:
            self._asks[home] += 1
            self._set_timer(home)
        try:
            yield
        finally:
            with self._lock:
                self._asks[home] -= 1
                self._set_timer(home)

    def looked_at(self) -> Shown:
        """Every (home, panel) that somebody shows."""
        with self._lock:
            return frozenset().union(*self._looks.values())

    def close(self) -> None:
        """Gives up every timer."""
        with self._lock:
            self._is_over = True
            for timer in self._timers.values():
                timer.cancel()
            self._timers.clear()

    def _set_timer(self, home: str) -> None:
        """Starts it anew for a home that is not needed now, and gives it up for one that is."""
        if (running := self._timers.pop(home, None)) is not None:
            running.cancel()
        if self._is_needed(home) or self._is_over:
            return
        timer = self._make_timer(REST_AFTER_S, lambda: self._ring(home, timer))
        self._timers[home] = timer
        timer.start()

    def _is_needed(self, home: str) -> bool:
        return self._asks[home] > 0 or any(home == of for shown in self._looks.values() for of, _ in shown)

    def _ring(self, home: str, timer: Timer) -> None:
        with self._lock:
            # One that was given up while it rang says nothing any more.
            if self._timers.get(home) is not timer:
                return
            del self._timers[home]
        self._rest(home)
