from __future__ import annotations

from real.agent import Hermes
from support.agent import Agent


def fill(agent: Agent) -> None:
    agent.session("t0", title="Of the timeline")
    agent.message("t0", "user", "hello")


def change(hermes: Hermes, nonce: str) -> None:
    hermes("cron.executions", "create_execution", nonce, source="manual")
