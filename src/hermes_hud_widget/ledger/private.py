"""A directory that this user alone writes, worked in through its descriptor."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import sys
import weakref
import zlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

if sys.platform != "win32":
    import fcntl

_BLOCK_BYTES = 1 << 20
_OTHERS_MAY_WRITE = 0o022
_WRONG_KIND = {errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENXIO}
"""What the system says of a link, a pipe, a socket, a file or a directory in the place of something else."""


class UntrustedError(OSError):
    """It belongs to somebody else, others may write it, or it is no file or directory at all."""


class Folder:
    """A directory, held open: what is put at its path later is not taken for it, and no link below is followed.

    Attributes:
        fd: The directory's descriptor.
        close: Gives it back; may be called again.
    """

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.close = weakref.finalize(self, os.close, fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def identity(self) -> tuple[int, int]:
        """Device and inode."""
        return _identity(os.fstat(self.fd))

    def folder(self, name: str, *, make: bool = False) -> Folder:
        """A directory in this one, for this user only; with `make` it is made, or closed to others, if need be.

        Raises:
            UntrustedError: It is somebody else's, or no directory; without `make` also when others may write it.
            OSError: It is not there, or cannot be opened or made.
        """
        if make:
            with suppress(FileExistsError):
                os.mkdir(name, 0o700, dir_fd=self.fd)
                os.chmod(name, 0o700, dir_fd=self.fd)  # the umask may have taken of it
        folder = Folder(self._open(name, os.O_RDONLY | os.O_DIRECTORY))
        try:
            status = os.fstat(folder.fd)
            if make and status.st_uid == os.geteuid() and status.st_mode & _OTHERS_MAY_WRITE:
                # What others may have put in shows in its owner; each file is checked by itself.
                os.fchmod(folder.fd, 0o700)
                status = os.fstat(folder.fd)
            _check(status, stat.S_ISDIR)
        except BaseException:
            folder.close()
            raise
        return folder

    def open(self, name: str) -> int:
        """A descriptor of a file, for reading; never waits, as opening a pipe may.

        Raises:
            UntrustedError: It is somebody else's, others may write it, or it is no file.
            OSError: It is not there or cannot be opened.
        """
        return self._checked(self._open(name, os.O_RDONLY | os.O_NONBLOCK))

    def create(self, name: str) -> int:
        """A descriptor of a new file, for writing, readable for this user only."""
        fd = self._open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        try:
            os.fchmod(fd, 0o600)  # the umask may have taken of it
        except BaseException:
            os.close(fd)
            raise
        return fd

    def lock(self, name: str) -> Lock | None:
        """The lock that the file `name` stands for, made if need be; None while another one has it.

        Raises:
            UntrustedError: It is somebody else's, others may write it, or it is no file.
            OSError: It cannot be made or locked.
        """
        try:
            fd = self.create(name)
        except FileExistsError:
            fd = self._checked(self._open(name, os.O_RDWR | os.O_NONBLOCK))
        lock = Lock(fd)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            return None
        except BaseException:
            lock.close()
            raise
        return lock

    def names(self) -> list[str]:
        """What is in it."""
        return os.listdir(self.fd)  # noqa: PTH208 (pathlib knows no descriptors)

    def status(self, name: str) -> os.stat_result:
        """The status of a file or directory, or of a link itself."""
        return os.stat(name, dir_fd=self.fd, follow_symlinks=False)

    def is_own_file(self, name: str, size: int) -> bool:
        """True for a file of so many bytes that nobody else may write."""
        try:
            status = self.status(name)
            _check(status, stat.S_ISREG)
        except OSError:
            return False
        return status.st_size == size

    def rename(self, name: str, new: str) -> None:
        """Renames a file or directory, in place of another file."""
        os.rename(name, new, src_dir_fd=self.fd, dst_dir_fd=self.fd)

    def remove(self, name: str) -> None:
        """Removes whatever has this name, with all that is in it; of a link only the link."""
        if stat.S_ISDIR(self.status(name).st_mode):
            shutil.rmtree(name, dir_fd=self.fd)
        else:
            os.unlink(name, dir_fd=self.fd)

    def touch(self) -> None:
        """Makes it used now; where nothing can be written it stays as it is."""
        with suppress(OSError):
            os.utime(self.fd)

    def used_at(self) -> float:
        """When it was last touched, or anything was put in or taken out, in seconds since 1970."""
        return os.fstat(self.fd).st_mtime

    def _open(self, name: str, flags: int) -> int:
        try:
            return os.open(name, flags | os.O_NOFOLLOW, 0o600, dir_fd=self.fd)
        except OSError as error:
            if error.errno in _WRONG_KIND:
                raise UntrustedError(error.errno, f"{name} is of the wrong kind") from None
            raise

    def _checked(self, fd: int) -> int:
        try:
            _check(os.fstat(fd), stat.S_ISREG)
        except BaseException:
            os.close(fd)
            raise
        return fd


class Lock:
    """The right to write, until `close` or the end of the process."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self.close = weakref.finalize(self, os.close, fd)

    @property
    def identity(self) -> tuple[int, int]:
        """Device and inode of the file that stands for it."""
        return _identity(os.fstat(self._fd))


