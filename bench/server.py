"""The HUD's server as the kernel starts it, and what its process costs."""

from __future__ import annotations

import json
import os
import re
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import psutil

from bench.row import NotMeasuredError
from hermes_hud_widget.client.child import Endpoint, ServerChild
from hermes_hud_widget.client.rest import get
from hermes_hud_widget.place import find_place

CACHE = "HERMES_HUD_CACHE"
"""Names the folder in which a server leaves what it has read of a history, for the next one."""
READ_S = 120.0
INDEX_S, QUIET_S = 10.0, 2.0

_environment = threading.Lock()


class Server:
    """A server process of the bench's own.

    Args:
        cache: Its index folder; None: an empty one of its own, so that it has read nothing yet.
    """

    def __init__(self, cache: Path | None = None) -> None:
        self._open = ExitStack()
        with ExitStack() as opening:
            if cache is None:
                cache = Path(opening.enter_context(tempfile.TemporaryDirectory(prefix="hermes-hud-bench-")))
            with cached_in(cache):
                self._child = ServerChild(lambda _: None)
            opening.callback(self._child.close)
            self.endpoint: Endpoint = self._child.endpoint()
            self._process = psutil.Process(self._child.pid)
            self._open = opening.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def open(self, home: Path) -> str:
        """Opens a home and returns its id."""
        return self._child.open(find_place(home, None))

    def get(self, *path: str) -> bytes:
        """The body of a REST call; the parts of its path below `/api`."""
        return get(self.endpoint, path)

    def panels(self, home: str) -> list[str]:
        """The names of all panels."""
        return [panel["name"] for panel in json.loads(self.get("homes", home, "panels"))["panels"]]

    def read_all(self, home: str) -> None:
        """Asks for every panel until each shows all that there is.

        Raises:
            NotMeasuredError: One does not, within two minutes.
        """
        deadline = time.monotonic() + READ_S
        for panel in self.panels(home):
            while json.loads(self.get("homes", home, "panels", panel)).get("progress") is not None:
                if time.monotonic() > deadline:
                    raise NotMeasuredError(f"the panel {panel} was not read to its end in {READ_S:.0f} s")
                time.sleep(0.05)

    def cpu_s(self) -> float:
        """Processor time of the process and those below it so far: user and system, in seconds.

        From `/proc/PID/stat`, which counts in steps of 10 ms. Raises when the server is gone.
        """
        times = [each.cpu_times() for each in (self._process, *self._process.children(recursive=True))]
        return sum(one.user + one.system for one in times)

    def peak_memory_mb(self) -> float:
        """The most memory that the process held at once (VmHWM), in MB of 1,000,000 bytes."""
        status = Path(f"/proc/{self._process.pid}/status").read_text("utf-8")
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        assert found is not None, "no VmHWM: this needs Linux"
        return int(found[1]) * 1_024 / 1e6

    def holdings(self) -> Holdings:
        """What the process holds now."""
        with self._process.oneshot():
            return Holdings(
                self._process.memory_info().rss / 1e6, self._process.num_fds(), self._process.num_threads()
            )

    def read_from_disk_mb(self) -> float:
        """How much the process had to fetch from the disk so far, in MB of 1,000,000 bytes; not what was cached."""
        return float(self._process.io_counters().read_bytes) / 1e6


def has_index(cache: Path) -> bool:
    """True once a server has left something in its index folder and wrote nothing for 2 s; waits for it up to 10 s."""
    deadline = time.monotonic() + INDEX_S
    before, since = _sizes(cache), time.monotonic()
    while time.monotonic() < deadline:
        time.sleep(0.1)
        found = _sizes(cache)
        if found != before:
            before, since = found, time.monotonic()
        elif any(found.values()) and time.monotonic() - since > QUIET_S:
            return True
    return False


def _sizes(folder: Path) -> dict[Path, int]:
    sizes = {}
    # Unlike `rglob`, it goes on where a folder is renamed meanwhile.
    for parent, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                sizes[Path(parent, name)] = Path(parent, name).stat().st_size
    return sizes


class Holdings(NamedTuple):
    """What a process holds at a moment; the memory in MB of 1,000,000 bytes, resident."""

    memory_mb: float
    descriptors: int
    threads: int


@contextmanager
def cached_in(folder: Path) -> Iterator[None]:
    """While a server is started, which takes over this process' environment."""
    with _environment:
        before = os.environ.get(CACHE)
        os.environ[CACHE] = str(folder)
        try:
            yield
        finally:
            if before is None:
                del os.environ[CACHE]
            else:
                os.environ[CACHE] = before
