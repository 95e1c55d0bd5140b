"""The kernel's side, with a real server process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from hermes_hud_widget.client import relay as relays
from hermes_hud_widget.client.callbacks import register
from hermes_hud_widget.client.child import Endpoint, ServerChild
from hermes_hud_widget.client.link import Link
from hermes_hud_widget.client.relay import Relay
from hermes_hud_widget.client.rest import get
from hermes_hud_widget.client.runtime import Runtime
from hermes_hud_widget.errors import ArgumentError, HomeError, ServerError, UnknownNameError
from hermes_hud_widget.place import find_place
from hermes_hud_widget.protocol import SUBPROTOCOL
from support.agent import MakeAgent
from support.messages import WAIT_S, Messages

pytestmark = pytest.mark.live


@pytest.fixture
def runtime() -> Iterator[Runtime]:
    runtime = Runtime()
    runtime.use(runtime)
    yield runtime
    runtime.close()


@pytest.fixture
def relay(runtime: Runtime, agent: MakeAgent) -> Iterator[tuple[Relay, Messages, Any]]:
    hermes = agent()
    hermes.memory(["first"])
    messages = Messages()
    place = find_place(hermes.home)
    relay = Relay(
        runtime.endpoint, lambda: runtime.open(place), ("memory", "sessions", "skills"), messages.put
    )
    yield relay, messages, hermes
    relay.close()


def test_the_server_ends_when_its_stdin_closes(agent: MakeAgent) -> None:
    ended = threading.Event()
    child = ServerChild(lambda _: ended.set())
    process = psutil.Process(child.pid)
    child.endpoint()
    child.close()
    assert not process.is_running()
    assert not ended.is_set()


def test_killing_the_parent_ends_the_server() -> None:
    program = """
