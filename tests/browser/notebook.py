"""One notebook in one JupyterLab page, as a user drives it, and what the page said and asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
from playwright.sync_api import ConsoleMessage, Locator, Page, expect

from browser.lab import Lab, wait_for

LOOPBACK = {"127.0.0.1", "localhost", "::1", ""}

ALLOWED_ERRORS: dict[str, str] = {}
"""Console errors of JupyterLab itself, as patterns, each with the reason why it is not ours."""


class Notebook:
    """A notebook, open in a page of its own with a kernel of its own.

    Args:
        lab: The running JupyterLab.
        page: A new page.
        name: File name without `.ipynb`.
        cells: Sources of its code cells.
        host: The name by which the page knows the computer that JupyterLab runs on. If it is not one of loopback's,
            no request may go to loopback either: on that page's computer, something else listens there.
    """

    def __init__(self, lab: Lab, page: Page, name: str, cells: list[str], host: str = "127.0.0.1") -> None:
        self.lab = lab
        self.page = page
        self.url = lab.url_at(host)
        self._hosts = LOOPBACK if host in LOOPBACK else {host}
        self.path = f"{name}.ipynb"
        self.errors: list[str] = []
        self.requests: list[str] = []
        self.allowed: dict[str, str] = dict(ALLOWED_ERRORS)
        self.console: list[str] = []
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.errors.append(f"uncaught: {error}"))
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("websocket", lambda socket: self.requests.append(socket.url))
        page.add_init_script(path=Path(__file__).with_name("probe.js"))
        if cells:
            self.file.write_text(json.dumps(_notebook(cells)), "utf-8")

    @property
    def file(self) -> Path:
        """The notebook on disk."""
        return self.lab.notebooks / self.path

    # -- what a user does

    def open(self) -> None:
        """Opens the notebook in an empty workspace and waits for an idle kernel."""
        self.page.goto(f"{self.url}lab/tree/{self.path}?reset&token={self.lab.token}")
        self.wait_until_idle()

    def reload(self) -> None:
        """Reloads the page; the kernel lives on."""
        self.page.reload()
        self.wait_until_idle()

    def wait_until_idle(self, seconds: float = 30.0) -> None:
        """Waits until the kernel is connected and idle."""
        self.page.wait_for_function(
            "path => window.probe?.panel && window.jupyterapp?.shell && window.probe.panel(path)?.sessionContext"
            "?.session?.kernel?.status === 'idle'",
            arg=self.path,
            timeout=seconds * 1000,
        )

    def run(self, index: int) -> None:
        """Runs one cell and waits for its end."""
        self.page.evaluate("([path, index]) => probe.run(path, index, true)", [self.path, index])

    def start(self, index: int, said: str) -> None:
        """Starts one cell and waits until it has printed `said`."""
        self.page.evaluate("([path, index]) => probe.run(path, index, false)", [self.path, index])
        wait_for(lambda: said in self.output(index), f"{said!r} in the output of cell {index}")

    def run_all(self, pattern: str, milliseconds: float) -> dict[str, Any]:
        """Run All; how long until text matching `pattern` was painted, and until the socket was in use.

        Returns:
            `number_ms` and `direct_ms`, counted from the first execute request; None: not within the limit.
        """
        return dict(
            self.page.evaluate(
                "([path, pattern, limit]) => probe.runAll(path, pattern, limit)",
                [self.path, pattern, milliseconds],
            )
        )

    def edit(self, index: int, source: str) -> None:
        """Replaces a cell's source."""
        self.page.evaluate(
            "([path, index, source]) => "
            "probe.panel(path).content.widgets[index].model.sharedModel.setSource(source)",
            [self.path, index, source],
        )

    def interrupt(self) -> None:
        """The stop button."""
        self.page.evaluate("path => probe.panel(path).sessionContext.session.kernel.interrupt()", self.path)
        self.wait_until_idle()

    def restart(self) -> None:
        """The restart button, confirmed."""
        self.page.evaluate("path => probe.panel(path).sessionContext.restartKernel()", self.path)
        self.wait_until_idle()

    def clear(self) -> None:
        """Removes all outputs."""
        self.page.evaluate("window.jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
        expect(self.page.locator(".jp-Notebook [data-hermes-hud]")).to_have_count(0)

    def save(self) -> str:
        """Saves and returns the text of the file."""
        self.page.evaluate("path => probe.panel(path).context.save()", self.path)
        return self.file.read_text("utf-8")

    def theme(self, name: str) -> None:
        """Switches JupyterLab's theme and waits until it is on."""
        light = "false" if "Dark" in name else "true"
        self.page.evaluate(
            "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", name
        )
        expect(self.page.locator("body")).to_have_attribute("data-jp-theme-light", light)

    # -- what a user sees

    def cell(self, index: int) -> Locator:
        """One cell."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(index)

    def hud(self, index: int = 0) -> Hud:
        """The HUD in a cell's output."""
        return Hud(self.cell(index).locator("[data-hermes-hud]"))

    def output(self, index: int) -> str:
        """All text of a cell's outputs: streams, results, errors; not what a widget draws."""
        outputs = self.page.evaluate(
            "([path, index]) => probe.panel(path)?.content.widgets[index].model.outputs.toJSON()",
            [self.path, index],
        )
        return "\n".join(_text(output) for output in outputs or [])

    def is_busy(self, index: int) -> bool:
        """True while a cell runs."""
        return bool(
            self.page.evaluate(
                # JupyterLab before 4.3 tells it by the prompt alone.
                "([path, index]) => probe.panel(path).content.widgets[index].inputArea.promptNode.innerText.includes('*')",
                [self.path, index],
            )
        )

    def sockets(self) -> list[str]:
        """The addresses of all sockets that this page ever made to the HUD's server, in order."""
        return list(self.page.evaluate("probe.addresses"))

    def wake(self) -> None:
        """The network is back, as the browser says after a laptop was opened."""
        self.page.evaluate("window.dispatchEvent(new Event('online'))")

    def tokens(self) -> list[str]:
        """The tokens with which this page opened sockets to the HUD's server."""
        return list(self.page.evaluate("probe.tokens"))

    # -- processes

    @property
    def kernel(self) -> psutil.Process:
        """The kernel's process."""
        kernel_id = self.page.evaluate(
            "path => probe.panel(path).sessionContext.session.kernel.id", self.path
        )
        return self.lab.kernel_process(kernel_id)

    def servers(self) -> list[psutil.Process]:
        """The server processes below the kernel."""
        return servers_of(self.kernel)

    # -- at the end

    def complaints(self) -> list[str]:
        """Console errors that are not JupyterLab's own, and requests to another host than the page's."""
        errors = [
            error for error in self.errors if not any(re.search(known, error) for known in self.allowed)
        ]
        away = [
            url
            for url in self.requests
            if urlsplit(url).scheme not in {"blob", "data", "about", "chrome"}
            and (urlsplit(url).hostname or "") not in self._hosts
        ]
        return errors + [f"request to {url}" for url in away]

    def _heard(self, message: ConsoleMessage) -> None:
        self.console.append(f"{message.type}: {message.text} {message.location}")
        if message.type == "error":
            where = message.location.get("url", "") if message.location else ""
            self.errors.append(f"{message.text} ({where})")


class Hud:
    """One HUD's root element."""

    def __init__(self, root: Locator) -> None:
        self.root = root

    def show(self, panel: str) -> Locator:
        """Turns to a panel and returns it; in a grid, it is there."""
        # Before the server's greeting nobody knows what there is.
        expect(self.root.locator("[data-panel]").first).to_be_attached()
        chooser, group = self.root.locator("[data-chooser]"), self.root.locator(f'[data-panels~="{panel}"]')
        if chooser.count():
            chooser.click()
        elif group.count():
            group.click()
        if self.root.get_attribute("data-layout") == "tabs":
            self.root.locator(f'[data-tab="{panel}"]').click()
        found = self.root.locator(f'[data-panel="{panel}"]')
        expect(found).to_be_visible()
        expect(found).not_to_have_attribute("data-status", "loading")
        return found

    def panels(self) -> list[str]:
        """The names of all panels that have a tab, by groups."""
        names: list[str] = []
        groups = self.root.locator("[data-group]")
        for group in groups.all():
            names += (group.get_attribute("data-panels") or "").split()
        return names or [tab.get_attribute("data-tab") or "" for tab in self.root.locator("[data-tab]").all()]

    def expect_live(self, transport: str = "direct", seconds: float = 10.0) -> None:
        """Waits until the HUD is live over `transport`."""
        expect(self.root).to_have_attribute("data-transport", transport, timeout=seconds * 1000)
        expect(self.root).to_have_attribute("data-state", "live", timeout=seconds * 1000)

    def expect_text(self, text: str | re.Pattern[str], seconds: float = 5.0) -> None:
        """Waits until `text` is on screen in this HUD."""
        expect(self.root.get_by_text(text).first).to_be_visible(timeout=seconds * 1000)


@contextmanager
def asleep() -> Iterator[None]:
    """While all pages of this process' browsers sleep: neither their clocks nor anything else in them runs."""
    # Not `Page.setWebLifecycleState`, which leaves the timers of a page in front running.
    pages = [
        child for child in psutil.Process().children(recursive=True) if "--type=renderer" in child.cmdline()
    ]
    for page in pages:
        page.suspend()
    try:
        yield
    finally:
        for page in pages:
            page.resume()


def servers_of(kernel: psutil.Process) -> list[psutil.Process]:
    """The HUD's server processes below a kernel."""
    return [
        child
        for child in kernel.children(recursive=True)
        if child.status() != psutil.STATUS_ZOMBIE and "hermes_hud_widget.server" in " ".join(child.cmdline())
    ]


def _text(output: dict[str, Any]) -> str:
    if output["output_type"] == "stream":
        return "".join(output["text"])
    if output["output_type"] == "error":
        return "\n".join([*output["traceback"], f"{output['ename']}: {output['evalue']}"])
    plain = output["data"].get("text/plain", "")
    return "".join(plain)


def _notebook(cells: list[str]) -> dict[str, Any]:
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        "cells": [
            {
                "cell_type": "code",
                "id": f"cell-{number}",
                "metadata": {},
                "execution_count": None,
                "outputs": [],
                "source": source,
            }
            for number, source in enumerate(cells)
        ],
    }
