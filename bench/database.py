"""A large `state.db`, made fast: the history that years of work with an agent leave behind.

The schema is that of Hermes 0.19 (`hermes_hud_widget/demo/schema.sql`). Its full-text index is left empty for
what is made here, since filling it takes minutes and nothing of ours reads it; what is written later by
`agent_process.py` goes through Hermes' triggers and is indexed.
"""

from __future__ import annotations

import json
import random
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

SCHEMA = files("hermes_hud_widget.demo").joinpath("schema.sql")
SEED = 19

MESSAGES_PER_SESSION = 66
TEXT_CHARS = 600
"""Mean length of a message's text; between 60 and 3,000."""
DAYS = 365.0

ACTIVE_SESSION = "20990101_000000_active"
"""The one session that has not ended; it was active a minute ago."""

_TEXT = (
    "the bike share demand model was trained on hourly counts and weather from last winter while residuals "
    "of station seven drift after rain so I compared both runs plotted error by hour and wrote a short note "
    "import pandas as pd frame groupby station resample merge join left on time index query select where "
)
WORDS = tuple(_TEXT.split())
TOOLS = ("terminal", "read_file", "write_file", "web_search", "execute_code", "memory", "todo", "patch")


@dataclass(frozen=True)
class History:
    """A database that was made.

    Attributes:
        messages: Rows of `messages`.
        sessions: Rows of `sessions`.
    """

    file: Path
    messages: int
    sessions: int


def make_history(file: Path, messages: int) -> History:
    """Writes a `state.db` with so many messages, in sessions of some 66 messages over a year."""
    rng = random.Random(SEED)
    now = time.time()
    lengths = list(_session_lengths(messages, rng))
    span = DAYS * 86_400.0
    starts = sorted(now - 7_200 - rng.random() * span for _ in lengths[1:])
    plans = [
        (f"{time.strftime('%Y%m%d_%H%M%S', time.gmtime(start))}_{number:06x}", start, length)
        for number, (start, length) in enumerate(zip(starts, lengths[1:], strict=True))
    ]
    plans.append((ACTIVE_SESSION, now - 60 - 20.0 * lengths[0], lengths[0]))
    database = sqlite3.connect(file, isolation_level=None)
    try:
        database.execute("PRAGMA journal_mode=OFF")
        database.execute("PRAGMA synchronous=OFF")
        tables, indexes = _schema()
        database.executescript(tables)
        database.execute("BEGIN")
        database.execute("INSERT INTO schema_version (version) VALUES (22)")
        _insert(database, "sessions", SESSION_COLUMNS, _sessions(plans, rng))
        _insert(database, "messages", MESSAGE_COLUMNS, _messages(plans, rng))
        _insert(database, "session_model_usage", USAGE_COLUMNS, _usages(plans, rng))
        database.execute("COMMIT")
        database.executescript(indexes)
        # `message_count` and `tool_call_count` as Hermes keeps them.
        database.executescript(COUNT)
    finally:
        database.close()
    return History(file, messages, len(plans))


SESSION_COLUMNS = (
    "id",
    "source",
    "model",
    "model_config",
    "parent_session_id",
    "started_at",
    "ended_at",
    "end_reason",
    "title",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "api_call_count",
    "estimated_cost_usd",
    "cost_status",
    "cwd",
)
MESSAGE_COLUMNS = (
    "session_id",
    "role",
    "content",
    "tool_call_id",
    "tool_calls",
    "tool_name",
    "timestamp",
    "finish_reason",
    "reasoning",
)
USAGE_COLUMNS = (
    "session_id",
    "model",
    "api_call_count",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "estimated_cost_usd",
    "first_seen",
    "last_seen",
)
COUNT = """
CREATE TEMP TABLE counted AS
  SELECT session_id, count(*) AS messages, count(tool_calls) AS calls FROM messages GROUP BY session_id;
CREATE UNIQUE INDEX temp.by_session ON counted (session_id);
UPDATE sessions SET (message_count, tool_call_count) =
  (SELECT messages, calls FROM counted WHERE session_id = sessions.id);
"""

Plan = tuple[str, float, int]


def _schema() -> tuple[str, str]:
    """Tables, and indexes: those are faster made in the end."""
    statements = SCHEMA.read_text(encoding="utf-8").split(";")
    indexes = [one for one in statements if "INDEX" in one]
    return ";".join(one for one in statements if "INDEX" not in one), ";".join(indexes)


def _session_lengths(messages: int, rng: random.Random) -> Iterator[int]:
    """Lengths that sum up to `messages`: mostly short, some long; the active session's first."""
    left = messages - min(80, messages)
    yield messages - left
    while left > 0:
        length = min(left, max(2, int(rng.expovariate(1 / MESSAGES_PER_SESSION))))
        yield length
        left -= length


def _insert(
    database: sqlite3.Connection, table: str, columns: tuple[str, ...], rows: Iterator[tuple[Any, ...]]
) -> None:
    marks = ", ".join("?" * len(columns))
    database.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)


def _sessions(plans: list[Plan], rng: random.Random) -> Iterator[tuple[Any, ...]]:
    """One in ten is a subagent of the conversation before it; all but one have ended."""
    previous: str | None = None
    for number, (session, start, length) in enumerate(plans):
        kind = rng.random()
        is_active = session == ACTIVE_SESSION
        is_subagent = kind < 0.1 and previous is not None and not is_active
        ended = None if is_active else start + 20.0 * length
        yield (
            session,
            "subagent" if is_subagent else rng.choice(("cli", "cli", "telegram", "cron")),
            "claude-opus-4-6",
            json.dumps({"_delegate_from": previous}) if is_subagent else None,
            previous if is_subagent else None,
            start,
            ended,
            None if is_active else "cli_close",
            None if is_subagent else f"Work on station {number}",
            1_500 * length,
            200 * length,
            9_000 * length,
            length // 2,
            0.004 * length,
            "estimated",
            "/home/mira/bikes",
        )
        previous = session if not is_subagent else previous


def _messages(plans: list[Plan], rng: random.Random) -> Iterator[tuple[Any, ...]]:
    text = " ".join(rng.choices(WORDS, k=40_000))
    last = len(text) - 3_000
    call = 0
    for session, start, length in plans:
        at = start
        for index in range(length):
            at = start + 20.0 * index
            begin = int(rng.random() * last)
            content = text[begin : begin + min(3_000, 60 + int(rng.expovariate(1 / (TEXT_CHARS - 60))))]
            turn = index % 4
            if turn == 0:
                yield (session, "user", content, None, None, None, at, None, None)
            elif turn == 1:
                call += 1
                tool = TOOLS[call % len(TOOLS)]
                calls = (
                    f'[{{"id": "call_{call}", "call_id": "call_{call}", "type": "function", '
                    f'"function": {{"name": "{tool}", "arguments": "{{\\"path\\": \\"data/{call}.csv\\"}}"}}}}]'
                )
                yield (session, "assistant", None, None, calls, None, at, "tool_calls", content[:200])
            elif turn == 2:
                tool = TOOLS[call % len(TOOLS)]
                yield (session, "tool", content, f"call_{call}", None, tool, at, None, None)
            else:
                yield (session, "assistant", content, None, None, None, at, "stop", content[:200])


def _usages(plans: list[Plan], rng: random.Random) -> Iterator[tuple[Any, ...]]:
    for session, start, length in plans:
        tokens = (length // 2, 1_500 * length, 200 * length, 9_000 * length)
        yield (session, "claude-opus-4-6", *tokens, 0.004 * length, start, start + 20.0 * length)
