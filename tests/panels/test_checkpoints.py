"""The checkpoints panel over a real store of git's objects."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hermes_hud_widget import Home
from hermes_hud_widget.core import OpenHome
from hermes_hud_widget.panels import checkpoints
from hermes_hud_widget.place import Place
from hermes_hud_widget.sources import Repositories, Settings
from hermes_hud_widget.sources.checkpoints import CheckpointedDirectory, CheckpointFiles
from hermes_hud_widget.sources.git import Commit
from support.repository import git

ID = "0123456789abcdef"
NOW = 1_780_000_000


class Store:
    """Writes `checkpoints/` as Hermes does."""

    def __init__(self, home: Path) -> None:
        self.top = home / "checkpoints"
        self.path = self.top / "store"
        (self.path / "projects").mkdir(parents=True)
        git(self.path, "init", "-q", "--bare", ".")

    def take(self, reason: str, at: int, id: str = ID, workdir: str = "/nowhere") -> str:
        """One snapshot more of that directory."""
        tree = git(self.path, "hash-object", "-w", "-t", "tree", "/dev/null")
        known = git(self.path, "for-each-ref", "--format=%(objectname)", f"refs/hermes/{id}")
        parent = ["-p", known] if known else []
        dates = {"GIT_COMMITTER_DATE": f"{at} +0000", "GIT_AUTHOR_DATE": f"{at} +0000"}
        commit = git(self.path, "commit-tree", tree, *parent, "-m", reason, **dates)
        git(self.path, "update-ref", f"refs/hermes/{id}", commit)
        meta = {"workdir": workdir, "created_at": 1.0, "last_touch": float(at)}
        (self.path / "projects" / f"{id}.json").write_text(json.dumps(meta))
        return commit


@pytest.fixture
def store(home: Path) -> Store:
    """An empty store."""
    return Store(home)


@contextmanager
def opened(home: Path) -> Iterator[OpenHome]:
    one = OpenHome(Place(home, home, None), {"checkpoints": checkpoints.PANEL})
    try:
        yield one
    finally:
        one.close()


def collected(one: OpenHome) -> Any:
    found = one.collect("checkpoints", one.parse_query("checkpoints", {}), 1)
    assert (found.status, found.error) == ("ok", None)
    return found.data


def shown(home: Path) -> Any:
    with opened(home) as one:
        return collected(one)


def test_each_directory_has_its_snapshots_with_time_and_reason(home: Path, store: Store) -> None:
    store.take("before write_file", 1_780_000_000)
    newest = store.take("before | patch", 1_780_000_100)
    store.take("auto", 1_780_000_050, id="f" * 16, workdir="/other")
    data = shown(home)
    first, second = data["directories"]
    assert (first["path"], first["count"], second["path"]) == ("/nowhere", 2, "/other")
    assert [(one["reason"], one["at"]) for one in first["checkpoints"]] == [
        ("before | patch", "2026-05-28T20:28:20Z"),
        ("before write_file", "2026-05-28T20:26:40Z"),
    ]
    assert first["checkpoints"][0]["id"] == newest[:10]
    assert (first["newest_at"], first["oldest_at"]) == ("2026-05-28T20:28:20Z", "2026-05-28T20:26:40Z")
    assert data["size_bytes"] > 0


def test_whether_hermes_takes_any_is_said_by_the_configuration(home: Path, store: Store) -> None:
    store.take("auto", NOW + 1)
    assert (shown(home)["is_enabled"], shown(home)["max_snapshots"]) == (False, 20)
    (home / "config.yaml").write_text("checkpoints: {enabled: true, max_snapshots: 5, retention_days: odd}\n")
    data = shown(home)
    assert (data["is_enabled"], data["max_snapshots"], data["retention_days"]) == (True, 5, 7)


def test_packed_objects_and_refs_are_read(home: Path, store: Store) -> None:
    for number in range(3):
        store.take(f"number {number}", 1_780_000_000 + number)
    git(store.path, "gc", "-q", "--prune=now")
    assert not (store.path / "refs" / "hermes" / ID).exists()
    assert shown(home)["directories"][0]["count"] == 3


def test_a_new_snapshot_is_seen(home: Path, store: Store) -> None:
    store.take("first", NOW + 1)
    with opened(home) as one:
        assert collected(one)["directories"][0]["count"] == 1
        signature = one.signature("checkpoints")
        store.take("second", NOW + 2)
        assert one.signature("checkpoints") != signature
        assert collected(one)["directories"][0]["count"] == 2


def test_only_what_has_a_new_tip_is_read_again(
    home: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.take("first", NOW + 1)
    with opened(home) as one:
        collected(one)
        monkeypatch.setattr("hermes_hud_widget.sources.checkpoints.read_log", _refuse)
        (store.path / "projects" / ("e" * 16 + ".json")).write_text("{}")
        assert collected(one)["total"] == 2


def _refuse(*_: object) -> None:
    raise AssertionError("git was asked")


def test_damage_is_counted_or_told_where_it_is(home: Path, store: Store) -> None:
    tip = store.take("first", NOW + 1)
    (store.path / "projects" / "bad.json").write_text("{")
    (store.path / "objects" / tip[:2] / tip[2:]).unlink()
    data = shown(home)
    assert data["unreadable"] == 1
    assert data["directories"][0]["problem"].startswith("git could not read it")


def test_without_git_the_directories_are_there_and_it_is_said(
    home: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.take("first", NOW + 1)
    monkeypatch.setenv("PATH", "")
    directory = shown(home)["directories"][0]
    assert (directory["path"], directory["count"]) == ("/nowhere", 0)
    assert directory["problem"] == "git is not installed here, so its snapshots cannot be read"


def test_snapshots_of_directories_that_are_not_shown_count_too() -> None:
    def directory(number: int, *, is_cut: bool = False) -> CheckpointedDirectory:
        taken = (Commit("a" * 40, None, "before"),) * 3
        return CheckpointedDirectory(f"{number:016}", None, None, None, taken, is_cut, None)

    def counted(files: CheckpointFiles) -> tuple[int, int, bool]:
        found = checkpoints.collect(files, Repositories().missing, Settings({}), datetime.now(UTC))
        return len(found.directories), found.total_checkpoints, found.is_total_cut

    directories = tuple(map(directory, range(150)))
    assert counted(CheckpointFiles(directories, 150)) == (100, 450, False)
    assert counted(CheckpointFiles(directories, 151)) == (100, 450, True)
    assert counted(CheckpointFiles((directory(0, is_cut=True),), 1)) == (1, 3, True)


def test_what_hermes_put_away_is_listed(home: Path) -> None:
    (home / "checkpoints" / "legacy-20260101-120000" / "abc").mkdir(parents=True)
    assert [one["name"] for one in shown(home)["legacy"]] == ["legacy-20260101-120000"]


def test_nothing_of_the_store_is_changed_and_none_of_its_programs_run(
    home: Path, store: Store, tmp_path: Path
) -> None:
    store.take("first", NOW + 1)
    mark = tmp_path / "mark"
    script = tmp_path / "script"
    script.write_text(f"#!/bin/sh\ntouch '{mark}'\n")
    script.chmod(0o755)
    git(store.path, "config", "core.fsmonitor", str(script))
    git(store.path, "config", "gpg.program", str(script))
    git(store.path, "config", "log.showSignature", "true")
    before = {path: path.lstat().st_mtime_ns for path in store.top.rglob("*")}
    assert shown(home)["directories"][0]["count"] == 1
    assert {path: path.lstat().st_mtime_ns for path in store.top.rglob("*")} == before
    assert not mark.exists()


def test_every_number_can_be_recomputed_from_the_frames(home: Path, store: Store) -> None:
    for number in range(4):
        store.take(
            f"number {number}", 1_780_000_000 + number, id=f"{number % 2}" * 16, workdir=f"/w{number % 2}"
        )
    with Home(home) as one:
        rows = one.frame("checkpoints")
        data = one.panel("checkpoints")["data"]
    assert (data["total_checkpoints"], data["is_total_cut"]) == (len(rows), False)
    assert data["total"] == rows["directory_id"].nunique()
    for directory in data["directories"]:
        own = rows[rows["directory_id"] == directory["id"]]
        assert directory["count"] == len(own) == 2
        assert directory["newest_at"] == own["at"].max().isoformat().replace("+00:00", "Z")
