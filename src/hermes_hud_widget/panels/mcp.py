"""The MCP servers: how each is reached, what it may offer, its login, and how its tools were used."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from hermes_hud_widget.day import zone
from hermes_hud_widget.frames import Column, Frame, FrameArguments
from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.ledger.ledger import Ledger
from hermes_hud_widget.ledger.tool_use import ToolUse
from hermes_hud_widget.ledger.values import number
from hermes_hud_widget.panel import Panel, Payload, Until
from hermes_hud_widget.panels.effective import effective
from hermes_hud_widget.panels.written import host, is_on, later, mapping, parsed, program, soonest, text, when
from hermes_hud_widget.sources import ConfigFile, Folder, FoundFile, FoundFiles, Settings, StateDb
from hermes_hud_widget.views import view

SERVERS_SHOWN, TOOLS_SHOWN, NAMES_SHOWN = 60, 40, 40
AGAIN = timedelta(seconds=1)
"""How soon it is asked again while the calls are being read."""

McpTransport = Literal["stdio", "http", "sse"]
McpLogin = Literal["none", "ok", "expired", "missing"]


@frozen
class McpTool:
    """One tool of a server, as it was called.

    Attributes:
        failed: Calls whose result is a failure by the rule that Hermes marks failed tools with.
    """

    name: str
    calls: int
    failed: int
    last_at: datetime | None


@frozen
class McpServer:
    """One server. Neither its arguments, its variables, nor its headers are told.

    Attributes:
        transport: None: nothing says how it is reached.
        program: The name of the program that is started, without its path.
        host: Where it is reached, without path or query.
        is_configured: False for one that is gone from the configuration but left a login or calls.
        auth: `oauth`, `headers`, `variables` (it gets some), or what else is written; None: nothing.
        login: Of OAuth: `ok`, `expired` (and cannot renew itself), `missing` (nobody logged in yet); else `none`.
        expires_at: When its token ends; None: never, or it is not told.
        renews: True if Hermes can renew it by itself.
        include: Only these of its tools are offered; empty: all.
        exclude: These are not.
        problem: Why Hermes cannot use it: `unreachable` (neither a command nor a URL), `not-a-mapping`.
        calls: Calls of its tools in all sessions; None: they are still being read.
        tools: Those that were called, most calls first.
    """

    name: str
    transport: McpTransport | None
    program: str | None
    host: str | None
    is_configured: bool
    is_enabled: bool
    auth: str | None
    login: McpLogin
    expires_at: datetime | None
    renews: bool
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    has_resources: bool
    has_prompts: bool
    timeout_s: float | None
    problem: str | None
    calls: int | None
    failed: int | None
    last_at: datetime | None
    tools: tuple[McpTool, ...]


class Mcp(Payload):
    """What the MCP panel shows.

    Attributes:
        servers: In the order of `config.yaml`, then those that are gone from it.
        total: How many there are; `servers` has the first of them.
        is_reading: True while the calls are still being read.
    """

    servers: tuple[McpServer, ...]
    total: int
    is_reading: bool

    def is_empty(self) -> bool:
        return not self.servers


@frozen
class _Login:
    """A server's OAuth tokens, as far as they may be told."""

    expires_at: datetime | None
    renews: bool


def collect(config: Settings, tokens: FoundFiles, state: Ledger | None, now: datetime) -> Mcp | Until:
    """Each server with its login and its calls."""
    uses = _uses(config, tokens, state, until_all=False)
    found = _servers(config, tokens, uses, now)
    mcp = Mcp(servers=tuple(found[:SERVERS_SHOWN]), total=len(found), is_reading=uses is None)
    again = now + AGAIN if uses is None else None
    return Until(mcp, soonest((again, *(server.expires_at for server in found)), now))


