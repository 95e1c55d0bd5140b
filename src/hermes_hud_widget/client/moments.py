"""What a HUD's home shows now, as far as the kernel knows it: for its repr, and for what a notebook saves."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from hermes_hud_widget.errors import ArgumentError, HudError
from hermes_hud_widget.snapshot import PANELS, Still, still_of

log = logging.getLogger(__name__)

FIRST_WAIT_S = 1.5
"""So long a cell waits at most for the overview of a home that is opened for the first time."""
OTHERS_WAIT_S = 0.25
"""So long it waits then for the other panels of the snapshot."""
UNWATCHED_WAIT_S = 30.0
"""So long for all of them where no page shows them later: what is saved is all that anybody sees."""
FETCH_TIMEOUT_S = 30.0

STATIC = "HERMES_HUD_STATIC"
VOILA = ("SERVER_SOFTWARE", "VOILA_BASE_URL")
"""By these variables a kernel knows that Voilà runs it."""
_STATIC = {"": None, "0": False, "1": True}

Fetch = Callable[[str], dict[str, Any]]


class Moments:
    """Asks for a snapshot's panels in a thread, one after another, and keeps the newest answers.

    Args:
        fetch: What a panel shows now; raises HudError where it cannot be told.
        path: The home's path, for as long as the overview has not told it.
    """

    def __init__(self, fetch: Fetch, path: str) -> None:
        self._fetch = fetch
        self._path = path
        self._change = threading.Condition()
        self._known: dict[str, dict[str, Any]] = {}
        self._at: datetime | None = None
        self._waits_for: frozenset[str] = frozenset()

    def ask(self) -> None:
        """Begins to ask for all panels, unless that is going on."""
        with self._change:
            if self._waits_for:
                return
            self._waits_for = frozenset(PANELS)
        threading.Thread(target=self._ask_all, name="hermes-hud-moment", daemon=True).start()

    def newest(self) -> Still:
        """What is known, without waiting for anything."""
        with self._change:
            known, at = dict(self._known), self._at
        return still_of(known, at or datetime.now(UTC), self._path)

    def wait(self, *, is_watched: bool = True) -> Still:
        """What is true now; where that takes too long, what is known.

        Args:
            is_watched: True where a page shows the home, too, and the cell should soon be over.
        """
        self.ask()
        first_s = FIRST_WAIT_S if is_watched else UNWATCHED_WAIT_S
        others_s = OTHERS_WAIT_S if is_watched else UNWATCHED_WAIT_S
        deadline = time.monotonic() + first_s
        with self._change:
            if self._change.wait_for(lambda: PANELS[0] not in self._waits_for, first_s):
                left_s = min(others_s, deadline - time.monotonic())
                self._change.wait_for(lambda: not self._waits_for, max(0.0, left_s))
        return self.newest()

    def _ask_all(self) -> None:
        for panel in PANELS:
            answer: dict[str, Any] | None = None
            try:
                answer = self._fetch(panel)
            except HudError as error:
                # The page tells what is wrong with the server; a snapshot says what was known before.
                log.info("No snapshot of the panel %r: %s", panel, error)
            except Exception:  # the boundary of this thread: else whoever waits would wait in vain
                log.exception("No snapshot of the panel %r", panel)
            with self._change:
                if answer is not None:
                    self._known[panel] = answer
                    if panel == PANELS[0]:
                        self._at = datetime.now(UTC)
                # Without the first one there is nothing to tell.
                is_over = answer is None and panel == PANELS[0]
                self._waits_for = frozenset() if is_over else self._waits_for - {panel}
                self._change.notify_all()
            if is_over:
                return


def static_of(environment: Mapping[str, str]) -> bool | None:
    """What `HERMES_HUD_STATIC` says: True, a shown HUD is a picture; False, it is a widget; None: nothing.

    Raises:
        ArgumentError: It makes no sense.
    """
    named = environment.get(STATIC, "").strip()
    if named not in _STATIC:
        raise ArgumentError(f"{STATIC}={named[:80]!r}: expected 1, 0 or nothing.")
    return _STATIC[named]


def static_reason(environment: Mapping[str, str], *, has_page: bool) -> str | None:
    """Why a HUD is shown as a picture of the moment; None: as a widget.

    A program that runs a notebook and saves it (nbclient, papermill, nbconvert) has no page that would draw a widget, and
    lets no cell ask for input. Some hosts with pages allow no input either, but Jupyter's server greets each kernel that a
    page is connected to on the control channel, which those programs leave alone. Voilà, whose pages get what nbclient
    ran, names itself in the environment.

    Args:
        environment: Of the kernel.
        has_page: True if a page has answered to a HUD.

    Raises:
        ArgumentError: `HERMES_HUD_STATIC` makes no sense.
    """
    chosen = static_of(environment)
    if chosen is not None:
        return f"{STATIC} says so" if chosen else None
    if has_page or any(name in environment for name in VOILA):
        return None
    interactive = sys.modules.get("IPython")
    shell = interactive.get_ipython() if interactive is not None else None
    kernel: Any = getattr(shell, "kernel", None)
    if _request(kernel).get("content", {}).get("allow_stdin") is not False or _request(kernel, "control"):
        return None
    return (
        "no page of this notebook was heard and no cell may ask for input, which is how programs run a notebook "
        "(nbclient, papermill, nbconvert)"
    )


def _request(kernel: Any, *channel: str) -> dict[str, Any]:
    """The newest message to the kernel on a channel; empty where there is none, or no way to tell."""
    try:
        request = kernel.get_parent(*channel)
    except (AttributeError, TypeError):  # no kernel, or one that is not ipykernel's
        return {}
    return request if isinstance(request, dict) else {}
