"""The server's process: binds, announces itself on stdout, and ends with its parent or on a signal."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import secrets
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TextIO

import uvicorn
from starlette.types import ASGIApp

from hermes_hud_widget.engine import Engine
from hermes_hud_widget.errors import HomeError
from hermes_hud_widget.panels import all_panels
from hermes_hud_widget.place import Place
from hermes_hud_widget.protocol import MAX_INBOUND_BYTES, PROTOCOL
from hermes_hud_widget.redact import forget_redacted
from hermes_hud_widget.server.app import make_app
from hermes_hud_widget.server.pauses import keep_pauses_short, look_at_everything
from hermes_hud_widget.server.sockets import PatientSocket

log = logging.getLogger(__name__)

LAST_SECOND_S = 1.2
"""How long a child may take to end in order after its parent is gone."""


class Server(uvicorn.Server):
    """uvicorn, but its main loop waits for the end instead of waking ten times a second."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._ended: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def main_loop(self) -> None:
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        if not self.should_exit:
            await self._ended.wait()

    def handle_exit(self, sig: int, frame: Any) -> None:
        # Not uvicorn's own, which raises the signal again at the end: what is open could not be closed.
        self.force_exit = self.should_exit
        self.end()

    def end(self) -> None:
        """Stops serving; may be called from any thread and from a signal handler."""
        self.should_exit = True
        if self._loop is not None and self._ended is not None:
            self._loop.call_soon_threadsafe(self._ended.set)


def make_config(app: ASGIApp) -> uvicorn.Config:
    """How uvicorn serves the application."""
    return uvicorn.Config(
        app,
        ws=PatientSocket,
        ws_per_message_deflate=False,
        ws_max_size=MAX_INBOUND_BYTES,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=1,
    )


def serve(places: Sequence[Place], *, port: int = 0, is_child: bool = False) -> None:
    """Serves these homes until it is told to end.

    Args:
        places: The homes to open at once.
        port: TCP port on 127.0.0.1; 0 takes a free one.
        is_child: Started by a kernel: obeys commands on stdin, and ends when stdin closes. A server that a
            person started must survive that (nohup, systemd).
    """
    # A plugin that prints must not get between what is announced here.
    say = _Speaker(sys.stdout)
    sys.stdout = sys.stderr
    token = secrets.token_urlsafe(32)
    engine = Engine(all_panels(), on_rest=_tidy_up)
    try:
        for place in places:
            engine.open(place)
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        server = Server(make_config(make_app(engine, token)))
        announcement = {
            "url": f"http://127.0.0.1:{listener.getsockname()[1]}",
            "token": token,
            "pid": os.getpid(),
            "protocol": PROTOCOL,
            "homes": [entry.model_dump() for entry in engine.homes()],
        }
        keep_pauses_short()
        listener.listen(128)
        say({**announcement, "server_id": engine.server_id} if is_child else announcement)
        if is_child:
            threading.Thread(
                target=_obey, args=(engine, say, server.end), name="hermes-hud-parent", daemon=True
            ).start()
        server.run(sockets=[listener])
    finally:
        engine.close()


def _tidy_up() -> None:
    forget_redacted()
    look_at_everything()


class _Speaker:
    """Writes JSON lines to the real stdout."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __call__(self, message: dict[str, Any]) -> None:
        self._stream.write(json.dumps(message) + "\n")
        self._stream.flush()


def _obey(engine: Engine, say: Callable[[dict[str, Any]], None], end: Callable[[], None]) -> None:
    """Opens the homes that the parent names, one JSON line each, until it closes stdin or dies."""
    try:
        for line in sys.stdin:
            command = json.loads(line)
            try:
                # As the kernel found it: one that vanished meanwhile is shown as missing, not refused.
                place = Place(Path(command["path"]), Path(command["root"]), command["profile"])
                say({"id": command["id"], "home": engine.open(place)})
            except HomeError as error:
                say({"id": command["id"], "error": str(error)})
            except Exception:  # the boundary of this thread: a silent death would orphan the server
                log.exception("A command of the parent failed")
                say(
                    {
                        "id": command.get("id"),
                        "error": "The server failed to open this home; its log says why.",
                    }
                )
    finally:
        end()
        # A panel that hangs holds a thread, and the interpreter would wait for it; nothing of ours may outlive
        # the kernel.
        time.sleep(LAST_SECOND_S)
        os._exit(0)
