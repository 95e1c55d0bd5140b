from __future__ import annotations

import gc
import json
import threading
import weakref
from datetime import UTC, timedelta
from pathlib import Path

import pytest

from hermes_hud_widget.ledger import Database, DatabaseProblem, Ledger, WriterProcess, Writers
from hermes_hud_widget.ledger.kept import Filters, Sort
from hermes_hud_widget.ledger.rows import Cost, Tokens
from ledger.world import NOW, RELEASES, Story, Writer, age, call, make

ALIVE = Writers(frozenset({WriterProcess(1, NOW - timedelta(days=9))}))
GONE = Writers(frozenset())


def test_a_missing_database_is_an_empty_ledger(ledger: Ledger) -> None:
    assert ledger.sessions(NOW) == ()
    assert ledger.totals().sessions == 0
    assert ledger.spending(NOW).sessions == 0
    assert ledger.recent(5) == ()
    assert ledger.transcript("a", None, 10, NOW) is None


def test_a_damaged_database_is_a_problem_with_the_files_name(path: Path, ledger: Ledger) -> None:
    path.write_bytes(b"nonsense" * 1000)
    with pytest.raises(DatabaseProblem, match=r"state\.db"):
        ledger.sessions(NOW)


def test_a_database_without_hermes_tables_is_an_empty_ledger(path: Path, ledger: Ledger) -> None:
    make(path, release="0.19")
    Story(path).execute("DROP TABLE messages")
    Story(path).execute("DROP TABLE sessions")
    assert ledger.sessions(NOW) == ()
    assert ledger.recent(5) == ()
    assert ledger.spending(NOW).sessions == 0


def test_conversations_come_with_their_latest_activity_first(story: Story, ledger: Ledger) -> None:
    story.session("old", at=900, title="Old but busy")
    story.session("new", at=500)
    story.message("new", at=450)
    story.message("old", at=20)
    assert [session.id for session in ledger.sessions(NOW)] == ["old", "new"]


def test_a_compressed_conversation_is_shown_as_its_tip_with_the_sums_of_its_pieces(
    story: Story, ledger: Ledger
) -> None:
    usage = {"input_tokens": 10, "api_call_count": 2, "estimated_cost_usd": 0.25, "cost_status": "estimated"}
    story.session(
        "a", at=900, title="Plans", ended_at=NOW.timestamp() - 500, end_reason="compression", **usage
    )
    story.session(
        "b", at=500, title="Plans #2", parent_session_id="a", message_count=3, rewind_count=2, **usage
    )
    story.message("a", content="first question", at=900)
    story.message("b", content="summary", at=500)
    (session,) = ledger.sessions(NOW)
    assert (session.id, session.root_id, session.title, session.preview) == ("b", "a", "Plans #2", "summary")
    assert (session.pieces, session.message_count, session.api_call_count, session.rewind_count) == (
        2,
        3,
        4,
        2,
    )
    assert session.tokens == Tokens(input=20)
    assert session.cost == Cost(0.5, "estimated", 0)
    assert session.started_at == NOW - timedelta(seconds=900)
    assert session.ended_at is None


def test_archived_conversations_are_listed_only_when_asked_for(story: Story, ledger: Ledger) -> None:
    story.session("a", archived=1)
    assert ledger.sessions(NOW) == ()
    assert [session.archived for session in ledger.sessions(NOW, include_archived=True)] == [True]
    assert ledger.totals().sessions == 0


def test_a_preview_is_cut_and_put_on_one_line(story: Story, ledger: Ledger) -> None:
    story.session("a")
    story.message("a", role="system", content="not this one")
    story.message("a", content="  first\nline " + "x" * 100)
    (session,) = ledger.sessions(NOW)
    assert session.preview == ("first line " + "x" * 49 + "...")


def test_damaged_settings_of_a_session_do_not_hide_the_others(story: Story, ledger: Ledger) -> None:
    story.session("a", model_config='{"_branched_from": ')
    story.session("b", model_config='{"_delegate_from": "a"}')
    assert [session.id for session in ledger.sessions(NOW)] == ["a"]


