"""What a DataFrame of the HUD is: declared columns, a function that fills them, and the way to Arrow and pandas."""

from __future__ import annotations

import inspect
import operator
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from hermes_hud_widget.chunks import Chunk, Rows, compact
from hermes_hud_widget.errors import ArgumentError, UnknownNameError
from hermes_hud_widget.redact import encodable, redact

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import polars as pl
    import pyarrow as pa

Kind = Literal["text", "category", "integer", "number", "boolean", "instant", "day", "texts"]

When = str | date | datetime | timedelta | None
"""What `since=` and `until=` accept."""

Library = Literal["pandas", "polars", "arrow"]
LIBRARIES: tuple[Library, ...] = ("pandas", "polars", "arrow")


@dataclass(frozen=True)
class Column:
    """One column of a frame.

    Attributes:
        kind: `text` → string, `category`, `integer` → Int64, `number` → Float64, `boolean`,
            `instant` → datetime64[us, UTC], `day` → datetime64[us] (a calendar day in the home's zone),
            `texts` → lists of strings, kept as Arrow has them (`pandas.ArrowDtype`).
        meaning: What it says.
        unit: Its unit, where it has one.
        is_identifier: True for text that Hermes made (ids, paths); all other text is redacted, but not categories, which
            are names of few kinds.
        source: The file, table or rule that it comes from, if that is not the frame's.
    """

    name: str
    kind: Kind
    meaning: str
    unit: str | None = None
    is_identifier: bool = False
    source: str | None = None

    @property
    def dtype(self) -> str:
        """The pandas dtype, as text."""
        return _DTYPES[self.kind]


_DTYPES: Mapping[Kind, str] = {
    "text": "string",
    "category": "category",
    "integer": "Int64",
    "number": "Float64",
    "boolean": "boolean",
    "instant": "datetime64[us, UTC]",
    "day": "datetime64[us]",
    "texts": "list<item: string>[pyarrow]",
}

TEXT = Column("text", "text", "Its text, redacted")

Filled = Mapping[str, Sequence[Any]] | Sequence[Chunk]
"""What a frame's `fill` returns: a list or an Arrow array for each column, or chunks, oldest first."""


class Given(TypedDict, total=False):
    """What a caller may ask for, not yet checked; see `Home.frame`."""

    since: When
    until: When
    columns: Sequence[str] | str | None
    limit: int | None
    session_id: str | None
    text: bool


@dataclass(frozen=True)
class FrameArguments:
    """What the caller asked for, checked.

    Attributes:
        since: Only rows at or after it, by the frame's time column.
        until: Only rows before it.
        columns: The columns wanted, in that order; None for all.
        limit: At most so many rows, the newest.
        session_id: Only this conversation, all its pieces.
        text: The rows' texts, too, as a column more.
    """

    since: datetime | None = None
    until: datetime | None = None
    columns: tuple[str, ...] | None = None
    limit: int | None = None
    session_id: str | None = None
    text: bool = False

    @property
    def is_whole(self) -> bool:
        """True if no row is left out and no text asked for: only then may the rows come in chunks."""
        return (self.since, self.until, self.limit, self.session_id, self.text) == (None,) * 4 + (False,)

    def holds(self, at: datetime | None) -> bool:
        """True for a row of that time; one without a time is asked for only where no time is."""
        if at is None:
            return self.since is None and self.until is None
        return (self.since is None or at >= self.since) and (self.until is None or at < self.until)


