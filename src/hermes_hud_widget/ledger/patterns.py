"""What recurs in the sessions: how conversations begin, when work is done, and which tools follow one another."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, tzinfo
from functools import partial
from heapq import nlargest
from typing import TYPE_CHECKING, NamedTuple

from hermes_hud_widget.chunks import Chunk
from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.ledger.clusters import CLUSTERS, NO_HITS, Hits, cluster_of, hits
from hermes_hud_widget.ledger.database import Database, DatabaseMissing
from hermes_hud_widget.ledger.history import History
from hermes_hud_widget.ledger.kept import Conversation, Kept
from hermes_hud_widget.ledger.order import Order
from hermes_hud_widget.ledger.pace import Pace
from hermes_hud_widget.ledger.records import Record
from hermes_hud_widget.ledger.schema import Schema
from hermes_hud_widget.ledger.slabs import Words
from hermes_hud_widget.ledger.tables import Tables
from hermes_hud_widget.ledger.texts import shown
from hermes_hud_widget.ledger.tool_use import (
    COLUMNS,
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

if TYPE_CHECKING:
    import pyarrow as pa

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
        opening: None: not needed, or there is none.
        slots: Its messages by the hour of the week.
    """

    record: Record
    opening: Opening | None
    slots: Mapping[int, int]


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
        self._queue: list[str] = []
        self._pace = Pace(rows=20, least=1, most=500)
        self._where: tzinfo | None = None
        self._slots: dict[int, int] = {}
        self._is_wanted = False
        self._using = threading.Lock()
        self._writing = CallEvents(WRITERS)
        self._touched: set[str] | None = None
        self._chunks: list[Chunk] | None = None

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
        with self._history.lock:
            self._is_wanted = True
            self._begin(where)
            end = None if until_all else time.monotonic() + LOOK_S
            while self._step() and (end is None or time.monotonic() < end):
                pass
            window = self._window(since, where)
            tasks = window.tasks
            total, unread = len(self._kept.records), len(self._queue)
            found = Recurring(
                total,
                tuple(window.sessions),
                tuple(window.messages),
                dict(sorted(window.days.items())),
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
        self.look(None, where, prompts=0, tools=0, until_all=True)
        with self._history.lock:
            window = self._window(None, where)
            return sorted(window.tasks.values(), key=lambda one: (one.started_at, one.root_id), reverse=True)

    def is_waiting(self) -> bool:
        """True when there is something to read in the background."""
        return self._is_wanted and (bool(self._queue) or not self._tables.are_calls_read)

    def advance(self) -> bool:
        """Reads one short step of what waits; False: nothing does."""
        if not self._is_wanted:
            return False
        try:
            with self._history.lock:
                if self._history.kept is not self._kept:
                    return False
                if self._queue and self._step():
                    return True
            if self._history.progress is None and not self._tables.are_calls_read:
                self._tables.read_calls()
                return True
        except DatabaseMissing:
            pass
        return False

    # -- the sessions

    def _begin(self, where: tzinfo) -> None:
        """Follows the sessions; in another zone their messages' hours are other ones."""
        if self._pending is None:
            self._pending = self._kept.follow()
        if where != self._where:
            self._where, self._slots = where, {}
            for window in self._windows.values():
                self._kept.unfollow(window.moved)
            self._notes, self._windows = {}, {}
            self._pending.update(self._kept.records)
        if self._pending:
            records = self._kept.records
            waiting = self._pending.union(self._queue)
            for session_id in [one for one in waiting if one not in records]:
                self._forget(session_id)
            known = [one for one in waiting if one in records]
            self._queue = sorted(known, key=lambda one: records[one].row.started_at)
            self._pending.clear()

    def _step(self) -> bool:
        """Looks at the next sessions, the newest first; False: there was none."""
        if not self._queue:
            return False
        with self._pace.step() as limit:
            some = self._queue[-limit:][::-1]
            changed = [one for one in some if one in self._kept.records and self._is_changed(one)]
            # Read again with every change: counts do not tell whether it is another message that is the first now.
            openings = [one for one in changed if self._is_conversation(one)]
            try:
                read = self._database.read(partial(_read, session_ids=changed, openings=openings))
            except DatabaseMissing:
                read = {}, {}
        del self._queue[-len(some) :]
        messages, texts = read
        for session_id in changed:
            note = self._notes.get(session_id)
            opening = _opening(texts.get(session_id)) if session_id in openings else note and note.opening
            slots: Counter[int] = Counter()
            for quarter, count in messages.get(session_id, ()):
                slots[self.slot(quarter)] += count
            self._notes[session_id] = _Note(self._kept.records[session_id], opening, slots)
        for window in self._windows.values():
            window.changed.update(some)
        return True

    def _is_changed(self, session_id: str) -> bool:
        note = self._notes.get(session_id)
        return (
            note is None
            or note.record is not self._kept.records[session_id]
            or (note.opening is None and self._is_conversation(session_id))
        )

    def _is_conversation(self, session_id: str) -> bool:
        """Only of conversations it is told how they begin."""
        conversation = self._kept.conversations.get(session_id)
        return conversation is not None and conversation.kind == "conversation"

    def _forget(self, session_id: str) -> None:
        self._notes.pop(session_id, None)
        for window in self._windows.values():
            window.changed.add(session_id)

    def slot(self, quarter: int) -> int:
        """The hour of the week of a quarter of an hour since 1970."""
        known = self._slots.get(quarter)
        if known is None:
            at = moment(min(max(quarter * QUARTER_S, -_FAR_S), _FAR_S)).astimezone(self._where)
            known = self._slots[quarter] = at.weekday() * 24 + at.hour
        return known

    # -- what is made of them

    def _window(self, since: float | None, where: tzinfo) -> _Window:
        key = (since, where)
        window = self._windows.pop(key, None) or _Window(self, since, where, self._kept)
        self._windows[key] = window
        while len(self._windows) > MOST_WINDOWS:
            self._kept.unfollow(self._windows.pop(next(iter(self._windows))).moved)
        window.update(self._notes)
        return window

    def _use(self, window: _Window, limit: int) -> Tools | None:
        """What the calls say. Not under the history's lock: reading calls asks for it."""
        chunks = self._calls()
        with self._using:
            with self._history.lock:
                words = chunks[0].columns["session_id"].dictionary if chunks else None
                roots = window.roots(words)
            uses = window.uses
            uses.take(chunks, roots)
            return Tools(
                tuple(uses.tools()),
                tuple(uses.workflows(limit)),
                tuple(uses.workflows(limit, are_mixed=True)),
                tuple(uses.slots),
            )

    def _calls(self) -> list[Chunk]:
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
                chunks = self._tables.calls(COLUMNS)
            except DatabaseMissing:
                return []
            self._chunks = chunks
        return chunks


class _Window:
    """What the sessions say that started since some instant.

    Attributes:
        changed: Sessions to be looked at again.
        moved: Sessions whose conversation may be another one.
        repeated: The conversations of each first message that more than one has.
    """

    def __init__(self, habits: Habits, since: float | None, where: tzinfo, kept: Kept) -> None:
        self._habits = habits
        self._since = float("-inf") if since is None else since
        self._where = where
        self._kept = kept
        self.changed = set(kept.records)
        self.moved = kept.follow()
        self.sessions = [0] * SLOTS
        self.messages = [0] * SLOTS
        self.days: Counter[date] = Counter()
        self.tasks: dict[str, Task] = {}
        self.repeated: dict[str, set[str]] = {}
        self._notes: dict[str, _Note] = {}
        self._by_key: defaultdict[str, set[str]] = defaultdict(set)
        self._by_cluster = {name: (Order(descending=True), [0, 0]) for name in CLUSTERS}
        self._root_numbers = Words()
        self._roots: list[int] = []
        self._places: dict[str, int] = {}
        self.uses = ToolUses(habits.slot)

    def update(self, notes: Mapping[str, _Note]) -> None:
        """Takes in what has changed."""
        for session_id in self.changed:
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
        self.changed.clear()

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

    def roots(self, words: pa.Array | None) -> list[int]:
        """The number of the conversation of each session in a dictionary, which only grows; -1: it does not count."""
        if words is None:
            return self._roots
        moved = [(name, place) for name in self.moved if (place := self._places.get(name)) is not None]
        if any(self._root(name) != self._roots[place] for name, place in moved):
            self._roots, self._places = [], {}
            self.uses = ToolUses(self._habits.slot)
        for name in words.slice(len(self._roots)).to_pylist():
            self._places[name] = len(self._roots)
            self._roots.append(self._root(name))
        self.moved.clear()
        return self._roots

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
        day = moment(started).astimezone(self._where).date()
        self.days[day] += sign
        if not self.days[day]:
            del self.days[day]
        for slot, count in note.slots.items():
            self.messages[slot] += sign * count

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


_Quarters = dict[str, list[tuple[int, int]]]
_Texts = dict[str, tuple[bytes, int]]


def _read(
    connection: sqlite3.Connection, schema: Schema, session_ids: Sequence[str], openings: Iterable[str]
) -> tuple[_Quarters, _Texts]:
    """The sessions' messages by the quarter of an hour, and how some of them begin."""
    if not schema.has("messages") or not session_ids:
        return {}, {}
    quarters: _Quarters = {session_id: [] for session_id in session_ids}
    rows = connection.execute(
        # All of it stands in an index. As numbers only: damage may have made a text of a time.
        "SELECT session_id, CAST(timestamp / ? AS INTEGER) AS quarter, count(*) FROM messages"
        " WHERE session_id IN (SELECT value FROM json_each(?)) AND typeof(timestamp) IN ('real', 'integer')"
        " GROUP BY session_id, quarter",
        (float(QUARTER_S), json.dumps(list(session_ids))),
    ).fetchall()
    for session_id, quarter, count in rows:
        quarters[session_id].append((quarter, count))
    if not schema.has("messages", "content"):
        return quarters, {}
    rows = connection.execute(
        "SELECT session_id, CASE WHEN substr(content, 1, 6) = x'006A736F6E3A' AND size > ? THEN x''"
        " WHEN substr(content, 1, 6) = x'006A736F6E3A' THEN content ELSE substr(content, 1, ?) END, size FROM"
        " (SELECT j.value AS session_id, CAST(m.content AS BLOB) AS content, length(CAST(m.content AS BLOB)) AS size"
        "  FROM json_each(?) j JOIN messages m ON m.id = (SELECT id FROM messages WHERE session_id = j.value"
        "  AND role = 'user' AND content IS NOT NULL ORDER BY timestamp, id LIMIT 1))",
        (_PARTS_BYTES, _OPENING_BYTES, json.dumps(list(openings))),
    ).fetchall()
    return quarters, {session_id: (content, size) for session_id, content, size in rows}
