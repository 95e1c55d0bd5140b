"""Searching messages and titles: what counts as a hit, what is said of it, and what it costs."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random
from threading import Thread
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hermes_hud_widget.ledger import Database, Ledger, matched, search
from hermes_hud_widget.ledger.kept import Filters
from hermes_hud_widget.ledger.pace import Pace
from hermes_hud_widget.ledger.rows import SessionPage, SessionSearch
from hermes_hud_widget.ledger.search import ask
from ledger.world import NOW, RELEASES, Story, Writer, call, insert, make, wait_for


def found(ledger: Ledger, query: str, **given: Any) -> tuple[set[str], SessionSearch]:
    """The first pieces of the conversations that a query leads to, and what is said of the search."""
    ledger.settle()
    page = ledger.page(NOW, size=200, search=query, **given)
    assert page.search is not None
    return {row.root_id for row in page.rows}, page.search


def ids(ledger: Ledger, query: str, **given: Any) -> set[str]:
    return found(ledger, query, **given)[0]


def finished(ledger: Ledger, query: str) -> SessionPage:
    """What a search has found when it has come to its end, as the keeper's thread brings it there."""
    page = ledger.page(NOW, search=query)
    while page.search is not None and not page.search.is_exact:
        ledger.advance()
        page = ledger.page(NOW, search=query)
    return page


def say(story: Story, texts: dict[str, str]) -> None:
    for session, text in texts.items():
        story.session(session)
        story.message(session, content=text)


def noted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """The ids that are looked at from now on, read by read: above the first, up to the second."""
    spans: list[tuple[int, int]] = []
    read = search._read_sessions

    def reading(connection: Any, schema: Any, asked: Any, low: int, high: int) -> Any:
        spans.append((low, high))
        return read(connection, schema, asked, low, high)

    monkeypatch.setattr(search, "_read_sessions", reading)
    return spans


# -- what a query means


@pytest.mark.parametrize(
    ("query", "terms"),
    [
        ("websocket", [("websocket", "word")]),
        ("  two\twords\n", [("two", "word"), ("words", "word")]),
        ('"two  words"', [("two words", "phrase")]),
        ("foo-bar", [("foo-bar", "phrase")]),
        ("a.config.ts", [("a.config.ts", "phrase")]),
        ('"hi', [("hi", "word")]),
        ('say "hi there', [("say", "word"), ("hi", "word"), ("there", "word")]),
        ("(error), he said:", [("error", "word"), ("he", "word"), ("said", "word")]),
        ("C++", [("C++", "substring")]),
        ("--help", [("--help", "substring")]),
        ('"C++"', [("C++", "substring")]),
        ("C#", [("C#", "word")]),
        ("...", [("...", "substring")]),
        ("+", [("+", "ignored")]),
        ('""', []),
        ("deploy*", [("deploy", "prefix")]),
        ("*", [("*", "ignored")]),
        ("AND OR NOT", [("AND", "word"), ("OR", "word"), ("NOT", "word")]),
        ("title:x", [("title:x", "phrase")]),
        ("天气预报", [("天气预报", "substring")]),
        ("天气", [("天气", "scanned")]),
        ("天气。", [("天气", "scanned")]),
        ("GPT天气", [("GPT天气", "substring")]),
        ("날씨가 좋다", [("날씨가", "substring"), ("좋다", "scanned")]),
        ("a\0b", [("a", "word"), ("b", "word")]),
        ("日本*", [("日本*", "substring")]),
    ],
)
def test_a_query_is_taken_apart_as_somebody_means_it(query: str, terms: list[tuple[str, str]]) -> None:
    assert [(term.text, term.kind) for term in ask(query).terms] == terms


def test_with_anywhere_words_are_looked_for_within_words_too() -> None:
    kinds = [term.kind for term in ask("sock ab deploy* 天", anywhere=True).terms]
    assert kinds == ["substring", "scanned", "substring", "scanned"]


def test_without_the_trigram_index_what_needs_it_is_looked_for_row_by_row() -> None:
    kinds = [term.kind for term in ask("天气预报 C++ word", has_trigram=False).terms]
    assert kinds == ["scanned", "word", "word"]


@given(st.text(max_size=60), st.booleans(), st.booleans())
@settings(max_examples=200, deadline=None)
def test_no_query_is_one_that_sqlite_cannot_read(query: str, anywhere: bool, has_trigram: bool) -> None:
    asked = ask(query, anywhere=anywhere, has_trigram=has_trigram)
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE VIRTUAL TABLE words USING fts5(content)")
        connection.execute("CREATE VIRTUAL TABLE parts USING fts5(content, tokenize='trigram')")
        for table, expression in (("words", asked.words), ("parts", asked.substrings)):
            if expression:
                connection.execute(f"SELECT * FROM {table} WHERE {table} MATCH ?", (expression,)).fetchall()


