"""How a snapshot's figures read."""

from __future__ import annotations

from datetime import datetime, tzinfo
from decimal import Decimal

from hermes_hud_widget.snapshot.facts import Facts, Snapshots, Spent, facts_of

NARROW = "\u202f"
"""A space that does not break, between a number and its unit."""
_MAGNITUDES = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


def summary(snapshots: Snapshots, now: datetime, where: tzinfo | None = None, path: str | None = None) -> str:
    """A home in one line: `Hermes HUD · 3 live sessions · $0.42 today · as of 2026-11-23 21:30 UTC+1`.

    What is not known is left out; an unknown cost is never $0.

    Args:
        snapshots: As for `facts_of`.
        now: When that is true; timezone-aware.
        where: The zone for its times; None: the home's own.
        path: As for `facts_of`.
    """
    return line(facts_of(snapshots, now, where, path))


def line(facts: Facts) -> str:
    """The same of facts."""
    parts = ["Hermes HUD"]
    if facts.profile is not None:
        parts.append(f"profile {facts.profile}")
    if facts.is_missing:
        parts.append("no Hermes home yet")
    elif not facts.is_read:
        parts.append("being read")
    else:
        parts.append(live(facts))
        if (spent := money(facts.today)) is not None:
            parts.append(f"{spent} today")
        if facts.share_read is not None:
            parts.append(f"history still being read ({percent(facts.share_read)})")
        if facts.troubles:
            parts.append(f"{counted(len(facts.troubles), 'panel')} not readable")
    return " · ".join((*parts, f"as of {moment(facts.at)}"))


def live(facts: Facts) -> str:
    """3 live sessions."""
    return counted(facts.live or 0, "live session", "+" if facts.is_more_live else "")


def money(spent: Spent | None) -> str | None:
    """$0.42, "at least" that where some of it has no known price; None: nothing is known."""
    if spent is None:
        return None
    if spent.is_included:
        return "included in a subscription"
    if spent.usd is None:
        return None
    return f"at least {usd(spent.usd)}" if spent.is_least else usd(spent.usd)


def usd(value: float) -> str:
    """$0.42; small sums have two digits that count."""
    if value == 0 or abs(value) >= 0.1:
        return f"${value:,.2f}"
    return f"${Decimal(f'{value:.1e}'):f}"


def compact(value: float) -> str:
    """950, 12.3 k, 1.2 M."""
    for size, letter in _MAGNITUDES:
        # 999,950 reads as 1 M, not as 1,000 k.
        if value >= size * 0.9995:
            scaled = value / size
            digits = f"{scaled:,.0f}" if scaled >= 99.95 else f"{scaled:.1f}".removesuffix(".0")
            return f"{digits}{NARROW}{letter}"
    return f"{value:,.0f}"


def counted(number: int, noun: str, more: str = "") -> str:
    """1 session, 2 sessions."""
    return f"{number:,}{more} {noun}{'' if number == 1 and not more else 's'}"


def percent(share: float) -> str:
    """Of 0 to 1. Almost all is not all, and next to nothing is not nothing."""
    if 0 < share < 0.01:
        return f"<1{NARROW}%"
    return f"{99 if 0.99 < share < 1 else round(100 * share)}{NARROW}%"


def moment(at: datetime) -> str:
    """2026-11-23 21:30 UTC+1"""
    minutes = round((offset.total_seconds() if (offset := at.utcoffset()) else 0) / 60)
    sign, (hours, rest) = "+" if minutes >= 0 else "-", divmod(abs(minutes), 60)
    away = f"{sign}{hours}" + (f":{rest:02}" if rest else "") if minutes else ""
    return f"{at:%Y-%m-%d %H:%M} UTC{away}"
