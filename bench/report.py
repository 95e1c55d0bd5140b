"""Renders results: a line for the terminal, and `docs/performance.md`. Pure functions of `results.json`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

MODES = {
    "full": "A full run.",
    "quick": "**A quick run**: fewer repeats and smaller sizes than the goals are about (the large history has "
    "{history:,} messages), and nothing that has no goal and takes long; its verdicts are hints.",
}
VERDICTS = {"pass": "pass", "missed": "**MISSED**", "reported": "–", "not measured": "not measured"}

INTRODUCTION = """# Performance

What the project promises about speed, and what was measured. This page is made by `make bench` from
`bench/results.json`; the rows, their goals and the causes of what is missed are declared in `bench/rows/`.
"""

REPEAT = """## How to repeat it

```sh
make bench         # everything, some 40 minutes; writes this page
make bench-quick   # fewer repeats and smaller sizes, in about three minutes; only prints
make bench-quick ROWS="message memory"   # some rows
make soak          # the ten minutes of 20 commits/s alone; only prints
```

Nothing else should run on the machine. What takes long to make, the histories and the crowd of files, is kept in
`.cache/bench` by a hash of its recipe, for a week at most; everything else that is written lies in folders that go away.
`make clean` removes both. A full run wants 6 GB of disk.
The exit status is 0 also where a goal is missed: the bench reports, it does not judge. It is not 0 where a row could
not be measured.

## How it is measured

* The writer is always another process than the server, the kernel and the page. Its time is read when the commit (or
  the rename) has returned; the page's is `performance.timeOrigin + performance.now()`. Both are this machine's clock:
  they are compared before and after each series, and a difference above 2 ms is an error. The page's clock has steps
  of 0.1 ms, and what is painted waits for Chromium's next frame, 60 a second.
* *Painted* is the second animation frame after a nonce of that very commit is visible text: in the layout, not
  covered, not scrolled away.
* Pauses are random, so that no series keeps step with a timer or with the frames.
* *p95* is the 95th percentile. *Spread* is the interquartile range, except for what compares: there it is the 95 %
  bootstrap interval ({resamples:,} resamples, of whole pairs where there are pairs).
* The homes have 1,000, 100,000 and 1,000,000 messages in 15, 1,500 and 15,000 sessions. Each empty `state.db` is made
  by Hermes 0.19's own `SessionDB`; only the rows are the bench's: 600 characters a message, system prompts of 6 to
  60 kB, four models, compactions in place and into a child session, rewinds, branches, subagents, cron jobs, archived
  sessions, auxiliary usage, one session at work until a minute ago. 1.3 GB for 1,000,000 messages: there the full-text
  indexes hold only what is written while measuring, since filling them takes minutes and nothing of ours reads them;
  up to 100,000 messages Hermes' own triggers fill them (3.4 kB a message; real homes have some 2.8).
* A history ended when it was made, at most a week before; the session at work is added at each use.
* Each server has an index folder of its own (`HERMES_HUD_CACHE`), empty unless said: a first start is a first one.
"""


def render(results: Mapping[str, Any]) -> str:
    """The page."""
    from bench.statistics import RESAMPLES

    lines = [INTRODUCTION, _summary(results), "", _machine(results), "", "## Results", ""]
    lines += ["| what | n | median | p95 | largest | spread | wanted | verdict |"]
    lines += ["|---|---:|---:|---:|---:|---|---|---|"]
    for row in results["rows"]:
        lines += _table_rows(row)
    failed = [row for row in results["rows"] if "failure" in row]
    if failed:
        lines += ["", "## Could not be measured", ""]
        lines += [f"* **{row['title']}**: {row['failure']}." for row in failed]
    why: dict[str, list[str]] = {}
    for row in results["rows"]:
        for line in row["measurements"]:
            if line["verdict"] == "missed":
                why.setdefault(line["cause"], []).append(_name(row, line))
    if why:
        lines += ["", "## Missed goals, and why", ""]
        for cause, names in why.items():
            lines += [f"* {cause}", *(f"  * {name}" for name in names)]
    lines += ["", "## What each row means", ""]
    for row in results["rows"]:
        lines += _definition(row)
    lines += [REPEAT.format(resamples=RESAMPLES)]
    return "\n".join(lines)


def describe(line: Mapping[str, Any]) -> str:
    """One measurement in a line of plain text."""
    parts = [_figure(line["median"], line["unit"]) or "–"]
    if line["p95"] is not None and (line["n"] or 0) > 1:
        parts.append(f"p95 {_number(line['p95'])}; largest {_number(line['most'])}")
    if line["spread"] and (line["n"] or 0) > 1:
        parts.append(f"{line['spread']} {_number(line['low'])} to {_number(line['high'])}")
    if line["n"] is not None:
        parts.append(f"n {line['n']:,}")
    text = f"{line['verdict'].upper() if line['verdict'] == 'missed' else line['verdict']:12}  {line['label'] or '·'}: "
    text += "; ".join(parts)
    if line["note"]:
        text += f" ({line['note']})"
    if line["verdict"] == "missed":
        text += f"\n                cause: {line['cause']}"
    return text


def _summary(results: Mapping[str, Any]) -> str:
    verdicts = [line["verdict"] for row in results["rows"] for line in row["measurements"]]
    kept, missed = verdicts.count("pass"), verdicts.count("missed")
    mode = MODES[results["mode"]].format(history=results["history"])
    return (
        f"{mode} {results['date']}, commit {results['commit']}: {kept} of {kept + missed} measurements that have a goal "
        f"keep it, {missed} miss it."
    )


def _machine(results: Mapping[str, Any]) -> str:
    return "Measured on: " + " · ".join(f"{name} {value}" for name, value in results["machine"].items()) + "."


def _table_rows(row: Mapping[str, Any]) -> Sequence[str]:
    return [
        f"| **{row['title']}** | | | | | | | |",
        *(f"| {' | '.join(_cells(line))} |" for line in row["measurements"]),
    ]


def _cells(line: Mapping[str, Any]) -> Sequence[str]:
    is_series = (line["n"] or 0) > 1
    is_spread = is_series and line["spread"] is not None
    return [
        line["label"] or "all",
        "" if line["n"] is None else f"{line['n']:,}",
        _figure(line["median"], line["unit"]),
        _number(line["p95"]) if is_series else "",
        _number(line["most"]) if is_series else "",
        f"{_number(line['low'])} to {_number(line['high'])} ({line['spread']})" if is_spread else "",
        line["limits"],
        VERDICTS[line["verdict"]],
    ]


def _definition(row: Mapping[str, Any]) -> Sequence[str]:
    when = [f"Measured on {row['date']}, commit {row['commit']}.", ""] if "commit" in row else []
    notes = [f"* {line['label'] or 'Note'}: {line['note']}." for line in row["measurements"] if line["note"]]
    heading = [f"### {row['title']}", "", *when, f"Goal: {row['goal']}.", ""]
    return [*heading, row["definition"], "", f"Caches: {row['state']}", *([""] if notes else []), *notes, ""]


def _name(row: Mapping[str, Any], line: Mapping[str, Any]) -> str:
    return f"**{row['title']}**" + (f", {line['label']}" if line["label"] else "")


def _figure(value: float | None, unit: str) -> str:
    return "" if value is None else f"{_number(value)} {unit}".strip()


def _number(value: float | None) -> str:
    """Three significant digits, which is more than these figures hold."""
    if value is None:
        return ""
    if value == int(value) and abs(value) < 1e6:
        return f"{int(value):,}"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
