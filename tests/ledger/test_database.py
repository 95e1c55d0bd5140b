from __future__ import annotations

import errno
import itertools
import os
import re
import shutil
import sqlite3
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from hermes_hud_widget.ledger import Database, DatabaseMissing, DatabaseProblem, Schema, descriptor
from hermes_hud_widget.ledger import database as module
from hermes_hud_widget.ledger.descriptor import Descriptor, Header, LogIndex, NotRegularError
from ledger.world import Writer, age, fingerprints, make, settled, wait_for, writing

pytestmark = pytest.mark.live

ADD = "INSERT INTO sessions (id, source, started_at) VALUES (hex(randomblob(8)), 'cli', 1)"
Start = Callable[..., Writer]


def sessions(database: Database) -> int:
    """How many sessions the reader sees."""
    return int(database.read(lambda c, s: c.execute("SELECT count(*) FROM sessions").fetchone()[0]))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def way(database: Database) -> str:
    assert database._opened is not None
    return database._opened.way


def problem(database: Database) -> tuple[str, str]:
    """What kind of problem reading is, and what it says after the name of the file."""
    with pytest.raises(DatabaseProblem) as raised:
        sessions(database)
    assert raised.value.path == "state.db"
    assert str(raised.value).startswith("state.db ")
    return raised.value.kind, str(raised.value).removeprefix("state.db ")


@pytest.fixture
def copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where private copies are made."""
    folder = tmp_path / "copies"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


@pytest.fixture
def orphan(path: Path, writer: Start) -> Path:
    """A database whose log lies there without its index, with one session."""
    make(path)
    agent = writer()
    agent(ADD)
    agent.kill()
    path.with_name("state.db-shm").unlink()
    return path


# -- what lies there decides how it is opened, and nothing of it changes


@pytest.fixture(params=[True, False], ids=["confined", "only told"])
def kernel(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that takes the right to write away, and one that cannot."""
    if not request.param:
        monkeypatch.setattr(module, "without_write_access", lambda work: work())


@pytest.mark.usefixtures("kernel")
def test_a_cold_database_is_read_without_a_trace(path: Path, database: Database) -> None:
    make(path, script=ADD)
    before = fingerprints(path.parent)
    assert sessions(database) == 1
    assert way(database) == "immutable"
    database.signature()
    database.close()
    assert fingerprints(path.parent) == before


@pytest.mark.usefixtures("kernel")
def test_a_live_writers_commits_are_read_without_changing_a_byte(
    path: Path, database: Database, writer: Start
) -> None:
    make(path)
    agent = writer()
    agent(ADD)
    before = fingerprints(path.parent)
    assert sessions(database) == 1
    assert way(database) == "shared"
    database.signature()
    database.close()
    assert fingerprints(path.parent) == before
    assert names(path.parent) == ["state.db", "state.db-shm", "state.db-wal"]


@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("is_allowed", [False, True], ids=["", "even when the connection is told it may"])
@pytest.mark.parametrize("state", ["immutable", "shared", "journal"])
def test_nothing_can_be_written_through_the_connection(
    path: Path, database: Database, writer: Start, state: str, is_allowed: bool
) -> None:
    make(path, "delete" if state == "journal" else "wal")
    agent = writer() if state == "shared" else None
    if agent:
        agent(ADD)
    before = fingerprints(path.parent)

    def write(connection: sqlite3.Connection, schema: Schema) -> None:
        if is_allowed:
            connection.execute("PRAGMA query_only=0")
        connection.execute(ADD)

    with pytest.raises((DatabaseProblem, sqlite3.OperationalError), match="readonly"):
        database.read(write)
    database.close()
    assert fingerprints(path.parent) == before


def test_nothing_can_be_written_to_a_private_copy(orphan: Path, database: Database, copies: Path) -> None:
    with pytest.raises((DatabaseProblem, sqlite3.OperationalError), match="readonly"):
        database.read(lambda c, s: c.execute(ADD))


def test_a_killed_writer_leaves_its_rows_readable(path: Path, database: Database, writer: Start) -> None:
    make(path)
    agent = writer()
    agent(ADD)
    agent.kill()
    before = fingerprints(path.parent)
    signature = database.signature()
    assert sessions(database) == 1
    assert [database.signature() for _ in range(3)] == [signature] * 3
    database.close()
    assert fingerprints(path.parent) == before


def test_a_writer_that_closes_takes_its_log_along_and_reading_goes_on(
    path: Path, database: Database, writer: Start
) -> None:
    make(path)
    agent = writer()
    agent(ADD)
    agent.close()
    assert sessions(database) == 1
    assert way(database) == "immutable"
    assert names(path.parent) == ["state.db"]


@pytest.mark.usefixtures("kernel")
def test_a_rollback_mode_database_is_read_without_a_trace(
    path: Path, database: Database, writer: Start
) -> None:
    make(path, "delete")
    agent = writer("delete")
    agent(ADD)
    before = fingerprints(path.parent)
    assert sessions(database) == 1
    assert way(database) == "journal"
    database.signature()
    database.close()
    assert fingerprints(path.parent) == before


