"""What really fills a home: the agent's own checkout with its packages, checkpoints, logs. None of it is read."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.row import NotMeasuredError

TRACKED = 2_000
"""Files in the git checkout, at most; a twentieth of all where that is less."""
TEMPLATES = 40
"""How many different files there are; the others are hard links to them, so that they take no room."""
GIT = ("git", "-c", "user.name=bench", "-c", "user.email=bench@localhost", "-c", "gc.auto=0")


@dataclass(frozen=True)
class _Part:
    """A folder of many files.

    Attributes:
        share: Of all files.
        pattern: A file's path below the home, by its number.
        in_folder: Files in one folder.
    """

    share: float
    pattern: str
    in_folder: int


PARTS = (
    _Part(0.72, "hermes-agent/node_modules/package-{folder}/lib/module-{file}.js", 12),
    _Part(0.17, "hermes-agent/venv/lib/python3.11/site-packages/package_{folder}/module_{file}.py", 25),
    _Part(0.08, "checkpoints/store/objects/{folder:02x}/{file:038x}", 60),
    _Part(0.02, "cache/images/{folder}/image-{file}.png", 100),
    _Part(0.01, "sessions/{folder}/request-{file}.json", 500),
)
LOGS = ("agent", "errors", "gateway", "curator")
LOG_LINE = "2026-01-01 00:00:00,000 INFO run_agent: API call 12: 1,234 tokens in, 56 out\n"


def fill(home: Path, files: int) -> int:
    """Fills a folder with so many files; returns how many there are in fact, which is some more.

    Raises:
        NotMeasuredError: There is no git.
    """
    tracked = _check_out(home / "hermes-agent", min(TRACKED, files // 20))
    logs = home / "logs"
    logs.mkdir()
    for name in LOGS:
        for number in range(4):
            (logs / f"{name}.log{f'.{number}' if number else ''}").write_text(
                LOG_LINE * 2_000, encoding="utf-8"
            )
    templates = list(_templates(home / "cache"))
    rest = files - tracked - len(LOGS) * 4 - len(templates)
    for part in PARTS:
        _link_many(home, part, round(rest * part.share), templates)
    return sum(len(found) for _, _, found in os.walk(home))


def _check_out(folder: Path, files: int) -> int:
    """A git repository with one commit; its objects are as many files again."""
    if shutil.which("git") is None:
        raise NotMeasuredError("there is no git, and a real home has a checkout")
    for number in range(files // 2):
        file = folder / "tools" / f"part_{number // 40}" / f"tool_{number}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"NUMBER = {number}\n" * (1 + number % 50), encoding="utf-8")
    (folder / ".gitignore").write_text("node_modules/\nvenv/\n", encoding="utf-8")
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    for arguments in (("init", "--quiet"), ("add", "."), ("commit", "--quiet", "--message", "The agent")):
        subprocess.run([*GIT, *arguments], cwd=folder, env=environment, check=True)
    return files


def _templates(folder: Path) -> Iterator[Path]:
    folder.mkdir()
    for number in range(TEMPLATES):
        file = folder / f"template-{number}"
        file.write_text("export default 1;\n" * (1 + number * number), encoding="utf-8")
        yield file


def _link_many(home: Path, part: _Part, count: int, templates: list[Path]) -> None:
    for number in range(count):
        folder, place = divmod(number, part.in_folder)
        file = home / part.pattern.format(folder=folder, file=place)
        if place == 0:
            file.parent.mkdir(parents=True)
        os.link(templates[number % len(templates)], file)
