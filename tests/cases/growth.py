from __future__ import annotations

from real.agent import Hermes
from support.agent import Agent


def fill(agent: Agent) -> None:
    """Counts what the other panels have."""
    agent.file("memories/USER.md", b"a person")


def change(hermes: Hermes, nonce: str) -> str:
    """777 characters about the user."""
    hermes.memory("add", "user", nonce.ljust(777, "."))
    return "777"
