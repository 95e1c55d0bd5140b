"""Messages that say something that a panel looks for, with what it needs of them, kept up to date."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Generic, NamedTuple, TypeVar

from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.ledger.calls import Call, read_calls
from hermes_hud_widget.ledger.database import Database
from hermes_hud_widget.ledger.pace import Pace
from hermes_hud_widget.ledger.schema import Schema
from hermes_hud_widget.ledger.search import IndexProblem, Search
from hermes_hud_widget.ledger.values import moment, number, text

T = TypeVar("T")

FIRST_S = 0.08
"""So long a look for older messages takes at most, each time."""
CALL_WITHIN = 2_000
"""A result's call stands among so many messages before it; further back it is not looked for."""
SKEW_S = 3_600.0
"""A clock that is set back meanwhile makes a result no more than this older than its call."""
ARGUMENT_CHARS = 2_000
ERROR_CHARS = 1_000

Row = tuple[Any, ...]
Read = Callable[[sqlite3.Connection, Schema, Sequence[int]], Mapping[int, T]]


@frozen
class SaidMessage:
    """A message of the user.

    Attributes:
        text: How it begins, cut; its texts only, where it is made of parts.
        is_first: True if the model has said nothing before it in its session.
    """

    id: int
    session_id: str
    timestamp: datetime
    text: str
    is_first: bool


@frozen
class ToolResult:
    """What a tool said of how it went, as far as that is told in JSON, and what it was called with.

    Attributes:
        id: Of the result's message; of the call's, as long as there is no result.
        timestamp: That message's.
        has_result: False for a call without a result.
        is_open: True while that may still come.
        tool: Which tool; None: not known.
        arguments: What it was called with: JSON, as a rule, cut to 2,000 characters; "" if the call is not found.
        status: `status` of its JSON, as are the others; None: it has none.
        error: Cut to 1,000 characters.
        approval: What it says of an approval.
    """

    id: int
    session_id: str
    timestamp: datetime
    tool: str | None
    arguments: str
    status: str | None
    error: str | None
    exit_code: int | None
    approval: str | None
    has_sudo_failed: bool
    has_result: bool = True
    is_open: bool = False


class Picked(NamedTuple, Generic[T]):
    """What was found.

    Attributes:
        rows: The newest first.
        is_whole: True when older messages need not be looked for: all were looked at, or there are as many as asked for.
        is_cut: True when there may be more, which nobody asked for.
        problem: Why nothing could be looked for.
    """

    rows: tuple[T, ...] = ()
    is_whole: bool = True
    is_cut: bool = False
    problem: IndexProblem | None = None


class Picker(Generic[T]):
    """Finds the newest messages that match, and keeps what it read of them. Any thread may ask.

    A message's text never changes once it is written; that it was taken back is asked each time.

    Args:
        database: Where the messages are.
        expression: For `Search.matches`.
        roles: Only messages with one of these roles.
        limit: At most so many.
        read: What is wanted of each; those that it leaves out are not wanted.
        is_final: False for what must be read again, as it may have become another.
    """

    def __init__(
        self,
        database: Database,
        expression: str,
        roles: Collection[str],
        limit: int,
        read: Read[T],
        is_final: Callable[[T], bool] = lambda _: True,
    ) -> None:
        self._database = database
        self._expression = expression
        self._roles = roles
        self._limit = limit
        self._read = read
        self._is_final = is_final
        self._lock = threading.Lock()
        self._begin()

    def _begin(self) -> None:
        self._upto = 0
        self._older: int | None = None
        self._ids: tuple[int, ...] = ()
        self._known: dict[int, T | None] = {}
        self._identity: object = None

    def find(self, search: Search) -> Picked[T]:
        """What there is now; goes on with older messages where it has not come to the end.

        Raises:
            DatabaseProblem: It cannot be read.
            DatabaseMissing: There is no database.
        """
        with self._lock:
            newest = self._database.read(_newest)
            if self._identity != self._database.identity or newest < self._upto:
                self._begin()
                self._identity = self._database.identity
            problem = self._look(search, newest)
            if problem is not None:
                self._begin()
                return Picked(problem=problem)
            there = self._database.read(partial(_there, ids=self._ids))
            self._ids = tuple(message for message in self._ids if message in there)
            self._read_new()
            rows = tuple(row for message in self._ids if (row := self._known.get(message)) is not None)
            is_full = len(self._ids) >= self._limit
            return Picked(rows, self._older is None or is_full, is_full and self._older is not None)

    def _look(self, search: Search, newest: int) -> IndexProblem | None:
        """Takes in what is new, then what is older."""
        ask = partial(
            search.matches, self._expression, roles=self._roles, limit=self._limit, budget_s=FIRST_S
        )
        if newest > self._upto:
            found = ask(after=self._upto, before=newest + 1)
            if found.problem is not None:
                return found.problem
            if found.older is not None:  # so much is new that it is as good as a beginning
                self._ids, self._older = found.ids, found.older
            else:
                self._ids = (*found.ids, *self._ids)
            self._upto = newest
        elif self._older is not None and len(self._ids) < self._limit:
            found = ask(before=self._older)
            if found.problem is not None:
                return found.problem
            self._ids, self._older = (*self._ids, *found.ids), found.older
        if len(self._ids) > self._limit:
            self._ids = self._ids[: self._limit]
            self._older = self._ids[-1]
        return None

    def _read_new(self) -> None:
        wanted = [
            message
            for message in self._ids
            if message not in self._known
            or ((known := self._known[message]) is not None and not self._is_final(known))
        ]
        pace = Pace(rows=5, least=1, most=500)
        at = 0
        while at < len(wanted):
            with pace.step() as rows:
                ids = wanted[at : at + rows]
                found = self._database.read(partial(self._some, ids=ids))
            self._known.update({message: found.get(message) for message in ids})
            at += rows
        for message in self._known.keys() - set(self._ids):
            del self._known[message]

    def _some(self, connection: sqlite3.Connection, schema: Schema, ids: Sequence[int]) -> Mapping[int, T]:
        return self._read(connection, schema, ids)


