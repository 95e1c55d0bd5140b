"""The panel in JupyterLab's side bar: a live HUD without a notebook, behind Jupyter's own login."""

from __future__ import annotations

import stat
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, expect

from browser.conftest import OpenNotebook
from browser.lab import Lab, wait_for
from browser.notebook import Hud
from browser.scene import GONE, NUMBER, REFUSED, WHY_GONE, WHY_REFUSED, cell, furnish, nonce
from browser.side import CONTAINER, PLUGIN, SidePage, answer_as, expect_words, side_page
from support.agent import MakeAgent

SETTLED = {
    r"status of 5\d\d": "Jupyter's answer for as long as the server that was killed is being started again",
    r"WebSocket connection to .*failed": "the server was killed while somebody dialled it",
}


@pytest.fixture(autouse=True)
def settings(lab: Lab) -> Iterator[None]:
    """Every test starts with the default settings."""
    yield
    lab.unset(PLUGIN)


def servers(lab: Lab) -> list[psutil.Process]:
    """The HUD's servers that Jupyter itself runs."""
    return [
        one
        for one in lab.processes()
        if one.status() != psutil.STATUS_ZOMBIE and "--unix-socket" in one.cmdline()
    ]


def reopen(side: SidePage, lab: Lab) -> None:
    """Opens the workspace `side` again, once JupyterLab has stored that it shows the panel: a moment after it does."""

    def is_stored() -> bool:
        stored = lab.request("GET", "lab/api/workspaces/side")["data"].get("layout-restorer:data") or {}
        right = stored.get("right", {})
        return right.get("current") == "hermes-hud" and not right["collapsed"]

    wait_for(is_stored, "the panel in the layout that JupyterLab stores")
    side.page.goto(f"{lab.url}lab/workspaces/side")
    side.wait_until_restored()


def test_it_shows_the_default_home_without_a_notebook_live_and_again_after_a_reload(
    agent: MakeAgent, lab: Lab, browser: Browser
) -> None:
    one = furnish(agent(lab.user / ".hermes"))
    with side_page(browser, lab, path="lab/workspaces/side?reset") as side:
        expect(side.panel).to_be_hidden()
        assert not side.sent, "asked before anybody looked"
        side.click_tab()
        side.hud.expect_live("proxied", seconds=20)
        side.hud.expect_text(NUMBER)
        side.show("memory")
        word = nonce("side")
        one.memory([word])
        side.hud.expect_text(word, seconds=2)

        reopen(side, lab)
        side.hud.expect_live("proxied")
        side.hud.expect_text(word)
    assert lab.request("GET", "api/kernels") == []


def test_a_collapsed_panel_asks_for_nothing_even_if_its_server_ends_and_is_up_to_date_when_it_is_seen_again(
    agent: MakeAgent, lab: Lab, browser: Browser
) -> None:
    one = furnish(agent())
    with side_page(browser, lab, SETTLED) as side:
        side.open(one.home)
        side.show("memory")
        side.collapse()
        asked, known = len(side.sent), len(side.frames(side.heard, "versions"))
        word = nonce("collapsed")
        one.memory([word])
        wait_for(
            lambda: side.frames(side.heard, "versions")[known:], "the server's word that something changed"
        )
        assert [frame for frame in side.sent[asked:] if frame["type"] == "get"] == []
        side.click_tab()
        side.hud.expect_text(word, seconds=2)

        side.collapse()
        requests: list[str] = []
        side.page.on("request", lambda request: requests.append(request.url))
        (server,) = servers(lab)
        server.kill()
        expect(side.hud.root).not_to_have_attribute("data-state", "live")
        word = nonce("again")
        one.memory([word])
        # The first attempt to return would be made within half a second.
        side.page.evaluate("new Promise(done => setTimeout(done, 1000))")
        assert [url for url in requests if "/hermes-hud/" in url] == []
        side.click_tab()
        side.hud.expect_live("proxied", seconds=20)
        side.hud.expect_text(word)


def test_the_card_the_dialog_and_the_settings_lead_to_the_home_that_was_named(
    agent: MakeAgent, lab: Lab, browser: Browser
) -> None:
    one, title = furnish(agent()), nonce("other")
    one.session("20260102_080000_cccccc", title=title)
    other, word = agent(one.home / "profiles" / "work"), nonce("profile")
    other.memory([word])
    with side_page(browser, lab) as side:
        page = side.page
        page.locator(".jp-LauncherCard", has_text="Hermes HUD").click()
        expect(side.panel).to_be_visible()

        page.evaluate("void window.jupyterapp.commands.execute('hermes-hud:open-home')")
        page.locator(".jp-Dialog input").fill(str(one.home))
        page.locator(".jp-Dialog .jp-mod-accept").click()
        side.hud.expect_text(title, seconds=20)
        kept = lab.settings / f"{PLUGIN}.jupyterlab-settings"
        wait_for(
            lambda: kept.exists() and str(one.home) in kept.read_text("utf-8"), "the home in the settings"
        )

        expect(side.hud.root).to_have_attribute("data-theme", "light")
        side.execute("settingeditor:open", query="Hermes HUD")
        page.locator('select[id$="_theme"]').select_option(label="dark")
        expect(side.hud.root).to_have_attribute("data-theme", "dark", timeout=10_000)
        side.hud.expect_text(title)
        page.get_by_role("button", name="Add item").click()
        page.locator('input[id$="_panels_0"]').fill("memory")
        side.hud.expect_text("harbour master is called Ada")
        page.locator('input[id$="_profile"]').fill("work")
        side.hud.expect_text(word)
        expect(side.hud.root.locator("[data-chooser]")).to_have_count(0)


