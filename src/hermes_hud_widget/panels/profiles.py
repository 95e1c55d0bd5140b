"""The profiles of a root: what each is for and holds, which one Hermes works in, and how two of them differ."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import chain
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field

from hermes_hud_widget.frames import Column, Frame, FrameArguments
from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.ledger.rows import Cost, Tokens
from hermes_hud_widget.ledger.totals import WholeTotals
from hermes_hud_widget.ledger.values import count
from hermes_hud_widget.panel import Panel, Payload, Query, Until
from hermes_hud_widget.panels.config import ConfigEntry, leaves
from hermes_hud_widget.panels.memory import MEMORY_FILE, USER_FILE, memory_limit, user_limit
from hermes_hud_widget.panels.skills import NEVER, NOT_BESIDE
from hermes_hud_widget.panels.written import mapping
from hermes_hud_widget.place import Place, shown
from hermes_hud_widget.sources import (
    ActiveProfile,
    Alive,
    ConfigFile,
    EachProfile,
    EnvNames,
    FoldersWith,
    HomeName,
    Json,
    ProfileContent,
    SessionTotals,
    Settings,
    TextFile,
    Yaml,
)
from hermes_hud_widget.sources import Profiles as ProfileNames
from hermes_hud_widget.views import view

AGAIN = timedelta(seconds=5)
"""While somebody looks, all profiles are read anew so often."""
SOUL_CHARS, DESCRIPTION_CHARS, VALUE_CHARS = 160, 600, 200
DIFFERENCES_SHOWN, SKILLS_SHOWN, TOOLSETS_SHOWN, PROBLEMS_SHOWN = 200, 200, 40, 5
STOPPED = ("stopped", "startup_failed")
"""States in which a gateway does not run, whatever its process does (`gateway/status.py`)."""
DEFAULT = "default"
"""What Hermes calls the root home among the profiles."""

GatewayPresence = Literal["running", "stopped", "never", "unknown"]


def _names(given: Any) -> Any:
    return tuple(name for name in given.split(",") if name) if isinstance(given, str) else given


class ProfilesQuery(Query):
    """What a viewer may ask for: the profiles, and with two names how these differ."""

    compare: Annotated[tuple[str, ...], BeforeValidator(_names)] = Field(
        (), max_length=2, description="Two names of profiles, to compare their configuration and skills"
    )


@frozen
class ProfileMemory:
    """How full one of a profile's memory stores is, in characters as Hermes counts them."""

    store: Literal["memory", "user"]
    entries: int
    used_chars: int
    limit_chars: int


@frozen
class Profile:
    """One profile.

    Attributes:
        name: Its name; the root home is `default`.
        path: Its home, with the user's directory as `~`.
        is_active: True for the one that plain `hermes` works in (`active_profile`).
        is_shown: True for the home whose panels are shown.
        model: The configured model (`config.yaml`).
        provider: Its provider, if one is written beside it.
        is_local: True if the endpoint that is written beside it is on this machine or network.
        context_tokens: The context window, if one is written (`model.context_length`).
        skin: How its terminal looks (`display.skin`).
        toolsets: What it may use, if that is written; at most 40 of `total_toolsets`.
        is_compressing: False if long conversations are not compressed; None: not written.
        gateway: `running`, `stopped`, `never`: none ever ran here, `unknown`: it cannot be known here.
        gateway_state: What the gateway wrote of itself last.
        sessions: Conversations that Hermes lists; None: no database, or one that cannot be read.
        tokens: Of all its sessions.
        cost: Of these.
        last_active: Its newest message's time.
        skills: Skills in its own folder, as `hermes profile list` counts them.
        jobs: Scheduled jobs.
        keys: How many variables its `.env` gives a value.
        soul: The first line of SOUL.md that is no heading, else its first heading.
        description: What it is good at (`profile.yaml`).
        is_description_made: True if a model wrote that and nobody has looked at it.
        distribution: What it was installed from (`distribution.yaml`).
        distribution_version: Of that.
        problems: Files that cannot be read, in words; at most 5 of `total_problems`.
    """

    name: str
    path: str
    is_active: bool
    is_shown: bool
    model: str | None
    provider: str | None
    is_local: bool
    context_tokens: int | None
    skin: str | None
    toolsets: tuple[str, ...]
    total_toolsets: int
    is_compressing: bool | None
    gateway: GatewayPresence
    gateway_state: str | None
    sessions: int | None
    messages: int | None
    tool_calls: int | None
    tokens: Tokens
    cost: Cost
    last_active: datetime | None
    memory: tuple[ProfileMemory, ...]
    skills: int
    jobs: int
    keys: int
    soul: str | None
    description: str | None
    is_description_made: bool
    distribution: str | None
    distribution_version: str | None
    problems: tuple[str, ...]
    total_problems: int


