"""Scheduled jobs, their runs and the scheduler's heartbeat, written as Hermes' gateway does."""

from __future__ import annotations

import json
import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from hermes_hud_widget.demo.narrator import Narrator
from hermes_hud_widget.demo.script import Script
from hermes_hud_widget.demo.stories import Story, make_story, read_stories

DAY_S = 86_400.0
HEARTBEAT_EVERY_S = 12.0
"""Hermes' own ticker has 60 s; here somebody looks on."""
FEED_EVERY_S, FEED_RESTS_S = 1800.0, (14.0, 20.0)
"""Between runs of the busiest job: in the past as its schedule says, later so often that one is soon seen."""
FEED_RAN = 9
FEED_FAILS_EVERY = 6
KEPT_OUTPUTS = 50
NIGHTLY, WEEKLY, FEED, STATIONS, PRICES, BOARD = (
    "3f9c1d20ab47",
    "b81e07c4d2f5",
    "7ac0e5519d3e",
    "c4d27b80f16a",
    "90e6f2a1b7d8",
    "1f5b3c9ea260",
)
FEED_ERROR = "TimeoutError: https://feed.city.example/live did not answer within 10 s"
STATIONS_ERROR = """Script exited with code 1
stderr:
Traceback (most recent call last):
  File "sync_stations.py", line 41, in <module>
    stations = fetch("https://api.city.example/v2/stations")
  File "sync_stations.py", line 17, in fetch
    raise HTTPError(response.status, response.reason)
HTTPError: 503 Service Unavailable (retry after 900 s)"""

_SCHEMA = """
CREATE TABLE executions (
  id TEXT PRIMARY KEY, job_id TEXT NOT NULL, source TEXT NOT NULL, process_id TEXT NOT NULL, pid INTEGER NOT NULL,
  process_started_at INTEGER, status TEXT NOT NULL CHECK(status IN
    ('claimed','running','completed','failed','unknown')),
  claimed_at TEXT NOT NULL, started_at TEXT, finished_at TEXT, error TEXT
);
CREATE INDEX idx_executions_job_claimed ON executions(job_id, claimed_at DESC, id DESC);
CREATE INDEX idx_executions_status_claimed ON executions(status, claimed_at DESC, id DESC);
"""


