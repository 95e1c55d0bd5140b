"""What each session spent on which model and task: `session_model_usage`, and what no row of it accounts for."""

from __future__ import annotations

import sqlite3
import sys
import threading
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from functools import partial
from operator import attrgetter
from typing import Any, NamedTuple

from hermes_hud_widget.ledger import money
from hermes_hud_widget.ledger.columns import Arguments, sessions_asked_for
from hermes_hud_widget.ledger.database import Database, DatabaseMissing
from hermes_hud_widget.ledger.lineage import Lineage, SessionRow
from hermes_hud_widget.ledger.money import Sum, Usage
from hermes_hud_widget.ledger.pace import Pace
from hermes_hud_widget.ledger.schema import Schema
from hermes_hud_widget.ledger.snapshot import Snapshot
from hermes_hud_widget.ledger.values import count, instant, moment, number, text

CHUNK_ROWS = 256
"""So many rows of `session_model_usage` are read again when one of them changed."""

MAIN = "main"
"""The agent's own loop among the tasks; `task` is empty there in `session_model_usage`."""

NO_MODEL = "unknown"
"""Where no model is known; Hermes writes the same."""


class SessionUsage(NamedTuple):
    """What one session spent.

    Attributes:
        row: The session.
        attributed: Its rows of `session_model_usage`.
        parts: These, and what its own counters hold beyond them.
        usd: What is known of its cost, in US dollars; None: nothing.
    """

    row: SessionRow
    attributed: Mapping[int, Usage]
    parts: tuple[Usage, ...]
    usd: float | None


class Day(NamedTuple):
    """What the sessions spent that started on one day, in all and in groups; nobody may change these sums.

    Attributes:
        models: By model and provider; a session is counted in each group that it has a part in.
        tasks: By task, `main` among them.
        sources: By the session's source.
    """

    total: Sum
    models: Mapping[tuple[str, str | None], Sum]
    tasks: Mapping[str, Sum]
    sources: Mapping[str, Sum]


class Usages:
    """Keeps what all sessions spent until the database's content changes, and then reads what changed.

    Hermes writes auxiliary usage without touching the session's own row, so every change asks for the whole
    table; but SQLite compares it (in chunks), which costs a seventh of reading it.
    """

    def __init__(self, database: Database) -> None:
        self._table = _Table(database)
        self._lock = threading.RLock()
        self._read_for: Snapshot | None = None
        self._attributed: Mapping[str, Mapping[int, Usage]] = {}
        self._made_for: Snapshot | None = None
        self._sessions: Mapping[str, SessionUsage] = {}
        self._calendar = _Calendar(UTC)

    def of(self, snapshot: Snapshot) -> Mapping[str, SessionUsage]:
        """What each session of the snapshot spent, by its id, in the snapshot's order.

        Raises:
            DatabaseProblem: It cannot be read.
        """
        with self._lock:
            if snapshot is not self._made_for:
                rows = snapshot.lineage.rows.values()
                self._sessions = {session.row.id: session for session in self.of_some(snapshot, rows)}
                self._made_for = snapshot
            return self._sessions

    def of_some(self, snapshot: Snapshot, rows: Iterable[SessionRow]) -> list[SessionUsage]:
        """The same of a few sessions, without the work for all others.

        Raises:
            DatabaseProblem: It cannot be read.
        """
        with self._lock:
            if snapshot is not self._read_for:
                self._attributed = self._table.current(snapshot.identity)
                self._read_for = snapshot
            return [
                _session(row, self._attributed.get(row.id, _NO_ROWS), self._sessions.get(row.id))
                for row in rows
            ]

    def days(self, snapshot: Snapshot, where: tzinfo) -> Mapping[date, Day]:
        """The same by the calendar day, in that zone, on which each session started; days without are missing.

        Raises:
            DatabaseProblem: It cannot be read.
        """
        with self._lock:
            sessions = self.of(snapshot)
            if self._calendar.where != where:
                self._calendar = _Calendar(where)
            return self._calendar.days(sessions)


def whole(row: SessionRow) -> Usage:
    """A session's own counters."""
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
        model=row.model or NO_MODEL,
        provider=row.billing_provider or None,
        billing_mode=row.billing_mode or None,
        is_attributed=False,
    )


