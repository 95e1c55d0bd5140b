"""What the server costs while nothing happens."""

from __future__ import annotations

import time
from collections.abc import Sequence

from bench.agent import Agent, Step
from bench.row import Limit, Measurement, Row
from bench.server import Server
from bench.stage import Stage
from bench.viewers import OVERVIEW, Viewers

SETTLE_S = 3.0


def measure(stage: Stage) -> Sequence[Measurement]:
    """A crowded home at rest, one viewer on the overview."""
    home = stage.make_home(1_000)
    files = stage.crowd(home, stage.scale.files)
    with Agent(home) as agent, Server() as server, Viewers() as viewers:
        viewers.add(server.endpoint, server.open(home), OVERVIEW)
        agent.play([Step(0.0, "message"), Step(0.1, "memory")])
        viewers.settle()
        time.sleep(SETTLE_S)
        spent, began = server.cpu_s(), time.monotonic()
        time.sleep(stage.scale.idle_s)
        spent, lasted = server.cpu_s() - spent, time.monotonic() - began
        agent.close()
    share = spent / lasted * 100
    return [
        Measurement(
            "share",
            f"{files:,} files, {stage.scale.idle_s:.0f} s",
            "% of a core",
            n=1,
            median=share,
            limits=(Limit("median", 0.2),),
            note=f"{spent:.2f} s of processor time, counted in steps of 0.01 s",
        )
    ]


ROW = Row(
    name="idle",
    title="Idle CPU of the server, crowded home, one visible viewer",
    goal="150,000 files, 300 s: ≤ 0.2 % of a core",
    definition="The files are what fills real homes: the agent's git checkout, its node_modules and venv, checkpoints, a "
    "cache, logs. utime + stime of the server process and all below it (`/proc/PID/stat`) while nothing is written, an "
    "agent has the home open, and one WebSocket client looks at the overview. In a quick run other rows are measured at the same "
    "time, on servers of their own.",
    state="Warm: some seconds after the last write.",
    measure=measure,
    only_waits=True,
)
