from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hermes_hud_widget.ledger import Database, Ledger
from hermes_hud_widget.ledger import ledger as module
from hermes_hud_widget.ledger import transcript as page
from hermes_hud_widget.ledger.pace import Pace
from hermes_hud_widget.ledger.parts import Parts
from hermes_hud_widget.ledger.rows import Transcript, TranscriptMessage
from hermes_hud_widget.ledger.values import TEXT_CHARS
from ledger.world import NOW, Story, call


def transcript(ledger: Ledger, session: str = "a", before: int | None = None, limit: int = 50) -> Transcript:
    found = ledger.transcript(session, before, limit, NOW)
    assert found is not None
    return found


def only(ledger: Ledger) -> TranscriptMessage:
    (message,) = transcript(ledger).messages
    return message


def test_any_piece_of_a_conversation_leads_to_all_its_messages_newest_first(
    story: Story, ledger: Ledger
) -> None:
    for id, parent in (("a", None), ("b", "a"), ("c", "b")):
        end = {} if id == "c" else {"ended_at": 1.0, "end_reason": "compression"}
        story.session(id, parent_session_id=parent, **end)
        story.message(id, content=f"in {id}")
    for id in "abc":
        found = transcript(ledger, id)
        assert [message.text for message in found.messages] == ["in c", "in b", "in a"]
        assert (found.session.id, found.session.pieces, found.total, found.older) == ("c", 3, 3, None)
    assert ledger.transcript("unheard of", None, 5, NOW) is None


def test_a_delegated_session_has_a_transcript_of_its_own(story: Story, ledger: Ledger) -> None:
    story.session("a")
    story.message("a", content="parent")
    story.session("child", parent_session_id="a", model_config={"_delegate_from": "a"})
    story.message("child", content="task")
    found = transcript(ledger, "child")
    assert [message.text for message in found.messages] == ["task"]
    assert (found.session.kind, found.session.parent_id) == ("subagent", "a")


def test_pages_follow_each_other_without_gap_or_overlap(story: Story, ledger: Ledger) -> None:
    story.session("a")
    ids = [story.message("a", at=100 - index) for index in range(7)]
    seen: list[int] = []
    before = None
    for _ in range(3):
        page = transcript(ledger, before=before, limit=3)
        seen += [message.id for message in page.messages]
        before = page.older
        assert page.total == 7
    assert seen == ids[::-1]
    assert before is None


@pytest.mark.parametrize("walked", [2, 7, 1000])
def test_a_long_conversation_has_the_same_pages_found_near_their_ids(
    story: Story, path: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, walked: int
) -> None:
    story.session("a", at=100, ended_at=NOW.timestamp() - 50, end_reason="compression")
    story.session("b", at=50, parent_session_id="a")
    story.session("other")
    for number in range(40):
        story.message("other", "user", "hay", at=60)
        session = "a" if number < 20 else "b"
        if number % 3 == 2:
            story.message(session, "tool", "ok", at=70 - number, tool_call_id=f"c{number - 1}")
        else:
            calls = [call(f"c{number}", "terminal")]
            story.message(session, "assistant", "", at=70 - number, tool_calls=calls)
    for _ in range(10):
        story.message("other", "user", "hay", at=1)

    def pages() -> list[Transcript | None]:
        places: list[dict[str, int]] = [{}, {"message": 1}, {"message": 41}]
        places += [{name: id} for name in ("before", "after", "message") for id in range(0, 92, 5)]
        return [
            ledger.transcript("b", at.get("before"), 6, NOW, after=at.get("after"), message=at.get("message"))
            for at in places
        ]

    expected = pages()
    monkeypatch.setattr(page, "LONG", 0)
    monkeypatch.setattr(page, "WALKED", walked)
    monkeypatch.setattr(page, "Pace", lambda **_: Pace(rows=3, least=3, most=3))
    # All ids are gone through no more.
    monkeypatch.setattr(page, "_read_ids", None)
    assert pages() == expected


def test_hidden_messages_of_a_long_conversation_are_neither_shown_nor_counted(
    story: Story, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "LONG", 0)
    story.execute("ALTER TABLE messages ADD COLUMN display_kind TEXT")
    story.session("a")
    shown = story.message("a")
    story.message("a", display_kind="hidden")
    found = transcript(Ledger(Database(path)))
    assert ([one.id for one in found.messages], found.total) == ([shown], 1)


