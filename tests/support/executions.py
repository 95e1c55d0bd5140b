"""A process that runs cron jobs, as far as `cron/executions.db` tells (`cron/executions.py` of Hermes 0.19).

Run as a program it obeys JSON lines; it is the process that its rows name, so that killing it loses its runs.
Standard library only.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

SCHEMA = """
CREATE TABLE IF NOT EXISTS executions (
  id TEXT PRIMARY KEY, job_id TEXT NOT NULL, source TEXT NOT NULL, process_id TEXT NOT NULL, pid INTEGER NOT NULL,
  process_started_at INTEGER, status TEXT NOT NULL CHECK(status IN
    ('claimed','running','completed','failed','unknown')),
  claimed_at TEXT NOT NULL, started_at TEXT, finished_at TEXT, error TEXT
);
CREATE INDEX IF NOT EXISTS idx_executions_job_claimed ON executions(job_id, claimed_at DESC, id DESC);
"""


class Runner:
    """One such process; every method returns after its commit."""

    def __init__(self, home: Path) -> None:
        (home / "cron").mkdir(mode=0o700, parents=True, exist_ok=True)
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.ticks = int(self._answer())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    @property
    def pid(self) -> int:
        return self._process.pid

    def claim(self, id: str, job_id: str = "job", **columns: Any) -> None:
        """Adds a run of this process; `columns` say otherwise."""
        self._ask({"id": id, "job_id": job_id, **columns})

    def update(self, id: str, **columns: Any) -> None:
        """Changes columns of a run."""
        self._ask({"update": id, **columns})

    def kill(self) -> None:
        """Kills it where it stands (SIGKILL), and takes note: it is no zombie afterwards."""
        self._process.kill()
        self._process.wait(10)
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()

    def _ask(self, command: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        answer = self._answer()
        if answer != "ok":
            raise RuntimeError(answer)

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


def main(home: Path) -> None:
    """Obeys the commands on standard input until it closes."""
    ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    print(ticks, flush=True)
    for line in sys.stdin:
        columns = json.loads(line)
        # A connection for each write, as Hermes has it.
        with closing(sqlite3.connect(home / "cron" / "executions.db", timeout=5)) as database, database:
            database.execute("PRAGMA journal_mode=WAL")
            database.executescript(SCHEMA)
            if (id := columns.pop("update", None)) is not None:
                assignments = ", ".join(f"{name} = ?" for name in columns)
                database.execute(f"UPDATE executions SET {assignments} WHERE id = ?", (*columns.values(), id))
            else:
                row = {
                    "source": "builtin",
                    "process_id": "p",
                    "pid": os.getpid(),
                    "process_started_at": ticks,
                    "status": "claimed",
                    "claimed_at": datetime.now(UTC).isoformat(),
                    **columns,
                }
                marks = ", ".join("?" * len(row))
                database.execute(
                    f"INSERT INTO executions ({', '.join(row)}) VALUES ({marks})", tuple(row.values())
                )
        print("ok", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
