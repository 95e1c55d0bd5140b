"""What `state.db` holds, as the panels and frames ask for it."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import date, datetime, tzinfo
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

from hermes_hud_widget.chunks import Chunk
from hermes_hud_widget.ledger import columns, memory, money
from hermes_hud_widget.ledger.activity import LIVE_S, RECENT_S, Doing, Message, activity
from hermes_hud_widget.ledger.calls import read_calls
from hermes_hud_widget.ledger.database import Database, DatabaseMissing
from hermes_hud_widget.ledger.glimpses import Glimpses
from hermes_hud_widget.ledger.history import GIVE_WAY_S, History
from hermes_hud_widget.ledger.index import Index, Saved
from hermes_hud_widget.ledger.kept import NO_FILTERS, Conversation, Facet, Filters, Kept, Sort, Traits, whole
from hermes_hud_widget.ledger.lineage import SessionRow
from hermes_hud_widget.ledger.matched import Matched, Tallies
from hermes_hud_widget.ledger.memory import Memory
from hermes_hud_widget.ledger.messages import COLUMNS as MESSAGE_COLUMNS
from hermes_hud_widget.ledger.money import Sum
from hermes_hud_widget.ledger.parts import Parts
from hermes_hud_widget.ledger.patterns import Habits, Recurring, Task
from hermes_hud_widget.ledger.picked import (
    Picked,
    Picker,
    SaidMessage,
    ToolResult,
    are_final,
    read_calls_with,
    read_results,
    read_said,
)
from hermes_hud_widget.ledger.release import release_of
from hermes_hud_widget.ledger.rows import (
    LIVE,
    Activity,
    ConversationCost,
    FacetValue,
    RecentMessage,
    RelatedSession,
    Session,
    SessionFacets,
    SessionMatch,
    SessionPage,
    SessionSearch,
    Spending,
    Totals,
    Transcript,
)
from hermes_hud_widget.ledger.schema import Schema
from hermes_hud_widget.ledger.search import NOTHING, Found, Search
from hermes_hud_widget.ledger.since import Happened, Since
from hermes_hud_widget.ledger.snippets import hit_pattern, marked, read_hits
from hermes_hud_widget.ledger.tables import TEXT, Columns, TableArguments, Tables
from hermes_hud_widget.ledger.timeline import Chronicle, Past, longest
from hermes_hud_widget.ledger.tool_calls import TOOL_CALL_COLUMNS
from hermes_hud_widget.ledger.transcript import Place, read_page
from hermes_hud_widget.ledger.usage import Day, Usages, session_usage, usage_columns
from hermes_hud_widget.ledger.values import instant, moment, number, text
from hermes_hud_widget.ledger.whereabouts import Whereabout, Whereabouts, Work
from hermes_hud_widget.ledger.writers import Writers
from hermes_hud_widget.protocol import Progress
from hermes_hud_widget.redact import redact

log = logging.getLogger(__name__)

MOST_TAILS = 200
"""Of so many sessions, those active last, the messages are read to tell what they do."""
WORTH_SAVING_S = 0.2
"""A history that was read in less is read again at each start."""
SAVED_AGAIN_S = 600.0
"""After a reading in the background it is saved, at most once in so many seconds; and when it is closed."""
MOST_FACET_VALUES = 30
MOST_RELATED = 50
MOST_PROJECTED = 500
"""So many conversations are kept as they were shown last."""


class _Shown(NamedTuple):
    """A conversation as it was shown, and what that holds for."""

    conversation: Conversation
    tail: tuple[Message, ...]
    writers: Writers | None
    at: datetime
    doing: Doing
    session: Session | None


class Ledger:
    """The sessions of one database. All methods may be called from any thread; a missing file is an empty one.

    Columns that this Hermes release does not have are None or zero, never an error.

    It keeps what it has read, and of messages no more than how the sessions shown last begin and end; it reads what each commit changed (`History`).
    The first reading of a long history goes on in the background, the newest sessions first; until it is done
    `progress` says how far it is, and what the methods give is true of what was read.

    All methods raise DatabaseProblem when the file is there but cannot be read.

    Args:
        database: The file.
        on_change: Called when something changed of which no file tells: more was read in the background.
        on_waiting: Called when there is something for `advance` to do.
        index: Where what was read is kept for the next start, given the file and its identity; None: nowhere.
    """

    def __init__(
        self,
        database: Database,
        on_change: Callable[[], None] = lambda: None,
        on_waiting: Callable[[], None] = lambda: None,
        index: Callable[[Path, Any], Index] | None = None,
    ) -> None:
        self._database = database
        self._on_change = on_change
        self._on_waiting = on_waiting
        self._make_index = index
        self._index: Index | None = None
        self._saved_at: float | None = None
        self._saving = threading.Lock()
        self._giving = threading.Lock()
        self._given = 0
        self._history = History(database, on_change, self._recall)
        self._tables = Tables(database, self._history, self._load)
        self._whereabouts: Whereabouts | None = None
        self._since: Since | None = None
        self._since_of: Hashable = None
        self._begin()

    @property
    def progress(self) -> Progress | None:
        """How many sessions of how many were read; None when all were."""
        return self._history.progress

    @property
    def reading(self) -> Progress | None:
        """How many messages of how many were read by a call that goes on just now; None: there is none."""
        return self._tables.reading

    def settle(self) -> None:
        """Returns when all sessions are known, with the number of their messages, as they are now."""
        self._history.settle(rows=False)

    def rest(self) -> None:
        """Drops all that was read, unless somebody is just being given it; it is read again when it is asked for."""
        with self._giving:
            if self._given == 0:
                self._save()
                with self._history.lock:
                    self._history.rest()
                    self._begin()
                self._tables.rest()

    def close(self) -> None:
        """Saves what was read for the next start."""
        self._save()
        if self._index is not None:
            self._index.close()

    def advance(self) -> float | None:
        """Reads one short step of what may wait; in how many seconds to call again, None: not before `on_waiting`."""
        wait = self._history.advance()
        search = self._search
        if search.advance():
            self._on_change()
        if search.is_waiting():
            return 0.0
        if (wait is None or wait > 0) and self._habits.advance():
            return 0.0
        is_idle = wait is None or wait > 0
        if is_idle and (self._saved_at is None or time.monotonic() - self._saved_at > SAVED_AGAIN_S):
            self._save()
        return wait

    def page(
        self,
        now: datetime,
        writers: Writers | None = None,
        *,
        number: int = 0,
        size: int = 25,
        sort: Sort = "last_active",
        descending: bool = True,
        filters: Filters = NO_FILTERS,
        live: bool = False,
        search: str = "",
        anywhere: bool = False,
    ) -> SessionPage:
        """One page of the conversations that Hermes lists, each as its compression chain's tip.

        Costs what the page costs, however many there are.

        Args:
            now: The present; what a session does depends on it.
            writers: The processes that have the database open for writing; None: not known.
            number: Which page, from 0; one that is not (or no longer) there is the last one.
            size: Conversations a page.
            sort: What they are sorted by; those without a value come last either way, equal ones with the latest
                activity first.
            descending: The highest value first.
            filters: What the list is narrowed to, and whether it has archived ones, too.
            live: Only those in which something goes on.
            search: Only those with a message, or a title, that has all of this; see `search.ask`.
            anywhere: The search also looks within words.
        """
        found = self._find(search, anywhere) if search.strip() else None
        if found is not None:
            self._tally(search, found)
        with self._current() as kept:
            tally = None if found is None else self._tallies.of(search, found.asked, found.sessions)
            while tally is not None and tally.step():  # what has changed since
                pass
            active = {
                one.root.id
                for one, doing in self._active(kept, now, writers)
                if doing.activity in LIVE and (filters.archived or not one.root.archived)
            }
            matched = None if tally is None else tally.matched
            numbers = None if tally is None else tally.conversations
            hits = Counter[Traits]() if tally is None else tally.messages
            if live:
                if matched is not None:
                    matched = {one: match for one, match in matched.items() if one in active}
                numbers, hits = Counter(), Counter()
                for one in active if matched is None else matched:
                    if (traits := kept.traits.get(one)) is not None:
                        numbers[traits] += 1
                        hits[traits] += matched[one].messages if matched else 0
            among = active if live and matched is None else matched
            page, number, total = kept.page(sort, descending, filters, number, size, among)
            facets = _facets(*kept.counts(filters, numbers))
            messages = sum(count for traits, count in hits.items() if traits.passes(filters))
            shown = {} if matched is None else {one.root.id: matched[one.root.id] for one in page}
            rows = self._project(kept, page, now, writers)
            is_read = self._history.progress is None
        result = SessionPage(rows, total, len(active), number, facets)
        if found is None:
            return result
        return replace(result, search=self._searched(search, found, shown, rows, messages, is_read))

    def sessions(
        self, now: datetime, writers: Writers | None = None, include_archived: bool = False
    ) -> tuple[Session, ...]:
        """All of them in Hermes' order: newest activity first."""
        with self._current() as kept:
            return self._project(kept, tuple(kept.latest(include_archived)), now, writers)

    def live(
        self, now: datetime, writers: Writers | None = None, limit: int = MOST_TAILS
    ) -> tuple[tuple[Session, ...], int]:
        """The conversations in which something goes on or that crashed within 24 h, newest activity first.

        At most `limit` of them, and how many there are in all.
        """
        with self._current() as kept:
            found = [
                one
                for one, doing in self._active(kept, now, writers)
                if doing.activity in (*LIVE, "crashed") and not one.root.archived
            ]
            return self._project(kept, found[:limit], now, writers), len(found)

    def next_change(
        self, now: datetime, writers: Writers | None = None, also: Sequence[Session] = ()
    ) -> datetime | None:
        """When what a conversation does may next change by time alone; None: by time never.

        Args:
            now: The present.
            writers: The processes that have the database open for writing; None makes the answer earlier than
                need be.
            also: Sessions that no list has: delegated ones.
        """
        with self._current() as kept:
            states = [(one.last, doing.activity) for one, doing in self._active(kept, now, writers)]
        states += [(session.last_active.timestamp(), session.activity) for session in also]
        instants = [
            moment(last + seconds)
            for last, doing in states
            for seconds in _changes_after(doing, writers is not None)
        ]
        return min((instant for instant in instants if instant > now), default=None)

    def release(self) -> str | None:
        """The newest release of Hermes that has opened this database ("0.18"); None: it has no sessions' table."""
        return self._database.read(lambda _, schema: release_of(schema))

    def totals(self) -> Totals:
        """Counters over the whole database."""
        with self._current() as kept:
            return Totals(sessions=kept.listed, messages=kept.messages, tool_calls=kept.tool_calls)

    def spending(self, since: datetime) -> Spending:
        """Tokens and cost of all sessions that started at or after `since`, by the rule of `hermes insights`.

        Per session: what is attributed to models and auxiliary tasks (`session_model_usage`), and what its
        own counters hold beyond that.
        """
        with self._current() as kept:
            spent = Sum()
            for session_id in kept.started_since(since.timestamp()):
                spent.add_session(self._usages.of(session_id).parts)
        return Spending(spent.sessions, spent.tokens(), spent.cost())

    def happened(self, since: datetime, now: datetime) -> Happened:
        """What happened since an instant; costs what is new since it was asked last."""
        with self._current():
            assert self._since is not None
            self._since_of = self._database.identity
            return self._since.happened(since, now)

    def began_at(self) -> datetime | None:
        """When the first session began; None without any."""

        def first(connection: sqlite3.Connection, schema: Schema) -> float | None:
            if not schema.has("sessions", "started_at"):
                return None
            row = connection.execute("SELECT started_at FROM sessions ORDER BY started_at LIMIT 1").fetchone()
            return None if row is None else number(row[0])

        try:
            return instant(self._database.read(first))
        except DatabaseMissing:
            return None

    def size_bytes(self) -> int:
        """Size of the file and of its write-ahead log."""
        sizes = []
        for path in self._database.files:
            with suppress(OSError):  # the log comes and goes
                sizes.append(path.stat().st_size)
        return sum(sizes)

    def days(self, where: tzinfo) -> Mapping[date, Day]:
        """The same by the day, in that zone, on which each session started, ascending; days without are missing.

        After a change only the days are summed up again in which a session changed.
        """
        with self._current():
            return self._usages.days(where)

    def dearest(self, since: datetime | None, limit: int) -> tuple[ConversationCost, ...]:
        """The conversations whose pieces started since then cost most; those of unknown price are left out."""
        with self._current() as kept:
            start = float("-inf") if since is None else since.timestamp()
            dearest = self._usages.dearest(start, limit)
            lineage = kept.lineage
            tips = {root_id: lineage.chain(lineage.rows[root_id])[-1] for root_id, _ in dearest}
            previews = self._previews(kept, (tip.id for tip in tips.values()))
            found = []
            for root_id, pieces in dearest:
                root, tip = lineage.rows[root_id], tips[root_id]
                spent = money.total(part for piece in pieces for part in piece.parts)
                found.append(
                    ConversationCost(
                        id=tip.id,
                        root_id=root_id,
                        title=tip.title,
                        preview=previews.get(tip.id, ""),
                        source=root.source,
                        model=tip.model,
                        started_at=moment(root.started_at),
                        tokens=spent.tokens(),
                        cost=spent.cost(),
                    )
                )
            return tuple(found)

    def work(self) -> Mapping[Whereabout, Work]:
        """What was done in which directory. After a change only its directory is summed up again."""
        while True:
            with self._current():
                if self._whereabouts is None:
                    self._whereabouts = Whereabouts(self._kept, self._usages.of)
                # In short steps: whoever looks at this home waits for the lock.
                if not self._whereabouts.step():
                    return self._whereabouts.work
            time.sleep(GIVE_WAY_S)

    def usage_columns(self, args: columns.Arguments) -> dict[str, list[Any]]:
        """One row for each part of what a session spent, the session started last first; `limit`: the newest."""
        with self._giving_rows(), self._current() as kept:
            return usage_columns(kept, self._usages, args)

    def recent(self, limit: int) -> tuple[RecentMessage, ...]:
        """The newest messages of all sessions, by id, newest first; reads no more rows than that."""
        with self._current() as kept:
            try:
                found = self._database.read(lambda c, s: _read_recent(c, s, limit))
            except DatabaseMissing:
                return ()
            previews = self._previews(
                kept, (message.session_id for message in found if not message.session_title)
            )
        return tuple(
            message
            if message.session_title
            else replace(message, session_title=previews.get(message.session_id) or None)
            for message in found
        )

    def transcript(
        self,
        session_id: str,
        before: int | None,
        limit: int,
        now: datetime,
        writers: Writers | None = None,
        *,
        after: int | None = None,
        message: int | None = None,
    ) -> Transcript | None:
        """A page of a conversation's messages, over all pieces of its compression chain.

        Args:
            session_id: The id of any piece, or of a delegated session.
            before: Only messages with a smaller id.
            limit: How many.
            now: The present.
            writers: The processes that have the database open for writing; None: not known.
            after: Only messages with a higher id, the oldest of them.
            message: The page that has this message, with what was said before and after.

        Returns:
            None when there is no such session.
        """
        with self._current() as kept:
            record = kept.records.get(session_id)
            if record is None:
                return None
            chain = kept.lineage.chain(record.row)
            root, last = chain[0], kept.lineage.last_active(chain[-1])
            conversation = kept.conversations.get(root.id) or Conversation(
                root, chain, last, last, 0, kept.lineage.kind(root)
            )
            if conversation.chain != chain:  # a piece that is no longer gone on with
                conversation = conversation._replace(chain=chain, last=last)
            projected = self._project(kept, [conversation], now, writers)
            related, related_total = self._related(kept, chain)
            messages = sum(kept.records[piece.id].shape.messages for piece in chain)
        try:
            page = read_page(
                self._database,
                self._parts,
                [piece.id for piece in chain],
                Place(before, after, message),
                limit,
                messages,
            )
        except DatabaseMissing:
            return None
        if not projected:  # the file vanished in the middle
            return None
        return Transcript(
            projected[0],
            page.messages,
            page.total,
            page.older,
            page.newer,
            marked=message if any(one.id == message for one in page.messages) else None,
            related=related,
            related_total=related_total,
        )

    def some(
        self, session_ids: Iterable[str], now: datetime, writers: Writers | None = None
    ) -> Mapping[str, Session]:
        """The conversations, delegated ones too, that these sessions are pieces of; by the ids asked for."""
        with self._current() as kept:
            found = {
                one: _conversation(kept, kept.records[one].row)
                for one in dict.fromkeys(session_ids)
                if one in kept.records
            }
            projected = self._project(kept, tuple(found.values()), now, writers)
            # None of them when the file vanished in the middle.
            return dict(zip(found, projected, strict=False))

    def subagents(
        self, now: datetime, writers: Writers | None = None, limit: int = MOST_TAILS
    ) -> tuple[tuple[Session, ...], int]:
        """The delegated sessions that started within 24 h, the one started last first.

        At most `limit` of them, and how many there are in all.
        """
        with self._current() as kept:
            rows = (kept.records[one].row for one in kept.started_since(now.timestamp() - RECENT_S))
            found = [row for row in rows if kept.lineage.kind(row) == "subagent"]
            chosen = [_conversation(kept, row) for row in found[: -limit - 1 : -1]]
            return self._project(kept, chosen, now, writers), len(found)

    def said(self, expression: str, limit: int, chars: int) -> Picked[SaidMessage]:
        """The newest messages of the user that match an expression (see `Search.matches`), with how they begin."""
        return self._pick((expression, limit, chars), ("user",), partial(read_said, chars=chars))

    def tool_results(self, expression: str, limit: int) -> Picked[ToolResult]:
        """The newest results of tools that match an expression (see `Search.matches`), and what they were called with."""
        return self._pick((expression, limit), ("tool",), read_results)

    def calls_with(self, word: str, limit: int) -> Picked[tuple[ToolResult, ...]]:
        """The calls whose arguments hold a word, with their results: of the newest messages of the model that hold it."""
        read = partial(read_calls_with, word=word)
        return self._pick((f'"{word}"', limit), ("assistant",), read, are_final)

    def labels(self, session_ids: Iterable[str]) -> Mapping[str, str]:
        """What to call these sessions: the title, else how the first message begins; unknown ones are missing."""
        with self._current() as kept:
            wanted = {one: kept.records[one].row for one in session_ids if one in kept.records}
            previews = self._previews(kept, (one for one, row in wanted.items() if not row.title))
            named = {one: row.title or previews.get(one, "") for one, row in wanted.items()}
            return {one: label for one, label in named.items() if label}

    def sources_of(self, session_ids: Iterable[str]) -> Mapping[str, str]:
        """Where these sessions came from (`sessions.source`)."""
        with self._current() as kept:
            return {one: kept.records[one].row.source for one in session_ids if one in kept.records}

    def _pick(
        self,
        key: tuple[Any, ...],
        roles: tuple[str, ...],
        read: Any,
        is_final: Callable[[Any], bool] = lambda _: True,
    ) -> Picked[Any]:
        with self._history.lock:
            picker = self._pickers.get(key)
            if picker is None:
                picker = self._pickers[key] = Picker(self._database, key[0], roles, key[1], read, is_final)
            search = self._search
        try:
            return picker.find(search)
        except DatabaseMissing:
            return Picked()

    def patterns(
        self,
        since: datetime | None,
        where: tzinfo,
        *,
        prompts: int = 15,
        workflows: int = 10,
        until_all: bool = False,
    ) -> Recurring:
        """What recurs in the sessions that started since then: tasks, prompts, hours, tools.

        What it takes to read is read once, in the background; `Recurring.progress` says how far that is.

        Args:
            since: None: ever.
            where: The zone whose days and hours count.
            prompts: At most so many.
            workflows: At most so many.
            until_all: Waits until all is read.
        """
        start = None if since is None else since.timestamp()
        if until_all:
            with self._giving_rows():
                return self._current_habits().look(
                    start, where, prompts=prompts, tools=workflows, until_all=True
                )
        habits = self._current_habits()
        found = habits.look(start, where, prompts=prompts, tools=workflows)
        if habits.is_waiting():
            self._on_waiting()
        return found

    def tasks(self, where: tzinfo) -> list[Task]:
        """How each conversation began, the one started last first."""
        with self._giving_rows():
            return self._current_habits().tasks(where)

    def past(
        self,
        now: datetime,
        since: datetime | None,
        until: datetime,
        where: tzinfo,
        *,
        limit: int | None = None,
        until_all: bool = False,
    ) -> Past:
        """When conversations were held, milestones, and calls with which the agent wrote memory and skills.

        Args:
            now: The present.
            since: Only conversations that go on after it, and calls from then on; None: ever. Milestones are of all times.
            until: Only those before it.
            where: The zone whose days count.
            limit: At most so many conversations, and so many calls.
            until_all: Waits until all is read.
        """
        if until_all:
            with self._giving_rows():
                return self._past(now, since, until, where, limit, until_all=True)
        return self._past(now, since, until, where, limit)

    def _past(
        self,
        now: datetime,
        since: datetime | None,
        until: datetime,
        where: tzinfo,
        limit: int | None,
        *,
        until_all: bool = False,
    ) -> Past:
        start = float("-inf") if since is None else since.timestamp()
        with self._current() as kept:
            found = self._chronicle.within(start, until.timestamp())
            chosen = longest(found, limit)
            previews = self._previews(kept, (one.tip.id for one in chosen if not one.tip.title))
            past = self._chronicle.past(chosen, len(found), previews, now.timestamp(), where)
            habits = self._habits
        # Without the lock: reading calls asks for it.
        written = habits.writing(since, until, limit, until_all=until_all)
        if habits.is_waiting():
            self._on_waiting()
        if written is None:
            return past._replace(progress=self._tables.calls_progress)
        return past._replace(calls=written[0], calls_total=written[1])

    def _current_habits(self) -> Habits:
        with self._current():
            return self._habits

    def session_columns(self, args: columns.Arguments) -> dict[str, list[Any]]:
        """One row for each row of `sessions`, children too, the one started last first; `limit`: the newest."""

        def price(row: SessionRow) -> tuple[float | None, str | None]:
            cost = money.cost([whole(row)])
            return cost.usd, cost.status

        with self._giving_rows(), self._current() as kept:
            return columns.session_columns(kept, args, price)

    def messages(self, args: TableArguments) -> Columns | Sequence[Chunk]:
        """One row for each row of `messages`, ascending by id; `limit`: the newest.

        Arrow arrays by column, or chunks where all rows are asked for. The texts only with `args.text`, and never kept.
        The first call that needs many reads all there are, in id ranges of some 6 ms, and keeps what it read;
        `reading` says how far it is. Later ones read what is new or was changed.
        """
        try:
            with self._giving_rows(rows=False):
                return self._tables.messages(args)
        except DatabaseMissing:
            return {name: [] for name in args.columns or (*MESSAGE_COLUMNS, *([TEXT] if args.text else []))}

    def tool_calls(self, args: TableArguments) -> Columns | Sequence[Chunk]:
        """One row for each entry of `messages.tool_calls`, ascending by message; `limit`: the newest. Like `messages`."""
        try:
            with self._giving_rows(rows=False):
                return self._tables.tool_calls(args)
        except DatabaseMissing:
            return {name: [] for name in args.columns or TOOL_CALL_COLUMNS}

    @contextmanager
    def _giving_rows(self, *, rows: bool = True) -> Iterator[None]:
        """All is read, and stays so until the caller has been given what he asked for."""
        with self._giving:
            self._given += 1
        try:
            self._history.settle(rows=rows)
            yield
        finally:
            with self._giving:
                self._given -= 1

    # -- what the next start need not read

    def _recall(self, identity: Any) -> Memory | None:
        if self._make_index is None:
            return None
        if self._index is not None:
            self._index.close()
        index = self._make_index(self._database.path, identity)
        self._index, self._saved_at = index if index.is_used else None, None
        saved = None if self._index is None else self._index.load(with_tables=False)
        if saved is None:
            return None
        try:
            return memory.load(saved.document)
        except ValueError as error:
            log.info("%s is read anew: %s", self._database.path.name, error)
            return None

    def _save(self) -> None:
        with self._saving:
            with self._history.lock:
                index, is_long = self._index, self._history.took >= WORTH_SAVING_S
                remembered = self._history.memory() if index is not None and is_long else None
            if index is None or remembered is None:
                return
            self._saved_at = time.monotonic()
            try:
                document, tables = self._tables.dump()
                index.save({**document, **memory.dump(remembered)}, tables)
            except OSError as error:  # only the next start is slower for it
                log.warning("What was read of %s is not kept: %s", self._database.path.name, error)

    def _load(self) -> Saved | None:
        return None if self._index is None else self._index.load()

    # -- what is there now

    @contextmanager
    def _current(self) -> Iterator[Kept]:
        """What is kept, as it is now; nobody changes it meanwhile."""
        history = self._history
        with history.lock:
            history.update()
            if history.kept is not self._kept:
                self._begin()
            if history.is_waiting():
                self._on_waiting()
            yield self._kept

    def _begin(self) -> None:
        """Lets go of all that was made of an earlier file."""
        self._kept = self._history.kept
        self._usages = Usages(self._kept)
        # What was there when a viewer came is known from nowhere else: of the same file it is kept.
        if self._since is None or self._database.identity not in (None, self._since_of):
            self._since = Since(self._database, self._kept, lambda record: session_usage(record).parts)
        else:
            self._since.go_on(self._kept)
        # Made when it is asked for: it follows every change.
        self._whereabouts = None
        self._glimpses = Glimpses(self._database)
        self._parts = Parts(self._database)
        self._shown: dict[str, _Shown] = {}
        self._search = Search(self._database, self._kept)
        self._habits = Habits(self._database, self._history, self._tables)
        self._chronicle = Chronicle(self._kept)
        self._pickers: dict[tuple[Any, ...], Picker[Any]] = {}
        self._tallies = Tallies(self._kept)

    def _previews(self, kept: Kept, session_ids: Iterable[str]) -> Mapping[str, str]:
        records = [kept.records[one] for one in session_ids if one in kept.records]
        try:
            return self._glimpses.previews(records)
        except DatabaseMissing:
            return {}

    def _tails(self, kept: Kept, conversations: Iterable[Conversation]) -> Mapping[str, tuple[Message, ...]]:
        try:
            return self._glimpses.tails(kept.records[one.tip.id] for one in conversations)
        except DatabaseMissing:
            return {}

    def _active(self, kept: Kept, now: datetime, writers: Writers | None) -> list[tuple[Conversation, Doing]]:
        """The conversations of which the last messages tell what they do, newest activity first."""
        open_since = now.timestamp() - RECENT_S
        found = [
            one for one in kept.active_since(open_since) if one.tip.ended_at is None and one.last > open_since
        ][:MOST_TAILS]
        tails = self._tails(kept, found)
        return [(one, self._doing(one, tails.get(one.tip.id, ()), now, writers).doing) for one in found]

    def _doing(
        self,
        conversation: Conversation,
        tail: tuple[Message, ...],
        now: datetime,
        writers: Writers | None,
    ) -> _Shown:
        """What it does; worked out again only when its messages, the writers or the time may have changed that."""
        shown = self._shown.pop(conversation.root.id, None)
        if (
            shown is None
            or shown.conversation is not conversation
            or shown.tail is not tail
            or shown.writers != writers
            or now < shown.at
            or (shown.doing.valid_until is not None and now >= shown.doing.valid_until)
        ):
            ended_at = instant(conversation.tip.ended_at)
            doing = activity(tail, moment(conversation.last), ended_at, now, writers)
            shown = _Shown(conversation, tail, writers, now, doing, None)
        self._shown[conversation.root.id] = shown
        return shown

    # -- search

    def _find(self, query: str, anywhere: bool) -> Found:
        with self._current():
            search, newest = self._search, self._history.newest
            search.note(newest, is_whole=self._history.progress is None)
        # Without the lock: others need not wait for it.
        try:
            found = search.find(query, newest, anywhere=anywhere)
        except DatabaseMissing:
            return NOTHING
        if not found.is_whole:
            self._on_waiting()
        return found

    def _tally(self, query: str, found: Found) -> None:
        """Tells what was found by conversation, in short steps: whoever looks at this home waits for the lock."""
        while True:
            with self._current():
                if not self._tallies.of(query, found.asked, found.sessions).step():
                    return
            time.sleep(GIVE_WAY_S)

    def _searched(
        self,
        query: str,
        found: Found,
        matched: Mapping[str, Matched],
        rows: Sequence[Session],
        messages: int,
        is_read: bool,
    ) -> SessionSearch:
        """What a search found, with the words around the newest hit of each conversation of a page."""
        newest = {row.root_id: matched[row.root_id].newest for row in rows}
        try:
            hits = read_hits(self._database, self._parts, set(newest.values()) - {0}, found.asked.terms)
        except DatabaseMissing:
            hits = {}
        pattern = hit_pattern([replace(term, kind="substring") for term in found.asked.terms])
        return SessionSearch(
            query=query,
            terms=found.asked.terms,
            messages=messages,
            is_exact=found.is_whole and is_read,
            problem=found.index.problem,
            scanned=found.scanned,
            leaves_out=found.leaves_out(),
            matches=tuple(
                SessionMatch(
                    root_id=row.root_id,
                    title=marked(redact(row.title or ""), pattern) if matched[row.root_id].is_named else (),
                    messages=matched[row.root_id].own.messages,
                    in_subagents=matched[row.root_id].below.messages,
                    newest=hits.get(newest[row.root_id]),
                )
                for row in rows
            ),
        )

    def _related(self, kept: Kept, chain: Sequence[SessionRow]) -> tuple[tuple[RelatedSession, ...], int]:
        """What a conversation comes from, and what hangs on it, latest first; how many these are in all."""
        lineage = kept.lineage
        found: list[tuple[Literal["parent", "branch", "subagent"], SessionRow]] = []
        above = lineage.rows.get(chain[0].parent_id or chain[0].branched_from or chain[0].delegate_from or "")
        if above is not None:
            found.append(("parent", above))
        below = [row for piece in chain for row in lineage.below(piece.id)]
        for row in sorted(below, key=lambda row: (row.started_at, row.id), reverse=True):
            kind = lineage.kind(row)
            if kind == "branch":
                found.append(("branch", row))
            elif kind in ("subagent", "ephemeral"):
                found.append(("subagent", row))
        shown = found[:MOST_RELATED]
        previews = self._previews(kept, (row.id for _, row in shown if not row.title))
        return (
            tuple(
                RelatedSession(
                    row.id,
                    kind,
                    (row.title or previews.get(row.id, ""))[:100],
                    moment(row.started_at),
                    row.message_count,
                )
                for kind, row in shown
            ),
            len(found),
        )

    # -- projection

    def _project(
        self, kept: Kept, conversations: Sequence[Conversation], now: datetime, writers: Writers | None
    ) -> tuple[Session, ...]:
        open_since = now.timestamp() - RECENT_S
        unended = [one for one in conversations if one.tip.ended_at is None and one.last > open_since]
        unended.sort(key=lambda one: one.last, reverse=True)
        tails = self._tails(kept, unended[:MOST_TAILS])
        previews = self._previews(kept, (one.tip.id for one in conversations))
        projected = []
        for one in conversations:
            shown = self._doing(one, tails.get(one.tip.id, ()), now, writers)
            preview = previews.get(one.tip.id, "")
            if shown.session is None or shown.session.preview != preview:
                shown = shown._replace(session=_session(one, preview, shown.doing))
                self._shown[one.root.id] = shown
            assert shown.session is not None
            projected.append(shown.session)
        while len(self._shown) > MOST_PROJECTED:
            del self._shown[next(iter(self._shown))]
        return tuple(projected)


