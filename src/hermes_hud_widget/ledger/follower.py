"""Keeps rows about a database's messages true to it, at a cost that goes with what changed."""

from __future__ import annotations

import json
import secrets
import sqlite3
import threading
from abc import ABC, abstractmethod
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from hermes_hud_widget.chunks import Chunk
from hermes_hud_widget.ledger.columns import Arguments
from hermes_hud_widget.ledger.database import Database
from hermes_hud_widget.ledger.pace import Pace
from hermes_hud_widget.ledger.schema import Schema
from hermes_hud_widget.ledger.shapes import Shape, counted
from hermes_hud_widget.ledger.slabs import SLAB_ROWS, AnySlabs, Bounds, Kind, Slabs

if TYPE_CHECKING:
    import pyarrow as pa

HOT_MESSAGES = 200
"""So many of the newest messages of a hot session are read again each time."""
SWEPT_MESSAGES = 256
"""Sessions with about so many messages together are read again each time, in turn."""
NARROW_MESSAGES = 50_000
"""What is found among so many messages is read by itself while nothing is kept."""
_GROUP_MESSAGES = 20_000
_SESSIONS_AT_ONCE = 200
END = 2**63 - 1

S = TypeVar("S", bound=AnySlabs[Any])
Told = Callable[[int, int], None]


def _go_on() -> None:
    pass


class _Read(NamedTuple):
    """New messages that were read in one step: up to which id, how many at most, and what they add to their sessions."""

    found: Any
    last: int
    messages: int
    grown: dict[str, Shape]


