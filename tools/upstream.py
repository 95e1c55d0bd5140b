"""Prints what only Hermes' own code says, as `src/hermes_hud_widget/upstream.json` has it.

    .venv-hermes/bin/python tools/upstream.py > src/hermes_hud_widget/upstream.json

It runs in an environment with hermes-agent, on no home of anybody's, and asks no network.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from importlib import import_module
from importlib.metadata import version
from typing import Any


def facts() -> dict[str, Any]:
    """The facts, in plain JSON types."""
    config = import_module("hermes_cli.config")
    auth = import_module("hermes_cli.auth")
    metadata = import_module("agent.model_metadata")
    models_dev = import_module("agent.models_dev")
    pricing = import_module("agent.usage_pricing")
    return {
        "version": version("hermes-agent"),
        "config": config.DEFAULT_CONFIG,
        "config_roots": sorted(config._EXTRA_KNOWN_ROOT_KEYS),
        "providers": {
            name: {
                "name": provider.name,
                "auth_type": provider.auth_type,
                "base_url": provider.inference_base_url,
                "env": list(provider.api_key_env_vars),
                "base_url_env": provider.base_url_env_var,
            }
            for name, provider in auth.PROVIDER_REGISTRY.items()
            if name == provider.id
        },
        "aliases": dict(_aliases(auth, {*metadata._PROVIDER_PREFIXES, *auth.PROVIDER_REGISTRY})),
        "models_dev": models_dev.PROVIDER_TO_MODELS_DEV,
        "hosts": metadata._URL_TO_PROVIDER,
        "prefixes": sorted(metadata._PROVIDER_PREFIXES),
        "windows": metadata.DEFAULT_CONTEXT_LENGTHS,
        "codex_windows": metadata._CODEX_OAUTH_CONTEXT_FALLBACK,
        "fallback_window": metadata.DEFAULT_FALLBACK_CONTEXT,
        "least_window": metadata.MINIMUM_CONTEXT_LENGTH,
        "prices": {
            f"{provider}/{model}": {
                "input": _number(entry.input_cost_per_million),
                "output": _number(entry.output_cost_per_million),
                "cache_read": _number(entry.cache_read_cost_per_million),
                "cache_write": _number(entry.cache_write_cost_per_million),
                "version": entry.pricing_version,
            }
            for (provider, model), entry in pricing._OFFICIAL_DOCS_PRICING.items()
        },
    }


def _aliases(auth: Any, names: Iterable[str]) -> Iterator[tuple[str, str]]:
    for name in sorted(names):
        with suppress(auth.AuthError):  # not a provider's name: a prefix of models' names only
            if (provider := auth.resolve_provider(name)) != name:
                yield name, provider


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        os.environ["HERMES_HOME"] = home
        answer = sys.stdout
        sys.stdout = sys.stderr  # what Hermes prints must not get into it
        json.dump(facts(), answer, indent=1, ensure_ascii=False)
        answer.write("\n")
