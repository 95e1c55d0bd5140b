"""What the import costs."""

from __future__ import annotations

from collections.abc import Sequence

from bench.kernel import start_kernel
from bench.row import Limit, Measurement, Row, measured
from bench.stage import Stage

CELL = """
import time
before = time.perf_counter()
from hermes_hud_widget import HUD, Home
print((time.perf_counter() - before) * 1000)
"""


def measure(stage: Stage) -> Sequence[Measurement]:
    """In fresh kernels."""
    found = []
    for _ in range(1 + stage.scale.imports):
        with start_kernel(stage.folder / "kernel-import") as kernel:
            found.append(float(kernel.run(CELL)))
    # The first one may still have had to compile and to fetch from the disk.
    return [measured("import", "", "ms", found[1:], Limit("median", 150))]


ROW = Row(
    name="import",
    title="`from hermes_hud_widget import HUD, Home` in a kernel",
    goal="≤ 150 ms",
    definition="Time of that statement, each in a fresh IPython kernel.",
    state="Fresh interpreter; compiled files and disk cache warm.",
    measure=measure,
)
