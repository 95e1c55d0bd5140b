"""What a kernel keeps of long tables, so that it asks for what is new only."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

from hermes_hud_widget.chunks import Joined, Rows, joined

if TYPE_CHECKING:
    import pyarrow as pa

LIMIT_BYTES = 512 * 1024 * 1024
NAMED_BYTES = 12_000
"""How long a request may get by the chunks that it names, since it is a URL: the others come again."""

Fetch = Callable[[Mapping[str, Any], Collection[str]], Rows]
"""Asks for a table: the arguments, and the keys of chunks that need not come."""


class Tables:
    """Chunks of whole tables, by server, home and frame.

    The server is asked each time, and says of which chunks the table is made now. So what `table` returns does not
    depend on what is kept. All methods may be called from any thread.

    Args:
        limit: Beyond so many bytes, what was not used for longest is dropped.
    """

    def __init__(self, limit: int = LIMIT_BYTES) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._server_id: str | None = None
        # The one used last is the last.
        self._held: dict[tuple[str, str], Joined] = {}

    @property
    def nbytes(self) -> int:
        """What is kept, in bytes."""
        with self._lock:
            return sum(held.nbytes for held in self._held.values())

    def table(
        self, server_id: str, home: str, frame: str, given: Mapping[str, Any], is_whole: bool, fetch: Fetch
    ) -> pa.Table:
        """The table as it is now.

        Args:
            server_id: Who is asked; what another one sent is dropped.
            home: The home's id.
            frame: The frame's name.
            given: The arguments.
            is_whole: False if they leave out rows, or ask for texts: then nothing is kept.
            fetch: Asks the server.
        """
        key = (home, frame)
        held = self._get(server_id, key)
        if not is_whole or (given["columns"] is not None and held is None):
            return fetch(given, ()).table()
        have = _named(held)
        rows = fetch({**given, "columns": None}, have)
        if rows.order is None:
            table = rows.table()
            return table if given["columns"] is None else table.select(_as_list(given["columns"]))
        held = joined(held, rows, have)
        self._put(server_id, key, held)
        columns = given["columns"]
        return held.table(rows.schema, None if columns is None else _as_list(columns))

    def drop(self, home: str) -> None:
        """Forgets a home."""
        with self._lock:
            for key in [key for key in self._held if key[0] == home]:
                del self._held[key]

    def clear(self) -> None:
        """Forgets everything."""
        with self._lock:
            self._held.clear()

    def _get(self, server_id: str, key: tuple[str, str]) -> Joined | None:
        with self._lock:
            if server_id != self._server_id:
                self._server_id = server_id
                self._held.clear()
            return self._held.get(key)

    def _put(self, server_id: str, key: tuple[str, str], held: Joined) -> None:
        with self._lock:
            if server_id != self._server_id:  # it was asked before another took its place
                return
            self._held.pop(key, None)
            self._held[key] = held
            excess = sum(held.nbytes for held in self._held.values()) - self._limit
            for old in list(self._held):
                if excess <= 0:
                    break
                excess -= self._held.pop(old).nbytes


def _named(held: Joined | None) -> frozenset[str]:
    if held is None:
        return frozenset()
    named, size = set(), 0
    for key, _ in sorted(held.order, key=lambda entry: entry[1], reverse=True):
        size += len(key) + len("&have=")
        if size > NAMED_BYTES:
            break
        named.add(key)
    return frozenset(named)


def _as_list(columns: Any) -> list[str]:
    return [columns] if isinstance(columns, str) else list(columns)
