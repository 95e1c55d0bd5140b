"""How much is measured: everything, or enough to see within three minutes that nothing is badly off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Scale:
    """Sizes and repeats.

    Attributes:
        is_thorough: True if also that is measured which has no goal and takes long.
        history: Messages in the large `state.db`.
        paints: Commits, each with a pause, whose way to the screen is timed.
        panel_paints: Changes by Hermes' own code whose way to the screen is timed, for each panel.
        quiet_s: How long nothing is written before "the first write after quiet".
        quiet_messages: How many such writes to `state.db`.
        quiet_memories: The same for the memory file.
        changes: Random changes of which none may be lost.
        beside: Timed commits beside each kind of running cell.
        guest_pairs: Pairs of runs of the user's cell with and without a HUD.
        guest_s: What one such run takes, about.
        commit_pairs: Pairs of commits with and without a HUD, in each setting.
        files: Files in the crowded home.
        idle_s: How long the idle server is watched.
        steady: Commits 100 ms apart, on each history.
        stall_s: For how long 20 commits/s are kept up while the event loop is timed.
        stall_starts: Servers started for it.
        frame_pairs: First calls of a frame, each beside one of pandas.read_sql.
        frame_cold: First calls of a frame on a server just started.
        openings: HUDs opened in each setting.
        imports: Fresh kernels.
        crowd: Viewers at once.
        crowd_s: For how long 20 commits/s are kept up before them.
        servers: Servers whose memory is read, on each home.
        wires: Commits timed to a WebSocket client.
        starts: Servers started on the large home, in each setting.
        soak_s: For how long 20 commits/s are kept up while memory, descriptors and threads are watched.
    """

    name: Literal["full", "quick"]
    is_thorough: bool
    history: int
    paints: int
    panel_paints: int
    quiet_s: float
    quiet_messages: int
    quiet_memories: int
    changes: int
    beside: int
    guest_pairs: int
    guest_s: float
    commit_pairs: int
    files: int
    idle_s: float
    steady: int
    stall_s: float
    stall_starts: int
    frame_pairs: int
    frame_cold: int
    openings: int
    imports: int
    crowd: int
    crowd_s: float
    servers: int
    wires: int
    starts: int
    soak_s: float


FULL = Scale(
    name="full",
    is_thorough=True,
    history=1_000_000,
    paints=150,
    panel_paints=10,
    quiet_s=60.0,
    quiet_messages=3,
    quiet_memories=2,
    changes=1_000,
    beside=30,
    guest_pairs=20,
    guest_s=1.5,
    commit_pairs=200,
    files=150_000,
    idle_s=300.0,
    steady=160,
    stall_s=15.0,
    stall_starts=3,
    frame_pairs=4,
    frame_cold=2,
    openings=8,
    imports=15,
    crowd=100,
    crowd_s=10.0,
    servers=3,
    wires=100,
    starts=3,
    soak_s=600.0,
)

QUICK = Scale(
    name="quick",
    is_thorough=False,
    history=100_000,
    paints=12,
    panel_paints=2,
    quiet_s=6.0,
    quiet_messages=1,
    quiet_memories=0,
    changes=40,
    beside=4,
    guest_pairs=2,
    guest_s=0.4,
    commit_pairs=10,
    files=20_000,
    idle_s=20.0,
    steady=10,
    stall_s=2.0,
    stall_starts=1,
    frame_pairs=1,
    frame_cold=1,
    openings=1,
    imports=2,
    crowd=100,
    crowd_s=2.0,
    servers=1,
    wires=8,
    starts=1,
    soak_s=20.0,
)
