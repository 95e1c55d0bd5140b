from __future__ import annotations

from real.agent import Hermes
from support.agent import Agent


def fill(agent: Agent) -> None:
    agent.session("k0", title="Of the corrections")
    agent.message("k0", "user", "hello")
    agent.message("k0", "assistant", "It is Tuesday.")
    agent.message("k0", "user", "That is wrong, it is Monday.")


def change(hermes: Hermes, nonce: str) -> None:
    hermes.db("create_session", nonce, "cli")
    hermes.say(nonce, "Which day is it?", "It is Tuesday.", f"No, that's wrong: it is {nonce} day.")
