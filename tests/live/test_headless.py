"""A notebook that a program runs: nbclient, papermill, nbconvert. Nobody looks, and what is saved is passed on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from support.agent import Agent

RUN_S = 60
MARK = "HERMES_HUD_TEST_RUN"
STATE = "application/vnd.jupyter.widget-state+json"
CELLS = (
    "from hermes_hud_widget import HUD\nhud = HUD()\nhud",
    # The token must be known to be looked for; the kernel alone has it.
    "import os, pathlib\n"
    "endpoint = hud._open().runtime.endpoint()\n"
    "_ = pathlib.Path(os.environ['HUD_TOKEN_FILE']).write_text(endpoint.token)",
    "hud.snapshot()",
    "print(repr(hud))",
)
PROGRAMS = {
    "nbclient": ("jupyter", "execute", "--output={folder}/out.ipynb", "{folder}/in.ipynb"),
    "papermill": ("papermill", "--no-progress-bar", "{folder}/in.ipynb", "{folder}/out.ipynb"),
    "nbconvert": ("nbconvert", "--execute", "--to=html", "--output=out.html", "{folder}/in.ipynb"),
}


@dataclass(frozen=True)
class Run:
    """What one program left behind.

    Attributes:
        left: Processes that were there when it had ended: kernels and servers that outlive it.
        saved: The text of what it wrote.
    """

    program: str
    code: int
    said: str
    left: tuple[str, ...]
    saved: str
    token: str

    def outputs(self) -> list[dict[str, Any]]:
        """The outputs of all cells, in order."""
        cells = json.loads(self.saved)["cells"]
        return [output for cell in cells for output in cell.get("outputs", ())]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Run]]:
    """The same notebook run by each program, at the same time."""
    folder = tmp_path_factory.mktemp("ownersfolder")
    with Agent(folder / "hermes") as agent:
        agent.session("20260101_080000_aaaaaa", title="canarytitle", source="cli")
        agent.message("20260101_080000_aaaaaa", "user", "canarymessage")
        agent.tokens(
            "20260101_080000_aaaaaa", input_tokens=1200, output_tokens=340, estimated_cost_usd=0.4161
        )
        agent.memory(["canarymemory"])
        agent.memory(["canaryuser"], "user")
        job = {
            "id": "tides",
            "name": "canaryjob",
            "prompt": "canaryprompt",
            "schedule": {"kind": "interval", "minutes": 60},
        }
        agent.file("cron/jobs.json", json.dumps({"jobs": [job]}).encode())
        started = {name: _start(name, folder / name, agent.home) for name in PROGRAMS}
        yield {name: _finish(name, folder / name, *one) for name, one in started.items()}


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_that_runs_the_notebook_ends_well_and_leaves_no_process(
    runs: dict[str, Run], program: str
) -> None:
    run = runs[program]
    assert run.code == 0, run.said
    assert "hermes_hud" not in run.said, "a traceback or a warning of ours"
    assert run.token, "no server was started: nothing was tried"
    assert run.left == ()


@pytest.mark.parametrize("program", ["nbclient", "papermill"])
def test_the_saved_notebook_shows_the_snapshot_instead_of_a_widget_without_a_kernel(
    runs: dict[str, Run], program: str
) -> None:
    shown, snapshot, printed = (output for output in runs[program].outputs())
    for output in (shown, snapshot):
        # A widget's view beside it would be preferred, and be blank.
        assert set(output["data"]) == {"text/plain", "text/html"}
        assert "".join(output["data"]["text/plain"]).startswith(
            "Hermes HUD · 1 live session · $0.42 today · as of 20"
        )
        html = "".join(output["data"]["text/html"])
        assert "Live sessions" in html
        assert "data:image/svg+xml;base64," in html
    assert "".join(printed["text"]).startswith("Hermes HUD · 1 live session")


def test_the_html_that_nbconvert_makes_shows_the_snapshot(runs: dict[str, Run]) -> None:
    saved = runs["nbconvert"].saved
    assert saved.count("<b>Hermes HUD</b>") == 2
    assert "Live sessions" in saved
    assert '<script type="application/vnd.jupyter.widget-view+json">' not in saved


@pytest.mark.parametrize("program", PROGRAMS)
def test_nothing_that_is_saved_has_the_token_a_text_of_the_agent_or_a_path(
    runs: dict[str, Run], program: str
) -> None:
    saved = runs[program].saved
    assert STATE in saved, "no widget state is saved: nothing was tried"
    assert runs[program].token not in saved
    for canary in ("canarytitle", "canarymessage", "canarymemory", "canaryuser", "canaryjob", "canaryprompt"):
        assert canary not in saved
    if program == "papermill":  # it notes itself where the notebooks are
        notebook = json.loads(saved)
        del notebook["metadata"]["papermill"]
        saved = json.dumps(notebook)
    assert "ownersfolder" not in saved


def _start(program: str, folder: Path, home: Path) -> tuple[subprocess.Popen[str], str]:
    """Starts a program on the notebook, with directories of its own; its processes carry a mark."""
    folder.mkdir()
    (folder / "in.ipynb").write_text(json.dumps(_notebook()), "utf-8")
    mark = uuid.uuid4().hex
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "HERMES"))
    }
    environment |= {
        MARK: mark,
        "HOME": str(folder),
        "HERMES_HOME": str(home),
        "HUD_TOKEN_FILE": str(folder / "token"),
        "IPYTHONDIR": str(folder / "ipython"),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "JUPYTER_PREFER_ENV_PATH": "1",
    }
    module, *arguments = (part.format(folder=folder) for part in PROGRAMS[program])
    command = [sys.executable, "-m", module, *arguments]
    return (
        subprocess.Popen(
            command,
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ),
        mark,
    )


def _finish(program: str, folder: Path, process: subprocess.Popen[str], mark: str) -> Run:
    try:
        code = process.wait(RUN_S)
    finally:
        left = _processes(mark)
        for one in left:
            one.kill()
    assert process.stdout is not None
    with process.stdout:
        said = process.stdout.read()
    saved = next(iter(folder.glob("out.*")), None)
    token = folder / "token"
    return Run(
        program,
        code,
        said,
        tuple(str(one) for one in left),
        saved.read_text("utf-8") if saved else "",
        token.read_text("utf-8") if token.exists() else "",
    )


def _processes(mark: str) -> list[psutil.Process]:
    """All that descend from the program, whoever is their parent now."""
    found: list[psutil.Process] = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == mark and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def _notebook() -> dict[str, Any]:
    cells = [
        {
            "cell_type": "code",
            "id": f"cell-{number}",
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": source,
        }
        for number, source in enumerate(CELLS)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}, "cells": cells}
