from __future__ import annotations

from real.agent import Hermes
from support.agent import Agent

PROMPT = "Look whether it holds"


def fill(agent: Agent) -> None:
    agent.file(".env", b"ANTHROPIC_API_KEY=\n")


def prepare(hermes: Hermes) -> None:
    """A job that failed; of many such, the panel names only the first."""
    job = hermes("cron.jobs", "create_job", PROMPT, "every 1h", name="Fragile")
    hermes("cron.jobs", "mark_job_run", job["id"], False, "it failed")


def change(hermes: Hermes, nonce: str) -> None:
    job = next(job for job in hermes("cron.jobs", "list_jobs") if job["prompt"] == PROMPT)
    hermes("cron.jobs", "update_job", job["id"], {"name": nonce})
