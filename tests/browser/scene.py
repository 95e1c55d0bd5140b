"""What the tests put into a home, and the cell that shows it."""

from __future__ import annotations

import re
import secrets
from string import ascii_lowercase

from playwright.sync_api import expect

from browser.notebook import Hud
from support.agent import Agent

MESSAGES = 4_321
NUMBER = re.compile(r"4[,.  ]?321")
"""How `MESSAGES` may be written on screen."""

REFUSED = "WebSocket connection to 'ws://127.0.0.1:.*failed"
WHY_REFUSED = "the server was ended or the way to it cut, and the browser reports each attempt to return"
GONE = r"status of 50\d .*/proxy/\d+/healthz"
WHY_GONE = "the page asks Jupyter's proxy for a server that was ended"


def nonce(what: str) -> str:
    """A word that is nowhere else: of letters, since what shows messages of errors hides long numbers in them."""
    return f"{what}-{''.join(secrets.choice(ascii_lowercase) for _ in range(12))}"


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


CONVERGED_S = 2.0
"""So long after a way is open everything that was written meanwhile is on screen."""


class Diary:
    """What the agent adds to its memory, entry by entry; a HUD must list all of them, in order, once each.

    Args:
        agent: Who writes.
        hud: Who shows it; it is turned to the memory.
    """

    def __init__(self, agent: Agent, hud: Hud) -> None:
        self._agent, self._hud = agent, hud
        self._entries: list[str] = []
        self._list = hud.root.locator('[data-panel="memory"] [data-store="memory"]')
        self.write()
        self.show()
        self.expect_shown()

    def show(self) -> None:
        """Turns the HUD to the memory."""
        self._hud.show("memory")

    def write(self, entries: int = 5) -> None:
        """Adds so many, one file replaced after another."""
        for _ in range(entries):
            self._entries.append(nonce("entry"))
            self._agent.memory(self._entries)

    def expect_shown(self, seconds: float = CONVERGED_S) -> None:
        """Waits until the last one is on screen: then all must be."""
        expect(self._list.get_by_text(self._entries[-1])).to_be_visible(timeout=seconds * 1000)
        words = self._list.inner_text().split()
        assert [word for word in words if word.startswith("entry-")] == self._entries


def cell(agent: Agent, more: str = "", transport: str = "") -> str:
    """A cell that shows the HUD on this agent's home; `transport` is for `HERMES_HUD_TRANSPORT`."""
    switch = f"import os\nos.environ['HERMES_HUD_TRANSPORT'] = {transport!r}\n" if transport else ""
    return f"{switch}from hermes_hud_widget import HUD\nHUD({str(agent.home)!r}{more})"
