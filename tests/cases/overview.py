from __future__ import annotations

from real.agent import Hermes
from support.agent import Agent


def fill(agent: Agent) -> None:
    agent.session("o0", title="Of the overview")
    agent.message("o0", "user", "hello")
    agent.message(
        "o0", "assistant", "", tool_calls=[{"id": "call-overview", "name": "terminal", "arguments": {}}]
    )
    agent.tokens("o0", input_tokens=10)


def change(hermes: Hermes, nonce: str) -> None:
    hermes.db("create_session", nonce, "cli")
    hermes.db("append_message", nonce, "user", f"Please look at {nonce}")
