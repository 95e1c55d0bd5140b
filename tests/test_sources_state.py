import select
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hermes_hud_widget.ledger import Ledger, history
from hermes_hud_widget.place import Place
from hermes_hud_widget.sources import StateDb, WritersOf
from hermes_hud_widget.sources.source import Attached
from ledger.world import NOW, Story, Writer, settled, wait_for, writing
from support.agent import MakeAgent


def place(home: Path) -> Place:
    return Place(home, home, None)


def test_without_a_database_there_is_no_ledger(tmp_path: Path) -> None:
    with closing(StateDb().attach(place(tmp_path))) as attached:
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
    with closing(StateDb().attach(place(tmp_path))) as state:
        assert state.files == files
    with closing(WritersOf().attach(place(tmp_path))) as writers:
        assert writers.files == files


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


@pytest.fixture
def long(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Writer, Attached[Ledger | None]]]:
    """A history that is read again in the background, and what writes it."""
    monkeypatch.setattr(history, "INLINE_S", 0.0)
    monkeypatch.setattr(history, "REST", 0)
    story = Story(home / "state.db")
    for session, at in (("old", 90_000), ("new", 0)):
        story.session(session, at=at)
        story.message(session, at=at)
    with writing(story.path) as hermes, closing(StateDb().attach(place(home))) as attached:
        hermes("UPDATE sessions SET title = 'Plans' WHERE id = 'new'")
        yield hermes, attached


def titles(attached: Attached[Ledger | None]) -> dict[str, str | None]:
    ledger = attached.read()
    assert ledger is not None
    return {session.id: session.title for session in ledger.sessions(NOW)}


def test_what_is_found_in_the_background_rings_and_changes_the_signature(
    long: tuple[Writer, Attached[Ledger | None]],
) -> None:
    hermes, attached = long
    (bell,) = attached.doorbells()
    assert titles(attached)["old"] is None
    hermes("UPDATE sessions SET title = 'Renamed' WHERE id = 'old'")
    before = settled(attached)
    assert titles(attached)["old"] is None
    assert select.select([bell], [], [], 10)[0] == [bell]
    assert attached.signature() != before
    assert titles(attached)["old"] == "Renamed"
    assert attached.progress is None


def test_what_is_looked_for_in_vain_changes_no_signature(
    long: tuple[Writer, Attached[Ledger | None]],
) -> None:
    hermes, attached = long
    (bell,) = attached.doorbells()
    titles(attached)
    hermes("INSERT INTO state_meta (key, value) VALUES ('a', 'b')")
    before = settled(attached)
    titles(attached)
    ledger = attached.read()
    assert ledger is not None
    wait_for(lambda: ledger.advance() is None)
    assert select.select([bell], [], [], 0)[0] == []
    assert attached.signature() == before


def test_closed_it_gives_back_its_thread_and_its_descriptors(
    long: tuple[Writer, Attached[Ledger | None]],
) -> None:
    hermes, _ = long
    threads = threading.active_count()
    descriptors = len(list(Path("/proc/self/fd").iterdir())) if sys.platform == "linux" else 0
    attached = StateDb().attach(place(Path(hermes_path(hermes)).parent))
    attached.doorbells()
    titles(attached)
    hermes("UPDATE sessions SET title = 'Renamed' WHERE id = 'old'")
    titles(attached)
    assert threading.active_count() == threads + 1
    attached.close()
    assert threading.active_count() == threads
    if sys.platform == "linux":
        assert len(list(Path("/proc/self/fd").iterdir())) == descriptors


def hermes_path(hermes: Writer) -> str:
    """The file that it has open."""
    return str(hermes("PRAGMA database_list")[0][2])
