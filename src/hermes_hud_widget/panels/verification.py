"""What the agent proved of its work: the checks that ran in each workspace, and whether they passed after the last edit."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, Literal

from pydantic import Field

from hermes_hud_widget.day import day_of, midnight, zone
from hermes_hud_widget.frames import Column, Frame, FrameArguments
from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.ledger.values import count, text
from hermes_hud_widget.panel import Panel, Payload, Query, Until
from hermes_hud_widget.sources import Config, Rows, Settings, Table
from hermes_hud_widget.views import view

DAYS = 30
"""Hermes forgets events after so many days (`agent/verification_evidence.py`)."""
WORKSPACES_SHOWN = 40
EVENTS_SHOWN = 60
PATHS_SHOWN = 20
PATH_CHARS = 300
COMMAND_CHARS = 300
OUTPUT_CHARS = 2_100
"""Hermes itself summarises longer outputs to some 2,000 characters."""
OUTPUTS_READ = 300
TITLES_READ, TITLE_CHARS = 500, 200
"""Of so many sessions, the newest, the titles are known."""

Row = Mapping[str, Any]
Titles = Mapping[str, str | None]
VerificationStatus = Literal["passed", "failed", "stale", "unverified"]


class VerificationQuery(Query):
    """What a viewer may ask for: all of it, or (with `event`) what one check printed."""

    event: int | None = Field(None, description="An event's id: return its output besides")


@frozen
class VerificationEvent:
    """One check that ran (`verification_events`).

    Attributes:
        session_title: That session's title, where it is one of the newest 500 and has one.
        command: As it was called, cut to 300 characters.
        canonical_command: The project's own check that it is one of.
        kind: `test`, `lint`, `typecheck`, `build`, `format`, `check`, `ad_hoc`, or what else Hermes wrote.
        scope: `full` or `targeted`: of only a part.
        status: `passed` or `failed`.
    """

    id: int
    at: datetime | None
    session_id: str
    session_title: str | None
    root: str
    command: str
    canonical_command: str
    kind: str
    scope: str
    status: str
    exit_code: int | None


@frozen
class VerificationWorkspace:
    """What is proven of one session's work in one project (`verification_state`).

    Attributes:
        session_title: As in `VerificationEvent`.
        root: The project's folder.
        status: That of the last check; `stale`: something was edited after it; `unverified`: no check has run yet.
        last_edit_at: The last edit since that check; None: there was none.
        changed_paths: What was edited since, at most 20 of them.
        changed: How many paths that are; Hermes keeps 200.
        last: The last check.
        changed_at: When either of them happened last.
    """

    session_id: str
    session_title: str | None
    root: str
    status: VerificationStatus
    last_edit_at: datetime | None
    changed_paths: tuple[str, ...]
    changed: int
    last: VerificationEvent | None
    changed_at: datetime | None


@frozen
class VerificationCounts:
    """How many workspaces are in which state."""

    passed: int
    failed: int
    stale: int
    unverified: int


@frozen
class VerificationDay:
    """The checks of one day, in the home's zone."""

    day: date
    passed: int
    failed: int


@frozen
class VerificationKind:
    """How the checks of one kind went."""

    kind: str
    passed: int
    failed: int


@frozen
class VerificationOutput:
    """What one check printed, as Hermes summarised it.

    Attributes:
        text: None: it is not (or no longer) kept, or too old to be read here.
    """

    event: int
    text: str | None


class Verification(Payload):
    """What the verification panel shows.

    Attributes:
        workspaces: Those that changed last first; `total` is how many there are.
        events: The newest first; `total_events` is how many Hermes still keeps.
        kinds: Of all these events, the most frequent first.
        days: The last 30, without gaps, oldest first.
        timezone: Whose days these are.
        output: Of the event asked for.
    """

    workspaces: tuple[VerificationWorkspace, ...]
    total: int
    counts: VerificationCounts
    events: tuple[VerificationEvent, ...]
    total_events: int
    kinds: tuple[VerificationKind, ...]
    days: tuple[VerificationDay, ...]
    timezone: str
    output: VerificationOutput | None

    def is_empty(self) -> bool:
        return not (self.total or self.total_events)


