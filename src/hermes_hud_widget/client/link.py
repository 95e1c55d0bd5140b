"""A WebSocket to the server that is kept open, in a thread of its own."""

from __future__ import annotations

import json
import logging
import random
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import Any

from hermes_hud_widget.client.child import Endpoint
from hermes_hud_widget.errors import ServerError
from hermes_hud_widget.protocol import SUBPROTOCOL

log = logging.getLogger(__name__)

FIRST_RETRY_S = 0.1
LAST_RETRY_S = 10.0


class Link:
    """Receives the server's frames until it is closed; connects again when the connection ends.

    Args:
        find: Waits for the server and says where it is; asked again before each attempt.
        on_frame: Called with each frame, in order, in the link's thread.
    """

    def __init__(self, find: Callable[[], Endpoint], on_frame: Callable[[dict[str, Any]], None]) -> None:
        self._find = find
        self._on_frame = on_frame
        self._lock = threading.Lock()
        self._connection: Any = None
        self._is_closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="hermes-hud-link", daemon=True)
        self._thread.start()

    def send(self, frame: dict[str, Any]) -> None:
        """Sends a frame, or drops it when there is no connection: `hello` is the moment to say all again."""
        from websockets.exceptions import ConnectionClosed

        with self._lock:
            connection = self._connection
        if connection is not None:
            with suppress(ConnectionClosed):
                connection.send(json.dumps(frame))

    def close(self) -> None:
        """Closes the connection and ends the thread."""
        self._is_closing.set()
        with self._lock:
            connection = self._connection
        if connection is not None:
            connection.close()
        if self._thread is not threading.current_thread():
            self._thread.join(timeout=1)

    def _run(self) -> None:
        retry_s = FIRST_RETRY_S
        while not self._is_closing.is_set():
            try:
                if self._listen(self._find()):
                    retry_s = FIRST_RETRY_S
            except ServerError as error:
                log.info("No server to connect to: %s", error)
            except (
                Exception
            ):  # the boundary of this thread: without it one bad frame would silence the kernel
                log.exception("The kernel's connection to its server failed")
            self._is_closing.wait(random.uniform(0, retry_s))
            retry_s = min(2 * retry_s, LAST_RETRY_S)

    def _listen(self, endpoint: Endpoint) -> bool:
        """Receives until the connection ends; False if it never came about."""
        from websockets.exceptions import ConnectionClosed, InvalidHandshake
        from websockets.sync.client import connect
        from websockets.typing import Subprotocol

        with ExitStack() as stack:
            try:
                connection = stack.enter_context(
                    connect(
                        endpoint.socket_url,
                        subprotocols=[Subprotocol(SUBPROTOCOL), Subprotocol(endpoint.token)],
                        proxy=None,  # the environment's proxy must not get a loopback address
                        compression=None,
                        max_size=None,
                        open_timeout=5,
                        close_timeout=1,
                        logger=_quiet_logger(),
                    )
                )
            except (OSError, InvalidHandshake, TimeoutError):
                return False
            with self._lock:
                if self._is_closing.is_set():
                    return True
                self._connection = connection
            try:
                for text in connection:
                    self._on_frame(json.loads(text))
            except ConnectionClosed:
                pass
            finally:
                with self._lock:
                    self._connection = None
        return True


def _quiet_logger() -> logging.Logger:
    """At DEBUG, websockets logs the handshake with its token, and every message."""
    logger = logging.getLogger("hermes_hud_widget.websocket")
    logger.setLevel(logging.INFO)
    return logger
