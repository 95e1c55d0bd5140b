"""How long the server's event loop stands still."""

from __future__ import annotations

import time
from collections.abc import Sequence

from bench.agent import Agent, Step
from bench.heartbeat import Heartbeat, idle_beat, stall
from bench.row import Limit, Measurement, Row, measured
from bench.server import Server
from bench.stage import Stage
from bench.viewers import Viewers, all_sights

IDLE_S = 1.0
EVERY_S = 0.05
LIMIT = Limit("most", 20.0)


def measure(stage: Stage) -> Sequence[Measurement]:
    """A fresh server reads everything for the first time, then follows 20 commits/s, then makes a whole frame."""
    found: dict[str, list[float]] = {"first": [], "steady": [], "frame": [], "machine": []}
    with stage.agent(stage.large_home) as agent:
        for _ in range(stage.scale.stall_starts):
            for phase, value in _one_start(stage, agent).items():
                found[phase].append(value)
    return [
        measured("first", "first read of all panels: longest stall", "ms", found["first"], LIMIT),
        measured("steady", "20 commits/s, all panels: longest stall", "ms", found["steady"], LIMIT),
        measured("frame", 'one whole frame("messages"): longest stall', "ms", found["frame"]),
        measured(
            "machine",
            "for comparison: longest wait for a process that only answers, at the same time",
            "ms",
            found["machine"],
        ),
    ]


def _one_start(stage: Stage, agent: Agent) -> dict[str, float]:
    steps = [Step(EVERY_S * place, "message") for place in range(int(stage.scale.stall_s / EVERY_S))]
    with (
        Server() as server,
        Heartbeat(server.endpoint.port) as heart,
        Heartbeat(None) as control,
        Viewers() as viewers,
    ):
        time.sleep(IDLE_S)
        marks = [time.time()]
        home = server.open(stage.large_home)
        viewers.add(server.endpoint, home, *all_sights(server, home))
        marks.append(time.time())
        agent.play(steps)
        viewers.settle(60)
        marks.append(time.time())
        server.get("homes", home, "frames", "messages")
        marks.append(time.time())
        beats, others = heart.stop(), control.stop()
    idle = idle_beat(beats, marks[0])
    return {
        "first": stall(beats, marks[0], marks[1], idle),
        "steady": stall(beats, marks[1], marks[2], idle),
        "frame": stall(beats, marks[2], marks[3], idle),
        "machine": stall(others, marks[0], marks[3], idle_beat(others, marks[0])),
    }


WAITS_FOR_THE_GIL = (
    "Panels are collected in up to six threads of the same interpreter, and the loop's thread waits its turn for the GIL "
    "among them, 1 ms for each (`server/pauses.py`). Full garbage collections, 60 to 180 ms before, are no longer among it. "
    "The machine itself holds up a process that only answers by some 5 ms."
)

ROW = Row(
    name="stall",
    title="Longest stall of the server's event loop",
    goal="≤ 20 ms, all panels, first read and 20 commits/s",
    definition="Another process asks `GET /healthz`, which the event loop answers by itself and without looking at any "
    "home, 2 ms after each answer. A stall is an answer's time less the median time of a server that does nothing. So "
    "it counts whatever keeps the loop from answering: its own work, threads that hold the GIL, and the machine's "
    "scheduler, for which the last line is the measure. Viewers look at every panel and at a transcript. n counts "
    "servers, started anew; the goal is for the longest stall of all.",
    state="Cold server, warm disk cache.",
    measure=measure,
    causes={"first": WAITS_FOR_THE_GIL, "steady": WAITS_FOR_THE_GIL},
)
