"""Who may come in: a token on every request, and only pages and names of this machine, or of a place that its user named.

Written as plain ASGI, outside of the framework, so that no route can be added without it.
"""

from __future__ import annotations

import hmac
import ipaddress
import json
import re
import threading
from urllib.parse import parse_qsl, urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hermes_hud_widget.errors import ArgumentError
from hermes_hud_widget.protocol import SUBPROTOCOL
from hermes_hud_widget.server.page import HEADERS, Page

_TOKEN_PARAMETERS = frozenset({"token", "access_token", "key", "api_key"})
_HEADERS = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
_AUTHORITY = r"(?P<name>[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?"
_HOST = re.compile(_AUTHORITY)
_ORIGIN = re.compile(rf"(?P<scheme>https?|vscode-webview)://{_AUTHORITY}")
ORIGINS_KEPT = 64
"""How many admitted origins are kept; the oldest goes. Each webview of VS Code is one of its own."""


class Guard:
    """Refuses what has no token, a foreign Origin or a foreign Host.

    Args:
        app: What is behind it.
        token: The token, compared in constant time: `Authorization: Bearer` for HTTP, the second
            subprotocol for WebSockets (browsers can send no header there, and URLs end up in logs). None: the door is
            a socket in a directory that only its user enters, and Jupyter stands before it.
        page: The stand-alone page, which needs no token to be there, if this door has one.
    """

    OPEN_PATHS = frozenset({"/healthz"})

    def __init__(self, app: ASGIApp, token: str | None, page: Page | None = None) -> None:
        self._app = app
        self._token = token
        self._page = page
        self._lock = threading.Lock()
        # Replaced, never changed: the event loop reads it while another thread admits.
        self._admitted: tuple[str, ...] = ()
        self._admitted_names: frozenset[str] = frozenset()

    def admit(self, origin: str) -> None:
        """Accepts pages of this origin, which are shown through a proxy: its name as Host, itself as Origin of WebSockets.

        Only for what somebody said who has proven to be the server's owner. The token is needed there, too. May be
        called from any thread.

        Args:
            origin: As a browser writes it, `https://hub.example.org:8443`.

        Raises:
            ArgumentError: It is none.
        """
        if len(origin) > 300 or not _ORIGIN.fullmatch(origin):
            raise ArgumentError(f"origin={origin[:300]!r}: expected one like https://hub.example.org:8443.")
        with self._lock:
            others = tuple(each for each in self._admitted if each != origin)
            self._admitted = (*others, origin)[-ORIGINS_KEPT:]
            # A webview is a page of the editor: no request ever names it as the host it is for.
            matches = [_ORIGIN.fullmatch(each) for each in self._admitted]
            self._admitted_names = frozenset(
                match["name"] for match in matches if match and match["scheme"] != "vscode-webview"
            )

    def is_admitted(self, origin: str) -> bool:
        """Whether pages of this origin are accepted, besides those of loopback."""
        return origin in self._admitted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if scope["type"] == "http":
            send = _with_headers(send)
        if refusal is None:
            page = self._page_of(scope)
            await (self._app if page is None else page.app)(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            # Closing before accepting is an HTTP 403 to the other side.
            await send({"type": "websocket.close", "code": 1008, "reason": refusal[1]})
        else:
            await _respond(send, *refusal)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers = Headers(scope=scope)
        if self._token is None:
            return _refusal_behind_jupyter(headers)
        host = headers.get("host", "")
        if not is_loopback(host) and not self._is_admitted_name(host):
            return 403, "The Host header must name this machine's loopback."
        origin = headers.get("origin")
        if origin is not None and not self._may_come_from(origin, host, scope):
            return 403, "Requests from this Origin are not accepted."
        query = parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
        if any(name.lower() in _TOKEN_PARAMETERS for name, _ in query):
            return 400, "A token does not belong in a URL; send it in the Authorization header."
        if self._page_of(scope) or (scope["type"] == "http" and scope["path"] in self.OPEN_PATHS):
            return None
        if not _has_token(scope, headers, self._token):
            return 401, "A token is needed: Authorization: Bearer …"
        return None

    def _may_come_from(self, origin: str, host: str, scope: Scope) -> bool:
        if self._page_of(scope) is not None:
            return _netloc(origin) == host
        # No other page uses REST: a notebook's is another origin, and we open no CORS. Ours sends no Origin with a GET.
        is_socket = scope["type"] == "websocket"
        return is_socket and (is_loopback(_netloc(origin)) or self.is_admitted(origin))

    def _page_of(self, scope: Scope) -> Page | None:
        """The page, where it answers this."""
        is_of_page = scope["type"] == "http" and Page.answers(scope["path"])
        return self._page if is_of_page else None

    def _is_admitted_name(self, host: str) -> bool:
        # Whatever the port, as with loopback: this keeps out names that somebody else made to lead here.
        match = _HOST.fullmatch(host.lower())
        return match is not None and match["name"] in self._admitted_names


def _has_token(scope: Scope, headers: Headers, token: str) -> bool:
    if scope["type"] == "websocket":
        # uvicorn 0.35 hands over the header as it came.
        offered = [each.strip() for header in scope.get("subprotocols", []) for each in header.split(",")]
        given = offered[1] if len(offered) == 2 and offered[0] == SUBPROTOCOL else ""
    else:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        given = given if scheme.lower() == "bearer" else ""
    return hmac.compare_digest(given.encode(), token.encode())


def _refusal_behind_jupyter(headers: Headers) -> tuple[int, str] | None:
    """Whether a request that Jupyter has passed on is refused all the same.

    jupyter-server-proxy passes on only what somebody logged in asks for, and of WebSockets only those whose Origin is
    Jupyter's own or one that its admin allows: cookies go with WebSockets of any site, so that one matters, and Host and
    Origin say nothing here that Jupyter has not looked at. XSRF it leaves to what it passes on to. There is nothing to
    forge: all routes but the WebSocket are GETs that change nothing, and what they answer a page of another origin
    cannot read (no CORS; JSON with nosniff, not to be loaded as anything else). Browsers say when a page of another site
    asks, and then not even the work is done.
    """
    if headers.get("sec-fetch-site") == "cross-site":
        return 403, "Requests from other sites are not accepted."
    return None


def _netloc(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def is_loopback(host: str) -> bool:
    """True for `localhost`, 127.0.0.0/8 and [::1], with or without a port; never for a name that only resolves there."""
    match = _HOST.fullmatch(host.lower())
    if match is None:
        return False
    name = match["name"].strip("[]")
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _with_headers(send: Send) -> Send:
    """Says with each answer that it is what it says it is, and nobody else's to load."""

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], *_HEADERS]}
        await send(message)

    return send_with_headers


async def _respond(send: Send, status: int, reason: str) -> None:
    body = json.dumps({"detail": reason}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