def _session(row: SessionRow, attributed: Mapping[int, Usage], known: SessionUsage | None) -> SessionUsage:
    if known is not None and known.row is row and known.attributed is attributed:
        return known
    own = tuple(attributed.values())
    rest = money.residual(whole(row), own) if own else whole(row)
    has_rest = not rest.is_nothing() or rest.reasoning or rest.estimated_usd or rest.actual_usd
    parts = (*own, rest) if has_rest else own
    return SessionUsage(row, attributed, parts, money.cost(parts).usd)


class _Calendar:
    """The days, of which only those are summed up again in which a session changed."""

    def __init__(self, where: tzinfo) -> None:
        self.where = where
        self._sessions: Mapping[str, SessionUsage] = {}
        self._dates: dict[str, date] = {}
        self._days: dict[date, Day] = {}

    def days(self, sessions: Mapping[str, SessionUsage]) -> Mapping[date, Day]:
        if sessions is self._sessions:
            return self._days
        dates: dict[str, date] = {}
        changed: set[date] = set()
        for session_id, session in sessions.items():
            known = self._sessions.get(session_id)
            if known is session:
                dates[session_id] = self._dates[session_id]
                continue
            day = dates[session_id] = _date(session.row.started_at, self.where)
            changed.add(day)
            if known is not None:
                changed.add(self._dates[session_id])
        changed.update(self._dates[gone] for gone in self._dates.keys() - dates.keys())
        members: defaultdict[date, list[SessionUsage]] = defaultdict(list)
        for session_id, day in dates.items():
            if day in changed:
                members[day].append(sessions[session_id])
        kept = {day: summed for day, summed in self._days.items() if day not in changed}
        days = {**kept, **{day: _day(started) for day, started in members.items()}}
        self._sessions, self._dates = sessions, dates
        self._days = dict(sorted(days.items()))
        return self._days


def _date(seconds: float, where: tzinfo) -> date:
    started = moment(seconds)
    # Damage within hours of the calendar's ends: no zone may lead beyond them.
    started = min(max(started, _FIRST_DAY), _LAST_DAY)
    return started.astimezone(where).date()


_FIRST_DAY, _LAST_DAY = datetime(1, 1, 3, tzinfo=UTC), datetime(9999, 12, 29, tzinfo=UTC)


def _day(sessions: Iterable[SessionUsage]) -> Day:
    total = Sum()
    models: defaultdict[tuple[str, str | None], Sum] = defaultdict(Sum)
    tasks: defaultdict[str, Sum] = defaultdict(Sum)
    sources: defaultdict[str, Sum] = defaultdict(Sum)
    for session in sessions:
        total.add_session(session.parts)
        if not session.parts:
            continue
        sources[session.row.source].add_session(session.parts)
        for model, parts in _grouped(session.parts, attrgetter("model", "provider")):
            models[model].add_session(parts)
        for task, parts in _grouped(session.parts, attrgetter("task")):
            tasks[task or MAIN].add_session(parts)
    return Day(total, dict(models), dict(tasks), dict(sources))


def _grouped(parts: Sequence[Usage], key: Callable[[Usage], Any]) -> Iterable[tuple[Any, Sequence[Usage]]]:
    if len(parts) == 1:
        return ((key(parts[0]), parts),)
    groups: dict[Any, list[Usage]] = {}
    for part in parts:
        groups.setdefault(key(part), []).append(part)
    return groups.items()


# -- columns


def usage_columns(
    lineage: Lineage, sessions: Mapping[str, SessionUsage], args: Arguments
) -> dict[str, list[Any]]:
    """One row for each part of what a session spent, the session started last first; for DataFrames."""
    chosen = sessions_asked_for(lineage, args)
    rows = [(row, part) for row in chosen for part in sessions[row.id].parts][: args.limit]
    wanted = USAGE_COLUMNS if args.columns is None else args.columns
    made: dict[str, Callable[[SessionRow, Usage], Any]] = {
        **_COLUMN_VALUES,
        "root_id": lambda row, _: lineage.root_id(row),
    }
    return {name: [made[name](row, part) for row, part in rows] for name in wanted}


