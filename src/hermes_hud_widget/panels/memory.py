"""The agent's memory: MEMORY.md and USER.md entry by entry, what changed in them, and what surrounds them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import pairwise
from typing import Any, Literal, NamedTuple

from hermes_hud_widget.frames import Column, Frame, FrameArguments
from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.ledger.values import instant, text
from hermes_hud_widget.panel import Panel, Payload, Until
from hermes_hud_widget.redact import redact
from hermes_hud_widget.sources import (
    Config,
    Entries,
    EntriesFile,
    EntriesVersions,
    Folder,
    FoundFile,
    FoundFiles,
    Rows,
    Settings,
    Table,
    TextFile,
    Version,
)
from hermes_hud_widget.views import view

MEMORY_LIMIT_CHARS = 2200
USER_LIMIT_CHARS = 1375
"""Hermes' defaults (`hermes_cli/config.py`)."""
TEXT_CHARS = 20_000
"""Longer entries and SOUL.md are cut to so many characters."""
ENTRIES_SHOWN = 500
CHANGES_SHOWN = 30
EDITS_SHOWN = 40
"""Of one change."""
COMPARED_CHARS = 4_000
"""Longer entries are not compared word by word."""
MOST_PAIRS = 400
"""Where more removed entries face more added ones than this, none is taken for the other one's new wording."""
ALIKE = 0.4
"""Two entries that share so much of their words are one entry before and after."""
PENDING_SHOWN = 20
BACKUPS_SHOWN = 5
SUMMARY_CHARS = 300
BEGAN_WITHIN = timedelta(hours=24)
"""A session that is not closed but began longer ago is more likely forgotten than running."""
SESSIONS_SHOWN = 12

StoreName = Literal["memory", "user"]
Category = Literal["correction", "preference", "todo", "project", "environment", "other"]

# In this order, the first that is found counts. The words are those that other HUDs go by; here they must stand as
# words of their own ("agent" is not in "agenda"). Hermes knows no categories: they are only a way to read a list.
_WORDS_OF: tuple[tuple[Category, str], ...] = (
    (
        "correction",
        r"gotchas?|don['’]t|caught|wrong|verify before|supersedes|not usable|doesn['’]t work|won['’]t help"
        r"|not yet confirmed|was stuck|may need manual",
    ),
    (
        "preference",
        r"prefers?|preferred|expects|familiar with|interested in|push back|voice-to-text|phonetic|platform:"
        r"|switched to|long-time|default model",
    ),
    ("todo", r"todo|needs to|not yet"),
    ("project", r"projects?|~/projects/\S*|repos?|repository|agents?"),
    (
        "environment",
        r"wsl2?|ubuntu|installed|configured|versions?|ssd|gpus?|rtx|backends?|systemd|\w*api_key|providers?|build:"
        r"|tok/s",
    ),
)
_CATEGORIES = tuple((category, re.compile(rf"(?i)(?<!\w)(?:{words})(?!\w)")) for category, words in _WORDS_OF)
_BLOCKED = "[BLOCKED:"
# One Chinese, Japanese or Korean character is a word here.
_WORDS = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+|\s+|[^\w\s]"
)


@frozen
class Entry:
    """One entry of a store.

    Attributes:
        text: What it says, cut to 20,000 characters.
        chars: Its whole length in characters.
        category: What it is about, by the words in it; a guess, of which Hermes knows nothing.
        is_blocked: True for a note that Hermes left in place of an entry which looked like an attack.
    """

    text: str
    chars: int
    category: Category
    is_blocked: bool


@frozen
class Store:
    """One of the two stores.

    Attributes:
        name: `memory` (MEMORY.md) or `user` (USER.md).
        file: Its path in the home.
        exists: False when Hermes has not written it yet.
        entries: In file order, split at lines that are `§` alone, duplicates dropped, as Hermes reads it; the first 500.
        total: How many there are.
        used_chars: Characters used, delimiters included, as Hermes counts them.
        limit_chars: The limit, from `config.yaml` (`memory.memory_char_limit`, `memory.user_char_limit`).
        modified_at: When the file was written last.
    """

    name: StoreName
    file: str
    exists: bool
    entries: tuple[Entry, ...]
    total: int
    used_chars: int
    limit_chars: int
    modified_at: datetime | None