@frozen
class ProfileDifference:
    """A value of the configuration that two profiles do not share.

    Attributes:
        path: Its keys with dots between them.
        one: In the first; None: as Hermes has it by default, or masked.
        other: In the second.
        is_masked: True for what is, or may be, a secret or somebody's address, or differs in what is not shown.
    """

    path: str
    one: str | None
    other: str | None
    is_masked: bool


@frozen
class ProfileComparison:
    """How two profiles differ; their models, memories and figures are in `profiles`.

    Attributes:
        differences: Of their effective configuration, at most 200.
        more_differences: How many more there are.
        skills_of_one: Skills that only the first has, as their folders, at most 200 of `total_skills_of_one`.
        skills_of_other: That only the second has, at most 200 of `total_skills_of_other`.
        shared_skills: How many both have.
    """

    one: str
    other: str
    differences: tuple[ProfileDifference, ...]
    more_differences: int
    skills_of_one: tuple[str, ...]
    total_skills_of_one: int
    skills_of_other: tuple[str, ...]
    total_skills_of_other: int
    shared_skills: int


class ProfileList(Payload):
    """What the profiles panel shows.

    Attributes:
        profiles: `default` first, the others by name, as `hermes profile list` has them; at most 64 of
            `total_profiles`.
        active: The one that plain `hermes` works in.
        comparison: As asked for; None: not asked, or one of the names is none.
    """

    profiles: tuple[Profile, ...]
    total_profiles: int
    active: str
    comparison: ProfileComparison | None

    def is_empty(self) -> bool:
        return not any(
            profile.sessions or profile.model or profile.soul or profile.name != DEFAULT
            for profile in self.profiles
        )


def collect(
    each: tuple[ProfileContent, ...],
    names: tuple[str, ...],
    active: str | None,
    place: Place,
    query: ProfilesQuery,
    now: datetime,
) -> ProfileList | Until:
    """All profiles as they are now."""
    # One that is named but gone: Hermes goes on with the root home.
    working = active if active in names else DEFAULT
    by_name = {_name(content.place): content for content in each}
    comparison = None
    if len(query.compare) == 2 and all(name in by_name for name in query.compare):
        comparison = _compare(*(by_name[name] for name in query.compare))
    panel = ProfileList(
        profiles=tuple(_profile(content, working, place) for content in each),
        # A folder of that name is not the root home.
        total_profiles=max(len(each), 1 + sum(name != DEFAULT for name in names)),
        active=working,
        comparison=comparison,
    )
    return Until(panel, now + AGAIN)


def _name(place: Place) -> str:
    return place.profile or DEFAULT


def _profile(content: ProfileContent, active: str, place: Place) -> Profile:
    held = content.contents
    config: Settings = held["config"]
    totals: WholeTotals | None = held["totals"]
    model, provider = _model(config)
    toolsets = _toolsets(config)
    meta, distribution = held["meta"], held["distribution"]
    gateway, state = _gateway(held)
    context = config.get("model.context_length")
    compressing = config.get("compression.enabled")
    name = _name(content.place)
    return Profile(
        name=name,
        path=shown(content.place.path),
        is_active=name == active,
        is_shown=content.place.path == place.path,
        model=model,
        provider=provider,
        is_local=_is_local(config),
        context_tokens=count(context) if isinstance(context, int) and not isinstance(context, bool) else None,
        skin=config.text("display.skin"),
        toolsets=toolsets[:TOOLSETS_SHOWN],
        total_toolsets=len(toolsets),
        is_compressing=compressing if isinstance(compressing, bool) else None,
        gateway=gateway,
        gateway_state=state,
        sessions=totals.sessions if totals else None,
        messages=totals.messages if totals else None,
        tool_calls=totals.tool_calls if totals else None,
        tokens=totals.tokens if totals else Tokens(),
        cost=totals.cost if totals else Cost(),
        last_active=totals.last_active if totals else None,
        memory=(
            ProfileMemory(
                "memory", len(held["memory"].entries), held["memory"].used_chars, memory_limit(config)
            ),
            ProfileMemory("user", len(held["user"].entries), held["user"].used_chars, user_limit(config)),
        ),
        skills=len(held["skills"]),
        jobs=_jobs(held["jobs"]),
        keys=len(held["env"]),
        soul=_soul(held["soul"]),
        description=(str(meta.get("description") or "").strip() or None)
        and str(meta["description"]).strip()[:DESCRIPTION_CHARS],
        is_description_made=bool(meta.get("description_auto", False)),
        distribution=_word(distribution.get("name")),
        distribution_version=_word(distribution.get("version")),
        problems=content.problems[:PROBLEMS_SHOWN],
        total_problems=len(content.problems),
    )


