"""A viewer that stops reading, on real sockets."""

import json
import secrets
import socket
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import pytest

from hermes_hud_widget.panel import Panel, Payload
from hermes_hud_widget.server.sockets import PatientSocket
from hermes_hud_widget.sources import TextFile
from support.agent import MakeAgent
from support.served import TOKEN, Served, served

WAIT_S = 20.0
ENTRY_CHARS = 400_000
"""Some dozen of these fill what the kernel holds for a socket."""
LARGE_CHARS = 8_000_000


class Large(Payload):
    """As long as a test wants it to be."""

    text: str


def collect(text: str | None) -> Large:
    return Large(text=text or "")


LARGE = Panel("large", "Large", collect, text=TextFile("large.txt"))


@pytest.fixture
def server() -> Iterator[Served]:
    """A server of that panel only: those of the package cut what is long."""
    with served({LARGE.name: LARGE}) as server:
        yield server


class Stuck:
    """A viewer that wants everything pushed and reads nothing of it."""

    def __init__(self, server: Served, home: str, receive_bytes: int = 4096) -> None:
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.connect(("127.0.0.1", server.port))
        handshake = (
            "GET /ws HTTP/1.1",
            f"Host: 127.0.0.1:{server.port}",
            "Connection: Upgrade",
            "Upgrade: websocket",
            f"Sec-WebSocket-Key: {b64encode(secrets.token_bytes(16)).decode()}",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Protocol: hermes-hud.v1, {TOKEN}",
        )
        self.socket.sendall("\r\n".join((*handshake, "", "")).encode())
        assert b" 101 " in self.socket.recv(100)
        self.look(home)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def look(self, home: str) -> None:
        look = {"type": "look", "home": home, "panels": ["large"], "queries": {"large": [{}]}}
        payload = json.dumps(look).encode()
        # A mask of zeros leaves the text as it is.
        self.socket.sendall(bytes([0x81, 0x80 | 126, *len(payload).to_bytes(2, "big"), 0, 0, 0, 0]) + payload)


def wait_for(fact: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + WAIT_S
    while not fact():
        assert time.monotonic() < deadline, f"not within {WAIT_S:.0f} s: {what}"
        threading.Event().wait(0.01)


def unsent(server: Served) -> list[int]:
    """What the server holds for each WebSocket, in bytes."""
    connections = list(server.server.server_state.connections)
    return [one.transport.get_write_buffer_size() for one in connections if isinstance(one, PatientSocket)]


def write(home: Path, number: int, chars: int = ENTRY_CHARS) -> None:
    file = home / "large.txt"
    file.with_suffix(".new").write_text(f"entry {number} {'x' * chars}")
    file.with_suffix(".new").replace(file)


def shows(number: int) -> Callable[[Any], bool]:
    return lambda data: data["text"].startswith(f"entry {number} ")


def test_a_viewer_that_never_reads_again_costs_little_harms_nobody_and_is_let_go(
    server: Served, agent: MakeAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hermes_hud_widget.server.sockets.LET_GO_AFTER_S", 3600.0)
    home = agent(database=False).home
    id = server.open(home)
    with server.connect() as other, Stuck(server, id):
        number = 0
        while max(unsent(server)) == 0:
            write(home, number := number + 1)
            other.wait_data(id, "large", shows(number))
            assert number < 200, "the socket takes everything"
        held = max(unsent(server))
        for _ in range(20):
            write(home, number := number + 1)
            # The other one gets everything meanwhile.
            other.wait_data(id, "large", shows(number))
        assert max(unsent(server)) == held < 2 * ENTRY_CHARS

        monkeypatch.setattr("hermes_hud_widget.server.sockets.LET_GO_AFTER_S", 0.05)
        with Stuck(server, id):
            wait_for(lambda: len(unsent(server)) == 3, "all three are there")
            while len(unsent(server)) == 3:
                write(home, number := number + 1)
                other.wait_data(id, "large", shows(number))
                assert number < 400, "it is never let go"
            assert len(unsent(server)) == 2
    with server.connect() as again:
        again.wait_data(id, "large", shows(number))


def test_a_viewer_that_reads_slowly_is_kept(
    server: Served, agent: MakeAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hermes_hud_widget.server.sockets.LET_GO_AFTER_S", 0.5)
    home = agent(database=False).home
    write(home, 0, LARGE_CHARS)
    with Stuck(server, server.open(home), receive_bytes=65_536) as slow:
        began, left = time.monotonic(), LARGE_CHARS
        while left > 0:
            read = len(slow.socket.recv(65_536))
            assert read, "the server hung up"
            left -= read
            threading.Event().wait(0.01)
        assert time.monotonic() - began > 1.0
    wait_for(lambda: unsent(server) == [], "it is gone")


def test_a_viewer_that_looks_again_and_again_piles_up_nothing(server: Served, agent: MakeAgent) -> None:
    home = agent(database=False).home
    write(home, 0)
    id = server.open(home)
    with Stuck(server, id) as stuck:
        stuck.socket.settimeout(0.5)
        with suppress(TimeoutError):
            # The server stops reading, too, so that in the end nothing more can be sent.
            while True:
                stuck.look(id)
        assert max(unsent(server)) < 2 * ENTRY_CHARS
    with server.connect() as other:
        assert other.get(id, "large")["status"] == "ok"
