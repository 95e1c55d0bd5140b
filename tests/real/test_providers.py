"""Hermes' own auth store and pools: which credential it would take, and which it would not."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hermes_hud_widget import Home
from real.agent import Hermes

NOW = time.time()
KEY = "x" * 24


def entry(id: str, **values: Any) -> dict[str, Any]:
    base = {
        "id": id,
        "label": id,
        "auth_type": "api_key",
        "priority": 0,
        "source": "manual",
        "access_token": KEY,
    }
    return {**base, **values}


POOL = [
    entry("a"),
    entry("b", priority=1, last_status="exhausted", last_status_at=NOW - 100, last_error_code=429),
    entry("c", priority=2, last_status="exhausted", last_status_at=NOW - 100, last_error_code=401),
    entry("d", priority=3, last_status="exhausted", last_status_at=NOW - 400, last_error_code=401),
    entry("e", priority=4, last_status="exhausted", last_status_at=NOW - 9e4, last_error_code=429, last_error_reset_at=NOW + 500),
    entry("f", priority=5, last_status="exhausted", last_status_at=NOW, last_error_code=429, last_error_reset_at=(NOW - 5) * 1000),
    entry("g", priority=6, last_status="dead", last_status_at=NOW, last_error_code=401),
    entry("h", priority=7, access_token=""),
    entry("i", priority=8, last_status="exhausted"),
]  # fmt: skip


def providers(home: Path, profile: str | None = None) -> dict[str, Any]:
    with Home(home, profile=profile) as hud:
        return {one["id"]: one for one in hud.panel("providers")["data"]["providers"]}


def test_what_is_usable_is_what_hermes_would_take(hermes: Hermes, home: Path) -> None:
    hermes("hermes_cli.auth", "write_credential_pool", "deepseek", POOL)
    code = (
        "[entry.id for entry in __import__('agent.credential_pool', fromlist=['x'])"
        ".load_pool('deepseek')._available_entries()]"
    )
    theirs = hermes("builtins", "eval", code)
    ours = providers(home)["deepseek"]
    usable = [POOL[one["priority"]]["id"] for one in ours["credentials"] if one["status"] == "ok"]
    assert sorted(usable) == sorted(theirs)
    assert (ours["usable"], ours["total"], ours["status"]) == (len(theirs), len(POOL), "ok")


def test_the_end_of_a_rest_is_the_one_that_hermes_counts_to(hermes: Hermes, home: Path) -> None:
    hermes("hermes_cli.auth", "write_credential_pool", "deepseek", POOL)
    module = "__import__('agent.credential_pool', fromlist=['x'])"
    code = f"{{entry.priority: {module}._exhausted_until(entry) for entry in {module}.load_pool('deepseek').entries()}}"
    theirs = {int(place): at for place, at in hermes("builtins", "eval", code).items()}
    for one in providers(home)["deepseek"]["credentials"]:
        if one["status"] == "exhausted":
            at = __import__("datetime").datetime.fromisoformat(one["cools_until"]).timestamp()
            assert at == pytest.approx(theirs[one["priority"]], abs=0.01)


def test_a_profile_without_its_own_uses_those_of_the_root(
    start_hermes: Callable[..., Hermes], home: Path
) -> None:
    hermes = start_hermes()
    hermes("hermes_cli.auth", "write_credential_pool", "deepseek", [entry("root")])
    hermes("hermes_cli.auth", "write_credential_pool", "xai", [entry("root")])
    profile = home / "profiles" / "coder"
    profile.mkdir(parents=True)
    (profile / "auth.json").write_text(json.dumps({"credential_pool": {"xai": [entry("own"), entry("two")]}}))
    found = providers(home, "coder")
    assert [one["is_shared"] for one in found["deepseek"]["credentials"]] == [True]
    assert [one["is_shared"] for one in found["xai"]["credentials"]] == [False, False]


def test_an_env_variable_counts_where_hermes_has_it(hermes: Hermes, home: Path) -> None:
    hermes("hermes_cli.config", "save_env_value", "DEEPSEEK_API_KEY", KEY)
    with (home / ".env").open("a") as env:
        env.write("\nXAI_API_KEY=\nexport GLM_API_KEY='k-1234567'\n# GMI_API_KEY=x\n")
    names = ("DEEPSEEK_API_KEY", "XAI_API_KEY", "GLM_API_KEY", "GMI_API_KEY")
    theirs = {name for name in names if hermes("hermes_cli.config", "load_env").get(name)}
    found = providers(home)
    assert {one["source"] for provider in found.values() for one in provider["credentials"]} == theirs
    assert set(found) == {"deepseek", "zai"}
