from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from hermes_hud_widget.ledger import confined
from hermes_hud_widget.ledger.confined import without_write_access

needs_landlock = pytest.mark.skipif(not confined.is_possible(), reason="this kernel has no Landlock")

WRITES: dict[str, Callable[[Path], object]] = {
    "open for writing": lambda folder: os.close(os.open(folder / "file", os.O_RDWR)),
    "create": lambda folder: os.close(os.open(folder / "new", os.O_CREAT | os.O_RDONLY)),
    "truncate": lambda folder: os.truncate(folder / "file", 0),
    "unlink": lambda folder: (folder / "file").unlink(),
    "rename": lambda folder: (folder / "file").rename(folder / "other"),
    "mkdir": lambda folder: (folder / "new").mkdir(),
    "link": lambda folder: (folder / "new").symlink_to("file"),
}


@needs_landlock
@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_what_is_confined_cannot(write: Callable[[Path], object], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("content")
    with pytest.raises(PermissionError):
        without_write_access(lambda: write(tmp_path))
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == "content"


@needs_landlock
def test_other_threads_keep_their_rights(tmp_path: Path) -> None:
    without_write_access(lambda: None)
    (tmp_path / "file").write_text("content")


def test_reading_goes_on_and_results_come_back(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("content")
    assert without_write_access((tmp_path / "file").read_text) == "content"


def test_without_landlock_the_work_is_done_all_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(confined, "is_possible", lambda: False)
    without_write_access(lambda: (tmp_path / "file").write_text("content"))
    assert (tmp_path / "file").exists()
