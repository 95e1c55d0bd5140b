"""What other sources hold in each profile, read when somebody asks, and what packages offer."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from hermes_hud_widget.ledger.database import Database
from hermes_hud_widget.ledger.records import read_rows
from hermes_hud_widget.ledger.schema import Schema
from hermes_hud_widget.ledger.totals import WholeTotals, read_totals
from hermes_hud_widget.place import Place
from hermes_hud_widget.sources import (
    Attached,
    Config,
    EachProfile,
    FoldersWith,
    Json,
    ProfileContent,
    SessionTotals,
)
from hermes_hud_widget.sources.installed import EntryPoints
from support.agent import Agent, MakeAgent

OF = EachProfile((("config", Config()), ("jobs", Json("cron/jobs.json")), ("totals", SessionTotals())))


@pytest.fixture
def attached(home: Path) -> Iterator[Attached[tuple[ProfileContent, ...]]]:
    one = OF.attach(Place(home, home, None))
    yield one
    one.close()


def write(home: Path, path: str, text: str) -> None:
    file = home / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_the_root_comes_first_and_each_profile_has_its_own_content(
    home: Path, attached: Attached[tuple[ProfileContent, ...]]
) -> None:
    write(home, "config.yaml", "model: a\n")
    write(home, "profiles/x/config.yaml", "model: b\n")
    write(home, "profiles/default/config.yaml", "model: impostor\n")
    found = attached.read()
    assert [(one.place.profile, one.contents["config"].model) for one in found] == [(None, "a"), ("x", "b")]


def test_profiles_come_and_go_between_two_looks(
    home: Path, attached: Attached[tuple[ProfileContent, ...]]
) -> None:
    assert len(attached.read()) == 1
    (home / "profiles" / "x").mkdir(parents=True)
    assert len(attached.read()) == 2
    (home / "profiles" / "x").rmdir()
    assert len(attached.read()) == 1


def test_damage_is_a_problem_of_its_profile_and_the_rest_is_read(
    home: Path, attached: Attached[tuple[ProfileContent, ...]]
) -> None:
    write(home, "profiles/x/config.yaml", "model: [")
    write(home, "profiles/x/cron/jobs.json", json.dumps({"jobs": []}))
    root, broken = attached.read()
    assert root.problems == ()
    assert "config.yaml is not valid YAML" in broken.problems[0]
    assert (broken.contents["config"].model, broken.contents["jobs"]) == (None, {"jobs": []})


def test_a_database_that_changes_all_the_time_is_summed_up_now_and_then(
    agent: MakeAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    hermes: Agent = agent()
    hermes.session("a")
    one = SessionTotals().attach(Place(hermes.home, hermes.home, None))
    now = 100.0
    monkeypatch.setattr("hermes_hud_widget.sources.each_profile.time.monotonic", lambda: now)
    try:
        first = one.read()
        assert first is not None
        hermes.session("b")
        assert one.read() is first
        now += 9.0
        second = one.read()
        assert second is not None
        assert (first.sessions, second.sessions) == (1, 2)
    finally:
        one.close()


def test_the_longer_it_takes_to_sum_up_the_less_often_it_is_done(
    agent: MakeAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    hermes: Agent = agent()
    hermes.session("a")
    one = SessionTotals().attach(Place(hermes.home, hermes.home, None))
    now = 100.0

    def slowly(database: Database) -> WholeTotals:
        nonlocal now
        now += 1.5
        return read_totals(database)

    monkeypatch.setattr("hermes_hud_widget.sources.each_profile.time.monotonic", lambda: now)
    monkeypatch.setattr("hermes_hud_widget.sources.each_profile.read_totals", slowly)
    try:
        first = one.read()
        hermes.session("b")
        now += 149.0
        assert one.read() is first
        now += 2.0
        second = one.read()
        assert second is not None
        assert second.sessions == 2
    finally:
        one.close()


def test_summing_up_takes_as_many_sessions_at_a_time_as_some_ms_allow(
    agent: MakeAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    hermes: Agent = agent()
    for number in range(300):
        hermes.session(f"s{number}")
    asked: list[int] = []
    now = 0.0

    def slowly(connection: sqlite3.Connection, schema: Schema, after: int, limit: int) -> Any:
        nonlocal now
        now += limit * 0.0002
        asked.append(limit)
        return read_rows(connection, schema, after, limit)

    monkeypatch.setattr("hermes_hud_widget.ledger.pace.time.perf_counter", lambda: now)
    monkeypatch.setattr("hermes_hud_widget.ledger.totals.read_rows", slowly)
    with closing(Database(hermes.home / "state.db")) as database:
        assert read_totals(database).sessions == 300
    assert asked[0] == 100
    assert set(asked[1:]) <= {*range(28, 31)}
    assert len(asked) > 5


def test_folders_with_a_file_of_that_name_are_found_as_hermes_finds_skills(home: Path) -> None:
    for path in ("b", "a/one", "a/one/references/in", "a/references/two", ".git/x", "empty"):
        (home / "skills" / path).mkdir(parents=True, exist_ok=True)
        if path != "empty":
            (home / "skills" / path / "SKILL.md").write_text("x")
    source = FoldersWith("skills", "SKILL.md", frozenset({".git"}), frozenset({"references"}))
    assert source.attach(Place(home, home, None)).read() == ("a/one", "a/references/two", "b")
    assert source.attach(Place(home / "none", home / "none", None)).read() == ()


def test_installed_packages_are_known_by_what_they_offer(home: Path) -> None:
    found = EntryPoints("console_scripts").attach(Place(home, home, None)).read()
    own = next(one for one in found if one.name == "hermes-hud")
    assert own.package == "hermes-hud-widget"
    assert own.version is not None
    assert EntryPoints("no.such.group").attach(Place(home, home, None)).read() == ()
