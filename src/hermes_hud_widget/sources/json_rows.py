"""JSON objects that a program keeps in a column of a table."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.place import Place
from hermes_hud_widget.sources.source import Attached, Source
from hermes_hud_widget.sources.table import Rows, Table


@frozen
class JsonRows(Source[Rows]):
    """The objects in a column of a table, in the order of its rows; what is no object is left out.

    Attributes:
        of: The table.
        column: The column.
    """

    of: Table
    column: str

    @property
    def label(self) -> str:
        return self.of.label

    @property
    def missing(self) -> Rows:
        return ()

    def attach(self, place: Place) -> Attached[Rows]:
        return _JsonRows(self.of.attach(place), self.column)


class _JsonRows(Attached[Rows]):
    def __init__(self, table: Attached[Rows], column: str) -> None:
        self._table = table
        self._column = column

    @property
    def files(self) -> tuple[Path, ...]:  # type: ignore[override]
        return self._table.files

    @property
    def recheck_soon(self) -> bool:  # type: ignore[override]
        return self._table.recheck_soon

    @property
    def may_lag(self) -> bool:  # type: ignore[override]
        return self._table.may_lag

    def signature(self) -> Hashable:
        return self._table.signature()

    def read(self) -> Rows:
        return tuple(
            found for row in self._table.read() if isinstance(found := _parsed(row[self._column]), Mapping)
        )

    def is_missing(self) -> bool:
        return self._table.is_missing()

    def close(self) -> None:
        self._table.close()


def _parsed(written: Any) -> Any:
    try:
        return json.loads(written) if isinstance(written, str) else None
    except (ValueError, RecursionError):
        return None