@dataclass(frozen=True)
class Frame:
    """One DataFrame that a panel offers.

    Attributes:
        fill: Gets what it has parameters for: the panel's sources by name, the arguments as `args`, the time
            as `now`; returns a list or an Arrow array for each column asked for, or, where `args.is_whole`, chunks
            with these columns: whoever holds some gets the others only.
        time: The column that `since=` and `until=` go by; None if rows have no time.
        by_session: True if `session_id=` is understood.
        with_text: True if `text=True` is understood: `fill` then returns `text_column`, too.
        text_column: What that column is.
        about: What one row is, in a sentence.
        source: The file or table that its columns come from; `file: table` says that they have the same names
            there.
    """

    name: str
    columns: tuple[Column, ...]
    fill: Callable[..., Filled]
    time: str | None = None
    by_session: bool = False
    with_text: bool = False
    text_column: Column = TEXT
    about: str = ""
    source: str = ""

    def sources_of(self, sources: Mapping[str, Any]) -> dict[str, Any]:
        """Those of a panel's sources that `fill` asks for."""
        wanted = _parameters(self.fill)
        return {name: source for name, source in sources.items() if name in wanted}

    def run(self, contents: Mapping[str, Any], args: FrameArguments, now: datetime) -> Filled:
        """Calls `fill` with what it asks for."""
        filled: Filled = call(self.fill, {**contents, "args": args, "now": now})
        return filled

    def describe(self) -> dict[str, list[str | None]]:
        """Its columns, one list for each property: column, dtype, unit, meaning, source."""
        return {
            "column": [column.name for column in self.columns],
            "dtype": [column.dtype for column in self.columns],
            "unit": [column.unit for column in self.columns],
            "meaning": [column.meaning for column in self.columns],
            "source": [self._source(column) for column in self.columns],
        }

    def check(
        self,
        *,
        since: When = None,
        until: When = None,
        columns: Sequence[str] | str | None = None,
        limit: int | None = None,
        session_id: str | None = None,
        text: bool = False,
        now: datetime | None = None,
        where: tzinfo | None = None,
    ) -> FrameArguments:
        """The arguments in one form.

        `where` is the zone of naive times and of the words "today" and "yesterday"; None: this machine's.

        Raises:
            ArgumentError: One of them makes no sense, or this frame does not take it.
            UnknownNameError: There is no such column.
        """
        if self.time is None and (since is not None or until is not None):
            raise ArgumentError(f"The frame {self.name!r} has no time column: it takes no since= or until=.")
        if session_id is not None and not isinstance(session_id, str):
            raise ArgumentError(f"session_id={session_id!r}: expected the id of a session, as text.")
        if session_id is not None and not self.by_session:
            raise ArgumentError(f"The frame {self.name!r} takes no session_id=.")
        if not isinstance(text, bool):
            raise ArgumentError(f"text={text!r}: expected True or False.")
        if text and not self.with_text:
            raise ArgumentError(f"The frame {self.name!r} has no text: it takes no text=True.")
        if limit is not None:
            limit = _whole("limit", limit)
        if columns is not None and len(columns) == 0:
            raise ArgumentError(f"columns=[] asks for nothing. There are: {', '.join(self.column_names)}.")
        wanted = (columns,) if isinstance(columns, str) else None if columns is None else tuple(columns)
        known = (*self.column_names, self.text_column.name) if text else self.column_names
        for name in wanted or ():
            if self.with_text and not text and name == self.text_column.name:
                raise ArgumentError(f"The column {name!r} of the frame {self.name!r} comes with text=True.")
            if name not in known:
                raise UnknownNameError(f"column of the frame {self.name!r}", name, known)
        if len(set(wanted or ())) < len(wanted or ()):
            raise ArgumentError(f"columns={list(wanted or ())} names one of them twice.")
        now = now or datetime.now(UTC)
        return FrameArguments(
            parse_when("since", since, now, where),
            parse_when("until", until, now, where),
            wanted,
            limit,
            session_id,
            text,
        )

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of all columns, in order."""
        return tuple(column.name for column in self.columns)

    def wanted(self, args: FrameArguments) -> tuple[Column, ...]:
        """The columns asked for, in the order asked for."""
        known = (*self.columns, self.text_column) if args.text else self.columns
        by_name = {column.name: column for column in known}
        return known if args.columns is None else tuple(by_name[name] for name in args.columns)

    def _source(self, column: Column) -> str:
        if column.source is not None:
            return column.source
        return f"{self.source}.{column.name}" if ": " in self.source else self.source

    def rows(
        self, filled: Filled, args: FrameArguments, about: Mapping[str, str], have: Collection[str] = ()
    ) -> Rows:
        """Everything that is to be sent, redacted and with the declared types; nothing can fail after it.

        Args:
            filled: What `fill` returned. Arrow arrays of the declared type stay as they are.
            args: The arguments it was filled for.
            about: Metadata (home, as_of, status) that ends up in `DataFrame.attrs`.
            have: Keys of chunks that are left out.
        """
        import pyarrow as pa

        columns = self.wanted(args)
        fields = [
            pa.field(
                column.name,
                _arrow_type(column.kind),
                metadata={"unit": column.unit} if column.unit else None,
            )
            for column in columns
        ]
        schema = pa.schema(fields, metadata=dict(about))

        def batch(values: Mapping[str, Sequence[Any]]) -> pa.RecordBatch:
            arrays = [
                _as_array(values[column.name], column, field.type)
                for column, field in zip(columns, fields, strict=True)
            ]
            return pa.RecordBatch.from_arrays(arrays, schema=schema)

        if isinstance(filled, Mapping):
            whole = batch(filled)
            compacted = pa.RecordBatch.from_arrays([compact(array) for array in whole.columns], schema=schema)
            return Rows(schema, [compacted])
        first = columns[0].name
        order = tuple((chunk.key, len(chunk.columns[first])) for chunk in filled)
        return Rows(schema, [batch(chunk.columns) for chunk in filled if chunk.key not in have], order)


def _as_array(values: Any, column: Column, kind: pa.DataType) -> pa.Array:
    import pyarrow as pa

    is_free = column.kind in ("text", "texts") and not column.is_identifier
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if isinstance(values, pa.Array):
        array = values if values.type == kind else values.cast(kind)
        if column.kind == "category" and len(array) < len(array.dictionary):
            array = compact(array)  # a few new rows need not carry the names of all sessions
        return _redacted(array) if is_free else array
    if is_free:
        values = [_mapped(redact, value) for value in values]
    try:
        return pa.array(values, type=kind)
    except UnicodeEncodeError:  # half a character, in what is not redacted
        return pa.array([_mapped(encodable, value) for value in values], type=kind)


def _redacted(array: pa.Array) -> pa.Array:
    """The array itself, where there is nothing to redact."""
    import pyarrow as pa
    import pyarrow.compute as pc

    is_list = pa.types.is_list(array.type)
    texts = pc.unique(array.flatten() if is_list else array).to_pylist()
    if all(text is None or redact(text) == text for text in texts):
        return array
    return pa.array([_mapped(redact, value) for value in array.to_pylist()], type=array.type)


def _mapped(function: Callable[[str], str], value: Any) -> Any:
    """A text, or each text of a list, as the function makes it."""
    if isinstance(value, str):
        return function(value)
    return [_mapped(function, item) for item in value] if isinstance(value, (list, tuple)) else value


def check_library(library: str) -> None:
    """Sees to it that a table can be given in that form, before anything is read for it.

    Raises:
        ArgumentError: There is no such form, or its package is not installed.
    """
    if library not in LIBRARIES:
        raise ArgumentError(f"library={library!r}: expected one of {', '.join(LIBRARIES)}.")
    if library == "polars" and find_spec("polars") is None:
        raise ArgumentError(
            'library="polars" needs the package polars: pip install "hermes-hud-widget[polars]"'
        )


def converted(table: pa.Table, library: Library) -> Any:
    """The table as that library has it: `to_pandas`, `to_polars` or the table itself."""
    if library == "pandas":
        return to_pandas(table)
    return to_polars(table) if library == "polars" else table


def to_polars(table: pa.Table) -> pl.DataFrame:
    """A polars DataFrame: Categorical, Datetime("us", "UTC"), Int64, List(String); what is unknown is null.

    polars has no place for what the table's metadata say.
    """
    import polars as pl

    made = pl.from_arrow(table)
    assert isinstance(made, pl.DataFrame)
    return made


def to_pandas(table: pa.Table) -> pd.DataFrame:
    """A DataFrame with the dtypes that `Column.kind` names.

    Whoever writes to it changes nothing but this DataFrame: numbers, times and categories are copies, and strings
    and lists are Arrow's, which pandas replaces instead of changing them.

    `attrs` holds what the table's metadata says (home, as_of, timezone, day_boundary, status) and units.
    """
    import pandas as pd

    columns = {
        name: _as_pandas(column) for name, column in zip(table.column_names, table.columns, strict=True)
    }
    # copy=False, as each of them is made for this DataFrame alone.
    frame = pd.DataFrame(columns, index=pd.RangeIndex(table.num_rows), copy=False)
    about = {key.decode(): value.decode() for key, value in (table.schema.metadata or {}).items()}
    attributes: dict[str, Any] = dict(about)
    attributes["units"] = {
        field.name: field.metadata[b"unit"].decode()
        for field in table.schema
        if field.metadata and b"unit" in field.metadata
    }
    frame.attrs.update(attributes)
    return frame


def _as_pandas(column: pa.ChunkedArray) -> Any:
    """The column as one of pandas' arrays, sharing no memory that can be written to."""
    import numpy as np
    import pandas as pd
    import pyarrow as pa

    kind = column.type
    if pa.types.is_dictionary(kind):
        return _as_categorical(column)
    if pa.types.is_string(kind):
        # Not pandas' default, which may be an object for each text.
        return pd.StringDtype("pyarrow").__from_arrow__(column)  # type: ignore[attr-defined]
    if pa.types.is_list(kind):
        return pd.ArrowDtype(kind).__from_arrow__(column)  # type: ignore[attr-defined]
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        instants = column.cast(pa.timestamp("us")).cast(pa.int64())
        # NaT is the least number there is.
        values, _ = _copied(instants, np.dtype(np.int64), np.iinfo(np.int64).min)
        times = pd.DatetimeIndex(values.view("M8[us]"))
        return times.array if pa.types.is_date(kind) else times.tz_localize("UTC").array
    if pa.types.is_boolean(kind):
        return pd.arrays.BooleanArray(*_copied(column, np.dtype(np.bool_), False))
    if pa.types.is_floating(kind):
        return pd.arrays.FloatingArray(*_copied(column, np.dtype(np.float64), 1.0))
    return pd.arrays.IntegerArray(*_copied(column, np.dtype(np.int64), 1))