def test_a_killed_server_is_back_with_the_same_home(agent: MakeAgent, lab: Lab, browser: Browser) -> None:
    one = furnish(agent())
    with side_page(browser, lab, SETTLED) as side:
        hud = side.open(one.home)
        side.show("memory")
        (server,) = servers(lab)
        server.kill()
        expect(hud.root).not_to_have_attribute("data-state", "live")
        word = nonce("again")
        one.memory([word])
        hud.expect_live("proxied", seconds=30)
        hud.expect_text(word)


def test_it_works_below_a_base_url_and_is_there_again_after_a_reload(
    agent: MakeAgent, hub: Lab, browser: Browser
) -> None:
    one = furnish(agent())
    with side_page(browser, hub, path="lab/workspaces/side?reset") as side:
        side.open(one.home).expect_text(NUMBER)
        reopen(side, hub)
        side.hud.expect_live("proxied")
        side.hud.expect_text(NUMBER)
    hub.unset(PLUGIN)


def test_it_works_in_notebook_7(agent: MakeAgent, lab: Lab, browser: Browser) -> None:
    one, word = agent(lab.user / ".hermes"), nonce("notebook")
    one.memory([word])
    allowed = {
        "reading 'schema'|Cannot convert undefined or null": "Notebook's own, also without the extension"
    }
    with side_page(browser, lab, allowed, path="tree") as side:
        side.page.locator(".jp-DirListing").wait_for()
        side.page.keyboard.press("Control+Shift+C")
        side.page.keyboard.type("Open Hermes HUD")
        side.page.locator('.lm-CommandPalette-item[data-command="hermes-hud:open"]').click()
        side.hud.expect_live("proxied", seconds=20)
        side.show("memory")
        side.hud.expect_text(word)


def test_without_jupyter_server_proxy_it_says_what_to_install(bare_lab: Lab, browser: Browser) -> None:
    with side_page(browser, bare_lab, {"status of 404": "there is nothing at that address"}) as side:
        side.click_tab()
        expect_words(side.note, "jupyter-server-proxy", 'pip install "hermes-hud-widget[lab]"', "Try again")


def test_only_who_is_logged_in_reaches_the_server_and_only_its_user_the_socket(lab: Lab) -> None:
    assert lab.request("GET", "hermes-hud/healthz")
    (server,) = servers(lab)
    socket = Path(server.cmdline()[-1])
    assert stat.S_IMODE(socket.stat().st_mode) == 0o600
    assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
    with urllib.request.urlopen(f"{lab.url}hermes-hud/healthz") as response:
        assert "/login" in response.url


def test_an_end_of_jupyter_that_it_does_not_see_coming_ends_the_server_and_a_broken_one_is_told(
    tmp_path: Path, browser: Browser
) -> None:
    broken = "--ServerProxy.servers={'broken': {'command': ['false'], 'timeout': 1, 'unix_socket': True}}"
    with Lab(tmp_path / "lab", more=[broken]) as lab:
        visit_allowed = {"status of 500": "what the server that cannot be started answers"}
        with side_page(browser, lab, visit_allowed) as side:
            side.page.route(
                "**/hermes-hud/healthz", lambda route: route.continue_(url=f"{lab.url}broken/healthz")
            )
            side.click_tab()
            expect_words(side.note, "could not be started", "could not start broken in time", "Try again")
        lab.request("GET", "hermes-hud/healthz")
        (server,) = servers(lab)
        socket = Path(server.cmdline()[-1])
        lab.kill()
        server.wait(10)
        assert not socket.exists()


def test_a_notebooks_hud_goes_to_the_side_bar_once_and_its_snapshot_stands_in_for_it_until_the_cell_is_run_again(
    agent: MakeAgent, lab: Lab, notebook: OpenNotebook
) -> None:
    one = furnish(agent())
    hud_cell = f"{cell(one).replace('HUD(', 'hud = HUD(')}\nhud"
    page = notebook(hud_cell, "hud.side_panel()", "import ipywidgets; ipywidgets.IntSlider()")
    page.allowed["widget model not found"] = "of the widgets' own, once for each output without its kernel"
    page.allowed |= {REFUSED: WHY_REFUSED, GONE: WHY_GONE}
    page.run(0)
    page.run(2)
    page.hud().expect_live()
    shown = page.page.locator('.hermes-hud-side[id^="hermes-hud-side-"]')
    for _ in range(2):
        page.run(1)
        hud = Hud(shown.locator("[data-hermes-hud]"))
        hud.expect_live()
        hud.expect_text(NUMBER)
        expect(shown).to_have_count(1)
        expect(shown.locator(".note")).to_be_empty()
    shown.get_by_role("button", name="Close", exact=True).click()
    expect(shown).to_have_count(0)
    page.hud().expect_live()

    page.save()
    page.page.route(CONTAINER, answer_as("0.0.9"))
    page.reload()
    page.hud().expect_live()
    expect(shown).to_have_count(0)
    page.run(1)
    expect_words(shown.locator(".note"), "version 0.0.9", "Reload the page")
    Hud(shown.locator("[data-hermes-hud]")).expect_live()

    lab.shut_down_kernels()
    page.open()
    output = page.cell(0).locator(".jp-OutputArea-output")
    expect_words(output, "Snapshot of when the cell ran", "as of", "Hermes HUD")
    expect(output).not_to_contain_text("model not found")
    expect(page.cell(2).locator(".jp-OutputArea-output")).to_contain_text("model not found")
    page.run(0)
    page.hud().expect_live()
    expect(output).not_to_contain_text("Snapshot of when the cell ran")
