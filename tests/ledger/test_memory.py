"""What a ledger saved is verified before it is trusted, and is only metadata."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from hermes_hud_widget.frames import FrameArguments
from hermes_hud_widget.ledger import Database, Ledger, history, memory
from hermes_hud_widget.ledger import ledger as ledger_module
from hermes_hud_widget.ledger.index import Index
from ledger.world import NOW, Story, age, insert, settled

SECRET = "a word that nobody but the two of them may read"
REPLY = "its answer, just as private"


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture(autouse=True)
def every_history_counts_as_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "INLINE_S", 0.0)
    monkeypatch.setattr(ledger_module, "WORTH_SAVING_S", 0.0)


@pytest.fixture
def long_story(story: Story) -> Story:
    for number in range(40):
        story.session(f"s{number}", at=number * 1_000, title=f"Title {number}", input_tokens=number)
        story.message(f"s{number}", at=number * 1_000, content=SECRET)
        story.message(f"s{number}", role="assistant", at=number * 1_000 - 5, content=REPLY)
        story.execute(*insert("session_model_usage", session_id=f"s{number}", model="m", task="vision"))
    age(story.path)
    return story


@contextmanager
def starting(path: Path, cache: Path) -> Iterator[Ledger]:
    """A ledger as a server that was just started has it; what it read is saved in the end."""
    with closing(Database(path)) as database:
        settled(database)
        ledger = Ledger(database, index=partial(Index, folder=cache))
        yield ledger
        ledger.close()


def everything(ledger: Ledger) -> dict[str, Any]:
    return {
        # A frame waits until each row was read again; after it all else is as true.
        "columns": ledger.session_columns(FrameArguments()),
        "sessions": ledger.sessions(NOW, include_archived=True),
        "usage": ledger.usage_columns(FrameArguments()),
        "totals": ledger.totals(),
        "shapes": {one: record.shape for one, record in sorted(ledger._history.kept.records.items())},
    }


def afresh(path: Path) -> dict[str, Any]:
    with closing(Database(path)) as database:
        return everything(Ledger(database))


def fail(*_: object, **__: object) -> Any:
    raise AssertionError("the history was read again")


def test_a_second_start_reads_nothing_again_when_nothing_was_committed(
    long_story: Story, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with starting(long_story.path, cache) as first:
        first.settle()
        expected = everything(first)
    monkeypatch.setattr(history, "read_before", fail)
    monkeypatch.setattr(history, "read_ids", fail)
    with starting(long_story.path, cache) as second:
        second.page(NOW)
        assert second.progress is None
        assert everything(second) == expected


CHANGES: dict[str, Callable[[Story], object]] = {
    "a message": lambda story: story.message("s7", content="one more"),
    "a message less": lambda story: story.execute("DELETE FROM messages WHERE id = 9"),
    "a rewind": lambda story: story.execute("UPDATE messages SET active = 0 WHERE session_id = 's3'"),
    "a session": lambda story: story.session("new"),
    "a session less": lambda story: (
        story.execute("DELETE FROM messages WHERE session_id = 's39'"),
        story.execute("DELETE FROM sessions WHERE id = 's39'"),
    ),
    "another id in an old row's place": lambda story: (
        story.execute("DELETE FROM sessions WHERE id = 's39'"),
        story.session("in its place"),
    ),
    "a title": lambda story: story.execute("UPDATE sessions SET title = 'another' WHERE id = 's2'"),
    "what a session spent": lambda story: story.execute(
        "UPDATE session_model_usage SET input_tokens = 99 WHERE session_id = 's4'"
    ),
    "everything": lambda story: story.execute("DELETE FROM messages"),
    "rows renumbered": lambda story: (
        story.execute("DELETE FROM sessions WHERE id IN ('s1', 's5')"),
        story.execute("VACUUM"),
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changed_while_nobody_looked_is_found(long_story: Story, cache: Path, change: str) -> None:
    with starting(long_story.path, cache) as first:
        first.settle()
    CHANGES[change](long_story)
    with starting(long_story.path, cache) as second:
        assert everything(second) == afresh(long_story.path)


def test_a_remembered_session_without_messages_is_gone_at_once_when_it_is_deleted(
    long_story: Story, cache: Path
) -> None:
    """The next one gets its row's number, and its messages seem to explain one commit more than were made."""
    long_story.session("empty")
    long_story.execute("UPDATE sessions SET title = 'Begun' WHERE id = 'empty'")
    age(long_story.path)
    with starting(long_story.path, cache) as first:
        first.settle()
    with closing(sqlite3.connect(long_story.path)) as hermes, starting(long_story.path, cache) as second:
        second.totals()
        assert second.progress is None
        # Commits are told apart only while the same process has it open.
        hermes.execute("UPDATE sessions SET title = 'Plans' WHERE id = 's0'")
        hermes.commit()
        second.settle()
        hermes.execute("DELETE FROM sessions WHERE id = 'empty'")
        hermes.commit()
        hermes.execute(*insert("sessions", id="next", source="cli", started_at=NOW.timestamp()))
        for _ in range(3):
            hermes.execute(*insert("messages", session_id="next", role="user", timestamp=NOW.timestamp()))
        hermes.commit()
        second.settle()
        with closing(Database(long_story.path)) as database:
            assert second.totals() == Ledger(database).totals()


