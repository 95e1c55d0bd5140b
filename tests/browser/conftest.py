"""One JupyterLab and one chromium for all tests here, others of another kind when asked for; a page and a kernel each."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright, sync_playwright

from browser.lab import HUB, Lab
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
def playwright() -> Iterator[Playwright]:
    """Playwright, which drives chromium.

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
        yield playwright


@pytest.fixture(scope="package")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Chromium."""
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    yield browser
    browser.close()


@pytest.fixture(scope="package")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab with directories of its own."""
    with Lab(tmp_path_factory.mktemp("lab")) as lab:
        yield lab


@pytest.fixture(scope="package")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab as a hub serves it: over https, below a path of its user's."""
    with Lab(tmp_path_factory.mktemp("hub"), base_url="/user/me/", is_https=True) as lab:
        yield lab


@pytest.fixture(scope="package")
def bare_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab over https, without jupyter-server-proxy."""
    with Lab(tmp_path_factory.mktemp("bare"), has_proxy=False, is_https=True) as lab:
        yield lab


@pytest.fixture(scope="package")
def public_browser(playwright: Playwright, hub: Lab, bare_lab: Lab) -> Iterator[Browser]:
    """Chromium that takes these two for servers in the public internet, with a name of their own."""
    spaces = ",".join(f"127.0.0.1:{lab.port}=public" for lab in (hub, bare_lab))
    flags = [f"--host-resolver-rules=MAP {HUB} 127.0.0.1", f"--ip-address-space-overrides={spaces}"]
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *flags])
    yield browser
    browser.close()


@pytest.fixture(scope="package")
def profiles() -> dict[tuple[Browser, Lab], BrowserContext]:
    """For each JupyterLab a profile of the browser, whose cache holds JupyterLab: it starts in half the time."""
    return {}


@pytest.fixture
def notebook(
    lab: Lab,
    browser: Browser,
    profiles: dict[tuple[Browser, Lab], BrowserContext],
    request: pytest.FixtureRequest,
) -> Iterator[OpenNotebook]:
    """Opens notebooks: `notebook("from …", "…")` writes the cells and opens the file in a new page.

    `at` names another JupyterLab, `is_public` opens it by a name that is not loopback's in a browser that takes it for
    one of the internet; `block_sockets` is `True` or "direct", see `probe.js`.

    At the end the kernels are shut down; no console error and no request to another host may have been.
    """
    opened: list[Notebook] = []
    name = re.sub(r"\W+", "-", request.node.name)[:80]

    def open_one(
        *cells: str,
        block_sockets: bool | Literal["direct"] = False,
        relay: Relay | None = None,
        at: Lab = lab,
        is_public: bool = False,
    ) -> Notebook:
        opener = request.getfixturevalue("public_browser") if is_public else browser
        profile = profiles.get((opener, at))
        # A second page of one test has a profile of its own: it shall know nothing of what the first one leaves.
        if profile is None or profile.pages:
            is_https = at.url.startswith("https:")
            profile = opener.new_context(
                viewport={"width": 1280, "height": 900}, ignore_https_errors=is_https
            )
            profiles.setdefault((opener, at), profile)
        page = profile.new_page()
        host = HUB if is_public else "127.0.0.1"
        one = Notebook(at, page, f"{name}-{len(opened)}", list(cells), host)
        if block_sockets:
            page.add_init_script(f"window.probe.blockSockets = {json.dumps(block_sockets)}")
        if relay:
            page.add_init_script(f"window.probe.relayPort = {relay.port}")
        opened.append(one)
        forgotten = {"origin": one.url, "storageTypes": "cookies,local_storage"}
        profile.new_cdp_session(page).send("Storage.clearDataForOrigin", forgotten)
        one.open()
        return one

    yield open_one
    for one in opened:
        one.page.close()
        if one.page.context not in profiles.values():
            one.page.context.close()
    for used in {one.lab for one in opened}:
        used.shut_down_kernels()
    complaints = [complaint for one in opened for complaint in one.complaints()]
    assert not complaints, "\n".join(complaints)
