"""The overview: what each live session does now, the home at a glance, what changed since it was opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import AwareDatetime, Field

from hermes_hud_widget.day import day_of, midnight, zone
from hermes_hud_widget.errors import SourceError
from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.ledger.ledger import Ledger
from hermes_hud_widget.ledger.rows import Cost, RecentMessage, Session, Spending, Tokens, Totals
from hermes_hud_widget.ledger.values import instant, text
from hermes_hud_widget.ledger.writers import Writers
from hermes_hud_widget.panel import Panel, Payload, Query, Until
from hermes_hud_widget.panels import agents, cron, gateway, goals
from hermes_hud_widget.panels.effective import effective, main_choice, provider_of
from hermes_hud_widget.panels.memory import (
    MEMORY_FILE,
    MEMORY_VERSIONS,
    USER_FILE,
    USER_VERSIONS,
    category_of,
    edits_since,
    memory_limit,
    user_limit,
)
from hermes_hud_widget.panels.skills import USAGE
from hermes_hud_widget.panels.written import soonest, when
from hermes_hud_widget.place import Place
from hermes_hud_widget.sources import (
    ActiveProfile,
    Alive,
    Config,
    EntriesFile,
    EnvNames,
    FoundFiles,
    HomeName,
    Processes,
    Profiles,
    Rows,
    Settings,
    StateDb,
    Table,
    Version,
    WritersOf,
)
from hermes_hud_widget.views import view

LIVE_SHOWN = 12
CHANGES_SHOWN = 12
TROUBLED_SHOWN = 6
TOOLSETS_SHOWN, NAME_CHARS = 12, 80
DEFAULT_TOOLSET, DEFAULT_BACKEND = "hermes-cli", "local"
"""Hermes' own (`hermes_cli/platforms.py`, `hermes_cli/config.py`)."""
LONGEST = timedelta(days=7)
"""Nobody is told what changed in a longer time: a page that is open for weeks gets the last seven days."""
RUNS_SEEN = 200
"""So many runs of jobs, the newest, are looked at."""


class OverviewQuery(Query):
    """What a viewer may ask for."""

    since: AwareDatetime | None = Field(
        None, description="Also tell what happened since this instant, at most seven days ago"
    )


@frozen
class Identity:
    """Which home this is.

    Attributes:
        name: The home's path with the user's directory as `~`.
        profile: The profile shown; None for the root home.
        active_profile: The sticky profile that plain `hermes` works in (`active_profile`), if not the root.
        profiles: Names of all profiles of this root.
        model: The configured model (`config.yaml`, `model`).
        provider: Its provider's id, as in the model panel; None: Hermes decides.
        backend: Where commands run (`terminal.backend`); None: `.env` says it (`TERMINAL_ENV`), whose values are not
            read.
        toolsets: What `hermes` in a terminal is given (`platform_toolsets.cli` without `agent.disabled_toolsets`), at
            most 12; Hermes' default where nothing is written.
        began_at: When its first session began.
        day: The day that today is since then, in the home's zone, from 1.
        size_bytes: Size of `state.db` with its write-ahead log.
        corrections: Memory entries that seem to correct the agent.
    """

    name: str
    profile: str | None
    active_profile: str | None
    profiles: tuple[str, ...]
    model: str | None
    provider: str | None
    backend: str | None
    toolsets: tuple[str, ...]
    began_at: datetime | None
    day: int | None
    size_bytes: int | None
    corrections: int


@frozen
class Capacity:
    """How full a memory store is, in characters as Hermes counts them."""

    store: Literal["memory", "user"]
    entries: int
    used_chars: int
    limit_chars: int


@frozen
class Today:
    """Spending since midnight: sessions that started today, Hermes' rule (`hermes insights`).

    Attributes:
        since: Midnight, in UTC.
        timezone: Whose midnight: config `timezone`, else the server's zone.
    """

    since: datetime
    timezone: str
    spending: Spending


@frozen
class Change:
    """One of the last changes, newest first.

    Attributes:
        at: When.
        kind: What changed.
        session_id: The session it belongs to.
        session_title: That session's title, else how its first message begins.
        tools: Tools called (`tool-call`) or answering (`tool-result`).
        store: The memory store that was written (`memory`).
    """

    at: datetime
    kind: Literal["user", "assistant", "tool-call", "tool-result", "other", "memory"]
    session_id: str | None = None
    session_title: str | None = None
    tools: tuple[str, ...] = ()
    store: Literal["memory", "user"] | None = None


