"""What the agent may do without asking, what it asked for, and what came of it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta, tzinfo
from typing import Any, Literal, NamedTuple

from pydantic import Field

from hermes_hud_widget.day import day_of, midnight, zone
from hermes_hud_widget.frames import Column, Frame, FrameArguments
from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.ledger.ledger import Ledger
from hermes_hud_widget.ledger.picked import ToolResult
from hermes_hud_widget.ledger.release import is_older
from hermes_hud_widget.ledger.search import IndexProblem
from hermes_hud_widget.ledger.values import number
from hermes_hud_widget.ledger.writers import Writers
from hermes_hud_widget.panel import Panel, Payload, Query, Until
from hermes_hud_widget.panels.memory import PANEL as MEMORY
from hermes_hud_widget.redact import MASK, redact
from hermes_hud_widget.sources import Config, Folder, FoundFile, FoundFiles, Settings, StateDb, WritersOf
from hermes_hud_widget.views import view

ApprovalOutcome = Literal[
    "approved",
    "smart-approved",
    "denied",
    "timeout",
    "smart-denied",
    "cron-denied",
    "deny-rule",
    "hardline",
    "blocked",
    "pending",
    "ran",
    "failed",
    "running",
    "unanswered",
]
ApprovalMode = Literal["manual", "smart", "off"]

SMART_SINCE = "0.19"
"""From this release on `approvals.mode` is `smart` where nothing is said; before it was `manual`."""
TIMEOUT_S = 60
CANDIDATES = 1_000
SUDO_MESSAGES = 500
SHOWN, SUDO_SHOWN = 60, 10
DAYS = 30
LISTED = 100
COMMAND_CHARS = 240
REASON_CHARS = 200
SUMMARY_CHARS = 300
PENDING_BYTES = 1_000_000
AGAIN = timedelta(seconds=0.5)
"""How soon it goes on while older messages have not been looked at."""
COMMAND_TOOLS = ("terminal", "execute_code")
ASKING_TOOL = "clarify"

EXPRESSION = " OR ".join(
    f'"{words}"'
    for words in (
        "status blocked",
        "status pending approval",
        "status approval required",
        "error BLOCKED",
        "approval Command required approval",
        "approval Command was flagged",
    )
)
"""What a result holds that tells of an approval (`tools/terminal_tool.py`), as words that stand side by side."""


class ApprovalsQuery(Query):
    """Which commands a viewer asks for."""

    outcome: ApprovalOutcome | None = Field(None, description="Only commands with this outcome")


@frozen
class ApprovalSettings:
    """What `config.yaml` says, with Hermes' defaults for what it leaves out.

    Attributes:
        mode: Who decides on dangerous commands: `manual`: you · `smart`: a model, and you where it is unsure · `off`:
            nobody asks.
        is_mode_default: True if nothing is said of it; the default depends on the release that uses this home.
        is_mode_unknown: True if it says a word that Hermes does not know, and takes as `manual`.
        timeout_s: How long it waits for your answer, in seconds.
        cron_mode: What becomes of dangerous commands in scheduled jobs, where nobody can be asked.
        deny: Patterns of commands that are always refused; at most 100, as `allow`.
        allow: Commands and kinds of commands that are always allowed (`command_allowlist`).
        redacts_secrets: False if Hermes leaves secrets in what tools print.
        has_scanner: False if commands are not looked at by the Tirith scanner.
        allows_unscanned: False if a command is refused where that scanner is not there.
        approves_memory: True if writes to memory wait for you, as do `approves_skills`.
    """

    mode: ApprovalMode
    is_mode_default: bool
    is_mode_unknown: bool
    timeout_s: int
    cron_mode: Literal["deny", "approve"]
    deny: tuple[str, ...]
    total_deny: int
    allow: tuple[str, ...]
    total_allow: int
    redacts_secrets: bool
    has_scanner: bool
    allows_unscanned: bool
    approves_memory: bool
    approves_skills: bool


@frozen
class ApprovalWrite:
    """A write that waits for you (`pending/`).

    Attributes:
        store: `memory` or `skills`.
        summary: What it is, in Hermes' words, cut to 300 characters.
        origin: `foreground` or `background_review`.
        problem: Why its file cannot be read.
    """

    id: str
    store: str
    action: str | None
    summary: str | None
    origin: str | None
    created_at: datetime | None
    problem: str | None


@frozen
class ApprovalWait:
    """A session that waits, or may wait, for you.

    Attributes:
        kind: `question`: the agent asked one · `command`: a command has no result yet: it runs, or waits for your
            word, which Hermes writes nowhere.
    """

    session_id: str
    session: str
    kind: Literal["question", "command"]
    tool: str
    since: datetime


@frozen
class ApprovalCommand:
    """A command that was flagged, or that used sudo.

    Attributes:
        message: Its result's id; its call's, as long as there is none.
        outcome: `approved`, `denied`, `timeout`: by you · `smart-approved`, `smart-denied`: by a model ·
            `cron-denied`: nobody could be asked · `deny-rule`, `hardline`: refused whatever anybody says · `blocked`:
            refused for another reason · `pending`: you were asked, the result does not say what you said · `ran`,
            `failed`, `running`: nobody had to be asked · `unanswered`: there is no result, and its session does not
            wait for one (any more).
        command: Redacted, and cut to 240 characters; None: not known.
        reason: Why it was flagged, in Hermes' words.
        is_sudo: True if it runs something by sudo.
        exit_code: What it ended with, if it ran.
        is_interrupted: True if it was approved and then interrupted.
    """

    message: int
    session_id: str
    session: str | None
    at: datetime
    tool: str | None
    outcome: ApprovalOutcome
    command: str | None
    reason: str | None
    is_sudo: bool
    exit_code: int | None
    is_interrupted: bool


@frozen
class ApprovalCount:
    """How many commands had one outcome."""

    outcome: ApprovalOutcome
    count: int


@frozen
class ApprovalDay:
    """The commands of one day, in the home's zone: allowed by somebody, refused, and others."""

    day: date
    allowed: int
    refused: int
    other: int