def _conversation(kept: Kept, row: SessionRow) -> Conversation:
    """The conversation that a session is a piece of, listed or not."""
    chain = kept.lineage.chain(row)
    root, last = chain[0], kept.lineage.last_active(chain[-1])
    known = kept.conversations.get(root.id)
    if known is not None and known.chain == chain:
        return known
    return Conversation(root, chain, last, last, 0, kept.lineage.kind(root))


def _session(conversation: Conversation, preview: str, doing: Doing) -> Session:
    root, tip = conversation.root, conversation.tip
    spent = conversation.spent()
    kind = conversation.kind
    rewinds = [piece.rewind_count for piece in conversation.chain if piece.rewind_count is not None]
    return Session(
        id=tip.id,
        root_id=root.id,
        kind="conversation" if kind == "conversation" else "branch" if kind == "branch" else "subagent",
        parent_id=root.parent_id or root.branched_from,
        title=tip.title,
        preview=preview,
        source=root.source,
        model=tip.model,
        started_at=moment(root.started_at),
        ended_at=instant(tip.ended_at),
        end_reason=tip.end_reason,
        last_active=moment(conversation.last),
        message_count=tip.message_count,
        tool_call_count=tip.tool_call_count,
        api_call_count=sum(piece.api_call_count for piece in conversation.chain),
        rewind_count=sum(rewinds) if rewinds else None,
        tokens=spent.tokens(),
        cost=spent.cost(),
        pieces=len(conversation.chain),
        subagents=conversation.subagents,
        archived=root.archived,
        cwd=tip.cwd,
        git_branch=tip.git_branch,
        activity=doing.activity,
        activity_since=doing.since,
        running=doing.running,
    )


