"""The costs: what Hermes stored about them, by day, model, task and source, each kind of figure for itself."""

from __future__ import annotations

from calendar import monthrange
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any, Literal, TypeVar

from pydantic import Field

from hermes_hud_widget.day import midnight, zone
from hermes_hud_widget.frames import Column, Frame, FrameArguments
from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.ledger.ledger import Ledger
from hermes_hud_widget.ledger.money import FIGURES, Sum
from hermes_hud_widget.ledger.rows import ConversationCost, Cost, Figure, Spending, Tokens
from hermes_hud_widget.ledger.usage import MAIN, Day
from hermes_hud_widget.ledger.values import count
from hermes_hud_widget.panel import Panel, Payload, Query, Until
from hermes_hud_widget.sources import Config, Settings, StateDb
from hermes_hud_widget.views import view

SPANS = (1, 7, 30, 0)
"""In days; 0 is all time."""

GROUPS_SHOWN = 30
MODELS_APART = 4
"""Of so many models, the dearest, each period tells what they cost."""
PROJECT_CHARS = 300
CONVERSATIONS_SHOWN = 8
MOST_PERIODS = 92
"""So many columns at most; longer spans have weeks, months or years instead of days."""

Unit = Literal["day", "week", "month", "year"]
ModelName = tuple[str, str | None]
K = TypeVar("K")


class CostsQuery(Query):
    """Which span a viewer asks for."""

    days: int = Field(
        30,
        ge=0,
        le=36_500,
        description="Calendar days in the home's zone, today the last of them; 0: all time",
    )


@frozen
class CostKind:
    """What a sum holds of one kind of figure.

    Attributes:
        status: `actual`: charged · `estimated`: Hermes' estimate from list prices · `included`: paid by a
            subscription · `unknown`: no price is known.
        usd: None where the calls cost nothing extra (`included`) or where nobody knows (`unknown`).
        tokens: Input, cache and output; 0 where only the dollars are of this kind: Hermes estimated some
            calls of a part whose last call was of another kind, which all its tokens are counted under.
        sessions: How many sessions have some of it.
    """

    status: Figure
    usd: float | None
    tokens: int
    api_calls: int
    sessions: int


@frozen
class CostFigures:
    """What sessions spent, auxiliary tasks included.

    Attributes:
        sessions: How many sessions it is of; one that used two models is counted at both.
        cost: The sum of what is known.
        kinds: The same by kind of figure, the surest first.
    """

    sessions: int
    cost: Cost
    kinds: tuple[CostKind, ...]
    tokens: Tokens
    api_calls: int


@frozen
class CostSpan:
    """One span to choose.

    Attributes:
        days: Calendar days, today the last of them; 0: all time.
        since: Its first midnight, in UTC; None: all time.
    """

    days: int
    since: datetime | None
    spending: Spending


@frozen
class CostCoverage:
    """For how much of it the price is known; what a subscription includes counts as known.

    Attributes:
        sessions: Those that used a model.
        priced_sessions: Those of them in which nothing is of unknown price.
    """

    tokens: int
    priced_tokens: int
    sessions: int
    priced_sessions: int


@frozen
class CostShare:
    """A share, from 0 to 1, of the tokens and of the known cost; None: there are none."""

    tokens: float | None
    usd: float | None


@frozen
class CostModel:
    """One model at one provider (`session_model_usage.model`, `.billing_provider`)."""

    model: str
    provider: str | None
    figures: CostFigures


@frozen
class CostTask:
    """What models were called for: `main` is the agent's own loop, all others are auxiliary."""

    task: str
    figures: CostFigures


@frozen
class CostSource:
    """Where sessions came from (`sessions.source`)."""

    source: str
    figures: CostFigures


@frozen
class CostProject:
    """Where sessions worked.

    Attributes:
        project: The root of the git repository (`sessions.git_repo_root`), else the directory (`sessions.cwd`); None:
            Hermes noted none.
    """

    project: str | None
    figures: CostFigures


