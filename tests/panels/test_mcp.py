"""The MCP panel's function on contents that the test makes up."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hermes_hud_widget.core import OpenHome
from hermes_hud_widget.panel import Until
from hermes_hud_widget.panels import mcp
from hermes_hud_widget.place import find_place
from hermes_hud_widget.sources import FoundFile, FoundFiles, Settings
from panels.test_gateway import anything
from support.agent import MakeAgent

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


def tokens(**files: Any) -> FoundFiles:
    found = tuple(
        FoundFile(f"{name}.json", 1, NOW, text=json.dumps(content)) for name, content in files.items()
    )
    return FoundFiles(found, len(found))


def show(servers: Any, files: FoundFiles | None = None) -> list[mcp.McpServer]:
    found = mcp.collect(Settings({"mcp_servers": servers}), files or FoundFiles(), None, NOW)
    assert isinstance(found, Until)
    assert isinstance(found.payload, mcp.Mcp)
    return list(found.payload.servers)


SERVERS = [
    ({"command": "/usr/bin/npx -y --key=k"}, ("stdio", "npx", None, None)),
    ({"command": "C:\\Tools\\uvx.exe", "env": {"K": "v"}}, ("stdio", "uvx.exe", None, "variables")),
    ({"url": "https://u:p@mcp.example.com:8443/x?key=1", "headers": {"A": "b"}}, ("http", None, "mcp.example.com:8443", "headers")),
    ({"url": "http://[::1]:3/sse", "transport": "sse"}, ("sse", None, "::1:3", None)),
    ({"url": "https://x.example", "auth": "OAuth"}, ("http", None, "x.example", "oauth")),
    ({"url": "https://x.example", "auth": "k-1234567"}, ("http", None, "x.example", "headers")),
    ({"url": "https://x.example", "command": "npx"}, ("http", None, "x.example", None)),
    ({}, (None, None, None, None)),
]  # fmt: skip


@pytest.mark.parametrize(("written", "expected"), SERVERS)
def test_a_server_is_reached(written: Any, expected: Any) -> None:
    (found,) = show({"a": written})
    assert (found.transport, found.program, found.host, found.auth) == expected


@pytest.mark.parametrize(
    ("written", "is_on"), [(None, True), ("yes", True), ("off", False), (0, False), ("odd", True)]
)
def test_a_switch_is_read_as_hermes_reads_it(written: Any, is_on: bool) -> None:
    assert show({"a": {"command": "x", "enabled": written}})[0].is_enabled is is_on


LOGINS = [
    # what the file says, seconds until its end, its state
    ({"access_token": "x"}, None, "ok"),
    ({"access_token": "x", "expires_at": NOW.timestamp() + 60}, 60, "ok"),
    ({"access_token": "x", "expires_at": NOW.timestamp() - 60}, -60, "expired"),
    ({"access_token": "x", "expires_at": NOW.timestamp() - 60, "refresh_token": "x"}, -60, "ok"),
    ({"access_token": "x", "expires_in": 30}, 30, "ok"),
]


@pytest.mark.parametrize(("written", "lasts_s", "state"), LOGINS)
def test_a_login_lasts(written: Any, lasts_s: float | None, state: str) -> None:
    (found,) = show({"a": {"url": "https://x.example", "auth": "oauth"}}, tokens(a=written))
    assert found.login == state
    assert found.expires_at == (None if lasts_s is None else NOW + timedelta(seconds=lasts_s))


def test_a_server_that_wants_a_login_and_has_none_says_so() -> None:
    assert show({"a": {"url": "https://x.example", "auth": "oauth"}})[0].login == "missing"


def test_a_login_of_a_server_that_is_gone_is_told_and_what_lies_beside_it_is_not() -> None:
    files = FoundFiles(
        (*tokens(b={}).files, FoundFile("b.client.json", 1, NOW, text='{"client_secret": "s"}')), 2
    )
    assert [(one.name, one.is_configured) for one in show({"a": {"command": "x"}}, files)] == [
        ("a", True),
        ("b", False),
    ]


def test_every_number_can_be_recomputed_from_the_frames(agent: MakeAgent) -> None:
    hermes = agent()
    hermes.session("s1", title="Calls")
    for number, tool in enumerate(
        ("mcp__a__look", "mcp_a_look", "mcp__a_b__look", "mcp__a__find", "read_file")
    ):
        hermes.message(
            "s1", "assistant", "", tool_calls=[{"id": f"c{number}", "name": tool, "arguments": {}}]
        )
        result = '{"error": "gone"}' if number == 3 else '{"result": 1}'
        hermes.message("s1", "tool", result, tool_call_id=f"c{number}", tool_name=tool)
    hermes.file(
        "config.yaml", json.dumps({"mcp_servers": {"a": {"command": "x"}, "a.b": {"command": "y"}}}).encode()
    )
    opened = OpenHome(find_place(hermes.home), {"mcp": mcp.PANEL})
    try:
        frame = opened.table("mcp_servers", {}).to_pandas().set_index("name")
        opened.settle("mcp")
        shown: Any = opened.collect("mcp", opened.parse_query("mcp", {}), 1).data
    finally:
        opened.close()
    assert frame["calls"].to_dict() == {"a": 3, "a.b": 1}
    for server in shown["servers"]:
        assert (server["calls"], server["failed"]) == tuple(frame.loc[server["name"], ["calls", "failed"]])
        assert server["calls"] == sum(tool["calls"] for tool in server["tools"])
    assert frame.loc["a", "failed"] == 1


@given(st.dictionaries(st.text(max_size=5), anything) | anything, anything)
def test_no_content_of_a_readable_file_breaks_it(servers: Any, said: Any) -> None:
    keys = ("command", "url", "tools", "auth", "enabled", "timeout", "headers")
    show(servers)
    show({"a": dict.fromkeys(keys, said)}, tokens(a=said, b={"expires_at": said, "expires_in": said}))


def test_while_the_calls_are_being_read_it_is_collected_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mcp, "_uses", lambda *given, **named: None)
    soon, late = NOW + timedelta(days=1), {"a": {"command": "x"}}
    found = mcp.collect(
        Settings({"mcp_servers": late}), tokens(a={"expires_at": soon.timestamp()}), None, NOW
    )
    assert isinstance(found, Until)
    assert isinstance(found.payload, mcp.Mcp)
    assert (found.payload.is_reading, found.valid_until) == (True, NOW + mcp.AGAIN)
