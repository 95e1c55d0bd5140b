"""The skills: what the agent knows how to do, where each one came from, how it is used and looked after."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import PurePosixPath
from typing import Any, Literal

from pydantic import Field

from hermes_hud_widget.frames import Column, Frame, FrameArguments
from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.panel import Panel, Payload, Query, Until
from hermes_hud_widget.redact import encodable
from hermes_hud_widget.sources import Config, Document, Documents, JsonObject, Settings, TextFile, Tree
from hermes_hud_widget.views import view

NAME_CHARS = 64
DESCRIPTION_CHARS = 1_024
"""What Hermes cuts names and descriptions to (`tools/skills_tool.py`)."""
LISTED_DESCRIPTION_CHARS = 280
"""What the list shows of a description."""
SHOWN_CHARS = 100_000
"""What is shown of a skill's text; Hermes itself writes none longer (`tools/skill_manager_tool.py`)."""
FILES_SHOWN = 100
LARGEST = 2**53
"""Whole numbers beyond this are not counts of anything, and more than a browser can hold."""
INTERVAL_HOURS = 168
STALE_AFTER_DAYS = 30
ARCHIVE_AFTER_DAYS = 90
"""Hermes' defaults (`agent/curator.py`)."""

NEVER = frozenset(
    (
        ".git",
        ".github",
        ".hub",
        ".archive",
        ".venv",
        "venv",
        "node_modules",
        "site-packages",
        "__pycache__",
        ".tox",
        ".nox",
        ".pytest_cache",
        ".mypy_cache",
        ".ruff_cache",
    )
)
NOT_BESIDE = frozenset(("references", "templates", "assets", "scripts"))
"""Where Hermes looks for no skills: anywhere, and beside a SKILL.md (`agent/skill_utils.py`)."""
_PLATFORMS = {"macos": "darwin", "linux": "linux", "windows": "win32"}

Origin = Literal["bundled", "hub", "agent", "user", "external"]
State = Literal["active", "stale", "archived"]
Unlisted = Literal["broken", "same-name", "other-system"]


class SkillsQuery(Query):
    """What a viewer may ask for: the list, or (with `skill`) the text of one of them."""

    skill: str | None = Field(
        None, description="A skill's folder, or its name: return its text instead of the list"
    )


@frozen
class Skill:
    """One skill.

    Attributes:
        folder: Where it lies: below the home, or as written in `config.yaml` (`skills.external_dirs`).
        name: By its front matter, else its folder's name. Hermes' usage counters go by it.
        description: By its front matter, else its first line of text; cut.
        category: The first folder above it; None for one that has none.
        origin: `bundled`: came with Hermes; `hub`: installed from the Skills Hub; `agent`: made by Hermes' own
            review in the background; `user`: made by the user, or on request; `external`: lies outside the home.
        installed_from: Hub: what it is called there.
        trust: Hub: how far Hermes trusts that source.
        is_modified: Bundled: True if its files are no longer those that Hermes put there, so that updates leave
            it alone; None where that cannot be told, and for all others.
        state: What the curator made of it: `stale`: long unused; `archived`: put away in `skills/.archive`.
        is_pinned: True if the curator must leave it alone.
        is_disabled: True if it is switched off (`config.yaml`, `skills.disabled`).
        disabled_on: The platforms (telegram, cli, …) on which it is (`skills.platform_disabled`).
        is_archived: True if it lies in `skills/.archive`.
        unlisted: Why Hermes does not list it, if it does not: it cannot be read, one of the same name comes
            before it, or it is made for other `platforms` than this one.
        platforms: The systems that it is made for (macos, linux, windows); empty: all.
        environments: Where it is of use (kanban, docker, s6); empty: everywhere.
        use_count: How often Hermes used it, all by Hermes' own count (`skills/.usage.json`).
        view_count: How often it was opened.
        patch_count: How often it was changed by the agent.
        last_used_at: When it was last used.
        last_active_at: When it was last used, opened or changed by the agent.
        modified_at: When its SKILL.md was written last.
        problem: What is wrong with its SKILL.md, in words.
    """

    folder: str
    name: str
    description: str | None
    category: str | None
    origin: Origin
    installed_from: str | None
    trust: str | None
    is_modified: bool | None
    state: State
    is_pinned: bool
    is_disabled: bool
    disabled_on: tuple[str, ...]
    is_archived: bool
    unlisted: Unlisted | None
    platforms: tuple[str, ...]
    environments: tuple[str, ...]
    use_count: int
    view_count: int
    patch_count: int
    last_used_at: datetime | None
    last_active_at: datetime | None
    modified_at: datetime | None
    problem: str | None


