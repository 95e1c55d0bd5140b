"""What only Hermes' own code says, and no file of a home: defaults, providers, context windows, prices.

`tools/upstream.py` takes it from an installed hermes-agent; a test compares both.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True)
class UpstreamProvider:
    """A provider that Hermes knows by itself (`hermes_cli/auth.py`, `PROVIDER_REGISTRY`).

    Attributes:
        auth_type: `api_key`, `oauth_device_code`, `oauth_external`, `oauth_minimax`, `external_process`, `aws_sdk`.
        base_url: Where it is asked when nothing else is configured; may be empty.
        env: Environment variables that may hold its key, in the order in which Hermes looks.
        base_url_env: The variable that overrides `base_url`; may be empty.
    """

    name: str
    auth_type: str
    base_url: str
    env: tuple[str, ...]
    base_url_env: str


@dataclass(frozen=True)
class UpstreamPrice:
    """List prices in US dollars per million tokens (`agent/usage_pricing.py`); None: none is listed.

    Attributes:
        version: What Hermes calls that snapshot of the provider's price list.
    """

    input: float | None
    output: float | None
    cache_read: float | None
    cache_write: float | None
    version: str | None


@dataclass(frozen=True)
class Upstream:
    """What the code of one release of hermes-agent says.

    Attributes:
        version: Of hermes-agent.
        config: `DEFAULT_CONFIG` (`hermes_cli/config.py`).
        config_roots: Top-level keys of `config.yaml` that Hermes knows beside those.
        providers: By id.
        aliases: Other names of providers.
        models_dev: Id at models.dev by Hermes' provider (`agent/models_dev.py`).
        hosts: Provider by a part of its host's name, in the order in which Hermes compares.
        prefixes: Provider names that may precede a model's (`agent/model_metadata.py`), as in `local:qwen3`.
        windows: Context windows in tokens by a part of the model's name.
        codex_windows: The same for models that a ChatGPT login gives (`openai-codex`).
        fallback_window: What Hermes takes where nothing else is known.
        least_window: With less Hermes refuses to work.
        prices: By `provider/model`.
    """

    version: str
    config: Mapping[str, Any]
    config_roots: frozenset[str]
    providers: Mapping[str, UpstreamProvider]
    aliases: Mapping[str, str]
    models_dev: Mapping[str, str]
    hosts: Mapping[str, str]
    prefixes: frozenset[str]
    windows: Mapping[str, int]
    codex_windows: Mapping[str, int]
    fallback_window: int
    least_window: int
    prices: Mapping[str, UpstreamPrice]


@cache
def upstream() -> Upstream:
    """The facts that this package was made with; nobody may change them."""
    said = json.loads(files("hermes_hud_widget").joinpath("upstream.json").read_text(encoding="utf-8"))
    providers = {
        id: UpstreamProvider(**{**provider, "env": tuple(provider["env"])})
        for id, provider in said["providers"].items()
    }
    return Upstream(
        **{
            **said,
            "config_roots": frozenset(said["config_roots"]),
            "prefixes": frozenset(said["prefixes"]),
            "providers": providers,
            "prices": {name: UpstreamPrice(**price) for name, price in said["prices"].items()},
        }
    )
