"""What `pip install .` installs."""

from __future__ import annotations

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

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel that the build backend makes of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--wheel-dir",
        str(folder),
        str(ROOT),
    ]
    subprocess.run(command, check=True, timeout=300, stdout=subprocess.DEVNULL)
    (built,) = folder.glob("*.whl")
    return zipfile.ZipFile(built)


def test_the_wheel_holds_the_built_browser_modules_and_no_source_of_them(wheel: zipfile.ZipFile) -> None:
    names = wheel.namelist()
    static = {name.removeprefix("hermes_hud_widget/static/") for name in names if "/static/" in name}
    views = {f"views/{name}.js" for name in (*(panel.name for panel in BUILT_IN), GENERIC)}
    further = {f"core/{part}.js" for part in PARTS} | {f"i18n/{language}.js" for language in LANGUAGES}
    assert static == {"widget.js", *views, *further}
    assert not [name for name in names if name.endswith((".map", ".ts", ".tsx")) or "node_modules" in name]
    assert "hermes_hud_widget/demo/schema.sql" in names
    assert "hermes_hud_widget/py.typed" in names


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
