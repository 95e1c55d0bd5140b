"""A script: a generator that does something, then says how many seconds pass until it goes on."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator

Script = Iterator[float]


def together(*scripts: Script) -> Script:
    """Plays several scripts side by side, as one script that ends with the last of them."""
    now = 0.0
    waiting = [(0.0, number) for number in range(len(scripts))]
    while waiting:
        due, number = heapq.heappop(waiting)
        if due > now:
            yield due - now
            now = due
        pause = next(scripts[number], None)
        if pause is not None:
            heapq.heappush(waiting, (now + pause, number))


def after(pause: float, begin: Callable[[], Script]) -> Script:
    """A script that begins `pause` seconds late."""
    yield pause
    yield from begin()
