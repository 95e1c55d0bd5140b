"""What a HUD that reads costs Hermes itself."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench import statistics
from bench.agent import Journal, Step, Written
from bench.row import Limit, Measurement, NotMeasuredError, Row, compared, measured
from bench.server import Server
from bench.stage import Stage
from bench.viewers import MEMORY, OVERVIEW, SESSIONS, TRANSCRIPT, Viewers

WATCHED, CONTROL = 0, 1
JOURNALS: tuple[Journal, ...] = ("wal", "delete")
PAUSES_S = (0.02, 0.06)
LIMIT = Limit("median", 0.2)


def measure(stage: Stage) -> Sequence[Measurement]:
    """Two homes with the same history, written in turn by one process; a HUD reads only one of them."""
    messages, lines = stage.scale.history, list[Measurement]()
    with stage.passing_home(messages) as watched, stage.passing_home(messages) as control:
        for journal in JOURNALS:
            lines += _measure(stage, watched, control, journal)
    return lines


def _measure(stage: Stage, watched: Path, control: Path, journal: Journal) -> list[Measurement]:
    with stage.agent(watched, control, journal=journal) as agent, Server() as server, Viewers() as viewers:
        home = server.open(watched)
        viewers.add(server.endpoint, home, OVERVIEW, SESSIONS, TRANSCRIPT, MEMORY)
        agent.play(_alternating(10, seed=6))
        followed = agent.play(_alternating(stage.scale.commit_pairs, seed=7))
        viewers.settle()
        with _reading(server, home):
            read = agent.play(_alternating(stage.scale.commit_pairs, seed=8))
    return [
        *_lines(journal, "following", "viewers follow", followed),
        *_lines(journal, "reading", "all messages are read as a frame, again and again", read),
    ]


def _lines(journal: str, key: str, what: str, written: list[Written]) -> list[Measurement]:
    """The commits without a HUD, the difference that it makes, and what was refused."""
    watched = [one.took * 1_000 for one in written if one.step.home == WATCHED]
    control = [one.took * 1_000 for one in written if one.step.home == CONTROL]
    pairs = list(zip(watched, control, strict=True))
    found = statistics.paired_interval(pairs, lambda beside, alone: beside - alone)
    refused = {
        home: sum(one.refusals for one in written if one.step.home == home) for home in (WATCHED, CONTROL)
    }
    return [
        measured(f"{journal}-{key}-alone", f"{journal.upper()}: a commit nobody watches", "ms", control),
        measured(f"{journal}-{key}-beside", f"{journal.upper()}, {what}: a commit", "ms", watched),
        compared(
            f"{journal}-{key}",
            f"{journal.upper()}, {what}: difference",
            "ms",
            len(pairs),
            found,
            LIMIT,
        ),
        Measurement(
            f"{journal}-{key}-busy",
            f"{journal.upper()}, {what}: SQLITE_BUSY errors",
            "",
            n=len(watched),
            median=refused[WATCHED],
            most=refused[WATCHED],
            limits=(Limit("most", 0),),
            note=f"{refused[CONTROL]} on the home that nobody watches",
        ),
    ]


def _alternating(pairs: int, *, seed: int) -> list[Step]:
    """A commit to each of the two homes in random order, again and again."""
    rng = random.Random(seed)
    steps, at = [], 0.0
    for _ in range(pairs):
        for home in rng.sample((WATCHED, CONTROL), 2):
            at += rng.uniform(*PAUSES_S)
            steps.append(Step(at, "message", home=home))
    return steps


@contextmanager
def _reading(server: Server, home: str) -> Iterator[None]:
    """While the whole frame of messages is read, one call after another."""
    is_over = threading.Event()
    failures: list[Exception] = []

    def read() -> None:
        try:
            while not is_over.is_set():
                server.get("homes", home, "frames", "messages")
        except Exception as error:  # noqa: BLE001  the boundary of this thread: raised again below
            failures.append(error)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
    if failures:
        raise NotMeasuredError(f"the frame could not be read: {failures[0]}")


LOCKS = (
    "Without a write-ahead log a reader's lock and a commit exclude each other: a commit waits for the read that it falls "
    "into, and we read in pieces of some 6 ms."
)

ROW = Row(
    name="commits",
    title="Hermes' own commit latency with a HUD reading",
    goal="≤ +0.2 ms median, no SQLITE_BUSY caused by us, in WAL and DELETE mode",
    definition="One process appends messages as Hermes does (BEGIN IMMEDIATE, Hermes' schema with its full-text triggers, "
    "busy timeout 1 s, SQLite's default `synchronous`) to two homes of one history in random turn, 20 to 60 ms apart; a "
    "HUD's server reads only one of them, for viewers on all of overview, sessions, transcript and memory. Median of "
    "the differences of neighbouring commits. SQLITE_BUSY: errors that reach Hermes after its busy timeout.",
    state="Warm.",
    measure=measure,
    causes={
        "wal-following": "Not traced. No lock is shared with a commit here; the server's threads wake with each one, on the "
        "same two cores, while the next may begin.",
        "delete-following": LOCKS
        + " After each message that is a millisecond; what waits does so in steps of SQLite's.",
        "delete-reading": LOCKS + " Each call asks for new rows, and reads some old ones again.",
    },
)
