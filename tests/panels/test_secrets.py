"""Nothing that is secret by its place, and nobody's name, is in any panel's payload or any frame."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cases import case_of
from hermes_hud_widget.core import OpenHome
from hermes_hud_widget.panels import BUILT_IN
from hermes_hud_widget.place import Place
from support.agent import Agent
from support.secrets import CHAT, MARK, PERSON, plant

PANELS = {panel.name: panel for panel in BUILT_IN}
FRAMES = [frame.name for panel in BUILT_IN for frame in panel.frames]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home with something in every panel, and a secret in every place for one."""
    with Agent(tmp_path_factory.mktemp("home") / "hermes") as agent:
        for panel in BUILT_IN:
            case_of(panel.name).fill(agent)
        plant(agent.home)
        yield agent.home


@pytest.fixture(scope="module", params=["the root home", "a profile"])
def opened(request: pytest.FixtureRequest, root: Path) -> Iterator[OpenHome]:
    """That home, and a profile of it that falls back on it."""
    place = Place(root, root, None)
    if request.param == "a profile":
        profile = root / "profiles" / "own"
        profile.mkdir(parents=True)
        (profile / "config.yaml").write_text("model: {default: m, provider: anthropic}\n")
        place = Place(profile, root, "own")
    opened = OpenHome(place, PANELS)
    yield opened
    opened.close()


@pytest.mark.parametrize("panel", PANELS)
def test_no_payload_has_a_secret_or_a_name(opened: OpenHome, panel: str) -> None:
    opened.settle(panel)
    snapshot = opened.collect(panel, opened.parse_query(panel, {}), 1)
    assert snapshot.data is not None
    _check(snapshot.data_json)
    _check(str(snapshot.error))


@pytest.mark.parametrize("name", FRAMES)
def test_no_frame_has_a_secret_or_a_name(opened: OpenHome, name: str) -> None:
    _check(json.dumps(opened.table(name, {}).to_pylist(), default=str))


def test_no_value_of_the_configuration_is_a_secret_when_all_are_asked_for(opened: OpenHome) -> None:
    snapshot = opened.collect("config", opened.parse_query("config", {"all": True}), 1)
    _check(snapshot.data_json)
    assert "12345678" not in snapshot.data_json


def test_what_is_planted_is_found_where_it_is_not_hidden(opened: OpenHome) -> None:
    """So that the tests above look at panels that read these files."""
    if opened.place.profile is not None:
        return
    found: Any = {name: opened.collect(name, opened.parse_query(name, {}), 1).data for name in PANELS}
    servers = {server["name"]: server for server in found["mcp"]["servers"]}
    assert (servers["tracker"]["program"], servers["remote"]["host"]) == ("npx", "mcp.example.com")
    pools = {provider["id"]: provider for provider in found["providers"]["providers"]}
    assert len(pools["anthropic"]["credentials"]) >= 2
    telegram = {platform["name"]: platform for platform in found["gateway"]["platforms"]}["telegram"]
    assert (telegram["waiting_pairings"], telegram["chats"], telegram["undelivered"]) == (2, 1, 1)
    assert telegram["error_message"] == "chat … of … is gone"
    (job,) = found["cron"]["jobs"]
    assert (job["deliver"], job["last_error"]) == (["telegram", "discord"], "chat … of … is gone")
    assert [run["error"] for run in job["history"]] == ["chat … of … is gone"]
    logged = [record["text"] for record in found["logs"]["records"]]
    assert logged == ["… has left …", "inbound message: platform=telegram user=… chat=… msg='hello'"]
    masked = {e["path"] for s in found["config"]["sections"] for e in s["entries"] if e["is_masked"]}
    assert {"model.api_key", "api_key", "password", "custom_providers[0].api_key"} <= masked


def _check(text: str) -> None:
    for word in (MARK, PERSON, CHAT.strip("-")):
        place = text.find(word)
        assert place < 0, text[max(0, place - 200) : place + 80]
