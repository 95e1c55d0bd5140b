"""Untyped values become what they should be."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hermes_hud_widget.ledger.values import count

MOST, LEAST = 2**63 - 1, -(2**63)


@given(st.integers(LEAST, MOST))
def test_a_whole_number_of_64_bits_is_counted_as_it_is(number: int) -> None:
    assert count(number) == number


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (MOST + 1, MOST),
        (LEAST - 1, LEAST),
        pytest.param(10**400, MOST, id="beyond a float"),
        pytest.param(-(10**400), LEAST, id="below a float"),
        (1e30, MOST),
        (-1e30, LEAST),
        (1e301, 0),
        (float("nan"), 0),
        ("12", 12),
        (2.9, 2),
        ("twelve", 0),
        (b"", 0),
        (None, 0),
    ],
)
def test_any_other_value_is_counted_as_the_nearest_or_as_none(value: Any, expected: int) -> None:
    assert count(value) == expected


def test_true_is_counted_as_a_number() -> None:
    assert type(count(True)) is int