class Writer:
    """Writes a new file, and knows its size and checksum then. As much of a file object as pyarrow asks for."""

    def __init__(self, fd: int) -> None:
        self.size = 0
        self.checksum = 0
        self.closed = False
        self._fd = fd
        self._pending = bytearray()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self.closed:
            self.closed = True
            try:
                if error is None:
                    self._write_out()
            finally:
                os.close(self._fd)

    def write(self, data: bytes) -> int:
        """Takes all of `data`."""
        if len(data) >= _BLOCK_BYTES:
            self._write_out()
            self._write_through(data)
        else:
            self._pending += data
            if len(self._pending) >= _BLOCK_BYTES:
                self._write_out()
        return len(data)

    def tell(self) -> int:
        """How many bytes were taken."""
        return self.size + len(self._pending)

    def flush(self) -> None:
        """Nothing: a part of a file is of no use to anyone."""

    def close(self) -> None:
        """Nothing: the `with` block closes it."""

    def _write_out(self) -> None:
        data, self._pending = self._pending, bytearray()
        self._write_through(data)

    def _write_through(self, data: bytes | bytearray) -> None:
        with memoryview(data) as view:
            written = 0
            while written < len(view):
                written += os.write(self._fd, view[written:])
        self.size += len(data)
        self.checksum = zlib.crc32(data, self.checksum)


def measured(fd: int) -> tuple[int, int]:
    """Size and checksum of an open file, read from where it stands, in blocks that are not kept.

    CRC-32: 45 ms for 100 MB that the system has in memory (SHA-256 65 to 300, BLAKE2b 120). It is there to
    tell damage; what keeps others from writing are owner and mode.
    """
    size, checksum, block = 0, 0, bytearray(_BLOCK_BYTES)
    with memoryview(block) as view:
        while count := os.readv(fd, [block]):
            size += count
            checksum = zlib.crc32(view[:count], checksum)
    return size, checksum


def read_all(fd: int) -> bytes:
    """The content of an open file."""
    with os.fdopen(fd, "rb", closefd=False) as file:
        return file.read()


def open_folder(path: Path, *, make: bool = False) -> Folder:
    """A directory anywhere, whoever owns it; with `make` it and what lies above are made for this user only."""
    if make:
        missing = []
        above = path
        while not above.exists():
            missing.append(above)
            above = above.parent
        for folder in reversed(missing):
            with suppress(FileExistsError):
                folder.mkdir(0o700)
                folder.chmod(0o700)
    return Folder(os.open(path, os.O_RDONLY | os.O_DIRECTORY))


def close_all(descriptors: Iterable[int]) -> None:
    """Closes them."""
    for fd in descriptors:
        os.close(fd)


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _check(status: os.stat_result, is_kind: Callable[[int], bool]) -> None:
    if not is_kind(status.st_mode):
        raise UntrustedError(errno.EINVAL, "it is of the wrong kind")
    if status.st_uid != os.geteuid():
        raise UntrustedError(errno.EPERM, "it belongs to another user")
    if status.st_mode & _OTHERS_MAY_WRITE:
        raise UntrustedError(errno.EPERM, "others may write it")
