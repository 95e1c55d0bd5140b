"""Standing goals of Mira's sessions: one is pursued turn by turn, others wait, are paused or done."""

from __future__ import annotations

import json
from random import Random
from typing import TYPE_CHECKING, Any

from hermes_hud_widget.demo.script import Script

if TYPE_CHECKING:
    from hermes_hud_widget.demo.home import DemoHome

DAY_S = 86_400.0
TURNS_EVERY_S = (14.0, 26.0)
VERDICTS = (
    ("continue", "Two of the five horizons are below 12 %; 25-168 h is still at 15.2 %."),
    ("continue", "The holiday table is in, but the backtest has not been run with it."),
    ("continue", "The backtest ran; the stadium district is left out without a reason."),
    ("continue", "Stadium is in again, WAPE 12.4 %. The report is not written yet."),
    ("continue", "The report is there, but it lacks the table by horizon that the contract asks for."),
)
DONE = "All horizons are below 12 %, the backtest's output is shown, and the report has its table."


def play(home: DemoHome) -> Script:
    """Four goals of the past week; the first goes on."""
    random = Random(f"goals {home.seed}")
    session = home.state.open_session() or "recall-drop"
    pursued = _goal(
        "Bring the WAPE of the June backtest below 12 % on every horizon",
        home.now - 3.4 * 3600,
        turns_used=6,
        last_turn_at=home.now - 90,
        last_verdict="continue",
        last_reason=VERDICTS[0][1],
        subgoals=["Keep the night hours in", "Note what each change brought in EXPERIMENTS.md"],
        contract={
            "outcome": "WAPE below 12 % for 1-6 h, 7-24 h and 25-168 h on the June holdout",
            "verification": "python -m velocast.backtest --holdout 2026-06 prints the table",
            "constraints": "No change to the holdout; training stays below 20 minutes",
            "boundaries": "Only velocast/features and velocast/models",
            "stop_when": "A new data source would be needed",
        },
    )
    others = {
        "The model is too good on station 5": _goal(
            "Find every feature that looks into the future, and add a test for each",
            home.now - 5.2 * DAY_S,
            status="done",
            turns_used=9,
            last_turn_at=home.now - 5 * DAY_S,
            last_verdict="done",
            last_reason="Four leaks were found; the four new tests fail on the old code and pass now.",
        ),
        "Split features.py into a package": _goal(
            "Split features.py into a package without changing a single number of the backtest",
            home.now - 1.3 * DAY_S,
            status="paused",
            turns_used=20,
            last_turn_at=home.now - 1.1 * DAY_S,
            last_verdict="continue",
            last_reason="All imports work, but three lag features differ in the fourth decimal.",
            paused_reason="turn budget exhausted (20/20)",
        ),
        "Queue the refit on heron": _goal(
            "Get the nightly refit on heron below ten minutes",
            home.now - 0.4 * DAY_S,
            turns_used=3,
            last_turn_at=home.now - 600,
            last_verdict="wait",
            last_reason="The training run is still going on; nothing to judge before it ends.",
            waiting_until=home.now + 5_400,
            waiting_reason="The GPU queue says that the run begins in 90 minutes",
            waiting_since=home.now - 600,
        ),
    }
    for name, goal in others.items():
        _save(home, name, goal)
    home.state.set_meta(f"goal:{session}", json.dumps(pursued))
    yield random.uniform(*TURNS_EVERY_S)
    number = 1
    while True:
        is_done = number % (len(VERDICTS) + 1) == 0
        verdict, reason = ("done", DONE) if is_done else VERDICTS[number % (len(VERDICTS) + 1) - 1]
        pursued |= {
            "turns_used": 6 if number % (len(VERDICTS) + 1) == 1 else pursued["turns_used"] + 1,
            "status": "done" if is_done else "active",
            "last_turn_at": home.clock(),
            "last_verdict": verdict,
            "last_reason": reason,
        }
        home.state.set_meta(f"goal:{session}", json.dumps(pursued))
        number += 1
        yield random.uniform(*TURNS_EVERY_S)


def _save(home: DemoHome, title: str, goal: dict[str, Any]) -> None:
    """Under the session with that title, else under one that is gone."""
    session = home.state.session_titled(title) or title.lower().replace(" ", "-")
    home.state.set_meta(f"goal:{session}", json.dumps(goal))


def _goal(goal: str, created_at: float, **values: Any) -> dict[str, Any]:
    """As `GoalState.to_json` of `hermes_cli/goals.py` writes it."""
    nothing = dict.fromkeys(("outcome", "verification", "constraints", "boundaries", "stop_when"), "")
    base: dict[str, Any] = {
        "goal": goal,
        "status": "active",
        "turns_used": 0,
        "max_turns": 20,
        "created_at": created_at,
        "last_turn_at": 0.0,
        "last_verdict": None,
        "last_reason": None,
        "paused_reason": None,
        "consecutive_parse_failures": 0,
        "consecutive_transport_failures": 0,
        "subgoals": [],
        "waiting_on_pid": None,
        "waiting_on_session": None,
        "waiting_until": 0.0,
        "waiting_reason": None,
        "waiting_since": 0.0,
        "contract": nothing,
    }
    return base | values
