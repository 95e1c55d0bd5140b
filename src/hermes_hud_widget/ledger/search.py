"""Which messages hold what somebody looks for, by the full-text indexes that Hermes keeps of them.

`messages_fts` has each message's words (`unicode61`: letters and digits, without case and accents), and
`messages_fts_trigram` whatever stands in it, from three characters on. Both cover text, tool name and tool calls. Only
the numbers of messages are taken from them, so that it makes no difference whether they keep the texts themselves
(up to Hermes 0.19) or point to them.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, Literal, NamedTuple

from hermes_hud_widget.errors import HudError
from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.ledger.database import Database
from hermes_hud_widget.ledger.kept import Kept
from hermes_hud_widget.ledger.pace import Pace
from hermes_hud_widget.ledger.rows import IndexProblem as IndexProblem
from hermes_hud_widget.ledger.rows import SearchTerm
from hermes_hud_widget.ledger.schema import Schema
from hermes_hud_widget.ledger.shapes import Shape, counted

MOST_TERMS = 16
MOST_SCANNED = 500_000
"""What no index helps to find is looked for among so many of the newest messages."""
FIRST_S = 0.12
"""Whoever asks waits for so long a part of the search, the newest messages first; the rest goes on by `advance`."""
MOST_KEPT = 8
"""So many searches are kept up to date, those asked for last."""
MOST_UNFINISHED = 2
"""So many are counted to their end at once; an older one begins again when it is asked for again."""
MOST_NEW = 2_000
"""After more new messages at once all is counted again."""
MOST_IDS = 5_000
_PREFIX_IDS = 20_000
"""SQLite gathers all that a prefix stands for anew in each read, some 25 ms among a million messages: small reads would
take for ever."""

# -- what was asked for


class Asked(NamedTuple):
    """A query, taken apart.

    Attributes:
        terms: In their order.
        words: What to ask of `messages_fts`; "" for nothing.
        substrings: The same of `messages_fts_trigram`.
        scanned: What every message must contain besides.
    """

    terms: tuple[SearchTerm, ...] = ()
    words: str = ""
    substrings: str = ""
    scanned: tuple[str, ...] = ()

    def is_nothing(self) -> bool:
        """True when no term can be looked for."""
        return not (self.words or self.substrings or self.scanned)


def ask(query: str, *, anywhere: bool = False, has_trigram: bool = True) -> Asked:
    """A query as somebody types it.

    Words are separated by spaces, and stand for whole words; `"two words"` for these words in this order, `deploy*`
    for words that begin so. `foo-bar` is such a phrase, too. What the word index does not have (`C++`, `--help`, and
    scripts that are written without spaces) is looked for character by character.

    Args:
        query: It.
        anywhere: Also within words.
        has_trigram: False: there is no index for parts of words.
    """
    terms = tuple(
        _term(text, is_quoted, anywhere, has_trigram) for text, is_quoted in _split(query)[:MOST_TERMS]
    )
    return Asked(
        terms,
        " ".join(
            _quoted(term.text) + (" *" if term.kind == "prefix" else "")
            for term in terms
            if term.kind in ("word", "phrase", "prefix")
        ),
        " ".join(_quoted(term.text) for term in terms if term.kind == "substring"),
        tuple(term.text for term in terms if term.kind == "scanned"),
    )


_EDGES = ".,;:!?\"'()[]{}<>…“”‘’«»、。，；：！？（）「」"
"""What surrounds words in a sentence is not meant."""


def _split(query: str) -> list[tuple[str, bool]]:
    """The words and quoted phrases; a quote without its other half is none."""
    found: list[tuple[str, bool]] = []
    pieces = "".join(letter if letter.isprintable() else " " for letter in query).split('"')
    for index, piece in enumerate(pieces):
        if index % 2 == 1 and index < len(pieces) - 1:
            found.append((" ".join(piece.split()), True))
        else:
            found.extend((word, False) for word in piece.split())
    return [(text, is_quoted) for text, is_quoted in found if text]


def _term(text: str, is_quoted: bool, anywhere: bool, has_trigram: bool) -> SearchTerm:
    if not is_quoted:
        if text.endswith("*") and text[:-1].strip(_EDGES)[-1:].isalnum() and not _is_unspaced(text):
            return SearchTerm(
                text[:-1].strip(_EDGES), "substring" if anywhere and len(text) > 3 else "prefix"
            )
        text = text.strip(_EDGES) or text
    has_words = any(letter.isalnum() for letter in text)
    # At its ends, where it matters: what the word index leaves out between words only parts them.
    is_more_than_words = not (text[0].isalnum() and text[-1].isalnum())
    if _is_unspaced(text) or anywhere:
        return SearchTerm(text, "substring" if has_trigram and len(text) >= 3 else "scanned")
    if is_more_than_words and has_trigram and len(text) >= 3:
        return SearchTerm(text, "substring")
    if not has_words:
        return SearchTerm(text, "ignored")
    tokens = "".join(letter if letter.isalnum() else " " for letter in text).split()
    return SearchTerm(text, "word" if len(tokens) == 1 else "phrase")


def _is_unspaced(text: str) -> bool:
    """True for text with letters of which the word index makes one word up to the next punctuation."""
    return any(first <= ord(letter) <= last for letter in text for first, last in _UNSPACED)


_UNSPACED = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Burmese
    (0x1780, 0x17FF),  # Khmer
    (0x3000, 0x30FF),  # CJK punctuation, Hiragana, Katakana
    (0x3400, 0x4DBF),  # CJK
    (0x4E00, 0x9FFF),
    (0xAC00, 0xD7AF),  # Hangul
    (0x20000, 0x2A6DF),
)


def _quoted(text: str) -> str:
    """As one phrase of the full-text query language, in which everything else would mean something."""
    return '"' + text.replace('"', '""') + '"'


# -- the indexes


class SearchIndex(NamedTuple):
    """What there is to search with.

    Attributes:
        problem: Why messages cannot be searched; None: they can.
        has_trigram: True when parts of words can be searched.
        trigram_leaves_out: True when that index leaves out tools' results (after Hermes 0.19).
    """

    problem: IndexProblem | None
    has_trigram: bool = False
    trigram_leaves_out: bool = False


class _Unreadable(HudError):
    """The index, not the database: it is damaged, or this SQLite lacks its module."""


def read_index(connection: sqlite3.Connection, schema: Schema) -> SearchIndex:
    """What there is to search with; costs some 0.1 ms."""
    made = dict(
        connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'table'"
            " AND name IN ('messages_fts', 'messages_fts_trigram')"
        ).fetchall()
    )
    if "messages_fts" not in made or not schema.has("messages"):
        return SearchIndex("missing")
    if schema.has("state_meta"):
        begun = "SELECT 1 FROM state_meta WHERE key LIKE 'fts\\_rebuild\\_%' ESCAPE '\\' LIMIT 1"
        if connection.execute(begun).fetchone():
            return SearchIndex("incomplete")
    try:
        if not _covers(connection, schema, "messages_fts", is_of_all=True):
            return SearchIndex("incomplete")
    except _Unreadable:
        return SearchIndex("unreadable")
    trigram = made.get("messages_fts_trigram")
    leaves_out = trigram is not None and "content=" in trigram.replace(" ", "")
    try:
        has_trigram = trigram is not None and _covers(
            connection, schema, "messages_fts_trigram", is_of_all=not leaves_out
        )
    except _Unreadable:
        has_trigram = False
    return SearchIndex(None, has_trigram, leaves_out)


def _covers(connection: sqlite3.Connection, schema: Schema, index: str, *, is_of_all: bool) -> bool:
    """False when the first or the last message is not in an index: its triggers were not there all the time.

    What lies between is not counted, which takes as long as there are many messages; Hermes itself fills whole gaps.
    """
    with _index_errors():
        connection.execute(f"SELECT rowid FROM {index} WHERE {index} MATCH '\"a\"' AND rowid = -1").fetchall()
        if not is_of_all or not schema.has(f"{index}_docsize"):
            return True
        for end in ("min", "max"):
            (message,) = connection.execute(f"SELECT {end}(id) FROM messages").fetchone()
            (indexed,) = connection.execute(f"SELECT {end}(id) FROM {index}_docsize").fetchone()
            if message != indexed:
                return False
    return True


@contextmanager
def _index_errors() -> Iterator[None]:
    """What SQLite says of an index that it cannot use, as `_Unreadable`."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        if code not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_ERROR):
            raise
        raise _Unreadable(f"The full-text index cannot be used: {error}") from None


