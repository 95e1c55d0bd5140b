from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.agent import agent
from support.served import Client, Served, served

__all__ = ["agent"]


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
def viewer(server: Served) -> Iterator[Client]:
    """A connected client of `server`."""
    with server.connect() as client:
        yield client
