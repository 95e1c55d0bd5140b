"""REST calls of the kernel to its own server."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

from hermes_hud_widget.chunks import BrokenStream, Rows, from_stream
from hermes_hud_widget.client.child import Endpoint
from hermes_hud_widget.errors import (
    ArgumentError,
    HomeError,
    HudError,
    ServerError,
    SourceError,
    UnknownNameError,
)

TIMEOUT_S = 300.0
"""How long an answer may be waited for; a frame's for as long as it takes, since its caller sees how far it is."""


class _RefusedError(HudError):
    """The server's own explanation."""


def get(
    endpoint: Endpoint,
    path: Sequence[str],
    query: Mapping[str, Any] | None = None,
    timeout_s: float = TIMEOUT_S,
) -> bytes:
    """The body of a successful GET.

    Args:
        endpoint: The server.
        path: The path's parts below `/api`, not yet quoted.
        query: Parameters; None values are left out, lists are repeated.
        timeout_s: How long the server may be silent, in seconds.

    Raises:
        HudError: The server refused; the text is its explanation.
        ServerError: The server is not there.
    """
    with opened(endpoint, path, query, timeout_s=timeout_s) as response:
        return response.read()


def get_rows(
    endpoint: Endpoint,
    path: Sequence[str],
    query: Mapping[str, Any],
    on_stop: Callable[[Callable[[], None]], None],
) -> Rows:
    """A frame's rows, read as they come.

    Args:
        endpoint: The server.
        path: As for `get`.
        query: As for `get`.
        on_stop: Is given what breaks off the call from another thread.

    Raises:
        HudError: The server refused; the text is its explanation.
        ServerError: The server is not there, or broke off: never is a part returned.
    """
    with opened(endpoint, path, query, on_stop, timeout_s=None) as response:
        try:
            rows = from_stream(response)
        except BrokenStream as error:
            raise ServerError(f"The HUD's server broke off its answer: {error}. Ask again.") from error
        # Until the answer's end, so that a part that looks complete is not taken for all.
        response.read()
        return rows


@contextmanager
def opened(
    endpoint: Endpoint,
    path: Sequence[str],
    query: Mapping[str, Any] | None = None,
    on_stop: Callable[[Callable[[], None]], None] | None = None,
    timeout_s: float | None = TIMEOUT_S,
) -> Iterator[http.client.HTTPResponse]:
    """A successful answer, its body still to be read within the block.

    `http.client`, since it asks no proxy: the environment's `http_proxy` must not get a loopback address.

    Raises:
        HudError: The server refused; the text is its explanation.
        ServerError: The server is not there, or broke off.
    """
    target = "/api/" + "/".join(quote(part, safe="") for part in path)
    given = {name: value for name, value in (query or {}).items() if value is not None}
    if given:
        target += "?" + urlencode(given, doseq=True)
    connection = http.client.HTTPConnection("127.0.0.1", endpoint.port, timeout=timeout_s)
    try:
        connection.connect()
        if on_stop is not None:
            on_stop(partial(_break_off, connection.sock))
        connection.request("GET", target, headers={"Authorization": f"Bearer {endpoint.token}"})
        response = connection.getresponse()
        if response.status != 200:
            raise _explained(response.status, response.read())
        yield response
    except http.client.IncompleteRead as error:
        raise ServerError("The HUD's server broke off in the middle of its answer. Ask again.") from error
    except (OSError, http.client.HTTPException) as error:
        raise ServerError(f"The HUD's server does not answer: {error}") from error
    finally:
        connection.close()


def _break_off(connection: socket.socket) -> None:
    with suppress(OSError):  # it is over already
        connection.shutdown(socket.SHUT_RDWR)


def _explained(status: int, body: bytes) -> HudError:
    try:
        answer = json.loads(body)
        detail = answer["detail"]
    except (ValueError, KeyError, TypeError):
        answer, detail = {}, f"The HUD's server answered {status}."
    if answer.get("kind"):
        return SourceError(answer["kind"], answer["path"], detail)
    kind = {400: ArgumentError, 409: HomeError}.get(status)
    if kind is not None:
        return kind(str(detail))
    if status == 404:
        error = UnknownNameError.__new__(UnknownNameError)
        LookupError.__init__(error, str(detail))
        return error
    return _RefusedError(str(detail))
