"""Live in a notebook: what a Hermes AI agent knows and does, as a widget and as DataFrames."""

from hermes_hud_widget._version import __version__
from hermes_hud_widget.home import Home
from hermes_hud_widget.widget import HUD

__all__ = ["HUD", "Home", "__version__"]
