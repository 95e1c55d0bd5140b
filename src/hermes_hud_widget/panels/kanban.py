"""The kanban boards: what stands in which column, who works on it, and what is stuck."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any, Literal

from pydantic import Field

from hermes_hud_widget.errors import SourceError
from hermes_hud_widget.frames import Column, Frame, FrameArguments
from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.ledger.values import count, cut, instant, number, text
from hermes_hud_widget.panel import Panel, Payload, Query, Until
from hermes_hud_widget.sources import (
    Config,
    DatabaseFiles,
    Databases,
    Folder,
    FoundFiles,
    Proc,
    Rows,
    Settings,
    System,
    Table,
    TextFile,
)
from hermes_hud_widget.views import view

DEFAULT = "default"
"""Hermes' name of the board at `kanban.db` itself."""
COLUMNS = ("triage", "todo", "scheduled", "ready", "running", "blocked", "review", "done")
"""In Hermes' order (`plugins/kanban/dashboard/plugin_api.py`); `archived` is shown on demand."""
ARCHIVED = "archived"
CARDS_SHOWN = 50
"""At most so many cards of each column."""
CRASH_GRACE_S = 30
"""A worker that began so lately is not missed yet (`kanban_db.py`, `DEFAULT_CRASH_GRACE_SECONDS`)."""
SILENT_S = 3_600
"""After so long without a heartbeat a worker counts as stuck (`_STALE_HEARTBEAT_GAP_SECONDS`)."""
STALE_S = 14_400
"""A task that has run longer is given up if its worker is silent, too (`kanban.dispatch_stale_timeout_seconds`)."""
WORKERS_AGAIN = timedelta(seconds=15)
"""How soon running workers, and boards whose changes nothing tells of, are looked at again while someone looks."""
BOARDS_SHOWN = 64
"""Each beyond those that are watched costs some 2 ms: its database is opened to count its tasks."""
TITLE_CHARS, ERROR_CHARS, SUMMARY_CHARS, COMMENT_CHARS = 300, 600, 400, 4_000
RUNS_SHOWN, EVENTS_SHOWN, COMMENTS_SHOWN, ATTACHMENTS_SHOWN, SKILLS_SHOWN = 20, 60, 60, 50, 20
RELATED_SHOWN = 50
PAYLOAD_CHARS = 400

Row = Mapping[str, Any]
Stuck = Literal["gone", "expired", "silent", "overdue"]


class KanbanQuery(Query):
    """Which board, and which of its tasks in full."""

    board: str | None = Field(None, description="A board's slug; the current one without")
    task: str | None = Field(None, description="A task's id: its body, runs, events and comments as well")
    archived: bool = Field(False, description="Also the column of archived tasks")


@frozen
class KanbanBoard:
    """One board.

    Attributes:
        slug: `default`, or the name of its folder in `kanban/boards`.
        name: Its display name (`board.json`), else made of the slug as Hermes does.
        is_current: True for the one that `hermes kanban` works on (`kanban/current`).
        is_archived: True if it was put away.
        tasks: Tasks that are not archived.
        unfinished: How many of them are not done.
        running: How many of them run.
        problem: Why it cannot be read, in words; None: it can.
    """

    slug: str
    name: str
    description: str
    is_current: bool
    is_archived: bool
    tasks: int
    unfinished: int
    running: int
    problem: str | None


@frozen
class KanbanWork:
    """What goes on with a task that runs.

    Attributes:
        since: When this run began.
        profile: The profile that works on it.
        worker_pid: Its process.
        is_worker_gone: True if that process is gone; None: it is not of this machine, or there is none noted.
        heartbeat_at: When it last said that it lives.
        claim_expires_at: Until when the task is its own.
        max_runtime_s: How long it may take, in seconds.
        stuck: What Hermes' dispatcher will act on: `gone`: its process died; `expired`: its claim has run out;
            `silent`: no heartbeat for an hour, and it has run longer than it may while silent, or lost its claim;
            `overdue`: it takes longer than it may.
    """

    since: datetime | None
    profile: str | None
    worker_pid: int | None
    is_worker_gone: bool | None
    heartbeat_at: datetime | None
    claim_expires_at: datetime | None
    max_runtime_s: int | None
    stuck: tuple[Stuck, ...]


