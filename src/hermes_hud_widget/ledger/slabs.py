"""Rows about messages, kept in columns: slabs of some thousand rows, ascending by message, each with a key of its own."""

from __future__ import annotations

import secrets
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import reduce
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, TypeVar

from hermes_hud_widget.frozen import frozen

if TYPE_CHECKING:
    import pyarrow as pa

SLAB_ROWS = 16_384
FORMAT = 1

R = TypeVar("R")
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

    def some(self, start: int, count: int) -> list[str]:
        """So many of them at most, from a place on."""
        return self._values[start : start + count]

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
class Slab(Generic[R]):
    """Some rows, in sequence; never changed.

    Attributes:
        key: Belongs to these rows for ever.
        rows: Categories as numbers.
        sessions: The numbers of all sessions in it.
        first: The lowest message.
        last: The highest message.
    """

    key: str
    rows: R
    sessions: frozenset[int]
    first: int
    last: int


class AnySlabs(ABC, Generic[R]):
    """Rows in slabs, ascending by message and place.

    What is read may be taken from any thread while another one writes; only one may write.

    Args:
        categories: Columns whose values are few. `session_id` is among them.
    """

    def __init__(self, categories: Iterable[str]) -> None:
        self._categories = tuple(categories)
        self.clear()

    def clear(self) -> None:
        """Forgets everything."""
        self.words = {name: Words() for name in self._categories}
        self.slabs: tuple[Slab[R], ...] = ()
        self._new: list[R] = []
        self._count_of_new = 0

    @property
    @abstractmethod
    def size(self) -> int:
        """Memory that the rows take, in bytes."""

    @abstractmethod
    def nothing(self) -> R:
        """No rows."""

    # -- writing

    def append(self, rows: R) -> None:
        """Adds rows behind all that are there; they are seen after `settle`."""
        count = self._length(rows)
        if count:
            self._new.append(rows)
            self._count_of_new += count
            if self._count_of_new >= SLAB_ROWS:
                self.settle()

    def settle(self) -> None:
        """Makes slabs of what was appended."""
        if not self._new:
            return
        slabs = list(self.slabs)
        if slabs and self._length(slabs[-1].rows) < SLAB_ROWS:
            self._new.insert(0, slabs.pop().rows)
        for rows in self._portions(self._new):
            slabs.append(self._slab(rows))
        self._new, self._count_of_new = [], 0
        self.slabs = tuple(slabs)

    def replace(self, forget: Mapping[str, int], rows: R) -> None:
        """Puts rows in the place of others. Only slabs whose rows then differ get another key.

        Args:
            forget: Of these sessions the rows from that message on are taken out.
            rows: What is put in, ascending.
        """
        self.settle()
        numbers = self.words["session_id"]
        starts = {place: start for name, start in forget.items() if (place := numbers.find(name)) is not None}
        ids = self._ids(rows)
        slabs: list[Slab[R]] = []
        at = 0
        for place, slab in enumerate(self.slabs):
            is_last = place == len(self.slabs) - 1
            to = len(ids) if is_last else bisect_right(ids, slab.last, at)
            slabs.extend(self._replaced(slab, starts, self._some(rows, at, to)))
            at = to
        if at < len(ids):
            slabs.extend(self._slab(some) for some in self._portions([self._some(rows, at, len(ids))]))
        self.slabs = tuple(self._merged(slabs))

    def _replaced(self, slab: Slab[R], starts: Mapping[int, int], rows: R) -> list[Slab[R]]:
        touched = [number for number in starts.keys() & slab.sessions if starts[number] <= slab.last]
        is_more = self._length(rows) > 0
        if not touched and not is_more:
            return [slab]
        whole = [number for number in touched if starts[number] <= slab.first]
        partly = {number: starts[number] for number in set(touched).difference(whole)}
        merged = self._joined([self._without(slab.rows, whole, partly), rows])
        if is_more:
            merged = self._in_sequence(merged)
        if self._are_same(merged, slab.rows):
            return [slab]
        if self._length(merged) > 2 * SLAB_ROWS:
            return [self._slab(some) for some in self._portions([merged])]
        return [self._slab(merged)] if self._length(merged) else []

    def _merged(self, slabs: list[Slab[R]]) -> list[Slab[R]]:
        """With small slabs joined to their neighbours, so that deletions do not leave many of them."""
        found: list[Slab[R]] = []
        for slab in slabs:
            is_tail = slab is slabs[-1]
            if found and not is_tail:
                before, here = self._length(found[-1].rows), self._length(slab.rows)
                if min(before, here) < SLAB_ROWS // 4 and before + here <= SLAB_ROWS:
                    found[-1] = self._slab(self._joined([found[-1].rows, slab.rows]))
                    continue
            found.append(slab)
        return found

    def _portions(self, batches: Sequence[R]) -> list[R]:
        """All rows in batches of `SLAB_ROWS`, the last one as long as it is; each with memory of its own."""
        found: list[R] = []
        waiting: list[R] = []
        missing = SLAB_ROWS
        for batch in batches:
            count = self._length(batch)
            while count >= missing:
                found.append(self._joined([*waiting, self._some(batch, 0, missing)]))
                batch, waiting = self._some(batch, missing, count), []
                count, missing = count - missing, SLAB_ROWS
            if count:
                waiting.append(batch)
                missing -= count
        if waiting:
            found.append(self._joined(waiting))
        return found

    def _slab(self, rows: R, key: str | None = None) -> Slab[R]:
        end = self._length(rows)
        (first,), (last,) = self._ids(self._some(rows, 0, 1)), self._ids(self._some(rows, end - 1, end))
        return Slab(key or secrets.token_hex(16), rows, self._sessions(rows), first, last)

    # -- on disk

    def dump(self) -> tuple[dict[str, Any], dict[str, pa.Table]]:
        """What `load` takes: a JSON document and tables by key. A table is for ever what its key says."""
        self.settle()
        meta = {
            "format": FORMAT,
            "slabs": [slab.key for slab in self.slabs],
            "words": {name: list(words) for name, words in self.words.items()},
        }
        return meta, {slab.key: self._table(slab.rows) for slab in self.slabs}

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
            slabs = [self._slab(self._taken_back(tables[key], words), key) for key in _texts(meta["slabs"])]
        except (KeyError, TypeError, AttributeError, IndexError, pa.ArrowException) as error:
            raise ValueError(f"not what was stored: {error!r}") from error
        if any(before.last > slab.first for before, slab in pairwise(slabs)):
            raise ValueError("the slabs are not in sequence")
        self.words, self.slabs = words, tuple(slabs)

    # -- what rows are

    @abstractmethod
    def _length(self, rows: R) -> int:
        """How many there are."""

    @abstractmethod
    def _ids(self, rows: R) -> list[int]:
        """Their messages."""

    @abstractmethod
    def _sessions(self, rows: R) -> frozenset[int]:
        """The numbers of all sessions in them."""

    @abstractmethod
    def _some(self, rows: R, start: int, end: int) -> R:
        """Those from one place up to another."""

    @abstractmethod
    def _joined(self, batches: Sequence[R]) -> R:
        """One behind the other."""

    @abstractmethod
    def _without(self, rows: R, whole: Sequence[int], partly: Mapping[int, int]) -> R:
        """Without those of some sessions, and without those of others from some message on."""

    @abstractmethod
    def _in_sequence(self, rows: R) -> R:
        """Ascending by message and place."""

    @abstractmethod
    def _are_same(self, one: R, other: R) -> bool:
        """True if they differ in nothing."""

    @abstractmethod
    def _table(self, rows: R) -> pa.Table:
        """As they are stored."""

    @abstractmethod
    def _taken_back(self, table: pa.Table, words: Mapping[str, Words]) -> R:
        """The rows of a table.

        Raises:
            ValueError: It is none of `_table` with these words.
        """


