"""The oracle is Hermes itself: what its search finds, ours finds; where ours differs on purpose, it is said here."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hermes_hud_widget.ledger import Ledger
from hermes_hud_widget.ledger.kept import Filters
from hermes_hud_widget.ledger.rows import SessionPage
from real.agent import ENVIRONMENT, Hermes

CALLS = [
    {
        "id": "c1",
        "type": "function",
        "function": {"name": "web_search", "arguments": '{"query": "chat-send"}'},
    }
]


def fill(hermes: Hermes) -> None:
    """A home with everything that makes searching hard."""
    db = hermes.db
    db("create_session", "plain", "cli", model="m/one", cwd="/work/a")
    hermes.say("plain", "How does the websocket close?", "A WebSocket closes with a close frame.")
    db("append_message", "plain", "assistant", "", tool_calls=CALLS)
    db("append_message", "plain", "tool", "Nothing about it", tool_call_id="c1", tool_name="web_search")
    db("set_session_title", "plain", "100 % sockets_")
    db("create_session", "other", "telegram", model="m/two")
    hermes.say("other", "foo-bar is not foo bar baz", 'C++ or C? "hi" said P2.2')
    hermes.say("other", "今天天气怎么样？", "天气不错，大别山项目也好。")
    db("create_session", "root", "cli", cwd="/work/a")
    hermes.say("root", "The websocket again", "Yes")
    hermes.compress("root", "tip")
    hermes.say("tip", "Summary: sockets", "deploy and deployment")
    hermes.delegate("tip", "helper")
    hermes.say("helper", "Look for the websocket", "Found one")
    db("create_session", "compacted", "cli")
    hermes.say("compacted", "old websocket talk", "yes")
    db("archive_and_compact", "compacted", [{"role": "user", "content": "Summary of it"}])
    db("create_session", "rewound", "cli")
    hermes.say("rewound", "keep", "kept")
    taken_back = db("append_message", "rewound", "user", "a websocket that was taken back")
    db("rewind_to_message", "rewound", taken_back)
    db("create_session", "pictures", "cli")
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    db("append_message", "pictures", "user", [{"type": "text", "text": "the websocket drawn"}, picture])


def ours(ledger: Ledger, query: str, **given: Any) -> SessionPage:
    ledger.settle()
    page = ledger.page(datetime.now(UTC), size=200, search=query, **given)
    assert page.search is not None
    assert page.search.is_exact
    assert page.search.problem is None
    return page


def theirs(hermes: Hermes, query: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = hermes.db("search_messages", query, limit=1000)
    return rows


@pytest.mark.parametrize("journal_mode", ["wal", "delete"])
@pytest.mark.parametrize(
    "query",
    [
        "websocket",
        "WEBSOCKET close",
        '"close frame"',
        '"frame close"',
        "chat-send",
        "foo-bar",
        "P2.2",
        '"hi',
        "deploy*",
        "web_search",
        "大别山项目",
        "天气怎么样",
        "天气",
        "nothing-of-the-kind",
    ],
)
def test_a_search_finds_the_messages_that_hermes_finds(
    start_hermes: Callable[..., Hermes], ledger: Ledger, query: str, journal_mode: str
) -> None:
    hermes = start_hermes(journal_mode)
    fill(hermes)
    expected = theirs(hermes, query)
    matched = ledger.page(datetime.now(UTC), size=200, search=query)
    page = ours(ledger, query)
    assert page.search is not None
    assert matched.total == page.total
    assert page.search.messages == len(expected)
    newest = {match.newest.message for match in page.search.matches if match.newest}
    assert newest <= {row["id"] for row in expected}
    if expected:
        assert max(row["id"] for row in expected) in newest


def test_each_hit_belongs_to_the_conversation_that_hermes_lists(hermes: Hermes, ledger: Ledger) -> None:
    fill(hermes)
    page = ours(ledger, "websocket")
    assert page.search is not None
    listed = {row.get("_lineage_root_id", row["id"]) for row in hermes.db("list_sessions_rich", limit=1000)}
    assert {row.root_id for row in page.rows} == {"plain", "root", "compacted", "pictures"} <= listed
    pieces = {"root": "root", "tip": "root", "helper": "root"}
    counted: dict[str, int] = {}
    for row in theirs(hermes, "websocket"):
        root = pieces.get(row["session_id"], row["session_id"])
        counted[root] = counted.get(root, 0) + 1
    assert {match.root_id: match.messages + match.in_subagents for match in page.search.matches} == counted


def test_where_ours_differs_on_purpose(hermes: Hermes, ledger: Ledger) -> None:
    fill(hermes)

    def found(query: str, **given: Any) -> set[str]:
        return {row.root_id for row in ours(ledger, query, **given).rows}

    # Hermes strips what its word index lacks, and finds each C; we look for the characters.
    hermes.say("plain", "vitamin C")
    assert {row["session_id"] for row in theirs(hermes, "C++")} == {"plain", "other"}
    assert found("C++") == {"other"}
    # For Hermes a term after a colon goes without it; for us it is the phrase that it is.
    assert theirs(hermes, "Summary: sockets")
    assert found("Summary: sockets") == {"root"}
    # Hermes takes several short Chinese words for alternatives; we want every one of them.
    hermes.say("plain", "今天很好")
    assert {row["session_id"] for row in theirs(hermes, "今天 天气")} == {"plain", "other"}
    assert found("今天 天气") == {"other"}
    # Operators are words for us: who types them is no more likely to mean them.
    assert {row["session_id"] for row in theirs(hermes, "vitamin OR kept")} == {"plain", "rewound"}
    assert found("vitamin OR kept") == set()
    # Titles are searched, too, with their signs taken literally, and parts of words on demand.
    assert found("%") == {"plain"}
    assert found("sockets_") == {"plain"}
    assert found("ebsocke", anywhere=True) == {"plain", "root", "compacted"}
    assert theirs(hermes, "ebsocke") == []
    # Hermes' index of characters ends where a message's pictures begin; we say so.
    page = ours(ledger, "ebsocke", anywhere=True)
    assert page.search is not None
    assert page.search.leaves_out == ("pictures",)


def test_a_search_follows_each_step_of_hermes(hermes: Hermes, ledger: Ledger) -> None:
    def check(expected: int) -> None:
        assert len(theirs(hermes, "needle")) == expected
        page = ours(ledger, "needle")
        assert page.search is not None
        assert page.search.messages == expected

    db = hermes.db
    db("create_session", "a", "cli")
    check(0)
    hermes.say("a", "a needle", "no", "the needle again")
    check(2)
    back = db("append_message", "a", "user", "one more needle")
    check(3)
    db("rewind_to_message", "a", back)
    check(2)
    db("restore_rewound", "a", back)
    check(3)
    db("archive_and_compact", "a", [{"role": "user", "content": "Summary: a needle"}])
    check(4)
    db("replace_messages", "a", [{"role": "user", "content": "other needle"}])
    hits = len(theirs(hermes, "needle"))
    check(hits)
    db("create_session", "b", "cli")
    hermes.say("b", "needle")
    check(hits + 1)
    db("delete_session", "a")
    check(1)


def test_the_index_is_whole_after_hermes_has_mended_it(hermes: Hermes, ledger: Ledger) -> None:
    fill(hermes)
    before = ours(ledger, "websocket").total
    hermes.db("rebuild_fts")
    hermes.db("optimize_fts")
    assert ours(ledger, "websocket").total == before


def test_filters_are_those_of_hermes_list(hermes: Hermes, ledger: Ledger) -> None:
    fill(hermes)
    page = ledger.page(datetime.now(UTC))
    sources = {one.value: one.count for one in page.facets.source}
    for source in ("cli", "telegram"):
        rows = hermes.db("list_sessions_rich", limit=1000, source=source, order_by_last_active=True)
        found = ledger.page(datetime.now(UTC), size=200, filters=Filters(source=source)).rows
        assert [row.id for row in found] == [row["id"] for row in rows]
        assert sources[source] == len(rows)
    keys = [
        hermes("hermes_state", "workspace_key", row) or ""
        for row in hermes.db("list_sessions_rich", limit=1000)
    ]
    assert {one.value: one.count for one in page.facets.project} == {key: keys.count(key) for key in keys}


def test_the_command_lists_the_same_conversations(hermes: Hermes, home: Path, ledger: Ledger) -> None:
    fill(hermes)
    hermes.db("set_session_title", "other", "Weather")
    hermes.close()
    command = ENVIRONMENT / ("Scripts/hermes.exe" if sys.platform == "win32" else "bin/hermes")
    environment = {"HERMES_HOME": str(home), "HOME": str(home.parent), "PATH": os.environ["PATH"]}
    said = subprocess.run(
        [str(command), "sessions", "list", "--limit", "100"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    ).stdout
    printed = [line.split()[-1] for line in said.splitlines()[2:] if line.strip()]
    rows = ledger.page(datetime.now(UTC), size=200, sort="started_at").rows
    assert printed == [row.id for row in rows]


def test_message_counts_are_those_of_hermes(hermes: Hermes, ledger: Ledger) -> None:
    fill(hermes)
    rows = {row["id"]: row for row in hermes.db("list_sessions_rich", limit=1000)}
    shown = ledger.page(datetime.now(UTC), size=200).rows
    assert {row.id: row.message_count for row in shown} == {
        id: row["message_count"] for id, row in rows.items()
    }
    for row in shown:
        transcript = ledger.transcript(row.id, None, 1, datetime.now(UTC))
        assert transcript is not None
        pieces = {"tip": ["root", "tip"]}.get(row.id, [row.id])
        kept = [hermes.db("get_messages", piece, include_inactive=True) for piece in pieces]
        assert transcript.total == sum(map(len, kept))