@frozen
class ApprovalSudo:
    """What was run by sudo, and how often that failed or was refused."""

    command: str
    count: int
    failed: int


class Approvals(Payload):
    """What the approvals panel shows.

    Attributes:
        pending: Writes that wait, the oldest first; `total_pending` is how many.
        waiting: Sessions that wait now, as far as that can be known; at most 100 of `total_waiting`.
        commands: The newest first, at most 60 of those asked for; `total_commands` is how many these are.
        outcomes: Of all commands, the most frequent first.
        days: The last 30, without gaps, oldest first.
        sudo: The ten most frequent of `total_sudo`.
        since: The oldest message that was looked at; None: all were.
        is_whole: False while older messages are still being looked at.
        problem: Why messages cannot be searched.
        timezone: Whose days these are.
    """

    settings: ApprovalSettings
    pending: tuple[ApprovalWrite, ...]
    total_pending: int
    waiting: tuple[ApprovalWait, ...]
    total_waiting: int
    commands: tuple[ApprovalCommand, ...]
    total_commands: int
    outcomes: tuple[ApprovalCount, ...]
    days: tuple[ApprovalDay, ...]
    sudo: tuple[ApprovalSudo, ...]
    total_sudo: int
    since: datetime | None
    is_whole: bool
    problem: IndexProblem | None
    timezone: str

    def is_empty(self) -> bool:
        has_rules = self.settings.total_deny > 0 or self.settings.total_allow > 0
        return not (self.outcomes or self.total_pending or self.waiting or has_rules) and self.is_whole


