"""Mira's projects (`projects.db`); of one of them, below the demo's own directory, there is a checkout that changes."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from hermes_hud_widget.demo.script import Script

if TYPE_CHECKING:
    from hermes_hud_widget.demo.home import DemoHome

DAY_S = 86_400.0
EVERY_S = (18.0, 34.0)
WORKSPACE = "workspace/station-map"
"""A real checkout, where git is installed; it lies in the home, so that it vanishes with the demo."""
COMMITS = (
    (21.0, "Stations as GeoJSON, coloured by fill level"),
    (9.0, "Clusters above zoom 12 only"),
    (2.2, "Read the feed through the cache | no more 429s"),
)
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
    """Three projects, one of them put away; from now on files of the checkout change."""
    random = Random(f"projects {home.seed}")
    folder = home.path / WORKSPACE
    git = shutil.which("git")
    _write(home, folder)
    if git is not None:
        _check_out(git, folder, home.now)
        _take_checkpoints(git, home.path / "checkpoints" / "store", folder, home.now)
    for number in range(10_000):
        yield random.uniform(*EVERY_S)
        if git is not None and folder.is_dir():
            (folder / f"tiles_{number % 4}.py").write_text(f"ZOOM = {number}\n", encoding="utf-8")


def _write(home: DemoHome, folder: Path) -> None:
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
        ("p_3f1c9a20", "/home/mira/work/velocast", 1),
        ("p_77b0e4d1", str(folder), 1),
        ("p_77b0e4d1", "/home/mira/notes/map", 0),
        ("p_0c5529fe", "/home/mira/work/poster", 1),
    ]
    primary = {project: path for project, path, is_primary in folders if is_primary}
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
                (project, path, is_primary, int(home.now - 20 * DAY_S))
                for project, path, is_primary in folders
            ],
        )
        database.execute("INSERT INTO project_meta VALUES ('active_id', 'p_3f1c9a20')")
        database.executemany(
            "INSERT INTO discovered_repos VALUES (?, ?, ?)",
            [("/home/mira/work/ab-lab", "ab-lab", int(home.now - DAY_S))],
        )
        database.commit()


def _check_out(git: str, folder: Path, now: float) -> None:
    """A repository of three commits, with an upstream that lacks the last one, and a change in it."""
    folder.mkdir(parents=True)
    _run(git, folder, now, "init", "--quiet", "--initial-branch=main")
    for number, (days, subject) in enumerate(COMMITS):
        (folder / f"map_{number}.py").write_text(f"# {subject}\n", encoding="utf-8")
        _run(git, folder, now - days * DAY_S, "add", ".")
        _run(git, folder, now - days * DAY_S, "commit", "--quiet", "--message", subject)
    _run(git, folder, now, "update-ref", "refs/remotes/origin/main", "HEAD~1")
    for key, value in (
        ("remote.origin.url", "https://git.example/velo/station-map.git"),
        ("remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*"),
        ("branch.main.remote", "origin"),
        ("branch.main.merge", "refs/heads/main"),
    ):
        _run(git, folder, now, "config", key, value)
    (folder / "map_1.py").write_text("CLUSTER_ZOOM = 11\n", encoding="utf-8")


def _take_checkpoints(git: str, store: Path, folder: Path, now: float) -> None:
    """Snapshots as Hermes stores them (`tools/checkpoint_manager.py`)."""
    store.mkdir(parents=True)
    _run(git, store, now, "init", "--quiet", "--bare", ".")
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


def _run(git: str, folder: Path, at: float, *arguments: str) -> str:
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
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
        env={**plain, **who, **settings},
        timeout=60,
    ).stdout.strip()
