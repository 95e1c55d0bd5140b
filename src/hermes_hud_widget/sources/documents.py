"""Every file of one name in a tree of folders: texts that may begin with front matter."""

from __future__ import annotations

import codecs
import hashlib
import os
import threading
import time
import zlib
from collections.abc import Hashable, Mapping
from dataclasses import field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hermes_hud_widget.errors import SourceError
from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.ledger.descriptor import NotRegularError, open_for_reading
from hermes_hud_widget.place import Place
from hermes_hud_widget.redact import encodable
from hermes_hud_widget.sources.config import Config
from hermes_hud_widget.sources.front_matter import split_front_matter
from hermes_hud_widget.sources.source import Attached, Source

MAX_TEXT_BYTES = 256 * 1024
"""Of a longer document only the beginning is read."""
MAX_DOCUMENTS = 2_000
MAX_FOLDERS = 4_000
"""A tree with more folders is not a tree of documents; the rest of it is left out, and said to be."""
MAX_FILES_BELOW = 400
"""The files beside and below a document are of no interest where there are more of them, folders included."""
MAX_DIGEST_BYTES = 8 * 1024 * 1024
"""And have no digest where they are larger than this together."""
_FRESH_NS = 20_000_000
"""File times advance in ticks of up to 10 ms: two writes within one tick may look the same from outside."""


@frozen
class Document:
    """One of the files.

    Attributes:
        folder: The folder it lies in, as it is to be shown: below the home, or as written in `config.yaml`.
        parts: The folders between the top of its tree and itself.
        is_outside: True if its tree is not the home's own.
        front_matter: What its front matter says; empty where there is none.
        front_matter_text: The same as it stands in the file.
        text: What follows the front matter.
        is_cut: True if the text is longer than `text`.
        problem: What is wrong with it, in words; None: nothing.
        is_text: False if there is no text to be had, or it is not UTF-8.
        modified_at: When it was written last, in UTC; None if it cannot be read.
        size_bytes: Its size.
        files: The other files in its folder and below, as paths from there.
        digest: MD5 over the paths and contents of all files in its folder and below, in the order of their
            paths; None if they are too many or too large, one cannot be read, or nobody asked for it.
    """

    folder: str
    parts: tuple[str, ...]
    is_outside: bool = False
    front_matter: Mapping[str, Any] = field(default_factory=dict)
    front_matter_text: str = ""
    text: str = ""
    is_cut: bool = False
    problem: str | None = None
    is_text: bool = True
    modified_at: datetime | None = None
    size_bytes: int = 0
    files: tuple[str, ...] = ()
    digest: str | None = None


@frozen
class Outside:
    """A folder outside the home that is read as well: as written in `config.yaml`, and whether it is there."""

    path: str
    exists: bool


@frozen
class Tree:
    """What the folders hold.

    Attributes:
        documents: In the order of their paths; those of the home first.
        outside: The further folders.
        unread: Folders that could not be listed, and what was left out, in words.
    """

    documents: tuple[Document, ...] = ()
    outside: tuple[Outside, ...] = ()
    unread: tuple[str, ...] = ()


@frozen
class Documents(Source[Tree]):
    """Every file of one name in a folder of the home and below.

    Links to folders are followed, each real folder once. A file that cannot be read is a document with a
    `problem`, and costs no other. A look at them takes one `stat` for each folder and file; only what changed
    is read again.

    Attributes:
        path: The folder, in the home.
        name: The files' name.
        never: Names of folders that are never entered.
        not_beside: Names of folders that are not entered where they lie directly beside such a file.
        further: Where in `config.yaml` further folders are listed (dotted); they lie outside the home.
        with_files: Whether all the other files beside and below each document belong to it: they are listed,
            watched and digested.
    """

    path: str
    name: str
    never: frozenset[str] = frozenset()
    not_beside: frozenset[str] = frozenset()
    further: str | None = None
    with_files: bool = False

    @property
    def label(self) -> str:
        return f"{self.path}/**/{self.name}"

    @property
    def missing(self) -> Tree:
        return Tree()

    def attach(self, place: Place) -> Attached[Tree]:
        return _Documents(self, place)


