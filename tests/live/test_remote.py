"""`HUD(url=…)` and `Home(url=…)` through a real ssh tunnel, to a `hermes-hud serve` on a machine that is reached by it alone."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from hermes_hud_widget import HUD, Home
from live.far import FarMachine
from live.kernel import Kernel
from support.agent import Agent

OPEN_AGAIN_S = 2.0
FRAMES = ("sessions", "messages", "tool_calls", "costs_daily", "memory", "skills", "cron_jobs")
"""Some that say nothing of who reads them, and when."""


@pytest.fixture(scope="module")
def hermes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    with Agent(tmp_path_factory.mktemp("there") / "hermes") as hermes:
        for number in range(20):
            hermes.session(f"s{number}", title=f"Session {number}")
            hermes.message(f"s{number}", "user", f"hello {number}")
        hermes.memory(["first"])
        yield hermes


@pytest.fixture(scope="module")
def far(
    hermes: Agent, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[FarMachine]:
    with FarMachine(tmp_path_factory.mktemp("ssh"), hermes.home) as far:
        capture: Any = request.config.pluginmanager.getplugin("capturemanager")
        what = "a network namespace" if far.is_apart else "a second loopback address, for want of namespaces"
        with capture.global_and_fixture_disabled():
            print(f"\nThe far machine of {Path(__file__).name} is {what}, behind ssh.", file=sys.stderr)
        yield far


def test_what_is_read_through_the_tunnel_is_what_the_agent_wrote(far: FarMachine, hermes: Agent) -> None:
    if far.is_apart:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", far.server_port), timeout=5)
    with Home(url=far.url, token=far.token) as there, Home(hermes.home) as here:
        for name in FRAMES:
            pd.testing.assert_frame_equal(there.frame(name), here.frame(name), obj=name)
        assert len(there.frame("messages")) == 20
        assert there.export("s3") == here.export("s3")
    HUD.close_all()


def test_a_notebook_is_live_through_the_tunnel_and_again_when_it_was_cut(
    far: FarMachine, hermes: Agent, kernel: Kernel, tmp_path: Path
) -> None:
    handed_over = tmp_path / "token"
    handed_over.write_text(f"{far.token}\n")
    kernel.run(
        "from pathlib import Path\nfrom hermes_hud_widget import HUD\n"
        f"hud = HUD(url={far.url!r}, token=Path({str(handed_over)!r}).read_text(), panels=['memory'])\nhud"
    )
    [model] = kernel.models()
    note = kernel.wait(lambda: _customs(kernel, model, "server"), "the note that names the server")[0]
    assert (note["url"], note["token"], note["transport"]) == (None, None, "comm")
    look = {"type": "look", "home": note["home"], "panels": ["memory"], "queries": {"memory": [{}]}}
    kernel.send(model, {"type": "attach", "client": "page", "look": look})
    kernel.send(model, {"type": "ack", "client": "page", "transport": "comm"})

    hermes.memory(["through the tunnel"])
    kernel.wait(lambda: _newest(kernel, model) == ["through the tunnel"], "a change that came through")
    assert kernel.run("print(len(hud.frame('sessions')), hud.place.path)") == f"20 {hermes.home}\n"

    far.cut()
    trouble = kernel.wait(lambda: _customs(kernel, model, "trouble"), "word of the tunnel's end")[0]
    assert trouble["message"] == f"The server at {far.url} does not answer; trying again."
    for number in range(5):
        hermes.memory([f"while it was cut {number}"])
    before = len(_memories(kernel, model))
    far.open()
    kernel.wait(
        lambda: _newest(kernel, model) == ["while it was cut 4"], "what the page missed", OPEN_AGAIN_S
    )
    assert len(_memories(kernel, model)) == before + 1
    hermes.memory(["after all"])
    kernel.wait(lambda: _newest(kernel, model) == ["after all"], "a change after that")
    versions = [frame["version"] for frame in _memories(kernel, model)][before - 1 :]
    assert versions == sorted(set(versions)), "nothing came twice, nor out of order"

    far.stop()
    far.serve()
    told = f"The server at {far.url} refused the token."
    kernel.wait(
        lambda: any(one["message"].startswith(told) for one in _customs(kernel, model, "trouble")),
        "a refused token",
    )
    assert kernel.servers() == [], "nothing is started here for a home over there"
    assert far.token not in json.dumps(kernel.messages, default=str)
    assert handed_over.read_text().strip() not in json.dumps(kernel.messages, default=str)


def _memories(kernel: Kernel, model: str) -> list[dict[str, Any]]:
    """The memory panel's snapshots that were pushed."""
    frames = kernel.frames(model, "panel")
    return [frame for frame in frames if frame["panel"] == "memory" and frame["id"] is None]


def _newest(kernel: Kernel, model: str) -> list[str]:
    """The memory entries as the page has them now."""
    frames = _memories(kernel, model)
    return [entry["text"] for entry in frames[-1]["data"]["stores"][0]["entries"]] if frames else []


def _customs(kernel: Kernel, model: str, kind: str) -> list[dict[str, Any]]:
    return [one for one in kernel.customs(model) if one["type"] == kind]
