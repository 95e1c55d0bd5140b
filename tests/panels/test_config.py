"""The config panel's function on contents that the test makes up. Effective values: `tests/real/test_config.py`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hermes_hud_widget.frames import FrameArguments
from hermes_hud_widget.panels import config
from hermes_hud_widget.sources import FoundFile, FoundFiles, Settings
from hermes_hud_widget.upstream import upstream
from panels.test_gateway import anything

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


def show(
    written: Any, *, all: bool = False, backups: tuple[str, ...] = (), env: frozenset[str] = frozenset()
) -> config.Configuration:
    files = tuple(FoundFile(name, 1, NOW) for name in backups)
    return config.collect(Settings(written), FoundFiles(files, len(files)), env, config.ConfigQuery(all=all))


def entries(written: Any, *, all: bool = False) -> dict[str, config.ConfigEntry]:
    return {entry.path: entry for section in show(written, all=all).sections for entry in section.entries}


def test_nothing_that_is_set_is_empty_and_has_every_default() -> None:
    found = show({}, all=True)
    assert found.is_empty()
    assert found.total == sum(len(section.entries) for section in found.sections) > 500
    assert not any(entry.is_set or entry.is_masked for section in found.sections for entry in section.entries)


def test_what_is_set_has_its_default_beside_it_where_that_is_another() -> None:
    found = entries({"agent": {"max_turns": 12}, "compression": {"threshold": 0.5}, "mine": {"a": [1, 2]}})
    assert {path: (one.value, one.default, one.is_known) for path, one in found.items()} == {
        "agent.max_turns": ("12", "90", True),
        "compression.threshold": ("0.5", None, True),
        "mine.a": ("[1, 2]", None, False),
    }


def test_only_what_is_set_is_sent_unless_all_is_asked_for() -> None:
    written = {"agent": {"max_turns": 12}}
    assert list(entries(written)) == ["agent.max_turns"]
    assert len(entries(written, all=True)) == show(written).total
    agent = next(section for section in show(written).sections if section.name == "agent")
    assert (agent.written, agent.changed, len(agent.entries)) == (1, 1, 1)
    assert agent.total > 10


def test_settings_that_stand_in_the_environment_are_named_and_keys_are_not() -> None:
    env = frozenset(
        {"HERMES_KANBAN_HOME", "TERMINAL_ENV", "HERMES_API_KEY", "OPENROUTER_API_KEY", "TERMINAL_SSH_KEY"}
    )
    assert show({}, env=env).variables == ("HERMES_KANBAN_HOME", "TERMINAL_ENV")
    assert not show({}, env=env).is_empty()
    many = frozenset(f"HERMES_{number}" for number in range(config.VARIABLES_SHOWN + 5))
    assert len(show({}, env=many).variables) == config.VARIABLES_SHOWN


def test_old_places_are_shown_where_hermes_reads_them_and_told() -> None:
    written = {"max_turns": 7, "provider": "xai", "base_url": "https://api.x.ai/v1", "model": "grok-4"}
    assert {path: one.value for path, one in entries(written).items()} == {
        "agent.max_turns": "7",
        "model.default": "grok-4",
        "model.provider": "xai",
        "model.base_url": "https://api.x.ai/v1",
    }
    assert {(note.path, note.kind, note.to) for note in show(written).notes} == {
        ("max_turns", "moved", "agent.max_turns"),
        ("provider", "moved", "model.provider"),
        ("base_url", "moved", "model.base_url"),
    }


WRONG = [
    ({"agent": {"max_turns": "many"}}, "agent.max_turns", "number"),
    ({"compression": {"enabled": "yes"}}, "compression.enabled", "switch"),
    ({"compression": "off"}, "compression", "section"),
    ({"toolsets": "all"}, "toolsets", "list"),
    ({"custom_providers": {"a": {}}}, "custom_providers", "list"),
]


@pytest.mark.parametrize(("written", "path", "kind"), WRONG)
def test_a_value_of_another_type_than_the_default_is_told(written: Any, path: str, kind: str) -> None:
    notes = [(note.path, note.to) for note in show(written).notes if note.kind == "wrong-type"]
    assert (path, kind) in notes


def test_a_value_of_the_right_type_is_not() -> None:
    assert (
        show(
            {"agent": {"max_turns": 5}, "compression": {"threshold": 1}, "model": "m", "terminal": None}
        ).notes
        == ()
    )


MASKED = [
    ("model.api_key", {"model": {"default": "m", "api_key": "v"}}),
    ("auxiliary.vision.api_key", {"auxiliary": {"vision": {"api_key": "v"}}}),
    ("mcp_servers.a.env.X", {"mcp_servers": {"a": {"env": {"X": "v"}}}}),
    ("mcp_servers.a.headers.X", {"mcp_servers": {"a": {"headers": {"X": "v"}}}}),
    ("mcp_servers.a.args", {"mcp_servers": {"a": {"args": ["v"]}}}),
    ("platforms.telegram.token", {"platforms": {"telegram": {"token": "v"}}}),
    ("platforms.x.extra.deep[0].er", {"platforms": {"x": {"extra": {"deep": [{"er": "v"}]}}}}),
    ("custom_providers[0].api_key", {"custom_providers": [{"api_key": "v"}]}),
    ("dashboard.basic_auth.password_hash", {"dashboard": {"basic_auth": {"password_hash": "v"}}}),
    ("mine.Authorization", {"mine": {"Authorization": "v"}}),
    ("mine.pin.passphrase", {"mine": {"pin": {"passphrase": 4711}}}),
    ("telegram.allowed_users", {"telegram": {"allowed_users": [4711]}}),
    ("discord.home_channel", {"discord": {"home_channel": 4711}}),
    ("mine.chat_id", {"mine": {"chat_id": 4711}}),
]


@pytest.mark.parametrize(("path", "written"), MASKED)
def test_a_secret_is_masked_at_any_depth(path: str, written: Any) -> None:
    entry = entries(written)[path]
    assert (entry.value, entry.is_masked, entry.is_set) == (None, True, True)


PLAIN = [
    ("model.api_key", {"model": {"default": "m", "api_key": "${MY_KEY}"}}, "${MY_KEY}"),
    ("mcp_servers.a.auth", {"mcp_servers": {"a": {"auth": "oauth"}}}, "oauth"),
    ("model.max_tokens", {"model": {"default": "m", "max_tokens": 4096}}, "4096"),
    ("providers.a.key_env", {"providers": {"a": {"key_env": "MY_KEY"}}}, "MY_KEY"),
    ("security.redact_secrets", {"security": {"redact_secrets": False}}, "false"),
    ("mcp_servers.a.command", {"mcp_servers": {"a": {"command": "npx"}}}, "npx"),
    ("mcp_servers.a.command", {"mcp_servers": {"a": {"command": "/x/npx --key k"}}}, "… npx …"),
    ("mine.url", {"mine": {"url": "https://u:p@h.example/v1?key=k#x"}}, "https://h.example/v1"),
    ("mine.url", {"mine": {"url": "https://h.example/hooks/T024-B0F-XyZ"}}, "https://h.example/…"),
]


@pytest.mark.parametrize(("path", "written", "value"), PLAIN)
def test_what_is_no_secret_is_shown_without_what_it_may_carry_along(
    path: str, written: Any, value: str
) -> None:
    assert entries(written)[path].value == value


def test_backups_are_counted_those_of_a_damaged_file_apart() -> None:
    found = show(
        {}, backups=("config.yaml.bak.1", "config.yaml.corrupt.20260101-000000.bak", "config.yaml.bak")
    )
    assert (found.backups, found.damaged_backups, found.last_backup_at) == (2, 1, NOW)


def test_a_newer_file_is_told_by_its_version() -> None:
    found = show({"_config_version": 99, "agent": {"max_turns": 1}})
    assert (found.written_version, found.known_version) == (99, upstream().config["_config_version"])
    assert "_config_version" not in entries({"_config_version": 99}, all=True)


def test_more_than_can_be_shown_is_counted() -> None:
    found = show({"mine": {f"k{number}": number for number in range(3_000)}})
    assert (found.written, found.left_out) == (3_000, 500)
    assert sum(len(section.entries) for section in found.sections) == 2_500


def test_every_number_can_be_recomputed_from_the_frames() -> None:
    import pandas as pd

    written = {
        "agent": {"max_turns": 12},
        "display": {"show_cost": True},
        "mine": 1,
        "model": {"default": "m", "api_key": "v"},
    }
    frame = pd.DataFrame(config._fill(Settings(written), FrameArguments()))
    found = show(written)
    assert (found.total, found.written) == (len(frame), frame["is_set"].sum())
    changed = frame["is_set"] & (frame["default"].notna() | (frame["is_masked"] & frame["is_known"]))
    assert found.changed == changed.sum()


@given(st.dictionaries(st.sampled_from([*upstream().config, "mine", "max_turns", "provider"]), anything))
def test_no_content_of_a_readable_file_breaks_it(written: Any) -> None:
    show(written, all=True).model_dump_json()
