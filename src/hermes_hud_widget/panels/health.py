"""Health: what may keep Hermes from working, each with what was looked at and what to do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from inspect import Parameter, Signature, signature
from typing import Any, Literal, NamedTuple, get_args

from hermes_hud_widget.errors import SourceError
from hermes_hud_widget.frames import Column, Frame, FrameArguments
from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.ledger.values import count, instant, text
from hermes_hud_widget.panel import Panel, Payload, Until
from hermes_hud_widget.panels import cron, gateway, logs, providers
from hermes_hud_widget.panels.memory import (
    BACKUPS,
    MEMORY_FILE,
    RECENT_SESSIONS,
    USER_FILE,
    memory_limit,
    user_limit,
)
from hermes_hud_widget.panels.skills import PANEL as SKILLS
from hermes_hud_widget.panels.written import anonymous, soonest, when
from hermes_hud_widget.redact import redact
from hermes_hud_widget.sources import (
    Config,
    DatabaseStanding,
    DatabaseState,
    Entries,
    EntriesFile,
    EnvNames,
    FileFacts,
    FoundFiles,
    Json,
    Logs,
    Outward,
    Processes,
    Readable,
    Rows,
    Settings,
    Surroundings,
    Tree,
    WatchMode,
    WatchState,
)
from hermes_hud_widget.upstream import upstream
from hermes_hud_widget.views import view

LOOKED_AGAIN = timedelta(minutes=1)
"""Sizes, modes and the disk are looked at again so often while someone looks."""
LARGE_LOG_BYTES = 50 * 1024 * 1024
"""From here on `hermes doctor` warns of the write-ahead log."""
LOW_DISK_BYTES, FULL_DISK_BYTES = 1_000_000_000, 200_000_000
NEAR_FULL, FULL = 0.9, 1.0
"""Shares of a memory store's limit: beyond it Hermes refuses to add anything."""
ERRORS_WITHIN = timedelta(hours=24)
NAMES_SHOWN = 5
TEXT_CHARS = 200
"""Longer names and errors are cut to so many characters."""

Level = Literal["error", "warning", "unknown", "ok"]
LEVELS: tuple[Level, ...] = get_args(Level)
"""The worst first."""
Values = Mapping[str, str]


class Finding(NamedTuple):
    """What a check found.

    Attributes:
        code: Which of the sentences in `health.json` says it.
        values: What is filled in there; `at` is an instant in ISO 8601.
        looked_at: The file or files, in the home.
        value: The figure that decided, where there is one.
    """

    level: Level
    code: str
    looked_at: str
    values: Values = {}  # noqa: RUF012  never changed, and a tuple needs its default
    value: float | None = None


@frozen
class HealthCheck:
    """One check.

    Attributes:
        check: What was checked.
        level: `error`: something does not work; `warning`: it may not for long; `unknown`: it cannot be told from
            here; `ok`.
        code: Which sentence says it (`panels/health.json`), for other languages.
        values: What is filled in there; `at` is an instant in ISO 8601.
        what: The sentence, in English.
        advice: What to do, in English; None: nothing.
        looked_at: What was looked at, in the home.
        value: The figure that decided, where there is one: bytes, a share, a number.
        panel: The panel that tells more.
    """

    check: str
    level: Level
    code: str
    values: Values
    what: str
    advice: str | None
    looked_at: str
    value: float | None
    panel: str | None


class Health(Payload):
    """What the health panel shows.

    Attributes:
        checks: The worst first.
        errors: How many of them are errors; so with the others.
    """

    checks: tuple[HealthCheck, ...]
    errors: int
    warnings: int
    unknown: int
    ok: int


class Facts(NamedTuple):
    """What the checks look at, as the panel's sources hold it."""

    standing: DatabaseState | None
    readable: Mapping[str, str | None]
    outward: Surroundings
    config: Settings
    env: frozenset[str]
    accounts: providers.Providers
    gateway: gateway.Gateway
    cron: cron.Cron | None
    memory: EntriesFile
    user: EntriesFile
    backups: FoundFiles
    skills: Tree
    logs: Logs
    update: Any
    sessions: Rows
    watching: WatchState | None
    now: datetime


Check = Callable[[Facts], Iterator[Finding]]


