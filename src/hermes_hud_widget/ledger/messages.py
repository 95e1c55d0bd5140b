"""The rows of `messages` in columns, without their texts."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from hermes_hud_widget.ledger import lines
from hermes_hud_widget.ledger.calls import ELEMENTS, NAME
from hermes_hud_widget.ledger.database import Database
from hermes_hud_widget.ledger.follower import Follower
from hermes_hud_widget.ledger.lines import Field, Lines
from hermes_hud_widget.ledger.schema import Schema
from hermes_hud_widget.ledger.slabs import Kind, Slabs

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS: Mapping[str, Kind] = {
    "id": "integer",
    "session_id": "category",
    "role": "category",
    "timestamp": "instant",
    "tool_name": "category",
    "tool_call_id": "text",
    "tool_names": "texts",
    "finish_reason": "category",
    "token_count": "integer",
    "text_chars": "integer",
    "reasoning_chars": "integer",
    "state": "category",
}
_BETWEEN = "\x1f"

TEXT_LENGTH = (
    # Messages of parts begin with NUL, where length() would stop.
    "CASE WHEN content <> '' AND unicode(content) IS NULL THEN (SELECT coalesce(sum(length("
    "CASE j.type WHEN 'object' THEN json_extract(j.value, '$.text') END)), 0) FROM"
    " json_each(CASE WHEN json_valid(CAST(substr(CAST(content AS BLOB), 7) AS TEXT))"
    " THEN CAST(substr(CAST(content AS BLOB), 7) AS TEXT) ELSE '[]' END) j)"
    " ELSE coalesce(length(content), 0) END"
)
"""The length of a message's text, in characters."""


def message_state(active: Any, compacted: Any) -> Literal["active", "compacted", "rewound"]:
    """What became of a message, by its flags; None where this Hermes has no such flag."""
    if active is None or active:
        return "active"
    return "compacted" if compacted else "rewound"


STATES = (message_state(1, 0), message_state(0, 0), message_state(0, 1))
"""What may have become of a message."""


def state_number(schema: Schema) -> str:
    """What has become of a message, in SQL, as its place in `STATES`."""
    active, compacted = (
        f"coalesce({flag}, {default}) <> 0" if schema.has("messages", flag) else default
        for flag, default in (("active", "1"), ("compacted", "0"))
    )
    return f"CASE WHEN {active} THEN 0 ELSE 1 + ({compacted}) END"


class Messages(Follower):
    """One row for each row of `messages`, with the lengths of its texts instead of the texts."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, COLUMNS, "timestamp")

    def _read(
        self, connection: sqlite3.Connection, schema: Schema, where: str, values: Sequence[Any]
    ) -> Lines:
        source = f"FROM messages WHERE {where.format('')} ORDER BY id"
        return lines.read_lines(connection, _fields(schema), source, values)

    def _rows(self, slabs: Slabs, found: Sequence[Lines]) -> pa.RecordBatch:
        if not found:
            return slabs.nothing()
        table = lines.parsed(self._database, found)
        columns = {name: lines.one(table[name]) for name in COLUMNS}
        columns["timestamp"] = lines.instants(columns["timestamp"])
        columns["tool_names"] = _split(columns["tool_names"])
        columns["state"] = state(columns["state"])
        return slabs.batch(columns)


def state(numbers: pa.Array) -> pa.DictionaryArray:
    """Places in `STATES` as these words."""
    import pyarrow as pa

    return pa.DictionaryArray.from_arrays(numbers.cast(pa.int32()), pa.array(STATES, pa.string()))


def _split(names: pa.DictionaryArray) -> pa.Array:
    """Names that were written one behind the other, as lists."""
    import pyarrow as pa

    lists = [one.split(_BETWEEN) if one else [] for one in names.dictionary.to_pylist()]
    return pa.array(lists, pa.list_(pa.string())).take(names.indices)


def _fields(schema: Schema) -> list[Field]:
    there = schema.tables["messages"]
    has = there.__contains__

    def plain(name: str) -> str:
        return name if name in there else "NULL"

    thoughts = [f"nullif({name}, '')" for name in ("reasoning", "reasoning_content") if has(name)]
    names = f"(SELECT group_concat({NAME.format('k')}, char(31)) FROM {ELEMENTS.format('messages')} k)"
    return [
        Field("id", "id", "integer"),
        Field("session_id", plain("session_id"), "word", is_whole=True),
        Field("role", plain("role"), "word"),
        Field("timestamp", plain("timestamp"), "seconds"),
        Field("tool_name", plain("tool_name"), "word"),
        Field("tool_call_id", plain("tool_call_id"), "text"),
        Field(
            "tool_names",
            f"CASE WHEN tool_calls IS NOT NULL THEN coalesce({names}, '') ELSE '' END"
            if has("tool_calls")
            else "NULL",
            "word",
        ),
        Field("finish_reason", plain("finish_reason"), "word"),
        Field(
            "token_count",
            "CASE typeof(token_count) WHEN 'integer' THEN token_count END" if has("token_count") else "NULL",
            "integer",
        ),
        Field("text_chars", TEXT_LENGTH if has("content") else "NULL", "integer"),
        Field(
            "reasoning_chars",
            f"coalesce(length(coalesce({', '.join([*thoughts, 'NULL'])})), 0)" if thoughts else "NULL",
            "integer",
        ),
        Field("state", state_number(schema), "integer"),
    ]
