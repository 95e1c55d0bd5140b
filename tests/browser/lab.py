"""A JupyterLab of the tests' own: its directories, its settings, its kernels."""

from __future__ import annotations

import json
import os
import signal
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit, urlunsplit

import psutil

T = TypeVar("T")

HUB = "hub.example.test"
"""Not the name of this machine's loopback, though chromium is told that it leads there: as a hub's page looks."""

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


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for loopback and `HUB` that is its own authority, and its key."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
    ]
    command += ["-keyout", str(key), "-out", str(certificate), "-days", "2", "-subj", f"/CN={HUB}"]
    command += ["-addext", f"subjectAltName=DNS:localhost,DNS:{HUB},IP:127.0.0.1"]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key


class Lab:
    """One running JupyterLab.

    Args:
        folder: Everything that it and its kernels write lies below; `folder/user` is their `$HOME`.
        base_url: The path below which all of it is, as a hub gives each user one.
        has_proxy: False leaves jupyter-server-proxy out, as if it were not installed.
        is_https: True serves https with a certificate that nobody signed.
        more: Further options of its command line.
        python: That of the environment it is installed in.
    """

    def __init__(
        self,
        folder: Path,
        *,
        base_url: str = "/",
        has_proxy: bool = True,
        is_https: bool = False,
        more: Sequence[str] = (),
        python: str | Path = sys.executable,
    ) -> None:
        self.folder = folder
        self.user = folder / "user"
        self.notebooks = folder / "notebooks"
        self.settings = folder / "settings"
        for made in (self.user, self.notebooks, self.settings):
            made.mkdir(parents=True)
        for name, values in SETTINGS.items():
            self.set(name, values)
        options = [f"--ServerApp.base_url={base_url}", *more]
        options += [f"--ServerApp.local_hostnames={name}" for name in ("localhost", HUB)]
        if not has_proxy:
            options.append("--ServerApp.jpserver_extensions={'jupyter_server_proxy': False}")
        self._trusted: ssl.SSLContext | None = None
        if is_https:
            certificate, key = make_certificate(folder)
            options += [f"--ServerApp.certfile={certificate}", f"--ServerApp.keyfile={key}"]
            self._trusted = ssl.create_default_context(cafile=str(certificate))
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
        self.log = folder / "lab.log"
        self._log = self.log.open("wb")
        self._process = subprocess.Popen(
            [
                str(python),
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
                *options,
            ],
            env=environment,
            cwd=self.notebooks,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )
        announced = wait_for(self._announcement, f"JupyterLab's start, see {self.log}", 60)
        self.url: str = announced["url"]
        self.token: str = announced["token"]
        wait_for(self._answers, "an answer from JupyterLab", 60)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self.shut_down_kernels()
            os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(10)
        self._log.close()

    def kill(self) -> None:
        """Ends it in a way that it does not notice."""
        self._process.kill()
        self._process.wait(10)

    @property
    def port(self) -> int:
        """The TCP port that it listens at."""
        return urlsplit(self.url).port or 0

    def url_at(self, host: str) -> str:
        """Its address by another name of this machine."""
        return urlunsplit(urlsplit(self.url)._replace(netloc=f"{host}:{self.port}"))

    def processes(self) -> list[psutil.Process]:
        """JupyterLab itself, its kernels and whatever they started."""
        own = psutil.Process(self._process.pid)
        return [own, *own.children(recursive=True)]

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
        with urllib.request.urlopen(request, timeout=20, context=self._trusted) as response:
            body = response.read()
        return json.loads(body) if body else None

    def _announcement(self) -> dict[str, Any] | None:
        if self._process.poll() is not None:
            raise AssertionError(f"JupyterLab ended: {self.log.read_text('utf-8')[-2000:]}")
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
