from __future__ import annotations

import json

from hermes_hud_widget.panels.agents import DELEGATIONS
from real.agent import Hermes
from support.agent import Agent
from support.examples import add_row


def fill(agent: Agent) -> None:
    add_row(agent, DELEGATIONS, 0, state="completed", task_json='{"goal": "Look at it"}', event_json=None)
    agent.file(
        "processes.json",
        json.dumps([{"session_id": "proc_0", "pid": 1, "pid_scope": "host", "command": "sleep 9"}]).encode(),
    )
    agent.file(
        "spawn-trees/s0/_index.jsonl",
        b'{"session_id": "s0", "label": "Three at once", "count": 3, "finished_at": 1780000000.0}\n',
    )


def change(hermes: Hermes, nonce: str) -> None:
    """As `delegate_task` dispatches; only that the subagent's work is nothing here."""
    hermes("delegation", "dispatch", [f"Find the {nonce}"])
