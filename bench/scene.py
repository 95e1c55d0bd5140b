"""A notebook with live HUDs on the large home, the agent that writes it, and what the page shows when."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from playwright.sync_api import expect

from bench.agent import Agent, Journal, Step, Thing
from bench.browser import Browser
from bench.database import ACTIVE_SESSION
from bench.paints import Paint
from bench.row import NotMeasuredError
from bench.stage import Way

START_S = 120.0
MOST_CLOCK_OFFSET_MS = 2.0
IDLE_CELL = 2
BLOCKED: dict[Way, bool | Literal["direct"]] = {"direct": False, "proxied": "direct", "comm": True}

CELLS = (
    "from hermes_hud_widget import HUD\nHUD({home!r}, panels=['sessions'], height=420)",
    "HUD({home!r}, panels=['memory'], height=600)",
    "pass",
)


class Scene:
    """Two HUDs in one page: the list of sessions with the agent's transcript beside it, and the memory.

    Args:
        browser: Where it is opened.
        home: The home shown.
        way: How the page gets its data; "proxied" cuts the way to the server's own port, "comm" that over Jupyter's proxy,
            too.
        journal: SQLite's journal mode, as the agent sets it.
    """

    def __init__(self, browser: Browser, home: Path, way: Way, journal: Journal = "wal") -> None:
        self._browser = browser
        self.way = way
        self.agent = Agent(home, journal=journal)
        try:
            cells = [cell.format(home=str(home)) for cell in CELLS]
            self.notebook = browser.notebook(*cells, block_sockets=BLOCKED[way])
            self._show()
        except BaseException:
            self.agent.stop()
            raise

    def close(self) -> None:
        """Closes the page, ends kernel, server and agent."""
        self._browser.close_notebook(self.notebook)
        self.agent.close()

    def paints(self, steps: Sequence[Step], patience_s: float = 15.0) -> list[Paint]:
        """Lets the agent write, and tells when each nonce was painted.

        Args:
            steps: The writes.
            patience_s: How long the last ones are waited for.
        """
        self._check_clock()
        self.notebook.page.evaluate("() => { bench.painted = {} }")
        written = self.agent.play(steps)
        wanted = [one for one in written if one.step.thing != "tokens"]
        newest = {one.step.thing: one.step.word for one in wanted}
        deadline = time.monotonic() + patience_s
        while True:
            painted: dict[str, float] = self.notebook.page.evaluate("bench.painted")
            # Older ones may be out of sight by now, and then they stay so.
            if painted.keys() >= set(newest.values()) or time.monotonic() > deadline:
                break
            time.sleep(0.1)
        self._check_clock()
        seconds = {word: at / 1_000 for word, at in painted.items()}
        return [Paint(one, seconds.get(one.step.word)) for one in wanted]

    def paint_after_quiet(self, thing: Thing, quiet_s: float) -> Paint:
        """One write after nothing was written for so long."""
        [paint] = self.paints([Step(quiet_s, thing)])
        return paint

    @contextmanager
    def beside(self, source: str) -> Iterator[None]:
        """While a cell runs: `source` must print "begun" and go on for ever.

        Raises:
            NotMeasuredError: The cell ended meanwhile.
        """
        self.notebook.edit(IDLE_CELL, source)
        self.notebook.start(IDLE_CELL, "begun")
        try:
            yield
            if not self.notebook.is_busy(IDLE_CELL):
                raise NotMeasuredError("the cell ended while it should have run")
        finally:
            self.notebook.interrupt()
        self._expect_live()

    def _show(self) -> None:
        for index in (0, 1):
            self.notebook.run(index)
        self._expect_live()
        row = self.notebook.hud(0).root.locator(f'[data-session="{ACTIVE_SESSION}"]')
        row.first.click(timeout=START_S * 1_000)
        transcript = self.notebook.hud(0).root.locator("[data-transcript]")
        expect(transcript.locator("[data-message]").first).to_be_visible(timeout=START_S * 1_000)
        self.notebook.hud(1).expect_text("MEMORY.md", seconds=START_S)
        if self.notebook.page.evaluate("bench.observe()") != 2:
            raise NotMeasuredError("the page does not show two HUDs")
        self._warm_up()
        self._browser.expect_read(self.notebook.hud(0), START_S)

    def _expect_live(self) -> None:
        for index in (0, 1):
            self.notebook.hud(index).expect_live(self.way, seconds=START_S)

    def _warm_up(self) -> None:
        """One write of each kind, so that what is measured later is not the first of its kind."""
        things: tuple[Thing, ...] = ("message", "title", "memory")
        steps = [Step(0.5 * place, thing) for place, thing in enumerate(things)]
        unseen = [one for one in self.paints(steps, START_S) if one.painted_at is None]
        if unseen:
            raise NotMeasuredError(f"the HUD does not show a {unseen[0].written.step.thing}")

    def _check_clock(self) -> None:
        """The page and the writer read one machine's clock; they must agree.

        Raises:
            NotMeasuredError: They differ by more than 2 ms.
        """
        best_rtt, offset = float("inf"), 0.0
        for _ in range(8):
            before = time.time() * 1_000
            page = float(self.notebook.page.evaluate("bench.now()"))
            after = time.time() * 1_000
            if after - before < best_rtt:
                best_rtt, offset = after - before, page - (before + after) / 2
        if abs(offset) > MOST_CLOCK_OFFSET_MS + best_rtt / 2:
            raise NotMeasuredError(f"the page's clock is {offset:.1f} ms off the writer's")
