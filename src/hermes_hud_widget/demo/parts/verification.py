"""Which checks ran in Mira's projects, and what was edited after them (`verification_evidence.db`)."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from hermes_hud_widget.demo.script import Script

if TYPE_CHECKING:
    from hermes_hud_widget.demo.home import DemoHome

DAY_S = 86_400.0
VELOCAST, AB_LAB = "work/velocast", "work/ab-lab"
CHECKED = ("Which lags are worth their memory?", "Quantiles instead of a single number")
EDITED = "Two ways to price the evening"
EVERY_S = (11.0, 19.0)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS verification_events (
    id INTEGER PRIMARY KEY AUTOINCREMENT, created_at TEXT NOT NULL, session_id TEXT NOT NULL, cwd TEXT NOT NULL,
    root TEXT NOT NULL, command TEXT NOT NULL, canonical_command TEXT NOT NULL, kind TEXT NOT NULL,
    scope TEXT NOT NULL, status TEXT NOT NULL, exit_code INTEGER NOT NULL, output_summary TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS verification_state (
    session_id TEXT NOT NULL, root TEXT NOT NULL, last_event_id INTEGER, last_edit_at TEXT,
    changed_paths_json TEXT NOT NULL DEFAULT '[]', PRIMARY KEY (session_id, root)
);
CREATE INDEX IF NOT EXISTS idx_verification_events_session_root ON verification_events(session_id, root, id DESC);
INSERT OR REPLACE INTO meta(key, value) VALUES ('schema_version', '1');
"""


class Check(NamedTuple):
    """One command that checks something, and what it prints when it passes and fails."""

    command: str
    canonical: str
    kind: str
    scope: str
    passed: str
    failed: str


CHECKS = (
    Check(
        "pytest -q tests/test_leaks.py",
        "pytest",
        "test",
        "targeted",
        "....                                                                     [100%]\n4 passed in 1.92s",
        "..F.                                                                     [100%]\n"
        "FAILED tests/test_leaks.py::test_the_future_does_not_help - AssertionError: WAPE fell by 3.1 %\n"
        "1 failed, 3 passed in 2.04s",
    ),
    Check(
        "make lint",
        "make lint",
        "lint",
        "full",
        "All checks passed!",
        "velocast/features.py:41:5: F841 local variable `lag` is assigned to but never used\nFound 1 error.",
    ),
    Check(
        "pytest -q",
        "pytest",
        "test",
        "full",
        "214 passed in 41.70s",
        "FAILED tests/test_backtest.py::test_origins_do_not_overlap\n1 failed, 213 passed in 43.12s",
    ),
    Check(
        "make typecheck",
        "make typecheck",
        "typecheck",
        "full",
        "Success: no issues found in 38 files",
        "Found 2 errors.",
    ),
)
PATHS = (
    "velocast/features.py",
    "velocast/backtest.py",
    "tests/test_leaks.py",
    "lags.yaml",
    "velocast/quantiles.py",
)


def play(home: DemoHome) -> Script:
    """A month of checks in two projects; then one every quarter of a minute, and edits between them."""
    random = Random(f"verification {home.seed}")
    sessions = [home.state.session_titled(title) or "demo" for title in CHECKED]
    velocast, ab_lab = (str(home.user_home / folder) for folder in (VELOCAST, AB_LAB))
    with _Evidence(home.path) as evidence:
        for days_ago in range(27, 0, -1):
            for _ in range(random.choice((0, 1, 1, 2, 4))):
                at = home.now - days_ago * DAY_S + random.uniform(0, 0.6) * DAY_S
                root = ab_lab if random.random() < 0.2 else velocast
                evidence.check(
                    random.choice(sessions), root, random.choice(CHECKS), random.random() > 0.18, at
                )
        unchecked = home.state.session_titled(EDITED) or "demo"
        evidence.edit(unchecked, ab_lab, ["ablab/ratio.py"], home.now - 0.7 * DAY_S)
        evidence.edit(sessions[1], velocast, [PATHS[4], PATHS[2]], home.now - 1_200)
    number = 0
    while True:
        yield random.uniform(*EVERY_S)
        number += 1
        session = home.state.open_session() or "demo"
        with _Evidence(home.path) as evidence:
            if number % 2:
                edited = random.sample(PATHS, random.randint(1, 3))
                evidence.edit(session, velocast, edited, home.clock())
            else:
                evidence.check(session, velocast, random.choice(CHECKS), random.random() > 0.2, home.clock())


class _Evidence:
    """The database; one connection for each write, as Hermes has it."""

    def __init__(self, home: Path) -> None:
        self._connection = sqlite3.connect(home / "verification_evidence.db", timeout=5)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.executescript(_SCHEMA)

    def __enter__(self) -> _Evidence:
        return self

    def __exit__(self, *_: object) -> None:
        with closing(self._connection):
            self._connection.commit()

    def check(self, session_id: str, root: str, check: Check, passes: bool, at: float) -> None:
        """Notes that a check ran: what was edited before it is proven, or not."""
        row = (
            _iso(at),
            session_id,
            root,
            root,
            check.command,
            check.canonical,
            check.kind,
            check.scope,
            "passed" if passes else "failed",
            0 if passes else 1,
            check.passed if passes else check.failed,
        )
        event = self._connection.execute(
            "INSERT INTO verification_events (created_at, session_id, cwd, root, command, canonical_command, kind,"
            " scope, status, exit_code, output_summary) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            row,
        ).lastrowid
        self._connection.execute(
            "INSERT INTO verification_state (session_id, root, last_event_id) VALUES (?, ?, ?)"
            " ON CONFLICT(session_id, root) DO UPDATE SET last_event_id = excluded.last_event_id,"
            " last_edit_at = NULL, changed_paths_json = '[]'",
            (session_id, root, event),
        )

    def edit(self, session_id: str, root: str, paths: list[str], at: float) -> None:
        """Notes that files were edited after the last check."""
        known = self._connection.execute(
            "SELECT changed_paths_json FROM verification_state WHERE session_id = ? AND root = ?",
            (session_id, root),
        ).fetchone()
        merged = sorted({*(json.loads(known[0]) if known else ()), *(f"{root}/{path}" for path in paths)})
        self._connection.execute(
            "INSERT INTO verification_state (session_id, root, last_edit_at, changed_paths_json) VALUES (?, ?, ?, ?)"
            " ON CONFLICT(session_id, root) DO UPDATE SET last_edit_at = excluded.last_edit_at,"
            " changed_paths_json = excluded.changed_paths_json",
            (session_id, root, _iso(at), json.dumps(merged)),
        )


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()
