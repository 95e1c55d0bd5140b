from __future__ import annotations

from real.agent import Hermes
from support.agent import Agent


def fill(agent: Agent) -> None:
    agent.file("config.yaml", b"model: m\n")


def change(hermes: Hermes, nonce: str) -> None:
    hermes("hermes_cli.config", "set_config_value", "display.skin", nonce)
