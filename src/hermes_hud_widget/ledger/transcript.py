"""One page of a conversation's messages, with texts cut to what is fit to be shown."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
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

LONG = 10_000
"""Of a conversation with more messages than this not all ids are gone through for each page."""
WALKED = 20_000
"""So many ids on from a page are tried one by one; beyond, the session's index is asked."""

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
    database: Database,
    parts: Parts,
    session_ids: Collection[str],
    place: Place,
    limit: int,
    messages: int = 0,
) -> Page:
    """A page of the messages of these sessions.

    Only the page's rows are read, in several short reads. Of a long conversation the ids near the page are tried, of
    another one all are gone through.

    Args:
        database: Where to read.
        parts: What is kept of messages of parts.
        session_ids: The pieces of the conversation.
        place: Which page.
        limit: Messages a page.
        messages: How many there are, as far as that is known; from `LONG` on it is taken for the total.
    """
    pieces = json.dumps(list(session_ids))
    walk = _Walk(database, pieces) if messages > LONG else None
    total = messages
    if walk is None or walk.has_hidden:
        total, ids, has_older, has_newer = database.read(
            partial(_read_ids, pieces=pieces, place=place, limit=limit)
        )
    else:
        ids, has_older, has_newer = _choose(place, limit, walk.has, walk.below, walk.above)
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
    asked_at = _call_times(database, rows, calls, pieces, walk)
    shown = tuple(_message(row, parts, calls, signs, asked_at) for row in rows)
    # Before the first message there is nothing to go on from.
    newest = ids[0] if ids else (place.before or 0) - 1
    return Page(shown, total, ids[-1] if has_older else None, newest if has_newer else None)


def _read_ids(
    connection: sqlite3.Connection, schema: Schema, pieces: str, place: Place, limit: int
) -> tuple[int, list[int], bool, bool]:
    """How many messages there are; the ids of the page, newest first; whether there are older and newer ones."""
    if not schema.has("messages"):
        return 0, [], False, False
    shown = " AND coalesce(display_kind, '') <> 'hidden'" if schema.has("messages", "display_kind") else ""
    among = f"FROM messages WHERE session_id IN (SELECT value FROM json_each(?)){shown}"
    (total,) = connection.execute(f"SELECT count(*) {among}", (pieces,)).fetchone()

    def has(message: int) -> bool:
        return connection.execute(f"SELECT 1 {among} AND id = ?", (pieces, message)).fetchone() is not None

    def below(before: int, count: int) -> list[int]:
        query = f"SELECT id {among} AND id < ? ORDER BY id DESC LIMIT ?"
        return [one for (one,) in connection.execute(query, (pieces, before, count)).fetchall()]

    def above(after: int, count: int) -> list[int]:
        query = f"SELECT id {among} AND id > ? ORDER BY id LIMIT ?"
        return [one for (one,) in connection.execute(query, (pieces, after, count)).fetchall()][::-1]

    return total, *_choose(place, limit, has, below, above)


