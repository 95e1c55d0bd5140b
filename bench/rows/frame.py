"""The frame of all messages in a kernel, beside `pandas.read_sql`."""

from __future__ import annotations

from collections.abc import Sequence

from bench import statistics
from bench.agent import Agent, Step
from bench.kernel import Kernel, start_kernel
from bench.row import Limit, Measurement, Row, compared, measured
from bench.stage import Stage

CELL_S = 300.0
NEW_ROWS = 10
AGAIN = 2

SETUP = """
import time, pandas, pyarrow
from hermes_hud_widget import Home
home = Home({home!r})
"""
WARM = "for panel in home.panels: home.panel(panel)"
FRAME = """
before = time.perf_counter()
rows = len(home.frame("messages"))
print(time.perf_counter() - before, rows)
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


def measure(stage: Stage) -> Sequence[Measurement]:
    """Each first call in a fresh kernel with a fresh server, beside a call of read_sql."""
    home, scale = stage.large_home, stage.scale
    first, again, cold, read_sql = [], [], [], []
    with stage.agent(home) as agent, _kernel(stage, "pandas") as other:
        for _ in range(scale.frame_pairs):
            with _kernel(stage, "frame") as kernel:
                kernel.run(SETUP.format(home=str(home)))
                kernel.run(WARM, CELL_S)
                first.append(_timed(kernel, FRAME))
                for _ in range(AGAIN):
                    _add_rows(agent)
                    again.append(_timed(kernel, FRAME))
            read_sql.append(_timed(other, READ_SQL.format(file=home / "state.db")))
        for _ in range(scale.frame_cold):
            with _kernel(stage, "cold") as kernel:
                kernel.run(SETUP.format(home=str(home)))
                cold.append(_timed(kernel, FRAME))
    pairs = list(zip(first, read_sql, strict=True))
    faster = statistics.paired_interval(pairs, lambda ours, theirs: theirs / ours)
    repeated = [
        (ours, read_sql[number // AGAIN]) for number, ours in enumerate(again)
    ]  # each beside the read_sql of its round
    faster_again = statistics.paired_interval(repeated, lambda ours, theirs: theirs / ours)
    return [
        measured("read-sql", "`pandas.read_sql`", "s", read_sql),
        measured("first", "first call, the server has read the home", "s", first),
        compared(
            "first-ratio",
            "read_sql / first call",
            "×",
            len(pairs),
            faster,
            Limit("median", 2.5, is_least=True),
        ),
        measured("again", f"again after {NEW_ROWS} new rows", "s", again),
        compared(
            "again-ratio",
            f"read_sql / again after {NEW_ROWS} new rows",
            "×",
            len(repeated),
            faster_again,
            Limit("median", 50, is_least=True),
        ),
        measured("cold", "first call in a fresh kernel: starts the server, reads the home", "s", cold),
    ]


def _kernel(stage: Stage, name: str) -> Kernel:
    return start_kernel(stage.folder / f"kernel-{name}")


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
    state="Warm ledger: every panel was read before, no frame was. The file is in the disk cache.",
    measure=measure,
    causes={
        "first-ratio": "Rows are fetched with Python's sqlite3 into Python lists, `tool_calls` is parsed for each of them, and "
        "the lists become Arrow in a second step (`ledger/columns.py`): no columnar reading yet.",
        "again-ratio": "Nothing is kept between two calls: every row is read again.",
    },
)
