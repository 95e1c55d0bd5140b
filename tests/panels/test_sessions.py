"""The sessions panel: what its queries lead to, and that its figures are those of its frames."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from hermes_hud_widget import Home
from hermes_hud_widget.core import OpenHome
from hermes_hud_widget.errors import ArgumentError, SourceError
from hermes_hud_widget.export import export, json_lines, markdown
from hermes_hud_widget.panels.sessions import PANEL
from hermes_hud_widget.place import find_place
from ledger.world import NOW, Story, call

GOLDEN = Path(__file__).parents[1] / "golden" / "export"


def collect(home: Path, **query: Any) -> tuple[str, dict[str, Any]]:
    """The panel's status and payload."""
    opened = OpenHome(find_place(home), {PANEL.name: PANEL})
    try:
        opened.settle(PANEL.name)
        snapshot = opened.collect(PANEL.name, opened.parse_query(PANEL.name, query), 1, NOW)
    finally:
        opened.close()
    assert snapshot.data is not None
    return snapshot.status, snapshot.data


def fill(story: Story, seed: int = 7) -> None:
    """Conversations of every kind; every third one is about bikes."""
    random = Random(seed)
    for number in range(30):
        kind: dict[str, Any] = {}
        if number % 7 == 3:
            kind = {
                "parent_session_id": f"s{number - 1}",
                "model_config": {"_delegate_from": f"s{number - 1}"},
            }
        story.session(
            f"s{number}",
            at=number * 3_600,
            source=random.choice(["cli", "telegram", "cron"]),
            model=random.choice(["opus", "local", None]),
            cwd=random.choice(["/work/a", "/work/b", None]),
            git_repo_root=random.choice(["/work", None]),
            profile_name=random.choice(["default", None]),
            archived=int(number % 11 == 5),
            message_count=3,
            **kind,
        )
        words = "bikes in the rain" if number % 3 == 0 else "rain"
        story.message(f"s{number}", content=words, at=number * 3_600)
        story.message(f"s{number}", "assistant", "bikes", at=number * 3_600, active=0)


# -- the list


def test_a_home_without_sessions_is_empty_and_a_search_without_hits_is_not(story: Story, home: Path) -> None:
    assert collect(home)[0] == "empty"
    story.session("a")
    status, data = collect(home, search="nothing of the kind")
    assert (status, data["is_narrowed"], data["list"]["total"]) == ("ok", True, 0)
    assert collect(home, live=True)[0] == "ok"


def test_every_number_can_be_recomputed_from_the_frames(story: Story, home: Path) -> None:
    fill(story)
    with Home(home) as reader:
        sessions = reader.frame("sessions")
        messages = reader.frame("messages", text=True)
    data = collect(home)[1]["list"]
    shown = sessions[sessions["listed"]]
    assert data["total"] == len(shown)
    away = sessions["archived"] & sessions["kind"].isin(["conversation", "branch"])
    assert data["facets"]["archived"] == away.sum() > 0
    shown = shown.assign(
        source=shown["source"].astype(object),
        model=shown["model"].astype(object).fillna(""),
        profile=shown["profile_name"].astype(object).fillna(""),
        project=shown["git_repo_root"].fillna(shown["cwd"]).fillna(""),
    )
    for facet in ("source", "model", "project", "profile"):
        counted = {one["value"]: one["count"] for one in data["facets"][facet]}
        assert counted == shown[facet].value_counts().to_dict()

    found = collect(home, search="bikes", source="cli")[1]["list"]
    of = messages.merge(sessions, left_on="session_id", right_on="id", suffixes=("", "_of"))
    above = of["parent_id"].where(of["kind"] == "subagent").fillna(of["root_id"])
    hits = of[(of["state"] != "rewound") & of["text"].str.contains("bikes")].assign(root=above)
    hits = hits[hits["root"].isin(shown.loc[shown["source"] == "cli", "id"])]
    assert found["total"] == hits["root"].nunique() > 0
    assert found["search"]["messages"] == len(hits)
    assert found["search"]["is_exact"]


def test_a_page_is_cut_from_what_the_search_leaves(story: Story, home: Path) -> None:
    fill(story)
    whole = collect(home, search="bikes", page_size=200)[1]["list"]
    pages = [collect(home, search="bikes", page_size=3, page=page)[1]["list"] for page in range(3)]
    assert [row["id"] for page in pages for row in page["rows"]] == [row["id"] for row in whole["rows"]][:9]
    assert {page["total"] for page in pages} == {whole["total"]}
    assert [match["root_id"] for match in pages[1]["search"]["matches"]] == [
        row["root_id"] for row in pages[1]["rows"]
    ]


