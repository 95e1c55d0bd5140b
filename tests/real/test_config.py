"""The effective configuration is what Hermes' own `load_config` makes of the same file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hermes_hud_widget import Home
from hermes_hud_widget.panels.effective import choices, custom_providers, effective
from hermes_hud_widget.sources.yaml import load_yaml
from real.agent import Hermes

CONFIGS = {
    "nothing": "",
    "a model alone": "model: gpt-5\n",
    "a model with its provider": "model:\n  default: claude-sonnet-4-6\n  provider: anthropic\n",
    "old places": "model: qwen3\nprovider: custom\nbase_url: http://localhost:8000/v1\ncontext_length: 65536\nmax_turns: 12\n",
    "other names": "model:\n  name: glm-5\n  api_base: https://api.z.ai/x\n",
    "both names": "model:\n  default: a\n  model: b\n  name: c\n",
    "max_turns twice": "max_turns: 5\nagent:\n  max_turns: 50\n",
    "an empty section": "terminal:\ncompression:\nagent:\n",
    "a section that is a word": "compression: often\ndisplay: 3\n",
    "a list instead of a section": "auxiliary: [1, 2]\n",
    "unknown keys": "mine:\n  deep: {er: [1, {x: y}]}\nagent:\n  mood: good\n",
    "servers and endpoints": """
mcp_servers:
  a: {command: npx, args: [x]}
custom_providers:
  - {name: own, base_url: "http://own.example.com/v1", models: {m: {context_length: 9000}}}
providers:
  Two: {api: "https://two.example.com", models: [x, y]}
fallback_providers:
  - {provider: openrouter, model: m1}
  - {provider: OpenRouter, model: M1}
fallback_model: {provider: nous, model: m2}
""",
}


@pytest.mark.parametrize("written", CONFIGS.values(), ids=list(CONFIGS))
def test_the_effective_values_are_those_that_hermes_loads(hermes: Hermes, written: str) -> None:
    (hermes.home / "config.yaml").write_text(written)
    theirs = hermes("hermes_cli.config", "load_config")
    assert effective(load_yaml(written) or {}) == theirs


@pytest.mark.parametrize("written", CONFIGS.values(), ids=list(CONFIGS))
def test_fallbacks_and_endpoints_are_those_that_hermes_finds(hermes: Hermes, written: str) -> None:
    (hermes.home / "config.yaml").write_text(written)
    config = effective(load_yaml(written) or {})
    theirs = hermes("hermes_cli.fallback_config", "get_fallback_chain", config)
    ours = [(one.provider, one.model) for one in choices(config) if one.role == "fallback"]
    assert ours == [(entry["provider"].lower(), entry["model"]) for entry in theirs]
    endpoints = hermes("hermes_cli.config", "get_compatible_custom_providers")
    assert [(one.name, one.base_url) for one in custom_providers(config)] == [
        (entry["name"], entry["base_url"]) for entry in endpoints
    ]


def test_what_hermes_sets_is_told_with_its_default(hermes: Hermes, home: Path) -> None:
    hermes("hermes_cli.config", "set_config_value", "agent.max_turns", "33")
    hermes("hermes_cli.config", "set_config_value", "display.skin", "mono")
    with Home(home) as hud:
        rows = {row["path"]: row for row in hud.frame("config").to_dict("records")}
    assert (rows["agent.max_turns"]["value"], rows["agent.max_turns"]["default"]) == ("33", "90")
    assert rows["display.skin"]["value"] == "mono"
    assert sum(bool(row["is_set"]) for row in rows.values()) == 2


def test_each_value_is_the_one_that_hermes_answers(hermes: Hermes, home: Path) -> None:
    (home / "config.yaml").write_text(CONFIGS["servers and endpoints"] + "compression:\n  threshold: 0.7\n")
    with Home(home) as hud:
        rows = hud.frame("config").to_dict("records")
    loaded = hermes("hermes_cli.config", "load_config")
    for row in rows:
        if "[" in row["path"] or row["is_masked"]:
            continue
        value: Any = loaded
        for key in row["path"].split("."):
            value = value[key]
        if isinstance(value, str) and "://" not in value:
            assert row["value"] == value[:400], row["path"]
        elif isinstance(value, bool):
            assert row["value"] == str(value).lower(), row["path"]


def test_a_setting_in_the_environment_that_hermes_goes_by_is_named(hermes: Hermes, home: Path) -> None:
    elsewhere = home.parent / "boards"
    hermes("hermes_cli.config", "save_env_value", "HERMES_KANBAN_HOME", str(elsewhere))
    hermes("hermes_cli.env_loader", "load_hermes_dotenv")
    assert hermes("hermes_cli.kanban_db", "kanban_home") == str(elsewhere)
    with Home(home) as opened:
        found = opened.panel("config")
    assert found["data"]["variables"] == ["HERMES_KANBAN_HOME"]
    assert str(elsewhere) not in str(found)
