"""The panels' functions, on contents that the test makes up: no file, no clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from hermes_hud_widget.ledger.kept import Filters
from hermes_hud_widget.ledger.ledger import Ledger
from hermes_hud_widget.ledger.rows import (
    Cost,
    RecentMessage,
    Session,
    SessionFacets,
    SessionPage,
    Spending,
    Tokens,
    Totals,
)
from hermes_hud_widget.ledger.writers import Writers
from hermes_hud_widget.panel import Until
from hermes_hud_widget.panels import overview, sessions
from hermes_hud_widget.place import Place
from hermes_hud_widget.sources import EntriesFile, Settings

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
NO_FILE = EntriesFile()
NOTHING = {
    name: source.missing
    for name, source in overview.PANEL.sources.items()
    if name not in ("state", "writers", "place")
}
"""What the overview's sources hold where there is nothing."""


def session(id: str, **values: Any) -> Session:
    base = Session(
        id=id,
        root_id=id,
        kind="conversation",
        parent_id=None,
        title=None,
        preview=f"preview of {id}",
        source="cli",
        model="m",
        started_at=NOW - timedelta(hours=1),
        ended_at=None,
        end_reason=None,
        last_active=NOW,
        message_count=1,
        tool_call_count=0,
        api_call_count=1,
        rewind_count=0,
        tokens=Tokens(),
        cost=Cost(),
        pieces=1,
        subagents=0,
        archived=False,
        cwd=None,
        git_branch=None,
        activity="idle",
        activity_since=None,
    )
    return replace(base, **values)


class Scripted:
    """A ledger that says what the test wrote down."""

    def __init__(
        self, *sessions: Session, recent: tuple[RecentMessage, ...] = (), next_change: datetime | None = None
    ) -> None:
        self._sessions, self._recent, self._next = sessions, recent, next_change
        self.asked_since: datetime | None = None
        self.asked_for: dict[str, Any] = {}

    def live(self, now: datetime, writers: Writers | None, limit: int) -> tuple[tuple[Session, ...], int]:
        return self._sessions[:limit], len(self._sessions)

    def page(self, now: datetime, writers: Writers | None, **asked: Any) -> SessionPage:
        self.asked_for = asked
        return SessionPage(self._sessions, 90, 2, 3, SessionFacets())

    def totals(self) -> Totals:
        return Totals(len(self._sessions), 1, 0)

    def spending(self, since: datetime) -> Spending:
        self.asked_since = since
        return Spending(0, Tokens(), Cost())

    def recent(self, limit: int) -> tuple[RecentMessage, ...]:
        return self._recent[:limit]

    def began_at(self) -> datetime | None:
        return None

    def size_bytes(self) -> int:
        return 0

    def next_change(self, *_: object) -> datetime | None:
        return self._next


def show(
    ledger: Scripted | None, config: dict[str, Any] | None = None, **contents: Any
) -> tuple[overview.Overview, datetime | None]:
    home = Path("/home/me/.hermes")
    given: dict[str, Any] = {
        **NOTHING,
        "memory": NO_FILE,
        "user": NO_FILE,
        "config": Settings({"timezone": "UTC", **(config or {})}),
        "place": Place(home, home, None),
        "profiles": (),
        "active_profile": None,
        **contents,
    }
    result = overview.collect(
        cast("Ledger | None", ledger), None, **given, query=overview.OverviewQuery(), now=NOW
    )
    assert isinstance(result, Until)
    return cast("overview.Overview", result.payload), result.valid_until


def test_of_many_live_sessions_the_rest_is_counted() -> None:
    shown, _ = show(Scripted(*(session(f"s{number}") for number in range(overview.LIVE_SHOWN + 3))))
    assert (len(shown.live), shown.more_live) == (overview.LIVE_SHOWN, 3)


@pytest.mark.parametrize(
    ("zone", "since"),
    [
        ("UTC", datetime(2026, 3, 4, tzinfo=UTC)),
        ("Pacific/Auckland", datetime(2026, 3, 4, 11, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 3, 4, 5, tzinfo=UTC)),
    ],
)
def test_today_begins_at_midnight_in_the_configured_zone_and_ends_by_itself(
    zone: str, since: datetime
) -> None:
    ledger = Scripted()
    shown, until = show(ledger, {"timezone": zone})
    assert (shown.today.since, shown.today.timezone, ledger.asked_since) == (since, zone, since)
    assert until == since + timedelta(days=1)


def test_an_unknown_zone_is_not_a_failure() -> None:
    assert show(Scripted(), {"timezone": "Mars/Olympus"})[0].today.timezone != "Mars/Olympus"


def test_a_session_that_goes_quiet_is_collected_again_in_time() -> None:
    soon = NOW + timedelta(seconds=30)
    assert show(Scripted(next_change=soon))[1] == soon


def test_last_changes_are_messages_and_memory_newest_first() -> None:
    def message(seconds: int, role: str, *tools: str) -> RecentMessage:
        return RecentMessage(seconds, "s", "preview of s", role, tools, NOW - timedelta(seconds=seconds))

    written = EntriesFile(True, ("a",), NOW - timedelta(seconds=2))
    recent = (
        message(1, "tool", "terminal"),
        message(3, "assistant", "terminal"),
        message(4, "assistant"),
        message(5, "user"),
    )
    shown, _ = show(Scripted(session("s"), recent=recent), memory=written)
    assert [change.kind for change in shown.changes] == [
        "tool-result",
        "memory",
        "tool-call",
        "assistant",
        "user",
    ]
    assert shown.changes[0].session_title == "preview of s"
    assert shown.changes[1].store == "memory"


def test_a_home_without_a_database_shows_its_memory() -> None:
    shown, _ = show(None, memory=EntriesFile(True, ("a",), NOW))
    assert shown.memory[0].entries == 1
    assert not shown.is_empty()


def test_capacity_follows_the_configured_limits() -> None:
    shown, _ = show(
        None,
        {"memory": {"memory_char_limit": 100, "user_char_limit": "50"}},
        memory=EntriesFile(True, ("abc",), NOW),
    )
    assert [(store.used_chars, store.limit_chars) for store in shown.memory] == [(3, 100), (0, 50)]


def test_the_list_is_the_page_that_was_asked_for() -> None:
    ledger = Scripted(session("a"), session("b"), next_change=NOW + timedelta(seconds=9))
    query = sessions.SessionsQuery(page=7, page_size=3, sort="cost", descending=False, archived=True)
    result = sessions.collect(cast("Ledger", ledger), None, query, NOW)
    assert isinstance(result, Until)
    assert result.valid_until == NOW + timedelta(seconds=9)
    assert ledger.asked_for == {
        "number": 7,
        "size": 3,
        "sort": "cost",
        "descending": False,
        "filters": Filters(archived=True),
        "live": False,
        "search": "",
        "anywhere": False,
    }
    found = cast("sessions.Sessions", result.payload).list
    assert found is not None
    assert [row.id for row in found.rows] == ["a", "b"]
    # A page that is no longer there is the last one.
    assert (found.total, found.live, found.page, found.page_size) == (90, 2, 3, 3)
    assert (found.sort, found.descending) == ("cost", False)


def test_without_a_database_the_list_is_empty() -> None:
    result = sessions.collect(None, None, sessions.SessionsQuery(), NOW)
    assert isinstance(result, Until)
    assert result.valid_until is None
    assert result.payload.is_empty()
