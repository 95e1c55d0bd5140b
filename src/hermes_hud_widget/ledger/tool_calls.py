"""The entries of `messages.tool_calls` with the results that answered them, as columns for DataFrames."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from abc import abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from hermes_hud_widget.chunks import Chunk
from hermes_hud_widget.ledger.calls import ELEMENTS, NAME
from hermes_hud_widget.ledger.columns import Arguments
from hermes_hud_widget.ledger.database import Database
from hermes_hud_widget.ledger.follower import END, Follower, S, Upkeep
from hermes_hud_widget.ledger.lines import Field, Lines, instants, one, parsed, read_lines
from hermes_hud_widget.ledger.messages import TEXT_LENGTH, state, state_number
from hermes_hud_widget.ledger.schema import Schema
from hermes_hud_widget.ledger.slabs import Kind, Slab, Slabs, Words

if TYPE_CHECKING:
    import pyarrow as pa

TOOL_CALL_COLUMNS = [
    "message_id",
    "call_index",
    "session_id",
    "root_id",
    "tool",
    "call_id",
    "called_at",
    "finished_at",
    "duration_s",
    "status",
    "exit_code",
    "effect",
    "argument_chars",
    "result_chars",
    "state",
]
# What can be said of a result without knowing whose it is.
_GENERIC, _TERMINAL, _WRITTEN, _PATCHED = 1, 2, 4, 8


class _Open(NamedTuple):
    """A call that waits for its result.

    Attributes:
        place: Among the calls of the reading in which it was found.
        reading: Which one that was.
        keys: The ids that a result may carry.
    """

    message_id: int
    place: int
    reading: object
    keys: tuple[str, ...]


_Waiting = dict[str, dict[str | None, _Open]]
"""By session, and by the id that a result may carry."""


class Entries(NamedTuple):
    """What it takes to find the result of each call.

    Attributes:
        calls: Message, session, `id`, `call_id`, and which of the two are texts (1 and 2); in sequence.
        results: Message, session, and the id that it carries; in sequence.
    """

    calls: Iterable[tuple[int, str, str | None, str | None, int]]
    results: Sequence[tuple[int, str, str | None]]


class Answering(Upkeep[S]):
    """Calls with their results, in whatever rows they are kept.

    A call's result is the first `tool` message after it, in the same session, that carries its id (or its `call_id`)
    and does not answer a later call of that id.
    """

    def _begin(self, identity: str | None) -> None:
        super()._begin(identity)
        self._waiting: _Waiting = {}
        self._unsure: set[str] = set()
        """Sessions of which it is not known which calls wait, since their rows come from a dump."""

    def load(self, meta: Mapping[str, Any], tables: Mapping[str, pa.Table]) -> None:
        with self._lock:
            super().load(meta, tables)
            self._unsure = set(self._slabs.words["session_id"])

    def _take(self, found: Sequence[Any]) -> None:
        read = self._gathered(found)
        if read is None:
            return
        entries = self._entries(read)
        answers, late = _answered(entries, self._waiting)
        self._slabs.append(self._finished(self._slabs, read, answers))
        for session_id, message_id in late.items():
            self._stale[session_id] = min(message_id, self._stale.get(session_id, message_id))
        if self._unsure:
            for session_id in self._unsure.intersection(self._touched(read)):
                self._stale[session_id] = 0

    def _put(self, starts: Mapping[str, int], found: Sequence[Any]) -> None:
        read = self._gathered(found)
        for session_id, start in starts.items():
            waiting = self._waiting.pop(session_id, {})
            older = {key: call for key, call in waiting.items() if call.message_id < start}
            if older:
                self._waiting[session_id] = older
            if start == 0:
                self._unsure.discard(session_id)
        if read is None:
            self._slabs.replace(starts, self._slabs.nothing())
            return
        answers, late = _answered(self._entries(read), self._waiting)
        self._slabs.replace(starts, self._finished(self._slabs, read, answers))
        self._stale.update(late)

    def _rows(self, slabs: S, found: Sequence[Any]) -> Any:
        read = self._gathered(found)
        if read is None:
            return slabs.nothing()
        answers, _ = _answered(self._entries(read), {})
        return self._finished(slabs, read, answers)

    @abstractmethod
    def _gathered(self, found: Sequence[Any]) -> Any:
        """What was read in some steps as one; None: there is no table to read."""

    @abstractmethod
    def _entries(self, read: Any) -> Entries:
        """What it takes to find the results."""

    @abstractmethod
    def _touched(self, read: Any) -> Iterable[str]:
        """The sessions of which something was read."""

    @abstractmethod
    def _finished(self, slabs: S, read: Any, answers: Sequence[int | None]) -> Any:
        """The rows of the calls; `answers` says for each the place of its result."""


class _Found(NamedTuple):
    """Calls and results, as they were read."""

    calls: Lines
    results: Lines


_Tables = tuple["pa.Table", "pa.Table"]


class ToolCalls(Answering[Slabs], Follower):
    """One row for each entry of `messages.tool_calls`, with the result that answered it; no texts.

    Whether a call failed is told by Hermes' own rule (`agent/display.py`,
    `_detect_tool_failure`), from what the tool returned: what Hermes wraps around that or appends to it does not count.

    Args:
        database: Where to read.
        root_of: The first piece of a session's conversation. Asked whenever `root_id` is; when its answer for a
            session of a chunk changes, the chunk's key does.
    """

    def __init__(self, database: Database, root_of: Callable[[str], str | None]) -> None:
        self._root_of = root_of
        Follower.__init__(self, database, KEPT, "called_at")

    def _begin(self, identity: str | None) -> None:
        super()._begin(identity)
        self._roots = Words()
        self._rooted: dict[str, tuple[tuple[str | None, ...], str, pa.Array]] = {}

    # -- reading

    def _read(
        self, connection: sqlite3.Connection, schema: Schema, where: str, values: Sequence[Any]
    ) -> _Found | None:
        if not schema.has("messages", "tool_calls"):
            return None
        where = where.format("m.")
        return _Found(
            read_lines(connection, _CALL_FIELDS, calls_of(schema, where), values),
            read_lines(connection, _RESULT_FIELDS, results_of(schema, where), values),
        )

    def _gathered(self, found: Sequence[_Found | None]) -> _Tables | None:
        read = [one for one in found if one is not None]
        if not read:
            return None
        calls, results = zip(*read, strict=True)
        return parsed(self._database, calls), parsed(self._database, results)

    def _entries(self, read: _Tables) -> Entries:
        calls, results = read
        return Entries(
            zip(
                calls["message_id"].to_pylist(),
                _spelled(calls["session_id"]),
                *(calls[name].to_pylist() for name in ("id", "other_id", "are_texts")),
                strict=True,
            ),
            list(
                zip(
                    results["message_id"].to_pylist(),
                    _spelled(results["session_id"]),
                    results["call_id"].to_pylist(),
                    strict=True,
                )
            ),
        )

    def _touched(self, read: _Tables) -> Iterable[str]:
        return [*_words(read[0]["session_id"]), *_words(read[1]["session_id"])]

    def _finished(self, slabs: Slabs, read: _Tables, answers: Sequence[int | None]) -> pa.RecordBatch:
        return _rows(slabs, *read, answers)

    # -- the conversation that a session belongs to

    def chunks(self, columns: Sequence[str]) -> list[Chunk]:
        with self._lock:
            plain = super().chunks([name for name in columns if name != "root_id"])
            if "root_id" not in columns:
                return plain
            rooted = [self._with_roots(slab) for slab in self._slabs.slabs]
            self._rooted = {slab.key: one for slab, one in zip(self._slabs.slabs, rooted, strict=True)}
            return [
                Chunk(
                    f"{chunk.key}-{key}",
                    {
                        name: self._roots.wrap(numbers) if name == "root_id" else chunk.columns[name]
                        for name in columns
                    },
                )
                for chunk, (_, key, numbers) in zip(plain, rooted, strict=True)
            ]

    def _with_roots(self, slab: Slab[pa.RecordBatch]) -> tuple[tuple[str | None, ...], str, pa.Array]:
        words = self._slabs.words["session_id"]
        sessions = sorted(slab.sessions)
        roots = tuple(self._root_of(words[number]) for number in sessions)
        known = self._rooted.get(slab.key)
        if known is not None and known[0] == roots:
            return known
        key = hashlib.sha256(json.dumps(roots).encode()).hexdigest()[:32]
        return roots, key, _mapped(slab.rows.column("session_id"), sessions, roots, self._roots)

    def select(self, args: Arguments, session_ids: Collection[str] | None = None) -> dict[str, pa.Array]:
        names = TOOL_CALL_COLUMNS if args.columns is None else list(args.columns)
        if "root_id" not in names:
            return self._select(args, session_ids, names)
        plain = [name for name in names if name not in ("root_id", "session_id")]
        found = self._select(args, session_ids, ["session_id", *plain])
        sessions = found["session_id"]
        numbers = sorted(set(sessions.indices.unique().to_pylist()) - {None})
        roots = Words()
        taken = sessions.dictionary.take(_numbers(numbers)).to_pylist()
        mapped = _mapped(sessions.indices, numbers, [self._root_of(one) for one in taken], roots)
        found["root_id"] = roots.wrap(mapped)
        return {name: found[name] for name in names}


KEPT: Mapping[str, Kind] = {
    "message_id": "integer",
    "call_index": "integer",
    "session_id": "category",
    "tool": "category",
    "call_id": "text",
    "called_at": "instant",
    "finished_at": "instant",
    "duration_s": "number",
    "status": "category",
    "exit_code": "integer",
    "effect": "category",
    "argument_chars": "integer",
    "result_chars": "integer",
    "state": "category",
}
STATUSES = ("ok", "error", "no result")


def _mapped(numbers: pa.Array, known: Sequence[int], values: Sequence[str | None], words: Words) -> pa.Array:
    """Numbers of one dictionary as those of another, in which they stand for these values."""
    import pyarrow.compute as pc

    places = _numbers([None if value is None else words.number(value) for value in values])
    return places.take(pc.index_in(numbers, _numbers(known)))


def _numbers(values: Sequence[int | None]) -> pa.Array:
    import pyarrow as pa

    return pa.array(values, pa.int32())


def _words(column: pa.ChunkedArray) -> list[str]:
    """The values that occur."""
    return [value for chunk in column.chunks for value in chunk.dictionary.to_pylist()]


def _spelled(column: pa.ChunkedArray) -> list[Any]:
    """A word for each row, the same object wherever it is the same one."""
    array = one(column)
    words = array.dictionary.to_pylist()
    return [None if number is None else words[number] for number in array.indices.to_pylist()]


def _answered(entries: Entries, waiting: _Waiting) -> tuple[list[int | None], dict[str, int]]:
    """For each call the place of its result, and for sessions the first call of another reading that is answered now.

    `waiting` holds the calls from before that have no result, and in the end those that have none.
    """
    reading = object()
    answers: list[int | None] = []
    late: dict[str, int] = {}
    results = entries.results
    at = 0

    def answer(upto: int) -> None:
        nonlocal at
        while at < len(results) and results[at][0] <= upto:
            _, session_id, key = results[at]
            in_session = waiting.get(session_id)
            call = in_session.get(key) if in_session else None
            if call is not None and in_session is not None:
                for key in call.keys:
                    if in_session.get(key) is call:
                        del in_session[key]
                if not in_session:
                    del waiting[session_id]
                if call.reading is reading:
                    answers[call.place] = at
                else:
                    late[session_id] = min(call.message_id, late.get(session_id, call.message_id))
            at += 1

    for place, (message_id, session_id, one_id, other_id, are_texts) in enumerate(entries.calls):
        answer(message_id)
        answers.append(None)
        keys: tuple[str, ...] = ()
        # An id that is no text is never what a result carries.
        if one_id is not None and are_texts & 1:
            keys = (one_id,)
        if other_id is not None and are_texts & 2:
            keys = (*keys, other_id)
        if keys:
            call = _Open(message_id, place, reading, keys)
            waiting.setdefault(session_id, {}).update(dict.fromkeys(keys, call))
    answer(END)
    return answers, late


def _rows(slabs: Slabs, calls: pa.Table, results: pa.Table, answers: Sequence[int | None]) -> pa.RecordBatch:
    """Calls with their results as rows."""
    import pyarrow as pa
    import pyarrow.compute as pc

    places = pa.array(answers, pa.int64())

    def of_result(name: str) -> pa.Array:
        return one(results[name]).take(places)

    columns = {name: one(calls[name]) for name in calls.column_names}
    columns["call_id"] = pc.coalesce(columns["id"], columns["other_id"])
    ended = of_result("timestamp")
    passed = pc.subtract(ended, columns["timestamp"])
    columns["duration_s"] = pc.max_element_wise(passed, 0.0, skip_nulls=False)
    columns["called_at"] = instants(columns["timestamp"])
    columns["finished_at"] = instants(ended)
    columns["status"] = _statuses(columns["tool"], places, of_result("signs"))
    columns["state"] = state(columns["state"])
    for name in ("effect", "exit_code", "result_chars"):
        columns[name] = of_result(name)
    return slabs.batch(columns)


def _statuses(tools: pa.DictionaryArray, places: pa.Array, signs: pa.Array) -> pa.DictionaryArray:
    """What became of calls of these tools, by the signs of their results."""
    import pyarrow as pa
    import pyarrow.compute as pc

    names = tools.dictionary.to_pylist()

    def has(bit_of: Callable[[Any], int], otherwise: int) -> pa.Array:
        bits = pc.fill_null(pa.array(map(bit_of, names), pa.int64()).take(tools.indices), otherwise)
        return pc.not_equal(pc.bit_wise_and(pc.fill_null(signs, 0), bits), 0)

    has_failed = has(lambda tool: _TERMINAL if tool == "terminal" else _GENERIC, _GENERIC)
    has_succeeded = has(lambda tool: {"write_file": _WRITTEN, "patch": _PATCHED}.get(tool, 0), 0)
    failed = pc.and_(has_failed, pc.invert(has_succeeded)).cast(pa.int32())
    numbers = pc.if_else(pc.is_null(places), pa.scalar(2, pa.int32()), failed)
    return pa.DictionaryArray.from_arrays(numbers, pa.array(STATUSES, pa.string()))


def read_signs(connection: sqlite3.Connection, schema: Schema, ids: Sequence[int]) -> dict[int, int]:
    """Of those of these messages that are tools' results: signs of what became of the call, for `is_failure`."""
    if not schema.has("messages", "tool_call_id"):
        return {}
    where = "m.id IN (SELECT value FROM json_each(?))"
    rows = connection.execute(f"SELECT id, signs {results_of(schema, where)}", (json.dumps(list(ids)),))
    return dict(rows.fetchall())


