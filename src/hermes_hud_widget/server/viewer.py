"""One connected viewer: reads what it asks, tells it what changed, pushes what it wants pushed."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Any

from pydantic import BaseModel, ValidationError
from starlette.websockets import WebSocket, WebSocketDisconnect

from hermes_hud_widget.core import Snapshot
from hermes_hud_widget.engine import Engine
from hermes_hud_widget.errors import ArgumentError, HomeError, UnknownNameError
from hermes_hud_widget.hub import Mailbox
from hermes_hud_widget.hub import Versions as ByHome
from hermes_hud_widget.place import find_place
from hermes_hud_widget.protocol import (
    INBOUND,
    MAX_INBOUND_BYTES,
    ErrorFrame,
    Get,
    GetHome,
    GetModule,
    GetProfile,
    HomeFrame,
    Look,
    ModuleFrame,
    PanelFrame,
    Ping,
    Pong,
    ProfileFrame,
    Versions,
)

log = logging.getLogger(__name__)

COALESCE_S = 0.02
"""After a frame of versions, later changes are gathered for so long; the last one always goes out."""
COALESCE_PUSHES_S = 0.1
"""The same for a viewer that wants data pushed: it is behind a comm, whose messages Jupyter Server limits."""
REQUESTS_AT_ONCE = 8
REQUESTS_KEPT = 64
"""How many requests of one viewer are read before the first of them is answered: what it asks behind them, and its pings,
are read only then."""


class Viewer:
    """Serves one accepted WebSocket until it closes.

    Args:
        socket: The WebSocket.
        engine: The open homes.
        on_look: Called when what is looked at, or how long it holds, has changed.
        may_open_homes: Whether the viewer may name directories.
    """

    def __init__(
        self, socket: WebSocket, engine: Engine, on_look: Callable[[], None], *, may_open_homes: bool = False
    ) -> None:
        self._socket = socket
        self._engine = engine
        self._on_look = on_look
        self._may_open_homes = may_open_homes
        self._looks: dict[str, Look] = {}
        self._sending = asyncio.Lock()
        self._requests = asyncio.Semaphore(REQUESTS_AT_ONCE)
        self._kept = asyncio.Semaphore(REQUESTS_KEPT)
        self._tasks: set[asyncio.Task[None]] = set()
        self._pushed: dict[tuple[str, str, str], int] = {}

    async def serve(self) -> None:
        """Returns when the viewer is gone."""
        with self._engine.hub.subscribe(asyncio.get_running_loop()) as mailbox:
            telling = asyncio.create_task(self._tell(mailbox))
            try:
                await self._send(self._engine.hello())
                # Beside the teller: a handler that only sends would not notice that the viewer has left.
                await self._listen()
            except WebSocketDisconnect:
                pass
            finally:
                self._engine.look(self, frozenset())
                self._on_look()
                for task in (telling, *self._tasks):
                    task.cancel()
                await asyncio.gather(telling, *self._tasks, return_exceptions=True)

    async def _listen(self) -> None:
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text")
            if text is None or len(text) > MAX_INBOUND_BYTES:
                await self._refuse(None, "bad-message", "Expected a JSON text frame of at most 64 kB.")
                continue
            try:
                request = INBOUND.validate_json(text)
            except ValidationError as error:
                await self._refuse(_id_of(text), "bad-message", _first(error))
                continue
            if isinstance(request, Look):
                await self._look(request)
            elif isinstance(request, Ping):
                # At once, whatever else it has asked for: a page hangs up on a server that takes its time.
                await self._send(Pong(id=request.id))
            else:
                await self._kept.acquire()
                self._start(partial(self._in_turn, partial(self._answer, request)))

    def _start(self, work: Callable[[], Awaitable[None]]) -> None:
        async def run() -> None:
            with suppress(WebSocketDisconnect, RuntimeError):  # the socket closed before the answer was ready
                await work()

        task = asyncio.create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _look(self, look: Look) -> None:
        try:
            home = self._engine.home(look.home)
            for panel in look.panels:
                home.panel(panel)
        except UnknownNameError as error:
            code = "unknown-panel" if "panel" in str(error) else "unknown-home"
            await self._refuse(None, code, str(error))
            return
        self._looks[look.home] = look
        shown = frozenset((each.home, panel) for each in self._looks.values() for panel in each.panels)
        self._engine.look(self, shown)
        self._on_look()
        self._pushed = {key: version for key, version in self._pushed.items() if key[0] != look.home}
        # Counted as a request: a viewer that looks elsewhere again and again must not pile up what it does not read.
        await self._kept.acquire()
        self._start(partial(self._in_turn, partial(self._push, {look.home: dict.fromkeys(look.panels, 0)})))

    async def _in_turn(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            async with self._requests:
                await work()
        finally:
            self._kept.release()

    async def _answer(self, request: Get | GetModule | GetProfile | GetHome) -> None:
        try:
            if isinstance(request, GetModule):
                await self._answer_module(request)
            elif isinstance(request, GetProfile):
                await self._answer_profile(request)
            elif isinstance(request, GetHome):
                await self._answer_home(request)
            else:
                await self._answer_panel(request)
        except (WebSocketDisconnect, RuntimeError):
            raise
        except Exception:  # a boundary: without an answer the page would wait for ever
            log.exception("A request could not be answered")
            await self._refuse(request.id, "internal", "The server failed to answer; its log says why.")

    async def _answer_module(self, request: GetModule) -> None:
        try:
            text = await asyncio.to_thread(self._engine.module, request.name)
        except UnknownNameError as error:
            await self._refuse(request.id, "unknown-module", str(error))
        else:
            frame = ModuleFrame(id=request.id, name=request.name, text=text)
            await self._send_text(await asyncio.to_thread(frame.model_dump_json))

    async def _answer_profile(self, request: GetProfile) -> None:
        try:
            home = await asyncio.to_thread(self._engine.open_profile, request.home, request.profile)
        except UnknownNameError as error:
            code = "unknown-profile" if str(error).startswith("No profile") else "unknown-home"
            await self._refuse(request.id, code, str(error))
        else:
            await self._send(ProfileFrame(id=request.id, home=home, profile=request.profile))

    async def _answer_home(self, request: GetHome) -> None:
        if not self._may_open_homes:
            what = "Only the kernel and the command line open homes here."
            await self._refuse(request.id, "bad-home", what)
            return
        try:
            home = await asyncio.to_thread(open_home, self._engine, request.path, request.profile)
        except HomeError as error:
            await self._refuse(request.id, "bad-home", str(error))
        else:
            await self._send(HomeFrame(id=request.id, home=home))

    async def _answer_panel(self, request: Get) -> None:
        def answer() -> tuple[Snapshot, str]:
            snapshot = self._engine.snapshot(request.home, request.panel, request.query)
            return snapshot, as_text(snapshot)

        def as_text(snapshot: Snapshot) -> str:
            return _panel_text(request.id, request.query, snapshot, request.have == snapshot.version)

        try:
            ready = self._engine.ready(request.home, request.panel, request.query)
            if ready is not None:
                # Another viewer's: a thread's turn would cost more than the answer.
                snapshot, text = ready, as_text(ready)
            else:
                # Writing a large snapshot as JSON takes milliseconds, too: not on the loop.
                snapshot, text = await asyncio.to_thread(answer)
        except ArgumentError as error:
            await self._refuse(request.id, "bad-query", str(error))
        except UnknownNameError as error:
            code = "unknown-panel" if "panel" in str(error) else "unknown-home"
            await self._refuse(request.id, code, str(error))
        else:
            if snapshot.valid_until is not None:
                self._on_look()
            await self._send_text(text)

    async def _tell(self, mailbox: Mailbox) -> None:
        seq = 0
        while True:
            mail = await mailbox.take()
            if mail.must_greet:
                await self._send(self._engine.hello())
            if mail.versions:
                seq += 1
                await self._send(Versions(seq=seq, versions=mail.versions))
                # Beside this loop: a panel that hangs must not hold back what there is to tell of the others.
                self._start(partial(self._push, mail.versions))
            is_pushed_to = any(look.queries for look in self._looks.values())
            await asyncio.sleep(COALESCE_PUSHES_S if is_pushed_to else COALESCE_S)

    async def _push(self, changed: ByHome) -> None:
        """Sends the looked-at queries of the changed panels, to a viewer that wants them pushed."""
        for home, panels in changed.items():
            look = self._looks.get(home)
            for panel in panels if look else ():
                for query in look.queries.get(panel, []) if look and panel in look.panels else []:
                    try:
                        await self._push_one(home, panel, query)
                    except (WebSocketDisconnect, RuntimeError):
                        raise
                    except Exception:  # a boundary: the other queries are pushed all the same
                        log.exception("The panel %r could not be pushed", panel)
                        await self._refuse(None, "internal", "The server failed to push; its log says why.")

    async def _push_one(self, home: str, panel: str, query: dict[str, Any]) -> None:
        try:
            snapshot = await asyncio.to_thread(self._engine.snapshot, home, panel, query)
        except (ArgumentError, UnknownNameError) as error:
            await self._refuse(None, "bad-query", str(error))
            return
        key = (home, panel, json.dumps(query, sort_keys=True))
        if self._pushed.get(key, 0) >= snapshot.version:
            return
        self._pushed[key] = snapshot.version
        self._on_look()
        await self._send_text(await asyncio.to_thread(_panel_text, None, query, snapshot))

    async def _refuse(self, request: int | None, code: Any, message: str) -> None:
        await self._send(ErrorFrame(id=request, code=code, message=message))

    async def _send(self, frame: BaseModel) -> None:
        await self._send_text(frame.model_dump_json())

    async def _send_text(self, text: str) -> None:
        async with self._sending:
            await self._socket.send_text(text)


def open_home(engine: Engine, path: str | None, profile: str | None) -> str:
    """Opens the home that is meant, as `find_place` finds it, tells every viewer if it is a new one, and returns its id.

    Raises:
        HomeError: There is none to be had.
    """
    if path is not None and "\0" in path:
        raise HomeError("The path of a home holds a NUL character.")
    place = find_place(path, profile)
    is_new = place.id not in {entry.id for entry in engine.homes()}
    home = engine.open(place)
    if is_new:
        engine.hub.greet()
    return home


def _panel_text(id: int | None, query: dict[str, Any], snapshot: Snapshot, unchanged: bool = False) -> str:
    """A `PanelFrame` as JSON; its data, the last field, are written once for all viewers."""
    frame = PanelFrame(
        id=id,
        home=snapshot.home,
        panel=snapshot.panel,
        query=query,
        version=snapshot.version,
        status=snapshot.status,
        error=snapshot.error,
        progress=snapshot.progress,
        unchanged=unchanged,
        data=None,
    ).model_dump_json()
    return frame if unchanged else f"{frame.removesuffix('null}')}{snapshot.data_json}}}"


def _id_of(text: str) -> int | None:
    try:
        value = json.loads(text).get("id")
    except (ValueError, AttributeError):
        return None
    return value if isinstance(value, int) else None


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, first['loc'])) or 'message'}: {first['msg']}"
