"""REST calls to a server."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

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


class TurnedAwayError(ServerError):
    """A server is there, but wants nothing to do with this process; trying again soon does not help."""


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
            raise ServerError(f"{endpoint.name} broke off its answer: {error}. Ask again.") from error
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
    place = urlsplit(endpoint.base_url)
    target = f"{place.path}/api/" + "/".join(quote(part, safe="") for part in path)
    given = {name: value for name, value in (query or {}).items() if value is not None}
    if given:
        target += "?" + urlencode(given, doseq=True)
    make = http.client.HTTPSConnection if place.scheme == "https" else http.client.HTTPConnection
    connection = make(place.hostname or "", endpoint.port, timeout=timeout_s)
    try:
        connection.connect()
        if on_stop is not None:
            on_stop(partial(_break_off, connection.sock))
        connection.request("GET", target, headers={"Authorization": f"Bearer {endpoint.token}"})
        response = connection.getresponse()
        if response.status != 200:
            raise _explained(endpoint, response.status, response.read())
        yield response
    # Not chained: a traceback with variables would show the headers in the frames of `http.client`.
    except http.client.IncompleteRead:
        raise ServerError(f"{endpoint.name} broke off in the middle of its answer. Ask again.") from None
    except (OSError, http.client.HTTPException) as error:
        raise ServerError(f"{endpoint.name} does not answer: {error or type(error).__name__}") from None
    finally:
        connection.close()


def _break_off(connection: socket.socket) -> None:
    with suppress(OSError):  # it is over already
        connection.shutdown(socket.SHUT_RDWR)


def _explained(endpoint: Endpoint, status: int, body: bytes) -> HudError:
    try:
        answer = json.loads(body)
        detail = answer["detail"]
    except (ValueError, KeyError, TypeError):
        answer, detail = {}, f"{endpoint.name} answered {status}."
    if answer.get("kind"):
        return SourceError(answer["kind"], answer["path"], detail)
    kind = {400: ArgumentError, 409: HomeError}.get(status)
    if kind is not None:
        return kind(str(detail))
    if status == 404:
        error = UnknownNameError.__new__(UnknownNameError)
        LookupError.__init__(error, str(detail))
        return error
    if status == 401:
        return TurnedAwayError(
            f"{endpoint.name} refused the token. A `hermes-hud serve` that was started again has a new one: "
            "it is in its first line."
        )
    return _RefusedError(str(detail))