def test_values_of_the_wrong_type_are_no_crash(story: Story, ledger: Ledger) -> None:
    story.session(
        "a", message_count="many", ended_at="yesterday", input_tokens=None, title=b"\xff\xfe", cwd=7
    )
    story.execute("UPDATE sessions SET started_at = 1e300")
    story.message("a", at=0, tool_calls="[1, null, {}, []]", role="assistant")
    (session,) = ledger.sessions(NOW)
    assert (session.message_count, session.ended_at, session.tokens.input) == (0, None, 0)
    assert session.started_at.year == 9999
    assert ledger.recent(3)[0].tools == ()


def test_a_running_call_is_seen_until_its_result_is_there(story: Story, ledger: Ledger) -> None:
    story.session("a", at=60)
    story.message("a", at=60)
    story.message(
        "a", role="assistant", content="", at=30, tool_calls=[call("c1", "terminal"), call("c2", "read_file")]
    )
    (session,) = ledger.sessions(NOW)
    assert session.activity == "running"
    assert [running.tool for running in session.running] == ["terminal", "read_file"]
    story.message("a", role="tool", content="done", at=20, tool_call_id="c1", tool_name="terminal")
    (session,) = ledger.sessions(NOW)
    assert [running.tool for running in session.running] == ["read_file"]
    story.message("a", role="tool", content="done", at=10, tool_call_id="c2", tool_name="read_file")
    (session,) = ledger.sessions(NOW)
    assert (session.activity, session.running) == ("thinking", ())
    story.message("a", role="assistant", content="All done.", at=5, finish_reason="stop")
    (session,) = ledger.sessions(NOW)
    assert session.activity == "idle"


def test_many_results_of_one_message_do_not_hide_its_calls(story: Story, ledger: Ledger) -> None:
    story.session("a", at=60)
    story.message(
        "a",
        role="assistant",
        content="",
        at=30,
        tool_calls=[call(f"c{index}", "read_file") for index in range(50)],
    )
    for index in range(49):
        story.message("a", role="tool", content="done", at=20, tool_call_id=f"c{index}")
    (session,) = ledger.sessions(NOW)
    assert [running.call_id for running in session.running] == ["c49"]


def test_what_was_rewound_does_not_count_as_going_on(story: Story, ledger: Ledger) -> None:
    story.session("a", at=60)
    story.message("a", role="assistant", content="Hello!", at=40)
    story.message("a", role="assistant", content="", at=30, tool_calls=[call("c1", "terminal")], active=0)
    assert [session.activity for session in ledger.sessions(NOW)] == ["idle"]


def test_the_same_messages_mean_another_thing_when_the_writer_is_gone(story: Story, ledger: Ledger) -> None:
    story.session("a", at=600)
    story.message("a", role="assistant", content="", at=500, tool_calls=[call("c1", "terminal")])
    assert [session.activity for session in ledger.sessions(NOW, None)] == ["open"]
    assert [session.activity for session in ledger.sessions(NOW, ALIVE)] == ["running"]
    assert [session.activity for session in ledger.sessions(NOW, GONE)] == ["crashed"]


def test_the_next_change_by_time_is_when_a_live_session_goes_quiet(story: Story, ledger: Ledger) -> None:
    story.session("a", at=200)
    story.message("a", role="assistant", at=100)
    story.session("b", at=250)
    story.session("c", at=9000)
    assert ledger.next_change(NOW) == NOW + timedelta(seconds=50)
    assert {s.id: s.activity for s in ledger.sessions(NOW + timedelta(seconds=50))} == {
        "a": "idle",
        "b": "open",
        "c": "open",
    }
    assert ledger.next_change(NOW + timedelta(days=2)) is None