def is_failure(tool: str | None, signs: int) -> bool:
    """True for a result that Hermes marks as that of a failed tool."""
    failed = _TERMINAL if tool == "terminal" else _GENERIC
    succeeded = {"write_file": _WRITTEN, "patch": _PATCHED}.get(tool or "", 0)
    return bool(signs & failed) and not signs & succeeded


# -- reading


_CALL_FIELDS = (
    Field("message_id", "id", "integer"),
    Field("call_index", "place", "integer"),
    Field("session_id", "session_id", "word", is_whole=True),
    Field("timestamp", "timestamp", "seconds"),
    Field("state", "state", "integer"),
    Field("id", "one", "text", is_whole=True),
    Field("other_id", "nullif(other, one)", "text", is_whole=True),
    Field("are_texts", "(typeof(one) = 'text') + 2 * (typeof(other) = 'text')", "integer"),
    Field("tool", "tool", "word"),
    Field("argument_chars", "chars", "integer"),
)
_ONCE = "LIMIT -1 OFFSET 0"
"""With this, SQLite computes each expression of a subquery once instead of wherever it is used."""


def calls_of(schema: Schema, where: str) -> str:
    """Calls in SQL, from FROM on: the fields that `_CALL_FIELDS` are made of, in sequence."""

    def of_call(path: str) -> str:
        return f"CASE j.type WHEN 'object' THEN json_extract(j.value, '$.{path}') END"

    chars = "CASE j.type WHEN 'object' THEN coalesce(length(json_extract(j.value, '$.function.arguments')), 0) END"
    return (
        f"FROM (SELECT m.id AS id, j.key AS place, m.session_id AS session_id, m.timestamp AS timestamp,"
        f" {state_number(schema)} AS state, {of_call('id')} AS one, {of_call('call_id')} AS other,"
        f" {NAME.format('j')} AS tool, {chars} AS chars"
        f" FROM messages m, {ELEMENTS.format('m')} j WHERE {where} AND m.tool_calls IS NOT NULL"
        # The entries of a list come in its sequence.
        f" ORDER BY m.id {_ONCE})"
    )


