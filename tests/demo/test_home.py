"""The demo's home: what SQLite, Hermes' limits and a second look at the same seed say about it."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hermes_hud_widget.demo.home import DemoHome
from hermes_hud_widget.demo.memories import LIMITS, Memories
from hermes_hud_widget.demo.narrator import SUMMARY_PREFIX
from hermes_hud_widget.demo.stories import read_stories

NOW = 1_790_000_000.0


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("home")
    demo = DemoHome(path, seed=7, now=NOW)
    yield path
    demo.close()


@pytest.fixture
def database(home: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(f"file:{home}/state.db?mode=ro", uri=True)
    yield connection
    connection.close()


def rows(database: sqlite3.Connection, query: str) -> list[Any]:
    return database.execute(query).fetchall()


def test_sqlite_finds_nothing_wrong_with_it(database: sqlite3.Connection) -> None:
    assert rows(database, "PRAGMA integrity_check") == [("ok",)]
    assert rows(database, "PRAGMA foreign_key_check") == []
    assert rows(database, "PRAGMA journal_mode") == [("wal",)]
    assert rows(database, "SELECT version FROM schema_version") == [(22,)]


def test_every_message_is_found_by_the_full_text_index(database: sqlite3.Connection) -> None:
    assert rows(database, "SELECT count(*) FROM messages_fts") == rows(
        database, "SELECT count(*) FROM messages"
    )
    assert rows(database, "SELECT count(*) > 0 FROM messages_fts WHERE messages_fts MATCH 'forecast'") == [
        (1,)
    ]
    assert rows(database, "SELECT count(*) > 0 FROM messages_fts_trigram WHERE content MATCH '共享单车'") == [
        (1,)
    ]


def test_there_is_a_month_of_sessions_from_every_source(database: sqlite3.Connection) -> None:
    [(count, oldest, newest)] = rows(
        database, "SELECT count(*), min(started_at), max(started_at) FROM sessions"
    )
    assert 50 <= count <= 90
    assert 25 < (NOW - oldest) / 86_400 <= 30
    assert newest <= NOW
    sources = {source for (source,) in rows(database, "SELECT DISTINCT source FROM sessions")}
    assert sources == {"cli", "telegram", "discord", "cron", "subagent"}


def test_three_sessions_are_in_the_middle_of_something(database: sqlite3.Connection) -> None:
    live = rows(database, f"SELECT source FROM sessions WHERE ended_at IS NULL AND started_at > {NOW - 60}")
    assert {source for (source,) in live} == {"cli", "telegram", "discord"}


@pytest.mark.parametrize(
    ("what", "where"),
    [
        (
            "a compression chain of three",
            "id IN (SELECT c.id FROM sessions a JOIN sessions b ON b.parent_session_id = a.id"
            " JOIN sessions c ON c.parent_session_id = b.id"
            " WHERE a.end_reason = 'compression' AND b.end_reason = 'compression' AND c.title LIKE '% #2')",
        ),
        ("a branch", "json_extract(model_config, '$._branched_from') = parent_session_id"),
        (
            "a delegated subagent",
            "source = 'subagent' AND json_extract(model_config, '$._delegate_from') = parent_session_id",
        ),
        (
            "one compacted in place",
            f"id IN (SELECT session_id FROM messages WHERE active = 1 AND content LIKE '{SUMMARY_PREFIX}%')"
            " AND id IN (SELECT session_id FROM messages WHERE active = 0 AND compacted = 1)",
        ),
        (
            "one rewound",
            "rewind_count = 1 AND id IN (SELECT session_id FROM messages WHERE active = 0 AND compacted = 0)",
        ),
        ("an archived one", "archived = 1"),
        (
            "one that was killed while a tool ran",
            f"ended_at IS NULL AND started_at < {NOW - 86_400} AND (SELECT tool_calls IS NOT NULL FROM messages"
            " WHERE session_id = sessions.id ORDER BY id DESC LIMIT 1)",
        ),
        (
            "one left open",
            f"ended_at IS NULL AND started_at < {NOW - 3_600} AND title = 'Notes for the board meeting'",
        ),
        (
            "an estimated cost",
            "cost_status = 'estimated' AND estimated_cost_usd > 0 AND actual_cost_usd IS NULL",
        ),
        ("an actual cost", "cost_status = 'actual' AND actual_cost_usd > 0"),
        ("an included cost", "cost_status = 'included' AND estimated_cost_usd = 0"),
        ("an unknown cost", "cost_status = 'unknown' AND output_tokens > 0"),
    ],
)
def test_the_past_holds(what: str, where: str, database: sqlite3.Connection) -> None:
    assert rows(database, f"SELECT count(*) FROM sessions WHERE {where}")[0][0] >= 1, what


def test_message_ids_follow_time(database: sqlite3.Connection) -> None:
    # A branch copies old messages, as Hermes does.
    own = "session_id NOT IN (SELECT id FROM sessions WHERE json_extract(model_config, '$._branched_from') IS NOT NULL)"
    times = [at for (at,) in rows(database, f"SELECT timestamp FROM messages WHERE {own} ORDER BY id")]
    assert times == sorted(times)


def test_every_tool_call_but_those_cut_off_has_its_result(database: sqlite3.Connection) -> None:
    answered = {call for (call,) in rows(database, "SELECT tool_call_id FROM messages WHERE role = 'tool'")}
    calls = [
        (session, call)
        for session, text in rows(
            database, "SELECT session_id, tool_calls FROM messages WHERE tool_calls IS NOT NULL"
        )
        for call in json.loads(text)
    ]
    for _, call in calls:
        assert {"id", "call_id", "type", "function"} <= call.keys()
        json.loads(call["function"]["arguments"])
    dangling = {session for session, call in calls if call["id"] not in answered}
    never_ended = {session for (session,) in rows(database, "SELECT id FROM sessions WHERE ended_at IS NULL")}
    assert dangling
    assert dangling <= never_ended


def test_session_totals_are_those_of_its_main_loop(database: sqlite3.Connection) -> None:
    difference = """
        SELECT s.id FROM sessions s LEFT JOIN session_model_usage u ON u.session_id = s.id AND u.task = ''
        GROUP BY s.id HAVING s.output_tokens <> ifnull(sum(u.output_tokens), 0)
            OR abs(ifnull(s.estimated_cost_usd, 0) - ifnull(sum(u.estimated_cost_usd), 0)) > 1e-9
    """
    assert rows(database, difference) == []
    tasks = {task for (task,) in rows(database, "SELECT DISTINCT task FROM session_model_usage")}
    assert {"", "title_generation", "compression"} <= tasks


def test_memory_files_are_in_hermes_format_and_within_its_limits(home: Path) -> None:
    for folder in (home / "memories", home / "profiles" / "coder" / "memories"):
        entries = (folder / "MEMORY.md").read_text("utf-8").split("\n§\n")
        assert len(entries) >= 2
        assert all(entry == entry.strip() != "" for entry in entries)
    assert len((home / "memories" / "MEMORY.md").read_text("utf-8")) <= 2200
    assert len((home / "memories" / "USER.md").read_text("utf-8")) <= 1375


def test_memories_stay_within_their_limits_however_much_is_learnt(tmp_path: Path) -> None:
    memories = Memories(tmp_path)
    for number in range(200):
        memories.learn("memory", f"{number} " + "m" * (number % 180))
        memories.learn("user", f"{number} " + "u" * (number % 120))
        assert len((tmp_path / "MEMORY.md").read_text("utf-8")) <= LIMITS["memory"]
        assert len((tmp_path / "USER.md").read_text("utf-8")) <= LIMITS["user"]
    assert memories.add("memory", "x" * 2200)["success"] is False
    assert sorted(file.name for file in tmp_path.iterdir()) == ["MEMORY.md", "USER.md"]


def test_the_profile_is_a_home_of_its_own(home: Path) -> None:
    connection = sqlite3.connect(f"file:{home}/profiles/coder/state.db?immutable=1", uri=True)
    try:
        assert rows(connection, "PRAGMA integrity_check") == [("ok",)]
        assert rows(connection, "SELECT count(*) FROM sessions") == [(3,)]
    finally:
        connection.close()


@pytest.mark.parametrize("file", ["history", "live", "cron", "coder", "lessons", "skills"])
def test_no_comma_has_cut_a_text_in_two(file: str) -> None:
    # In YAML, `{content: first, second}` is two keys, the second of them without a value.
    def empty_keys(value: Any) -> list[str]:
        if isinstance(value, list):
            return [key for item in value for key in empty_keys(item)]
        if not isinstance(value, dict):
            return []
        own = [key for key, item in value.items() if item is None and key not in ("ends", "answer")]
        return own + [key for item in value.values() for key in empty_keys(item)]

    assert empty_keys(read_stories(file)) == []


def dump(path: Path, seed: int) -> list[str]:
    path.mkdir()
    demo = DemoHome(path, seed=seed, now=NOW)
    demo.close()
    connection = sqlite3.connect(path / "state.db")
    try:
        # Mira's directories lie in the demo's own.
        return [line.replace(str(path), "") for line in connection.iterdump()]
    finally:
        connection.close()


def test_the_same_seed_gives_the_same_past(tmp_path: Path) -> None:
    first = dump(tmp_path / "first", 7)
    assert dump(tmp_path / "again", 7) == first
    assert dump(tmp_path / "other", 8) != first


def test_a_home_is_made_in_less_than_a_second_and_a_half(tmp_path: Path) -> None:
    began = time.perf_counter()
    DemoHome(tmp_path, seed=7, now=time.time()).close()
    assert time.perf_counter() - began < 1.5
