"""Where a Hermes home is: the directory, its root, its profile, and an id that tells it from others."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

from hermes_hud_widget.errors import HomeError

DEMO_MARKER = ".hermes-hud-demo"
"""The file that tells a demo's home."""
PROFILE_NAME = re.compile(r"^[a-z0-9][a-z0-9_-]{0,63}$")
"""What Hermes accepts as the name of a profile (`hermes_cli/profiles.py`)."""


@dataclass(frozen=True)
class Place:
    """One home.

    Attributes:
        path: The directory that holds this home's `state.db`; a profile's own directory if one is chosen.
        root: The root home, where shared files live; equal to `path` without a profile.
        profile: The profile's name, None for the root home.
        url: The server that reads it, if that is not this machine's; None for a home of this machine.
    """

    path: Path
    root: Path
    profile: str | None
    url: str | None = None

    @property
    def id(self) -> str:
        """A hash of real path and profile: the same home has the same id in every process."""
        real = os.path.realpath(self.path)
        return hashlib.sha256(f"{real}\0{self.profile or ''}".encode()).hexdigest()[:12]

    @property
    def name(self) -> str:
        """The path as people write it, with the user's directory as `~`."""
        return shown(self.path)

    @property
    def is_demo(self) -> bool:
        """True for a made-up home, which goes with the process that plays it."""
        return (self.root / DEMO_MARKER).is_file()

    def profiles(self) -> tuple[str, ...]:
        """Names of the profiles of this root, sorted."""
        return profiles_of(self.root)


def shown(path: Path) -> str:
    """A path as people write it, with the user's directory as `~`."""
    try:
        return str(Path("~") / path.relative_to(Path.home()))
    except (ValueError, RuntimeError):
        return str(path)


def profiles_of(root: Path) -> tuple[str, ...]:
    """Names of the profiles below a root home, sorted; none if there are none or they cannot be listed."""
    try:
        with os.scandir(root / "profiles") as entries:
            names = [entry.name for entry in entries if entry.is_dir()]
    except OSError:  # no such directory is the normal case; one that can't be listed offers nothing to choose
        return ()
    return tuple(sorted(name for name in names if PROFILE_NAME.fullmatch(name)))


def places_of(root: Path) -> tuple[Place, ...]:
    """The root home and those of its profiles, as `hermes profile list` has them."""
    # A folder of that name is not the profile of that name: that is the root home.
    names = [name for name in profiles_of(root) if name != "default"]
    return (Place(root, root, None), *(Place(root / "profiles" / name, root, name) for name in names))


def find_place(home: str | os.PathLike[str] | None = None, profile: str | None = None) -> Place:
    """Finds the home that the caller means.

    Without `home`: `$HERMES_HOME`, else `~/.hermes` (Windows: `%LOCALAPPDATA%\\hermes`), and there, without
    `profile`, the sticky one named in `active_profile`, as plain `hermes` does. A home that does not exist
    is a place too: it may appear later.

    Args:
        home: The home's directory; `~` is expanded.
        profile: A profile's name; `default` means the root home.

    Raises:
        HomeError: `home` is not a directory or cannot be read, or there is no such profile.
    """
    if home is not None and not isinstance(home, (str, os.PathLike)):
        raise HomeError(f"home={home!r}: expected the path of a directory.")
    if home is not None and not str(home).strip():
        raise HomeError('home="" names nothing; leave it out for $HERMES_HOME or ~/.hermes.')
    try:
        path = Path(home).expanduser().absolute() if home else default_home()
    except RuntimeError as error:  # ~nosuchuser
        raise HomeError(f"The Hermes home {str(home)!r} cannot be found: {error}.") from error
    root = (
        path.parent.parent if path.parent.name == "profiles" and PROFILE_NAME.fullmatch(path.name) else path
    )
    if root != path and profile is None:
        check_readable(path)
        return Place(path, root, path.name)
    check_readable(root)
    chosen = profile
    if profile is None and home is None:
        chosen = active_profile(root)
    if chosen is None or chosen == "default":
        return Place(root, root, None)
    known = profiles_of(root)
    if chosen not in known:
        if profile is None:  # active_profile names one that is gone: Hermes, too, goes on with the root home
            return Place(root, root, None)
        there = ", ".join(("default", *known))
        raise HomeError(f"No profile named {profile!r} in {shown(root)}. There are: {there}.")
    return Place(root / "profiles" / chosen, root, chosen)


def default_home() -> Path:
    """`$HERMES_HOME`, else the platform's default; an empty variable counts as unset, as in Hermes."""
    named = os.environ.get("HERMES_HOME", "").strip()
    if named:
        return Path(named).expanduser().absolute()
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA", "").strip()
        return (Path(local) if local else Path.home() / "AppData" / "Local") / "hermes"
    return Path.home() / ".hermes"


def active_profile(root: Path) -> str | None:
    """The sticky profile named in `active_profile`; None if there is none, or it names the root home."""
    try:
        name = (root / "active_profile").read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):  # absent is the normal case; Hermes ignores an unreadable one, too
        return None
    return name if name and name != "default" and PROFILE_NAME.fullmatch(name) else None


def check_readable(path: Path) -> None:
    """Raises HomeError if `path` is there but no home can be read from it."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return
    except OSError as error:
        raise HomeError(f"The Hermes home {shown(path)} cannot be read: {error.strerror}.") from error
    if not stat.S_ISDIR(mode):
        raise HomeError(f"The Hermes home {shown(path)} is a file; expected a directory such as ~/.hermes.")
    if not os.access(path, os.R_OK | os.X_OK):
        raise HomeError(
            f"The Hermes home {shown(path)} cannot be read: permission denied. "
            "It must belong to the user who runs this process."
        )