def collect(
    state: Ledger | None,
    writers: Writers | None,
    pending_memory: FoundFiles,
    pending_skills: FoundFiles,
    config: Settings,
    query: ApprovalsQuery,
    now: datetime,
) -> Approvals | Until:
    """The rules, what waits, and what became of commands."""
    where, zone_name = zone(config.text("timezone"))
    found = _commands(state, writers, now)
    asked = [one for one in found.commands if query.outcome in (None, one.outcome)]
    shown = asked[:SHOWN]
    labels = state.labels({one.session_id for one in shown}) if state else {}
    waits = _waiting(state, writers, now)
    sudo = _sudo(found.commands)
    approvals = Approvals(
        settings=_settings(config, state.release() if state else None),
        pending=_pending(pending_memory, pending_skills)[:LISTED],
        total_pending=pending_memory.total + pending_skills.total,
        waiting=waits[:LISTED],
        total_waiting=len(waits),
        commands=tuple(_labelled(one, labels) for one in shown),
        total_commands=len(asked),
        outcomes=tuple(
            ApprovalCount(outcome, count)
            for outcome, count in Counter(one.outcome for one in found.commands).most_common()
        ),
        days=_days(found.commands, where, now),
        sudo=sudo[:SUDO_SHOWN],
        total_sudo=len(sudo),
        since=found.since,
        is_whole=found.is_whole,
        problem=found.problem,
        timezone=zone_name,
    )
    instants = [midnight(now, where, days=1), None if found.is_whole else now + AGAIN]
    if state is not None:
        instants.append(state.next_change(now, writers))
    return Until(approvals, min(at for at in instants if at is not None))


# -- the rules


def _settings(config: Settings, release: str | None) -> ApprovalSettings:
    """By the rules of Hermes' `tools/approval.py` and `tools/write_approval.py`."""
    is_default = _leaves_out(config, "approvals", "mode")
    # Hermes takes a key with nothing behind it as `manual`, not as its default.
    mode, is_unknown = _mode(None if is_default else _or_manual(config.get("approvals.mode")), release)
    timeout = number(config.get("approvals.timeout"))
    cron = str(config.get("approvals.cron_mode") or "deny").strip().lower()
    deny, allow = _texts(config.get("approvals.deny")), _texts(config.get("command_allowlist"))
    return ApprovalSettings(
        mode=mode,
        is_mode_default=is_default,
        is_mode_unknown=is_unknown,
        timeout_s=TIMEOUT_S if timeout is None else int(max(0, min(timeout, 1e9))),
        cron_mode="approve" if cron in ("approve", "off", "allow", "yes") else "deny",
        deny=deny[:LISTED],
        total_deny=len(deny),
        allow=allow[:LISTED],
        total_allow=len(allow),
        redacts_secrets=_switch(config, "security.redact_secrets", default=True),
        has_scanner=_switch(config, "security.tirith_enabled", default=True),
        allows_unscanned=_switch(config, "security.tirith_fail_open", default=True),
        approves_memory=_switch(config, "memory.write_approval", default=False),
        approves_skills=_switch(config, "skills.write_approval", default=False),
    )


def _mode(written: Any, release: str | None) -> tuple[ApprovalMode, bool]:
    """The mode, and whether Hermes does not know the word (`_normalize_approval_mode`)."""
    if written is None:
        is_old = release is not None and is_older(release, SMART_SINCE)
        return ("manual" if is_old else "smart"), False
    if written is False:  # YAML reads a plain `off` so
        return "off", False
    word = written.strip().lower() if isinstance(written, str) else ""
    match word:
        case "smart" | "off" | "manual":
            return word, False
    return "manual", word != ""


def _or_manual(written: Any) -> Any:
    return "manual" if written is None else written


def _leaves_out(config: Settings, section: str, key: str) -> bool:
    there = config.get(section)
    return not isinstance(there, Mapping) or key not in there


def _switch(config: Settings, path: str, *, default: bool) -> bool:
    value = config.get(path)
    if isinstance(value, str):
        return value.strip().lower() in ("on", "true", "yes", "1", "approve", "enabled")
    return default if value is None else bool(value)


def _texts(written: Any) -> tuple[str, ...]:
    listed = written if isinstance(written, list) else [written] if isinstance(written, str) else []
    return tuple(_command(one) for one in listed if isinstance(one, str) and one.strip())


