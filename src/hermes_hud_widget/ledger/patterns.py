"""What recurs in the sessions: how conversations begin, when work is done, and which tools follow one another."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from datetime import date, datetime, tzinfo
from functools import partial
from heapq import nlargest
from typing import NamedTuple

from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.ledger.clusters import CLUSTERS, NO_HITS, Hits, cluster_of, hits
from hermes_hud_widget.ledger.database import Database, DatabaseMissing
from hermes_hud_widget.ledger.history import GIVE_WAY_S, History
from hermes_hud_widget.ledger.kept import Conversation, Kept
from hermes_hud_widget.ledger.order import Order
from hermes_hud_widget.ledger.pace import Pace
from hermes_hud_widget.ledger.plain_calls import CallChunk
from hermes_hud_widget.ledger.records import Record
from hermes_hud_widget.ledger.schema import Schema
from hermes_hud_widget.ledger.shapes import Shape, summed
from hermes_hud_widget.ledger.slabs import Words
from hermes_hud_widget.ledger.tables import Tables
from hermes_hud_widget.ledger.texts import shown
from hermes_hud_widget.ledger.tool_use import (
    QUARTER_S,
    SLOTS,
    CallEvent,
    CallEvents,
    ToolUse,
    ToolUses,
    Workflow,
)
from hermes_hud_widget.ledger.values import moment
from hermes_hud_widget.protocol import Progress

LOOK_S = 0.02
"""Whoever looks waits for so long a part of what is to be read; what is left is read in the background."""
NEAR_MESSAGES = 5_000
"""With no more left than this, the calls are read at once: it takes some 50 ms."""
WRITERS = ("memory", "skill_manage")
"""The tools with which an agent writes what it keeps."""
OPENING_CHARS = 200
"""So much of how a conversation begins is kept."""
MOST_WINDOWS = 4
"""Of so many spans is kept what was made of them."""
EXAMPLES = 3
_SESSION_ROWS = 300
"""A session's row and how it begins take as long to look at as so many messages to count."""
_MOST_NEW = 2_000
"""What came to a session is looked for among so many messages of all sessions."""
_NUMBERED = 1_000
"""So many sessions are numbered at a time."""
_FAR_S = 5e10
_OPENING_BYTES = 20_000
"""What lies beyond decides only by its length whether two prompts are the same."""
_CLUSTER_CHARS = 4_000
_PARTS_BYTES = 1 << 18
"""A message of parts that is larger holds pictures: it would take long, and its words say little."""


class Opening(NamedTuple):
    """The first message of a user in a session.

    Attributes:
        text: How it begins, on one line.
        key: The same for messages that differ only in case and white space.
    """

    text: str
    key: str
    hits: Hits


class _Note(NamedTuple):
    """What is kept of one session.

    Attributes:
        record: As it was then; messages that came after its newest one are not counted.
        opening: None: not needed, or there is none.
        slots: Its messages by the hour of the week.
        days: Its messages by day.
    """

    record: Record
    opening: Opening | None
    slots: Mapping[int, int]
    days: Mapping[date, int]


class _Counting(NamedTuple):
    """How far the messages of a long session are counted, which takes several steps.

    Attributes:
        until: Those up to this instant are, in epoch seconds.
        quarters: By the quarter of an hour since 1970.
    """

    record: Record
    until: float
    quarters: Counter[int]


class _Span(NamedTuple):
    """The messages of a session above one id, up to another."""

    session_id: str
    after: int
    upto: int


class _Asked(NamedTuple):
    """What one step reads.

    Attributes:
        records: The sessions that it concerns.
        whole: Where all messages are counted.
        grown: Where messages seem to have come, and nothing else to have happened.
        openings: Whose first messages are wanted.
        part: The long session that is counted on, and about how many messages of it; None: none is.
    """

    records: Sequence[Record]
    whole: list[_Span]
    grown: list[_Span]
    openings: list[str]
    part: tuple[_Counting, int] | None


