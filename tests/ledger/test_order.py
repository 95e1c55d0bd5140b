"""Sorted lists that follow their members: whatever was put and dropped, they are what sorting would give."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hermes_hud_widget.ledger.order import Order

names = st.sampled_from("abcdefgh")
values = st.none() | st.integers(-2, 2)
ranks = st.tuples(st.integers(0, 2), st.integers(0, 1))
changes = st.lists(st.tuples(names, st.booleans(), values, ranks), max_size=30)


def expected(entries: dict[str, tuple[Any, tuple[Any, ...]]], descending: bool) -> list[str]:
    """The names, sorted at once."""
    found = sorted(entries, key=lambda name: (entries[name][1], name), reverse=True)
    known = [name for name in found if entries[name][0] is not None]
    # Stable: of equal values the highest rank stays first either way.
    known.sort(key=lambda name: entries[name][0], reverse=descending)
    return known + [name for name in found if entries[name][0] is None]


@given(changes, st.booleans())
def test_it_is_what_sorting_would_give(
    changes: list[tuple[str, bool, Any, tuple[int, int]]], descending: bool
) -> None:
    order = Order(descending)
    entries: dict[str, tuple[Any, tuple[Any, ...]]] = {}
    for name, is_dropped, value, rank in changes:
        if is_dropped:
            order.drop(name)
            entries.pop(name, None)
        else:
            order.put(name, value, (*rank, name))
            entries[name] = (value, (*rank, name))
        sorted_names = expected(entries, descending)
        assert list(order) == sorted_names
        assert len(order) == len(sorted_names)
        for first in range(len(sorted_names) + 2):
            for size in range(4):
                assert order.page(first, size) == sorted_names[first : first + size]


@pytest.mark.parametrize("descending", [True, False])
def test_equal_ones_have_the_highest_rank_first_either_way(descending: bool) -> None:
    order = Order(descending)
    for name, rank in (("a", 1), ("b", 3), ("c", 2)):
        order.put(name, "the same", (rank,))
        order.put(f"{name} without", None, (rank,))
    assert list(order) == ["b", "c", "a", "b without", "c without", "a without"]


def test_what_was_never_there_can_be_dropped() -> None:
    order = Order(descending=False)
    order.drop("nobody")
    assert (list(order), len(order), order.page(0, 5)) == ([], 0, [])
