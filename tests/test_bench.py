"""The pure parts of the bench, and that its page is what its results render to."""

from __future__ import annotations

import json
import os
import platform
import random
import re
import sqlite3
import subprocess
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from bench import report, statistics, tree
from bench.__main__ import PAGE, RESULTS, with_declared_texts
from bench.agent import Step, Thing, Written, at_work
from bench.database import ACTIVE_SESSION, add_active_session, count, fill, sessions_of
from bench.heartbeat import idle_beat, stall
from bench.kept import Recipe, copy_linked, keep, made, passing
from bench.paints import Paint, all_ms, waits
from bench.row import Limit, Measurement, NotMeasuredError, Row, compared, measured, unmeasured
from bench.rows import ROWS, crowd, frame, opening, soak
from bench.rows.loss import is_lost, random_changes
from bench.server import CACHE, cached_in, has_index
from bench.stage import history
from bench.viewers import is_full
from hermes_hud_widget.protocol import PanelFrame, Progress

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


SCHEMA = ("schema.sql", "search.sql", "search_trigram.sql")
MESSAGES = 6_000


def make_empty(file: Path) -> Path:
    """An empty database in WAL mode with the schema that the demo has copied from Hermes."""
    file.parent.mkdir(parents=True, exist_ok=True)
    database = sqlite3.connect(file)
    database.execute("PRAGMA journal_mode=WAL")
    for name in SCHEMA:
        database.executescript(files("hermes_hud_widget.demo").joinpath(name).read_text("utf-8"))
    database.close()
    return file


def ask(file: Path, sql: str) -> list[tuple[Any, ...]]:
    database = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    try:
        return database.execute(sql).fetchall()
    finally:
        database.close()


def schema_of(file: Path) -> set[tuple[Any, ...]]:
    return set(
        ask(file, "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_stat%'")
    )


@pytest.fixture(scope="module")
def history_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = make_empty(tmp_path_factory.mktemp("history") / "state.db")
    fill(file, MESSAGES, is_searchable=False)
    add_active_session(file)
    return file


def test_a_history_has_its_messages_in_its_sessions(history_file: Path) -> None:
    assert ask(history_file, "SELECT count(*) FROM messages") == [(MESSAGES,)]
    assert ask(history_file, "SELECT count(*) FROM sessions") == [(sessions_of(MESSAGES),)]
    assert (
        ask(history_file, "SELECT 1 FROM messages WHERE session_id NOT IN (SELECT id FROM sessions) LIMIT 1")
        == []
    )
    assert ask(history_file, "SELECT id FROM sessions WHERE ended_at IS NULL") == [(ACTIVE_SESSION,)]
    assert sessions_of(1_000_000) == 15_000


def test_a_history_is_counted_as_hermes_counts(history_file: Path) -> None:
    counted = ask(
        history_file,
        "SELECT s.id, count(*), total(json_array_length(m.tool_calls)) FROM sessions s JOIN messages m "
        "ON m.session_id = s.id AND NOT m.compacted GROUP BY s.id ORDER BY s.id",
    )
    assert ask(history_file, "SELECT id, message_count, tool_call_count FROM sessions ORDER BY id") == counted
    assert count(history_file).counted == sum(messages for _, messages, _ in counted) < MESSAGES


def test_every_result_of_a_tool_answers_a_call_before_it(history_file: Path) -> None:
    asked: set[str] = set()
    for role, calls, answered in ask(
        history_file, "SELECT role, tool_calls, tool_call_id FROM messages ORDER BY id"
    ):
        if role == "tool":
            assert answered in asked
        asked |= {call["id"] for call in json.loads(calls or "[]")}
    assert len(asked) > 100


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1 FROM messages WHERE compacted AND NOT active",
        "SELECT 1 FROM messages m JOIN sessions s ON s.id = m.session_id "
        "WHERE NOT compacted AND NOT active AND s.rewind_count",
        "SELECT 1 FROM sessions c JOIN sessions p ON p.id = c.parent_session_id "
        "WHERE p.end_reason = 'compression' AND c.model_config NOT LIKE '%_from%' AND c.started_at >= p.ended_at",
        "SELECT 1 FROM sessions WHERE model_config ->> '$._branched_from' = parent_session_id",
        "SELECT 1 FROM sessions WHERE model_config ->> '$._delegate_from' = parent_session_id AND source = 'subagent'",
        "SELECT 1 FROM sessions WHERE source = 'cron' AND id LIKE 'cron_%'",
        "SELECT 1 FROM sessions WHERE source = 'telegram' AND session_key IS NOT NULL",
        "SELECT 1 FROM sessions WHERE archived",
        "SELECT 1 FROM sessions WHERE title IS NULL AND source = 'cli'",
        "SELECT 1 FROM messages WHERE json_array_length(tool_calls) = 2",
        "SELECT 1 FROM session_model_usage WHERE task = 'title_generation'",
        "SELECT 1 FROM session_model_usage WHERE task = 'compression'",
        "SELECT 1 FROM sessions WHERE cost_status = 'included'",
    ],
)
def test_a_history_has_what_real_ones_have(history_file: Path, sql: str) -> None:
    assert ask(history_file, f"{sql} LIMIT 1") == [(1,)]


