"""The checks agree with `hermes status` and `hermes doctor`, which are asked in the same home."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hermes_hud_widget.core import OpenHome
from hermes_hud_widget.panels import all_panels
from hermes_hud_widget.place import find_place
from hermes_hud_widget.upstream import upstream
from real.agent import Hermes

PRINTED = """import builtins, contextlib, io, socket, types
from hermes_cli import {module}

def refuse(*_, **__):
    raise OSError("no network")

socket.getaddrinfo = refuse  # what it asks the network is not of interest, and takes long
printed = io.StringIO()
with contextlib.redirect_stdout(printed):
    {module}.{function}(types.SimpleNamespace(deep=False, all=False, fix=False, json=False))
builtins.printed = printed.getvalue()
"""
Checks = dict[str, list[dict[str, Any]]]


def printed(hermes: Hermes, module: str, function: str) -> list[str]:
    """What a command prints, without colours."""
    hermes("builtins", "exec", PRINTED.format(module=module, function=function), {})
    said: str = hermes("builtins", "eval", "printed")
    return [re.sub(r"\x1b\[[0-9;]*m", "", line).strip() for line in said.splitlines()]


def line_of(lines: list[str], beginning: str) -> str:
    return next(line for line in lines if line.startswith(beginning))


@pytest.fixture
def look(home: Path) -> Callable[[], Checks]:
    def look() -> Checks:
        opened = OpenHome(find_place(home), all_panels())
        try:
            shown = opened.collect("health", opened.parse_query("health", {}), 1)
        finally:
            opened.close()
        checks: Checks = {}
        for check in shown.data["checks"]:
            checks.setdefault(check["check"], []).append(check)
        return checks

    return look


def write(home: Path, name: str, text: str) -> None:
    (home / name).write_text(text)
    (home / name).chmod(0o600)


KEYS = ("GLM_API_KEY", "DEEPSEEK_API_KEY", "XAI_API_KEY", "MINIMAX_API_KEY", "OPENROUTER_API_KEY")


@pytest.mark.parametrize("there", [(), KEYS[:1], KEYS[1:4], KEYS])
def test_keys_are_those_of_hermes_status(
    home: Path, start_hermes: Callable[..., Hermes], look: Callable[[], Checks], there: tuple[str, ...]
) -> None:
    values = {name: "abcd-efgh" if name in there else "" for name in KEYS}
    write(home, ".env", "".join(f"{name}={value}\n" for name, value in values.items()))
    said = printed(start_hermes(), "status", "show_status")
    names = {
        "GLM_API_KEY": "Z.AI / GLM",
        "DEEPSEEK_API_KEY": "DeepSeek",
        "XAI_API_KEY": "xAI / Grok",
        "MINIMAX_API_KEY": "MiniMax",
        "OPENROUTER_API_KEY": "OpenRouter",
    }
    (check,) = look()["keys"]
    for name, shown in names.items():
        has_key = "✓" in line_of(said, f"{shown} ")
        assert has_key == (name in there)
        ours = next((one.name for one in upstream().providers.values() if name in one.env), "OpenRouter")
        assert (ours in check["what"]) == has_key
    assert (check["code"] == "keys-missing") == (not there)


@pytest.mark.parametrize(
    ("provider", "variable"),
    [("zai", "GLM_API_KEY"), ("deepseek", "DEEPSEEK_API_KEY"), ("anthropic", "ANTHROPIC_API_KEY")],
)
@pytest.mark.parametrize("value", ["abcd-efgh", ""])
def test_the_models_provider_has_a_key_when_hermes_says_so(
    home: Path,
    start_hermes: Callable[..., Hermes],
    look: Callable[[], Checks],
    provider: str,
    variable: str,
    value: str,
) -> None:
    write(home, ".env", f"{variable}={value}\n")
    write(home, "config.yaml", f"model:\n  default: m\n  provider: {provider}\n")
    hermes = start_hermes()
    status = hermes("hermes_cli.auth", "get_auth_status", provider)
    (check,) = look()["provider"]
    assert check["code"] == ("provider-ok" if status["configured"] else "provider-missing")
    assert status["configured"] == bool(value)
    if not value:
        assert variable in check["advice"]


def test_the_database_the_files_and_the_gateway_are_as_doctor_and_status_say(
    home: Path, hermes: Hermes, look: Callable[[], Checks]
) -> None:
    write(home, ".env", "GLM_API_KEY=abcd-efgh\n")
    hermes.db("create_session", "s1", "cli")
    hermes.memory("add", "memory", "The user likes tea.")
    doctor, status = printed(hermes, "doctor", "run_doctor"), printed(hermes, "status", "show_status")
    checks = look()
    assert any("state.db exists (1 sessions)" in line and "✓" in line for line in doctor)
    assert checks["database"][0]["level"] == "ok"
    assert checks["database"][0]["values"]["release"] == "0.19"
    assert any(".env file exists" in line and "✓" in line for line in doctor)
    assert any("API key or custom endpoint configured" in line and "✓" in line for line in doctor)
    assert checks["keys"][0]["level"] == "ok"
    assert not any("WAL file is large" in line for line in doctor)
    assert [check["level"] for check in checks.get("log-file", [])] in ([], ["ok"])
    assert "stopped" in line_of(status, "Status:")
    assert checks["gateway"][0]["code"] == "gateway-none"
    assert [check["level"] for check in checks["permissions"]] == ["ok"] * len(checks["permissions"])


def test_a_damaged_database_is_one_for_doctor_too(
    home: Path, start_hermes: Callable[..., Hermes], look: Callable[[], Checks]
) -> None:
    (home / "state.db").write_bytes(b"garbage " * 1024)
    doctor = printed(start_hermes(), "doctor", "run_doctor")
    assert any("state.db exists but has issues" in line for line in doctor)
    assert look()["database"][0]["level"] == "error"


def test_a_running_gateway_and_its_jobs_are_told(
    home: Path, hermes: Hermes, look: Callable[[], Checks]
) -> None:
    job = hermes("cron.jobs", "create_job", "Look at it", "every 1h", name="Look")
    checks = look()
    assert hermes("cron.jobs", "get_ticker_heartbeat_age") is None
    assert (checks["gateway"][0]["code"], checks["scheduler"][0]["code"]) == ("gateway-none", "ticker-silent")
    hermes("gateway.status", "write_runtime_status", gateway_state="running")
    hermes("cron.jobs", "record_ticker_heartbeat", success=True)
    hermes("cron.jobs", "mark_job_run", job["id"], False, "no network")
    checks = look()
    assert hermes("cron.jobs", "get_ticker_heartbeat_age") < 60
    assert (checks["gateway"][0]["code"], checks["scheduler"][0]["code"]) == ("gateway-running", "ticker-ok")
    assert (checks["jobs"][0]["code"], checks["jobs"][0]["values"]["names"]) == ("jobs-failed", "Look")
    hermes.kill()
    assert look()["gateway"][0]["code"] == "gateway-dead"


def test_a_memory_that_is_full_for_us_is_full_for_hermes(
    home: Path, hermes: Hermes, look: Callable[[], Checks]
) -> None:
    assert hermes.memory("add", "memory", "a" * 2_150)["success"]
    refused = hermes.memory("add", "memory", "b" * 100)
    assert not refused["success"]
    (check,) = look()["memory"]
    assert check["level"] == "warning"
    assert f"{int(check['values']['used']):,}/{int(check['values']['limit']):,}" == refused["usage"]


def test_the_last_look_for_an_update_is_told(home: Path, hermes: Hermes, look: Callable[[], Checks]) -> None:
    # Written as `check_for_updates` does after asking the network.
    version = hermes("hermes_cli.banner", "VERSION")
    now = hermes("time", "time")
    for behind, code in ((0, "update-none"), (3, "update-there"), (None, "update-unknown")):
        cache = {"ts": now, "behind": behind, "rev": None, "ver": version}
        (home / ".update_check").write_text(json.dumps(cache))
        assert look()["update"][0]["code"] == code
    assert hermes("hermes_cli.banner", "UPDATE_AVAILABLE_NO_COUNT") == -1
