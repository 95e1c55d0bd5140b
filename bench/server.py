"""The HUD's server as the kernel starts it, and what its process costs."""

from __future__ import annotations

import re
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from hermes_hud_widget.client.child import Endpoint, ServerChild
from hermes_hud_widget.client.rest import get
from hermes_hud_widget.place import find_place


class Server:
    """A server process of the bench's own."""

    def __init__(self) -> None:
        self._child = ServerChild(lambda _: None)
        self.endpoint: Endpoint = self._child.endpoint()
        self._process = psutil.Process(self._child.pid)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._child.close()

    def open(self, home: Path) -> str:
        """Opens a home and returns its id."""
        return self._child.open(find_place(home, None))

    def get(self, *path: str) -> bytes:
        """The body of a REST call; the parts of its path below `/api`."""
        return get(self.endpoint, path)

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
