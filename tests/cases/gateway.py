from __future__ import annotations

import json

from hermes_hud_widget.panels.gateway import DELIVERIES
from real.agent import Hermes
from support.agent import Agent
from support.examples import add_row


def fill(agent: Agent) -> None:
    state = {"gateway_state": "stopped", "platforms": {"telegram": {"state": "disconnected"}}}
    agent.file("gateway_state.json", json.dumps(state).encode())
    hook = {"description": "From the forge", "events": ["push"], "deliver": "telegram", "secret": "s"}
    agent.file("webhook_subscriptions.json", json.dumps({"forge": hook}).encode())
    add_row(agent, DELIVERIES, 0, created_at=1.0, updated_at=1.0, attempts=0)


def change(hermes: Hermes, nonce: str) -> None:
    hermes(
        "gateway.status",
        "write_runtime_status",
        gateway_state="running",
        platform=nonce,
        platform_state="connected",
    )
