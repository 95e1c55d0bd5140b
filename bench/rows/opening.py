"""How soon a new HUD shows a number."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from bench.database import count as count_history
from bench.row import Limit, Measurement, NotMeasuredError, Row, measured
from bench.server import CACHE
from bench.stage import Stage
from browser.notebook import Notebook
from browser.scene import NUMBER, furnish
from support.agent import Agent

LIMIT_MS = 30_000
SETTLE_S = 0.5
"""JupyterLab has work to do after a kernel's restart."""
LONG_CELL = "import time\ntime.sleep(9)"
SEPARATOR = r"[,.\s]?"
COLD, SECOND = Limit("median", 1_500), Limit("median", 300)


def measure(stage: Stage) -> Sequence[Measurement]:
    """Cold, second HUD and Run All on a small home, and cold on the large one, new and known."""
    stage.close_scene()
    browser, count = stage.browser(), stage.scale.openings
    home = stage.empty_home()
    notebook = browser.notebook("pass", "pass")
    with Agent(home) as agent:
        furnish(agent)
        caches = [stage.new_folder() for _ in range(2 * count)]
        cold = _first_ones(notebook, home, NUMBER.pattern, caches[:count], "")
        run_all = _first_ones(notebook, home, NUMBER.pattern, caches[count:], LONG_CELL)
        second = _second_ones(notebook, home, count)
    lines = [
        measured("cold", "first HUD, server cold", "ms", cold, COLD),
        measured("run-all", "the same by Run All, a cell of 9 s after it", "ms", run_all, COLD),
        measured("second", "second HUD", "ms", second, SECOND),
    ]
    if stage.scale.is_thorough:
        total = number(count_history(stage.large_home / "state.db").counted)
        label = f"first HUD, server cold, {stage.scale.history:,} messages"
        with stage.agent(stage.large_home):
            caches = [stage.new_folder() for _ in range(count)]
            new = _first_ones(notebook, stage.large_home, total, caches, "")
            known = _first_ones(notebook, stage.large_home, total, [caches[-1]] * count, "")
        lines.append(measured("large", label, "ms", new))
        lines.append(measured("large-known", f"{label} that an earlier server has read", "ms", known))
    browser.close_notebook(notebook)
    return lines


def _first_ones(
    notebook: Notebook, home: Path, pattern: str, caches: Sequence[Path], next_cell: str
) -> list[float]:
    """Milliseconds of the first HUD in each of several fresh kernels, by Run All; each has an index folder."""
    notebook.edit(1, next_cell)
    found = []
    for cache in caches:
        where = f"import os\nos.environ[{CACHE!r}] = {str(cache)!r}"
        notebook.edit(0, f"{where}\nfrom hermes_hud_widget import HUD\nHUD({str(home)!r})")
        notebook.restart()
        notebook.clear()
        time.sleep(SETTLE_S)
        took = notebook.run_all(pattern, LIMIT_MS)["number_ms"]
        if took is None:
            raise NotMeasuredError(f"no number within {LIMIT_MS / 1_000:.0f} s")
        if next_cell and not notebook.is_busy(1):
            raise NotMeasuredError("the next cell had ended: nothing was measured beside it")
        found.append(float(took))
    return found


def _second_ones(notebook: Notebook, home: Path, count: int) -> list[float]:
    """Milliseconds of further HUDs beside one that is live; each with a model of its own."""
    notebook.restart()
    notebook.clear()
    notebook.edit(0, f"from hermes_hud_widget import HUD\nHUD({str(home)!r}, height=200)")
    notebook.run(0)
    notebook.hud().expect_live()
    found = []
    for number in range(count):
        notebook.edit(1, f"HUD({str(home)!r}, height={400 + number})")
        took = notebook.page.evaluate(
            "([path, index, pattern, limit]) => bench.open(path, index, pattern, limit)",
            [notebook.path, 1, NUMBER.pattern, LIMIT_MS],
        )
        if took is None:
            raise NotMeasuredError(f"no number within {LIMIT_MS / 1_000:.0f} s")
        found.append(float(took))
    return found


def number(count: int) -> str:
    """How a number may be written on screen."""
    return rf"(?<!\d)(?<!\d[,.\s]){f'{count:,}'.replace(',', SEPARATOR)}(?!\d)"


ROW = Row(
    name="opening",
    title="`HUD()` cell → a number from the home on screen",
    goal="≤ 1.5 s cold, ≤ 0.3 s second HUD; also under Run All with a long next cell",
    definition="From the page's execute request to the second animation frame after the number of messages of the home is "
    "text in the HUD, of all of them: not of those that were read so far. Real JupyterLab, headless Chromium, a home with "
    "two conversations unless said.",
    state="Cold: fresh kernel, no server, no index; JupyterLab, page and disk cache are warm. Second: a HUD is live already.",
    measure=measure,
    needs_browser=True,
)
