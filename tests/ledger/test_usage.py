"""What sessions spent: attributed rows and what is beyond them, read again only where something changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hermes_hud_widget.frames import FrameArguments
from hermes_hud_widget.ledger import Database, Ledger, records
from hermes_hud_widget.ledger.rows import Cost, Tokens
from hermes_hud_widget.ledger.usage import USAGE_COLUMNS
from ledger.world import NOW, RELEASES, Story, Writer, insert, make, settled

ALL_TIME = datetime(1970, 1, 1, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
OLD = [release for release in RELEASES if release < "0.19"]


def used(session: str, model: str = "m", **values: Any) -> tuple[str, tuple[Any, ...]]:
    """The statement that adds a row to `session_model_usage`."""
    usual = {"input_tokens": 10, "api_call_count": 1, "first_seen": 1.0, "last_seen": 2.0}
    return insert("session_model_usage", session_id=session, model=model, **(usual | values))


def table(ledger: Ledger, *columns: str, **asked: Any) -> list[tuple[Any, ...]]:
    """Rows of the frame's columns."""
    found = ledger.usage_columns(FrameArguments(columns=columns, **asked))
    return list(zip(*(found[name] for name in columns), strict=True))


def test_what_no_row_accounts_for_is_the_sessions_own_models_and_its_main_loops(
    story: Story, ledger: Ledger
) -> None:
    story.session(
        "a",
        model="opus",
        billing_provider="anthropic",
        input_tokens=100,
        api_call_count=5,
        estimated_cost_usd=1.0,
        cost_status="estimated",
    )
    story.execute(*used("a", "haiku", task="compression", input_tokens=30, estimated_cost_usd=0.25))
    story.session("b", model="sonnet")
    columns = ("session_id", "model", "provider", "task", "attributed", "input_tokens", "cost_usd")
    assert table(ledger, *columns) == [
        ("a", "haiku", None, "compression", True, 30, 0.25),
        ("a", "opus", "anthropic", "main", False, 70, 0.75),
    ]


@pytest.mark.parametrize("release", OLD)
def test_where_there_is_no_such_table_the_sessions_counters_are_everything(
    path: Path, ledger: Ledger, release: str
) -> None:
    story = Story(path, release)
    story.session("a", model="opus", output_tokens=7, estimated_cost_usd=0.5, cost_status="estimated")
    assert table(ledger, "model", "task", "attributed", "output_tokens", "cost_usd") == [
        ("opus", "main", False, 7, 0.5)
    ]
    assert ledger.spending(ALL_TIME).cost == Cost(0.5, "estimated", 0)


