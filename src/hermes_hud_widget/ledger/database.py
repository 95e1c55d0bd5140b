"""Reading one SQLite file beside its live writer, without leaving a trace."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import stat
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Hashable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal, NamedTuple, TypeVar
from urllib.parse import quote

from hermes_hud_widget.errors import HudError, SourceError
from hermes_hud_widget.ledger.confined import without_write_access
from hermes_hud_widget.ledger.descriptor import Descriptor, LogIndex, NotRegularError, open_for_reading
from hermes_hud_widget.ledger.schema import Schema, read_schema, schema_version

T = TypeVar("T")

COPY_LIMIT_BYTES = 256 * 1024 * 1024
"""Up to this size (database and write-ahead log together) a private copy is made where nothing else works."""
RETRIES = 3
RETRY_S = 0.05
BUSY_TIMEOUT_MS = 150
LOOKS_WHILE_MOVING = 20
"""So often in a row a signature passes over a file that cannot be opened because another program is just opening or
closing it: half a second of looks. That makes and deletes the files beside it, and need not commit anything."""

_WAL_HEADER_BYTES = 32
_COARSE_CLOCK_NS = 20_000_000
"""File times advance in ticks of up to 10 ms: two writes within one tick may look the same from outside."""

_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL})
_UNREADABLE = frozenset(
    {
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_AUTH,
    }
)
_MOVING = frozenset({sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY})
"""Also what SQLite says of a log that is just being deleted, or whose index does not say anything yet."""
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})

Way = Literal["immutable", "shared", "journal", "copy"]


class DatabaseMissing(HudError):
    """There is no such file, or it is empty still."""


class DatabaseProblem(SourceError):
    """The file is there but cannot be read now; `kind` says which way, the text what to do."""


class Database:
    """One SQLite file, read through one connection. All methods may be called from any thread.

    Hermes' file is never created, written, locked for writing, checkpointed or recovered. How it is
    opened depends on what lies there:

    ======================================  ========================================================
    write-ahead log, no `-wal`              `immutable`: no locks at all, so each read is guarded by a
                                            comparison of the file's facts before and after
    `-wal` and `-shm`                       `mode=ro&readonly_shm=1`: sees each commit, changes no byte
    `-wal` alone                            a private copy outside the home, up to `COPY_LIMIT_BYTES`
    rollback journal (network drives)       `mode=ro`: short locks, so reads must be short
    rollback journal left by a dead writer  nothing: only Hermes can recover it
    ======================================  ========================================================
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        # Made once: a look asks for them several times.
        self._wal, self._shm, self._journal = (_beside(path, end) for end in ("-wal", "-shm", "-journal"))
        self._lock = threading.RLock()
        self._opened: _Opened | None = None
        self._seen: _Seen | None = None
        self._content = 0
        self._looks_at_problem = 0
        self._was_refused = False
        self.recheck_soon = False
        """True when the last `signature` could not be certain: take it again in some 20 ms."""
        self.may_lag = True
        """False when at the last `signature` nothing was in the log that was not visible: whatever comes after that
        raises an event. A commit that is synchronised to disk first is in the log long before it is visible."""

    @property
    def files(self) -> tuple[Path, ...]:
        """What to watch. Not `-shm`: reading touches it, and no commit changes it alone."""
        return (self.path, self._wal, self._journal)

    @property
    def identity(self) -> Hashable:
        """Which file is open: another one after it was replaced or restored; None while none is."""
        opened = self._opened
        return None if opened is None else opened.descriptor.identity

    @property
    def way(self) -> Way | None:
        """How it is open; None while it is not."""
        opened = self._opened
        return None if opened is None else opened.way

    def signature(self) -> Hashable:
        """Equal as long as the committed content is; costs some 20 µs.

        Reading, checkpoints, writers that come and go without a commit, and files that appear beside the
        database do not change it, as far as that can be known from outside. Never raises: a missing or
        damaged file is a signature, too. When the writer holds its lock right now, or the files were written
        so recently that their times cannot tell writes apart, the last signature comes back and
        `recheck_soon` is True.
        """
        with self._lock:
            content, self.recheck_soon = self._look()
            return content

    def content(self) -> Hashable:
        """Like `signature`, but never equal to another one when it is not certain that nothing changed.

        For whoever keeps what was read; leaves `recheck_soon` to the watcher.
        """
        with self._lock:
            content, is_uncertain = self._look()
            return object() if is_uncertain else content

    def commits(self) -> tuple[Hashable, int] | None:
        """A number that grows by one with each commit, and what it counts from; None when that cannot be told.

        Numbers with another origin are not to be compared. Taken in a `read`, it counts at least the commits
        that this read sees.
        """
        with self._lock:
            opened = self._opened
            if opened is None:
                return None
            with suppress(OSError):
                if opened.index is not None:
                    log = opened.index.log_index()
                    return None if log is None else (opened.index.identity, log.commits)
                if opened.way == "journal":
                    return (opened.descriptor.identity, opened.descriptor.header().change_counter)
            return None

    def facts(self) -> Hashable:
        """What can be seen of the committed content from outside, without reading it; None when that is uncertain.

        Equal facts of one file, even from another process, are the same content.
        """
        with self._lock:
            opened = self._opened
            if opened is None:
                return None
            taken_ns = time.time_ns()
            try:
                facts = self._facts(opened)
                log = None if opened.index is None else opened.index.log_index()
                if opened.log is not None and (log is None or log.is_behind(opened.log, opened.page_bytes)):
                    return None  # a commit is written that nobody can see yet
            except OSError:
                return None
            is_settled = abs(taken_ns - facts.written_ns()) > _COARSE_CLOCK_NS
            return facts if is_settled else None

    def read(self, work: Callable[[sqlite3.Connection, Schema], T]) -> T:
        """Runs `work` in one read transaction, in which all its statements see the same state.

        `work` must be quick (some 10 ms: in rollback mode Hermes' commits wait for it), must fetch all
        rows of each statement, and may be run again.

        Raises:
            DatabaseMissing: There is no file, or an empty one.
            DatabaseProblem: It stayed damaged, locked or unreadable over all retries (some 0.2 s).
        """
        problem: DatabaseProblem | None = None
        for attempt in range(RETRIES + 1):
            if attempt:
                time.sleep(RETRY_S)
            with self._lock:
                try:
                    opened = self._current()
                    return self._transaction(opened, work)
                except _Moved:
                    self._close()
                    problem = self._problem("locked", "keeps changing while it is read; it is tried again")
                except DatabaseProblem as error:
                    self._close()
                    problem = error
                    if error.kind == "unavailable":
                        break
                except OSError as error:
                    self._close()
                    problem = self._unreadable(error)
                    if isinstance(error, PermissionError):
                        break
                except sqlite3.Error as error:
                    problem = self._explain(error)
                    if problem is None:  # a fault of the query
                        raise
                    if problem.kind != "locked":
                        self._close()
        assert problem is not None
        # Told to whoever asked: that it can be read again is then a change, also if nothing was committed.
        with self._lock:
            self._was_refused = True
        raise problem

    def close(self) -> None:
        """Closes the connection; the next call opens it again."""
        with self._lock:
            self._close()

    # -- signatures

    def _look(self) -> tuple[int, bool]:
        """The number of the content that is there now, and whether that is uncertain."""
        try:
            seen = self._see()
        except sqlite3.Error as error:
            if _code(error) in _BUSY:
                return self._content, True
            self._close()
            problem = self._explain(error) or self._problem("unavailable", f"cannot be read ({error}).")
            if _code(error) in _MOVING and problem.kind == "unavailable" and self._may_move():
                return self._content, True
            seen = self._see_problem(problem, may_pass=problem.kind == "unavailable")
        except OSError as error:
            self._close()
            seen = self._see_problem(self._unreadable(error), may_pass=True)
        except DatabaseMissing:
            seen = _Seen(what="missing")
        except _StillMoving as problem:
            self._close()
            if self._may_move():
                return self._content, True
            seen = self._see_problem(problem, may_pass=True)
        except DatabaseProblem as problem:
            self._close()
            seen = self._see_problem(problem)
        if seen.what == "problem":
            # It may be gone in a moment, and no event need tell of it.
            self._looks_at_problem += 1
        else:
            self._looks_at_problem = 0
        if seen.what == "content" and seen.version is None and not seen.is_settled():
            # A commit in the same tick of the clock would look the same: no answer before that has passed.
            return self._content, True
        is_back = seen.what != "problem" and self._was_refused
        if is_back:
            self._was_refused = False
        if is_back or self._seen is None or not seen.is_same_content(self._seen):
            self._content += 1
        self._seen = seen
        return self._content, 0 < self._looks_at_problem <= RETRIES

    def _may_move(self) -> bool:
        """Whether what was met just now may still come of a program that opens or closes it."""
        self._looks_at_problem += 1
        return self._looks_at_problem <= LOOKS_WHILE_MOVING

    def _see(self) -> _Seen:
        last = self._seen
        if last is not None and last.what == "problem" and last.problem == self._problem_facts():
            return last
        self.may_lag = True
        opened = self._current()
        version, log = None, None
        if opened.way == "shared":
            version, log = _version_and_log(opened)
            if log is not None and opened.log is not None:
                self.may_lag = log.is_behind(opened.log, opened.page_bytes)
        elif opened.way == "journal":
            # When the header's counter says that nothing was committed, no lock is needed to know.
            version = (
                last.version
                if last is not None and self._is_unchanged(opened, last)
                else _data_version(opened)
            )
        # The facts last: with a commit in between they are so fresh that they vouch for nothing, and the next
        # look finds the new version. The other way round old facts would vouch for the new version for ever.
        taken_ns = time.time_ns()
        return _Seen("content", self._facts(opened), taken_ns, opened.connection, version, log)

    def _is_unchanged(self, opened: _Opened, last: _Seen) -> bool:
        is_settled = last.connection is opened.connection and last.is_settled()
        return is_settled and last.facts.main == self._facts(opened).main

    def _see_problem(self, problem: DatabaseProblem, may_pass: bool = False) -> _Seen:
        """A problem as what was seen; one that `may_pass` without a change of the files is looked at again."""
        return _Seen("problem", problem=None if may_pass else self._problem_facts(), message=str(problem))

    def _problem_facts(self) -> Hashable:
        return tuple(_stat_facts(file) for file in (*self.files, self._shm))

    def _facts(self, opened: _Opened) -> _Facts:
        main = _stat_facts(self.path)
        wal = _stat_facts(self._wal)
        has_frames = wal is not None and wal[2] > _WAL_HEADER_BYTES
        return _Facts((main, opened.descriptor.header().change_counter), wal if has_frames else None)

    # -- opening

    def _current(self) -> _Opened:
        """The connection, opened anew if what lies there has changed."""
        opened = self._opened
        if opened is not None and self._is_current(opened):
            return opened
        self._close()
        try:
            self._opened = self._open()
        except (_Moved, FileNotFoundError):
            words = f"{self.path.name} keeps changing while it is opened; it is tried again"
            raise _StillMoving("locked", self.path.name, words) from None
        except sqlite3.Error as error:
            if self._explain(error) is not None:
                raise
            raise self._problem("unavailable", f"cannot be opened ({error}).") from None
        return self._opened

    def _is_current(self, opened: _Opened) -> bool:
        try:
            status = self.path.stat()
        except OSError:
            return False
        if (status.st_dev, status.st_ino) != opened.descriptor.identity:
            return False
        if opened.way in ("immutable", "copy"):
            return self._facts_for_opening(opened.descriptor) == opened.facts
        wal = _stat_facts(self._wal)
        if opened.way == "journal":
            return wal is None and opened.descriptor.header().format == 1
        return wal is not None and wal[:2] == opened.wal_identity

    def _open(self) -> _Opened:
        with ExitStack() as undo:
            try:
                descriptor = Descriptor(self.path)
            except (FileNotFoundError, NotADirectoryError):
                raise DatabaseMissing(f"There is no {self.path.name} in {self.path.parent}.") from None
            except NotRegularError:
                raise self._problem("damaged", "is not a regular file. Move it away.") from None
            undo.callback(descriptor.release)
            self._check_header(descriptor)
            self._check_neighbours()
            held = descriptor.hold()
            way = self._way(descriptor)
            if held and way != "shared":
                descriptor.let_go()
            facts = self._facts_for_opening(descriptor)
            folder, index, log = None, None, None
            if way == "copy":
                folder = self._copy(descriptor, facts)
                undo.callback(shutil.rmtree, folder, ignore_errors=True)
            elif way == "shared":
                index = Descriptor(self._shm)
                undo.callback(index.release)
                # Only the database itself carries SQLite's locks: the log may be opened and closed freely.
                log = open_for_reading(self._wal)
                undo.callback(os.close, log)
            if folder:
                connection, schema = _connect(folder / "copy.db", way)
            else:
                connection, schema = without_write_access(partial(_connect, self.path, way))
            undo.callback(connection.close)
            if folder and sys.platform != "win32":
                # SQLite has its files open: without names they end with this process, however it ends.
                shutil.rmtree(folder, ignore_errors=True)
                folder = None
            wal = _stat_facts(self._wal)
            opened = _Opened(
                connection,
                descriptor,
                way,
                schema,
                facts,
                wal[:2] if wal else None,
                folder,
                index,
                log,
                descriptor.header().page_bytes,
            )
            if not self._is_current(opened):
                raise _Moved
            undo.pop_all()
            return opened

    def _check_header(self, descriptor: Descriptor) -> None:
        if self.path.stat().st_size == 0:
            raise DatabaseMissing(f"{self.path.name} is empty still: Hermes has not written it yet.")
        header = descriptor.header()
        if not header.is_sqlite:
            raise self._problem(
                "damaged",
                "is not an SQLite database. Restore it from a backup, or let `hermes sessions repair` look.",
            )
        if header.format not in (1, 2):
            raise self._problem("unavailable", f"has file format {header.format}; only 1 and 2 are known.")

    def _check_neighbours(self) -> None:
        """SQLite would open a pipe or a device in the place of its own files, and wait for ever."""
        for suffix in ("-wal", "-shm", "-journal"):
            path = _beside(self.path, suffix)
            with suppress(FileNotFoundError):
                if not stat.S_ISREG(path.stat().st_mode):
                    raise self._problem(
                        "damaged", f"has a {path.name} beside it that is not a regular file. Move that away."
                    )

    def _way(self, descriptor: Descriptor) -> Way:
        wal = _stat_facts(self._wal)
        journal_mode = descriptor.header().format == 1
        if wal is None and journal_mode:
            return "journal"
        if _is_hot(self._journal):
            # Immutable it would show what was never committed, and no reader may roll it back.
            raise self._must_be_recovered()
        has_index = _stat_facts(self._shm) is not None
        if wal is None or (wal[2] == 0 and not has_index):
            return "immutable"
        return "shared" if has_index else "copy"

    def _facts_for_opening(self, descriptor: Descriptor) -> Hashable:
        wal, index = self._wal, self._shm
        return (
            _stat_facts(self.path),
            descriptor.header(),
            _stat_facts(wal),
            _stat_facts(index) is not None,
            _is_hot(self._journal),
        )

    def _copy(self, descriptor: Descriptor, facts: Hashable) -> Path:
        """A folder with a private copy of a database whose log lies there without its index."""
        wal = self._wal
        size = self.path.stat().st_size + wal.stat().st_size
        if size > COPY_LIMIT_BYTES:
            raise self._problem(
                "unavailable",
                f"has a write-ahead log without its index, and is with {size / 2**20:.0f} MB too large to be copied "
                f"(limit {COPY_LIMIT_BYTES // 2**20} MB). Start Hermes once: it puts the files in order.",
            )
        folder = self._folder_outside()
        try:
            _write_private(folder / "copy.db", partial(descriptor.read))
            # Only the database itself carries SQLite's locks: the log may be opened and closed freely.
            fd = open_for_reading(wal)
            try:
                _write_private(folder / "copy.db-wal", partial(os.pread, fd))
            finally:
                os.close(fd)
            if self._facts_for_opening(descriptor) != facts:
                raise _Moved
        except BaseException as error:
            shutil.rmtree(folder, ignore_errors=True)
            if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
                # A problem that is remembered, so that not each look copies again.
                raise self._cannot_be_copied(error) from None
            raise
        return folder

    def _folder_outside(self) -> Path:
        """A new folder for a private copy, outside the home."""
        folder = self.path.parent.resolve()
        home = folder.parent.parent if folder.parent.name == "profiles" else folder
        # The environment first: to find its directory, tempfile writes a file there.
        asked = [os.environ.get(name) for name in ("TMPDIR", "TEMP", "TMP")] if not tempfile.tempdir else []
        try:
            if not any(_is_below(place, home) for place in asked if place):
                place = tempfile.gettempdir()
                if not _is_below(place, home):
                    return Path(tempfile.mkdtemp(prefix="hermes-hud-", dir=place))
        except OSError as error:
            raise self._cannot_be_copied(error) from None
        raise self._problem(
            "unavailable",
            "has a write-ahead log without its index, and no place outside the home to copy it to. "
            "Set TMPDIR to a directory outside, or start Hermes once.",
        )

    def _cannot_be_copied(self, error: OSError) -> DatabaseProblem:
        return self._problem(
            "unavailable",
            f"has a write-ahead log without its index, and cannot be copied: {error.strerror}. "
            "Set TMPDIR to a directory with room that can be written, or start Hermes once.",
        )

    def _close(self) -> None:
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    # -- reading

    def _transaction(self, opened: _Opened, work: Callable[[sqlite3.Connection, Schema], T]) -> T:
        connection = opened.connection
        connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        try:
            connection.execute("BEGIN")
            try:
                if schema_version(connection) != opened.schema.version:
                    opened.schema = read_schema(connection)
                result = work(connection, opened.schema)
            finally:
                # With nothing written there is nothing to lose, and COMMIT could fail where this cannot.
                connection.execute("ROLLBACK")
        finally:
            with suppress(sqlite3.Error):
                connection.execute("PRAGMA busy_timeout=0")
        # Without locks the file may have been written while it was read.
        if opened.way == "immutable" and not self._is_current(opened):
            raise _Moved
        return result

    def _explain(self, error: sqlite3.Error) -> DatabaseProblem | None:
        """SQLite's error as a problem; None when it says nothing of the file's state."""
        code = _code(error)
        if code in _BUSY:
            return self._problem(
                "locked", "is locked by its writer just now. It is tried again at the next change."
            )
        if code in _DAMAGED:
            return self._problem("damaged", f"is damaged ({error}). `hermes sessions repair` mends it.")
        if code in _UNREADABLE:
            if _is_hot(self._journal):
                return self._must_be_recovered()
            return self._problem(
                "unavailable", f"cannot be opened from here ({error}). Check the directory's permissions."
            )
        return None

    def _unreadable(self, error: OSError) -> DatabaseProblem:
        advice = " Check its permissions." if isinstance(error, PermissionError) else ""
        return self._problem("unavailable", f"cannot be read: {error.strerror or error}.{advice}")

    def _must_be_recovered(self) -> DatabaseProblem:
        return self._problem(
            "locked",
            f"has a journal ({self.path.name}-journal) that a writer left behind in the middle of a commit. "
            "Hermes must recover this database: start it once.",
        )

    def _problem(self, kind: Literal["damaged", "locked", "unavailable"], what: str) -> DatabaseProblem:
        return DatabaseProblem(kind, self.path.name, f"{self.path.name} {what}")


