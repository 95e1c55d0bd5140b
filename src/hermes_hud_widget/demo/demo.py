"""A running demo: a home of its own and the process of the simulated agent that works in it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import weakref
from pathlib import Path
from types import TracebackType
from typing import IO

from hermes_hud_widget.demo.directory import make_directory, remove_directory, sweep_directories

CLOSE_TIMEOUT_S = 5.0


def start_demo(*, seed: int = 7, speed: float = 1.0) -> Demo:
    """A Hermes home in a temporary directory, with a simulated agent that keeps working in it.

    The agent ends and the home is removed by `close()`, at the end of a `with` block, or when this
    process ends in whatever way.

        with start_demo() as demo:
            print(demo.home)

    Args:
        seed: What the agent's past looks like; the same seed gives the same past.
        speed: How fast it works: 2.0 is twice as fast.
    """
    sweep_directories()
    home, lock = make_directory()
    try:
        process = _start_agent(home, lock, seed, speed)
    except BaseException:
        remove_directory(home)
        raise
    finally:
        os.close(lock)
    demo = Demo(home, process)
    try:
        demo._wait_until_ready()
    except BaseException:
        demo.close()
        raise
    return demo


class Demo:
    """A running demo; make one with `start_demo()`.

    Attributes:
        home: The demo's Hermes home.
        pid: Process id of the simulated agent.
    """

    def __init__(self, home: Path, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.home = home
        self.pid = process.pid
        self._process = process
        self._stdin: IO[bytes] = process.stdin
        self._stdout: IO[bytes] = process.stdout
        self._owner = os.getpid()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=_LetGo(self))

    def __enter__(self) -> Demo:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "running" if self._process.returncode is None else "closed"
        return f"<Demo {self.home} {state}>"

    def close(self) -> None:
        """Ends the agent and removes the home; does nothing the second time, or in a forked child."""
        if os.getpid() != self._owner:
            return
        with contextlib.suppress(BrokenPipeError):
            self._stdin.close()
        try:
            self._process.wait(CLOSE_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._stdout.close()
        remove_directory(self.home)

    def _wait_until_ready(self) -> None:
        line = self._stdout.readline()
        if not line:
            code = self._process.wait()
            raise RuntimeError(
                f"The simulated agent was expected to announce its home, but ended with exit code {code}. "
                f"Its error output is above; try `{sys.executable} -m hermes_hud_widget.demo`."
            )
        json.loads(line)


class _LetGo:
    """Closes the agent's pipe in a forked child, which would otherwise keep the agent alive.

    Holds the demo weakly: a hook registered with `os.register_at_fork` can never be taken back.
    """

    def __init__(self, demo: Demo) -> None:
        self._demo = weakref.ref(demo)

    def __call__(self) -> None:
        demo = self._demo()
        if demo is None or demo._stdin.closed:
            return
        # Replaced, not closed: the child's copy of the file object will still close this number.
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, demo._stdin.fileno(), inheritable=False)
        os.close(nothing)


def _start_agent(home: Path, lock: int, seed: int, speed: float) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [
            sys.executable,
            "-P",  # a random.py in the notebook's folder must not be imported instead of the real one
            "-m",
            "hermes_hud_widget.demo.agent",
            f"--home={home}",
            f"--seed={seed}",
            f"--speed={speed}",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        # An interrupt is sent to the kernel's whole process group, and is not meant for the agent.
        start_new_session=True,
        pass_fds=() if sys.platform == "win32" else (lock,),
    )
