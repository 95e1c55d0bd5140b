"""Work in the background: a thread that is there while there is something to do, and a bell that tells of it."""

from __future__ import annotations

import logging
import select
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest

from hermes_hud_widget.errors import HudError
from hermes_hud_widget.ledger.keeper import Bell, Keeper
from ledger.world import wait_for


class Work:
    """Answers as the test wrote down, then that there is nothing to do; counts how often it was asked."""

    def __init__(self, *script: float | Exception | None) -> None:
        self._script = list(script)
        self.done = 0
        self.threads: set[str] = set()

    def __call__(self) -> float | None:
        self.threads.add(threading.current_thread().name)
        answer = self._script.pop(0) if self._script else None
        self.done += 1
        if isinstance(answer, Exception):
            raise answer
        return answer


@contextmanager
def keeping(work: Callable[[], float | None]) -> Iterator[Keeper]:
    """A keeper that is closed in the end, and leaves no thread."""
    before = set(threading.enumerate())
    keeper = Keeper(work)
    try:
        yield keeper
    finally:
        keeper.close()
    assert set(threading.enumerate()) <= before


def is_ringing(bell: Bell) -> bool:
    return bool(select.select([bell], [], [], 0)[0])


def test_it_begins_when_it_is_woken_first_and_ends_when_it_is_closed() -> None:
    work = Work()
    before = threading.active_count()
    with keeping(work) as keeper:
        assert threading.active_count() == before
        keeper.wake()
        wait_for(lambda: work.done == 1)
        assert threading.active_count() == before + 1
    assert work.threads == {"hermes-hud-keeper"}


def test_it_goes_on_as_long_as_there_is_something_to_do() -> None:
    work = Work(0.0, 0.0, 0.001, 0.0, None)
    with keeping(work) as keeper:
        keeper.wake()
        wait_for(lambda: work.done == 5)


def test_who_wakes_it_while_it_works_is_heard() -> None:
    began, go_on = threading.Event(), threading.Event()
    done: list[int] = []

    def work() -> None:
        began.set()
        assert go_on.wait(5)
        done.append(1)

    with keeping(work) as keeper:
        keeper.wake()
        assert began.wait(5)
        keeper.wake()
        go_on.set()
        wait_for(lambda: len(done) == 2)


def test_who_wakes_it_need_not_wait_for_the_end_of_its_rest() -> None:
    work = Work(3600.0, None)
    with keeping(work) as keeper:
        keeper.wake()
        wait_for(lambda: work.done == 1)
        keeper.wake()
        wait_for(lambda: work.done == 2)


def test_a_problem_waits_for_the_next_who_looks(caplog: pytest.LogCaptureFixture) -> None:
    work = Work(HudError("state.db is locked"), None)
    with keeping(work) as keeper:
        keeper.wake()
        wait_for(lambda: work.done == 1)
        keeper.wake()
        wait_for(lambda: work.done == 2)
    assert caplog.records == []


def test_a_fault_is_logged_and_does_not_end_it(caplog: pytest.LogCaptureFixture) -> None:
    work = Work(ZeroDivisionError("a fault"), None)
    with caplog.at_level(logging.ERROR), keeping(work) as keeper:
        keeper.wake()
        wait_for(lambda: work.done == 1)
        keeper.wake()
        wait_for(lambda: work.done == 2)
    assert [str(one.exc_info[1]) for one in caplog.records if one.exc_info] == ["a fault"]


@pytest.mark.parametrize("answer", [0.0, 60.0, None])
def test_closing_waits_for_the_step_that_is_under_way_and_nothing_wakes_it_again(
    answer: float | None,
) -> None:
    began, go_on = threading.Event(), threading.Event()
    done: list[int] = []

    def work() -> float | None:
        began.set()
        assert go_on.wait(5)
        done.append(1)
        return answer

    with keeping(work) as keeper:
        keeper.wake()
        assert began.wait(5)
        closing_it = threading.Thread(target=keeper.close)
        closing_it.start()
        wait_for(lambda: keeper._is_closing)
        assert closing_it.is_alive()
        go_on.set()
        closing_it.join(5)
        assert not closing_it.is_alive()
        keeper.wake()
    assert done == [1]


def test_one_that_was_never_woken_is_closed() -> None:
    with keeping(Work()):
        pass


def test_a_bell_rings_until_it_is_silenced() -> None:
    with closing(Bell()) as bell:
        assert not is_ringing(bell)
        assert bell.silence() == 0
        bell.ring()
        bell.ring()
        assert is_ringing(bell)
        assert is_ringing(bell)
        assert bell.silence() == 2
        assert not is_ringing(bell)
        assert bell.silence() == 2


def test_a_bell_may_be_rung_more_often_than_anybody_listens() -> None:
    with closing(Bell()) as bell:
        bell.fileno()
        for _ in range(20_000):
            bell.ring()
        assert bell.silence() == 20_000
        assert not is_ringing(bell)


def test_a_bell_that_was_closed_is_rung_in_vain() -> None:
    bell = Bell()
    bell.fileno()
    bell.close()
    bell.ring()
    assert bell.silence() == 1
    assert bell.fileno() == -1
    bell.close()


@pytest.mark.parametrize("problem", [HudError("state.db is locked"), ZeroDivisionError("a fault")])
def test_what_failed_is_tried_again_by_itself(monkeypatch: pytest.MonkeyPatch, problem: Exception) -> None:
    monkeypatch.setattr("hermes_hud_widget.ledger.keeper.RETRY_S", 0.001)
    work = Work(problem, problem, None)
    with keeping(work) as keeper:
        keeper.wake()
        wait_for(lambda: work.done == 3)
