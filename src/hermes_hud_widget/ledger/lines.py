"""Rows of a statement as Arrow columns, made by one step of SQLite.

A million rows as Python tuples hold the interpreter for seconds, a bit at each row. Here SQLite writes all rows of a
read into one text, in its own quotes, and Arrow parses it; the interpreter is needed for neither.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from hermes_hud_widget.ledger.database import Database
from hermes_hud_widget.ledger.schema import Schema
from hermes_hud_widget.ledger.values import moment, number, text

if TYPE_CHECKING:
    import pyarrow as pa

_SEPARATOR = "\x1f"
_SCALE = 2**22
"""What makes a whole number, exactly, of epoch seconds from 2**30 (in 2004) on."""
_FIRST_SECOND, _LAST_SECOND = 2**30, 2**33
_LATEST_AT_ONCE = 1e11


class Field(NamedTuple):
    """One column to read.

    Attributes:
        name: How it is called.
        sql: What it is, in SQL.
        kind: `integer` (what is none is missing), `seconds` (a number, as `float64`), `word` (one of few texts, as
            `dictionary<int32, string>`) or `text`. A text ends at a NUL, as it does for SQLite's functions.
        is_whole: True for a text that goes on after a NUL.
    """

    name: str
    sql: str
    kind: Literal["integer", "seconds", "word", "text"]
    is_whole: bool = False


class Lines(NamedTuple):
    """Rows as SQLite wrote them, to be parsed outside the read.

    Attributes:
        fields: The columns.
        source: The statement, from FROM on.
        values: Of its parameters.
        rows: How many.
        text: The rows; None: they cannot be had this way.
    """

    fields: Sequence[Field]
    source: str
    values: Sequence[Any]
    rows: int
    text: bytes | None


def read_lines(
    connection: sqlite3.Connection, fields: Sequence[Field], source: str, values: Sequence[Any]
) -> Lines:
    """All rows that a statement gives, in its order.

    Args:
        connection: Where to read.
        fields: The columns; at least two, the first an integer that is never missing.
        source: From FROM on.
        values: Of the statement's parameters.
    """
    pattern = _SEPARATOR.join("%Q" if field.kind in ("word", "text") else "%s" for field in fields)
    # printf ends a text at its first NUL.
    nul = " OR ".join(f"instr(f{at}, char(0))" for at, field in enumerate(fields) if field.is_whole)
    inner = ", ".join(f"{_scaled(field)} AS f{at}" for at, field in enumerate(fields))
    outer = ", ".join(f"f{at}" for at in range(len(fields)))
    ((text, count, has_nul),) = connection.execute(
        f"SELECT CAST(group_concat(printf('{pattern}', {outer}), char(10)) AS BLOB), count(*), total({nul or 0})"
        f" FROM (SELECT {inner} {source})",
        values,
    ).fetchall()
    return Lines(fields, source, values, count, None if has_nul else text or b"")


def parsed(database: Database, read: Sequence[Lines]) -> pa.Table:
    """What was read as one table.

    Whatever is not as it should be (a text with a NUL, bytes that are no UTF-8, times before 2004) is read again, row
    by row; what is right then does not depend on any quoting.
    """
    import pyarrow as pa

    if not read:
        raise ValueError("nothing was read: its columns are not known")
    table = _parsed(read)
    if table is None:
        tables = [
            database.read(partial(_read_row_by_row, lines=lines)) if table is None else table
            for lines, table in ((lines, _parsed([lines])) for lines in read)
        ]
        table = pa.concat_tables(tables)
    return table.unify_dictionaries().combine_chunks()


def empty(fields: Sequence[Field]) -> pa.Table:
    """These columns without rows."""
    import pyarrow as pa

    types = _types()
    return pa.table({field.name: pa.array([], types[field.kind]) for field in fields})


def one(column: pa.ChunkedArray) -> pa.Array:
    """A column as one array."""
    import pyarrow as pa

    if column.num_chunks == 1:
        return column.chunk(0)
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)


def instants(seconds: pa.Array) -> pa.Array:
    """Epoch seconds (`float64`) as times in UTC, to the microsecond those of `values.moment`."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = pa.timestamp("us", tz="UTC")
    bounds = pc.min_max(seconds).as_py()
    if bounds["min"] is None:
        return pa.nulls(len(seconds), kind)
    if bounds["min"] < 0 or bounds["max"] >= _LATEST_AT_ONCE:
        return pa.array([None if one is None else moment(one) for one in seconds.to_pylist()], kind)
    # The fraction by itself, and halves to the even side, as Python does it: the product of the whole would be
    # rounded to a quarter of a microsecond first.
    whole = pc.floor(seconds)
    fraction = pc.round(pc.multiply(pc.subtract(seconds, whole), 1e6), 0, "half_to_even")
    micros = pc.add(pc.multiply(pc.cast(whole, pa.int64()), 1_000_000), pc.cast(fraction, pa.int64()))
    return micros.cast(kind)


