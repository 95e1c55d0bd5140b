"""Everything behind the doors: open homes, their watcher, the versions and the cache."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Collection, Hashable, Mapping
from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING, Any, cast

from hermes_hud_widget._version import __version__
from hermes_hud_widget.attendance import Attendance, Timer, daemon_timer
from hermes_hud_widget.cache import SnapshotCache
from hermes_hud_widget.chunks import Rows
from hermes_hud_widget.core import OpenHome, Snapshot
from hermes_hud_widget.errors import UnknownNameError
from hermes_hud_widget.hub import Hub
from hermes_hud_widget.panel import Panel
from hermes_hud_widget.place import Place, places_of
from hermes_hud_widget.protocol import PROTOCOL, Hello, HomeEntry, PanelEntry, Watching
from hermes_hud_widget.recorder import Recorder
from hermes_hud_widget.sources import AttachedWatchMode
from hermes_hud_widget.views import GENERIC, language, part, view
from hermes_hud_widget.watcher import Watcher

if TYPE_CHECKING:
    from pydantic import BaseModel

    from hermes_hud_widget.sources import Attached

log = logging.getLogger(__name__)

LANGUAGES = ("zh",)
"""Catalogues besides English, which the core module holds."""
PARTS = ("parts", "charts", "tools", "themes", "layouts", "status")
"""What the core module loads when it is needed: `parts` with the first view, the others when they are first shown."""


class Engine:
    """Homes kept fresh. All methods may be called from any thread; those that read (`open`, `open_profile`, `snapshot`, `rows`, `module`,
    `close`) block, and are not to be called on an event loop.

    Args:
        panels: The panels, by name, in display order.
        timer: Makes the timers after which a home that nobody needs drops what it keeps.
        on_rest: Called after one has done so, while nobody looks at anything.
    """

    def __init__(
        self,
        panels: Mapping[str, Panel],
        timer: Callable[[float, Callable[[], None]], Timer] = daemon_timer,
        on_rest: Callable[[], None] = lambda: None,
    ) -> None:
        self.panels = panels
        self.server_id = secrets.token_hex(8)
        self.hub = Hub()
        self._cache = SnapshotCache()
        self._lock = threading.Lock()
        self._homes: dict[str, OpenHome] = {}
        # With a lock of its own: looks are taken on the event loop, and opening a home may take long.
        self._attendance = Attendance(self._rest, timer)
        self._on_rest = on_rest
        self._panel_entries = [_panel_entry(panel) for panel in panels.values()]
        self._recorder = Recorder(self._record, timer)
        self._watcher = Watcher(self._on_change, self.hub.greet)

    def open(self, place: Place) -> str:
        """Opens a home, if it is not open yet, and returns its id."""
        with self._lock:
            if place.id not in self._homes:
                home = OpenHome(place, self.panels)
                for attached in home.sources.values():
                    if isinstance(attached, AttachedWatchMode):
                        attached.reason = self._why_by_timer
                # Watched first: what is written from now on is noticed, whoever collects in the meantime.
                # By what is attached: its hash costs nothing, that of a declaration all its fields.
                self._watcher.add({(home.id, attached): attached for attached in home.sources.values()})
                self._homes[home.id] = home
                self.hub.add(home.id, self.panels)
        return place.id

    def open_profile(self, home_id: str, profile: str) -> str:
        """Opens the home of a profile of the same root as an open home, and returns its id.

        Raises:
            UnknownNameError: There is no such home, or no such profile: nobody names a path here.
        """
        known = {place.profile or "default": place for place in places_of(self.home(home_id).place.root)}
        if profile not in known:
            raise UnknownNameError("profile", profile, tuple(known))
        is_new = known[profile].id not in self._homes
        opened = self.open(known[profile])
        if is_new:
            self.hub.greet()
        return opened

    def close(self) -> None:
        """Stops watching and closes every home."""
        self._attendance.close()
        self._watcher.close()
        self._recorder.close()
        with self._lock:
            for home in self._homes.values():
                home.close()
            self._homes.clear()

    def home(self, home_id: str) -> OpenHome:
        """The open home of that id.

        Raises:
            UnknownNameError: There is none.
        """
        try:
            return self._homes[home_id]
        except KeyError:
            raise UnknownNameError("open home", home_id, tuple(self._homes)) from None

    def homes(self) -> list[HomeEntry]:
        """All open homes."""
        return [
            HomeEntry(id=home.id, path=str(home.place.path), profile=home.place.profile)
            for home in list(self._homes.values())
        ]

    def snapshot(self, home_id: str, panel: str, query: Mapping[str, Any]) -> Snapshot:
        """The panel's newest snapshot for a query, collected only if it is behind its version.

        Raises:
            UnknownNameError: There is no such home or panel.
            ArgumentError: The panel does not take that query.
        """
        home = self.home(home_id)
        parsed = home.parse_query(panel, query)

        def collect(version: int) -> Snapshot:
            snapshot = home.collect(panel, parsed, version)
            self.hub.valid_until(home_id, panel, snapshot.valid_until)
            return snapshot

        key = _key(home_id, panel, parsed)
        with self._attendance.asking(home_id):
            return self._cache.get(key, lambda: self.hub.version(home_id, panel), collect)

    def ready(self, home_id: str, panel: str, query: Mapping[str, Any]) -> Snapshot | None:
        """What `snapshot` would give, if that is at hand; None when it must be collected or written.

        Quick, so that it may be called on the event loop. Raises what `snapshot` raises.
        """
        parsed = self.home(home_id).parse_query(panel, query)
        version = self.hub.version(home_id, panel)
        snapshot = self._cache.ready(_key(home_id, panel, parsed), version)
        return snapshot if snapshot is not None and snapshot.is_written else None

    def rows(self, home_id: str, frame: str, given: Mapping[str, Any], have: Collection[str] = ()) -> Rows:
        """A frame's rows; see `OpenHome.rows`.

        Raises:
            ArgumentError: A value makes no sense.
            UnknownNameError: There is no such home or frame.
            SourceError: A file that it needs cannot be read.
        """
        home = self.home(home_id)
        with self._attendance.asking(home_id):
            return home.rows(frame, given, have)

    def look(self, viewer: object, shown: frozenset[tuple[str, str]]) -> None:
        """Says which (home, panel) a viewer shows; nothing when it left."""
        self._attendance.look(viewer, shown)
        if any(panel.record is not None for panel in self.panels.values()):
            self._recorder.look(frozenset(home for home, _ in self._attendance.looked_at()))
        self._watcher.attend(bool(self._attendance.looked_at()))

    def looked_at(self) -> frozenset[tuple[str, str]]:
        """Every (home, panel) that somebody shows."""
        return self._attendance.looked_at()

    def _why_by_timer(self) -> str | None:
        return self._watcher.reason

    def hello(self) -> Hello:
        """What opens a connection, and is said again when something in it changed that no version tells of."""
        reason = self._watcher.reason
        watching = Watching(by="events" if reason is None else "timer", reason=reason)
        return Hello(
            protocol=PROTOCOL,
            version=__version__,
            server_id=self.server_id,
            homes=self.homes(),
            panels=self._panel_entries,
            watching={home: watching for home in list(self._homes)},
            versions=self.hub.versions(),
        )

    def module(self, name: str) -> str:
        """The text of an ES module: `views/PANEL`, `core/PART` or `i18n/LANGUAGE`.

        Raises:
            UnknownNameError: There is none of that name.
        """
        modules: dict[str, Traversable] = {
            f"views/{GENERIC}": view(GENERIC),
            **{f"views/{panel.name}": panel.view for panel in self.panels.values() if panel.view is not None},
            **{f"core/{name}": part(name) for name in PARTS},
            **{f"i18n/{code}": language(code) for code in LANGUAGES},
        }
        if name not in modules:
            raise UnknownNameError("module", name, tuple(modules))
        return modules[name].read_text(encoding="utf-8")

    def _rest(self, home_id: str) -> None:
        self._recorder.finish(home_id)
        home = self._homes.get(home_id)
        if home is not None:
            home.rest()
        if not self.looked_at():
            self._on_rest()

    def _record(self, home_id: str) -> None:
        home = self._homes.get(home_id)
        for panel in home.recording if home is not None else ():
            try:
                home.record(panel)  # type: ignore[union-attr]
            except Exception:  # the boundary of a timer's thread: what is not kept today may be tomorrow
                log.exception("What the panel %r keeps over time could not be kept", panel)

    def _on_change(self, changed: frozenset[Hashable]) -> None:
        by_home: dict[str, set[Any]] = {}
        for key in changed:
            # The keys that `open` gave to the watcher.
            home_id, attached = cast("tuple[str, Attached[Any]]", key)
            by_home.setdefault(home_id, set()).add(attached)
        for home_id, attached_there in by_home.items():
            home = self._homes.get(home_id)
            if home is not None:
                stale = home.panels_reading(attached_there)
                self.hub.bump(home_id, stale)
                if stale & home.recording:
                    self._recorder.changed(home_id)


def _key(home_id: str, panel: str, query: BaseModel) -> Hashable:
    return (home_id, panel, query.model_dump_json())


def _panel_entry(panel: Panel) -> PanelEntry:
    has_view = panel.view is not None
    return PanelEntry(
        name=panel.name,
        title=panel.title,
        titles=dict(panel.titles),
        icon=panel.icon,
        group=panel.group,
        module=f"views/{panel.name}" if has_view else None,
        payload_schema=None if has_view else panel.payload.model_json_schema(mode="serialization"),
    )
