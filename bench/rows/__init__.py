"""Every row of the report, in its order."""

from __future__ import annotations

from bench.row import Row
from bench.rows import (
    busy,
    commits,
    crowd,
    frame,
    guest,
    history,
    idle,
    imports,
    loss,
    module,
    opening,
    paint,
    panels,
    peak,
    soak,
    stall,
    start,
    wire,
)

ROWS: tuple[Row, ...] = (
    paint.MESSAGE,
    paint.MEMORY,
    panels.ROW,
    loss.ROW,
    busy.ROW,
    wire.ROW,
    guest.ROW,
    commits.ROW,
    idle.ROW,
    history.ROW,
    stall.ROW,
    frame.ROW,
    start.ROW,
    opening.ROW,
    imports.ROW,
    crowd.ROW,
    peak.ROW,
    soak.ROW,
    module.ROW,
)
