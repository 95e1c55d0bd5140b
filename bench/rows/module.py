"""What the browser must load first."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files

from bench.row import Limit, Measurement, NotMeasuredError, Row
from bench.stage import Stage


def measure(stage: Stage) -> Sequence[Measurement]:
    """The size of the file in the package."""
    file = files("hermes_hud_widget").joinpath("static/widget.js")
    if not file.is_file():
        raise NotMeasuredError("static/widget.js is not built: run `npm run build` in js/")
    size = len(file.read_bytes())
    return [Measurement("size", "", "kB", n=None, median=size / 1_000, limits=(Limit("median", 80),))]


ROW = Row(
    name="module",
    title="Core ES module, minified, raw",
    goal="≤ 80 kB",
    definition="Size of `static/widget.js` in kB of 1,000 bytes: all that is loaded before the first panel's view.",
    state="—",
    measure=measure,
)
