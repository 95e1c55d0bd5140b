"""Hermes' own upkeep of its skills: when the curator runs, what its runs did, and what becomes of each skill when."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import Any, Literal

from pydantic import Field

from hermes_hud_widget.errors import SourceError
from hermes_hud_widget.frames import Column, Frame, FrameArguments
from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.ledger.values import count, number
from hermes_hud_widget.panel import Panel, Payload, Query, Until
from hermes_hud_widget.panels.skills import ARCHIVE_AFTER_DAYS, INTERVAL_HOURS, STALE_AFTER_DAYS
from hermes_hud_widget.panels.skills import PANEL as SKILLS
from hermes_hud_widget.redact import encodable
from hermes_hud_widget.sources import (
    Config,
    Document,
    Folder,
    FoundFile,
    FoundFiles,
    Json,
    Settings,
    TextFile,
    Tree,
)
from hermes_hud_widget.views import view

MIN_IDLE_HOURS = 2.0
PROTECTED = frozenset({"plan"})
"""Bundled skills that the curator never touches (`tools/skill_usage.py`)."""
RUNS_SHOWN = 30
SKILLS_SHOWN = 200
NAMES_SHOWN = 40
NAME_CHARS = 100
SUMMARY_CHARS = 1_000
REPORT_CHARS = 60_000
RUN, REPORT = "run.json", "REPORT.md"
MANIFEST, ARCHIVE = "manifest.json", "skills.tar.gz"
MANIFEST_BYTES = 16_000
RUN_BYTES = 1_000_000
BACKUP = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}Z(-\d{2})?")
"""What a backup that can be restored is called (`agent/curator_backup.py`)."""

Record = Mapping[str, Any]
CuratedState = Literal["active", "stale", "archived"]


class CuratorQuery(Query):
    """What a viewer may ask for: all of it, or (with `run`) the report of one run besides."""

    run: str | None = Field(None, max_length=80, description="A run's id: return its report besides")


@frozen
class CuratorSchedule:
    """When the curator runs.

    Attributes:
        is_enabled: False if it is switched off (`config.yaml`, `curator.enabled`).
        is_paused: True if it was told to wait (`hermes curator pause`).
        last_run_at: When it ran last, or when it was told to wait a first interval.
        last_duration_s: How long that took.
        last_summary: What came of it, in Hermes' words, cut to 1,000 characters.
        run_count: How often it ran, trial runs left out.
        interval_hours: How long it waits between runs.
        min_idle_hours: How long the agent must have been idle then.
        next_run_at: When the interval is over; None if it is off or paused, or has not yet begun to count.
        is_due: True if the interval is over.
        stale_after_days: After so many days without use a skill is stale.
        archive_after_days: After so many, it is archived.
        consolidates: True if a model merges skills that overlap (`curator.consolidate`).
        prunes_bundled: True if skills that came with Hermes are archived as well (`curator.prune_builtins`).
    """

    is_enabled: bool
    is_paused: bool
    last_run_at: datetime | None
    last_duration_s: float | None
    last_summary: str | None
    run_count: int
    interval_hours: int
    min_idle_hours: float
    next_run_at: datetime | None
    is_due: bool
    stale_after_days: int
    archive_after_days: int
    consolidates: bool
    prunes_bundled: bool


@frozen
class CuratorMerge:
    """A skill that was taken up by another one."""

    name: str
    into: str


@frozen
class CuratorRun:
    """One run (`logs/curator/*/run.json`).

    Attributes:
        id: The name of its folder.
        started_at: When it began.
        duration_s: How long it took.
        model: Of the pass that merges skills; None: there was none.
        summary: What that pass said of itself, cut.
        error: Why it failed.
        skills_before: How many skills the curator looked after before that pass.
        skills_after: How many after it.
        checked: How many it looked at by the clock.
        marked_stale: How many it marked as stale by the clock, as are `archived` and `reactivated`.
        merged: Skills that were taken up by others; `pruned`: put away; `added`: made; at most 40 of each, of
            `total_merged`, `total_pruned`, `total_added`.
        tool_calls: How many tools that pass called.
        has_report: True if there is a report to be read.
        problem: Why the file cannot be read, in words.
    """

    id: str
    started_at: datetime | None
    duration_s: float | None
    model: str | None
    summary: str | None
    error: str | None
    skills_before: int
    skills_after: int
    checked: int
    marked_stale: int
    archived: int
    reactivated: int
    merged: tuple[CuratorMerge, ...]
    total_merged: int
    pruned: tuple[str, ...]
    total_pruned: int
    added: tuple[str, ...]
    total_added: int
    tool_calls: int
    has_report: bool
    problem: str | None


@frozen
class CuratedSkill:
    """One skill that the curator looks after, and what becomes of it if nobody uses it.

    Attributes:
        is_bundled: True if it came with Hermes; else the agent made it.
        state: What the curator made of it.
        is_pinned: True if it must be left alone.
        is_in_cron: True if a scheduled job needs it, which protects it as well.
        is_counted: False if its clock has not begun: the next run begins it.
        uses: How often it was used; `activity` counts views and changes, too.
        last_active_at: When it was last used, opened or changed by the agent.
        next_state: What it becomes next; None: nothing.
        next_state_at: From when on: the first run after it does so. It may be past.
        archive_at: When it would be archived; None: never.
    """

    name: str
    is_bundled: bool
    state: CuratedState
    is_pinned: bool
    is_in_cron: bool
    is_counted: bool
    uses: int
    activity: int
    last_active_at: datetime | None
    next_state: CuratedState | None
    next_state_at: datetime | None
    archive_at: datetime | None


@frozen
class CuratorCounts:
    """How many skills the curator looks after, by state, and what it leaves alone."""

    active: int
    stale: int
    archived: int
    pinned: int
    in_cron: int


@frozen
class CuratorArchived:
    """A skill that was put away (`skills/.archive`).

    Attributes:
        archived_at: When, by Hermes' own count; None: it is not noted.
        is_suppressed: True for one that came with Hermes and that updates must not bring back.
    """

    name: str
    archived_at: datetime | None
    is_suppressed: bool


@frozen
class CuratorBackup:
    """What was saved before a run (`skills/.curator_backups`); `hermes curator rollback` brings it back."""

    id: str
    reason: str | None
    created_at: datetime | None
    size_bytes: int
    skill_files: int | None


@frozen
class CuratorReport:
    """What a run reported.

    Attributes:
        text: Its REPORT.md; None: there is none (any more).
        is_cut: True if it is longer.
    """

    run: str
    text: str | None
    is_cut: bool


class CuratorPanel(Payload):
    """What the curator panel shows.

    Attributes:
        runs: The newest first, at most 30; `total_runs` is how many there are.
        skills: Those whose state changes first come first, at most 200; `total_skills` is how many it looks after.
        archived: By name, at most 200 of `total_archived`.
        backups: The newest first, at most 40 of `total_backups`.
        report: Of the run asked for.
    """

    schedule: CuratorSchedule
    runs: tuple[CuratorRun, ...]
    total_runs: int
    skills: tuple[CuratedSkill, ...]
    total_skills: int
    counts: CuratorCounts
    archived: tuple[CuratorArchived, ...]
    total_archived: int
    backups: tuple[CuratorBackup, ...]
    total_backups: int
    report: CuratorReport | None

    def is_empty(self) -> bool:
        has_run = self.schedule.last_run_at is not None or self.total_runs > 0
        return not (has_run or self.total_skills or self.total_archived or self.backups)


def collect(
    state: Mapping[str, Any],
    runs: FoundFiles,
    skills: Tree,
    usage: Mapping[str, Any],
    hub: Mapping[str, Any],
    manifest: str | None,
    archive: Tree,
    suppressed: str | None,
    backups: FoundFiles,
    jobs: Any,
    config: Settings,
    query: CuratorQuery,
    now: datetime,
) -> CuratorPanel | Until:
    """The curator's schedule and runs, and what it makes of each skill."""
    schedule = _schedule(state, config, now)
    every_run = _runs(runs)
    curated = _curated(skills, usage, hub, manifest, jobs, schedule, now)
    states = Counter(skill.state for skill in curated)
    archived = _archived(archive, usage, suppressed)
    saved = _backups(backups)
    panel = CuratorPanel(
        schedule=schedule,
        runs=tuple(map(_in_brief, every_run[:RUNS_SHOWN])),
        total_runs=len(every_run),
        skills=tuple(curated[:SKILLS_SHOWN]),
        total_skills=len(curated),
        counts=CuratorCounts(
            states["active"],
            states["stale"],
            states["archived"],
            sum(skill.is_pinned for skill in curated),
            sum(skill.is_in_cron for skill in curated),
        ),
        archived=tuple(archived[:SKILLS_SHOWN]),
        total_archived=len(archived),
        backups=tuple(saved[:NAMES_SHOWN]),
        total_backups=len(saved),
        report=None if query.run is None else _report(runs, query.run),
    )
    instants = [schedule.next_run_at, *(skill.next_state_at for skill in curated)]
    return Until(panel, min((at for at in instants if at is not None and at > now), default=None))