@frozen
class KanbanTask:
    """One card.

    Attributes:
        priority: The greater the sooner.
        session_id: The session in which it was made.
        block_kind: `dependency`, `needs_input`, `capability`, `transient`, or what else is written.
        block_recurrences: How often it was blocked for the same reason again.
        failures: Runs that failed in a row.
        max_failures: At how many it is given up; None: the dispatcher's own limit.
        last_error: Why the last of them failed, cut to 600 characters.
        parents: The tasks that it waits for, at most 50 of `total_parents`; `open_parents` is how many of all of them
            are not done.
        children: The tasks that wait for it, at most 50 of `total_children`.
        runs: How often it was tried.
        last_outcome: How the last finished run ended.
        summary: What the last run that said so has done, cut to 400 characters.
        work: What goes on; None for one that does not run.
        is_goal: True if its worker goes on until a judge calls it done.
    """

    id: str
    title: str
    status: str
    assignee: str | None
    priority: int
    created_by: str | None
    created_at: datetime | None
    started_at: datetime | None
    completed_at: datetime | None
    project_id: str | None
    tenant: str | None
    branch_name: str | None
    session_id: str | None
    block_kind: str | None
    block_recurrences: int
    failures: int
    max_failures: int | None
    last_error: str | None
    parents: tuple[str, ...]
    total_parents: int
    open_parents: int
    children: tuple[str, ...]
    total_children: int
    comments: int
    attachments: int
    runs: int
    last_outcome: str | None
    summary: str | None
    work: KanbanWork | None
    is_goal: bool


@frozen
class KanbanColumn:
    """One column.

    Attributes:
        status: Hermes' word.
        total: How many tasks stand in it.
        tasks: The most urgent first, then the oldest; of finished ones those finished last. At most 50.
    """

    status: str
    total: int
    tasks: tuple[KanbanTask, ...]


@frozen
class KanbanRun:
    """One try at a task.

    Attributes:
        status: `running`, `done`, `blocked`, `crashed`, `timed_out`, `failed`, `released`, or what else is written.
        outcome: How it ended; None while it runs.
        duration_s: From its start to its end, in seconds; None while it runs.
        summary: What it has done, in its own words, cut to 400 characters.
        error: Cut to 600 characters.
    """

    id: int
    task_id: str
    profile: str | None
    status: str
    outcome: str | None
    started_at: datetime | None
    ended_at: datetime | None
    duration_s: float | None
    summary: str | None
    error: str | None


@frozen
class KanbanEvent:
    """Something that happened to a task; `details` are what Hermes noted of it, as JSON of at most 400 characters."""

    id: int
    kind: str
    at: datetime | None
    run_id: int | None
    details: str | None


@frozen
class KanbanComment:
    """What somebody wrote below a task, cut to 4,000 characters."""

    id: int
    author: str
    at: datetime | None
    text: str


@frozen
class KanbanAttachment:
    """A file that belongs to a task, by its name."""

    name: str
    size_bytes: int
    by: str | None
    at: datetime | None


@frozen
class KanbanRelated:
    """A parent or a child: `title` and `status` are None if it is not there any more."""

    id: str
    title: str | None
    status: str | None


@frozen
class KanbanDetail:
    """One task in full.

    Attributes:
        body: What is to be done, cut to 20,000 characters.
        is_body_cut: True if it is longer.
        result: What came of it, cut to 4,000 characters.
        runs: The newest first, at most 20 of `task.runs`.
        skills: At most 20 of `total_skills`.
        events: The newest first, at most 60 of `total_events`.
        comments: The oldest first, at most the last 60 of `task.comments`.
        attachments: At most 50 of `task.attachments`.
    """

    task: KanbanTask
    body: str
    is_body_cut: bool
    result: str | None
    workspace_kind: str | None
    workspace_path: str | None
    skills: tuple[str, ...]
    total_skills: int
    model: str | None
    parents: tuple[KanbanRelated, ...]
    children: tuple[KanbanRelated, ...]
    runs: tuple[KanbanRun, ...]
    events: tuple[KanbanEvent, ...]
    total_events: int
    comments: tuple[KanbanComment, ...]
    attachments: tuple[KanbanAttachment, ...]


