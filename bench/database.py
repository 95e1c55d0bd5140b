"""A large history in a `state.db`, made fast: what years of work with an agent leave behind.

The empty database is Hermes' own (`bench/hermes.py`); only its rows are made here, in bulk. Two numbers are chosen
by real homes, which have some 2.8 kB a message, two thirds of it full-text indexes, and system prompts of 6 to
60 kB: a message has 600 characters on average and takes 0.9 kB with its other columns, a session's prompt 30 kB. A
prompt stands before title, costs and `archived` in its row, so whoever reads those walks its overflow pages.
"""

from __future__ import annotations

import json
import random
import sqlite3
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

SEED = 19

MESSAGES_PER_SESSION = 1_000 / 15
TEXT_CHARS = 600
"""Mean length of a message's text; between 60 and 3,000."""
PROMPT_CHARS = (6_000, 60_000)
DAYS = 365.0
SECONDS_PER_ROW = 20.0
ACTIVE_MESSAGES = 80

ACTIVE_SESSION = "20990101_000000_active"
"""The one session that has not ended; it was active a minute ago."""

_TEXT = (
    "the bike share demand model was trained on hourly counts and weather from last winter while residuals "
    "of station seven drift after rain so I compared both runs plotted error by hour and wrote a short note "
    "import pandas as pd frame groupby station resample merge join left on time index query select where "
)
WORDS = tuple(_TEXT.split())
TOOLS = ("terminal", "read_file", "write_file", "web_search", "execute_code", "memory", "todo", "patch")

Model = tuple[str, str, str, str, float]
"""Name, provider, base URL, mode, and what a message costs in US dollars."""
MODELS: tuple[Model, ...] = (
    ("claude-opus-4-6", "anthropic", "https://api.anthropic.com", "official_docs_snapshot", 0.004),
    ("claude-sonnet-4-6", "anthropic", "https://api.anthropic.com", "official_docs_snapshot", 0.001),
    ("gpt-5.4", "openai-codex", "https://chatgpt.com/backend-api/codex", "subscription_included", 0.0),
    ("qwen3-coder", "custom", "http://127.0.0.1:8000/v1", "unknown", 0.0),
)
STATUS = {"official_docs_snapshot": "estimated", "subscription_included": "included", "unknown": "unknown"}
SMALL_MODEL: Model = ("claude-haiku-4-5", *MODELS[0][1:4], 0.0001)
"""For titles, compaction, images."""

Kind = Literal["chat", "cron", "subagent", "branch", "continuation"]
KINDS: dict[Kind, float] = {"chat": 0.65, "cron": 0.18, "subagent": 0.1, "continuation": 0.04, "branch": 0.03}
SOURCES = ("cli", "cli", "cli", "tui", "telegram", "telegram", "discord")
CHATS = ("telegram", "discord")
END_REASONS = {"cli": "cli_close", "tui": "tui_close", "cron": "cron_complete", "subagent": "agent_close"}

COMPACTED_FROM = 200
"""Sessions of so many messages may have been compacted in place."""
COMPACTED, REWOUND, ARCHIVED, UNTITLED, PICTURED = 0.7, 0.03, 0.04, 0.15, 0.02


@dataclass(frozen=True)
class History:
    """What a database holds.

    Attributes:
        messages: Rows of `messages`.
        sessions: Rows of `sessions`.
        counted: Messages as Hermes counts them in `message_count`: without what a compaction in place left behind.
    """

    messages: int
    sessions: int
    counted: int


@dataclass
class _Plan:
    """A session before its rows are made.

    Attributes:
        compacted: How many of its first messages a compaction in place has summed up.
        rewound: Which of the messages were taken back.
        messages: As Hermes counts them.
        calls: The same of tool calls.
    """

    id: str
    kind: Kind
    source: str
    model: Model
    start: float
    end: float
    length: int
    compacted: int = 0
    rewound: range = range(0)
    parent: _Plan | None = None
    title: str | None = None
    end_reason: str = "cli_close"
    is_archived: bool = False
    messages: int = 0
    calls: int = 0


def sessions_of(messages: int) -> int:
    """How many sessions a history of so many messages has: 15,000 for 1,000,000."""
    return max(2, round(messages / MESSAGES_PER_SESSION))


