"""A `hermes-hud serve` somewhere else: reached through a tunnel or a network, neither started nor ended here."""

from __future__ import annotations

import json
import os
import re
import threading
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from hermes_hud_widget._version import __version__
from hermes_hud_widget.client.child import Endpoint
from hermes_hud_widget.client.link import Link
from hermes_hud_widget.client.rest import TurnedAwayError, get
from hermes_hud_widget.client.secret import Secret
from hermes_hud_widget.errors import ArgumentError, HomeError, HudError, ServerError
from hermes_hud_widget.place import Place
from hermes_hud_widget.protocol import PROTOCOL, Hello, HomeEntry

TOKEN_VARIABLE = "HERMES_HUD_TOKEN"
FIRST_ANSWER_S = 10.0
"""How long the first answer may take."""
PATIENCE_S = 3.0
"""How long a call waits for a server that does not answer just now."""
PROBE_TIMEOUT_S = 5.0
TURNED_AWAY_PAUSE_S = 10.0
"""How long a server that wants nothing to do with us is left alone."""

_TOKEN = re.compile(r"[A-Za-z0-9._~-]+")
_OF_PROFILE = re.compile(r"[\\/]profiles[\\/][^\\/]+$")


class WaitedInVainError(ServerError):
    """A server was waited for, and does not answer."""


@dataclass(frozen=True)
class Address:
    """Where a server is to be found, and what it wants to hear."""

    url: str
    secret: Secret[str] = field(repr=False)


@dataclass(frozen=True)
class RemotePlace(Place):
    """A home on the server's machine; `path` and `root` are as they are called there.

    Attributes:
        served_id: The home's id there.
    """

    served_id: str = ""

    @property
    def id(self) -> str:
        """The id that the server gave it."""
        return self.served_id

    @property
    def is_demo(self) -> bool:
        """False: that is for the server to know."""
        return False


def find_address(url: Secret[str | None], token: Secret[str | None]) -> Address | None:
    """What the caller means by `url` and `token`; None: a server of this process's own.

    Raises:
        ArgumentError: The address makes no sense or holds a secret, or there is no token.
    """
    found = _address(url, token)
    if isinstance(found, ArgumentError):
        raise found
    return found


def _address(url: Secret[str | None], token: Secret[str | None]) -> Address | ArgumentError | None:
    """An error is returned, not raised: a traceback would show what this frame knows."""
    if url.reveal() is None:
        if token.reveal() is not None:
            return ArgumentError("token= belongs to url=, the address of a `hermes-hud serve`.")
        return None
    checked = _checked_url(url.reveal())
    if isinstance(checked, ArgumentError):
        return checked
    given = token.reveal() if token.reveal() is not None else os.environ.get(TOKEN_VARIABLE, "")
    if not isinstance(given, str) or not given.strip():
        return ArgumentError(
            f"url={checked!r} needs the server's token, as token= or in ${TOKEN_VARIABLE}. "
            "`hermes-hud serve` says it in its first line."
        )
    if not _TOKEN.fullmatch(given.strip()):
        return ArgumentError(
            f"The token for url={checked!r} is none: expected letters, digits, - and _ only, "
            "as `hermes-hud serve` says it in its first line."
        )
    return Address(checked, Secret(given.strip()))


def _checked_url(url: Any) -> str | ArgumentError:
    expected = "expected one like http://127.0.0.1:9119, where a `hermes-hud serve` is reached."
    if not isinstance(url, str):
        return ArgumentError(f"url= is a {type(url).__name__}; {expected}")
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:  # its text may repeat a part of the address
        return ArgumentError(f"url= is no address; {expected}")
    # Without `//` nothing of it is a netloc. A path may have an `@`: JupyterHub's users are named by their mail address.
    if parts.query or parts.fragment or "@" in (parts.netloc or url):
        # Not repeated: what is written there is a secret, most likely.
        return ArgumentError(
            "url=: a token does not belong in a URL, which ends up in logs and in saved notebooks. "
            f"Give it as token= or in ${TOKEN_VARIABLE}, and leave out what comes with `?`, `#` or `@`."
        )
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        return ArgumentError(f"url={url!r}: {expected}")
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path.rstrip('/')}"


