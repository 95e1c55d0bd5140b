from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from real.agent import Hermes, environment

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.real)
            item.add_marker(pytest.mark.timeout(300))


@pytest.fixture(scope="session", autouse=True)
def hermes_environment() -> Path:
    """The Python that has hermes-agent; making it takes some 20 s, once."""
    return environment()


@pytest.fixture
def start_hermes(home: Path, hermes_environment: Path) -> Iterator[Callable[..., Hermes]]:
    """Starts Hermes processes on the same home; those still alive are closed in the end."""
    processes: list[Hermes] = []

    def start(journal_mode: str = "wal") -> Hermes:
        processes.append(Hermes(home, journal_mode=journal_mode))
        return processes[-1]

    yield start
    for process in processes:
        process.close()


@pytest.fixture
def hermes(start_hermes: Callable[..., Hermes]) -> Hermes:
    """A Hermes process on the home `home`."""
    return start_hermes()
