"""Sums of tokens and money, as Hermes stored them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from hermes_hud_widget.ledger.rows import Cost, CostStatus, Tokens


class Usage(NamedTuple):
    """What one session spent, or one part of it. `*_usd` are US dollars, the counts tokens."""

    session_id: str
    input: int
    output: int
    cache_read: int
    cache_write: int
    reasoning: int
    api_calls: int
    estimated_usd: float | None
    actual_usd: float | None
    status: str | None

    def is_nothing(self) -> bool:
        """True when nothing was used, so that its price says nothing."""
        return not (self.input or self.output or self.cache_read or self.cache_write or self.api_calls)


def tokens(parts: Iterable[Usage]) -> Tokens:
    """Their sum."""
    sums = [0, 0, 0, 0, 0]
    for part in parts:
        for index, count in enumerate(part[1:6]):
            sums[index] += count
    return Tokens(*sums)


def cost(parts: Iterable[Usage]) -> Cost:
    """Their sum: what is known of it, and how many sessions hold something whose price is not."""
    usd = 0.0
    statuses: set[CostStatus] = set()
    unknown: set[str] = set()
    for part in parts:
        price, status = _price(part)
        if status is None:
            continue
        statuses.add(status)
        if price is None:
            unknown.add(part.session_id)
        else:
            usd += price
    known = statuses - {"unknown"}
    status = None if not statuses else "mixed" if len(statuses) > 1 else statuses.pop()
    return Cost(usd if known else None, status, len(unknown))


def residual(whole: Usage, parts: Iterable[Usage]) -> Usage:
    """What a session's own counters hold beyond its attributed parts (`hermes insights`), never negative."""
    parts = list(parts)

    def rest(field: str) -> float:
        counted = sum(getattr(part, field) or 0 for part in parts)
        return max(0, (getattr(whole, field) or 0) - counted)

    return Usage(
        whole.session_id,
        int(rest("input")),
        int(rest("output")),
        int(rest("cache_read")),
        int(rest("cache_write")),
        int(rest("reasoning")),
        int(rest("api_calls")),
        _significant(rest("estimated_usd")),
        _significant(rest("actual_usd")),
        whole.status,
    )


def _price(part: Usage) -> tuple[float | None, CostStatus | None]:
    if part.actual_usd:
        return part.actual_usd, "actual"
    if part.is_nothing() and not part.estimated_usd:
        return None, None
    match part.status:
        case "included":
            return part.estimated_usd or 0.0, "included"
        case "actual":
            return part.estimated_usd or 0.0, "actual"
        case "estimated" if part.estimated_usd is not None:
            return part.estimated_usd, "estimated"
        case "unknown":
            return None, "unknown"
    if part.estimated_usd:
        return part.estimated_usd, "estimated"
    # Zero without a status means "not known", not "for nothing".
    return None, "unknown"


def _significant(usd: float) -> float | None:
    """Differences of sums of floats leave dust behind."""
    return usd if usd > 1e-9 else None
