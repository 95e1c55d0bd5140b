"""What is still being read is shown as far as it came, and says so."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hermes_hud_widget.client import rest
from hermes_hud_widget.core import OpenHome, Snapshot
from hermes_hud_widget.panel import NoQuery, Panel, Payload
from hermes_hud_widget.place import Place, find_place
from hermes_hud_widget.protocol import Progress
from hermes_hud_widget.sources import Attached, Source, TextFile
from support.served import WAIT_S, Client, Served, served

Lines = Callable[[], tuple[str, ...]]
"""A content that is read only when it is asked, as a database is."""
LINES = tuple(f"line {number}" for number in range(30))


class OpenBook(Attached[Lines]):
    """A file of lines of which a test says how far it was read."""

    def __init__(self, file: Path) -> None:
        self.files = (file,)
        self.while_reading: Callable[[], object] = lambda: None
        self._done = 0
        self._bell, self._cord = os.pipe()
        os.set_blocking(self._bell, False)

    def read_on(self, lines: int) -> None:
        """So many more lines can be seen from now on."""
        self._done += lines
        os.write(self._cord, b"!")

    @property
    def progress(self) -> Progress | None:
        total = len(self._lines())
        return Progress(done=self._done, total=total) if self._done < total else None

    def signature(self) -> Hashable:
        with suppress(BlockingIOError):
            os.read(self._bell, 4096)
        return self._done, self._lines()

    def read(self) -> Lines:
        return self._lines_so_far

    def doorbells(self) -> frozenset[int]:
        return frozenset({self._bell})

    def close(self) -> None:
        os.close(self._bell)
        os.close(self._cord)

    def _lines_so_far(self) -> tuple[str, ...]:
        found = self._lines()[: self._done]
        self.while_reading()
        return found

    def _lines(self) -> tuple[str, ...]:
        (file,) = self.files
        return tuple(file.read_text().splitlines()) if file.exists() else ()


@dataclass(frozen=True)
class Book(Source[Lines]):
    path: str = "book.txt"

    @property
    def label(self) -> str:
        return self.path

    @property
    def missing(self) -> Lines:
        return tuple

    def attach(self, place: Place) -> OpenBook:
        return OpenBook(place.path / self.path)


class Library(Payload):
    lines: tuple[str, ...]

    def is_empty(self) -> bool:
        return not self.lines


class Words(Payload):
    text: str | None


def read_books(book: Lines, sequel: Lines, note: str | None) -> Library:
    return Library(lines=book() + sequel())


def read_note(note: str | None) -> Words:
    return Words(text=note)


BOOK, SEQUEL, NOTE = Book(), Book("sequel.txt"), TextFile("note.md")
PANELS = {
    "library": Panel("library", "Library", read_books, book=BOOK, sequel=SEQUEL, note=NOTE),
    "note": Panel("note", "Note", read_note, note=NOTE),
}


@pytest.fixture
def shelf(home: Path) -> Path:
    """A home with a book of 30 lines."""
    (home / "book.txt").write_text("\n".join(LINES))
    return home


@pytest.fixture
def opened(shelf: Path) -> Iterator[OpenHome]:
    opened = OpenHome(find_place(shelf), PANELS)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def shared() -> Iterator[Served]:
    with served(PANELS) as server:
        yield server


@pytest.fixture
def client(shared: Served) -> Iterator[Client]:
    with shared.connect() as client:
        yield client


def attached(home: OpenHome, source: Book = BOOK) -> OpenBook:
    found = home.sources[source]
    assert isinstance(found, OpenBook)
    return found


def collect(home: OpenHome, panel: str = "library") -> Snapshot:
    return home.collect(panel, NoQuery(), 1)


def test_what_was_read_so_far_is_shown_with_how_much_it_is(opened: OpenHome) -> None:
    attached(opened).read_on(12)
    snapshot = collect(opened)
    assert (snapshot.status, snapshot.data) == ("ok", {"lines": list(LINES[:12])})
    assert snapshot.as_dict()["progress"] == {"done": 12, "total": 30}


def test_what_was_read_to_its_end_says_nothing_of_progress(opened: OpenHome) -> None:
    attached(opened).read_on(30)
    snapshot = collect(opened)
    assert snapshot.as_dict()["progress"] is None
    assert snapshot.data == {"lines": list(LINES)}


def test_a_panel_that_does_not_read_it_has_no_progress(opened: OpenHome, shelf: Path) -> None:
    (shelf / "note.md").write_text("hello")
    assert collect(opened).progress is not None
    assert collect(opened, "note").progress is None


def test_nothing_is_called_empty_before_all_was_read(opened: OpenHome, shelf: Path) -> None:
    assert (collect(opened).status, collect(opened).progress) == ("ok", Progress(done=0, total=30))
    (shelf / "book.txt").write_text("")
    assert (collect(opened).status, collect(opened).progress) == ("empty", None)


def test_of_several_the_one_with_most_left_is_told(opened: OpenHome, shelf: Path) -> None:
    (shelf / "sequel.txt").write_text("\n".join(LINES[:10]))
    attached(opened).read_on(15)
    assert collect(opened).progress == Progress(done=15, total=30)
    attached(opened).read_on(10)
    assert collect(opened).progress == Progress(done=0, total=10)
    attached(opened, SEQUEL).read_on(10)
    assert collect(opened).progress == Progress(done=25, total=30)


def test_a_reading_that_the_first_look_begins_is_told_at_once(opened: OpenHome, shelf: Path) -> None:
    book = attached(opened)
    (shelf / "book.txt").write_text("")
    book.while_reading = lambda: (shelf / "book.txt").write_text("\n".join(LINES))
    assert collect(opened).progress == Progress(done=0, total=30)


def test_a_part_is_not_called_all_though_the_rest_came_meanwhile(opened: OpenHome) -> None:
    book = attached(opened)
    book.read_on(29)
    book.while_reading = lambda: book.read_on(1)
    snapshot = collect(opened)
    assert snapshot.data == {"lines": list(LINES[:29])}
    assert snapshot.progress == Progress(done=29, total=30)
    book.while_reading = lambda: None
    assert collect(opened).progress is None


def test_a_damaged_file_beside_it_is_told_too(opened: OpenHome, shelf: Path) -> None:
    (shelf / "note.md").write_bytes(b"\xff")
    attached(opened).read_on(12)
    snapshot = collect(opened)
    assert snapshot.status == "stale"
    assert snapshot.error is not None
    assert snapshot.error.path == "note.md"
    assert snapshot.progress == Progress(done=12, total=30)


def test_a_home_that_is_gone_is_empty_and_nothing_is_read_there(opened: OpenHome, shelf: Path) -> None:
    attached(opened).read_on(12)
    attached(opened).files = (shelf.rename(shelf.with_name("elsewhere")) / "book.txt",)
    snapshot = collect(opened)
    assert (snapshot.status, snapshot.progress) == ("empty", None)
    assert snapshot.error is not None
    assert snapshot.error.kind == "no-home"


def test_a_viewer_gets_each_part_by_the_doorbell_and_then_all(
    shared: Served, client: Client, shelf: Path
) -> None:
    home = shared.open(shelf)
    book = attached(shared.engine.home(home))
    client.look(home, "library", "note")
    frame = client.get(home, "library")
    assert (frame["status"], frame["progress"]) == ("ok", {"done": 0, "total": 30})
    for done in (10, 20):
        book.read_on(10)
        frame = client.wait_data(home, "library", lambda data, done=done: len(data["lines"]) == done)
        assert (frame["status"], frame["progress"]) == ("ok", {"done": done, "total": 30})
    unchanged = client.get(home, "library", have=frame["version"])
    assert (unchanged["unchanged"], unchanged["progress"]) == (True, frame["progress"])
    book.read_on(10)
    frame = client.wait_data(home, "library", lambda data: data["lines"] == list(LINES))
    assert (frame["status"], frame["progress"]) == ("ok", None)
    assert client.version(home, "note") == 1


def test_however_fast_it_is_read_no_viewer_stays_with_a_part(
    shared: Served, client: Client, home: Path
) -> None:
    lines = [f"line {number}" for number in range(300)]
    (home / "book.txt").write_text("\n".join(lines))
    home_id = shared.open(home)
    book = attached(shared.engine.home(home_id))

    def is_all(frame: dict[str, Any]) -> bool:
        return frame["type"] == "panel" and frame["progress"] is None

    with shared.connect() as pushed_to:
        pushed_to.look(home_id, "library", queries={"library": [{}]})
        reading = threading.Thread(target=lambda: [book.read_on(1) for _ in lines])
        reading.start()
        while not is_all(frame := client.get(home_id, "library")):
            client.wait_version(home_id, "library", frame["version"])
        pushed_to.wait(is_all)
        reading.join(timeout=WAIT_S)
        for viewer in (client, pushed_to):
            frames = [frame for frame in viewer.frames if frame["type"] == "panel"]
            assert frames[-1]["data"]["lines"] == lines
            for frame in frames[:-1]:
                shown = frame["data"]["lines"]
                assert shown == lines[: len(shown)]
                assert len(shown) == 300 or len(shown) <= frame["progress"]["done"]


def test_rest_tells_it(shared: Served, shelf: Path) -> None:
    home = shared.open(shelf)
    attached(shared.engine.home(home)).read_on(12)
    answer = json.loads(rest.get(shared.endpoint, ["homes", home, "panels", "library"]))
    assert (answer["status"], answer["progress"]) == ("ok", {"done": 12, "total": 30})
    assert answer["data"] == {"lines": list(LINES[:12])}