def test_before_the_first_message_is_an_empty_page_from_which_one_can_come_back(
    story: Story, ledger: Ledger
) -> None:
    story.session("a")
    first = story.message("a")
    found = transcript(ledger, before=first)
    assert (found.messages, found.total, found.older, found.newer) == ((), 1, None, first - 1)
    back = ledger.transcript("a", None, 50, NOW, after=found.newer)
    assert back is not None
    assert [one.id for one in back.messages] == [first]


def test_a_page_that_ends_with_the_first_message_is_the_last(story: Story, ledger: Ledger) -> None:
    story.session("a")
    for _ in range(4):
        story.message("a")
    page = transcript(ledger, limit=4)
    assert page.older is None


def test_a_message_is_shown_with_what_was_said_before_and_after_it(story: Story, ledger: Ledger) -> None:
    story.session("a", ended_at=1.0, end_reason="compression")
    story.session("b", parent_session_id="a")
    ids = [story.message("a" if index < 10 else "b") for index in range(20)]
    page = ledger.transcript("b", None, 6, NOW, message=ids[8])
    assert page is not None
    assert [message.id for message in page.messages] == ids[11:5:-1]
    assert (page.marked, page.older, page.newer, page.total) == (ids[8], ids[6], ids[11], 20)
    newer = ledger.transcript("b", None, 6, NOW, after=page.newer)
    assert newer is not None
    assert [message.id for message in newer.messages] == ids[17:11:-1]
    assert (newer.older, newer.newer) == (ids[12], ids[17])
    newest = ledger.transcript("b", None, 6, NOW, after=newer.newer)
    assert newest is not None
    assert ([message.id for message in newest.messages], newest.newer) == (ids[19:17:-1], None)
    assert ledger.transcript("b", None, 6, NOW, after=ids[-1]).messages == ()  # type: ignore[union-attr]


@pytest.mark.parametrize("place", [0, 1, 18, 19])
def test_near_either_end_the_page_of_a_message_is_as_full_as_it_can_be(
    story: Story, ledger: Ledger, place: int
) -> None:
    story.session("a")
    ids = [story.message("a") for _ in range(20)]
    page = ledger.transcript("a", None, 6, NOW, message=ids[place])
    assert page is not None
    shown = [message.id for message in page.messages]
    assert ids[place] in shown
    assert page.marked == ids[place]
    assert page.newer == (shown[0] if shown[0] != ids[-1] else None)
    assert page.older == (shown[-1] if shown[-1] != ids[0] else None)


def test_a_message_of_another_conversation_leads_to_the_newest_page(story: Story, ledger: Ledger) -> None:
    for session in "ab":
        story.session(session)
    mine = story.message("a")
    other = story.message("b")
    page = ledger.transcript("a", None, 6, NOW, message=other)
    assert page is not None
    assert ([message.id for message in page.messages], page.marked, page.newer) == ([mine], None, None)


def test_what_hangs_on_a_conversation_is_linked(story: Story, ledger: Ledger) -> None:
    story.session("trunk", at=50, title="The trunk", ended_at=1.0, end_reason="branched")
    story.session(
        "a", at=40, parent_session_id="trunk", model_config={"_branched_from": "trunk"},
        ended_at=2.0, end_reason="compression",
    )  # fmt: skip
    story.session("b", at=30, parent_session_id="a")
    story.session("twig", at=20, parent_session_id="b", model_config={"_branched_from": "b"})
    story.session("child", at=10, parent_session_id="a", model_config={"_delegate_from": "a"})
    story.message("child", content="Look for it")
    found = transcript(ledger, "b")
    assert [(one.kind, one.id, one.label) for one in found.related] == [
        ("parent", "trunk", "The trunk"),
        ("subagent", "child", "Look for it"),
        ("branch", "twig", ""),
    ]
    assert found.related_total == 3
    assert [(one.kind, one.id) for one in transcript(ledger, "child").related] == [("parent", "a")]


