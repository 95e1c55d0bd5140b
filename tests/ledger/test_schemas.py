"""Homes of all releases, and of such as may come: each panel and each frame works, and says what it cannot know."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hermes_hud_widget.core import OpenHome
from ledger.reading import FRAMES, PANELS, assert_agrees, assert_same, listed, open_home, rows, said, show
from ledger.world import NOW, Writer, call, insert, make, schema

SCHEMAS = Path(__file__).parent / "schemas"
RELEASES = sorted(path.stem for path in SCHEMAS.glob("*.sql"))
NEWEST = RELEASES[-1]
SYNTHETIC = {
    path.read_text(encoding="utf-8").splitlines()[0].removeprefix("-- ").split(".")[0]: path.stem
    for path in sorted((SCHEMAS / "synthetic").glob("*.sql"))
}

AS_GIT_IS_READ = {("sessions", "git_branch"), ("sessions", "git_repo_root")}
OF_0_19 = {("sessions", "profile_name"), ("tool_calls", "effect")}
OF_0_16 = {("sessions", "cwd"), ("sessions", "rewind_count"), ("model_usage", "project")}
LACKING = {
    "0.13": OF_0_16 | AS_GIT_IS_READ | OF_0_19,
    "0.14": OF_0_16 | AS_GIT_IS_READ | OF_0_19,
    "0.15": OF_0_16 | AS_GIT_IS_READ | OF_0_19,
    "0.16": AS_GIT_IS_READ | OF_0_19,
    "0.17": AS_GIT_IS_READ | OF_0_19,
    "0.18": OF_0_19,
    "0.19": set(),
}
"""Columns of frames, by frame, of which a release's database knows nothing."""


UNTOLD = frozenset(
    {
        "approvals",
        "approvals_waiting",
        "goals",
        "delegations",
        "spawn_trees",
        "corrections",
        "mcp",
        "mcp_servers",
    }
)
"""Panels and frames of which the story below tells nothing."""


def ago(seconds: float) -> float:
    return NOW.timestamp() - seconds


MONEY = {
    "estimated_cost_usd": 0.5,
    "cost_status": "estimated",
    "billing_provider": "anthropic",
    "api_call_count": 4,
}
TOKENS = {
    "input_tokens": 5,
    "output_tokens": 6,
    "cache_read_tokens": 7,
    "cache_write_tokens": 8,
    "reasoning_tokens": 2,
}
PLACE = {
    "cwd": "/work",
    "git_branch": "main",
    "git_repo_root": "/work",
    "profile_name": "coder",
    "rewind_count": 1,
}
DELEGATED = {"source": "subagent", "model_config": '{"_delegate_from": "b"}'}
STORY: list[tuple[str, dict[str, Any]]] = [
    (
        "sessions",
        {"id": "a", "started_at": ago(500), "ended_at": ago(400), "end_reason": "compression", **PLACE},
    ),
    (
        "sessions",
        {"id": "b", "started_at": ago(400), "parent_session_id": "a", "title": "Plans", **PLACE, **TOKENS},
    ),
    ("sessions", {"id": "c", "started_at": ago(300), "parent_session_id": "b", **DELEGATED, **PLACE}),
    ("messages", {"session_id": "a", "role": "user", "content": "Plan my week", "timestamp": ago(490)}),
    ("messages", {"session_id": "b", "role": "user", "content": "Summary", "timestamp": ago(390)}),
    (
        "messages",
        {
            "session_id": "b",
            "role": "assistant",
            "timestamp": ago(380),
            "tool_calls": json.dumps([call("c0", "terminal", '{"n": 1}')]),
            "finish_reason": "tool_calls",
            "reasoning": "why not",
            "token_count": 3,
        },
    ),
    (
        "messages",
        {
            "session_id": "b",
            "role": "tool",
            "content": '{"exit_code": 0}',
            "tool_call_id": "c0",
            "tool_name": "terminal",
            "timestamp": ago(370),
            "effect_disposition": "unknown",
            "observed": 0,
        },
    ),
    ("messages", {"session_id": "b", "role": "assistant", "content": "Done", "timestamp": ago(100)}),
]


