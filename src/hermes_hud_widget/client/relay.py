"""Feeds one widget model over its comm, for as long as its page has no socket of its own.

A request from the page may wait until the running cell ends; a push from a thread of the kernel does not.
So at display everything for a first paint is sent unasked, again and again until the page says that it came.

Each message over the comm counts as use of the kernel, and a hub would never stop an idle one. So only pages that look at
something get anything unasked, and one that is not heard any more gets nothing.
"""

from __future__ import annotations

import contextvars
import ipaddress
import json
import logging
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import ValidationError

from hermes_hud_widget.client.busy import Busy
from hermes_hud_widget.client.child import Endpoint
from hermes_hud_widget.client.link import Link
from hermes_hud_widget.client.ways import Ways
from hermes_hud_widget.errors import ServerError
from hermes_hud_widget.protocol import (
    FROM_MODEL,
    Ack,
    Attach,
    Relayed,
    RelayRequest,
    ServerNote,
    SidePanel,
    SidePanelShown,
    Trouble,
    Try,
    Way,
)

log = logging.getLogger(__name__)

PREFETCH_AFTER_S = 2.0
"""A page that has no socket so long after its answer gets the panels beside the one shown, too: its requests may wait
for a cell."""
REPEAT_GREETING_S = (0.1, 0.3, 1.0, 3.0)
"""Messages sent before a page has attached its listener are lost: the greeting is repeated so long after display."""
PAGES_KEPT = 4
"""So many pages without a socket are fed at once: those that came last. As many with one are remembered."""
ASK_AFTER_S = 600.0
"""A page that is fed and was not heard for so long is asked whether it is still there: one that was closed does not say
so."""
PATIENCE_S = 60.0
"""A page that does not answer for so long, while no cell keeps its answer waiting, is not there."""
SIDE_BAR_S = 3.0
"""The same for the question whether it has a side bar."""
ORIGINS_KEPT = 8
"""So many origins of pages are let in at the server: those that came last. Each webview of VS Code is one of its own."""

_ORIGIN = re.compile(
    r"(?:https?|vscode-webview)://(?:[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?"
)
_ORIGIN_CHARS = 300

NO_SIDE_BAR = (
    "This page has no side bar for the HUD. It gets one by\n"
    '    pip install "hermes-hud-widget[lab]"\n'
    "in the environment of JupyterLab or Notebook 7; then start that again and reload the page."
)
NO_PAGE = "No page of this notebook answers: a side panel needs one that is open in JupyterLab or Notebook 7."


@dataclass
class Page:
    """What a page said of itself.

    Attributes:
        client: Tells it from others.
        transport: By which way it gets its data.
        host: What it is of: `jupyterlab`, …
        origin: Its `location.origin`.
        tried: The ways that it tried, and what came of each.
        look: What it looks at, without a socket; None: nothing.
        heard_at: When it was heard last (`time.monotonic`).
        asked_at: Since when it has been asked whether it is still there; None: it was not.
        is_lost: It did not answer.
    """

    client: str
    transport: Way
    host: str | None = None
    origin: str | None = None
    tried: tuple[Try, ...] = ()
    look: dict[str, Any] | None = None
    heard_at: float = field(default_factory=time.monotonic)
    asked_at: float | None = None
    is_lost: bool = False

    @property
    def is_fed(self) -> bool:
        """Whether it is there and has no other way than the comm."""
        return self.transport == "comm" and not self.is_lost


