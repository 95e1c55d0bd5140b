from __future__ import annotations

from real.agent import Hermes
from support.agent import Agent


def fill(agent: Agent) -> None:
    agent.memory(["one"])
    agent.memory(["a person"], store="user")
    agent.file("memories/MEMORY.md.bak.1770000000", b"one")


def change(hermes: Hermes, nonce: str) -> None:
    hermes.memory("add", "memory", f"The user says {nonce}.")
