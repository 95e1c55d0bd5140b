"""A long table in pieces that never change, so that whoever has some asks for the others only."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import IO, TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import pyarrow as pa

ORDER = b"chunks"
"""In a schema's metadata: key and length of every chunk, in sequence; those left out, too."""
COUNT = b"rows"
"""In a schema's metadata on the wire: how many rows follow."""
PIECE_BYTES = 1 << 20

SMALL_ROWS = 65_536
LOOSE_CHUNKS = 32


class Chunk(NamedTuple):
    """Some rows of a table, in sequence.

    Attributes:
        key: Belongs to these rows for ever: rows that differ in anything have another key.
        columns: By name, all of one length: text as `string`, categories as `dictionary<int32, string>`, instants as
            `timestamp[us, UTC]`, whole numbers as `int64`, lists as `list<string>`.
    """

    key: str
    columns: Mapping[str, pa.Array]


class Rows(NamedTuple):
    """A table on its way, without what the other side has.

    Attributes:
        schema: Its types; the metadata say of what and when it is.
        batches: The rows, in sequence. In chunks: one batch for each chunk that the other side lacks.
        order: Key and length of all chunks, in sequence; None: not in chunks, all rows are in `batches`.
    """

    schema: pa.Schema
    batches: Sequence[pa.RecordBatch]
    order: tuple[tuple[str, int], ...] | None = None

    def table(self) -> pa.Table:
        """All of it, where nothing was left out."""
        return joined(None, self, ()).table(self.schema) if self.order is not None else self._as_it_came()

    def _as_it_came(self) -> pa.Table:
        import pyarrow as pa

        return pa.Table.from_batches(self.batches, schema=self.schema)


class BrokenStream(ValueError):
    """What came is not all that was announced."""


def as_stream(rows: Rows) -> Iterator[bytes]:
    """The table as an Arrow IPC stream, piece after piece: never two of it in memory."""
    import pyarrow as pa

    about = {
        **(rows.schema.metadata or {}),
        COUNT: str(sum(batch.num_rows for batch in rows.batches)).encode(),
    }
    if rows.order is not None:
        about[ORDER] = json.dumps(rows.order, separators=(",", ":")).encode()
    schema = rows.schema.with_metadata(about)
    written = _Written()
    with pa.PythonFile(written, mode="w") as sink:
        with pa.ipc.new_stream(sink, schema) as writer:
            for batch in rows.batches:
                # Not as a table: that would write no batch for a chunk without rows.
                writer.write_batch(pa.RecordBatch.from_arrays(batch.columns, schema=schema))
                yield from written.taken()
        yield from written.taken()


def from_stream(file: IO[bytes]) -> Rows:
    """What `as_stream` wrote.

    Raises:
        BrokenStream: It ended early, or is no such stream.
    """
    import pyarrow as pa

    try:
        with pa.ipc.open_stream(pa.PythonFile(file, mode="r")) as reader:
            schema = reader.schema
            batches = list(reader)
    except (pa.ArrowException, OSError) as error:
        raise BrokenStream(str(error)) from error
    about = dict(schema.metadata or {})
    order, count = about.pop(ORDER, None), about.pop(COUNT, None)
    if count is None or int(count) != sum(batch.num_rows for batch in batches):
        raise BrokenStream("it has not the rows that it announced")
    schema = schema.with_metadata(about)
    return Rows(schema, batches, None if order is None else tuple((key, n) for key, n in json.loads(order)))


class _Written:
    """A file for Arrow to write to, emptied after each batch."""

    closed = False

    def __init__(self) -> None:
        self._parts: list[Any] = []

    def write(self, data: Any) -> int:
        self._parts.append(data)
        return len(data)

    def close(self) -> None:
        pass

    def taken(self) -> Iterator[bytes]:
        parts, self._parts = self._parts, []
        whole = memoryview(b"".join(parts))
        # The loop hands each piece to the socket in one go: it must stay short.
        for start in range(0, len(whole), PIECE_BYTES):
            yield bytes(whole[start : start + PIECE_BYTES])


@dataclass(frozen=True)
class _Part:
    """Chunks joined to one array for each column. Categories are in order of their first row, and all occur."""

    order: tuple[tuple[str, int], ...]
    columns: tuple[pa.Array, ...]
    held: int
    """Rows of memory that it holds; more than its own if it was cut."""

    @property
    def rows(self) -> int:
        return sum(length for _, length in self.order)


@dataclass(frozen=True)
class Joined:
    """Chunks in sequence: most of them joined to one body, the newest still apart.

    So whatever the number of chunks, few arrays make the table, and one more row copies no other.
    Made by `joined`; never changes.
    """

    _parts: tuple[_Part, ...]
    _columns: dict[int, pa.ChunkedArray] = field(default_factory=dict)

    @cached_property
    def order(self) -> tuple[tuple[str, int], ...]:
        """Key and length of all chunks, in sequence."""
        return tuple(entry for part in self._parts for entry in part.order)

    @cached_property
    def keys(self) -> frozenset[str]:
        """Keys of all chunks."""
        return frozenset(key for key, _ in self.order)

    @cached_property
    def nbytes(self) -> int:
        """Memory that it holds, in bytes."""
        return sum(column.get_total_buffer_size() for part in self._parts for column in part.columns)

    def table(self, schema: pa.Schema, columns: Sequence[str] | None = None) -> pa.Table:
        """The table. Nothing is copied but the numbers of categories.

        Args:
            schema: Its types, with the metadata that it is to have.
            columns: Only these, in this order.
        """
        import pyarrow as pa

        fields = [schema.field(name) for name in (schema.names if columns is None else columns)]
        arrays = [self._column(schema.get_field_index(field.name), field.type) for field in fields]
        return pa.Table.from_arrays(arrays, schema=pa.schema(fields, metadata=schema.metadata))

    def _column(self, place: int, kind: pa.DataType) -> pa.ChunkedArray:
        import pyarrow as pa

        if place not in self._columns:
            self._columns[place] = pa.chunked_array(
                _shared([part.columns[place] for part in self._parts]), kind
            )
        return self._columns[place]


