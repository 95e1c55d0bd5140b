"""The rows of `messages` and of the tool calls in them, as the frames ask for them."""

from __future__ import annotations

import logging
import threading
from collections import ChainMap
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast

from hermes_hud_widget.chunks import Chunk
from hermes_hud_widget.errors import ArgumentError
from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.ledger.columns import Arguments
from hermes_hud_widget.ledger.database import Database
from hermes_hud_widget.ledger.follower import Follower, Upkeep, keys_of
from hermes_hud_widget.ledger.history import History
from hermes_hud_widget.ledger.index import Saved
from hermes_hud_widget.ledger.messages import COLUMNS as MESSAGE_COLUMNS
from hermes_hud_widget.ledger.messages import Messages
from hermes_hud_widget.ledger.plain_calls import CallChunk, PlainCalls
from hermes_hud_widget.ledger.shapes import Shape
from hermes_hud_widget.ledger.texts import texts
from hermes_hud_widget.ledger.tool_calls import TOOL_CALL_COLUMNS, ToolCalls
from hermes_hud_widget.protocol import Progress

if TYPE_CHECKING:
    import pyarrow as pa

log = logging.getLogger(__name__)

MOST_HOT = 4
"""Of so many sessions, those that changed last, the last messages are read again by each call."""
TEXT = "text"
MOST_TEXT_CHARS = 100_000_000
"""More text than this is refused: several copies of it are needed on its way."""

Columns = Mapping[str, Any]


class TableArguments(Arguments, Protocol):
    """What a frame was asked for, by its caller."""

    @property
    def text(self) -> bool:
        """The rows' texts, too, as a column more."""

    @property
    def is_whole(self) -> bool:
        """True if no row is left out and no text asked for."""


@frozen
class _Wanted:
    """The same for other columns."""

    since: datetime | None
    until: datetime | None
    columns: tuple[str, ...] | None
    limit: int | None
    session_id: str | None


class _Known(NamedTuple):
    """What the history says, at one moment.

    Attributes:
        sessions: Those asked for, all pieces of the conversation; None: all.
        candidates: Those of them that have messages of the time asked for.
    """

    shapes: Mapping[str, Shape]
    newest: int
    identity: Any
    hot: Collection[str]
    sessions: Collection[str] | None
    candidates: Collection[str] | None


class _Pause(Exception):
    """Enough for now."""


class _Some(Mapping[str, "pa.Table"]):
    """Some tables of many; each is opened only when it is asked for."""

    def __init__(self, tables: Mapping[str, pa.Table], keys: Sequence[str]) -> None:
        self._tables = tables
        self._keys = keys

    def __getitem__(self, key: str) -> pa.Table:
        if key not in self._keys:
            raise KeyError(key)
        return self._tables[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)


