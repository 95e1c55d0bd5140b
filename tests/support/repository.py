"""What a user of git does."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


def git(folder: Path, *arguments: str, **environment: str) -> str:
    """Runs git there as somebody called Mira, without any configuration of the machine; what it says."""
    plain = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    who = {
        f"GIT_{role}_{fact}": value
        for role in ("AUTHOR", "COMMITTER")
        for fact, value in (("NAME", "Mira"), ("EMAIL", "m@x"))
    }
    command = ["git", "-c", "protocol.file.allow=always", *arguments]
    return subprocess.run(
        command,
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
        env={**plain, **who, "GIT_CONFIG_GLOBAL": os.devnull, **environment},
    ).stdout.strip()