# -- finding


class Hits(NamedTuple):
    """What one session has of a search.

    Attributes:
        messages: How many messages match.
        newest: The id of the newest of them.
    """

    messages: int
    newest: int


@frozen
class Found:
    """What a search has found.

    Attributes:
        asked: What was looked for.
        index: With what.
        sessions: By the session's id; sessions without a match are missing. Not to be changed.
        is_whole: False while older messages have still to be looked at.
        scanned: When no index helps: how many of the newest messages are looked at, if that is not all.
    """

    asked: Asked
    index: SearchIndex
    sessions: Mapping[str, Hits]
    is_whole: bool
    scanned: int | None = None

    def leaves_out(self) -> tuple[Literal["pictures", "tools"], ...]:
        """Which messages the search cannot find, however well they match."""
        # Messages of parts begin with NUL, where the tokenizer of trigrams ends, and are JSON with escapes.
        is_blind = self.asked.substrings != "" or not all(text.isascii() for text in self.asked.scanned)
        without_tools = self.asked.substrings != "" and self.index.trigram_leaves_out
        return (*(("pictures",) if is_blind else ()), *(("tools",) if without_tools else ()))


NOTHING = Found(Asked(), SearchIndex("missing"), {}, is_whole=True)
"""What is found where there is no database."""


