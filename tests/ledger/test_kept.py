"""What is kept of all sessions: whatever came and went, in whatever order, it is what reading all at once gives."""

from __future__ import annotations

from collections import Counter
from itertools import count
from typing import Any, get_args
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hermes_hud_widget.ledger import kept as kept_module
from hermes_hud_widget.ledger.kept import NO_FILTERS, Conversation, Filters, Kept, Sort
from hermes_hud_widget.ledger.lineage import SessionRow
from hermes_hud_widget.ledger.records import Record
from hermes_hud_widget.ledger.shapes import Shape
from ledger.test_lineage import compressed, row

numbers = count()
SORTS: tuple[Sort, ...] = get_args(Sort)
TIMES = (None, 0.0, 2.0, 5.0, 9.0)


def record(row: SessionRow, last: float | None = None) -> Record:
    """A session as it was read."""
    return Record(next(numbers), row, Shape(), last, ())


ids = st.sampled_from("abcdef")
rows = st.builds(
    row,
    ids,
    st.none() | ids | st.just("missing"),
    source=st.sampled_from(["cli", "tool", "subagent"]),
    model=st.sampled_from([None, "m", "n"]),
    title=st.sampled_from([None, "", "Plans", "plans", "Alpha"]),
    end_reason=st.sampled_from([None, "compression", "compression", "branched"]),
    ended_at=st.sampled_from([None, 1.0, 4.0]),
    started_at=st.sampled_from([0.0, 1.0, 4.0, 6.0]),
    branched_from=st.sampled_from([None, None, None, "a"]),
    delegate_from=st.sampled_from([None, None, "a", "b", "missing"]),
    reset_from=st.sampled_from([None, None, None, "a"]),
    archived=st.booleans(),
    hidden=st.sampled_from([False, False, False, True]),
    message_count=st.integers(0, 2),
    tool_call_count=st.integers(0, 2),
    input_tokens=st.integers(0, 2),
    estimated_cost_usd=st.sampled_from([None, 0.5, 2.0]),
    cwd=st.sampled_from([None, "/w", "/w/x"]),
    git_repo_root=st.sampled_from([None, "/w"]),
    profile_name=st.sampled_from([None, "work"]),
)
records = st.builds(record, rows, st.sampled_from(TIMES))
batches = st.lists(st.tuples(st.lists(records, max_size=4), st.lists(ids, max_size=2)), max_size=12)


FILTERS = (
    NO_FILTERS,
    Filters(source="cli"),
    Filters(archived=True, model="m", project="/w"),
    Filters(model="", profile="work"),
)


def said(kept: Kept) -> dict[str, Any]:
    """All that it says."""
    found: dict[str, Any] = {
        "records": kept.records,
        "rows": kept.lineage.rows,
        "last": dict(kept.last),
        "conversations": kept.conversations,
        "listed": kept.listed,
        "messages": kept.messages,
        "tool calls": kept.tool_calls,
        "latest": list(kept.latest()),
        "latest with archived": list(kept.latest(include_archived=True)),
    }
    for seconds in (-1.0, 0.0, 1.0, 4.5, 9.0):
        found[f"started since {seconds}"] = kept.started_since(seconds)
        found[f"active since {seconds}"] = list(kept.active_since(seconds))
    for sort in SORTS:
        for descending in (True, False):
            for archived in (True, False):
                for number in range(3):
                    page = kept.page(sort, descending, Filters(archived), number, 2)
                    found[f"page {sort} {descending} {archived} {number}"] = page
    for filters in FILTERS:
        found[f"filtered {filters}"] = kept.page("title", True, filters, 0, 9)
        found[f"counts {filters}"] = kept.counts(filters)
    return found


