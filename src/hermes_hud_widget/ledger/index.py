"""What was made of a database's history, kept on disk, so that a second start need not read it again."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import secrets
import threading
import weakref
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from hermes_hud_widget._version import __version__
from hermes_hud_widget.ledger.own import RefusedError
from hermes_hud_widget.ledger.private import (
    Folder,
    Lock,
    UntrustedError,
    Writer,
    close_all,
    measured,
    read_all,
)
from hermes_hud_widget.ledger.shelf import INDEX, LOCK, cache_folder, open_shelf, retire, tidy

if TYPE_CHECKING:
    import pyarrow as pa

FORMAT = 1

_SLICE = 500
_RETRIES = 3
_PART = re.compile(r"[0-9a-f]{32}\.arrow")
_DESCRIPTORS = "/dev/fd"
log = logging.getLogger(__name__)


class Saved(NamedTuple):
    """What the last `save` stored.

    Attributes:
        document: As JSON keeps it: a tuple has become a list.
        tables: By key. Each access maps the file into memory anew, which costs hardly any; pyarrow is
            imported at the first. The tables outlive this object, and the files.
    """

    document: dict[str, Any]
    tables: Mapping[str, pa.Table]


class Index:
    """One database file's entry in the cache directory. All methods may be called from any thread, and block.

    **Only metadata may be stored**: no text of messages, and nothing secret. The caller sees to that, and checks
    that what comes back fits what the database holds now: a file may change in any way while nobody looks.

    An entry is a directory with one file `index.jsonl` and one Arrow file for each table. What is in place is
    never changed: new tables have new names, a new `index.jsonl` takes the old one's place in one step, and
    only then goes what it no longer names. A reader needs no lock, therefore. Nothing is forced onto the disk:
    that would make the agent's own commits wait. After a power cut the checksums tell.

    Args:
        database_path: The database file.
        identity: Its device and inode.
        folder: In place of the one that the environment names.
    """

    def __init__(self, database_path: Path, identity: tuple[int, int], folder: Path | None = None) -> None:
        real = Path(os.path.realpath(database_path))
        named = b"%s\0%d\0%d" % (os.fsencode(real), *identity)
        self.name = hashlib.sha256(named).hexdigest()[:32]
        self._title = f"{real.parent.name}/{real.name}"
        self._home = real.parent.parent.parent if real.parent.parent.name == "profiles" else real.parent
        self._lock = threading.Lock()
        self._held: _Held | None = None
        self._verified: _Verified | None = None
        self._has_warned = False
        self._folder: Path | None = None
        try:
            self._folder = folder or cache_folder()
        except OSError as error:
            self._warn(error)

    @property
    def is_used(self) -> bool:
        """False where nothing is kept at all."""
        return self._folder is not None

    def load(self, *, with_tables: bool = True) -> Saved | None:
        """What was stored, every byte of it verified; None when there is nothing, or anything is wrong with it.

        Args:
            with_tables: False: only the document, which is a small part.
        """
        with self._lock:
            if self._folder is None:
                return None
            try:
                with self._open_shelf() as shelf, shelf.folder(self.name) as folder:
                    saved = self._load(folder, with_tables)
                    folder.touch()
                    return saved
            except FileNotFoundError:
                return None
            except RefusedError as error:
                self._warn(error)
                return None
            except (_Damaged, OSError) as error:
                log.info("The index of %s is of no use and is made anew: %s", self._title, _said(error))
                return None

    def save(self, document: dict[str, Any], tables: Mapping[str, pa.Table]) -> bool:
        """Stores both in the place of what was stored before; this process is the writer from then on.

        Args:
            document: What JSON can hold. Its lists and mappings are written in slices, so that other threads
                need not wait for the whole of it; those further inside are not.
            tables: By key. A key belongs to its rows for ever: a table whose key is stored already is not
                written again, nor asked for.

        Returns:
            False when nothing was stored: another process is the writer, nothing is kept at all, or it cannot
            be written, which is logged once.
        """
        lines = [*_lines(document)]
        with self._lock:
            if self._folder is None:
                return False
            try:
                with self._open_shelf(make=True) as shelf:
                    held = self._hold(shelf)
                    if held is None:
                        return False
                    self._write(held.folder, lines, tables)
                    try:
                        self._remove_unnamed(held.folder)
                        tidy(shelf, self.name)
                    except OSError as error:  # it is stored nevertheless
                        log.info("What is kept no longer cannot be removed: %s", _said(error))
            except OSError as error:
                self._warn(error)
                return False
            return True

    def forget(self) -> None:
        """Removes what was stored."""
        with self._lock:
            self._release()
            if self._folder is None:
                return
            try:
                with self._open_shelf() as shelf:
                    retire(shelf, self.name)
            except FileNotFoundError:
                return
            except OSError as error:
                self._warn(error)

    def close(self) -> None:
        """Lets another process be the writer; the next `save` tries to be it again."""
        with self._lock:
            self._release()

    def _open_shelf(self, *, make: bool = False) -> Folder:
        assert self._folder is not None
        return open_shelf(self._folder, [self._home], make=make)

    # -- reading

    def _load(self, folder: Folder, with_tables: bool) -> Saved:
        """What is stored in `folder`; tried again when a writer replaced it meanwhile."""
        for _ in range(_RETRIES):
            content = _read(folder)
            if not with_tables:
                return Saved(content.document, {})
            descriptors: dict[str, int] = {}
            try:
                for key, part in content.parts.items():
                    descriptors[key] = part.open(folder)
            except FileNotFoundError:
                close_all(descriptors.values())
                continue
            except BaseException:
                close_all(descriptors.values())
                raise
            self._verified = _Verified(content.facts, content.parts)
            return Saved(content.document, _Tables(descriptors))
        raise _Damaged("a table is missing")

    def _stored(self, folder: Folder) -> dict[str, _Part]:
        """The tables that need not be written again."""
        with suppress(OSError):
            if self._verified is not None and self._verified.facts == _facts(folder.status(INDEX)):
                return {
                    key: part
                    for key, part in self._verified.parts.items()
                    if folder.is_own_file(part.file, part.size)
                }
        self._verified = None
        try:
            parts = _read(folder).parts
        except (_Damaged, OSError):
            return {}
        stored = {}
        for key, part in parts.items():
            with suppress(_Damaged, OSError):  # it is written again
                os.close(part.open(folder))
                stored[key] = part
        return stored

    # -- writing

    def _hold(self, shelf: Folder) -> _Held | None:
        """The entry, locked by this object; None while another one has it."""
        if self._held is not None and self._held.is_in(shelf, self.name):
            return self._held
        self._release()
        for attempt in range(_RETRIES):
            try:
                folder = shelf.folder(self.name, make=True)
                lock = folder.lock(LOCK)
            except FileNotFoundError:  # removed meanwhile
                continue
            except (UntrustedError, PermissionError):
                if attempt:
                    raise
                retire(shelf, self.name)
                continue
            if lock is None:
                return None
            held = _Held(folder, lock)
            if held.is_in(shelf, self.name):
                self._held = held
                return held
            held.close()
        return None

    def _release(self) -> None:
        if self._held is not None:
            self._held.close()
            self._held = None

    def _write(self, folder: Folder, lines: list[bytes], tables: Mapping[str, pa.Table]) -> None:
        stored = self._stored(folder)
        parts: dict[str, _Part] = {}
        made = []
        try:
            for key in tables:
                part = stored.get(key)
                if part is None:
                    made.append(secrets.token_hex(16) + ".arrow")
                    part = _write_table(folder, made[-1], tables[key])
                parts[key] = part
            made.append(secrets.token_hex(16) + ".new")
            self._write_index(folder, made[-1], lines, parts)
            facts = _facts(folder.status(made[-1]))
            try:
                folder.rename(made[-1], INDEX)
            except IsADirectoryError:
                folder.remove(INDEX)
                folder.rename(made[-1], INDEX)
        except Exception:
            # A full disk is not to stay full. What a process that ends here leaves goes with the next `save`.
            for name in made:
                with suppress(OSError):
                    folder.remove(name)
            raise
        self._verified = _Verified(facts, parts)

    def _write_index(self, folder: Folder, name: str, lines: list[bytes], parts: dict[str, _Part]) -> None:
        first = {"package": __version__, "tables": {key: part._asdict() for key, part in parts.items()}}
        body = [_json(first), *lines]
        checksum = 0
        for line in body:
            checksum = zlib.crc32(line, checksum)
        head = {"format": FORMAT, "database": self._title, "checksum": checksum}
        with Writer(folder.create(name)) as writer:
            for line in (_json(head), *body):
                writer.write(line)

    def _remove_unnamed(self, folder: Folder) -> None:
        assert self._verified is not None
        named = {INDEX, LOCK, *(part.file for part in self._verified.parts.values())}
        for name in folder.names():
            if name not in named:
                with suppress(FileNotFoundError):
                    folder.remove(name)

    def _warn(self, error: OSError) -> None:
        if not self._has_warned:
            self._has_warned = True
            log.warning(
                "No index of %s is kept, so each start reads all of its history: %s",
                self._title,
                _said(error),
            )


class _Damaged(Exception):
    """What was stored makes no sense; says why."""


class _Part(NamedTuple):
    """One table's file."""

    file: str
    size: int
    checksum: int

    def open(self, folder: Folder) -> int:
        """A descriptor of it, its content verified."""
        fd = folder.open(self.file)
        try:
            if measured(fd) != (self.size, self.checksum):
                raise _Damaged("a table's checksum is wrong")
        except BaseException:
            os.close(fd)
            raise
        return fd


