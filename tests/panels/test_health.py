"""The checks: each says what it looked at, and what to do."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from hermes_hud_widget.core import OpenHome
from hermes_hud_widget.engine import Engine
from hermes_hud_widget.panel import Until
from hermes_hud_widget.panels import all_panels, health
from hermes_hud_widget.place import find_place
from hermes_hud_widget.sources import (
    DatabaseState,
    Document,
    EntriesFile,
    FileFacts,
    FoundFile,
    FoundFiles,
    Processes,
    Settings,
    Surroundings,
    Tree,
    WatchState,
)
from hermes_hud_widget.sources.alive import Process
from support.agent import Agent, MakeAgent

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
NOTHING = {name: source.missing for name, source in health.PANEL.sources.items()}
KEY = "sk-" + "a1b2" * 6
GB = 1_000_000_000
ALIVE = Processes({Process(7, 1): True})
GONE = Processes({Process(7, 1): False})


def show(**contents: Any) -> health.Health:
    given = {**NOTHING, "config": Settings({}), **contents}
    result = health.collect(**given, now=NOW)
    assert isinstance(result, Until)
    return cast("health.Health", result.payload)


def found(check: str, **contents: Any) -> list[tuple[str, str]]:
    """Level and code of what a check finds."""
    return [(one.level, one.code) for one in show(**contents).checks if one.check == check]


def the(check: str, **contents: Any) -> health.HealthCheck:
    (one,) = [one for one in show(**contents).checks if one.check == check]
    return one


def disk(free: int) -> Surroundings:
    return Surroundings({}, free, 100 * GB)


def gateway(state: str = "running", **values: Any) -> dict[str, Any]:
    return {"pid": 7, "start_time": 1, "gateway_state": state, **values}


def backlog(state: str, minutes: float) -> dict[str, Any]:
    at = (NOW - timedelta(minutes=minutes)).timestamp()
    return {
        "platform": "telegram",
        "state": state,
        "attempts": 1,
        "created_at": at,
        "updated_at": at,
        "last_error": None,
    }


def job(**values: Any) -> dict[str, Any]:
    return {
        "jobs": [{"id": "a", "name": "Nightly", "schedule": {"kind": "interval", "minutes": 60}, **values}]
    }


FINDINGS: list[tuple[str, dict[str, Any], list[tuple[str, str]]]] = [
    ("database", {}, [("ok", "database-none")]),
    ("database", {"standing": DatabaseState(None, "0.19", 22, "shared")}, [("ok", "database-ok")]),
    ("database", {"standing": DatabaseState(None, "0.19", 22, "copy")}, [("warning", "database-copy")]),
    ("database", {"standing": DatabaseState("it is damaged")}, [("error", "database-problem")]),
    ("log-file", {}, []),
    (
        "log-file",
        {"outward": Surroundings({"state.db-wal": FileFacts(50 << 20, 0o600)})},
        [("ok", "log-file-ok")],
    ),
    (
        "log-file",
        {"outward": Surroundings({"state.db-wal": FileFacts((50 << 20) + 1, 0o600)})},
        [("warning", "log-file-large")],
    ),
    (
        "permissions",
        {"outward": Surroundings({".": FileFacts(1, 0o700), ".env": FileFacts(1, 0o640)})},
        [("warning", "mode-open"), ("ok", "mode-ok")],
    ),
    ("configuration", {}, [("ok", "config-none")]),
    ("configuration", {"readable": {"config.yaml": None}}, [("ok", "config-ok")]),
    ("configuration", {"readable": {"config.yaml": "is not YAML"}}, [("error", "file-problem")]),
    ("files", {}, []),
    ("files", {"readable": {"config.yaml": "x", "auth.json": None}}, [("ok", "file-ok")]),
    ("files", {"readable": {"a": "x", "b": "y", "c": None}}, [("error", "file-problem")] * 2),
    ("keys", {}, [("warning", "keys-missing")]),
    ("keys", {"env": frozenset({"TELEGRAM_BOT_TOKEN"})}, [("warning", "keys-missing")]),
    ("keys", {"env": frozenset({"ANTHROPIC_API_KEY"})}, [("ok", "keys-ok")]),
    ("keys", {"env": frozenset({"OPENROUTER_API_KEY"})}, [("ok", "keys-ok")]),
    (
        "keys",
        {"auth": {"credential_pool": {"nous": [{"id": "1", "auth_type": "oauth", "access_token": KEY}]}}},
        [("ok", "keys-none")],
    ),
    ("provider", {}, [("ok", "provider-unset")]),
    (
        "provider",
        {"config": Settings({"model": {"default": "m", "provider": "zai"}})},
        [("error", "provider-missing")],
    ),
    (
        "provider",
        {
            "config": Settings({"model": {"default": "m", "provider": "zai"}}),
            "env": frozenset({"GLM_API_KEY"}),
        },
        [("ok", "provider-ok")],
    ),
    ("gateway", {}, [("ok", "gateway-none")]),
    ("gateway", {"gateway_state": gateway(), "gateway_process": ALIVE}, [("ok", "gateway-running")]),
    (
        "gateway",
        {
            "gateway_state": gateway(platforms={"telegram": {"state": "retrying"}}),
            "gateway_process": ALIVE,
        },
        [("warning", "gateway-platforms")],
    ),
    ("gateway", {"gateway_state": gateway(), "gateway_process": GONE}, [("error", "gateway-dead")]),
    ("gateway", {"gateway_state": gateway()}, [("unknown", "gateway-unknown")]),
    ("gateway", {"gateway_state": gateway("stopped")}, [("ok", "gateway-stopped")]),
    (
        "gateway",
        {"gateway_state": gateway("startup_failed", exit_reason="no token")},
        [("error", "gateway-failed")],
    ),
    *(
        (
            "gateway",
            {"gateway_state": gateway(state), "gateway_process": ALIVE},
            [(level, f"gateway-{state}")],
        )
        for state, level in (("starting", "ok"), ("draining", "ok"), ("degraded", "warning"))
    ),
    (
        "gateway",
        {
            "gateway_state": gateway(),
            "gateway_process": ALIVE,
            "gateway_heartbeat": {"pid": 7, "updated_at": NOW.timestamp() - 600},
        },
        [("error", "gateway-silent")],
    ),
    ("scheduler", {}, [("ok", "ticker-idle")]),
    ("scheduler", {"jobs": job(enabled=False)}, [("ok", "ticker-idle")]),
    ("scheduler", {"jobs": job()}, [("error", "ticker-silent")]),
    ("scheduler", {"jobs": job(), "ticker": "odd"}, [("unknown", "ticker-unknown")]),
    ("scheduler", {"jobs": job(), "ticker": str(NOW.timestamp() - 5)}, [("ok", "ticker-ok")]),
    ("scheduler", {"jobs": job(), "ticker": str(NOW.timestamp() - 900)}, [("error", "ticker-silent")]),
    (
        "scheduler",
        {
            "jobs": job(),
            "ticker": str(NOW.timestamp() - 5),
            "ticker_success": str(NOW.timestamp() - 900),
        },
        [("error", "ticker-failing")],
    ),
    (
        "scheduler",
        {"jobs": job(), "config": Settings({"cron": {"provider": "systemd"}})},
        [("ok", "ticker-external")],
    ),
    ("jobs", {}, []),
    ("jobs", {"jobs": job(last_status="ok")}, [("ok", "jobs-ok")]),
    ("jobs", {"jobs": job(last_status="error")}, [("warning", "jobs-failed")]),
    (
        "jobs",
        {"jobs": job(next_run_at=(NOW - timedelta(days=1)).isoformat())},
        [("warning", "jobs-overdue")],
    ),
    ("jobs", {"jobs": {"jobs": 7}}, []),
    ("deliveries", {}, []),
    ("deliveries", {"deliveries": (backlog("delivered", 5),)}, [("ok", "delivery-ok")]),
    ("deliveries", {"deliveries": (backlog("pending", 5),)}, [("ok", "delivery-waiting")]),
    ("deliveries", {"deliveries": (backlog("pending", 90),)}, [("warning", "delivery-waiting")]),
    ("deliveries", {"deliveries": (backlog("abandoned", 90),)}, [("warning", "delivery-failed")]),
    ("memory", {}, []),
    ("memory", {"memory": EntriesFile(True, ("a" * 1980,), NOW)}, [("ok", "memory-ok")]),
    ("memory", {"memory": EntriesFile(True, ("a" * 1981,), NOW)}, [("warning", "memory-near")]),
    ("memory", {"user": EntriesFile(True, ("a" * 1376,), NOW)}, [("error", "memory-over")]),
    (
        "memory",
        {"backups": FoundFiles((FoundFile("MEMORY.md.bak.1", 1, NOW),), 1)},
        [("warning", "memory-drift")],
    ),
    ("skills", {}, []),
    ("skills", {"skills": Tree((Document("skills/a", ("a",)),))}, [("ok", "skills-ok")]),
    (
        "skills",
        {"skills": Tree((Document("skills/a", ("a",), problem="no YAML"),), unread=("skills/b",))},
        [("warning", "skills-problem")],
    ),
    ("compression", {}, []),
    ("disk", {"outward": disk(2 * GB)}, [("ok", "disk-ok")]),
    ("disk", {"outward": disk(GB - 1)}, [("warning", "disk-low")]),
    ("disk", {"outward": disk(GB // 10)}, [("error", "disk-low")]),
    ("disk", {}, [("unknown", "disk-unknown")]),
    ("errors", {}, [("ok", "errors-none")]),
    ("watching", {}, []),
    ("watching", {"watching": WatchState(None)}, [("ok", "watching-events")]),
    ("watching", {"watching": WatchState("no watches left")}, [("warning", "watching-timer")]),
    ("update", {}, [("unknown", "update-unknown")]),
    ("update", {"update": [1]}, [("unknown", "update-unknown")]),
    ("update", {"update": {"ts": NOW.timestamp(), "behind": None}}, [("unknown", "update-unknown")]),
    ("update", {"update": {"ts": NOW.timestamp(), "behind": 0}}, [("ok", "update-none")]),
    ("update", {"update": {"ts": NOW.timestamp(), "behind": -1}}, [("warning", "update-there")]),
    ("update", {"update": {"ts": NOW.timestamp(), "behind": 12}}, [("warning", "update-there")]),
]


@pytest.mark.parametrize(("check", "contents", "findings"), FINDINGS)
def test_a_check_finds_what_is_there(
    check: str, contents: dict[str, Any], findings: list[tuple[str, str]]
) -> None:
    assert found(check, **contents) == findings


def test_every_check_is_tried_and_every_sentence_is_said() -> None:
    assert {check for check, _, _ in FINDINGS} == set(health.CHECKS)
    tried = {code for _, _, findings in FINDINGS for _, code in findings}
    elsewhere = {
        "errors-some",
        "compression-ok",
        "compression-failing",
        *(f"provider-{status}" for status in ("elsewhere", "expiring", "expired", "exhausted", "dead")),
    }
    assert tried | elsewhere == set(health.sentences())


@pytest.mark.parametrize("contents", [contents for _, contents, _ in FINDINGS])
def test_every_sentence_is_filled_in(contents: dict[str, Any]) -> None:
    for check in show(**contents).checks:
        assert not re.search(r"[{}]", check.what + (check.advice or ""))
        assert check.what != ""
        assert check.looked_at != ""
        if check.level in ("error", "warning"):
            assert check.advice, check.code


def test_every_sentence_has_the_same_values_in_both_languages() -> None:
    for code, said in health.sentences().items():
        for english, chinese in zip(said["en"], said["zh"], strict=True):
            assert set(re.findall(r"{\w+}", english)) == set(re.findall(r"{\w+}", chinese)), code
            assert bool(english) == bool(chinese), code


def test_panels_that_tell_more_are_there() -> None:
    assert set(health.PANELS.values()) <= set(all_panels())
    assert set(health.PANELS) <= set(health.CHECKS)


def test_the_worst_comes_first_and_is_counted() -> None:
    shown = show(outward=disk(5), memory=EntriesFile(True, ("a" * 2100,), NOW))
    levels = [check.level for check in shown.checks]
    assert levels == sorted(levels, key=health.LEVELS.index)
    counted = (shown.errors, shown.warnings, shown.unknown, shown.ok)
    assert counted == tuple(levels.count(level) for level in health.LEVELS)


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({}, "compression-ok"),
        ({"compression_fallback_streak": 1}, "compression-ok"),
        ({"compression_fallback_streak": 2}, "compression-failing"),
        ({"compression_failure_cooldown_until": NOW.timestamp() + 60}, "compression-failing"),
        ({"compression_failure_cooldown_until": NOW.timestamp() - 60}, "compression-ok"),
        ({"compression_failure_cooldown_until": "soon"}, "compression-ok"),
    ],
)
def test_a_session_that_cannot_be_compressed_is_named(row: dict[str, Any], code: str) -> None:
    blank = dict.fromkeys(("compression_failure_cooldown_until", "compression_fallback_streak"))
    check = the("compression", sessions=({"id": "s1", "title": "Bikes", **blank, **row},))
    assert check.code == code
    assert ("Bikes" in check.what) == (code == "compression-failing")


def provider(**entry: Any) -> health.HealthCheck:
    auth = {
        "credential_pool": {
            "zai": [
                {"id": "1", "label": "me@example.org", "auth_type": "api_key", "access_token": KEY, **entry}
            ]
        }
    }
    return the("provider", auth=auth, config=Settings({"model": {"default": "m", "provider": "zai"}}))


def test_the_state_of_the_providers_key_is_told_without_any_of_it() -> None:
    resting = provider(
        last_status="exhausted",
        last_status_at=NOW.timestamp() - 5,
        last_error_reset_at=NOW.timestamp() + 600,
    )
    checks = [provider(), resting, provider(last_status="dead")]
    assert [one.code for one in checks] == ["provider-ok", "provider-exhausted", "provider-dead"]
    assert resting.values["at"].startswith("2026-03-04T12:10")
    assert KEY not in str(checks)
    assert "example.org" not in str(checks)


def test_long_and_secret_words_are_cut_and_masked() -> None:
    check = the("database", standing=DatabaseState(f"it is damaged {KEY} {'x' * 900}"))
    assert KEY not in check.what
    assert len(check.what) < 400
    names = tuple(FoundFile(f"MEMORY.md.bak.{number}", 1, NOW) for number in range(9))
    drift = the("memory", backups=FoundFiles(names, 12))
    assert drift.what.count("MEMORY.md.bak") == health.NAMES_SHOWN
    assert "(+4)" in drift.what


@pytest.fixture
def hermes(agent: MakeAgent) -> Agent:
    return agent()


@pytest.fixture
def look(hermes: Agent) -> Any:
    opened = OpenHome(find_place(hermes.home), all_panels())

    def look() -> dict[str, dict[str, Any]]:
        shown = opened.collect("health", opened.parse_query("health", {}), 1)
        return {check["check"]: check for check in shown.data["checks"]}

    yield look
    opened.close()


def test_errors_of_the_last_day_are_counted_and_the_last_one_told(hermes: Agent, look: Any) -> None:
    def line(hours: float, level: str, text: str) -> str:
        at = (datetime.now(UTC) - timedelta(hours=hours)).astimezone()
        return f"{at:%Y-%m-%d %H:%M:%S},123 {level} tools.x: {text}\n"

    lines = [
        line(30, "ERROR", "long ago"),
        line(2, "ERROR", "first"),
        line(1.5, "WARNING", "only a warning"),
        line(1, "CRITICAL", f"last {KEY}"),
    ]
    hermes.file("logs/errors.log", "".join(lines).encode())
    check = look()["errors"]
    assert (check["level"], check["code"], check["value"]) == ("warning", "errors-some", 2)
    assert "last [redacted]" in check["what"]


def test_a_home_that_others_may_read_and_a_damaged_file_are_told(hermes: Agent, look: Any) -> None:
    hermes.home.chmod(0o755)
    hermes.file("cron/jobs.json", b"{")
    hermes.file("config.yaml", b"a: [")
    checks = look()
    assert checks["permissions"]["advice"] == "In the home, run: chmod 700 ."
    assert checks["files"]["looked_at"] == "cron/jobs.json"
    assert (checks["configuration"]["level"], checks["database"]["level"]) == ("error", "ok")


def test_how_the_home_is_watched_is_told_by_whoever_watches_it(hermes: Agent, look: Any) -> None:
    assert "watching" not in look()
    engine = Engine(all_panels())
    try:
        shown = engine.snapshot(engine.open(find_place(hermes.home)), "health", {}).data
    finally:
        engine.close()
    checks = {check["check"]: check["code"] for check in shown["checks"]}
    assert checks["watching"] == "watching-events"


def test_no_value_of_the_env_file_is_told_and_an_empty_one_is_none(hermes: Agent, look: Any) -> None:
    hermes.file(".env", f"ANTHROPIC_API_KEY=\nGLM_API_KEY={KEY}\n".encode())
    check = look()["keys"]
    assert "Z.AI" in check["what"]
    assert "Anthropic" not in check["what"]
    assert KEY not in json.dumps(look())


def test_a_number_beyond_64_bits_is_the_greatest_that_a_frame_can_hold(hermes: Agent) -> None:
    hermes.file(".update_check", json.dumps({"ts": NOW.timestamp(), "behind": 10**30}).encode())
    opened = OpenHome(find_place(hermes.home), all_panels())
    try:
        rows = opened.table("health", {}).to_pandas().set_index("check")
    finally:
        opened.close()
    assert rows.loc["update", "value"] == pytest.approx(2**63)


def test_every_number_can_be_recomputed_from_the_frames(hermes: Agent) -> None:
    hermes.memory(["a" * 2100])
    hermes.file("cron/jobs.json", json.dumps(job(last_status="error")).encode())
    opened = OpenHome(find_place(hermes.home), all_panels())
    try:
        shown = opened.collect("health", opened.parse_query("health", {}), 1).data
        rows, memory, jobs = (
            opened.table(name, {}).to_pandas() for name in ("health", "memory", "cron_jobs")
        )
    finally:
        opened.close()
    assert [shown[f"{name}s" if name in ("error", "warning") else name] for name in health.LEVELS] == [
        (rows["level"] == level).sum() for level in health.LEVELS
    ]
    assert list(rows["what"]) == [check["what"] for check in shown["checks"]]
    by_check = rows.set_index("check")
    assert by_check.loc["memory", "value"] == pytest.approx(memory["chars"].sum() / 2200)
    assert by_check.loc["jobs", "value"] == (jobs["last_status"] == "error").sum()
