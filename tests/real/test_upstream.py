"""What this package says of Hermes' own code is what the installed release says."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from hermes_hud_widget.upstream import upstream
from real.agent import REPOSITORY, environment


def test_the_facts_are_those_of_the_installed_release() -> None:
    tool = [str(environment()), "-P", str(REPOSITORY / "tools/upstream.py")]
    said = subprocess.run(tool, check=True, capture_output=True, text=True, timeout=120).stdout
    kept = Path(REPOSITORY, "src/hermes_hud_widget/upstream.json").read_text(encoding="utf-8")
    assert json.loads(kept) == json.loads(said), "run: .venv-hermes/bin/python -P tools/upstream.py"
    assert upstream().version == json.loads(said)["version"]
