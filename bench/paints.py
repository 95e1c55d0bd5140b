"""Writes and when they were on screen. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.agent import Thing, Written
from bench.row import NotMeasuredError


@dataclass(frozen=True)
class Paint:
    """A write, and when its nonce was painted.

    Attributes:
        painted_at: In seconds since the epoch; None: never, or it was out of sight by then.
    """

    written: Written
    painted_at: float | None


@dataclass(frozen=True)
class Wait:
    """How long a write was not on screen.

    Attributes:
        ms: Until it, or a newer write of the same thing, was painted; None: neither ever was.
        is_overtaken: True if only the newer one was painted: of two messages that arrive at once, the older one may
            already be below the fold, and of two titles there is only the newer one.
    """

    paint: Paint
    ms: float | None
    is_overtaken: bool


def waits(paints: Sequence[Paint]) -> list[Wait]:
    """The wait of each write; `paints` are in the order in which they were written."""
    found = []
    soonest: dict[Thing, float] = {}
    for paint in reversed(paints):
        thing, at = paint.written.step.thing, paint.painted_at
        if at is not None:
            soonest[thing] = min(at, soonest.get(thing, at))
        shown = soonest.get(thing)
        ms = None if shown is None else (shown - paint.written.at) * 1_000
        found.append(Wait(paint, ms, at is None and ms is not None))
    return found[::-1]


def all_ms(paints: Sequence[Paint]) -> tuple[list[float], str]:
    """The waits in ms, and what must be said about them.

    Raises:
        NotMeasuredError: A write was never painted, nor a newer one.
    """
    found = waits(paints)
    missing = [wait for wait in found if wait.ms is None]
    if missing:
        thing = missing[0].paint.written.step.thing
        raise NotMeasuredError(f"{len(missing)} of {len(found)} writes were never painted, first a {thing}")
    overtaken = sum(wait.is_overtaken for wait in found)
    note = (
        f"{overtaken} of {len(found)} came together with a newer one and were counted with that"
        if overtaken
        else ""
    )
    return [wait.ms for wait in found if wait.ms is not None], note
