"""The files of one kind in a folder: which there are, and what they hold."""

from __future__ import annotations

import fnmatch
import os
import stat
import threading
import time
from collections.abc import Hashable, Iterable, Iterator
from contextlib import suppress
from dataclasses import field
from datetime import UTC, datetime
from heapq import nlargest
from pathlib import Path
from typing import NamedTuple

from hermes_hud_widget.errors import SourceError
from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.ledger.descriptor import NotRegularError, open_for_reading
from hermes_hud_widget.place import Place
from hermes_hud_widget.redact import encodable
from hermes_hud_widget.sources.files import Where, base_of
from hermes_hud_widget.sources.source import Attached, Source

MAX_FOLDERS = 2_000
"""A folder with more folders in it is not one that Hermes keeps; the rest of it is left out."""
MOST_LOOKED_AT = 4_000
"""Of more files those are looked at whose names come last: where there are so many, Hermes' names begin with the time."""
_FRESH_NS = 20_000_000
"""File times advance in ticks of up to 10 ms: two writes within one tick may look the same from outside."""
_FRESH_FOLDER_NS = 2_000_000_000
"""Of folders whole seconds: some file systems know no shorter times, and no look at a file tells of another one."""


@frozen
class FoundFile:
    """One of the files.

    Attributes:
        path: From the folder, with slashes.
        size_bytes: Its size.
        modified_at: When it was written last, in UTC.
        text: What it holds, as far as the source reads; None if it reads nothing, or the file cannot be read.
        problem: Why it cannot be read, in words; None: it can, or nobody tried.
    """

    path: str
    size_bytes: int
    modified_at: datetime
    text: str | None = None
    problem: str | None = None


@frozen
class FoundFiles:
    """The files, those written last first.

    Attributes:
        total: How many there are in all.
    """

    files: tuple[FoundFile, ...] = ()
    total: int = 0
    _top: str = field(default="", compare=False)

    def text(self, path: str, most_bytes: int) -> tuple[str, bool] | None:
        """What one of them holds now, and whether it is longer than that; None if it is not there.

        Raises:
            SourceError: It cannot be read.
        """
        if all(file.path != path for file in self.files):
            return None
        try:
            return _text(f"{self._top}/{path}", most_bytes)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise SourceError("unavailable", path, f"{path} cannot be read: {error.strerror}") from error


@frozen
class Folder(Source[FoundFiles]):
    """The files in a folder of the home whose paths are as asked for.

    A file that cannot be read has a `problem`, and costs no other.

    Attributes:
        path: The folder, in the home.
        pattern: What the paths below it look like, such as `*/run.json`: as many folders down as it has slashes.
        most: At most so many files, those written last (at most 4,000).
        read_bytes: Of each of them so much is read, as UTF-8 text; 0: nothing, until `FoundFiles.text` is asked.
        read_end: Of one that is longer the end is read, not the beginning: for files that others append to.
        of: The home, or the root home for what its profiles share.
    """

    path: str
    pattern: str
    most: int = 200
    read_bytes: int = 0
    read_end: bool = False
    of: Where = "home"

    @property
    def label(self) -> str:
        return f"{self.path}/{self.pattern}"

    @property
    def missing(self) -> FoundFiles:
        return FoundFiles()

    def attach(self, place: Place) -> Attached[FoundFiles]:
        return _Folder(self, str(base_of(place, self.of) / self.path))


@frozen
class _Look:
    """A file as it was seen; `is_fresh`: it may have changed since without looking different."""

    facts: tuple[int, int, int, int]
    text: str | None
    problem: str | None
    is_fresh: bool = field(compare=False)


_Entry = tuple[str, str]
"""The name of a file or folder, and its path."""


class _Listing(NamedTuple):
    """What lies in a folder; `times`: its own then, None: it may have changed since without looking different."""

    times: tuple[int, int] | None
    entries: list[_Entry]


