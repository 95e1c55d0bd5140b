"""What all HUDs and Homes of one kernel share: one server process, its homes, one model for each HUD.

And beside it, one for each server that somebody else started.
"""

from __future__ import annotations

import logging
import os
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from hermes_hud_widget.client.busy import Busy
from hermes_hud_widget.client.cells import Cells
from hermes_hud_widget.client.child import Endpoint, ServerChild
from hermes_hud_widget.client.link import Link
from hermes_hud_widget.client.remote import Address, RemotePlace, RemoteServer
from hermes_hud_widget.client.tables import Tables
from hermes_hud_widget.errors import ServerError
from hermes_hud_widget.place import Place, find_place

if TYPE_CHECKING:
    from hermes_hud_widget.demo import Demo

log = logging.getLogger(__name__)

FIRST_RESTART_S = 0.2
LAST_RESTART_S = 30.0
FIRST_VERSIONS_S = 5.0
STEADY_S = 60.0
"""A server that ran for so long is started again at once when it ends."""

OnDown = Callable[[str], None]


class Server(Protocol):
    """Where a runtime gets its data: a process that it started, or one that somebody else did."""

    @property
    def is_over(self) -> bool:
        """True once it has ended for good."""

    def endpoint(self) -> Endpoint:
        """Waits for it and says where it is."""

    def open(self, place: Place) -> str:
        """Opens a home in it and returns its id."""

    def allow(self, origin: str) -> None:
        """Lets pages of this origin in."""

    def close(self) -> None:
        """Lets go of it."""


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
        self.busy = Busy()
        self.tables = Tables()
        self._lock = threading.Condition(threading.RLock())
        self._current: Server | None = None
        self._is_wanted = False
        self._started_at = 0.0
        self._restart_s = FIRST_RESTART_S
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
        self._close(only_if_unused=True)

    def is_used(self, place: Place, besides: Any) -> bool:
        """True if somebody else keeps the server alive for this home."""
        with self._lock:
            users = [user for user in self._users if user is not besides]
        return any(getattr(user, "place", None) == place for user in users)

    def close(self) -> None:
        """Ends the server, and the demo if there is one. A later `use` starts anew."""
        self._close()

    def _close(self, *, only_if_unused: bool = False) -> None:
        with self._lock:
            # In one breath with what follows: another session may begin to use it.
            if only_if_unused and self._users:
                return
            self._is_wanted = False
            self._lock.notify_all()
            server, self._current = self._current, None
            listener, self._listener = self._listener, None
            demo, self._demo = self._demo, None
            self._users.clear()
            self.tables.clear()
            registrations = list(self._registrations.values())
            self._registrations.clear()
            self._known.clear()
            self._on_down.clear()
        for registration in registrations:
            registration.ended()
        if listener is not None:
            listener.close()
        if server is not None:
            server.close()
        if demo is not None:
            demo.close()

    def endpoint(self) -> Endpoint:
        """Waits for the server and says where it is.

        Raises:
            ServerError: There is none, and none can be started.
        """
        return self._server().endpoint()

    @property
    def url(self) -> str | None:
        """Where the server is said to be, without its token; None: it says so itself when it is there."""
        return None

    @property
    def pid(self) -> int | None:
        """The server's process id; None: there is none now, or it is somebody else's."""
        with self._lock:
            server = self._current
        return server.pid if isinstance(server, ServerChild) and not server.is_over else None

    def open(self, place: Place) -> str:
        """Opens a home in the server, once for each server, and returns its id.

        Raises:
            HomeError: It cannot be opened.
            ServerError: There is no server.
        """
        return self._server().open(place)

    def allow(self, origin: str) -> None:
        """Lets pages of this origin in at the server that runs now; see `ServerChild.allow`.

        Raises:
            ServerError: There is no server, or it refuses.
        """
        self._server().allow(origin)

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
        home = self.open(registration.place)
        with self._lock:
            before = self._registrations.pop(key, None)
            self._registrations[key] = registration
            if self._listener is None:
                self._listener = Link(self._find_and_open, self._from_server)
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

    def _server(self) -> Server:
        """The server, or the next one while it is being started again."""
        with self._lock:
            self._lock.wait_for(
                lambda: not self._is_wanted or (self._current is not None and not self._current.is_over),
                LAST_RESTART_S,
            )
            if self._current is None:
                raise ServerError("The HUD's server is not running.")
            return self._current

    def _start(self) -> None:
        self._is_wanted = True
        if self._current is None:
            self._started_at = time.monotonic()
            self._current = self._make()
            self._lock.notify_all()

    def _make(self) -> Server:
        return ServerChild(self._died)

    def _tell_down(self, message: str) -> None:
        with self._lock:
            calls = list(self._on_down.values())
            listener = self._listener
        for call in calls:
            try:
                call(message)
            except Exception:  # a boundary: a page that cannot be told must not keep the others from a server
                log.exception("A HUD could not be told that the server is down")
        if listener is not None:
            listener.again()

    def _died(self, child: ServerChild) -> None:
        with self._lock:
            if self._current is not child or not self._is_wanted:
                return
            if time.monotonic() - self._started_at > STEADY_S:
                self._restart_s = FIRST_RESTART_S
            delay, self._restart_s = self._restart_s, min(2 * self._restart_s, LAST_RESTART_S)
        log.warning("The HUD's server ended; starting it again in %.1f s. %s", delay, "\n".join(child.log))
        self._tell_down("The HUD's server ended; it is being started again.")
        with self._lock:
            self._lock.wait_for(lambda: not self._is_wanted, delay)
            if self._is_wanted and self._current is child:
                self._current = None
                try:
                    self._start()
                except OSError:  # no process to be had just now
                    log.exception("The HUD's server could not be started; trying again")
                    self._current = child
                    threading.Thread(target=self._died, args=(child,), daemon=True).start()


