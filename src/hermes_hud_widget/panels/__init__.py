"""All panels: those of this package in display order, then those of installed plugins."""

from __future__ import annotations

import logging
import re
import tempfile
from collections.abc import Mapping
from importlib.metadata import entry_points
from pathlib import Path

from hermes_hud_widget.panel import Panel
from hermes_hud_widget.panels.agents import PANEL as AGENTS
from hermes_hud_widget.panels.approvals import PANEL as APPROVALS
from hermes_hud_widget.panels.checkpoints import PANEL as CHECKPOINTS
from hermes_hud_widget.panels.config import PANEL as CONFIG
from hermes_hud_widget.panels.corrections import PANEL as CORRECTIONS
from hermes_hud_widget.panels.costs import PANEL as COSTS
from hermes_hud_widget.panels.cron import PANEL as CRON
from hermes_hud_widget.panels.curator import PANEL as CURATOR
from hermes_hud_widget.panels.gateway import PANEL as GATEWAY
from hermes_hud_widget.panels.goals import PANEL as GOALS
from hermes_hud_widget.panels.growth import PANEL as GROWTH
from hermes_hud_widget.panels.health import PANEL as HEALTH
from hermes_hud_widget.panels.kanban import PANEL as KANBAN
from hermes_hud_widget.panels.logs import PANEL as LOGS
from hermes_hud_widget.panels.mcp import PANEL as MCP
from hermes_hud_widget.panels.memory import PANEL as MEMORY
from hermes_hud_widget.panels.model import PANEL as MODEL
from hermes_hud_widget.panels.overview import PANEL as OVERVIEW
from hermes_hud_widget.panels.patterns import PANEL as PATTERNS
from hermes_hud_widget.panels.plugins import PANEL as PLUGINS
from hermes_hud_widget.panels.profiles import PANEL as PROFILES
from hermes_hud_widget.panels.projects import PANEL as PROJECTS
from hermes_hud_widget.panels.providers import PANEL as PROVIDERS
from hermes_hud_widget.panels.sessions import PANEL as SESSIONS
from hermes_hud_widget.panels.skills import PANEL as SKILLS
from hermes_hud_widget.panels.timeline import PANEL as TIMELINE
from hermes_hud_widget.panels.verification import PANEL as VERIFICATION
from hermes_hud_widget.place import Place
from hermes_hud_widget.views import GENERIC

BUILT_IN = (
    OVERVIEW,
    AGENTS,
    APPROVALS,
    GOALS,
    KANBAN,
    MEMORY,
    SKILLS,
    CORRECTIONS,
    CURATOR,
    SESSIONS,
    PROJECTS,
    TIMELINE,
    PATTERNS,
    GROWTH,
    VERIFICATION,
    CHECKPOINTS,
    COSTS,
    MODEL,
    PROVIDERS,
    CRON,
    GATEWAY,
    HEALTH,
    PROFILES,
    MCP,
    PLUGINS,
    LOGS,
    CONFIG,
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
