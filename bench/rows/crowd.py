"""Many viewers at once."""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from bench.agent import Step, Written
from bench.row import Limit, Measurement, NotMeasuredError, Row, measured
from bench.server import Server
from bench.stage import Stage
from bench.viewers import OVERVIEW, SESSIONS, TRANSCRIPT, Viewer, Viewers, wait_for

SMALL = 1_000
EVERY_S = 0.05
CONVERGE_S = 30.0


def measure(stage: Stage) -> Sequence[Measurement]:
    """On a small home; on the large one only reported."""
    count = stage.scale.crowd
    small, converged = _measure(stage, stage.make_home(SMALL))
    lines = [
        measured("small", f"{count} viewers, {SMALL:,} messages of history", "ms", small, Limit("p95", 100)),
        Measurement(
            "converged",
            "viewers that hold the newest in the end",
            f"of {count}",
            n=None,
            median=converged,
            limits=(Limit("median", count, is_least=True),),
        ),
    ]
    if stage.scale.is_thorough:
        large, also = _measure(stage, stage.large_home)
        label = f"{count} viewers, {stage.scale.history:,} messages of history"
        note = f"{also} of {count} hold the newest in the end"
        lines.append(measured("large", label, "ms", large, note=note))
    return lines


def _measure(stage: Stage, home: Path) -> tuple[list[float], int]:
    """Milliseconds for each commit and viewer, and how many viewers hold the newest version and all messages."""
    steps = [Step(EVERY_S * place, "message") for place in range(int(stage.scale.crowd_s / EVERY_S))]
    sights = itertools.islice(itertools.cycle((OVERVIEW, SESSIONS, TRANSCRIPT)), stage.scale.crowd)
    with stage.agent(home) as agent, Server() as server, Viewers() as viewers:
        all_ = viewers.add(server.endpoint, server.open(home), *sights, is_frugal=True)
        starts = [viewer.counts[-1][1] + 1 for viewer in all_]
        agent.play([Step(0.0, "message")])
        if _converged(all_, starts) < len(all_):
            raise NotMeasuredError("not every viewer got the first message")
        written = agent.play(steps)
        converged = _converged(all_, [start + len(written) for start in starts])
    took = [one for pair in zip(all_, starts, strict=True) for one in waits(pair[0].counts, pair[1], written)]
    return took, converged


def _converged(all_: list[Viewer], wanted: list[int]) -> int:
    """How many viewers hold so many messages, after a wait until all do."""

    def have() -> int:
        return sum(viewer.counts[-1][1] == count for viewer, count in zip(all_, wanted, strict=True))

    with suppress(NotMeasuredError):  # those that do not are what is counted
        wait_for(lambda: have() == len(all_), "the last message at every viewer", all_, CONVERGE_S)
    failures = [viewer.failure for viewer in all_ if viewer.failure is not None]
    if failures:
        raise NotMeasuredError(f"{len(failures)} of {len(all_)} viewers failed: {failures[0]}")
    return have()


def waits(counts: list[tuple[float, int]], start: int, written: list[Written]) -> list[float]:
    """For each message, how long until a viewer held data with it, in ms; those never held are left out.

    Args:
        counts: (time, messages) of each snapshot that the viewer got, in order.
        start: How many messages there were before.
        written: The messages.
    """
    known = list(itertools.accumulate((count for _, count in counts), max))
    found = []
    for number, one in enumerate(written, 1):
        place = bisect_left(known, start + number)
        if place < len(known):
            found.append((counts[place][0] - one.at) * 1_000)
    return found


ROW = Row(
    name="crowd",
    title="100 viewers, 20 commits/s, each fetching its panel",
    goal="all converge, p95 ≤ 100 ms",
    definition="From the return of each commit to the last byte of the first snapshot that has its message, for each "
    "viewer. A third of the viewers each on overview, sessions, and the transcript; they ask again as the browser "
    "does, in one other process on the same cores, whose own work counts. In the end each must hold every message.",
    state="Warm.",
    measure=measure,
    causes={
        "small": "Up to 2,000 answers a second, each a frame and a thread's turn of its own, by one process that shares "
        "the cores with the 100 clients.",
    },
)
