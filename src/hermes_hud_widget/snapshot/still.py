"""A snapshot as an object that a notebook shows and a file can hold."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hermes_hud_widget.snapshot.facts import Snapshots, facts_of
from hermes_hud_widget.snapshot.page import as_document, draw
from hermes_hud_widget.snapshot.words import line


@dataclass(frozen=True)
class Still:
    """A home at one moment: figures, states and a few names; nothing that anybody wrote.

    As the last value of a cell it is shown, and saved in the notebook, without a widget.

    Attributes:
        text: One line.
        html: HTML to be put into any page: no script, no style sheet, no network.
    """

    text: str
    html: str = field(repr=False)

    @property
    def document(self) -> str:
        """The HTML as a page of its own."""
        return as_document(self.html, self.text)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Writes the page to a file, in UTF-8; returns its path."""
        file = Path(path).expanduser()
        file.write_text(self.document, encoding="utf-8")
        return file

    def bundle(self) -> dict[str, Any]:
        """As notebooks hold it, by MIME type."""
        return {"text/plain": self.text, "text/html": self.html}

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return self.bundle()


def still_of(snapshots: Snapshots, now: datetime | None = None, path: str | None = None) -> Still:
    """The still of what panels show.

    Args:
        snapshots: By panel, what `Home.panel` returns.
        now: When that was true; None: now.
        path: The home's path, for where the overview does not tell it.
    """
    facts = facts_of(snapshots, now or datetime.now(UTC), path=path)
    return Still(line(facts), draw(facts))