def fill(file: Path, messages: int, *, is_searchable: bool) -> History:
    """Fills an empty database of Hermes with an ended history, to which `add_active_session` adds the rest.

    Args:
        file: The database; nobody else has it open.
        messages: How many there are with those of the active session.
        is_searchable: Let Hermes' triggers fill the full-text indexes, which takes ten times as long. Otherwise
            those hold only what is written later.
    """
    rng = random.Random(SEED)
    plans = _plans(messages - ACTIVE_MESSAGES, sessions_of(messages) - 1, rng)
    database = sqlite3.connect(file, isolation_level=None)
    try:
        [(journal,)] = database.execute("PRAGMA journal_mode").fetchall()
        database.execute("PRAGMA journal_mode=OFF")
        database.execute("PRAGMA synchronous=OFF")
        later = _taken_down(database, () if is_searchable else ("trigger",))
        database.execute("BEGIN")
        _insert_all(database, plans, rng)
        for sql in later:
            database.execute(sql)
        database.execute("COMMIT")
        database.execute(f"PRAGMA journal_mode={journal}")
    finally:
        database.close()
    return History(messages - ACTIVE_MESSAGES, len(plans), sum(plan.messages for plan in plans))


def add_active_session(file: Path) -> None:
    """Adds the session in which an agent works, up to a minute ago; nobody else has the database open."""
    rng = random.Random(SEED + 1)
    end = time.time() - 60.0
    plan = _Plan(
        ACTIVE_SESSION,
        "chat",
        "cli",
        MODELS[0],
        end - SECONDS_PER_ROW * ACTIVE_MESSAGES,
        end,
        ACTIVE_MESSAGES,
    )
    database = sqlite3.connect(file, isolation_level=None)
    try:
        database.execute("BEGIN")
        _insert_all(database, [plan], rng)
        database.execute("UPDATE sessions SET ended_at = NULL, end_reason = NULL WHERE id = ?", (plan.id,))
        database.execute("COMMIT")
    finally:
        database.close()


def count(file: Path) -> History:
    """What a database holds now."""
    database = sqlite3.connect(file)
    try:
        [(messages,)] = database.execute("SELECT count(*) FROM messages").fetchall()
        [(sessions, counted)] = database.execute(
            "SELECT count(*), sum(message_count) FROM sessions"
        ).fetchall()
    finally:
        database.close()
    return History(messages, sessions, counted)


def _taken_down(database: sqlite3.Connection, kinds: Iterable[str]) -> list[str]:
    """Drops the indexes of `messages` and `sessions`, which are faster made in the end, and what else is asked for.

    Returns:
        The SQL, word for word, that makes them again.
    """
    found = database.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE tbl_name IN ('messages', 'sessions') AND sql IS NOT NULL"
    ).fetchall()
    dropped = [one for one in found if one[0] in ("index", *kinds)]
    for kind, name, _ in dropped:
        database.execute(f"DROP {kind} {name}")
    return [sql for _, _, sql in dropped]


# -- what happened


def _plans(messages: int, sessions: int, rng: random.Random) -> list[_Plan]:
    """Sessions over a year, in the order of time: mostly short ones, some of thousands of messages."""
    now = time.time() - 7_200.0
    weights = [rng.lognormvariate(0.0, 1.2) for _ in range(sessions)]
    share = (messages - 2 * sessions) / sum(weights)
    lengths = [2 + int(weight * share) for weight in weights]
    lengths[0] += messages - sum(lengths)
    starts = sorted(now - rng.random() * DAYS * 86_400.0 for _ in lengths)
    kinds = rng.choices(list(KINDS), list(KINDS.values()), k=sessions)
    plans: list[_Plan] = []
    chats: list[_Plan] = []
    for number, (start, length, kind) in enumerate(zip(starts, lengths, kinds, strict=True)):
        parent = rng.choice(chats[-5:]) if chats and kind not in ("chat", "cron") else None
        plan = _plan(number, start, length, kind if parent or kind == "cron" else "chat", parent, now, rng)
        plans.append(plan)
        if plan.kind not in ("cron", "subagent"):
            chats.append(plan)
        if plan.kind == "continuation" and parent in chats:
            chats.remove(parent)
    return plans


