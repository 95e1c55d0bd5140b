"""What tells, without reading a message, that a session's messages are not what they were."""

from __future__ import annotations

from typing import NamedTuple


class Shape(NamedTuple):
    """The messages of one session, counted.

    Whatever Hermes does to them moves it: an appended message all three, a rewind or its undoing and an in-place
    compaction `active`, a deletion `messages`, `replace_messages` `newest`.

    Attributes:
        messages: How many there are.
        active: How many of them are neither summarised away nor undone.
        newest: The highest id among them; ids only grow and are never given twice. 0 without messages.
    """

    messages: int = 0
    active: int = 0
    newest: int = 0
