"""The costs panel over real databases: its sums, its days, and that it agrees with the overview."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, cast

import pytest

from hermes_hud_widget.core import OpenHome
from hermes_hud_widget.frames import to_pandas
from hermes_hud_widget.ledger import Ledger
from hermes_hud_widget.ledger.rows import Cost, Tokens
from hermes_hud_widget.panel import Until
from hermes_hud_widget.panels import costs, overview
from hermes_hud_widget.panels.costs import CostKind, Costs, CostShare, CostsQuery
from hermes_hud_widget.place import Place
from hermes_hud_widget.sources import Settings
from ledger.world import NOW, Story, insert

Collect = Callable[..., Costs]


@pytest.fixture
def collect(ledger: Ledger) -> Collect:
    """Collects the panel; `days` is the span asked for."""

    def run(days: int = 30, timezone: str = "UTC", now: datetime = NOW) -> Costs:
        result = costs.collect(ledger, Settings({"timezone": timezone}), CostsQuery(days=days), now)
        assert isinstance(result, Until)
        return cast("Costs", result.payload)

    return run


def use(story: Story, session: str, model: str = "m", **values: Any) -> None:
    """Adds a row to `session_model_usage`."""
    usual = {"input_tokens": 10, "api_call_count": 1}
    story.execute(*insert("session_model_usage", session_id=session, model=model, **(usual | values)))


def fill(story: Story, seed: int) -> None:
    """A home of sessions of every kind over some months."""
    random = Random(seed)
    for number in range(40):
        status = random.choice(["actual", "estimated", "included", "unknown", None])
        usd = random.choice([None, 0.0, random.random()])
        story.session(
            f"s{number}",
            at=random.choice([random.random() * 3, random.random() * 120]) * 86_400 - 43_200,
            source=random.choice(["cli", "telegram", "cron"]),
            model=random.choice(["opus", "local", None]),
            input_tokens=random.randrange(2000),
            cache_read_tokens=random.randrange(2000),
            api_call_count=random.randrange(3),
            cost_status=status,
            estimated_cost_usd=usd,
            actual_cost_usd=usd if status == "actual" else None,
        )
        for task in random.sample(["", "vision", "compression"], random.randrange(4)):
            use(
                story,
                f"s{number}",
                random.choice(["opus", "haiku", "local"]),
                task=task,
                billing_provider=random.choice(["", "anthropic"]),
                output_tokens=random.randrange(500),
                cost_status=random.choice(["estimated", "included", "unknown", None]),
                estimated_cost_usd=random.choice([0.0, random.random()]),
            )


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Auckland", "America/Los_Angeles"])
@pytest.mark.parametrize("seed", range(4))
def test_today_is_the_overviews_today_and_every_span_the_same_rule(
    home: Path, story: Story, ledger: Ledger, collect: Collect, seed: int, zone: str
) -> None:
    fill(story, seed)
    (home / "config.yaml").write_text(f"timezone: {zone}\n")
    opened = OpenHome(Place(home, home, None), {"overview": overview.PANEL})
    try:
        seen = opened.collect("overview", opened.parse_query("overview", {}), 1, NOW)
    finally:
        opened.close()
    assert seen.data is not None
    today = seen.data["today"]
    shown = collect(1, zone)
    first = shown.model_dump(mode="json")["spans"][0]
    assert (first["days"], first["since"], shown.timezone) == (1, today["since"], today["timezone"])
    assert first["spending"] == today["spending"]
    total = shown.total
    assert (total.sessions, total.cost.usd) == (
        today["spending"]["sessions"],
        today["spending"]["cost"]["usd"],
    )
    for span in shown.spans:
        expected = ledger.spending(span.since or datetime(1970, 1, 1, tzinfo=UTC))
        assert (span.spending.sessions, span.spending.tokens) == (expected.sessions, expected.tokens)
        assert span.spending.cost.usd == pytest.approx(expected.cost.usd)
        assert span.spending.cost.unknown_sessions == expected.cost.unknown_sessions


@pytest.mark.parametrize("days", [1, 7, 30, 0])
@pytest.mark.parametrize("seed", range(3))
def test_every_way_to_split_the_span_adds_up_to_it(
    story: Story, collect: Collect, seed: int, days: int
) -> None:
    fill(story, seed)
    shown = collect(days)
    total = shown.total
    for parts in (shown.models, shown.tasks, shown.sources, shown.projects):
        figures = [part.figures for part in parts]
        assert sum(one.cost.usd or 0.0 for one in figures) == pytest.approx(total.cost.usd)
        assert sum(one.tokens.total for one in figures) == total.tokens.total
        assert sum(one.api_calls for one in figures) == total.api_calls
    assert sum(source.figures.sessions for source in shown.sources) == shown.coverage.sessions
    for kinds in (total.kinds, [kind for period in shown.periods for kind in period.kinds]):
        assert sum(kind.usd or 0.0 for kind in kinds) == pytest.approx(total.cost.usd)
        assert sum(kind.tokens for kind in kinds) == total.tokens.total
    assert sum(period.sessions for period in shown.periods) == total.sessions
    by_model = [part for period in shown.periods for part in period.models]
    assert sum(part.usd or 0.0 for part in by_model) == pytest.approx(total.cost.usd)
    assert sum(part.tokens for part in by_model) == total.tokens.total
    for place, model in enumerate(shown.models[: costs.MODELS_APART]):
        own = [part for part in by_model if part.model == place]
        assert sum(part.tokens for part in own) == model.figures.tokens.total
        assert sum(part.usd or 0.0 for part in own) == pytest.approx(model.figures.cost.usd or 0.0)
    assert shown.coverage.tokens - shown.coverage.priced_tokens == sum(
        kind.tokens for kind in total.kinds if kind.status == "unknown"
    )


def test_each_kind_of_figure_stands_for_itself_and_unknown_is_never_zero(
    story: Story, collect: Collect
) -> None:
    story.session("a")
    use(story, "a", "billed", actual_cost_usd=0.5, cost_status="actual")
    use(story, "a", "listed", estimated_cost_usd=0.25, cost_status="estimated")
    story.session("b")
    use(story, "b", "paid", cost_status="included")
    use(story, "b", "local", cost_status="unknown")
    shown = collect()
    assert shown.total.kinds == (
        CostKind("actual", 0.5, 10, 1, 1),
        CostKind("estimated", 0.25, 10, 1, 1),
        CostKind("included", None, 10, 1, 1),
        CostKind("unknown", None, 10, 1, 1),
    )
    assert shown.total.cost == Cost(0.75, "mixed", 1)
    assert [(one.model, one.figures.cost.usd) for one in shown.models] == [
        ("billed", 0.5),
        ("listed", 0.25),
        ("local", None),
        ("paid", 0.0),
    ]
    coverage = shown.coverage
    assert (coverage.tokens, coverage.priced_tokens) == (40, 30)
    assert (coverage.sessions, coverage.priced_sessions) == (2, 1)


def test_what_auxiliary_tasks_take_and_what_the_cache_gives_are_shares(
    story: Story, collect: Collect
) -> None:
    story.session("a")
    use(story, "a", input_tokens=20, cache_read_tokens=60, output_tokens=10, estimated_cost_usd=0.75)
    use(story, "a", input_tokens=20, task="vision", estimated_cost_usd=0.25)
    story.session("idle")
    shown = collect()
    assert shown.cache_hit_rate == 0.6
    assert shown.auxiliary == CostShare(tokens=20 / 110, usd=0.25)
    assert [(one.task, one.figures.sessions) for one in shown.tasks] == [("main", 1), ("vision", 1)]
    assert (shown.total.sessions, shown.coverage.sessions) == (2, 1)


def test_where_no_model_was_used_there_are_no_shares(story: Story, collect: Collect) -> None:
    assert collect().is_empty()
    story.session("a")
    shown = collect()
    assert not shown.is_empty()
    assert (shown.cache_hit_rate, shown.auxiliary, shown.total.cost) == (None, CostShare(None, None), Cost())


def test_without_a_database_it_is_empty() -> None:
    result = costs.collect(None, Settings({"timezone": "UTC"}), CostsQuery(), NOW)
    assert isinstance(result, Until)
    assert result.payload.is_empty()
    assert result.valid_until == datetime(2026, 7, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "until"),
    [
        ("UTC", datetime(2026, 7, 21, tzinfo=UTC)),
        ("Pacific/Auckland", datetime(2026, 7, 21, 12, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 7, 21, 4, tzinfo=UTC)),
    ],
)
def test_it_holds_until_the_next_midnight_of_the_home(
    ledger: Ledger, story: Story, zone: str, until: datetime
) -> None:
    result = costs.collect(ledger, Settings({"timezone": zone}), CostsQuery(), NOW)
    assert isinstance(result, Until)
    assert result.valid_until == until


@pytest.mark.parametrize(
    ("age_days", "days", "unit", "first", "number"),
    [
        (0, 1, "day", date(2026, 7, 20), 1),
        (3, 7, "day", date(2026, 7, 14), 7),
        (3, 30, "day", date(2026, 6, 21), 30),
        (3, 0, "day", date(2026, 7, 17), 4),
        (91, 0, "day", date(2026, 4, 20), 92),
        (92, 0, "week", date(2026, 4, 13), 15),
        (3, 365, "week", date(2025, 7, 21), 53),
        (2000, 0, "month", date(2021, 1, 1), 67),
        (20_000, 0, "year", date(1971, 1, 1), 56),
    ],
)
def test_periods_have_no_gaps_and_are_as_long_as_their_number_asks_for(
    story: Story, collect: Collect, age_days: int, days: int, unit: str, first: date, number: int
) -> None:
    story.session("a", at=age_days * 86_400, input_tokens=5)
    shown = collect(days)
    starts = [period.starts_on for period in shown.periods]
    assert (shown.unit, starts[0], len(starts)) == (unit, first, number)
    assert starts == sorted(set(starts))
    assert sum(period.sessions for period in shown.periods) == shown.total.sessions == 1


@pytest.mark.parametrize("started", [datetime(9999, 1, 1, tzinfo=UTC), datetime(1, 2, 1, tzinfo=UTC)])
def test_a_session_from_another_age_is_in_the_first_or_last_period(
    story: Story, collect: Collect, started: datetime
) -> None:
    story.session("a", at=(NOW - started).total_seconds(), input_tokens=5)
    shown = collect(0)
    assert len(shown.periods) <= costs.MOST_PERIODS
    assert sum(period.sessions for period in shown.periods) == 1


def test_of_very_many_models_the_dearest_are_listed_and_the_rest_counted(
    story: Story, collect: Collect
) -> None:
    story.session("a")
    for number in range(costs.GROUPS_SHOWN + 5):
        use(story, "a", f"m{number}", estimated_cost_usd=number / 100)
    shown = collect()
    assert len(shown.models) == costs.GROUPS_SHOWN
    assert shown.models[0].model == f"m{costs.GROUPS_SHOWN + 4}"
    assert (shown.left_out.models, shown.left_out.tasks, shown.left_out.sources) == (5, 0, 0)


def test_a_project_is_the_repository_else_the_directory_else_none(story: Story, collect: Collect) -> None:
    where: list[dict[str, str]] = [
        {"git_repo_root": "/work/p", "cwd": "/work/p/src"},
        {"git_repo_root": "/work/p", "cwd": "/work/p/tests"},
        {"cwd": "/home/me/notes"},
        {},
    ]
    for number, values in enumerate(where):
        story.session(f"s{number}", **values)
        use(story, f"s{number}", estimated_cost_usd=1.0 + number)
    found = {one.project: (one.figures.sessions, one.figures.cost.usd) for one in collect().projects}
    assert found == {"/work/p": (2, 3.0), "/home/me/notes": (1, 3.0), None: (1, 4.0)}


@pytest.mark.parametrize(
    ("now", "starts_on", "days", "elapsed", "usd", "today_usd"),
    [
        (NOW, date(2026, 7, 1), 31, 19.5, 7.0, 1.0),
        (datetime(2026, 7, 1, 6, tzinfo=UTC), date(2026, 7, 1), 31, 0.25, None, None),
        (datetime(2026, 6, 30, 12, tzinfo=UTC), date(2026, 6, 1), 30, 29.5, 8.0, 8.0),
    ],
)
def test_the_month_is_the_calendars_whatever_span_is_asked_for(
    story: Story,
    collect: Collect,
    now: datetime,
    starts_on: date,
    days: int,
    elapsed: float,
    usd: float | None,
    today_usd: float | None,
) -> None:
    for number, (age_days, cost) in enumerate([(0, 1.0), (5, 2.0), (18, 4.0), (20, 8.0)]):
        story.session(f"s{number}", at=age_days * 86_400)
        use(story, f"s{number}", estimated_cost_usd=cost)
    month = collect(1, now=now).month
    assert (month.starts_on, month.days, month.elapsed_days) == (starts_on, days, elapsed)
    assert (month.cost.usd, month.today.usd) == (usd, today_usd)


def test_every_number_can_be_recomputed_from_the_frames(home: Path, story: Story, collect: Collect) -> None:
    (home / "config.yaml").write_text("timezone: UTC\n")
    fill(story, 5)
    story.execute("UPDATE sessions SET cwd = '/work/' || (rowid % 3) WHERE rowid % 4 <> 0")
    shown = collect(0)
    opened = OpenHome(Place(home, home, None), {"costs": costs.PANEL})
    try:
        usage = to_pandas(opened.table("model_usage", {}, NOW))
    finally:
        opened.close()
    counted = ["input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens"]
    usage["tokens"] = usage[counted].sum(axis=1)
    usage["provider"] = usage["provider"].astype("string").fillna("-")
    usage["project"] = usage["project"].fillna("-")
    groups: list[tuple[list[str], list[tuple[tuple[str, ...], costs.CostFigures]]]] = [
        (["model", "provider"], [((one.model, one.provider or "-"), one.figures) for one in shown.models]),
        (["task"], [((one.task,), one.figures) for one in shown.tasks]),
        (["source"], [((one.source,), one.figures) for one in shown.sources]),
        (["project"], [((one.project or "-",), one.figures) for one in shown.projects]),
    ]
    for columns, rows in groups:
        by = usage.groupby(columns, observed=True)
        assert by.ngroups == len(rows)
        for key, figures in rows:
            own = by.get_group(key)
            assert figures.tokens.total == int(own["tokens"].sum())
            assert figures.api_calls == int(own["api_calls"].sum())
            assert figures.sessions == own["session_id"].nunique()
            assert (figures.cost.usd or 0.0) == pytest.approx(float(own["cost_usd"].sum()))
    prompts = usage[["input_tokens", "cache_read_tokens", "cache_write_tokens"]].sum().sum()
    assert shown.cache_hit_rate == pytest.approx(float(usage["cache_read_tokens"].sum() / prompts))
    known = usage[usage["cost_status"] != "unknown"]
    assert shown.coverage.tokens == int(usage["tokens"].sum())
    assert shown.month.cost.usd == pytest.approx(
        float(usage[usage["session_started_at"] >= "2026-07-01"]["cost_usd"].sum())
    )
    assert shown.coverage.priced_tokens <= int(known["tokens"].sum())


def test_only_spans_that_make_sense_can_be_asked_for() -> None:
    for days in (-1, 40_000):
        with pytest.raises(ValueError, match="days"):
            CostsQuery(days=days)


def frame(home: Path, name: str, now: datetime = NOW, **given: Any) -> Any:
    opened = OpenHome(Place(home, home, None), {"costs": costs.PANEL})
    try:
        return opened.table(name, given, now).to_pydict()
    finally:
        opened.close()


def test_the_daily_frame_adds_up_to_the_panel_and_keeps_kinds_apart(
    home: Path, story: Story, collect: Collect
) -> None:
    (home / "config.yaml").write_text("timezone: Europe/Berlin\n")
    fill(story, 1)
    shown = collect(0, "Europe/Berlin")
    daily = frame(home, "costs_daily")
    usage = frame(home, "model_usage")
    assert sum(usd for usd in daily["cost_usd"] if usd is not None) == pytest.approx(shown.total.cost.usd)
    assert sum(usd for usd in usage["cost_usd"] if usd is not None) == pytest.approx(shown.total.cost.usd)
    for column in ("input_tokens", "output_tokens", "cache_read_tokens", "api_calls"):
        assert sum(daily[column]) == sum(usage[column])
    assert sum(daily["input_tokens"]) == shown.total.tokens.input
    for status, usd in zip(daily["cost_status"], daily["cost_usd"], strict=True):
        assert status in ("actual", "estimated", "included", "unknown")
        assert (usd is None) == (status == "unknown")
    assert daily["day"] == sorted(daily["day"])
    unknown = {kind.status: kind for kind in shown.total.kinds}["unknown"]
    assert unknown.tokens == sum(
        daily["input_tokens"][row]
        + daily["output_tokens"][row]
        + daily["cache_read_tokens"][row]
        + daily["cache_write_tokens"][row]
        for row, status in enumerate(daily["cost_status"])
        if status == "unknown"
    )


def test_a_day_of_the_daily_frame_is_the_homes_and_says_its_midnight(home: Path, story: Story) -> None:
    (home / "config.yaml").write_text("timezone: Pacific/Auckland\n")
    story.session(
        "a", input_tokens=5, model="m", billing_provider="p"
    )  # at noon in UTC, midnight in Auckland
    story.session("b", at=1, input_tokens=5, model="m", cost_status="included")
    daily = frame(home, "costs_daily")
    assert daily["day"] == [date(2026, 7, 20), date(2026, 7, 21)]
    assert daily["day_starts_at"] == [NOW - timedelta(days=1), NOW]
    assert daily["provider"] == [None, "p"]
    assert (daily["cost_status"], daily["cost_usd"]) == (["included", "unknown"], [0.0, None])
    assert frame(home, "costs_daily", limit=1)["day"] == [date(2026, 7, 21)]
    assert frame(home, "costs_daily", limit=0)["day"] == []
    assert frame(home, "costs_daily", since=NOW)["day"] == [date(2026, 7, 21)]
    assert frame(home, "costs_daily", until=NOW, columns="day") == {"day": [date(2026, 7, 20)]}


def test_sums_that_no_column_can_hold_are_cut_and_no_failure(home: Path, story: Story) -> None:
    for session in ("a", "b"):
        story.session(session, input_tokens=2**63 - 1)
    assert frame(home, "costs_daily")["input_tokens"] == [2**63 - 1]


def test_tokens_of_a_session_that_was_not_attributed_are_the_whole_sessions(
    story: Story, collect: Collect
) -> None:
    story.session("a", model="opus", billing_provider="anthropic", output_tokens=9)
    (model,) = collect().models
    assert (model.model, model.provider, model.figures.tokens) == ("opus", "anthropic", Tokens(output=9))
