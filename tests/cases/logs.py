from __future__ import annotations

from real.agent import Hermes
from support.agent import Agent


def fill(agent: Agent) -> None:
    agent.file("logs/agent.log", b"2026-11-23 08:00:00,123 INFO [s0] run_agent: hello\n")


def prepare(hermes: Hermes) -> None:
    """Hermes' own set-up of its logs."""
    hermes("hermes_logging", "setup_logging")


def change(hermes: Hermes, nonce: str) -> None:
    hermes("logging", "warning", f"Look at {nonce}")
