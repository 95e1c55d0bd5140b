"""The gateway: whether it lives, its platforms and their errors, and what it has not delivered yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Literal

from hermes_hud_widget.frames import Column, Frame, FrameArguments
from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.ledger.values import count, instant
from hermes_hud_widget.ledger.values import text as plain
from hermes_hud_widget.panel import Panel, Payload, Until
from hermes_hud_widget.panels.written import impersonal, later, mapping, parsed, soonest, text, when
from hermes_hud_widget.sources import Alive, Folder, FoundFiles, Json, Processes, Rows, Table, TextFile
from hermes_hud_widget.views import view

BEAT_S = 30.0
SILENT_AFTER_S = 3 * BEAT_S
"""A heartbeat that is older says that the gateway's loop stands still: three beats are missing."""
LOOP_WINDOW_S, LOOP_STARTS = 120.0, 5
"""More starts than that within the window is a storm (`gateway/status.py`, `record_start_and_check_storm`)."""
PAIRING_S = 3600.0
"""A pairing code that nobody confirmed is void after so long (`gateway/pairing.py`)."""
STARTS_SHOWN, WEBHOOKS_SHOWN, PROFILES_SHOWN, EVENTS_SHOWN = 40, 50, 50, 50
OPEN = ("pending", "attempting", "failed")
"""States of replies that are still owed."""
STOPPED = ("stopped", "startup_failed")

GatewayHealth = Literal[
    "running", "starting", "degraded", "draining", "silent", "stopped", "failed", "dead", "unknown", "none"
]


@frozen
class GatewayPlatform:
    """One platform that the gateway serves, or did.

    Attributes:
        state: `connecting`, `connected`, `retrying`, `disconnected`, `paused`, `fatal`, or what else is written.
        is_current: False for what a gateway wrote that does not run any more.
        error_code: The platform's word for what is wrong.
        error_message: Cut to 500 characters; addresses and long numbers are left out.
        since: When its state was written last.
        channels: Channels and contacts in the gateway's directory; None: it has none for this platform.
        chats: Chats that are routed to a session.
        waiting_pairings: People who wait for their pairing to be confirmed.
        paired: People whose pairing is.
        unreachable: Targets that the platform says are gone.
        undelivered: Replies still owed to it.
    """

    name: str
    state: str | None
    is_current: bool
    error_code: str | None
    error_message: str | None
    since: datetime | None
    channels: int | None
    chats: int
    waiting_pairings: int
    paired: int
    unreachable: int
    undelivered: int


@frozen
class GatewayBacklog:
    """Replies and their delivery, of the last seven days; no word of them, nor whom they are for.

    Attributes:
        states: How many, by state: `pending`, `attempting`, `failed`, `abandoned`, `delivered`.
        open: Those that are neither delivered nor abandoned.
        oldest_at: When the oldest of these was owed.
        last_error: Of the one that failed last; addresses and long numbers are left out.
        last_error_at: When that was.
    """

    states: Mapping[str, int]
    open: int
    oldest_at: datetime | None
    last_error: str | None
    last_error_at: datetime | None


@frozen
class GatewayWebhook:
    """One webhook subscription, without its secret.

    Attributes:
        events: What it listens to, at most 50 of `total_events`; empty: everything.
        deliver: Where its answer goes.
    """

    name: str
    description: str | None
    events: tuple[str, ...]
    total_events: int
    deliver: str | None
    created_at: datetime | None


