"""What is known of each session without a word of its messages: its row, the shape of its messages, what it spent."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

from hermes_hud_widget.ledger.lineage import SessionRow
from hermes_hud_widget.ledger.money import Usage
from hermes_hud_widget.ledger.schema import Schema
from hermes_hud_widget.ledger.shapes import Shape, counted
from hermes_hud_widget.ledger.values import count, number, text

NO_MODEL = "unknown"
"""Where no model is known; Hermes writes the same."""


class Record(NamedTuple):
    """One session. Immutable: what has changed is another record.

    Attributes:
        rowid: SQLite's own number of its row.
        shape: Of its messages.
        last: Timestamp of its last message, in epoch seconds; None without any.
        usage: Its rows of `session_model_usage`, in the order in which they were made.
    """

    rowid: int
    row: SessionRow
    shape: Shape
    last: float | None
    usage: tuple[Usage, ...]


Known = Mapping[str, Record]
"""By the session's id."""


def read_before(
    connection: sqlite3.Connection, schema: Schema, before: int, limit: int, known: Known
) -> list[Record]:
    """The `limit` records with the highest rowids below `before`, from there downwards.

    Args:
        connection: Where to read.
        schema: What there is.
        before: No rowid at or beyond it.
        limit: How many.
        known: Records read before: where nothing has changed, the same object comes back.
    """
    return _read(connection, schema, "rowid < ? ORDER BY rowid DESC LIMIT ?", (before, limit), known)


def read_after(
    connection: sqlite3.Connection, schema: Schema, after: int, limit: int, known: Known
) -> list[Record]:
    """The `limit` records with the lowest rowids above `after`; see `read_before`."""
    return _read(connection, schema, "rowid > ? ORDER BY rowid LIMIT ?", (after, limit), known)


def read_some(
    connection: sqlite3.Connection,
    schema: Schema,
    session_ids: Collection[str],
    known: Known,
    *,
    shapes: bool = True,
) -> list[Record]:
    """The records of these sessions, as far as they are there; see `read_before`.

    Args:
        connection: Where to read.
        schema: What there is.
        session_ids: Which.
        known: Records read before.
        shapes: False: a known session's messages are not counted again, which takes as long as there are many.
    """
    where = "id IN (SELECT value FROM json_each(?))"
    return _read(connection, schema, where, (json.dumps(list(session_ids)),), known, shapes=shapes)


def read_rows(
    connection: sqlite3.Connection, schema: Schema, after: int, limit: int
) -> list[tuple[int, SessionRow]]:
    """The `limit` rows of `sessions` with the lowest rowids above `after`, with these; nothing of their messages."""
    if not schema.has("sessions"):
        return []
    found = connection.execute(
        f"SELECT {_expressions(schema)}, rowid FROM sessions WHERE rowid > ? ORDER BY rowid LIMIT ?",
        (after, limit),
    ).fetchall()
    return [
        (rowid, SessionRow._make([convert(value) for convert, value in zip(_CONVERT, raw, strict=True)]))
        for *raw, rowid in found
    ]


def read_ids(
    connection: sqlite3.Connection, schema: Schema, before: str | None, limit: int
) -> dict[str, tuple[int, Shape, float | None]]:
    """The `limit` highest ids of sessions below `before`, with rowid, shape and last message's time.

    All of it stands in indexes: no row is read, and none of its prompt.
    """
    if not schema.has("sessions"):
        return {}
    below = "WHERE typeof(id) = 'text'" if before is None else "WHERE id < ?"
    rows = connection.execute(
        f"SELECT id, rowid FROM sessions {below} ORDER BY id DESC LIMIT ?",
        (limit,) if before is None else (before, limit),
    ).fetchall()
    messages = _read_messages(connection, schema, [session_id for session_id, _ in rows])
    return {session_id: (rowid, *messages.get(session_id, _NO_MESSAGES)) for session_id, rowid in rows}


def _read(
    connection: sqlite3.Connection,
    schema: Schema,
    where: str,
    values: tuple[Any, ...],
    known: Known,
    *,
    shapes: bool = True,
) -> list[Record]:
    if not schema.has("sessions"):
        return []
    rows = connection.execute(
        f"SELECT {_expressions(schema)}, rowid FROM sessions WHERE {where}", values
    ).fetchall()
    # What is no text is nobody's session: no message and no usage can belong to it.
    ids = [raw[0] for raw in rows if isinstance(raw[0], str)]
    usages = read_usages(connection, schema, ids)
    wanted = [one for one in ids if shapes or one not in known]
    messages = _read_messages(connection, schema, wanted)
    records = []
    for *raw, rowid in rows:
        session_id = _name(raw[0])
        before = known.get(session_id)
        usage: tuple[Usage, ...] = usages.get(session_id, ())
        if shapes or before is None:
            shape, last = messages.get(session_id, _NO_MESSAGES)
        else:
            shape, last = before.shape, before.last
        # Most are as they were, and then need no conversion.
        row = None if before is None or before.row != tuple(raw) else before.row
        if before is not None and row is not None:
            if (before.rowid, before.shape, before.last, before.usage) == (rowid, shape, last, usage):
                records.append(before)
                continue
            usage = before.usage if before.usage == usage else usage
        if row is None:
            row = SessionRow._make([convert(value) for convert, value in zip(_CONVERT, raw, strict=True)])
        record = Record(rowid, row, shape, last, usage)
        # What had to be converted may be as it was nevertheless.
        records.append(before if before is not None and record == before else record)
    return records


