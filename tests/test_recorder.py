"""When something is kept; time is the test's."""

from __future__ import annotations

import threading

import pytest

from hermes_hud_widget.recorder import RECORD_AFTER_S, Recorder
from support.clock import Clock

ONE = frozenset({"one"})
NOBODY: frozenset[str] = frozenset()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def kept() -> list[str]:
    return []


@pytest.fixture
def recorder(clock: Clock, kept: list[str]) -> Recorder:
    return Recorder(kept.append, clock.timer)


def test_a_home_that_is_looked_at_for_the_first_time_is_kept_after_a_while_and_once(
    recorder: Recorder, clock: Clock, kept: list[str]
) -> None:
    recorder.look(ONE)
    recorder.look(ONE)
    assert [timer.seconds for timer in clock.running] == [RECORD_AFTER_S]
    assert kept == []
    clock.pass_()
    assert kept == ["one"]
    assert clock.running == []
    recorder.look(ONE)
    assert clock.running == []


def test_many_changes_are_kept_at_once(recorder: Recorder, clock: Clock, kept: list[str]) -> None:
    recorder.look(ONE)
    clock.pass_()
    for _ in range(5):
        recorder.changed("one")
    assert len(clock.running) == 1
    clock.pass_()
    assert kept == ["one", "one"]


def test_what_changes_while_nobody_looks_waits_for_the_next_viewer(
    recorder: Recorder, clock: Clock, kept: list[str]
) -> None:
    recorder.changed("one")
    assert clock.running == []
    recorder.look(ONE)
    clock.pass_()
    recorder.look(NOBODY)
    recorder.changed("one")
    assert clock.running == []
    recorder.look(ONE)
    clock.pass_()
    assert kept == ["one", "one"]


def test_a_home_that_nobody_needs_any_more_is_kept_before_it_rests_if_it_changed(
    recorder: Recorder, clock: Clock, kept: list[str]
) -> None:
    recorder.look(ONE)
    recorder.look(NOBODY)
    recorder.finish("one")
    assert kept == ["one"]
    recorder.finish("one")
    assert kept == ["one"]
    assert clock.running == []


def test_the_end_keeps_what_is_not_kept_and_starts_nothing(
    recorder: Recorder, clock: Clock, kept: list[str]
) -> None:
    recorder.look(frozenset({"one", "two"}))
    clock.pass_()
    recorder.changed("two")
    recorder.close()
    assert sorted(kept) == ["one", "two", "two"]
    recorder.changed("one")
    recorder.look(ONE)
    assert clock.running == []


def test_a_timer_that_rings_when_it_was_given_up_keeps_nothing(
    recorder: Recorder, clock: Clock, kept: list[str]
) -> None:
    recorder.look(ONE)
    (timer,) = clock.running
    recorder.finish("one")
    timer.ring()
    assert kept == ["one"]


def test_a_home_may_be_looked_at_while_another_is_kept(clock: Clock) -> None:
    entered, leave = threading.Event(), threading.Event()

    def record(home: str) -> None:
        entered.set()
        assert leave.wait(10)

    recorder = Recorder(record, clock.timer)
    recorder.look(ONE)
    thread = threading.Thread(target=clock.pass_)
    thread.start()
    assert entered.wait(10)
    recorder.look(frozenset({"one", "two"}))
    recorder.changed("one")
    leave.set()
    thread.join(10)
    assert len(clock.running) == 2
