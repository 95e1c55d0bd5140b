"""`make images`: screenshots of a demo home in a real JupyterLab, to be looked at one by one.

docs/images/ gets those that the documents show; .cache/images/ all others: every panel in light and dark, wide and
narrow, in Chinese, and in the named themes.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright

from browser.conftest import CHROMIUM, FLAGS
from browser.lab import Lab
from browser.notebook import Hud, Notebook
from browser.side import side_page
from hermes_hud_widget.demo import start_demo
from hermes_hud_widget.panels import BUILT_IN

ROOT = Path(__file__).parent.parent
SHOWN = ROOT / "docs" / "images"
OTHERS = ROOT / ".cache" / "images"
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
WIDTHS = (900, 320)
NAMED = ("neural-awakening", "blade-runner", "fsociety", "anime")
GRID = ("overview", "sessions", "costs", "cron")
CELLS = """from hermes_hud_widget import HUD

hud = HUD.demo({options})
{narrow}hud"""


def main() -> None:
    """Takes every screenshot."""
    for folder in (SHOWN, OTHERS):
        folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as temporary,
        Lab(Path(temporary) / "lab") as lab,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for theme in THEMES:
            for width in WIDTHS:
                panels(lab, browser, theme, width)
            grid(lab, browser, theme)
        panels(lab, browser, "light", WIDTHS[0], language="zh")
        for name in NAMED:
            overview(lab, browser, name)
        with start_demo() as demo:
            for theme in THEMES:
                side_panel(lab, browser, theme, demo.home)
                tab(browser, theme, demo.home)
        browser.close()


def panels(lab: Lab, browser: Browser, theme: str, width: int, language: str = "en") -> None:
    """All panels in one theme at one width; the wide ones with the notebook around them once."""
    is_wide, is_shown = width >= WIDTHS[0], theme == "light" and width >= WIDTHS[0] and language == "en"
    narrow = "" if is_wide else f'hud.widget.layout.width = "{width}px"\n'
    with page(lab, browser, theme, "height=600", narrow, language) as (notebook, hud):
        for name in (each.name for each in BUILT_IN):
            hud.show(name)
            if name == "sessions" and is_wide:
                open_transcript(hud)
            settle(hud)
            file = f"{name}.png" if is_shown else f"{name}-{theme}-{width}-{language}.png"
            hud.root.screenshot(path=(SHOWN if is_shown else OTHERS) / file)
        if is_wide and language == "en":
            hud.show("overview")
            settle(hud)
            notebook.page.screenshot(path=SHOWN / f"notebook-{theme}.png")


def grid(lab: Lab, browser: Browser, theme: str) -> None:
    """Several panels at once."""
    options = f"panels={list(GRID)!r}, layout='grid', height=900"
    with page(lab, browser, theme, options, height=1_200) as (_, hud):
        settle(hud)
        hud.root.screenshot(path=SHOWN / f"grid-{theme}.png")


def overview(lab: Lab, browser: Browser, theme: str) -> None:
    """The overview in a theme of its own."""
    with page(lab, browser, "dark", f"height=600, theme={theme!r}") as (_, hud):
        settle(hud)
        hud.root.screenshot(path=OTHERS / f"overview-{theme}.png")


def side_panel(lab: Lab, browser: Browser, theme: str, home: Path) -> None:
    """JupyterLab's side bar, without a notebook."""
    # By the settings: JupyterLab stumbles when its theme changes while the first one is still being loaded.
    lab.set("@jupyterlab/apputils-extension/themes", {"theme": THEMES[theme]})
    with side_page(browser, lab) as side:
        hud = side.open(home)
        settle(hud)
        side.page.screenshot(path=SHOWN / f"side-panel-{theme}.png")


def tab(browser: Browser, theme: str, home: Path) -> None:
    """A browser tab, let in by the token."""
    command = [str(Path(sys.executable).with_name("hermes-hud")), "serve", "--home", str(home)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as serve:
        assert serve.stdout is not None
        announced = json.loads(serve.stdout.readline())
        context = browser.new_context(
            viewport={"width": 1240, "height": 800}, color_scheme="dark" if theme == "dark" else "light"
        )
        shown = context.new_page()
        shown.goto(announced["url"])
        token = shown.get_by_label("Or paste the token")
        token.fill(announced["token"])
        token.press("Enter")
        hud = Hud(shown.locator("[data-hermes-hud]"))
        hud.expect_live()
        expect(shown.locator("[data-status=ok]").first).to_be_visible()
        settle(hud)
        shown.screenshot(path=SHOWN / f"tab-{theme}.png")
        context.close()
        serve.terminate()


@contextmanager
def page(
    lab: Lab,
    browser: Browser,
    theme: str,
    options: str,
    narrow: str = "",
    language: str = "en",
    height: int = 900,
) -> Iterator[tuple[Notebook, Hud]]:
    """A notebook with a live HUD on a demo's home."""
    context = browser.new_context(
        viewport={"width": 1240, "height": height}, locale="zh-CN" if language == "zh" else "en-GB"
    )
    notebook = Notebook(lab, context.new_page(), "analysis", [CELLS.format(options=options, narrow=narrow)])
    notebook.open()
    notebook.theme(THEMES[theme])
    notebook.run(0)
    hud = notebook.hud(0)
    hud.expect_live()
    yield notebook, hud
    context.close()
    lab.shut_down_kernels()


def open_transcript(hud: Hud) -> None:
    """Opens the first session's transcript beside the list."""
    hud.root.locator('[data-panel="sessions"] [data-session]').first.click()


def settle(hud: Hud) -> None:
    """Waits until nothing moves: fonts are there, what flashed has faded, and the mouse points at nothing."""
    hud.root.page.mouse.move(0, 0)
    hud.root.page.wait_for_timeout(900)


if __name__ == "__main__":
    main()
