from __future__ import annotations

from real.agent import Hermes
from support.agent import Agent


def fill(agent: Agent) -> None:
    agent.file("skills/group/kept/SKILL.md", b"---\nname: kept\n---\nHow to do it.")
    agent.file(
        "skills/.usage.json",
        b'{"kept": {"created_by": "agent", "created_at": "2026-05-04T08:00:00+00:00", "use_count": 1}}',
    )
    agent.file("logs/curator/20260504-080000/run.json", b'{"started_at": "2026-05-04T08:00:00+00:00"}')
    agent.file("logs/curator/20260504-080000/REPORT.md", b"# Curator run")
    agent.file("skills/.archive/old/SKILL.md", b"---\nname: old\n---\nHow it was done.")
    agent.file("skills/.curator_backups/2026-05-04T08-00-00Z/skills.tar.gz", b"archive")


def change(hermes: Hermes, nonce: str) -> None:
    text = f"---\nname: {nonce}\ndescription: x\n---\n# It\nText"
    hermes("tools.skill_manager_tool", "skill_manage", "create", nonce, text)
    hermes("tools.skill_usage", "mark_agent_created", nonce)
