"""Hermes' own skill tools write: each change arrives, and the panel says what Hermes itself says."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hermes_hud_widget import Home
from real.agent import Hermes, Live, instant
from support.served import served

OTHERS = ("memory", "sessions")
SKILL = """---
name: {name}
description: {description}
---

# {name}

Step one.
"""


def skill_text(name: str, description: str = "What it is for.") -> str:
    return SKILL.format(name=name, description=description)


def put(folder: Path, text: str, **files: str) -> None:
    """A skill's folder, with files beside it (`__` in a name is `/`)."""
    folder.mkdir(parents=True)
    (folder / "SKILL.md").write_text(text)
    for name, content in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)


@pytest.fixture
def stock(tmp_path: Path) -> Path:
    """What Hermes ships: bundled skills, and optional ones of which one is installed already."""
    put(tmp_path / "bundled/research/papers", skill_text("papers"), scripts__find="#!/bin/sh", b="b", a_="a")
    put(tmp_path / "bundled/research/other", skill_text("other-name", "Its folder has another name."))
    put(tmp_path / "bundled/plain", skill_text("plain"))
    put(tmp_path / "optional/web/feeds", skill_text("feeds"))
    return tmp_path


@pytest.fixture
def live(home: Path, stock: Path, start_hermes: Callable[..., Hermes]) -> Iterator[Live]:
    """A Hermes at work, and a client that watches its home."""
    put(home / "skills/web/feeds", skill_text("feeds"))
    # Hermes would write its own with the first skill.
    (home / "SOUL.md").write_text("A soul")
    hermes = start_hermes()
    for name, folder in (("BUNDLED", "bundled"), ("OPTIONAL", "optional")):
        hermes("os", "environ.__setitem__", f"HERMES_{name}_SKILLS", str(stock / folder))
    hermes.db("create_session", "s1", "cli")
    with served() as server:
        id = server.open(home)
        with server.connect() as client:
            client.look(id, "skills", *OTHERS)
            client.get(id, "skills")
            yield hermes, server, client, id


def manage(hermes: Hermes, action: str, name: str, **values: Any) -> None:
    """What the agent's tool does; it must succeed."""
    answer = json.loads(hermes("tools.skill_manager_tool", "skill_manage", action, name, **values))
    assert answer.get("success"), answer


def view(hermes: Hermes, name: str) -> None:
    answer = json.loads(hermes("tools.skills_tool", "_skill_view_with_bump", {"name": name}))
    assert answer["success"], answer


def listed(hermes: Hermes) -> list[dict[str, Any]]:
    """As `hermes skills list` does; without its cache, which may be 30 s old."""
    hermes("tools.skills_tool", "_SKILLS_CACHE.clear")
    found: list[dict[str, Any]] = hermes("tools.skills_tool", "_find_all_skills", skip_disabled=True)
    return found


ORIGINS = {"bundled": "bundled", "hub": "hub", "agent": "agent", "user": "agent", "external": "agent"}


def agrees(hermes: Hermes, data: Any) -> bool:
    """Whether the panel's answer is Hermes' own: its list, its usage report, its archive, what it calls modified."""
    rows = [row for row in data["list"]["rows"] if not row["is_archived"]]
    ours = {row["name"]: row for row in rows if row["unlisted"] is None}
    theirs = {row["name"]: row for row in listed(hermes)}
    if {name: (row["description"], row["category"]) for name, row in ours.items()} != {
        name: (row["description"], row["category"]) for name, row in theirs.items()
    }:
        return False
    report = {row["name"]: row for row in hermes("tools.skill_usage", "usage_report")}
    for name, row in ours.items():
        usage = report.get(name)
        if usage is None:  # behind a link, where the report does not look
            continue
        if ORIGINS[row["origin"]] != usage["provenance"]:
            return False
        if any(row[key] != usage[key] for key in ("use_count", "view_count", "patch_count", "state")):
            return False
        if row["is_pinned"] != usage["pinned"]:
            return False
        if instant(row["last_used_at"]) != instant(usage["last_used_at"]):
            return False
        if instant(row["last_active_at"]) != instant(usage["last_activity_at"]):
            return False
    modified = {row["name"] for row in hermes("tools.skills_sync", "list_user_modified_bundled_skills")}
    archived = set(hermes("tools.skill_usage", "list_archived_skill_names"))
    return bool(
        {name for name, row in ours.items() if row["is_modified"]} == modified
        and {row["folder"].rpartition("/")[2] for row in data["list"]["rows"] if row["is_archived"]}
        == archived
    )


