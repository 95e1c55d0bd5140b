from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hermes_hud_widget.errors import SourceError
from hermes_hud_widget.ledger.processes import start_ticks
from hermes_hud_widget.place import Place
from hermes_hud_widget.sources import Alive, Attached, Json, Processes, Table
from hermes_hud_widget.sources.alive import MAX_PROCESSES
from support.executions import Runner

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="pidfd and /proc")
pytestmark = linux

NAMED = Alive(Json("named.json"), where=("state", ("running", "claimed")))
GONE = 2**22 + 1
"""More than any Linux gives to a process."""


@pytest.fixture
def alive(tmp_path: Path) -> Iterator[Attached[Processes]]:
    attached = NAMED.attach(Place(tmp_path, tmp_path, None))
    yield attached
    attached.close()


@pytest.fixture
def process() -> Iterator[subprocess.Popen[str]]:
    """A process that waits to be killed."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def write(tmp_path: Path, content: Any) -> None:
    (tmp_path / "named.json").write_text(json.dumps(content))


def entry(pid: Any, started: Any = None, state: Any = "running") -> dict[str, Any]:
    return {"pid": pid, "start_time": started, "state": state}


def me() -> dict[str, Any]:
    return entry(os.getpid(), start_ticks(os.getpid()))


def test_the_dead_are_told_from_the_living_and_from_their_namesakes(
    alive: Attached[Processes], tmp_path: Path
) -> None:
    started = start_ticks(os.getpid())
    assert started is not None
    write(tmp_path, [me(), entry(os.getpid(), started - 1), entry(GONE, 1), entry(GONE)])
    found = alive.read()
    assert found.is_alive(os.getpid(), started) is True
    assert found.is_alive(os.getpid(), started - 1) is False
    assert found.is_alive(GONE, 1) is False
    assert found.is_alive(GONE, None) is False


def test_without_its_start_a_process_that_is_there_may_be_another_one(
    alive: Attached[Processes], tmp_path: Path
) -> None:
    write(tmp_path, entry(os.getpid()))
    assert alive.read().is_alive(os.getpid(), None) is None


@pytest.mark.parametrize(
    "content",
    [
        entry(1, 2),
        [entry(1, 2)],
        {"a": {"b": [[], [entry(1, 2), "text"]]}, "c": 3},
        [entry(1, 2, state=["unhashable"]), entry(1, 2), entry(1, 2, state="ended")],
    ],
)
def test_a_process_is_named_wherever_it_stands_in_the_content(
    alive: Attached[Processes], tmp_path: Path, content: Any
) -> None:
    write(tmp_path, content)
    assert list(alive.read().alive) == [(1, 2)]


@pytest.mark.parametrize(
    "content",
    [
        None,
        7,
        "text",
        [],
        {"pid": "12"},
        *(entry(pid) for pid in ("1", True, 0, -1, 2**31, 10**30, 1.0, None, [1], {})),
        entry(1, 2, state="ended"),
        {"pid": 1, "start_time": 2},
    ],
)
def test_what_names_no_process_names_none(alive: Attached[Processes], tmp_path: Path, content: Any) -> None:
    write(tmp_path, content)
    assert alive.read() == Processes()
    assert alive.read().is_alive(1, 2) is None


def test_no_more_are_looked_after_than_there_are_descriptors_for(
    alive: Attached[Processes], tmp_path: Path
) -> None:
    write(tmp_path, [entry(os.getpid(), started) for started in range(10 * MAX_PROCESSES)])
    alive.signature()
    assert len(alive.read().alive) == MAX_PROCESSES
    assert len(alive.doorbells()) <= MAX_PROCESSES


def test_a_death_rings_and_changes_the_signature(
    alive: Attached[Processes], tmp_path: Path, process: subprocess.Popen[str]
) -> None:
    started = start_ticks(process.pid)
    write(tmp_path, entry(process.pid, started))
    before = alive.signature()
    assert alive.read().is_alive(process.pid, started) is True
    (bell,) = alive.doorbells()
    assert select.select([bell], [], [], 0)[0] == []
    process.kill()
    assert select.select([bell], [], [], 10)[0] == [bell]
    # Its parent has not taken note yet: a zombie is dead.
    assert alive.read().is_alive(process.pid, started) is False
    assert alive.doorbells() == {bell}, "whoever reads must not take the bell from the watcher"
    assert alive.signature() != before
    assert alive.doorbells() == frozenset()


def test_the_signature_is_that_of_the_processes_and_of_nothing_else(
    alive: Attached[Processes], tmp_path: Path
) -> None:
    write(tmp_path, [me()])
    before = alive.signature()
    write(tmp_path, {"of": [me() | {"progress": 2}]})
    assert alive.signature() == before


def test_damage_of_the_source_is_told_and_its_end_too(alive: Attached[Processes], tmp_path: Path) -> None:
    write(tmp_path, [me()])
    before = alive.signature()
    (tmp_path / "named.json").write_text("[")
    assert alive.signature() != before
    with pytest.raises(SourceError, match=r"named\.json is not valid JSON"):
        alive.read()
    write(tmp_path, [me()])
    assert alive.signature() == before
    assert len(alive.read().alive) == 1


def test_a_missing_source_names_nobody(alive: Attached[Processes]) -> None:
    assert alive.is_missing()
    assert alive.read() == Processes()


def test_processes_that_are_named_now_and_never_seen_are_not_to_be_seen_from_here(
    alive: Attached[Processes], tmp_path: Path
) -> None:
    """As when Hermes works in a container and its home is mounted here."""
    write(tmp_path, [entry(GONE, 1)])
    assert alive.read().is_alive(GONE, 1) is False, "it may have died long ago"
    write(tmp_path, [entry(GONE, 2)])
    assert alive.read().is_alive(GONE, 2) is False, "one may have died in the moment"
    write(tmp_path, [entry(GONE, 3)])
    assert alive.read().is_alive(GONE, 3) is None
    write(tmp_path, [entry(GONE, 3), me()])
    assert alive.read().is_alive(GONE, 3) is False, "one is seen: so all could be"


def test_a_tables_rows_name_processes(tmp_path: Path) -> None:
    unfinished = ("status", ("claimed", "running"))
    runs = Table("cron/executions.db", "executions", ("pid", "process_started_at"), where=unfinished)
    source = Alive(runs, started="process_started_at")
    attached = source.attach(Place(tmp_path, tmp_path, None))
    assert attached.read() == Processes()
    with Runner(tmp_path) as runner, Runner(tmp_path) as other:
        runner.claim("one")
        other.claim("two", status="completed")
        signature = attached.signature()
        assert attached.read().alive == {(runner.pid, runner.ticks): True}
        runner.kill()
        assert attached.signature() != signature
        assert attached.read().alive == {(runner.pid, runner.ticks): False}
        other.update("one", status="unknown")
        assert attached.read().alive == {}
    attached.close()


def test_the_end_of_one_without_its_start_is_told_though_others_were_gone_when_they_were_named(
    alive: Attached[Processes], tmp_path: Path, process: subprocess.Popen[str]
) -> None:
    alive.signature()
    for number in range(3):
        write(tmp_path, [entry(GONE + other) for other in range(number + 1)])
        alive.signature()
    write(tmp_path, entry(process.pid))
    before = alive.signature()
    assert alive.read().is_alive(process.pid, None) is None
    process.kill()
    process.wait()
    assert alive.signature() != before
    assert alive.read().is_alive(process.pid, None) is False
