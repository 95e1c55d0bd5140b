"""The sessions: a paged, sortable list of conversations, and the transcript of one of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from hermes_hud_widget.frames import Column, Filled, Frame, FrameArguments
from hermes_hud_widget.ledger.kept import Filters, Sort
from hermes_hud_widget.ledger.ledger import Ledger
from hermes_hud_widget.ledger.rows import Session, SessionFacets, SessionPage, SessionSearch, Transcript
from hermes_hud_widget.ledger.writers import Writers
from hermes_hud_widget.panel import Panel, Payload, Query, Until
from hermes_hud_widget.sources import StateDb, WritersOf
from hermes_hud_widget.views import view


class SessionsQuery(Query):
    """What a viewer may ask for: a page of the list, or (with `session`) a page of a transcript."""

    page: int = Field(0, ge=0, description="Page of the list, from 0")
    page_size: int = Field(25, ge=1, le=200)
    sort: Sort = "last_active"
    descending: bool = True
    archived: bool = Field(False, description="Also list archived sessions")
    search: str = Field(
        "", max_length=200, description='Words that a message or a title must have: `word "two words" begin*`'
    )
    anywhere: bool = Field(False, description="Search within words, too")
    source: str | None = Field(None, description="Only conversations held there (`cli`, `telegram`, …)")
    model: str | None = Field(None, description='Only with that model; "": with none known')
    project: str | None = Field(None, description="Only in that repository, else working directory")
    profile: str | None = Field(None, description="Only made by that profile")
    live: bool = Field(False, description="Only those in which something goes on")
    session: str | None = Field(
        None, description="Any id of a conversation: return its transcript instead of the list"
    )
    before: int | None = Field(None, description="Transcript: only messages older than this message id")
    after: int | None = Field(None, description="Transcript: only messages newer than this message id")
    message: int | None = Field(None, description="Transcript: the page that has this message")
    limit: int = Field(50, ge=1, le=200, description="Transcript: messages a page")


class SessionList(Payload):
    """One page of the list.

    Attributes:
        total: Conversations in all, over all pages, that the search and the filters leave.
        live: How many are live, without search and filters.
        facets: What the filters may be set to, and how many conversations there would be.
        search: What was searched and found; None without a search.
    """

    rows: tuple[Session, ...]
    total: int
    live: int
    page: int
    page_size: int
    sort: Sort
    descending: bool
    facets: SessionFacets
    search: SessionSearch | None = None


class Sessions(Payload):
    """What the sessions panel shows: `list`, or `transcript` when the query names a session.

    Attributes:
        missing: True when the session asked for is not (or no longer) there.
        is_narrowed: True when the list is of a search, or of what filters leave.
    """

    list: SessionList | None = None
    transcript: Transcript | None = None
    missing: bool = False
    is_narrowed: bool = False

    def is_empty(self) -> bool:
        if self.transcript is not None or self.missing:
            return False
        return self.list is None or (self.list.total == 0 and not self.is_narrowed)


def collect(
    state: Ledger | None, writers: Writers | None, query: SessionsQuery, now: datetime
) -> Sessions | Until:
    """One page of the list, or of a transcript."""
    if query.session is not None:
        found = (
            state.transcript(
                query.session,
                query.before,
                query.limit,
                now,
                writers,
                after=query.after,
                message=query.message,
            )
            if state
            else None
        )
        until = state.next_change(now, writers, (found.session,)) if state and found else None
        return Until(Sessions(transcript=found, missing=found is None), until)
    filters = Filters(query.archived, query.source, query.model, query.project, query.profile)
    listed = (
        state.page(
            now,
            writers,
            number=query.page,
            size=query.page_size,
            sort=query.sort,
            descending=query.descending,
            filters=filters,
            live=query.live,
            search=query.search,
            anywhere=query.anywhere,
        )
        if state
        else SessionPage((), 0, 0, 0, SessionFacets())
    )
    page = SessionList(
        rows=listed.rows,
        total=listed.total,
        live=listed.live,
        page=listed.number,
        page_size=query.page_size,
        sort=query.sort,
        descending=query.descending,
        facets=listed.facets,
        search=listed.search,
    )
    is_narrowed = query.live or bool(query.search.strip()) or filters != Filters(query.archived)
    return Until(
        Sessions(list=page, is_narrowed=is_narrowed), state.next_change(now, writers) if state else None
    )


def _fill_sessions(state: Ledger | None, args: FrameArguments) -> dict[str, list[Any]]:
    return state.session_columns(args) if state else {column.name: [] for column in SESSION_COLUMNS}


def _fill_messages(state: Ledger | None, args: FrameArguments) -> Filled:
    return state.messages(args) if state else _nothing(MESSAGES, args)


def _fill_tool_calls(state: Ledger | None, args: FrameArguments) -> Filled:
    return state.tool_calls(args) if state else _nothing(TOOL_CALLS, args)


def _nothing(frame: Frame, args: FrameArguments) -> Filled:
    return {column.name: [] for column in frame.wanted(args)}


SESSION_COLUMNS = (
    Column("id", "text", "Hermes' id", is_identifier=True),
    Column(
        "root_id",
        "text",
        "The first piece of its conversation; equal to id if it was never compressed into a child",
        is_identifier=True,
        source="computed: Hermes' lineage rules",
    ),
    Column(
        "parent_id",
        "text",
        "The session it came from, if any",
        is_identifier=True,
        source="state.db: sessions.parent_session_id",
    ),
    Column(
        "kind",
        "category",
        "conversation, branch, continuation, subagent or ephemeral",
        source="computed: Hermes' lineage rules",
    ),
    Column(
        "listed",
        "boolean",
        "True if Hermes lists it as a conversation of its own",
        source="computed: Hermes' lineage rules",
    ),
    Column("title", "text", "Its title, if it has one"),
    Column("source", "category", "Where it was held: cli, telegram, cron, …"),
    Column("model", "category", "The model it began with"),
    Column("started_at", "instant", "When it began"),
    Column("ended_at", "instant", "When it was closed; missing: not ended, or never closed"),
    Column("end_reason", "category", "Why it was closed"),
    Column(
        "last_active",
        "instant",
        "When its last message was written, else when it began",
        source="computed: state.db: max(messages.timestamp)",
    ),
    Column(
        "duration_s",
        "number",
        "From started_at to ended_at, else to last_active",
        unit="s",
        source="computed",
    ),
    Column("message_count", "integer", "Messages, by Hermes' own counter"),
    Column("tool_call_count", "integer", "Tool calls, by Hermes' own counter"),
    Column("api_call_count", "integer", "Calls of the model"),
    Column("rewind_count", "integer", "How often /undo was used"),
    Column("input_tokens", "integer", "Without the cache", unit="tokens"),
    Column("output_tokens", "integer", "Reasoning included", unit="tokens"),
    Column("cache_read_tokens", "integer", "Read from the provider's cache", unit="tokens"),
    Column("cache_write_tokens", "integer", "Written to the provider's cache", unit="tokens"),
    Column("reasoning_tokens", "integer", "Part of output_tokens", unit="tokens"),
    Column(
        "cost_usd",
        "number",
        "Actual cost where Hermes knows it, else its estimate; missing: unknown",
        unit="USD",
        source="state.db: sessions.actual_cost_usd, estimated_cost_usd",
    ),
    Column("cost_status", "category", "actual, estimated, included (a subscription) or unknown"),
    Column("cwd", "text", "Working directory", is_identifier=True),
    Column("git_branch", "text", "Its branch"),
    Column("git_repo_root", "text", "Its repository", is_identifier=True),
    Column("profile_name", "category", "The profile that made it"),
    Column("archived", "boolean", "True if the user put it away"),
)

MESSAGE_COLUMNS = (
    Column("id", "integer", "Hermes' number: only grows"),
    Column("session_id", "category", "The session that it belongs to"),
    Column("role", "category", "user, assistant, tool, system, …"),
    Column("timestamp", "instant", "When it was written"),
    Column("tool_name", "category", "On a tool's result: which tool"),
    Column("tool_call_id", "text", "On a tool's result: which call", is_identifier=True),
    Column(
        "tool_names",
        "texts",
        "On the assistant's messages: the tools called",
        is_identifier=True,
        source="state.db: messages.tool_calls",
    ),
    Column("finish_reason", "category", "Why the model stopped"),
    Column("token_count", "integer", "Tokens; Hermes mostly leaves it out", unit="tokens"),
    Column(
        "text_chars", "integer", "Length of the text", unit="characters", source="state.db: messages.content"
    ),
    Column(
        "reasoning_chars",
        "integer",
        "Length of the reasoning",
        unit="characters",
        source="state.db: messages.reasoning, reasoning_content",
    ),
    Column(
        "state",
        "category",
        "active; compacted: summarised away; rewound: undone",
        source="state.db: messages.active, compacted",
    ),
)

TOOL_CALL_COLUMNS = (
    Column("message_id", "integer", "The message that called", source="state.db: messages.id"),
    Column(
        "call_index",
        "integer",
        "Place among that message's calls, from 0",
        source="state.db: messages.tool_calls",
    ),
    Column("session_id", "category", "The session that it belongs to"),
    Column(
        "root_id",
        "category",
        "The first piece of its conversation",
        source="computed: Hermes' lineage rules",
    ),
    Column("tool", "category", "Which tool", source="state.db: messages.tool_calls: function.name"),
    Column(
        "call_id",
        "text",
        "The model's id of the call",
        is_identifier=True,
        source="state.db: messages.tool_calls: id, else call_id",
    ),
    Column("called_at", "instant", "When the model asked for it", source="state.db: messages.timestamp"),
    Column(
        "finished_at",
        "instant",
        "When its result was written; missing: there is none",
        source="state.db: messages.timestamp of the message that answers (tool_call_id)",
    ),
    Column("duration_s", "number", "From called_at to finished_at", unit="s", source="computed"),
    Column(
        "status",
        "category",
        "ok, error (by the rule that Hermes marks failed tools with), or no result (yet, or never)",
        source="computed: state.db: messages.content of the message that answers",
    ),
    Column(
        "exit_code",
        "integer",
        "What the command ended with, for tools that say so",
        source="state.db: messages.content of the message that answers: exit_code",
    ),
    Column(
        "effect",
        "category",
        "none: blocked or skipped; unknown: interrupted, and may have done something; missing: as intended",
        source="state.db: messages.effect_disposition of the message that answers",
    ),
    Column(
        "argument_chars",
        "integer",
        "Length of the arguments, as JSON",
        unit="characters",
        source="state.db: messages.tool_calls: function.arguments",
    ),
    Column(
        "result_chars",
        "integer",
        "Length of the result's text",
        unit="characters",
        source="state.db: messages.content of the message that answers",
    ),
    Column(
        "state",
        "category",
        "The calling message: active; compacted: summarised away; rewound: undone",
        source="state.db: messages.active, compacted",
    ),
)

MESSAGES = Frame(
    "messages",
    MESSAGE_COLUMNS,
    _fill_messages,
    time="timestamp",
    by_session=True,
    with_text=True,
    about="One row for each message, oldest first, without its texts",
    source="state.db: messages",
)

TOOL_CALLS = Frame(
    "tool_calls",
    TOOL_CALL_COLUMNS,
    _fill_tool_calls,
    time="called_at",
    by_session=True,
    about="One row for each call of a tool, oldest first, without arguments and results",
    source="state.db: messages",
)

PANEL = Panel(
    "sessions",
    "Sessions",
    collect,
    titles={"zh": "会话"},
    icon="sessions",
    group="history",
    query=SessionsQuery,
    frames=(
        Frame(
            "sessions",
            SESSION_COLUMNS,
            _fill_sessions,
            time="started_at",
            about="One row for each session, children too, the one started last first",
            source="state.db: sessions",
        ),
        MESSAGES,
        TOOL_CALLS,
    ),
    view=view("sessions"),
    state=StateDb(),
    writers=WritersOf(),
)
