"""All panels: those of this package in display order, then those of installed plugins."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from importlib.metadata import entry_points

from hermes_hud_widget.panel import Panel
from hermes_hud_widget.panels.memory import PANEL as MEMORY
from hermes_hud_widget.panels.overview import PANEL as OVERVIEW
from hermes_hud_widget.panels.sessions import PANEL as SESSIONS

BUILT_IN = (
    OVERVIEW,
    MEMORY,
    SESSIONS,
)

ENTRY_POINTS = "hermes_hud_widget.panels"
"""The entry point group in which another package offers a `Panel`."""


def all_panels() -> Mapping[str, Panel]:
    """Every panel by name, in display order. A plugin that cannot be loaded is logged and left out."""
    panels = {panel.name: panel for panel in BUILT_IN}
    for entry_point in entry_points(group=ENTRY_POINTS):
        try:
            panel = entry_point.load()
            if not isinstance(panel, Panel):
                raise TypeError(
                    f"{entry_point.value} is a {type(panel).__name__}, expected a hermes_hud_widget Panel"
                )
            if not re.fullmatch(r"[a-z][a-z0-9_-]*", panel.name) or panel.name in panels:
                raise ValueError(f"the panel's name {panel.name!r} is taken, or not lower case")
            panel.payload  # noqa: B018  raises if collect() is not annotated
        except Exception:  # the boundary to foreign code: one bad plugin must not take the others along
            logging.getLogger(__name__).exception("The panel plugin %r was left out", entry_point.name)
            continue
        panels[panel.name] = panel
    return panels