# -- the schedule


def _schedule(state: Mapping[str, Any], config: Settings, now: datetime) -> CuratorSchedule:
    """By the rules of `should_run_now` in Hermes' `agent/curator.py`."""
    is_enabled = _switch(config, "curator.enabled", default=True)
    is_paused = bool(state.get("paused"))
    last_run_at = _when(state.get("last_run_at"))
    interval_hours = _whole(config.get("curator.interval_hours"), INTERVAL_HOURS)
    next_run_at = None
    if is_enabled and not is_paused:
        next_run_at = _later(last_run_at, timedelta(hours=interval_hours))
    idle_hours = number(config.get("curator.min_idle_hours"))
    return CuratorSchedule(
        is_enabled=is_enabled,
        is_paused=is_paused,
        last_run_at=last_run_at,
        last_duration_s=number(state.get("last_run_duration_seconds")),
        last_summary=_words(state.get("last_run_summary"), SUMMARY_CHARS),
        run_count=count(state.get("run_count")),
        interval_hours=interval_hours,
        min_idle_hours=MIN_IDLE_HOURS if idle_hours is None else idle_hours,
        next_run_at=next_run_at,
        is_due=next_run_at is not None and next_run_at <= now,
        stale_after_days=_whole(config.get("curator.stale_after_days"), STALE_AFTER_DAYS),
        archive_after_days=_whole(config.get("curator.archive_after_days"), ARCHIVE_AFTER_DAYS),
        consolidates=_switch(config, "curator.consolidate", default=False),
        prunes_bundled=_switch(config, "curator.prune_builtins", default=True),
    )


