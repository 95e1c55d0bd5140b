"""How late a job may be, by Hermes' rules, on schedules that the test makes up."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hermes_hud_widget.schedule import MAX_GRACE_S, MIN_GRACE_S, grace_s, period_s

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


def grace_of(expression: Any, now: datetime = NOW) -> float:
    return grace_s({"kind": "cron", "expr": expression}, UTC, now)


@pytest.mark.parametrize(
    ("schedule", "period"),
    [
        ({"kind": "interval", "minutes": 30}, 1800),
        ({"kind": "interval", "minutes": "2.5"}, 150),
        ({"kind": "interval", "minutes": 0}, None),
        ({"kind": "interval", "minutes": -5}, None),
        ({"kind": "interval", "minutes": 1e9}, None),
        ({"kind": "interval", "minutes": float("nan")}, None),
        ({"kind": "interval"}, None),
        ({"kind": "cron", "minutes": 30}, None),
        ("every 30m", None),
        (None, None),
    ],
)
def test_only_an_interval_that_makes_sense_has_a_period(schedule: Any, period: float | None) -> None:
    assert period_s(schedule) == period


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("*/30 * * * *", 900),
        ("0,10 * * * *", 1500),  # the next two are at 12:10 and 13:00
        ("5/25 * * * *", 750),  # a step after one number goes on to the end: 5, 30, 55
        ("5-30/25 * * * *", 750),  # a range ends where it says: the next two are at 12:05 and 12:30
        ("5-29/25 * * * *", 1800),
        ("7 * * * *", 1800),
        ("0-59 * * * *", MIN_GRACE_S),
        ("0 9 * * *", MAX_GRACE_S),
        ("0 9-11 * * *", 1800),
        ("0-99/10 * * * *", 300),
        ("* * * * * *", MIN_GRACE_S),
    ],
)
def test_the_grace_is_half_the_gap_between_the_next_two_times(expression: str, expected: float) -> None:
    assert grace_of(expression) == expected


@pytest.mark.parametrize(
    "expression", ["nonsense", "a b c d e", "0 9 * *", "0 9- * * *", "60 9 * * *", "", None, 5, ["0"] * 5]
)
def test_an_expression_without_times_has_the_least_grace(expression: Any) -> None:
    assert grace_of(expression) == MIN_GRACE_S


def test_the_zone_decides_which_times_come_next() -> None:
    schedule = {"kind": "cron", "expr": "0 12,13 * * *"}
    assert grace_s(schedule, UTC, NOW.replace(hour=11, minute=30)) == 1800
    assert grace_s(schedule, ZoneInfo("Europe/Berlin"), NOW.replace(hour=11, minute=30)) == MAX_GRACE_S


FIELDS = st.from_regex(r"(\*|\d{1,2}(-\d{1,2})?)(/\d{1,2})?(,\d{1,2})?", fullmatch=True)


@given(FIELDS, FIELDS)
def test_every_grace_lies_within_hermes_bounds(minutes: str, hours: str) -> None:
    assert MIN_GRACE_S <= grace_of(f"{minutes} {hours} * * *") <= MAX_GRACE_S
