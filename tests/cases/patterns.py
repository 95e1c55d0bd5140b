from __future__ import annotations

from real.agent import Hermes
from support.agent import Agent


def fill(agent: Agent) -> None:
    agent.session("p0", title="Of the patterns")
    agent.message("p0", "user", "Fix the failing tests")
    calls = [
        {"id": f"call-{name}", "name": name, "arguments": {}} for name in ("read_file", "patch", "terminal")
    ]
    agent.message("p0", "assistant", "", tool_calls=calls)
    agent.message("p0", "tool", "ok", tool_call_id="call-read_file", tool_name="read_file")


def change(hermes: Hermes, nonce: str) -> None:
    hermes.db("create_session", nonce, "cli")
    hermes.db("append_message", nonce, "user", f"Please look at {nonce}")