class RemoteServer:
    """A server that somebody else started.

    One connection is always kept open: it tells at once when the server is gone, and when it is there again.

    Args:
        address: Where it is.
        on_down: Called with words for the viewer when it is gone, or turned us away; in a thread of its own.
    """

    def __init__(self, address: Address, on_down: Callable[[str], None]) -> None:
        self._door = Endpoint(address.url, address.secret, "", is_local=False)
        self._on_down = on_down
        self._changed = threading.Condition()
        self._hello: Hello | None = None
        self._why: str | None = None
        self._is_turned_away = False
        self._told = ""
        self._answers: dict[int, dict[str, Any] | None] = {}
        self._requests = 0
        self._is_closed = threading.Event()
        self._link = Link(self._find, self._hear, self._lose)

    @property
    def is_over(self) -> bool:
        """True once it was closed: one that does not answer may be there again at any time."""
        return self._is_closed.is_set()

    def endpoint(self) -> Endpoint:
        """Waits a little until the server answers.

        Raises:
            ServerError: It does not, or turned us away; the message names it.
        """
        hello = self._greeted()
        return Endpoint(self._door.base_url, self._door.secret, hello.server_id, is_local=False)

    def open(self, place: Place) -> str:
        """The id of a home that it has open.

        Raises:
            HomeError: It has no such home.
            ServerError: It does not answer.
        """
        homes = self._greeted().homes
        if all(entry.id != place.id for entry in homes):
            raise HomeError(f"{self._door.name} does not have {str(place.path)!r} open. {_there(homes)}")
        return place.id

    def allow(self, origin: str) -> None:
        """Nothing: no page has a way to it."""

    def find(self, home: str | os.PathLike[str] | None, profile: str | None) -> RemotePlace:
        """The home that the caller means, of those that the server has open.

        Args:
            home: Its path on the server's machine, or its root's; None: the first one.
            profile: Its profile, which is opened if need be; `default` is the root home, None the one that is there.

        Raises:
            HomeError: There is none like that.
            ServerError: The server does not answer.
        """
        hello = self._greeted()
        if hello.version != __version__:
            warnings.warn(
                f"{self._door.name} is hermes-hud-widget {hello.version or 'of an older version'}, this one is "
                f"{__version__}: what only one of them knows will be missing. Install the same version on both sides.",
                stacklevel=2,
            )
        homes: Sequence[HomeEntry] = hello.homes
        if home is not None:
            wanted = str(home).rstrip("/\\")
            exact = [entry for entry in homes if entry.path.rstrip("/\\") == wanted]
            homes = exact or [entry for entry in homes if _root_of(entry) == wanted]
        if not homes:
            raise HomeError(f"{self._door.name} does not have {str(home)!r} open. {_there(hello.homes)}")
        entry = homes[0]
        if profile is not None:
            named = None if profile == "default" else profile
            entry = next((entry for entry in homes if entry.profile == named), None) or self._open_profile(
                entry, profile
            )
        root = Path(_root_of(entry))
        return RemotePlace(Path(entry.path), root, entry.profile, self._door.base_url, entry.id)

    def close(self) -> None:
        """Lets go of the connection; the server goes on."""
        self._is_closed.set()
        with self._changed:
            self._changed.notify_all()
        self._link.close()

    def _open_profile(self, of: HomeEntry, profile: str) -> HomeEntry:
        with self._changed:
            self._requests += 1
            request = self._requests
            self._answers[request] = None
        self._link.send({"type": "profile", "id": request, "home": of.id, "profile": profile})
        with self._changed:
            self._changed.wait_for(lambda: self._answers[request] or self._hello is None, FIRST_ANSWER_S)
            answer = self._answers.pop(request)
            if answer is not None and answer["type"] == "error":
                raise HomeError(f"{self._door.name}: {answer['message']}")

            def opened() -> HomeEntry | None:
                homes = self._hello.homes if self._hello and answer else ()
                return next((entry for entry in homes if answer and entry.id == answer["home"]), None)

            self._changed.wait_for(opened, PATIENCE_S)
            entry = opened()
        if entry is None:
            raise ServerError(f"{self._door.name} did not open the profile {profile!r}. Try again.")
        return entry

    def _greeted(self) -> Hello:
        with self._changed:
            # The first answer may come from far away; after that, only a moment.
            self._changed.wait_for(
                lambda: self._hello is not None or self._why is not None or self.is_over, FIRST_ANSWER_S
            )
            self._changed.wait_for(
                lambda: self._hello is not None or self._is_turned_away or self.is_over, PATIENCE_S
            )
            if self._hello is None or self.is_over:
                raise WaitedInVainError(self._why or f"{self._door.name} does not answer.")
            return self._hello

    def _find(self) -> Endpoint:
        """Asks by HTTP before each connection: a refused WebSocket does not say why."""
        if self._is_turned_away:
            self._is_closed.wait(TURNED_AWAY_PAUSE_S)
        try:
            answer = json.loads(get(self._door, ("homes",), timeout_s=PROBE_TIMEOUT_S))
        except ServerError:
            raise
        except HudError as error:
            raise TurnedAwayError(
                f"{self._door.name} refuses: {error} Does the address lead to a `hermes-hud serve`, through a tunnel "
                "that begins at 127.0.0.1?"
            ) from error
        except ValueError:
            answer = None
        if not isinstance(answer, dict) or "homes" not in answer:
            raise TurnedAwayError(f"What answers at {self._door.base_url} is no `hermes-hud serve`.")
        return self._door

    def _hear(self, frame: dict[str, Any]) -> None:
        if frame["type"] == "hello":
            hello = self._checked(frame)
            with self._changed:
                self._hello, self._why, self._is_turned_away, self._told = hello, None, False, ""
                self._changed.notify_all()
        elif frame["type"] in ("profile", "error"):
            with self._changed:
                if frame["id"] in self._answers:
                    self._answers[frame["id"]] = frame
                    self._changed.notify_all()

    def _checked(self, frame: dict[str, Any]) -> Hello:
        theirs = f"{self._door.name} is hermes-hud-widget {frame.get('version') or 'of an older version'}"
        mismatch = (
            f"{theirs} and speaks protocol {frame.get('protocol')}; this one is {__version__} and speaks {PROTOCOL}. "
            "Install the same version on both sides."
        )
        if frame.get("protocol") != PROTOCOL:
            raise TurnedAwayError(mismatch)
        try:
            return Hello.model_validate(frame)
        except ValidationError as error:
            raise TurnedAwayError(mismatch) from error

    def _lose(self, why: ServerError | None) -> None:
        is_turned_away = isinstance(why, TurnedAwayError)
        what = str(why or f"{self._door.name} does not answer: the connection ended")
        hint = " Is the tunnel open, and `hermes-hud serve` running at its other end?"
        told = what if is_turned_away else f"{self._door.name} does not answer; trying again."
        with self._changed:
            self._hello = None
            self._why = what if is_turned_away else f"{what.rstrip('.')}.{hint}"
            self._is_turned_away = is_turned_away
            is_news, self._told = told != self._told, told
            self._changed.notify_all()
        if is_news:
            self._on_down(told)


def _root_of(entry: HomeEntry) -> str:
    path = entry.path.rstrip("/\\")
    return path if entry.profile is None else _OF_PROFILE.sub("", path)


def _there(homes: Sequence[HomeEntry]) -> str:
    names = [f"{entry.path!r}" + (f" (profile {entry.profile})" if entry.profile else "") for entry in homes]
    return f"There are: {', '.join(names)}." if names else "It has none."
