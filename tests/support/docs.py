"""The example of docs/panels.md, as a reader would type it."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "panels.md"
_FILE = re.compile(r'^```\w+ title="([^"]+)"\n(.*?)^```$', re.MULTILINE | re.DOTALL)


def example(folder: Path, *, with_view: bool) -> Path:
    """Writes the example's files into a folder: those of its first step, or all of them."""
    files = dict(_FILE.findall(PAGE.read_text("utf-8")))
    first = ("pyproject.toml", "hermes_hud_reading/__init__.py")
    for name in files if with_view else first:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = files[name]
        if with_view and name == "pyproject.toml":
            text = text.replace("hermes_hud_reading:PANEL", "hermes_hud_reading.panel:PANEL")
        path.write_text(text, "utf-8")
    return folder
