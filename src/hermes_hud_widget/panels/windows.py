"""A model's context window and list prices as Hermes finds them, as far as that needs no network."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import urlsplit

from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.ledger.values import count, number
from hermes_hud_widget.panels.effective import Choice, custom_providers, provider_of
from hermes_hud_widget.panels.written import mapping
from hermes_hud_widget.sources import CatalogModel
from hermes_hud_widget.sources.model_catalog import Models
from hermes_hud_widget.upstream import upstream

WindowSource = Literal[
    "config",
    "custom_providers",
    "endpoint",
    "cache",
    "codex",
    "openrouter",
    "models_dev",
    "table",
    "fallback",
]
PriceSource = Literal["hermes", "openrouter", "models_dev", "included"]

SMALL_WINDOW, SMALL_SHARE = 512_000, 0.75
"""Windows below that are compressed at this share at the earliest (`agent/context_compressor.py`)."""
LATEST_SHARE = 0.85
"""Where the least threshold would not be below the window, this share of it counts."""
ASKED_FIRST = (
    "anthropic",
    "copilot",
    "copilot-acp",
    "nous",
    "novita",
    "gmi",
    "lmstudio",
    "openai-codex",
    "bedrock",
)
"""Providers whose own answer comes before what is known here; Hermes does not keep it in the home."""


@frozen
class Knowledge:
    """What the home's caches say of models.

    Attributes:
        catalog: By the provider's id at models.dev.
        learned: `context_length_cache.yaml`: tokens by `model@base_url`.
        openrouter: `cache/openrouter_model_metadata.json`: by model.
    """

    catalog: Mapping[str, Models]
    learned: Mapping[str, Any]
    openrouter: Mapping[str, Any]

    @staticmethod
    def of(catalog: Mapping[str, Models], learned: Mapping[str, Any], openrouter: Any) -> Knowledge:
        """From the contents of the files."""
        return Knowledge(catalog, mapping(learned.get("context_lengths")), mapping(openrouter))


@frozen
class Window:
    """How many tokens a model takes, and who says so.

    Attributes:
        is_asked: True if Hermes asks the provider first; what it answers is not kept, and may differ.
    """

    tokens: int
    source: WindowSource
    is_asked: bool


@frozen
class ListPrice:
    """US dollars per million tokens; None: not told."""

    input: float | None
    output: float | None
    cache_read: float | None
    cache_write: float | None
    source: PriceSource
    version: str | None


def route_of(choice: Choice, config: Mapping[str, Any]) -> tuple[str, str]:
    """The provider and the endpoint that a choice leads to; empty where they are not known."""
    provider = provider_of(choice, config) or ""
    base_url = choice.base_url or ""
    if not base_url:
        for custom in custom_providers(config):
            if provider == f"custom:{custom.name.strip().lower().replace(' ', '-')}":
                base_url = custom.base_url
    if not base_url and provider in upstream().providers:
        base_url = upstream().providers[provider].base_url
    return provider, base_url


def window_of(choice: Choice, config: Mapping[str, Any], known: Knowledge) -> Window | None:
    """The window, in the order in which Hermes looks (`agent/model_metadata.py`, `get_model_context_length`).

    None for a choice without a model.
    """
    if not choice.model:
        return None
    provider, base_url = route_of(choice, config)
    if choice.role == "main" and (override := override_of(config)) is not None:
        return Window(override, "config", False)
    for custom in custom_providers(config):
        if base_url and custom.base_url.rstrip("/") == base_url.rstrip("/"):
            said = _whole(mapping(custom.models.get(choice.model)).get("context_length"))
            if said is not None and said > 0:
                return Window(said, "custom_providers", False)
    model = without_prefix(choice.model)
    provider = provider.split(":")[0]
    if _is_kimi_coding(model, base_url):
        return Window(1_048_576, "endpoint", False)
    learned = _learned(model, base_url, provider, known.learned)
    if learned is not None:
        return Window(learned, "cache", _is_local(base_url))
    inferred = _provider_by_host(base_url)
    is_asked = provider in ASKED_FIRST or inferred in ASKED_FIRST or (bool(base_url) and inferred is None)
    if provider == "bedrock":
        return None
    if base_url and inferred is None:
        found = _by_table(model)
        return Window(found or upstream().fallback_window, "table" if found else "fallback", True)
    if provider in ("", "openrouter", "custom"):
        provider = inferred or provider
    if provider == "openai-codex" and (codex := _longest(model, upstream().codex_windows)):
        return Window(codex, "codex", is_asked)
    if provider in ("", "openrouter", "nous"):
        routed = mapping(known.openrouter.get(model)).get("context_length")
        if isinstance(routed, int) and routed > 0 and not (routed == 32_768 and _is_kimi(model)):
            return Window(count(routed), "openrouter", is_asked)
    entry = catalog_entry(known, provider, model)
    if entry is not None and entry.context is not None:
        tokens = count(entry.context)
        if "minimax-m3" in model.lower():
            tokens = max(tokens, upstream().windows["minimax-m3"])
        return Window(tokens, "models_dev", is_asked)
    found = _by_table(model)
    return Window(found or upstream().fallback_window, "table" if found else "fallback", is_asked)


def override_of(config: Mapping[str, Any]) -> int | None:
    """`model.context_length`, if Hermes takes it: a whole number above 0, also when quoted."""
    said = _whole(mapping(config.get("model")).get("context_length"))
    return said if said is not None and said > 0 else None


def threshold_of(window: int, choice: Choice, config: Mapping[str, Any]) -> int | None:
    """At how many tokens Hermes compresses the main loop's context; None: it does not."""
    section = mapping(config.get("compression"))
    if str(section.get("enabled", True)).lower() not in ("true", "1", "yes"):
        return None
    share = number(section.get("threshold", 0.5))
    # Whatever is beyond the window comes to the same, and products stay finite.
    share = 0.5 if share is None else max(-1.0, min(2.0, share))
    raised = _share_by_model(choice, config, section)
    if raised is not None:
        least, is_raise_only = raised
        share = max(share, least) if is_raise_only else least
    if window < SMALL_WINDOW:
        share = max(share, SMALL_SHARE)
    reserved = _whole(mapping(config.get("model")).get("max_tokens")) or 0
    budget = window - max(0, reserved)
    if budget <= 0:
        budget = window
    tokens = max(int(budget * share), upstream().least_window)
    return max(1, min(int(budget * LATEST_SHARE), budget - 1)) if tokens >= budget else tokens