@pytest.mark.parametrize(
    ("tool", "content", "failed"),
    [
        ("web", '{"error": "no such page"}', True),
        ("terminal", '{"output": "", "exit_code": 1}', True),
        ("terminal", '{"output": "", "exit_code": 0}', False),
        ("read_file", "some text", False),
    ],
)
def test_results_say_whether_hermes_takes_the_tool_for_failed(
    story: Story, ledger: Ledger, tool: str, content: str, failed: bool
) -> None:
    story.session("a")
    story.message("a", "assistant", "", tool_calls=[call("c", tool)])
    story.message("a", "tool", content, tool_call_id="c", effect_disposition="unknown")
    result, asking = transcript(ledger).messages
    # The name is that of the call, where Hermes did not write it on the result.
    assert (result.failed, result.tool_name, result.effect) == (failed, tool, "unknown")
    assert (asking.failed, asking.effect) == (None, None)


def test_messages_say_whether_they_were_compacted_or_taken_back(story: Story, ledger: Ledger) -> None:
    story.session("a")
    story.message("a", active=0, compacted=1)
    story.message("a", active=0)
    story.message("a")
    assert [message.state for message in transcript(ledger).messages] == ["active", "rewound", "compacted"]


@pytest.mark.parametrize("letter", ["x", "ü", "€", "🙂"])
def test_a_long_text_is_cut_at_so_many_characters(story: Story, ledger: Ledger, letter: str) -> None:
    story.session("a")
    story.message("a", content=letter * TEXT_CHARS)
    story.message(
        "a", content=letter * (TEXT_CHARS + 1), reasoning=letter * (TEXT_CHARS + 9), role="assistant"
    )
    cut, whole = transcript(ledger).messages
    assert (whole.text, whole.truncated) == (letter * TEXT_CHARS, False)
    assert (cut.text, cut.truncated) == (letter * TEXT_CHARS, True)
    assert cut.reasoning == letter * TEXT_CHARS


def test_of_messages_of_parts_the_texts_are_shown_and_images_named(story: Story, ledger: Ledger) -> None:
    story.session("a")
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 500_000}}
    story.message("a", content=[{"type": "text", "text": "Look:"}, picture, {"type": "text", "text": "ok?"}])
    message = only(ledger)
    assert (message.text, message.truncated) == ("Look:\n[image]\nok?", False)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([], ""),
        (["plain", {"type": "text"}, 5, None], "plain\n[text]\n[part]\n[part]"),
        ([{"type": "input_image"}, {"type": "file"}], "[image]\n[file]"),
    ],
)
def test_odd_parts_are_named_too(story: Story, ledger: Ledger, parts: list[object], expected: str) -> None:
    story.session("a")
    story.message("a", content="\0json:" + json.dumps(parts))
    assert only(ledger).text.replace("[]", "") == expected


def test_damaged_parts_are_shown_as_they_are(story: Story, ledger: Ledger) -> None:
    story.session("a")
    story.message("a", content='\0json:[{"type": "te')
    assert only(ledger).text == '[{"type": "te'


