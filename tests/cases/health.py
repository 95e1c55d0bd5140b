from __future__ import annotations

from real.agent import Hermes
from support.agent import Agent


def fill(agent: Agent) -> None:
    agent.file(".env", b"ANTHROPIC_API_KEY=\n")


def change(hermes: Hermes, nonce: str) -> None:
    hermes("cron.jobs", "create_job", "Look at it", "every 1h", name=nonce)
    hermes("cron.jobs", "mark_job_run", hermes("cron.jobs", "list_jobs")[0]["id"], False, f"{nonce} failed")
