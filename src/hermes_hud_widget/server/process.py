"""The server's process: binds, says where, and ends with its parent or on a signal."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import secrets
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TextIO

import uvicorn
from starlette.types import ASGIApp
from uvicorn.server import HANDLED_SIGNALS

from hermes_hud_widget.engine import Engine
from hermes_hud_widget.errors import ArgumentError, HomeError
from hermes_hud_widget.panels import all_panels
from hermes_hud_widget.place import Place
from hermes_hud_widget.protocol import MAX_INBOUND_BYTES, PROTOCOL
from hermes_hud_widget.redact import forget_redacted
from hermes_hud_widget.server.app import make_app
from hermes_hud_widget.server.page import Page
from hermes_hud_widget.server.parent import when_parent_ends
from hermes_hud_widget.server.pauses import keep_pauses_short, look_at_everything
from hermes_hud_widget.server.private import private_socket
from hermes_hud_widget.server.security import Guard
from hermes_hud_widget.server.sockets import PatientSocket
from hermes_hud_widget.server.viewer import open_home

log = logging.getLogger(__name__)

BACKLOG = 128
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
        # A page pings by itself, and only while somebody is there: jupyter-server-proxy takes each frame, and each of
        # these pings, too, for activity, and a hub would never stop an idle server.
        ws_ping_interval=None,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=1,
    )


def serve(places: Sequence[Place], *, port: int = 0, is_child: bool = False, must_open: bool = False) -> None:
    """Serves these homes on 127.0.0.1 until it is told to end.

    Args:
        places: The homes to open at once.
        port: TCP port; 0 takes a free one.
        is_child: Started by a kernel: obeys commands on stdin, ends when stdin closes, and has no page of its own. A
            server that a person started must survive that (nohup, systemd).
        must_open: Opens the stand-alone page in a browser.
    """
    # A plugin that prints must not get between what is announced here.
    say = _Speaker(sys.stdout)
    sys.stdout = sys.stderr
    token = secrets.token_urlsafe(32)
    page = None if is_child else Page(token)
    with _engine() as engine, _loopback_socket(port) as listener, ExitStack() as stack:
        for place in places:
            engine.open(place)
        guard = make_app(engine, token, page)
        server = Server(make_config(guard))
        _end_on_signals(server)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        announcement = {
            "url": url,
            "token": token,
            "pid": os.getpid(),
            "protocol": PROTOCOL,
            "homes": [entry.model_dump() for entry in engine.homes()],
        }
        keep_pauses_short()
        listener.listen(BACKLOG)
        say({**announcement, "server_id": engine.server_id} if is_child else announcement)
        if is_child:
            threading.Thread(
                target=_obey, args=(engine, guard, say, server.end), name="hermes-hud-parent", daemon=True
            ).start()
        if page is not None and must_open:
            from hermes_hud_widget.server.opening import opened

            stack.enter_context(opened(url, page.tickets, _tell))
        server.run(sockets=[listener])


def serve_jupyter(path: Path, parent: int) -> None:
    """Serves Jupyter at a unix socket, with the default home open, until Jupyter ends or a signal comes.

    It does not end by itself when nobody looks: jupyter-server-proxy never starts a server again that ended in order.
    What was read for the last viewer is dropped instead, as everywhere.

    Args:
        path: The socket, in a directory that only this user can enter.
        parent: Jupyter's process id.

    Raises:
        OSError: The socket cannot be had, or others could reach it.
    """
    with _engine() as engine, private_socket(path) as listener:
        server = Server(make_config(make_app(engine, token=None)))
        _end_on_signals(server)
        keep_pauses_short()
        listener.listen(BACKLOG)
        when_parent_ends(parent, lambda: _end_soon(server.end))
        # Beside what is served: on a slow disk it may take longer than jupyter-server-proxy waits.
        threading.Thread(
            target=_open_default, args=(engine,), name="hermes-hud-default-home", daemon=True
        ).start()
        server.run(sockets=[listener])


def _end_on_signals(server: Server) -> None:
    # uvicorn does so, too, but only once it runs: what is open by then must be closed as well.
    if threading.current_thread() is threading.main_thread():
        for number in HANDLED_SIGNALS:
            signal.signal(number, server.handle_exit)


@contextmanager
def _engine() -> Iterator[Engine]:
    engine = Engine(all_panels(), on_rest=_tidy_up)
    try:
        yield engine
    finally:
        engine.close()


@contextmanager
def _loopback_socket(port: int) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        yield listener


def _open_default(engine: Engine) -> None:
    try:
        open_home(engine, None, None)
    except HomeError as error:  # whoever asks for it is told the same
        log.warning("%s", error)


def _tell(line: str) -> None:
    print(f"hermes-hud: {line}", file=sys.stderr, flush=True)  # noqa: T201


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


def _obey(
    engine: Engine, guard: Guard, say: Callable[[dict[str, Any]], None], end: Callable[[], None]
) -> None:
    """Does what the parent says, one JSON line each, until it closes stdin or dies.

    `{"id", "path", "root", "profile"}` opens a home, answered by `{"id", "home"}`; `{"id", "allow"}` accepts pages of an
    origin, answered by `{"id"}`. What cannot be done is answered by `{"id", "error"}`.
    """
    try:
        for line in sys.stdin:
            command = json.loads(line)
            try:
                say({"id": command["id"], **_do(command, engine, guard)})
            except (HomeError, ArgumentError) as error:
                say({"id": command["id"], "error": str(error)})
            except Exception:  # the boundary of this thread: a silent death would orphan the server
                log.exception("A command of the parent failed")
                say({"id": command.get("id"), "error": "The server failed to do this; its log says why."})
    finally:
        _end_soon(end)


def _end_soon(end: Callable[[], None]) -> None:
    end()
    # A panel that hangs holds a thread, and the interpreter would wait for it; nothing of ours may outlive the kernel,
    # or Jupyter.
    time.sleep(LAST_SECOND_S)
    os._exit(0)


def _do(command: dict[str, Any], engine: Engine, guard: Guard) -> dict[str, Any]:
    if "allow" in command:
        guard.admit(command["allow"])
        return {}
    # As the kernel found it: one that vanished meanwhile is shown as missing, not refused.
    place = Place(Path(command["path"]), Path(command["root"]), command["profile"])
    return {"home": engine.open(place)}