_RESULT_FIELDS = (
    Field("message_id", "id", "integer"),
    Field("session_id", "session_id", "word", is_whole=True),
    Field("call_id", "call_id", "text", is_whole=True),
    Field("timestamp", "timestamp", "seconds"),
    Field("effect", "effect", "word"),
    Field("result_chars", "chars", "integer"),
    Field("signs", "signs", "integer"),
    Field("exit_code", "exit_code", "integer"),
)


def results_of(schema: Schema, where: str) -> str:
    """Results in SQL, from FROM on: the fields of `_RESULT_FIELDS`, in sequence."""
    effect = "m.effect_disposition" if schema.has("messages", "effect_disposition") else "NULL"
    has_text = schema.has("messages", "content")
    content = "m.content" if has_text else "NULL"
    return (
        # A number of more than 64 bits comes out as a floating one.
        "FROM (SELECT *, CASE typeof(code) WHEN 'integer' THEN code END AS exit_code FROM ("
        f"SELECT id, session_id, call_id, timestamp, effect, chars, {_SIGNS} AS signs, {_EXIT_CODE} AS code FROM ("
        f"SELECT *, {_OBJECT} AS data FROM (SELECT *, {_RETURNED} AS returned FROM ("
        "SELECT m.id AS id, m.session_id AS session_id, m.tool_call_id AS call_id, m.timestamp AS timestamp,"
        f" {effect} AS effect, {TEXT_LENGTH if has_text else 'NULL'} AS chars, {content} AS content"
        # Only a text can be the id that a call has.
        f" FROM messages m WHERE {where} AND m.role = 'tool' AND typeof(m.tool_call_id) = 'text'"
        f" ORDER BY m.id {_ONCE}) {_ONCE}) {_ONCE}) {_ONCE}) {_ONCE})"
    )