def test_messages_are_right_before_a_single_row_of_sessions_was_read_again(
    long_story: Story, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with starting(long_story.path, cache) as first:
        first.settle()
    long_story.message("s7", content="one more")
    long_story.execute("DELETE FROM messages WHERE session_id = 's8'")
    monkeypatch.setattr(history, "read_before", fail)
    with starting(long_story.path, cache) as second:
        second.settle()
        shapes = {one: record.shape.messages for one, record in second._history.kept.records.items()}
        assert (shapes["s7"], shapes["s8"], shapes["s9"]) == (3, 0, 2)


def test_what_is_in_doubt_when_it_is_saved_is_verified_at_the_next_start(
    long_story: Story, cache: Path
) -> None:
    with starting(long_story.path, cache) as first:
        first.settle()
        first.session_columns(FrameArguments())
        long_story.execute("UPDATE sessions SET title = 'another' WHERE id = 's2'")
        first.totals()
    with starting(long_story.path, cache) as second:
        assert everything(second) == afresh(long_story.path)


def test_another_file_in_its_place_begins_anew(long_story: Story, cache: Path, tmp_path: Path) -> None:
    with starting(long_story.path, cache) as first:
        first.settle()
    other = Story(tmp_path / "other.db")
    other.session("other", title="Other")
    age(other.path)
    (tmp_path / "other.db").replace(long_story.path)
    with starting(long_story.path, cache) as second:
        assert [session.id for session in second.sessions(NOW)] == ["other"]


def test_no_word_of_a_message_is_saved(long_story: Story, cache: Path) -> None:
    with starting(long_story.path, cache) as ledger:
        ledger.settle()
        assert ledger.sessions(NOW)[0].preview == SECRET
        ledger.transcript("s1", None, 10, NOW)
    saved = b"".join(path.read_bytes() for path in cache.rglob("*") if path.is_file())
    assert b"Title 7" in saved
    assert SECRET.encode() not in saved
    assert REPLY.encode() not in saved


def test_a_small_history_leaves_nothing(
    long_story: Story, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_module, "WORTH_SAVING_S", 1e9)
    with starting(long_story.path, cache) as ledger:
        ledger.settle()
    assert not cache.exists()


@pytest.mark.parametrize("damage", ["fields", "records", "values", "newest"])
def test_what_is_not_understood_is_read_anew_with_a_line_in_the_log(
    long_story: Story, cache: Path, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    with starting(long_story.path, cache) as first:
        first.settle()
        remembered = first._history.memory()
    assert remembered is not None
    document = json.loads(json.dumps(memory.dump(remembered)))
    match damage:
        case "fields":
            document["fields"][0].append("more")
        case "records":
            document["records"][3] = [1, 2]
        case "values":
            document["records"][3][1] = document["records"][3][1][:-1]
        case "newest":
            del document["newest"]
    with closing(Database(long_story.path)) as database:
        settled(database)
        status = long_story.path.stat()
        with closing(Index(long_story.path, (status.st_dev, status.st_ino), cache)) as index:
            assert index.save(document, {})
    with caplog.at_level(logging.INFO), starting(long_story.path, cache) as second:
        assert everything(second) == afresh(long_story.path)
    assert "read anew" in caplog.text
