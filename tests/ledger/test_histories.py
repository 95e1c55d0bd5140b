"""Whatever is written into the database: a reader that keeps what it read shows what a new one reads.

Other programs than Hermes do what Hermes never does: they change old sessions, delete single messages or move them to
another session. What nobody counts is left out, since nothing tells of it: a message changed in place, an id given to
another message, messages whose session is gone (Hermes' foreign keys forbid that).
"""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, currently_in_test_context, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from ledger.reading import FRAMES, HISTORIES, PANELS, assert_agrees, open_home, rows, show
from ledger.world import NOW, Writer, call, insert, schema

IDS = tuple("abcde")
ids = st.sampled_from(IDS)
seconds = st.sampled_from([0, 1, 30, 200, 400, 4_000, 90_000])
"""Before NOW: a session is live for 300 s, and shown as crashed for a day."""
rowids = st.integers(1, 12)
"""Of messages; after a while one of those that there are, mostly."""
numbers = st.integers(0, 5)

PARTS = "\0json:" + json.dumps(
    [{"type": "text", "text": "one"}, {"type": "image_url", "image_url": {"url": "x"}}]
)
OTHER_PARTS = PARTS.replace("one", "two")
CONTENTS = (None, "", "hello", "hello there", PARTS, OTHER_PARTS, '{"exit_code": 1}', '{"exit_code": 0}')
contents = st.sampled_from(CONTENTS)
CALLS = tuple(
    json.dumps(made)
    for made in ([call("c0", "web")], [call("c0", "todo"), call("c1", "web", '{"n": 1}')], [{}])
)


