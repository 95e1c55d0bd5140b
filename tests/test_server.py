"""The doors: REST and WebSocket of a real server."""

import asyncio
import http.client
import json
import os
import threading
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from websockets.asyncio.client import connect as connect_async
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from hermes_hud_widget.errors import SourceError
from hermes_hud_widget.panel import Panel, Payload, Until
from hermes_hud_widget.panels import BUILT_IN
from hermes_hud_widget.place import Place
from hermes_hud_widget.server.security import is_loopback
from hermes_hud_widget.sources import Attached, Source, TextFile
from support.served import TOKEN, Client, Served, served

PANELS = [panel.name for panel in BUILT_IN]
FRAMES = [frame.name for panel in BUILT_IN for frame in panel.frames]
AUTHORIZED = {"Authorization": f"Bearer {TOKEN}"}
VIEWERS = 100


def request(
    server: Served, path: str, headers: Mapping[str, str] = AUTHORIZED, method: str = "GET"
) -> tuple[int, Mapping[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        connection.putrequest(method, path, skip_host="Host" in headers)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


def body(server: Served, path: str) -> Any:
    status, _, content = request(server, path)
    assert status == 200, content
    return json.loads(content)


@pytest.fixture
def home_id(server: Served, home: Path, agent: Any) -> str:
    with agent(home) as hermes:
        session = hermes.session("s1", title="First words")
        hermes.message(session, "user", "hello")
        hermes.memory(["one", "two"])
    return server.open(home)


ROUTES = [
    "/api/homes",
    "/api/homes/x/panels",
    "/api/homes/x/panels/memory",
    "/api/homes/x/frames/memory",
    "/openapi.json",
]

REFUSED = {
    "no token": ({}, 401),
    "a wrong token": ({"Authorization": "Bearer wrong"}, 401),
    "a token under another scheme": ({"Authorization": f"Basic {TOKEN}"}, 401),
    "a foreign Origin": ({**AUTHORIZED, "Origin": "https://evil.example"}, 403),
    "a page of this machine": ({**AUTHORIZED, "Origin": "http://localhost:8888"}, 403),
    "a foreign Host": ({**AUTHORIZED, "Host": "rebind.evil.example"}, 403),
    "no Host": ({**AUTHORIZED, "Host": ""}, 403),
}


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize(("headers", "status"), REFUSED.values(), ids=REFUSED)
def test_rest_refuses(server: Served, path: str, headers: Mapping[str, str], status: int) -> None:
    assert request(server, path, headers)[0] == status


def test_rest_refuses_a_token_in_the_url(server: Served) -> None:
    for path in (f"/api/homes?token={TOKEN}", f"/api/homes?access_token={TOKEN}"):
        assert request(server, path, {})[0] == 400
        assert request(server, path)[0] == 400


SOCKETS: dict[str, dict[str, Any]] = {
    "no token": {"subprotocols": ["hermes-hud.v1"]},
    "no subprotocol": {},
    "a wrong token": {"subprotocols": ["hermes-hud.v1", "wrong"]},
    "the token first": {"subprotocols": [TOKEN, "hermes-hud.v1"]},
    "the token in a header only": {"subprotocols": ["hermes-hud.v1"], "additional_headers": AUTHORIZED},
    "a foreign Origin": {"subprotocols": ["hermes-hud.v1", TOKEN], "origin": "https://evil.example"},
    "an opaque Origin": {"subprotocols": ["hermes-hud.v1", TOKEN], "origin": "null"},
}


@pytest.mark.parametrize("options", SOCKETS.values(), ids=SOCKETS)
def test_the_socket_refuses(server: Served, options: dict[str, Any]) -> None:
    with pytest.raises(InvalidStatus, match="403"):
        connect(f"ws://127.0.0.1:{server.port}/ws", proxy=None, **options)


def test_the_socket_refuses_a_token_in_the_url(server: Served) -> None:
    with pytest.raises(InvalidStatus, match="403"):
        connect(
            f"ws://127.0.0.1:{server.port}/ws?token={TOKEN}",
            proxy=None,
            subprotocols=["hermes-hud.v1", TOKEN],
        )  # type: ignore[list-item]


def test_the_socket_refuses_a_foreign_host(server: Served) -> None:
    headers = {
        "Host": "rebind.evil.example",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Protocol": f"hermes-hud.v1, {TOKEN}",
    }
    assert request(server, "/ws", headers)[0] == 403


def test_the_socket_admits_a_page_of_this_machine(server: Served) -> None:
    options: Any = {"subprotocols": ["hermes-hud.v1", TOKEN], "origin": "http://localhost:8888"}
    with connect(f"ws://127.0.0.1:{server.port}/ws", proxy=None, **options) as socket:
        assert socket.subprotocol == "hermes-hud.v1"
        assert json.loads(socket.recv(timeout=10))["type"] == "hello"


@pytest.mark.parametrize(
    ("host", "is_ours"),
    [
        ("localhost", True),
        ("localhost:8888", True),
        ("127.0.0.1:1", True),
        ("127.1.2.3", True),
        ("[::1]:8888", True),
        ("localhost.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("evil.example:80", False),
        ("0.0.0.0", False),
        ("", False),
        ("[", False),
        ("user@127.0.0.1:80@evil.example", False),
        ("127.0.0.1:80 *", False),
        ("localhost;script-src *", False),
    ],
)
def test_only_loopback_names_are_ours(host: str, is_ours: bool) -> None:
    assert is_loopback(host) is is_ours


def test_health_needs_no_token_and_tells_nothing(server: Served, home_id: str) -> None:
    status, _, content = request(server, "/healthz", {})
    assert (status, json.loads(content)) == (200, {"status": "ok"})


def test_no_answer_opens_cors(server: Served, home_id: str) -> None:
    for path in ("/healthz", "/api/homes"):
        assert not [name for name in request(server, path)[1] if name.lower().startswith("access-control")]


def test_the_listings_name_homes_panels_and_frames(server: Served, home: Path, home_id: str) -> None:
    homes = body(server, "/api/homes")["homes"]
    assert {"id": home_id, "path": str(home), "profile": None} in homes
    panels = body(server, f"/api/homes/{home_id}/panels")["panels"]
    assert {frozenset(panel) for panel in panels} == {frozenset({"name", "title", "version"})}
    assert [panel["name"] for panel in panels] == PANELS
    frames = {frame["name"] for frame in body(server, f"/api/homes/{home_id}/frames")["frames"]}
    assert frames == set(FRAMES)


def test_a_panel_has_its_envelope_and_an_etag(server: Served, home_id: str) -> None:
    path = f"/api/homes/{home_id}/panels/memory"
    status, headers, content = request(server, path)
    snapshot = json.loads(content)
    assert status == 200
    assert set(snapshot) == {"home", "panel", "version", "status", "error", "progress", "data"}
    etag = headers["ETag"]
    assert etag == f'"{server.engine.server_id}-{snapshot["version"]}"'
    status, _, content = request(server, path, {**AUTHORIZED, "If-None-Match": etag})
    assert (status, content) == (304, b"")


def test_query_parameters_are_those_that_the_panel_declares(server: Served, home_id: str) -> None:
    data = body(server, f"/api/homes/{home_id}/panels/sessions?page_size=1&sort=title&descending=false")[
        "data"
    ]
    assert (data["list"]["page_size"], data["list"]["sort"], data["list"]["descending"]) == (
        1,
        "title",
        False,
    )


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("panels/nope", 404, f"No panel named 'nope'. There are: {', '.join(sorted(PANELS))}."),
        ("frames/nope", 404, f"No frame named 'nope'. There are: {', '.join(sorted(FRAMES))}."),
        ("panels/memory?page=1", 400, "parameter 'page'"),
        ("panels/sessions?page=-1", 400, "parameter 'page'"),
        ("frames/messages?since=yesterdayish", 400, "since='yesterdayish' is not a time"),
        ("frames/messages?columns=nope", 404, "No column of the frame 'messages' named 'nope'"),
        ("frames/memory?session_id=x", 400, "takes no session_id="),
    ],
)
def test_what_cannot_be_answered_is_explained(
    server: Served, home_id: str, path: str, status: int, says: str
) -> None:
    got, _, content = request(server, f"/api/homes/{home_id}/{path}")
    assert got == status
    assert says in json.loads(content)["detail"]


def test_an_unknown_home_is_not_found(server: Served) -> None:
    for path in ("panels", "panels/memory", "frames", "frames/memory"):
        assert request(server, f"/api/homes/nope/{path}")[0] == 404


def test_a_frame_is_an_arrow_stream(server: Served, home_id: str) -> None:
    _, headers, content = request(server, f"/api/homes/{home_id}/frames/memory?columns=text&columns=chars")
    assert headers["Content-Type"] == "application/vnd.apache.arrow.stream"
    assert pa.ipc.open_stream(content).read_all().to_pydict() == {"text": ["one", "two"], "chars": [3, 3]}


def test_the_schema_is_served_and_documentation_pages_are_not(server: Served) -> None:
    assert "/api/homes/{home_id}/panels/{name}" in body(server, "/openapi.json")["paths"]
    assert request(server, "/docs")[0] == 404
    assert request(server, "/redoc")[0] == 404


def test_writing_methods_do_not_exist(server: Served, home_id: str) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert request(server, f"/api/homes/{home_id}/panels/memory", method=method)[0] == 405


def test_get_answers_with_the_snapshot_and_leaves_out_what_the_viewer_has(
    viewer: Client, home_id: str
) -> None:
    first = viewer.get(home_id, "memory")
    assert first["data"]["stores"][0]["entries"][0]["text"] == "one"
    again = viewer.get(home_id, "memory", have=first["version"])
    assert (again["unchanged"], again["data"], again["version"]) == (True, None, first["version"])


def test_a_viewer_that_wants_data_pushed_gets_them_at_once_and_after_each_change(
    server: Served, viewer: Client, home_id: str, home: Path, agent: Any
) -> None:
    query = {"page_size": 5}
    viewer.look(home_id, "sessions", queries={"sessions": [query]})
    first = viewer.wait(lambda frame: frame["type"] == "panel")
    assert (first["id"], first["query"]) == (None, query)
    with agent(home) as hermes:
        hermes.session("s2", title="A second one")
        viewer.wait(
            lambda frame: (
                frame["type"] == "panel"
                and frame["id"] is None
                and "A second one" in json.dumps(frame["data"])
            )
        )


def test_a_module_is_delivered_by_name(viewer: Client) -> None:
    for name in ("views/overview", "views/memory", "views/sessions", "i18n/zh"):
        viewer.send({"type": "module", "id": 1, "name": name})
        frame = viewer.wait(lambda frame, name=name: frame.get("name") == name)
        assert "export" in frame["text"]


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("no json", "bad-message"),
        ("[]", "bad-message"),
        ('{"type":"nope"}', "bad-message"),
        ('{"type":"get","id":5,"home":"nope","panel":"memory"}', "unknown-home"),
        ('{"type":"get","id":5,"home":"HOME","panel":"nope"}', "unknown-panel"),
        ('{"type":"get","id":5,"home":"HOME","panel":"memory","query":{"x":1}}', "bad-query"),
        ('{"type":"module","id":5,"name":"../../etc/passwd"}', "unknown-module"),
        ('{"type":"look","home":"HOME","panels":["nope"]}', "unknown-panel"),
        ('{"type":"look","home":"nope","panels":[]}', "unknown-home"),
        ('{"type":"home","id":5,"path":"/tmp"}', "bad-home"),
    ],
)
def test_a_frame_that_makes_no_sense_is_answered_and_the_connection_goes_on(
    viewer: Client, home_id: str, frame: str, code: str
) -> None:
    viewer.socket.send(frame.replace("HOME", home_id))
    assert viewer.wait(lambda frame: frame["type"] == "error")["code"] == code
    assert viewer.get(home_id, "memory")["status"] == "ok"


