"""What the HUD would have kept of the demo's month: a page a day, counted from what its database holds."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hermes_hud_widget.demo.script import Script
from hermes_hud_widget.sources.diary import DEMO_FOLDER

if TYPE_CHECKING:
    from hermes_hud_widget.demo.home import DemoHome

DAYS = 29
BEGIN_S = 19.0
"""In seconds after the live sessions began: the past is committed then."""


def play(home: DemoHome) -> Script:
    """Writes the pages once all the rest is there."""
    yield BEGIN_S
    folder = home.path / DEMO_FOLDER
    folder.mkdir(mode=0o700)
    pages = [_page(home, days_ago) for days_ago in range(DAYS, 0, -1)]
    (folder / "growth.jsonl").write_text("".join(json.dumps(page) + "\n" for page in pages), "utf-8")


def _page(home: DemoHome, days_ago: int) -> dict[str, Any]:
    at = datetime.fromtimestamp(home.now, UTC) - timedelta(days=days_ago)
    share = 1 - days_ago / (DAYS + 6)
    entries = 3 + round(9 * share)
    users = 1 + round(4 * share)
    day: date = at.astimezone().date()
    return {
        "day": day.isoformat(),
        "at": at.isoformat(),
        **_counted(home.path / "state.db", at.timestamp()),
        "memory_entries": entries,
        "memory_chars": entries * 118,
        "user_entries": users,
        "user_chars": users * 92,
        "skills": 5 + round(6 * share),
        "own_skills": round(5 * share),
        "cron_jobs": 2 if days_ago > 20 else 3 if days_ago > 9 else 5,
    }


def _counted(database: Path, until: float) -> dict[str, Any]:
    uri = f"file:{database}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as opened:
        sessions, calls, tokens, cost = opened.execute(
            "SELECT count(*), sum(tool_call_count), sum(input_tokens + output_tokens + cache_read_tokens + cache_write_tokens),"
            " sum(estimated_cost_usd) FROM sessions WHERE started_at < ? AND parent_session_id IS NULL",
            (until,),
        ).fetchone()
        (messages,) = opened.execute("SELECT count(*) FROM messages WHERE timestamp < ?", (until,)).fetchone()
    return {
        "sessions": sessions,
        "messages": messages,
        "tool_calls": calls or 0,
        "tokens": tokens or 0,
        "cost_usd": round(cost or 0.0, 4),
    }
