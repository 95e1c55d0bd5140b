"""What a memory store held before: the versions that were seen while its home was open."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Hashable
from datetime import UTC, datetime
from typing import NamedTuple

from hermes_hud_widget.errors import SourceError
from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.place import Place
from hermes_hud_widget.sources.files import Entries, EntriesFile
from hermes_hud_widget.sources.source import Attached, Source

MOST_CHARS = 1_000_000
"""Of a store that somebody made huge fewer versions are kept: all of them together hold no more than this."""


class Version(NamedTuple):
    """What the store held from one moment on.

    Attributes:
        content: What it held.
        seen_at: When that was first seen, in UTC: some ms after it was written, or when the home was opened.
    """

    content: EntriesFile
    seen_at: datetime


@frozen
class EntriesVersions(Source[tuple[Version, ...]]):
    """The versions of a memory store that were seen since its home was opened, the oldest first, the present one last.

    They are in this process alone: nothing of them is written anywhere. What follows within some ms may be seen as
    one change. A version that cannot be read is left out: the store's own source tells of it.

    Attributes:
        path: The store's file, in the home.
        most: At most so many versions, the newest.
    """

    path: str
    most: int = 30

    @property
    def label(self) -> str:
        return f"what {self.path} held before"

    @property
    def missing(self) -> tuple[Version, ...]:
        return ()

    def attach(self, place: Place) -> Attached[tuple[Version, ...]]:
        return _EntriesVersions(self, Entries(self.path).attach(place))


class _EntriesVersions(Attached[tuple[Version, ...]]):
    def __init__(self, declared: EntriesVersions, store: Attached[EntriesFile]) -> None:
        self._declared = declared
        self._store = store
        self._lock = threading.Lock()
        self._seen: deque[Version] = deque(maxlen=declared.most)
        self._changes = 0
        self.files = store.files

    @property
    def recheck_soon(self) -> bool:  # type: ignore[override]
        return self._store.recheck_soon

    def signature(self) -> Hashable:
        with self._lock:
            self._look()
            return self._changes

    def read(self) -> tuple[Version, ...]:
        with self._lock:
            self._look()
            return tuple(self._seen)

    # Nothing to do in `rest`: what is kept here cannot be read again.

    def close(self) -> None:
        self._store.close()

    def _look(self) -> None:
        try:
            content = self._store.read()
        except SourceError:
            return
        if self._seen and self._seen[-1].content.entries == content.entries:
            return
        self._seen.append(Version(content, datetime.now(UTC)))
        self._changes += 1
        while len(self._seen) > 1 and sum(one.content.used_chars for one in self._seen) > MOST_CHARS:
            self._seen.popleft()
