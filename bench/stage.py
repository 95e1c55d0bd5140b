"""What the rows have in common: a folder that goes away, the large home, the browser, the scale."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from importlib.resources import as_file, files
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self

from bench.agent import Agent
from bench.database import make_history
from bench.scale import Scale

if TYPE_CHECKING:
    from bench.browser import Browser
    from bench.scene import Scene

Way = Literal["direct", "comm"]


class Stage:
    """Lives as long as a run; everything it makes lies in one temporary folder."""

    def __init__(self, scale: Scale) -> None:
        self.scale = scale
        self._open = ExitStack()
        self._browser_open = ExitStack()
        self._scene: tuple[Way, Scene] | None = None
        self._browser: Browser | None = None
        self._numbers = itertools.count(1)
        self.folder = Path(self._open.enter_context(tempfile.TemporaryDirectory(prefix="hermes-hud-bench-")))

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
        make_history(home / "state.db", messages)
        return home

    def copy_home(self, home: Path) -> Path:
        """Another home with the same content; nobody may be writing."""
        copy = self._new_folder()
        shutil.copytree(home, copy)
        return copy

    def empty_home(self) -> Path:
        """A new home without `state.db`."""
        home = self._new_folder()
        with as_file(files("hermes_hud_widget.demo").joinpath("skeleton")) as skeleton:
            shutil.copytree(skeleton, home)
        return home

    @contextmanager
    def agent(self, *homes: Path) -> Iterator[Agent]:
        """An agent at work on these homes; closed in order."""
        with Agent(*homes) as agent:
            yield agent
            agent.close()

    def browser(self) -> Browser:
        """JupyterLab and Chromium; started when first asked for."""
        from bench.browser import Browser

        if self._browser is None:
            self._browser = self._browser_open.enter_context(Browser(self._new_folder()))
        return self._browser

    def scene(self, way: Way) -> Scene:
        """A notebook with HUDs on the large home and the agent that writes it; kept until another is asked for."""
        from bench.scene import Scene

        if self._scene is not None and self._scene[0] == way:
            return self._scene[1]
        self.close_scene()
        scene = Scene(self.browser(), self.large_home, way)
        self._scene = way, scene
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

    def _new_folder(self) -> Path:
        return self.folder / f"folder-{next(self._numbers)}"
