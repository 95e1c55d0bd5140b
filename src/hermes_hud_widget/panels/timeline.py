"""The timeline: conversations, runs of jobs, what was written to memory and skills, and milestones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from pydantic import AwareDatetime, Field

from hermes_hud_widget.day import midnight, zone
from hermes_hud_widget.frames import Column, Frame, FrameArguments
from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.ledger.ledger import Ledger
from hermes_hud_widget.ledger.timeline import Past, SessionSpan
from hermes_hud_widget.ledger.tool_use import CallEvent
from hermes_hud_widget.ledger.values import instant, number, text
from hermes_hud_widget.panel import Panel, Payload, Query, Until
from hermes_hud_widget.panels.cron import RUNS, UNFINISHED
from hermes_hud_widget.panels.skills import LOCK, MANIFEST, NEVER, NOT_BESIDE, USAGE
from hermes_hud_widget.protocol import Progress
from hermes_hud_widget.sources import (
    Alive,
    Config,
    Documents,
    Folder,
    FoundFiles,
    Json,
    Processes,
    Rows,
    Settings,
    StateDb,
    Table,
    Tree,
)
from hermes_hud_widget.views import view

SESSIONS_SHOWN = 400
EVENTS_SHOWN = 300
"""Of runs, and of all else: there are a thousand runs to each of the others."""
TITLE_CHARS = 200
AGAIN = timedelta(seconds=1)
"""How soon it is collected again while it is being read."""

EventKind = Literal["run", "memory", "skill", "milestone"]
"""`run`: of a scheduled job · `memory`: something was written to memory · `skill`: one was made or changed."""


class TimelineQuery(Query):
    """Which span a viewer asks for, and by what conversations stand in lanes."""

    days: int = Field(
        14, ge=0, le=36_500, description="So many days in the home's zone, today the last of them; 0: ever"
    )
    since: AwareDatetime | None = Field(None, description="Within these days: only what goes on after it")
    until: AwareDatetime | None = Field(None, description="Within these days: only what began before it")
    by: Literal["source", "project"] = "source"


@frozen
class TimelineSession:
    """One conversation.

    Attributes:
        session_id: Its tip.
        title: The tip's title, else how its first message begins.
        ended_at: When it was closed, else when its last message was written; None: it goes on.
    """

    session_id: str
    title: str
    source: str
    started_at: datetime
    ended_at: datetime | None
    messages: int


@frozen
class TimelineLane:
    """Conversations of one source or one project.

    Attributes:
        name: The source, or the last part of the project's path; None: of no project.
    """

    key: str
    name: str | None
    sessions: tuple[TimelineSession, ...]


@frozen
class TimelineEvent:
    """Something that happened.

    Attributes:
        id: Distinct among the events.
        what: Of a run: its status · of memory: `file` (it was written last) or `call` (of the tool `memory`) · of a
            skill: `created`, `changed` or `call` (of the tool `skill_manage`) · of a milestone: `first`,
            `conversations`, `messages` or `busiest`.
        end: Of a run: when it was finished; None while it goes on, and for what has no length.
        title: The job's, file's, or skill's name; empty where nobody gave one.
        number: Of a milestone: which number was reached.
        session_id: The session in which it happened.
    """

    id: str
    kind: EventKind
    what: str
    at: datetime
    end: datetime | None
    title: str
    number: int | None
    session_id: str | None


class Timeline(Payload):
    """What was going on in a span.

    Attributes:
        days: What was asked for; 0: ever.
        from_at: Where the days begin: how far back one can look.
        since: Only what goes on after it is told; None: all of these days.
        until: Only what began before it is told; None: all until now.
        lanes: The busiest first. Of more than `SESSIONS_SHOWN` conversations the longest are told.
        total: How many conversations there are in the span.
        events: Ascending. Of more than `EVENTS_SHOWN` runs, and of as many others, the newest are told.
        events_total: How many there are in the span.
        recorded: Events and conversations that there are in all: 0 where there is nothing at all.
        progress: How far the calls of tools were read, which some events come from; None: all were.
    """

    timezone: str
    days: int
    by: Literal["source", "project"]
    from_at: datetime
    since: datetime | None
    until: datetime | None
    lanes: tuple[TimelineLane, ...]
    total: int
    events: tuple[TimelineEvent, ...]
    events_total: int
    recorded: int
    progress: Progress | None

    def is_empty(self) -> bool:
        return self.recorded == 0 and self.progress is None


def collect(
    state: Ledger | None,
    memories: FoundFiles,
    skills: Tree,
    usage: Mapping[str, Any],
    hub: Mapping[str, Any],
    manifest: str | None,
    runs: Rows,
    owners: Processes,
    jobs: Any,
    config: Settings,
    query: TimelineQuery,
    now: datetime,
) -> Timeline | Until:
    """What was going on in a span."""
    where, name = zone(config.text("timezone"))
    begin = midnight(now, where, 1 - query.days) if query.days else None
    start = max((at for at in (begin, query.since) if at is not None), default=None)
    end = query.until or now + timedelta(days=1)
    past = state.past(now, start, end, where, limit=SESSIONS_SHOWN) if state else NO_PAST
    events = sorted(_events(past, memories, skills, usage, hub, manifest, runs, owners, jobs), key=_when)
    told = [event for event in events if _is_within(event, start, end)]
    told += map(_call, past.calls or ())
    first = min((at for at in (past.first_at, *(event.at for event in events[:1])) if at), default=now)
    payload = Timeline(
        timezone=name,
        days=query.days,
        by=query.by,
        from_at=begin or first,
        since=query.since,
        until=query.until,
        lanes=_lanes(past.sessions, query.by),
        total=past.total,
        events=_newest(told),
        events_total=len(told) + past.calls_total - len(past.calls or ()),
        recorded=len(events) + (past.first_at is not None),
        progress=past.progress,
    )
    return Until(payload, _valid_until(past, midnight(now, where, 1) if begin else None, now))


NO_PAST = Past(None, (), 0, (), (), 0, None, None)


def _valid_until(past: Past, tomorrow: datetime | None, now: datetime) -> datetime | None:
    again = now + AGAIN if past.calls is None else None
    return min((at for at in (past.closes_at, tomorrow, again) if at is not None and at > now), default=None)


def _is_within(event: TimelineEvent, since: datetime | None, until: datetime) -> bool:
    end = event.end or (event.at if event.kind != "run" else until)
    return (since is None or end >= since) and event.at < until


def _newest(events: Sequence[TimelineEvent]) -> tuple[TimelineEvent, ...]:
    ascending = sorted(events, key=_when)
    runs = [event for event in ascending if event.kind == "run"][-EVENTS_SHOWN:]
    others = [event for event in ascending if event.kind != "run"][-EVENTS_SHOWN:]
    return tuple(sorted([*runs, *others], key=_when))


def _when(event: TimelineEvent) -> tuple[datetime, str]:
    return (event.at, event.id)


# -- conversations


def _lanes(spans: Sequence[SessionSpan], by: Literal["source", "project"]) -> tuple[TimelineLane, ...]:
    lanes: dict[str, list[SessionSpan]] = {}
    for span in spans:
        lanes.setdefault(span.source if by == "source" else (span.place or ""), []).append(span)
    names = {key: _last_part(key) if by == "project" else key for key in lanes}
    return tuple(
        TimelineLane(key, names[key] or None, tuple(map(_session, own)))
        for key, own in sorted(lanes.items(), key=lambda item: (-len(item[1]), item[0]))
    )


def _last_part(path: str) -> str:
    return path.replace("\\", "/").rstrip("/").rpartition("/")[2]


def _session(span: SessionSpan) -> TimelineSession:
    ended_at = None if span.is_open else span.ended_at
    return TimelineSession(
        span.session_id, span.title[:TITLE_CHARS], span.source, span.started_at, ended_at, span.messages
    )


# -- all else


def _events(
    past: Past,
    memories: FoundFiles,
    skills: Tree,
    usage: Mapping[str, Any],
    hub: Mapping[str, Any],
    manifest: str | None,
    runs: Rows,
    owners: Processes,
    jobs: Any,
) -> Iterator[TimelineEvent]:
    """All but the calls of tools."""
    for stone in past.milestones:
        id = f"milestone {stone.kind} {stone.number}"
        yield TimelineEvent(id, "milestone", stone.kind, stone.at, None, "", stone.number, stone.session_id)
    for file in memories.files:
        yield TimelineEvent(
            f"memory {file.path}", "memory", "file", file.modified_at, None, file.path, None, None
        )
    yield from _skill_events(skills, usage, hub, manifest)
    yield from _run_events(runs, owners, jobs)


def _call(call: CallEvent) -> TimelineEvent:
    kind: EventKind = "memory" if call.tool == "memory" else "skill"
    return TimelineEvent(f"call {call.id}", kind, "call", call.at, None, "", None, call.session_id)


def _skill_events(
    skills: Tree, usage: Mapping[str, Any], hub: Mapping[str, Any], manifest: str | None
) -> Iterator[TimelineEvent]:
    """Of those that neither came with Hermes nor from its hub."""
    bundled = {line.partition(":")[0].strip() for line in (manifest or "").splitlines()}
    installed = hub.get("installed")
    others = bundled | set(installed if isinstance(installed, dict) else ())
    for document in skills.documents:
        written = document.front_matter.get("name")
        name = (
            str(written).strip() if written else (document.parts[-1] if document.parts else document.folder)
        )
        if name in others or document.is_outside:
            continue
        title = name[:TITLE_CHARS]
        record = usage.get(name)
        created_at = _instant(record.get("created_at")) if isinstance(record, dict) else None
        if created_at is not None:
            id = f"skill {document.folder} created"
            yield TimelineEvent(id, "skill", "created", created_at, None, title, None, None)
        changed_at = document.modified_at
        # What is written while it is made is no change of it.
        if changed_at is not None and (
            created_at is None or abs(changed_at - created_at) > timedelta(minutes=1)
        ):
            id = f"skill {document.folder} changed"
            yield TimelineEvent(id, "skill", "changed", changed_at, None, title, None, None)


def _run_events(runs: Rows, owners: Processes, jobs: Any) -> Iterator[TimelineEvent]:
    entries = jobs.get("jobs") if isinstance(jobs, dict) else jobs
    names = {
        str(entry.get("id")): str(entry["name"])
        for entry in (entries if isinstance(entries, list) else ())
        if isinstance(entry, dict) and entry.get("name")
    }
    for row in runs:
        at = _instant(row["started_at"]) or _instant(row["claimed_at"])
        if at is None:
            continue
        job_id = text(row["job_id"]) or ""
        title = (names.get(job_id) or job_id)[:TITLE_CHARS]
        end = _instant(row["finished_at"])
        is_unfinished = end is None and row["status"] in UNFINISHED
        if is_unfinished and owners.is_alive(row["pid"], row["process_started_at"]) is False:
            # Nobody will finish it, and when its process ended is not known.
            end = at
        id = f"run {text(row['id'])}"
        status = text(row["status"]) or "?"
        yield TimelineEvent(id, "run", status, at, None if end is None else max(at, end), title, None, None)


def _instant(written: Any) -> datetime | None:
    """A time as Hermes writes it: ISO 8601, without an offset this machine's; or in seconds since the epoch."""
    if isinstance(written, str) and number(written) is None:
        try:
            return datetime.fromisoformat(written.strip()).astimezone(UTC)
        except (ValueError, OverflowError, OSError):
            return None
    return None if isinstance(written, bool) else instant(written)