def _model(config: Settings) -> tuple[str | None, str | None]:
    """Model and provider by the rule of `hermes profile list` (`_read_config_model`)."""
    model = config.get("model")
    if isinstance(model, Mapping):
        return _word(model.get("default") or model.get("model")), _word(model.get("provider"))
    return _word(model), None


def _is_local(config: Settings) -> bool:
    url = config.text("model.base_url") or ""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    return host in ("localhost", "::1", "0.0.0.0") or host.startswith(("127.", "10.", "192.168."))


def _toolsets(config: Settings) -> tuple[str, ...]:
    written = config.get("toolsets")
    names = written if isinstance(written, list) else [written] if isinstance(written, str) else []
    return tuple(str(name)[:VALUE_CHARS] for name in names if isinstance(name, (str, int)))


def _gateway(held: Mapping[str, Any]) -> tuple[GatewayPresence, str | None]:
    written = mapping(held["gateway"])
    state = _word(written.get("gateway_state"))
    known = set(chain.from_iterable(held[name].alive.values() for name in ("gateway_lives", "gateway_pid")))
    if True in known and state not in STOPPED:
        return "running", state
    if not written and not known:
        return "never", None
    return ("unknown" if None in known and state not in STOPPED else "stopped"), state


def _jobs(jobs: Any) -> int:
    listed = jobs.get("jobs") if isinstance(jobs, Mapping) else jobs
    return sum(isinstance(job, Mapping) for job in listed) if isinstance(listed, list) else 0


def _soul(written: str | None) -> str | None:
    lines = [line.strip() for line in (written or "").splitlines()]
    said = next((line for line in lines if line and not line.startswith(("#", "<!--", "---"))), None)
    heading = next((line.lstrip("#").strip() for line in lines if line.startswith("#")), None)
    return ((said or heading) or "")[:SOUL_CHARS] or None


