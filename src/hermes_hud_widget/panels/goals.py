"""The standing goals: what each session works towards, how far it is, and what it waits for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

from hermes_hud_widget.frames import Column, Frame, FrameArguments
from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.ledger.ledger import Ledger
from hermes_hud_widget.ledger.rows import Activity
from hermes_hud_widget.ledger.values import count, instant, number, text
from hermes_hud_widget.ledger.writers import Writers
from hermes_hud_widget.panel import Panel, Payload, Until
from hermes_hud_widget.sources import (
    Alive,
    Json,
    JsonRows,
    Proc,
    Processes,
    Rows,
    StateDb,
    System,
    Table,
    WritersOf,
)
from hermes_hud_widget.views import view

DEFAULT_MAX_TURNS = 20
"""Hermes' own (`hermes_cli/goals.py`)."""
GOALS_SEEN = 2_000
"""So many goals, those of the newest sessions, are looked at."""
GOALS_AWAITED = 200
"""Of so many of these it is told at once when a process ends that they wait for; they are read with every commit."""
GOALS_SHOWN, SUBGOALS_SHOWN = 100, 30
GOAL_CHARS, REASON_CHARS, CONTRACT_CHARS = 2_000, 1_000, 1_000
PREFIX = "goal:"
ORDER = ("active", "paused", "done", "cleared")
"""What is still pursued first."""

Waiting = Literal["process", "session", "time"]


@frozen
class GoalWaiting:
    """Why no turn is taken for now.

    Attributes:
        what: `process`: until a process ends; `session`: until a background process of Hermes ends or says what was
            awaited; `time`: until a time.
        is_over: True if that has happened: the next turn is taken; None: it cannot be known here.
        pid: Of the process.
        process_id: Hermes' id of the background process.
        until: The time.
        reason: In the judge's or the user's words.
        since: When the waiting began.
    """

    what: Waiting
    is_over: bool | None
    pid: int | None
    process_id: str | None
    until: datetime | None
    reason: str | None
    since: datetime | None


@frozen
class GoalContract:
    """What done means; each in the user's words, empty where nothing is agreed."""

    outcome: str
    verification: str
    constraints: str
    boundaries: str
    stop_when: str


@frozen
class Goal:
    """The goal of one session.

    Attributes:
        session_id: The session; `session_title` is its title, else how its first message begins.
        activity: What the session does now; None if it is not there any more.
        status: `active`, `paused`, `done`, `cleared`, or what else is written.
        turns_used: Turns taken.
        max_turns: After how many the goal is paused.
        last_verdict: The judge's last: `done`, `continue`, `wait`, `skipped`, or what else is written.
        last_reason: Why.
        failures: Times in a row that the judge could not be asked or understood.
        subgoals: What the user added; at most 30 of `total_subgoals`.
        waiting: None unless an active goal waits.
    """

    session_id: str
    session_title: str | None
    activity: Activity | None
    goal: str
    status: str
    turns_used: int
    max_turns: int
    created_at: datetime | None
    last_turn_at: datetime | None
    last_verdict: str | None
    last_reason: str | None
    paused_reason: str | None
    failures: int
    subgoals: tuple[str, ...]
    total_subgoals: int
    waiting: GoalWaiting | None
    contract: GoalContract | None


class Goals(Payload):
    """What the goals panel shows.

    Attributes:
        goals: Active ones first, then paused, done and cleared ones; of each kind the one that took a turn last. At
            most 100 of `total`.
        active: How many are active.
        paused: How many are paused.
        done: How many are done.
        unreadable: How many entries are no goals.
        is_cut: True if there may be more: only the 2,000 of the newest sessions are looked at.
    """

    goals: tuple[Goal, ...]
    total: int
    active: int
    paused: int
    done: int
    unreadable: int
    is_cut: bool

    def is_empty(self) -> bool:
        return not (self.total or self.unreadable)


def collect(
    entries: Rows,
    processes: Any,
    awaited: Processes,
    state: Ledger | None,
    writers: Writers | None,
    proc: Proc,
    now: datetime,
) -> Goals | Until:
    """Every session's goal, with what the session does."""
    written = dict(_goals(entries))
    statuses = [_status(goal) for goal in written.values()]
    chosen = sorted(written, key=lambda one: _place(written[one]))[:GOALS_SHOWN]
    sessions = state.some(chosen, now, writers) if state else {}
    goals = []
    for session_id in chosen:
        session = sessions.get(session_id)
        title = None if session is None else session.title or session.preview or None
        activity = None if session is None else session.activity
        goal = _goal(session_id, written[session_id], title, activity, processes, awaited, proc, now)
        goals.append(replace(goal, subgoals=goal.subgoals[:SUBGOALS_SHOWN]))
    waits = [goal.waiting.until for goal in goals if goal.waiting and goal.waiting.until]
    soon = [state.next_change(now, writers) if state else None, *(at for at in waits if at > now)]
    found = Goals(
        goals=tuple(goals),
        total=len(written),
        active=statuses.count("active"),
        paused=statuses.count("paused"),
        done=statuses.count("done"),
        unreadable=len(entries) - len(written),
        is_cut=len(entries) >= GOALS_SEEN,
    )
    return Until(found, min((at for at in soon if at is not None), default=None))


