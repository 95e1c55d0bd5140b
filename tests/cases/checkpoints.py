from __future__ import annotations

import tempfile
from pathlib import Path

from real.agent import Hermes
from support.agent import Agent
from support.repository import git


def fill(agent: Agent) -> None:
    """As Hermes' store, but made by git itself: a commit that one ref points at."""
    store = agent.home / "checkpoints" / "store"
    with tempfile.TemporaryDirectory() as folder:
        git(Path(folder), "init", "-q", "-b", "main")
        git(Path(folder), "commit", "-q", "--allow-empty", "-m", "before write_file")
        store.parent.mkdir(exist_ok=True)
        git(store.parent, "clone", "-q", "--bare", folder, str(store))
    git(store, "update-ref", "refs/hermes/0123456789abcdef", "refs/heads/main")
    agent.file(
        "checkpoints/store/projects/0123456789abcdef.json", b'{"workdir": "/nowhere", "last_touch": 1}'
    )


def change(hermes: Hermes, nonce: str) -> None:
    folder = hermes.home.parent / f"work-{nonce}"
    folder.mkdir()
    (folder / "file").write_text("before")
    hermes("checkpoints", "ensure_checkpoint", str(folder), f"before {nonce}")
