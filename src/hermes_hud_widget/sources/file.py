"""How a small file is read, and how it is told that it changed."""

from __future__ import annotations

import os
import stat
import threading
import time
from collections.abc import Callable, Hashable
from datetime import UTC, datetime
from pathlib import Path

from hermes_hud_widget.errors import SourceError
from hermes_hud_widget.sources.source import Attached, T_co

MAX_FILE_BYTES = 16 * 1024 * 1024
"""Text files larger than this are not what Hermes writes there; they are an error, not a stall."""
_COARSE_CLOCK_NS = 20_000_000
"""File times advance in ticks of up to 10 ms: two writes within one tick may look the same from outside."""


class AttachedFile(Attached[T_co]):
    """A small text file that its writer replaces or rewrites as a whole."""

    def __init__(self, path: Path, label: str, parse: Callable[[str, datetime], T_co], missing: T_co) -> None:
        self.files = (path,)
        self._path = path
        self._label = label
        self._parse = parse
        self._missing = missing
        self._lock = threading.Lock()
        self._facts: Hashable = object()
        self._content: bytes | SourceError | None = None
        self._modified_at = datetime.fromtimestamp(0, UTC)
        self._changes = 0
        self._parsed: tuple[bytes, datetime, T_co] | None = None

    def signature(self) -> Hashable:
        with self._lock:
            self._refresh()
            return self._changes

    def read(self) -> T_co:
        with self._lock:
            self._refresh()
            content, modified_at, parsed = self._content, self._modified_at, self._parsed
        if content is None:
            return self._missing
        if isinstance(content, SourceError):
            raise content
        if parsed is not None and parsed[0] is content and parsed[1] == modified_at:
            return parsed[2]
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise not_utf8(self._label, error) from error
        value = self._parse(text, modified_at)
        with self._lock:
            self._parsed = (content, modified_at, value)
        return value

    def _refresh(self) -> None:
        """Looks at the file again, unless it is certain that nothing happened since the last look."""
        facts = _facts(self._path)
        if facts == self._facts and not self.recheck_soon:
            return
        self._facts = facts
        content = self._load()
        if isinstance(content, bytes):
            written_ns = facts[3] if isinstance(facts, tuple) else 0
            # Written in this very tick: the same size and time may yet hide another write.
            self.recheck_soon = abs(time.time_ns() - written_ns) < _COARSE_CLOCK_NS
            self._modified_at = datetime.fromtimestamp(written_ns / 1e9, UTC)
        else:
            self.recheck_soon = False
        if not _same(content, self._content):
            self._content = content
            self._changes += 1

    def _load(self) -> bytes | SourceError | None:
        try:
            # Never wait for a writer at the other end of a FIFO, nor follow a device.
            descriptor = os.open(self._path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        except (FileNotFoundError, NotADirectoryError):
            if self._path.is_symlink():
                return SourceError(
                    "damaged", self._label, f"{self._label} is a link to a file that does not exist"
                )
            return None
        except OSError as error:
            return SourceError(
                "unavailable", self._label, f"{self._label} cannot be opened: {error.strerror}"
            )
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                return SourceError("damaged", self._label, f"{self._label} is not a regular file")
            if status.st_size > MAX_FILE_BYTES:
                size = status.st_size / 1e6
                return SourceError(
                    "unavailable", self._label, f"{self._label} is {size:.0f} MB, too large to be shown"
                )
            with os.fdopen(os.dup(descriptor), "rb") as file:
                return file.read(MAX_FILE_BYTES)
        except OSError as error:
            return SourceError("unavailable", self._label, f"{self._label} cannot be read: {error.strerror}")
        finally:
            os.close(descriptor)


def not_utf8(label: str, error: UnicodeDecodeError) -> SourceError:
    """What is said of a file that is no text."""
    return SourceError("damaged", label, f"{label} is not UTF-8 text (byte {error.start}); save it as UTF-8")


def _facts(path: Path) -> Hashable:
    try:
        status = path.stat()
    except OSError as error:
        return error.errno
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def _same(one: bytes | SourceError | None, other: bytes | SourceError | None) -> bool:
    if isinstance(one, SourceError) and isinstance(other, SourceError):
        return str(one) == str(other)
    return one == other
