"""The demo's clock: moved by hand while the past is written, the real one from then on."""

from __future__ import annotations

import time


class Clock:
    """Seconds since the epoch; begins at `start` and stands still until it is advanced."""

    def __init__(self, start: float) -> None:
        self._frozen_at: float | None = start

    def __call__(self) -> float:
        return time.time() if self._frozen_at is None else self._frozen_at

    def advance(self, seconds: float) -> None:
        """Moves it on."""
        assert self._frozen_at is not None
        self._frozen_at += seconds

    def go_live(self) -> None:
        """Lets it show the real time from now on."""
        self._frozen_at = None
