"""The kanban panel over real databases: columns, what is stuck, one task in full, and frames that agree."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from hermes_hud_widget.core import OpenHome, Snapshot
from hermes_hud_widget.frames import to_pandas
from hermes_hud_widget.panels import kanban
from hermes_hud_widget.place import Place

NOW = datetime.now(UTC).replace(microsecond=0)
SCHEMA = files("hermes_hud_widget.demo").joinpath("kanban.sql").read_text("utf-8")
HERE = socket.gethostname()
NOBODY = 4_194_301
"""No process has this number."""


def ago(**delta: float) -> int:
    return int((NOW - timedelta(**delta)).timestamp())


class Board:
    """Writes one board's database."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        with closing(sqlite3.connect(path)) as database:
            database.executescript(SCHEMA)

    def add(self, table: str, **columns: object) -> None:
        marks = ", ".join("?" * len(columns))
        with closing(sqlite3.connect(self.path)) as database, database:
            database.execute(
                f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", tuple(columns.values())
            )

    def task(self, id: str, status: str = "ready", **columns: object) -> None:
        self.add("tasks", **({"id": id, "title": id, "status": status, "created_at": ago(hours=1)} | columns))

    def running(self, id: str, **columns: object) -> None:
        work: dict[str, object] = {
            "claim_lock": f"{HERE}:1",
            "claim_expires": ago(seconds=-600),
            "worker_pid": os.getpid(),
            "last_heartbeat_at": ago(seconds=5),
            "started_at": ago(minutes=10),
        }
        self.task(id, "running", **(work | columns))


@pytest.fixture
def board(home: Path) -> Board:
    return Board(home / "kanban.db")


@pytest.fixture
def opened(home: Path) -> Iterator[OpenHome]:
    opened = OpenHome(Place(home, home, None), {"kanban": kanban.PANEL})
    yield opened
    opened.close()


def shown(opened: OpenHome, **query: Any) -> Snapshot:
    return opened.collect("kanban", opened.parse_query("kanban", query), 1, NOW)


def data(opened: OpenHome, **query: Any) -> Any:
    snapshot = shown(opened, **query)
    assert snapshot.error is None
    return snapshot.data


def cards(opened: OpenHome, **query: Any) -> dict[str, list[str]]:
    return {
        column["status"]: [task["id"] for task in column["tasks"]]
        for column in data(opened, **query)["columns"]
    }


def test_columns_stand_in_hermes_order_the_most_urgent_first_and_unknown_words_last(
    board: Board, opened: OpenHome
) -> None:
    board.task("late", created_at=ago(hours=1))
    board.task("early", created_at=ago(hours=3))
    board.task("urgent", priority=5)
    board.task("odd", "hibernating")
    board.task("old", "archived")
    assert list(cards(opened)) == [*kanban.COLUMNS, "hibernating"]
    assert cards(opened)["ready"] == ["urgent", "early", "late"]
    assert cards(opened)["hibernating"] == ["odd"]
    assert data(opened)["archived"] == 1
    assert cards(opened, archived=True)["archived"] == ["old"]


def test_of_a_long_column_the_first_cards_are_shown_with_a_true_total(board: Board, opened: OpenHome) -> None:
    for number in range(kanban.CARDS_SHOWN + 7):
        board.task(f"t{number}", "done", completed_at=ago(minutes=number))
    done = next(column for column in data(opened)["columns"] if column["status"] == "done")
    assert done["total"] == kanban.CARDS_SHOWN + 7
    assert [task["id"] for task in done["tasks"]] == [f"t{number}" for number in range(kanban.CARDS_SHOWN)]


