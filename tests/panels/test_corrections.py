"""The corrections panel: what the rules find and what they leave, over a real database with its full-text index."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hermes_hud_widget.core import OpenHome, Snapshot
from hermes_hud_widget.frames import to_pandas
from hermes_hud_widget.panels import corrections
from hermes_hud_widget.panels.corrections import KEPT, SAID, Corrections, rule_of
from hermes_hud_widget.place import Place
from ledger.world import NOW, Story

Show = Callable[..., Corrections]

SENTENCES = [
    ("repeated", "critical", "I told you to use polars."),
    ("repeated", "critical", "How many times do I have to say it"),
    ("repeated", "critical", "我已经说过了，用 polars。"),
    ("never", "critical", "Please never push to main."),
    ("damage", "critical", "You just deleted my notes!"),
    ("made-up", "critical", "That paper does not exist, you made it up."),
    ("without-asking", "critical", "Stop installing things without asking."),
    ("wrong", "major", "That's wrong, it is Monday."),
    ("wrong", "major", "The numbers are still not correct."),
    ("wrong", "major", "不对，应该是星期一。"),
    ("wrong", "major", "你弄错了"),
    ("not-asked", "major", "That is not what I asked for."),
    ("not-asked", "major", "I didn't mean the map"),
    ("does-not-work", "major", "It doesn't work on Windows."),
    ("does-not-work", "major", "It still fails."),
    ("overlooked", "major", "You forgot the ferry stations."),
    ("overlooked", "major", "You left out March."),
    ("undo", "major", "Please undo the last change."),
    ("no", "minor", "No, the second one."),
    ("actually", "minor", "Actually, take the airport."),
    ("instead", "minor", "Use percent instead of shares."),
    ("instead", "minor", "应该是百分比"),
    ("meant", "minor", "I meant the other file"),
    ("do-not", "minor", "Don't write tests yet."),
    ("do-not", "minor", "请不要写测试。"),
]
NO_CORRECTIONS = [
    "What is wrong with this chart?",
    "And if we randomised by user instead?",
    "Don't worry about the colours.",
    "I don't know.",
    "No, thanks!",
    "No, that's all.",
    "Was it actually faster?",
    "Make a table of the stations.",
    "Is that not correct?",
    "你好",
]


@pytest.fixture
def collect(home: Path) -> Callable[..., Snapshot]:
    def run(now: datetime = NOW, **query: Any) -> Snapshot:
        opened = OpenHome(Place(home, home, None), {"corrections": corrections.PANEL})
        try:
            opened.settle("corrections")
            return opened.collect("corrections", opened.parse_query("corrections", query), 1, now)
        finally:
            opened.close()

    return run


@pytest.fixture
def show(collect: Callable[..., Snapshot]) -> Show:
    def run(**given: Any) -> Corrections:
        shown = collect(**given)
        assert shown.error is None
        return Corrections.model_validate(shown.data)

    return run


def talk(story: Story, session: str, said: str, at: float = 60, **values: Any) -> int:
    """A session in which the user says something after an answer; the message's id."""
    story.session(session, at=at + 60, **values)
    story.message(session, "user", "hello", at=at + 50)
    story.message(session, "assistant", "It is Tuesday.", at=at + 40)
    return story.message(session, "user", said, at=at)


@pytest.mark.parametrize(("name", "severity", "said"), SENTENCES)
def test_a_correction_is_found_by_its_rule_and_by_the_index(
    story: Story, show: Show, name: str, severity: str, said: str
) -> None:
    rule = rule_of(said)
    assert rule is not None
    assert (rule.name, rule.severity) == (name, severity)
    message = talk(story, "s", said, title="A talk")
    (found,) = show().said
    assert (found.message, found.rule, found.session_id, found.session) == (message, name, "s", "A talk")


@pytest.mark.parametrize("said", NO_CORRECTIONS)
def test_questions_and_everyday_words_are_no_corrections(said: str) -> None:
    assert rule_of(said) is None


def test_every_rule_is_tried_by_a_sentence() -> None:
    assert {rule.name for rule in SAID} == {name for name, _, _ in SENTENCES}


def test_what_begins_a_session_or_is_no_users_is_left_out(story: Story, show: Show) -> None:
    story.session("first", at=100)
    story.message("first", "user", "That's wrong, it is Monday.", at=90)
    talk(story, "job", "Never push to main.", source="cron")
    talk(story, "task", "Never push to main.", source="subagent")
    story.session("other", at=100)
    story.message("other", "assistant", "That's wrong, I was mistaken.", at=90)
    assert show().said == ()


