"""What happened since an instant: counted as it comes, whoever asks how often."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from hermes_hud_widget.frames import FrameArguments
from hermes_hud_widget.ledger import Ledger
from hermes_hud_widget.ledger.rows import Cost, Spending, Tokens
from hermes_hud_widget.ledger.since import MOST_INSTANTS
from ledger.world import NOW, RELEASES, Story, Writer, call, insert

MINUTE_AGO = NOW - timedelta(minutes=1)
HOUR_AGO = NOW - timedelta(hours=1)
PRICED = {"cost_status": "estimated", "model": "opus"}


def test_messages_calls_and_conversations_are_those_written_since(story: Story, ledger: Ledger) -> None:
    story.session("old", at=600)
    story.message("old", at=500)
    story.message("old", "assistant", at=50, tool_calls=[call("c1", "terminal"), call("c2", "todo")])
    story.session("new", at=40)
    story.message("new", at=30)
    story.session("helper", at=20, source="subagent", parent_session_id="new")
    story.message("helper", "assistant", at=10, tool_calls=[call("c3", "terminal")])
    found = ledger.happened(MINUTE_AGO, NOW)
    assert (found.messages, found.tool_calls, found.conversations) == (3, 3, 1)


def test_it_is_what_the_frames_say(story: Story, ledger: Ledger) -> None:
    for number in range(6):
        story.session(f"s{number}", at=number * 25)
        story.message(f"s{number}", at=number * 25)
        story.message(f"s{number}", "assistant", at=number * 20, tool_calls=[call(f"c{number}", "terminal")])
    found = ledger.happened(MINUTE_AGO, NOW)
    asked = FrameArguments(since=MINUTE_AGO)
    rows = ledger.messages(FrameArguments(since=MINUTE_AGO, columns=("id",)))
    calls = ledger.tool_calls(FrameArguments(since=MINUTE_AGO, columns=("call_id",)))
    sessions = ledger.session_columns(asked)
    assert isinstance(rows, dict)
    assert isinstance(calls, dict)
    assert (found.messages, found.tool_calls) == (len(rows["id"]), len(calls["call_id"]))
    assert found.conversations == sum(sessions["listed"])
    assert found.messages > 0


def test_what_comes_is_added_and_nothing_is_counted_twice(
    story: Story, writer: Callable[..., Writer], ledger: Ledger
) -> None:
    story.session("s", at=600)
    story.message("s", at=20)
    hermes = writer()
    assert ledger.happened(MINUTE_AGO, NOW).messages == 1
    for number in range(3):
        hermes(*insertion("s", NOW.timestamp() + number))
        assert [ledger.happened(MINUTE_AGO, NOW).messages for _ in range(2)] == [2 + number] * 2


def insertion(session: str, at: float) -> tuple[object, ...]:
    sql, values = insert("messages", session_id=session, role="user", content="x", timestamp=at)
    return (sql, *values)


@pytest.mark.parametrize("release", RELEASES)
def test_every_release_is_counted(path: Path, ledger: Ledger, release: str) -> None:
    story = Story(path, release)
    story.session("s", at=30, input_tokens=5)
    story.message("s", "assistant", at=20, tool_calls=[call("c", "terminal")])
    found = ledger.happened(MINUTE_AGO, NOW)
    assert (found.messages, found.tool_calls, found.conversations) == (1, 1, 1)
    assert found.spending.tokens.input == 5


def test_damaged_tool_calls_are_none(story: Story, ledger: Ledger) -> None:
    story.session("s", at=30)
    story.message("s", "assistant", at=20, tool_calls="[{")
    story.message("s", "assistant", at=20, tool_calls='{"a": 1}')
    assert ledger.happened(MINUTE_AGO, NOW).tool_calls == 0


def test_of_older_sessions_only_what_was_added_counts_as_spent(story: Story, ledger: Ledger) -> None:
    story.session("old", at=600, input_tokens=100, estimated_cost_usd=1.0, **PRICED)
    story.session("idle", at=900, input_tokens=50, estimated_cost_usd=9.0, **PRICED)
    before = ledger.happened(MINUTE_AGO, MINUTE_AGO)
    assert before.spending == Spending(0, Tokens(), Cost())
    assert before.spent_since == MINUTE_AGO
    story.execute("UPDATE sessions SET input_tokens = 130, estimated_cost_usd = 1.25 WHERE id = 'old'")
    story.session("new", at=30, output_tokens=7, estimated_cost_usd=0.5, **PRICED)
    spent = ledger.happened(MINUTE_AGO, NOW).spending
    assert (spent.sessions, spent.tokens) == (2, Tokens(input=30, output=7))
    assert spent.cost == Cost(0.75, "estimated", 0)


def test_a_price_that_is_not_known_is_said_to_be_not_known(story: Story, ledger: Ledger) -> None:
    story.session("old", at=600, input_tokens=100)
    ledger.happened(MINUTE_AGO, MINUTE_AGO)
    story.execute("UPDATE sessions SET input_tokens = 130 WHERE id = 'old'")
    cost = ledger.happened(MINUTE_AGO, NOW).spending.cost
    assert (cost.usd, cost.unknown_sessions) == (None, 1)


def test_asked_late_it_says_from_when_on_it_knows_what_was_spent(story: Story, ledger: Ledger) -> None:
    story.session("old", at=7200, input_tokens=100)
    story.message("old", at=60)
    found = ledger.happened(HOUR_AGO, NOW)
    assert (found.spent_since, found.messages, found.spending.tokens.input) == (NOW, 1, 0)


def test_rest_forgets_nothing_of_it(story: Story, ledger: Ledger) -> None:
    story.session("old", at=600, input_tokens=100)
    story.message("old", at=30)
    ledger.happened(MINUTE_AGO, MINUTE_AGO)
    story.execute("UPDATE sessions SET input_tokens = 110")
    ledger.rest()
    story.message("old", at=10)
    story.execute("UPDATE sessions SET input_tokens = 130")
    found = ledger.happened(MINUTE_AGO, NOW)
    assert (found.messages, found.spending.tokens.input) == (2, 30)
    assert found.spent_since == MINUTE_AGO


def test_another_file_begins_anew(path: Path, story: Story, ledger: Ledger) -> None:
    story.session("s", at=30, input_tokens=100)
    story.message("s", at=30)
    assert ledger.happened(MINUTE_AGO, NOW).messages == 1
    restored = path.with_name("restored.db")
    Story(restored).session("s", at=30)
    restored.replace(path)
    assert ledger.happened(MINUTE_AGO, NOW).messages == 0


def test_of_many_viewers_the_last_ones_are_kept(story: Story, ledger: Ledger) -> None:
    story.session("old", at=7200, input_tokens=100)
    story.message("old", at=30)
    for number in range(MOST_INSTANTS + 3):
        since = MINUTE_AGO + timedelta(milliseconds=number)
        assert ledger.happened(since, since).messages == 1
    story.execute("UPDATE sessions SET input_tokens = 130")
    last = MINUTE_AGO + timedelta(milliseconds=MOST_INSTANTS)
    assert ledger.happened(last, NOW).spending.tokens.input == 30
    # The first one was let go of, and begins anew.
    assert ledger.happened(MINUTE_AGO, NOW).spending.tokens.input == 0


def test_many_pages_in_turns_take_nothing_from_each_other(story: Story, ledger: Ledger) -> None:
    for number in range(30):
        story.session(f"s{number}", at=7200, input_tokens=100)
        story.message(f"s{number}", at=7000)
    instants = []
    for number in range(20):
        instants.append(MINUTE_AGO + timedelta(seconds=number))
        ledger.happened(instants[-1], instants[-1])
        # What is spent between two pages' instants is news for the earlier page only.
        story.execute(f"UPDATE sessions SET input_tokens = 110 WHERE id = 's{number}'")
    story.execute("DELETE FROM sessions WHERE id = 's29'")
    for _ in range(2):
        spent = [ledger.happened(instant, NOW).spending.tokens.input for instant in instants]
        assert spent == [10 * (20 - number) for number in range(20)]
    story.execute("UPDATE sessions SET input_tokens = 115 WHERE id = 's0'")
    spent = [ledger.happened(instant, NOW).spending.tokens.input for instant in instants]
    assert spent == [205, *(10 * (20 - number) + 5 for number in range(1, 20))]


def test_a_missing_file_has_had_nothing_happen(ledger: Ledger) -> None:
    found = ledger.happened(MINUTE_AGO, NOW)
    assert (found.messages, found.tool_calls, found.conversations) == (0, 0, 0)
    assert (ledger.began_at(), ledger.size_bytes()) == (None, 0)


def test_the_first_session_and_the_size_are_told(path: Path, story: Story, ledger: Ledger) -> None:
    story.session("b", at=50)
    story.session("a", at=500)
    assert ledger.began_at() == NOW - timedelta(seconds=500)
    assert ledger.size_bytes() >= path.stat().st_size > 0
