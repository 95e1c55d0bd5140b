"""YAML files that hold one mapping."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hermes_hud_widget.errors import SourceError
from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.place import Place
from hermes_hud_widget.sources.file import AttachedFile
from hermes_hud_widget.sources.source import Attached, Source
from hermes_hud_widget.sources.yaml import NotYamlError, load_yaml


@frozen
class Yaml(Source[Mapping[str, Any]]):
    """A YAML file's mapping; empty when there is no file or nothing in it. Anything else is damage."""

    path: str

    @property
    def label(self) -> str:
        return self.path

    @property
    def missing(self) -> Mapping[str, Any]:
        return {}

    def attach(self, place: Place) -> Attached[Mapping[str, Any]]:
        return AttachedFile(place.path / self.path, self.path, self._parse, self.missing)

    def _parse(self, text: str, _: datetime) -> Mapping[str, Any]:
        try:
            values = load_yaml(text)
        except NotYamlError as error:
            raise SourceError("damaged", self.path, f"{self.path} {error}") from error
        if values is None:
            return {}
        if not isinstance(values, dict):
            kind = type(values).__name__
            raise SourceError("damaged", self.path, f"{self.path} holds a {kind}, expected a mapping")
        return values
