"""All rows of `sessions` and what hangs on them, kept until the database's content changes."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Set
from functools import partial
from typing import Any

from hermes_hud_widget.ledger.activity import Message
from hermes_hud_widget.ledger.calls import read_calls
from hermes_hud_widget.ledger.database import Database, DatabaseMissing
from hermes_hud_widget.ledger.lineage import Lineage, SessionRow
from hermes_hud_widget.ledger.pace import Pace
from hermes_hud_widget.ledger.rows import Session
from hermes_hud_widget.ledger.schema import Schema
from hermes_hud_widget.ledger.values import count, moment, number, text

TAIL_MESSAGES = 16
"""How many last messages of a session are looked at first; more only when no call is among them."""
_MOST_TAIL_MESSAGES = 400


class Snapshot:
    """The sessions at one state of the database.

    Attributes:
        content: `Database.content()` from before it was read.
        identity: Which file it was read from.
        lineage: The rows, with the rules over them.
        last: Timestamp of each session's last message, in epoch seconds.
        previews: First user message of sessions, as far as they were asked for.
        tails: Last messages of sessions, as far as they were asked for.
        projected: What was made of ended conversations, by their first piece's id: time does not change them.
        max_message_id: No message up to this id is newer than the snapshot.
    """

    def __init__(
        self,
        content: Hashable = None,
        identity: Hashable = None,
        rows: Iterable[SessionRow] = (),
        last: dict[str, float] | None = None,
        previews: dict[str, str] | None = None,
        max_message_id: int = 0,
    ) -> None:
        self.content = content
        self.identity = identity
        self.last = last or {}
        self.lineage = Lineage(rows, self.last)
        self.previews = previews or {}
        self.tails: dict[str, tuple[Message, ...]] = {}
        self.projected: dict[str, Session] = {}
        self.max_message_id = max_message_id


class Snapshots:
    """Reads snapshots, one at a time, and only when the content changed.

    Each change costs one narrow scan of `sessions` (in chunks), and reads of `messages` for those
    sessions only whose row changed or which got messages; the first one asks for all.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.RLock()
        self._snapshot = Snapshot()

    def current(self) -> Snapshot:
        """The snapshot of what is there now; an empty one where there is nothing.

        Raises:
            DatabaseProblem: It cannot be read.
        """
        with self._lock:
            content = self._database.content()
            if content != self._snapshot.content:
                try:
                    self._snapshot = self._read(content, self._snapshot)
                except DatabaseMissing:
                    self._snapshot = Snapshot(content)
            return self._snapshot

    def previews(self, snapshot: Snapshot, session_ids: Iterable[str]) -> dict[str, str]:
        """First 60 characters of the first user message of each of these sessions, as Hermes makes them."""
        with self._lock:
            known = snapshot.previews
            missing = [session_id for session_id in session_ids if session_id not in known]
            pace = Pace()
            while missing:
                with pace.step() as rows:
                    chunk, missing = missing[:rows], missing[rows:]
                    known.update(self._database.read(partial(_read_previews, session_ids=chunk)))
            return known

    def tails(self, snapshot: Snapshot, session_ids: Iterable[str]) -> dict[str, tuple[Message, ...]]:
        """The last messages of each of these sessions."""
        with self._lock:
            known = snapshot.tails
            missing = [session_id for session_id in session_ids if session_id not in known]
            pace = Pace(rows=20, least=1)
            while missing:
                with pace.step() as rows:
                    chunk, missing = missing[:rows], missing[rows:]
                    known.update(self._database.read(partial(_read_tails, session_ids=chunk)))
            return known

    def _read(self, content: Hashable, old: Snapshot) -> Snapshot:
        identity, max_message_id, touched = self._database.read(
            lambda c, s: (self._database.identity, *_read_touched(c, s, old.max_message_id))
        )
        if identity != old.identity or max_message_id < old.max_message_id:
            old, touched = Snapshot(identity=identity), frozenset()
        known = old.lineage.rows
        rows: list[SessionRow] = []
        after, pace = -(2**63), Pace()
        while True:
            with pace.step() as limit:
                read = self._database.read(partial(_read_sessions, after=after, limit=limit, known=known))
            if not read:
                break
            after = read[-1][0]
            rows.extend(row for _, row in read)
        unchanged = {row.id for row in rows if known.get(row.id) is row and row.id not in touched}
        last = {session_id: seconds for session_id, seconds in old.last.items() if session_id in unchanged}
        previews = {
            session_id: preview for session_id, preview in old.previews.items() if session_id in unchanged
        }
        asked = [row.id for row in rows if row.id not in unchanged]
        pace = Pace()
        while asked:
            with pace.step() as limit:
                chunk, asked = asked[:limit], asked[limit:]
                last.update(self._database.read(partial(_read_last, session_ids=chunk)))
        snapshot = Snapshot(content, identity, rows, last, previews, max_message_id)
        snapshot.projected = _still_true(old.projected, snapshot.lineage, unchanged)
        return snapshot