def _share_by_model(
    choice: Choice, config: Mapping[str, Any], section: Mapping[str, Any]
) -> tuple[float, bool] | None:
    """Models with a threshold of their own (`agent/auxiliary_client.py`); whether it only raises another."""
    name = (choice.model or "").strip().lower().rsplit("/", 1)[-1]
    if name == "trinity-large-thinking":
        return 0.75, False
    if provider_of(choice, config) != "openai-codex":
        return None
    may_raise = str(section.get("codex_gpt55_autoraise", True)).lower() in ("true", "1", "yes")
    if may_raise and re.match(r"gpt-5\.[456](?:[-.]|$)", name):
        return 0.85, True
    return (0.70, True) if name == "gpt-5.3-codex-spark" else None


def price_of(model: str, provider: str | None, known: Knowledge) -> ListPrice | None:
    """List prices: Hermes' own table first, as it prices by that; else OpenRouter's, else those of models.dev."""
    provider = (provider or "").split(":")[0]
    if not provider and "/" in model and model.split("/", 1)[0] in ("anthropic", "openai", "google"):
        provider, model = model.split("/", 1)
    if provider == "openai-codex":
        return ListPrice(None, None, None, None, "included", None)
    name = model.lower() if provider == "openrouter" else model.lower().rsplit("/", 1)[-1]
    billed = {"openai-api": "openai", "vertex": "gemini"}.get(provider, provider)
    names = [name]
    if billed in ("anthropic", "bedrock"):
        names.append(re.sub(r"(\d+)\.(\d+)", r"\1-\2", name))
    for candidate in names:
        listed = upstream().prices.get(f"{billed}/{candidate}")
        if listed is not None:
            prices = (listed.input, listed.output, listed.cache_read, listed.cache_write)
            return ListPrice(*prices, "hermes", listed.version)
    if provider in ("openrouter", "nous"):
        said = mapping(mapping(known.openrouter.get(model)).get("pricing"))
        asked, answered, read, wrote = (_per_million(said.get(key)) for key in _OPENROUTER_PRICES)
        if asked is not None or answered is not None:
            return ListPrice(asked, answered, read, wrote, "openrouter", None)
    entry = catalog_entry(known, provider, model)
    if entry is None or (entry.input_usd is None and entry.output_usd is None):
        return None
    prices = (entry.input_usd, entry.output_usd, entry.cache_read_usd, entry.cache_write_usd)
    return ListPrice(*prices, "models_dev", None)