def _facets(counts: Mapping[Facet, Mapping[str, int]], archived: int) -> SessionFacets:
    def values(facet: Facet) -> tuple[FacetValue, ...]:
        found = sorted(counts[facet].items(), key=lambda one: (-one[1], one[0]))
        return tuple(FacetValue(value, count) for value, count in found[:MOST_FACET_VALUES])

    return SessionFacets(values("source"), values("model"), values("project"), values("profile"), archived)


def _changes_after(activity: Activity, are_writers_known: bool) -> tuple[int, ...]:
    """The ages of a session's last message, in seconds, at which what it does may change."""
    if activity not in LIVE and activity != "crashed":
        return ()
    # A call that runs is seen to run as long as its process lives, however long that takes.
    if are_writers_known and activity in ("running", "asking"):
        return (RECENT_S,)
    return (LIVE_S, RECENT_S)


def _read_recent(connection: sqlite3.Connection, schema: Schema, limit: int) -> tuple[RecentMessage, ...]:
    if not schema.has("messages"):
        return ()
    title = (
        "(SELECT title FROM sessions WHERE id = m.session_id)" if schema.has("sessions", "title") else "NULL"
    )
    shown = " WHERE coalesce(display_kind, '') <> 'hidden'" if schema.has("messages", "display_kind") else ""
    rows = connection.execute(
        f"SELECT m.id, m.session_id, m.role, m.timestamp, {schema.select('messages', ('tool_name', 'tool_call_id'), 'm')},"
        f" {title} FROM messages m{shown} ORDER BY m.id DESC LIMIT ?",
        (limit,),
    ).fetchall()
    calls = read_calls(connection, schema, [row[0] for row in rows])
    tools = {
        call_id: call.tool
        for found in calls.values()
        for call in found
        for call_id in (call.id, call.other_id)
    }
    return tuple(
        RecentMessage(
            id=message_id,
            session_id=text(session_id) or "",
            session_title=text(session_title),
            role=text(role) or "",
            tools=_tools(
                role, [call.tool for call in calls.get(message_id, ())], tool_name or tools.get(answers or "")
            ),
            timestamp=moment(number(timestamp) or 0.0),
        )
        for message_id, session_id, role, timestamp, tool_name, answers, session_title in rows
    )


def _tools(role: str, called: Sequence[str], answering: str | None) -> tuple[str, ...]:
    if role == "tool":
        return (str(answering),) if answering else ()
    return tuple(tool for tool in called if tool)
