"""How much memory the server takes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.row import Limit, Measurement, Row, measured
from bench.server import Server
from bench.stage import Stage

SMALL = 1_000


def measure(stage: Stage) -> Sequence[Measurement]:
    """Fresh servers on a small home, and on the large one before and after a whole frame."""
    small, large = stage.make_home(SMALL), stage.large_home
    on_small = [_peaks(small) for _ in range(stage.scale.servers)]
    on_large = [_peaks(large) for _ in range(stage.scale.servers)]
    few, many = f"{SMALL:,} messages", f"{stage.scale.history:,} messages"
    first, frame = "first read of all panels", "and one whole frame"
    return [
        measured("small", f"{few}, {first}", "MB", [peak for peak, _ in on_small], Limit("most", 100)),
        measured("small-frame", f"{few}, {frame}", "MB", [peak for _, peak in on_small]),
        measured("panels", f"{many}, {first}", "MB", [peak for peak, _ in on_large], Limit("most", 400)),
        measured("frame", f"{many}, {frame}", "MB", [peak for _, peak in on_large], Limit("most", 400)),
    ]


def _peaks(home: Path) -> tuple[float, float]:
    """A fresh server's peak in MB after it has read all panels, and after a whole frame besides."""
    with Server() as server:
        home_id = server.open(home)
        server.read_all(home_id)
        after_panels = server.peak_memory_mb()
        server.get("homes", home_id, "frames", "messages")
        return after_panels, server.peak_memory_mb()


ROW = Row(
    name="peak",
    title="Memory of the server at its highest",
    goal="≤ 100 MB on a small home, ≤ 400 MB with 1,000,000 messages, first read and one full frame",
    definition="VmHWM of the server process (`/proc/PID/status`), in MB of 1,000,000 bytes, after reading every panel and, "
    'where said, `frame("messages")`. The goal is for the highest of n servers, started anew.',
    state="Cold server.",
    measure=measure,
    causes={
        "frame": "The whole frame is held at once as Python lists, as an Arrow table and as the bytes of the answer.",
    },
)
