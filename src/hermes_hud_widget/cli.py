"""The command `hermes-hud`."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence

from hermes_hud_widget._version import __version__
from hermes_hud_widget.errors import HudError
from hermes_hud_widget.place import find_place


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    parser = argparse.ArgumentParser(
        prog="hermes-hud", description="Shows live what a Hermes agent knows and does."
    )
    parser.add_argument("--version", action="version", version=f"hermes-hud {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser(
        "serve",
        help="run the server until it is stopped",
        description="Runs the server on 127.0.0.1 until it is stopped. Its first line on stdout is one JSON object: "
        "url, token, pid, protocol, homes.",
    )
    serve.add_argument(
        "--home", metavar="DIR", help="the Hermes home (default: $HERMES_HOME, else ~/.hermes)"
    )
    serve.add_argument("--profile", metavar="NAME", help="a profile of that home")
    serve.add_argument("--port", type=_port, default=0, help="TCP port; 0, the default, takes a free one")
    chosen = parser.parse_args(arguments)
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    try:
        place = find_place(chosen.home, chosen.profile)
        from hermes_hud_widget.server.process import serve as run

        run([place], port=chosen.port)
    except HudError as error:
        print(f"hermes-hud: {error}", file=sys.stderr)  # noqa: T201
        return 2
    except OSError as error:
        print(f"hermes-hud: port {chosen.port}: {error.strerror}", file=sys.stderr)  # noqa: T201
        return 2
    return 0


def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError(f"expected 0 to 65535, got {number}")
    return number
