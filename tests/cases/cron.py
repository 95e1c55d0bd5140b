from __future__ import annotations

from hermes_hud_widget.panels.cron import RUNS
from real.agent import Hermes
from support.agent import Agent
from support.examples import add_row


def fill(agent: Agent) -> None:
    agent.file("cron/jobs.json", b'{"jobs": [{"id": "j0", "name": "Job 0", "schedule": "every 30m"}]}')
    add_row(agent, RUNS, 0)
    agent.file("cron/output/j0/2026-05-04_08-00-00.md", b"# Cron Job: Job 0")
    agent.file("cron/suggestions.json", b'[{"id": "s0", "status": "pending", "title": "A weekly list"}]')


def change(hermes: Hermes, nonce: str) -> None:
    hermes("cron.jobs", "create_job", "Look at it", "every 1h", name=nonce)