def _types() -> dict[str, pa.DataType]:
    import pyarrow as pa

    return {
        "integer": pa.int64(),
        "seconds": pa.float64(),
        "word": pa.dictionary(pa.int32(), pa.string()),
        "text": pa.string(),
    }


def _parsed(read: Sequence[Lines]) -> pa.Table | None:
    """The rows; None where what was written cannot be relied on."""
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import csv

    fields = read[0].fields
    texts = [lines.text for lines in read if lines.rows]
    if not texts:
        return empty(fields)
    known = [text for text in texts if text is not None]
    if len(known) < len(texts):
        return None
    text = b"\n".join(known)
    types = _types()
    try:
        table = csv.read_csv(
            pa.BufferReader(text),
            read_options=csv.ReadOptions(
                column_names=[field.name for field in fields], use_threads=False, block_size=len(text) + 1
            ),
            parse_options=csv.ParseOptions(
                delimiter=_SEPARATOR, quote_char="'", double_quote=True, newlines_in_values=True
            ),
            convert_options=csv.ConvertOptions(
                column_types={
                    field.name: types["integer" if field.kind == "seconds" else field.kind]
                    for field in fields
                },
                null_values=["NULL", ""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid:
        return None
    if table.num_rows != sum(lines.rows for lines in read):
        return None
    for at, field in enumerate(fields):
        if field.kind == "seconds":
            seconds = pc.divide(pc.cast(table[field.name], pa.float64(), safe=False), float(_SCALE))
            table = table.set_column(at, field.name, seconds)
    return table


def _scaled(field: Field) -> str:
    if field.kind != "seconds":
        return field.sql
    # What is out of the span, or no number, cannot be parsed on the other side.
    return (
        f"CASE WHEN {field.sql} >= {_FIRST_SECOND} AND {field.sql} < {_LAST_SECOND}"
        f" THEN CAST({field.sql} * {_SCALE}.0 AS INTEGER) WHEN {field.sql} IS NOT NULL THEN '-' END"
    )


def _read_row_by_row(connection: sqlite3.Connection, _: Schema, lines: Lines) -> pa.Table:
    import pyarrow as pa

    types = _types()
    columns = ", ".join(
        f"CAST({field.sql} AS TEXT)" if field.kind in ("word", "text") else field.sql
        for field in lines.fields
    )
    rows = connection.execute(f"SELECT {columns} {lines.source}", lines.values).fetchall()
    found = zip(*rows, strict=True) if rows else ([] for _ in lines.fields)
    arrays = {}
    for field, column in zip(lines.fields, found, strict=True):
        plain = pa.string() if field.kind == "word" else types[field.kind]
        array = pa.array([_plain(field, value) for value in column], plain)
        arrays[field.name] = array.dictionary_encode() if field.kind == "word" else array
    return pa.table(arrays)


def _plain(field: Field, value: Any) -> Any:
    match field.kind:
        case "integer":
            return value if isinstance(value, int) else None
        case "seconds":
            return number(value)
        case _:
            words = text(value)
            return words if words is None or field.is_whole else words.split("\0", 1)[0]