def test_system_prompts_have_the_size_of_real_ones(history_file: Path) -> None:
    [(least, mean, most)] = ask(
        history_file,
        "SELECT min(length(system_prompt)), avg(length(system_prompt)), max(length(system_prompt)) "
        "FROM sessions WHERE source != 'subagent'",
    )
    assert 6_000 <= least < mean < most <= 60_000
    assert 25_000 < mean < 40_000


def test_filling_leaves_the_schema_and_the_journal_as_they_were(history_file: Path, tmp_path: Path) -> None:
    assert schema_of(history_file) == schema_of(make_empty(tmp_path / "state.db"))
    assert ask(history_file, "PRAGMA journal_mode") == [("wal",)]
    assert ask(history_file, "PRAGMA integrity_check") == [("ok",)]


def test_hermes_triggers_index_a_searchable_history(tmp_path: Path) -> None:
    file = make_empty(tmp_path / "state.db")
    fill(file, 1_000, is_searchable=True)
    add_active_session(file)
    for table in ("messages_fts", "messages_fts_trigram"):
        assert ask(file, f"SELECT count(*) FROM {table}") == [(1_000,)]


def test_without_search_only_what_is_written_later_is_indexed(history_file: Path) -> None:
    assert ask(history_file, "SELECT count(*) FROM messages_fts") == [(80,)]
    sql = f"SELECT count(*) FROM messages WHERE session_id = '{ACTIVE_SESSION}'"
    assert ask(history_file, sql) == [(80,)]


@pytest.mark.real
@pytest.mark.timeout(300)
def test_the_database_is_the_one_that_hermes_makes(tmp_path: Path) -> None:
    from bench.hermes import make_database
    from real.agent import Hermes

    for name in ("theirs", "home"):
        (tmp_path / name).mkdir()
    theirs = Hermes(tmp_path / "theirs")
    assert theirs.db("session_count") == 0
    theirs.close()
    file = tmp_path / "home" / "state.db"
    make_database(file)
    fill(file, 1_000, is_searchable=True)
    add_active_session(file)
    assert schema_of(file) == schema_of(tmp_path / "theirs" / "state.db")
    hermes = Hermes(tmp_path / "home")
    try:
        assert hermes.db("session_count", include_archived=True) == sessions_of(1_000)
        assert hermes.db("message_count") == 1_000
        assert hermes.db("search_messages", "station")
    finally:
        hermes.close()
    assert schema_of(file) == schema_of(tmp_path / "theirs" / "state.db")


# -- what is kept between runs


def recipe(source: Path, name: str = "cake", **values: Any) -> Recipe:
    return Recipe(name, [source], values)


def bake(folder: Path) -> dict[str, Any]:
    (folder / "cake").write_text("baked")
    return {"layers": 3}


def refuse(folder: Path) -> dict[str, Any]:
    (folder / "cake").write_text("half")
    raise NotMeasuredError("out of eggs")


def test_what_was_made_is_kept_until_its_recipe_changes(tmp_path: Path) -> None:
    source, shelf = tmp_path / "recipe.py", tmp_path / "shelf"
    source.write_text("eggs = 3")
    first = keep(recipe(source, sugar=1), bake, shelf)
    assert (first / "cake").read_text() == "baked"
    assert made(first)["layers"] == 3
    assert keep(recipe(source, sugar=1), refuse, shelf) == first
    sweeter = keep(recipe(source, sugar=2), bake, shelf)
    source.write_text("eggs = 4")
    richer = keep(recipe(source, sugar=2), bake, shelf)
    assert len({first, sweeter, richer}) == 3
    assert list(shelf.iterdir()) == [richer], "older ones go"


def test_another_name_is_another_folder(tmp_path: Path) -> None:
    source, shelf = tmp_path / "recipe.py", tmp_path / "shelf"
    source.write_text("eggs = 3")
    folders = {keep(recipe(source, name), bake, shelf) for name in ("cake", "cake-2")}
    assert set(shelf.iterdir()) == folders


def test_what_could_not_be_made_leaves_nothing(tmp_path: Path) -> None:
    source, shelf = tmp_path / "recipe.py", tmp_path / "shelf"
    source.write_text("eggs = 0")
    with pytest.raises(NotMeasuredError):
        keep(recipe(source), refuse, shelf)
    assert list(shelf.iterdir()) == []