class Cron:
    """The scheduler of one home. Until `go_live` nothing is written: the past is nobody's to watch.

    Args:
        folder: The home's `cron` directory.
        clock: Seconds since the epoch.
        now: Where the past ends, in seconds since the epoch.
    """

    def __init__(self, folder: Path, clock: Callable[[], float], seed: int, now: float) -> None:
        self._folder = folder
        self._clock = clock
        self._random = Random(f"cron {seed}")
        self._is_live = False
        self._process = {
            "process_id": f"{self._random.getrandbits(128):032x}",
            "pid": os.getpid(),
            "process_started_at": _start_ticks(),
        }
        self._jobs = {job["id"]: job for job in _jobs(now)}
        self._past: list[dict[str, Any]] = []
        self._past_of_scripts(now)

    def play(self, narrator: Narrator, story: Story, error: str | None = None) -> Script:
        """Plays one run of the job that the story is named after, and its session; `error` is how it ends."""
        run = self._claim(story.name)
        yield 0.3
        run |= {"status": "running", "started_at": _iso(self._clock())}
        self._record(run)
        yield from narrator.play(story)
        self._finish(run, error)
        self._write_output(self._jobs[story.name], self._clock(), error)

    def past_feed(self, now: float) -> Iterator[tuple[float, Story]]:
        """When the busiest job ran lately, and what it did."""
        for number in range(FEED_RAN, 0, -1):
            at = now - number * FEED_EVERY_S - 420
            yield at, self._feed_story(at)

    def keep_feeding(self, narrator: Narrator) -> Script:
        """Lets the busiest job run for ever."""
        number = 0
        while True:
            number += 1
            error = FEED_ERROR if number % FEED_FAILS_EVERY == 0 else None
            # As Hermes: the next time is set before a run, and again after it.
            self._jobs[FEED]["next_run_at"] = _iso(self._clock() + FEED_EVERY_S)
            self._save()
            yield from self.play(narrator, self._feed_story(self._clock()), error)
            rest_s = self._random.uniform(*FEED_RESTS_S)
            self._jobs[FEED]["next_run_at"] = _iso(self._clock() + rest_s)
            self._save()
            yield rest_s

    def keep_ticking(self) -> Script:
        """The scheduler's heartbeat."""
        while True:
            self._tick()
            yield HEARTBEAT_EVERY_S

    def go_live(self) -> None:
        """Writes the past, and from now on whatever happens at once."""
        with closing(self._connect()) as database, database:
            database.executescript(_SCHEMA)
            for run in sorted(self._past, key=lambda run: str(run["claimed_at"])):
                _insert(database, run)
        self._is_live = True
        self._save()
        self._tick()
        suggestions = {"suggestions": [_SUGGESTION], "updated_at": _iso(self._clock())}
        self._replace("suggestions.json", json.dumps(suggestions, indent=2))

    def _feed_story(self, at: float) -> Story:
        raw = read_stories("cron")["feed"]
        return make_story(FEED, raw, self._random, time=f"{datetime.fromtimestamp(at).astimezone():%H:%M}")

    def _claim(self, job_id: str) -> dict[str, Any]:
        run = {
            "id": f"{self._random.getrandbits(128):032x}",
            "job_id": job_id,
            "source": "builtin",
            **self._process,
            "status": "claimed",
            "claimed_at": _iso(self._clock()),
            "started_at": None,
            "finished_at": None,
            "error": None,
        }
        if not self._is_live:
            self._past.append(run)
        self._record(run)
        return run

    def _finish(self, run: dict[str, Any], error: str | None) -> None:
        at = _iso(self._clock())
        run |= {"status": "failed" if error else "completed", "finished_at": at, "error": error}
        self._record(run)
        job = self._jobs[run["job_id"]]
        job["repeat"]["completed"] += 1
        job |= {"last_run_at": at, "last_status": "error" if error else "ok", "last_error": error}
        self._save()

    def _write_output(self, job: dict[str, Any], at: float, error: str | None) -> None:
        """What the run left behind, as Hermes' scheduler writes it."""
        here = datetime.fromtimestamp(at).astimezone()
        folder = self._folder / "output" / job["id"]
        folder.mkdir(parents=True, exist_ok=True)
        kind = "Script" if job["no_agent"] else "Prompt"
        told = f"## Error\n\n```\n{error}\n```" if error else "## Response\n\nNothing unusual."
        text = (
            f"# Cron Job: {job['name']}{' (FAILED)' if error else ''}\n\n**Job ID:** {job['id']}\n"
            f"**Run Time:** {here:%Y-%m-%d %H:%M:%S}\n**Schedule:** {job['schedule_display']}\n\n"
            f"## {kind}\n\n{job['prompt'] or job['script']}\n\n{told}\n"
        )
        path = folder / f"{here:%Y-%m-%d_%H-%M-%S}.md"
        path.write_text(text, encoding="utf-8")
        os.utime(path, (at, at))
        if self._is_live:
            for old in sorted(folder.iterdir())[:-KEPT_OUTPUTS]:
                old.unlink()

    def _past_of_scripts(self, now: float) -> None:
        """A month of jobs that run a script without the agent, so that no session tells of them."""
        for number in range(30 * 4):
            at = now - 5_400 - (119 - number) * DAY_S / 4
            is_last = number == 119
            error = STATIONS_ERROR if is_last or number in (31, 32, 88) else None
            self._past_run(STATIONS, at, self._random.uniform(3, 9) + (22 if error else 0), error)
            if number >= 100:
                self._write_output(self._jobs[STATIONS], at + 9, error)
        self._past[57] |= {
            "status": "unknown",
            "error": "Scheduler restarted after this execution's owner exited.",
        }
        for days in range(20, 6, -1):
            self._past_run(PRICES, now - days * DAY_S, self._random.uniform(20, 50), None)

    def _past_run(self, job_id: str, at: float, takes_s: float, error: str | None) -> None:
        run = self._claim(job_id)
        run |= {"claimed_at": _iso(at), "started_at": _iso(at + 0.1), "status": "running"}
        self._finish(run, error)
        end = _iso(at + takes_s)
        run["finished_at"] = end
        self._jobs[job_id]["last_run_at"] = end

    def _record(self, run: dict[str, Any]) -> None:
        if not self._is_live:
            return
        with closing(self._connect()) as database, database:
            _insert(database, run)

    def _connect(self) -> sqlite3.Connection:
        # One for each write, as Hermes has it.
        database = sqlite3.connect(self._folder / "executions.db", timeout=5)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        return database

    def _tick(self) -> None:
        for name in ("ticker_heartbeat", "ticker_last_success"):
            self._replace(name, str(self._clock()))

    def _save(self) -> None:
        if self._is_live:
            content = {"jobs": list(self._jobs.values()), "updated_at": _iso(self._clock())}
            self._replace("jobs.json", json.dumps(content, indent=2))

    def _replace(self, name: str, content: str) -> None:
        descriptor, temporary = tempfile.mkstemp(dir=self._folder, prefix=".jobs_", suffix=".tmp")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(self._folder / name)


def _insert(database: sqlite3.Connection, run: dict[str, Any]) -> None:
    marks = ", ".join("?" * len(run))
    database.execute(
        f"INSERT OR REPLACE INTO executions ({', '.join(run)}) VALUES ({marks})", tuple(run.values())
    )


