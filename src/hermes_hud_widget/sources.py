"""The kinds of sources that a panel may declare: what to watch, how to read it, what damage looks like.

A source is a plain declaration; `attach` binds it to one home. Equal declarations share one attachment,
so that a file which feeds three panels is watched and read once.
"""

from __future__ import annotations

import json
import os
import stat
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, Generic, Literal, TypeVar

from hermes_hud_widget.errors import SourceError
from hermes_hud_widget.ledger.database import Database
from hermes_hud_widget.ledger.ledger import Ledger
from hermes_hud_widget.ledger.writers import Writers, WriterScan
from hermes_hud_widget.place import PROFILE_NAME, Place

T_co = TypeVar("T_co", covariant=True)
Where = Literal["home", "root"]

MAX_FILE_BYTES = 16 * 1024 * 1024
"""Text files larger than this are not what Hermes writes there; they are an error, not a stall."""


class Attached(ABC, Generic[T_co]):
    """A source bound to one home. All methods may be called from any thread."""

    files: tuple[Path, ...] = ()
    """Files whose change may change this source."""
    folders: tuple[Path, ...] = ()
    """Directories whose list of entries may change this source."""
    recheck_soon: bool = False
    """True after a `signature` that could not be certain: take it again in some 20 ms."""

    @abstractmethod
    def signature(self) -> Hashable:
        """Equal as long as the content is. Cheap, and never raises: damage is a signature, too."""

    @abstractmethod
    def read(self) -> T_co:
        """The content now.

        Raises:
            SourceError: It is there but cannot be read.
        """

    def is_missing(self) -> bool:
        """True when there is nothing there."""
        return not any(os.path.lexists(path) for path in (*self.files, *self.folders))

    def doorbells(self) -> frozenset[int]:
        """Descriptors that become readable when it is time to take the signature again."""
        return frozenset()

    def close(self) -> None:
        """Gives back what it holds."""


class Source(ABC, Generic[T_co]):
    """A declaration. Subclasses are frozen dataclasses: equal ones are the same source."""

    counts_as_content: ClassVar[bool] = True
    """False for what only tunes a panel (configuration): a panel with nothing else is empty."""

    @property
    @abstractmethod
    def label(self) -> str:
        """What documentation and errors call it: its path in the home."""

    @property
    @abstractmethod
    def missing(self) -> Any:
        """Its content when there is nothing there."""

    @abstractmethod
    def attach(self, place: Place) -> Attached[T_co]:
        """Binds it to a home; touches no file."""


# -- files


@dataclass(frozen=True)
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
        return _File(_base(place, self.of) / self.path, self.path, lambda text, _: text, None)


@dataclass(frozen=True)
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
        return _File(_base(place, self.of) / self.path, self.path, self._parse, None)

    def _parse(self, text: str, _: datetime) -> Any:
        try:
            return json.loads(text)
        except ValueError as error:
            raise SourceError("damaged", self.path, f"{self.path} is not valid JSON: {error}") from error


@dataclass(frozen=True)
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


@dataclass(frozen=True)
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
        return _File(place.path / self.path, self.path, self._parse, EntriesFile())

    def _parse(self, text: str, modified_at: datetime) -> EntriesFile:
        # Never at a bare "§": an entry may speak of "§ 12". Hand edits leave BOMs and CRLF behind.
        parts = text.removeprefix("\ufeff").replace("\r\n", "\n").split(self.DELIMITER)
        entries = tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))
        return EntriesFile(True, entries, modified_at)


