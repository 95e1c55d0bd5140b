from pathlib import Path

from hermes_hud_widget.ledger import Ledger
from hermes_hud_widget.place import Place
from hermes_hud_widget.sources import StateDb, WritersOf
from support.agent import MakeAgent


def place(home: Path) -> Place:
    return Place(home, home, None)


def test_without_a_database_there_is_no_ledger(tmp_path: Path) -> None:
    attached = StateDb().attach(place(tmp_path))
    assert attached.is_missing()
    assert attached.read() is StateDb().missing is None
    assert list(tmp_path.iterdir()) == []


def test_with_a_database_there_is_a_ledger_of_it(agent: MakeAgent) -> None:
    writing = agent()
    writing.session("a")
    attached = StateDb().attach(place(writing.home))
    try:
        ledger = attached.read()
        assert isinstance(ledger, Ledger)
        assert attached.read() is ledger
        assert ledger.totals().sessions == 1
        assert not attached.is_missing()
        before = attached.signature()
        writing.session("b")
        assert attached.signature() != before
    finally:
        attached.close()


def test_the_database_and_its_writers_are_watched_by_its_log_and_journal_too(tmp_path: Path) -> None:
    files = tuple(tmp_path / f"state.db{suffix}" for suffix in ("", "-wal", "-journal"))
    assert StateDb().attach(place(tmp_path)).files == files
    assert WritersOf().attach(place(tmp_path)).files == files


def test_the_writers_are_the_processes_that_have_the_database_open(agent: MakeAgent) -> None:
    writing = agent()
    attached = WritersOf().attach(place(writing.home))
    try:
        writers = attached.read()
        assert writers is not None
        assert [process.pid for process in writers.processes] == [writing.pid]
        assert attached.signature() == writers
        assert len(attached.doorbells()) == 1
    finally:
        attached.close()
    assert attached.doorbells() == frozenset()
