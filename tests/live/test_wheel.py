"""What `make dist` makes, and so what `pip install` installs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

from hermes_hud_widget.engine import LANGUAGES, PARTS
from hermes_hud_widget.panels import BUILT_IN
from hermes_hud_widget.views import GENERIC
from support.dist import make_dist

EXTENSION = ".data/data/share/jupyter/labextensions/hermes-hud-widget/"


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the sdist of this checkout."""
    return make_dist(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def wheel(dist: Path) -> zipfile.ZipFile:
    """The wheel."""
    (built,) = dist.glob("*.whl")
    return zipfile.ZipFile(built)


def test_the_sdist_makes_the_same_wheel_without_node(
    dist: Path, wheel: zipfile.ZipFile, tmp_path: Path
) -> None:
    (sdist,) = dist.glob("*.tar.gz")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(tmp_path)]
    # No program but Python's own is to be found.
    environment = {**os.environ, "PATH": str(Path(sys.executable).parent)}
    subprocess.run([*command, str(sdist)], check=True, timeout=300, env=environment)
    (built,) = tmp_path.glob("*.whl")
    again = zipfile.ZipFile(built)
    # The record of a wheel lists what is in it, and how large it is.
    assert {info.filename: info.CRC for info in again.infolist()} == {
        info.filename: info.CRC for info in wheel.infolist()
    }


def test_the_wheel_holds_the_built_browser_modules_and_no_source_of_them(wheel: zipfile.ZipFile) -> None:
    names = wheel.namelist()
    prefix = "hermes_hud_widget/static/"
    static = {name.removeprefix(prefix) for name in names if name.startswith(prefix)}
    views = {f"views/{name}.js" for name in (*(panel.name for panel in BUILT_IN), GENERIC)}
    further = {f"core/{part}.js" for part in PARTS} | {f"i18n/{language}.js" for language in LANGUAGES}
    page = {"page/index.html", "page/page.js", "page/style.css"}
    assert static == {"widget.js", *views, *further, *page}
    assert not [name for name in names if name.endswith((".map", ".ts", ".tsx")) or "node_modules" in name]
    assert "hermes_hud_widget/demo/schema.sql" in names
    assert "hermes_hud_widget/py.typed" in names


def test_the_wheel_puts_the_extension_where_jupyterlab_looks_for_it(wheel: zipfile.ZipFile) -> None:
    placed = {name.partition(EXTENSION)[2] for name in wheel.namelist() if EXTENSION in name}
    assert {"package.json", "install.json", "schemas/hermes-hud-widget/plugin.json"} <= placed
    assert {name.split(".")[0] for name in placed if name.startswith("static/")} == {
        "static/hud",
        "static/remoteEntry",
    }
    assert not [name for name in wheel.namelist() if name.startswith("hermes_hud_widget/labextension")]


def test_the_core_module_stays_small(wheel: zipfile.ZipFile) -> None:
    # It travels raw over the comm for every model, and is stored with saved widget state.
    assert wheel.getinfo("hermes_hud_widget/static/widget.js").file_size <= 80_000


def test_what_the_first_paint_loads_stays_small(wheel: zipfile.ZipFile) -> None:
    first = ("widget.js", "core/parts.js", f"views/{BUILT_IN[0].name}.js")
    assert sum(wheel.getinfo(f"hermes_hud_widget/static/{name}").file_size for name in first) <= 110_000


def test_the_modules_ask_for_nothing_from_elsewhere(wheel: zipfile.ZipFile) -> None:
    for name in wheel.namelist():
        if name.endswith(".js"):
            text = wheel.read(name).decode()
            assert "sourceMappingURL" not in text
            # The names of XML's own languages look like addresses, and are not fetched.
            assert re.findall(r"https?://(?!www\.w3\.org/)|importScripts", text) == [], name


def test_one_install_brings_everything_for_widget_server_and_frames(wheel: zipfile.ZipFile) -> None:
    (metadata,) = [name for name in wheel.namelist() if name.endswith("METADATA")]
    required = Parser().parsestr(wheel.read(metadata).decode()).get_all("Requires-Dist") or []
    names = {requirement.split(">")[0].split(";")[0].strip() for requirement in required}
    assert {
        "anywidget",
        "fastapi",
        "ipykernel",
        "pandas",
        "pyarrow",
        "traitlets",
        "uvicorn",
        "watchfiles",
        "websockets",
    } <= names
    assert "hermes-agent" not in names
