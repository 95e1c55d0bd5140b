"""What `state.db` holds, as the panels and frames ask for it."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from hermes_hud_widget.ledger import columns, money
from hermes_hud_widget.ledger.activity import LIVE_S, RECENT_S, activity
from hermes_hud_widget.ledger.calls import read_calls
from hermes_hud_widget.ledger.database import Database, DatabaseMissing
from hermes_hud_widget.ledger.lineage import SessionRow
from hermes_hud_widget.ledger.money import Usage
from hermes_hud_widget.ledger.pace import Pace
from hermes_hud_widget.ledger.parts import Parts
from hermes_hud_widget.ledger.rows import LIVE, Activity, RecentMessage, Session, Spending, Totals, Transcript
from hermes_hud_widget.ledger.schema import Schema
from hermes_hud_widget.ledger.snapshot import Snapshot, Snapshots
from hermes_hud_widget.ledger.transcript import read_page
from hermes_hud_widget.ledger.values import count, instant, moment, number, text
from hermes_hud_widget.ledger.writers import Writers

MOST_TAILS = 200
"""Of so many sessions, those active last, the messages are read to tell what they do."""


class Ledger:
    """The sessions of one database. All methods may be called from any thread; a missing file is an empty one.

    Columns that this Hermes release does not have are None or zero, never an error.

    What it costs: after a change of the content, one narrow scan of `sessions` (grows with their number;
    in chunks of some 6 ms), plus a look at the messages of those sessions that changed. The first call
    looks at each session's last and first message. Without a change, nothing is read again.

    All methods raise DatabaseProblem when the file is there but cannot be read.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._snapshots = Snapshots(database)
        self._parts = Parts(database)

    def sessions(
        self, now: datetime, writers: Writers | None = None, include_archived: bool = False
    ) -> tuple[Session, ...]:
        """All conversations that Hermes lists, each as its compression chain's tip, newest activity first.

        Args:
            now: The present; what a session does depends on it.
            writers: The processes that have the database open for writing; None: not known.
            include_archived: Also archived ones.
        """
        snapshot = self._snapshots.current()
        roots = [root for root in snapshot.lineage.roots if include_archived or not root.archived]
        found = dict(snapshot.projected)
        missing = [snapshot.lineage.chain(root) for root in roots if root.id not in found]
        found.update((session.root_id, session) for session in self._project(snapshot, missing, now, writers))
        return tuple(found[root.id] for root in roots if root.id in found)

    def next_change(
        self, sessions: Sequence[Session], now: datetime, writers: Writers | None = None
    ) -> datetime | None:
        """When the activity of one of these sessions may next change by time alone; None: by time never.

        Args:
            sessions: What `sessions` or `transcript` gave.
            now: The present.
            writers: What they were given; None makes the answer earlier than need be.
        """
        instants = [
            session.last_active + timedelta(seconds=seconds)
            for session in sessions
            for seconds in _changes_after(session.activity, writers is not None)
        ]
        return min((instant for instant in instants if instant > now), default=None)

    def totals(self) -> Totals:
        """Counters over the whole database."""
        lineage = self._snapshots.current().lineage
        return Totals(
            sessions=sum(lineage.is_listed(row) for row in lineage.rows.values()),
            messages=sum(row.message_count for row in lineage.rows.values()),
            tool_calls=sum(row.tool_call_count for row in lineage.rows.values()),
        )

    def spending(self, since: datetime) -> Spending:
        """Tokens and cost of all sessions that started at or after `since`, by the rule of `hermes insights`.

        Per session: what is attributed to models and auxiliary tasks (`session_model_usage`), and what its
        own counters hold beyond that. Reads one row for each of these sessions, model and task.
        """
        rows = [
            row
            for row in self._snapshots.current().lineage.rows.values()
            if row.started_at >= since.timestamp()
        ]
        parts: list[Usage] = []
        attributed = self._attributed([row.id for row in rows])
        for row in rows:
            own = attributed.get(row.id, [])
            parts.extend(own)
            parts.append(money.residual(_usage(row), own) if own else _usage(row))
        return Spending(len(rows), money.tokens(parts), money.cost(parts))

    def recent(self, limit: int) -> tuple[RecentMessage, ...]:
        """The newest messages of all sessions, by id, newest first; reads no more rows than that."""
        try:
            return self._database.read(lambda c, s: _read_recent(c, s, limit))
        except DatabaseMissing:
            return ()

    def transcript(
        self, session_id: str, before: int | None, limit: int, now: datetime, writers: Writers | None = None
    ) -> Transcript | None:
        """A page of a conversation's messages, over all pieces of its compression chain.

        Args:
            session_id: The id of any piece, or of a delegated session.
            before: Only messages with a smaller id.
            limit: How many.
            now: The present.
            writers: The processes that have the database open for writing; None: not known.

        Returns:
            None when there is no such session.
        """
        snapshot = self._snapshots.current()
        row = snapshot.lineage.rows.get(session_id)
        if row is None:
            return None
        chain = snapshot.lineage.chain(row)
        pieces = [piece.id for piece in chain]
        try:
            messages, total, older = read_page(self._database, self._parts, pieces, before, limit)
        except DatabaseMissing:
            return None
        projected = self._project(snapshot, [chain], now, writers)
        # None when the file vanished in the middle.
        return Transcript(projected[0], messages, total, older) if projected else None

    def session_columns(self, args: columns.Arguments) -> dict[str, list[Any]]:
        """One row for each row of `sessions`, children too, the one started last first; `limit`: the newest."""

        def price(row: SessionRow) -> tuple[float | None, str | None]:
            cost = money.cost([_usage(row)])
            return cost.usd, cost.status

        return columns.session_columns(self._snapshots.current(), args, price)

    def message_columns(self, args: columns.Arguments) -> dict[str, list[Any]]:
        """One row for each row of `messages` without its texts, ascending by id; `limit`: the newest.

        Read in id ranges of some 6 ms each; messages that are committed meanwhile may or may not be in it.
        """
        snapshot = self._snapshots.current()
        try:
            return columns.message_columns(self._database, snapshot, args)
        except DatabaseMissing:
            return {name: [] for name in args.columns or columns.MESSAGE_COLUMNS}

    # -- projection

    def _project(
        self,
        snapshot: Snapshot,
        chains: Sequence[Sequence[SessionRow]],
        now: datetime,
        writers: Writers | None,
    ) -> tuple[Session, ...]:
        lineage = snapshot.lineage
        try:
            previews = self._snapshots.previews(snapshot, [chain[-1].id for chain in chains])
            open_since = now.timestamp() - RECENT_S
            recent = [
                chain[-1].id
                for chain in sorted(chains, key=lambda chain: lineage.last_active(chain[-1]), reverse=True)[
                    :MOST_TAILS
                ]
                if chain[-1].ended_at is None and lineage.last_active(chain[-1]) > open_since
            ]
            tails = self._snapshots.tails(snapshot, recent)
        except DatabaseMissing:
            return ()
        projected = []
        for chain in chains:
            root, tip = chain[0], chain[-1]
            last_active = moment(lineage.last_active(tip))
            parts = [_usage(piece) for piece in chain]
            doing = activity(tails.get(tip.id, ()), last_active, instant(tip.ended_at), now, writers)
            kind = lineage.kind(root)
            rewinds = [piece.rewind_count for piece in chain if piece.rewind_count is not None]
            session = Session(
                id=tip.id,
                root_id=root.id,
                kind="conversation"
                if kind == "conversation"
                else "branch"
                if kind == "branch"
                else "subagent",
                parent_id=root.parent_id or root.branched_from,
                title=tip.title,
                preview=previews.get(tip.id, ""),
                source=root.source,
                model=tip.model,
                started_at=moment(root.started_at),
                ended_at=instant(tip.ended_at),
                end_reason=tip.end_reason,
                last_active=last_active,
                message_count=tip.message_count,
                tool_call_count=tip.tool_call_count,
                api_call_count=sum(piece.api_call_count for piece in chain),
                rewind_count=sum(rewinds) if rewinds else None,
                tokens=money.tokens(parts),
                cost=money.cost(parts),
                pieces=len(chain),
                subagents=lineage.subagents.get(root.id, 0),
                archived=root.archived,
                cwd=tip.cwd,
                git_branch=tip.git_branch,
                activity=doing.activity,
                activity_since=doing.since,
                running=doing.running,
            )
            projected.append(session)
            if session.activity == "ended" and lineage.is_root(root):
                snapshot.projected[root.id] = session
        return tuple(projected)

    def _attributed(self, session_ids: Sequence[str]) -> dict[str, list[Usage]]:
        found: defaultdict[str, list[Usage]] = defaultdict(list)
        waiting, pace = list(session_ids), Pace()
        while waiting:
            with pace.step() as limit:
                chunk, waiting = waiting[:limit], waiting[limit:]
                try:
                    usages = self._database.read(partial(_read_usage, session_ids=chunk))
                except DatabaseMissing:
                    return {}
            for usage in usages:
                found[usage.session_id].append(usage)
        return found


