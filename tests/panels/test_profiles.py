"""The profiles panel over real homes: what each holds, which one is active and shown, and how two differ."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from hermes_hud_widget import Home
from hermes_hud_widget.core import OpenHome, Snapshot
from hermes_hud_widget.ledger.processes import start_ticks
from hermes_hud_widget.panels import overview, profiles
from hermes_hud_widget.place import find_place
from support.agent import Agent, MakeAgent


@contextmanager
def opened(home: Path, profile: str | None = None) -> Iterator[OpenHome]:
    panels = {"profiles": profiles.PANEL, "overview": overview.PANEL}
    one = OpenHome(find_place(home, profile), panels)
    try:
        yield one
    finally:
        one.close()


def snapshot(home: Path, profile: str | None = None, **query: Any) -> Snapshot:
    with opened(home, profile) as one:
        return one.collect("profiles", one.parse_query("profiles", query), 1)


def shown(home: Path, profile: str | None = None) -> dict[str, Any]:
    """The profiles, by name."""
    data = snapshot(home, profile).data
    assert data is not None
    return {one["name"]: one for one in data["profiles"]}


def write(home: Path, path: str, text: str) -> None:
    file = home / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


@pytest.fixture
def root(agent: MakeAgent) -> Path:
    """A root home with two profiles."""
    hermes = agent()
    hermes.session("s0", title="One")
    hermes.message("s0", "user", "Hello")
    write(hermes.home, "config.yaml", "model: claude-sonnet-4-6 # the good one\n")
    write(hermes.home, "SOUL.md", "# Soul\n\nYou are Hermes.\n")
    write(
        hermes.home,
        "profiles/coder/config.yaml",
        "model:\n  default: qwen3:30b\n  provider: custom\n  base_url: http://localhost:11434/v1\n"
        "toolsets:\n  - terminal\n  - web\ndisplay: {skin: ares}\ncompression: {enabled: false}\n",
    )
    write(hermes.home, "profiles/coder/profile.yaml", "description: Writes code\ndescription_auto: true\n")
    write(hermes.home, "profiles/coder/distribution.yaml", "name: coders\nversion: 1.2\n")
    write(hermes.home, "profiles/coder/.env", "OPENAI_API_KEY=sk-abcdefghijklmnopqrst\nEMPTY=\n")
    write(hermes.home, "profiles/coder/skills/dev/one/SKILL.md", "x")
    write(hermes.home, "profiles/coder/cron/jobs.json", json.dumps({"jobs": [{"id": "a"}, "odd"]}))
    write(hermes.home, "profiles/coder/memories/MEMORY.md", "one\n§\ntwo")
    write(hermes.home, "profiles/Not A Profile/config.yaml", "model: x")
    write(hermes.home, "profiles/quiet/SOUL.md", "# Quiet one\n")
    return hermes.home


def test_all_profiles_are_there_with_what_each_holds(root: Path) -> None:
    found = shown(root)
    assert list(found) == ["default", "coder", "quiet"]
    default, coder = found["default"], found["coder"]
    # A comment is no part of the model's name.
    assert (default["model"], default["provider"], default["soul"]) == (
        "claude-sonnet-4-6",
        None,
        "You are Hermes.",
    )
    assert (default["sessions"], default["messages"]) == (1, 1)
    assert (coder["model"], coder["provider"], coder["is_local"]) == ("qwen3:30b", "custom", True)
    assert (coder["toolsets"], coder["skin"], coder["is_compressing"]) == (["terminal", "web"], "ares", False)
    assert (coder["description"], coder["is_description_made"]) == ("Writes code", True)
    assert (coder["distribution"], coder["distribution_version"]) == ("coders", "1.2")
    assert (coder["skills"], coder["jobs"], coder["keys"]) == (1, 1, 1)
    assert [(one["store"], one["entries"], one["used_chars"]) for one in coder["memory"]] == [
        ("memory", 2, 9),
        ("user", 0, 0),
    ]
    assert (coder["sessions"], coder["cost"]["usd"], coder["gateway"]) == (None, None, "never")
    assert found["quiet"]["soul"] == "Quiet one"


def test_no_value_of_env_leaves(root: Path) -> None:
    assert "abcdefghij" not in json.dumps(snapshot(root, compare=("default", "coder")).data)


def test_the_active_and_the_shown_profile_are_two_things(root: Path) -> None:
    write(root, "active_profile", "quiet\n")
    found = shown(root, "coder")
    assert {name for name, one in found.items() if one["is_active"]} == {"quiet"}
    assert {name for name, one in found.items() if one["is_shown"]} == {"coder"}
    data = snapshot(root).data
    assert data is not None
    assert data["active"] == "quiet"
    write(root, "active_profile", "gone\n")
    assert {name for name, one in shown(root).items() if one["is_active"]} == {"default"}


def test_figures_are_those_of_the_profiles_own_panels(root: Path) -> None:
    with Agent(root / "profiles" / "coder") as coder:
        coder.session("a", model="m")
        coder.session("b", parent_session_id="a", model_config=json.dumps({"_delegate_from": "a"}))
        coder.message("a", "user", "Hello")
        for session in ("a", "b"):
            coder.tokens(session, input_tokens=7, estimated_cost_usd=0.25, cost_status="estimated")
        with opened(root, "coder") as one:
            own = one.collect("overview", one.parse_query("overview", {}), 1).data
        found = shown(root)["coder"]
    assert own is not None
    assert found["sessions"] == own["totals"]["sessions"] == 1
    assert found["messages"] == own["totals"]["messages"]
    assert found["tokens"] == own["today"]["spending"]["tokens"]
    assert found["cost"] == own["today"]["spending"]["cost"]
    assert found["cost"]["usd"] == 0.5


def test_a_gateway_runs_while_its_process_lives(root: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        state = {"pid": process.pid, "start_time": start_ticks(process.pid), "gateway_state": "running"}
        write(root, "profiles/coder/gateway_state.json", json.dumps(state))
        assert shown(root)["coder"]["gateway"] == "running"
        write(root, "profiles/coder/gateway_state.json", json.dumps({**state, "start_time": 1}))
        assert shown(root)["coder"]["gateway"] == "stopped"
        write(root, "profiles/coder/gateway_state.json", json.dumps({**state, "gateway_state": "stopped"}))
        assert shown(root)["coder"]["gateway"] == "stopped"
        write(root, "profiles/coder/gateway_state.json", json.dumps(state))
        process.kill()
    assert shown(root)["coder"]["gateway"] == "stopped"


def test_one_damaged_file_is_told_by_its_profile_alone(root: Path) -> None:
    write(root, "profiles/coder/config.yaml", "model: [")
    (root / "profiles/quiet/state.db").write_bytes(b"garbage " * 1024)
    found = shown(root)
    assert "config.yaml is not valid YAML" in found["coder"]["problems"][0]
    assert found["coder"]["skills"] == 1
    assert "state.db" in found["quiet"]["problems"][0]
    assert found["default"]["problems"] == []


def test_two_profiles_are_compared_and_secrets_only_said_to_differ(root: Path) -> None:
    write(
        root, "config.yaml", "model: {default: a, api_key: sk-onetwothreefourfive}\nagent: {max_turns: 7}\n"
    )
    write(root, "profiles/coder/config.yaml", "model: {default: b, api_key: sk-sixseveneightnine0}\n")
    write(root, "skills/only/SKILL.md", "x")
    write(root, "skills/dev/one/SKILL.md", "x")
    data = snapshot(root, compare=("default", "coder")).data
    assert data is not None
    comparison = data["comparison"]
    differences = {one["path"]: one for one in comparison["differences"]}
    assert (differences["model.default"]["one"], differences["model.default"]["other"]) == ("a", "b")
    # What only one says is compared with the default that the other gets.
    assert differences["agent.max_turns"]["one"] == "7"
    assert differences["agent.max_turns"]["other"] not in (None, "7")
    secret = differences["model.api_key"]
    assert (secret["is_masked"], secret["one"], secret["other"]) == (True, None, None)
    assert "onetwothree" not in json.dumps(data)
    assert (comparison["skills_of_one"], comparison["skills_of_other"]) == (["only"], [])
    assert comparison["shared_skills"] == 1


@pytest.mark.parametrize("names", [("default",), ("default", "gone"), ("../..", "default")])
def test_names_that_are_no_two_profiles_are_compared_with_nothing(root: Path, names: tuple[str, ...]) -> None:
    data = snapshot(root, compare=names).data
    assert data is not None
    assert data["comparison"] is None


def test_the_names_may_come_from_a_url(root: Path) -> None:
    data = snapshot(root, compare="default,coder").data
    assert data is not None
    assert data["comparison"]["one"] == "default"


def test_a_new_profile_is_there_at_the_next_look(root: Path) -> None:
    with opened(root) as one:
        query = one.parse_query("profiles", {})
        first = one.collect("profiles", query, 1)
        signature = one.signature("profiles")
        write(root, "profiles/newer/SOUL.md", "New.")
        assert one.signature("profiles") != signature
        second = one.collect("profiles", query, 2)
    assert first.data is not None
    assert second.data is not None
    assert len(second.data["profiles"]) == len(first.data["profiles"]) + 1


def test_a_folder_called_default_is_not_the_profile_default(root: Path) -> None:
    write(root, "profiles/default/SOUL.md", "An impostor.")
    assert list(shown(root)) == ["default", "coder", "quiet"]
    assert shown(root)["default"]["soul"] == "You are Hermes."


def test_of_very_many_profiles_the_first_are_shown_with_a_true_total(root: Path) -> None:
    for number in range(70):
        (root / "profiles" / f"p{number:02}").mkdir()
    (root / "profiles" / "default").mkdir()
    data = snapshot(root).data
    assert data is not None
    assert (len(data["profiles"]), data["total_profiles"]) == (64, 73)


def test_what_is_cut_of_a_profile_and_of_a_comparison_carries_its_true_total(root: Path) -> None:
    toolsets = [f"set{number}" for number in range(45)]
    write(root, "profiles/quiet/config.yaml", json.dumps({"toolsets": toolsets}))
    for number in range(210):
        (root / "skills" / f"s{number}").mkdir(parents=True)
        (root / "skills" / f"s{number}" / "SKILL.md").write_text("x")
    data = snapshot(root, compare=("default", "quiet")).data
    assert data is not None
    quiet = next(one for one in data["profiles"] if one["name"] == "quiet")
    assert (len(quiet["toolsets"]), quiet["total_toolsets"]) == (40, 45)
    found = data["comparison"]
    assert (len(found["skills_of_one"]), found["total_skills_of_one"]) == (200, 210)
    assert (found["skills_of_other"], found["total_skills_of_other"]) == ([], 0)


def test_more_than_a_few_problems_of_a_profile_are_counted(root: Path) -> None:
    broken = ("config.yaml", "profile.yaml", "distribution.yaml", "SOUL.md", "memories/MEMORY.md")
    for path in (*broken, "memories/USER.md", "cron/jobs.json"):
        write(root, f"profiles/quiet/{path}", "")
        (root / "profiles/quiet" / path).write_bytes(b"\xff\xfe\xff")
    quiet = shown(root)["quiet"]
    assert (len(quiet["problems"]), quiet["total_problems"]) == (5, 7)


def test_every_number_can_be_recomputed_from_the_frames(root: Path) -> None:
    with Agent(root / "profiles" / "coder") as coder:
        coder.session("a", model="m")
        coder.tokens("a", input_tokens=7, estimated_cost_usd=0.25, cost_status="estimated")
        with Home(root) as home:
            rows = home.frame("profiles").set_index("profile")
            data = home.panel("profiles")["data"]
        assert data["total_profiles"] == len(rows) == 3
        for profile in data["profiles"]:
            row = rows.loc[profile["name"]]
            name = None if profile["name"] == "default" else profile["name"]
            if profile["sessions"] is None:
                continue
            with Home(root, profile=name or "default") as home:
                sessions, usage = home.frame("sessions"), home.frame("model_usage")
            assert profile["sessions"] == row["sessions"] == int(sessions["listed"].sum())
            assert profile["tokens"]["input"] == row["input_tokens"] == int(usage["input_tokens"].sum())
            assert profile["messages"] == row["messages"] == int(sessions["message_count"].sum())


@pytest.mark.parametrize(
    ("one", "other", "path"),
    [
        ({"terminal": {"hooks": [{"api_key": "sk-onetwothreefourfive"}]}}, {"terminal": {"hooks": [{"api_key": "sk-sixseveneightnine0"}]}}, "terminal.hooks[0].api_key"),
        ({"note": "x" * 5_000 + "a"}, {"note": "x" * 5_000 + "b"}, "note"),
        ({"mine": {"endpoint": "https://u:one@h.example"}}, {"mine": {"endpoint": "https://u:two@h.example"}}, "mine.endpoint"),
        ({"mine": {"a.b": {"token": "sk-onetwothreefourfive"}}}, {"mine": {"a.b": {"token": "sk-sixseveneightnine0"}}}, "mine.a.b.token"),
    ],
)  # fmt: skip
def test_a_difference_in_what_is_not_shown_is_one(root: Path, one: Any, other: Any, path: str) -> None:
    write(root, "config.yaml", json.dumps(one))
    write(root, "profiles/coder/config.yaml", json.dumps(other))
    data = snapshot(root, compare=("default", "coder")).data
    assert data is not None
    (found,) = data["comparison"]["differences"]
    assert found == {"path": path, "one": None, "other": None, "is_masked": True} | {
        name: found[name] for name in ("one", "other")
    }
    assert found["one"] == found["other"]
