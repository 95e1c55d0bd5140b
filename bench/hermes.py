"""An empty `state.db` as Hermes itself makes it: tables, indexes, triggers, full-text search."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from real.agent import Hermes


def make_database(file: Path) -> None:
    """Lets `SessionDB` of the hermes-agent package make a database; in WAL mode, with no session in it.

    The package lies in an environment of its own, which is made when it is not there (`tests/real/agent.py`).
    """
    with tempfile.TemporaryDirectory(prefix="hermes-hud-bench-") as folder:
        hermes = Hermes(Path(folder))
        try:
            hermes.db("session_count")
        finally:
            # It empties and removes the write-ahead log.
            hermes.close()
        shutil.copyfile(Path(folder) / "state.db", file)
