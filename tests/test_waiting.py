"""A long call shows how far it has come; a short one shows nothing."""

import os
import pty
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from hermes_hud_widget.client.waiting import (
    QUIET_S,
    STEP_S,
    InNotebook,
    OnTerminal,
    Stop,
    attended,
    find_display,
)
from hermes_hud_widget.errors import ArgumentError, ServerError
from hermes_hud_widget.protocol import Progress


class Shown:
    """Notes what is shown, and ends the work when it has seen enough."""

    def __init__(self) -> None:
        self.said: list[Any] = []

    def update(self, progress: Progress | None) -> None:
        self.said.append(progress)

    def end(self) -> None:
        self.said.append("end")


class Clock:
    """Waits as a script says: the work goes on for so many waits."""

    def __init__(self, waits: int) -> None:
        self._left = waits
        self.go_on = threading.Event()
        self.waited: list[float] = []

    def wait(self, done: threading.Event, seconds: float) -> bool:
        self.waited.append(seconds)
        if self._left == 0:
            self.go_on.set()
            assert done.wait(10)
            return True
        self._left -= 1
        return False

    def work(self, stop: Stop) -> str:
        assert self.go_on.wait(10)
        return "done"


def test_a_call_that_ends_within_a_second_shows_nothing() -> None:
    begun: list[Shown] = []

    def show() -> Shown:
        begun.append(Shown())
        return begun[0]

    clock = Clock(0)
    assert attended(clock.work, lambda: None, show, clock.wait) == "done"
    assert (begun, clock.waited) == ([], [QUIET_S])


def test_a_longer_call_shows_how_far_it_has_come_until_it_ends() -> None:
    shown, clock = Shown(), Clock(3)
    steps: Iterator[Progress | None] = iter([Progress(done=1, total=9), Progress(done=5, total=9), None])
    assert attended(clock.work, lambda: next(steps), lambda: shown, clock.wait) == "done"
    assert shown.said == [Progress(done=1, total=9), Progress(done=5, total=9), None, "end"]
    assert clock.waited == [QUIET_S, STEP_S, STEP_S, STEP_S]


def test_a_server_that_says_nothing_of_its_progress_harms_no_call() -> None:
    def ask() -> Progress | None:
        raise ServerError("gone")

    shown, clock = Shown(), Clock(1)
    assert attended(clock.work, ask, lambda: shown, clock.wait) == "done"
    assert shown.said == [None, "end"]


def test_what_fails_in_the_call_fails_for_who_called() -> None:
    def work(_: Stop) -> None:
        raise ArgumentError("no")

    with pytest.raises(ArgumentError, match="no"):
        attended(work, lambda: None, Shown)


def test_an_interrupt_ends_a_long_call_at_once_and_tells_it() -> None:
    told, go_on, shown = threading.Event(), threading.Event(), Shown()

    def work(stop: Stop) -> None:
        stop.on_stop(told.set)
        go_on.wait(10)

    def wait(_: threading.Event, seconds: float) -> bool:
        if seconds == QUIET_S:
            return False
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        attended(work, lambda: None, lambda: shown, wait)
    assert told.wait(10)
    assert shown.said[-1] == "end"
    go_on.set()


def test_who_asks_to_be_told_too_late_is_told_at_once() -> None:
    stop, told = Stop(), threading.Event()
    stop.stop()
    stop.on_stop(told.set)
    assert (told.is_set(), stop.is_set) == (True, True)


def test_where_nothing_can_be_shown_the_call_stays_in_its_thread() -> None:
    assert attended(lambda _: threading.get_ident(), lambda: None, None) == threading.get_ident()
    assert find_display() is None  # pytest's stderr is no terminal


@contextmanager
def notebook_outputs() -> Iterator[list[Any]]:
    """What is displayed within the block."""
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    outputs: list[Any] = []
    try:
        with capture_output() as captured:
            yield outputs
        outputs.extend(captured.outputs)
    finally:
        shell.history_manager.end_session()
        InteractiveShell.clear_instance()


def test_a_notebook_shows_one_output_that_is_empty_in_the_end_and_is_no_widget() -> None:
    with notebook_outputs() as outputs:
        shown = InNotebook()
        shown.update(None)
        shown.update(Progress(done=200, total=1000))
        shown.end()
    assert ["<progress></progress>" in output.data["text/html"] for output in outputs] == [True, False, False]
    assert '<progress value="200" max="1000">' in outputs[1].data["text/html"]
    assert [output.data["text/plain"] for output in outputs] == [
        "Reading …",
        "Reading: 200 of 1,000 rows",
        "",
    ]
    assert len({output.transient["display_id"] for output in outputs}) == 1
    assert [output.update for output in outputs] == [False, True, True]
    assert all(set(output.data) == {"text/html", "text/plain"} for output in outputs)


def test_a_terminal_s_line_is_gone_afterwards(capsys: pytest.CaptureFixture[str]) -> None:
    shown = OnTerminal()
    shown.update(Progress(done=1, total=2))
    shown.end()
    assert capsys.readouterr().err == "\r\x1b[KReading: 1 of 2 rows\r\x1b[K"


INTERRUPTED = """
import sys, threading
from hermes_hud_widget.client.waiting import attended, find_display
def work(stop):
    print("begun", flush=True)
    threading.Event().wait()
try:
    attended(work, lambda: None, find_display())
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@pytest.mark.parametrize("is_terminal", [True, False])
def test_ctrl_c_ends_a_call_that_waits_for_ever(is_terminal: bool) -> None:
    leader, follower = pty.openpty()
    stderr = follower if is_terminal else subprocess.DEVNULL
    with subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED], stdout=subprocess.PIPE, stderr=stderr, text=True
    ) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "begun\n"
            process.send_signal(signal.SIGINT)
            assert process.stdout.readline() == "interrupted\n"
            assert process.wait(10) == 0
        finally:
            process.kill()
            os.close(leader)
            os.close(follower)
