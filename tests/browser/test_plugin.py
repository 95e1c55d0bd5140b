"""A panel from another package."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import expect

from browser.conftest import OpenNotebook
from browser.scene import cell, furnish, nonce
from support.agent import MakeAgent
from support.docs import example

PLUGIN = """
from typing import Any

from hermes_hud_widget.panel import Panel, Payload
from hermes_hud_widget.sources import Json


class Lamps(Payload):
    keeper: str
    lamps_lit: int
    names: list[str]


def collect(lamps: Any) -> Lamps:
    lamps = lamps or {}
    return Lamps(keeper=lamps.get("keeper", "nobody"), lamps_lit=lamps.get("lit", 0), names=lamps.get("names", []))


PANEL = Panel("lamps", "Lamps of the harbour", collect, lamps=Json("lamps.json"))
"""


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    """A folder for `sys.path` with an installed package that offers the panel `lamps`."""
    folder = tmp_path / "site"
    about = folder / "lighthouse-1.0.dist-info"
    about.mkdir(parents=True)
    (folder / "lighthouse.py").write_text(PLUGIN, "utf-8")
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: lighthouse\nVersion: 1.0\n", "utf-8")
    (about / "entry_points.txt").write_text("[hermes_hud_widget.panels]\nlamps = lighthouse:PANEL\n", "utf-8")
    return folder


def test_a_plugin_without_a_view_is_drawn_and_kept_live_by_the_generic_one(
    agent: MakeAgent, notebook: OpenNotebook, plugin: Path
) -> None:
    one = furnish(agent())
    keeper = nonce("keeper")
    one.file("lamps.json", json.dumps({"keeper": keeper, "lit": 17, "names": ["north", "south"]}).encode())
    path = (
        f"import os, sys\nsys.path.insert(0, {str(plugin)!r})\nos.environ['PYTHONPATH'] = {str(plugin)!r}\n"
    )
    page = notebook(path + cell(one))
    page.run(0)
    hud = page.hud()
    hud.expect_live()
    lamps = hud.show("lamps")
    expect(hud.root.locator('[data-tab="lamps"]')).to_contain_text("Lamps of the harbour")
    for value in (keeper, "17", "north", "south"):
        expect(lamps).to_contain_text(value)

    keeper = nonce("keeper")
    one.file("lamps.json", json.dumps({"keeper": keeper, "lit": 18}).encode())
    expect(lamps).to_contain_text(keeper, timeout=1_000)
    expect(lamps).to_contain_text("18")


def test_the_view_that_the_documentation_shows_is_drawn_and_kept_live(
    agent: MakeAgent, notebook: OpenNotebook, tmp_path: Path
) -> None:
    site = example(tmp_path / "site", with_view=True)
    about = site / "hermes_hud_reading-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: hermes-hud-reading\nVersion: 1.0\n", "utf-8"
    )
    (about / "entry_points.txt").write_text(
        "[hermes_hud_widget.panels]\nreading = hermes_hud_reading.panel:PANEL\n", "utf-8"
    )
    one = furnish(agent())
    title = nonce("paper")
    one.file("reading.json", json.dumps({"items": [{"title": title, "minutes": 40}]}).encode())
    path = f"import os, sys\nsys.path.insert(0, {str(site)!r})\nos.environ['PYTHONPATH'] = {str(site)!r}\n"
    page = notebook(path + cell(one))
    page.run(0)
    hud = page.hud()
    hud.expect_live()
    reading = hud.show("reading")
    expect(reading.locator("li")).to_contain_text(title)
    expect(reading).to_contain_text("40 minutes to read")
    one.file("reading.json", json.dumps({"items": [{"title": title, "minutes": 40, "done": True}]}).encode())
    expect(reading.locator("li.done")).to_contain_text(title, timeout=1_000)
    expect(reading).to_contain_text("0 minutes to read")
