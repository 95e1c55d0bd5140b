"""The agents panel over real files, a real database and real processes."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hermes_hud_widget import Home
from hermes_hud_widget.ledger.processes import start_ticks
from hermes_hud_widget.panels import agents
from support.agent import Agent, MakeAgent
from support.examples import add_row

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc")

NOBODY = 4_194_301
"""No process has this number."""
SECRET = "quagga-secret"


@contextmanager
def process() -> Iterator[tuple[int, int]]:
    """Another process: its number and its start."""
    with subprocess.Popen([sys.executable, "-c", f"'{SECRET}'; input()"], stdin=subprocess.PIPE) as running:
        ticks = start_ticks(running.pid)
        assert ticks is not None
        yield running.pid, ticks
        running.kill()


@pytest.fixture
def hermes(agent: MakeAgent) -> Agent:
    return agent()


def shown(hermes: Agent, **query: Any) -> Any:
    with Home(hermes.home) as opened:
        snapshot = opened.panel("agents", **query)
    assert snapshot["error"] is None
    return snapshot["data"]


def delegate(hermes: Agent, id: str = "d1", **values: Any) -> None:
    """A row as `tools/async_delegation.py` writes it."""
    for name in ("task_json", "event_json"):
        if isinstance(values.get(name), dict):
            values[name] = json.dumps(values[name])
    blank = dict.fromkeys(agents.DELEGATIONS.columns)
    base = {
        "delegation_id": id,
        "state": "running",
        "dispatched_at": time.time() - 60,
        "delivery_attempts": 0,
    }
    task = {"task_json": json.dumps({"goal": "Look at it"}), "delivery_state": "pending"}
    add_row(hermes, agents.DELEGATIONS, 0, **(blank | base | task | values))


def manifest(hermes: Agent, id: str, completed: str | None = None, **task: Any) -> None:
    started = f"{datetime.now().astimezone() - timedelta(minutes=5):%Y-%m-%d %H:%M:%S}"
    content = {"started": started, "tasks": [{"index": 0, "goal": "g", "status": "running"} | task]}
    if completed is not None:
        content["completed"] = completed
    hermes.file(f"cache/delegation/live/{id}/manifest.json", json.dumps(content).encode())
    hermes.file(f"cache/delegation/live/{id}/task-0.log", b"12:00:00 start    | begins\n")


# -- delegations


def test_an_unfinished_one_lives_as_long_as_its_process_by_number_and_start(hermes: Agent) -> None:
    with process() as (pid, ticks):
        delegate(hermes, "alive", owner_pid=pid, owner_started_at=ticks)
        delegate(hermes, "reused", owner_pid=pid, owner_started_at=ticks - 1)
        delegate(hermes, "finishing", state="finalizing", owner_pid=pid, owner_started_at=ticks)
        delegate(hermes, "unsaid", owner_pid=pid, owner_started_at=None)
        delegate(hermes, "done", state="completed", owner_pid=NOBODY, owner_started_at=1)
        found = shown(hermes)
    assert {one["id"]: (one["is_owner_alive"], one["is_lost"]) for one in found["delegations"]} == {
        "alive": (True, False),
        "reused": (False, True),
        "finishing": (True, False),
        "unsaid": (None, False),
        "done": (None, False),
    }
    assert found["running"] == 3
    # What can still be waited for comes first.
    assert {one["id"] for one in found["delegations"][:3]} == {"alive", "finishing", "unsaid"}


def test_what_came_of_each_task_is_told_and_what_routes_it_back_is_not(hermes: Agent) -> None:
    hermes.session("s1", title="Bikes")
    results = [
        {
            "task_index": 0,
            "status": "completed",
            "summary": "42 stations",
            "api_calls": 3,
            "duration_seconds": 9.5,
        },
        {"task_index": 1, "status": "error", "summary": None, "error": "No network", "api_calls": 2},
    ]
    task = {"goal": "2 parallel subagents", "goals": ["Count", "Fetch"], "context": SECRET, "model": "m1"}
    delegate(
        hermes,
        state="completed",
        parent_session_id="s1",
        task_json=task,
        event_json={"results": results, "session_key": SECRET, "model": "m2"},
        completed_at=time.time() - 30,
        delivery_state="delivered",
        delivery_attempts=1,
    )
    found = shown(hermes)
    (one,) = found["delegations"]
    assert (one["parent_title"], one["model"], one["delivery"], one["api_calls"]) == (
        "Bikes",
        "m2",
        "delivered",
        5,
    )
    assert one["duration_s"] == pytest.approx(30, abs=2)
    assert [(part["goal"], part["status"], part["summary"], part["error"]) for part in one["tasks"]] == [
        ("Count", "completed", "42 stations", None),
        ("Fetch", "error", None, "No network"),
    ]
    assert SECRET not in json.dumps(found)


def test_one_that_the_conversation_waits_for_is_known_by_its_transcripts_alone(hermes: Agent) -> None:
    manifest(hermes, "waits")
    manifest(hermes, "ended", completed="2026-01-01 00:00:00", status="completed")
    manifest(hermes, "failed", completed="2026-01-01 00:00:00", status="failed")
    found = {one["id"]: one for one in shown(hermes)["delegations"]}
    assert {id: (one["state"], one["is_background"]) for id, one in found.items()} == {
        "waits": ("running", False),
        "ended": ("completed", False),
        "failed": ("error", False),
    }
    # The agent that writes this home came after it was begun, so nobody goes on with it.
    assert found["waits"]["is_lost"]
    assert found["waits"]["tasks"][0]["transcript_bytes"] == 27


def test_both_notes_of_one_delegation_make_one(hermes: Agent) -> None:
    manifest(hermes, "d1", status="completed", exit_reason="max_iterations", completed="2026-01-01 00:00:00")
    delegate(hermes, "d1", state="completed")
    (one,) = shown(hermes)["delegations"]
    assert one["is_background"]
    (task,) = one["tasks"]
    assert (task["goal"], task["status"], task["exit_reason"]) == (
        "Look at it",
        "completed",
        "max_iterations",
    )
    assert task["wrote_at"] is not None


def test_damaged_notes_are_tolerated(hermes: Agent) -> None:
    hermes.file("cache/delegation/live/d0/manifest.json", b'{"tasks": [{"index": 0, ')
    hermes.file("cache/delegation/live/d2/manifest.json", b'{"tasks": {"a": 1}, "started": "soon"}')
    delegate(
        hermes, "d1", state="odd", task_json="{", event_json="[1, 2]", dispatched_at="then", owner_pid="x"
    )
    found = {one["id"]: one for one in shown(hermes)["delegations"]}
    assert found.keys() == {"d1", "d2"}
    assert (found["d1"]["state"], found["d1"]["goal"], found["d1"]["started_at"]) == ("odd", "", None)


# -- live transcripts


def test_a_transcript_is_paged_from_its_end_and_its_lines_told_apart(hermes: Agent) -> None:
    manifest(hermes, "d1")
    head = "=== Hermes subagent live transcript ===\n"
    lines = "".join(f"12:00:{number:02d} tool     | -> step({number})\n" for number in range(60))
    hermes.file("cache/delegation/live/d1/task-0.log", (head + lines).encode())
    page = shown(hermes, transcript="d1", limit=40)["transcript"]
    assert len(page["lines"]) == 40
    assert page["lines"][-1] == {
        "offset": len(head) + 59 * len("12:00:00 tool     | -> step(00)\n") - 10,
        "clock": "12:00:59",
        "role": "tool",
        "text": "-> step(59)",
        "is_cut": False,
    }
    first = shown(hermes, transcript="d1", before=page["older"], limit=400)["transcript"]
    assert len(first["lines"]) == 21
    assert (first["lines"][0]["role"], first["lines"][0]["text"]) == (None, head.strip())
    assert first["older"] is None


def test_a_transcript_that_is_not_there_is_missing_and_no_way_out_of_its_folder(hermes: Agent) -> None:
    hermes.file("secret/task-0.log", SECRET.encode())
    for id in ("nobody", "../../../secret", "/etc"):
        found = shown(hermes, transcript=id)
        assert found["is_missing"], id
        assert SECRET not in json.dumps(found)


def test_secrets_in_a_transcript_are_masked(hermes: Agent) -> None:
    manifest(hermes, "d1")
    key = "sk-ant-0123456789abcdefghij"
    hermes.file("cache/delegation/live/d1/task-0.log", f"12:00:00 result   | ok: {key}\n".encode())
    assert key not in json.dumps(shown(hermes, transcript="d1"))


# -- subagents, compressions, history


def test_subagents_are_nested_below_their_conversation_at_any_depth(hermes: Agent) -> None:
    now = time.time()

    def session(id: str, parent: str | None, age: float) -> None:
        marked = (
            {}
            if parent is None
            else {"parent_session_id": parent, "model_config": json.dumps({"_delegate_from": parent})}
        )
        hermes.session(id, source="cli" if parent is None else "subagent", started_at=now - age, **marked)

    session("top", None, 500)
    hermes.update("top", title="Bikes")
    session("a", "top", 400)
    session("b", "top", 300)
    session("a1", "a", 200)
    session("old", "top", 25 * 3600)
    session("orphan", "gone", 100)
    found = shown(hermes)
    families = {family["parent_id"]: family for family in found["families"]}
    assert [(child["session"]["id"], child["depth"]) for child in families["top"]["children"]] == [
        ("b", 1),
        ("a", 1),
        ("a1", 2),
    ]
    assert families["top"]["parent"]["title"] == "Bikes"
    assert families["gone"]["parent"] is None
    assert found["subagents"] == 4


def test_a_compression_is_shown_until_its_lock_expires(hermes: Agent) -> None:
    locks = agents.PANEL.sources["locks"]
    hermes.session("s1", title="Bikes")
    now = time.time()
    add_row(
        hermes,
        locks,
        0,
        session_id="s1",
        holder=f"pid={NOBODY}:tid=1",
        acquired_at=now - 5,
        expires_at=now + 60,
    )  # type: ignore[arg-type]
    add_row(hermes, locks, 1, session_id="s2", holder="?", acquired_at=now - 99, expires_at=now - 1)  # type: ignore[arg-type]
    (one,) = shown(hermes)["compressions"]
    assert (one["session_title"], one["pid"], one["is_process_gone"]) == ("Bikes", NOBODY, True)


def test_earlier_teams_and_traces_are_counted(hermes: Agent) -> None:
    lines = [{"session_id": "s1", "finished_at": 100.0 + n, "label": f"l{n}", "count": n} for n in range(30)]
    text = "\n".join([*map(json.dumps, lines), "{broken", "[]"])
    hermes.file("spawn-trees/s1/_index.jsonl", text.encode())
    hermes.file("moa-traces/s1.jsonl", b"x" * 10)
    hermes.file("moa-traces/s2.jsonl", b"y" * 5)
    found = shown(hermes)
    assert (found["total_spawn_trees"], found["is_spawn_trees_cut"]) == (30, False)
    assert [tree["subagents"] for tree in found["spawn_trees"]] == list(range(29, 9, -1))
    assert (found["moa_sessions"], found["moa_bytes"]) == (2, 15)


def test_of_a_long_history_the_newest_teams_are_told_and_that_there_are_older_ones(hermes: Agent) -> None:
    lines = [
        json.dumps({"session_id": "s1", "finished_at": 100.0 + number, "label": "x" * 200, "count": number})
        for number in range(2_000)
    ]
    index = "\n".join(lines).encode()
    assert len(index) > agents.INDEX_BYTES
    hermes.file("spawn-trees/s1/_index.jsonl", index)
    hermes.file("spawn-trees/s2/_index.jsonl", lines[7].encode())
    found = shown(hermes)
    assert [tree["subagents"] for tree in found["spawn_trees"]] == list(range(1_999, 1_979, -1))
    assert found["is_spawn_trees_cut"]
    with Home(hermes.home) as opened:
        frame = opened.frame("spawn_trees")
    assert found["total_spawn_trees"] == len(frame)
    assert frame["subagents"].tolist() == [*range(1_999, 1_999 - len(frame) + 1, -1), 7]


# -- processes


def test_processes_are_told_by_number_and_start_and_no_command_line_is_shown(hermes: Agent) -> None:
    hermes.session("s1", title="Bikes")
    with process() as (pid, ticks):
        base = {"command": f"run {SECRET}", "pid": pid, "pid_scope": "host", "watcher_chat_id": SECRET}
        entries = [
            {
                **base,
                "session_id": "proc_1",
                "host_start_time": ticks,
                "task_id": "s1",
                "watch_patterns": ["a"],
            },
            {**base, "session_id": "proc_2", "host_start_time": ticks - 1, "task_id": "default"},
            {**base, "session_id": "proc_3", "pid": NOBODY, "host_start_time": 1, "session_key": SECRET},
            {**base, "session_id": "proc_4", "pid_scope": "sandbox", "host_start_time": None},
            {**base, "session_id": "proc_5", "host_start_time": None},
            "no process",
        ]
        hermes.file("processes.json", json.dumps(entries).encode())
        found = shown(hermes)
    background = {one["id"]: one for one in found["processes"] if one["kind"] == "background"}
    assert {id: (one["is_alive"], one["memory_bytes"] is not None) for id, one in background.items()} == {
        "proc_1": (True, True),
        "proc_2": (False, False),
        "proc_3": (False, False),
        "proc_4": (None, False),
        "proc_5": (None, False),
    }
    assert background["proc_4"]["is_sandboxed"]
    assert (background["proc_1"]["session_title"], background["proc_1"]["watches"]) == ("Bikes", 1)
    assert background["proc_2"]["session_id"] is None
    assert SECRET not in json.dumps(found)


def test_open_chats_and_writers_are_processes_too(hermes: Agent) -> None:
    from hermes_hud_widget.sources import Proc

    facts = Proc().facts(os.getpid())
    assert facts is not None
    mine = {"pid": os.getpid(), "process_start_time": facts.started_at.timestamp(), "surface": "tui"}
    entries = [
        {**mine, "lease_id": "a"},
        {**mine, "lease_id": "b", "process_start_time": 5.0},
        {"pid": NOBODY, "lease_id": "c"},
    ]
    hermes.file("runtime/active_sessions.json", json.dumps({"entries": entries}).encode())
    found = shown(hermes)
    assert {one["id"]: one["is_alive"] for one in found["processes"] if one["kind"] == "surface"} == {
        "a": True,
        "b": False,
        "c": False,
    }
    (writer,) = (one for one in found["processes"] if one["kind"] == "writer")
    assert (writer["pid"], writer["is_alive"]) == (hermes.pid, True)
    assert writer["memory_bytes"] > 0
    assert found["are_writers_known"]


def test_what_runs_is_looked_at_again_soon_and_what_does_not_is_left_alone(home: Path) -> None:
    from hermes_hud_widget.core import OpenHome
    from hermes_hud_widget.place import Place

    now = datetime.now(UTC)

    def until() -> datetime | None:
        opened = OpenHome(Place(home, home, None), {"agents": agents.PANEL})
        try:
            return opened.collect("agents", opened.parse_query("agents", {}), 1, now).valid_until
        finally:
            opened.close()

    entry = {"session_id": "p", "pid": os.getpid(), "pid_scope": "host", "host_start_time": 1}
    (home / "processes.json").write_text(json.dumps([entry]))
    assert until() is None
    (home / "processes.json").write_text(json.dumps([entry | {"host_start_time": start_ticks(os.getpid())}]))
    assert until() == now + agents.MEMORY_AGAIN


def test_every_number_can_be_recomputed_from_the_frames(hermes: Agent) -> None:
    with process() as (pid, ticks):
        for number in range(3):
            delegate(hermes, f"run{number}", owner_pid=pid, owner_started_at=ticks - (number == 2))
        results = {"results": [{"task_index": 0, "status": "completed", "summary": "x"}]}
        delegate(hermes, "done", state="completed", event_json=results)
        manifest(hermes, "inline", completed="2026-01-01 00:00:00", status="failed")
        hermes.session("top")
        marked = {"parent_session_id": "top", "model_config": json.dumps({"_delegate_from": "top"})}
        hermes.session("sub", source="subagent", **marked)
        entry = {"session_id": "p", "pid": pid, "pid_scope": "host", "host_start_time": ticks}
        hermes.file("processes.json", json.dumps([entry] * 70).encode())
        lines = (json.dumps({"session_id": "top", "finished_at": 9.0 + n, "count": n}) for n in range(25))
        hermes.file("spawn-trees/top/_index.jsonl", "\n".join(lines).encode())
        with Home(hermes.home) as opened:
            found = opened.panel("agents")["data"]
            frame, processes = opened.frame("delegations"), opened.frame("processes")
            sessions, trees = opened.frame("sessions"), opened.frame("spawn_trees")
    assert found["total_delegations"] == len(frame) == 5
    is_running = frame["state"].isin(agents.RUNNING) & ~frame["is_lost"]
    assert found["running"] == is_running.sum() == 2
    assert [one["id"] for one in found["delegations"]] == list(frame["id"])
    assert [one["total_tasks"] for one in found["delegations"]] == list(frame["total_tasks"])
    assert frame.set_index("id")["completed_tasks"].to_dict() == {
        "run0": 0,
        "run1": 0,
        "run2": 0,
        "done": 1,
        "inline": 0,
    }
    assert found["total_processes"] == len(processes) == 71
    assert len(found["processes"]) == agents.PROCESSES_SHOWN
    assert [one["is_alive"] for one in found["processes"]] == list(processes["is_alive"])[:60]
    assert found["total_spawn_trees"] == len(trees) == 25
    assert [one["subagents"] for one in found["spawn_trees"]] == list(trees["subagents"])[:20]
    assert found["subagents"] == (sessions["kind"] == "subagent").sum() == 1


def test_the_frame_counts_all_tasks_and_the_panel_shows_some(hermes: Agent) -> None:
    results = [{"task_index": number, "status": "completed"} for number in range(20)]
    task = {"goals": [f"g{number}" for number in range(20)]}
    delegate(hermes, state="completed", task_json=task, event_json={"results": results})
    (one,) = shown(hermes)["delegations"]
    assert (len(one["tasks"]), one["total_tasks"]) == (agents.TASKS_SHOWN, 20)
    with Home(hermes.home) as opened:
        frame = opened.frame("delegations")
    assert frame["completed_tasks"].tolist() == [20]
    assert len(frame["goals"].iloc[0]) == 20


def test_of_a_result_that_is_too_long_to_be_read_whole_its_beginning_is_told(hermes: Agent) -> None:
    results = [
        {"task_index": 0, "status": "completed", "summary": "Short", "api_calls": 3},
        {"task_index": 1, "status": "failed", "summary": "x" * agents.EVENT_CHARS},
    ]
    event = {"model": "m1", "results": results, "error": "never seen"}
    delegate(hermes, state="completed", task_json={"goals": ["a", "b"]})
    with closing(sqlite3.connect(hermes.home / "state.db")) as database, database:
        database.execute("UPDATE async_delegations SET event_json = ?", (json.dumps(event),))
    (one,) = shown(hermes)["delegations"]
    assert (one["model"], [task["status"] for task in one["tasks"]]) == ("m1", ["completed", None])
    assert one["tasks"][0]["summary"] == "Short"