def collect(
    standing: DatabaseState | None,
    readable: Mapping[str, str | None],
    outward: Surroundings,
    config: Settings,
    env: frozenset[str],
    auth: Any,
    shared_auth: Any,
    anthropic: Any,
    nous: Any,
    gateway_state: Any,
    gateway_process: Processes,
    gateway_heartbeat: Any,
    gateway_clean: str | None,
    deliveries: Rows,
    jobs: Any,
    job_states: Rows,
    runs: Rows,
    run_owners: Processes,
    ticker: str | None,
    ticker_success: str | None,
    memory: EntriesFile,
    user: EntriesFile,
    backups: FoundFiles,
    skills: Tree,
    log_files: Logs,
    update: Any,
    sessions: Rows,
    watching: WatchState | None,
    now: datetime,
) -> Health | Until:
    """All checks, by the rules of the panels that show the details."""
    accounts = _result(
        providers.collect(
            config=config,
            auth=auth,
            shared_auth=shared_auth,
            anthropic=anthropic,
            nous=nous,
            env=env,
            now=now,
        )
    )
    serves = _result(
        gateway.collect(
            state=gateway_state,
            processes=gateway_process,
            heartbeat=gateway_heartbeat,
            clean=gateway_clean,
            starts=None,
            loop=None,
            dead_targets=None,
            directory=None,
            webhooks=None,
            pairings=FoundFiles(),
            old_pairings=FoundFiles(),
            deliveries=deliveries,
            routes=(),
            now=now,
        )
    )
    try:
        scheduled = _result(
            cron.collect(
                jobs=jobs,
                job_states=job_states,
                runs=tuple(row for row in runs if row["status"] in cron.UNFINISHED),
                owners=run_owners,
                heartbeat=ticker,
                success=ticker_success,
                gateway=gateway_process,
                suggestions=None,
                outputs=FoundFiles(),
                config=config,
                query=cron.CronQuery(),
                now=now,
            )
        )
    except SourceError:  # the check of files tells of it
        scheduled = Until(Health(checks=(), errors=0, warnings=0, unknown=0, ok=0), None)
    assert isinstance(accounts.payload, providers.Providers)
    assert isinstance(serves.payload, gateway.Gateway)
    facts = Facts(
        standing,
        readable,
        outward,
        config,
        env,
        accounts.payload,
        serves.payload,
        scheduled.payload if isinstance(scheduled.payload, cron.Cron) else None,
        memory,
        user,
        backups,
        skills,
        log_files,
        update,
        sessions,
        watching,
        now,
    )
    checks = [_said(name, finding) for name, check in CHECKS.items() for finding in check(facts)]
    checks.sort(key=lambda one: LEVELS.index(one.level))
    levels = [one.level for one in checks]
    health = Health(
        checks=tuple(checks),
        errors=levels.count("error"),
        warnings=levels.count("warning"),
        unknown=levels.count("unknown"),
        ok=levels.count("ok"),
    )
    ends = (accounts.valid_until, serves.valid_until, scheduled.valid_until, now + LOOKED_AGAIN)
    return Until(health, soonest(ends, now))


def _result(found: Payload | Until) -> Until:
    return found if isinstance(found, Until) else Until(found, None)


def _said(check: str, finding: Finding) -> HealthCheck:
    what, advice = (_filled(sentence, finding.values) for sentence in sentences()[finding.code]["en"])
    return HealthCheck(
        check=check,
        level=finding.level,
        code=finding.code,
        values=finding.values,
        what=what,
        advice=advice or None,
        looked_at=finding.looked_at,
        value=finding.value,
        panel=PANELS.get(check),
    )


@cache
def sentences() -> Mapping[str, Mapping[str, Sequence[str]]]:
    """What each code says: by language, what was found and what to do."""
    found: Mapping[str, Mapping[str, Sequence[str]]] = json.loads(
        files(__package__).joinpath("health.json").read_text("utf-8")
    )
    return found


def _filled(sentence: str, values: Values) -> str:
    for name, value in values.items():
        sentence = sentence.replace(f"{{{name}}}", value)
    return sentence


# -- the checks: each takes all facts and says what it found


