"""What the tests put into a home, and the cell that shows it."""

from __future__ import annotations

import re
import secrets

from support.agent import Agent

MESSAGES = 4_321
NUMBER = re.compile(r"4[,.  ]?321")
"""How `MESSAGES` may be written on screen."""

REFUSED = "WebSocket connection to 'ws://127.0.0.1:.*failed"
WHY_REFUSED = "the server was ended or the way to it cut, and the browser reports each attempt to return"


def nonce(what: str) -> str:
    """A word that is nowhere else."""
    return f"{what}-{secrets.token_hex(6)}"


def furnish(agent: Agent) -> Agent:
    """A session at work, an ended one, some memory; `MESSAGES` messages in all."""
    agent.session("20260101_080000_aaaaaa", title="Sweep the harbour")
    agent.message("20260101_080000_aaaaaa", "user", "Please sweep the harbour")
    agent.message(
        "20260101_080000_aaaaaa",
        "assistant",
        tool_calls=[{"id": "call_1", "name": "terminal", "arguments": {"command": "sweep"}}],
    )
    agent.tokens("20260101_080000_aaaaaa", input_tokens=1200, output_tokens=340, estimated_cost_usd=0.0146)
    agent.session(
        "20251231_170000_bbbbbb",
        title="Paint the boat",
        ended_at=1_767_200_000.0,
        end_reason="cli_close",
        message_count=MESSAGES - 2,
        started_at=1_767_190_000.0,
    )
    agent.memory(["The harbour master is called Ada", "§ 12 forbids paint in the water"])
    agent.memory(["Prefers short answers"], "user")
    return agent


def cell(agent: Agent, more: str = "") -> str:
    """A cell that shows the HUD on this agent's home."""
    return f"from hermes_hud_widget import HUD\nHUD({str(agent.home)!r}{more})"
