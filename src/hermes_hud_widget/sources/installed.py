"""What packages of this Python environment offer to others."""

from __future__ import annotations

import threading
from collections.abc import Hashable
from importlib.metadata import entry_points
from typing import ClassVar

from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.place import Place
from hermes_hud_widget.sources.source import Attached, Source


@frozen
class InstalledEntry:
    """One entry point; `package` and `version` are None where its metadata do not say."""

    name: str
    package: str | None
    version: str | None


@frozen
class EntryPoints(Source[tuple[InstalledEntry, ...]]):
    """The entry points of one group, by name, as they were when they were first asked for."""

    counts_as_content: ClassVar[bool] = False

    group: str

    @property
    def label(self) -> str:
        return f"entry points {self.group}"

    @property
    def missing(self) -> tuple[InstalledEntry, ...]:
        return ()

    def attach(self, place: Place) -> Attached[tuple[InstalledEntry, ...]]:
        return _EntryPoints(self.group)


class _EntryPoints(Attached[tuple[InstalledEntry, ...]]):
    def __init__(self, group: str) -> None:
        self._group = group
        self._lock = threading.Lock()
        self._found: tuple[InstalledEntry, ...] | None = None

    def signature(self) -> Hashable:
        return None

    def read(self) -> tuple[InstalledEntry, ...]:
        with self._lock:
            if self._found is None:
                found = [
                    InstalledEntry(
                        point.name,
                        point.dist.name if point.dist else None,
                        point.dist.version if point.dist else None,
                    )
                    for point in entry_points(group=self._group)
                ]
                self._found = tuple(sorted(found, key=lambda one: one.name))
            return self._found
