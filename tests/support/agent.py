"""A simulated agent in a process of its own, and the `agent` fixture that makes one."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import pytest

DEMO = Path(str(files("hermes_hud_widget.demo")))
Journal = Literal["wal", "delete"]
SCHEMA = [str(DEMO / name) for name in ("schema.sql", "search.sql", "search_trigram.sql")]


class Agent:
    """Drives `writer.py`; every method returns after the commit or rename it names has happened.

    Args:
        home: The home to write; made when missing.
        journal: SQLite's journal mode for `state.db`.
        database: False leaves `state.db` unmade.
    """

    def __init__(self, home: Path, journal: Journal = "wal", *, database: bool = True) -> None:
        self.home = home
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        program = str(Path(__file__).with_name("writer.py"))
        self._process = subprocess.Popen(
            [sys.executable, program, str(home), "--journal", journal, "--schema", *SCHEMA],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        if database:
            self.open()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The writing process' id."""
        return self._process.pid

    def open(self) -> None:
        """Opens `state.db` (again), and makes it when it is not there."""
        self._ask("open")

    def session(self, id: str, **columns: Any) -> str:
        """Creates a session and returns its id; `columns` are columns of `sessions`."""
        self._ask("session", id=id, **columns)
        return id

    def update(self, id: str, **columns: Any) -> None:
        """Updates columns of a session."""
        self._ask("update", id=id, **columns)

    def message(self, session: str, role: str, content: str | None = None, **columns: Any) -> float:
        """Appends a message; returns its time in seconds since the epoch."""
        return float(self._ask("message", session=session, role=role, content=content, **columns))

    def tokens(self, session: str, **counts: Any) -> None:
        """Adds one API call's tokens and cost to a session."""
        self._ask("tokens", session=session, **counts)

    def memory(self, entries: list[str], store: Literal["memory", "user"] = "memory") -> None:
        """Replaces MEMORY.md or USER.md."""
        self._ask("memory", entries=entries, store=store)

    def file(self, path: str, content: bytes) -> None:
        """Replaces any file of the home."""
        self._ask("file", path=path, content=base64.b64encode(content).decode())

    def close(self) -> None:
        """Closes `state.db` cleanly, as Hermes does at its end."""
        self._ask("close")

    def die(self, *, halfway: bool = False) -> None:
        """Kills the writing process (SIGKILL); `halfway` leaves a transaction behind."""
        self._send("die", halfway=halfway)
        self._process.wait(10)
        self.stop()

    def stop(self) -> None:
        """Ends the process without closing `state.db` (SIGKILL)."""
        self._process.kill()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        self._process.wait(10)

    def _ask(self, command: str, **values: Any) -> Any:
        self._send(command, **values)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the writer died at {command!r}")
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(f"{command}: {answer['error']}")
        return answer["ok"]

    def _send(self, command: str, **values: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": command, **values}) + "\n")
        self._process.stdin.flush()


MakeAgent = Callable[..., Agent]


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[MakeAgent]:
    """Makes agents: `agent()` writes `tmp_path/hermes`; `agent("other", "delete")` another home."""
    agents: list[Agent] = []

    def make(name: str | Path = "hermes", journal: Journal = "wal", *, database: bool = True) -> Agent:
        agents.append(Agent(tmp_path / name, journal, database=database))
        return agents[-1]

    yield make
    for one in agents:
        one.stop()
