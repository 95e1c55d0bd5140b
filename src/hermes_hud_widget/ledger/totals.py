"""What the sessions of a database come to, read as a whole: for one that nobody follows."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from functools import partial
from typing import NamedTuple

from hermes_hud_widget.ledger.database import Database
from hermes_hud_widget.ledger.lineage import Lineage, SessionRow
from hermes_hud_widget.ledger.money import Sum, Usage
from hermes_hud_widget.ledger.pace import Pace
from hermes_hud_widget.ledger.records import Record, read_rows, read_usages
from hermes_hud_widget.ledger.rows import Cost, Tokens
from hermes_hud_widget.ledger.schema import Schema
from hermes_hud_widget.ledger.shapes import Shape
from hermes_hud_widget.ledger.usage import session_usage
from hermes_hud_widget.ledger.values import instant

_FIRST, _MOST = 100, 500
"""So many sessions are read in the first transaction, and at most in one: a commit of Hermes may have to wait for it."""


class WholeTotals(NamedTuple):
    """The same figures as `Ledger` gives for the home that is shown.

    Attributes:
        sessions: Conversations that Hermes lists.
        messages: Active messages, as their sessions count them.
        tool_calls: Tool calls, so counted.
        tokens: Of all sessions, delegated ones and auxiliary tasks too.
        cost: Of these.
        last_active: The newest message's time; None without any.
    """

    sessions: int
    messages: int
    tool_calls: int
    tokens: Tokens
    cost: Cost
    last_active: datetime | None


def read_totals(database: Database) -> WholeTotals:
    """Reads them, as many sessions at a time as some ms allow, and no message but the last.

    Raises:
        DatabaseMissing: There is no file.
        DatabaseProblem: It cannot be read now.
    """
    rows: list[SessionRow] = []
    spent, after, pace = Sum(), -(2**63), Pace(_FIRST, most=_MOST)
    while True:
        with pace.step() as limit:
            found, usages = database.read(partial(_part, after, limit))
        for rowid, row in found:
            rows.append(row)
            spent.add_session(session_usage(Record(rowid, row, Shape(), None, usages.get(row.id, ()))).parts)
            after = rowid
        if len(found) < limit:
            break
    lineage = Lineage(rows, {})
    return WholeTotals(
        sessions=sum(map(lineage.is_listed, rows)),
        messages=sum(row.message_count for row in rows),
        tool_calls=sum(row.tool_call_count for row in rows),
        tokens=spent.tokens(),
        cost=spent.cost(),
        last_active=database.read(_last_message),
    )


def _part(
    after: int, limit: int, connection: sqlite3.Connection, schema: Schema
) -> tuple[list[tuple[int, SessionRow]], dict[str, tuple[Usage, ...]]]:
    found = read_rows(connection, schema, after, limit)
    return found, read_usages(connection, schema, [row.id for _, row in found])


def _last_message(connection: sqlite3.Connection, schema: Schema) -> datetime | None:
    if not schema.has("messages"):
        return None
    row = connection.execute("SELECT timestamp FROM messages ORDER BY id DESC LIMIT 1").fetchone()
    return None if row is None else instant(row[0])
