"""What each session spent on which model and task: `session_model_usage`, and what no row of it accounts for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from heapq import nlargest
from operator import attrgetter
from typing import Any, NamedTuple

from hermes_hud_widget.ledger import money
from hermes_hud_widget.ledger.columns import Arguments, sessions_asked_for
from hermes_hud_widget.ledger.kept import Kept, whole
from hermes_hud_widget.ledger.lineage import SessionRow
from hermes_hud_widget.ledger.money import Sum, Usage
from hermes_hud_widget.ledger.records import Record
from hermes_hud_widget.ledger.values import instant, moment

MAIN = "main"
"""The agent's own loop among the tasks; `task` is empty there in `session_model_usage`."""

MOST_SPANS = 4
"""Of so many spans the dearest conversations are kept."""


class SessionUsage(NamedTuple):
    """What one session spent.

    Attributes:
        parts: Its rows of `session_model_usage`, and what its own counters hold beyond them.
        usd: What is known of its cost, in US dollars; None: nothing.
    """

    record: Record
    parts: tuple[Usage, ...]
    usd: float | None


class Day(NamedTuple):
    """What the sessions spent that started on one day, in all and in groups; nobody may change these sums.

    Attributes:
        models: By model and provider; a session is counted in each group that it has a part in.
        tasks: By task, `main` among them.
        sources: By the session's source.
        projects: By the root of the git repository that the session worked in, else its directory; "": not known.
    """

    total: Sum
    models: Mapping[tuple[str, str | None], Sum]
    tasks: Mapping[str, Sum]
    sources: Mapping[str, Sum]
    projects: Mapping[str, Sum]


