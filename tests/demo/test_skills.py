"""The demo's skills: files as Hermes leaves them, and an agent that keeps using and improving them."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from demo.showing import show
from hermes_hud_widget.demo.home import DemoHome
from hermes_hud_widget.demo.skills import PATCHED, Skills
from hermes_hud_widget.panels.skills import PANEL

NOW = 1_790_000_000.0


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[DemoHome]:
    demo = DemoHome(tmp_path, seed=7, now=NOW)
    yield demo
    demo.close()


def shown(home: Path) -> Any:
    found = show(home, PANEL)["list"]
    assert found["problems"] == []
    return found


def by_name(home: Path) -> dict[str, Any]:
    return {row["name"]: row for row in shown(home)["rows"]}


def test_there_is_a_skill_of_each_origin_and_state(demo: DemoHome, tmp_path: Path) -> None:
    rows = by_name(tmp_path)
    assert {row["origin"] for row in rows.values()} == {"bundled", "hub", "agent", "user"}
    assert {row["state"] for row in rows.values()} == {"active", "stale", "archived"}
    assert {name for name, row in rows.items() if row["is_modified"]} == {"test-driven-development"}
    assert rows["ocr-documents"]["is_disabled"]
    assert rows["weekly-report"]["disabled_on"] == ["discord"]
    assert rows["weekly-report"]["is_pinned"]
    assert rows["apple-notes"]["platforms"] == ["macos"]
    assert all(row["description"] and row["problem"] is None for row in rows.values())


def test_the_past_has_left_its_traces(demo: DemoHome, tmp_path: Path) -> None:
    rows = by_name(tmp_path)
    assert rows["data-quality"]["use_count"] > rows["arxiv"]["use_count"] > 5
    assert rows["data-quality"]["patch_count"] == 1  # a story of the past does that
    assert "2026-08-22" < rows["backtest"]["last_used_at"] < "2026-09-22"
    assert rows["debug-slow-query"]["last_used_at"] < "2026-08-30"
    assert shown(tmp_path)["curator"]["next_run_at"] is not None


def test_every_skill_can_be_read(demo: DemoHome, tmp_path: Path) -> None:
    for row in shown(tmp_path)["rows"]:
        text = show(tmp_path, PANEL, skill=row["folder"])["text"]
        assert text["text"].startswith("# ")


def test_the_files_are_in_hermes_format(demo: DemoHome, tmp_path: Path) -> None:
    usage = json.loads((tmp_path / "skills/.usage.json").read_text())
    fields = {
        "created_by",
        "use_count",
        "view_count",
        "last_used_at",
        "last_viewed_at",
        "patch_count",
        "last_patched_at",
        "created_at",
        "state",
        "pinned",
        "archived_at",
    }
    assert all(record.keys() == fields for record in usage.values())
    lines = (tmp_path / "skills/.bundled_manifest").read_text().splitlines()
    assert lines == sorted(lines)
    assert all(len(line.partition(":")[2]) == 32 for line in lines)


def test_while_it_runs_skills_are_used_improved_made_and_deleted(demo: DemoHome, tmp_path: Path) -> None:
    seen: list[dict[str, Any]] = [by_name(tmp_path)]
    for pause in itertools.islice(demo.skills.keep_using(), 60):
        assert pause <= 10
        seen.append(by_name(tmp_path))
    steps = list(itertools.pairwise(seen))
    assert all(before != after for before, after in steps)  # something at each step, so within 10 s
    used = [after["backtest"]["use_count"] - before["backtest"]["use_count"] for before, after in steps]
    assert sum(used) > 3
    patched = [after[PATCHED]["patch_count"] - before[PATCHED]["patch_count"] for before, after in steps]
    assert sum(patched) == 15
    made = [after.keys() - before.keys() for before, after in steps]
    gone = [before.keys() - after.keys() for before, after in steps]
    assert len(set().union(*made)) == 4
    assert any(gone)
    assert {row["origin"] for name, row in seen[-1].items() if name in set().union(*made)} == {"agent"}
    folder = tmp_path / "skills"
    assert not [path for path in folder.rglob("*") if ".tmp" in path.name]
    assert len((folder / "data-science" / PATCHED / "SKILL.md").read_text()) < 1_500


def test_a_call_of_a_tool_is_counted_and_what_is_no_skill_is_not(tmp_path: Path) -> None:
    (tmp_path / "data-science/data-quality").mkdir(parents=True)
    for name in (
        *("arxiv", "plan", "test-driven-development", "ocr-documents", "apple-notes", "pr-review"),
        *("gbfs-feeds", "excel-export"),
    ):
        (tmp_path / "group" / name).mkdir(parents=True)
        (tmp_path / "group" / name / "SKILL.md").write_text("# x")
    (tmp_path / "data-science/data-quality/SKILL.md").write_text("# x")
    skills = Skills(tmp_path, lambda: NOW, 7, NOW)
    skills.go_live()

    def counts() -> tuple[int, int, int]:
        record = json.loads((tmp_path / ".usage.json").read_text())["plan"]
        return record["use_count"], record["view_count"], record["patch_count"]

    used, viewed, patched = counts()
    skills.called("skill_view", {"name": "plan"})
    assert counts() == (used + 1, viewed + 1, patched)
    skills.called("skill_manage", {"name": "plan", "action": "patch"})
    assert counts() == (used + 1, viewed + 1, patched + 1)
    skills.called("skill_view", {"name": "unknown"})
    skills.called("terminal", {"command": "ls"})
    assert counts() == (used + 1, viewed + 1, patched + 1)