class Settings:
    """`config.yaml` as far as it was written: Hermes leaves out what equals its defaults."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

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


@dataclass(frozen=True)
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
        return _File(place.path / self.path, self.path, self._parse, Settings({}))

    def _parse(self, text: str, _: datetime) -> Settings:
        import yaml

        try:
            # The C loader, where there is one, is ten times as fast and just as safe.
            values = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        except yaml.YAMLError as error:
            where = getattr(error, "problem_mark", None)
            line = f", line {where.line + 1}" if where is not None else ""
            problem = getattr(error, "problem", None) or "it cannot be parsed"
            raise SourceError(
                "damaged", self.path, f"{self.path} is not valid YAML{line}: {problem}"
            ) from error
        if values is None:
            return Settings({})
        if not isinstance(values, dict):
            raise SourceError(
                "damaged", self.path, f"{self.path} holds a {type(values).__name__}, expected a mapping"
            )
        return Settings(values)


# -- directories


@dataclass(frozen=True)
class Profiles(Source[tuple[str, ...]]):
    """Names of the profiles of this root (`profiles/`), sorted."""

    counts_as_content: ClassVar[bool] = False

    @property
    def label(self) -> str:
        return "profiles/"

    @property
    def missing(self) -> tuple[str, ...]:
        return ()

    def attach(self, place: Place) -> Attached[tuple[str, ...]]:
        return _ProfileNames(place)


class _ProfileNames(Attached[tuple[str, ...]]):
    def __init__(self, place: Place) -> None:
        self._place = place
        self.folders = (place.root / "profiles",)

    def signature(self) -> Hashable:
        return self._place.profiles()

    def read(self) -> tuple[str, ...]:
        return self._place.profiles()


@dataclass(frozen=True)
class HomeName(Source[Place]):
    """The place itself: path, root and profile. It never changes."""

    counts_as_content: ClassVar[bool] = False

    @property
    def label(self) -> str:
        return "the home's path"

    @property
    def missing(self) -> None:
        return None

    def attach(self, place: Place) -> Attached[Place]:
        return _HomeName(place)


class _HomeName(Attached[Place]):
    def __init__(self, place: Place) -> None:
        self._place = place

    def signature(self) -> Hashable:
        return None

    def read(self) -> Place:
        return self._place


# -- the database, and who writes it


@dataclass(frozen=True)
class StateDb(Source[Ledger | None]):
    """The query layer over `state.db`; None when there is no such file."""

    path: str = "state.db"

    @property
    def label(self) -> str:
        return self.path

    @property
    def missing(self) -> None:
        return None

    def attach(self, place: Place) -> Attached[Ledger | None]:
        return _StateDb(Database(place.path / self.path))


class _StateDb(Attached[Ledger | None]):
    def __init__(self, database: Database) -> None:
        self._database = database
        self._ledger = Ledger(database)
        self.files = database.files

    @property
    def recheck_soon(self) -> bool:  # type: ignore[override]
        return self._database.recheck_soon

    def signature(self) -> Hashable:
        return self._database.signature()

    def read(self) -> Ledger | None:
        return self._ledger if self._database.path.exists() else None

    def is_missing(self) -> bool:
        return not self._database.path.exists()

    def close(self) -> None:
        self._database.close()


@dataclass(frozen=True)
class WritersOf(Source[Writers | None]):
    """The processes that have a file open for writing; None where that cannot be known."""

    counts_as_content: ClassVar[bool] = False

    path: str = "state.db"

    @property
    def label(self) -> str:
        return f"processes writing {self.path}"

    @property
    def missing(self) -> None:
        return None

    def attach(self, place: Place) -> Attached[Writers | None]:
        return _Writers(WriterScan(place.path / self.path))


class _Writers(Attached[Writers | None]):
    def __init__(self, scan: WriterScan) -> None:
        self._scan = scan

    def signature(self) -> Hashable:
        return self._scan.writers()

    def read(self) -> Writers | None:
        return self._scan.writers()

    def doorbells(self) -> frozenset[int]:
        return self._scan.doorbells()

    def close(self) -> None:
        self._scan.close()


# -- how a file is read

_COARSE_CLOCK_NS = 20_000_000
"""File times advance in ticks of up to 10 ms: two writes within one tick may look the same from outside."""


class _File(Attached[T_co]):
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

    def signature(self) -> Hashable:
        with self._lock:
            self._refresh()
            return self._changes

    def read(self) -> T_co:
        with self._lock:
            self._refresh()
            content, modified_at = self._content, self._modified_at
        if content is None:
            return self._missing
        if isinstance(content, SourceError):
            raise content
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise SourceError(
                "damaged",
                self._label,
                f"{self._label} is not UTF-8 text (byte {error.start}); save it as UTF-8",
            ) from error
        return self._parse(text, modified_at)

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
            descriptor = os.open(
                self._path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
            )
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


def _base(place: Place, of: Where) -> Path:
    return place.root if of == "root" else place.path


@dataclass(frozen=True)
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
        return _File(place.root / self.label, self.label, self._parse, None)

    def _parse(self, text: str, _: datetime) -> str | None:
        name = text.strip()
        return name if name != "default" and PROFILE_NAME.match(name) else None