def joined(before: Joined | None, rows: Rows, have: Collection[str]) -> Joined:
    """The table in the sequence that `rows.order` says.

    What comes out depends on the rows alone, not on what was there before.

    Args:
        before: Where chunks that did not come are taken from.
        rows: The answer.
        have: The keys that its writer was told of.

    Raises:
        BrokenStream: A chunk is neither there nor did it come.
    """
    assert rows.order is not None, "not in chunks"
    if before is not None and rows.order == before.order and not rows.batches:
        return before
    came = [entry for entry in rows.order if entry[0] not in have]
    if [length for _, length in came] != [batch.num_rows for batch in rows.batches]:
        raise BrokenStream("it has not the chunks that it announced")
    parts = {key: _part_of(key, batch) for (key, _), batch in zip(came, rows.batches, strict=True)}
    body, loose = (
        (before._parts[0], before._parts[1:]) if before is not None and before._parts else (None, ())
    )
    parts |= {part.order[0][0]: part for part in loose}
    kept = 0
    if body is not None:
        while kept < min(len(body.order), len(rows.order)) and body.order[kept] == rows.order[kept]:
            kept += 1
        wanted = {key for key, _ in rows.order[kept:]} - parts.keys()
        parts |= _taken(body, wanted)
        body = _cut(body, kept)
    try:
        tail = [parts[key] for key, _ in rows.order[kept:]]
    except KeyError as error:
        raise BrokenStream(f"it lacks the chunk {error}") from None
    return Joined(_tidied(body, tail))


def _tidied(body: _Part | None, tail: list[_Part]) -> tuple[_Part, ...]:
    """Joins the tail to the body where it has become long, so that each row is copied a few times at most."""
    is_wasteful = body is not None and body.rows < body.held * 3 // 4
    # The last chunk is the one that grows: it comes anew with the next row.
    settled, last = tail[:-1], tail[-1:]
    limit = max(SMALL_ROWS, (body.rows if body else 0) // 8)
    if (
        body is None
        or is_wasteful
        or len(settled) > LOOSE_CHUNKS
        or sum(part.rows for part in settled) > limit
    ):
        all_settled = [part for part in (body, *settled) if part is not None]
        if not all_settled:
            return tuple(last)
        body, settled = _one(all_settled), []
    return (body, *settled, *last)


def _one(parts: list[_Part]) -> _Part:
    import pyarrow as pa

    order = tuple(entry for part in parts for entry in part.order)
    columns = tuple(
        pa.concat_arrays(_shared([part.columns[place] for part in parts]))
        for place in range(len(parts[0].columns))
    )
    return _Part(order, columns, sum(length for _, length in order))


def _part_of(key: str, batch: pa.RecordBatch) -> _Part:
    return _Part(((key, batch.num_rows),), tuple(map(compact, batch.columns)), batch.num_rows)


def _cut(part: _Part, count: int) -> _Part | None:
    """Its first chunks."""
    if count == len(part.order):
        return part
    order = part.order[:count]
    rows = sum(length for _, length in order)
    return (
        _Part(order, tuple(compact(column.slice(0, rows)) for column in part.columns), part.held)
        if rows
        else None
    )


def _taken(part: _Part, keys: set[str]) -> dict[str, _Part]:
    """Single chunks of it, as copies: a slice would keep all of it in memory."""
    import pyarrow as pa

    found: dict[str, _Part] = {}
    start = 0
    for key, length in part.order if keys else ():
        if key in keys:
            columns = tuple(
                compact(pa.concat_arrays([column.slice(start, length)])) for column in part.columns
            )
            found[key] = _Part(((key, length),), columns, length)
        start += length
    return found


def compact(array: pa.Array) -> pa.Array:
    """A dictionary array whose categories all occur, in order of their first row; other arrays as they are."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_dictionary(array.type):
        return array
    used = pc.drop_null(pc.unique(array.indices)).cast(pa.int32())
    size = len(array.dictionary)
    if len(used) == size and np.array_equal(used.to_numpy(), np.arange(size)):
        return array
    if len(used) == 0:
        return pa.DictionaryArray.from_arrays(array.indices, array.dictionary.slice(0, 0), safe=False)
    place = np.zeros(size, np.int32)
    place[used.to_numpy()] = np.arange(len(used))
    indices = pa.array(place).take(array.indices)
    return pa.DictionaryArray.from_arrays(indices, array.dictionary.take(used), safe=False)


def _shared(arrays: Sequence[pa.Array]) -> Sequence[pa.Array]:
    """Dictionary arrays with one dictionary for all: the first one's, then what the others add; others as they are."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if len(arrays) < 2 or not pa.types.is_dictionary(arrays[0].type):
        return arrays
    first, others = arrays[0], arrays[1:]
    named = pa.concat_arrays([array.dictionary for array in others])
    places = pc.index_in(named, first.dictionary)
    if places.null_count:
        new = pc.unique(named.filter(places.is_null()))
        dictionary = pa.concat_arrays([first.dictionary, new])
        places = pc.index_in(named, dictionary)
    else:
        dictionary = first.dictionary
    made = [pa.DictionaryArray.from_arrays(first.indices, dictionary, safe=False)]
    start = 0
    for array in others:
        place = places.slice(start, len(array.dictionary))
        made.append(pa.DictionaryArray.from_arrays(place.take(array.indices), dictionary, safe=False))
        start += len(array.dictionary)
    return made
