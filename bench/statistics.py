"""Medians, quantiles, and bootstrap intervals of what was measured. Pure functions."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

RESAMPLES = 2_000
SEED = 20_260_101


@dataclass(frozen=True)
class Summary:
    """What a list of figures comes to, in the figures' unit."""

    n: int
    median: float
    p95: float
    most: float
    q1: float
    q3: float


def summarise(values: Sequence[float]) -> Summary:
    """The summary of at least one figure."""
    return Summary(
        n=len(values),
        median=median(values),
        p95=quantile(values, 0.95),
        most=max(values),
        q1=quantile(values, 0.25),
        q3=quantile(values, 0.75),
    )


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0 to 1) of the figures lie, interpolated linearly."""
    if not values:
        raise ValueError("no figures: there is no quantile of nothing")
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below, above = math.floor(place), math.ceil(place)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def median(values: Sequence[float]) -> float:
    """The middle one."""
    return quantile(values, 0.5)


def paired_interval(
    pairs: Sequence[tuple[float, float]], compare: Callable[[float, float], float]
) -> tuple[float, float, float]:
    """The median of `compare(a, b)` over the pairs, and its 95 % bootstrap interval (low, high).

    Pairs are drawn whole, so that what both halves share (a slow moment of the machine) cancels.
    """
    compared = [compare(a, b) for a, b in pairs]
    low, high = _interval(lambda rng: median(_drawn(compared, rng)))
    return median(compared), low, high


def ratio_interval(above: Sequence[float], below: Sequence[float]) -> tuple[float, float, float]:
    """The ratio of the medians of two lists that were not measured in pairs, and its 95 % interval."""
    low, high = _interval(lambda rng: median(_drawn(above, rng)) / median(_drawn(below, rng)))
    return median(above) / median(below), low, high


def _interval(draw: Callable[[random.Random], float]) -> tuple[float, float]:
    # A fixed seed: the same figures always have the same interval.
    rng = random.Random(SEED)
    drawn = [draw(rng) for _ in range(RESAMPLES)]
    return quantile(drawn, 0.025), quantile(drawn, 0.975)


def _drawn(values: Sequence[float], rng: random.Random) -> list[float]:
    return rng.choices(values, k=len(values))
