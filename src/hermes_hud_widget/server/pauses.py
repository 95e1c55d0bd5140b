"""Keeps Python itself from holding up the event loop: for the server's own process, in which nobody else lives."""

from __future__ import annotations

import gc
import sys
from typing import Any

SWITCH_S = 0.001
"""How long a thread goes on while others wait for the interpreter, in seconds. With Python's 5 ms the event loop
waited up to 25 ms for its turn behind the threads that collect panels; shorter than this costs more than it gains."""


def keep_pauses_short() -> None:
    """To be called once, when everything is loaded."""
    sys.setswitchinterval(SWITCH_S)
    gc.callbacks.append(_spare_what_survived)
    gc.collect()


def look_at_everything() -> None:
    """Frees what lies in cycles among the objects that were spared; takes its time, so not while somebody waits."""
    gc.unfreeze()
    gc.collect()


def _spare_what_survived(phase: str, info: dict[str, Any]) -> None:
    # A full collection looks at every object that was ever kept: 60 to 180 ms on a large home, in which no thread
    # runs. What has survived one is not looked at again, so that the next sees only what came since: some 5 ms.
    # What is dropped later is freed all the same unless it lies in a cycle, and that waits for `look_at_everything`.
    if phase == "stop" and info["generation"] == 2:
        gc.freeze()
