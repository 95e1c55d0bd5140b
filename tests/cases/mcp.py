from __future__ import annotations

from real.agent import Hermes
from support.agent import Agent


def fill(agent: Agent) -> None:
    agent.file("mcp-tokens/maps.json", b'{"access_token": "x"}')


def change(hermes: Hermes, nonce: str) -> None:
    hermes("hermes_cli.mcp_config", "_save_mcp_server", nonce, {"url": "https://mcp.example.com/mcp"})
