"""The demo's scheduled jobs: what the panel makes of them, and that they agree with its sessions."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from demo.showing import show
from demo.waiting import wait_for
from hermes_hud_widget.demo import start_demo
from hermes_hud_widget.demo.cron import BOARD, FEED, NIGHTLY, PRICES, STATIONS, WEEKLY
from hermes_hud_widget.demo.home import DemoHome
from hermes_hud_widget.panels import cron


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("home")
    demo = DemoHome(path, seed=7, now=time.time())
    yield path
    demo.close()


@pytest.fixture(scope="module")
def shown(home: Path) -> Any:
    """What the panel shows of it."""
    return show(home, cron.PANEL)


def runs(home: Path) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(f"file:{home}/cron/executions.db?mode=ro", uri=True)) as database:
        database.row_factory = sqlite3.Row
        return [dict(row) for row in database.execute("SELECT * FROM executions ORDER BY claimed_at")]


def test_there_is_a_job_of_every_kind(shown: Any) -> None:
    jobs = {job["id"]: job for job in shown["jobs"]}
    assert list(jobs) == [NIGHTLY, WEEKLY, FEED, STATIONS, PRICES, BOARD]
    assert {job["kind"] for job in jobs.values()} == {"cron", "interval", "once"}
    assert shown["unreadable"] == 0
    assert shown["pending_suggestions"] == 1
    assert (jobs[PRICES]["state"], jobs[PRICES]["is_active"]) == ("paused", False)
    assert jobs[PRICES]["paused_reason"]
    assert (jobs[STATIONS]["last_status"], jobs[STATIONS]["is_script_only"]) == ("error", True)
    assert "503" in jobs[STATIONS]["last_error"]
    assert not any(job["is_overdue"] for job in jobs.values())
    assert {id for id, job in jobs.items() if job["last_status"] == "ok"} == {NIGHTLY, WEEKLY, FEED, PRICES}


def test_its_scheduler_ticks(shown: Any) -> None:
    assert shown["scheduler"]["state"] == "ticking"


def test_next_runs_lie_ahead_and_last_runs_behind(home: Path, shown: Any) -> None:
    now = datetime.now(UTC).timestamp() + 5  # the busiest job is due within seconds
    for job in shown["jobs"]:
        assert datetime.fromisoformat(job["next_run_at"]).timestamp() > now - 60, job["name"]
        if job["last_run_at"]:
            assert datetime.fromisoformat(job["last_run_at"]).timestamp() < now, job["name"]


def test_every_run_of_the_agent_has_a_session_and_every_cron_session_a_run(home: Path) -> None:
    with closing(sqlite3.connect(f"file:{home}/state.db?mode=ro", uri=True)) as database:
        sessions = database.execute(
            "SELECT id, started_at, ended_at FROM sessions WHERE source = 'cron' ORDER BY started_at"
        ).fetchall()
    of_agent = [run for run in runs(home) if run["job_id"] in (NIGHTLY, WEEKLY, FEED)]
    assert len(sessions) == len(of_agent) > 20
    for (id, started_at, ended_at), run in zip(sessions, of_agent, strict=True):
        assert id.startswith(f"cron_{run['job_id']}_")
        begin, end = (datetime.fromisoformat(run[name]).timestamp() for name in ("started_at", "finished_at"))
        assert begin <= started_at + 0.001 <= ended_at + 0.001 <= end + 0.002


def test_the_runs_go_back_a_month_and_are_written_as_hermes_writes_them(home: Path) -> None:
    found = runs(home)
    assert 28 < (time.time() - datetime.fromisoformat(found[0]["claimed_at"]).timestamp()) / 86_400 < 31
    assert {run["status"] for run in found} == {"completed", "failed", "unknown"}
    assert all(run["claimed_at"] <= run["started_at"] <= run["finished_at"] for run in found)
    with closing(sqlite3.connect(f"file:{home}/cron/executions.db?mode=ro", uri=True)) as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    written = json.loads((home / "cron" / "jobs.json").read_text("utf-8"))
    assert written.keys() == {"jobs", "updated_at"}
    for job in written["jobs"]:
        own = [run for run in found if run["job_id"] == job["id"]]
        assert job["repeat"]["completed"] == len(own)


@pytest.mark.live
def test_a_job_runs_and_ends_within_seconds_and_the_scheduler_goes_on_ticking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So that no other demo in /tmp is swept.
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with start_demo(speed=3.0) as demo:

        def ids(status: str) -> set[str]:
            return {run["id"] for run in runs(demo.home) if run["status"] == status}

        beat = demo.home / "cron" / "ticker_heartbeat"
        first = beat.read_text()
        wait_for(lambda: ids("running"), "a job runs", within_s=10)
        running = ids("running")
        wait_for(lambda: running <= ids("completed"), "it completes", within_s=20)
        wait_for(lambda: beat.read_text() != first, "the next tick", within_s=20)
