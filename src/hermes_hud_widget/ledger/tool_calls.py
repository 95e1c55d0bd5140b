"""The entries of `messages.tool_calls` with the results that answered them, as columns for DataFrames."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from typing import Any, NamedTuple

from hermes_hud_widget.ledger.calls import ELEMENTS, NAME
from hermes_hud_widget.ledger.columns import (
    STATES,
    TEXT_LENGTH,
    Arguments,
    candidates,
    state_number,
    time_condition,
)
from hermes_hud_widget.ledger.database import Database
from hermes_hud_widget.ledger.pace import Pace
from hermes_hud_widget.ledger.schema import Schema
from hermes_hud_widget.ledger.snapshot import Snapshot
from hermes_hud_widget.ledger.values import instant, number, text

TOOL_CALL_COLUMNS = [
    "message_id",
    "call_index",
    "session_id",
    "root_id",
    "tool",
    "call_id",
    "called_at",
    "finished_at",
    "duration_s",
    "status",
    "exit_code",
    "effect",
    "argument_chars",
    "result_chars",
    "state",
]
_OF_RESULTS = frozenset({"finished_at", "duration_s", "status", "exit_code", "effect", "result_chars"})
_OF_RESULT_TEXTS = frozenset({"status", "exit_code", "result_chars"})

# What can be said of a result without knowing whose it is.
_GENERIC, _TERMINAL, _WRITTEN, _PATCHED = 1, 2, 4, 8


class _Call(NamedTuple):
    message_id: int
    place: int
    session_id: Any
    timestamp: Any
    state: int
    id: Any
    other_id: Any
    tool: Any
    argument_chars: int | None


class _Result(NamedTuple):
    message_id: int
    session_id: Any
    call_id: Any
    timestamp: Any
    effect: Any
    chars: int | None
    signs: int | None
    exit_code: Any


_Key = tuple[Any, Any]
_Row = tuple[_Call, _Result | None]


def tool_call_columns(database: Database, snapshot: Snapshot, args: Arguments) -> dict[str, list[Any]]:
    """One row for each entry of `messages.tool_calls`, ascending by message and place, no texts.

    A call's result is the first `tool` message after it, in the same session, that carries its id (or its
    `call_id`) and does not answer a later call of that id. Whether it failed is told by Hermes' own rule
    (`agent/display.py`, `_detect_tool_failure`), from what the tool returned: what Hermes wraps around that
    or appends to it does not count.

    Read from the newest message on, in id ranges of some 6 ms. Only for `status`, `exit_code` and
    `result_chars` the results themselves are read, only for `argument_chars` the arguments.
    """
    wanted = list(TOOL_CALL_COLUMNS) if args.columns is None else list(args.columns)
    finish = _Finish(wanted, snapshot)
    chunks: list[list[list[Any]]] = []
    missing = args.limit
    for rows in _matched(_read_chunks(database, snapshot, args, wanted)):
        if missing is not None:
            rows = rows[max(0, len(rows) - missing) :]
            missing -= len(rows)
        chunks.append(finish(rows))
        if missing == 0:
            break
    chunks.reverse()
    return {
        name: list(chain.from_iterable(chunk[index] for chunk in chunks)) for index, name in enumerate(wanted)
    }


# -- matching


def _matched(chunks: Iterator[tuple[list[_Call], list[_Result]]]) -> Iterator[list[_Row]]:
    """Each chunk's calls with their results; chunks and what is in them come from the newest to the oldest.

    What comes out is ascending within its chunk.
    """
    waiting: dict[_Key, _Result] = {}
    for calls, results in chunks:
        rows: list[_Row] = []
        at = 0
        for call in calls:
            while at < len(results) and results[at].message_id > call.message_id:
                # Going back in time, the one seen last is the first that answered.
                waiting[results[at][1:3]] = results[at]
                at += 1
            rows.append((call, _answer(waiting, call)))
        for result in results[at:]:
            waiting[result[1:3]] = result
        rows.reverse()
        yield rows


def _answer(waiting: dict[_Key, _Result], call: _Call) -> _Result | None:
    """The result of a call, which no earlier call of the same id can have."""
    one = None if call.id is None else waiting.pop((call.session_id, call.id), None)
    if call.other_id is None or call.other_id == call.id:
        return one
    other = waiting.pop((call.session_id, call.other_id), None)
    if one is None or other is None:
        return one or other
    return min(one, other, key=lambda result: result.message_id)


# -- reading


def _read_chunks(
    database: Database, snapshot: Snapshot, args: Arguments, wanted: Collection[str]
) -> Iterator[tuple[list[_Call], list[_Result]]]:
    """Calls and results in chunks, the newest first."""
    if args.limit == 0:
        return
    pace = _pace(wanted)
    sessions = candidates(snapshot, args)
    if sessions is None:
        before: int | None = 2**63 - 1
        while before is not None:
            with pace.step() as limit:
                calls, results, before = database.read(
                    partial(_read_range, args=args, wanted=wanted, before=before, limit=limit)
                )
            yield calls, results
        return
    ids: list[int] = []
    pace_of_ids = Pace()
    while sessions:
        with pace_of_ids.step() as limit:
            some, sessions = sessions[:limit], sessions[limit:]
            ids.extend(database.read(partial(_read_ids, args=args, session_ids=some)))
    ids.sort()
    while ids:
        with pace.step() as limit:
            ids, some_ids = ids[:-limit], ids[-limit:]
            yield database.read(partial(_read_some, args=args, wanted=wanted, ids=some_ids))


def _pace(wanted: Collection[str]) -> Pace:
    if _OF_RESULT_TEXTS.isdisjoint(wanted) and "argument_chars" not in wanted:
        return Pace(rows=500)
    # Texts are read for these, and each may be megabytes: a few first.
    return Pace(rows=5, least=1, most=5_000)


def _read_range(
    connection: sqlite3.Connection,
    schema: Schema,
    args: Arguments,
    wanted: Collection[str],
    before: int,
    limit: int,
) -> tuple[list[_Call], list[_Result], int | None]:
    """Calls and results of the `limit` newest messages before `before`, and where the next chunk begins."""
    if not schema.has("messages", "tool_calls"):
        return [], [], None
    low, count = connection.execute(
        "SELECT min(id), count(*) FROM (SELECT id FROM messages WHERE id < ? ORDER BY id DESC LIMIT ?)",
        (before, limit),
    ).fetchone()
    if low is None:
        return [], [], None
    where = "m.id >= ? AND m.id < ?"
    calls, results = _read(connection, schema, args, wanted, where, (low, before))
    return calls, results, low if count == limit else None


def _read_some(
    connection: sqlite3.Connection,
    schema: Schema,
    args: Arguments,
    wanted: Collection[str],
    ids: Sequence[int],
) -> tuple[list[_Call], list[_Result]]:
    where = "m.id IN (SELECT value FROM json_each(?))"
    return _read(connection, schema, args, wanted, where, (json.dumps(list(ids)),))


def _read_ids(
    connection: sqlite3.Connection, schema: Schema, args: Arguments, session_ids: Sequence[str]
) -> list[int]:
    """The messages of these sessions; with `since` those from then on, among which the results are, too."""
    if not schema.has("messages", "tool_calls"):
        return []
    since = () if args.since is None else (args.since.timestamp(),)
    rows = connection.execute(
        "SELECT id FROM messages WHERE session_id IN (SELECT value FROM json_each(?))"
        f"{' AND timestamp >= ?' if since else ''}",
        (json.dumps(list(session_ids)), *since),
    ).fetchall()
    return [message_id for (message_id,) in rows]


def _read(
    connection: sqlite3.Connection,
    schema: Schema,
    args: Arguments,
    wanted: Collection[str],
    where: str,
    values: tuple[Any, ...],
) -> tuple[list[_Call], list[_Result]]:
    times, bounds = time_condition(args)
    arguments = (
        "CASE j.type WHEN 'object' THEN coalesce(length(json_extract(j.value, '$.function.arguments')), 0) END"
        if "argument_chars" in wanted
        else "NULL"
    )
    ids = [
        f"CASE j.type WHEN 'object' THEN json_extract(j.value, '$.{name}') END" for name in ("id", "call_id")
    ]
    calls = connection.execute(
        f"SELECT m.id, j.key, m.session_id, m.timestamp,"
        f" {state_number(schema)},"
        f" {', '.join(ids)}, {NAME.format('j')}, {arguments}"
        f" FROM messages m, {ELEMENTS.format('m')} j WHERE {where} AND m.tool_calls IS NOT NULL{times}"
        " ORDER BY m.id DESC, j.key DESC",
        (*values, *bounds),
    ).fetchall()
    if _OF_RESULTS.isdisjoint(wanted):
        return [_Call._make(row) for row in calls], []
    results = connection.execute(_results(schema, wanted, where), values).fetchall()
    return [_Call._make(row) for row in calls], [_Result._make(row) for row in results]


def _results(schema: Schema, wanted: Collection[str], where: str) -> str:
    """Reads the `tool` messages, the newest first: as much of them as the columns need."""
    has_text = schema.has("messages", "content")
    has_effect = "effect" in wanted and schema.has("messages", "effect_disposition")
    effect = "m.effect_disposition" if has_effect else "NULL"
    chars = TEXT_LENGTH if has_text and "result_chars" in wanted else "NULL"
    ids = "m.id AS id, m.session_id AS session_id, m.tool_call_id AS call_id, m.timestamp AS timestamp"
    source = (
        f"FROM messages m WHERE {where} AND m.role = 'tool' AND m.tool_call_id IS NOT NULL ORDER BY m.id DESC"
    )
    if not has_text or {"status", "exit_code"}.isdisjoint(wanted):
        return f"SELECT {ids}, {effect}, {chars}, NULL, NULL {source}"
    # With OFFSET, SQLite computes each of these once instead of wherever it is used.
    once = "LIMIT -1 OFFSET 0"
    return (
        f"SELECT id, session_id, call_id, timestamp, effect, chars, {_SIGNS}, {_EXIT_CODE} FROM ("
        f"SELECT *, {_OBJECT} AS data FROM ("
        f"SELECT {ids}, {effect} AS effect, {chars} AS chars, {_RETURNED} AS returned {source} {once}) {once})"
    )


# -- Hermes' rule, in SQL, so that large results never leave SQLite

_WRAPPED = "<untrusted_tool_result "
_RETURNED = (
    # Results with pictures begin with NUL; they are lists of parts, and never failures.
    "CASE WHEN content <> '' AND unicode(content) IS NULL THEN NULL"
    # What came from the web is wrapped in words of Hermes (`agent/tool_dispatch_helpers.py`).
    f" WHEN substr(content, 1, {len(_WRAPPED)}) = '{_WRAPPED}' AND instr(content, char(10, 10)) > 0"
    " THEN substr(content, instr(content, char(10, 10)) + 2) ELSE content END"
)
_OBJECT = (
    "CASE WHEN json_valid(returned) THEN returned"
    # Hermes appends warnings and hints to what a tool returned on one line.
    " WHEN substr(returned, 1, 1) = '{' AND instr(returned, char(10)) > 0"
    " AND json_valid(substr(returned, 1, instr(returned, char(10)) - 1))"
    " THEN substr(returned, 1, instr(returned, char(10)) - 1) END"
)
_IS_OBJECT = "json_type(data) = 'object'"


def _is_true(name: str) -> str:
    """As Python takes a JSON value for true or false."""
    value = f"json_extract(data, '$.{name}')"
    return (
        f"CASE json_type(data, '$.{name}') WHEN 'true' THEN 1 WHEN 'text' THEN {value} <> '' WHEN 'integer' THEN {value} <> 0"
        f" WHEN 'real' THEN {value} <> 0.0 WHEN 'array' THEN {value} <> '[]' WHEN 'object' THEN {value} <> '{{}}' ELSE 0 END"
    )


_HAS_ERROR = f"({_is_true('error')})"
_HEAD = "lower(substr(returned, 1, 500))"
_SIGNS = (
    f"CASE WHEN ({_IS_OBJECT} AND ({_HAS_ERROR} OR ({_is_true('message')}))"
    " AND (json_type(data, '$.success') = 'false' OR json_type(data, '$.error') IS NOT NULL))"
    f" OR instr({_HEAD}, '\"error\"') > 0 OR instr({_HEAD}, '\"failed\"') > 0 OR substr(returned, 1, 5) = 'Error'"
    f" THEN {_GENERIC} ELSE 0 END"
    f" + CASE WHEN {_IS_OBJECT} AND CASE json_type(data, '$.exit_code') WHEN 'integer' THEN json_extract(data, '$.exit_code') <> 0"
    " WHEN 'real' THEN json_extract(data, '$.exit_code') <> 0.0 WHEN 'null' THEN 0 WHEN 'false' THEN 0"
    f" ELSE json_type(data, '$.exit_code') IS NOT NULL END THEN {_TERMINAL} ELSE 0 END"
    f" + CASE WHEN {_IS_OBJECT} AND NOT {_HAS_ERROR} AND json_type(data, '$.bytes_written') IS NOT NULL THEN {_WRITTEN} ELSE 0 END"
    f" + CASE WHEN {_IS_OBJECT} AND NOT {_HAS_ERROR} AND json_type(data, '$.success') = 'true' THEN {_PATCHED} ELSE 0 END"
)
_EXIT_CODE = f"CASE WHEN {_IS_OBJECT} AND json_type(data, '$.exit_code') = 'integer' THEN json_extract(data, '$.exit_code') END"


def _has_failed(tool: Any, signs: int) -> bool:
    if (tool == "write_file" and signs & _WRITTEN) or (tool == "patch" and signs & _PATCHED):
        return False
    return bool(signs & (_TERMINAL if tool == "terminal" else _GENERIC))


# -- columns


class _Finish:
    """Makes columns of rows. Words that occur again and again are kept once."""

    def __init__(self, wanted: Sequence[str], snapshot: Snapshot) -> None:
        self._wanted = wanted
        self._lineage = snapshot.lineage
        self._words: dict[Any, Any] = {}
        self._roots: dict[Any, str | None] = {}

    def __call__(self, rows: Sequence[_Row]) -> list[list[Any]]:
        return [self._column(name, rows) for name in self._wanted]

    def _column(self, name: str, rows: Sequence[_Row]) -> list[Any]:
        match name:
            case "message_id":
                return [call.message_id for call, _ in rows]
            case "call_index":
                return [call.place for call, _ in rows]
            case "session_id":
                return [self._word(call.session_id) for call, _ in rows]
            case "root_id":
                return [self._root(call.session_id) for call, _ in rows]
            case "tool":
                return [self._word(call.tool) for call, _ in rows]
            case "call_id":
                return [text(call.other_id if call.id is None else call.id) for call, _ in rows]
            case "called_at":
                return [_time(call.timestamp) for call, _ in rows]
            case "finished_at":
                return [result and _time(result.timestamp) for _, result in rows]
            case "duration_s":
                return [_duration(call, result) for call, result in rows]
            case "status":
                return [_status(call, result) for call, result in rows]
            case "exit_code":
                return [_exit_code(result) for _, result in rows]
            case "effect":
                return [result and self._word(result.effect) for _, result in rows]
            case "argument_chars":
                return [call.argument_chars for call, _ in rows]
            case "result_chars":
                return [result and result.chars for _, result in rows]
            case _:
                return [STATES[call.state] for call, _ in rows]

    def _word(self, value: Any) -> str | None:
        if value is None:
            return None
        word: str | None = self._words.setdefault(value, text(value))
        return word

    def _root(self, session_id: Any) -> str | None:
        if session_id not in self._roots:
            row = self._lineage.rows.get(session_id)
            self._roots[session_id] = text(session_id) if row is None else self._lineage.root_id(row)
        return self._roots[session_id]


def _time(value: Any) -> datetime | None:
    return (
        datetime.fromtimestamp(value, UTC) if type(value) is float and 0 <= value < 1e11 else instant(value)
    )


def _duration(call: _Call, result: _Result | None) -> float | None:
    began = number(call.timestamp)
    ended = None if result is None else number(result.timestamp)
    return None if began is None or ended is None else max(0.0, ended - began)


def _exit_code(result: _Result | None) -> int | None:
    # A number of more than 64 bits comes out as a floating one.
    return result.exit_code if result is not None and isinstance(result.exit_code, int) else None


def _status(call: _Call, result: _Result | None) -> str:
    if result is None:
        return "no result"
    return "error" if _has_failed(call.tool, result.signs or 0) else "ok"
