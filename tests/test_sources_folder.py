"""The files of one kind in a folder: which there are, what they hold, and that a change is noticed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from hermes_hud_widget.errors import SourceError
from hermes_hud_widget.place import Place
from hermes_hud_widget.sources import Attached, Folder, FoundFiles
from ledger.world import settled

RUNS = Folder("logs/curator", "*/run.json", most=3, read_bytes=20)


@pytest.fixture
def attached(home: Path) -> Iterator[Attached[FoundFiles]]:
    attached = RUNS.attach(Place(home, home, None))
    yield attached
    attached.close()


def write(home: Path, path: str, content: bytes, age_s: float = 60) -> Path:
    file = home / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    at = file.stat().st_mtime - age_s
    os.utime(file, (at, at))
    return file


def paths(attached: Attached[FoundFiles]) -> list[str]:
    return [file.path for file in attached.read().files]


def test_nothing_there_is_no_error(attached: Attached[FoundFiles], home: Path) -> None:
    assert attached.is_missing()
    assert attached.read() == FoundFiles()
    (home / "logs").write_text("a file where the folder above should be")
    assert attached.read() == FoundFiles()


def test_only_files_as_deep_and_named_as_asked_for_are_found(
    attached: Attached[FoundFiles], home: Path
) -> None:
    write(home, "logs/curator/one/run.json", b"{}")
    write(home, "logs/curator/one/REPORT.md", b"")
    write(home, "logs/curator/run.json", b"{}")
    write(home, "logs/curator/one/two/run.json", b"{}")
    (home / "logs/curator/folder/run.json").mkdir(parents=True)
    assert paths(attached) == ["one/run.json"]


def test_the_ones_written_last_come_first_and_the_rest_is_counted(
    attached: Attached[FoundFiles], home: Path
) -> None:
    for number in range(5):
        write(home, f"logs/curator/r{number}/run.json", b"{}", age_s=100 + number)
    assert paths(attached) == ["r0/run.json", "r1/run.json", "r2/run.json"]
    assert attached.read().total == 5


def test_of_very_many_those_are_looked_at_whose_names_come_last_and_the_rest_is_counted(
    attached: Attached[FoundFiles], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hermes_hud_widget.sources.folder.MOST_LOOKED_AT", 4)
    for number in range(9):
        write(home, f"logs/curator/2026-06-0{number}/run.json", b"{}", age_s=100 + number)
    assert paths(attached) == [f"2026-06-0{number}/run.json" for number in (5, 6, 7)]
    assert attached.read().total == 9


def test_a_folder_is_listed_again_only_when_something_came_or_went(
    attached: Attached[FoundFiles], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hermes_hud_widget.sources.folder._FRESH_FOLDER_NS", 0)
    file = write(home, "logs/curator/a/run.json", b"{}")
    write(home, "logs/curator/b/run.json", b"{}", age_s=90)
    assert paths(attached) == ["a/run.json", "b/run.json"]
    listed: list[str] = []
    real = os.scandir

    def scandir(path: str) -> object:
        listed.append(Path(path).name)
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    file.write_bytes(b"[1]")
    assert attached.read().files[0].text == "[1]"
    assert listed == []
    (home / "logs/curator/b/run.json").unlink()
    assert paths(attached) == ["a/run.json"]
    assert listed == ["b"]
    (home / "logs/curator/a").chmod(0o700)  # it might no longer be readable
    assert paths(attached) == ["a/run.json"]
    assert listed == ["b", "a"]


def test_no_more_of_a_file_is_read_than_asked_for_and_bytes_that_are_no_text_are_replaced(
    attached: Attached[FoundFiles], home: Path
) -> None:
    write(home, "logs/curator/a/run.json", b"\xef\xbb\xbf{\xff}")
    write(home, "logs/curator/b/run.json", b"x" * 100, age_s=90)
    first, second = attached.read().files
    assert (first.text, second.text, second.size_bytes) == ("{\ufffd}", "x" * 20, 100)


def test_what_cannot_be_read_is_told_beside_the_others(attached: Attached[FoundFiles], home: Path) -> None:
    write(home, "logs/curator/a/run.json", b"{}")
    (home / "logs/curator/b").mkdir()
    (home / "logs/curator/b/run.json").symlink_to(home / "nowhere")
    os.mkfifo(home / "logs/curator/b/other.json")
    assert paths(attached) == ["a/run.json"]


def test_a_file_in_the_folders_place_is_damage_that_names_it(
    attached: Attached[FoundFiles], home: Path
) -> None:
    (home / "logs").mkdir()
    (home / "logs/curator").write_text("")
    with pytest.raises(SourceError, match=r"logs/curator is not a folder") as caught:
        attached.read()
    assert (caught.value.kind, caught.value.path) == ("damaged", RUNS.label)


def test_its_signature_changes_with_each_file_and_only_then(
    attached: Attached[FoundFiles], home: Path
) -> None:
    file = write(home, "logs/curator/a/run.json", b"{}")
    seen = [settled(attached)]
    write(home, "logs/curator/a/other.md", b"nobody asked")
    assert settled(attached) == seen[-1]
    for change in (
        lambda: file.write_bytes(b"[]"),
        lambda: write(home, "logs/curator/b/run.json", b"{}"),
        lambda: (home / "logs/curator/b/run.json").unlink(),
    ):
        change()
        seen.append(settled(attached))
    assert len(set(seen)) == 4


def test_two_writes_that_look_the_same_from_outside_are_two_contents(
    attached: Attached[FoundFiles], home: Path
) -> None:
    file = write(home, "logs/curator/a/run.json", b"{1}", age_s=0)
    before, written = attached.signature(), file.stat().st_mtime_ns
    file.write_bytes(b"{2}")
    os.utime(file, ns=(written, written))
    if not attached.recheck_soon:  # the first look came too late for the trap
        pytest.skip("this machine is too slow for it")
    assert settled(attached) != before
    assert attached.read().files[0].text == "{2}"


def test_a_text_is_read_when_it_is_asked_for_and_only_of_what_was_found(
    attached: Attached[FoundFiles], home: Path
) -> None:
    write(home, "secret.txt", b"secret")
    file = write(home, "logs/curator/a/run.json", b"0123456789")
    found = attached.read()
    assert found.text("a/run.json", 4) == ("0123", True)
    assert found.text("a/run.json", 10) == ("0123456789", False)
    assert found.text("../../secret.txt", 10) is None
    file.unlink()
    assert found.text("a/run.json", 10) is None
