"""marimo: `marimo run`, where one process serves everybody."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from browser.hosts import Host, started, visited
from browser.lab import wait_for
from browser.scene import NUMBER, furnish, nonce
from support.agent import MakeAgent

APP = """\
import marimo

app = marimo.App()


@app.cell
def _():
    import marimo as mo

    from hermes_hud_widget import HUD

    return HUD, mo


@app.cell
def _(HUD, mo):
    home = mo.query_params()["home"]
    HUD(home)
    return


if __name__ == "__main__":
    app.run()
"""


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """`marimo run app.py`; a session ends a second after its page."""
    folder = tmp_path_factory.mktemp("marimo")
    (folder / "app.py").write_text(APP, "utf-8")
    arguments = ("run", "app.py", "--headless", "--port={port}", "--no-token", "--session-ttl=1")
    with started(folder, "marimo", *arguments, health="health") as host:
        yield host


def test_marimo_keeps_two_sessions_apart_and_closes_with_each(
    agent: MakeAgent, host: Host, browser: Browser
) -> None:
    one, other = furnish(agent()), agent("other")
    other.memory(["The other harbour"])
    with visited(browser, f"{host.url}?home={one.home}") as first:
        first.hud().expect_text(NUMBER, seconds=20)
        first.hud().expect_live("direct")
        # The same home in another session is another model; another home has nothing of the first one.
        with (
            visited(browser, f"{host.url}?home={one.home}") as second,
            visited(browser, f"{host.url}?home={other.home}") as third,
        ):
            for visit in (second, third):
                visit.hud().expect_live("direct")
            for visit in (first, second, third):
                visit.hud().show("memory")
            word, another = nonce("first"), nonce("other")
            one.memory([word])
            other.memory([another])
            first.hud().expect_text(word, seconds=2)
            second.hud().expect_text(word, seconds=2)
            third.hud().expect_text(another, seconds=2)
            expect(third.hud().root.get_by_text(word)).to_have_count(0)
            assert len(host.servers()) == 1
        # One session's end is none of the others'.
        word = nonce("alone")
        one.memory([word])
        first.hud().expect_text(word, seconds=2)
    wait_for(lambda: not host.servers(), "the end of the HUD's server, after the last session", 15)
