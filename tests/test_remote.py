"""A server that somebody else started: `HUD(url=…)` and `Home(url=…)` through a relay that can be cut like a tunnel."""

from __future__ import annotations

import gc
import json
import socket
import ssl
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pandas as pd
import psutil
import pytest
from IPython.core.ultratb import VerboseTB

from browser.relay import Relay as Tunnel
from hermes_hud_widget import HUD, Home
from hermes_hud_widget.client import link, remote
from hermes_hud_widget.client.callbacks import register
from hermes_hud_widget.client.child import Endpoint
from hermes_hud_widget.client.relay import Relay
from hermes_hud_widget.client.remote import Address, RemotePlace
from hermes_hud_widget.client.rest import opened
from hermes_hud_widget.client.runtime import RemoteRuntime
from hermes_hud_widget.client.secret import Secret
from hermes_hud_widget.errors import ArgumentError, HomeError, HudError, ServerError
from hermes_hud_widget.place import find_place
from support.agent import Agent, MakeAgent
from support.messages import WAIT_S, Messages
from support.served import TOKEN, Served, served

pytestmark = pytest.mark.live


class Far:
    """A server that has one home open, and the way there."""

    def __init__(self, server: Served, tunnel: Tunnel, hermes: Agent) -> None:
        self.server = server
        self.tunnel = tunnel
        self.hermes = hermes
        self.id = server.open(hermes.home)
        self.url = f"http://127.0.0.1:{tunnel.port}/{server.port}"

    def home(self, home: str | Path | None = None, **given: Any) -> Home:
        return Home(home, url=self.url, token=TOKEN, **given)


@pytest.fixture
def far(agent: MakeAgent) -> Iterator[Far]:
    hermes = agent()
    for number in range(3):
        hermes.session(f"s{number}", title=f"Session {number}")
        hermes.message(f"s{number}", "user", "hello")
    hermes.memory(["first"])
    with served() as server, Tunnel() as tunnel:
        yield Far(server, tunnel, hermes)
        HUD.close_all()
        tunnel.restore()
        # What was held back still goes to the server, which must not end in the middle of that.
        wait_until(lambda: not [each for each in threading.enumerate() if "_carry" in each.name], "all said")


@pytest.fixture
def runtime(far: Far) -> Iterator[RemoteRuntime]:
    runtime = RemoteRuntime(Address(far.url, Secret(TOKEN)))
    runtime.use(runtime)
    yield runtime
    runtime.close()


@pytest.fixture
def page(far: Far, runtime: RemoteRuntime) -> Iterator[Messages]:
    """What a page that looks at the memory panel gets over the comm."""
    messages, place = Messages(), runtime.find(None, None)
    relay = Relay(runtime.endpoint, lambda: runtime.open(place), ("memory",), messages.put)
    runtime.on_down(relay, relay.server_is_down)
    relay.displayed()
    look = {"type": "look", "home": place.id, "panels": ["memory"], "queries": {"memory": [{}]}}
    relay.from_model({"type": "attach", "client": "page", "look": look})
    messages.wait_panel("first")
    yield messages
    relay.close()


def wait_until(fact: Callable[[], Any], what: str) -> None:
    deadline = time.monotonic() + WAIT_S
    while not fact():
        assert time.monotonic() < deadline, what
        threading.Event().wait(0.02)


def versions(messages: Messages, start: int = 0) -> list[int]:
    """Of the memory panel, as they were pushed, from the message with that number on."""
    frames = [message.get("frame", {}) for message in messages.all[start:]]
    return [frame["version"] for frame in frames if frame.get("panel") == "memory" and frame["id"] is None]


# -- what is read


def test_frames_are_those_that_are_read_beside_the_agent(far: Far) -> None:
    with far.home() as there, Home(far.hermes.home) as here:
        for name in ("sessions", "messages", "tool_calls", "costs_daily", "memory"):
            pd.testing.assert_frame_equal(there.frame(name), here.frame(name), obj=name)
        assert len(there.frame("messages", text=True, limit=2)) == 2
        assert there.frame("sessions").attrs["timezone"] == here.frame("sessions").attrs["timezone"]


