"""Which rows of `sessions` make one conversation: Hermes' lineage rules as functions over rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

Kind = Literal["conversation", "branch", "continuation", "subagent", "ephemeral"]

_MAX_CHAIN = 100
"""Hermes follows a chain no further (`get_compression_tip`)."""


class SessionRow(NamedTuple):
    """One row of `sessions`, without its prompt. Times are epoch seconds, costs US dollars.

    A tuple, because there may be tens of thousands, made anew and compared at each change.

    Attributes:
        branched_from: Marker in `model_config`: made by /branch.
        delegate_from: Marker in `model_config`: made by delegating a task.
        reset_from: Marker in `model_config` (newer Hermes): made by /reset.
        rewind_count: None where this Hermes does not count.
        hidden: True when the user hid it (newer Hermes).
        billing_provider: Where its first call went to; `billing_mode` is that call's, too.
    """

    id: str
    source: str
    model: str | None
    parent_id: str | None
    branched_from: str | None
    delegate_from: str | None
    reset_from: str | None
    started_at: float
    ended_at: float | None
    end_reason: str | None
    title: str | None
    message_count: int
    tool_call_count: int
    api_call_count: int
    rewind_count: int | None
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    reasoning_tokens: int
    estimated_cost_usd: float | None
    actual_cost_usd: float | None
    cost_status: str | None
    cost_source: str | None
    cwd: str | None
    git_branch: str | None
    git_repo_root: str | None
    profile_name: str | None
    archived: bool
    hidden: bool
    billing_provider: str | None = None
    billing_mode: str | None = None


class Lineage:
    """The rules over rows that come and go (hermes_state.py 0.19: `_LISTABLE_CHILD_SQL`, `get_compression_tip`).

    Whatever they say of a row depends on its family alone.

    Args:
        rows: Rows of `sessions` to begin with.
        last: Timestamp of each session's last message, in epoch seconds; sessions without any are missing. Whoever
            gave it may go on changing it.
    """

    def __init__(self, rows: Iterable[SessionRow], last: Mapping[str, float]) -> None:
        self.rows: dict[str, SessionRow] = {}
        self._last = last
        self._below: defaultdict[str, set[str]] = defaultdict(set)
        for row in rows:
            self.put(row)

    def put(self, row: SessionRow) -> None:
        """Adds a row, in the place of an older one of that id."""
        self.drop(row.id)
        self.rows[row.id] = row
        above = _above(row)
        if above is not None:
            self._below[above].add(row.id)

    def drop(self, session_id: str) -> None:
        """Removes a row, if it is there."""
        row = self.rows.pop(session_id, None)
        above = None if row is None else _above(row)
        if above is not None:
            self._below[above].discard(session_id)
            if not self._below[above]:
                del self._below[above]

    def family(self, session_id: str) -> set[str]:
        """The ids of all rows that hang together with this one, however far up and down; with its own."""
        top, seen = session_id, {session_id}
        while top in self.rows:
            above = _above(self.rows[top])
            if above is None or above in seen:
                break
            seen.add(above)
            top = above
        members, waiting = {top, session_id}, [top, session_id]
        while waiting:
            for below in self._below.get(waiting.pop(), ()):
                if below not in members:
                    members.add(below)
                    waiting.append(below)
        return members & self.rows.keys()

    def below(self, session_id: str) -> list[SessionRow]:
        """The rows that hang directly on this one."""
        return [self.rows[one] for one in self._below.get(session_id, ())]

    def is_branch(self, row: SessionRow) -> bool:
        """True for a conversation that branched off another one."""
        if row.branched_from is not None:
            return True
        parent = self.rows.get(row.parent_id or "")
        return (
            parent is not None
            and parent.end_reason == "branched"
            and parent.ended_at is not None
            and row.started_at >= parent.ended_at
        )

    def is_continuation(self, row: SessionRow) -> bool:
        """True for a child that goes on where its parent was compressed."""
        parent = self.rows.get(row.parent_id or "")
        return (
            parent is not None
            and parent.end_reason == "compression"
            and row.branched_from is None
            and row.delegate_from is None
            and row.source != "tool"
        )

    def is_root(self, row: SessionRow) -> bool:
        """True for what Hermes lists as a conversation of its own, archived or not."""
        is_top = row.parent_id is None or row.reset_from is not None or self.is_branch(row)
        return is_top and row.delegate_from is None and not row.hidden

    def is_listed(self, row: SessionRow) -> bool:
        """True for what Hermes lists by default."""
        return self.is_root(row) and not row.archived

    def kind(self, row: SessionRow) -> Kind:
        """What a row is; untagged children that are none of the others are `ephemeral`."""
        if row.delegate_from is not None:
            return "subagent"
        if self.is_branch(row):
            return "branch"
        if row.parent_id is None or row.reset_from is not None:
            return "conversation"
        if self.is_continuation(row):
            return "continuation"
        return "subagent" if row.source in ("subagent", "tool") else "ephemeral"

    def chain(self, row: SessionRow) -> tuple[SessionRow, ...]:
        """All pieces of the compression chain through this row, from first to last.

        Of several continuations the one that was compressed itself goes before one that is still open,
        that before others, then the one with the latest message.
        """
        pieces = self._up_to(row)
        seen = {piece.id for piece in pieces}
        for _ in range(_MAX_CHAIN):
            candidates = self._continuations(pieces[-1])
            if not candidates:
                break
            following = max(candidates, key=self._precedence)
            if following.id in seen:
                break
            seen.add(following.id)
            pieces.append(following)
        return tuple(pieces)

    def root_id(self, row: SessionRow) -> str:
        """The id of the first piece of the compression chain that this row belongs to."""
        return self._up_to(row)[0].id

    def last_active(self, row: SessionRow) -> float:
        """A row's last message's timestamp, else its start; epoch seconds."""
        return self._last.get(row.id, row.started_at)

    def latest_activity(self, root: SessionRow) -> float:
        """The latest activity in any continuation of a conversation, stale ones included; epoch seconds.

        This is what Hermes orders its list by.
        """
        latest = self.last_active(root)
        seen, waiting = {root.id}, [root]
        while waiting:
            row = waiting.pop()
            for child in self._continuations(row):
                if child.id not in seen:
                    seen.add(child.id)
                    waiting.append(child)
                    latest = max(latest, self.last_active(child))
        return latest

    def conversation_above(self, row: SessionRow) -> str:
        """The id of the conversation's first piece that a row belongs to or hangs below, at any depth."""
        seen = {row.id}
        while not self.is_root(row):
            above = self.rows.get(_above(row) or "")
            if above is None or above.id in seen:
                break
            seen.add(above.id)
            row = above
        return row.id

    def _continuations(self, row: SessionRow) -> list[SessionRow]:
        if row.end_reason != "compression":
            return []
        below = (self.rows[session_id] for session_id in self._below.get(row.id, ()))
        return [child for child in below if self.is_continuation(child)]

    def _up_to(self, row: SessionRow) -> list[SessionRow]:
        """The pieces of a compression chain from the first to this one."""
        pieces = [row]
        while self.is_continuation(pieces[0]) and len(pieces) < _MAX_CHAIN:
            parent = self.rows[pieces[0].parent_id or ""]
            if parent in pieces:
                break
            pieces.insert(0, parent)
        return pieces

    def _precedence(self, row: SessionRow) -> tuple[int, float, float, str]:
        rank = 2 if row.end_reason == "compression" else 1 if row.ended_at is None else 0
        return (rank, self.last_active(row), row.started_at, row.id)


def _above(row: SessionRow) -> str | None:
    """The row that it hangs below."""
    return row.parent_id or row.delegate_from or None
