"""Projects, profiles, checkpoints and plugins as Hermes' own functions say them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from hermes_hud_widget import Home
from hermes_hud_widget.ledger.processes import start_ticks
from real.agent import Hermes, environment


def panel(home: Path, name: str) -> Any:
    with Home(home) as one:
        found = one.panel(name)
    assert (found["status"], found["error"]) == ("ok", None)
    return found["data"]


# -- projects


def _work_somewhere(hermes: Hermes) -> None:
    """Projects with folders within folders, repositories, worktrees, and sessions in and beside them."""
    outer = hermes("projects", "create_project", name="Outer", folders=["/w/outer", "/w/more"])
    hermes("projects", "create_project", name="Inner", folders=["/w/outer/inner"], board_slug="inner")
    hermes("projects", "create_project", name="Idle", primary_path="/w/idle")
    old = hermes("projects", "create_project", name="Old", folders=["/w/old"])
    hermes("projects", "archive_project", old)
    hermes("projects", "set_active", outer)
    hermes(
        "projects", "record_discovered_repos", [["/w/found", None], ["/w/outer/sub", None], ["/w/repo", None]]
    )
    places = [
        ("/w/outer", None),
        ("/w/outer/inner/x", "/w/outer"),
        ("/w/outer/innermost", None),
        ("/w/more/y", None),
        ("/w/tree", "/w/outer/inner"),
        ("/w/old/z", None),
        ("/w/repo/src", "/w/repo"),
        ("/w/repo", "/w/repo"),
        ("/w/app/.worktrees/t_00ff", None),
        ("/w/lib-wt-fix", None),
        ("/w/notes", None),
        (None, None),
        (str(hermes.home), None),
        (str(hermes.home / "notes"), None),
        ("/w/x", str(hermes.home / "hermes-agent")),
    ]
    for number, (cwd, root) in enumerate(places):
        hermes.db("create_session", f"s{number}", "cli")
        if cwd is not None:
            hermes.db("update_session_cwd", f"s{number}", cwd, None, root)
        hermes.say(f"s{number}", "Hello")


def test_sessions_belong_to_the_projects_that_hermes_says(
    home: Path, hermes: Hermes, monkeypatch: Any
) -> None:
    monkeypatch.setenv("HOME", str(home.parent))
    _work_somewhere(hermes)
    projects = hermes("projects", "list_projects")
    with Home(home) as one:
        rows = one.frame("sessions").to_dict("records")
        ours = one.panel("projects")["data"]
    sessions = [
        {
            "id": row["id"],
            "cwd": row["cwd"] if isinstance(row["cwd"], str) else "",
            "git_branch": "",
            "git_repo_root": row["git_repo_root"] if isinstance(row["git_repo_root"], str) else "",
            "started_at": row["started_at"].timestamp(),
            "last_active": row["last_active"].timestamp(),
        }
        for row in rows
        # The gateway leaves out what lies in Hermes' own home before it builds the tree.
        if not str(row["git_repo_root"]).startswith(str(home)) and row["cwd"] != str(home)
    ]
    tree = hermes(
        "tui_gateway.project_tree",
        "build_tree",
        projects,
        sessions,
        hermes("projects", "list_discovered_repos"),
    )
    theirs = {node["id"]: (node["label"], node["sessionCount"]) for node in tree["projects"]}
    assert {project["id"]: (project["name"], project["sessions"]) for project in ours["projects"]} == theirs
    assert ours["archived"] == 1
    assert ours["elsewhere_sessions"] == len(rows) - sum(count for _, count in theirs.values())
    for project in ours["projects"]:
        theirs_last = next(node["lastActive"] for node in tree["projects"] if node["id"] == project["id"])
        assert (project["last_active"] is None) is (theirs_last == 0)


def test_a_directory_belongs_to_the_project_that_hermes_finds_for_its_path(
    home: Path, hermes: Hermes
) -> None:
    _work_somewhere(hermes)
    current = hermes("projects", "get_active_id")
    ours = {project["id"]: project for project in panel(home, "projects")["projects"]}
    assert {id for id, project in ours.items() if project["is_current"]} == {current}
    for path, count in (("/w/outer/innermost", 3), ("/w/outer/inner/x", 2), ("/w/idle", 0)):
        owner = hermes("projects", "project_for_path", path)
        assert ours[owner["id"]]["sessions"] == count
        assert [folder["path"] for folder in ours[owner["id"]]["folders"]] == [
            folder["path"] for folder in owner["folders"]
        ]


# -- profiles

_LIST = """
import json, dataclasses
from hermes_cli import profiles
print(json.dumps([{**dataclasses.asdict(one), "path": str(one.path), "alias_path": None} for one in profiles.list_profiles()]))
"""


def _listed(home: Path) -> dict[str, Any]:
    """What `hermes profile list` has."""
    said = subprocess.run(
        [str(environment()), "-P", "-c", _LIST],
        capture_output=True,
        check=True,
        text=True,
        env={"PATH": os.environ["PATH"], "HERMES_HOME": str(home), "HOME": str(home.parent)},
    )
    return {one["name"]: one for one in json.loads(said.stdout.splitlines()[-1])}


def test_profiles_are_those_that_hermes_lists(home: Path, hermes: Hermes) -> None:
    for name, about in (("coder", "Writes code"), ("quiet", None)):
        hermes(
            "hermes_cli.profiles", "create_profile", name, no_alias=True, no_skills=True, description=about
        )
    (home / "config.yaml").write_text("model: claude-sonnet-4-6 # the good one\n")
    coder = home / "profiles" / "coder"
    (coder / "config.yaml").write_text("model: {default: qwen3, provider: custom}\n")
    (coder / "distribution.yaml").write_text("name: coders\nversion: '1.2'\n")
    for path in ("a/one", "a/one/references/deep", "b", ".archive/gone", "x/node_modules/y"):
        folder = coder / "skills" / path
        folder.mkdir(parents=True)
        (folder / "SKILL.md").write_text("x")
    (home / "profiles" / "default").mkdir()
    (home / "profiles" / "Not One").mkdir()
    hermes("hermes_cli.profiles", "set_active_profile", "quiet")
    data = panel(home, "profiles")
    theirs = _listed(home)
    assert [one["name"] for one in data["profiles"]] == list(theirs)
    for ours in data["profiles"]:
        listed = theirs[ours["name"]]
        assert (ours["model"], ours["provider"]) == (listed["model"], listed["provider"])
        assert (ours["description"] or "") == listed["description"]
        assert ours["is_description_made"] == listed["description_auto"]
        assert (ours["distribution"], ours["distribution_version"]) == (
            listed["distribution_name"],
            listed["distribution_version"],
        )
        assert ours["skills"] == listed["skill_count"]
        assert (ours["gateway"] == "running") == listed["gateway_running"]
    assert data["active"] == hermes("hermes_cli.profiles", "get_active_profile") == "quiet"


def test_a_gateway_that_hermes_wrote_down_runs_as_long_as_its_process(home: Path, hermes: Hermes) -> None:
    hermes("hermes_cli.profiles", "create_profile", "coder", no_alias=True, no_skills=True)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        state = {"pid": process.pid, "start_time": start_ticks(process.pid), "gateway_state": "running"}
        (home / "profiles/coder/gateway_state.json").write_text(json.dumps(state))
        ours = {one["name"]: one["gateway"] for one in panel(home, "profiles")["profiles"]}
        assert ours == {"default": "never", "coder": "running"}
        process.kill()
    ours = {one["name"]: one["gateway"] for one in panel(home, "profiles")["profiles"]}
    assert ours["coder"] == "stopped"
    assert _listed(home)["coder"]["gateway_running"] is False


# -- checkpoints


def test_checkpoints_are_those_that_hermes_lists(home: Path, hermes: Hermes) -> None:
    folders = [home.parent / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
        for number in range(3):
            (folder / "file").write_text(f"{number}")
            hermes("checkpoints", "new_turn")
            assert hermes("checkpoints", "ensure_checkpoint", str(folder), f"before | number {number}")
    (folders[1] / "file").unlink()
    folders[1].rmdir()
    data = panel(home, "checkpoints")
    status = hermes("tools.checkpoint_manager", "store_status")
    ours = {one["id"]: one for one in data["directories"]}
    assert {id: (one["count"], one["exists"]) for id, one in ours.items()} == {
        one["hash"]: (one["commits"], one["exists"]) for one in status["projects"]
    }
    assert data["size_bytes"] == status["total_size_bytes"]
    listed = hermes("checkpoints", "list_checkpoints", str(folders[0]))
    first = next(one for one in ours.values() if one["exists"])
    assert [(one["id"], one["reason"]) for one in first["checkpoints"]] == [
        (one["hash"][:10], one["reason"]) for one in listed
    ]


# -- plugins


def test_plugins_are_in_the_state_in_which_hermes_has_them(home: Path, hermes: Hermes) -> None:
    def write(path: str, text: str) -> None:
        file = home / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    for name in ("one", "two", "three", "by-name", "both"):
        write(f"plugins/{name}/plugin.yaml", f"name: {name}\nversion: 1.5\ndescription: About {name}\n")
        write(f"plugins/{name}/__init__.py", "def register(ctx):\n    pass\n")
    write("plugins/image_gen/mine/plugin.yaml", "name: mine\nkind: backend\n")
    write("plugins/image_gen/mine/__init__.py", "def register(ctx):\n    pass\n")
    write("plugins/notes/plugin.yml", "name: notes\n")
    write("plugins/notes/__init__.py", "def register(ctx): ctx.register_memory_provider(None)\n")
    write("plugins/models/plugin.yaml", "name: models\nkind: Model-Provider\n")
    write("plugins/odd/plugin.yaml", "name: odd\nkind: surprising\n")
    write("plugins/broken/plugin.yaml", "name: [\n")
    write("plugins/deep/er/est/plugin.yaml", "name: deepest\n")
    write("config.yaml", "plugins: {enabled: [one, both, mine, three], disabled: [both]}\n")
    ours = {one["key"]: one for one in panel(home, "plugins")["plugins"] if one["is_here"]}
    theirs = {one["key"]: one for one in hermes("plugins", "list_plugins") if one["source"] == "user"}
    assert {key for key, one in ours.items() if one["state"] == "broken"} == {"broken"}
    assert ours.keys() - {"broken"} == theirs.keys()
    for key, listed in theirs.items():
        assert (ours[key]["name"], ours[key]["kind"]) == (listed["name"], listed["kind"]), key
        assert (ours[key]["version"] or "", ours[key]["description"] or "") == (
            listed["version"],
            listed["description"],
        )
        assert (ours[key]["state"] == "enabled") == listed["enabled"], key
        assert (ours[key]["state"] == "disabled") == (listed["error"] == "disabled via config"), key
        assert (ours[key]["state"] == "elsewhere") == (listed["kind"] == "exclusive"), key


def test_hooks_are_those_that_the_gateway_loads(home: Path, hermes: Hermes) -> None:
    for name, manifest, handler in (
        ("good", "name: good\nevents: [agent:end]\n", "def handle(event_type, context): pass\n"),
        ("idle", "name: idle\n", "def handle(event_type, context): pass\n"),
        ("lone", "name: lone\nevents: [agent:end]\n", None),
        ("bad", "name: [\n", "def handle(event_type, context): pass\n"),
    ):
        folder = home / "hooks" / name
        folder.mkdir(parents=True)
        (folder / "HOOK.yaml").write_text(manifest)
        if handler is not None:
            (folder / "handler.py").write_text(handler)
    loaded = hermes("hooks", "loaded")
    ours = panel(home, "plugins")["hooks"]
    assert {hook["name"]: hook["events"] for hook in ours if hook["problem"] is None} == {
        hook["name"]: hook["events"] for hook in loaded
    }
    assert len(ours) == 4
