"""What a home says of a panel whose content is elsewhere, or not there yet."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hermes_hud_widget.core import OpenHome, Snapshot
from hermes_hud_widget.errors import SourceError
from hermes_hud_widget.ledger.database import Database
from hermes_hud_widget.panel import Panel, Payload
from hermes_hud_widget.panels import all_panels
from hermes_hud_widget.place import Place
from hermes_hud_widget.sources import Json
from support.agent import MakeAgent

SCHEMAS = Path(__file__).parent / "ledger" / "schemas"
NOW = datetime(2026, 11, 23, tzinfo=UTC)


class Board(Payload):
    tasks: int

    def is_empty(self) -> bool:
        return self.tasks == 0


def count(board: Any) -> Board:
    return Board(tasks=len(board or ()))


BOARD = Panel("board", "Board", count, since="0.18", board=Json("board.json"))


def look(home: Path, panel: str) -> Snapshot:
    with closing(OpenHome(Place(home, home, None), {**all_panels(), "board": BOARD})) as opened:
        return opened.collect(panel, opened.parse_query(panel, {}), 1, NOW)


def written_by(release: str, home: Path) -> None:
    with closing(sqlite3.connect(home / "state.db")) as database:
        database.executescript((SCHEMAS / f"{release}.sql").read_text("utf-8"))


def test_an_empty_panel_of_a_home_older_than_it_says_so(home: Path) -> None:
    written_by("0.16", home)
    snapshot = look(home, "board")
    assert snapshot.status == "empty"
    assert snapshot.error is not None
    assert snapshot.error.kind == "not-in-version"
    assert snapshot.error.message == (
        "Not in this Hermes version: it came with Hermes 0.18, and this home was last used by 0.16 or older"
    )
    assert snapshot.valid_until is not None


@pytest.mark.parametrize("release", ["0.18", "0.19", None])
def test_an_empty_panel_of_another_home_is_just_empty(home: Path, release: str | None) -> None:
    if release is not None:
        written_by(release, home)
    snapshot = look(home, "board")
    assert (snapshot.status, snapshot.error) == ("empty", None)


def test_what_is_there_is_shown_whatever_the_release(home: Path) -> None:
    written_by("0.13", home)
    (home / "board.json").write_text("[1, 2]")
    snapshot = look(home, "board")
    assert (snapshot.status, snapshot.error) == ("ok", None)


@pytest.mark.parametrize("backend", ["postgres", "PostgreSQL"])
def test_sessions_in_postgresql_are_said_to_be_there(home: Path, backend: str) -> None:
    (home / "config.yaml").write_text(f"database:\n  backend: {backend}\n")
    for panel in ("sessions", "costs"):
        snapshot = look(home, panel)
        assert snapshot.status == "unavailable"
        assert snapshot.error is not None
        assert "PostgreSQL" in snapshot.error.message
    # What lies in files is shown all the same.
    (home / "memories").mkdir()
    (home / "memories" / "MEMORY.md").write_text("one")
    overview = look(home, "overview")
    assert overview.status == "unavailable"
    assert overview.data is not None
    assert overview.data["memory"][0]["entries"] == 1
    with (
        closing(OpenHome(Place(home, home, None), all_panels())) as opened,
        pytest.raises(SourceError, match="PostgreSQL"),
    ):
        opened.table("sessions", {})


def test_a_file_that_was_left_behind_is_not_shown_as_the_present(home: Path) -> None:
    written_by("0.19", home)
    (home / "config.yaml").write_text("database:\n  backend: postgres\n")
    snapshot = look(home, "sessions")
    assert snapshot.status == "unavailable"
    assert snapshot.error is not None
    assert "PostgreSQL" in snapshot.error.message
    (home / "config.yaml").write_text("database:\n  backend: sqlite\n")
    assert look(home, "sessions").status == "empty"


def test_a_panel_names_a_known_group_and_a_release(home: Path) -> None:
    with pytest.raises(ValueError, match="expected one of now, knowledge"):
        Panel("x", "X", count, group="elsewhere", board=Json("board.json"))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="soon"):
        Panel("x", "X", count, since="soon", board=Json("board.json"))


def test_what_a_panel_reads_of_a_database_is_what_one_look_found(
    agent: MakeAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    hermes = agent()
    hermes.session("s", source="cli")
    looks: Counter[int] = Counter()
    content = Database.content

    def looked(database: Database) -> Any:
        looks[id(database)] += 1
        return content(database)

    with closing(OpenHome(Place(hermes.home, hermes.home, None), all_panels())) as opened:
        query = opened.parse_query("overview", {})
        opened.collect("overview", query, 1)
        hermes.message("s", "user", "hello")
        monkeypatch.setattr(Database, "content", looked)
        first = opened.collect("overview", query, 2)
        assert set(looks.values()) == {1}
        hermes.message("s", "user", "again")
        second = opened.collect("overview", query, 3)
    assert set(looks.values()) == {2}
    assert second.data["totals"]["messages"] == first.data["totals"]["messages"] + 1 == 2
