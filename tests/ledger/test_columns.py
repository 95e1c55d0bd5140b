from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from hermes_hud_widget.frames import FrameArguments
from hermes_hud_widget.ledger import Database, Ledger
from hermes_hud_widget.ledger.columns import SESSION_COLUMNS
from hermes_hud_widget.ledger.messages import COLUMNS as MESSAGE_COLUMNS
from hermes_hud_widget.panels import sessions as panel
from ledger.world import NOW, RELEASES, Story, call


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def messages(ledger: Ledger, args: FrameArguments) -> dict[str, list[Any]]:
    """The rows of the frame, a list for each column."""
    return lists(ledger.messages(args))


def tool_calls(ledger: Ledger, args: FrameArguments) -> dict[str, list[Any]]:
    return lists(ledger.tool_calls(args))


def lists(found: Any) -> dict[str, list[Any]]:
    if isinstance(found, Mapping):
        return {name: list(pa.array(column).to_pylist()) for name, column in found.items()}
    return {
        name: [value for chunk in found for value in chunk.columns[name].to_pylist()]
        for name in (found[0].columns if found else ())
    }


@pytest.fixture
def conversation(story: Story) -> Story:
    """A compressed conversation with a delegated session, and another one."""
    story.session("a", at=100, ended_at=ago(50).timestamp(), end_reason="compression", input_tokens=5)
    story.session("b", at=50, parent_session_id="a", title="Plans #2")
    story.session(
        "child", at=40, parent_session_id="b", source="subagent", model_config={"_delegate_from": "b"}
    )
    story.session(
        "other", at=200, archived=1, cost_status="unknown", estimated_cost_usd=0.0, api_call_count=1
    )
    for index, id in enumerate(["other", "a", "a", "b", "child", "b"]):
        story.message(id, at=190 - 30 * index, content="x" * index)
    return story


def test_each_row_of_sessions_is_a_row_the_latest_first(conversation: Story, ledger: Ledger) -> None:
    found = ledger.session_columns(FrameArguments())
    assert found["id"] == ["child", "b", "a", "other"]
    assert found["root_id"] == ["child", "a", "a", "other"]
    assert found["parent_id"] == ["b", "a", None, None]
    assert found["kind"] == ["subagent", "continuation", "conversation", "conversation"]
    assert found["listed"] == [False, False, True, False]
    assert found["cost_usd"][3] is None
    assert found["cost_status"][3] == "unknown"
    assert found["archived"] == [False, False, False, True]
    assert found["duration_s"] == [pytest.approx(0), pytest.approx(10), pytest.approx(50), pytest.approx(10)]
    assert found["last_active"][2] == ago(130)
    assert set(found) == set(SESSION_COLUMNS)


def test_listed_sessions_are_as_many_as_the_totals_say(conversation: Story, ledger: Ledger) -> None:
    assert sum(ledger.session_columns(FrameArguments())["listed"]) == ledger.totals().sessions


def test_sessions_are_chosen_by_start_conversation_number_and_column(
    conversation: Story, ledger: Ledger
) -> None:
    assert ledger.session_columns(FrameArguments(since=ago(100), until=ago(50), columns=("id",))) == {
        "id": ["a"]
    }
    assert ledger.session_columns(FrameArguments(limit=2, columns=("id", "title"))) == {
        "id": ["child", "b"],
        "title": [None, "Plans #2"],
    }
    assert ledger.session_columns(FrameArguments(session_id="b", columns=("id",))) == {"id": ["b", "a"]}
    assert ledger.session_columns(FrameArguments(limit=0, columns=("id",))) == {"id": []}


def test_each_row_of_messages_is_a_row_without_its_text(conversation: Story, ledger: Ledger) -> None:
    found = messages(ledger, FrameArguments())
    assert found["id"] == sorted(found["id"])
    assert found["session_id"] == ["other", "a", "a", "b", "child", "b"]
    assert found["timestamp"][0] == ago(190)
    assert found["text_chars"] == [0, 1, 2, 3, 4, 5]
    assert found["state"] == ["active"] * 6
    assert set(found) == set(MESSAGE_COLUMNS)


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (FrameArguments(limit=2), [5, 6]),
        (FrameArguments(limit=0), []),
        (FrameArguments(session_id="a"), [2, 3, 4, 6]),
        (FrameArguments(session_id="b", limit=1), [6]),
        (FrameArguments(session_id="unheard of"), []),
        (FrameArguments(since=ago(100)), [4, 5, 6]),
        (FrameArguments(since=ago(130), until=ago(70)), [3, 4]),
        (FrameArguments(until=ago(130)), [1, 2]),
        (FrameArguments(until=ago(130), limit=1), [2]),
        (FrameArguments(since=ago(100), session_id="a", limit=1), [6]),
        (FrameArguments(since=ago(-100)), []),
    ],
)
def test_messages_are_chosen_by_time_conversation_and_number(
    conversation: Story, ledger: Ledger, args: FrameArguments, expected: list[int]
) -> None:
    args = FrameArguments(args.since, args.until, ("id",), args.limit, args.session_id)
    assert messages(ledger, args) == {"id": expected}


