"""The rows of `sessions` and `messages` as columns, for DataFrames."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from typing import Any, Protocol

from hermes_hud_widget.ledger.calls import ELEMENTS, NAME
from hermes_hud_widget.ledger.database import Database
from hermes_hud_widget.ledger.kept import Kept
from hermes_hud_widget.ledger.lineage import SessionRow
from hermes_hud_widget.ledger.pace import Pace
from hermes_hud_widget.ledger.schema import Schema
from hermes_hud_widget.ledger.transcript import message_state
from hermes_hud_widget.ledger.values import instant, moment

SESSION_COLUMNS = [
    "id",
    "root_id",
    "parent_id",
    "kind",
    "listed",
    "title",
    "source",
    "model",
    "started_at",
    "ended_at",
    "end_reason",
    "last_active",
    "duration_s",
    "message_count",
    "tool_call_count",
    "api_call_count",
    "rewind_count",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "cost_usd",
    "cost_status",
    "cwd",
    "git_branch",
    "git_repo_root",
    "profile_name",
    "archived",
]
MESSAGE_COLUMNS = [
    "id",
    "session_id",
    "role",
    "timestamp",
    "tool_name",
    "tool_call_id",
    "tool_names",
    "finish_reason",
    "token_count",
    "text_chars",
    "reasoning_chars",
    "state",
]

_SEPARATOR = "\x1f"

TEXT_LENGTH = (
    # Messages of parts begin with NUL, where length() would stop.
    "CASE WHEN content <> '' AND unicode(content) IS NULL THEN (SELECT coalesce(sum(length("
    "CASE j.type WHEN 'object' THEN json_extract(j.value, '$.text') END)), 0) FROM"
    " json_each(CASE WHEN json_valid(CAST(substr(CAST(content AS BLOB), 7) AS TEXT))"
    " THEN CAST(substr(CAST(content AS BLOB), 7) AS TEXT) ELSE '[]' END) j)"
    " ELSE coalesce(length(content), 0) END"
)
"""The length of a message's text, in characters."""


STATES = (message_state(1, 0), message_state(0, 0), message_state(0, 1))
"""What may have become of a message."""


def state_number(schema: Schema) -> str:
    """What has become of a message, in SQL, as its place in `STATES`."""
    active, compacted = (
        f"coalesce({flag}, {default}) <> 0" if schema.has("messages", flag) else default
        for flag, default in (("active", "1"), ("compacted", "0"))
    )
    return f"CASE WHEN {active} THEN 0 ELSE 1 + ({compacted}) END"


class Arguments(Protocol):
    """What a frame was asked for."""

    @property
    def since(self) -> datetime | None:
        """Only rows at or after it."""

    @property
    def until(self) -> datetime | None:
        """Only rows before it."""

    @property
    def columns(self) -> tuple[str, ...] | None:
        """The columns wanted; None for all."""

    @property
    def limit(self) -> int | None:
        """At most so many rows, the newest."""

    @property
    def session_id(self) -> str | None:
        """Only this conversation, all its pieces."""


def session_columns(
    kept: Kept, args: Arguments, price: Callable[[SessionRow], tuple[float | None, str | None]]
) -> dict[str, list[Any]]:
    """One row for each row of `sessions`, children too, the one started last first."""
    lineage = kept.lineage
    rows = sessions_asked_for(kept, args)[: args.limit]
    prices = {row.id: price(row) for row in rows}
    made: dict[str, Callable[[SessionRow], Any]] = {
        "root_id": lineage.root_id,
        "kind": lineage.kind,
        "listed": lineage.is_listed,
        "started_at": lambda row: moment(row.started_at),
        "ended_at": lambda row: instant(row.ended_at),
        "last_active": lambda row: moment(lineage.last_active(row)),
        "duration_s": lambda row: max(
            0.0, (lineage.last_active(row) if row.ended_at is None else row.ended_at) - row.started_at
        ),
        "cost_usd": lambda row: prices[row.id][0],
        "cost_status": lambda row: prices[row.id][1],
    }
    wanted = SESSION_COLUMNS if args.columns is None else args.columns
    return {
        name: [made[name](row) for row in rows] if name in made else [getattr(row, name) for row in rows]
        for name in wanted
    }