def _as_categorical(column: pa.ChunkedArray) -> pd.Categorical:
    import numpy as np
    import pandas as pd
    import pyarrow as pa

    if column.num_chunks > 1:
        column = column.unify_dictionaries()
    names = column.chunk(0).dictionary if column.num_chunks else pa.array([], pa.string())
    smallest = next(kind for kind in (np.int8, np.int16, np.int32) if len(names) <= np.iinfo(kind).max)
    indices = pa.chunked_array([chunk.indices for chunk in column.chunks], pa.int32())
    codes, _ = _copied(indices, np.dtype(smallest), -1)
    dtype = pd.CategoricalDtype(pd.Index(names.to_pandas()))
    return pd.Categorical.from_codes(codes, dtype=dtype, validate=False)


def _copied(column: pa.ChunkedArray, kind: np.dtype[Any], missing: Any) -> tuple[Any, Any]:
    """Values and a mask of those missing, in memory of their own."""
    import numpy as np
    import pyarrow as pa

    values, mask = np.empty(len(column), kind), np.zeros(len(column), np.bool_)
    start = 0
    for chunk in column.chunks:
        part = slice(start, start + len(chunk))
        start += len(chunk)
        if not len(chunk):
            continue
        bits, data = chunk.buffers()
        # From the buffers: `fill_null` and `to_numpy` would make copies of their own first.
        if pa.types.is_boolean(chunk.type):
            values[part] = _unpacked(data, chunk)
        else:
            there = np.frombuffer(data, chunk.type.to_pandas_dtype(), chunk.offset + len(chunk))
            np.copyto(values[part], there[chunk.offset :], casting="unsafe")
        if chunk.null_count:
            np.logical_not(_unpacked(bits, chunk), out=mask[part])
            np.copyto(values[part], missing, where=mask[part])
    return values, mask


