"""One page of a conversation's messages, with texts cut to what is fit to be shown."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from hermes_hud_widget.ledger.calls import Call, read_calls
from hermes_hud_widget.ledger.database import Database
from hermes_hud_widget.ledger.messages import message_state
from hermes_hud_widget.ledger.pace import Pace
from hermes_hud_widget.ledger.parts import MARK, Parts
from hermes_hud_widget.ledger.rows import ToolCall, TranscriptMessage
from hermes_hud_widget.ledger.schema import Schema
from hermes_hud_widget.ledger.tool_calls import is_failure, read_signs
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
    "effect_disposition",
]

_LAST = 2**63 - 1
_Calls = dict[int, tuple[Call, ...]]


class Place(NamedTuple):
    """Which page of a transcript: by default the newest.

    Attributes:
        before: The newest messages with a smaller id.
        after: The oldest messages with a higher id.
        message: The messages around this one.
    """

    before: int | None = None
    after: int | None = None
    message: int | None = None


class Page(NamedTuple):
    """Messages, newest first.

    Attributes:
        total: How many the conversation has.
        older: The `before` of the next page; None: there is none.
        newer: The `after` of the page before; None: there is none.
    """

    messages: tuple[TranscriptMessage, ...]
    total: int
    older: int | None
    newer: int | None


def read_page(
    database: Database, parts: Parts, session_ids: Collection[str], place: Place, limit: int
) -> Page:
    """A page of the messages of these sessions.

    The ids of the whole conversation are gone through; only the page's rows are read, in several short reads.
    """
    pieces = json.dumps(list(session_ids))
    total, ids, has_older, has_newer = database.read(
        partial(_read_ids, pieces=pieces, place=place, limit=limit)
    )
    rows: list[tuple[Any, ...]] = []
    calls: _Calls = {}
    signs: dict[int, int] = {}
    waiting, pace = ids, Pace(rows=5, least=1)
    while waiting:
        with pace.step() as count:
            some, waiting = waiting[:count], waiting[count:]
            read, made, found = database.read(partial(_read_rows, ids=some))
        rows.extend(read)
        calls.update(made)
        signs.update(found)
    asked_at = _call_times(database, rows, calls, pieces)
    messages = tuple(_message(row, parts, calls, signs, asked_at) for row in rows)
    return Page(messages, total, ids[-1] if has_older else None, ids[0] if has_newer else None)


def _read_ids(
    connection: sqlite3.Connection, schema: Schema, pieces: str, place: Place, limit: int
) -> tuple[int, list[int], bool, bool]:
    """How many messages there are; the ids of the page, newest first; whether there are older and newer ones."""
    if not schema.has("messages"):
        return 0, [], False, False
    shown = " AND coalesce(display_kind, '') <> 'hidden'" if schema.has("messages", "display_kind") else ""
    among = f"FROM messages WHERE session_id IN (SELECT value FROM json_each(?)){shown}"
    (total,) = connection.execute(f"SELECT count(*) {among}", (pieces,)).fetchone()

    def below(before: int, count: int) -> list[int]:
        query = f"SELECT id {among} AND id < ? ORDER BY id DESC LIMIT ?"
        return [one for (one,) in connection.execute(query, (pieces, before, count)).fetchall()]

    def above(after: int, count: int) -> list[int]:
        query = f"SELECT id {among} AND id > ? ORDER BY id LIMIT ?"
        return [one for (one,) in connection.execute(query, (pieces, after, count)).fetchall()][::-1]

    if place.after is not None:
        ids = above(place.after, limit + 1)
        has_newer = len(ids) > limit
        ids = ids[-limit:]
        return total, ids, bool(ids) and bool(below(ids[-1], 1)), has_newer
    before = _LAST if place.before is None else place.before
    if (
        place.message is not None
        and connection.execute(f"SELECT 1 {among} AND id = ?", (pieces, place.message)).fetchone()
    ):
        before = (above(place.message, limit // 2) or [place.message])[0] + 1
    ids = below(before, limit + 1)
    has_newer = before != _LAST and bool(above(before - 1, 1))
    return total, ids[:limit], len(ids) > limit, has_newer


def _read_rows(
    connection: sqlite3.Connection, schema: Schema, ids: Sequence[int]
) -> tuple[list[tuple[Any, ...]], _Calls, dict[int, int]]:
    """Of each message the `_COLUMNS`, its content's start and size, its thoughts' start; the calls; results' signs."""
    if not schema.has("messages"):
        return [], {}, {}
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
    return rows, read_calls(connection, schema, ids, TEXT_CHARS + 1), read_signs(connection, schema, ids)


def _message(
    row: Sequence[Any],
    parts: Parts,
    calls: _Calls,
    signs: Mapping[int, int],
    asked_at: Mapping[str, Sequence[tuple[int, float, str]]],
) -> TranscriptMessage:
    values: dict[str, Any] = dict(zip(_COLUMNS, row, strict=False))
    start, size, thought = row[-3:]
    if start and start.startswith(MARK):
        shown, truncated = parts.text(values["id"], values["timestamp"], size)
    else:
        shown, truncated = cut(_decode(start))
    timestamp = number(values["timestamp"]) or 0.0
    answered = asked_at.get(text(values["tool_call_id"]) or "", ()) if values["role"] == "tool" else ()
    asked = next((one for one in answered if one[0] < values["id"]), None)
    tool = text(values["tool_name"]) or (asked[2] if asked is not None and values["role"] == "tool" else None)
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
        tool_name=tool,
        duration_s=None if asked is None else max(0.0, timestamp - asked[1]),
        finish_reason=text(values["finish_reason"]),
        token_count=values["token_count"] if isinstance(values["token_count"], int) else None,
        failed=is_failure(tool, signs[values["id"]]) if values["id"] in signs else None,
        effect=text(values["effect_disposition"]) if values["role"] == "tool" else None,
        state=message_state(values["active"], values["compacted"]),
    )


def _call_times(
    database: Database, rows: Sequence[Sequence[Any]], calls: _Calls, pieces: str
) -> dict[str, list[tuple[int, float, str]]]:
    """The messages that made each call, when (epoch seconds) and of which tool, latest first, by the call's id.

    Also those just before the page. A call's id may occur again, after something was taken back.
    """
    times = {row[0]: number(row[3]) or 0.0 for row in rows}
    found = dict(calls)
    answered = {text(row[4]) for row in rows if row[2] == "tool"}
    if not answered <= {call_id for made in calls.values() for call in made for call_id in _ids(call)}:
        earlier, made = database.read(partial(_read_callers, pieces=pieces, before=rows[-1][0]))
        times.update((message_id, number(timestamp) or 0.0) for message_id, timestamp in earlier)
        found.update(made)
    by_call: defaultdict[str, list[tuple[int, float, str]]] = defaultdict(list)
    for message_id in sorted(found, reverse=True):
        for call in found[message_id]:
            for call_id in _ids(call):
                by_call[call_id].append((message_id, times[message_id], call.tool))
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
    other_id = call.other_id if call.id else ""
    return ToolCall(call.id or call.other_id, other_id, call.tool, arguments, truncated)


def _decode(raw: bytes | None) -> str:
    return (raw or b"").decode("utf-8", "replace")
