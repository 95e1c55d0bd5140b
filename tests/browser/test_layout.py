"""Layout and looks in a real notebook: groups, grid, what is remembered, the palette, the keys."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from browser.conftest import OpenNotebook
from browser.notebook import Hud, Notebook
from browser.scene import cell, furnish, nonce
from browser.test_accessible import _findings, _open
from support.agent import MakeAgent

LARGE = re.compile(r"\blarge\b")


def panel(hud: Hud, name: str) -> Locator:
    return hud.root.locator(f'[data-panel="{name}"]')


def menu(hud: Hud) -> Locator:
    """The menu of layout and looks, opened."""
    hud.root.locator("[data-tool=menu]").click()
    return hud.root.locator("[data-sheet=menu]")


def cells(hud: Hud) -> list[str | None]:
    """The panels of the grid."""
    return [one.get_attribute("data-cell") for one in hud.root.locator("[data-cell]").all()]


def groups(hud: Hud) -> list[str | None]:
    """The groups of the tabs."""
    return [one.get_attribute("data-group") for one in hud.root.locator("[data-group]").all()]


def open_hud(agent: MakeAgent, notebook: OpenNotebook, options: str = "") -> tuple[Notebook, Hud]:
    """A HUD on a furnished home, live."""
    page = notebook(cell(furnish(agent()), options), "'another cell'")
    page.run(0)
    page.hud().expect_live()
    return page, page.hud()


def test_every_panel_is_reached_at_any_width(agent: MakeAgent, notebook: OpenNotebook) -> None:
    page, hud = open_hud(agent, notebook)
    names = hud.panels()
    assert {"overview", "memory", "sessions"} <= set(names)
    for name in names:
        hud.show(name)
    # As wide as a side panel.
    page.page.add_style_tag(
        content=".jp-OutputArea-output { width: 250px !important; flex: none !important }"
    )
    expect(hud.root.locator("[data-chooser]")).to_be_visible()
    for name in names:
        hud.show(name)
        assert hud.root.evaluate("root => root.scrollWidth <= root.clientWidth"), (
            f"{name} is wider than the HUD"
        )


def test_a_grid_shows_several_panels_live_at_once_and_one_of_them_large(
    agent: MakeAgent, notebook: OpenNotebook
) -> None:
    one = furnish(agent())
    page = notebook(cell(one, ", panels=['memory', 'sessions', 'cron'], layout='grid'"))
    page.run(0)
    hud = page.hud()
    hud.expect_live()
    assert cells(hud) == ["memory", "sessions", "cron"]
    entry, title = nonce("entry"), nonce("title")
    one.memory([entry])
    one.session("20260101_090000_cccccc", title=title)
    expect(panel(hud, "memory")).to_contain_text(entry, timeout=2_000)
    expect(panel(hud, "sessions")).to_contain_text(title, timeout=2_000)

    hud.root.get_by_label("Open Memory large").click()
    expect(hud.root.locator('[data-cell="memory"]')).to_have_class(LARGE)
    expect(panel(hud, "sessions")).not_to_be_visible()
    page.page.keyboard.press("Escape")
    expect(panel(hud, "sessions")).to_be_visible()


def test_layout_theme_order_and_tab_are_there_again_after_a_reload_and_are_not_in_the_notebook(
    agent: MakeAgent, notebook: OpenNotebook
) -> None:
    page, hud = open_hud(agent, notebook)
    hud.show("memory")
    menu(hud).get_by_text("Anime").click()
    page.page.keyboard.press("Escape")
    assert "anime" not in page.save()

    page.reload()
    page.run(0)
    hud = page.hud()
    hud.expect_live()
    expect(hud.root).to_have_attribute("data-palette", "anime")
    expect(panel(hud, "memory")).to_be_visible()

    menu(hud).get_by_text("Grid", exact=True).click()
    hud.root.get_by_text("Arrange panels").click()
    hud.root.get_by_role("checkbox", name="Costs").uncheck()
    before = cells(hud)
    hud.root.get_by_label("Move Sessions up").click()
    page.page.keyboard.press("Escape")
    assert "costs" not in before
    moved = cells(hud)
    assert moved != before
    assert set(moved) == set(before)

    page.reload()
    page.run(0)
    hud = page.hud()
    hud.expect_live()
    expect(hud.root.locator("[data-cell]")).to_have_count(len(moved))
    assert cells(hud) == moved

    menu(hud).get_by_text("Reset").click()
    expect(hud.root).to_have_attribute("data-layout", "tabs")
    expect(hud.root).to_have_attribute("data-palette", re.compile("own|host"))


def test_groups_are_moved_by_pointer_and_keyboard_and_stay_so_after_a_reload(
    agent: MakeAgent, notebook: OpenNotebook
) -> None:
    page, hud = open_hud(agent, notebook)
    before = groups(hud)
    assert before[-1] == "system"
    menu(hud).get_by_text("Arrange panels").click()
    hud.root.get_by_label("Move group System up").click()
    # The focus went along.
    page.page.keyboard.press("Enter")
    page.page.keyboard.press("Escape")
    moved = [*before[:-3], "system", *before[-3:-1]]
    assert groups(hud) == moved

    page.reload()
    page.run(0)
    hud = page.hud()
    hud.expect_live()
    assert groups(hud) == moved


def test_another_notebook_has_a_layout_of_its_own(agent: MakeAgent, notebook: OpenNotebook) -> None:
    page, hud = open_hud(agent, notebook)
    menu(hud).get_by_text("fsociety").click()
    expect(hud.root).to_have_attribute("data-palette", "fsociety")
    keys = page.page.evaluate("Object.keys(localStorage).filter(key => key.startsWith('hermes-hud:'))")
    assert len(keys) == 1
    assert keys[0].startswith(f"hermes-hud:{page.path}:")


def test_the_palette_opens_a_session_and_gives_the_focus_back(
    agent: MakeAgent, notebook: OpenNotebook
) -> None:
    page, hud = open_hud(agent, notebook)
    keyboard = page.page.keyboard
    panel(hud, "overview").focus()
    keyboard.press("Control+k")
    expect(hud.root.get_by_role("combobox")).to_be_focused()
    keyboard.type("sweep harb")
    expect(hud.root.get_by_role("option").first).to_contain_text("Sweep the harbour")
    keyboard.press("Enter")
    # Its view moves the focus on, into the transcript.
    expect(hud.root.locator('[data-panel="sessions"]:focus-within')).to_be_visible()
    hud.expect_text("Please sweep the harbour")

    keyboard.press("Control+k")
    keyboard.type("memry")
    keyboard.press("Enter")
    expect(panel(hud, "memory")).to_be_focused()
    keyboard.press("Control+k")
    keyboard.press("Escape")
    expect(panel(hud, "memory")).to_be_focused()


def test_keys_are_the_huds_only_while_it_has_the_focus(agent: MakeAgent, notebook: OpenNotebook) -> None:
    page, hud = open_hud(agent, notebook, ", panels=['memory', 'sessions', 'costs']")
    keyboard = page.page.keyboard
    panel(hud, "memory").click(position={"x": 5, "y": 5})
    keyboard.press("2")
    expect(panel(hud, "sessions")).to_be_focused()
    keyboard.press("Shift+?")
    expect(hud.root.locator("[data-sheet=keys]")).to_be_visible()
    keyboard.press("Escape")

    page.cell(1).locator(".jp-InputPrompt").click()
    for key in ("3", "Shift+?", "Control+k"):
        keyboard.press(key)
    # The notebook got the keys: in its command mode this one makes text of the selected cell.
    keyboard.press("m")
    expect(page.page.locator(".jp-Notebook .jp-MarkdownCell")).to_have_count(1)
    expect(panel(hud, "sessions")).to_be_visible()
    expect(hud.root.locator("[data-sheet]")).to_have_count(0)


def sheet_findings(hud: Hud) -> list[str]:
    """What axe finds in what lies over the HUD; of what it covers, axe can tell no colours."""
    found: list[str] = hud.root.locator("[data-sheet], .panel-menu").evaluate(
        """async sheet => {
            await Promise.all(sheet.getAnimations().map(one => one.finished));
            const { violations, incomplete } = await axe.run(sheet, { resultTypes: ["violations", "incomplete"] });
            return [...violations, ...incomplete]
                .flatMap(one => one.nodes.map(node => `${one.id}: ${node.failureSummary}`))
                // Arrows on keys: axe leaves it to us to look at them.
                .filter(words => !words.includes("contains only non-text characters"));
        }"""
    )
    return found


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_axe_finds_nothing_in_grid_and_tools(agent: MakeAgent, notebook: OpenNotebook, theme: str) -> None:
    page = notebook(cell(furnish(agent()), ", layout='grid'"))
    hud = _open(page, theme)
    expect(hud.root.locator('[data-status="loading"]')).to_have_count(0)
    found = [f"grid: {finding}" for finding in _findings(hud)]
    hud.root.locator("[data-tool=palette]").click()
    expect(hud.root.locator("[data-sheet] [role=option]").first).to_be_visible()
    found += [f"palette: {finding}" for finding in sheet_findings(hud)]
    page.page.keyboard.press("Escape")
    menu(hud)
    found += [f"menu: {finding}" for finding in sheet_findings(hud)]
    hud.root.get_by_text("Arrange panels").click()
    found += [f"arrange: {finding}" for finding in sheet_findings(hud)]
    hud.root.get_by_label("Back", exact=True).click()
    hud.root.get_by_text("Show the keys").click()
    found += [f"keys: {finding}" for finding in sheet_findings(hud)]
    assert not found, "\n".join(found)


def test_axe_finds_nothing_in_a_narrow_list_of_panels(agent: MakeAgent, notebook: OpenNotebook) -> None:
    page = notebook(
        cell(furnish(agent())).replace("HUD(", "hud = HUD(") + "\nhud.widget.layout.width = '250px'\nhud"
    )
    hud = _open(page, "JupyterLab Light")
    found = [f"chooser: {finding}" for finding in _findings(hud)]
    hud.root.locator("[data-chooser]").click()
    found += [f"list: {finding}" for finding in sheet_findings(hud)]
    assert not found, "\n".join(found)


def test_axe_finds_nothing_in_the_named_themes(agent: MakeAgent, notebook: OpenNotebook) -> None:
    page = notebook(cell(furnish(agent())))
    hud = _open(page, "JupyterLab Light")
    found = []
    for theme in ("neural-awakening", "blade-runner", "fsociety", "anime"):
        menu(hud).locator(f'input[value="{theme}"]').check()
        expect(hud.root).to_have_attribute("data-palette", theme)
        found += [f"{theme}, menu: {finding}" for finding in sheet_findings(hud)]
        page.page.keyboard.press("Escape")
        for panel in ("overview", "sessions", "costs"):
            hud.show(panel)
            found += [f"{theme}, {panel}: {finding}" for finding in _findings(hud)]
    assert not found, "\n".join(found)