@frozen
class CostPart:
    """What one model cost in a period.

    Attributes:
        model: Its place among the panel's `models`, the first four of them; None: all others.
        usd: None where nothing is known of it.
        has_unknown: True if some of it is of unknown price.
    """

    model: int | None
    usd: float | None
    tokens: int
    has_unknown: bool


@frozen
class CostPeriod:
    """A day, week, month or year; weeks begin on Monday."""

    starts_on: date
    sessions: int
    kinds: tuple[CostKind, ...]
    models: tuple[CostPart, ...]


@frozen
class CostMonth:
    """The calendar month that goes on, for a budget.

    Attributes:
        starts_on: Its first day, in the home's zone.
        days: How many it has.
        elapsed_days: How many of them are over, today as far as it is.
        cost: Of the sessions that started in it.
        today: Of those that started today.
    """

    starts_on: date
    days: int
    elapsed_days: float
    cost: Cost
    today: Cost


@frozen
class CostsLeftOut:
    """How many groups there are beyond those listed."""

    models: int
    tasks: int
    sources: int
    projects: int


class Costs(Payload):
    """What the costs panel shows: costs as Hermes stored them, never priced again.

    Attributes:
        timezone: Whose days these are: config `timezone`, else the server's zone.
        rule: What a session spent belongs to the day on which it started, as in the overview and in
            `hermes insights`.
        days: The span asked for, in calendar days; 0: all time.
        since: Its first midnight, in UTC; None: all time.
        spans: The sums of all spans that can be chosen.
        total: The span's sum.
        cache_hit_rate: The share of the prompts' tokens that came from the cache; None: there are none.
        auxiliary: What of it was spent on auxiliary tasks, such as titles and summaries.
        models: The dearest first, as are `tasks`, `sources` and `projects`.
        periods: Without gaps, oldest first; what is older or from the future is counted in the first or last.
        unit: How long each of them is.
        dearest: The conversations that cost most, as far as their price is known.
        month: What was spent in this calendar month, whatever span is asked for.
    """

    timezone: str
    rule: Literal["session-start"]
    days: int
    since: datetime | None
    spans: tuple[CostSpan, ...]
    total: CostFigures
    coverage: CostCoverage
    cache_hit_rate: float | None
    auxiliary: CostShare
    models: tuple[CostModel, ...]
    tasks: tuple[CostTask, ...]
    sources: tuple[CostSource, ...]
    projects: tuple[CostProject, ...]
    left_out: CostsLeftOut
    unit: Unit
    periods: tuple[CostPeriod, ...]
    dearest: tuple[ConversationCost, ...]
    month: CostMonth

    def is_empty(self) -> bool:
        return self.spans[-1].spending.sessions == 0


def collect(state: Ledger | None, config: Settings, query: CostsQuery, now: datetime) -> Costs | Until:
    """The spending of one span."""
    where, zone_name = zone(config.text("timezone"))
    days = state.days(where) if state else {}
    since = _since(query.days, now, where)
    today = now.astimezone(where).date()
    first = _first(query.days, today)
    chosen = {day: spent for day, spent in days.items() if first is None or day >= first}
    total = _total(chosen.values())
    models = _groups(day.models for day in chosen.values())
    tasks = _groups(day.tasks for day in chosen.values())
    sources = _groups(day.sources for day in chosen.values())
    projects = _groups(day.projects for day in chosen.values())
    by_model = _dearest(models)
    unit, periods = _periods(chosen, [name for name, _ in by_model[:MODELS_APART]], first, today)
    costs = Costs(
        timezone=zone_name,
        rule="session-start",
        days=query.days,
        since=since,
        spans=tuple(_span(span, days, now, where) for span in SPANS),
        total=_figures(total),
        coverage=_coverage(total),
        cache_hit_rate=_cache_hit_rate(total.tokens()),
        auxiliary=_auxiliary(tasks, total),
        models=tuple(CostModel(*name, _figures(spent)) for name, spent in by_model),
        tasks=tuple(CostTask(name, _figures(spent)) for name, spent in _dearest(tasks)),
        sources=tuple(CostSource(name, _figures(spent)) for name, spent in _dearest(sources)),
        projects=tuple(
            CostProject(name[:PROJECT_CHARS] or None, _figures(spent)) for name, spent in _dearest(projects)
        ),
        left_out=CostsLeftOut(
            *(max(0, len(groups) - GROUPS_SHOWN) for groups in (models, tasks, sources, projects))
        ),
        unit=unit,
        periods=periods,
        dearest=state.dearest(since, CONVERSATIONS_SHOWN) if state else (),
        month=_month(days, now, where),
    )
    return Until(costs, midnight(now, where, days=1))


