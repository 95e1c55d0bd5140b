"""The verification panel over rows as Hermes writes them: its rule, its sums, and what is odd in them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from hermes_hud_widget.core import OpenHome
from hermes_hud_widget.demo.parts.verification import _SCHEMA as SCHEMA
from hermes_hud_widget.panels import verification
from hermes_hud_widget.panels.verification import DAYS, EVENTS_SHOWN, PATHS_SHOWN, Verification
from hermes_hud_widget.place import Place
from support.agent import MakeAgent

NOW = datetime(2026, 7, 20, 12, tzinfo=UTC)
Show = Callable[..., Verification]


class Evidence:
    """Writes the database as Hermes does."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(SCHEMA)

    def check(self, session: str = "s", ago_s: float = 0, **values: Any) -> int:
        row = {
            "created_at": (NOW - timedelta(seconds=ago_s)).isoformat(),
            "session_id": session,
            "cwd": "/work/p",
            "root": "/work/p",
            "command": "pytest -q",
            "canonical_command": "pytest",
            "kind": "test",
            "scope": "full",
            "status": "passed",
            "exit_code": 0,
            "output_summary": "1 passed",
            **values,
        }
        return self._insert("verification_events", row)

    def state(self, session: str = "s", **values: Any) -> None:
        row = {"session_id": session, "root": "/work/p", "changed_paths_json": "[]", **values}
        self._insert("verification_state", row)

    def _insert(self, table: str, row: dict[str, Any]) -> int:
        marks = ", ".join("?" * len(row))
        with closing(sqlite3.connect(self._path)) as connection, connection:
            sql = f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})"
            return int(connection.execute(sql, tuple(row.values())).lastrowid or 0)


@pytest.fixture
def evidence(home: Path) -> Evidence:
    return Evidence(home / "verification_evidence.db")


@pytest.fixture
def show(home: Path) -> Show:
    """What the panel says now, of a real home."""

    def run(**query: Any) -> Verification:
        opened = OpenHome(Place(home, home, None), {"verification": verification.PANEL})
        try:
            shown = opened.collect("verification", opened.parse_query("verification", query), 1, NOW)
        finally:
            opened.close()
        assert shown.error is None
        return Verification.model_validate(shown.data)

    return run


def ago(seconds: float) -> str:
    return (NOW - timedelta(seconds=seconds)).isoformat()


def test_without_a_database_it_is_empty(show: Show) -> None:
    assert show().is_empty()


@pytest.mark.parametrize(
    ("status", "edited_ago_s", "expected"),
    [
        ("passed", None, "passed"),
        ("failed", None, "failed"),
        ("passed", 50, "stale"),
        ("failed", 50, "stale"),
        ("passed", 200, "passed"),
        ("passed", 100, "passed"),
    ],
)
def test_a_check_counts_until_something_is_edited_after_it(
    evidence: Evidence, show: Show, status: str, edited_ago_s: float | None, expected: str
) -> None:
    event = evidence.check(ago_s=100, status=status)
    evidence.state(last_event_id=event, last_edit_at=None if edited_ago_s is None else ago(edited_ago_s))
    (workspace,) = show().workspaces
    assert workspace.status == expected
    assert workspace.last is not None
    assert workspace.last.id == event


def test_what_was_edited_and_never_checked_is_unverified(evidence: Evidence, show: Show) -> None:
    evidence.state("edited", last_edit_at=ago(5), changed_paths_json=json.dumps(["/work/p/a.py"]))
    evidence.state("forgotten", last_event_id=77, last_edit_at=None)
    shown = show()
    assert {one.session_id: one.status for one in shown.workspaces} == {
        "edited": "unverified",
        "forgotten": "unverified",
    }
    assert shown.counts.unverified == 2
    assert shown.workspaces[0].changed_paths == ("/work/p/a.py",)


def test_of_many_paths_and_events_some_are_shown_and_all_are_counted(evidence: Evidence, show: Show) -> None:
    for number in range(EVENTS_SHOWN + 3):
        event = evidence.check(ago_s=1000 - number)
    paths = [f"/work/p/{number}.py" for number in range(PATHS_SHOWN + 5)]
    evidence.state(last_event_id=event, last_edit_at=ago(1), changed_paths_json=json.dumps(paths))
    shown = show()
    assert (len(shown.events), shown.total_events) == (EVENTS_SHOWN, EVENTS_SHOWN + 3)
    assert shown.events[0].id == event
    assert (len(shown.workspaces[0].changed_paths), shown.workspaces[0].changed) == (PATHS_SHOWN, len(paths))


