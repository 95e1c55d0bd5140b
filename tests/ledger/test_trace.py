"""What the reader asks of the system, seen from outside: nothing below the home is ever written."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ledger.world import Writer, fingerprints, make, schema

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed"),
]

ADD = "INSERT INTO sessions (id, source, started_at) VALUES (hex(randomblob(8)), 'cli', 1)"
CALLS = (
    "open,openat,openat2,creat,mkdir,mkdirat,rename,renameat,renameat2,unlink,unlinkat,rmdir,link,linkat,symlink,"
    "symlinkat,chmod,fchmod,fchmodat,chown,fchown,fchownat,truncate,ftruncate,fallocate,utime,utimes,utimensat,"
    "write,pwrite64,writev,pwritev,setxattr,fsetxattr,mknod,mknodat,fcntl,flock,mmap"
)
READER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from hermes_hud_widget.ledger import Database, Ledger, DatabaseProblem

database = Database(Path(sys.argv[1]))
ledger = Ledger(database)
args = SimpleNamespace(since=None, until=None, columns=None, limit=None, session_id=None, text=False, is_whole=True)
for _ in range(2):
    database.signature()
    try:
        rows = len(ledger.sessions(datetime.now(UTC)))
        ledger.transcript("a", None, 10, datetime.now(UTC))
        ledger.messages(args)
        ledger.spending(datetime.fromtimestamp(0, UTC))
        ledger.recent(5)
        print(rows)
    except DatabaseProblem as problem:
        print(problem.kind)
database.close()
"""


Start = Callable[..., Writer]


def cold(path: Path, mode: str, start: Start) -> None:
    make(path, mode, script=ADD)


def live(path: Path, mode: str, start: Start) -> None:
    start(mode).script(schema() + ADD)


def killed(path: Path, mode: str, start: Start) -> None:
    agent = start(mode)
    agent.script(schema() + ADD)
    agent.kill()


def killed_without_index(path: Path, mode: str, start: Start) -> None:
    killed(path, mode, start)
    path.with_name("state.db-shm").unlink()


def killed_while_writing(path: Path, mode: str, start: Start) -> None:
    cold(path, mode, start)
    agent = start(mode)
    agent("PRAGMA cache_size=2")
    agent("BEGIN IMMEDIATE")
    agent(
        "INSERT INTO sessions (id, source, system_prompt, started_at) VALUES ('big', 'cli', zeroblob(400000), 1)"
    )
    agent.kill()


def missing(path: Path, mode: str, start: Start) -> None:
    pass


def damaged(path: Path, mode: str, start: Start) -> None:
    path.write_bytes(b"nonsense" * 1000)


@pytest.mark.parametrize(
    ("prepare", "mode", "expected"),
    [
        (cold, "wal", "1"),
        (live, "wal", "1"),
        (killed, "wal", "1"),
        (killed_without_index, "wal", "1"),
        (cold, "delete", "1"),
        (live, "delete", "1"),
        (killed, "delete", "1"),
        (killed_while_writing, "delete", "locked"),
        (missing, "wal", "0"),
        (damaged, "wal", "damaged"),
    ],
)
def test_the_system_is_never_asked_to_change_anything_in_the_home(
    path: Path,
    tmp_path: Path,
    writer: Start,
    prepare: Callable[[Path, str, Start], None],
    mode: str,
    expected: str,
) -> None:
    prepare(path, mode, writer)
    before = fingerprints(path.parent)
    log = tmp_path / "strace.log"
    reader = [sys.executable, "-c", READER, str(path)]
    done = subprocess.run(
        ["strace", "-f", "-y", "-e", f"trace={CALLS}", "-s", "64", "-o", str(log), *reader],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [expected] * 2
    assert fingerprints(path.parent) == before
    about_home = [line for line in calls(log) if str(path.parent) in line]
    assert about_home or prepare is missing, "strace saw nothing of the home"
    assert [line for line in about_home if changes(line)] == []


def calls(log: Path) -> list[str]:
    """Lines of strace; a call that was interrupted by another thread's is put together again."""
    begun: dict[str, str] = {}
    whole = []
    for line in log.read_text(errors="replace").splitlines():
        thread = line.split()[0]
        if line.endswith(" <unfinished ...>"):
            begun[thread] = line.removesuffix(" <unfinished ...>")
        elif resumed := re.match(r"\d+ +<\.\.\. \w+ resumed>", line):
            whole.append(begun.pop(thread, "") + line[resumed.end() :])
        else:
            whole.append(line)
    return whole + list(begun.values())


def changes(line: str) -> bool:
    """True for a call that would change something, succeed or not; opening a log is refused by the kernel."""
    call = re.sub(r"^\d+\s+", "", line).split("(")[0]
    if call in ("open", "openat", "openat2"):
        if "EACCES" in line and "-wal" in line:
            # SQLite asks to open a log for writing, whatever it is told; the kernel refuses on our behalf.
            return False
        return any(flag in line for flag in ("O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_APPEND"))
    if call == "fchown":
        # As root SQLite gives a log the owner of its database, which it has; as nobody else.
        return os.geteuid() != 0
    if call == "mmap":
        return "MAP_SHARED" in line and "PROT_WRITE" in line
    if call == "fcntl":
        return "F_WRLCK" in line and "EBADF" not in line
    return True
