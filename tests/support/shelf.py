"""A frame in chunks that a test rearranges as it likes, and a kernel that reads it from a real server."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from hermes_hud_widget import Home
from hermes_hud_widget.chunks import Chunk
from hermes_hud_widget.client.child import Endpoint
from hermes_hud_widget.client.tables import Tables
from hermes_hud_widget.frames import Column, Filled, Frame, FrameArguments
from hermes_hud_widget.panel import Panel, Payload
from hermes_hud_widget.place import Place
from hermes_hud_widget.sources import Source
from support.served import Served, served

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
COLUMNS = (
    Column("id", "integer", "Its number", unit="messages"),
    Column("who", "category", "Of a few"),
    Column("at", "instant", "When"),
    Column("call", "text", "An id", is_identifier=True),
    Column("words", "text", "Words"),
    Column("many", "texts", "Names"),
    Column("share", "number", "A part"),
    Column("yes", "boolean", "A fact"),
)
_KEYS = itertools.count()
Row = dict[str, Any]


def row(number: int) -> Row:
    """One of endless different rows; each column has gaps."""
    values = {
        "id": number,
        "who": f"who {number % 7}",
        "at": BEGIN + timedelta(seconds=number),
        "call": f"call_{number}",
        "words": f"words {number % 3}",
        "many": [f"a{number % 2}", "b"][: number % 3],
        "share": number / 8,
        "yes": number % 2 == 0,
    }
    gaps = {name: None for place, name in enumerate(values) if name != "id" and (number + place) % 5 == 0}
    return {**values, **gaps}


def columns_of(rows: Sequence[Row]) -> dict[str, list[Any]]:
    """The same as lists."""
    return {column.name: [row[column.name] for row in rows] for column in COLUMNS}


def chunk(rows: Sequence[Row]) -> Chunk:
    """Rows under a new key."""
    table = SHELF_FRAME.rows(columns_of(rows), FrameArguments(), {}).table().combine_chunks()
    arrays = {
        name: pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
        for name, column in zip(table.column_names, table.columns, strict=True)
    }
    return Chunk(f"key-{next(_KEYS)}", arrays)


class Shelf:
    """What `fill` returns: chunks for whole requests, as a store of long tables does it."""

    def __init__(self, *chunks: Sequence[Row]) -> None:
        self.pieces: list[tuple[list[Row], Chunk]] = []
        for rows in chunks:
            self.put(rows)
        self.asked: list[FrameArguments] = []
        self.before: Callable[[], None] = lambda: None

    def put(self, rows: Sequence[Row], place: int | None = None) -> None:
        """Adds a chunk, or puts it in the place of another."""
        piece = (list(rows), chunk(rows))
        if place is None:
            self.pieces.append(piece)
        else:
            self.pieces[place] = piece

    @property
    def rows(self) -> list[Row]:
        """All rows, in sequence."""
        return [row for rows, _ in self.pieces for row in rows]

    def fill(self, args: FrameArguments) -> Filled:
        self.asked.append(args)
        self.before()
        if args.is_whole:
            return [chunk for _, chunk in self.pieces]
        rows = [row for row in self.rows if args.holds(row["at"])]
        if args.limit is not None:
            rows = rows[len(rows) - min(args.limit, len(rows)) :]
        return {
            **columns_of(rows),
            "text": [f"text of {row['id']} sk-abcdefghijklmnopqrstuv" for row in rows],
        }

    def panel(self, **sources: Source[Any]) -> Panel:
        """A panel that offers them as the frame "shelf"."""

        def collect(**_: object) -> Nothing:
            return Nothing()

        collect.__signature__ = _signature(sources)  # type: ignore[attr-defined]

        def fill(args: FrameArguments) -> Filled:
            return self.fill(args)

        def fill_from(args: FrameArguments, source: Any) -> Filled:
            return self.fill(args)

        frame = Frame(
            "shelf",
            COLUMNS,
            fill_from if sources else fill,
            time="at",
            with_text=True,
            about="One row for each row",
        )
        plain = Frame("plain", COLUMNS[:1], lambda: {"id": [1]}, about="One row")
        return Panel("shelf", "Shelf", collect, frames=(frame, plain), **sources)


class Nothing(Payload):
    """No payload."""


SHELF_FRAME = Frame("shelf", COLUMNS, dict, time="at")


def _signature(sources: dict[str, Source[Any]]) -> Any:
    import inspect

    kind = inspect.Parameter.KEYWORD_ONLY
    return inspect.Signature([inspect.Parameter(name, kind) for name in sources], return_annotation=Nothing)


class Kernel:
    """In the place of `Runtime`: its server is one in this process."""

    def __init__(self, server: Served) -> None:
        self.server = server
        self.tables = Tables()
        self.users: set[Any] = set()

    def use(self, user: Any) -> None:
        self.users.add(user)

    def release(self, user: Any) -> None:
        self.users.discard(user)

    def is_used(self, place: Place, besides: Any) -> bool:
        return any(user.place == place for user in self.users if user is not besides)

    def on_down(self, key: object, call: Callable[[str], None]) -> Callable[[], None]:
        return lambda: None

    def open(self, place: Place) -> str:
        return self.server.engine.open(place)

    def endpoint(self) -> Endpoint:
        return self.server.endpoint


@contextmanager
def kernel(shelf: Shelf, monkeypatch: pytest.MonkeyPatch, **sources: Source[Any]) -> Iterator[Kernel]:
    """Homes made within the block ask a server that has this shelf."""
    panels = {"shelf": shelf.panel(**sources)}
    with served(panels) as server:
        made = Kernel(server)
        monkeypatch.setattr("hermes_hud_widget.client.runtime.current_runtime", lambda: made)
        monkeypatch.setattr("hermes_hud_widget.home.needs_server", lambda: True)
        monkeypatch.setattr("hermes_hud_widget.panels.all_panels", lambda: panels)
        yield made


@contextmanager
def script(
    shelf: Shelf, home: Path, monkeypatch: pytest.MonkeyPatch, **sources: Source[Any]
) -> Iterator[Home]:
    """A home that is read in this process and has this shelf."""
    monkeypatch.setattr("hermes_hud_widget.panels.all_panels", lambda: {"shelf": shelf.panel(**sources)})
    with Home(home) as made:
        yield made
