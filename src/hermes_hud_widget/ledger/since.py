"""What happened since an instant: counted as it comes, so that a look costs what is new."""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.ledger import money
from hermes_hud_widget.ledger.calls import ELEMENTS
from hermes_hud_widget.ledger.database import Database, DatabaseMissing
from hermes_hud_widget.ledger.kept import Kept
from hermes_hud_widget.ledger.money import Sum, Usage
from hermes_hud_widget.ledger.records import Known, Record
from hermes_hud_widget.ledger.rows import Spending
from hermes_hud_widget.ledger.schema import Schema
from hermes_hud_widget.ledger.values import moment

MOST_INSTANTS = 64
"""So many viewers' instants are kept, those asked for last: more pages than anybody has open at a time."""
PROMPT_S = 30.0
"""Asked for within so many seconds, all that was spent since an instant is known."""
REMEMBERED_S = 7 * 86_400.0
"""While nobody looks, what was spent before is remembered of the sessions that were active so long before."""


@frozen
class Happened:
    """What happened since an instant.

    Attributes:
        messages: Messages written since, of every session, also those deleted again later; so with the calls.
        tool_calls: Calls of tools in them.
        conversations: Conversations begun since, that Hermes lists.
        spending: What was spent since, whenever the sessions began.
        spent_since: From when on that is known: the instant itself, or, for one long past, when it was asked for first.
    """

    messages: int
    tool_calls: int
    conversations: int
    spending: Spending
    spent_since: datetime


class _Count(NamedTuple):
    """Of one session: how many, and up to which message."""

    newest: int = 0
    messages: int = 0
    tool_calls: int = 0


class _Before:
    """The sessions as they were once.

    Attributes:
        base: As they were some time earlier; shared, and changed by nobody.
        own: Those that were others by then; None: gone.
    """

    def __init__(self, base: Known, own: dict[str, Record | None]) -> None:
        self.base = base
        self.own = own

    def get(self, id: str) -> Record | None:
        return self.own[id] if id in self.own else self.base.get(id)

    def active_after(self, oldest: float) -> _Before:
        """Without those that were last active before."""
        both = {**self.base, **self.own}
        return _Before({}, {id: one for id, one in both.items() if one and (one.last or 0.0) >= oldest})


class _Instant:
    """What is known of one instant."""

    def __init__(self, kept: Kept, before: _Before, since: float, asked: float) -> None:
        self.since = since
        self.spent_since = since if asked - since <= PROMPT_S else asked
        self.pending = kept.follow()
        self.before = before
        self.counts: dict[str, _Count] = {}
        self.spent: dict[str, tuple[Usage, ...]] = {}


class Since:
    """The instants that viewers ask about. Not thread-safe.

    Args:
        database: Where to count.
        kept: What is known of the sessions.
        parts_of: What a session spent, in parts.
    """

    def __init__(
        self, database: Database, kept: Kept, parts_of: Callable[[Record], tuple[Usage, ...]]
    ) -> None:
        self._database = database
        self._kept = kept
        self._parts_of = parts_of
        self._instants: OrderedDict[float, _Instant] = OrderedDict()
        self._base: Known = {}
        self._changed: set[str] | None = None

    def go_on(self, kept: Kept) -> None:
        """The same sessions were or will be read anew, of the same file."""
        self._kept = kept
        self._base, self._changed = {}, None
        for one in self._instants.values():
            one.pending = kept.follow()
            one.before = one.before.active_after(one.since - REMEMBERED_S)

    def happened(self, since: datetime, now: datetime) -> Happened:
        """What happened since then; reads what is new since it was asked last.

        Raises:
            DatabaseProblem: The file cannot be read now.
        """
        seconds = since.timestamp()
        one = self._instants.pop(seconds, None)
        if one is None:
            one = _Instant(self._kept, self._before(), seconds, now.timestamp())
        self._instants[seconds] = one
        while len(self._instants) > MOST_INSTANTS:
            self._kept.unfollow(self._instants.popitem(last=False)[1].pending)
        for id in tuple(one.pending):
            self._take(one, id)
            one.pending.discard(id)
        one.pending.clear()  # of all sessions there were; without this it keeps the room for them
        spent = Sum()
        for parts in one.spent.values():
            spent.add_session(parts)
        return Happened(
            messages=sum(count.messages for count in one.counts.values()),
            tool_calls=sum(count.tool_calls for count in one.counts.values()),
            conversations=sum(id in self._kept.conversations for id in self._kept.started_since(seconds)),
            spending=Spending(spent.sessions, spent.tokens(), spent.cost()),
            spent_since=moment(one.spent_since),
        )

    def _before(self) -> _Before:
        """The sessions as they are now: most are as they were at an earlier instant, which is kept once for all."""
        records = self._kept.records
        if self._changed is None or len(self._changed) > len(records) // 8:
            if self._changed is not None:
                self._kept.unfollow(self._changed)
            self._base = dict(records)
            self._changed = self._kept.follow()
            self._changed.clear()
        return _Before(self._base, {id: records.get(id) for id in self._changed})

    def _take(self, one: _Instant, id: str) -> None:
        """A session that may have changed."""
        record = self._kept.records.get(id)
        if record is None:
            return
        if record.last is not None and record.last >= one.since:
            known = one.counts.get(id, _Count())
            more = self._count(id, one.since, known.newest)
            one.counts[id] = _Count(
                max(known.newest, more.newest),
                known.messages + more.messages,
                known.tool_calls + more.tool_calls,
            )
        is_new = record.row.started_at >= one.since
        before = one.before.get(id)
        if before is None and not is_new:
            # Read only now, though it is older: what it has spent, it spent before.
            one.before.own[id] = record
        elif before is None or is_new:
            one.spent[id] = self._parts_of(record)
        elif before != record:
            one.spent[id] = tuple(_more(self._parts_of(before), self._parts_of(record)))

    def _count(self, id: str, since: float, after: int) -> _Count:
        def count(connection: sqlite3.Connection, schema: Schema) -> _Count:
            if not schema.has("messages"):
                return _Count()
            calls = (
                f"(SELECT count(*) FROM {ELEMENTS.format('m')} WHERE m.tool_calls IS NOT NULL)"
                if schema.has("messages", "tool_calls")
                else "0"
            )
            newest, messages, tool_calls = connection.execute(
                f"SELECT coalesce(max(m.id), 0), count(*), coalesce(sum({calls}), 0) FROM messages m"
                " WHERE m.session_id = ? AND m.timestamp >= ? AND m.id > ?",
                (id, since, after),
            ).fetchone()
            return _Count(newest, messages, tool_calls)

        try:
            return self._database.read(count)
        except DatabaseMissing:
            return _Count()


def _more(before: tuple[Usage, ...], after: tuple[Usage, ...]) -> list[Usage]:
    """What was spent between two states of a session."""
    grown = (money.residual(part, [old for old in before if _kind(old) == _kind(part)]) for part in after)
    return [part for part in grown if not part.is_nothing()]


def _kind(part: Usage) -> tuple[object, ...]:
    return (part.model, part.provider, part.billing_mode, part.task, part.is_attributed)
