"""Which notebook cell runs now, and what was registered from it."""

from __future__ import annotations

import itertools
import sys
import threading
import weakref
from collections.abc import Callable
from typing import Any


class Cells:
    """Tells a callback that is registered again, because its cell was run again, from a new one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runs: dict[str, tuple[str, itertools.count[int]]] = {}
        self._locks: weakref.WeakKeyDictionary[Any, threading.Lock] = weakref.WeakKeyDictionary()

    def origin(self, call: Callable[..., object]) -> tuple[object, ...]:
        """Where a callback comes from: the same again when its cell is run again, and only then.

        Two callbacks of one run are two, also when they look alike (lambdas, bound methods, closures).
        """
        cell, run = _running_cell()
        if cell is None:
            return (object(),)
        with self._lock:
            known = self._runs.get(cell)
            if known is None or known[0] != run:
                known = self._runs[cell] = (run, itertools.count())
            return (cell, getattr(call, "__qualname__", type(call).__qualname__), next(known[1]))

    def lock_of(self, call: Callable[..., object]) -> threading.Lock:
        """One lock for each function, however often it is registered."""
        function = getattr(call, "__func__", call)
        try:
            with self._lock:
                return self._locks.setdefault(function, threading.Lock())
        except TypeError:  # it cannot be referred to weakly, or is not hashable
            return threading.Lock()


def _running_cell() -> tuple[str | None, str]:
    """Which cell runs, and which run of it this is.

    Front ends that know the cell send its id along; with others, the same source is the same cell.
    """
    interactive = sys.modules.get("IPython")
    shell = interactive.get_ipython() if interactive is not None else None
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        return None, ""
    parent = kernel.get_parent("shell") or {}
    cell = parent.get("metadata", {}).get("cellId") or parent.get("content", {}).get("code")
    run = parent.get("header", {}).get("msg_id", "")
    return (cell if isinstance(cell, str) else None), str(run)
