"""The side panel in a page of JupyterLab or Notebook."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Locator, Page, Route, WebSocket, expect

from browser.hosts import Visit
from browser.lab import Lab, wait_for
from browser.notebook import Hud
from hermes_hud_widget import __version__

PLUGIN = "hermes-hud-widget/plugin"
"""The name of its settings, as `Lab.set` wants it."""


CONTAINER = "**/hermes-hud-widget/static/remoteEntry.*.js"
"""The extension's script."""


def answer_as(version: str) -> Callable[[Route], None]:
    """Answers with the extension's script as if it were of another version."""

    def answer(route: Route) -> None:
        own = route.fetch()
        assert __version__ in own.text()
        route.fulfill(response=own, body=own.text().replace(__version__, version))

    return answer


class SidePage:
    """A page without a notebook, and what it sent to the HUD's server.

    Args:
        visit: The page.
    """

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self.page: Page = visit.page
        self.sent: list[dict[str, Any]] = []
        self.heard: list[dict[str, Any]] = []
        self.page.on("websocket", self._listen)

    @property
    def hud(self) -> Hud:
        """The HUD in the panel."""
        return Hud(self.panel.locator("[data-hermes-hud]"))

    @property
    def panel(self) -> Locator:
        """The panel."""
        return self.page.locator("#hermes-hud")

    @property
    def note(self) -> Locator:
        """What the panel says besides the HUD."""
        return self.panel.locator(".note")

    def wait_until_restored(self) -> None:
        """Waits until the page has started, with its layout."""
        self.page.wait_for_function("window.jupyterapp?.restored.then(() => true)")

    def execute(self, command: str, **arguments: Any) -> None:
        """Runs one of JupyterLab's commands and waits for its end."""
        self.page.evaluate(
            "([name, args]) => window.jupyterapp.commands.execute(name, args).then(() => null)",
            [command, arguments],
        )

    def click_tab(self) -> None:
        """Clicks the icon in the right side bar."""
        self.page.locator('.jp-SideBar.jp-mod-right .lm-TabBar-tab[data-id="hermes-hud"]').click()

    def collapse(self) -> None:
        """Closes the side bar and waits until the HUD knows that nobody sees it."""
        self.click_tab()
        expect(self.panel).to_be_hidden()
        wait_for(
            lambda: self.frames(self.sent, "look")[-1]["panels"] == [], "that nothing is looked at any more"
        )

    def open(self, home: Any) -> Hud:
        """Opens the panel for a home; returns the HUD when it is live."""
        self.execute("hermes-hud:open-home", home=str(home))
        self.hud.expect_live("proxied", seconds=20)
        return self.hud

    def show(self, panel: str) -> None:
        """Turns to a panel once the side bar has its width, which is that of a HUD with a menu instead of tabs."""
        expect(self.hud.root.locator("[data-chooser]")).to_be_visible()
        self.hud.show(panel)

    def frames(self, among: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
        """The frames of one type, with those that came meanwhile."""
        self.page.evaluate("null")  # Playwright tells of frames only while it is asked for something
        return [frame for frame in among if frame["type"] == kind]

    def _listen(self, socket: WebSocket) -> None:
        if "/hermes-hud/" not in socket.url:
            return
        socket.on("framesent", lambda frame: self.sent.append(json.loads(frame)))
        socket.on("framereceived", lambda frame: self.heard.append(json.loads(frame)))


@contextmanager
def side_page(
    browser: Browser, lab: Lab, allowed: dict[str, str] | None = None, *, path: str = "lab?reset"
) -> Iterator[SidePage]:
    """Opens a page of a JupyterLab; at the end no console error may have been but those allowed."""
    visit = Visit(browser, ignore_https_errors=lab.url.startswith("https:"))
    visit.allowed |= allowed or {}
    side = SidePage(visit)
    try:
        visit.page.goto(f"{lab.url}{path}{'&' if '?' in path else '?'}token={lab.token}")
        if path.startswith("lab"):
            side.wait_until_restored()
        yield side
    except BaseException:
        visit.page.context.close()
        raise
    visit.close()


def expect_words(place: Locator, *words: str) -> None:
    """Waits until all of this is said there."""
    for word in words:
        expect(place).to_contain_text(word, timeout=20_000)