class Upkeep(ABC, Generic[S]):
    """Rows about all messages of one database, read when they are first asked for and then kept.

    All methods may be called from any thread. Those that read raise DatabaseProblem and DatabaseMissing; what was read
    until then is kept, and the next call goes on from there.

    Args:
        database: Where to read.
        slabs: Where to keep it.
    """

    def __init__(self, database: Database, slabs: S) -> None:
        self._database = database
        self._lock = threading.RLock()
        self._slabs = slabs
        self._pace = _small_steps()
        self._begin(None)

    def _begin(self, identity: str | None) -> None:
        self._identity = identity
        self._slabs.clear()
        self._seen: dict[str, Shape] | None = None
        self._covered = 0
        self._last = 0
        self._grown: defaultdict[str, Shape] = defaultdict(Shape)
        self._stale: dict[str, int] = {}
        self._swept = 0
        self._shapes_key = secrets.token_hex(16)

    # -- keeping up

    @property
    def is_read(self) -> bool:
        """True once `sync` came to its end: then the rows are there."""
        return self._seen is not None and self._last >= self._covered

    @property
    def last(self) -> int:
        """The highest message that was read."""
        return self._last

    @property
    def size(self) -> int:
        """Memory that the rows take, in bytes."""
        with self._lock:
            return self._slabs.size

    def rest(self) -> None:
        """Forgets everything; the next `sync` reads all again."""
        with self._lock:
            self._begin(None)

    def sync(
        self,
        shapes: Mapping[str, Shape],
        newest: int,
        identity: Hashable,
        told: Told,
        hot: Collection[str] = (),
        pause: Callable[[], None] = _go_on,
    ) -> None:
        """Reads what is new, and again what may have changed.

        The first time that is all messages. Later: the new ones by their ids; all of a session whose shape is not
        explained by its new messages; a session that is gone. What changes in place without moving a shape (a result's
        effect, a text that another program repaired) is found among the last `HOT_MESSAGES` of hot sessions; in
        others when it is their turn: each call reads those with some `SWEPT_MESSAGES` messages together again.

        Args:
            shapes: Of all sessions that there are.
            newest: No message up to this id is missing from the shapes.
            identity: Which file it is; nothing is kept of another one.
            told: Gets how many messages are read and how many there are to read, after each step.
            hot: Sessions in which something may have changed in place.
            pause: Called after each portion of new messages; the next call goes on after it if it raises.
        """
        with self._lock:
            name = _name(identity)
            if name != self._identity:
                if self._identity is not None:
                    self._begin(name)
                self._identity = name
            is_first = self._seen is None
            if self._seen is None:
                self._seen, self._covered = dict(shapes), newest
            upto = max(newest, self._last)
            try:
                self._read_new(upto, shapes, told, pause)
            finally:
                self._slabs.settle()
            changed = self._changed(shapes)
            self._stale.update(dict.fromkeys(changed, 0))
            if is_first or changed or self._grown:
                self._shapes_key = secrets.token_hex(16)
            if not is_first:
                self._heat(session_id for session_id in hot if session_id in shapes)
                self._sweep(shapes)
            self._read_stale(upto)
            self._seen, self._covered = dict(shapes), upto
            self._grown.clear()

    def _read_new(
        self, upto: int, shapes: Mapping[str, Shape], told: Told, pause: Callable[[], None]
    ) -> None:
        total = upto - self._last
        if total > SLAB_ROWS:
            # Most of the ids may belong to messages that are gone.
            total = min(total, sum(shape.messages for shape in shapes.values()))
        done = 0
        while self._last < upto:
            portion: list[_Read] = []
            last = self._last
            read = 0
            while last < upto and read < SLAB_ROWS:
                with self._pace.step() as limit:
                    step = self._database.read(
                        partial(self._read_after, after=last, upto=upto, limit=limit, covered=self._covered)
                    )
                if step.messages:
                    portion.append(step)
                last = step.last
                read += step.messages
                told(min(done + read, total), total)
            self._take([step.found for step in portion])
            for step in portion:
                for session_id, more in step.grown.items():
                    self._grown[session_id] = self._grown[session_id].plus(more)
            self._last = last
            done += read
            pause()

    def _read_after(
        self, connection: sqlite3.Connection, schema: Schema, after: int, upto: int, limit: int, covered: int
    ) -> _Read:
        if not schema.has("messages"):
            return _Read(None, upto, 0, {})
        # Ids without a message are passed over at once; to count the messages would take as long as to read them.
        (first,) = connection.execute("SELECT min(id) FROM messages WHERE id > ?", (after,)).fetchone()
        if first is None or first > upto:
            return _Read(None, upto, 0, {})
        last = min(upto, first + limit - 1)
        found = self._read(connection, schema, "{0}id > ? AND {0}id <= ?", (after, last))
        # What is covered by the shapes already adds nothing to them.
        grown = _count(connection, schema, max(after, covered), last) if last > covered else {}
        return _Read(found, last, last - first + 1, grown)

    def _changed(self, shapes: Mapping[str, Shape]) -> list[str]:
        """The sessions whose new messages do not explain what their shape has become."""
        seen = self._seen or {}
        grown = self._grown
        changed = [
            session_id
            for session_id, shape in shapes.items()
            if session_id not in grown and (before := seen.get(session_id)) is not shape and before != shape
        ]
        for session_id, more in grown.items():
            before = seen.get(session_id, Shape())
            expected = before.plus(more)
            # What was undone may have been restored and then compacted: the counts are the same.
            may_be_others = before.messages > 0 and before.active == 0
            if may_be_others or shapes.get(session_id, expected) != expected:
                changed.append(session_id)
        changed.extend(seen.keys() - shapes.keys())
        return changed

    def _heat(self, session_ids: Iterable[str]) -> None:
        asked = [session_id for session_id in session_ids if session_id not in self._stale]
        while asked:
            some, asked = asked[:_SESSIONS_AT_ONCE], asked[_SESSIONS_AT_ONCE:]
            self._stale.update(self._database.read(partial(_read_starts, session_ids=some)))

    def _sweep(self, shapes: Mapping[str, Shape]) -> None:
        words = self._slabs.words["session_id"]
        messages = 0
        for _ in range(len(words)):
            if messages >= SWEPT_MESSAGES:
                break
            session_id = words[self._swept % len(words)]
            self._swept += 1
            self._stale.setdefault(session_id, 0)
            messages += shapes[session_id].messages if session_id in shapes else 1

    def _read_stale(self, upto: int) -> None:
        """Reads again what is stale, some sessions at a time."""
        while self._stale:
            ids: list[int] = []
            group: dict[str, int] = {}
            waiting = sorted(self._stale)
            pace = Pace()
            while waiting and len(ids) < _GROUP_MESSAGES:
                with pace.step() as limit:
                    some = {session_id: self._stale[session_id] for session_id in waiting[:limit]}
                    ids.extend(self._database.read(partial(_read_ids, starts=some, upto=upto)))
                group |= some
                del waiting[: len(some)]
            ids.sort()
            found = self._read_by_ids(ids)
            for session_id in group:
                del self._stale[session_id]
            # What is read may show that more is stale: rows from before it.
            self._put(group, found)

    def _read_by_ids(self, ids: Sequence[int]) -> list[Any]:
        found = []
        at = 0
        while at < len(ids):
            with self._pace.step() as limit:
                some = json.dumps(ids[at : at + limit])
                read = self._database.read(partial(self._read_some, ids=some))
            if read is not None:
                found.append(read)
            at += limit
        return found

    def _read_some(self, connection: sqlite3.Connection, schema: Schema, ids: str) -> Any:
        if not schema.has("messages"):
            return None
        return self._read(connection, schema, "{0}id IN (SELECT value FROM json_each(?))", (ids,))

    # -- what a follower is to say

    @abstractmethod
    def _read(self, connection: sqlite3.Connection, schema: Schema, where: str, values: Sequence[Any]) -> Any:
        """Reads messages; `{0}` in `where` stands for the table's alias with its dot, or for nothing."""

    @abstractmethod
    def _rows(self, slabs: S, found: Sequence[Any]) -> Any:
        """What was read, in sequence, as rows of these slabs."""

    def _take(self, found: Sequence[Any]) -> None:
        """Takes in what was read of new messages, in sequence."""
        self._slabs.append(self._rows(self._slabs, found))

    def _put(self, starts: Mapping[str, int], found: Sequence[Any]) -> None:
        """Takes in what was read again, in sequence, of sessions, of each from some message on."""
        self._slabs.replace(starts, self._rows(self._slabs, found))

    # -- on disk

    def dump(self) -> tuple[dict[str, Any], dict[str, pa.Table]]:
        """What `load` takes: a JSON document, and tables by keys that belong to their content for ever.

        Nothing before the first `sync` came to its end.
        """
        import pyarrow as pa

        with self._lock:
            if not self.is_read or self._stale or self._seen is None:
                return {}, {}
            meta, tables = self._slabs.dump()
            columns = list(zip(*self._seen.values(), strict=True)) or [()] * len(Shape._fields)
            tables[self._shapes_key] = pa.table(
                {
                    "session_id": pa.array(list(self._seen), pa.string()),
                    **{
                        name: pa.array(column, pa.int64())
                        for name, column in zip(Shape._fields, columns, strict=True)
                    },
                }
            )
            return {
                **meta,
                "identity": self._identity,
                "last": self._last,
                "shapes": self._shapes_key,
            }, tables

    def load(self, meta: Mapping[str, Any], tables: Mapping[str, pa.Table]) -> None:
        """Takes back what `dump` gave. The next `sync` compares shapes and reads what is not as it was.

        Raises:
            ValueError: It is something else; nothing is kept then.
        """
        with self._lock:
            self._begin(None)
            if not meta:
                return
            try:
                self._slabs.load(meta, tables)
                last, identity = meta["last"], meta["identity"]
                if type(last) is not int or not isinstance(identity, str):
                    raise ValueError("no id, or no identity")
                columns = [
                    tables[meta["shapes"]][name].to_pylist() for name in ("session_id", *Shape._fields)
                ]
                self._seen = {
                    session_id: Shape(*map(int, counts)) for session_id, *counts in zip(*columns, strict=True)
                }
            except (KeyError, TypeError, ValueError) as error:
                self._begin(None)
                raise ValueError(f"not what was stored: {error}") from error
            self._identity, self._last, self._covered = identity, last, last
            self._shapes_key = meta["shapes"]


