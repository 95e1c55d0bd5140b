"""Writes `state.db` as Hermes does: one transaction for each message and for each token update."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

from hermes_hud_widget.demo.routes import Route, Usage

SCHEMA_VERSION = 22
WRITES_PER_CHECKPOINT = 50


class State:
    """An open `state.db`, made if it is not there. All times are seconds since the epoch."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, timeout=15.0)
        self._in_batch = False
        self._writes = 0
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA foreign_keys=ON")
        self._make_schema()

    def close(self) -> None:
        """Checkpoints and closes, so that only `state.db` itself is left."""
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._connection.close()

    @contextlib.contextmanager
    def batch(self) -> Iterator[None]:
        """Everything written inside becomes visible at once: for the past, which nobody watched."""
        with self._transaction():
            self._in_batch = True
            try:
                yield
            finally:
                self._in_batch = False

    def start_session(self, session_id: str, source: str, at: float, **columns: object) -> None:
        """Adds a session; `columns` are further columns of `sessions`."""
        names = ["id", "source", "started_at", *columns]
        marks = ", ".join("?" * len(names))
        with self._transaction() as connection:
            connection.execute(
                f"INSERT INTO sessions ({', '.join(names)}) VALUES ({marks})",
                (session_id, source, at, *columns.values()),
            )

    def end_session(self, session_id: str, reason: str, at: float) -> None:
        """Closes a session."""
        self._update_session(session_id, ended_at=at, end_reason=reason)

    def archive_session(self, session_id: str) -> None:
        """Hides a session from the list."""
        self._update_session(session_id, archived=1)

    def set_title(self, session_id: str, title: str) -> str:
        """Gives a session a title, numbered if another session has it; returns the one given."""
        free, number = title, 1
        while self._connection.execute("SELECT 1 FROM sessions WHERE title = ?", (free,)).fetchone():
            number += 1
            free = f"{title} ({number})"
        self._update_session(session_id, title=free)
        return free

    def append(
        self,
        session_id: str,
        role: str,
        content: str | None,
        at: float,
        *,
        tool_calls: list[dict[str, Any]] | None = None,
        **columns: object,
    ) -> int:
        """Adds a message and counts it in its session; returns its id."""
        row = {"tool_calls": json.dumps(tool_calls, ensure_ascii=False) if tool_calls else None, **columns}
        names = ["session_id", "role", "content", "timestamp", *row]
        marks = ", ".join("?" * len(names))
        with self._transaction() as connection:
            cursor = connection.execute(
                f"INSERT INTO messages ({', '.join(names)}) VALUES ({marks})",
                (session_id, role, content, at, *row.values()),
            )
            connection.execute(
                "UPDATE sessions SET message_count = message_count + 1,"
                " tool_call_count = tool_call_count + ? WHERE id = ?",
                (len(tool_calls or ()), session_id),
            )
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def add_usage(self, session_id: str, route: Route, usage: Usage, at: float, task: str = "") -> None:
        """Counts one call to a model: in the session if it is the main loop's, and by model and task.

        Like Hermes, notes of an auxiliary call neither what kind of figure its price is nor how it is billed.
        """
        price = route.price(usage)
        tokens = (usage.input, usage.output, usage.cache_read, usage.cache_write, usage.reasoning)
        actual = price if route.cost_status == "actual" else None
        with self._transaction() as connection:
            if not task:
                connection.execute(
                    _ADD_TO_SESSION, (*tokens, price, actual, actual, *_labels(route), session_id)
                )
            connection.execute(
                _ADD_TO_MODEL,
                (
                    session_id,
                    route.model,
                    route.provider,
                    route.base_url,
                    "" if task else route.billing_mode,
                    task,
                    *tokens,
                    price,
                    0.0 if task else actual or 0.0,
                    None if task else route.cost_status,
                    None if task else route.cost_source,
                    at,
                    at,
                ),
            )

    def compact(self, session_id: str, summary: str, at: float) -> None:
        """Summarises in place: every message becomes history, a summary takes its place."""
        with self._transaction() as connection:
            connection.execute(
                "UPDATE messages SET active = 0, compacted = 1 WHERE session_id = ? AND active = 1",
                (session_id,),
            )
            connection.execute(
                "INSERT INTO messages (session_id, role, content, timestamp) VALUES (?, 'user', ?, ?)",
                (session_id, summary, at),
            )
            connection.execute(
                "UPDATE sessions SET message_count = 1, tool_call_count = 0 WHERE id = ?", (session_id,)
            )

    def rewind(self, session_id: str, message_id: int) -> None:
        """Undoes a session's messages from `message_id` on; like Hermes 0.19, leaves `message_count` alone."""
        with self._transaction() as connection:
            connection.execute(
                "UPDATE messages SET active = 0 WHERE session_id = ? AND id >= ? AND active = 1",
                (session_id, message_id),
            )
            connection.execute(
                "UPDATE sessions SET rewind_count = rewind_count + 1 WHERE id = ?", (session_id,)
            )

    def copy_messages(self, source_id: str, target_id: str) -> None:
        """Gives a branch the messages of the session that it leaves."""
        columns = "role, content, tool_call_id, tool_calls, tool_name, timestamp, finish_reason, reasoning"
        with self._transaction() as connection:
            connection.execute(
                f"INSERT INTO messages (session_id, {columns}) SELECT ?, {columns} FROM messages"
                " WHERE session_id = ? AND active = 1 ORDER BY id",
                (target_id, source_id),
            )
            connection.execute(
                "UPDATE sessions SET (message_count, tool_call_count) ="
                " (SELECT message_count, tool_call_count FROM sessions WHERE id = ?) WHERE id = ?",
                (source_id, target_id),
            )

    def route_chat(self, session_key: str, entry: dict[str, object], at: float) -> None:
        """Notes which session a chat of the gateway is in."""
        with self._transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO gateway_routing (session_key, entry_json, updated_at) VALUES (?, ?, ?)",
                (session_key, json.dumps(entry), at),
            )

    def set_meta(self, key: str, value: str) -> None:
        """Sets one entry of `state_meta`."""
        with self._transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO state_meta (key, value) VALUES (?, ?)", (key, value))

    def make_table(self, statement: str) -> None:
        """Makes a table that Hermes makes only when it needs it; the statement is its own."""
        with self._transaction() as connection:
            connection.execute(statement)

    def put(self, table: str, **columns: object) -> None:
        """Adds a row to a table, or puts it in the place of the one with its key."""
        marks = ", ".join("?" * len(columns))
        with self._transaction() as connection:
            connection.execute(
                f"INSERT OR REPLACE INTO {table} ({', '.join(columns)}) VALUES ({marks})",
                tuple(columns.values()),
            )

    def drop(self, table: str, key: str, value: object) -> None:
        """Removes the rows that have this value in the column `key`."""
        with self._transaction() as connection:
            connection.execute(f"DELETE FROM {table} WHERE {key} = ?", (value,))

    def session_titled(self, title: str) -> str | None:
        """The id of the session with that title."""
        row = self._connection.execute("SELECT id FROM sessions WHERE title = ?", (title,)).fetchone()
        return None if row is None else str(row[0])

    def open_session(self) -> str | None:
        """The id of the session begun last among those not ended."""
        row = self._connection.execute(
            "SELECT id FROM sessions WHERE ended_at IS NULL ORDER BY started_at DESC LIMIT 1"
        ).fetchone()
        return None if row is None else str(row[0])

    def _make_schema(self) -> None:
        self._connection.executescript(_sql("schema.sql"))
        for script in ("search.sql", "search_trigram.sql"):
            # An SQLite without FTS5, or without its trigram tokenizer: Hermes works without that index too.
            with contextlib.suppress(sqlite3.OperationalError):
                self._connection.executescript(_sql(script))
        if self._connection.execute("SELECT 1 FROM schema_version").fetchone() is None:
            self._connection.execute("INSERT INTO schema_version (version) VALUES (?)", (SCHEMA_VERSION,))

    def _update_session(self, session_id: str, **columns: object) -> None:
        assignments = ", ".join(f"{name} = ?" for name in columns)
        with self._transaction() as connection:
            connection.execute(
                f"UPDATE sessions SET {assignments} WHERE id = ?", (*columns.values(), session_id)
            )

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        if self._in_batch:
            yield self._connection
            return
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield self._connection
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")
        self._writes += 1
        if self._writes % WRITES_PER_CHECKPOINT == 0:
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)")