class Gateway(Payload):
    """What the gateway panel shows.

    Attributes:
        health: What is true: `running`, `starting`, `degraded`, `draining`: so it says, and its process lives;
            `silent`: its process lives, but its heartbeat has stopped; `stopped`, `failed` (to start): so it
            said; `dead`: its last word is another, but its process is gone; `unknown`: its process cannot be
            seen from here, and there is no heartbeat; `none`: no gateway has ever run here.
        said: What `gateway_state.json` says, word for word.
        is_alive: Whether its process lives; None: it cannot be known here.
        is_told_by_heartbeat: True where the process cannot be seen and the heartbeat alone tells.
        is_clean: True if its last end was a clean one.
        changed_at: When the state was written last. A healthy idle gateway writes nothing for days.
        heartbeat_at: The last beat (since 0.19).
        exit_reason: Why it stopped.
        active_agents: Turns that it works on.
        starts: When it started lately, the newest first.
        is_storm: True if it started more than five times within two minutes.
        is_loop: True if three starts within a minute found sessions that a restart had interrupted; it then
            does not resume them any more.
        backlog: None before 0.19, which keeps none.
        pairing_waiting: People who wait for their pairing to be confirmed, on all platforms.
        directory_at: When the directory of channels was made.
        served_profiles: Profiles that it works for, at most 50 of `total_served_profiles`.
        webhooks_total: How many webhooks there are; `webhooks` has the first 50 of them.
    """

    health: GatewayHealth
    said: str | None
    is_alive: bool | None
    is_told_by_heartbeat: bool
    is_clean: bool
    pid: int | None
    changed_at: datetime | None
    heartbeat_at: datetime | None
    exit_reason: str | None
    is_restart_requested: bool
    active_agents: int
    served_profiles: tuple[str, ...]
    total_served_profiles: int
    platforms: tuple[GatewayPlatform, ...]
    starts: tuple[datetime, ...]
    is_storm: bool
    is_loop: bool
    backlog: GatewayBacklog | None
    pairing_waiting: int
    directory_at: datetime | None
    webhooks: tuple[GatewayWebhook, ...]
    webhooks_total: int

    def is_empty(self) -> bool:
        return self.health == "none" and not (self.platforms or self.starts or self.backlog or self.webhooks)


@frozen
class _Pulse:
    """Whether the gateway lives, and until when that is true."""

    health: GatewayHealth
    is_alive: bool | None
    is_told_by_heartbeat: bool
    valid_until: datetime | None


def collect(
    state: Any,
    processes: Processes,
    heartbeat: Any,
    clean: str | None,
    starts: str | None,
    loop: Any,
    dead_targets: Any,
    directory: Any,
    webhooks: Any,
    pairings: FoundFiles,
    old_pairings: FoundFiles,
    deliveries: Rows,
    routes: Rows,
    now: datetime,
) -> Gateway | Until:
    """The gateway's state, its platforms and its backlog."""
    said = mapping(state)
    beat = mapping(heartbeat)
    pulse = _pulse(said, processes, beat, clean is not None, now)
    people = _Pairings.of((pairings, old_pairings), now)
    started = sorted((at for at in map(when, (starts or "").split()[-STARTS_SHOWN:]) if at), reverse=True)
    hooks = _webhooks(webhooks)
    served = _texts(said.get("served_profiles"))
    is_storm, storm_until = _crowd(started, LOOP_WINDOW_S, LOOP_STARTS + 1, now)
    is_loop, loop_until = _crowd(_boots(loop), 60.0, 3, now)
    platforms = _platforms(said, pulse, dead_targets, directory, people, deliveries, routes)
    gateway = Gateway(
        health=pulse.health,
        said=text(said.get("gateway_state"), 40),
        is_alive=pulse.is_alive,
        is_told_by_heartbeat=pulse.is_told_by_heartbeat,
        is_clean=clean is not None,
        pid=pid if isinstance(pid := said.get("pid"), int) and not isinstance(pid, bool) else None,
        changed_at=when(said.get("updated_at")),
        heartbeat_at=when(beat.get("updated_at")),
        exit_reason=impersonal(said.get("exit_reason")),
        is_restart_requested=said.get("restart_requested") is True,
        active_agents=max(0, count(said.get("active_agents"))),
        served_profiles=served[:PROFILES_SHOWN],
        total_served_profiles=len(served),
        platforms=platforms,
        starts=tuple(started),
        is_storm=is_storm,
        is_loop=is_loop,
        backlog=_backlog(deliveries),
        pairing_waiting=sum(people.waiting.values()),
        directory_at=when(mapping(directory).get("updated_at")),
        webhooks=tuple(replace(one, events=one.events[:EVENTS_SHOWN]) for one in hooks[:WEBHOOKS_SHOWN]),
        webhooks_total=len(hooks),
    )
    ends = (pulse.valid_until, people.valid_until, storm_until, loop_until)
    return Until(gateway, soonest(ends, now))