class Relay:
    """Between one widget model and the server.

    Args:
        find: Waits for the server and says where it is.
        open_home: Opens the model's home in the server and returns its id.
        panels: The panels that the model shows.
        send: Sends a custom message to the model; may be called from any thread.
        first: So many of the panels are seen at once, and sent unasked.
        allow: Lets pages of an origin in at the server, and waits until it does.
        ways: Which ways a page may try.
        busy: Whether a cell runs.
    """

    def __init__(
        self,
        find: Callable[[], Endpoint],
        open_home: Callable[[], str],
        panels: tuple[str, ...],
        send: Callable[[dict[str, Any]], None],
        first: int = 1,
        *,
        allow: Callable[[str], None] = lambda origin: None,
        ways: Ways | None = None,
        busy: Busy | None = None,
    ) -> None:
        self._find = find
        self._open_home = open_home
        self._first, self._others = panels[:first], panels[first:]
        self._send = send
        self._allow = allow
        self._ways = ways or Ways()
        self._busy = busy or Busy()
        self._lock = threading.RLock()
        self._link: Link | None = None
        self._home: str | None = None
        self._endpoint: Endpoint | None = None
        self._hello: dict[str, Any] | None = None
        self._pages: dict[str, Page] = {}
        self._origins: list[str] = []
        self._allowed: list[str] = []
        self._looked_at: tuple[str | None, ...] = ()
        self._modules: dict[str, dict[str, Any]] = {}
        self._newest: dict[str, dict[str, Any]] = {}
        self._displayed_at = time.monotonic()
        self._is_awaited = True
        self._is_greeted = False
        self._is_hello_due = False
        self._is_prefetch_due = False
        self._acknowledged = threading.Event()
        self._is_closed = threading.Event()
        self._greeter: threading.Thread | None = None
        self._side_bars: dict[str, bool] = {}
        self._side_bar_told = threading.Condition(self._lock)

    @property
    def transport(self) -> Way | Literal["none"]:
        """How the page that was heard last gets its data."""
        with self._lock:
            return next((page.transport for page in reversed(self._pages.values())), "none")

    @property
    def pages(self) -> tuple[Page, ...]:
        """The pages that were heard; the last one last."""
        with self._lock:
            return tuple(self._pages.values())

    @property
    def hello(self) -> dict[str, Any] | None:
        """What the server said of itself; None: it is not there, or was not asked yet."""
        with self._lock:
            return self._hello

    @property
    def ways(self) -> Ways:
        """Which ways a page may try."""
        return self._ways

    def displayed(self) -> None:
        """A view was displayed: greets it until it answers."""
        with self._lock:
            if self._is_closed.is_set():
                return
            self._acknowledged.clear()
            self._displayed_at = time.monotonic()
            if not self._is_awaited and all(page.is_lost for page in self._pages.values()):
                self._is_awaited = True
                self._send_look()
            self._connect()
            if self._greeter is None or not self._greeter.is_alive():
                self._greeter = threading.Thread(
                    target=self._greet_until_heard, name="hermes-hud-greeter", daemon=True
                )
                self._greeter.start()

    def _connect(self) -> None:
        """Makes the connection to the server, once; the lock is held."""
        if self._link is None and not self._is_closed.is_set():
            self._link = Link(self._find_and_open, self._from_server)

    def side_panel(self, tell: Callable[[str], object]) -> None:
        """Shows the HUD in the side bar of its page; returns at once.

        Args:
            tell: Is called with what is missing if no page can do that, in a thread of the cell that runs now.
        """
        self.displayed()
        with self._lock:
            self._side_bars.clear()
        # ipykernel shows what a thread prints under the cell whose context it has.
        context = contextvars.copy_context()
        threading.Thread(
            target=context.run, args=(self._ask_side_bars, tell), name="hermes-hud-side-panel", daemon=True
        ).start()

    def from_model(self, content: Any) -> None:
        """Takes a custom message of the model; may be called from any thread."""
        try:
            message = FROM_MODEL.validate_python(content)
        except ValidationError:  # another version of the browser module; what it cannot say it does without
            return
        match message:
            case Attach(client=client, look=look, origin=origin):
                with self._lock:
                    page = self._hear(client, "comm")
                    page.origin = origin
                    self._look_at(page, None if look is None else look.model_dump())
                    self._is_hello_due = False
                    # A layout that holds the widget draws it without a word to us: its page is the first to say so.
                    self._connect()
                self._greet()
                if origin is not None:
                    self._let_in(origin)
            case Ack(client=client, transport=transport, host=host, tried=tried):
                with self._lock:
                    page = self._hear(client, transport)
                    page.host, page.tried = host, tuple(tried)
                    if transport != "comm":
                        # It says over its socket what it looks at; nothing is pushed through here for it.
                        self._is_awaited = False
                        page.look = None
                        self._send_look()
            case RelayRequest(client=client, frame=frame):
                with self._lock:
                    page = self._hear(client, "comm")
                    hello = None
                    if frame.get("type") != "look":
                        self._forward(frame)
                    elif self._look_at(page, frame) and self._is_hello_due:
                        hello, self._is_hello_due = self._hello, False
                if hello is not None:
                    self._send(Relayed(frame=hello).model_dump())
            case SidePanelShown(client=client, shown=shown):
                with self._side_bar_told:
                    self._side_bars[client] = shown
                    self._side_bar_told.notify_all()

    def server_is_down(self, message: str) -> None:
        """Tells the page that the server ended; a new one is being started."""
        with self._lock:
            # A greeting from a dead server would look like life.
            self._hello = self._endpoint = None
            self._modules.clear()
            self._newest.clear()
        self._send(Trouble(kind="server-down", message=message).model_dump())
        if self._link is not None:
            # A far server may be gone for the one connection and not, or not yet, for the other: the next hello ends this.
            self._link.again()

    def close(self) -> None:
        """Says goodbye and lets go of the connection."""
        self._is_closed.set()
        self._acknowledged.set()
        with self._side_bar_told:
            self._side_bar_told.notify_all()
        self._send(Trouble(kind="closed", message="This HUD was closed.").model_dump())
        if self._link is not None:
            self._link.close()
        if self._greeter is not None and self._greeter is not threading.current_thread():
            self._greeter.join(timeout=5)

    # -- pages

    @property
    def _is_relaying(self) -> bool:
        """True while some page has no socket of its own, or one that was not heard yet may be there."""
        return self._is_awaited or any(page.is_fed for page in self._pages.values())

    def _hear(self, client: str, transport: Way) -> Page:
        self._acknowledged.set()
        page = self._pages.pop(client, None) or Page(client, transport)
        was_lost = page.is_lost
        page.transport, page.heard_at, page.asked_at, page.is_lost = transport, time.monotonic(), None, False
        self._pages[client] = page
        alike = [each for each in self._pages.values() if (each.transport == "comm") == (transport == "comm")]
        too_many = alike[:-PAGES_KEPT]
        for oldest in too_many:
            del self._pages[oldest.client]
        if was_lost or too_many:
            self._send_look()
        return page

    def _forget_absent(self) -> bool:
        """Feeds no longer who does not answer; True when some page is to be asked whether it is still there.

        A running cell keeps every answer waiting: as long as one runs nobody is forgotten.
        """
        now, must_ask, went = time.monotonic(), False, False
        is_idle = self._busy.idle_s() >= PATIENCE_S
        if self._is_awaited and is_idle and now - self._displayed_at >= PATIENCE_S:
            self._is_awaited, went = False, True
        for page in self._pages.values():
            if not page.is_fed or page.look is None:
                continue
            if page.asked_at is None and now - page.heard_at >= ASK_AFTER_S:
                page.asked_at, must_ask = now, True
            elif page.asked_at is not None and is_idle and now - page.asked_at >= PATIENCE_S:
                page.is_lost = went = True
        if went:
            self._send_look()
        return must_ask

    def _ask_side_bars(self, tell: Callable[[str], object]) -> None:
        asked_at = time.monotonic()
        for delay in (*REPEAT_GREETING_S[:3], 0.0):
            if self._is_closed.is_set():
                return
            self._send(SidePanel().model_dump())
            with self._side_bar_told:
                if self._side_bar_told.wait_for(self._is_side_bar_clear, delay):
                    break
        with self._side_bar_told:
            # A running cell keeps the answer waiting.
            while (left := SIDE_BAR_S - min(self._busy.idle_s(), time.monotonic() - asked_at)) > 0:
                if self._side_bar_told.wait_for(self._is_side_bar_clear, left):
                    break
            answers = tuple(self._side_bars.values())
        if not self._is_closed.is_set() and not any(answers):
            tell(NO_SIDE_BAR if answers else NO_PAGE)

    def _is_side_bar_clear(self) -> bool:
        """Some page shows it, or all that are known cannot."""
        answers = self._side_bars.values()
        there = [page for page in self._pages.values() if not page.is_lost]
        return self._is_closed.is_set() or any(answers) or 0 < len(answers) >= len(there)

    # -- origins

    def _let_in(self, origin: str) -> None:
        """Sees to it that the server accepts pages of this origin, if they could reach it at all."""
        with self._lock:
            if origin in self._origins or not is_far_origin(origin) or self._ways.transport == "comm":
                return
            self._origins = [*self._origins, origin][-ORIGINS_KEPT:]
        # The server may take its time, and the kernel must not wait for it.
        threading.Thread(
            target=self._let_in_now, args=(origin,), name="hermes-hud-origin", daemon=True
        ).start()

    def _let_in_now(self, origin: str) -> None:
        if self._is_allowed(origin):
            with self._lock:
                if origin in self._allowed:  # it was let in at a server that has just been found
                    return
                self._allowed = [*self._allowed, origin][-ORIGINS_KEPT:]
                note = self._note()
            if note is not None:
                self._send(note)

    def _is_allowed(self, origin: str) -> bool:
        try:
            self._allow(origin)
        except ServerError as error:
            log.warning("Pages of %s are not let in: %s", origin, error)
            return False
        return True

    # -- the server

    def _from_server(self, frame: dict[str, Any]) -> None:
        told: dict[str, Any] | None = frame
        must_ask = False
        if frame["type"] == "hello" and self._from_first_hello(frame):
            with self._lock:
                told = frame if self._is_relaying else None
        else:
            with self._lock:
                if frame.get("id") is None:
                    must_ask = self._forget_absent()
                    told = self._of_interest(frame)
                elif frame["type"] == "module":
                    self._modules[frame["name"]] = frame
                told = told if self._is_relaying else None
        if told is not None:
            self._send(Relayed(frame=told).model_dump())
        if must_ask:
            self._ask_pages()

    def _of_interest(self, frame: dict[str, Any]) -> dict[str, Any] | None:
        """What of a frame that nobody asked for concerns what is looked at."""
        seen = self._seen()
        match frame["type"]:
            case "hello":
                self._hello = frame
                self._is_hello_due = not any(seen.values())
                return None if self._is_hello_due else frame
            case "versions":
                concerned = {
                    home: {panel: version for panel, version in panels.items() if panel in seen.get(home, {})}
                    for home, panels in frame["versions"].items()
                }
                concerned = {home: panels for home, panels in concerned.items() if panels}
                return {**frame, "versions": concerned} if concerned else None
            case "panel":
                if frame["panel"] not in seen.get(frame["home"], {}):  # one that was under way
                    return None
                key = json.dumps([frame["home"], frame["panel"], frame["query"]], sort_keys=True)
                self._newest[key] = frame
        return frame

    def _find_and_open(self) -> Endpoint:
        """Opens the home before connecting, so that `hello` tells of it."""
        endpoint = self._find()
        home = self._open_home()
        with self._lock:
            origins = tuple(self._origins)
        allowed = [origin for origin in origins if self._is_allowed(origin)]
        with self._lock:
            self._home = home
            self._endpoint = endpoint
            self._allowed = allowed
            # A new connection knows nothing of what was looked at through the last one.
            self._is_greeted = False
            self._looked_at = ()
        return endpoint

    def _note(self) -> dict[str, Any] | None:
        """Where the server is; None while there is none."""
        endpoint = self._endpoint
        if endpoint is None or self._home is None:
            return None
        # No token leaves the kernel for a page that has no use for it.
        has_route = endpoint.is_local and self._ways.transport != "comm"
        return ServerNote(
            url=endpoint.socket_url if has_route else None,
            server_id=endpoint.server_id,
            token=endpoint.token if has_route else None,
            home=self._home,
            transport=self._ways.transport if endpoint.is_local else "comm",
            proxy_url=self._ways.proxy_url_of(endpoint.port) if has_route else None,
            origins=list(self._allowed) if has_route else [],
        ).model_dump()

    def _from_first_hello(self, hello: dict[str, Any]) -> bool:
        """Says where the server is, and asks for what is shown; False if it is not the first one of a connection.

        Another one only tells of something that changed; the server knows already what is looked at.
        """
        with self._lock:
            if self._is_greeted:
                return False
            self._hello = hello
            self._is_greeted = True
            self._is_hello_due = False
            note = self._note()
            if self._is_relaying:
                self._send_look()
                self._ask_for_module("core/parts")
                for panel in self._first:
                    self._ask_for_view(panel)
                # The words for what goes wrong: asked for when it does, they might wait for a cell.
                self._ask_for_module("core/status")
            if self._is_prefetch_due:
                self._prefetch()
        if note is not None:
            # Also to a page that has a socket: it was one to the server before this one.
            self._send(note)
        return True

    def _ask_for_view(self, panel: str) -> None:
        for entry in self._hello["panels"] if self._hello else ():
            if entry["name"] == panel and entry["module"] is not None:
                self._ask_for_module(entry["module"])

    def _ask_for_module(self, name: str) -> None:
        self._forward({"type": "module", "id": 0, "name": name})

    def _look_at(self, page: Page, look: dict[str, Any] | None) -> bool:
        """A page says what it looks at; False if that is nothing."""
        page.look = look if look is not None and look.get("panels") else None
        if page.look is not None:
            self._is_awaited = False
        self._send_look()
        return page.look is not None

    def _seen(self) -> dict[str | None, dict[str, list[Any]]]:
        """What all pages together look at through this relay: queries by home and panel; one may show another profile's."""
        looks = [page.look for page in self._pages.values() if page.is_fed and page.look is not None]
        if self._is_awaited:
            looks.append({"panels": list(self._first), "queries": {panel: [{}] for panel in self._first}})
        seen: dict[str | None, dict[str, list[Any]]] = {}
        for look in looks:
            queries = seen.setdefault(look.get("home", self._home), {})
            for panel in look.get("panels", []):
                shown = queries.setdefault(panel, [])
                shown += [query for query in look.get("queries", {}).get(panel, []) if query not in shown]
        return seen

    def _send_look(self) -> None:
        """Says to the server what is looked at, home by home."""
        self._newest.clear()
        seen = self._seen()
        # What nobody looks at any more is said, too.
        for home in dict.fromkeys((self._home, *self._looked_at, *seen)):
            queries = seen.get(home, {})
            self._forward({"type": "look", "home": home, "panels": list(queries), "queries": queries})
        self._looked_at = tuple(home for home, queries in seen.items() if queries)

    def _forward(self, frame: dict[str, Any]) -> None:
        if self._link is not None:
            self._link.send(frame)

    # -- greeting

    def _greet_until_heard(self) -> None:
        self._greet()
        for delay in REPEAT_GREETING_S:
            if self._acknowledged.wait(delay):
                break
            self._greet()
        if not self._is_closed.wait(PREFETCH_AFTER_S):
            self._prefetch()

    def _prefetch(self) -> None:
        """Sends what opens over the panels, and views and one snapshot of those that stand beside the ones on show.

        Not of all: to collect some of them reads the whole history.
        """
        with self._lock:
            # Without a hello nobody knows yet what stands beside what.
            self._is_prefetch_due = self._hello is None
            if self._hello is None or not self._is_relaying:
                return
            self._ask_for_module("core/tools")
            groups = {entry["name"]: entry["group"] for entry in self._hello["panels"]}
            shown = {groups.get(panel) for panel in self._first}
            for panel in self._others:
                if groups.get(panel) not in shown:
                    continue
                self._ask_for_view(panel)
                self._forward({"type": "get", "id": 0, "home": self._home, "panel": panel})

    def _greet(self) -> None:
        with self._lock:
            frames = [self._hello, *self._modules.values(), *self._newest.values()]
            greeting = self._greeting(*frames)
        for message in greeting:
            self._send(message)

    def _ask_pages(self) -> None:
        """A page acknowledges each `hello` that comes by this way."""
        with self._lock:
            greeting = self._greeting(self._hello)
        for message in greeting:
            self._send(message)

    def _greeting(self, *frames: dict[str, Any] | None) -> list[dict[str, Any]]:
        note = self._note()
        return [*([note] if note else []), *(Relayed(frame=frame).model_dump() for frame in frames if frame)]


def is_far_origin(origin: str) -> bool:
    """True for an origin, as a browser writes it, of a page that is not on this machine's loopback."""
    if len(origin) > _ORIGIN_CHARS or not _ORIGIN.fullmatch(origin):
        return False
    try:
        name = urlsplit(origin).hostname or ""
    except ValueError:
        return False
    if name == "localhost":
        return False
    try:
        return not ipaddress.ip_address(name).is_loopback
    except ValueError:
        return True
