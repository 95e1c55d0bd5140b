"""The widget model. Apart from `widget.py`, since importing anywidget takes longer than the rest together."""

from __future__ import annotations

from typing import Any

import anywidget
import traitlets

from hermes_hud_widget.views import CORE


class HudModel(anywidget.AnyWidget):
    """What the browser's module sees. Synced traits end up in saved notebooks: no token, no data, ever."""

    _esm = CORE.read_text(encoding="utf-8")
    options = traitlets.Dict().tag(sync=True)

    def __init__(self, options: dict[str, Any]) -> None:
        super().__init__(options=options)

    def __repr__(self) -> str:
        return f"HudModel({self.options!r})"
