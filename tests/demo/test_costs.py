"""What the demo's agent spends: of every kind, on several models and tasks, and more while one looks."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from demo.showing import show
from hermes_hud_widget.demo.home import DemoHome
from hermes_hud_widget.panels import costs

LIVE_S = 30.0
"""What a viewer is given to see everything move."""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[DemoHome, Path]]:
    path = tmp_path_factory.mktemp("home")
    demo = DemoHome(path, seed=7, now=time.time())
    yield demo, path
    demo.close()


def kinds(shown: Any) -> dict[str, dict[str, Any]]:
    return {kind["status"]: kind for kind in shown["total"]["kinds"]}


def test_the_past_has_every_kind_of_figure_and_days_of_its_own(demo: tuple[DemoHome, Path]) -> None:
    shown = show(demo[1], costs.PANEL)
    found = kinds(shown)
    assert set(found) == {"actual", "estimated", "included", "unknown"}
    assert found["actual"]["usd"] > 0
    assert found["estimated"]["usd"] > 1
    assert found["unknown"]["usd"] is found["included"]["usd"] is None
    assert len(shown["models"]) == 6
    assert {"main", "title_generation", "compression", "web_extract"} <= {
        task["task"] for task in shown["tasks"]
    }
    assert {source["source"] for source in shown["sources"]} == {
        "cli",
        "telegram",
        "discord",
        "cron",
        "subagent",
    }
    assert sum(period["sessions"] > 0 for period in shown["periods"]) > 15
    assert 0.01 < shown["auxiliary"]["usd"] < 0.5
    assert 0.3 < shown["cache_hit_rate"] < 0.95


def test_every_figure_moves_while_one_looks(demo: tuple[DemoHome, Path]) -> None:
    home, path = demo
    before = show(path, costs.PANEL)
    left = LIVE_S
    with home.state.batch():
        for pause in home.script:
            left -= pause
            if left < 0:
                break
    after = show(path, costs.PANEL)
    for status, kind in kinds(before).items():
        assert kinds(after)[status]["tokens"] > kind["tokens"], status
    for figure in ("sessions", "api_calls"):
        assert after["total"][figure] > before["total"][figure]
    assert after["total"]["cost"]["usd"] > before["total"]["cost"]["usd"]
    assert after["auxiliary"]["usd"] != before["auxiliary"]["usd"]
    assert after["spans"][-1]["spending"]["tokens"] != before["spans"][-1]["spending"]["tokens"]


def test_auxiliary_calls_are_noted_as_hermes_notes_them(demo: tuple[DemoHome, Path]) -> None:
    with closing(sqlite3.connect(f"file:{demo[1]}/state.db?mode=ro", uri=True)) as database:
        noted = "SELECT DISTINCT cost_status, cost_source, billing_mode, actual_cost_usd"
        rows = database.execute(f"{noted} FROM session_model_usage WHERE task <> ''").fetchall()
        assert rows == [(None, None, "", 0.0)]
        assert database.execute(f"{noted} FROM session_model_usage WHERE task = ''").fetchall() != rows
