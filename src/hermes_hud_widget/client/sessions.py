"""Who a HUD belongs to where one process serves several people: marimo runs each of its sessions in a thread."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Hashable
from typing import Any

LOOK_EACH_S = 1.0


def is_marimo() -> bool:
    """True in the thread of a marimo notebook, run or edited."""
    marimo = sys.modules.get("marimo")
    return marimo is not None and bool(marimo.running_in_notebook())


def owner() -> Hashable:
    """Whose a new HUD is; None: all code of this process is one person's.

    In marimo it belongs to one cell of one session: when that cell runs again, marimo closes the widget that it made.
    """
    return (threading.current_thread(), object()) if is_marimo() else None


def is_own(whose: Hashable) -> bool:
    """True if the HUD of this owner belongs to who asks."""
    return not is_marimo() or (isinstance(whose, tuple) and whose[0] is threading.current_thread())


def close_with_session(comm: Callable[[], Any], close: Callable[[], None]) -> None:
    """Calls `close` once the session of this thread is over, or marimo has closed the comm since its cell ran again.

    marimo tells neither to whoever made the widget, so a thread looks once in a second.

    Args:
        comm: The widget's comm now; None: it is closed.
        close: Closes what belongs to it.
    """
    session = threading.current_thread()

    def watch() -> None:
        while session.is_alive() and (opened := comm()) is not None and not getattr(opened, "_closed", False):
            session.join(LOOK_EACH_S)
        close()

    threading.Thread(target=watch, name="hermes-hud-session", daemon=True).start()
