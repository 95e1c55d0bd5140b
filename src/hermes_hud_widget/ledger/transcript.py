"""One page of a conversation's messages, with texts cut to what is fit to be shown."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Literal

from hermes_hud_widget.ledger.calls import Call, read_calls
from hermes_hud_widget.ledger.database import Database
from hermes_hud_widget.ledger.pace import Pace
from hermes_hud_widget.ledger.parts import MARK, Parts
from hermes_hud_widget.ledger.rows import ToolCall, TranscriptMessage
from hermes_hud_widget.ledger.schema import Schema
from hermes_hud_widget.ledger.values import TEXT_CHARS, cut, moment, number, text

_CUT_BYTES = 4 * (TEXT_CHARS + 1)  # no character takes more than four
_LOOK_BACK = 64
"""How many messages before a page are searched for the calls that its first results belong to."""

_COLUMNS = [
    "id",
    "session_id",
    "role",
    "timestamp",
    "tool_call_id",
    "tool_name",
    "finish_reason",
    "token_count",
    "active",
    "compacted",
]

_Calls = dict[int, tuple[Call, ...]]


def read_page(
    database: Database, parts: Parts, session_ids: Collection[str], before: int | None, limit: int
) -> tuple[tuple[TranscriptMessage, ...], int, int | None]:
    """The newest messages before an id, newest first; how many there are in all; where the next page begins.

    The ids of the whole conversation are gone through; only the page's rows are read, in several short reads.
    """
    pieces = json.dumps(list(session_ids))
    total, ids = database.read(partial(_read_ids, pieces=pieces, before=before, limit=limit + 1))
    older = ids[limit - 1] if len(ids) > limit else None
    rows: list[tuple[Any, ...]] = []
    calls: _Calls = {}
    waiting, pace = ids[:limit], Pace(rows=5, least=1)
    while waiting:
        with pace.step() as count:
            some, waiting = waiting[:count], waiting[count:]
            read, made = database.read(partial(_read_rows, ids=some))
        rows.extend(read)
        calls.update(made)
    asked_at = _call_times(database, rows, calls, pieces)
    return tuple(_message(row, parts, calls, asked_at) for row in rows), total, older


def message_state(active: Any, compacted: Any) -> Literal["active", "compacted", "rewound"]:
    """What became of a message, by its flags; None where this Hermes has no such flag."""
    if active is None or active:
        return "active"
    return "compacted" if compacted else "rewound"


def _read_ids(
    connection: sqlite3.Connection, schema: Schema, pieces: str, before: int | None, limit: int
) -> tuple[int, list[int]]:
    """How many messages there are, and the newest ids before `before`."""
    if not schema.has("messages"):
        return 0, []
    shown = " AND coalesce(display_kind, '') <> 'hidden'" if schema.has("messages", "display_kind") else ""
    among = f"FROM messages WHERE session_id IN (SELECT value FROM json_each(?)){shown}"
    (total,) = connection.execute(f"SELECT count(*) {among}", (pieces,)).fetchone()
    rows = connection.execute(
        f"SELECT id {among} AND id < ? ORDER BY id DESC LIMIT ?",
        (pieces, 2**63 - 1 if before is None else before, limit),
    ).fetchall()
    return total, [message_id for (message_id,) in rows]


def _read_rows(
    connection: sqlite3.Connection, schema: Schema, ids: Sequence[int]
) -> tuple[list[tuple[Any, ...]], _Calls]:
    """Of each message the `_COLUMNS`, its content's start and size, its thoughts' start; and the calls."""
    if not schema.has("messages"):
        return [], {}
    content = "content" if schema.has("messages", "content") else "NULL"
    thoughts = [
        f"nullif({name}, '')" for name in ("reasoning", "reasoning_content") if schema.has("messages", name)
    ]
    thought = f"coalesce({', '.join([*thoughts, 'NULL'])})" if thoughts else "NULL"
    rows = connection.execute(
        f"SELECT {schema.select('messages', _COLUMNS)},"
        # As bytes: text that begins with NUL, as messages of parts do, would come out empty.
        f" substr(CAST({content} AS BLOB), 1, {_CUT_BYTES}), length(CAST({content} AS BLOB)),"
        f" substr(CAST({thought} AS BLOB), 1, {_CUT_BYTES})"
        " FROM messages WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id DESC",
        (json.dumps(list(ids)),),
    ).fetchall()
    return rows, read_calls(connection, schema, ids, TEXT_CHARS + 1)


def _message(
    row: Sequence[Any], parts: Parts, calls: _Calls, asked_at: Mapping[str, Sequence[tuple[int, float]]]
) -> TranscriptMessage:
    values: dict[str, Any] = dict(zip(_COLUMNS, row, strict=False))
    start, size, thought = row[-3:]
    if start and start.startswith(MARK):
        shown, truncated = parts.text(values["id"], values["timestamp"], size)
    else:
        shown, truncated = cut(_decode(start))
    timestamp = number(values["timestamp"]) or 0.0
    answered = asked_at.get(text(values["tool_call_id"]) or "", ()) if values["role"] == "tool" else ()
    asked = next((at for message_id, at in answered if message_id < values["id"]), None)
    return TranscriptMessage(
        id=values["id"],
        session_id=text(values["session_id"]) or "",
        role=text(values["role"]) or "",
        timestamp=moment(timestamp),
        text=shown,
        truncated=truncated,
        reasoning=cut(_decode(thought))[0] or None,
        tool_calls=tuple(_tool_call(call) for call in calls.get(values["id"], ())),
        tool_call_id=text(values["tool_call_id"]),
        tool_name=text(values["tool_name"]),
        duration_s=None if asked is None else max(0.0, timestamp - asked),
        finish_reason=text(values["finish_reason"]),
        token_count=values["token_count"] if isinstance(values["token_count"], int) else None,
        state=message_state(values["active"], values["compacted"]),
    )


def _call_times(
    database: Database, rows: Sequence[Sequence[Any]], calls: _Calls, pieces: str
) -> dict[str, list[tuple[int, float]]]:
    """The messages that made each call and when (epoch seconds), latest first, by the call's id.

    Also those just before the page. A call's id may occur again, after something was taken back.
    """
    times = {row[0]: number(row[3]) or 0.0 for row in rows}
    found = dict(calls)
    answered = {text(row[4]) for row in rows if row[2] == "tool"}
    if not answered <= {call_id for made in calls.values() for call in made for call_id in _ids(call)}:
        earlier, made = database.read(partial(_read_callers, pieces=pieces, before=rows[-1][0]))
        times.update((message_id, number(timestamp) or 0.0) for message_id, timestamp in earlier)
        found.update(made)
    by_call: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)
    for message_id in sorted(found, reverse=True):
        for call in found[message_id]:
            for call_id in _ids(call):
                by_call[call_id].append((message_id, times[message_id]))
    return by_call


def _read_callers(
    connection: sqlite3.Connection, schema: Schema, pieces: str, before: int
) -> tuple[list[tuple[int, Any]], _Calls]:
    """The id and time of the assistant's messages shortly before `before`, and their calls."""
    if not schema.has("messages"):
        return [], {}
    callers = connection.execute(
        "SELECT id, timestamp FROM (SELECT id, timestamp, role FROM messages"
        " WHERE session_id IN (SELECT value FROM json_each(?)) AND id < ? ORDER BY id DESC LIMIT ?)"
        " WHERE role = 'assistant'",
        (pieces, before, _LOOK_BACK),
    ).fetchall()
    return callers, read_calls(connection, schema, [message_id for message_id, _ in callers])


def _ids(call: Call) -> Iterable[str]:
    return {call.id, call.other_id} - {""}


def _tool_call(call: Call) -> ToolCall:
    arguments, truncated = cut(call.arguments)
    return ToolCall(call.id or call.other_id, call.tool, arguments, truncated)


def _decode(raw: bytes | None) -> str:
    return (raw or b"").decode("utf-8", "replace")
