from __future__ import annotations

from real.agent import Hermes
from support.agent import Agent


def fill(agent: Agent) -> None:
    agent.session("s0", title="Session 0")
    agent.message("s0", "user", "hello")
    agent.message("s0", "assistant", "", tool_calls=[{"id": "c0", "name": "terminal", "arguments": {}}])
    agent.tokens("s0", input_tokens=10)


def change(hermes: Hermes, nonce: str) -> None:
    hermes.db("create_session", nonce, "cli")
    hermes.db("append_message", nonce, "user", f"Please look at {nonce}")