def _changes_after(activity: Activity, are_writers_known: bool) -> tuple[int, ...]:
    """The ages of a session's last message, in seconds, at which what it does may change."""
    if activity not in LIVE and activity != "crashed":
        return ()
    # A call that runs is seen to run as long as its process lives, however long that takes.
    if are_writers_known and activity in ("running", "asking"):
        return (RECENT_S,)
    return (LIVE_S, RECENT_S)


def _usage(row: SessionRow) -> Usage:
    return Usage(
        row.id,
        row.input_tokens,
        row.output_tokens,
        row.cache_read_tokens,
        row.cache_write_tokens,
        row.reasoning_tokens,
        row.api_call_count,
        row.estimated_cost_usd,
        row.actual_cost_usd,
        row.cost_status,
    )


_USAGE_COLUMNS = [
    "session_id",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "api_call_count",
    "estimated_cost_usd",
    "actual_cost_usd",
    "cost_status",
]


def _read_usage(connection: sqlite3.Connection, schema: Schema, session_ids: Iterable[str]) -> list[Usage]:
    if not schema.has("session_model_usage"):
        return []
    rows = connection.execute(
        f"SELECT {schema.select('session_model_usage', _USAGE_COLUMNS)} FROM session_model_usage"
        " WHERE session_id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(session_ids)),),
    ).fetchall()
    return [
        Usage(
            session_id=text(row[0]) or "",
            input=count(row[1]),
            output=count(row[2]),
            cache_read=count(row[3]),
            cache_write=count(row[4]),
            reasoning=count(row[5]),
            api_calls=count(row[6]),
            estimated_usd=number(row[7]),
            actual_usd=number(row[8]),
            status=text(row[9]),
        )
        for row in rows
    ]


