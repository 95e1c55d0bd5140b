from __future__ import annotations

from real.agent import Hermes
from support.agent import Agent

SHOWS_A_NUMBER = True
OWN = "Grows: "
BETWEEN = "\n§\n"


def fill(agent: Agent) -> None:
    """Counts what the other panels have."""
    agent.file("memories/USER.md", b"a person")


def change(hermes: Hermes, nonce: str) -> str:
    """As many characters about the user as never before: 777, then one more each time."""
    file = hermes.home / "memories" / "USER.md"
    entries = file.read_text("utf-8").split(BETWEEN) if file.exists() else []
    own = next((entry for entry in entries if entry.startswith(OWN)), None)
    if own is None:
        chars = 777 - len(BETWEEN.join([*entries, ""]))
        answer = hermes.memory("add", "user", f"{OWN}{nonce}".ljust(chars, "."))
    else:
        answer = hermes.memory("replace", "user", own, f"{OWN}{nonce}".ljust(len(own) + 1, "."))
    assert answer["success"], answer
    return str(len(file.read_text("utf-8")))