_COLUMN_VALUES: dict[str, Callable[[SessionRow, Usage], Any]] = {
    "session_id": lambda row, _: row.id,
    "root_id": lambda row, _: row.id,
    "source": lambda row, _: row.source,
    "model": lambda _, part: part.model,
    "provider": lambda _, part: part.provider,
    "billing_mode": lambda _, part: part.billing_mode,
    "task": lambda _, part: part.task or MAIN,
    "attributed": lambda _, part: part.is_attributed,
    "api_calls": lambda _, part: part.api_calls,
    "input_tokens": lambda _, part: part.input,
    "output_tokens": lambda _, part: part.output,
    "cache_read_tokens": lambda _, part: part.cache_read,
    "cache_write_tokens": lambda _, part: part.cache_write,
    "reasoning_tokens": lambda _, part: part.reasoning,
    "cost_usd": lambda _, part: money.price(part).usd,
    "cost_status": lambda _, part: money.price(part).kind,
    # Zero stands for "not known" wherever Hermes does not say what kind of figure it is.
    "estimated_cost_usd": lambda _, part: (
        part.estimated_usd if part.status in ("estimated", "included") else part.estimated_usd or None
    ),
    "actual_cost_usd": lambda _, part: part.actual_usd or None,
    "first_seen": lambda _, part: instant(part.first_seen),
    "last_seen": lambda _, part: instant(part.last_seen),
    "session_started_at": lambda row, _: moment(row.started_at),
}
USAGE_COLUMNS = tuple(_COLUMN_VALUES)


# -- the table


class _Chunk(NamedTuple):
    """Some rows in sequence by their rowids, and what was theirs when they were read.

    It begins at the rowid `first` and ends where the next chunk begins.
    """

    first: int
    fingerprint: tuple[Any, ...]
    rows: Mapping[int, Usage]


_FIRST, _LAST = -(2**63), 2**63 - 1
_NO_ROWS: Mapping[int, Usage] = {}


