"""From a write by Hermes' own code to the screen, for every panel."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from types import ModuleType

from bench.row import Limit, Measurement, NotMeasuredError, Row, measured, unmeasured
from bench.stage import Stage
from browser.notebook import Notebook
from cases import case_of
from hermes_hud_widget.panels import BUILT_IN
from real.agent import Hermes, HermesError

MEDIAN = Limit("median", 100)
PATIENCE_S = 5.0
PAUSE_S = 0.4
"""Between two writes: each is the first after a moment of quiet."""


def measure(stage: Stage) -> Sequence[Measurement]:
    """One line for each panel."""
    home = stage.empty_home()
    browser = stage.browser()
    hermes = Hermes(home)
    try:
        cases = {panel.name: case_of(panel.name) for panel in BUILT_IN}
        for case in cases.values():
            if hasattr(case, "prepare"):
                case.prepare(hermes)
        notebook = browser.notebook(f"from hermes_hud_widget import HUD\nHUD({str(home)!r}, height=1200)")
        notebook.run(0)
        notebook.hud().expect_live(seconds=30)
        lines = [
            _panel(name, case, hermes, notebook, stage.scale.panel_paints) for name, case in cases.items()
        ]
        browser.close_notebook(notebook)
        return lines
    finally:
        hermes.close()


def _panel(name: str, case: ModuleType, hermes: Hermes, notebook: Notebook, count: int) -> Measurement:
    notebook.hud().show(name)
    if notebook.page.evaluate("bench.observe()") != 1:
        raise NotMeasuredError("the page does not show the HUD")
    # The newest of a list is often its last, below what fits.
    is_number = getattr(case, "SHOWS_A_NUMBER", False)
    notebook.page.evaluate("is => { bench.isFollowing = true; bench.isCounting = is; }", is_number)
    found = []
    for _ in range(count):
        # Letters only: long numbers may be people's ids, which some panels do not show.
        word = "bench-" + "".join(secrets.choice("abcdef") for _ in range(12))
        time.sleep(PAUSE_S)
        began_at = time.time()
        try:
            # Some show no words, but a number that never was.
            seen = case.change(hermes, word) or word
        except HermesError as error:
            return unmeasured(name, name, f"Hermes refused to write again: {error}")
        # What Hermes has no function for, the case itself has written.
        written_at = hermes.at if hermes.at >= began_at else time.time()
        painted_at = _painted(notebook, seen)
        if painted_at is None:
            return unmeasured(name, name, f"a change was not painted within {PATIENCE_S:.0f} s")
        found.append((painted_at - written_at) * 1_000)
    return measured(name, name, "ms", found, MEDIAN)


def _painted(notebook: Notebook, word: str) -> float | None:
    """When a word was on screen, in seconds since the epoch; None: not in time."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        at = notebook.page.evaluate("word => bench.painted[word] ?? null", word)
        if at is not None:
            return float(at) / 1_000
        time.sleep(0.05)
    return None


ROW = Row(
    name="panels",
    title="A change by Hermes' own code → painted, in every panel",
    goal="≤ 100 ms median in each",
    definition="From the return of Hermes' function (hermes-agent 0.19.0, in another process) to the second animation frame "
    "after a nonce of that very call is visible text in the panel. A function may take long after its file is written: then "
    "the figure is small, or below zero. Real JupyterLab, headless Chromium, direct socket, a small home that all of Hermes' "
    "functions have written; writes are 0.4 s and more apart. What a panel shows further down is scrolled to, and the frame "
    "that this takes counts.",
    state="Warm: the panel is shown.",
    measure=measure,
    needs_browser=True,
)
