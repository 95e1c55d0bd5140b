"""What a row of the report is: one declaration of what is measured, how, and what is wanted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from bench import statistics

if TYPE_CHECKING:
    from bench.stage import Stage

What = Literal["median", "p95", "most", "high"]
"""Of a measurement: its median, its 95th percentile, its largest value, or the upper end of its interval."""


class NotMeasuredError(Exception):
    """A row could not be measured; the message says why."""


@dataclass(frozen=True)
class Limit:
    """A bound that a measurement is held to, in its unit.

    Attributes:
        is_least: True where more is better.
    """

    what: What
    bound: float
    is_least: bool = False

    def is_kept(self, measurement: Measurement) -> bool:
        """True if the measurement is within the bound."""
        value = measurement.value_of(self.what)
        return value >= self.bound if self.is_least else value <= self.bound

    def __str__(self) -> str:
        return f"{_WORDS[self.what]} {'≥' if self.is_least else '≤'} {self.bound:g}"


_WORDS: Mapping[What, str] = {"median": "median", "p95": "p95", "most": "largest", "high": "upper end"}


@dataclass(frozen=True)
class Measurement:
    """One line of a row.

    Attributes:
        key: Names it within its row.
        label: What was measured, if the row has several.
        n: How many figures; None where there is just one by nature.
        median: The median, or the one figure; None where nothing could be measured, and `note` says why.
        p95: The 95th percentile; None where it says nothing.
        most: The largest figure.
        low: Lower end of `spread`.
        high: Upper end of `spread`.
        spread: What `low` and `high` are.
        limits: What it is held to; empty: only reported.
        note: What else the reader must know.
    """

    key: str
    label: str
    unit: str
    n: int | None
    median: float | None
    p95: float | None = None
    most: float | None = None
    low: float | None = None
    high: float | None = None
    spread: Literal["IQR", "95 % CI"] | None = None
    limits: tuple[Limit, ...] = ()
    note: str = ""

    def value_of(self, what: What) -> float:
        """One of its statistics.

        Raises:
            ValueError: It has none of that name.
        """
        value = {"median": self.median, "p95": self.p95, "most": self.most, "high": self.high}[what]
        if value is None:
            raise ValueError(f"{self.key}: there is no {what}")
        return value

    @property
    def is_kept(self) -> bool | None:
        """True if every limit is kept; None if there is none, or nothing to hold to it."""
        if self.median is None:
            return None
        return all(limit.is_kept(self) for limit in self.limits) if self.limits else None


def measured(
    key: str, label: str, unit: str, values: Sequence[float], *limits: Limit, note: str = ""
) -> Measurement:
    """The measurement that these figures come to, with their interquartile range."""
    if not values:
        raise NotMeasuredError(f"{label}: not a single figure came")
    summary = statistics.summarise(values)
    return Measurement(
        key,
        label,
        unit,
        n=summary.n,
        median=summary.median,
        p95=summary.p95,
        most=summary.most,
        low=summary.q1,
        high=summary.q3,
        spread="IQR",
        limits=limits,
        note=note,
    )


def unmeasured(key: str, label: str, why: str) -> Measurement:
    """A line without a figure, where the others of its row could be measured."""
    return Measurement(key, label, "", n=None, median=None, note=f"not measured: {why}")


def compared(
    key: str,
    label: str,
    unit: str,
    n: int,
    found: tuple[float, float, float],
    *limits: Limit,
    note: str = "",
) -> Measurement:
    """A difference or a ratio with its 95 % interval: (median, low, high)."""
    value, low, high = found
    return Measurement(
        key, label, unit, n=n, median=value, low=low, high=high, spread="95 % CI", limits=limits, note=note
    )


@dataclass(frozen=True)
class Row:
    """One row, declared once.

    Attributes:
        name: What `--only` takes.
        title: What is measured.
        goal: What is wanted, in words.
        definition: From what to what the time runs, on what home, by what means.
        state: Which caches are warm and which cold.
        measure: Measures it.
        causes: Why a measurement misses its limit, by its key, found and written down by a person; shown only
            while it does miss.
        needs_browser: True if it opens JupyterLab and Chromium.
        only_waits: True if it mostly waits and counts only its own processor time: in a quick run it is measured
            beside the others.
    """

    name: str
    title: str
    goal: str
    definition: str
    state: str
    measure: Callable[[Stage], Sequence[Measurement]]
    causes: Mapping[str, str] = field(default_factory=dict)
    needs_browser: bool = False
    only_waits: bool = False

    def as_result(self, measurements: Sequence[Measurement]) -> dict[str, Any]:
        """The row and its measurements as they go into `results.json`."""
        return self.retold({"measurements": [_line(each) for each in measurements]})

    def as_failure(self, error: Exception) -> dict[str, Any]:
        """The row as it goes into `results.json` when it could not be measured."""
        # Other messages than our own may hold paths.
        why = str(error) if isinstance(error, NotMeasuredError) else type(error).__name__
        return self.retold({"measurements": [], "failure": why})

    def retold(self, result: Mapping[str, Any]) -> dict[str, Any]:
        """A result of this row with the words that are declared now: they may be improved without measuring again."""
        return {
            "name": self.name,
            "title": self.title,
            "goal": self.goal,
            "definition": self.definition,
            "state": self.state,
            "measurements": [self._explained(line) for line in result["measurements"]],
            **{key: result[key] for key in ("failure", "date", "commit") if key in result},
        }

    def _explained(self, line: Mapping[str, Any]) -> dict[str, Any]:
        words = {key: value for key, value in line.items() if key != "cause"}
        if line["verdict"] != "missed":
            return words
        return {**words, "cause": self.causes.get(line["key"], "The cause is not known yet.")}


def _line(one: Measurement) -> dict[str, Any]:
    verdict = {True: "pass", False: "missed", None: "reported"}[one.is_kept]
    return {
        "key": one.key,
        "label": one.label,
        "unit": one.unit,
        "n": one.n,
        "median": _rounded(one.median),
        "p95": _rounded(one.p95),
        "most": _rounded(one.most),
        "spread": one.spread,
        "low": _rounded(one.low),
        "high": _rounded(one.high),
        "limits": ", ".join(map(str, one.limits)),
        "verdict": "not measured" if one.median is None else verdict,
        "note": one.note,
    }


def _rounded(value: float | None) -> float | None:
    """Four significant digits are more than any of these figures holds."""
    return None if value is None else float(f"{value:.4g}")
