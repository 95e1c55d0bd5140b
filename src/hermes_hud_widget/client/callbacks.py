"""`on_change`: a thread for each registration, started in the cell that registered it.

ipykernel shows what a thread prints under the cell that started the thread.
"""

from __future__ import annotations

import contextvars
import sys
import threading
import traceback
from collections.abc import Callable

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
        self.place = place
        self._home = runtime.open(place)
        self._panel = panel
        self._call = call
        self._one_at_a_time = runtime.cells.lock_of(call)
        self._pending: int | None = None
        self._told = ""
        self._is_closed = False
        self._changed = threading.Condition()
        self._undo: Callable[[], None] = lambda: None
        self._undo = runtime.register(("on_change", self._home, panel, *runtime.cells.origin(call)), self)
        context = contextvars.copy_context()
        self._thread = threading.Thread(
            target=context.run, args=(self._run,), name="hermes-hud-on-change", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Ends the registration; a call under way is not interrupted."""
        self.ended()
        self._undo()

    def ended(self) -> None:
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def changed(self, home: str, panel: str, version: int) -> None:
        if (home, panel) == (self._home, self._panel):
            with self._changed:
                self._pending = version
                self._changed.notify_all()

    def _tell(self, error: Exception) -> None:
        said = f"{type(error).__name__}: {error}"
        if said == self._told:  # several times a second it would bury the notebook
            return
        self._told = said
        traceback.print_exc(file=sys.stderr)
        print("The same error will not be shown again.", file=sys.stderr, flush=True)  # noqa: T201

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._pending is not None or self._is_closed)
                if self._is_closed:
                    return
            with self._one_at_a_time:
                # Taken only now: what came while another call of this function ran is one call.
                with self._changed:
                    version, self._pending = self._pending, None
                    if self._is_closed or version is None:
                        return
                try:
                    self._call(self._panel, version)
                except Exception as error:  # noqa: BLE001  the boundary to the user's code: told below the cell, called again
                    self._tell(error)
