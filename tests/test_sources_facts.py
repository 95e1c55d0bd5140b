"""What can be said of files and databases from outside."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from hermes_hud_widget.place import Place
from hermes_hud_widget.sources import (
    Attached,
    Config,
    DatabaseStanding,
    DatabaseState,
    Documents,
    FileFacts,
    Json,
    Outward,
    Readable,
    Source,
)
from ledger.world import RELEASES, Story, make, writing


@pytest.fixture
def attach(home: Path) -> Iterator[Any]:
    with ExitStack() as stack:

        def attach(source: Source[Any]) -> Attached[Any]:
            attached = source.attach(Place(home, home, None))
            stack.callback(attached.close)
            return attached

        yield attach


def test_what_can_be_read_what_cannot_and_what_is_not_there_are_told_apart(home: Path, attach: Any) -> None:
    attached = attach(Readable((Config(), Json("a.json"), Json("b.json"))))
    (home / "config.yaml").write_text("model: m\n")
    (home / "a.json").write_text("{")
    found = attached.read()
    assert found["config.yaml"] is None
    assert "a.json is not valid JSON" in found["a.json"]
    assert "b.json" not in found


def test_damage_and_its_mending_are_changes_and_another_content_is_none(home: Path, attach: Any) -> None:
    attached = attach(Readable((Json("a.json"),)))
    signatures = []
    for content in ("{}", '{"a": 1}', "{", "[]"):
        (home / "a.json.tmp").write_text(content)
        (home / "a.json.tmp").replace(home / "a.json")
        signatures.append(attached.signature())
    assert signatures[0] == signatures[1] == signatures[3] != signatures[2]


def test_what_comes_after_the_first_look_is_looked_at_too(home: Path, attach: Any) -> None:
    attached = attach(Readable((Documents("skills", "SKILL.md"),)))
    attached.signature()
    assert attached.folders == (home / "skills",)
    file = home / "skills" / "one" / "SKILL.md"
    file.parent.mkdir(parents=True)
    file.write_text("---\nname: one\n---\n")
    attached.signature()
    assert file.parent in attached.folders


def test_sizes_modes_and_the_disk_are_those_of_now(home: Path, attach: Any) -> None:
    attached = attach(Outward((".", ".env", "nowhere")))
    home.chmod(0o750)
    (home / ".env").write_text("A=1\n")
    (home / ".env").chmod(0o600)
    found = attached.read()
    assert found.files["."].mode == 0o750
    assert found.files[".env"] == FileFacts(4, 0o600)
    assert "nowhere" not in found.files
    disk = os.statvfs(home)
    assert found.disk_bytes == disk.f_blocks * disk.f_frsize
    assert 0 < found.free_bytes <= found.disk_bytes


def test_a_home_that_is_not_there_has_no_facts(tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    found = Outward((".",)).attach(Place(nowhere, nowhere, None)).read()
    assert (found.files, found.free_bytes) == ({}, None)


@pytest.mark.parametrize("release", RELEASES)
def test_a_database_says_who_wrote_it_and_how_it_is_read(home: Path, attach: Any, release: str) -> None:
    make(home / "state.db", release=release)
    found = attach(DatabaseStanding()).read()
    # 0.13 and 0.17 made the same tables as the release after or before them.
    assert found.release == {"0.13": "0.14", "0.17": "0.16"}.get(release, release)
    assert (found.problem, found.way) == (None, "immutable")


def test_a_live_log_and_a_rollback_journal_are_told_apart(home: Path, attach: Any) -> None:
    make(home / "state.db")
    with writing(home / "state.db") as hermes:
        hermes("INSERT INTO schema_version VALUES (22)")
        found = attach(DatabaseStanding()).read()
        assert (found.way, found.schema) == ("shared", 22)
    make(home / "other.db", "delete")
    assert attach(DatabaseStanding("other.db")).read().way == "journal"


def test_a_damaged_database_says_so_and_a_missing_one_is_none(home: Path, attach: Any) -> None:
    attached = attach(DatabaseStanding())
    assert attached.read() is None
    missing = attached.signature()
    (home / "state.db").write_bytes(b"garbage " * 1024)
    found = attached.read()
    assert isinstance(found, DatabaseState)
    assert "state.db" in (found.problem or "")
    assert attached.signature() != missing


def test_a_commit_that_changes_none_of_it_is_no_change(home: Path, attach: Any) -> None:
    story = Story(home / "state.db")
    attached = attach(DatabaseStanding())
    before = attached.signature()
    story.session("a")
    assert attached.signature() == before
