"""What a user gets: the wheel alone in an environment of its own, where there is no node."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from browser.lab import Lab
from browser.notebook import Notebook
from browser.scene import NUMBER, cell, furnish, nonce
from support.agent import MakeAgent
from support.dist import ROOT, make_dist


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` of an environment with `pip install "hermes-hud-widget[lab]" jupyterlab`, of the wheel.

    What it brings along is kept for the next time, until a version changes.
    """
    [wheel] = make_dist(tmp_path_factory.mktemp("dist")).glob("*.whl")
    pins = (ROOT / "constraints.txt", ROOT / "pyproject.toml")
    key = hashlib.sha256(b"".join(file.read_bytes() for file in pins)).hexdigest()[:12]
    folder = ROOT / ".cache" / f"install-{key}"
    bin = folder / "bin"
    pip = [
        str(bin / "python"),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-compile",
        "--disable-pip-version-check",
    ]
    if not (folder / ".ready").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        constrained = [*pip, "--constraint", str(ROOT / "constraints.txt")]
        run_without_node([*constrained, f"{wheel}[lab]", "jupyterlab"], bin)
        (folder / ".ready").touch()
    else:
        run_without_node([*pip, "--force-reinstall", "--no-deps", str(wheel)], bin)
    return bin


@pytest.fixture
def its_lab(installed: Path, tmp_path: Path) -> Iterator[Lab]:
    """That environment's JupyterLab."""
    with Lab(tmp_path / "lab", python=installed / "python") as lab:
        yield lab


def run_without_node(command: list[str], bin: Path) -> str:
    """Runs a command where no program but those of `bin` is to be found; returns what it said."""
    environment = {**os.environ, "PATH": str(bin)}
    done = subprocess.run(
        command, env=environment, check=True, timeout=300, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    return done.stdout.decode()


@pytest.mark.timeout(400)  # the first time, some hundred packages are installed
def test_the_wheel_alone_brings_a_live_hud_and_the_side_panel(
    agent: MakeAgent, installed: Path, its_lab: Lab, browser: Browser
) -> None:
    listed = run_without_node([str(installed / "jupyter"), "labextension", "list"], installed)
    assert re.search(r"hermes-hud-widget v\S+ .*enabled.*OK", listed), listed
    one = furnish(agent())
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    notebook = Notebook(
        its_lab, page, "installed", [cell(one), "import hermes_hud_widget as hud\nprint(hud.__file__)"]
    )
    notebook.open()
    notebook.run(0)
    hud = notebook.hud()
    hud.expect_text(NUMBER, seconds=20)
    hud.expect_live()
    hud.show("memory")
    word = nonce("installed")
    one.memory([word])
    hud.expect_text(word, seconds=2)
    notebook.run(1)
    assert str(installed.parent) in notebook.output(1)
    page.context.close()
    assert not notebook.complaints()
