from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from hermes_hud_widget.ledger import Database, Ledger
from hermes_hud_widget.ledger.release import is_older, release_of
from hermes_hud_widget.ledger.schema import Schema

SCHEMAS = Path(__file__).parent / "schemas"


@pytest.mark.parametrize(
    ("wrote", "told"),
    [
        ("0.13", "0.14"),
        ("0.14", "0.14"),
        ("0.15", "0.15"),
        ("0.16", "0.16"),
        ("0.17", "0.16"),
        ("0.18", "0.18"),
        ("0.19", "0.19"),
    ],
)
def test_a_release_is_told_by_what_its_database_has(wrote: str, told: str, path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.executescript((SCHEMAS / f"{wrote}.sql").read_text("utf-8"))
    with closing(Database(path)) as database:
        assert Ledger(database).release() == told


def test_a_database_without_sessions_tells_nothing() -> None:
    assert release_of(Schema({"other": frozenset()})) is None


@pytest.mark.parametrize(
    ("release", "than", "is_so"),
    [
        ("0.14", "0.16", True),
        ("0.16", "0.18", True),
        ("0.16", "0.17", False),  # 0.17 has the tables of 0.16
        ("0.18", "0.18", False),
        ("0.19", "0.18", False),
        ("0.18", "0.19", True),
    ],
)
def test_what_an_older_release_cannot_have(release: str, than: str, is_so: bool) -> None:
    assert is_older(release, than) is is_so
