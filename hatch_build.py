"""Builds the browser module with npm before it is packed into a wheel."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUILT = "src/hermes_hud_widget/static/widget.js"


def newest(*folders: Path) -> float:
    """The time of the last change below `folders`, in seconds since the epoch."""
    return max((file.stat().st_mtime for folder in folders for file in folder.rglob("*")), default=0.0)


class BrowserModule(BuildHookInterface[Any]):
    """Makes `static/` from `js/`, unless it is already newer than its source."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        js, built = root / "js", root / BUILT
        if self.target_name == "sdist":
            return
        inputs = max(
            newest(js / "src"), (js / "package-lock.json").stat().st_mtime, (js / "build.mjs").stat().st_mtime
        )
        if built.exists() and built.stat().st_mtime >= inputs:
            return
        npm = shutil.which("npm")
        if npm is None:
            raise RuntimeError(
                f"The browser module {BUILT} is not built, and npm was not found to build it: "
                "install node >= 20 with npm, or install hermes-hud-widget from a wheel."
            )
        subprocess.run([npm, "ci", "--ignore-scripts"], cwd=js, check=True)
        subprocess.run([npm, "run", "build"], cwd=js, check=True)
