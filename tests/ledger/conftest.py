from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hermes_hud_widget.ledger import Database, Ledger
from ledger.world import Story, Writer


@pytest.fixture
def path(home: Path) -> Path:
    """Where the database is to be."""
    return home / "state.db"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    """The reader under test."""
    database = Database(path)
    yield database
    database.close()


@pytest.fixture
def writer(path: Path) -> Iterator[Callable[..., Writer]]:
    """Starts writers; those still alive are closed in the end."""
    writers = []

    def start(journal_mode: str = "wal") -> Writer:
        writers.append(Writer(path, journal_mode))
        return writers[-1]

    yield start
    for one in writers:
        one.close()


@pytest.fixture
def story(path: Path) -> Story:
    """A database of the newest known release, to be filled."""
    return Story(path)


@pytest.fixture
def ledger(database: Database) -> Ledger:
    """The query layer under test."""
    return Ledger(database)
