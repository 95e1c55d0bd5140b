"""What a server's process holds in memory."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cases import case_of
from hermes_hud_widget.client.child import ServerChild
from hermes_hud_widget.client.rest import get
from hermes_hud_widget.panels import BUILT_IN
from hermes_hud_widget.place import find_place
from support.agent import Agent, MakeAgent

WAIT_S = 30.0
LIBRARIES = ("numpy", "pyarrow", "pandas")


@pytest.mark.skipif(sys.platform != "linux", reason="what a process has loaded is told by Linux' /proc")
def test_no_panel_loads_arrow_or_pandas(agent: MakeAgent) -> None:
    hermes = agent()
    for panel in BUILT_IN:
        case_of(panel.name).fill(hermes)
    _remember_something(hermes, 1)
    child = ServerChild(lambda _: None)
    with closing(child):
        endpoint, home = child.endpoint(), child.open(find_place(hermes.home))

        def read(panel: str) -> Any:
            return json.loads(get(endpoint, ("homes", home, "panels", panel)))

        def calls() -> int:
            return sum(1 for event in read("timeline")["data"]["events"] if event["what"] == "call")

        for panel in BUILT_IN:
            _until(lambda name=panel.name: read(name)["progress"] is None)
        before = calls()
        assert before > 0
        _remember_something(hermes, 2)
        _until(lambda: calls() == before + 1)
        assert read("patterns")["data"]["tools"]["calls"] > 0
        assert _loaded(child) == {"numpy"}
        # Frames are Arrow's.
        get(endpoint, ("homes", home, "frames", "tool_calls"))
        assert "pyarrow" in _loaded(child)


def _remember_something(hermes: Agent, number: int) -> None:
    session = hermes.session(f"session-{number}", source="cli")
    hermes.message(session, "assistant", tool_calls=[{"id": "1", "name": "memory", "arguments": {}}])
    hermes.message(session, "tool", '{"success": true}', tool_call_id="1")


def _until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _loaded(child: ServerChild) -> set[str]:
    """Which of the large libraries the server's process has in memory."""
    maps = Path(f"/proc/{child.pid}/maps").read_text("utf-8")
    return {name for name in LIBRARIES if f"/{name}/" in maps}
