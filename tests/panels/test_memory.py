"""The memory panel's function: what changed, word by word, and what surrounds the stores."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from hermes_hud_widget.core import OpenHome
from hermes_hud_widget.panel import Until
from hermes_hud_widget.panels import all_panels, memory
from hermes_hud_widget.panels.memory import MemoryPiece, category_of, edits_between, edits_since
from hermes_hud_widget.place import find_place
from hermes_hud_widget.sources import EntriesFile, FoundFile, FoundFiles, Settings, Version
from support.agent import Agent, MakeAgent

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
KEY = "sk-" + "a1b2" * 6


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def store(*entries: str, at: datetime = NOW) -> EntriesFile:
    return EntriesFile(True, entries, at)


def seen(*versions: tuple[datetime, tuple[str, ...]]) -> tuple[Version, ...]:
    return tuple(Version(store(*entries, at=at), at) for at, entries in versions)


def show(**contents: Any) -> memory.Memory:
    return shown_until(**contents)[0]


def shown_until(**contents: Any) -> tuple[memory.Memory, datetime | None]:
    given: dict[str, Any] = {
        "memory": EntriesFile(),
        "user": EntriesFile(),
        "memory_versions": (),
        "user_versions": (),
        "sessions": (),
        "pending": FoundFiles(),
        "backups": FoundFiles(),
        "archive": None,
        "soul": None,
        "config": Settings({}),
        **contents,
    }
    found = memory.collect(**given, now=NOW)
    assert isinstance(found, Until)
    assert isinstance(found.payload, memory.Memory)
    return found.payload, found.valid_until


def row(id: str, started_at: datetime, **values: Any) -> dict[str, Any]:
    return {
        "id": id,
        "title": None,
        "source": "cli",
        "started_at": started_at.timestamp(),
        "ended_at": None,
        **values,
    }


@pytest.mark.parametrize(
    ("name", "entry", "category"),
    [
        ("memory", "Gotcha: the port is 5433.", "correction"),
        ("memory", "The user doesn’t want emoji.", "other"),
        ("memory", "Don’t restart the worker by hand.", "correction"),
        ("user", "Preferred language: German.", "preference"),
        ("memory", "Preferred language: German.", "other"),
        ("memory", "TODO: rotate the logs.", "todo"),
        ("memory", "The repo is at ~/code/bikes.", "project"),
        ("memory", "Ubuntu 24.04 on a laptop.", "environment"),
        ("memory", "The agenda is fixed on Mondays.", "other"),
        ("memory", "Inversion of the matrix is slow.", "other"),
        ("memory", "This is wrong and the project is old.", "correction"),
    ],
)
def test_an_entry_is_of_the_first_kind_whose_words_stand_in_it(name: Any, entry: str, category: str) -> None:
    assert category_of(name, entry) == category


def test_what_is_alike_is_changed_and_the_rest_is_added_or_removed() -> None:
    edits = edits_between(
        ["Uses pandas 2.2 at work.", "Likes tea.", "Has a dog."],
        ["Has a dog.", "Uses pandas 3.0 at work.", "Lives in Graz since 2019."],
    )
    assert [(edit.kind, edit.before, edit.after) for edit in edits] == [
        ("changed", "Uses pandas 2.2 at work.", "Uses pandas 3.0 at work."),
        ("added", None, "Lives in Graz since 2019."),
        ("removed", "Likes tea.", None),
    ]


def test_the_words_of_a_change_make_both_wordings() -> None:
    before, after = "Uses pandas 2.2 at work.", "Uses pandas 3.0 and polars at work."
    (edit,) = edits_between([before], [after])
    assert "".join(piece.text for piece in edit.pieces if piece.kind != "added") == before
    assert "".join(piece.text for piece in edit.pieces if piece.kind != "removed") == after
    assert MemoryPiece("same", "Uses pandas ") in edit.pieces


def test_chinese_is_compared_character_by_character() -> None:
    (edit,) = edits_between(["用户喜欢绿茶。"], ["用户喜欢红茶。"])
    assert [(piece.kind, piece.text) for piece in edit.pieces if piece.kind != "same"] == [
        ("removed", "绿"),
        ("added", "红"),
    ]


def test_no_secret_is_taken_apart_into_words() -> None:
    edits = edits_between([f"The key is {KEY} for now."], [f"The key is {KEY} until June."])
    assert KEY not in str(edits)
    assert "a1b2" not in str(edits)


def test_the_order_of_entries_is_no_change() -> None:
    assert edits_between(["a", "b"], ["b", "a"]) == ()


def test_very_many_or_very_long_entries_are_not_compared_word_by_word() -> None:
    many = edits_between([f"old {n}" for n in range(50)], [f"new {n}" for n in range(50)])
    assert {edit.kind for edit in many} == {"added", "removed"}
    assert len(many) == 100
    long = "word " * 5_000
    assert {edit.kind for edit in edits_between([long], [f"{long}more"])} == {"added", "removed"}
    assert all(len(edit.after or "") <= memory.TEXT_CHARS for edit in edits_between([], [long * 2]))


def test_changes_of_both_stores_are_listed_newest_first() -> None:
    shown = show(
        memory_versions=seen((ago(hours=3), ()), (ago(hours=2), ("a",)), (ago(minutes=1), ("a", "b"))),
        user_versions=seen((ago(hours=3), ("u",)), (ago(hours=1), ())),
    )
    assert [(change.store, change.edits[0].kind) for change in shown.changes] == [
        ("memory", "added"),
        ("user", "removed"),
        ("memory", "added"),
    ]
    assert shown.watched_since == ago(hours=3)


def test_long_lists_are_cut_and_say_how_long_they_are() -> None:
    entries = tuple(f"entry {n} of all" for n in range(memory.ENTRIES_SHOWN + 5))
    shown = show(
        memory=store(*entries),
        memory_versions=seen((ago(hours=1), ()), (ago(minutes=1), entries)),
        pending=FoundFiles(
            tuple(FoundFile(f"p{n}.json", 2, NOW, "{}") for n in range(memory.PENDING_SHOWN + 3)), 400
        ),
    )
    assert (len(shown.stores[0].entries), shown.stores[0].total) == (memory.ENTRIES_SHOWN, len(entries))
    assert (len(shown.changes[0].edits), shown.changes[0].total) == (memory.EDITS_SHOWN, len(entries))
    assert (len(shown.pending), shown.pending_total) == (memory.PENDING_SHOWN, 400)


def test_a_session_that_began_before_the_last_change_has_an_older_memory() -> None:
    versions = seen((ago(hours=5), ()), (ago(hours=3), ("a",)), (ago(hours=1), ("a", "b")))
    shown = show(
        memory=store("a", "b", at=ago(hours=1)),
        memory_versions=versions,
        user_versions=seen((ago(hours=5), ())),
        sessions=(
            row("young", ago(minutes=5)),
            row("middle", ago(hours=2), title="Bikes"),
            row("before", ago(hours=4)),
            row("unseen", ago(hours=6)),
            row("closed", ago(hours=4), ended_at=1.0),
            row("forgotten", ago(hours=30)),
            {**row("odd", NOW), "started_at": "soon"},
        ),
    )
    assert [(one.id, one.title, one.changes) for one in shown.stale_sessions] == [
        ("middle", "Bikes", 1),
        ("before", None, 2),
        ("unseen", None, None),
    ]


def test_a_memory_that_is_the_same_again_makes_no_session_stale() -> None:
    versions = seen((ago(hours=5), ("a",)), (ago(hours=3), ("a", "b")), (ago(hours=1), ("a",)))
    shown = show(
        memory=store("a", at=ago(hours=1)),
        memory_versions=versions,
        user_versions=seen((ago(hours=5), ())),
        sessions=(row("s", ago(hours=4)),),
    )
    assert shown.stale_sessions == ()


def test_stale_sessions_are_counted_beyond_those_shown_and_until_the_first_of_them_is_a_day_old() -> None:
    rows = tuple(row(f"s{number}", ago(hours=2 + number / 10)) for number in range(20))
    shown, until = shown_until(memory=store("a", at=ago(hours=1)), sessions=rows)
    assert (len(shown.stale_sessions), shown.stale_total) == (memory.SESSIONS_SHOWN, 20)
    assert until == ago(hours=2 + 19 / 10) + timedelta(hours=24)
    assert shown_until()[1] is None


def test_what_was_not_seen_is_not_known() -> None:
    assert edits_since(seen((ago(hours=1), ("a",))), ago(hours=2)) is None


def test_pending_writes_are_told_however_their_files_look() -> None:
    staged = {
        "id": "1",
        "action": "add",
        "summary": f"Remember {KEY} " + "x" * 400,
        "origin": "background_review",
        "created_at": ago(hours=1).timestamp(),
        "payload": {"target": "user", "content": "secret"},
    }
    files = [
        FoundFile(f"{name}.json", 9, NOW, text)
        for name, text in (
            ("cut", '{"id": "'),
            ("list", "[1]"),
            ("odd", '{"summary": 7, "payload": []}'),
            ("p", json.dumps(staged)),
        )
    ]
    shown = show(pending=FoundFiles(tuple(files), 4))
    first = shown.pending[0]
    assert (first.id, first.action, first.store, first.created_at) == ("p", "add", "user", ago(hours=1))
    assert first.summary.startswith("Remember [redacted] xx")
    assert len(first.summary) == memory.SUMMARY_CHARS
    assert {one.id for one in shown.pending[1:]} == {"cut", "list", "odd"}
    assert "secret" not in shown.model_dump_json()
    assert not shown.is_empty()


def test_soul_archive_and_backups_are_there_or_not() -> None:
    shown = show(
        soul=f"You are calm. {KEY}",
        archive='{"content": "a"}\n\n{"content": "b"}\n',
        backups=FoundFiles((FoundFile("MEMORY.md.bak.17", 5, NOW),), 1),
    )
    assert shown.soul is not None
    assert (shown.soul.text, shown.archived) == ("You are calm. [redacted]", 2)
    assert shown.backups == ("MEMORY.md.bak.17",)
    assert (show(soul=" \n").soul, show().archived) == (None, None)
    assert show().is_empty()


def test_a_note_of_a_blocked_entry_is_marked() -> None:
    shown = show(memory=store("[BLOCKED: MEMORY.md entry contained threat pattern(s): x.]", "fine"))
    assert [entry.is_blocked for entry in shown.stores[0].entries] == [True, False]


def test_both_stores_and_the_provider_are_told() -> None:
    shown = show(memory=store("äö"), config=Settings({"memory": {"provider": "mem0"}}))
    assert [(one.name, one.exists, one.limit_chars) for one in shown.stores] == [
        ("memory", True, memory.MEMORY_LIMIT_CHARS),
        ("user", False, memory.USER_LIMIT_CHARS),
    ]
    assert (shown.stores[0].entries[0].chars, shown.provider) == (2, "mem0")
    assert show(config=Settings({"memory": {"provider": "builtin"}})).provider is None


@pytest.fixture
def hermes(agent: MakeAgent) -> Agent:
    return agent()


def test_every_number_can_be_recomputed_from_the_frames(hermes: Agent) -> None:
    hermes.memory(["The repo is old.", "Likes tea.", "Gotcha: no sudo."])
    hermes.memory(["Preferred editor: vim"], store="user")
    for name in (*(f"MEMORY.md.bak.17700000{number:02}" for number in range(6)), "USER.md.bak.1770000000"):
        hermes.file(f"memories/{name}", b"edited by hand")
    opened = OpenHome(find_place(hermes.home), all_panels())
    try:
        opened.signature("memory")
        for entries in (["The repo is new.", "Likes tea."], ["The repo is new.", "Likes tea.", "Has a dog."]):
            hermes.memory(entries)
            opened.signature("memory")
        shown = opened.collect("memory", opened.parse_query("memory", {}), 1)
        assert (shown.status, shown.error) == ("ok", None)
        checks = opened.collect("health", opened.parse_query("health", {}), 1).data["checks"]
        rows, changes, backups = (
            opened.table(name, {}).to_pandas() for name in ("memory", "memory_changes", "memory_backups")
        )
    finally:
        opened.close()
    for told in shown.data["stores"]:
        of_store = rows[rows["store"] == told["name"]]
        assert told["total"] == len(of_store)
        assert told["used_chars"] == of_store["chars"].sum() + 3 * (len(of_store) - 1)
        assert [entry["category"] for entry in told["entries"]] == list(of_store["category"])
    edits = changes[changes["kind"] != "there"]
    assert len(shown.data["changes"]) == edits["at"].nunique() == 2
    assert sum(change["total"] for change in shown.data["changes"]) == len(edits)
    assert replayed(changes, "memory") == {"The repo is new.", "Likes tea.", "Has a dog."}
    assert replayed(changes, "user") == {"Preferred editor: vim"}
    assert backups["store"].value_counts().to_dict() == {"memory": 6, "user": 1}
    assert shown.data["backups"] == list(backups["path"][: memory.BACKUPS_SHOWN])
    assert [one["value"] for one in checks if one["code"] == "memory-drift"] == [len(backups)]


def replayed(changes: pd.DataFrame, name: str) -> set[str]:
    """What a store holds after all its changes."""
    entries: set[str] = set()
    for change in changes[changes["store"] == name].to_dict("records"):
        entries.discard(change["before"])
        if not pd.isna(change["after"]):
            entries.add(change["after"])
    return entries
