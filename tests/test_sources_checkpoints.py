"""What reading Hermes' snapshots costs, however many there are: nobody waits for all of git, or for a look at each file."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hermes_hud_widget.place import Place
from hermes_hud_widget.protocol import Progress
from hermes_hud_widget.sources import Attached
from hermes_hud_widget.sources.checkpoints import CheckpointFiles, Checkpoints
from hermes_hud_widget.sources.git import Commit, GitError

TIP = "a" * 40


@pytest.fixture
def store(home: Path) -> Path:
    """An empty store."""
    store = home / "checkpoints" / "store"
    for folder in ("projects", "refs/hermes", "objects/pack"):
        (store / folder).mkdir(parents=True)
    return store


def directory(store: Path, number: int) -> None:
    """A directory with snapshots; those with a higher number were touched earlier."""
    meta = {"workdir": f"/w{number}", "last_touch": 1_780_000_000.0 - number}
    (store / "projects" / f"{number:016}.json").write_text(json.dumps(meta))
    (store / "refs" / "hermes" / f"{number:016}").write_text(TIP)


@pytest.fixture
def attached(home: Path, store: Path) -> Iterator[Attached[CheckpointFiles]]:
    one = Checkpoints().attach(Place(home, home, None))
    yield one
    one.close()


class Git:
    """A git that takes so many seconds, of a clock that nobody waits for, to list a directory's snapshots."""

    def __init__(self, takes_s: float, monkeypatch: pytest.MonkeyPatch) -> None:
        self.takes_s = takes_s
        self.problem: str | None = None
        self.asked = 0
        self.now = 1_000.0
        source = "hermes_hud_widget.sources.checkpoints"
        monkeypatch.setattr(f"{source}.time", SimpleNamespace(monotonic=lambda: self.now, time_ns=lambda: 0))
        monkeypatch.setattr(f"{source}.find_git", lambda: "git")
        monkeypatch.setattr(f"{source}.read_log", self._log)

    def _log(self, *_: Any) -> tuple[Commit, ...]:
        self.asked += 1
        self.now += self.takes_s
        if self.problem:
            raise GitError(self.problem)
        return (Commit(TIP, None, "before"),)


def read(attached: Attached[CheckpointFiles]) -> int:
    """Of how many directories the snapshots are known."""
    return sum(bool(one.checkpoints) for one in attached.read().directories)


def test_many_directories_are_read_bit_by_bit_those_touched_last_first(
    store: Path, attached: Attached[CheckpointFiles], monkeypatch: pytest.MonkeyPatch
) -> None:
    git = Git(1.0, monkeypatch)
    for number in range(10):
        directory(store, number)
    seen, progress = [attached.signature()], []
    for _ in range(3):
        files = attached.read()
        is_read = [bool(one.checkpoints) for one in files.directories]
        assert is_read == sorted(is_read, reverse=True)
        progress.append((sum(is_read), attached.progress))
        seen.append(attached.signature())
    assert progress == [(4, Progress(done=4, total=10)), (8, Progress(done=8, total=10)), (10, None)]
    # Each time but the last whoever shows it is told to look again.
    assert [one == before for before, one in pairwise(seen)] == [False, False, True]
    assert attached.read() is files
    assert git.asked == 10


def test_a_frame_waits_for_all_of_them(
    store: Path, attached: Attached[CheckpointFiles], monkeypatch: pytest.MonkeyPatch
) -> None:
    Git(1.0, monkeypatch)
    for number in range(10):
        directory(store, number)
    attached.settle()
    assert read(attached) == 10


def test_a_frame_waits_for_none_of_them_twice(
    store: Path, attached: Attached[CheckpointFiles], monkeypatch: pytest.MonkeyPatch
) -> None:
    git = Git(3.0, monkeypatch)
    git.problem = "git takes too long here"
    for number in range(100):
        directory(store, number)
    attached.settle()
    assert git.asked == 100


def test_what_git_cannot_read_is_not_tried_again_with_each_change(
    store: Path, attached: Attached[CheckpointFiles], monkeypatch: pytest.MonkeyPatch
) -> None:
    git = Git(2.0, monkeypatch)
    git.problem = "git takes too long here"
    directory(store, 1)
    assert attached.read().directories[0].problem == git.problem
    (store / "projects" / "other.json").write_text("{}")
    assert attached.read().total == 2
    assert git.asked == 1
    git.now += 101.0
    git.problem = None
    (store / "projects" / "another.json").write_text("{}")
    assert read(attached) == 1


def test_a_snapshot_more_costs_a_look_at_the_folders_that_changed(
    store: Path, attached: Attached[CheckpointFiles], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(30):
        (store / "objects" / f"{number:02x}").mkdir()
        (store / "objects" / f"{number:02x}" / "one").write_bytes(b"x" * 100)
    for folder, _, _ in os.walk(store.parent):
        os.utime(folder, (1_700_000_000, 1_700_000_000))
    before = attached.read().size_bytes
    assert before == 3_000
    listed: list[str] = []
    real = os.scandir

    def scandir(path: Any) -> Any:
        listed.append(str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    (store / "objects" / "07" / "two").write_bytes(b"x" * 50)
    (store / "projects" / "other.json").write_text("{}")
    found = attached.read()
    assert (found.size_bytes, found.is_size_cut) == (before + 50 + 2, False)
    assert [path[-2:] for path in listed if "/objects/" in path] == ["07"]


def test_of_very_many_files_those_that_could_be_looked_at_are_added_up_and_it_is_said(
    store: Path, attached: Attached[CheckpointFiles], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hermes_hud_widget.sources.checkpoints.MAX_FILES_SIZED", 20)
    for number in range(30):
        (store / "objects" / "pack" / f"{number}.pack").write_bytes(b"x" * 100)
    found = attached.read()
    assert found.is_size_cut
    assert 0 < found.size_bytes <= 2_000