STUCK = [
    # what, its columns, config, what is said
    ("all is well", {}, None, []),
    ("the process is gone", {"worker_pid": NOBODY}, None, ["gone"]),
    ("it began a moment ago", {"worker_pid": NOBODY, "started_at": ago(seconds=20)}, None, []),
    ("a process of another machine", {"worker_pid": NOBODY, "claim_lock": "elsewhere:1"}, None, []),
    ("the claim has run out", {"claim_expires": ago(seconds=1)}, None, ["expired"]),
    (
        "the claim has run out and an hour went by without a heartbeat",
        {"claim_expires": ago(seconds=1), "last_heartbeat_at": ago(seconds=3601)},
        None,
        ["expired", "silent"],
    ),
    ("an hour without a heartbeat alone", {"last_heartbeat_at": ago(seconds=3700)}, None, []),
    (
        "four hours of work, an hour without a heartbeat",
        {"started_at": ago(hours=4), "last_heartbeat_at": ago(hours=1)},
        None,
        ["silent"],
    ),
    (
        "four hours of work, never a heartbeat",
        {"started_at": ago(hours=4), "last_heartbeat_at": None},
        None,
        ["silent"],
    ),
    (
        "the same, where nobody is to look after it",
        {"started_at": ago(hours=4), "last_heartbeat_at": None},
        0,
        [],
    ),
    ("the same, with a shorter patience", {"last_heartbeat_at": None}, 60, ["silent"]),
    ("it takes longer than it may", {"max_runtime_seconds": 599}, None, ["overdue"]),
]


@pytest.mark.parametrize(("what", "columns", "patience", "said"), STUCK, ids=[case[0] for case in STUCK])
def test_what_the_dispatcher_will_act_on_is_said(
    what: str,
    columns: dict[str, object],
    patience: int | None,
    said: list[str],
    board: Board,
    opened: OpenHome,
    home: Path,
) -> None:
    board.running("t", **columns)
    if patience is not None:
        (home / "config.yaml").write_text(f"kanban:\n  dispatch_stale_timeout_seconds: {patience}\n")
    found = data(opened)
    (task,) = next(column for column in found["columns"] if column["status"] == "running")["tasks"]
    assert task["work"]["stuck"] == said, what
    assert found["stuck"] == bool(said)


def test_workers_are_looked_at_again_by_time_only_while_some_run(board: Board, opened: OpenHome) -> None:
    board.task("t")
    assert shown(opened).valid_until is None
    board.running("r")
    assert shown(opened).valid_until == NOW + kanban.WORKERS_AGAIN


def test_a_task_in_full_has_its_runs_comments_events_and_relatives(board: Board, opened: OpenHome) -> None:
    board.task("before", "done")
    board.task("t", "blocked", body="Do it.", block_kind="needs_input", session_id="s1", skills='["a", "b"]')
    board.task("after", "todo")
    board.add("task_links", parent_id="before", child_id="t")
    board.add("task_links", parent_id="gone", child_id="t")
    board.add("task_links", parent_id="t", child_id="after")
    for number in range(3):
        run = {"profile": "p", "status": "failed", "outcome": "crashed", "error": f"no {number}"}
        board.add(
            "task_runs", task_id="t", started_at=ago(hours=3 - number), ended_at=ago(hours=2 - number), **run
        )
        board.add(
            "task_comments", task_id="t", author="mira", body=f"c{number}", created_at=ago(hours=3 - number)
        )
        board.add(
            "task_events",
            task_id="t",
            kind="commented",
            payload=f'{{"n": {number}}}',
            created_at=ago(hours=3 - number),
        )
    board.add(
        "task_attachments", task_id="t", filename="x.csv", stored_path="/secret/x.csv", size=5, created_at=1
    )
    detail = data(opened, task="t")["detail"]
    assert detail["body"] == "Do it."
    assert detail["skills"] == ["a", "b"]
    assert [(one["id"], one["status"]) for one in detail["parents"]] == [("before", "done"), ("gone", None)]
    assert [one["id"] for one in detail["children"]] == ["after"]
    assert [run["error"] for run in detail["runs"]] == ["no 2", "no 1", "no 0"]
    assert detail["runs"][0]["duration_s"] == 3600
    assert [comment["text"] for comment in detail["comments"]] == ["c0", "c1", "c2"]
    assert [event["details"] for event in detail["events"]] == ['{"n": 2}', '{"n": 1}', '{"n": 0}']
    assert [file["name"] for file in detail["attachments"]] == ["x.csv"]
    assert "/secret" not in json.dumps(detail)
    task = detail["task"]
    assert (task["runs"], task["comments"], task["attachments"], task["last_outcome"]) == (3, 3, 1, "crashed")
    assert (task["parents"], task["open_parents"], task["children"]) == (["before", "gone"], 0, ["after"])
    assert data(opened, task="nobody")["is_missing"]