class _Moved(Exception):
    """The file changed under a read that took no locks."""


class _StillMoving(DatabaseProblem):
    """It changed while it was opened."""


@dataclass
class _Opened:
    connection: sqlite3.Connection
    descriptor: Descriptor
    way: Way
    schema: Schema
    facts: Hashable
    wal_identity: tuple[int, ...] | None
    folder: Path | None
    index: Descriptor | None
    log: int | None
    page_bytes: int

    def close(self) -> None:
        self.connection.close()
        self.descriptor.release()
        if self.index is not None:
            self.index.release()
        if self.log is not None:
            os.close(self.log)
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)


class _Facts(NamedTuple):
    """What can be seen of the content from outside: of the database with its counter, of a log with frames."""

    main: tuple[tuple[int, ...] | None, int]
    wal: tuple[int, ...] | None

    def written_ns(self) -> int:
        return max(file[3] for file in (self.main[0], self.wal) if file is not None)


class _Seen(NamedTuple):
    """What a look at the database found."""

    what: Literal["missing", "problem", "content"]
    facts: _Facts = _Facts((None, 0), None)
    taken_ns: int = 0
    connection: sqlite3.Connection | None = None
    version: int | None = None
    log: LogIndex | None = None
    problem: Hashable = None
    message: str = ""

    def is_same_content(self, last: _Seen) -> bool:
        if self.what != "content" or last.what != "content":
            return (self.what, self.message) == (last.what, last.message)
        if self.version is not None and self.connection is last.connection and self.version == last.version:
            return True
        if (
            self.connection is last.connection
            and self.log is not None
            and last.log is not None
            and self.log.was_only_emptied_since(last.log)
        ):
            return True
        if self.version is not None and self.facts.wal is not None and not self._has_frames_of(last):
            # A commit is in the log before it is visible, and long before where it is synchronised to disk in
            # between: the last look saw the grown file and the version before.
            return False
        # Another connection, or one that had to rebuild its index: it counts a change where none was.
        return last.is_settled() and self.facts == last.facts

    def _has_frames_of(self, last: _Seen) -> bool:
        return self.log is not None and last.log is not None and self.log.frames == last.log.frames

    def is_settled(self) -> bool:
        """True when any later write shows in the files' times."""
        return abs(self.taken_ns - self.facts.written_ns()) > _COARSE_CLOCK_NS