def sessions_asked_for(kept: Kept, args: Arguments) -> list[SessionRow]:
    """Those of the span and the conversation asked for, the one started last first; without a limit."""
    rows = kept.lineage.rows
    if args.session_id is not None:
        asked = rows.get(args.session_id)
        found = list(kept.lineage.chain(asked)) if asked else []
    else:
        since = float("-inf") if args.since is None else args.since.timestamp()
        found = [rows[session_id] for session_id in kept.started_since(since)]
    found = [row for row in found if _is_within(row.started_at, args)]
    found.sort(key=lambda row: (row.started_at, row.id), reverse=True)
    return found


def message_columns(database: Database, snapshot: Kept, args: Arguments) -> dict[str, list[Any]]:
    """One row for each row of `messages`, ascending by id, no texts.

    Without `since` and `session_id` all messages are gone through, from the newest on until `limit` is
    reached; with `since` the sessions that have newer messages, with `session_id` its pieces. The texts'
    lengths cost the reading of the texts.
    """
    wanted = list(MESSAGE_COLUMNS) if args.columns is None else list(args.columns)
    chunks: list[list[list[Any]]] = []
    finish = _Finish(wanted)
    missing = args.limit
    for rows in _message_chunks(database, snapshot, args, wanted):
        if missing is not None:
            rows = rows[max(0, len(rows) - missing) :]
            missing -= len(rows)
        # Column by column at once: a million rows as tuples would take as much memory again.
        chunks.append(finish(rows))
        if missing == 0:
            break
    chunks.reverse()
    return {
        name: list(chain.from_iterable(chunk[index] for chunk in chunks)) for index, name in enumerate(wanted)
    }


def _is_within(seconds: float, args: Arguments) -> bool:
    """True for an instant, in epoch seconds, of the span that was asked for."""
    return (args.since is None or seconds >= args.since.timestamp()) and (
        args.until is None or seconds < args.until.timestamp()
    )


def _message_chunks(
    database: Database, snapshot: Kept, args: Arguments, wanted: Sequence[str]
) -> Iterator[list[tuple[Any, ...]]]:
    """Chunks of rows, the newest chunk first, ascending by id within each."""
    if args.limit == 0:
        return
    pieces = candidates(snapshot, args)
    if pieces is None:
        before: int | None = 2**63 - 1
        pace = _pace(wanted)
        while before is not None:
            with pace.step() as limit:
                chunk, before = database.read(
                    partial(_read_range, args=args, wanted=wanted, before=before, limit=limit)
                )
            yield chunk
        return
    ids: list[int] = []
    pace = Pace()
    while pieces:
        with pace.step() as limit:
            some, pieces = pieces[:limit], pieces[limit:]
            ids.extend(database.read(partial(_read_ids, args=args, session_ids=some)))
    ids.sort()
    if args.limit is not None:
        ids = ids[max(0, len(ids) - args.limit) :]
    pace = _pace(wanted)
    while ids:
        with pace.step() as limit:
            ids, some_ids = ids[:-limit], ids[-limit:]
            yield database.read(partial(_read_rows, wanted=wanted, ids=some_ids))


def candidates(snapshot: Kept, args: Arguments) -> list[str] | None:
    """The sessions whose messages are to be read; None for all messages."""
    if args.session_id is not None:
        asked = snapshot.lineage.rows.get(args.session_id)
        return [piece.id for piece in snapshot.lineage.chain(asked)] if asked else []
    if args.since is None:
        return None
    since = args.since.timestamp()
    return [session_id for session_id, last in snapshot.last.items() if last >= since]


def _pace(wanted: Collection[str]) -> Pace:
    if {"text_chars", "reasoning_chars", "tool_names"}.isdisjoint(wanted):
        return Pace(rows=500)
    # Texts are read for these, and each may be megabytes: a few first.
    return Pace(rows=5, least=1, most=5_000)


