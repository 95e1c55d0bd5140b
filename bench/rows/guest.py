"""What a live HUD costs the user's own cell."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence

from bench import statistics
from bench.agent import Agent, at_work
from bench.browser import Browser
from bench.row import Limit, Measurement, NotMeasuredError, Row, compared, measured
from bench.rows.paint import WHAT_A_MESSAGE_TAKES
from bench.stage import Stage
from bench.viewers import wait_for
from browser.notebook import Notebook

SHOW, WORK, CLOSE = 0, 1, 2
CALIBRATE = 1_000_000
CELL = """
import time
def work(steps):
    total = 0
    for step in range(steps):
        total += step * step % 7
    return total
before = time.perf_counter()
work({steps})
print("took", time.perf_counter() - before)
"""
AGENT_PAUSES_S = (0.2, 0.6)
SETTLE_S = 0.7


class Guest:
    """A notebook in which the user's cell is run with and without a HUD above it."""

    def __init__(self, browser: Browser, home: str, seconds: float) -> None:
        show = f"from hermes_hud_widget import HUD\nHUD({home!r})"
        self.notebook: Notebook = browser.notebook(
            show, CELL.format(steps=CALIBRATE), "HUD.close_all()\nOut.clear()"
        )
        self.is_shown = False
        self.work()
        steps = int(CALIBRATE * seconds / self.work())
        self.notebook.edit(WORK, CELL.format(steps=steps))

    def work(self) -> float:
        """Runs the user's cell; returns its seconds."""
        self.notebook.run(WORK)
        found = re.search(r"took ([\d.]+)", self.notebook.output(WORK))
        if found is None:
            raise NotMeasuredError(f"the user's cell failed: {self.notebook.output(WORK)}")
        return float(found[1])

    def show(self, is_shown: bool) -> None:
        """Shows a HUD and waits until it is live, or closes it and waits until its server has gone."""
        if self.is_shown == is_shown:
            return
        self.is_shown = is_shown
        if is_shown:
            self.notebook.run(SHOW)
            self.notebook.hud(SHOW).expect_live(seconds=60)
            Browser.expect_read(self.notebook.hud(SHOW), 60)
        else:
            self.notebook.run(CLOSE)
            self.notebook.clear()
            wait_for(lambda: not self.notebook.servers(), "the end of the HUD's server", seconds=10)
        time.sleep(SETTLE_S)


def measure(stage: Stage) -> Sequence[Measurement]:
    """Pairs of runs; which half comes first alternates, so that neighbours share the machine's mood."""
    stage.close_scene()
    scale, browser = stage.scale, stage.browser()
    pairs = []
    with Agent(stage.large_home) as agent:
        guest = Guest(browser, str(stage.large_home), scale.guest_s)
        # More than enough: the agent is stopped in the middle of it.
        agent.start(at_work(20_000, *AGENT_PAUSES_S, seed=5))
        try:
            for number in range(scale.guest_pairs):
                took = {}
                for is_shown in (True, False) if number % 2 == 0 else (False, True):
                    guest.show(is_shown)
                    took[is_shown] = guest.work()
                    if is_shown:
                        guest.notebook.hud(SHOW).expect_live()
                pairs.append((took[True], took[False]))
        finally:
            browser.close_notebook(guest.notebook)
    slower = statistics.paired_interval(pairs, lambda beside, alone: (beside / alone - 1) * 100)
    return [
        measured("alone", "the cell without a HUD", "s", [alone for _, alone in pairs]),
        compared("slower", "slower beside a HUD", "%", len(pairs), slower, Limit("high", 2.0)),
    ]


ROW = Row(
    name="guest",
    title="The user's CPU-bound cell beside a live HUD on an active agent",
    goal="upper end of the 95 % interval ≤ 2 % slower",
    definition="Wall time of a pure Python loop in a cell of JupyterLab, with a HUD (all panels, overview in view, direct "
    "socket) live in the cell above it, against the same cell in the same kernel after `HUD.close_all()`. In both, an "
    "agent writes a message to the home every 0.2 to 0.6 s. Pairs of neighbouring runs, the order alternating; "
    "median of the ratios. Kernel, server, Chromium and the agent share the machine's cores.",
    state="Warm; the server is started anew for each pair.",
    measure=measure,
    causes={"slower": WHAT_A_MESSAGE_TAKES + " All that runs beside the kernel, on the same cores."},
    needs_browser=True,
)
