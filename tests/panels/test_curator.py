"""The curator panel over a home's files: its schedule, what becomes of skills, its runs."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hermes_hud_widget.core import OpenHome, Snapshot
from hermes_hud_widget.frames import to_pandas
from hermes_hud_widget.panels import curator
from hermes_hud_widget.panels.curator import CuratedSkill, CuratorPanel
from hermes_hud_widget.place import Place

NOW = datetime(2026, 7, 20, 12, tzinfo=UTC)
Collect = Callable[..., Snapshot]
Show = Callable[..., CuratorPanel]


def ago(days: float) -> str:
    return (NOW - timedelta(days=days)).isoformat()


@pytest.fixture
def collect(home: Path) -> Collect:
    def run(now: datetime = NOW, **query: Any) -> Snapshot:
        opened = OpenHome(Place(home, home, None), {"curator": curator.PANEL})
        try:
            return opened.collect("curator", opened.parse_query("curator", query), 1, now)
        finally:
            opened.close()

    return run


@pytest.fixture
def show(collect: Collect) -> Show:
    def run(**given: Any) -> CuratorPanel:
        shown = collect(**given)
        assert shown.error is None
        return CuratorPanel.model_validate(shown.data)

    return run


def write(home: Path, path: str, content: Any) -> None:
    file = home / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    os.utime(file, (0, 0))


def skills(home: Path, **records: Any) -> None:
    """Skills with these usage records; None: a skill that Hermes has not counted."""
    for name in records:
        write(home, f"skills/group/{name}/SKILL.md", f"---\nname: {name}\n---\nText")
    kept = {name: {"created_by": "agent", **record} for name, record in records.items() if record is not None}
    write(home, "skills/.usage.json", kept)


def by_name(panel: CuratorPanel) -> dict[str, CuratedSkill]:
    return {skill.name: skill for skill in panel.skills}


def test_a_home_without_skills_of_its_own_is_empty(home: Path, show: Show) -> None:
    write(home, "skills/group/mine/SKILL.md", "---\nname: mine\n---\nText")
    assert show().is_empty()


@pytest.mark.parametrize(
    ("record", "state", "at_days"),
    [
        ({"use_count": 1, "last_used_at": ago(10)}, "stale", 20),
        ({"use_count": 1, "last_used_at": ago(31)}, "stale", -1),
        ({"use_count": 1, "last_used_at": ago(40), "state": "stale"}, "archived", 50),
        ({"use_count": 1, "last_used_at": ago(95), "state": "stale"}, "archived", -5),
        ({"use_count": 1, "last_used_at": ago(95)}, "archived", -5),
        ({"use_count": 1, "last_used_at": ago(2), "state": "stale"}, "active", -2),
        ({"use_count": 1, "last_used_at": ago(50), "last_viewed_at": ago(4)}, "stale", 26),
        ({"use_count": 0, "created_at": ago(10)}, "stale", 20),
        ({"use_count": 0, "created_at": ago(10), "state": "stale"}, "active", -10),
        ({"use_count": 1, "last_used_at": ago(100), "state": "archived"}, None, None),
        ({"use_count": 1, "last_used_at": ago(100), "pinned": True}, None, None),
        ({"use_count": 1}, None, None),
    ],
)
def test_what_becomes_of_a_skill_and_when_follows_hermes_rule(
    home: Path, show: Show, record: dict[str, Any], state: str | None, at_days: float | None
) -> None:
    skills(home, it=record)
    skill = by_name(show())["it"]
    assert skill.next_state == state
    assert skill.next_state_at == (None if at_days is None else NOW + timedelta(days=at_days))


def test_skills_that_a_job_needs_are_left_alone(home: Path, show: Show) -> None:
    old = {"use_count": 1, "last_used_at": ago(200)}
    skills(home, listed=old, single=old, free=old)
    jobs = [{"skills": ["/listed"]}, {"skill": "single", "enabled": False}, "no job", {"skills": None}]
    write(home, "cron/jobs.json", {"jobs": jobs})
    found = by_name(show())
    assert {name: skill.is_in_cron for name, skill in found.items()} == {
        "listed": True,
        "single": True,
        "free": False,
    }
    assert (found["listed"].next_state, found["free"].next_state) == (None, "archived")


def test_only_skills_that_the_curator_may_touch_are_told_of(home: Path, show: Show) -> None:
    skills(home, own={"use_count": 1}, bundled=None, plan=None, hubbed={"use_count": 1}, mine=None)
    write(home, "skills/.bundled_manifest", "bundled:abc\nplan:def\n")
    write(home, "skills/.hub/lock.json", {"installed": {"other": {"install_path": "group/hubbed"}}})
    assert {name: skill.is_bundled for name, skill in by_name(show()).items()} == {
        "own": False,
        "bundled": True,
    }
    assert not by_name(show())["bundled"].is_counted
    write(home, "config.yaml", "curator:\n  prune_builtins: false\n")
    assert set(by_name(show())) == {"own"}


@pytest.mark.parametrize(
    ("config", "state", "expected"),
    [
        ("", {"last_run_at": ago(2)}, (True, False, 5.0, False)),
        ("", {"last_run_at": ago(8)}, (True, False, -1.0, True)),
        ("", {"last_run_at": ago(8), "paused": True}, (True, True, None, False)),
        ("curator: {enabled: false}", {"last_run_at": ago(8)}, (False, False, None, False)),
        ("curator: {interval_hours: 24}", {"last_run_at": ago(0.5)}, (True, False, 0.5, False)),
        ("curator: {interval_hours: soon}", {"last_run_at": ago(2)}, (True, False, 5.0, False)),
        ("", {"last_run_at": "yesterday"}, (True, False, None, False)),
        ("", {}, (True, False, None, False)),
    ],
)
def test_the_next_run_follows_hermes_rule(
    home: Path, show: Show, config: str, state: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    write(home, "config.yaml", config)
    write(home, "skills/.curator_state", state)
    schedule = show().schedule
    days = schedule.next_run_at and (schedule.next_run_at - NOW) / timedelta(days=1)
    assert (schedule.is_enabled, schedule.is_paused, days, schedule.is_due) == expected


def test_it_holds_until_the_next_run_or_the_first_change(home: Path, collect: Collect) -> None:
    write(home, "skills/.curator_state", {"last_run_at": ago(2)})
    skills(home, soon={"use_count": 1, "last_used_at": ago(29)})
    assert collect().valid_until == NOW + timedelta(days=1)
    skills(home, later={"use_count": 1, "last_used_at": ago(1)})
    assert collect().valid_until == NOW + timedelta(days=5)


RUN = {
    "started_at": "2026-07-01T08:00:00+00:00",
    "duration_seconds": 38.2,
    "model": "claude-haiku-4-5",
    "auto_transitions": {"checked": 9, "marked_stale": 2, "archived": 1, "reactivated": 3},
    "counts": {"before": 9, "after": 7, "tool_calls_total": 5},
    "consolidated": [{"name": "old", "into": "new", "evidence": "…"}],
    "pruned": [{"name": "dead"}],
    "added": ["new"],
    "llm_summary": "merged",
    "llm_error": None,
}


def test_runs_are_told_newest_first_and_their_reports_when_asked_for(home: Path, show: Show) -> None:
    write(home, "logs/curator/20260701-080000/run.json", RUN)
    write(home, "logs/curator/20260701-080000/REPORT.md", "# What I did")
    write(home, "logs/curator/20260708-080000/run.json", {})
    write(home, "logs/curator/20260708-080000-2/run.json", "{broken")
    shown = show()
    assert [run.id for run in shown.runs] == ["20260708-080000-2", "20260708-080000", "20260701-080000"]
    assert [run.problem for run in shown.runs] == ["it is not valid JSON", None, None]
    run = shown.runs[-1]
    assert (run.checked, run.marked_stale, run.archived, run.reactivated) == (9, 2, 1, 3)
    assert [(one.name, one.into) for one in run.merged] == [("old", "new")]
    assert (run.pruned, run.added, run.tool_calls, run.duration_s) == (("dead",), ("new",), 5, 38.2)
    assert [run.has_report for run in shown.runs] == [False, False, True]
    assert shown.report is None
    report = show(run="20260701-080000").report
    assert report is not None
    assert report.text == "# What I did"
    for run_id in ("20260708-080000", "../../config.yaml", ".."):
        nothing = show(run=run_id).report
        assert nothing is not None
        assert nothing.text is None


def test_what_was_put_away_and_saved_is_listed(home: Path, show: Show) -> None:
    write(home, "skills/.archive/gone/SKILL.md", "---\nname: gone\n---\n")
    write(home, "skills/.archive/bundled/SKILL.md", "x")
    write(home, "skills/.usage.json", {"gone": {"archived_at": ago(3)}, "bundled": "odd"})
    write(home, "skills/.curator_suppressed", "# by the curator\nbundled\n")
    write(home, "skills/.curator_backups/2026-07-01T08-00-00Z/skills.tar.gz", "archive")
    write(
        home,
        "skills/.curator_backups/2026-07-01T08-00-00Z/manifest.json",
        {"reason": "pre-curator-run", "skill_files": 9},
    )
    write(home, "skills/.curator_backups/.rollback-staging-1/skills.tar.gz", "half")
    shown = show()
    assert [(one.name, one.is_suppressed, one.archived_at) for one in shown.archived] == [
        ("bundled", True, None),
        ("gone", False, NOW - timedelta(days=3)),
    ]
    assert [(one.id, one.reason, one.skill_files, one.size_bytes) for one in shown.backups] == [
        ("2026-07-01T08-00-00Z", "pre-curator-run", 9, 7)
    ]


def test_odd_values_are_tolerated(home: Path, show: Show) -> None:
    write(
        home, "skills/.curator_state", {"run_count": "many", "last_run_duration_seconds": "long", "paused": 0}
    )
    skills(home, odd={"use_count": "x", "last_used_at": 5, "state": "asleep", "created_at": ["?"]})
    write(home, "cron/jobs.json", "[1, 2]")
    write(home, "config.yaml", "curator: 7\n")
    odd = {"auto_transitions": [], "counts": 3, "consolidated": {"a": 1}, "pruned": [None, 3], "added": "x"}
    write(home, "logs/curator/x/run.json", odd)
    shown = show()
    assert (shown.schedule.run_count, shown.schedule.last_duration_s) == (0, None)
    assert by_name(shown)["odd"].state == "active"
    assert shown.runs[0].pruned == ()


def test_of_a_run_that_changed_very_many_skills_some_are_named_and_all_are_counted(
    home: Path, show: Show
) -> None:
    names = [f"skill-{number}" for number in range(50)]
    merged = [{"name": name, "into": "umbrella"} for name in names]
    run = {"consolidated": merged, "pruned": [{"name": name} for name in names[:45]], "added": names[:3]}
    write(home, "logs/curator/20260701-080000/run.json", run)
    (found,) = show().runs
    assert (len(found.merged), found.total_merged) == (curator.NAMES_SHOWN, 50)
    assert (len(found.pruned), found.total_pruned) == (curator.NAMES_SHOWN, 45)
    assert (len(found.added), found.total_added) == (3, 3)
    opened = OpenHome(Place(home, home, None), {"curator": curator.PANEL})
    try:
        (row,) = opened.table("curator_runs", {}, NOW).to_pylist()
    finally:
        opened.close()
    assert (len(row["merged"]), len(row["pruned"])) == (50, 45)


def test_every_number_can_be_recomputed_from_the_frames(home: Path, show: Show) -> None:
    states = ("active", "stale", "archived")
    skills(
        home,
        **{
            f"skill-{number}": {
                "use_count": number,
                "last_used_at": ago(number * 9),
                "state": states[number % 3],
                "pinned": number % 5 == 0,
            }
            for number in range(12)
        },
    )
    write(home, "cron/jobs.json", [{"skills": ["skill-3", "skill-4"]}])
    for number in range(4):
        write(home, f"logs/curator/2026070{number + 1}-080000/run.json", RUN)
    for number in range(3):
        write(home, f"skills/.archive/old-{number}/SKILL.md", "---\nname: old\n---\nText")
    write(home, "skills/.curator_suppressed", "old-1\n")
    for number in range(45):
        write(home, f"skills/.curator_backups/2026-07-01T08-00-{number:02}Z/skills.tar.gz", "archive")
    shown = show()
    opened = OpenHome(Place(home, home, None), {"curator": curator.PANEL})
    try:
        curated = to_pandas(opened.table("curated_skills", {}, NOW))
        runs = to_pandas(opened.table("curator_runs", {}, NOW))
        archive, backups = (
            to_pandas(opened.table(name, {}, NOW)) for name in ("curator_archive", "curator_backups")
        )
    finally:
        opened.close()
    assert shown.total_skills == len(curated)
    for state in states:
        assert getattr(shown.counts, state) == int((curated["state"] == state).sum())
    assert shown.counts.pinned == int(curated["is_pinned"].sum())
    assert shown.counts.in_cron == int(curated["is_in_cron"].sum()) == 2
    assert shown.total_runs == len(runs)
    assert shown.total_archived == len(archive) == 3
    assert sum(one.is_suppressed for one in shown.archived) == int(archive["is_suppressed"].sum()) == 1
    assert shown.total_backups == len(backups) == 45
    assert [one.id for one in shown.backups] == list(backups["id"])[: curator.NAMES_SHOWN]
    assert sum(run.marked_stale for run in shown.runs) == int(runs["marked_stale"].sum())