# -- Hermes' rule, in SQL, so that large results never leave SQLite

_WRAPPED = "<untrusted_tool_result "
_RETURNED = (
    # Results with pictures begin with NUL; they are lists of parts, and never failures.
    "CASE WHEN content <> '' AND unicode(content) IS NULL THEN NULL"
    # What came from the web is wrapped in words of Hermes (`agent/tool_dispatch_helpers.py`).
    f" WHEN substr(content, 1, {len(_WRAPPED)}) = '{_WRAPPED}' AND instr(content, char(10, 10)) > 0"
    " THEN substr(content, instr(content, char(10, 10)) + 2) ELSE content END"
)
_OBJECT = (
    "CASE WHEN json_valid(returned) THEN returned"
    # Hermes appends warnings and hints to what a tool returned on one line.
    " WHEN substr(returned, 1, 1) = '{' AND instr(returned, char(10)) > 0"
    " AND json_valid(substr(returned, 1, instr(returned, char(10)) - 1))"
    " THEN substr(returned, 1, instr(returned, char(10)) - 1) END"
)
_IS_OBJECT = "json_type(data) = 'object'"


def _is_true(name: str) -> str:
    """As Python takes a JSON value for true or false."""
    value = f"json_extract(data, '$.{name}')"
    return (
        f"CASE json_type(data, '$.{name}') WHEN 'true' THEN 1 WHEN 'text' THEN {value} <> '' WHEN 'integer' THEN {value} <> 0"
        f" WHEN 'real' THEN {value} <> 0.0 WHEN 'array' THEN {value} <> '[]' WHEN 'object' THEN {value} <> '{{}}' ELSE 0 END"
    )