# -- what counts


def test_every_word_must_be_in_one_message(story: Story, ledger: Ledger) -> None:
    say(story, {"both": "the red bike", "one": "the red car", "apart": "a bike"})
    story.message("apart", content="red")
    assert ids(ledger, "bike red") == {"both"}
    assert ids(ledger, "red") == {"both", "one", "apart"}
    assert ids(ledger, "blue") == set()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ('"red bike"', {"phrase"}),
        ("red bike", {"phrase", "apart"}),
        ("foo-bar", {"dash"}),
        ("C++", {"cpp"}),
        ('"hi', {"hi"}),
        ("websock", set()),
        ("websock*", {"hi"}),
        ("ECOLE", {"accents"}),
        ("école", {"accents"}),
        ("terminal", {"tool"}),
        ("weather.py", {"tool"}),
        ("今天天气", {"chinese"}),
        ("天气", {"chinese"}),
        ("天气 bike", set()),
        ("天气 Berlin", {"chinese"}),
        ("%", set()),
        ("_", set()),
    ],
)
def test_what_hermes_users_search_for_is_found(
    story: Story, ledger: Ledger, query: str, expected: set[str]
) -> None:
    say(
        story,
        {
            "phrase": "a red bike",
            "apart": "a bike that is red",
            "dash": "what is foo-bar?",
            "cpp": "C++ and Rust",
            "c": "vitamin C",
            "hi": 'she said "hi" over a WebSocket',
            "accents": "l'École normale",
            "chinese": "今天天气不错, Berlin",
            "tool": "",
        },
    )
    story.message("tool", "assistant", "", tool_calls=[call("c", "terminal", '{"command": "weather.py"}')])
    assert ids(ledger, query) == expected


def test_anywhere_finds_parts_of_words(story: Story, ledger: Ledger) -> None:
    say(story, {"a": "a WebSocket", "b": "a sock", "c": "nothing"})
    assert ids(ledger, "sock") == {"b"}
    assert ids(ledger, "sock", anywhere=True) == {"a", "b"}
    assert ids(ledger, "bs", anywhere=True) == {"a"}