# -- what waits


def _pending(memory: FoundFiles, skills: FoundFiles) -> tuple[ApprovalWrite, ...]:
    """The oldest first, as Hermes lists them."""
    writes = [_write("memory", file) for file in memory.files] + [
        _write("skills", file) for file in skills.files
    ]
    return tuple(
        sorted(writes, key=lambda one: (one.created_at is None, one.created_at or _EPOCH, one.store, one.id))
    )


_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def _write(store: str, file: FoundFile) -> ApprovalWrite:
    """A record of Hermes' `stage_write`, of which the payload stays here."""
    told: Any = None
    problem = file.problem
    if file.text is not None:
        try:
            told = json.loads(file.text)
        except (ValueError, RecursionError):
            problem = "it is not valid JSON"
    record: Mapping[str, Any] = told if isinstance(told, Mapping) else {}
    created = number(record.get("created_at"))
    try:
        at = datetime.fromtimestamp(created, _EPOCH.tzinfo) if created is not None else file.modified_at
    except (ValueError, OverflowError, OSError):
        at = file.modified_at
    return ApprovalWrite(
        id=file.path.removesuffix(".json"),
        store=store,
        action=_words(record.get("action"), 40),
        summary=_words(record.get("summary"), SUMMARY_CHARS),
        origin=_words(record.get("origin"), 40),
        created_at=at,
        problem=problem,
    )


def _waiting(state: Ledger | None, writers: Writers | None, now: datetime) -> tuple[ApprovalWait, ...]:
    if state is None:
        return ()
    sessions, _ = state.live(now, writers)
    waits: list[ApprovalWait] = []
    for session in sessions:
        if session.activity not in ("running", "asking"):  # one that crashed has open calls, too
            continue
        name = session.title or session.preview or session.id
        if session.activity == "asking":
            since = session.activity_since or session.last_active
            waits.append(ApprovalWait(session.id, name, "question", ASKING_TOOL, since))
        waits += [
            ApprovalWait(session.id, name, "command", call.tool, call.since)
            for call in session.running
            if call.tool in COMMAND_TOOLS
        ]
    return tuple(waits)


# -- what became of commands


class _Found(NamedTuple):
    commands: list[ApprovalCommand]
    since: datetime | None
    is_whole: bool
    problem: IndexProblem | None


def _commands(state: Ledger | None, writers: Writers | None, now: datetime) -> _Found:
    """Those that were flagged and those that used sudo, the newest first."""
    if state is None:
        return _Found([], None, True, None)
    flagged = state.tool_results(EXPRESSION, CANDIDATES)
    by_sudo = state.calls_with("sudo", SUDO_MESSAGES)
    results = {(one.id, 0): one for one in flagged.rows if _told(one) is not None}
    for several in by_sudo.rows:
        # Of several calls in one message that have no result each is told: they have its id in common.
        results.update(
            ((one.id, 0 if one.has_result else index), one)
            for index, one in enumerate(several)
            if is_sudo(_called(one))
        )
    running = _running(state, results.values(), writers, now)
    commands = [
        _as_command(results[key], running) for key in sorted(results, key=lambda key: (-key[0], key[1]))
    ]
    ends = [
        flagged.rows[-1].timestamp if flagged.is_cut and flagged.rows else None,
        next((one.timestamp for several in reversed(by_sudo.rows) for one in several), None)
        if by_sudo.is_cut
        else None,
    ]
    return _Found(
        commands,
        max((at for at in ends if at is not None), default=None),
        flagged.is_whole and by_sudo.is_whole,
        flagged.problem,
    )


def _running(
    state: Ledger, results: Iterable[ToolResult], writers: Writers | None, now: datetime
) -> frozenset[tuple[str, datetime]]:
    """Session and time of the calls without a result that sessions wait for."""
    asked = {one.session_id for one in results if not one.has_result}
    return frozenset(
        (asked_for, call.since)
        for asked_for, session in state.some(asked, now, writers).items()
        if session.activity in ("running", "asking")
        for call in session.running
    )