class _Content(NamedTuple):
    facts: tuple[int, ...]
    document: dict[str, Any]
    parts: dict[str, _Part]


class _Verified(NamedTuple):
    """Which tables are known to be whole, as long as this is the `index.jsonl` that names them."""

    facts: tuple[int, ...]
    parts: dict[str, _Part]


class _Held(NamedTuple):
    folder: Folder
    lock: Lock

    def is_in(self, shelf: Folder, name: str) -> bool:
        """True unless it was removed, and perhaps made anew by another process."""
        with suppress(FileNotFoundError):
            entry, lock = shelf.status(name), self.folder.status(LOCK)
            return (entry.st_dev, entry.st_ino) == self.folder.identity and (
                lock.st_dev,
                lock.st_ino,
            ) == self.lock.identity
        return False

    def close(self) -> None:
        self.lock.close()
        self.folder.close()


class _Tables(Mapping[str, "pa.Table"]):
    """Tables from files that are open already: whoever removes them does not matter."""

    def __init__(self, descriptors: dict[str, int]) -> None:
        self._descriptors = descriptors
        weakref.finalize(self, close_all, descriptors.values())

    def __getitem__(self, key: str) -> pa.Table:
        import pyarrow as pa

        # The map outlives its source: a table keeps no descriptor open.
        with pa.memory_map(f"{_DESCRIPTORS}/{self._descriptors[key]}") as source:
            return pa.ipc.open_file(source).read_all()

    def __contains__(self, key: object) -> bool:
        return key in self._descriptors

    def __iter__(self) -> Iterator[str]:
        return iter(self._descriptors)

    def __len__(self) -> int:
        return len(self._descriptors)


