"""The demo's temporary directory: made private, locked by the simulated agent, swept when that is gone."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from hermes_hud_widget.place import DEMO_MARKER

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

PREFIX = "hermes-hud-demo-"


def make_directory() -> tuple[Path, int]:
    """A new empty directory (mode 0700), and a descriptor that holds its lock.

    The lock lasts as long as any process holds the descriptor: hand it to the agent, and a killed agent's
    directory is known by its free lock. A process id would need its start time and its namespace besides.
    """
    path = Path(tempfile.mkdtemp(prefix=PREFIX))
    # Locked under another name first, so that a sweep elsewhere never meets a marker without a lock.
    unnamed = path / f"{DEMO_MARKER}.tmp"
    lock = os.open(unnamed, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    if fcntl is not None:
        fcntl.flock(lock, fcntl.LOCK_EX)
    unnamed.rename(path / DEMO_MARKER)
    return path, lock


def is_demo_directory(path: Path) -> bool:
    """True for a directory that `make_directory` made."""
    return path.name.startswith(PREFIX) and (path / DEMO_MARKER).is_file()


def remove_directory(path: Path) -> None:
    """Removes a demo's directory; another process may be removing it too."""
    while path.exists():
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(path)


def sweep_directories() -> None:
    """Removes this user's demo directories whose agent was killed."""
    if fcntl is None:
        return
    for path in _own_directories():
        with contextlib.suppress(OSError):
            lock = os.open(path / DEMO_MARKER, os.O_RDWR | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                remove_directory(path)
            finally:
                os.close(lock)


def _own_directories() -> Iterator[Path]:
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            if not path.is_symlink() and path.is_dir() and path.stat().st_uid == os.getuid():
                yield path
