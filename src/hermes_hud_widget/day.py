"""One day boundary for everything: the configured time zone, else this machine's."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def zone(configured: str | None) -> tuple[tzinfo, str]:
    """The zone whose midnight counts, and its name.

    Args:
        configured: An IANA name (`config.yaml`, `timezone`); unknown names count as not configured, as in Hermes.
    """
    for name in (configured, os.environ.get("TZ"), _system_zone_name()):
        if not name:
            continue
        try:
            return ZoneInfo(name), name
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
    local = datetime.now(UTC).astimezone().tzinfo or UTC
    return local, str(local)


def midnight(now: datetime, where: tzinfo, days: int = 0) -> datetime:
    """The start of `now`'s day in that zone (`days` later), in UTC."""
    day = now.astimezone(where).date() + timedelta(days=days)
    return datetime.combine(day, time(), where).astimezone(UTC)


def day_of(at: datetime, where: tzinfo) -> date:
    """The day of an instant in that zone; of damage within hours of the calendar's ends the nearest that any has."""
    return min(max(at, _FIRST), _LAST).astimezone(where).date()


_FIRST, _LAST = datetime(1, 1, 3, tzinfo=UTC), datetime(9999, 12, 29, tzinfo=UTC)


def _system_zone_name() -> str | None:
    try:
        target = str(Path("/etc/localtime").readlink())
    except OSError:
        return None
    _, found, name = target.partition("zoneinfo/")
    return name if found else None
