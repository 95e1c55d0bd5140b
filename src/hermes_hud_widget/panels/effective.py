"""`config.yaml` as Hermes reads it: its defaults below what is written, old spellings in their new places."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.panels.written import mapping, text
from hermes_hud_widget.upstream import upstream


@frozen
class Choice:
    """A model that the configuration names.

    Attributes:
        role: `main`, `fallback`, or the auxiliary task.
        model: None: the provider's default, or that of the main loop.
        provider: As it is written, in lower case; None or `auto`: Hermes decides.
        base_url: The endpoint, if one is written; it may hold a key, so it is not to be shown.
        has_key: Whether a key is written beside it.
    """

    role: str
    model: str | None
    provider: str | None
    base_url: str | None
    has_key: bool = False


def effective(written: Mapping[str, Any]) -> dict[str, Any]:
    """What `hermes_cli.config.load_config()` makes of it, but that `${NAME}` stays as it is."""
    written = dict(written)
    if "max_turns" in written:
        agent = dict(mapping(written.get("agent")))
        if agent.get("max_turns") is None:
            agent["max_turns"] = written["max_turns"]
        written["agent"] = agent
        del written["max_turns"]
    merged = _merge(upstream().config, written)
    # Hermes makes a section of nothing; of another type it is shown as it is.
    merged["agent"] = merged.get("agent") or {}
    return _model_in_its_place(merged)


def _merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """An empty section (`terminal:` with nothing below it) leaves the defaults as they are."""
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        if isinstance(below, Mapping) and isinstance(value, Mapping):
            merged[key] = _merge(below, value)
        elif not (isinstance(below, Mapping) and value is None):
            merged[key] = value
    return merged


def _model_in_its_place(config: dict[str, Any]) -> dict[str, Any]:
    """Old spellings of the model and its endpoint (`_normalize_root_model_keys`)."""
    written = config.get("model")
    section = dict(written) if isinstance(written, Mapping) else None
    is_old = section is not None and any(section.get(key) for key in ("api_base", "model", "name"))
    if not is_old and not any(config.get(key) for key in (*_MODEL_KEYS, "api_base")):
        return config
    model = section if section is not None else {"default": written} if written else {}
    for key in _MODEL_KEYS:
        value = config.pop(key, None)
        if value and not model.get(key):
            model[key] = value
    for url in (config.pop("api_base", None), model.pop("api_base", None)):
        if url and not model.get("base_url"):
            model["base_url"] = url
    if not model.get("default") and (other := model.get("model") or model.get("name")):
        model["default"] = other
    if model.get("default"):
        model.pop("model", None)
        model.pop("name", None)
    return {**config, "model": model}


_MODEL_KEYS = ("provider", "base_url", "context_length")


def choices(config: Mapping[str, Any]) -> tuple[Choice, ...]:
    """The models that an effective configuration names: the main one, the fallbacks, the auxiliary tasks'."""
    found = [main_choice(config), *_fallbacks(config)]
    for task, value in mapping(config.get("auxiliary")).items():
        if isinstance(value, Mapping):
            found.append(_choice(task, value, value.get("model")))
    return tuple(found)


def main_choice(config: Mapping[str, Any]) -> Choice:
    """The model of the main loop."""
    written = config.get("model")
    if isinstance(written, Mapping):
        return _choice("main", written, written.get("default"))
    return Choice("main", text(written, 200), None, None)


def _fallbacks(config: Mapping[str, Any]) -> Iterator[Choice]:
    """The chain under its new and its old name, each route once (`hermes_cli/fallback_config.py`)."""
    seen: set[tuple[str, str, str]] = set()
    for key in ("fallback_providers", "fallback_model"):
        written = config.get(key)
        for entry in written if isinstance(written, list) else [written]:
            if not isinstance(entry, Mapping):
                continue
            choice = _choice("fallback", entry, entry.get("model"))
            if not choice.provider or not choice.model:
                continue
            route = (choice.provider, choice.model.lower(), (choice.base_url or "").lower())
            if route not in seen:
                seen.add(route)
                yield choice


def _choice(role: str, section: Mapping[str, Any], model: Any) -> Choice:
    provider = text(section.get("provider"), 80)
    url = section.get("base_url")
    base_url = url.strip().rstrip("/") if isinstance(url, str) else ""
    return Choice(
        role,
        text(model, 200),
        provider.lower() if provider else None,
        base_url or None,
        bool(section.get("api_key")),
    )


@frozen
class CustomProvider:
    """An endpoint that `providers` or `custom_providers` declares.

    Attributes:
        base_url: It may hold a key, so it is not to be shown.
        key_env: The variable that has its key.
        has_key: Whether a key stands in the configuration itself.
        models: What is written for its models, by name.
    """

    name: str
    base_url: str
    key_env: str | None
    has_key: bool
    models: Mapping[str, Any]


def custom_providers(config: Mapping[str, Any]) -> tuple[CustomProvider, ...]:
    """The endpoints of both spellings, each once, in file order (`get_compatible_custom_providers`)."""
    listed = config.get("custom_providers")
    if listed is not None and not isinstance(listed, list):
        return ()
    entries = [("", entry) for entry in listed or ()] + list(mapping(config.get("providers")).items())
    found: dict[tuple[str, str], CustomProvider] = {}
    for key, entry in entries:
        custom = _custom(key, entry)
        if custom is not None:
            found.setdefault((custom.name.lower(), custom.base_url.rstrip("/").lower()), custom)
    return tuple(found.values())


def _custom(key: str, entry: Any) -> CustomProvider | None:
    said = mapping(entry)
    urls = (said.get(name) for name in ("base_url", "baseUrl", "url", "api"))
    url = next((one.strip() for one in urls if isinstance(one, str) and _URL.search(one)), None)
    name = text(said.get("name"), 80) or text(key, 80)
    if url is None or name is None:
        return None
    envs = (said.get(env) for env in ("key_env", "keyEnv", "api_key_env", "apiKeyEnv"))
    models = said.get("models")
    return CustomProvider(
        name=name,
        base_url=url,
        key_env=next((env for env in map(text, envs) if env and _VARIABLE.fullmatch(env)), None),
        has_key=bool(said.get("api_key") or said.get("apiKey")),
        models=mapping(models),
    )


_URL = re.compile(r"\{[^}]+\}|^\s*[A-Za-z][A-Za-z0-9+.-]*://[^/\s]")
"""With a scheme and a host, or a place that is filled in later."""
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def provider_of(choice: Choice, config: Mapping[str, Any]) -> str | None:
    """The provider's id, aliases resolved; None where Hermes decides by what it finds."""
    written = choice.provider
    if written in (None, "auto", ""):
        return None
    assert written is not None
    if any(
        custom.name.lower().replace(" ", "-") in (written, written.removeprefix("custom:"))
        for custom in custom_providers(config)
    ):
        return written if written.startswith("custom:") else f"custom:{written}"
    return upstream().aliases.get(written, written)
