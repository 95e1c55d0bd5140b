"""The home's own path, and the profiles beside it."""

from __future__ import annotations

from collections.abc import Hashable
from typing import ClassVar

from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.place import Place
from hermes_hud_widget.sources.source import Attached, Source


@frozen
class Profiles(Source[tuple[str, ...]]):
    """Names of the profiles of this root (`profiles/`), sorted."""

    counts_as_content: ClassVar[bool] = False

    @property
    def label(self) -> str:
        return "profiles/"

    @property
    def missing(self) -> tuple[str, ...]:
        return ()

    def attach(self, place: Place) -> Attached[tuple[str, ...]]:
        return _ProfileNames(place)


class _ProfileNames(Attached[tuple[str, ...]]):
    def __init__(self, place: Place) -> None:
        self._place = place
        self.folders = (place.root / "profiles",)

    def signature(self) -> Hashable:
        return self._place.profiles()

    def read(self) -> tuple[str, ...]:
        return self._place.profiles()


@frozen
class HomeName(Source[Place]):
    """The place itself: path, root and profile. It never changes."""

    counts_as_content: ClassVar[bool] = False

    @property
    def label(self) -> str:
        return "the home's path"

    @property
    def missing(self) -> None:
        return None

    def attach(self, place: Place) -> Attached[Place]:
        return _HomeName(place)


class _HomeName(Attached[Place]):
    def __init__(self, place: Place) -> None:
        self._place = place

    def signature(self) -> Hashable:
        return None

    def read(self) -> Place:
        return self._place