def test_auxiliary_usage_is_seen_though_no_row_of_a_session_changes(
    story: Story, writer: Callable[..., Writer], ledger: Ledger
) -> None:
    story.session("a")
    hermes = writer()
    assert ledger.spending(ALL_TIME).tokens == Tokens()
    hermes(
        "INSERT INTO session_model_usage (session_id, model, task, input_tokens) VALUES ('a', 'm', 't', 5)"
    )
    assert ledger.spending(ALL_TIME).tokens.input == 5
    hermes("UPDATE session_model_usage SET input_tokens = input_tokens + 2, last_seen = 9")
    assert ledger.spending(ALL_TIME).tokens.input == 7
    hermes("DELETE FROM session_model_usage")
    assert ledger.spending(ALL_TIME).tokens.input == 0


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_written_it_reads_what_a_fresh_reader_reads(
    path: Path, story: Story, ledger: Ledger, seed: int
) -> None:
    random = Random(seed)
    for number in range(12):
        story.session(f"s{number}", at=number * 40_000, model="own", input_tokens=random.randrange(90))
    for step in range(40):
        session = f"s{random.randrange(14)}"
        rowid = f"(SELECT rowid FROM session_model_usage ORDER BY random() LIMIT {random.randrange(1, 3)})"
        writes: list[tuple[str, tuple[Any, ...]]] = [
            used(
                session, f"m{step}", task="vision", input_tokens=random.randrange(50), last_seen=step + 0.25
            ),
            used(session, f"m{step}", estimated_cost_usd=0.5, cost_status="estimated", last_seen=step + 0.5),
            (
                "UPDATE session_model_usage SET api_call_count = api_call_count + 1, input_tokens = input_tokens + ?,"
                f" last_seen = ? WHERE rowid IN {rowid}",
                (random.randrange(9), step + 0.75),
            ),
            (f"DELETE FROM session_model_usage WHERE rowid IN {rowid}", ()),
            ("UPDATE sessions SET input_tokens = input_tokens + 7 WHERE id = ?", (session,)),
            ("DELETE FROM session_model_usage WHERE session_id = ?", (session,)),
            ("DELETE FROM sessions WHERE id = ?", (session,)),
            ("UPDATE sessions SET started_at = started_at + 40000 WHERE id = ?", (session,)),
            insert("sessions", id=f"new{step}", source="cli", started_at=step * 9_000.0, output_tokens=step),
        ]
        weights = [6, 6, 5, 2, 2, 1, 1, 1, 1]
        for sql, values in random.choices(writes, weights, k=random.randrange(1, 4)):
            story.execute(sql.replace("INSERT INTO", "INSERT OR IGNORE INTO"), values)
        with closing(Database(path)) as database:
            fresh = Ledger(database)
            assert ledger.usage_columns(FrameArguments()) == fresh.usage_columns(FrameArguments())
            assert ledger.spending(ALL_TIME) == fresh.spending(ALL_TIME)
            days, expected = ledger.days(BERLIN), fresh.days(BERLIN)
            assert list(days) == list(expected)
            assert [day.total.cost() for day in days.values()] == [
                day.total.cost() for day in expected.values()
            ]


