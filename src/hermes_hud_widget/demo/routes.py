"""The models that the demo's agent uses, and what their tokens cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MILLION = 1_000_000
CostStatus = Literal["actual", "estimated", "included", "unknown"]
_Billing = tuple[str, CostStatus, str, str | None]


@dataclass(frozen=True)
class Usage:
    """The tokens of one call to a model; `reasoning` is part of `output`."""

    input: int
    output: int
    cache_read: int = 0
    cache_write: int = 0
    reasoning: int = 0


@dataclass(frozen=True)
class Route:
    """A model at a provider, with prices in US dollars for a million tokens."""

    model: str
    provider: str
    base_url: str
    billing_mode: str
    cost_status: CostStatus
    cost_source: str
    pricing_version: str | None
    input_usd: float
    output_usd: float
    caches: bool = True

    def usage(self, context: int, fresh: int, output: int, reasoning: int) -> Usage:
        """The tokens of a call with `context` tokens seen before and `fresh` ones added since."""
        if not self.caches:
            return Usage(context + fresh, output, reasoning=reasoning)
        if self.provider == "anthropic":
            return Usage(12, output, context, fresh, reasoning)
        return Usage(fresh, output, context, 0, reasoning)

    def price(self, usage: Usage) -> float:
        """US dollars at list price: a cached read costs a tenth, a cached write a quarter more."""
        prompt = usage.input + 0.1 * usage.cache_read + 1.25 * usage.cache_write
        return (prompt * self.input_usd + usage.output * self.output_usd) / MILLION


_ANTHROPIC = "https://api.anthropic.com"
_OPENROUTER = "https://openrouter.ai/api/v1"
_LISTED: _Billing = (
    "official_docs_snapshot",
    "estimated",
    "official_docs_snapshot",
    "anthropic-list-2026-07",
)
_BILLED: _Billing = ("official_models_api", "actual", "provider_generation_api", None)

ROUTES: dict[str, Route] = {
    "sonnet": Route("claude-sonnet-4-6", "anthropic", _ANTHROPIC, *_LISTED, 3.0, 15.0),
    "opus": Route("claude-opus-4-8", "anthropic", _ANTHROPIC, *_LISTED, 5.0, 25.0),
    "haiku": Route("claude-haiku-4-5", "anthropic", _ANTHROPIC, *_LISTED, 1.0, 5.0),
    "terra": Route(
        "gpt-5.6-terra",
        "openai-codex",
        "https://chatgpt.com/backend-api/codex",
        "subscription_included",
        "included",
        "none",
        None,
        0.0,
        0.0,
    ),
    "deepseek": Route("deepseek/deepseek-v3.2", "openrouter", _OPENROUTER, *_BILLED, 0.27, 0.4),
    "local": Route(
        "qwen3-coder:30b",
        "custom",
        "http://localhost:11434/v1",
        "unknown",
        "unknown",
        "none",
        None,
        0.0,
        0.0,
        caches=False,
    ),
}
