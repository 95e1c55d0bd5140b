"""The demo's gateway, providers and models: something of everything, without trouble, and alive."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from demo.showing import show
from demo.waiting import wait_for
from hermes_hud_widget.demo import start_demo
from hermes_hud_widget.demo.home import DemoHome
from hermes_hud_widget.panels import config, gateway, mcp, model, providers


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("home")
    demo = DemoHome(path, seed=7, now=time.time())
    yield path
    demo.close()


def test_its_gateway_runs_and_has_platforms_in_every_mood(home: Path) -> None:
    shown = show(home, gateway.PANEL)
    assert shown["health"] == "running"
    states = {platform["name"]: platform["state"] for platform in shown["platforms"]}
    assert states == {"discord": "retrying", "email": "fatal", "telegram": "connected"}
    assert (shown["pairing_waiting"], shown["webhooks_total"]) == (1, 1)
    assert (shown["is_storm"], shown["is_loop"]) == (False, False)


def test_its_keys_are_ready_resting_and_ending(home: Path) -> None:
    shown = show(home, providers.PANEL)
    by_id: Any = {provider["id"]: provider for provider in shown["providers"]}
    assert [one["status"] for one in by_id["anthropic"]["credentials"]] == ["ok", "exhausted"]
    assert (by_id["openrouter"]["status"], by_id["qwen-oauth"]["status"]) == ("ok", "expiring")
    assert shown["providers"][0]["is_active"]


def test_its_models_have_windows_prices_and_use(home: Path) -> None:
    shown = show(home, model.PANEL)
    assert (shown["main"]["window_tokens"], shown["main"]["price"]["source"]) == (1_000_000, "hermes")
    assert shown["main"]["use"]["api_calls"] > 10
    assert shown["chats"][0]["share"] == shown["chats"][0]["prompt_tokens"] / 1_000_000
    assert [entry["model"] for entry in shown["fallbacks"]] == ["deepseek/deepseek-v4-flash"]


def test_its_servers_are_reached_in_two_ways_and_one_is_off(home: Path) -> None:
    servers = {server["name"]: server for server in show(home, mcp.PANEL)["servers"]}
    assert {name: server["is_enabled"] for name, server in servers.items()} == {
        "tracker": True,
        "postgis": True,
        "browser": False,
    }
    assert (servers["tracker"]["login"], servers["postgis"]["program"]) == ("ok", "uvx")


def test_its_configuration_hides_what_it_gives_to_servers(home: Path) -> None:
    shown = show(home, config.PANEL)
    hidden = {
        entry["path"] for section in shown["sections"] for entry in section["entries"] if entry["is_masked"]
    }
    assert {"mcp_servers.postgis.args", "mcp_servers.postgis.env.PGDATABASE"} <= hidden
    assert shown["notes"] == []


def test_nothing_of_it_looks_like_a_key(home: Path) -> None:
    for panel in (gateway.PANEL, providers.PANEL, model.PANEL, mcp.PANEL, config.PANEL):
        assert "of-no-use" not in json.dumps(show(home, panel))


def test_the_gateway_delivers_while_the_demo_goes_on() -> None:
    with start_demo(speed=20.0) as demo:

        def delivered() -> int:
            return int(show(demo.home, gateway.PANEL)["backlog"]["states"]["delivered"])

        before = delivered()
        wait_for(lambda: delivered() > before, "a reply was delivered", within_s=20.0)
        assert show(demo.home, gateway.PANEL)["health"] == "running"
