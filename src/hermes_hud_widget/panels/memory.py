"""The agent's memory: MEMORY.md and USER.md, their entries and how full they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from hermes_hud_widget.frames import Column, Frame, FrameArguments
from hermes_hud_widget.panel import Panel, Payload
from hermes_hud_widget.sources import Config, Entries, EntriesFile, Settings
from hermes_hud_widget.views import view

MEMORY_LIMIT_CHARS = 2200
USER_LIMIT_CHARS = 1375
"""Hermes' defaults (`hermes_cli/config.py`)."""


@dataclass(frozen=True)
class Entry:
    """One entry of a store; `chars` is its length in characters."""

    text: str
    chars: int


@dataclass(frozen=True)
class Store:
    """One of the two stores.

    Attributes:
        name: `memory` (MEMORY.md) or `user` (USER.md).
        file: Its path in the home.
        exists: False when Hermes has not written it yet.
        entries: In file order, split at lines that are `§` alone, duplicates dropped, as Hermes reads it.
        used_chars: Characters used, delimiters included, as Hermes counts them.
        limit_chars: The limit, from `config.yaml` (`memory.memory_char_limit`, `memory.user_char_limit`).
        modified_at: When the file was written last.
    """

    name: Literal["memory", "user"]
    file: str
    exists: bool
    entries: tuple[Entry, ...]
    used_chars: int
    limit_chars: int
    modified_at: datetime | None


class Memory(Payload):
    """What the memory panel shows.

    Attributes:
        provider: Name of an external memory provider (`config.yaml`, `memory.provider`), if one is set.
    """

    stores: tuple[Store, ...]
    provider: str | None

    def is_empty(self) -> bool:
        return not any(store.exists for store in self.stores)


def collect(memory: EntriesFile, user: EntriesFile, config: Settings) -> Memory:
    """The two stores side by side."""
    stores = (
        _store("memory", MEMORY_FILE.path, memory, memory_limit(config)),
        _store("user", USER_FILE.path, user, user_limit(config)),
    )
    provider = config.text("memory.provider")
    return Memory(stores=stores, provider=None if provider == "builtin" else provider)


def memory_limit(config: Settings) -> int:
    """How many characters MEMORY.md may hold."""
    return config.positive("memory.memory_char_limit", MEMORY_LIMIT_CHARS)


def user_limit(config: Settings) -> int:
    """How many characters USER.md may hold."""
    return config.positive("memory.user_char_limit", USER_LIMIT_CHARS)


def _store(name: Literal["memory", "user"], file: str, content: EntriesFile, limit_chars: int) -> Store:
    entries = tuple(Entry(text, len(text)) for text in content.entries)
    return Store(name, file, content.exists, entries, content.used_chars, limit_chars, content.modified_at)


def _fill(
    memory: EntriesFile, user: EntriesFile, config: Settings, args: FrameArguments
) -> dict[str, list[object]]:
    stores = collect(memory, user, config).stores
    rows = [
        (store.name, position, entry.text, entry.chars, store.file, store.modified_at)
        for store in stores
        for position, entry in enumerate(store.entries)
    ][: args.limit]
    names = tuple(column.name for column in COLUMNS)
    return {name: [row[index] for row in rows] for index, name in enumerate(names)}


COLUMNS = (
    Column("store", "category", "memory or user"),
    Column("position", "integer", "Place in its file, from 0"),
    Column("text", "text", "The entry, stripped"),
    Column("chars", "integer", "Length of the entry", unit="characters", source="computed"),
    Column("file", "category", "memories/MEMORY.md or memories/USER.md"),
    Column(
        "file_modified_at", "instant", "When the file was written last", source="the file's modification time"
    ),
)

MEMORY_FILE = Entries("memories/MEMORY.md")
USER_FILE = Entries("memories/USER.md")

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
    ),
    view=view("memory"),
    memory=MEMORY_FILE,
    user=USER_FILE,
    config=Config(),
)