# -- spans


def _since(days: int, now: datetime, where: tzinfo) -> datetime | None:
    return midnight(now, where, days=1 - days) if days else None


def _first(days: int, today: date) -> date | None:
    return today - timedelta(days=days - 1) if days else None


def _span(span: int, days: Mapping[date, Day], now: datetime, where: tzinfo) -> CostSpan:
    first = _first(span, now.astimezone(where).date())
    spent = _total(summed for day, summed in days.items() if first is None or day >= first)
    spending = Spending(spent.sessions, spent.tokens(), spent.cost())
    return CostSpan(span, _since(span, now, where), spending)


def _month(days: Mapping[date, Day], now: datetime, where: tzinfo) -> CostMonth:
    here = now.astimezone(where)
    first = here.date().replace(day=1)
    length = monthrange(first.year, first.month)[1]
    begun = (now - midnight(now, where)) / (midnight(now, where, days=1) - midnight(now, where))
    spent = _total(summed for day, summed in days.items() if first <= day <= here.date())
    today = _total(summed for day, summed in days.items() if day == here.date())
    return CostMonth(first, length, here.day - 1 + begun, spent.cost(), today.cost())


def _periods(
    days: Mapping[date, Day], apart: Sequence[ModelName], first: date | None, today: date
) -> tuple[Unit, tuple[CostPeriod, ...]]:
    """Without gaps, oldest first; `apart` are the models of which each tells."""
    first = min(first or min(days, default=today), today)
    units: tuple[Unit, ...] = ("day", "week", "month", "year")
    for unit in units:
        starts = [_start(first, unit)]
        last = _start(today, unit)
        # One that takes too many is given up at once: a damaged time may lie thousands of years back.
        while starts[-1] < last and (unit == units[-1] or len(starts) <= MOST_PERIODS):
            starts.append(_start(starts[-1] + timedelta(days=_LONGEST[unit]), unit))
        if len(starts) <= MOST_PERIODS:
            break
    starts = starts[-MOST_PERIODS:]
    sums = {start: Sum() for start in starts}
    parts: dict[date, defaultdict[int | None, Sum]] = {start: defaultdict(Sum) for start in starts}
    places = {name: place for place, name in enumerate(apart)}
    for day, spent in days.items():
        start = max(starts[0], min(starts[-1], _start(day, unit)))
        sums[start].add(spent.total)
        for name, sum_ in spent.models.items():
            parts[start][places.get(name)].add(sum_)
    return unit, tuple(
        CostPeriod(start, spent.sessions, _kinds(spent), _parts(parts[start]))
        for start, spent in sums.items()
    )


def _parts(models: Mapping[int | None, Sum]) -> tuple[CostPart, ...]:
    ordered = sorted(
        models.items(), key=lambda item: len(models) + MODELS_APART if item[0] is None else item[0]
    )
    return tuple(
        CostPart(place, spent.cost().usd, spent.tokens().total, "unknown" in spent.amounts)
        for place, spent in ordered
    )


_LONGEST: dict[Unit, int] = {"day": 1, "week": 7, "month": 31, "year": 366}
"""In days."""


def _start(day: date, unit: Unit) -> date:
    match unit:
        case "day":
            return day
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
        case "year":
            return day.replace(month=1, day=1)


# -- sums


def _total(days: Iterable[Day]) -> Sum:
    total = Sum()
    for day in days:
        total.add(day.total)
    return total


def _groups(days: Iterable[Mapping[K, Sum]]) -> dict[K, Sum]:
    groups: defaultdict[K, Sum] = defaultdict(Sum)
    for day in days:
        for name, spent in day.items():
            groups[name].add(spent)
    return groups


