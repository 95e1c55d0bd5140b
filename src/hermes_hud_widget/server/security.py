"""Who may come in: a token on every request, and only pages and names of this machine.

Written as plain ASGI, outside of the framework, so that no route can be added without it.
"""

from __future__ import annotations

import hmac
import ipaddress
import json
from urllib.parse import parse_qsl, urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from hermes_hud_widget.protocol import SUBPROTOCOL

_TOKEN_PARAMETERS = frozenset({"token", "access_token", "key", "api_key"})


class Guard:
    """Refuses what has no token, a foreign Origin or a foreign Host.

    Args:
        app: What is behind it.
        token: The token, compared in constant time: `Authorization: Bearer` for HTTP, the second
            subprotocol for WebSockets (browsers can send no header there, and URLs end up in logs).
    """

    OPEN_PATHS = frozenset({"/healthz"})

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            # Closing before accepting is an HTTP 403 to the other side.
            await send({"type": "websocket.close", "code": 1008, "reason": refusal[1]})
        else:
            await _respond(send, *refusal)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers = Headers(scope=scope)
        if not is_loopback(headers.get("host", "")):
            return 403, "The Host header must name this machine's loopback."
        origin = headers.get("origin")
        if origin is not None and not self._may_come_from(origin, is_socket=scope["type"] == "websocket"):
            return 403, "Requests from this Origin are not accepted."
        query = parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
        if any(name.lower() in _TOKEN_PARAMETERS for name, _ in query):
            return 400, "A token does not belong in a URL; send it in the Authorization header."
        if scope["type"] == "http" and scope["path"] in self.OPEN_PATHS:
            return None
        if not self._has_token(scope, headers):
            return 401, "A token is needed: Authorization: Bearer …"
        return None

    def _may_come_from(self, origin: str, *, is_socket: bool) -> bool:
        # Pages never use REST: a notebook's page is another origin, and we open no CORS.
        return is_socket and is_loopback(urlsplit(origin).netloc)

    def _has_token(self, scope: Scope, headers: Headers) -> bool:
        if scope["type"] == "websocket":
            offered = scope.get("subprotocols", [])
            given = offered[1] if len(offered) == 2 and offered[0] == SUBPROTOCOL else ""
        else:
            scheme, _, given = headers.get("authorization", "").partition(" ")
            given = given if scheme.lower() == "bearer" else ""
        return hmac.compare_digest(given.encode(), self._token.encode())


def is_loopback(host: str) -> bool:
    """True for `localhost`, 127.0.0.0/8 and [::1], with or without a port; never for a name that only resolves there."""
    try:
        name = urlsplit(f"//{host}").hostname
    except ValueError:
        return False
    if name is None:
        return False
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


async def _respond(send: Send, status: int, reason: str) -> None:
    body = json.dumps({"detail": reason}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
