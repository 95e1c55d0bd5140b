"""The newest snapshot of each panel and query, collected at most once for a version."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace

from hermes_hud_widget.core import Snapshot


@dataclass
class _Entry:
    lock: threading.Lock = field(default_factory=threading.Lock)
    snapshot: Snapshot | None = None


class SnapshotCache:
    """Keeps the snapshots used last. Callers are threads: the second one for a key waits for the first.

    Args:
        size: How many snapshots are kept.
    """

    def __init__(self, size: int = 128) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()

    def get(self, key: Hashable, version: Callable[[], int], collect: Callable[[int], Snapshot]) -> Snapshot:
        """The newest snapshot for `key`.

        Args:
            key: Home, panel and query.
            version: The panel's version now. It is read *before* collecting: a change meanwhile leaves the
                snapshot behind the version, and the next caller collects again.
            collect: Makes a snapshot of that version.
        """
        with self._lock:
            entry = self._entries.setdefault(key, _Entry())
            self._entries.move_to_end(key)
            while len(self._entries) > self._size:
                self._entries.popitem(last=False)
        with entry.lock:
            now = version()
            if entry.snapshot is None or entry.snapshot.version < now:
                entry.snapshot = _with_last_good_data(collect(now), entry.snapshot)
            return entry.snapshot

    def forget(self, is_meant: Callable[[Hashable], bool]) -> None:
        """Drops the snapshots whose key is meant."""
        with self._lock:
            for key in [key for key in self._entries if is_meant(key)]:
                del self._entries[key]


def _with_last_good_data(snapshot: Snapshot, previous: Snapshot | None) -> Snapshot:
    """A snapshot without data because of an error shows the data that came before it."""
    if snapshot.data is not None or previous is None or previous.data is None:
        return snapshot
    return replace(snapshot, data=previous.data)