_NO_MESSAGES: tuple[Shape, float | None] = (Shape(), None)


def _read_messages(
    connection: sqlite3.Connection, schema: Schema, session_ids: Collection[str]
) -> dict[str, tuple[Shape, float | None]]:
    """Counted in an index that has all that is needed, without a look at the rows."""
    if not schema.has("messages") or not session_ids:
        return {}
    rows = connection.execute(
        f"SELECT session_id, max(timestamp), {counted(schema)} FROM messages"
        " WHERE session_id IN (SELECT value FROM json_each(?)) GROUP BY session_id",
        (json.dumps(list(session_ids)),),
    ).fetchall()
    return {session_id: (Shape(*counts), number(last)) for session_id, last, *counts in rows}


def read_usages(
    connection: sqlite3.Connection, schema: Schema, session_ids: Collection[str]
) -> dict[str, tuple[Usage, ...]]:
    """The rows of `session_model_usage` of these sessions, by the session's id."""
    if not schema.has("session_model_usage"):
        return {}
    rows = connection.execute(
        f"SELECT {schema.select('session_model_usage', _USAGE_COLUMNS)} FROM session_model_usage"
        " WHERE session_id IN (SELECT value FROM json_each(?)) ORDER BY rowid",
        (json.dumps(list(session_ids)),),
    ).fetchall()
    found: defaultdict[str, list[Usage]] = defaultdict(list)
    for row in rows:
        found[row[0]].append(_usage(row))
    return {session_id: tuple(own) for session_id, own in found.items()}


_USAGE_COLUMNS = (
    "session_id",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "api_call_count",
    "estimated_cost_usd",
    "actual_cost_usd",
    "cost_status",
    "model",
    "billing_provider",
    "billing_mode",
    "task",
    "first_seen",
    "last_seen",
)


def _usage(raw: tuple[Any, ...]) -> Usage:
    return Usage(
        session_id=text(raw[0]) or "",
        input=count(raw[1]),
        output=count(raw[2]),
        cache_read=count(raw[3]),
        cache_write=count(raw[4]),
        reasoning=count(raw[5]),
        api_calls=count(raw[6]),
        estimated_usd=number(raw[7]),
        actual_usd=number(raw[8]),
        status=_word(raw[9]),
        model=_word(raw[10]) or NO_MODEL,
        provider=_word(raw[11]) or None,
        billing_mode=_word(raw[12]) or None,
        task=_word(raw[13]) or "",
        first_seen=number(raw[14]),
        last_seen=number(raw[15]),
    )


def _word(value: Any) -> str | None:
    """A text of which there are few different ones: each is kept once."""
    found = text(value)
    return None if found is None else sys.intern(found)


def _expressions(schema: Schema) -> str:
    """What to select for each field of a row; NULL where this database has no such column."""
    config = "model_config" if schema.has("sessions", "model_config") else "NULL"
    made = {
        "parent_id": "parent_session_id" if schema.has("sessions", "parent_session_id") else "NULL",
        **{
            # A damaged text would make json_extract fail the whole statement.
            marker: f"CASE WHEN instr({config}, '_{marker}') AND json_valid({config})"
            f" THEN json_extract({config}, '$._{marker}') END"
            for marker in ("branched_from", "delegate_from", "reset_from")
        },
    }
    return ", ".join(
        made.get(field) or (field if schema.has("sessions", field) else _LACKING.get(field, "NULL"))
        for field in SessionRow._fields
    )


_LACKING = {"archived": "0", "hidden": "0"}


def _name(value: Any) -> str:
    return value if type(value) is str else text(value) or ""


def _words(value: Any) -> str | None:
    return value if value is None or type(value) is str else text(value)


def _count(value: Any) -> int:
    return value if type(value) is int else count(value)


def _count_if_any(value: Any) -> int | None:
    return None if value is None else count(value)


def _amount(value: Any) -> float | None:
    return value if value is None or (type(value) is float and abs(value) < 1e300) else number(value)


def _start(value: Any) -> float:
    return _amount(value) or 0.0


def _flag(value: Any) -> bool:
    return bool(count(value))


_CONVERTERS: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("id", "source"), _name),
    **dict.fromkeys(("ended_at", "estimated_cost_usd", "actual_cost_usd"), _amount),
    **dict.fromkeys(("message_count", "tool_call_count", "api_call_count"), _count),
    **dict.fromkeys(("input_tokens", "output_tokens", "reasoning_tokens"), _count),
    **dict.fromkeys(("cache_read_tokens", "cache_write_tokens"), _count),
    **dict.fromkeys(("archived", "hidden"), _flag),
    "started_at": _start,
    "rewind_count": _count_if_any,
}
_CONVERT: tuple[Callable[[Any], Any], ...] = tuple(
    _CONVERTERS.get(field, _words) for field in SessionRow._fields
)