# -- what became of skills, and what will


def _curated(
    skills: Tree,
    usage: Mapping[str, Any],
    hub: Mapping[str, Any],
    manifest: str | None,
    jobs: Any,
    schedule: CuratorSchedule,
    now: datetime,
) -> list[CuratedSkill]:
    """Those that the curator looks after (`list_agent_created_skill_names`), the next to change first."""
    bundled = _bundled(manifest)
    from_hub = _from_hub(hub, skills)
    needed = _needed(jobs)
    found: dict[str, CuratedSkill] = {}
    for document in skills.documents:
        name = _name(document)
        if document.is_outside or name in from_hub or name in PROTECTED or name in found:
            continue
        record = usage.get(name)
        is_bundled = name in bundled
        if not schedule.prunes_bundled if is_bundled else not _is_agents(record):
            continue
        found[name] = _skill(name, is_bundled, record, name in needed, schedule, now)
    return sorted(found.values(), key=lambda skill: (skill.next_state_at or _NEVER, skill.name))


def _skill(
    name: str, is_bundled: bool, record: Any, is_in_cron: bool, schedule: CuratorSchedule, now: datetime
) -> CuratedSkill:
    is_counted = isinstance(record, Mapping)
    record = record if is_counted else {}
    active = [at for what in ("used", "viewed", "patched") if (at := _when(record.get(f"last_{what}_at")))]
    last_active_at = max(active, default=None)
    # Never active: its making counts, so that what is new is not put away at once.
    anchor = last_active_at or _when(record.get("created_at"))
    written = record.get("state")
    state: CuratedState = written if written in ("stale", "archived") else "active"
    is_pinned = bool(record.get("pinned"))
    next_state, next_state_at, archive_at = None, None, None
    if is_counted and not is_pinned and not is_in_cron and anchor is not None:
        stale_at = _later(anchor, timedelta(days=schedule.stale_after_days))
        archive_at = _later(anchor, timedelta(days=schedule.archive_after_days))
        if count(record.get("use_count")) == 0:
            # What was never used is left alone until it is old enough to be stale.
            archive_at = max((at for at in (stale_at, archive_at) if at is not None), default=None)
        next_state, next_state_at = _next(state, anchor, stale_at, archive_at, now)
        archive_at = None if state == "archived" else archive_at
    counts = [count(record.get(f"{what}_count")) for what in ("use", "view", "patch")]
    return CuratedSkill(
        name=encodable(name)[:NAME_CHARS],
        is_bundled=is_bundled,
        state=state,
        is_pinned=is_pinned,
        is_in_cron=is_in_cron,
        is_counted=is_counted,
        uses=counts[0],
        activity=sum(counts),
        last_active_at=last_active_at,
        next_state=next_state,
        next_state_at=next_state_at,
        archive_at=archive_at,
    )


