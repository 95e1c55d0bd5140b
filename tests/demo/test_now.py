"""The demo's delegations, goals and boards: what the panels make of them, and that they go on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from demo.showing import show
from hermes_hud_widget.core import OpenHome
from hermes_hud_widget.demo.home import DemoHome
from hermes_hud_widget.panels import agents, goals, kanban
from hermes_hud_widget.place import Place


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("home")
    demo = DemoHome(path, seed=7, now=time.time())
    yield path
    demo.close()


def test_there_are_delegations_that_went_well_and_ill_each_with_its_transcripts(home: Path) -> None:
    found = show(home, agents.PANEL)
    past = [one for one in found["delegations"] if one["state"] != "running"]
    assert {one["state"] for one in past} == {"completed", "error"}
    assert all(task["transcript_bytes"] for one in past for task in one["tasks"])
    assert {one["parent_title"] for one in past} == {"Three districts, three reports"}
    assert {one["is_alive"] for one in found["processes"] if one["kind"] == "background"} == {True, False}
    assert found["total_spawn_trees"] == 2


def test_a_transcript_of_the_past_can_be_read(home: Path) -> None:
    opened = OpenHome(Place(home, home, None), {"agents": agents.PANEL})
    try:
        data: Any = opened.collect("agents", opened.parse_query("agents", {}), 1).data
        done = next(one for one in data["delegations"] if one["state"] == "completed")
        query = {"transcript": done["id"], "task": 0}
        page: Any = opened.collect("agents", opened.parse_query("agents", query), 1).data
    finally:
        opened.close()
    assert page["transcript"]["lines"][-1]["role"] == "final"


def test_there_is_a_goal_of_every_kind_each_of_a_session_that_is_there(home: Path) -> None:
    found = show(home, goals.PANEL)
    assert (found["total"], found["active"], found["paused"], found["done"]) == (4, 2, 1, 1)
    assert all(goal["activity"] is not None for goal in found["goals"])
    assert sum(goal["waiting"] is not None for goal in found["goals"]) == 1


def test_the_boards_have_something_in_every_column_and_one_task_that_is_stuck(home: Path) -> None:
    found = show(home, kanban.PANEL)
    assert [board["name"] for board in found["boards"]] == ["Velocast", "Conference paper"]
    assert all(column["tasks"] for column in found["columns"])
    assert found["stuck"] == 1


def written(shown: Any) -> int:
    """How long all live transcripts are, in bytes."""
    return sum(task["transcript_bytes"] for one in shown["delegations"] for task in one["tasks"])


def test_all_of_it_goes_on(tmp_path: Path) -> None:
    demo = DemoHome(tmp_path, seed=7, now=time.time())
    before: dict[str, Any] = {
        panel.name: show(tmp_path, panel) for panel in (agents.PANEL, goals.PANEL, kanban.PANEL)
    }
    left_s = 30.0
    for pause in demo.script:
        left_s -= pause
        if left_s < 0:
            break
    demo.close()
    assert written(show(tmp_path, agents.PANEL)) > written(before["agents"])
    turns = [show(tmp_path, goals.PANEL)["goals"], before["goals"]["goals"]]
    assert max(goal["last_turn_at"] for goal in turns[0]) > max(goal["last_turn_at"] for goal in turns[1])
    after = show(tmp_path, kanban.PANEL)["columns"]
    assert sum(column["total"] for column in after) > sum(
        column["total"] for column in before["kanban"]["columns"]
    )
