"""The sessions: a paged, sortable list of conversations, and the transcript of one of them."""

from __future__ import annotations

from datetime import datetime
from operator import attrgetter
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from hermes_hud_widget.frames import Column, Frame, FrameArguments
from hermes_hud_widget.ledger.ledger import Ledger
from hermes_hud_widget.ledger.rows import LIVE, Session, Transcript
from hermes_hud_widget.ledger.writers import Writers
from hermes_hud_widget.panel import Panel, Payload, Until
from hermes_hud_widget.sources import StateDb, WritersOf
from hermes_hud_widget.views import view

Sort = Literal[
    "last_active", "started_at", "title", "source", "model", "messages", "tool_calls", "tokens", "cost"
]


class SessionsQuery(BaseModel):
    """What a viewer may ask for: a page of the list, or (with `session`) a page of a transcript."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    page: int = Field(0, ge=0, description="Page of the list, from 0")
    page_size: int = Field(25, ge=1, le=200)
    sort: Sort = "last_active"
    descending: bool = True
    archived: bool = Field(False, description="Also list archived sessions")
    session: str | None = Field(
        None, description="Any id of a conversation: return its transcript instead of the list"
    )
    before: int | None = Field(None, description="Transcript: only messages older than this message id")
    limit: int = Field(50, ge=1, le=200, description="Transcript: messages a page")


class SessionList(Payload):
    """One page of the list.

    Attributes:
        total: Conversations in all, over all pages.
        live: How many of them are live.
    """

    rows: tuple[Session, ...]
    total: int
    live: int
    page: int
    page_size: int
    sort: Sort
    descending: bool


class Sessions(Payload):
    """What the sessions panel shows: `list`, or `transcript` when the query names a session.

    Attributes:
        missing: True when the session asked for is not (or no longer) there.
    """

    list: SessionList | None = None
    transcript: Transcript | None = None
    missing: bool = False

    def is_empty(self) -> bool:
        return self.transcript is None and not self.missing and (self.list is None or self.list.total == 0)


def collect(
    state: Ledger | None, writers: Writers | None, query: SessionsQuery, now: datetime
) -> Sessions | Until:
    """One page of the list, or of a transcript."""
    if query.session is not None:
        found = state.transcript(query.session, query.before, query.limit, now, writers) if state else None
        until = state.next_change((found.session,), now, writers) if state and found else None
        return Until(Sessions(transcript=found, missing=found is None), until)
    sessions = state.sessions(now, writers, query.archived) if state else ()
    ordered = sort(sessions, query.sort, query.descending)
    # A page that is no longer there, since sessions were deleted, is the last one.
    number = min(query.page, max(0, (len(ordered) - 1) // query.page_size))
    first = number * query.page_size
    page = SessionList(
        rows=ordered[first : first + query.page_size],
        total=len(ordered),
        live=sum(session.activity in LIVE for session in ordered),
        page=number,
        page_size=query.page_size,
        sort=query.sort,
        descending=query.descending,
    )
    return Until(Sessions(list=page), state.next_change(sessions, now, writers) if state else None)


def sort(sessions: tuple[Session, ...], by: Sort, descending: bool) -> tuple[Session, ...]:
    """Sorted, those without a value last in either direction; equal ones stay newest activity first."""
    key = _KEYS[by]
    known = [session for session in sessions if key(session) is not None]
    unknown = [session for session in sessions if key(session) is None]
    known.sort(key=key, reverse=descending)
    return (*known, *unknown)


_KEYS: dict[Sort, Any] = {
    "last_active": attrgetter("last_active"),
    "started_at": attrgetter("started_at"),
    "title": lambda session: (session.title or session.preview).casefold() or None,
    "source": attrgetter("source"),
    "model": attrgetter("model"),
    "messages": attrgetter("message_count"),
    "tool_calls": attrgetter("tool_call_count"),
    "tokens": lambda session: session.tokens.total,
    "cost": attrgetter("cost.usd"),
}


def _fill_sessions(
    state: Ledger | None, writers: Writers | None, args: FrameArguments
) -> dict[str, list[Any]]:
    return state.session_columns(args) if state else {column.name: [] for column in SESSION_COLUMNS}


def _fill_messages(
    state: Ledger | None, writers: Writers | None, args: FrameArguments
) -> dict[str, list[Any]]:
    return state.message_columns(args) if state else {column.name: [] for column in MESSAGE_COLUMNS}


SESSION_COLUMNS = (
    Column("id", "text", "sessions.id", is_identifier=True),
    Column(
        "root_id",
        "text",
        "The first piece of its conversation (equal to id if never compressed into a child)",
    ),
    Column("parent_id", "text", "sessions.parent_session_id", is_identifier=True),
    Column(
        "kind",
        "category",
        "conversation, branch, continuation, subagent or ephemeral, by Hermes' lineage rules",
    ),
    Column("listed", "boolean", "True if Hermes lists it as a conversation of its own"),
    Column("title", "text", "sessions.title"),
    Column("source", "category", "sessions.source: cli, telegram, cron, …"),
    Column("model", "category", "sessions.model"),
    Column("started_at", "instant", "sessions.started_at"),
    Column("ended_at", "instant", "sessions.ended_at; missing: not ended, or never closed"),
    Column("end_reason", "category", "sessions.end_reason"),
    Column("last_active", "instant", "Its last message's timestamp, else its start"),
    Column("duration_s", "number", "From started_at to ended_at, else to last_active", unit="s"),
    Column("message_count", "integer", "sessions.message_count: active messages"),
    Column("tool_call_count", "integer", "sessions.tool_call_count"),
    Column("api_call_count", "integer", "sessions.api_call_count: calls of the model"),
    Column("rewind_count", "integer", "sessions.rewind_count: how often /undo was used"),
    Column("input_tokens", "integer", "sessions.input_tokens, without the cache", unit="tokens"),
    Column("output_tokens", "integer", "sessions.output_tokens, reasoning included", unit="tokens"),
    Column("cache_read_tokens", "integer", "sessions.cache_read_tokens", unit="tokens"),
    Column("cache_write_tokens", "integer", "sessions.cache_write_tokens", unit="tokens"),
    Column("reasoning_tokens", "integer", "sessions.reasoning_tokens, part of output_tokens", unit="tokens"),
    Column(
        "cost_usd",
        "number",
        "Actual cost where Hermes knows it, else its estimate; missing: unknown",
        unit="USD",
    ),
    Column("cost_status", "category", "sessions.cost_status: actual, estimated, included or unknown"),
    Column("cwd", "text", "sessions.cwd", is_identifier=True),
    Column("git_branch", "text", "sessions.git_branch"),
    Column("git_repo_root", "text", "sessions.git_repo_root", is_identifier=True),
    Column("profile_name", "category", "sessions.profile_name"),
    Column("archived", "boolean", "sessions.archived"),
)

MESSAGE_COLUMNS = (
    Column("id", "integer", "messages.id: only grows"),
    Column("session_id", "category", "messages.session_id"),
    Column("role", "category", "user, assistant, tool, system, …"),
    Column("timestamp", "instant", "messages.timestamp"),
    Column("tool_name", "category", "On a tool's result: which tool"),
    Column("tool_call_id", "text", "On a tool's result: which call", is_identifier=True),
    Column("tool_names", "texts", "On the assistant's messages: the tools called"),
    Column("finish_reason", "category", "messages.finish_reason"),
    Column("token_count", "integer", "messages.token_count; Hermes mostly leaves it out", unit="tokens"),
    Column("text_chars", "integer", "Length of the text", unit="characters"),
    Column("reasoning_chars", "integer", "Length of the reasoning", unit="characters"),
    Column("state", "category", "active; compacted: summarised away; rewound: undone"),
)

PANEL = Panel(
    "sessions",
    "Sessions",
    collect,
    query=SessionsQuery,
    frames=(
        Frame("sessions", SESSION_COLUMNS, _fill_sessions, time="started_at"),
        Frame("messages", MESSAGE_COLUMNS, _fill_messages, time="timestamp", by_session=True),
    ),
    view=view("sessions"),
    state=StateDb(),
    writers=WritersOf(),
)