class Tables:
    """What was read of all messages, if anybody asked for them. All methods may be called from any thread.

    Those that read raise DatabaseProblem and DatabaseMissing.

    Args:
        database: Where to read.
        history: What is known of the sessions.
        recall: What `dump` gave to an earlier process.
    """

    def __init__(
        self, database: Database, history: History, recall: Callable[[], Saved | None] = lambda: None
    ) -> None:
        self._database = database
        self._history = history
        self._recall = recall
        self._messages = Messages(database)
        self._calls = ToolCalls(database, self._root_id)
        # Panels have them by themselves: they look at a few columns of them, and need no Arrow for it.
        self._plain_calls = PlainCalls(database)
        self._kept: dict[str, Upkeep[Any]] = {
            "messages": self._messages,
            "tool_calls": self._calls,
            "plain_calls": self._plain_calls,
        }
        self._lock = threading.Lock()
        self._is_remembered = False
        self._reading: Progress | None = None

    @property
    def reading(self) -> Progress | None:
        """How many messages of how many were read by a call that goes on just now."""
        return self._reading

    def messages(self, args: TableArguments) -> Columns | Sequence[Chunk]:
        """One row for each row of `messages`, ascending by id; chunks where all rows are asked for."""
        if args.is_whole:
            return self._whole(self._messages, args, MESSAGE_COLUMNS)
        names = list(MESSAGE_COLUMNS if args.columns is None else args.columns)
        if not args.text or (args.columns is not None and TEXT not in args.columns):
            return self._chosen(self._messages, args, names)
        kept = dict.fromkeys(["id", "text_chars", *(name for name in names if name != TEXT)])
        found = self._chosen(self._messages, args, kept)
        chars = found["text_chars"].sum().as_py() or 0
        if chars > MOST_TEXT_CHARS:
            raise ArgumentError(
                f"text=True: these texts have {chars / 1e6:,.0f} million characters together, more than the"
                f" {MOST_TEXT_CHARS / 1e6:,.0f} million that one call gives. Ask for fewer with since=, until=,"
                " session_id= or limit=."
            )
        return {**found, TEXT: self._texts(found["id"].to_pylist())}

    def tool_calls(self, args: TableArguments) -> Columns | Sequence[Chunk]:
        """One row for each entry of `messages.tool_calls`, ascending by message and place; like `messages`."""
        if args.is_whole:
            return self._whole(self._calls, args, TOOL_CALL_COLUMNS)
        return self._chosen(self._calls, args, args.columns or TOOL_CALL_COLUMNS)

    @property
    def are_calls_read(self) -> bool:
        """True once all calls were read; then `calls` costs little."""
        return self._plain_calls.is_read

    @property
    def calls_progress(self) -> Progress | None:
        """Up to which message of which the calls were read; None when all were."""
        newest = self._history.newest
        calls = self._plain_calls
        return None if calls.is_read else Progress(done=min(calls.last, newest), total=newest)

    def read_calls(self) -> None:
        """Reads the next some thousand messages for `calls`, when the history is known."""
        with suppress(_Pause):
            self._keep_calls(_pause)

    def calls(self) -> list[CallChunk]:
        """All calls as panels count them, as far as the history is known just now.

        What changes in place is seen only by and by: nothing is read again for it as `tool_calls` does.
        """
        self._keep_calls()
        return self._plain_calls.chunks()

    def rest(self) -> None:
        """Forgets all of it."""
        with self._lock:
            self._is_remembered = False
            for follower in self._kept.values():
                follower.rest()

    def dump(self) -> tuple[dict[str, Any], Mapping[str, pa.Table]]:
        """What the next process need not read: a JSON document, and tables by keys that are theirs for ever."""
        document: dict[str, Any] = {}
        tables: dict[str, pa.Table] = {}
        missing = []
        for name, follower in self._kept.items():
            document[name], more = follower.dump() if follower.is_read else ({}, {})
            tables |= more
            if not document[name]:
                missing.append(name)
        # What nobody asked for this time stays what it was.
        saved = self._recall() if missing else None
        if saved is None:
            return document, tables
        kept: list[str] = []
        for name in missing:
            document[name] = saved.document.get(name) or {}
            kept += keys_of(document[name])
        return document, ChainMap(tables, cast("dict[str, pa.Table]", _Some(saved.tables, kept)))

    def _whole(self, follower: Follower, args: Arguments, columns: Iterable[str]) -> Sequence[Chunk]:
        self._sync(follower, self._known(args))
        return follower.chunks(list(args.columns or columns))

    def _chosen(self, follower: Follower, args: Arguments, columns: Iterable[str]) -> dict[str, Any]:
        """The rows asked for: read by themselves where these are few and nothing is kept, else of those kept."""
        known = self._known(args)
        wanted = _Wanted(args.since, args.until, tuple(columns), args.limit, args.session_id)
        if follower.is_narrow(wanted, known.candidates, known.shapes):
            return follower.select(wanted, known.candidates)
        self._sync(follower, known)
        return follower.select(wanted, known.sessions)

    def _keep_calls(self, pause: Callable[[], None] = lambda: None) -> None:
        self._remember()
        history = self._history
        with history.lock:
            shapes = {session_id: record.shape for session_id, record in history.kept.records.items()}
            newest, identity = history.newest, history.identity
        self._plain_calls.sync(shapes, newest, identity, lambda done, total: None, pause=pause)

    def _remember(self) -> None:
        """Begins with what an earlier process read; each `sync` verifies that."""
        with self._lock:
            if self._is_remembered:
                return
            self._is_remembered = True
            saved = self._recall()
            if saved is None:
                return
            for name, follower in self._kept.items():
                try:
                    follower.load(saved.document.get(name) or {}, saved.tables)
                except (OSError, ValueError) as error:
                    log.info("The %s are read anew: %s", name, error)

    def _texts(self, ids: Sequence[int]) -> list[str | None]:
        read: dict[int, str | None] = {}
        try:
            for some, shown in texts(self._database, ids):
                read.update(zip(some, shown, strict=True))
                self._tell(len(read), len(ids))
        finally:
            self._reading = None
        return [read.get(message_id) for message_id in ids]

    def _sync(self, follower: Follower, known: _Known) -> None:
        self._remember()
        try:
            follower.sync(known.shapes, known.newest, known.identity, self._tell, known.hot)
        finally:
            self._reading = None

    def _tell(self, done: int, total: int) -> None:
        self._reading = Progress(done=done, total=total)

    def _known(self, args: Arguments) -> _Known:
        history = self._history
        history.settle(rows=False)
        with history.lock:
            kept = history.kept
            shapes = {session_id: record.shape for session_id, record in kept.records.items()}
            sessions: Collection[str] | None = None
            if args.session_id is not None:
                row = kept.lineage.rows.get(args.session_id)
                sessions = {piece.id for piece in kept.lineage.chain(row)} if row is not None else set()
            candidates = sessions
            if args.since is not None:
                since = args.since.timestamp()
                among = kept.last if sessions is None else sessions & kept.last.keys()
                candidates = {session_id for session_id in among if kept.last[session_id] >= since}
            hot = history.hot[-MOST_HOT:]
            return _Known(shapes, history.newest, history.identity, hot, sessions, candidates)

    def _root_id(self, session_id: str) -> str | None:
        with self._history.lock:
            lineage = self._history.kept.lineage
            row = lineage.rows.get(session_id)
            return session_id if row is None else lineage.root_id(row)


def _pause() -> None:
    raise _Pause