class _Read(NamedTuple):
    """What it found.

    Attributes:
        quarters: Of each session the messages by the quarter of an hour; None: those without a time.
        ids: The sum of the ids of those that came, as in `Shape`.
        until: Up to where the long session is counted now; None: to its end.
        texts: How sessions begin, and how long those messages are in bytes.
    """

    quarters: Mapping[str, list[tuple[int | None, int]]]
    ids: Mapping[str, int]
    until: float | None
    texts: Mapping[str, tuple[bytes, int]]


@frozen
class Example:
    """A conversation that shows what is meant.

    Attributes:
        session_id: Its tip.
        title: The tip's title, else how its first message begins.
    """

    session_id: str
    title: str
    last_at: datetime


class Task(NamedTuple):
    """How one conversation began.

    Attributes:
        session_id: Its tip.
        messages: Of all its pieces, by Hermes' own counters.
        key: Of its first message; None where a schedule wrote that, or nobody did.
    """

    root_id: str
    session_id: str
    title: str | None
    source: str
    started_at: float
    last: float
    messages: int
    tool_calls: int
    opening: str
    key: str | None
    cluster: str

    def example(self) -> Example:
        """As it is shown."""
        return Example(self.session_id, self.title or self.opening or self.session_id, moment(self.last))


class Cluster(NamedTuple):
    """The conversations of one kind of work; `examples` are those active last."""

    name: str
    conversations: int
    messages: int
    tool_calls: int
    examples: tuple[Example, ...]


class Prompt(NamedTuple):
    """A first message that several conversations have; `text` and `example` are of the one active last."""

    text: str
    times: int
    first_at: datetime
    example: Example


class Tools(NamedTuple):
    """What is known of the calls of tools.

    Attributes:
        slots: Calls by the hour of the week.
        mixed: The same as `workflows`, but only those of at least two tools.
    """

    tools: tuple[ToolUse, ...]
    workflows: tuple[Workflow, ...]
    mixed: tuple[Workflow, ...]
    slots: tuple[int, ...]


class Recurring(NamedTuple):
    """What recurs in the sessions that started in a span.

    Attributes:
        recorded: Sessions that there are in all, whatever the span.
        sessions: By the hour of the week in which they started: place weekday * 24 + hour, from Monday on.
        messages: By the hour of the week.
        days: Sessions by the day on which they started, ascending; days without are missing.
        message_days: Messages by day; so are these.
        conversations: Those that began by themselves: no branches, no pieces, no delegated ones.
        clusters: In the sequence of `CLUSTERS`; those without a conversation are left out.
        prompts: Those that recur, the most frequent first.
        repeated: How many there are of these in all.
        tools: None: the calls were not read yet.
        progress: How far the reading has come; None: it is all there.
    """

    recorded: int
    sessions: tuple[int, ...]
    messages: tuple[int, ...]
    days: Mapping[date, int]
    message_days: Mapping[date, int]
    conversations: int
    clusters: tuple[Cluster, ...]
    prompts: tuple[Prompt, ...]
    repeated: int
    tools: Tools | None
    progress: Progress | None


