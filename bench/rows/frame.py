"""The frame of all messages in a kernel, beside `pandas.read_sql`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench import statistics
from bench.agent import Agent, Step
from bench.kernel import Kernel, start_kernel
from bench.row import Limit, Measurement, Row, compared, measured, unmeasured
from bench.server import CACHE, has_index
from bench.stage import Stage

CELL_S = 300.0
NEW_ROWS = 10
AGAIN = 2
FIRST = Limit("median", 2.5, is_least=True)
LATER = Limit("median", 50, is_least=True)

SETUP = """
import os, time, pandas, pyarrow
os.environ[{name!r}] = {cache!r}
from hermes_hud_widget import Home
home = Home({home!r})
"""
START = 'home.panel("memory")'
"""Starts the server, which does not read `state.db` for it."""
WARM = """
for panel in home.panels:
    while home.panel(panel).get("progress"):
        time.sleep(0.05)
"""
FRAME = """
before = time.perf_counter()
rows = len(home.frame("messages"))
print(time.perf_counter() - before, rows)
"""
ARROW = FRAME.replace('"messages"', '"messages", library="arrow"')
HAS_ARROW = """
import inspect
print("library" in inspect.signature(Home.frame).parameters)
"""
READ_SQL = '''
import sqlite3, time, pandas
connection = sqlite3.connect("file:{file}?mode=ro", uri=True)
before = time.perf_counter()
rows = len(pandas.read_sql("""
    SELECT id, session_id, role, timestamp, tool_name, tool_call_id, tool_calls AS tool_names, finish_reason,
           token_count, length(content) AS text_chars,
           length(coalesce(reasoning, reasoning_content)) AS reasoning_chars,
           CASE WHEN compacted THEN 'compacted' WHEN active THEN 'active' ELSE 'rewound' END AS state
    FROM messages ORDER BY id
""", connection))
print(time.perf_counter() - before, rows)
connection.close()
'''


@dataclass
class Found:
    """Seconds of each call, by what was called; all lists are in the order of rounds."""

    read_sql: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    again: list[float] = field(default_factory=list)
    index: list[float] = field(default_factory=list)
    arrow: list[float] = field(default_factory=list)
    arrow_again: list[float] = field(default_factory=list)
    cold: list[float] = field(default_factory=list)


def measure(stage: Stage) -> Sequence[Measurement]:
    """Each first call in a fresh kernel with a fresh server, beside a call of read_sql."""
    home, found = stage.large_home, Found()
    with stage.agent(home) as agent, start_kernel(stage.new_folder()) as other:
        for _ in range(stage.scale.frame_pairs):
            cache = stage.new_folder()
            _round(stage, home, cache, agent, found)
            found.read_sql.append(_timed(other, READ_SQL.format(file=home / "state.db")))
        for _ in range(stage.scale.frame_cold):
            with _kernel(stage, home, stage.new_folder()) as kernel:
                found.cold.append(_timed(kernel, FRAME))
    return lines(found)


def _round(stage: Stage, home: Path, cache: Path, agent: Agent, found: Found) -> None:
    with _kernel(stage, home, cache) as kernel:
        kernel.run(WARM, CELL_S)
        found.first.append(_timed(kernel, FRAME))
        for _ in range(AGAIN):
            _add_rows(agent)
            found.again.append(_timed(kernel, FRAME))
        has_arrow = kernel.run(HAS_ARROW).strip() == "True"
        is_known = has_index(cache)
    if is_known:
        with _kernel(stage, home, cache) as kernel:
            kernel.run(START)
            found.index.append(_timed(kernel, FRAME))
    if has_arrow:
        with _kernel(stage, home, cache) as kernel:
            kernel.run(WARM, CELL_S)
            found.arrow.append(_timed(kernel, ARROW))
            for _ in range(AGAIN):
                _add_rows(agent)
                found.arrow_again.append(_timed(kernel, ARROW))


def lines(found: Found) -> list[Measurement]:
    """The row's lines; what could not be called is among them."""
    read, index = "the server has read the home", "a fresh server finds the index of an earlier one"
    again = f"again after {NEW_ROWS} new rows"
    all_ = [
        measured("read-sql", "`pandas.read_sql`", "s", found.read_sql),
        measured("first", f"first call, {read}", "s", found.first),
        _ratio("first-ratio", f"read_sql / first call, {read}", found.first, found, FIRST),
    ]
    if len(found.index) == len(found.read_sql):
        all_.append(measured("index", f"first call, {index}", "s", found.index))
        all_.append(_ratio("index-ratio", f"read_sql / first call, {index}", found.index, found, FIRST))
    else:
        all_.append(unmeasured("index", f"first call, {index}", f"there is no index in `{CACHE}`"))
    all_.append(measured("again", again, "s", found.again))
    all_.append(_ratio("again-ratio", f"read_sql / {again}", found.again, found, LATER))
    if found.arrow:
        all_.append(measured("arrow", f'`library="arrow"`: first call, {read}', "s", found.arrow))
        all_.append(measured("arrow-again", f'`library="arrow"`: {again}', "s", found.arrow_again))
    else:
        all_.append(unmeasured("arrow", '`library="arrow"`', "`Home.frame` has no `library` yet"))
    all_.append(
        measured("cold", "first call in a fresh kernel: starts the server, reads the home", "s", found.cold)
    )
    return all_