class _Table:
    """The rows of `session_model_usage`; SQLite says which chunks of them changed, and only those are read again.

    A chunk's fingerprint is the number of its rows and the sums of their numbers. Whatever Hermes does moves
    it: insertions and deletions that number, a call the counters (which only grow) and `last_seen`. What
    another program does to a text alone is found by a sweep: with each change, one more chunk is read again
    whatever its fingerprint says.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._identity: Hashable = None
        self._chunks: list[_Chunk] = []
        self._swept = 0
        self._sessions: Mapping[str, Mapping[int, Usage]] = {}

    def current(self, identity: Hashable) -> Mapping[str, Mapping[int, Usage]]:
        """The rows of each session by their rowids; for a session whose rows are as before, the same object.

        Args:
            identity: Which file it is; nothing read from another one is kept.
        """
        if identity != self._identity:
            self._identity, self._chunks, self._sessions = identity, [], {}
        try:
            chunks = self._refreshed()
        except DatabaseMissing:
            chunks = []
        kept = {id(chunk) for chunk in self._chunks} & {id(chunk) for chunk in chunks}
        before = _rows(chunk for chunk in self._chunks if id(chunk) not in kept)
        after = _rows(chunk for chunk in chunks if id(chunk) not in kept)
        self._sessions = _updated(self._sessions, before, after)
        self._chunks = chunks
        return self._sessions

    def _refreshed(self) -> list[_Chunk]:
        if not self._chunks:
            return self._read(_FIRST, _LAST)
        lasts = [chunk.first - 1 for chunk in self._chunks[1:]] + [_LAST]
        ranges = [(chunk.first, last) for chunk, last in zip(self._chunks, lasts, strict=True)]
        fingerprints: list[tuple[Any, ...]] = []
        pace = Pace(rows=16, least=1)
        while len(fingerprints) < len(ranges):
            with pace.step() as limit:
                some = ranges[len(fingerprints) : len(fingerprints) + limit]
                fingerprints += self._database.read(partial(_read_fingerprints, ranges=some))
        self._swept = (self._swept + 1) % len(self._chunks)
        chunks: list[_Chunk] = []
        for index, (chunk, fingerprint) in enumerate(zip(self._chunks, fingerprints, strict=True)):
            is_same = fingerprint == chunk.fingerprint and index != self._swept
            chunks += [chunk] if is_same else self._read(*ranges[index])
        return chunks

    def _read(self, first: int, last: int) -> list[_Chunk]:
        chunks: list[_Chunk] = []
        following: int | None = first
        while following is not None:
            begin = following
            rows, fingerprint, following = self._database.read(
                partial(_read_chunk, first=begin, last=last, limit=CHUNK_ROWS)
            )
            chunks.append(_Chunk(begin, fingerprint, {row[0]: _usage(row[1:]) for row in rows}))
        return chunks


def _rows(chunks: Iterable[_Chunk]) -> dict[int, Usage]:
    return {rowid: row for chunk in chunks for rowid, row in chunk.rows.items()}


def _updated(
    sessions: Mapping[str, Mapping[int, Usage]], before: Mapping[int, Usage], after: Mapping[int, Usage]
) -> Mapping[str, Mapping[int, Usage]]:
    """The rows by session, once those of `before` have given way to those of `after`."""
    gone = {rowid: row for rowid, row in before.items() if after.get(rowid) != row}
    come = {rowid: row for rowid, row in after.items() if before.get(rowid) != row}
    if not gone and not come:
        return sessions
    touched: dict[str, dict[int, Usage]] = {
        row.session_id: dict(sessions.get(row.session_id, _NO_ROWS))
        for rows in (gone, come)
        for row in rows.values()
    }
    for rowid, row in gone.items():
        del touched[row.session_id][rowid]
    for rowid, row in come.items():
        touched[row.session_id][rowid] = row
    found = {**sessions, **{session_id: dict(sorted(rows.items())) for session_id, rows in touched.items()}}
    return {session_id: rows for session_id, rows in found.items() if rows}


_COLUMNS = (
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
    "model",
    "billing_provider",
    "billing_mode",
    "task",
    "first_seen",
    "last_seen",
)
_SUMMED = (*_COLUMNS[1:9], "last_seen")


def _read_fingerprints(
    connection: sqlite3.Connection, schema: Schema, ranges: Iterable[tuple[int, int]]
) -> list[tuple[Any, ...]]:
    if not schema.has("session_model_usage"):
        return [(schema.version,) for _ in ranges]
    return [_fingerprint(connection, schema, first, last) for first, last in ranges]


def _read_chunk(
    connection: sqlite3.Connection, schema: Schema, first: int, last: int, limit: int
) -> tuple[list[tuple[Any, ...]], tuple[Any, ...], int | None]:
    """At most so many rows, their fingerprint, and the first rowid of those that follow."""
    if not schema.has("session_model_usage"):
        return [], (schema.version,), None
    rows = connection.execute(
        f"SELECT rowid, {schema.select('session_model_usage', _COLUMNS)} FROM session_model_usage"
        " WHERE rowid BETWEEN ? AND ? ORDER BY rowid LIMIT ?",
        (first, last, limit + 1),
    ).fetchall()
    following = rows.pop()[0] if len(rows) > limit else None
    until = last if following is None else following - 1
    return rows, _fingerprint(connection, schema, first, until), following


def _fingerprint(connection: sqlite3.Connection, schema: Schema, first: int, last: int) -> tuple[Any, ...]:
    sums = ", ".join(
        # total() and not sum(), which fails where damaged numbers overflow.
        f"total({column})"
        for column in ("rowid", *_SUMMED)
        if column == "rowid" or schema.has("session_model_usage", column)
    )
    row: tuple[Any, ...] = connection.execute(
        f"SELECT count(*), {sums} FROM session_model_usage WHERE rowid BETWEEN ? AND ?", (first, last)
    ).fetchone()
    return (schema.version, *row)


def _usage(raw: tuple[Any, ...]) -> Usage:
    return Usage(
        session_id=text(raw[0]) or "",
        input=count(raw[1]),
        output=count(raw[2]),
        cache_read=count(raw[3]),
        cache_write=count(raw[4]),
        reasoning=count(raw[5]),
        api_calls=count(raw[6]),
        estimated_usd=number(raw[7]),
        actual_usd=number(raw[8]),
        status=_word(raw[9]),
        model=_word(raw[10]) or NO_MODEL,
        provider=_word(raw[11]) or None,
        billing_mode=_word(raw[12]) or None,
        task=_word(raw[13]) or "",
        first_seen=number(raw[14]),
        last_seen=number(raw[15]),
    )


def _word(value: Any) -> str | None:
    """A text of which there are few different ones: each is kept once."""
    found = text(value)
    return None if found is None else sys.intern(found)
