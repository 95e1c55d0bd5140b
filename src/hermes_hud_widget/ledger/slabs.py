"""Rows about messages, kept in columns: slabs of some thousand rows, ascending by message, each with a key of its own."""

from __future__ import annotations

import secrets
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import reduce
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from hermes_hud_widget.frozen import frozen

if TYPE_CHECKING:
    import pyarrow as pa

SLAB_ROWS = 16_384
FORMAT = 1

Kind = Literal["integer", "number", "instant", "category", "text", "texts"]


class Words:
    """The values of a category by number. They are only ever added to, so that slabs made before stay right."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._values = list(values)
        self._places = {value: place for place, value in enumerate(self._values)}
        self._array: pa.Array | None = None

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, place: int) -> str:
        return self._values[place]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def find(self, value: str) -> int | None:
        """Its number, if it has one."""
        return self._places.get(value)

    def number(self, value: str) -> int:
        """Its number; a new one gets the next."""
        place = self._places.setdefault(value, len(self._values))
        if place == len(self._values):
            self._values.append(value)
        return place

    def numbers(self, words: pa.DictionaryArray) -> pa.Array:
        """The same values as numbers of this dictionary."""
        import pyarrow as pa

        places = [None if value is None else self.number(value) for value in words.dictionary.to_pylist()]
        return pa.array(places, pa.int32()).take(words.indices)

    def array(self) -> pa.Array:
        """All values. The same object as long as none is added."""
        import pyarrow as pa

        if self._array is None or len(self._array) != len(self._values):
            self._array = pa.array(self._values, pa.string())
        return self._array

    def wrap(self, numbers: pa.Array) -> pa.DictionaryArray:
        """Numbers as the values that they stand for."""
        import pyarrow as pa

        return pa.DictionaryArray.from_arrays(numbers, self.array(), safe=False)


class Bounds(NamedTuple):
    """Which rows are asked for.

    Attributes:
        since: Only rows at or after it.
        until: Only rows before it.
        sessions: Only rows of these; None: of all.
        limit: At most so many, the newest by message.
    """

    since: datetime | None = None
    until: datetime | None = None
    sessions: Collection[str] | None = None
    limit: int | None = None


@frozen
class Slab:
    """Some rows, in sequence; never changed.

    Attributes:
        key: Belongs to these rows for ever.
        rows: Categories as numbers.
        sessions: The numbers of all sessions in it.
        first: The lowest message.
        last: The highest message.
    """

    key: str
    rows: pa.RecordBatch
    sessions: frozenset[int]
    first: int
    last: int


class Slabs:
    """Rows in slabs, ascending by the first column, which is the message's id.

    What is read may be taken from any thread while another one writes; only one may write.

    Args:
        columns: Name and kind of each. `session_id` is among them.
        time: The column that `Bounds` go by.
    """

    def __init__(self, columns: Mapping[str, Kind], time: str) -> None:
        self.columns = columns
        self._time = time
        self.id = next(iter(columns))
        self.clear()

    def clear(self) -> None:
        """Forgets everything."""
        self.words = {name: Words() for name, kind in self.columns.items() if kind == "category"}
        self.slabs: tuple[Slab, ...] = ()
        self._new: list[pa.RecordBatch] = []
        self._count_of_new = 0

    @property
    def size(self) -> int:
        """Memory that the rows take, in bytes."""
        arrays = [
            *(slab.rows for slab in self.slabs),
            *self._new,
            *(one.array() for one in self.words.values()),
        ]
        return sum(int(array.nbytes) for array in arrays)

    # -- writing

    def batch(self, columns: Mapping[str, pa.Array]) -> pa.RecordBatch:
        """Columns (categories as dictionary arrays) as rows to be kept."""
        import pyarrow as pa

        arrays = [
            self.words[name].numbers(columns[name]) if kind == "category" else columns[name]
            for name, kind in self.columns.items()
        ]
        return pa.RecordBatch.from_arrays(arrays, schema=self._schema())

    def nothing(self) -> pa.RecordBatch:
        """No rows."""
        import pyarrow as pa

        schema = self._schema()
        return pa.RecordBatch.from_arrays([pa.array([], field.type) for field in schema], schema=schema)

    def append(self, rows: pa.RecordBatch) -> None:
        """Adds rows behind all that are there; they are seen after `settle`."""
        if rows.num_rows:
            self._new.append(rows)
            self._count_of_new += rows.num_rows
            if self._count_of_new >= SLAB_ROWS:
                self.settle()

    def settle(self) -> None:
        """Makes slabs of what was appended."""
        if not self._new:
            return
        slabs = list(self.slabs)
        if slabs and slabs[-1].rows.num_rows < SLAB_ROWS:
            self._new.insert(0, slabs.pop().rows)
        for rows in _portions(self._new):
            slabs.append(self._slab(rows))
        self._new, self._count_of_new = [], 0
        self.slabs = tuple(slabs)

    def replace(self, forget: Mapping[str, int], rows: pa.RecordBatch) -> None:
        """Puts rows in the place of others. Only slabs whose rows then differ get another key.

        Args:
            forget: Of these sessions the rows from that message on are taken out.
            rows: What is put in, ascending.
        """
        self.settle()
        numbers = self.words["session_id"]
        starts = {place: start for name, start in forget.items() if (place := numbers.find(name)) is not None}
        ids = rows.column(0).to_pylist()
        slabs: list[Slab] = []
        at = 0
        for place, slab in enumerate(self.slabs):
            is_last = place == len(self.slabs) - 1
            to = len(ids) if is_last else bisect_right(ids, slab.last, at)
            slabs.extend(self._replaced(slab, starts, rows.slice(at, to - at)))
            at = to
        if at < len(ids):
            slabs.extend(self._slab(some) for some in _portions([rows.slice(at)]))
        self.slabs = tuple(self._merged(slabs))

    def _replaced(self, slab: Slab, starts: Mapping[int, int], rows: pa.RecordBatch) -> list[Slab]:
        import pyarrow as pa
        import pyarrow.compute as pc

        touched = [number for number in starts.keys() & slab.sessions if starts[number] <= slab.last]
        if not touched and not rows.num_rows:
            return [slab]
        whole = [number for number in touched if starts[number] <= slab.first]
        sessions = slab.rows.column("session_id")
        masks = [pc.is_in(sessions, pa.array(whole, pa.int32()))]
        for number in set(touched).difference(whole):
            is_later = pc.greater_equal(slab.rows.column(0), starts[number])
            masks.append(pc.and_(pc.equal(sessions, number), is_later))
        gone = reduce(pc.or_kleene, masks)
        merged = _joined([slab.rows.filter(pc.invert(pc.fill_null(gone, False))), rows])
        order = [(name, "ascending") for name in list(self.columns)[:2]]
        ids = merged.column(0)
        if rows.num_rows and pc.any(pc.greater(ids[:-1], ids[1:])).as_py():
            merged = merged.take(pc.sort_indices(merged, sort_keys=order[: self._sort_columns]))
        if merged.equals(slab.rows):
            return [slab]
        if merged.num_rows > 2 * SLAB_ROWS:
            return [self._slab(some) for some in _portions([merged])]
        return [self._slab(merged)] if merged.num_rows else []

    @property
    def _sort_columns(self) -> int:
        return 2 if "call_index" in self.columns else 1

    def _merged(self, slabs: list[Slab]) -> list[Slab]:
        """With small slabs joined to their neighbours, so that deletions do not leave many of them."""
        found: list[Slab] = []
        for slab in slabs:
            if found and min(found[-1].rows.num_rows, slab.rows.num_rows) < SLAB_ROWS // 4:
                before = found[-1]
                is_tail = slab is slabs[-1]
                if not is_tail and before.rows.num_rows + slab.rows.num_rows <= SLAB_ROWS:
                    found[-1] = self._slab(_joined([before.rows, slab.rows]))
                    continue
            found.append(slab)
        return found

    def _slab(self, rows: pa.RecordBatch) -> Slab:
        import pyarrow.compute as pc

        ids = rows.column(0)
        sessions = frozenset(pc.unique(rows.column("session_id")).to_pylist()) - {None}
        return Slab(secrets.token_hex(16), rows, sessions, ids[0].as_py(), ids[-1].as_py())

    # -- reading

    def chosen(self, slab: Slab, names: Sequence[str]) -> dict[str, pa.Array]:
        """These columns of a slab, categories as values."""
        return self._wrapped({name: slab.rows.column(name) for name in names})

    def select(self, bounds: Bounds, names: Sequence[str]) -> dict[str, pa.Array]:
        """These columns of the rows asked for, each as one array."""
        import pyarrow as pa

        numbers = None
        if bounds.sessions is not None:
            found = map(self.words["session_id"].find, bounds.sessions)
            numbers = frozenset(number for number in found if number is not None)
        missing = bounds.limit
        parts: list[pa.RecordBatch] = []
        for slab in reversed(self.slabs):
            if missing == 0:
                break
            if numbers is not None and numbers.isdisjoint(slab.sessions):
                continue
            rows = self._within(slab, bounds, numbers, names)
            if missing is not None:
                rows = rows.slice(max(0, rows.num_rows - missing))
                missing -= rows.num_rows
            parts.append(rows)
        parts.reverse()
        schema = self._schema()
        return self._wrapped(
            {
                name: pa.concat_arrays([part.column(name) for part in parts])
                if parts
                else pa.array([], schema.field(name).type)
                for name in names
            }
        )

    def _within(
        self, slab: Slab, bounds: Bounds, numbers: frozenset[int] | None, names: Sequence[str]
    ) -> pa.RecordBatch:
        """These columns of those rows of a slab that are asked for."""
        import pyarrow as pa
        import pyarrow.compute as pc

        rows = slab.rows.select(list(names))
        masks = []
        if numbers is not None and not slab.sessions <= numbers:
            among = pa.array(slab.sessions & numbers, pa.int32())
            masks.append(pc.is_in(slab.rows.column("session_id"), among))
        times = slab.rows.column(self._time)
        if bounds.since is not None or bounds.until is not None:
            first, last = pc.min_max(times).as_py().values()
            since, until = bounds.since or first, bounds.until
            if first is None or last < since or (until is not None and first >= until):
                return rows.slice(0, 0)
            # A row without a time is within no bounds: filter() drops where the mask is missing.
            if times.null_count or first < since:
                masks.append(pc.greater_equal(times, _scalar(since)))
            if until is not None and last >= until:
                masks.append(pc.less(times, _scalar(until)))
        return rows.filter(reduce(pc.and_kleene, masks)) if masks else rows

    def _wrapped(self, columns: Mapping[str, pa.Array]) -> dict[str, pa.Array]:
        return {
            name: self.words[name].wrap(array) if name in self.words else array
            for name, array in columns.items()
        }

    # -- on disk

    def dump(self) -> tuple[dict[str, Any], dict[str, pa.Table]]:
        """What `load` takes: a JSON document and tables by key. A table is for ever what its key says."""
        import pyarrow as pa

        self.settle()
        tables = {slab.key: pa.Table.from_batches([slab.rows]) for slab in self.slabs}
        meta = {
            "format": FORMAT,
            "slabs": [slab.key for slab in self.slabs],
            "words": {name: list(words.array().to_pylist()) for name, words in self.words.items()},
        }
        return meta, tables

    def load(self, meta: Mapping[str, Any], tables: Mapping[str, pa.Table]) -> None:
        """Takes back what `dump` gave.

        Raises:
            ValueError: It is something else; nothing is kept then.
        """
        import pyarrow as pa

        self.clear()
        try:
            if meta["format"] != FORMAT or set(meta["words"]) != set(self.words):
                raise ValueError("another format")
            words = {name: Words(_texts(values)) for name, values in meta["words"].items()}
            slabs = [self._loaded(key, tables[key], words) for key in _texts(meta["slabs"])]
        except (KeyError, TypeError, AttributeError, IndexError, pa.ArrowException) as error:
            raise ValueError(f"not what was stored: {error!r}") from error
        if any(before.last > slab.first for before, slab in pairwise(slabs)):
            raise ValueError("the slabs are not in sequence")
        self.words, self.slabs = words, tuple(slabs)

    def _loaded(self, key: str, table: pa.Table, words: Mapping[str, Words]) -> Slab:
        import pyarrow as pa
        import pyarrow.compute as pc

        if not table.schema.equals(self._schema()) or not table.num_rows:
            raise ValueError("a table of other columns, or without rows")
        table.validate(full=True)
        rows = _joined(table.to_batches())
        ids = rows.column(0)
        if ids.null_count or pc.any(pc.greater(ids[:-1], ids[1:])).as_py():
            raise ValueError("rows that are not in sequence")
        for name, known in words.items():
            span = pc.min_max(rows.column(name)).as_py()
            if span["min"] is not None and not 0 <= span["min"] <= span["max"] < len(known):
                raise ValueError(f"numbers in {name} without a word")
        sessions = frozenset(pc.unique(rows.column("session_id")).cast(pa.int32()).to_pylist()) - {None}
        return Slab(key, rows, sessions, ids[0].as_py(), ids[-1].as_py())

    def _schema(self) -> pa.Schema:
        import pyarrow as pa

        types = {
            "integer": pa.int64(),
            "number": pa.float64(),
            "instant": pa.timestamp("us", tz="UTC"),
            "category": pa.int32(),
            "text": pa.string(),
            "texts": pa.list_(pa.string()),
        }
        return pa.schema([(name, types[kind]) for name, kind in self.columns.items()])


def _texts(values: Any) -> list[str]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise ValueError("expected a list of texts")
    return values


def _scalar(at: datetime) -> pa.Scalar:
    import pyarrow as pa

    return pa.scalar(at, pa.timestamp("us", tz="UTC"))


def _joined(batches: Sequence[pa.RecordBatch]) -> pa.RecordBatch:
    import pyarrow as pa

    if len(batches) == 1:
        return batches[0]
    schema = batches[0].schema
    columns = [pa.concat_arrays([batch.column(at) for batch in batches]) for at in range(len(schema))]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _portions(batches: Sequence[pa.RecordBatch]) -> list[pa.RecordBatch]:
    """All rows in batches of `SLAB_ROWS`, the last one as long as it is; each with memory of its own."""
    found: list[pa.RecordBatch] = []
    waiting: list[pa.RecordBatch] = []
    missing = SLAB_ROWS
    for batch in batches:
        while batch.num_rows >= missing:
            found.append(_joined([*waiting, batch.slice(0, missing)]))
            batch, waiting, missing = batch.slice(missing), [], SLAB_ROWS
        if batch.num_rows:
            waiting.append(batch)
            missing -= batch.num_rows
    if waiting:
        found.append(_joined(waiting))
    return found