class Kanban(Payload):
    """What the kanban panel shows.

    Attributes:
        boards: `default` first, the others by name, at most 64 of `total_boards`, and besides the one that is shown
            and the current one.
        board: Which of them is shown.
        columns: In Hermes' order, then those of words that are not known here.
        archived: How many tasks of this board are archived.
        stuck: How many running tasks have something that Hermes' dispatcher will act on.
        detail: The task asked for.
        is_missing: True when the task asked for is not (or no longer) on this board.
    """

    boards: tuple[KanbanBoard, ...]
    total_boards: int
    board: str
    columns: tuple[KanbanColumn, ...]
    archived: int
    stuck: int
    detail: KanbanDetail | None = None
    is_missing: bool = False

    def is_empty(self) -> bool:
        # A board that somebody named is something to show, even without a task.
        return len(self.boards) == 1 and not self.boards[0].tasks and not self.archived


def collect(
    databases: DatabaseFiles,
    names: FoundFiles,
    current: str | None,
    config: Settings,
    proc: Proc,
    query: KanbanQuery,
    now: datetime,
) -> Kanban | Until:
    """One board, with one of its tasks in full if the query names it."""
    slugs = _slugs(databases, names)
    chosen = _current(current, slugs)
    shown = query.board if query.board in slugs else chosen
    listed = (*slugs[:BOARDS_SHOWN], *(one for one in sorted({shown, chosen}) if one in slugs[BOARDS_SHOWN:]))
    counts, problems = _counts(databases, listed)
    if shown in problems:
        raise problems[shown]
    board = _Board(databases, shown, config, proc, now)
    columns = tuple(board.columns(counts[shown], (*COLUMNS, ARCHIVED) if query.archived else COLUMNS))
    detail = board.detail(query.task) if query.task is not None else None
    kanban = Kanban(
        boards=tuple(
            _board(slug, _metadata(names, slug), counts[slug], problems.get(slug), slug == chosen)
            for slug in listed
        ),
        total_boards=len(slugs),
        board=shown,
        columns=columns,
        archived=counts[shown][ARCHIVED],
        stuck=board.stuck()
        if counts[shown]["running"] > CARDS_SHOWN
        else _stuck(chain(*(one.tasks for one in columns))),
        detail=detail,
        is_missing=query.task is not None and detail is None,
    )
    is_for_now = counts[shown]["running"] > 0 or not set(databases.more).isdisjoint(listed)
    return Until(kanban, now + WORKERS_AGAIN if is_for_now else None)


def _slugs(databases: DatabaseFiles, names: FoundFiles) -> tuple[str, ...]:
    """All boards that Hermes lists: a folder with a database or a description is one."""
    described = (file.path.partition("/")[0] for file in names.files)
    named = {*databases.names, *databases.more, *described}
    others = {slug for slug in named if _is_slug(slug) and slug != DEFAULT}
    return (DEFAULT, *sorted(others, key=str.lower))


def _is_slug(name: str) -> bool:
    """As Hermes accepts it (`_BOARD_SLUG_RE`); other folders are no boards."""
    plain = name.replace("-", "").replace("_", "")
    return (
        0 < len(name) <= 64
        and name[0] not in "-_"
        and plain.isascii()
        and plain.isalnum()
        and name == name.lower()
    )


def _current(written: str | None, slugs: Collection[str]) -> str:
    """The board that plain `hermes kanban` works on: the one chosen, if it is still there."""
    slug = (written or "").strip().lower()
    return slug if slug in slugs else DEFAULT


def _counts(
    databases: DatabaseFiles, slugs: Iterable[str]
) -> tuple[dict[str, Counter[str]], dict[str, SourceError]]:
    """How many tasks of each status every board has, and what is wrong with those that cannot be read."""
    counts: dict[str, Counter[str]] = {}
    problems: dict[str, SourceError] = {}
    for slug in slugs:
        counts[slug] = Counter()
        try:
            (rows,) = databases.read(_name(slug), STATUSES)
        except SourceError as error:
            problems[slug] = error
        else:
            counts[slug].update(text(row["status"]) or "" for row in rows)
    return counts, problems


def _name(slug: str) -> str | None:
    return None if slug == DEFAULT else slug


def _metadata(names: FoundFiles, slug: str) -> Mapping[str, Any]:
    """A board's `board.json`; what Hermes cannot read counts as none for it, too."""
    written = next((file.text for file in names.files if file.path == f"{slug}/board.json"), None)
    try:
        found = json.loads(written or "null")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, Mapping) else {}


