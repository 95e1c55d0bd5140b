"""Which way the data take into a page on the server's own computer, and from one way to another and back."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from browser.conftest import OpenNotebook
from browser.lab import wait_for
from browser.notebook import Hud, Notebook, asleep
from browser.relay import Relay
from browser.scene import CONVERGED_S, GONE, REFUSED, WHY_GONE, WHY_REFUSED, Diary, cell, furnish, nonce
from support.agent import MakeAgent

SLEEPING = "import time\nprint('begun', flush=True)\ntime.sleep(60)"
HEARTBEAT_S = 15.0
VERIFY_S = 1.5
SLEEP_S = 6.0


@pytest.fixture
def relay() -> Iterator[Relay]:
    """A TCP relay between page and server, which can cut what runs over it."""
    with Relay() as relay:
        yield relay


def test_where_no_socket_can_be_had_the_hud_is_live_over_the_comm(
    agent: MakeAgent, notebook: OpenNotebook
) -> None:
    one = furnish(agent())
    page = notebook(cell(one), block_sockets=True)
    page.allowed[REFUSED] = WHY_REFUSED
    page.run(0)
    hud = page.hud()
    hud.expect_live("comm")
    diary = Diary(one, hud)
    for _ in range(3):
        diary.write()
        diary.expect_shown()
    hud.show("sessions")
    word = nonce("title")
    one.session("20260101_090000_cccccc", title=word)
    hud.expect_text(word, seconds=2)
    hud.expect_live("comm")
    # One refused is followed by the other at once.
    assert any("/proxy/" in address for address in page.sockets())
    assert any("/proxy/" not in address for address in page.sockets())


def test_over_the_comm_the_hud_stays_live_beside_a_running_cell_a_sleep_and_a_killed_server(
    agent: MakeAgent, notebook: OpenNotebook
) -> None:
    one = furnish(agent())
    page = notebook(cell(one, transport="comm"), SLEEPING)
    page.run(0)
    hud = page.hud()
    hud.expect_live("comm")
    diary = Diary(one, hud)
    page.start(1, "begun")
    for _ in range(3):
        diary.write()
        diary.expect_shown()
    assert page.is_busy(1)
    hud.expect_live("comm")
    page.interrupt()

    expect_converged_after_sleep(page, hud, diary)

    [server] = page.servers()
    server.kill()
    diary.write()
    wait_for(lambda: page.servers() and server not in page.servers(), "a server in its place", 20)
    hud.expect_live("comm", seconds=20)
    diary.expect_shown()
    assert page.sockets() == [], "it was told to try none"

    # Told where a proxy is, it goes through that one.
    proxy = f"{page.url}proxy/127.0.0.1:%PORT%/"
    page.edit(0, f"os.environ['HERMES_HUD_PROXY_URL'] = {proxy!r}\n{cell(one, transport='proxy')}")
    page.run(0)
    hud.expect_live("proxied")
    assert all("/proxy/127.0.0.1:" in address for address in page.sockets())
    diary.show()
    diary.write()
    diary.expect_shown()


def test_where_the_servers_port_cannot_be_reached_the_page_takes_jupyters_proxy(
    agent: MakeAgent, notebook: OpenNotebook, relay: Relay
) -> None:
    one = furnish(agent())
    page = notebook(cell(one), SLEEPING, relay=relay, block_sockets="direct")
    page.allowed[REFUSED] = WHY_REFUSED
    page.run(0)
    hud = page.hud()
    hud.expect_live("proxied")
    assert relay.connections == 1, "the socket does not run over the relay: cutting it would prove nothing"
    diary = Diary(one, hud)
    page.start(1, "begun")
    diary.write()
    diary.expect_shown()
    page.interrupt()

    # In the middle of a burst, and back in the middle of another.
    diary.write()
    relay.cut()
    diary.write()
    diary.expect_shown()
    hud.expect_live("comm", seconds=2)
    relay.restore()
    diary.write()
    page.wake()
    diary.write()
    diary.expect_shown()
    hud.expect_live("proxied", seconds=2)
    diary.write()
    diary.expect_shown()

    # While a cell runs, the kernel does not hear that its page needs it: once it does, or the socket is back, all is there.
    for is_back in (True, False):
        page.start(1, "begun")
        diary.write()
        relay.cut()
        diary.write()
        if is_back:
            relay.restore()
            page.wake()
            hud.expect_live("proxied", seconds=2)
            assert page.is_busy(1)
        page.interrupt()
        diary.write()
        diary.expect_shown()
    hud.expect_live("comm", seconds=2)
    relay.restore()
    page.wake()
    hud.expect_live("proxied", seconds=2)

    expect_converged_after_sleep(page, hud, diary, relay)

    page.allowed[GONE] = WHY_GONE
    page.restart()
    expect(hud.root).to_have_attribute("data-state", "gone", timeout=5_000)
    diary.write()
    page.run(0)
    hud.expect_live("proxied")
    diary.show()
    diary.write()
    diary.expect_shown()


def test_a_dead_socket_falls_back_to_the_comm_and_returns_with_nothing_lost_or_doubled(
    agent: MakeAgent, notebook: OpenNotebook, relay: Relay
) -> None:
    one = furnish(agent())
    page = notebook(cell(one, transport="direct"), relay=relay)
    page.allowed[REFUSED] = WHY_REFUSED
    page.run(0)
    hud = page.hud()
    hud.expect_live()
    assert relay.connections == 1, "the socket does not run over the relay: cutting it would prove nothing"
    diary = Diary(one, hud)

    diary.write()
    relay.cut()
    diary.write()
    hud.expect_live("comm", seconds=2)
    diary.expect_shown()
    diary.write()
    diary.expect_shown()

    relay.restore()
    diary.write()
    page.wake()
    diary.write()
    hud.expect_live("direct", seconds=2)
    diary.write()
    diary.expect_shown()
    assert not any("/proxy/" in address for address in page.sockets()), "it was told to try only the other"


def test_a_socket_that_opens_and_says_nothing_is_given_up_and_one_that_falls_silent_is_noticed(
    agent: MakeAgent, notebook: OpenNotebook, relay: Relay
) -> None:
    one = furnish(agent())
    page = notebook(cell(one), relay=relay)
    page.allowed[REFUSED] = WHY_REFUSED
    relay.hush()
    page.run(0)
    hud = page.hud()
    hud.expect_live("comm")
    diary = Diary(one, hud)

    relay.restore()
    page.wake()
    hud.expect_live("direct", seconds=2 * VERIFY_S + 2)
    diary.write()
    diary.expect_shown()

    # Nothing tells the page: only its own heartbeat does.
    relay.hush()
    diary.write()
    hud.expect_live("comm", seconds=HEARTBEAT_S + VERIFY_S + 2)
    diary.expect_shown()
    diary.write()
    diary.expect_shown()


def test_a_page_that_slept_while_its_socket_died_unheard_shows_everything_within_two_seconds(
    agent: MakeAgent, notebook: OpenNotebook, relay: Relay
) -> None:
    one = furnish(agent())
    page = notebook(cell(one, transport="direct"), relay=relay)
    page.allowed[REFUSED] = WHY_REFUSED
    page.run(0)
    hud = page.hud()
    hud.expect_live()
    diary = Diary(one, hud)
    expect_converged_after_sleep(page, hud, diary, relay)


def expect_converged_after_sleep(page: Notebook, hud: Hud, diary: Diary, relay: Relay | None = None) -> None:
    """The computer sleeps while the agent writes, and its socket over `relay` dies unheard; then it wakes."""
    transport = hud.root.get_attribute("data-transport") or ""
    page.page.evaluate("window.ticking ??= setInterval(() => { window.ticks += 1 }, 50)")
    for _ in range(3):  # what else the machine does only adds to the time: the best of three counts
        page.page.evaluate("window.ticks = 0")
        with asleep():
            if relay:
                relay.hush()
            diary.write()
            # No event tells a page that its computer slept.
            time.sleep(SLEEP_S)
        woken = time.monotonic()
        diary.expect_shown(seconds=10)
        took_s = time.monotonic() - woken
        assert page.page.evaluate("window.ticks") < (SLEEP_S + took_s) / 0.05 / 2, "it did not sleep"
        hud.expect_live("comm", seconds=2)
        if relay:
            relay.restore()
            page.wake()
            diary.write()
            diary.expect_shown()
            hud.expect_live(transport, seconds=2)
        if took_s <= CONVERGED_S:
            break
    print(f"{transport}: after waking, everything was on screen within {took_s:.2f} s")
    assert took_s <= CONVERGED_S