def test_totals_are_of_all_conversations_however_small_a_page(story: Story, ledger: Ledger) -> None:
    with closing(sqlite3.connect(story.path, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        for index in range(120):
            connection.execute(*insert("sessions", id=f"s{index:03}", source="cli", started_at=1000 - index))
            for _ in range(3):
                row = {"session_id": f"s{index:03}", "role": "user", "content": "about the websocket"}
                connection.execute(*insert("messages", **row, timestamp=1000 - index))
        connection.execute("COMMIT")
    page = ledger.page(NOW, size=5, number=3, search="websocket")
    assert page.search is not None
    assert (page.total, page.search.messages, page.search.is_exact) == (120, 360, True)
    assert [row.id for row in page.rows] == [f"s{index:03}" for index in range(15, 20)]
    assert [match.messages for match in page.search.matches] == [3] * 5


def test_rewound_messages_do_not_count_and_compacted_ones_do(story: Story, ledger: Ledger) -> None:
    story.session("a")
    story.message("a", content="needle", active=0, compacted=1)
    story.message("a", content="needle", active=0)
    story.message("a", content="needle")
    ((match,), total) = (found(ledger, "needle")[1].matches, found(ledger, "needle")[1].messages)
    assert (match.messages, total) == (2, 2)


def test_all_pieces_of_a_conversation_count_and_its_subagents_apart(story: Story, ledger: Ledger) -> None:
    story.session("a", ended_at=1.0, end_reason="compression")
    story.session("b", parent_session_id="a")
    story.session("child", parent_session_id="b", source="subagent", model_config={"_delegate_from": "b"})
    story.session("nested", parent_session_id="child", model_config={"_delegate_from": "child"})
    story.message("a", content="needle")
    own = story.message("b", content="needle")
    story.message("child", content="needle")
    story.message("nested", content="needle")
    roots, said = found(ledger, "needle")
    (match,) = said.matches
    assert roots == {"a"}
    assert (match.root_id, match.messages, match.in_subagents, said.messages) == ("a", 2, 2, 4)
    assert match.newest is not None
    assert (match.newest.message, match.newest.session) == (own, "b")


def test_a_hit_in_a_subagent_alone_leads_to_it(story: Story, ledger: Ledger) -> None:
    story.session("a")
    story.session("child", parent_session_id="a", model_config={"_delegate_from": "a"})
    hit = story.message("child", content="needle")
    roots, said = found(ledger, "needle")
    assert roots == {"a"}
    assert said.matches[0].newest is not None
    assert (said.matches[0].newest.session, said.matches[0].newest.message) == ("child", hit)


def test_titles_are_searched_with_their_signs_taken_literally(story: Story, ledger: Ledger) -> None:
    for title in ("100 % sure", "under_score", "plain", "Wetter in Köln", "ÉCOLE"):
        story.session(title, title=title)
    assert ids(ledger, "%") == {"100 % sure"}
    assert ids(ledger, "_") == {"under_score"}
    assert ids(ledger, "wetter KÖLN") == {"Wetter in Köln"}
    assert ids(ledger, "wetter plain") == set()
    assert found(ledger, "sure")[1].matches[0].title == ("100 % ", "sure", "")


def test_a_title_that_changes_is_found_as_it_is_now(story: Story, ledger: Ledger) -> None:
    story.session("a", title="old needle")
    story.session("b", title="hay")
    assert ids(ledger, "needle") == {"a"}
    story.execute("UPDATE sessions SET title = 'a needle, too' WHERE id = 'b'")
    story.execute("UPDATE sessions SET title = NULL WHERE id = 'a'")
    assert ids(ledger, "needle") == {"b"}
    story.execute("DELETE FROM sessions WHERE id = 'b'")
    assert ids(ledger, "needle") == set()


def test_an_id_leads_to_its_conversation(story: Story, ledger: Ledger) -> None:
    story.session("20260601_091200_aaaaaa", ended_at=1.0, end_reason="compression")
    story.session("20260601_101200_bbbbbb", parent_session_id="20260601_091200_aaaaaa")
    story.session("20260602_091200_cccccc")
    assert ids(ledger, "101200_bbbbbb") == {"20260601_091200_aaaaaa"}
    assert ids(ledger, "bb") == set()


def test_archived_conversations_are_found_where_they_are_listed(story: Story, ledger: Ledger) -> None:
    story.session("put away", archived=1)
    story.message("put away", content="needle")
    roots, said = found(ledger, "needle")
    assert (roots, said.messages) == (set(), 0)
    assert ids(ledger, "needle", filters=Filters(archived=True)) == {"put away"}


# -- the words around a hit


def test_the_words_around_the_newest_hit_are_shown_with_the_hit_marked(story: Story, ledger: Ledger) -> None:
    story.session("a")
    story.message("a", content="an older needle")
    newest = story.message("a", "assistant", content="word " * 300 + "a Needle\n\nin hay" + " word" * 300)
    hit = found(ledger, "needle")[1].matches[0].newest
    assert hit is not None
    assert (hit.message, hit.role, hit.snippet[1]) == (newest, "assistant", "Needle")
    assert hit.snippet[0].startswith("… word")
    assert hit.snippet[0].endswith(" a ")
    assert hit.snippet[2].startswith(" in hay word")
    assert len("".join(hit.snippet)) < 300


def test_accents_do_not_shift_what_is_marked(story: Story, ledger: Ledger) -> None:
    say(story, {"a": "Straße, İstanbul, 한국: l'École"})
    hit = found(ledger, "ecole")[1].matches[0].newest
    assert hit is not None
    assert hit.snippet == ("Straße, İstanbul, 한국: l'", "École", "")


def test_pictures_are_never_part_of_a_snippet(story: Story, ledger: Ledger) -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "QUJD needle " * 5000}}
    story.session("a")
    story.message("a", content=[picture, {"type": "text", "text": "look at this needle"}])
    story.session("b")
    story.message("b", content=[picture, {"type": "text", "text": "look at this"}])
    roots, said = found(ledger, "needle")
    assert roots == {"a", "b"}
    snippets = {match.root_id: match.newest.snippet for match in said.matches if match.newest}
    assert snippets == {
        "a": ("[image] look at this ", "needle", ""),
        "b": ("[image] look at this",),
    }


def test_messages_with_pictures_are_found_by_words_alone_and_that_is_said(
    story: Story, ledger: Ledger
) -> None:
    story.session("a")
    story.message("a", content=[{"type": "text", "text": "a needle, 今天天气"}, {"type": "image_url"}])
    roots, said = found(ledger, "needle")
    assert (roots, said.leaves_out) == ({"a"}, ())
    for query in ("今天天气", "天气"):
        roots, said = found(ledger, query)
        assert (roots, said.leaves_out) == (set(), ("pictures",))


