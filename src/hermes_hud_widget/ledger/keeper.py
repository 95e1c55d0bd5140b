"""A thread that does what may wait, and a bell that it rings when that changed something."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable
from contextlib import suppress

from hermes_hud_widget.errors import HudError

log = logging.getLogger(__name__)

GIVE_WAY_S = 0.0005
"""Between two steps: whoever waits for the same lock needs a moment to take it."""
RETRY_S, LONGEST_RETRY_S = 1.0, 60.0
"""After a failure it is tried again, each time after twice as long."""


class Bell:
    """A descriptor that becomes readable when it is rung, and stays so until it is silenced."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rung = 0
        self._pair: tuple[socket.socket, socket.socket] | None = None
        self._is_closed = False

    def fileno(self) -> int:
        """The descriptor; made when somebody first asks for it. -1 once it was closed."""
        with self._lock:
            if self._is_closed:
                return -1
            if self._pair is None:
                # Sockets and not a pipe: on Windows nothing else can be waited for.
                self._pair = socket.socketpair()
                for end in self._pair:
                    end.setblocking(False)
            return self._pair[0].fileno()

    def ring(self) -> None:
        """May be called from any thread."""
        with self._lock:
            self._rung += 1
            if self._pair is not None:
                with suppress(OSError):  # one that is full rings already
                    self._pair[1].send(b"!")

    def silence(self) -> int:
        """Makes it quiet; how often it was rung until now."""
        with self._lock:
            if self._pair is not None:
                with suppress(OSError):
                    while self._pair[0].recv(4096):
                        pass
            return self._rung

    def close(self) -> None:
        """Gives the descriptor back."""
        with self._lock:
            for end in self._pair or ():
                end.close()
            self._pair = None
            self._is_closed = True


class Keeper:
    """Calls `work` in a thread of its own as long as that has something to do.

    The thread begins with the first `wake`, and sleeps without a clock while nothing waits.

    Args:
        work: Does one short step; in how many seconds it wants to be called again, None: not before the next `wake`.
    """

    def __init__(self, work: Callable[[], float | None]) -> None:
        self._work = work
        self._changed = threading.Condition()
        self._is_awake = False
        self._is_closing = False
        self._thread: threading.Thread | None = None
        self._failures = 0

    def wake(self) -> None:
        """There may be something to do now."""
        with self._changed:
            if self._is_closing:
                return
            self._is_awake = True
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="hermes-hud-keeper", daemon=True)
                self._thread.start()
            self._changed.notify()

    def close(self) -> None:
        """Ends the thread."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        wait: float | None = None
        while True:
            with self._changed:
                # Woken or closed while it worked: neither is said twice.
                if not (self._is_awake or self._is_closing):
                    self._changed.wait(wait)
                if self._is_closing:
                    return
                self._is_awake = False
            wait = self._step()
            if wait == 0.0:
                wait = GIVE_WAY_S

    def _step(self) -> float | None:
        try:
            wait = self._work()
        except HudError as error:  # whoever looks meets the same problem, and shows it
            if not self._failures:
                log.info("Reading on in the background waits: %s", error)
        except Exception:  # the boundary of this thread
            if not self._failures:
                log.exception("Reading on in the background failed")
        else:
            self._failures = 0
            return wait
        self._failures += 1
        return min(LONGEST_RETRY_S, RETRY_S * 2.0 ** min(self._failures - 1, 10))