class _Folder(Attached[FoundFiles]):
    def __init__(self, declared: Folder, top: str) -> None:
        self._declared = declared
        self._top = top
        self._names = declared.pattern.split("/")
        self._lock = threading.Lock()
        self._listed: dict[str, _Listing] = {}
        self._looks: dict[str, _Look] = {}
        self._found = FoundFiles()
        self._error: SourceError | None = None
        self._changes = 0
        self._folders: tuple[Path, ...] = (Path(top),)

    @property
    def folders(self) -> tuple[Path, ...]:  # type: ignore[override]
        return self._folders

    def signature(self) -> Hashable:
        with self._lock:
            self._look()
            return self._changes

    def read(self) -> FoundFiles:
        with self._lock:
            self._look()
            if self._error is not None:
                raise self._error
            return self._found

    def is_missing(self) -> bool:
        return not os.path.lexists(self._top)

    def _look(self) -> None:
        entered: list[str] = []
        error: SourceError | None = None
        named: list[_Entry] = []
        try:
            named = self._walk(entered)
        except OSError as problem:
            error = self._not_listed(problem)
        total = len(named)
        if total > MOST_LOOKED_AT:
            named = nlargest(MOST_LOOKED_AT, named)
        files = list(self._with_status(named))
        total -= len(named) - len(files)
        files.sort(key=lambda one: (-one[1].st_mtime_ns, one[0]))
        now_ns = time.time_ns()
        looks = {path: self._see(path, status, now_ns) for path, status in files[: self._declared.most]}
        found = FoundFiles(tuple(_found(path, look) for path, look in looks.items()), total, self._top)
        self.recheck_soon = any(look.is_fresh for look in looks.values())
        if looks != self._looks or found != self._found or str(error) != str(self._error):
            self._changes += 1
        self._looks, self._found, self._error = looks, found, error
        folders = tuple(map(Path, dict.fromkeys((self._top, *entered))))
        if folders != self._folders:
            self._folders = folders

    def _not_listed(self, problem: OSError) -> SourceError | None:
        path, label = self._declared.path, self._declared.label
        if not isinstance(problem, NotADirectoryError):
            return SourceError("unavailable", label, f"{label}: {path} cannot be listed: {problem.strerror}")
        if not os.path.lexists(self._top):  # a file where a folder above it should be: then it is not there
            return None
        return SourceError("damaged", label, f"{label}: {path} is not a folder")

    def _walk(self, entered: list[str]) -> list[_Entry]:
        """The matching files; `entered` gets the folders that they may lie in."""
        level = [""]
        found: list[_Entry] = []
        listed: dict[str, _Listing] = {}
        for depth, pattern in enumerate(self._names):
            is_last = depth == len(self._names) - 1
            found = []
            for parent in level[:MAX_FOLDERS]:
                try:
                    listed[parent] = self._list(parent, pattern, is_last)
                except FileNotFoundError:
                    continue
                except OSError:
                    if parent:  # one of many; the folder itself is told of
                        continue
                    raise
                entered.append(f"{self._top}/{parent}".rstrip("/"))
                found += listed[parent].entries
            level = [path for _, path in found]
        self._listed = listed
        return found

    def _list(self, parent: str, pattern: str, is_last: bool) -> _Listing:
        """The files or folders of that kind in a folder, as they were if nothing came to it or went since."""
        folder = f"{self._top}/{parent}"
        status = os.stat(folder)  # noqa: PTH116  of thousands of folders
        times = (status.st_mtime_ns, status.st_ctime_ns)
        known = self._listed.get(parent)
        if known is not None and known.times == times:
            return known
        is_fresh = time.time_ns() - max(times) < _FRESH_FOLDER_NS
        entries: list[_Entry] = []
        with os.scandir(folder) as there:
            for entry in there:
                if not fnmatch.fnmatchcase(entry.name, pattern):
                    continue
                with suppress(OSError):  # gone meanwhile
                    # What a link leads to may come and go elsewhere.
                    is_fresh |= entry.is_symlink()
                    if entry.is_file() if is_last else entry.is_dir():
                        entries.append((entry.name, f"{parent}/{entry.name}".lstrip("/")))
        return _Listing(None if is_fresh else times, entries)

    def _with_status(self, named: Iterable[_Entry]) -> Iterator[tuple[str, os.stat_result]]:
        for _, path in named:
            with suppress(OSError):  # gone meanwhile
                status = os.stat(f"{self._top}/{path}")  # noqa: PTH116  of thousands of files
                if stat.S_ISREG(status.st_mode):
                    yield path, status

    def _see(self, path: str, status: os.stat_result, now_ns: int) -> _Look:
        facts = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
        is_fresh = abs(now_ns - status.st_mtime_ns) < _FRESH_NS
        known = self._looks.get(path)
        if known is not None and known.facts == facts and known.problem is None and not known.is_fresh:
            return known
        if not self._declared.read_bytes:
            return _Look(facts, None, None, False)
        try:
            text, _ = _text(f"{self._top}/{path}", self._declared.read_bytes, self._declared.read_end)
        except OSError as error:
            return _Look(facts, None, f"it cannot be read: {error.strerror}", is_fresh)
        return _Look(facts, text, None, is_fresh)


def _found(path: str, look: _Look) -> FoundFile:
    modified_at = datetime.fromtimestamp(look.facts[3] / 1e9, UTC)
    return FoundFile(encodable(path), look.facts[2], modified_at, look.text, look.problem)


def _text(path: str, most_bytes: int, is_end: bool = False) -> tuple[str, bool]:
    """At most so much of a file, what is no UTF-8 replaced; and whether it is longer."""
    try:
        descriptor = open_for_reading(Path(path))
    except NotRegularError as error:
        raise OSError(0, "it is not a regular file") from error
    with os.fdopen(descriptor, "rb") as file:
        if is_end and (beyond := os.fstat(descriptor).st_size - most_bytes) > 0:
            file.seek(beyond)
            return file.read(most_bytes).decode("utf-8", "replace"), True
        content = file.read(most_bytes + 1)
    return content[:most_bytes].decode("utf-8", "replace").removeprefix("\ufeff"), len(content) > most_bytes
