"""A long call that shows how far it has come, and that an interrupt ends at once."""

from __future__ import annotations

import html
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol, TypeVar

from hermes_hud_widget.errors import HudError
from hermes_hud_widget.protocol import Progress

T = TypeVar("T")

QUIET_S = 1.0
"""Calls that end sooner show nothing."""
STEP_S = 0.25


class Stop:
    """Told to a call that goes on in another thread, once nobody waits for it any more."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_set = False
        self._calls: list[Callable[[], None]] = []

    @property
    def is_set(self) -> bool:
        """True once nobody waits any more."""
        return self._is_set

    def on_stop(self, call: Callable[[], None]) -> None:
        """Calls back when it is time to stop; at once if that was."""
        with self._lock:
            self._calls.append(call)
            is_set = self._is_set
        if is_set:
            call()

    def stop(self) -> None:
        """Nobody waits any more."""
        with self._lock:
            self._is_set = True
            calls = list(self._calls)
        for call in calls:
            call()


class Shown(Protocol):
    """Where progress is shown."""

    def update(self, progress: Progress | None) -> None:
        """How far it has come; None: that is not known."""

    def end(self) -> None:
        """The call is over."""


def attended(
    work: Callable[[Stop], T],
    ask: Callable[[], Progress | None],
    shown: Callable[[], Shown] | None,
    wait: Callable[[threading.Event, float], bool] = threading.Event.wait,
) -> T:
    """What `work` returns. While it takes longer than a second, its progress is shown.

    Where something can be shown, the work is done in a thread of its own: this one shows, and is free for an
    interrupt, which takes effect at once.

    Args:
        work: The call; its argument tells it when nobody waits for it any more.
        ask: How far it has come. Asking four times a second is right here: this call waits anyway, nobody else
            does, and whoever can be told (a viewer) is.
        shown: Begins to show; None: there is nowhere to.
        wait: Waits for an event for so many seconds; False if it did not come.
    """
    if shown is None:
        return work(Stop())
    stop, done = Stop(), threading.Event()
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work(stop))
        except BaseException as error:  # noqa: BLE001 - raised again by who waits
            errors.append(error)
        finally:
            done.set()

    threading.Thread(target=run, name="hermes-hud-call", daemon=True).start()
    try:
        if not wait(done, QUIET_S):
            _show(done, ask, shown(), wait)
    except BaseException:
        stop.stop()
        raise
    if errors:
        raise errors[0]
    return results[0]


def _show(
    done: threading.Event,
    ask: Callable[[], Progress | None],
    shown: Shown,
    wait: Callable[[threading.Event, float], bool],
) -> None:
    try:
        while True:
            current = None
            with suppress(HudError):  # the call itself tells what is wrong
                current = ask()
            shown.update(current)
            if wait(done, STEP_S):
                break
    finally:
        shown.end()


def find_display() -> Callable[[], Shown] | None:
    """Where progress can be shown: below the notebook's cell, or on a terminal; None: nowhere."""
    interactive = sys.modules.get("IPython")
    shell = interactive.get_ipython() if interactive is not None else None
    if shell is not None and getattr(shell, "kernel", None) is not None:
        return InNotebook
    return OnTerminal if sys.stderr is not None and sys.stderr.isatty() else None


class InNotebook:
    """An output of the running cell, empty in the end."""

    def __init__(self) -> None:
        self._handle: Any = None

    def update(self, progress: Progress | None) -> None:
        """See `Shown`."""
        bar = "<progress></progress>" if progress is None else _bar(progress)
        words = _words(progress)
        self._draw(f"{bar} <small>{html.escape(words)}</small>", words)

    def end(self) -> None:
        """See `Shown`."""
        # Nothing can take an output back without taking the user's own, too; an empty one takes no room.
        self._draw("", "")

    def _draw(self, markup: str, words: str) -> None:
        from IPython.display import display

        data = {"text/html": markup, "text/plain": words}
        if self._handle is None:
            self._handle = display(data, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(data, raw=True)


class OnTerminal:
    """A line that is gone afterwards."""

    def update(self, progress: Progress | None) -> None:
        """See `Shown`."""
        self._write(f"\r\x1b[K{_words(progress)}")

    def end(self) -> None:
        """See `Shown`."""
        self._write("\r\x1b[K")

    @staticmethod
    def _write(text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()


def _bar(progress: Progress) -> str:
    return f'<progress value="{progress.done}" max="{max(progress.total, 1)}"></progress>'


def _words(progress: Progress | None) -> str:
    if progress is None:
        return "Reading …"
    return f"Reading: {progress.done:,} of {progress.total:,} rows"
