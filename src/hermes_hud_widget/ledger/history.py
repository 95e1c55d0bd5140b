"""Reads `sessions` and what hangs on them: all once, then what each commit changed, and now and then all again."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from heapq import nlargest
from typing import NamedTuple

from hermes_hud_widget.ledger.database import Database, DatabaseMissing
from hermes_hud_widget.ledger.kept import Kept
from hermes_hud_widget.ledger.memory import Memory, plain
from hermes_hud_widget.ledger.pace import Pace
from hermes_hud_widget.ledger.records import Record, read_after, read_before, read_ids, read_some
from hermes_hud_widget.ledger.schema import Schema
from hermes_hud_widget.ledger.shapes import Shape, sum_of
from hermes_hud_widget.ledger.values import number
from hermes_hud_widget.looks import once
from hermes_hud_widget.protocol import Progress

FIRST_S = 0.08
"""The first reader waits for so long a part of the history; what is left is read in the background."""
INLINE_S = 0.02
"""A history that was read in less is simply read again whenever something is in doubt."""
REST = 100
"""A longer one is read again at most once in so many times as that takes: 1 % of a core."""
REST_LIGHT = 30
"""The same for counting all messages anew, which takes a tenth of it."""
NET_S = 300.0
"""Beyond any doubt, too, all messages are counted anew with the first commit after so many seconds, and all rows read
after as many, or `REST` times as long as that takes."""
GIVE_WAY_S = 0.0005
"""Between two steps: a thread that waits for the lock needs a moment to take it."""
HOT_S = 900.0
"""A session that changed within so many seconds is looked at with each commit."""
MOST_HOT = 32
MOST_NEW_MESSAGES = 500
"""Of more new messages than this only the newest are looked at one by one; the history is read again then."""
_END = 2**63 - 1
TOLD_S = 0.25
"""While it reads in the background, it says so once in so many seconds."""


class _Arrived(NamedTuple):
    """What new messages add to their session."""

    shape: Shape
    last: float | None


class _Look(NamedTuple):
    """What one look after a commit found, all of it from one state of the database."""

    identity: Hashable
    schema_version: int
    newest: int
    records: tuple[Record, ...]
    is_in_doubt: bool
    sessions: int


@dataclass
class _Sweep:
    """One reading of all sessions, from the newest to the oldest.

    Attributes:
        is_light: True: what was remembered is verified by what stands in indexes, which is a small part.
    """

    schema_version: int
    is_light: bool = False
    before: int = _END
    before_id: str | None = None
    seen: set[str] = field(default_factory=set)
    took: float = 0.0
    pace: Pace = field(default_factory=Pace)


class History:
    """Keeps `kept` true to a database. All methods may be called from any thread.

    After a commit are read, in one transaction of a millisecond: the new messages' outlines (by id), the rows of the
    sessions that they belong to, of those that changed in the last 15 minutes, and of new ones. When that accounts for
    all commits since the last look (SQLite counts them; each new message, token update and new session is one), the
    history is not touched. Else something is in doubt, and the messages of these sessions are counted. A history that
    is read in less than 20 ms is then read again at once. Of a longer one, the messages of all sessions are counted in
    the background, in steps of some 6 ms, which takes 0.3 s for 15,000 sessions with 1,000,000 messages, and after that
    all rows of `sessions` are read again, which takes ten times as long, since SQLite must pass each one's prompt. Both at
    once when it is quiet; while an agent writes such things without a pause, at most once in 30 and in 100 times as
    long as it takes: what Hermes does to the messages of a session that is not among those shows within 10 s then,
    and what it does to nothing but that session's row within minutes. What a commit hid behind others that were
    accounted for is found with the first commit after `NET_S`.

    What was remembered of a file (`recall`) holds at once when nothing was committed since; else it is in doubt.

    Attributes:
        lock: Held by whoever reads `kept`.
        identity: Which file it is; None: none.
        newest: No message up to this id is missing from the shapes in `kept`.

    Args:
        database: The file.
        on_background: Called without a lock, by `advance` and `settle`, when something changed that nobody asked for.
        recall: What was saved of a file of that identity, if anything.
        clock: Monotonic seconds.
    """

    _content: Hashable
    _told: float

    def __init__(
        self,
        database: Database,
        on_background: Callable[[], None] = lambda: None,
        recall: Callable[[Hashable], Memory | None] = lambda identity: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.lock = threading.RLock()
        self._database = database
        self._on_background = on_background
        self._recall = recall
        self._clock = clock
        self._begin(None, 0)

    @property
    def progress(self) -> Progress | None:
        """How many sessions were read, while not all were."""
        with self.lock:
            sweep = self._sweep
            if self._is_whole or (sweep is None and not self._is_in_doubt):
                return None
            done = len(sweep.seen) if sweep is not None and sweep.is_light else len(self.kept.records)
            return Progress(done=done, total=max(self._sessions, len(self.kept.records)))

    @property
    def took(self) -> float:
        """How long the last reading of all sessions took, in seconds; 0: there was none yet."""
        return self._took

    @property
    def hot(self) -> tuple[str, ...]:
        """The sessions that changed lately."""
        with self.lock:
            return tuple(self._hot)

    def update(self) -> None:
        """Takes in what was committed since the last call; the first one reads for `FIRST_S` at most.

        Raises:
            DatabaseProblem: It cannot be read.
        """
        with self.lock:
            content = once((self._database, "content"), self._database.content)
            if content == self._content:
                return
            # Counted before it is read: what is committed in between is counted twice, and that only raises a doubt.
            commits = self._database.commits()
            if self._database.identity not in (None, self.identity):
                self._remember(self._database.identity)
            try:
                self._take(self._database.read(partial(self._look, commits=commits)), commits)
                if self._is_due():
                    self._read_on(INLINE_S if self._is_whole else FIRST_S)
            except DatabaseMissing:
                self._begin(None, 0)
            finally:
                if self._is_untried:
                    # What was remembered held for the file as it was then.
                    self._begin(None, 0)
            self._content = content

    def settle(self, *, rows: bool = True) -> None:
        """Takes in all that is there now, by at most three readings; others may read `kept` meanwhile.

        Args:
            rows: False: only all sessions' messages need be counted right.

        Raises:
            DatabaseProblem: It cannot be read.
        """
        has_changed = False
        try:
            # Again for what came into doubt while the reading before was under way.
            for _ in range(3):
                self.update()
                with self.lock:
                    is_unread = rows and self._is_unread
                    if self._sweep is None and self._is_whole and not self._is_in_doubt and not is_unread:
                        return
                with suppress(DatabaseMissing):  # the next look finds nothing there
                    has_changed |= self._step() or not self._is_whole
                    while self._sweep is not None:
                        time.sleep(GIVE_WAY_S)
                        has_changed |= self._step()
            self.update()
        finally:
            # Others who look have not asked for it, and no file tells them.
            if has_changed:
                self._on_background()

    def memory(self) -> Memory | None:
        """What `recall` is to give the next time; None while not all is known."""
        with self.lock:
            if not self._is_whole:
                return None
            facts = self._database.facts()
            # With something in doubt or unread it is to be verified again, whatever the file looks like.
            is_sure = (
                facts is not None and not self.is_waiting() and self._content == self._database.content()
            )
            records = list(self.kept.records.values())
            return Memory(plain(facts) if is_sure else None, self.newest, self._took, records)

    def is_waiting(self) -> bool:
        """True when there is something to read in the background, now or later."""
        with self.lock:
            return self._wait() is not None

    def rest(self) -> None:
        """Drops all that was read."""
        with self.lock:
            self._begin(None, 0)

    def advance(self) -> float | None:
        """Reads one step of what waits; in how many seconds to call again, None: not before the next `update`.

        Raises:
            DatabaseProblem: It cannot be read.
        """
        with self.lock:
            wait = self._wait()
            if wait is None or wait > 0:
                return wait
            was_whole = self._is_whole
            try:
                has_changed = self._step()
            except DatabaseMissing:
                return None
            wait = self._wait()
            now = self._clock()
            is_worth_telling = has_changed if was_whole else self._is_whole or now - self._told >= TOLD_S
            if is_worth_telling:
                self._told = now
        if is_worth_telling:
            self._on_background()
        return wait

    # -- what waits

    def _begin(self, identity: Hashable, sessions: int) -> None:
        """Nothing is known yet of this file, but how many sessions it has."""
        self.kept = Kept()
        self.identity: Hashable = identity
        self.newest: int = 0
        self._sessions: int = sessions
        self._content = None
        self._schema_version: int = -1
        self._commits: tuple[Hashable, int] | None = None
        self._highest_rowid: int = 0
        self._hot: dict[str, float] = {}
        self._sweep: _Sweep | None = None
        self._is_whole: bool = False
        self._is_remembered: bool = False
        self._is_untried: bool = False
        self._is_in_doubt: bool = False
        self._is_unread: bool = False
        self._counted_at: float = self._clock()
        self._read_at: float = self._clock()
        self._took: float = 0.0
        self._light_rests_until: float = 0.0
        self._rests_until: float = 0.0
        self._told = self._clock()

    def _remember(self, identity: Hashable) -> None:
        """Begins with what was saved of this file."""
        memory = self._recall(identity)
        if memory is None or not memory.records:
            return
        facts = self._database.facts()
        self._begin(identity, len(memory.records))
        # From the oldest on, since sorted lists grow best at their end.
        self.kept.put(reversed(memory.records))
        self.newest = memory.newest
        self._highest_rowid = max(record.rowid for record in memory.records)
        self._is_whole = facts is not None and plain(facts) == memory.facts
        self._is_unread = not self._is_whole
        self._is_remembered = self._is_untried = True
        self._took = memory.took
        self._heat_first()

    def _wait(self) -> float | None:
        """How long until there is something to read in the background; None: nothing is."""
        if self._content is None:  # what is there must be looked at first
            return None
        if self._sweep is not None:
            return 0.0
        due = [self._light_rests_until] if self._is_in_doubt else []
        due += [self._rests_until] if self._is_unread else []
        return max(0.0, min(due) - self._clock()) if due else None

    def _is_due(self) -> bool:
        """True when the caller of `update` does the reading himself, since it is the first or short."""
        if self._sweep is not None or not self._is_in_doubt:
            return False
        return not self._is_whole or self._took < INLINE_S

    def _read_on(self, seconds: float) -> None:
        until = self._clock() + seconds
        self._step()
        while self._sweep is not None and self._clock() < until:
            self._step()

    # -- a look after a commit

    def _look(
        self, connection: sqlite3.Connection, schema: Schema, commits: tuple[Hashable, int] | None
    ) -> _Look:
        identity = self._database.identity
        known = self.kept.records if identity == self.identity else {}
        has_messages = schema.has("messages")
        newest = connection.execute("SELECT max(id) FROM messages").fetchone()[0] if has_messages else 0
        newest = newest if isinstance(newest, int) else 0
        if not known:
            return self._first_look(connection, schema, newest)
        arrived, has_gap = _read_arrived(connection, schema, self.newest)
        wanted = {*arrived, *self._hot_now()}
        records = {
            record.row.id: self._with_arrived(record, arrived)
            for record in read_some(connection, schema, wanted, known, shapes=has_gap)
        }
        new = read_after(connection, schema, self._highest_rowid, MOST_NEW_MESSAGES, known)
        records.update((record.row.id, record) for record in new)
        # What was remembered of this very state is beyond doubt.
        is_certain = self._is_untried and self._is_whole
        is_in_doubt = has_gap or (
            not is_certain
            and (
                newest < self.newest
                or len(new) == MOST_NEW_MESSAGES
                or schema.version != self._schema_version
                or any(session_id not in records for session_id in wanted)
                or not self._accounts_for(commits, arrived, records)
            )
        )
        counted = wanted if is_in_doubt else self._not_appended(arrived, records)
        if counted:
            again = read_some(connection, schema, counted, known)
            records.update((record.row.id, record) for record in again)
        return _Look(identity, schema.version, newest, tuple(records.values()), is_in_doubt, self._sessions)

    def _first_look(self, connection: sqlite3.Connection, schema: Schema, newest: int) -> _Look:
        """The sessions of the newest messages, with all that they hang on: what goes on now needs no more."""
        arrived, _ = _read_arrived(connection, schema, newest - MOST_NEW_MESSAGES)
        records: dict[str, Record] = {}
        wanted = set(arrived)
        while wanted:
            read = read_some(connection, schema, wanted, {})
            records.update((record.row.id, record) for record in read)
            above = {record.row.parent_id or record.row.delegate_from for record in read} - {None}
            wanted = {one for one in above if one is not None and one not in records}
        sessions = 0
        if schema.has("sessions"):
            (sessions,) = connection.execute("SELECT count(*) FROM sessions").fetchone()
        found = tuple(records.values())
        return _Look(self._database.identity, schema.version, newest, found, True, sessions)

    def _with_arrived(self, record: Record, arrived: Mapping[str, _Arrived]) -> Record:
        """A record whose messages were not counted again, with those added that have come."""
        more = arrived.get(record.row.id)
        before = self.kept.records.get(record.row.id)
        # What was not known before has been counted.
        if more is None or before is None or record.shape is not before.shape:
            return record
        last = max((at for at in (before.last, more.last) if at is not None), default=None)
        return record._replace(shape=before.shape.plus(more.shape), last=last)

    def _not_appended(self, arrived: Mapping[str, _Arrived], records: Mapping[str, Record]) -> set[str]:
        """Sessions to which something else was done than adding what came: one commit may undo, replace or compact.

        Their rows do not count as many messages more as have come, or one rewind more. Nor do those of sessions that
        a reading of all was ahead of.
        """
        found = set()
        for session_id, after in records.items():
            before = self.kept.records.get(session_id)
            if before is not None and after is not before:
                come = arrived[session_id].shape.messages if session_id in arrived else 0
                is_counted = after.row.message_count - before.row.message_count == come
                if not is_counted or after.row.rewind_count != before.row.rewind_count:
                    found.add(session_id)
        return found

    def _accounts_for(
        self,
        commits: tuple[Hashable, int] | None,
        arrived: Mapping[str, _Arrived],
        records: Mapping[str, Record],
    ) -> bool:
        """True when what was found explains all commits since the last look."""
        if commits is None or self._commits is None or commits[0] != self._commits[0]:
            return False
        replaced = self._not_appended(arrived, records)
        # Else ten messages that one commit put in the place of others would explain nine commits too many.
        found = sum(
            1 if session_id in replaced else more.shape.messages for session_id, more in arrived.items()
        )
        for record in records.values():
            before = self.kept.records.get(record.row.id)
            if before is None:
                found += 1
            elif record.row is not before.row or record.usage is not before.usage:
                found += _updates(before, record)
        return 0 <= commits[1] - self._commits[1] <= found

    def _hot_now(self) -> list[str]:
        oldest = self._clock() - HOT_S
        for session_id, at in list(self._hot.items()):
            if at < oldest or session_id not in self.kept.records:
                del self._hot[session_id]
        return list(self._hot)

    def _heat(self, session_ids: Collection[str]) -> None:
        now = self._clock()
        for session_id in session_ids:
            self._hot.pop(session_id, None)
            self._hot[session_id] = now
        while len(self._hot) > MOST_HOT:
            del self._hot[next(iter(self._hot))]

    def _heat_first(self) -> None:
        """Of the sessions that a first reading found: somebody may work with those begun last, also without a message."""
        records = self.kept.records.values()
        recent = max((max(one.last or 0.0, one.row.started_at) for one in records), default=0.0) - HOT_S
        newest = nlargest(MOST_HOT, records, key=lambda record: record.row.started_at)
        begun = [record.row.id for record in reversed(newest) if record.row.started_at >= recent]
        # Those that are told by their messages stay the last to be dropped.
        self._heat([*begun, *self._hot])

    def _take(self, look: _Look, commits: tuple[Hashable, int] | None) -> None:
        is_first = look.identity != self.identity
        if is_first:
            self._begin(look.identity, look.sessions)
        elif not self._is_untried and look.schema_version != self._schema_version:
            # VACUUM gives rows other numbers, a migration other columns.
            self._sweep = None
        touched = self.kept.put(look.records)
        lasts = {one: self.kept.records[one].last or 0.0 for one in touched}
        # Among the first it is by their messages that those are told that somebody works with.
        recent = max(lasts.values(), default=0.0) - HOT_S
        self._heat([one for one, last in lasts.items() if not is_first or last >= recent])
        if self._sweep is not None:
            self._sweep.seen |= touched
        rowids = (self.kept.records[one].rowid for one in touched)
        self._highest_rowid = max((self._highest_rowid, *rowids))
        self.newest = look.newest
        self._schema_version = look.schema_version
        self._commits = commits
        self._is_untried = False
        now = self._clock()
        is_due_again = self._is_whole and now - self._counted_at >= NET_S
        self._is_in_doubt = self._is_in_doubt or look.is_in_doubt or is_due_again
        is_due_again = self._is_whole and now - self._read_at >= max(NET_S, REST * self._took)
        self._is_unread = self._is_unread or look.is_in_doubt or is_due_again

    # -- reading all

    def _step(self) -> bool:
        """One step of a reading of all sessions, from the newest down; True when something had changed."""
        with self.lock:
            sweep = self._sweep
            if sweep is None:
                is_first = not self._is_whole and not self._is_remembered
                is_light = self._is_in_doubt and not is_first and self._took >= INLINE_S
                if self._is_unread and self._rests_until <= self._clock() < self._light_rests_until:
                    is_light = False  # else reading all would never have its turn while an agent writes
                sweep = self._sweep = _Sweep(self._schema_version, is_light)
                self._is_in_doubt = False
                self._is_unread = self._is_unread and is_light
            began = time.perf_counter()
            with sweep.pace.step() as limit:
                read = self._verified if sweep.is_light else self._all
                identity, version, records = self._database.read(
                    lambda c, s: (self._database.identity, s.version, read(c, s, sweep, limit))
                )
            if identity != self.identity or version != sweep.schema_version:
                # Begun again by the next look, which finds what is there now.
                self._sweep, self._is_in_doubt, self._is_unread, self._content = None, True, True, None
                return False
            if records:
                # Not while it is read: that may be done twice.
                if sweep.is_light:
                    lowest = min(record.row.id for record in records)
                    if sweep.before_id is not None and lowest >= sweep.before_id:
                        # Damaged ids have no order: all is read instead, which goes by numbers.
                        self._sweep, self._is_unread = _Sweep(self._schema_version), False
                        return False
                    sweep.before_id = lowest
                else:
                    if sweep.before == _END:
                        self._highest_rowid = records[0].rowid
                    sweep.before = records[-1].rowid
                sweep.seen.update(record.row.id for record in records)
                touched = self.kept.put(records)
            else:
                touched = self.kept.put((), self.kept.records.keys() - sweep.seen)
            sweep.took += time.perf_counter() - began
            if self._is_whole:
                self._heat(touched & self.kept.records.keys())
            if not records:
                self._sweep = None
                if not self._is_whole:
                    self._heat_first()
                self._is_whole = True
                self._counted_at = self._clock()
                if sweep.is_light:
                    self._light_rests_until = self._clock() + REST_LIGHT * sweep.took
                else:
                    self._read_at = self._clock()
                    self._took = sweep.took
                    self._rests_until = self._clock() + REST * sweep.took
            return bool(touched)

    def _all(self, connection: sqlite3.Connection, schema: Schema, sweep: _Sweep, limit: int) -> list[Record]:
        return read_before(connection, schema, sweep.before, limit, self.kept.records)

    def _verified(
        self, connection: sqlite3.Connection, schema: Schema, sweep: _Sweep, limit: int
    ) -> list[Record]:
        """The next sessions; only those are read whose messages are not what was remembered."""
        known = self.kept.records
        found = read_ids(connection, schema, sweep.before_id, limit)
        changed = [
            session_id
            for session_id, (rowid, shape, last) in found.items()
            if session_id not in known
            or (known[session_id].rowid, known[session_id].shape, known[session_id].last)
            != (rowid, shape, last)
        ]
        records = {record.row.id: record for record in read_some(connection, schema, changed, known)}
        return [
            records.get(session_id) or known[session_id]
            for session_id in found
            if session_id in known or session_id in records
        ]


def _updates(before: Record, after: Record) -> int:
    """How many commits, besides those of its messages, may have made this of a session."""
    calls = after.row.api_call_count - before.row.api_call_count
    auxiliary = _auxiliary_calls(after) - _auxiliary_calls(before)
    counted = after.row._replace(
        message_count=before.row.message_count, tool_call_count=before.row.tool_call_count
    )
    own = max(1, calls) if counted != before.row else 0
    return own + max(0, auxiliary)


def _auxiliary_calls(record: Record) -> int:
    return sum(part.api_calls for part in record.usage if part.task)


def _read_arrived(
    connection: sqlite3.Connection, schema: Schema, after: int
) -> tuple[dict[str, _Arrived], bool]:
    """What the messages after an id add to each session; True when there are more than were looked at."""
    if not schema.has("messages"):
        return {}, False
    active = "coalesce(active, 1) <> 0" if schema.has("messages", "active") else "1"
    rows = connection.execute(
        f"SELECT id, session_id, timestamp, {active} FROM messages WHERE id > ? ORDER BY id DESC LIMIT ?",
        (after, MOST_NEW_MESSAGES + 1),
    ).fetchall()
    by_session: defaultdict[str, list[tuple[int, float | None, int]]] = defaultdict(list)
    for message_id, session_id, timestamp, is_active in rows[:MOST_NEW_MESSAGES]:
        if isinstance(session_id, str):
            by_session[session_id].append((message_id, number(timestamp), is_active))
    arrived = {
        session_id: _Arrived(
            Shape(
                len(own), sum(active for _, _, active in own), own[0][0], sum_of([one for one, _, _ in own])
            ),
            max((at for _, at, _ in own if at is not None), default=None),
        )
        for session_id, own in by_session.items()
    }
    return arrived, len(rows) > MOST_NEW_MESSAGES
