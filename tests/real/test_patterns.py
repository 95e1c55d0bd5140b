"""The patterns panel over what Hermes itself does: `hermes insights` is the oracle for hours, days and tools."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from hermes_hud_widget.ledger import Ledger
from hermes_hud_widget.panel import Until
from hermes_hud_widget.panels import patterns
from hermes_hud_widget.panels.patterns import Patterns, PatternsQuery
from hermes_hud_widget.sources import Settings
from real.agent import Hermes

DAYS = 36_500
MOVE = """import sqlite3, sys
with sqlite3.connect(sys.argv[1], timeout=20) as database:
    # As if they had begun at other hours of other days.
    database.execute("UPDATE sessions SET started_at = started_at - 3600 * (23 * rowid % 71)")
"""
DAY_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@pytest.fixture
def collect(ledger: Ledger) -> Callable[[], Patterns]:
    """The panel over all time, in this machine's zone, which is that of Hermes' insights."""

    def run() -> Patterns:
        ledger.settle()
        while True:
            result = patterns.collect(ledger, Settings({}), PatternsQuery(days=0), datetime.now(UTC))
            assert isinstance(result, Until)
            found = cast("Patterns", result.payload)
            if found.progress is None:
                return found
            ledger.advance()

    return run


def call(hermes: Hermes, session: str, *tools: str, result: dict[str, Any] | None = None) -> None:
    """Tools called in one message, and their results."""
    calls = [
        {"id": f"{session}-{place}", "type": "function", "function": {"name": tool, "arguments": "{}"}}
        for place, tool in enumerate(tools)
    ]
    hermes.db("append_message", session, "assistant", "", tool_calls=calls)
    for place, tool in enumerate(tools):
        text = json.dumps(result or {"output": "ok", "exit_code": 0})
        hermes.db("append_message", session, "tool", text, tool_name=tool, tool_call_id=f"{session}-{place}")


def work(hermes: Hermes) -> None:
    """Sessions of every kind, with calls of tools."""
    for number, source in enumerate(("cli", "telegram", "cron", "cli")):
        session = f"s{number}"
        hermes.db("create_session", session, source)
        hermes.db("append_message", session, "user", "Fix the failing test")
        call(hermes, session, "read_file", "patch", *(["terminal"] * number))
    hermes.compress("s0", "s0b")
    call(hermes, "s0b", "read_file", "todo", "terminal", result={"output": "", "exit_code": 1})
    hermes.delegate("s1", "helper")
    call(hermes, "helper", "web_search")
    hermes.branch("s3", "branched")
    hermes.db("delete_session", "s2")


def assert_agree(shown: Patterns, report: dict[str, Any]) -> None:
    activity = report["activity"]
    assert {f"{hour}": sum(shown.sessions[hour::24]) for hour in range(24)} == {
        f"{one['hour']}": one["count"] for one in activity["by_hour"]
    }
    assert [sum(shown.sessions[24 * day : 24 * day + 24]) for day in range(7)] == [
        one["count"] for one in activity["by_day"]
    ]
    assert tuple(one["day"] for one in activity["by_day"]) == DAY_NAMES
    assert (shown.streak.active, shown.streak.longest) == (activity["active_days"], activity["max_streak"])
    assert shown.tools is not None
    assert {one.tool: one.calls for one in shown.tools.tools} == {
        one["tool"]: one["count"] for one in report["tools"]
    }
    assert [one.calls for one in shown.tools.tools] == [one["count"] for one in report["tools"]]
    assert sum(shown.messages) == report["overview"]["total_messages"]


@pytest.mark.parametrize("journal_mode", ["wal", "delete"])
def test_hours_days_and_tools_are_those_of_hermes_insights(
    start_hermes: Callable[..., Hermes], collect: Callable[[], Patterns], journal_mode: str
) -> None:
    hermes = start_hermes(journal_mode)
    work(hermes)
    subprocess.run([sys.executable, "-c", MOVE, str(hermes.home / "state.db")], check=True, timeout=30)
    assert_agree(collect(), hermes("insights", "generate", days=DAYS))
    # One more call, after all was read.
    call(hermes, "s1", "patch", "terminal")
    assert_agree(collect(), hermes("insights", "generate", days=DAYS))


def test_conversations_are_those_that_hermes_lists_without_their_branches(
    hermes: Hermes, collect: Callable[[], Patterns]
) -> None:
    work(hermes)
    shown = collect()
    listed = {row["id"] for row in hermes.db("list_sessions_rich", limit=100)}
    assert shown.conversations == len(listed - {"branched"})
    (cluster,) = shown.clusters
    assert (cluster.name, {one.session_id for one in cluster.examples}) == (
        "debugging",
        listed - {"branched"},
    )
    (prompt,) = shown.prompts
    assert (prompt.text, prompt.times) == ("Fix the failing test", 3)


def test_what_hermes_marks_as_failed_is_a_failure(hermes: Hermes, collect: Callable[[], Patterns]) -> None:
    work(hermes)
    shown = collect()
    assert shown.tools is not None
    assert {one.tool: one.failed for one in shown.tools.tools if one.failed} == {"terminal": 1}
    failed, _ = hermes("agent.display", "_detect_tool_failure", "terminal", json.dumps({"exit_code": 1}))
    assert failed is True
