"""What a panel shows of the demo's home."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hermes_hud_widget.core import OpenHome
from hermes_hud_widget.panel import Panel
from hermes_hud_widget.place import Place


def show(home: Path, panel: Panel, **query: Any) -> Any:
    """What the panel shows, which is to be without trouble."""
    opened = OpenHome(Place(home, home, None), {panel.name: panel})
    try:
        snapshot = opened.collect(panel.name, opened.parse_query(panel.name, query), 1)
        assert (snapshot.status, snapshot.error) == ("ok", None)
        return snapshot.data
    finally:
        opened.close()