def _told(result: ToolResult) -> tuple[ApprovalOutcome, str | None] | None:
    """What a result says of an approval, and why it was needed; None: nothing. In Hermes' own words."""
    if result.approval is not None:
        if (found := _APPROVED.match(result.approval)) is not None:
            return "approved", found[1]
        if (found := _FLAGGED.match(result.approval)) is not None:
            return "smart-approved", found[1]
        return None
    if result.status in ("pending_approval", "approval_required"):
        return "pending", None
    error = result.error or ""
    if not (error.startswith("BLOCKED") or result.status == "blocked"):
        return None
    for outcome, pattern in _REFUSED:
        if (found := pattern.search(error)) is not None:
            return outcome, found[1] if pattern.groups else None
    return "blocked", error.partition(". ")[0] or None


_APPROVED = re.compile(r"Command required approval \((.*)\) and was approved by the user")
_FLAGGED = re.compile(r"Command was flagged \((.*)\) and auto-approved by smart approval")
_REFUSED: tuple[tuple[ApprovalOutcome, re.Pattern[str]], ...] = (
    ("hardline", re.compile(r"^BLOCKED \(hardline\): (.*?)\. This command")),
    ("hardline", re.compile(r"^BLOCKED \(hardline\)")),
    ("deny-rule", re.compile(r"user-defined deny rule '(.*?)' \(approvals\.deny")),
    ("timeout", re.compile(r"timed out without user response")),
    ("denied", re.compile(r"Reason given by the user: \"(.*?)\"\.")),
    ("denied", re.compile(r"denied by user|User denied")),
    ("smart-denied", re.compile(r"BLOCKED by smart approval: (.*?)\. ")),
    ("smart-denied", re.compile(r"BLOCKED by smart approval")),
    ("cron-denied", re.compile(r"flagged as dangerous \((.*?)\) but cron jobs run")),
    ("cron-denied", re.compile(r"cron jobs run without a user")),
)


def _as_command(result: ToolResult, running: frozenset[tuple[str, datetime]]) -> ApprovalCommand:
    told = _told(result)
    called = _called(result)
    outcome: ApprovalOutcome
    if told is not None:
        outcome, reason = told
    elif not result.has_result:
        is_running = (result.session_id, result.timestamp) in running
        outcome, reason = ("running" if is_running else "unanswered"), None
    else:
        outcome, reason = ("ran" if result.exit_code == 0 else "failed"), None
    has_run = outcome in ("approved", "smart-approved", "ran", "failed")
    return ApprovalCommand(
        message=result.id,
        session_id=result.session_id,
        session=None,
        at=result.timestamp,
        tool=result.tool,
        outcome=outcome,
        command=_command(called) if called else None,
        reason=redact(reason)[:REASON_CHARS] if reason else None,
        is_sudo=is_sudo(called),
        exit_code=result.exit_code if has_run else None,
        is_interrupted="then interrupted" in (result.approval or ""),
    )


def _called(result: ToolResult) -> str:
    """The command or code of a call; its arguments may be cut in the middle."""
    try:
        given = json.loads(result.arguments)
    except (ValueError, RecursionError):
        found = _CUT.search(result.arguments)
        return "" if found is None else found[1].replace("\\n", "\n").replace('\\"', '"')
    if not isinstance(given, Mapping):
        return ""
    value = given.get("command", given.get("code"))
    return value if isinstance(value, str) else ""


_CUT = re.compile(r'"(?:command|code)"\s*:\s*"((?:[^"\\]|\\.)*)', re.DOTALL)


def is_sudo(command: str) -> bool:
    """True if sudo stands where a command begins."""
    return _SUDO.search(command) is not None


_SUDO = re.compile(
    r"(?:^|[;&|(`\n]|\$\(|\b(?:then|do|else|time|env|nohup|exec)\s)\s*(?:\w+=\S*\s+)*sudo\b(?!-)"
)


