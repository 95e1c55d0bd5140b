"""Feeds one widget model over its comm, for as long as its page has no socket of its own.

A request from the page may wait until the running cell ends; a push from a thread of the kernel does not.
So at display everything for a first paint is sent unasked, again and again until the page says that it came.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from hermes_hud_widget.client.child import Endpoint
from hermes_hud_widget.client.link import Link
from hermes_hud_widget.protocol import FROM_MODEL, Ack, Attach, Relayed, RelayRequest, ServerNote, Trouble

PREFETCH_AFTER_S = 2.0
"""A page that has no socket so long after its answer gets the panels beside the one shown, too: its requests may wait
for a cell."""
REPEAT_GREETING_S = (0.1, 0.3, 1.0, 3.0)
"""Messages sent before a page has attached its listener are lost: the greeting is repeated so long after display."""


PAGES_KEPT = 4
"""So many pages without a socket are fed at once: those that came last."""

_NOBODY = ""
"""Whose look the first panels are before any page has said what it looks at."""


class Relay:
    """Between one widget model and the server.

    Args:
        find: Waits for the server and says where it is.
        open_home: Opens the model's home in the server and returns its id.
        panels: The panels that the model shows.
        send: Sends a custom message to the model; may be called from any thread.
        first: So many of the panels are seen at once, and sent unasked.
    """

    def __init__(
        self,
        find: Callable[[], Endpoint],
        open_home: Callable[[], str],
        panels: tuple[str, ...],
        send: Callable[[dict[str, Any]], None],
        first: int = 1,
    ) -> None:
        self._find = find
        self._open_home = open_home
        self._first, self._others = panels[:first], panels[first:]
        self._send = send
        self._lock = threading.RLock()
        self._link: Link | None = None
        self._home: str | None = None
        self._note: dict[str, Any] | None = None
        self._hello: dict[str, Any] | None = None
        self._looks: dict[str, dict[str, Any]] = {}
        self._looked_at: tuple[str | None, ...] = ()
        self._on_comm: dict[str, bool] = {}
        self._modules: dict[str, dict[str, Any]] = {}
        self._newest: dict[str, dict[str, Any]] = {}
        self._is_heard = False
        self._is_greeted = False
        self._is_prefetch_due = False
        self._acknowledged = threading.Event()
        self._is_closed = threading.Event()
        self._greeter: threading.Thread | None = None
        self.transport = "none"

    def displayed(self) -> None:
        """A view was displayed: greets it until it answers."""
        with self._lock:
            if self._is_closed.is_set():
                return
            self._acknowledged.clear()
            if self._link is None:
                self._link = Link(self._find_and_open, self._from_server)
            if self._greeter is None or not self._greeter.is_alive():
                self._greeter = threading.Thread(
                    target=self._greet_until_heard, name="hermes-hud-greeter", daemon=True
                )
                self._greeter.start()

    def from_model(self, content: Any) -> None:
        """Takes a custom message of the model; may be called from any thread."""
        try:
            message = FROM_MODEL.validate_python(content)
        except ValidationError:  # another version of the browser module; what it cannot say it does without
            return
        match message:
            case Attach(client=client, look=look):
                with self._lock:
                    self._hear(client, is_direct=False)
                    if look is not None:
                        self._look_at(client, look.model_dump())
                self._greet()
            case Ack(client=client, direct=direct):
                with self._lock:
                    self._hear(client, is_direct=direct)
                    if direct:
                        # The page says over its socket what it looks at; nothing is pushed through here for it.
                        self._looks.pop(_NOBODY, None)
                        self._looks.pop(client, None)
                        self._send_look()
            case RelayRequest(client=client, frame=frame):
                with self._lock:
                    if frame.get("type") == "look":
                        self._look_at(client, frame)
                    else:
                        self._forward(frame)

    @property
    def _is_relaying(self) -> bool:
        """True while some page has no socket of its own, or none has been heard yet."""
        return bool(self._on_comm) or not self._is_heard

    def _hear(self, client: str, *, is_direct: bool) -> None:
        self._acknowledged.set()
        self._is_heard = True
        self._on_comm.pop(client, None)
        if not is_direct:
            self._on_comm[client] = True
            while len(self._on_comm) > PAGES_KEPT:
                # A page that was closed does not say so.
                oldest = next(iter(self._on_comm))
                del self._on_comm[oldest]
                self._looks.pop(oldest, None)
        self.transport = "direct" if is_direct else "comm"

    def server_is_down(self, message: str) -> None:
        """Tells the page that the server ended; a new one is being started."""
        with self._lock:
            # A greeting from a dead server would look like life.
            self._hello = self._note = None
            self._modules.clear()
            self._newest.clear()
        self._send(Trouble(kind="server-down", message=message).model_dump())

    def close(self) -> None:
        """Says goodbye and lets go of the connection."""
        self._is_closed.set()
        self._acknowledged.set()
        self._send(Trouble(kind="closed", message="This HUD was closed.").model_dump())
        if self._link is not None:
            self._link.close()
        if self._greeter is not None and self._greeter is not threading.current_thread():
            self._greeter.join(timeout=5)

    def _from_server(self, frame: dict[str, Any]) -> None:
        if frame["type"] == "hello":
            self._from_hello(frame)
        with self._lock:
            match frame["type"]:
                case "module":
                    self._modules[frame["name"]] = frame
                case "panel" if frame["id"] is None:
                    self._newest[
                        json.dumps([frame["home"], frame["panel"], frame["query"]], sort_keys=True)
                    ] = frame
            if not self._is_relaying:
                return
        self._send(Relayed(frame=frame).model_dump())

    def _find_and_open(self) -> Endpoint:
        """Opens the home before connecting, so that `hello` tells of it."""
        endpoint = self._find()
        home = self._open_home()
        note = ServerNote(
            url=endpoint.socket_url, server_id=endpoint.server_id, token=endpoint.token, home=home
        )
        with self._lock:
            self._home = home
            self._note = note.model_dump()
            # A new connection knows nothing of what was looked at through the last one.
            self._is_greeted = False
            self._looked_at = ()
        return endpoint

    def _from_hello(self, hello: dict[str, Any]) -> None:
        """The first one of a connection: says where the server is, and asks for what is shown.

        Another one only tells of something that changed; the server knows already what is looked at.
        """
        with self._lock:
            self._hello = hello
            if self._is_greeted:
                return
            self._is_greeted = True
            note, first = self._note, self._first
            if not self._is_heard:
                self._looks[_NOBODY] = {"panels": list(first), "queries": {panel: [{}] for panel in first}}
            if self._is_relaying:
                self._send_look()
                self._ask_for_module("core/parts")
                for panel in first:
                    self._ask_for_view(panel)
            if self._is_prefetch_due:
                self._prefetch()
        if note is not None:
            # Also to a page that has a socket: it was one to the server before this one.
            self._send(note)

    def _ask_for_view(self, panel: str) -> None:
        for entry in self._hello["panels"] if self._hello else ():
            if entry["name"] == panel and entry["module"] is not None:
                self._ask_for_module(entry["module"])

    def _ask_for_module(self, name: str) -> None:
        self._forward({"type": "module", "id": 0, "name": name})

    def _look_at(self, client: str, look: dict[str, Any]) -> None:
        self._looks.pop(_NOBODY, None)
        self._looks[client] = look
        self._send_look()

    def _send_look(self) -> None:
        """Says what all pages together look at through this relay, home by home: one may show another profile's."""
        self._newest.clear()
        # What nobody looks at any more is said, too.
        homes: dict[str | None, dict[str, list[Any]]] = {home: {} for home in (self._home, *self._looked_at)}
        for look in self._looks.values():
            queries = homes.setdefault(look.get("home", self._home), {})
            for panel in look.get("panels", []):
                shown = queries.setdefault(panel, [])
                shown += [query for query in look.get("queries", {}).get(panel, []) if query not in shown]
        for home, queries in homes.items():
            self._forward({"type": "look", "home": home, "panels": list(queries), "queries": queries})
        self._looked_at = tuple(home for home, queries in homes.items() if queries)

    def _forward(self, frame: dict[str, Any]) -> None:
        if self._link is not None:
            self._link.send(frame)

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
            greeting = [self._note] if self._note else []
            greeting += [Relayed(frame=frame).model_dump() for frame in frames if frame]
        for message in greeting:
            self._send(message)
