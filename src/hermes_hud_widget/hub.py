"""Where a changed source becomes a stale panel: versions that only grow, and a mailbox for each client."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import NamedTuple

Versions = dict[str, dict[str, int]]
"""By home id, then panel."""


class Mail(NamedTuple):
    """What a client is to be told.

    Attributes:
        must_greet: Something changed of what `hello` says.
    """

    versions: Versions
    must_greet: bool = False


class Mailbox:
    """What one client has not been told yet. A newer version replaces an older one in it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._lock = threading.Lock()
        self._pending: Versions = {}
        self._must_greet = False
        self._filled = asyncio.Event()

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """On which the client waits."""
        return self._loop

    def put(self, home: str, versions: Mapping[str, int]) -> bool:
        """Adds versions; True when `fill` must follow on the client's loop. May be called from any thread."""
        with self._lock:
            was_empty = not self._pending and not self._must_greet
            self._pending.setdefault(home, {}).update(versions)
        return was_empty

    def greet(self) -> bool:
        """The client is to get a new `hello`; otherwise like `put`."""
        with self._lock:
            was_empty = not self._pending and not self._must_greet
            self._must_greet = True
        return was_empty

    def fill(self) -> None:
        """Wakes the client; to be called on its loop."""
        self._filled.set()

    async def take(self) -> Mail:
        """Waits until there is something, and takes it all."""
        await self._filled.wait()
        with self._lock:
            mail = Mail(self._pending, self._must_greet)
            self._pending, self._must_greet = {}, False
            self._filled.clear()
        return mail


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

    def greet(self) -> None:
        """Something changed of what every client was told when it came."""
        with self._lock:
            self._deliver(Mailbox.greet)

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
        self._deliver(lambda mailbox: mailbox.put(home, versions))

    def _deliver(self, put: Callable[[Mailbox], bool]) -> None:
        # One call for all clients of a loop: each wakes it with a system call.
        filled: dict[asyncio.AbstractEventLoop, list[Mailbox]] = {}
        for mailbox in self._mailboxes:
            if put(mailbox):
                filled.setdefault(mailbox.loop, []).append(mailbox)
        for loop, mailboxes in filled.items():
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(_fill, mailboxes)


def _fill(mailboxes: Iterable[Mailbox]) -> None:
    for mailbox in mailboxes:
        mailbox.fill()
