"""`make images`: the screenshots in docs/images/, of a demo home in a real JupyterLab.

images.py [FOLDER]   writes elsewhere
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from browser.conftest import CHROMIUM, FLAGS
from browser.lab import Lab
from browser.notebook import Hud, Notebook
from hermes_hud_widget.panels import BUILT_IN

ROOT = Path(__file__).parent.parent
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
WIDTHS = (900, 320)
CELLS = """from hermes_hud_widget import HUD

hud = HUD.demo(height={height})
{narrow}hud"""


def main() -> None:
    """Takes every screenshot."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images"
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as temporary,
        Lab(Path(temporary) / "lab") as lab,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for width in WIDTHS:
            for theme in THEMES:
                take(lab, browser, folder, theme, width)
        browser.close()


def take(lab: Lab, browser: Browser, folder: Path, theme: str, width: int) -> None:
    """All panels in one theme at one width; the wide ones with the notebook around them once."""
    context = browser.new_context(viewport={"width": 1240, "height": 900}, device_scale_factor=1.5)
    narrow = "" if width >= 900 else f'hud.widget.layout.width = "{width}px"\n'
    source = CELLS.format(height=560, narrow=narrow)
    notebook = Notebook(lab, context.new_page(), f"images-{theme}-{width}", [source])
    notebook.open()
    notebook.theme(THEMES[theme])
    notebook.run(0)
    hud = notebook.hud(0)
    hud.expect_live()
    for panel in (each.name for each in BUILT_IN):
        hud.show(panel)
        if panel == "sessions" and width >= 900:
            open_transcript(hud)
        settle(hud)
        hud.root.screenshot(path=folder / f"{panel}-{theme}-{width}.png")
    if width >= 900:
        hud.show("overview")
        settle(hud)
        notebook.page.screenshot(path=folder / f"notebook-{theme}.png")
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