def _command(written: str) -> str:
    """As it may be shown: passwords that are piped or given masked, then cut, so that no secret is cut in half."""
    shown = written
    if "sudo" in shown:
        shown = _HEREDOC.sub(rf"\1{MASK}\3", shown)
        if (found := _PIPED.match(shown)) is not None:
            shown = f"{found[1]} {MASK} {shown[found.start(2) :]}"
    shown = _HERE.sub(rf"\1{MASK}", shown) if "<<<" in shown else shown
    shown = _GIVEN.sub(rf"\1{MASK}", shown)
    shown = _NAMED.sub(rf"\1{MASK}", shown)
    return redact(shown.strip())[:COMMAND_CHARS]


_VALUE = r"(?:'[^']*'|\"(?:[^\"\\]|\\.)*\"|\S+)"
# All that precedes the last pipe into sudo, but for its first word: in quotes anything may look like an end of it.
_PIPED = re.compile(
    r"\s*([\w./-]*).*(\|&?\s*(?:(?:\w+=\S*|env|time|nohup|exec|command)\s+)*(?:[\w./~-]*/)?sudo\b)", re.DOTALL
)
_HEREDOC = re.compile(r"(<<-?\s*['\"\\]?(\w+)[^\n]*\n).*?(\n\s*\2\b|\Z)", re.DOTALL)
_HERE = re.compile(rf"(<<<\s*){_VALUE}")
_GIVEN = re.compile(
    rf"(\b(?:sshpass|useradd|usermod|adduser|groupadd|mysql\w*|mariadb[\w-]*)\b[^\n;|&]*?\s(?:-p|--password[\s=])\s*){_VALUE}"
)
_NAMED = re.compile(rf"(\b(?:\w*_PWD|\w*PASS|\w*PASSWD|\w*PASSWORD|\w*PASSPHRASE)=){_VALUE}", re.IGNORECASE)


def _labelled(one: ApprovalCommand, labels: Mapping[str, str]) -> ApprovalCommand:
    return ApprovalCommand(**{**vars(one), "session": labels.get(one.session_id)})


ALLOWED = frozenset({"approved", "smart-approved"})
REFUSED = frozenset({"denied", "timeout", "smart-denied", "cron-denied", "deny-rule", "hardline", "blocked"})


def _days(commands: Iterable[ApprovalCommand], where: tzinfo, now: datetime) -> tuple[ApprovalDay, ...]:
    counted = Counter(
        (day_of(one.at, where), one.outcome in ALLOWED, one.outcome in REFUSED) for one in commands
    )
    today = now.astimezone(where).date()
    days = [today - timedelta(days=ago) for ago in range(DAYS - 1, -1, -1)]
    return tuple(
        ApprovalDay(day, counted[day, True, False], counted[day, False, True], counted[day, False, False])
        for day in days
    )


def _sudo(commands: Iterable[ApprovalCommand]) -> tuple[ApprovalSudo, ...]:
    counted: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    for one in commands:
        if one.is_sudo:
            name = _run_by_sudo(one.command or "")
            counted[name] += 1
            failed[name] += (
                one.outcome in REFUSED or one.outcome == "failed" or one.exit_code not in (0, None)
            )
    return tuple(ApprovalSudo(name, count, failed[name]) for name, count in counted.most_common())


def _run_by_sudo(command: str) -> str:
    """The first word after sudo that is no option."""
    found = _RUN.search(command)
    return found[1] if found is not None else "?"


_RUN = re.compile(r"\bsudo(?:\s+-[A-Za-z-]+(?:\s*=\s*\S+|\s+(?=''))?(?:\s+'')?)*\s+([\w./+-]{1,60})")


def _words(written: Any, most: int) -> str | None:
    return written.strip()[:most] or None if isinstance(written, str) else None


# -- frames


def _fill(
    state: Ledger | None, writers: Writers | None, args: FrameArguments, now: datetime
) -> dict[str, list[Any]]:
    found = _commands(state, writers, now)
    while not found.is_whole:
        found = _commands(state, writers, now)
    rows = [one for one in found.commands if args.holds(one.at)][: args.limit]
    return {column.name: [getattr(one, column.name) for one in rows] for column in COLUMNS}


