"""The scheduled jobs: whether a scheduler fires them, what runs now, what ran, what comes next."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Literal

from pydantic import Field

from hermes_hud_widget.day import zone
from hermes_hud_widget.errors import SourceError
from hermes_hud_widget.frames import Column, Frame, FrameArguments
from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.ledger.values import TEXT_CHARS, count, cut, instant, number, text
from hermes_hud_widget.panel import Panel, Payload, Query, Until
from hermes_hud_widget.panels.written import impersonal
from hermes_hud_widget.schedule import grace_s, period_s
from hermes_hud_widget.sources import (
    Alive,
    Config,
    Folder,
    FoundFiles,
    Json,
    Processes,
    Rows,
    Settings,
    Table,
    TextFile,
)
from hermes_hud_widget.views import view

TICK_S = 60.0
STALE_AFTER_S = 3 * TICK_S + 20.0
"""A ticker that has been silent for three ticks and some slack is stalled (`hermes_cli/cron.py`)."""
HISTORY_SHOWN, LEAST_SHOWN, RUNS_SHOWN = 20, 5, 200
"""Past runs of one job: 20, fewer where there are so many jobs that it would be more than 200 in all."""
PROMPT_CHARS = 240
ERROR_CHARS = 2_000
"""Errors of past runs are cut to so many characters; the frame `cron_runs` has 20,000."""
UNFINISHED = ("claimed", "running")
OUTPUTS_SHOWN = 20
"""Of one job, the newest; Hermes keeps 50."""
OUTPUT_BYTES = 60_000
"""Of a longer output only the beginning is shown."""
SUGGESTIONS_SHOWN = 20
SUGGESTION_CHARS = 400
BUILT_IN_PROVIDERS = ("", "builtin", "in-process", "inprocess")

Row = Mapping[str, Any]


class CronQuery(Query):
    """What a viewer may ask for: all of it, or (with `output`) what one run left behind besides."""

    output: str | None = Field(
        None,
        max_length=200,
        description="The path of an output, such as JOB/2026-05-04_06-15-00.md: return its text",
    )


SchedulerState = Literal["ticking", "failing", "stalled", "stopped", "never", "external", "unknown"]


@frozen
class Scheduler:
    """Whether jobs will fire.

    Attributes:
        state: `ticking`; `failing`: it ticks, but no tick has succeeded for long; `stalled`: no tick for long, and
            jobs will not fire; `stopped`: so, too, since the gateway, which ticks, is gone; `never`: nothing has
            ever ticked here, and jobs will not fire; `external`: another provider fires the jobs, and writes no
            heartbeat; `unknown`: a gateway may run, but there is no heartbeat, as before Hermes 0.18.
        provider: Who fires the jobs, where that is not Hermes' own ticker (`config.yaml`, `cron.provider`).
        heartbeat_at: The last tick (`cron/ticker_heartbeat`).
        success_at: The last tick that did not fail (`cron/ticker_last_success`).
        stale_after_s: After how many seconds without a tick it counts as stalled, and without a good one as failing.
            Where the gateway is dead, 80 seconds without a tick are enough for `stopped`.
        is_gateway_alive: Whether the process in `gateway_state.json` lives; None: there is none, or it cannot be
            known here.
    """

    state: SchedulerState
    provider: str | None
    heartbeat_at: datetime | None
    success_at: datetime | None
    stale_after_s: float
    is_gateway_alive: bool | None


@frozen
class Run:
    """One execution of a job.

    Attributes:
        job_name: The job's name; None when there is no such job any more.
        source: What started it: `builtin` (the ticker), `direct` (a person), or a provider's name.
        status: `claimed`, `running`, `completed`, `failed`, `unknown` (its process was gone when Hermes looked), or
            whatever else Hermes wrote.
        duration_s: From its start to its end, in seconds; None while it runs.
        error: Cut to 2,000 characters.
        pid: The process that runs or ran it.
        is_alive: Of an unfinished run, whether that process lives; None: it cannot be known here.
        is_lost: True for an unfinished run whose process is gone.
    """

    id: str
    job_id: str
    job_name: str | None
    source: str | None
    status: str
    claimed_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    duration_s: float | None
    error: str | None
    pid: int | None
    is_alive: bool | None
    is_lost: bool


@frozen
class CronOutput:
    """What one run of a job left behind (`cron/output/JOB/TIME.md`).

    Attributes:
        path: From `cron/output` on.
        at: When it was written.
        size_bytes: Its size.
    """

    path: str
    at: datetime
    size_bytes: int


@frozen
class CronOutputText:
    """One of them in full.

    Attributes:
        text: None: it is not there (any more).
        is_cut: True if it is longer.
    """

    path: str
    text: str | None
    is_cut: bool


@frozen
class CronSuggestion:
    """A job that Hermes suggests and nobody has answered to (`cron/suggestions.json`).

    Attributes:
        title: Cut to 400 characters, as are all its texts.
        source: What made Hermes think of it.
        schedule: When it would fire.
        prompt: What it would be told.
    """

    id: str
    title: str
    description: str | None
    source: str | None
    schedule: str | None
    prompt: str | None
    created_at: datetime | None


@frozen
class Job:
    """One job.

    Attributes:
        schedule: In words, as Hermes displays it.
        kind: `once`, `interval`, `cron`, or what else is written; None: nothing is.
        every_s: The period of an interval, in seconds.
        state: `scheduled`, `paused`, `completed`, `error`, or what else is written.
        enabled: False for a job that does not fire.
        is_active: True if it fires when its time comes: enabled, neither paused nor completed.
        is_running: True while one of its runs is unfinished and not lost.
        is_overdue: True if it should have fired longer ago than Hermes' grace.
        last_status: `ok`, `error`, or what else Hermes wrote (newer ones: `delivery_failed`, `blocked_config`).
        repeat_times: How often it is to run in all; None: forever.
        prompt: How its prompt begins.
        is_prompt_cut: True if the prompt is longer.
        script: Name of a script that it runs.
        is_script_only: True if no agent takes part.
        finished_runs: Finished runs that Hermes still keeps.
        completed_runs: How many of them completed.
        history: The newest runs first.
        outputs: What its runs left behind, the newest first, at most 20.
    """

    id: str
    name: str
    schedule: str
    kind: str | None
    every_s: float | None
    state: str
    enabled: bool
    is_active: bool
    is_running: bool
    is_overdue: bool
    next_run_at: datetime | None
    last_run_at: datetime | None
    last_status: str | None
    last_error: str | None
    last_delivery_error: str | None
    paused_at: datetime | None
    paused_reason: str | None
    created_at: datetime | None
    deliver: tuple[str, ...]
    repeat_completed: int
    repeat_times: int | None
    skills: tuple[str, ...]
    model: str | None
    provider: str | None
    prompt: str
    is_prompt_cut: bool
    script: str | None
    is_script_only: bool
    finished_runs: int
    completed_runs: int
    history: tuple[Run, ...]
    outputs: tuple[CronOutput, ...]


class Cron(Payload):
    """What the cron panel shows.

    Attributes:
        running: Unfinished runs, lost ones included; the longest first.
        jobs: In the order of `cron/jobs.json`.
        former: The newest runs of jobs that are not there any more.
        unreadable: How many entries of `cron/jobs.json` are no jobs.
        pending_suggestions: How many jobs Hermes suggests that nobody has answered to.
        suggestions: The first 20 of them.
        output: Of the run asked for.
        timezone: The home's zone, in which cron expressions are meant.
    """

    scheduler: Scheduler
    running: tuple[Run, ...]
    jobs: tuple[Job, ...]
    former: tuple[Run, ...]
    unreadable: int
    pending_suggestions: int
    suggestions: tuple[CronSuggestion, ...]
    output: CronOutputText | None
    timezone: str

    def is_empty(self) -> bool:
        return not (self.jobs or self.running or self.former or self.unreadable or self.pending_suggestions)


def collect(
    jobs: Any,
    job_states: Rows,
    runs: Rows,
    owners: Processes,
    heartbeat: str | None,
    success: str | None,
    gateway: Processes,
    suggestions: Any,
    outputs: FoundFiles,
    config: Settings,
    query: CronQuery,
    now: datetime,
) -> Cron | Until:
    """The scheduler's health, its jobs and their runs."""
    where, zone_name = zone(config.text("timezone"))
    entries, unreadable = _entries(jobs, job_states)
    names = dict(map(_id_and_name, entries))
    found = _jobs(entries, runs, owners, where, now)
    written = _outputs(outputs)
    suggested = _pending(suggestions)
    unfinished = [_run(row, owners, names) for row in runs if row["status"] in UNFINISHED]
    former = [row for row in runs if text(row["job_id"]) not in names][:HISTORY_SHOWN]
    scheduler, until = _scheduler(heartbeat, success, gateway, config, now)
    cron = Cron(
        scheduler=scheduler,
        running=tuple(sorted(unfinished, key=_began)),
        jobs=tuple(replace(job, outputs=tuple(written.get(job.id, ())[:OUTPUTS_SHOWN])) for job, _ in found),
        former=tuple(_run(row, owners, names) for row in former),
        unreadable=unreadable,
        pending_suggestions=len(suggested),
        suggestions=tuple(map(_suggestion, suggested[:SUGGESTIONS_SHOWN])),
        output=None if query.output is None else _output(outputs, query.output),
        timezone=zone_name,
    )
    return Until(cron, min((at for at in (until, *(at for _, at in found)) if at is not None), default=None))