# -- frame


def _fill(
    state: Ledger | None,
    memories: FoundFiles,
    skills: Tree,
    usage: Mapping[str, Any],
    hub: Mapping[str, Any],
    manifest: str | None,
    runs: Rows,
    owners: Processes,
    jobs: Any,
    config: Settings,
    args: FrameArguments,
    now: datetime,
) -> dict[str, list[Any]]:
    where, _ = zone(config.text("timezone"))
    latest = now + timedelta(days=1)
    past = state.past(now, None, latest, where, until_all=True) if state else NO_PAST
    events = [
        *_events(past, memories, skills, usage, hub, manifest, runs, owners, jobs),
        *map(_call, past.calls or ()),
    ]
    rows = [*map(_session_row, past.sessions), *map(_event_row, events)]
    rows = [row for row in rows if args.holds(row["at"])]
    rows.sort(key=lambda row: (row["at"], row["kind"], row["title"]), reverse=True)
    chosen = rows[: args.limit]
    return {column.name: [row[column.name] for row in chosen] for column in FRAME.wanted(args)}


def _session_row(span: SessionSpan) -> dict[str, Any]:
    return {
        "at": span.started_at,
        "end": None if span.is_open else span.ended_at,
        "kind": "session",
        "what": "open" if span.is_open else "ended",
        "title": span.title,
        "number": None,
        "session_id": span.session_id,
        "source": span.source,
        "messages": span.messages,
    }


