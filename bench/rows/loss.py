"""Whether any change is lost."""

from __future__ import annotations

import random
from collections.abc import Sequence

from bench.agent import Step, Thing
from bench.paints import Wait, waits
from bench.row import Limit, Measurement, Row
from bench.rows.paint import PAGE
from bench.stage import Stage

THINGS: tuple[Thing, ...] = ("message", "title", "memory")
IN_TIME_S = 1.0


def measure(stage: Stage) -> Sequence[Measurement]:
    """Random changes with random pauses; none may be missing on screen."""
    paints = stage.scene("direct").paints(random_changes(stage.scale.changes, seed=3))
    found = waits(paints)
    missing, overtaken = [wait for wait in found if is_lost(wait)], sum(wait.is_overtaken for wait in found)
    newest = {paint.written.step.thing: paint for paint in paints}
    never = sum(wait.ms is None for wait in missing)
    held = sum(paint.painted_at is not None for paint in newest.values())
    return [
        Measurement(
            "lost",
            "changes lost",
            "",
            n=len(paints),
            median=len(missing),
            most=len(missing),
            limits=(Limit("most", 0),),
            note=f"of those lost, {never} never came and the others after more than 1 s; {overtaken} were overtaken by a newer change of the same thing before they were painted",
        ),
        Measurement(
            "newest",
            "things of which the newest state is on screen after the last write",
            f"of {len(newest)}",
            n=None,
            median=held,
            limits=(Limit("median", len(newest), is_least=True),),
        ),
    ]


def random_changes(count: int, *, seed: int) -> list[Step]:
    """Changes of random things; nineteen pauses in twenty from 1 to 300 ms, evenly over the orders of magnitude, the
    twentieth 1.0 to 1.2 s, long enough for a change that was missed to stay missed."""
    rng = random.Random(seed)
    steps, at = [], 0.0
    for number in range(count):
        at += rng.uniform(1.0, 1.2) if number % 20 == 19 else 0.001 * 300 ** rng.random()
        steps.append(Step(at, rng.choice(THINGS)))
    return steps


def is_lost(wait: Wait) -> bool:
    """True if neither the change nor a newer one of the same thing was painted within 1 s of its commit."""
    return wait.ms is None or wait.ms > IN_TIME_S * 1_000


ROW = Row(
    name="loss",
    title="Changes lost out of random ones",
    goal="0 of 1,000",
    definition="Lost: neither the change itself nor a newer one of the same thing was painted within 1 s of its commit. "
    + PAGE
    + "Messages, the session's title and the memory file change at random; nineteen pauses in twenty are 1 to "
    "300 ms, the twentieth 1.0 to 1.2 s. After the last write the page must show the newest of each.",
    state="Warm.",
    measure=measure,
    needs_browser=True,
)
