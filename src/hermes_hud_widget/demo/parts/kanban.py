"""Two kanban boards: a worker takes one task after the other, and some wait, are blocked or stuck."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.resources import files
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from hermes_hud_widget.demo.script import Script

if TYPE_CHECKING:
    from hermes_hud_widget.demo.home import DemoHome

DAY_S, HOUR_S = 86_400, 3_600
CLAIM_S = 900
HEARTBEATS, HEARTBEAT_EVERY_S = 3, (5.0, 9.0)
RESTS_S = (6.0, 11.0)
KEPT_DONE = 6

CHORES = (
    (
        "Refresh the weather tiles",
        "Fetch the tiles of the last day, and check them for gaps.",
        "48 tiles fetched, none missing.",
    ),
    (
        "Check the feed for silent stations",
        "A station that says nothing for an hour is silent.",
        "Two are silent: 118 and 402. Noted for operations.",
    ),
    (
        "Rebuild the district summary",
        "summary.parquet from the last complete day.",
        "Rebuilt from 214,880 trips; the totals agree.",
    ),
    (
        "Look over the new experiment logs",
        "Everything in runs/ since yesterday.",
        "Three runs, one without a seed; told Jonas.",
    ),
)


def play(home: DemoHome) -> Script:
    """A board of two weeks, and a worker that goes on."""
    random = Random(f"kanban {home.seed}")
    board = _Board(home.path / "kanban.db", random, home.now)
    _describe(home.path, "default", "Velocast", "What the forecast needs", home.now - 20 * DAY_S)
    _fill_default(board)
    _describe(home.path, "paper", "Conference paper", "Due on the first of next month", home.now - 6 * DAY_S)
    _fill_paper(_Board(home.path / "kanban" / "boards" / "paper" / "kanban.db", random, home.now))
    yield 4.0
    done: list[str] = []
    number = 0
    while True:
        title, body, summary = CHORES[number % len(CHORES)]
        number += 1
        task = board.add(
            title, body=body, at=home.clock(), status="ready", assignee="coder", created_by="cron"
        )
        yield random.uniform(*RESTS_S)
        run = board.claim(task, home.clock(), "coder")
        for beat in range(HEARTBEATS):
            yield random.uniform(*HEARTBEAT_EVERY_S)
            board.beat(task, run, home.clock())
            if beat == 1:
                board.comment(task, "coder", "Half of it is done; nothing unusual so far.", home.clock())
        board.finish(task, run, home.clock(), summary)
        done.append(task)
        if len(done) > KEPT_DONE:
            board.set(done.pop(0), status="archived")
        yield random.uniform(*RESTS_S)


def _fill_default(board: _Board) -> None:
    now = board.now
    seed = board.add(
        "Seeds for every run",
        body="Each run notes its seed, and a second run with it gives the same numbers.",
        at=now - 13 * DAY_S,
        assignee="coder",
        priority=2,
    )
    run = board.claim(seed, now - 12.5 * DAY_S, "coder")
    board.finish(seed, run, now - 12.4 * DAY_S, "run.json has the seed; two runs agree to the last digit.")
    events = board.add(
        "Add open-air events to the features",
        body="The city's calendar has them, with districts. One column: visitors expected within 800 m.",
        at=now - 1.2 * DAY_S,
        status="ready",
        assignee="coder",
        priority=3,
    )
    board.comment(events, "mira", "Only events with more than 500 visitors, please.", now - 1.1 * DAY_S)
    board.attach(events, "events_2026.parquet", 48_112, now - HOUR_S)
    backtest = board.add(
        "Backtest with events",
        at=now - 1.1 * DAY_S,
        status="todo",
        assignee="coder",
        priority=2,
        parents=[events],
    )
    board.add("Report: what events bring", at=now - 1.1 * DAY_S, status="todo", parents=[backtest, seed])
    board.add(
        "Look again at the free minutes in July", at=now - 2 * DAY_S, status="scheduled", assignee="coder"
    )
    board.add("Stations that move twice a year", at=now - 0.3 * DAY_S, status="triage", created_by="telegram")
    board.set(
        board.add(
            "Key for the new weather provider",
            body="The trial ends on Friday; the paid plan needs an account of the city.",
            at=now - 3 * DAY_S,
            status="blocked",
            assignee="coder",
            priority=1,
        ),
        block_kind="needs_input",
        block_recurrences=1,
        last_failure_error="401 Unauthorized: the trial key has expired",
        consecutive_failures=1,
    )
    board.add(
        "Plots without a legend that hides data", at=now - 0.8 * DAY_S, status="review", assignee="coder"
    )
    sweep = board.add("Sweep the learning rate", at=now - 8 * HOUR_S, assignee="trainer", priority=1)
    first = board.claim(sweep, now - 7.5 * HOUR_S, "trainer")
    board.end(sweep, first, now - 6 * HOUR_S, "timed_out", error="elapsed 5400s > limit 5400s")
    board.set(sweep, status="ready", consecutive_failures=1, last_failure_error="elapsed 5400s > limit 5400s")
    second = board.claim(sweep, now - 5 * HOUR_S, "trainer")
    board.beat(sweep, second, now - 1.4 * HOUR_S)
    board.set(sweep, claim_expires=int(now - 0.4 * HOUR_S), max_runtime_seconds=5 * HOUR_S - 900)


def _fill_paper(board: _Board) -> None:
    now = board.now
    figures = board.add("Figures in the style of the venue", at=now - 5 * DAY_S, assignee="coder")
    run = board.claim(figures, now - 4 * DAY_S, "coder")
    board.finish(figures, run, now - 3.9 * DAY_S, "Five figures, 85 mm wide, fonts embedded.")
    board.add("Related work: demand in districts", at=now - 4 * DAY_S, status="ready", priority=1)
    board.add("Abstract in 200 words", at=now - 2 * DAY_S, status="triage")


def _describe(root: Path, slug: str, name: str, description: str, at: float) -> None:
    folder = root / "kanban" / "boards" / slug
    folder.mkdir(parents=True)
    content = {
        "slug": slug,
        "name": name,
        "description": description,
        "created_at": int(at),
        "archived": False,
    }
    (folder / "board.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


class _Board:
    """One board's database, opened and closed for each write, as Hermes does."""

    def __init__(self, path: Path, random: Random, now: float) -> None:
        self._path, self._random, self.now = path, random, now
        with self._open() as database:
            database.executescript(files("hermes_hud_widget.demo").joinpath("kanban.sql").read_text("utf-8"))

    def add(
        self,
        title: str,
        *,
        at: float,
        body: str | None = None,
        status: str = "ready",
        parents: list[str] | None = None,
        **columns: object,
    ) -> str:
        """Adds a task, and returns its id."""
        id = f"t_{self._random.getrandbits(32):08x}"
        row = {
            "id": id,
            "title": title,
            "body": body,
            "status": status,
            "created_at": int(at),
            "created_by": "mira",
        }
        with self._open() as database:
            _insert(database, "tasks", **(row | columns))
            _insert(database, "task_events", task_id=id, kind="created", created_at=int(at))
            for parent in parents or ():
                _insert(database, "task_links", parent_id=parent, child_id=id)
        return id

    def set(self, task: str, **columns: object) -> None:
        """Changes columns of a task."""
        with self._open() as database:
            _update(database, "tasks", task, **columns)

    def claim(self, task: str, at: float, profile: str) -> int:
        """A worker takes it; returns the number of its run."""
        work: dict[str, Any] = {
            "claim_lock": f"{socket.gethostname()}:{os.getpid()}",
            "claim_expires": int(at) + CLAIM_S,
            "worker_pid": os.getpid(),
            "last_heartbeat_at": int(at),
            "started_at": int(at),
        }
        with self._open() as database:
            run = _insert(database, "task_runs", task_id=task, profile=profile, status="running", **work)
            _update(database, "tasks", task, status="running", current_run_id=run, **work)
            _insert(database, "task_events", task_id=task, run_id=run, kind="claimed", created_at=int(at))
        return run

    def beat(self, task: str, run: int, at: float) -> None:
        """Its worker says that it lives."""
        with self._open() as database:
            for table, id in (("tasks", task), ("task_runs", run)):
                _update(database, table, id, last_heartbeat_at=int(at), claim_expires=int(at) + CLAIM_S)
            _insert(database, "task_events", task_id=task, run_id=run, kind="heartbeat", created_at=int(at))

    def end(self, task: str, run: int, at: float, outcome: str, **columns: object) -> None:
        """The run is over, however it went."""
        nobody = dict.fromkeys(("claim_lock", "claim_expires", "worker_pid", "current_run_id"))
        status = "done" if outcome == "completed" else outcome
        with self._open() as database:
            _update(database, "task_runs", run, status=status, outcome=outcome, ended_at=int(at), **columns)
            _update(database, "tasks", task, **nobody)
            _insert(database, "task_events", task_id=task, run_id=run, kind=outcome, created_at=int(at))

    def finish(self, task: str, run: int, at: float, summary: str) -> None:
        """The task is done."""
        self.end(task, run, at, "completed", summary=summary)
        self.set(task, status="done", completed_at=int(at), consecutive_failures=0)

    def comment(self, task: str, author: str, text: str, at: float) -> None:
        """Somebody writes below it."""
        with self._open() as database:
            _insert(database, "task_comments", task_id=task, author=author, body=text, created_at=int(at))

    def attach(self, task: str, name: str, size: int, at: float) -> None:
        """A file belongs to it."""
        with self._open() as database:
            _insert(
                database,
                "task_attachments",
                task_id=task,
                filename=name,
                stored_path=f"kanban/attachments/{task}/{name}",
                size=size,
                uploaded_by="mira",
                created_at=int(at),
            )

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path, timeout=5)) as database, database:
            database.execute("PRAGMA journal_mode=WAL")
            yield database


def _insert(database: sqlite3.Connection, table: str, **columns: object) -> int:
    marks = ", ".join("?" * len(columns))
    cursor = database.execute(
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", tuple(columns.values())
    )
    return cursor.lastrowid or 0


def _update(database: sqlite3.Connection, table: str, id: object, **columns: object) -> None:
    assignments = ", ".join(f"{name} = ?" for name in columns)
    database.execute(f"UPDATE {table} SET {assignments} WHERE id = ?", (*columns.values(), id))
