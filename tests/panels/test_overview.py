"""The overview's lines about the rest of the home, and what is new since a page was opened."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from hermes_hud_widget.core import OpenHome
from hermes_hud_widget.ledger.processes import start_ticks
from hermes_hud_widget.panel import Until
from hermes_hud_widget.panels import agents, all_panels, cron, overview
from hermes_hud_widget.place import Place, find_place
from hermes_hud_widget.sources import EntriesFile, Processes, Settings, Table, Version
from hermes_hud_widget.sources.alive import Process
from support.agent import Agent, MakeAgent
from support.examples import add_row

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
NOTHING = {name: source.missing for name, source in overview.PANEL.sources.items()}
LOCK = {"session_id": "s", "holder": "pid=1", "expires_at": (NOW + timedelta(minutes=2)).timestamp()}
LEASE = {"conversation_id": "s", "holder": "pid=1", "expires_at": (NOW + timedelta(minutes=2)).timestamp()}


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def show(since: datetime | None = None, **contents: Any) -> overview.Overview:
    home = Path("/home/me/.hermes")
    given = {**NOTHING, "config": Settings({"timezone": "UTC"}), "place": Place(home, home, None), **contents}
    result = overview.collect(**given, query=overview.OverviewQuery(since=since), now=NOW)
    assert isinstance(result, Until)
    return cast("overview.Overview", result.payload)


def until(**contents: Any) -> datetime | None:
    home = Path("/home/me/.hermes")
    given = {**NOTHING, "config": Settings({"timezone": "UTC"}), "place": Place(home, home, None), **contents}
    result = overview.collect(**given, query=overview.OverviewQuery(), now=NOW)
    assert isinstance(result, Until)
    return result.valid_until


def run(**values: Any) -> dict[str, Any]:
    return {**dict.fromkeys(cron.RUNS.columns), "id": "r", "job_id": "j", "status": "completed", **values}


def job(id: str, **values: Any) -> dict[str, Any]:
    return {"id": id, "name": f"Job {id}", "schedule": {"kind": "interval", "minutes": 60}, **values}


def test_a_lock_counts_until_it_runs_out_and_a_lease_until_it_is_given_back() -> None:
    shown = show(locks=(LOCK, {**LOCK, "session_id": "old", "expires_at": 1.0}), leases=(LEASE,))
    assert (shown.compressing, shown.in_turn) == (("s",), ("s",))
    assert show(leases=({**LEASE, "holder": ""},)).in_turn == ()
    assert show(locks=({**LOCK, "expires_at": "soon"},)).compressing == ()
    assert until(locks=(LOCK,)) == NOW + timedelta(minutes=2)


@pytest.mark.parametrize(
    ("mode", "may_ask"),
    [
        ("off", False),
        (False, False),
        (" OFF ", False),
        ("manual", True),
        (True, True),
        (None, True),
        (3, True),
    ],
)
def test_where_nothing_is_asked_no_tool_waits_for_approval(mode: Any, may_ask: bool) -> None:
    assert show(config=Settings({"approvals": {"mode": mode}})).may_ask is may_ask


def test_the_gateway_is_told_in_a_line() -> None:
    said = {
        "pid": 7,
        "start_time": 1,
        "gateway_state": "running",
        "platforms": {
            "telegram": {"state": "connected"},
            "discord": {"state": "retrying"},
            "email": {"state": "fatal"},
        },
    }
    shown = show(gateway_state=said, gateway_process=Processes({Process(7, 1): True}))
    assert shown.gateway == overview.GatewayGlance("running", 1, 3, ("discord", "email"))
    dead = show(gateway_state=said, gateway_process=Processes({Process(7, 1): False}))
    assert dead.gateway is not None
    assert (dead.gateway.health, dead.gateway.connected) == ("dead", 0)
    assert show().gateway is None


def test_the_jobs_are_told_in_a_line() -> None:
    jobs = [
        job("a", next_run_at=(NOW + timedelta(hours=2)).isoformat(), last_status="error"),
        job("b", next_run_at=(NOW + timedelta(hours=1)).isoformat(), last_status="ok"),
        job("late", next_run_at=ago(hours=5).isoformat()),
        job("off", enabled=False, next_run_at=(NOW + timedelta(minutes=1)).isoformat()),
    ]
    runs = (
        run(id="1", status="running", pid=5, process_started_at=1, job_id="b"),
        run(id="2", status="running", pid=6, process_started_at=1, job_id="b"),
    )
    owners = Processes({Process(5, 1): True, Process(6, 1): False})
    shown = show(
        jobs={"jobs": jobs}, unfinished_runs=runs, run_owners=owners, ticker=str(NOW.timestamp() - 9)
    )
    assert shown.cron == overview.CronGlance("ticking", 3, 1, 1, 1, NOW + timedelta(hours=1), "Job b")
    assert show(jobs={"jobs": []}).cron is None


def test_jobs_that_cannot_be_told_cost_nothing_else() -> None:
    shown = show(jobs={"jobs": 7}, memory=EntriesFile(True, ("a",), NOW))
    assert (shown.cron, shown.memory[0].entries) == (None, 1)


def test_background_work_cards_and_goals_are_counted() -> None:
    delegations = tuple(
        {"delegation_id": f"d{pid}", "owner_pid": pid, "owner_started_at": 1} for pid in (1, 2, 3)
    )
    goals = [{"status": "active"}, {"status": "paused"}, {}, "odd"]
    shown = show(
        delegations=delegations,
        delegating=Processes({Process(1, 1): True, Process(2, 1): False, Process(3, 1): None}),
        kanban=tuple({"id": status, "status": status} for status in ("running", "running", "blocked")),
        goal_entries=tuple(
            {"key": f"goal:{number}", "value": json.dumps(goal)} for number, goal in enumerate(goals)
        ),
    )
    assert (shown.delegations, shown.kanban_running, shown.kanban_blocked, shown.goals) == (2, 2, 1, 2)


def test_corrections_among_the_entries_are_counted() -> None:
    shown = show(
        memory=EntriesFile(True, ("Gotcha: UTC.", "Tea."), NOW), user=EntriesFile(True, ("x is wrong",), NOW)
    )
    assert shown.identity.corrections == 2


@pytest.mark.parametrize(
    ("settings", "provider", "backend", "toolsets"),
    [
        ({}, None, "local", ("hermes-cli",)),
        ({"model": {"default": "m", "provider": "auto"}}, None, "local", ("hermes-cli",)),
        ({"model": {"default": "m", "provider": "Claude"}}, "anthropic", "local", ("hermes-cli",)),
        # An old spelling of the provider's place.
        ({"model": "m", "provider": "openrouter"}, "openrouter", "local", ("hermes-cli",)),
        ({"terminal": {"backend": "docker"}}, None, "docker", ("hermes-cli",)),
        (
            {
                "platform_toolsets": {"cli": ["web", "terminal", 12306], "telegram": ["tts"]},
                "agent": {"disabled_toolsets": ["web"]},
            },
            None,
            "local",
            ("terminal", "12306"),
        ),
        ({"platform_toolsets": {"cli": []}, "terminal": {"backend": 7}}, None, "local", ()),
        (
            {"platform_toolsets": {"cli": "web"}, "agent": {"disabled_toolsets": "web"}},
            None,
            "local",
            ("hermes-cli",),
        ),
    ],
)
def test_what_the_agent_works_with_is_what_hermes_makes_of_the_configuration(
    settings: dict[str, Any], provider: str | None, backend: str, toolsets: tuple[str, ...]
) -> None:
    identity = show(config=Settings(settings)).identity
    assert (identity.provider, identity.backend, identity.toolsets) == (provider, backend, toolsets)


def test_where_commands_run_is_not_known_where_only_the_environment_says_it() -> None:
    env = frozenset({"TERMINAL_ENV"})
    assert show(env=env).identity.backend is None
    assert show(env=env, config=Settings({"terminal": {"backend": "ssh"}})).identity.backend == "ssh"


def test_nothing_is_told_of_a_time_that_nobody_asked_about() -> None:
    assert show().opened is None


def test_what_lies_too_far_back_or_in_the_future_is_brought_within_bounds() -> None:
    for asked, told in ((ago(days=400), ago(days=7)), (NOW + timedelta(hours=1), NOW)):
        opened = show(asked).opened
        assert opened is not None
        assert opened.since == told


def test_memory_skills_and_runs_since_then_are_counted() -> None:
    def version(at: datetime, *entries: str) -> Version:
        return Version(EntriesFile(True, entries, at), at)

    shown = show(
        ago(hours=1),
        memory_versions=(
            version(ago(hours=2), "a", "likes green tea"),
            version(ago(minutes=5), "b", "likes red tea"),
        ),
        user_versions=(version(ago(hours=2), "u"),),
        skill_usage={
            "patched": {"created_at": ago(days=9).isoformat(), "last_patched_at": ago(minutes=1).isoformat()},
            "made": {"created_at": ago(minutes=1).isoformat()},
            "used": {"created_at": ago(days=9).isoformat(), "last_used_at": ago(minutes=1).isoformat()},
            "odd": 7,
        },
        runs=(
            run(finished_at=ago(minutes=9).isoformat()),
            run(finished_at=ago(minutes=8).isoformat(), status="failed"),
            run(finished_at=ago(hours=8).isoformat()),
            run(status="running"),
        ),
    ).opened
    assert shown is not None
    assert (shown.memory_added, shown.memory_removed, shown.memory_changed) == (1, 1, 1)
    assert (shown.skills_changed, shown.cron_runs, shown.cron_failed) == (2, 2, 1)
    assert (shown.messages, shown.spending) == (0, None)


@pytest.mark.parametrize(("hours", "is_cut"), [(1, True), (3, False)])
def test_runs_are_told_as_cut_where_more_may_have_finished(hours: float, is_cut: bool) -> None:
    at = ago(hours=hours).isoformat()
    runs = (run(claimed_at=at, finished_at=at),) * overview.RUNS_SEEN
    for some, expected in ((runs, is_cut), (runs[1:], False)):
        opened = show(NOW - timedelta(hours=2), runs=some).opened
        assert opened is not None
        assert opened.is_cron_cut is expected


def test_a_run_that_takes_long_is_looked_for_apart_from_the_newest() -> None:
    unfinished = overview.PANEL.sources["unfinished_runs"]
    assert isinstance(unfinished, Table)
    assert unfinished.where == ("status", cron.UNFINISHED)
    runs = (run(),) * overview.RUNS_SEEN
    shown = show(jobs={"jobs": [job("j")]}, runs=runs, unfinished_runs=(run(status="running"),)).cron
    assert shown is not None
    assert shown.running == 1


def test_delegations_are_at_work_in_the_states_that_the_agents_panel_takes_for_it() -> None:
    assert overview.DELEGATIONS.where == ("state", agents.RUNNING) == ("state", ("running", "finalizing"))


def test_memory_that_nobody_saw_is_not_known_to_be_the_same() -> None:
    seen = (Version(EntriesFile(True, ("a",), ago(minutes=5)), ago(minutes=5)),)
    shown = show(ago(hours=1), memory_versions=seen, user_versions=seen).opened
    assert shown is not None
    assert (shown.memory_added, shown.memory_removed, shown.memory_changed) == (None, None, None)


@pytest.fixture
def hermes(agent: MakeAgent) -> Agent:
    return agent()


def test_every_number_can_be_recomputed_from_the_frames(hermes: Agent) -> None:
    hermes.session("old", title="Old")
    hermes.message("old", "user", "hello")
    hermes.memory(["one", "Gotcha: two is wrong"])
    hermes.file("cron/jobs.json", json.dumps({"jobs": [job("a", last_status="error"), job("b")]}).encode())
    opened = OpenHome(find_place(hermes.home), all_panels())
    try:
        opened.signature("overview")
        since = datetime.now(UTC)
        opened.collect("overview", overview.OverviewQuery(since=since), 1)
        call = [{"id": "c1", "name": "terminal", "arguments": {}}]
        for session in ("old", "new"):
            if session == "new":
                hermes.session(session, title="New")
            hermes.message(session, "user", "do it")
            hermes.message(session, "assistant", "", tool_calls=call)
            hermes.tokens(session, input_tokens=10, output_tokens=2)
        hermes.memory(["one", "three"])
        add_row(
            hermes,
            cron.RUNS,
            1,
            status="failed",
            pid=1,
            process_started_at=start_ticks(1),
            finished_at=datetime.now(UTC).isoformat(),
            claimed_at=datetime.now(UTC).isoformat(),
            started_at=datetime.now(UTC).isoformat(),
        )
        opened.signature("overview")
        opened.settle("overview")
        shown = opened.collect("overview", overview.OverviewQuery(since=since), 1)
        assert (shown.status, shown.error) == ("ok", None)
        data = shown.data

        def frame(name: str, **asked: Any) -> Any:
            return opened.table(name, asked).to_pandas()

        sessions, usage, runs = frame("sessions"), frame("model_usage"), frame("cron_runs")
        messages, calls = frame("messages", since=since), frame("tool_calls", since=since)
        memory, changes, jobs = frame("memory"), frame("memory_changes", since=since), frame("cron_jobs")
    finally:
        opened.close()
    told = data["opened"]
    assert told["messages"] == len(messages) == 4
    assert told["tool_calls"] == len(calls) == 2
    assert told["conversations"] == (sessions["listed"] & (sessions["started_at"] >= since)).sum() == 1
    kinds = changes[changes["kind"] != "there"]["kind"].value_counts()
    for kind in ("added", "removed", "changed"):
        assert told[f"memory_{kind}"] == kinds.get(kind, 0)
    assert sum(kinds) > 0
    assert told["cron_runs"] == (runs["finished_at"] >= since).sum() == told["cron_failed"] == 1
    # Nothing had been spent before.
    assert told["spending"]["tokens"]["input"] == usage["input_tokens"].sum() == 20
    assert data["totals"]["sessions"] == sessions["listed"].sum()
    assert data["totals"]["messages"] == sessions["message_count"].sum()
    assert data["totals"]["tool_calls"] == sessions["tool_call_count"].sum()
    today = usage[usage["session_started_at"] >= data["today"]["since"]]
    assert data["today"]["spending"]["tokens"]["output"] == today["output_tokens"].sum()
    assert data["identity"]["began_at"] is not None
    assert datetime.fromisoformat(data["identity"]["began_at"]) == sessions["started_at"].min()
    assert data["identity"]["corrections"] == (memory["category"] == "correction").sum()
    assert data["cron"]["failed"] == (jobs["last_status"] == "error").sum() == 1
    assert data["cron"]["active"] == jobs["is_active"].sum()
    for store in data["memory"]:
        assert store["entries"] == (memory["store"] == store["store"]).sum()
