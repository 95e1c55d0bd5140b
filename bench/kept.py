"""Large folders that are made once: kept in `.cache/bench` under the hash of their recipe, until `make clean`."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

SHELF = Path(__file__).parent.parent / ".cache" / "bench"
MOST_DAYS = 7.0
"""Histories end when they were made; after a week, the last day of one would look deserted."""
MADE = "made.json"

_making = threading.Lock()


@dataclass(frozen=True)
class Recipe:
    """What a folder is made by; when any of it changes, the folder is made anew.

    Attributes:
        name: Begins the folder's name; one folder of each name is kept.
        sources: The files that say how it is made.
        values: What they are given.
    """

    name: str
    sources: Sequence[Path]
    values: Mapping[str, Any]

    @property
    def hash(self) -> str:
        """Of all that matters."""
        found = hashlib.sha256(json.dumps(dict(self.values), sort_keys=True).encode())
        for source in self.sources:
            found.update(source.read_bytes())
        return found.hexdigest()[:12]


def keep(recipe: Recipe, make: Callable[[Path], Mapping[str, Any]], shelf: Path = SHELF) -> Path:
    """The folder of this recipe, as it was kept or made now. Nobody may write to it.

    Args:
        recipe: What it is made by.
        make: Fills an empty folder; what it returns is told in `made.json`.
        shelf: Where it is kept.
    """
    folder = shelf / f"{recipe.name}-{recipe.hash}"
    # One at a time: rows may be measured beside each other.
    with _making:
        if _is_fresh(folder):
            return folder
        with passing(shelf) as making:
            new = Path(making) / recipe.name
            new.mkdir()
            began = time.monotonic()
            told = make(new)
            facts = {"at": time.time(), "seconds": round(time.monotonic() - began, 1), **told}
            (new / MADE).write_text(json.dumps(facts) + "\n", encoding="utf-8")
            for older in shelf.glob(f"{recipe.name}-{'?' * len(recipe.hash)}"):
                shutil.rmtree(older)
            new.rename(folder)
    return folder


def passing(shelf: Path = SHELF) -> tempfile.TemporaryDirectory[str]:
    """A folder beside those that are kept, which goes away; those of runs that were killed go now."""
    shelf.mkdir(parents=True, exist_ok=True)
    for left in shelf.glob("run-*-*"):
        if not psutil.pid_exists(int(left.name.split("-")[1])):
            shutil.rmtree(left, ignore_errors=True)
    return tempfile.TemporaryDirectory(prefix=f"run-{os.getpid()}-", dir=shelf)


def made(folder: Path) -> dict[str, Any]:
    """What is known of a folder's making: `at` (seconds since the epoch), `seconds`, and what its maker told."""
    found: dict[str, Any] = json.loads((folder / MADE).read_text(encoding="utf-8"))
    return found


def copy_linked(source: Path, target: Path) -> None:
    """Copies a folder whose files nobody writes to: by hard links where both lie on one file system."""
    shutil.copytree(source, target, copy_function=_link, symlinks=True, dirs_exist_ok=True)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:  # another file system, or one without links
        shutil.copy2(source, target, follow_symlinks=False)


def _is_fresh(folder: Path) -> bool:
    if not (folder / MADE).exists():
        return False
    at: float = made(folder)["at"]
    return time.time() - at < MOST_DAYS * 86_400.0
