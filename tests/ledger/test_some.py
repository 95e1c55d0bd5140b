"""Sessions asked for by id, and the delegated ones of the last day."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path

from hermes_hud_widget.ledger import Database, Ledger
from support.agent import Agent, MakeAgent

NOW = time.time()


def delegate(hermes: Agent, id: str, parent: str, age: float = 60, **columns: object) -> None:
    hermes.session(
        id,
        source="subagent",
        parent_session_id=parent,
        model_config=json.dumps({"_delegate_from": parent}),
        started_at=NOW - age,
        **columns,
    )


def test_a_session_is_found_by_any_piece_of_its_conversation_and_a_delegated_one_by_its_own(
    agent: MakeAgent,
) -> None:
    hermes = agent()
    hermes.session("a", started_at=NOW - 300, ended_at=NOW - 200, end_reason="compression")
    hermes.session("b", parent_session_id="a", started_at=NOW - 200, title="Bikes")
    delegate(hermes, "sub", "b")
    database = Database(hermes.home / "state.db")
    found = Ledger(database).some(["a", "sub", "nobody", "a"], datetime.now(UTC))
    database.close()
    assert {asked: (session.id, session.root_id, session.kind) for asked, session in found.items()} == {
        "a": ("b", "a", "conversation"),
        "sub": ("sub", "sub", "subagent"),
    }
    assert found["a"].title == "Bikes"


def test_delegated_sessions_of_the_last_day_come_with_a_true_total(agent: MakeAgent) -> None:
    hermes = agent()
    hermes.session("top", started_at=NOW - 90_000)
    for number in range(5):
        delegate(hermes, f"sub{number}", "top", age=600 - number)
    delegate(hermes, "old", "top", age=25 * 3600)
    hermes.session("other", started_at=NOW)
    database = Database(hermes.home / "state.db")
    found, total = Ledger(database).subagents(datetime.now(UTC), None, 3)
    database.close()
    assert [session.id for session in found] == ["sub4", "sub3", "sub2"]
    assert total == 5


def test_a_missing_database_has_none() -> None:
    ledger = Ledger(Database(Path("/nowhere/state.db")))
    assert ledger.some(["a"], datetime.now(UTC)) == {}
    assert ledger.subagents(datetime.now(UTC)) == ((), 0)