def number_of_active(entries: Rows) -> int:
    """How many goals are pursued."""
    return sum(_status(goal) == "active" for _, goal in _goals(entries))


def _goals(entries: Rows) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The goals by session; what is no object is none."""
    for row in entries:
        try:
            goal = json.loads(text(row["value"]) or "null")
        except (ValueError, RecursionError):
            continue
        if isinstance(goal, Mapping):
            yield (text(row["key"]) or "").removeprefix(PREFIX), goal


def _status(goal: Mapping[str, Any]) -> str:
    return _words(goal.get("status"), 40) or "active"


def _place(goal: Mapping[str, Any]) -> tuple[int, float]:
    status = _status(goal)
    latest = number(goal.get("last_turn_at")) or number(goal.get("created_at")) or 0.0
    return (ORDER.index(status) if status in ORDER else len(ORDER), -latest)


def _goal(
    session_id: str,
    goal: Mapping[str, Any],
    title: str | None,
    activity: Activity | None,
    processes: Any,
    awaited: Processes,
    proc: Proc,
    now: datetime,
) -> Goal:
    written = goal.get("subgoals")
    listed = [_words(one, REASON_CHARS) for one in written] if isinstance(written, list) else []
    subgoals = tuple(one for one in listed if one)
    status = _status(goal)
    return Goal(
        session_id=session_id,
        session_title=title,
        activity=activity,
        goal=_words(goal.get("goal"), GOAL_CHARS) or "",
        status=status,
        turns_used=count(goal.get("turns_used")),
        # As Hermes: nothing and 0 mean the default.
        max_turns=count(goal.get("max_turns")) or DEFAULT_MAX_TURNS,
        created_at=_when(goal.get("created_at")),
        last_turn_at=_when(goal.get("last_turn_at")),
        last_verdict=_words(goal.get("last_verdict"), 40),
        last_reason=_words(goal.get("last_reason"), REASON_CHARS),
        paused_reason=_words(goal.get("paused_reason"), REASON_CHARS),
        failures=count(goal.get("consecutive_parse_failures"))
        + count(goal.get("consecutive_transport_failures")),
        subgoals=subgoals,
        total_subgoals=len(subgoals),
        waiting=_waiting(goal, processes, awaited, proc, now) if status == "active" else None,
        contract=_contract(goal.get("contract")),
    )


def _waiting(
    goal: Mapping[str, Any], processes: Any, awaited: Processes, proc: Proc, now: datetime
) -> GoalWaiting | None:
    """What it waits for; of several that are written Hermes takes the first in this order."""
    reason, since = _words(goal.get("waiting_reason"), REASON_CHARS), _when(goal.get("waiting_since"))
    if process_id := _words(goal.get("waiting_on_session"), 200):
        return GoalWaiting("session", _is_over(process_id, processes), None, process_id, None, reason, since)
    if pid := count(goal.get("waiting_on_pid")):
        is_over = awaited.is_alive(pid, None) is False or proc.is_gone(pid)
        return GoalWaiting("process", is_over, pid, None, None, reason, since)
    if until := _when(goal.get("waiting_until")):
        return GoalWaiting("time", until <= now, None, None, until, reason, since)
    return None


def _is_over(process_id: str, processes: Any) -> bool | None:
    """Whether a background process has ended: one that has is no longer in `processes.json`."""
    listed = processes if isinstance(processes, list) else []
    if any(isinstance(entry, Mapping) and entry.get("session_id") == process_id for entry in listed):
        # It may have said what was awaited, which no file tells.
        return None
    return True


def _contract(written: Any) -> GoalContract | None:
    if not isinstance(written, Mapping):
        return None
    names = ("outcome", "verification", "constraints", "boundaries", "stop_when")
    agreed = {name: _words(written.get(name), CONTRACT_CHARS) or "" for name in names}
    return GoalContract(**agreed) if any(agreed.values()) else None


def _when(written: Any) -> datetime | None:
    """A time in seconds since the epoch; Hermes writes 0 for none."""
    return instant(written) if number(written) else None


def _words(written: Any, chars: int) -> str | None:
    """A text that is short enough; None for nothing, or something else."""
    if written is None or isinstance(written, (Mapping, list)):
        return None
    return str(written).strip()[:chars] or None


def _fill(
    entries: Rows,
    processes: Any,
    awaited: Processes,
    state: Ledger | None,
    writers: Writers | None,
    proc: Proc,
    args: FrameArguments,
    now: datetime,
) -> dict[str, list[Any]]:
    written = dict(_goals(entries))
    sessions = state.some(written, now, writers) if state else {}
    goals = [
        _goal(
            one,
            goal,
            sessions[one].title or sessions[one].preview or None if one in sessions else None,
            sessions[one].activity if one in sessions else None,
            processes,
            awaited,
            proc,
            now,
        )
        for one, goal in sorted(written.items(), key=lambda item: _place(item[1]))
    ]
    goals = [goal for goal in goals if args.holds(goal.created_at)][: args.limit]
    return {column.name: [_value(goal, column.name) for goal in goals] for column in COLUMNS}


def _value(goal: Goal, column: str) -> Any:
    match column:
        case "subgoals":
            return list(goal.subgoals)
        case "waiting_for":
            return goal.waiting.what if goal.waiting else None
        case "waiting_until":
            return goal.waiting.until if goal.waiting else None
        case "waiting_reason":
            return goal.waiting.reason if goal.waiting else None
        case "has_contract":
            return goal.contract is not None
        case _:
            return getattr(goal, column)


def _source(*names: str) -> str:
    return f"state.db: state_meta goal:*: {', '.join(names)}"


COLUMNS = (
    Column("session_id", "text", "The session", is_identifier=True, source="state.db: state_meta.key"),
    Column(
        "session_title", "text", "Its title, else how its first message begins", source="state.db: sessions"
    ),
    Column("goal", "text", f"The goal, cut to {GOAL_CHARS:,} characters", source=_source("goal")),
    Column("status", "category", "active, paused, done or cleared", source=_source("status")),
    Column("turns_used", "integer", "Turns taken", source=_source("turns_used")),
    Column("max_turns", "integer", "After how many it is paused", source=_source("max_turns")),
    Column("created_at", "instant", "When it was set", source=_source("created_at")),
    Column("last_turn_at", "instant", "When the last turn ended", source=_source("last_turn_at")),
    Column(
        "last_verdict",
        "category",
        "The judge's last: done, continue, wait, skipped",
        source=_source("last_verdict"),
    ),
    Column("last_reason", "text", "Why", source=_source("last_reason")),
    Column("paused_reason", "text", "Why it is paused", source=_source("paused_reason")),
    Column(
        "failures",
        "integer",
        "Times in a row that the judge could not be asked or understood",
        source=_source("consecutive_parse_failures", "consecutive_transport_failures"),
    ),
    Column("subgoals", "texts", "What the user added", source=_source("subgoals")),
    Column(
        "waiting_for",
        "category",
        "process, session (a background process of Hermes) or time; missing: it does not wait",
        source=_source("waiting_on_pid", "waiting_on_session", "waiting_until"),
    ),
    Column("waiting_until", "instant", "Until when, if it is a time", source=_source("waiting_until")),
    Column("waiting_reason", "text", "Why it waits", source=_source("waiting_reason")),
    Column("has_contract", "boolean", "It is agreed what done means", source=_source("contract")),
)

ENTRIES = Table(
    "state.db",
    "state_meta",
    ("key", "value"),
    # Sessions' ids begin with their time, and Hermes never deletes a goal: the newest.
    order=("-key",),
    limit=GOALS_SEEN,
    prefix=("key", PREFIX),
    by_content=True,
)

PANEL = Panel(
    "goals",
    "Goals",
    collect,
    titles={"zh": "目标"},
    icon="target",
    group="now",
    frames=(
        Frame(
            "goals",
            COLUMNS,
            _fill,
            time="created_at",
            about="One row for each goal of the 2,000 newest sessions that have one: active ones first, then paused, done and"
            " cleared ones",
            source="state.db: state_meta",
        ),
    ),
    view=view("goals"),
    entries=ENTRIES,
    processes=Json("processes.json"),
    # Tells of the end of a process that a goal waits for. Hermes does not note when it started.
    awaited=Alive(
        JsonRows(replace(ENTRIES, columns=("value",), limit=GOALS_AWAITED), "value"),
        pid="waiting_on_pid",
        started="waiting_on_start",
        where=("status", ("active", "", None)),
    ),
    state=StateDb(),
    writers=WritersOf(),
    proc=System(),
)
