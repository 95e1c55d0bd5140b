"""What a snapshot tells: figures, states and a few names, each taken out of a panel's payload for itself.

Whatever is not taken here cannot be in a snapshot, whatever panels may show one day: no message, title, memory entry,
prompt, path or person. Payloads come as JSON, perhaps of another version: what they lack is unknown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hermes_hud_widget.frozen import frozen

DAYS_SHOWN, GROUPS_SHOWN, NAMES_SHOWN, TROUBLES_SHOWN = 30, 6, 6, 12
HOME_CHARS, PATH_CHARS = 60, 120
LIVE = frozenset({"running", "thinking", "asking", "idle"})
"""What a live session does; a crashed one is listed beside them."""
OTHER = "other"
"""Stands for a name that could be more than a name."""

Snapshots = Mapping[str, Mapping[str, Any] | None]
"""By panel, what `Home.panel` returns; None, or none at all: it was not read."""


@frozen
class Spent:
    """What some sessions spent.

    Attributes:
        usd: What is known of it; None: nothing is, or a subscription includes all.
        is_included: True if a subscription includes all of it.
        is_least: True if some of it has no known price.
    """

    sessions: int
    tokens: int
    usd: float | None
    is_included: bool
    is_least: bool


@frozen
class DaySpent:
    """What the sessions spent that began on a day; `usd` is None where no price is known."""

    day: date
    sessions: int
    tokens: int
    usd: float | None


@frozen
class Group:
    """What one model, or the sessions from one source, spent."""

    name: str
    spent: Spent


@frozen
class Fill:
    """How full a memory store is, in characters as Hermes counts them."""

    store: str
    entries: int
    used_chars: int
    limit_chars: int


@frozen
class GatewayFacts:
    """The gateway: its health in a word, and which of its platforms have trouble."""

    health: str
    connected: int
    platforms: int
    troubled: tuple[str, ...]


@frozen
class CronFacts:
    """The scheduled jobs: the scheduler's state in a word, and how many there are of what."""

    scheduler: str
    active: int
    running: int
    overdue: int
    failed: int
    next_at: datetime | None


@frozen
class HealthFacts:
    """How many checks found what, and the names of those that found errors, then warnings."""

    errors: int
    warnings: int
    ok: int
    checks: tuple[str, ...]


@frozen
class Trouble:
    """Why a panel could not be read.

    Attributes:
        kind: As in `protocol.Problem`.
        path: The file at fault, relative to the home; None: there is none, or it lies elsewhere.
    """

    panel: str
    kind: str
    path: str | None


@frozen
class Facts:
    """All that a snapshot tells.

    Attributes:
        home: The last part of the home's path.
        at: When this was true, in the home's zone.
        is_read: False while nothing is known yet.
        is_missing: True if there is no such home.
        share_read: How much of the history was read, from 0 to 1; None: all of it.
        live: Live sessions; None: not known.
        is_more_live: True if there may be more of them.
        asking: How many of them wait for an answer.
        working: How many of them are at work.
        crashed: Sessions that crashed within 24 h, besides.
        conversations: All that Hermes lists.
        background: Background subagents at work.
        days: The last days, without gaps, oldest first.
        models: Those of these days that cost most; there are `more_models` besides. So with `sources`.
        troubles: Panels that could not be read, as far as they were asked for.
        asked: How many panels were asked for.
    """

    home: str
    profile: str | None
    at: datetime
    is_read: bool
    is_missing: bool
    share_read: float | None
    model: str | None
    live: int | None
    is_more_live: bool
    asking: int
    working: int
    crashed: int
    conversations: int
    messages: int
    tool_calls: int
    background: int
    cards_running: int
    cards_blocked: int
    goals: int
    today: Spent | None
    month: Spent | None
    days: tuple[DaySpent, ...]
    models: tuple[Group, ...]
    more_models: int
    sources: tuple[Group, ...]
    more_sources: int
    memory: tuple[Fill, ...]
    gateway: GatewayFacts | None
    cron: CronFacts | None
    health: HealthFacts | None
    troubles: tuple[Trouble, ...]
    asked: int


