"""REST calls of the kernel to its own server."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

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


class _RefusedError(HudError):
    """The server's own explanation."""


def get(endpoint: Endpoint, path: Sequence[str], query: Mapping[str, Any] | None = None) -> bytes:
    """The body of a successful GET.

    `http.client`, since it asks no proxy: the environment's `http_proxy` must not get a loopback address.

    Args:
        endpoint: The server.
        path: The path's parts below `/api`, not yet quoted.
        query: Parameters; None values are left out, lists are repeated.

    Raises:
        HudError: The server refused; the text is its explanation.
        ServerError: The server is not there.
    """
    target = "/api/" + "/".join(quote(part, safe="") for part in path)
    given = {name: value for name, value in (query or {}).items() if value is not None}
    if given:
        target += "?" + urlencode(given, doseq=True)
    connection = http.client.HTTPConnection("127.0.0.1", endpoint.port, timeout=TIMEOUT_S)
    try:
        connection.request("GET", target, headers={"Authorization": f"Bearer {endpoint.token}"})
        response = connection.getresponse()
        body = response.read()
    except (OSError, http.client.HTTPException) as error:
        raise ServerError(f"The HUD's server does not answer: {error}") from error
    finally:
        connection.close()
    if response.status == 200:
        return body
    raise _explained(response.status, body)


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
