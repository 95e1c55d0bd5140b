"""JSON files that hold one object."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hermes_hud_widget.errors import SourceError
from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.sources.files import Json


@frozen
class JsonObject(Json):
    """A JSON file's object; empty when there is no file. Anything but an object is damage."""

    @property
    def missing(self) -> Mapping[str, Any]:  # type: ignore[override]
        return {}

    def _parse(self, text: str, modified_at: datetime) -> Any:
        value = super()._parse(text, modified_at)
        if not isinstance(value, dict):
            kind = type(value).__name__
            raise SourceError("damaged", self.path, f"{self.path} holds a {kind}, expected an object")
        return value
