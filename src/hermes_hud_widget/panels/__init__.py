"""All panels: those of this package in display order, then those of installed plugins."""

from __future__ import annotations

import logging
import re
import tempfile
from collections.abc import Mapping
from importlib.metadata import entry_points
from pathlib import Path

from hermes_hud_widget.panel import Panel
from hermes_hud_widget.panels.costs import PANEL as COSTS
from hermes_hud_widget.panels.cron import PANEL as CRON
from hermes_hud_widget.panels.memory import PANEL as MEMORY
from hermes_hud_widget.panels.overview import PANEL as OVERVIEW
from hermes_hud_widget.panels.sessions import PANEL as SESSIONS
from hermes_hud_widget.panels.skills import PANEL as SKILLS
from hermes_hud_widget.place import Place
from hermes_hud_widget.views import GENERIC

BUILT_IN = (
    OVERVIEW,
    MEMORY,
    SKILLS,
    SESSIONS,
    CRON,
    COSTS,
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
            _check(panel, panels)
        except Exception:  # the boundary to foreign code: one bad plugin must not take the others along
            logging.getLogger(__name__).exception("The panel plugin %r was left out", entry_point.name)
            continue
        panels[panel.name] = panel
    return panels


def _check(panel: Panel, others: Mapping[str, Panel]) -> None:
    """Raises whatever would else fail later, and take other panels along."""
    if not re.fullmatch(r"[a-z][a-z0-9_-]*", panel.name) or panel.name in (*others, GENERIC):
        raise ValueError(f"the panel's name {panel.name!r} is taken, or not lower case")
    panel.payload.model_json_schema(mode="serialization")
    frozenset(panel.sources.values())
    nowhere = Path(tempfile.gettempdir(), "hermes-hud-no-such-home")
    for source in panel.sources.values():
        source.attach(Place(nowhere, nowhere, None)).close()
    taken = {frame.name for other in others.values() for frame in other.frames}
    for frame in panel.frames:
        if frame.name in taken:
            raise ValueError(f"the frame's name {frame.name!r} is taken")
