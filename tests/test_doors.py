"""Who comes in by which door: the kernel's child, the stand-alone page, the socket behind Jupyter."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect, unix_connect

from hermes_hud_widget.engine import Engine
from hermes_hud_widget.errors import ArgumentError
from hermes_hud_widget.panels import BUILT_IN
from hermes_hud_widget.server.app import make_app
from hermes_hud_widget.server.page import TICKET_S, Page, Tickets
from hermes_hud_widget.server.private import check_private
from hermes_hud_widget.server.process import Server, make_config
from support.served import TOKEN, WAIT_S

Answer = tuple[int, Mapping[str, str], bytes]
SERVER = [sys.executable, "-P", "-m", "hermes_hud_widget.server"]
AUTHORIZED = {"Authorization": f"Bearer {TOKEN}"}
HUB = "https://hub.example:8443"


def until(is_so: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + WAIT_S
    while not is_so():
        assert time.monotonic() < deadline, f"{what}: not so after {WAIT_S} s"
        time.sleep(0.01)


def ask(
    connection: http.client.HTTPConnection,
    path: str,
    headers: Mapping[str, str] | None = None,
    method: str = "GET",
    body: str | None = None,
) -> Answer:
    try:
        connection.request(method, path, body, dict(headers or {}))
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


# -- the kernel's child


class Child:
    """A server process with this one as its parent."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.announced = self._hear()
        self.port = int(self.announced["url"].rpartition(":")[2])
        self.authorized = {"Authorization": f"Bearer {self.announced['token']}"}

    def tell(self, command: Mapping[str, Any]) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return self._hear()

    def ask(self, path: str, headers: Mapping[str, str]) -> int:
        return ask(http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT_S), path, headers)[0]

    def hello(self, origin: str, host: str, token: str | None = None) -> Any:
        """The first frame of a WebSocket that came through a proxy."""
        protocols: Any = ["hermes-hud.v1", token or self.announced["token"]]
        address = socket.create_connection(("127.0.0.1", self.port), WAIT_S)
        with connect(
            f"ws://{host}/ws", sock=address, subprotocols=protocols, origin=origin, proxy=None
        ) as opened:
            return json.loads(opened.recv(timeout=WAIT_S))

    def _hear(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    with subprocess.Popen(SERVER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Child(process)
        process.terminate()


def test_an_origin_is_accepted_only_after_the_parent_named_it_and_with_the_token(child: Child) -> None:
    proxied = {**child.authorized, "Host": "hub.example:8443"}
    assert child.ask("/api/homes", proxied) == 403
    with pytest.raises(InvalidStatus, match="403"):
        child.hello(HUB, "hub.example:8443")
    assert child.tell({"id": 7, "allow": HUB}) == {"id": 7}
    assert child.ask("/api/homes", proxied) == 200
    assert child.ask("/healthz", {"Host": "hub.example:8443"}) == 200
    assert child.hello(HUB, "hub.example:8443")["server_id"] == child.announced["server_id"]
    # A proxy that ends TLS may name the host without its port.
    assert child.hello(HUB, "hub.example")["type"] == "hello"
    with pytest.raises(InvalidStatus, match="403"):
        child.hello(HUB, "hub.example:8443", token="wrong")
    for origin in ("https://hub.example", "http://hub.example:8443", "https://evil.hub.example:8443"):
        with pytest.raises(InvalidStatus, match="403"):
            child.hello(origin, "hub.example:8443")
    assert child.ask("/api/homes", {**child.authorized, "Host": "evil.hub.example"}) == 403
    assert child.ask("/api/homes", {**proxied, "Origin": HUB}) == 403
    assert child.ask("/api/homes", {"Host": "hub.example:8443"}) == 401


def test_a_webview_is_an_origin_but_never_a_host(child: Child) -> None:
    webview = "vscode-webview://0a1b2c3d"
    assert child.tell({"id": 8, "allow": webview}) == {"id": 8}
    assert child.hello(webview, f"127.0.0.1:{child.port}")["type"] == "hello"
    assert child.ask("/api/homes", {**child.authorized, "Host": "0a1b2c3d"}) == 403


@pytest.mark.parametrize(
    "origin",
    [
        "*",
        "null",
        "",
        "hub.example",
        "https://",
        "https://hub.example/lab",
        "https://hub.example\n",
        "https://me@hub.example",
        "https://hub.example, https://evil.example",
        "https://*.example",
        "ftp://hub.example",
        "https://" + "a" * 400,
    ],
)
def test_what_is_no_origin_is_not_accepted(child: Child, origin: str) -> None:
    answer = child.tell({"id": 9, "allow": origin})
    assert answer["id"] == 9
    assert "expected one like https://hub.example.org:8443" in answer["error"]


def test_of_many_accepted_origins_the_newest_are_kept() -> None:
    guard = make_app(Engine({}), TOKEN)
    for number in range(100):
        guard.admit(f"https://h{number}.example")
    assert [guard.is_admitted(f"https://h{number}.example") for number in (0, 35, 36, 99)] == [
        False,
        False,
        True,
        True,
    ]
    with pytest.raises(ArgumentError):
        guard.admit("h100.example")


def test_the_kernel_s_child_has_no_page(child: Child) -> None:
    for path in ("/", "/static/widget.js", "/api/ticket"):
        assert child.ask(path, {}) == 401
        assert child.ask(path, child.authorized) == 404


# -- the stand-alone page


@contextmanager
def with_page() -> Iterator[tuple[int, Page]]:
    engine = Engine({})
    page = Page(TOKEN)
    server = Server(make_config(make_app(engine, TOKEN, page)))
    import threading

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=lambda: server.run(sockets=[listener]), daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1], page
        finally:
            server.end()
            thread.join(WAIT_S)
            engine.close()


@pytest.fixture(scope="module")
def door() -> Iterator[tuple[int, Page]]:
    with with_page() as door:
        yield door


def at(door: tuple[int, Page]) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", door[0], timeout=WAIT_S)


def exchange(door: tuple[int, Page], ticket: object, **headers: str) -> Answer:
    return ask(at(door), "/api/ticket", headers, "POST", json.dumps({"ticket": ticket}))


def test_the_page_needs_no_token_and_everything_else_does(door: tuple[int, Page]) -> None:
    for path in ("/", "/static/widget.js", "/static/page/page.js"):
        status, headers, content = ask(at(door), path)
        assert (status, headers["X-Content-Type-Options"], headers["Referrer-Policy"]) == (
            200,
            "nosniff",
            "no-referrer",
        )
        assert TOKEN.encode() not in content
    for path in ("/api/homes", "/openapi.json", "/static/../api/homes", "/static/%2e%2e/api/homes"):
        assert ask(at(door), path)[0] in (401, 404)
        assert ask(at(door), path)[2].find(b"homes") == -1
    assert ask(at(door), "/static/../../cli.py")[0] == 404
    assert ask(at(door), "/static/%2e%2e/%2e%2e/cli.py")[0] == 404


def test_the_page_may_load_and_reach_only_its_own_server(door: tuple[int, Page]) -> None:
    policy = ask(at(door), "/")[1]["Content-Security-Policy"]
    directives = dict(directive.split(" ", 1) for directive in policy.split("; "))
    assert directives == {
        "default-src": "'none'",
        "script-src": "'self' blob:",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "connect-src": f"'self' ws://127.0.0.1:{door[0]}",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }


@pytest.mark.parametrize("host", ["rebind.evil.example", "localhost;script-src *", "127.0.0.1:80 *"])
def test_a_host_that_is_not_loopback_alone_gets_no_page(door: tuple[int, Page], host: str) -> None:
    assert ask(at(door), "/", {"Host": host})[0] in (400, 403)


def test_a_ticket_is_exchanged_once(door: tuple[int, Page]) -> None:
    used: list[bool] = []
    ticket = door[1].tickets.issue(on_use=lambda: used.append(True))
    assert exchange(door, "x" * len(ticket))[0] == 403
    status, headers, content = exchange(door, ticket, Origin=f"http://127.0.0.1:{door[0]}")
    assert (status, headers["Cache-Control"], json.loads(content)) == (200, "no-store", {"token": TOKEN})
    assert used == [True]
    assert exchange(door, ticket)[0] == 403


@pytest.mark.parametrize("origin", ["https://evil.example", "http://localhost:8888", "null", "http://["])
def test_a_ticket_is_not_exchanged_with_a_page_of_another_origin(door: tuple[int, Page], origin: str) -> None:
    ticket = door[1].tickets.issue()
    assert exchange(door, ticket, Origin=origin)[0] == 403
    assert exchange(door, ticket)[0] == 200


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "{}",
        '{"ticket": 5}',
        '{"ticket": null}',
        "x" * 10_000,
        "[" * 10_000,
        '{"ticket": "\\ud800"}',
    ],
)
def test_what_is_no_ticket_is_refused(door: tuple[int, Page], body: str) -> None:
    ticket = door[1].tickets.issue()  # with which it is compared
    assert ask(at(door), "/api/ticket", method="POST", body=body)[0] == 400
    assert exchange(door, ticket)[0] == 200


