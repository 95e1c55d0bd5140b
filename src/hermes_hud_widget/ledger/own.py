"""The directories in which we keep something ourselves, outside of every Hermes home."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from hermes_hud_widget.place import default_home, shown


class RefusedError(OSError):
    """The directory lies where nothing may be written."""


def own_folder(variable: str, usual: Callable[[str], Path]) -> Path | None:
    """Where things are kept; None: nothing is. There is none on Windows, where directories have no descriptors.

    Args:
        variable: The environment variable that names another directory; `off`: nothing is kept.
        usual: The platform's directory for a program of that name, one of `platformdirs`' functions.

    Raises:
        RefusedError: The variable names no place.
    """
    if sys.platform == "win32":
        return None
    named = os.environ.get(variable, "").strip()
    if named.lower() == "off":
        return None
    try:
        path = Path(named).expanduser() if named else usual("hermes-hud-widget")
    except RuntimeError as error:
        raise RefusedError(f"{variable}={named}: {error}") from None
    if not named and not path.is_absolute():
        raise RefusedError(f"there is no home directory to keep it in; {variable} may name a place")
    return path.absolute()


def check_outside(folder: Path, homes: Iterable[Path], variable: str) -> None:
    """Raises RefusedError if the directory lies below a Hermes home: one of these, or one that is known anyway."""
    known = [*homes]
    with suppress(RuntimeError):  # no home directory, so none of Hermes in it
        known += [default_home(), Path.home() / ".hermes"]
    above = (folder, *folder.parents)
    if any(Path(os.path.realpath(home)) in above for home in known) or any(
        os.path.lexists(place / "state.db") for place in above
    ):
        raise RefusedError(
            f"{shown(folder)} lies below a Hermes home, where nothing is written. "
            f"Set {variable} to a directory outside"
        )