class Usages:
    """What the sessions spent; after a change only what it concerns is summed up again. Not thread-safe."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self._sessions: dict[str, SessionUsage] = {}
        self._calendar: _Calendar | None = None
        self._prices: dict[float, _Prices] = {}

    def of(self, session_id: str) -> SessionUsage:
        """What a session spent."""
        record = self._kept.records[session_id]
        known = self._sessions.get(session_id)
        if known is None or known.record is not record:
            known = self._sessions[session_id] = session_usage(record)
        return known

    def days(self, where: tzinfo) -> Mapping[date, Day]:
        """By the calendar day, in that zone, on which each session started, ascending; days without are missing."""
        if self._calendar is None or self._calendar.where != where:
            if self._calendar is not None:
                self._kept.unfollow(self._calendar.pending)
            self._calendar = _Calendar(self._kept, where)
        return self._calendar.days(self.of)

    def dearest(self, since: float, limit: int) -> list[tuple[str, list[SessionUsage]]]:
        """The conversations, by their first piece's id, whose pieces started since then cost most.

        With these pieces. Those of unknown price are left out.
        """
        prices = self._prices.pop(since, None) or _Prices(self._kept, since)
        self._prices[since] = prices
        if len(self._prices) > MOST_SPANS:
            self._kept.unfollow(self._prices.pop(next(iter(self._prices))).pending)
        return prices.dearest(limit, self.of)


def session_usage(record: Record) -> SessionUsage:
    """What the session of that record spent."""
    own = record.usage
    rest = money.residual(whole(record.row), own) if own else whole(record.row)
    has_rest = not rest.is_nothing() or rest.reasoning or rest.estimated_usd or rest.actual_usd
    parts = (*own, rest) if has_rest else own
    return SessionUsage(record, parts, money.cost(parts).usd)


def _start(session: SessionUsage) -> tuple[float, str]:
    return (session.record.row.started_at, session.record.row.id)


_Of = Callable[[str], SessionUsage]


class _Calendar:
    """The days, of which only those are summed up again in which a session changed."""

    def __init__(self, kept: Kept, where: tzinfo) -> None:
        self.where = where
        self._kept = kept
        self.pending = kept.follow()
        self._dates: dict[str, date] = {}
        self._members: defaultdict[date, set[str]] = defaultdict(set)
        self._days: dict[date, Day] = {}

    def days(self, of: _Of) -> Mapping[date, Day]:
        changed: set[date] = set()
        for session_id in self.pending:
            before = self._dates.pop(session_id, None)
            if before is not None:
                self._members[before].discard(session_id)
                changed.add(before)
            record = self._kept.records.get(session_id)
            if record is not None:
                day = self._dates[session_id] = _date(record.row.started_at, self.where)
                self._members[day].add(session_id)
                changed.add(day)
        self.pending.clear()
        if changed:
            days = {day: spent for day, spent in self._days.items() if day not in changed}
            days.update(
                # In the order of `Kept.started_since`, which decides the last digit of a sum.
                (day, _day(sorted(map(of, self._members[day]), key=_start)))
                for day in changed
                if self._members[day]
            )
            self._days = dict(sorted(days.items()))
        return self._days


class _Prices:
    """What each conversation cost, as far as its pieces started since an instant."""

    def __init__(self, kept: Kept, since: float) -> None:
        self._kept = kept
        self._since = since
        self.pending = kept.follow()
        self._roots: dict[str, str] = {}
        self._pieces: defaultdict[str, set[str]] = defaultdict(set)
        self._prices: dict[str, float] = {}

    def dearest(self, limit: int, of: _Of) -> list[tuple[str, list[SessionUsage]]]:
        changed: set[str] = set()
        for session_id in self.pending:
            before = self._roots.pop(session_id, None)
            if before is not None:
                self._pieces[before].discard(session_id)
                changed.add(before)
            record = self._kept.records.get(session_id)
            if record is not None and record.row.started_at >= self._since:
                root_id = self._roots[session_id] = self._kept.lineage.root_id(record.row)
                self._pieces[root_id].add(session_id)
                changed.add(root_id)
        self.pending.clear()
        for root_id in changed:
            usd = sum(of(piece).usd or 0.0 for piece in sorted(self._pieces[root_id]))
            if usd > 0:
                self._prices[root_id] = usd
            else:
                self._prices.pop(root_id, None)
        found = nlargest(limit, self._prices, key=lambda root_id: (self._prices[root_id], root_id))
        return [(root_id, [of(piece) for piece in sorted(self._pieces[root_id])]) for root_id in found]


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
    projects: defaultdict[str, Sum] = defaultdict(Sum)
    for session in sessions:
        total.add_session(session.parts)
        if not session.parts:
            continue
        row = session.record.row
        sources[row.source].add_session(session.parts)
        projects[row.git_repo_root or row.cwd or ""].add_session(session.parts)
        for model, parts in _grouped(session.parts, attrgetter("model", "provider")):
            models[model].add_session(parts)
        for task, parts in _grouped(session.parts, attrgetter("task")):
            tasks[task or MAIN].add_session(parts)
    return Day(total, dict(models), dict(tasks), dict(sources), dict(projects))


def _grouped(parts: Sequence[Usage], key: Callable[[Usage], Any]) -> Iterable[tuple[Any, Sequence[Usage]]]:
    if len(parts) == 1:
        return ((key(parts[0]), parts),)
    groups: dict[Any, list[Usage]] = {}
    for part in parts:
        groups.setdefault(key(part), []).append(part)
    return groups.items()


# -- columns


def usage_columns(kept: Kept, usages: Usages, args: Arguments) -> dict[str, list[Any]]:
    """One row for each part of what a session spent, the session started last first; for DataFrames."""
    chosen = sessions_asked_for(kept, args)
    rows = [(row, part) for row in chosen for part in usages.of(row.id).parts][: args.limit]
    wanted = USAGE_COLUMNS if args.columns is None else args.columns
    made: dict[str, Callable[[SessionRow, Usage], Any]] = {
        **_COLUMN_VALUES,
        "root_id": lambda row, _: kept.lineage.root_id(row),
    }
    return {name: [made[name](row, part) for row, part in rows] for name in wanted}


_COLUMN_VALUES: dict[str, Callable[[SessionRow, Usage], Any]] = {
    "session_id": lambda row, _: row.id,
    "root_id": lambda row, _: row.id,
    "source": lambda row, _: row.source,
    "project": lambda row, _: row.git_repo_root or row.cwd or None,
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
