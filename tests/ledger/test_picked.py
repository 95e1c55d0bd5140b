"""Messages that match an expression, kept up to date: what is read once is not read again, and nothing stays that is gone."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from typing import Any

import pytest

from hermes_hud_widget.ledger import Database, Ledger
from hermes_hud_widget.ledger.picked import CALL_WITHIN, Picker, ToolResult, are_final, read_calls_with
from hermes_hud_widget.ledger.schema import Schema, read_schema
from ledger.world import NOW, Story, call


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


# -- calls and their results


def ask(story: Story, *ids: str, session: str = "s", **more: Any) -> int:
    calls = [call(one, "terminal", '{"command": "sudo ls"}') for one in ids]
    return story.message(session, "assistant", "", tool_calls=calls, finish_reason="tool_calls", **more)


def results(story: Story, message: int) -> tuple[ToolResult, ...]:
    with closing(sqlite3.connect(story.path)) as connection:
        return read_calls_with(connection, read_schema(connection), [message], "sudo")[message]


def test_a_call_is_open_until_the_model_goes_on(story: Story) -> None:
    story.session("s")
    story.session("other")
    asked = ask(story, "a", "b")
    story.message("s", "tool", '{"exit_code": 0}', tool_call_id="a")
    # Overheard, delivered from elsewhere, another session's: none of that is the model that goes on.
    story.message("s", "user", "Hello", observed=1)
    story.message("s", "assistant", "Delivered")
    ask(story, "a", session="other")
    assert [(one.has_result, one.is_open) for one in results(story, asked)] == [(True, False), (False, True)]
    assert not are_final(results(story, asked))
    ask(story, "c")
    assert [(one.has_result, one.is_open) for one in results(story, asked)] == [(True, False), (False, False)]
    assert are_final(results(story, asked))


def test_a_call_that_is_never_answered_is_closed_when_a_result_would_not_be_looked_for(story: Story) -> None:
    story.session("s")
    asked = ask(story, "a")
    story.message("s", "user", "Hello", id=asked + CALL_WITHIN - 1)
    assert not are_final(results(story, asked))
    story.message("s", "user", "Hello", id=asked + CALL_WITHIN)
    assert are_final(results(story, asked))


def test_the_first_result_counts_and_one_that_a_clock_made_older_than_its_call(story: Story) -> None:
    story.session("s")
    asked = ask(story, "a", at=0)
    first = story.message("s", "tool", '{"exit_code": 3}', tool_call_id="a", at=60)
    story.message("s", "tool", '{"exit_code": 4}', tool_call_id="a", at=50)
    (result,) = results(story, asked)
    assert (result.id, result.exit_code, result.is_open) == (first, 3, False)


def test_a_call_without_a_time_is_answered_too(story: Story) -> None:
    story.session("s")
    asked = ask(story, "a", timestamp="no time")
    answered = story.message("s", "tool", "{}", tool_call_id="a")
    assert [one.id for one in results(story, asked)] == [answered]


def test_what_other_sessions_wrote_since_is_not_passed_to_look_for_a_result(story: Story) -> None:
    for session in ("s", "other"):
        story.session(session)
    for _ in range(30):
        story.message("s", "user", "before", at=100_000)
    asked = ask(story, "a")

    def instructions() -> int:
        passed: list[int] = []
        with closing(sqlite3.connect(story.path)) as connection:
            schema = read_schema(connection)
            connection.set_progress_handler(lambda: passed.append(1) or 0, 1)
            read_calls_with(connection, schema, [asked], "sudo")
        return len(passed)

    alone = instructions()
    with closing(sqlite3.connect(story.path)) as connection:
        connection.executemany(
            "INSERT INTO messages (session_id, role, content, timestamp) VALUES ('other', 'tool', 'x', ?)",
            [(NOW.timestamp() + at,) for at in range(500)],
        )
        connection.commit()
    assert instructions() == alone
