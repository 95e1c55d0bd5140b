"""What can go wrong, in words for the person who asked."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches
from typing import Literal


class HudError(Exception):
    """Base of every error that the caller can mend; its text says what was expected, what came, what to do."""

    def _render_traceback_(self) -> list[str]:
        # IPython asks an exception how to draw itself. The frames of this package would not help the
        # person in front of the notebook; the sentence does.
        return [f"{type(self).__name__}: {self}"]


class HomeError(HudError, ValueError):
    """The home or profile asked for cannot be opened."""


class UnknownNameError(HudError, LookupError):
    """A panel, frame, column or parameter that does not exist; the message lists those that do."""

    def __init__(self, what: str, name: object, known: Collection[str]) -> None:
        names = ", ".join(sorted(known))
        close = get_close_matches(str(name), known, 1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        super().__init__(f"No {what} named {name!r}.{hint} There are: {names}.")


class ArgumentError(HudError, ValueError):
    """An argument's value cannot be understood."""


class ServerError(HudError, RuntimeError):
    """The server process could not be started or does not answer."""


class SourceError(HudError):
    """A file of the home that is there but cannot be read now.

    Attributes:
        kind: `damaged`: its content makes no sense; `locked`: its writer has it; `unavailable`: it cannot
            be read from here.
        path: The file, as it is to be shown.
    """

    def __init__(self, kind: Literal["damaged", "locked", "unavailable"], path: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.path = path