def _uses(
    config: Settings, tokens: FoundFiles, state: Ledger | None, *, until_all: bool
) -> Sequence[ToolUse] | None:
    """Calls of all tools; None while they are being read. Without any server nothing is read for it."""
    if state is None or not (mapping(config.get("mcp_servers")) or tokens.files):
        return ()
    where, _ = zone(config.text("timezone"))
    tools = state.patterns(None, where, prompts=0, workflows=0, until_all=until_all).tools
    return tools.tools if tools is not None else None


def _servers(
    config: Settings, tokens: FoundFiles, uses: Sequence[ToolUse] | None, now: datetime
) -> list[McpServer]:
    written = mapping(effective(config.values).get("mcp_servers"))
    logins = {
        file.path.removesuffix(".json"): _login(file)
        for file in tokens.files
        # Beside the tokens of a server lie what it registered (`.client.json`) and what it said of itself.
        if "." not in file.path.removesuffix(".json")
    }
    names = dict.fromkeys(written)
    safe = {_file_name(name) for name in names}
    names.update(dict.fromkeys(name for name in logins if name not in safe))
    calls = _by_server(names, uses or ())
    return [
        _server(name, written, logins.get(_file_name(name)), None if uses is None else calls[name], now)
        for name in names
    ]


def _server(
    name: str,
    written: Mapping[str, Any],
    login: _Login | None,
    calls: Sequence[McpTool] | None,
    now: datetime,
) -> McpServer:
    said = mapping(written.get(name))
    url, command = said.get("url"), said.get("command")
    is_configured = name in written
    transport: McpTransport | None = None
    if url:
        transport = "sse" if said.get("transport") == "sse" else "http"
    elif command:
        transport = "stdio"
    problem = None
    if is_configured and transport is None:
        problem = "unreachable" if isinstance(written.get(name), Mapping) else "not-a-mapping"
    offered = mapping(said.get("tools"))
    auth = _auth(said, login)
    state: McpLogin = "none"
    if login is not None:
        is_over = login.expires_at is not None and login.expires_at <= now and not login.renews
        state = "expired" if is_over else "ok"
    elif auth == "oauth":
        state = "missing"
    timeout = number(said.get("timeout"))
    return McpServer(
        name=name[:120],
        transport=transport,
        program=program(command) if transport == "stdio" else None,
        host=host(url),
        is_configured=is_configured,
        is_enabled=is_configured and is_on(said.get("enabled", True)),
        auth=auth,
        login=state,
        expires_at=login.expires_at if login else None,
        renews=login.renews if login else False,
        include=_names(offered.get("include")),
        exclude=_names(offered.get("exclude")),
        has_resources=is_on(offered.get("resources", True)),
        has_prompts=is_on(offered.get("prompts", True)),
        timeout_s=timeout if timeout is not None and 0 < timeout < 1e9 else None,
        problem=problem,
        calls=None if calls is None else sum(tool.calls for tool in calls),
        failed=None if calls is None else sum(tool.failed for tool in calls),
        last_at=max((tool.last_at for tool in calls or () if tool.last_at), default=None),
        tools=tuple(calls or ())[:TOOLS_SHOWN],
    )


def _auth(said: Mapping[str, Any], login: _Login | None) -> str | None:
    """How it logs in, by a word; only words that Hermes knows are shown as they are."""
    written = str(said.get("auth") or "").strip().lower()
    if written in ("oauth", "none", "basic", "bearer"):
        return written
    if written or said.get("headers"):
        return "headers"
    if login is not None:
        return "oauth"
    return "variables" if said.get("env") else None


def _names(written: Any) -> tuple[str, ...]:
    several = written if isinstance(written, list) else [written]
    return tuple(found for found in (text(each, 120) for each in several[:NAMES_SHOWN]) if found)


def _login(file: FoundFile) -> _Login:
    """When a token ends; older files say only how long it lasts from when they were written (`tools/mcp_oauth.py`)."""
    said = mapping(parsed(file.text))
    expires_at = when(said.get("expires_at"))
    lasts_s = number(said.get("expires_in"))
    if expires_at is None and lasts_s is not None:
        expires_at = later(file.modified_at, lasts_s)
    return _Login(expires_at, bool(said.get("refresh_token")))


