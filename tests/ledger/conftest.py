from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ledger.world import Writer


@pytest.fixture
def path(home: Path) -> Path:
    """Where the database is to be."""
    return home / "state.db"


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