class Histories(RuleBasedStateMachine):
    """One database, one process that writes it, and one reader that stays."""

    home: Path
    journal_mode: str

    def __init__(self) -> None:
        super().__init__()
        shutil.rmtree(self.home, ignore_errors=True)
        self.home.mkdir()
        self.path = self.home / "state.db"
        self.backup = self.home.with_name("backup.db")
        self.backup.unlink(missing_ok=True)
        self.writer = self.start()
        self.kept = open_home(self.home)
        for number, id in enumerate(IDS[:4]):
            self.insert_session(id, (400, 200)[number % 2], (None, IDS[0])[number % 2], "cli")
            self.insert_message(id, 200, "user", CONTENTS[2 + number])
            self.insert_calls(id, 30, CALLS[number % 2])
            self.insert_usage(id, "m", "", number)
        assert_agrees(self.kept, NOW)

    def teardown(self) -> None:
        try:
            self.agree()
            self.writer.close()
            self.agree()
        finally:
            self.kept.close()
            self.writer.close()

    # -- as Hermes does

    @rule(id=ids, ago=seconds, above=st.none() | ids, source=st.sampled_from(["cli", "cron", "subagent"]))
    def insert_session(self, id: str, ago: float, above: str | None, source: str) -> None:
        self.insert(
            "sessions", id=id, source=source, started_at=at(ago), parent_session_id=above, input_tokens=5
        )

    @rule(of=ids, ago=seconds, role=st.sampled_from(["user", "assistant", "tool"]), content=contents)
    def insert_message(self, of: str, ago: float, role: str, content: str | None) -> None:
        known = {"tool_call_id": "c0", "tool_name": "web"} if role == "tool" else {}
        self.add_message(session_id=of, role=role, content=content, timestamp=at(ago), **known)

    @rule(of=ids, ago=seconds, calls=st.sampled_from(CALLS))
    def insert_calls(self, of: str, ago: float, calls: str) -> None:
        self.add_message(session_id=of, role="assistant", timestamp=at(ago), tool_calls=calls)

    @rule(of=ids, model=st.sampled_from(["m", "n"]), task=st.sampled_from(["", "vision"]), number=numbers)
    def insert_usage(self, of: str, model: str, task: str, number: int) -> None:
        spent = {"input_tokens": number, "estimated_cost_usd": number / 4, "cost_status": "estimated"}
        self.insert(
            "session_model_usage", session_id=of, model=model, task=task, last_seen=at(number), **spent
        )

    @rule(of=ids, reason=st.sampled_from(["compression", "branched", "cli_close"]), ago=seconds)
    def end_session(self, of: str, reason: str, ago: float) -> None:
        self.write("UPDATE sessions SET ended_at = ?, end_reason = ? WHERE id = ?", at(ago), reason, of)

    @rule(of=ids, number=numbers)
    def count(self, of: str, number: int) -> None:
        sql = "UPDATE sessions SET message_count = ?, output_tokens = output_tokens + ?, ended_at = NULL WHERE id = ?"
        self.write(sql, number, number, of)

    @rule(of=ids, active=st.integers(0, 1), compacted=st.integers(0, 1))
    def flip(self, of: str, active: int, compacted: int) -> None:
        """A rewind, a compaction in place, or one of them undone."""
        sql = "UPDATE messages SET active = ?, compacted = ? WHERE session_id = ? AND active <> ?"
        self.write(sql, active, 0 if active else compacted, of, active)

    @rule(of=ids)
    def delete_session(self, of: str) -> None:
        for table in ("messages", "session_model_usage"):
            self.write(f"DELETE FROM {table} WHERE session_id = ?", of)
        self.write("DELETE FROM sessions WHERE id = ?", of)

    # -- as only other programs do

    @rule(of=ids, title=st.sampled_from([None, "Eggs", "Plans"]))
    def change_title(self, of: str, title: str | None) -> None:
        self.write("UPDATE OR IGNORE sessions SET title = ? WHERE id = ?", title, of)

    @rule(of=ids, ago=seconds)
    def change_start(self, of: str, ago: float) -> None:
        self.write("UPDATE sessions SET started_at = ? WHERE id = ?", at(ago), of)

    @rule(of=ids, marker=st.sampled_from([None, "_branched_from", "_delegate_from"]), above=ids)
    def change_marker(self, of: str, marker: str | None, above: str) -> None:
        self.write("UPDATE sessions SET model_config = ? WHERE id = ?", json.dumps({marker: above}), of)

    @rule(of=ids, other=ids)
    def change_session_id(self, of: str, other: str) -> None:
        if not self.is_there(other):
            self.write("UPDATE sessions SET id = ? WHERE id = ?", other, of)
            for table in ("messages", "session_model_usage"):
                self.write(f"UPDATE OR REPLACE {table} SET session_id = ? WHERE session_id = ?", other, of)

    @rule(of=ids, archived=st.integers(0, 1))
    def archive(self, of: str, archived: int) -> None:
        self.write("UPDATE sessions SET archived = ? WHERE id = ?", archived, of)

    @rule(number=rowids)
    def delete_message(self, number: int) -> None:
        self.write("DELETE FROM messages WHERE id = ?", number)

    @rule(of=ids)
    def delete_newest_message(self, of: str) -> None:
        self.write("DELETE FROM messages WHERE id = (SELECT max(id) FROM messages WHERE session_id = ?)", of)

    @rule(number=rowids, of=ids)
    def change_owner(self, number: int, of: str) -> None:
        if self.is_there(of):
            self.write("UPDATE messages SET session_id = ? WHERE id = ?", of, number)

    @rule(of=ids, ago=seconds)
    def insert_below_the_newest(self, of: str, ago: float) -> None:
        """An id that nobody had, since the message above it was given one by hand."""
        newest = self.writer("SELECT max(seq) FROM sqlite_sequence WHERE name = 'messages'")[0][0] or 0
        for number in (newest + 2, newest + 1):
            self.add_message(id=number, session_id=of, role="user", content="late", timestamp=at(ago))

    @rule()
    def reuse_rowids(self) -> None:
        """SQLite gives the newest session's rowid to the next one, when it is gone."""
        newest = self.writer("SELECT id FROM sessions ORDER BY rowid DESC LIMIT 1")
        self.delete_session(newest[0][0] if newest else "nobody")
        free = [id for id in IDS if [id] not in self.writer("SELECT id FROM sessions")]
        self.insert("sessions", id=free[0], source="tui", started_at=at(10), title=f"Instead {free[0]}")

    @rule(of=ids, number=numbers)
    def change_usage(self, of: str, number: int) -> None:
        self.write("UPDATE session_model_usage SET input_tokens = ? WHERE session_id = ?", number, of)

    @rule(of=ids, mode=st.sampled_from(["", "monthly"]))
    def change_billing(self, of: str, mode: str) -> None:
        """No sum over the table changes, and no time in it."""
        self.write("UPDATE OR IGNORE session_model_usage SET billing_mode = ? WHERE session_id = ?", mode, of)

    @rule(of=ids)
    def delete_usage(self, of: str) -> None:
        self.write("DELETE FROM session_model_usage WHERE session_id = ?", of)

    @rule()
    def add_columns(self) -> None:
        there = [row[0] for row in self.writer("SELECT name FROM pragma_table_info('sessions')")]
        self.writer.script(f"ALTER TABLE sessions ADD COLUMN later{len(there)} TEXT DEFAULT 'x'")

    # -- the file

    @rule(what=st.sampled_from(["vacuum", "checkpoint", "close", "kill", "back up", "restore", "begin anew"]))
    def handle_file(self, what: str) -> None:
        match what:
            case "vacuum":  # gives the sessions other rowids, as they have no number of their own
                self.write("VACUUM")
            case "checkpoint":
                self.write("PRAGMA wal_checkpoint(TRUNCATE)")
            case "back up":
                self.backup.unlink(missing_ok=True)
                self.write(f"VACUUM INTO '{self.backup}'")
            case "close" | "kill":
                self.writer.kill() if what == "kill" else self.writer.close()
                self.writer = self.start()
            case _ if what == "begin anew" or self.backup.exists():
                self.exchange(self.backup if what == "restore" else None)

    def exchange(self, other: Path | None) -> None:
        """Puts another file, or none, in the database's place, as everybody should: without its log."""
        self.writer.close()
        for suffix in ("-wal", "-shm", "-journal"):
            self.path.with_name(f"{self.path.name}{suffix}").unlink(missing_ok=True)
        if other is None:
            self.path.unlink(missing_ok=True)
        else:
            # The copy is used up: closing a database's file here could drop the reader's locks on it.
            other.replace(self.path)
        self.writer = self.start()

    # -- looks

    @rule(panel=st.sampled_from(PANELS), of=st.none() | ids)
    def look(self, panel: str, of: str | None) -> None:
        query = {"session": of, "limit": 2} if panel == "sessions" and of else {}
        assert show(self.kept, panel, NOW, **query).status in ("ok", "empty")

    @rule(frame=st.sampled_from(FRAMES))
    def look_at_frame(self, frame: str) -> None:
        rows(self.kept, frame, NOW)

    @rule(later=st.sampled_from([0, 301, 90_000]))
    def agree(self, later: float = 0) -> None:
        assert_agrees(self.kept, NOW + timedelta(seconds=later))

    # -- helpers

    def start(self) -> Writer:
        writer = Writer(self.path, self.journal_mode)
        writer.script(schema())
        writer("PRAGMA foreign_keys=OFF")
        return writer

    def is_there(self, id: str) -> bool:
        return [id] in self.writer("SELECT id FROM sessions")

    def add_message(self, **values: Any) -> None:
        if self.is_there(values["session_id"]):
            self.insert("messages", **values)

    def insert(self, table: str, **values: Any) -> None:
        sql, given = insert(table, **values)
        self.write(sql.replace("INSERT INTO", "INSERT OR IGNORE INTO"), *given)

    def write(self, sql: str, *values: Any) -> None:
        if currently_in_test_context():
            note(f"writer({', '.join(map(repr, (sql, *values)))})")
        self.writer(sql, *values)