def test_huge_messages_of_parts_are_not_taken_apart(
    story: Story, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hermes_hud_widget.ledger.parts.LIMIT_BYTES", 1000)
    story.session("a")
    story.message(
        "a", content=[{"type": "image_url", "image_url": {"url": "A" * 1000}}, {"type": "text", "text": "b"}]
    )
    message = only(ledger)
    assert (message.text, message.truncated) == ("[multimodal content, 0.0 MB]", True)


def test_the_size_of_a_huge_message_of_parts_is_named(story: Story, ledger: Ledger) -> None:
    story.session("a")
    story.message("a", content=[{"type": "image", "data": "A" * (5 * 2**20)}])
    message = only(ledger)
    assert (message.text, message.truncated) == ("[multimodal content, 5.0 MB]", True)


class Reads:
    """Counts which messages of parts are read, and in which read of the database."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.messages: list[int] = []
        self.most_in_one = 0
        read, read_parts = Database.read, Parts._read

        def counted(database: Database, work: Any) -> Any:
            before = len(self.messages)
            result = read(database, work)
            self.most_in_one = max(self.most_in_one, len(self.messages) - before)
            return result

        def counted_parts(parts: Parts, connection: Any, schema: Any, message_id: int) -> Any:
            self.messages.append(message_id)
            return read_parts(parts, connection, schema, message_id)

        monkeypatch.setattr(Database, "read", counted)
        monkeypatch.setattr(Parts, "_read", counted_parts)


def test_each_message_of_parts_is_read_by_itself_and_only_once(
    story: Story, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = Reads(monkeypatch)
    story.session("a")
    ids = [story.message("a", content=[f"text {index}"]) for index in range(6)]
    texts = [message.text for message in transcript(ledger).messages]
    assert texts == [f"text {index}" for index in range(5, -1, -1)]
    assert (sorted(reads.messages), reads.most_in_one) == (ids, 1)
    ids.append(story.message("a", content=["one more"]))
    assert [message.text for message in transcript(ledger).messages] == ["one more", *texts]
    assert sorted(reads.messages) == ids


def test_no_sql_statement_takes_a_message_of_parts_apart(
    story: Story, ledger: Ledger, database: Database
) -> None:
    story.session("a")
    story.message("a", content=["text"])
    statements: list[str] = []
    database.read(lambda c, s: c.set_trace_callback(statements.append))
    assert only(ledger).text == "text"
    (reading,) = [sql for sql in statements if sql.startswith("SELECT CAST(content AS BLOB)")]
    assert "json" not in reading


def test_the_texts_kept_of_messages_of_parts_are_bounded(
    story: Story, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hermes_hud_widget.ledger.parts.MOST_KEPT", 3)
    story.session("a")
    for index in range(9):
        story.message("a", content=[f"text {index}"])
    expected = [f"text {index}" for index in range(8, -1, -1)]
    for _ in range(2):
        assert [message.text for message in transcript(ledger).messages] == expected
        assert len(ledger._parts._kept) == 3


def test_a_message_of_parts_of_another_file_is_not_taken_for_the_one_kept(
    path: Path, story: Story, ledger: Ledger, tmp_path: Path
) -> None:
    story.session("a")
    story.message("a", content=["one"], at=9)
    assert only(ledger).text == "one"
    other = Story(tmp_path / "other.db")
    other.session("a")
    other.message("a", content=["two"], at=9)
    other.path.replace(path)
    assert only(ledger).text == "two"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ('["\\ud83d"]', "?"),
        ('["\\ud83d\\ude42"]', "🙂"),
        ('{"text": "no list"}', '{"text": "no list"}'),
        ("[" * 100_000, "[" * TEXT_CHARS),
        ("[" + "1" * 5_000 + "]", "[" + "1" * 5_000 + "]"),
    ],
    ids=["half a character", "two halves", "no list", "deep", "long number"],
)
def test_any_json_becomes_a_text_that_can_be_sent(
    story: Story, ledger: Ledger, raw: str, expected: str
) -> None:
    story.session("a")
    story.message("a", content="\0json:" + raw)
    shown = only(ledger).text
    assert shown == expected
    shown.encode()


def test_a_page_is_the_same_in_one_read_and_in_many(
    story: Story, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    story.session("a")
    for index in range(12):
        story.message(
            "a", role="assistant", content=f"{index}", at=100 - index, tool_calls=[call(f"c{index}", "web")]
        )
        story.message("a", role="tool", tool_call_id=f"c{index}", at=99.5 - index)
    monkeypatch.setattr("hermes_hud_widget.ledger.pace.TARGET_S", 1e-9)
    rows: list[int] = []
    read_rows = page._read_rows

    def counted(connection: Any, schema: Any, ids: list[int]) -> Any:
        rows.append(len(ids))
        return read_rows(connection, schema, ids)

    monkeypatch.setattr(page, "_read_rows", counted)
    slow = transcript(Ledger(database), limit=21)
    assert rows == [5] + [1] * 16
    monkeypatch.setattr("hermes_hud_widget.ledger.pace.TARGET_S", 10)
    assert transcript(Ledger(database), limit=21) == slow
    assert [message.duration_s for message in slow.messages if message.role == "tool"] == [
        pytest.approx(0.5)
    ] * 11


def test_a_database_that_vanishes_in_the_middle_has_no_transcript(
    path: Path, story: Story, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    story.session("a")
    story.message("a")
    calls = module.read_page

    def read_page(*args: Any) -> Any:
        path.unlink()
        return calls(*args)

    monkeypatch.setattr(module, "read_page", read_page)
    assert ledger.transcript("a", None, 10, NOW) is None


@pytest.mark.parametrize(
    ("content", "expected"),
    [(None, ""), ("", ""), (b"\xff\xfeabc", "\ufffd\ufffdabc"), ("a\0b", "a\0b"), (12, "12")],
)
def test_any_content_becomes_text(story: Story, ledger: Ledger, content: object, expected: str) -> None:
    story.session("a")
    story.message("a", content=content)
    assert only(ledger).text == expected


def test_thoughts_come_from_either_column(story: Story, ledger: Ledger) -> None:
    story.session("a")
    story.message("a", role="assistant", reasoning="first")
    story.message("a", role="assistant", reasoning_content="second", reasoning="")
    story.message("a", role="assistant")
    assert [message.reasoning for message in transcript(ledger).messages] == [None, "second", "first"]


def test_calls_come_with_their_arguments_cut(story: Story, ledger: Ledger) -> None:
    story.session("a")
    long = json.dumps({"content": "x" * TEXT_CHARS})
    story.message(
        "a",
        role="assistant",
        content="",
        tool_calls=[call("c1", "terminal", '{"command": "ls"}'), call("c2", "write", long)],
    )
    one, other = only(ledger).tool_calls
    assert (one.id, one.name, one.arguments, one.truncated) == ("c1", "terminal", '{"command": "ls"}', False)
    assert (len(other.arguments), other.truncated) == (TEXT_CHARS, True)


@pytest.mark.parametrize("damaged", ["{", '{"id": "c1"}', "[1, null, [], {}]", '"text"', "5"])
def test_damaged_calls_are_no_crash(story: Story, ledger: Ledger, damaged: str) -> None:
    story.session("a")
    story.message("a", role="assistant", content="Hm", tool_calls=damaged)
    assert only(ledger).text == "Hm"


def test_a_result_tells_how_long_it_took_also_when_its_call_is_on_the_next_page(
    story: Story, ledger: Ledger
) -> None:
    story.session("a")
    story.message(
        "a", role="assistant", content="", at=30, tool_calls=[call("c1", "terminal"), call("c2", "web")]
    )
    story.message("a", role="tool", tool_call_id="c1", tool_name="terminal", at=28.5)
    story.message("a", role="tool", tool_call_id="c2", tool_name="web", at=20)
    story.message("a", role="tool", tool_call_id="unknown", at=10)
    page = transcript(ledger, limit=3)
    assert [message.duration_s for message in page.messages] == [None, pytest.approx(10), pytest.approx(1.5)]
    whole = transcript(ledger)
    assert [message.duration_s for message in whole.messages] == [
        None,
        pytest.approx(10),
        pytest.approx(1.5),
        None,
    ]


def test_a_rewound_and_repeated_call_id_belongs_to_the_latest_call_before_it(
    story: Story, ledger: Ledger
) -> None:
    story.session("a")
    for at in (100, 50):
        story.message("a", role="assistant", content="", at=at, tool_calls=[call("c1", "terminal")])
        story.message("a", role="tool", tool_call_id="c1", at=at - 2)
    durations = [message.duration_s for message in transcript(ledger).messages if message.role == "tool"]
    assert durations == [pytest.approx(2), pytest.approx(2)]


def test_the_page_says_what_its_conversation_does(story: Story, ledger: Ledger) -> None:
    story.session("a", at=20)
    story.message("a", at=10)
    session = transcript(ledger).session
    assert (session.activity, session.last_active) == ("thinking", NOW - timedelta(seconds=10))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(content=st.text(st.characters(exclude_categories=["Cs"]), max_size=300))
def test_short_texts_arrive_as_they_are(story: Story, ledger: Ledger, content: str) -> None:
    story.execute("DELETE FROM messages")
    story.execute("INSERT OR IGNORE INTO sessions (id, source, started_at) VALUES ('a', 'cli', 1)")
    story.message("a", content=content)
    if not content.startswith("\0json:"):
        assert only(ledger).text == content
