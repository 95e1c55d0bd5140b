"""axe-core finds nothing wrong in any panel, in both of JupyterLab's themes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from browser.conftest import OpenNotebook
from browser.notebook import Hud, Notebook
from browser.scene import cell, furnish
from support.agent import MakeAgent

AXE = Path(__file__).parents[2] / "js/node_modules/axe-core/axe.min.js"


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_axe_finds_nothing_in_any_panel(agent: MakeAgent, notebook: OpenNotebook, theme: str) -> None:
    if not AXE.exists():
        pytest.fail(f"{AXE} is not there: run `npm ci` in js/", pytrace=False)
    one = furnish(agent())
    page = notebook(cell(one))
    page.theme(theme)
    page.run(0)
    hud = page.hud()
    hud.expect_live()
    # Without this axe passes over every colour, without a word: JupyterLab's body hides its overflow.
    page.page.add_style_tag(content="html, body { overflow: visible !important }")
    page.page.add_script_tag(path=AXE)
    panels = [tab.get_attribute("data-tab") for tab in hud.root.locator("[data-tab]").all()]
    assert {"overview", "memory", "sessions"} <= set(panels)
    found = []
    for panel in panels:
        hud.show(panel or "")
        found += [f"{panel}: {finding}" for finding in _findings(page, hud)]
    hud.show("sessions")
    hud.root.get_by_text("Sweep the harbour").first.click()
    hud.expect_text("Please sweep the harbour")
    found += [f"transcript: {finding}" for finding in _findings(page, hud)]
    one.file("memories/MEMORY.md", b"\xff\xfe")
    hud.show("memory")
    hud.expect_text("MEMORY.md")
    found += [f"damaged memory: {finding}" for finding in _findings(page, hud)]
    assert not found, "\n".join(found)


def _findings(page: Notebook, hud: Hud) -> list[str]:
    result: dict[str, Any] = hud.root.evaluate(
        """root => {
            const host = root.getRootNode().host;
            return axe.run(host, {resultTypes: ["violations", "incomplete", "passes"]});
        }"""
    )
    coloured = [one for one in result["passes"] if one["id"] == "color-contrast"]
    assert coloured, "axe looked at no colour: the page hides it from axe"
    uncertain = [one for one in result["incomplete"] if one["id"] == "color-contrast"]
    return [
        f"{one['id']} ({one['help']}): {[(node['target'], node['failureSummary'][:300]) for node in one['nodes'][:5]]}"
        for one in [*result["violations"], *uncertain]
    ]
