"""A real server in a thread of this process, and a client that speaks the protocol to it."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from hermes_hud_widget.client.child import Endpoint
from hermes_hud_widget.client.secret import Secret
from hermes_hud_widget.engine import Engine
from hermes_hud_widget.panel import Panel
from hermes_hud_widget.panels import all_panels
from hermes_hud_widget.place import find_place
from hermes_hud_widget.protocol import OUTBOUND, SUBPROTOCOL
from hermes_hud_widget.server.app import make_app
from hermes_hud_widget.server.process import Server, make_config

TOKEN = "token-of-the-tests"
WAIT_S = 10.0


class Client:
    """One viewer. Frames are received in a thread; the waits below look at all that came."""

    def __init__(self, port: int, token: str = TOKEN) -> None:
        self._context = connect(
            f"ws://127.0.0.1:{port}/ws",
            subprotocols=[Subprotocol(SUBPROTOCOL), Subprotocol(token)],
            proxy=None,
            max_size=None,
        )
        self.socket: ClientConnection = self._context.__enter__()
        self.frames: list[dict[str, Any]] = []
        self.versions: dict[str, dict[str, int]] = {}
        self._arrived = threading.Condition()
        self._ids = 0
        self._thread = threading.Thread(target=self._receive, daemon=True)
        self._thread.start()
        self.hello = self.wait(lambda frame: frame["type"] == "hello")

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._context.__exit__(None, None, None)
        self._thread.join(timeout=WAIT_S)

    def send(self, frame: Mapping[str, Any]) -> None:
        self.socket.send(json.dumps(frame))

    def look(self, home: str, *panels: str, **more: Any) -> None:
        self.send({"type": "look", "home": home, "panels": list(panels), **more})

    def get(
        self, home: str, panel: str, query: Mapping[str, Any] | None = None, have: int | None = None
    ) -> Any:
        """Asks, and waits for the answer."""
        self._ids += 1
        self.send(
            {"type": "get", "id": self._ids, "home": home, "panel": panel, "query": query or {}, "have": have}
        )
        return self.wait(lambda frame, id=self._ids: frame.get("id") == id)

    def wait(self, is_meant: Callable[..., bool], timeout: float = WAIT_S) -> dict[str, Any]:
        """The first frame so far, or the next, that is meant."""
        with self._arrived:
            found: list[dict[str, Any]] = []

            def look() -> bool:
                found[:] = [frame for frame in self.frames if is_meant(frame)][:1]
                return bool(found)

            if not self._arrived.wait_for(look, timeout):
                raise AssertionError(
                    f"no such frame within {timeout} s; the last ones were {self.frames[-5:]}"
                )
            return found[0]

    def wait_version(self, home: str, panel: str, above: int, timeout: float = WAIT_S) -> int:
        """Waits until a version above this one was announced."""
        with self._arrived:
            if not self._arrived.wait_for(lambda: self.version(home, panel) > above, timeout):
                raise AssertionError(f"{panel} stayed at version {self.version(home, panel)} for {timeout} s")
            return self.version(home, panel)

    def version(self, home: str, panel: str) -> int:
        return self.versions.get(home, {}).get(panel, 0)

    def wait_data(
        self, home: str, panel: str, is_meant: Callable[[Any], bool], query: Any = None
    ) -> dict[str, Any]:
        """Follows the announcements, asking again after each, until the data are as meant."""
        deadline = time.monotonic() + WAIT_S
        while True:
            frame: dict[str, Any] = self.get(home, panel, query)
            if frame["type"] == "panel" and frame["data"] is not None and is_meant(frame["data"]):
                return frame
            self.wait_version(home, panel, frame.get("version", 0), max(0.0, deadline - time.monotonic()))

    def _receive(self) -> None:
        try:
            for text in self.socket:
                OUTBOUND.validate_json(text)
                frame = json.loads(text)
                with self._arrived:
                    self.frames.append(frame)
                    if frame["type"] in ("hello", "versions"):
                        for home, versions in frame["versions"].items():
                            self.versions.setdefault(home, {}).update(versions)
                    self._arrived.notify_all()
        except ConnectionClosed:
            pass


class Served:
    """A running server."""

    def __init__(self, engine: Engine, port: int, server: Server) -> None:
        self.engine = engine
        self.port = port
        self.server = server

    def open(self, home: Path, profile: str | None = None) -> str:
        return self.engine.open(find_place(home, profile))

    def connect(self) -> Client:
        return Client(self.port)

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint(f"http://127.0.0.1:{self.port}", Secret(TOKEN), self.engine.server_id)


@contextmanager
def served(panels: Mapping[str, Panel] | None = None, port: int = 0) -> Iterator[Served]:
    """Serves until the block ends; `port` lets a second server take the place of a first."""
    engine = Engine(all_panels() if panels is None else panels)
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen()
    server = Server(make_config(make_app(engine, TOKEN)))
    thread = threading.Thread(target=lambda: server.run(sockets=[listener]), daemon=True)
    thread.start()
    try:
        yield Served(engine, listener.getsockname()[1], server)
    finally:
        server.end()
        thread.join(timeout=WAIT_S)
        listener.close()
        engine.close()
