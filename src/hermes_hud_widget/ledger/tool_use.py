"""What the calls of tools say together: how many, how long, how often in vain, and which follow one another."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from hermes_hud_widget.ledger.plain_calls import MISSING, NO_TIME, OK, CallChunk, at
from hermes_hud_widget.ledger.slabs import Words
from hermes_hud_widget.ledger.tool_calls import STATUSES
from hermes_hud_widget.ledger.values import moment

if TYPE_CHECKING:
    import numpy as np

    Numbers = np.ndarray[Any, np.dtype[np.int64]]
    Seconds = np.ndarray[Any, np.dtype[np.float64]]

QUARTER_S = 900
"""Zones differ by whole quarters of an hour."""
SLOTS = 7 * 24

_TOOL_BITS = 11
_MOST_TOOLS = 1 << _TOOL_BITS
"""Of so many tools sequences are told; calls of further ones are passed over."""
_TRIGRAM_BITS = 3 * _TOOL_BITS


class Latency(NamedTuple):
    """How long calls took until their result was there, in seconds."""

    min_s: float
    p50_s: float
    p95_s: float
    max_s: float


class ToolUse(NamedTuple):
    """The calls of one tool.

    Attributes:
        succeeded: Calls whose result is no failure by the rule that Hermes marks failed tools with.
        unanswered: Calls without a result: still running, or never answered.
        latency: Of those with a result; quantiles between two values are interpolated. None: there are none.
        last_at: When it was last called.
    """

    tool: str
    calls: int
    succeeded: int
    failed: int
    unanswered: int
    latency: Latency | None
    last_at: datetime | None


class Workflow(NamedTuple):
    """Three tools that were called one after the other.

    Attributes:
        times: How often; sequences may overlap.
        conversations: In how many conversations.
    """

    tools: tuple[str, str, str]
    times: int
    conversations: int


class CallEvent(NamedTuple):
    """One call of a tool that did not fail; `id` is its own."""

    at: datetime
    id: str
    session_id: str
    tool: str


class CallEvents:
    """The successful calls of a few tools, each chunk looked at once as long as it is there. Not thread-safe."""

    def __init__(self, tools: Sequence[str]) -> None:
        self._tools = tools
        self._found: dict[str, tuple[CallEvent, ...]] = {}

    def within(
        self, chunks: Sequence[CallChunk], since: datetime | None, until: datetime, limit: int | None
    ) -> tuple[tuple[CallEvent, ...], int]:
        """Those of a span among the calls in these chunks, ascending by time: the newest, and how many there are.

        Args:
            chunks: All calls.
            since: Only from then on; None: from the first one on.
            until: Only before it.
            limit: At most so many.
        """
        self._found = {
            chunk.key: known if (known := self._found.get(chunk.key)) is not None else self._pick(chunk)
            for chunk in chunks
        }
        newest: list[CallEvent] = []
        total = 0
        for events in self._found.values():
            first = 0 if since is None else bisect_left(events, since, key=_at)
            inside = events[first : bisect_left(events, until, key=_at)]
            total += len(inside)
            newest += inside if limit is None else inside[max(0, len(inside) - limit) :]
        return tuple(sorted(newest)[None if limit is None else max(0, len(newest) - limit) :]), total

    def _pick(self, chunk: CallChunk) -> tuple[CallEvent, ...]:
        import numpy as np

        rows = chunk.rows
        numbers = [number for tool in self._tools if (number := chunk.tools.find(tool)) is not None]
        is_one = np.isin(rows["tool"], numbers) & (rows["status"] == OK)
        is_one &= (rows["called_us"] != NO_TIME) & (rows["session_id"] != MISSING)
        return tuple(
            sorted(
                CallEvent(at(called_us), f"{message_id}-{place}", chunk.sessions[session], chunk.tools[tool])
                for message_id, place, session, tool, called_us, *_ in rows[is_one].tolist()
            )
        )


def _at(event: CallEvent) -> datetime:
    return event.at


class _Part:
    """What some calls say; may be added to what earlier ones say."""

    def __init__(self) -> None:
        import numpy as np

        none = np.zeros(0, np.int64)
        self.counts = np.zeros((0, len(STATUSES)), np.int64)
        self.last_us = none
        self.latency: dict[int, Seconds] = {}
        self.slots = np.zeros(SLOTS, np.int64)
        self.trigrams, self.trigram_counts = none, none
        self.pairs = none
        """Conversation and trigram in one number; each once, ascending."""
        self.tails: dict[int, tuple[int, int]] = {}
        """The last two tools of each conversation, as numbers from 1 on; 0: there was none."""

    def after(self, earlier: _Part) -> _Part:
        """All that the two say. `earlier` gives up its `tails`."""
        import numpy as np

        found = _Part()
        tools = max(len(earlier.counts), len(self.counts))
        found.counts = _grown(earlier.counts, tools) + _grown(self.counts, tools)
        found.last_us = np.maximum(_grown(earlier.last_us, tools), _grown(self.last_us, tools))
        found.slots = earlier.slots + self.slots
        found.latency = dict(earlier.latency)
        for tool, seconds in self.latency.items():
            known = found.latency.get(tool)
            found.latency[tool] = (
                seconds if known is None else np.sort(np.concatenate([known, seconds]), kind="stable")
            )
        found.trigrams, found.trigram_counts = _summed(
            np.concatenate([earlier.trigrams, self.trigrams]),
            np.concatenate([earlier.trigram_counts, self.trigram_counts]),
        )
        found.pairs = np.union1d(earlier.pairs, self.pairs)
        found.tails = earlier.tails
        found.tails.update(self.tails)
        return found


class ToolUses:
    """The calls of some sessions, each chunk looked at once as long as it is there. Not thread-safe.

    Args:
        slot: The hour of the week of a quarter of an hour since 1970.
    """

    def __init__(self, slot: Callable[[int], int]) -> None:
        self._slot = slot
        self._keys: list[str] = []
        self._settled = _Part()
        self._last_key: str | None = None
        self._last = _Part()
        self._names = Words()

    def take(self, chunks: Sequence[CallChunk], roots: Sequence[int]) -> None:
        """Takes in what is new among the chunks of all calls, in their sequence.

        Args:
            chunks: All there are.
            roots: The number of the conversation of each session among their words; -1: its calls do not count.
                What was said of a session before still holds.
        """
        import numpy as np

        # One more: a call without a session takes the last one.
        numbers = np.array([*roots, -1], np.int64)
        keys = [chunk.key for chunk in chunks]
        if keys[: len(self._keys)] != self._keys:
            self._keys, self._settled = [], _Part()
        # The last one is the one that grows.
        for chunk in chunks[len(self._keys) : -1]:
            self._settled = self._fold(chunk, numbers).after(self._settled)
            self._keys.append(chunk.key)
            self._last_key = None
        if not chunks:
            self._last = _Part()
        elif keys[-1] != self._last_key:
            self._last = self._fold(chunks[-1], numbers)
            self._names = chunks[-1].tools
        self._last_key = keys[-1] if keys else None

    @property
    def slots(self) -> list[int]:
        """Calls by the hour of the week."""
        return [int(calls) for calls in self._settled.slots + self._last.slots]

    def tools(self) -> list[ToolUse]:
        """All tools, those called most first."""
        import numpy as np

        tools = max(len(self._settled.counts), len(self._last.counts))
        counts = _grown(self._settled.counts, tools) + _grown(self._last.counts, tools)
        last_us = np.maximum(_grown(self._settled.last_us, tools), _grown(self._last.last_us, tools))
        found = []
        for number in np.nonzero(counts.sum(axis=1))[0].tolist():
            succeeded, failed, unanswered = map(int, counts[number])
            at = int(last_us[number])
            found.append(
                ToolUse(
                    self._name(number + 1),
                    succeeded + failed + unanswered,
                    succeeded,
                    failed,
                    unanswered,
                    _latency(self._settled.latency.get(number), self._last.latency.get(number)),
                    moment(at / 1e6) if at else None,
                )
            )
        return sorted(found, key=lambda one: (-one.calls, one.tool))

    def workflows(self, limit: int, *, are_mixed: bool = False) -> list[Workflow]:
        """Sequences of three calls in one conversation, the most frequent first.

        Args:
            limit: At most so many.
            are_mixed: Only those of at least two tools.
        """
        import numpy as np

        codes, counts = _summed(
            np.concatenate([self._settled.trigrams, self._last.trigrams]),
            np.concatenate([self._settled.trigram_counts, self._last.trigram_counts]),
        )
        if are_mixed:
            one, other, last = _taken_apart(codes)
            is_mixed = (one != other) | (other != last)
            codes, counts = codes[is_mixed], counts[is_mixed]
        if len(counts) > limit:
            # With all that are as frequent as the last one: names decide among them.
            is_frequent = counts >= np.partition(counts, -limit)[-limit] if limit else counts < 0
            codes, counts = codes[is_frequent], counts[is_frequent]
        named = [
            (-count, tuple(self._name(int(one)) for one in _taken_apart(code)), code)
            for code, count in zip(codes.tolist(), counts.tolist(), strict=True)
        ]
        new = self._last.pairs[~_is_in(self._last.pairs, self._settled.pairs)]
        found = []
        for count, (first, second, third), code in sorted(named)[:limit]:
            conversations = sum(
                int(np.count_nonzero(pairs & ((1 << _TRIGRAM_BITS) - 1) == code))
                for pairs in (self._settled.pairs, new)
            )
            found.append(Workflow((first, second, third), -count, conversations))
        return found

    def _name(self, number: int) -> str:
        return self._names[number - 1]

    def _fold(self, chunk: CallChunk, roots_of: Numbers) -> _Part:
        import numpy as np

        part = _Part()
        roots = roots_of[chunk.rows["session_id"]]
        counts = (roots >= 0) & (chunk.rows["tool"] != MISSING)
        roots, rows = roots[counts], chunk.rows[counts]
        tools = rows["tool"].astype(np.int64) + 1
        called_us = np.where(rows["called_us"] == NO_TIME, 0, rows["called_us"])

        size = int(tools.max()) if len(tools) else 0
        part.counts = np.bincount(
            (tools - 1) * len(STATUSES) + rows["status"], minlength=size * len(STATUSES)
        ).reshape(size, len(STATUSES))
        part.last_us = np.zeros(size, np.int64)
        np.maximum.at(part.last_us, tools - 1, called_us)
        part.latency = _by_tool(tools - 1, rows["duration_s"])
        has_time = called_us != 0
        part.slots = self._hours(called_us[has_time] // (QUARTER_S * 1_000_000))
        _follow(part, self._settled.tails, roots, tools)
        return part

    def _hours(self, quarters: Numbers) -> Numbers:
        import numpy as np

        values, counts = np.unique(quarters, return_counts=True)
        slots = np.array([self._slot(int(value)) for value in values], np.int64)
        return np.bincount(slots, counts, minlength=SLOTS).astype(np.int64)


def _follow(part: _Part, tails: dict[int, tuple[int, int]], roots: Numbers, tools: Numbers) -> None:
    """Which three tools follow one another in each conversation, with the last two from before."""
    import numpy as np

    is_told = tools < _MOST_TOOLS
    roots, tools = roots[is_told], tools[is_told]
    those = np.unique(roots)
    before = np.array([tails.get(root, (0, 0)) for root in those.tolist()], np.int64).reshape(-1, 2)
    roots = np.concatenate([those, those, roots])
    tools = np.concatenate([before[:, 0], before[:, 1], tools])
    order = np.argsort(roots, kind="stable")
    roots, tools = roots[order], tools[order]
    first, second, third = tools[:-2], tools[1:-1], tools[2:]
    is_one = (roots[:-2] == roots[2:]) & (first > 0) & (second > 0)
    codes = (first << 2 * _TOOL_BITS | second << _TOOL_BITS | third)[is_one]
    part.trigrams, part.trigram_counts = np.unique(codes, return_counts=True)
    part.pairs = np.unique(roots[2:][is_one] << _TRIGRAM_BITS | codes)
    # Each conversation has three entries at least: its tail from before, and a call.
    ends = np.nonzero(np.diff(roots, append=-1))[0].tolist()
    part.tails = {int(roots[end]): (int(tools[end - 1]), int(tools[end])) for end in ends}


def _by_tool(tools: Numbers, seconds: Seconds) -> dict[int, Seconds]:
    """The durations of each tool's calls that have one, ascending."""
    import numpy as np

    is_known = ~np.isnan(seconds)
    tools, seconds = tools[is_known], seconds[is_known]
    order = np.lexsort((seconds, tools))
    tools, seconds = tools[order], seconds[order]
    starts = np.nonzero(np.diff(tools, prepend=-1))[0]
    return {int(tools[start]): own for start, own in zip(starts, np.split(seconds, starts[1:]), strict=False)}


