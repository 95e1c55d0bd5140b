"""Where a changed source becomes a stale panel: versions that only grow, and a mailbox for each client."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime

Versions = dict[str, dict[str, int]]
"""By home id, then panel."""


class Mailbox:
    """What one client has not been told yet. A newer version replaces an older one in it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._lock = threading.Lock()
        self._pending: Versions = {}
        self._filled = asyncio.Event()

    def put(self, home: str, versions: Mapping[str, int]) -> None:
        """Adds versions; may be called from any thread."""
        with self._lock:
            was_empty = not self._pending
            self._pending.setdefault(home, {}).update(versions)
        if was_empty and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._filled.set)

    async def take(self) -> Versions:
        """Waits until there is something, and takes it all."""
        await self._filled.wait()
        with self._lock:
            pending, self._pending = self._pending, {}
            self._filled.clear()
        return pending


class Hub:
    """Versions of every panel of every home. All methods may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._versions: Versions = {}
        self._mailboxes: set[Mailbox] = set()
        self._valid_until: dict[tuple[str, str], datetime] = {}

    def add(self, home: str, panels: Iterable[str]) -> None:
        """A home is open now; its panels begin at version 1."""
        with self._lock:
            versions = self._versions[home] = dict.fromkeys(panels, 1)
            self._announce(home, dict(versions))

    def bump(self, home: str, panels: Iterable[str]) -> None:
        """These panels are stale now."""
        with self._lock:
            self._bump(home, panels)

    def version(self, home: str, panel: str, now: datetime | None = None) -> int:
        """The panel's version now. One that time has made stale is bumped first."""
        with self._lock:
            until = self._valid_until.get((home, panel))
            if until is not None and until <= (now or datetime.now(UTC)):
                self._bump(home, [panel])
            return self._versions[home][panel]

    def versions(self) -> Versions:
        """All versions."""
        with self._lock:
            return {home: dict(panels) for home, panels in self._versions.items()}

    def valid_until(self, home: str, panel: str, until: datetime | None) -> None:
        """What was just collected is true until then; the earliest instant counts until the next bump."""
        if until is None:
            return
        with self._lock:
            before = self._valid_until.get((home, panel))
            self._valid_until[home, panel] = until if before is None else min(before, until)

    def next_expiry(self, looked_at: Iterable[tuple[str, str]]) -> datetime | None:
        """The first instant at which one of these (home, panel) goes stale by time alone."""
        with self._lock:
            return min(
                (self._valid_until[key] for key in looked_at if key in self._valid_until), default=None
            )

    @contextmanager
    def subscribe(self, loop: asyncio.AbstractEventLoop) -> Iterator[Mailbox]:
        """A mailbox that is filled while the context lasts."""
        mailbox = Mailbox(loop)
        with self._lock:
            self._mailboxes.add(mailbox)
        try:
            yield mailbox
        finally:
            with self._lock:
                self._mailboxes.discard(mailbox)

    def _bump(self, home: str, panels: Iterable[str]) -> None:
        versions = self._versions.get(home)
        if versions is None:
            return
        changed = {}
        for panel in panels:
            versions[panel] += 1
            changed[panel] = versions[panel]
            self._valid_until.pop((home, panel), None)
        if changed:
            self._announce(home, changed)

    def _announce(self, home: str, versions: Mapping[str, int]) -> None:
        for mailbox in self._mailboxes:
            mailbox.put(home, versions)
