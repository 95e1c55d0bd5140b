"""Hermes' own goal manager writes: each write arrives, and the panel says what it says."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hermes_hud_widget import Home
from hermes_hud_widget.panels import goals
from real.agent import Hermes, Live
from support.served import served


@pytest.fixture
def live(home: Path, hermes: Hermes) -> Iterator[Live]:
    """A Hermes at work, and a client that watches its goals."""
    hermes.db("create_session", "s1", "cli")
    hermes.say("s1", "Do it until it is done.", "I will.")
    hermes("goals", "set", "s1", "All tests pass")
    with served() as server:
        id = server.open(home)
        with server.connect() as client:
            client.look(id, "goals")
            yield hermes, server, client, id


def agree(live: Live, session: str = "s1") -> Any:
    """The panel's goal is the one that Hermes loads; returns it."""
    hermes, server, _, id = live
    server.engine.hub.bump(id, ["goals"])
    data = server.engine.snapshot(id, "goals", {}).data
    assert data is not None
    ours = next(goal for goal in data["goals"] if goal["session_id"] == session)
    theirs = hermes("goals", "state_of", session)
    for name in ("goal", "status", "turns_used", "max_turns", "last_verdict", "last_reason", "paused_reason"):
        assert ours[name] == theirs[name], name
    assert ours["subgoals"] == theirs["subgoals"]
    return ours


def test_each_write_of_the_goal_manager_reaches_a_client_and_is_what_hermes_loads(live: Live) -> None:
    hermes, _, client, id = live

    def write(method: str, *args: Any, **kwargs: Any) -> Any:
        before = client.get(id, "goals")["version"]
        hermes("goals", method, "s1", *args, **kwargs)
        client.wait_version(id, "goals", before)
        return agree(live)

    assert agree(live)["session_title"] == "Do it until it is done."
    write("add_subgoal", "And no warnings")
    write("add_subgoal", "And no skipped ones")
    write("remove_subgoal", 1)
    assert write("wait_for_seconds", 600, "CI runs")["waiting"]["what"] == "time"
    write("stop_waiting")
    waiting = write("wait_on", hermes.pid, "It builds")["waiting"]
    assert (waiting["what"], waiting["pid"], waiting["is_over"]) == ("process", hermes.pid, False)
    assert hermes("goals", "is_waiting", "s1")
    write("stop_waiting")
    assert write("wait_on_session", "proc_none")["waiting"]["is_over"]
    assert not hermes("goals", "is_waiting", "s1")
    paused = write("pause", "user-paused")
    assert (paused["status"], paused["waiting"]) == ("paused", None)
    write("resume")
    assert write("mark_done", "All is green")["status"] == "done"
    contract = {"outcome": "Green", "verification": "pytest -q"}
    agreed = write("set", "Again", max_turns=7, contract=contract)
    assert (agreed["max_turns"], agreed["contract"]["verification"]) == (7, "pytest -q")
    assert write("clear")["status"] == "cleared"


def test_a_goal_that_moved_on_with_a_compression_is_counted_once(live: Live, home: Path) -> None:
    hermes = live[0]
    hermes.compress("s1", "s2")
    assert hermes("hermes_cli.goals", "migrate_goal_to_session", "s1", "s2")
    with Home(home) as opened:
        data = opened.panel("goals")["data"]
        frame = opened.frame("goals")
    assert (data["active"], data["total"]) == (1, 2)
    assert dict(zip(frame["session_id"], frame["status"], strict=True)) == {"s2": "active", "s1": "cleared"}


def test_a_message_changes_no_goal_but_what_its_session_does(live: Live) -> None:
    hermes, _, client, id = live
    before = client.get(id, "goals")["data"]["goals"][0]
    hermes.say("s1", "Go on.")
    after = client.wait_data(id, "goals", lambda data: data["goals"][0]["activity"] != before["activity"])
    assert after["data"]["goals"][0] | {"activity": before["activity"]} == before


def test_the_turns_that_a_goal_has_are_hermes_own(hermes: Hermes) -> None:
    assert hermes("hermes_cli.goals", "DEFAULT_MAX_TURNS") == goals.DEFAULT_MAX_TURNS
    hermes.db("create_session", "s1", "cli")
    began = time.time()
    hermes("goals", "set", "s1", "x")
    assert hermes("goals", "state_of", "s1")["created_at"] >= began
