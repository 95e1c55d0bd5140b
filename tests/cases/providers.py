from __future__ import annotations

from real.agent import Hermes
from support.agent import Agent


def fill(agent: Agent) -> None:
    agent.file(".anthropic_oauth.json", b'{"accessToken": "x"}')


def change(hermes: Hermes, nonce: str) -> None:
    entry = {
        "id": "a1",
        "label": "mine",
        "auth_type": "api_key",
        "source": "manual",
        "access_token": "x" * 20,
    }
    hermes("hermes_cli.auth", "write_credential_pool", nonce, [entry])