def _dearest(groups: Mapping[K, Sum]) -> list[tuple[K, Sum]]:
    def rank(item: tuple[K, Sum]) -> tuple[float, int, str]:
        name, spent = item
        return (-(spent.cost().usd or 0.0), -spent.tokens().total, str(name))

    return sorted(groups.items(), key=rank)[:GROUPS_SHOWN]


def _figures(spent: Sum) -> CostFigures:
    return CostFigures(spent.sessions, spent.cost(), _kinds(spent), spent.tokens(), spent.api_calls())


def _kinds(spent: Sum) -> tuple[CostKind, ...]:
    return tuple(
        CostKind(
            status=figure,
            usd=amount.usd if figure in ("actual", "estimated") else None,
            tokens=amount.tokens.total,
            api_calls=amount.api_calls,
            sessions=amount.sessions,
        )
        for figure in FIGURES
        if (amount := spent.amounts.get(figure)) is not None
    )


def _coverage(spent: Sum) -> CostCoverage:
    unknown = spent.amounts.get("unknown")
    tokens = spent.tokens().total
    return CostCoverage(
        tokens=tokens,
        priced_tokens=tokens - unknown.tokens.total if unknown else tokens,
        sessions=spent.used,
        priced_sessions=spent.used - unknown.sessions if unknown else spent.used,
    )


def _cache_hit_rate(tokens: Tokens) -> float | None:
    return _share(tokens.cache_read, tokens.input + tokens.cache_read + tokens.cache_write)


def _auxiliary(tasks: Mapping[str, Sum], total: Sum) -> CostShare:
    auxiliary = Sum()
    for task, spent in tasks.items():
        if task != MAIN:
            auxiliary.add(spent)
    return CostShare(
        tokens=_share(auxiliary.tokens().total, total.tokens().total),
        usd=_share(auxiliary.cost().usd or 0.0, total.cost().usd or 0.0),
    )


def _share(part: float, of: float) -> float | None:
    return part / of if of > 0 else None


# -- frames


def _fill_usage(state: Ledger | None, args: FrameArguments) -> dict[str, list[Any]]:
    return state.usage_columns(args) if state else {column.name: [] for column in USAGE_COLUMNS}


def _fill_daily(state: Ledger | None, config: Settings, args: FrameArguments) -> dict[str, list[Any]]:
    where, _ = zone(config.text("timezone"))
    rows = [
        (day, starts_at, model, provider, figure, spent)
        for day, summed in (state.days(where) if state else {}).items()
        if args.holds(starts_at := datetime.combine(day, time(), where))
        for (model, provider), sums in sorted(summed.models.items(), key=lambda item: str(item[0]))
        for figure in FIGURES
        if (spent := sums.amounts.get(figure)) is not None
    ]
    if args.limit is not None:
        rows = rows[max(0, len(rows) - args.limit) :]
    wanted = _DAILY if args.columns is None else args.columns
    return {name: [_DAILY[name](*row) for row in rows] for name in wanted}


def _of(index: int) -> Callable[..., Any]:
    return lambda *row: row[index]


def _counted(index: int) -> Callable[..., int]:
    return lambda *row: count(row[5].counts[index])


_DAILY: dict[str, Callable[..., Any]] = {
    "day": _of(0),
    "day_starts_at": _of(1),
    "model": _of(2),
    "provider": _of(3),
    "cost_status": _of(4),
    "cost_usd": lambda *row: None if row[4] == "unknown" else row[5].usd,
    "sessions": lambda *row: row[5].sessions,
    "api_calls": lambda *row: count(row[5].api_calls),
    "input_tokens": _counted(0),
    "output_tokens": _counted(1),
    "cache_read_tokens": _counted(2),
    "cache_write_tokens": _counted(3),
    "reasoning_tokens": _counted(4),
}

