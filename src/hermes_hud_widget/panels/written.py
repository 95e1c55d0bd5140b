"""What people and programs write into files, as panels show it: short texts, times, names of hosts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any
from urllib.parse import urlsplit

from hermes_hud_widget.ledger.values import instant, number

TEXT_CHARS = 500
"""Longer texts are cut to so many characters."""

_PERSON = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+|(?<!\d)[+-]?(?!\d{8}_\d{6})\d{7,}")
"""E-mail addresses, telephone numbers, ids of users and chats; sessions' ids, which begin with a time, are none."""
_NAMED = re.compile(
    r"\b(user|chat|user_id|user_name|chat_id|chat_name|from)=(?:(['\"]).*?\2|.*?(?=\s+\w+=|[,;)]|$))",
    re.MULTILINE,
)
"""`user=Mira M chat=-1 msg='…'`, as Hermes logs whom a message is from."""


def text(written: Any, chars: int = TEXT_CHARS) -> str | None:
    """What is written there, as text without space around it, cut; None for nothing, and for what is no text."""
    if written is None or isinstance(written, (Mapping, list, tuple)):
        return None
    return str(written).strip()[:chars] or None


def impersonal(written: Any, chars: int = TEXT_CHARS) -> str | None:
    """The same of an error's words, in which platforms name chats and people: those are left out."""
    found = text(written, chars)
    return None if found is None else anonymous(found)


def anonymous(words: str) -> str:
    """What programs log, without the people and chats in it."""
    if "=" in words:
        words = _NAMED.sub(r"\1=…", words)
    return _PERSON.sub("…", words)


def when(written: Any) -> datetime | None:
    """A time in ISO 8601, or in seconds or milliseconds since the epoch; None for what is none.

    Without an offset it is this machine's local time: Hermes' own rule for times that it stored.
    """
    if isinstance(written, str) and number(written) is None:
        try:
            return datetime.fromisoformat(written.strip()).astimezone(UTC)
        except (ValueError, OverflowError, OSError):
            return None
    seconds = None if isinstance(written, bool) else number(written)
    if seconds is None or seconds <= 0:
        return None
    return instant(seconds / 1000 if seconds > 1e12 else seconds)


def later(at: datetime | None, seconds: float) -> datetime | None:
    """So much later; None beyond the calendar's end."""
    try:
        return None if at is None else at + timedelta(seconds=seconds)
    except OverflowError:
        return None


def soonest(instants: Iterable[datetime | None], now: datetime) -> datetime | None:
    """The first of them that is yet to come."""
    return min((at for at in instants if at is not None and at > now), default=None)


def host(url: Any) -> str | None:
    """The host of a URL, with its port; no user, path or query, which may hold a key."""
    if not isinstance(url, str) or not url.strip():
        return None
    written = url.strip()
    try:
        parts = urlsplit(written if "://" in written else f"//{written}")
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return None
    # What is no host's name may be anything that somebody pasted.
    name = parts.hostname or ""
    return f"{name}{port}" if re.fullmatch(r"[a-z0-9._:-]{1,200}", name) else None


def program(command: Any) -> str | None:
    """`/usr/local/bin/npx -y …` → `npx`: what precedes and follows may tell more than is meant to be told."""
    words = str(command).split()
    return PurePosixPath(PureWindowsPath(words[0]).name).name[:80] or None if words else None


def mapping(written: Any) -> Mapping[str, Any]:
    """A mapping with names for keys; empty for anything else."""
    return {str(key): value for key, value in written.items()} if isinstance(written, Mapping) else {}


def parsed(written: str | None) -> Any:
    """JSON's content; None for what is none."""
    try:
        return json.loads(written or "null", strict=False)
    except (ValueError, RecursionError):
        return None


def is_on(written: Any, default: bool = True) -> bool:
    """A switch as Hermes reads it: `true`, `"yes"`, `0`; the default for what is neither."""
    if isinstance(written, (bool, int)):
        return bool(written)
    word = str(written).strip().lower()
    return (
        True
        if word in ("true", "1", "yes", "on")
        else False
        if word in ("false", "0", "no", "off")
        else default
    )
