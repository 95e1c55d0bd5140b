"""Hermes' logs: the newest records of one of them, by level, session and words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple, get_args

from pydantic import Field

from hermes_hud_widget.frames import Column, Frame, FrameArguments
from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.panel import Panel, Payload, Query
from hermes_hud_widget.panels.written import anonymous
from hermes_hud_widget.sources import LogLine, Logs, Tail
from hermes_hud_widget.views import view

Level = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
LEVELS: tuple[Level, ...] = get_args(Level)
"""Ascending."""

FILES: dict[str, str] = {
    "agent": "agent.log",
    "errors": "errors.log",
    "gateway": "gateway.log",
    "gui": "gui.log",
    "desktop": "desktop.log",
    "mcp": "mcp-stderr.log",
}
"""The logs that `hermes logs` knows, by the names that it takes (`hermes_cli/logs.py`)."""

SHOWN = 100
"""Records on one page."""
PAGE_LINES = 2_000
"""Lines that are read at once; a page of a log is 64 kB at most."""
LOOKED_AT_PAGES = 16
"""So many pages, some 1 MB, are looked through for records that match before one has to ask for older ones."""
MORE_SHOWN = 60
"""Lines of a record beyond its first, such as a traceback's."""
FRAME_PAGES = 1_000
"""Of each log for the frame: Hermes begins a new file at 5 MB, the dashboard's at 10 MB."""

_RECORD = re.compile(
    r"(?P<at>\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2})(?:[.,](?P<ms>\d{1,6}))?"
    r"\s+(?P<level>DEBUG|INFO|WARNING|ERROR|CRITICAL)"
    r"(?:\s+\[(?P<session>[^\]\s]+)\])?\s+(?P<logger>\S+?):\s?(?P<text>.*)",
    re.DOTALL,
)
"""`2026-04-05 22:35:00,123 INFO [session] logger: text` (`hermes_logging.py`)."""


class LogsQuery(Query):
    """Which records a viewer asks for."""

    file: Literal["agent", "errors", "gateway", "gui", "desktop", "mcp"] = Field(
        "agent", description="Which log, by the name that `hermes logs` takes"
    )
    level: Level = Field(
        "DEBUG", description="Only records of this level and above; those without one are shown"
    )
    text: str = Field(
        "", max_length=200, description="Only records in which this occurs, in any case, literally"
    )
    session: str = Field("", max_length=200, description="Only records of this session")
    before: int | None = Field(None, ge=0, description="Only records before this offset: `older` of a page")


@frozen
class LogFile:
    """One log that is there.

    Attributes:
        name: As `hermes logs` takes it.
        file: Its path in the home.
    """

    name: str
    file: str
    size_bytes: int
    modified_at: datetime


@frozen
class LogRecord:
    """One record.

    Attributes:
        offset: Where it begins in the file, in bytes.
        at: When; None for lines of another form. Hermes writes this machine's local time.
        level: DEBUG, INFO, WARNING, ERROR or CRITICAL.
        logger: Who said it.
        session_id: The session that it is about.
        text: Its first line, cut to 4,000 characters; names and ids of people and chats are left out of it, as of `more`.
        more: Further lines, such as a traceback's, the first `MORE_SHOWN`.
        more_lines: How many further lines there are.
        is_cut: True if the first line is longer.
    """

    offset: int
    at: datetime | None
    level: Level | None
    logger: str | None
    session_id: str | None
    text: str
    more: tuple[str, ...]
    more_lines: int
    is_cut: bool


@frozen
class LogLevelCount:
    """How many of the records that were looked at are of one level."""

    level: Level
    records: int


class LogTail(Payload):
    """What the logs panel shows.

    Attributes:
        files: The logs that are there.
        file: The one shown, by name.
        records: Those that match, newest first.
        older: What to ask for as `before` to go on; None: all was looked at.
        levels: Of the records looked at, whether they match or not; levels without any are left out.
        looked_at_bytes: How much of the file was looked at.
        size_bytes: The file's size; None: there is no such file.
    """

    files: tuple[LogFile, ...]
    file: str
    records: tuple[LogRecord, ...]
    older: int | None
    levels: tuple[LogLevelCount, ...]
    looked_at_bytes: int
    size_bytes: int | None

    def is_empty(self) -> bool:
        return not self.files


def collect(logs: Logs, query: LogsQuery) -> LogTail:
    """The newest matching records of one log."""
    found: list[LogRecord] = []
    counted: Counter[Level] = Counter()
    size, start, end, older = None, None, None, query.before
    for number, page in enumerate(_pages(logs, FILES[query.file], query.before)):
        size = page.size
        end = (query.before or page.size) if end is None else end
        start, older = page.start, page.older
        for record in reversed(page.records):
            if record.level is not None:
                counted[record.level] += 1
            if len(found) < SHOWN and _matches(record, query):
                found.append(record)
                if len(found) == SHOWN:
                    # What is older on this very page belongs to the next one.
                    start = older = record.offset
                    break
        if len(found) == SHOWN or number + 1 == LOOKED_AT_PAGES:
            break
    return LogTail(
        files=tuple(_files(logs)),
        file=query.file,
        records=tuple(found),
        older=older or None,
        levels=tuple(LogLevelCount(level, counted[level]) for level in LEVELS if counted[level]),
        looked_at_bytes=(end or 0) - (start or 0),
        size_bytes=size,
    )


def _files(logs: Logs) -> Iterator[LogFile]:
    for name, file in FILES.items():
        if (facts := logs.facts(file)) is not None:
            yield LogFile(name, f"logs/{file}", *facts)