class RemoteRuntime(Runtime):
    """The same for a server that somebody else started: nothing is started here, and nothing ended."""

    def __init__(self, address: Address) -> None:
        super().__init__()
        self._address = address

    @property
    def url(self) -> str | None:
        """Where it was said to be."""
        return self._address.url

    def find(self, home: str | os.PathLike[str] | None, profile: str | None) -> RemotePlace:
        """See `RemoteServer.find`."""
        server = self._server()
        assert isinstance(server, RemoteServer), "this is what it makes"
        return server.find(home, profile)

    def _make(self) -> Server:
        return RemoteServer(self._address, self._tell_down)


class _Visitor:
    """Keeps a server for a while."""


class _Holder:
    """Holds the runtimes of this process. A forked child does not take over its parent's."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._own: Runtime | None = None
        # Its token goes with the last HUD or Home that uses it, or with its connection if that takes longer.
        self._remote: weakref.WeakValueDictionary[Address, RemoteRuntime] = weakref.WeakValueDictionary()

    def get(self) -> Runtime:
        with self._lock:
            if self._own is None or self._own.process_id != os.getpid():
                self._own = Runtime()
            return self._own

    def at(self, address: Address) -> RemoteRuntime:
        with self._lock:
            known = self._remote.get(address)
            if known is None or known.process_id != os.getpid():
                known = self._remote[address] = RemoteRuntime(address)
            return known

    def all(self) -> list[Runtime]:
        with self._lock:
            runtimes = [self._own, *self._remote.values()]
        return [runtime for runtime in runtimes if runtime and runtime.process_id == os.getpid()]


_HOLDER = _Holder()


def current_runtime() -> Runtime:
    """The runtime of this process: the one thing that all HUDs of a kernel must share, however they were made."""
    return _HOLDER.get()


@contextmanager
def found(
    home: str | os.PathLike[str] | None, profile: str | None, address: Address | None
) -> Iterator[tuple[Runtime, Place]]:
    """Finds the home that the caller means, and whose server reads it; that server stays at least for this block.

    Args:
        home: As for `HUD`.
        profile: As for `HUD`.
        address: A server that somebody else started; None: this process's own, which is not started yet.

    Raises:
        HomeError: There is no such home.
        ServerError: The server does not answer, or turned us away.
    """
    if address is None:
        yield current_runtime(), find_place(home, profile)
        return
    runtime, visitor = _HOLDER.at(address), _Visitor()
    runtime.use(visitor)
    try:
        yield runtime, runtime.find(home, profile)
    finally:
        runtime.release(visitor)


def close_all_runtimes() -> None:
    """Ends the server of this process, and the connections to all others."""
    for runtime in _HOLDER.all():
        runtime.close()
