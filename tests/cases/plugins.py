from __future__ import annotations

from real.agent import Hermes
from support.agent import Agent


def fill(agent: Agent) -> None:
    agent.file("plugins/one/plugin.yaml", b"name: one\nversion: 1.0\nprovides_tools: [count]\n")


def change(hermes: Hermes, nonce: str) -> None:
    """Hermes clones a plugin from the network; what it leaves behind is this."""
    folder = hermes.home / "plugins" / nonce
    folder.mkdir(parents=True)
    (folder / "plugin.yaml").write_text(f"name: {nonce}\n")
