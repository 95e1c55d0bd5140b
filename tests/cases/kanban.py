from __future__ import annotations

from hermes_hud_widget.panels.kanban import RUNS, TASKS
from real.agent import Hermes
from support.agent import Agent
from support.examples import add_row


def fill(agent: Agent) -> None:
    add_row(agent, TASKS, 0, status="ready", title="Card 0")
    add_row(agent, RUNS, 0, task_id="id 0", status="done")


def change(hermes: Hermes, nonce: str) -> None:
    hermes("board", "create_task", title=f"Find the {nonce}")