def _pulse(
    said: Mapping[str, Any], processes: Processes, beat: Mapping[str, Any], is_clean: bool, now: datetime
) -> _Pulse:
    """Alive means: there is such a process, and it started when the gateway did. Never: the file is new."""
    word = said.get("gateway_state")
    if not said:
        return _Pulse("none", None, False, None)
    if word in STOPPED:
        return _Pulse("stopped" if word == "stopped" else "failed", False, False, None)
    is_alive = processes.is_alive(said.get("pid"), said.get("start_time"))
    # A beat of another process says nothing of this one.
    is_own = beat.get("pid") == said.get("pid") and when(beat.get("updated_at")) is not None
    silent_at = later(when(beat.get("updated_at")), SILENT_AFTER_S) if is_own else None
    is_silent = silent_at is not None and silent_at <= now
    if is_alive is False:
        # It leaves its last word behind when it is told to end.
        return _Pulse("stopped" if is_clean else "dead", False, False, None)
    if is_alive is None and silent_at is None:
        return _Pulse("unknown", None, False, None)
    if is_silent:
        return _Pulse("silent" if is_alive else "dead", is_alive or False, is_alive is None, None)
    health: GatewayHealth
    match word:
        case "starting" | "degraded" | "draining":
            health = word
        case _:
            health = "running"
    return _Pulse(health, True, is_alive is None, silent_at)


@frozen
class _Pairings:
    """Pairings by platform, and until when none of those that wait is void."""

    waiting: Mapping[str, int]
    paired: Mapping[str, int]
    valid_until: datetime | None

    @staticmethod
    def of(folders: Sequence[FoundFiles], now: datetime) -> _Pairings:
        """Of `PLATFORM-pending.json` and `PLATFORM-approved.json`; newer releases have moved the folder."""
        waiting: Counter[str] = Counter()
        paired: Counter[str] = Counter()
        ends: list[datetime | None] = []
        for file in (file for folder in folders for file in folder.files):
            platform, _, kind = file.path.removesuffix(".json").rpartition("-")
            entries = mapping(parsed(file.text))
            if kind == "approved":
                paired[platform] += len(entries)
            elif kind == "pending":
                void = [
                    later(when(mapping(entry).get("created_at")), PAIRING_S) for entry in entries.values()
                ]
                still = [at for at in void if at is not None and at > now]
                waiting[platform] += len(still)
                ends += still
        return _Pairings(+waiting, +paired, soonest(ends, now))


def _platforms(
    said: Mapping[str, Any],
    pulse: _Pulse,
    dead_targets: Any,
    directory: Any,
    people: _Pairings,
    deliveries: Rows,
    routes: Rows,
) -> tuple[GatewayPlatform, ...]:
    """Those that the gateway names, and those that only another file knows of; by name."""
    states = mapping(said.get("platforms"))
    channels = {
        name: len(entries)
        for name, entries in mapping(mapping(directory).get("platforms")).items()
        if isinstance(entries, list)
    }
    unreachable = Counter(
        text(mapping(target).get("platform"), 80) or key.partition(":")[0]
        for key, target in mapping(dead_targets).items()
        if isinstance(target, Mapping)
    )
    chats = Counter(_platform_of(plain(row["session_key"]) or "") for row in routes)
    undelivered = Counter(plain(row["platform"]) or "?" for row in deliveries if row["state"] in OPEN)
    names = {*states, *(name for name, found in channels.items() if found)}
    names |= {*unreachable, *chats, *undelivered, *people.waiting, *people.paired} - {""}
    return tuple(
        GatewayPlatform(
            name=name[:80],
            state=text(mapping(states.get(name)).get("state"), 40),
            is_current=pulse.is_alive is not False,
            error_code=impersonal(mapping(states.get(name)).get("error_code"), 80),
            error_message=impersonal(mapping(states.get(name)).get("error_message")),
            since=when(mapping(states.get(name)).get("updated_at")),
            channels=channels.get(name),
            chats=chats[name],
            waiting_pairings=people.waiting.get(name, 0),
            paired=people.paired.get(name, 0),
            unreachable=unreachable[name],
            undelivered=undelivered[name],
        )
        for name in sorted(names)
    )


