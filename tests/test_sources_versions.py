"""What a memory store held before, as far as it was seen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hermes_hud_widget.place import Place
from hermes_hud_widget.sources import Attached, EntriesVersions, Version
from hermes_hud_widget.sources import versions as module

Versions = Attached[tuple[Version, ...]]


@pytest.fixture
def attached(home: Path) -> Iterator[Versions]:
    source = EntriesVersions("MEMORY.md", most=4).attach(Place(home, home, None))
    yield source
    source.close()


def write(home: Path, *entries: str) -> None:
    temporary = home / ".mem_1.tmp"
    temporary.write_text("\n§\n".join(entries), encoding="utf-8")
    temporary.replace(home / "MEMORY.md")


def seen(attached: Versions) -> list[tuple[str, ...]]:
    return [version.content.entries for version in attached.read()]


def test_each_content_that_was_seen_is_kept_with_its_time(home: Path, attached: Versions) -> None:
    began = datetime.now(UTC)
    first = attached.signature()
    write(home, "a")
    second = attached.signature()
    write(home, "a", "b")
    assert len({first, second, attached.signature()}) == 3
    assert seen(attached) == [(), ("a",), ("a", "b")]
    times = [version.seen_at for version in attached.read()]
    assert times == sorted(times)
    assert began <= times[0] <= times[-1] <= datetime.now(UTC)


def test_the_same_entries_again_are_no_version(home: Path, attached: Versions) -> None:
    write(home, "a")
    before = attached.signature()
    write(home, "a")
    assert attached.signature() == before
    assert seen(attached) == [("a",)]


def test_only_the_newest_are_kept(home: Path, attached: Versions) -> None:
    for number in range(7):
        write(home, f"entry {number}")
        attached.signature()
    assert seen(attached) == [(f"entry {number}",) for number in range(3, 7)]


def test_of_huge_ones_fewer_are_kept(home: Path, attached: Versions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_CHARS", 25)
    for letter in "abc":
        write(home, letter * 10)
        attached.signature()
    assert seen(attached) == [("b" * 10,), ("c" * 10,)]
    write(home, "d" * 100)
    assert seen(attached) == [("d" * 100,)]


def test_a_version_that_cannot_be_read_is_left_out(home: Path, attached: Versions) -> None:
    write(home, "a")
    attached.signature()
    (home / "MEMORY.md").write_bytes(b"\xff\xfe")
    before = attached.signature()
    assert attached.signature() == before
    assert seen(attached) == [("a",)]
    write(home, "b")
    assert seen(attached) == [("a",), ("b",)]


def test_nothing_is_forgotten_while_nobody_looks(home: Path, attached: Versions) -> None:
    write(home, "a")
    attached.signature()
    attached.rest()
    write(home, "b")
    assert seen(attached) == [("a",), ("b",)]


def test_a_file_that_is_deleted_holds_nothing(home: Path, attached: Versions) -> None:
    write(home, "a")
    attached.signature()
    (home / "MEMORY.md").unlink()
    assert seen(attached) == [("a",), ()]