def _read_recent(connection: sqlite3.Connection, schema: Schema, limit: int) -> tuple[RecentMessage, ...]:
    if not schema.has("messages"):
        return ()
    title = (
        "(SELECT title FROM sessions WHERE id = m.session_id)" if schema.has("sessions", "title") else "NULL"
    )
    shown = " WHERE coalesce(display_kind, '') <> 'hidden'" if schema.has("messages", "display_kind") else ""
    rows = connection.execute(
        f"SELECT m.id, m.session_id, m.role, m.timestamp, {schema.select('messages', ('tool_name', 'tool_call_id'), 'm')},"
        f" {title} FROM messages m{shown} ORDER BY m.id DESC LIMIT ?",
        (limit,),
    ).fetchall()
    calls = read_calls(connection, schema, [row[0] for row in rows])
    tools = {
        call_id: call.tool
        for found in calls.values()
        for call in found
        for call_id in (call.id, call.other_id)
    }
    return tuple(
        RecentMessage(
            id=message_id,
            session_id=text(session_id) or "",
            session_title=text(session_title),
            role=text(role) or "",
            tools=_tools(
                role, [call.tool for call in calls.get(message_id, ())], tool_name or tools.get(answers or "")
            ),
            timestamp=moment(number(timestamp) or 0.0),
        )
        for message_id, session_id, role, timestamp, tool_name, answers, session_title in rows
    )


def _tools(role: str, called: Sequence[str], answering: str | None) -> tuple[str, ...]:
    if role == "tool":
        return (str(answering),) if answering else ()
    return tuple(tool for tool in called if tool)