def test_what_is_cut_of_a_task_in_full_carries_its_true_total(board: Board, opened: OpenHome) -> None:
    board.task("t", skills=json.dumps([f"skill {number}" for number in range(25)]))
    board.task("other")
    for number in range(60):
        board.task(f"p{number}")
        board.add("task_links", parent_id=f"p{number}", child_id="t")
    for number in range(kanban.EVENTS_SHOWN + 5):
        board.add("task_events", task_id="t", kind="commented", created_at=ago(hours=99 - number))
        board.add("task_events", task_id="other", kind="commented", created_at=ago(hours=1))
    detail = data(opened, task="t")["detail"]
    assert (len(detail["events"]), detail["total_events"]) == (kanban.EVENTS_SHOWN, kanban.EVENTS_SHOWN + 5)
    assert (len(detail["skills"]), detail["total_skills"]) == (kanban.SKILLS_SHOWN, 25)
    assert (len(detail["parents"]), len(detail["task"]["parents"])) == (
        kanban.RELATED_SHOWN,
        kanban.RELATED_SHOWN,
    )
    assert (detail["task"]["total_parents"], detail["task"]["open_parents"]) == (60, 60)
    frame = to_pandas(opened.table("kanban_tasks", {}, NOW)).set_index("id")
    assert len(frame.loc["t", "parents"]) == len(frame.loc["p0", "children"]) * 60 == 60


def test_the_current_board_is_shown_and_every_other_can_be_asked_for(
    board: Board, opened: OpenHome, home: Path
) -> None:
    board.task("t1")
    Board(home / "kanban" / "boards" / "paper" / "kanban.db").task("t2")
    for slug, name in (("paper", "Our paper"), ("empty-one", "")):
        (home / "kanban" / "boards" / slug).mkdir(parents=True, exist_ok=True)
        (home / "kanban" / "boards" / slug / "board.json").write_text(json.dumps({"name": name}))
    (home / "kanban" / "boards" / "no board").mkdir()
    assert [
        (one["slug"], one["name"], one["tasks"], one["is_current"]) for one in data(opened)["boards"]
    ] == [
        ("default", "Default", 1, True),
        ("empty-one", "Empty One", 0, False),
        ("paper", "Our paper", 1, False),
    ]
    assert cards(opened)["ready"] == ["t1"]
    assert cards(opened, board="paper")["ready"] == ["t2"]
    (home / "kanban" / "current").write_text("paper\n")
    assert cards(opened)["ready"] == ["t2"]
    (home / "kanban" / "current").write_text("was-removed\n")
    assert data(opened)["board"] == "default"