@frozen
class _Top:
    """Where a tree begins; `shown` stands for `path` in what is shown."""

    path: str
    shown: str
    is_outside: bool


@frozen
class _Listing:
    """What is in a folder. `is_fresh`: more may have come within the same tick of the clock."""

    facts: tuple[int, int, int]
    folders: tuple[str, ...]
    links: frozenset[str]
    files: tuple[str, ...]
    is_fresh: bool


@frozen
class _Look:
    """A file seen from outside; equal as long as its content is.

    Attributes:
        facts: Device, inode, size in bytes, time of the last change in ns; or the number of the error.
        version: How often the content changed without any of these.
        checksum: Of the content, while it was written so recently that this may happen.
    """

    facts: tuple[int, ...]
    version: int = 0
    checksum: int | None = field(default=None, compare=False)


@frozen
class _Found:
    """A document as it was found, not yet read; `files` is None where there are too many."""

    top: _Top
    folder: str
    parts: tuple[str, ...]
    files: tuple[str, ...] | None


@frozen
class _Walk:
    """What one walk through the trees found.

    Attributes:
        folders: Where more may appear.
        is_certain: False if something was written just now.
        error: Why the home's own folder cannot be read.
    """

    found: tuple[_Found, ...] = ()
    looks: Mapping[str, _Look] = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    outside: tuple[Outside, ...] = ()
    error: SourceError | None = None
    folders: tuple[str, ...] = ()
    is_certain: bool = True

    def content(self) -> tuple[object, ...]:
        """What it comes to, apart from what must be watched."""
        return (self.found, self.looks, self.unread, self.outside, str(self.error))


