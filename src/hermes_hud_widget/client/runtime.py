"""What all HUDs and Homes of one kernel share: one server process, its homes, one model for each HUD."""

from __future__ import annotations

import logging
import os
import threading
import time
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from hermes_hud_widget.client.cells import Cells
from hermes_hud_widget.client.child import Endpoint, ServerChild
from hermes_hud_widget.client.link import Link
from hermes_hud_widget.client.tables import Tables
from hermes_hud_widget.errors import ServerError
from hermes_hud_widget.place import Place

if TYPE_CHECKING:
    from hermes_hud_widget.demo import Demo

log = logging.getLogger(__name__)

FIRST_RESTART_S = 0.2
LAST_RESTART_S = 30.0
FIRST_VERSIONS_S = 5.0
STEADY_S = 60.0
"""A server that ran for so long is started again at once when it ends."""

OnDown = Callable[[str], None]


class Registration(Protocol):
    """Somebody who wants to hear of changes of a home's panels."""

    place: Place

    def changed(self, home: str, panel: str, version: int) -> None:
        """A panel of some home changed; called in the listener's thread."""

    def ended(self) -> None:
        """It will hear no more."""


class Runtime:
    """Starts the server when it is first needed, starts it again when it dies, ends it with its last user."""

    def __init__(self) -> None:
        self.process_id = os.getpid()
        self.cells = Cells()
        self.tables = Tables()
        self._lock = threading.Condition(threading.RLock())
        self._child: ServerChild | None = None
        self._is_wanted = False
        self._started_at = 0.0
        self._restart_s = FIRST_RESTART_S
        self._opened: dict[tuple[int, str], str] = {}
        self._users: weakref.WeakSet[Any] = weakref.WeakSet()
        self._on_down: dict[object, OnDown] = {}
        self._registrations: dict[object, Registration] = {}
        self._listening_to: str | None = None
        self._listener: Link | None = None
        self._known: dict[str, dict[str, int]] = {}
        self._demo: Demo | None = None

    def use(self, user: Any) -> None:
        """Keeps the server alive as long as `user` is; starts it, without waiting until it is ready."""
        with self._lock:
            self._users.add(user)
            self._start()

    def release(self, user: Any) -> None:
        """`user` needs the server no longer; the last one ends it."""
        with self._lock:
            self._users.discard(user)
            if self._users:
                return
        self.close()

    def is_used(self, place: Place, besides: Any) -> bool:
        """True if somebody else keeps the server alive for this home."""
        with self._lock:
            users = [user for user in self._users if user is not besides]
        return any(getattr(user, "place", None) == place for user in users)

    def close(self) -> None:
        """Ends the server, and the demo if there is one. A later `use` starts anew."""
        with self._lock:
            self._is_wanted = False
            self._lock.notify_all()
            child, self._child = self._child, None
            listener, self._listener = self._listener, None
            demo, self._demo = self._demo, None
            self._users.clear()
            self._opened.clear()
            self.tables.clear()
            registrations = list(self._registrations.values())
            self._registrations.clear()
            self._known.clear()
            self._on_down.clear()
        for registration in registrations:
            registration.ended()
        if listener is not None:
            listener.close()
        if child is not None:
            child.close()
        if demo is not None:
            demo.close()

    def endpoint(self) -> Endpoint:
        """Waits for the server and says where it is.

        Raises:
            ServerError: There is none, and none can be started.
        """
        return self._server().endpoint()

    def open(self, place: Place) -> str:
        """Opens a home in the server, once for each server, and returns its id.

        Raises:
            HomeError: It cannot be opened.
            ServerError: There is no server.
        """
        child = self._server()
        key = (child.pid, place.id)
        if key not in self._opened:
            self._opened[key] = child.open(place)
        return self._opened[key]

    def demo(self) -> Demo:
        """The demo home of this kernel; made when it is first asked for."""
        from hermes_hud_widget.demo import start_demo

        with self._lock:
            if self._demo is None:
                self._demo = start_demo()
            return self._demo

    def on_down(self, key: object, call: OnDown) -> Callable[[], None]:
        """Calls back when the server died; returns its own undo."""
        with self._lock:
            self._on_down[key] = call

        def undo() -> None:
            with self._lock:
                self._on_down.pop(key, None)

        return undo

    def register(self, key: object, registration: Registration) -> Callable[[], None]:
        """Calls back at each change from now on; returns its own undo.

        An earlier registration under the same key ends.
        """
        with self._lock:
            before = self._registrations.pop(key, None)
            self._registrations[key] = registration
            if self._listener is None:
                self._listener = Link(self._find_and_open, self._from_server)
            home = self.open(registration.place)
            # A change is told from the versions known before: without them the first one would be missed.
            self._lock.wait_for(lambda: home in self._known or not self._is_wanted, FIRST_VERSIONS_S)
        if before is not None:
            before.ended()

        def undo() -> None:
            listener = None
            with self._lock:
                if self._registrations.get(key) is registration:
                    del self._registrations[key]
                if not self._registrations:
                    listener, self._listener = self._listener, None
                    self._known.clear()
            if listener is not None:
                listener.close()

        return undo

    def _find_and_open(self) -> Endpoint:
        """Opens the homes of all registrations in the server, which may be another one than before."""
        endpoint = self.endpoint()
        with self._lock:
            places = [registration.place for registration in self._registrations.values()]
        for place in places:
            self.open(place)
        return endpoint

    def _from_server(self, frame: dict[str, Any]) -> None:
        if frame["type"] not in ("hello", "versions"):
            return
        changed: list[tuple[str, str, int]] = []
        with self._lock:
            # A restarted server counts from 1 again, and nobody knows what was missed: all counts as changed.
            is_another = frame["type"] == "hello" and frame["server_id"] != self._listening_to
            if is_another:
                self._listening_to = frame["server_id"]
            for home, versions in frame["versions"].items():
                known = self._known.setdefault(home, {})
                for panel, version in versions.items():
                    if panel in known and (is_another or known[panel] != version):
                        changed.append((home, panel, version))
                    known[panel] = version
            self._lock.notify_all()
            registrations = list(self._registrations.values())
        for change in changed:
            for registration in registrations:
                registration.changed(*change)

    def _server(self) -> ServerChild:
        """The server process, or the next one while it is being started again."""
        with self._lock:
            self._lock.wait_for(
                lambda: not self._is_wanted or (self._child is not None and not self._child.is_over),
                LAST_RESTART_S,
            )
            if self._child is None:
                raise ServerError("The HUD's server is not running.")
            return self._child

    def _start(self) -> None:
        self._is_wanted = True
        if self._child is None:
            self._started_at = time.monotonic()
            self._child = ServerChild(self._died)
            self._lock.notify_all()

    def _died(self, child: ServerChild) -> None:
        with self._lock:
            if self._child is not child or not self._is_wanted:
                return
            if time.monotonic() - self._started_at > STEADY_S:
                self._restart_s = FIRST_RESTART_S
            delay, self._restart_s = self._restart_s, min(2 * self._restart_s, LAST_RESTART_S)
            calls = list(self._on_down.values())
        log.warning("The HUD's server ended; starting it again in %.1f s. %s", delay, "\n".join(child.log))
        for call in calls:
            call("The HUD's server ended; it is being started again.")
        with self._lock:
            self._lock.wait_for(lambda: not self._is_wanted, delay)
            if self._is_wanted and self._child is child:
                self._child = None
                try:
                    self._start()
                except OSError:  # no process to be had just now
                    log.exception("The HUD's server could not be started; trying again")
                    self._child = child
                    threading.Thread(target=self._died, args=(child,), daemon=True).start()


class _Holder:
    """Holds the runtime of this process. A forked child does not take over its parent's."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runtime: Runtime | None = None

    def get(self) -> Runtime:
        with self._lock:
            if self._runtime is None or self._runtime.process_id != os.getpid():
                self._runtime = Runtime()
            return self._runtime


_HOLDER = _Holder()


def current_runtime() -> Runtime:
    """The runtime of this process: the one thing that all HUDs of a kernel must share, however they were made."""
    return _HOLDER.get()