def test_a_ticket_becomes_too_old() -> None:
    now = 0.0
    tickets = Tickets(lambda: now)
    first, second = tickets.issue(), tickets.issue()
    now = TICKET_S - 1
    assert tickets.use(first)
    now = TICKET_S
    assert not tickets.use(second)


# -- the socket behind Jupyter


class Unix(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=WAIT_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(self._path))


class Jupyter:
    """A process that starts the server as jupyter-server-proxy does, and then only waits to be killed."""

    PROGRAM = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen(sys.argv[1:])\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(600)\n"
    )

    def __init__(self, path: Path, home: Path) -> None:
        environment = {**os.environ, "HERMES_HOME": str(home)}
        self.process = subprocess.Popen(
            [sys.executable, "-c", self.PROGRAM, *SERVER, "--unix-socket", str(path)],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.server = int(self.process.stdout.readline())

    def is_served(self) -> bool:
        try:
            os.kill(self.server, 0)
        except ProcessLookupError:
            return False
        state = Path(f"/proc/{self.server}/stat").read_text().rpartition(")")[2].split()[0]
        return state != "Z"

    def close(self) -> None:
        for end in (lambda: os.kill(self.server, signal.SIGKILL), self.process.kill):
            try:
                end()
            except ProcessLookupError:
                continue
        self.process.communicate()


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("s")
    directory.chmod(0o700)
    return directory


@pytest.fixture(scope="module")
def jupyter(private: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path, Jupyter]]:
    """The socket, the default home, and what started the server."""
    home = tmp_path_factory.mktemp("home")
    path = private / "socket"
    # Of a server that was killed.
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))
    jupyter = Jupyter(path, home)
    try:
        until(lambda: healthy(path), "served")
        yield path, home, jupyter
    finally:
        jupyter.close()