class Slabs(AnySlabs["pa.RecordBatch"]):
    """Rows as Arrow has them, ascending by the first column, which is the message's id.

    Args:
        columns: Name and kind of each. `session_id` is among them.
        time: The column that `Bounds` go by.
    """

    def __init__(self, columns: Mapping[str, Kind], time: str) -> None:
        self.columns = columns
        self._time = time
        self.id = next(iter(columns))
        super().__init__(name for name, kind in columns.items() if kind == "category")

    @property
    def size(self) -> int:
        arrays = [
            *(slab.rows for slab in self.slabs),
            *self._new,
            *(one.array() for one in self.words.values()),
        ]
        return sum(int(array.nbytes) for array in arrays)

    def batch(self, columns: Mapping[str, pa.Array]) -> pa.RecordBatch:
        """Columns (categories as dictionary arrays) as rows to be kept."""
        import pyarrow as pa

        arrays = [
            self.words[name].numbers(columns[name]) if kind == "category" else columns[name]
            for name, kind in self.columns.items()
        ]
        return pa.RecordBatch.from_arrays(arrays, schema=self._schema())

    def nothing(self) -> pa.RecordBatch:
        import pyarrow as pa

        schema = self._schema()
        return pa.RecordBatch.from_arrays([pa.array([], field.type) for field in schema], schema=schema)

    # -- reading

    def chosen(self, slab: Slab[pa.RecordBatch], names: Sequence[str]) -> dict[str, pa.Array]:
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
        self, slab: Slab[pa.RecordBatch], bounds: Bounds, numbers: frozenset[int] | None, names: Sequence[str]
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

    # -- what rows are

    def _length(self, rows: pa.RecordBatch) -> int:
        return int(rows.num_rows)

    def _ids(self, rows: pa.RecordBatch) -> list[int]:
        found: list[int] = rows.column(0).to_pylist()
        return found

    def _sessions(self, rows: pa.RecordBatch) -> frozenset[int]:
        import pyarrow.compute as pc

        return frozenset(pc.unique(rows.column("session_id")).to_pylist()) - {None}

    def _some(self, rows: pa.RecordBatch, start: int, end: int) -> pa.RecordBatch:
        return rows.slice(start, end - start)

    def _joined(self, batches: Sequence[pa.RecordBatch]) -> pa.RecordBatch:
        return _joined(batches)

    def _without(
        self, rows: pa.RecordBatch, whole: Sequence[int], partly: Mapping[int, int]
    ) -> pa.RecordBatch:
        import pyarrow as pa
        import pyarrow.compute as pc

        sessions = rows.column("session_id")
        masks = [pc.is_in(sessions, pa.array(whole, pa.int32()))]
        for number, start in partly.items():
            is_later = pc.greater_equal(rows.column(0), start)
            masks.append(pc.and_(pc.equal(sessions, number), is_later))
        gone = reduce(pc.or_kleene, masks)
        return rows.filter(pc.invert(pc.fill_null(gone, False)))

    def _in_sequence(self, rows: pa.RecordBatch) -> pa.RecordBatch:
        import pyarrow.compute as pc

        ids = rows.column(0)
        if not pc.any(pc.greater(ids[:-1], ids[1:])).as_py():
            return rows
        names = list(self.columns)[: 2 if "call_index" in self.columns else 1]
        return rows.take(pc.sort_indices(rows, sort_keys=[(name, "ascending") for name in names]))

    def _are_same(self, one: pa.RecordBatch, other: pa.RecordBatch) -> bool:
        return bool(one.equals(other))

    def _table(self, rows: pa.RecordBatch) -> pa.Table:
        import pyarrow as pa

        return pa.Table.from_batches([rows])

    def _taken_back(self, table: pa.Table, words: Mapping[str, Words]) -> pa.RecordBatch:
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
        return rows

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