@frozen
class GatewayGlance:
    """The gateway in a line.

    Attributes:
        health: As in the gateway panel: `running`, `starting`, `degraded`, `draining`, `silent`, `stopped`, `failed`,
            `dead`, `unknown`.
        connected: How many of its platforms are connected.
        platforms: How many there are.
        troubled: Names of those that retry or have given up; the first six.
    """

    health: str
    connected: int
    platforms: int
    troubled: tuple[str, ...]


@frozen
class CronGlance:
    """The scheduled jobs in a line.

    Attributes:
        scheduler: As in the cron panel: `ticking`, `failing`, `stalled`, `stopped`, `never`, `external`, `unknown`.
        active: Jobs that fire when their time comes.
        running: Runs going on, those whose process is gone not counted.
        overdue: Jobs that should have fired.
        failed: Jobs whose last run, or its delivery, failed.
        next_at: When the next one fires.
        next_name: Which that is.
    """

    scheduler: str
    active: int
    running: int
    overdue: int
    failed: int
    next_at: datetime | None
    next_name: str | None


@frozen
class SinceOpened:
    """What happened since an instant, as a rule since the viewer's page was opened.

    Attributes:
        since: That instant; a later one if it lay more than seven days back.
        messages: Messages written, of any session, those deleted since included.
        tool_calls: Calls of tools in them.
        conversations: Conversations begun.
        memory_added: Memory entries that are new; None: what was there then was not seen. So with the next two.
        memory_removed: Those that are gone.
        memory_changed: Those that say something else.
        skills_changed: Skills that the agent has made or changed, as far as Hermes notes that.
        cron_runs: Finished runs of jobs.
        cron_failed: How many of them failed.
        is_cron_cut: True if there may be more of either: only the newest 200 runs are looked at.
        spending: What was spent; None while the history is still being read.
        spent_since: From when on that is known.
    """

    since: datetime
    messages: int
    tool_calls: int
    conversations: int
    memory_added: int | None
    memory_removed: int | None
    memory_changed: int | None
    skills_changed: int
    cron_runs: int
    cron_failed: int
    is_cron_cut: bool
    spending: Spending | None
    spent_since: datetime | None


class Overview(Payload):
    """What the overview shows.

    Attributes:
        at: When this was true.
        live: Live sessions, and those that crashed within 24 h; latest activity first.
        more_live: How many more of them there are than `live` lists.
        compressing: Ids of first pieces (`root_id`) of those whose history is being compressed just now.
        in_turn: The same of those in which a turn goes on for certain: newer Hermes says so itself.
        may_ask: False where nothing is asked before a dangerous command (`approvals.mode: off`): a tool without a result
            then runs, while otherwise it may wait for approval, which Hermes writes nowhere.
        gateway: None: none has ever run here.
        cron: None: there is no job, or the file is damaged.
        delegations: Background subagents at work; those whose process is gone are not counted.
        kanban_running: Cards that are worked on, of the board that profiles share.
        kanban_blocked: Cards that wait for somebody.
        goals: Goals that are pursued.
        opened: None unless asked for.
    """

    at: datetime
    identity: Identity
    live: tuple[Session, ...]
    more_live: int
    compressing: tuple[str, ...]
    in_turn: tuple[str, ...]
    may_ask: bool
    gateway: GatewayGlance | None
    cron: CronGlance | None
    delegations: int
    kanban_running: int
    kanban_blocked: int
    goals: int
    totals: Totals
    today: Today
    memory: tuple[Capacity, ...]
    changes: tuple[Change, ...]
    opened: SinceOpened | None

    def is_empty(self) -> bool:
        return not (
            self.totals.sessions
            or self.totals.messages
            or any(store.entries for store in self.memory)
            or self.gateway
            or self.cron
            or self.kanban_running
            or self.kanban_blocked
        )


Stores = tuple[tuple[Literal["memory", "user"], EntriesFile, int], ...]