def healthy(path: Path) -> bool:
    try:
        return ask(Unix(path), "/healthz")[0] == 200
    except OSError:
        return False


Socket = tuple[Path, Path, Jupyter]


def test_only_its_user_reaches_the_socket(jupyter: Socket) -> None:
    assert jupyter[0].lstat().st_mode & 0o777 == 0o600


def test_behind_jupyter_any_name_is_served_without_a_token_and_the_default_home_is_open(
    jupyter: Socket,
) -> None:
    path, home, _ = jupyter

    def homes() -> list[str]:
        status, _, content = ask(
            Unix(path), "/api/homes", {"Host": "hub.example", "Sec-Fetch-Site": "same-origin"}
        )
        assert status == 200
        return [entry["path"] for entry in json.loads(content)["homes"]]

    until(lambda: str(home) in homes(), "the default home is open")
    options: Any = {"subprotocols": ["hermes-hud.v1"], "origin": "https://hub.example"}
    with unix_connect(str(path), "ws://hub.example/ws", **options) as opened:
        assert opened.subprotocol == "hermes-hud.v1"
        hello = json.loads(opened.recv(timeout=WAIT_S))
        assert [panel["name"] for panel in hello["panels"]] == [panel.name for panel in BUILT_IN]
    with unix_connect(str(path), "ws://hub.example/ws") as opened:
        assert opened.subprotocol is None
        assert json.loads(opened.recv(timeout=WAIT_S))["type"] == "hello"


