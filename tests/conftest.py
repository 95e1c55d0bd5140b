from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.agent import agent
from support.served import Client, Served, served

__all__ = ["agent"]


@pytest.fixture
def server() -> Iterator[Served]:
    """A real server without a home."""
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
