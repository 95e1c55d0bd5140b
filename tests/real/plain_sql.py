"""A database as plain SQL sees it, read in a process of its own with a connection made for each question.

python plain_sql.py    a path and a statement as a JSON line on stdin, rows as a JSON line on stdout
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any


class PlainSql:
    """The process."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__))], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __call__(self, path: Path, sql: str) -> list[dict[str, Any]]:
        """The rows of a statement; none where there is no database, or nothing in it."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps([str(path), sql]) + "\n")
        self._process.stdin.flush()
        rows: list[dict[str, Any]] = json.loads(self._process.stdout.readline())
        return rows

    def close(self) -> None:
        """Ends it."""
        self._process.communicate()


def main() -> None:
    """Answers until stdin ends."""
    for line in sys.stdin:
        path, sql = json.loads(line)
        found = []
        if Path(path).exists():
            with closing(sqlite3.connect(path, timeout=5)) as connection:
                connection.row_factory = sqlite3.Row
                # Hermes makes the file before the tables: none of them is none of its rows.
                if connection.execute("SELECT 1 FROM sqlite_master").fetchone():
                    found = [dict(row) for row in connection.execute(sql).fetchall()]
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