def test_a_page_of_another_site_is_refused_behind_jupyter_too(jupyter: Socket) -> None:
    assert ask(Unix(jupyter[0]), "/api/homes", {"Sec-Fetch-Site": "cross-site"})[0] == 403


def test_behind_jupyter_a_page_names_the_home_it_wants(jupyter: Socket, tmp_path: Path) -> None:
    path, home, _ = jupyter
    other = tmp_path / "other"
    (other / "profiles" / "coder").mkdir(parents=True)
    with (
        unix_connect(str(path), "ws://localhost/ws") as opened,
        unix_connect(str(path), "ws://localhost/ws") as another,
    ):

        def asked(**named: Any) -> Any:
            opened.send(json.dumps({"type": "home", "id": 3, **named}))
            while True:
                frame = json.loads(opened.recv(timeout=WAIT_S))
                if frame.get("id") == 3:
                    return frame

        default = asked()
        assert (default["type"], default["home"]) == ("home", asked(path=str(home))["home"])
        coder = asked(path=str(other), profile="coder")
        assert coder["type"] == "home"
        for _ in range(10):
            hello = json.loads(another.recv(timeout=WAIT_S))
            if hello["type"] == "hello" and coder["home"] in {each["id"] for each in hello["homes"]}:
                break
        else:
            pytest.fail("the new home was not in any hello that followed")
        for wrong, says in (
            ({"path": str(other), "profile": "nope"}, "There are: default, coder"),
            ({"path": str(path)}, "is a file"),
            ({"path": "a\0b"}, "NUL"),
            ({"path": " "}, "names nothing"),
        ):
            refused = asked(**wrong)
            assert (refused["type"], refused["code"]) == ("error", "bad-home")
            assert says in refused["message"]


def test_behind_jupyter_there_is_no_page(jupyter: Socket) -> None:
    assert ask(Unix(jupyter[0]), "/")[0] == 404
    assert ask(Unix(jupyter[0]), "/static/widget.js")[0] == 404


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_it_ends_with_jupyter_however_that_ends(private: Path, home: Path, end: signal.Signals) -> None:
    path = private / end.name
    jupyter = Jupyter(path, home)
    try:
        until(lambda: healthy(path), "served")
        jupyter.process.send_signal(end)
        until(lambda: not jupyter.is_served(), "ended")
        assert not path.exists()
    finally:
        jupyter.close()


def test_a_directory_that_others_may_enter_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    done = subprocess.run(
        [*SERVER, "--unix-socket", str(tmp_path / "socket")], capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 2
    assert "must be this user's own and of mode 0700" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "socket").exists()


def test_only_a_directory_of_its_own_is_private(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir(0o700)
    check_private(mine)
    (tmp_path / "link").symlink_to(mine)
    with pytest.raises(NotADirectoryError):
        check_private(tmp_path / "link")


def test_what_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    (tmp_path / "socket").write_text("a file")
    done = subprocess.run(
        [*SERVER, "--unix-socket", str(tmp_path / "socket")], capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 2
    assert "is not a socket" in done.stderr
    assert (tmp_path / "socket").read_text() == "a file"
