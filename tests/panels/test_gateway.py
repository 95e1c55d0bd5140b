"""The gateway panel's function on contents that the test makes up, and what time alone does to it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hermes_hud_widget import Home
from hermes_hud_widget.frames import FrameArguments
from hermes_hud_widget.panel import Until
from hermes_hud_widget.panels import gateway
from hermes_hud_widget.sources import FoundFile, FoundFiles, Process, Processes
from support.agent import MakeAgent

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
LIVING, DEAD, HIDDEN = Process(10, 100), Process(11, 110), Process(12, 120)
KNOWN = Processes({LIVING: True, DEAD: False, HIDDEN: None})


def ago(**delta: float) -> str:
    return (NOW - timedelta(**delta)).isoformat()


def state(owner: Process = LIVING, **values: Any) -> dict[str, Any]:
    return {
        "pid": owner.pid,
        "start_time": owner.started,
        "gateway_state": "running",
        "updated_at": ago(days=2),
    } | values


def beat(owner: Process = LIVING, **delta: float) -> dict[str, Any]:
    return {"pid": owner.pid, "updated_at": ago(**delta)}


def folder(**files: Any) -> FoundFiles:
    found = tuple(
        FoundFile(f"{name.replace('_', '-')}.json", 1, NOW, text=json.dumps(content))
        for name, content in files.items()
    )
    return FoundFiles(found, len(found))


def contents(said: Any = None, **others: Any) -> dict[str, Any]:
    base = dict.fromkeys(("heartbeat", "clean", "starts", "loop", "dead_targets", "directory", "webhooks"))
    base |= {"state": said, "processes": KNOWN, "deliveries": (), "routes": ()}
    return base | {"pairings": FoundFiles(), "old_pairings": FoundFiles()} | others


def collect(said: Any = None, **others: Any) -> Until:
    found = gateway.collect(**contents(said, **others), now=NOW)
    assert isinstance(found, Until)
    return found


def show(said: Any = None, **others: Any) -> gateway.Gateway:
    payload = collect(said, **others).payload
    assert isinstance(payload, gateway.Gateway)
    return payload


PULSES = [
    # what, state, heartbeat, clean end, health, alive
    ("nothing is known", None, None, None, "none", None),
    ("it lives and idles for days", state(), None, None, "running", True),
    ("it lives and beats", state(), beat(seconds=20), None, "running", True),
    ("it lives, but its loop stands still", state(), beat(seconds=90), None, "silent", True),
    ("just before that", state(), beat(seconds=89.9), None, "running", True),
    ("the heartbeat is another process'", state(), beat(DEAD, seconds=900), None, "running", True),
    ("it says running, but is gone", state(DEAD), None, None, "dead", False),
    ("it says running, is gone, and ended cleanly", state(DEAD), None, "", "stopped", False),
    ("it is gone, whatever beats", state(DEAD), beat(DEAD, seconds=1), None, "dead", False),
    ("it cannot be seen, and beats", state(HIDDEN), beat(HIDDEN, seconds=20), None, "running", True),
    ("it cannot be seen, and beats no more", state(HIDDEN), beat(HIDDEN, seconds=100), None, "dead", False),
    ("it cannot be seen, and never beat", state(HIDDEN), None, None, "unknown", None),
    ("it stopped, whoever has its number now", state(gateway_state="stopped"), None, None, "stopped", False),
    ("it could not start", state(gateway_state="startup_failed"), None, None, "failed", False),
    ("it starts", state(gateway_state="starting"), None, None, "starting", True),
    ("it drains", state(gateway_state="draining"), None, None, "draining", True),
    ("parts of it failed", state(gateway_state="degraded"), None, None, "degraded", True),
    ("a word of a newer release", state(gateway_state="purring"), None, None, "running", True),
]


@pytest.mark.parametrize(
    ("said", "heartbeat", "clean", "health", "is_alive"),
    [one[1:] for one in PULSES],
    ids=[one[0] for one in PULSES],
)
def test_the_gateway_is(
    said: Any, heartbeat: Any, clean: str | None, health: str, is_alive: bool | None
) -> None:
    found = show(said, heartbeat=heartbeat, clean=clean)
    assert (found.health, found.is_alive) == (health, is_alive)


def test_it_is_looked_at_again_when_the_heartbeat_would_be_silent() -> None:
    assert collect(state(), heartbeat=beat(seconds=20)).valid_until == NOW + timedelta(seconds=70)
    assert collect(state()).valid_until is None


def test_platforms_of_a_gateway_that_is_gone_are_not_current() -> None:
    platforms = {"telegram": {"state": "connected", "updated_at": ago(hours=1)}}
    assert [one.is_current for one in show(state(platforms=platforms)).platforms] == [True]
    assert [one.is_current for one in show(state(DEAD, platforms=platforms)).platforms] == [False]


def test_a_platform_that_only_another_file_names_is_shown_without_a_state() -> None:
    found = show(state(), routes=({"session_key": "agent:main:signal:dm:+43123"},)).platforms
    assert [(one.name, one.state, one.chats) for one in found] == [("signal", None, 1)]


def test_errors_say_neither_whom_nor_which_chat() -> None:
    said = {
        "state": "fatal",
        "error_code": "403",
        "error_message": "chat -1001234567 of a.b@example.org: +436641234567",
    }
    found = show(state(platforms={"telegram": said})).platforms[0]
    assert found.error_message == "chat … of …: …"


def test_a_pairing_that_is_void_does_not_wait_any_more() -> None:
    people = {
        "a": {"created_at": NOW.timestamp() - 3500},
        "b": {"created_at": NOW.timestamp() - 3700},
        "c": "odd",
    }
    found = collect(state(), pairings=folder(discord_pending=people, discord_approved={"1": {}, "2": {}}))
    assert isinstance(found.payload, gateway.Gateway)
    platform = found.payload.platforms[0]
    assert (platform.name, platform.waiting_pairings, platform.paired) == ("discord", 1, 2)
    assert found.valid_until == NOW + timedelta(seconds=100)


def test_old_and_new_pairing_folders_are_both_counted() -> None:
    entry = {"a": {"created_at": NOW.timestamp()}}
    found = show(state(), pairings=folder(x_pending=entry), old_pairings=folder(x_pending=entry))
    assert found.pairing_waiting == 2


def test_many_starts_within_two_minutes_are_a_storm_until_they_are_over() -> None:
    starts = "".join(f"{NOW.timestamp() - second}\n" for second in (10, 20, 30, 40, 50, 60, 5000)) + "odd\n"
    found = collect(state(), starts=starts)
    assert isinstance(found.payload, gateway.Gateway)
    assert (found.payload.is_storm, len(found.payload.starts)) == (True, 7)
    assert found.valid_until == NOW + timedelta(seconds=60)
    assert not show(state(), starts=starts.split("\n", 1)[1]).is_storm


def test_the_restart_loop_is_told_while_it_lasts() -> None:
    boots = [NOW.timestamp() - second for second in (5, 25, 45)]
    assert show(state(), loop={"boots": boots}).is_loop
    assert not show(state(), loop={"boots": boots[:2]}).is_loop


def delivery(number: int, state: str, **values: Any) -> dict[str, Any]:
    at = NOW.timestamp() - number * 60
    row = {
        "platform": "telegram",
        "state": state,
        "attempts": 0,
        "created_at": at,
        "updated_at": at,
        "last_error": None,
    }
    return row | values


def test_every_number_can_be_recomputed_from_the_frames() -> None:
    import pandas as pd

    rows = tuple(
        delivery(n, word)
        for n, word in enumerate(["pending", "failed", "delivered", "attempting", "abandoned"])
    )
    given = contents(state(platforms={"telegram": {"state": "connected"}}), deliveries=rows)
    found = show(**{"said": given.pop("state"), **given})
    frame = pd.DataFrame(gateway._fill_deliveries(rows, FrameArguments()))
    assert found.backlog is not None
    assert found.backlog.states == frame["state"].value_counts().to_dict()
    owed = frame[frame["state"].isin(gateway.OPEN)]
    assert (found.backlog.open, found.backlog.oldest_at) == (len(owed), owed["created_at"].min())
    assert found.platforms[0].undelivered == len(owed[owed["platform"] == "telegram"])


def test_what_is_cut_carries_its_true_total() -> None:
    names = [f"name{number}" for number in range(60)]
    found = show(state(served_profiles=names), webhooks={"hook": {"events": names}})
    assert (len(found.served_profiles), found.total_served_profiles) == (gateway.PROFILES_SHOWN, 60)
    (hook,) = found.webhooks
    assert (len(hook.events), hook.total_events) == (gateway.EVENTS_SHOWN, 60)
    frame = gateway._fill_webhooks({"hook": {"events": names}}, FrameArguments())
    assert len(frame["events"][0]) == 60


def test_the_webhooks_can_be_counted_from_their_frame_and_their_secrets_stay_away(agent: MakeAgent) -> None:
    hermes = agent()
    hooks = {
        f"hook{number}": {
            "events": ["push"] * (number % 3),
            "deliver": "telegram" if number % 2 else "log",
            "created_at": ago(hours=number),
            "secret": "quagga-secret",
            "prompt": "quagga-prompt",
        }
        for number in range(60)
    }
    hermes.file("webhook_subscriptions.json", json.dumps(hooks).encode())
    hermes.file("gateway_state.json", b'{"gateway_state": "stopped"}')
    with Home(hermes.home) as opened:
        shown, frame = opened.panel("gateway")["data"], opened.frame("webhooks")
    assert (shown["webhooks_total"], len(shown["webhooks"])) == (len(frame), gateway.WEBHOOKS_SHOWN)
    assert [one["name"] for one in shown["webhooks"]] == list(frame["name"])[:50]
    assert [len(one["events"]) for one in shown["webhooks"]] == list(frame["events"].map(len))[:50]
    assert frame["deliver"].value_counts().to_dict() == {"telegram": 30, "log": 30}
    assert "quagga" not in frame.to_csv()


anything: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMED = st.dictionaries(
    st.sampled_from(
        [
            "gateway_state",
            "platforms",
            "pid",
            "updated_at",
            "active_agents",
            "served_profiles",
            "telegram",
            "boots",
        ]
    ),
    anything,
)


@given(NAMED | anything, NAMED, anything, NAMED, NAMED)
def test_no_content_of_a_readable_file_breaks_it(
    said: Any, heartbeat: Any, loop: Any, directory: Any, hooks: Any
) -> None:
    given = {
        "heartbeat": heartbeat,
        "loop": loop,
        "directory": directory,
        "webhooks": hooks,
        "dead_targets": hooks,
    }
    show(said, **given).model_dump_json()
    gateway._fill_platforms(
        said,
        KNOWN,
        heartbeat,
        None,
        hooks,
        directory,
        folder(x_pending=loop),
        FoundFiles(),
        (),
        (),
        FrameArguments(),
        NOW,
    )


def test_all_chats_are_counted(agent: MakeAgent) -> None:
    hermes = agent()
    hermes.file("gateway_state.json", b'{"platforms": {"telegram": {"state": "connected"}}}')
    with closing(sqlite3.connect(hermes.home / "state.db")) as database, database:
        database.execute(
            "CREATE TABLE IF NOT EXISTS gateway_routing (session_key TEXT PRIMARY KEY, entry_json, updated_at)"
        )
        database.executemany(
            "INSERT INTO gateway_routing (session_key, entry_json, updated_at) VALUES (?, '{}', 0)",
            ((f"agent:main:telegram:dm:{number}",) for number in range(1_500)),
        )
    with Home(hermes.home) as opened:
        found = opened.panel("gateway")["data"]
    assert {one["name"]: one["chats"] for one in found["platforms"]}["telegram"] == 1_500
