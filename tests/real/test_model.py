"""Context windows, thresholds and prices are those that Hermes' own functions find without a network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hermes_hud_widget import Home
from hermes_hud_widget.panels.effective import effective, main_choice
from hermes_hud_widget.panels.windows import Knowledge, price_of, route_of, threshold_of, window_of
from hermes_hud_widget.place import Place
from hermes_hud_widget.sources import Json, ModelCatalog, Yaml
from hermes_hud_widget.sources.yaml import load_yaml
from real.agent import Hermes

HERE = "http://127.0.0.1:9/v1"
"""Nobody answers there."""

CATALOG = {
    "anthropic": {"models": {"claude-sonnet-4-6": {"limit": {"context": 500_000}}, "Claude-Odd": {"limit": {"context": 0}}}},
    "deepseek": {"models": {"deepseek-chat": {"limit": {"context": 131_072}}}},
    "zai": {"models": {"GLM-5": {"limit": {"context": 204_800}}}},
    "ollama-cloud": {"models": {"kimi-k2.6:cloud": {"limit": {"context": 262_144}}}},
    "minimax": {"models": {"MiniMax-M3": {"limit": {"context": 512_000}}}},
    "openai": {"models": {"gpt-5.5": {"limit": {"context": 1_050_000}}}},
}  # fmt: skip
OPENROUTER = {
    "anthropic/claude-opus-4.6": {
        "context_length": 900_000,
        "pricing": {"prompt": "0.000005", "completion": "0.000025", "input_cache_read": "0.0000005"},
    },
    "moonshotai/kimi-k2": {"context_length": 32_768},
}
LEARNED = {
    f"learned@{HERE}": 48_000,
    f"kimi-local@{HERE}": 32_768,
    "claude-sonnet-4-6@https://api.anthropic.com": 333_000,
    "deepseek-chat@https://api.deepseek.com/v1/": 99_000,
}

MODELS = {
    "an override that lowers it": {"default": "claude-sonnet-4-6", "provider": "anthropic", "context_length": 100_000},
    "an override in quotes": {"default": "gpt-5.5", "provider": "openai-api", "context_length": "80000"},
    "an override that is none": {"default": "glm-5", "provider": "zai", "context_length": "256K"},
    "an override below zero": {"default": "glm-5", "provider": "zai", "context_length": -1},
    "learned by its endpoint": {"default": "claude-sonnet-4-6", "provider": "anthropic"},
    "learned, with a slash more": {"default": "deepseek-chat", "provider": "deepseek"},
    "learned at an endpoint of one's own": {"default": "learned", "provider": "custom", "base_url": HERE},
    "learned too low": {"default": "kimi-local", "provider": "custom", "base_url": HERE},
    "the catalog, in other letters": {"default": "glm-5", "provider": "zai"},
    "the catalog, an alias": {"default": "glm-5", "provider": "glm"},
    "the catalog says zero": {"default": "Claude-Odd", "provider": "anthropic"},
    "the catalog says less than is known": {"default": "MiniMax-M3", "provider": "minimax"},
    "the table, at an endpoint of one's own": {"default": "qwen3-coder-30b", "provider": "custom", "base_url": HERE},
    "nobody knows it": {"default": "some-model", "provider": "custom", "base_url": HERE},
    "with a provider before it": {"default": "local:llama-3", "provider": "custom", "base_url": HERE},
    "with a colon of Ollama's": {"default": "qwen:0.5b", "provider": "custom", "base_url": HERE},
    "by OpenRouter": {"default": "anthropic/claude-opus-4.6", "provider": "openrouter"},
    "OpenRouter is wrong": {"default": "moonshotai/kimi-k2", "provider": "openrouter"},
    "a ChatGPT login": {"default": "gpt-5.5", "provider": "openai-codex"},
    "Codex Spark": {"default": "gpt-5.3-codex-spark", "provider": "openai-codex"},
    "Kimi's coding endpoint": {"default": "k3", "provider": "kimi-coding", "base_url": "https://api.kimi.com/coding"},
    "an endpoint's own override": {"default": "mine", "provider": "custom", "base_url": "http://127.0.0.1:9/own"},
}  # fmt: skip
CUSTOM = [
    {"name": "own", "base_url": "http://127.0.0.1:9/own/", "models": {"mine": {"context_length": 70_000}}}
]


@pytest.fixture
def known(home: Path) -> Knowledge:
    """What the home's caches say; written just now, so that Hermes asks nobody."""
    (home / "cache").mkdir()
    (home / "models_dev_cache.json").write_text(json.dumps(CATALOG))
    (home / "cache" / "openrouter_model_metadata.json").write_text(json.dumps(OPENROUTER))
    (home / "context_length_cache.yaml").write_text(json.dumps({"context_lengths": LEARNED}))
    place = Place(home, home, None)
    learned, openrouter = Yaml("context_length_cache.yaml"), Json("cache/openrouter_model_metadata.json")
    return Knowledge.of(*(source.attach(place).read() for source in (ModelCatalog(), learned, openrouter)))


