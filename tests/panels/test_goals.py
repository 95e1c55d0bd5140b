"""The goals panel's function on what Hermes may have written, and its frame."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hermes_hud_widget import Home
from hermes_hud_widget.panel import Until
from hermes_hud_widget.panels import goals
from hermes_hud_widget.sources import Proc, Processes
from support.agent import MakeAgent
from support.examples import add_row
from support.served import Client, Served

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
NOBODY = 4_194_301
"""No process has this number."""


def goal(**values: Any) -> dict[str, Any]:
    return {"goal": "All tests pass", "status": "active", "created_at": NOW.timestamp() - 60, **values}


def entries(*written: Any) -> tuple[dict[str, Any], ...]:
    return tuple(
        {"key": f"goal:s{number}", "value": one if isinstance(one, str) else json.dumps(one)}
        for number, one in enumerate(written)
    )


def collect(*written: Any, processes: Any = None) -> goals.Goals:
    found = goals.collect(entries(*written), processes, Processes(), None, None, Proc(), NOW)
    payload = found.payload if isinstance(found, Until) else found
    assert isinstance(payload, goals.Goals)
    return payload


def test_what_is_still_pursued_comes_first_then_what_took_a_turn_last() -> None:
    order = [
        goal(status="cleared"),
        goal(status="done", last_turn_at=9.0),
        goal(status="suspended"),
        goal(last_turn_at=1.0, created_at=0),
        goal(status="paused"),
        goal(last_turn_at=2.0, created_at=0),
    ]
    found = collect(*order)
    assert [one.session_id for one in found.goals] == ["s5", "s3", "s4", "s1", "s0", "s2"]
    assert (found.total, found.active, found.paused, found.done) == (6, 2, 1, 1)


def test_of_very_many_goals_the_newest_are_told(agent: MakeAgent) -> None:
    hermes = agent()
    add_row(hermes, goals.ENTRIES, 0, key="goal:2026_0000", value=json.dumps(goal(goal="0")))
    with closing(sqlite3.connect(hermes.home / "state.db", timeout=10)) as database, database:
        database.executemany(
            "INSERT INTO state_meta (key, value) VALUES (?, ?)",
            (
                (f"goal:2026_{number:04}", json.dumps(goal(goal=str(number))))
                for number in range(1, goals.GOALS_SEEN + 1)
            ),
        )
    with Home(hermes.home) as opened:
        found, told = opened.panel("goals")["data"], set(opened.frame("goals")["goal"])
        overview = opened.panel("overview")["data"]
    assert (found["total"], found["active"], found["is_cut"]) == (2_000, 2_000, True)
    assert told == {str(number) for number in range(1, goals.GOALS_SEEN + 1)}
    assert overview["goals"] == found["active"]


def test_what_is_no_goal_is_counted_and_left_out() -> None:
    found = collect("{broken", "[1]", "null", goal())
    assert (found.total, found.unreadable) == (1, 3)
    assert not collect("{broken").is_empty()
    assert collect().is_empty()


def test_odd_values_are_tolerated_as_hermes_tolerates_them() -> None:
    (found,) = collect(
        {
            "goal": ["a", "list"],
            "status": None,
            "turns_used": "3",
            "max_turns": 0,
            "created_at": "yesterday",
            "last_turn_at": 0.0,
            "last_verdict": {"no": 1},
            "subgoals": "just one",
            "contract": "none",
            "waiting_on_pid": "many",
            "waiting_until": None,
        }
    ).goals
    assert (found.goal, found.status) == ("", "active")
    assert (found.turns_used, found.max_turns) == (3, goals.DEFAULT_MAX_TURNS)
    assert (found.created_at, found.last_turn_at, found.last_verdict) == (None, None, None)
    assert (found.subgoals, found.contract, found.waiting) == ((), None, None)


def test_a_contract_without_a_word_is_none() -> None:
    empty, agreed = (
        one.contract
        for one in collect(
            goal(contract={"outcome": " ", "stop_when": ""}, created_at=2.0),
            goal(contract={"outcome": "Green", "stop_when": ""}, created_at=1.0),
        ).goals
    )
    assert empty is None
    assert agreed is not None
    assert (agreed.outcome, agreed.stop_when) == ("Green", "")


WAITS = [
    # what, fields, the processes, what it is, whether it is over
    ("a time to come", {"waiting_until": NOW.timestamp() + 5}, None, "time", False),
    ("a time that has come", {"waiting_until": NOW.timestamp() - 5}, None, "time", True),
    ("a process that lives", {"waiting_on_pid": os.getpid()}, None, "process", False),
    ("a process that is gone", {"waiting_on_pid": NOBODY}, None, "process", True),
    (
        "a background process that runs",
        {"waiting_on_session": "proc_1"},
        [{"session_id": "proc_1"}],
        "session",
        None,
    ),
    (
        "one that is listed no longer",
        {"waiting_on_session": "proc_1"},
        [{"session_id": "proc_2"}],
        "session",
        True,
    ),
    (
        "several, of which Hermes takes the background process",
        {"waiting_on_session": "proc_1", "waiting_on_pid": 1, "waiting_until": 1.0},
        [{"session_id": "proc_1"}],
        "session",
        None,
    ),
]


@pytest.mark.parametrize(
    ("what", "fields", "processes", "kind", "is_over"), WAITS, ids=[one[0] for one in WAITS]
)
def test_what_an_active_goal_waits_for_is_said(
    what: str, fields: dict[str, Any], processes: Any, kind: str, is_over: bool | None
) -> None:
    (found,) = collect(goal(waiting_reason="It takes time", **fields), processes=processes).goals
    assert found.waiting is not None
    assert (found.waiting.what, found.waiting.is_over) == (kind, is_over), what
    assert found.waiting.reason == "It takes time"
    (paused,) = collect(goal(status="paused", **fields), processes=processes).goals
    assert paused.waiting is None


def test_it_holds_until_the_time_that_a_goal_waits_for() -> None:
    until = NOW + timedelta(minutes=5)
    found = goals.collect(
        entries(goal(waiting_until=until.timestamp()), goal()), None, Processes(), None, None, Proc(), NOW
    )
    assert isinstance(found, Until)
    assert found.valid_until == until


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="pidfd and /proc")
def test_the_end_of_a_process_that_a_goal_waits_for_is_told_at_once(
    agent: MakeAgent, server: Served, viewer: Client
) -> None:
    hermes = agent()
    id = server.open(hermes.home)
    viewer.look(id, "goals")
    viewer.get(id, "goals")
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        add_row(hermes, goals.ENTRIES, 0, value=json.dumps(goal(waiting_on_pid=process.pid)))
        viewer.wait_data(id, "goals", lambda data: is_over(data, process.pid) is False)
        process.kill()
        process.wait()
        viewer.wait_data(id, "goals", lambda data: is_over(data, process.pid) is True)


def is_over(data: Any, pid: int) -> bool | None:
    return next((one["waiting"]["is_over"] for one in data["goals"] if one["waiting"]["pid"] == pid), None)


def test_of_very_many_subgoals_some_are_shown_and_all_are_in_the_frame(agent: MakeAgent) -> None:
    hermes = agent()
    written = goal(subgoals=[*(f"step {number}" for number in range(40)), " ", 7])
    add_row(hermes, goals.ENTRIES, 0, value=json.dumps(written))
    with Home(hermes.home) as opened:
        (found,) = opened.panel("goals")["data"]["goals"]
        (frame,) = opened.frame("goals")["subgoals"]
    assert (len(found["subgoals"]), found["total_subgoals"]) == (goals.SUBGOALS_SHOWN, 41)
    assert list(frame) == [*(f"step {number}" for number in range(40)), "7"]


def test_a_goal_has_its_sessions_title_and_of_one_that_is_gone_only_the_id(agent: MakeAgent) -> None:
    hermes = agent()
    now = time.time()
    hermes.session("s0", title="Bikes", started_at=now)
    for session in ("s0", "s1"):
        add_row(hermes, goals.ENTRIES, 0, key=f"goal:{session}", value=json.dumps(goal()))
    with Home(hermes.home) as opened:
        found = opened.panel("goals")["data"]["goals"]
    assert {one["session_id"]: (one["session_title"], one["activity"]) for one in found} == {
        "s0": ("Bikes", "idle"),
        "s1": (None, None),
    }


def test_every_number_can_be_recomputed_from_the_frames(agent: MakeAgent, home: Path) -> None:
    hermes = agent()
    for number, status in enumerate(("active", "active", "paused", "done", "cleared", "active")):
        written = goal(
            status=status, subgoals=["a"] * number, waiting_until=NOW.timestamp() if number == 1 else 0
        )
        add_row(hermes, goals.ENTRIES, number, value=json.dumps(written))
    add_row(hermes, goals.ENTRIES, 99, value="{broken")
    with Home(hermes.home) as opened:
        frame, shown = opened.frame("goals"), opened.panel("goals")["data"]
    assert shown["total"] == len(frame) == 6
    for status in ("active", "paused", "done"):
        assert shown[status] == (frame["status"] == status).sum()
    assert shown["unreadable"] == 1
    assert [len(one["subgoals"]) for one in shown["goals"]] == list(frame["subgoals"].map(len))
    assert (
        frame["waiting_for"].notna().sum() == sum(one["waiting"] is not None for one in shown["goals"]) == 1
    )
