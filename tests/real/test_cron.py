"""Hermes' own scheduler writes: each write arrives, and the panel says what `hermes cron list` says."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hermes_hud_widget import Home
from hermes_hud_widget.panels import cron
from hermes_hud_widget.schedule import grace_s
from real.agent import Hermes, Live, environment, instant
from support.served import served


@pytest.fixture
def live(home: Path, hermes: Hermes) -> Iterator[Live]:
    """A Hermes at work, and a client that watches its jobs."""
    hermes("cron.jobs", "create_job", "Look at the stations.", "every 30m", name="First")
    with served() as server:
        id = server.open(home)
        with server.connect() as client:
            client.look(id, "cron")
            yield hermes, server, client, id


def shown(live: Live) -> Any:
    """The panel, collected anew."""
    _, server, _, id = live
    server.engine.hub.bump(id, ["cron"])
    return server.engine.snapshot(id, "cron", {}).data


def agree(live: Live) -> None:
    """The panel's jobs are those of Hermes' own list."""
    theirs = live[0]("cron.jobs", "list_jobs", include_disabled=True)
    ours = shown(live)["jobs"]
    assert [job["id"] for job in ours] == [job["id"] for job in theirs]
    for our, their in zip(ours, theirs, strict=True):
        for name in (
            "name",
            "state",
            "enabled",
            "last_status",
            "last_error",
            "last_delivery_error",
            "skills",
        ):
            assert our[name] == their[name], name
        for name in ("next_run_at", "last_run_at", "created_at", "paused_at"):
            assert instant(our[name]) == instant(their[name]), name
        assert our["schedule"] == their["schedule_display"]
        assert (our["repeat_times"], our["repeat_completed"]) == (
            their["repeat"]["times"],
            their["repeat"]["completed"],
        )


def test_each_write_of_the_scheduler_reaches_a_client_and_is_what_hermes_says(live: Live) -> None:
    hermes, server, client, id = live
    first = hermes("cron.jobs", "list_jobs")[0]["id"]
    tomorrow = (datetime.now() + timedelta(days=1)).replace(microsecond=0)  # noqa: DTZ005  Hermes takes local time
    runs: list[str] = []

    def write(module: str, function: str, *args: Any, **kwargs: Any) -> Any:
        before = client.get(id, "cron")["version"]
        others = {panel: server.engine.hub.version(id, panel) for panel in ("memory", "sessions")}
        result = hermes(module, function, *args, **kwargs)
        client.wait_version(id, "cron", before)
        assert {panel: server.engine.hub.version(id, panel) for panel in others} == others
        agree(live)
        return result

    def running() -> list[tuple[str, str, bool | None]]:
        return [(run["id"], run["status"], run["is_alive"]) for run in shown(live)["running"]]

    write("cron.jobs", "create_job", "Report.", "0 9 * * 1-5", name="Weekdays", skills=["weekly-report"])
    once = write("cron.jobs", "create_job", "Remind me.", tomorrow.isoformat(), deliver="telegram:12")["id"]
    write("cron.jobs", "create_job", "Soon.", "30m", repeat=3)
    write("cron.jobs", "update_job", first, {"schedule": "every 2h", "name": "Renamed"})
    write("cron.jobs", "pause_job", first, reason="holiday")
    assert shown(live)["jobs"][0]["paused_reason"] == "holiday"
    write("cron.jobs", "resume_job", first)
    write("cron.jobs", "trigger_job", first)
    write("cron.jobs", "advance_next_run", first)
    for success, error in ((True, None), (False, "The model was not there.")):
        runs.append(write("cron.executions", "create_execution", first, source="builtin")["id"])
        assert running() == [(runs[-1], "claimed", True)]
        write("cron.executions", "mark_execution_running", runs[-1])
        assert running() == [(runs[-1], "running", True)]
        assert shown(live)["jobs"][0]["is_running"]
        write("cron.executions", "finish_execution", runs[-1], success=success, error=error)
        write(
            "cron.jobs",
            "mark_job_run",
            first,
            success,
            error,
            delivery_error=None if success else "No network",
        )
    assert running() == []
    job = shown(live)["jobs"][0]
    assert [(run["id"], run["status"]) for run in job["history"]] == [
        (runs[1], "failed"),
        (runs[0], "completed"),
    ]
    assert (job["finished_runs"], job["completed_runs"]) == (2, 1)
    assert job["history"][0]["error"] == job["last_error"] == "The model was not there."
    write("cron.jobs", "claim_dispatch", once)
    write("cron.jobs", "record_ticker_heartbeat", True)
    assert shown(live)["scheduler"]["state"] == "ticking"
    write("cron.jobs", "remove_job", first)
    assert [run["id"] for run in shown(live)["former"]] == [runs[1], runs[0]]


def test_it_says_what_hermes_cron_list_prints(live: Live, home: Path) -> None:
    hermes = live[0]
    hermes("cron.jobs", "create_job", "Report.", "0 9 * * *", repeat=5, skills=["a", "b"], deliver="telegram")
    paused = hermes("cron.jobs", "create_job", "Wait.", "every 1h")["id"]
    hermes("cron.jobs", "pause_job", paused)
    hermes("cron.jobs", "mark_job_run", hermes("cron.jobs", "list_jobs")[0]["id"], False, "Broken pipe")
    program = "from hermes_cli.cron import cron_list; cron_list(True)"
    environ = {"HERMES_HOME": str(home), "HOME": str(home.parent), "PATH": "/usr/bin:/bin", "NO_COLOR": "1"}
    printed = subprocess.run(
        [str(environment()), "-P", "-c", program],
        env=environ,
        capture_output=True,
        text=True,
        check=True,
        cwd=home,
    ).stdout
    printed = re.sub(r"\x1b\[[0-9;]*m", "", printed)
    blocks = re.split(r"^  (?=[0-9a-f]{12} \[)", printed, flags=re.M)[1:]
    jobs = shown(live)["jobs"]
    assert len(blocks) == len(jobs) == 3
    for job, block in zip(jobs, blocks, strict=True):
        status = job["state"] if not job["is_active"] else "active"
        repeat = f"{job['repeat_completed']}/{job['repeat_times']}" if job["repeat_times"] else "∞"
        assert block.startswith(f"{job['id']} [{status}]")
        assert f"Name:      {job['name']}\n" in block
        assert f"Schedule:  {job['schedule']}\n" in block
        assert f"Repeat:    {repeat}\n" in block
        assert f"Deliver:   {', '.join(job['deliver'])}\n" in block
        assert ("Skills:    a, b\n" in block) is (job["skills"] == ["a", "b"])
        assert ("error: Broken pipe" in block) is (job["last_error"] == "Broken pipe")


def test_the_thresholds_are_hermes_own(hermes: Hermes) -> None:
    tick_s = hermes("cron.jobs", "TICKER_INTERVAL_SECONDS")
    assert tick_s == cron.TICK_S
    assert tick_s * 3 + 20 == cron.STALE_AFTER_S


@pytest.mark.parametrize(
    "schedule",
    [
        *(f"every {period}" for period in ("1m", "5m", "30m", "3h", "12h", "7d")),
        *(
            "* * * * *",
            "*/5 * * * *",
            "*/45 * * * *",
            "0 * * * *",
            "0,20 * * * *",
            "10-50/20 * * * *",
            "0 */2 * * *",
            "0 9 * * *",
            "0 9,10,18 * * *",
            "30 8-18 * * 1-5",
            "15 7 * * 1",
            "0 0 1 * *",
            "5/25 * * * *",
        ),
        "30m",
    ],
)
def test_the_grace_is_hermes_own(schedule: str, hermes: Hermes) -> None:
    parsed = hermes("cron.jobs", "parse_schedule", schedule)
    here = datetime.now().astimezone()
    ours = {grace_s(parsed, here.tzinfo or UTC, datetime.now(UTC))}
    theirs = hermes("cron.jobs", "_compute_grace_seconds", parsed)
    # The minute may have passed in between.
    ours.add(grace_s(parsed, here.tzinfo or UTC, datetime.now(UTC)))
    assert theirs in ours


def test_what_hermes_repairs_is_shown_before_and_after(live: Live, home: Path) -> None:
    _, _, client, id = live
    path = home / "cron" / "jobs.json"
    written = json.loads(path.read_text())["jobs"]
    written[0]["schedule"] = "every 30m"
    written[0] |= {"schedule_display": None, "repeat": None, "name": None, "skills": "one", "state": None}
    path.write_text(json.dumps(written))
    (before,) = client.wait_data(id, "cron", lambda data: data["jobs"][0]["repeat_completed"] == 0)["data"][
        "jobs"
    ]
    (theirs,) = live[0]("cron.jobs", "list_jobs", include_disabled=True)
    (after,) = shown(live)["jobs"]
    for name in ("id", "name", "state", "skills"):
        assert before[name] == after[name] == theirs[name], name
    assert before["schedule"] == after["schedule"] == theirs["schedule_display"] == "every 30m"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="pidfd and /proc")
def test_a_killed_scheduler_loses_its_run_at_once_and_the_next_one_says_so(
    live: Live, start_hermes: Callable[..., Hermes]
) -> None:
    hermes, _, client, id = live
    job = hermes("cron.jobs", "list_jobs")[0]["id"]
    run = hermes("cron.executions", "create_execution", job, source="builtin")["id"]
    hermes("cron.executions", "mark_execution_running", run)
    client.wait_data(id, "cron", lambda data: [each["is_alive"] for each in data["running"]] == [True])
    hermes.kill()
    lost = client.wait_data(id, "cron", lambda data: [each["is_lost"] for each in data["running"]] == [True])
    assert lost["data"]["running"][0]["id"] == run
    assert start_hermes()("cron.executions", "recover_interrupted_executions") == 1
    client.wait_data(
        id, "cron", lambda data: [each["status"] for each in data["jobs"][0]["history"]] == ["unknown"]
    )


def test_the_frames_hold_what_hermes_holds(live: Live, home: Path) -> None:
    hermes = live[0]
    job = hermes("cron.jobs", "list_jobs")[0]["id"]
    for number in range(3):
        run = hermes("cron.executions", "create_execution", job, source="direct")["id"]
        hermes("cron.executions", "mark_execution_running", run)
        hermes("cron.executions", "finish_execution", run, success=number != 1, error="It broke")
    theirs = hermes("cron.executions", "list_executions")
    with Home(home) as opened:
        runs, jobs = opened.frame("cron_runs"), opened.frame("cron_jobs")
    assert list(runs["id"]) == [row["id"] for row in theirs]
    for name in ("job_id", "source", "status", "pid"):
        assert list(runs[name]) == [row[name] for row in theirs], name
    assert list(runs["claimed_at"]) == [instant(row["claimed_at"]) for row in theirs]
    assert jobs["success_rate"].iloc[0] == pytest.approx(2 / 3)