def test_a_hit_in_a_tool_call_is_shown_there(story: Story, ledger: Ledger) -> None:
    story.session("a")
    story.message("a", "assistant", "", tool_calls=[call("c", "terminal", '{"command": "grep needle"}')])
    hit = found(ledger, "needle")[1].matches[0].newest
    assert hit is not None
    assert hit.snippet == ('terminal {"command": "grep ', "needle", '"}')


def test_secrets_are_redacted_before_they_are_cut(story: Story, ledger: Ledger) -> None:
    key = "sk-" + "abcdefgh" * 6
    say(story, {"a": f"my key is {key} and the needle"})
    for query in ("needle", "abcdefgh*", "sk"):
        for match in found(ledger, query)[1].matches:
            assert match.newest is not None
            shown = "".join(match.newest.snippet)
            assert "abcdefgh" not in shown
            assert "[redacted]" in shown


# -- narrowing


def test_search_and_filters_narrow_together_and_are_counted_apart(story: Story, ledger: Ledger) -> None:
    for index, (source, model, cwd) in enumerate(
        [("cli", "m1", "/a"), ("cli", "m2", "/b"), ("telegram", "m1", None), ("cron", None, "/a")]
    ):
        story.session(f"s{index}", source=source, model=model, cwd=cwd)
        story.message(f"s{index}", content="needle" if index != 3 else "hay")
    page = ledger.page(NOW, search="needle", filters=Filters(source="cli"))
    assert {row.id for row in page.rows} == {"s0", "s1"}
    assert [(one.value, one.count) for one in page.facets.source] == [("cli", 2), ("telegram", 1)]
    assert [(one.value, one.count) for one in page.facets.model] == [("m1", 1), ("m2", 1)]
    assert page.search is not None
    assert page.search.messages == 2
    everything = ledger.page(NOW)
    assert [(one.value, one.count) for one in everything.facets.project] == [("/a", 2), ("", 1), ("/b", 1)]
    assert ledger.page(NOW, filters=Filters(project="")).total == 1
    assert ledger.page(NOW, filters=Filters(project="/a", model="")).total == 1
    assert ledger.page(NOW, filters=Filters(source="nobody")).total == 0


def test_facets_follow_each_change(story: Story, ledger: Ledger) -> None:
    story.session("a", source="cli", model="m1")
    assert ledger.page(NOW).facets.archived == 0
    story.session("b", source="tui", model="m1")
    story.execute("UPDATE sessions SET archived = 1, model = 'm2' WHERE id = 'a'")
    facets = ledger.page(NOW).facets
    assert [(one.value, one.count) for one in facets.source] == [("tui", 1)]
    assert facets.archived == 1
    story.execute("DELETE FROM sessions")
    assert ledger.page(NOW).facets == type(facets)()


def test_only_live_conversations(story: Story, ledger: Ledger) -> None:
    for id, at in (("now", 10), ("old", 90_000)):
        story.session(id, at=at)
        story.message(id, content="needle", at=at)
    assert {row.id for row in ledger.page(NOW, live=True).rows} == {"now"}
    page = ledger.page(NOW, live=True, search="needle")
    assert page.search is not None
    assert (page.total, page.search.messages) == (1, 1)


# -- keeping it true


def test_a_long_search_goes_on_in_the_background_and_says_so(
    story: Story, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "FIRST_S", 0.0)
    rung, waiting = [], []
    ledger = Ledger(Database(path), lambda: rung.append(1), lambda: waiting.append(1))
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        for index in range(8_000):
            if index % 100 == 0:
                connection.execute(
                    "INSERT INTO sessions (id, source, started_at) VALUES (?, 'cli', ?)", (str(index), index)
                )
            connection.execute(
                "INSERT INTO messages (session_id, role, content, timestamp) VALUES (?, 'user', 'the needle', 1)",
                (str(index - index % 100),),
            )
        connection.execute("COMMIT")
    ledger.settle()
    rung.clear()
    first = ledger.page(NOW, search="needle")
    assert first.search is not None
    assert not first.search.is_exact
    assert 0 < first.search.messages < 8_000
    assert waiting
    assert not rung
    # The newest messages are looked at first.
    assert "7900" in {row.id for row in ledger.page(NOW, search="needle", sort="started_at").rows}
    while not rung:
        ledger.advance()
    whole = ledger.page(NOW, search="needle")
    assert whole.search is not None
    assert (whole.total, whole.search.messages, whole.search.is_exact) == (80, 8_000, True)


