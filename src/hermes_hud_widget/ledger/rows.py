"""What the query layer over `state.db` returns. All times are timezone-aware UTC, costs US dollars."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Activity = Literal["running", "thinking", "asking", "idle", "crashed", "open", "ended"]
"""What a session does now.

`running`: a tool call has no result yet · `asking`: that tool is `clarify`, so the user is asked ·
`thinking`: the model's turn · `idle`: the model has answered, the user's turn · `crashed`: it was in the
middle of something and the process that did it is gone · `open`: never closed, and quiet for longer than
300 s · `ended`: closed. The first four are live.
"""

LIVE: frozenset[Activity] = frozenset({"running", "thinking", "asking", "idle"})

Figure = Literal["actual", "estimated", "included", "unknown"]
"""Hermes' own `cost_status`: charged, estimated from list prices, paid by a subscription, not known."""

CostStatus = Literal["actual", "estimated", "included", "unknown", "mixed"]
"""What kind of figure a sum is; `mixed` when it has parts of different kinds."""


@dataclass(frozen=True)
class Tokens:
    """Token counts; `reasoning` is part of `output`, `input` excludes the cache."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    reasoning: int = 0

    @property
    def total(self) -> int:
        """What a viewer sees as "tokens": input, cache and output."""
        return self.input + self.output + self.cache_read + self.cache_write


@dataclass(frozen=True)
class Cost:
    """Money as Hermes stored it, never priced again here.

    Attributes:
        usd: Actual where Hermes knows it, else estimated; 0 when a subscription includes all of it; None when
            no dollars are known.
        status: Which kind of figure that is.
        unknown_sessions: How many sessions in this sum have no known price (they count as 0 in `usd`).
    """

    usd: float | None = None
    status: CostStatus | None = None
    unknown_sessions: int = 0


@dataclass(frozen=True)
class RunningCall:
    """A tool call without a result yet (`messages.tool_calls`)."""

    call_id: str
    tool: str
    since: datetime


@dataclass(frozen=True)
class Session:
    """One conversation, projected along its compression chain as Hermes lists it.

    Attributes:
        id: The tip's id (`sessions.id`).
        root_id: The first piece's id; equal to `id` when it was never compressed into a child session.
        kind: `branch` when it branched off another conversation; `subagent` (a delegated or otherwise hidden
            child) is never listed, only a transcript may have it.
        title: The tip's title, if any.
        preview: The first 60 characters of the tip's first user message.
        last_active: Timestamp of the tip's last message, else its start.
        api_call_count: Sum over the chain, as are `rewind_count`, `tokens` and `cost`; the other counts are
            the tip's.
        rewind_count: How often the user took something back; None where this Hermes does not count.
        pieces: How many sessions the compression chain has (1: never compressed into a child).
        subagents: How many delegated sessions hang below any piece, at any depth.
    """

    id: str
    root_id: str
    kind: Literal["conversation", "branch", "subagent"]
    parent_id: str | None
    title: str | None
    preview: str
    source: str
    model: str | None
    started_at: datetime
    ended_at: datetime | None
    end_reason: str | None
    last_active: datetime
    message_count: int
    tool_call_count: int
    api_call_count: int
    rewind_count: int | None
    tokens: Tokens
    cost: Cost
    pieces: int
    subagents: int
    archived: bool
    cwd: str | None
    git_branch: str | None
    activity: Activity
    activity_since: datetime | None
    running: tuple[RunningCall, ...] = field(default=())


@dataclass(frozen=True)
class SessionPage:
    """One page of the conversations that Hermes lists.

    Attributes:
        total: How many there are in all, over all pages.
        live: How many of them are live.
        number: Which page this is, from 0.
    """

    rows: tuple[Session, ...]
    total: int
    live: int
    number: int


@dataclass(frozen=True)
class ToolCall:
    """One entry of `messages.tool_calls`."""

    id: str
    name: str
    arguments: str
    truncated: bool


@dataclass(frozen=True)
class TranscriptMessage:
    """One row of `messages`, its texts cut to a size that is fit to be shown.

    Attributes:
        state: `active`; `compacted`: summarised away, still history; `rewound`: undone.
        duration_s: On a tool's result: seconds from the call's message to this one.
    """

    id: int
    session_id: str
    role: str
    timestamp: datetime
    text: str
    truncated: bool
    reasoning: str | None
    tool_calls: tuple[ToolCall, ...]
    tool_call_id: str | None
    tool_name: str | None
    duration_s: float | None
    finish_reason: str | None
    token_count: int | None
    state: Literal["active", "compacted", "rewound"]


@dataclass(frozen=True)
class Transcript:
    """One page of a conversation's messages over its whole compression chain, newest first.

    Attributes:
        total: How many messages the conversation has.
        older: Pass it as `before` to get the next page; None on the last one.
    """

    session: Session
    messages: tuple[TranscriptMessage, ...]
    total: int
    older: int | None


@dataclass(frozen=True)
class Totals:
    """Counters over the whole database.

    Attributes:
        sessions: Conversations that Hermes lists (not archived; subagents and continuations not counted).
        messages: Sum of `sessions.message_count` over all sessions.
        tool_calls: Sum of `sessions.tool_call_count` over all sessions.
    """

    sessions: int
    messages: int
    tool_calls: int


@dataclass(frozen=True)
class Spending:
    """Tokens and cost of the sessions that started in a span, subagents and auxiliary tasks included."""

    sessions: int
    tokens: Tokens
    cost: Cost


@dataclass(frozen=True)
class ConversationCost:
    """What one conversation cost: those pieces of its compression chain that started in a span.

    Attributes:
        id: The tip's id.
        root_id: The first piece's id.
        title: The tip's title, if any.
        preview: The first 60 characters of the tip's first user message.
        started_at: When its first piece started.
        tokens: Auxiliary tasks included, subagents not, as is `cost`.
    """

    id: str
    root_id: str
    title: str | None
    preview: str
    source: str
    model: str | None
    started_at: datetime
    tokens: Tokens
    cost: Cost


@dataclass(frozen=True)
class RecentMessage:
    """A message's outline for a list of last changes; no text.

    Attributes:
        session_title: Its session's title, else how that session's first message begins.
    """

    id: int
    session_id: str
    session_title: str | None
    role: str
    tools: tuple[str, ...]
    timestamp: datetime
