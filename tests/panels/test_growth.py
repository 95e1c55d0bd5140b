from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hermes_hud_widget.core import OpenHome
from hermes_hud_widget.engine import Engine
from hermes_hud_widget.frames import to_pandas
from hermes_hud_widget.panels import all_panels
from hermes_hud_widget.panels.growth import NAMES
from hermes_hud_widget.place import Place
from hermes_hud_widget.sources import AttachedDiary, Diary, Page
from support.agent import Agent, MakeAgent
from support.clock import Clock

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Our own state directory; all days are those of UTC."""
    monkeypatch.setenv("HERMES_HUD_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("TZ", "UTC")
    return tmp_path / "state"


@pytest.fixture
def hermes(agent: MakeAgent) -> Agent:
    hermes = agent()
    hermes.session("s0", title="Session 0", estimated_cost_usd=0.5, cost_status="estimated")
    hermes.message("s0", "user", "hello")
    hermes.tokens("s0", input_tokens=10, output_tokens=5)
    hermes.memory(["one", "two"])
    hermes.file("skills/group/one/SKILL.md", b"---\nname: one\ndescription: x\n---\nHow to do one thing.")
    hermes.file("cron/jobs.json", b'{"jobs": [{"id": "j0", "name": "Job 0", "schedule": "every 30m"}]}')
    return hermes


@contextmanager
def opened(home: Path) -> Iterator[OpenHome]:
    with closing(OpenHome(Place(home, home, None), all_panels())) as one:
        yield one


def shown(one: OpenHome, now: datetime = NOW, **query: Any) -> Any:
    one.settle("growth")
    snapshot = one.collect("growth", one.parse_query("growth", query), 1, now)
    assert (snapshot.status, snapshot.error) == ("ok", None)
    return snapshot.data


def keep(one: OpenHome, days_ago: int, **figures: float | None) -> None:
    attached = one.sources[Diary("growth")]
    assert isinstance(attached, AttachedDiary)
    at = NOW - timedelta(days=days_ago)
    assert attached.keep(Page(at.date(), at, figures))


def test_the_first_day_has_nothing_to_be_compared_with(hermes: Agent) -> None:
    with opened(hermes.home) as one:
        data = shown(one)
    assert data["earlier"] is None
    assert data["days"] == ["2026-11-23"]
    figures = data["now"]["figures"]
    assert figures["sessions"] == 1
    assert figures["tokens"] == 15
    assert (figures["memory_entries"], figures["user_entries"]) == (2, 0)
    assert (figures["skills"], figures["own_skills"], figures["cron_jobs"]) == (1, 1, 1)


def test_the_cost_says_what_kind_of_figure_it_is_and_what_is_not_in_it(hermes: Agent) -> None:
    hermes.session("s1")
    hermes.tokens("s1", input_tokens=10, estimated_cost_usd=1.0, cost_status="estimated")
    with opened(hermes.home) as one:
        data = shown(one)
    assert data["cost"] == {"usd": 1.5, "status": "mixed", "unknown_sessions": 1}
    assert data["now"]["figures"]["cost_usd"] == 1.5


def test_what_is_kept_of_a_day_is_there_on_the_next_one(hermes: Agent) -> None:
    with opened(hermes.home) as one:
        one.settle("growth")
        one.record("growth", NOW)
    with opened(hermes.home) as one:
        hermes.memory(["one", "two", "three"])
        data = shown(one, NOW + timedelta(days=1))
    assert data["earlier"]["day"] == "2026-11-23"
    assert data["earlier"]["figures"]["memory_entries"] == 2
    assert data["now"]["figures"]["memory_entries"] == 3
    assert data["days"] == ["2026-11-23", "2026-11-24"]


def test_any_two_days_are_compared_and_a_day_that_is_not_there_is_the_last_before_it(hermes: Agent) -> None:
    with opened(hermes.home) as one:
        for days_ago, sessions in ((9, 1), (5, 2), (1, 4)):
            keep(one, days_ago, sessions=sessions)
        days = {
            days_ago: (NOW - timedelta(days=days_ago)).date().isoformat() for days_ago in (9, 7, 5, 3, 1, 20)
        }

        def compared(**query: Any) -> tuple[Any, Any]:
            data = shown(one, **query)
            return data["earlier"] and data["earlier"]["day"], data["later"]["day"]

        assert compared() == (days[1], "2026-11-23")
        assert compared(earlier=days[7]) == (days[9], "2026-11-23")
        assert compared(earlier=days[9], later=days[3]) == (days[9], days[5])
        assert compared(later=days[5]) == (days[9], days[5])
        assert compared(earlier=days[20]) == (None, "2026-11-23")


def test_a_clock_that_was_put_back_makes_no_day_after_today(hermes: Agent) -> None:
    with opened(hermes.home) as one:
        keep(one, -3, sessions=99)
        assert shown(one)["days"] == ["2026-11-23"]


def test_a_figure_that_was_not_counted_on_a_day_is_not_known_of_it(hermes: Agent) -> None:
    with opened(hermes.home) as one:
        keep(one, 1, sessions=1)
        figures = shown(one)["earlier"]["figures"]
    assert figures["sessions"] == 1
    assert figures["skills"] is None


def test_an_empty_home_is_not_kept(home: Path, state: Path) -> None:
    with opened(home) as one:
        one.record("growth", NOW)
    assert not state.exists()


def test_a_damaged_home_is_not_kept(hermes: Agent, state: Path) -> None:
    hermes.file("memories/MEMORY.md", b"\xff\xfe\xff")
    with opened(hermes.home) as one:
        one.settle("growth")
        one.record("growth", NOW)
    assert not state.exists()


def test_what_is_kept_has_no_word_of_the_home(hermes: Agent, state: Path) -> None:
    hermes.memory(["a secret wallaby"])
    with opened(hermes.home) as one:
        one.settle("growth")
        one.record("growth", NOW)
    (file,) = state.rglob("*.jsonl")
    assert '"memory_entries": 1' in file.read_text()
    assert "wallaby" not in file.read_text()
    assert "Session 0" not in file.read_text()


def test_a_server_keeps_a_day_some_time_after_somebody_looked_and_after_changes(
    hermes: Agent, state: Path
) -> None:
    clock = Clock()
    engine = Engine(all_panels(), clock.timer)
    try:
        id = engine.open(Place(hermes.home, hermes.home, None))
        engine.look("viewer", frozenset({(id, "memory")}))
        engine.home(id).settle("growth")
        assert not state.exists()
        clock.pass_()
        (file,) = state.rglob("*.jsonl")
        assert '"memory_entries": 2' in file.read_text()
        assert clock.running == []
        hermes.memory(["one"])
        version = engine.hub.version(id, "growth")
        engine.hub.bump(id, [])
        deadline = datetime.now(UTC) + timedelta(seconds=10)
        while not clock.running:
            assert datetime.now(UTC) < deadline
        assert engine.hub.version(id, "growth") >= version
        clock.pass_()
        assert '"memory_entries": 1' in file.read_text()
    finally:
        engine.close()


def test_every_number_can_be_recomputed_from_the_frames(hermes: Agent) -> None:
    with opened(hermes.home) as one:
        keep(one, 4, sessions=1, messages=5, tokens=7)
        keep(one, 2, sessions=1, messages=9, tokens=12)
        data = shown(one)
        kept = to_pandas(one.table("growth", {}, NOW))
        sessions, usage, memory = (
            to_pandas(one.table(name, {}, NOW)) for name in ("sessions", "model_usage", "memory")
        )
        skills, jobs = (to_pandas(one.table(name, {}, NOW)) for name in ("skills", "cron_jobs"))
    now = kept[kept["is_now"]].iloc[0]
    for name in NAMES:
        assert data["now"]["figures"][name] == (None if now.isna()[name] else now[name])
    assert [day["figures"]["messages"] for day in data["drawn"][:-1]] == [5, 9]
    assert list(kept["messages"])[:-1] == [5, 9]
    assert now["sessions"] == sessions["listed"].sum()
    assert now["messages"] == sessions["message_count"].sum()
    assert (
        now["tokens"]
        == usage[["input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens"]].sum().sum()
    )
    assert now["memory_entries"] == (memory["store"] == "memory").sum()
    assert now["skills"] == len(skills)
    assert now["cron_jobs"] == len(jobs)