def test_an_oversized_frame_ends_the_connection_and_harms_nobody(
    server: Served, viewer: Client, home_id: str
) -> None:
    with server.connect() as other:
        other.socket.send("x" * 70_000)
        other._thread.join(timeout=10)
        assert not other._thread.is_alive()
    assert viewer.get(home_id, "memory")["status"] == "ok"


def test_a_viewer_that_does_not_read_harms_nobody(
    server: Served, viewer: Client, home_id: str, home: Path, agent: Any
) -> None:
    lazy: Any = {"subprotocols": ["hermes-hud.v1", TOKEN], "max_queue": 1, "close_timeout": 0.1}
    with connect(f"ws://127.0.0.1:{server.port}/ws", proxy=None, **lazy), agent(home) as hermes:
        for number in range(50):
            hermes.memory([f"entry {number}"])
        viewer.wait_data(
            home_id, "memory", lambda data: data["stores"][0]["entries"][0]["text"] == "entry 49"
        )


def test_only_what_someone_looks_at_is_collected(
    server: Served, viewer: Client, home_id: str, home: Path, agent: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    collected: list[str] = []
    real = server.engine.home(home_id).collect

    def collect(panel: str, *args: Any, **named: Any) -> Any:
        collected.append(panel)
        return real(panel, *args, **named)

    monkeypatch.setattr(server.engine.home(home_id), "collect", collect)
    viewer.look(home_id, "skills", queries={"skills": [{}]})
    viewer.wait(lambda frame: frame["type"] == "panel")
    with agent(home) as hermes:
        hermes.session("s2")
        viewer.wait_version(home_id, "sessions", 1)
    assert collected == ["skills"]


def test_a_hundred_viewers_of_a_panel_cost_one_collection_per_version(
    server: Served, home_id: str, home: Path, agent: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    collected: Counter[tuple[str, str, int]] = Counter()
    real = server.engine.home(home_id).collect

    def collect(panel: str, query: Any, version: int) -> Any:
        collected[panel, query.model_dump_json(), version] += 1
        return real(panel, query, version)

    async def watch(number: int, told: list[int], first: asyncio.Event) -> None:
        """Asks again after each announcement, as the browser does, until it has seen the last entry."""
        protocols = [Subprotocol("hermes-hud.v1"), Subprotocol(TOKEN)]
        url = f"ws://127.0.0.1:{server.port}/ws"
        async with connect_async(url, subprotocols=protocols, proxy=None, compression=None) as socket:
            ask = {"type": "get", "id": number, "home": home_id, "panel": "memory"}
            await socket.send(json.dumps({"type": "look", "home": home_id, "panels": ["memory"]}))
            await socket.send(json.dumps(ask))
            async for text in socket:
                frame = json.loads(text)
                if frame["type"] == "versions" and "memory" in frame["versions"].get(home_id, {}):
                    await socket.send(json.dumps(ask))
                elif frame["type"] == "panel":
                    told.append(frame["version"])
                    first.set()
                    if "entry 9" in json.dumps(frame["data"]):
                        return

    async def watch_all() -> list[list[int]]:
        told: list[list[int]] = [[] for _ in range(VIEWERS)]
        firsts = [asyncio.Event() for _ in told]
        tasks = [
            asyncio.create_task(watch(number, *each))
            for number, each in enumerate(zip(told, firsts, strict=True))
        ]
        await asyncio.wait_for(asyncio.gather(*(first.wait() for first in firsts)), 30)
        for number in range(10):
            await asyncio.to_thread(hermes.memory, [f"entry {number}"])
        await asyncio.wait_for(asyncio.gather(*tasks), 30)
        return told

    monkeypatch.setattr(server.engine.home(home_id), "collect", collect)
    with agent(home) as hermes:
        told = asyncio.run(watch_all())
    assert all(versions == sorted(versions) for versions in told)
    assert {panel for panel, _, _ in collected} == {"memory"}
    assert set(collected.values()) == {1}


def test_a_profile_that_is_made_while_someone_looks_is_in_the_overview(
    server: Served, viewer: Client, home_id: str, home: Path
) -> None:
    viewer.look(home_id, "overview")
    assert viewer.get(home_id, "overview")["data"]["identity"]["profiles"] == []
    (home / "profiles").mkdir()
    for name in ("coder", "writer"):
        (home / "profiles" / name).mkdir()
        viewer.wait_data(home_id, "overview", lambda data, name=name: name in data["identity"]["profiles"])
    (home / "profiles" / "coder").rename(home / "profiles" / "poet")
    viewer.wait_data(home_id, "overview", lambda data: data["identity"]["profiles"] == ["poet", "writer"])


def test_two_homes_keep_apart(server: Served, viewer: Client, tmp_path: Path, agent: Any) -> None:
    with agent(tmp_path / "one") as one, agent(tmp_path / "two") as two:
        ids = [server.open(tmp_path / "one"), server.open(tmp_path / "two")]
        one.memory(["of one"])
        two.memory(["of two"])
        for id, text in zip(ids, ("of one", "of two"), strict=True):
            viewer.wait_data(
                id, "memory", lambda data, text=text: data["stores"][0]["entries"][0]["text"] == text
            )
        before = viewer.version(ids[1], "memory")
        one.memory(["of one", "more"])
        viewer.wait_version(ids[0], "memory", viewer.version(ids[0], "memory") - 1)
        assert viewer.version(ids[1], "memory") == before


class Tick(Payload):
    """A payload that is true for a moment only."""

    at: datetime


def tick(soul: str | None, now: datetime) -> Tick | Until:
    return Until(Tick(at=now), now + timedelta(seconds=0.1))


def test_what_time_makes_stale_is_announced_without_any_file_event_while_someone_looks(home: Path) -> None:
    panel = Panel("clock", "Clock", tick, soul=TextFile("SOUL.md"))
    with served({"clock": panel}) as server, server.connect() as client:
        id = server.open(home)
        client.look(id, "clock")
        version = client.get(id, "clock")["version"]
        for _ in range(3):
            version = client.wait_version(id, "clock", version)
            client.get(id, "clock")
        client.look(id)
        client.get(id, "clock")
        version = server.engine.hub.versions()[id]["clock"]
        threading.Event().wait(0.5)  # five times as long as it is true
        assert server.engine.hub.versions()[id]["clock"] == version


@dataclass(frozen=True)
class Lockable(Source[str | None]):
    """A file that cannot be read as long as another one, which nobody watches, is there."""

    @property
    def label(self) -> str:
        return "file"

    @property
    def missing(self) -> None:
        return None

    def attach(self, place: Place) -> Attached[str | None]:
        return _Lockable(place)


class _Lockable(Attached[str | None]):
    def __init__(self, place: Place) -> None:
        self._place = place

    def signature(self) -> None:
        return None

    def is_missing(self) -> bool:
        return False

    def read(self) -> str:
        if (self._place.path / "lock").exists():
            raise SourceError("locked", "file", "file is locked")
        return "read"


class Read(Payload):
    content: str | None


def test_a_file_that_was_locked_is_read_again_though_nothing_tells_that_it_was_let_go(home: Path) -> None:
    def collect(file: str | None) -> Read:
        return Read(content=file)

    (home / "lock").touch()
    panel = Panel("lockable", "Lockable", collect, file=Lockable())
    with served({"lockable": panel}) as server, server.connect() as client:
        id = server.open(home)
        client.look(id, "lockable")
        first = client.get(id, "lockable")
        assert (first["status"], first["error"]["kind"]) == ("stale", "locked")
        (home / "lock").unlink()
        frame = client.wait_data(id, "lockable", lambda data: data["content"] == "read")
        assert frame["status"] == "ok"


def test_what_is_at_hand_is_answered_though_every_thread_hangs(home: Path) -> None:
    released = threading.Event()

    def hang(soul: str | None) -> Read:
        released.wait()
        return Read(content=soul)

    def collect(soul: str | None) -> Read:
        return Read(content=soul)

    def threads() -> int:
        return sum(thread.name.startswith("asyncio_") for thread in threading.enumerate())

    panels = {
        "hanging": Panel("hanging", "Hanging", hang, soul=TextFile("SOUL.md")),
        "quick": Panel("quick", "Quick", collect, soul=TextFile("SOUL.md")),
    }
    (home / "SOUL.md").write_text("soul")
    others = threads()
    with served(panels) as server, ExitStack() as stack:
        stack.callback(released.set)
        id = server.open(home)
        viewer = stack.enter_context(server.connect())
        viewer.get(id, "quick")
        for _ in range(5):
            stuck = stack.enter_context(server.connect())
            for number in range(8):
                stuck.send({"type": "get", "id": number, "home": id, "panel": "hanging"})
        most = min(32, (os.cpu_count() or 1) + 4)  # of the loop's own pool
        while threads() - others < most:
            threading.Event().wait(0.01)
        assert viewer.get(id, "quick")["data"] == {"content": "soul"}


def test_a_ping_is_answered_though_all_that_was_asked_before_hangs(home: Path) -> None:
    released = threading.Event()

    def hang(soul: str | None) -> Read:
        released.wait()
        return Read(content=soul)

    panel = Panel("hanging", "Hanging", hang, soul=TextFile("SOUL.md"))
    (home / "SOUL.md").write_text("soul")
    with served({"hanging": panel}) as server, ExitStack() as stack:
        stack.callback(released.set)
        id = server.open(home)
        viewer = stack.enter_context(server.connect())
        for number in range(30):
            viewer.send({"type": "get", "id": number, "home": id, "panel": "hanging"})
        viewer.send({"type": "ping", "id": 99})
        assert viewer.wait(lambda frame: frame.get("id") == 99) == {"type": "pong", "id": 99}
        released.set()
        for number in range(30):
            assert viewer.wait(lambda frame, number=number: frame.get("id") == number)["status"] == "ok"


def test_the_server_sends_no_pings_of_its_own(server: Served) -> None:
    assert server.server.config.ws_ping_interval is None
