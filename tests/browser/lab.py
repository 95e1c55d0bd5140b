"""A JupyterLab of the tests' own: its directories, its settings, its kernels."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import psutil

T = TypeVar("T")

SETTINGS: dict[str, dict[str, Any]] = {
    "@jupyterlab/apputils-extension/notification": {
        "checkForUpdates": False,
        "fetchNews": "false",
        "doNotDisturbMode": True,
    },
    # Cells out of sight are otherwise taken out of the page.
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
    "@jupyterlab/docmanager-extension/plugin": {"autosave": False},
}


def wait_for(fact: Callable[[], T | None], what: str, seconds: float = 10.0) -> T:
    """Returns the first true value of `fact`, asking every 20 ms; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        value = fact()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}; last value {value!r}")
        time.sleep(0.02)


class Lab:
    """One running JupyterLab.

    Args:
        folder: Everything that it and its kernels write lies below; `folder/user` is their `$HOME`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.user = folder / "user"
        self.notebooks = folder / "notebooks"
        self.settings = folder / "settings"
        for made in (self.user, self.notebooks, self.settings):
            made.mkdir(parents=True)
        for name, values in SETTINGS.items():
            self.set(name, values)
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "HERMES"))
        }
        environment |= {
            "HOME": str(self.user),
            "IPYTHONDIR": str(folder / "ipython"),
            "JUPYTER_CONFIG_DIR": str(folder / "config"),
            "JUPYTER_DATA_DIR": str(folder / "data"),
            "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
            "JUPYTERLAB_SETTINGS_DIR": str(self.settings),
            "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
            "JUPYTER_PREFER_ENV_PATH": "1",
            "PYTHONWARNINGS": "default",
        }
        self._log = (folder / "lab.log").open("wb")
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "jupyterlab",
                "--no-browser",
                "--allow-root",
                f"--ServerApp.root_dir={self.notebooks}",
                "--ServerApp.ip=127.0.0.1",
                "--ServerApp.port=0",
                "--ServerApp.terminals_enabled=False",
                "--LabApp.expose_app_in_browser=True",
                "--LabApp.extension_manager=readonly",
                "--LanguageServerManager.autodetect=False",
            ],
            env=environment,
            cwd=self.notebooks,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )
        announced = wait_for(self._announcement, f"JupyterLab's start, see {self._log.name}", 60)
        self.url: str = announced["url"]
        self.token: str = announced["token"]
        wait_for(self._answers, "an answer from JupyterLab", 60)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shut_down_kernels()
        os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(10)
        self._log.close()

    def set(self, plugin: str, values: dict[str, Any]) -> None:
        """Writes a user setting; pages opened from then on have it."""
        file = self.settings / f"{plugin}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values), "utf-8")

    def unset(self, plugin: str) -> None:
        """Takes a user setting back."""
        (self.settings / f"{plugin}.jupyterlab-settings").unlink(missing_ok=True)

    def kernel_process(self, kernel_id: str) -> psutil.Process:
        """The process of a kernel, found by its connection file."""
        for child in psutil.Process(self._process.pid).children(recursive=True):
            if any(f"kernel-{kernel_id}.json" in part for part in child.cmdline()):
                return child
        raise AssertionError(f"no process of kernel {kernel_id}")

    def shut_down_kernels(self) -> None:
        """Ends all kernels and waits until they are gone."""
        for kernel in self.request("GET", "api/kernels"):
            self.request("DELETE", f"api/kernels/{kernel['id']}")

    def request(self, method: str, path: str) -> Any:
        """One call of Jupyter's REST API."""
        request = urllib.request.Request(
            self.url + path, method=method, headers={"Authorization": f"token {self.token}"}
        )
        with urllib.request.urlopen(request, timeout=20) as response:
            body = response.read()
        return json.loads(body) if body else None

    def _announcement(self) -> dict[str, Any] | None:
        if self._process.poll() is not None:
            raise AssertionError(f"JupyterLab ended: {Path(self._log.name).read_text('utf-8')[-2000:]}")
        for file in (self.folder / "runtime").glob("jpserver-*.json"):
            try:
                found: dict[str, Any] = json.loads(file.read_text("utf-8"))
            except json.JSONDecodeError:
                continue
            return found
        return None

    def _answers(self) -> bool:
        try:
            self.request("GET", "api/status")
        except urllib.error.URLError:
            return False
        return True
