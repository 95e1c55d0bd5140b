"""What a DataFrame of the HUD is: declared columns, a function that fills them, and the way to Arrow and pandas."""

from __future__ import annotations

import inspect
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from hermes_hud_widget.errors import ArgumentError, UnknownNameError
from hermes_hud_widget.redact import encodable, redact

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

Kind = Literal["text", "category", "integer", "number", "boolean", "instant", "day", "texts"]

When = str | date | datetime | timedelta | None
"""What `since=` and `until=` accept."""


@dataclass(frozen=True)
class Column:
    """One column of a frame.

    Attributes:
        kind: `text` → string, `category`, `integer` → Int64, `number` → Float64, `boolean`,
            `instant` → datetime64[us, UTC], `day` → datetime64[us] (a calendar day in the home's zone),
            `texts` → lists of strings.
        meaning: What it says.
        unit: Its unit, where it has one.
        is_identifier: True for text that Hermes made (ids, paths); all other text is redacted.
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
    "texts": "object",
}


@dataclass(frozen=True)
class FrameArguments:
    """What the caller asked for, checked.

    Attributes:
        since: Only rows at or after it, by the frame's time column.
        until: Only rows before it.
        columns: The columns wanted, in that order; None for all.
        limit: At most so many rows, the newest.
        session_id: Only this conversation, all its pieces.
    """

    since: datetime | None = None
    until: datetime | None = None
    columns: tuple[str, ...] | None = None
    limit: int | None = None
    session_id: str | None = None

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
            as `now`; returns a list for each column asked for.
        time: The column that `since=` and `until=` go by; None if rows have no time.
        by_session: True if `session_id=` is understood.
        about: What one row is, in a sentence.
        source: The file or table that its columns come from; `file: table` says that they have the same names
            there.
    """

    name: str
    columns: tuple[Column, ...]
    fill: Callable[..., Mapping[str, Sequence[Any]]]
    time: str | None = None
    by_session: bool = False
    about: str = ""
    source: str = ""

    def sources_of(self, sources: Mapping[str, Any]) -> dict[str, Any]:
        """Those of a panel's sources that `fill` asks for."""
        wanted = _parameters(self.fill)
        return {name: source for name, source in sources.items() if name in wanted}

    def run(
        self, contents: Mapping[str, Any], args: FrameArguments, now: datetime
    ) -> Mapping[str, Sequence[Any]]:
        """Calls `fill` with what it asks for."""
        filled: Mapping[str, Sequence[Any]] = call(self.fill, {**contents, "args": args, "now": now})
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
        if limit is not None:
            limit = _whole("limit", limit)
        if columns is not None and len(columns) == 0:
            raise ArgumentError(f"columns=[] asks for nothing. There are: {', '.join(self.column_names)}.")
        wanted = (columns,) if isinstance(columns, str) else None if columns is None else tuple(columns)
        for name in wanted or ():
            if name not in self.column_names:
                raise UnknownNameError(f"column of the frame {self.name!r}", name, self.column_names)
        now = now or datetime.now(UTC)
        return FrameArguments(
            parse_when("since", since, now, where),
            parse_when("until", until, now, where),
            wanted,
            limit,
            session_id,
        )

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of all columns, in order."""
        return tuple(column.name for column in self.columns)

    def wanted(self, args: FrameArguments) -> tuple[Column, ...]:
        """The columns asked for, in the order asked for."""
        by_name = {column.name: column for column in self.columns}
        return self.columns if args.columns is None else tuple(by_name[name] for name in args.columns)

    def _source(self, column: Column) -> str:
        if column.source is not None:
            return column.source
        return f"{self.source}.{column.name}" if ": " in self.source else self.source

    def to_arrow(
        self, filled: Mapping[str, Sequence[Any]], args: FrameArguments, about: Mapping[str, str]
    ) -> pa.Table:
        """An Arrow table with the declared types, also without rows.

        Args:
            filled: What `fill` returned.
            args: The arguments it was filled for.
            about: Metadata (home, as_of, status) that ends up in `DataFrame.attrs`.
        """
        import pyarrow as pa

        fields, arrays = [], []
        for column in self.wanted(args):
            values = filled[column.name]
            if column.kind in ("text", "texts") and not column.is_identifier:
                values = [_mapped(redact, value) for value in values]
            metadata = {"unit": column.unit} if column.unit else None
            field = pa.field(column.name, _arrow_type(column.kind), metadata=metadata)
            fields.append(field)
            try:
                array = pa.array(values, type=field.type)
            except UnicodeEncodeError:  # half a character, in what is not redacted
                array = pa.array([_mapped(encodable, value) for value in values], type=field.type)
            arrays.append(array)
        return pa.Table.from_arrays(arrays, schema=pa.schema(fields, metadata=dict(about)))


def _mapped(function: Callable[[str], str], value: Any) -> Any:
    """A text, or each text of a list, as the function makes it."""
    if isinstance(value, str):
        return function(value)
    return [_mapped(function, item) for item in value] if isinstance(value, (list, tuple)) else value


def to_pandas(table: pa.Table) -> pd.DataFrame:
    """A DataFrame with the dtypes that `Column.kind` names.

    `attrs` holds what the table's metadata says (home, as_of, timezone, day_boundary, status) and units.
    """
    import pandas as pd
    import pyarrow as pa

    dtypes = {
        pa.int64(): pd.Int64Dtype(),
        pa.float64(): pd.Float64Dtype(),
        pa.bool_(): pd.BooleanDtype(),
        pa.string(): pd.StringDtype(),
    }
    frame: pd.DataFrame = table.to_pandas(types_mapper=dtypes.get, date_as_object=False)
    days = [field.name for field in table.schema if pa.types.is_date(field.type)]
    if days:
        frame = frame.astype(dict.fromkeys(days, _DTYPES["day"]))
    about = {key.decode(): value.decode() for key, value in (table.schema.metadata or {}).items()}
    attributes: dict[str, Any] = {key: value for key, value in about.items() if key != "pandas"}
    attributes["units"] = {
        field.name: field.metadata[b"unit"].decode()
        for field in table.schema
        if field.metadata and b"unit" in field.metadata
    }
    frame.attrs.update(attributes)
    return frame


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
