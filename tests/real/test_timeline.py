"""The timeline over what Hermes itself writes: sessions, runs, memory and skills."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hermes_hud_widget import Home
from real.agent import Hermes


@pytest.fixture
def seen(home: Path) -> Iterator[Home]:
    with Home(home) as opened:
        yield opened


def kinds(seen: Home) -> dict[str, dict[str, Any]]:
    """The frame's rows by kind and what."""
    rows = seen.frame("timeline", library="arrow").to_pylist()
    return {f"{row['kind']} {row['what']}": row for row in rows}


def test_sessions_go_from_start_to_end_as_hermes_lists_them(hermes: Hermes, seen: Home) -> None:
    hermes.db("create_session", "s1", "cli")
    hermes.db("append_message", "s1", "user", "Hello")
    hermes.compress("s1", "s2")
    hermes.db("append_message", "s2", "user", "And on")
    hermes.delegate("s2", "helper")
    hermes.db("create_session", "s3", "telegram")
    hermes.db("append_message", "s3", "user", "Hi")
    hermes.db("end_session", "s3", "idle")
    listed = {row["id"]: row for row in hermes.db("list_sessions_rich", limit=100)}
    rows = [row for row in seen.frame("timeline", library="arrow").to_pylist() if row["kind"] == "session"]
    assert {row["session_id"] for row in rows} == set(listed)
    for row in rows:
        one = listed[row["session_id"]]
        assert abs(row["at"].timestamp() - one["started_at"]) < 1e-3
        assert row["what"] == ("ended" if one["ended_at"] else "open")
        assert (row["end"] is None) == (one["ended_at"] is None)
    milestones = kinds(seen)
    assert milestones["milestone first"]["session_id"] == "s1"


def test_a_run_is_there_from_its_claim_to_its_end(hermes: Hermes, seen: Home) -> None:
    made = hermes("cron.jobs", "create_job", "Look at it", "every 1h", name="Hourly look")
    run = hermes("cron.executions", "create_execution", made["id"], source="manual")
    claimed = kinds(seen)["run claimed"]
    assert (claimed["title"], claimed["end"]) == ("Hourly look", None)
    hermes("cron.executions", "mark_execution_running", run["id"])
    assert kinds(seen)["run running"]["end"] is None
    hermes("cron.executions", "finish_execution", run["id"], success=True)
    done = kinds(seen)
    assert done["run completed"]["end"] >= claimed["at"]
    assert "run running" not in done


def test_memory_and_skills_are_there_when_hermes_wrote_them(hermes: Hermes, seen: Home) -> None:
    hermes.memory("add", "memory", "The user likes tea.")
    text = "---\nname: brew\ndescription: How to brew tea.\n---\n\n# Brew\n\nBoil water.\n"
    made = hermes("tools.skill_manager_tool", "skill_manage", "create", "brew", content=text)
    assert json.loads(made)["success"] is True
    hermes.db("create_session", "s1", "cli")
    call = {"id": "c1", "type": "function", "function": {"name": "memory", "arguments": "{}"}}
    hermes.db("append_message", "s1", "assistant", "", tool_calls=[call])
    hermes.db("append_message", "s1", "tool", '{"success": true}', tool_name="memory", tool_call_id="c1")
    found = kinds(seen)
    assert found["memory file"]["title"] == "MEMORY.md"
    assert {row["title"] for what, row in found.items() if what.startswith("skill")} == {"brew"}
    assert found["memory call"]["session_id"] == "s1"