def tell(path: Path) -> None:
    """Writes the story, as far as the database has columns for it."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for table, values in STORY:
            usual = {"source": "cli", "model": "m/one", "message_count": 2, "tool_call_count": 1, **MONEY}
            given = {**usual, **values} if table == "sessions" else dict(values)
            there = {
                name for (name,) in connection.execute("SELECT name FROM pragma_table_info(?)", (table,))
            }
            connection.execute(*insert(table, **{name: given[name] for name in given if name in there}))


@pytest.fixture
def told(home: Path) -> Iterator[Callable[[str], OpenHome]]:
    """Makes a home of a release and opens it."""
    opened: list[OpenHome] = []

    def make_and_open(release: str) -> OpenHome:
        for path in home.iterdir():
            path.unlink()
        make(home / "state.db", release=release)
        tell(home / "state.db")
        opened.append(open_home(home))
        return opened[-1]

    yield make_and_open
    for one in opened:
        one.close()


def columns_of(release: str) -> dict[str, set[str]]:
    """The columns of each table that a release makes."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(schema(release))
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {
            table: {name for (name,) in connection.execute("SELECT name FROM pragma_table_info(?)", (table,))}
            for (table,) in tables
        }


def test_releases_are_those_whose_homes_differ_and_0_14_is_like_0_13() -> None:
    assert RELEASES == ["0.13", "0.14", "0.15", "0.16", "0.17", "0.18", "0.19"] == list(LACKING)
    assert columns_of("0.14") == columns_of("0.13")
    assert all(schema(release).startswith(f"-- hermes-agent {release}.") for release in RELEASES)
    assert len(SYNTHETIC) == 5
    assert all(name.startswith("synthetic: ") for name in SYNTHETIC)


@pytest.mark.parametrize("release", RELEASES)
def test_each_panel_and_each_frame_works_on_the_home_of_each_release(
    told: Callable[[str], OpenHome], release: str
) -> None:
    home = told(release)
    for panel in PANELS:
        shown = show(home, panel, NOW)
        assert (shown.status, shown.error) == ("empty" if panel in UNTOLD else "ok", None), panel
    for frame in FRAMES:
        # Without a working directory there is nothing to group by.
        is_told = frame not in UNTOLD and (frame != "projects" or release >= "0.16")
        assert bool(rows(home, frame, NOW)) is is_told, frame
    assert_agrees(home, NOW)


@pytest.mark.parametrize("release", RELEASES)
def test_what_a_release_does_not_know_is_missing_and_all_else_is_as_in_the_newest(
    told: Callable[[str], OpenHome], release: str
) -> None:
    # What was worked where is grouped by what older releases do not know.
    frames = [frame for frame in FRAMES if frame != "projects"]
    newest = {frame: rows(told(NEWEST), frame, NOW) for frame in frames}
    home = told(release)
    for frame in frames:
        expected = [
            {name: None if (frame, name) in LACKING[release] else value for name, value in row.items()}
            for row in newest[frame]
        ]
        assert_same({frame: rows(home, frame, NOW)}, {frame: expected})
    known = [
        (frame, name)
        for frame, found in newest.items()
        for row in found[1:2]
        for name in row
        if row[name] is not None
    ]
    assert LACKING[release] <= {*known, ("tool_calls", "effect")}, "what is missing anyway proves nothing"


@pytest.mark.parametrize("release", RELEASES)
def test_the_list_and_the_transcript_say_none_for_what_a_release_does_not_know(
    told: Callable[[str], OpenHome], release: str
) -> None:
    (expected,) = listed(told(NEWEST), NOW)
    home = told(release)
    unknown = {name for frame, name in LACKING[release] if frame == "sessions"} & expected.keys()
    expected = {name: None if name in unknown else value for name, value in expected.items()}
    assert listed(home, NOW) == [expected]
    assert show(home, "sessions", NOW, session="b").data["transcript"]["session"] == expected
    assert unknown <= {"cwd", "git_branch", "rewind_count"}


@pytest.mark.parametrize("release", [release for release in RELEASES if release < "0.16"])
def test_where_nothing_could_be_archived_or_taken_back_nothing_was(
    told: Callable[[str], OpenHome], release: str
) -> None:
    home = told(release)
    assert "archived" not in columns_of(release)["sessions"]
    assert "active" not in columns_of(release)["messages"]
    assert {row["archived"] for row in rows(home, "sessions", NOW)} == {False}
    assert {row["state"] for row in rows(home, "messages", NOW)} == {"active"}
    assert {row["state"] for row in rows(home, "tool_calls", NOW)} == {"active"}


