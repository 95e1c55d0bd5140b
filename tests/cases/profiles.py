from __future__ import annotations

from real.agent import Hermes
from support.agent import Agent


def fill(agent: Agent) -> None:
    agent.file("profiles/deep/SOUL.md", b"# Deep\nThinks before it speaks.")


def change(hermes: Hermes, nonce: str) -> None:
    hermes("hermes_cli.profiles", "create_profile", nonce, no_alias=True, no_skills=True)
