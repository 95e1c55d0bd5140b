"""For each kind of source: how to make it, change it, and damage it. The contract test runs over these."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hermes_hud_widget.sources import (
    ActiveProfile,
    Config,
    Entries,
    HomeName,
    Json,
    Profiles,
    Source,
    StateDb,
    TextFile,
    WritersOf,
)
from support.agent import Agent


@dataclass(frozen=True)
class Example:
    """What a test can do to one source.

    Attributes:
        change: Changes its content; the number makes each change another one. None: it never changes.
        damage: Makes it unreadable. None: there is no such state.
        says: What the error must name.
    """

    change: Callable[[Agent, int], object] | None
    damage: Callable[[Agent], object] | None = None
    says: str = ""


def example_of(source: Source[Any]) -> Example:
    """The example for a source; a kind without one fails with what to add."""
    match source:
        case StateDb():
            return Example(_change_state, _damage_state, "state.db")
        case Entries(path=path):
            return Example(lambda agent, n: agent.file(path, f"entry {n}".encode()), _not_utf8(path), path)
        case TextFile(path=path, of="home"):
            return Example(lambda agent, n: agent.file(path, f"text {n}".encode()), _not_utf8(path), path)
        case Json(path=path, of="home"):
            return Example(lambda agent, n: agent.file(path, b'{"n": %d}' % n), _not_utf8(path), path)
        case Config(path=path):
            return Example(lambda agent, n: agent.file(path, b"model: m%d\n" % n), _not_utf8(path), path)
        case ActiveProfile():
            return Example(
                lambda agent, n: agent.file("active_profile", f"p{n}".encode()),
                _not_utf8("active_profile"),
                "active_profile",
            )
        case Profiles():
            return Example(lambda agent, n: (agent.home / "profiles" / f"p{n}").mkdir(parents=True))
        case WritersOf():
            return Example(_end_a_writer)
        case HomeName():
            return Example(None)
    raise AssertionError(
        f"{type(source).__name__} is a new kind of source: add to tests/support/examples.py how a test changes "
        "and damages it, so that the contract of every panel that reads it can be tested"
    )


def _change_state(agent: Agent, number: int) -> None:
    agent.session(f"s{number}", title=f"Session {number}")


def _damage_state(agent: Agent) -> None:
    agent.close()
    path = agent.home / "state.db"
    damaged = agent.home / "damaged"
    damaged.write_bytes(b"garbage " * 1024)
    damaged.replace(path)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _not_utf8(path: str) -> Callable[[Agent], None]:
    return lambda agent: agent.file(path, b"\xff\xfe\xff")


def _end_a_writer(agent: Agent, number: int) -> None:
    """A second process opens the database for writing, is seen, and dies."""
    program = "import sys, time; f = open(sys.argv[1], 'r+b'); print('open', flush=True); time.sleep(60)"
    path = str(agent.home / "state.db")
    with subprocess.Popen([sys.executable, "-c", program, path], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        os.utime(agent.home / "state.db")
        agent.session(f"w{number}")
        process.send_signal(signal.SIGKILL)


def unnamed_file(home: Path) -> Path:
    """A file of the home that no panel reads."""
    return home / "unnamed" / "file"
