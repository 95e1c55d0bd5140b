"""What one more message costs the server, by the length of the history."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from bench import statistics
from bench.agent import Agent, Journal, Step
from bench.row import Limit, Measurement, Row, compared, measured
from bench.rows.paint import WHAT_A_MESSAGE_TAKES
from bench.server import Server
from bench.stage import Stage
from bench.viewers import OVERVIEW, SESSIONS, TRANSCRIPT, Viewers

SMALL, MIDDLE = 1_000, 100_000
APART_S = 0.1
CHUNK = 20
WARM_UP = 5
LAST_LOOK_S = 1.2
"""The watcher looks once more a second after an event; that counts, too."""


@dataclass
class _Crowd:
    """A home with an agent, a server, and its viewers.

    Attributes:
        cost: Milliseconds of processor time for a message, of each run.
    """

    key: str
    label: str
    agent: Agent
    server: Server
    viewers: Viewers
    cost: list[float] = field(default_factory=list)


def measure(stage: Stage) -> Sequence[Measurement]:
    """Several homes, a server for each; runs of 20 messages to each in turn."""
    chunk = min(CHUNK, stage.scale.steady)
    run = [Step(APART_S * place, "message") for place in range(chunk)]
    with ExitStack() as open_:
        crowds = _crowds(stage, open_)
        for crowd in crowds:
            crowd.agent.play(run[:WARM_UP])
        time.sleep(LAST_LOOK_S)
        for _ in range(stage.scale.steady // chunk):
            for crowd in crowds:
                spent = crowd.server.cpu_s()
                crowd.agent.play(run)
                time.sleep(LAST_LOOK_S)
                crowd.viewers.settle()
                crowd.cost.append((crowd.server.cpu_s() - spent) / chunk * 1_000)
    limit = Limit("median", 5.0)
    costs = {crowd.key: crowd.cost for crowd in crowds}
    pairs = list(zip(costs["small"], costs["large"], strict=True))
    ratio = statistics.paired_interval(pairs, lambda small, large: large / max(small, 0.01))
    return [
        *(measured(crowd.key, crowd.label, "ms of CPU", crowd.cost, limit) for crowd in crowds),
        compared("ratio", "largest to smallest history", "×", len(pairs), ratio, Limit("median", 1.5)),
    ]


def _crowds(stage: Stage, open_: ExitStack) -> list[_Crowd]:
    large = stage.scale.history
    kinds: list[tuple[str, int, Journal]] = [("small", SMALL, "wal"), ("middle", MIDDLE, "wal")]
    kinds = [kind for kind in kinds if kind[1] < large]
    kinds += [("large", large, "wal"), ("large-delete", large, "delete")]
    crowds = []
    for key, messages, journal in kinds:
        home: Path = open_.enter_context(stage.passing_home(messages))
        agent = open_.enter_context(stage.agent(home, journal=journal))
        server, viewers = open_.enter_context(Server()), open_.enter_context(Viewers())
        viewers.add(server.endpoint, server.open(home), OVERVIEW, SESSIONS, TRANSCRIPT)
        mode = ", journal mode DELETE" if journal == "delete" else ""
        crowds.append(_Crowd(key, f"{messages:,} messages of history{mode}", agent, server, viewers))
    return crowds


ROW = Row(
    name="history",
    title="Server CPU per committed message",
    goal="≤ 5 ms, flat from 1,000 to 1,000,000 messages of history (≤ × 1.5)",
    definition="utime + stime of the server process over runs of 20 messages 100 ms apart and the 1.2 s after, divided by "
    "20. Three WebSocket clients, on overview, sessions and the transcript of the agent's session, ask again as the "
    "browser does. Journal mode WAL unless said. n counts runs.",
    state="Warm: five messages before, not counted.",
    measure=measure,
    causes={
        "small": WHAT_A_MESSAGE_TAKES,
        "middle": WHAT_A_MESSAGE_TAKES,
        "large": WHAT_A_MESSAGE_TAKES,
        "large-delete": WHAT_A_MESSAGE_TAKES
        + " Without a write-ahead log each commit creates and deletes a journal, which are events more.",
        "ratio": WHAT_A_MESSAGE_TAKES,
    },
)
