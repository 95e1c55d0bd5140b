"""A real kernel, a real server, a real agent process; no browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from live.kernel import Kernel
from support.agent import agent

__all__ = ["agent"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks every test in this folder `live`."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.live)


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[Kernel]:
    """A kernel of its own for one test."""
    with Kernel(tmp_path / "user") as kernel:
        yield kernel
