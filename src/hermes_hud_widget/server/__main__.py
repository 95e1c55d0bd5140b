"""`python -m hermes_hud_widget.server`: the kernel's child, or Jupyter's."""

from __future__ import annotations

import os

PARENT = os.getppid()
"""Asked for before anything else is loaded: a parent that has ended by then would not be noticed."""

import argparse  # noqa: E402
import logging  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402

from hermes_hud_widget.server.process import serve, serve_jupyter  # noqa: E402


def main() -> int:
    """Serves until the parent ends; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m hermes_hud_widget.server", description=__doc__)
    parser.add_argument(
        "--unix-socket",
        type=Path,
        metavar="PATH",
        help="serve jupyter-server-proxy there, behind Jupyter's own login, until Jupyter ends; its directory must be of "
        "mode 0700. Without it: serve a kernel on 127.0.0.1, obey it on stdin, and end with that",
    )
    chosen = parser.parse_args()
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    if chosen.unix_socket is None:
        serve([], is_child=True)
        return 0
    try:
        serve_jupyter(chosen.unix_socket, PARENT)
    except OSError as error:
        print(f"hermes-hud: {chosen.unix_socket}: {error}", file=sys.stderr)  # noqa: T201
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
