"""`on_change`: a thread for each registration, started in the cell that registered it.

ipykernel shows what a thread prints under the cell that started the thread.
"""

from __future__ import annotations

import contextvars
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any

from hermes_hud_widget.client.runtime import Runtime
from hermes_hud_widget.place import Place


def register(
    runtime: Runtime, place: Place, panel: str, call: Callable[[str, int], object]
) -> Callable[[], None]:
    """Calls `call(panel, version)` at each change of that home's panel; returns the undo."""
    return _Registration(runtime, place, panel, call).close


class _Registration:
    def __init__(
        self, runtime: Runtime, place: Place, panel: str, call: Callable[[str, int], object]
    ) -> None:
        self._home = runtime.open(place)
        self._panel = panel
        self._call = call
        self._pending: int | None = None
        self._is_closed = False
        self._changed = threading.Condition()
        key = ("on_change", self._home, panel, _origin(call))
        self._undo = runtime.on_version(key, self._home, self._on_version, replaced=self.close)
        context = contextvars.copy_context()
        self._thread = threading.Thread(
            target=context.run, args=(self._run,), name="hermes-hud-on-change", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Ends the registration; a call under way is not interrupted."""
        with self._changed:
            if self._is_closed:
                return
            self._is_closed = True
            self._changed.notify_all()
        self._undo()

    def _on_version(self, home: str, panel: str, version: int) -> None:
        if (home, panel) == (self._home, self._panel):
            with self._changed:
                self._pending = version
                self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._pending is not None or self._is_closed)
                version, self._pending = self._pending, None
                if self._is_closed or version is None:
                    return
            try:
                self._call(self._panel, version)
            except Exception:  # noqa: BLE001  the boundary to the user's code: told below the cell, called again next time
                traceback.print_exc(file=sys.stderr)


def _origin(call: Callable[..., Any]) -> tuple[str, str]:
    """Where a callback comes from: the same again when its cell is run again."""
    name = getattr(call, "__qualname__", repr(call))
    return _cell() or str(getattr(getattr(call, "__code__", None), "co_filename", "")), str(name)


def _cell() -> str | None:
    """The id of the notebook cell that is running; front ends that know it send it along."""
    interactive = sys.modules.get("IPython")
    shell = interactive.get_ipython() if interactive is not None else None
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        return None
    parent = kernel.get_parent("shell") or {}
    cell = parent.get("metadata", {}).get("cellId")
    return cell if isinstance(cell, str) else None
