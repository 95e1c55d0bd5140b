"""The timeline panel over real files: what is in a span, in which lanes, and that its frame says the same."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hermes_hud_widget.core import OpenHome, Snapshot
from hermes_hud_widget.ledger.processes import start_ticks
from hermes_hud_widget.panels import cron, sessions, timeline
from hermes_hud_widget.place import Place
from ledger.world import NOW, Story, call
from support.agent import Agent
from support.examples import add_row

Show = Callable[..., dict[str, Any]]


@pytest.fixture
def opened(home: Path) -> Iterator[OpenHome]:
    """The home with the two panels."""
    opened = OpenHome(Place(home, home, None), {"sessions": sessions.PANEL, "timeline": timeline.PANEL})
    yield opened
    opened.close()


@pytest.fixture
def show(opened: OpenHome) -> Show:
    """Collects the panel."""

    def run(**query: Any) -> dict[str, Any]:
        snapshot = take(opened, **query)
        assert snapshot.status == "ok"
        data: dict[str, Any] = snapshot.data
        return data

    return run


def take(opened: OpenHome, **query: Any) -> Snapshot:
    return opened.collect("timeline", opened.parse_query("timeline", query), 1, NOW)


def ago(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)


def write(path: Path, text: str, hours: float) -> None:
    """A file that was written so many hours ago."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    os.utime(path, (ago(hours).timestamp(),) * 2)