@pytest.mark.parametrize("release", [release for release in RELEASES if release < "0.19"])
def test_where_usage_is_not_attributed_the_sessions_own_counters_are_and_say_so(
    told: Callable[[str], OpenHome], release: str
) -> None:
    found = rows(told(release), "model_usage", NOW)
    assert [(row["session_id"], row["task"], row["attributed"]) for row in found] == [
        ("c", "main", False),
        ("b", "main", False),
        ("a", "main", False),
    ]
    assert {(row["first_seen"], row["last_seen"], row["actual_cost_usd"]) for row in found} == {
        (None, None, None)
    }


@pytest.mark.parametrize("migration", SYNTHETIC.values(), ids=list(SYNTHETIC))
def test_what_is_not_known_yet_changes_nothing(told: Callable[[str], OpenHome], migration: str) -> None:
    home = told(NEWEST)
    before = said(home, NOW)
    writer = Writer(home.place.path / "state.db")
    try:
        writer.script((SCHEMAS / "synthetic" / f"{migration}.sql").read_text(encoding="utf-8"))
        # The one that looked on all the time, and one that comes now.
        assert_agrees(home, NOW)
        after = said(home, NOW)
        for one in (before, after):
            one["overview"][2]["identity"].pop("size_bytes")
        # An index that is being made anew is said to be incomplete.
        searched = {name for name in before if "'search'" in name}
        assert_same(*({name: one[name] for name in one.keys() - searched} for one in (after, before)))
        writer("UPDATE sessions SET title = 'New' WHERE id = 'b'")
        assert_agrees(home, NOW)
        assert listed(home, NOW)[0]["title"] == "New"
    finally:
        writer.close()
    assert_agrees(home, NOW)


def test_a_hidden_session_and_a_hidden_message_are_not_shown(told: Callable[[str], OpenHome]) -> None:
    home = told(NEWEST)
    writer = Writer(home.place.path / "state.db")
    try:
        for migration in ("pinned-hidden-last-activity", "display-kind"):
            writer.script((SCHEMAS / "synthetic" / f"{migration}.sql").read_text(encoding="utf-8"))
        writer("UPDATE messages SET display_kind = 'hidden' WHERE content = 'Summary'")
        assert_agrees(home, NOW)
        transcript = show(home, "sessions", NOW, session="b").data["transcript"]
        assert [one["text"] for one in transcript["messages"]] == [
            "Done",
            '{"exit_code": 0}',
            "",
            "Plan my week",
        ]
        assert transcript["total"] == 4
        assert len(rows(home, "messages", NOW)) == 5
        writer("UPDATE sessions SET hidden = 1 WHERE id = 'a'")
        assert_agrees(home, NOW)
        assert listed(home, NOW, archived=True) == []
        assert show(home, "overview", NOW).data["totals"]["sessions"] == 0
    finally:
        writer.close()


def test_words_that_nobody_knows_yet_are_shown_as_they_are(told: Callable[[str], OpenHome]) -> None:
    home = told(NEWEST)
    writer = Writer(home.place.path / "state.db")
    try:
        writer(
            "UPDATE sessions SET source = 'hologram', end_reason = 'superseded_by_resume', ended_at = ? WHERE id = 'b'",
            ago(9),
        )
        writer("UPDATE sessions SET source = 'hologram', cost_status = 'haggled' WHERE id = 'a'")
        writer("UPDATE messages SET role = 'oracle', finish_reason = 'enough' WHERE content = 'Done'")
        assert_agrees(home, NOW + timedelta(seconds=1))
    finally:
        writer.close()
    (row,) = listed(home, NOW)
    assert (row["source"], row["end_reason"], row["cost"]["usd"]) == ("hologram", "superseded_by_resume", 1.0)
    newest = show(home, "sessions", NOW, session="b").data["transcript"]["messages"][0]
    assert (newest["role"], newest["finish_reason"]) == ("oracle", "enough")
