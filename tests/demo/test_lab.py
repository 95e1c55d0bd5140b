"""`make demo`: the launcher's JupyterLab has the notebook run beforehand, and leaves nothing behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest
from playwright.sync_api import sync_playwright

from browser.conftest import CHROMIUM, FLAGS
from demo.waiting import wait_for
from hermes_hud_widget.demo import start_demo

ROOT = Path(__file__).parents[2]


class Launcher:
    """`tools/demo_lab.py` once it has printed its address, with all that it writes below `folder`."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.folder = folder
        unwanted = ("DISPLAY", "WAYLAND_DISPLAY", "HERMES_HOME")
        environment = {name: value for name, value in os.environ.items() if name not in unwanted}
        self._process = subprocess.Popen(
            [sys.executable, str(ROOT / "tools" / "demo_lab.py"), *arguments],
            env={**environment, "TMPDIR": str(folder)},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self._stdout = self._process.stdout
        lines = []
        for line in self._stdout:
            lines.append(line)
            if "Ctrl-C" in line:
                break
        self.said = "".join(lines)
        self.family = psutil.Process(self._process.pid).children(recursive=True)

    @property
    def url(self) -> str:
        """The address that it printed."""
        found = re.search(r"http://127\.0\.0\.1:\d+/\S+", self.said)
        assert found, self.said
        return found[0]

    def notebook(self) -> Any:
        """The notebook as saved for the page."""
        [file] = self.folder.glob("hermes-hud-lab-*/notebooks/demo.ipynb")
        return nbformat.read(file, as_version=4)  # type: ignore[no-untyped-call]

    def send(self, number: int) -> None:
        """Sends it a signal."""
        self._process.send_signal(number)

    def close(self) -> None:
        """Terminates it, if it still runs."""
        self._process.terminate()
        self._process.wait(30)
        self._stdout.close()

    def is_all_gone(self) -> bool:
        """True when none of its processes and none of its files are left."""
        return not any(process.is_running() for process in self.family) and not any(self.folder.iterdir())


Launch = Callable[..., Launcher]


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Launch]:
    """Starts launchers; they are ended with the test."""
    started: list[Launcher] = []
    folder = tmp_path / "temporary"
    folder.mkdir()

    def one(*arguments: str) -> Launcher:
        started.append(Launcher(folder, *arguments))
        return started[-1]

    yield one
    for launcher in started:
        launcher.close()


def outputs(notebook: Any) -> dict[str, Any]:
    return {cell.id: cell.outputs for cell in notebook.cells if cell.cell_type == "code"}


@pytest.mark.live
def test_the_cells_have_run_but_for_the_one_left_to_the_reader(launch: Launch) -> None:
    shown = outputs(launch().notebook())
    assert "application/vnd.jupyter.widget-view+json" in shown["hud"][0]["data"]
    assert shown.pop("change") == []
    assert all(shown.values())
    assert not [output for cell in shown.values() for output in cell if output.output_type == "error"]


@pytest.mark.live
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_it_leaves_nothing_behind(launch: Launch, number: int) -> None:
    launcher = launch()
    assert len(launcher.family) >= 5  # agent, keeper, JupyterLab, kernel, server
    launcher.send(number)
    wait_for(launcher.is_all_gone, "all processes and files gone", 20)


@pytest.mark.live
def test_a_home_that_is_named_is_shown_and_stays(launch: Launch) -> None:
    with start_demo() as real:
        launcher = launch("--home", str(real.home))
        assert str(real.home) in launcher.said
        assert not any(launcher.folder.glob("hermes-hud-demo-*"))
        shown = outputs(launcher.notebook())["hud"][0]["data"]
        assert real.home.name in shown["text/html"]
        assert str(real.home) not in shown["text/html"], "who gets the notebook need not know where it lies"
        launcher.send(signal.SIGTERM)
        wait_for(launcher.is_all_gone, "all processes and files gone", 20)
        assert (real.home / "state.db").exists()


@pytest.mark.browser
def test_the_page_is_alive_without_a_click(launch: Launch) -> None:
    launcher = launch()
    foreign: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page()
        page.on("request", lambda request: foreign.append(request.url))
        page.goto(launcher.url)
        page.locator('[data-hermes-hud][data-state="live"]').wait_for(timeout=60_000)
        panel = page.locator('[data-panel][data-status="ok"]').first
        panel.wait_for(timeout=20_000)
        version = panel.get_attribute("data-version")
        wait_for(lambda: panel.get_attribute("data-version") != version, "the agent's next change", 10)
        browser.close()
    assert [url for url in foreign if not url.startswith(("http://127.0.0.1:", "data:", "blob:"))] == []
