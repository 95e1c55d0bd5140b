"""Sorted lists that follow their members' changes, so that a page can be cut without sorting."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from functools import total_ordering
from itertools import islice
from typing import Any


class Order:
    """Names in the order of their values, either way; those without a value last; equal ones by a rank.

    A change costs a search and the moving of a list of pointers: microseconds among tens of thousands.

    Args:
        descending: True: the highest value first. Among equal values the highest rank comes first either way.
    """

    def __init__(self, descending: bool) -> None:
        self._descending = descending
        self._keys: dict[str, tuple[Any, ...]] = {}
        self._known: list[tuple[Any, ...]] = []
        self._unknown: list[tuple[Any, ...]] = []

    def __len__(self) -> int:
        return len(self._keys)

    def put(self, name: str, value: Any, rank: tuple[Any, ...]) -> None:
        """Adds a name or moves it.

        Args:
            name: It.
            value: What the order goes by; None: it has none.
            rank: What decides among equal values; no two names have the same.
        """
        key = (rank, name) if value is None else (value, rank if self._descending else _Down(rank), name)
        if self._keys.get(name) != key:
            self.drop(name)
            self._keys[name] = key
            insort(self._list(key), key)

    def drop(self, name: str) -> None:
        """Removes a name, if it is there."""
        key = self._keys.pop(name, None)
        if key is not None:
            keys = self._list(key)
            del keys[bisect_left(keys, key)]

    def __iter__(self) -> Iterator[str]:
        known = reversed(self._known) if self._descending else iter(self._known)
        yield from (key[-1] for key in known)
        yield from (key[-1] for key in reversed(self._unknown))

    def page(self, first: int, size: int) -> list[str]:
        """So many names from the place `first` on."""
        known = len(self._known)
        if first + size > known:
            return list(islice(self, first, first + size))
        if self._descending:
            keys = self._known[known - first - size : known - first][::-1]
        else:
            keys = self._known[first : first + size]
        return [key[-1] for key in keys]

    def _list(self, key: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        return self._unknown if len(key) == _WITHOUT_VALUE else self._known


_WITHOUT_VALUE = 2


@total_ordering
class _Down:
    """Sorts the other way round."""

    __slots__ = ("rank",)

    def __init__(self, rank: tuple[Any, ...]) -> None:
        self.rank = rank

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Down) and self.rank == other.rank

    def __lt__(self, other: _Down) -> bool:
        return other.rank < self.rank

    __hash__ = None  # type: ignore[assignment]
