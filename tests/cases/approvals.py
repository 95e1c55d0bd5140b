from __future__ import annotations

import json

from real.agent import Hermes
from support.agent import Agent


def fill(agent: Agent) -> None:
    agent.session("a0", title="Of the approvals")
    calls = [{"id": "call-approvals", "name": "terminal", "arguments": {"command": "rm -rf build"}}]
    agent.message("a0", "assistant", "", tool_calls=calls)
    result = {
        "output": "",
        "exit_code": -1,
        "error": "BLOCKED: User denied this command.",
        "status": "blocked",
    }
    agent.message("a0", "tool", json.dumps(result), tool_call_id="call-approvals", tool_name="terminal")
    agent.file("pending/memory/a1b2c3d4.json", b'{"id": "a1b2c3d4", "summary": "a fact", "created_at": 1}')


def change(hermes: Hermes, nonce: str) -> None:
    payload = {"action": "add", "target": "memory", "content": nonce}
    hermes(
        "tools.write_approval", "stage_write", "memory", payload, summary=f"add: {nonce}", origin="foreground"
    )