import sys, time
from hermes_hud_widget.client.callbacks import register
from hermes_hud_widget.client.child import ServerChild
child = ServerChild(lambda child: None)
child.endpoint()
print(child.pid, flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        server = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
        server.wait(2)


def test_a_forked_child_does_not_keep_the_server_alive() -> None:
    program = """
import os, sys, time
from hermes_hud_widget.client.callbacks import register
from hermes_hud_widget.client.child import ServerChild
child = ServerChild(lambda child: None)
child.endpoint()
if os.fork() == 0:
    time.sleep(60)
print(child.pid, flush=True)
time.sleep(60)
"""
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", program], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        server = psutil.Process(int(parent.stdout.readline()))
        forked = [child for child in psutil.Process(parent.pid).children() if child.pid != server.pid]
        parent.kill()
        try:
            server.wait(2)
        finally:
            for child in forked:
                child.kill()


def test_an_interrupt_of_the_process_group_leaves_the_server_alive(runtime: Runtime) -> None:
    runtime.endpoint()
    server = psutil.Process(runtime._server().pid)
    assert os.getpgid(server.pid) != os.getpgid(0)


def test_a_server_that_cannot_start_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "uvicorn.py").write_text("raise ImportError('a broken uvicorn')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    child = ServerChild(lambda _: None)
    with pytest.raises(ServerError, match="a broken uvicorn"):
        child.endpoint()
    child.close()


def test_a_line_of_somebody_else_at_the_server_s_stdout_goes_to_its_log(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # Past Python, as a library in C writes it; and JSON, though nothing that a server says.
    (tmp_path / "sitecustomize.py").write_text("import os; os.write(1, b'5\\n')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    child = ServerChild(lambda _: None)
    assert child.endpoint().port > 0
    assert "5" in child.log
    child.close()


def test_a_module_in_the_working_directory_does_not_shadow_the_server_s(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "json.py").write_text("raise ImportError('of the notebook')")
    monkeypatch.chdir(tmp_path)
    child = ServerChild(lambda _: None)
    assert child.endpoint().port > 0
    child.close()


def test_a_home_is_opened_once_and_one_that_went_bad_says_so(
    runtime: Runtime, agent: MakeAgent, tmp_path: Path
) -> None:
    place = find_place(agent().home)
    assert runtime.open(place) == runtime.open(place) == place.id
    bad = find_place(tmp_path / "later")
    (tmp_path / "later").write_text("")
    home = runtime.open(bad)
    snapshot = json.loads(get(runtime.endpoint(), ("homes", home, "panels", "memory")))
    assert snapshot["status"] == "unavailable"
    assert "is a file" in snapshot["error"]["message"]
    with pytest.raises(HomeError, match="is a file"):
        get(runtime.endpoint(), ("homes", home, "frames", "memory"))


def test_refusals_come_as_the_errors_they_are(runtime: Runtime, agent: MakeAgent) -> None:
    home = runtime.open(find_place(agent().home))
    with pytest.raises(UnknownNameError, match=r"There are: agents, .*memory, .*sessions"):
        get(runtime.endpoint(), ("homes", home, "panels", "nope"))
    with pytest.raises(ArgumentError, match="'page'"):
        get(runtime.endpoint(), ("homes", home, "panels", "sessions"), {"page": -1})


def test_a_proxy_of_the_environment_is_not_asked(
    runtime: Runtime, agent: MakeAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ws_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    home = runtime.open(find_place(agent().home))
    assert get(runtime.endpoint(), ("homes", home, "panels", "memory"))


def test_a_killed_server_is_started_again_and_answers(runtime: Runtime, agent: MakeAgent) -> None:
    place = find_place(agent().home)
    runtime.open(place)
    down = threading.Event()
    runtime.on_down("test", lambda message: down.set())
    before = runtime.endpoint()
    os.kill(runtime._server().pid, signal.SIGKILL)
    assert down.wait(WAIT_S)
    deadline = time.monotonic() + WAIT_S
    while runtime.endpoint() == before:
        assert time.monotonic() < deadline
    home = runtime.open(place)
    assert get(runtime.endpoint(), ("homes", home, "panels", "memory"))


def test_the_greeting_comes_unasked_with_everything_for_a_first_paint(
    relay: tuple[Relay, Messages, Any],
) -> None:
    one, messages, _ = relay
    one.displayed()
    note = messages.wait(lambda message: message["type"] == "server")
    assert note["url"].startswith("ws://127.0.0.1:")
    messages.wait_panel("first")
    types = [message.get("frame", message)["type"] for message in messages.all]
    assert types.index("server") < types.index("hello") < types.index("panel")
    for module in ("core/parts", "views/memory"):
        messages.wait(lambda message, module=module: message.get("frame", {}).get("name") == module)


def test_all_panels_that_are_seen_at_once_come_with_the_greeting(runtime: Runtime, agent: MakeAgent) -> None:
    hermes = agent()
    hermes.memory(["first"])
    hermes.session("s1", title="a grid of two")
    messages, place = Messages(), find_place(hermes.home)
    panels = ("memory", "sessions", "cron")
    relay = Relay(runtime.endpoint, lambda: runtime.open(place), panels, messages.put, first=2)
    relay.displayed()
    try:
        messages.wait_panel("first")
        messages.wait_panel("a grid of two")
        for module in ("views/memory", "views/sessions"):
            messages.wait(lambda message, module=module: message.get("frame", {}).get("name") == module)
    finally:
        relay.close()


def test_the_greeting_is_repeated_until_the_page_answers(
    runtime: Runtime, relay: tuple[Relay, Messages, Any]
) -> None:
    one, messages, _ = relay
    runtime.endpoint()  # a server that takes long to start misses the first repetitions
    one.displayed()
    messages.wait_panel("first")
    messages.wait(lambda _: sum(message["type"] == "server" for message in messages.all) >= 3)
    one.from_model({"type": "ack", "client": "page", "transport": "direct"})
    count = sum(message["type"] == "server" for message in messages.all)
    assert one._greeter is not None
    one._greeter.join(timeout=WAIT_S)
    assert sum(message["type"] == "server" for message in messages.all) <= count + 1


def test_changes_are_pushed_until_the_page_has_a_socket_and_again_when_it_lost_it(
    relay: tuple[Relay, Messages, Any],
) -> None:
    one, messages, hermes = relay
    one.displayed()
    messages.wait_panel("first")
    hermes.memory(["second"])
    messages.wait_panel("second")
    one.from_model({"type": "ack", "client": "page", "transport": "direct"})
    assert one.transport == "direct"
    hermes.memory(["third"])
    look = {
        "type": "look",
        "home": find_place(hermes.home).id,
        "panels": ["memory"],
        "queries": {"memory": [{}]},
    }
    one.from_model({"type": "attach", "client": "page", "look": look})
    messages.wait_panel("third")
    assert one.transport == "comm"


def test_a_page_without_a_socket_gets_the_panels_beside_the_one_shown_unasked_and_no_others(
    relay: tuple[Relay, Messages, Any],
) -> None:
    one, messages, hermes = relay
    one.displayed()
    messages.wait_panel("first")
    one.from_model({"type": "ack", "client": "page", "transport": "comm"})
    for module in ("core/tools", "views/skills"):
        messages.wait(lambda message, module=module: message.get("frame", {}).get("name") == module)
    messages.wait(lambda message: message.get("frame", {}).get("panel") == "skills")
    hermes.memory(["still pushed"])
    messages.wait_panel("still pushed")
    assert not [message for message in messages.all if message.get("frame", {}).get("panel") == "sessions"]


def test_panels_beside_the_one_shown_also_come_when_the_server_takes_its_time(
    runtime: Runtime, agent: MakeAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relays, "REPEAT_GREETING_S", ())
    monkeypatch.setattr(relays, "PREFETCH_AFTER_S", 0.0)
    hermes, messages, is_ready = agent(), Messages(), threading.Event()
    hermes.memory(["first"])
    place = find_place(hermes.home)

    def find() -> Endpoint:
        assert is_ready.wait(WAIT_S)
        return runtime.endpoint()

    relay = Relay(find, lambda: runtime.open(place), ("memory", "sessions", "skills"), messages.put)
    relay.displayed()
    try:
        assert relay._greeter is not None
        relay._greeter.join(timeout=WAIT_S)
        is_ready.set()
        messages.wait(lambda message: message.get("frame", {}).get("panel") == "skills")
        messages.wait_panel("first")
        panels = {
            message["frame"]["panel"] for message in messages.all if "panel" in message.get("frame", {})
        }
        assert panels == {"memory", "skills"}
    finally:
        relay.close()


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What links send."""
    sent: list[dict[str, Any]] = []
    send = Link.send

    def noted(self: Link, frame: dict[str, Any]) -> None:
        sent.append(frame)
        send(self, frame)

    monkeypatch.setattr(Link, "send", noted)
    return sent


def test_another_hello_of_the_same_connection_asks_for_nothing_again(
    relay: tuple[Relay, Messages, Any], sent: list[dict[str, Any]]
) -> None:
    one, messages, _ = relay
    one.displayed()
    hello = messages.wait(lambda message: message.get("frame", {}).get("type") == "hello")["frame"]
    messages.wait_panel("first")
    one.from_model({"type": "attach", "client": "page", "look": None})
    count = len(sent)
    one._from_server({**hello, "version": "another one"})
    assert messages.all[-1]["frame"]["version"] == "another one"
    assert len(sent) == count


def test_a_new_server_is_not_told_of_a_home_at_which_nobody_looks_any_more(
    runtime: Runtime, relay: tuple[Relay, Messages, Any], sent: list[dict[str, Any]], tmp_path: Path
) -> None:
    one, messages, _ = relay
    one.displayed()
    first = messages.wait(lambda message: message["type"] == "server")
    other = runtime.open(find_place(tmp_path / "other"))
    look = {"type": "look", "home": other, "panels": ["memory"], "queries": {"memory": [{}]}}
    one.from_model({"type": "attach", "client": "gone", "look": look})
    messages.wait(lambda message: message.get("frame", {}).get("home") == other)
    for number in range(relays.PAGES_KEPT):
        one.from_model({"type": "attach", "client": f"page {number}", "look": None})
    sent.clear()
    os.kill(runtime._server().pid, signal.SIGKILL)
    messages.wait(lambda message: message["type"] == "server" and message["server_id"] != first["server_id"])
    looks = [frame["home"] for frame in sent if frame["type"] == "look"]
    assert looks == [first["home"]]


def test_a_new_server_is_told_to_the_page(runtime: Runtime, relay: tuple[Relay, Messages, Any]) -> None:
    one, messages, hermes = relay
    one.displayed()
    first = messages.wait(lambda message: message["type"] == "server")
    messages.wait_panel("first")
    os.kill(runtime._server().pid, signal.SIGKILL)
    messages.wait(lambda message: message["type"] == "server" and message["server_id"] != first["server_id"])
    hermes.memory(["after the restart"])
    messages.wait_panel("after the restart")


def test_nonsense_from_the_page_is_ignored(relay: tuple[Relay, Messages, Any]) -> None:
    one, messages, _ = relay
    one.displayed()
    for nonsense in (
        None,
        [],
        {},
        {"type": "nope"},
        {"type": "relay"},
        {"type": "attach", "client": "page", "look": {"type": "look"}},
    ):
        one.from_model(nonsense)
    messages.wait_panel("first")


def test_changes_are_called_back_and_undone(runtime: Runtime, agent: MakeAgent) -> None:
    hermes = agent()
    called: list[tuple[str, int]] = []
    changed = threading.Event()

    def call(panel: str, version: int) -> None:
        called.append((panel, version))
        changed.set()

    undo = register(runtime, find_place(hermes.home), "memory", call)
    deadline = time.monotonic() + WAIT_S
    while not changed.wait(0.2):  # the listener may not be connected yet when the first change comes
        assert time.monotonic() < deadline
        hermes.memory([f"at {time.monotonic()}"])
    undo()
    undo()
    count = len(called)
    hermes.memory(["after the undo"])
    assert not [panel for panel, _ in called if panel != "memory"]
    assert [version for _, version in called] == sorted({version for _, version in called})
    assert len(called) == count


class Calls:
    """What a callback was called with."""

    def __init__(self) -> None:
        self.all: list[tuple[str, int]] = []
        self._called = threading.Condition()
        self.now = 0
        self.most = 0

    def __call__(self, panel: str, version: int) -> None:
        with self._called:
            self.now += 1
            self.most = max(self.most, self.now)
        threading.Event().wait(0.05)
        with self._called:
            self.now -= 1
            self.all.append((panel, version))
            self._called.notify_all()

    def wait(self, count: int) -> None:
        with self._called:
            assert self._called.wait_for(lambda: len(self.all) >= count, WAIT_S), self.all


def test_a_change_right_after_registering_is_called_back(runtime: Runtime, agent: MakeAgent) -> None:
    hermes, calls = agent(), Calls()
    register(runtime, find_place(hermes.home), "memory", calls)
    hermes.memory(["at once"])
    calls.wait(1)


def test_a_restart_of_the_server_ends_no_registration_and_hides_no_change(
    runtime: Runtime, agent: MakeAgent
) -> None:
    hermes, calls = agent(), Calls()
    register(runtime, find_place(hermes.home), "memory", calls)
    os.kill(runtime._server().pid, signal.SIGKILL)
    hermes.memory(["while it was down"])
    calls.wait(1)
    count = len(calls.all)
    hermes.memory(["when it was up again"])
    calls.wait(count + 1)


def test_one_function_never_runs_twice_at_once_however_often_it_is_registered(
    runtime: Runtime, agent: MakeAgent
) -> None:
    hermes, calls = agent(), Calls()
    place = find_place(hermes.home)
    for panel in ("memory", "sessions", "overview"):
        register(runtime, place, panel, calls)
    for number in range(5):
        hermes.memory([f"entry {number}"])
        hermes.session(f"s{number}")
    calls.wait(3)
    assert calls.most == 1


def test_two_callbacks_that_look_alike_are_two(runtime: Runtime, agent: MakeAgent) -> None:
    hermes, one, other = agent(), Calls(), Calls()
    place = find_place(hermes.home)
    for calls in (one, other):
        register(runtime, place, "memory", calls)
    hermes.memory(["for both"])
    one.wait(1)
    other.wait(1)


def test_closing_the_runtime_ends_the_threads_of_all_registrations(
    runtime: Runtime, agent: MakeAgent
) -> None:
    register(runtime, find_place(agent().home), "memory", Calls())
    threads = [thread for thread in threading.enumerate() if thread.name == "hermes-hud-on-change"]
    assert threads
    runtime.close()
    for thread in threads:
        thread.join(WAIT_S)
        assert not thread.is_alive()


def test_a_page_with_a_socket_does_not_silence_one_without(relay: tuple[Relay, Messages, Any]) -> None:
    one, messages, hermes = relay
    home = find_place(hermes.home).id
    one.displayed()
    messages.wait_panel("first")
    look = {"type": "look", "home": home, "panels": ["memory"], "queries": {"memory": [{}]}}
    one.from_model({"type": "attach", "client": "far", "look": look})
    one.from_model({"type": "ack", "client": "near", "transport": "direct"})
    hermes.memory(["for the page far away"])
    messages.wait_panel("for the page far away")


def test_a_dead_server_is_not_introduced(runtime: Runtime, relay: tuple[Relay, Messages, Any]) -> None:
    one, messages, _ = relay
    one.displayed()
    messages.wait_panel("first")
    messages.wait(lambda message: message.get("frame", {}).get("type") == "module")
    one.server_is_down("gone")
    count = len(messages.all)
    one.from_model({"type": "attach", "client": "page", "look": None})
    assert [message["type"] for message in messages.all[count:]] == []


HANGING = """
import time
from hermes_hud_widget.panel import Panel, Payload
from hermes_hud_widget.sources import TextFile

class Nothing(Payload):
    pass

def collect(soul: str | None) -> Nothing:
    time.sleep(3600)

print("a plugin that prints")
PANEL = Panel("hanging", "Hanging", collect, soul=TextFile("SOUL.md"))
"""


def test_a_panel_that_hangs_keeps_no_server_alive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hanging.py").write_text(HANGING)
    metadata = tmp_path / "hanging-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: hanging\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text("[hermes_hud_widget.panels]\nhanging = hanging:PANEL\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    program = """
import sys, threading, time
from hermes_hud_widget.client.runtime import Runtime
from hermes_hud_widget.client.rest import get
from hermes_hud_widget.place import find_place
runtime = Runtime()
runtime.use(runtime)
home = runtime.open(find_place(sys.argv[1]))
ask = lambda: get(runtime.endpoint(), ("homes", home, "panels", "hanging"))
for _ in range(8):
    threading.Thread(target=ask, daemon=True).start()
print(runtime._server().pid, flush=True)
time.sleep(3600)
"""
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        server = psutil.Process(int(next(line for line in parent.stdout if line.strip().isdigit())))
        deadline = time.monotonic() + WAIT_S
        while len(server.net_connections("tcp")) < 3 and time.monotonic() < deadline:
            pass
        parent.kill()
        server.wait(2)


def test_pages_of_an_origin_come_in_once_the_kernel_has_let_them_in(runtime: Runtime) -> None:
    endpoint, origin = runtime.endpoint(), "https://hub.example.org"

    def dial() -> None:
        offered = [Subprotocol(SUBPROTOCOL), Subprotocol(endpoint.token)]
        with connect(endpoint.socket_url, origin=Origin(origin), subprotocols=offered, proxy=None) as page:
            assert json.loads(page.recv(timeout=WAIT_S))["type"] == "hello"

    with pytest.raises(InvalidStatus):
        dial()
    runtime.allow(origin)
    dial()
    with pytest.raises(ServerError, match="expected one like https://"):
        runtime.allow("https://hub.example.org/path")
