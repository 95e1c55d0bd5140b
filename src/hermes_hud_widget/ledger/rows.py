"""What the query layer over `state.db` returns. All times are timezone-aware UTC, costs US dollars."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime
from typing import Literal

from hermes_hud_widget.frozen import frozen

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


@frozen
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


@frozen
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


@frozen
class RunningCall:
    """A tool call without a result yet (`messages.tool_calls`)."""

    call_id: str
    tool: str
    since: datetime


@frozen
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


TermKind = Literal["word", "phrase", "prefix", "substring", "scanned", "ignored"]
"""How a term is looked for: as a whole word, as words in this order, as the beginning of a word, as characters
anywhere, the same without an index (among the newest messages only), or not at all."""

IndexProblem = Literal["missing", "incomplete", "unreadable"]
"""Why messages cannot be searched: there is no index, Hermes has not (or not yet) filled it for all messages, or it is
damaged or of a kind that is not known here."""


@frozen
class SearchTerm:
    """One of the words or quoted phrases of a query, all of which a message must have."""

    text: str
    kind: TermKind


@frozen
class SearchHit:
    """A message that matches a search.

    Attributes:
        message: Its id.
        session: The session that it belongs to.
        snippet: The words around the hit, redacted; every second piece is a hit. One piece: the hit lies where
            nothing is shown of.
    """

    message: int
    session: str
    role: str
    timestamp: datetime
    snippet: tuple[str, ...]


@frozen
class SessionMatch:
    """What a conversation has of a search.

    Attributes:
        root_id: The conversation's first piece.
        title: Its title in pieces of which every second one is a hit; empty when the title does not match.
        messages: How many of its messages match.
        in_subagents: How many more of those of the subagents below it.
        newest: The newest match of its own, else of a subagent's; None when only its title or id matches.
    """

    root_id: str
    title: tuple[str, ...]
    messages: int
    in_subagents: int
    newest: SearchHit | None


@frozen
class SessionSearch:
    """What was searched, and how much was found.

    Attributes:
        query: What was asked for.
        terms: The same taken apart: a message must have all of them, or a title.
        messages: How many messages match, in the conversations of the list.
        is_exact: False while messages are still being looked at: then that and the list's total are what was found so
            far. A later snapshot has the true ones.
        problem: Why only titles were searched; None: messages were, too.
        scanned: When a term needed a look at each message: how many of the newest were looked at, if not all.
        leaves_out: What cannot be found this way: `pictures`: messages that have some (the index of characters ends
            where they begin); `tools`: what tools returned (it has none of that after Hermes 0.19).
    """

    query: str
    terms: tuple[SearchTerm, ...]
    messages: int
    is_exact: bool
    problem: IndexProblem | None
    scanned: int | None
    leaves_out: tuple[Literal["pictures", "tools"], ...]
    matches: tuple[SessionMatch, ...]


@frozen
class FacetValue:
    """One choice of a filter; "" stands for "none known".

    Attributes:
        count: How many conversations the list would have with it.
    """

    value: str
    count: int


@frozen
class SessionFacets:
    """What the list can be narrowed to: of each filter at most 30 values, those with most conversations first.

    Attributes:
        archived: How many archived conversations there are besides (or, with `archived`, among them).
    """

    source: tuple[FacetValue, ...] = ()
    model: tuple[FacetValue, ...] = ()
    project: tuple[FacetValue, ...] = ()
    profile: tuple[FacetValue, ...] = ()
    archived: int = 0


@frozen
class SessionPage:
    """One page of the conversations that Hermes lists.

    Attributes:
        total: How many there are in all, over all pages.
        live: How many are live, of all that the list has without filters and search.
        number: Which page this is, from 0.
        search: What a search found.
    """

    rows: tuple[Session, ...]
    total: int
    live: int
    number: int
    facets: SessionFacets
    search: SessionSearch | None = None


@frozen
class ToolCall:
    """One entry of `messages.tool_calls`.

    Attributes:
        other_id: A second id that its result may refer to; "" if it has none.
    """

    id: str
    other_id: str
    name: str
    arguments: str
    truncated: bool


@frozen
class TranscriptMessage:
    """One row of `messages`, its texts cut to a size that is fit to be shown.

    Attributes:
        state: `active`; `compacted`: summarised away, still history; `rewound`: undone.
        failed: On a tool's result: True when Hermes marks it as that of a failed tool.
        effect: On a tool's result: `none`: blocked or skipped; `unknown`: interrupted, and may have done something.
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
    failed: bool | None
    effect: str | None
    state: Literal["active", "compacted", "rewound"]


@frozen
class RelatedSession:
    """A session that hangs on a conversation.

    Attributes:
        id: Opens its transcript.
        label: Its title, else how it begins.
    """

    id: str
    kind: Literal["parent", "branch", "subagent"]
    label: str
    started_at: datetime
    message_count: int


@frozen
class Transcript:
    """One page of a conversation's messages over its whole compression chain, newest first.

    Attributes:
        total: How many messages the conversation has.
        older: Pass it as `before` to get the next page; None on the last one.
        newer: Pass it as `after` to get the page before; None on the newest.
        marked: The message that was asked for, if the page has it.
        related: The conversation that it comes from, what branched off it and its subagents; at most 50.
        related_total: How many of these there are.
    """

    session: Session
    messages: tuple[TranscriptMessage, ...]
    total: int
    older: int | None
    newer: int | None
    marked: int | None
    related: tuple[RelatedSession, ...]
    related_total: int


@frozen
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


@frozen
class Spending:
    """Tokens and cost of the sessions that started in a span, subagents and auxiliary tasks included."""

    sessions: int
    tokens: Tokens
    cost: Cost


@frozen
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


@frozen
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