class _Documents(Attached[Tree]):
    def __init__(self, declared: Documents, place: Place) -> None:
        self._declared = declared
        self._place = place
        self._config = Config().attach(place)
        self._config_read: Hashable = None
        self._home = _Top(str(place.path / declared.path), declared.path, False)
        self._lock = threading.Lock()
        self._tops: tuple[_Top, ...] = (self._home,)
        self._listings: dict[str, _Listing] = {}
        self._walk = _Walk()
        self._changes = 0
        self._folders: tuple[Path, ...] = (Path(self._home.path),)
        self._read: dict[str, tuple[_Look, Document]] = {}
        self._digests: dict[str, tuple[Hashable, str | None]] = {}
        if declared.further is not None:
            self.files = self._config.files

    @property
    def folders(self) -> tuple[Path, ...]:  # type: ignore[override]
        return self._folders

    def signature(self) -> Hashable:
        with self._lock:
            self._look()
            return self._changes

    def read(self) -> Tree:
        with self._lock:
            self._look()
            walk = self._walk
            if walk.error is not None:
                raise walk.error
            documents = tuple(self._document(found) for found in walk.found)
            self._forget_all_but(walk)
        return Tree(documents, walk.outside, walk.unread)

    def is_missing(self) -> bool:
        with self._lock:
            self._tops = self._current_tops()
            return not any(os.path.lexists(top.path) for top in self._tops)

    # -- looking, without reading

    def _look(self) -> None:
        self._tops = self._current_tops()
        walk = _Walker(self._declared, self._tops, self._listings, self._walk.looks)()
        self.recheck_soon = not walk.is_certain or self._config.recheck_soon
        if walk.folders != self._walk.folders:
            self._folders = tuple(map(Path, walk.folders))
        if walk.content() != self._walk.content():
            self._changes += 1
        self._walk = walk

    def _current_tops(self) -> tuple[_Top, ...]:
        """The home's own folder and those that `config.yaml` names, by Hermes' rules (`agent/skill_utils.py`)."""
        if self._declared.further is None:
            return self._tops
        if (signature := self._config.signature()) == self._config_read:
            return self._tops
        self._config_read = signature
        try:
            named = self._config.read().get(self._declared.further)
        except SourceError:  # told by whoever shows the configuration; what it said last still holds
            return self._tops
        tops = {os.path.realpath(self._home.path): self._home}
        for entry in [named] if isinstance(named, str) else named if isinstance(named, list) else []:
            written = str(entry).strip() if isinstance(entry, (str, int, float)) else ""
            if written and "\0" not in written:
                expanded = os.path.expanduser(os.path.expandvars(written))  # noqa: PTH111  this one never raises
                real = os.path.realpath(self._place.path / expanded)
                tops.setdefault(real, _Top(real, written.rstrip("/") or "/", True))
        return tuple(tops.values())

    # -- reading

    def _document(self, found: _Found) -> Document:
        path = f"{found.folder}/{self._declared.name}"
        look = self._walk.looks[path]
        known = self._read.get(path)
        if known is None or known[0] != look:
            parts = tuple(map(encodable, found.parts))
            blank = Document("/".join((found.top.shown, *parts)), parts, found.top.is_outside)
            known = self._read[path] = (look, _read_document(path, look, blank))
        if not found.files:
            return known[1]
        others = tuple(encodable(name) for name in found.files if name != self._declared.name)
        return replace(known[1], files=others, digest=self._digest(found.folder, found.files))

    def _digest(self, folder: str, names: tuple[str, ...]) -> str | None:
        looks = tuple((name, self._walk.looks[f"{folder}/{name}"]) for name in names)
        known = self._digests.get(folder)
        if known is None or known[0] != looks:
            known = self._digests[folder] = (looks, _digest(folder, names))
        return known[1]

    def _forget_all_but(self, walk: _Walk) -> None:
        for path in self._read.keys() - walk.looks.keys():
            del self._read[path]
        for folder in self._digests.keys() - {found.folder for found in walk.found}:
            del self._digests[folder]