def test_a_log_without_its_index_is_read_from_a_private_copy(
    orphan: Path, database: Database, copies: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = fingerprints(orphan.parent)
    folders: list[Path] = []
    modes: dict[str, int] = {}
    connect = module._connect

    def noted(copy: Path, *args: Any) -> Any:
        folders.append(copy.parent)
        files = {"": copy.parent, **{file.name: file for file in copy.parent.iterdir()}}
        modes.update({name: file.stat().st_mode & 0o777 for name, file in files.items()})
        return connect(copy, *args)

    monkeypatch.setattr(module, "_connect", noted)
    assert sessions(database) == 1
    assert way(database) == "copy"
    assert modes == {"": 0o700, "copy.db": 0o600, "copy.db-wal": 0o600}
    assert [folder.parent for folder in folders] == [copies]
    assert folders[0].name.startswith("hermes-hud-")
    database.close()
    assert list(copies.iterdir()) == []
    assert fingerprints(orphan.parent) == before


@pytest.mark.skipif(sys.platform == "win32", reason="open files keep their names there")
def test_a_private_copy_has_no_name_while_it_is_read(
    path: Path, database: Database, writer: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies = tmp_path / "copies"
    copies.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(copies))
    fill = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)"
    fill += " INSERT INTO messages (session_id, role, content, timestamp) SELECT 'a', 'user', hex(zeroblob(500)), i FROM n"
    make(path, script=f"INSERT INTO sessions (id, source, started_at) VALUES ('a', 'cli', 1); {fill}")
    agent = writer()
    agent("PRAGMA wal_autocheckpoint=0")
    agent(fill)
    agent.kill()
    path.with_name("state.db-shm").unlink()
    for _ in range(2):
        content = "SELECT count(*), sum(length(content)) FROM (SELECT content FROM messages ORDER BY content)"
        assert database.read(lambda c, s: c.execute(content).fetchone()) == (4000, 4_000_000)  # noqa: B023
        assert (way(database), list(copies.iterdir())) == ("copy", [])
        database.signature()
    other = Database(path)
    assert other.read(lambda c, s: c.execute("SELECT count(*) FROM messages").fetchone()) == (4000,)
    other.close()


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_named_and_not_filled_again_at_each_look(
    orphan: Path, database: Database, copies: Path, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[Path] = []

    def full(target: Path, read: object) -> None:
        tries.append(target)
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(module, "_write_private", full)
    assert problem(database) == (
        "unavailable",
        f"has a write-ahead log without its index, and cannot be copied: {os.strerror(code)}. "
        "Set TMPDIR to a directory with room that can be written, or start Hermes once.",
    )
    tries.clear()
    assert len({database.signature() for _ in range(5)}) == 1
    assert len(tries) == 1
    assert list(copies.iterdir()) == []


def test_a_copy_that_fails_otherwise_is_tried_again_at_each_look(
    orphan: Path, database: Database, copies: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(target: Path, read: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as broken:
        broken.setattr(module, "_write_private", fail)
        assert problem(database) == ("unavailable", "cannot be read: Input/output error.")
        failing = database.signature()
    assert list(copies.iterdir()) == []
    assert database.signature() != failing
    assert sessions(database) == 1


def test_a_copy_of_files_that_change_meanwhile_is_thrown_away(
    orphan: Path, database: Database, copies: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, times = module._write_private, itertools.count(1)

    def change(target: Path, read: Callable[[int, int], bytes]) -> None:
        write(target, read)
        os.utime(orphan, (1, next(times)))

    with monkeypatch.context() as busy:
        busy.setattr(module, "_write_private", change)
        assert problem(database) == ("locked", "keeps changing while it is opened; it is tried again")
    assert list(copies.iterdir()) == []
    assert sessions(database) == 1


def test_a_log_without_its_index_is_copied_up_to_a_limit(
    orphan: Path, database: Database, copies: Path, writer: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = orphan.stat().st_size + orphan.with_name("state.db-wal").stat().st_size
    monkeypatch.setattr(module, "COPY_LIMIT_BYTES", limit)
    assert sessions(database) == 1
    database.close()
    monkeypatch.setattr(module, "COPY_LIMIT_BYTES", limit - 1)
    kind, words = problem(database)
    assert (kind, "too large to be copied" in words) == ("unavailable", True)


def test_a_log_without_its_index_that_is_too_large_is_named_with_its_size(
    path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "COPY_LIMIT_BYTES", 2 * 2**20 + 2**19)
    make(path)
    with path.open("ab") as file:
        file.truncate(5 * 2**20)
    path.with_name("state.db-wal").write_bytes(b"a log" * 10)
    assert problem(database) == (
        "unavailable",
        "has a write-ahead log without its index, and is with 5 MB too large to be copied (limit 2 MB). "
        "Start Hermes once: it puts the files in order.",
    )


@pytest.mark.parametrize("variable", [None, "TMPDIR", "TEMP", "TMP"])
@pytest.mark.parametrize("place", [".", "profiles/work", "profiles/work/temporary"])
def test_no_copy_and_no_folder_is_made_below_the_home(
    home: Path, monkeypatch: pytest.MonkeyPatch, place: str, variable: str | None
) -> None:
    path = home / "profiles" / "work" / "state.db"
    (path.parent / "temporary").mkdir(parents=True)
    monkeypatch.setattr("tempfile.tempdir", None if variable else str(home / place))
    for name in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.delenv(name, raising=False)
    if variable:
        monkeypatch.setenv(variable, str(home / place))
    make(path)
    agent = Writer(path)
    agent(ADD)
    agent.kill()
    path.with_name("state.db-shm").unlink()
    database = Database(path)
    before = fingerprints(home)
    assert problem(database) == (
        "unavailable",
        "has a write-ahead log without its index, and no place outside the home to copy it to. "
        "Set TMPDIR to a directory outside, or start Hermes once.",
    )
    # Also a folder that was made and removed would show: in the time of the one above it.
    assert fingerprints(home) == before


def test_a_private_copy_is_made_anew_when_the_files_change(
    orphan: Path, database: Database, copies: Path, writer: Start
) -> None:
    assert sessions(database) == 1
    before = settled(database)
    agent = writer()
    agent(ADD)
    agent.kill()
    orphan.with_name("state.db-shm").unlink()
    assert settled(database) != before
    assert sessions(database) == 2
    assert way(database) == "copy"


def test_a_known_place_for_copies_counts_more_than_the_environment(
    orphan: Path, database: Database, copies: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(orphan.parent))
    assert sessions(database) == 1
    assert way(database) == "copy"


def test_a_place_for_copies_that_is_gone_is_named(
    path: Path, database: Database, writer: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    make(path)
    agent = writer()
    agent(ADD)
    agent.kill()
    path.with_name("state.db-shm").unlink()
    with pytest.raises(DatabaseProblem, match="cannot be copied: No such file"):
        sessions(database)


def test_an_empty_log_without_an_index_is_not_taken_for_a_live_writer(path: Path, database: Database) -> None:
    make(path, script=ADD)
    path.with_name("state.db-wal").touch()
    before = fingerprints(path.parent)
    assert sessions(database) == 1
    assert way(database) == "immutable"
    database.close()
    assert fingerprints(path.parent) == before


def test_a_journal_left_in_the_middle_of_a_commit_is_never_read_past(
    path: Path, database: Database, writer: Start
) -> None:
    make(path, "delete", script=ADD)
    agent = writer("delete")
    agent("PRAGMA cache_size=2")
    agent("BEGIN IMMEDIATE")
    agent(
        "INSERT INTO sessions (id, source, system_prompt, started_at) VALUES ('big', 'cli', zeroblob(400000), 1)"
    )
    agent.kill()
    assert path.with_name("state.db-journal").stat().st_size > 0
    before = fingerprints(path.parent)
    assert problem(database) == (
        "locked",
        "has a journal (state.db-journal) that a writer left behind in the middle of a commit. "
        "Hermes must recover this database: start it once.",
    )
    damaged = database.signature()
    assert database.signature() == damaged
    database.close()
    assert fingerprints(path.parent) == before

    with closing(sqlite3.connect(path)) as hermes:  # it recovers what it opens
        hermes.execute("SELECT count(*) FROM sessions").fetchone()
    assert database.signature() != damaged
    assert sessions(database) == 1


@pytest.mark.parametrize("is_open", [True, False])
def test_a_journal_beside_a_write_ahead_log_file_is_not_ignored(
    path: Path, database: Database, is_open: bool
) -> None:
    make(path, script=ADD)
    if is_open:
        assert sessions(database) == 1
    path.with_name("state.db-journal").write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + bytes(1000))
    kind, words = problem(database)
    assert (kind, "Hermes must recover" in words) == ("locked", True)


@pytest.mark.parametrize("suffix", ["-wal", "-shm"])
def test_a_file_that_appears_beside_the_database_opens_it_anew(
    path: Path, database: Database, copies: Path, suffix: str
) -> None:
    make(path, script=ADD)
    assert sessions(database) == 1
    before = database._opened
    path.with_name(f"state.db{suffix}").write_bytes(bytes(32))
    assert sessions(database) == 1
    assert database._opened is not before


@pytest.mark.parametrize("content", [b"", bytes(1000)], ids=["truncated", "zeroed"])
@pytest.mark.parametrize("journal_mode", ["wal", "delete"])
def test_a_journal_of_a_commit_that_was_finished_holds_nothing(
    path: Path, database: Database, journal_mode: str, content: bytes
) -> None:
    make(path, journal_mode, script=ADD)
    path.with_name("state.db-journal").write_bytes(content)
    assert sessions(database) == 1
    assert path.with_name("state.db-journal").read_bytes() == content


@pytest.mark.parametrize(("content", "is_hot"), [(b"", False), (b"\xd9", True)])
def test_a_journal_that_cannot_be_opened_is_judged_by_its_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, is_hot: bool
) -> None:
    def deny(_: Path) -> int:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(module, "open_for_reading", deny)  # to root nothing is denied
    journal = tmp_path / "state.db-journal"
    journal.write_bytes(content)
    assert module._is_hot(journal) == is_hot


# -- missing, damaged, replaced


def test_a_missing_file_is_missing_and_is_not_created(path: Path, database: Database) -> None:
    with pytest.raises(DatabaseMissing) as raised:
        sessions(database)
    assert str(raised.value) == f"There is no state.db in {path.parent}."
    missing = database.signature()
    assert database.signature() == missing
    assert list(path.parent.iterdir()) == []


def test_a_home_that_is_not_there_is_missing(tmp_path: Path) -> None:
    database = Database(tmp_path / "nowhere" / "state.db")
    with pytest.raises(DatabaseMissing):
        sessions(database)
    assert isinstance(database.signature(), int)


def test_an_empty_file_is_missing_still(path: Path, database: Database) -> None:
    path.touch()
    with pytest.raises(DatabaseMissing, match="empty still"):
        sessions(database)
    empty = database.signature()
    assert database.signature() == empty
    assert path.stat().st_size == 0


@pytest.mark.parametrize(
    "damage",
    [b"This is not a database at all" * 100, b"SQLite format 3\0", b"\0" * 4096],
    ids=["text", "short", "zeros"],
)
def test_a_damaged_header_is_named_and_never_changed(path: Path, database: Database, damage: bytes) -> None:
    path.write_bytes(damage)
    before = fingerprints(path.parent)
    assert problem(database) == (
        "damaged",
        "is not an SQLite database. Restore it from a backup, or let `hermes sessions repair` look.",
    )
    looks = [(database.signature(), database.recheck_soon) for _ in range(5)]
    assert [is_uncertain for _, is_uncertain in looks] == [True, True, True, False, False]
    assert len({signature for signature, _ in looks}) == 1
    assert fingerprints(path.parent) == before


def test_damaged_pages_are_named(path: Path, database: Database) -> None:
    make(path, script=ADD)
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * 3000)
    kind, words = problem(database)
    assert kind == "damaged"
    assert re.fullmatch(r"is damaged \(.+\)\. `hermes sessions repair` mends it\.", words)
    assert isinstance(database.signature(), int)


def test_a_newer_file_format_is_unavailable(path: Path, database: Database) -> None:
    make(path)
    with path.open("r+b") as file:
        file.seek(18)
        file.write(b"\x03\x03")
    assert problem(database) == ("unavailable", "has file format 3; only 1 and 2 are known.")


def test_a_directory_in_its_place_is_a_problem_and_no_crash(path: Path, database: Database) -> None:
    path.mkdir()
    assert problem(database) == ("damaged", "is not a regular file. Move it away.")
    assert isinstance(database.signature(), int)


def test_another_problem_is_another_signature(path: Path, database: Database) -> None:
    path.write_bytes(b"no database" * 100)
    damaged = database.signature()
    path.unlink()
    path.mkdir()
    assert database.signature() != damaged


@pytest.mark.parametrize("journal_mode", ["wal", "delete"])
def test_another_failure_is_another_signature_and_is_looked_at_again_only_so_often(
    path: Path, database: Database, journal_mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(path, journal_mode, script=ADD)
    seen, rechecks = [database.signature()], []
    for code in (errno.EIO, errno.ESTALE):

        def fail(*_: object, code: int = code) -> bytes:
            raise OSError(code, os.strerror(code))

        monkeypatch.setattr(Descriptor, "read", fail)
        seen.append(database.signature())
        rechecks.append(database.recheck_soon)
    assert len(set(seen)) == 3
    for _ in range(3):
        database.signature()
        rechecks.append(database.recheck_soon)
    assert rechecks == [True, True, True, False, False]


def raising(error: sqlite3.Error, code: int | None = None) -> Callable[..., Any]:
    """What fails as SQLite does; errors of Python's own module have no code."""
    if code is not None:
        error.sqlite_errorcode = code

    def fail(*_: object) -> None:
        raise error

    return fail


def test_an_error_that_says_nothing_of_the_file_is_a_problem_until_it_passes(
    path: Path, database: Database, writer: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(path)
    writer()(ADD)
    seen = [database.signature()]
    for words in ("out of luck", "out of memory"):
        with monkeypatch.context() as broken:
            broken.setattr(module, "_data_version", raising(sqlite3.Error(words)))
            failing = {database.signature() for _ in range(6)}
            assert len(failing) == 1
            seen.extend(failing)
    seen.append(database.signature())
    assert len(set(seen)) == 4
    assert sessions(database) == 1


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (sqlite3.SQLITE_CANTOPEN, "cannot be opened from here (odd). Check the directory's permissions."),
        (sqlite3.SQLITE_IOERR_READ, "cannot be opened from here (odd). Check the directory's permissions."),
        (sqlite3.SQLITE_NOMEM, "cannot be opened (odd)."),
        (None, "cannot be opened (odd)."),
    ],
)
def test_a_database_that_sqlite_cannot_open_is_unavailable(
    path: Path, database: Database, code: int | None, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(path)
    monkeypatch.setattr(module, "_connect", raising(sqlite3.OperationalError("odd"), code))
    assert problem(database) == ("unavailable", expected)


def stay_free(pipe: Path, work: Callable[[], object]) -> None:
    """Does `work`, and fails when it waits for a writer of the pipe."""
    thread = threading.Thread(target=work)
    thread.start()
    thread.join(5)
    is_waiting = thread.is_alive()
    while thread.is_alive():  # a writer that comes lets it go on
        os.close(os.open(pipe, os.O_RDWR | os.O_NONBLOCK))
        thread.join(0.01)
    assert not is_waiting


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such pipes")
@pytest.mark.parametrize("suffix", ["", "-wal", "-shm", "-journal"])
@pytest.mark.parametrize("journal_mode", ["wal", "delete"])
def test_a_pipe_in_the_place_of_a_file_is_a_problem_and_nothing_waits_for_it(
    path: Path, database: Database, suffix: str, journal_mode: str
) -> None:
    make(path, journal_mode, script=ADD)
    pipe = path.with_name(path.name + suffix)
    pipe.unlink(missing_ok=True)
    os.mkfifo(pipe)
    found: list[DatabaseProblem] = []

    def look() -> None:
        database.signature()
        try:
            sessions(database)
        except DatabaseProblem as problem:
            found.append(problem)

    stay_free(pipe, look)
    (named,) = found
    assert (named.kind, named.path) == ("damaged", "state.db")
    where = f"has a state.db{suffix} beside it that is not a regular file. Move that away."
    assert str(named) == f"state.db {where if suffix else 'is not a regular file. Move it away.'}"
    broken = database.signature()
    pipe.unlink()
    if not suffix:
        make(path, journal_mode, script=ADD)
    assert database.signature() != broken
    assert sessions(database) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such pipes")
@pytest.mark.parametrize("when", ["before", "after the stat"])
def test_opening_a_pipe_never_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str) -> None:
    pipe, file = tmp_path / "pipe", tmp_path / "file"
    os.mkfifo(pipe)
    file.touch()
    if when == "after the stat":
        status = file.stat()
        monkeypatch.setattr(Path, "stat", lambda _: status)
    errors: list[OSError] = []

    def look() -> None:
        try:
            Descriptor(pipe).release()
        except NotRegularError as error:
            errors.append(error)

    stay_free(pipe, look)
    assert [str(error) for error in errors] == ["not a regular file"]


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such pipes")
def test_a_journal_that_is_a_pipe_holds_nothing_and_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "journal"
    os.mkfifo(pipe)
    found: list[bool] = []
    stay_free(pipe, lambda: found.append(module._is_hot(pipe)))
    assert found == [False]


@pytest.mark.parametrize("code", [errno.EIO, errno.ESTALE])
@pytest.mark.parametrize("journal_mode", ["wal", "delete"])
@pytest.mark.parametrize("is_open", [True, False])
def test_a_file_system_that_fails_is_a_problem_until_it_works_again(
    path: Path,
    database: Database,
    journal_mode: str,
    code: int,
    is_open: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make(path, journal_mode, script=ADD)
    before = database.signature()
    if not is_open:
        database.close()

    def fail(*_: object) -> bytes:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as broken:
        broken.setattr(Descriptor, "read", fail)
        failing = {database.signature() for _ in range(6)}
        assert len(failing) == 1
        assert before not in failing
        assert problem(database) == ("unavailable", f"cannot be read: {os.strerror(code)}.")
        assert failing == {database.signature()}
    assert database.signature() not in failing
    assert sessions(database) == 1


def test_a_read_survives_a_file_handle_that_became_stale(
    path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(path, script=ADD)
    sessions(database)
    read, failures = Descriptor.read, [errno.ESTALE]

    def fail_once(self: Descriptor, size: int, offset: int) -> bytes:
        if failures:
            raise OSError(failures.pop(), "Stale file handle")
        return read(self, size, offset)

    monkeypatch.setattr(Descriptor, "read", fail_once)
    assert sessions(database) == 1


def test_permission_given_later_is_noticed(
    path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(path, script=ADD)

    def deny(_: Path) -> int:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    with monkeypatch.context() as broken:
        broken.setattr(descriptor, "open_for_reading", deny)  # to root nothing is denied
        denied = database.signature()
        words = "cannot be read: Permission denied. Check its permissions."
        assert problem(database) == ("unavailable", words)
    assert database.signature() != denied


@pytest.mark.parametrize("journal_mode", ["wal", "delete"])
def test_a_replaced_file_is_read_anew(
    path: Path, database: Database, journal_mode: str, tmp_path: Path
) -> None:
    make(path, journal_mode, script=ADD)
    assert sessions(database) == 1
    first = database.signature()
    other = tmp_path / "other.db"
    make(other, journal_mode, script=f"{ADD}; {ADD}")
    other.replace(path)
    assert database.signature() != first
    assert sessions(database) == 2


def test_a_deleted_and_recreated_file_is_read_anew(path: Path, database: Database) -> None:
    make(path, script=ADD)
    signatures = [database.signature()]
    path.unlink()
    signatures.append(database.signature())
    with pytest.raises(DatabaseMissing):
        sessions(database)
    make(path, script=f"{ADD}; {ADD}; {ADD}")
    signatures.append(database.signature())
    assert sessions(database) == 3
    assert len(set(signatures)) == 3


def test_a_file_that_changes_its_journal_mode_is_read_on(path: Path, database: Database) -> None:
    make(path, script=ADD)
    assert sessions(database) == 1
    with writing(path, "delete") as agent:
        agent(ADD)
        assert sessions(database) == 2
        assert way(database) == "journal"
    with writing(path, "wal") as agent:
        agent(ADD)
        assert sessions(database) == 3
        assert way(database) == "shared"


def test_a_file_that_becomes_a_cold_one_with_a_log_is_read_without_locks(
    path: Path, database: Database
) -> None:
    make(path, "delete", script=ADD)
    assert sessions(database) == 1
    with writing(path, "wal") as agent:
        agent(ADD)
    assert sessions(database) == 2
    assert way(database) == "immutable"


def test_a_read_that_a_writer_overtook_is_done_again(path: Path, database: Database) -> None:
    make(path, script=ADD)
    seen: list[int] = []

    def work(connection: sqlite3.Connection, schema: Schema) -> int:
        (found,) = connection.execute("SELECT count(*) FROM sessions").fetchone()
        seen.append(found)
        if len(seen) == 1:
            with writing(path) as agent:
                agent(ADD)
        return int(found)

    assert database.read(work) == 2
    assert seen[0] == 1


def test_a_read_that_is_overtaken_each_time_is_a_problem(path: Path, database: Database) -> None:
    make(path, script=ADD)
    times = itertools.count(1)
    with pytest.raises(DatabaseProblem) as raised:
        database.read(lambda c, s: os.utime(path, (1, next(times))))
    assert next(times) == module.RETRIES + 2
    assert raised.value.kind == "locked"
    assert str(raised.value) == "state.db keeps changing while it is read; it is tried again"


def test_the_signature_after_a_read_that_failed_is_still_right(path: Path, database: Database) -> None:
    make(path)

    def work(connection: sqlite3.Connection, schema: Schema) -> None:
        connection.execute("SELECT no_such_column FROM sessions")

    before = database.signature()
    with pytest.raises(sqlite3.OperationalError, match="no_such_column"):
        database.read(work)
    assert database.signature() == before
    assert sessions(database) == 0


# -- signatures


@pytest.mark.parametrize("journal_mode", ["wal", "delete"])
def test_each_commit_changes_the_signature(
    path: Path, database: Database, writer: Start, journal_mode: str
) -> None:
    make(path, journal_mode)
    signatures = [database.signature()]
    agent = writer(journal_mode)
    for _ in range(20):
        agent(ADD)
        signatures.append(database.signature())
    assert len(set(signatures)) == 21


@pytest.mark.parametrize("journal_mode", ["wal", "delete"])
def test_nothing_but_a_commit_changes_the_signature(
    path: Path, database: Database, writer: Start, journal_mode: str
) -> None:
    make(path, journal_mode, script=ADD)
    signature = database.signature()
    agent = writer(journal_mode)
    agent("SELECT count(*) FROM sessions")
    assert database.signature() == signature, "a writer opened"
    agent("BEGIN IMMEDIATE")
    agent(ADD)
    assert database.signature() == signature, "not committed yet"
    agent("ROLLBACK")
    assert database.signature() == signature, "rolled back"
    sessions(database)
    assert database.signature() == signature, "we read"
    agent.close()
    assert database.signature() == signature, "the writer closed"


def test_programs_that_only_open_and_close_it_do_not_change_the_signature(
    path: Path, database: Database
) -> None:
    make(path, script=ADD)
    signatures = {settled(database)}
    # Each makes the log, and deletes it when it ends, as the only one to use it.
    command = "c = sqlite3.connect(sys.argv[1]); c.execute('SELECT * FROM sessions').fetchall(); c.close()"
    loop = f"import sqlite3, sys\nfor _ in range(400):\n    {command}"
    with subprocess.Popen([sys.executable, "-c", loop, str(path)]) as programs:
        while programs.poll() is None:
            signatures.add(database.signature())
            database.close()  # with it open, the log would stay
    signatures.add(settled(database))
    assert len(signatures) == 1


def test_a_file_that_changes_while_it_is_opened_is_looked_at_again_for_a_while(
    path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(path, script=ADD)
    before = settled(database)
    database.close()
    with monkeypatch.context() as moving:
        moving.setattr(Database, "_is_current", lambda self, opened: False)
        looks = [(database.signature(), database.recheck_soon) for _ in range(module.LOOKS_WHILE_MOVING)]
        assert set(looks) == {(before, True)}
        # Whatever it is, it must be told.
        stuck = {(database.signature(), database.recheck_soon) for _ in range(3)}
        assert len(stuck) == 1
        assert stuck != {(before, False)}
        assert not database.recheck_soon
    assert database.signature() not in (before, *(signature for signature, _ in stuck))
    assert sessions(database) == 1


def test_checkpoints_do_not_change_the_signature(path: Path, database: Database, writer: Start) -> None:
    make(path)
    agent = writer()
    agent(ADD)
    signature = database.signature()
    for mode in ("PASSIVE", "FULL", "RESTART", "TRUNCATE"):
        agent(f"PRAGMA wal_checkpoint({mode})")
        assert database.signature() == signature, mode
    agent.close()
    assert database.signature() == signature, "the last one to close"


def test_another_writer_beside_a_dead_ones_log_does_not_change_the_signature(
    path: Path, database: Database, writer: Start
) -> None:
    make(path)
    agent = writer()
    agent(ADD)
    agent.kill()
    age(path)
    age(path.with_name("state.db-wal"))
    signature = database.signature()
    other = writer()
    other("SELECT count(*) FROM sessions")
    assert database.signature() == signature
    other(ADD)
    assert database.signature() != signature


def test_a_commit_by_a_writer_that_came_and_went_changes_the_signature(
    path: Path, database: Database
) -> None:
    make(path)
    signatures = [settled(database)]
    for count in (1, 2, 3):
        with writing(path) as agent:
            agent(ADD)
        signatures.append(settled(database))
        assert sessions(database) == count
    assert len(set(signatures)) == 4
    assert settled(database) == signatures[-1]


def test_files_written_just_now_are_not_taken_for_unchanged(path: Path, database: Database) -> None:
    make(path)
    first = settled(database)
    now_ns = time.time_ns()
    os.utime(path, ns=(now_ns, now_ns))
    database.signature()
    assert database.recheck_soon
    assert database.content() != database.content()
    assert settled(database) != first
    assert database.content() == database.content()


@pytest.mark.parametrize("journal_mode", ["wal", "delete"])
def test_a_vacuum_is_survived(path: Path, database: Database, writer: Start, journal_mode: str) -> None:
    make(path, journal_mode)
    agent = writer(journal_mode)
    for _ in range(50):
        agent(ADD)
    assert sessions(database) == 50
    agent("DELETE FROM sessions WHERE rowid > 10")
    agent("VACUUM")
    assert sessions(database) == 10
    database.signature()
    assert sessions(database) == 10


def test_a_signature_never_waits_for_a_commit_in_rollback_mode(
    path: Path, database: Database, writer: Start
) -> None:
    make(path, "delete")
    agent = writer("delete")
    assert sessions(database) == 0  # a read may wait, and must leave no patience behind
    signature = database.signature()
    agent("BEGIN EXCLUSIVE")
    agent(ADD)
    agent("PRAGMA cache_size=1")
    agent("UPDATE sessions SET title = hex(zeroblob(100000))")  # so much that it is written before the commit
    began = time.perf_counter()
    assert database.signature() == signature
    assert time.perf_counter() - began < 0.05
    assert database.recheck_soon
    opened = database._opened
    words = "is locked by its writer just now. It is tried again at the next change."
    assert problem(database) == ("locked", words)
    assert database._opened is opened, "to wait is no reason to open it anew"
    agent("COMMIT")
    assert database.signature() != signature
    assert not database.recheck_soon
    assert sessions(database) == 1


def test_opening_never_waits_for_a_commit_in_rollback_mode(
    path: Path, database: Database, writer: Start
) -> None:
    make(path, "delete")
    agent = writer("delete")
    agent("BEGIN EXCLUSIVE")
    began = time.perf_counter()
    database.signature()
    assert time.perf_counter() - began < 0.5
    assert database.recheck_soon


def test_in_rollback_mode_no_lock_is_taken_to_know_that_nothing_was_committed(
    path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(path, "delete", script=ADD)
    signature = database.signature()
    monkeypatch.setattr(module, "_data_version", raising(sqlite3.Error("asked")))
    assert database.signature() == signature


def test_asking_for_the_content_does_not_hide_a_refusal_from_the_watcher(
    path: Path, database: Database, writer: Start
) -> None:
    make(path, "delete")
    agent = writer("delete")
    database.signature()
    agent("BEGIN EXCLUSIVE")
    agent("PRAGMA cache_size=1")
    agent(
        "INSERT INTO sessions (id, source, system_prompt, started_at) VALUES ('a', 'cli', zeroblob(100000), 1)"
    )
    database.signature()
    agent("COMMIT")
    database.content()
    assert database.recheck_soon


def test_before_the_first_signature_nothing_is_uncertain(database: Database) -> None:
    assert not database.recheck_soon


def test_a_signature_costs_tens_of_microseconds(path: Path, database: Database, writer: Start) -> None:
    make(path)
    writer()(ADD)
    database.signature()
    began = time.perf_counter()
    for _ in range(500):
        database.signature()
    assert (time.perf_counter() - began) / 500 < 300e-6  # measured: 20; the rest is for a busy machine


@pytest.mark.parametrize(
    ("last", "now", "is_so"),
    [
        (LogIndex(5, 3, 7), LogIndex(5, 0, 8), True),
        (LogIndex(5, 0, 7), LogIndex(5, 0, 8), True),
        (LogIndex(5, 3, 2**32 - 1), LogIndex(5, 0, 0), True),
        (LogIndex(5, 3, 7), LogIndex(6, 0, 8), False),
        (LogIndex(5, 3, 7), LogIndex(5, 1, 8), False),
        (LogIndex(5, 3, 7), LogIndex(5, 0, 7), False),
        (LogIndex(5, 3, 7), LogIndex(5, 0, 9), False),
        (LogIndex(5, 3, 2**32 - 2), LogIndex(5, 0, 2**32 - 1), True),
    ],
)
def test_a_log_was_only_emptied_when_its_salt_grew_by_one_and_nothing_was_committed(
    last: LogIndex, now: LogIndex, is_so: bool
) -> None:
    assert now.was_only_emptied_since(last) == is_so


def test_the_index_of_a_log_tells_commits_frames_and_salt(tmp_path: Path) -> None:
    file = tmp_path / "state.db-shm"
    commits, frames, salt = 0xF1F2F3F4, 0xE1E2E3E4, 0xD1D2D3D4
    header = bytearray(48)
    header[8:12] = struct.pack("=I", commits)
    header[16:20] = struct.pack("=I", frames)
    header[32:36] = struct.pack(">I", salt)
    file.write_bytes(bytes(header) * 2 + bytes(40))
    index = Descriptor(file)
    try:
        assert index.log_index() == LogIndex(commits, frames, salt)
        file.write_bytes(bytes(header) * 2)
        assert index.log_index() == LogIndex(commits, frames, salt)
        file.write_bytes(bytes(header) * 2 + b"more")
        header[47] ^= 1
        file.write_bytes(bytes(header) + file.read_bytes()[48:])
        assert index.log_index() is None, "it is being written"
        file.write_bytes(bytes(95))
        assert index.log_index() is None, "it is not complete"
    finally:
        index.release()


# -- reading


def test_all_statements_of_a_read_see_the_same_state(path: Path, database: Database, writer: Start) -> None:
    make(path)
    agent = writer()
    agent(ADD)

    def work(connection: sqlite3.Connection, schema: Schema) -> tuple[int, int]:
        (first,) = connection.execute("SELECT count(*) FROM sessions").fetchone()
        agent(ADD)
        (second,) = connection.execute("SELECT count(*) FROM sessions").fetchone()
        return first, second

    assert database.read(work) == (1, 1)
    assert sessions(database) == 2


def test_no_read_transaction_is_left_behind(path: Path, database: Database, writer: Start) -> None:
    make(path)
    agent = writer()
    agent(ADD)
    sessions(database)
    agent(ADD)
    (row,) = agent("PRAGMA wal_checkpoint(TRUNCATE)")
    assert row[0] == 0, "a reader kept the log busy"
    assert path.with_name("state.db-wal").stat().st_size == 0


def test_our_locks_survive_another_reader_of_the_same_file_in_this_process(
    path: Path, database: Database, writer: Start
) -> None:
    make(path)
    agent = writer()
    agent(ADD)
    sessions(database)
    other = Database(path)
    sessions(other)
    other.close()
    agent.close()
    # Had closing the other one dropped our lock, the agent would have deleted its log under us.
    assert path.with_name("state.db-wal").exists()
    assert sessions(database) == 1


LOCK = """
import fcntl, sys
file = open(sys.argv[1], "r+b")
fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 510, 0x40000002)
print("locked", flush=True)
sys.stdin.read()
"""
"""What the last writer locks before it deletes its log; in a process of its own, as locks belong to processes."""

LOCK_INDEX = """
import fcntl, sys
file = open(sys.argv[1], "r+b")
fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB, 1, 128)
print("locked", flush=True)
sys.stdin.read()
"""
"""What whoever has a log open holds of its index, from before it says anything."""


def may_be_deleted(path: Path) -> bool:
    """Whether a writer that ends may delete its log now."""
    command = [sys.executable, "-c", LOCK, str(path)]
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True).returncode == 0


posix_locks = pytest.mark.skipif(sys.platform == "win32", reason="there are no such locks")


@posix_locks
def test_only_the_first_user_of_a_file_holds_its_log(path: Path) -> None:
    make(path)
    first = Descriptor(path)
    assert may_be_deleted(path)
    assert first.hold()
    assert not may_be_deleted(path)
    second = Descriptor(path)
    assert not second.hold()
    second.release()
    assert not may_be_deleted(path)
    first.let_go()
    assert may_be_deleted(path)
    first.release()


@posix_locks
def test_a_log_that_is_being_deleted_cannot_be_held(path: Path) -> None:
    make(path)
    command = [sys.executable, "-c", LOCK, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        user = Descriptor(path)
        assert not user.hold()
        user.release()
        writer.communicate()


@posix_locks
@pytest.mark.parametrize("kernel", [False], ids=[""], indirect=True)
@pytest.mark.usefixtures("kernel")
def test_a_log_is_held_until_sqlite_holds_it(
    path: Path, database: Database, writer: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(path)
    agent = writer()
    agent(ADD)
    agent.kill()
    before: list[bool] = []
    connect = module._connect

    def noted(*args: Any) -> Any:
        before.append(may_be_deleted(path))
        return connect(*args)

    monkeypatch.setattr(module, "_connect", noted)
    assert sessions(database) == 1
    assert way(database) == "shared"
    assert [*before, may_be_deleted(path)] == [False, False]
    database.close()
    assert may_be_deleted(path)


@posix_locks
@pytest.mark.parametrize("is_read", [False, True])
def test_a_log_that_is_just_being_made_is_a_change_only_to_whoever_could_not_read_meanwhile(
    path: Path, database: Database, is_read: bool
) -> None:
    make(path, script=ADD)
    before = settled(database)
    log, index = (path.with_name(f"state.db{suffix}") for suffix in ("-wal", "-shm"))
    log.write_bytes(b"")
    index.write_bytes(bytes(32_768))
    command = [sys.executable, "-c", LOCK_INDEX, str(index)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program:
        assert program.stdout is not None
        program.stdout.readline()
        if is_read:
            assert problem(database)[0] == "unavailable"
        assert (database.signature(), database.recheck_soon) == (before, True)
        program.communicate()
    log.unlink()
    index.unlink()
    assert (settled(database) != before) is is_read
    assert sessions(database) == 1


@posix_locks
def test_a_cold_database_is_not_locked(path: Path, database: Database) -> None:
    make(path, script=ADD)
    assert sessions(database) == 1
    assert way(database) == "immutable"
    assert may_be_deleted(path)


def test_the_header_of_a_database_is_read_as_sqlite_writes_it(tmp_path: Path) -> None:
    header = bytearray(b"SQLite format 3\0" + b"\xff" * 84)
    header[16:20] = b"\x10\x00\x02\x01"
    header[24:28] = b"\x11\x22\x33\x44"
    (tmp_path / "state.db").write_bytes(header)
    (tmp_path / "cut").write_bytes(header[:99])
    (tmp_path / "empty").touch()
    found = []
    for name in ("state.db", "cut", "empty"):
        file = Descriptor(tmp_path / name)
        found.append(file.header())
        file.release()
    assert found == [
        Header(True, 2, 0x11223344, 4096),
        Header(False, 2, 0x11223344, 4096),
        Header(False, 0, 0, 0),
    ]


def test_opening_never_meets_a_log_that_was_just_deleted(
    path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(path, script=ADD)
    errors: list[str] = []
    explain = Database._explain

    def recorded(self: Database, error: sqlite3.Error) -> DatabaseProblem | None:
        errors.append(error.sqlite_errorname)
        return explain(self, error)

    monkeypatch.setattr(Database, "_explain", recorded)
    # Each of these commands makes the log, and deletes it when it ends, as the only one to use it.
    command = "c = sqlite3.connect(sys.argv[1]); c.execute('SELECT * FROM sessions').fetchall(); c.close()"
    loop = f"import sqlite3, sys\nfor _ in range(400):\n    {command}"
    ways = set()
    with subprocess.Popen([sys.executable, "-c", loop, str(path)]) as commands:
        while commands.poll() is None:
            assert sessions(database) == 1
            ways.add(way(database))
            database.close()
    assert ways == {"immutable", "shared"}
    # SQLite, told to read a log that is gone, makes an empty one and then cannot open it.
    assert "SQLITE_CANTOPEN" not in errors


def test_columns_that_appear_while_it_is_open_are_noticed(
    path: Path, database: Database, writer: Start
) -> None:
    make(path, release="0.13")
    agent = writer()
    assert not database.read(lambda c, s: s).has("sessions", "archived")
    agent("ALTER TABLE sessions ADD COLUMN archived INTEGER NOT NULL DEFAULT 0")
    assert database.read(lambda c, s: s).has("sessions", "archived")


def test_text_that_is_not_utf_8_is_read_tolerantly(path: Path, database: Database, writer: Start) -> None:
    make(path)
    writer()("INSERT INTO sessions (id, source, started_at) VALUES (CAST(x'61FF00' AS TEXT), 'cli', 1)")
    assert database.read(lambda c, s: c.execute("SELECT id FROM sessions").fetchall()) == [("a\ufffd\0",)]


def test_a_path_with_special_characters_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "a b%20?mode=rwc#ü"
    folder.mkdir()
    make(folder / "state.db", script=ADD)
    database = Database(folder / "state.db")
    assert sessions(database) == 1
    database.close()


def test_many_threads_share_one_reader(path: Path, database: Database, writer: Start) -> None:
    make(path)
    agent = writer()
    counts: list[int] = []

    def look() -> None:
        for _ in range(50):
            counts.append(sessions(database))
            database.signature()

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(50):
        agent(ADD)
    for thread in threads:
        thread.join()
    assert len(counts) == 200
    assert sessions(database) == 50


@pytest.mark.parametrize("journal_mode", ["wal", "delete"])
def test_hermes_commits_while_we_read_all_the_time(path: Path, database: Database, journal_mode: str) -> None:
    make(path, journal_mode)
    seen: list[int] = []
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            seen.append(sessions(database))

    reader = threading.Thread(target=look)
    reader.start()
    for round_ in range(4):
        agent = Writer(path, journal_mode)
        for _ in range(25):
            agent(ADD)
        if round_ % 2:
            agent.kill()
        else:
            agent.close()
    wait_for(lambda: seen[-1:] == [100])
    stop.set()
    reader.join(10)
    assert seen == sorted(seen)


def test_the_descriptor_is_given_back(path: Path) -> None:
    make(path)

    def held() -> int:
        folder = Path("/proc/self/fd")
        return sum(os.path.realpath(fd) == str(path) for fd in folder.iterdir()) if folder.exists() else 0

    for _ in range(3):
        database = Database(path)
        sessions(database)
        database.close()
    assert held() == 0


def test_a_copied_home_is_read_like_the_original(path: Path, tmp_path: Path, writer: Start) -> None:
    make(path)
    agent = writer()
    agent(ADD)
    other = tmp_path / "copied"
    other.mkdir()
    for name in ("state.db", "state.db-wal"):
        shutil.copy(path.with_name(name), other / name)
    database = Database(other / "state.db")
    assert sessions(database) == 1
    database.close()
    assert names(other) == ["state.db", "state.db-wal"]