def _expressions(schema: Schema, wanted: Sequence[str]) -> str:
    def has(name: str) -> bool:
        return schema.has("messages", name)

    thoughts = [f"nullif({name}, '')" for name in ("reasoning", "reasoning_content") if has(name)]
    names = f"(SELECT group_concat({NAME.format('k')}, char(31)) FROM {ELEMENTS.format('messages')} k)"
    made = {
        "tool_names": f"CASE WHEN tool_calls IS NOT NULL THEN {names} END" if has("tool_calls") else "NULL",
        "text_chars": TEXT_LENGTH if has("content") else "0",
        "reasoning_chars": f"coalesce(length(coalesce({', '.join([*thoughts, 'NULL'])})), 0)"
        if thoughts
        else "0",
        "state": state_number(schema),
    }
    return ", ".join(made.get(name) or (name if has(name) else "NULL") for name in wanted)


def _read_range(
    connection: sqlite3.Connection,
    schema: Schema,
    args: Arguments,
    wanted: Sequence[str],
    before: int,
    limit: int,
) -> tuple[list[tuple[Any, ...]], int | None]:
    """Rows of the `limit` newest ids before `before`, and where the next chunk begins."""
    if not schema.has("messages"):
        return [], None
    low = connection.execute(
        "SELECT min(id), count(*) FROM (SELECT id FROM messages WHERE id < ? ORDER BY id DESC LIMIT ?)",
        (before, limit),
    ).fetchone()
    if low[0] is None:
        return [], None
    condition, values = time_condition(args)
    rows = connection.execute(
        f"SELECT {_expressions(schema, wanted)} FROM messages WHERE id >= ? AND id < ?{condition} ORDER BY id",
        (low[0], before, *values),
    ).fetchall()
    return rows, low[0] if low[1] == limit else None


def _read_ids(
    connection: sqlite3.Connection, schema: Schema, args: Arguments, session_ids: Sequence[str]
) -> list[int]:
    if not schema.has("messages"):
        return []
    condition, values = time_condition(args)
    rows = connection.execute(
        f"SELECT id FROM messages WHERE session_id IN (SELECT value FROM json_each(?)){condition}",
        (json.dumps(list(session_ids)), *values),
    ).fetchall()
    return [message_id for (message_id,) in rows]


def _read_rows(
    connection: sqlite3.Connection, schema: Schema, wanted: Sequence[str], ids: Sequence[int]
) -> list[tuple[Any, ...]]:
    return connection.execute(
        f"SELECT {_expressions(schema, wanted)} FROM messages"
        " WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id",
        (json.dumps(list(ids)),),
    ).fetchall()


def time_condition(args: Arguments) -> tuple[str, tuple[float, ...]]:
    condition, values = "", []
    if args.since is not None:
        condition += " AND timestamp >= ?"
        values.append(args.since.timestamp())
    if args.until is not None:
        condition += " AND timestamp < ?"
        values.append(args.until.timestamp())
    return condition, tuple(values)


class _Finish:
    """Makes columns of rows. Words that occur again and again are kept once."""

    def __init__(self, wanted: Sequence[str]) -> None:
        self._wanted = wanted
        self._words: dict[Any, Any] = {}

    def __call__(self, rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
        if not rows:
            return [[] for _ in self._wanted]
        return [
            self._column(name, values)
            for name, values in zip(self._wanted, zip(*rows, strict=True), strict=True)
        ]

    def _column(self, name: str, values: Sequence[Any]) -> list[Any]:
        match name:
            case "session_id" | "role" | "tool_name" | "finish_reason":
                keep = self._words.setdefault
                return [keep(value, value) for value in values]
            case "timestamp":
                read = datetime.fromtimestamp
                return [
                    read(value, UTC) if type(value) is float and 0 <= value < 1e11 else instant(value)
                    for value in values
                ]
            case "tool_names":
                return [value.split(_SEPARATOR) if value else [] for value in values]
            case "state":
                return [STATES[value] for value in values]
            case "token_count":
                return [value if isinstance(value, int) else None for value in values]
        return list(values)