@frozen
class SkillCategory:
    """How many skills a category has, and how often they were used in all; `name` is None for those without."""

    name: str | None
    skills: int
    uses: int


@frozen
class SkillCounts:
    """How many skills there are.

    Attributes:
        listed: Those that Hermes lists; the figures from `bundled` to `stale` are parts of it.
        broken: Those with something wrong in their SKILL.md, listed or not.
        unlisted: Those that Hermes passes over, apart from archived ones.
        archived: Those put away.
    """

    listed: int
    bundled: int
    hub: int
    agent: int
    user: int
    external: int
    modified: int
    disabled: int
    stale: int
    broken: int
    unlisted: int
    archived: int


@frozen
class Curator:
    """Hermes' own upkeep of its skills (`agent/curator.py`).

    Attributes:
        is_enabled: False if it is switched off (`config.yaml`, `curator.enabled`).
        is_paused: True if it was told to wait (`hermes curator pause`).
        last_run_at: When it ran last, or when it was told to wait a first interval.
        last_run_duration_s: How long that took.
        last_run_summary: What came of it, in Hermes' words.
        run_count: How often it ran.
        interval_hours: How long it waits between runs.
        next_run_at: When the interval is over; it then runs as soon as the agent has been idle for a while.
            None if it is off or paused, or Hermes has not yet begun to count.
        is_due: True if the interval is over.
        stale_after_days: After so many days without use a skill is stale.
        archive_after_days: After so many, it is archived.
    """

    is_enabled: bool
    is_paused: bool
    last_run_at: datetime | None
    last_run_duration_s: float | None
    last_run_summary: str | None
    run_count: int
    interval_hours: int
    next_run_at: datetime | None
    is_due: bool
    stale_after_days: int
    archive_after_days: int


@frozen
class SkillList:
    """All skills.

    Attributes:
        rows: By category and name, archived ones last.
        categories: Of the skills that Hermes lists, the largest first.
        problems: What could not be read, in words.
    """

    rows: tuple[Skill, ...]
    counts: SkillCounts
    categories: tuple[SkillCategory, ...]
    curator: Curator
    problems: tuple[str, ...]


@frozen
class SkillText:
    """One skill in full.

    Attributes:
        description: In full.
        front_matter: The front matter as it stands in the file.
        text: What follows it.
        is_cut: True if the text is longer than `text`.
        files: The other files in its folder and below, as paths from there; at most 100.
        more_files: How many more of them there are.
    """

    skill: Skill
    description: str | None
    version: str | None
    author: str | None
    tags: tuple[str, ...]
    related: tuple[str, ...]
    front_matter: str
    text: str
    is_cut: bool
    files: tuple[str, ...]
    more_files: int


class Skills(Payload):
    """What the skills panel shows: `list`, or `text` when the query names a skill.

    Attributes:
        missing: True when the skill asked for is not (or no longer) there.
    """

    list: SkillList | None = None
    text: SkillText | None = None
    missing: bool = False

    def is_empty(self) -> bool:
        return self.list is not None and not self.list.rows


