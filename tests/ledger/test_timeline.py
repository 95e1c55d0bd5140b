"""Conversations in time, milestones, and the calls that write memory and skills."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from hermes_hud_widget.frames import FrameArguments
from hermes_hud_widget.ledger import Database, Ledger
from hermes_hud_widget.ledger.timeline import Past
from ledger.world import NOW, Story, call, make

AUCKLAND = ZoneInfo("Pacific/Auckland")


def past(ledger: Ledger, hours: float | None = None, until: datetime = NOW, **asked: Any) -> Past:
    """What happened in the last so many hours."""
    since = None if hours is None else NOW - timedelta(hours=hours)
    return ledger.past(NOW, since, until, UTC, until_all=True, **asked)


def ago(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)


def hour(count: float) -> float:
    return 3600 * count


def test_a_conversation_goes_from_its_start_to_its_end_or_its_last_message(
    story: Story, ledger: Ledger
) -> None:
    story.session("closed", at=hour(9), ended_at=ago(7).timestamp(), title="Closed")
    story.session("left", at=hour(6), source="telegram", cwd="/work/left")
    story.message("left", "user", "Left open", at=hour(5))
    story.session("live", at=hour(2), git_repo_root="/work/live", cwd="/work/live/sub")
    story.message("live", "user", "Still at it", at=30)
    spans = past(ledger).sessions
    assert [(one.session_id, one.title, one.started_at, one.ended_at, one.is_open) for one in spans] == [
        ("closed", "Closed", ago(9), ago(7), False),
        ("left", "Left open", ago(6), ago(5), False),
        ("live", "Still at it", ago(2), NOW - timedelta(seconds=30), True),
    ]
    assert [(one.source, one.place) for one in spans[1:]] == [
        ("telegram", "/work/left"),
        ("cli", "/work/live"),
    ]
    assert past(ledger).closes_at == NOW - timedelta(seconds=30) + timedelta(minutes=5)


def test_pieces_are_one_conversation_and_what_is_delegated_is_none(story: Story, ledger: Ledger) -> None:
    story.session("a", at=hour(9), ended_at=ago(8).timestamp(), end_reason="compression", message_count=3)
    story.session("b", at=hour(8), parent_session_id="a", ended_at=ago(1).timestamp(), message_count=4)
    story.session("helper", at=hour(7), parent_session_id="a", model_config='{"_delegate_from": "a"}')
    story.session("away", at=hour(3), archived=1, ended_at=ago(2).timestamp())
    found = [
        (one.root_id, one.session_id, one.ended_at, one.messages, one.archived)
        for one in past(ledger).sessions
    ]
    assert found == [("a", "b", ago(1), 7, False), ("away", "away", ago(2), 0, True)]


def test_only_what_is_in_the_span_is_told_and_of_too_many_the_longest(story: Story, ledger: Ledger) -> None:
    for number in range(6):
        story.session(f"s{number}", at=hour(10 - number))
        story.message(f"s{number}", at=hour(9.75 - 0.9 * number))
    within = past(ledger, hours=8, until=ago(6))
    expected = [f"s{number}" for number in range(6) if 9.75 - 0.9 * number <= 8 and 10 - number > 6]
    assert [one.session_id for one in within.sessions] == expected
    assert (within.total, within.first_at) == (len(expected), ago(10))
    longest = past(ledger, limit=2)
    assert (longest.total, [one.session_id for one in longest.sessions]) == (6, ["s0", "s1"])


def test_milestones_are_those_of_all_sessions_in_their_sequence(path: Path) -> None:
    random = Random(3)
    story = Story(path)
    kept = Ledger(Database(path))
    for number in range(70):
        story.session(
            f"s{number}",
            at=hour(random.randrange(2000)),
            message_count=random.choice([0, 20, 150]),
            parent_session_id=random.choice([None, None, "s0"]),
        )
        if number % 10 == 5:
            story.execute("DELETE FROM sessions WHERE id = ?", (f"s{random.randrange(1, number)}",))
        if number % 7 == 6:
            found = kept.past(NOW, None, NOW, AUCKLAND, until_all=True)
            assert list(found.milestones) == sorted(plainly(kept), key=lambda one: one[1])
            assert found == Ledger(Database(path)).past(NOW, None, NOW, AUCKLAND, until_all=True)


def plainly(ledger: Ledger) -> list[tuple[Any, ...]]:
    """The same from the frame's rows."""
    columns = ("started_at", "id", "kind", "message_count")
    found = ledger.session_columns(FrameArguments(columns=columns))
    rows = sorted(zip(*(found[name] for name in columns), strict=True))
    roots = [row for row in rows if row[2] in ("conversation", "branch")]
    stones: list[tuple[Any, ...]] = [("first", roots[0][0], 1, roots[0][1])]
    stones += [("conversations", *roots[n - 1][:1], n, roots[n - 1][1]) for n in (10, 50) if n <= len(roots)]
    total, reached = 0, [1000, 5000]
    days: Counter[Any] = Counter()
    for at, id, _, messages in rows:
        total += messages
        days[at.astimezone(AUCKLAND).date()] += messages
        while reached and reached[0] <= total:
            stones.append(("messages", at, reached.pop(0), id))
    if total:
        day = min(days, key=lambda one: (-days[one], one))
        stones.append(("busiest", datetime(day.year, day.month, day.day, tzinfo=AUCKLAND), days[day], None))
    return stones


def test_calls_that_wrote_memory_or_a_skill_are_told_and_failed_ones_are_not(
    story: Story, ledger: Ledger
) -> None:
    story.session("a")
    results = (
        ("memory", "ok"),
        ("memory", '{"success": false, "error": "full"}'),
        ("skill_manage", "ok"),
        ("web", "ok"),
    )
    for number, (tool, result) in enumerate(results):
        at = hour(5) - number
        story.message("a", "assistant", "", at=at, tool_calls=[call(f"c{number}", tool)])
        story.message("a", "tool", result, at=at - 0.5, tool_call_id=f"c{number}")
    calls = past(ledger).calls
    assert calls is not None
    assert [(one.at, one.session_id, one.tool) for one in calls] == [
        (ago(5), "a", "memory"),
        (ago(5) + timedelta(seconds=2), "a", "skill_manage"),
    ]
    story.message("a", "assistant", "", at=1, tool_calls=[call("later", "memory")])
    assert past(ledger).calls == calls
    story.message("a", "tool", "ok", at=0, tool_call_id="later")
    assert [one.at for one in past(ledger).calls or ()][-1] == NOW - timedelta(seconds=1)


def test_of_too_many_calls_the_newest_of_the_span_are_told(story: Story, ledger: Ledger) -> None:
    story.session("a")
    for number in range(9):
        at = hour(9 - number)
        story.message("a", "assistant", "", at=at, tool_calls=[call(f"c{number}", "memory")])
        story.message("a", "tool", "ok", at=at - 1, tool_call_id=f"c{number}")
    found = past(ledger, hours=7, until=ago(2), limit=2)
    assert ([one.at for one in found.calls or ()], found.calls_total) == ([ago(4), ago(3)], 5)


def test_nothing_there_is_nothing(path: Path) -> None:
    ledger = Ledger(Database(path))
    assert past(ledger) == Past(None, (), 0, (), (), 0, None, None)
    make(path)
    assert past(ledger) == Past(None, (), 0, (), (), 0, None, None)