def facts_of(
    snapshots: Snapshots, now: datetime, where: tzinfo | None = None, path: str | None = None
) -> Facts:
    """What of `snapshots` may be passed on.

    Args:
        snapshots: What the panels show; `overview`, `costs` and `health` are read, of all others the errors.
        now: When that is true; timezone-aware.
        where: The zone for its times; None: the home's own, as the overview names it.
        path: The home's path, for where the overview does not tell it.
    """
    overview, costs, health = (_dig(snapshots.get(name), "data") for name in ("overview", "costs", "health"))
    known = {name: found for name, found in snapshots.items() if found is not None}
    live = _list(overview, "live")
    doing = [_dig(session, "activity") for session in live]
    more = _count(_dig(overview, "more_live"))
    home, profile = _home(_dig(overview, "identity", "name") or path)
    return Facts(
        home=home,
        profile=profile,
        at=now.astimezone(where or _zone(_dig(overview, "today", "timezone"))),
        is_read=isinstance(overview, Mapping),
        is_missing=any(_dig(found, "error", "kind") == "no-home" for found in known.values()),
        share_read=_share_read(known.get("overview")),
        model=_model(_dig(overview, "identity", "model")),
        live=sum(one in LIVE for one in doing) if isinstance(overview, Mapping) else None,
        is_more_live=more > 0,
        asking=doing.count("asking"),
        working=sum(one in ("running", "thinking") for one in doing),
        crashed=doing.count("crashed"),
        conversations=_count(_dig(overview, "totals", "sessions")),
        messages=_count(_dig(overview, "totals", "messages")),
        tool_calls=_count(_dig(overview, "totals", "tool_calls")),
        background=_count(_dig(overview, "delegations")),
        cards_running=_count(_dig(overview, "kanban_running")),
        cards_blocked=_count(_dig(overview, "kanban_blocked")),
        goals=_count(_dig(overview, "goals")),
        today=_spent(_dig(overview, "today", "spending")),
        month=_spent(_dig(costs, "total")) if _dig(costs, "days") == DAYS_SHOWN else None,
        days=_days(costs),
        models=_groups(costs, "models", "model", _model),
        more_models=_left_out(costs, "models"),
        sources=_groups(costs, "sources", "source", _word),
        more_sources=_left_out(costs, "sources"),
        memory=tuple(fill for one in _list(overview, "memory") if (fill := _fill(one)) is not None),
        gateway=_gateway(_dig(overview, "gateway")),
        cron=_cron(_dig(overview, "cron")),
        health=_health(health),
        troubles=tuple(
            trouble for name, found in known.items() if (trouble := _trouble(name, found)) is not None
        )[:TROUBLES_SHOWN],
        asked=len(known),
    )


# -- of payloads


def _spent(written: Any) -> Spent | None:
    if not isinstance(written, Mapping):
        return None
    cost, tokens = _dig(written, "cost"), _dig(written, "tokens")
    status = _dig(cost, "status")
    is_included = status == "included"
    return Spent(
        sessions=_count(_dig(written, "sessions")),
        tokens=sum(_count(_dig(tokens, kind)) for kind in ("input", "output", "cache_read", "cache_write")),
        usd=None if is_included or status == "unknown" else _number(_dig(cost, "usd")),
        is_included=is_included,
        is_least=_count(_dig(cost, "unknown_sessions")) > 0,
    )


def _days(costs: Any) -> tuple[DaySpent, ...]:
    if _dig(costs, "unit") != "day":
        return ()
    days: list[DaySpent] = []
    for period in _list(costs, "periods")[-DAYS_SHOWN:]:
        day = _day(_dig(period, "starts_on"))
        if day is None:
            return ()
        kinds = _list(period, "kinds")
        known = [usd for kind in kinds if (usd := _number(_dig(kind, "usd"))) is not None]
        tokens = sum(_count(_dig(kind, "tokens")) for kind in kinds)
        days.append(DaySpent(day, _count(_dig(period, "sessions")), tokens, sum(known) if known else None))
    return tuple(days)


def _groups(costs: Any, key: str, name: str, as_name: Callable[[Any], str | None]) -> tuple[Group, ...]:
    groups: list[Group] = []
    for one in _list(costs, key)[:GROUPS_SHOWN]:
        spent = _spent(_dig(one, "figures"))
        if spent is not None:
            groups.append(Group(as_name(_dig(one, name)) or "unknown", spent))
    return tuple(groups)


def _left_out(costs: Any, key: str) -> int:
    return max(0, len(_list(costs, key)) - GROUPS_SHOWN) + _count(_dig(costs, "left_out", key))


def _fill(written: Any) -> Fill | None:
    store, limit = _dig(written, "store"), _count(_dig(written, "limit_chars"))
    if store not in ("memory", "user") or not limit:
        return None
    return Fill(store, _count(_dig(written, "entries")), _count(_dig(written, "used_chars")), limit)


def _gateway(written: Any) -> GatewayFacts | None:
    if not isinstance(written, Mapping):
        return None
    return GatewayFacts(
        health=_word(written.get("health")) or "unknown",
        connected=_count(written.get("connected")),
        platforms=_count(written.get("platforms")),
        troubled=_words(_list(written, "troubled")),
    )


def _cron(written: Any) -> CronFacts | None:
    if not isinstance(written, Mapping):
        return None
    return CronFacts(
        scheduler=_word(written.get("scheduler")) or "unknown",
        active=_count(written.get("active")),
        running=_count(written.get("running")),
        overdue=_count(written.get("overdue")),
        failed=_count(written.get("failed")),
        next_at=_instant(written.get("next_at")),
    )


