"""Programs other than JupyterLab that show a HUD, and a page of theirs."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import nbformat
import psutil
from nbformat import v4
from playwright.sync_api import Browser, ConsoleMessage

from browser.lab import wait_for
from browser.notebook import LOOPBACK, Hud
from browser.scene import CONVERGED_S, NUMBER, nonce
from support.agent import Agent


def free_port() -> int:
    """A TCP port at which nobody listens just now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def write_notebook(file: Path, *cells: str) -> None:
    """Writes a notebook with these code cells."""
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    code = [v4.new_code_cell(source) for source in cells]
    nbformat.write(v4.new_notebook(cells=code, metadata=metadata), file)


class Host:
    """One running program that serves pages.

    Args:
        process: It.
        port: Its TCP port.
        folder: Its working directory.
    """

    def __init__(self, process: psutil.Process, port: int, folder: Path) -> None:
        self.process = process
        self.url = f"http://127.0.0.1:{port}/"
        self.folder = folder

    def servers(self) -> list[psutil.Process]:
        """The HUD's server processes below it."""
        found = []
        for child in self.process.children(recursive=True):
            try:
                if "hermes_hud_widget.server" in child.cmdline() and child.status() != psutil.STATUS_ZOMBIE:
                    found.append(child)
            except psutil.NoSuchProcess:
                continue
        return found


@contextmanager
def started(folder: Path, module: str, *arguments: str, health: str) -> Iterator[Host]:
    """Runs `python -m MODULE ARGUMENTS` and ends it with all that it started.

    Args:
        folder: Everything that it writes lies below; its working directory.
        module: The module.
        arguments: Its arguments; `{port}` is filled in.
        health: A path that answers once it is ready.
    """
    port, log = free_port(), folder / "host.log"
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "HERMES"))
    }
    environment |= {
        "HOME": str(folder / "user"),
        "IPYTHONDIR": str(folder / "ipython"),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_PATH": str(folder / "share"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
        "JUPYTER_PREFER_ENV_PATH": "1",
        "HERMES_HUD_CACHE": "off",
        "HERMES_HUD_STATE": "off",
    }
    (folder / "user").mkdir()
    with log.open("wb") as output:
        command = [sys.executable, "-m", module, *(one.format(port=port) for one in arguments)]
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=output, stderr=output, start_new_session=True
        )
        host = Host(psutil.Process(process.pid), port, folder)

        def answers() -> bool:
            assert process.poll() is None, f"{module} ended: {log.read_text('utf-8')[-2000:]}"
            try:
                with urllib.request.urlopen(host.url + health, timeout=5):
                    return True
            except urllib.error.HTTPError:
                return True
            except OSError:
                return False

        try:
            wait_for(answers, f"an answer from {module}, see {log}", 60)
            yield host
        finally:
            below = host.process.children(recursive=True) if process.poll() is None else []
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(10)
            # Kernels are in sessions of their own.
            for child in below:
                if child.is_running():
                    child.kill()


def expect_live_updates(hud: Hud, agent: Agent, seconds: float) -> None:
    """Waits until the HUD of a furnished home is live over a socket of its own, and shows what is written then.

    Args:
        hud: It.
        agent: Who writes.
        seconds: So long the host may take to show the first number.
    """
    hud.expect_text(NUMBER, seconds=seconds)
    hud.expect_live("direct")
    hud.show("memory")
    for _ in range(3):
        word = nonce("memory")
        agent.memory([word])
        hud.expect_text(word, seconds=CONVERGED_S)


class Visit:
    """A page of a host in a browser context of its own, and what it said and asked for."""

    def __init__(self, browser: Browser, **context: Any) -> None:
        self.page = browser.new_context(viewport={"width": 1280, "height": 900}, **context).new_page()
        self.allowed: dict[str, str] = {}
        self._errors: list[str] = []
        self._requests: list[str] = []
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self._errors.append(f"uncaught: {error}"))
        self.page.on("request", lambda request: self._requests.append(request.url))
        self.page.on("websocket", lambda opened: self._requests.append(opened.url))

    def hud(self) -> Hud:
        """The HUD on this page, wherever it is: locators look through open shadow roots."""
        return Hud(self.page.locator("[data-hermes-hud]"))

    def close(self) -> None:
        """Leaves the page; no console error and no request off this machine may have been."""
        self.page.goto("about:blank")  # hosts tell their server goodbye when a page is left
        self.page.context.close()
        errors = [one for one in self._errors if not any(re.search(known, one) for known in self.allowed)]
        away = [
            url
            for url in self._requests
            if urlsplit(url).scheme not in {"blob", "data", "about", "chrome"}
            and (urlsplit(url).hostname or "") not in LOOPBACK
            and not any(re.search(known, url) for known in self.allowed)
        ]
        assert not errors + away, "\n".join(errors + away)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            where = message.location.get("url", "") if message.location else ""
            self._errors.append(f"{message.text} ({where})")


@contextmanager
def visited(browser: Browser, url: str, allowed: dict[str, str] | None = None) -> Iterator[Visit]:
    """Opens a page.

    Args:
        browser: Chromium.
        url: Its address.
        allowed: Complaints of the host itself, as patterns, each with the reason why it is not ours.
    """
    visit = Visit(browser)
    visit.allowed |= allowed or {}
    try:
        visit.page.goto(url)
        yield visit
    except BaseException:
        visit.page.context.close()
        raise
    visit.close()
