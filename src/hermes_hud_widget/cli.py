"""The command `hermes-hud`."""

from __future__ import annotations

import argparse
import logging
import os
import secrets
import stat
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from hermes_hud_widget._version import __version__
from hermes_hud_widget.errors import ArgumentError, HudError
from hermes_hud_widget.place import Place, find_place, shown

if TYPE_CHECKING:
    import pyarrow as pa

FORMATS = ("csv", "parquet", "jsonl")
ROWS_AT_ONCE = 10_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    chosen = _parser().parse_args(arguments)
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    run: Callable[[argparse.Namespace], int] = chosen.run
    try:
        return run(chosen)
    except HudError as error:
        return _fail(str(error))
    except BrokenPipeError:
        # Whoever read it (`| head`) has enough; Python would complain once more while it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="hermes-hud", description="Shows live what a Hermes agent knows and does."
    )
    parser.add_argument("--version", action="version", version=f"hermes-hud {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    home = argparse.ArgumentParser(add_help=False)
    home.add_argument("--home", metavar="DIR", help="the Hermes home (default: $HERMES_HOME, else ~/.hermes)")
    home.add_argument("--profile", metavar="NAME", help="a profile of that home")
    port = argparse.ArgumentParser(add_help=False)
    port.add_argument("--port", type=_port, default=0, help="TCP port; 0, the default, takes a free one")
    out = argparse.ArgumentParser(add_help=False)
    out.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        type=Path,
        help="write it to this file, whole or not at all, not to stdout",
    )

    serve = commands.add_parser(
        "serve",
        parents=[home, port],
        help="run the server until it is stopped",
        description="Runs the server on 127.0.0.1 until it is stopped. Its first line on stdout is one JSON object: "
        "url, token, pid, protocol, homes.",
    )
    serve.add_argument("--open", action="store_true", help="show the HUD in a tab of the browser")
    serve.set_defaults(run=_serve)

    demo = commands.add_parser(
        "demo",
        parents=[port],
        help="show a made-up agent at work in the browser",
        description="Shows a made-up Hermes home with a simulated agent at work in a tab of the browser. Ctrl-C ends "
        "both and removes the home.",
    )
    demo.add_argument("--no-open", action="store_true", help="only serve it, as `hermes-hud serve` does")
    demo.set_defaults(run=_demo)

    export = commands.add_parser(
        "export",
        parents=[home, out],
        help="write a frame as CSV, Parquet or JSON Lines",
        description="Writes a frame, redacted as everywhere. Times are ISO 8601 in UTC, durations are seconds, and in "
        "CSV lists are JSON; Parquet has types for all of these.",
    )
    export.add_argument("frame", metavar="FRAME", help="its name, such as sessions, messages or costs_daily")
    export.add_argument("--format", choices=FORMATS, default="csv", help="csv is the default")
    export.add_argument(
        "--since", metavar="WHEN", help="only rows at or after it: 7d, 24h, today, 2026-06-01"
    )
    export.add_argument("--until", metavar="WHEN", help="only rows before it")
    export.add_argument("--columns", metavar="A,B,…", help="only these columns, in this order")
    export.add_argument("--limit", metavar="N", type=int, help="at most so many rows, the newest")
    export.add_argument("--session", metavar="ID", help="only one conversation, by any of its ids")
    export.add_argument("--text", action="store_true", help="with the rows' texts, in frames that have them")
    export.set_defaults(run=_export)

    snapshot = commands.add_parser(
        "snapshot",
        parents=[home, out],
        help="say how it stands, in a line or as a page",
        description="Says how the home stands at this moment: figures and states, with no message, path or person in "
        "them, so that it may be passed on.",
    )
    snapshot.add_argument("--html", action="store_true", help="as a page of its own, without scripts")
    snapshot.set_defaults(run=_snapshot)

    doctor = commands.add_parser(
        "doctor",
        parents=[home],
        help="say what is in the way, and what mends it",
        description="Looks at the home, at how its changes are noticed and at what is installed, and says what mends "
        "the first thing that is wrong. Ends with 1 if something does not work.",
    )
    doctor.set_defaults(run=_doctor)

    cache = commands.add_parser(
        "cache",
        help="what is kept of histories already read",
        description="What is kept of histories already read, so that the next start need not read them again.",
    )
    cache.add_argument(
        "action", choices=("show", "clear"), help="say where it is and how large, or remove all of it"
    )
    cache.set_defaults(run=_cache)
    return parser


# -- serve, demo


def _serve(chosen: argparse.Namespace) -> int:
    return _run_server(find_place(chosen.home, chosen.profile), chosen.port, must_open=chosen.open)


def _demo(chosen: argparse.Namespace) -> int:
    from hermes_hud_widget.demo import start_demo

    try:
        demo = start_demo()
    except (RuntimeError, OSError) as error:
        return _fail(str(error))
    with demo:
        return _run_server(find_place(demo.home), chosen.port, must_open=not chosen.no_open)


def _run_server(place: Place, port: int, *, must_open: bool) -> int:
    from hermes_hud_widget.server.process import serve

    try:
        serve([place], port=port, must_open=must_open)
    except OSError as error:
        return _fail(f"{error.filename or f'port {port}'}: {error.strerror}")
    return 0


# -- export, snapshot, doctor


