"""What recurs: against plain rules over all rows, on histories that nobody thought of, and kept up change by change."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from random import Random
from statistics import quantiles
from threading import Thread
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hermes_hud_widget.frames import FrameArguments
from hermes_hud_widget.ledger import Database, Ledger, follower, patterns, slabs
from hermes_hud_widget.ledger.clusters import cluster_of, hits
from hermes_hud_widget.ledger.pace import Pace
from hermes_hud_widget.ledger.patterns import Recurring
from hermes_hud_widget.protocol import Progress
from ledger.test_columns import lists
from ledger.world import NOW, RELEASES, Story, call, make

KATHMANDU = ZoneInfo("Asia/Kathmandu")
"""Five hours and three quarters ahead."""
TOOLS = ("terminal", "read_file", "patch", "memory")


def whole(ledger: Ledger, where: tzinfo = UTC, since: datetime | None = None) -> Recurring:
    """All of it, with all that it takes read."""
    return ledger.patterns(since, where, prompts=100, workflows=1000, until_all=True)


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """One session a step, and two messages of it."""
    monkeypatch.setattr(patterns, "Pace", lambda **_: Pace(rows=2, least=2, most=2))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What each step read of the sessions."""
    steps: list[Any] = []
    read = patterns._read

    def noting(*args: Any, asked: Any) -> Any:
        steps.append(asked)
        return read(*args, asked=asked)

    monkeypatch.setattr(patterns, "_read", noting)
    return steps


