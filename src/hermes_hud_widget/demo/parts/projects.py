"""Mira's projects (`projects.db`) and her directories: checkouts below the demo's own one, of which one changes."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from hermes_hud_widget.demo.script import Script

if TYPE_CHECKING:
    from hermes_hud_widget.demo.home import DemoHome

DAY_S = 86_400.0
EVERY_S = (18.0, 34.0)
VELOCAST, AB_LAB, STATION_MAP = "work/velocast", "work/ab-lab", "work/station-map"
"""Below Mira's own directory."""
COMMITS = {
    VELOCAST: ((24.0, "Lags of a week and a day"), (1.3, "Quantiles instead of a single number")),
    AB_LAB: ((16.0, "Ratio metrics by the delta method"),),
    STATION_MAP: (
        (21.0, "Stations as GeoJSON, coloured by fill level"),
        (9.0, "Clusters above zoom 12 only"),
        (2.2, "Read the feed through the cache | no more 429s"),
    ),
}
"""Real checkouts, where git is installed: how many days ago, and what."""
FOLDERS = (*COMMITS, "work/velocast/reports", "work/poster", "notes/map")
CHECKPOINTS = ((2.1, "before write_file"), (0.4, "before patch"), (0.02, "before terminal: rm -r build"))

_SCHEMA = """
CREATE TABLE IF NOT EXISTS projects (
    id TEXT PRIMARY KEY, slug TEXT NOT NULL UNIQUE, name TEXT NOT NULL, description TEXT, icon TEXT, color TEXT,
    board_slug TEXT, primary_path TEXT, created_at INTEGER NOT NULL, archived INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS project_folders (
    project_id TEXT NOT NULL REFERENCES projects(id) ON DELETE CASCADE, path TEXT NOT NULL, label TEXT,
    is_primary INTEGER NOT NULL DEFAULT 0, added_at INTEGER NOT NULL, PRIMARY KEY (project_id, path)
);
CREATE INDEX IF NOT EXISTS idx_project_folders_path ON project_folders(path);
CREATE TABLE IF NOT EXISTS project_meta (key TEXT PRIMARY KEY, value TEXT);
CREATE TABLE IF NOT EXISTS discovered_repos (root TEXT PRIMARY KEY, label TEXT, last_seen INTEGER NOT NULL);
"""


def play(home: DemoHome) -> Script:
    """Three projects, one of them put away; from now on files of one checkout change."""
    random = Random(f"projects {home.seed}")
    folder = home.user_home / STATION_MAP
    git = shutil.which("git")
    for each in FOLDERS:
        (home.user_home / each).mkdir(parents=True)
    _write(home)
    if git is not None:
        for each, commits in COMMITS.items():
            _check_out(git, home.user_home / each, home.now, commits)
        (folder / "step_1.py").write_text("CLUSTER_ZOOM = 11\n", encoding="utf-8")
        _take_checkpoints(git, home.path / "checkpoints" / "store", folder, home.now)
    for number in range(10_000):
        yield random.uniform(*EVERY_S)
        if git is not None and folder.is_dir():
            (folder / f"tiles_{number % 4}.py").write_text(f"ZOOM = {number}\n", encoding="utf-8")