def collect(
    skills: Tree,
    archive: Tree,
    usage: Mapping[str, Any],
    hub: Mapping[str, Any],
    manifest: str | None,
    curator: Mapping[str, Any],
    config: Settings,
    query: SkillsQuery,
    now: datetime,
) -> Skills | Until:
    """All skills, or one of them in full."""
    found = _find(skills, archive, usage, hub, manifest, config)
    if query.skill is not None:
        asked = _asked(found, query.skill)
        return Skills(text=_text(*asked)) if asked else Skills(missing=True)
    rows = tuple(skill for _, skill in found)
    upkeep = _curator(curator, config, now)
    listed = SkillList(rows, _counts(rows), _categories(rows), upkeep, _problems(skills, archive, usage, hub))
    return Until(Skills(list=listed), None if upkeep.is_due else upkeep.next_run_at)


# -- finding


def _find(
    skills: Tree,
    archive: Tree,
    usage: Mapping[str, Any],
    hub: Mapping[str, Any],
    manifest: str | None,
    config: Settings,
) -> list[tuple[Document, Skill]]:
    """All skills by category and name, archived ones last."""
    known = _Known(usage, hub, manifest, config)
    found: list[tuple[Document, Skill]] = []
    taken: set[str] = set()
    for document in skills.documents:
        skill = known.skill(document, taken)
        found.append((document, skill))
        if skill.unlisted is None:
            taken.add(skill.name)
    archived = [(document, known.skill(document, set(), is_archived=True)) for document in archive.documents]
    for part in (found, archived):
        part.sort(key=lambda one: (one[1].category or "", one[1].name, one[1].folder))
    return [*found, *archived]


class _Known:
    """What Hermes has written down about its skills."""

    def __init__(
        self, usage: Mapping[str, Any], hub: Mapping[str, Any], manifest: str | None, config: Settings
    ) -> None:
        self._records = {name: record for name, record in usage.items() if isinstance(record, dict)}
        self._installed = _installed(hub)
        self._hub_folders = {
            PurePosixPath(str(entry.get("install_path") or ".")).as_posix(): entry
            for entry in self._installed.values()
        }
        self._bundled = _bundled(manifest)
        self._disabled = frozenset(_words(config.get("skills.disabled")))
        platforms = config.get("skills.platform_disabled")
        self._disabled_on = {
            name: frozenset(_words(names))
            for platform, names in (platforms.items() if isinstance(platforms, dict) else ())
            if (name := _word(platform)) is not None
        }

    def skill(self, document: Document, taken: AbstractSet[str], is_archived: bool = False) -> Skill:
        """A document as a skill; `taken` are the names of those before it."""
        name, name_problem = _name(document)
        description, description_problem = _description(document)
        record = self._records.get(name, {})
        origin, entry = self._origin(document, name, record)
        state = record.get("state")
        used_at, *others = (_instant(record.get(f"last_{what}_at")) for what in ("used", "viewed", "patched"))
        # Hermes raises on what has no length, and goes on with the next skill.
        has_length = isinstance(document.front_matter.get("description") or "", (str, list, dict))
        is_broken = not document.is_text or name_problem is not None or not has_length
        return Skill(
            folder=document.folder,
            name=encodable(name),
            description=_cut(description, LISTED_DESCRIPTION_CHARS),
            category=document.parts[0] if len(document.parts) >= 2 else None,
            origin=origin,
            installed_from=_word(entry.get("identifier")),
            trust=_word(entry.get("trust_level")),
            is_modified=self._is_modified(document, name)
            if origin == "bundled" and not is_archived
            else None,
            state="archived" if is_archived else state if state in ("stale", "archived") else "active",
            is_pinned=bool(record.get("pinned")),
            is_disabled=name in self._disabled,
            disabled_on=tuple(on for on, disabled in self._disabled_on.items() if name in disabled),
            is_archived=is_archived,
            unlisted=_unlisted(document, is_broken, name in taken),
            platforms=_words(document.front_matter.get("platforms")),
            environments=_words(document.front_matter.get("environments")),
            use_count=_count(record.get("use_count")),
            view_count=_count(record.get("view_count")),
            patch_count=_count(record.get("patch_count")),
            last_used_at=used_at,
            last_active_at=max((at for at in (used_at, *others) if at is not None), default=None),
            modified_at=document.modified_at,
            problem=document.problem or name_problem or description_problem,
        )

    def _origin(
        self, document: Document, name: str, record: Mapping[str, Any]
    ) -> tuple[Origin, Mapping[str, Any]]:
        """By Hermes' rule: hub before bundled before all others (`tools/skill_usage.py`, `provenance`)."""
        entry = self._installed.get(name)
        if entry is None and not document.is_outside:
            entry = self._hub_folders.get("/".join(document.parts))
        if entry is not None:
            return "hub", entry
        if name in self._bundled:
            return "bundled", {}
        if document.is_outside:
            return "external", {}
        # Of what a model writes only what the review in the background makes is the agent's own.
        is_agents = record.get("created_by") == "agent" or record.get("agent_created") is True
        return ("agent" if is_agents else "user"), {}

    def _is_modified(self, document: Document, name: str) -> bool | None:
        origin = self._bundled[name]
        if not origin or document.digest is None or document.is_outside:
            return None
        return document.digest != origin


