"""Messages made of parts (texts, images), as one short text."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Hashable
from functools import partial
from typing import Any

from hermes_hud_widget.ledger.database import Database
from hermes_hud_widget.ledger.schema import Schema
from hermes_hud_widget.ledger.values import TEXT_CHARS, cut
from hermes_hud_widget.redact import encodable

MARK = b"\0json:"
"""What the content of such a message begins with."""
LIMIT_BYTES = 4 * 1024 * 1024
"""Larger ones are not taken apart: reading them would take longer than Hermes' commits should wait."""
MOST_KEPT = 512
"""Of so many messages the short text is kept."""


class Parts:
    """Takes messages apart, each in a read of its own, and keeps what came out: content never changes in place."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, tuple[str, bool]] = OrderedDict()

    def text(self, message_id: int, timestamp: Hashable, size: int) -> tuple[str, bool]:
        """The texts among the parts, with a word in the place of each image, and whether something was cut.

        Args:
            message_id: The message.
            timestamp: The message's, as stored: it tells messages of a replaced file apart.
            size: Of its content, in bytes.
        """
        if size > LIMIT_BYTES:
            return f"[multimodal content, {size / 2**20:.1f} MB]", True
        known = self._known((self._database.identity, message_id, timestamp, size))
        if known is not None:
            return known
        identity, raw = self._database.read(partial(self._read, message_id=message_id))
        # Outside the read: Hermes' commits need not wait for the JSON.
        shown = _take_apart(raw)
        if len(raw) == size:
            self._keep((identity, message_id, timestamp, size), shown)
        return shown

    def _known(self, key: Hashable) -> tuple[str, bool] | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def _keep(self, key: Hashable, shown: tuple[str, bool]) -> None:
        with self._lock:
            self._kept[key] = shown
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)

    def _read(self, connection: sqlite3.Connection, _: Schema, message_id: int) -> tuple[Hashable, bytes]:
        row = connection.execute(
            "SELECT CAST(content AS BLOB) FROM messages WHERE id = ?", (message_id,)
        ).fetchone()
        return self._database.identity, (row[0] if row else None) or b""


def _take_apart(raw: bytes) -> tuple[str, bool]:
    whole = raw[len(MARK) :].decode("utf-8", "replace")
    try:
        parts = json.loads(whole)
    except (ValueError, RecursionError):
        parts = None
    if not isinstance(parts, list) or not parts:
        return cut(whole)
    words = "\n".join(_words(part) for part in parts)
    return cut(encodable(words))


def _words(part: Any) -> str:
    if isinstance(part, str):
        return part[: TEXT_CHARS + 1]
    if not isinstance(part, dict):
        return "[part]"
    if isinstance(part.get("text"), str):
        return str(part["text"][: TEXT_CHARS + 1])
    kind = str(part.get("type") or "part")
    return "[image]" if "image" in kind else f"[{kind}]"
