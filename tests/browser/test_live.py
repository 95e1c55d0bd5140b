"""What the agent writes appears in the cell, idle or busy, without anybody asking."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from browser.conftest import OpenNotebook
from browser.scene import GONE, NUMBER, REFUSED, WHY_GONE, WHY_REFUSED, cell, furnish, nonce
from hermes_hud_widget.panels.cron import STALE_AFTER_S
from hermes_hud_widget.schedule import MIN_GRACE_S
from support.agent import MakeAgent

FIRST_NUMBER_MS = 1_500
DIRECT_MS = 2_000
BESIDE_A_CELL_S = 1.0


def test_the_cell_shows_a_number_from_the_home(agent: MakeAgent, notebook: OpenNotebook) -> None:
    page = notebook(cell(furnish(agent())))
    page.run(0)
    page.hud().expect_text(NUMBER)


def test_what_another_process_writes_is_painted_without_any_action(
    agent: MakeAgent, notebook: OpenNotebook
) -> None:
    one = furnish(agent())
    page = notebook(cell(one))
    page.run(0)
    hud = page.hud()
    hud.expect_live()

    hud.show("memory")
    remembered = nonce("entry")
    one.memory(["The harbour master is called Ada", remembered])
    hud.expect_text(remembered, seconds=1)

    hud.show("sessions")
    title = nonce("title")
    one.session("20260101_090000_cccccc", title=title)
    hud.expect_text(title, seconds=1)


def test_time_alone_makes_a_heartbeat_stale_and_a_job_overdue_on_screen(
    agent: MakeAgent, notebook: OpenNotebook
) -> None:
    one = furnish(agent())
    page = notebook(cell(one, ", panels=['cron']"))
    now = datetime.now(UTC)
    due = now - timedelta(seconds=MIN_GRACE_S - 12)
    job = {
        "id": "tides",
        "name": "Read the tides",
        "schedule": {"kind": "once"},
        "next_run_at": due.isoformat(),
    }
    one.file("cron/jobs.json", json.dumps({"jobs": [job]}).encode())
    one.file("cron/ticker_heartbeat", str(now.timestamp() - STALE_AFTER_S + 12).encode())
    page.run(0)
    hud = page.hud()
    hud.expect_text("The scheduler is ticking", seconds=10)
    # Nothing is written from here on.
    hud.expect_text("No scheduler is ticking", seconds=15)
    expect(hud.root.locator(".overdue")).to_contain_text("was due", timeout=5_000)


def test_under_run_all_the_first_number_does_not_wait_for_the_next_cell(
    agent: MakeAgent, notebook: OpenNotebook
) -> None:
    page = notebook(cell(furnish(agent())), "import time\ntime.sleep(9)\nprint('slept')")
    for _ in range(3):  # what else the machine does only adds to the time: the best of three counts
        figures = page.run_all(NUMBER.pattern, 6_000)
        print(f"Run All, Lab warm, server and kernel cold: {figures}")
        first, direct = figures["number_ms"], figures["direct_ms"]
        is_in_time = None not in (first, direct) and first <= FIRST_NUMBER_MS and direct <= DIRECT_MS
        if is_in_time:
            break
        page.allowed |= {REFUSED: WHY_REFUSED, GONE: WHY_GONE}
        page.restart()
        page.clear()
    assert is_in_time, figures
    assert "slept" not in page.output(1), "the next cell had ended: nothing was measured beside it"


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("import time\nprint('begun', flush=True)\ntime.sleep(60)", id="sleeping"),
        pytest.param("print('begun', flush=True)\nwhile True:\n    pass", id="pure Python"),
        # The pause lets the kernel's own thread send what was printed before `re` keeps the GIL.
        pytest.param(
            "import re, time\nprint('begun', flush=True)\ntime.sleep(0.5)\nre.match('(a+)+$', 'a' * 60 + 'b')",
            id="GIL-holding",
        ),
    ],
)
def test_beside_a_running_cell_the_hud_stays_live_and_an_interrupt_leaves_it_so(
    agent: MakeAgent, notebook: OpenNotebook, source: str
) -> None:
    one = furnish(agent())
    page = notebook(cell(one), source)
    page.run(0)
    hud = page.hud()
    hud.expect_live()
    hud.show("memory")
    hud.expect_text("The harbour master is called Ada")
    server = page.servers()

    page.start(1, "begun")
    for _ in range(3):
        word = nonce("beside")
        one.memory([word])
        written = time.monotonic()
        hud.expect_text(word, seconds=5)
        assert time.monotonic() - written <= BESIDE_A_CELL_S
    assert page.is_busy(1), "the cell had ended: nothing was tried beside it"
    hud.expect_live()

    page.interrupt()
    assert "KeyboardInterrupt" in page.output(1)
    word = nonce("after")
    one.memory([word])
    hud.expect_text(word, seconds=1)
    hud.expect_live()
    assert page.servers() == server


def test_two_huds_on_two_homes_keep_apart(agent: MakeAgent, notebook: OpenNotebook) -> None:
    one, other = furnish(agent("one")), furnish(agent("other"))
    page = notebook(cell(one), cell(other))
    for index in (0, 1):
        page.run(index)
        page.hud(index).expect_live()
        page.hud(index).show("memory")
    words = [nonce("one"), nonce("other")]
    one.memory([words[0]])
    other.memory([words[1]])
    for index in (0, 1):
        page.hud(index).expect_text(words[index], seconds=1)
    for index in (0, 1):
        expect(page.hud(index).root).not_to_contain_text(words[1 - index])
    assert len(page.servers()) == 1


def test_one_hud_in_two_cells_stays_in_step(agent: MakeAgent, notebook: OpenNotebook) -> None:
    one = furnish(agent())
    page = notebook(cell(one).replace("HUD(", "hud = HUD(") + "\nhud", "hud")
    panels = []
    for index in (0, 1):
        page.run(index)
        page.hud(index).expect_live()
        panels.append(page.hud(index).show("memory"))
    for _ in range(3):
        word = nonce("both")
        one.memory([word])
        for panel in panels:
            expect(panel).to_contain_text(word, timeout=1_000)
        version = panels[0].get_attribute("data-version")
        assert version
        expect(panels[1]).to_have_attribute("data-version", version)
