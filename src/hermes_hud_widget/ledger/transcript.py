"""One page of a conversation's messages, with texts cut to what is fit to be shown."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any, Literal

from hermes_hud_widget.ledger.calls import Call, read_calls
from hermes_hud_widget.ledger.rows import ToolCall, TranscriptMessage
from hermes_hud_widget.ledger.schema import Schema
from hermes_hud_widget.ledger.values import moment, number, text

TEXT_CHARS = 20_000
"""Longer texts are cut to so many characters."""
PARTS_LIMIT_BYTES = 32 * 1024 * 1024
"""Messages made of parts (images in them) are not taken apart when they are larger than this."""

_CUT_BYTES = 4 * (TEXT_CHARS + 1)  # no character takes more than four
_PARTS = b"\0json:"
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


def read_page(
    connection: sqlite3.Connection,
    schema: Schema,
    session_ids: Collection[str],
    before: int | None,
    limit: int,
) -> tuple[tuple[TranscriptMessage, ...], int, int | None]:
    """The newest messages before an id, newest first; how many there are in all; where the next page begins.

    The ids of the whole conversation are gone through; only the page's rows are read.
    """
    if not schema.has("messages"):
        return (), 0, None
    pieces = json.dumps(list(session_ids))
    shown = " AND coalesce(display_kind, '') <> 'hidden'" if schema.has("messages", "display_kind") else ""
    among = f"FROM messages WHERE session_id IN (SELECT value FROM json_each(?)){shown}"
    (total,) = connection.execute(f"SELECT count(*) {among}", (pieces,)).fetchone()
    ids = [
        message_id
        for (message_id,) in connection.execute(
            f"SELECT id {among} AND id < ? ORDER BY id DESC LIMIT ?",
            (pieces, 2**63 - 1 if before is None else before, limit + 1),
        )
    ]
    older = ids[limit - 1] if len(ids) > limit else None
    page = _read_messages(connection, schema, ids[:limit], pieces)
    return tuple(page), total, older


def _read_messages(
    connection: sqlite3.Connection, schema: Schema, ids: Sequence[int], pieces: str
) -> list[TranscriptMessage]:
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
    calls = read_calls(connection, schema, ids, TEXT_CHARS + 1)
    asked_at = _call_times(connection, schema, rows, calls, pieces)
    messages = []
    for row in rows:
        values: dict[str, Any] = dict(zip(_COLUMNS, row, strict=False))
        shown, truncated = _shown(connection, values["id"], row[-3], row[-2])
        timestamp = number(values["timestamp"]) or 0.0
        answered = asked_at.get(text(values["tool_call_id"]) or "", ()) if values["role"] == "tool" else ()
        asked = next((at for message_id, at in answered if message_id < values["id"]), None)
        messages.append(
            TranscriptMessage(
                id=values["id"],
                session_id=text(values["session_id"]) or "",
                role=text(values["role"]) or "",
                timestamp=moment(timestamp),
                text=shown,
                truncated=truncated,
                reasoning=_cut(_decode(row[-1]))[0] or None,
                tool_calls=tuple(_tool_call(call) for call in calls.get(values["id"], ())),
                tool_call_id=text(values["tool_call_id"]),
                tool_name=text(values["tool_name"]),
                duration_s=None if asked is None else max(0.0, timestamp - asked),
                finish_reason=text(values["finish_reason"]),
                token_count=values["token_count"] if isinstance(values["token_count"], int) else None,
                state=message_state(values["active"], values["compacted"]),
            )
        )
    return messages


def message_state(active: Any, compacted: Any) -> Literal["active", "compacted", "rewound"]:
    """What became of a message, by its flags; None where this Hermes has no such flag."""
    if active is None or active:
        return "active"
    return "compacted" if compacted else "rewound"


def _call_times(
    connection: sqlite3.Connection,
    schema: Schema,
    rows: Sequence[Sequence[Any]],
    calls: dict[int, tuple[Call, ...]],
    pieces: str,
) -> dict[str, list[tuple[int, float]]]:
    """The messages that made each call and when (epoch seconds), latest first, by the call's id.

    Also those just before the page. A call's id may occur again, after something was taken back.
    """
    times = {row[0]: number(row[3]) or 0.0 for row in rows}
    found = dict(calls)
    answered = {text(row[4]) for row in rows if row[2] == "tool"}
    if not answered <= {
        call_id for made in calls.values() for call in made for call_id in (call.id, call.other_id)
    }:
        callers = connection.execute(
            "SELECT id, timestamp FROM (SELECT id, timestamp, role FROM messages"
            " WHERE session_id IN (SELECT value FROM json_each(?)) AND id < ? ORDER BY id DESC LIMIT ?)"
            " WHERE role = 'assistant'",
            (pieces, rows[-1][0], _LOOK_BACK),
        ).fetchall()
        times |= {message_id: number(timestamp) or 0.0 for message_id, timestamp in callers}
        found |= read_calls(connection, schema, [message_id for message_id, _ in callers])
    by_call: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)
    for message_id in sorted(found, reverse=True):
        for call in found[message_id]:
            for call_id in {call.id, call.other_id} - {""}:
                by_call[call_id].append((message_id, times[message_id]))
    return by_call


def _shown(
    connection: sqlite3.Connection, message_id: int, start: bytes | None, size: int | None
) -> tuple[str, bool]:
    """A message's text and whether it was cut; of parts the texts, with a word in the place of images."""
    if not start or not start.startswith(_PARTS):
        return _cut(_decode(start))
    if (size or 0) > PARTS_LIMIT_BYTES:
        return "[image]", True
    rows = connection.execute(
        "SELECT j.type, CASE j.type WHEN 'object' THEN json_extract(j.value, '$.type') END,"
        f" CASE j.type WHEN 'object' THEN substr(json_extract(j.value, '$.text'), 1, {TEXT_CHARS + 1})"
        f"  WHEN 'text' THEN substr(j.value, 1, {TEXT_CHARS + 1}) END"
        " FROM (SELECT CAST(substr(CAST(content AS BLOB), 7) AS TEXT) AS parts FROM messages WHERE id = ?) m,"
        " json_each(CASE WHEN json_valid(m.parts) THEN m.parts ELSE '[]' END) j",
        (message_id,),
    ).fetchall()
    if not rows:
        return _cut(_decode(start[len(_PARTS) :]))
    return _cut("\n".join(_part(kind, text(words)) for _, kind, words in rows))


def _part(kind: Any, words: str | None) -> str:
    if words is not None:
        return words
    return "[image]" if "image" in str(kind) else f"[{kind or 'part'}]"


def _tool_call(call: Call) -> ToolCall:
    arguments, truncated = _cut(call.arguments)
    return ToolCall(call.id or call.other_id, call.tool, arguments, truncated)


def _cut(whole: str) -> tuple[str, bool]:
    return (whole, False) if len(whole) <= TEXT_CHARS else (whole[:TEXT_CHARS], True)


def _decode(raw: bytes | None) -> str:
    return (raw or b"").decode("utf-8", "replace")