@frozen
class Matches:
    """Messages that match an expression.

    Attributes:
        ids: Of the messages, the newest first.
        older: Pass it as `before` to get what comes next; None when all were looked at.
        problem: Why nothing could be looked for.
    """

    ids: tuple[int, ...] = ()
    older: int | None = None
    problem: IndexProblem | None = None


class _Count:
    """One search on its way from the newest message to the oldest.

    Attributes:
        upto: The highest id that was looked at.
        low: The lowest id above which all were looked at.
        floor: Where it ends.
        era: Since when it holds; see `Search.note`.
    """

    def __init__(self, asked: Asked, newest: int, era: int) -> None:
        self.asked = asked
        self.era = era
        self.upto = self.low = newest
        self.sessions: dict[str, Hits] = {}
        is_scan = not (asked.words or asked.substrings)
        self.floor = max(0, newest - MOST_SCANNED) if is_scan else 0
        rows = _PREFIX_IDS if " *" in asked.words else 500
        self.pace = Pace(rows=max(2_000, rows), least=rows, most=2_000_000)

    @property
    def is_whole(self) -> bool:
        return self.low <= self.floor

    def add(self, found: Collection[tuple[str, int, int]]) -> None:
        # Another dictionary: somebody may be reading this one.
        sessions = dict(self.sessions)
        for session_id, messages, newest in found:
            before = sessions.get(session_id, Hits(0, 0))
            sessions[session_id] = Hits(before.messages + messages, max(before.newest, newest))
        self.sessions = sessions


