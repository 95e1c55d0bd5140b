from __future__ import annotations

from real.agent import Hermes
from support.agent import Agent


def fill(agent: Agent) -> None:
    agent.session("m0", model="claude-sonnet-4-6", started_at=1.0)
    agent.file("config.yaml", b"model: claude-sonnet-4-6\n")


def change(hermes: Hermes, nonce: str) -> None:
    hermes("hermes_cli.config", "save_config", {"model": {"default": nonce, "provider": "anthropic"}})
