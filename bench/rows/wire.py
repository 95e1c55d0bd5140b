"""From a write to the data at a client, without a browser."""

from __future__ import annotations

from collections.abc import Sequence

from bench.agent import Written, at_work, spaced
from bench.row import Measurement, NotMeasuredError, Row, measured
from bench.rows.paint import PAUSES_S
from bench.server import Server
from bench.stage import Stage
from bench.viewers import MEMORY, OVERVIEW, SESSIONS, TRANSCRIPT, Viewer, Viewers, wait_for


def measure(stage: Stage) -> Sequence[Measurement]:
    """Messages and memory, to clients that look at overview, sessions, transcript and memory."""
    count = stage.scale.wires
    with stage.agent(stage.large_home) as agent, Server() as server, Viewers() as viewers:
        home = server.open(stage.large_home)
        *_, transcript, memory = viewers.add(server.endpoint, home, OVERVIEW, SESSIONS, TRANSCRIPT, MEMORY)
        _waits(transcript, agent.play(at_work(5, *PAUSES_S, seed=9)))
        messages = _waits(transcript, agent.play(at_work(count, *PAUSES_S, seed=10)))
        memories = _waits(memory, agent.play(spaced(["memory"] * count, *PAUSES_S, seed=11)))
    label = f"a message in `state.db` → transcript, {stage.scale.history:,} messages of history"
    return [
        measured("message", label, "ms", messages),
        measured("memory", "the memory file → memory", "ms", memories),
    ]


def _waits(viewer: Viewer, written: list[Written]) -> list[float]:
    """For each write, how long until data with its nonce had arrived, in ms."""
    shown = [one for one in written if one.step.thing != "tokens"]
    last = shown[-1].step.word
    wait_for(lambda: last in viewer.arrivals[-1].text, f"the last {shown[-1].step.thing}", [viewer], 10)
    found = []
    for one in shown:
        arrived = next((arrival.at for arrival in viewer.arrivals if one.step.word in arrival.text), None)
        if arrived is None:
            raise NotMeasuredError(f"a {one.step.thing} never arrived")
        found.append((arrived - one.at) * 1_000)
    return found


ROW = Row(
    name="wire",
    title="A write → data at a WebSocket client, without a browser",
    goal="none of its own: the part of the way to the screen that is the server's",
    definition="From the return of the commit (or rename) to the last byte of the first snapshot that has its nonce, at a "
    "client that asks again as the browser does, in another process. Writes are 100 to 300 ms apart.",
    state="Warm.",
    measure=measure,
)