def _health(written: Any) -> HealthFacts | None:
    if not isinstance(written, Mapping):
        return None
    bad = [one for one in _list(written, "checks") if _dig(one, "level") in ("error", "warning")]
    return HealthFacts(
        errors=_count(written.get("errors")),
        warnings=_count(written.get("warnings")),
        ok=_count(written.get("ok")),
        checks=_words([_dig(one, "check") for one in bad]),
    )


def _trouble(panel: str, found: Mapping[str, Any]) -> Trouble | None:
    error = found.get("error")
    if not isinstance(error, Mapping) or error.get("kind") in ("no-home", "not-in-version"):
        return None
    return Trouble(_word(panel) or OTHER, _word(error.get("kind")) or "unavailable", _path(error.get("path")))


def _share_read(overview: Mapping[str, Any] | None) -> float | None:
    done, total = (_number(_dig(overview, "progress", name)) for name in ("done", "total"))
    return None if done is None or not total else max(0.0, min(1.0, done / total))


# -- names, as far as they are no more than that


_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
_MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._:/+()\[\]-]{0,79}(?:@[0-9]{1,12})?")
_ABSOLUTE = re.compile(r"[/~.\\]|[A-Za-z]:[\\/]")
_MODEL_PARTS = 3
"""As in `openrouter/anthropic/claude`; a name of more is a path to a model's file."""
_FINE_TUNED = re.compile(r"((?:[^:]*/)?ft:[^:]+):.*|([^:]+):ft-.*")
"""`ft:gpt-4o:acme:jane:9x`, once `davinci:ft-acme-…`: what follows the model names an organisation and a person's word."""
_HERMES_NAMES = frozenset({"cron", "logs", "memories"})
"""Folders of a home whose files Hermes itself names; skills, profiles, boards and plugins are named by people."""


def _word(written: Any) -> str | None:
    """A word such as `telegram`; what could be an address, a number or a sentence is `other`."""
    if not isinstance(written, str) or not written:
        return None
    return written if _WORD.fullmatch(written) else OTHER


def _words(written: Sequence[Any]) -> tuple[str, ...]:
    words = dict.fromkeys(word for one in written if (word := _word(one)) is not None)
    return tuple(words)[:NAMES_SHOWN]


def _model(written: Any) -> str | None:
    """A model's name; of a path to its file the last part, of one that somebody tuned only what it was before."""
    if not isinstance(written, str) or not written.strip():
        return None
    name = written.strip()
    if _ABSOLUTE.match(name) or name.count("/") >= _MODEL_PARTS:
        name = re.split(r"[/\\]", name.rstrip("/\\"))[-1]
    if tuned := _FINE_TUNED.fullmatch(name):
        name = tuned[1] or tuned[2]
    # An address within somebody's cloud (arn:aws:bedrock:REGION:ACCOUNT:…) is no name.
    is_name = _MODEL.fullmatch(name) and "//" not in name and not name.startswith("arn:")
    return name if is_name else OTHER


def _home(path: Any) -> tuple[str, str | None]:
    """The last part of the home's path, and the profile; a profile's home is called as its root."""
    parts = re.split(r"[/\\]+", path.rstrip("/\\")) if isinstance(path, str) else []
    profile = None
    if len(parts) > 2 and parts[-2] == "profiles":
        profile, parts = _word(parts[-1]), parts[:-2]
    name = parts[-1] if parts else ""
    return _printable(name)[:HOME_CHARS] or "Hermes home", profile


def _path(written: Any) -> str | None:
    """A file of the home; one elsewhere is not named, and of one whose name people chose only the first folder."""
    if not isinstance(written, str) or not written or _ABSOLUTE.match(written.removeprefix(".")):
        return None
    if ".." in re.split(r"[/\\]", written) or not written.isprintable():
        return None
    folder, *names = re.split(r"[/\\]", written)
    if names and (folder not in _HERMES_NAMES or len(names) > 1):
        return f"{folder[:PATH_CHARS]}/…"
    return written if len(written) <= PATH_CHARS else f"{written[: PATH_CHARS - 1]}…"


def _printable(written: str) -> str:
    return "".join(character for character in written if character.isprintable())


# -- values


def _dig(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _list(value: Any, key: str) -> Sequence[Any]:
    found = _dig(value, key)
    return found if isinstance(found, (list, tuple)) else ()


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _count(value: Any) -> int:
    return max(0, int(value)) if isinstance(value, int) and not isinstance(value, bool) else 0


def _instant(value: Any) -> datetime | None:
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:  # not as any version writes it
        return None
    return at if at is not None and at.tzinfo is not None else None


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:  # not as any version writes it
        return None


def _zone(name: Any) -> tzinfo:
    try:
        return ZoneInfo(name) if isinstance(name, str) else UTC
    except (
        ZoneInfoNotFoundError,
        ValueError,
        OSError,
    ):  # it may be a name that only the server's machine knows
        return UTC
