"""A commit that falls between the steps of one look at the database is seen by the next."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hermes_hud_widget.ledger import database as module
from hermes_hud_widget.ledger.database import Database

pytestmark = pytest.mark.live

SETTLED_S = 0.08
"""Longer than the time for which fresh files vouch for nothing."""


@pytest.fixture(params=["wal", "delete"])
def writer(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(tmp_path / "state.db", isolation_level=None)
    connection.execute(f"PRAGMA journal_mode={request.param}")
    connection.execute("PRAGMA wal_autocheckpoint=0")
    connection.execute("CREATE TABLE t(a)")
    yield connection
    connection.close()


def settle() -> None:
    # Time is what is tested here: the files must be older than the clock's tick.
    threading.Event().wait(SETTLED_S)


def commit_inside(
    monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, when: str, commit: Callable[[], object]
) -> None:
    """Commits once, before or after the next call of `owner.name`."""
    real = getattr(owner, name)
    is_done = []

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if when == "before" and not is_done:
            is_done.append(True)
            commit()
        result = real(*args, **kwargs)
        if when == "after" and not is_done:
            is_done.append(True)
            commit()
        return result

    monkeypatch.setattr(owner, name, wrapped)


@pytest.mark.parametrize("is_reopened", [False, True], ids=["same connection", "reopened"])
@pytest.mark.parametrize("is_emptied", [False, True], ids=["plain", "log just emptied"])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", ["_data_version", "_facts", "log_index"])
def test_a_commit_in_the_middle_of_a_look_is_seen(
    step: str,
    when: str,
    is_emptied: bool,
    is_reopened: bool,
    writer: sqlite3.Connection,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    database = Database(tmp_path / "state.db")
    try:
        database.signature()
        settle()
        before = database.signature()
        if is_emptied:
            writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        if is_reopened:
            database.close()
        owner: Any = {"_data_version": module, "_facts": Database, "log_index": module.Descriptor}[step]
        with monkeypatch.context() as patch:
            commit_inside(patch, owner, step, when, lambda: writer.execute("INSERT INTO t VALUES (1)"))
            database.signature()
        if writer.execute("SELECT count(*) FROM t").fetchone() == (0,):
            writer.execute("INSERT INTO t VALUES (1)")  # this step is not taken in this mode
        settle()
        after = {database.signature() for _ in range(3)}
        assert len(after) == 1
        assert before not in after
    finally:
        database.close()


@pytest.mark.parametrize("writer", ["wal"], indirect=True)
@pytest.mark.parametrize("is_reopened", [False, True], ids=["same connection", "reopened"])
def test_a_commit_that_is_visible_long_after_it_was_written_is_seen(
    is_reopened: bool, writer: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `synchronous=FULL` the log is synchronised to disk in between, which may take its time."""
    database = Database(tmp_path / "state.db")
    try:
        database.signature()
        settle()
        before = database.signature()
        assert database._opened is not None
        invisible = module._version_and_log(database._opened)
        writer.execute("INSERT INTO t VALUES (1)")
        settle()
        with monkeypatch.context() as patch:
            patch.setattr(module, "_version_and_log", lambda opened: invisible)
            assert database.signature() == before
        if is_reopened:
            database.close()
        assert database.signature() != before
    finally:
        database.close()


@pytest.mark.parametrize("writer", ["wal"], indirect=True)
@pytest.mark.parametrize("emptied", [None, "TRUNCATE"])
def test_it_lags_as_long_as_something_in_the_log_is_not_visible(
    emptied: str | None, writer: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(tmp_path / "state.db")
    try:
        for number in range(5):
            writer.execute("INSERT INTO t VALUES (?)", (number,))
        if emptied:
            writer.execute(f"PRAGMA wal_checkpoint({emptied})").fetchall()
        database.signature()
        assert database.may_lag is (emptied == "TRUNCATE")  # the next salt is not known before it is written
        assert database._opened is not None
        invisible = module._version_and_log(database._opened)
        writer.execute("BEGIN IMMEDIATE")  # begins the log again, if it was emptied
        writer.execute("INSERT INTO t VALUES (99)")
        writer.execute("COMMIT")
        with monkeypatch.context() as patch:
            patch.setattr(module, "_version_and_log", lambda opened: invisible)
            database.signature()
            assert database.may_lag
        database.signature()
        assert not database.may_lag
    finally:
        database.close()


@pytest.mark.parametrize("writer", ["wal"], indirect=True)
@pytest.mark.parametrize("is_emptied", [False, True])
def test_what_spilled_into_the_log_before_its_commit_lags(
    is_emptied: bool, writer: sqlite3.Connection, tmp_path: Path
) -> None:
    writer.execute("PRAGMA cache_size=1")
    writer.execute("INSERT INTO t VALUES (1)")
    database = Database(tmp_path / "state.db")
    try:
        if is_emptied:
            writer.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()
        database.signature()
        assert not database.may_lag
        writer.execute("BEGIN")
        writer.executemany("INSERT INTO t VALUES (?)", [("x" * 3_000,)] * 100)
        before = database.signature()
        assert database.may_lag
        writer.execute("COMMIT")
        assert database.signature() != before
        assert not database.may_lag
    finally:
        database.close()


@pytest.mark.parametrize("writer", ["delete"], indirect=True)
def test_without_a_log_it_may_always_lag(writer: sqlite3.Connection, tmp_path: Path) -> None:
    database = Database(tmp_path / "state.db")
    try:
        database.signature()
        assert database.may_lag
    finally:
        database.close()
