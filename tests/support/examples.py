"""For each kind of source: how to make it, change it, and damage it. The contract test runs over these."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hermes_hud_widget.ledger.processes import start_ticks
from hermes_hud_widget.panels.kanban import TASKS
from hermes_hud_widget.sources import (
    ActiveProfile,
    Alive,
    Config,
    Databases,
    DatabaseStanding,
    Diary,
    Documents,
    EachProfile,
    Entries,
    EntriesVersions,
    EnvNames,
    Folder,
    HomeName,
    Json,
    JsonRows,
    Outward,
    Profiles,
    Readable,
    Repositories,
    RootJson,
    Source,
    StateDb,
    System,
    Table,
    Tail,
    TextFile,
    WatchMode,
    WritersOf,
    Yaml,
)
from hermes_hud_widget.sources.checkpoints import Checkpoints
from hermes_hud_widget.sources.installed import EntryPoints
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
        case EntriesVersions(path=path):
            return Example(lambda agent, n: agent.file(path, f"version {n}".encode()))
        case TextFile(path=path):
            return Example(lambda agent, n: agent.file(path, f"text {n}".encode()), _not_utf8(path), path)
        case Folder(path=".", pattern=pattern):
            # The home itself cannot be taken away.
            return Example(_change_folder(".", pattern))
        case Folder(path="plugins" as path, pattern="*/plugin.y*ml" as pattern):
            return Example(_change_folder(path, "*/plugin.yaml"), _no_folder(path), f"{path}/{pattern}")
        case Folder(path="plugins" | "hooks" as path, pattern=pattern) if pattern != "*/HOOK.yaml":
            # That the folder is none is told by the first source that reads it.
            return Example(_change_folder(path, pattern))
        case Folder(path=path, pattern=pattern):
            return Example(_change_folder(path, pattern), _no_folder(path), f"{path}/{pattern}")
        case RootJson():
            # Its home is a root: it has nothing to fall back on.
            return Example(None)
        case Json(path=path):
            return Example(lambda agent, n: agent.file(path, b'{"n": %d}' % n), _not_utf8(path), path)
        case Config(path=path):
            return Example(lambda agent, n: agent.file(path, b"model: m%d\n" % n), _not_utf8(path), path)
        case Yaml(path=path):
            return Example(lambda agent, n: agent.file(path, b"n: %d\n" % n), _not_utf8(path), path)
        case EnvNames(path=path):
            return Example(
                lambda agent, n: agent.file(path, b"ANTHROPIC_API_KEY=x\nN%d=x\n" % n), _not_utf8(path), path
            )
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
        case Documents(path=path, name=name):
            return Example(_change_documents(path, name), _no_folder(path), path)
        case Table(path=path):
            return Example(
                lambda agent, n: add_row(agent, source, n),
                _damage_state if path == "state.db" else lambda agent: _damage(agent, path),
                path,
            )
        case Alive():
            return Example(lambda agent, n: _end_a_named_process(agent, source, n))
        case Databases(path=path):
            return Example(
                lambda agent, n: add_row(agent, TASKS, n), lambda agent: _damage(agent, path), path
            )
        case Checkpoints(path=path):
            return Example(_change_folder(path, "store/projects/*.json"), _no_folder(path), path)
        case Repositories() | EachProfile() | EntryPoints():
            # What lies elsewhere is read when somebody looks.
            return Example(None)
        case (
            HomeName()
            | Diary()
            | System()
            | Tail()
            | Outward()
            | Readable()
            | DatabaseStanding()
            | WatchMode()
        ):
            return Example(None)
    raise AssertionError(
        f"{type(source).__name__} is a new kind of source: add to tests/support/examples.py how a test changes "
        "and damages it, so that the contract of every panel that reads it can be tested"
    )


def _change_state(agent: Agent, number: int) -> None:
    agent.session(f"s{number}", title=f"Session {number}")


def _damage_state(agent: Agent) -> None:
    agent.close()
    _damage(agent, "state.db")


def _damage(agent: Agent, database: str) -> None:
    path = agent.home / database
    damaged = agent.home / "damaged"
    damaged.write_bytes(b"garbage " * 1024)
    damaged.replace(path)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def add_row(agent: Agent, table: Table, number: int, **values: object) -> None:
    """A second process adds a row, and makes the table, or the whole file anew, if there is no good one."""
    path = agent.home / table.path
    path.parent.mkdir(exist_ok=True)
    if path.exists() and not path.read_bytes().startswith(b"SQLite format 3"):
        path.unlink()
    row = {column: f"{column} {number}" for column in table.columns}
    if table.where is not None:
        row[table.where[0]] = table.where[1][0]
    if table.prefix is not None:
        row[table.prefix[0]] = f"{table.prefix[1]}{number}"
    row.update(values)
    # Another source may read other columns of the same table.
    program = """import json, sqlite3, sys
table, row = json.loads(sys.argv[2])
database = sqlite3.connect(sys.argv[1])
database.execute('PRAGMA journal_mode=WAL')
database.execute(f'CREATE TABLE IF NOT EXISTS {table} ({", ".join(row)})')
there = list(database.execute(f'PRAGMA table_info({table})'))
for column in row.keys() - {name for _, name, *_ in there}:
    database.execute(f'ALTER TABLE {table} ADD COLUMN {column}')
# What Hermes' own table demands beside what the source reads.
row = {name: 0 for _, name, _, must, default, _ in there if must and default is None} | row
marks = ', '.join('?' * len(row))
database.execute(f'INSERT INTO {table} ({", ".join(row)}) VALUES ({marks})', tuple(row.values()))
database.commit()
database.close()"""
    arguments = json.dumps([table.table, row])
    subprocess.run([sys.executable, "-c", program, str(path), arguments], check=True)


def _end_a_named_process(agent: Agent, alive: Alive, number: int) -> None:
    """A second process is named by the source that names processes, and dies."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        named: dict[str, object] = {alive.pid: process.pid, alive.started: start_ticks(process.pid)}
        for where in (alive.where, getattr(alive.of, "where", None)):
            if where is not None:
                named[where[0]] = where[1][0]
        match alive.of:
            case Table():
                add_row(agent, alive.of, number, **named)
            case JsonRows(of=table, column=column):
                add_row(agent, table, number, **{column: json.dumps(named)})
            case Json(path=path):
                agent.file(path, json.dumps(named).encode())
            case _:
                raise AssertionError(f"say here how {type(alive.of).__name__} names a process")
        process.kill()


def _not_utf8(path: str) -> Callable[[Agent], None]:
    return lambda agent: agent.file(path, b"\xff\xfe\xff")


def _change_documents(path: str, name: str) -> Callable[[Agent, int], None]:
    def change(agent: Agent, number: int) -> None:
        folder = agent.home / path
        if folder.is_file():
            folder.unlink()
        agent.file(f"{path}/group/n{number}/{name}", f"---\nname: n{number}\n---\nText".encode())

    return change


def _change_folder(path: str, pattern: str) -> Callable[[Agent, int], None]:
    def change(agent: Agent, number: int) -> None:
        folder = agent.home / path
        if folder.is_file():
            folder.unlink()
        agent.file(f"{path}/{pattern.replace('*', f'n{number}')}", json.dumps({"n": number}).encode())

    return change


def _no_folder(path: str) -> Callable[[Agent], None]:
    def damage(agent: Agent) -> None:
        folder = agent.home / path
        folder.rename(folder.with_name("away"))
        folder.write_bytes(b"")

    return damage


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
