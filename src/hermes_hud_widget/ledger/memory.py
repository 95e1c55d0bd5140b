"""What a ledger knew when it was last saved, as JSON: metadata of sessions, no word of any message."""

from __future__ import annotations

import sys
from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple

from hermes_hud_widget.ledger.lineage import SessionRow
from hermes_hud_widget.ledger.money import Usage
from hermes_hud_widget.ledger.records import Record
from hermes_hud_widget.ledger.shapes import Shape

_FIELDS = [list(Record._fields), list(SessionRow._fields), list(Shape._fields), list(Usage._fields)]
"""What was saved by a version with other fields is not understood."""


class Memory(NamedTuple):
    """All sessions, as they were at one state of the database.

    Attributes:
        facts: What could be seen of that state from outside (`Database.facts`), as JSON keeps it.
        newest: The highest id among the messages.
        took: How long it took to read all of it, in seconds.
        records: The newest first, mostly.
    """

    facts: Any
    newest: int
    took: float
    records: Sequence[Record]


def dump(memory: Memory) -> dict[str, Any]:
    """As a JSON document."""
    return {
        "fields": _FIELDS,
        "facts": memory.facts,
        "newest": memory.newest,
        "took": memory.took,
        "records": [
            [rowid, list(row), list(shape), last, [list(part) for part in usage]]
            for rowid, row, shape, last, usage in memory.records
        ],
    }


def load(document: dict[str, Any]) -> Memory:
    """The same back.

    Raises:
        ValueError: It is something else, or was saved by a version with other fields.
    """
    if document.get("fields") != _FIELDS:
        raise ValueError("the index was saved by another version")
    try:
        records = [_record(one) for one in document["records"]]
        return Memory(document["facts"], int(document["newest"]), float(document["took"]), records)
    except (IndexError, KeyError, TypeError) as error:
        raise ValueError(f"the index is not what it should be: {error!r}") from error


def plain(facts: Hashable) -> Any:
    """Nested tuples as JSON gives them back, for comparison."""
    return [plain(one) for one in facts] if isinstance(facts, tuple) else facts


def _record(saved: Sequence[Any]) -> Record:
    rowid, row, shape, last, usage = saved
    return Record(
        rowid,
        SessionRow._make(_kept_once(row, _FEW_OF_ROWS)),
        Shape._make(shape),
        last,
        tuple(Usage._make(_kept_once(part, _FEW_OF_USAGE)) for part in usage),
    )


def _kept_once(values: Sequence[Any], places: Sequence[int]) -> list[Any]:
    found = list(values)
    for place in places:
        if found[place] is not None:
            found[place] = sys.intern(found[place])
    return found


# Fields that have few different values: each value is kept once.
_FEW_OF_ROWS = [
    SessionRow._fields.index(name)
    for name in (
        "source",
        "model",
        "end_reason",
        "cost_status",
        "cost_source",
        "billing_provider",
        "billing_mode",
    )
]
_FEW_OF_USAGE = [
    Usage._fields.index(name) for name in ("status", "model", "provider", "billing_mode", "task")
]