def _platform_of(session_key: str) -> str:
    """`agent:main:telegram:dm:…`: the platform is the third word; what follows is whom it is with."""
    words = session_key.split(":")
    return words[2] if len(words) > 2 else ""


def _backlog(deliveries: Rows) -> GatewayBacklog | None:
    if not deliveries:
        return None
    owed = [row for row in deliveries if row["state"] in OPEN]
    failed = [row for row in deliveries if row["last_error"]]
    last = max(failed, key=lambda row: instant(row["updated_at"]) or _NEVER, default=None)
    return GatewayBacklog(
        states=dict(sorted(Counter(plain(row["state"]) or "?" for row in deliveries).items())),
        open=len(owed),
        oldest_at=min((at for row in owed if (at := instant(row["created_at"]))), default=None),
        last_error=impersonal(last["last_error"]) if last else None,
        last_error_at=instant(last["updated_at"]) if last else None,
    )


def _boots(loop: Any) -> list[datetime]:
    boots = mapping(loop).get("boots")
    return [at for at in map(when, boots if isinstance(boots, list) else ()) if at is not None]


def _crowd(
    instants: Sequence[datetime], window_s: float, most: int, now: datetime
) -> tuple[bool, datetime | None]:
    """Whether there are so many within the window that ends now, and until when that is so."""
    recent = sorted(at for at in instants if (end := later(at, window_s)) is not None and end > now)
    return (True, later(recent[-most], window_s)) if len(recent) >= most else (False, None)


def _webhooks(written: Any) -> list[GatewayWebhook]:
    """All of them, in file order."""
    return [_webhook(name, mapping(hook)) for name, hook in mapping(written).items()]


def _webhook(name: str, said: Mapping[str, Any]) -> GatewayWebhook:
    events = _texts(said.get("events"))
    return GatewayWebhook(
        name=name[:200],
        description=text(said.get("description")),
        events=events,
        total_events=len(events),
        deliver=text(said.get("deliver"), 80),
        created_at=when(said.get("created_at")),
    )


def _texts(written: Any) -> tuple[str, ...]:
    several = written if isinstance(written, list) else ()
    return tuple(found for found in (text(each, 200) for each in several) if found)


_NEVER = datetime.fromtimestamp(0, UTC)


def _fill_platforms(
    state: Any,
    processes: Processes,
    heartbeat: Any,
    clean: str | None,
    dead_targets: Any,
    directory: Any,
    pairings: FoundFiles,
    old_pairings: FoundFiles,
    deliveries: Rows,
    routes: Rows,
    args: FrameArguments,
    now: datetime,
) -> dict[str, list[Any]]:
    said = mapping(state)
    pulse = _pulse(said, processes, mapping(heartbeat), clean is not None, now)
    people = _Pairings.of((pairings, old_pairings), now)
    found = _platforms(said, pulse, dead_targets, directory, people, deliveries, routes)[: args.limit]
    return {column.name: [getattr(row, column.name) for row in found] for column in PLATFORM_COLUMNS}


def _fill_deliveries(deliveries: Rows, args: FrameArguments) -> dict[str, list[Any]]:
    rows = [row for row in deliveries if args.holds(instant(row["created_at"]))][: args.limit]
    return {
        "platform": [plain(row["platform"]) for row in rows],
        "state": [plain(row["state"]) for row in rows],
        "attempts": [count(row["attempts"]) for row in rows],
        "created_at": [instant(row["created_at"]) for row in rows],
        "updated_at": [instant(row["updated_at"]) for row in rows],
        "last_error": [impersonal(row["last_error"]) for row in rows],
    }


def _fill_webhooks(webhooks: Any, args: FrameArguments) -> dict[str, list[Any]]:
    rows = [one for one in _webhooks(webhooks) if args.holds(one.created_at)][: args.limit]
    return {
        "name": [one.name for one in rows],
        "description": [one.description for one in rows],
        "events": [list(one.events) for one in rows],
        "deliver": [one.deliver for one in rows],
        "created_at": [one.created_at for one in rows],
    }


