"""Hermes' own code writes: the overview says what Hermes says, and what is new since the page was opened."""

from __future__ import annotations

from ast import literal_eval
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from real.agent import Hermes
from support.served import Client, Served, served


@pytest.fixture
def watched(home: Path) -> Any:
    with served() as server, server.connect() as client:
        yield server, client, server.open(home)


Watched = tuple[Served, Client, str]
Fact = Callable[[dict[str, Any]], object]


def after(watched: Watched, fact: Fact, query: dict[str, Any] | None = None) -> dict[str, Any]:
    """The panel's data as soon as the fact is true of them."""
    _, client, home = watched
    client.look(home, "overview")
    frame = client.get(home, "overview", query or {})
    while frame["data"] is None or not fact(frame["data"]):
        client.wait_version(home, "overview", frame["version"])
        frame = client.get(home, "overview", query or {})
    data: dict[str, Any] = frame["data"]
    return data


def test_counters_are_those_of_the_session_database_and_of_insights(watched: Watched, hermes: Hermes) -> None:
    call = [{"id": "c1", "type": "function", "function": {"name": "terminal", "arguments": "{}"}}]
    for number in range(3):
        hermes.db("create_session", f"s{number}", "cli", model="m")
        hermes.say(f"s{number}", "hello", "hi", "more")
        hermes.db("append_message", f"s{number}", "assistant", "", tool_calls=call)
        hermes.db("update_token_counts", f"s{number}", input_tokens=100, output_tokens=10, model="m")
    hermes.delegate("s0", "helper")
    hermes.say("helper", "look")
    data = after(watched, lambda data: data["totals"]["messages"] == 13)
    insights = hermes("insights", "generate", days=1)["overview"]
    assert data["totals"]["messages"] == hermes.db("message_count")
    assert data["totals"]["sessions"] == len(hermes.db("list_sessions_rich", limit=100))
    assert data["totals"]["tool_calls"] == insights["total_tool_calls"] == 3
    tokens = data["today"]["spending"]["tokens"]
    assert tokens["input"] == insights["total_input_tokens"] == 300
    assert tokens["output"] == insights["total_output_tokens"] == 30
    assert data["identity"]["day"] == 1


def test_a_compression_is_seen_while_its_lock_is_held(watched: Watched, hermes: Hermes) -> None:
    hermes.db("create_session", "root", "cli")
    hermes.say("root", "hello")
    hermes.compress("root", "tip")
    hermes.say("tip", "hello again")
    assert hermes.db("try_acquire_compression_lock", "tip", "pid=1")
    data = after(watched, lambda data: data["compressing"])
    assert data["compressing"] == ["root"] == [session["root_id"] for session in data["live"]]
    hermes.db("release_compression_lock", "tip", "pid=1")
    after(watched, lambda data: data["compressing"] == [])


@pytest.mark.parametrize("mode", ["off", "manual", "smart"])
def test_whether_it_asks_is_what_hermes_makes_of_the_configuration(
    home: Path, watched: Watched, hermes: Hermes, mode: str
) -> None:
    (home / "config.yaml").write_text(f"approvals:\n  mode: {mode}\n")
    data = after(watched, lambda _: True)
    assert data["may_ask"] == (hermes("tools.approval", "_get_approval_mode") != "off") == (mode != "off")


