"""Every panel shows what Hermes' own code writes, without being asked to look again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cases import case_of
from hermes_hud_widget.panels import BUILT_IN
from real.agent import Hermes
from support.served import served

NONCE = "quokka"


@pytest.mark.parametrize("panel", [panel.name for panel in BUILT_IN])
def test_what_hermes_writes_is_announced_and_shown(home: Path, hermes: Hermes, panel: str) -> None:
    case = case_of(panel)
    query = getattr(case, "QUERY", {})
    if prepare := getattr(case, "prepare", None):
        prepare(hermes)
    with served() as server, server.connect() as client:
        id = server.open(home)
        client.look(id, panel)
        frame = client.get(id, panel, query)
        assert NONCE not in json.dumps(frame["data"])
        seen = case.change(hermes, NONCE) or NONCE
        while seen not in json.dumps(frame["data"]):
            client.wait_version(id, panel, frame["version"])
            frame = client.get(id, panel, query)
        assert frame["status"] == "ok"