def _board(
    slug: str, metadata: Row, counts: Counter[str], problem: SourceError | None, is_current: bool
) -> KanbanBoard:
    tasks = counts.total() - counts[ARCHIVED]
    made_up = " ".join(part.capitalize() for part in slug.replace("_", "-").split("-") if part)
    return KanbanBoard(
        slug=slug,
        name=_short(metadata.get("name"), TITLE_CHARS) or made_up or slug,
        description=_short(metadata.get("description"), SUMMARY_CHARS) or "",
        is_current=is_current,
        is_archived=bool(metadata.get("archived")),
        tasks=tasks,
        unfinished=tasks - counts["done"],
        running=counts["running"],
        problem=None if problem is None else str(problem),
    )


class _Board:
    """One board's tables, each read once."""

    def __init__(
        self, databases: DatabaseFiles, slug: str, config: Settings, proc: Proc, now: datetime
    ) -> None:
        self._databases = databases
        self._name = _name(slug)
        self._stale_s = _stale_s(config)
        self._proc = proc
        self._now = now

    def columns(self, counts: Counter[str], known: Collection[str]) -> Iterable[KanbanColumn]:
        unknown = sorted(counts.keys() - {*COLUMNS, ARCHIVED})
        tables = [_tasks(status) for status in (*known, *unknown)]
        *found, links, comments, attachments = self._databases.read(
            self._name, *tables, LINKS, COMMENTS_OF, ATTACHMENTS_OF
        )
        cards = self._cards([row for rows in found for row in rows], links, comments, attachments)
        for status, rows in zip((*known, *unknown), found, strict=True):
            ids = [text(row["id"]) or "" for row in rows]
            yield KanbanColumn(status, counts[status], tuple(_in_brief(cards[id]) for id in ids))

    def all(self) -> Iterable[KanbanTask]:
        """The tasks of the board, archived ones too, the newest first; at most 10,000."""
        rows, *others = self._databases.read(self._name, TASKS, LINKS, COMMENTS_OF, ATTACHMENTS_OF)
        return self._cards(rows, *others).values()

    def stuck(self) -> int:
        """Of how many running tasks something is stuck, also of those without a card."""
        (rows,) = self._databases.read(self._name, _of(TASKS, "status", ["running"]))
        return _stuck(self._cards(rows, (), (), ()).values())

    def detail(self, task_id: str) -> KanbanDetail | None:
        (rows, links, comments, attachments, runs, events, all_events, notes, files) = self._databases.read(
            self._name,
            _of(TASK_IN_FULL, "id", [task_id]),
            LINKS,
            COMMENTS_OF,
            ATTACHMENTS_OF,
            _of(RUNS, "task_id", [task_id], RUNS_SHOWN),
            _of(EVENTS, "task_id", [task_id], EVENTS_SHOWN),
            _of(EVENTS_OF, "task_id", [task_id]),
            _of(COMMENTS, "task_id", [task_id], COMMENTS_SHOWN),
            _of(ATTACHMENTS, "task_id", [task_id], ATTACHMENTS_SHOWN),
        )
        if not rows:
            return None
        row = rows[0]
        task = _in_brief(self._cards(rows, links, comments, attachments)[task_id])
        related = {
            text(other["id"]): other
            for other in self._databases.read(self._name, _of(TITLES, "id", [*task.parents, *task.children]))[
                0
            ]
        }
        skills = _skills(row["skills"])
        body, is_body_cut = cut(text(row["body"]) or "")
        return KanbanDetail(
            task=task,
            body=body,
            is_body_cut=is_body_cut,
            result=_short(row["result"], COMMENT_CHARS),
            workspace_kind=_short(row["workspace_kind"], TITLE_CHARS),
            workspace_path=_short(row["workspace_path"], SUMMARY_CHARS),
            skills=skills[:SKILLS_SHOWN],
            total_skills=len(skills),
            model=_short(row["model_override"], TITLE_CHARS),
            parents=tuple(_related(id, related) for id in task.parents),
            children=tuple(_related(id, related) for id in task.children),
            runs=tuple(map(_run, runs)),
            events=tuple(map(_event, events)),
            total_events=len(all_events),
            comments=tuple(map(_comment, reversed(notes))),
            attachments=tuple(map(_attachment, files)),
        )

    def _cards(
        self, rows: Collection[Row], links: Rows, comments: Rows, attachments: Rows
    ) -> dict[str, KanbanTask]:
        """The cards of these rows, by their ids."""
        ids = [text(row["id"]) or "" for row in rows]
        parents, children = _neighbours(links)
        # Of what a card waits for only the status is needed, wherever it stands.
        wanted = {parent for id in ids for parent in parents[id]}
        runs, known = self._databases.read(
            self._name, _of(RUNS, "task_id", ids), _of(TITLES, "id", sorted(wanted))
        )
        open_tasks = {text(row["id"]) for row in known if row["status"] not in ("done", ARCHIVED)}
        by_task: defaultdict[str, list[Row]] = defaultdict(list)
        for run in runs:
            by_task[text(run["task_id"]) or ""].append(run)
        notes, files = (Counter(text(row["task_id"]) for row in found) for found in (comments, attachments))
        return {
            id: self._card(
                id,
                row,
                by_task[id],
                tuple(parents[id]),
                sum(parent in open_tasks for parent in parents[id]),
                tuple(children[id]),
                notes[id],
                files[id],
            )
            for id, row in zip(ids, rows, strict=True)
        }

    def _card(
        self,
        id: str,
        row: Row,
        runs: list[Row],
        parents: tuple[str, ...],
        open_parents: int,
        children: tuple[str, ...],
        comments: int,
        attachments: int,
    ) -> KanbanTask:
        finished = next((run for run in runs if run["ended_at"] is not None), None)
        summary = next((run["summary"] for run in runs if text(run["summary"])), None)
        return KanbanTask(
            id=id,
            title=_short(row["title"], TITLE_CHARS) or id,
            status=text(row["status"]) or "",
            assignee=_short(row["assignee"], TITLE_CHARS),
            priority=count(row["priority"]),
            created_by=_short(row["created_by"], TITLE_CHARS),
            created_at=_when(row["created_at"]),
            started_at=_when(row["started_at"]),
            completed_at=_when(row["completed_at"]),
            project_id=_short(row["project_id"], TITLE_CHARS),
            tenant=_short(row["tenant"], TITLE_CHARS),
            branch_name=_short(row["branch_name"], TITLE_CHARS),
            session_id=_short(row["session_id"], TITLE_CHARS),
            block_kind=_short(row["block_kind"], TITLE_CHARS),
            block_recurrences=count(row["block_recurrences"]),
            failures=_failures(row),
            max_failures=_whole(row["max_retries"]),
            last_error=_short(row["last_failure_error"] or row["last_spawn_error"], ERROR_CHARS),
            parents=parents,
            total_parents=len(parents),
            open_parents=open_parents,
            children=children,
            total_children=len(children),
            comments=comments,
            attachments=attachments,
            runs=len(runs),
            last_outcome=None if finished is None else _short(finished["outcome"] or finished["status"], 100),
            summary=_short(summary, SUMMARY_CHARS),
            work=self._work(row, runs) if row["status"] == "running" else None,
            is_goal=bool(row["goal_mode"]),
        )

    def _work(self, row: Row, runs: Iterable[Row]) -> KanbanWork:
        run = next((one for one in runs if one["id"] == row["current_run_id"]), None)
        since = _when(run["started_at"] if run else None) or _when(row["started_at"])
        heartbeat_at, expires_at = _when(row["last_heartbeat_at"]), _when(row["claim_expires"])
        pid, limit_s = _whole(row["worker_pid"]), _whole(row["max_runtime_seconds"])
        ran_s = (self._now - since).total_seconds() if since is not None else 0.0
        # A process of another machine has a number that means nothing here.
        is_here = (text(row["claim_lock"]) or "").partition(":")[0] == self._proc.host
        is_gone = self._proc.is_gone(pid) if pid and is_here else None
        is_expired = expires_at is not None and expires_at < self._now
        silent_s = None if heartbeat_at is None else (self._now - heartbeat_at).total_seconds()
        is_stale = 0 < self._stale_s <= ran_s and (silent_s is None or silent_s >= SILENT_S)
        is_silent = is_stale or (is_expired and silent_s is not None and silent_s > SILENT_S)
        stuck: dict[Stuck, bool] = {
            "gone": bool(is_gone) and ran_s >= CRASH_GRACE_S,
            "expired": is_expired,
            "silent": is_silent,
            "overdue": bool(limit_s) and limit_s is not None and ran_s > limit_s,
        }
        return KanbanWork(
            since=since,
            profile=_short(run["profile"] if run else None, TITLE_CHARS),
            worker_pid=pid,
            is_worker_gone=is_gone,
            heartbeat_at=heartbeat_at,
            claim_expires_at=expires_at,
            max_runtime_s=limit_s,
            stuck=tuple(name for name, holds in stuck.items() if holds),
        )


