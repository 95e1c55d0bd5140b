"""What we keep ourselves of a home over time: a page a day, in our own state directory."""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Hashable, Mapping
from contextlib import closing, suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import platformdirs

from hermes_hud_widget.errors import SourceError
from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.ledger.own import check_outside, own_folder
from hermes_hud_widget.ledger.private import Folder, Writer, open_folder
from hermes_hud_widget.place import Place, shown
from hermes_hud_widget.sources.file import AttachedFile
from hermes_hud_widget.sources.source import Attached, Source

log = logging.getLogger(__name__)

VARIABLE = "HERMES_HUD_STATE"
"""Names another directory for what is kept; `off`: nothing is."""
DEMO_FOLDER = "demo-diary"
"""In a demo's home: what would have been kept of it."""
MOST_PAGES = 4_000
"""The newest days that are kept: some eleven years."""

Figures = Mapping[str, int | float | None]


class Page(NamedTuple):
    """A day's figures.

    Attributes:
        day: The day, in the home's zone.
        at: When they were taken: the last time on that day that they were others than before.
        figures: By name; None: not known.
    """

    day: date
    at: datetime
    figures: Figures


class Pages(NamedTuple):
    """All pages of one home.

    Attributes:
        pages: Ascending by day.
        where: The file, as people write its path; None: nothing is kept.
    """

    pages: tuple[Page, ...] = ()
    where: str | None = None


@frozen
class Diary(Source[Pages]):
    """The pages kept of a home; one file for each, in our state directory (`HERMES_HUD_STATE`), never in the home.

    Attributes:
        name: The file's name, without its ending.
    """

    counts_as_content: ClassVar[bool] = False

    name: str

    @property
    def label(self) -> str:
        return f"our own {self.name}.jsonl"

    @property
    def missing(self) -> Pages:
        return Pages()

    def attach(self, place: Place) -> AttachedDiary:
        return AttachedDiary(self, place)


class AttachedDiary(Attached[Pages]):
    """One home's diary. Many servers may read it, and each may keep a page: one after the other."""

    def __init__(self, declared: Diary, place: Place) -> None:
        self._place = place
        self._name = f"{declared.name}.jsonl"
        self._label = declared.label
        self._lock = threading.Lock()
        self._path: Path | None = None
        self._file: AttachedFile[tuple[Page, ...]] | None = None
        self._is_closed = place.is_demo
        if place.is_demo:
            # It brings its own pages, and nothing is kept of it.
            self._path = place.path / DEMO_FOLDER / self._name
            self._file = AttachedFile(self._path, self._label, self._parse, ())
            self.files = self._file.files
            return
        try:
            state = own_folder(VARIABLE, platformdirs.user_state_path)
        except OSError as error:
            log.warning("Nothing is kept of how this home grows: %s", error)
            return
        if state is not None:
            self._path = state / "homes" / place.id / self._name
            self._file = AttachedFile(self._path, self._label, self._parse, ())
            self.files = self._file.files

    @property
    def recheck_soon(self) -> bool:  # type: ignore[override]
        return self._file is not None and self._file.recheck_soon

    def signature(self) -> Hashable:
        return None if self._file is None else self._file.signature()

    def read(self) -> Pages:
        if self._file is None or self._path is None:
            return Pages()
        return Pages(self._file.read(), shown(self._path))

    def keep(self, page: Page) -> bool:
        """Keeps a page in the place of that day's earlier one; one with the same figures is left as it is.

        False when another server is just keeping one, of the same home at the same time, or nothing is kept here.

        Raises:
            OSError: It cannot be written there.
            SourceError: What is there is damaged, and is left alone.
        """
        with self._lock:
            if self._file is None or self._path is None or self._is_closed:
                return False
            real = Path(os.path.realpath(self._path.parent))
            check_outside(real, (self._place.path, self._place.root), VARIABLE)
            # Each time anew: the directory may be gone, and who holds the lock for longer keeps others from writing.
            with (
                open_folder(real.parent, make=True) as homes,
                homes.folder(real.name, make=True) as folder,
            ):
                right = folder.lock(f"{self._name}.lock")
                if right is None:
                    return False
                with closing(right):
                    self._put(folder, page, self._file.read())
                    return True

    def close(self) -> None:
        with self._lock:
            self._is_closed = True

    def _put(self, folder: Folder, page: Page, known: tuple[Page, ...]) -> None:
        # What is written is a change of this source, after which its panel is kept again: that must come to an end.
        if any((old.day, old.figures) == (page.day, page.figures) for old in known):
            return
        others = [old for old in known if old.day != page.day]
        pages = sorted([*others, page], key=lambda each: each.day)[-MOST_PAGES:]
        self._replace(folder, "".join(json.dumps(_as_json(each)) + "\n" for each in pages).encode())

    def _replace(self, folder: Folder, content: bytes) -> None:
        """As a whole: a reader finds the old pages or the new ones, and so does whoever starts after a crash."""
        temporary = f".{self._name}.new"
        with suppress(FileNotFoundError):  # of a server that ended in the middle of it
            folder.remove(temporary)
        with Writer(folder.create(temporary)) as writer:
            writer.write(content)
        folder.rename(temporary, self._name)

    def _parse(self, text: str, _: datetime) -> tuple[Page, ...]:
        pages = []
        for number, line in enumerate(text.splitlines(), 1):
            try:
                pages.append(_page(json.loads(line)))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                where = self._label if self._path is None else shown(self._path)
                message = f"{where} is damaged (line {number}). Move it away, and the pages begin anew."
                raise SourceError("damaged", self._label, message) from error
        return tuple(sorted(pages, key=lambda page: page.day))


def _as_json(page: Page) -> dict[str, Any]:
    return {"day": page.day.isoformat(), "at": page.at.isoformat(), **page.figures}


def _page(value: dict[str, Any]) -> Page:
    at = datetime.fromisoformat(value.pop("at")).astimezone(UTC)
    day = date.fromisoformat(value.pop("day"))
    return Page(day, at, {name: figure for name, figure in value.items() if _is_figure(figure)})


def _is_figure(value: Any) -> bool:
    return value is None or (isinstance(value, (int, float)) and not isinstance(value, bool))
