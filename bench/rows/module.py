"""What the browser must load first."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files

from bench.row import Limit, Measurement, NotMeasuredError, Row
from bench.stage import Stage


def measure(stage: Stage) -> Sequence[Measurement]:
    """The sizes of the files in the package."""
    static = files("hermes_hud_widget").joinpath("static")
    if not static.joinpath("widget.js").is_file():
        raise NotMeasuredError("static/widget.js is not built: run `npm run build` in js/")
    core, *more = (len(static.joinpath(name).read_bytes()) / 1_000 for name in FIRST)
    return [
        Measurement("size", "the core", "kB", n=None, median=core, limits=(Limit("median", 80),)),
        Measurement(
            "first",
            "all that the first paint loads",
            "kB",
            n=None,
            median=core + sum(more),
            limits=(Limit("median", 110),),
        ),
    ]


FIRST = ("widget.js", "core/parts.js", "views/overview.js")

ROW = Row(
    name="module",
    title="ES modules, minified, raw",
    goal="≤ 80 kB the core, ≤ 110 kB all that the first paint loads",
    definition="Sizes in kB of 1,000 bytes: `static/widget.js`, and with `core/parts.js` and the overview's view, in English.",
    state="—",
    measure=measure,
)