def _bundled(manifest: str | None) -> dict[str, str]:
    """The digest that each bundled skill had when it was put there (`skills/.bundled_manifest`)."""
    pairs = (line.partition(":") for line in (manifest or "").splitlines() if line.strip())
    return {name.strip(): digest.strip() for name, _, digest in pairs if name.strip()}


def _installed(hub: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """What was installed from the hub, by name (`skills/.hub/lock.json`)."""
    installed = hub.get("installed")
    if not isinstance(installed, dict):
        return {}
    return {name: entry if isinstance(entry, dict) else {} for name, entry in installed.items()}


def _name(document: Document) -> tuple[str, str | None]:
    """The skill's name, and what is wrong with it."""
    folder = PurePosixPath(document.folder).name
    name = document.front_matter.get("name", folder)
    if not isinstance(name, str):
        return folder, "its name is not text"
    return name[:NAME_CHARS] or folder, None


def _description(document: Document) -> tuple[str | None, str | None]:
    """What the skill is for, and what is wrong with that."""
    description = document.front_matter.get("description") or ""
    if not isinstance(description, str):
        return None, "its description is not text"
    is_split = bool(document.front_matter_text) or not document.text.startswith("---")
    if not description and is_split and document.is_text:
        lines = (line.strip() for line in StringIO(document.text))
        description = next((line for line in lines if line and not line.startswith("#")), "")
    return _cut(encodable(description.strip()), DESCRIPTION_CHARS) or None, None


def _unlisted(document: Document, is_broken: bool, is_taken: bool) -> Unlisted | None:
    if is_broken:
        return "broken"
    platforms = _words(document.front_matter.get("platforms"))
    if platforms and not any(map(_is_this_system, platforms)):
        return "other-system"
    return "same-name" if is_taken else None


def _is_this_system(platform: str) -> bool:
    """Hermes' rule (`agent/skill_utils.py`, `skill_matches_platform_list`)."""
    name = platform.lower().strip()
    return sys.platform.startswith(_PLATFORMS.get(name, name))


# -- one in full


def _asked(found: Sequence[tuple[Document, Skill]], asked: str) -> tuple[Document, Skill] | None:
    """By folder, else the first of that name, as Hermes would load it."""
    by_folder = (one for one in found if one[1].folder == asked)
    by_name = (one for one in found if one[1].name == asked and one[1].unlisted is None)
    return next(by_folder, None) or next(by_name, None)


def _text(document: Document, skill: Skill) -> SkillText:
    front = document.front_matter
    metadata = front.get("metadata")
    hermes = metadata.get("hermes") if isinstance(metadata, dict) else None
    hermes = hermes if isinstance(hermes, dict) else {}
    text = document.text.strip("\n")
    return SkillText(
        skill=skill,
        description=_description(document)[0],
        version=_word(front.get("version")),
        author=_word(front.get("author")),
        tags=_tags(hermes.get("tags") or front.get("tags")),
        related=_tags(hermes.get("related_skills") or front.get("related_skills")),
        front_matter=document.front_matter_text,
        text=text[:SHOWN_CHARS],
        is_cut=document.is_cut or len(text) > SHOWN_CHARS,
        files=document.files[:FILES_SHOWN],
        more_files=max(0, len(document.files) - FILES_SHOWN),
    )


# -- all of them


def _counts(rows: Collection[Skill]) -> SkillCounts:
    there = [skill for skill in rows if not skill.is_archived]
    listed = [skill for skill in there if skill.unlisted is None]
    origins = Counter(skill.origin for skill in listed)
    return SkillCounts(
        listed=len(listed),
        bundled=origins["bundled"],
        hub=origins["hub"],
        agent=origins["agent"],
        user=origins["user"],
        external=origins["external"],
        modified=sum(skill.is_modified is True for skill in listed),
        disabled=sum(skill.is_disabled for skill in listed),
        stale=sum(skill.state == "stale" for skill in listed),
        broken=sum(skill.problem is not None for skill in there),
        unlisted=len(there) - len(listed),
        archived=len(rows) - len(there),
    )


def _categories(rows: Iterable[Skill]) -> tuple[SkillCategory, ...]:
    members: defaultdict[str | None, list[Skill]] = defaultdict(list)
    for skill in rows:
        if not skill.is_archived and skill.unlisted is None:
            members[skill.category].append(skill)
    categories = [
        SkillCategory(name, len(skills), sum(skill.use_count for skill in skills))
        for name, skills in members.items()
    ]
    return tuple(sorted(categories, key=lambda category: (-category.skills, category.name or "")))


def _curator(state: Mapping[str, Any], config: Settings, now: datetime) -> Curator:
    is_enabled = config.get("curator.enabled")
    last_run_at = _instant(state.get("last_run_at"))
    interval_hours = _whole(config.get("curator.interval_hours"), INTERVAL_HOURS)
    is_enabled = True if is_enabled is None else bool(is_enabled)
    is_paused = bool(state.get("paused"))
    next_run_at = None
    if last_run_at is not None and is_enabled and not is_paused:
        try:
            next_run_at = last_run_at + timedelta(hours=interval_hours)
        except OverflowError:  # an interval of ages: never
            next_run_at = None
    duration = state.get("last_run_duration_seconds")
    return Curator(
        is_enabled=is_enabled,
        is_paused=is_paused,
        last_run_at=last_run_at,
        last_run_duration_s=None if duration is None else _seconds(duration),
        last_run_summary=_word(state.get("last_run_summary")),
        run_count=_count(state.get("run_count")),
        interval_hours=interval_hours,
        next_run_at=next_run_at,
        is_due=next_run_at is not None and next_run_at <= now,
        stale_after_days=_whole(config.get("curator.stale_after_days"), STALE_AFTER_DAYS),
        archive_after_days=_whole(config.get("curator.archive_after_days"), ARCHIVE_AFTER_DAYS),
    )


def _problems(
    skills: Tree, archive: Tree, usage: Mapping[str, Any], hub: Mapping[str, Any]
) -> tuple[str, ...]:
    problems = [*skills.unread, *archive.unread]
    problems += [
        f"{folder.path} (config.yaml, skills.external_dirs) is not there"
        for folder in skills.outside
        if not folder.exists
    ]
    no_records = sum(not isinstance(record, dict) for record in usage.values())
    if no_records:
        problems.append(f"{USAGE.path}: {no_records} of {len(usage)} entries are no records")
    installed = hub.get("installed", {})
    if not isinstance(installed, dict):
        problems.append(f"{LOCK.path}: `installed` holds a {type(installed).__name__}, expected an object")
    return tuple(problems)


# -- values that other programs wrote, or people by hand


def _instant(value: object) -> datetime | None:
    """An ISO 8601 time, in UTC where it does not say; None for anything else."""
    try:
        parsed = datetime.fromisoformat(value) if isinstance(value, str) else None
        if parsed is None:
            return None
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _count(value: object) -> int:
    return max(0, _whole(value, 0))


def _whole(value: object, default: int) -> int:
    """A whole number, also when quoted, as Hermes reads it."""
    try:
        whole = int(value) if isinstance(value, (int, float, str)) else default
    except (ValueError, OverflowError):
        whole = default
    return max(-LARGEST, min(LARGEST, whole))


def _seconds(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) and abs(value) < LARGEST else None


def _word(value: object) -> str | None:
    """A text, or a number as text (`version: 1.0`)."""
    if not isinstance(value, (str, int, float)) or isinstance(value, bool):
        return None
    return _cut(encodable(str(value).strip()), DESCRIPTION_CHARS) or None


def _words(value: object) -> tuple[str, ...]:
    """A list's words; a single one may stand without a list."""
    words = map(_word, value if isinstance(value, list) else [value])
    return tuple(word for word in words if word is not None)


def _tags(value: object) -> tuple[str, ...]:
    """The same; Hermes also takes `a, b` and `[a, b]` (`tools/skills_tool.py`, `_parse_tags`)."""
    if isinstance(value, str):
        inner = value.strip().removeprefix("[").removesuffix("]")
        value = [part.strip().strip("\"'") for part in inner.split(",")]
    return _words(value)


def _cut(text: str | None, chars: int) -> str | None:
    return text if text is None or len(text) <= chars else f"{text[: chars - 1].rstrip()}…"


# -- the frame


def _fill(
    skills: Tree,
    archive: Tree,
    usage: Mapping[str, Any],
    hub: Mapping[str, Any],
    manifest: str | None,
    config: Settings,
    args: FrameArguments,
) -> dict[str, list[object]]:
    found = [
        (document, skill)
        for document, skill in _find(skills, archive, usage, hub, manifest, config)
        if args.holds(skill.modified_at)
    ]
    if args.limit is not None:
        oldest = datetime.min.replace(tzinfo=UTC)
        newest = sorted(
            range(len(found)), key=lambda place: found[place][1].modified_at or oldest, reverse=True
        )
        found = [found[place] for place in sorted(newest[: args.limit])]
    rows = [_row(document, skill, usage) for document, skill in found]
    return {column.name: [row[column.name] for row in rows] for column in COLUMNS}


def _row(document: Document, skill: Skill, usage: Mapping[str, Any]) -> dict[str, Any]:
    text = _text(document, skill)
    record = usage.get(skill.name)
    record = record if isinstance(record, dict) else {}
    return {
        **vars(skill),
        "description": text.description,
        "last_viewed_at": _instant(record.get("last_viewed_at")),
        "last_patched_at": _instant(record.get("last_patched_at")),
        "created_at": _instant(record.get("created_at")),
        "version": text.version,
        "author": text.author,
        "tags": text.tags,
        "size_bytes": document.size_bytes,
        "file_count": 1 + len(document.files),
    }


ARCHIVE = "skills/.archive"
USAGE = JsonObject("skills/.usage.json")
LOCK = JsonObject("skills/.hub/lock.json")
MANIFEST = TextFile("skills/.bundled_manifest")
CURATOR = JsonObject("skills/.curator_state")
_FRONT_MATTER = "skills/**/SKILL.md: front matter"

COLUMNS = (
    Column("name", "text", "By its front matter, else its folder's name", source=_FRONT_MATTER),
    Column("category", "category", "The first folder above it; missing: none", source="computed: its path"),
    Column("description", "text", "What it is for, in full", source=_FRONT_MATTER),
    Column(
        "origin",
        "category",
        "bundled, hub, agent (made by Hermes' review), user or external",
        source="computed: .bundled_manifest, .hub/lock.json, .usage.json: created_by",
    ),
    Column(
        "is_modified",
        "boolean",
        "Bundled: True if its files are no longer those that Hermes put there",
        source="computed: MD5 of its files and .bundled_manifest",
    ),
    Column("state", "category", "active, stale or archived", source=f"{USAGE.path}: state"),
    Column("is_archived", "boolean", "True if it was put away", source=f"computed: it lies in {ARCHIVE}"),
    Column("is_pinned", "boolean", "True if the curator leaves it alone", source=f"{USAGE.path}: pinned"),
    Column("is_disabled", "boolean", "True if it is switched off", source="config.yaml: skills.disabled"),
    Column("disabled_on", "texts", "Platforms where it is", source="config.yaml: skills.platform_disabled"),
    Column(
        "unlisted",
        "category",
        "Why Hermes does not list it, if it does not: broken, same-name or other-system",
        source="computed",
    ),
    Column("use_count", "integer", "How often it was used", source=f"{USAGE.path}: use_count"),
    Column("view_count", "integer", "How often it was opened", source=f"{USAGE.path}: view_count"),
    Column("patch_count", "integer", "How often the agent changed it", source=f"{USAGE.path}: patch_count"),
    Column("last_used_at", "instant", "When it was last used", source=f"{USAGE.path}: last_used_at"),
    Column("last_viewed_at", "instant", "When it was last opened", source=f"{USAGE.path}: last_viewed_at"),
    Column(
        "last_patched_at",
        "instant",
        "When the agent last changed it",
        source=f"{USAGE.path}: last_patched_at",
    ),
    Column("last_active_at", "instant", "The latest of these three", source="computed"),
    Column("created_at", "instant", "When Hermes began to count", source=f"{USAGE.path}: created_at"),
    Column("modified_at", "instant", "When its SKILL.md was written last", source="skills/**/SKILL.md"),
    Column("installed_from", "text", "Hub: its name there", source=f"{LOCK.path}: installed.*.identifier"),
    Column(
        "trust",
        "category",
        "Hub: how far its source is trusted",
        source=f"{LOCK.path}: installed.*.trust_level",
    ),
    Column("version", "text", "As its author counts", source=_FRONT_MATTER),
    Column("author", "text", "Who wrote it", source=_FRONT_MATTER),
    Column("tags", "texts", "What it is about", source=f"{_FRONT_MATTER}: metadata.hermes.tags"),
    Column("platforms", "texts", "The systems it is made for; none: all", source=_FRONT_MATTER),
    Column("environments", "texts", "Where it is of use; none: everywhere", source=_FRONT_MATTER),
    Column("folder", "text", "Where it lies", is_identifier=True, source="skills/**/SKILL.md"),
    Column("file_count", "integer", "Files in its folder and below; 1 where there are too many to count"),
    Column("size_bytes", "integer", "Size of its SKILL.md", unit="bytes"),
    Column("problem", "text", "What is wrong with its SKILL.md; missing: nothing", source="computed"),
)

PANEL = Panel(
    "skills",
    "Skills",
    collect,
    titles={"zh": "技能"},
    icon="skills",
    group="knowledge",
    query=SkillsQuery,
    frames=(
        Frame(
            "skills",
            COLUMNS,
            _fill,
            time="modified_at",
            about="One row for each skill, by category and name, archived ones last",
            source="skills/**/SKILL.md",
        ),
    ),
    view=view("skills"),
    skills=Documents("skills", "SKILL.md", NEVER, NOT_BESIDE, "skills.external_dirs", with_files=True),
    archive=Documents(ARCHIVE, "SKILL.md", NEVER, NOT_BESIDE),
    usage=USAGE,
    hub=LOCK,
    manifest=MANIFEST,
    curator=CURATOR,
    config=Config(),
)
