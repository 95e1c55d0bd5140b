"""Writes a Hermes home the way Hermes 0.19 does; run as a program, one JSON command per line.

It must be a process of its own: POSIX locks belong to a process, and tests kill it. Each command is
answered with one JSON line, `{"ok": …}` or `{"error": …}`, after its commit or rename has returned.
Commands that need no answer from the dead (`die`) are not answered. Standard library only.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import signal
import sqlite3
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

DELIMITER = "\n§\n"
FILES = {"memory": "memories/MEMORY.md", "user": "memories/USER.md"}


class Writer:
    """One agent process.

    Args:
        home: The home; its directory must exist.
        schema: SQL of `state.db`.
        journal: `wal` or `delete`.
        synchronous: SQLite's setting; None leaves it at what SQLite comes with.
    """

    def __init__(self, home: Path, schema: str, journal: str, synchronous: str | None = "NORMAL") -> None:
        self.home = home
        self._schema = schema
        self._journal = journal
        self._synchronous = synchronous
        self._database: sqlite3.Connection | None = None

    # -- commands

    def open(self) -> int:
        """Opens `state.db`, making it when it is not there; returns this process' id."""
        database = sqlite3.connect(self.home / "state.db", isolation_level=None, timeout=1.0)
        database.execute(f"PRAGMA journal_mode={self._journal}")
        if self._synchronous is not None:
            database.execute(f"PRAGMA synchronous={self._synchronous}")
        database.executescript(self._schema)
        self._database = database
        return os.getpid()

    def session(self, id: str, **columns: Any) -> None:
        """Inserts a session; `columns` are columns of `sessions`."""
        row = {"id": id, "source": "cli", "model": "claude-opus-4-6", "started_at": time.time()} | columns
        names, marks = ", ".join(row), ", ".join("?" * len(row))
        self._commit((f"INSERT INTO sessions ({names}) VALUES ({marks})", tuple(row.values())))

    def update(self, id: str, **columns: Any) -> None:
        """Updates columns of a session (`title`, `ended_at`, …)."""
        assignments = ", ".join(f"{name} = ?" for name in columns)
        self._commit((f"UPDATE sessions SET {assignments} WHERE id = ?", (*columns.values(), id)))

    def message(self, session: str, role: str, content: str | None = None, **columns: Any) -> float:
        """Appends a message and counts it, in one commit; returns when, in seconds since the epoch.

        A list as `tool_calls` is stored as Hermes stores it: `[{"id", "name", "arguments"}]` is enough.
        """
        calls = columns.pop("tool_calls", None) or []
        stored = [
            {
                "id": call["id"],
                "call_id": call["id"],
                "type": "function",
                "function": {"name": call["name"], "arguments": json.dumps(call.get("arguments", {}))},
            }
            for call in calls
        ]
        now = time.time()
        row = {"session_id": session, "role": role, "content": content, "timestamp": now} | columns
        if stored:
            row["tool_calls"] = json.dumps(stored)
        names, marks = ", ".join(row), ", ".join("?" * len(row))
        self._commit(
            (f"INSERT INTO messages ({names}) VALUES ({marks})", tuple(row.values())),
            (
                "UPDATE sessions SET message_count = message_count + 1, "
                "tool_call_count = tool_call_count + ? WHERE id = ?",
                (len(stored), session),
            ),
        )
        return now

    def tokens(self, session: str, model: str = "claude-opus-4-6", **counts: Any) -> None:
        """Adds one API call's `input_tokens`, `output_tokens`, `estimated_cost_usd` … to a session."""
        now = time.time()
        additions = {"api_call_count": 1} | counts
        sums = ", ".join(f"{name} = coalesce({name}, 0) + ?" for name in additions)
        row = {"session_id": session, "model": model, "first_seen": now, "last_seen": now} | additions
        names, marks = ", ".join(row), ", ".join("?" * len(row))
        self._commit(
            (f"UPDATE sessions SET {sums} WHERE id = ?", (*additions.values(), session)),
            (
                f"INSERT INTO session_model_usage ({names}) VALUES ({marks}) "
                f"ON CONFLICT DO UPDATE SET {sums}, last_seen = ?",
                (*row.values(), *additions.values(), now),
            ),
        )

    def memory(self, entries: list[str], store: str = "memory") -> None:
        """Replaces a memory store by a temporary file and a rename."""
        self._replace(FILES[store], DELIMITER.join(entries).encode())

    def file(self, path: str, content: str) -> None:
        """Replaces any file of the home; `content` is base64, so that it can be damaged."""
        self._replace(path, base64.b64decode(content))

    def close(self) -> None:
        """Closes `state.db` as Hermes does: a truncating checkpoint first; `-wal` and `-shm` go."""
        database = self._open_database()
        if self._journal == "wal":
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        database.close()
        self._database = None

    def die(self, halfway: bool = False) -> None:
        """Kills this very process (SIGKILL).

        Args:
            halfway: In the middle of a transaction that has already spilt into the file, so that a DELETE
                journal is left hot.
        """
        if halfway:
            database = self._open_database()
            database.execute("PRAGMA cache_size=1")
            database.execute("BEGIN IMMEDIATE")
            database.execute("UPDATE messages SET content = content || ' never committed'")
            database.execute("UPDATE sessions SET title = title || ' never committed'")
        os.kill(os.getpid(), signal.SIGKILL)

    # -- helpers

    def _open_database(self) -> sqlite3.Connection:
        if self._database is None:
            raise RuntimeError("state.db is not open: send `open` first")
        return self._database

    def _commit(self, *statements: tuple[str, tuple[Any, ...]]) -> None:
        database = self._open_database()
        database.execute("BEGIN IMMEDIATE")
        for sql, values in statements:
            database.execute(sql, values)
        database.execute("COMMIT")

    def _replace(self, path: str, content: bytes) -> None:
        target = self.home / path
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=".mem_", suffix=".tmp")
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).replace(target)


def main() -> None:
    """Obeys the commands on standard input until it closes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=Path)
    parser.add_argument("--schema", type=Path, nargs="+", required=True)
    parser.add_argument("--journal", choices=["wal", "delete"], default="wal")
    arguments = parser.parse_args()
    schema = "\n".join(file.read_text("utf-8") for file in arguments.schema)
    writer = Writer(arguments.home, schema, arguments.journal)
    commands = {
        name: getattr(writer, name)
        for name in ("open", "session", "update", "message", "tokens", "memory", "file", "close", "die")
    }
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = {"ok": commands[request.pop("do")](**request)}
        except (sqlite3.Error, OSError, RuntimeError) as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
