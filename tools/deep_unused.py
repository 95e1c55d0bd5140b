"""Part of `make deep`: vulture, which is told what only the browser reads.

What pyproject.toml lists under `[tool.vulture]` is used in ways that no tool can see.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from schema import schema

BROWSER = Path("js/src")
GENERATED = BROWSER / "generated"


def main() -> int:
    """Vulture's exit code: 0 when nothing is unused."""
    texts = (
        file.read_text(encoding="utf-8") for file in BROWSER.rglob("*.ts*") if GENERATED not in file.parents
    )
    words = {word for text in texts for word in re.findall(r"\w+", text)}
    with tempfile.TemporaryDirectory(prefix="hermes-hud-deep-") as folder:
        read_by_the_browser = Path(folder) / "browser.py"
        read_by_the_browser.write_text("\n".join(sorted(set(fields(schema())) & words)), encoding="utf-8")
        program = str(Path(sys.executable).with_name("vulture"))
        return subprocess.run(
            [program, "src", "tools", "bench", str(read_by_the_browser)], check=False
        ).returncode


def fields(part: Any) -> Iterator[str]:
    """The names of all fields of all messages and payloads."""
    match part:
        case dict():
            yield from part.get("properties", {})
            for value in part.values():
                yield from fields(value)
        case list():
            for value in part:
                yield from fields(value)


if __name__ == "__main__":
    sys.exit(main())
