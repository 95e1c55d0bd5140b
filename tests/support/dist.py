"""Wheel and sdist of this checkout."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def make_dist(folder: Path) -> Path:
    """`make dist` into this folder; returns it."""
    subprocess.run(
        ["make", "--silent", "dist", f"DIST={folder}"],
        cwd=ROOT,
        check=True,
        timeout=300,
        stdout=subprocess.DEVNULL,
    )
    return folder
