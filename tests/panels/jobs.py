"""Scheduled jobs as Hermes writes them, for the cron panel's tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


def ago(**delta: float) -> str:
    return (NOW - timedelta(**delta)).isoformat()


def ahead(**delta: float) -> str:
    return (NOW + timedelta(**delta)).isoformat()


def job(id: str = "a", **values: Any) -> dict[str, Any]:
    """A job as Hermes 0.19 writes it."""
    base = {
        "id": id,
        "name": f"Job {id}",
        "prompt": "Look.",
        "schedule": {"kind": "interval", "minutes": 30, "display": "every 30m"},
        "schedule_display": "every 30m",
        "repeat": {"times": None, "completed": 4},
        "enabled": True,
        "state": "scheduled",
        "next_run_at": ahead(minutes=5),
        "last_run_at": ago(minutes=25),
        "last_status": "ok",
        "deliver": "local",
    }
    return base | values