class Search:
    """Searches the messages of one database, and keeps what it found true to it.

    A search begins with the newest messages, in reads of some 6 ms. What it found is kept: when messages were added,
    only these are looked at; when anything else happened to a session's messages (taken back, compacted, deleted), all
    is counted again. Messages that the user took back do not count, those that were compacted do, as for Hermes'
    own `search_messages`.

    All methods may be called from any thread, and raise DatabaseProblem and DatabaseMissing.
    """

    def __init__(self, database: Database, kept: Kept) -> None:
        self._database = database
        self._kept = kept
        self._lock = threading.RLock()
        self._counts: OrderedDict[Asked, _Count] = OrderedDict()
        self._era = 0
        self._changed: set[str] = set()
        self._shapes: dict[str, Shape] | None = None
        self._upto = 0

    def note(self, newest: int, *, is_whole: bool) -> None:
        """Drops what was found if more has happened since than that messages were added.

        Whoever calls it sees to it that nobody changes `kept` or calls it, too, meanwhile; that must not wait for those
        who search, and does not.

        Args:
            newest: No message up to this id is missing from `kept`.
            is_whole: False while not all sessions are known.
        """
        if not is_whole:
            self._shapes = None
        elif self._shapes is None:
            # What was found before there was anything to compare it with is not certain.
            self._era += 1
            self._begin_shapes(newest)
        elif not self._are_explained(newest):
            self._era += 1

    def find(self, query: str, newest: int, *, anywhere: bool = False) -> Found:
        """The sessions whose messages have every term of a query.

        Waits `FIRST_S` at most; when it is not whole then, call `advance`.

        Args:
            query: See `ask`.
            newest: The highest id of a message.
            anywhere: Also within words.
        """
        index = self.index()
        asked = ask(query, anywhere=anywhere, has_trigram=index.has_trigram)
        if index.problem is not None or asked.is_nothing():
            return Found(asked, index, {}, is_whole=True)
        until = time.monotonic() + FIRST_S
        try:
            with self._lock:
                count = self._counts.pop(asked, None)
                is_old = count is None or count.era != self._era or count.upto > newest
                if count is None or is_old or newest - count.upto > MOST_NEW:
                    count = _Count(asked, newest, self._era)
                self._counts[asked] = count
                self._forget_others(count)
                if count.upto < newest:
                    count.add(self._read_slice(asked, count.upto, newest))
                    count.upto = newest
                self._step(count)
            while not count.is_whole and time.monotonic() < until:
                with self._lock:
                    self._step(count)
        except _Unreadable:
            with self._lock:
                self._counts.pop(asked, None)
            return Found(asked, SearchIndex("unreadable"), {}, is_whole=True)
        return Found(asked, index, count.sessions, count.is_whole, MOST_SCANNED if count.floor else None)

    def is_waiting(self) -> bool:
        """True when `advance` has something to do."""
        with self._lock:
            return any(not count.is_whole and count.era == self._era for count in self._counts.values())

    def advance(self) -> bool:
        """Looks at some more messages for the search that was asked for last; True when that came to its end."""
        with self._lock:
            waiting = (one for one in reversed(self._counts.values()) if not one.is_whole)
            count = next((one for one in waiting if one.era == self._era), None)
            if count is None:
                return False
            try:
                self._step(count)
            except _Unreadable:
                self._counts.pop(count.asked, None)
                return True
            return count.is_whole

    def index(self) -> SearchIndex:
        """What there is to search with."""
        return self._database.read(read_index)

    def matches(
        self,
        expression: str,
        *,
        after: int = 0,
        before: int | None = None,
        roles: Collection[str] | None = None,
        limit: int = 500,
        budget_s: float = 0.2,
    ) -> Matches:
        """Messages that match an expression of SQLite's full-text query language, the newest first.

        Rewound messages are left out, compacted ones are not.

        Args:
            expression: For `messages_fts` (`"wrong" OR "do not"`): it covers text, tool name and tool calls. One
                that SQLite cannot read is reported as a `problem`.
            after: Only messages with a higher id: the highest that was seen before.
            before: Only messages with a lower id.
            roles: Only messages with one of these roles.
            limit: At most so many (and never more than `MOST_IDS`).
            budget_s: It ends after so many seconds even if there is more; see `Matches.older`.
        """
        index = self.index()
        if index.problem is not None:
            return Matches(problem=index.problem)
        if before is None:
            before = self._database.read(_read_newest) + 1
        limit = min(limit, MOST_IDS)
        until = time.monotonic() + budget_s
        pace = Pace(rows=2_000, least=500, most=2_000_000)
        ids: list[int] = []
        high = before - 1
        asked = Asked(words=expression)
        try:
            while high > after:
                with pace.step() as rows:
                    low = max(after, high - rows)
                    work = partial(
                        _read_ids, asked=asked, low=low, high=high, roles=roles, limit=limit - len(ids)
                    )
                    found = self._database.read(work)
                ids += found
                if len(ids) == limit:
                    return Matches(tuple(ids), ids[-1] if ids[-1] > after + 1 else None)
                high = low
                if time.monotonic() > until:
                    break
        except _Unreadable:
            return Matches(problem="unreadable")
        return Matches(tuple(ids), high + 1 if high > after else None)

    # -- keeping up

    def _begin_shapes(self, newest: int) -> None:
        self._kept.unfollow(self._changed)
        self._changed = self._kept.follow()
        self._changed.clear()
        self._shapes = {session_id: record.shape for session_id, record in self._kept.records.items()}
        self._upto = newest

    def _are_explained(self, newest: int) -> bool:
        """True when new messages explain all that changed since the last call."""
        assert self._shapes is not None
        if newest < self._upto or newest - self._upto > MOST_NEW:
            self._begin_shapes(newest)
            return False
        if not self._changed:
            return True
        grown = self._database.read(partial(_read_grown, after=self._upto, upto=newest))
        is_explained = True
        for session_id in self._changed:
            before, more = self._shapes.get(session_id, Shape()), grown.get(session_id, Shape())
            record = self._kept.records.get(session_id)
            now = Shape() if record is None else record.shape
            is_explained &= now == before.plus(more)
            self._shapes[session_id] = now
        self._changed.clear()
        self._upto = newest
        return is_explained

    def _forget_others(self, count: _Count) -> None:
        while len(self._counts) > MOST_KEPT:
            self._counts.popitem(last=False)
        # Who types on has given up what he typed before.
        waiting = [one for one in self._counts.values() if not one.is_whole and one is not count]
        for one in waiting[: max(0, len(waiting) + 1 - MOST_UNFINISHED)]:
            del self._counts[one.asked]

    def _step(self, count: _Count) -> None:
        if count.is_whole:
            return
        with count.pace.step() as rows:
            low = max(count.floor, count.low - rows)
            found = self._read_slice(count.asked, low, count.low)
        count.add(found)
        count.low = low

    def _read_slice(self, asked: Asked, low: int, high: int) -> list[tuple[str, int, int]]:
        return self._database.read(partial(_read_sessions, asked=asked, low=low, high=high))