def at(ago: float) -> float:
    return NOW.timestamp() - ago


@pytest.mark.parametrize("journal_mode", ["wal", "delete"])
def test_a_session_that_lost_one_message_got_one_and_got_a_new_one_has_exactly_its_own(
    tmp_path: Path, journal_mode: str
) -> None:
    """Its messages count as many, as active and up to the same newest as if only the new one had come."""

    class OfThisTest(Histories):
        home = tmp_path / "hermes"

    OfThisTest.journal_mode = journal_mode
    history = OfThisTest()
    try:
        history.change_owner(number=8, of="c")
        history.change_owner(number=5, of="a")
        history.insert_message(of="c", ago=30, role="user", content="hello")
    finally:
        history.teardown()  # compares


@pytest.mark.timeout(900)  # a history that fails is made shorter, which takes minutes
@pytest.mark.parametrize(("journal_mode", "share"), [("wal", 5), ("delete", 3)])
def test_whatever_is_written_it_says_what_a_new_reader_says(
    tmp_path: Path, journal_mode: str, share: int
) -> None:
    class OfThisTest(Histories):
        home = tmp_path / "hermes"

    OfThisTest.journal_mode = journal_mode
    run_state_machine_as_test(
        OfThisTest,
        settings=settings(
            max_examples=share * (HISTORIES or 8) // 8,
            stateful_step_count=100,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
            print_blob=True,
        ),
    )
