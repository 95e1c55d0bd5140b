"""From a write to the screen by each transport, idle and while a cell runs."""

from __future__ import annotations

from collections.abc import Sequence

from bench import statistics
from bench.agent import at_work
from bench.paints import Paint, all_ms, waits
from bench.row import Limit, Measurement, Row, compared, measured
from bench.rows.paint import PAGE, PAINTED, PAUSES_S, WHAT_A_MESSAGE_TAKES
from bench.stage import Stage, Way

PATIENCE_S = 60.0
SLEEPING = "import time\nprint('begun', flush=True)\ntime.sleep(3600)"
PURE_PYTHON = "print('begun', flush=True)\nwhile True:\n    pass"
HOLDING = """
import re, time
length, took = 16, 0.0
while took < 0.6:
    length += 1
    before = time.perf_counter()
    re.match('(a+)+$', 'a' * length + 'b')
    took = time.perf_counter() - before
print('begun', flush=True)
time.sleep(0.5)
while True:
    re.match('(a+)+$', 'a' * length + 'b')
"""
"""Calls of some 0.6 to 1.2 s that keep the GIL, one after another; the pause lets "begun" out."""

WAYS: tuple[Way, ...] = ("direct", "proxied", "comm")
CELLS = {"sleeping": SLEEPING, "pure": PURE_PYTHON, "gil": HOLDING}
LABELS = {
    "sleeping": "sleeping",
    "pure": "a pure Python loop",
    "gil": "C calls of about 1 s that keep the GIL",
}
COMM_LIMITS = {"sleeping": (Limit("median", 150),), "pure": (Limit("median", 150),), "gil": ()}


def measure(stage: Stage) -> Sequence[Measurement]:
    """Idle, then beside each kind of cell, by each way."""
    return [line for way in WAYS for line in _measure(stage, way)]


def _measure(stage: Stage, way: Way) -> list[Measurement]:
    scene, count = stage.scene(way), stage.scale.beside
    steps = [at_work(count, *PAUSES_S, seed=number) for number in range(1 + len(CELLS))]
    idle, note = all_ms(scene.paints(steps[0]))
    lines = [measured(f"{way}-idle", f"{way}, no cell running", "ms", idle, note=note)]
    for number, (key, source) in enumerate(CELLS.items(), 1):
        if way != "direct" and key == "gil" and not stage.scale.is_thorough:
            continue
        with scene.beside(source):
            paints = scene.paints(steps[number], PATIENCE_S)
        if way == "comm" and key == "gil":
            lines += _as_far_as_painted(f"{way}-{key}", f"{way}, {LABELS[key]}", paints)
            continue
        beside, note = all_ms(paints)
        limits = COMM_LIMITS[key] if way == "comm" else ()
        lines.append(measured(f"{way}-{key}", f"{way}, {LABELS[key]}", "ms", beside, *limits, note=note))
        if way != "comm":
            ratio = statistics.ratio_interval(beside, idle)
            label = f"{way}, {LABELS[key]}: ratio of the medians to idle"
            lines.append(compared(f"{way}-{key}-ratio", label, "×", count, ratio, Limit("median", 1.5)))
    return lines


def _as_far_as_painted(key: str, label: str, paints: Sequence[Paint]) -> list[Measurement]:
    """The kernel can hand nothing on while a C call keeps the GIL: what is not painted in time is a result."""
    found = waits(paints)
    painted = [wait.ms for wait in found if wait.ms is not None]
    share = measured(
        f"{key}-painted",
        f"{label}: painted within {PATIENCE_S:g} s",
        f"of {len(found)}",
        [float(len(painted))],
    )
    return [measured(key, label, "ms", painted), share] if painted else [share]


ROW = Row(
    name="busy",
    title="A message in `state.db` → painted, by each transport, idle and while a cell runs",
    goal="direct, proxied: the idle median × 1.5; comm: sleeping and pure Python ≤ 150 ms median, a GIL-holding call reported",
    definition=PAINTED
    + PAGE
    + "The cell runs in the same notebook, before, during and after the writes. For the "
    "proxied socket (jupyter-server-proxy) the page's way to the server's port is cut, for the comm that over the proxy, too.",
    state="Warm.",
    measure=measure,
    causes={
        "comm-sleeping": WHAT_A_MESSAGE_TAKES,
        "comm-pure": "What the server takes for the message itself, and in the kernel several threads that hand it on, each "
        "of which waits up to 5 ms for the GIL (`sys.getswitchinterval`).",
    },
    needs_browser=True,
)