@pytest.fixture
def small_slabs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few rows in each chunk, so that a short history has many."""
    monkeypatch.setattr(slabs, "SLAB_ROWS", 4)
    monkeypatch.setattr(follower, "SLAB_ROWS", 4)


# -- kinds of work


@pytest.mark.parametrize(
    ("prompt", "cluster"),
    [
        ("Commit and push this branch", "git"),
        ("The stage is on fire", "other"),
        ("Where is the environmental report?", "other"),
        ("Why does it CRASH with that traceback?", "debugging"),
        ("Refactor: rename the module and tidy it", "refactor"),
        ("Write a function for that", "code"),
        ("Compare the papers and summarize them", "research"),
        ("Deploy the container to the server", "config"),
        ("Translate the documentation", "docs"),
        ("cherry-pick it", "git"),
        ("帮我修复这个报错", "debugging"),
        ("请重构这个模块", "refactor"),
        ("", "other"),
    ],
)
def test_a_kind_of_work_is_told_by_whole_words(prompt: str, cluster: str) -> None:
    assert cluster_of(hits(prompt), None) == cluster


def test_the_kind_with_the_most_different_words_wins_and_the_title_counts() -> None:
    assert cluster_of(hits("fix fix fix the commit on that branch"), None) == "git"
    assert cluster_of(hits("fix the commit"), None) == "git"
    assert cluster_of(hits("fix the commit"), "A crash") == "debugging"
    assert cluster_of(hits(""), "Nginx") == "config"


# -- how conversations begin


def test_prompts_recur_whatever_their_case_and_white_space(story: Story, ledger: Ledger) -> None:
    for number, text in enumerate(("Check the  feed", "check the feed\n", "Check the feed!")):
        story.session(f"s{number}", at=100 - number, title=f"Title {number}")
        story.message(f"s{number}", "user", text, at=90 - number)
        story.message(f"s{number}", "user", "Something else", at=80)
    (prompt,) = whole(ledger).prompts
    assert (prompt.text, prompt.times, prompt.example.session_id) == ("check the feed", 2, "s1")
    assert (prompt.example.title, prompt.first_at) == ("Title 1", NOW - timedelta(seconds=100))


def test_long_prompts_are_the_same_only_if_all_of_them_is(story: Story, ledger: Ledger) -> None:
    long = "word " * 10_000
    for number, text in enumerate((long + "a", long + "a", long + "abc", long)):
        story.session(f"s{number}")
        story.message(f"s{number}", "user", text)
    (prompt,) = whole(ledger).prompts
    assert (prompt.times, len(prompt.text)) == (2, patterns.OPENING_CHARS)


def test_what_schedules_ask_and_branches_copy_is_no_repeated_prompt(story: Story, ledger: Ledger) -> None:
    story.session("a", source="cron")
    story.session("b", source="cron")
    story.session("c")
    story.session("d", parent_session_id="c", model_config='{"_branched_from": "c"}')
    story.session("e", parent_session_id="c", model_config='{"_delegate_from": "c"}')
    for session in "abcde":
        story.message(session, "user", "The same")
    found = whole(ledger)
    assert (found.prompts, found.conversations) == ((), 3)
    assert [task.key is None for task in sorted(ledger.tasks(UTC), key=lambda one: one.root_id)] == [
        True,
        True,
        False,
    ]


def test_a_compressed_conversation_is_one_with_all_its_messages(story: Story, ledger: Ledger) -> None:
    story.session("a", at=100, ended_at=NOW.timestamp() - 50, end_reason="compression", message_count=7)
    story.session("b", at=50, parent_session_id="a", message_count=3, tool_call_count=2, title="The tip")
    story.message("a", "user", "Fix that bug", at=90)
    story.message("b", "user", "[summary of what was before]", at=40)
    (cluster,) = whole(ledger).clusters
    assert (cluster.name, cluster.conversations, cluster.messages, cluster.tool_calls) == (
        "debugging",
        1,
        10,
        2,
    )
    assert [(one.session_id, one.title) for one in cluster.examples] == [("b", "The tip")]


def test_messages_of_parts_and_odd_ones_begin_with_their_words(story: Story, ledger: Ledger) -> None:
    contents: list[Any] = [
        [{"type": "text", "text": "Look at"}, {"type": "image_url", "image_url": {"url": "data:x"}}],
        [{"type": "image_url", "image_url": {"url": "data:" + "x" * 300_000}}],
        "\0json:no json",
        b"\xff bytes",
        "",
        None,
    ]
    for number, content in enumerate(contents):
        story.session(f"s{number}", at=100 - number)
        story.message(f"s{number}", "user", content)
    begins = {task.root_id: task.opening for task in ledger.tasks(UTC)}
    assert begins == {
        "s0": "Look at [image]",
        "s1": "",
        "s2": "no json",
        "s3": "\ufffd bytes",
        "s4": "",
        "s5": "",
    }


def test_a_first_message_is_read_again_only_when_messages_went_away(story: Story, ledger: Ledger) -> None:
    story.session("a")
    story.message("a", "user", "First", at=3)
    story.message("a", "user", "Second", at=2)
    assert [task.opening for task in ledger.tasks(UTC)] == ["First"]
    story.execute("DELETE FROM messages WHERE content = 'First'")
    assert [task.opening for task in ledger.tasks(UTC)] == ["Second"]
    story.execute("DELETE FROM sessions")
    story.execute("DELETE FROM messages")
    assert ledger.tasks(UTC) == []


# -- against plain rules


def grow(story: Story, random: Random, number: int) -> None:
    """One more thing happens."""
    sessions = [row[0] for row in story.execute("SELECT id FROM sessions")]
    if not sessions or random.random() < 0.15:
        story.session(
            f"s{number}",
            at=random.randrange(60 * 86_400),
            parent_session_id=random.choice([None, None, *sessions[-3:]]),
            source=random.choice(["cli", "cli", "cron"]),
            title=random.choice([None, f"Fix {number}", f"Title {number}"]),
            message_count=random.randrange(9),
        )
        return
    session = random.choice(sessions[-6:])
    # A session's messages are written in the sequence of their times.
    at = (130 - number) * 30_000
    what = random.random()
    if what < 0.2:
        story.message(session, "user", random.choice(["Fix the bug", "fix the  BUG", f"Say {number}"]), at=at)
    elif what < 0.75:
        calls = [call(f"c{number}-{n}", random.choice(TOOLS)) for n in range(random.choice([1, 1, 2, 3]))]
        story.message(session, "assistant", "", at=at, tool_calls=calls)
    elif what < 0.95:
        rows = story.execute(
            "SELECT session_id, tool_calls, timestamp FROM messages WHERE tool_calls IS NOT NULL ORDER BY id DESC LIMIT 4"
        )
        if rows:
            owner, written, called = random.choice(rows)
            took = random.choice([0.25, 1.5, 40.0])
            story.message(
                owner,
                "tool",
                random.choice(["ok", '{"error": "no"}']),
                at=NOW.timestamp() - called - took,
                tool_call_id=random.choice(json.loads(written))["id"],
            )
    elif what < 0.97:
        story.execute(
            "UPDATE sessions SET end_reason = 'compression', ended_at = started_at + 1 WHERE id = ?",
            (session,),
        )
    else:
        for table, column in (("messages", "session_id"), ("sessions", "id")):
            story.execute(f"DELETE FROM {table} WHERE {column} = ?", (session,))


def plainly(ledger: Ledger, where: tzinfo, since: datetime | None) -> dict[str, Any]:
    """The same from the frames' rows, by the rules in words."""
    sessions = lists(ledger.session_columns(FrameArguments()))
    started = {
        id: at
        for id, at in zip(sessions["id"], sessions["started_at"], strict=True)
        if since is None or at >= since
    }
    roots = dict(zip(sessions["id"], sessions["root_id"], strict=True))
    messages = lists(ledger.messages(FrameArguments()))
    calls = lists(ledger.tool_calls(FrameArguments()))
    columns = (calls.get(name, []) for name in ("session_id", "tool", "status", "duration_s", "called_at"))
    own = [row for row in zip(*columns, strict=True) if row[0] in started]
    sequences: defaultdict[str, list[str]] = defaultdict(list)
    for session_id, tool, *_ in own:
        sequences[roots[session_id]].append(tool)
    trigrams = [
        (root, tuple(tools[at : at + 3])) for root, tools in sequences.items() for at in range(len(tools) - 2)
    ]
    written = [
        at
        for id, at in zip(messages.get("session_id", []), messages.get("timestamp", []), strict=True)
        if id in started
    ]
    return {
        "sessions": _by_hour(started.values(), where),
        "messages": _by_hour(written, where),
        "message_days": Counter(at.astimezone(where).date() for at in written),
        "calls": _by_hour((row[4] for row in own), where),
        "days": Counter(at.astimezone(where).date() for at in started.values()),
        "tools": {
            tool: (
                Counter(row[2] for row in own if row[1] == tool),
                sorted(row[3] for row in own if row[1] == tool and row[3] is not None),
                max(row[4] for row in own if row[1] == tool),
            )
            for tool in {row[1] for row in own}
        },
        "times": Counter(tools for _, tools in trigrams),
        "conversations": Counter(tools for _, tools in set(trigrams)),
    }


