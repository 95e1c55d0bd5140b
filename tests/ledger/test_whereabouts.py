"""What was done in which directory, and what all of a database comes to."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from threading import Thread
from typing import Any

import pytest

from hermes_hud_widget.ledger import history, whereabouts
from hermes_hud_widget.ledger.database import Database
from hermes_hud_widget.ledger.ledger import Ledger
from hermes_hud_widget.ledger.pace import Pace
from hermes_hud_widget.ledger.rows import Cost, Tokens
from hermes_hud_widget.ledger.totals import read_totals
from hermes_hud_widget.ledger.whereabouts import Whereabout, Whereabouts
from ledger.world import Story, Writer, insert

ALL_TIME = datetime.fromtimestamp(0, UTC)


def figures(ledger: Ledger) -> dict[Whereabout, tuple[int, Tokens, Cost, float]]:
    return {
        where: (work.conversations, work.spent.tokens(), work.spent.cost(), work.last)
        for where, work in ledger.work().items()
    }


def test_each_directory_has_its_conversations_and_what_they_cost(story: Story, ledger: Ledger) -> None:
    story.session("a", cwd="/w", input_tokens=5, estimated_cost_usd=0.5, cost_status="estimated")
    story.session("b", cwd="/w", git_repo_root="/r")
    story.session(
        "c", parent_session_id="a", model_config='{"_delegate_from": "a"}', cwd="/w", input_tokens=2
    )
    story.session("d", cwd="")
    found = figures(ledger)
    assert {where: (count, tokens.input) for where, (count, tokens, _, _) in found.items()} == {
        Whereabout("/w", None): (1, 7),
        Whereabout("/w", "/r"): (1, 0),
        Whereabout(None, None): (1, 0),
    }
    assert found["/w", None][2].usd == 0.5  # type: ignore[index]


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_written_it_says_what_a_fresh_reader_says(
    path: Path, story: Story, ledger: Ledger, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # However busy this machine is: what is in doubt is read again at once.
    monkeypatch.setattr(history, "INLINE_S", 60.0)
    random = Random(seed)
    for number in range(12):
        story.session(f"s{number}", at=number * 3_000_000, cwd=f"/w{number % 3}", input_tokens=number)
    for step in range(40):
        session = f"s{random.randrange(14)}"
        writes: list[tuple[str, tuple[Any, ...]]] = [
            ("UPDATE sessions SET cwd = ? WHERE id = ?", (random.choice(["/w0", "/new", None]), session)),
            ("UPDATE sessions SET git_repo_root = '/r' WHERE id = ?", (session,)),
            ("UPDATE sessions SET input_tokens = input_tokens + 7 WHERE id = ?", (session,)),
            ("UPDATE sessions SET archived = 1 - archived WHERE id = ?", (session,)),
            ("UPDATE sessions SET started_at = started_at + 4000000 WHERE id = ?", (session,)),
            ("DELETE FROM sessions WHERE id = ?", (session,)),
            insert("sessions", id=f"new{step}", source="cli", started_at=step * 9_000.0, cwd="/w1"),
        ]
        for sql, values in random.choices(writes, [6, 3, 6, 3, 2, 1, 2], k=random.randrange(1, 4)):
            story.execute(sql.replace("INSERT INTO", "INSERT OR IGNORE INTO"), values)
        with closing(Database(path)) as database:
            assert figures(ledger) == figures(Ledger(database))
            totals = read_totals(database)
        spending, counted = ledger.spending(ALL_TIME), ledger.totals()
        assert (totals.tokens, totals.cost) == (spending.tokens, spending.cost)
        assert (totals.sessions, totals.messages, totals.tool_calls) == (
            counted.sessions,
            counted.messages,
            counted.tool_calls,
        )


def test_after_a_change_only_the_days_of_its_directory_are_summed_up_again(
    story: Story, writer: Callable[..., Writer], ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(60):
        story.session(f"s{number}", at=number * 1_000_000, cwd="/w")
    ledger.work()
    summed: list[str] = []
    real = Whereabouts._part

    def part(self: Whereabouts, ids: list[str]) -> Any:
        summed.extend(ids)
        return real(self, ids)

    monkeypatch.setattr(Whereabouts, "_part", part)
    writer()("UPDATE sessions SET input_tokens = 5 WHERE id = 's30'")
    assert ledger.work()[Whereabout("/w", None)].spent.tokens().input == 5
    assert "s30" in summed
    assert len(summed) <= 3


def test_others_look_while_the_directories_are_summed_up(
    story: Story, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whereabouts, "Pace", lambda **_: Pace(rows=1, least=1, most=1))
    for number in range(30):
        story.session(f"s{number}", at=number * 1_000_000, cwd="/w", input_tokens=1)
    ledger = Ledger(Database(path))
    ledger.settle()
    other = Thread(target=ledger.totals)
    steps_with_other: list[bool] = []
    real = Whereabouts.step

    def step(self: Whereabouts) -> bool:
        if not steps_with_other:
            other.start()
        steps_with_other.append(other.is_alive())
        return real(self)

    monkeypatch.setattr(Whereabouts, "step", step)
    assert ledger.work()[Whereabout("/w", None)].spent.tokens().input == 30
    other.join()
    assert steps_with_other[0]
    assert not steps_with_other[-1]


def test_what_was_done_is_the_same_object_until_something_changes(story: Story, ledger: Ledger) -> None:
    story.session("a", cwd="/w")
    found = ledger.work()
    assert ledger.work() is found
    story.session("b", cwd="/x")
    assert set(found) == {Whereabout("/w", None)}
    assert set(ledger.work()) == {Whereabout("/w", None), Whereabout("/x", None)}


def test_the_last_activity_of_a_database_is_its_newest_message(path: Path, story: Story) -> None:
    story.session("a")
    with closing(Database(path)) as database:
        assert read_totals(database).last_active is None
    story.execute(*insert("messages", session_id="a", role="user", timestamp=1_780_000_000.0))
    with closing(Database(path)) as database:
        assert read_totals(database).last_active == datetime.fromtimestamp(1_780_000_000, UTC)
