"""A value that no repr shows: a traceback with variables may end up in a saved notebook."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Secret(Generic[T]):
    """Holds a value, which only a call gives.

    Tracebacks with variables (IPython's `%xmode Verbose`, rich) show the repr of whatever has a name, and follow
    attributes, but call nothing.
    """

    __slots__ = ("_value",)

    def __init__(self, value: T) -> None:
        self._value = value

    def reveal(self) -> T:
        """The value. What raises must not give it a name."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, Secret) and bool(self._value == other._value)

    def __hash__(self) -> int:
        return hash(self._value)
