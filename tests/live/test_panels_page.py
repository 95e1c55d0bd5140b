"""docs/panels.md: what it tells a plugin's author to write is built, installed and works."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hermes_hud_widget import sources
from support.docs import PAGE, example

ASK = """
import json, sys
from hermes_hud_widget import Home
from hermes_hud_widget.engine import Engine
from hermes_hud_widget.panels import all_panels
engine = Engine(all_panels())
entry = next(entry for entry in engine.hello().panels if entry.name == "reading")
module = engine.module(entry.module) if entry.module else None
engine.close()
with Home(sys.argv[1]) as home:
    shown = home.panel("reading")
    frame = home.frame("reading") if "reading" in home.frames else None
print(json.dumps({
    "title": entry.title, "titles": entry.titles, "schema": entry.payload_schema is not None, "module": module,
    "status": shown["status"], "error": shown["error"], "data": shown["data"],
    "frame": None if frame is None else {"dtypes": {name: str(kind) for name, kind in frame.dtypes.items()}, "rows": len(frame)},
}))
"""
LIST = {
    "items": [
        {"title": "The tail at scale", "minutes": 25, "done": True},
        {"title": "Paxos made simple", "minutes": 40, "done": False},
    ]
}


def install(source: Path, site: Path) -> None:
    """`pip install` of a package's folder, its dependencies being there already."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--target",
        str(site),
        str(source),
    ]
    subprocess.run(command, check=True, timeout=300)


def ask(site: Path, home: Path) -> Any:
    environment = {**os.environ, "PYTHONPATH": str(site)}
    answer = subprocess.run(
        [sys.executable, "-c", ASK, str(home)],
        env=environment,
        stdout=subprocess.PIPE,
        check=True,
        timeout=60,
        text=True,
    )
    return json.loads(answer.stdout)


@pytest.mark.parametrize("with_view", [False, True], ids=["without a view", "with a view and a frame"])
def test_the_example_is_built_installed_and_shown(tmp_path: Path, home: Path, with_view: bool) -> None:
    site = tmp_path / "site"
    source = example(tmp_path / "hermes-hud-reading", with_view=with_view)
    install(source, site)
    (home / "reading.json").write_text(json.dumps(LIST))
    answer = ask(site, home)
    assert (answer["title"], answer["titles"]) == ("Reading list", {"zh": "阅读清单"})
    assert (answer["status"], answer["error"]) == ("ok", None)
    assert [item["title"] for item in answer["data"]["items"]] == ["Paxos made simple", "The tail at scale"]
    assert answer["data"]["minutes_left"] == 40
    if with_view:
        assert "export default function define" in answer["module"]
        assert answer["frame"] == {
            "dtypes": {"title": "string", "minutes": "Int64", "done": "boolean"},
            "rows": 2,
        }
        # The page's own test, as its reader would run it.
        environment = {**os.environ, "PYTHONPATH": str(site)}
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]
        subprocess.run(command, cwd=source, env=environment, check=True, timeout=120)
    else:
        assert answer["schema"]
        assert answer["module"] is None
        (home / "reading.json").write_text("[]")
        assert "reading.json" in ask(site, home)["error"]["message"]
        (home / "reading.json").unlink()
        assert ask(site, home)["status"] == "empty"


def test_every_source_that_the_page_names_is_there() -> None:
    named = set(re.findall(r"^\| `(\w+)\(", PAGE.read_text("utf-8"), re.MULTILINE))
    assert len(named) > 5
    assert named <= set(sources.__all__)
