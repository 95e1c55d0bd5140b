"""Tool calls as Hermes writes them: counted as its insights count them, failed where it marks them as failed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hermes_hud_widget import Home
from real.agent import Hermes

RETURNED = [
    ("terminal", {"output": "ok", "exit_code": 0, "error": None}),
    ("terminal", {"output": "", "exit_code": 1, "error": None}),
    ("terminal", {"output": "", "exit_code": -1, "error": "Command blocked"}),
    ("terminal", {"output": '"error" and "failed" in what it printed', "exit_code": 0}),
    ("execute_code", {"status": "success", "output": "1", "exit_code": 0}),
    ("execute_code", {"status": "error", "output": "", "error": "NameError"}),
    ("read_file", {"content": "1|x", "total_lines": 1}),
    ("read_file", {"error": "File not found: x"}),
    ("write_file", {"bytes_written": 3, "lint": {"status": "error", "error": "x"}}),
    ("write_file", {"error": "Permission denied"}),
    ("patch", {"success": True, "diff": '"failed"'}),
    ("patch", {"success": False, "error": "no match"}),
    ("memory", {"success": False, "error": "Adding this entry would exceed the limit"}),
    ("web_search", {"success": True, "data": {"web": [{"title": "a long enough title to be wrapped"}]}}),
    ("web_search", {"success": False, "error": "no network, which is a long enough text to be wrapped"}),
    ("todo", {"message": "saved", "success": True}),
    ("todo", {"message": "broken", "success": False}),
    ("browser_snapshot", "Error: no page is open, so there is nothing to be seen in it"),
    ("browser_snapshot", "- heading: a page with a long enough heading to be wrapped"),
]


@pytest.fixture
def worked(hermes: Hermes) -> Hermes:
    """A Hermes that called every one of them, warned about some, and was interrupted in the last call."""
    hermes.db("create_session", "s1", "cli", model="m")
    hermes.db("append_message", "s1", "user", "Go on")
    warn = {"action": "warn", "code": "exact", "message": "Stop retrying.", "count": 2}
    for number, (tool, value) in enumerate(RETURNED):
        text = value if isinstance(value, str) else json.dumps(value)
        call = {"id": f"c{number}", "function": {"name": tool, "arguments": json.dumps({"n": number})}}
        hermes.db("append_message", "s1", "assistant", "", tool_calls=[{"type": "function", **call}])
        if number % 3 == 1:
            label = f"\n\n[Tool loop warning: {warn['code']}; count={warn['count']}; {warn['message']}]"
            stored = f"{text}{label}"
        else:
            stored = text
        message = hermes(
            "agent.tool_dispatch_helpers", "make_tool_result_message", tool, stored, f"c{number}"
        )
        hermes.db(
            "append_message",
            "s1",
            "tool",
            message["content"],
            tool_name=tool,
            tool_call_id=f"c{number}",
        )
    last = [{"id": "last", "type": "function", "function": {"name": "terminal", "arguments": "{}"}}]
    hermes.db("append_message", "s1", "assistant", "", tool_calls=last, finish_reason="tool_calls")
    return hermes


def frame(home: Path, **asked: Any) -> Any:
    with Home(home) as opened:
        return opened.frame("tool_calls", **asked)


def test_calls_are_counted_as_hermes_insights_count_them(worked: Hermes, home: Path) -> None:
    worked.db("create_session", "s2", "cli", model="m")
    call = {"id": "c0", "type": "function", "function": {"name": "todo", "arguments": "{}"}}
    worked.db("append_message", "s2", "assistant", "", tool_calls=[call, {**call, "id": "c1"}])
    insights = worked("insights", "generate", days=1)
    theirs = {row["tool"]: row["count"] for row in insights["tools"]}
    ours = frame(home)["tool"].value_counts()
    assert {tool: int(count) for tool, count in ours.items() if count} == theirs
    assert len(frame(home)) == insights["overview"]["total_tool_calls"] == len(RETURNED) + 3


def test_a_call_has_failed_where_hermes_marks_it_as_failed(worked: Hermes, home: Path) -> None:
    found = frame(home).set_index("call_id")
    for number, (tool, value) in enumerate(RETURNED):
        text = value if isinstance(value, str) else json.dumps(value)
        has_failed, _ = worked("agent.display", "_detect_tool_failure", tool, text)
        assert found.loc[f"c{number}", "status"] == ("error" if has_failed else "ok"), (tool, value)
        if isinstance(value, dict) and "exit_code" in value:
            assert found.loc[f"c{number}", "exit_code"] == value["exit_code"]
    assert found.loc["last", "status"] == "no result"
    assert set(found["status"]) == {"ok", "error", "no result"}


def test_times_and_lengths_are_those_of_hermes_rows(worked: Hermes, home: Path) -> None:
    rows = worked.db("get_messages", "s1")
    results = {row["tool_call_id"]: row for row in rows if row["role"] == "tool"}
    found = frame(home, session_id="s1")
    callers = [row for row in rows if row["tool_calls"]]
    assert list(found["message_id"]) == [row["id"] for row in callers]
    for (_, ours), caller in zip(found.iterrows(), callers, strict=True):
        assert ours["called_at"].timestamp() == pytest.approx(caller["timestamp"])
        result = results.get(ours["call_id"])
        if result is not None:
            assert ours["duration_s"] == pytest.approx(result["timestamp"] - caller["timestamp"])
            assert ours["result_chars"] == len(result["content"])
    assert found["argument_chars"].iloc[0] == len('{"n": 0}')


def test_what_is_summarised_away_or_undone_says_so(worked: Hermes, home: Path) -> None:
    worked.db("create_session", "s2", "cli", model="m")
    first = worked.db("append_message", "s2", "user", "Try")
    call = {"id": "x", "type": "function", "function": {"name": "todo", "arguments": "{}"}}
    worked.db("append_message", "s2", "assistant", "", tool_calls=[call])
    worked.db("rewind_to_message", "s2", first)
    worked.db("archive_and_compact", "s1", [{"role": "user", "content": "a summary"}])
    states = frame(home).groupby("session_id", observed=True)["state"].unique()
    assert list(states["s1"]) == ["compacted"]
    assert list(states["s2"]) == ["rewound"]