def test_each_write_of_hermes_reaches_a_client_agrees_with_hermes_and_moves_no_other_panel(
    live: Live, home: Path
) -> None:
    hermes, server, client, id = live
    usage, curator = "tools.skill_usage", "agent.curator"
    text = skill_text("mine")
    writes: list[Callable[[], object]] = [
        lambda: hermes("tools.skills_sync", "sync_skills", quiet=True),
        lambda: manage(hermes, "create", "mine", content=text, category="work"),
        lambda: manage(hermes, "create", "flat", content=skill_text("flat")),
        lambda: view(hermes, "mine"),
        lambda: manage(hermes, "patch", "mine", old_string="Step one.", new_string="Step one, then two."),
        lambda: manage(hermes, "edit", "mine", content=skill_text("mine", "For something else.")),
        lambda: manage(hermes, "write_file", "mine", file_path="scripts/run.sh", file_content="true"),
        lambda: manage(hermes, "remove_file", "mine", file_path="scripts/run.sh"),
        lambda: hermes(usage, "bump_use", "papers"),
        lambda: hermes(usage, "mark_agent_created", "flat"),
        lambda: hermes(usage, "set_pinned", "mine", True),
        lambda: hermes(usage, "set_state", "flat", "stale"),
        # Bundled ones that are changed are modified from then on, whichever file it was.
        lambda: manage(hermes, "patch", "papers", old_string="Step one.", new_string="Our way."),
        lambda: manage(hermes, "write_file", "plain", file_path="references/x.md", file_content="x"),
        lambda: hermes(usage, "archive_skill", "flat"),
        lambda: hermes(usage, "restore_skill", "flat"),
        lambda: hermes(curator, "set_paused", True),
        lambda: hermes(curator, "set_paused", False),
        lambda: hermes(curator, "run_curator_review", synchronous=True, consolidate=False),
        lambda: hermes(usage, "set_pinned", "mine", False),
        lambda: manage(hermes, "delete", "mine", absorbed_into=""),
    ]
    for number, write in enumerate(writes):
        before = {panel: client.get(id, panel)["version"] for panel in ("skills", *OTHERS)}
        write()
        client.wait_version(id, "skills", before["skills"])
        client.wait_data(id, "skills", lambda data: data["list"] is not None and agrees(hermes, data))
        assert {panel: server.engine.hub.version(id, panel) for panel in OTHERS} == {
            panel: before[panel] for panel in OTHERS
        }, number
    rows = client.get(id, "skills")["data"]["list"]["rows"]
    assert {row["name"]: row["origin"] for row in rows} == {
        "papers": "bundled",
        "other-name": "bundled",
        "plain": "bundled",
        "feeds": "hub",
        "flat": "agent",
    }
    assert {row["name"] for row in rows if row["is_modified"]} == {"papers", "plain"}
    (feeds,) = (row for row in rows if row["name"] == "feeds")
    assert (feeds["installed_from"], feeds["trust"]) == ("official/web/feeds", "builtin")
    with Home(home) as opened:
        frame = opened.frame("skills").set_index("name")
    assert frame.loc["papers", "use_count"] == 1
    assert frame.loc["papers", "file_count"] == 4


def test_whatever_is_odd_about_a_skill_hermes_lists_the_same_ones(
    live: Live, home: Path, tmp_path: Path
) -> None:
    hermes, _, client, id = live
    skills = home / "skills"
    odd: dict[str, bytes] = {
        "no-front": b"# Title\n\nFirst line.\n",
        "empty": b"",
        "bom": "\ufeff---\nname: with-bom\ndescription: d\n---\n".encode(),
        "crlf": b"---\r\nname: crlf\r\ndescription: d\r\n---\r\ntext\r\n",
        "block": b"---\nname: block\ndescription: >\n  two\n  lines\n---\n",
        "broken-yaml": b"---\nname: broken-yaml\ndescription: a: b\n---\n",
        "binary": b"---\nname: x\n---\n\xff\xfe",
        "number": b"---\nname: 7\ndescription: d\n---\n",
        "listed": b"---\nname: listed\ndescription: [a]\nmetadata: x\n---\n",
        "worded": b"---\nname: worded\ndescription: 7\n---\n",
        "mac": b"---\nname: mac\ndescription: d\nplatforms: [macos]\n---\n",
        "here": b"---\nname: here\ndescription: d\nplatforms: [linux, macos]\n---\n",
        "twice/one": b"---\nname: twice\ndescription: first\n---\n",
        "twice/two": b"---\nname: twice\ndescription: second\n---\n",
        "unknown-env": b"---\nname: unknown-env\ndescription: d\nenvironments: [moon]\n---\n",
        "deep/er/and/deeper": b"---\nname: deeper\ndescription: d\n---\n",
        "no-front/references/inner": b"---\nname: inner\ndescription: d\n---\n",
        "references/outer": b"---\nname: outer\ndescription: d\n---\n",
        "node_modules/x": b"---\nname: never\ndescription: d\n---\n",
    }
    for folder, content in odd.items():
        put(skills / folder, "")
        (skills / folder / "SKILL.md").write_bytes(content)
    put(tmp_path / "elsewhere/linked", skill_text("linked"))
    (skills / "links").symlink_to(tmp_path / "elsewhere")
    put(tmp_path / "team/group/shared", skill_text("shared"))
    put(tmp_path / "team/twice", skill_text("twice", "outside"))
    (home / "config.yaml").write_text(f"skills:\n  external_dirs: ['{tmp_path}/team']\n")

    theirs = {(row["name"], row["category"]): row["description"] for row in listed(hermes)}
    # A list is a description to Hermes, and nonsense.
    assert theirs.pop(("listed", None)) == ["a"]

    def same(data: Any) -> bool:
        rows = [row for row in data["list"]["rows"] if row["unlisted"] is None]
        ours = {(row["name"], row["category"]): row["description"] or "" for row in rows}
        return ours.pop(("listed", None), None) == "" and ours == theirs

    data = client.wait_data(id, "skills", same)["data"]
    assert {"linked", "shared", "with-bom", "broken-yaml", "outer"} <= {name for name, _ in theirs}
    unlisted = {row["folder"]: row["unlisted"] for row in data["list"]["rows"] if row["unlisted"]}
    assert unlisted == {
        "skills/binary": "broken",
        "skills/number": "broken",
        "skills/worded": "broken",
        "skills/mac": "other-system",
        "skills/twice/two": "same-name",
        f"{tmp_path}/team/twice": "same-name",
    }
    text = client.get(id, "skills", {"skill": "shared"})["data"]["text"]
    assert text["text"] == json.loads(hermes("tools.skills_tool", "skill_view", "shared"))["content"].split(
        "---\n\n", 1
    )[1].strip("\n")