def _write(home: DemoHome) -> None:
    rows = [
        (
            "p_3f1c9a20",
            "velocast",
            "Velocast",
            "Forecasts of free bikes by station and hour",
            "#4150b8",
            40,
            0,
        ),
        ("p_77b0e4d1", "station-map", "Station map", "The public map of the stations", "#1a7437", 23, 0),
        ("p_0c5529fe", "poster", "Poster for the fair", None, None, 80, 1),
    ]
    folders = [
        ("p_3f1c9a20", VELOCAST, 1),
        ("p_77b0e4d1", STATION_MAP, 1),
        ("p_77b0e4d1", "notes/map", 0),
        ("p_0c5529fe", "work/poster", 1),
    ]
    primary = {project: str(home.user_home / path) for project, path, is_primary in folders if is_primary}
    with closing(sqlite3.connect(home.path / "projects.db")) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.executescript(_SCHEMA)
        for id, slug, name, about, color, days, archived in rows:
            at = int(home.now - days * DAY_S)
            board = "velocast" if slug == "velocast" else None
            database.execute(
                "INSERT INTO projects VALUES (?, ?, ?, ?, NULL, ?, ?, ?, ?, ?)",
                (id, slug, name, about, color, board, primary[id], at, archived),
            )
        database.executemany(
            "INSERT INTO project_folders VALUES (?, ?, NULL, ?, ?)",
            [
                (project, str(home.user_home / path), is_primary, int(home.now - 20 * DAY_S))
                for project, path, is_primary in folders
            ],
        )
        database.execute("INSERT INTO project_meta VALUES ('active_id', 'p_3f1c9a20')")
        database.executemany(
            "INSERT INTO discovered_repos VALUES (?, ?, ?)",
            [(str(home.user_home / AB_LAB), "ab-lab", int(home.now - DAY_S))],
        )
        database.commit()


def _check_out(git: str, folder: Path, now: float, commits: Sequence[tuple[float, str]]) -> None:
    """A repository with these commits, whose upstream lacks the last one."""
    _run(git, folder, now, "init", "--quiet", "--template=", "--initial-branch=main")
    # One process for all commits: the demo must be there at once.
    stream = "".join(
        _commit(number, now - days * DAY_S, subject) for number, (days, subject) in enumerate(commits)
    )
    if len(commits) > 1:
        stream += f"reset refs/remotes/origin/main\nfrom :{len(commits) - 1}\n"
    _run(git, folder, now, "fast-import", "--quiet", given=stream)
    _run(git, folder, now, "reset", "--quiet", "--hard")
    with (folder / ".git/config").open("a", encoding="utf-8") as config:
        config.write(_UPSTREAM.format(name=folder.name))


_UPSTREAM = """[remote "origin"]
\turl = https://git.example/velo/{name}.git
\tfetch = +refs/heads/*:refs/remotes/origin/*
[branch "main"]
\tremote = origin
\tmerge = refs/heads/main
"""


def _commit(number: int, at: float, subject: str) -> str:
    """One more file, as `git fast-import` takes it."""
    who, content = f"Mira <mira@velo.example> {int(at)} +0000", f"# {subject}\n"
    return (
        f"commit refs/heads/main\nmark :{number + 1}\nauthor {who}\ncommitter {who}\n{_data(subject)}"
        f"M 100644 inline step_{number}.py\n{_data(content)}"
    )


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}\n"


def _take_checkpoints(git: str, store: Path, folder: Path, now: float) -> None:
    """Snapshots as Hermes stores them (`tools/checkpoint_manager.py`)."""
    store.mkdir(parents=True)
    _run(git, store, now, "init", "--quiet", "--template=", "--bare", ".")
    id = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]
    tree = _run(git, store, now, "hash-object", "-w", "-t", "tree", os.devnull)
    tip = ""
    for days, reason in CHECKPOINTS:
        parent = ["-p", tip] if tip else []
        tip = _run(git, store, now - days * DAY_S, "commit-tree", tree, *parent, "-m", reason)
    _run(git, store, now, "update-ref", f"refs/hermes/{id}", tip)
    (store / "projects").mkdir()
    meta = {
        "workdir": str(folder.resolve()),
        "created_at": now - 2.1 * DAY_S,
        "last_touch": now - CHECKPOINTS[-1][0] * DAY_S,
    }
    (store / "projects" / f"{id}.json").write_text(json.dumps(meta), encoding="utf-8")


def _run(git: str, folder: Path, at: float, *arguments: str, given: str = "") -> str:
    """Runs git as Mira, at a time, without any configuration of this machine."""
    plain = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    who = {
        f"GIT_{role}_{fact}": value
        for role in ("AUTHOR", "COMMITTER")
        for fact, value in (("NAME", "Mira"), ("EMAIL", "mira@velo.example"), ("DATE", f"{int(at)} +0000"))
    }
    settings = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}
    return subprocess.run(
        [git, *arguments],
        input=given,
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
        env={**plain, **who, **settings},
        timeout=60,
    ).stdout.strip()