class _Walker:
    """One walk through the trees.

    Args:
        listings: Of the walk before; brought up to date.
        looks: Of the walk before.
    """

    def __init__(
        self,
        declared: Documents,
        tops: tuple[_Top, ...],
        listings: dict[str, _Listing],
        looks: Mapping[str, _Look],
    ) -> None:
        self._declared = declared
        self._tops = tops
        self._known = listings
        self._known_looks = looks
        self._now = time.time_ns()
        self._listed: dict[str, _Listing | OSError] = {}
        self._entered: set[tuple[int, int]] = set()
        self._looks: dict[str, _Look] = {}
        self._found: list[_Found] = []
        self._watched = dict.fromkeys(top.path for top in tops)
        self._unread: dict[str, None] = {}

    def __call__(self) -> _Walk:
        outside: list[Outside] = []
        error: SourceError | None = None
        for top in self._tops:
            listing = self._list(top.path)
            if top.is_outside:
                outside.append(Outside(top.shown, not isinstance(listing, FileNotFoundError)))
            if isinstance(listing, OSError) and not isinstance(listing, FileNotFoundError):
                words = _not_listed(top.shown, listing)
                if top.is_outside:
                    self._unread[words] = None
                else:
                    is_no_folder = isinstance(listing, NotADirectoryError)
                    error = SourceError("damaged" if is_no_folder else "unavailable", top.shown, words)
            else:
                self._enter(top)
        self._known.clear()
        self._known.update((path, one) for path, one in self._listed.items() if isinstance(one, _Listing))
        is_certain = all(look.checksum is None for look in self._looks.values()) and not any(
            self._known[path].is_fresh for path in self._watched if path in self._known
        )
        return _Walk(
            tuple(self._found),
            self._looks,
            tuple(self._unread),
            tuple(outside),
            error,
            tuple(self._watched),
            is_certain,
        )

    def _enter(self, top: _Top) -> None:
        """Finds the documents of one tree, in the order of their paths."""
        found: list[tuple[str, tuple[str, ...]]] = []
        waiting: list[tuple[str, tuple[str, ...]]] = [(top.path, ())]
        while waiting:
            folder, parts = waiting.pop()
            listing = self._list(folder)
            if listing is None:
                self._unread[f"only the first {MAX_FOLDERS:,} folders are read"] = None
                break
            self._watched[folder] = None
            if isinstance(listing, OSError):
                if not isinstance(listing, (FileNotFoundError, NotADirectoryError)):
                    self._unread[_not_listed("/".join((top.shown, *parts)), listing)] = None
                continue
            if listing.facts[:2] in self._entered:
                continue
            self._entered.add(listing.facts[:2])
            has_document = self._declared.name in listing.files
            if has_document:
                found.append((folder, parts))
            names = [
                name
                for name in listing.folders
                if name not in self._declared.never
                and not (has_document and name in self._declared.not_beside)
            ]
            waiting.extend((f"{folder}/{name}", (*parts, name)) for name in sorted(names, reverse=True))
        for folder, parts in sorted(found, key=lambda one: f"{one[0]}/{self._declared.name}"):
            if len(self._found) >= MAX_DOCUMENTS:
                self._unread[
                    f"only the first {MAX_DOCUMENTS:,} files named {self._declared.name} are read"
                ] = None
                break
            self._add(top, folder, parts)

    def _add(self, top: _Top, folder: str, parts: tuple[str, ...]) -> None:
        files = self._files_below(folder) if self._declared.with_files else ()
        for name in {self._declared.name, *(files or ())}:
            path = f"{folder}/{name}"
            if path not in self._looks:
                self._looks[path] = self._look(path)
        self._found.append(_Found(top, folder, parts, files))

    def _files_below(self, top: str) -> tuple[str, ...] | None:
        """All files in a folder and below, links to folders not followed; None if there are too many."""
        names: list[tuple[str, ...]] = []
        folders: list[str] = []
        waiting: list[tuple[str, ...]] = [()]
        while waiting:
            parts = waiting.pop()
            folder = "/".join((top, *parts))
            listing = self._list(folder)
            folders.append(folder)
            if listing is None:
                return None
            if isinstance(listing, OSError):
                continue
            names.extend((*parts, name) for name in listing.files)
            waiting.extend((*parts, name) for name in listing.folders if name not in listing.links)
            if len(names) + len(folders) > MAX_FILES_BELOW:
                return None
        self._watched.update(dict.fromkeys(folders))
        # By folders and names, as Hermes sorts paths, which is not the order of the texts.
        return tuple("/".join(parts) for parts in sorted(names))

    def _list(self, folder: str) -> _Listing | OSError | None:
        """What is in a folder; None if that would be one folder too many."""
        if folder not in self._listed:
            if len(self._listed) >= MAX_FOLDERS:
                return None
            self._listed[folder] = self._list_again(folder)
        return self._listed[folder]

    def _list_again(self, folder: str) -> _Listing | OSError:
        try:
            status = os.stat(folder)  # noqa: PTH116  a Path for each of thousands would cost more than the look
            facts = (status.st_dev, status.st_ino, status.st_mtime_ns)
            known = self._known.get(folder)
            if known is not None and known.facts == facts and not known.is_fresh:
                return known
            with os.scandir(folder) as entries:
                found = [
                    (entry.name, entry.is_dir(), entry.is_symlink())
                    for entry in entries
                    if not _is_temporary(entry.name)
                ]
        except OSError as error:
            return error
        return _Listing(
            facts,
            tuple(name for name, is_folder, _ in found if is_folder),
            frozenset(name for name, is_folder, is_link in found if is_folder and is_link),
            tuple(name for name, is_folder, _ in found if not is_folder),
            self._is_fresh(status),
        )

    def _look(self, path: str) -> _Look:
        try:
            status = os.stat(path)  # noqa: PTH116
        except OSError as error:
            return _Look((error.errno or 0,))
        facts = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
        known = self._known_looks.get(path)
        if known is None or known.facts != facts:
            return _Look(facts, checksum=_checksum(path) if self._is_fresh(status) else None)
        if known.checksum is None:
            return known
        checksum = _checksum(path)
        version = known.version + (checksum != known.checksum)
        return _Look(facts, version, checksum if self._is_fresh(status) else None)

    def _is_fresh(self, status: os.stat_result) -> bool:
        return abs(self._now - status.st_mtime_ns) < _FRESH_NS