def _word(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    return str(value).strip()[:VALUE_CHARS] or None


# -- two of them


def _compare(one: ProfileContent, other: ProfileContent) -> ProfileComparison:
    differences = _differences(one.contents["config"], other.contents["config"])
    skills_of_one, skills_of_other = (frozenset(content.contents["skills"]) for content in (one, other))
    only_one, only_other = sorted(skills_of_one - skills_of_other), sorted(skills_of_other - skills_of_one)
    return ProfileComparison(
        one=_name(one.place),
        other=_name(other.place),
        differences=tuple(differences[:DIFFERENCES_SHOWN]),
        more_differences=max(0, len(differences) - DIFFERENCES_SHOWN),
        skills_of_one=tuple(only_one[:SKILLS_SHOWN]),
        total_skills_of_one=len(only_one),
        skills_of_other=tuple(only_other[:SKILLS_SHOWN]),
        total_skills_of_other=len(only_other),
        shared_skills=len(skills_of_one & skills_of_other),
    )


def _differences(one: Settings, other: Settings) -> list[ProfileDifference]:
    """By the values that Hermes takes, whether they are written or its defaults.

    What is shown of a value may be cut, or leave out a part of it: the values themselves are compared.
    """
    here, there = ({leaf.path: leaf for leaf in leaves(settings)} for settings in (one, other))
    found = []
    for path in dict.fromkeys(chain(here, there)):
        pair = (here.get(path), there.get(path))
        values = [None if leaf is None else (type(leaf.value), leaf.value) for leaf in pair]
        if values[0] == values[1]:
            continue
        entries = [None if leaf is None else leaf.entry for leaf in pair]
        is_masked = any(entry is not None and entry.is_masked for entry in entries)
        said = [_said(entry) for entry in entries]
        is_masked = is_masked or said[0] == said[1]
        spelled = next(entry.path for entry in entries if entry is not None)
        found.append(ProfileDifference(spelled, said[0], said[1], is_masked))
    return found


def _said(entry: ConfigEntry | None) -> str | None:
    """A value as it may be shown."""
    return None if entry is None or entry.is_masked else (entry.value or "")[:VALUE_CHARS]


# -- the frame


def fill(
    each: tuple[ProfileContent, ...],
    names: tuple[str, ...],
    active: str | None,
    place: Place,
    args: FrameArguments,
    now: datetime,
) -> dict[str, list[Any]]:
    """One row for each profile."""
    working = active if active in names else DEFAULT
    found = [_profile(content, working, place) for content in each]
    rows = [profile for profile in found if args.holds(profile.last_active)][: args.limit]
    values: dict[str, list[Any]] = {
        "profile": [row.name for row in rows],
        **{
            name: [getattr(row, name) for row in rows]
            for name in (
                *("path", "is_active", "is_shown", "description", "model", "provider", "gateway"),
                *("sessions", "messages", "tool_calls", "last_active", "skills", "jobs"),
            )
        },
        **{
            f"{kind}_tokens": [getattr(row.tokens, kind) for row in rows]
            for kind in ("input", "output", "cache_read", "cache_write", "reasoning")
        },
        "cost_usd": [row.cost.usd for row in rows],
        "cost_status": [row.cost.status for row in rows],
        **{
            f"{store}_chars": [
                next(one.used_chars for one in row.memory if one.store == store) for row in rows
            ]
            for store in ("memory", "user")
        },
        "distribution": [row.distribution for row in rows],
        "problems": [list(row.problems) for row in rows],
    }
    return {name: values[name] for name in args.columns or FRAME.column_names}


FRAME = Frame(
    "profiles",
    (
        Column("profile", "text", "Its name; the root home is `default`", is_identifier=True),
        Column("path", "text", "Its home", is_identifier=True),
        Column("is_active", "boolean", "Plain `hermes` works in it", source="active_profile"),
        Column("is_shown", "boolean", "It is the home of this frame"),
        Column("description", "text", "What it is good at", source="profile.yaml"),
        Column("model", "category", "The configured model", source="config.yaml"),
        Column("provider", "category", "Its provider", source="config.yaml"),
        Column(
            "gateway", "category", "`running`, `stopped`, `never` or `unknown`", source="gateway_state.json"
        ),
        Column("sessions", "integer", "Conversations that Hermes lists"),
        Column("messages", "integer", "Active messages"),
        Column("tool_calls", "integer", "Tool calls"),
        Column("last_active", "instant", "The newest message's time"),
        Column("skills", "integer", "Skills in its own folder", source="skills/"),
        Column("jobs", "integer", "Scheduled jobs", source="cron/jobs.json"),
        Column("input_tokens", "integer", "Input, without the cache", "tokens"),
        Column("output_tokens", "integer", "Output", "tokens"),
        Column("cache_read_tokens", "integer", "Read from the cache", "tokens"),
        Column("cache_write_tokens", "integer", "Written to the cache", "tokens"),
        Column("reasoning_tokens", "integer", "Reasoning, part of the output", "tokens"),
        Column("cost_usd", "number", "What is known of its cost", "USD"),
        Column("cost_status", "category", "What kind of figure that is"),
        Column("memory_chars", "integer", "Used of MEMORY.md", "characters", source="memories/MEMORY.md"),
        Column("user_chars", "integer", "Used of USER.md", "characters", source="memories/USER.md"),
        Column("distribution", "text", "What it was installed from", source="distribution.yaml"),
        Column("problems", "texts", "Files that cannot be read"),
    ),
    fill,
    time="last_active",
    about="One profile of the root, the root home among them; at most 64, the root home first, the others by name",
    source="state.db, config.yaml",
)

GATEWAY, GATEWAY_PID = Json("gateway_state.json"), Json("gateway.pid")

PANEL = Panel(
    "profiles",
    "Profiles",
    collect,
    titles={"zh": "配置档"},
    icon="people",
    group="system",
    query=ProfilesQuery,
    frames=(FRAME,),
    view=view("profiles"),
    each=EachProfile(
        (
            ("config", ConfigFile()),
            ("soul", TextFile("SOUL.md")),
            ("meta", Yaml("profile.yaml")),
            ("distribution", Yaml("distribution.yaml")),
            ("memory", MEMORY_FILE),
            ("user", USER_FILE),
            ("skills", FoldersWith("skills", "SKILL.md", NEVER, NOT_BESIDE)),
            ("jobs", Json("cron/jobs.json")),
            ("env", EnvNames()),
            ("gateway", GATEWAY),
            ("gateway_lives", Alive(GATEWAY)),
            ("gateway_pid", Alive(GATEWAY_PID)),
            ("totals", SessionTotals()),
        )
    ),
    names=ProfileNames(),
    active=ActiveProfile(),
    place=HomeName(),
)
