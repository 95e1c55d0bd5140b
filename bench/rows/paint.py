"""From a write to the screen: a message in `state.db`, and the memory file."""

from __future__ import annotations

from collections.abc import Sequence

from bench.agent import Step, Thing, at_work, spaced
from bench.paints import all_ms
from bench.row import Limit, Measurement, Row, measured
from bench.stage import Stage

PAUSES_S = (0.1, 0.3)
ACTIVE = (Limit("median", 50), Limit("p95", 100))
QUIET = Limit("most", 120)

PAINTED = (
    "From the return of the commit (or rename) in another process to the second animation frame after a nonce of "
    "that very write is visible text in the page. "
)
PAGE = (
    "A real JupyterLab in headless Chromium shows two HUDs on one home: the list of sessions with the transcript of "
    "the agent's session beside it, and the memory. "
)


def measure_message(stage: Stage) -> Sequence[Measurement]:
    """The agent at work, and its first message after quiet."""
    steps = at_work(stage.scale.paints, *PAUSES_S, seed=1)
    return _measure(stage, "message", steps, stage.scale.quiet_messages)


def measure_memory(stage: Stage) -> Sequence[Measurement]:
    """The same for the memory file."""
    steps = spaced(["memory"] * stage.scale.paints, *PAUSES_S, seed=2)
    return _measure(stage, "memory", steps, stage.scale.quiet_memories)


def _measure(stage: Stage, thing: Thing, steps: Sequence[Step], quiet_writes: int) -> Sequence[Measurement]:
    scene, quiet_s = stage.scene("direct"), stage.scale.quiet_s
    active, note = all_ms(scene.paints(steps))
    label = f"one write after another, {stage.scale.history:,} messages of history"
    lines = [measured("active", label, "ms", active, *ACTIVE, note=note)]
    if quiet_writes:
        quiet, _ = all_ms([scene.paint_after_quiet(thing, quiet_s) for _ in range(quiet_writes)])
        label = f"the first write after {quiet_s:.0f} s of quiet"
        lines.append(measured("quiet", label, "ms", quiet, QUIET))
    return lines


THE_PAGE = (
    "17 ms of it is the server's (see the row of a WebSocket client). The rest is spent in the page, which draws two HUDs, a "
    "transcript of 50 messages among them, beside JupyterLab and a Chromium without a graphics card on two cores; not "
    "traced yet."
)
WHAT_A_MESSAGE_TAKES = (
    "What the server does for each message, whatever the history: three queries are collected anew (some 4 ms: reading "
    "the new rows 1, the transcript's page 1, the payloads as models, redacted and as JSON 2), the watcher's thread looks "
    "twice (2 ms), the event loop tells and answers three viewers (2 ms), and the rest is threads that hand over to one "
    "another."
)

MESSAGE = Row(
    name="message",
    title="A message in `state.db` → painted",
    goal="≤ 50 ms median, ≤ 100 ms p95; first write after a quiet minute ≤ 120 ms",
    definition=PAINTED
    + PAGE
    + "The agent writes a message every 100 to 300 ms, and token counts 5 ms after every "
    "second one. Direct socket.",
    state="Warm: the HUD has been live for some seconds, and has shown one write of each kind.",
    measure=measure_message,
    causes={"active": THE_PAGE, "quiet": THE_PAGE},
    needs_browser=True,
)

MEMORY = Row(
    name="memory",
    title="The memory file → painted",
    goal="≤ 50 ms median, ≤ 100 ms p95; first write after a quiet minute ≤ 120 ms",
    definition=PAINTED + PAGE + "`memories/MEMORY.md` is replaced every 100 to 300 ms. Direct socket.",
    state="Warm.",
    measure=measure_memory,
    needs_browser=True,
)
