"""`config.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from hermes_hud_widget.errors import SourceError
from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.place import Place
from hermes_hud_widget.sources.file import AttachedFile
from hermes_hud_widget.sources.source import Attached, Source
from hermes_hud_widget.sources.yaml import NotYamlError, load_yaml


class Settings:
    """`config.yaml` as far as it was written: Hermes leaves out what equals its defaults."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    @property
    def values(self) -> Mapping[str, Any]:
        """All of it, by top-level key; a key may be of any type that YAML has."""
        return self._values

    def get(self, path: str) -> Any:
        """The value at a dotted path; None when it, or anything above it, is not there."""
        value: Any = self._values
        for key in path.split("."):
            if not isinstance(value, Mapping):
                return None
            value = value.get(key)
        return value

    def text(self, path: str) -> str | None:
        """The string there; None for anything else."""
        value = self.get(path)
        return value if isinstance(value, str) and value.strip() else None

    def positive(self, path: str, default: int) -> int:
        """The number > 0 there, also when quoted; else the default, as Hermes falls back."""
        value = self.get(path)
        if isinstance(value, str) and value.strip().isdigit():
            value = int(value)
        return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else default

    @property
    def model(self) -> str | None:
        """The configured model: `model` itself or `model.default`."""
        return self.text("model") or self.text("model.default")


@frozen
class Config(Source[Settings]):
    """`config.yaml`."""

    counts_as_content: ClassVar[bool] = False

    path: str = "config.yaml"

    @property
    def label(self) -> str:
        return self.path

    @property
    def missing(self) -> Settings:
        return Settings({})

    def attach(self, place: Place) -> Attached[Settings]:
        return AttachedFile(place.path / self.path, self.path, self._parse, Settings({}))

    def _parse(self, text: str, _: datetime) -> Settings:
        try:
            values = load_yaml(text)
        except NotYamlError as error:
            raise SourceError("damaged", self.path, f"{self.path} {error}") from error
        if values is None:
            return Settings({})
        if not isinstance(values, dict):
            raise SourceError(
                "damaged", self.path, f"{self.path} holds a {type(values).__name__}, expected a mapping"
            )
        return Settings(values)


@frozen
class ConfigFile(Config):
    """`config.yaml` for a panel that shows it: a home that has nothing else is not empty to it."""

    counts_as_content: ClassVar[bool] = True