def _connect(path: Path, way: Way) -> tuple[sqlite3.Connection, Schema]:
    mode = {
        "immutable": "mode=ro&immutable=1",
        "shared": "mode=ro&readonly_shm=1",
        "journal": "mode=ro&readonly_shm=1",
        "copy": "mode=rw",
    }[way]
    uri = f"file:{quote(str(path.absolute()))}?{mode}"
    connection = sqlite3.connect(uri, uri=True, timeout=0, isolation_level=None, check_same_thread=False)
    try:
        # Text of foreign origin may hold anything; `partial` spares a Python frame for each value.
        connection.text_factory = partial(str, errors="replace")
        connection.execute("PRAGMA query_only=1")
        connection.execute("PRAGMA temp_store=2")  # in memory: a temporary file could end up in the home
        # The first read is what opens the log.
        return connection, read_schema(connection)
    except BaseException:
        connection.close()
        raise


def _version_and_log(opened: _Opened) -> tuple[int, LogIndex | None]:
    """The version, and the state of the log that it belongs to; no log while commits come too fast to tell."""
    index = opened.index
    assert index is not None
    log = index.log_index()
    for _ in range(3):
        version = _data_version(opened)
        again = index.log_index()
        if again == log:
            return version, log
        log = again
    return version, None


def _data_version(opened: _Opened) -> int:
    return int(opened.connection.execute("PRAGMA data_version").fetchone()[0])


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _stat_facts(path: Path) -> tuple[int, ...] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def _is_below(place: str, home: Path) -> bool:
    return Path(place).resolve().is_relative_to(home)


def _is_hot(journal: Path) -> bool:
    """True for a journal with content; one that was only truncated or zeroed belongs to a finished commit."""
    try:
        fd = open_for_reading(journal)
        try:
            return os.read(fd, 1) not in (b"", b"\0")
        finally:
            os.close(fd)
    except OSError:
        facts = _stat_facts(journal)
        return facts is not None and facts[2] > 0


def _write_private(target: Path, read: Callable[[int, int], bytes]) -> None:
    fd = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(fd, "wb") as file:
        while chunk := read(1 << 20, file.tell()):
            file.write(chunk)


def _code(error: sqlite3.Error) -> int:
    """SQLite's primary result code."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
