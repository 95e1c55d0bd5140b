"""Logs that grow: their last lines, and page by page what came before."""

from __future__ import annotations

import os
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar, NamedTuple

from hermes_hud_widget.errors import SourceError
from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.ledger.descriptor import NotRegularError, open_for_reading
from hermes_hud_widget.ledger.keeper import Bell
from hermes_hud_widget.place import Place
from hermes_hud_widget.sources.files import Where, base_of
from hermes_hud_widget.sources.source import Attached, Source

LINE_CHARS = 4_000
"""Longer lines are cut to so many characters."""
PAGE_BYTES = 64 * 1024
"""A page is of at most so much of the file."""
FOLLOWED = 16
"""So many logs of a folder are followed at once: those asked for last."""
_WITNESS_BYTES = 64
"""So much of what was read before is compared: a log that was emptied and is longer again has other bytes there."""
_NAME = re.compile(r"[^/\0]+(?:/[^/\0]+)*")


@frozen
class LogLine:
    """One line, without its end.

    Attributes:
        offset: Where it begins in the file, in bytes: tells it from every other line.
        text: What is no UTF-8 is replaced.
        is_cut: True if the line is longer, or goes on beyond what was read.
    """

    offset: int
    text: str
    is_cut: bool = False


@frozen
class LogPage:
    """Lines of one log, oldest first.

    Attributes:
        older: Where the page before this one ends, to be passed as `before`; None: this is the beginning.
        size_bytes: The file's size.
        modified_at: When it was written last, in UTC.
    """

    lines: tuple[LogLine, ...]
    older: int | None
    size_bytes: int
    modified_at: datetime


@frozen
class Tail(Source["Logs"]):
    """The logs in a folder of the home, read from their end.

    Nothing is read, and nothing is a change, until somebody asks for a page of one. From then on that log is followed:
    when it grows, shrinks or goes, the source has changed, once; whoever still looks asks again, and only what is
    new is read. A log that was rotated or emptied is read anew.

    Attributes:
        path: The folder, in the home.
        of: The home, or the root home for what its profiles share.
    """

    counts_as_content: ClassVar[bool] = False

    path: str
    of: Where = "home"

    @property
    def label(self) -> str:
        return f"{self.path}/"

    @property
    def missing(self) -> Logs:
        return Logs(lambda name, before, lines: None, lambda name: None)

    def attach(self, place: Place) -> Attached[Logs]:
        return _Tail(base_of(place, self.of) / self.path, self.path)


@frozen
class Logs:
    """What a `Tail` gives: a page of a log whenever it is asked for."""

    _page: Callable[[str, int | None, int], LogPage | None]
    _facts: Callable[[str], tuple[int, datetime] | None]

    def page(self, name: str, before: int | None = None, lines: int = 200) -> LogPage | None:
        """The last lines of a log, or those before an offset; None if there is no such file.

        Args:
            name: Its path below the folder, such as `agent.log`; one that leads out of the folder is not there.
            before: Only lines that begin before this offset: `LogPage.older`.
            lines: At most so many.

        Raises:
            SourceError: It is there but cannot be read.
        """
        return self._page(name, before, lines)

    def facts(self, name: str) -> tuple[int, datetime] | None:
        """A log's size in bytes, and when it was written last; None if there is no such file. Follows nothing."""
        return self._facts(name)


class _Facts(NamedTuple):
    """A file as it looks from outside; None where there is none."""

    device: int
    inode: int
    size: int
    modified_ns: int


@dataclass
class _Window:
    """The end of a log as it was read last: `data` lies at `start`, the beginning of a line if it can be."""

    identity: tuple[int, int]
    start: int
    data: bytes


