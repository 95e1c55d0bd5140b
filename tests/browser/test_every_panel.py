"""What Hermes' own code writes is painted in every panel, without anybody asking."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from browser.conftest import OpenNotebook
from browser.scene import nonce
from cases import case_of
from hermes_hud_widget.panels import BUILT_IN
from real.agent import Hermes

PAINTED_MS = 5_000
"""A bound for a machine that does much else; how long it takes is measured by `make bench`."""


@pytest.fixture
def hermes(home: Path) -> Iterator[Hermes]:
    """A Hermes process on the home `home`."""
    process = Hermes(home)
    yield process
    process.close()


@pytest.mark.timeout(600)
def test_what_hermes_writes_is_painted_in_every_panel(
    home: Path, hermes: Hermes, notebook: OpenNotebook
) -> None:
    cases = {panel.name: case_of(panel.name) for panel in BUILT_IN}
    for case in cases.values():
        if prepare := getattr(case, "prepare", None):
            prepare(hermes)
    page = notebook(f"from hermes_hud_widget import HUD\nHUD({str(home)!r}, height=1200)")
    page.page.set_viewport_size({"width": 1300, "height": 1500})
    page.run(0)
    hud = page.hud()
    hud.expect_live()
    unseen = []
    for name, case in cases.items():
        panel = hud.show(name)
        word = nonce(name).replace("-", "").lower()
        seen = case.change(hermes, word) or word
        try:
            expect(panel.get_by_text(seen).first).to_be_visible(timeout=PAINTED_MS)
        except AssertionError:
            unseen.append(f"{name}: {seen!r} is not on screen, but: {panel.inner_text()[:600]}")
    assert not unseen, "\n".join(unseen)
