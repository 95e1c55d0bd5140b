"""`python -m hermes_hud_widget.demo`: runs a demo until it is stopped, and prints where its home is."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading

from hermes_hud_widget.demo.demo import start_demo


def main(arguments: list[str] | None = None) -> int:
    """Prints `{"home": …, "pid": …}` as one line of JSON, and runs until interrupted or terminated."""
    parser = argparse.ArgumentParser(prog="python -m hermes_hud_widget.demo", description=main.__doc__)
    parser.add_argument("--seed", type=int, default=7, help="what the agent's past looks like")
    parser.add_argument("--speed", type=float, default=1.0, help="2 is twice as fast")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    with start_demo(seed=options.seed, speed=options.speed) as demo:
        sys.stdout.write(json.dumps({"home": str(demo.home), "pid": demo.pid}) + "\n")
        sys.stdout.flush()
        threading.Event().wait()
    return 0


def _stop(number: int, frame: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise SystemExit(0)


if __name__ == "__main__":
    sys.exit(main())
