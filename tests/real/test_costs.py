"""The costs panel over what Hermes itself accounts: `hermes insights` is the oracle."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from hermes_hud_widget.frames import FrameArguments
from hermes_hud_widget.ledger import Ledger
from hermes_hud_widget.panel import Until
from hermes_hud_widget.panels import costs
from hermes_hud_widget.panels.costs import Costs, CostsQuery
from hermes_hud_widget.sources import Settings
from ledger.world import Story
from real.agent import Hermes

SONNET = {
    "model": "anthropic/claude-sonnet-4-6",
    "billing_provider": "anthropic",
    "cost_status": "estimated",
    "cost_source": "official_docs_snapshot",
    "api_call_count": 1,
}
CODEX = {
    "model": "gpt-5.6-terra",
    "billing_provider": "openai-codex",
    "billing_mode": "subscription_included",
    "estimated_cost_usd": 0.0,
    "cost_status": "included",
    "cost_source": "none",
    "api_call_count": 1,
}
LOCAL = {
    "model": "qwen3-coder:30b",
    "billing_provider": "custom",
    "billing_base_url": "http://localhost:11434/v1",
    "cost_status": "unknown",
    "cost_source": "none",
    "api_call_count": 1,
}
HAIKU = {"model": "claude-haiku-4-5", "billing_provider": "anthropic"}
HAIKU_50_5_USD = 0.000075
"""Of 50 tokens in and 5 out: Hermes prices auxiliary rows again in its insights, and comes to the same."""


@pytest.fixture
def collect(ledger: Ledger) -> Callable[[], Costs]:
    """The panel over two days: a midnight in the middle of a test does not matter."""

    def run() -> Costs:
        result = costs.collect(ledger, Settings({"timezone": "UTC"}), CostsQuery(days=2), datetime.now(UTC))
        assert isinstance(result, Until)
        return cast("Costs", result.payload)

    return run


def steps(hermes: Hermes) -> list[Callable[[], object]]:
    """What an agent's calls to models leave behind, one commit after the other."""
    db = hermes.db

    def count(session: str, **values: Any) -> Callable[[], object]:
        return lambda: db("update_token_counts", session, **values)

    def help_with(session: str, task: str, **values: Any) -> Callable[[], object]:
        return lambda: db("record_auxiliary_usage", session, task, **values)

    return [
        lambda: db("create_session", "a", "cli", model="anthropic/claude-sonnet-4-6"),
        count("a", input_tokens=12, output_tokens=200, cache_write_tokens=9000, estimated_cost_usd=0.04, **SONNET),
        count("a", input_tokens=12, output_tokens=90, cache_read_tokens=9000, estimated_cost_usd=0.01, **SONNET),
        help_with("a", "title_generation", input_tokens=50, output_tokens=5, estimated_cost_usd=HAIKU_50_5_USD, **HAIKU),
        # The user switches to a local model, then to a subscription.
        count("a", input_tokens=700, output_tokens=80, **LOCAL),
        count("a", input_tokens=900, output_tokens=60, reasoning_tokens=20, **CODEX),
        help_with("a", "vision", model="llava", input_tokens=300, output_tokens=30),
        lambda: hermes.compress("a", "b", model="anthropic/claude-sonnet-4-6"),
        count("b", input_tokens=15, output_tokens=40, estimated_cost_usd=0.02, **SONNET),
        lambda: hermes.delegate("b", "helper", model="qwen3-coder:30b"),
        count("helper", input_tokens=1000, output_tokens=10, **LOCAL),
        lambda: db("create_session", "gateway", "telegram", model="anthropic/claude-sonnet-4-6"),
        # The gateway sets totals, which cannot be attributed.
        count("gateway", input_tokens=4000, output_tokens=400, estimated_cost_usd=0.3, absolute=True, **SONNET),
        count("gateway", input_tokens=5000, output_tokens=500, estimated_cost_usd=0.4, absolute=True, **SONNET),
        help_with("gateway", "compression", input_tokens=50, output_tokens=5, estimated_cost_usd=HAIKU_50_5_USD, **HAIKU),
        lambda: db("create_session", "nothing", "cron"),
        lambda: db("delete_session", "helper"),
        lambda: db("end_session", "gateway", "idle"),
    ]  # fmt: skip


def by_model(shown: Costs) -> dict[str, list[float]]:
    """As `hermes insights` groups: by the name without what is before the slash."""
    found: defaultdict[str, list[float]] = defaultdict(lambda: [0.0] * 7)
    for one in shown.models:
        tokens = one.figures.tokens
        row = (
            tokens.input,
            tokens.output,
            tokens.cache_read,
            tokens.cache_write,
            tokens.reasoning,
            one.figures.api_calls,
            one.figures.cost.usd or 0.0,
        )
        known = found[one.model.split("/")[-1]]
        found[one.model.split("/")[-1]] = [a + b for a, b in zip(known, row, strict=True)]
    return {name: [pytest.approx(value) for value in row] for name, row in found.items()}