def test_of_very_many_boards_every_one_is_listed_with_its_tasks(
    board: Board, opened: OpenHome, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hermes_hud_widget.sources.databases.MAX_DATABASES", 2)
    board.task("t")
    for number in range(5):
        Board(home / "kanban" / "boards" / f"b{number}" / "kanban.db").task(f"t{number}")
    assert [(one["slug"], one["tasks"]) for one in data(opened)["boards"]] == [
        ("default", 1),
        *((f"b{number}", 1) for number in range(5)),
    ]
    (home / "kanban" / "current").write_text("b4\n")
    assert cards(opened)["ready"] == ["t4"]
    assert sorted(to_pandas(opened.table("kanban_tasks", {}))["id"]) == ["t", *(f"t{n}" for n in range(5))]


def test_of_too_many_boards_to_be_listed_every_one_can_be_chosen(
    board: Board, opened: OpenHome, home: Path
) -> None:
    board.task("t1")
    for number in range(80):
        (home / "kanban" / "boards" / f"b{number:03}").mkdir(parents=True)
        shutil.copy(board.path, home / "kanban" / "boards" / f"b{number:03}" / "kanban.db")
    found = data(opened)
    boards = {one["slug"]: one["tasks"] for one in found["boards"]}
    assert (len(boards), found["total_boards"]) == (kanban.BOARDS_SHOWN, 81)
    assert set(boards.values()) == {1}
    board.path = home / "kanban" / "boards" / "b075" / "kanban.db"
    board.task("t2")
    found = shown(opened, board="b075")
    assert cards(opened, board="b075")["ready"] == ["t1", "t2"]
    assert found.data is not None
    assert (found.data["boards"][-1]["slug"], found.data["boards"][-1]["unfinished"]) == ("b075", 2)
    # Nothing tells of its changes.
    assert found.valid_until == NOW + kanban.WORKERS_AGAIN
    frame = to_pandas(opened.table("kanban_tasks", {}, NOW))
    assert frame["board"].nunique() == found.data["total_boards"]


def test_a_damaged_board_is_named_and_the_others_are_shown(
    board: Board, opened: OpenHome, home: Path
) -> None:
    board.task("t1")
    damaged = home / "kanban" / "boards" / "paper" / "kanban.db"
    damaged.parent.mkdir(parents=True)
    damaged.write_bytes(b"garbage " * 1024)
    boards = data(opened)["boards"]
    assert boards[0]["problem"] is None
    assert "kanban/boards/paper/kanban.db is damaged" in boards[1]["problem"]
    asked = shown(opened, board="paper")
    assert asked.status == "stale"
    assert asked.error is not None
    assert asked.error.path == "kanban/boards/paper/kanban.db"


def test_odd_values_are_tolerated(board: Board, opened: OpenHome) -> None:
    board.running(
        "t",
        title="",
        priority="high",
        created_at="2026-01-02T03:04:05Z",
        worker_pid="many",
        claim_expires="soon",
        skills="{",
        last_heartbeat_at=b"\xff",
        started_at=1e300,
        max_runtime_seconds="never",
    )
    task = data(opened, task="t")["detail"]["task"]
    assert (task["title"], task["priority"]) == ("t", 0)
    assert task["created_at"] == "2026-01-02T03:04:05Z"
    assert task["work"]["worker_pid"] is None


def test_an_old_database_without_the_newer_tables_and_columns_is_shown(home: Path, opened: OpenHome) -> None:
    with closing(sqlite3.connect(home / "kanban.db")) as database, database:
        database.execute(
            "CREATE TABLE tasks (id, title, status, created_at, spawn_failures, last_spawn_error)"
        )
        database.execute("INSERT INTO tasks VALUES ('t', 'Old', 'ready', 1, 2, 'no such profile')")
    task = data(opened, task="t")["detail"]["task"]
    assert (task["failures"], task["last_error"], task["runs"]) == (2, "no such profile", 0)


def test_every_number_can_be_recomputed_from_the_frames(board: Board, opened: OpenHome, home: Path) -> None:
    other = Board(home / "kanban" / "boards" / "paper" / "kanban.db")
    for number, status in enumerate((*kanban.COLUMNS, "archived", "ready", "todo")):
        (board if number % 3 else other).task(f"t{number}", status)
    board.running("r1", worker_pid=NOBODY)
    board.running("r2")
    for number in range(4):
        board.add(
            "task_runs",
            task_id="r1",
            status="failed",
            started_at=ago(hours=number),
            ended_at=ago(hours=number),
        )
        board.add("task_comments", task_id="r1", author="a", body="b", created_at=1)
    # At the same moment: what is stuck depends on it.
    tasks, runs = (to_pandas(opened.table(name, {}, NOW)) for name in ("kanban_tasks", "kanban_runs"))
    for slug in ("default", "paper"):
        found = data(opened, board=slug, archived=True)
        own = tasks[tasks["board"] == slug]
        assert {
            column["status"]: column["total"] for column in found["columns"] if column["total"]
        } == Counter(own["status"])
        summary = next(one for one in found["boards"] if one["slug"] == slug)
        assert summary["tasks"] == (own["status"] != "archived").sum()
        assert summary["unfinished"] == (~own["status"].isin(["archived", "done"])).sum()
        assert summary["running"] == (own["status"] == "running").sum()
        assert found["stuck"] == (own["stuck"].map(len) > 0).sum()
    first = tasks.set_index("id").loc["r1"]
    assert first["runs"] == (runs["task_id"] == "r1").sum() == 4
    assert first["comments"] == 4


def test_what_is_stuck_is_counted_beyond_the_cards_that_are_shown(board: Board, opened: OpenHome) -> None:
    for number in range(kanban.CARDS_SHOWN):
        board.running(f"well{number}", priority=1)
    board.running("stuck", claim_expires=ago(minutes=1))
    found = data(opened)
    assert "stuck" not in cards(opened)["running"]
    assert found["stuck"] == 1


def test_the_frame_has_the_newest_tasks_first(board: Board, opened: OpenHome) -> None:
    for hours, id in ((3, "old"), (1, "new"), (2, "middle")):
        board.task(id, created_at=ago(hours=hours))
    assert opened.table("kanban_tasks", {"limit": 2}).to_pandas()["id"].tolist() == ["new", "middle"]