@pytest.mark.parametrize("tool", ["terminal", "clarify"])
def test_a_call_that_runs_does_not_change_by_time_while_its_process_is_known(
    story: Story, ledger: Ledger, tool: str
) -> None:
    story.session("a", at=100)
    story.message("a", role="assistant", content="", at=100, tool_calls=[call("c1", tool)])
    forgotten = NOW - timedelta(seconds=100) + timedelta(days=1)
    sessions = ledger.sessions(NOW, ALIVE)
    assert ledger.next_change(NOW, ALIVE) == forgotten
    just_before = forgotten - timedelta(seconds=1)
    assert [s.activity for s in ledger.sessions(just_before, ALIVE)] == [sessions[0].activity]
    assert [s.activity for s in ledger.sessions(forgotten, ALIVE)] == ["open"]
    assert ledger.next_change(NOW) == NOW + timedelta(seconds=200)


def test_a_thinking_session_goes_quiet_although_its_process_is_known(story: Story, ledger: Ledger) -> None:
    story.session("a", at=100)
    story.message("a", at=100)
    assert ledger.next_change(NOW, ALIVE) == NOW + timedelta(seconds=200)


def test_a_delegated_session_changes_by_time_though_no_list_has_it(story: Story, ledger: Ledger) -> None:
    story.session("a", at=9000, ended_at=1.0)
    story.session("child", at=100, parent_session_id="a", model_config={"_delegate_from": "a"})
    story.message("child", role="assistant", at=100)
    transcript = ledger.transcript("child", None, 5, NOW)
    assert transcript
    assert transcript.session.activity == "idle"
    assert ledger.next_change(NOW) is None
    assert ledger.next_change(NOW, None, (transcript.session,)) == NOW + timedelta(seconds=200)


def test_a_piece_that_is_no_longer_gone_on_with_is_told_as_it_is(story: Story, ledger: Ledger) -> None:
    ended = {"end_reason": "compression", "ended_at": NOW.timestamp() - 50}
    story.session("a", at=90, title="Plans", **ended)
    story.session("tip", at=50, parent_session_id="a", title="Plans #2")
    story.session("stale", at=40, parent_session_id="a", title="Other plans", ended_at=NOW.timestamp() - 30)
    story.message("stale", at=35, content="over there")
    transcript = ledger.transcript("stale", None, 5, NOW)
    assert transcript
    assert (transcript.session.id, transcript.session.title) == ("stale", "Other plans")
    assert transcript.session.activity == "ended"
    assert [session.id for session in ledger.sessions(NOW)] == ["tip"]


def test_what_goes_on_and_what_crashed_today_is_live_the_latest_first(story: Story, ledger: Ledger) -> None:
    running = [call("c", "terminal")]
    for id, at in (("crashed", 23 * 3600), ("forgotten", 25 * 3600), ("running", 5 * 3600)):
        story.session(id, at=at)
        story.message(id, role="assistant", content="", at=at, tool_calls=running)
    story.session("idle", at=90)
    story.message("idle", role="assistant", at=20)
    story.session("thinking", at=90)
    story.message("thinking", at=30)
    story.session("open", at=900)
    story.message("open", role="assistant", at=800)
    story.session("ended", at=90, ended_at=NOW.timestamp())
    story.message("ended", at=10)
    story.session("archived", at=90, archived=1)
    story.message("archived", at=10)
    since = Writers(frozenset({WriterProcess(1, NOW - timedelta(hours=6))}))
    found, of_all = ledger.live(NOW, since)
    assert [(session.id, session.activity) for session in found] == [
        ("idle", "idle"),
        ("thinking", "thinking"),
        ("running", "running"),
        ("crashed", "crashed"),
    ]
    assert of_all == 4
    assert [session.id for session in ledger.live(NOW, since, 2)[0]] == ["idle", "thinking"]
    assert ledger.live(NOW, since, 2)[1] == 4