def collect(
    state: Ledger | None,
    writers: Writers | None,
    memory: EntriesFile,
    user: EntriesFile,
    memory_versions: tuple[Version, ...],
    user_versions: tuple[Version, ...],
    locks: Rows,
    leases: Rows,
    delegations: Rows,
    delegating: Processes,
    gateway_state: Any,
    gateway_process: Processes,
    gateway_heartbeat: Any,
    gateway_clean: str | None,
    jobs: Any,
    job_states: Rows,
    runs: Rows,
    unfinished_runs: Rows,
    run_owners: Processes,
    ticker: str | None,
    ticker_success: str | None,
    kanban: Rows,
    goal_entries: Rows,
    skill_usage: Mapping[str, Any],
    config: Settings,
    env: frozenset[str],
    place: Place,
    profiles: tuple[str, ...],
    active_profile: str | None,
    query: OverviewQuery,
    now: datetime,
) -> Overview | Until:
    """What goes on now, and the day so far."""
    where, zone_name = zone(config.text("timezone"))
    today = midnight(now, where)
    live, of_live = state.live(now, writers, LIVE_SHOWN) if state else ((), 0)
    stores: Stores = (("memory", memory, memory_limit(config)), ("user", user, user_limit(config)))
    began_at = state.began_at() if state else None
    serves, gateway_until = _gateway(gateway_state, gateway_process, gateway_heartbeat, gateway_clean, now)
    scheduled, cron_until = _cron(
        jobs, job_states, unfinished_runs, run_owners, ticker, ticker_success, gateway_process, config, now
    )
    roots = {session.id: session.root_id for session in live}
    overview = Overview(
        at=now,
        identity=Identity(
            name=place.name,
            profile=place.profile,
            active_profile=active_profile,
            profiles=profiles,
            **_agent(config, env),
            began_at=began_at,
            day=(day_of(now, where) - day_of(began_at, where)).days + 1 if began_at else None,
            size_bytes=state.size_bytes() if state else None,
            corrections=sum(
                category_of(name, entry) == "correction" for name, file, _ in stores for entry in file.entries
            ),
        ),
        live=live,
        more_live=of_live - len(live),
        # The lock is on the piece that is compressed, a lease on the conversation.
        compressing=tuple(sorted({roots.get(id, id) for id in _held(locks, "session_id", now)})),
        in_turn=_held(leases, "conversation_id", now),
        may_ask=not _asks_never(config),
        gateway=serves,
        cron=scheduled,
        delegations=sum(
            delegating.is_alive(row["owner_pid"], row["owner_started_at"]) is not False for row in delegations
        ),
        kanban_running=sum(row["status"] == "running" for row in kanban),
        kanban_blocked=sum(row["status"] == "blocked" for row in kanban),
        goals=goals.number_of_active(goal_entries),
        totals=state.totals() if state else Totals(0, 0, 0),
        today=Today(today, zone_name, state.spending(today) if state else Spending(0, Tokens(), Cost())),
        memory=tuple(
            Capacity(name, len(file.entries), file.used_chars, limit) for name, file, limit in stores
        ),
        changes=_changes(state.recent(CHANGES_SHOWN) if state else (), stores),
        opened=None
        if query.since is None
        else _opened(query.since, state, (memory_versions, user_versions), runs, skill_usage, now),
    )
    soon = (
        midnight(now, where, days=1),
        state.next_change(now, writers) if state else None,
        gateway_until,
        cron_until,
        *(instant(row["expires_at"]) for row in (*locks, *leases)),
    )
    return Until(overview, soonest(soon, now))


def _agent(config: Settings, env: frozenset[str]) -> dict[str, Any]:
    """What an agent that is started in a terminal works with."""
    merged = effective(config.values)
    main = main_choice(merged)
    provider = provider_of(main, merged)
    written = config.get("platform_toolsets.cli")
    toolsets = _names(written) if isinstance(written, list) else (DEFAULT_TOOLSET,)
    disabled = _names(config.get("agent.disabled_toolsets"))
    backend = config.text("terminal.backend") or (None if "TERMINAL_ENV" in env else DEFAULT_BACKEND)
    return {
        "model": main.model,
        "provider": provider[:NAME_CHARS] if provider else None,
        "backend": backend[:NAME_CHARS] if backend else None,
        "toolsets": tuple(name for name in toolsets if name not in disabled)[:TOOLSETS_SHOWN],
    }