def assert_agree(shown: Costs, report: dict[str, Any]) -> None:
    assert by_model(shown) == {
        model["model"]: [
            model["input_tokens"],
            model["output_tokens"],
            model["cache_read_tokens"],
            model["cache_write_tokens"],
            model["reasoning_tokens"],
            model["api_calls"],
            model["cost"],
        ]
        for model in report["models"]
    }
    overview = report["overview"]
    assert shown.total.sessions == overview["total_sessions"]
    assert shown.total.tokens.total == overview["total_tokens"]
    assert (shown.total.cost.usd or 0.0) == pytest.approx(overview["estimated_cost"])


@pytest.mark.parametrize("journal_mode", ["wal", "delete"])
def test_after_each_step_of_hermes_the_panel_says_what_its_insights_say(
    start_hermes: Callable[..., Hermes], collect: Callable[[], Costs], journal_mode: str
) -> None:
    hermes = start_hermes(journal_mode)
    for number, step in enumerate(steps(hermes)):
        step()
        if number > 0:  # before the first call there are no models in either
            assert_agree(collect(), hermes("insights", "generate", days=1))


def test_hermes_accounts_become_kinds_tasks_and_sources(hermes: Hermes, collect: Callable[[], Costs]) -> None:
    for step in steps(hermes)[:-2]:
        step()
    shown = collect()
    kinds = {kind.status: (kind.usd, kind.tokens, kind.sessions) for kind in shown.total.kinds}
    assert kinds == {
        # What is attributed to a compression is taken off what the gateway counted in all, as Hermes does.
        "estimated": (pytest.approx(0.47 + HAIKU_50_5_USD), 23_924, 3),
        "included": (None, 960, 1),
        "unknown": (None, 780 + 330 + 1010, 2),
    }
    tasks = {one.task: one.figures for one in shown.tasks}
    assert set(tasks) == {"main", "title_generation", "vision", "compression"}
    assert tasks["vision"].cost.usd is None
    assert {one.source: one.figures.sessions for one in shown.sources} == {
        "cli": 2,
        "telegram": 1,
        "subagent": 1,
    }
    conversation = {one.root_id: one for one in shown.dearest}["a"]
    assert (conversation.id, conversation.cost.usd) == ("b", pytest.approx(0.07 + HAIKU_50_5_USD))


def test_an_old_home_costs_the_same_before_and_after_hermes_migrates_it(
    home: Path, start_hermes: Callable[..., Hermes], collect: Callable[[], Costs]
) -> None:
    story = Story(home / "state.db", "0.18")
    now = datetime.now(UTC).timestamp()
    story.execute("INSERT INTO schema_version (version) VALUES (17)")
    for id, model, status, usd in (
        ("listed", "claude-sonnet-4-6", "estimated", 0.5),
        ("local", "qwen3-coder:30b", "unknown", 0.0),
        ("paid", "gpt-5.6-terra", "included", 0.0),
    ):
        story.session(
            id,
            model=model,
            billing_provider="p",
            started_at=now,
            input_tokens=100,
            output_tokens=10,
            reasoning_tokens=5,
            api_call_count=2,
            estimated_cost_usd=usd,
            cost_status=status,
            cost_source="none",
        )
    before = collect()
    assert before.total.cost.usd == 0.5
    hermes = start_hermes()
    hermes.db("get_session", "listed")
    after = collect()
    assert (after.total, after.models, after.tasks) == (before.total, before.models, before.tasks)
    assert_agree(after, hermes("insights", "generate", days=1))


def test_the_frame_tells_what_hermes_attributed_and_what_not(hermes: Hermes, ledger: Ledger) -> None:
    for step in steps(hermes):
        step()
    columns = ledger.usage_columns(FrameArguments())
    rows = list(zip(*(columns[name] for name in ("session_id", "model", "task", "attributed")), strict=True))
    assert sorted(rows) == [
        ("a", "anthropic/claude-sonnet-4-6", "main", True),
        ("a", "claude-haiku-4-5", "title_generation", True),
        ("a", "gpt-5.6-terra", "main", True),
        ("a", "llava", "vision", True),
        ("a", "qwen3-coder:30b", "main", True),
        ("b", "anthropic/claude-sonnet-4-6", "main", True),
        ("gateway", "anthropic/claude-sonnet-4-6", "main", False),
        ("gateway", "claude-haiku-4-5", "compression", True),
    ]
    assert set(columns["root_id"]) == {"a", "gateway"}
