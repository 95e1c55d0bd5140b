"""The pure parts of the bench, and that its page is what its results render to."""

from __future__ import annotations

import json
import platform
import random
import re
import sqlite3
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from bench import report, statistics
from bench.__main__ import PAGE, RESULTS, with_declared_texts
from bench.agent import Step, Thing, Written, at_work
from bench.database import ACTIVE_SESSION, make_history
from bench.heartbeat import idle_beat, stall
from bench.paints import Paint, all_ms, waits
from bench.row import Limit, Measurement, NotMeasuredError, Row, compared, measured
from bench.rows import ROWS, crowd
from bench.rows.loss import is_lost, random_changes

TEXTS = "run `PYTHONPATH=tests .venv/bin/python -m bench --texts`"


def row(*measurements: Measurement, **causes: str) -> dict[str, Any]:
    """The result of a row with these measurements."""
    declared = Row("walk", "A walk", "≤ 5 ms", "From door to door.", "Cold.", lambda _: (), causes)
    return declared.as_result(measurements)


def results(*rows: dict[str, Any]) -> dict[str, Any]:
    return {
        "mode": "full",
        "history": 1_000_000,
        "date": "2026-01-31",
        "commit": "abc",
        "machine": {"CPU": "abacus"},
        "rows": list(rows),
    }


def written(thing: Thing, at: float) -> Written:
    return Written(Step(0.0, thing), at, 0.001, 0)


# -- statistics


def test_quantiles_lie_between_the_figures() -> None:
    assert statistics.quantile([4, 1, 3, 2], 0.5) == 2.5
    assert statistics.quantile([1, 2], 0.95) == pytest.approx(1.95)
    assert statistics.quantile([7], 0.95) == 7


def test_nothing_has_no_quantile() -> None:
    with pytest.raises(ValueError, match="no figures"):
        statistics.median([])


def test_an_interval_of_pairs_holds_the_true_difference_where_the_machine_drifts() -> None:
    rng = random.Random(1)
    drift = [10 * number for number in range(60)]
    pairs = [(slow + 2 + rng.gauss(0, 0.5), slow + rng.gauss(0, 0.5)) for slow in drift]
    difference, low, high = statistics.paired_interval(pairs, lambda a, b: a - b)
    assert low < 2 < high
    assert high - low < 1, "the drift that both halves share must cancel"
    assert low <= difference <= high


def test_the_same_figures_always_have_the_same_interval() -> None:
    drawn = random.Random(2)
    values = [drawn.random() for _ in range(30)]
    assert statistics.ratio_interval(values, values) == statistics.ratio_interval(values, values)


def test_a_ratio_of_equal_lists_is_one() -> None:
    values = [1.0, 2.0, 3.0, 4.0, 5.0]
    ratio, low, high = statistics.ratio_interval(values, values)
    assert ratio == 1
    assert low < 1 < high


# -- limits


def test_each_limit_must_be_kept() -> None:
    fast = measured("a", "", "ms", [1.0] * 20, Limit("median", 5), Limit("p95", 5))
    tail = measured("a", "", "ms", [1.0] * 10 + [50.0] * 10, Limit("median", 30), Limit("p95", 30))
    assert fast.is_kept is True
    assert tail.is_kept is False


def test_more_may_be_better() -> None:
    assert compared("a", "", "×", 5, (3.0, 2.0, 4.0), Limit("median", 2.5, is_least=True)).is_kept is True
    assert compared("a", "", "×", 5, (2.0, 1.0, 4.0), Limit("median", 2.5, is_least=True)).is_kept is False


def test_an_interval_is_held_by_its_upper_end() -> None:
    assert compared("a", "", "%", 5, (0.5, -1.0, 2.5), Limit("high", 2.0)).is_kept is False


def test_without_a_limit_there_is_no_verdict() -> None:
    assert measured("a", "", "ms", [1.0]).is_kept is None


def test_no_figures_are_not_a_zero() -> None:
    with pytest.raises(NotMeasuredError, match="not a single figure"):
        measured("a", "The walk", "ms", [])


# -- writes and paints


def test_a_wait_runs_from_the_write_to_its_paint() -> None:
    [wait] = waits([Paint(written("memory", 10.0), 10.05)])
    assert wait.ms == pytest.approx(50)
    assert not wait.is_overtaken


def test_a_write_that_a_newer_one_overtook_waits_for_that() -> None:
    first, second = waits([Paint(written("title", 10.0), None), Paint(written("title", 10.1), 10.2)])
    assert first.ms == pytest.approx(200)
    assert first.is_overtaken
    assert not second.is_overtaken


def test_a_newer_paint_of_something_else_is_no_paint() -> None:
    paints = [Paint(written("title", 10.0), None), Paint(written("memory", 10.1), 10.2)]
    assert waits(paints)[0].ms is None
    with pytest.raises(NotMeasuredError, match="1 of 2 writes were never painted, first a title"):
        all_ms(paints)


def test_an_older_paint_does_not_excuse_a_newer_write() -> None:
    paints = [Paint(written("title", 10.0), 10.1), Paint(written("title", 11.0), None)]
    assert [is_lost(wait) for wait in waits(paints)] == [False, True]


def test_what_only_the_next_change_brings_after_a_second_is_lost() -> None:
    paints = [Paint(written("memory", 10.0), None), Paint(written("memory", 11.5), 11.53)]
    assert [is_lost(wait) for wait in waits(paints)] == [True, False]


