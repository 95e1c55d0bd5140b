"""`make demo`: JupyterLab with the notebook already run, on a made-up home or on a real one.

Everything it writes lies in a temporary folder, which goes away with it; nothing is fetched from the network.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
import webbrowser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.blocking.client import BlockingKernelClient

from hermes_hud_widget.demo import start_demo

TOOLS = Path(__file__).parent
NOTEBOOKS = TOOLS.parent / "notebooks"
NOTEBOOK = "demo.ipynb"
BY_HAND = "run-by-hand"
"""Cells with this tag are left for the reader."""

START_TIMEOUT_S = 90.0
CELL_TIMEOUT_S = 60.0

SERVER_SETTINGS: dict[str, dict[str, Any]] = {
    "ServerApp": {"ip": "127.0.0.1", "port": 0, "open_browser": False, "terminals_enabled": False},
    "LabApp": {
        "news_url": None,
        "check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
        "extension_manager": "readonly",
    },
    "LanguageServerManager": {"autodetect": False},
}
PAGE_SETTINGS: dict[str, dict[str, Any]] = {
    "@jupyterlab/apputils-extension/notification": {
        "checkForUpdates": False,
        "fetchNews": "false",
        "doNotDisturbMode": True,
    },
}


def main() -> int:
    """Runs until it is interrupted or terminated, or until JupyterLab is shut down in the browser."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument(
        "--home", type=Path, help="a real Hermes home, to be read; without it a demo home is made"
    )
    home: Path | None = parser.parse_args().home
    if home is not None and not home.expanduser().is_dir():
        parser.error(f"--home: expected a directory, got {home}")
    signal.signal(signal.SIGTERM, stop)
    with contextlib.suppress(KeyboardInterrupt), hermes_home(home) as shown, lab(shown) as server:
        say("Running the notebook …")
        server.run_notebook()
        say()
        say(f"  {server.url}lab/tree/{NOTEBOOK}?token={server.token}")
        say()
        if server.open_browser():
            say("It is open in your browser.", end=" ")
        else:
            say("Open this address in a browser.", end=" ")
        say(f"The HUD shows {shown}{' (read only)' if home else ', where a simulated agent works'}.")
        say("Press Ctrl-C here to stop and clean up.")
        server.wait()
    say("Stopped.")
    return 0


class LabServer:
    """A running JupyterLab.

    Args:
        folder: Where its notebooks, settings and runtime files are.
        process: The keeper that runs it.
    """

    def __init__(self, folder: Path, process: subprocess.Popen[bytes]) -> None:
        self._folder = folder
        self._process = process
        announced = self._announcement()
        self.url: str = announced["url"]
        self.token: str = announced["token"]

    def run_notebook(self) -> None:
        """Starts the notebook's kernel, runs its cells and saves what they show.

        The page that opens the notebook later joins this kernel, so its widgets are alive at once.
        """
        path = self._folder / "notebooks" / NOTEBOOK
        notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
        wanted = {"path": NOTEBOOK, "name": NOTEBOOK, "type": "notebook", "kernel": {"name": "python3"}}
        kernel_id = self._request("POST", "api/sessions", wanted)["kernel"]["id"]
        client = BlockingKernelClient(
            connection_file=str(self._folder / "runtime" / f"kernel-{kernel_id}.json")
        )
        client.load_connection_file()
        client.start_channels()
        try:
            client.wait_for_ready(timeout=START_TIMEOUT_S)
            information = client.kernel_info(reply=True, timeout=START_TIMEOUT_S)["content"]
            # What JupyterLab would write into it on opening, and then ask whether to save.
            notebook.metadata["language_info"] = information["language_info"]
            for cell in notebook.cells:
                if cell.cell_type == "code":
                    if BY_HAND not in cell.metadata.get("tags", []):
                        run_cell(client, cell)
                    # Saved as trusted, else JupyterLab would not draw a widget before the cell is run again.
                    cell.metadata["trusted"] = True
        finally:
            client.stop_channels()
        self._request("PUT", f"api/contents/{NOTEBOOK}", {"type": "notebook", "content": notebook})

    def open_browser(self) -> bool:
        """Opens the notebook, where there is a screen to open it on; returns whether it did."""
        has_screen = sys.platform in ("darwin", "win32") or bool(
            os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
        )
        return has_screen and webbrowser.open(f"{self.url}lab/tree/{NOTEBOOK}?token={self.token}")

    def wait(self) -> None:
        """Returns when JupyterLab has ended."""
        self._process.wait()

    def _announcement(self) -> dict[str, str]:
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline and self._process.poll() is None:
            for file in (self._folder / "runtime").glob("jpserver-*.json"):
                # It may be half written yet.
                with contextlib.suppress(json.JSONDecodeError, OSError):
                    announced: dict[str, str] = json.loads(file.read_text("utf-8"))
                    self.url, self.token = announced["url"], announced["token"]
                    self._request("GET", "api/status")
                    return announced
            time.sleep(0.05)
        log = (self._folder / "lab.log").read_text("utf-8", "replace")
        raise SystemExit(
            f"JupyterLab was expected to start within {START_TIMEOUT_S:.0f} s. Its last words:\n{log[-2000:]}"
        )

    def _request(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        request = urllib.request.Request(
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"token {self.token}", "Content-Type": "application/json"},
        )
        # A proxy from the environment has no business here: this is the loopback interface.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=START_TIMEOUT_S) as response:
            return json.loads(response.read() or b"null")