def told(data: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Kind, what and title of the events."""
    return [(event["kind"], event["what"], event["title"]) for event in data["events"]]


def run_of_job(agent: Agent, number: int, hours: float, took_s: float | None = 30.0, **values: Any) -> None:
    """A row of Hermes' table of executions."""
    began = ago(hours)
    finished = None if took_s is None else began + timedelta(seconds=took_s)
    row = {"id": f"r{number}", "job_id": "j1", "source": "scheduler", "status": "completed", **values}
    times = {"claimed_at": began, "started_at": began, "finished_at": finished}
    add_row(agent, cron.RUNS, number, **row, **{name: at and at.isoformat() for name, at in times.items()})


def test_lanes_are_sources_or_projects_the_busiest_first(story: Story, show: Show) -> None:
    for number, (source, place) in enumerate(
        (("cli", "/w/a"), ("telegram", None), ("cli", "/w/b/"), ("cli", "/w/a"))
    ):
        story.session(
            f"s{number}", at=3600 * (9 - number), source=source, cwd=place, ended_at=ago(1).timestamp()
        )
    lanes = [
        (lane["key"], lane["name"], [one["session_id"] for one in lane["sessions"]])
        for lane in show()["lanes"]
    ]
    assert lanes == [("cli", "cli", ["s0", "s2", "s3"]), ("telegram", "telegram", ["s1"])]
    lanes = [(lane["key"], lane["name"], len(lane["sessions"])) for lane in show(by="project")["lanes"]]
    assert lanes == [("/w/a", "a", 2), ("", None, 1), ("/w/b/", "b", 1)]


def test_only_what_is_in_the_span_travels(story: Story, show: Show, home: Path) -> None:
    for hours in (2, 50, 500):
        story.session(f"s{hours}", at=3600 * hours, ended_at=ago(hours - 1).timestamp())
        write(home / f"memories/{hours}.md", "x", hours)
    whole = show(days=0)
    assert (whole["total"], whole["from_at"]) == (3, ago(500).isoformat().replace("+00:00", "Z"))
    assert [name for _, what, name in told(whole) if what == "file"] == ["500.md", "50.md", "2.md"]
    days = show(days=7)
    assert (days["total"], days["from_at"]) == (2, "2026-07-14T00:00:00Z")
    assert [name for _, what, name in told(days) if what == "file"] == ["50.md", "2.md"]
    part = show(days=7, since=ago(60).isoformat(), until=ago(40).isoformat())
    assert [one["session_id"] for lane in part["lanes"] for one in lane["sessions"]] == ["s50"]
    assert [name for _, what, name in told(part) if what == "file"] == ["50.md"]
    assert part["from_at"] == days["from_at"]
    # Nobody looks back further than the days that were asked for.
    assert show(days=7, since=ago(900).isoformat())["total"] == 2


def test_of_too_many_conversations_the_longest_are_told_with_the_true_number(
    story: Story, show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeline, "SESSIONS_SHOWN", 2)
    for number in range(4):
        story.session(f"s{number}", at=7200, ended_at=NOW.timestamp() - 600 * number)
    data = show()
    assert (data["total"], [one["session_id"] for one in data["lanes"][0]["sessions"]]) == (4, ["s0", "s1"])


def test_runs_do_not_push_other_events_out(
    agent: Callable[..., Agent], show: Show, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeline, "EVENTS_SHOWN", 2)
    hermes = agent()
    write(home / "memories/MEMORY.md", "x", 100)
    for number in range(4):
        run_of_job(hermes, number, hours=10 - number)
    data = show()
    assert [event["id"] for event in data["events"]] == ["memory MEMORY.md", "run r2", "run r3"]
    assert data["events_total"] == 5


def test_runs_have_the_names_of_their_jobs_and_those_that_go_on_have_no_end(
    agent: Callable[..., Agent], show: Show, home: Path
) -> None:
    hermes = agent()
    (home / "cron").mkdir(exist_ok=True)
    (home / "cron/jobs.json").write_text(
        json.dumps({"jobs": [{"id": "j1", "name": "Nightly"}]}), encoding="utf-8"
    )
    run_of_job(hermes, 1, hours=5)
    run_of_job(hermes, 2, hours=3, status="failed", job_id="gone")
    run_of_job(hermes, 3, hours=900, took_s=None, status="running")
    data = show(days=7)
    assert told(data) == [
        ("run", "running", "Nightly"),
        ("run", "completed", "Nightly"),
        ("run", "failed", "gone"),
    ]
    assert [event["end"] is None for event in data["events"]] == [True, False, False]


def test_skills_that_came_with_hermes_are_no_event(show: Show, home: Path) -> None:
    for name, hours in (("bundled", 9), ("hubbed", 8), ("mine", 7), ("agents", 6), ("fresh", 5)):
        write(home / f"skills/group/{name}/SKILL.md", f"---\nname: {name}\n---\nHow to.", hours)
    write(home / "skills/.bundled_manifest", "bundled:0123\n", 9)
    write(home / "skills/.hub/lock.json", json.dumps({"installed": {"hubbed": {}}}), 9)
    usage = {
        "agents": {"created_at": ago(20).isoformat()},
        "fresh": {"created_at": ago(5).isoformat()},
        "odd": 3,
    }
    write(home / "skills/.usage.json", json.dumps(usage), 5)
    assert told(show()) == [
        ("skill", "created", "agents"),
        ("skill", "changed", "mine"),
        ("skill", "changed", "agents"),
        ("skill", "created", "fresh"),
    ]


def test_what_an_agent_wrote_is_told_with_its_session(story: Story, show: Show) -> None:
    story.session("a", at=7200)
    for number, tool in enumerate(("memory", "skill_manage")):
        story.message("a", "assistant", "", at=3600 - number, tool_calls=[call(f"c{number}", tool)])
        story.message("a", "tool", "ok", at=3500 - number, tool_call_id=f"c{number}")
    calls = [(event["kind"], event["session_id"]) for event in show()["events"] if event["what"] == "call"]
    assert calls == [("memory", "a"), ("skill", "a")]


def test_while_calls_are_being_read_it_says_so(
    story: Story, opened: OpenHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hermes_hud_widget.ledger.patterns.NEAR_MESSAGES", -1)
    story.session("a", at=3600)
    story.message("a", "assistant", "", at=3600, tool_calls=[call("c", "memory")])
    story.message("a", "tool", "ok", at=3500, tool_call_id="c")
    early = take(opened, days=0)
    assert early.data is not None
    assert early.data["progress"] is not None
    assert early.valid_until == NOW + timeline.AGAIN
    monkeypatch.undo()
    late = take(opened, days=0)
    assert late.data is not None
    assert late.data["progress"] is None
    assert "call" in {event["what"] for event in late.data["events"]}


def test_a_live_conversation_has_no_end_until_it_was_quiet_for_five_minutes(
    story: Story, opened: OpenHome
) -> None:
    story.session("a", at=3600)
    story.message("a", "user", "hello", at=60)
    snapshot = take(opened, days=0)
    assert snapshot.data is not None
    assert snapshot.data["lanes"][0]["sessions"][0]["ended_at"] is None
    assert snapshot.valid_until == NOW + timedelta(minutes=4)


def test_a_home_in_which_nothing_happened_is_empty(opened: OpenHome, home: Path) -> None:
    Story(home / "state.db")
    assert take(opened).status == "empty"


def test_every_number_can_be_recomputed_from_the_frames(
    story: Story, home: Path, opened: OpenHome, show: Show
) -> None:
    for number in range(30):
        at = 3600 * (number * 17 % 300)
        story.session(
            f"s{number}", at=at, source=("cli", "cron")[number % 2], message_count=40 * (number % 5)
        )
        story.message(f"s{number}", "user", "hello", at=at - 60)
    write(home / "memories/MEMORY.md", "x", 100)
    data = show(days=0)
    frame = opened.table("timeline", {}, NOW).to_pandas(ignore_metadata=True)
    rows = opened.table("sessions", {}, NOW).to_pandas(ignore_metadata=True).sort_values(["started_at", "id"])
    kinds = frame.kind.value_counts()
    assert data["total"] == kinds["session"] == len(rows)
    assert data["events_total"] == len(frame) - kinds["session"]
    assert {
        lane["key"]: len(lane["sessions"]) for lane in data["lanes"]
    } == rows.source.value_counts().to_dict()
    stones = {(event["what"], event["number"]): event["session_id"] for event in data["events"]}
    assert stones["first", 1] == rows.id.iloc[0]
    assert stones["conversations", 10] == rows.id.iloc[9]
    sums = rows.message_count.cumsum()
    assert stones["messages", 1000] == rows.id[sums >= 1000].iloc[0]
    per_day = rows.groupby(rows.started_at.dt.date).message_count.sum()
    assert ("busiest", per_day.max()) in stones
    assert {(event["what"], event["number"]) for event in data["events"] if event["kind"] == "milestone"} == {
        (what, number)
        for what, number in zip(frame.what, frame.number, strict=True)
        if number == number and number is not None
    }


def test_the_frame_is_cut_by_time_and_number(story: Story, opened: OpenHome) -> None:
    for hours in (2, 50):
        story.session(f"s{hours}", at=3600 * hours, title=f"Title {hours}", ended_at=ago(1).timestamp())
    asked = opened.table("timeline", {"since": ago(10), "columns": ["kind", "title", "end"]}, NOW).to_pydict()
    assert asked == {"kind": ["session"], "title": ["Title 2"], "end": [ago(1)]}
    assert opened.table("timeline", {"limit": 1}, NOW).to_pydict()["session_id"] == ["s2"]
    assert opened.table("timeline", {"until": ago(10)}, NOW).to_pydict()["kind"] == ["session", "milestone"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc")
def test_a_run_whose_process_is_gone_ends_where_it_began(
    agent: Callable[..., Agent], show: Show, opened: OpenHome
) -> None:
    with agent() as hermes:
        gone, here = (4_194_301, 1), (os.getpid(), start_ticks(os.getpid()))
        for number, (pid, start) in enumerate((gone, here)):
            run_of_job(hermes, number, 2 - number, None, status="running", pid=pid, process_started_at=start)
    lost, running = show()["events"]
    assert (lost["end"], running["end"]) == (lost["at"], None)
    frame = opened.table("timeline", {}).to_pandas().sort_values("at")
    assert frame["end"].isna().tolist() == [False, True]
