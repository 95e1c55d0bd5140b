"""WebSocket clients that ask again as the browser does (`js/src/store.ts`), in a thread of their own.

They are lighter than a browser: what arrives is looked at with a regular expression and not drawn.
"""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from bench.database import ACTIVE_SESSION
from bench.row import NotMeasuredError
from bench.server import Server
from hermes_hud_widget.client.child import Endpoint
from hermes_hud_widget.protocol import SUBPROTOCOL

WAIT_S = 120.0
NO_PROGRESS_S = 1.0
"""How long the browser waits when an answer was no newer than what it held (`store.ts`)."""
UNCHANGED = '"unchanged":true'
VERSION = re.compile(r'"version":(\d+),"status":"(\w+)"')
PROGRESS = re.compile(r'"progress":(null|\{[^{}]*\}),"unchanged":')


@dataclass(frozen=True)
class Sight:
    """What a viewer shows.

    Attributes:
        count: Finds in the panel's data a number that grows by one with each message of the active session.
    """

    name: str
    panel: str
    query: dict[str, Any] = field(default_factory=dict)
    count: re.Pattern[str] | None = None


OVERVIEW = Sight("overview", "overview", count=re.compile(r'"totals":\{"sessions":\d+,"messages":(\d+)'))
SESSIONS = Sight(
    "sessions",
    "sessions",
    count=re.compile(r'"id":"' + ACTIVE_SESSION + r'"(?:(?!"id":).)*?"message_count":(\d+)', re.DOTALL),
)
TRANSCRIPT = Sight(
    "transcript",
    "sessions",
    {"session": ACTIVE_SESSION},
    count=re.compile(r'"total":(\d+),"older":'),
)
MEMORY = Sight("memory", "memory")


def all_sights(server: Server, home: str) -> list[Sight]:
    """Every panel that a server has, and the transcript."""
    known = {sight.panel: sight for sight in (OVERVIEW, SESSIONS, MEMORY)}
    return [*(known.get(panel, Sight(panel, panel)) for panel in server.panels(home)), TRANSCRIPT]


@dataclass
class Arrival:
    """A snapshot that a viewer got.

    Attributes:
        at: When its last byte was there, in seconds since the epoch.
        is_full: True if it shows all that there is, and not only what was read so far.
    """

    at: float
    version: int
    text: str
    is_full: bool


class Viewer:
    """One connection that looks at one thing and keeps asking for the newest of it.

    Attributes:
        announced: The newest version that the server told of.
        held: The version that it got last.
        is_full: True if that shows all that there is.
        arrivals: Every snapshot that it got; with `is_frugal`, `counts` only.
        counts: (time, the sight's count) of every snapshot.
    """

    def __init__(self, endpoint: Endpoint, home: str, sight: Sight, *, is_frugal: bool = False) -> None:
        self.sight = sight
        self.announced = 0
        self.held = 0
        self.is_full = False
        self.arrivals: list[Arrival] = []
        self.counts: list[tuple[float, int]] = []
        self.failure: str | None = None
        self._endpoint = endpoint
        self._home = home
        self._is_frugal = is_frugal
        self._is_asking = False
        self._asked = 0

    async def run(self) -> None:
        """Looks until it is cancelled or the server goes."""
        protocols = [Subprotocol(SUBPROTOCOL), Subprotocol(self._endpoint.token)]
        connection = connect(
            self._endpoint.socket_url, subprotocols=protocols, compression=None, max_size=None, proxy=None
        )
        try:
            async with connection as socket:
                look = {"type": "look", "home": self._home, "panels": [self.sight.panel], "queries": {}}
                await socket.send(json.dumps(look))
                async for text in socket:
                    await self._take(socket, str(text))
            self.failure = "the server closed the connection"
        except (ConnectionClosed, OSError) as error:
            self.failure = str(error)

    async def _take(self, socket: ClientConnection, text: str) -> None:
        if text.startswith('{"type":"panel"'):
            at = time.time()
            found = VERSION.search(text)
            if found is None or found[2] not in ("ok", "stale", "empty"):
                self.failure = f"expected a snapshot of {self.sight.name}, got {text[:300]}"
                return
            self._is_asking = False
            if UNCHANGED in text:
                # The server has nothing newer although it told of it: the panel takes too long for it.
                await asyncio.sleep(NO_PROGRESS_S)
                await self._ask(socket)
                return
            self.held = int(found[1])
            self.is_full = is_full(text)
            if not self._is_frugal:
                self.arrivals.append(Arrival(at, self.held, text, self.is_full))
            if self.sight.count is not None:
                counted = self.sight.count.search(text)
                if counted is not None:
                    self.counts.append((at, int(counted[1])))
                elif self.is_full:
                    self.failure = f"no {self.sight.count.pattern} in the data of {self.sight.name}"
                    return
        elif text.startswith(('{"type":"versions"', '{"type":"hello"')):
            versions = json.loads(text)["versions"].get(self._home, {})
            self.announced = max(self.announced, versions.get(self.sight.panel, 0))
        else:
            self.failure = f"unexpected answer for {self.sight.name}: {text[:300]}"
            return
        await self._ask(socket)

    async def _ask(self, socket: ClientConnection) -> None:
        if self.held < self.announced and not self._is_asking:
            self._is_asking = True
            self._asked += 1
            request = {
                "type": "get",
                "id": self._asked,
                "home": self._home,
                "panel": self.sight.panel,
                "query": self.sight.query,
                "have": self.held or None,
            }
            await socket.send(json.dumps(request))


class Viewers:
    """Any number of viewers in one thread."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="viewers", daemon=True)
        self._thread.start()
        self._tasks: list[asyncio.Task[None]] = []
        self.all: list[Viewer] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._call(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def add(self, endpoint: Endpoint, home: str, *sights: Sight, is_frugal: bool = False) -> list[Viewer]:
        """Connects a viewer for each of these, and returns when each has got all that there is."""
        viewers = [Viewer(endpoint, home, sight, is_frugal=is_frugal) for sight in sights]
        self._call(self._begin(viewers))
        self.all.extend(viewers)
        wait_for(lambda: all(viewer.is_full for viewer in viewers), "the whole of each panel", viewers)
        return viewers

    def settle(self, seconds: float = 10.0) -> None:
        """Waits until every viewer holds the newest version that it was told of.

        Raises:
            NotMeasuredError: One does not.
        """
        wait_for(
            lambda: all(viewer.held >= viewer.announced for viewer in self.all),
            "the newest version at every viewer",
            self.all,
            seconds,
        )

    async def _begin(self, viewers: list[Viewer]) -> None:
        self._tasks += [self._loop.create_task(viewer.run()) for viewer in viewers]

    async def _end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _call(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(WAIT_S)


def is_full(text: str) -> bool:
    """True if a snapshot is of all that there is; also where the server does not tell."""
    progress = PROGRESS.search(text)
    return progress is None or progress[1] == "null"


def wait_for(
    fact: Callable[[], bool], what: str, viewers: list[Viewer] | None = None, seconds: float = WAIT_S
) -> None:
    """Returns once `fact` is true, looking every 5 ms.

    Raises:
        NotMeasuredError: It is not, within `seconds`, or one of the viewers failed.
    """
    deadline = time.monotonic() + seconds
    while True:
        for viewer in viewers or ():
            if viewer.failure is not None:
                raise NotMeasuredError(f"{what}: {viewer.failure}")
        if fact():
            return
        if time.monotonic() > deadline:
            raise NotMeasuredError(f"{what}: not within {seconds:.0f} s")
        time.sleep(0.005)
