"""The oracle is Hermes itself: what its own functions say of a home, the ledger must say, too."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hermes_hud_widget.frames import FrameArguments
from hermes_hud_widget.ledger import Database, Ledger, WriterProcess, Writers
from hermes_hud_widget.ledger.rows import Session
from real.agent import Hermes


def now() -> datetime:
    return datetime.now(UTC)


CALLS = [{"id": "c1", "type": "function", "function": {"name": "terminal", "arguments": '{"command": "ls"}'}}]


def fill(hermes: Hermes) -> None:
    """A home with everything that makes listing sessions hard."""
    db = hermes.db
    db("create_session", "plain", "cli", model="m/one", cwd="/work")
    hermes.say("plain", "  How do I\nboil an egg? " + "really " * 20, "Like this.")
    db("set_session_title", "plain", "Eggs")

    db("create_session", "root", "telegram", model="m/one")
    hermes.say("root", "Plan my week", "Done", "And the next", "Done, too")
    db("set_session_title", "root", "Plans")
    db(
        "update_token_counts",
        "root",
        input_tokens=100,
        output_tokens=10,
        api_call_count=2,
        model="m/one",
        billing_provider="anthropic",
        estimated_cost_usd=0.5,
        cost_status="estimated",
        cost_source="official_docs_snapshot",
    )
    hermes.compress("root", "middle", source="telegram", model="m/two")
    hermes.say("middle", "Summary of what was", "Go on")
    hermes.delegate("middle", "helper", model="m/small")
    hermes.say("helper", "A task", "Its result")
    hermes.delegate("helper", "nested")
    hermes.compress("middle", "tip", source="telegram", model="m/two", cwd="/tip")
    hermes.say("tip", "Summary again", "Ready")
    db("set_session_title", "tip", "Plans #3")
    db("create_session", "between", "cli")
    hermes.say("between", "Something else meanwhile", "Sure")
    # Late messages in continuations that nobody follows: they move the conversation up, but are not its tip.
    db("create_session", "astray", "telegram", parent_session_id="root")
    hermes.say("astray", "nor this")
    db("create_session", "stale", "telegram", parent_session_id="middle")
    hermes.say("stale", "nobody reads this")
    db("end_session", "stale", "ws_orphan_reap")
    db("update_token_counts", "tip", input_tokens=7, output_tokens=3, reasoning_tokens=1, api_call_count=1)

    db("create_session", "trunk", "cli")
    hermes.say("trunk", "One way or the other?", "Both")
    hermes.branch("trunk", "twig")
    hermes.say("twig", "The other way", "Fine")
    db("reopen_session", "trunk")
    db("end_session", "trunk", "tui_shutdown")
    db("create_session", "legacy-trunk", "cli")
    db("end_session", "legacy-trunk", "branched")
    db("create_session", "legacy-twig", "cli", parent_session_id="legacy-trunk")

    db("create_session", "untagged-child", "cli", parent_session_id="plain")
    db("create_session", "tool-child", "tool", parent_session_id="root")
    db("create_session", "archived", "cli")
    hermes.say("archived", "Old things", "Yes")
    db("set_session_archived", "archived", True)
    db("create_session", "empty", "cron")
    db("create_session", "pictures", "cli")
    db(
        "append_message",
        "pictures",
        "user",
        [{"type": "text", "text": "See"}, {"type": "image_url", "image_url": {"url": "data:x"}}],
    )

    db("create_session", "compacted", "cli")
    hermes.say("compacted", *(f"turn {index}" for index in range(10)))
    db(
        "archive_and_compact",
        "compacted",
        [{"role": "user", "content": "Summary"}, {"role": "assistant", "content": "turn 9"}],
    )
    db("create_session", "rewound", "cli")
    hermes.say("rewound", "keep", "kept")
    taken_back = db("append_message", "rewound", "user", "take this back")
    hermes.say("rewound", "x", "y")
    db("rewind_to_message", "rewound", taken_back)
    db("create_session", "restored", "cli")
    back = db("append_message", "restored", "user", "there and back")
    db("rewind_to_message", "restored", back)
    db("restore_rewound", "restored", back)

    db("create_session", "working", "cli")
    db("append_message", "working", "user", "List the files")
    db("append_message", "working", "assistant", "", tool_calls=CALLS, finish_reason="tool_calls")


def projected(session: Session) -> dict[str, Any]:
    return {
        "id": session.id,
        "title": session.title,
        "source": session.source,
        "model": session.model,
        "preview": session.preview,
        "message_count": session.message_count,
        "tool_call_count": session.tool_call_count,
        "cwd": session.cwd,
        "end_reason": session.end_reason,
        "archived": int(session.archived),
        "started_at": session.started_at.timestamp(),
        "ended_at": session.ended_at.timestamp() if session.ended_at else None,
        "last_active": session.last_active.timestamp(),
        "root": session.root_id,
    }


def listed(row: dict[str, Any]) -> dict[str, Any]:
    names = [
        "id",
        "title",
        "source",
        "model",
        "preview",
        "message_count",
        "tool_call_count",
        "cwd",
        "end_reason",
        "archived",
        "started_at",
        "ended_at",
        "last_active",
    ]
    wanted = {name: row[name] for name in names}
    return {**wanted, "root": row.get("_lineage_root_id", row["id"])}


def assert_same(sessions: tuple[Session, ...], rows: list[dict[str, Any]]) -> None:
    ours, theirs = [projected(session) for session in sessions], [listed(row) for row in rows]
    assert [one["id"] for one in ours] == [one["id"] for one in theirs]
    for one, other in zip(ours, theirs, strict=True):
        # Our times are datetimes, exact to the microsecond.
        assert one == {
            name: pytest.approx(value, abs=2e-6) if isinstance(value, float) else value
            for name, value in other.items()
        }


@pytest.mark.parametrize("journal_mode", ["wal", "delete"])
def test_the_list_is_the_one_that_hermes_shows(
    start_hermes: Callable[..., Hermes], ledger: Ledger, journal_mode: str
) -> None:
    hermes = start_hermes(journal_mode)
    fill(hermes)
    rows = hermes.db("list_sessions_rich", limit=1000, order_by_last_active=True)
    assert len(rows) > 10
    assert_same(ledger.sessions(now()), rows)
    everything = hermes.db("list_sessions_rich", limit=1000, order_by_last_active=True, include_archived=True)
    assert len(everything) == len(rows) + 1
    assert_same(ledger.sessions(now(), include_archived=True), everything)
    hermes.close()
    assert_same(ledger.sessions(now()), rows)


def test_the_list_in_order_of_start_holds_the_same_rows(hermes: Hermes, ledger: Ledger) -> None:
    fill(hermes)
    rows = hermes.db("list_sessions_rich", limit=1000)
    sessions = sorted(ledger.sessions(now()), key=lambda session: session.started_at, reverse=True)
    assert_same(tuple(sessions), rows)


def test_the_list_follows_each_step_of_hermes(hermes: Hermes, ledger: Ledger) -> None:
    def check() -> None:
        assert_same(
            ledger.sessions(now()), hermes.db("list_sessions_rich", limit=1000, order_by_last_active=True)
        )

    db = hermes.db
    steps: list[Callable[[], object]] = [
        lambda: db("create_session", "a", "cli"),
        lambda: hermes.say("a", "first", "second"),
        lambda: db("set_session_title", "a", "Title"),
        lambda: hermes.compress("a", "b"),
        lambda: hermes.say("b", "summary", "on"),
        lambda: db(
            "replace_messages",
            "b",
            [{"role": "user", "content": "other summary"}, {"role": "assistant", "content": "on"}],
        ),
        lambda: hermes.branch("b", "c"),
        lambda: hermes.delegate("c", "d"),
        lambda: hermes.say("d", "task"),
        lambda: db("archive_and_compact", "c", [{"role": "user", "content": "short"}]),
        lambda: db("set_session_archived", "b", True),
        lambda: db("set_session_archived", "b", False),
        lambda: db("clear_messages", "c"),
        lambda: db("end_session", "c", "cli_close"),
        lambda: db("reopen_session", "c"),
        lambda: db("delete_session", "c"),
        lambda: db("delete_session", "a"),
    ]
    for step in steps:
        step()
        check()


@pytest.mark.parametrize("session", ["root", "middle", "tip"])
def test_the_transcript_holds_the_messages_of_all_pieces(
    hermes: Hermes, ledger: Ledger, session: str
) -> None:
    fill(hermes)
    expected = [
        message
        for piece in ("root", "middle", "tip")
        for message in hermes.db("get_messages", piece, include_inactive=True)
    ]
    found = ledger.transcript(session, None, 1000, now())
    assert found
    assert found.session.pieces == 3
    assert [(one.id, one.session_id, one.role, one.text) for one in reversed(found.messages)] == [
        (one["id"], one["session_id"], one["role"], one["content"]) for one in expected
    ]
    assert hermes.db("get_compression_tip", "root") == found.session.id


@pytest.mark.parametrize("session", ["compacted", "rewound", "restored", "plain", "working"])
def test_active_messages_are_those_that_hermes_goes_on_with(
    hermes: Hermes, ledger: Ledger, session: str
) -> None:
    fill(hermes)
    found = ledger.transcript(session, None, 1000, now())
    assert found
    active = [one.id for one in reversed(found.messages) if one.state == "active"]
    assert active == [one["id"] for one in hermes.db("get_messages", session)]
    assert found.total == len(hermes.db("get_messages", session, include_inactive=True))
    asked = ledger.messages(FrameArguments(columns=("id", "state"), session_id=session))
    assert isinstance(asked, Mapping)
    columns = {name: values.to_pylist() for name, values in asked.items()}
    assert [
        id for id, state in zip(columns["id"], columns["state"], strict=True) if state == "active"
    ] == active
    assert {one.state for one in found.messages} <= {
        "active",
        {"compacted": "compacted"}.get(session, "rewound"),
    }


def test_spending_is_what_hermes_insights_say(hermes: Hermes, ledger: Ledger) -> None:
    fill(hermes)
    db = hermes.db
    priced = {
        "model": "anthropic/claude-sonnet-4-6",
        "billing_provider": "anthropic",
        "cost_source": "official_docs_snapshot",
    }
    for index in range(5):
        db("create_session", f"s{index}", "cli", model=priced["model"])
        db(
            "update_token_counts",
            f"s{index}",
            input_tokens=1000 * index,
            output_tokens=10,
            cache_read_tokens=5,
            cache_write_tokens=3,
            api_call_count=1,
            estimated_cost_usd=0.01 * index,
            cost_status="estimated",
            **priced,
        )
    # Absolute totals are not attributed to a model; what is beyond is the residual.
    db(
        "update_token_counts",
        "s3",
        input_tokens=9000,
        output_tokens=99,
        api_call_count=4,
        estimated_cost_usd=0.7,
        cost_status="estimated",
        absolute=True,
        **priced,
    )
    db("record_auxiliary_usage", "s4", "title_generation", model="small", input_tokens=50, output_tokens=5)
    overview = hermes("insights", "generate", days=1)["overview"]
    spending = ledger.spending(now() - timedelta(days=1))
    assert spending.sessions == overview["total_sessions"]
    assert spending.tokens.input == overview["total_input_tokens"]
    assert spending.tokens.output == overview["total_output_tokens"]
    assert spending.tokens.cache_read == overview["total_cache_read_tokens"]
    assert spending.tokens.cache_write == overview["total_cache_write_tokens"]
    assert spending.cost.usd == pytest.approx(overview["estimated_cost"])
    assert spending.cost.usd == pytest.approx(0.5 + 0.01 * 4 + 0.01 * 2 + 0.01 * 1 + 0.7)
    totals = ledger.totals()
    assert totals.messages == overview["total_messages"]
    assert totals.tool_calls == overview["total_tool_calls"]
    assert totals.sessions == len(db("list_sessions_rich", limit=1000))


def test_a_killed_hermes_is_told_from_one_that_works(hermes: Hermes, ledger: Ledger) -> None:
    fill(hermes)
    alive = Writers(frozenset({WriterProcess(hermes.pid, now() - timedelta(hours=1))}))
    activities = {session.id: session.activity for session in ledger.sessions(now(), alive)}
    assert activities["working"] == "running"
    assert activities["plain"] == "idle"
    hermes.kill()
    activities = {session.id: session.activity for session in ledger.sessions(now(), Writers(frozenset()))}
    assert activities["working"] == "crashed"
    assert activities["plain"] == "idle"
    assert activities["tip"] == "idle"


@pytest.mark.parametrize("journal_mode", ["wal", "delete"])
def test_each_write_of_hermes_changes_the_signature_and_is_read(
    start_hermes: Callable[..., Hermes], database: Database, ledger: Ledger, journal_mode: str
) -> None:
    hermes = start_hermes(journal_mode)
    hermes.db("create_session", "a", "cli")
    signatures = {database.signature()}
    for index in range(30):
        hermes.db("append_message", "a", "user", f"message {index}")
        signatures.add(database.signature())
        (newest,) = ledger.recent(1)
        assert newest.id == index + 1
        (session,) = ledger.sessions(now())
        assert session.message_count == index + 1
    assert len(signatures) == 31


def test_hermes_never_waits_for_us_in_rollback_mode(
    start_hermes: Callable[..., Hermes], database: Database, ledger: Ledger
) -> None:
    hermes = start_hermes("delete")
    hermes.db("create_session", "a", "cli")
    args = FrameArguments()
    longest = 0.0
    for index in range(40):
        began = time.perf_counter()
        hermes.db("append_message", "a", "user", f"message {index} " + "x" * 5000)
        longest = max(longest, time.perf_counter() - began)
        ledger.sessions(now())
        ledger.messages(args)
    assert longest < 0.9  # Hermes gives up waiting for a lock after a second
