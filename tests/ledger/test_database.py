from __future__ import annotations

import errno
import os
import shutil
import sqlite3
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
from hermes_hud_widget.ledger.descriptor import Descriptor, NotRegularError
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


# -- what lies there decides how it is opened, and nothing of it changes


def test_a_cold_database_is_read_without_a_trace(path: Path, database: Database) -> None:
    make(path, script=ADD)
    before = fingerprints(path.parent)
    assert sessions(database) == 1
    assert way(database) == "immutable"
    database.signature()
    database.close()
    assert fingerprints(path.parent) == before


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
    path: Path, database: Database, writer: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies = tmp_path / "copies"
    copies.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(copies))
    make(path)
    agent = writer()
    agent(ADD)
    agent.kill()
    path.with_name("state.db-shm").unlink()
    before = fingerprints(path.parent)
    modes: dict[str, int] = {}
    connect = module._connect

    def noted(copy: Path, *args: Any) -> Any:
        files = {"": copy.parent, **{file.name: file for file in copy.parent.iterdir()}}
        modes.update({name: file.stat().st_mode & 0o777 for name, file in files.items()})
        return connect(copy, *args)

    monkeypatch.setattr(module, "_connect", noted)
    assert sessions(database) == 1
    assert way(database) == "copy"
    assert modes == {"": 0o700, "copy.db": 0o600, "copy.db-wal": 0o600}
    database.close()
    assert list(copies.iterdir()) == []
    assert fingerprints(path.parent) == before


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


def test_a_full_disk_is_named_and_not_filled_again_at_each_look(
    path: Path, database: Database, writer: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    make(path)
    agent = writer()
    agent(ADD)
    agent.kill()
    path.with_name("state.db-shm").unlink()
    tries: list[Path] = []

    def full(target: Path, read: object) -> None:
        tries.append(target)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(module, "_write_private", full)
    with pytest.raises(DatabaseProblem, match="cannot be copied: No space left"):
        sessions(database)
    tries.clear()
    assert len({database.signature() for _ in range(5)}) == 1
    assert len(tries) == 1
    assert [name for name in names(tmp_path) if name.startswith("hermes-hud-")] == []


def test_a_log_without_its_index_is_not_copied_beyond_the_limit(
    path: Path, database: Database, writer: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "COPY_LIMIT_BYTES", 1000)
    make(path)
    agent = writer()
    agent(ADD)
    agent.kill()
    path.with_name("state.db-shm").unlink()
    with pytest.raises(DatabaseProblem, match="too large to be copied") as problem:
        sessions(database)
    assert problem.value.kind == "unavailable"


@pytest.mark.parametrize("is_known", [True, False], ids=["known", "found in the environment"])
@pytest.mark.parametrize("place", [".", "profiles/work", "profiles/work/temporary"])
def test_no_copy_and_no_folder_is_made_below_the_home(
    home: Path, monkeypatch: pytest.MonkeyPatch, place: str, is_known: bool
) -> None:
    path = home / "profiles" / "work" / "state.db"
    (path.parent / "temporary").mkdir(parents=True)
    monkeypatch.setattr("tempfile.tempdir", str(home / place) if is_known else None)
    monkeypatch.setenv("TMPDIR", str(home / place))
    make(path)
    agent = Writer(path)
    agent(ADD)
    agent.kill()
    path.with_name("state.db-shm").unlink()
    database = Database(path)
    before = fingerprints(home)
    with pytest.raises(DatabaseProblem, match="no place outside the home"):
        sessions(database)
    # Also a folder that was made and removed would show: in the time of the one above it.
    assert fingerprints(home) == before


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
    with pytest.raises(DatabaseProblem, match="Hermes must recover this database") as problem:
        sessions(database)
    assert problem.value.path == "state.db"
    damaged = database.signature()
    assert database.signature() == damaged
    database.close()
    assert fingerprints(path.parent) == before

    with closing(sqlite3.connect(path)) as hermes:  # it recovers what it opens
        hermes.execute("SELECT count(*) FROM sessions").fetchone()
    assert database.signature() != damaged
    assert sessions(database) == 1


def test_a_journal_beside_a_write_ahead_log_file_is_not_ignored(path: Path, database: Database) -> None:
    make(path, script=ADD)
    path.with_name("state.db-journal").write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + bytes(1000))
    with pytest.raises(DatabaseProblem, match="Hermes must recover"):
        sessions(database)


# -- missing, damaged, replaced


def test_a_missing_file_is_missing_and_is_not_created(path: Path, database: Database) -> None:
    with pytest.raises(DatabaseMissing):
        sessions(database)
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
    with pytest.raises(DatabaseProblem, match=r"state\.db is not an SQLite database") as problem:
        sessions(database)
    assert problem.value.kind == "damaged"
    signature = database.signature()
    assert [database.signature() for _ in range(5)] == [signature] * 5
    assert fingerprints(path.parent) == before


def test_damaged_pages_are_named(path: Path, database: Database) -> None:
    make(path, script=ADD)
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * 3000)
    with pytest.raises(DatabaseProblem, match="is damaged") as problem:
        sessions(database)
    assert problem.value.kind == "damaged"
    assert isinstance(database.signature(), int)


def test_a_newer_file_format_is_unavailable(path: Path, database: Database) -> None:
    make(path)
    with path.open("r+b") as file:
        file.seek(18)
        file.write(b"\x03\x03")
    with pytest.raises(DatabaseProblem, match="file format 3") as problem:
        sessions(database)
    assert problem.value.kind == "unavailable"


def test_a_directory_in_its_place_is_a_problem_and_no_crash(path: Path, database: Database) -> None:
    path.mkdir()
    with pytest.raises(DatabaseProblem):
        sessions(database)
    assert isinstance(database.signature(), int)


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
    (problem,) = found
    assert problem.kind == "damaged"
    assert "not a regular file" in str(problem)
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
    assert len(errors) == 1


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
        with pytest.raises(DatabaseProblem, match=f"cannot be read: {os.strerror(code)}") as problem:
            sessions(database)
        assert problem.value.kind == "unavailable"
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
        with pytest.raises(DatabaseProblem, match=r"Permission denied\. Check its permissions"):
            sessions(database)
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
    signature = database.signature()
    agent("BEGIN EXCLUSIVE")
    agent(ADD)
    agent("PRAGMA cache_size=1")
    agent("UPDATE sessions SET title = hex(zeroblob(100000))")  # so much that it is written before the commit
    began = time.perf_counter()
    assert database.signature() == signature
    assert time.perf_counter() - began < 0.05
    assert database.recheck_soon
    with pytest.raises(DatabaseProblem, match="locked by its writer"):
        sessions(database)
    agent("COMMIT")
    assert database.signature() != signature
    assert not database.recheck_soon
    assert sessions(database) == 1


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


def test_a_signature_costs_tens_of_microseconds(path: Path, database: Database, writer: Start) -> None:
    make(path)
    writer()(ADD)
    database.signature()
    began = time.perf_counter()
    for _ in range(500):
        database.signature()
    assert (time.perf_counter() - began) / 500 < 300e-6  # measured: 20; the rest is for a busy machine


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
