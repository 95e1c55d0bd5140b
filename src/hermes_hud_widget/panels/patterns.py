"""The patterns: what is asked for again and again, when work is done, and how the tools do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Literal

from pydantic import Field

from hermes_hud_widget.day import midnight, zone
from hermes_hud_widget.frames import Column, Frame, FrameArguments
from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.ledger.ledger import Ledger
from hermes_hud_widget.ledger.patterns import Cluster, Example, Prompt, Recurring
from hermes_hud_widget.ledger.tool_use import SLOTS, ToolUse, Workflow
from hermes_hud_widget.ledger.values import moment
from hermes_hud_widget.panel import Panel, Payload, Query, Until
from hermes_hud_widget.protocol import Progress
from hermes_hud_widget.sources import Config, Settings, StateDb
from hermes_hud_widget.views import view

PROMPTS_SHOWN = 15
WORKFLOWS_SHOWN = 10
TOOLS_SHOWN = 40
DAYS_SHOWN = 371
"""53 weeks."""
SKILL_FROM = 3
"""What came back so often could be a skill."""
AGAIN = timedelta(seconds=1)
"""How soon it is collected again while it is being read."""


class PatternsQuery(Query):
    """Which span a viewer asks for."""

    days: int = Field(
        30,
        ge=0,
        le=36_500,
        description="Sessions that started on so many days in the home's zone, today the last of them; 0: ever",
    )


@frozen
class PatternExample:
    """A conversation that shows what is meant.

    Attributes:
        session_id: Its tip.
        title: The tip's title, else how its first message begins.
    """

    session_id: str
    title: str
    last_at: datetime


@frozen
class PatternCluster:
    """Conversations of one kind of work, told by whole words of the first message and the title.

    Attributes:
        name: `git`, `debugging`, `code`, `refactor`, `research`, `config`, `docs`, or `other`.
        messages: Of all of them, by Hermes' own counters; so are `tool_calls`.
        examples: Those active last.
    """

    name: str
    conversations: int
    messages: int
    tool_calls: int
    examples: tuple[PatternExample, ...]


@frozen
class PatternPrompt:
    """A first message that several conversations have, whatever its case and white space.

    Attributes:
        text: How it begins.
        first_at: When the first of them started.
    """

    text: str
    times: int
    first_at: datetime
    example: PatternExample


@frozen
class PatternLatency:
    """How long calls took until their result was there, in seconds; quantiles between two values are interpolated."""

    min_s: float
    p50_s: float
    p95_s: float
    max_s: float


@frozen
class PatternTool:
    """The calls of one tool.

    Attributes:
        failed: Calls with a result that Hermes marks as failed.
        unanswered: Calls without a result.
        failure_rate: Of the calls with a result, from 0 to 1; None: there are none.
        latency: Of the calls with a result; None: there are none.
    """

    tool: str
    calls: int
    failed: int
    unanswered: int
    failure_rate: float | None
    latency: PatternLatency | None
    last_at: datetime | None


@frozen
class PatternWorkflow:
    """Three tools called one after the other within a conversation.

    Attributes:
        times: How often; sequences may overlap.
        conversations: In how many of them.
    """

    tools: tuple[str, ...]
    times: int
    conversations: int


@frozen
class PatternTools:
    """The calls of all tools, those called most first.

    Attributes:
        calls: Of all tools, also of those `left_out`.
        hours: Calls by the hour of the week, like `Patterns.sessions`.
    """

    tools: tuple[PatternTool, ...]
    left_out: int
    calls: int
    workflows: tuple[PatternWorkflow, ...]
    hours: tuple[int, ...]


@frozen
class PatternCandidate:
    """What comes back so often that it could be a skill.

    Attributes:
        times: In how many conversations.
        text: Of a prompt: how it begins.
        tools: Of a workflow: the tools, in sequence.
    """

    kind: Literal["prompt", "workflow"]
    times: int
    text: str | None
    tools: tuple[str, ...]
    example: PatternExample | None


@frozen
class PatternDay:
    """One day.

    Attributes:
        sessions: Those that started on it.
        messages: Those of that day, whenever their sessions started in the span.
    """

    on: date
    sessions: int
    messages: int


@frozen
class PatternStreak:
    """Days on which a session started, as `hermes insights` counts them.

    Attributes:
        active: How many.
        longest: The most of them without a gap.
    """

    active: int
    longest: int


class Patterns(Payload):
    """What recurs in the sessions that started in a span. Hours and days are those of `timezone`.

    Attributes:
        days: What was asked for; 0: ever.
        since: The span's first midnight, in UTC; None: ever.
        recorded: Sessions that there are in all, whatever the span.
        conversations: Those that began by themselves: no branches, no pieces, no delegated ones.
        sessions: Sessions by the hour of the week in which they started: place weekday * 24 + hour, from Monday on.
        messages: Messages by the hour of the week.
        calendar: The newest days on which a session started or a message was written, ascending; at most 371.
        repeated: How many prompts recur in all; `prompts` are the most frequent.
        tools: None while the calls are being read.
        progress: How far the reading has come while what is told is of a part only; None: it is all there.
    """

    timezone: str
    days: int
    since: datetime | None
    recorded: int
    conversations: int
    sessions: tuple[int, ...]
    messages: tuple[int, ...]
    calendar: tuple[PatternDay, ...]
    streak: PatternStreak
    clusters: tuple[PatternCluster, ...]
    prompts: tuple[PatternPrompt, ...]
    repeated: int
    tools: PatternTools | None
    candidates: tuple[PatternCandidate, ...]
    progress: Progress | None

    def is_empty(self) -> bool:
        return self.recorded == 0 and self.progress is None


def collect(state: Ledger | None, config: Settings, query: PatternsQuery, now: datetime) -> Patterns | Until:
    """What recurs in a span; at midnight it is another one."""
    where, name = zone(config.text("timezone"))
    since = midnight(now, where, 1 - query.days) if query.days else None
    if state is None:
        return _patterns(NOTHING, name, query.days, since)
    found = state.patterns(since, where, prompts=PROMPTS_SHOWN, workflows=WORKFLOWS_SHOWN)
    until = midnight(now, where, 1) if since else None
    if found.progress is not None or found.tools is None:
        until = now + AGAIN
    return Until(_patterns(found, name, query.days, since), until)


NOTHING = Recurring(0, (0,) * SLOTS, (0,) * SLOTS, {}, {}, 0, (), (), 0, None, None)


def _patterns(found: Recurring, timezone: str, days: int, since: datetime | None) -> Patterns:
    prompts = tuple(map(_prompt, found.prompts))
    return Patterns(
        timezone=timezone,
        days=days,
        since=since,
        recorded=found.recorded,
        conversations=found.conversations,
        sessions=found.sessions,
        messages=found.messages,
        calendar=_calendar(found),
        streak=_streak(list(found.days)),
        clusters=tuple(map(_cluster, found.clusters)),
        prompts=prompts,
        repeated=found.repeated,
        tools=_tools(found),
        candidates=_candidates(prompts, found.tools.mixed if found.tools else ()),
        progress=found.progress,
    )


def _calendar(found: Recurring) -> tuple[PatternDay, ...]:
    days = sorted({*found.days, *found.message_days})[-DAYS_SHOWN:]
    return tuple(PatternDay(on, found.days.get(on, 0), found.message_days.get(on, 0)) for on in days)


def _streak(days: Sequence[date]) -> PatternStreak:
    longest = current = 0
    before: date | None = None
    for day in days:
        current = current + 1 if before is not None and (day - before).days == 1 else 1
        longest, before = max(longest, current), day
    return PatternStreak(len(days), longest)


def _example(example: Example) -> PatternExample:
    return PatternExample(example.session_id, example.title, example.last_at)


def _cluster(cluster: Cluster) -> PatternCluster:
    examples = tuple(map(_example, cluster.examples))
    return PatternCluster(cluster.name, cluster.conversations, cluster.messages, cluster.tool_calls, examples)


def _prompt(prompt: Prompt) -> PatternPrompt:
    return PatternPrompt(prompt.text, prompt.times, prompt.first_at, _example(prompt.example))


def _tools(found: Recurring) -> PatternTools | None:
    if found.tools is None:
        return None
    tools = found.tools.tools
    return PatternTools(
        tools=tuple(map(_tool, tools[:TOOLS_SHOWN])),
        left_out=max(0, len(tools) - TOOLS_SHOWN),
        calls=sum(tool.calls for tool in tools),
        workflows=tuple(PatternWorkflow(*workflow) for workflow in found.tools.workflows),
        hours=found.tools.slots,
    )


def _tool(tool: ToolUse) -> PatternTool:
    return PatternTool(
        tool=tool.tool,
        calls=tool.calls,
        failed=tool.failed,
        unanswered=tool.unanswered,
        failure_rate=_failure_rate(tool),
        latency=PatternLatency(*tool.latency) if tool.latency else None,
        last_at=tool.last_at,
    )


def _failure_rate(tool: ToolUse) -> float | None:
    answered = tool.succeeded + tool.failed
    return tool.failed / answered if answered else None


def _candidates(
    prompts: Sequence[PatternPrompt], workflows: Sequence[Workflow]
) -> tuple[PatternCandidate, ...]:
    """Prompts and workflows of different tools that came back often enough, the most frequent first."""
    found = [
        PatternCandidate("prompt", prompt.times, prompt.text, (), prompt.example)
        for prompt in prompts
        if prompt.times >= SKILL_FROM
    ]
    found += [
        PatternCandidate("workflow", workflow.conversations, None, workflow.tools, None)
        for workflow in workflows
        if workflow.conversations >= SKILL_FROM
    ]
    return tuple(sorted(found, key=lambda one: -one.times)[:WORKFLOWS_SHOWN])


# -- frames


def _fill_tool_stats(state: Ledger | None, config: Settings, args: FrameArguments) -> dict[str, list[Any]]:
    tools = _whole(state, config).tools
    made: list[dict[str, Any]] = [
        {
            "tool": tool.tool,
            "calls": tool.calls,
            "succeeded": tool.succeeded,
            "failed": tool.failed,
            "unanswered": tool.unanswered,
            "failure_rate": _failure_rate(tool),
            "min_s": tool.latency.min_s if tool.latency else None,
            "p50_s": tool.latency.p50_s if tool.latency else None,
            "p95_s": tool.latency.p95_s if tool.latency else None,
            "max_s": tool.latency.max_s if tool.latency else None,
            "last_called_at": tool.last_at,
        }
        for tool in (tools.tools if tools else ())
    ]
    return _columns(TOOL_STATS, made[: args.limit], args)


def _fill_hourly(state: Ledger | None, config: Settings, args: FrameArguments) -> dict[str, list[Any]]:
    found = _whole(state, config)
    calls = found.tools.slots if found.tools else (0,) * SLOTS
    made = [
        {
            "weekday": slot // 24,
            "hour": slot % 24,
            "sessions": found.sessions[slot],
            "messages": found.messages[slot],
            "tool_calls": calls[slot],
        }
        for slot in range(SLOTS if state else 0)
    ]
    return _columns(HOURLY, made[: args.limit], args)


def _fill_prompts(state: Ledger | None, config: Settings, args: FrameArguments) -> dict[str, list[Any]]:
    where, _ = zone(config.text("timezone"))
    tasks = state.tasks(where) if state else []
    counts = Counter(task.key for task in tasks if task.key is not None)
    chosen = [task for task in tasks if args.holds(moment(task.started_at))][: args.limit]
    made = [
        {
            "session_id": task.session_id,
            "root_id": task.root_id,
            "started_at": moment(task.started_at),
            "source": task.source,
            "title": task.title,
            "prompt": task.opening or None,
            "repeats": counts[task.key] if task.key is not None else None,
            "cluster": task.cluster,
            "messages": task.messages,
            "tool_calls": task.tool_calls,
        }
        for task in chosen
    ]
    return _columns(PROMPTS, made, args)


def _whole(state: Ledger | None, config: Settings) -> Recurring:
    where, _ = zone(config.text("timezone"))
    return state.patterns(None, where, prompts=0, workflows=0, until_all=True) if state else NOTHING


def _columns(frame: Frame, rows: Sequence[dict[str, Any]], args: FrameArguments) -> dict[str, list[Any]]:
    return {column.name: [row[column.name] for row in rows] for column in frame.wanted(args)}


TOOL_STATS = Frame(
    "tool_stats",
    (
        Column("tool", "category", "Which tool", source="state.db: messages.tool_calls: function.name"),
        Column("calls", "integer", "How often it was called"),
        Column("succeeded", "integer", "Calls with a result that is no failure"),
        Column("failed", "integer", "Calls with a result that Hermes marks as failed"),
        Column("unanswered", "integer", "Calls without a result: still running, or never answered"),
        Column("failure_rate", "number", "failed of the calls with a result; missing: there are none"),
        Column("min_s", "number", "The shortest time from call to result", unit="s"),
        Column("p50_s", "number", "The median of these times", unit="s"),
        Column("p95_s", "number", "95 % of them are no longer", unit="s"),
        Column("max_s", "number", "The longest of them", unit="s"),
        Column("last_called_at", "instant", "When it was last called"),
    ),
    _fill_tool_stats,
    about=(
        "One row for each tool, the one called most first, over the sessions that there are; group the frame"
        " tool_calls for a span"
    ),
    source="computed: frame tool_calls",
)

HOURLY = Frame(
    "hourly",
    (
        Column("weekday", "integer", "0 is Monday, 6 is Sunday; days begin at midnight in the home's zone"),
        Column("hour", "integer", "0 to 23, in the home's zone", unit="h"),
        Column("sessions", "integer", "Sessions that started then", source="state.db: sessions.started_at"),
        Column("messages", "integer", "Messages of then", source="state.db: messages.timestamp"),
        Column("tool_calls", "integer", "Tool calls of then", source="computed: frame tool_calls"),
    ),
    _fill_hourly,
    about="One row for each hour of the week, from Monday 0:00 on, over the sessions that there are",
    source="computed",
)

PROMPTS = Frame(
    "prompts",
    (
        Column("session_id", "text", "Its tip", is_identifier=True, source="state.db: sessions.id"),
        Column(
            "root_id", "text", "Its first piece", is_identifier=True, source="computed: Hermes' lineage rules"
        ),
        Column("started_at", "instant", "When its first piece began", source="state.db: sessions.started_at"),
        Column("source", "category", "Where it was held", source="state.db: sessions.source"),
        Column("title", "text", "The tip's title", source="state.db: sessions.title"),
        Column(
            "prompt",
            "text",
            "How its first message begins, at most 200 characters; missing: there is none",
            source="state.db: messages.content",
        ),
        Column(
            "repeats",
            "integer",
            "How many conversations have that first message; missing: a schedule wrote it, or there is none",
        ),
        Column("cluster", "category", "What kind of work it is, by the words of that message and the title"),
        Column(
            "messages",
            "integer",
            "Of all its pieces, by Hermes' own counter",
            source="state.db: sessions.message_count",
        ),
        Column(
            "tool_calls",
            "integer",
            "Of all its pieces, by Hermes' own counter",
            source="state.db: sessions.tool_call_count",
        ),
    ),
    _fill_prompts,
    time="started_at",
    about="One row for each conversation that began by itself, the one started last first",
    source="computed",
)

PANEL = Panel(
    "patterns",
    "Patterns",
    collect,
    titles={"zh": "模式"},
    icon="pattern",
    group="history",
    query=PatternsQuery,
    frames=(TOOL_STATS, HOURLY, PROMPTS),
    view=view("patterns"),
    state=StateDb(),
    config=Config(),
)