def _in_brief(task: KanbanTask) -> KanbanTask:
    return replace(task, parents=task.parents[:RELATED_SHOWN], children=task.children[:RELATED_SHOWN])


def _stuck(tasks: Iterable[KanbanTask]) -> int:
    return sum(task.work is not None and bool(task.work.stuck) for task in tasks)


def _stale_s(config: Settings) -> int:
    """After how long a silent task is given up; 0: never. What is no number switches it off, as in Hermes."""
    written = config.get("kanban.dispatch_stale_timeout_seconds")
    if written is None:
        return STALE_S
    found = number(written)
    return 0 if found is None else max(0, int(found))


def _neighbours(links: Rows) -> tuple[defaultdict[str, list[str]], defaultdict[str, list[str]]]:
    """Parents and children by task."""
    parents: defaultdict[str, list[str]] = defaultdict(list)
    children: defaultdict[str, list[str]] = defaultdict(list)
    for row in links:
        parent, child = text(row["parent_id"]) or "", text(row["child_id"]) or ""
        parents[child].append(parent)
        children[parent].append(child)
    return parents, children


def _related(id: str, known: Mapping[str | None, Row]) -> KanbanRelated:
    row = known.get(id)
    if row is None:
        return KanbanRelated(id, None, None)
    return KanbanRelated(id, _short(row["title"], TITLE_CHARS), text(row["status"]))