def _names(written: Any) -> tuple[str, ...]:
    """The words of a list; a number is one, too, as Hermes takes it."""
    listed = written if isinstance(written, list) else []
    return tuple(str(one)[:NAME_CHARS] for one in listed if isinstance(one, (str, int)))


def _gateway(
    said: Any, processes: Processes, heartbeat: Any, clean: str | None, now: datetime
) -> tuple[GatewayGlance | None, datetime | None]:
    """By the rules of the gateway panel, without what only that shows."""
    found = gateway.collect(
        state=said,
        processes=processes,
        heartbeat=heartbeat,
        clean=clean,
        starts=None,
        loop=None,
        dead_targets=None,
        directory=None,
        webhooks=None,
        pairings=FoundFiles(),
        old_pairings=FoundFiles(),
        deliveries=(),
        routes=(),
        now=now,
    )
    shown, until = (found.payload, found.valid_until) if isinstance(found, Until) else (found, None)
    assert isinstance(shown, gateway.Gateway)
    if shown.health == "none":
        return None, until
    current = [platform for platform in shown.platforms if platform.is_current]
    troubled = [one.name for one in current if one.state in ("retrying", "fatal", "disconnected")]
    glance = GatewayGlance(
        health=shown.health,
        connected=sum(one.state == "connected" for one in current),
        platforms=len(current),
        troubled=tuple(troubled[:TROUBLED_SHOWN]),
    )
    return glance, until


def _cron(
    jobs: Any,
    job_states: Rows,
    unfinished: Rows,
    owners: Processes,
    ticker: str | None,
    success: str | None,
    gateway_process: Processes,
    config: Settings,
    now: datetime,
) -> tuple[CronGlance | None, datetime | None]:
    """By the rules of the cron panel, without what only that shows."""
    try:
        found = cron.collect(
            jobs=jobs,
            job_states=job_states,
            runs=unfinished,
            owners=owners,
            heartbeat=ticker,
            success=success,
            gateway=gateway_process,
            suggestions=None,
            outputs=FoundFiles(),
            config=config,
            query=cron.CronQuery(),
            now=now,
        )
    except SourceError:  # the cron panel tells of it
        return None, None
    shown, until = (found.payload, found.valid_until) if isinstance(found, Until) else (found, None)
    assert isinstance(shown, cron.Cron)
    if not shown.jobs:
        return None, until
    coming = [
        (job.next_run_at, job.name)
        for job in shown.jobs
        if job.is_active and not job.is_overdue and job.next_run_at
    ]
    next_at, next_name = min(coming, default=(None, None))
    glance = CronGlance(
        scheduler=shown.scheduler.state,
        active=sum(job.is_active for job in shown.jobs),
        running=sum(not run.is_lost for run in shown.running),
        overdue=sum(job.is_overdue for job in shown.jobs),
        failed=sum(job.last_status not in (None, "ok") for job in shown.jobs),
        next_at=next_at,
        next_name=next_name,
    )
    return glance, until


def _held(rows: Rows, column: str, now: datetime) -> tuple[str, ...]:
    """Of locks and leases what they are on, unless they have run out or were given back."""
    held = []
    for row in rows:
        ends = instant(row["expires_at"])
        if row["holder"] and ends is not None and ends > now and (name := text(row[column])):
            held.append(name)
    return tuple(held)


def _asks_never(config: Settings) -> bool:
    """`approvals.mode: off`, which YAML reads as false (`tools/approval.py`, `_normalize_approval_mode`)."""
    mode = config.get("approvals.mode")
    return mode is False or (isinstance(mode, str) and mode.strip().lower() == "off")