def test_what_was_typed_before_is_not_counted_to_its_end(
    story: Story, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "FIRST_S", 0.0)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        connection.execute(*insert("sessions", id="a", source="cli", started_at=1))
        connection.executemany(
            "INSERT INTO messages (session_id, role, content, timestamp) VALUES ('a', 'user', 'the need needle', ?)",
            [(at,) for at in range(9_000)],
        )
        connection.execute("COMMIT")
    ledger = Ledger(Database(path))
    ledger.settle()
    for query in ("the", "need", "needle"):
        assert not ledger.page(NOW, search=query).search.is_exact  # type: ignore[union-attr]
    spans = noted(monkeypatch)
    while ledger.advance() == 0.0:
        pass
    assert [high for _, high in spans].count(7_000) == 2
    for query in ("need", "needle", "the"):
        assert finished(ledger, query).search.messages == 9_000  # type: ignore[union-attr]


def test_after_a_new_message_only_that_is_looked_at(
    story: Story, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    for index in range(12):
        say(story, {f"s{index}": "needle"})
    assert found(ledger, "needle")[1].messages == 12
    spans = noted(monkeypatch)
    newest = story.message("s7", content="one more needle")
    assert found(ledger, "needle")[1].messages == 13
    assert spans == [(newest - 1, newest)]
    assert found(ledger, "needle")[1].messages == 13
    assert spans == [(newest - 1, newest)]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("UPDATE messages SET active = 0 WHERE id = 2", 3),
        ("UPDATE messages SET active = 0, compacted = 1 WHERE id = 2", 4),
        ("DELETE FROM messages WHERE session_id = 'a'", 2),
        ("DELETE FROM sessions WHERE id = 'a'", 2),
    ],
)
def test_what_is_taken_back_or_deleted_no_longer_counts(
    story: Story, ledger: Ledger, change: str, expected: int
) -> None:
    for session in "ab":
        story.session(session)
        for _ in range(2):
            story.message(session, content="needle")
    assert finished(ledger, "needle").search.messages == 4  # type: ignore[union-attr]
    story.execute(change)
    assert finished(ledger, "needle").search.messages == expected  # type: ignore[union-attr]
    story.execute("UPDATE messages SET active = 1")
    restored = 2 if change.startswith("DELETE") else 4
    assert finished(ledger, "needle").search.messages == restored  # type: ignore[union-attr]


WORDS = ("alpha", "beta", "gamma")


@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["say", "rewind", "compact", "restore", "delete", "look"]),
            st.sampled_from(["a", "b"]),
            st.sets(st.sampled_from(WORDS), min_size=1),
        ),
        min_size=3,
        max_size=25,
    )
)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_happens_a_kept_search_says_what_a_fresh_one_says(tmp_path: Path, steps: list[Any]) -> None:
    path = tmp_path / f"{abs(hash(str(steps)))}.db"
    path.unlink(missing_ok=True)
    story = Story(path)
    for session in "ab":
        story.session(session)
    kept = Ledger(Database(path))
    for what, session, words in steps:
        last = "(SELECT max(id) FROM messages WHERE session_id = ?)"
        if what == "say":
            story.message(session, content=" ".join(sorted(words)))
        elif what == "look":
            kept.page(NOW, search="alpha")
        elif what == "delete":
            story.execute(f"DELETE FROM messages WHERE id = {last}", (session,))
        else:
            # As Hermes: only what is there is undone or summarised away, and only what was undone comes back.
            flags = {"rewind": "0, compacted = 0", "compact": "0, compacted = 1", "restore": "1"}[what]
            which = "NOT active AND NOT compacted" if what == "restore" else "active"
            story.execute(f"UPDATE messages SET active = {flags} WHERE id = {last} AND {which}", (session,))
    for query in ("alpha", "beta gamma"):
        fresh = Ledger(Database(path))
        one, other = finished(kept, query), finished(fresh, query)
        expected = story.execute(
            "SELECT count(*) FROM messages WHERE (active OR compacted)"
            + "".join(f" AND content LIKE '%{word}%'" for word in query.split())
        )
        assert one.search is not None
        assert one.search.messages == expected[0][0]
        assert (one.search, one.total, one.facets) == (other.search, other.total, other.facets)


# -- where the index is not as it should be


def broken(story: Story, *statements: str) -> None:
    for statement in statements:
        story.execute(statement)


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (["DROP TABLE messages_fts"], "missing"),
        (["INSERT INTO state_meta VALUES ('fts_rebuild_high_water', '17')"], "incomplete"),
        (["DELETE FROM messages_fts WHERE rowid = 1"], "incomplete"),
        (["DELETE FROM messages_fts WHERE rowid = 2"], "incomplete"),
        (["DELETE FROM messages_fts_data"], "unreadable"),
    ],
)
def test_without_a_whole_index_titles_are_searched_and_that_is_said(
    story: Story, path: Path, damage: list[str], problem: str
) -> None:
    story.session("said")
    story.session("named", title="The needle")
    story.message("said", content="needle")
    story.message("named", content="hello")
    broken(story, *damage)
    roots, said = found(Ledger(Database(path)), "needle")
    assert (roots, said.problem, said.messages, said.is_exact) == ({"named"}, problem, 0, True)


