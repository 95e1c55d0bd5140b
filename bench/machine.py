"""What the figures were measured on, without names and paths."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
import subprocess
from importlib.metadata import version
from pathlib import Path

import psutil

ROOT = Path(__file__).parent.parent
PACKAGES = (
    "hermes-hud-widget",
    "jupyterlab",
    "ipykernel",
    "anywidget",
    "uvicorn",
    "watchfiles",
    "pandas",
    "pyarrow",
)


def describe() -> dict[str, str]:
    """The machine and the programs, by name."""
    return {
        "CPU": _cpu_model(),
        "cores": str(os.cpu_count()),
        "memory": f"{psutil.virtual_memory().total / 1e9:.1f} GB",
        "system": f"{platform.system()} {_kernel()}, {platform.machine()}",
        "Python": platform.python_version(),
        "SQLite": sqlite3.sqlite_version,
        "Chromium": _chromium(),
        **{package: version(package) for package in PACKAGES},
    }


def commit() -> str:
    """The commit measured; says so when files were changed beyond it."""
    try:
        head = _git("rev-parse", "--short=10", "HEAD")
        is_clean = not _git("status", "--porcelain", "--", "src", "js", "bench", ":!bench/results.json")
    except (OSError, subprocess.CalledProcessError):
        return "unknown (not a git checkout)"
    return head if is_clean else f"{head} and changes not committed"


def _cpu_model() -> str:
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text("utf-8"), re.MULTILINE)
    except OSError:
        found = None
    return found[1] if found else platform.processor() or "unknown"


def _kernel() -> str:
    """The kernel's version, without what a distributor or a cloud adds."""
    return re.split(r"[^\d.]", platform.release())[0]


def _chromium() -> str:
    from browser.conftest import CHROMIUM

    try:
        done = subprocess.run([CHROMIUM, "--version"], capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError):
        return "not there"
    found = re.search(r"\d+(\.\d+)+", done.stdout)
    return found[0] if found else "unknown"


def _git(*arguments: str) -> str:
    return subprocess.run(
        ["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=True
    ).stdout.strip()
