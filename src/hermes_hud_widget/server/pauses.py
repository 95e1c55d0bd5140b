"""Keeps Python itself from holding up the event loop: for the server's own process, in which nobody else lives."""

from __future__ import annotations

import gc
import sys
import time
from typing import Any

SWITCH_S = 0.001
"""How long a thread goes on while others wait for the interpreter, in seconds. With Python's 5 ms the event loop
waited up to 25 ms for its turn behind the threads that collect panels; shorter than this costs more than it gains."""


LOOK_AGAIN_S = 3600.0
"""Once in so long a full collection looks at everything: what lies in cycles must not pile up for days."""


def keep_pauses_short() -> None:
    """To be called once, when everything is loaded."""
    sys.setswitchinterval(SWITCH_S)
    gc.callbacks.append(Sparing())
    gc.collect()


def look_at_everything() -> None:
    """Frees what lies in cycles among the objects that were spared; takes its time, so not while somebody waits."""
    gc.unfreeze()
    gc.collect()


class Sparing:
    """Spares later collections what has survived a full one; called by the collector.

    A full collection looks at every object that was ever kept: 60 to 180 ms on a large home, in which no thread runs.
    What has survived one is not looked at again, so that the next sees only what came since: some 5 ms. What is dropped
    later is freed all the same unless it lies in a cycle, and that waits for `LOOK_AGAIN_S` or `look_at_everything`.
    """

    def __init__(self) -> None:
        self._looked_at = time.monotonic()

    def __call__(self, phase: str, info: dict[str, Any]) -> None:
        if info["generation"] != 2:
            return
        if phase == "start" and time.monotonic() - self._looked_at >= LOOK_AGAIN_S:
            self._looked_at = time.monotonic()
            gc.unfreeze()
        elif phase == "stop":
            gc.freeze()
