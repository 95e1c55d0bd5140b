from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from hermes_hud_widget.errors import SourceError
from hermes_hud_widget.place import DEMO_MARKER, Place
from hermes_hud_widget.sources import AttachedDiary, Diary, Page
from hermes_hud_widget.sources.diary import DEMO_FOLDER, MOST_PAGES

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
Open = Callable[[], AttachedDiary]


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Our own state directory, which is not there yet."""
    monkeypatch.setenv("HERMES_HUD_STATE", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture
def diary(home: Path, state: Path) -> Iterator[Open]:
    """Opens the home's diary."""
    opened: list[AttachedDiary] = []

    def open_() -> AttachedDiary:
        opened.append(Diary("growth").attach(Place(home, home, None)))
        return opened[-1]

    yield open_
    for one in opened:
        one.close()


def page(days: int = 0, hours: int = 0, **figures: float | None) -> Page:
    at = NOON + timedelta(days=days, hours=hours)
    return Page(at.date(), at, figures)


def test_nothing_is_made_before_something_is_kept(diary: Open, state: Path) -> None:
    assert diary().read().pages == ()
    assert not state.exists()


def test_a_page_is_kept_for_each_day_the_last_of_it(diary: Open) -> None:
    one = diary()
    for kept in (page(sessions=1), page(-1, sessions=0), page(hours=3, sessions=4, cost_usd=None)):
        assert one.keep(kept)
    assert one.read().pages == (page(-1, sessions=0), page(hours=3, sessions=4, cost_usd=None))
    one.close()
    assert diary().read().pages == (page(-1, sessions=0), page(hours=3, sessions=4, cost_usd=None))


def test_it_lies_in_our_own_directory_for_this_user_only_and_nothing_in_the_home(
    diary: Open, home: Path, state: Path
) -> None:
    before = sorted(home.rglob("*"))
    one = diary()
    one.keep(page(sessions=1))
    assert sorted(home.rglob("*")) == before
    (file,) = state.rglob("growth.jsonl")
    assert one.read().where is not None
    assert str(one.read().where).endswith(str(file.relative_to(state)))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in (file.parent, file.parent.parent)} == {0o700}
    assert not list(file.parent.glob("*.new"))


OTHER = """
import sys
from datetime import datetime
from pathlib import Path
from hermes_hud_widget.place import Place
from hermes_hud_widget.sources import Diary, Page
home = Path(sys.argv[1])
diary = Diary("growth").attach(Place(home, home, None))
at = datetime.fromisoformat(sys.argv[2])
print(len(diary.read().pages), diary.keep(Page(at.date(), at, {"sessions": 2})))
"""


@pytest.fixture
def another(home: Path, state: Path) -> Callable[[], str]:
    """Another server of the same home: how many pages it has read, and whether it could keep one."""

    def ask() -> str:
        arguments = [sys.executable, "-c", OTHER, str(home), NOON.isoformat()]
        environment = {**os.environ, "HERMES_HUD_STATE": str(state)}
        return subprocess.run(arguments, check=True, capture_output=True, text=True, env=environment).stdout

    return ask


def test_one_that_is_open_and_keeps_nothing_keeps_no_other_from_it(
    diary: Open, another: Callable[[], str]
) -> None:
    one = diary()
    assert one.keep(page(-1, sessions=1))
    before = one.signature()
    assert another() == "1 True\n"
    assert one.signature() != before
    assert one.read().pages == (page(-1, sessions=1), page(sessions=2))
    assert one.keep(page(1, sessions=3))
    assert [kept.figures["sessions"] for kept in diary().read().pages] == [1, 2, 3]


def test_of_two_that_keep_at_the_same_time_one_does(
    diary: Open, state: Path, another: Callable[[], str]
) -> None:
    fcntl = pytest.importorskip("fcntl")
    one = diary()
    one.keep(page(sessions=1))
    (lock,) = state.rglob("growth.jsonl.lock")
    with lock.open("r+b") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert another() == "1 False\n"
        assert not one.keep(page(sessions=3))
    assert one.keep(page(sessions=3))
    assert one.read().pages == (page(sessions=3),)


def test_the_same_figures_are_no_change_or_what_is_kept_would_be_kept_again_for_ever(diary: Open) -> None:
    one = diary()
    one.keep(page(sessions=1))
    before = one.signature()
    assert one.keep(page(hours=1, sessions=1))
    assert one.signature() == before
    assert one.read().pages == (page(sessions=1),)


def test_a_directory_that_was_removed_is_made_anew(diary: Open, state: Path) -> None:
    one = diary()
    one.keep(page(-1, sessions=1))
    shutil.rmtree(state)
    assert one.keep(page(sessions=2))
    assert one.read().pages == (page(sessions=2),)
    assert diary().read().pages == (page(sessions=2),)


def test_a_closed_one_keeps_nothing(diary: Open) -> None:
    one = diary()
    one.close()
    assert not one.keep(page(sessions=1))


def test_what_was_left_by_a_crash_does_no_harm(diary: Open, state: Path) -> None:
    one = diary()
    one.keep(page(-1, sessions=1))
    (file,) = state.rglob("growth.jsonl")
    file.with_name(".growth.jsonl.new").write_text("half a li")
    one.keep(page(sessions=2))
    assert len(one.read().pages) == 2


def test_damage_is_an_error_and_is_not_written_over(diary: Open, state: Path) -> None:
    one = diary()
    one.keep(page(-1, sessions=1))
    (file,) = state.rglob("growth.jsonl")
    file.write_text(file.read_text() + "half a li")
    with pytest.raises(SourceError, match=r"growth\.jsonl is damaged \(line 2\)"):
        one.read()
    with pytest.raises(SourceError):
        one.keep(page(sessions=2))
    assert file.read_text().endswith("half a li")


def test_a_directory_below_a_hermes_home_is_refused(
    home: Path, monkeypatch: pytest.MonkeyPatch, diary: Open
) -> None:
    monkeypatch.setenv("HERMES_HUD_STATE", str(home / "state"))
    one = diary()
    with pytest.raises(OSError, match="nothing is written"):
        one.keep(page(sessions=1))
    assert not (home / "state").exists()


def test_off_keeps_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HERMES_HUD_STATE", "off")
    one = Diary("growth").attach(Place(home, home, None))
    assert not one.keep(page(sessions=1))
    assert one.read().where is None


def test_a_demo_brings_its_own_pages_and_keeps_none(home: Path, diary: Open, state: Path) -> None:
    (home / DEMO_MARKER).touch()
    (home / DEMO_FOLDER).mkdir()
    line = {"day": "2026-11-20", "at": "2026-11-20T10:00:00+00:00", "sessions": 7}
    (home / DEMO_FOLDER / "growth.jsonl").write_text(json.dumps(line) + "\n")
    one = diary()
    (found,) = one.read().pages
    assert (found.day, found.figures) == (date(2026, 11, 20), {"sessions": 7})
    assert not one.keep(page(sessions=1))
    assert not state.exists()


def test_the_oldest_pages_go_when_there_are_too_many(diary: Open, state: Path) -> None:
    one = diary()
    one.keep(page(sessions=0))
    (file,) = state.rglob("growth.jsonl")
    lines = [
        json.dumps({"day": (NOON - timedelta(days=n)).date().isoformat(), "at": NOON.isoformat(), "n": n})
        for n in range(1, MOST_PAGES + 1)
    ]
    file.write_text("\n".join(lines))
    one.keep(page(sessions=1))
    assert len(one.read().pages) == MOST_PAGES
    assert one.read().pages[-1] == page(sessions=1)