def _plan(
    number: int, start: float, length: int, kind: Kind, parent: _Plan | None, now: float, rng: random.Random
) -> _Plan:
    if kind == "continuation" and parent is not None:
        start = min(parent.end + 1.0, now)
        parent.end_reason = "compression"
    elif kind == "branch" and parent is not None:
        parent.end_reason = "branched" if parent.end_reason != "compression" else parent.end_reason
    stamp = f"{time.strftime('%Y%m%d_%H%M%S', time.gmtime(start))}"
    plan = _Plan(
        f"cron_job{number % 12}_{stamp}_{number:05x}" if kind == "cron" else f"{stamp}_{number:06x}",
        kind,
        _source(kind, parent, rng),
        parent.model if kind == "continuation" and parent else rng.choice(MODELS),
        start,
        min(start + SECONDS_PER_ROW * length, now),
        length,
        parent=parent,
        is_archived=rng.random() < ARCHIVED,
    )
    if kind not in ("cron", "subagent", "continuation") and rng.random() >= UNTITLED:
        plan.title = f"Work on station {number}"
    plan.end_reason = END_REASONS.get(plan.source, "session_reset")
    if kind == "chat" and length >= COMPACTED_FROM and rng.random() < COMPACTED:
        plan.compacted = int(length * rng.uniform(0.5, 0.8))
    if kind == "chat" and length >= 20 and rng.random() < REWOUND:
        first = max(plan.compacted + 4, length - rng.randint(6, 12))
        plan.rewound = range(first, min(first + rng.randint(2, 6), length))
    return plan


def _source(kind: Kind, parent: _Plan | None, rng: random.Random) -> str:
    if kind in ("cron", "subagent"):
        return kind
    return rng.choice(SOURCES) if parent is None else parent.source


# -- rows


SESSION_COLUMNS = (
    "id",
    "source",
    "user_id",
    "session_key",
    "chat_id",
    "chat_type",
    "display_name",
    "model",
    "model_config",
    "system_prompt",
    "parent_session_id",
    "started_at",
    "ended_at",
    "end_reason",
    "message_count",
    "tool_call_count",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "cwd",
    "git_branch",
    "git_repo_root",
    "billing_provider",
    "billing_base_url",
    "billing_mode",
    "estimated_cost_usd",
    "cost_status",
    "title",
    "api_call_count",
    "rewind_count",
    "archived",
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
    "active",
    "compacted",
)
USAGE_COLUMNS = (
    "session_id",
    "model",
    "billing_provider",
    "billing_base_url",
    "billing_mode",
    "task",
    "api_call_count",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "estimated_cost_usd",
    "cost_status",
    "first_seen",
    "last_seen",
)


def _insert_all(database: sqlite3.Connection, plans: list[_Plan], rng: random.Random) -> None:
    # Sessions last: only then it is known how many messages and calls each has.
    _insert(database, "messages", MESSAGE_COLUMNS, _messages(plans, rng))
    _insert(database, "sessions", SESSION_COLUMNS, _sessions(plans, rng))
    _insert(database, "session_model_usage", USAGE_COLUMNS, _usages(plans, rng))


def _insert(
    database: sqlite3.Connection, table: str, columns: tuple[str, ...], rows: Iterator[tuple[Any, ...]]
) -> None:
    marks = ", ".join("?" * len(columns))
    database.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)


