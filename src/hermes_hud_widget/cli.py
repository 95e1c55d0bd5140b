"""The command `hermes-hud`."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

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
    cache = commands.add_parser(
        "cache",
        help="what is kept of histories already read",
        description="What is kept of histories already read, so that the next start need not read them again.",
    )
    cache.add_argument(
        "action", choices=("show", "clear"), help="say where it is and how large, or remove all of it"
    )
    chosen = parser.parse_args(arguments)
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    if chosen.command == "cache":
        return _cache(chosen.action)
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


def _cache(action: str) -> int:
    from hermes_hud_widget.ledger import shelf

    try:
        folder = shelf.cache_folder()
        if folder is None:
            _say(f"Nothing is kept: {shelf.VARIABLE} is `off`, or this is Windows.")
            return 0
        try:
            with shelf.open_shelf(folder) as opened:
                found = shelf.clear(opened) if action == "clear" else shelf.entries(opened)
        except FileNotFoundError:
            found = []
    except OSError as error:
        print(f"hermes-hud: cache: {error.strerror or error}.", file=sys.stderr)  # noqa: T201
        return 2
    total = f"{len(found)} {'entry' if len(found) == 1 else 'entries'}, {_megabytes(sum(entry.size for entry in found))}"
    if action == "clear":
        _say(f"Removed {total}.")
        return 0
    _say(f"{shelf.shelf_path(folder)}: {total}")
    for entry in found:
        used = datetime.fromtimestamp(entry.used_at, UTC).astimezone()
        _say(f"  {entry.title}  {_megabytes(entry.size)}  last used {used:%Y-%m-%d %H:%M}")
    return 0


def _say(line: str) -> None:
    print(line)  # noqa: T201


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"


def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError(f"expected 0 to 65535, got {number}")
    return number
