"""The overview: what each live session does now, counters, today's tokens and cost, last changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from hermes_hud_widget.day import midnight, zone
from hermes_hud_widget.ledger.ledger import Ledger
from hermes_hud_widget.ledger.rows import Cost, RecentMessage, Session, Spending, Tokens, Totals
from hermes_hud_widget.ledger.writers import Writers
from hermes_hud_widget.panel import Panel, Payload, Until
from hermes_hud_widget.panels.memory import MEMORY_FILE, USER_FILE, memory_limit, user_limit
from hermes_hud_widget.place import Place
from hermes_hud_widget.sources import (
    ActiveProfile,
    Config,
    EntriesFile,
    HomeName,
    Profiles,
    Settings,
    StateDb,
    WritersOf,
)
from hermes_hud_widget.views import view

LIVE_SHOWN = 12
CHANGES_SHOWN = 12


@dataclass(frozen=True)
class Identity:
    """Which home this is.

    Attributes:
        name: The home's path with the user's directory as `~`.
        profile: The profile shown; None for the root home.
        active_profile: The sticky profile that plain `hermes` works in (`active_profile`), if not the root.
        profiles: Names of all profiles of this root.
        model: The configured model (`config.yaml`, `model`).
    """

    name: str
    profile: str | None
    active_profile: str | None
    profiles: tuple[str, ...]
    model: str | None


@dataclass(frozen=True)
class Capacity:
    """How full a memory store is, in characters as Hermes counts them."""

    store: Literal["memory", "user"]
    entries: int
    used_chars: int
    limit_chars: int


@dataclass(frozen=True)
class Today:
    """Spending since midnight: sessions that started today, Hermes' rule (`hermes insights`).

    Attributes:
        since: Midnight, in UTC.
        timezone: Whose midnight: config `timezone`, else the server's zone.
    """

    since: datetime
    timezone: str
    spending: Spending


@dataclass(frozen=True)
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


class Overview(Payload):
    """What the overview shows.

    Attributes:
        live: Live sessions, and those that crashed within 24 h; latest activity first.
        more_live: How many more of them there are than `live` lists.
    """

    identity: Identity
    live: tuple[Session, ...]
    more_live: int
    totals: Totals
    today: Today
    memory: tuple[Capacity, ...]
    changes: tuple[Change, ...]

    def is_empty(self) -> bool:
        return not (
            self.totals.sessions or self.totals.messages or any(store.entries for store in self.memory)
        )


def collect(
    state: Ledger | None,
    writers: Writers | None,
    memory: EntriesFile,
    user: EntriesFile,
    config: Settings,
    place: Place,
    profiles: tuple[str, ...],
    active_profile: str | None,
    now: datetime,
) -> Overview | Until:
    """What goes on now, and the day so far."""
    where, zone_name = zone(config.text("timezone"))
    since = midnight(now, where)
    live, of_live = state.live(now, writers, LIVE_SHOWN) if state else ((), 0)
    stores: tuple[tuple[Literal["memory", "user"], EntriesFile, int], ...] = (
        ("memory", memory, memory_limit(config)),
        ("user", user, user_limit(config)),
    )
    overview = Overview(
        identity=Identity(place.name, place.profile, active_profile, profiles, config.model),
        live=live,
        more_live=of_live - len(live),
        totals=state.totals() if state else Totals(0, 0, 0),
        today=Today(since, zone_name, state.spending(since) if state else Spending(0, Tokens(), Cost())),
        memory=tuple(
            Capacity(name, len(file.entries), file.used_chars, limit) for name, file, limit in stores
        ),
        changes=_changes(state.recent(CHANGES_SHOWN) if state else (), stores),
    )
    soon = [midnight(now, where, days=1), state.next_change(now, writers) if state else None]
    return Until(overview, min(instant for instant in soon if instant is not None))


def _changes(
    messages: tuple[RecentMessage, ...],
    stores: tuple[tuple[Literal["memory", "user"], EntriesFile, int], ...],
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


PANEL = Panel(
    "overview",
    "Overview",
    collect,
    titles={"zh": "概览"},
    icon="overview",
    group="now",
    view=view("overview"),
    state=StateDb(),
    writers=WritersOf(),
    memory=MEMORY_FILE,
    user=USER_FILE,
    config=Config(),
    place=HomeName(),
    profiles=Profiles(),
    active_profile=ActiveProfile(),
)
