"""The curator panel over what Hermes' own curator does: its transitions, runs and reports."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hermes_hud_widget.core import OpenHome
from hermes_hud_widget.panels import curator
from hermes_hud_widget.panels.curator import CuratorPanel
from hermes_hud_widget.place import Place
from real.agent import Hermes

DAYS = {
    "new": {"use_count": 0, "created_at": 1},
    "unused": {"use_count": 0, "created_at": 40},
    "busy": {"use_count": 9, "last_used_at": 2},
    "viewed": {"use_count": 1, "last_used_at": 50, "last_viewed_at": 3},
    "idle": {"use_count": 3, "last_used_at": 31},
    "old": {"use_count": 3, "last_used_at": 95},
    "back": {"use_count": 3, "last_used_at": 1, "state": "stale"},
    "stale": {"use_count": 3, "last_used_at": 60, "state": "stale"},
    "pinned": {"use_count": 3, "last_used_at": 200, "pinned": True},
    "needed": {"use_count": 3, "last_used_at": 200},
}


@pytest.fixture
def opened(home: Path) -> OpenHome:
    return OpenHome(Place(home, home, None), {"curator": curator.PANEL})


def show(opened: OpenHome, **query: Any) -> CuratorPanel:
    shown = opened.collect("curator", opened.parse_query("curator", query), 1, datetime.now(UTC))
    assert shown.error is None
    return CuratorPanel.model_validate(shown.data)


def make_skills(home: Path, hermes: Hermes) -> None:
    """Skills that the agent made, as long unused as `DAYS` says."""
    usage = {}
    for name, record in DAYS.items():
        hermes(
            "tools.skill_manager_tool",
            "skill_manage",
            "create",
            name,
            f"---\nname: {name}\ndescription: x\n---\nText",
        )
        times = {
            key: (datetime.now(UTC) - timedelta(days=value)).isoformat() if key.endswith("_at") else value
            for key, value in record.items()
        }
        usage[name] = {"created_by": "agent", **times}
    (home / "skills/.usage.json").write_text(json.dumps(usage))
    hermes("cron.jobs", "create_job", "Look", "every 1h", name="job", skills=["needed"])


def test_a_run_of_hermes_does_what_the_panel_foretold(home: Path, hermes: Hermes, opened: OpenHome) -> None:
    make_skills(home, hermes)
    now = datetime.now(UTC)
    before = show(opened)
    theirs = {row["name"]: row for row in hermes("tools.skill_usage", "agent_created_report")}
    assert {skill.name for skill in before.skills} == set(theirs)
    foretold = {
        skill.name: skill.next_state
        if skill.next_state_at is not None and skill.next_state_at <= now
        else skill.state
        for skill in before.skills
    }
    hermes("agent.curator", "apply_automatic_transitions")
    after = {row["name"]: row["state"] for row in hermes("tools.skill_usage", "agent_created_report")}
    archived = set(hermes("tools.skill_usage", "list_archived_skill_names"))
    assert {name for name, state in foretold.items() if state == "archived"} == archived == {"old"}
    assert {name: state for name, state in foretold.items() if name not in archived} == after
    shown = show(opened)
    assert {one.name for one in shown.archived} == archived
    assert {skill.name: skill.state for skill in shown.skills} == after
    opened.close()


def test_runs_reports_backups_and_the_schedule_are_hermes_own(
    home: Path, hermes: Hermes, opened: OpenHome
) -> None:
    make_skills(home, hermes)
    hermes("agent.curator", "run_curator_review", synchronous=True, consolidate=False)
    state = hermes("agent.curator", "load_state")
    shown = show(opened)
    assert shown.schedule.run_count == state["run_count"] == 1
    assert shown.schedule.last_summary == state["last_run_summary"]
    assert shown.schedule.interval_hours == hermes("agent.curator", "get_interval_hours")
    assert shown.schedule.stale_after_days == hermes("agent.curator", "get_stale_after_days")
    assert shown.schedule.archive_after_days == hermes("agent.curator", "get_archive_after_days")
    assert shown.schedule.prunes_bundled == hermes("agent.curator", "get_prune_builtins")
    assert shown.schedule.consolidates == hermes("agent.curator", "get_consolidate")
    assert shown.schedule.is_due == hermes("agent.curator", "should_run_now") is False
    (run,) = shown.runs
    report = Path(state["last_report_path"])
    written = json.loads((report / "run.json").read_text())
    assert (run.id, run.checked) == (report.name, written["auto_transitions"]["checked"])
    assert (run.archived, run.marked_stale) == (1, written["auto_transitions"]["marked_stale"])
    told = show(opened, run=run.id).report
    assert told is not None
    assert told.text == (report / "REPORT.md").read_text()
    theirs = hermes("agent.curator_backup", "list_backups")
    assert [(one.id, one.reason, one.skill_files) for one in shown.backups] == [
        (one["id"], one["reason"], one["skill_files"]) for one in theirs
    ]
    hermes("agent.curator", "set_paused", True)
    assert show(opened).schedule.is_paused
    assert show(opened).schedule.next_run_at is None
    opened.close()
