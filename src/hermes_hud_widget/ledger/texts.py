"""The messages' texts, uncut. They are read when they are asked for, and never kept."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from hermes_hud_widget.ledger.database import Database
from hermes_hud_widget.ledger.pace import Pace
from hermes_hud_widget.ledger.parts import MARK
from hermes_hud_widget.ledger.schema import Schema
from hermes_hud_widget.redact import encodable


def texts(database: Database, ids: Sequence[int]) -> Iterator[tuple[list[int], list[str | None]]]:
    """Some messages after the other: their ids, and the text of each; None for a message without content.

    Of a message that is made of parts it is the texts among them, each on a line, with a word such as "[image]" in the
    place of what is no text. Bytes that are no UTF-8 are replaced. Messages that are gone are left out. Nothing is
    redacted.

    Raises:
        DatabaseProblem: It cannot be read.
        DatabaseMissing: There is no database.
    """
    # Each may be megabytes: a few first.
    pace = Pace(rows=5, least=1, most=2_000)
    at = 0
    while at < len(ids):
        with pace.step() as limit:
            found = database.read(partial(_read, ids=ids[at : at + limit]))
        at += limit
        # Outside the read: Hermes' commits need not wait for the JSON.
        yield [message_id for message_id, _ in found], [shown(content) for _, content in found]


def _read(
    connection: sqlite3.Connection, schema: Schema, ids: Sequence[int]
) -> list[tuple[int, bytes | None]]:
    if not schema.has("messages"):
        return []
    # As bytes: text that begins with NUL would come out empty.
    content = "CAST(content AS BLOB)" if schema.has("messages", "content") else "NULL"
    return connection.execute(
        f"SELECT id, {content} FROM messages WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id",
        (json.dumps(list(ids)),),
    ).fetchall()


def shown(content: bytes | None) -> str | None:
    """What of a message's content is text, each part on a line; None without any."""
    if content is None or not content.startswith(MARK):
        return None if content is None else content.decode("utf-8", "replace")
    whole = content[len(MARK) :].decode("utf-8", "replace")
    try:
        parts = json.loads(whole)
    except (ValueError, RecursionError):
        parts = None
    if not isinstance(parts, list) or not parts:
        return whole
    return encodable("\n".join(map(_word, parts)))


def _word(part: Any) -> str:
    if isinstance(part, str):
        return part
    if not isinstance(part, dict):
        return "[part]"
    if isinstance(part.get("text"), str):
        return str(part["text"])
    kind = str(part.get("type") or "part")
    return "[image]" if "image" in kind else f"[{kind}]"
