"""What a saved notebook holds, and what its readers see of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from browser.conftest import OpenNotebook
from browser.lab import Lab
from browser.notebook import Notebook
from browser.scene import cell, furnish, nonce
from support.agent import MakeAgent

WIDGETS = "@jupyter-widgets/jupyterlab-manager/plugin"
STATE = "application/vnd.jupyter.widget-state+json"
VIEW = "application/vnd.jupyter.widget-view+json"
ELEMENTS = """html => {
  const made = new DOMParser().parseFromString(html, "text/html").body;
  const told = (one) => [one.tagName, one.style.cssText, one.getAttribute("src"), one.getAttribute("alt")];
  return [...made.querySelectorAll("*")].map(told);
}"""
SANITISED = "([path, html]) => probe.panel(path).content.rendermime.sanitizer.sanitize(html)"
IS_TRUSTED = "path => probe.panel(path).content.widgets.map(cell => cell.model.trusted)"
IMAGES = "images => images.map(one => [one.complete && one.naturalWidth > 0, one.alt, one.clientWidth, one.clientHeight])"


@pytest.fixture
def widget_state_is_saved(lab: Lab) -> Iterator[None]:
    """JupyterLab's setting "Save Jupyter widget state in notebooks"."""
    lab.set(WIDGETS, {"saveState": True})
    yield
    lab.unset(WIDGETS)


@pytest.mark.usefixtures("widget_state_is_saved")
def test_a_notebook_saved_with_widget_state_holds_neither_token_nor_text_nor_path(
    agent: MakeAgent, notebook: OpenNotebook
) -> None:
    folder = nonce("folder")
    one = furnish(agent(Path(folder) / "hermes"))
    message, entry, title = nonce("message"), nonce("entry"), nonce("title")
    one.session("20260101_090000_cccccc", title=title)
    one.message("20260101_080000_aaaaaa", "user", message)
    one.memory([entry])
    page = notebook(cell(one))
    page.run(0)
    hud = page.hud()
    hud.expect_live()
    hud.show("memory")
    hud.expect_text(entry)
    hud.show("sessions")
    hud.root.get_by_text("Sweep the harbour").first.click()
    hud.expect_text(message)
    # Where a cold start takes longer than a cell waits, the first run says "being read".
    page.run(0)

    text = page.save()
    saved = json.loads(text)
    assert STATE in saved["metadata"]["widgets"], "the setting is not on: nothing was tried"
    [output] = saved["cells"][0]["outputs"]
    assert {"text/plain", "text/html", VIEW, "application/vnd.hermes-hud+json"} == set(output["data"])
    assert "Live sessions" in "".join(output["data"]["text/html"])
    tokens = page.tokens()
    assert tokens
    for secret in (message, entry, title, "harbour", *tokens):
        assert secret not in text
    del saved["cells"][0]["source"]  # what the user wrote names the folder
    assert folder not in json.dumps(saved)


def test_a_saved_snapshot_is_legible_in_an_untrusted_notebook(
    agent: MakeAgent, notebook: OpenNotebook
) -> None:
    one = furnish(agent())
    make = f"from hermes_hud_widget import HUD\nhud = HUD({str(one.home)!r})\n"
    page = notebook(f"{make}hud", f"{make}hud.snapshot()")
    for index in (1, 0):  # the second one finds a server that has read the home
        page.run(index)
    saved = json.loads(page.save())
    shown = [
        "".join(output["data"]["text/html"]) for one_cell in saved["cells"] for output in one_cell["outputs"]
    ]
    assert len(shown) == 2

    # Another hand changed it: its signature, by which Jupyter knows what this user made, is void.
    saved["metadata"]["passed_on"] = True
    page.file.with_name(page.path.replace("-0.", "-1.")).write_text(json.dumps(saved), "utf-8")
    copy = notebook()
    assert copy.page.evaluate(IS_TRUSTED, copy.path) == [False, False]
    for index, html in enumerate(shown):
        _expect_legible(copy, index)
        kept = copy.page.evaluate(SANITISED, [copy.path, html])
        assert copy.page.evaluate(ELEMENTS, kept) == copy.page.evaluate(ELEMENTS, html)
    expect(copy.page.locator("[data-hermes-hud]")).to_have_count(0)


def _expect_legible(page: Notebook, index: int) -> None:
    output = page.cell(index).locator(".jp-OutputArea-output")
    for said in (
        "Hermes HUD · hermes",
        "as of 20",
        "Live sessions",
        "Conversations",
        "User profile",
        "Checks",
    ):
        expect(output.get_by_text(said).first).to_be_visible()
    images: list[tuple[bool, str, int, int]] = output.locator("img").evaluate_all(IMAGES)
    assert len(images) >= 2
    for is_drawn, alt, width, height in images:
        assert is_drawn
        assert alt
        assert width > 60
        assert height >= 8
