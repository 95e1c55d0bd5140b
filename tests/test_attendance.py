"""Homes that nobody needs rest; time is the test's."""

import threading
from dataclasses import dataclass
from pathlib import Path

import pytest

from hermes_hud_widget.attendance import REST_AFTER_S, Attendance, daemon_timer
from hermes_hud_widget.engine import Engine
from hermes_hud_widget.panel import Panel, Payload
from hermes_hud_widget.place import Place
from hermes_hud_widget.sources import Attached, Source, TextFile
from support.clock import Clock

MEMORY = frozenset({("home", "memory")})


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def rested() -> list[str]:
    return []


@pytest.fixture
def attendance(clock: Clock, rested: list[str]) -> Attendance:
    return Attendance(rested.append, clock.timer)


def test_a_home_rests_once_after_its_last_viewer_has_left(
    attendance: Attendance, clock: Clock, rested: list[str]
) -> None:
    attendance.look("one", MEMORY)
    attendance.look("two", MEMORY)
    attendance.look("one", frozenset())
    assert clock.running == []
    attendance.look("two", frozenset())
    assert [timer.seconds for timer in clock.running] == [REST_AFTER_S]
    clock.pass_()
    assert rested == ["home"]
    assert clock.running == []


def test_a_home_that_is_looked_at_again_does_not_rest(
    attendance: Attendance, clock: Clock, rested: list[str]
) -> None:
    attendance.look("one", MEMORY)
    attendance.look("one", frozenset())
    attendance.look("two", MEMORY)
    clock.pass_()
    assert rested == []


def test_a_home_that_was_only_asked_for_rests_after_the_last_answer(
    attendance: Attendance, clock: Clock, rested: list[str]
) -> None:
    with attendance.asking("home"), attendance.asking("home"):
        assert clock.running == []
    with attendance.asking("home"):
        assert clock.running == []
    assert len(clock.running) == 1
    clock.pass_()
    assert rested == ["home"]


def test_asking_for_a_home_that_is_looked_at_sets_no_timer(attendance: Attendance, clock: Clock) -> None:
    attendance.look("one", MEMORY)
    with attendance.asking("home"):
        pass
    assert clock.timers == []


def test_homes_rest_each_for_itself(attendance: Attendance, clock: Clock, rested: list[str]) -> None:
    attendance.look("one", frozenset({("home", "memory"), ("profile", "memory")}))
    attendance.look("one", frozenset({("profile", "costs")}))
    clock.pass_()
    assert rested == ["home"]
    assert attendance.looked_at() == {("profile", "costs")}


def test_a_timer_that_rings_while_it_is_given_up_lets_nothing_rest(
    attendance: Attendance, clock: Clock, rested: list[str]
) -> None:
    attendance.look("one", MEMORY)
    attendance.look("one", frozenset())
    late = clock.running[0]
    attendance.look("one", MEMORY)
    late.ring()
    assert rested == []


def test_after_the_end_no_timer_runs(attendance: Attendance, clock: Clock) -> None:
    attendance.look("one", MEMORY)
    attendance.look("one", frozenset())
    attendance.close()
    with attendance.asking("home"):
        pass
    assert clock.running == []


def test_the_process_does_not_wait_for_a_real_timer() -> None:
    rang = threading.Event()
    timer = daemon_timer(0.0, rang.set)
    assert isinstance(timer, threading.Thread)
    assert timer.daemon
    timer.start()
    assert rang.wait(5)


@dataclass(frozen=True)
class Resting(Source[str]):
    """A source that says how often it rested."""

    label = "resting"
    missing = None

    def attach(self, place: Place) -> Attached[str]:
        return _Resting()


class _Resting(Attached[str]):
    def __init__(self) -> None:
        self.rests = 0

    def signature(self) -> None:
        return None

    def read(self) -> str:
        return "kept"

    def is_missing(self) -> bool:
        return False

    def rest(self) -> None:
        self.rests += 1


class Kept(Payload):
    text: str | None


def collect(soul: str | None, resting: str) -> Kept:
    return Kept(text=f"{soul} {resting}")


def test_the_sources_of_a_home_that_nobody_needs_rest_and_are_read_again_when_somebody_does(
    tmp_path: Path, clock: Clock
) -> None:
    panel = Panel("kept", "Kept", collect, soul=TextFile("SOUL.md"), resting=Resting())
    engine = Engine({"kept": panel}, clock.timer)
    try:
        places = [Place(tmp_path / name, tmp_path / name, None) for name in ("one", "two")]
        one, two = (engine.open(place) for place in places)
        attached = {id: engine.home(id).sources[Resting()] for id in (one, two)}
        engine.look("viewer", frozenset({(one, "kept")}))
        engine.snapshot(one, "kept", {})
        engine.snapshot(two, "kept", {})
        clock.pass_()
        assert {id: source.rests for id, source in attached.items()} == {one: 0, two: 1}  # type: ignore[attr-defined]
        engine.look("viewer", frozenset())
        clock.pass_()
        clock.pass_()
        assert {id: source.rests for id, source in attached.items()} == {one: 1, two: 1}  # type: ignore[attr-defined]
        (tmp_path / "two").mkdir()
        assert engine.snapshot(two, "kept", {}).data == {"text": "None kept"}
    finally:
        engine.close()


def test_the_server_tidies_up_only_when_nobody_looks_at_anything(tmp_path: Path, clock: Clock) -> None:
    tidied: list[str] = []
    panel = Panel("kept", "Kept", collect, soul=TextFile("SOUL.md"), resting=Resting())
    engine = Engine({"kept": panel}, clock.timer, lambda: tidied.append("now"))
    try:
        one, two = (engine.open(Place(tmp_path / name, tmp_path / name, None)) for name in ("one", "two"))
        engine.look("viewer", frozenset({(one, "kept")}))
        engine.snapshot(two, "kept", {})
        clock.pass_()
        assert tidied == []
        engine.look("viewer", frozenset())
        clock.pass_()
        assert tidied == ["now"]
    finally:
        engine.close()