def _by_hour(instants: Any, where: tzinfo) -> list[int]:
    found = Counter(at.astimezone(where).weekday() * 24 + at.astimezone(where).hour for at in instants)
    return [found[slot] for slot in range(168)]


def assert_agree(found: Recurring, plain: dict[str, Any]) -> None:
    assert found.tools is not None
    assert found.progress is None
    assert list(found.sessions) == plain["sessions"]
    assert list(found.messages) == plain["messages"]
    assert list(found.tools.slots) == plain["calls"]
    assert found.days == plain["days"]
    assert found.message_days == plain["message_days"]
    assert {one.tool for one in found.tools.tools} == set(plain["tools"])
    for one in found.tools.tools:
        statuses, durations, last = plain["tools"][one.tool]
        assert (one.succeeded, one.failed, one.unanswered, one.calls) == (
            statuses["ok"],
            statuses["error"],
            statuses["no result"],
            statuses.total(),
        )
        assert one.last_at == last
        assert (one.latency is None) == (not durations)
        if one.latency:
            p50, p95 = _quantile(durations, 50), _quantile(durations, 95)
            assert one.latency == pytest.approx((durations[0], p50, p95, durations[-1]))
    workflows = {one.tools: (one.times, one.conversations) for one in found.tools.workflows}
    assert workflows == {
        tools: (times, plain["conversations"][tools]) for tools, times in plain["times"].items()
    }
    assert [one.times for one in found.tools.workflows] == sorted(plain["times"].values(), reverse=True)
    assert {one.tools for one in found.tools.mixed} == {tools for tools in workflows if len(set(tools)) > 1}


def _quantile(ascending: list[float], percent: int) -> float:
    if len(ascending) == 1:
        return ascending[0]
    return quantiles(ascending, n=100, method="inclusive")[percent - 1]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.usefixtures("small_slabs")
def test_what_is_kept_up_is_what_plain_rules_say(
    story: Story, path: Path, seed: int, request: pytest.FixtureRequest
) -> None:
    if seed % 2:
        request.getfixturevalue("small_steps")
    random = Random(seed)
    kept = Ledger(Database(path))
    since = NOW - timedelta(days=30)
    for number in range(120):
        grow(story, random, number)
        if number % 15 == 14:
            for where, start in ((UTC, None), (KATHMANDU, None), (KATHMANDU, since)):
                found = whole(kept, where, start)
                assert_agree(found, plainly(kept, where, start))
                fresh = whole(Ledger(Database(path)), where, start)
                assert found.clusters == fresh.clusters
                assert sorted(found.prompts) == sorted(fresh.prompts)
                assert found._replace(clusters=(), prompts=()) == fresh._replace(clusters=(), prompts=())
        if number % 5 == 4:
            assert sorted(kept.tasks(UTC)) == sorted(Ledger(Database(path)).tasks(UTC))