def _next(
    state: CuratedState,
    anchor: datetime,
    stale_at: datetime | None,
    archive_at: datetime | None,
    now: datetime,
) -> tuple[CuratedState | None, datetime | None]:
    """What the next run that changes it makes of it (`apply_automatic_transitions`), and from when on."""
    if state == "stale" and (stale_at is None or stale_at > now):
        return "active", anchor  # it was used again
    if state == "archived" or (stale_at is None and archive_at is None):
        return None, None
    if archive_at is not None and (archive_at <= now or state == "stale"):
        return "archived", archive_at
    if stale_at is not None and (archive_at is None or stale_at < archive_at):
        return "stale", stale_at
    return "archived", archive_at


def _name(document: Document) -> str:
    """As Hermes reads it there: the first line of the front matter that begins so (`_read_skill_name`)."""
    for line in document.front_matter_text.splitlines():
        key, colon, value = line.strip().partition(":")
        if key == "name" and colon and (name := value.strip().strip("\"'")):
            return name
    return PurePosixPath(document.folder).name


def _is_agents(record: Any) -> bool:
    if not isinstance(record, Mapping):
        return False
    return record.get("created_by") == "agent" or record.get("agent_created") is True


def _bundled(manifest: str | None) -> frozenset[str]:
    names = (line.split(":", 1)[0].strip() for line in (manifest or "").splitlines())
    return frozenset(name for name in names if name)


def _from_hub(hub: Mapping[str, Any], skills: Tree) -> AbstractSet[str]:
    """What was installed from the hub, by the names there and by those in the files."""
    installed = hub.get("installed")
    if not isinstance(installed, Mapping):
        return frozenset()
    paths = {
        PurePosixPath(str(entry.get("install_path") or ".")).as_posix()
        for entry in installed.values()
        if isinstance(entry, Mapping)
    }
    there = {
        _name(document)
        for document in skills.documents
        if not document.is_outside and "/".join(document.parts) in paths
    }
    return {*map(str, installed), *there}


def _needed(jobs: Any) -> AbstractSet[str]:
    """The skills that scheduled jobs name, paused ones too (`referenced_skill_names`)."""
    listed = jobs.get("jobs") if isinstance(jobs, Mapping) else jobs
    found: set[str] = set()
    for job in listed if isinstance(listed, list) else ():
        if not isinstance(job, Mapping):
            continue
        named = job.get("skills")
        named = job.get("skill") if named is None else named
        for name in named if isinstance(named, list) else [named]:
            if name is not None and (cleaned := str(name).strip().lstrip("/")):
                found.add(cleaned)
    return found


# -- runs


