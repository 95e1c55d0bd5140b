"""One JupyterLab and one chromium for all tests here; a page and a kernel for each."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from browser.lab import Lab
from browser.notebook import Notebook
from browser.relay import Relay
from support.agent import agent

__all__ = ["agent"]

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

OpenNotebook = Callable[..., Notebook]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks every test in this folder `browser`."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium, driven by Playwright.

    Of package scope, since Playwright keeps an event loop running in this thread, which asynchronous
    tests elsewhere would trip over.
    """
    if not CHROMIUM.exists():
        pytest.fail(
            f"These tests need chromium at {CHROMIUM}: `apt-get install chromium`, or name another one in "
            "$CHROMIUM.",
            pytrace=False,
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab with directories of its own."""
    with Lab(tmp_path_factory.mktemp("lab")) as lab:
        yield lab


@pytest.fixture
def notebook(lab: Lab, browser: Browser, request: pytest.FixtureRequest) -> Iterator[OpenNotebook]:
    """Opens notebooks: `notebook("from …", "…")` writes the cells and opens the file in a new page.

    At the end the kernels are shut down; no console error and no request off this machine may have been.
    """
    opened: list[Notebook] = []
    name = re.sub(r"\W+", "-", request.node.name)[:80]

    def open_one(*cells: str, block_sockets: bool = False, relay: Relay | None = None) -> Notebook:
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        page = context.new_page()
        one = Notebook(lab, page, f"{name}-{len(opened)}", list(cells))
        if block_sockets:
            page.add_init_script("window.probe.blockSockets = true")
        if relay:
            page.add_init_script(f"window.probe.relayPort = {relay.port}")
        opened.append(one)
        one.open()
        return one

    yield open_one
    for one in opened:
        one.page.context.close()
    lab.shut_down_kernels()
    complaints = [complaint for one in opened for complaint in one.complaints()]
    assert not complaints, "\n".join(complaints)
