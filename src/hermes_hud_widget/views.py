"""Where the built browser modules lie in this package."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable

STATIC = files("hermes_hud_widget").joinpath("static")
CORE = STATIC.joinpath("widget.js")
GENERIC = "generic"
"""The view that draws any panel's payload from its schema; no panel may have its name."""


def view(name: str) -> Traversable:
    """The built view of a panel of this package."""
    return STATIC.joinpath("views", f"{name}.js")


def language(name: str) -> Traversable:
    """The built catalogue of a language."""
    return STATIC.joinpath("i18n", f"{name}.js")


def part(name: str) -> Traversable:
    """A built part of the core that is loaded when it is needed."""
    return STATIC.joinpath("core", f"{name}.js")
