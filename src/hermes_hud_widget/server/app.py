"""REST and WebSocket over an engine. Handlers that block are plain functions: the framework gives them a thread."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from typing import Annotated, Any, cast

from fastapi import FastAPI, Query, Request, Response, Security, WebSocket
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, StreamingResponse
from fastapi.security import HTTPBearer
from pydantic import BaseModel

from hermes_hud_widget._version import __version__
from hermes_hud_widget.chunks import as_stream
from hermes_hud_widget.engine import Engine
from hermes_hud_widget.errors import ArgumentError, HomeError, HudError, SourceError, UnknownNameError
from hermes_hud_widget.protocol import SUBPROTOCOL, HomeEntry, Problem, Progress, Status
from hermes_hud_widget.server.page import Page
from hermes_hud_widget.server.security import Guard
from hermes_hud_widget.server.viewer import Viewer

log = logging.getLogger(__name__)

ARROW_STREAM = "application/vnd.apache.arrow.stream"


class Homes(BaseModel):
    """All open homes."""

    homes: list[HomeEntry]


class PanelVersion(BaseModel):
    """A panel of a home."""

    name: str
    title: str
    version: int


class Panels(BaseModel):
    """All panels of a home, in display order."""

    panels: list[PanelVersion]


class FrameName(BaseModel):
    """A frame of a home."""

    name: str


class Frames(BaseModel):
    """All frames of a home."""

    frames: list[FrameName]


class PanelSnapshot(BaseModel):
    """What a panel shows."""

    home: str
    panel: str
    version: int
    status: Status
    error: Problem | None
    progress: Progress | None
    data: Any


class Failure(BaseModel):
    """Why a request failed; `kind` and `path` when a file of the home is at fault."""

    detail: str
    kind: str | None = None
    path: str | None = None


class Timekeeper:
    """Bumps looked-at panels at the instant at which time alone makes them stale."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._timer: asyncio.TimerHandle | None = None

    def reset(self) -> None:
        """Sets the timer for what is looked at now; to be called on the loop."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        expiry = self._engine.hub.next_expiry(self._engine.looked_at())
        if expiry is not None:
            delay = max(0.0, (expiry - datetime.now(UTC)).total_seconds())
            self._timer = asyncio.get_running_loop().call_later(delay + 0.005, self._expire)

    def _expire(self) -> None:
        # Asking for its version is what bumps a panel whose time has come; announcing it makes viewers ask
        # again, and that sets the next timer.
        for home, panel in self._engine.looked_at():
            self._engine.hub.version(home, panel)
        self.reset()


def make_app(engine: Engine, token: str | None, page: Page | None = None) -> Guard:
    """The guarded application.

    Args:
        engine: The homes.
        token: What every request must carry; None behind Jupyter's own login, whose users may also open homes: they run
            code there, and so read any of their files.
        page: The stand-alone page, if this door has one.
    """
    # FastAPI's own documentation pages load scripts from a CDN: off.
    app = FastAPI(
        title="Hermes HUD",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        responses={"4XX": {"model": Failure, "description": "Refused"}},
    )
    # For the document only: the guard has looked at the token before anything of this is reached.
    needs_token = [Security(HTTPBearer(auto_error=False))]
    timekeeper = Timekeeper(engine)

    @app.exception_handler(HudError)
    async def explain(_: Request, error: Exception) -> JSONResponse:
        content = {"detail": str(error)}
        if isinstance(error, SourceError):
            content |= {"kind": error.kind, "path": error.path}
        return JSONResponse(content, status_code=_status_of(error))

    @app.exception_handler(RequestValidationError)
    async def explain_parameter(_: Request, error: Exception) -> JSONResponse:
        first = cast("RequestValidationError", error).errors()[0]
        return JSONResponse({"detail": f"{first['loc'][-1]}: {first['msg']}"}, status_code=400)

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        """Answers without a token; says nothing about any home."""
        return {"status": "ok"}

    @app.get("/api/homes", dependencies=needs_token)
    def homes() -> Homes:
        """All open homes."""
        return Homes(homes=engine.homes())

    @app.get("/api/homes/{home_id}/panels", dependencies=needs_token, responses={404: {"model": Failure}})
    def panels(home_id: str) -> Panels:
        """All panels of a home with their versions."""
        home = engine.home(home_id)
        return Panels(
            panels=[
                PanelVersion(
                    name=panel.name, title=panel.title, version=engine.hub.version(home_id, panel.name)
                )
                for panel in home.panels.values()
            ]
        )

    @app.get(
        "/api/homes/{home_id}/panels/{name}",
        dependencies=needs_token,
        response_model=PanelSnapshot,
        responses={304: {"description": "Not modified"}, 400: {"model": Failure}, 404: {"model": Failure}},
    )
    def panel(home_id: str, name: str, request: Request) -> Response:
        """What a panel shows. Query parameters are those that the panel declares."""
        snapshot = engine.snapshot(home_id, name, dict(request.query_params))
        etag = f'"{engine.server_id}-{snapshot.version}"'
        headers = {"ETag": etag, "Cache-Control": "no-cache"}
        if etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return JSONResponse(snapshot.as_dict(), headers=headers)

    @app.get("/api/homes/{home_id}/frames", dependencies=needs_token, responses={404: {"model": Failure}})
    def frames(home_id: str) -> Frames:
        """All frames of a home."""
        return Frames(frames=[FrameName(name=name) for name in engine.home(home_id).frames])

    @app.get(
        "/api/homes/{home_id}/frames/{name}",
        dependencies=needs_token,
        response_class=Response,
        responses={
            200: {"content": {ARROW_STREAM: {}}},
            400: {"model": Failure},
            404: {"model": Failure},
            409: {"model": Failure},
        },
    )
    def frame(
        home_id: str,
        name: str,
        request: Request,
        since: str | None = None,
        until: str | None = None,
        columns: Annotated[list[str] | None, Query()] = None,
        limit: int | None = None,
        session_id: str | None = None,
        text: bool = False,
        have: Annotated[list[str] | None, Query(description="Keys of chunks that need not come")] = None,
    ) -> Response:
        """A frame as an Arrow IPC stream.

        One that comes in chunks has a record batch for each chunk not in `have`; the schema's metadata say under
        `chunks` of which it is made: `[[key, rows], …]`, in sequence.
        """
        given = {
            "since": since,
            "until": until,
            "columns": columns,
            "limit": limit,
            "session_id": session_id,
            "text": text,
        }
        unknown = request.query_params.keys() - given.keys() - {"have"}
        if unknown:
            raise ArgumentError(
                f"frame {name!r}, parameter {min(unknown)!r}: there is none. Parameters: {', '.join(given)}, have."
            )
        # All is read before the first byte goes out: what fails is still an answer with a status.
        rows = engine.rows(home_id, name, given, frozenset(have or ()))
        return StreamingResponse(as_stream(rows), media_type=ARROW_STREAM)

    @app.get("/api/homes/{home_id}/progress", dependencies=needs_token, responses={404: {"model": Failure}})
    def progress(home_id: str) -> Progress | None:
        """How far the home has been read, in rows, while that goes on; null: it has been."""
        return engine.home(home_id).progress()

    @app.websocket("/ws")
    async def ws(socket: WebSocket) -> None:
        # A browser hangs up on a subprotocol that it has not offered.
        await socket.accept(subprotocol=SUBPROTOCOL if SUBPROTOCOL in socket.scope["subprotocols"] else None)
        await Viewer(socket, engine, timekeeper.reset, may_open_homes=token is None).serve()

    return Guard(app, token, page)


def _status_of(error: Exception) -> int:
    match error:
        case UnknownNameError():
            return 404
        case ArgumentError():
            return 400
        case SourceError() | HomeError():
            return 409
        case _:
            return 500
