"""What `state.db` holds, as the panels and frames ask for it."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta, tzinfo
from heapq import nlargest
from typing import Any

from hermes_hud_widget.ledger import columns, money
from hermes_hud_widget.ledger.activity import LIVE_S, RECENT_S, activity
from hermes_hud_widget.ledger.calls import read_calls
from hermes_hud_widget.ledger.database import Database, DatabaseMissing
from hermes_hud_widget.ledger.lineage import SessionRow
from hermes_hud_widget.ledger.money import Sum
from hermes_hud_widget.ledger.parts import Parts
from hermes_hud_widget.ledger.rows import (
    LIVE,
    Activity,
    ConversationCost,
    RecentMessage,
    Session,
    Spending,
    Totals,
    Transcript,
)
from hermes_hud_widget.ledger.schema import Schema
from hermes_hud_widget.ledger.snapshot import Snapshot, Snapshots
from hermes_hud_widget.ledger.tool_calls import TOOL_CALL_COLUMNS, tool_call_columns
from hermes_hud_widget.ledger.transcript import read_page
from hermes_hud_widget.ledger.usage import Day, SessionUsage, Usages, usage_columns, whole
from hermes_hud_widget.ledger.values import instant, moment, number, text
from hermes_hud_widget.ledger.writers import Writers

MOST_TAILS = 200
"""Of so many sessions, those active last, the messages are read to tell what they do."""


class Ledger:
    """The sessions of one database. All methods may be called from any thread; a missing file is an empty one.

    Columns that this Hermes release does not have are None or zero, never an error.

    What it costs: after a change of the content, one narrow scan of `sessions` (grows with their number;
    in chunks of some 6 ms), plus a look at the messages of those sessions that changed. The first call
    looks at each session's last and first message. What models and tasks used is read when it is asked for,
    then compared in SQLite (0.4 µs a row) and read again where it changed. Without a change, nothing is read.

    All methods raise DatabaseProblem when the file is there but cannot be read.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._snapshots = Snapshots(database)
        self._parts = Parts(database)
        self._usages = Usages(database)

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
        own counters hold beyond that.
        """
        snapshot, start = self._snapshots.current(), since.timestamp()
        rows = [row for row in snapshot.lineage.rows.values() if row.started_at >= start]
        spent = Sum()
        for session in self._usages.of_some(snapshot, rows):
            spent.add_session(session.parts)
        return Spending(spent.sessions, spent.tokens(), spent.cost())

    def days(self, where: tzinfo) -> Mapping[date, Day]:
        """The same by the day, in that zone, on which each session started, ascending; days without are missing.

        After a change only the days are summed up again in which a session changed.
        """
        return self._usages.days(self._snapshots.current(), where)

    def dearest(self, since: datetime | None, limit: int) -> tuple[ConversationCost, ...]:
        """The conversations whose pieces started since then cost most; those of unknown price are left out."""
        snapshot = self._snapshots.current()
        sessions = self._usages.of(snapshot)
        lineage = snapshot.lineage
        start = float("-inf") if since is None else since.timestamp()
        conversations: defaultdict[str, list[SessionUsage]] = defaultdict(list)
        for session in sessions.values():
            row = session.row
            if row.started_at >= start:
                conversations[lineage.root_id(row)].append(session)
        prices = {
            root_id: sum(piece.usd or 0.0 for piece in pieces) for root_id, pieces in conversations.items()
        }
        known = (root_id for root_id, usd in prices.items() if usd > 0)
        dearest = nlargest(limit, known, key=lambda root_id: (prices[root_id], root_id))
        tips = {root_id: lineage.chain(lineage.rows[root_id])[-1] for root_id in dearest}
        try:
            previews = self._snapshots.previews(snapshot, [tip.id for tip in tips.values()])
        except DatabaseMissing:
            previews = {}
        found = []
        for root_id in dearest:
            root, tip = lineage.rows[root_id], tips[root_id]
            spent = money.total(part for piece in conversations[root_id] for part in piece.parts)
            found.append(
                ConversationCost(
                    id=tip.id,
                    root_id=root_id,
                    title=tip.title,
                    preview=previews.get(tip.id, ""),
                    source=root.source,
                    model=tip.model,
                    started_at=moment(root.started_at),
                    tokens=spent.tokens(),
                    cost=spent.cost(),
                )
            )
        return tuple(found)

    def usage_columns(self, args: columns.Arguments) -> dict[str, list[Any]]:
        """One row for each part of what a session spent, the session started last first; `limit`: the newest."""
        snapshot = self._snapshots.current()
        return usage_columns(snapshot.lineage, self._usages.of(snapshot), args)

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
            cost = money.cost([whole(row)])
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

    def tool_call_columns(self, args: columns.Arguments) -> dict[str, list[Any]]:
        """One row for each entry of `messages.tool_calls`, ascending by message; `limit`: the newest.

        Read like `message_columns`. A result that is committed meanwhile may or may not be found.
        """
        snapshot = self._snapshots.current()
        try:
            return tool_call_columns(self._database, snapshot, args)
        except DatabaseMissing:
            return {name: [] for name in args.columns or TOOL_CALL_COLUMNS}

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
            spent = money.total(whole(piece) for piece in chain)
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
                tokens=spent.tokens(),
                cost=spent.cost(),
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


def _changes_after(activity: Activity, are_writers_known: bool) -> tuple[int, ...]:
    """The ages of a session's last message, in seconds, at which what it does may change."""
    if activity not in LIVE and activity != "crashed":
        return ()
    # A call that runs is seen to run as long as its process lives, however long that takes.
    if are_writers_known and activity in ("running", "asking"):
        return (RECENT_S,)
    return (LIVE_S, RECENT_S)


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