@pytest.mark.parametrize(
    ("written", "toolsets"),
    [
        ("", ["hermes-cli"]),
        (
            "model: {default: claude-opus-4-5, provider: claude}\n"
            "terminal: {backend: docker}\n"
            "platform_toolsets: {cli: [web, terminal, memory]}\n",
            ["web", "terminal", "memory"],
        ),
    ],
)
def test_what_the_agent_works_with_is_what_hermes_makes_of_the_configuration(
    home: Path, watched: Watched, hermes: Hermes, written: str, toolsets: list[str]
) -> None:
    (home / "config.yaml").write_text(written)
    identity = after(watched, lambda _: True)["identity"]
    config = hermes("hermes_cli.config", "load_config")
    assert identity["backend"] == config["terminal"]["backend"]
    assert identity["toolsets"] == toolsets
    # Sets come as text.
    given, default = (
        literal_eval(hermes("hermes_cli.tools_config", "_get_platform_tools", each, "cli"))
        for each in (config, {})
    )
    if toolsets == ["hermes-cli"]:
        assert given == default
    else:
        # Hermes may add what a new release brings, but gives less than by default.
        assert set(toolsets) <= given < default
    if config["model"]:
        assert identity["provider"] == hermes(
            "hermes_cli.auth", "resolve_provider", config["model"]["provider"]
        )


def test_gateway_jobs_goals_and_cards_are_told_as_they_come(watched: Watched, hermes: Hermes) -> None:
    after(watched, lambda data: data["gateway"] is None and data["cron"] is None)
    hermes(
        "gateway.status",
        "write_runtime_status",
        gateway_state="running",
        platform="telegram",
        platform_state="connected",
    )
    data = after(watched, lambda data: data["gateway"] is not None)
    assert data["gateway"] == {"health": "running", "connected": 1, "platforms": 1, "troubled": []}
    job = hermes("cron.jobs", "create_job", "Look at it", "every 1h", name="Look")
    data = after(watched, lambda data: data["cron"] is not None)
    assert (data["cron"]["active"], data["cron"]["next_name"]) == (1, "Look")
    assert datetime.fromisoformat(data["cron"]["next_at"]) == datetime.fromisoformat(job["next_run_at"])
    hermes("cron.jobs", "mark_job_run", job["id"], False, "no network")
    after(watched, lambda data: data["cron"]["failed"] == 1)
    hermes.db("create_session", "s1", "cli")
    hermes("goals", "set", "s1", "Find it")
    after(watched, lambda data: data["goals"] == 1)
    card = hermes("board", "create_task", title="Find it", assignee="default")
    hermes("board", "claim_task", card)
    after(watched, lambda data: data["kanban_running"] == 1)
    hermes.kill()
    after(watched, lambda data: data["gateway"]["health"] == "dead")


def test_what_hermes_does_while_the_page_is_open_is_what_is_new(watched: Watched, hermes: Hermes) -> None:
    hermes.db("create_session", "old", "cli", model="m")
    hermes.say("old", "hello", "hi")
    hermes.db("update_token_counts", "old", input_tokens=1_000, model="m")
    hermes.memory("add", "memory", "Uses pandas 2.2 at work.")
    after(watched, lambda data: data["memory"][0]["entries"] == 1 and data["totals"]["messages"] == 2)
    opened = {"since": datetime.now(UTC).isoformat()}
    first = after(watched, lambda _: True, opened)["opened"]
    assert (first["messages"], first["conversations"], first["memory_changed"]) == (0, 0, 0)
    hermes.say("old", "more", "done")
    hermes.db("update_token_counts", "old", input_tokens=50, output_tokens=5, model="m", api_call_count=1)
    hermes.db("create_session", "new", "cli")
    hermes.say("new", "hello")
    hermes.memory("replace", "memory", "pandas", "Uses pandas 3.0 at work.")
    hermes.memory("add", "user", "Likes tea.")
    hermes(
        "tools.skill_manager_tool",
        "skill_manage",
        "create",
        "tea",
        "---\nname: tea\ndescription: x\n---\n# Tea\nText",
    )
    data = after(
        watched,
        lambda data: data["opened"]["memory_added"] == 1 and data["opened"]["messages"] == 3,
        opened,
    )["opened"]
    assert (data["messages"], data["conversations"]) == (3, 1)
    assert (data["memory_added"], data["memory_removed"], data["memory_changed"]) == (1, 0, 1)
    tokens = data["spending"]["tokens"]
    assert (tokens["input"], tokens["output"]) == (50, 5)
