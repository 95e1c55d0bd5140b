"""The direct socket, the comm, and the way from one to the other and back."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from browser.conftest import OpenNotebook
from browser.notebook import Notebook
from browser.relay import Relay
from browser.scene import REFUSED, WHY_REFUSED, cell, furnish, nonce
from support.agent import Agent, MakeAgent


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
    hud.show("memory")
    for _ in range(3):
        word = nonce("comm")
        one.memory([word])
        written = time.monotonic()
        hud.expect_text(word)
        assert time.monotonic() - written <= 2
    hud.show("sessions")
    word = nonce("title")
    one.session("20260101_090000_cccccc", title=word)
    hud.expect_text(word, seconds=2)
    hud.expect_live("comm")


def test_over_the_comm_the_hud_stays_live_beside_a_sleeping_cell(
    agent: MakeAgent, notebook: OpenNotebook
) -> None:
    one = furnish(agent())
    page = notebook(cell(one), "import time\nprint('begun', flush=True)\ntime.sleep(60)", block_sockets=True)
    page.allowed[REFUSED] = WHY_REFUSED
    page.run(0)
    hud = page.hud()
    hud.expect_live("comm")
    hud.show("memory")
    hud.expect_text("The harbour master is called Ada")
    page.start(1, "begun")
    for _ in range(3):
        word = nonce("beside")
        one.memory([word])
        hud.expect_text(word, seconds=2)
    assert page.is_busy(1)
    hud.expect_live("comm")
    page.interrupt()


def test_a_dead_socket_falls_back_to_the_comm_and_returns_with_nothing_lost_or_doubled(
    agent: MakeAgent, notebook: OpenNotebook, relay: Relay
) -> None:
    one = furnish(agent())
    page = notebook(cell(one), relay=relay)
    page.allowed[REFUSED] = WHY_REFUSED
    page.run(0)
    hud = page.hud()
    hud.expect_live()
    assert relay.connections == 1, "the socket does not run over the relay: cutting it would prove nothing"
    hud.show("memory")
    entries: list[str] = []

    def write_some(agent: Agent) -> None:
        for _ in range(5):
            entries.append(nonce("entry"))
            agent.memory(entries)

    write_some(one)
    relay.cut()
    write_some(one)
    hud.expect_live("comm", seconds=2)
    hud.expect_text(entries[-1], seconds=2)
    write_some(one)
    hud.expect_text(entries[-1], seconds=2)

    relay.restore()
    write_some(one)
    page.page.evaluate("window.dispatchEvent(new Event('online'))")
    write_some(one)
    hud.expect_live("direct", seconds=35)
    write_some(one)
    hud.expect_text(entries[-1], seconds=2)
    assert _shown(page, entries) == entries


def test_the_token_is_in_no_address(agent: MakeAgent, notebook: OpenNotebook) -> None:
    page = notebook(cell(furnish(agent())))
    page.run(0)
    page.hud().expect_live()
    tokens = page.tokens()
    assert tokens
    assert not [url for url in page.requests for token in tokens if token in url]


def _shown(page: Notebook, entries: list[str]) -> list[str]:
    """Those of `entries` that the memory panel lists, in its order, as often as it lists them."""
    panel = page.hud().root.locator('[data-panel="memory"]')
    expect(panel).to_have_attribute("data-status", "ok")
    words = panel.locator('[data-store="memory"]').inner_text().split()
    return [word for word in words if word in entries]
