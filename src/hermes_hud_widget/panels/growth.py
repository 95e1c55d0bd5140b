"""How the agent has grown: counts of today beside those that we kept of earlier days, any two days compared."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from pydantic import Field

from hermes_hud_widget.day import midnight, zone
from hermes_hud_widget.frames import Column, Frame, FrameArguments
from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.ledger.ledger import Ledger
from hermes_hud_widget.ledger.money import Sum
from hermes_hud_widget.ledger.rows import Cost
from hermes_hud_widget.panel import Panel, Payload, Query, Until
from hermes_hud_widget.panels.cron import PANEL as CRON
from hermes_hud_widget.panels.cron import number_of_jobs
from hermes_hud_widget.panels.memory import MEMORY_FILE, USER_FILE
from hermes_hud_widget.panels.skills import PANEL as SKILLS
from hermes_hud_widget.panels.skills import Skills, SkillsQuery
from hermes_hud_widget.panels.skills import collect as collect_skills
from hermes_hud_widget.sources import Diary, EntriesFile, Page, Pages, Rows, Settings, StateDb, Tree
from hermes_hud_widget.views import view

DRAWN_DAYS = 90
"""So many days are drawn as lines: the newest."""
LISTED_DAYS = 1_000
"""So many days can be chosen: the newest."""


class GrowthQuery(Query):
    """Which two days a viewer compares."""

    earlier: date | None = Field(
        None, description="The last kept day up to this one; null: the day before `later`"
    )
    later: date | None = Field(None, description="The last kept day up to this one; null: now")


@frozen
class GrowthFigures:
    """Counts at one moment; None: not known, as of a day on which it was not counted yet.

    Attributes:
        sessions: Conversations that Hermes lists.
        messages: Sum of `sessions.message_count` over all sessions; a compaction makes it smaller.
        tool_calls: Sum of `sessions.tool_call_count` over all sessions.
        tokens: Input, cache and output of all sessions, auxiliary tasks included.
        cost_usd: What is known of their cost, as Hermes stored it.
        memory_entries: Entries of MEMORY.md.
        memory_chars: Characters of MEMORY.md that are used, as Hermes counts them.
        user_entries: Entries of USER.md.
        user_chars: Characters of USER.md that are used.
        skills: Skills that Hermes lists.
        own_skills: Those of them that came neither with Hermes nor from a hub: the agent's and the user's.
        cron_jobs: Scheduled jobs, paused ones included.
    """

    sessions: int | None = None
    messages: int | None = None
    tool_calls: int | None = None
    tokens: int | None = None
    cost_usd: float | None = None
    memory_entries: int | None = None
    memory_chars: int | None = None
    user_entries: int | None = None
    user_chars: int | None = None
    skills: int | None = None
    own_skills: int | None = None
    cron_jobs: int | None = None


NAMES = tuple(GrowthFigures.__dataclass_fields__)


@frozen
class GrowthDay:
    """The figures of one day.

    Attributes:
        day: In the home's zone.
        at: When they were counted: of an earlier day, the last time that it changed.
    """

    day: date
    at: datetime
    figures: GrowthFigures


class Growth(Payload):
    """What the growth panel shows.

    Attributes:
        timezone: Whose days they are.
        now: Counted just now.
        cost: That of `now`, with what kind of figure it is; of the kept days only the dollars are known.
        earlier: The day that is compared with `later`; None when nothing was kept before it.
        later: A kept day, or now.
        drawn: The newest kept days, ascending, `now` the last of them.
        days: Days that can be chosen, ascending, today included.
        kept_in: Our own file in which the days are kept, one line each; None: nothing is kept.
    """

    timezone: str
    now: GrowthDay
    cost: Cost
    earlier: GrowthDay | None
    later: GrowthDay
    drawn: tuple[GrowthDay, ...]
    days: tuple[date, ...]
    kept_in: str | None

    def is_empty(self) -> bool:
        return len(self.days) <= 1 and not any(getattr(self.now.figures, name) for name in NAMES)


def collect(
    state: Ledger | None,
    memory: EntriesFile,
    user: EntriesFile,
    skills: Tree,
    archive: Tree,
    usage: Mapping[str, Any],
    hub: Mapping[str, Any],
    manifest: str | None,
    curator: Mapping[str, Any],
    jobs: Any,
    job_states: Rows,
    diary: Pages,
    config: Settings,
    query: GrowthQuery,
    now: datetime,
) -> Growth | Until:
    """The counts of now, and those of the days that were kept."""
    where, timezone = zone(config.text("timezone"))
    shown = collect_skills(skills, archive, usage, hub, manifest, curator, config, SkillsQuery(), now)
    listed = shown.payload if isinstance(shown, Until) else shown
    assert isinstance(listed, Skills)
    spent = Sum()
    for day in state.days(where).values() if state else ():
        spent.add(day.total)
    totals = state.totals() if state else None
    cost = spent.cost()
    counts = listed.list.counts if listed.list else None
    figures = GrowthFigures(
        sessions=totals.sessions if totals else 0,
        messages=totals.messages if totals else 0,
        tool_calls=totals.tool_calls if totals else 0,
        tokens=spent.tokens().total,
        cost_usd=cost.usd,
        memory_entries=len(memory.entries),
        memory_chars=memory.used_chars,
        user_entries=len(user.entries),
        user_chars=user.used_chars,
        skills=counts.listed if counts else None,
        own_skills=counts.agent + counts.user if counts else None,
        cron_jobs=number_of_jobs(jobs, job_states),
    )
    today = GrowthDay(now.astimezone(where).date(), now, figures)
    days = _days(diary, today)
    later = (_last_until(days, query.later) if query.later else None) or today
    before = tuple(day for day in days if day.day < later.day)
    return Until(
        Growth(
            timezone=timezone,
            now=today,
            cost=cost,
            earlier=_last_until(before, query.earlier) if query.earlier else before[-1] if before else None,
            later=later,
            drawn=days[-DRAWN_DAYS:],
            days=tuple(day.day for day in days[-LISTED_DAYS:]),
            kept_in=diary.where,
        ),
        midnight(now, where, days=1),
    )


def record(growth: Growth) -> Page | None:
    """What is kept of a day: counts, and no word of what they count."""
    if growth.is_empty():
        return None
    figures = growth.now.figures
    return Page(growth.now.day, growth.now.at, {name: getattr(figures, name) for name in NAMES})


def _days(diary: Pages, today: GrowthDay) -> tuple[GrowthDay, ...]:
    """Ascending, today the last: a clock that was put back must not make a later day than today."""
    kept = (
        GrowthDay(page.day, page.at, GrowthFigures(**{name: _figure(page, name) for name in NAMES}))
        for page in diary.pages
        if page.day < today.day
    )
    return (*kept, today)


def _figure(page: Page, name: str) -> Any:
    value = page.figures.get(name)
    return int(value) if value is not None and name != "cost_usd" else value


def _last_until(days: Sequence[GrowthDay], day: date) -> GrowthDay | None:
    at = bisect_right(days, day, key=lambda each: each.day)
    return days[at - 1] if at else None


def _fill(
    state: Ledger | None,
    memory: EntriesFile,
    user: EntriesFile,
    skills: Tree,
    archive: Tree,
    usage: Mapping[str, Any],
    hub: Mapping[str, Any],
    manifest: str | None,
    curator: Mapping[str, Any],
    jobs: Any,
    job_states: Rows,
    diary: Pages,
    config: Settings,
    args: FrameArguments,
    now: datetime,
) -> dict[str, list[Any]]:
    # Without what is kept, for the figures of now.
    found = collect(
        state,
        memory,
        user,
        skills,
        archive,
        usage,
        hub,
        manifest,
        curator,
        jobs,
        job_states,
        Pages(),
        config,
        GrowthQuery(),
        now,
    )
    growth = found.payload if isinstance(found, Until) else found
    assert isinstance(growth, Growth)
    days = [] if growth.is_empty() and not diary.pages else _days(diary, growth.now)
    rows = [day for day in days if args.holds(day.at)]
    if args.limit is not None:
        rows = rows[len(rows) - min(args.limit, len(rows)) :]
    return {
        "day": [row.day for row in rows],
        "at": [row.at for row in rows],
        "is_now": [row is growth.now for row in rows],
        **{name: [getattr(row.figures, name) for row in rows] for name in NAMES},
    }


COLUMNS = (
    Column("day", "day", "The day, in the home's zone"),
    Column("at", "instant", "When it was counted: of an earlier day, the last time that it changed"),
    Column("is_now", "boolean", "Counted for this frame; the other rows were kept", source="computed"),
    Column("sessions", "integer", "Conversations that Hermes lists"),
    Column("messages", "integer", "Messages of all sessions as they counted them"),
    Column("tool_calls", "integer", "Tool calls of all sessions as they counted them"),
    Column("tokens", "integer", "Input, cache and output, auxiliary tasks included", unit="tokens"),
    Column("cost_usd", "number", "What is known of the cost, as Hermes stored it", unit="USD"),
    Column("memory_entries", "integer", "Entries of MEMORY.md"),
    Column("memory_chars", "integer", "Characters used of MEMORY.md", unit="characters"),
    Column("user_entries", "integer", "Entries of USER.md"),
    Column("user_chars", "integer", "Characters used of USER.md", unit="characters"),
    Column("skills", "integer", "Skills that Hermes lists"),
    Column("own_skills", "integer", "Those that came neither with Hermes nor from a hub"),
    Column("cron_jobs", "integer", "Scheduled jobs, paused ones included"),
)

PANEL = Panel(
    "growth",
    "Growth",
    collect,
    titles={"zh": "成长"},
    icon="growth",
    group="history",
    query=GrowthQuery,
    frames=(
        Frame(
            "growth",
            COLUMNS,
            _fill,
            time="at",
            about="One row for each day that was kept, ascending, and one for now",
            source="our own state directory",
        ),
    ),
    record=record,
    view=view("growth"),
    state=StateDb(),
    memory=MEMORY_FILE,
    user=USER_FILE,
    skills=SKILLS.sources["skills"],
    archive=SKILLS.sources["archive"],
    usage=SKILLS.sources["usage"],
    hub=SKILLS.sources["hub"],
    manifest=SKILLS.sources["manifest"],
    curator=SKILLS.sources["curator"],
    jobs=CRON.sources["jobs"],
    job_states=CRON.sources["job_states"],
    diary=Diary("growth"),
    config=SKILLS.sources["config"],
)