def _choose(
    place: Place,
    limit: int,
    has: Callable[[int], bool],
    below: Callable[[int, int], list[int]],
    above: Callable[[int, int], list[int]],
) -> tuple[list[int], bool, bool]:
    """The ids of a page, newest first, and whether there are older and newer ones.

    Args:
        place: Which page.
        limit: Messages a page.
        has: True for a message of the conversation.
        below: So many ids below one, newest first.
        above: So many next ids above one, newest first.
    """
    if place.after is not None:
        ids = above(place.after, limit + 1)
        has_newer = len(ids) > limit
        ids = ids[-limit:]
        return ids, bool(ids) and bool(below(ids[-1], 1)), has_newer
    before = _LAST if place.before is None else place.before
    if place.message is not None and has(place.message):
        before = (above(place.message, limit // 2) or [place.message])[0] + 1
    ids = below(before, limit + 1)
    has_newer = before != _LAST and bool(above(before - 1, 1))
    return ids[:limit], len(ids) > limit, has_newer


class _Walk:
    """Finds the ids of a long conversation near one, which costs what lies between, not all of the conversation.

    No index has a session's messages by id. `_read_ids` sorts them all for each page: to read a conversation page by
    page would take the square of its length.

    Attributes:
        has_hidden: True when some of the messages may not be shown.
    """

    def __init__(self, database: Database, pieces: str) -> None:
        self._database = database
        self._pieces = pieces
        self._newest, self.has_hidden = database.read(_read_end)
        self._pace = Pace(rows=1_000, least=100)

    def has(self, message: int) -> bool:
        """True for a message of the conversation."""
        return bool(self._read("id = ?", "id", message, count=1))

    def below(self, before: int, count: int) -> list[int]:
        """So many ids below one, newest first."""
        ids: list[int] = []
        high = min(before, self._newest + 1)
        end = max(0, high - WALKED)
        while high > end and len(ids) < count:
            with self._pace.step() as rows:
                low = max(end, high - rows)
                ids += self._read("id >= ? AND id < ?", "id DESC", low, high)
            high = low
        if len(ids) < count and high > 0:
            ids += self._read("+id < ?", "id DESC", high, count=count - len(ids))
        return ids[:count]

    def above(self, after: int, count: int) -> list[int]:
        """So many next ids above one, newest first."""
        ids: list[int] = []
        low, end = after, min(self._newest, after + WALKED)
        while low < end and len(ids) < count:
            with self._pace.step() as rows:
                high = min(end, low + rows)
                ids += self._read("id > ? AND id <= ?", "id", low, high)
            low = high
        if len(ids) < count and low < self._newest:
            ids += self._read("+id > ?", "id", low, count=count - len(ids))
        return ids[:count][::-1]

    def _read(self, which: str, order: str, *values: int, count: int = -1) -> list[int]:
        # Where it goes by id, SQLite is not to take the session's index.
        session = "session_id" if which.startswith("+") else "+session_id"
        query = (
            f"SELECT id FROM messages WHERE {which} AND {session} IN (SELECT value FROM json_each(?))"
            f" ORDER BY {order} LIMIT ?"
        )
        rows = self._database.read(lambda c, _: c.execute(query, (*values, self._pieces, count)).fetchall())
        return [one for (one,) in rows]


def _read_end(connection: sqlite3.Connection, schema: Schema) -> tuple[int, bool]:
    """The highest id of a message, and whether messages may be hidden."""
    if not schema.has("messages"):
        return 0, False
    (newest,) = connection.execute("SELECT max(id) FROM messages").fetchone()
    return newest if isinstance(newest, int) else 0, schema.has("messages", "display_kind")


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
    database: Database, rows: Sequence[Sequence[Any]], calls: _Calls, pieces: str, walk: _Walk | None
) -> dict[str, list[tuple[int, float, str]]]:
    """The messages that made each call, when (epoch seconds) and of which tool, latest first, by the call's id.

    Also those just before the page. A call's id may occur again, after something was taken back.
    """
    times = {row[0]: number(row[3]) or 0.0 for row in rows}
    found = dict(calls)
    answered = {text(row[4]) for row in rows if row[2] == "tool"}
    if not answered <= {call_id for made in calls.values() for call in made for call_id in _ids(call)}:
        ids = None if walk is None else walk.below(rows[-1][0], _LOOK_BACK)
        earlier, made = database.read(partial(_read_callers, pieces=pieces, before=rows[-1][0], ids=ids))
        times.update((message_id, number(timestamp) or 0.0) for message_id, timestamp in earlier)
        found.update(made)
    by_call: defaultdict[str, list[tuple[int, float, str]]] = defaultdict(list)
    for message_id in sorted(found, reverse=True):
        for call in found[message_id]:
            for call_id in _ids(call):
                by_call[call_id].append((message_id, times[message_id], call.tool))
    return by_call


def _read_callers(
    connection: sqlite3.Connection, schema: Schema, pieces: str, before: int, ids: Sequence[int] | None
) -> tuple[list[tuple[int, Any]], _Calls]:
    """The id and time of the assistant's messages shortly before `before`, and their calls.

    Args:
        connection: Where to read.
        schema: What there is.
        pieces: The sessions, as JSON.
        before: Only messages with a smaller id.
        ids: The messages shortly before it; None: not known.
    """
    if not schema.has("messages"):
        return [], {}
    among = "session_id IN (SELECT value FROM json_each(?)) AND id < ? ORDER BY id DESC LIMIT ?"
    if ids is None:
        rows = connection.execute(f"SELECT id FROM messages WHERE {among}", (pieces, before, _LOOK_BACK))
        ids = [message_id for (message_id,) in rows.fetchall()]
    callers = connection.execute(
        "SELECT id, timestamp FROM messages WHERE id IN (SELECT value FROM json_each(?)) AND role = 'assistant'",
        (json.dumps(ids),),
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