_MODEL = Column(
    "model",
    "category",
    "The model called; unknown where Hermes did not note it",
    source="state.db: session_model_usage.model, sessions.model",
)
_PROVIDER = Column(
    "provider",
    "category",
    "Whom it was called at; missing: not noted",
    source="state.db: session_model_usage.billing_provider, sessions.billing_provider",
)
_TOKENS = (
    Column("input_tokens", "integer", "Input, without the cache", unit="tokens"),
    Column("output_tokens", "integer", "Output, reasoning included", unit="tokens"),
    Column("cache_read_tokens", "integer", "Input read from the provider's cache", unit="tokens"),
    Column("cache_write_tokens", "integer", "Input written to the provider's cache", unit="tokens"),
    Column("reasoning_tokens", "integer", "Reasoning, part of output_tokens", unit="tokens"),
)

USAGE_COLUMNS = (
    Column("session_id", "text", "The session", is_identifier=True),
    Column(
        "root_id",
        "text",
        "The first piece of its conversation (equal to session_id if never compressed into a child)",
        is_identifier=True,
        source="computed",
    ),
    Column(
        "source",
        "category",
        "Where the session came from: cli, telegram, cron, …",
        source="state.db: sessions.source",
    ),
    Column(
        "project",
        "text",
        "The root of the git repository that the session worked in, else its directory; missing: not noted",
        is_identifier=True,
        source="state.db: sessions.git_repo_root, sessions.cwd",
    ),
    _MODEL,
    _PROVIDER,
    Column(
        "billing_mode",
        "category",
        "How it is billed, such as subscription_included; missing: not noted",
        source="state.db: session_model_usage.billing_mode, sessions.billing_mode",
    ),
    Column(
        "task", "category", "main: the agent's own loop; else the auxiliary task, such as title_generation"
    ),
    Column(
        "attributed",
        "boolean",
        "False: what only the session's own counters hold, counted under its own model and task main",
        source="computed",
    ),
    Column(
        "api_calls", "integer", "Calls of the model", source="state.db: session_model_usage.api_call_count"
    ),
    *_TOKENS,
    Column(
        "cost_usd",
        "number",
        "The actual cost where Hermes knows it, else its estimate; 0 if a subscription includes it; missing: unknown",
        unit="USD",
        source="computed",
    ),
    Column(
        "cost_status",
        "category",
        "What kind of figure that is: actual, estimated, included, unknown; mixed: the cost of only some of the"
        " calls is known; missing: nothing was used",
        source="computed",
    ),
    Column("estimated_cost_usd", "number", "Hermes' estimate; missing: none", unit="USD"),
    Column("actual_cost_usd", "number", "What the provider charged; missing: not known", unit="USD"),
    Column("first_seen", "instant", "Its first call; missing where attributed is False"),
    Column("last_seen", "instant", "Its last call; missing where attributed is False"),
    Column(
        "session_started_at", "instant", "When the session started", source="state.db: sessions.started_at"
    ),
)

DAILY_COLUMNS = (
    Column(
        "day",
        "day",
        "The day on which the sessions started, in the home's zone (attrs['timezone']), without a time of its own",
    ),
    Column("day_starts_at", "instant", "Its midnight"),
    replace(_MODEL, source=None),
    replace(_PROVIDER, source=None),
    Column("cost_status", "category", "The kind of figure: actual, estimated, included or unknown"),
    Column(
        "cost_usd", "number", "The sum; 0 where a subscription includes it; missing where unknown", unit="USD"
    ),
    Column("sessions", "integer", "Sessions with some of it; not to be added up over rows of one day"),
    Column("api_calls", "integer", "Calls of the model"),
    *_TOKENS,
)

PANEL = Panel(
    "costs",
    "Costs",
    collect,
    titles={"zh": "费用"},
    icon="costs",
    group="models",
    query=CostsQuery,
    frames=(
        Frame(
            "model_usage",
            USAGE_COLUMNS,
            _fill_usage,
            time="session_started_at",
            by_session=True,
            about="One row for each session, model, provider, billing mode and task, and one for what is in none"
            " of them; the session started last first",
            source="state.db: session_model_usage",
        ),
        Frame(
            "costs_daily",
            DAILY_COLUMNS,
            _fill_daily,
            time="day_starts_at",
            about="One row for each day, model, provider and kind of figure, oldest first; days without spending"
            " have none",
            source="computed from model_usage",
        ),
    ),
    view=view("costs"),
    state=StateDb(),
    config=Config(),
)
