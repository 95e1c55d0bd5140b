"""Hermes' own gateway code writes; the panel says what Hermes' own functions say."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hermes_hud_widget import Home
from real.agent import Hermes

Start = Callable[..., Hermes]


def shown(home: Path) -> Any:
    with Home(home) as hud:
        return hud.panel("gateway")["data"]


def write(hermes: Hermes, **values: Any) -> None:
    hermes("gateway.status", "write_runtime_status", **values)


def test_a_gateway_lives_as_long_as_its_process_and_its_start_agree(start_hermes: Start, home: Path) -> None:
    gateway, other = start_hermes(), start_hermes()
    write(gateway, gateway_state="running", active_agents=2, served_profiles=["default"])
    write(gateway, platform="telegram", platform_state="connected")
    found = shown(home)
    assert (found["health"], found["is_alive"], found["active_agents"]) == ("running", True, 2)
    assert found["served_profiles"] == ["default"]
    gateway.kill()
    # Hermes, too, does not believe its last word.
    assert other("gateway.status", "get_runtime_status_running_pid") is None
    found = shown(home)
    assert (found["health"], found["said"], found["is_alive"]) == ("dead", "running", False)
    assert [platform["is_current"] for platform in found["platforms"]] == [False]


def test_another_process_with_its_number_is_not_the_gateway(hermes: Hermes, home: Path) -> None:
    write(hermes, gateway_state="running")
    state = json.loads((home / "gateway_state.json").read_text())
    (home / "gateway_state.json").write_text(json.dumps({**state, "start_time": state["start_time"] - 100}))
    assert hermes("gateway.status", "get_runtime_status_running_pid") is None
    assert shown(home)["health"] == "dead"


def test_platforms_are_those_of_the_runtime_status(hermes: Hermes, home: Path) -> None:
    write(hermes, gateway_state="degraded")
    write(hermes, platform="discord", platform_state="retrying", error_code="4000", error_message="Try again")
    theirs = hermes("gateway.status", "read_runtime_status")["platforms"]
    with Home(home) as hud:
        rows = hud.frame("gateway_platforms").to_dict("records")
    assert [row["name"] for row in rows] == list(theirs)
    for row in rows:
        their = theirs[row["name"]]
        assert (row["state"], row["error_code"], row["error_message"]) == (
            their["state"],
            their["error_code"],
            their["error_message"],
        )


def test_the_backlog_is_that_of_the_delivery_ledger(hermes: Hermes, home: Path) -> None:
    hermes.db("create_session", "s1", "telegram")
    for number in range(4):
        hermes(
            "gateway.delivery_ledger",
            "record_obligation",
            obligation_id=f"o{number}",
            session_key="agent:main:telegram:dm:1",
            platform="telegram",
            chat_id="1",
            thread_id=None,
            content="a reply",
        )
    hermes("gateway.delivery_ledger", "mark_delivered", "o0")
    hermes("gateway.delivery_ledger", "mark_failed", "o1", "chat 123456789 not found")
    hermes("gateway.delivery_ledger", "mark_attempting", "o2")
    found = shown(home)
    assert found["backlog"]["states"] == {"attempting": 1, "delivered": 1, "failed": 1, "pending": 1}
    assert found["backlog"]["open"] == 3
    assert found["backlog"]["last_error"] == "chat … not found"
    assert "a reply" not in json.dumps(found)
    with Home(home) as hud:
        states = hud.frame("deliveries")["state"].value_counts().to_dict()
    assert {state: count for state, count in states.items() if count} == found["backlog"]["states"]


def test_starts_pairings_webhooks_and_heartbeat_are_read_as_hermes_writes_them(
    hermes: Hermes, home: Path
) -> None:
    for _ in range(6):
        storm = hermes("gateway.status", "record_start_and_check_storm")
    assert storm
    hermes("gateway.shutdown_watchdog", "write_loop_heartbeat")
    hook = {"events": ["push"], "secret": "s", "deliver": "log", "created_at": "2026-01-01T00:00:00Z"}
    hermes("hermes_cli.webhook", "_save_subscriptions", {"deploy": hook})
    for _ in range(3):
        tripped = hermes("gateway.restart_loop_guard", "check_and_record")
    assert tripped
    write(hermes, gateway_state="running")
    found = shown(home)
    assert (len(found["starts"]), found["is_storm"], found["is_loop"]) == (6, True, True)
    assert found["heartbeat_at"] is not None
    assert [(hook["name"], hook["events"]) for hook in found["webhooks"]] == [("deploy", ["push"])]