def test_an_output_comes_only_when_it_is_asked_for(evidence: Evidence, show: Show) -> None:
    event = evidence.check(output_summary="214 passed in 41 s")
    assert "214 passed" not in show().model_dump_json()
    output = show(event=event).output
    assert output is not None
    assert (output.event, output.text) == (event, "214 passed in 41 s")
    gone = show(event=999).output
    assert gone is not None
    assert gone.text is None


def test_secrets_in_commands_and_outputs_are_masked(evidence: Evidence, show: Show) -> None:
    event = evidence.check(
        command="API_KEY=sk-0123456789abcdefghij pytest", output_summary="token=ghp_" + "a" * 36
    )
    assert "sk-0123456789" not in show().model_dump_json()
    assert "ghp_" not in show(event=event).model_dump_json()


def test_what_is_odd_is_told_as_it_is_and_is_no_failure(evidence: Evidence, show: Show) -> None:
    odd = evidence.check(created_at="yesterday", kind="smell", scope="", status="skipped", exit_code="?")
    evidence.state(last_event_id=odd, last_edit_at="never", changed_paths_json="{broken")
    evidence.state("other", last_event_id="x", last_edit_at=ago(1), changed_paths_json='{"a": 1}')
    shown = show()
    assert (shown.events[0].at, shown.events[0].kind, shown.events[0].exit_code) == (None, "smell", None)
    assert [one.changed for one in shown.workspaces] == [0, 0]


def test_sessions_are_told_by_their_titles(
    agent: MakeAgent, home: Path, evidence: Evidence, show: Show
) -> None:
    hermes = agent()
    hermes.session("s", title="Quantiles instead of a single number")
    hermes.session("untitled")
    for session in ("s", "untitled", "gone"):
        evidence.state(session, last_event_id=evidence.check(session))
    shown = show()
    titles = {"s": "Quantiles instead of a single number", "untitled": None, "gone": None}
    assert {one.session_id: one.session_title for one in shown.events} == titles
    assert {one.session_id: one.session_title for one in shown.workspaces} == titles
    assert all(one.last and one.last.session_title == one.session_title for one in shown.workspaces)


def test_every_number_can_be_recomputed_from_the_frames(home: Path, evidence: Evidence, show: Show) -> None:
    (home / "config.yaml").write_text("timezone: Europe/Vienna\n")
    for number in range(40):
        event = evidence.check(
            f"s{number % 5}",
            ago_s=number * 90_000,
            root=f"/work/p{number % 3}",
            kind=("test", "lint", "build")[number % 3],
            status="failed" if number % 4 == 0 else "passed",
        )
        if number < 10:
            edited = ago(number * 90_000 - 60) if number % 2 else None
            evidence.state(f"s{number}", last_event_id=event, last_edit_at=edited)
    shown = show()
    opened = OpenHome(Place(home, home, None), {"verification": verification.PANEL})
    try:
        from hermes_hud_widget.frames import to_pandas

        events = to_pandas(opened.table("verification_events", {}, NOW))
        workspaces = to_pandas(opened.table("verification_workspaces", {}, NOW))
    finally:
        opened.close()
    assert len(events) == shown.total_events
    assert workspaces["status"].value_counts().to_dict() == {
        name: count for name, count in vars(shown.counts).items() if count
    }
    passed = events["status"] == "passed"
    assert {kind.kind: (kind.passed, kind.failed) for kind in shown.kinds} == {
        kind: (int(passed[rows.index].sum()), int((~passed[rows.index]).sum()))
        for kind, rows in events.groupby("kind", observed=True)
    }
    days = events["at"].dt.tz_convert("Europe/Vienna").dt.date
    assert len(shown.days) == DAYS
    for day in shown.days:
        there = days == day.day
        assert (day.passed, day.failed) == (int((there & passed).sum()), int((there & ~passed).sum()))
    newest = cast("Any", events["id"].iloc[0])
    assert shown.events[0].id == newest
