"""Hermes' memory tool writes: the panel says what its store says, and what each write changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from real.agent import Hermes
from support.served import Client, Served, served

STORES = ("memory", "user")


@pytest.fixture
def watched(home: Path) -> Any:
    with served() as server, server.connect() as client:
        yield server, client, server.open(home)


Watched = tuple[Served, Client, str]


def after(watched: Watched, fact: Any) -> dict[str, Any]:
    """The panel's data as soon as the fact is true of them."""
    _, client, home = watched
    frame: dict[str, Any] = client.wait_data(home, "memory", lambda data: data is not None and fact(data))
    data: dict[str, Any] = frame["data"]
    return data


def test_entries_and_usage_are_those_of_the_memory_store(watched: Watched, hermes: Hermes) -> None:
    hermes.memory("add", "memory", "Gotcha: the API needs a zone.\nAnd an id.")
    hermes.memory("add", "memory", "Paragraph § 12 is not two entries.")
    hermes.memory("add", "user", "Prefers äöü and 中文.")
    data = after(watched, lambda data: [store["total"] for store in data["stores"]] == [2, 1])
    for store in data["stores"]:
        assert [entry["text"] for entry in store["entries"]] == hermes.memory(f"{store['name']}_entries")
        assert store["used_chars"] == hermes.memory("_char_count", store["name"])
        assert store["limit_chars"] == hermes.memory("_char_limit", store["name"])


def test_each_write_is_told_with_what_it_changed(watched: Watched, hermes: Hermes) -> None:
    after(watched, lambda data: data["watched_since"])
    for number, (write, edit) in enumerate(
        (
            (("add", "memory", "Uses pandas 2.2 at work."), ("added", None, "Uses pandas 2.2 at work.")),
            (
                ("replace", "memory", "pandas", "Uses pandas 3.0 at work."),
                ("changed", "Uses pandas 2.2 at work.", "Uses pandas 3.0 at work."),
            ),
            (("remove", "memory", "pandas"), ("removed", "Uses pandas 3.0 at work.", None)),
        ),
        1,
    ):
        assert hermes.memory(*write)["success"]
        data = after(watched, lambda data, number=number: len(data["changes"]) == number)
        (told,) = data["changes"][0]["edits"]
        assert (told["kind"], told["before"], told["after"]) == edit
        assert data["changes"][0]["used_chars"] == hermes.memory("_char_count", "memory")
    words = data["changes"][1]["edits"][0]["pieces"]
    assert [(piece["kind"], piece["text"]) for piece in words if piece["kind"] != "same"] == [
        ("removed", "2"),
        ("added", "3"),
        ("removed", "2"),
        ("added", "0"),
    ]


def test_a_staged_write_waits_and_its_approval_ends_that(
    watched: Watched, hermes: Hermes, home: Path
) -> None:
    staged = hermes(
        "tools.write_approval",
        "stage_write",
        "memory",
        {"action": "add", "target": "user", "content": "Likes tea."},
        summary="Likes tea.",
        origin="background_review",
    )
    data = after(watched, lambda data: data["pending_total"] == 1)
    (told,) = data["pending"]
    assert (told["id"], told["action"], told["store"], told["summary"], told["origin"]) == (
        staged["id"],
        "add",
        "user",
        "Likes tea.",
        "background_review",
    )
    assert len(hermes("tools.write_approval", "list_pending", "memory")) == 1
    hermes("tools.write_approval", "discard_pending", "memory", staged["id"])
    after(watched, lambda data: data["pending_total"] == 0 and data["pending"] == [])


def test_a_copy_that_hermes_keeps_of_a_file_edited_by_others_is_named(
    watched: Watched, hermes: Hermes, home: Path
) -> None:
    hermes.memory("add", "memory", "one")
    (home / "memories/MEMORY.md").write_text("one" + "x" * 3_000)
    refused = hermes.memory("replace", "memory", "one", "two")
    data = after(watched, lambda data: data["backups"])
    assert data["backups"] == [Path(refused["drift_backup"]).name]
    # What it holds now is more than the limit, for Hermes as for us.
    assert data["stores"][0]["used_chars"] > data["stores"][0]["limit_chars"]


def test_a_session_keeps_the_memory_with_which_it_began(watched: Watched, hermes: Hermes) -> None:
    hermes.memory("add", "memory", "before")
    after(watched, lambda data: data["stores"][0]["total"] == 1)
    hermes.db("create_session", "s1", "cli")
    store = hermes.memory("format_for_system_prompt", "memory")
    hermes.memory("add", "memory", "after")
    assert hermes.memory("format_for_system_prompt", "memory") == store
    data = after(watched, lambda data: data["stale_sessions"])
    assert [(one["id"], one["changes"]) for one in data["stale_sessions"]] == [("s1", 1)]
    hermes.db("end_session", "s1", "cli_close")
    after(watched, lambda data: data["stale_sessions"] == [])
