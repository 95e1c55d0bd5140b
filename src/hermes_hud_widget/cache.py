"""The newest snapshot of each panel and query, collected at most once for a version."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace

from hermes_hud_widget.core import Snapshot
from hermes_hud_widget.protocol import Problem

HANGING_AFTER_S = 2.0


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
        previous = entry.snapshot
        # With something to show, a collection that hangs is not waited for: each waiter would cost a thread.
        if not entry.lock.acquire(timeout=HANGING_AFTER_S if previous is not None else -1):
            assert previous is not None
            problem = Problem(
                kind="internal", path=None, message="This panel takes too long; older data are shown."
            )
            return replace(previous, status="stale", error=problem)
        try:
            now = version()
            if entry.snapshot is None or entry.snapshot.version < now:
                entry.snapshot = _with_last_good_data(collect(now), entry.snapshot)
            return entry.snapshot
        finally:
            entry.lock.release()

    def ready(self, key: Hashable, version: int) -> Snapshot | None:
        """The snapshot for `key` if it is of this version already; never waits."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return None
            self._entries.move_to_end(key)
        snapshot = entry.snapshot
        return snapshot if snapshot is not None and snapshot.version >= version else None

    def forget_versions(self) -> None:
        """Collects everything again when it is next asked for; the data stay for what turns out to be damaged."""
        with self._lock:
            for entry in self._entries.values():
                if entry.snapshot is not None:
                    entry.snapshot = replace(entry.snapshot, version=0)


def _with_last_good_data(snapshot: Snapshot, previous: Snapshot | None) -> Snapshot:
    """A snapshot without data because of an error shows the data that came before it."""
    if snapshot.data is not None or previous is None or previous.data is None:
        return snapshot
    return replace(snapshot, data=previous.data)
