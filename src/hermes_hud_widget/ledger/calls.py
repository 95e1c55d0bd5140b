"""`messages.tool_calls`, taken apart by SQLite so that large arguments never leave it."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection

from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.ledger.schema import Schema

ELEMENTS = (
    "json_each(CASE WHEN json_valid({0}.tool_calls) THEN"
    " CASE json_type({0}.tool_calls) WHEN 'array' THEN {0}.tool_calls ELSE '[]' END ELSE '[]' END)"
)
"""The entries of a row's tool calls; none where the text is damaged. `{0}` is the table's alias."""
NAME = "CASE {0}.type WHEN 'object' THEN json_extract({0}.value, '$.function.name') END"
"""The tool's name of such an entry."""


@frozen
class Call:
    """One tool call; `arguments` is cut to what was asked for."""

    id: str
    other_id: str
    tool: str
    arguments: str


def read_calls(
    connection: sqlite3.Connection, schema: Schema, message_ids: Collection[int], argument_chars: int = 0
) -> dict[int, tuple[Call, ...]]:
    """The tool calls of these messages by message id; messages without any are missing.

    Args:
        connection: Where to read.
        schema: What there is.
        message_ids: The messages.
        argument_chars: How many characters of the arguments to return.
    """
    if not message_ids or not schema.has("messages", "tool_calls"):
        return {}
    arguments = (
        "CASE j.type WHEN 'object' THEN substr(json_extract(j.value, '$.function.arguments'), 1, ?) END"
        if argument_chars
        else "?"
    )
    rows = connection.execute(
        "SELECT m.id, CASE j.type WHEN 'object' THEN json_extract(j.value, '$.id') END,"
        " CASE j.type WHEN 'object' THEN json_extract(j.value, '$.call_id') END,"
        f" {NAME.format('j')}, {arguments}"
        f" FROM messages m, {ELEMENTS.format('m')} j"
        " WHERE m.id IN (SELECT value FROM json_each(?)) AND m.tool_calls IS NOT NULL"
        " ORDER BY m.id, j.key",
        (argument_chars or "", json.dumps(list(message_ids))),
    ).fetchall()
    found: defaultdict[int, list[Call]] = defaultdict(list)
    for message_id, one, other, tool, given in rows:
        found[message_id].append(Call(_text(one), _text(other), _text(tool), _text(given)))
    return {message_id: tuple(calls) for message_id, calls in found.items()}


def _text(value: object) -> str:
    return "" if value is None else str(value)