_OPENROUTER_PRICES = ("prompt", "completion", "input_cache_read", "input_cache_write")


def catalog_entry(known: Knowledge, provider: str, model: str) -> CatalogModel | None:
    """The model as its provider offers it at models.dev: exactly, then by its name in lower case, then `:cloud`."""
    models = known.catalog.get(upstream().models_dev.get(provider, ""), {})
    for name in (model, f"{model}:cloud", f"{model}-cloud"):
        found = models.get(name) or next((models[id] for id in models if id.lower() == name.lower()), None)
        if found is not None:
            return found
    return None


def without_prefix(model: str) -> str:
    """`local:qwen3` → `qwen3`, but `qwen3:27b`, whose colon is Ollama's, stays."""
    prefix, colon, rest = model.partition(":")
    if not colon or model.startswith("http") or prefix.strip().lower() not in upstream().prefixes:
        return model
    return model if _OLLAMA_TAG.match(rest.strip()) else rest


_OLLAMA_TAG = re.compile(
    r"^(\d+\.?\d*b|latest|stable|q\d|fp?\d|instruct|chat|coder|vision|text)", re.IGNORECASE
)


def _learned(model: str, base_url: str, provider: str, learned: Mapping[str, Any]) -> int | None:
    """What Hermes once found out, but for entries that it has since learned to be too low or too high."""
    if not base_url or provider == "lmstudio":
        return None
    key = f"{model}@{base_url.rstrip('/')}"
    names = (key, f"{model}@{base_url}", f"{key}/")
    tokens = next((found for name in names if isinstance(found := learned.get(name), int)), None)
    if tokens is None:
        return None
    name = model.lower()
    is_stale = (
        (provider == "openai-codex" and tokens >= 400_000)
        or (tokens <= 32_768 and _is_kimi(model))
        or (tokens <= 204_800 and "minimax-m3" in name)
        or (tokens <= 256_000 and "grok-4.3" in name)
        or _provider_by_host(base_url) == "nous"
    )
    return None if is_stale else count(tokens)


def _by_table(model: str) -> int | None:
    return _longest(model, upstream().windows)


def _longest(model: str, table: Mapping[str, int]) -> int | None:
    """The value of the longest name that is a part of the model's."""
    names = sorted((name for name in table if name in model.lower()), key=len, reverse=True)
    return table[names[0]] if names else None


def _provider_by_host(base_url: str) -> str | None:
    written = base_url.strip()
    try:
        parts = urlsplit(written if "://" in written else f"https://{written}")
    except ValueError:
        return None
    name = parts.netloc.lower() or parts.path.lower()
    return (
        next((provider for part, provider in upstream().hosts.items() if part in name), None)
        if name
        else None
    )


def _is_kimi_coding(model: str, base_url: str) -> bool:
    is_endpoint = re.fullmatch(r"https://api\.kimi\.com(?::443)?/coding(?:/v1)?/*", base_url.strip().lower())
    return is_endpoint is not None and model.strip().lower() in ("k3", "kimi-k3", "kimi-k3-cot")


def _is_local(base_url: str) -> bool:
    try:
        name = urlsplit(base_url).hostname or ""
    except ValueError:
        return False
    return name in ("localhost", "127.0.0.1", "::1", "0.0.0.0") or name.startswith(("10.", "192.168."))


def _is_kimi(model: str) -> bool:
    return model.lower().startswith("kimi") or "moonshot" in model.lower()


def _whole(written: Any) -> int | None:
    """As Python's `int()` takes it, which Hermes asks: `"256000"`, but not `"256K"`."""
    if isinstance(written, (int, float, str)):
        try:
            return count(int(written))
        except (ValueError, OverflowError):
            return None
    return None


def _per_million(written: Any) -> float | None:
    found = number(written)
    return found * 1e6 if found is not None and found >= 0 else None
