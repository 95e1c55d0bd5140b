"""The cron panel in a real server and a real home: what time alone and the death of processes do to it."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hermes_hud_widget.core import OpenHome
from hermes_hud_widget.panels import cron
from hermes_hud_widget.panels.cron import STALE_AFTER_S
from hermes_hud_widget.place import Place
from hermes_hud_widget.schedule import MIN_GRACE_S
from panels.jobs import ago, job
from support.executions import Runner
from support.served import Client, Served, served


def write(home: Path, path: str, content: str) -> None:
    """As Hermes does: a temporary file and a rename."""
    target = home / path
    target.parent.mkdir(exist_ok=True)
    temporary = target.with_name(f".{target.name}.tmp")
    temporary.write_text(content)
    temporary.replace(target)


@pytest.fixture(scope="module")
def server() -> Any:
    with served({"cron": cron.PANEL}) as server:
        yield server


def test_overdue_and_stalled_appear_by_time_alone_while_someone_looks(
    server: Served, viewer: Client, home: Path
) -> None:
    now = datetime.now(UTC)
    late = job(next_run_at=(now - timedelta(seconds=MIN_GRACE_S - 4)).isoformat(), schedule={"kind": "once"})
    write(home, "cron/jobs.json", json.dumps({"jobs": [late]}))
    write(home, "cron/ticker_heartbeat", str(now.timestamp() - (STALE_AFTER_S - 3)))
    id = server.open(home)
    viewer.look(id, "cron")
    first = viewer.get(id, "cron")["data"]
    assert (first["scheduler"]["state"], first["jobs"][0]["is_overdue"]) == ("ticking", False)
    viewer.wait_data(id, "cron", lambda data: data["scheduler"]["state"] == "stalled")
    viewer.wait_data(id, "cron", lambda data: data["jobs"][0]["is_overdue"])


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="pidfd and /proc")
def test_a_run_is_lost_as_soon_as_its_process_dies(server: Served, viewer: Client, home: Path) -> None:
    with Runner(home) as runner:
        id = server.open(home)
        viewer.look(id, "cron")
        runner.claim("r1", "a", status="running")
        viewer.wait_data(id, "cron", lambda data: [run["is_alive"] for run in data["running"]] == [True])
        runner.kill()
        viewer.wait_data(id, "cron", lambda data: [run["is_lost"] for run in data["running"]] == [True])


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="pidfd and /proc")
def test_the_gateways_death_is_noticed_before_its_heartbeat_is_old(
    server: Served, viewer: Client, home: Path
) -> None:
    with Runner(home) as gateway:
        write(home, "gateway_state.json", json.dumps({"pid": gateway.pid, "start_time": gateway.ticks}))
        write(home, "cron/jobs.json", json.dumps([job()]))
        write(home, "cron/ticker_heartbeat", str(datetime.now(UTC).timestamp() - 100))
        id = server.open(home)
        viewer.look(id, "cron")
        assert viewer.get(id, "cron")["data"]["scheduler"]["state"] == "ticking"
        gateway.kill()
        viewer.wait_data(id, "cron", lambda data: data["scheduler"]["state"] == "stopped")


def test_frames_come_with_a_real_home(home: Path) -> None:
    write(home, "cron/jobs.json", json.dumps([job(name="uses sk-abcdefghijklmnopqrstuv"), "no job"]))
    with Runner(home) as runner:
        runner.claim("r1", "a", status="failed", error="password=hunter2222", finished_at=ago())
        opened = OpenHome(Place(home, home, None), {"cron": cron.PANEL})
        try:
            (jobs,) = opened.table("cron_jobs", {}).to_pylist()
            (runs,) = opened.table("cron_runs", {}).to_pylist()
        finally:
            opened.close()
    assert jobs["name"] == "uses [redacted]"
    assert (runs["status"], runs["error"], runs["pid"]) == ("failed", "password=[redacted]", runner.pid)