def _database(facts: Facts) -> Iterator[Finding]:
    path, standing = STANDING.path, facts.standing
    size = sum(facts.outward.files[one].size_bytes for one in (path, LOG) if one in facts.outward.files)
    values = {"size": _bytes(size)}
    if standing is None:
        yield Finding("ok", "database-none", path)
    elif standing.problem is not None:
        yield Finding("error", "database-problem", path, {"problem": _line(standing.problem)}, size)
    elif standing.way == "copy":
        yield Finding("warning", "database-copy", path, values, size)
    else:
        values["journal"] = "rollback journal" if standing.way == "journal" else "write-ahead log"
        values["release"] = standing.release or "?"
        yield Finding("ok", "database-ok", path, values, size)


def _log_file(facts: Facts) -> Iterator[Finding]:
    log = facts.outward.files.get(LOG)
    if log is not None:
        is_large = log.size_bytes > LARGE_LOG_BYTES
        code = "log-file-large" if is_large else "log-file-ok"
        yield Finding(
            "warning" if is_large else "ok", code, LOG, {"size": _bytes(log.size_bytes)}, log.size_bytes
        )


def _permissions(facts: Facts) -> Iterator[Finding]:
    for path, wanted in PRIVATE.items():
        found = facts.outward.files.get(path)
        if found is not None:
            yield _mode(path, found, wanted)


def _mode(path: str, found: FileFacts, wanted: str) -> Finding:
    shown = "the home" if path == "." else path
    values = {"mode": f"{found.mode:03o}"}
    if found.mode & 0o077 == 0:
        return Finding("ok", "mode-ok", shown, values, found.mode)
    # Who may not enter the home cannot read what is in it.
    return Finding("warning", "mode-open", shown, {**values, "wanted": wanted, "path": path}, found.mode)


def _configuration(facts: Facts) -> Iterator[Finding]:
    path = Config().path
    if path not in facts.readable:
        yield Finding("ok", "config-none", path)
    elif (problem := facts.readable[path]) is not None:
        yield Finding("error", "file-problem", path, {"problem": _line(problem)})
    else:
        yield Finding("ok", "config-ok", path)


def _files(facts: Facts) -> Iterator[Finding]:
    others = {path: problem for path, problem in facts.readable.items() if path != Config().path}
    broken = {path: problem for path, problem in others.items() if problem is not None}
    for path, problem in broken.items():
        yield Finding("error", "file-problem", path, {"problem": _line(problem)})
    if others and not broken:
        yield Finding("ok", "file-ok", ", ".join(others), {"count": str(len(others))}, len(others))


def _keys(facts: Facts) -> Iterator[Finding]:
    known = upstream().providers
    names = sorted({provider.name for provider in known.values() if facts.env & set(provider.env)})
    # Not in Hermes' registry, since it stands for many providers.
    if "OPENROUTER_API_KEY" in facts.env and "OpenRouter" not in names:
        names.append("OpenRouter")
    if names:
        yield Finding("ok", "keys-ok", ".env", {"names": _names(names)}, len(names))
    elif any(one.usable for one in facts.accounts.providers):
        yield Finding("ok", "keys-none", ".env, auth.json", value=0)
    else:
        yield Finding("warning", "keys-missing", ".env, auth.json", value=0)


def _provider(facts: Facts) -> Iterator[Finding]:
    looked_at = "config.yaml, .env, auth.json"
    active = next((one for one in facts.accounts.providers if one.is_active), None)
    if active is None:
        yield Finding("ok", "provider-unset", looked_at)
        return
    known = upstream().providers.get(active.id)
    values = {"name": active.name}
    if active.status == "missing":
        values["env"] = next(iter(known.env), "?") if known else "?"
    if active.status == "exhausted":
        values["at"] = active.cools_until.isoformat() if active.cools_until else "?"
    levels: Mapping[str, Level] = {"ok": "ok", "elsewhere": "unknown", "expiring": "warning"}
    yield Finding(
        levels.get(active.status, "error"), f"provider-{active.status}", looked_at, values, active.usable
    )


