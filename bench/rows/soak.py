"""Whether the server keeps what it holds within bounds while an agent works for a long time."""

from __future__ import annotations

import time
from collections.abc import Sequence

from bench import statistics
from bench.agent import Step, Thing
from bench.row import Limit, Measurement, NotMeasuredError, Row
from bench.server import Holdings, Server
from bench.stage import Stage
from bench.viewers import Viewers, all_sights

EVERY_S = 0.05
WARM_UP_S = 60.0
SAMPLE_S = 0.5
WINDOW = 0.1
"""Share of the time over which the figures at its begin and at its end are taken: their medians."""
SETTLE_S = 60.0


def measure(stage: Stage) -> Sequence[Measurement]:
    """20 commits/s; memory, descriptors and threads after a minute and at the end."""
    lasts = stage.scale.soak_s
    warm_up = min(WARM_UP_S, lasts / 2)
    with (
        stage.passing_home(stage.scale.history) as home,
        stage.agent(home) as agent,
        Server() as server,
        Viewers() as viewers,
    ):
        home_id = server.open(home)
        viewers.add(server.endpoint, home_id, *all_sights(server, home_id), is_frugal=True)
        agent.start(steps(lasts))
        samples = _sampled(server, lasts)
        written = agent.finish()
        viewers.settle(SETTLE_S)
    late = max(one.at - written[0].at - one.step.at for one in written)
    after = [held for at, held in samples if warm_up <= at < warm_up + WINDOW * lasts]
    end = [held for at, held in samples if at >= (1 - WINDOW) * lasts]
    return _lines(
        lasts, warm_up, after, end, f"{len(written):,} commits, the latest {late:.1f} s behind its time"
    )


def _sampled(server: Server, seconds: float) -> list[tuple[float, Holdings]]:
    """What the server holds, by seconds from now."""
    began, samples = time.monotonic(), list[tuple[float, Holdings]]()
    while (at := time.monotonic() - began) < seconds:
        samples.append((at, server.holdings()))
        time.sleep(SAMPLE_S)
    return samples


def _lines(
    lasts: float, warm_up: float, after: list[Holdings], end: list[Holdings], note: str
) -> list[Measurement]:
    if not after or not end:
        raise NotMeasuredError("the server was not looked at in time")
    lines = []
    named = (("memory", "memory", "MB"), ("descriptors", "open descriptors", ""), ("threads", "threads", ""))
    for place, (key, label, unit) in enumerate(named):
        before, now = (statistics.median([held[place] for held in some]) for some in (after, end))
        lines.append(_one(f"{key}-after", f"{label} after {warm_up:.0f} s", unit, before))
        lines.append(_one(f"{key}-end", f"{label} after {lasts:.0f} s", unit, now))
        if key == "memory":
            growth = (now / before - 1) * 100
            lines.append(
                _one("memory-growth", "memory: growth", "%", growth, Limit("median", 5.0), note=note)
            )
        else:
            lines.append(_one(f"{key}-growth", f"{label}: growth", "", now - before, Limit("median", 0.0)))
    return lines


def _one(key: str, label: str, unit: str, value: float, *limits: Limit, note: str = "") -> Measurement:
    return Measurement(key, label, unit, n=None, median=value, limits=limits, note=note)


def steps(seconds: float) -> list[Step]:
    """Mostly messages; each fourth commit is a count of tokens, one in a hundred each a title and the memory file."""
    return [Step(EVERY_S * place, _thing(place)) for place in range(int(seconds / EVERY_S))]


def _thing(place: int) -> Thing:
    if place % 100 == 50:
        return "memory"
    if place % 100 == 99:
        return "title"
    return "tokens" if place % 4 == 3 else "message"


ROW = Row(
    name="soak",
    title="Ten minutes of 20 commits/s, every panel viewed",
    goal="memory at the end ≤ 5 % above that after 1 minute; descriptors and threads constant",
    definition="The server's resident memory, its open descriptors and its threads (`/proc/PID`), twice a second; medians "
    "of a tenth of the time each. WebSocket clients look at every panel and at the transcript of the agent's session, to "
    "which most of the commits belong, and ask again as the browser does; in the end each must hold the newest version. "
    "In a quick run 20 s, the second half against its end.",
    state="Warm after the first minute.",
    measure=measure,
)