def _jobs(
    entries: Sequence[Mapping[str, Any]], runs: Rows, owners: Processes, where: tzinfo, now: datetime
) -> list[tuple[Job, datetime | None]]:
    """Each job, and when it becomes overdue."""
    by_job: dict[str, list[Row]] = {}
    for row in runs:
        by_job.setdefault(text(row["job_id"]) or "", []).append(row)
    each = max(LEAST_SHOWN, min(HISTORY_SHOWN, RUNS_SHOWN // max(1, len(entries))))
    return [
        _job(entry, by_job.get(_id_and_name(entry)[0], []), each, owners, where, now) for entry in entries
    ]


def _entries(jobs: Any, states: Rows) -> tuple[list[Mapping[str, Any]], int]:
    """The jobs as they are written, with what newer releases keep beside them, and how many entries are none."""
    # Written by hand, the list may come without the object around it: Hermes takes it, too.
    listed = jobs.get("jobs", []) if isinstance(jobs, Mapping) else jobs
    if listed is None:
        listed = []
    if not isinstance(listed, list):
        what = (
            f"jobs is a {type(listed).__name__}"
            if isinstance(jobs, Mapping)
            else f"it holds a {type(jobs).__name__}"
        )
        raise SourceError("damaged", JOBS.path, f'{JOBS.path}: {what}, expected {{"jobs": [...]}}')
    kept = {
        id: state for row in states if (id := text(row["job_id"])) and (state := _state(row["state_json"]))
    }
    entries: list[Mapping[str, Any]] = []
    for entry in listed:
        if isinstance(entry, Mapping):
            state = kept.get(_id_and_name(entry)[0], {})
            both = {**entry, **state}
            if isinstance(entry.get("repeat"), Mapping) and isinstance(state.get("repeat"), Mapping):
                both["repeat"] = {**entry["repeat"], **state["repeat"]}
            entries.append(both)
    return entries, len(listed) - len(entries)


def _state(written: Any) -> Mapping[str, Any]:
    """A job's state in newer releases' `cron/runtime.db`; a damaged row is as good as none."""
    try:
        state = json.loads(text(written) or "null")
    except (ValueError, RecursionError):
        return {}
    return state if isinstance(state, Mapping) else {}


def _job(
    entry: Mapping[str, Any],
    runs: Sequence[Row],
    shown: int,
    owners: Processes,
    where: tzinfo,
    now: datetime,
) -> tuple[Job, datetime | None]:
    """The job, and when it becomes overdue."""
    id, name = _id_and_name(entry)
    schedule = entry.get("schedule")
    kind = _text(schedule.get("kind")) if isinstance(schedule, Mapping) else None
    # What Hermes asks is whether the value is true, whatever it is.
    enabled = bool(entry.get("enabled", True))
    state = _text(entry.get("state")) or ("scheduled" if enabled else "paused")
    is_active = enabled and state not in ("paused", "completed")
    is_running = any(row["status"] in UNFINISHED and _is_alive(row, owners) is not False for row in runs)
    next_run_at = _when(entry.get("next_run_at"))
    due = None
    if is_active and not is_running and next_run_at is not None:
        due = _later(next_run_at, grace_s(schedule, where, now))
    repeat = entry.get("repeat")
    if not isinstance(repeat, Mapping):
        repeat = {}
    times = repeat.get("times")
    prompt = _text(entry.get("prompt")) or ""
    finished = [row for row in runs if row["status"] not in UNFINISHED]
    job = Job(
        id=id,
        name=name,
        schedule=_schedule_in_words(entry),
        kind=kind,
        every_s=period_s(schedule),
        state=state,
        enabled=enabled,
        is_active=is_active,
        is_running=is_running,
        is_overdue=due is not None and due <= now,
        next_run_at=next_run_at,
        last_run_at=_when(entry.get("last_run_at")),
        last_status=_text(entry.get("last_status")),
        last_error=_impersonal(entry.get("last_error")),
        last_delivery_error=_impersonal(entry.get("last_delivery_error")),
        paused_at=_when(entry.get("paused_at")),
        paused_reason=_text(entry.get("paused_reason")),
        created_at=_when(entry.get("created_at")),
        deliver=_platforms(entry.get("deliver")) or ("local",),
        repeat_completed=count(repeat.get("completed")),
        repeat_times=count(times) if number(times) else None,
        skills=_skills(entry),
        model=_text(entry.get("model")),
        provider=_text(entry.get("provider")),
        prompt=prompt[:PROMPT_CHARS],
        is_prompt_cut=len(prompt) > PROMPT_CHARS,
        script=_text(entry.get("script")),
        is_script_only=bool(entry.get("no_agent")),
        finished_runs=len(finished),
        completed_runs=sum(row["status"] == "completed" for row in finished),
        history=tuple(_run(row, owners, {id: name}) for row in runs[:shown]),
        outputs=(),
    )
    return job, None if job.is_overdue else due


def _id_and_name(entry: Mapping[str, Any]) -> tuple[str, str]:
    """As Hermes makes up what is missing (`_normalize_job_record`); `job_id` is what older writers wrote."""
    id = _text(entry.get("id")) or _text(entry.get("job_id")) or "unknown"
    name = _text(entry.get("name"))
    if name is None:
        label = (
            _text(entry.get("prompt")) or next(iter(_skills(entry)), None) or _text(entry.get("script")) or id
        )
        name = label[:50].strip() or "cron job"
    return id, name


def _skills(entry: Mapping[str, Any]) -> tuple[str, ...]:
    skills = entry.get("skills")
    return _texts(entry.get("skill") if skills is None else skills)


def _schedule_in_words(entry: Mapping[str, Any]) -> str:
    schedule = entry.get("schedule")
    candidates = [entry.get("schedule_display")]
    if isinstance(schedule, Mapping):
        candidates += [schedule.get(key) for key in ("display", "value", "expr", "run_at")]
    else:
        candidates.append(schedule)
    return next((words for words in map(_text, candidates) if words), "?")


def _run(row: Row, owners: Processes, names: Mapping[str, str]) -> Run:
    job_id = text(row["job_id"]) or ""
    claimed_at, started_at, finished_at = (
        _when(row[name]) for name in ("claimed_at", "started_at", "finished_at")
    )
    began = started_at or claimed_at
    is_alive = _is_alive(row, owners)
    took = finished_at - began if finished_at and began else None
    error = _impersonal(row["error"])
    return Run(
        id=text(row["id"]) or "",
        job_id=job_id,
        job_name=names.get(job_id),
        source=text(row["source"]),
        status=text(row["status"]) or "?",
        claimed_at=claimed_at,
        started_at=started_at,
        finished_at=finished_at,
        duration_s=max(0.0, took.total_seconds()) if took is not None else None,
        error=error[:ERROR_CHARS] if error else None,
        pid=row["pid"] if isinstance(row["pid"], int) else None,
        is_alive=is_alive,
        is_lost=is_alive is False,
    )


def _is_alive(row: Row, owners: Processes) -> bool | None:
    """Of an unfinished run, whether its process lives."""
    return owners.is_alive(row["pid"], row["process_started_at"]) if row["status"] in UNFINISHED else None


def _began(run: Run) -> datetime:
    return run.started_at or run.claimed_at or datetime.max.replace(tzinfo=UTC)


def _scheduler(
    heartbeat: str | None, success: str | None, gateway: Processes, config: Settings, now: datetime
) -> tuple[Scheduler, datetime | None]:
    """Whether jobs will fire, by the rule of `hermes cron status`, and until when that is true."""
    heartbeat_at, success_at = instant(heartbeat), instant(success)
    provider = config.text("cron.provider")
    if provider is not None and provider.strip() in BUILT_IN_PROVIDERS:
        provider = None
    gateways = gateway.alive.values()
    is_gateway_alive = True if True in gateways else False if gateways and None not in gateways else None
    # Something else may tick, too (the desktop app): a dead gateway counts when the next tick has not come.
    silent_after_s = STALE_AFTER_S if is_gateway_alive is not False else TICK_S + 20
    silent_at = _later(heartbeat_at, silent_after_s)
    failing_at = _later(success_at, STALE_AFTER_S)
    is_silent = silent_at is not None and silent_at <= now
    until = None
    state: SchedulerState
    if heartbeat_at is not None and not is_silent:
        is_failing = failing_at is not None and failing_at <= now
        state = "failing" if is_failing else "ticking"
        until = min(
            (at for at in (silent_at, None if is_failing else failing_at) if at is not None), default=None
        )
    elif provider is not None:
        state = "external"
    elif is_gateway_alive is False:
        state = "stopped"
    elif heartbeat_at is not None:
        state = "stalled"
    else:
        # An unreadable heartbeat is one that Hermes itself cannot judge.
        state = "never" if heartbeat is None and not gateways else "unknown"
    return Scheduler(state, provider, heartbeat_at, success_at, STALE_AFTER_S, is_gateway_alive), until


def _pending(suggestions: Any) -> list[Mapping[str, Any]]:
    """Suggestions that nobody has accepted or dismissed; what Hermes cannot read counts as none for it, too."""
    listed = suggestions.get("suggestions") if isinstance(suggestions, Mapping) else suggestions
    if not isinstance(listed, list):
        return []
    return [entry for entry in listed if isinstance(entry, Mapping) and entry.get("status") == "pending"]


def _suggestion(entry: Mapping[str, Any]) -> CronSuggestion:
    spec = entry.get("job_spec")
    if not isinstance(spec, Mapping):
        spec = {}
    schedule = spec.get("schedule")
    if isinstance(schedule, Mapping):
        schedule = _schedule_in_words({"schedule": schedule})
    return CronSuggestion(
        id=_text(entry.get("id")) or "",
        title=_brief(entry.get("title")) or _brief(spec.get("name")) or "?",
        description=_brief(entry.get("description")),
        source=_brief(entry.get("source")),
        schedule=_brief(schedule),
        prompt=_brief(spec.get("prompt")),
        created_at=_when(entry.get("created_at")),
    )


def _brief(written: Any) -> str | None:
    found = _text(written)
    return None if found is None else found[:SUGGESTION_CHARS]


def _outputs(outputs: FoundFiles) -> dict[str, list[CronOutput]]:
    """By the job's id, the newest first: their names are times."""
    found: dict[str, list[CronOutput]] = {}
    for file in sorted(outputs.files, key=lambda file: file.path, reverse=True):
        job_id, _, _ = file.path.partition("/")
        found.setdefault(job_id, []).append(CronOutput(file.path, file.modified_at, file.size_bytes))
    return found


def _output(outputs: FoundFiles, path: str) -> CronOutputText:
    found = outputs.text(path, OUTPUT_BYTES)
    return CronOutputText(path, None, False) if found is None else CronOutputText(path, *found)


def _when(written: Any) -> datetime | None:
    """A time as Hermes writes it (ISO 8601), or in seconds since the epoch; None for what is none.

    Without an offset it is this machine's local time: Hermes' own rule for times that it stored.
    """
    if isinstance(written, str) and number(written) is None:
        try:
            return datetime.fromisoformat(written.strip()).astimezone(UTC)
        except (ValueError, OverflowError, OSError):
            return None
    return None if isinstance(written, bool) else instant(written)


def _later(at: datetime | None, seconds: float) -> datetime | None:
    try:
        return None if at is None else at + timedelta(seconds=seconds)
    except OverflowError:
        return None


def _text(written: Any) -> str | None:
    """What is written there, as text without space around it; None for nothing."""
    if written is None or isinstance(written, (Mapping, list)):
        return None
    found, _ = cut(str(written).strip())
    return found or None


def _impersonal(written: Any) -> str | None:
    """What went wrong, without the chats and people that platforms name in it."""
    return impersonal(_text(written), TEXT_CHARS)


def _platforms(written: Any) -> tuple[str, ...]:
    """Where an output goes, without the chats: `telegram:-100…:17` is `telegram`."""
    several = ",".join(_texts(written)).split(",")
    return _texts([one.partition(":")[0] for one in several])


def _texts(written: Any) -> tuple[str, ...]:
    """One text or several, each once."""
    several: Iterable[Any] = written if isinstance(written, list) else [written]
    return tuple(dict.fromkeys(found for found in map(_text, several) if found))


def number_of_jobs(jobs: Any, job_states: Rows) -> int:
    """How many jobs there are, paused and completed ones included."""
    return len(_entries(jobs, job_states)[0])


def _fill_jobs(
    jobs: Any,
    job_states: Rows,
    runs: Rows,
    owners: Processes,
    config: Settings,
    args: FrameArguments,
    now: datetime,
) -> dict[str, list[Any]]:
    where, _ = zone(config.text("timezone"))
    found = _jobs(_entries(jobs, job_states)[0], runs, owners, where, now)
    rows = [job for job, _ in found][: args.limit]
    special: dict[str, list[Any]] = {
        "deliver": [list(job.deliver) for job in rows],
        "skills": [list(job.skills) for job in rows],
        "success_rate": [
            job.completed_runs / job.finished_runs if job.finished_runs else None for job in rows
        ],
    }
    return {
        name: special[name] if name in special else [getattr(job, name) for job in rows]
        for name in (column.name for column in JOB_COLUMNS)
    }


def _fill_runs(
    jobs: Any, job_states: Rows, runs: Rows, owners: Processes, args: FrameArguments
) -> dict[str, list[Any]]:
    names = dict(map(_id_and_name, _entries(jobs, job_states)[0]))
    every = ((row, _run(row, owners, names)) for row in runs)
    found = [(row, run) for row, run in every if args.holds(run.claimed_at)][: args.limit]
    return {
        name: [_impersonal(row["error"]) if name == "error" else getattr(run, name) for row, run in found]
        for name in (column.name for column in RUN_COLUMNS)
    }


def _fill_outputs(
    jobs: Any, job_states: Rows, outputs: FoundFiles, args: FrameArguments
) -> dict[str, list[Any]]:
    names = dict(map(_id_and_name, _entries(jobs, job_states)[0]))
    files = [file for file in outputs.files if args.holds(file.modified_at)][: args.limit]
    job_ids = [file.path.partition("/")[0] for file in files]
    return {
        "job_id": job_ids,
        "job_name": [names.get(job_id) for job_id in job_ids],
        "path": [file.path for file in files],
        "written_at": [file.modified_at for file in files],
        "size_bytes": [file.size_bytes for file in files],
    }


def _fill_suggestions(suggestions: Any, args: FrameArguments) -> dict[str, list[Any]]:
    every = map(_suggestion, _pending(suggestions))
    found = [one for one in every if args.holds(one.created_at)][: args.limit]
    return {column.name: [getattr(one, column.name) for one in found] for column in SUGGESTION_COLUMNS}


JOB_COLUMNS = (
    Column("id", "text", "The job's id", is_identifier=True),
    Column("name", "text", "Its name; without one the beginning of its prompt"),
    Column(
        "schedule", "text", "When it fires, as Hermes displays it", source="cron/jobs.json: schedule_display"
    ),
    Column("kind", "category", "once, interval or cron", source="cron/jobs.json: schedule.kind"),
    Column("every_s", "number", "An interval's period", unit="s", source="cron/jobs.json: schedule.minutes"),
    Column("state", "category", "scheduled, paused, completed, error"),
    Column("enabled", "boolean", "False for a job that does not fire"),
    Column("is_active", "boolean", "Enabled, neither paused nor completed", source="computed"),
    Column(
        "is_running",
        "boolean",
        "A run is unfinished, and its process may be alive",
        source="cron/executions.db",
    ),
    Column(
        "is_overdue",
        "boolean",
        "Its next run is past by more than Hermes' grace: half its period, 2 minutes to 2 hours",
        source="computed",
    ),
    Column("next_run_at", "instant", "When it fires next"),
    Column("last_run_at", "instant", "When it finished last"),
    Column("last_status", "category", "ok or error; newer releases also delivery_failed, blocked_config"),
    Column("last_error", "text", "What went wrong, cut to 20,000 characters"),
    Column("last_delivery_error", "text", "Why its output did not arrive"),
    Column("paused_reason", "text", "Why it is paused"),
    Column("created_at", "instant", "When it was made"),
    Column("deliver", "texts", "Where its output goes: platforms, without the chats"),
    Column(
        "repeat_completed",
        "integer",
        "How often it ran, as far as it counts",
        source="cron/jobs.json: repeat.completed",
    ),
    Column(
        "repeat_times",
        "integer",
        "How often it is to run; missing: forever",
        source="cron/jobs.json: repeat.times",
    ),
    Column("skills", "texts", "Skills that it loads"),
    Column("model", "category", "A model of its own"),
    Column("provider", "category", "A provider of its own"),
    Column("script", "text", "A script that it runs"),
    Column("is_script_only", "boolean", "No agent takes part", source="cron/jobs.json: no_agent"),
    Column("prompt", "text", f"The first {PROMPT_CHARS} characters of its prompt"),
    Column("finished_runs", "integer", "Finished runs that Hermes still keeps", source="cron/executions.db"),
    Column("completed_runs", "integer", "How many of them completed", source="cron/executions.db"),
    Column("success_rate", "number", "Completed by finished runs, 0 to 1", source="computed"),
)

RUN_COLUMNS = (
    Column("id", "text", "The run's id", is_identifier=True),
    Column("job_id", "category", "The job's id"),
    Column("job_name", "text", "The job's name; missing: it is gone", source="cron/jobs.json"),
    Column("source", "category", "builtin (the ticker), direct (a person), or a provider's name"),
    Column("status", "category", "claimed, running, completed, failed, unknown (its process vanished)"),
    Column("claimed_at", "instant", "When a scheduler took it up"),
    Column("started_at", "instant", "When it began"),
    Column("finished_at", "instant", "When it ended"),
    Column("duration_s", "number", "From its beginning to its end", unit="s", source="computed"),
    Column(
        "error", "text", "What went wrong, cut to 20,000 characters; ids of chats and people are left out"
    ),
    Column("pid", "integer", "The process that ran it"),
    Column(
        "is_alive", "boolean", "Of an unfinished run: its process lives; missing: unknown", source="/proc"
    ),
    Column("is_lost", "boolean", "Unfinished, and its process is gone", source="computed"),
)

OUTPUT_COLUMNS = (
    Column("job_id", "category", "The job's id"),
    Column("job_name", "text", "The job's name; missing: it is gone", source="cron/jobs.json"),
    Column("path", "text", "The file, from cron/output on", is_identifier=True),
    Column("written_at", "instant", "When it was written"),
    Column("size_bytes", "integer", "Its size", unit="bytes"),
)

SUGGESTION_COLUMNS = (
    Column("id", "text", "Its id", is_identifier=True),
    Column("title", "text", f"What it is called; as all of its texts cut to {SUGGESTION_CHARS} characters"),
    Column("description", "text", "What it is for"),
    Column("source", "category", "What made Hermes think of it"),
    Column("schedule", "text", "When it would fire", source="cron/suggestions.json: job_spec.schedule"),
    Column("prompt", "text", "What it would be told", source="cron/suggestions.json: job_spec.prompt"),
    Column("created_at", "instant", "When Hermes thought of it"),
)

JOBS = Json("cron/jobs.json")
RUNS = Table(
    "cron/executions.db",
    "executions",
    (
        "id",
        "job_id",
        "source",
        "pid",
        "process_started_at",
        "status",
        "claimed_at",
        "started_at",
        "finished_at",
        "error",
    ),
    order=("-claimed_at", "-id"),
    # Hermes keeps 1,000 finished ones.
    limit=1200,
)

OWNERS = Alive(
    Table(RUNS.path, RUNS.table, ("pid", "process_started_at", "status"), where=("status", UNFINISHED)),
    started="process_started_at",
)
"""The processes of unfinished runs."""

PANEL = Panel(
    "cron",
    "Cron",
    collect,
    titles={"zh": "定时任务"},
    icon="cron",
    group="system",
    frames=(
        Frame(
            "cron_jobs",
            JOB_COLUMNS,
            _fill_jobs,
            about="One row for each job, in file order",
            source="cron/jobs.json",
        ),
        Frame(
            "cron_runs",
            RUN_COLUMNS,
            _fill_runs,
            time="claimed_at",
            about="One row for each run that Hermes still keeps, the one claimed last first",
            source="cron/executions.db: executions",
        ),
        Frame(
            "cron_outputs",
            OUTPUT_COLUMNS,
            _fill_outputs,
            time="written_at",
            about="One row for each output that Hermes still keeps, the one written last first; without its text",
            source="cron/output/*/*.md",
        ),
        Frame(
            "cron_suggestions",
            SUGGESTION_COLUMNS,
            _fill_suggestions,
            time="created_at",
            about="One row for each job that Hermes suggests and nobody has answered to",
            source="cron/suggestions.json",
        ),
    ),
    view=view("cron"),
    query=CronQuery,
    jobs=JOBS,
    # Newer releases keep what changes with each run apart from what a person declared.
    job_states=Table("cron/runtime.db", "job_runtime", ("job_id", "state_json")),
    runs=RUNS,
    # After the runs: a process that they name is then looked after already.
    owners=OWNERS,
    heartbeat=TextFile("cron/ticker_heartbeat"),
    success=TextFile("cron/ticker_last_success"),
    gateway=Alive(Json("gateway_state.json")),
    suggestions=Json("cron/suggestions.json"),
    outputs=Folder("cron/output", "*/*.md", most=2_000),
    config=Config(),
)