def _gateway(facts: Facts) -> Iterator[Finding]:
    shown, looked_at = facts.gateway, gateway.STATE.path
    current = [platform for platform in shown.platforms if platform.is_current]
    troubled = [one.name for one in current if one.state in ("retrying", "fatal", "disconnected")]
    match shown.health:
        case "running" if troubled:
            yield Finding(
                "warning", "gateway-platforms", looked_at, {"names": _names(troubled)}, len(troubled)
            )
        case "running":
            connected = sum(one.state == "connected" for one in current)
            values = {"connected": str(connected), "platforms": str(len(current))}
            yield Finding("ok", "gateway-running", looked_at, values, connected)
        case "failed":
            yield Finding("error", "gateway-failed", looked_at, {"problem": _line(shown.exit_reason or "?")})
        case other:
            levels: Mapping[str, Level] = {
                "dead": "error",
                "silent": "error",
                "degraded": "warning",
                "unknown": "unknown",
            }
            yield Finding(levels.get(other, "ok"), f"gateway-{other}", looked_at)


def _scheduler(facts: Facts) -> Iterator[Finding]:
    if facts.cron is None:
        return
    looked_at = "cron/ticker_heartbeat"
    state, waiting = facts.cron.scheduler.state, sum(job.is_active for job in facts.cron.jobs)
    values = {"count": str(waiting)}
    if waiting == 0:
        yield Finding("ok", "ticker-idle", looked_at, value=0)
    elif state == "ticking":
        yield Finding("ok", "ticker-ok", looked_at, values, waiting)
    elif state == "external":
        name = facts.cron.scheduler.provider or "?"
        yield Finding("ok", "ticker-external", "config.yaml", {**values, "name": name}, waiting)
    elif state == "failing":
        yield Finding("error", "ticker-failing", "cron/ticker_last_success", values, waiting)
    elif state == "unknown":
        yield Finding("unknown", "ticker-unknown", looked_at, values, waiting)
    else:
        yield Finding("error", "ticker-silent", looked_at, values, waiting)


def _jobs(facts: Facts) -> Iterator[Finding]:
    if facts.cron is None:
        return
    jobs, looked_at = facts.cron.jobs, cron.JOBS.path
    failed = [job.name for job in jobs if job.last_status not in (None, "ok")]
    overdue = [job.name for job in jobs if job.is_overdue]
    if failed:
        yield Finding("warning", "jobs-failed", looked_at, {"names": _names(failed)}, len(failed))
    if overdue:
        yield Finding("warning", "jobs-overdue", looked_at, {"names": _names(overdue)}, len(overdue))
    if jobs and not failed and not overdue:
        yield Finding("ok", "jobs-ok", looked_at, {"count": str(len(jobs))}, len(jobs))


def _memory(facts: Facts) -> Iterator[Finding]:
    stores: tuple[tuple[Entries, EntriesFile, int, str], ...] = (
        (MEMORY_FILE, facts.memory, memory_limit(facts.config), "memory.memory_char_limit"),
        (USER_FILE, facts.user, user_limit(facts.config), "memory.user_char_limit"),
    )
    for declared, store, limit, key in stores:
        if not store.exists:
            continue
        share = store.used_chars / limit
        values = {"share": f"{share:.0%}", "used": str(store.used_chars), "limit": str(limit)}
        if share > FULL:
            yield Finding("error", "memory-over", declared.path, {**values, "key": key}, share)
        elif share > NEAR_FULL:
            yield Finding("warning", "memory-near", declared.path, {**values, "key": key}, share)
        else:
            yield Finding("ok", "memory-ok", declared.path, values, share)
    if facts.backups.files:
        names = [file.path for file in facts.backups.files]
        yield Finding(
            "warning", "memory-drift", "memories/*.bak.*", {"names": _names(names)}, facts.backups.total
        )


def _skills(facts: Facts) -> Iterator[Finding]:
    documents = facts.skills.documents
    broken = [one.folder for one in documents if one.problem is not None]
    broken += facts.skills.unread
    if broken:
        values = {"count": str(len(broken)), "names": _names(broken)}
        yield Finding("warning", "skills-problem", "skills/", values, len(broken))
    elif documents:
        yield Finding("ok", "skills-ok", "skills/", {"count": str(len(documents))}, len(documents))