class _Page(NamedTuple):
    """Whole records of a part of a file, oldest first; what precedes `start` is on the page before."""

    records: Sequence[LogRecord]
    start: int
    older: int | None
    size: int


def _pages(logs: Logs, file: str, before: int | None = None) -> Iterator[_Page]:
    """A log from its end to its beginning; a record is never torn between two of its pages."""
    while (page := logs.page(file, before, PAGE_LINES)) is not None:
        lines = list(page.lines)
        first = next((index for index, line in enumerate(lines) if _RECORD.match(line.text)), None)
        if first and page.older is not None:
            # These lines belong to a record that begins on the page before.
            del lines[:first]
        start = lines[0].offset if lines else 0
        older = start if page.older is not None and start > 0 else None
        if older == before:
            # One record longer than a page: taken as it is, or this would never end.
            lines, older = list(page.lines), page.older
            start = lines[0].offset if lines else 0
        yield _Page(records_of(lines), start, older, page.size_bytes)
        if older is None:
            return
        before = older


def records_of(lines: Sequence[LogLine]) -> tuple[LogRecord, ...]:
    """Lines as records: those of another form belong to the record above them."""
    records: list[LogRecord] = []
    more: list[list[str]] = []
    for line in lines:
        match = _RECORD.match(line.text)
        if match is None and records and records[-1].at is not None:
            more[-1].append(anonymous(line.text))
            continue
        more.append([])
        records.append(
            LogRecord(
                offset=line.offset,
                at=_moment(match) if match else None,
                level=_level(match["level"]) if match else None,
                logger=match["logger"] if match else None,
                session_id=match["session"] if match else None,
                text=anonymous(match["text"] if match else line.text),
                more=(),
                more_lines=0,
                is_cut=line.is_cut,
            )
        )
    return tuple(_with(record, further) for record, further in zip(records, more, strict=True))


def _with(record: LogRecord, more: list[str]) -> LogRecord:
    if not more:
        return record
    values = {name: getattr(record, name) for name in LogRecord.__dataclass_fields__}
    return LogRecord(**{**values, "more": tuple(more[:MORE_SHOWN]), "more_lines": len(more)})


def _level(word: str) -> Level | None:
    return next((level for level in LEVELS if level == word), None)


def _moment(match: re.Match[str]) -> datetime | None:
    try:
        # Without an offset: Python's logging writes this machine's local time.
        at = datetime.fromisoformat(match["at"]).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return at.replace(microsecond=int((match["ms"] or "").ljust(6, "0") or 0))


def _matches(record: LogRecord, query: LogsQuery) -> bool:
    if record.level is not None and LEVELS.index(record.level) < LEVELS.index(query.level):
        return False
    if query.session and query.session not in (record.session_id or ""):
        return False
    wanted = query.text.casefold()
    said = (record.text, record.logger or "", record.session_id or "", *record.more)
    return not wanted or any(wanted in text.casefold() for text in said)


def _fill(logs: Logs, args: FrameArguments) -> dict[str, list[Any]]:
    rows: list[tuple[str, LogRecord]] = []
    for name, file in FILES.items():
        rows += [(name, record) for record in _newest(logs, file, args)]
    # Of one time, as they stand in their file; those without a time stay beside their neighbours.
    rows.sort(key=lambda row: row[1].at or datetime.max.replace(tzinfo=UTC), reverse=True)
    rows = rows[: args.limit]
    return {
        "file": [name for name, _ in rows],
        "offset": [record.offset for _, record in rows],
        "at": [record.at for _, record in rows],
        "level": [record.level for _, record in rows],
        "logger": [record.logger for _, record in rows],
        "session_id": [record.session_id for _, record in rows],
        "text": [record.text for _, record in rows],
        "more_lines": [record.more_lines for _, record in rows],
    }


def _newest(logs: Logs, file: str, args: FrameArguments) -> Iterator[LogRecord]:
    """The records of one log within the span, newest first, no more than the limit."""
    left = args.limit
    for number, page in enumerate(_pages(logs, file)):
        for record in reversed(page.records):
            if left == 0:
                return
            if args.holds(record.at):
                yield record
                left = None if left is None else left - 1
        times = [record.at for record in page.records if record.at is not None]
        is_before = args.since is not None and times and min(times) < args.since
        if is_before or number + 1 == FRAME_PAGES:
            return


COLUMNS = (
    Column(
        "file", "category", "agent, errors, gateway, gui, desktop or mcp: the names that `hermes logs` takes"
    ),
    Column("offset", "integer", "Where it begins in the file", unit="bytes", source="computed"),
    Column("at", "instant", "When; missing for lines of another form"),
    Column("level", "category", "DEBUG, INFO, WARNING, ERROR or CRITICAL"),
    Column("logger", "category", "Who said it"),
    Column("session_id", "text", "The session that it is about", is_identifier=True),
    Column("text", "text", "Its first line, cut to 4,000 characters"),
    Column("more_lines", "integer", "How many lines follow it, such as a traceback's", source="computed"),
)

PANEL = Panel(
    "logs",
    "Logs",
    collect,
    titles={"zh": "日志"},
    icon="log",
    group="system",
    query=LogsQuery,
    frames=(
        Frame(
            "logs",
            COLUMNS,
            _fill,
            time="at",
            about="One row for each record of the current log files (not of rotated ones), newest first",
            source="logs/*.log",
        ),
    ),
    view=view("logs"),
    logs=Tail("logs"),
)