@frozen
class MemoryPiece:
    """Some words of an entry that was changed: the same in both wordings, only in the new, or only in the old one."""

    kind: Literal["same", "added", "removed"]
    text: str


@frozen
class MemoryEdit:
    """What became of one entry.

    Attributes:
        before: Its text, without secrets; None: it is new.
        after: Its text since; None: it is gone.
        pieces: Of a changed entry, its words in order; empty where it is too long to be compared word by word.
    """

    kind: Literal["added", "removed", "changed"]
    before: str | None
    after: str | None
    pieces: tuple[MemoryPiece, ...] = ()


@frozen
class MemoryChange:
    """One change of a store that was seen while the home was open.

    Attributes:
        at: When it was seen: some ms after it was written.
        edits: At most 40.
        total: How many there are.
        used_chars: What the store held afterwards.
    """

    at: datetime
    store: StoreName
    edits: tuple[MemoryEdit, ...]
    total: int
    used_chars: int


@frozen
class PendingMemory:
    """A write that waits for approval (`pending/memory/*.json`).

    Attributes:
        summary: One line, cut to 300 characters.
        origin: `foreground` or `background_review`.
    """

    id: str
    action: str | None
    store: str | None
    summary: str
    origin: str | None
    created_at: datetime | None


@frozen
class MemorySession:
    """A session that may run on with an older memory: Hermes puts it into the prompt once, when the session begins.

    Attributes:
        title: Its title, if it has one.
        changes: How many entries were added, removed or changed since it began; None: the HUD was not open then.
    """

    id: str
    title: str | None
    source: str
    started_at: datetime
    changes: int | None


@frozen
class Soul:
    """SOUL.md, who the agent is told to be; `text` is cut to 20,000 characters."""

    text: str
    chars: int


class Memory(Payload):
    """What the memory panel shows.

    Attributes:
        provider: Name of an external memory provider (`config.yaml`, `memory.provider`), if one is set.
        changes: What was seen to change since the home was opened here, the newest first.
        watched_since: Since when the home is open here.
        stale_sessions: Sessions that began within 24 hours, before the last change, and are not closed; at most 12.
        stale_total: How many there are.
        pending: Writes that wait for approval, the oldest first; the first 20.
        pending_total: How many there are.
        backups: Names of copies that Hermes left of a file which something else had edited (`*.bak.*`), newest first;
            at most 5.
        archived: How many entries newer Hermes has moved to `memories/ARCHIVE.jsonl`; None: there is none.
    """

    stores: tuple[Store, ...]
    provider: str | None
    changes: tuple[MemoryChange, ...]
    watched_since: datetime | None
    stale_sessions: tuple[MemorySession, ...]
    stale_total: int
    pending: tuple[PendingMemory, ...]
    pending_total: int
    backups: tuple[str, ...]
    archived: int | None
    soul: Soul | None

    def is_empty(self) -> bool:
        return not (any(store.exists for store in self.stores) or self.soul or self.pending or self.archived)


class _Step(NamedTuple):
    """From one version of a store to the next."""

    at: datetime
    store: StoreName
    edits: tuple[MemoryEdit, ...]
    used_chars: int


def collect(
    memory: EntriesFile,
    user: EntriesFile,
    memory_versions: tuple[Version, ...],
    user_versions: tuple[Version, ...],
    sessions: Rows,
    pending: FoundFiles,
    backups: FoundFiles,
    archive: str | None,
    soul: str | None,
    config: Settings,
    now: datetime,
) -> Memory | Until:
    """The two stores side by side, and what changed."""
    stores = (
        _store("memory", MEMORY_FILE.path, memory, memory_limit(config)),
        _store("user", USER_FILE.path, user, user_limit(config)),
    )
    versions: tuple[tuple[StoreName, tuple[Version, ...]], ...] = (
        ("memory", memory_versions),
        ("user", user_versions),
    )
    steps = sorted(_steps(versions), key=lambda step: step.at, reverse=True)
    provider = config.text("memory.provider")
    listed = sorted(map(_pending, pending.files), key=lambda one: (one.created_at or now, one.id))
    stale = _stale_sessions(sessions, (memory, user), versions, now)
    shown = Memory(
        stores=stores,
        provider=None if provider == "builtin" else provider,
        changes=tuple(
            MemoryChange(step.at, step.store, step.edits[:EDITS_SHOWN], len(step.edits), step.used_chars)
            for step in steps[:CHANGES_SHOWN]
        ),
        watched_since=min((seen[0].seen_at for _, seen in versions if seen), default=None),
        stale_sessions=tuple(stale[:SESSIONS_SHOWN]),
        stale_total=len(stale),
        pending=tuple(listed[:PENDING_SHOWN]),
        pending_total=pending.total,
        backups=tuple(file.path for file in backups.files[:BACKUPS_SHOWN]),
        archived=None if archive is None else sum(bool(line.strip()) for line in archive.splitlines()),
        soul=Soul(redact(soul)[:TEXT_CHARS], len(soul)) if soul and soul.strip() else None,
    )
    return Until(shown, min((one.started_at + BEGAN_WITHIN for one in stale), default=None))


