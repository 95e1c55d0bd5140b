"""A relay on loopback between page and server, whose connections a test can cut as a broken tunnel does."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from types import TracebackType
from typing import Self


class Relay:
    """Passes WebSockets on: `ws://127.0.0.1:<port>/<server's port>/ws` to `ws://127.0.0.1:<server's port>/ws`.

    `probe.js` rewrites the addresses, also that of a proxy, which then reaches the server over the relay.

    Attributes:
        port: Where it listens.
    """

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._is_cut = False
        self._speaks = threading.Event()
        self._speaks.set()
        self._lock = threading.Lock()
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._thread = threading.Thread(target=self._accept, name="relay", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)
        self.cut()
        self._speaks.set()

    @property
    def connections(self) -> int:
        """How many connections it carries now."""
        with self._lock:
            return len(self._pairs)

    def cut(self) -> None:
        """Ends every connection without a closing handshake, and every further one until `restore`."""
        with self._lock:
            self._is_cut = True
            pairs = list(self._pairs)
        for pair in pairs:
            _end(*pair)

    def hush(self) -> None:
        """Takes what is sent and passes nothing on until `restore`, as when a laptop lost its network unnoticed."""
        self._speaks.clear()

    def restore(self) -> None:
        """Carries connections again, and passes on what it held back."""
        with self._lock:
            self._is_cut = False
        self._speaks.set()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:  # the listener was closed: that is the end
                return
            threading.Thread(target=self._carry, args=(near,), daemon=True).start()

    def _carry(self, near: socket.socket) -> None:
        with near:
            head = near.recv(65536)
            self._speaks.wait()
            target = re.match(rb"GET /(\d+)/", head)
            with self._lock:
                is_cut = self._is_cut
            if target is None or is_cut:
                return
            port = int(target[1])
            head = head.replace(target[0], b"GET /", 1)
            try:
                far = socket.create_connection(("127.0.0.1", port))
            except OSError:  # no server there any more: refused, as without a relay
                return
            with far:
                pair = near, far
                with self._lock:
                    self._pairs.append(pair)
                far.sendall(head)
                back = threading.Thread(target=self._pump, args=(far, near), daemon=True)
                back.start()
                self._pump(near, far)
                back.join()
                with self._lock:
                    self._pairs.remove(pair)

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):  # the other end has gone
            while data := source.recv(65536):
                self._speaks.wait()
                sink.sendall(data)
        _end(source, sink)


def _end(*ends: socket.socket) -> None:
    for end in ends:
        with contextlib.suppress(OSError):  # already ended
            end.shutdown(socket.SHUT_RDWR)