def _latency(one: Seconds | None, other: Seconds | None) -> Latency | None:
    """Quantiles of two ascending sequences together, interpolated as pandas does."""
    import numpy as np

    parts = [part for part in (one, other) if part is not None and len(part)]
    if not parts:
        return None
    long, short = sorted([*parts, parts[0][:0]], key=len, reverse=True)[:2]
    count = len(long) + len(short)
    # Where the values of the short one stand in the whole.
    places = np.searchsorted(long, short, side="right") + np.arange(len(short))

    def at(place: int) -> float:
        before = int(np.searchsorted(places, place))
        is_short = before < len(places) and places[before] == place
        return float(short[before] if is_short else long[place - before])

    def quantile(share: float) -> float:
        position = (count - 1) * share
        low = int(position)
        below, above = at(low), at(min(low + 1, count - 1))
        return below + (above - below) * (position - low)

    return Latency(at(0), quantile(0.5), quantile(0.95), at(count - 1))


def _grown(array: Any, size: int) -> Any:
    """With zeros for tools that were not known yet."""
    import numpy as np

    missing = size - len(array)
    return np.concatenate([array, np.zeros((missing, *array.shape[1:]), np.int64)]) if missing else array


def _summed(codes: Numbers, counts: Numbers) -> tuple[Numbers, Numbers]:
    """Each code once, ascending, with the sum of its counts."""
    import numpy as np

    found, places = np.unique(codes, return_inverse=True)
    return found, np.bincount(places, counts, minlength=len(found)).astype(np.int64)


def _is_in(values: Numbers, among: Numbers) -> Any:
    """For each value whether it is among others, which ascend."""
    import numpy as np

    if not len(among):
        return np.zeros(len(values), np.bool_)
    places = np.minimum(np.searchsorted(among, values), len(among) - 1)
    return among[places] == values


def _taken_apart(codes: Any) -> tuple[Any, Any, Any]:
    mask = _MOST_TOOLS - 1
    return codes >> 2 * _TOOL_BITS, codes >> _TOOL_BITS & mask, codes & mask
