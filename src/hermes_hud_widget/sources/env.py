"""The names of a `.env` file's variables; of their values nothing is kept."""

from __future__ import annotations

import re
from datetime import datetime

from hermes_hud_widget.errors import SourceError
from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.place import Place
from hermes_hud_widget.sources.file import AttachedFile, not_utf8
from hermes_hud_widget.sources.source import Attached, Source

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@frozen
class EnvNames(Source[frozenset[str]]):
    """Names of the variables that a `.env` file gives a value; `NAME=` gives none."""

    path: str = ".env"

    @property
    def label(self) -> str:
        return self.path

    @property
    def missing(self) -> frozenset[str]:
        return frozenset()

    def attach(self, place: Place) -> Attached[frozenset[str]]:
        return _EnvFile(place.path / self.path, self.path, env_names, frozenset())


class _EnvFile(AttachedFile[frozenset[str]]):
    """Its content, kept to be compared with the next, is the names: a value that changes is no change."""

    def _load(self) -> bytes | SourceError | None:
        content = super()._load()
        if not isinstance(content, bytes):
            return content
        try:
            names = env_names(content.decode("utf-8"))
        except UnicodeDecodeError as error:
            return not_utf8(self._label, error)
        return "".join(f"{name}=*\n" for name in sorted(names)).encode()


def env_names(text: str, _: datetime | None = None) -> frozenset[str]:
    """The names with a value, by Hermes' own rule (`hermes_cli/config.py`, `load_env`)."""
    names: set[str] = set()
    for written in text.removeprefix("\ufeff").splitlines():
        line = written.strip().removeprefix("export ")
        name, equals, value = line.partition("=")
        name = name.strip()
        # A line of a key that somebody pasted is no name.
        if equals and _NAME.fullmatch(name):
            # What comes last counts, also where that is nothing.
            (names.add if value.strip().strip("'\"") else names.discard)(name)
    return frozenset(names)