def _export(chosen: argparse.Namespace) -> int:
    from hermes_hud_widget.home import Home

    if chosen.format == "parquet" and chosen.output is None and sys.stdout.isatty():
        raise ArgumentError("Parquet is nothing to read on a terminal: name a file with -o, or pipe it.")
    with Home(chosen.home, profile=chosen.profile) as home:
        _check_target(chosen.output, home.place)
        table = home.frame(
            chosen.frame,
            since=chosen.since,
            until=chosen.until,
            columns=chosen.columns.split(",") if chosen.columns else None,
            limit=chosen.limit,
            session_id=chosen.session,
            text=chosen.text,
            library="arrow",
        )
    return _write(chosen.output, lambda stream: write_table(table, chosen.format, stream))


def _snapshot(chosen: argparse.Namespace) -> int:
    from hermes_hud_widget.home import Home

    with Home(chosen.home, profile=chosen.profile) as home:
        _check_target(chosen.output, home.place)
        still = home.snapshot()
    text = still.document if chosen.html else f"{still.text}\n"
    return _write(chosen.output, lambda stream: stream.write(text.encode()))


def _doctor(chosen: argparse.Namespace) -> int:
    from hermes_hud_widget.client.doctor import diagnose, gather

    diagnosis = diagnose(gather(find_place(chosen.home, chosen.profile)))
    _say(repr(diagnosis))
    return 0 if diagnosis.is_well else 1


def write_table(table: pa.Table, format: str, stream: BinaryIO) -> None:
    """Writes a frame.

    Args:
        table: As `Home.frame(…, library="arrow")` gives it.
        format: One of `FORMATS`.
        stream: Where to; it need not be seekable.
    """
    import json

    if format == "parquet":
        from pyarrow import parquet

        whole = BytesIO()
        parquet.write_table(table, whole)
        stream.write(whole.getbuffer())
    elif format == "csv":
        from pyarrow import csv

        whole = BytesIO()
        csv.write_csv(_plain(table, lists_as_json=True), whole)
        stream.write(whole.getbuffer())
    else:
        for batch in _plain(table, lists_as_json=False).to_batches(ROWS_AT_ONCE):
            rows = batch.to_pylist()
            stream.write(
                "".join(
                    f"{json.dumps(row, ensure_ascii=False, separators=(',', ':'))}\n" for row in rows
                ).encode()
            )


def _plain(table: pa.Table, *, lists_as_json: bool) -> pa.Table:
    """Without types that text does not have: times as ISO 8601 in UTC, durations in seconds, and lists as JSON if wanted."""
    import pyarrow as pa
    import pyarrow.compute as pc

    columns: dict[str, Any] = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        if pa.types.is_timestamp(column.type):
            column = pc.strftime(column, format="%Y-%m-%dT%H:%M:%SZ")
        elif pa.types.is_duration(column.type):
            column = pc.divide(column.cast(pa.duration("us")).cast(pa.int64()).cast(pa.float64()), 1e6)
        elif pa.types.is_date(column.type):
            column = column.cast(pa.string())
        elif pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        elif pa.types.is_list(column.type) and lists_as_json:
            column = pa.array(map(_as_json, column.to_pylist()), pa.string())
        columns[name] = column
    return pa.table(columns)


def _as_json(values: list[Any] | None) -> str | None:
    import json

    return None if values is None else json.dumps(values, ensure_ascii=False)


def _check_target(file: Path | None, place: Place) -> None:
    """Raises HudError if a file cannot be written there, before anything is read for it."""
    if not place.path.exists():
        _note(f"{shown(place.path)} does not exist; there is nothing in it.")
    if file is None:
        return
    target = Path(os.path.realpath(file))
    homes = {Path(os.path.realpath(home)) for home in (place.path, place.root)}
    if homes & set(target.parents) or any(os.path.lexists(above / "state.db") for above in target.parents):
        raise ArgumentError(
            f"{file} lies below a Hermes home, where nothing is written. Name a file outside."
        )
    if not target.parent.is_dir():
        raise ArgumentError(f"{file} cannot be written: there is no directory {target.parent}.")
    if target.exists() and not stat.S_ISREG(target.stat().st_mode):
        raise ArgumentError(f"{file} is not a file; leave -o out to write to stdout.")


def _write(file: Path | None, write: Callable[[BinaryIO], object]) -> int:
    """Writes to stdout, or to a file that is whole from the moment it has its name."""
    if file is None:
        write(sys.stdout.buffer)
        sys.stdout.flush()
        return 0
    target = Path(os.path.realpath(file))
    unfinished = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        try:
            with unfinished.open("xb") as stream:
                write(stream)
            unfinished.replace(target)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        return _fail(f"{file}: {error.strerror or error}")
    return 0


# -- cache


def _cache(chosen: argparse.Namespace) -> int:
    from hermes_hud_widget.ledger import shelf

    action = chosen.action
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
        return _fail(f"cache: {error.strerror or error}.")
    total = f"{len(found)} {'entry' if len(found) == 1 else 'entries'}, {_megabytes(sum(entry.size for entry in found))}"
    if action == "clear":
        _say(f"Removed {total}.")
        return 0
    _say(f"{shelf.shelf_path(folder)}: {total}")
    for entry in found:
        used = datetime.fromtimestamp(entry.used_at, UTC).astimezone()
        _say(f"  {entry.title}  {_megabytes(entry.size)}  last used {used:%Y-%m-%d %H:%M}")
    return 0


def _fail(message: str) -> int:
    _note(message)
    return 2


def _note(message: str) -> None:
    print(f"hermes-hud: {message}", file=sys.stderr)  # noqa: T201


def _say(line: str) -> None:
    print(line)  # noqa: T201


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"


def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError(f"expected 0 to 65535, got {number}")
    return number
