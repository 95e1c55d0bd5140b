"""What the ledger's tests share: files as Hermes leaves them, and a process that writes them."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

RELEASES = ("0.13", "0.15", "0.16", "0.17", "0.18", "0.19")
NOW = datetime(2026, 7, 20, 12, 0, tzinfo=UTC)
"""The present in tests that write no real time."""


def schema(release: str = "0.19") -> str:
    """The SQL with which a release makes its database."""
    return (Path(__file__).parent / "schemas" / f"{release}.sql").read_text(encoding="utf-8")


class Writer:
    """A process that has the database open and writes to it."""

    def __init__(self, path: Path, journal_mode: str = "wal") -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("writer_process.py")), str(path), journal_mode],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.pid = self._process.pid
        self._answer()

    def __call__(self, sql: str, *values: Any) -> list[list[Any]]:
        """Executes and commits one statement."""
        return self._ask({"sql": sql, "values": values})

    def script(self, sql: str) -> None:
        """Executes several statements."""
        self._ask({"script": sql})

    def close(self) -> None:
        """Ends the process cleanly: it checkpoints and closes, as Hermes does."""
        if self._process.stdin and not self._process.stdin.closed:
            self._process.stdin.close()
        self._process.wait(timeout=10)
        if self._process.stdout:
            self._process.stdout.close()

    def kill(self) -> None:
        """Kills the process where it stands."""
        self._process.kill()
        self.close()

    def _ask(self, command: dict[str, Any]) -> list[list[Any]]:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> list[list[Any]]:
        assert self._process.stdout
        answer = json.loads(self._process.stdout.readline() or '{"error": "the writer has ended"}')
        if "error" in answer:
            raise sqlite3.OperationalError(answer["error"])
        rows: list[list[Any]] = answer["rows"]
        return rows


@contextmanager
def writing(path: Path, journal_mode: str = "wal") -> Iterator[Writer]:
    """A writer that is closed cleanly in the end."""
    writer = Writer(path, journal_mode)
    try:
        yield writer
    finally:
        writer.close()


def make(path: Path, journal_mode: str = "wal", release: str = "0.19", script: str = "") -> None:
    """Makes a database and closes it cleanly."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA journal_mode={journal_mode}")
        connection.executescript(schema(release) + script)
    age(path)


def age(path: Path) -> None:
    """Makes a file look as if it was written a minute ago: file times are too coarse to tell writes apart."""
    then = time.time() - 60
    os.utime(path, (then, then))


def fingerprints(folder: Path) -> dict[str, tuple[Any, ...]]:
    """Everything about the files below a folder that reading must not change: names, modes, times, contents."""
    found: dict[str, tuple[Any, ...]] = {}
    for path in sorted([folder, *folder.rglob("*")]):
        status = path.stat()
        digest = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        found[str(path)] = (status.st_ino, status.st_mode, status.st_size, status.st_mtime_ns, digest)
    return found


class Signed(Protocol):
    """What can tell whether it changed: a database or a source."""

    @property
    def recheck_soon(self) -> bool: ...

    def signature(self) -> Hashable: ...


def settled(signed: Signed) -> Hashable:
    """The signature, as the watcher gets it in the end."""
    signature = signed.signature()
    deadline = time.monotonic() + 5
    while signed.recheck_soon:
        assert time.monotonic() < deadline
        time.sleep(0.005)
        signature = signed.signature()
    return signature


def insert(table: str, **values: Any) -> tuple[str, tuple[Any, ...]]:
    """An INSERT statement and its values."""
    marks = ", ".join("?" * len(values))
    return f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})", tuple(values.values())


class Story:
    """Writes sessions and messages into a database in this process, for tests that are not about files."""

    def __init__(self, path: Path, release: str = "0.19") -> None:
        self.path = path
        if not path.exists():
            make(path, release=release)

    def session(self, id: str, at: float = 0, **values: Any) -> None:
        """A session that started `at` seconds before NOW."""
        values = {"source": "cli", "started_at": NOW.timestamp() - at, **values}
        if isinstance(values.get("model_config"), dict):
            values["model_config"] = json.dumps(values["model_config"])
        self.execute(*insert("sessions", id=id, **values))

    def message(
        self, session: str, role: str = "user", content: Any = "hello", at: float = 0, **values: Any
    ) -> int:
        """A message from `at` seconds before NOW; its id."""
        if isinstance(content, list):
            content = "\0json:" + json.dumps(content)
        if isinstance(values.get("tool_calls"), list):
            values["tool_calls"] = json.dumps(values["tool_calls"])
        row = {
            "session_id": session,
            "role": role,
            "content": content,
            "timestamp": NOW.timestamp() - at,
            **values,
        }
        rows = self.execute(*insert("messages", **row), then="SELECT last_insert_rowid()")
        return int(rows[0][0])

    def execute(self, sql: str, values: tuple[Any, ...] = (), then: str | None = None) -> list[Any]:
        """Executes and commits one statement."""
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            rows = connection.execute(sql, values).fetchall()
            return connection.execute(then).fetchall() if then else rows


def call(id: str, tool: str, arguments: str = "{}", **more: Any) -> dict[str, Any]:
    """One entry of `messages.tool_calls`."""
    return {"id": id, "type": "function", "function": {"name": tool, "arguments": arguments}, **more}


def wait_for(fact: Callable[[], bool], timeout_s: float = 5) -> None:
    """Waits until a fact holds."""
    until = time.monotonic() + timeout_s
    while not fact():
        assert time.monotonic() < until, "it did not come true in time"
        time.sleep(0.002)
