"""What one more message costs the server, by the length of the history."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack

from bench import statistics
from bench.agent import Step
from bench.row import Limit, Measurement, Row, compared, measured
from bench.rows.paint import SESSIONS_READ_AGAIN
from bench.server import Server
from bench.stage import Stage
from bench.viewers import OVERVIEW, SESSIONS, TRANSCRIPT, Viewers

SMALL = 1_000
APART_S = 0.1
CHUNK = 20
WARM_UP = 10
LAST_LOOK_S = 1.2
"""The watcher looks once more a second after an event; that counts, too."""


def measure(stage: Stage) -> Sequence[Measurement]:
    """Two homes, a server for each; runs of 20 messages to each in turn."""
    chunk = min(CHUNK, stage.scale.steady)
    homes = (stage.make_home(SMALL), stage.large_home)
    cost: tuple[list[float], list[float]] = ([], [])
    with ExitStack() as open_:
        agent = open_.enter_context(stage.agent(*homes))
        crowds = []
        for home in homes:
            server, viewers = open_.enter_context(Server()), open_.enter_context(Viewers())
            viewers.add(server.endpoint, server.open(home), OVERVIEW, SESSIONS, TRANSCRIPT)
            crowds.append((server, viewers))
        agent.play([Step(APART_S * place, "message", home=place % 2) for place in range(WARM_UP)])
        time.sleep(LAST_LOOK_S)
        for _ in range(stage.scale.steady // chunk):
            for index, (server, viewers) in enumerate(crowds):
                spent = server.cpu_s()
                agent.play([Step(APART_S * place, "message", home=index) for place in range(chunk)])
                time.sleep(LAST_LOOK_S)
                viewers.settle()
                cost[index].append((server.cpu_s() - spent) / chunk * 1_000)
    ratio = statistics.paired_interval(
        list(zip(*cost, strict=True)), lambda small, large: large / max(small, 0.01)
    )
    limit = Limit("median", 5.0)
    return [
        measured("small", f"{SMALL:,} messages of history", "ms of CPU", cost[0], limit),
        measured("large", f"{stage.scale.history:,} messages of history", "ms of CPU", cost[1], limit),
        compared("ratio", "large to small", "×", len(cost[0]), ratio, Limit("median", 1.5)),
    ]


ROW = Row(
    name="history",
    title="Server CPU per committed message",
    goal="≤ 5 ms, flat from 1,000 to 1,000,000 messages of history (≤ × 1.5)",
    definition="utime + stime of the server process over runs of 20 messages 100 ms apart and the 1.2 s after, divided by "
    "20. Three WebSocket clients, on overview, sessions and the transcript of the agent's session, ask again as the "
    "browser does. n counts runs.",
    state="Warm: five messages before, not counted.",
    measure=measure,
    causes={
        "small": "For each message three queries are collected anew (2 to 3 ms each, of it 0.7 ms for redaction), the "
        "watcher's thread wakes for some five looks (3.5 ms), and the event loop tells and answers (2 ms).",
        "large": SESSIONS_READ_AGAIN,
        "ratio": SESSIONS_READ_AGAIN,
    },
)
