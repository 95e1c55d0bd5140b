"""JupyterLab and Chromium for the rows that need them, as the browser tests start them."""

from __future__ import annotations

import itertools
import json
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from playwright.sync_api import ViewportSize, expect, sync_playwright

from browser.conftest import CHROMIUM, FLAGS
from browser.lab import Lab
from browser.notebook import Hud, Notebook

PAINT = Path(__file__).with_name("paint.js")
VIEWPORT: ViewportSize = {"width": 1280, "height": 1400}
"""High enough for two HUDs: one out of sight would not be fed."""


class Browser:
    """One JupyterLab and one Chromium.

    Args:
        folder: Where they write.
    """

    def __init__(self, folder: Path) -> None:
        self._open = ExitStack()
        self._numbers = itertools.count()
        with ExitStack() as opening:
            self.lab = opening.enter_context(Lab(folder))
            playwright = opening.enter_context(sync_playwright())
            self._chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            opening.callback(self._chromium.close)
            self._open = opening.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def notebook(self, *cells: str, block_sockets: bool | Literal["direct"] = False) -> Notebook:
        """A notebook in a new page with a kernel of its own; nothing has run yet.

        Args:
            cells: Sources of its cells.
            block_sockets: True: the page cannot reach the HUD's server, only the comm is left; "direct": it can over
                Jupyter's proxy.
        """
        page = self._chromium.new_context(viewport=VIEWPORT).new_page()
        notebook = Notebook(self.lab, page, f"bench-{next(self._numbers)}", list(cells))
        if block_sockets:
            page.add_init_script(f"window.probe.blockSockets = {json.dumps(block_sockets)}")
        page.add_init_script(path=PAINT)
        notebook.open()
        return notebook

    @staticmethod
    def expect_read(hud: Hud, seconds: float) -> None:
        """Waits until a HUD no longer says that it is still reading the history."""
        expect(hud.root.locator(".progress")).to_have_count(0, timeout=seconds * 1_000)

    def close_notebook(self, notebook: Notebook) -> None:
        """Closes the page and ends the kernel."""
        notebook.page.context.close()
        self.lab.shut_down_kernels()