def test_a_search_goes_on_when_the_index_is_whole_again(story: Story, ledger: Ledger) -> None:
    say(story, {"a": "needle"})
    broken(story, "INSERT INTO state_meta VALUES ('fts_rebuild_progress', '1')")
    assert found(ledger, "needle")[1].problem == "incomplete"
    broken(story, "DELETE FROM state_meta")
    assert ids(ledger, "needle") == {"a"}


def test_damage_that_shows_only_while_it_is_searched_is_told_too(story: Story, path: Path) -> None:
    story.session("a")
    story.message("a", content=" ".join(f"word{index:05}" for index in range(5_000)))
    assert ids(Ledger(Database(path)), "word04999") == {"a"}
    # The last leaf of the words' tree: others are still found.
    broken(story, "DELETE FROM messages_fts_data WHERE id = (SELECT max(id) FROM messages_fts_data)")
    ledger = Ledger(Database(path))
    assert found(ledger, "word04999")[1].problem == "unreadable"
    assert found(ledger, "word00001")[1].problem is None


@pytest.mark.parametrize("release", RELEASES)
def test_every_release_has_what_a_search_needs(path: Path, release: str) -> None:
    story = Story(path, release)
    say(story, {"a": "a needle", "b": "今天天气不错"})
    ledger = Ledger(Database(path))
    assert ids(ledger, "needle") == {"a"}
    assert ids(ledger, "天气不") == {"b"}
    assert ids(ledger, "天气") == {"b"}


def test_without_a_trigram_index_the_messages_themselves_are_searched(story: Story, path: Path) -> None:
    say(story, {"a": "今天天气不错"})
    broken(story, "DROP TABLE messages_fts_trigram")
    roots, said = found(Ledger(Database(path)), "天气不错")
    assert (roots, said.terms[0].kind) == ({"a"}, "scanned")


def test_what_no_index_helps_to_find_is_looked_for_among_the_newest(
    story: Story, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "MOST_SCANNED", 3)
    for id in "abcde":
        say(story, {id: "天气"})
    roots, said = found(ledger, "天气")
    assert (roots, said.scanned, said.is_exact) == ({"c", "d", "e"}, 3, True)
    assert found(ledger, "hello")[1].scanned is None