def _disk(facts: Facts) -> Iterator[Finding]:
    free, total = facts.outward.free_bytes, facts.outward.disk_bytes
    if free is None or total is None:
        yield Finding("unknown", "disk-unknown", "the home")
        return
    values = {"free": _bytes(free), "total": _bytes(total)}
    level: Level = "error" if free < FULL_DISK_BYTES else "warning" if free < LOW_DISK_BYTES else "ok"
    yield Finding(level, "disk-ok" if level == "ok" else "disk-low", "the home", values, free)


def _errors(facts: Facts) -> Iterator[Finding]:
    looked_at = f"logs/{logs.FILES['errors']}"
    # Only the end of the log: some 1 MB, as much as the logs panel looks at.
    shown = logs.collect(facts.logs, logs.LogsQuery(file="errors", level="ERROR"))
    since = facts.now - ERRORS_WITHIN
    recent = [
        record for record in shown.records if record.level is not None and record.at and record.at >= since
    ]
    if not recent:
        yield Finding("ok", "errors-none", looked_at, value=0)
        return
    last = recent[0]
    more = "+" if len(recent) == logs.SHOWN else ""
    values = {
        "count": f"{len(recent)}{more}",
        "at": last.at.isoformat() if last.at else "?",
        "text": _line(last.text),
    }
    yield Finding("warning", "errors-some", looked_at, values, len(recent))


def _update(facts: Facts) -> Iterator[Finding]:
    said = facts.update if isinstance(facts.update, Mapping) else {}
    behind, at = said.get("behind"), when(said.get("ts"))
    if not isinstance(behind, int) or isinstance(behind, bool) or at is None:
        yield Finding("unknown", "update-unknown", UPDATE.path)
    elif behind == 0:
        yield Finding("ok", "update-none", UPDATE.path, {"at": at.isoformat()}, 0)
    else:
        yield Finding("warning", "update-there", UPDATE.path, {"at": at.isoformat()}, float(count(behind)))


def _deliveries(facts: Facts) -> Iterator[Finding]:
    backlog, looked_at = facts.gateway.backlog, "state.db: delivery_obligations"
    if backlog is None:
        return
    lost = backlog.states.get("failed", 0) + backlog.states.get("abandoned", 0)
    if lost:
        yield Finding("warning", "delivery-failed", looked_at, {"count": str(lost)}, lost)
    elif backlog.open:
        values = {
            "count": str(backlog.open),
            "at": backlog.oldest_at.isoformat() if backlog.oldest_at else "?",
        }
        # Until an hour has passed they are on their way.
        is_late = backlog.oldest_at is not None and facts.now - backlog.oldest_at > timedelta(hours=1)
        yield Finding("warning" if is_late else "ok", "delivery-waiting", looked_at, values, backlog.open)
    else:
        yield Finding("ok", "delivery-ok", looked_at, value=0)


def _compression(facts: Facts) -> Iterator[Finding]:
    failing = []
    for row in facts.sessions:
        rests_until = instant(row["compression_failure_cooldown_until"])
        if (rests_until is not None and rests_until > facts.now) or count(
            row["compression_fallback_streak"]
        ) > 1:
            failing.append(text(row["title"]) or text(row["id"]) or "?")
    if failing:
        yield Finding(
            "warning", "compression-failing", "state.db: sessions", {"names": _names(failing)}, len(failing)
        )
    elif facts.sessions:
        yield Finding("ok", "compression-ok", "state.db: sessions", value=0)


def _watching(facts: Facts) -> Iterator[Finding]:
    if facts.watching is None:
        return
    reason, looked_at = facts.watching.reason, "the home"
    if reason is None:
        yield Finding("ok", "watching-events", looked_at)
    else:
        yield Finding("warning", "watching-timer", looked_at, {"problem": _line(reason)})


def _bytes(size: int) -> str:
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= factor:
            return f"{size / factor:.3g} {unit}"
    return f"{size} B"


def _line(words: str) -> str:
    """One line of what somebody or something wrote, without secrets and people."""
    return anonymous(redact(" ".join(words.split())))[:TEXT_CHARS]


def _names(names: Sequence[str]) -> str:
    shown = [_line(name)[:60] for name in names[:NAMES_SHOWN]]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" (+{more})" if more else "")


