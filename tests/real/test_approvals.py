"""The approvals panel over results that Hermes' own tools write, and its settings."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hermes_hud_widget.core import OpenHome
from hermes_hud_widget.panels import approvals
from hermes_hud_widget.panels.approvals import Approvals
from hermes_hud_widget.place import Place
from real.agent import Hermes


@pytest.fixture
def opened(home: Path) -> OpenHome:
    return OpenHome(Place(home, home, None), {"approvals": approvals.PANEL})


def show(opened: OpenHome) -> Approvals:
    opened.settle("approvals")
    shown = opened.collect("approvals", opened.parse_query("approvals", {}), 1, datetime.now(UTC))
    assert shown.error is None
    return Approvals.model_validate(shown.data)


def keep(hermes: Hermes, number: int, command: str, result: str) -> None:
    """The call and its result, as Hermes keeps them."""
    function = {"name": "terminal", "arguments": json.dumps({"command": command})}
    call = {"id": f"c{number}", "call_id": f"c{number}", "type": "function", "function": function}
    hermes.db("append_message", "s", "assistant", "", tool_calls=[call])
    hermes.db("append_message", "s", "tool", result, tool_call_id=f"c{number}", tool_name="terminal")


def test_what_hermes_guards_say_becomes_the_outcome(home: Path, hermes: Hermes, opened: OpenHome) -> None:
    (home / "config.yaml").write_text("approvals:\n  deny: ['git push*']\n")
    hermes.db("create_session", "s", "cli")
    commands = {"rm -rf /": "hardline", "git push origin main": "deny-rule"}
    for number, command in enumerate(commands):
        guard = hermes("tools.approval", "check_all_command_guards", command, "local")
        assert not guard["approved"]
        # As terminal_tool answers (`tools/terminal_tool.py`).
        told = {"output": "", "exit_code": -1, "error": guard["message"], "status": "blocked"}
        keep(hermes, number, command, json.dumps(told, ensure_ascii=False))
    shown = show(opened)
    assert {one.command: one.outcome for one in shown.commands} == commands
    assert all(one.reason for one in shown.commands)
    opened.close()


def test_a_blocked_command_of_the_real_terminal_tool_is_told(
    home: Path, hermes: Hermes, opened: OpenHome
) -> None:
    hermes.db("create_session", "s", "cli")
    result = hermes("tools.terminal_tool", "terminal_tool", "rm -rf /")
    assert json.loads(result)["status"] == "blocked"
    keep(hermes, 1, "rm -rf /", result)
    (one,) = show(opened).commands
    assert (one.outcome, one.command, one.exit_code) == ("hardline", "rm -rf /", None)
    opened.close()


@pytest.mark.parametrize(
    "written",
    [
        "",
        "approvals: {mode: off, timeout: 90, cron_mode: approve}",
        "approvals: {mode: manual, timeout: '30', cron_mode: deny}",
        "approvals: {mode: auto, timeout: soon, cron_mode: 'no'}",
        "command_allowlist: [recursive delete, make]\nmemory: {write_approval: on}\nskills: {write_approval: 'no'}",
    ],
)
def test_settings_are_what_hermes_makes_of_them(
    home: Path, hermes: Hermes, opened: OpenHome, written: str
) -> None:
    (home / "config.yaml").write_text(written)
    hermes.db("create_session", "s", "cli")
    settings = show(opened).settings
    assert settings.mode == hermes("tools.approval", "_get_approval_mode")
    assert settings.timeout_s == hermes("tools.approval", "_get_approval_timeout")
    assert settings.cron_mode == hermes("tools.approval", "_get_cron_approval_mode")
    assert settings.approves_memory == hermes("tools.write_approval", "write_approval_enabled", "memory")
    assert settings.approves_skills == hermes("tools.write_approval", "write_approval_enabled", "skills")
    opened.close()


def test_pending_writes_are_those_that_hermes_lists(hermes: Hermes, opened: OpenHome) -> None:
    staged: list[dict[str, Any]] = []
    for number in range(3):
        payload = {"action": "add", "target": "memory", "content": f"a secret fact {number}"}
        staged.append(
            hermes(
                "tools.write_approval",
                "stage_write",
                "memory",
                payload,
                summary=f"fact {number}",
                origin="foreground",
            )
        )
    shown = show(opened)
    theirs = hermes("tools.write_approval", "list_pending", "memory")
    assert [(one.id, one.summary, one.origin, one.action) for one in shown.pending] == [
        (one["id"], one["summary"], one["origin"], one["action"]) for one in theirs
    ]
    assert shown.total_pending == hermes("tools.write_approval", "pending_count", "memory")
    assert "a secret fact" not in shown.model_dump_json()
    hermes("tools.write_approval", "discard_pending", "memory", staged[0]["id"])
    assert [one.id for one in show(opened).pending] == [one["id"] for one in staged[1:]]
    opened.close()
