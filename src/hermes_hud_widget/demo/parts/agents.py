"""Delegations with their live transcripts, background processes, and a compression now and then."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from hermes_hud_widget.demo.script import Script

if TYPE_CHECKING:
    from hermes_hud_widget.demo.home import DemoHome

HOUR_S = 3_600.0
LINES_EVERY_S = (2.0, 5.0)
RESTS_S = (12.0, 20.0)
COMPRESSES_S, COMPRESSES_EVERY_S = 9.0, 40.0
PARENT = "Three districts, three reports"
GONE_PID = 4_194_301
"""No process has it here: Linux counts to 4,194,304 at most, and most machines to far less."""

Task = tuple[str, tuple[tuple[str, str], ...], str]
"""What a subagent is to do, what it writes while it works, and what comes of it."""

EVENTS: Task = (
    "Collect all open-air events of the year from the city's calendar, with their districts",
    (
        ("assistant", "The feed is an iCalendar file. I fetch it and look at its fields first."),
        ("tool", "-> web_extract(https://city.example/events.ics)"),
        ("result", "web_extract ok 2.1s: BEGIN:VCALENDAR … 214 entries, 61 with a LOCATION"),
        ("think", "Most lack a district. The geocoder of the project knows the stations' districts."),
        ("tool", "-> execute_code(events = read_ics(path); events.geocode('districts.geojson'))"),
        ("result", "execute_code ok 4.4s: 58 of 61 matched; 3 lie outside the city"),
        ("assistant", "58 events have a district. I check five of them by hand against the map."),
        ("tool", "-> search_files('open-air', path='data/notes')"),
        ("result", "search_files ok 0.2s: 4 matches"),
    ),
    "58 open-air events with district in data/events_2026.parquet; three lie outside the city and are left out.",
)
MISSES: Task = (
    "List the evenings of this year on which the forecast missed by more than 25 %",
    (
        ("assistant", "I read the residuals of the year, by district and hour."),
        ("tool", "-> execute_code(pl.scan_parquet('runs/*/residuals.parquet'))"),
        ("result", "execute_code ok 6.0s: 1,204,880 rows"),
        ("tool", "-> execute_code(misses = r.filter(pl.col('share') > 0.25))"),
        ("result", "execute_code ERROR 0.4s: ColumnNotFoundError: share"),
        ("think", "The column is called ape in the older runs. Rename before the join."),
        ("tool", "-> execute_code(r.rename({'ape': 'share'}))"),
        ("result", "execute_code ok 5.2s: 23 evenings"),
    ),
    "23 evenings, 17 of them in the stadium district; the list is in runs/misses.csv.",
)
SPEED: Task = (
    "Find out why the nightly retraining takes 40 minutes since the weekend",
    (
        ("tool", "-> terminal(python -m cProfile -o retrain.prof -m velocast.train --limit 20000)"),
        ("result", "terminal ok 96.0s: 41,220,113 function calls"),
        ("assistant", "Nearly all of it is feature building: the holiday join runs once for each station."),
    ),
    "The holiday join is done per station (640 times). Once for all of them it takes 9 seconds.",
)
RETRY: Task = (
    "Check whether the other provider's weather has fewer gaps",
    (
        ("tool", "-> web_extract(https://weather.example/api/gaps?year=2026)"),
        ("result", "web_extract ERROR 30.0s: TimeoutError: no answer within 30 s"),
    ),
    "",
)


def play(home: DemoHome) -> Script:
    """Three delegations of the last hours, and one that begins anew again and again."""
    random = Random(f"agents {home.seed}")
    folder = home.path / "cache" / "delegation" / "live"
    parent, talking = home.state.session_titled(PARENT), home.state.open_session()
    past = (
        (26.0, 340.0, (SPEED,), "completed"),
        (5.5, 61.0, (RETRY,), "error"),
        (1.2, 210.0, (EVENTS, MISSES), "completed"),
    )
    for hours_ago, takes_s, tasks, state in past:
        started = home.now - hours_ago * HOUR_S
        one = _Delegation(home, folder, random, tasks, parent, started)
        for number, (_, lines, _) in enumerate(tasks):
            for place, (role, words) in enumerate(lines):
                one.say(number, role, words, started + takes_s * (place + 1) / (len(lines) + 1))
        one.finish(started + takes_s, state)
    _save_processes(home)
    _save_spawn_trees(home, parent)
    yield 3.0
    while True:
        one = _Delegation(home, folder, random, (EVENTS, MISSES), talking, home.clock())
        for number, role, words in _turns():
            yield random.uniform(*LINES_EVERY_S)
            one.say(number, role, words, home.clock())
        one.finish(home.clock(), "completed")
        yield 4.0
        yield from _compress(home, talking)
        yield random.uniform(*RESTS_S)


def _turns() -> Iterator[tuple[int, str, str]]:
    """What both subagents write, side by side."""
    for place in range(max(len(EVENTS[1]), len(MISSES[1]))):
        for number, (_, lines, _) in enumerate((EVENTS, MISSES)):
            if place < len(lines):
                yield (number, *lines[place])


def _compress(home: DemoHome, session: str | None) -> Script:
    at = home.clock()
    holder = f"pid={os.getpid()}:tid=1:agent=7f3a"
    home.state.put(
        "compression_locks", session_id=session or "", holder=holder, acquired_at=at, expires_at=at + 120
    )
    yield COMPRESSES_S
    home.state.drop("compression_locks", "session_id", session or "")


class _Delegation:
    """One background delegation, written as `delegate_task` does."""

    def __init__(
        self,
        home: DemoHome,
        folder: Path,
        random: Random,
        tasks: tuple[Task, ...],
        parent: str | None,
        started: float,
    ) -> None:
        self._home, self._tasks, self._parent, self._started = home, tasks, parent, started
        self._id = f"deleg_{random.getrandbits(32):08x}"
        self._folder = folder / self._id
        self._folder.mkdir(parents=True)
        goals = [goal for goal, _, _ in tasks]
        whole = "; ".join(goal[:40] for goal in goals)
        goal = goals[0] if len(goals) == 1 else f"{len(goals)} parallel subagents: {whole}"
        self._task = {
            "goal": goal,
            "goals": goals,
            "role": "leaf",
            "model": "claude-sonnet-4-6",
            "is_batch": True,
        }
        for number, each in enumerate(goals):
            head = (
                "=== Hermes subagent live transcript ===",
                f"delegation: {self._id}   task: {number}",
                f"goal: {each}",
                f"started: {_local(started)}",
                "(append-only; streams while the subagent runs — tail -f me)",
                "=" * 40,
            )
            self._log(number).write_text("\n".join(head) + "\n", encoding="utf-8")
            self.say(number, "user", f"kickoff: {each}", started)
        self._save_manifest("running", None)
        self._put("running", None, None)

    def say(self, number: int, role: str, words: str, at: float) -> None:
        """Appends a line to a task's transcript."""
        with self._log(number).open("a", encoding="utf-8") as file:
            file.write(f"{_local(at)[-8:]} {role:<9}| {words}\n")
        os.utime(self._log(number), (at, at))

    def finish(self, at: float, state: str) -> None:
        """Ends it, and delivers what came of it."""
        took_s = round(at - self._started, 2)
        results = []
        for number, (_, lines, summary) in enumerate(self._tasks):
            result: dict[str, Any] = {
                "task_index": number,
                "status": "completed" if summary else "error",
                "summary": summary or None,
                "api_calls": sum(role == "tool" for role, _ in lines) + 1,
                "duration_seconds": took_s,
                "exit_reason": "completed" if summary else "error",
            }
            if not summary:
                result["error"] = "The subagent gave up after three timeouts"
            self.say(
                number, "final", f"end status={result['status']} exit_reason={result['exit_reason']}", at
            )
            results.append(result)
        self._save_manifest(state, at)
        self._put(state, at, {"status": state, "results": results, "model": self._task["model"]})

    def _log(self, number: int) -> Path:
        return self._folder / f"task-{number}.log"

    def _save_manifest(self, status: str, completed: float | None) -> None:
        manifest: dict[str, Any] = {
            "delegation_id": self._id,
            "started": _local(self._started),
            "task_count": len(self._tasks),
            "tasks": [
                {"index": number, "goal": goal, "log": str(self._log(number)), "status": status}
                for number, (goal, _, _) in enumerate(self._tasks)
            ],
        }
        if completed is not None:
            manifest["completed"] = _local(completed)
        (self._folder / "manifest.json").write_text(json.dumps(manifest, indent=2), encoding="utf-8")

    def _put(self, state: str, completed: float | None, event: dict[str, Any] | None) -> None:
        self._home.state.put(
            "async_delegations",
            delegation_id=self._id,
            origin_session="",
            parent_session_id=self._parent,
            state=state,
            dispatched_at=self._started,
            completed_at=completed,
            updated_at=completed or self._started,
            event_json=None if event is None else json.dumps(event),
            delivery_state="pending" if completed is None else "delivered",
            delivery_attempts=0 if completed is None else 1,
            delivered_at=completed,
            owner_pid=os.getpid(),
            owner_started_at=_start_ticks(),
            task_json=json.dumps(self._task),
        )


