"""What other sources hold in each profile of a root."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Hashable, Mapping
from contextlib import ExitStack
from typing import Any, ClassVar

from hermes_hud_widget.errors import SourceError
from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.ledger.database import Database, DatabaseMissing
from hermes_hud_widget.ledger.totals import WholeTotals, read_totals
from hermes_hud_widget.place import Place, places_of
from hermes_hud_widget.sources.source import Attached, Source

MAX_PROFILES = 64
MAX_FOLDERS = 4_000
TOTALS_AGAIN_S, TOTALS_PER_COST = 8.0, 100
"""A database that changes all the time is summed up again after so long at the earliest, and after so many times what
it took: of 15,000 sessions that is two minutes."""


@frozen
class ProfileContent:
    """What the sources hold in one profile.

    Attributes:
        place: Its home.
        contents: By the source's name; what cannot be read is as if it were not there.
        problems: Why that is so, in words, each with the file's name.
    """

    place: Place
    contents: Mapping[str, Any]
    problems: tuple[str, ...]


@frozen
class EachProfile(Source[tuple[ProfileContent, ...]]):
    """What these sources hold in the root home and in each of its profiles, in this order, as it is when it is read.

    Nothing of it is watched, as there may be dozens: a panel says by `Until` how long it holds.

    Attributes:
        of: The sources, by name.
    """

    counts_as_content: ClassVar[bool] = False

    of: tuple[tuple[str, Source[Any]], ...]

    @property
    def label(self) -> str:
        return "all profiles"

    @property
    def missing(self) -> tuple[ProfileContent, ...]:
        return ()

    def attach(self, place: Place) -> Attached[tuple[ProfileContent, ...]]:
        return _EachProfile(self, place)


class _EachProfile(Attached[tuple[ProfileContent, ...]]):
    def __init__(self, declared: EachProfile, place: Place) -> None:
        self._declared = declared
        self._place = place
        self._lock = threading.Lock()
        self._attached: dict[Place, Mapping[str, Attached[Any]]] = {}

    def signature(self) -> Hashable:
        return None

    def read(self) -> tuple[ProfileContent, ...]:
        with self._lock:
            places = [place for place in places_of(self._place.root)[:MAX_PROFILES] if place.path.is_dir()]
            for gone in self._attached.keys() - set(places):
                _close(self._attached.pop(gone))
            for place in places:
                if place not in self._attached:
                    self._attached[place] = {name: source.attach(place) for name, source in self._declared.of}
            return tuple(self._content(place) for place in places)

    def rest(self) -> None:
        with self._lock:
            for attached in self._attached.values():
                _close(attached)
            self._attached.clear()

    def close(self) -> None:
        self.rest()

    def _content(self, place: Place) -> ProfileContent:
        contents: dict[str, Any] = {}
        problems: dict[str, None] = {}
        for name, source in self._declared.of:
            try:
                contents[name] = self._attached[place][name].read()
            except DatabaseMissing:
                contents[name] = source.missing
            except SourceError as error:
                contents[name] = source.missing
                problems[str(error)] = None
        return ProfileContent(place, contents, tuple(problems))


def _close(attached: Mapping[str, Attached[Any]]) -> None:
    with ExitStack() as stack:
        for one in attached.values():
            stack.callback(one.close)


@frozen
class SessionTotals(Source[WholeTotals | None]):
    """What the sessions of a `state.db` come to; None when there is none. May be some seconds old, of many sessions more."""

    counts_as_content: ClassVar[bool] = False

    path: str = "state.db"

    @property
    def label(self) -> str:
        return self.path

    @property
    def missing(self) -> None:
        return None

    def attach(self, place: Place) -> Attached[WholeTotals | None]:
        return _SessionTotals(Database(place.path / self.path))


class _SessionTotals(Attached[WholeTotals | None]):
    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._read: tuple[Hashable, float, WholeTotals] | None = None
        """The content that was summed up, when to sum up another one, and the sums."""

    def signature(self) -> Hashable:
        return None

    def read(self) -> WholeTotals | None:
        with self._lock:
            known = self._read
            # Before the rows: a commit in between is then noticed by the next look.
            seen, began = self._database.content(), time.monotonic()
            if known is not None and (known[0] == seen or began < known[1]):
                return known[2]
            totals = read_totals(self._database)
            ended = time.monotonic()
            self._read = (
                seen,
                max(began + TOTALS_AGAIN_S, ended + TOTALS_PER_COST * (ended - began)),
                totals,
            )
            return totals

    def close(self) -> None:
        self._database.close()


@frozen
class FoldersWith(Source[tuple[str, ...]]):
    """The folders below one of the home that hold a file of a name, as paths from there, sorted; links are not followed.

    Attributes:
        path: The folder, in the home.
        name: The file's name.
        never: Names of folders that are not entered.
        not_beside: Names of folders that are not entered where they lie directly beside such a file.
    """

    counts_as_content: ClassVar[bool] = False

    path: str
    name: str
    never: frozenset[str] = frozenset()
    not_beside: frozenset[str] = frozenset()

    @property
    def label(self) -> str:
        return f"{self.path}/**/{self.name}"

    @property
    def missing(self) -> tuple[str, ...]:
        return ()

    def attach(self, place: Place) -> Attached[tuple[str, ...]]:
        return _FoldersWith(self, str(place.path / self.path))


class _FoldersWith(Attached[tuple[str, ...]]):
    def __init__(self, declared: FoldersWith, top: str) -> None:
        self._declared = declared
        self._top = top

    def signature(self) -> Hashable:
        return None

    def read(self) -> tuple[str, ...]:
        found: list[str] = []
        for number, (folder, below, files) in enumerate(os.walk(self._top)):
            if number >= MAX_FOLDERS:
                break
            has_file = self._declared.name in files
            left_out = self._declared.never | (self._declared.not_beside if has_file else frozenset())
            below[:] = [name for name in below if name not in left_out]
            if has_file:
                found.append(os.path.relpath(folder, self._top).replace(os.sep, "/"))
        return tuple(sorted(found))
