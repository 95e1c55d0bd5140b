from __future__ import annotations

from real.agent import Hermes
from support.agent import Agent


def fill(agent: Agent) -> None:
    agent.file("skills/group/one/SKILL.md", b"---\nname: one\n---\nHow to do one thing.")


def change(hermes: Hermes, nonce: str) -> None:
    hermes(
        "tools.skill_manager_tool",
        "skill_manage",
        "create",
        nonce,
        f"---\nname: {nonce}\ndescription: x\n---\n# It\nText",
    )
