"""Voilà: a notebook as a page of its own, without its code."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

import hermes_hud_widget
from browser.hosts import Host, expect_live_updates, started, visited, write_notebook
from browser.lab import wait_for
from browser.scene import cell, furnish
from support.agent import MakeAgent

ALLOWED = {
    r"cdn\.jsdelivr\.net/npm/@fortawesome/": "Voilà's page asks for its icons' font",
    r"voila/labextensions/@(jupyterhub|jupyter-notebook)/": "extensions of JupyterLab that Voilà loads without what they need",
}

EXTENSION = Path(hermes_hud_widget.__file__).parent / "labextension"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """`voila` on a folder of notebooks."""
    folder = tmp_path_factory.mktemp("voila")
    # As an installed wheel has it: a checkout only links to it, and Voilà serves no links.
    shutil.copytree(EXTENSION, folder / "share" / "labextensions" / "hermes-hud-widget")
    arguments = ("--no-browser", "--port={port}", "--Voila.ip=127.0.0.1")
    # As a host for many people is set up: a kernel goes when its page has gone and nothing happens in it any more.
    # Not after one second: between its start and its first cell a kernel on a busy machine is idle for longer.
    arguments += ("--MappingKernelManager.cull_idle_timeout=3", "--MappingKernelManager.cull_interval=1")
    with started(folder, "voila", *arguments, health="voila/static/nothing") as host:
        yield host


def test_voila_shows_a_live_hud_and_leaves_no_server_behind(
    agent: MakeAgent, host: Host, browser: Browser
) -> None:
    one = furnish(agent())
    write_notebook(host.folder / "live.ipynb", cell(one))
    with visited(browser, f"{host.url}voila/render/live.ipynb", ALLOWED) as visit:
        expect_live_updates(visit.hud(), one, seconds=30)
        assert len(host.servers()) == 1
    wait_for(lambda: not host.servers(), "the end of the HUD's server, with its kernel", 15)