class Follower(Upkeep[Slabs]):
    """The same in columns, as frames ask for them.

    Args:
        database: Where to read.
        columns: Name and kind of each column that is kept.
        time: The column that `since` and `until` go by.
    """

    def __init__(self, database: Database, columns: Mapping[str, Kind], time: str) -> None:
        self._time = time
        super().__init__(database, Slabs(columns, time))

    def chunks(self, columns: Sequence[str]) -> list[Chunk]:
        """All rows of the last `sync`, ascending by message. A key is the same whichever columns are asked for.

        All chunks of one answer share one dictionary for each category. Words are only added to it, behind those that
        are there, as long as the file is the same one; it may hold words that no row has.
        """
        with self._lock:
            return [Chunk(slab.key, self._slabs.chosen(slab, columns)) for slab in self._slabs.slabs]

    def is_narrow(
        self, args: Arguments, session_ids: Collection[str] | None, shapes: Mapping[str, Shape]
    ) -> bool:
        """True for what `select` reads by itself in less time than `sync` would take, because nothing is kept yet."""
        if self.is_read:
            return False
        if session_ids is not None:
            messages = sum(shapes[one].messages for one in session_ids if one in shapes)
            return messages <= NARROW_MESSAGES
        return args.limit is not None and args.limit <= NARROW_MESSAGES

    def select(self, args: Arguments, session_ids: Collection[str] | None = None) -> dict[str, pa.Array]:
        """The rows that were asked for, ascending by message, a column as one array.

        Once `sync` has come to its end, it is those of the rows kept; nothing is read. Before that they are read by
        themselves, and not kept: with `session_ids` the messages of these sessions, the newest first until `limit` is
        reached; else the newest messages until `limit` is reached; without either, all messages (call `sync` first).
        Before and after, the answer is the same.

        Args:
            args: `since`, `until`, `limit` (the newest by message) and `columns`.
            session_ids: Only rows of these sessions; None: of all.
        """
        names = list(self._slabs.columns) if args.columns is None else list(args.columns)
        return self._select(args, session_ids, names)

    def _select(
        self, args: Arguments, session_ids: Collection[str] | None, names: Sequence[str]
    ) -> dict[str, pa.Array]:
        bounds = Bounds(args.since, args.until, session_ids, args.limit)
        with self._lock:
            slabs = self._slabs if self.is_read else self._read_narrow(bounds)
            return slabs.select(bounds, names)

    def _read_narrow(self, bounds: Bounds) -> Slabs:
        slabs = Slabs(self._slabs.columns, self._time)
        older = self._ids_of(bounds.sessions)
        found: list[Any] = []
        portion = _GROUP_MESSAGES if bounds.limit is None else 2 * bounds.limit + 50
        before = END
        while bounds.limit != 0:
            ids = older(before, portion)
            # What a call was answered with comes after it: from any message on to the end, rows are complete.
            found = [*self._read_by_ids(ids), *found]
            if ids:
                before = ids[0]
            if len(ids) < portion:
                break
            portion = min(2 * portion, _GROUP_MESSAGES)
            if bounds.limit is not None:
                slabs.clear()
                slabs.append(self._rows(slabs, found))
                slabs.settle()
                if len(slabs.select(bounds, [slabs.id])[slabs.id]) == bounds.limit:
                    return slabs
        slabs.clear()
        slabs.append(self._rows(slabs, found))
        slabs.settle()
        return slabs

    def _ids_of(self, sessions: Collection[str] | None) -> Callable[[int, int], list[int]]:
        """What gives the newest messages below an id, at most so many, ascending."""
        if sessions is None:
            return lambda before, limit: self._database.read(
                partial(_read_newest, before=before, limit=limit)
            )
        waiting, ids, pace = sorted(sessions), list[int](), Pace()
        while waiting:
            with pace.step() as limit:
                some, waiting = waiting[:limit], waiting[limit:]
                ids.extend(self._database.read(partial(_read_ids, starts=dict.fromkeys(some, 0), upto=END)))
        ids.sort()

        def older(before: int, limit: int) -> list[int]:
            end = bisect_left(ids, before)
            return ids[max(0, end - limit) : end]

        return older