def test_quantiles_of_one_and_of_many_are_interpolated(story: Story, ledger: Ledger) -> None:
    story.session("a")
    for number, took in enumerate((1.0, 2.0, 4.0)):
        at = 100 - 10 * number
        story.message("a", "assistant", "", at=at, tool_calls=[call(f"c{number}", "web")])
        story.message("a", "tool", "ok", at=at - took, tool_call_id=f"c{number}")
        tools = whole(ledger).tools
        assert tools is not None
        latency = tools.tools[0].latency
        assert latency == pytest.approx([(1, 1, 1, 1), (1, 1.5, 1.95, 2), (1, 2, 3.8, 4)][number])


def test_a_day_and_an_hour_are_those_of_the_zone(story: Story, ledger: Ledger) -> None:
    at = datetime(2026, 7, 19, 18, 30, tzinfo=UTC)
    story.session("a", started_at=at.timestamp())
    found = whole(ledger, KATHMANDU)
    assert found.days == {date(2026, 7, 20): 1}
    assert found.sessions[0 * 24 + 0] == 1
    assert whole(ledger, UTC).sessions[6 * 24 + 18] == 1


def test_damaged_times_are_counted_somewhere_and_raise_nothing(story: Story, ledger: Ledger) -> None:
    for number, started in enumerate((1e300, -1e300, 0, "no time", None)):
        story.session(f"s{number}", started_at=started if started is not None else 0)
        story.message(f"s{number}", "user", "Hello", timestamp=started if started is not None else 0)
    found = whole(ledger, KATHMANDU)
    assert (sum(found.sessions), sum(found.days.values())) == (5, 5)
    assert found.prompts[0].times == 5


@pytest.mark.parametrize("release", RELEASES)
def test_every_release_is_understood(path: Path, release: str) -> None:
    story = Story(path, release)
    story.session("a")
    story.message("a", "user", "Fix it")
    story.message("a", "assistant", "", tool_calls=[call("1", "web")])
    found = whole(Ledger(Database(path)))
    assert (found.conversations, sum(found.messages)) == (1, 2)
    assert found.tools is not None
    assert [one.tool for one in found.tools.tools] == ["web"]


def test_nothing_there_is_nothing(path: Path) -> None:
    ledger = Ledger(Database(path))
    assert whole(ledger).recorded == 0
    assert ledger.tasks(UTC) == []
    make(path)
    assert whole(ledger).recorded == 0


# -- in the background


def test_until_all_is_read_it_is_true_of_the_newest_and_says_how_far_it_is(
    story: Story, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patterns, "LOOK_S", 0.0)
    monkeypatch.setattr(patterns, "NEAR_MESSAGES", -1)
    for number in range(60):
        story.session(f"s{number}", at=1000 - number)
        story.message(f"s{number}", "user", "Fix it", at=1000 - number)
        story.message(f"s{number}", "assistant", "", at=900, tool_calls=[call("1", "web")])
    waiting = []
    ledger = Ledger(Database(path), on_waiting=lambda: waiting.append(1))
    ledger.settle()
    early = ledger.patterns(None, UTC)
    assert waiting
    assert 0 < early.conversations < 60
    assert (early.recorded, early.tools) == (60, None)
    assert early.progress is not None
    newest = max(task.example().last_at for task in ledger._habits._window(None, UTC).tasks.values())
    assert newest == NOW - timedelta(seconds=900)
    while ledger.advance() == 0.0:
        pass
    monkeypatch.undo()
    late = ledger.patterns(None, UTC)
    assert (late.conversations, late.progress) == (60, None)
    assert late.tools is not None
    assert late.tools.tools[0].calls == 60
    assert late == whole(ledger)._replace(prompts=late.prompts) or late.prompts == whole(ledger).prompts[:15]


