"""The snapshots of files that Hermes takes before it changes them: of which directories, when, and why."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from hermes_hud_widget.frames import Column, Frame, FrameArguments
from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.panel import Panel, Payload
from hermes_hud_widget.panels.effective import effective
from hermes_hud_widget.panels.written import mapping
from hermes_hud_widget.place import shown
from hermes_hud_widget.sources import Checkouts, Config, Repositories, Settings
from hermes_hud_widget.sources.checkpoints import CheckpointedDirectory, CheckpointFiles, Checkpoints
from hermes_hud_widget.views import view

DIRECTORIES_SHOWN, CHECKPOINTS_SHOWN, LEGACY_SHOWN = 100, 20, 50
WAIT_S = 0.25


@frozen
class Checkpoint:
    """One snapshot.

    Attributes:
        id: What `/rollback` calls it, its first ten characters.
        reason: Why it was taken, as Hermes says.
    """

    id: str
    at: datetime | None
    reason: str


@frozen
class CheckpointDirectory:
    """One working directory.

    Attributes:
        path: With the user's directory as `~`; None: its file does not say.
        exists: False if it is not there any more, and Hermes will drop its snapshots; None: it does not answer, or
            was not looked at yet.
        touched_at: When Hermes last came to take one, whether or not something had changed.
        count: Its snapshots, at most 200.
        is_count_cut: True if there are more.
        newest_at: When the newest was taken.
        oldest_at: When the oldest of those counted was taken.
        checkpoints: The newest 20.
        problem: Why they could not be read, in words.
    """

    id: str
    path: str | None
    exists: bool | None
    created_at: datetime | None
    touched_at: datetime | None
    count: int
    is_count_cut: bool
    newest_at: datetime | None
    oldest_at: datetime | None
    checkpoints: tuple[Checkpoint, ...]
    problem: str | None


@frozen
class CheckpointLegacy:
    """Snapshots of an older form that Hermes has put away."""

    name: str
    modified_at: datetime


class CheckpointList(Payload):
    """What the checkpoints panel shows.

    Attributes:
        is_enabled: Whether Hermes takes snapshots (`checkpoints.enabled`); a single session may be told otherwise.
        max_snapshots: How many of one directory it keeps.
        max_size_bytes: How large all may become; 0: as large as they like.
        retention_days: After how long without use a directory's are dropped.
        directories: Those touched last first, at most 100.
        total: How many there are.
        total_checkpoints: Snapshots of all directories that were read, the newest 200 of each of 200.
        is_total_cut: True if there are more.
        unreadable: Files about a directory that are damaged.
        legacy: By name, at most 50 of `total_legacy`.
        size_bytes: Of everything; directories share what is equal, so none has a size of its own.
        is_size_cut: True if there is more than was added up.
    """

    is_enabled: bool
    max_snapshots: int
    max_size_bytes: int
    retention_days: int
    directories: tuple[CheckpointDirectory, ...]
    total: int
    total_checkpoints: int
    is_total_cut: bool
    unreadable: int
    legacy: tuple[CheckpointLegacy, ...]
    total_legacy: int
    size_bytes: int
    is_size_cut: bool

    def is_empty(self) -> bool:
        return not (self.directories or self.unreadable or self.legacy)


def collect(store: CheckpointFiles, folders: Checkouts, config: Settings, now: datetime) -> CheckpointList:
    """All snapshots, by directory."""
    settings = mapping(effective(config.values).get("checkpoints"))
    directories = store.directories[:DIRECTORIES_SHOWN]
    # Whether a directory on a network drive is there may take for ever to say.
    seen = folders.look([one.path for one in directories if one.path], now, WAIT_S)
    exists = {path: checkout.exists for path, checkout in seen.items()}
    return CheckpointList(
        is_enabled=bool(settings.get("enabled", False)),
        max_snapshots=_count(settings.get("max_snapshots"), 20),
        max_size_bytes=_count(settings.get("max_total_size_mb"), 500) * 1024 * 1024,
        retention_days=_count(settings.get("retention_days"), 7),
        directories=tuple(_directory(one, exists.get(one.path or "")) for one in directories),
        total=store.total,
        total_checkpoints=sum(len(one.checkpoints) for one in store.directories),
        is_total_cut=store.total > len(store.directories) or any(one.is_cut for one in store.directories),
        unreadable=store.unreadable,
        legacy=tuple(CheckpointLegacy(one.name, one.modified_at) for one in store.archives[:LEGACY_SHOWN]),
        total_legacy=len(store.archives),
        size_bytes=store.size_bytes,
        is_size_cut=store.is_size_cut,
    )


def _count(value: Any, default: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else default


def _directory(found: CheckpointedDirectory, exists: bool | None) -> CheckpointDirectory:
    times = [one.at for one in found.checkpoints if one.at is not None]
    return CheckpointDirectory(
        id=found.id,
        path=None if found.path is None else shown(Path(found.path)),
        exists=exists,
        created_at=found.created_at,
        touched_at=found.touched_at,
        count=len(found.checkpoints),
        is_count_cut=found.is_cut,
        newest_at=times[0] if times else None,
        oldest_at=times[-1] if times else None,
        checkpoints=tuple(
            Checkpoint(one.id[:10], one.at, one.subject) for one in found.checkpoints[:CHECKPOINTS_SHOWN]
        ),
        problem=found.problem,
    )


def fill(store: CheckpointFiles, args: FrameArguments) -> dict[str, list[Any]]:
    """One row for each snapshot, the newest first."""
    rows = [(directory, one) for directory in store.directories for one in directory.checkpoints]
    rows = [(directory, one) for directory, one in rows if args.holds(one.at)]
    rows.sort(key=lambda row: row[1].at.timestamp() if row[1].at else 0.0, reverse=True)
    rows = rows[: args.limit]
    values: dict[str, list[Any]] = {
        "checkpoint": [one.id for _, one in rows],
        "directory": [directory.path for directory, _ in rows],
        "directory_id": [directory.id for directory, _ in rows],
        "at": [one.at for _, one in rows],
        "reason": [one.subject for _, one in rows],
    }
    return {name: values[name] for name in args.columns or FRAME.column_names}


FRAME = Frame(
    "checkpoints",
    (
        Column("checkpoint", "text", "The commit's name", is_identifier=True),
        Column("directory", "text", "The working directory", is_identifier=True),
        Column("directory_id", "text", "Hermes' hash of its path", is_identifier=True),
        Column("at", "instant", "When it was taken"),
        Column("reason", "text", "Why, as Hermes says"),
    ),
    fill,
    time="at",
    about="One snapshot of a working directory; of each directory at most the newest 200",
    source="checkpoints/store",
)

PANEL = Panel(
    "checkpoints",
    "Checkpoints",
    collect,
    titles={"zh": "检查点"},
    icon="flag",
    group="history",
    frames=(FRAME,),
    view=view("checkpoints"),
    store=Checkpoints(),
    folders=Repositories(),
    config=Config(),
)
