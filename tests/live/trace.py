"""What a tree of processes did to files, from strace's log."""

from __future__ import annotations

import ast
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hermes_hud_widget.ledger import confined

OPENING = {"open", "openat", "openat2", "creat"}
CHANGING = {
    *("mkdir", "mkdirat", "rmdir", "rename", "renameat", "renameat2", "unlink", "unlinkat"),
    *("chmod", "fchmod", "fchmodat", "chown", "lchown", "fchown", "fchownat"),
    *("truncate", "ftruncate", "fallocate", "utime", "utimes", "utimensat", "futimesat"),
    *("link", "linkat", "symlink", "symlinkat", "mknod", "mknodat"),
    *("setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr", "fremovexattr"),
    "flock",
}
WRITING = {"write", "writev", "pwrite64", "pwritev", "pwritev2", "sendfile", "copy_file_range", "splice"}
TELLING = {"fcntl", "mmap", "execve", "clone", "clone3", "fork", "vfork"}
WRITING_FLAGS = re.compile(r"O_(WRONLY|RDWR|CREAT|TRUNC|APPEND|TMPFILE)")
STRACE = "/usr/bin/strace"


@dataclass(frozen=True)
class Call:
    """One system call that names a file.

    Attributes:
        thread: The thread that made it.
        paths: The absolute paths that it names.
        text: The line of the log.
    """

    thread: int
    name: str
    paths: tuple[str, ...]
    text: str

    @property
    def is_change(self) -> bool:
        """True if it writes, makes, removes, renames, locks or retimes, or opens in order to."""
        if self.name in OPENING:
            return self.name == "creat" or bool(WRITING_FLAGS.search(self.text))
        if self.name == "fcntl":
            return "_SETLK" in self.text and "F_WRLCK" in self.text and self.text.endswith(" = 0")
        if self.name == "mmap":
            return "PROT_WRITE" in self.text and "MAP_SHARED" in self.text
        return self.name in CHANGING | WRITING

    @property
    def is_sqlite_opening_a_log(self) -> bool:
        """True for the two calls that SQLite cannot be talked out of, and which change nothing.

        It asks to open a `-wal` for reading and writing also when told `mode=ro` (`sqlite3WalOpen`): the
        kernel refuses on our behalf, where it has Landlock, and it reads instead. And, when it runs as root, it gives the files beside a database to the owner of the database, who has them.
        """
        if self.name == "openat":
            is_log = self.paths[-1].endswith("-wal") and "O_RDWR|O_CREAT|O_NOFOLLOW" in self.text
            return is_log and ("= -1 EACCES" in self.text or not confined.is_possible())
        if self.name == "fchown":
            owner = re.search(r">, (\d+), (\d+)\)", self.text)
            beside = re.fullmatch(r"(.*)-(wal|shm|journal)", self.paths[0])
            if owner is None or beside is None:
                return False
            status = Path(beside[1]).stat()
            return (status.st_uid, status.st_gid) == (int(owner[1]), int(owner[2]))
        return False


def strace(log: Path) -> tuple[str, ...]:
    """The command line that runs a program, and all that it starts, under strace."""
    if shutil.which(STRACE) is None:
        pytest.fail(f"These tests need {STRACE}: `apt-get install strace`.", pytrace=False)
    # On another architecture some of these do not exist: `?` makes strace pass over them.
    names = ",".join(f"?{name}" for name in sorted(OPENING | CHANGING | WRITING | TELLING))
    return (STRACE, "-f", "--seccomp-bpf", "-qq", "-y", "-s", "4096", "-e", f"trace={names}", "-o", str(log))


class Trace:
    """A finished log."""

    def __init__(self, log: Path) -> None:
        lines = log.read_text("utf-8", errors="replace").splitlines()
        self.calls = list(_calls(lines))
        self._parents = dict(_births(lines))
        self._servers = {
            call.thread
            for call in self.calls
            if call.name == "execve" and "hermes_hud_widget.server" in call.text
        }

    def below(self, folder: Path) -> list[Call]:
        """The calls that name something in `folder`, or itself."""
        root = str(folder)
        return [
            call
            for call in self.calls
            if any(path == root or path.startswith(root + "/") for path in call.paths)
        ]

    def is_of_server(self, call: Call) -> bool:
        """True if a HUD's server process, or one that it started, made the call."""
        thread: int | None = call.thread
        while thread is not None:
            if thread in self._servers:
                return True
            thread = self._parents.get(thread)
        return False


def _calls(lines: list[str]) -> Iterator[Call]:
    pattern = re.compile(r"(\d+) +(\w+)\((.*)")
    for line in _whole(lines):
        match = pattern.match(line)
        if match:
            yield Call(int(match[1]), match[2], tuple(_paths(match[3])), line)


def _whole(lines: list[str]) -> Iterator[str]:
    """Lines without the cut that strace makes in a call during which another thread makes one."""
    halves: dict[str, str] = {}
    for line in lines:
        thread = line.split(" ", 1)[0]
        resumed = re.match(r"\d+ +<\.\.\. \w+ resumed>(.*)", line)
        if line.endswith(" <unfinished ...>"):
            halves[thread] = line.removesuffix(" <unfinished ...>")
        elif resumed:
            yield halves.pop(thread, "") + resumed[1]
        else:
            yield line
    yield from halves.values()


def _paths(arguments: str) -> Iterator[str]:
    """Absolute paths among a call's arguments: `5</a/b>` is one, `5</a>, "b"` names `/a/b`."""
    folder = "/"
    for described, quoted in re.findall(r"(?:\d+|AT_FDCWD)<([^>]*)>|(\"(?:[^\"\\]|\\.)*\")", arguments):
        if described:
            folder = described
            yield described
        else:
            path = ast.literal_eval(quoted)
            yield os.path.normpath(os.path.join(folder, path))  # noqa: PTH118  not a path of this process


def _births(lines: list[str]) -> Iterator[tuple[int, int]]:
    pattern = re.compile(r"(\d+) +(?:clone3?|v?fork)\b.*= (\d+)$")
    for line in _whole(lines):
        match = pattern.match(line)
        if match:
            yield int(match[2]), int(match[1])