def test_a_message_that_was_taken_back_is_gone_and_a_compacted_one_stays(story: Story, show: Show) -> None:
    rewound = talk(story, "a", "That's wrong.")
    compacted = talk(story, "b", "That's wrong.")
    story.execute("UPDATE messages SET active = 0 WHERE id = ?", (rewound,))
    story.execute("UPDATE messages SET active = 0, compacted = 1 WHERE id = ?", (compacted,))
    assert [one.message for one in show().said] == [compacted]


def test_what_is_said_is_shown_newest_first_cut_and_without_secrets(story: Story, show: Show) -> None:
    talk(story, "old", "That's wrong. " + "x" * 900, at=5000)
    talk(story, "new", "No, use token=abcdefgh12345678 instead.", at=10)
    shown = show()
    assert [one.session_id for one in shown.said] == ["new", "old"]
    assert "abcdefgh12345678" not in shown.model_dump_json()
    assert len(shown.said[1].text) == corrections.TEXT_CHARS


def test_only_one_severity_can_be_asked_for_and_the_counts_stay(story: Story, show: Show) -> None:
    talk(story, "a", "That's wrong.")
    talk(story, "b", "You forgot it.")
    talk(story, "c", "Actually, the other one.")
    shown = show(severity="minor")
    assert ([one.session_id for one in shown.said], shown.total_said) == (["c"], 1)
    assert vars(shown.said_counts) == {"critical": 0, "major": 2, "minor": 1}


def test_messages_made_of_parts_are_read(story: Story, show: Show) -> None:
    parts = [{"type": "image_url", "image_url": {}}, {"type": "text", "text": "That's wrong."}]
    message = talk(story, "a", parts)  # type: ignore[arg-type]
    assert [one.message for one in show().said] == [message]


def test_entries_of_the_memory_files_tell_of_mistakes(home: Path, show: Show) -> None:
    (home / "memories").mkdir()
    (home / "memories/MEMORY.md").write_text(
        "Never deploy on Fridays.\n§\nThe sky is blue.\n§\nGotcha: the file is gzipped.\n§\n不要用 pandas。"
    )
    (home / "memories/USER.md").write_text("Prefers tables instead of lists.")
    shown = show()
    assert [(one.severity, one.rule, one.store) for one in shown.kept] == [
        ("critical", "never", "memory"),
        ("major", "gotcha", "memory"),
        ("major", "do-not", "memory"),
        ("minor", "instead", "user"),
    ]
    assert {rule.severity for rule in KEPT} == {"critical", "major", "minor"}


def test_of_very_many_entries_the_first_are_shown_with_a_true_total(home: Path, show: Show) -> None:
    (home / "memories").mkdir()
    entries = [f"Never do {number}." if number % 2 else f"Avoid {number}." for number in range(190)]
    (home / "memories/MEMORY.md").write_text("\n§\n".join(entries))
    shown = show()
    assert (len(shown.kept), shown.total_kept, shown.kept_counts.critical) == (corrections.SHOWN, 190, 95)
    shown = show(severity="critical")
    assert (len(shown.kept), shown.total_kept) == (corrections.SHOWN, 95)
    assert shown.kept[-1].text == "Never do 159."


def test_without_a_full_text_index_it_says_so(story: Story, show: Show) -> None:
    talk(story, "a", "That's wrong.")
    story.execute("DROP TABLE messages_fts")
    shown = show()
    assert (shown.problem, shown.said, shown.is_empty()) == ("missing", (), False)


def test_every_number_can_be_recomputed_from_the_frames(home: Path, story: Story, show: Show) -> None:
    (home / "config.yaml").write_text("timezone: America/New_York\n")
    (home / "memories").mkdir()
    (home / "memories/MEMORY.md").write_text("Never deploy on Fridays.\n§\nAvoid tabs.")
    for number, (_, _, said) in enumerate(SENTENCES):
        talk(story, f"s{number}", said, at=number * 200_000.0)
    shown = show()
    opened = OpenHome(Place(home, home, None), {"corrections": corrections.PANEL})
    try:
        rows = to_pandas(opened.table("corrections", {}, NOW))
    finally:
        opened.close()
    said, kept = rows[rows["kind"] == "message"], rows[rows["kind"] == "memory"]
    assert len(said) == shown.total_said == len(SENTENCES)
    assert len(kept) == shown.total_kept == 2
    for frame, counts in ((said, shown.said_counts), (kept, shown.kept_counts)):
        for severity, count in vars(counts).items():
            assert count == int((frame["severity"] == severity).sum())
    local = said["at"].dt.tz_convert("America/New_York").dt.tz_localize(None)
    weeks = local.dt.to_period("W-SUN").dt.start_time.dt.date
    for week in shown.weeks:
        for severity in ("critical", "major", "minor"):
            there = (weeks == week.starts_on) & (said["severity"] == severity)
            assert getattr(week, severity) == int(there.sum())
    assert shown.weeks[-1].starts_on <= NOW.astimezone(UTC).date()
