"""The directory of all indexes: where it is, what is in it, and what must go."""

from __future__ import annotations

import errno
import json
import os
import re
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import platformdirs

from hermes_hud_widget.ledger.own import check_outside, own_folder
from hermes_hud_widget.ledger.private import Folder, UntrustedError, open_folder
from hermes_hud_widget.place import shown

VARIABLE = "HERMES_HUD_CACHE"
"""Names another directory for what is kept; `off`: nothing is."""
KEPT_DAYS = 30
KEPT_BYTES = 2_000_000_000
INDEX, LOCK = "index.jsonl", "lock"
"""What every entry holds, besides its tables."""

_FOLDER = "history"
_ENTRY = re.compile(r"[0-9a-f]{32}")
_GONE = ".gone-"
_HEAD_BYTES = 4096


class Entry(NamedTuple):
    """What is kept of one database.

    Attributes:
        name: The directory's name.
        title: Which database it is, in short: its directory's name and its own; `?` when it does not say.
        size: In bytes.
        used_at: When it was last read or written, in seconds since 1970.
    """

    name: str
    title: str
    size: int
    used_at: float


def cache_folder() -> Path | None:
    """Where things are kept; None: nothing is. There is no index on Windows, where directories have no descriptors.

    Raises:
        RefusedError: The variable names no place.
    """
    return own_folder(VARIABLE, platformdirs.user_cache_path)


def open_shelf(folder: Path, homes: Iterable[Path] = (), *, make: bool = False) -> Folder:
    """The directory of all indexes.

    Args:
        folder: What `cache_folder` said.
        homes: Hermes homes below which nothing may be written, besides those that are known anyway.
        make: Makes it.

    Raises:
        RefusedError: It lies below a Hermes home.
        UntrustedError: Somebody else may write it.
        OSError: It is not there, or cannot be made or opened.
    """
    real = Path(os.path.realpath(folder))
    check_outside(real, homes, VARIABLE)
    with open_folder(real, make=make) as outer:
        return outer.folder(_FOLDER, make=make)


def shelf_path(folder: Path) -> str:
    """Its path as people write it."""
    return shown(folder / _FOLDER)


def entries(shelf: Folder) -> list[Entry]:
    """All that is kept, what was used last first."""
    found = [entry for name in shelf.names() if _ENTRY.fullmatch(name) for entry in _entry(shelf, name)]
    return sorted(found, key=lambda entry: entry.used_at, reverse=True)


def tidy(shelf: Folder, keep: str) -> None:
    """Removes what was not used for `KEPT_DAYS`, and beyond `KEPT_BYTES` what was used longest ago.

    Stays: the entry `keep`, and those that another process writes.
    """
    _remove_remains(shelf)
    oldest, total = time.time() - KEPT_DAYS * 86_400, 0
    # The one that stays counts first, whenever it was used.
    for entry in sorted(entries(shelf), key=lambda entry: entry.name != keep):
        total += entry.size
        if entry.name != keep and (entry.used_at < oldest or total > KEPT_BYTES):
            _retire_idle(shelf, entry)


def clear(shelf: Folder) -> list[Entry]:
    """Removes everything, also what a running server uses: it keeps what it has open. Says what is gone."""
    gone = entries(shelf)
    for name in shelf.names():
        if _ENTRY.fullmatch(name):
            retire(shelf, name)
    _remove_remains(shelf)
    return gone


def retire(shelf: Folder, name: str) -> None:
    """Removes an entry, or whatever has its name: in one step for those who look for it by name."""
    gone = _GONE + secrets.token_hex(8)
    with suppress(FileNotFoundError):  # another process was first
        shelf.rename(name, gone)
        _remove(shelf, gone)


def _entry(shelf: Folder, name: str) -> Iterator[Entry]:
    # Another process may remove any of it meanwhile; what is not this user's is not an entry.
    with suppress(FileNotFoundError, UntrustedError, PermissionError), shelf.folder(name) as folder:
        size = 0
        for part in folder.names():
            with suppress(FileNotFoundError):
                size += folder.status(part).st_size
        yield Entry(name, _title(folder), size, folder.used_at())


def _title(folder: Folder) -> str:
    try:
        fd = folder.open(INDEX)
    except OSError:
        return "?"
    try:
        title = json.loads(os.read(fd, _HEAD_BYTES).partition(b"\n")[0])["database"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return "?"
    finally:
        os.close(fd)
    return "".join(c if c.isprintable() else "?" for c in str(title))


def _retire_idle(shelf: Folder, entry: Entry) -> None:
    """Removes an entry unless its writer is alive."""
    try:
        with shelf.folder(entry.name) as folder:
            lock = folder.lock(LOCK)
    except FileNotFoundError:
        return
    except UntrustedError:
        retire(shelf, entry.name)  # nobody can hold that
        return
    if lock is not None:
        retire(shelf, entry.name)
        lock.close()


def _remove_remains(shelf: Folder) -> None:
    """What a process that ended in the middle of it left behind."""
    for name in shelf.names():
        if name.startswith(_GONE):
            with suppress(FileNotFoundError):
                _remove(shelf, name)


def _remove(shelf: Folder, name: str) -> None:
    for _ in range(3):
        try:
            return shelf.remove(name)
        except OSError as error:
            # A writer that has not noticed yet put something in; or a network drive keeps what is open. Later, then.
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
    return None
