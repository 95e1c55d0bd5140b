"""The relay of a widget model with a real server: what it sends, to whom, and when it stops."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hermes_hud_widget.client import relay as relays
from hermes_hud_widget.client.busy import Busy
from hermes_hud_widget.client.child import Endpoint
from hermes_hud_widget.client.relay import NO_PAGE, NO_SIDE_BAR, Relay, is_far_origin
from hermes_hud_widget.client.secret import Secret
from hermes_hud_widget.client.ways import Ways, ways_of
from hermes_hud_widget.errors import ArgumentError, ServerError
from hermes_hud_widget.place import find_place
from support.served import TOKEN, WAIT_S, Served

HUB = "https://hub.example.org"


class Cell(Busy):
    """Whether a cell runs, as the test says."""

    def __init__(self) -> None:
        super().__init__()
        self.runs = False

    def idle_s(self) -> float:
        return 0.0 if self.runs else 3600.0


class Stage(Relay):
    """A relay between a real server and a page that the test plays."""

    def __init__(self, server: Served, home: Path, **more: Any) -> None:
        self.id = find_place(home).id
        self.home = home
        self.cell = Cell()
        self.sent: list[dict[str, Any]] = []
        self.heard: list[dict[str, Any]] = []
        self.log: list[str] = []
        self._happened = threading.Condition()
        (home / "memories").mkdir(exist_ok=True)
        self.remember("first")
        super().__init__(
            lambda: server.endpoint,
            lambda: server.open(home),
            ("memory", "sessions"),
            lambda message: self._note_down(self.sent, message),
            allow=self._say_allowed,
            busy=self.cell,
            **more,
        )

    def _say_allowed(self, origin: str) -> None:
        with self._happened:
            self.log.append(f"allow {origin}")

    def remember(self, text: str) -> None:
        (self.home / "memories" / "MEMORY.md").write_text(text)

    def page(self, client: str, **message: Any) -> None:
        self.from_model({"client": client, **message})

    def look(self, *panels: str) -> dict[str, Any]:
        queries = {panel: [{}] for panel in panels}
        return {"type": "look", "home": self.id, "panels": list(panels), "queries": queries}

    def wait(self, fact: Callable[[], Any]) -> Any:
        with self._happened:
            assert self._happened.wait_for(fact, WAIT_S), [_kind(message) for message in self.sent]
            return fact()

    def notes(self) -> list[dict[str, Any]]:
        return [message for message in self.sent if message["type"] == "server"]

    def pushed(self, text: str) -> list[dict[str, Any]]:
        """The snapshots of the memory panel with this text that were relayed."""
        return [one for one in self.sent if _kind(one) == "panel" and f"'text': '{text}'" in str(one)]

    def change(self, text: str) -> None:
        """A change that the relay has heard of, and dealt with, when this returns."""
        count = len(self.heard)
        self.remember(text)
        self.wait(
            lambda: [
                frame
                for frame in self.heard[count:]
                if frame["type"] == "versions" and "memory" in frame["versions"].get(self.id, {})
            ]
        )

    def _from_server(self, frame: dict[str, Any]) -> None:
        super()._from_server(frame)
        self._note_down(self.heard, frame)

    def _note_down(self, where: list[dict[str, Any]], message: dict[str, Any]) -> None:
        with self._happened:
            where.append(message)
            if message["type"] == "server":
                self.log.append("note")
            self._happened.notify_all()


def _kind(message: dict[str, Any]) -> str:
    return str(message.get("frame", message)["type"])


@pytest.fixture
def stages(server: Served, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Stage]]:
    """Makes a relay of a home."""
    monkeypatch.setattr(relays, "PREFETCH_AFTER_S", 0.0)
    made: list[Stage] = []

    def make(**more: Any) -> Stage:
        made.append(Stage(server, home, **more))
        return made[-1]

    yield make
    for one in made:
        one.close()


def _on_show(stage: Stage) -> None:
    """A page without a socket looks at the memory panel, and all that is sent at the beginning was."""
    stage.displayed()
    stage.wait(lambda: stage.pushed("first"))
    stage.page("a", type="attach", look=stage.look("memory"))
    stage.page("a", type="ack", transport="comm")
    assert stage._greeter is not None
    stage._greeter.join(WAIT_S)
    stage.wait(lambda: any(_kind(one) == "module" and one["name"] == "core/tools" for one in stage.heard))
    stage.change("on show")
    stage.wait(lambda: stage.pushed("on show"))


# -- who looks


def test_a_page_that_shows_nothing_gets_nothing_unasked_and_all_at_once_when_it_shows_something(
    stages: Callable[..., Stage],
) -> None:
    stage = stages()
    _on_show(stage)
    stage.page("a", type="relay", frame=stage.look())
    count = len(stage.sent)
    for number in range(5):
        stage.change(f"unseen {number}")
    assert stage.sent[count:] == []
    stage.page("a", type="relay", frame=stage.look("memory"))
    stage.wait(lambda: stage.pushed("unseen 4"))


def test_a_page_hears_of_no_panel_at_which_it_does_not_look(stages: Callable[..., Stage]) -> None:
    stage = stages()
    _on_show(stage)
    stage.page("a", type="relay", frame=stage.look("skills"))
    stage.wait(lambda: any(_kind(one) == "panel" and one["frame"]["panel"] == "skills" for one in stage.sent))
    count = len(stage.sent)
    stage.change("of the memory only")
    told = [one["frame"] for one in stage.sent[count:] if _kind(one) == "versions"]
    assert all(list(frame["versions"][stage.id]) == ["skills"] for frame in told)
    assert not stage.pushed("of the memory only")


def test_what_a_page_asks_for_is_answered_also_while_it_shows_nothing(stages: Callable[..., Stage]) -> None:
    stage = stages()
    _on_show(stage)
    stage.page("a", type="relay", frame=stage.look())
    asked = {"type": "get", "id": 77, "home": stage.id, "panel": "memory", "query": {}}
    stage.page("a", type="relay", frame=asked)
    stage.wait(lambda: [one for one in stage.pushed("on show") if one["frame"]["id"] == 77])


def test_a_page_with_a_socket_gets_nothing_by_this_way(stages: Callable[..., Stage]) -> None:
    stage = stages()
    _on_show(stage)
    stage.page("a", type="ack", transport="proxied", host="jupyterlab")
    count = len(stage.sent)
    stage.change("by its socket")
    assert stage.sent[count:] == []
    assert stage.transport == "proxied"


def test_the_transport_is_that_of_the_page_heard_last(stages: Callable[..., Stage]) -> None:
    stage = stages()
    assert stage.transport == "none"
    stage.page("a", type="ack", transport="direct")
    assert stage.transport == "direct"
    stage.page("b", type="attach", look=None)
    assert stage.transport == "comm"
    stage.page("a", type="ack", transport="direct")
    assert stage.transport == "direct"
    assert [page.client for page in stage.pages] == ["b", "a"]


def test_what_a_page_tried_is_kept(stages: Callable[..., Stage]) -> None:
    stage = stages()
    tried = [{"way": "direct", "outcome": "not-local"}, {"way": "proxied", "outcome": "no-proxy"}]
    stage.page("a", type="ack", transport="comm", host="jupyterlab", tried=tried)
    [page] = stage.pages
    assert page.host == "jupyterlab"
    assert [each.model_dump() for each in page.tried] == tried


# -- who is still there


def test_nothing_is_sent_any_more_when_nobody_ever_answered(stages: Callable[..., Stage]) -> None:
    stage = stages()
    stage.cell.runs = True
    stage.displayed()
    stage.wait(lambda: stage.pushed("first"))
    stage.change("an answer may wait for the cell")
    stage.wait(lambda: stage.pushed("an answer may wait for the cell"))
    stage._acknowledged.set()  # the greeting is not repeated any more
    stage._greeter.join(WAIT_S)  # type: ignore[union-attr]
    stage._displayed_at -= relays.PATIENCE_S
    stage.cell.runs = False
    stage.change("with this it gives up")
    count = len(stage.sent)
    for number in range(5):
        stage.change(f"to nobody {number}")
    assert stage.sent[count:] == []
    stage.page("late", type="attach", look=stage.look("memory"))
    stage.wait(lambda: stage.pushed("to nobody 4"))


def test_a_page_that_was_silent_for_long_is_asked_and_forgotten_when_it_does_not_answer(
    stages: Callable[..., Stage],
) -> None:
    stage = stages()
    _on_show(stage)
    [page] = stage.pages
    page.heard_at -= relays.ASK_AFTER_S
    count = len(stage.sent)
    stage.change("it is asked")
    stage.wait(lambda: any(_kind(one) == "hello" for one in stage.sent[count:]))
    assert page.asked_at is not None
    page.asked_at -= relays.PATIENCE_S

    stage.cell.runs = True
    stage.change("its answer may wait for the cell")
    stage.wait(lambda: stage.pushed("its answer may wait for the cell"))
    assert not page.is_lost

    stage.cell.runs = False
    stage.change("with this it is forgotten")
    count = len(stage.sent)
    stage.change("to nobody")
    assert stage.sent[count:] == []
    assert page.is_lost

    stage.page("a", type="ack", transport="comm")  # it only slept
    stage.wait(lambda: stage.pushed("to nobody"))
    stage.change("as before")
    stage.wait(lambda: stage.pushed("as before"))


def test_a_page_that_answers_is_fed_on(stages: Callable[..., Stage]) -> None:
    stage = stages()
    _on_show(stage)
    [page] = stage.pages
    page.heard_at -= relays.ASK_AFTER_S
    stage.change("it is asked")
    stage.wait(lambda: page.asked_at is not None)
    stage.page("a", type="ack", transport="comm")
    assert page.asked_at is None
    stage.change("still there")
    stage.wait(lambda: stage.pushed("still there"))


# -- the note


def test_the_server_is_asked_to_let_a_far_page_in_and_the_page_is_told(stages: Callable[..., Stage]) -> None:
    stage = stages()
    stage.displayed()
    stage.wait(stage.notes)
    stage.page("a", type="attach", look=None, origin=HUB)
    note = stage.wait(lambda: [note for note in stage.notes() if note["origins"]])[0]
    assert note["origins"] == [HUB]
    assert stage.log.index(f"allow {HUB}") < len(stage.log) - stage.log[::-1].index("note")


def test_a_new_server_lets_the_pages_in_before_they_are_told_where_it_is(
    stages: Callable[..., Stage],
) -> None:
    stage = stages()
    stage.displayed()
    stage.page("a", type="attach", look=None, origin=HUB)
    stage.wait(lambda: [note for note in stage.notes() if note["origins"]])
    stage.log.clear()
    stage.server_is_down("gone")
    count = len(stage.notes())
    assert stage._link is not None
    stage._link.again()
    assert stage.wait(lambda: stage.notes()[count:])[0]["origins"] == [HUB]
    assert stage.log.index(f"allow {HUB}") < stage.log.index("note")


def test_a_page_that_the_server_refuses_is_not_told_that_it_is_let_in(
    server: Served, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    refused = threading.Event()

    def refuse(origin: str) -> None:
        refused.set()
        raise ServerError("that is none")

    sent: list[dict[str, Any]] = []
    relay = Relay(lambda: server.endpoint, lambda: server.open(home), ("memory",), sent.append, allow=refuse)
    relay.from_model({"type": "attach", "client": "a", "look": None, "origin": HUB})
    assert refused.wait(WAIT_S)
    [thread] = [each for each in threading.enumerate() if each.name == "hermes-hud-origin"] or [None]
    if thread is not None:
        thread.join(WAIT_S)
    assert relay._allowed == []
    relay.close()
    assert "not let in" in caplog.text


def test_pages_of_this_machine_and_nonsense_are_not_let_in_anew(stages: Callable[..., Stage]) -> None:
    stage = stages()
    stage.displayed()
    stage.wait(stage.notes)
    for origin in ("http://localhost:8888", "http://127.0.0.1", "null", "https://hub/path", HUB + "\r\nX: y"):
        stage.page("a", type="attach", look=None, origin=origin)
    stage.page("a", type="attach", look=None, origin=HUB)
    stage.wait(lambda: stage.notes()[-1]["origins"])
    assert stage._allowed == [HUB]
    assert [line for line in stage.log if line.startswith("allow")] == [f"allow {HUB}"]


def test_only_the_origins_that_came_last_are_kept(stages: Callable[..., Stage]) -> None:
    stage = stages()
    stage.displayed()
    stage.wait(stage.notes)
    origins = [f"vscode-webview://{number}" for number in range(relays.ORIGINS_KEPT + 3)]
    for origin in origins:
        stage.page("a", type="attach", look=None, origin=origin)
        stage.wait(lambda origin=origin: origin in stage.notes()[-1]["origins"])  # type: ignore[misc]
    assert stage._allowed == stage._origins == origins[-relays.ORIGINS_KEPT :]


@pytest.mark.parametrize(
    ("origin", "is_far"),
    [
        (HUB, True),
        (HUB + ":8443", True),
        ("vscode-webview://0a1b-2c3d", True),
        ("http://[2001:db8::1]:8888", True),
        ("http://192.168.1.5:8888", True),
        ("http://127.8.8.8:8888", False),
        ("http://[::1]:8888", False),
        ("http://localhost", False),
        (HUB + "/", False),
        (HUB + "?token=x", False),
        ("https://user:word@hub.example.org", False),
        ("ftp://hub.example.org", False),
        ("file://", False),
        ("https://", False),
        ("https://" + "a" * 400, False),
        (HUB + "\n", False),
    ],
)
def test_only_what_a_browser_calls_an_origin_is_one(origin: str, is_far: bool) -> None:
    assert is_far_origin(origin) is is_far


def test_over_the_comm_alone_no_token_leaves_the_kernel(stages: Callable[..., Stage]) -> None:
    stage = stages(ways=Ways("comm"))
    stage.displayed()
    stage.page("a", type="attach", look=stage.look("memory"), origin=HUB)
    stage.wait(lambda: stage.pushed("first"))
    note = stage.notes()[-1]
    assert (note["url"], note["token"], note["transport"]) == (None, None, "comm")
    assert note["server_id"]
    assert TOKEN not in str(stage.sent)
    assert not [line for line in stage.log if line.startswith("allow")]


def test_a_page_is_told_where_the_admins_proxy_is(stages: Callable[..., Stage], server: Served) -> None:
    stage = stages(ways=Ways("proxy", "/user/me/proxy/%PORT%"))
    stage.displayed()
    note = stage.wait(stage.notes)[0]
    assert note["proxy_url"] == f"/user/me/proxy/{server.port}/"
    assert note["transport"] == "proxy"
    assert note["token"] == TOKEN


def test_a_server_elsewhere_is_the_kernels_secret(server: Served, home: Path) -> None:
    sent: list[dict[str, Any]] = []
    far = Endpoint(server.endpoint.base_url, Secret(TOKEN), server.endpoint.server_id, is_local=False)
    relay = Relay(
        lambda: far, lambda: server.open(home), ("memory",), sent.append, ways=Ways("auto", "/p/%PORT%")
    )
    relay._find_and_open()
    relay._greet()
    relay.close()
    note = sent[0]
    assert (note["url"], note["token"], note["proxy_url"]) == (None, None, None)


# -- the side panel


def _asked(stage: Stage) -> tuple[list[str], threading.Event]:
    told: list[str] = []
    done = threading.Event()

    def tell(line: str) -> None:
        told.append(line)
        done.set()

    stage.side_panel(tell)
    stage.wait(lambda: [one for one in stage.sent if one["type"] == "side-panel"])
    return told, done


def test_the_page_is_asked_for_its_side_bar_and_greeted_though_the_hud_was_never_shown(
    stages: Callable[..., Stage],
) -> None:
    stage = stages()
    told, _ = _asked(stage)
    stage.wait(stage.notes)
    stage.page("a", type="side-panel", shown=True)
    _end_of_asking()
    assert told == []


def test_a_page_without_a_side_bar_says_what_it_needs(stages: Callable[..., Stage]) -> None:
    stage = stages()
    told, done = _asked(stage)
    stage.page("a", type="side-panel", shown=False)
    assert done.wait(WAIT_S)
    assert told == [NO_SIDE_BAR]
    assert 'pip install "hermes-hud-widget[lab]"' in told[0]


def test_one_page_of_two_with_a_side_bar_is_enough(stages: Callable[..., Stage]) -> None:
    stage = stages()
    for client in ("a", "b"):
        stage.page(client, type="ack", transport="comm")
    told, _ = _asked(stage)
    stage.page("a", type="side-panel", shown=False)
    stage.page("b", type="side-panel", shown=True)
    _end_of_asking()
    assert told == []


def test_that_no_page_is_there_is_said_when_no_cell_keeps_it_waiting(
    stages: Callable[..., Stage], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relays, "SIDE_BAR_S", 0.01)
    monkeypatch.setattr(relays, "REPEAT_GREETING_S", (0.0, 0.0, 0.0))
    stage = stages()
    stage.cell.runs = True
    told, done = _asked(stage)
    stage.wait(lambda: len([one for one in stage.sent if one["type"] == "side-panel"]) == 4)
    assert told == []
    stage.cell.runs = False
    assert done.wait(WAIT_S)
    assert told == [NO_PAGE]


def _end_of_asking() -> None:
    deadline = time.monotonic() + WAIT_S
    for thread in threading.enumerate():
        if thread.name == "hermes-hud-side-panel":
            thread.join(deadline - time.monotonic())
            assert not thread.is_alive()


# -- what the environment says


@pytest.mark.parametrize("transport", ["auto", "comm", "direct", "proxy"])
def test_the_ways_can_be_chosen(transport: str) -> None:
    assert ways_of({"HERMES_HUD_TRANSPORT": f" {transport.upper()} "}).transport == transport


def test_an_empty_environment_leaves_the_choice_to_the_page() -> None:
    assert (
        ways_of({})
        == ways_of({"HERMES_HUD_TRANSPORT": "", "HERMES_HUD_PROXY_URL": " "})
        == Ways("auto", None)
    )


def test_an_unknown_way_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(
        ArgumentError, match="HERMES_HUD_TRANSPORT='socket': expected one of auto, comm, direct, proxy"
    ):
        ways_of({"HERMES_HUD_TRANSPORT": "socket"})


@pytest.mark.parametrize(
    ("url", "is_there"),
    [
        ("https://hub.example.org/user/me/proxy/%PORT%", "https://hub.example.org/user/me/proxy/4711/"),
        ("https://%PORT%.code.example.org", "https://4711.code.example.org/"),
        ("/user/me/proxy/%PORT%/", "/user/me/proxy/4711/"),
        ("/hermes-hud/", "/hermes-hud/"),
    ],
)
def test_the_port_takes_its_place_in_the_proxys_url(url: str, is_there: str) -> None:
    assert ways_of({"HERMES_HUD_PROXY_URL": url}).proxy_url_of(4711) == is_there


@pytest.mark.parametrize(
    "url",
    [
        "https://user:canary@hub.example.org/",
        "/proxy/%PORT%/?token=canary",
        "/proxy/%PORT%/#canary",
        "//canary.example.org/",
        "proxy/canary",
        "ftp://canary.example.org/",
        "https://",
        "javascript:canary",
        "/a b/canary",
        "/\\canary.example.org/",
    ],
)
def test_a_proxy_url_that_makes_no_sense_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ArgumentError, match="HERMES_HUD_PROXY_URL") as refused:
        ways_of({"HERMES_HUD_PROXY_URL": url})
    assert "canary" not in str(refused.value)
