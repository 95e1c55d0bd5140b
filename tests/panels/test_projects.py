"""The projects panel over real databases and checkouts: whose session it is, what it cost, how git stands."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from hermes_hud_widget import Home
from hermes_hud_widget.core import OpenHome, Snapshot
from hermes_hud_widget.demo.parts.projects import _SCHEMA
from hermes_hud_widget.panels import projects
from hermes_hud_widget.place import Place
from support.agent import Agent, MakeAgent
from support.repository import git


@contextmanager
def opened(home: Path) -> Iterator[OpenHome]:
    one = OpenHome(Place(home, home, None), {"projects": projects.PANEL})
    try:
        yield one
    finally:
        one.close()


def snapshot(home: Path) -> Snapshot:
    """What the panel shows, once git has answered."""
    with opened(home) as one:
        query = one.parse_query("projects", {})
        while True:
            found = one.collect("projects", query, 1)
            if found.data is None or not any(each["is_git_pending"] for each in found.data["projects"]):
                return found


def shown(home: Path) -> dict[str, Any]:
    """Its projects, by name."""
    return {project["name"]: project for project in snapshot(home).data["projects"]}  # type: ignore[index]


class Store:
    """Writes `projects.db`, with Hermes' own tables."""

    def __init__(self, home: Path) -> None:
        self._path = home / "projects.db"
        with closing(sqlite3.connect(self._path)) as database:
            database.executescript(_SCHEMA)

    def add(self, id: str, *paths: str, archived: int = 0, **columns: object) -> None:
        row = {
            "id": id,
            "slug": id,
            "name": id.title(),
            "primary_path": paths[0] if paths else None,
            "created_at": 1_780_000_000,
            "archived": archived,
            **columns,
        }
        marks = ", ".join("?" * len(row))
        with closing(sqlite3.connect(self._path)) as database, database:
            database.execute(f"INSERT INTO projects ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))
            for place, path in enumerate(paths):
                database.execute(
                    "INSERT INTO project_folders VALUES (?, ?, NULL, ?, 1)", (id, path, int(place == 0))
                )

    def run(self, sql: str, *values: object) -> None:
        with closing(sqlite3.connect(self._path)) as database, database:
            database.execute(sql, values)


def test_a_session_belongs_to_the_project_with_the_longest_folder_above_its_directory(
    agent: MakeAgent,
) -> None:
    hermes = agent()
    store = Store(hermes.home)
    store.add("outer", "/w/outer")
    store.add("inner", "/w/outer/inner")
    for number, cwd in enumerate(("/w/outer", "/w/outer/x", "/w/outer/inner/deep", "/w/outer/innermost")):
        hermes.session(f"s{number}", cwd=cwd)
    found = shown(hermes.home)
    assert (found["Outer"]["sessions"], found["Inner"]["sessions"]) == (3, 1)


def test_the_repository_around_it_counts_where_it_lies_deeper(agent: MakeAgent) -> None:
    hermes = agent()
    store = Store(hermes.home)
    store.add("main", "/w/repo")
    # A worktree lies elsewhere; its repository is the project's.
    hermes.session("s0", cwd="/elsewhere/tree", git_repo_root="/w/repo")
    assert shown(hermes.home)["Main"]["sessions"] == 1


def test_what_belongs_to_no_project_is_listed_by_repository_else_by_directory(agent: MakeAgent) -> None:
    hermes = agent()
    hermes.session("s0", cwd="/w/repo/src", git_repo_root="/w/repo")
    hermes.session("s1", cwd="/w/repo")
    hermes.session("s2", cwd="/w/notes")
    hermes.session("s3", cwd="/w/app/.worktrees/t_0a1b")
    hermes.session("s4", cwd="/w/app-wt-fix")
    found = shown(hermes.home)
    assert {name: (one["kind"], one["sessions"]) for name, one in found.items()} == {
        "repo": ("repository", 2),
        "notes": ("folder", 1),
        "app": ("folder", 2),
    }


def test_sessions_without_a_directory_or_in_somebodys_home_are_counted_elsewhere(
    agent: MakeAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    hermes = agent()
    monkeypatch.setenv("HOME", "/home/mira")
    for number, cwd in enumerate((None, "", "/home/mira", str(hermes.home))):
        hermes.session(f"s{number}", cwd=cwd)
    hermes.session("s8", cwd="/x", git_repo_root=str(hermes.home / "hermes-agent"))
    data = snapshot(hermes.home).data
    assert data is not None
    assert (data["projects"], data["elsewhere_sessions"]) == ([], 5)


def test_archived_projects_are_hidden_and_counted_and_own_no_session(agent: MakeAgent) -> None:
    hermes = agent()
    store = Store(hermes.home)
    store.add("old", "/w/old", archived=1)
    hermes.session("s0", cwd="/w/old")
    data = snapshot(hermes.home).data
    assert data is not None
    assert data["archived"] == 1
    assert [(one["name"], one["kind"]) for one in data["projects"]] == [("old", "folder")]


def test_the_current_project_comes_first_and_repositories_that_hermes_found_are_there(
    agent: MakeAgent,
) -> None:
    hermes = agent()
    store = Store(hermes.home)
    store.add("used", "/w/used", description="About it", color="#aabbcc", board_slug="b")
    store.add("quiet", "/w/quiet")
    store.run("INSERT INTO project_meta VALUES ('active_id', 'quiet')")
    store.run("INSERT INTO discovered_repos VALUES ('/w/found', 'found', 1)")
    store.run("INSERT INTO discovered_repos VALUES ('/w/used/sub', 'sub', 1)")
    hermes.session("s0", cwd="/w/used")
    data = snapshot(hermes.home).data
    assert data is not None
    assert [(one["name"], one["is_current"]) for one in data["projects"]] == [
        ("Quiet", True),
        ("Used", False),
        ("found", False),
    ]
    used = data["projects"][1]
    assert (used["description"], used["color"], used["board"]) == ("About it", "#aabbcc", "b")


def test_delegated_sessions_cost_but_are_not_counted(agent: MakeAgent) -> None:
    hermes = agent()
    hermes.session("s0", cwd="/w/a")
    hermes.session(
        "s1", cwd="/w/a", parent_session_id="s0", model_config=json.dumps({"_delegate_from": "s0"})
    )
    hermes.tokens("s1", input_tokens=1_000, estimated_cost_usd=0.25, cost_status="estimated")
    found = shown(hermes.home)["a"]
    assert (found["sessions"], found["tokens"]["input"], found["cost"]["usd"]) == (1, 1_000, 0.25)


def test_git_is_asked_for_the_checkouts_and_its_answer_has_an_age(agent: MakeAgent, tmp_path: Path) -> None:
    hermes = agent()
    folder = tmp_path / "work"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    git(folder, "commit", "-q", "--allow-empty", "-m", "First | of all")
    (folder / "new").write_text("")
    hermes.session("s0", cwd=str(folder))
    hermes.session("s1", cwd=str(tmp_path / "gone"))
    found = shown(hermes.home)
    stands = found["work"]["git"]
    assert (stands["branch"], stands["subject"], stands["untracked"], stands["changed"]) == (
        "main",
        "First | of all",
        1,
        0,
    )
    assert pd.Timestamp(stands["read_at"]).tzinfo is not None
    assert (found["gone"]["exists"], found["gone"]["git"]) == (False, None)


def test_the_panel_is_collected_again_when_gits_answer_is_old(agent: MakeAgent, tmp_path: Path) -> None:
    hermes = agent()
    hermes.session("s0", cwd=str(tmp_path))
    found = snapshot(hermes.home)
    assert found.valid_until is not None


def test_a_change_in_one_directory_is_seen(agent: MakeAgent) -> None:
    hermes = agent()
    hermes.session("s0", cwd="/w/a")
    with opened(hermes.home) as one:
        query = one.parse_query("projects", {})

        def sessions() -> dict[str, int]:
            data = one.collect("projects", query, 1).data
            assert data is not None
            return {project["name"]: project["sessions"] for project in data["projects"]}

        assert sessions() == {"a": 1}
        hermes.session("s1", cwd="/w/b")
        hermes.update("s0", cwd="/w/c")
        assert sessions() == {"b": 1, "c": 1}


def test_odd_values_in_good_databases_are_tolerated(agent: MakeAgent) -> None:
    hermes = agent()
    store = Store(hermes.home)
    store.add("odd", "", color="red; background: url(x)", created_at="soon", name="x" * 5_000)
    store.run("INSERT INTO project_folders VALUES ('nobody', '/w/none', NULL, 1, 1)")
    store.run("INSERT INTO discovered_repos VALUES ('', NULL, 'never')")
    found = snapshot(hermes.home)
    assert (found.status, found.error) == ("ok", None)


def _filled(hermes: Agent) -> None:
    store = Store(hermes.home)
    store.add("one", "/w/one", "/w/uno")
    store.add("old", "/w/old", archived=1)
    for number, cwd in enumerate(("/w/one", "/w/uno/x", "/w/two", "/w/old", None)):
        hermes.session(f"s{number}", cwd=cwd)
        hermes.tokens(
            f"s{number}",
            input_tokens=100 * number,
            output_tokens=10,
            estimated_cost_usd=0.5 * number,
            cost_status="estimated",
        )


def test_every_number_can_be_recomputed_from_the_frames(agent: MakeAgent) -> None:
    hermes = agent()
    _filled(hermes)
    with Home(hermes.home) as home:
        rows = home.frame("projects")
        sessions, usage = home.frame("sessions"), home.frame("model_usage")
        data = home.panel("projects")["data"]
    folders = rows[~rows["archived"]].explode("folders")[["project", "folders"]].dropna()

    def owner(cwd: str | None) -> str | None:
        if pd.isna(cwd):
            return None
        above = [
            (len(folder), project)
            for project, folder in folders.itertuples(index=False)
            if f"{cwd}/".startswith(f"{folder}/")
        ]
        return max(above)[1] if above else None

    sessions["project"] = [owner(cwd) for cwd in sessions["cwd"]]
    usage["project"] = usage["session_id"].map(sessions.set_index("id")["project"])
    assert len(data["projects"]) == 3
    for project in data["projects"]:
        own = sessions[sessions["project"] == project["id"]]
        spent = usage[usage["project"] == project["id"]]
        assert project["sessions"] == int(own["listed"].sum())
        assert project["tokens"]["input"] == int(spent["input_tokens"].sum())
        assert project["cost"]["usd"] == pytest.approx(float(spent["cost_usd"].sum()))
        row = rows[rows["project"] == project["id"]].iloc[0]
        assert (row["sessions"], row["input_tokens"]) == (project["sessions"], project["tokens"]["input"])
    nobodys = sessions[sessions["project"].isna()]
    assert data["elsewhere_sessions"] == int(nobodys["listed"].sum()) == 1


def test_a_commit_takes_no_path_apart_that_was_known(agent: MakeAgent) -> None:
    hermes = agent()
    _filled(hermes)
    caches = (projects._segments, projects._segments_as_written, projects._key, projects._index)
    with Home(hermes.home) as home:
        assert len(home.panel("projects")["data"]["projects"]) == 3
        before = [one.cache_info().misses for one in caches]
        hermes.session("new", cwd="/w/two")
        by_id = {one["id"]: one["sessions"] for one in home.panel("projects")["data"]["projects"]}
        assert by_id == {"one": 2, "/w/two": 2, "/w/old": 1}
        assert [one.cache_info().misses for one in caches] == before


def test_the_frame_says_when_git_was_asked(agent: MakeAgent, tmp_path: Path) -> None:
    hermes = agent()
    there = tmp_path / "there"
    there.mkdir()
    git(there, "init", "-q")
    hermes.session("s0", cwd=str(there))
    hermes.session("s1", cwd="/w/gone")
    with Home(hermes.home) as home:
        before = datetime.now(UTC)
        rows = home.frame("projects").set_index("name")
        data = {one["name"]: one for one in home.panel("projects")["data"]["projects"]}
    assert before <= rows.loc["there", "git_read_at"] <= datetime.now(UTC)
    assert datetime.fromisoformat(data["there"]["git"]["read_at"]) == rows.loc["there", "git_read_at"]
    assert pd.isna(rows.loc["gone", "git_read_at"])


def test_the_frame_asks_git_only_for_what_is_wanted(
    agent: MakeAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    hermes = agent()
    _filled(hermes)
    monkeypatch.setattr("hermes_hud_widget.sources.repositories.read_repository", _refuse)
    with Home(hermes.home) as home:
        rows = home.frame("projects", columns=["project", "sessions", "cost_usd"])
    assert set(rows["project"]) == {"one", "old", "/w/two", "/w/old"}


def _refuse(*_: object) -> None:
    raise AssertionError("git was asked")


def test_directories_of_one_name_are_told_apart_by_what_is_above_them(agent: MakeAgent) -> None:
    hermes = agent()
    for number, cwd in enumerate(("/a/x/app", "/b/x/app", "/c/y/app", "/w/other", "/w/lib", "/v/lib")):
        hermes.session(f"s{number}", cwd=cwd)
    assert set(shown(hermes.home)) == {"a/x/app", "b/x/app", "c/y/app", "other", "w/lib", "v/lib"}


def test_telling_many_directories_of_one_name_apart_looks_at_each_a_few_times(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked = 0
    segments = projects._segments

    def counted(path: str) -> tuple[str, ...]:
        nonlocal looked
        looked += 1
        return segments(path)

    monkeypatch.setattr(projects, "_segments", counted)
    found = [
        projects._other(f"/w/{number}/app", "folder", projects.together([]), None) for number in range(200)
    ]
    assert [one.name for one in projects._told_apart(found)] == [f"{number}/app" for number in range(200)]
    assert looked <= 2 * len(found)
