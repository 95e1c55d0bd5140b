"""Builds the browser module and JupyterLab's extension with npm before they are packed into a wheel."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUILT = "src/hermes_hud_widget/static/widget.js"
EXTENSION = "src/hermes_hud_widget/labextension"
EXTENSION_PLACE = "share/jupyter/labextensions/hermes-hud-widget"
"""Where JupyterLab looks for it, below `sys.prefix`."""


def newest(*folders: Path) -> float:
    """The time of the last change below `folders`, in seconds since the epoch."""
    return max((file.stat().st_mtime for folder in folders for file in folder.rglob("*")), default=0.0)


class BrowserModule(BuildHookInterface[Any]):
    """Makes `static/` and `labextension/` from `js/`, unless they are already newer than their source."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        # An sdist brings what was built: who installs it needs no node.
        if not (Path(self.root) / "PKG-INFO").exists():
            self._build(Path(self.root))
        if self.target_name == "sdist":
            return
        # A copy beside an editable install would grow old with the next build; `make` links to it instead.
        if version != "editable":
            build_data["shared_data"][EXTENSION] = EXTENSION_PLACE

    def _build(self, root: Path) -> None:
        js = root / "js"
        inputs = max(
            newest(js / "src", js / "lab"),
            (js / "package-lock.json").stat().st_mtime,
            (js / "build.mjs").stat().st_mtime,
        )
        # Written last, in this order.
        built = (root / BUILT, root / EXTENSION / "package.json")
        if all(file.exists() and file.stat().st_mtime >= inputs for file in built):
            return
        npm = shutil.which("npm")
        if npm is None:
            raise RuntimeError(
                f"The browser module {BUILT} is not built, and npm was not found to build it: "
                "install node >= 20 with npm, or install hermes-hud-widget from a wheel."
            )
        subprocess.run([npm, "ci", "--ignore-scripts"], cwd=js, check=True)
        subprocess.run([npm, "run", "build"], cwd=js, check=True)
