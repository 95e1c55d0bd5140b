"""Numbers in `cron/jobs.json` and `cron/runtime.db` that no column holds."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hermes_hud_widget.core import OpenHome
from hermes_hud_widget.panels import cron
from hermes_hud_widget.place import Place

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
MOST = 2**63 - 1


def write(home: Path, *repeats: Any) -> None:
    (home / "cron").mkdir()
    jobs = [{"id": str(place), "repeat": repeat} for place, repeat in enumerate(repeats)]
    (home / "cron/jobs.json").write_text(json.dumps({"jobs": jobs}))


def jobs_of(home: Path) -> Any:
    opened = OpenHome(Place(home, home, None), {"cron": cron.PANEL})
    try:
        return opened.table("cron_jobs", {}, NOW).to_pydict()
    finally:
        opened.close()


@pytest.mark.parametrize(
    ("written", "completed", "times"),
    [
        (1e30, MOST, MOST),
        (1e300, MOST, MOST),
        (-1e30, -MOST - 1, -MOST - 1),
        (10**30, MOST, MOST),
        (MOST, MOST, MOST),
        (2**53 + 1, 2**53 + 1, 2**53 + 1),
        (float("inf"), 0, None),
        (float("nan"), 0, None),
        (0, 0, None),
        (0.5, 0, 0),
        (True, 1, 1),
        ("3", 3, 3),
        ("many", 0, None),
        ([1], 0, None),
        (None, 0, None),
    ],
)
def test_what_counts_repeats_fits_the_frame(
    tmp_path: Path, written: Any, completed: int, times: int | None
) -> None:
    write(tmp_path, {"completed": written, "times": written})
    made = jobs_of(tmp_path)
    assert (made["repeat_completed"], made["repeat_times"]) == ([completed], [times])


@pytest.mark.parametrize("repeat", [None, 5, 1e300, "often", [1e300]])
def test_a_repeat_that_is_no_object_counts_as_none(tmp_path: Path, repeat: Any) -> None:
    write(tmp_path, repeat)
    made = jobs_of(tmp_path)
    assert (made["repeat_completed"], made["repeat_times"]) == ([0], [None])


def test_one_damaged_job_leaves_the_others_in_the_frame(tmp_path: Path) -> None:
    write(tmp_path, {"completed": 1e30}, {"completed": 4, "times": 9}, {"times": 1e300})
    made = jobs_of(tmp_path)
    assert made["repeat_completed"] == [MOST, 4, 0]
    assert made["repeat_times"] == [None, 9, MOST]


def test_what_newer_releases_count_apart_fits_the_frame_too(tmp_path: Path) -> None:
    write(tmp_path, {"times": 5})
    with closing(sqlite3.connect(tmp_path / "cron/runtime.db")) as connection, connection:
        connection.execute("CREATE TABLE job_runtime (job_id TEXT PRIMARY KEY, state_json TEXT)")
        connection.execute("INSERT INTO job_runtime VALUES ('0', '{\"repeat\": {\"completed\": 1e30}}')")
    made = jobs_of(tmp_path)
    assert (made["repeat_completed"], made["repeat_times"]) == ([MOST], [5])
