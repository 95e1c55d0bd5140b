"""The stand-alone page: its files, and tickets that are exchanged for the token."""

from __future__ import annotations

import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from hermes_hud_widget.views import STATIC

TICKET_S = 300.0
"""How long a ticket can be used, in seconds."""
MAX_BODY_BYTES = 1024

HEADERS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
POLICY = (
    "default-src 'none'",
    # Views come over the socket as text, and are imported from a Blob.
    "script-src 'self' blob:",
    # A view's style sheet comes with it as text and is adopted, which needs nobody's leave.
    "style-src 'self'",
    "img-src 'self' data:",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
)


class Tickets:
    """What the page shows once instead of the token, which so stands in no address and no file. Thread-safe."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._open: dict[str, tuple[float, Callable[[], None]]] = {}

    def issue(self, on_use: Callable[[], None] = lambda: None) -> str:
        """A new ticket, good for one use within `TICKET_S`.

        Args:
            on_use: Called when it is used.
        """
        ticket = secrets.token_urlsafe(32)
        with self._lock:
            self._open[ticket] = (self._clock() + TICKET_S, on_use)
        return ticket

    def use(self, ticket: str) -> bool:
        """Whether it is one of ours and was not used before; it is used now."""
        with self._lock:
            self._open = {each: what for each, what in self._open.items() if what[0] > self._clock()}
            # Each is compared, in constant time: how long it takes says nothing of any of them.
            matches = [each for each in self._open if hmac.compare_digest(each.encode(), ticket.encode())]
            used = [self._open.pop(each) for each in matches]
        for _, on_use in used:
            on_use()
        return bool(used)


class Page:
    """An ASGI application of what needs no token: the page, which is the same for everybody, and the ticket's exchange.

    Apart from the other routes, so that none of those can be reached through it.
    """

    def __init__(self, token: str) -> None:
        self.tickets = Tickets()
        self._token = token
        static = Path(str(STATIC))

        def index(request: Request) -> Response:
            headers = {
                "Content-Security-Policy": _policy(request.headers["host"]),
                "Cache-Control": "no-store",
            }
            return FileResponse(static / "page" / "index.html", headers=headers)

        async def exchange(request: Request) -> Response:
            ticket = _ticket_of(await _start_of(request))
            if ticket is None:
                return JSONResponse({"detail": 'Expected {"ticket": "…"}.'}, status_code=400)
            if not self.tickets.use(ticket):
                return JSONResponse({"detail": "The ticket was used before, or is too old."}, status_code=403)
            return JSONResponse({"token": self._token}, headers={"Cache-Control": "no-store"})

        self.app = Starlette(
            routes=[
                Route("/", index),
                Route("/api/ticket", exchange, methods=["POST"]),
                Mount("/static", StaticFiles(directory=static)),
            ]
        )

    @staticmethod
    def answers(path: str) -> bool:
        """Whether this is one of its paths."""
        return path in ("/", "/api/ticket") or path.startswith("/static/")


def _policy(host: str) -> str:
    # Not every browser takes 'self' to mean the page's own WebSocket, too. The Guard has looked at the host.
    return "; ".join((*POLICY, f"connect-src 'self' ws://{host}"))


async def _start_of(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            break
    return body


def _ticket_of(body: bytes) -> str | None:
    try:
        ticket = json.loads(body)["ticket"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    # A lone surrogate could not be compared.
    return ticket if isinstance(ticket, str) and ticket.isascii() else None