def collect(
    events: Rows,
    states: Rows,
    outputs: Rows,
    sessions: Rows,
    config: Settings,
    query: VerificationQuery,
    now: datetime,
) -> Verification | Until:
    """Each workspace's state by Hermes' own rule, and the checks behind it."""
    where, zone_name = zone(config.text("timezone"))
    titles = {text(row["id"]) or "": text(row["title"]) for row in sessions}
    found = tuple(_event(row, titles) for row in events)
    workspaces = _workspaces(states, found, titles)
    states_count = Counter(one.status for one in workspaces)
    verification = Verification(
        workspaces=tuple(workspaces[:WORKSPACES_SHOWN]),
        total=len(workspaces),
        counts=VerificationCounts(
            *(states_count[name] for name in ("passed", "failed", "stale", "unverified"))
        ),
        events=found[:EVENTS_SHOWN],
        total_events=len(found),
        kinds=_kinds(found),
        days=_days(found, where, now),
        timezone=zone_name,
        output=None if query.event is None else _output(outputs, query.event),
    )
    return Until(verification, midnight(now, where, days=1))


def _event(row: Row, titles: Titles) -> VerificationEvent:
    code, session_id = row["exit_code"], text(row["session_id"]) or ""
    return VerificationEvent(
        id=count(row["id"]),
        at=_when(row["created_at"]),
        session_id=session_id,
        session_title=titles.get(session_id),
        root=text(row["root"]) or "",
        command=(text(row["command"]) or "")[:COMMAND_CHARS],
        canonical_command=(text(row["canonical_command"]) or "")[:COMMAND_CHARS],
        kind=text(row["kind"]) or "?",
        scope=text(row["scope"]) or "?",
        status=text(row["status"]) or "?",
        exit_code=code if isinstance(code, int) else None,
    )


def _workspaces(
    states: Rows, events: Iterable[VerificationEvent], titles: Titles
) -> list[VerificationWorkspace]:
    """Those that changed last first."""
    by_id = {event.id: event for event in events}
    found = [_workspace(row, by_id, titles) for row in states]
    return sorted(
        found,
        key=lambda one: (-one.changed_at.timestamp() if one.changed_at else 0.0, one.session_id, one.root),
    )


def _workspace(row: Row, events: Mapping[int, VerificationEvent], titles: Titles) -> VerificationWorkspace:
    session_id = text(row["session_id"]) or ""
    last = events.get(row["last_event_id"])
    edited_at = _when(row["last_edit_at"])
    paths = _paths(row["changed_paths_json"])
    at = None if last is None else last.at
    return VerificationWorkspace(
        session_id=session_id,
        session_title=titles.get(session_id),
        root=text(row["root"]) or "",
        status=_status(last, edited_at),
        last_edit_at=edited_at,
        changed_paths=paths[:PATHS_SHOWN],
        changed=len(paths),
        last=last,
        changed_at=max((one for one in (at, edited_at) if one is not None), default=None),
    )


def _status(last: VerificationEvent | None, edited_at: datetime | None) -> VerificationStatus:
    """By the rule of `verification_status` in Hermes' `agent/verification_evidence.py`."""
    if last is None:
        return "unverified"
    if edited_at is not None and last.at is not None and edited_at > last.at:
        return "stale"
    return "passed" if last.status == "passed" else "failed"


def _paths(written: Any) -> tuple[str, ...]:
    """What cannot be read counts as none, as for Hermes."""
    try:
        listed = json.loads(text(written) or "[]")
    except (ValueError, RecursionError):
        return ()
    return (
        tuple(path[:PATH_CHARS] for path in listed if isinstance(path, str))
        if isinstance(listed, list)
        else ()
    )


def _kinds(events: Iterable[VerificationEvent]) -> tuple[VerificationKind, ...]:
    counted: defaultdict[str, Counter[bool]] = defaultdict(Counter)
    for event in events:
        counted[event.kind][event.status == "passed"] += 1
    kinds = [VerificationKind(kind, found[True], found[False]) for kind, found in counted.items()]
    return tuple(sorted(kinds, key=lambda one: (-(one.passed + one.failed), one.kind)))


def _days(events: Iterable[VerificationEvent], where: tzinfo, now: datetime) -> tuple[VerificationDay, ...]:
    counted = Counter(
        (day_of(event.at, where), event.status == "passed") for event in events if event.at is not None
    )
    today = now.astimezone(where).date()
    days = [today - timedelta(days=ago) for ago in range(DAYS - 1, -1, -1)]
    return tuple(VerificationDay(day, counted[day, True], counted[day, False]) for day in days)