def test_tools_lengths_and_states_of_messages(story: Story, ledger: Ledger) -> None:
    story.session("a")
    story.message(
        "a",
        role="assistant",
        content="€uro",
        tool_calls=[call("1", "web"), call("2", "memory")],
        reasoning="why",
    )
    story.message("a", role="tool", tool_name="web", tool_call_id="1", content=None, active=0)
    story.message(
        "a",
        content=[{"type": "text", "text": "four"}, {"type": "image", "data": "A" * 999}],
        compacted=1,
        active=0,
    )
    story.message("a", role="assistant", tool_calls="{damaged", content=None)
    found = messages(ledger, FrameArguments())
    assert found["tool_names"] == [["web", "memory"], [], [], []]
    assert found["text_chars"] == [4, 0, 4, 0]
    assert found["reasoning_chars"] == [3, 0, 0, 0]
    assert found["state"] == ["active", "rewound", "compacted", "active"]
    assert found["tool_name"] == [None, "web", None, None]


@pytest.mark.parametrize(
    "asked", [{}, {"limit": 37}, {"since": ago(30)}, {"session_id": "s1"}, {"until": ago(20)}]
)
def test_messages_are_the_same_in_one_chunk_and_in_many(
    story: Story, database: Database, monkeypatch: pytest.MonkeyPatch, asked: dict[str, object]
) -> None:
    for index in range(3):
        story.session(f"s{index}")
    rows = ", ".join(f"('s{index % 3}', 'user', 'x', {ago(300 - index).timestamp()})" for index in range(300))
    story.execute(f"INSERT INTO messages (session_id, role, content, timestamp) VALUES {rows}")
    story.execute("DELETE FROM messages WHERE id % 7 = 3")
    args = FrameArguments(**asked)  # type: ignore[arg-type]
    monkeypatch.setattr("hermes_hud_widget.ledger.pace.TARGET_S", 1e-9)
    slow = messages(Ledger(database), args)
    monkeypatch.setattr("hermes_hud_widget.ledger.pace.TARGET_S", 10)
    assert messages(Ledger(database), args) == slow
    assert len(slow["id"]) > 20


@pytest.mark.parametrize("release", RELEASES)
def test_all_columns_are_there_whatever_the_release(path: Path, ledger: Ledger, release: str) -> None:
    story = Story(path, release)
    story.session("a", at=10)
    story.message("a", role="assistant", tool_calls=[call("1", "web")])
    assert all(len(values) == 1 for values in ledger.session_columns(FrameArguments()).values())
    found = messages(ledger, FrameArguments())
    assert (found["tool_names"], found["state"]) == ([["web"]], ["active"])


def test_a_missing_database_has_no_rows(ledger: Ledger) -> None:
    assert all(values == [] for values in ledger.session_columns(FrameArguments()).values())
    assert messages(ledger, FrameArguments()) == {}
    assert messages(ledger, FrameArguments(columns=("id", "role"), limit=9)) == {"id": [], "role": []}


def test_the_columns_are_those_that_the_frames_declare() -> None:
    assert [column.name for column in panel.SESSION_COLUMNS] == list(SESSION_COLUMNS)
    assert [column.name for column in panel.MESSAGE_COLUMNS] == list(MESSAGE_COLUMNS)


@pytest.mark.parametrize("flag", [1, 2, -1])
def test_any_flag_but_zero_says_that_a_message_was_compacted(flag: int, story: Story, ledger: Ledger) -> None:
    story.session("a", at=100)
    story.message("a", at=90, active=0, compacted=flag, tool_calls=[call("1", "web")])
    args = FrameArguments(columns=("state",))
    assert messages(ledger, args) == tool_calls(ledger, args) == {"state": ["compacted"]}
