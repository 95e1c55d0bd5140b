import select
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hermes_hud_widget.frames import FrameArguments
from hermes_hud_widget.ledger import Database, Ledger, Writers, history
from hermes_hud_widget.ledger.pace import Pace
from hermes_hud_widget.place import Place
from hermes_hud_widget.sources import StateDb, WritersOf
from hermes_hud_widget.sources.source import Attached
from ledger.world import NOW, Story, Writer, make, settled, wait_for, writing
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


def test_a_first_reading_that_takes_long_goes_on_by_itself(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "FIRST_S", 0.0)
    monkeypatch.setattr(history, "MOST_NEW_MESSAGES", 1)
    monkeypatch.setattr(Pace.__init__, "__defaults__", (2, 1, 2))
    story = Story(home / "state.db")
    for number in range(60):
        story.session(f"s{number}", at=number)
    with closing(StateDb().attach(place(home))) as attached:
        (bell,) = attached.doorbells()
        ledger = attached.read()
        assert ledger is not None
        before = settled(attached)
        assert ledger.page(NOW).total < 60
        assert select.select([bell], [], [], 10)[0] == [bell]
        wait_for(lambda: attached.progress is None)
        wait_for(lambda: attached.signature() != before)
        assert ledger.page(NOW).total == 60


def test_many_may_ask_while_it_is_written_and_read_in_the_background(
    long: tuple[Writer, Attached[Ledger | None]],
) -> None:
    hermes, attached = long
    ledger = attached.read()
    assert ledger is not None
    faults: list[BaseException] = []
    stop = threading.Event()

    def ask() -> None:
        try:
            while not stop.is_set():
                ledger.page(NOW, sort="cost")
                ledger.usage_columns(FrameArguments())
                ledger.live(NOW)
                attached.signature()
        except BaseException as error:  # noqa: BLE001  told to the test
            faults.append(error)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for number in range(60):
            hermes(f"INSERT INTO sessions (id, source, started_at) VALUES ('s{number}', 'cli', {number})")
            hermes("UPDATE sessions SET title = ? WHERE id = 'old'", f"Title {number}")
            hermes(f"INSERT INTO messages (session_id, role, timestamp) VALUES ('s{number}', 'user', 1)")
            hermes("DELETE FROM sessions WHERE id = ?", f"s{number - 9}")
    finally:
        stop.set()
        for thread in threads:
            thread.join(30)
    assert not any(thread.is_alive() for thread in threads)
    assert faults == []
    ledger.settle()
    ledger.usage_columns(FrameArguments())
    with closing(Database(Path(hermes_path(hermes)))) as database:
        assert ledger.sessions(NOW) == Ledger(database).sessions(NOW)
    assert titles(attached)["old"] == "Title 59"


def test_a_writer_that_comes_is_known_with_its_first_write(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    make(path)
    attached = WritersOf().attach(place(tmp_path))
    assert attached.read() == Writers(frozenset())
    with writing(path) as writer, closing(attached):
        writer("INSERT INTO sessions (id, source, started_at) VALUES ('a', 'cli', 1)")
        found = attached.read()
        assert found is not None
        assert {process.pid for process in found.processes} == {writer.pid}
