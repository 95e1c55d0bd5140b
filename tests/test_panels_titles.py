"""What the browser is told of each panel before any data: it must know the words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hermes_hud_widget.panel import GROUPS, Panel
from hermes_hud_widget.panels import BUILT_IN
from hermes_hud_widget.widget import GRID, THEMES

SOURCE = Path(__file__).parents[1] / "js" / "src"
SAME_IN_CHINESE = {"mcp"}
"""Panels that are called by a name."""


def read(name: str) -> str:
    return (SOURCE / name).read_text("utf-8")


@pytest.mark.parametrize("panel", BUILT_IN, ids=lambda panel: panel.name)
def test_every_panel_has_a_title_of_its_own_in_both_languages(panel: Panel) -> None:
    assert (panel.titles["zh"] == panel.title) == (panel.name in SAME_IN_CHINESE)
    others = [other for other in BUILT_IN if other is not panel]
    assert panel.titles["zh"] not in {other.titles.get("zh") for other in others}
    assert panel.title not in {other.title for other in others}


@pytest.mark.parametrize("panel", BUILT_IN, ids=lambda panel: panel.name)
def test_every_panel_has_an_icon_that_the_browser_can_draw(panel: Panel) -> None:
    icons = set(re.findall(r"^  (\w+):", read("ui/icon.tsx"), re.MULTILINE))
    assert panel.icon in icons - {"panel"}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_group_has_a_title(language: str) -> None:
    titles = re.findall(r'"group\.(\w+)":', read(f"i18n/{language}.ts"))
    assert sorted(titles) == sorted(GROUPS)


def test_the_panels_of_a_group_stand_together() -> None:
    groups = [panel.group for panel in BUILT_IN]
    assert groups == sorted(groups, key=GROUPS.index)


def test_python_and_browser_know_the_same_themes() -> None:
    looks, all_of_them = re.findall(r"const (?:LOOKS|THEMES) = \[(.+)\] as const", read("theme.ts"))
    names = re.findall(r'"([\w-]+)"', all_of_them) + re.findall(r'"([\w-]+)"', looks)
    assert names == list(THEMES)


def test_a_grid_begins_with_panels_that_exist() -> None:
    assert set(GRID) <= {panel.name for panel in BUILT_IN}