def _run(row: Row) -> KanbanRun:
    started_at, ended_at = _when(row["started_at"]), _when(row["ended_at"])
    took = ended_at - started_at if started_at and ended_at else None
    return KanbanRun(
        id=count(row["id"]),
        task_id=text(row["task_id"]) or "",
        profile=_short(row["profile"], TITLE_CHARS),
        status=_short(row["status"], TITLE_CHARS) or "?",
        outcome=_short(row["outcome"], TITLE_CHARS),
        started_at=started_at,
        ended_at=ended_at,
        duration_s=None if took is None else max(0.0, took.total_seconds()),
        summary=_short(row["summary"], SUMMARY_CHARS),
        error=_short(row["error"], ERROR_CHARS),
    )


def _event(row: Row) -> KanbanEvent:
    return KanbanEvent(
        id=count(row["id"]),
        kind=_short(row["kind"], TITLE_CHARS) or "?",
        at=_when(row["created_at"]),
        run_id=_whole(row["run_id"]),
        details=_short(row["payload"], PAYLOAD_CHARS),
    )


def _comment(row: Row) -> KanbanComment:
    return KanbanComment(
        id=count(row["id"]),
        author=_short(row["author"], TITLE_CHARS) or "?",
        at=_when(row["created_at"]),
        text=_short(row["body"], COMMENT_CHARS) or "",
    )


def _attachment(row: Row) -> KanbanAttachment:
    return KanbanAttachment(
        name=_short(row["filename"], TITLE_CHARS) or "?",
        size_bytes=count(row["size"]),
        by=_short(row["uploaded_by"], TITLE_CHARS),
        at=_when(row["created_at"]),
    )


def _failures(row: Row) -> int:
    """Older releases count failures to start only, under another name."""
    counted = row["consecutive_failures"]
    return count(row["spawn_failures"] if counted is None else counted)


def _skills(written: Any) -> tuple[str, ...]:
    try:
        named = json.loads(text(written) or "[]")
    except (ValueError, RecursionError):
        return ()
    listed = named if isinstance(named, list) else []
    return tuple(str(skill)[:TITLE_CHARS] for skill in listed if skill)


def _when(written: Any) -> datetime | None:
    """A time in seconds since the epoch or, as older writers had it, in ISO 8601."""
    found = instant(written)
    if found is None and isinstance(written, str):
        try:
            found = datetime.fromisoformat(written.strip()).astimezone(UTC)
        except (ValueError, OverflowError):
            return None
    return found


def _whole(written: Any) -> int | None:
    return None if number(written) is None else count(written)


def _short(written: Any, chars: int) -> str | None:
    """A text that is short enough; None for nothing."""
    found = (text(written) or "").strip()
    return found[:chars] or None


def _tasks(status: str) -> Table:
    """The cards of one column."""
    order = ("-completed_at", "-created_at") if status in ("done", ARCHIVED) else ("-priority", "created_at")
    return replace(_of(TASKS, "status", [status], CARDS_SHOWN), order=order)


