"""Sums of tokens and money, as Hermes stored them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from hermes_hud_widget.ledger.rows import Cost, CostStatus, Figure, Tokens

FIGURES: tuple[Figure, ...] = ("actual", "estimated", "included", "unknown")
"""The surest first."""


class Usage(NamedTuple):
    """What one session spent, or one part of it. `*_usd` are US dollars, the counts tokens.

    Attributes:
        status: `cost_status`, as Hermes stored it.
        task: Empty for the agent's own loop, else the auxiliary task.
        is_attributed: False for what only the session's own counters hold (`residual`).
        first_seen: Of its first call, in epoch seconds, as is `last_seen`.
    """

    session_id: str
    input: int
    output: int
    cache_read: int
    cache_write: int
    reasoning: int
    api_calls: int
    estimated_usd: float | None
    actual_usd: float | None
    status: str | None
    model: str | None = None
    provider: str | None = None
    billing_mode: str | None = None
    task: str = ""
    is_attributed: bool = True
    first_seen: float | None = None
    last_seen: float | None = None

    def is_nothing(self) -> bool:
        """True when nothing was used, so that its price says nothing."""
        return not (self.input or self.output or self.cache_read or self.cache_write or self.api_calls)


class Price(NamedTuple):
    """What Hermes knows of a part's price.

    Attributes:
        usd: US dollars; None when nothing is known, or nothing was used.
        figure: What kind of figure that is.
        status: What kind of figure its tokens belong to: `unknown` when the dollars are not for all of them.
    """

    usd: float | None
    figure: Figure | None
    status: Figure | None

    @property
    def kind(self) -> CostStatus | None:
        """Both in one word."""
        return self.status if self.figure == self.status else "mixed"


def price(part: Usage) -> Price:
    """What a part cost, never priced again here."""
    if part.actual_usd:
        return Price(part.actual_usd, "actual", "actual")
    estimated = part.estimated_usd
    if part.is_nothing() and not estimated:
        return Price(None, None, None)
    match part.status:
        case "actual":
            return Price(estimated or 0.0, "actual", "actual")
        case "estimated" if estimated is not None:
            return Price(estimated, "estimated", "estimated")
        # The status is that of the last call: dollars beside it are an estimate for earlier ones.
        case "included":
            return Price(estimated, "estimated", "included") if estimated else _INCLUDED
        case "unknown":
            return Price(estimated, "estimated", "unknown") if estimated else _UNKNOWN
    # Zero without a status means "not known", not "for nothing".
    return Price(estimated, "estimated", "estimated") if estimated else _UNKNOWN


_INCLUDED = Price(0.0, "included", "included")
_UNKNOWN = Price(None, "unknown", "unknown")


class Amount:
    """What a sum holds of one kind of figure.

    Attributes:
        usd: US dollars.
        sessions: How many sessions have some of it.
        api_calls: Calls to a model.
        counts: Tokens, in the order of `Tokens`.
    """

    __slots__ = ("api_calls", "counts", "sessions", "usd")

    def __init__(self) -> None:
        self.usd = 0.0
        self.sessions = 0
        self.api_calls = 0
        self.counts = [0, 0, 0, 0, 0]

    @property
    def tokens(self) -> Tokens:
        """The tokens by kind."""
        return Tokens(*self.counts)


class Sum:
    """What sessions spent, each kind of figure for itself.

    Attributes:
        sessions: How many sessions are in it.
        used: How many of them used a model.
        amounts: By kind of figure; None for what cost nothing because nothing was used.
    """

    __slots__ = ("amounts", "sessions", "used")

    def __init__(self) -> None:
        self.sessions = 0
        self.used = 0
        self.amounts: dict[Figure | None, Amount] = {}

    def add_session(self, parts: Iterable[Usage]) -> None:
        """Adds one session, or those of its parts that belong here."""
        touched: set[Figure | None] = set()
        for part in parts:
            usd, figure, status = price(part)
            amount = self._amount(status)
            amount.api_calls += part.api_calls
            counts = amount.counts
            counts[0] += part.input
            counts[1] += part.output
            counts[2] += part.cache_read
            counts[3] += part.cache_write
            counts[4] += part.reasoning
            touched.add(status)
            if usd is not None:
                self._amount(figure).usd += usd
                touched.add(figure)
        for status in touched:
            self.amounts[status].sessions += 1
        self.sessions += 1
        self.used += bool(touched - {None})

    def add(self, other: Sum) -> None:
        """Adds a sum over other sessions."""
        self.sessions += other.sessions
        self.used += other.used
        for status, more in other.amounts.items():
            amount = self._amount(status)
            amount.usd += more.usd
            amount.sessions += more.sessions
            amount.api_calls += more.api_calls
            amount.counts = [one + another for one, another in zip(amount.counts, more.counts, strict=True)]

    def tokens(self) -> Tokens:
        """All its tokens."""
        counts = [amount.counts for amount in self.amounts.values()]
        return Tokens(*(sum(kind) for kind in zip(*counts, strict=True)))

    def cost(self) -> Cost:
        """What is known of its cost, and how many sessions hold something whose price is not."""
        present = [figure for figure in FIGURES if figure in self.amounts]
        dollars = [figure for figure in present if figure in ("actual", "estimated")]
        unknown = self.amounts.get("unknown")
        # What a subscription includes costs nothing; beside something unknown that is no sum to show.
        is_known = bool(dollars) or present == ["included"]
        return Cost(
            usd=sum(self.amounts[figure].usd for figure in dollars) if is_known else None,
            status=None if not present else "mixed" if len(present) > 1 else present[0],
            unknown_sessions=unknown.sessions if unknown else 0,
        )

    def api_calls(self) -> int:
        """All its calls to a model."""
        return sum(amount.api_calls for amount in self.amounts.values())

    def _amount(self, status: Figure | None) -> Amount:
        amount = self.amounts.get(status)
        if amount is None:
            amount = self.amounts[status] = Amount()
        return amount


def total(parts: Iterable[Usage]) -> Sum:
    """The sum of what any number of sessions spent."""
    sessions: dict[str, list[Usage]] = {}
    for part in parts:
        sessions.setdefault(part.session_id, []).append(part)
    found = Sum()
    for own in sessions.values():
        found.add_session(own)
    return found


def cost(parts: Iterable[Usage]) -> Cost:
    """The sum of their costs."""
    return total(parts).cost()


def residual(whole: Usage, parts: Iterable[Usage]) -> Usage:
    """What a session's own counters hold beyond its attributed parts (`hermes insights`), never negative."""
    parts = list(parts)

    def rest(field: str) -> float:
        counted = sum(getattr(part, field) or 0 for part in parts)
        return max(0, (getattr(whole, field) or 0) - counted)

    return whole._replace(
        input=int(rest("input")),
        output=int(rest("output")),
        cache_read=int(rest("cache_read")),
        cache_write=int(rest("cache_write")),
        reasoning=int(rest("reasoning")),
        api_calls=int(rest("api_calls")),
        estimated_usd=_significant(rest("estimated_usd")),
        actual_usd=_significant(rest("actual_usd")),
    )


def _significant(usd: float) -> float | None:
    """Differences of sums of floats leave dust behind."""
    return usd if usd > 1e-9 else None