def _unpacked(bits: pa.Buffer, array: pa.Array) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """A bit for each row, as booleans."""
    import numpy as np

    first = array.offset // 8
    packed = np.frombuffer(bits, np.uint8)[first:]
    begin = array.offset % 8
    unpacked = np.unpackbits(packed, bitorder="little", count=begin + len(array))
    return unpacked[begin:].view(np.bool_)


def call(function: Callable[..., Any], offered: Mapping[str, Any]) -> Any:
    """Calls a function with those of the offered arguments that it has parameters for."""
    wanted = _parameters(function)
    return function(**{name: value for name, value in offered.items() if name in wanted})


@cache
def _parameters(function: Callable[..., Any]) -> frozenset[str]:
    # Looked up once: a panel is collected after every change.
    return frozenset(inspect.signature(function).parameters)


def parse_when(name: str, value: When, now: datetime, where: tzinfo | None = None) -> datetime | None:
    """`since=` and `until=` as an instant.

    Understood: a datetime or date (naive ones are in the zone `where`), a timedelta (so long ago), an ISO 8601
    string, "now", "today", "yesterday", and "90m", "24h", "7d", "4w" (so long ago).

    Raises:
        ArgumentError: Anything else.
    """
    if value is None:
        return None
    try:
        if isinstance(value, timedelta):
            return now - value
        if isinstance(value, datetime):
            return _in_utc(_plain(value), where)
        if isinstance(value, date):
            return _in_utc(datetime.combine(value, time()), where)
        return _parse_words(str(value).strip(), now, where)
    except (ValueError, OverflowError) as error:
        raise ArgumentError(
            f"{name}={value!r} is not a time. Expected a datetime, a date, a timedelta, an ISO 8601 string such as "
            f'"2026-01-31T08:00", or one of "today", "yesterday", "now", "90m", "24h", "7d", "4w".'
        ) from error