def _jobs(now: float) -> Iterator[dict[str, Any]]:
    """Mira's jobs, as `create_job` of `cron/jobs.py` writes them."""
    stories = read_stories("cron")
    here = datetime.fromtimestamp(now).astimezone()
    morning = _next(here, 6, 15)
    monday = _next(here, 7, 15)
    while monday.weekday() != 0:
        monday += timedelta(days=1)
    yield _job(
        NIGHTLY,
        "Nightly data check",
        stories["nightly"]["turns"][0]["user"],
        {"kind": "cron", "expr": "15 6 * * *", "display": "15 6 * * *"},
        now - 24.4 * DAY_S,
        morning,
        model="deepseek/deepseek-v3.2",
        provider="openrouter",
        skills=["data-quality"],
    )
    yield _job(
        WEEKLY,
        "Weekly report for operations",
        stories["weekly"]["turns"][0]["user"],
        {"kind": "cron", "expr": "15 7 * * 1", "display": "15 7 * * 1"},
        now - 24.4 * DAY_S,
        monday,
        skills=["weekly-report"],
        deliver="telegram",
    )
    yield _job(
        FEED,
        "Watch the live feed",
        stories["feed"]["turns"][0]["user"],
        {"kind": "interval", "minutes": 30, "display": "every 30m"},
        now - FEED_RAN * FEED_EVERY_S - 900,
        datetime.fromtimestamp(now + 3).astimezone(),
        model="claude-haiku-4-5",
        provider="anthropic",
    )
    yield _job(
        STATIONS,
        "Sync station list",
        "",
        {"kind": "interval", "minutes": 360, "display": "every 360m"},
        now - 30.1 * DAY_S,
        datetime.fromtimestamp(now + DAY_S / 4 - 5_400).astimezone(),
        script="sync_stations.py",
        no_agent=True,
    )
    paused = _job(
        PRICES,
        "Competitors' prices",
        "",
        {"kind": "cron", "expr": "0 12 * * *", "display": "0 12 * * *"},
        now - 21 * DAY_S,
        _next(here, 12, 0),
        script="prices.sh",
        no_agent=True,
        deliver="telegram",
    )
    yield paused | {
        "enabled": False,
        "state": "paused",
        "paused_at": _iso(now - 6.4 * DAY_S),
        "paused_reason": "Their site asks for an API key now; Mira has written to them",
    }
    yield _job(
        BOARD,
        "Remind me of the board meeting",
        "Remind me of the board meeting at ten, and send me the three open questions from my notes.",
        {
            "kind": "once",
            "run_at": _next(here, 9, 30).isoformat(),
            "display": f"once at {_next(here, 9, 30):%Y-%m-%d %H:%M}",
        },
        now - 1.2 * DAY_S,
        _next(here, 9, 30),
        repeat={"times": 1, "completed": 0},
        deliver="telegram",
    )


def _job(
    id: str,
    name: str,
    prompt: str,
    schedule: dict[str, Any],
    created_at: float,
    next_run_at: datetime,
    **values: Any,
) -> dict[str, Any]:
    skills = values.pop("skills", [])
    return {
        "id": id,
        "name": name,
        "prompt": prompt,
        "skills": skills,
        "skill": skills[0] if skills else None,
        "model": None,
        "provider": None,
        "provider_snapshot": None,
        "model_snapshot": None,
        "base_url": None,
        "script": None,
        "no_agent": False,
        "context_from": None,
        "schedule": schedule,
        "schedule_display": schedule["display"],
        "repeat": {"times": None, "completed": 0},
        "enabled": True,
        "state": "scheduled",
        "paused_at": None,
        "paused_reason": None,
        "created_at": _iso(created_at),
        "next_run_at": next_run_at.isoformat(),
        "last_run_at": None,
        "last_status": None,
        "last_error": None,
        "last_delivery_error": None,
        "deliver": "local",
        "origin": None,
        "enabled_toolsets": None,
        "workdir": None,
        **values,
    }


_SUGGESTION = {
    "id": "5e1f0c7d92ab",
    "title": "Monday's dock maintenance list",
    "description": "You asked three Mondays in a row which docks need a mechanic.",
    "source": "usage",
    "job_spec": {"prompt": "List the docks that need a mechanic this week.", "schedule": "0 8 * * 1"},
    "dedup_key": "usage:dock-maintenance",
    "status": "pending",
    "created_at": "2026-05-04T08:12:00+00:00",
}


def _next(here: datetime, hour: int, minute: int) -> datetime:
    """That time of day, today or tomorrow."""
    at = here.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return at if at > here else at + timedelta(days=1)


def _iso(at: float) -> str:
    """Seconds since the epoch as Hermes writes times: local, with the offset."""
    return datetime.fromtimestamp(at).astimezone().isoformat()


def _start_ticks() -> int | None:
    """As Hermes reads it (`gateway/status.py`); None where there is no `/proc`."""
    try:
        return int(Path("/proc/self/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19])
    except OSError:
        return None