def test_after_one_more_call_few_rows_are_read_again(
    story: Story,
    writer: Callable[..., Writer],
    database: Database,
    ledger: Ledger,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with closing(sqlite3.connect(story.path)) as connection, connection:
        for number in range(1000):
            connection.execute(*insert("sessions", id=f"s{number}", source="cli", started_at=float(number)))
            connection.execute(*used(f"s{number}"))
        connection.execute(*insert("messages", session_id="s500", role="user", timestamp=NOW.timestamp()))
    ledger.settle()
    assert ledger.spending(ALL_TIME).tokens.input == 10_000
    read: list[Any] = []
    monkeypatch.setattr(records, "_usage", lambda raw, real=records._usage: read.append(raw) or real(raw))
    hermes = writer()
    hermes("UPDATE sessions SET title = 'Plans' WHERE id = 's500'")
    ledger.usage_columns(FrameArguments())  # settles what came into doubt
    read.clear()
    hermes(
        "UPDATE session_model_usage SET input_tokens = 11, api_call_count = 2, task = 'vision' WHERE session_id = 's500'"
    )
    assert ledger.spending(ALL_TIME).tokens.input == 10_001
    assert [raw[0] for raw in read] == ["s500"]
    settled(database)
    ledger.spending(ALL_TIME)
    read.clear()
    ledger.days(BERLIN)
    ledger.usage_columns(FrameArguments())
    assert ledger.spending(ALL_TIME).tokens.input == 10_001
    assert read == []


def test_a_text_that_another_program_changes_is_found(story: Story, ledger: Ledger) -> None:
    for number in range(9):
        story.session(f"s{number}")
        story.execute(*used(f"s{number}"))
    ledger.spending(ALL_TIME)
    story.execute("UPDATE session_model_usage SET cost_status = 'included' WHERE session_id = 's3'")
    assert ledger.spending(ALL_TIME).cost == Cost(None, "mixed", 8)


def test_another_file_in_its_place_leaves_nothing_of_the_first(
    path: Path, story: Story, ledger: Ledger, tmp_path: Path
) -> None:
    other = tmp_path / "other.db"
    make(other)
    for home, model in ((story, "first"), (Story(other), "second")):
        for session in ("a", "b", "c"):
            home.session(session)
            home.execute(*used(session, model))
    assert table(ledger, "model") == [("first",)] * 3
    other.replace(path)
    assert table(ledger, "model") == [("second",)] * 3
    path.unlink()
    assert table(ledger, "model") == []


def test_damaged_rows_are_read_as_far_as_they_make_sense(story: Story, ledger: Ledger) -> None:
    story.session("a", input_tokens="many", estimated_cost_usd="dear", model=b"\xff")
    story.execute(
        *used(
            "a",
            "m",
            input_tokens="lots",
            output_tokens=1e300,
            cache_read_tokens=2**63 - 1,
            cache_write_tokens=b"\x00",
            estimated_cost_usd=float("inf"),
            actual_cost_usd="free",
            cost_status=7,
            task=b"\xfe",
            last_seen="yesterday",
        )
    )
    story.execute(*used("a", "n", cache_read_tokens=2**63 - 1))
    story.execute(*used("nobody's", "m"))
    story.execute("UPDATE session_model_usage SET rowid = 9223372036854775807 WHERE model = 'n'")
    columns = ledger.usage_columns(FrameArguments())
    assert columns["output_tokens"][0] == 2**63 - 1
    assert columns["last_seen"][0] is None
    assert columns["cost_status"] == ["unknown", "unknown"]
    assert columns["session_id"] == ["a", "a"]
    assert ledger.spending(ALL_TIME).cost == Cost(None, "unknown", 1)
    assert sum(day.total.sessions for day in ledger.days(BERLIN).values()) == 1


@pytest.mark.parametrize("started_at", [-62135596800.0, 0.0, 1e300, -1e300])
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12", "UTC"])
def test_a_session_of_no_possible_time_has_a_day(
    story: Story, ledger: Ledger, started_at: float, zone: str
) -> None:
    story.session("a", input_tokens=1)
    story.execute("UPDATE sessions SET started_at = ?", (started_at,))
    assert len(ledger.days(ZoneInfo(zone))) == 1


def test_a_session_belongs_to_the_day_on_which_it_started_in_the_zone(story: Story, ledger: Ledger) -> None:
    # In Berlin, clocks go from 2 to 3 on 29 March 2026.
    for id, instant in {
        "before": datetime(2026, 3, 28, 22, 59, tzinfo=UTC),
        "first": datetime(2026, 3, 28, 23, 0, tzinfo=UTC),
        "last": datetime(2026, 3, 29, 21, 59, tzinfo=UTC),
        "after": datetime(2026, 3, 29, 22, 0, tzinfo=UTC),
    }.items():
        story.session(id, input_tokens=1)
        story.execute("UPDATE sessions SET started_at = ? WHERE id = ?", (instant.timestamp(), id))
    found = {day: spent.total.sessions for day, spent in ledger.days(BERLIN).items()}
    assert found == {date(2026, 3, 28): 1, date(2026, 3, 29): 2, date(2026, 3, 30): 1}
    assert {day: spent.total.sessions for day, spent in ledger.days(ZoneInfo("Asia/Tokyo")).items()} == {
        date(2026, 3, 29): 2,
        date(2026, 3, 30): 2,
    }


def test_a_day_is_told_by_model_task_and_source_and_counts_a_session_once(
    story: Story, ledger: Ledger
) -> None:
    story.session("a", source="telegram", model="opus")
    story.execute(*used("a", "opus", billing_provider="x", actual_cost_usd=0.5))
    story.execute(*used("a", "opus", billing_provider="x", task="vision", estimated_cost_usd=0.25))
    story.execute(*used("a", "local", billing_provider="home", task="vision"))
    (day,) = ledger.days(UTC).values()
    assert (day.total.sessions, day.total.used) == (1, 1)
    assert {name: (spent.sessions, spent.cost()) for name, spent in day.models.items()} == {
        ("opus", "x"): (1, Cost(0.75, "mixed", 0)),
        ("local", "home"): (1, Cost(None, "unknown", 1)),
    }
    assert {name: spent.cost() for name, spent in day.tasks.items()} == {
        "main": Cost(0.5, "actual", 0),
        "vision": Cost(0.25, "mixed", 1),
    }
    assert {name: spent.cost() for name, spent in day.sources.items()} == {"telegram": Cost(0.75, "mixed", 1)}


def test_the_dearest_conversations_are_whole_chains_within_the_span(story: Story, ledger: Ledger) -> None:
    price = {"cost_status": "estimated", "model": "m"}
    story.session("long", at=900, end_reason="compression", estimated_cost_usd=0.3, ended_at=1.0, **price)
    story.session("tip", at=500, parent_session_id="long", estimated_cost_usd=0.4, title="Long", **price)
    story.session("dear", at=400, estimated_cost_usd=0.5, **price)
    story.message("dear", content="What does it cost?")
    story.session("cheap", at=300, estimated_cost_usd=0.1, **price)
    story.session("unpriced", at=200, input_tokens=9, cost_status="unknown")
    story.session("paid", at=100, input_tokens=9, cost_status="included")
    found = ledger.dearest(None, 9)
    assert [(one.root_id, one.id, one.title, one.preview) for one in found] == [
        ("long", "tip", "Long", ""),
        ("dear", "dear", None, "What does it cost?"),
        ("cheap", "cheap", None, ""),
    ]
    assert [one.cost.usd for one in found] == [pytest.approx(0.7), 0.5, 0.1]
    later = ledger.dearest(NOW - timedelta(seconds=600), 2)
    assert [(one.root_id, one.cost.usd) for one in later] == [("dear", 0.5), ("long", 0.4)]


def test_columns_can_be_narrowed(story: Story, ledger: Ledger) -> None:
    for number in range(4):
        story.session(f"s{number}", at=100 - number, input_tokens=1, end_reason="compression", ended_at=1.0)
    story.session("piece", parent_session_id="s1", input_tokens=1)
    assert table(ledger, "session_id") == [("piece",), ("s3",), ("s2",), ("s1",), ("s0",)]
    assert table(ledger, "session_id", limit=2) == [("piece",), ("s3",)]
    assert table(ledger, "session_id", since=NOW - timedelta(seconds=97)) == [("piece",), ("s3",)]
    assert table(ledger, "session_id", until=NOW - timedelta(seconds=99)) == [("s0",)]
    assert table(ledger, "session_id", "root_id", session_id="piece") == [("piece", "s1"), ("s1", "s1")]
    assert table(ledger, "session_id", session_id="nobody") == []
    assert list(ledger.usage_columns(FrameArguments())) == list(USAGE_COLUMNS)


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ({"estimated_cost_usd": 0.5, "cost_status": "estimated"}, (0.5, "estimated", 0.5, None)),
        (
            {"estimated_cost_usd": 0.5, "actual_cost_usd": 0.4, "cost_status": "actual"},
            (0.4, "actual", 0.5, 0.4),
        ),
        ({"cost_status": "included"}, (0.0, "included", 0.0, None)),
        ({"cost_status": "unknown"}, (None, "unknown", None, None)),
        ({}, (None, "unknown", None, None)),
        ({"estimated_cost_usd": 0.5, "cost_status": "unknown"}, (0.5, "mixed", 0.5, None)),
        ({"api_call_count": 0, "input_tokens": 0}, (None, None, None, None)),
    ],
)
def test_a_cost_that_nobody_knows_is_missing_and_an_included_one_is_none(
    story: Story, ledger: Ledger, stored: dict[str, Any], shown: tuple[Any, ...]
) -> None:
    story.session("a")
    story.execute(*used("a", **stored))
    columns = ("cost_usd", "cost_status", "estimated_cost_usd", "actual_cost_usd")
    assert table(ledger, *columns) == [shown]