def _labels(route: Route) -> tuple[object, ...]:
    return (
        route.cost_status,
        route.cost_source,
        route.pricing_version,
        route.provider,
        route.base_url,
        route.billing_mode,
        route.model,
    )


def _sql(name: str) -> str:
    return files("hermes_hud_widget.demo").joinpath(name).read_text(encoding="utf-8")


_ADD_TO_SESSION = """
UPDATE sessions SET
    input_tokens = input_tokens + ?, output_tokens = output_tokens + ?,
    cache_read_tokens = cache_read_tokens + ?, cache_write_tokens = cache_write_tokens + ?,
    reasoning_tokens = reasoning_tokens + ?,
    estimated_cost_usd = ifnull(estimated_cost_usd, 0) + ?,
    actual_cost_usd = CASE WHEN ? IS NULL THEN actual_cost_usd ELSE ifnull(actual_cost_usd, 0) + ? END,
    cost_status = ?, cost_source = ?, pricing_version = ?,
    billing_provider = ifnull(billing_provider, ?), billing_base_url = ifnull(billing_base_url, ?),
    billing_mode = ifnull(billing_mode, ?), model = ifnull(model, ?),
    api_call_count = api_call_count + 1
WHERE id = ?
"""

_ADD_TO_MODEL = """
INSERT INTO session_model_usage (
    session_id, model, billing_provider, billing_base_url, billing_mode, task, api_call_count,
    input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens,
    estimated_cost_usd, actual_cost_usd, cost_status, cost_source, first_seen, last_seen
) VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET
    api_call_count = api_call_count + 1,
    input_tokens = input_tokens + excluded.input_tokens,
    output_tokens = output_tokens + excluded.output_tokens,
    cache_read_tokens = cache_read_tokens + excluded.cache_read_tokens,
    cache_write_tokens = cache_write_tokens + excluded.cache_write_tokens,
    reasoning_tokens = reasoning_tokens + excluded.reasoning_tokens,
    estimated_cost_usd = estimated_cost_usd + excluded.estimated_cost_usd,
    actual_cost_usd = actual_cost_usd + excluded.actual_cost_usd,
    cost_status = excluded.cost_status, cost_source = excluded.cost_source, last_seen = excluded.last_seen
"""
