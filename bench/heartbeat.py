"""How long a server's event loop does not answer, seen from outside, beside how long this machine lets anybody wait."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from bench import statistics
from bench.row import NotMeasuredError

ROOT = Path(__file__).parent.parent
Beat = tuple[float, float]
"""When it was asked, in seconds since the epoch, and how long the answer took, in ms."""


class Heartbeat:
    """Asks `GET /healthz`, which the event loop answers by itself, all the time until `stop`.

    Args:
        port: The server's port; None: a process that does nothing else but answer.
    """

    def __init__(self, port: int | None) -> None:
        self._echo: subprocess.Popen[str] | None = None
        if port is None:
            self._echo = _start("--echo")
            port = int(_line(self._echo))
        self._process = _start(str(port))
        _line(self._process)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in (self._process, self._echo):
            if process is not None:
                process.kill()
                process.wait(10)
                for stream in (process.stdin, process.stdout):
                    if stream is not None:
                        stream.close()

    def stop(self) -> list[Beat]:
        """Stops asking; returns every beat.

        Raises:
            NotMeasuredError: The server stopped answering for good.
        """
        assert self._process.stdin is not None
        self._process.stdin.close()
        beats: list[Beat] = [(at, took) for at, took in json.loads(_line(self._process))]
        return beats


def stall(beats: list[Beat], began: float, ended: float, idle: float) -> float:
    """The longest time without an answer within a period, beyond what an idle server takes, in ms.

    Args:
        beats: All that was measured.
        began: Seconds since the epoch.
        ended: Seconds since the epoch.
        idle: What an answer takes when nothing happens, in ms.

    Raises:
        NotMeasuredError: Nothing was asked in that period.
    """
    found = [took for at, took in beats if at + took / 1_000 >= began and at <= ended]
    if not found:
        raise NotMeasuredError("the event loop was not asked in that period")
    return max(0.0, max(found) - idle)


def idle_beat(beats: list[Beat], until: float) -> float:
    """The median answer before an instant, in ms."""
    return statistics.median([took for at, took in beats if at < until])


def _start(argument: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "bench.pulse", argument],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise NotMeasuredError("the process that asks the server ended; its last words are above")
    return line
