"""What was read of all sessions, and what follows from it, kept true change by change. Reads nothing itself."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple, get_args

from hermes_hud_widget.ledger import money
from hermes_hud_widget.ledger.lineage import Kind, Lineage, SessionRow
from hermes_hud_widget.ledger.money import Sum, Usage
from hermes_hud_widget.ledger.order import Order
from hermes_hud_widget.ledger.records import NO_MODEL, Record

Sort = Literal[
    "last_active", "started_at", "title", "source", "model", "messages", "tool_calls", "tokens", "cost"
]
"""What a list of conversations may be sorted by."""

MOST_ORDERS = 6
"""So many ways of sorting and filtering are kept in order at once."""


class Conversation(NamedTuple):
    """One conversation that Hermes lists, archived or not. Immutable: what has changed is another one.

    Attributes:
        root: The first piece of its compression chain.
        chain: All pieces, from the first to the tip.
        last: When the tip was last active, in epoch seconds.
        latest: The same of any continuation, stale ones included: Hermes' order goes by it.
        subagents: How many delegated sessions hang below any piece, at any depth.
        kind: What the first piece is.
    """

    root: SessionRow
    chain: tuple[SessionRow, ...]
    last: float
    latest: float
    subagents: int
    kind: Kind

    @property
    def tip(self) -> SessionRow:
        """The last piece."""
        return self.chain[-1]

    def spent(self) -> Sum:
        """What all pieces' own counters hold."""
        return money.total(whole(piece) for piece in self.chain)


def whole(row: SessionRow) -> Usage:
    """A session's own counters."""
    return Usage(
        row.id,
        row.input_tokens,
        row.output_tokens,
        row.cache_read_tokens,
        row.cache_write_tokens,
        row.reasoning_tokens,
        row.api_call_count,
        row.estimated_cost_usd,
        row.actual_cost_usd,
        row.cost_status,
        model=row.model or NO_MODEL,
        provider=row.billing_provider or None,
        billing_mode=row.billing_mode or None,
        is_attributed=False,
    )


_VALUES: Mapping[Sort, Callable[[Conversation], Any]] = {
    "last_active": lambda one: one.last,
    "started_at": lambda one: one.root.started_at,
    "title": lambda one: (one.tip.title or "").casefold() or None,
    "source": lambda one: one.root.source,
    "model": lambda one: one.tip.model,
    "messages": lambda one: one.tip.message_count,
    "tool_calls": lambda one: one.tip.tool_call_count,
    "tokens": lambda one: one.spent().tokens().total,
    "cost": lambda one: one.spent().cost().usd,
}


class Filters(NamedTuple):
    """What a list of conversations is narrowed to; None: not by that. "" stands for "none known"."""

    archived: bool = False
    source: str | None = None
    model: str | None = None
    project: str | None = None
    profile: str | None = None


NO_FILTERS = Filters()
Facet = Literal["source", "model", "project", "profile"]


class Traits(NamedTuple):
    """What a conversation can be chosen by; "" where it is not known.

    Attributes:
        project: The repository, else the working directory.
    """

    source: str
    model: str
    project: str
    profile: str
    archived: bool

    def passes(self, filters: Filters, besides: str | None = None) -> bool:
        """True when it is not filtered out.

        Args:
            filters: By these.
            besides: But for this one.
        """
        return (filters.archived or not self.archived or besides == "archived") and all(
            chosen is None or facet == besides or chosen == getattr(self, facet)
            for facet, chosen in (
                ("source", filters.source),
                ("model", filters.model),
                ("project", filters.project),
                ("profile", filters.profile),
            )
        )


def _traits(one: Conversation) -> Traits:
    root, tip = one.root, one.tip
    return Traits(
        root.source,
        tip.model or "",
        tip.git_repo_root or tip.cwd or "",
        tip.profile_name or "",
        root.archived,
    )