def _ratio(key: str, label: str, ours: Sequence[float], found: Found, limit: Limit) -> Measurement:
    """How many times faster than the read_sql of the same round."""
    rounds = len(ours) // len(found.read_sql)
    pairs = [(took, found.read_sql[number // rounds]) for number, took in enumerate(ours)]
    faster = statistics.paired_interval(pairs, lambda ours, theirs: theirs / ours)
    return compared(key, label, "×", len(pairs), faster, limit)


def _kernel(stage: Stage, home: Path, cache: Path) -> Kernel:
    """A fresh kernel, whose server will have this index folder."""
    kernel = start_kernel(stage.new_folder())
    try:
        kernel.run(SETUP.format(home=str(home), cache=str(cache), name=CACHE))
    except BaseException:
        kernel.kill()
        raise
    return kernel


def _timed(kernel: Kernel, source: str) -> float:
    return float(kernel.run(source, CELL_S).split()[0])


def _add_rows(agent: Agent) -> None:
    agent.play([Step(0.0, "message") for _ in range(NEW_ROWS)])


ROW = Row(
    name="frame",
    title='`frame("messages")` of the whole history, in a kernel',
    goal="≥ 2.5 × faster than `pandas.read_sql` on the first call with a warm ledger, cold reported; again after 10 new "
    "rows ≥ 50 × faster",
    definition='`Home(…).frame("messages")` in an IPython kernel, pandas and pyarrow imported; `pandas.read_sql` of the same '
    "columns with Python's sqlite3 in another kernel, in turn. read_sql gets `tool_calls` as JSON text and times as "
    "numbers, where the frame has lists of names and timestamps: that favours read_sql.",
    state="The server has read the home: every panel was shown, no frame was. An index: an earlier server has read the home "
    "and ended, this one was started but has not looked at `state.db`. Fresh kernel: no server, no index. In all, the file "
    "is in the disk cache.",
    measure=measure,
    causes={
        "first-ratio": "No call was made before: every row is read then, and the names of the tools called and the lengths of "
        "the texts are worked out, which read_sql leaves to its caller or has in C as well.",
        "index-ratio": "The index of 110 MB is read and verified, each session's messages are counted, 85 MB go to the kernel, and "
        "a million rows become pandas' arrays there.",
        "again-ratio": "Half is spent in the kernel, where a million rows of numbers, times and categories are copied so that "
        "the result is the caller's own, and half in the server, which counts the messages of all sessions and compares.",
    },
)