# -- reading


def _read_newest(connection: sqlite3.Connection, schema: Schema) -> int:
    if not schema.has("messages"):
        return 0
    (newest,) = connection.execute("SELECT max(id) FROM messages").fetchone()
    return newest if isinstance(newest, int) else 0


def _read_grown(connection: sqlite3.Connection, schema: Schema, after: int, upto: int) -> dict[str, Shape]:
    """What the messages between two ids add to their sessions."""
    rows = connection.execute(
        f"SELECT session_id, {counted(schema)} FROM messages WHERE id > ? AND id <= ? GROUP BY session_id",
        (after, upto),
    ).fetchall()
    return {session_id: Shape(*counts) for session_id, *counts in rows}


def _read_sessions(
    connection: sqlite3.Connection, schema: Schema, asked: Asked, low: int, high: int
) -> list[tuple[str, int, int]]:
    """Of each session: its id, how many of the messages above `low` up to `high` match, and the newest of them."""
    source, values = _matching(schema, asked, low, high)
    with _index_errors():
        rows = connection.execute(
            f"SELECT m.session_id, count(*), max(m.id) {source} GROUP BY m.session_id", values
        ).fetchall()
    return [row for row in rows if isinstance(row[0], str)]


def _read_ids(
    connection: sqlite3.Connection,
    schema: Schema,
    asked: Asked,
    low: int,
    high: int,
    roles: Collection[str] | None,
    limit: int,
) -> list[int]:
    source, values = _matching(schema, asked, low, high)
    if roles is not None:
        source += f" AND m.role IN ({', '.join('?' * len(roles))})"
    with _index_errors():
        rows = connection.execute(
            f"SELECT m.id {source} ORDER BY m.id DESC LIMIT ?", (*values, *(roles or ()), limit)
        ).fetchall()
    return [message_id for (message_id,) in rows]


def _matching(schema: Schema, asked: Asked, low: int, high: int) -> tuple[str, list[Any]]:
    """A statement from FROM on, and its values: the messages above `low` up to `high` that match."""
    among = "{0} > ? AND {0} <= ?"
    match: Callable[[str, str], str] = lambda table, alias: (  # noqa: E731
        f"{alias}.{table} MATCH ? AND {among.format(f'{alias}.rowid')}"
    )
    values: list[Any] = []
    indexes = [("messages_fts", asked.words), ("messages_fts_trigram", asked.substrings)]
    used = [(table, expression) for table, expression in indexes if expression]
    if used:
        table, expression = used[0]
        # The index first: for the other way round SQLite would ask it once for each message.
        source = f"FROM {table} f CROSS JOIN messages m ON m.id = f.rowid WHERE {match(table, 'f')}"
        values += [expression, low, high]
    else:
        source = f"FROM messages m WHERE {among.format('m.id')}"
        values += [low, high]
    for table, expression in used[1:]:
        source += f" AND m.id IN (SELECT g.rowid FROM {table} g WHERE {match(table, 'g')})"
        values += [expression, low, high]
    for text in asked.scanned:
        # Not LIKE: for it a text ends at its first NUL, with which messages of parts begin.
        columns = [name for name in ("content", "tool_name", "tool_calls") if schema.has("messages", name)]
        source += f" AND ({' OR '.join(f'instr(lower(m.{name}), ?)' for name in columns)})"
        values += [_lower(text)] * len(columns)
    if schema.has("messages", "active"):
        compacted = " OR coalesce(m.compacted, 0) <> 0" if schema.has("messages", "compacted") else ""
        source += f" AND (coalesce(m.active, 1) <> 0{compacted})"
    if schema.has("messages", "display_kind"):
        source += " AND coalesce(m.display_kind, '') <> 'hidden'"
    return source, values


def _lower(text: str) -> str:
    """As SQLite's `lower` does: of ASCII only."""
    return "".join(letter.lower() if letter.isascii() else letter for letter in text)
