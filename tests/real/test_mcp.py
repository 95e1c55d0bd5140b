"""Servers, their switches and the names of their tools are as Hermes' own code has them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hermes_hud_widget import Home
from real.agent import Hermes

SERVERS: dict[str, Any] = {
    "plain": {"command": "npx", "args": ["-y", "x"]},
    "off": {"command": "npx", "enabled": "no"},
    "far.away-1": {"url": "https://mcp.example.com/mcp", "transport": "sse", "enabled": "yes"},
    "web": {"url": "https://web.example.com/mcp", "auth": "oauth"},
}


def servers(home: Path) -> dict[str, Any]:
    with Home(home) as hud:
        return {row["name"]: row for row in hud.frame("mcp_servers").to_dict("records")}


def test_transport_and_switch_are_those_of_hermes_own_status(hermes: Hermes, home: Path) -> None:
    for name, server in SERVERS.items():
        assert hermes("hermes_cli.mcp_config", "_save_mcp_server", name, server)
    theirs = {row["name"]: row for row in hermes("tools.mcp_tool", "get_mcp_status")}
    ours = servers(home)
    assert list(ours) == list(theirs)
    for name, row in ours.items():
        assert (row["transport"], row["is_enabled"]) == (
            theirs[name]["transport"],
            not theirs[name]["disabled"],
        )


def test_the_calls_of_a_tool_are_its_servers(hermes: Hermes, home: Path) -> None:
    for name, server in SERVERS.items():
        hermes("hermes_cli.mcp_config", "_save_mcp_server", name, server)
    hermes.db("create_session", "s1", "cli")
    for number, server in enumerate(("far.away-1", "web", "web")):
        tool = hermes("tools.mcp_tool", "mcp_prefixed_tool_name", server, "look")
        call = {"id": f"c{number}", "type": "function", "function": {"name": tool, "arguments": "{}"}}
        hermes.db("append_message", "s1", "assistant", "", tool_calls=[call])
        result = json.dumps({"error": "gone"} if number == 2 else {"result": "x"})
        hermes.db("append_message", "s1", "tool", result, tool_call_id=f"c{number}", tool_name=tool)
    ours = servers(home)
    assert {name: row["calls"] for name, row in ours.items()} == {
        "plain": 0,
        "off": 0,
        "far.away-1": 1,
        "web": 2,
    }
    assert ours["web"]["failed"] == 1


def test_a_login_is_found_under_the_name_that_hermes_gives_its_file(hermes: Hermes, home: Path) -> None:
    hermes("hermes_cli.mcp_config", "_save_mcp_server", "far.away-1", SERVERS["far.away-1"])
    file = hermes("tools.mcp_oauth", "_safe_filename", "far.away-1")
    (home / "mcp-tokens").mkdir()
    (home / "mcp-tokens" / f"{file}.json").write_text(json.dumps({"access_token": "x", "expires_at": 1.0}))
    assert servers(home)["far.away-1"]["login"] == "expired"