def memory_limit(config: Settings) -> int:
    """How many characters MEMORY.md may hold."""
    return config.positive("memory.memory_char_limit", MEMORY_LIMIT_CHARS)


def user_limit(config: Settings) -> int:
    """How many characters USER.md may hold."""
    return config.positive("memory.user_char_limit", USER_LIMIT_CHARS)


@lru_cache(4_096)
def category_of(store: StoreName, entry: str) -> Category:
    """What an entry is about, by the words in it."""
    return next(
        (
            category
            for category, words in _CATEGORIES
            # That somebody prefers something is said of people.
            if (category != "preference" or store == "user") and words.search(entry)
        ),
        "other",
    )


def edits_between(before: Sequence[str], after: Sequence[str]) -> tuple[MemoryEdit, ...]:
    """What became of each entry, in the order of the new ones; without secrets. Moved entries count as the same."""
    # Words alone would not look like a secret any more: it is taken out before anything is compared.
    olds, news = [redact(entry) for entry in before], [redact(entry) for entry in after]
    gone = [entry for entry in olds if entry not in set(news)]
    come = [entry for entry in news if entry not in set(olds)]
    partners = _partners(gone, come)
    edits = [
        MemoryEdit("changed", partners[entry], entry, _pieces(partners[entry], entry))
        if entry in partners
        else MemoryEdit("added", None, entry)
        for entry in come
    ]
    paired = set(partners.values())
    edits += [MemoryEdit("removed", entry, None) for entry in gone if entry not in paired]
    return tuple(_cut(edit) for edit in edits)


def _partners(gone: Sequence[str], come: Sequence[str]) -> dict[str, str]:
    """Of new entries the old ones that they are the new wording of: the most alike first."""
    if len(gone) * len(come) > MOST_PAIRS:
        return {}
    alike = sorted(
        (
            (-share, number, place)
            for number, new in enumerate(come)
            for place, old in enumerate(gone)
            if (share := _likeness(old, new)) >= ALIKE
        ),
    )
    partners: dict[int, int] = {}
    for _, number, place in alike:
        if number not in partners and place not in partners.values():
            partners[number] = place
    return {come[number]: gone[place] for number, place in partners.items()}


def _likeness(one: str, other: str) -> float:
    """The share of the words that both have, from 0 to 1."""
    if max(len(one), len(other)) > COMPARED_CHARS:
        return 0.0
    return SequenceMatcher(None, _proper_words(one), _proper_words(other), autojunk=False).ratio()


def _proper_words(entry: str) -> list[str]:
    return [word for word in _WORDS.findall(entry) if not word.isspace()]


