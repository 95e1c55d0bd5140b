"""SQLite's untyped values as what they should be: nothing that lies in a column may raise."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

TEXT_CHARS = 20_000
"""Longer texts are cut to so many characters."""

_LEAST, _MOST = -(2**63), 2**63 - 1
_EPOCH = datetime.fromtimestamp(0, UTC)
_LATEST = datetime(9999, 12, 31, tzinfo=UTC)


def number(value: Any) -> float | None:
    """A number, small enough that sums of many stay finite; None for what is none."""
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if abs(found) <= 1e300 else None


def count(value: Any) -> int:
    """A whole number of 64 bits, the nearest one for what is beyond; 0 for what is none."""
    if type(value) is int and _LEAST <= value <= _MOST:
        return value
    found = value if isinstance(value, int) else number(value)
    return 0 if found is None else max(_LEAST, min(_MOST, int(found)))


def text(value: Any) -> str | None:
    """A string; None for NULL."""
    if value is None or isinstance(value, str):
        return value
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def cut(whole: str) -> tuple[str, bool]:
    """A text that is short enough to be shown, and whether it was cut."""
    return (whole, False) if len(whole) <= TEXT_CHARS else (whole[:TEXT_CHARS], True)


def instant(seconds: Any) -> datetime | None:
    """Epoch seconds as a time in UTC; None for what is none."""
    found = number(seconds)
    return None if found is None else moment(found)


def moment(seconds: float) -> datetime:
    """Epoch seconds as a time in UTC; the nearest one that can be written where there is none."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return _EPOCH if seconds < 0 else _LATEST
