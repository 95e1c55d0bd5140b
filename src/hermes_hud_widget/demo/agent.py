"""The simulated agent: `python -m hermes_hud_widget.demo.agent --home DIR`, a process of its own.

Fills DIR, says so with one line of JSON on stdout, and works in it until its stdin closes or it is
terminated; then it removes DIR.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
import time
from pathlib import Path

from hermes_hud_widget.demo.directory import is_demo_directory, remove_directory
from hermes_hud_widget.demo.home import DemoHome
from hermes_hud_widget.place import DEMO_MARKER

FIRST_CHANGE_WITHIN_S = 0.6
LONGEST_SILENCE_S = 1.3
"""When all sessions wait for longer, the wait is cut short: the demo is there to be watched."""
SLOWER_AFTER_S = 30 * 60
SLOWER_BY = 2.5
"""After that time the three live sessions together make one turn in about ten seconds."""


def main(arguments: list[str] | None = None) -> int:
    """Plays a Hermes agent at work in a made-up home."""
    parser = argparse.ArgumentParser(prog="python -m hermes_hud_widget.demo.agent", description=main.__doc__)
    parser.add_argument("--home", type=Path, required=True, help="an empty directory made by start_demo()")
    parser.add_argument("--seed", type=int, default=7, help="what its past looks like")
    parser.add_argument("--speed", type=float, default=1.0, help="2 is twice as fast")
    options = parser.parse_args(arguments)
    path: Path = options.home
    # It is removed in the end, so it must not be anything else.
    if not is_demo_directory(path) or {file.name for file in path.iterdir()} != {DEMO_MARKER}:
        parser.error(
            f"--home: expected a fresh directory made for a demo, got {path}; "
            "run `python -m hermes_hud_widget.demo`, which makes one"
        )
    # As Hermes has it; programs such as git, which make folders of their own here, go by it, too.
    os.umask(0o077)
    try:
        signal.signal(signal.SIGTERM, _stop)
        signal.signal(signal.SIGINT, _stop)
        stopped = _stdin_closed()
        home = DemoHome(path, seed=options.seed, now=time.time())
        sys.stdout.write(json.dumps({"home": str(path), "pid": os.getpid()}) + "\n")
        sys.stdout.flush()
        work(home, stopped, options.speed)
        home.close()
    finally:
        remove_directory(path)
    return 0


def work(home: DemoHome, stopped: threading.Event, speed: float) -> None:
    """Lets the home's script go on in real time until `stopped` is set."""
    began = time.monotonic()
    at_most_s = FIRST_CHANGE_WITHIN_S
    for pause in home.script:
        pace = SLOWER_BY if time.monotonic() - began > SLOWER_AFTER_S else 1.0
        if stopped.wait(min(pause, at_most_s) * pace / speed):
            return
        at_most_s = LONGEST_SILENCE_S


def _stdin_closed() -> threading.Event:
    """An event that is set when whoever started this process closes its stdin or dies."""
    closed = threading.Event()

    def read_to_the_end() -> None:
        # The bare descriptor: a thread blocked in sys.stdin makes the interpreter's end a fatal error.
        while os.read(0, 4096):
            pass
        closed.set()

    threading.Thread(target=read_to_the_end, name="stdin", daemon=True).start()
    return closed


def _stop(number: int, frame: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise SystemExit(0)


if __name__ == "__main__":
    sys.exit(main())
