"""The cron panel's function on contents that the test makes up, and what time alone does to it."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hermes_hud_widget.core import OpenHome
from hermes_hud_widget.errors import SourceError
from hermes_hud_widget.frames import FrameArguments
from hermes_hud_widget.panel import Until
from hermes_hud_widget.panels import all_panels, cron
from hermes_hud_widget.place import Place, find_place
from hermes_hud_widget.sources import Folder, FoundFiles, Process, Processes, Settings
from panels.jobs import NOW, ago, ahead, job
from support.agent import Agent, MakeAgent
from support.examples import add_row

LIVING, DEAD = Process(10, 100), Process(11, 110)
KNOWN = Processes({LIVING: True, DEAD: False})


def epoch(**delta: float) -> str:
    """What `cron/ticker_heartbeat` holds so long ago."""
    return str((NOW - timedelta(**delta)).timestamp())


def run(id: str, job_id: str = "a", owner: Process = LIVING, **values: Any) -> dict[str, Any]:
    """A row of `executions` as the source gives it."""
    base = dict.fromkeys(cron.RUNS.columns) | {
        "id": id,
        "job_id": job_id,
        "source": "builtin",
        "pid": owner.pid,
        "process_started_at": owner.started,
        "status": "completed",
        "claimed_at": ago(minutes=10),
        "started_at": ago(minutes=10),
        "finished_at": ago(minutes=9),
    }
    return base | values


def running(id: str, owner: Process, **values: Any) -> dict[str, Any]:
    return run(id, owner=owner, status="running", finished_at=None, **values)


def contents(jobs: Any = None, runs: tuple[dict[str, Any], ...] = (), **others: Any) -> dict[str, Any]:
    base = {
        "jobs": jobs,
        "job_states": (),
        "runs": runs,
        "owners": KNOWN,
        "heartbeat": epoch(seconds=20),
        "success": epoch(seconds=20),
        "gateway": Processes(),
        "suggestions": None,
        "outputs": FoundFiles(),
        "query": cron.CronQuery(),
        "config": Settings({"timezone": "UTC"}),
    }
    return base | others


def collect(jobs: Any = None, runs: tuple[dict[str, Any], ...] = (), **others: Any) -> Until:
    now = others.pop("now", NOW)
    found = cron.collect(**contents(jobs, runs, **others), now=now)
    assert isinstance(found, Until)
    return found


def show(jobs: Any = None, runs: tuple[dict[str, Any], ...] = (), **others: Any) -> cron.Cron:
    payload = collect(jobs, runs, **others).payload
    assert isinstance(payload, cron.Cron)
    return payload


# -- the scheduler


SCHEDULERS = [
    # what, heartbeat, last success, the gateway, config, what it is called
    ("it ticks", 20, 20, None, {}, "ticking"),
    ("just before it counts as stalled", 199.9, 20, None, {}, "ticking"),
    ("three ticks and some slack without one", 200, 200, None, {}, "stalled"),
    ("a day without one", 86_400, 86_400, None, {}, "stalled"),
    ("it ticks and fails", 20, 200, None, {}, "failing"),
    ("it ticks and never succeeded, as before its first success", 20, None, None, {}, "ticking"),
    ("a clock that runs ahead", -500, -500, None, {}, "ticking"),
    ("the gateway is gone, its last tick was a moment ago", 20, 20, False, {}, "ticking"),
    ("the gateway is gone, and the next tick has not come", 80, 80, False, {}, "stopped"),
    ("the gateway is gone for a day", 86_400, 86_400, False, {}, "stopped"),
    ("the gateway is gone, but something else ticks", 50, 50, False, {}, "ticking"),
    ("the gateway lives, its ticker does not", 300, 300, True, {}, "stalled"),
    ("nothing ever", None, None, None, {}, "never"),
    ("no heartbeat yet, the gateway lives", None, None, True, {}, "unknown"),
    ("no heartbeat, the gateway is gone", None, None, False, {}, "stopped"),
    ("another provider", None, None, True, {"cron": {"provider": "chronos"}}, "external"),
    ("another provider, an old heartbeat", 300, 300, None, {"cron": {"provider": "chronos"}}, "external"),
    (
        "another provider that Hermes fell back from",
        20,
        20,
        None,
        {"cron": {"provider": "chronos"}},
        "ticking",
    ),
    ("the built-in one by name", 300, 300, None, {"cron": {"provider": "builtin"}}, "stalled"),
]


@pytest.mark.parametrize(
    ("heartbeat", "success", "gateway", "config", "state"),
    [case[1:] for case in SCHEDULERS],
    ids=[case[0] for case in SCHEDULERS],
)
def test_the_scheduler_is(
    heartbeat: float | None, success: float | None, gateway: bool | None, config: Any, state: str
) -> None:
    found = show(
        heartbeat=None if heartbeat is None else epoch(seconds=heartbeat),
        success=None if success is None else epoch(seconds=success),
        gateway=Processes({} if gateway is None else {LIVING: gateway}),
        config=Settings(config),
    ).scheduler
    assert found.state == state
    assert found.is_gateway_alive is gateway


@pytest.mark.parametrize("heartbeat", ["", "yesterday", "nan", "1e400", "\x00"])
def test_a_heartbeat_that_says_nothing_is_no_reason_to_say_that_none_ever_came(heartbeat: str) -> None:
    assert show(heartbeat=heartbeat).scheduler.state == "unknown"


def test_a_gateway_that_cannot_be_seen_from_here_is_not_called_gone() -> None:
    found = show(heartbeat=epoch(seconds=100), gateway=Processes({LIVING: None})).scheduler
    assert (found.state, found.is_gateway_alive) == ("ticking", None)


@pytest.mark.parametrize(
    ("heartbeat", "success", "gateway", "expected"),
    [
        (20, 20, None, 180),
        (20, 60, None, 140),
        (20, 300, None, 180),
        (20, 20, False, 60),
        (300, 300, None, None),
        (None, None, None, None),
    ],
)
def test_the_schedulers_state_is_true_until_the_next_threshold(
    heartbeat: float | None, success: float | None, gateway: bool | None, expected: float | None
) -> None:
    until = collect(
        heartbeat=None if heartbeat is None else epoch(seconds=heartbeat),
        success=None if success is None else epoch(seconds=success),
        gateway=Processes({} if gateway is None else {LIVING: gateway}),
    ).valid_until
    assert until == (None if expected is None else NOW + timedelta(seconds=expected))


# -- jobs


def test_a_job_as_hermes_writes_it() -> None:
    written = job(
        name="Nightly",
        prompt="p" * 300,
        deliver=["telegram:1", "local", "local"],
        repeat={"times": 10, "completed": 3},
        skills=["weekly-report", ""],
        model="m/one",
        provider="openrouter",
        script="check.sh",
        no_agent=True,
        last_status="error",
        last_error="It broke.",
        last_delivery_error="No network.",
    )
    (found,) = show({"jobs": [written], "updated_at": ago()}).jobs
    assert (found.id, found.name, found.schedule, found.kind, found.every_s) == (
        "a",
        "Nightly",
        "every 30m",
        "interval",
        1800,
    )
    assert (found.state, found.enabled, found.is_active, found.is_running) == ("scheduled", True, True, False)
    assert (found.next_run_at, found.last_run_at) == (NOW + timedelta(minutes=5), NOW - timedelta(minutes=25))
    assert (found.last_status, found.last_error, found.last_delivery_error) == (
        "error",
        "It broke.",
        "No network.",
    )
    assert (found.deliver, found.skills) == (("telegram", "local"), ("weekly-report",))
    assert (found.repeat_completed, found.repeat_times) == (3, 10)
    assert (found.model, found.provider, found.script, found.is_script_only) == (
        "m/one",
        "openrouter",
        "check.sh",
        True,
    )
    assert (len(found.prompt), found.is_prompt_cut) == (240, True)


@pytest.mark.parametrize("jobs", [{"jobs": [job()]}, [job()]], ids=["object", "bare list"])
def test_a_bare_list_is_taken_as_hermes_takes_it(jobs: Any) -> None:
    assert [job.id for job in show(jobs).jobs] == ["a"]


@pytest.mark.parametrize("jobs", [None, {}, [], {"jobs": []}, {"jobs": None}, {"updated_at": "x"}])
def test_no_jobs_are_an_empty_panel(jobs: Any) -> None:
    found = show(jobs)
    assert found.jobs == ()
    assert found.is_empty()


@pytest.mark.parametrize("jobs", [7, "jobs", True, {"jobs": {"a": {}}}, {"jobs": "a"}])
def test_a_file_of_another_shape_is_damaged_and_named(jobs: Any) -> None:
    with pytest.raises(SourceError, match=r"^cron/jobs\.json: .* expected") as raised:
        show(jobs)
    assert (raised.value.kind, raised.value.path) == ("damaged", "cron/jobs.json")


def test_entries_that_are_no_jobs_are_counted_and_do_not_lose_the_others() -> None:
    found = show({"jobs": [job("a"), None, "text", 3, [], job("b")]})
    assert [job.id for job in found.jobs] == ["a", "b"]
    assert found.unreadable == 4
    assert not found.is_empty()


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ({"schedule_display": "every 30m"}, "every 30m"),
        ({"schedule_display": None, "schedule": {"display": "0 9 * * *", "expr": "x"}}, "0 9 * * *"),
        ({"schedule_display": " ", "schedule": {"expr": "0 9 * * *"}}, "0 9 * * *"),
        ({"schedule_display": "", "schedule": {"value": "1h"}}, "1h"),
        ({"schedule_display": None, "schedule": {"run_at": "2026-03-04"}}, "2026-03-04"),
        ({"schedule_display": None, "schedule": "every monday"}, "every monday"),
        ({"schedule_display": None, "schedule": None}, "?"),
        ({"schedule_display": None, "schedule": {}}, "?"),
        ({"schedule_display": None, "schedule": ["x"]}, "?"),
    ],
)
def test_the_schedule_is_said_as_hermes_says_it(written: dict[str, Any], shown: str) -> None:
    assert show([job(**written)]).jobs[0].schedule == shown


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ({"name": "Named", "prompt": "Do it"}, "Named"),
        ({"name": " ", "prompt": "Do it " * 20}, ("Do it " * 20)[:50].strip()),
        ({"name": None, "prompt": None, "skills": ["report"]}, "report"),
        ({"name": None, "prompt": "", "skill": "report"}, "report"),
        ({"name": None, "prompt": None, "script": "x.sh"}, "x.sh"),
        ({"name": None, "prompt": None}, "a"),
        ({"name": 7}, "7"),
    ],
)
def test_a_missing_name_is_made_up_as_hermes_makes_it_up(written: dict[str, Any], name: str) -> None:
    assert show([job(**written)]).jobs[0].name == name


@pytest.mark.parametrize(
    ("written", "state", "is_active"),
    [
        ({"state": "scheduled"}, "scheduled", True),
        ({"state": "paused", "enabled": False}, "paused", False),
        ({"state": "completed", "enabled": False}, "completed", False),
        ({"state": "error"}, "error", True),
        ({"state": "meditating"}, "meditating", True),
        ({"state": None}, "scheduled", True),
        ({"state": None, "enabled": False}, "paused", False),
        ({"state": "scheduled", "enabled": False}, "scheduled", False),
        ({"state": "paused", "enabled": True}, "paused", False),
    ],
)
def test_states_pass_through_and_missing_ones_are_hermes(
    written: dict[str, Any], state: str, is_active: bool
) -> None:
    found = show([job(**written)]).jobs[0]
    assert (found.state, found.is_active) == (state, is_active)


@pytest.mark.parametrize(
    "written",
    [
        NOW.isoformat(),
        "2026-03-04T12:00:00Z",
        "2026-03-04T17:30:00+05:30",
        " 2026-03-04 12:00:00+00:00 ",
        NOW.timestamp(),
        str(NOW.timestamp()),
        NOW.astimezone().replace(tzinfo=None).isoformat(),
    ],
    ids=["ISO", "Z", "another zone", "spaces", "epoch", "epoch as text", "naive: local time, as Hermes"],
)
def test_a_time_is_understood_however_it_was_written(written: Any) -> None:
    assert show([job(next_run_at=written)]).jobs[0].next_run_at == NOW


@pytest.mark.parametrize(
    "written",
    [None, "", "soon", True, [], {}, "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "nan"],
)
def test_what_is_no_time_is_none(written: Any) -> None:
    assert show([job(next_run_at=written)]).jobs[0].next_run_at is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
FIELDS = [*job(), "skills", "skill", "script", "no_agent", "model", "paused_at", "created_at", "last_error"]
SCHEDULE = st.fixed_dictionaries(
    {}, optional={key: JSON for key in ("kind", "minutes", "expr", "display")} | {"kind": st.just("interval")}
)
HOSTILE_JOB = st.dictionaries(st.sampled_from(FIELDS), JSON | SCHEDULE, max_size=8)


@given(
    jobs=st.lists(HOSTILE_JOB | JSON, max_size=4),
    runs=st.lists(
        st.dictionaries(st.sampled_from(cron.RUNS.columns), JSON | st.binary(max_size=8)), max_size=3
    ),
    beside=JSON,
)
def test_whatever_was_written_by_hand_nothing_raises(jobs: Any, runs: Any, beside: Any) -> None:
    rows = tuple(dict.fromkeys(cron.RUNS.columns) | row for row in runs)
    states = ({"job_id": "a", "state_json": json.dumps(beside)}, {"job_id": None, "state_json": "["})
    found = show(jobs, rows, suggestions=beside, job_states=states)
    assert len(found.jobs) + found.unreadable == len(jobs)
    assert cron.Cron.model_validate_json(found.model_dump_json()) is not None


# -- overdue


@pytest.mark.parametrize(
    ("schedule", "grace_s"),
    [
        ({"kind": "interval", "minutes": 1}, 120),
        ({"kind": "interval", "minutes": 30}, 900),
        ({"kind": "interval", "minutes": 241}, 7200),
        ({"kind": "interval", "minutes": 100_000}, 7200),
        ({"kind": "once", "run_at": "2026-03-04T12:00"}, 120),
        ({"kind": "cron", "expr": "0 9 * * *"}, 7200),
        ({"kind": "cron", "expr": "*/30 * * * *"}, 900),
        ({"kind": "cron", "expr": "0,10 * * * *"}, 1500),  # the next two are at 12:10 and 13:00
        ({"kind": "cron", "expr": "nonsense"}, 120),
        ({"kind": "cron", "expr": "a b c d e"}, 120),
        ({"kind": "lunar"}, 120),
        (None, 120),
        ("every 30m", 120),
        ({"kind": "interval", "minutes": "many"}, 120),
        ({"kind": "interval", "minutes": -5}, 120),
    ],
)
def test_a_job_is_overdue_after_hermes_grace(schedule: Any, grace_s: float) -> None:
    for late_s in (grace_s - 1, grace_s):
        written = job(schedule=schedule, next_run_at=ago(seconds=late_s))
        assert show([written]).jobs[0].is_overdue is (late_s >= grace_s), late_s


@pytest.mark.parametrize(
    ("written", "runs"),
    [
        ({"enabled": False}, ()),
        ({"state": "paused"}, ()),
        ({"state": "completed"}, ()),
        ({"next_run_at": None}, ()),
        ({}, (running("r", LIVING),)),
        ({"next_run_at": ahead(days=1)}, ()),
    ],
    ids=["disabled", "paused", "completed", "no next run", "running", "its time has not come"],
)
def test_a_job_is_not_overdue_when_it_is(written: dict[str, Any], runs: Any) -> None:
    assert not show([job(**{"next_run_at": ago(days=1)} | written)], runs).jobs[0].is_overdue


def test_a_lost_run_does_not_keep_its_job_from_being_overdue() -> None:
    found = show([job(next_run_at=ago(days=1))], (running("r", DEAD),)).jobs[0]
    assert (found.is_running, found.is_overdue) == (False, True)


def test_the_panel_is_true_until_the_next_job_is_overdue() -> None:
    jobs = [
        job("a", next_run_at=ago(minutes=1), schedule={"kind": "interval", "minutes": 10}),  # grace: 5 min
        job("b", next_run_at=ahead(minutes=2), schedule={"kind": "interval", "minutes": 1}),  # grace: 2 min
        job("late", next_run_at=ago(days=1)),
        job("paused", next_run_at=ago(minutes=1), enabled=False),
    ]
    assert collect(jobs, heartbeat=None, success=None).valid_until == NOW + timedelta(minutes=4)


def test_what_lies_at_the_end_of_the_calendar_never_comes() -> None:
    found = collect([job(next_run_at="9999-12-31T23:59:59+00:00")], heartbeat=None, success="1e300")
    assert found.valid_until is None


# -- runs


def test_running_now_is_what_is_claimed_or_running_and_lost_what_has_no_process() -> None:
    found = show(
        [job()],
        (
            running("live", LIVING, started_at=ago(seconds=30)),
            running("lost", DEAD, started_at=ago(minutes=30)),
            running("elsewhere", Process(99, 1)),
            run("waiting", status="claimed", started_at=None, finished_at=None, claimed_at=ago(seconds=2)),
            run("done"),
        ),
    )
    assert [(run.id, run.is_alive, run.is_lost) for run in found.running] == [
        ("lost", False, True),
        ("elsewhere", None, False),
        ("live", True, False),
        ("waiting", True, False),
    ]
    assert found.running[0].job_name == "Job a"
    assert found.jobs[0].is_running


def test_a_runs_duration_is_from_its_start_else_from_its_claim() -> None:
    runs = (
        run("whole", claimed_at=ago(minutes=3), started_at=ago(minutes=2), finished_at=ago(minutes=1)),
        run(
            "never started",
            status="failed",
            claimed_at=ago(minutes=3),
            started_at=None,
            finished_at=ago(minutes=1),
        ),
        run("backwards", started_at=ago(minutes=1), finished_at=ago(minutes=2)),
        running("unfinished", LIVING),
        run("no times", claimed_at="x", started_at=None, finished_at="y"),
    )
    assert [run.duration_s for run in show([job()], runs).jobs[0].history] == [60, 120, 0, None, None]


def test_a_job_has_its_last_twenty_runs_and_counts_all() -> None:
    statuses = ["completed", "completed", "failed", "unknown"] * 10
    runs = tuple(run(f"r{n}", status=status) for n, status in enumerate(statuses))
    found = show([job()], runs).jobs[0]
    assert [run.id for run in found.history] == [f"r{n}" for n in range(20)]
    assert (found.finished_runs, found.completed_runs) == (40, 20)


def test_a_busy_job_does_not_crowd_out_the_history_of_a_rare_one() -> None:
    runs = (*(run(f"r{n}") for n in range(500)), run("rare", job_id="b"))
    assert [len(job.history) for job in show([job("a"), job("b")], runs).jobs] == [20, 1]


def test_with_many_jobs_each_has_a_shorter_history() -> None:
    jobs = [job(f"j{n}") for n in range(20)]
    runs = tuple(run(f"r{n}", job_id=f"j{n % 20}") for n in range(1000))
    assert {len(job.history) for job in show(jobs, runs).jobs} == {10}


def test_runs_of_jobs_that_are_gone_are_kept_apart() -> None:
    found = show([job("a")], (run("mine"), run("once", job_id="gone")))
    assert [(run.id, run.job_name) for run in found.former] == [("once", None)]
    assert not show(None, (run("once", job_id="gone"),)).is_empty()


def test_an_error_is_shown_cut_and_in_the_frame_whole() -> None:
    row = run("r", status="failed", error="e" * 5000)
    assert len(show([job()], (row,)).jobs[0].history[0].error or "") == 2000
    made = cron._fill_runs([job()], (), (row,), KNOWN, FrameArguments())
    assert len(made["error"][0]) == 5000


def test_newer_releases_keep_what_changes_beside_the_definitions() -> None:
    definition = {key: value for key, value in job().items() if not key.startswith(("next_", "last_"))}
    definition["repeat"] = {"times": 5}
    state = {"next_run_at": ahead(hours=1), "last_status": "delivery_failed", "repeat": {"completed": 2}}
    (found,) = show([definition], job_states=({"job_id": "a", "state_json": json.dumps(state)},)).jobs
    assert found.next_run_at == NOW + timedelta(hours=1)
    assert found.last_status == "delivery_failed"
    assert (found.repeat_completed, found.repeat_times) == (2, 5)


@pytest.mark.parametrize(
    ("suggestions", "pending"),
    [
        ({"suggestions": [{"status": "pending"}, {"status": "dismissed"}, {"status": "pending"}, None]}, 2),
        ([{"status": "pending"}], 1),
        ({"suggestions": {}}, 0),
        ("damaged", 0),
        (None, 0),
    ],
)
def test_pending_suggestions_are_counted(suggestions: Any, pending: int) -> None:
    assert show(suggestions=suggestions).pending_suggestions == pending


def test_a_suggestion_is_told_cut_and_whatever_it_lacks() -> None:
    spec = {"prompt": "p" * 900, "schedule": {"kind": "cron", "display": "0 8 * * 1"}}
    whole = {"id": "a", "status": "pending", "title": "A list", "source": "usage", "job_spec": spec}
    odd = {"status": "pending", "job_spec": "none", "title": ["?"], "created_at": "soon"}
    first, second = show(suggestions=[whole, odd]).suggestions
    assert (first.title, first.schedule, len(first.prompt or "")) == (
        "A list",
        "0 8 * * 1",
        cron.SUGGESTION_CHARS,
    )
    assert (second.id, second.title, second.schedule, second.created_at) == ("", "?", None, None)


@pytest.fixture
def outputs(home: Path) -> FoundFiles:
    """What runs of two jobs left behind."""
    for job_id, hour in (("a", 8), ("a", 9), ("b", 7), ("gone", 6)):
        folder = home / "cron/output" / job_id
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"2026-07-20_0{hour}-00-00.md").write_text(f"# Output of {hour}")
    found = Folder("cron/output", "*/*.md").attach(Place(home, home, None)).read()
    assert isinstance(found, FoundFiles)
    return found


def test_outputs_stand_with_their_jobs_and_their_text_comes_when_it_is_asked_for(outputs: FoundFiles) -> None:
    jobs = [job(), job("b"), job("c")]
    shown = show(jobs, outputs=outputs)
    assert [[output.path for output in one.outputs] for one in shown.jobs] == [
        ["a/2026-07-20_09-00-00.md", "a/2026-07-20_08-00-00.md"],
        ["b/2026-07-20_07-00-00.md"],
        [],
    ]
    assert shown.output is None
    path = "a/2026-07-20_08-00-00.md"
    found = show(jobs, outputs=outputs, query=cron.CronQuery(output=path)).output
    assert found == cron.CronOutputText(path, "# Output of 8", False)
    nothing = show(jobs, outputs=outputs, query=cron.CronQuery(output="../jobs.json")).output
    assert nothing == cron.CronOutputText("../jobs.json", None, False)


# -- frames


def test_the_frame_of_outputs_names_their_jobs(outputs: FoundFiles) -> None:
    made = cron._fill_outputs([job()], (), outputs, FrameArguments())
    by_path = dict(zip(made["path"], zip(made["job_id"], made["job_name"], strict=True), strict=True))
    assert by_path["a/2026-07-20_09-00-00.md"] == ("a", "Job a")
    assert by_path["gone/2026-07-20_06-00-00.md"] == ("gone", None)


def test_the_frame_of_runs_has_the_newest_first_within_the_time_asked_for() -> None:
    runs = tuple(run(f"r{hours}", claimed_at=ago(hours=hours)) for hours in range(6))

    def ids(**asked: Any) -> list[str]:
        return cron._fill_runs([job()], (), runs, KNOWN, FrameArguments(**asked))["id"]

    assert ids() == [f"r{hours}" for hours in range(6)]
    assert ids(limit=2) == ["r0", "r1"]
    since, until = NOW - timedelta(hours=4), NOW - timedelta(hours=1)
    assert ids(since=since, until=until) == ["r2", "r3", "r4"]


def test_the_frame_of_jobs_says_what_the_panel_says() -> None:
    runs = (run("one"), run("two", status="failed"), running("now", LIVING))
    made = cron._fill_jobs([job(), job("b")], (), runs, KNOWN, Settings({}), FrameArguments(), NOW)
    assert (made["id"], made["is_running"], made["success_rate"]) == (["a", "b"], [True, False], [0.5, None])


@pytest.fixture
def hermes(agent: MakeAgent) -> Agent:
    return agent()


def test_every_number_can_be_recomputed_from_the_frames(hermes: Agent) -> None:
    entries = [job(), job("b", last_status="error"), job("c", enabled=False, state="paused"), "damaged"]
    hermes.file("cron/jobs.json", json.dumps({"jobs": entries}).encode())
    hermes.file("cron/output/a/2026-03-04_08-00-00.md", b"# Cron Job: Job a")
    asked = [{"id": f"s{number}", "status": "pending", "title": f"Idea {number}"} for number in range(23)]
    answered = [{"id": "old", "status": "dismissed", "title": "No"}]
    hermes.file("cron/suggestions.json", json.dumps({"suggestions": [*asked, *answered]}).encode())
    executions = "a completed, a completed, a failed, b failed, b running, gone completed"
    for number, execution in enumerate(executions.split(", ")):
        job_id, status = execution.split()
        row = run(f"r{number}", job_id, status=status, claimed_at=ago(minutes=number))
        add_row(hermes, cron.RUNS, number, **row)
    opened = OpenHome(find_place(hermes.home), all_panels())
    try:
        shown = opened.collect("cron", opened.parse_query("cron", {}), 1).data
        jobs, runs, outputs, suggestions = (
            opened.table(f"cron_{name}", {}).to_pandas()
            for name in ("jobs", "runs", "outputs", "suggestions")
        )
    finally:
        opened.close()
    assert [one["id"] for one in shown["jobs"]] == list(jobs["id"])
    is_unfinished = runs["status"].isin(cron.UNFINISHED)
    for one in shown["jobs"]:
        finished = runs[(runs["job_id"] == one["id"]) & ~is_unfinished]
        completed = (finished["status"] == "completed").sum()
        of_job = jobs.set_index("id").loc[one["id"]]
        assert one["finished_runs"] == of_job["finished_runs"] == len(finished)
        assert one["completed_runs"] == of_job["completed_runs"] == completed
        assert len(one["outputs"]) == (outputs["job_id"] == one["id"]).sum()
        if len(finished):
            assert of_job["success_rate"] == pytest.approx(completed / len(finished))
    assert len(shown["running"]) == is_unfinished.sum() == 1
    assert [one["id"] for one in shown["former"]] == list(runs[runs["job_name"].isna()]["id"]) == ["r5"]
    assert shown["pending_suggestions"] == len(suggestions) == 23
    assert [one["id"] for one in shown["suggestions"]] == list(suggestions["id"][: cron.SUGGESTIONS_SHOWN])
    # What is no job has no row anywhere.
    assert shown["unreadable"] == 1