def _event_row(event: TimelineEvent) -> dict[str, Any]:
    return {
        "at": event.at,
        "end": event.end,
        "kind": event.kind,
        "what": event.what,
        "title": event.title or None,
        "number": event.number,
        "session_id": event.session_id,
        "source": None,
        "messages": None,
    }


FRAME = Frame(
    "timeline",
    (
        Column("at", "instant", "When it was, or when it began"),
        Column("end", "instant", "When it ended; missing: it goes on, or has no length"),
        Column("kind", "category", "session, run (of a scheduled job), memory, skill or milestone"),
        Column(
            "what",
            "category",
            "session: open or ended; run: its status; memory: file or call; skill: created, changed or call;"
            " milestone: first, conversations, messages or busiest",
        ),
        Column("title", "text", "The conversation's title, or the name of the job, the file or the skill"),
        Column("number", "integer", "milestone: which number was reached"),
        Column(
            "session_id",
            "text",
            "The session in which it happened; of a conversation, its tip",
            is_identifier=True,
        ),
        Column("source", "category", "session: where it was held", source="state.db: sessions.source"),
        Column(
            "messages", "integer", "session: of all its pieces", source="state.db: sessions.message_count"
        ),
    ),
    _fill,
    time="at",
    about="One row for each conversation and for whatever else happened, the latest first",
    source="computed: state.db, cron/executions.db, memories/*.md, skills/**/SKILL.md",
)

PANEL = Panel(
    "timeline",
    "Timeline",
    collect,
    titles={"zh": "时间线"},
    icon="timeline",
    group="history",
    query=TimelineQuery,
    frames=(FRAME,),
    view=view("timeline"),
    state=StateDb(),
    memories=Folder("memories", "*.md"),
    skills=Documents("skills", "SKILL.md", NEVER, NOT_BESIDE, "skills.external_dirs", with_files=True),
    usage=USAGE,
    hub=LOCK,
    manifest=MANIFEST,
    runs=RUNS,
    # After the runs: a process that they name is then looked after already.
    owners=Alive(
        Table(RUNS.path, RUNS.table, ("pid", "process_started_at", "status"), where=("status", UNFINISHED)),
        started="process_started_at",
    ),
    jobs=Json("cron/jobs.json"),
    config=Config(),
)
