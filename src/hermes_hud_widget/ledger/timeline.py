"""When conversations were held, and what was remarkable about it."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, tzinfo
from heapq import nlargest
from typing import Literal, NamedTuple

from hermes_hud_widget.ledger.activity import LIVE_S
from hermes_hud_widget.ledger.kept import Conversation, Kept
from hermes_hud_widget.ledger.tool_use import CallEvent
from hermes_hud_widget.ledger.values import moment
from hermes_hud_widget.protocol import Progress

_FAR_S = 5e10


class SessionSpan(NamedTuple):
    """One conversation in time.

    Attributes:
        session_id: Its tip.
        root_id: Its first piece.
        title: The tip's title, else how its first message begins.
        started_at: When its first piece began.
        ended_at: When it was closed, else when its last message was written.
        is_open: True while it is not closed and its last message is no older than 5 minutes.
        place: Its repository, else its working directory.
    """

    session_id: str
    root_id: str
    title: str
    source: str
    place: str | None
    started_at: datetime
    ended_at: datetime
    is_open: bool
    messages: int
    archived: bool


class Milestone(NamedTuple):
    """Something remarkable.

    Attributes:
        kind: `first`: the first conversation began · `conversations`: the `number`-th one began · `messages`: the session
            began in which the `number`-th message was written, sessions in the sequence in which they began ·
            `busiest`: the day began whose sessions have the most messages, which is `number`.
        session_id: The conversation's first piece, or the session.
    """

    kind: Literal["first", "conversations", "messages", "busiest"]
    at: datetime
    number: int
    session_id: str | None


class Past(NamedTuple):
    """What happened in a span.

    Attributes:
        first_at: When the first conversation began; None: there is none.
        sessions: Conversations with any activity in it, archived ones too; of too many, the longest.
        total: How many there are.
        calls: Successful calls of tools in it, ascending; of too many the newest. None: they were not read yet.
        calls_total: How many there are.
        closes_at: When the first of those that are open will have been quiet for 5 minutes.
        progress: How far the reading has come; None: it is all there.
    """

    first_at: datetime | None
    sessions: tuple[SessionSpan, ...]
    total: int
    milestones: tuple[Milestone, ...]
    calls: tuple[CallEvent, ...] | None
    calls_total: int
    closes_at: datetime | None
    progress: Progress | None


class Chronicle:
    """Keeps what milestones need; after a change only what it concerns is looked at again. Not thread-safe."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self._pending = kept.follow()
        self._started: dict[str, float] = {}
        self._order: list[tuple[float, str]] = []
        self._dates: dict[str, tuple[date, int]] = {}
        self._days: Counter[date] = Counter()
        self._where: tzinfo | None = None
        self._reached: tuple[tuple[int, ...], tuple[Milestone, ...]] = ((), ())

    def within(self, since: float, until: float) -> list[Conversation]:
        """The conversations with any activity between two instants, in epoch seconds, the latest first."""
        found = self._kept.active_since(since)
        return [one for one in found if one.last >= since and one.root.started_at < until]

    def milestones(self, where: tzinfo) -> tuple[Milestone, ...]:
        """All of them, ascending by time; days are those of that zone."""
        if where != self._where:
            self._where, self._dates, self._days = where, {}, Counter()
            self._pending.update(self._kept.records)
        self._update()
        if not self._order:
            return ()
        started_at, first = self._order[0]
        found = [Milestone("first", moment(started_at), 1, first)]
        for count in _round_numbers(10, len(self._order)):
            started_at, root_id = self._order[count - 1]
            found.append(Milestone("conversations", moment(started_at), count, root_id))
        found += self._of_messages()
        if self._days:
            day = min(self._days, key=lambda one: (-self._days[one], one))
            found.append(
                Milestone(
                    "busiest", datetime(day.year, day.month, day.day, tzinfo=where), self._days[day], None
                )
            )
        return tuple(sorted(found, key=lambda one: one.at))

    def past(
        self,
        conversations: Sequence[Conversation],
        total: int,
        previews: Mapping[str, str],
        now: float,
        where: tzinfo,
    ) -> Past:
        """The same in words of time; calls are not known here.

        Args:
            conversations: Those to be told.
            total: How many there are with those that are not.
            previews: How the first messages of tips begin.
            now: The present, in epoch seconds.
            where: The zone whose days count.
        """
        milestones = self.milestones(where)
        open_until = [one.last + LIVE_S for one in conversations if _is_open(one, now)]
        spans = [_span(one, previews.get(one.tip.id, ""), now) for one in conversations]
        return Past(
            moment(self._order[0][0]) if self._order else None,
            tuple(sorted(spans, key=lambda one: (one.started_at, one.root_id))),
            total,
            milestones,
            None,
            0,
            moment(min(open_until)) if open_until else None,
            None,
        )

    def _update(self) -> None:
        for session_id in self._pending:
            started = self._started.pop(session_id, None)
            if started is not None:
                del self._order[bisect_left(self._order, (started, session_id))]
            conversation = self._kept.conversations.get(session_id)
            if conversation is not None:
                started = self._started[session_id] = conversation.root.started_at
                insort(self._order, (started, session_id))
            day, messages = self._dates.pop(session_id, (None, 0))
            if day is not None:
                self._days[day] -= messages
                if not self._days[day]:
                    del self._days[day]
            record = self._kept.records.get(session_id)
            if record is not None and self._where is not None and record.row.message_count > 0:
                far = min(max(record.row.started_at, -_FAR_S), _FAR_S)
                day, messages = moment(far).astimezone(self._where).date(), record.row.message_count
                self._dates[session_id] = day, messages
                self._days[day] += messages
        self._pending.clear()

    def _of_messages(self) -> tuple[Milestone, ...]:
        """Summed up again only when another number is reached or sessions came or went."""
        counts = tuple(_round_numbers(1_000, self._kept.messages))
        state = (len(self._kept.records), *counts)
        if self._reached[0] != state:
            found: list[Milestone] = []
            total = 0
            for session_id in self._kept.started_since(float("-inf")):
                row = self._kept.records[session_id].row
                total += row.message_count
                while len(found) < len(counts) and counts[len(found)] <= total:
                    found.append(
                        Milestone("messages", moment(row.started_at), counts[len(found)], session_id)
                    )
            self._reached = state, tuple(found)
        return self._reached[1]


def longest(conversations: Sequence[Conversation], limit: int | None) -> Sequence[Conversation]:
    """At most so many of them, those that took longest."""
    if limit is None or len(conversations) <= limit:
        return conversations
    return nlargest(limit, conversations, key=lambda one: _end(one) - one.root.started_at)


def _end(conversation: Conversation) -> float:
    tip = conversation.tip
    end = conversation.last if tip.ended_at is None else tip.ended_at
    return max(end, conversation.root.started_at)


def _is_open(conversation: Conversation, now: float) -> bool:
    return conversation.tip.ended_at is None and now - conversation.last < LIVE_S


def _span(conversation: Conversation, preview: str, now: float) -> SessionSpan:
    root, tip = conversation.root, conversation.tip
    return SessionSpan(
        tip.id,
        root.id,
        tip.title or preview or tip.id,
        root.source,
        tip.git_repo_root or tip.cwd,
        moment(root.started_at),
        moment(_end(conversation)),
        _is_open(conversation, now),
        sum(piece.message_count for piece in conversation.chain),
        root.archived,
    )


def _round_numbers(first: int, last: int) -> list[int]:
    """`first`, five times as many, ten times as many, and so on, up to `last`."""
    found = []
    number = first
    while number <= last:
        found += [number, 5 * number] if 5 * number <= last else [number]
        number *= 10
    return found
