"""Hermes' own board: each write arrives, and the panel says what `hermes kanban` says."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hermes_hud_widget import Home
from hermes_hud_widget.panels import kanban
from real.agent import Hermes, Live
from support.served import served


@pytest.fixture
def live(home: Path, hermes: Hermes) -> Iterator[Live]:
    """A Hermes at work, and a client that watches its board."""
    hermes("board", "create_task", title="First", assignee="coder")
    # As if long ago: of what was written just now a first look is not certain, and a second one may tell of it.
    database = home / "kanban.db"
    os.utime(database, ns=(0, database.stat().st_mtime_ns - 10**9))
    with served() as server:
        id = server.open(home)
        with server.connect() as client:
            client.look(id, "kanban")
            yield hermes, server, client, id


def shown(live: Live, **query: Any) -> Any:
    """The panel, collected anew."""
    _, server, _, id = live
    server.engine.hub.bump(id, ["kanban"])
    return server.engine.snapshot(id, "kanban", query).data


def agree(live: Live, board: str | None = None) -> None:
    """The columns are those of Hermes' own list and figures."""
    ours = shown(live, board=board, archived=True)
    theirs = live[0]("board", "list_tasks", include_archived=True, on=board)
    stats = live[0]("board", "board_stats", on=board)
    counted = {column["status"]: column["total"] for column in ours["columns"] if column["total"]}
    assert {status: count for status, count in counted.items() if status != "archived"} == stats["by_status"]
    listed = {task["id"]: task for column in ours["columns"] for task in column["tasks"]}
    assert listed.keys() == {task["id"] for task in theirs}
    for task in theirs:
        our = listed[task["id"]]
        for name in (
            "title",
            "status",
            "assignee",
            "priority",
            "created_by",
            "block_kind",
            "block_recurrences",
        ):
            assert our[name] == task[name], name
        assert our["failures"] == task["consecutive_failures"]
        assert our["last_error"] == task["last_failure_error"]
        assert our["parents"] == live[0]("board", "parent_ids", task["id"], on=board)
        assert our["children"] == live[0]("board", "child_ids", task["id"], on=board)
        assert our["runs"] == len(live[0]("board", "list_runs", task["id"], on=board))
        assert our["summary"] == live[0]("board", "latest_summary", task["id"], on=board)
    for status in ("todo", "ready", "blocked"):
        order = [task["id"] for task in theirs if task["status"] == status]
        column = next(one for one in ours["columns"] if one["status"] == status)
        assert [task["id"] for task in column["tasks"]] == order


def test_each_write_of_hermes_reaches_a_client_and_is_what_hermes_says(live: Live) -> None:
    hermes, _, client, id = live

    def write(function: str, *args: Any, **kwargs: Any) -> Any:
        before = client.get(id, "kanban")["version"]
        result = hermes("board", function, *args, **kwargs)
        client.wait_version(id, "kanban", before)
        agree(live)
        return result

    first = hermes("board", "list_tasks")[0]["id"]
    second = write(
        "create_task", title="Second", priority=3, body="Do it.", created_by="mira", parents=[first]
    )
    third = write("create_task", title="Third", triage=True)
    write("add_comment", first, "mira", "Quickly, please.")
    write("claim_task", first)
    write("_set_worker_pid", first, os.getpid())
    write("heartbeat_worker", first)
    work = shown(live, task=first)["detail"]["task"]["work"]
    assert (work["worker_pid"], work["is_worker_gone"], work["stuck"]) == (os.getpid(), False, [])
    write("complete_task", first, summary="It is done.")
    assert shown(live, task=second)["detail"]["task"]["open_parents"] == 0
    write("claim_task", second)
    write("block_task", second, reason="Which colour?", kind="needs_input")
    write("unblock_task", second)
    write("assign_task", third, "coder")
    write("archive_task", third)
    detail = shown(live, task=first)["detail"]
    theirs = hermes("board", "list_events", first)
    assert [event["kind"] for event in detail["events"]] == [event["kind"] for event in reversed(theirs)]
    assert [comment["text"] for comment in detail["comments"]] == ["Quickly, please."]
    assert [run["outcome"] for run in detail["runs"]] == ["completed"]