class Habits:
    """What is kept to tell it; after a change only what it concerns is looked at again.

    Until all is read it is true of what was read, the newest sessions first. The calls of tools are told once all
    were read. All methods may be called from any thread; those that read raise DatabaseProblem.

    Args:
        database: Where to read.
        history: What is known of the sessions.
        tables: Where the calls are kept.
    """

    def __init__(self, database: Database, history: History, tables: Tables) -> None:
        self._database = database
        self._history = history
        self._kept = history.kept
        self._tables = tables
        self._windows: dict[tuple[float | None, tzinfo], _Window] = {}
        self._notes: dict[str, _Note] = {}
        self._pending: set[str] | None = None
        # What is looked at next stands last.
        self._queue: dict[str, None] = {}
        self._counting: _Counting | None = None
        self._pace = Pace(rows=20 * _SESSION_ROWS, least=_SESSION_ROWS, most=500 * _SESSION_ROWS)
        self._latest: _Window | None = None
        self._where: tzinfo | None = None
        self._quarters: dict[int, tuple[date, int]] = {}
        self._is_wanted = False
        self._using = threading.Lock()
        self._reading_all = threading.Lock()
        self._writing = CallEvents(WRITERS)
        self._touched: set[str] | None = None
        self._chunks: list[CallChunk] | None = None

    def look(
        self, since: float | None, where: tzinfo, *, prompts: int, tools: int, until_all: bool = False
    ) -> Recurring:
        """What recurs in the sessions that started since then.

        Args:
            since: In epoch seconds; None: ever.
            where: The zone whose days and hours count.
            prompts: At most so many.
            tools: At most so many workflows.
            until_all: Waits until all is read.
        """
        with self._brought_up(since, where, until_all) as window:
            tasks = window.tasks
            total, unread = len(self._kept.records), len(self._queue.keys() | window.changed.keys())
            found = Recurring(
                total,
                tuple(window.sessions),
                tuple(window.messages),
                dict(sorted(window.days.items())),
                dict(sorted(window.message_days.items())),
                len(tasks),
                window.clusters(),
                window.prompts(prompts),
                len(window.repeated),
                None,
                Progress(done=total - unread, total=total) if unread else None,
            )
        if until_all or self._are_calls_near():
            return found._replace(tools=self._use(window, tools))
        return found._replace(progress=self._tables.calls_progress or found.progress)

    def writing(
        self, since: datetime | None, until: datetime, limit: int | None, *, until_all: bool = False
    ) -> tuple[tuple[CallEvent, ...], int] | None:
        """The successful calls of `WRITERS` in a span; see `CallEvents.within`. None: the calls were not read yet.

        Args:
            since: Only from then on; None: ever.
            until: Only before it.
            limit: At most so many, the newest.
            until_all: Waits until they are read.
        """
        self._is_wanted = True
        if not (until_all or self._are_calls_near()):
            return None
        chunks = self._calls()
        with self._using:
            return self._writing.within(chunks, since, until, limit)

    def _are_calls_near(self) -> bool:
        """True when all calls are there in a moment."""
        calls = self._tables.calls_progress
        is_near = calls is None or calls.total - calls.done <= NEAR_MESSAGES
        return is_near and self._history.progress is None

    def tasks(self, where: tzinfo) -> list[Task]:
        """How each conversation began, the one started last first, with the key of those that recur."""
        with self._brought_up(None, where, until_all=True) as window:
            tasks = list(window.tasks.values())
        return sorted(tasks, key=lambda one: (one.started_at, one.root_id), reverse=True)

    def is_waiting(self) -> bool:
        """True when there is something to read in the background."""
        latest = self._latest
        is_read = not self._queue and (latest is None or not latest.changed)
        return self._is_wanted and not (is_read and self._tables.are_calls_read)

    def advance(self) -> bool:
        """Reads one short step of what waits; False: nothing does."""
        if not self._is_wanted:
            return False
        try:
            with self._history.lock:
                if self._history.kept is not self._kept:
                    return False
                if self._step() or (self._latest is not None and self._latest.step(self._notes)):
                    return True
            if self._history.progress is None and not self._tables.are_calls_read:
                self._tables.read_calls()
                return True
        except DatabaseMissing:
            pass
        return False

    # -- the sessions

    @contextmanager
    def _brought_up(self, since: float | None, where: tzinfo, until_all: bool) -> Iterator[_Window]:
        """A window, under the history's lock, that has taken in all, or as much as `LOOK_S` allow.

        The lock is held for one short step at a time: whoever looks at this home waits for it.
        """
        self._is_wanted = True
        end = None if until_all else time.monotonic() + LOOK_S
        # Two who wait for all of different zones would begin it again for each other.
        with self._reading_all if until_all else nullcontext():
            while True:
                with self._history.lock:
                    self._begin(where)
                    self._step()
                with self._history.lock:
                    self._begin(where)  # meanwhile somebody may have asked for another zone
                    window = self._window(since, where)
                    is_more = window.step(self._notes) or bool(self._queue)
                    if not is_more or (end is not None and time.monotonic() >= end):
                        yield window
                        return
                time.sleep(GIVE_WAY_S)

    def _begin(self, where: tzinfo) -> None:
        """Follows the sessions; in another zone their messages' hours are other ones."""
        if self._pending is None:
            self._pending = self._kept.follow()
        if where != self._where:
            self._where, self._quarters = where, {}
            for window in self._windows.values():
                self._kept.unfollow(window.moved)
            self._notes, self._windows, self._latest = {}, {}, None
            self._queue = dict.fromkeys(self._kept.started_since(float("-inf")))
            self._pending.clear()
        if self._pending:
            records = self._kept.records
            for session_id in self._pending:
                self._queue.pop(session_id, None)
                if session_id not in records:
                    self._forget(session_id)
            known = [one for one in self._pending if one in records]
            self._queue.update(dict.fromkeys(sorted(known, key=lambda one: records[one].row.started_at)))
            self._pending.clear()

    def _step(self) -> bool:
        """Looks at the next sessions, the newest first; False: there was none."""
        if not self._queue:
            return False
        with self._pace.step() as rows:
            some = self._next(rows)
            asked = self._ask([record for one in some if (record := self._changed(one)) is not None], rows)
            try:
                read = self._database.read(partial(_read, asked=asked))
            except DatabaseMissing:
                read = _Read({}, Counter(), None, {})
            done = dict.fromkeys(some)
            for record in asked.records:
                if not self._take(record, asked, read):
                    del done[record.row.id]
        for session_id in done:
            self._queue.pop(session_id, None)
        for window in self._windows.values():
            window.changed.update(done)
        return True

    def _next(self, rows: int) -> list[str]:
        """Those next sessions that can be looked at in one step; one at least."""
        some: list[str] = []
        for session_id in reversed(self._queue):
            record = self._changed(session_id)
            rows -= 1 if record is None else _SESSION_ROWS + self._uncounted(record)
            if some and rows < 0:
                break
            some.append(session_id)
        return some

    def _changed(self, session_id: str) -> Record | None:
        """A session that is not as it was noted; None: it is, or there is none."""
        note, record = self._notes.get(session_id), self._kept.records.get(session_id)
        is_noted = note is not None and note.record is record
        lacks_opening = note is not None and note.opening is None and self._is_conversation(session_id)
        return None if is_noted and not lacks_opening else record

    def _uncounted(self, record: Record) -> int:
        """How many messages are to be looked at to count a session's."""
        note = self._notes.get(record.row.id)
        if note is not None and note.record.shape == record.shape:
            return 0
        if note is not None and _has_grown(note.record.shape, record.shape):
            return record.shape.newest - note.record.shape.newest
        return record.shape.messages

    def _ask(self, records: Sequence[Record], rows: int) -> _Asked:
        """What must be read of these sessions."""
        asked = _Asked(records, [], [], [], None)
        for record in records:
            session_id, shape = record.row.id, record.shape
            note = self._notes.get(session_id)
            # Counts do not tell whether another message is the first now.
            if self._is_conversation(session_id):
                asked.openings.append(session_id)
            if note is not None and note.record.shape == shape:
                continue
            if note is not None and _has_grown(note.record.shape, shape):
                asked.grown.append(_Span(session_id, note.record.shape.newest, shape.newest))
            elif shape.messages <= rows:
                asked.whole.append(_Span(session_id, 0, shape.newest))
            else:
                # One that changes meanwhile is counted to its end as it was: beside an agent that writes it would
                # else be begun again for ever.
                if self._counting is None or self._counting.record.row.id != session_id:
                    self._counting = _Counting(record, float("-inf"), Counter())
                asked = asked._replace(part=(self._counting, rows))
        return asked

    def _take(self, record: Record, asked: _Asked, read: _Read) -> bool:
        """Notes what was read of a session; False: it must be looked at again."""
        session_id, shape = record.row.id, record.shape
        note = self._notes.get(session_id)
        counted = read.quarters.get(session_id, [])
        quarters = Counter({quarter: count for quarter, count in counted if quarter is not None})
        slots, days = Counter[int](), Counter[date]()
        opening = (
            _opening(read.texts.get(session_id)) if session_id in asked.openings else note and note.opening
        )
        if note is not None and note.opening is not None and note.opening != opening:
            # Other messages than before, even if as many: all are counted again.
            note = note._replace(record=note.record._replace(shape=_UNCOUNTED), opening=opening)
            if session_id not in (span.session_id for span in asked.whole):
                self._notes[session_id] = note
                return False
        if asked.part is not None and asked.part[0].record.row.id == session_id:
            counting = asked.part[0]
            quarters.update(counting.quarters)
            self._counting = None
            if read.until is not None:
                self._counting = counting._replace(until=read.until, quarters=quarters)
                return False
            record = counting.record
        elif note is not None and note.record.shape == shape:
            slots.update(note.slots)
            days.update(note.days)
        elif note is not None and _has_grown(note.record.shape, shape):
            before = note.record.shape
            if sum(count for _, count in counted) != shape.messages - before.messages or (
                read.ids[session_id] != shape.ids - before.ids
            ):
                # Others went away, or came back: all are counted again.
                self._notes[session_id] = note._replace(record=note.record._replace(shape=_UNCOUNTED))
                return False
            slots.update(note.slots)
            days.update(note.days)
        for quarter, count in quarters.items():
            day, slot = self._quarter(quarter)
            slots[slot] += count
            days[day] += count
        self._notes[session_id] = _Note(record, opening, slots, days)
        return self._kept.records.get(session_id) is record

    def _is_conversation(self, session_id: str) -> bool:
        """Only of conversations it is told how they begin."""
        conversation = self._kept.conversations.get(session_id)
        return conversation is not None and conversation.kind == "conversation"

    def _forget(self, session_id: str) -> None:
        self._notes.pop(session_id, None)
        if self._counting is not None and self._counting.record.row.id == session_id:
            self._counting = None
        for window in self._windows.values():
            window.changed[session_id] = None

    def slot(self, quarter: int) -> int:
        """The hour of the week of a quarter of an hour since 1970."""
        return self._quarter(quarter)[1]

    def _quarter(self, quarter: int) -> tuple[date, int]:
        """The day and the hour of the week of a quarter of an hour since 1970."""
        known = self._quarters.get(quarter)
        if known is None:
            at = moment(min(max(quarter * QUARTER_S, -_FAR_S), _FAR_S)).astimezone(self._where)
            known = self._quarters[quarter] = (at.date(), at.weekday() * 24 + at.hour)
        return known

    # -- what is made of them

    def _window(self, since: float | None, where: tzinfo) -> _Window:
        key = (since, where)
        window = self._windows.pop(key, None)
        if window is None:
            window = _Window(self, since, where, self._kept)
            started = self._kept.started_since(float("-inf") if since is None else since)
            window.changed.update((one, None) for one in started if one in self._notes)
        self._windows[key] = self._latest = window
        while len(self._windows) > MOST_WINDOWS:
            self._kept.unfollow(self._windows.pop(next(iter(self._windows))).moved)
        return window

    def _use(self, window: _Window, limit: int) -> Tools | None:
        """What the calls say. Not under the history's lock: reading calls asks for it."""
        chunks = self._calls()
        with self._using:
            words = chunks[0].sessions if chunks else None
            is_numbered = False
            while words is not None and not is_numbered:
                with self._history.lock:
                    is_numbered = window.number(words)
                time.sleep(GIVE_WAY_S)
            # Made here, as it takes a while the first time: not under the lock.
            uses = window.uses = window.uses or ToolUses(self.slot)
            uses.take(chunks, window.roots)
            return Tools(
                tuple(uses.tools()),
                tuple(uses.workflows(limit)),
                tuple(uses.workflows(limit, are_mixed=True)),
                tuple(uses.slots),
            )

    def _calls(self) -> list[CallChunk]:
        """All calls; read only when something changed since they were asked for last."""
        with self._history.lock:
            if self._touched is None:
                self._touched = self._kept.follow()
            has_changed = bool(self._touched) or self._chunks is None or not self._tables.are_calls_read
            self._touched.clear()
        chunks = self._chunks
        if has_changed or chunks is None:
            # Until they are read nobody may think that nothing has changed.
            self._chunks = None
            try:
                chunks = self._tables.calls()
            except DatabaseMissing:
                return []
            self._chunks = chunks
        return chunks


