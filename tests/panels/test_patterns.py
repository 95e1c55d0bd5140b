"""The patterns panel over real databases: its spans, what could be a skill, and that its frames say the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any, cast

import pandas as pd
import pytest

from hermes_hud_widget.core import OpenHome
from hermes_hud_widget.ledger import Ledger
from hermes_hud_widget.panel import Until
from hermes_hud_widget.panels import patterns, sessions
from hermes_hud_widget.panels.patterns import AGAIN, Patterns, PatternsQuery, PatternStreak
from hermes_hud_widget.place import Place
from hermes_hud_widget.sources import Settings
from ledger.world import NOW, Story, call

ZONE = "Asia/Kathmandu"
Collect = Callable[..., Patterns]


@pytest.fixture
def collect(ledger: Ledger) -> Collect:
    """Collects the panel; `days` is the span asked for."""

    def run(days: int = 0, **more: Any) -> Patterns:
        while (found := cast("Patterns", until(ledger, days, **more).payload)).progress is not None:
            ledger.advance()
        return found

    return run


def until(ledger: Ledger | None, days: int = 0, timezone: str = "UTC") -> Until:
    result = patterns.collect(ledger, Settings({"timezone": timezone}), PatternsQuery(days=days), NOW)
    return result if isinstance(result, Until) else Until(result, None)


def use(
    story: Story, session: str, *tools: str, at: float = 60, took: float | None = 0.5, result: str = "ok"
) -> None:
    """Calls of tools, one after the other."""
    for number, tool in enumerate(tools):
        when = at - number / 100
        id = f"{session}-{at}-{number}"
        story.message(session, "assistant", "", at=when, tool_calls=[call(id, tool)])
        if took is not None:
            story.message(session, "tool", result, at=when - took, tool_call_id=id)


def fill(story: Story, seed: int) -> None:
    """A home of conversations of every kind over some months."""
    random = Random(seed)
    for number in range(60):
        at = random.choice([random.random() * 5, random.random() * 120]) * 86_400
        story.session(
            f"s{number}",
            at=at,
            source=random.choice(["cli", "telegram", "cron"]),
            parent_session_id=random.choice([None, None, f"s{number - 1}" if number else None]),
            message_count=random.randrange(20),
            tool_call_count=random.randrange(9),
        )
        story.message(
            f"s{number}", "user", random.choice(["Fix the bug", "Deploy it", f"Say {number}"]), at=at
        )
        tools = [random.choice(["terminal", "read_file", "patch"]) for _ in range(random.randrange(6))]
        took = random.choice([None, 0.25, 3.0, 50.0])
        use(
            story, f"s{number}", *tools, at=at - 1, took=took, result=random.choice(["ok", '{"error": "no"}'])
        )


def test_a_span_is_of_the_sessions_that_started_in_it(story: Story, collect: Collect) -> None:
    for days in (0, 5, 40):
        story.session(f"s{days}", at=days * 86_400)
        use(story, f"s{days}", "terminal")
    found = {days: collect(days) for days in (7, 30, 0)}
    assert {days: one.conversations for days, one in found.items()} == {7: 2, 30: 2, 0: 3}
    assert {days: one.tools.calls for days, one in found.items() if one.tools} == {7: 2, 30: 2, 0: 3}
    assert found[7].since == NOW.replace(hour=0) - timedelta(days=6)
    assert (found[0].since, found[0].days, found[0].timezone) == (None, 0, "UTC")


def test_a_span_of_days_holds_until_midnight_and_all_time_for_ever(story: Story, ledger: Ledger) -> None:
    story.session("a")
    assert until(ledger, 7).valid_until == NOW.replace(hour=0) + timedelta(days=1)
    assert until(ledger, 0).valid_until is None


def test_a_quiet_span_of_a_used_home_is_not_empty(story: Story, collect: Collect) -> None:
    assert collect(7).is_empty()
    story.session("a", at=40 * 86_400)
    assert not collect(7).is_empty()
    assert collect(7).conversations == 0
    assert cast("Patterns", until(None).payload).is_empty()


def test_while_the_calls_are_being_read_it_says_so_and_is_collected_again(
    story: Story, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hermes_hud_widget.ledger.patterns.NEAR_MESSAGES", -1)
    story.session("a")
    use(story, "a", "terminal")
    early = until(ledger, 0)
    payload = cast("Patterns", early.payload)
    assert (payload.tools, payload.candidates, early.valid_until) == (None, (), NOW + AGAIN)
    assert payload.progress is not None
    assert payload.conversations == 1
    while ledger.advance() == 0.0:
        pass
    monkeypatch.undo()
    late = until(ledger, 0)
    assert cast("Patterns", late.payload).tools is not None
    assert late.valid_until is None


def test_what_comes_back_three_times_could_be_a_skill(story: Story, collect: Collect) -> None:
    for number in range(3):
        story.session(f"s{number}", at=900 - number, title=f"Title {number}")
        story.message(f"s{number}", "user", "Write the weekly report", at=800 - number)
        use(story, f"s{number}", "web_search", "execute_code", "send_message", at=600)
        use(story, f"s{number}", "terminal", "terminal", "terminal", at=500)
    story.session("once")
    use(story, "once", "patch", "patch", "terminal")
    found = collect()
    assert found.tools is not None
    prompts = [(one.kind, one.text, one.times) for one in found.candidates if one.kind == "prompt"]
    assert prompts == [("prompt", "Write the weekly report", 3)]
    workflows = {one.tools: one.times for one in found.candidates if one.kind == "workflow"}
    assert workflows[("web_search", "execute_code", "send_message")] == 3
    # Three times the same tool is no workflow that anybody would write down.
    assert ("terminal", "terminal", "terminal") not in workflows
    assert ("terminal", "terminal", "terminal") in {one.tools for one in found.tools.workflows}
    assert all(one.times >= 3 for one in found.candidates)


def test_failures_and_calls_without_a_result_are_told_apart(story: Story, collect: Collect) -> None:
    story.session("a")
    use(story, "a", "terminal", "terminal", "terminal", at=90)
    use(story, "a", "terminal", at=80, result='{"output": "", "exit_code": 1}')
    use(story, "a", "terminal", "clarify", at=70, took=None)
    found = collect()
    assert found.tools is not None
    assert [
        (one.tool, one.calls, one.failed, one.unanswered, one.failure_rate) for one in found.tools.tools
    ] == [
        ("terminal", 5, 1, 1, 0.25),
        ("clarify", 1, 0, 1, None),
    ]
    assert found.tools.tools[1].latency is None


def test_streaks_are_counted_as_hermes_does(story: Story, collect: Collect) -> None:
    for day in (1, 2, 3, 7, 8, 20):
        story.session(f"s{day}", at=day * 86_400)
    assert collect().streak == PatternStreak(active=6, longest=3)
    assert [day.sessions for day in collect().calendar] == [1] * 6


def test_a_day_has_its_messages_whenever_their_session_started(story: Story, collect: Collect) -> None:
    day = 86_400
    story.session("a", at=3 * day)
    for at in (3 * day - 5, day, day - 5):
        story.message("a", "user", "Go on", at=at)
    found = collect()
    assert [(one.sessions, one.messages) for one in found.calendar] == [(1, 1), (0, 2)]
    # A streak is of days on which a session started, as before.
    assert found.streak == PatternStreak(active=1, longest=1)
    story.message("a", "user", "And now?", at=60)
    assert [(one.sessions, one.messages) for one in collect().calendar] == [(1, 1), (0, 2), (0, 1)]


def test_more_tools_than_are_shown_are_counted(story: Story, collect: Collect) -> None:
    story.session("a")
    use(story, "a", *(f"tool_{number}" for number in range(patterns.TOOLS_SHOWN + 3)))
    found = collect()
    assert found.tools is not None
    assert (len(found.tools.tools), found.tools.left_out) == (patterns.TOOLS_SHOWN, 3)
    assert found.tools.calls == patterns.TOOLS_SHOWN + 3


@pytest.mark.parametrize("days", [0, 30])
def test_every_number_can_be_recomputed_from_the_frames(
    story: Story, home: Path, collect: Collect, days: int
) -> None:
    fill(story, 5)
    (home / "config.yaml").write_text(f"timezone: {ZONE}\n", encoding="utf-8")
    found = collect(days, timezone=ZONE)
    opened = OpenHome(Place(home, home, None), {"sessions": sessions.PANEL, "patterns": patterns.PANEL})
    try:
        frames = {
            name: opened.table(name, {}, NOW).to_pandas(ignore_metadata=True)
            for name in ("sessions", "messages", "tool_calls", "tool_stats", "hourly", "prompts")
        }
    finally:
        opened.close()
    all_sessions = frames["sessions"].set_index("id")
    within = all_sessions if found.since is None else all_sessions[all_sessions.started_at >= found.since]
    calls = frames["tool_calls"].astype({"session_id": str, "root_id": str, "tool": str})
    calls = calls[calls.session_id.isin(within.index)]
    messages = frames["messages"].astype({"session_id": str})
    messages = messages[messages.session_id.isin(within.index)]
    assert found.tools is not None

    assert list(found.sessions) == by_hour(within.started_at)
    assert list(found.messages) == by_hour(messages.timestamp)
    assert list(found.tools.hours) == by_hour(calls.called_at)
    days_of = by_day(within.started_at)
    calendar = (
        pd.DataFrame({"sessions": days_of, "messages": by_day(messages.timestamp)}).fillna(0).sort_index()
    )
    assert [(day.on, day.sessions, day.messages) for day in found.calendar] == list(calendar.itertuples())
    assert found.streak.active == len(days_of)
    assert found.recorded == len(all_sessions)

    tools = calls.groupby("tool")
    assert {one.tool: one.calls for one in found.tools.tools} == tools.size().to_dict()
    for one in found.tools.tools:
        own = calls[calls.tool == one.tool]
        assert one.failed == (own.status == "error").sum()
        assert one.unanswered == (own.status == "no result").sum()
        if one.latency:
            expected = own.duration_s.quantile([0, 0.5, 0.95, 1]).tolist()
            assert [
                one.latency.min_s,
                one.latency.p50_s,
                one.latency.p95_s,
                one.latency.max_s,
            ] == pytest.approx(expected)
    following = pd.concat(
        [calls.tool, *(calls.groupby("root_id").tool.shift(-n) for n in (1, 2))], axis=1
    ).dropna()
    times = following.apply(tuple, axis=1).value_counts().to_dict() if len(following) else {}
    assert {one.tools: one.times for one in found.tools.workflows}.items() <= times.items()
    roots = following.assign(root=calls.root_id).drop_duplicates().drop(columns="root")
    conversations = roots.apply(tuple, axis=1).value_counts().to_dict()
    assert {one.tools: one.conversations for one in found.tools.workflows}.items() <= conversations.items()

    prompts = frames["prompts"].set_index("root_id")
    prompts = prompts[prompts.index.isin(within.index)]
    assert found.conversations == len(prompts)
    clusters = prompts.groupby("cluster", observed=True)
    assert {one.name: one.conversations for one in found.clusters} == clusters.size().to_dict()
    assert {one.name: one.messages for one in found.clusters} == clusters.messages.sum().to_dict()
    assert {one.name: one.tool_calls for one in found.clusters} == clusters.tool_calls.sum().to_dict()
    again = prompts[prompts.source != "cron"].prompt.value_counts()
    again = again[again > 1]
    assert {one.text: one.times for one in found.prompts} == again.to_dict()
    assert found.repeated == len(again)
    if days == 0:
        assert (
            prompts.repeats.dropna() == prompts.prompt.map(again).fillna(1)[prompts.repeats.notna()]
        ).all()
        stats = frames["tool_stats"].set_index("tool")
        assert stats.calls.to_dict() == tools.size().to_dict()
        assert stats.p95_s.dropna().to_dict() == pytest.approx(
            tools.duration_s.quantile(0.95).dropna().to_dict()
        )
        hourly = frames["hourly"]
        for name in ("sessions", "messages", "tool_calls"):
            shown = {"tool_calls": found.tools.hours}.get(name) or getattr(found, name)
            assert hourly[name].tolist() == list(shown)
        assert (hourly.weekday * 24 + hourly.hour).tolist() == list(range(168))


def by_day(instants: pd.Series[Any]) -> pd.Series[Any]:
    return instants.dt.tz_convert(ZONE).dt.date.value_counts()


def by_hour(instants: pd.Series[Any]) -> list[int]:
    local = instants.dt.tz_convert(ZONE).dt
    counts = (local.day_of_week * 24 + local.hour).value_counts()
    return [int(counts.get(slot, 0)) for slot in range(168)]


def test_frames_are_cut_and_chosen_as_asked(story: Story, home: Path) -> None:
    for day in (1, 3):
        story.session(f"s{day}", at=day * 86_400)
        story.message(
            f"s{day}", "user", "my key is sk-proj-abcdefghijklmnopqrstuvwxyz012345", at=day * 86_400
        )
        use(story, f"s{day}", "terminal", f"tool_{day}")
    opened = OpenHome(Place(home, home, None), {"patterns": patterns.PANEL})
    try:
        newest = opened.table("prompts", {"since": NOW - timedelta(days=2)}, NOW).to_pydict()
        assert newest["session_id"] == ["s1"]
        assert "abcdefghij" not in newest["prompt"][0]
        assert opened.table("tool_stats", {"limit": 1, "columns": ["tool"]}, NOW).to_pydict() == {
            "tool": ["terminal"]
        }
        assert opened.table("hourly", {"limit": 3}, NOW).num_rows == 3
    finally:
        opened.close()
