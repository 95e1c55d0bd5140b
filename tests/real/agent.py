"""Hermes' own code at work, in a process and an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import venv
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from support.served import Client, Served

REPOSITORY = Path(__file__).parents[2]
ENVIRONMENT = REPOSITORY / ".venv-hermes"
REQUIREMENTS = Path(__file__).with_name("requirements.txt")


def environment() -> Path:
    """The Python of an environment with hermes-agent; made once and again when the requirements change."""
    python = ENVIRONMENT / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    installed = ENVIRONMENT / "requirements.txt"
    wanted = REQUIREMENTS.read_text(encoding="utf-8")
    if not installed.exists() or installed.read_text(encoding="utf-8") != wanted:
        venv.create(ENVIRONMENT, clear=True, with_pip=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--no-deps", "-r", str(REQUIREMENTS)]
        subprocess.run(pip, check=True, timeout=600)
        installed.write_text(wanted, encoding="utf-8")
    return python


class HermesError(Exception):
    """Hermes raised."""


class Hermes:
    """One Hermes process on one home.

        hermes.db("create_session", "s1", "cli")
        hermes.memory("add", "memory", "The user likes tea.")

    Each call returns what the method returned, as JSON; the process stays, like a chat, until it is
    closed or killed.
    """

    def __init__(self, home: Path, *, journal_mode: str = "wal") -> None:
        self.home = home
        self.at = 0.0
        """When the last call returned, in seconds since the epoch."""
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115  closed with the process
        self._process = subprocess.Popen(
            [str(environment()), "-P", str(Path(__file__).with_name("hermes_process.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            cwd=home,
            env={**_plain_environment(), "HERMES_HOME": str(home), "HOME": str(home.parent)},
        )
        try:
            self.pid: int = self._answer()
            if journal_mode == "delete":
                self("db_in_rollback_mode", "db_path")
        except HermesError:
            self.close()
            raise

    def __call__(self, target: str, method: str, *args: Any, **kwargs: Any) -> Any:
        """Calls a method of `db`, `memory`, `insights`, or a function of a module."""
        assert self._process.stdin
        command = {"object": target, "method": method, "args": args, "kwargs": kwargs}
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def db(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """Calls a method of `hermes_state.SessionDB`."""
        return self("db", method, *args, **kwargs)

    def memory(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """Calls a method of `tools.memory_tool.MemoryStore`."""
        return self("memory", method, *args, **kwargs)

    def close(self) -> None:
        """Ends it cleanly: it closes its database, and its log is deleted if nobody else uses it."""
        if self._process.stdin and not self._process.stdin.closed:
            self._process.stdin.close()
        self._process.wait(timeout=20)
        if self._process.stdout:
            self._process.stdout.close()
        self._errors.close()

    def kill(self) -> None:
        """Kills it where it stands."""
        self._process.kill()
        self.close()

    def branch(self, parent: str, child: str, **values: Any) -> None:
        """What /branch does."""
        self.db("end_session", parent, "branched")
        self.db(
            "create_session",
            child,
            "cli",
            parent_session_id=parent,
            model_config={"_branched_from": parent},
            **values,
        )

    def delegate(self, parent: str, child: str, **values: Any) -> None:
        """What delegating a task does."""
        marked = {"_delegate_from": parent}
        self.db("create_session", child, "subagent", parent_session_id=parent, model_config=marked, **values)

    def compress(self, parent: str, child: str, **values: Any) -> None:
        """What a compression into a new session does."""
        self.db("end_session", parent, "compression")
        self.db("create_session", child, values.pop("source", "cli"), parent_session_id=parent, **values)

    def say(self, session: str, *texts: str, **values: Any) -> int:
        """Messages of the user and the model in turn; the last one's id."""
        message_id = 0
        for index, text in enumerate(texts):
            role = ("user", "assistant")[index % 2]
            message_id = self.db("append_message", session, role, text, **values)
        return message_id

    def _answer(self) -> Any:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            self._errors.seek(0)
            raise HermesError(f"Hermes ended: {self._errors.read()[-2000:]}")
        answer = json.loads(line)
        if "error" in answer:
            raise HermesError(answer["error"])
        self.at = answer.get("at", 0.0)
        return answer["result"]


Live = tuple[Hermes, Served, Client, str]
"""A Hermes at work, a server and its client that watch its home, and the home's id."""


def instant(written: str | None) -> datetime | None:
    """A time as Hermes or the panel wrote it."""
    return None if written is None else datetime.fromisoformat(written).astimezone(UTC)


def _plain_environment() -> dict[str, str]:
    """Without what would lead the process to another home, another Python or this project's packages."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("HERMES", "PYTHON", "VIRTUAL_ENV", "COV_", "PYTEST"))
    }


if __name__ == "__main__":
    # Before tests run beside each other, so that no two of them make it.
    environment()
