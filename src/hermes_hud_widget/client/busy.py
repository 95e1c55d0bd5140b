"""Whether a cell runs now: what a page says may wait until it ends, so silence meanwhile means nothing."""

from __future__ import annotations

import sys
import time
from typing import Any


class Busy:
    """Knows since when no cell has been running, as IPython tells it.

    Where nobody tells (a script, marimo) it is as if none ever ran.
    """

    def __init__(self) -> None:
        self._is_running = False
        self._since = time.monotonic()
        interactive = sys.modules.get("IPython")
        shell = interactive.get_ipython() if interactive is not None else None
        if shell is not None and getattr(shell, "kernel", None) is not None:
            # None in a thread or a callback after the cell's end; the end of a silent one is not told.
            cell = shell.displayhook.exec_result
            self._is_running = cell is not None and not cell.info.silent
            shell.events.register("pre_run_cell", self._begin)
            shell.events.register("post_run_cell", self._end)

    def idle_s(self) -> float:
        """For how many seconds no cell has been running; 0 while one does."""
        return 0.0 if self._is_running else time.monotonic() - self._since

    def _begin(self, *_: Any) -> None:
        self._is_running = True

    def _end(self, *_: Any) -> None:
        self._since = time.monotonic()
        self._is_running = False