def configure(home: Path, model: dict[str, Any], **more: Any) -> dict[str, Any]:
    written = json.dumps({"model": model, "custom_providers": CUSTOM, **more})
    (home / "config.yaml").write_text(written)
    return effective(load_yaml(written))


def theirs(hermes: Hermes, config: dict[str, Any]) -> int:
    choice = main_choice(config)
    provider, base_url = route_of(choice, config)
    override = config["model"].get("context_length")
    try:
        override = None if override is None else int(override)
    except ValueError:  # Hermes says so, and goes on without it
        override = None
    found: int = hermes(
        "agent.model_metadata",
        "get_model_context_length",
        choice.model,
        base_url=base_url,
        provider=provider.split(":")[0],
        config_context_length=override,
        custom_providers=hermes("hermes_cli.config", "get_compatible_custom_providers"),
    )
    return found


@pytest.mark.parametrize("model", MODELS.values(), ids=list(MODELS))
def test_the_window_is_the_one_that_hermes_works_with(
    hermes: Hermes, home: Path, known: Knowledge, model: dict[str, Any]
) -> None:
    config = configure(home, model)
    window = window_of(main_choice(config), config, known)
    assert window is not None
    assert window.tokens == theirs(hermes, config), window


@pytest.mark.parametrize("window", [64_000, 70_000, 128_000, 272_000, 511_999, 512_000, 1_000_000])
@pytest.mark.parametrize("share", [0.3, 0.5, 0.9])
@pytest.mark.parametrize("reserved", [None, 32_000])
def test_the_threshold_is_the_one_at_which_hermes_compresses(
    hermes: Hermes, home: Path, window: int, share: float, reserved: int | None
) -> None:
    config = configure(home, {"default": "m", "max_tokens": reserved}, compression={"threshold": share})
    module = "agent.context_compressor"
    raised = hermes(module, "ContextCompressor._effective_threshold_percent", window, share)
    expected = hermes(module, "ContextCompressor._compute_threshold_tokens", window, raised, reserved)
    assert threshold_of(window, main_choice(config), config) == expected


@pytest.mark.parametrize(
    "model", ["gpt-5.4", "gpt-5.5-pro", "gpt-5.6-sol", "gpt-5.3-codex-spark", "gpt-5.3-codex"]
)
@pytest.mark.parametrize("provider", ["openai-codex", "openai-api", "openrouter"])
def test_models_with_a_threshold_of_their_own_have_it_here_too(
    hermes: Hermes, home: Path, model: str, provider: str
) -> None:
    config = configure(home, {"default": model, "provider": provider})
    own = hermes("agent.auxiliary_client", "_compression_threshold_for_model", model, provider)
    expected = max(0.5, own or 0.5)
    assert threshold_of(10_000_000, main_choice(config), config) == int(10_000_000 * expected)


PRICED = [
    ("claude-opus-4.6", "anthropic"),
    ("claude-sonnet-4-6", "anthropic"),
    ("gpt-5.6-sol", "openai-api"),
    ("anthropic/claude-opus-4.6", "openrouter"),
    ("deepseek-chat", "deepseek"),
    ("accounts/fireworks/models/kimi-k2p6", "fireworks"),
    ("some-model", "custom"),
]


@pytest.mark.parametrize(("model", "provider"), PRICED)
def test_a_price_is_the_one_by_which_hermes_prices(
    hermes: Hermes, home: Path, known: Knowledge, model: str, provider: str
) -> None:
    code = (
        "(lambda entry: entry and [float(v) if v is not None else None for v in (entry.input_cost_per_million,"
        " entry.output_cost_per_million, entry.cache_read_cost_per_million)])"
        f"(__import__('agent.usage_pricing', fromlist=['x']).get_pricing_entry({model!r}, provider={provider!r}))"
    )
    expected = hermes("builtins", "eval", code)
    price = price_of(model, provider, known)
    found = None if price is None else [price.input, price.output, price.cache_read]
    assert found == (pytest.approx(expected) if expected else None)


def test_what_was_used_is_what_hermes_counted(hermes: Hermes, home: Path) -> None:
    configure(home, {"default": "claude-sonnet-4-6", "provider": "anthropic"})
    for number in range(3):
        hermes.db("create_session", f"s{number}", "cli", model="claude-sonnet-4-6")
        hermes.db(
            "update_token_counts",
            f"s{number}",
            input_tokens=100,
            output_tokens=10,
            model="claude-sonnet-4-6",
            billing_provider="anthropic",
            api_call_count=2,
        )
    with Home(home) as hud:
        main = hud.panel("model")["data"]["main"]
        row = hud.frame("models").iloc[0]
    assert (main["use"]["api_calls"], main["use"]["sessions"], main["use"]["tokens"]["input"]) == (6, 3, 300)
    assert (row["api_calls"], row["sessions"], row["input_tokens"], row["output_used_tokens"]) == (
        6,
        3,
        300,
        30,
    )
