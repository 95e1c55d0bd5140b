from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hermes_hud_widget.ledger import Database, Ledger
from ledger.world import Story
from support.agent import agent
from support.served import Client, Served, served

__all__ = ["agent"]

os.environ["HERMES_HUD_CACHE"] = "off"
os.environ["HERMES_HUD_STATE"] = "off"
"""Nothing is left in the developer's directories; tests of what is kept there name one."""


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    """A real server for all tests of a module; each opens a home of its own."""
    with served() as server:
        yield server


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty directory for a Hermes home."""
    home = tmp_path / "hermes"
    home.mkdir()
    return home


@pytest.fixture
def database(home: Path) -> Iterator[Database]:
    """The reader of the home's database."""
    with closing(Database(home / "state.db")) as database:
        yield database


@pytest.fixture
def ledger(database: Database) -> Ledger:
    """The query layer over the home's database."""
    return Ledger(database)


@pytest.fixture
def story(home: Path) -> Story:
    """The home's database, of the newest known release, to be filled."""
    return Story(home / "state.db")


@pytest.fixture
def viewer(server: Served) -> Iterator[Client]:
    """A connected client of `server`."""
    with server.connect() as client:
        yield client