def test_pages_cut_the_list_and_keep_the_true_total(story: Story, ledger: Ledger) -> None:
    for number in range(7):
        story.session(f"s{number}", at=60 * number)
    page = ledger.page(NOW, number=1, size=3)
    assert ([row.id for row in page.rows], page.total, page.number) == (["s3", "s4", "s5"], 7, 1)
    last = ledger.page(NOW, number=9, size=3)
    assert ([row.id for row in last.rows], last.total, last.number) == (["s6"], 7, 2)
    story.execute("DELETE FROM sessions")
    none = ledger.page(NOW, number=9, size=3)
    assert (none.rows, none.total, none.number) == ((), 0, 0)


def test_live_ones_are_counted_over_all_pages(story: Story, ledger: Ledger) -> None:
    for id, values in {"a": {}, "b": {"ended_at": 1.0}, "c": {}, "put away": {"archived": 1}}.items():
        story.session(id, **values)
        story.message(id)
    assert ledger.page(NOW, size=1).live == 2
    assert ledger.page(NOW, size=1, filters=Filters(archived=True)).live == 3


@pytest.mark.parametrize(
    ("by", "descending", "order"),
    [
        ("title", False, "abcd"),
        ("title", True, "bacd"),
        ("cost", True, "abcd"),
        ("cost", False, "bacd"),
        ("tokens", True, "bcad"),
        ("messages", True, "cbad"),
        ("tool_calls", False, "acbd"),
        ("model", True, "badc"),
        ("source", False, "dacb"),
        ("started_at", False, "dcba"),
        ("last_active", False, "dbca"),
    ],
)
def test_sorting_puts_what_is_unknown_last_in_either_direction(
    story: Story, ledger: Ledger, by: Sort, descending: bool, order: str
) -> None:
    price = {"cost_status": "estimated", "api_call_count": 1}
    story.session(
        "a", at=1, title="alpha", model="m", estimated_cost_usd=2.0, input_tokens=1, message_count=1, **price
    )
    story.session(
        "b", at=2, title="Beta", model="n", estimated_cost_usd=1.0, input_tokens=5, message_count=2, **price
    )
    story.session("c", at=3, output_tokens=3, message_count=3, cost_status="unknown", model=None)
    story.session("d", at=4, source="a2a", model="k", message_count=0, cost_status="unknown")
    story.message("c", at=1.5, content="aardvarks")
    story.execute("UPDATE sessions SET api_call_count = 1 WHERE id = 'd'")
    found = ledger.page(NOW, sort=by, descending=descending).rows
    assert "".join(row.id for row in found) == order


def test_totals_count_listed_conversations_but_all_messages(story: Story, ledger: Ledger) -> None:
    story.session("a", message_count=5, tool_call_count=2)
    story.session("child", parent_session_id="a", message_count=7, model_config={"_delegate_from": "a"})
    totals = ledger.totals()
    assert (totals.sessions, totals.messages, totals.tool_calls) == (1, 12, 2)
    (session,) = ledger.sessions(NOW)
    assert session.subagents == 1


def test_spending_adds_auxiliary_tasks_and_what_was_not_attributed(story: Story, ledger: Ledger) -> None:
    story.session(
        "a", at=10, input_tokens=100, estimated_cost_usd=1.0, cost_status="estimated", api_call_count=2
    )
    story.session("b", at=9, input_tokens=7, estimated_cost_usd=0.0, cost_status="unknown", api_call_count=1)
    story.session("before", at=9000, input_tokens=1000, estimated_cost_usd=9.0, cost_status="estimated")
    usage = "INSERT INTO session_model_usage (session_id, model, task, input_tokens, estimated_cost_usd, cost_status, api_call_count)"
    story.execute(f"{usage} VALUES ('a', 'm', '', 60, 0.5, 'estimated', 1)")
    story.execute(f"{usage} VALUES ('b', 'm', 'title_generation', 7, 0.25, NULL, 1)")
    spending = ledger.spending(NOW - timedelta(seconds=60))
    assert spending.sessions == 2
    assert spending.tokens == Tokens(input=107)
    assert spending.cost == Cost(1.25, "mixed" if spending.cost.unknown_sessions else "estimated", 0)