def keys_of(meta: Mapping[str, Any]) -> list[str]:
    """The keys of all tables that belong to a document of `dump`."""
    return [*meta["slabs"], meta["shapes"]] if meta else []


def _small_steps() -> Pace:
    # Texts are read, and each may be megabytes: a few first.
    return Pace(rows=5, least=1, most=5_000)


def _name(identity: Hashable) -> str:
    return json.dumps(identity, default=str)


def _read_ids(
    connection: sqlite3.Connection, schema: Schema, starts: Mapping[str, int], upto: int
) -> list[int]:
    """The messages of these sessions, each from some id on."""
    if not schema.has("messages"):
        return []
    rows = connection.execute(
        # Damage may have made a blob of a session's id.
        "SELECT m.id FROM json_each(?) j JOIN messages m ON m.session_id IN (j.key, CAST(j.key AS BLOB))"
        " WHERE m.id >= j.value AND m.id <= ?",
        (json.dumps(starts), upto),
    ).fetchall()
    return [message_id for (message_id,) in rows]


def _read_newest(connection: sqlite3.Connection, schema: Schema, before: int, limit: int) -> list[int]:
    if not schema.has("messages"):
        return []
    rows = connection.execute(
        "SELECT id FROM messages WHERE id < ? ORDER BY id DESC LIMIT ?", (before, limit)
    ).fetchall()
    return [message_id for (message_id,) in reversed(rows)]


def _read_starts(
    connection: sqlite3.Connection, schema: Schema, session_ids: Sequence[str]
) -> dict[str, int]:
    """For each session the first of its newest messages."""
    if not schema.has("messages"):
        return {}
    rows = connection.execute(
        "SELECT j.value, (SELECT min(id) FROM (SELECT id FROM messages WHERE session_id = j.value"
        " ORDER BY timestamp DESC LIMIT ?)) FROM json_each(?) j",
        (HOT_MESSAGES, json.dumps(list(session_ids))),
    ).fetchall()
    return {session_id: start for session_id, start in rows if start is not None}


def _count(connection: sqlite3.Connection, schema: Schema, after: int, upto: int) -> dict[str, Shape]:
    """What these messages add to the shapes of their sessions."""
    rows = connection.execute(
        f"SELECT CAST(session_id AS TEXT), {counted(schema)} FROM messages"
        # No use of an index: it would go through all messages.
        " WHERE id > ? AND id <= ? GROUP BY +session_id",
        (after, upto),
    ).fetchall()
    return {session_id: Shape(*counts) for session_id, *counts in rows}