def _opened(
    since: datetime,
    state: Ledger | None,
    versions: Sequence[tuple[Version, ...]],
    runs: Rows,
    skill_usage: Mapping[str, Any],
    now: datetime,
) -> SinceOpened:
    since = min(max(since, now - LONGEST), now)
    happened = state.happened(since, now) if state else None
    known = [edits_since(seen, since) for seen in versions if seen]
    edits = None if not known or None in known else [edit.kind for one in known for edit in one or ()]
    finished = [row for row in runs if (at := when(row["finished_at"])) is not None and at >= since]
    touched = [
        [when(record.get(name)) for name in ("created_at", "last_patched_at")]
        for record in skill_usage.values()
        if isinstance(record, Mapping)
    ]
    return SinceOpened(
        since=since,
        messages=happened.messages if happened else 0,
        tool_calls=happened.tool_calls if happened else 0,
        conversations=happened.conversations if happened else 0,
        memory_added=None if edits is None else edits.count("added"),
        memory_removed=None if edits is None else edits.count("removed"),
        memory_changed=None if edits is None else edits.count("changed"),
        skills_changed=sum(any(at is not None and at >= since for at in times) for times in touched),
        cron_runs=len(finished),
        cron_failed=sum(row["status"] == "failed" for row in finished),
        is_cron_cut=len(runs) >= RUNS_SEEN and (when(runs[-1]["claimed_at"]) or now) >= since,
        spending=happened.spending if happened else None,
        spent_since=happened.spent_since if happened else None,
    )


def _changes(
    messages: tuple[RecentMessage, ...],
    stores: Stores,
) -> tuple[Change, ...]:
    changes = [
        Change(message.timestamp, _kind(message), message.session_id, message.session_title, message.tools)
        for message in messages
    ]
    changes += [
        Change(file.modified_at, "memory", store=name) for name, file, _ in stores if file.modified_at
    ]
    return tuple(sorted(changes, key=lambda change: change.at, reverse=True)[:CHANGES_SHOWN])


def _kind(message: RecentMessage) -> Literal["user", "assistant", "tool-call", "tool-result", "other"]:
    match message.role:
        case "user":
            return "user"
        case "assistant":
            return "tool-call" if message.tools else "assistant"
        case "tool":
            return "tool-result"
        case _:
            return "other"


DELEGATIONS = Table(
    "state.db",
    "async_delegations",
    ("delegation_id", "owner_pid", "owner_started_at"),
    where=("state", agents.RUNNING),
    limit=200,
    by_content=True,
)

PANEL = Panel(
    "overview",
    "Overview",
    collect,
    titles={"zh": "概览"},
    icon="overview",
    group="now",
    query=OverviewQuery,
    view=view("overview"),
    state=StateDb(),
    writers=WritersOf(),
    memory=MEMORY_FILE,
    user=USER_FILE,
    memory_versions=MEMORY_VERSIONS,
    user_versions=USER_VERSIONS,
    locks=Table(
        "state.db", "compression_locks", ("session_id", "holder", "expires_at"), limit=100, by_content=True
    ),
    leases=Table(
        "state.db",
        "session_turn_leases",
        ("conversation_id", "holder", "expires_at"),
        limit=100,
        by_content=True,
    ),
    delegations=DELEGATIONS,
    delegating=Alive(
        replace(DELEGATIONS, columns=("owner_pid", "owner_started_at")),
        pid="owner_pid",
        started="owner_started_at",
    ),
    gateway_state=gateway.PANEL.sources["state"],
    gateway_process=gateway.PANEL.sources["processes"],
    gateway_heartbeat=gateway.PANEL.sources["heartbeat"],
    gateway_clean=gateway.PANEL.sources["clean"],
    jobs=cron.JOBS,
    job_states=cron.PANEL.sources["job_states"],
    # Not the whole history: it is read with every message.
    runs=replace(cron.RUNS, limit=RUNS_SEEN, cut_chars=300, by_content=True),
    # Apart from them: a run that takes long is not among the newest any more.
    unfinished_runs=replace(
        cron.RUNS, where=("status", cron.UNFINISHED), limit=RUNS_SEEN, cut_chars=300, by_content=True
    ),
    run_owners=cron.PANEL.sources["owners"],
    ticker=cron.PANEL.sources["heartbeat"],
    ticker_success=cron.PANEL.sources["success"],
    kanban=Table(
        "kanban.db",
        "tasks",
        ("id", "status"),
        where=("status", ("running", "blocked")),
        of="root",
        by_content=True,
    ),
    goal_entries=goals.PANEL.sources["entries"],
    # Not the skills themselves: to look at each of them with every message would be dear.
    skill_usage=USAGE,
    config=Config(),
    env=EnvNames(),
    place=HomeName(),
    profiles=Profiles(),
    active_profile=ActiveProfile(),
)
