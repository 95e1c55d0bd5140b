"""The demo's notebook runs from top to bottom."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import nbclient
import nbformat
import pytest

pytestmark = pytest.mark.live
NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "demo.ipynb"


def read() -> Any:
    return nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]


def test_the_notebook_is_saved_without_outputs() -> None:
    notebook = read()
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert all(cell.outputs == [] for cell in notebook.cells if cell.cell_type == "code")


def test_the_notebook_runs_from_top_to_bottom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HERMES_HOME", raising=False)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    notebook = read()
    began = time.monotonic()
    nbclient.NotebookClient(notebook, timeout=60, resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert time.monotonic() - began < 20
    outputs = {cell.id: cell.outputs for cell in notebook.cells if cell.cell_type == "code"}
    # Nobody could draw a widget there.
    assert outputs["hud"][0]["data"].keys() == {"text/plain", "text/html"}
    assert "live sessions" in outputs["hud"][0]["data"]["text/plain"]
    assert "claude-sonnet-4-6" in outputs["models"][0]["data"]["text/plain"]
