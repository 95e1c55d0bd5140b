"""Small text files: plain, JSON, memory stores."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Literal

from hermes_hud_widget.errors import SourceError
from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.place import PROFILE_NAME, Place
from hermes_hud_widget.sources.file import AttachedFile
from hermes_hud_widget.sources.source import Attached, Source

Where = Literal["home", "root"]


@frozen
class TextFile(Source[str | None]):
    """A UTF-8 text file as a string; None when there is none."""

    path: str
    of: Where = "home"

    @property
    def label(self) -> str:
        return self.path

    @property
    def missing(self) -> None:
        return None

    def attach(self, place: Place) -> Attached[str | None]:
        return AttachedFile(base_of(place, self.of) / self.path, self.path, lambda text, _: text, None)


@frozen
class Json(Source[Any]):
    """A JSON file's content; None when there is none."""

    path: str
    of: Where = "home"

    @property
    def label(self) -> str:
        return self.path

    @property
    def missing(self) -> None:
        return None

    def attach(self, place: Place) -> Attached[Any]:
        return AttachedFile(base_of(place, self.of) / self.path, self.path, self._parse, self.missing)

    def _parse(self, text: str, _: datetime) -> Any:
        try:
            # Hand edits leave byte order marks and raw control characters behind; Hermes takes them, too.
            return json.loads(text.removeprefix("\ufeff"), strict=False)
        except (ValueError, RecursionError) as error:
            raise SourceError("damaged", self.path, f"{self.path} is not valid JSON: {error}") from error


@frozen
class RootJson(Json):
    """A JSON file of the root home, for a profile that falls back on it; None in the root home itself."""

    counts_as_content: ClassVar[bool] = False

    of: Where = "root"

    def attach(self, place: Place) -> Attached[Any]:
        return _Nothing() if place.path == place.root else super().attach(place)


class _Nothing(Attached[None]):
    def signature(self) -> None:
        return None

    def read(self) -> None:
        return None


@frozen
class EntriesFile:
    """A memory store's file.

    Attributes:
        exists: False when there is no such file.
        entries: Its entries, stripped, without duplicates, in file order.
        modified_at: When it was written last, in UTC.
    """

    exists: bool = False
    entries: tuple[str, ...] = ()
    modified_at: datetime | None = None

    @property
    def used_chars(self) -> int:
        """Characters used, delimiters included, as Hermes counts them against the limit."""
        return len(Entries.DELIMITER.join(self.entries))


@frozen
class Entries(Source[EntriesFile]):
    """A memory store: entries divided by lines that are `§` alone (`tools/memory_tool.py`)."""

    DELIMITER: ClassVar[str] = "\n§\n"

    path: str

    @property
    def label(self) -> str:
        return self.path

    @property
    def missing(self) -> EntriesFile:
        return EntriesFile()

    def attach(self, place: Place) -> Attached[EntriesFile]:
        return AttachedFile(place.path / self.path, self.path, self._parse, EntriesFile())

    def _parse(self, text: str, modified_at: datetime) -> EntriesFile:
        # Never at a bare "§": an entry may speak of "§ 12". Hand edits leave BOMs and CRLF behind.
        parts = text.removeprefix("\ufeff").replace("\r\n", "\n").split(self.DELIMITER)
        entries = tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))
        return EntriesFile(True, entries, modified_at)


@frozen
class ActiveProfile(Source[str | None]):
    """The sticky profile that plain `hermes` works in (`active_profile` in the root); None: the root itself."""

    counts_as_content: ClassVar[bool] = False

    @property
    def label(self) -> str:
        return "active_profile"

    @property
    def missing(self) -> None:
        return None

    def attach(self, place: Place) -> Attached[str | None]:
        return AttachedFile(place.root / self.label, self.label, self._parse, None)

    def _parse(self, text: str, _: datetime) -> str | None:
        name = text.strip()
        return name if name != "default" and PROFILE_NAME.match(name) else None


def base_of(place: Place, of: Where) -> Path:
    return place.root if of == "root" else place.path
