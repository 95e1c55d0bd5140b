"""JupyterLab starts whatever is wrong with the extension."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Route, expect

from browser.hosts import Visit
from browser.lab import Lab
from browser.side import CONTAINER, PLUGIN, SidePage, answer_as, expect_words

OWN = 'window._JUPYTERLAB["hermes-hud-widget"]'
SIDE_BAR = (
    'Object.defineProperty(globalThis, Symbol.for("hermes-hud"), {get() { throw new Error("broken") }});'
)
NO_WIDGETS = (
    f"const own = {OWN}; {OWN} = {{...own, init: ({{'@lumino/widgets': _, ...rest}}) => own.init(rest)}};"
)
BROKEN_SERVICES = """
const own = OWN;
const broken = (service) => service && new Proxy(service, {
  get(of, name) {
    if (name === "add" || name === "addItem") throw new Error("broken");
    return Reflect.get(of, name);
  },
});
OWN = {...own, async get(name) {
  const { default: plugin } = (await own.get(name))();
  const activate = (app, ...services) => plugin.activate(app, ...services.map(broken));
  return () => ({ __esModule: true, default: {...plugin, activate} });
}};
""".replace("OWN", OWN)
"""The restorer of the layout, the launcher and the palette take nothing."""


@pytest.fixture(autouse=True)
def settings(lab: Lab) -> Iterator[None]:
    """Every test starts with the default settings."""
    yield
    lab.unset(PLUGIN)


def started(side: SidePage, lab: Lab) -> None:
    """Opens JupyterLab and waits until somebody could work in it."""
    side.page.goto(f"{lab.url}lab?reset&token={lab.token}")
    side.wait_until_restored()
    expect(side.page.locator(".jp-LauncherCard", has_text="Python 3").first).to_be_visible()


def without_ours(route: Route) -> None:
    """Answers with all plugins' settings but the HUD's, which JupyterLab then asks for by themselves."""
    found = (own := route.fetch()).json()
    others = [each for each in found["settings"] if not each["id"].startswith("hermes-hud")]
    assert len(others) == len(found["settings"]) - 1
    route.fulfill(response=own, json={**found, "settings": others})


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("throw new Error('broken')", "", "broken"),
        ("", f"{OWN} = {{init() {{}}, get: async () => {{ throw new Error('broken') }}}}", "broken"),
        ("", NO_WIDGETS, r"\[hermes-hud\] the side panel failed"),
        (SIDE_BAR, "", r"\[hermes-hud\] the side bar for notebooks failed"),
    ],
    ids=["its script throws", "its module throws", "a package is missing", "a part of it throws"],
)
def test_jupyterlab_starts_when(lab: Lab, browser: Browser, before: str, after: str, complaint: str) -> None:
    visit = Visit(browser)
    visit.allowed = {
        complaint: "the fault that was put in",
        "reading '(init|get|hermes-hud-widget)'": "the same",
    }
    side = SidePage(visit)
    heard: list[str] = []
    visit.page.on("console", lambda message: heard.append(message.text))
    visit.page.on("pageerror", lambda error: heard.append(str(error)))

    def answer(route: Route) -> None:
        own = route.fetch()
        route.fulfill(response=own, body=f"{before}\n{own.text()}\n{after}")

    visit.page.route(CONTAINER, answer)
    started(side, lab)
    assert "broken" in "".join(heard) or "[hermes-hud]" in "".join(heard), "nothing was broken"
    visit.close()


def test_it_starts_and_has_the_panel_when_restorer_launcher_and_palette_throw(
    lab: Lab, browser: Browser
) -> None:
    visit = Visit(browser)
    visit.allowed = {r"\[hermes-hud\] .* failed": "the fault that was put in"}
    side = SidePage(visit)
    heard: list[str] = []
    visit.page.on("console", lambda message: heard.append(message.text))

    def answer(route: Route) -> None:
        own = route.fetch()
        route.fulfill(response=own, body=f"{own.text()}\n{BROKEN_SERVICES}")

    visit.page.route(CONTAINER, answer)
    started(side, lab)
    told = re.findall(r"\[hermes-hud\] (.+) failed", "\n".join(heard))
    assert told == ["restoring the layout", "the launcher card", "the palette"]
    side.execute("hermes-hud:open")
    side.hud.expect_live("proxied", seconds=20)
    visit.close()


def test_it_starts_with_settings_that_are_of_no_use_or_cannot_be_had_and_shows_the_default(
    lab: Lab, browser: Browser
) -> None:
    # A file that is not JSON, whosever settings it has, keeps JupyterLab 4.6 itself from starting.
    lab.set(PLUGIN, {"theme": 7, "panels": "all", "unknown": 1})
    visit = Visit(browser)
    visit.allowed = {"hermes-hud": "the settings are of no use", "status of 500|Error activating": "the same"}
    side = SidePage(visit)
    started(side, lab)
    side.click_tab()
    side.hud.expect_live("proxied", seconds=20)
    visit.page.route(re.compile(r"/lab/api/settings\?\d+$"), without_ours)
    visit.page.route("**/lab/api/settings/hermes-hud-widget**", lambda route: route.fulfill(status=500))
    started(side, lab)
    side.click_tab()
    expect_words(side.note, "could not be read")
    side.hud.expect_live("proxied")
    visit.close()


def test_the_panel_says_that_the_page_is_older_than_the_server_or_lacks_its_module(
    lab: Lab, browser: Browser
) -> None:
    visit = Visit(browser)
    visit.allowed = {"hermes-hud": "the module is missing", "status of 404|Failed to fetch": "the same"}
    side = SidePage(visit)

    visit.page.route(CONTAINER, answer_as("0.0.9"))
    started(side, lab)
    side.click_tab()
    expect_words(side.note, "version 0.0.9", "Reload the page")
    side.hud.expect_live("proxied", seconds=20)

    visit.page.route("**/hermes-hud-widget/static/hud.*.js", lambda route: route.fulfill(status=404))
    started(side, lab)
    side.click_tab()
    expect_words(side.note, "could not be loaded", "Reload")
    visit.close()