def _pieces(before: str, after: str) -> tuple[MemoryPiece, ...]:
    olds, news = _WORDS.findall(before), _WORDS.findall(after)
    pieces: list[MemoryPiece] = []
    for tag, a, b, c, d in SequenceMatcher(None, olds, news, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append(MemoryPiece("same", "".join(olds[a:b])))
            continue
        if a < b:
            pieces.append(MemoryPiece("removed", "".join(olds[a:b])))
        if c < d:
            pieces.append(MemoryPiece("added", "".join(news[c:d])))
    return tuple(pieces)


def _cut(edit: MemoryEdit) -> MemoryEdit:
    if max(len(edit.before or ""), len(edit.after or "")) <= TEXT_CHARS:
        return edit
    before, after = (None if one is None else one[:TEXT_CHARS] for one in (edit.before, edit.after))
    return MemoryEdit(edit.kind, before, after, edit.pieces)


def _steps(versions: Sequence[tuple[StoreName, Sequence[Version]]]) -> Iterator[_Step]:
    for name, seen in versions:
        for earlier, later in pairwise(seen):
            edits = edits_between(earlier.content.entries, later.content.entries)
            yield _Step(later.seen_at, name, edits, later.content.used_chars)


def edits_since(versions: Sequence[Version], at: datetime) -> tuple[MemoryEdit, ...] | None:
    """What became of the entries since an instant; None: what they were then was not seen."""
    known = [version for version in versions if version.seen_at <= at]
    return edits_between(known[-1].content.entries, versions[-1].content.entries) if known else None


def _stale_sessions(
    sessions: Rows,
    files: Sequence[EntriesFile],
    versions: Sequence[tuple[StoreName, Sequence[Version]]],
    now: datetime,
) -> list[MemorySession]:
    written_at = max((file.modified_at for file in files if file.modified_at), default=None)
    found = []
    for row in sessions:
        started_at = instant(row["started_at"])
        if row["ended_at"] is not None or started_at is None or written_at is None:
            continue
        if not now - BEGAN_WITHIN < started_at < written_at:
            continue
        edits = [edits_since(seen, started_at) for _, seen in versions]
        changes = None if None in edits else sum(len(one or ()) for one in edits)
        # Written again with the same entries, it is no other memory.
        if changes != 0:
            found.append(
                MemorySession(
                    text(row["id"]) or "", text(row["title"]), text(row["source"]) or "", started_at, changes
                )
            )
    return found


def _pending(file: FoundFile) -> PendingMemory:
    try:
        written = json.loads(file.text or "null")
    except (ValueError, RecursionError):  # damaged, or cut: that it waits is known all the same
        written = None
    record = written if isinstance(written, dict) else {}
    payload = record.get("payload")
    target = payload.get("target") if isinstance(payload, dict) else None
    return PendingMemory(
        id=file.path.removesuffix(".json"),
        action=_word(record.get("action")),
        store=_word(target),
        summary=redact(_word(record.get("summary")) or "")[:SUMMARY_CHARS],
        origin=_word(record.get("origin")),
        created_at=instant(record.get("created_at")),
    )


def _word(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _store(name: StoreName, file: str, content: EntriesFile, limit_chars: int) -> Store:
    entries = tuple(_entry(name, text) for text in content.entries[:ENTRIES_SHOWN])
    return Store(
        name,
        file,
        content.exists,
        entries,
        len(content.entries),
        content.used_chars,
        limit_chars,
        content.modified_at,
    )


def _entry(store: StoreName, text: str) -> Entry:
    shown = text if len(text) <= TEXT_CHARS else redact(text)[:TEXT_CHARS]
    return Entry(shown, len(text), category_of(store, text), text.startswith(_BLOCKED))


def _fill(memory: EntriesFile, user: EntriesFile, args: FrameArguments) -> dict[str, list[object]]:
    stores: tuple[tuple[StoreName, str, EntriesFile], ...] = (
        ("memory", MEMORY_FILE.path, memory),
        ("user", USER_FILE.path, user),
    )
    rows = [
        (name, position, text, len(text), category_of(name, text), file, content.modified_at)
        for name, file, content in stores
        for position, text in enumerate(content.entries)
    ][: args.limit]
    return _columns(COLUMNS, rows)


def _fill_changes(
    memory_versions: tuple[Version, ...], user_versions: tuple[Version, ...], args: FrameArguments
) -> dict[str, list[object]]:
    versions: tuple[tuple[StoreName, tuple[Version, ...]], ...] = (
        ("memory", memory_versions),
        ("user", user_versions),
    )
    rows: list[tuple[object, ...]] = [
        (seen[0].seen_at, name, "there", None, entry, category_of(name, entry))
        for name, seen in versions
        if seen
        for entry in seen[0].content.entries
    ]
    rows += [
        (
            step.at,
            step.store,
            edit.kind,
            edit.before,
            edit.after,
            category_of(step.store, edit.after or edit.before or ""),
        )
        for step in sorted(_steps(versions), key=lambda step: step.at)
        for edit in step.edits
    ]
    rows = [row for row in rows if isinstance(row[0], datetime) and args.holds(row[0])]
    return _columns(CHANGE_COLUMNS, rows if args.limit is None else rows[max(0, len(rows) - args.limit) :])


def _fill_backups(backups: FoundFiles, args: FrameArguments) -> dict[str, list[object]]:
    found = [file for file in backups.files if args.holds(file.modified_at)][: args.limit]
    rows = [(_store_of(file), file.path, file.modified_at, file.size_bytes) for file in found]
    return _columns(BACKUP_COLUMNS, rows)


def _store_of(backup: FoundFile) -> StoreName:
    return "user" if f"memories/{backup.path}".startswith(USER_FILE.path) else "memory"


def _columns(columns: Sequence[Column], rows: Sequence[Sequence[object]]) -> dict[str, list[object]]:
    return {column.name: [row[index] for row in rows] for index, column in enumerate(columns)}


COLUMNS = (
    Column("store", "category", "memory or user"),
    Column("position", "integer", "Place in its file, from 0"),
    Column("text", "text", "The entry, stripped"),
    Column("chars", "integer", "Length of the entry", unit="characters", source="computed"),
    Column(
        "category",
        "category",
        "correction, preference, todo, project, environment or other: a guess by the words in it",
        source="computed",
    ),
    Column("file", "category", "memories/MEMORY.md or memories/USER.md"),
    Column(
        "file_modified_at", "instant", "When the file was written last", source="the file's modification time"
    ),
)

CHANGE_COLUMNS = (
    Column("at", "instant", "When it was seen: some ms after it was written"),
    Column("store", "category", "memory or user"),
    Column("kind", "category", "there (when the home was opened), added, removed or changed"),
    Column("before", "text", "The entry as it was; missing: it is new"),
    Column("after", "text", "The entry as it is since; missing: it is gone"),
    Column("category", "category", "As in the frame memory", source="computed"),
)

BACKUP_COLUMNS = (
    Column("store", "category", "memory or user"),
    Column("path", "text", "The copy, from memories/ on", is_identifier=True),
    Column("written_at", "instant", "When it was written", source="the file's modification time"),
    Column("size_bytes", "integer", "Its size", unit="bytes"),
)

MEMORY_FILE = Entries("memories/MEMORY.md")
USER_FILE = Entries("memories/USER.md")
MEMORY_VERSIONS = EntriesVersions(MEMORY_FILE.path)
USER_VERSIONS = EntriesVersions(USER_FILE.path)
BACKUPS = Folder("memories", "*.md.bak.*")
# Not the whole ledger: nothing that is made of it changes with a message.
RECENT_SESSIONS = Table(
    "state.db",
    "sessions",
    (
        "id",
        "title",
        "source",
        "started_at",
        "ended_at",
        "compression_failure_cooldown_until",
        "compression_fallback_streak",
    ),
    order=("-started_at",),
    limit=30,
    cut_chars=300,
    by_content=True,
)

PANEL = Panel(
    "memory",
    "Memory",
    collect,
    titles={"zh": "记忆"},
    icon="memory",
    group="knowledge",
    frames=(
        Frame(
            "memory",
            COLUMNS,
            _fill,
            about="One row for each entry, in file order",
            source="memories/MEMORY.md, memories/USER.md",
        ),
        Frame(
            "memory_changes",
            CHANGE_COLUMNS,
            _fill_changes,
            time="at",
            about="One row for each entry that was there when the home was opened, then one for each that changed since; "
            "only the process that keeps the home open has them",
            source="memories/MEMORY.md, memories/USER.md, compared with what they held before",
        ),
        Frame(
            "memory_backups",
            BACKUP_COLUMNS,
            _fill_backups,
            time="written_at",
            about="One row for each copy that Hermes left of a file which something else had edited, the newest first; "
            "at most 200",
            source="memories/*.md.bak.*",
        ),
    ),
    view=view("memory"),
    memory=MEMORY_FILE,
    user=USER_FILE,
    memory_versions=MEMORY_VERSIONS,
    user_versions=USER_VERSIONS,
    sessions=RECENT_SESSIONS,
    pending=Folder("pending/memory", "*.json", read_bytes=16_384),
    backups=BACKUPS,
    archive=TextFile("memories/ARCHIVE.jsonl"),
    soul=TextFile("SOUL.md"),
    config=Config(),
)