def _is_temporary(name: str) -> bool:
    """True for what is about to be renamed into place (`.SKILL.md.tmp.x1y2`)."""
    return name.startswith(".") and ".tmp" in name


def _not_listed(shown: str, error: OSError) -> str:
    shown = encodable(shown)
    if isinstance(error, NotADirectoryError):
        return f"{shown} is not a folder"
    return f"{shown} cannot be listed: {error.strerror}"


# -- one document


def _read_document(path: str, look: _Look, blank: Document) -> Document:
    if len(look.facts) == 1:
        is_link = Path(path).is_symlink()
        why = (
            "it is a link to a file that does not exist"
            if is_link
            else _not_opened(os.strerror(look.facts[0]))
        )
        return replace(blank, is_text=False, problem=why)
    modified_at = datetime.fromtimestamp(look.facts[3] / 1e9, UTC)
    blank = replace(blank, size_bytes=look.facts[2], modified_at=modified_at)
    try:
        content = _load(path, MAX_TEXT_BYTES + 1)
    except OSError as error:
        return replace(blank, is_text=False, problem=_not_opened(error.strerror))
    if content is None:
        return replace(blank, is_text=False, problem="it is not a regular file")
    is_cut = len(content) > MAX_TEXT_BYTES
    blank = replace(blank, is_cut=is_cut)
    try:
        # What is cut may end within a character, which is no damage.
        text = codecs.getincrementaldecoder("utf-8")().decode(content[:MAX_TEXT_BYTES], final=not is_cut)
    except UnicodeDecodeError as error:
        shown = _plain(content[:MAX_TEXT_BYTES].decode("utf-8", "replace"))
        return replace(blank, text=shown, is_text=False, problem=f"it is not UTF-8 text (byte {error.start})")
    return replace(blank, **vars(split_front_matter(_plain(text))))


def _not_opened(reason: str | None) -> str:
    return f"it cannot be opened: {reason}"


def _plain(text: str) -> str:
    """Without a byte order mark, and with line ends as Python's text files have them."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _digest(folder: str, names: tuple[str, ...]) -> str | None:
    """As Hermes digests a skill (`tools/skills_sync.py`, `_dir_hash`)."""
    digest = hashlib.md5(usedforsecurity=False)
    left = MAX_DIGEST_BYTES
    for name in names:
        try:
            content = _load(f"{folder}/{name}", left + 1)
        except FileNotFoundError:  # a link to nowhere is no file to Hermes
            continue
        except OSError:
            return None
        if content is None:
            continue
        left -= len(content)
        if left < 0:
            return None
        digest.update(name.replace("/", os.sep).encode("utf-8", "surrogateescape"))
        digest.update(content)
    return digest.hexdigest()


def _checksum(path: str) -> int:
    try:
        return zlib.crc32(_load(path, MAX_DIGEST_BYTES) or b"")
    except OSError:  # told when it is read
        return 0


def _load(path: str, limit: int) -> bytes | None:
    """At most `limit` bytes of a file; None if it is no regular one. Never waits for a FIFO's other end."""
    try:
        descriptor = open_for_reading(Path(path))
    except NotRegularError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        return file.read(limit)
