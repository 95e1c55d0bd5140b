"""How much to read at a time, so that no read takes long."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

TARGET_S = 0.006
"""What one read should take, in seconds; Hermes' commits wait for it in rollback mode."""


class Pace:
    """A chunk size that follows the measured speed.

    Args:
        rows: The first size.
        least: Never less than this.
        most: Never more than this.
    """

    def __init__(self, rows: int = 200, least: int = 20, most: int = 20_000) -> None:
        self.rows = rows
        self._least = least
        self._most = most

    @contextmanager
    def step(self) -> Iterator[int]:
        """Times one read of `rows` rows, and sets the size of the next."""
        rows = self.rows
        began = time.perf_counter()
        yield rows
        took = max(time.perf_counter() - began, 1e-6)
        # Never more than doubled: the next rows may be larger.
        self.rows = max(self._least, min(self._most, 2 * rows, int(rows * TARGET_S / took)))