def _output(outputs: Rows, event: int) -> VerificationOutput:
    found = next((text(row["output_summary"]) for row in outputs if row["id"] == event), None)
    return VerificationOutput(event, found)


def _when(written: Any) -> datetime | None:
    """A time as Hermes writes it (ISO 8601 in UTC); None for what is none."""
    try:
        at = datetime.fromisoformat(text(written) or "")
        return at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


# -- frames


def _fill_events(events: Rows, args: FrameArguments) -> dict[str, list[Any]]:
    every = (_event(row, {}) for row in events)
    found = [event for event in every if args.holds(event.at)][: args.limit]
    return {name: [getattr(event, name) for event in found] for name in _names(EVENT_COLUMNS)}


def _fill_workspaces(events: Rows, states: Rows, args: FrameArguments) -> dict[str, list[Any]]:
    every = _workspaces(states, (_event(row, {}) for row in events), {})
    found = [one for one in every if args.holds(one.changed_at)][: args.limit]
    rows = [{**vars(one), "last_event_id": None if one.last is None else one.last.id} for one in found]
    return {name: [row[name] for row in rows] for name in _names(WORKSPACE_COLUMNS)}


def _names(columns: tuple[Column, ...]) -> tuple[str, ...]:
    return tuple(column.name for column in columns)


EVENT_COLUMNS = (
    Column("id", "integer", "The event's id"),
    Column(
        "at",
        "instant",
        "When the check ended",
        source="verification_evidence.db: verification_events.created_at",
    ),
    Column("session_id", "text", "The session that ran it", is_identifier=True),
    Column("root", "category", "The project's folder"),
    Column("command", "text", f"As it was called, cut to {COMMAND_CHARS} characters"),
    Column("canonical_command", "text", "The project's own check that it is one of"),
    Column("kind", "category", "test, lint, typecheck, build, format, check, ad_hoc"),
    Column("scope", "category", "full, or targeted: of only a part"),
    Column("status", "category", "passed or failed"),
    Column("exit_code", "integer", "What it exited with"),
)

WORKSPACE_COLUMNS = (
    Column("session_id", "text", "The session", is_identifier=True),
    Column("root", "category", "The project's folder"),
    Column(
        "status",
        "category",
        "passed, failed, stale (edited since), unverified (no check yet)",
        source="computed",
    ),
    Column("last_event_id", "integer", "The last check, in verification_events; missing: none"),
    Column("last_edit_at", "instant", "The last edit since that check; missing: none"),
    Column("changed", "integer", "How many paths were edited since", source="computed"),
    Column("changed_at", "instant", "When it was checked or edited last", source="computed"),
)

DATABASE = "verification_evidence.db"
EVENTS = Table(
    DATABASE,
    "verification_events",
    (
        "id",
        "created_at",
        "session_id",
        "root",
        "command",
        "canonical_command",
        "kind",
        "scope",
        "status",
        "exit_code",
    ),
    order=("-id",),
    # Hermes keeps 10,000, and those that a workspace refers to.
    limit=12_000,
    cut_chars=1_000,
)
STATES = Table(
    DATABASE,
    "verification_state",
    ("session_id", "root", "last_event_id", "last_edit_at", "changed_paths_json"),
    limit=2_000,
)

PANEL = Panel(
    "verification",
    "Verification",
    collect,
    titles={"zh": "验证"},
    icon="check",
    group="history",
    since="0.18",
    query=VerificationQuery,
    frames=(
        Frame(
            "verification_events",
            EVENT_COLUMNS,
            _fill_events,
            time="at",
            about="One row for each check that Hermes still keeps, the newest first",
            source=f"{DATABASE}: verification_events",
        ),
        Frame(
            "verification_workspaces",
            WORKSPACE_COLUMNS,
            _fill_workspaces,
            time="changed_at",
            about="One row for each session and project, the one that changed last first",
            source=f"{DATABASE}: verification_state",
        ),
    ),
    view=view("verification"),
    events=EVENTS,
    states=STATES,
    outputs=Table(
        DATABASE,
        EVENTS.table,
        ("id", "output_summary"),
        order=("-id",),
        limit=OUTPUTS_READ,
        cut_chars=OUTPUT_CHARS,
    ),
    # Not the whole ledger: with each message all the checks would be told anew.
    sessions=Table(
        "state.db",
        "sessions",
        ("id", "title"),
        order=("-started_at",),
        limit=TITLES_READ,
        cut_chars=TITLE_CHARS,
        by_content=True,
    ),
    config=Config(),
)