def _newest(connection: sqlite3.Connection, schema: Schema) -> int:
    if not schema.has("messages"):
        return 0
    (found,) = connection.execute("SELECT max(id) FROM messages").fetchone()
    return found if isinstance(found, int) else 0


def _there(connection: sqlite3.Connection, schema: Schema, ids: Sequence[int]) -> frozenset[int]:
    """Those that are still there and were not taken back."""
    if not ids or not schema.has("messages"):
        return frozenset()
    shown = _shown(schema)
    rows = connection.execute(
        f"SELECT m.id FROM messages m WHERE m.id IN (SELECT value FROM json_each(?)){shown}",
        (json.dumps(ids),),
    )
    return frozenset(message for (message,) in rows)


def _shown(schema: Schema) -> str:
    if not schema.has("messages", "active"):
        return ""
    compacted = " OR coalesce(m.compacted, 0) <> 0" if schema.has("messages", "compacted") else ""
    return f" AND (coalesce(m.active, 1) <> 0{compacted})"


# -- what the user said


def read_said(
    connection: sqlite3.Connection, schema: Schema, ids: Sequence[int], chars: int
) -> dict[int, SaidMessage]:
    """How messages begin; those made of parts are taken apart where they are short enough."""
    rows = connection.execute(
        "SELECT m.id, m.session_id, m.timestamp, CASE WHEN substr(m.content, 1, 1) = char(0) THEN ''"
        " ELSE substr(m.content, 1, ?) END,"
        " CASE WHEN hex(substr(CAST(m.content AS BLOB), 1, 1)) = '00' AND length(CAST(m.content AS BLOB)) < 200000"
        " THEN substr(CAST(m.content AS BLOB), 7) END,"
        " EXISTS (SELECT 1 FROM messages p WHERE p.session_id = m.session_id AND p.id < m.id AND p.role = 'assistant')"
        " FROM messages m WHERE m.id IN (SELECT value FROM json_each(?))",
        (chars, json.dumps(ids)),
    ).fetchall()
    return {
        message_id: SaidMessage(
            id=message_id,
            session_id=text(session_id) or "",
            timestamp=moment(number(timestamp) or 0.0),
            text=(_words(parts) if parts is not None else text(content) or "")[:chars],
            is_first=not has_answer,
        )
        for message_id, session_id, timestamp, content, parts, has_answer in rows
    }


def _words(parts: Any) -> str:
    """The texts among a message's parts."""
    try:
        listed = json.loads(parts)
    except (ValueError, RecursionError, TypeError):
        return ""
    found = (
        (part.get("text") if isinstance(part, dict) else part for part in listed)
        if isinstance(listed, list)
        else ()
    )
    return "\n".join(one for one in found if isinstance(one, str))


# -- what tools said


def read_results(connection: sqlite3.Connection, schema: Schema, ids: Sequence[int]) -> dict[int, ToolResult]:
    """What tools' results say of themselves; taken out by SQLite, so that their outputs never leave it."""
    rows = connection.execute(
        f"SELECT {_fields(schema)} FROM messages m WHERE m.id IN (SELECT value FROM json_each(?))",
        (json.dumps(ids),),
    ).fetchall()
    calls = _calls_of(connection, schema, [(row[0], row[1], row[4]) for row in rows])
    return {row[0]: _result(row, calls.get(row[0])) for row in rows}


def read_calls_with(
    connection: sqlite3.Connection, schema: Schema, ids: Sequence[int], word: str
) -> dict[int, tuple[ToolResult, ...]]:
    """The calls in these messages whose arguments hold a word, with their results."""
    found: dict[int, tuple[ToolResult, ...]] = {}
    if not schema.has("messages", "tool_call_id"):
        return found
    where = {
        message: (session_id, timestamp)
        for message, session_id, timestamp in connection.execute(
            "SELECT id, session_id, timestamp FROM messages WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps(ids),),
        )
    }
    for message, calls in read_calls(connection, schema, ids, ARGUMENT_CHARS).items():
        wanted = [call for call in calls if word in call.arguments]
        found[message] = _answers(connection, schema, message, *where[message], wanted)
    return found


