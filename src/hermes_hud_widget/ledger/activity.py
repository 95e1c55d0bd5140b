"""What a session does now, as a function of its last messages, the time and the processes that write."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.ledger.rows import Activity, RunningCall
from hermes_hud_widget.ledger.writers import Writers

LIVE_S = 300
"""Hermes' own rule: not ended and a message within so many seconds is active."""
RECENT_S = 24 * 3600
"""After so many seconds without a message a session that was never closed is just `open`."""
_START_TOLERANCE = timedelta(seconds=2)
"""A process's start is known in clock ticks since boot, and the boot not better than this."""


@frozen
class Message:
    """The outline of one message.

    Attributes:
        calls: (id, second id, tool) of each tool call.
        answers: The id of the call that this is the result of.
        is_overheard: True for a group message that nobody expects an answer to.
    """

    role: str
    timestamp: datetime
    calls: tuple[tuple[str, str, str], ...] = ()
    answers: str | None = None
    is_overheard: bool = False


@frozen
class Doing:
    """What a session does.

    Attributes:
        since: When it began to.
        running: The tool calls without a result.
        valid_until: When that changes by time alone; None: only by a message or a process.
    """

    activity: Activity
    since: datetime | None
    running: tuple[RunningCall, ...] = ()
    valid_until: datetime | None = None


def activity(
    tail: Sequence[Message],
    last_active: datetime,
    ended_at: datetime | None,
    now: datetime,
    writers: Writers | None,
) -> Doing:
    """What a session does now.

    Args:
        tail: Its last active messages, oldest first, at least from its last tool calls on.
        last_active: Timestamp of its last message, else its start.
        ended_at: When it was closed.
        now: The present.
        writers: The processes that have the database open for writing; None: not known, then Hermes' own
            rule decides alone.
    """
    if ended_at is not None:
        return Doing("ended", ended_at)
    quiet = Doing("open", last_active)
    forgotten_at, quiet_at = _later(last_active, RECENT_S), _later(last_active, LIVE_S)
    if _has_come(forgotten_at, now):
        return quiet
    tail = [
        message
        for message in tail
        if message.role in ("user", "assistant", "tool") and not message.is_overheard
    ]
    running = dangling_calls(tail)
    if not running and (not tail or tail[-1].role == "assistant"):
        since = tail[-1].timestamp if tail else last_active
        return quiet if _has_come(quiet_at, now) else Doing("idle", since, valid_until=quiet_at)
    if writers is not None and not _has_its_writer(writers, last_active):
        return Doing("crashed", last_active, running, forgotten_at)
    if not running:
        if _has_come(quiet_at, now):
            return quiet
        return Doing("thinking", tail[-1].timestamp, valid_until=quiet_at)
    if writers is None and _has_come(quiet_at, now):
        return quiet
    what: Activity = "asking" if any(call.tool == "clarify" for call in running) else "running"
    return Doing(what, running[0].since, running, forgotten_at if writers is not None else quiet_at)


def dangling_calls(tail: Sequence[Message]) -> tuple[RunningCall, ...]:
    """The calls of the last message with tool calls that have no result yet."""
    for index in range(len(tail) - 1, -1, -1):
        message = tail[index]
        if message.role == "user":
            break
        if message.calls:
            answered = {later.answers for later in tail[index + 1 :]}
            return tuple(
                RunningCall(one or other, tool, message.timestamp)
                for one, other, tool in message.calls
                if one not in answered and other not in answered
            )
        if message.role == "assistant":
            break
    return ()


def _later(at: datetime, seconds: float) -> datetime | None:
    """So much later; None beyond the calendar's end, where a time in milliseconds leads."""
    try:
        return at + timedelta(seconds=seconds)
    except OverflowError:
        return None


def _has_come(at: datetime | None, now: datetime) -> bool:
    return at is not None and now >= at


def _has_its_writer(writers: Writers, last_active: datetime) -> bool:
    return any(process.started_at - _START_TOLERANCE <= last_active for process in writers.processes)
