"""How soon a server that was just started knows a large history, and what it answers meanwhile."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench import database
from bench.agent import Journal
from bench.row import Limit, Measurement, NotMeasuredError, Row, measured, unmeasured
from bench.server import CACHE, Server, has_index
from bench.stage import Stage
from bench.viewers import OVERVIEW, SESSIONS, Sight, Viewer, Viewers

PANEL, FULL, KNOWN, OTHERS = (
    Limit("median", 1.5),
    Limit("median", 5.0),
    Limit("median", 1.0),
    Limit("p95", 50.0),
)
ASKING_PAUSE_S = 0.02
OTHER_PANELS = ("memory", "skills", "cron")
COSTS = Sight("costs", "costs")


@dataclass
class _Starts:
    """Servers started in one setting.

    Attributes:
        panel: Seconds until the overview was answered with data.
        full: Seconds until overview, sessions and costs were answered without `progress`.
        others: Milliseconds of each answer about another panel meanwhile.
        from_disk_mb: What a server had to fetch from the disk.
        is_partial: True if a first answer told that it was of a part.
    """

    panel: list[float] = field(default_factory=list)
    full: list[float] = field(default_factory=list)
    others: list[float] = field(default_factory=list)
    from_disk_mb: list[float] = field(default_factory=list)
    is_partial: bool = False


def measure(stage: Stage) -> Sequence[Measurement]:
    """First starts and second ones in both journal modes, and first ones on a cold file."""
    lines: list[Measurement] = []
    with stage.passing_home(stage.scale.history) as home:
        counted = database.count(home / "state.db").counted
        for journal in ("wal", "delete"):
            lines += _in(stage, home, counted, journal)
        if stage.scale.is_thorough:
            lines += _from_cold_file(stage, home, counted)
    return lines


def _in(stage: Stage, home: Path, counted: int, journal: Journal) -> list[Measurement]:
    first, known = _Starts(), _Starts()
    with stage.agent(home, journal=journal):
        for _ in range(stage.scale.starts):
            cache = stage.new_folder()
            is_known = _start(home, cache, counted, first, is_new=True)
            if is_known:
                _start(home, cache, counted, known)
    mode = journal.upper()
    begun = "" if first.is_partial else "no answer told that it was of a part"
    lines = [
        measured(f"{journal}-panel", f"{mode}, first start: overview with data", "s", first.panel, PANEL),
        measured(
            f"{journal}-full", f"{mode}, first start: the whole history", "s", first.full, FULL, note=begun
        ),
    ]
    others = f"{mode}, first start: {', '.join(OTHER_PANELS)} meanwhile"
    lines.append(measured(f"{journal}-others", others, "ms", first.others, OTHERS))
    label = f"{mode}, a history that an earlier server has read: the whole of it"
    if known.full:
        lines.append(measured(f"{journal}-known", label, "s", known.full, KNOWN))
    else:
        lines.append(unmeasured(f"{journal}-known", label, f"the server left no index in `{CACHE}`"))
    return lines


def _from_cold_file(stage: Stage, home: Path, counted: int) -> list[Measurement]:
    found = _Starts()
    for _ in range(stage.scale.starts):
        with stage.agent(home):
            _forget(home / "state.db")
            _start(home, stage.new_folder(), counted, found)
    fetched = f"{sum(found.from_disk_mb) / len(found.from_disk_mb):,.0f} MB came from the disk"
    label = "WAL, first start, `state.db` not in the disk cache"
    return [
        measured("cold-panel", f"{label}: overview with data", "s", found.panel, note=fetched),
        measured("cold-full", f"{label}: the whole history", "s", found.full),
    ]


def _start(home: Path, cache: Path, counted: int, starts: _Starts, *, is_new: bool = False) -> bool:
    """Starts a server and looks at all that needs the history; adds to `starts`.

    Args:
        home: The home.
        cache: The server's index folder.
        counted: How many messages Hermes counts in the home.
        starts: Gets the figures.
        is_new: The server has time to leave an index.

    Returns:
        True if it did.

    Raises:
        NotMeasuredError: What it calls the whole is not the whole.
    """
    began = time.time()
    with Server(cache) as server, Viewers() as viewers:
        home_id = server.open(home)
        with _asking(server, home_id) as others:
            lookers = viewers.add(server.endpoint, home_id, OVERVIEW, SESSIONS, COSTS)
        starts.from_disk_mb.append(server.read_from_disk_mb())
        is_known = is_new and has_index(cache)
    overview = lookers[0]
    if overview.counts[-1][1] != counted:
        raise NotMeasuredError(
            f"the whole is {counted:,} messages, the overview has {overview.counts[-1][1]:,}"
        )
    starts.panel.append(_first_with_data(overview) - began)
    starts.full.append(max(_first_full(viewer) for viewer in lookers) - began)
    starts.others.extend(others)
    starts.is_partial = starts.is_partial or not all(viewer.arrivals[0].is_full for viewer in lookers)
    return is_known


def _first_with_data(viewer: Viewer) -> float:
    return next(at for at, count in viewer.counts if count)


def _first_full(viewer: Viewer) -> float:
    return next(arrival.at for arrival in viewer.arrivals if arrival.is_full)


@contextmanager
def _asking(server: Server, home: str) -> Iterator[list[float]]:
    """While panels that need no history are asked for, one after another; the list fills with milliseconds."""
    is_over, took = threading.Event(), list[float]()
    failures: list[Exception] = []

    def ask() -> None:
        try:
            while not is_over.is_set():
                for panel in OTHER_PANELS:
                    before = time.perf_counter()
                    answer = server.get("homes", home, "panels", panel)
                    took.append((time.perf_counter() - before) * 1_000)
                    if json.loads(answer)["status"] not in ("ok", "empty"):
                        raise NotMeasuredError(f"the panel {panel} could not be read")
                    time.sleep(ASKING_PAUSE_S)
        except Exception as error:  # noqa: BLE001  the boundary of this thread: raised again below
            failures.append(error)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    try:
        yield took
    finally:
        is_over.set()
        thread.join()
    if failures:
        raise NotMeasuredError(f"the other panels could not be read: {failures[0]}")


def _forget(file: Path) -> None:
    """Takes a file out of the disk cache; needs no rights. No connection to it may be open in this process."""
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)


INDEX_READ = (
    "Python: some 0.25 s to read and verify 15,000 sessions' records as JSON, 0.25 s to derive conversations and orders from "
    "them, 0.3 s to count all messages anew where something was committed meanwhile, 0.5 s for the sums of all days that "
    "the costs panel shows."
)

ROW = Row(
    name="start",
    title="Server started → a large history",
    goal="first panel ≤ 1.5 s, the whole history ≤ 5 s, the whole of one that an earlier server has read ≤ 1 s; other "
    "panels meanwhile ≤ 50 ms p95",
    definition="From the start of the server's process to the last byte at a WebSocket client in another process: of the "
    "first snapshot of the overview that counts any message, and of the last of overview, sessions and costs that comes "
    "without `progress`, which must count every message. Meanwhile memory, skills and cron are asked for over REST, one "
    "after another, 20 ms after each answer. An agent has the home open and writes nothing.",
    state="Cold server, no index; `state.db` is in the disk cache unless said. Not in the disk cache: after "
    "`posix_fadvise(DONTNEED)`; what the virtual machine's host has cached, nobody can tell.",
    measure=measure,
    causes={"wal-known": INDEX_READ, "delete-known": INDEX_READ},
)