def _write_table(folder: Folder, name: str, table: pa.Table) -> _Part:
    import pyarrow as pa

    # A file holds one dictionary for each column, not one for each of its chunks.
    options = pa.ipc.IpcWriteOptions(unify_dictionaries=True)
    with Writer(folder.create(name)) as writer:
        sink = pa.PythonFile(writer, "w")
        with pa.ipc.new_file(sink, table.schema, options=options) as stream:
            stream.write_table(table)
    return _Part(name, writer.size, writer.checksum)


def _read(folder: Folder) -> _Content:
    """The content of `index.jsonl`; the tables are not looked at."""
    fd = folder.open(INDEX)
    try:
        facts = _facts(os.fstat(fd))
        head, _, body = read_all(fd).partition(b"\n")
    finally:
        os.close(fd)
    try:
        said = json.loads(head)
        if said["format"] != FORMAT:
            raise _Damaged("it has another format")
        if said["checksum"] != zlib.crc32(body):
            raise _Damaged("its checksum is wrong")
        lines = iter(body.splitlines())
        first = json.loads(next(lines))
        if first["package"] != __version__:
            raise _Damaged(f"it is of version {first['package']}")
        parts = {key: _Part(**part) for key, part in first["tables"].items()}
        if not all(_PART.fullmatch(part.file) for part in parts.values()):
            raise _Damaged("it names what is no table")
        return _Content(facts, _joined(json.loads(line) for line in lines), parts)
    except (ValueError, KeyError, TypeError, AttributeError, StopIteration, RecursionError) as error:
        raise _Damaged(f"it makes no sense ({type(error).__name__})") from None


def _lines(document: dict[str, Any]) -> Iterator[bytes]:
    """One line for each slice of each value: one thread's turn is short then, in writing and in reading."""
    for key, value in document.items():
        if isinstance(value, dict) and len(value) > _SLICE:
            items = iter(value.items())
            while some := dict(islice(items, _SLICE)):
                yield _json([key, some])
        elif isinstance(value, list) and len(value) > _SLICE:
            for start in range(0, len(value), _SLICE):
                yield _json([key, value[start : start + _SLICE]])
        else:
            yield _json([key, value])


def _joined(slices: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for key, value in slices:
        if key not in document:
            document[key] = value
        elif isinstance(value, dict):
            document[key].update(value)
        else:
            document[key] += value
    return document


def _json(value: object) -> bytes:
    # ASCII only: text of foreign origin may hold half a character, which no encoding takes.
    return json.dumps(value, separators=(",", ":")).encode("ascii") + b"\n"


def _facts(status: os.stat_result) -> tuple[int, ...]:
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def _said(error: Exception) -> str:
    return (isinstance(error, OSError) and error.strerror) or str(error)
