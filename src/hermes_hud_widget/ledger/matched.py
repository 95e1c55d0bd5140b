"""What a search found, by conversation."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from hermes_hud_widget.ledger.kept import Kept
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


class Belonging:
    """Which conversation each session belongs to; worked out when it is first asked for, and kept.

    Args:
        kept: All sessions; nobody may change them during a call.
    """

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self._changed = kept.follow()
        self._known: dict[str, tuple[str, bool]] = {}

    def of(self, sessions: Mapping[str, Hits]) -> Iterator[tuple[str, bool, Hits]]:
        """For each session the first piece of its conversation, and whether it is a piece itself, not a subagent.

        Sessions that are not known (any more) are left out.
        """
        for session_id in self._changed:
            self._known.pop(session_id, None)
        self._changed.clear()
        for session_id, hits in sessions.items():
            known = self._known.get(session_id)
            if known is None:
                record = self._kept.records.get(session_id)
                if record is None:
                    continue
                lineage = self._kept.lineage
                root_id = lineage.conversation_above(record.row)
                known = self._known[session_id] = (root_id, lineage.root_id(record.row) == root_id)
            yield *known, hits


class Names:
    """Which conversations a query names: by their title, or by the id of one of their pieces.

    After a change only the conversations are looked at again in which something changed.

    Args:
        kept: All sessions; nobody may change them during a call.
    """

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self._changed = kept.follow()
        self._named: OrderedDict[tuple[str, Asked], set[str]] = OrderedDict()

    def of(self, query: str, asked: Asked) -> set[str]:
        """Their first pieces' ids. Not to be changed.

        Args:
            query: As it was typed.
            asked: The same, taken apart.
        """
        for (typed, terms), named in self._named.items():
            named -= self._changed
            named.update(_named(self._kept, self._changed, typed, terms))
        self._changed.clear()
        found = self._named.pop((query, asked), None)
        if found is None:
            found = set(_named(self._kept, self._kept.conversations, query, asked))
        self._named[query, asked] = found
        if len(self._named) > MOST_KEPT:
            self._named.popitem(last=False)
        return found


def _named(kept: Kept, root_ids: Iterable[str], query: str, asked: Asked) -> Iterator[str]:
    texts = [term.text.casefold() for term in asked.terms]
    wanted = query.strip()
    is_id = len(wanted) >= LEAST_ID_CHARS and " " not in wanted
    for root_id in root_ids:
        conversation = kept.conversations.get(root_id)
        if conversation is None:
            continue
        title = (conversation.tip.title or "").casefold()
        if (texts and title and all(text in title for text in texts)) or (
            is_id and any(wanted in piece.id for piece in conversation.chain)
        ):
            yield root_id


def by_conversation(
    belonging: Belonging, sessions: Mapping[str, Hits], named: Collection[str]
) -> dict[str, Matched]:
    """All conversations that a search leads to, by their first pieces' ids.

    Args:
        belonging: Tells whose the sessions are.
        sessions: What was found in messages.
        named: The conversations that the search names.
    """
    own: dict[str, Hits] = {}
    below: dict[str, Hits] = {}
    for root_id, is_piece, hits in belonging.of(sessions):
        part = own if is_piece else below
        before = part.get(root_id)
        part[root_id] = hits if before is None else _sum(before, hits)
    return {
        root_id: Matched(own.get(root_id, _NONE), below.get(root_id, _NONE), root_id in named)
        for root_id in {**own, **below, **dict.fromkeys(named)}
    }


_NONE = Hits(0, 0)


def _sum(one: Hits, other: Hits) -> Hits:
    return Hits(one.messages + other.messages, max(one.newest, other.newest))
