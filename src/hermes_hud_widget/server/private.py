"""A socket that nobody but its user can reach: the door without a token."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def private_socket(path: Path) -> Iterator[socket.socket]:
    """Binds a unix socket that only this user may connect to, and removes it afterwards.

    Its lock is the directory: connecting needs the right to enter that, everywhere, while some systems do not look at
    the socket's own mode. jupyter-server-proxy makes one of mode 0700 with `mkdtemp`.

    Raises:
        OSError: It cannot be bound there, or others may enter the directory.
    """
    check_private(path.parent)
    with suppress(FileNotFoundError):
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise FileExistsError(f"{path} is not a socket; it is left alone.")
        # Of a server that was killed: jupyter-server-proxy starts the next at the same path.
        path.unlink()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        before = os.umask(0o177)
        try:
            listener.bind(str(path))
        finally:
            os.umask(before)
        bound = path.lstat().st_ino
        try:
            yield listener
        finally:
            with suppress(OSError):
                if path.lstat().st_ino == bound:  # not another's, that took the place meanwhile
                    path.unlink()
    finally:
        listener.close()


def check_private(directory: Path) -> None:
    """Raises OSError unless the directory is this user's, and nobody else may enter it or change what it holds."""
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise NotADirectoryError(f"{directory} is not a directory.")
    if found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise PermissionError(
            f"{directory} must be this user's own and of mode 0700, since there is no other lock; "
            f"it is {stat.filemode(found.st_mode)} of user {found.st_uid}."
        )