def _of(table: Table, column: str, values: Collection[str], limit: int | None = None) -> Table:
    """Those rows of a table that have one of these values."""
    return replace(table, where=(column, tuple(values)), limit=table.limit if limit is None else limit)


def _fill_tasks(
    databases: DatabaseFiles,
    names: FoundFiles,
    config: Settings,
    proc: Proc,
    args: FrameArguments,
    now: datetime,
) -> dict[str, list[Any]]:
    found: list[tuple[str, KanbanTask]] = []
    for slug in _slugs(databases, names):
        board = _Board(databases, slug, config, proc, now)
        found += ((slug, task) for task in board.all() if args.holds(task.created_at))
    found = found[: args.limit]
    return {
        column.name: [_task_value(slug, task, column.name) for slug, task in found] for column in TASK_COLUMNS
    }


def _task_value(slug: str, task: KanbanTask, column: str) -> Any:
    match column:
        case "board":
            return slug
        case "parents" | "children":
            return list(getattr(task, column))
        case "stuck":
            return list(task.work.stuck) if task.work else []
        case "running_since":
            return task.work.since if task.work else None
        case "heartbeat_at" | "claim_expires_at" | "worker_pid":
            return getattr(task.work, column) if task.work else None
        case _:
            return getattr(task, column)


def _fill_runs(databases: DatabaseFiles, names: FoundFiles, args: FrameArguments) -> dict[str, list[Any]]:
    found: list[tuple[str, KanbanRun]] = []
    for slug in _slugs(databases, names):
        (rows,) = databases.read(_name(slug), RUNS)
        found += ((slug, run) for run in map(_run, rows) if args.holds(run.started_at))
    found = found[: args.limit]
    return {
        column.name: [slug if column.name == "board" else getattr(run, column.name) for slug, run in found]
        for column in RUN_COLUMNS
    }


TASK_COLUMNS = (
    Column("board", "category", "The board's slug", source="the database's folder"),
    Column("id", "text", "The task's id", is_identifier=True),
    Column("title", "text", "Its title"),
    Column("status", "category", "triage, todo, scheduled, ready, running, blocked, review, done, archived"),
    Column("assignee", "category", "The profile that is to do it"),
    Column("priority", "integer", "The greater the sooner"),
    Column("created_by", "category", "Who made it"),
    Column("created_at", "instant", "When it was made"),
    Column("started_at", "instant", "When it was begun"),
    Column("completed_at", "instant", "When it was done"),
    Column("project_id", "category", "The project that it belongs to"),
    Column("tenant", "category", "The tenant that it belongs to"),
    Column("branch_name", "text", "The branch that it is done on", is_identifier=True),
    Column("session_id", "text", "The session in which it was made", is_identifier=True),
    Column("block_kind", "category", "dependency, needs_input, capability or transient"),
    Column("block_recurrences", "integer", "How often it was blocked for the same reason again"),
    Column(
        "failures", "integer", "Runs that failed in a row", source="kanban.db: tasks.consecutive_failures"
    ),
    Column("last_error", "text", "Why the last of them failed", source="kanban.db: tasks.last_failure_error"),
    Column("parents", "texts", "What it waits for", is_identifier=True, source="kanban.db: task_links"),
    Column("open_parents", "integer", "How many of them are not done", source="kanban.db: task_links"),
    Column("children", "texts", "What waits for it", is_identifier=True, source="kanban.db: task_links"),
    Column("comments", "integer", "Comments on it", source="kanban.db: task_comments"),
    Column("attachments", "integer", "Files that belong to it", source="kanban.db: task_attachments"),
    Column("runs", "integer", "How often it was tried", source="kanban.db: task_runs"),
    Column("last_outcome", "category", "How the last finished run ended", source="kanban.db: task_runs"),
    Column("summary", "text", "What the last run that said so has done", source="kanban.db: task_runs"),
    Column("is_goal", "boolean", "A judge decides when it is done", source="kanban.db: tasks.goal_mode"),
    Column("running_since", "instant", "When the run that goes on began", source="kanban.db: task_runs"),
    Column("heartbeat_at", "instant", "The last heartbeat of its worker, while it runs"),
    Column("claim_expires_at", "instant", "Until when its worker has it, while it runs"),
    Column("worker_pid", "integer", "Its worker's process, while it runs"),
    Column(
        "stuck",
        "texts",
        "What the dispatcher will act on: gone, expired, silent, overdue",
        is_identifier=True,
        source="computed: Hermes' rules",
    ),
)