class _Tail(Attached[Logs]):
    def __init__(self, folder: Path, label: str) -> None:
        self._folder = folder
        self._label = label
        self._lock = threading.Lock()
        self._bell = Bell()
        self._followed: OrderedDict[str, _Facts | None] = OrderedDict()
        self._windows: OrderedDict[str, _Window] = OrderedDict()
        self._changes = 0
        self._logs = Logs(self._page, self._facts_of)
        self.files = ()

    def signature(self) -> Hashable:
        with self._lock:
            self._bell.silence()
            for name, seen in list(self._followed.items()):
                if _facts(self._folder / name) != seen:
                    # Told once: nobody may look at it any more.
                    del self._followed[name]
                    self._changes += 1
            # Only here: what must be watched is looked up before and after a signature.
            self.files = tuple(self._folder / name for name in self._followed)
            return self._changes

    def read(self) -> Logs:
        return self._logs

    def is_missing(self) -> bool:
        return not self._folder.is_dir()

    def doorbells(self) -> frozenset[int]:
        return frozenset({self._bell.fileno()})

    def rest(self) -> None:
        with self._lock:
            self._windows.clear()

    def close(self) -> None:
        self._bell.close()

    def _facts_of(self, name: str) -> tuple[int, datetime] | None:
        facts = _facts(self._folder / name) if _is_below(name) else None
        return None if facts is None else (facts.size, _moment(facts))

    def _page(self, name: str, before: int | None, lines: int) -> LogPage | None:
        if not _is_below(name):
            return None
        with self._lock:
            path = self._folder / name
            # Before the file is read: what is written meanwhile is a change.
            facts = _facts(path)
            if before is None:
                self._follow(name, facts)
            try:
                return None if facts is None else self._read_page(name, path, before, lines)
            except FileNotFoundError:
                return None
            except NotRegularError as error:
                raise self._problem("damaged", name, "is not a regular file") from error
            except OSError as error:
                raise self._problem("unavailable", name, f"cannot be read: {error.strerror}") from error

    def _follow(self, name: str, facts: _Facts | None) -> None:
        is_new = name not in self._followed
        if not is_new and self._followed[name] != facts:
            # Somebody else may still show what was read before.
            self._changes += 1
            is_new = True
        self._followed[name] = facts
        self._followed.move_to_end(name)
        while len(self._followed) > FOLLOWED:
            self._followed.popitem(last=False)
        if is_new:
            self._bell.ring()

    def _read_page(self, name: str, path: Path, before: int | None, lines: int) -> LogPage:
        with os.fdopen(open_for_reading(path), "rb", buffering=0) as file:
            status = os.fstat(file.fileno())
            facts = _Facts(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
            end = facts.size if before is None else max(0, min(before, facts.size))

            def read(start: int, count: int) -> bytes:
                file.seek(start)
                return file.read(count)

            if before is None:
                window = self._windows[name] = _window(self._windows.get(name), facts, read)
                self._windows.move_to_end(name)
                while len(self._windows) > FOLLOWED:
                    self._windows.popitem(last=False)
                start, data = window.start, window.data
            else:
                start = max(0, end - PAGE_BYTES)
                data = read(start, end - start)
            is_begun = start > 0 and read(start - 1, 1) != b"\n"
        is_going_on = end < facts.size and not data.endswith(b"\n")
        found = _lines(start, data, is_begun, is_going_on)[-lines:]
        older = found[0].offset if found and found[0].offset > 0 else None
        return LogPage(tuple(found), older, facts.size, _moment(facts))

    def _problem(self, kind: str, name: str, what: str) -> SourceError:
        path = f"{self._label}/{name}"
        return SourceError("damaged" if kind == "damaged" else "unavailable", path, f"{path} {what}")


def _window(known: _Window | None, facts: _Facts, read: Callable[[int, int], bytes]) -> _Window:
    """The file's end; of one that only grew since, no more than what is new is read."""
    identity = (facts.device, facts.inode)
    if known is not None and known.identity == identity:
        end = known.start + len(known.data)
        witness = known.data[-_WITNESS_BYTES:]
        if end <= facts.size < end + PAGE_BYTES and read(end - len(witness), len(witness)) == witness:
            data = known.data + read(end, facts.size - end)
            surplus = max(0, len(data) - PAGE_BYTES)
            return _Window(identity, known.start + surplus, data[surplus:])
    start = max(0, facts.size - PAGE_BYTES)
    return _Window(identity, start, read(start, facts.size - start))


def _lines(start: int, data: bytes, is_begun: bool, is_going_on: bool) -> list[LogLine]:
    """The lines in it; the rest of one that began earlier only if there is nothing else.

    Args:
        start: Where it lies in the file.
        data: Some of the file.
        is_begun: Whether its first line began before it.
        is_going_on: Whether its last line ends after it.
    """
    pieces = data.split(b"\n")
    offset = start
    lines = []
    for number, piece in enumerate(pieces):
        if number < len(pieces) - 1 or piece:
            text = piece.removesuffix(b"\r").decode("utf-8", "replace")
            is_part = (is_begun and number == 0) or (is_going_on and number == len(pieces) - 1)
            lines.append(LogLine(offset, text[:LINE_CHARS], is_part or len(text) > LINE_CHARS))
        offset += len(piece) + 1
    return lines[1:] if is_begun and len(lines) > 1 else lines


def _facts(path: Path) -> _Facts | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return _Facts(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def _moment(facts: _Facts) -> datetime:
    return datetime.fromtimestamp(facts.modified_ns / 1e9, UTC)


def _is_below(name: str) -> bool:
    """False for a path that leads out of the folder, or is none."""
    return _NAME.fullmatch(name) is not None and not {"..", "."} & set(name.split("/"))