class Kept:
    """All sessions. Not thread-safe; what it hands out is never changed, only replaced.

    Attributes:
        records: By the session's id.
        lineage: The rules over their rows.
        conversations: By the first piece's id.
        traits: What each of these can be chosen by.
        listed: How many conversations are not archived.
        messages: Sum of `sessions.message_count`.
        tool_calls: Sum of `sessions.tool_call_count`.
    """

    def __init__(self) -> None:
        self.records: dict[str, Record] = {}
        self.conversations: dict[str, Conversation] = {}
        self.traits: dict[str, Traits] = {}
        self.listed = 0
        self.messages = 0
        self.tool_calls = 0
        self._last: dict[str, float] = {}
        self.lineage = Lineage((), self._last)
        self._started: list[tuple[float, str]] = []
        self._recent = Order(descending=True)
        self._orders: dict[tuple[Sort, bool, Filters], Order] = {}
        self._with_traits: Counter[Traits] = Counter()
        self._followers: list[set[str]] = []

    def put(self, records: Iterable[Record], gone: Collection[str] = ()) -> frozenset[str]:
        """Takes in what was read, and drops sessions that are gone.

        Costs what the families of those cost that have changed. Returns the ids of these.
        """
        changed = {
            record.row.id: record for record in records if self.records.get(record.row.id) is not record
        }
        dropped = [session_id for session_id in gone if session_id in self.records]
        touched = frozenset(changed.keys() | set(dropped))
        if not touched:
            return touched
        members: set[str] = set()
        self._gather(members, touched)
        for session_id in dropped:
            self._drop(session_id)
        for record in changed.values():
            self._put(record)
        # What is there now may hang on other families than what was there before.
        now: set[str] = set()
        self._gather(now, touched)
        members |= now
        self._derive(members)
        for follower in self._followers:
            follower |= members
        return touched

    def follow(self) -> set[str]:
        """A set of all ids; those of families in which something changes are added from now on.

        Whoever asked for it empties it.
        """
        follower = set(self.records)
        self._followers.append(follower)
        return follower

    def unfollow(self, follower: set[str]) -> None:
        """Adds nothing to a set any more."""
        self._followers = [one for one in self._followers if one is not follower]

    @property
    def last(self) -> Mapping[str, float]:
        """Timestamp of each session's last message, in epoch seconds; sessions without any are missing."""
        return self._last

    def started_since(self, seconds: float) -> list[str]:
        """The sessions that started at or after an instant, in epoch seconds, the one started first first."""
        return [session_id for _, session_id in self._started[bisect_left(self._started, (seconds, "")) :]]

    def active_since(self, seconds: float) -> Iterator[Conversation]:
        """The conversations, archived ones too, with any activity after that instant, the latest first."""
        for root_id in self._recent:
            conversation = self.conversations[root_id]
            if conversation.latest <= seconds:
                return
            yield conversation

    def latest(self, include_archived: bool = False) -> Iterator[Conversation]:
        """All conversations in Hermes' order: latest activity first."""
        for root_id in self._recent:
            conversation = self.conversations[root_id]
            if include_archived or not conversation.root.archived:
                yield conversation

    def page(
        self,
        sort: Sort,
        descending: bool,
        filters: Filters,
        number: int,
        size: int,
        among: Collection[str] | None = None,
    ) -> tuple[list[Conversation], int, int]:
        """One page of the list, the number of the page, and how many conversations the list has.

        Those without a value come last in either direction, equal ones with the latest activity first. A page
        that is not (or no longer) there is the last one.

        Args:
            sort: What the list is sorted by.
            descending: The highest value first.
            filters: Which conversations it has.
            number: The page, from 0.
            size: Conversations a page.
            among: Only these, by their first pieces' ids.
        """
        order = self._order(sort, descending, filters)
        found = None if among is None else [root_id for root_id in order if root_id in among]
        total = len(order) if found is None else len(found)
        number = min(number, max(0, (total - 1) // size))
        first = number * size
        page = order.page(first, size) if found is None else found[first : first + size]
        return [self.conversations[one] for one in page], number, total

    def among(self, root_ids: Iterable[str], filters: Filters) -> list[str]:
        """Those of these conversations that are there and pass the filters."""
        # There are few different traits, however many conversations there are.
        passing = {traits for traits in self._with_traits if traits.passes(filters)}
        return [root_id for root_id in root_ids if self.traits.get(root_id) in passing]

    def counts(
        self, filters: Filters, numbers: Mapping[Traits, int] | None = None
    ) -> tuple[Mapping[Facet, Mapping[str, int]], int]:
        """How many conversations there are of each source, model, project and profile, and how many archived ones.

        Each is counted over what the other filters leave, so that a viewer sees what another choice would give.

        Args:
            filters: What the list is narrowed to.
            numbers: How many conversations with which traits there are; None: all.
        """
        numbers = self._with_traits if numbers is None else numbers
        facets: dict[Facet, Counter[str]] = {}
        names: tuple[Facet, ...] = get_args(Facet)
        for facet in names:
            facets[facet] = Counter()
            for traits, number in numbers.items():
                if traits.passes(filters, facet):
                    facets[facet][getattr(traits, facet)] += number
        archived = sum(
            number
            for traits, number in numbers.items()
            if traits.archived and traits.passes(filters, "archived")
        )
        return facets, archived

    # -- upkeep

    def _gather(self, members: set[str], session_ids: Iterable[str]) -> None:
        for session_id in session_ids:
            if session_id not in members:
                members |= self.lineage.family(session_id)
                members.add(session_id)

    def _put(self, record: Record) -> None:
        row = record.row
        self._drop(row.id)
        self.records[row.id] = record
        if record.last is not None:
            self._last[row.id] = record.last
        self.lineage.put(row)
        insort(self._started, (row.started_at, row.id))
        self.messages += row.message_count
        self.tool_calls += row.tool_call_count

    def _drop(self, session_id: str) -> None:
        record = self.records.pop(session_id, None)
        if record is None:
            return
        self._last.pop(session_id, None)
        self.lineage.drop(session_id)
        del self._started[bisect_left(self._started, (record.row.started_at, session_id))]
        self.messages -= record.row.message_count
        self.tool_calls -= record.row.tool_call_count

    def _derive(self, members: Collection[str]) -> None:
        """Makes the conversations of whole families anew."""
        lineage = self.lineage
        rows = [lineage.rows[one] for one in members if one in lineage.rows]
        subagents = Counter(
            lineage.conversation_above(row) for row in rows if lineage.kind(row) == "subagent"
        )
        found = {row.id: row for row in rows if lineage.is_root(row)}
        # From the oldest on: of many at once, most then go to the end of a sorted list.
        for root_id in sorted(members, key=lambda one: found[one].started_at if one in found else 0.0):
            before = self.conversations.get(root_id)
            root = found.get(root_id)
            after = None if root is None else self._conversation(root, subagents[root_id])
            if after == before:
                continue
            if before is not None:
                self.listed -= not before.root.archived
                del self.conversations[root_id]
                self._count(self.traits.pop(root_id), -1)
            if after is not None:
                self.listed += not after.root.archived
                self.conversations[root_id] = after
                self.traits[root_id] = _traits(after)
                self._count(self.traits[root_id], 1)
                self._recent.put(root_id, after.latest, _rank(after))
            else:
                self._recent.drop(root_id)
            for (sort, _, filters), order in self._orders.items():
                if after is not None and self.traits[root_id].passes(filters):
                    order.put(root_id, _VALUES[sort](after), _rank(after))
                else:
                    order.drop(root_id)

    def _count(self, traits: Traits, by: int) -> None:
        self._with_traits[traits] += by
        if not self._with_traits[traits]:
            del self._with_traits[traits]

    def _conversation(self, root: SessionRow, subagents: int) -> Conversation:
        chain = self.lineage.chain(root)
        last, latest = self.lineage.last_active(chain[-1]), self.lineage.latest_activity(root)
        return Conversation(root, chain, last, latest, subagents, self.lineage.kind(root))

    def _order(self, sort: Sort, descending: bool, filters: Filters) -> Order:
        key = (sort, descending, filters)
        order = self._orders.pop(key, None)
        if order is None:
            order = Order(descending)
            # From the oldest on: most then go to the end of a sorted list.
            for root_id in reversed(self.among(self._recent, filters)):
                conversation = self.conversations[root_id]
                order.put(root_id, _VALUES[sort](conversation), _rank(conversation))
        # The one used last stands last.
        self._orders[key] = order
        if len(self._orders) > MOST_ORDERS:
            del self._orders[next(iter(self._orders))]
        return order


def _rank(conversation: Conversation) -> tuple[float, float, str]:
    return (conversation.latest, conversation.root.started_at, conversation.root.id)
