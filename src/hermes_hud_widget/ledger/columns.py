"""The rows of `sessions` as columns, for DataFrames."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

from hermes_hud_widget.ledger.kept import Kept
from hermes_hud_widget.ledger.lineage import SessionRow
from hermes_hud_widget.ledger.values import instant, moment

SESSION_COLUMNS = [
    "id",
    "root_id",
    "parent_id",
    "kind",
    "listed",
    "title",
    "source",
    "model",
    "started_at",
    "ended_at",
    "end_reason",
    "last_active",
    "duration_s",
    "message_count",
    "tool_call_count",
    "api_call_count",
    "rewind_count",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "cost_usd",
    "cost_status",
    "cwd",
    "git_branch",
    "git_repo_root",
    "profile_name",
    "archived",
]


class Arguments(Protocol):
    """What a frame was asked for."""

    @property
    def since(self) -> datetime | None:
        """Only rows at or after it."""

    @property
    def until(self) -> datetime | None:
        """Only rows before it."""

    @property
    def columns(self) -> tuple[str, ...] | None:
        """The columns wanted; None for all."""

    @property
    def limit(self) -> int | None:
        """At most so many rows, the newest."""

    @property
    def session_id(self) -> str | None:
        """Only this conversation, all its pieces."""


def session_columns(
    kept: Kept, args: Arguments, price: Callable[[SessionRow], tuple[float | None, str | None]]
) -> dict[str, list[Any]]:
    """One row for each row of `sessions`, children too, the one started last first."""
    lineage = kept.lineage
    rows = sessions_asked_for(kept, args)[: args.limit]
    prices = {row.id: price(row) for row in rows}
    made: dict[str, Callable[[SessionRow], Any]] = {
        "root_id": lineage.root_id,
        "kind": lineage.kind,
        "listed": lineage.is_listed,
        "started_at": lambda row: moment(row.started_at),
        "ended_at": lambda row: instant(row.ended_at),
        "last_active": lambda row: moment(lineage.last_active(row)),
        "duration_s": lambda row: max(
            0.0, (lineage.last_active(row) if row.ended_at is None else row.ended_at) - row.started_at
        ),
        "cost_usd": lambda row: prices[row.id][0],
        "cost_status": lambda row: prices[row.id][1],
    }
    wanted = SESSION_COLUMNS if args.columns is None else args.columns
    return {
        name: [made[name](row) for row in rows] if name in made else [getattr(row, name) for row in rows]
        for name in wanted
    }


def sessions_asked_for(kept: Kept, args: Arguments) -> list[SessionRow]:
    """Those of the span and the conversation asked for, the one started last first; without a limit."""
    rows = kept.lineage.rows
    if args.session_id is not None:
        asked = rows.get(args.session_id)
        found = list(kept.lineage.chain(asked)) if asked else []
    else:
        since = float("-inf") if args.since is None else args.since.timestamp()
        found = [rows[session_id] for session_id in kept.started_since(since)]
    found = [row for row in found if _is_within(row.started_at, args)]
    found.sort(key=lambda row: (row.started_at, row.id), reverse=True)
    return found


def _is_within(seconds: float, args: Arguments) -> bool:
    """True for an instant, in epoch seconds, of the span that was asked for."""
    return (args.since is None or seconds >= args.since.timestamp()) and (
        args.until is None or seconds < args.until.timestamp()
    )
