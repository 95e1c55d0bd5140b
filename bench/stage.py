"""What the rows have in common: a folder that goes away, the homes, the browser, the scale."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cached_property
from importlib.resources import as_file, files
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

from bench import database, hermes, kept, tree
from bench.agent import Agent, Journal
from bench.scale import Scale

if TYPE_CHECKING:
    from bench.browser import Browser
    from bench.scene import Scene

HERE = Path(__file__).parent
HERMES_VERSION = HERE.parent / "tests" / "real" / "requirements.txt"
MOST_SEARCHABLE = 100_000
"""Up to so many messages are indexed for full-text search, as Hermes does; more would take minutes."""

Way = Literal["direct", "proxied", "comm"]


class Stage:
    """Lives as long as a run; everything it makes goes with it, except for what `kept` keeps."""

    def __init__(self, scale: Scale) -> None:
        self.scale = scale
        self._open = ExitStack()
        self._browser_open = ExitStack()
        self._scene: tuple[tuple[Way, Journal], Scene] | None = None
        self._browser: Browser | None = None
        self._numbers = itertools.count(1)
        self.folder = Path(self._open.enter_context(tempfile.TemporaryDirectory(prefix="hermes-hud-bench-")))
        # Beside what is kept: gigabytes are not for a /tmp in memory, and hard links need one file system.
        self._homes = Path(self._open.enter_context(kept.passing()))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close_browser()
        self._open.close()

    @cached_property
    def large_home(self) -> Path:
        """The home with `scale.history` messages, shared by all rows; each may add some messages to it."""
        return self.make_home(self.scale.history)

    def make_home(self, messages: int) -> Path:
        """A new home with a history of so many messages, the demo's skills and memory, and an agent's session."""
        home = self.empty_home()
        shutil.copyfile(history(messages) / "state.db", home / "state.db")
        database.add_active_session(home / "state.db")
        return home

    @contextmanager
    def passing_home(self, messages: int) -> Iterator[Path]:
        """The same, for one row only."""
        home = self.make_home(messages)
        try:
            yield home
        finally:
            shutil.rmtree(home)

    def empty_home(self) -> Path:
        """A new home without `state.db`."""
        home = self._homes / f"home-{next(self._numbers)}"
        with as_file(files("hermes_hud_widget.demo").joinpath("skeleton")) as skeleton:
            shutil.copytree(skeleton, home)
        return home

    def crowd(self, home: Path, count: int) -> int:
        """Fills a home with so many files that are of no interest; returns how many they are in fact."""
        recipe = kept.Recipe(f"tree-{count}", [HERE / "tree.py"], {"files": count})

        def make(folder: Path) -> Mapping[str, Any]:
            return {"files": tree.fill(folder / "home", count)}

        folder = kept.keep(recipe, make)
        kept.copy_linked(folder / "home", home)
        found: int = kept.made(folder)["files"]
        return found

    def new_folder(self) -> Path:
        """A path at which nothing is yet."""
        return self.folder / f"folder-{next(self._numbers)}"

    @contextmanager
    def agent(self, *homes: Path, journal: Journal = "wal") -> Iterator[Agent]:
        """An agent at work on these homes; closed in order."""
        with Agent(*homes, journal=journal) as agent:
            yield agent
            agent.close()

    def browser(self) -> Browser:
        """JupyterLab and Chromium; started when first asked for."""
        from bench.browser import Browser

        if self._browser is None:
            self._browser = self._browser_open.enter_context(Browser(self.new_folder()))
        return self._browser

    def scene(self, way: Way, journal: Journal = "wal") -> Scene:
        """A notebook with HUDs on the large home and the agent that writes it; kept until another is asked for."""
        from bench.scene import Scene

        if self._scene is not None and self._scene[0] == (way, journal):
            return self._scene[1]
        self.close_scene()
        scene = Scene(self.browser(), self.large_home, way, journal)
        self._scene = (way, journal), scene
        return scene

    def close_scene(self) -> None:
        """Ends notebook and agent, so that nothing of them runs beside another row."""
        if self._scene is not None:
            self._scene[1].close()
            self._scene = None

    def close_browser(self) -> None:
        """Ends JupyterLab and Chromium."""
        self.close_scene()
        self._browser = None
        self._browser_open.close()


def history(messages: int, shelf: Path = kept.SHELF) -> Path:
    """The kept folder with the `state.db` of a history of so many messages, still without an active session."""
    is_searchable = messages <= MOST_SEARCHABLE
    recipe = kept.Recipe(
        f"history-{messages}",
        [HERE / "database.py", HERE / "hermes.py", HERMES_VERSION],
        {"messages": messages, "is_searchable": is_searchable},
    )

    def make(folder: Path) -> Mapping[str, Any]:
        file = folder / "state.db"
        hermes.make_database(file)
        found = database.fill(file, messages, is_searchable=is_searchable)
        return {**vars(found), "bytes": file.stat().st_size}

    return kept.keep(recipe, make, shelf)
