"""Messages that match an expression, kept up to date: what is read once is not read again, and nothing stays that is gone."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

import pytest

from hermes_hud_widget.ledger import Database, Ledger
from hermes_hud_widget.ledger.picked import Picker
from hermes_hud_widget.ledger.schema import Schema
from ledger.world import Story


class Reading:
    """Reads nothing but the ids, and remembers which."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.unfinished: set[int] = set()

    def __call__(self, _: sqlite3.Connection, __: Schema, ids: Sequence[int]) -> dict[int, int]:
        self.asked += ids
        return {message: message for message in ids}

    def is_final(self, message: int) -> bool:
        return message not in self.unfinished


@pytest.fixture
def reading() -> Reading:
    return Reading()


def find(picker: Picker[int], ledger: Ledger) -> Any:
    with ledger._current():
        return picker.find(ledger._search)


def make(database: Database, reading: Reading, limit: int = 100) -> Picker[int]:
    return Picker(database, '"wrong"', ("user",), limit, reading, reading.is_final)


def say(story: Story, *texts: str, role: str = "user") -> list[int]:
    return [story.message("s", role, text) for text in texts]


def test_what_is_new_is_added_in_front_and_nothing_is_read_twice(
    story: Story, database: Database, ledger: Ledger, reading: Reading
) -> None:
    story.session("s")
    first = say(story, "wrong", "right", "so wrong")
    say(story, "wrong", role="assistant")
    picker = make(database, reading)
    assert find(picker, ledger).rows == (first[2], first[0])
    assert find(picker, ledger).rows == (first[2], first[0])
    assert sorted(reading.asked) == [first[0], first[2]]
    (later,) = say(story, "wrong again")
    assert find(picker, ledger).rows == (later, first[2], first[0])
    assert len(reading.asked) == 3


def test_what_was_taken_back_or_deleted_is_gone(
    story: Story, database: Database, ledger: Ledger, reading: Reading
) -> None:
    story.session("s")
    ids = say(story, "wrong", "wrong", "wrong")
    picker = make(database, reading)
    assert len(find(picker, ledger).rows) == 3
    story.execute("UPDATE messages SET active = 0 WHERE id = ?", (ids[0],))
    story.execute("DELETE FROM messages WHERE id = ?", (ids[1],))
    assert find(picker, ledger).rows == (ids[2],)


def test_only_the_newest_are_kept_and_that_there_are_more_is_said(
    story: Story, database: Database, ledger: Ledger, reading: Reading
) -> None:
    story.session("s")
    ids = say(story, *["wrong"] * 5)
    picker = make(database, reading, limit=3)
    found = find(picker, ledger)
    assert (found.rows, found.is_whole, found.is_cut) == (tuple(reversed(ids[2:])), True, True)
    (later,) = say(story, "wrong")
    assert find(picker, ledger).rows == (later, ids[4], ids[3])


def test_what_is_not_final_is_read_again_until_it_is(
    story: Story, database: Database, ledger: Ledger, reading: Reading
) -> None:
    story.session("s")
    (message,) = say(story, "wrong")
    reading.unfinished.add(message)
    picker = make(database, reading)
    find(picker, ledger)
    find(picker, ledger)
    assert reading.asked == [message, message]
    reading.unfinished.clear()
    find(picker, ledger)
    assert reading.asked == [message, message]


def test_an_index_that_vanishes_is_said_and_what_was_found_is_forgotten(
    story: Story, database: Database, ledger: Ledger, reading: Reading
) -> None:
    story.session("s")
    say(story, "wrong")
    picker = make(database, reading)
    assert len(find(picker, ledger).rows) == 1
    for kind in ("insert", "delete", "update"):
        story.execute(f"DROP TRIGGER IF EXISTS messages_fts_{kind}")
    story.execute("DROP TABLE messages_fts")
    say(story, "wrong")
    found = find(picker, ledger)
    assert (found.rows, found.problem) == ((), "missing")
