"""The words around a hit, with the hits told from the rest."""

from __future__ import annotations

import json
import re
import sqlite3
import unicodedata
from collections.abc import Collection, Sequence
from functools import partial
from typing import Any, NamedTuple

from hermes_hud_widget.ledger.calls import read_calls
from hermes_hud_widget.ledger.database import Database
from hermes_hud_widget.ledger.pace import Pace
from hermes_hud_widget.ledger.parts import MARK, Parts
from hermes_hud_widget.ledger.rows import SearchHit, SearchTerm
from hermes_hud_widget.ledger.schema import Schema
from hermes_hud_widget.ledger.values import moment, number, text
from hermes_hud_widget.redact import redact

BEFORE_CHARS, AFTER_CHARS = 40, 180
READ_BYTES = 256 * 1024
"""So much of a message is searched for the place of its hit."""
ARGUMENT_CHARS = 20_000
MOST_MARKS = 20


class _Raw(NamedTuple):
    id: int
    session_id: str
    role: str
    timestamp: Any
    tool_name: str | None
    start: bytes
    size: int
    arguments: tuple[str, ...]


def read_hits(
    database: Database, parts: Parts, ids: Collection[int], terms: Sequence[SearchTerm]
) -> dict[int, SearchHit]:
    """Messages with the words around the first hit, by their ids; those that are gone are missing.

    Redacted before they are cut, since half a secret is not recognised as one.
    """
    pattern = hit_pattern(terms)
    found: dict[int, SearchHit] = {}
    waiting, pace = sorted(ids), Pace(rows=5, least=1)
    while waiting:
        with pace.step() as count:
            some, waiting = waiting[:count], waiting[count:]
            read = database.read(partial(_read, ids=some))
        for raw in read:
            shown = _decoded(parts, raw)
            texts = [shown, raw.tool_name or "", *raw.arguments]
            found[raw.id] = SearchHit(
                message=raw.id,
                session=raw.session_id,
                role=raw.role,
                timestamp=moment(number(raw.timestamp) or 0.0),
                snippet=snippet(texts, pattern),
            )
    return found


def hit_pattern(terms: Sequence[SearchTerm]) -> re.Pattern[str] | None:
    """What finds the terms in folded text (see `folded`); None when there is nothing to find."""
    alternatives = []
    for term in terms:
        wanted = folded(term.text)
        if term.kind in ("substring", "scanned"):
            alternatives.append(re.escape(wanted))
        elif term.kind != "ignored":
            words = [re.escape(word) for word in re.findall(r"[^\W_]+", wanted)]
            end = "[^\\W_]*" if term.kind == "prefix" else r"(?![^\W_])"
            alternatives.append(r"(?<![^\W_])" + r"[\W_]+".join(words) + end)
    return re.compile("|".join(alternatives)) if alternatives else None


def snippet(texts: Sequence[str], pattern: re.Pattern[str] | None) -> tuple[str, ...]:
    """The words around the first hit in the first text that has one; every second piece is a hit.

    Without a hit (it lies beyond what is read, or among what is not shown) the beginning of the first text.
    """
    safe = [redact(one) for one in texts]
    for one in safe:
        match = pattern.search(folded(one)) if pattern is not None else None
        if match is not None:
            return marked(_window(one, match.start(), match.end()), pattern)
    whole = next((one for one in safe if one), "")
    return (_window(whole, 0, 0),)


def marked(whole: str, pattern: re.Pattern[str] | None) -> tuple[str, ...]:
    """A text in pieces, of which every second one is a hit."""
    pieces: list[str] = []
    at = 0
    for match in pattern.finditer(folded(whole)) if pattern is not None else ():
        if match.start() == match.end() or len(pieces) >= 2 * MOST_MARKS:
            continue
        pieces += [whole[at : match.start()], whole[match.start() : match.end()]]
        at = match.end()
    return (*pieces, whole[at:])


class _Folding(dict[int, str]):
    def __missing__(self, code: int) -> str:
        letter = chr(code)
        parts = unicodedata.normalize("NFD", letter)
        plain = (parts[0] if all(map(unicodedata.combining, parts[1:])) else letter).lower()
        # One for one, so that places in the folded text are places in the text.
        self[code] = plain if len(plain) == 1 else letter
        return self[code]


_FOLDING = _Folding()


def folded(whole: str) -> str:
    """A text of the same length without case and accents, as the word index has it."""
    return whole.lower() if whole.isascii() else whole.translate(_FOLDING)


def _window(whole: str, start: int, end: int) -> str:
    low, high = max(0, start - BEFORE_CHARS), min(len(whole), max(end, start + 1) + AFTER_CHARS)
    if low > 0:  # from the beginning of a word, if one begins there
        low = next((at + 1 for at in range(low - 1, start) if whole[at].isspace()), low)
    words = " ".join(whole[low:high].split())
    return f"{'… ' if low > 0 else ''}{words}{' …' if high < len(whole) else ''}"


def _decoded(parts: Parts, raw: _Raw) -> str:
    if raw.start.startswith(MARK):
        return parts.text(raw.id, raw.timestamp, raw.size)[0]
    return raw.start.decode("utf-8", "replace")


def _read(connection: sqlite3.Connection, schema: Schema, ids: Sequence[int]) -> list[_Raw]:
    if not schema.has("messages"):
        return []
    content = "content" if schema.has("messages", "content") else "NULL"
    rows = connection.execute(
        f"SELECT id, session_id, role, timestamp, {schema.select('messages', ('tool_name',))},"
        # As bytes: text that begins with NUL, as messages of parts do, would come out empty.
        f" substr(CAST({content} AS BLOB), 1, {READ_BYTES}), length(CAST({content} AS BLOB))"
        " FROM messages WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(ids)),),
    ).fetchall()
    calls = read_calls(connection, schema, ids, ARGUMENT_CHARS)
    return [
        _Raw(
            row[0],
            text(row[1]) or "",
            text(row[2]) or "",
            row[3],
            text(row[4]),
            row[5] or b"",
            row[6] or 0,
            tuple(f"{call.tool} {call.arguments}" for call in calls.get(row[0], ())),
        )
        for row in rows
    ]