def as_text(value: When) -> str | None:
    """A time that `parse_when` understands, as text that it understands in another process, too."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, timedelta):
        return (datetime.now(UTC) - value).isoformat()
    return _plain(value).isoformat() if isinstance(value, datetime) else value.isoformat()


def _parse_words(text: str, now: datetime, where: tzinfo | None) -> datetime:
    today = datetime.combine(now.astimezone(where).date(), time())
    words = {"now": now, "today": today, "yesterday": today - timedelta(days=1)}
    if text.lower() in words:
        return _in_utc(words[text.lower()], where)
    ago = re.fullmatch(r"(\d{1,6})\s*([mhdw])", text.lower())
    if ago:
        unit = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}[ago[2]]
        return now - timedelta(**{unit: int(ago[1])})
    return _in_utc(datetime.fromisoformat(text), where)


def _in_utc(value: datetime, where: tzinfo | None) -> datetime:
    if value.tzinfo is None and where is not None:
        value = value.replace(tzinfo=where)
    return value.astimezone(UTC)


def _plain(value: datetime) -> datetime:
    """Without pandas' subclass, whose arithmetic differs; NaT is a ValueError."""
    convert = getattr(value, "to_pydatetime", None)
    if convert is None:
        return value
    if value != value:  # NaT equals nothing
        raise ValueError("NaT")
    plain: datetime = convert(warn=False)
    return plain


def _whole(name: str, value: Any) -> int:
    try:
        number = operator.index(value)  # numpy's integers are welcome
    except TypeError:
        number = -1
    if number < 0 or isinstance(value, bool):
        raise ArgumentError(f"{name}={value!r}: expected a whole number, 0 or more.")
    return number


def _arrow_type(kind: Kind) -> pa.DataType:
    import pyarrow as pa

    return {
        "text": pa.string(),
        "category": pa.dictionary(pa.int32(), pa.string()),
        "integer": pa.int64(),
        "number": pa.float64(),
        "boolean": pa.bool_(),
        "instant": pa.timestamp("us", tz="UTC"),
        "day": pa.date32(),
        "texts": pa.list_(pa.string()),
    }[kind]
