"""What Jupyter finds of ours: an entry point, and JupyterLab's extension as it was built."""

from __future__ import annotations

import json
import re
import sys
import warnings
from hashlib import sha256
from importlib.metadata import entry_points
from importlib.resources import files
from pathlib import Path
from typing import Any

from jupyter_server_proxy.config import ServerProcess

from hermes_hud_widget import __version__
from hermes_hud_widget.lab import server
from hermes_hud_widget.widget import THEMES

EXTENSION = Path(str(files("hermes_hud_widget"))) / "labextension"


def described(name: str = "package.json") -> dict[str, Any]:
    """One of the extension's JSON files."""
    found: dict[str, Any] = json.loads((EXTENSION / name).read_text("utf-8"))
    return found


def test_jupyter_server_proxy_takes_the_entry_point_for_a_private_quiet_server() -> None:
    (found,) = entry_points(group="jupyter_serverproxy_servers", name="hermes-hud")
    assert found.load() is server
    with warnings.catch_warnings():
        # traitlets warns of names that it does not know.
        warnings.simplefilter("error")
        process = ServerProcess(name="hermes-hud", **server())
    assert process.command[:4] == [sys.executable, "-P", "-m", "hermes_hud_widget.server"]
    assert process.unix_socket is True
    assert process.update_last_activity is False
    assert not process.launcher_entry.enabled


def test_the_extension_names_its_files_by_their_content_since_browsers_keep_them() -> None:
    static = {file.name for file in (EXTENSION / "static").iterdir()}
    load = described()["jupyterlab"]["_build"]["load"].removeprefix("static/")
    assert {re.sub(r"\.[0-9a-f]{16}\.", ".", name) for name in static} == {"remoteEntry.js", "hud.js"}
    for name in static:
        digest = sha256((EXTENSION / "static" / name).read_bytes()).hexdigest()
        assert name.split(".")[1] == digest[:16]
    assert load in static
    (hud,) = static - {load}
    assert hud in (EXTENSION / "static" / load).read_text("utf-8")


def test_the_extension_is_of_this_version_and_holds_this_widget() -> None:
    assert described()["version"] == __version__
    (hud,) = (EXTENSION / "static").glob("hud.*.js")
    assert hud.read_bytes() == (EXTENSION.parent / "static/widget.js").read_bytes()


def test_the_extension_is_uninstalled_with_the_package() -> None:
    assert described("install.json")["packageName"] == described()["name"] == "hermes-hud-widget"


def test_the_settings_offer_every_theme() -> None:
    properties = described("schemas/hermes-hud-widget/plugin.json")["properties"]
    assert properties["theme"]["enum"] == list(THEMES)
    assert set(properties) == {"home", "profile", "panels", "theme"}
