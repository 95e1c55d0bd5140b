"""The agent's memory files, written as Hermes writes them: a temporary file, then a rename over the old."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Literal

DELIMITER = "\n§\n"
Target = Literal["memory", "user"]
LIMITS: dict[Target, int] = {"memory": 2200, "user": 1375}
FILES: dict[Target, str] = {"memory": "MEMORY.md", "user": "USER.md"}


class Memories:
    """The two stores of one home; sizes and limits are in characters, delimiters included."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._entries = {target: _read(folder / name) for target, name in FILES.items()}

    def add(self, target: Target, text: str) -> dict[str, object]:
        """Adds an entry, unless it is there or would not fit; returns what the tool tells the model."""
        entries = self._entries[target]
        if text in entries:
            return self._done(target, "Entry already exists (no duplicate added).")
        if not self.fits(target, [*entries, text]):
            return {
                "success": False,
                "error": f"Memory at {self.used(target):,}/{LIMITS[target]:,} chars. "
                f"Adding this entry ({len(text)} chars) would exceed the limit.",
                "current_entries": list(entries),
                "usage": f"{self.used(target):,}/{LIMITS[target]:,}",
            }
        entries.append(text)
        self._write(target)
        return self._done(target, "Entry added.")

    def learn(self, target: Target, text: str) -> None:
        """Adds an entry and forgets the oldest ones, the first excepted, until it fits."""
        entries = [entry for entry in self._entries[target] if entry != text]
        while not self.fits(target, [*entries, text]):
            del entries[1]
        self._entries[target] = [*entries, text]
        self._write(target)

    def fits(self, target: Target, entries: list[str]) -> bool:
        """True if these entries are within the store's limit."""
        return len(DELIMITER.join(entries)) <= LIMITS[target]

    def used(self, target: Target) -> int:
        """Characters in use."""
        return len(DELIMITER.join(self._entries[target]))

    def text(self, target: Target) -> str:
        """What the store's file holds."""
        return DELIMITER.join(self._entries[target])

    def _done(self, target: Target, message: str) -> dict[str, object]:
        used, limit = self.used(target), LIMITS[target]
        return {
            "success": True,
            "done": True,
            "target": target,
            "usage": f"{min(100, used * 100 // limit)}% — {used:,}/{limit:,} chars",
            "entry_count": len(self._entries[target]),
            "message": message,
        }

    def _write(self, target: Target) -> None:
        descriptor, temporary = tempfile.mkstemp(dir=self._folder, prefix=".mem_", suffix=".tmp")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(self.text(target))
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(self._folder / FILES[target])


def _read(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return [entry.strip() for entry in text.split(DELIMITER) if entry.strip()]