def test_an_index_that_points_to_the_texts_is_searched_like_one_that_keeps_them(path: Path) -> None:
    """As Hermes makes them after 0.19: three columns, external content, no tools' results among the trigrams."""
    make(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        triggers = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'messages_fts%'"
        for (name,) in connection.execute(triggers).fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.executescript(
            """
            DROP TABLE messages_fts; DROP TABLE messages_fts_trigram;
            CREATE VIRTUAL TABLE messages_fts USING fts5(
                content, tool_name, tool_calls, content='messages', content_rowid='id');
            CREATE VIEW messages_fts_trigram_src AS
                SELECT id, role, content, tool_name, tool_calls FROM messages WHERE role <> 'tool';
            CREATE VIRTUAL TABLE messages_fts_trigram USING fts5(content, tool_name, tool_calls,
                content='messages_fts_trigram_src', content_rowid='id', tokenize='trigram');
            """
        )
    story = Story(path)
    say(story, {"a": "a needle and 今天天气", "b": "hay"})
    story.message("b", "tool", "needle 今天天气", tool_name="terminal")
    story.execute("INSERT INTO messages_fts (messages_fts) VALUES ('rebuild')")
    story.execute("INSERT INTO messages_fts_trigram (messages_fts_trigram) VALUES ('rebuild')")
    ledger = Ledger(Database(path))
    roots, said = found(ledger, "needle")
    assert (roots, said.problem, said.leaves_out) == ({"a", "b"}, None, ())
    assert ids(ledger, "terminal needle") == {"b"}
    roots, said = found(ledger, "今天天气")
    assert (roots, said.leaves_out) == ({"a"}, ("pictures", "tools"))


def test_hidden_messages_are_not_found(story: Story, path: Path) -> None:
    story.execute("ALTER TABLE messages ADD COLUMN display_kind TEXT")
    story.session("a")
    story.message("a", content="needle", display_kind="hidden")
    assert ids(Ledger(Database(path)), "needle") == set()


def test_an_empty_home_has_nothing_to_find(path: Path) -> None:
    ledger = Ledger(Database(path))
    page = ledger.page(NOW, search="needle")
    assert page.search is not None
    assert (page.total, page.search.problem) == (0, "missing")


# -- kept up


def happen(story: Story, random: Random, number: int) -> None:
    """One more thing happens."""
    sessions = [row[0] for row in story.execute("SELECT id FROM sessions")]
    if len(sessions) < 3 or random.random() < 0.2:
        parent = random.choice([None, *sessions])
        story.session(
            f"s{number}",
            at=1000 - number,
            source=random.choice(["cli", "cron"]),
            title=random.choice([None, f"Hay {number}", f"The needle {number}"]),
            parent_session_id=parent,
            model_config=random.choice([None, {"_delegate_from": parent}, {"_branched_from": parent}]),
            cwd=random.choice(["/a", "/b"]),
        )
        return
    session = random.choice(sessions)
    what = random.random()
    if what < 0.6:
        story.message(session, content=random.choice(["needle", "a needle", "hay"]), at=900 - number)
    elif what < 0.7:
        story.execute("UPDATE messages SET active = 0 WHERE session_id = ? AND id % 2", (session,))
    elif what < 0.8:
        title = random.choice(["Hay", "needle"])
        story.execute("UPDATE sessions SET title = ? WHERE id = ?", (f"{title} {number}", session))
    elif what < 0.9:
        ended = ("compression", NOW.timestamp() - 990 + number, session)
        story.execute("UPDATE sessions SET end_reason = ?, ended_at = ? WHERE id = ?", ended)
    else:
        for table, column in (("messages", "session_id"), ("sessions", "id")):
            story.execute(f"DELETE FROM {table} WHERE {column} = ?", (session,))


@pytest.mark.parametrize("seed", range(4))
def test_what_is_kept_of_a_search_is_what_a_new_one_finds(story: Story, path: Path, seed: int) -> None:
    random = Random(seed)
    kept = Ledger(Database(path))
    for number in range(80):
        happen(story, random, number)
        if number % 4 == 3:
            kept.settle()
            fresh = Ledger(Database(path))
            fresh.settle()
            for given in ({}, {"live": True}, {"filters": Filters(source="cron")}, {"number": 1, "size": 3}):
                assert kept.page(NOW, search="needle", **given) == fresh.page(NOW, search="needle", **given)


def test_after_a_commit_only_its_conversation_is_looked_at_again(
    story: Story, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(story, {f"s{number}": "needle" for number in range(20)})
    assert len(ids(ledger, "needle")) == 20
    looked_at: list[str] = []
    sum_up = matched.Tally._sum_up
    monkeypatch.setattr(
        matched.Tally, "_sum_up", lambda self, root_id: looked_at.append(root_id) or sum_up(self, root_id)
    )
    story.message("s7", content="another needle")
    assert found(ledger, "needle")[1].messages == 21
    assert set(looked_at) == {"s7"}


def test_others_look_while_what_was_found_is_told_by_conversation(
    story: Story, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matched, "Pace", lambda **_: Pace(rows=1, least=1, most=1))
    say(story, {f"s{number}": "needle" for number in range(40)})
    ledger = Ledger(Database(path))
    ledger.settle()
    other = Thread(target=ledger.totals)
    steps_with_other: list[bool] = []
    sum_up = matched.Tally._sum_up

    def summing_up(*args: Any) -> None:
        if not steps_with_other:
            other.start()
        steps_with_other.append(other.is_alive())
        sum_up(*args)

    monkeypatch.setattr(matched.Tally, "_sum_up", summing_up)
    assert ledger.page(NOW, search="needle").total == 40
    other.join()
    assert steps_with_other[0]
    assert not steps_with_other[-1]


def test_who_takes_note_of_a_commit_does_not_wait_for_a_search(
    story: Story, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(story, {"a": "needle"})
    ledger.page(NOW, search="hay")
    read = search._read_sessions
    has_waited: list[bool] = []

    def reading(*args: Any, **more: Any) -> Any:
        noting = Thread(target=ledger._search.note, args=(1,), kwargs={"is_whole": True}, daemon=True)
        noting.start()
        noting.join(5)
        has_waited.append(noting.is_alive())
        return read(*args, **more)

    monkeypatch.setattr(search, "_read_sessions", reading)
    assert ledger.page(NOW, search="needle").total == 1
    assert has_waited == [False]


# -- beside a writer


@pytest.mark.parametrize("journal_mode", ["wal", "delete"])
def test_what_another_process_commits_is_found_in_either_journal_mode(
    path: Path, writer: Callable[..., Writer], journal_mode: str
) -> None:
    make(path, journal_mode)
    write = writer(journal_mode)
    write("INSERT INTO sessions (id, source, started_at) VALUES ('a', 'cli', 1)")
    ledger = Ledger(Database(path))
    assert ids(ledger, "needle") == set()
    message = (
        "INSERT INTO messages (session_id, role, content, timestamp) VALUES ('a', 'user', 'a needle', 1)"
    )
    write(message)
    assert ids(ledger, "needle") == {"a"}
    write(message)
    assert found(ledger, "needle")[1].messages == 2


def test_no_read_of_a_search_holds_the_database_for_long(
    story: Story, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        connection.execute("INSERT INTO sessions (id, source, started_at) VALUES ('a', 'cli', 1)")
        connection.executemany(
            "INSERT INTO messages (session_id, role, content, timestamp) VALUES ('a', 'user', 'needle', ?)",
            [(at,) for at in range(30_000)],
        )
        connection.execute("COMMIT")
    spans = noted(monkeypatch)
    assert finished(Ledger(Database(path)), "needle").search.messages == 30_000  # type: ignore[union-attr]
    # From the newest to the oldest, without gap or overlap.
    assert spans[0][1] == 30_000
    assert spans[-1][0] == 0
    assert [low for low, _ in spans[:-1]] == [high for _, high in spans[1:]]
    assert len(spans) > 1


# -- for other panels


def test_matches_are_given_newest_first_and_page_by_page(story: Story, ledger: Ledger) -> None:
    story.session("a")
    needles = [story.message("a", content="needle") for _ in range(7)]
    story.message("a", content="hay")
    first = ledger._search.matches("needle", limit=3)
    assert (first.ids, first.problem) == (tuple(needles[:3:-1]), None)
    second = ledger._search.matches("needle", limit=10, before=first.older)
    assert (second.ids, second.older) == (tuple(needles[3::-1]), None)
    assert ledger._search.matches("needle", after=needles[4]).ids == (needles[6], needles[5])


def test_matches_can_be_of_some_roles_alone(story: Story, ledger: Ledger) -> None:
    story.session("a")
    mine = story.message("a", "user", "needle")
    story.message("a", "assistant", "needle")
    story.message("a", "user", "needle", active=0)
    assert ledger._search.matches("needle", roles=("user",)).ids == (mine,)
    assert ledger._search.matches("needle", roles=()).ids == ()


def test_matches_end_when_their_time_is_over_and_say_where_to_go_on(story: Story, ledger: Ledger) -> None:
    with closing(sqlite3.connect(story.path, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        connection.execute("INSERT INTO sessions (id, source, started_at) VALUES ('a', 'cli', 1)")
        connection.executemany(
            "INSERT INTO messages (session_id, role, content, timestamp) VALUES ('a', 'user', 'needle', ?)",
            [(at,) for at in range(9_000)],
        )
        connection.execute("COMMIT")
    ids: list[int] = []
    before = None
    rounds = 0
    while rounds == 0 or before is not None:
        part = ledger._search.matches("needle", before=before, budget_s=0.0, limit=5_000)
        ids += part.ids
        before = part.older
        rounds += 1
    assert ids == list(range(9_000, 0, -1))
    assert rounds > 1


@pytest.mark.parametrize("expression", ["AND (", '"', "nocolumn: x"])
def test_an_expression_that_sqlite_cannot_read_is_a_problem_not_an_error(
    story: Story, ledger: Ledger, expression: str
) -> None:
    say(story, {"a": "x"})
    assert ledger._search.matches(expression).problem == "unreadable"
    assert ids(ledger, "x") == {"a"}


def test_the_keeper_brings_a_search_to_its_end(
    story: Story, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hermes_hud_widget.place import find_place
    from hermes_hud_widget.sources import StateDb

    monkeypatch.setattr(search, "FIRST_S", 0.0)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        connection.execute("INSERT INTO sessions (id, source, started_at) VALUES ('a', 'cli', 1)")
        connection.executemany(
            "INSERT INTO messages (session_id, role, content, timestamp) VALUES ('a', 'user', 'needle', ?)",
            [(at,) for at in range(9_000)],
        )
        connection.execute("COMMIT")
    attached = StateDb().attach(find_place(path.parent))
    try:
        attached.settle()
        ledger = attached.read()
        assert ledger is not None
        told = {attached.signature()}
        assert not ledger.page(NOW, search="needle").search.is_exact  # type: ignore[union-attr]

        def is_found() -> bool:
            # Nobody asks again before the bell rings.
            if attached.signature() in told:
                return False
            told.add(attached.signature())
            return ledger.page(NOW, search="needle").search.messages == 9_000  # type: ignore[union-attr]

        wait_for(is_found)
    finally:
        attached.close()
