"""What the environment says about the ways from a page to the server."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args
from urllib.parse import urlsplit

from hermes_hud_widget.errors import ArgumentError
from hermes_hud_widget.protocol import Transport

TRANSPORT = "HERMES_HUD_TRANSPORT"
PROXY_URL = "HERMES_HUD_PROXY_URL"
TRANSPORTS: tuple[Transport, ...] = get_args(Transport)
PORT = "%PORT%"
_URL_CHARS = 500
_EXAMPLE = "https://hub.example.org/user/me/proxy/%PORT%/"


@dataclass(frozen=True)
class Ways:
    """Which ways a page may try.

    Attributes:
        transport: `auto`, or the only one besides the comm; `comm`: none besides it.
        proxy_url: Where a proxy passes on what is below it, with `%PORT%` for the server's port; None: in a Jupyter page
            `{baseUrl}proxy/{port}/`.
    """

    transport: Transport = "auto"
    proxy_url: str | None = None

    def proxy_url_of(self, port: int) -> str | None:
        """The same for the server's port, with a slash at its end."""
        if self.proxy_url is None:
            return None
        return self.proxy_url.replace(PORT, str(port)).rstrip("/") + "/"


def ways_of(environment: Mapping[str, str]) -> Ways:
    """What `HERMES_HUD_TRANSPORT` and `HERMES_HUD_PROXY_URL` say; an empty variable counts as unset.

    Raises:
        ArgumentError: One of them makes no sense.
    """
    named = environment.get(TRANSPORT, "").strip().lower() or "auto"
    transport = next((each for each in TRANSPORTS if each == named), None)
    if transport is None:
        raise ArgumentError(f"{TRANSPORT}={named[:80]!r}: expected one of {', '.join(TRANSPORTS)}.")
    url = environment.get(PROXY_URL, "").strip() or None
    if url is not None and not _is_url(url):
        # Not quoted: it may hold a password.
        raise ArgumentError(
            f"{PROXY_URL} makes no sense: expected a URL or a path such as {_EXAMPLE}, "
            "without a user, a query or a fragment."
        )
    return Ways(transport, url)


def _is_url(text: str) -> bool:
    if len(text) > _URL_CHARS or re.search(r"[\s\\\x00-\x1f?#@]", text):
        return False
    try:
        parts = urlsplit(text.replace(PORT, "1"))
    except ValueError:
        return False
    if parts.scheme in ("http", "https"):
        return bool(parts.hostname)
    # Not `//host/`, which is another host.
    return not parts.scheme and not parts.netloc and text.startswith("/")
