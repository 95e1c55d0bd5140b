"""What all HUDs and Homes of one kernel share: one server process, its homes, one model for each HUD."""

from __future__ import annotations

import logging
import os
import threading
import time
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hermes_hud_widget.client.child import Endpoint, ServerChild
from hermes_hud_widget.client.link import Link
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

OnVersion = Callable[[str, str, int], None]
OnDown = Callable[[str], None]


class Runtime:
    """Starts the server when it is first needed, starts it again when it dies, ends it with its last user."""

    def __init__(self) -> None:
        self.process_id = os.getpid()
        self._lock = threading.Condition(threading.RLock())
        self._child: ServerChild | None = None
        self._is_wanted = False
        self._started_at = 0.0
        self._restart_s = FIRST_RESTART_S
        self._opened: dict[tuple[int, str], str] = {}
        self._users: weakref.WeakSet[Any] = weakref.WeakSet()
        self._on_down: dict[object, OnDown] = {}
        self._on_version: dict[object, tuple[OnVersion, Callable[[], None]]] = {}
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
            self._on_version.clear()
            self._known.clear()
            self._on_down.clear()
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
        return lambda: self._drop(self._on_down, key)

    def on_version(
        self, key: object, home: str, call: OnVersion, replaced: Callable[[], None]
    ) -> Callable[[], None]:
        """Calls back with (home, panel, version) at each change; returns its own undo.

        An earlier registration under the same key is told by its `replaced`.
        """
        with self._lock:
            before = self._on_version.pop(key, None)
            self._on_version[key] = (call, replaced)
            if self._listener is None:
                self._listener = Link(self.endpoint, self._from_server)
            # A change is told from the versions that were known before: without them the first one would be missed.
            self._lock.wait_for(lambda: home in self._known or not self._is_wanted, FIRST_VERSIONS_S)
        if before is not None:
            before[1]()

        def undo() -> None:
            with self._lock:
                is_current = self._on_version.get(key) == (call, replaced)
            if is_current:
                self._drop(self._on_version, key)

        return undo

    def _drop(self, calls: dict[Any, Any], key: object) -> None:
        listener = None
        with self._lock:
            calls.pop(key, None)
            if not self._on_version:
                listener, self._listener = self._listener, None
                self._known.clear()
        if listener is not None:
            listener.close()

    def _from_server(self, frame: dict[str, Any]) -> None:
        if frame["type"] not in ("hello", "versions"):
            return
        changed: list[tuple[str, str, int]] = []
        with self._lock:
            is_first = frame["type"] == "hello" and not self._known
            for home, versions in frame["versions"].items():
                known = self._known.setdefault(home, {})
                for panel, version in versions.items():
                    # A restarted server counts from 1 again, and nobody knows what was missed: that is a change.
                    if known.get(panel) != version and panel in known and not is_first:
                        changed.append((home, panel, version))
                    known[panel] = version
            self._lock.notify_all()
            calls = list(self._on_version.values())
        for change in changed:
            for call, _ in calls:
                call(*change)

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
                self._start()


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
