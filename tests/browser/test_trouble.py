"""What the person in front of the notebook reads when something is missing, damaged or misspelt."""

from __future__ import annotations

from playwright.sync_api import expect

from browser.conftest import OpenNotebook
from browser.lab import Lab
from browser.scene import cell, furnish, nonce
from support.agent import MakeAgent


def test_a_missing_home_is_named_with_the_way_to_a_demo_and_shown_once_it_is_there(
    agent: MakeAgent, notebook: OpenNotebook, lab: Lab
) -> None:
    missing = lab.user / "nowhere"
    page = notebook(f"from hermes_hud_widget import HUD\nHUD({str(missing)!r})")
    page.run(0)
    hud = page.hud()
    hud.expect_live()
    expect(hud.root).to_contain_text("nowhere")
    expect(hud.root).to_contain_text("HUD.demo()")
    assert not missing.exists()
    assert "Traceback" not in page.output(0)

    one = agent(missing)
    word = nonce("title")
    one.session("20260101_090000_cccccc", title=word)
    hud.show("sessions")
    hud.expect_text(word, seconds=5)


def test_a_damaged_file_is_named_while_its_last_good_content_stays_and_other_panels_live(
    agent: MakeAgent, notebook: OpenNotebook
) -> None:
    one = furnish(agent())
    page = notebook(cell(one))
    page.run(0)
    hud = page.hud()
    hud.expect_live()
    memory = hud.show("memory")
    hud.expect_text("The harbour master is called Ada")

    one.file("memories/MEMORY.md", b"The harbour master \xff\xfe is called Ada")
    expect(memory).to_have_attribute("data-status", "stale")
    expect(memory).to_contain_text("MEMORY.md")
    expect(memory).to_contain_text("UTF-8", ignore_case=True)
    expect(memory).to_contain_text("The harbour master is called Ada")
    expect(memory).to_contain_text("Prefers short answers")
    hud.expect_live()

    hud.show("sessions")
    word = nonce("title")
    one.session("20260101_090000_cccccc", title=word)
    hud.expect_text(word, seconds=1)

    memory = hud.show("memory")
    word = nonce("mended")
    one.memory([word])
    hud.expect_text(word, seconds=1)
    expect(memory).to_have_attribute("data-status", "ok")


WRONG_NAMES = {
    "HUD(HOME, profile='nope')": ["'nope'", "default", "coder"],
    "HUD(HOME, panels=['nope'])": ["'nope'", "overview", "memory", "sessions"],
    "HUD(HOME).frame('nope')": ["'nope'", "sessions", "messages", "memory"],
    "HUD(HOME).frame('sessions', columns=['nope'])": ["'nope'", "title"],
    "HUD(HOME).frame('sessions', since='yesterdayish')": ["'yesterdayish'", "yesterday", "24h"],
    "HUD(HOME).panel('nope')": ["'nope'", "overview", "memory", "sessions"],
    "HUD(HOME).on_change('nope', print)": ["'nope'", "overview", "memory", "sessions"],
}


def test_a_wrong_name_is_answered_with_what_there_is_and_no_traceback(
    agent: MakeAgent, notebook: OpenNotebook
) -> None:
    one = furnish(agent())
    one.file("profiles/coder/SOUL.md", b"You write code")
    cells = [expression.replace("HOME", repr(str(one.home))) for expression in WRONG_NAMES]
    page = notebook("from hermes_hud_widget import HUD", *cells)
    page.run(0)
    for index, (expression, expected) in enumerate(WRONG_NAMES.items(), start=1):
        page.run(index)
        output = page.output(index)
        assert "Traceback" not in output + page.cell(index).inner_text(), expression
        assert not [word for word in expected if word not in output], f"{expression}: {output}"
        assert len(output.strip().splitlines()) <= 4, f"{expression}: {output}"