def test_what_is_switched_off_is_what_hermes_calls_disabled(live: Live, home: Path) -> None:
    hermes, _, client, id = live
    for name in ("one", "two", "three"):
        put(home / "skills" / name, skill_text(name))
    config = hermes("hermes_cli.config", "load_config")
    hermes("hermes_cli.skills_config", "save_disabled_skills", config, ["two"])
    config = hermes("hermes_cli.config", "load_config")
    hermes("hermes_cli.skills_config", "save_disabled_skills", config, ["three"], "telegram")

    def same(data: Any) -> bool:
        rows = {row["name"]: row for row in data["list"]["rows"]}
        return bool(
            {name for name, row in rows.items() if row["is_disabled"]} == {"two"}
            and {name for name, row in rows.items() if row["disabled_on"] == ["telegram"]} == {"three"}
        )

    client.wait_data(id, "skills", same)
    hermes("tools.skills_tool", "_SKILLS_CACHE.clear")
    enabled = {row["name"] for row in hermes("tools.skills_tool", "_find_all_skills")}
    assert enabled == {"feeds", "one", "three"}
    assert hermes("tools.skills_tool", "_is_skill_disabled", "three", "telegram")


def test_the_curator_is_due_when_hermes_would_run_it(live: Live, home: Path) -> None:
    hermes, _, client, id = live

    def curator(is_meant: Callable[[Any], bool]) -> Any:
        frame = client.wait_data(id, "skills", lambda data: is_meant(data["list"]["curator"]))
        return frame["data"]["list"]["curator"]

    # The first look only notes the time.
    assert hermes("agent.curator", "should_run_now") is False
    first = curator(lambda state: state["last_run_at"] is not None)
    assert (first["is_due"], first["interval_hours"]) == (
        False,
        hermes("agent.curator", "get_interval_hours"),
    )
    assert first["last_run_summary"].startswith("deferred first run")
    for count, (hours, is_due) in enumerate([(169, True), (167, False)], 1):
        last = (datetime.now(UTC) - timedelta(hours=hours)).isoformat()
        hermes("agent.curator", "save_state", {"last_run_at": last, "run_count": count})
        assert hermes("agent.curator", "should_run_now") is is_due
        assert curator(lambda state, count=count: state["run_count"] == count)["is_due"] is is_due
    assert [
        hermes("agent.curator", f"get_{name}") for name in ("stale_after_days", "archive_after_days")
    ] == [
        first["stale_after_days"],
        first["archive_after_days"],
    ]


def test_damage_is_told_and_the_last_good_counts_stay(live: Live, home: Path) -> None:
    hermes, _, client, id = live
    hermes("tools.skill_usage", "bump_use", "feeds")

    def uses(data: Any) -> int:
        return int(data["list"]["rows"][0]["use_count"])

    client.wait_data(id, "skills", lambda data: uses(data) == 1)
    version = client.get(id, "skills")["version"]
    damaged = home / "skills" / ".usage.json"
    content = damaged.read_bytes()
    damaged.write_bytes(content[:-5])
    while client.get(id, "skills")["status"] != "stale":
        version = client.wait_version(id, "skills", version)
    frame = client.get(id, "skills")
    assert frame["error"]["path"] == "skills/.usage.json"
    assert uses(frame["data"]) == 1
    os.replace(_written(home / "x", content), damaged)  # noqa: PTH105
    client.wait_data(id, "skills", lambda data: uses(data) == 1)
    while client.get(id, "skills")["status"] != "ok":
        version = client.wait_version(id, "skills", version)


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path