RUN_COLUMNS = (
    Column("board", "category", "The board's slug", source="the database's folder"),
    Column("id", "integer", "The run's number on its board"),
    Column("task_id", "text", "The task", is_identifier=True),
    Column("profile", "category", "The profile that worked on it"),
    Column("status", "category", "running, done, blocked, crashed, timed_out, failed, released"),
    Column("outcome", "category", "How it ended; missing: it runs"),
    Column("started_at", "instant", "When it began"),
    Column("ended_at", "instant", "When it ended"),
    Column("duration_s", "number", "From its beginning to its end", unit="s", source="computed"),
    Column("summary", "text", f"What it has done, cut to {SUMMARY_CHARS} characters"),
    Column("error", "text", f"What went wrong, cut to {ERROR_CHARS} characters"),
)

STATUSES = Table("kanban.db", "tasks", ("status",), limit=100_000)
TASKS = Table(
    "kanban.db",
    "tasks",
    (
        "id",
        "title",
        "status",
        "assignee",
        "priority",
        "created_by",
        "created_at",
        "started_at",
        "completed_at",
        "project_id",
        "tenant",
        "branch_name",
        "session_id",
        "block_kind",
        "block_recurrences",
        "consecutive_failures",
        "spawn_failures",
        "max_retries",
        "last_failure_error",
        "last_spawn_error",
        "goal_mode",
        "claim_lock",
        "claim_expires",
        "last_heartbeat_at",
        "worker_pid",
        "current_run_id",
        "max_runtime_seconds",
    ),
    order=("-created_at", "-id"),
    limit=10_000,
    cut_chars=2_000,
)
TASK_IN_FULL = replace(
    TASKS,
    columns=(
        *TASKS.columns,
        "body",
        "result",
        "workspace_kind",
        "workspace_path",
        "skills",
        "model_override",
    ),
    cut_chars=20_001,
)
TITLES = Table("kanban.db", "tasks", ("id", "title", "status"), limit=2_000, cut_chars=TITLE_CHARS)
LINKS = Table("kanban.db", "task_links", ("parent_id", "child_id"), order=("parent_id",), limit=20_000)
COMMENTS_OF = Table("kanban.db", "task_comments", ("task_id",), limit=100_000)
ATTACHMENTS_OF = Table("kanban.db", "task_attachments", ("task_id",), limit=100_000)
RUNS = Table(
    "kanban.db",
    "task_runs",
    ("id", "task_id", "profile", "status", "outcome", "started_at", "ended_at", "summary", "error"),
    order=("-started_at", "-id"),
    limit=10_000,
    cut_chars=2_000,
)
EVENTS = Table(
    "kanban.db",
    "task_events",
    ("id", "run_id", "kind", "payload", "created_at"),
    order=("-created_at", "-id"),
    cut_chars=PAYLOAD_CHARS,
)
EVENTS_OF = Table("kanban.db", "task_events", ("id",), limit=100_000)
COMMENTS = Table(
    "kanban.db",
    "task_comments",
    ("id", "author", "body", "created_at"),
    order=("-created_at", "-id"),
    cut_chars=COMMENT_CHARS,
)
ATTACHMENTS = Table(
    "kanban.db",
    "task_attachments",
    ("id", "filename", "size", "uploaded_by", "created_at"),
    order=("created_at", "id"),
    cut_chars=TITLE_CHARS,
)

PANEL = Panel(
    "kanban",
    "Kanban",
    collect,
    titles={"zh": "看板"},
    icon="board",
    group="now",
    query=KanbanQuery,
    frames=(
        Frame(
            "kanban_tasks",
            TASK_COLUMNS,
            _fill_tasks,
            time="created_at",
            about="One row for each task of every board, archived ones too; board by board, the newest first, "
            "at most 10,000 of each",
            source="kanban.db: tasks",
        ),
        Frame(
            "kanban_runs",
            RUN_COLUMNS,
            _fill_runs,
            time="started_at",
            about="One row for each try at a task of every board; board by board, the newest first, "
            "at most 10,000 of each",
            source="kanban.db: task_runs",
        ),
    ),
    view=view("kanban"),
    # Profiles share their boards: all of it lies in the root home.
    databases=Databases("kanban.db", "kanban/boards", of="root"),
    names=Folder("kanban/boards", "*/board.json", read_bytes=16_384, of="root"),
    current=TextFile("kanban/current", of="root"),
    config=Config(),
    proc=System(),
)
