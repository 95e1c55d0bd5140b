"""A transcript as text: to read (Markdown), or to go on working with (JSON Lines).

The page writes the same (`js/src/views/sessions/export.ts`); `tests/golden/export` has an example of both.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from hermes_hud_widget.errors import ArgumentError

ExportFormat = Literal["markdown", "jsonl"]
PAGE = 200
"""Messages a page; the panel's limit."""

Json = Mapping[str, Any]


def export(panel: Callable[..., Json], session_id: str, format: str) -> str:
    """A whole conversation as text.

    Args:
        panel: Gives the sessions panel's data for a query.
        session_id: Any id of the conversation.
        format: "markdown" or "jsonl".

    Raises:
        ArgumentError: There is no such format or session.
    """
    write = {"markdown": markdown, "jsonl": json_lines}.get(format)
    if write is None:
        raise ArgumentError(f"format={format!r}: expected 'markdown' or 'jsonl'")
    transcript = panel(session=session_id, limit=PAGE)["transcript"]
    if transcript is None:
        raise ArgumentError(f"There is no session {session_id!r} in this home.")
    messages = list(transcript["messages"])
    older = transcript["older"]
    while older is not None:
        page = panel(session=session_id, limit=PAGE, before=older)["transcript"]
        if page is None:  # deleted meanwhile
            break
        messages += page["messages"]
        older = page["older"]
    return write(transcript["session"], messages[::-1])


def json_lines(session: Json, messages: Sequence[Json]) -> str:
    """One JSON object a line: the session (`"type": "session"`), then its messages, oldest first."""
    lines = [{"type": "session", **session}, *({"type": "message", **message} for message in messages)]
    return "".join(f"{json.dumps(line, ensure_ascii=False, separators=(',', ':'))}\n" for line in lines)


def markdown(session: Json, messages: Sequence[Json]) -> str:
    """A heading for each message, oldest first; tools' calls and results as code."""
    facts = [
        f"Session: {session['id']}",
        f"Source: {session['source']}",
        *([f"Model: {session['model']}"] if session["model"] else []),
        f"Started: {session['started_at']}",
        f"Last active: {session['last_active']}",
        f"Messages: {len(messages)}",
    ]
    parts = [
        f"# {_line(session['title'] or session['preview'] or session['id'])}",
        "\n".join(f"- {_line(fact)}" for fact in facts),
    ]
    for message in messages:
        parts += _parts(message)
    return "\n\n".join(parts) + "\n"


def _parts(message: Json) -> list[str]:
    is_tool = message["role"] == "tool"
    who = f"tool {message['tool_name'] or ''}".strip() if is_tool else message["role"]
    state = "" if message["state"] == "active" else f" ({message['state']})"
    text = _clean(message["text"])
    parts = [f"## {_line(who)}{state} · {message['timestamp']}"]
    if message["reasoning"]:
        parts.append("\n".join(f"> {line}".rstrip() for line in _clean(message["reasoning"]).split("\n")))
    if text:
        parts.append(_fenced(text, "") if is_tool else text)
    if message["truncated"]:
        parts.append("*(cut here: longer in the database)*")
    for call in message["tool_calls"]:
        parts.append(
            f"**Calls** `{_line(call['name'])}`\n\n{_fenced(_clean(_indented(call['arguments'])), 'json')}"
        )
    return parts


def _fenced(text: str, language: str) -> str:
    """Within a fence that is longer than any in the text."""
    fence = "`" * (max([2, *map(len, re.findall("`+", text))]) + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def _indented(text: str) -> str:
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except ValueError:
        return text


_ANSI = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]{0,512}(?:\x07|\x1b\\)|[PX^_][^\x1b\n]{0,512}\x1b\\|[ -/]*[0-~])"
    r"|\x9b[0-?]*[ -/]*[@-~]"
)
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def _clean(text: str) -> str:
    """Without terminal codes and controls; marks that reorder text made visible (as `js/src/text.ts`)."""
    text = re.sub(r"\r\n?", "\n", _ANSI.sub("", text))
    return _BIDI.sub(lambda mark: f"[U+{ord(mark[0]):04X}]", _CONTROLS.sub("", text))


def _line(text: str) -> str:
    return " ".join(_clean(text).split())
