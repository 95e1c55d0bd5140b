"""What Mira is logged in to: keys that rest now and then, logins, MCP servers, and what models.dev says."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import cycle
from typing import TYPE_CHECKING, Any

from hermes_hud_widget.demo.parts.gateway import put
from hermes_hud_widget.demo.script import Script

if TYPE_CHECKING:
    from hermes_hud_widget.demo.home import DemoHome

DAY_S = 86_400.0
TOKEN = "demo-of-no-use"
EVERY_S = 20.0


def play(home: DemoHome) -> Script:
    """A pool of two keys, of which one is out of its quota for a while, again and again."""
    put(home.path / ".env", "OPENROUTER_API_KEY=demo-of-no-use\nTELEGRAM_BOT_TOKEN=demo-of-no-use\n")
    put(home.path / "models_dev_cache.json", json.dumps(CATALOG))
    tokens = {"access_token": TOKEN, "refresh_token": TOKEN, "expires_at": home.now + 3000}
    put(home.path / "mcp-tokens" / "tracker.json", json.dumps(tokens))
    put(home.path / "config.yaml.bak.20260301-101500", "_config_version: 32\n")
    _write(home, exhausted_at=home.now - 1200)
    for is_exhausted in cycle((False, True)):
        yield EVERY_S
        _write(home, exhausted_at=home.clock() if is_exhausted else None)


def _write(home: DemoHome, exhausted_at: float | None) -> None:
    error: dict[str, Any] = {"last_status": "ok"}
    if exhausted_at is not None:
        error = {
            "last_status": "exhausted",
            "last_status_at": exhausted_at,
            "last_error_code": 429,
            "last_error_reason": "rate_limit_exceeded",
        }
    auth = {
        "version": 1,
        "active_provider": "nous",
        "providers": {
            "nous": {
                "access_token": TOKEN,
                "refresh_token": TOKEN,
                "expires_at": _iso(home.now + 1800),
                "inference_base_url": "https://inference-api.nousresearch.com/v1",
            }
        },
        "credential_pool": {
            "anthropic": [
                _key("k1", 0, source="manual", request_count=412, last_status="ok"),
                _key("k2", 1, source="manual", request_count=96, **error),
            ],
            "qwen-oauth": [
                _key(
                    "q1", 0, source="device_code", auth_type="oauth", expires_at=_iso(home.now + 4.2 * DAY_S)
                )
            ],
        },
        "updated_at": _iso(home.clock()),
    }
    put(home.path / "auth.json", json.dumps(auth, indent=2))


def _key(id: str, priority: int, **values: Any) -> dict[str, Any]:
    return {
        "id": id,
        "label": id,
        "auth_type": "api_key",
        "priority": priority,
        "access_token": TOKEN,
        **values,
    }


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()


def _model(
    name: str, context: int, output: int, prices: tuple[float, float, float], **more: Any
) -> dict[str, Any]:
    asked, answered, cached = prices
    return {
        "name": name,
        "attachment": True,
        "reasoning": True,
        "tool_call": True,
        "modalities": {"input": ["text", "image"], "output": ["text"]},
        "limit": {"context": context, "output": output},
        "cost": {"input": asked, "output": answered, "cache_read": cached},
        **more,
    }


CATALOG = {
    "anthropic": {
        "id": "anthropic",
        "models": {
            "claude-sonnet-4-6": _model(
                "Claude Sonnet 4.6", 1_000_000, 64_000, (3, 15, 0.3), family="claude-sonnet", knowledge="2025-08",
                release_date="2026-02-17", structured_output=True,
            ),
            "claude-haiku-4-5": _model(
                "Claude Haiku 4.5", 200_000, 64_000, (1, 5, 0.1), family="claude-haiku", knowledge="2025-02",
                release_date="2025-10-15",
            ),
        },
    },
    "openrouter": {
        "id": "openrouter",
        "models": {
            "deepseek/deepseek-v4-flash": _model(
                "DeepSeek V4 Flash", 1_000_000, 384_000, (0.14, 0.28, 0.028), family="deepseek", open_weights=True,
                release_date="2026-04-24", attachment=False, modalities={"input": ["text"], "output": ["text"]},
            )
        },
    },
}  # fmt: skip
"""A few of the models that models.dev knows, in its form."""
