from __future__ import annotations

from real.agent import Hermes
from support.agent import Agent


def fill(agent: Agent) -> None:
    agent.session("c0s", title="Of the costs")
    agent.message("c0s", "user", "hello")
    agent.message(
        "c0s", "assistant", "", tool_calls=[{"id": "call-costs", "name": "terminal", "arguments": {}}]
    )
    agent.tokens("c0s", input_tokens=10)


def change(hermes: Hermes, nonce: str) -> None:
    hermes.db("create_session", nonce, "cli", model=nonce)
    hermes.db("update_token_counts", nonce, input_tokens=100, output_tokens=10, model=nonce, api_call_count=1)
