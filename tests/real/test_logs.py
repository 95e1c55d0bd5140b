"""The records are those that `hermes logs` prints."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from hermes_hud_widget.core import OpenHome
from hermes_hud_widget.panels.logs import FILES, PANEL
from hermes_hud_widget.place import Place
from real.agent import Hermes


def shown(home: Path, **query: Any) -> list[str]:
    with closing(OpenHome(Place(home, home, None), {"logs": PANEL})) as opened:
        data = opened.collect("logs", opened.parse_query("logs", query), 1).data
        assert data is not None
        return [record["text"] for record in data["records"]]


@pytest.fixture
def written(hermes: Hermes) -> Hermes:
    """Logs that Hermes' own handlers wrote."""
    hermes("hermes_logging", "setup_logging")
    for number in range(30):
        hermes("hermes_logging", "set_session_context", f"s{number % 2}")
        hermes("logging", ("info", "warning", "error")[number % 3], f"record {number}")
    # Its handlers write in a thread of their own.
    path = Path(hermes.home) / "logs" / "agent.log"
    deadline = time.monotonic() + 20
    while not path.exists() or "record 29" not in path.read_text():
        assert time.monotonic() < deadline
    return hermes


def test_the_logs_are_those_that_hermes_knows(hermes: Hermes) -> None:
    assert hermes("hermes_cli.logs", "LOG_FILES") == FILES


@pytest.mark.parametrize("level", ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"])
def test_the_same_records_are_of_a_level(written: Hermes, home: Path, level: str) -> None:
    path = str(home / "logs" / "agent.log")
    lines = written("hermes_cli.logs", "_read_last_n_lines", path, 10_000)
    said = [line for line in lines if written("hermes_cli.logs", "_matches_filters", line, min_level=level)]
    ours = shown(home, level=level)
    assert len(ours) == len(said)
    assert all(line.rstrip().endswith(text) for line, text in zip(reversed(said), ours, strict=True))


def test_the_same_records_are_of_a_session(written: Hermes, home: Path) -> None:
    said = written("hermes_cli.logs", "_read_last_n_lines", str(home / "logs" / "agent.log"), 10_000)
    of_one = [
        line for line in said if written("hermes_cli.logs", "_matches_filters", line, session_filter="s1")
    ]
    assert len(of_one) == 15
    assert shown(home, session="s1") == [f"record {number}" for number in range(29, 0, -2)]
