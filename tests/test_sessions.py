"""Whose a HUD is, in one person's kernel and where marimo serves several."""

from __future__ import annotations

import sys
import threading
from types import SimpleNamespace

import pytest

from hermes_hud_widget.client.sessions import close_with_session, is_marimo, is_own, owner
from hermes_hud_widget.home import needs_server


@pytest.fixture
def marimo(monkeypatch: pytest.MonkeyPatch) -> None:
    """marimo, as far as it is asked for."""
    monkeypatch.setitem(sys.modules, "marimo", SimpleNamespace(running_in_notebook=lambda: True))


def test_elsewhere_all_huds_are_one_persons() -> None:
    assert not is_marimo()
    assert owner() is None
    assert is_own(owner())


@pytest.mark.usefixtures("marimo")
def test_in_marimo_each_hud_is_its_own_and_belongs_to_its_session() -> None:
    mine, again = owner(), owner()
    assert mine != again
    assert is_own(mine)
    theirs: list[bool] = []
    session = threading.Thread(target=lambda: theirs.append(is_own(mine)))
    session.start()
    session.join()
    assert theirs == [False]


@pytest.mark.usefixtures("marimo")
def test_in_marimo_state_db_is_never_opened_in_its_process() -> None:
    assert needs_server()


def test_it_closes_with_the_thread_of_its_session() -> None:
    closed, go_on = threading.Event(), threading.Event()

    def session() -> None:
        close_with_session(lambda: SimpleNamespace(_closed=False), closed.set)
        go_on.wait(10)

    thread = threading.Thread(target=session)
    thread.start()
    assert not closed.wait(0.05)
    go_on.set()
    assert closed.wait(10)
    thread.join()


def test_it_closes_when_the_comm_was_closed() -> None:
    comm, closed = SimpleNamespace(_closed=False), threading.Event()
    close_with_session(lambda: comm, closed.set)
    assert not closed.is_set()
    comm._closed = True
    assert closed.wait(10)
