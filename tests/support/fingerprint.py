"""What a home is made of, to tell whether anyone touched it."""

from __future__ import annotations

import hashlib
from pathlib import Path


def fingerprint(home: Path) -> dict[str, str]:
    """Type, mode, size, modification time and SHA-256 of everything below `home`, itself included."""
    return {str(path.relative_to(home)): _describe(path) for path in [home, *sorted(home.rglob("*"))]}


def _describe(path: Path) -> str:
    status = path.lstat()
    digest = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "-"
    return f"{status.st_mode:o} {status.st_size} {status.st_mtime_ns} {digest}"
