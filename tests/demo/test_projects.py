"""The demo's projects, its checkout and checkpoints, its profiles and plugins."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.showing import show
from hermes_hud_widget.demo.home import DemoHome
from hermes_hud_widget.demo.parts.projects import CHECKPOINTS, COMMITS, STATION_MAP
from hermes_hud_widget.panels import checkpoints, plugins, profiles, projects


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("home")
    demo = DemoHome(path, seed=7, now=time.time())
    yield path
    demo.close()


def test_the_sessions_work_in_the_projects(home: Path) -> None:
    data = show(home, projects.PANEL)
    found = {project["name"]: project for project in data["projects"]}
    assert found["Velocast"]["is_current"]
    assert found["Velocast"]["sessions"] > 5
    assert found["Velocast"]["cost"]["usd"] > 0
    assert data["archived"] == 1
    assert {project["kind"] for project in data["projects"]} == {"project", "repository", "folder"}


def test_all_that_is_worked_on_is_there(home: Path) -> None:
    found = show(home, projects.PANEL)["projects"]
    assert {project["name"]: project["exists"] for project in found} == {
        "Velocast": True,
        "Station map": True,
        "ab-lab": True,
        "notes": True,
    }
    assert all(project["directory"].startswith(f"{home}/") for project in found)
    if shutil.which("git") is not None:
        assert {project["name"] for project in found if project["git"]} == {
            "Velocast",
            "Station map",
            "ab-lab",
        }


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_one_project_has_a_checkout_that_is_ahead_and_changed(home: Path) -> None:
    found = {project["name"]: project["git"] for project in show(home, projects.PANEL)["projects"]}
    stands = found["Station map"]
    assert (stands["branch"], stands["upstream"], stands["ahead"], stands["behind"]) == (
        "main",
        "origin/main",
        1,
        0,
    )
    assert stands["changed"] >= 1
    assert stands["subject"] == COMMITS[STATION_MAP][-1][1]


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_snapshots_were_taken_of_that_checkout(home: Path) -> None:
    (directory,) = show(home, checkpoints.PANEL)["directories"]
    assert directory["path"].endswith(STATION_MAP)
    assert [one["reason"] for one in directory["checkpoints"]] == [
        reason for _, reason in reversed(CHECKPOINTS)
    ]


def test_a_second_profile_can_be_compared(home: Path) -> None:
    data = show(home, profiles.PANEL, compare=("default", "coder"))
    assert [(one["name"], one["is_shown"]) for one in data["profiles"]] == [
        ("default", True),
        ("coder", False),
    ]
    assert all(one["sessions"] > 0 and one["problems"] == [] for one in data["profiles"])
    assert "model.default" in {one["path"] for one in data["comparison"]["differences"]}


def test_plugins_are_in_every_state(home: Path) -> None:
    states = {one["state"] for one in show(home, plugins.PANEL)["plugins"]}
    assert states == {"enabled", "disabled", "off", "elsewhere", "broken"}