def test_the_newest_messages_name_their_tools(story: Story, ledger: Ledger) -> None:
    story.session("a", title="Plans")
    story.message("a", at=9)
    story.message(
        "a", role="assistant", content="", at=8, tool_calls=[call("c1", "terminal"), call("c2", "memory")]
    )
    last = story.message("a", role="tool", at=7, tool_call_id="c2")
    newest, calls = ledger.recent(2)
    assert (newest.id, newest.role, newest.tools, newest.session_title) == (
        last,
        "tool",
        ("memory",),
        "Plans",
    )
    assert (calls.tools, calls.timestamp) == (("terminal", "memory"), NOW - timedelta(seconds=8))


@pytest.mark.parametrize("release", RELEASES)
def test_every_release_is_read(path: Path, ledger: Ledger, release: str) -> None:
    story = Story(path, release)
    story.session("a", at=90, title="Old home", message_count=2)
    story.message("a", at=80)
    story.message("a", role="assistant", content="Hi", at=70)
    (session,) = ledger.sessions(NOW)
    assert (session.title, session.message_count, session.preview, session.activity) == (
        "Old home",
        2,
        "hello",
        "idle",
    )
    assert (session.rewind_count is None) == (release < "0.16")
    assert session.cwd is None
    assert ledger.totals().messages == 2
    assert ledger.spending(NOW - timedelta(days=1)).sessions == 1
    assert len(ledger.recent(5)) == 2
    transcript = ledger.transcript("a", None, 10, NOW)
    assert transcript
    assert [message.state for message in transcript.messages] == ["active", "active"]


def test_tables_and_columns_of_a_newer_hermes_do_no_harm(story: Story, ledger: Ledger) -> None:
    story.execute("ALTER TABLE sessions ADD COLUMN pinned INTEGER")
    story.execute("ALTER TABLE sessions ADD COLUMN hidden INTEGER NOT NULL DEFAULT 0")
    story.execute("ALTER TABLE messages ADD COLUMN display_kind TEXT")
    story.execute("CREATE TABLE session_turn_leases (conversation_id TEXT, holder TEXT)")
    story.session("a", at=90)
    story.session("secret", hidden=1)
    story.session("reset", parent_session_id="a", model_config={"_reset_from": "a"})
    story.message("a")
    story.message("a", display_kind="hidden", content="not for eyes")
    assert {session.id for session in ledger.sessions(NOW)} == {"a", "reset"}
    transcript = ledger.transcript("a", None, 10, NOW)
    assert transcript
    assert [message.text for message in transcript.messages] == ["hello"]
    assert transcript.total == len(ledger.recent(10)) == 1


def test_the_prompt_is_never_selected(story: Story, ledger: Ledger, database: Database) -> None:
    story.session("a", system_prompt="secret")
    story.message("a")
    database.read(lambda c, s: None)
    assert database._opened
    statements: list[str] = []
    database._opened.connection.set_trace_callback(statements.append)
    ledger.sessions(NOW)
    ledger.transcript("a", None, 5, NOW)
    ledger.spending(NOW)
    ledger.recent(5)
    asked = " ".join(statements)
    assert "FROM sessions" in asked
    assert "system_prompt" not in asked
    assert "SELECT * FROM sessions" not in asked


def test_without_a_change_nothing_is_read_again(story: Story, ledger: Ledger, database: Database) -> None:
    story.session("a")
    story.message("a", role="assistant")
    age(story.path)
    ledger.sessions(NOW)
    assert database._opened
    statements: list[str] = []
    database._opened.connection.set_trace_callback(statements.append)
    ledger.sessions(NOW)
    ledger.totals()
    assert [sql for sql in statements if "FROM" in sql] == []


