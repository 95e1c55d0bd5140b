"""The model panel's function on contents that the test makes up. Windows and prices: `tests/real/test_model.py`."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hermes_hud_widget.core import OpenHome
from hermes_hud_widget.frames import FrameArguments
from hermes_hud_widget.panel import Until
from hermes_hud_widget.panels import model
from hermes_hud_widget.place import find_place
from hermes_hud_widget.sources import CatalogModel, Settings
from panels.test_gateway import anything
from support.agent import MakeAgent

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
SONNET = CatalogModel(
    "claude-sonnet-4-6", "Sonnet", "claude", 500_000, 64_000, 3.0, 15.0, 0.3, None, True, True, True, None, False, "2025", "2026"
)  # fmt: skip


def contents(config: Any = None, **others: Any) -> dict[str, Any]:
    catalog = {"anthropic": {SONNET.id: SONNET}}
    base = {"config": Settings({"timezone": "UTC"} | (config or {})), "state": None, "catalog": catalog}
    return base | {"learned": {}, "openrouter": None, "routes": ()} | others


def show(config: Any = None, **others: Any) -> model.ModelPanel:
    found = model.collect(**contents(config, **others), now=NOW)
    assert isinstance(found, Until)
    assert found.valid_until == datetime(2026, 3, 5, tzinfo=UTC)
    assert isinstance(found.payload, model.ModelPanel)
    return found.payload


SECTION = {"default": "claude-sonnet-4-6", "provider": "anthropic"}


def test_the_main_model_has_its_window_its_threshold_and_who_says_so() -> None:
    found = show({"model": SECTION, "agent": {"reasoning_effort": "high"}})
    assert found.main is not None
    assert (found.main.window_tokens, found.main.window_source) == (500_000, "models_dev")
    assert (found.compresses_at_tokens, found.threshold) == (375_000, 0.5)
    assert (found.reasoning_effort, found.main.roles) == ("high", ("main",))
    assert found.main.abilities is not None
    assert (found.main.abilities.tools, found.main.abilities.structured) == (True, None)
    assert found.main.price is not None
    assert found.main.price.source == "hermes"


def test_an_override_that_lowers_the_window_counts() -> None:
    found = show({"model": {**SECTION, "context_length": 100_000}})
    assert found.main is not None
    assert (found.main.window_tokens, found.main.window_source, found.main.catalog_tokens) == (
        100_000,
        "config",
        500_000,
    )
    assert found.compresses_at_tokens == 75_000


@pytest.mark.parametrize("written", ["256K", "a lot", -5, 0, [1]])
def test_an_override_that_hermes_cannot_take_is_told_and_passed_over(written: Any) -> None:
    found = show({"model": {**SECTION, "context_length": written}})
    assert found.main is not None
    assert found.main.window_tokens == 500_000
    assert found.bad_override == (None if isinstance(written, list) else str(written))


def test_compression_that_is_switched_off_has_no_threshold() -> None:
    found = show({"model": SECTION, "compression": {"enabled": False}})
    assert (found.is_compressing, found.compresses_at_tokens) == (False, None)


def test_a_model_with_several_roles_is_one_model() -> None:
    auxiliary = {"vision": {"provider": "anthropic", "model": SONNET.id}}
    found = show(
        {"model": SECTION, "auxiliary": auxiliary, "fallback_model": {"provider": "xai", "model": "grok-4"}}
    )
    assert found.main is not None
    assert found.main.roles == ("main", "vision")
    assert [(one.model, one.window_tokens) for one in found.fallbacks] == [("grok-4", 256_000)]
    tasks = {task.task: (task.model, task.provider) for task in found.tasks}
    assert (tasks["vision"], tasks["compression"]) == ((SONNET.id, "anthropic"), (None, None))


def test_the_model_of_an_auxiliary_task_is_among_the_others() -> None:
    found = show(
        {"model": SECTION, "auxiliary": {"vision": {"model": "gpt-5.5"}, "compression": {"model": "gpt-5.5"}}}
    )
    assert [(one.model, one.roles, one.provider) for one in found.used] == [
        ("gpt-5.5", ("vision", "compression"), None)
    ]


def test_the_fullest_chats_come_first_without_whom_they_are_with() -> None:
    def row(session: str, tokens: Any, **more: Any) -> dict[str, Any]:
        entry = {"session_id": session, "last_prompt_tokens": tokens, "origin": {"user_name": "Mira"}, **more}
        return {
            "session_key": "agent:main:telegram:dm:4711",
            "entry_json": json.dumps(entry),
            "updated_at": 1.0,
        }

    rows = (
        row("a", 50_000),
        row("b", 250_000),
        row("c", 0),
        row("d", "odd"),
        {**row("e", 1), "entry_json": "{"},
    )
    found = show({"model": SECTION}, routes=rows)
    assert [(chat.session_id, chat.platform, chat.share) for chat in found.chats] == [
        ("b", "telegram", 0.5),
        ("a", "telegram", 0.1),
    ]
    assert "Mira" not in found.model_dump_json()
    assert "4711" not in found.model_dump_json()


def test_every_number_can_be_recomputed_from_the_frames(agent: MakeAgent) -> None:
    hermes = agent()
    started = (datetime.now(UTC) - timedelta(days=1)).timestamp()
    for name, days in (("claude-sonnet-4-6", 0), ("gpt-5.5", 0), ("gpt-5.5", 20), ("old", 40)):
        id = f"{name}-{days}"
        hermes.session(id, model=name, started_at=started - days * 86_400, billing_provider="x")
        hermes.tokens(id, input_tokens=100, output_tokens=7, model=name)
    hermes.file("config.yaml", b"model: claude-sonnet-4-6\n")
    opened = OpenHome(find_place(hermes.home), {"model": model.PANEL})
    try:
        opened.settle("model")
        shown: Any = opened.collect("model", opened.parse_query("model", {}), 1).data
        frame = opened.table("models", {}).to_pandas()
    finally:
        opened.close()
    entries = [shown["main"], *shown["used"]]
    assert {entry["model"] for entry in entries} == {"claude-sonnet-4-6", "gpt-5.5"} == set(frame["model"])
    for entry in entries:
        row = frame[frame["model"] == entry["model"]].iloc[0]
        assert (row["api_calls"], row["sessions"]) == (entry["use"]["api_calls"], entry["use"]["sessions"])
        assert row["input_tokens"] == entry["use"]["tokens"]["input"]
    assert (
        shown["used_total"]
        == (~frame["roles"].map(lambda roles: bool({"main", "fallback"} & set(roles)))).sum()
    )
    assert frame.set_index("model").loc["gpt-5.5", "sessions"] == 2


@given(
    anything,
    st.dictionaries(
        st.sampled_from(["default", "provider", "base_url", "context_length", "max_tokens"]), anything
    ),
)
def test_no_content_of_a_readable_file_breaks_it(odd: Any, section: Any) -> None:
    config = {
        "model": section,
        "compression": odd,
        "auxiliary": {"vision": odd},
        "custom_providers": [section, odd],
        "agent": odd,
    }
    others = {"learned": {"context_lengths": odd}, "openrouter": odd}
    show(config, **others).model_dump_json()
    model._fill(
        **{name: value for name, value in contents(config, **others).items() if name != "routes"},
        args=FrameArguments(),
        now=NOW,
    )


HUGE = 10**400


@pytest.mark.parametrize("window", [10**30, HUGE], ids=("large", "huge"))
@pytest.mark.parametrize(
    "threshold", [0.5, 1e300, -1e300, HUGE, float("nan")], ids=("half", "large", "negative", "huge", "nan")
)
def test_numbers_beyond_64_bits_are_the_greatest_that_can_be_told(window: int, threshold: Any) -> None:
    config = {"model": {**SECTION, "context_length": window}, "compression": {"threshold": threshold}}
    found = show(config)
    assert found.main is not None
    assert found.main.window_tokens == 2**63 - 1
    assert found.compresses_at_tokens is not None
    assert 0 < found.compresses_at_tokens < 2**63
    json.dumps(found.model_dump(mode="json"), allow_nan=False)


def test_the_frame_holds_numbers_beyond_64_bits(agent: MakeAgent) -> None:
    hermes = agent()
    written = {"model": {**SECTION, "context_length": HUGE}, "compression": {"threshold": HUGE}}
    hermes.file("config.yaml", json.dumps(written).encode())
    opened = OpenHome(find_place(hermes.home), {"model": model.PANEL})
    try:
        assert opened.table("models", {}).to_pandas()["window_tokens"].tolist() == [2**63 - 1]
    finally:
        opened.close()


def test_thirty_days_are_thirty_days_when_the_clock_was_changed() -> None:
    # Half past midnight of summer time, 30 March: 29 days of 24 hours ago it was the evening of 28 February.
    now = datetime(2026, 3, 29, 22, 30, tzinfo=UTC)
    assert model._first_day(now, ZoneInfo("Europe/Berlin")) == date(2026, 3, 1)