def _save_processes(home: DemoHome) -> None:
    """One that runs, which is this very process, and one of which only the entry is left."""
    entry: dict[str, Any] = {
        "pid_scope": "host",
        "task_id": home.state.session_titled(PARENT),
        "notify_on_complete": True,
    }
    serving = {
        "session_id": "proc_5be1a3",
        "command": "python -m http.server 8765",
        "pid": os.getpid(),
        "host_start_time": _start_ticks(),
        "cwd": str(home.user_home / "work/velocast/reports"),
        "started_at": home.now - 2.3 * HOUR_S,
        "watch_patterns": ["Serving HTTP"],
    }
    training = {
        "session_id": "proc_90c2d7",
        "command": "python -m velocast.train --nightly",
        "pid": GONE_PID,
        "host_start_time": 1_200_345,
        "cwd": str(home.user_home / "work/velocast"),
        "started_at": home.now - 9.1 * HOUR_S,
        "watch_patterns": [],
    }
    content = json.dumps([entry | serving, entry | training])
    (home.path / "processes.json").write_text(content, encoding="utf-8")


def _save_spawn_trees(home: DemoHome, session: str | None) -> None:
    folder = home.path / "spawn-trees" / (session or "default")
    folder.mkdir(parents=True)
    lines = []
    for days, label, subagents in (
        (6.0, "Three models compared", 3),
        (2.2, "Station list from two feeds", 2),
    ):
        end = home.now - days * 24 * HOUR_S
        entry = {
            "session_id": session,
            "started_at": end - 190,
            "finished_at": end,
            "label": label,
            "count": subagents,
        }
        lines.append(json.dumps(entry) + "\n")
    (folder / "_index.jsonl").write_text("".join(lines), encoding="utf-8")


def _local(at: float) -> str:
    return f"{datetime.fromtimestamp(at).astimezone():%Y-%m-%d %H:%M:%S}"


def _start_ticks() -> int | None:
    """As Hermes reads it (`gateway/status.py`); None where there is no `/proc`."""
    try:
        return int(Path("/proc/self/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19])
    except OSError:
        return None