def _still_true(
    projected: Mapping[str, Session], lineage: Lineage, unchanged: Set[str]
) -> dict[str, Session]:
    """The conversations of an older snapshot all of whose rows and messages are as they were."""
    kept = {}
    for root_id, session in projected.items():
        if root_id in unchanged and lineage.is_root(lineage.rows[root_id]):
            pieces = lineage.chain(lineage.rows[root_id])
            if (
                pieces[-1].id == session.id
                and len(pieces) == session.pieces
                and lineage.subagents.get(root_id, 0) == session.subagents
                and all(piece.id in unchanged for piece in pieces)
            ):
                kept[root_id] = session
    return kept


def _read_touched(connection: sqlite3.Connection, schema: Schema, after: int) -> tuple[int, frozenset[str]]:
    """The newest message's id, and the sessions that have messages after `after`."""
    if not schema.has("messages"):
        return 0, frozenset()
    (newest,) = connection.execute("SELECT max(id) FROM messages").fetchone()
    if not after or not newest:
        return newest or 0, frozenset()
    # No DISTINCT: it would make SQLite go through an index over all messages.
    rows = connection.execute("SELECT session_id FROM messages WHERE id > ?", (after,)).fetchall()
    return newest, frozenset(session_id for (session_id,) in rows)


def _read_sessions(
    connection: sqlite3.Connection, schema: Schema, after: int, limit: int, known: Mapping[str, SessionRow]
) -> list[tuple[int, SessionRow]]:
    if not schema.has("sessions"):
        return []
    rows = connection.execute(
        f"SELECT {_expressions(schema)}, rowid FROM sessions WHERE rowid > ? ORDER BY rowid LIMIT ?",
        (after, limit),
    ).fetchall()
    found = []
    for *raw, rowid in rows:
        row = known.get(raw[0])
        # Most rows are as they were, and then need no conversion.
        if row is None or row != tuple(raw):
            row = SessionRow._make([convert(value) for convert, value in zip(_CONVERT, raw, strict=True)])
        found.append((rowid, row))
    return found


def _expressions(schema: Schema) -> str:
    """What to select for each field of a row; NULL where this database has no such column."""
    config = "model_config" if schema.has("sessions", "model_config") else "NULL"
    made = {
        "parent_id": "parent_session_id",
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


def _read_last(
    connection: sqlite3.Connection, schema: Schema, session_ids: Collection[str]
) -> dict[str, float]:
    if not schema.has("messages"):
        return {}
    rows = connection.execute(
        "SELECT j.value, (SELECT max(timestamp) FROM messages WHERE session_id = j.value) FROM json_each(?) j",
        (json.dumps(list(session_ids)),),
    ).fetchall()
    return {session_id: seconds for session_id, value in rows if (seconds := number(value)) is not None}


def _read_previews(
    connection: sqlite3.Connection, schema: Schema, session_ids: Collection[str]
) -> dict[str, str]:
    if not schema.has("messages"):
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