PLATFORM_COLUMNS = (
    Column("name", "category", "The platform"),
    Column(
        "state",
        "category",
        "connecting, connected, retrying, disconnected, paused, fatal; missing: none told",
    ),
    Column("is_current", "boolean", "False: of a gateway that does not run any more", source="/proc"),
    Column("error_code", "category", "The platform's word for what is wrong"),
    Column("error_message", "text", "What is wrong; addresses and long numbers are left out"),
    Column(
        "since", "instant", "When its state was written", source="gateway_state.json: platforms.*.updated_at"
    ),
    Column("channels", "integer", "Channels and contacts known", source="channel_directory.json"),
    Column("chats", "integer", "Chats that are routed to a session", source="state.db: gateway_routing"),
    Column(
        "waiting_pairings",
        "integer",
        "People who wait to be paired",
        source="platforms/pairing/*-pending.json",
    ),
    Column("paired", "integer", "People who are paired", source="platforms/pairing/*-approved.json"),
    Column("unreachable", "integer", "Targets that are gone", source="gateway/dead_targets.json"),
    Column("undelivered", "integer", "Replies still owed", source="state.db: delivery_obligations"),
)
DELIVERY_COLUMNS = (
    Column("platform", "category", "The platform"),
    Column("state", "category", "pending, attempting, failed, abandoned, delivered"),
    Column("attempts", "integer", "How often another gateway took it up again"),
    Column("created_at", "instant", "When the reply was owed"),
    Column("updated_at", "instant", "When its state changed last"),
    Column("last_error", "text", "Why it failed; addresses and long numbers are left out"),
)
# Its secret and its prompt stay in the file.
WEBHOOK_COLUMNS = (
    Column("name", "text", "Its name, as in its address", is_identifier=True),
    Column("description", "text", "What it is for"),
    Column("events", "texts", "What it listens to; none: everything"),
    Column("deliver", "category", "Where its answer goes"),
    Column("created_at", "instant", "When it was made"),
)

STATE = Json("gateway_state.json")
# Neither what is to be delivered nor to whom is ever read.
DELIVERIES = Table(
    "state.db",
    "delivery_obligations",
    ("platform", "state", "attempts", "created_at", "updated_at", "last_error"),
    order=("-created_at",),
    # Hermes keeps 500.
    limit=600,
    cut_chars=500,
    by_content=True,
)

PANEL = Panel(
    "gateway",
    "Gateway",
    collect,
    titles={"zh": "网关"},
    icon="gateway",
    group="system",
    frames=(
        Frame(
            "gateway_platforms",
            PLATFORM_COLUMNS,
            _fill_platforms,
            about="One row for each platform that the gateway, or one of its files, names",
            source="gateway_state.json: platforms",
        ),
        Frame(
            "deliveries",
            DELIVERY_COLUMNS,
            _fill_deliveries,
            time="created_at",
            about="One row for each reply that was owed to a platform in the last seven days, the newest first",
            source="state.db: delivery_obligations",
        ),
        Frame(
            "webhooks",
            WEBHOOK_COLUMNS,
            _fill_webhooks,
            time="created_at",
            about="One row for each webhook subscription, in file order; without its secret",
            source="webhook_subscriptions.json",
        ),
    ),
    view=view("gateway"),
    state=STATE,
    processes=Alive(STATE),
    heartbeat=Json("state/gateway.heartbeat"),
    clean=TextFile(".clean_shutdown"),
    starts=TextFile("gateway-starts.log"),
    loop=Json("gateway/restart_loop.json"),
    dead_targets=Json("gateway/dead_targets.json"),
    directory=Json("channel_directory.json"),
    webhooks=Json("webhook_subscriptions.json"),
    pairings=Folder("platforms/pairing", "*.json", read_bytes=262_144),
    old_pairings=Folder("pairing", "*.json", read_bytes=262_144),
    deliveries=DELIVERIES,
    routes=Table(
        "state.db", "gateway_routing", ("session_key",), order=("session_key",), limit=50_000, by_content=True
    ),
)