def test_boards_are_those_that_hermes_lists_and_the_current_one_is_shown(live: Live) -> None:
    hermes, _, client, id = live
    hermes("hermes_cli.kanban_db", "create_board", "paper", name="Our paper", description="Due soon")
    hermes("board", "create_task", title="Abstract", on="paper")
    hermes("hermes_cli.kanban_db", "set_current_board", "paper")
    client.wait_data(id, "kanban", lambda data: data["board"] == "paper")
    theirs = hermes("hermes_cli.kanban_db", "list_boards")
    ours = shown(live)["boards"]
    assert [(one["slug"], one["name"], one["description"]) for one in ours] == [
        (one["slug"], one["name"], one["description"]) for one in theirs
    ]
    current = hermes("hermes_cli.kanban_db", "get_current_board")
    assert [one["slug"] for one in ours if one["is_current"]] == [current] == ["paper"]
    agree(live, "paper")
    agree(live, "default")


def test_an_idle_gateway_that_opens_and_closes_it_moves_nothing(live: Live) -> None:
    hermes, server, client, id = live
    client.get(id, "kanban")
    before = server.engine.hub.version(id, "kanban")
    for _ in range(5):
        hermes("board", "release_stale_claims")
        hermes("board", "detect_crashed_workers")
        hermes("board", "has_spawnable_ready")
    # What is announced comes after all that was written before it.
    hermes.memory("add", "memory", "A witness.")
    client.wait_data(id, "memory", lambda data: "A witness." in str(data))
    assert server.engine.hub.version(id, "kanban") == before


def test_what_is_called_stuck_is_what_the_dispatcher_takes_back(live: Live) -> None:
    hermes = live[0]
    task = hermes("board", "list_tasks")[0]["id"]
    hermes("board", "claim_task", task, ttl_seconds=1)
    deadline = time.monotonic() + 20
    while shown(live, task=task)["detail"]["task"]["work"]["stuck"] != ["expired"]:
        assert time.monotonic() < deadline
    # A second passes until it counts for Hermes, too, which knows whole ones only.
    while hermes("board", "release_stale_claims") == 0:
        assert time.monotonic() < deadline
    assert shown(live, task=task)["detail"]["task"]["status"] == "ready"
    agree(live)


def test_the_rules_and_words_are_hermes_own(hermes: Hermes) -> None:
    statuses = hermes("hermes_cli.kanban_db", "VALID_STATUSES.__len__")
    assert statuses == len({*kanban.COLUMNS, kanban.ARCHIVED})
    assert hermes("hermes_cli.kanban_db", "DEFAULT_CRASH_GRACE_SECONDS") == kanban.CRASH_GRACE_S
    assert hermes("hermes_cli.kanban_db", "_STALE_HEARTBEAT_GAP_SECONDS") == kanban.SILENT_S
    assert hermes("hermes_cli.kanban_db", "DEFAULT_CLAIM_HEARTBEAT_MAX_STALE_SECONDS") == kanban.SILENT_S
    config = hermes("hermes_cli.config", "DEFAULT_CONFIG.get", "kanban")
    assert config["dispatch_stale_timeout_seconds"] == kanban.STALE_S


def test_the_frames_hold_what_hermes_holds(live: Live, home: Path) -> None:
    hermes = live[0]
    first = hermes("board", "list_tasks")[0]["id"]
    hermes("board", "claim_task", first)
    hermes("board", "complete_task", first, summary="Done.")
    hermes("board", "create_task", title="Second", priority=2)
    with Home(home) as opened:
        tasks, runs = opened.frame("kanban_tasks"), opened.frame("kanban_runs")
    theirs = {task["id"]: task for task in hermes("board", "list_tasks")}
    assert set(tasks["id"]) == theirs.keys()
    for _, row in tasks.iterrows():
        assert (row["title"], row["status"], row["priority"]) == tuple(
            theirs[row["id"]][name] for name in ("title", "status", "priority")
        )
    (run,) = hermes("board", "list_runs", first)
    assert list(runs["id"]) == [run["id"]]
    assert list(runs["summary"]) == ["Done."]
