"""axe-core finds nothing wrong in any panel: in both of JupyterLab's themes, wide, narrow and enlarged."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from browser.conftest import OpenNotebook
from browser.notebook import Hud, Notebook
from browser.scene import cell, furnish
from hermes_hud_widget.demo.home import DemoHome
from hermes_hud_widget.panels import BUILT_IN
from support.agent import MakeAgent

AXE = Path(__file__).parents[2] / "js/node_modules/axe-core/axe.min.js"
THEMES = ("JupyterLab Light", "JupyterLab Dark")
LIVE_S = 21.0
"""So much of the demo's script is played at once: all that it writes of the past, and the first live steps."""


@pytest.fixture(scope="module")
def full_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which every panel has something to show; nothing writes it any more."""
    home = tmp_path_factory.mktemp("demo") / "hermes"
    home.mkdir()
    (home / ".hermes-hud-demo").touch()
    demo = DemoHome(home, seed=7, now=time.time())
    left = LIVE_S
    for pause in demo.script:
        left -= pause
        if left < 0:
            break
    demo.close()
    return home


@pytest.mark.timeout(600)
@pytest.mark.parametrize("width", [1200, 600, 320])
def test_axe_finds_nothing_in_any_panel(full_home: Path, notebook: OpenNotebook, width: int) -> None:
    """600 is what is left of 1,200 at 200 %."""
    page = notebook(
        f"from hermes_hud_widget import HUD\nhud = HUD({str(full_home)!r})\nhud.widget.layout.width = '{width}px'\nhud"
    )
    hud = _open(page)
    found = []
    for theme in THEMES:
        page.theme(theme)
        # Another theme is other colours and nothing else.
        rules = None if theme == THEMES[0] else ["color-contrast"]
        for panel in (each.name for each in BUILT_IN):
            hud.show(panel)
            said = [*_findings(hud, rules), *_overflows(hud)]
            found += [f"{panel}, {theme}: {finding}" for finding in said]
    assert not found, "\n".join(found)


def test_axe_finds_nothing_in_a_transcript_and_in_damage(agent: MakeAgent, notebook: OpenNotebook) -> None:
    one = furnish(agent())
    page = notebook(cell(one))
    hud = _open(page)
    hud.show("sessions")
    hud.root.get_by_text("Sweep the harbour").first.click()
    hud.expect_text("Please sweep the harbour")
    found = [f"transcript: {finding}" for finding in _findings(hud)]
    one.file("memories/MEMORY.md", b"\xff\xfe")
    hud.show("memory")
    hud.expect_text("MEMORY.md")
    found += [f"damaged memory: {finding}" for finding in _findings(hud)]
    assert not found, "\n".join(found)


def _open(page: Notebook, theme: str = THEMES[0]) -> Hud:
    if not AXE.exists():
        pytest.fail(f"{AXE} is not there: run `npm ci` in js/", pytrace=False)
    page.page.set_viewport_size({"width": 1500, "height": 900})
    page.theme(theme)
    page.run(0)
    hud = page.hud()
    hud.expect_live()
    # Without this axe passes over every colour, without a word: JupyterLab's body hides its overflow.
    page.page.add_style_tag(content="html, body { overflow: visible !important }")
    page.page.add_script_tag(path=AXE)
    return hud


def _findings(hud: Hud, rules: list[str] | None = None) -> list[str]:
    """What axe says about all of the HUD; None: by all of its rules."""
    result: dict[str, Any] = hud.root.evaluate(
        """(root, rules) => {
            // Of one letter or figure axe does not judge the colour unless told to.
            const checks = {"color-contrast": {options: {ignoreLength: true}}};
            const only = rules ? {runOnly: {type: "rule", values: rules}} : {};
            return axe.run(root.getRootNode().host, {...only, checks, resultTypes: ["violations", "incomplete"]});
        }""",
        rules,
    )
    coloured = [one for one in result["passes"] if one["id"] == "color-contrast"]
    assert coloured, "axe looked at no colour: the page hides it from axe"
    uncertain = [one for one in result["incomplete"] if one["id"] == "color-contrast"]
    return [
        f"{one['id']} ({one['help']}): {[(node['target'], node['failureSummary'][:300]) for node in one['nodes'][:5]]}"
        for one in [*result["violations"], *uncertain]
    ]


def _overflows(hud: Hud) -> list[str]:
    """What is wider than the panel: nobody should have to scroll sideways."""
    wide: list[str] = hud.root.locator("[data-panel]").first.evaluate(
        """panel => panel.scrollWidth <= panel.clientWidth + 1 ? [] : [...panel.querySelectorAll("*")]
            .filter(each => each.getBoundingClientRect().right > panel.getBoundingClientRect().right + 1)
            .map(each => `${each.tagName.toLowerCase()}.${each.className?.baseVal ?? each.className}`).slice(0, 5)"""
    )
    return [f"wider than the panel: {', '.join(wide)}"] if wide else []
