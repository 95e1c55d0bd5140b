"""Waits for a fact instead of a time."""

from __future__ import annotations

import time
from collections.abc import Callable


def wait_for(fact: Callable[[], object], what: str, within_s: float = 5.0) -> float:
    """Asks every 10 ms until `fact()` is true; returns after how many seconds it was."""
    began = time.monotonic()
    while not fact():
        assert time.monotonic() - began < within_s, f"not within {within_s} s: {what}"
        time.sleep(0.01)
    return time.monotonic() - began