CHECKS: Mapping[str, Check] = {
    "database": _database,
    "log-file": _log_file,
    "permissions": _permissions,
    "configuration": _configuration,
    "files": _files,
    "keys": _keys,
    "provider": _provider,
    "gateway": _gateway,
    "scheduler": _scheduler,
    "jobs": _jobs,
    "deliveries": _deliveries,
    "memory": _memory,
    "skills": _skills,
    "compression": _compression,
    "errors": _errors,
    "disk": _disk,
    "update": _update,
    "watching": _watching,
}
"""By name, in the order in which those of one level are shown. A new one is a function, a line here, and its sentences."""

PANELS: Mapping[str, str] = {
    "keys": "providers",
    "provider": "providers",
    "gateway": "gateway",
    "scheduler": "cron",
    "jobs": "cron",
    "deliveries": "gateway",
    "memory": "memory",
    "skills": "skills",
    "errors": "logs",
}
"""The panel that tells more."""

LOG = "state.db-wal"
PRIVATE: Mapping[str, str] = {".": "700", ".env": "600", "auth.json": "600"}
"""What nobody else should read, and the mode that Hermes gives it."""
STANDING = DatabaseStanding()
UPDATE = Json(".update_check")


class _Fill:
    """The checks as rows; takes what `collect` takes, and the arguments."""

    __signature__ = Signature(
        [*signature(collect).parameters.values(), Parameter("args", Parameter.KEYWORD_ONLY)]
    )

    def __call__(self, *, args: FrameArguments, **contents: Any) -> dict[str, list[Any]]:
        found = _result(collect(**contents)).payload
        assert isinstance(found, Health)
        # Where there is no home, there is nothing to check; the panel then says so itself.
        is_there = "." in contents["outward"].files
        checks = found.checks[: args.limit] if is_there else ()
        return {column.name: [getattr(check, column.name) for check in checks] for column in COLUMNS}


COLUMNS = (
    Column("check", "category", "What was checked"),
    Column("level", "category", "error, warning, unknown or ok"),
    Column("what", "text", "What was found"),
    Column("advice", "text", "What to do; missing: nothing"),
    Column("looked_at", "text", "What was looked at, in the home", is_identifier=True),
    Column("value", "number", "The figure that decided: bytes, a share, a number; missing: there is none"),
    Column("code", "category", "What was found, in a word that stays the same"),
)

PANEL = Panel(
    "health",
    "Health",
    collect,
    titles={"zh": "健康"},
    icon="pulse",
    group="system",
    frames=(
        Frame(
            "health",
            COLUMNS,
            _Fill(),
            about="One row for each thing that was found, the worst first",
            source="computed",
        ),
    ),
    view=view("health"),
    standing=STANDING,
    readable=Readable(
        (
            Config(),
            EnvNames(),
            Json("auth.json"),
            Json("gateway_state.json"),
            cron.JOBS,
            MEMORY_FILE,
            USER_FILE,
        )
    ),
    outward=Outward(("state.db", LOG, *PRIVATE)),
    config=providers.PANEL.sources["config"],
    env=providers.PANEL.sources["env"],
    auth=providers.PANEL.sources["auth"],
    shared_auth=providers.PANEL.sources["shared_auth"],
    anthropic=providers.PANEL.sources["anthropic"],
    nous=providers.PANEL.sources["nous"],
    gateway_state=gateway.PANEL.sources["state"],
    gateway_process=gateway.PANEL.sources["processes"],
    gateway_heartbeat=gateway.PANEL.sources["heartbeat"],
    gateway_clean=gateway.PANEL.sources["clean"],
    deliveries=gateway.PANEL.sources["deliveries"],
    jobs=cron.JOBS,
    job_states=cron.PANEL.sources["job_states"],
    runs=cron.PANEL.sources["runs"],
    run_owners=cron.PANEL.sources["owners"],
    ticker=cron.PANEL.sources["heartbeat"],
    ticker_success=cron.PANEL.sources["success"],
    memory=MEMORY_FILE,
    user=USER_FILE,
    backups=BACKUPS,
    skills=SKILLS.sources["skills"],
    log_files=logs.PANEL.sources["logs"],
    update=UPDATE,
    sessions=RECENT_SESSIONS,
    watching=WatchMode(),
)
