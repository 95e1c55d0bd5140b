"""Schedule arithmetic by Hermes' rules: a job's period, and how late it may be."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, tzinfo
from itertools import pairwise
from typing import Any

from hermes_hud_widget.ledger.values import cut, number

MIN_GRACE_S, MAX_GRACE_S = 120.0, 7200.0
"""Between these lies how late a job may still be fired: half its period (`cron/jobs.py`)."""


def period_s(schedule: Any) -> float | None:
    """The period of an interval; None for other kinds."""
    if not isinstance(schedule, Mapping) or schedule.get("kind") != "interval":
        return None
    minutes = number(schedule.get("minutes"))
    return minutes * 60 if minutes is not None and 0 < minutes < 1e9 else None


def grace_s(schedule: Any, where: tzinfo, now: datetime) -> float:
    """How late a job may be before that is worth a word: half its period, between two minutes and two hours.

    The rule is Hermes' (`_compute_grace_seconds`), who asks croniter for the next two times of an expression.
    Here its days count as every day: a day left out makes the period longer, and two hours are the most anyway.
    """
    period = period_s(schedule)
    if period is None and isinstance(schedule, Mapping) and schedule.get("kind") == "cron":
        expression = schedule.get("expr")
        if isinstance(expression, str):
            period = _gap_s(cut(expression)[0], now.astimezone(where))
    return MIN_GRACE_S if period is None else max(MIN_GRACE_S, min(period // 2, MAX_GRACE_S))


def _gap_s(expression: str, now: datetime) -> float | None:
    """Between the next two times of day at which a cron expression fires; None if it says none."""
    fields = expression.split()
    if len(fields) < 5:
        return None
    minutes, hours = _values(fields[0], 0, 59), _values(fields[1], 0, 23)
    times = [hour * 60 + minute for hour in hours for minute in minutes]
    if not times:
        return None
    current = now.hour * 60 + now.minute
    following = [time for time in times if time > current] + [time + 1440 for time in times]
    following.append(times[0] + 2880)
    return next((later - sooner) * 60.0 for sooner, later in pairwise(following))


def _values(written: str, lowest: int, highest: int) -> list[int]:
    """The numbers that one field of a cron expression stands for, sorted; none if it makes no sense."""
    values: set[int] = set()
    for part in written.split(","):
        match = re.fullmatch(r"(?:\*|(\d{1,4})(?:-(\d{1,4}))?)(?:/(\d{1,4}))?", part, re.ASCII)
        if match is None:
            return []
        first, last, step = (None if digits is None else int(digits) for digits in match.groups())
        begin = lowest if first is None else first
        if last is not None:
            end = last
        elif first is None or step is not None:
            end = highest
        else:
            end = begin
        values.update(range(begin, min(end, highest) + 1, step or 1))
    return sorted(values)
