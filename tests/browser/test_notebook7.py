"""Notebook 7: `jupyter notebook`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from browser.hosts import Host, expect_live_updates, started, visited, write_notebook
from browser.scene import cell, furnish
from support.agent import MakeAgent

ALLOWED = {
    r"reading 'schema'": "Notebook itself, on every page: it asks for a setting before it has loaded it",
    r"reading 'last_modified'": "Notebook 7.2 itself: it asks for the time of a checkpoint where there is none",
}


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """`jupyter notebook` with directories of its own."""
    folder = tmp_path_factory.mktemp("notebook7")
    arguments = ("--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1", "--ServerApp.port={port}")
    arguments += ("--IdentityProvider.token=", "--ServerApp.terminals_enabled=False")
    arguments += (
        "--JupyterNotebookApp.expose_app_in_browser=True",
        "--LanguageServerManager.autodetect=False",
    )
    with started(folder, "notebook", *arguments, health="api/status") as host:
        yield host


def test_notebook_7_shows_a_live_hud(agent: MakeAgent, host: Host, browser: Browser) -> None:
    one = furnish(agent())
    write_notebook(host.folder / "live.ipynb", cell(one))
    with visited(browser, f"{host.url}notebooks/live.ipynb", ALLOWED) as visit:
        visit.page.wait_for_function(
            "window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
        )
        visit.page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
        expect_live_updates(visit.hud(), one, seconds=20)
