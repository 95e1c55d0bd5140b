from __future__ import annotations

import json

from hermes_hud_widget.panels.goals import PANEL
from hermes_hud_widget.sources import Table
from real.agent import Hermes
from support.agent import Agent
from support.examples import add_row


def fill(agent: Agent) -> None:
    entries = PANEL.sources["entries"]
    assert isinstance(entries, Table)
    add_row(agent, entries, 0, value=json.dumps({"goal": "All tests pass", "status": "active"}))


def prepare(hermes: Hermes) -> None:
    hermes.db("create_session", "s1", "cli")


def change(hermes: Hermes, nonce: str) -> None:
    hermes("goals", "set", "s1", f"Find the {nonce}")
