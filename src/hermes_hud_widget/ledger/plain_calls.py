"""The calls of tools as the panels count them: in plain arrays, since Arrow alone takes 50 MB of memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from hermes_hud_widget.ledger.database import Database
from hermes_hud_widget.ledger.schema import Schema
from hermes_hud_widget.ledger.slabs import AnySlabs, Words
from hermes_hud_widget.ledger.tool_calls import (
    STATUSES,
    Answering,
    Entries,
    calls_of,
    is_failure,
    results_of,
)
from hermes_hud_widget.ledger.values import moment, number

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    Rows = np.ndarray[Any, np.dtype[np.void]]
    Mask = np.ndarray[Any, np.dtype[np.bool_]]

MISSING = -1
"""Stands for a session or a tool that is not known."""
NO_TIME = -(2**63)
OK, ERROR, NO_RESULT = range(len(STATUSES))

_EPOCH = datetime.fromtimestamp(0, UTC)
_MICROSECOND = timedelta(microseconds=1)
_CATEGORIES = ("session_id", "tool")
_COLUMNS = {
    "message_id": "int64",
    "call_index": "int64",
    "session_id": "int32",
    "tool": "int32",
    "called_us": "int64",
    "duration_s": "float64",
    "status": "int32",
}


class CallChunk(NamedTuple):
    """Some calls, ascending by message and place.

    Attributes:
        key: Belongs to these rows for ever: rows that differ in anything have another key.
        rows: A structured array: `message_id`, `call_index`, `session_id` and `tool` (numbers of words, or `MISSING`),
            `called_us` (microseconds since 1970, or `NO_TIME`), `duration_s` (NaN without a result), `status` (`OK`,
            `ERROR` or `NO_RESULT`).
        sessions: The words for `session_id`: the same object for all chunks; it only grows.
        tools: Those for `tool`.
    """

    key: str
    rows: Rows
    sessions: Words
    tools: Words


class CallSlabs(AnySlabs["Rows"]):
    """The calls in slabs."""

    def __init__(self) -> None:
        super().__init__(_CATEGORIES)

    @property
    def size(self) -> int:
        return sum(rows.nbytes for rows in (*(slab.rows for slab in self.slabs), *self._new))

    def nothing(self) -> Rows:
        return made(())

    def _length(self, rows: Rows) -> int:
        return len(rows)

    def _ids(self, rows: Rows) -> list[int]:
        found: list[int] = rows["message_id"].tolist()
        return found

    def _sessions(self, rows: Rows) -> frozenset[int]:
        import numpy as np

        return frozenset(np.unique(rows["session_id"]).tolist()) - {MISSING}

    def _some(self, rows: Rows, start: int, end: int) -> Rows:
        return rows[start:end]

    def _joined(self, batches: Sequence[Rows]) -> Rows:
        import numpy as np

        return np.concatenate(batches)

    def _without(self, rows: Rows, whole: Sequence[int], partly: Mapping[int, int]) -> Rows:
        import numpy as np

        gone: Mask = np.isin(rows["session_id"], whole)
        for session, start in partly.items():
            gone |= (rows["session_id"] == session) & (rows["message_id"] >= start)
        return rows[~gone]

    def _in_sequence(self, rows: Rows) -> Rows:
        import numpy as np

        order: Rows = rows[np.lexsort((rows["call_index"], rows["message_id"]))]
        return order

    def _are_same(self, one: Rows, other: Rows) -> bool:
        # Byte for byte: a missing duration is not equal to itself.
        return one.tobytes() == other.tobytes()

    def _table(self, rows: Rows) -> pa.Table:
        import numpy as np
        import pyarrow as pa

        return pa.table({name: np.ascontiguousarray(rows[name]) for name in _COLUMNS})

    def _taken_back(self, table: pa.Table, words: Mapping[str, Words]) -> Rows:
        import numpy as np

        table.validate(full=True)
        kinds = {field.name: str(field.type).replace("double", "float64") for field in table.schema}
        if kinds != _COLUMNS or not table.num_rows or any(column.null_count for column in table.columns):
            raise ValueError("a table of other columns, without rows, or with gaps")
        rows = np.empty(table.num_rows, list(_COLUMNS.items()))
        for name in _COLUMNS:
            rows[name] = table[name].to_numpy()
        if np.any(np.diff(rows["message_id"]) < 0):
            raise ValueError("rows that are not in sequence")
        ends = {**{name: len(known) for name, known in words.items()}, "status": len(STATUSES)}
        for name, end in ends.items():
            if rows[name].min() < MISSING or rows[name].max() >= end:
                raise ValueError(f"numbers in {name} without a word")
        return rows


def made(rows: Iterable[tuple[Any, ...]]) -> Rows:
    """Tuples as rows."""
    import numpy as np

    return np.array(list(rows), list(_COLUMNS.items()))


_Call = tuple[int, int, str, Any, str | None, str | None, int, str | None]
_Result = tuple[int, str, str | None, Any, int | None]


class _Read(NamedTuple):
    """Calls and results, as SQLite gave them."""

    calls: list[_Call]
    results: list[_Result]


class PlainCalls(Answering[CallSlabs]):
    """One row for each entry of `messages.tool_calls`: whose it is, when, for how long and whether in vain."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, CallSlabs())

    def chunks(self) -> list[CallChunk]:
        """All rows of the last `sync`, ascending by message."""
        with self._lock:
            words = self._slabs.words
            return [
                CallChunk(slab.key, slab.rows, words["session_id"], words["tool"])
                for slab in self._slabs.slabs
            ]

    def _read(
        self, connection: sqlite3.Connection, schema: Schema, where: str, values: Sequence[Any]
    ) -> _Read | None:
        if not schema.has("messages", "tool_calls"):
            return None
        where = where.format("m.")
        calls = connection.execute(
            "SELECT id, place, CAST(session_id AS TEXT), timestamp, CAST(one AS TEXT),"
            " CAST(nullif(other, one) AS TEXT), (typeof(one) = 'text') + 2 * (typeof(other) = 'text'),"
            f" CAST(tool AS TEXT) {calls_of(schema, where)}",
            values,
        ).fetchall()
        results = connection.execute(
            "SELECT id, CAST(session_id AS TEXT), CAST(call_id AS TEXT), timestamp, signs"
            f" {results_of(schema, where)}",
            values,
        ).fetchall()
        return _Read(calls, results)

    def _gathered(self, found: Sequence[_Read | None]) -> _Read | None:
        read = [one for one in found if one is not None]
        if not read:
            return None
        return _Read(
            [call for one in read for call in one.calls], [result for one in read for result in one.results]
        )

    def _entries(self, read: _Read) -> Entries:
        return Entries(
            ((id, session, one, other, texts) for id, _, session, _, one, other, texts, _ in read.calls),
            [(id, session, key) for id, session, key, *_ in read.results],
        )

    def _touched(self, read: _Read) -> Collection[str]:
        return {call[2] for call in read.calls} | {result[1] for result in read.results}

    def _finished(self, slabs: CallSlabs, read: _Read, answers: Sequence[int | None]) -> Rows:
        return made(_rows(slabs.words, read, answers))


def _rows(
    words: Mapping[str, Words], read: _Read, answers: Sequence[int | None]
) -> Iterator[tuple[Any, ...]]:
    sessions, tools = words["session_id"], words["tool"]
    for (message_id, place, session_id, timestamp, *_, name), answer in zip(read.calls, answers, strict=True):
        # As everywhere, a name ends at a NUL.
        tool = name and name.partition("\0")[0]
        called = number(timestamp)
        status, duration = NO_RESULT, float("nan")
        if answer is not None:
            *_, timestamp, signs = read.results[answer]
            status = ERROR if is_failure(tool, signs or 0) else OK
            ended = number(timestamp)
            if called is not None and ended is not None:
                duration = max(ended - called, 0.0)
        yield (
            message_id,
            place,
            MISSING if session_id is None else sessions.number(session_id),
            MISSING if tool is None else tools.number(tool),
            NO_TIME if called is None else (moment(called) - _EPOCH) // _MICROSECOND,
            duration,
            status,
        )


def at(called_us: int) -> datetime:
    """The time of a call."""
    return _EPOCH + called_us * _MICROSECOND
