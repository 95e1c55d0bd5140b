"""Timers that ring when a test says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class FakeTimer:
    """Rings when the test says so."""

    seconds: float
    ring: Callable[[], None]
    is_running: bool = False

    def start(self) -> None:
        self.is_running = True

    def cancel(self) -> None:
        self.is_running = False


class Clock:
    """All timers that were made."""

    def __init__(self) -> None:
        self.timers: list[FakeTimer] = []

    def timer(self, seconds: float, ring: Callable[[], None]) -> FakeTimer:
        self.timers.append(FakeTimer(seconds, ring))
        return self.timers[-1]

    @property
    def running(self) -> list[FakeTimer]:
        return [timer for timer in self.timers if timer.is_running]

    def pass_(self) -> None:
        """So long that every timer that runs now rings."""
        for timer in self.running:
            timer.is_running = False
            timer.ring()