def _fill_waiting(
    state: Ledger | None,
    writers: Writers | None,
    pending_memory: FoundFiles,
    pending_skills: FoundFiles,
    args: FrameArguments,
    now: datetime,
) -> dict[str, list[Any]]:
    every = [
        *map(vars, _waiting(state, writers, now)),
        *(
            {"kind": "write", "since": one.created_at, **vars(one)}
            for one in _pending(pending_memory, pending_skills)
        ),
    ]
    rows = [one for one in every if args.holds(one["since"])][: args.limit]
    return {column.name: [one.get(column.name) for one in rows] for column in WAITING_COLUMNS}


COLUMNS = (
    Column(
        "message",
        "integer",
        "Its result's id; its call's, as long as there is none",
        source="state.db: messages.id",
    ),
    Column("session_id", "text", "The session", is_identifier=True),
    Column("at", "instant", "When the result came", source="state.db: messages.timestamp"),
    Column("tool", "category", "terminal, execute_code, …", source="state.db: messages.tool_name"),
    Column(
        "outcome",
        "category",
        "approved, denied, timeout: by the user; smart-approved, smart-denied: by a model; cron-denied, deny-rule, hardline,"
        " blocked, pending; ran, failed, running: sudo that nobody had to be asked about; unanswered: there is no result,"
        " and its session does not wait for one",
        source="computed",
    ),
    Column(
        "command",
        "text",
        f"Redacted, cut to {COMMAND_CHARS} characters",
        source="state.db: messages.tool_calls",
    ),
    Column("reason", "text", "Why it was flagged", source="state.db: messages.content"),
    Column("is_sudo", "boolean", "It runs something by sudo", source="computed"),
    Column("exit_code", "integer", "What it ended with, if it ran", source="state.db: messages.content"),
    Column(
        "is_interrupted",
        "boolean",
        "It was approved and then interrupted",
        source="state.db: messages.content",
    ),
)

WAITING_COLUMNS = (
    Column(
        "kind",
        "category",
        "question: a session asks; command: one that has no result yet, which runs or waits; write: to memory or skills",
        source="computed",
    ),
    Column("since", "instant", "Since when"),
    Column("session_id", "text", "The session, of a question or a command", is_identifier=True),
    Column("tool", "category", "What it called", source="state.db: messages.tool_calls"),
    Column("id", "text", "The write's id", is_identifier=True, source="pending/*/*.json"),
    Column("store", "category", "memory or skills, of a write", source="pending/*/*.json"),
    Column("action", "category", "What a write does", source="pending/*/*.json"),
    Column(
        "summary", "text", f"In Hermes' words, cut to {SUMMARY_CHARS} characters", source="pending/*/*.json"
    ),
    Column("origin", "category", "foreground or background_review", source="pending/*/*.json"),
    Column("problem", "text", "Why its file cannot be read", source="pending/*/*.json"),
)

PANEL = Panel(
    "approvals",
    "Approvals",
    collect,
    titles={"zh": "审批"},
    icon="shield",
    group="now",
    query=ApprovalsQuery,
    frames=(
        Frame(
            "approvals",
            COLUMNS,
            _fill,
            time="at",
            about="One row for each command that was flagged or used sudo, among the newest messages that tell of one,"
            " the newest first",
            source="state.db: messages",
        ),
        Frame(
            "approvals_waiting",
            WAITING_COLUMNS,
            _fill_waiting,
            time="since",
            about="One row for each thing that waits for you: what sessions ask, then writes, the oldest first; of each"
            " store the 200 written last",
            source="pending/*/*.json",
        ),
    ),
    view=view("approvals"),
    state=StateDb(),
    writers=WritersOf(),
    pending_memory=MEMORY.sources["pending"],
    pending_skills=Folder("pending/skills", "*.json", read_bytes=PENDING_BYTES),
    config=Config(),
)