class _Window:
    """What the sessions say that started since some instant.

    Attributes:
        changed: Sessions to be looked at again; the next one stands last.
        moved: Sessions whose conversation may be another one.
        repeated: The conversations of each first message that more than one has.
        roots: The number of the conversation of each session among the calls' words; -1: it does not count.
    """

    def __init__(self, habits: Habits, since: float | None, where: tzinfo, kept: Kept) -> None:
        self._habits = habits
        self._since = float("-inf") if since is None else since
        self._where = where
        self._kept = kept
        self.changed: dict[str, None] = {}
        self.moved = kept.follow()
        self.sessions = [0] * SLOTS
        self.messages = [0] * SLOTS
        self.days: Counter[date] = Counter()
        self.message_days: Counter[date] = Counter()
        self.tasks: dict[str, Task] = {}
        self.repeated: dict[str, set[str]] = {}
        self._notes: dict[str, _Note] = {}
        self._by_key: defaultdict[str, set[str]] = defaultdict(set)
        self._by_cluster = {name: (Order(descending=True), [0, 0]) for name in CLUSTERS}
        self._root_numbers = Words()
        self.roots: list[int] = []
        self._places: dict[str, int] = {}
        self._words: Words | None = None
        self._pace = Pace(rows=100)
        self.uses: ToolUses | None = None

    def step(self, notes: Mapping[str, _Note]) -> bool:
        """Takes in some of what has changed; False: there is no more."""
        with self._pace.step() as rows:
            while self.changed and rows:
                self._update(self.changed.popitem()[0], notes)
                rows -= 1
        return bool(self.changed)

    def _update(self, session_id: str, notes: Mapping[str, _Note]) -> None:
        record = self._kept.records.get(session_id)
        is_within = record is not None and record.row.started_at >= self._since
        note = notes.get(session_id) if is_within else None
        self._count(self._notes.pop(session_id, None), -1)
        self._count(note, 1)
        if note is not None:
            self._notes[session_id] = note
        conversation = self._kept.conversations.get(session_id)
        is_task = note is not None and conversation is not None and conversation.kind == "conversation"
        self._put(session_id, _task(conversation, note) if is_task and conversation and note else None)

    def clusters(self) -> tuple[Cluster, ...]:
        return tuple(
            Cluster(
                name,
                len(order),
                messages,
                tool_calls,
                tuple(self.tasks[one].example() for one in order.page(0, EXAMPLES)),
            )
            for name, (order, (messages, tool_calls)) in self._by_cluster.items()
            if len(order)
        )

    def prompts(self, limit: int) -> tuple[Prompt, ...]:
        def rank(roots: Collection[str]) -> tuple[int, float]:
            return len(roots), max(self.tasks[root_id].last for root_id in roots)

        found = []
        for roots in nlargest(limit, self.repeated.values(), key=rank):
            tasks = [self.tasks[root_id] for root_id in roots]
            newest = max(tasks, key=_newest)
            first_at = moment(min(task.started_at for task in tasks))
            found.append(Prompt(newest.opening, len(tasks), first_at, newest.example()))
        return tuple(found)

    def number(self, words: Words) -> bool:
        """Numbers some more of these sessions, to which others only come; False: there are more."""
        moved = [(name, place) for name in self.moved if (place := self._places.get(name)) is not None]
        # A file that took the place of another has words of its own.
        is_other = words is not self._words
        if is_other or any(self._root(name) != self.roots[place] for name, place in moved):
            self._words, self.roots, self._places = words, [], {}
            self.uses = None
        for name in words.some(len(self.roots), _NUMBERED):
            self._places[name] = len(self.roots)
            self.roots.append(self._root(name))
        self.moved.clear()
        return len(self.roots) == len(words)

    def _root(self, session_id: str) -> int:
        row = self._kept.lineage.rows.get(session_id)
        if row is None or row.started_at < self._since:
            return -1
        return self._root_numbers.number(self._kept.lineage.root_id(row))

    def _count(self, note: _Note | None, sign: int) -> None:
        if note is None:
            return
        # Damage may lie beyond what any calendar has.
        started = min(max(note.record.row.started_at, -_FAR_S), _FAR_S)
        self.sessions[self._habits.slot(int(started // QUARTER_S))] += sign
        self._count_day(self.days, moment(started).astimezone(self._where).date(), sign)
        for slot, count in note.slots.items():
            self.messages[slot] += sign * count
        for day, count in note.days.items():
            self._count_day(self.message_days, day, sign * count)

    @staticmethod
    def _count_day(days: Counter[date], day: date, count: int) -> None:
        """Days without anything are left out."""
        days[day] += count
        if not days[day]:
            del days[day]

    def _put(self, root_id: str, task: Task | None) -> None:
        before = self.tasks.pop(root_id, None)
        if before is not None:
            order, sums = self._by_cluster[before.cluster]
            order.drop(root_id)
            sums[:] = sums[0] - before.messages, sums[1] - before.tool_calls
            self._regroup(before.key, root_id, is_in=False)
        if task is not None:
            self.tasks[root_id] = task
            order, sums = self._by_cluster[task.cluster]
            order.put(root_id, task.last, ())
            sums[:] = sums[0] + task.messages, sums[1] + task.tool_calls
            self._regroup(task.key, root_id, is_in=True)

    def _regroup(self, key: str | None, root_id: str, *, is_in: bool) -> None:
        if key is None:
            return
        roots = self._by_key[key]
        (roots.add if is_in else roots.discard)(root_id)
        if len(roots) > 1:
            self.repeated[key] = roots
        else:
            self.repeated.pop(key, None)
        if not roots:
            del self._by_key[key]


def _newest(task: Task) -> tuple[float, str]:
    return (task.last, task.root_id)


def _task(conversation: Conversation, note: _Note) -> Task:
    root, tip = conversation.root, conversation.tip
    opening = note.opening
    # What a schedule asks for again and again is no habit of anybody.
    key = opening.key if opening is not None and root.source != "cron" else None
    return Task(
        root.id,
        tip.id,
        tip.title,
        root.source,
        root.started_at,
        conversation.last,
        sum(piece.message_count for piece in conversation.chain),
        sum(piece.tool_call_count for piece in conversation.chain),
        "" if opening is None else opening.text,
        key,
        cluster_of(NO_HITS if opening is None else opening.hits, tip.title),
    )


def _opening(read: tuple[bytes, int] | None) -> Opening | None:
    if read is None:
        return None
    content, size = read
    text = " ".join((shown(content) or "").split())
    if not text:
        return None
    beyond = size if size > _OPENING_BYTES else 0
    key = hashlib.blake2b(f"{beyond} {text.casefold()}".encode(errors="replace"), digest_size=16)
    return Opening(text[:OPENING_CHARS], key.hexdigest(), hits(text[:_CLUSTER_CHARS]))


_UNCOUNTED = Shape(-1)


def _has_grown(before: Shape, after: Shape) -> bool:
    """True when little may have happened but that messages came; how many did must be that many."""
    span = after.newest - before.newest
    return 0 <= before.messages < after.messages and 0 < span <= min(_MOST_NEW, after.messages)


def _read(connection: sqlite3.Connection, schema: Schema, asked: _Asked) -> _Read:
    if not schema.has("messages") or not asked.records:
        return _Read({}, Counter(), None, {})
    quarters: defaultdict[str, list[tuple[int | None, int]]] = defaultdict(list)
    quarter = f"CAST(m.timestamp / {float(QUARTER_S)} AS INTEGER)"
    # As numbers only: damage may have made a text of a time.
    rows = connection.execute(
        # All of it stands in an index.
        f"SELECT m.session_id, {quarter} AS quarter, count(*) FROM json_each(?) j CROSS JOIN messages m"
        " ON m.session_id = json_extract(j.value, '$[0]') AND m.id <= json_extract(j.value, '$[2]')"
        " WHERE typeof(m.timestamp) IN ('real', 'integer') GROUP BY m.session_id, quarter",
        (json.dumps(asked.whole),),
    ).fetchall()
    for session_id, at, count in rows:
        quarters[session_id].append((at, count))
    ids: Counter[str] = Counter()
    for span in asked.grown:
        rows = connection.execute(
            # By number, not through the session's index, which would need all of its messages.
            f"SELECT CASE WHEN typeof(m.timestamp) IN ('real', 'integer') THEN {quarter} END AS quarter, count(*),"
            f" CAST(total({summed('m.id')}) AS INTEGER)"
            " FROM messages m WHERE m.id > ? AND m.id <= ? AND +m.session_id = ? GROUP BY quarter",
            (span.after, span.upto, span.session_id),
        ).fetchall()
        for at, count, added in rows:
            quarters[span.session_id].append((at, count))
            ids[span.session_id] += added
    until = None
    if asked.part is not None:
        counting, limit = asked.part
        session_id = counting.record.row.id
        # Any number is less than any text.
        among = "FROM messages m WHERE m.session_id = ? AND m.timestamp > ? AND m.timestamp"
        last = connection.execute(
            f"SELECT m.timestamp {among} < '' ORDER BY m.timestamp LIMIT 1 OFFSET ?",
            (session_id, counting.until, limit),
        ).fetchone()
        until = None if last is None else last[0]
        quarters[session_id] = connection.execute(
            f"SELECT {quarter} AS quarter, count(*) {among} {'<' if last is None else '<='} ? AND m.id <= ?"
            " GROUP BY quarter",
            (session_id, counting.until, "" if last is None else until, counting.record.shape.newest),
        ).fetchall()
    return _Read(quarters, ids, until, _read_openings(connection, schema, asked.openings))


def _read_openings(
    connection: sqlite3.Connection, schema: Schema, session_ids: Sequence[str]
) -> dict[str, tuple[bytes, int]]:
    """How sessions begin."""
    if not schema.has("messages", "content"):
        return {}
    rows = connection.execute(
        "SELECT session_id, CASE WHEN substr(content, 1, 6) = x'006A736F6E3A' AND size > ? THEN x''"
        " WHEN substr(content, 1, 6) = x'006A736F6E3A' THEN content ELSE substr(content, 1, ?) END, size FROM"
        " (SELECT j.value AS session_id, CAST(m.content AS BLOB) AS content, length(CAST(m.content AS BLOB)) AS size"
        "  FROM json_each(?) j JOIN messages m ON m.id = (SELECT id FROM messages WHERE session_id = j.value"
        "  AND role = 'user' AND content IS NOT NULL ORDER BY timestamp, id LIMIT 1))",
        (_PARTS_BYTES, _OPENING_BYTES, json.dumps(list(session_ids))),
    ).fetchall()
    return {session_id: (content, size) for session_id, content, size in rows}