def test_filters_that_are_no_text_are_refused(home: Path) -> None:
    with Home(home) as reader:
        with pytest.raises(ArgumentError, match="search"):
            reader.panel("sessions", search="x" * 201)
        with pytest.raises(ArgumentError, match="source"):
            reader.panel("sessions", source=["cli"])


def test_a_secret_that_is_searched_for_is_not_shown(story: Story, home: Path) -> None:
    story.session("a", title="token=abcdefgh12345678 in a title")
    story.message("a", content="the key is sk-abcdefgh12345678abcdefgh, is it?")
    for query in ("key", "sk", "abcdefgh12345678", "token", "ghp"):
        assert "abcdefgh12345678" not in json.dumps(
            collect(home, search=query)[1]["list"]["search"]["matches"]
        )


# -- the transcript


def test_a_link_to_a_message_opens_the_page_that_has_it(story: Story, home: Path) -> None:
    story.session("a")
    ids = [story.message("a") for _ in range(90)]
    transcript = collect(home, session="a", message=ids[20])[1]["transcript"]
    assert transcript["marked"] == ids[20]
    assert ids[20] in [message["id"] for message in transcript["messages"]]
    assert transcript["newer"] is not None
    newer = collect(home, session="a", after=transcript["newer"])[1]["transcript"]
    assert newer["messages"][-1]["id"] == transcript["newer"] + 1


# -- export


def told(story: Story) -> None:
    story.session("20260601_091200_aa", title="Rain and bikes", model="opus")
    story.message("20260601_091200_aa", content="Is it *raining*?\n\n```\ncode\n```")
    story.message(
        "20260601_091200_aa",
        "assistant",
        "",
        reasoning="Let me look.\n\nAt the radar.",
        tool_calls=[call("c1", "terminal", '{"command": "curl wttr.in", "n": 3}')],
    )
    story.message(
        "20260601_091200_aa", "tool", "a ```fence``` \x1b[31mred\x1b[0m", tool_call_id="c1", at=-1.5
    )
    story.message(
        "20260601_091200_aa", "assistant", "Yes, 下雨了. password=hunter2hunter2", finish_reason="stop"
    )
    story.message("20260601_091200_aa", "user", "take this back", active=0)


def test_an_export_is_what_the_page_writes_too(story: Story, home: Path) -> None:
    """The page's tests read the same three files."""
    told(story)
    data = collect(home, session="20260601_091200_aa")[1]
    pages = json.loads((GOLDEN / "transcript.json").read_text(encoding="utf-8"))
    assert data["transcript"] == pages
    messages = pages["messages"][::-1]
    assert markdown(pages["session"], messages) == (GOLDEN / "transcript.md").read_text(encoding="utf-8")
    assert json_lines(pages["session"], messages) == (GOLDEN / "transcript.jsonl").read_text(encoding="utf-8")


def test_a_home_exports_whole_transcripts_redacted(story: Story, home: Path) -> None:
    told(story)
    for index in range(450):
        story.message("20260601_091200_aa", content=f"line {index}")
    with Home(home) as reader:
        written = reader.export("20260601_091200_aa")
        lines = [json.loads(line) for line in reader.export("20260601_091200_aa", "jsonl").splitlines()]
    assert written.startswith("# Rain and bikes\n\n- Session: 20260601_091200_aa\n")
    assert "hunter2" not in written
    assert lines[0]["type"] == "session"
    assert len(lines) == 1 + 5 + 450
    assert [line["id"] for line in lines[1:]] == sorted(line["id"] for line in lines[1:])
    assert written.index("line 0\n") < written.index("line 449\n")


def test_what_cannot_be_exported_says_why(story: Story, home: Path) -> None:
    story.session("a")
    with Home(home) as reader:
        with pytest.raises(ArgumentError, match="no session 'b'"):
            reader.export("b")
        with pytest.raises(ArgumentError, match="'markdown' or 'jsonl'"):
            reader.export("a", "pdf")  # type: ignore[arg-type]
    story.path.write_bytes(b"no database")
    with Home(home) as reader, pytest.raises(SourceError, match=r"state\.db"):
        reader.export("a")


def test_a_conversation_that_is_deleted_while_it_is_exported_ends_where_it_was(story: Story) -> None:
    session = {"id": "a", "title": "T", "preview": "", "source": "cli", "model": None}
    times = {"started_at": "2026-01-01T00:00:00Z", "last_active": "2026-01-01T00:00:00Z"}

    def panel(**query: Any) -> dict[str, Any]:
        if "before" in query:
            return {"transcript": None}
        return {"transcript": {"session": {**session, **times}, "messages": [], "older": 7}}

    assert export(panel, "a", "markdown").startswith("# T\n")