@given(batches)
@settings(max_examples=60, deadline=None)
def test_whatever_comes_and_goes_it_says_what_reading_all_at_once_says(
    batches: list[tuple[list[Record], list[str]]],
) -> None:
    # All orders are kept, and followed up.
    with patch.object(kept_module, "MOST_ORDERS", 4 * len(SORTS) + len(FILTERS)):
        changing, there = Kept(), dict[str, Record]()
        follower = changing.follow()
        before: dict[str, Conversation] = {}
        for put, gone in batches:
            # One row has one id, and what has come is not gone.
            batch = {one.row.id: one for one in put}
            dropped = {one for one in gone if one not in batch}
            touched = changing.put(batch.values(), dropped)
            assert touched == batch.keys() | (dropped & there.keys())
            there = {id: one for id, one in there.items() if id not in dropped} | batch
            at_once = Kept()
            at_once.put(there.values())
            assert said(changing) == said(at_once)
            # Who follows hears of all that is not what it was.
            conversations = dict(changing.conversations)
            different = {
                id for id in before.keys() | conversations.keys() if before.get(id) != conversations.get(id)
            }
            assert touched | different <= follower
            follower.clear()
            before = conversations


def test_what_is_the_same_record_is_no_change() -> None:
    kept = Kept()
    one = record(row("a"))
    assert kept.put([one]) == {"a"}
    follower = kept.follow()
    follower.clear()
    assert kept.put([one], ["nobody"]) == frozenset()
    assert follower == set()


def test_a_conversation_of_which_nothing_changed_stays_the_same_object() -> None:
    kept = Kept()
    kept.put([record(row("a")), record(compressed("b")), record(row("c", "b"))])
    before = dict(kept.conversations)
    kept.put([record(row("c", "b", title="Plans"))])
    assert kept.conversations["a"] is before["a"]
    assert kept.conversations["b"].tip.title == "Plans"
    assert before["b"].tip.title is None


def test_a_child_that_comes_later_belongs_to_what_was_there() -> None:
    kept = Kept()
    kept.put([record(compressed("a"))])
    kept.put([record(row("b", "a"), last=7.0)])
    kept.put([record(row("helper", "b", delegate_from="b"))])
    assert [piece.id for piece in kept.conversations["a"].chain] == ["a", "b"]
    assert (kept.conversations["a"].last, kept.conversations["a"].subagents) == (7.0, 1)
    kept.put((), ["b"])
    assert [piece.id for piece in kept.conversations["a"].chain] == ["a"]
    assert kept.conversations["a"].subagents == 0


def test_who_does_not_follow_any_more_hears_nothing() -> None:
    kept = Kept()
    first, second = kept.follow(), kept.follow()
    kept.unfollow(first)
    kept.put([record(row("a"))])
    assert (first, second) == (set(), {"a"})


def test_a_page_that_is_not_there_is_the_last_one() -> None:
    kept = Kept()
    assert kept.page("title", True, NO_FILTERS, 3, 2) == ([], 0, 0)
    kept.put(record(row(id)) for id in "abc")
    found, number, total = kept.page("title", True, NO_FILTERS, 3, 2)
    assert (len(found), number, total) == (1, 1, 3)


def test_as_many_orders_are_kept_as_may_be_and_all_are_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_module, "MOST_ORDERS", 2)
    kept = Kept()
    kept.put(record(row(id, message_count=number)) for number, id in enumerate("abc"))
    for sort in SORTS:
        kept.page(sort, True, NO_FILTERS, 0, 9)
    kept.put([record(row("d", message_count=9))])
    found, _, _ = kept.page("messages", True, NO_FILTERS, 0, 9)
    assert [one.root.id for one in found] == ["d", "c", "b", "a"]
    assert len(kept._orders) == 2


@given(st.lists(records, max_size=12), st.sampled_from(FILTERS))
@settings(max_examples=100, deadline=None)
def test_each_filter_is_counted_over_what_the_others_leave(read: list[Record], filters: Filters) -> None:
    kept = Kept()
    kept.put({one.row.id: one for one in read}.values())
    counts, archived = kept.counts(filters)
    for facet, counted in counts.items():
        values = {one for one in ("cli", "tool", "subagent", "m", "n", "", "/w", "/w/x", "work")}
        pages = {one: kept.page("title", True, filters._replace(**{facet: one}), 0, 9)[2] for one in values}
        assert {one: total for one, total in pages.items() if total} == counted
    whole = kept.page("title", True, filters._replace(archived=True), 0, 9)[2]
    assert whole - kept.page("title", True, filters._replace(archived=False), 0, 9)[2] == archived
    # Among all of them it is the same.
    assert kept.counts(filters, Counter(kept.traits.values())) == (counts, archived)
