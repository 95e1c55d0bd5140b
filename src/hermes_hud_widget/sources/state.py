"""`state.db`, and the processes that write it."""

from __future__ import annotations

from collections.abc import Hashable
from contextlib import ExitStack
from pathlib import Path
from typing import ClassVar

from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.ledger.database import Database
from hermes_hud_widget.ledger.index import Index
from hermes_hud_widget.ledger.keeper import Bell, Keeper
from hermes_hud_widget.ledger.ledger import Ledger
from hermes_hud_widget.ledger.writers import Writers, WriterScan
from hermes_hud_widget.place import Place
from hermes_hud_widget.protocol import Progress
from hermes_hud_widget.sources.source import Attached, Source


@frozen
class StateDb(Source[Ledger | None]):
    """The query layer over `state.db`; None when there is no such file."""

    path: str = "state.db"

    @property
    def label(self) -> str:
        return self.path

    @property
    def missing(self) -> None:
        return None

    def attach(self, place: Place) -> Attached[Ledger | None]:
        return _StateDb(Database(place.path / self.path))


class _StateDb(Attached[Ledger | None]):
    def __init__(self, database: Database) -> None:
        self._database = database
        self._bell = Bell()
        self._ledger = Ledger(database, self._bell.ring, self._wake, Index)
        self._keeper = Keeper(self._ledger.advance)
        self.files = database.files

    @property
    def recheck_soon(self) -> bool:  # type: ignore[override]
        return self._database.recheck_soon

    @property
    def may_lag(self) -> bool:  # type: ignore[override]
        return self._database.may_lag

    @property
    def progress(self) -> Progress | None:
        return self._ledger.progress

    @property
    def reading(self) -> Progress | None:
        return self._ledger.reading or self._ledger.progress

    def settle(self) -> None:
        self._ledger.settle()

    def rest(self) -> None:
        self._ledger.rest()

    def doorbells(self) -> frozenset[int]:
        return frozenset({self._bell.fileno()})

    def signature(self) -> Hashable:
        return (self._database.signature(), self._bell.silence())

    def read(self) -> Ledger | None:
        return self._ledger if self._database.path.exists() else None

    def is_missing(self) -> bool:
        return not self._database.path.exists()

    def close(self) -> None:
        with ExitStack() as stack:
            stack.callback(self._database.close)
            stack.callback(self._bell.close)
            stack.callback(self._ledger.close)
            stack.callback(self._keeper.close)

    def _wake(self) -> None:
        self._keeper.wake()


@frozen
class WritersOf(Source[Writers | None]):
    """The processes that have a file open for writing; None where that cannot be known."""

    counts_as_content: ClassVar[bool] = False

    path: str = "state.db"

    @property
    def label(self) -> str:
        return f"processes writing {self.path}"

    @property
    def missing(self) -> None:
        return None

    def attach(self, place: Place) -> Attached[Writers | None]:
        return _Writers(place.path / self.path)


class _Writers(Attached[Writers | None]):
    def __init__(self, path: Path) -> None:
        self._scan = WriterScan(path)
        # A writer that nobody knew of is noticed when it writes.
        self.files = Database(path).files

    def signature(self) -> Hashable:
        return self._scan.writers()

    def read(self) -> Writers | None:
        return self._scan.writers()

    def doorbells(self) -> frozenset[int]:
        return self._scan.doorbells()

    def close(self) -> None:
        self._scan.close()
