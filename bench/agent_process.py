"""An agent that writes homes on a schedule and notes when each write had happened; run as a program.

    python -m bench.agent_process JOURNAL HOME …

It writes as Hermes 0.19 does (`hermes_state.py`): `BEGIN IMMEDIATE`, SQLite's own `synchronous`, a busy timeout of
1 s, and up to 15 further tries after 20 to 150 ms where the database stays locked. Each line on stdin is a JSON
list of steps; the answer is one JSON list, after the last one.
"""

from __future__ import annotations

import json
import random
import sqlite3
import sys
import time
from importlib.resources import files
from pathlib import Path
from typing import Any

from support.writer import Writer

SCRIPTS = ("schema.sql", "search.sql", "search_trigram.sql")
MOST_TRIES = 15
RETRY_S = (0.020, 0.150)


class Hermes(Writer):
    """The tests' writer with Hermes' own settings."""

    def __init__(self, home: Path, schema: str, journal: str) -> None:
        super().__init__(home, schema, journal, synchronous=None)
        self.refusals = 0

    def _commit(self, *statements: tuple[str, tuple[Any, ...]]) -> None:
        database = self._open_database()
        for attempt in range(MOST_TRIES):
            try:
                super()._commit(*statements)
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) and "busy" not in str(error):
                    raise
                self.refusals += 1
                if database.in_transaction:
                    database.execute("ROLLBACK")
                if attempt == MOST_TRIES - 1:
                    raise
            time.sleep(random.uniform(*RETRY_S))


def play(writers: list[Hermes], steps: list[dict[str, Any]]) -> list[dict[str, float]]:
    """Carries out the steps, each at its time.

    A step is `{"at": seconds from now, "home": index, "do": method, "with": its arguments}`. Of each the answer
    says `at` (seconds since the epoch, read when the commit or rename had returned), `took` (seconds) and
    `refusals` (how often SQLite gave up with SQLITE_BUSY).
    """
    begun = time.perf_counter()
    answers = []
    for step in steps:
        writer = writers[step["home"]]
        time.sleep(max(0.0, begun + step["at"] - time.perf_counter()))
        refusals = writer.refusals
        before = time.perf_counter()
        getattr(writer, step["do"])(**step["with"])
        took = time.perf_counter() - before
        answers.append({"at": time.time(), "took": took, "refusals": writer.refusals - refusals})
    return answers


def main() -> None:
    """Obeys until stdin closes, then closes the databases as Hermes does."""
    journal, *homes = sys.argv[1:]
    folder = files("hermes_hud_widget.demo")
    schema = "\n".join(folder.joinpath(name).read_text("utf-8") for name in SCRIPTS)
    writers = [Hermes(Path(home), schema, journal) for home in homes]
    for writer in writers:
        writer.open()
    print("[]", flush=True)
    for line in sys.stdin:
        print(json.dumps(play(writers, json.loads(line))), flush=True)
    for writer in writers:
        writer.close()


if __name__ == "__main__":
    main()
