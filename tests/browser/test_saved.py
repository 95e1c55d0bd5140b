"""What a saved notebook holds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from browser.conftest import OpenNotebook
from browser.lab import Lab
from browser.scene import cell, furnish, nonce
from support.agent import MakeAgent

WIDGETS = "@jupyter-widgets/jupyterlab-manager/plugin"


@pytest.fixture
def widget_state_is_saved(lab: Lab) -> Iterator[None]:
    """JupyterLab's setting "Save Jupyter widget state in notebooks"."""
    lab.set(WIDGETS, {"saveState": True})
    yield
    lab.unset(WIDGETS)


@pytest.mark.usefixtures("widget_state_is_saved")
def test_a_notebook_saved_with_widget_state_holds_neither_token_nor_message_nor_memory(
    agent: MakeAgent, notebook: OpenNotebook
) -> None:
    one = furnish(agent())
    message, entry = nonce("message"), nonce("entry")
    one.message("20260101_080000_aaaaaa", "user", message)
    one.memory([entry])
    page = notebook(cell(one))
    page.run(0)
    hud = page.hud()
    hud.expect_live()
    hud.show("memory")
    hud.expect_text(entry)
    hud.show("sessions")
    hud.root.get_by_text("Sweep the harbour").first.click()
    hud.expect_text(message)

    saved = page.save()
    assert "application/vnd.jupyter.widget-state+json" in saved, "the setting is not on: nothing was tried"
    tokens = page.tokens()
    assert tokens
    for secret in (message, entry, *tokens):
        assert secret not in saved