def test_panels_transcripts_and_descriptions_come_from_there(far: Far) -> None:
    with far.home() as home:
        assert home.panel("memory")["home"] == far.id == home.place.id
        assert "hello" in home.export("s1")
        assert "id" in list(home.describe("sessions")["column"])
        with pytest.raises(ArgumentError, match="page"):
            home.panel("sessions", page=-1)


def test_a_long_table_is_kept_and_only_what_is_new_comes(far: Far) -> None:
    with far.home() as home:
        home.frame("messages")
        kept = remote_runtime(home).tables.nbytes
        far.hermes.message("s1", "user", "one more")
        assert kept > 0
        assert len(home.frame("messages")) == 4


def test_nothing_is_started_and_the_server_goes_on_after_the_last_hud(far: Far) -> None:
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    with HUD(url=far.url, token=TOKEN) as hud:
        assert len(hud.frame("sessions")) == 3
        assert {child.pid for child in psutil.Process().children(recursive=True)} == before
    wait_until(lambda: far.tunnel.connections == 0, "every connection ends")
    assert not [thread for thread in threading.enumerate() if thread.name == "hermes-hud-link"]
    with far.home() as home:
        assert len(home.frame("sessions")) == 3


def test_a_plain_script_needs_no_ipython_and_ends_without_a_word(far: Far) -> None:
    program = (
        "import sys\nfrom hermes_hud_widget import Home\n"
        f"home = Home(url={far.url!r})\nprint(len(home.frame('sessions')), 'IPython' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={remote.TOKEN_VARIABLE: TOKEN},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == "3 False\n"
    assert done.stderr == ""


# -- which home


def test_a_home_is_chosen_by_its_path_over_there_or_by_its_profile(far: Far, tmp_path: Path) -> None:
    other = tmp_path / "other"
    (other / "profiles" / "work").mkdir(parents=True)
    work = far.server.open(other, "work")
    with far.home() as home:
        assert home.place.id == far.id
    with far.home(f"{other}/") as home:
        assert (home.place.id, home.place.profile, home.place.root) == (work, "work", other)
        assert home.place.path == other / "profiles" / "work"
    with far.home(profile="work") as home:
        assert home.place.id == work
    with far.home(other, profile="default") as home:
        assert (home.place.path, home.place.profile) == (other, None)
        assert repr(home) == f"Home({str(other)!r}, url={far.url!r})"


def test_a_home_that_is_not_there_is_refused_with_those_that_are(far: Far) -> None:
    with pytest.raises(HomeError, match=f"does not have '/nope' open. There are: '{far.hermes.home}'"):
        far.home("/nope")
    with pytest.raises(HomeError, match=r"No profile named 'nope'\. There are: default"):
        far.home(profile="nope")


def test_a_home_of_the_same_path_on_this_machine_is_another_one(far: Far) -> None:
    with HUD(url=far.url, token=TOKEN) as there, HUD(far.hermes.home) as here:
        assert there.place.id == here.place.id
        assert there.widget is not here.widget
        with HUD(url=far.url + "/", token=TOKEN) as again:
            assert again.widget is there.widget


# -- the token


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"url": "http://127.0.0.1:9119"}, r"needs the server's token.*\$HERMES_HUD_TOKEN.*first line"),
        ({"url": "http://127.0.0.1:9119", "token": " "}, "needs the server's token"),
        ({"url": "http://127.0.0.1:9119", "token": "a b"}, "letters, digits"),
        ({"token": "secret"}, "token= belongs to url="),
        ({"url": "http://127.0.0.1:9119/?token=secret"}, "does not belong in a URL"),
        ({"url": "http://127.0.0.1:9119/#secret"}, "does not belong in a URL"),
        ({"url": "http://me:secret@127.0.0.1:9119"}, "does not belong in a URL"),
        ({"url": "me:secret@127.0.0.1:9119"}, "does not belong in a URL"),
        ({"url": "127.0.0.1:9119"}, "expected one like http://127.0.0.1:9119"),
        ({"url": "ws://127.0.0.1:9119"}, "expected one like http://127.0.0.1:9119"),
        ({"url": "http://[::1"}, "no address"),
        ({"url": 9119}, "url= is a int"),
    ],
)
def test_an_address_that_makes_no_sense_is_refused_and_no_secret_repeated(
    given: dict[str, Any], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(remote.TOKEN_VARIABLE, raising=False)
    for make in (HUD, Home):
        with pytest.raises(ArgumentError, match=says) as raised:
            make(**given)
        assert "secret" not in str(raised.value)


def test_the_token_is_in_no_repr_and_in_no_variable_of_a_traceback(
    far: Far, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(remote.TOKEN_VARIABLE, "sesame-of-the-tests")
    for make in (HUD, Home):
        with pytest.raises(ServerError, match="refused the token") as raised:
            make(url=far.url, token="sesame-of-the-tests")
        frames = [frame for frame, _ in traceback.walk_tb(raised.value.__traceback__)][1:]
        assert len(frames) > 3
        for frame in frames:
            values = [repr(value) for name, value in frame.f_locals.items() if name != "self"]
            assert "sesame" not in str(values), frame
    with HUD(url=far.url, token=TOKEN) as hud, far.home() as home:
        shared = hud._shared
        assert shared is not None
        for thing in (
            hud,
            home,
            home.place,
            hud.place,
            shared.runtime.endpoint(),
            Address(far.url, Secret(TOKEN)),
        ):
            assert TOKEN not in repr(thing)
        assert TOKEN not in json.dumps(shared.model.get_state(), default=str)


SESAME = "sesame-of-the-tests"
MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "a wrong scheme": ({"url": "htp://127.0.0.1:9119"}, "expected one like"),
    "a secret in the address": ({"url": f"http://me:{SESAME}@127.0.0.1:9119"}, "does not belong in a URL"),
    "an address of nonsense": ({"url": f"http://127.0.0.1:{SESAME}"}, "no address"),
    "a token of nonsense": (
        {"url": "http://127.0.0.1:9119", "token": f"{SESAME} {SESAME}"},
        "letters, digits",
    ),
    "no address": ({}, "token= belongs to url="),
    "a refused token": ({"url": "{far}"}, "refused the token"),
    "a server that is away": ({"url": "{away}"}, "does not answer"),
    "a home that is not there": ({"url": "{far}", "token": TOKEN, "home": "/nowhere"}, "does not have"),
    "another mistake": ({"url": "{far}", "token": TOKEN, "profile": "nobody"}, "nobody"),
}


@pytest.mark.parametrize("make", [HUD, Home])
def test_a_traceback_with_variables_shows_no_token_in_any_frame_of_ours(
    far: Far, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "FIRST_ANSWER_S", 0.5)
    monkeypatch.setattr(remote, "PATIENCE_S", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        places = {"{far}": far.url, "{away}": f"http://127.0.0.1:{listener.getsockname()[1]}"}
    for mistake, (changed, says) in MISTAKES.items():
        given = {"token": SESAME} | {name: places.get(value, value) for name, value in changed.items()}
        text = _verbose(make, given, says)
        assert f"{make.__name__}.__init__" in text
        assert "remote.py" in text
        assert SESAME not in text, mistake
        assert TOKEN not in text, mistake


def test_a_call_that_fails_later_shows_no_token_either(far: Far, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "FIRST_ANSWER_S", 0.5)
    monkeypatch.setattr(remote, "PATIENCE_S", 0.1)
    with far.home() as home:
        text = _verbose(home.panel, {"name": "memory", "nothing": 1}, "nothing")
        assert "rest.py" in text
        assert TOKEN not in text
        far.tunnel.cut()

        def fails_before_it_asks() -> bool:
            text = _verbose(home.panel, {"name": "memory"}, "does not answer")
            assert TOKEN not in text
            return "remote.py" in text

        # At first the call itself finds out; once the connection's end is known, nothing is asked any more.
        wait_until(fails_before_it_asks, "the end of the connection is known")


def test_a_call_that_breaks_while_it_is_sent_shows_no_header(far: Far) -> None:
    endpoint = Endpoint(far.url, Secret(SESAME), "id")

    def call() -> None:
        # The connection is broken before the request is on its way: what fails is what knows the headers.
        with opened(endpoint, ("homes",), on_stop=lambda break_off: break_off()):
            raise AssertionError("it was answered")

    text = _verbose(call, {}, "does not answer")
    assert "rest.py" in text
    assert SESAME not in text


def test_after_close_all_nothing_keeps_a_token(far: Far) -> None:
    hud = HUD(url=far.url, token=TOKEN)
    home = Home(url=far.url, token=TOKEN)
    home.close()
    assert _remote_runtimes()
    HUD.close_all()
    # The thread that kept the connection knows it until it has ended.
    wait_until(lambda: not _remote_runtimes(), "all gone")
    assert "closed" in repr(hud)


def _remote_runtimes() -> list[RemoteRuntime]:
    gc.collect()
    return [one for one in gc.get_objects() if type(one) is RemoteRuntime]


def test_an_end_that_cannot_be_told_ends_no_connection_for_good() -> None:
    asked, is_third = 0, threading.Event()

    def find() -> Endpoint:
        nonlocal asked
        asked += 1
        if asked == 3:
            is_third.set()
        raise ServerError("gone")

    def tell(why: ServerError | None) -> None:
        raise RuntimeError("nobody hears")

    connection = link.Link(find, lambda _: None, tell)
    try:
        assert is_third.wait(WAIT_S)
    finally:
        connection.close()


def test_a_setting_of_nonsense_shows_no_other_variable_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(remote.TOKEN_VARIABLE, SESAME)
    for name in ("HERMES_HUD_TRANSPORT", "HERMES_HUD_STATIC"):
        with monkeypatch.context() as wrong:
            wrong.setenv(name, "nonsense")
            text = _verbose(HUD, {"home": str(tmp_path)}, name)
        assert "widget.py" in text
        assert SESAME not in text


def _verbose(call: Any, given: dict[str, Any], says: str) -> str:
    """The traceback as `%xmode Verbose` shows it, from the first frame of ours."""
    try:
        formatter = VerboseTB(theme_name="nocolor")
    except TypeError:  # IPython 8
        formatter = VerboseTB(color_scheme="NoColor")
    with pytest.raises(HudError, match=says) as raised:
        call(**given)
    assert raised.tb is not None
    assert raised.tb.tb_next is not None
    return str(formatter.text(raised.type, raised.value, raised.tb.tb_next))


def test_the_page_learns_no_way_to_the_server_and_no_token(page: Messages) -> None:
    note = page.wait(lambda message: message["type"] == "server")
    assert (note["url"], note["token"], note["transport"]) == (None, None, "comm")
    assert TOKEN not in json.dumps(page.all)


# -- when it is gone


def test_a_server_that_is_gone_is_an_error_that_names_it_until_it_is_back(
    far: Far, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "PATIENCE_S", 0.1)
    with far.home() as home:
        assert len(home.frame("sessions")) == 3
        far.tunnel.cut()
        with pytest.raises(ServerError, match=f"The server at {far.url} does not answer"):
            home.frame("sessions")
        server = remote_runtime(home)._server()
        wait_until(lambda: server._hello is None, "its own connection has ended, too")
        with pytest.raises(ServerError, match="Is the tunnel open"):
            far.home()
        far.hermes.session("s3")
        far.tunnel.restore()
        monkeypatch.setattr(remote, "PATIENCE_S", WAIT_S)
        assert len(home.frame("sessions")) == 4


def test_a_page_is_told_that_the_server_is_gone_and_gets_what_it_missed_once(
    far: Far, page: Messages
) -> None:
    far.hermes.memory(["before"])
    page.wait_panel("before")
    far.tunnel.cut()
    trouble = page.wait(lambda message: message["type"] == "trouble")
    assert trouble["message"] == f"The server at {far.url} does not answer; trying again."
    far.hermes.memory(["missed"])
    far.hermes.memory(["in between"])
    told = len(page.all)
    far.tunnel.restore()
    page.wait_panel("in between")
    types = [message.get("frame", message)["type"] for message in page.all[told:]]
    assert types.index("hello") < types.index("panel")
    far.hermes.memory(["after"])
    page.wait_panel("after")
    came = versions(page, told)
    assert came == sorted(set(came)), "nothing came twice, nor out of order"
    assert min(came) > max(versions(page)[: -len(came)]), "nothing came that was known"
    assert [message["type"] for message in page.all].count("trouble") == 1


def test_a_tunnel_that_went_silent_is_noticed(
    far: Far, page: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "PROBE_TIMEOUT_S", 0.5)
    far.tunnel.cut()
    page.wait(lambda message: message["type"] == "trouble")
    monkeypatch.setattr(link, "FAR_PING_S", 0.2)
    told = len(page.all)
    far.tunnel.restore()
    page.wait(lambda message: message in page.all[told:] and message.get("frame", {}).get("type") == "hello")
    told = len(page.all)
    far.tunnel.hush()
    page.wait(lambda message: message in page.all[told:] and message["type"] == "trouble")
    far.hermes.memory(["said into the silence"])
    far.tunnel.restore()
    page.wait_panel("said into the silence")


def test_a_call_does_not_wait_for_ever_on_a_tunnel_that_went_silent(
    far: Far, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "FAR_PING_S", 0.2)
    monkeypatch.setattr(remote, "PATIENCE_S", 0.1)
    monkeypatch.setattr(remote, "PROBE_TIMEOUT_S", 0.2)
    with far.home() as home:
        far.tunnel.hush()
        with pytest.raises(ServerError, match=f"The server at {far.url} does not answer"):
            home.frame("messages")
        far.tunnel.restore()


def test_a_change_that_nobody_could_tell_is_called_back_when_the_server_answers_again(
    far: Far, runtime: RemoteRuntime
) -> None:
    called = threading.Event()
    register(runtime, runtime.find(None, None), "memory", lambda panel, version: called.set())
    far.tunnel.cut()
    wait_until(lambda: far.tunnel.connections == 0, "the tunnel is cut")
    far.hermes.memory(["meanwhile"])
    assert not called.is_set()
    far.tunnel.restore()
    assert called.wait(WAIT_S)


def test_a_server_that_was_started_again_says_that_the_token_is_refused(agent: MakeAgent) -> None:
    hermes, messages = agent(), Messages()
    hermes.memory(["first"])
    with served() as first:
        first.open(hermes.home)
        runtime = RemoteRuntime(Address(f"http://127.0.0.1:{first.port}", Secret("of-another-start")))
        runtime.use(runtime)
        runtime.on_down(runtime, lambda message: messages.put({"type": message}))
        messages.wait(lambda message: "refused the token" in message["type"])
        with pytest.raises(ServerError, match=f":{first.port} refused the token. .* has a new one"):
            runtime.endpoint()
    runtime.close()


def test_closing_does_not_wait_for_a_server_that_is_gone(far: Far, page: Messages) -> None:
    far.tunnel.cut()
    page.wait(lambda message: message["type"] == "trouble")
    HUD.close_all()
    assert len([thread for thread in threading.enumerate() if thread.name == "hermes-hud-link"]) == 2


# -- who answers


def test_another_protocol_is_refused_in_words(far: Far, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hermes_hud_widget.engine.PROTOCOL", 99)
    monkeypatch.setattr("hermes_hud_widget.engine.__version__", "9.9")
    with pytest.raises(ServerError, match=r"is hermes-hud-widget 9\.9 and speaks protocol 99; .* on both"):
        far.home()


def test_another_version_is_warned_of(far: Far, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hermes_hud_widget.engine.__version__", "0.0.1")
    with pytest.warns(UserWarning, match=r"is hermes-hud-widget 0\.0\.1, this one is"), far.home() as home:
        assert len(home.frame("sessions")) == 3


@contextmanager
def stranger(status: int, body: bytes) -> Iterator[int]:
    """Some other program behind a port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (200, b"<html>a router</html>", "is no `hermes-hud serve`"),
        (200, b"[]", "is no `hermes-hud serve`"),
        (404, b"not found", "refuses: .* answered 404"),
        (302, b"", "refuses: .* answered 302"),
        (403, b'{"detail": "The Host header must name this machine."}', "The Host header must name"),
    ],
)
def test_somebody_else_behind_the_port_is_told_apart(status: int, body: bytes, says: str) -> None:
    with stranger(status, body) as port, pytest.raises(ServerError, match=says):
        Home(url=f"http://127.0.0.1:{port}", token=TOKEN)
    HUD.close_all()


def test_a_port_that_takes_connections_and_says_nothing_is_given_up(
    far: Far, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "PROBE_TIMEOUT_S", 0.1)
    monkeypatch.setattr(remote, "PATIENCE_S", 0.1)
    far.tunnel.hush()
    with pytest.raises(ServerError, match="does not answer: timed out"):
        far.home()
    far.tunnel.restore()


# -- addresses


@pytest.mark.parametrize(
    ("base", "socket", "port"),
    [
        ("http://127.0.0.1:40117", "ws://127.0.0.1:40117/ws", 40117),
        ("https://hud.example.org", "wss://hud.example.org/ws", 443),
        ("https://example.org:8443/hermes", "wss://example.org:8443/hermes/ws", 8443),
        ("http://[::1]", "ws://[::1]/ws", 80),
    ],
)
def test_everything_follows_from_the_base_url(base: str, socket: str, port: int) -> None:
    endpoint = Endpoint(base, Secret("secret"), "id")
    assert (endpoint.socket_url, endpoint.port) == (socket, port)
    assert "secret" not in repr(endpoint)


def test_a_place_of_another_machine_is_never_looked_up_on_this_one(agent: MakeAgent) -> None:
    home = agent().home
    there = RemotePlace(home, home, None, "http://127.0.0.1:9119", "of-there")
    assert there.id == "of-there"
    assert there != find_place(home)
    assert not there.is_demo


CERTIFICATE = [
    *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
    *("-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"),
]


@contextmanager
def https(port: int, folder: Path) -> Iterator[tuple[int, Path]]:
    """A reverse proxy with a certificate of its own; where it listens, and the certificate."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        [*CERTIFICATE, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    class Encrypted(Tunnel):
        def _carry(self, near: Any) -> None:
            try:
                near = context.wrap_socket(near, server_side=True)
            except OSError:  # it does not trust the certificate
                near.close()
                return
            super()._carry(near)

    with Encrypted() as tunnel:
        yield tunnel.port, certificate


def test_https_is_spoken_to_whom_the_system_trusts_and_to_nobody_else(
    far: Far, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "PATIENCE_S", 0.1)
    with https(far.server.port, tmp_path) as (port, certificate):
        url = f"https://127.0.0.1:{port}/{far.server.port}"
        with pytest.raises(ServerError, match="certificate verify failed"):
            Home(url=url, token=TOKEN)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        with Home(url=url, token=TOKEN) as home:
            assert len(home.frame("sessions")) == 3
            assert home.panel("memory")["status"] == "ok"


def remote_runtime(home: Home) -> RemoteRuntime:
    runtime = home._access._runtime  # type: ignore[union-attr]
    assert isinstance(runtime, RemoteRuntime)
    return runtime