def are_final(results: tuple[ToolResult, ...]) -> bool:
    """False while one of the calls may still get a result."""
    return not any(result.is_open for result in results)


def _answers(
    connection: sqlite3.Connection,
    schema: Schema,
    asked: int,
    session_id: Any,
    timestamp: Any,
    calls: Sequence[Call],
) -> tuple[ToolResult, ...]:
    """The calls of one message, with their results.

    Results stand between their call and the next message of the model, which Hermes does not ask before it has them
    all; a call that has none there gets none any more (`_tool_response_matches_todo_call`, `sanitize_api_messages`).
    """
    if not calls:
        return ()
    called_at = number(timestamp)
    # From an instant on, so that SQLite goes through the session's index without passing all of its messages.
    among = "FROM messages m WHERE m.session_id = ? AND m.timestamp >= ? AND +m.id > ? AND +m.id < ?"
    since = float("-inf") if called_at is None else called_at - SKEW_S
    # What was delivered to a chat for another session stands there as the model's, too, but was not said by it.
    spoken = " OR ".join(
        f"coalesce(m.{column}, '') <> ''"
        for column in ("finish_reason", "tool_calls")
        if schema.has("messages", column)
    )
    after = connection.execute(
        f"SELECT m.id {among} AND m.role = 'assistant' AND ({spoken}) ORDER BY m.timestamp, m.id LIMIT 1",
        (session_id, since, asked, asked + CALL_WITHIN),
    ).fetchone()
    until = asked + CALL_WITHIN if after is None else after[0]
    results = {
        row[4]: row
        for row in connection.execute(
            f"SELECT {_fields(schema)} {among} AND m.role = 'tool'"
            " AND m.tool_call_id IN (SELECT value FROM json_each(?)) ORDER BY m.id DESC",
            (session_id, since, asked, until, json.dumps([one for call in calls for one in _ids(call)])),
        ).fetchall()
    }
    is_open = after is None and _newest(connection, schema) < until
    return tuple(
        _result(row, call)
        if (row := next((results[one] for one in _ids(call) if one in results), None)) is not None
        else ToolResult(
            id=asked,
            session_id=text(session_id) or "",
            timestamp=moment(called_at or 0.0),
            tool=call.tool or None,
            arguments=call.arguments,
            status=None,
            error=None,
            exit_code=None,
            approval=None,
            has_sudo_failed=False,
            has_result=False,
            is_open=is_open,
        )
        for call in calls
    )


def _ids(call: Call) -> list[str]:
    """By which of its ids a call may be answered."""
    return [one for one in (call.id, call.other_id) if one]


def _fields(schema: Schema) -> str:
    def field(name: str, chars: int = 0) -> str:
        value = f"json_extract(m.content, '$.{name}')"
        return (
            f"CASE WHEN json_valid(m.content) THEN {f'substr({value}, 1, {chars})' if chars else value} END"
        )

    columns = schema.select("messages", ("tool_name", "tool_call_id"), "m")
    return (
        f"m.id, m.session_id, m.timestamp, {columns}, {field('status', 100)}, {field('error', ERROR_CHARS)},"
        f" {field('exit_code')}, {field('approval', ERROR_CHARS)}, {field('sudo_auth_failed')}"
    )


def _result(row: Row, call: Call | None) -> ToolResult:
    message_id, session_id, timestamp, tool, _, status, error, code, approval, sudo = row
    return ToolResult(
        id=message_id,
        session_id=text(session_id) or "",
        timestamp=moment(number(timestamp) or 0.0),
        tool=text(tool) or (call.tool if call else None) or None,
        arguments=call.arguments if call else "",
        status=text(status),
        error=text(error),
        exit_code=code if isinstance(code, int) else None,
        approval=text(approval),
        has_sudo_failed=bool(sudo),
    )


def _calls_of(
    connection: sqlite3.Connection, schema: Schema, results: Sequence[tuple[int, Any, Any]]
) -> dict[int, Call]:
    """The call that each result answers."""
    if not schema.has("messages", "tool_calls"):
        return {}
    asking: dict[int, int] = {}
    for message_id, session_id, _ in results:
        # Backwards by number, not through the session's index, which would need all of the session's messages.
        row = connection.execute(
            "SELECT id FROM messages WHERE id < ? AND id > ? AND +session_id = ? AND role = 'assistant'"
            " AND coalesce(tool_calls, '') <> '' ORDER BY id DESC LIMIT 1",
            (message_id, message_id - CALL_WITHIN, session_id),
        ).fetchone()
        if row is not None:
            asking[message_id] = row[0]
    calls = read_calls(connection, schema, set(asking.values()), ARGUMENT_CHARS)
    found = {}
    for message_id, _, answers in results:
        made = calls.get(asking.get(message_id, 0), ())
        call = next((one for one in made if answers and answers in (one.id, one.other_id)), None)
        if call is not None:
            found[message_id] = call
    return found
