"""What tells, without reading a message, that a session's messages are not what they were."""

from __future__ import annotations

from typing import NamedTuple

from hermes_hud_widget.ledger.schema import Schema

_MODULUS = 1_000_000_007


class Shape(NamedTuple):
    """The messages of one session, counted.

    Whatever Hermes does to them moves it: an appended message all four, a rewind or its undoing and an in-place
    compaction `active`, a deletion `messages` and `ids`, `replace_messages` `newest`. A message that another program
    puts in the place of one that it takes away moves at least `ids`.

    Attributes:
        messages: How many there are.
        active: How many of them are neither summarised away nor undone.
        newest: The highest id among them; ids only grow and are never given twice. 0 without messages.
        ids: The sum of their ids.
    """

    messages: int = 0
    active: int = 0
    newest: int = 0
    ids: int = 0

    def plus(self, more: Shape) -> Shape:
        """With messages added that came after these."""
        return Shape(
            self.messages + more.messages,
            self.active + more.active,
            max(self.newest, more.newest),
            self.ids + more.ids,
        )


def counted(schema: Schema) -> str:
    """The SELECT list of a shape, for a query on `messages`; all of it stands in the index by session."""
    active = "sum(coalesce(active, 1) <> 0)" if schema.has("messages", "active") else "count(*)"
    return f"count(*), {active}, max(id), CAST(total({summed('id')}) AS INTEGER)"


def summed(message_id: str) -> str:
    """What is summed up of an id, as SQL: one that damage made huge must not overflow the sum."""
    return f"{message_id} % {_MODULUS}"


def sum_of(message_ids: list[int]) -> int:
    """The same sum."""
    return sum(one % _MODULUS for one in message_ids)