_HAS_ERROR = f"({_is_true('error')})"
_HEAD = "lower(substr(returned, 1, 500))"
_SIGNS = (
    f"CASE WHEN ({_IS_OBJECT} AND ({_HAS_ERROR} OR ({_is_true('message')}))"
    " AND (json_type(data, '$.success') = 'false' OR json_type(data, '$.error') IS NOT NULL))"
    f" OR instr({_HEAD}, '\"error\"') > 0 OR instr({_HEAD}, '\"failed\"') > 0 OR substr(returned, 1, 5) = 'Error'"
    f" THEN {_GENERIC} ELSE 0 END"
    f" + CASE WHEN {_IS_OBJECT} AND CASE json_type(data, '$.exit_code') WHEN 'integer' THEN json_extract(data, '$.exit_code') <> 0"
    " WHEN 'real' THEN json_extract(data, '$.exit_code') <> 0.0 WHEN 'null' THEN 0 WHEN 'false' THEN 0"
    f" ELSE json_type(data, '$.exit_code') IS NOT NULL END THEN {_TERMINAL} ELSE 0 END"
    f" + CASE WHEN {_IS_OBJECT} AND NOT {_HAS_ERROR} AND json_type(data, '$.bytes_written') IS NOT NULL THEN {_WRITTEN} ELSE 0 END"
    f" + CASE WHEN {_IS_OBJECT} AND NOT {_HAS_ERROR} AND json_type(data, '$.success') = 'true' THEN {_PATCHED} ELSE 0 END"
)
_EXIT_CODE = f"CASE WHEN {_IS_OBJECT} AND json_type(data, '$.exit_code') = 'integer' THEN json_extract(data, '$.exit_code') END"