def _by_server(names: Iterable[str], uses: Sequence[ToolUse]) -> dict[str, list[McpTool]]:
    """The calls by server: Hermes calls a tool `mcp__SERVER__TOOL`, older releases `mcp_SERVER_TOOL`."""
    found: dict[str, list[McpTool]] = {name: [] for name in names}
    # A server's name may begin with another's.
    prefixes = sorted(
        ((mark, name) for name in found for mark in _marks(name)), key=lambda pair: -len(pair[0])
    )
    for use in uses:
        if use.tool.startswith("mcp_"):
            for mark, name in prefixes:
                if use.tool.startswith(mark):
                    tool = use.tool.removeprefix(mark)[:120]
                    found[name].append(McpTool(tool, use.calls, use.failed, use.last_at))
                    break
    return found


def _marks(name: str) -> tuple[str, str]:
    safe = re.sub(r"[^A-Za-z0-9_]", "_", name)
    return f"mcp__{safe}__", f"mcp_{safe}_"


def _file_name(name: str) -> str:
    """What Hermes calls a server's token file (`tools/mcp_oauth.py`, `_safe_filename`)."""
    return re.sub(r"[^\w\-]", "_", name).strip("_")[:128] or "default"


def _fill(
    config: Settings, tokens: FoundFiles, state: Ledger | None, args: FrameArguments, now: datetime
) -> dict[str, list[Any]]:
    rows = _servers(config, tokens, _uses(config, tokens, state, until_all=True), now)[: args.limit]
    lists = ("include", "exclude")
    return {
        column.name: [
            list(getattr(row, column.name)) if column.name in lists else getattr(row, column.name)
            for row in rows
        ]
        for column in COLUMNS
    }


TOKENS = "mcp-tokens/NAME.json"
CALLS = "state.db: messages.tool_calls"

COLUMNS = (
    Column("name", "text", "The server"),
    Column("transport", "category", "stdio, http, sse", source="computed"),
    Column(
        "program",
        "text",
        "The program that is started, without path and arguments",
        source="config.yaml: command",
    ),
    Column("host", "text", "Where it is reached", is_identifier=True, source="config.yaml: url, its host"),
    Column("is_configured", "boolean", "False: it is gone from the configuration", source="computed"),
    Column("is_enabled", "boolean", "Hermes starts it"),
    Column(
        "auth",
        "category",
        "oauth, headers, variables, basic, bearer, none; missing: nothing",
        source="computed",
    ),
    Column("login", "category", "none, ok, expired, missing", source=TOKENS),
    Column("expires_at", "instant", "When its token ends", source=TOKENS),
    Column("renews", "boolean", "Hermes can renew it by itself", source=TOKENS),
    Column("include", "texts", "Only these of its tools are offered", source="config.yaml: tools.include"),
    Column("exclude", "texts", "These are not", source="config.yaml: tools.exclude"),
    Column("timeout_s", "number", "How long a call may take", unit="s", source="config.yaml: timeout"),
    Column("calls", "integer", "Calls of its tools", source=CALLS),
    Column("failed", "integer", "How many of them failed", source=CALLS),
    Column("last_at", "instant", "When the last one was", source=CALLS),
)

PANEL = Panel(
    "mcp",
    "MCP",
    collect,
    titles={"zh": "MCP"},
    icon="plug",
    group="system",
    frames=(
        Frame(
            "mcp_servers",
            COLUMNS,
            _fill,
            about="One row for each MCP server, in the order of the configuration",
            source="config.yaml: mcp_servers",
        ),
    ),
    view=view("mcp"),
    config=ConfigFile(),
    tokens=Folder("mcp-tokens", "*.json", read_bytes=65_536),
    state=StateDb(),
)
