"""What a search found, by conversation."""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict
from collections.abc import Mapping
from typing import NamedTuple

from hermes_hud_widget.ledger.kept import Kept, Traits
from hermes_hud_widget.ledger.pace import Pace
from hermes_hud_widget.ledger.search import MOST_KEPT, Asked, Hits

LEAST_ID_CHARS = 6
"""A query of so many characters without a space may be part of a session's id."""


class Matched(NamedTuple):
    """What one conversation has of a search.

    Attributes:
        own: Of its pieces; continuations that nobody goes on with are among them, as for the list's order.
        below: Of the subagents below it.
        is_named: True when its title has all that was asked for, or one of its ids is it.
    """

    own: Hits
    below: Hits
    is_named: bool

    @property
    def messages(self) -> int:
        """How many messages match in all."""
        return self.own.messages + self.below.messages

    @property
    def newest(self) -> int:
        """The newest hit of its own, else of its subagents; 0 without any."""
        return self.own.newest or self.below.newest


class _Member(NamedTuple):
    """A session with hits.

    Attributes:
        root_id: The first piece of its conversation.
        is_piece: False: a subagent below that.
    """

    root_id: str
    is_piece: bool
    hits: Hits


class Tally:
    """What one search found. After a change only the conversations are looked at again that it concerns.

    Args:
        kept: All sessions; nobody may change them during a call.
        query: As it was typed.
        asked: The same, taken apart.

    Attributes:
        sessions: The hits in messages, by session.
        matched: The conversations that it leads to, by their first pieces' ids. Not to be changed.
        conversations: How many of them have which traits.
        messages: How many messages match in these.
    """

    def __init__(self, kept: Kept, query: str, asked: Asked) -> None:
        self._kept = kept
        self._texts = [term.text.casefold() for term in asked.terms]
        wanted = query.strip()
        self._wanted_id = wanted if len(wanted) >= LEAST_ID_CHARS and " " not in wanted else None
        self.matched: dict[str, Matched] = {}
        self.conversations: Counter[Traits] = Counter()
        self.messages: Counter[Traits] = Counter()
        self.sessions: Mapping[str, Hits] = {}
        self._members: dict[str, _Member] = {}
        self._of: defaultdict[str, dict[str, _Member]] = defaultdict(dict)
        self._traits: dict[str, Traits] = {}
        self._changed = set(kept.conversations)
        self._pace = Pace(rows=200)

    def note(self, session_ids: set[str], sessions: Mapping[str, Hits]) -> None:
        """Takes note of what has changed since, for `step`.

        Args:
            session_ids: In the families of these sessions something has.
            sessions: What was found by now; hits that are the same object are not looked at.
        """
        self._changed |= session_ids
        before = self.sessions
        if sessions is not before:
            self._changed.update(one for one, hits in sessions.items() if before.get(one) is not hits)
            self._changed.update(before.keys() - sessions.keys())
            self.sessions = sessions

    def step(self) -> bool:
        """Takes in some of what has changed, for some 6 ms; False: there is no more."""
        with self._pace.step() as rows:
            roots: set[str] = set()
            while self._changed and rows:
                session_id = self._changed.pop()
                roots.add(session_id)
                roots.update(self._place(session_id))
                rows -= 1
            for root_id in roots:
                self._sum_up(root_id)
        return bool(self._changed)

    def _place(self, session_id: str) -> list[str]:
        """Puts a session's hits where they belong; the conversations that it concerns."""
        before, after = self._members.pop(session_id, None), None
        record, hits = self._kept.records.get(session_id), self.sessions.get(session_id)
        if before is not None:
            del self._of[before.root_id][session_id]
        if record is not None and hits is not None:
            lineage = self._kept.lineage
            root_id = lineage.conversation_above(record.row)
            after = _Member(root_id, lineage.root_id(record.row) == root_id, hits)
            self._members[session_id] = self._of[root_id][session_id] = after
        return [member.root_id for member in (before, after) if member is not None]

    def _sum_up(self, root_id: str) -> None:
        before, traits = self.matched.pop(root_id, None), self._traits.pop(root_id, None)
        if before is not None and traits is not None:
            self._count(traits, -1, -before.messages)
        members = self._of.get(root_id)
        if not members:
            self._of.pop(root_id, None)
        own = _sum([one.hits for one in members.values() if one.is_piece] if members else [])
        below = _sum([one.hits for one in members.values() if not one.is_piece] if members else [])
        is_named = self._is_named(root_id)
        if not members and not is_named:
            return
        after = self.matched[root_id] = Matched(own, below, is_named)
        traits = self._kept.traits.get(root_id)
        if traits is not None:
            self._traits[root_id] = traits
            self._count(traits, 1, after.messages)

    def _count(self, traits: Traits, conversations: int, messages: int) -> None:
        self.messages[traits] += messages
        self.conversations[traits] += conversations
        if not self.conversations[traits]:
            del self.conversations[traits], self.messages[traits]

    def _is_named(self, root_id: str) -> bool:
        conversation = self._kept.conversations.get(root_id)
        if conversation is None:
            return False
        title = (conversation.tip.title or "").casefold()
        if self._texts and title and all(text in title for text in self._texts):
            return True
        wanted = self._wanted_id
        return wanted is not None and any(wanted in piece.id for piece in conversation.chain)


class Tallies:
    """Those of the last searches, by the query as it was typed. Not thread-safe.

    Args:
        kept: All sessions; nobody may change them during a call.
    """

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self._changed = kept.follow()
        self._tallies: OrderedDict[tuple[str, Asked], Tally] = OrderedDict()

    def of(self, query: str, asked: Asked, sessions: Mapping[str, Hits]) -> Tally:
        """What a search found; `step` it until it has taken in all.

        Args:
            query: As it was typed.
            asked: The same, taken apart.
            sessions: What was found in messages.
        """
        if self._changed:
            for tally in self._tallies.values():
                tally.note(self._changed, tally.sessions)
            self._changed.clear()
        key = (query, asked)
        if key not in self._tallies:
            self._tallies[key] = Tally(self._kept, query, asked)
        self._tallies.move_to_end(key)
        if len(self._tallies) > MOST_KEPT:
            self._tallies.popitem(last=False)
        self._tallies[key].note(set(), sessions)
        return self._tallies[key]


def _sum(several: list[Hits]) -> Hits:
    return Hits(sum(hits.messages for hits in several), max((hits.newest for hits in several), default=0))