def test_only_sessions_that_changed_have_their_messages_looked_at_again(
    path: Path, story: Story, ledger: Ledger, database: Database
) -> None:
    for index in range(50):
        story.session(f"s{index}", ended_at=1.0)
        story.message(f"s{index}")
    agent = Writer(path)
    agent("SELECT 1 FROM sessions")
    ledger.sessions(NOW)
    agent(
        "INSERT INTO messages (session_id, role, content, timestamp) VALUES ('s7', 'user', 'more', ?)",
        NOW.timestamp() + 9,
    )
    assert database._opened
    asked: list[str] = []
    database._opened.connection.set_trace_callback(asked.append)
    (changed,) = (session for session in ledger.sessions(NOW) if session.id == "s7")
    agent.close()
    about_messages = [sql for sql in asked if "FROM messages" in sql and "json_each('" in sql]
    assert about_messages
    assert all('["s7"]' in sql for sql in about_messages)
    assert changed.last_active == NOW + timedelta(seconds=9)


def test_messages_that_were_replaced_or_deleted_are_forgotten(story: Story, ledger: Ledger) -> None:
    story.session("a", message_count=1)
    story.message("a", content="first wording", at=50)
    assert ledger.sessions(NOW)[0].preview == "first wording"
    story.execute("DELETE FROM messages")
    story.message("a", content="second wording", at=40)
    assert ledger.sessions(NOW)[0].preview == "second wording"
    story.execute("DELETE FROM messages")
    story.execute("UPDATE sessions SET message_count = 0")
    assert ledger.sessions(NOW)[0].preview == ""
    story.execute("DELETE FROM sessions")
    assert ledger.sessions(NOW) == ()


def test_a_restored_database_is_read_from_the_beginning(
    path: Path, story: Story, ledger: Ledger, tmp_path: Path
) -> None:
    story.session("a")
    story.message("a", content="today")
    story.message("a", content="today, too")
    assert ledger.sessions(NOW)[0].preview == "today"
    backup = tmp_path / "backup.db"
    older = Story(backup)
    older.session("a")
    older.message("a", content="yesterday")
    backup.replace(path)
    assert ledger.sessions(NOW)[0].preview == "yesterday"


def test_sessions_are_the_same_in_one_chunk_and_in_many(
    story: Story, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for index in range(200):
        story.execute(
            "INSERT INTO sessions (id, source, started_at, model_config) VALUES (?, 'cli', ?, ?)",
            (f"s{index:03}", NOW.timestamp() - index, json.dumps({"max_iterations": 90})),
        )
    monkeypatch.setattr("hermes_hud_widget.ledger.pace.TARGET_S", 1e-9)
    slowly = Ledger(database)
    slowly.settle()
    slow = slowly.sessions(NOW)
    monkeypatch.setattr("hermes_hud_widget.ledger.pace.TARGET_S", 10)
    assert Ledger(database).sessions(NOW) == slow
    assert len(slow) == 200


def test_many_threads_may_ask_while_hermes_writes(path: Path, ledger: Ledger) -> None:
    make(path)
    agent = Writer(path)
    faults: list[BaseException] = []
    seen: list[int] = []

    def ask() -> None:
        try:
            for _ in range(20):
                seen.append(len(ledger.sessions(NOW)))
                ledger.recent(5)
                ledger.transcript("s1", None, 5, NOW)
        except BaseException as error:  # noqa: BLE001  told to the test
            faults.append(error)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for index in range(60):
        agent(
            "INSERT INTO sessions (id, source, started_at) VALUES (?, 'cli', ?)", f"s{index}", NOW.timestamp()
        )
        agent(
            "INSERT INTO messages (session_id, role, content, timestamp) VALUES (?, 'user', 'x', 1)",
            f"s{index}",
        )
    for thread in threads:
        thread.join()
    agent.close()
    assert faults == []
    assert len(ledger.sessions(NOW)) == 60


def test_a_ledger_that_rests_holds_nothing_of_what_it_read(story: Story, ledger: Ledger) -> None:
    story.session("a", input_tokens=5)
    story.message("a")
    before = ledger.sessions(NOW)
    ledger.days(UTC)
    held = weakref.ref(ledger._history.kept)
    assert held() is not None
    ledger.rest()
    gc.collect()
    assert held() is None
    assert ledger.sessions(NOW) == before