def _sessions(plans: list[_Plan], rng: random.Random) -> Iterator[tuple[Any, ...]]:
    text = " ".join(rng.choices(WORDS, k=40_000))
    least, most = PROMPT_CHARS
    for plan in plans:
        begin, size = int(rng.random() * 60_000), rng.randint(least, most)
        prompt = text[begin : begin + (size // 3 if plan.kind == "subagent" else size)]
        chat = plan.id[-4:] if plan.source in CHATS else None
        name, provider, url, mode, price = plan.model
        yield (
            plan.id,
            plan.source,
            chat and "4711",
            chat and f"agent:main:{plan.source}:dm:4711",
            chat and "4711",
            chat and "dm",
            chat and "Mira",
            name,
            _config(plan),
            prompt,
            plan.parent and plan.parent.id,
            plan.start,
            plan.end,
            plan.end_reason,
            plan.messages,
            plan.calls,
            1_500 * plan.length,
            200 * plan.length,
            9_000 * plan.length,
            300 * plan.length,
            40 * plan.length,
            None if chat else "/home/mira/bikes",
            None if chat else "main",
            None if chat else "/home/mira/bikes",
            provider,
            url,
            mode,
            price * plan.length,
            STATUS[mode],
            plan.title,
            plan.length // 2,
            int(bool(plan.rewound)),
            int(plan.is_archived),
        )


def _config(plan: _Plan) -> str:
    config: dict[str, Any] = {"max_iterations": 90, "reasoning_config": {"effort": "medium"}}
    if plan.parent is not None and plan.kind == "subagent":
        config["_delegate_from"] = plan.parent.id
    elif plan.parent is not None and plan.kind == "branch":
        config["_branched_from"] = plan.parent.id
    return json.dumps(config)


def _messages(plans: list[_Plan], rng: random.Random) -> Iterator[tuple[Any, ...]]:
    text = " ".join(rng.choices(WORDS, k=40_000))
    last = len(text) - 3_000
    calls = 0
    for plan in plans:
        apart = (plan.end - plan.start) / plan.length
        # The results that the calls of the last assistant's message still wait for.
        waiting: list[tuple[str, str]] = []
        rounds = 0
        for index in range(plan.length):
            begin = int(rng.random() * last)
            content: str | None = text[
                begin : begin + min(3_000, 60 + int(rng.expovariate(1 / (TEXT_CHARS - 60))))
            ]
            call_id = tool = asked = reasoning = finish = None
            if index == plan.compacted and index:
                role, content = "user", f"[CONTEXT COMPACTION] {content}"
                waiting, rounds = [], 1
            elif waiting:
                role = "tool"
                call_id, tool = waiting.pop(0)
            elif index == 0 or (rounds == 0 and index < plan.length - 1):
                role, rounds = "user", 1 + int(rng.expovariate(0.7))
            elif rounds > 1 and index < plan.length - 3:
                role, rounds, finish = "assistant", rounds - 1, "tool_calls"
                reasoning, content = content[:200] if content else None, None
                for _ in range(2 if rng.random() < 0.15 else 1):
                    calls += 1
                    waiting.append((f"call_{calls}", TOOLS[calls % len(TOOLS)]))
                asked = _calls(waiting)
                if index >= plan.compacted:
                    plan.calls += len(waiting)
            else:
                role, rounds, finish = "assistant", 0, "stop"
                reasoning = content[:200] if content else None
            is_compacted = index < plan.compacted
            yield (
                plan.id,
                role,
                content,
                call_id,
                asked,
                tool,
                plan.start + apart * index,
                finish,
                reasoning,
                int(not is_compacted and index not in plan.rewound),
                int(is_compacted),
            )
        # A rewind leaves Hermes' count as it is, a compaction in place does not.
        plan.messages = plan.length - plan.compacted


def _calls(waiting: list[tuple[str, str]]) -> str:
    # Much faster than `json.dumps`, and the same text.
    return (
        "["
        + ", ".join(
            f'{{"id": "{call}", "call_id": "{call}", "type": "function", '
            f'"function": {{"name": "{tool}", "arguments": "{{\\"path\\": \\"data/{call}.csv\\"}}"}}}}'
            for call, tool in waiting
        )
        + "]"
    )


def _usages(plans: list[_Plan], rng: random.Random) -> Iterator[tuple[Any, ...]]:
    for plan in plans:
        yield _usage(plan, plan.model, "", plan.length // 2, plan.length)
        if plan.title is not None:
            yield _usage(plan, SMALL_MODEL, "title_generation", 1, 1)
        if plan.compacted:
            yield _usage(plan, SMALL_MODEL, "compression", 1, 20)
        if rng.random() < PICTURED:
            yield _usage(plan, SMALL_MODEL, "vision", 2, 4)


def _usage(plan: _Plan, model: Model, task: str, calls: int, weight: int) -> tuple[Any, ...]:
    name, provider, url, mode, price = model
    tokens = (1_500 * weight, 200 * weight, 9_000 * weight)
    return (
        plan.id,
        name,
        provider,
        url,
        mode,
        task,
        calls,
        *tokens,
        price * weight,
        STATUS[mode],
        plan.start,
        plan.end,
    )
