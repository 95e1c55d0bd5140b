from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hermes_hud_widget.ledger.kept import Kept
from hermes_hud_widget.ledger.lineage import Lineage, SessionRow
from hermes_hud_widget.ledger.records import Record
from hermes_hud_widget.ledger.shapes import Shape

COUNTS = (
    "message_count",
    "tool_call_count",
    "api_call_count",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
)


def row(id: str, parent: str | None = None, **values: Any) -> SessionRow:
    """A session; what is not given is as Hermes leaves it."""
    blank: dict[str, Any] = dict.fromkeys(SessionRow._fields)
    usual = {
        "source": "cli",
        "started_at": 0.0,
        "archived": False,
        "hidden": False,
        **dict.fromkeys(COUNTS, 0),
    }
    return SessionRow(**(blank | usual | values | {"id": id, "parent_id": parent}))


def compressed(id: str, parent: str | None = None, **values: Any) -> SessionRow:
    return row(id, parent, end_reason="compression", ended_at=1.0, **values)


def kept_of(rows: Iterable[SessionRow]) -> Kept:
    """All that follows from these rows, of sessions without messages."""
    kept = Kept()
    kept.put(Record(number, row, Shape(), None, ()) for number, row in enumerate(rows))
    return kept


def chain(lineage: Lineage, id: str) -> list[str]:
    return [piece.id for piece in lineage.chain(lineage.rows[id])]


def test_a_compressed_conversation_is_one_chain_from_any_piece() -> None:
    lineage = Lineage([compressed("a"), compressed("b", "a"), row("c", "b")], {})
    assert chain(lineage, "a") == chain(lineage, "b") == chain(lineage, "c") == ["a", "b", "c"]
    assert [lineage.kind(lineage.rows[id]) for id in "abc"] == [
        "conversation",
        "continuation",
        "continuation",
    ]
    assert [lineage.is_listed(lineage.rows[id]) for id in "abc"] == [True, False, False]


def test_a_continuation_that_was_compressed_itself_goes_before_an_open_one_and_that_before_others() -> None:
    closed = row("closed", "a", ended_at=5.0, end_reason="ws_orphan_reap")
    still_open = row("open", "a")
    again = compressed("again", "a")
    last = {"closed": 30.0, "open": 20.0, "again": 10.0}
    assert chain(Lineage([compressed("a"), closed, still_open, again], last), "a") == ["a", "again"]
    assert chain(Lineage([compressed("a"), closed, still_open], last), "a") == ["a", "open"]
    assert chain(Lineage([compressed("a"), closed], last), "a") == ["a", "closed"]


def test_of_equal_continuations_the_one_with_the_latest_message_goes_on() -> None:
    rows = [compressed("a"), row("b", "a", started_at=2.0), row("c", "a", started_at=1.0)]
    assert chain(Lineage(rows, {}), "a") == ["a", "b"]
    assert chain(Lineage(rows, {"b": 3.0, "c": 4.0}), "a") == ["a", "c"]


def test_a_stale_continuation_can_still_be_looked_at() -> None:
    lineage = Lineage([compressed("a"), row("b", "a"), row("stale", "a", ended_at=3.0)], {})
    assert chain(lineage, "a") == ["a", "b"]
    assert chain(lineage, "stale") == ["a", "stale"]


def test_the_latest_activity_counts_stale_continuations_as_hermes_does() -> None:
    lineage = Lineage(
        [compressed("a"), row("b", "a"), row("stale", "a", ended_at=3.0)], {"b": 10.0, "stale": 50.0}
    )
    assert lineage.latest_activity(lineage.rows["a"]) == 50.0


def test_a_branch_is_a_conversation_of_its_own_by_marker_or_by_its_parents_end() -> None:
    lineage = Lineage(
        [
            row("a", ended_at=10.0, end_reason="branched"),
            row("marked", "a", branched_from="a"),
            row("after", "a", started_at=10.0),
            row("before", "a", started_at=9.0),
        ],
        {},
    )
    assert [lineage.kind(lineage.rows[id]) for id in ("marked", "after", "before")] == [
        "branch",
        "branch",
        "ephemeral",
    ]
    assert [lineage.is_listed(lineage.rows[id]) for id in ("marked", "after", "before")] == [
        True,
        True,
        False,
    ]


def test_a_branch_of_a_compressed_session_is_no_continuation() -> None:
    lineage = Lineage([compressed("a"), row("b", "a", branched_from="a")], {})
    assert chain(lineage, "a") == ["a"]
    assert lineage.is_listed(lineage.rows["b"])


def test_delegated_sessions_are_counted_below_their_conversation_and_not_listed() -> None:
    kept = kept_of(
        [
            compressed("a"),
            row("b", "a"),
            row("first", "a", delegate_from="a", source="subagent"),
            row("second", "b", delegate_from="b"),
            row("nested", "second", delegate_from="second"),
            row("orphan", None, delegate_from="b"),
            row("other"),
        ]
    )
    assert {id: one.subagents for id, one in kept.conversations.items()} == {"a": 4, "other": 0}
    assert [id for id, one in kept.lineage.rows.items() if kept.lineage.is_listed(one)] == ["a", "other"]


def test_a_tool_session_never_continues_a_conversation() -> None:
    lineage = Lineage([compressed("a"), row("b", "a", source="tool")], {})
    assert chain(lineage, "a") == ["a"]
    assert lineage.kind(lineage.rows["b"]) == "subagent"


def test_archived_and_hidden_conversations_are_not_listed() -> None:
    lineage = Lineage([row("a", archived=True), row("b", hidden=True)], {})
    assert not lineage.is_listed(lineage.rows["a"])
    assert lineage.is_root(lineage.rows["a"])
    assert not lineage.is_root(lineage.rows["b"])


def test_a_child_whose_parent_is_gone_is_hidden_as_hermes_hides_it() -> None:
    lineage = Lineage([row("a", "gone")], {})
    assert lineage.kind(lineage.rows["a"]) == "ephemeral"
    assert not lineage.is_listed(lineage.rows["a"])


ids = st.sampled_from("abcde")
rows = st.lists(
    st.builds(
        row,
        ids,
        st.none() | ids,
        end_reason=st.sampled_from([None, "compression", "branched", "cli_close"]),
        ended_at=st.none() | st.floats(0, 9),
        started_at=st.floats(0, 9),
        branched_from=st.none() | ids,
        delegate_from=st.none() | ids,
    ),
    unique_by=lambda one: one.id,
)


@given(rows)
def test_rings_and_any_other_ancestry_come_to_an_end(rows: list[SessionRow]) -> None:
    kept = kept_of(rows)
    lineage = kept.lineage
    for one in rows:
        pieces = lineage.chain(one)
        assert one in pieces
        assert len({piece.id for piece in pieces}) == len(pieces)
        lineage.latest_activity(one)
        family = lineage.family(one.id)
        assert {piece.id for piece in pieces} <= family
        assert all(lineage.family(member) == family for member in family)
    below = [lineage.conversation_above(one) for one in rows if lineage.kind(one) == "subagent"]
    listed = [id for id in below if id in kept.conversations]
    assert sum(one.subagents for one in kept.conversations.values()) == len(listed)