def test_what_a_killed_run_left_goes_with_the_next_one(tmp_path: Path) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    (tmp_path / f"run-{ended.pid}-left").mkdir()
    (tmp_path / f"run-{os.getpid()}-beside").mkdir()
    with passing(tmp_path) as folder:
        assert {path.name for path in tmp_path.iterdir()} == {f"run-{os.getpid()}-beside", Path(folder).name}


def test_a_history_that_ended_more_than_a_week_ago_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, shelf = tmp_path / "recipe.py", tmp_path / "shelf"
    source.write_text("eggs = 3")
    before = made(keep(recipe(source), bake, shelf))["at"]
    monkeypatch.setattr("bench.kept.MOST_DAYS", 0.0)
    assert made(keep(recipe(source), bake, shelf))["at"] > before


def test_a_kept_history_is_reused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.hermes.make_database", make_empty)
    folder = history(1_000, tmp_path)
    stamp = (folder / "state.db").stat().st_mtime_ns
    assert history(1_000, tmp_path) == folder
    assert (folder / "state.db").stat().st_mtime_ns == stamp
    assert made(folder)["messages"] + 80 == 1_000


# -- the crowd of files


def test_a_crowded_home_has_its_files_and_a_clean_checkout(tmp_path: Path) -> None:
    home, copy = tmp_path / "home", tmp_path / "copy"
    home.mkdir()
    found = tree.fill(home, 3_000)
    copy_linked(home, copy)
    for folder in (home, copy):
        assert sum(len(names) for _, _, names in os.walk(folder)) == found
    assert found == pytest.approx(3_000, rel=0.05)
    assert {path.name for path in copy.iterdir()} >= {"hermes-agent", "checkpoints", "logs"}
    assert any((copy / "hermes-agent" / "node_modules").iterdir())
    git = ["git", "-C", str(copy / "hermes-agent"), "status", "--porcelain"]
    assert subprocess.run(git, capture_output=True, text=True, check=True).stdout == ""


# -- servers


def test_a_server_is_started_with_its_own_index_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for before in ("elsewhere", None):
        if before is None:
            monkeypatch.delenv(CACHE)
        else:
            monkeypatch.setenv(CACHE, before)
        with cached_in(tmp_path):
            assert os.environ[CACHE] == str(tmp_path)
        assert os.environ.get(CACHE) == before


def test_an_index_is_there_once_files_with_content_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.server.INDEX_S", 0.5)
    monkeypatch.setattr("bench.server.QUIET_S", 0.05)
    assert not has_index(tmp_path / "never made")
    (tmp_path / "history").mkdir()
    (tmp_path / "history" / "lock").touch()
    assert not has_index(tmp_path)
    (tmp_path / "history" / "rows").write_bytes(b"1")
    assert has_index(tmp_path)


def test_a_frame_row_says_what_this_server_cannot_do_yet() -> None:
    found = frame.Found(read_sql=[4.0, 4.0], first=[2.0, 2.0], again=[0.1, 0.1, 0.1, 0.1], cold=[5.0])
    lines = {line.key: line for line in frame.lines(found)}
    assert (lines["index"].median, lines["arrow"].median) == (None, None)
    assert lines["first-ratio"].median == 2.0
    assert lines["again-ratio"].n == 4
    assert lines["again-ratio"].median == pytest.approx(40)


@pytest.mark.parametrize("progress", [None, Progress(done=3, total=9)])
def test_a_viewer_knows_whether_a_snapshot_is_of_all(progress: Progress | None) -> None:
    snapshot = PanelFrame(
        id=1,
        home="h",
        panel="overview",
        query={},
        version=7,
        status="ok",
        error=None,
        progress=progress,
        data=None,
    )
    assert is_full(snapshot.model_dump_json()) == (progress is None)


def test_a_soak_is_mostly_messages_twenty_times_a_second() -> None:
    steps = soak.steps(10.0)
    assert len(steps) == 200
    assert steps[-1].at == pytest.approx(9.95)
    assert sum(step.thing == "message" for step in steps) > 140
    assert {step.thing for step in steps} == {"message", "tokens", "title", "memory"}


def test_a_number_is_found_however_it_is_grouped() -> None:
    for written_so in ("889767", "889,767", "889.767", "889 767"):
        assert re.search(opening.number(889_767), f"all {written_so} messages")
    assert not re.search(opening.number(889_767), "1,889,767 messages")
    assert not re.search(opening.number(89), "889,767 messages")


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


def test_what_could_not_be_measured_beside_the_rest_of_its_row_says_why_and_is_not_a_zero() -> None:
    missing = unmeasured("stairs", "up the stairs", "there are none")
    result = row(missing, measured("slow", "on foot", "ms", [1.0], Limit("median", 5)))
    [line, _] = result["measurements"]
    assert line["verdict"] == "not measured"
    assert line["median"] is None
    assert "0" not in report.describe(line)
    page = report.render(results(result))
    assert "1 of 1 measurements that have a goal" in page
    assert "* up the stairs: not measured: there are none." in page


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
