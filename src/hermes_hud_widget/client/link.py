"""A WebSocket to the server that is kept open, in a thread of its own."""

from __future__ import annotations

import json
import logging
import random
import socket
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import Any

from hermes_hud_widget.client.child import Endpoint
from hermes_hud_widget.errors import ServerError
from hermes_hud_widget.protocol import SUBPROTOCOL

log = logging.getLogger(__name__)

FIRST_RETRY_S = 0.1
LAST_RETRY_S = 1.0
"""What waits for a server that starts is `find`; one that is there again must not be missed for long."""
OPEN_TIMEOUT_S = 5.0
FAR_PING_S = 5.0
"""How often a far server is asked whether it is still there, and how long it has to answer: a tunnel whose other end is
gone says nothing."""


class Link:
    """Receives the server's frames until it is closed; connects again when the connection ends.

    Args:
        find: Waits for the server and says where it is; asked again before each attempt.
        on_frame: Called with each frame, in order, in the link's thread. A ServerError from it ends the connection.
        on_end: Called in the link's thread when the connection has ended (None), or none came about and why.
    """

    def __init__(
        self,
        find: Callable[[], Endpoint],
        on_frame: Callable[[dict[str, Any]], None],
        on_end: Callable[[ServerError | None], None] = lambda _: None,
    ) -> None:
        self._find = find
        self._on_frame = on_frame
        self._on_end = on_end
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

    def again(self) -> None:
        """Hangs up without a word, and connects anew."""
        with self._lock:
            connection = self._connection
        if connection is not None:
            # Not closed in order: that waits for the answer of a server that is gone.
            with suppress(OSError):
                connection.socket.shutdown(socket.SHUT_RDWR)

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
            why: ServerError | None = None
            try:
                self._listen(self._find())
                retry_s = FIRST_RETRY_S
            except ServerError as error:
                log.info("No connection to the server: %s", error)
                why = error
            except (
                Exception
            ):  # the boundary of this thread: without it one bad frame would silence the kernel
                log.exception("The kernel's connection to its server failed")
            if not self._is_closing.is_set():
                self._tell_end(why)
            self._is_closing.wait(random.uniform(0, retry_s))
            retry_s = min(2 * retry_s, LAST_RETRY_S)

    def _tell_end(self, why: ServerError | None) -> None:
        try:
            self._on_end(why)
        except (
            Exception
        ):  # the boundary of this thread: whoever cannot be told must not end the connection for good
            log.exception("The end of the kernel's connection could not be told")

    def _listen(self, endpoint: Endpoint) -> None:
        """Receives until the connection ends.

        Raises:
            ServerError: It never came about.
        """
        from websockets.exceptions import ConnectionClosed, InvalidHandshake
        from websockets.sync.client import connect
        from websockets.typing import Subprotocol

        # A child's end is noticed by itself.
        pings: dict[str, Any] = (
            {} if endpoint.is_local else {"ping_interval": FAR_PING_S, "ping_timeout": FAR_PING_S}
        )
        with ExitStack() as stack:
            try:
                connection = stack.enter_context(
                    connect(
                        endpoint.socket_url,
                        subprotocols=[Subprotocol(SUBPROTOCOL), Subprotocol(endpoint.token)],
                        proxy=None,  # the environment's proxy must not get a loopback address
                        compression=None,
                        max_size=None,
                        open_timeout=OPEN_TIMEOUT_S,
                        close_timeout=1,
                        logger=_quiet_logger(),
                        **pings,
                    )
                )
            except (OSError, InvalidHandshake, TimeoutError) as error:
                # Not chained: the frames of `connect` know the token.
                raise ServerError(f"{endpoint.name} does not answer: {error}") from None
            with self._lock:
                if self._is_closing.is_set():
                    return
                self._connection = connection
            try:
                for text in connection:
                    self._on_frame(json.loads(text))
            except ConnectionClosed:
                pass
            finally:
                with self._lock:
                    self._connection = None


def _quiet_logger() -> logging.Logger:
    """At DEBUG, websockets logs the handshake with its token, and every message."""
    logger = logging.getLogger("hermes_hud_widget.websocket")
    logger.setLevel(logging.INFO)
    return logger