@contextlib.contextmanager
def hermes_home(home: Path | None) -> Iterator[Path]:
    """The home to show: the one given, or a demo's, which is removed in the end."""
    if home is not None:
        yield home.expanduser().resolve()
        return
    with start_demo() as demo:
        yield demo.home


@contextlib.contextmanager
def lab(home: Path) -> Iterator[LabServer]:
    """A JupyterLab whose kernels find `home` in `$HERMES_HOME`; ends with the block, or with this process."""
    folder = Path(tempfile.mkdtemp(prefix="hermes-hud-lab-"))
    try:
        process = start_lab(folder, home)
    except BaseException:
        shutil.rmtree(folder)
        raise
    try:
        yield LabServer(folder, process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait()


def start_lab(folder: Path, home: Path) -> subprocess.Popen[bytes]:
    """Copies the notebooks, writes the settings, and starts the keeper that runs JupyterLab."""
    ignored = shutil.ignore_patterns(".ipynb_checkpoints")
    shutil.copytree(NOTEBOOKS, folder / "notebooks", ignore=ignored)
    (folder / "runtime").mkdir(mode=0o700)
    write_json(folder / "config" / "jupyter_lab_config.json", SERVER_SETTINGS)
    for name, values in PAGE_SETTINGS.items():
        write_json(folder / "config" / "lab" / "user-settings" / f"{name}.jupyterlab-settings", values)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
    environment |= {
        "HERMES_HOME": str(home),
        "IPYTHONDIR": str(folder / "ipython"),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "JUPYTER_PREFER_ENV_PATH": "1",
    }
    command = [sys.executable, "-m", "jupyterlab"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    with (folder / "lab.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, str(TOOLS / "keeper.py"), str(folder), *command],
            cwd=folder / "notebooks",
            env=environment,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def run_cell(client: BlockingKernelClient, cell: Any) -> None:
    """Runs one cell and puts what it shows into it."""
    cell.outputs = []

    def keep(message: dict[str, Any]) -> None:
        if message["header"]["msg_type"] in ("stream", "display_data", "execute_result", "error"):
            output = nbformat.v4.output_from_msg(message)  # type: ignore[no-untyped-call]
            cell.outputs.append(output)

    # As a page would run it, which is what shows it: where nobody could answer, a HUD leaves a static snapshot only.
    reply = client.execute_interactive(
        cell.source, timeout=CELL_TIMEOUT_S, output_hook=keep, allow_stdin=True, store_history=True
    )
    content = reply["content"]
    cell.execution_count = content["execution_count"]
    if content["status"] == "error":
        say(f"A cell failed: {content['ename']}: {content['evalue']}")


def write_json(file: Path, value: object) -> None:
    """Writes a file, and the folders it lies in."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(value), "utf-8")


def say(text: str = "", end: str = "\n") -> None:
    """Prints at once, also into a pipe."""
    print(text, end=end, flush=True)


def stop(number: int, frame: object) -> None:
    """Turns the wish to terminate into an exception, so that everything is closed on the way out."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise SystemExit(0)


if __name__ == "__main__":
    sys.exit(main())