@pytest.mark.usefixtures("small_slabs")
def test_after_one_more_call_only_the_last_chunk_is_looked_at(
    story: Story, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    story.session("a")
    for number in range(22):
        story.message("a", "assistant", "", tool_calls=[call(f"c{number}", "web")])
    whole(ledger)
    looked_at: list[int] = []
    fold = patterns.ToolUses._fold
    monkeypatch.setattr(
        patterns.ToolUses,
        "_fold",
        lambda self, chunk, roots: looked_at.append(len(chunk.rows)) or fold(self, chunk, roots),
    )
    story.message("a", "assistant", "", tool_calls=[call("more", "web")])
    tools = whole(ledger).tools
    assert tools is not None
    assert tools.tools[0].calls == 23
    assert sum(looked_at) <= 8


def begun(story: Story, sessions: int) -> None:
    for number in range(sessions):
        story.session(f"s{number}", at=1000 - number)
        for at in (990, 980, 970, 960, 950):
            story.message(f"s{number}", "user", "Fix it", at=at - number)


@pytest.mark.usefixtures("small_steps")
def test_others_look_between_two_steps_of_whoever_waits_for_all(
    story: Story, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun(story, 30)
    ledger = Ledger(Database(path))
    ledger.settle()
    other = Thread(target=ledger.totals)
    steps_with_other: list[bool] = []
    read = patterns._read

    def slowly(*args: Any, **more: Any) -> Any:
        if not steps_with_other:
            other.start()
        steps_with_other.append(other.is_alive())
        return read(*args, **more)

    monkeypatch.setattr(patterns, "_read", slowly)
    assert sum(whole(ledger).messages) == 150
    other.join()
    assert len(steps_with_other) >= 60
    assert steps_with_other[0]
    assert not steps_with_other[-1]


@pytest.mark.usefixtures("small_steps")
def test_another_span_is_made_of_what_is_known_step_by_step(
    story: Story, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun(story, 20)
    ledger = Ledger(Database(path), on_waiting=lambda: None)
    whole(ledger)
    monkeypatch.setattr(patterns, "LOOK_S", 0.0)
    since = NOW - timedelta(days=1)
    early = ledger.patterns(since, UTC)
    assert early.conversations == 2
    assert early.progress == Progress(done=2, total=20)
    while ledger.advance() == 0.0:
        pass
    late = ledger.patterns(since, UTC)
    assert (late.conversations, sum(late.messages), late.progress) == (20, 100, None)


def test_of_a_session_that_goes_on_only_what_came_is_counted(
    story: Story, ledger: Ledger, asked: list[Any]
) -> None:
    begun(story, 1)
    whole(ledger)
    asked.clear()
    last = story.message("s0", "assistant", "Fixed", at=900)
    assert sum(whole(ledger).messages) == 6
    assert [(step.whole, step.grown) for step in asked] == [([], [("s0", last - 1, last)])]


def test_what_went_away_while_others_came_is_not_counted(story: Story, ledger: Ledger) -> None:
    begun(story, 1)
    whole(ledger)
    story.execute("DELETE FROM messages WHERE id = 1")
    story.execute("UPDATE messages SET timestamp = timestamp + 86400, id = id + 10 WHERE id = 5")
    story.message("s0", "assistant", "Fixed", at=900)
    story.message("s0", "assistant", "Fixed", at=900)
    assert sum(whole(ledger).messages) == 6
    assert sum(ledger.patterns(None, UTC).message_days.values()) == 6
    assert len(ledger.patterns(None, UTC).message_days) == 2


@pytest.mark.usefixtures("small_steps")
def test_a_long_session_that_goes_on_while_it_is_counted_is_counted_to_its_end(
    story: Story, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun(story, 1)
    ledger = Ledger(Database(path))
    ledger.settle()
    read = patterns._read
    steps: list[int] = []

    def beside_an_agent(*args: Any, **more: Any) -> Any:
        steps.append(1)
        assert len(steps) < 100
        return read(*args, **more)

    monkeypatch.setattr(patterns, "_read", beside_an_agent)
    monkeypatch.setattr(patterns, "LOOK_S", 0.0)
    while ledger.patterns(None, UTC).progress is not None and len(steps) < 20:
        story.message("s0", "assistant", "More", at=500 - len(steps))
    told = sum(ledger.patterns(None, UTC).messages)
    assert told >= 5
    monkeypatch.setattr(patterns, "LOOK_S", 60.0)
    written = story.execute("SELECT count(*) FROM messages")[0][0]
    assert sum(ledger.patterns(None, UTC).messages) == written


@pytest.mark.usefixtures("small_steps")
def test_two_who_wait_for_all_of_different_zones_do_not_begin_it_again_for_each_other(
    story: Story, path: Path, asked: list[Any]
) -> None:
    begun(story, 20)
    ledger = Ledger(Database(path))
    given: dict[str, Recurring] = {}

    def look(where: tzinfo, name: str) -> None:
        for _ in range(3):
            given[name] = whole(ledger, where)

    zones: list[tuple[tzinfo, str]] = [(UTC, "UTC"), (KATHMANDU, "Kathmandu")]
    threads = [Thread(target=look, args=zone, daemon=True) for zone in zones]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert {name: sum(found.messages) for name, found in given.items()} == {"UTC": 100, "Kathmandu": 100}
    # Each session in two steps, each time that it is another's turn.
    assert len(asked) <= 6 * 20 * 2
