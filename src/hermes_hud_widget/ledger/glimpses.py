"""How a session begins and how it ends: the few messages of it that lists need, read when they are shown."""

from __future__ import annotations

import json
import sqlite3
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from typing import Any, Generic, TypeVar

from hermes_hud_widget.ledger.activity import Message
from hermes_hud_widget.ledger.calls import read_calls
from hermes_hud_widget.ledger.database import Database
from hermes_hud_widget.ledger.pace import Pace
from hermes_hud_widget.ledger.records import Record
from hermes_hud_widget.ledger.schema import Schema
from hermes_hud_widget.ledger.values import count, moment, number, text

T = TypeVar("T")

MOST_KEPT = 1000
"""So many of each are kept, those shown last."""
TAIL_MESSAGES = 16
"""How many last messages of a session are looked at first; more only when no call is among them."""
_MOST_TAIL_MESSAGES = 400


class Glimpses:
    """The previews and tails of sessions, each read once as long as its session's record is the same.

    Not thread-safe. Both methods raise DatabaseProblem, and DatabaseMissing.
    """

    def __init__(self, database: Database) -> None:
        self._previews = _Lookup(database, _read_previews, "", rows=200, least=20)
        self._tails: _Lookup[tuple[Message, ...]] = _Lookup(database, _read_tails, (), rows=20, least=1)

    def previews(self, records: Iterable[Record]) -> Mapping[str, str]:
        """First 60 characters of the first user message of each of these sessions, as Hermes makes them."""
        return self._previews.of(records)

    def tails(self, records: Iterable[Record]) -> Mapping[str, tuple[Message, ...]]:
        """The last messages of each of these sessions."""
        return self._tails.of(records)


class _Lookup(Generic[T]):
    def __init__(
        self,
        database: Database,
        read: Callable[[sqlite3.Connection, Schema, Collection[str]], dict[str, T]],
        blank: T,
        *,
        rows: int,
        least: int,
    ) -> None:
        self._database = database
        self._read = read
        self._blank = blank
        self._rows = rows
        self._least = least
        self._kept: OrderedDict[str, tuple[Record, T]] = OrderedDict()

    def of(self, records: Iterable[Record]) -> dict[str, T]:
        found: dict[str, T] = {}
        missing: list[Record] = []
        for record in records:
            kept = self._kept.get(record.row.id)
            if kept is not None and kept[0] is record:
                self._kept.move_to_end(record.row.id)
                found[record.row.id] = kept[1]
            else:
                missing.append(record)
        pace = Pace(self._rows, self._least)
        while missing:
            with pace.step() as rows:
                some, missing = missing[:rows], missing[rows:]
                ids = [record.row.id for record in some]
                read = self._database.read(partial(_with_ids, self._read, ids))
            for record in some:
                one = found[record.row.id] = read.get(record.row.id, self._blank)
                self._kept[record.row.id] = (record, one)
                self._kept.move_to_end(record.row.id)
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return found


def _with_ids(
    read: Callable[[sqlite3.Connection, Schema, Collection[str]], dict[str, T]],
    session_ids: Collection[str],
    connection: sqlite3.Connection,
    schema: Schema,
) -> dict[str, T]:
    return read(connection, schema, session_ids)


def _read_previews(
    connection: sqlite3.Connection, schema: Schema, session_ids: Collection[str]
) -> dict[str, str]:
    if not schema.has("messages", "content"):
        return dict.fromkeys(session_ids, "")
    rows = connection.execute(
        # Hermes' own expression but for the order: cut first, so that a large message is not copied.
        "SELECT j.value, (SELECT replace(replace(substr(m.content, 1, 63), x'0A', ' '), x'0D', ' ')"
        "  FROM messages m WHERE m.session_id = j.value AND m.role = 'user' AND m.content IS NOT NULL"
        "  ORDER BY m.timestamp, m.id LIMIT 1) FROM json_each(?) j",
        (json.dumps(list(session_ids)),),
    ).fetchall()
    return {session_id: _preview(text(raw) or "") for session_id, raw in rows}


def _preview(raw: str) -> str:
    raw = raw.strip()
    return raw[:60] + ("..." if len(raw) > 60 else "")


def _read_tails(
    connection: sqlite3.Connection, schema: Schema, session_ids: Collection[str]
) -> dict[str, tuple[Message, ...]]:
    if not schema.has("messages"):
        return dict.fromkeys(session_ids, ())
    return {session_id: _read_tail(connection, schema, session_id) for session_id in session_ids}


def _read_tail(connection: sqlite3.Connection, schema: Schema, session_id: str) -> tuple[Message, ...]:
    """A session's last active messages, at least from its last call on."""
    active = " AND coalesce(active, 1) <> 0" if schema.has("messages", "active") else ""
    calls = "tool_calls IS NOT NULL AND tool_calls <> ''" if schema.has("messages", "tool_calls") else "0"
    columns = schema.select("messages", ("id", "role", "timestamp", "tool_call_id", "observed"))
    rows: list[Any] = []
    for limit in (TAIL_MESSAGES, _MOST_TAIL_MESSAGES):
        rows = connection.execute(
            # Newest by time, for which there is an index; their true order is that of the ids.
            f"SELECT {columns}, {calls} FROM messages WHERE session_id = ?{active}"
            " ORDER BY timestamp DESC, id DESC LIMIT ?",
            (session_id, limit),
        ).fetchall()
        if len(rows) < limit or any(row[1] != "tool" for row in rows):
            break
    rows.sort()
    callers = [row[0] for row in rows if row[5]][-1:]
    found = read_calls(connection, schema, callers)
    return tuple(
        Message(
            role=text(role) or "",
            timestamp=moment(number(timestamp) or 0.0),
            calls=tuple((call.id, call.other_id, call.tool) for call in found.get(message_id, ())),
            answers=text(answers),
            is_overheard=bool(count(observed)),
        )
        for message_id, role, timestamp, answers, observed, _ in rows
    )