def _runs(runs: FoundFiles) -> list[CuratorRun]:
    """The newest first: their folders are named after the time."""
    with_report = {
        path.parent.name for file in runs.files if (path := PurePosixPath(file.path)).name == REPORT
    }
    files = [file for file in runs.files if PurePosixPath(file.path).name == RUN]
    files.sort(key=lambda file: PurePosixPath(file.path).parent.name, reverse=True)
    return [_run(file, with_report) for file in files]


def _run(file: FoundFile, with_report: AbstractSet[str]) -> CuratorRun:
    id = PurePosixPath(file.path).parent.name
    told, problem = _object(file)
    clock, counts = _part(told, "auto_transitions"), _part(told, "counts")
    merged = [
        CuratorMerge(name, into)
        for one in _listed(told, "consolidated")
        if isinstance(one, Mapping)
        and (name := _words(one.get("name"), NAME_CHARS))
        and (into := _words(one.get("into"), NAME_CHARS))
    ]
    pruned = _names(one.get("name") if isinstance(one, Mapping) else one for one in _listed(told, "pruned"))
    added = _names(_listed(told, "added"))
    return CuratorRun(
        id=id,
        started_at=_when(told.get("started_at")) or file.modified_at,
        duration_s=number(told.get("duration_seconds")),
        model=_words(told.get("model"), NAME_CHARS),
        summary=_words(told.get("llm_summary"), SUMMARY_CHARS),
        error=_words(told.get("llm_error"), SUMMARY_CHARS),
        skills_before=count(counts.get("before")),
        skills_after=count(counts.get("after")),
        checked=count(clock.get("checked")),
        marked_stale=count(clock.get("marked_stale")),
        archived=count(clock.get("archived")),
        reactivated=count(clock.get("reactivated")),
        merged=tuple(merged),
        total_merged=len(merged),
        pruned=pruned,
        total_pruned=len(pruned),
        added=added,
        total_added=len(added),
        tool_calls=count(counts.get("tool_calls_total")),
        has_report=id in with_report,
        problem=problem,
    )


def _in_brief(run: CuratorRun) -> CuratorRun:
    return replace(
        run, merged=run.merged[:NAMES_SHOWN], pruned=run.pruned[:NAMES_SHOWN], added=run.added[:NAMES_SHOWN]
    )


def _object(file: FoundFile) -> tuple[Mapping[str, Any], str | None]:
    """What a JSON file holds, and what is wrong with it."""
    if file.text is None:
        return {}, file.problem or "it cannot be read"
    if file.size_bytes > RUN_BYTES:
        return {}, f"it is {file.size_bytes / 1e6:.1f} MB, too large to be read here"
    try:
        told = json.loads(file.text)
    except (ValueError, RecursionError):
        return {}, "it is not valid JSON"
    return (told, None) if isinstance(told, Mapping) else ({}, "it holds no object")


def _report(runs: FoundFiles, run: str) -> CuratorReport:
    text = next((file.text for file in runs.files if file.path == f"{run}/{REPORT}"), None)
    return CuratorReport(run, None if text is None else text[:REPORT_CHARS], len(text or "") > REPORT_CHARS)


