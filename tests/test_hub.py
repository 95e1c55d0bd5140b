import asyncio
import threading
from datetime import UTC, datetime, timedelta

import pytest

from hermes_hud_widget.hub import Hub, Mail, Versions

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.fixture
def hub() -> Hub:
    hub = Hub()
    hub.add("home", ["memory", "sessions"])
    return hub


async def taken(hub: Hub, act: object) -> Versions:
    """What a client that was there before is told after `act`."""
    with hub.subscribe(asyncio.get_running_loop()) as mailbox:
        act()  # type: ignore[operator]
        return (await asyncio.wait_for(mailbox.take(), 5)).versions


def test_only_the_bumped_panels_move(hub: Hub) -> None:
    hub.bump("home", ["memory"])
    assert hub.versions() == {"home": {"memory": 2, "sessions": 1}}


def test_a_client_is_told_what_changed_and_nothing_else(hub: Hub) -> None:
    told = asyncio.run(taken(hub, lambda: hub.bump("home", ["memory"])))
    assert told == {"home": {"memory": 2}}


def test_a_client_is_told_of_a_home_that_is_opened(hub: Hub) -> None:
    told = asyncio.run(taken(hub, lambda: hub.add("other", ["memory"])))
    assert told == {"other": {"memory": 1}}


def test_a_client_whose_loop_has_ended_harms_nobody(hub: Hub) -> None:
    loop = asyncio.new_event_loop()
    loop.close()
    with hub.subscribe(loop):
        hub.bump("home", ["memory"])
    assert hub.version("home", "memory") == 2


def test_newer_versions_replace_older_ones_in_the_mailbox(hub: Hub) -> None:
    def act() -> None:
        for _ in range(1000):
            hub.bump("home", ["memory"])
        hub.bump("home", ["sessions"])

    assert asyncio.run(taken(hub, act)) == {"home": {"memory": 1001, "sessions": 2}}


def test_a_change_in_another_thread_wakes_the_client(hub: Hub) -> None:
    told = asyncio.run(taken(hub, threading.Thread(target=hub.bump, args=("home", ["memory"])).start))
    assert told == {"home": {"memory": 2}}


def test_a_change_between_two_takes_is_not_lost(hub: Hub) -> None:
    async def act() -> list[Versions]:
        with hub.subscribe(asyncio.get_running_loop()) as mailbox:
            hub.bump("home", ["memory"])
            first = await asyncio.wait_for(mailbox.take(), 5)
            hub.bump("home", ["memory"])
            return [first.versions, (await asyncio.wait_for(mailbox.take(), 5)).versions]

    assert asyncio.run(act()) == [{"home": {"memory": 2}}, {"home": {"memory": 3}}]


def test_nothing_is_told_without_a_change(hub: Hub) -> None:
    async def act() -> None:
        with hub.subscribe(asyncio.get_running_loop()) as mailbox:
            hub.bump("home", [])
            hub.bump("unknown", ["memory"])
            hub.version("home", "memory")
            await asyncio.wait_for(mailbox.take(), 0.05)

    with pytest.raises(TimeoutError):
        asyncio.run(act())


def test_a_panel_whose_time_has_come_is_stale_by_itself(hub: Hub) -> None:
    hub.valid_until("home", "memory", NOW)
    assert hub.version("home", "memory", NOW - timedelta(seconds=1)) == 1
    assert hub.version("home", "memory", NOW) == 2
    assert hub.version("home", "memory", NOW + timedelta(days=1)) == 2


def test_the_time_that_has_come_is_the_present_where_none_is_given(hub: Hub) -> None:
    hub.valid_until("home", "memory", datetime.now(UTC))
    assert hub.version("home", "memory") == 2


def test_the_earliest_expiry_counts_and_only_of_what_is_looked_at(hub: Hub) -> None:
    for hours in (2, 1, 3):
        hub.valid_until("home", "memory", NOW + timedelta(hours=hours))
    hub.valid_until("home", "sessions", NOW)
    assert hub.next_expiry([("home", "memory")]) == NOW + timedelta(hours=1)
    assert hub.next_expiry([]) is None


def test_a_client_is_greeted_again_once_however_often_that_is_asked_for(hub: Hub) -> None:
    async def act() -> list[Mail]:
        with hub.subscribe(asyncio.get_running_loop()) as mailbox:
            hub.greet()
            hub.greet()
            first = await asyncio.wait_for(mailbox.take(), 5)
            hub.bump("home", ["memory"])
            hub.greet()
            return [first, await asyncio.wait_for(mailbox.take(), 5)]

    assert asyncio.run(act()) == [Mail({}, True), Mail({"home": {"memory": 2}}, True)]