def test_random_changes_have_short_pauses_and_some_that_are_longer_than_a_second() -> None:
    steps = random_changes(200, seed=1)
    pauses = [after.at - before.at for before, after in pairwise(steps)]
    assert sum(pause >= 1.0 for pause in pauses) == 10
    assert min(pauses) < 0.003
    assert {step.thing for step in steps} == {"message", "title", "memory"}
    assert len({step.word for step in steps}) == 200


def test_an_agent_at_work_writes_in_the_order_of_time() -> None:
    steps = at_work(40, 0.1, 0.3, seed=1)
    assert [step.at for step in steps] == sorted(step.at for step in steps)
    assert sum(step.thing == "tokens" for step in steps) == 20


# -- viewers and event loops


def test_a_viewer_has_a_message_once_its_count_reaches_it() -> None:
    messages = [written("message", 10.0), written("message", 10.1), written("message", 10.2)]
    counts = [(9.9, 5), (10.05, 6), (10.25, 8)]
    assert crowd.waits(counts, 5, messages) == pytest.approx([50, 150, 50])


def test_a_viewer_that_never_got_a_message_has_no_wait_for_it() -> None:
    assert crowd.waits([(9.9, 5)], 5, [written("message", 10.0)]) == []


def test_a_stall_counts_from_when_it_was_asked_in_or_before_the_period() -> None:
    beats = [(1.0, 0.5), (2.0, 0.5), (2.99, 60.5), (4.0, 99.0)]
    assert idle_beat(beats, 2.5) == 0.5
    assert stall(beats, 3.0, 3.5, 0.5) == 60


def test_a_period_in_which_nobody_asked_is_not_without_stalls() -> None:
    with pytest.raises(NotMeasuredError):
        stall([(1.0, 0.5)], 2.0, 3.0, 0.5)


# -- the made-up history


def test_a_history_has_its_messages_and_counts_them_as_hermes_does(tmp_path: Path) -> None:
    history = make_history(tmp_path / "state.db", 2_000)
    database = sqlite3.connect(history.file)
    [(messages, calls)] = database.execute("SELECT count(*), count(tool_calls) FROM messages")
    [counted] = database.execute("SELECT sum(message_count), sum(tool_call_count) FROM sessions")
    [orphans] = database.execute(
        "SELECT count(*) FROM messages WHERE session_id NOT IN (SELECT id FROM sessions)"
    )
    unended = database.execute("SELECT id FROM sessions WHERE ended_at IS NULL").fetchall()
    database.close()
    assert messages == history.messages == 2_000
    assert counted == (messages, calls)
    assert orphans == (0,)
    assert unended == [(ACTIVE_SESSION,)]


# -- the report


def test_a_missed_goal_is_told_with_its_cause() -> None:
    slow = measured("slow", "on foot", "ms", [9.0, 9.0], Limit("median", 5))
    page = report.render(results(row(slow, slow="The road is long.")))
    assert "**MISSED**" in page
    assert "* The road is long.\n  * **A walk**, on foot" in page


def test_a_kept_goal_does_not_show_the_cause_that_was_written_for_a_miss() -> None:
    fast = measured("slow", "on foot", "ms", [1.0, 1.0], Limit("median", 5))
    page = report.render(results(row(fast, slow="The road is long.")))
    assert "pass" in page
    assert "MISSED" not in page
    assert "The road is long." not in page


def test_a_miss_without_a_written_cause_says_that_it_is_not_known() -> None:
    slow = measured("slow", "", "ms", [9.0], Limit("median", 5))
    assert "not known yet" in report.render(results(row(slow)))


def test_a_row_that_could_not_be_measured_says_why_and_is_not_a_zero() -> None:
    declared = Row("walk", "A walk", "≤ 5 ms", "From door to door.", "Cold.", lambda _: ())
    page = report.render(results(declared.as_failure(NotMeasuredError("the shoes were lost"))))
    assert "Could not be measured" in page
    assert "* **A walk**: the shoes were lost." in page
    assert "/secret" not in str(declared.as_failure(OSError("/secret/path")))


def test_a_quick_run_says_so() -> None:
    assert "quick run" in report.render({**results(), "mode": "quick"})
    assert "quick run" not in report.render(results())


def test_every_row_has_a_name_of_its_own() -> None:
    assert len({one.name for one in ROWS}) == len(ROWS)


# -- what is committed


@pytest.fixture(scope="module")
def committed() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(RESULTS.read_text(encoding="utf-8"))
    return found


def test_the_page_is_what_the_results_render_to(committed: dict[str, Any]) -> None:
    assert PAGE.read_text(encoding="utf-8") == report.render(committed), TEXTS


def test_the_page_has_the_texts_that_are_declared(committed: dict[str, Any]) -> None:
    assert with_declared_texts(committed) == committed, TEXTS


def test_the_page_has_every_row(committed: dict[str, Any]) -> None:
    assert [one["name"] for one in committed["rows"]] == [one.name for one in ROWS]


def test_the_results_name_no_machine_and_no_path() -> None:
    text = RESULTS.read_text(encoding="utf-8")
    assert platform.node() not in text
    assert not re.search(r"(/tmp|/root|/home|/Users|/var)/", text)