def _part(told: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = told.get(key)
    return value if isinstance(value, Mapping) else {}


def _listed(told: Mapping[str, Any], key: str) -> list[Any]:
    value = told.get(key)
    return value if isinstance(value, list) else []


def _names(several: Iterable[Any]) -> tuple[str, ...]:
    return tuple(name for one in several if (name := _words(one, NAME_CHARS)))


# -- what was put away, and saved


def _archived(archive: Tree, usage: Mapping[str, Any], suppressed: str | None) -> list[CuratorArchived]:
    """Every folder there with a skill in it, by name (`hermes curator list-archived`)."""
    held_back = {
        line.strip() for line in (suppressed or "").splitlines() if line.strip()[:1] not in ("", "#")
    }
    found = []
    for name in sorted({document.parts[0] for document in archive.documents if document.parts}):
        record = usage.get(name)
        at = _when(record.get("archived_at")) if isinstance(record, Mapping) else None
        found.append(CuratorArchived(name[:NAME_CHARS], at, name in held_back))
    return found


def _backups(backups: FoundFiles) -> list[CuratorBackup]:
    """Those that can be restored, the newest first."""
    found = []
    for file in backups.files:
        id, _, name = file.path.partition("/")
        if name != ARCHIVE or not BACKUP.fullmatch(id):
            continue
        manifest = _manifest(backups, f"{id}/{MANIFEST}")
        found.append(
            CuratorBackup(
                id=id,
                reason=_words(manifest.get("reason"), NAME_CHARS),
                created_at=_when(manifest.get("created_at")) or file.modified_at,
                size_bytes=file.size_bytes,
                skill_files=count(manifest.get("skill_files")) if "skill_files" in manifest else None,
            )
        )
    return sorted(found, key=lambda one: one.id, reverse=True)


def _manifest(backups: FoundFiles, path: str) -> Mapping[str, Any]:
    """What a backup says of itself; nothing where that cannot be read, as for Hermes."""
    try:
        told = json.loads((backups.text(path, MANIFEST_BYTES) or ("{}", False))[0])
    except (ValueError, RecursionError, SourceError):
        return {}
    return told if isinstance(told, Mapping) else {}


# -- values


_NEVER = datetime.max.replace(tzinfo=UTC)


def _when(written: Any) -> datetime | None:
    """A time as Hermes writes it (ISO 8601, UTC where nothing is said); None for what is none."""
    if not isinstance(written, str):
        return None
    try:
        at = datetime.fromisoformat(written.strip())
        return at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _later(at: datetime | None, delta: timedelta) -> datetime | None:
    try:
        return None if at is None else at + delta
    except OverflowError:  # an interval of ages: never
        return None


def _whole(value: Any, default: int) -> int:
    found = number(value)
    # Ages are as good as never, and no timedelta is longer.
    return default if found is None else max(-1_000_000, min(1_000_000, int(found)))


def _switch(config: Settings, path: str, *, default: bool) -> bool:
    value = config.get(path)
    return default if value is None else bool(value)


def _words(written: Any, most: int) -> str | None:
    """Text, without space around it and cut; None for nothing."""
    return written.strip()[:most] or None if isinstance(written, str) else None


# -- frames


def _fill_runs(runs: FoundFiles, args: FrameArguments) -> dict[str, list[Any]]:
    found = [run for run in _runs(runs) if args.holds(run.started_at)][: args.limit]
    rows = [
        {
            **vars(run),
            "merged": [f"{one.name} → {one.into}" for one in run.merged],
            "pruned": list(run.pruned),
            "added": list(run.added),
        }
        for run in found
    ]
    return {column.name: [row[column.name] for row in rows] for column in RUN_COLUMNS}


def _fill_skills(
    state: Mapping[str, Any],
    skills: Tree,
    usage: Mapping[str, Any],
    hub: Mapping[str, Any],
    manifest: str | None,
    jobs: Any,
    config: Settings,
    args: FrameArguments,
    now: datetime,
) -> dict[str, list[Any]]:
    schedule = _schedule(state, config, now)
    rows = _curated(skills, usage, hub, manifest, jobs, schedule, now)[: args.limit]
    return {column.name: [getattr(row, column.name) for row in rows] for column in SKILL_COLUMNS}


def _fill_archive(
    archive: Tree, usage: Mapping[str, Any], suppressed: str | None, args: FrameArguments
) -> dict[str, list[Any]]:
    rows = [one for one in _archived(archive, usage, suppressed) if args.holds(one.archived_at)][: args.limit]
    return {column.name: [getattr(one, column.name) for one in rows] for column in ARCHIVE_COLUMNS}


def _fill_backups(backups: FoundFiles, args: FrameArguments) -> dict[str, list[Any]]:
    rows = [one for one in _backups(backups) if args.holds(one.created_at)][: args.limit]
    return {column.name: [getattr(one, column.name) for one in rows] for column in BACKUP_COLUMNS}


RUN_COLUMNS = (
    Column("id", "text", "The name of its folder", is_identifier=True),
    Column("started_at", "instant", "When it began"),
    Column("duration_s", "number", "How long it took", unit="s"),
    Column("model", "category", "Of the pass that merges skills; missing: there was none"),
    Column("summary", "text", "What that pass said of itself"),
    Column("error", "text", "Why it failed"),
    Column("skills_before", "integer", "Skills that the curator looked after before that pass"),
    Column("skills_after", "integer", "After it"),
    Column("checked", "integer", "Skills looked at by the clock"),
    Column("marked_stale", "integer", "Marked as stale by the clock"),
    Column("archived", "integer", "Archived by the clock"),
    Column("reactivated", "integer", "Active again, as they were used"),
    Column("merged", "texts", "Skills that were taken up by others: old → new"),
    Column("pruned", "texts", "Skills that were put away by that pass"),
    Column("added", "texts", "Skills that it made"),
    Column("tool_calls", "integer", "Tools that it called"),
    Column("has_report", "boolean", "There is a REPORT.md beside it"),
    Column("problem", "text", "Why run.json cannot be read; missing: it can"),
)

SKILL_COLUMNS = (
    Column("name", "text", "The skill", is_identifier=True),
    Column("is_bundled", "boolean", "It came with Hermes; else the agent made it"),
    Column("state", "category", "active, stale, archived"),
    Column("is_pinned", "boolean", "It must be left alone"),
    Column("is_in_cron", "boolean", "A scheduled job needs it", source="cron/jobs.json: skills"),
    Column("is_counted", "boolean", "Its clock runs; the next run begins it where it does not"),
    Column("uses", "integer", "How often it was used"),
    Column("activity", "integer", "How often it was used, opened or changed"),
    Column("last_active_at", "instant", "When that was last"),
    Column("next_state", "category", "What becomes of it if nobody uses it", source="computed"),
    Column("next_state_at", "instant", "From when on; the first run after it does so", source="computed"),
    Column("archive_at", "instant", "When it would be archived; missing: never", source="computed"),
)

ARCHIVE_COLUMNS = (
    Column("name", "text", "The skill, by its folder", is_identifier=True),
    Column("archived_at", "instant", "When; missing: not noted", source="skills/.usage.json: archived_at"),
    Column(
        "is_suppressed",
        "boolean",
        "It came with Hermes, and updates must not bring it back",
        source="skills/.curator_suppressed",
    ),
)

BACKUP_COLUMNS = (
    Column("id", "text", "The name of its folder", is_identifier=True),
    Column("reason", "text", "Why it was made"),
    Column("created_at", "instant", "When it was made"),
    Column("size_bytes", "integer", "Its size", unit="bytes"),
    Column("skill_files", "integer", "How many skills are in it; missing: not noted"),
)

PANEL = Panel(
    "curator",
    "Curator",
    collect,
    titles={"zh": "策展"},
    icon="archive",
    group="knowledge",
    query=CuratorQuery,
    frames=(
        Frame(
            "curator_runs",
            RUN_COLUMNS,
            _fill_runs,
            time="started_at",
            about="One row for each run whose report is kept, the newest first",
            source="logs/curator/*/run.json",
        ),
        Frame(
            "curated_skills",
            SKILL_COLUMNS,
            _fill_skills,
            about="One row for each skill that the curator looks after, the next to change first",
            source="skills/.usage.json",
        ),
        Frame(
            "curator_archive",
            ARCHIVE_COLUMNS,
            _fill_archive,
            time="archived_at",
            about="One row for each skill that was put away, by name",
            source="skills/.archive",
        ),
        Frame(
            "curator_backups",
            BACKUP_COLUMNS,
            _fill_backups,
            time="created_at",
            about="One row for each backup that can be restored, the newest first; at most 150",
            source="skills/.curator_backups",
        ),
    ),
    view=view("curator"),
    state=SKILLS.sources["curator"],
    runs=Folder("logs/curator", "*/*", most=300, read_bytes=RUN_BYTES),
    skills=SKILLS.sources["skills"],
    usage=SKILLS.sources["usage"],
    hub=SKILLS.sources["hub"],
    manifest=SKILLS.sources["manifest"],
    archive=SKILLS.sources["archive"],
    suppressed=TextFile("skills/.curator_suppressed"),
    backups=Folder("skills/.curator_backups", "*/*", most=300),
    jobs=Json("cron/jobs.json"),
    config=Config(),
)
