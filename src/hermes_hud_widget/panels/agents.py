"""Who works besides the conversation: background delegations, subagents, compressions and processes."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from pydantic import Field

from hermes_hud_widget.frames import Column, Frame, FrameArguments
from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.ledger.ledger import Ledger
from hermes_hud_widget.ledger.rows import Session
from hermes_hud_widget.ledger.values import count, instant, number, text
from hermes_hud_widget.ledger.writers import Writers
from hermes_hud_widget.panel import Panel, Payload, Query, Until
from hermes_hud_widget.sources import (
    Alive,
    Folder,
    FoundFile,
    FoundFiles,
    Json,
    Logs,
    Proc,
    Processes,
    Rows,
    StateDb,
    System,
    Table,
    Tail,
    WritersOf,
)
from hermes_hud_widget.views import view

DELEGATIONS_SHOWN, TASKS_SHOWN = 60, 16
SUBAGENTS_SHOWN = 80
PROCESSES_SHOWN = 60
SPAWN_TREES_SHOWN = 20
INDEXES_READ, INDEX_BYTES = 50, 262_144
"""So many sessions' indexes of spawn trees, those written last, and so much of the end of each."""
GOAL_CHARS, SUMMARY_CHARS, ERROR_CHARS, LABEL_CHARS = 400, 1_200, 600, 200
EVENT_CHARS = 200_000
"""Of what came of a delegation no more is read; of longer ones what stands complete before that."""
REMEMBERED_EVENTS = 128
RUNNING = ("running", "finalizing")
"""States of a delegation that has not ended (`tools/async_delegation.py`)."""
LOOK_AGAIN = timedelta(seconds=5)
"""How soon it is looked at again, while someone looks, when a transcript was written last and whether a chat is open."""
MEMORY_AGAIN = timedelta(seconds=30)
"""And how soon the memory of what lives; of its death a bell tells."""
_START_TOLERANCE = timedelta(seconds=2)
_LINE = re.compile(r"(\d\d:\d\d:\d\d) (\w+) *\| ?(.*)", re.DOTALL)
_HOLDER_PID = re.compile(r"\bpid=(\d+)")

Row = Mapping[str, Any]


class AgentsQuery(Query):
    """With `transcript`: a page of what one subagent of a delegation writes while it works."""

    transcript: str | None = Field(
        None, description="A delegation's id: also return a task's live transcript"
    )
    task: int = Field(0, ge=0, le=999, description="Transcript: which of its tasks")
    before: int | None = Field(None, ge=0, description="Transcript: only lines that begin before this offset")
    limit: int = Field(100, ge=1, le=400, description="Transcript: lines a page")


@frozen
class DelegationTask:
    """One subagent's part of a delegation.

    Attributes:
        index: Its place, from 0.
        goal: What it is to do, cut to 400 characters.
        status: `running`, `completed`, `failed`, `interrupted`, `error`, or what else Hermes wrote; None: not known.
        exit_reason: Why it ended, such as `completed` or `max_iterations`.
        summary: What came of it, cut to 1,200 characters.
        error: Cut to 600 characters.
        transcript_bytes: Size of its live transcript; None if there is none.
        wrote_at: When that was written last.
    """

    index: int
    goal: str
    status: str | None
    exit_reason: str | None
    summary: str | None
    error: str | None
    duration_s: float | None
    transcript_bytes: int | None
    wrote_at: datetime | None


@frozen
class Delegation:
    """Work that was given to subagents.

    Attributes:
        is_background: True if the conversation went on meanwhile (`state.db`, `async_delegations`); False: it waited.
        state: `running`, `finalizing`, `completed`, `error`, `interrupted`, `unknown` (its process was gone when
            Hermes looked), or what else is written.
        is_lost: True for an unfinished one whose process is gone: nobody will finish it.
        parent_id: The session that gave it; `parent_title` is that session's title, else how its first message begins.
        goal: All of it, cut to 400 characters.
        ended_at: When its result was there.
        duration_s: From its start to its end, in seconds; None while it runs.
        delivery: Of a background one, whether the result came back into the conversation: `pending`, `delivered`.
        delivery_attempts: How often that was tried.
        owner_pid: The process that runs it.
        is_owner_alive: Of an unfinished one, whether that process lives; None: it cannot be known here.
        tasks: At most 16 of `total_tasks`.
    """

    id: str
    is_background: bool
    state: str
    is_lost: bool
    parent_id: str | None
    parent_title: str | None
    goal: str
    role: str | None
    model: str | None
    started_at: datetime | None
    ended_at: datetime | None
    duration_s: float | None
    api_calls: int | None
    error: str | None
    delivery: str | None
    delivery_attempts: int
    delivered_at: datetime | None
    owner_pid: int | None
    is_owner_alive: bool | None
    tasks: tuple[DelegationTask, ...]
    total_tasks: int


@frozen
class AgentChild:
    """A delegated session; `depth` is 1 for a child of the conversation, 2 for a child of that child."""

    session: Session
    depth: int


@frozen
class AgentFamily:
    """A conversation and the sessions that it delegated to within 24 h.

    Attributes:
        parent: The conversation; None if it is not there any more.
        children: Each followed by those below it; the one started last first.
    """

    parent_id: str | None
    parent: Session | None
    children: tuple[AgentChild, ...]


@frozen
class CompressionNow:
    """A session whose history is being summarised (`compression_locks`)."""

    session_id: str
    session_title: str | None
    since: datetime | None
    expires_at: datetime
    pid: int | None
    is_process_gone: bool


@frozen
class AgentProcess:
    """One process, by its number and its start. Command lines are not shown, Hermes' own no more than others'.

    Attributes:
        kind: `background`: a command that Hermes started and that goes on (`processes.json`); `writer`: it has
            `state.db` open for writing, as every Hermes that works here has; `surface`: an open chat
            (`runtime/active_sessions.json`).
        id: Of a background process or an open chat: Hermes' own.
        is_alive: By number and start; None: it cannot be known here.
        is_sandboxed: True for a process in a sandbox: its number means nothing here.
        started_at: When it started.
        session_id: The session it belongs to, if that is known.
        surface: `cli`, `tui`, `gateway` and the like, for an open chat.
        memory_bytes: Resident memory, while it lives.
        notifies: True if Hermes is told when it ends.
        watches: How many patterns in its output Hermes waits for.
    """

    kind: str
    id: str | None
    pid: int | None
    is_alive: bool | None
    is_sandboxed: bool
    started_at: datetime | None
    session_id: str | None
    session_title: str | None
    surface: str | None
    cwd: str | None
    memory_bytes: int | None
    notifies: bool
    watches: int


@frozen
class SpawnTree:
    """The subagents of one turn in the terminal interface, as it kept them (`spawn-trees/`)."""

    session_id: str
    session_title: str | None
    label: str | None
    subagents: int
    started_at: datetime | None
    finished_at: datetime | None


@frozen
class DelegationLine:
    """One line of a live transcript.

    Attributes:
        offset: Where it begins in the file, in bytes.
        clock: The time of day as it is written there, on the clock of Hermes' machine.
        role: `user`, `start`, `think`, `assistant`, `tool`, `result`, `final`, or what else is written; None: it is a
            line of the head.
    """

    offset: int
    clock: str | None
    role: str | None
    text: str
    is_cut: bool


@frozen
class DelegationTranscript:
    """A page of what a subagent writes while it works, oldest first.

    Attributes:
        older: Pass it as `before` to get the page before; None on the first one.
        size_bytes: Of the whole transcript.
        wrote_at: When it was written last.
    """

    delegation_id: str
    task: int
    lines: tuple[DelegationLine, ...]
    older: int | None
    size_bytes: int
    wrote_at: datetime


class Agents(Payload):
    """What the agents panel shows.

    Attributes:
        delegations: Unfinished ones first, then those begun last; at most 60 of `total_delegations`.
        running: How many delegations run, lost ones not counted.
        families: Those with the latest activity first.
        subagents: How many delegated sessions started within 24 h; at most 80 of them are shown.
        processes: Background ones, then open chats, then writers; at most 60 of `total_processes`.
        are_writers_known: False where it cannot be seen which processes write.
        spawn_trees: The newest 20 of `total_spawn_trees`.
        is_spawn_trees_cut: True if there are older ones besides, which were not counted: only the last 256 KiB of the
            50 indexes written last are read.
        moa_sessions: How many sessions have traces of a mixture of agents (`moa-traces/`).
        moa_bytes: Their size, as far as they are among the 200 written last.
        moa_at: When the last one was written.
        transcript: The transcript asked for.
        is_missing: True when it is not (or no longer) there; Hermes keeps them for seven days.
    """

    delegations: tuple[Delegation, ...]
    total_delegations: int
    running: int
    families: tuple[AgentFamily, ...]
    subagents: int
    compressions: tuple[CompressionNow, ...]
    processes: tuple[AgentProcess, ...]
    total_processes: int
    are_writers_known: bool
    spawn_trees: tuple[SpawnTree, ...]
    total_spawn_trees: int
    is_spawn_trees_cut: bool
    moa_sessions: int
    moa_bytes: int
    moa_at: datetime | None
    transcript: DelegationTranscript | None = None
    is_missing: bool = False

    def is_empty(self) -> bool:
        return not (
            self.total_delegations
            or self.subagents
            or self.compressions
            or self.processes
            or self.total_spawn_trees
            or self.moa_sessions
        )


def collect(
    state: Ledger | None,
    writers: Writers | None,
    delegations: Rows,
    owners: Processes,
    manifests: FoundFiles,
    transcripts: Logs,
    locks: Rows,
    background: Any,
    background_alive: Processes,
    surfaces: Any,
    spawn_trees: FoundFiles,
    moa: FoundFiles,
    proc: Proc,
    query: AgentsQuery,
    now: datetime,
) -> Agents | Until:
    """Everything that works besides the conversation itself."""
    given = _delegations(delegations, owners, manifests, transcripts, writers)
    children, total_children = state.subagents(now, writers, SUBAGENTS_SHOWN) if state else ((), 0)
    every_process = _processes(background, background_alive, surfaces, writers, proc)
    processes = every_process[:PROCESSES_SHOWN]
    compressions = list(_compressions(locks, proc, now))
    trees = _spawn_trees(spawn_trees)
    wanted = [
        *(one.parent_id for one in given[:DELEGATIONS_SHOWN]),
        *(one.parent_id for one in children),
        *(one.session_id for one in processes),
        *(one.session_id for one in compressions),
        *(one.session_id for one in trees[:SPAWN_TREES_SHOWN]),
    ]
    sessions = state.some((one for one in wanted if one), now, writers) if state else {}
    titles = {one: session.title or session.preview or None for one, session in sessions.items()}
    page = None
    if query.transcript is not None:
        page = _transcript(transcripts, query.transcript, query.task, query.before, query.limit)
    running = sum(one.state in RUNNING and not one.is_lost for one in given)
    agents = Agents(
        delegations=tuple(
            replace(one, parent_title=titles.get(one.parent_id or ""), tasks=one.tasks[:TASKS_SHOWN])
            for one in given[:DELEGATIONS_SHOWN]
        ),
        total_delegations=len(given),
        running=running,
        families=tuple(_families(children, sessions)),
        subagents=total_children,
        compressions=tuple(replace(one, session_title=titles.get(one.session_id)) for one in compressions),
        processes=tuple(_of_session(one, titles) for one in processes),
        total_processes=len(every_process),
        are_writers_known=writers is not None,
        spawn_trees=tuple(
            replace(one, session_title=titles.get(one.session_id)) for one in trees[:SPAWN_TREES_SHOWN]
        ),
        total_spawn_trees=len(trees),
        is_spawn_trees_cut=spawn_trees.total > len(spawn_trees.files)
        or any(file.size_bytes > INDEX_BYTES for file in spawn_trees.files),
        moa_sessions=moa.total,
        moa_bytes=sum(file.size_bytes for file in moa.files),
        moa_at=max((file.modified_at for file in moa.files), default=None),
        transcript=page,
        is_missing=query.transcript is not None and page is None,
    )
    soon = [state.next_change(now, writers, children) if state else None]
    soon += [one.expires_at for one in compressions]
    if running or any(one.is_alive and one.kind == "surface" for one in processes):
        soon.append(now + LOOK_AGAIN)
    elif any(one.is_alive for one in processes):
        soon.append(now + MEMORY_AGAIN)
    return Until(agents, min((at for at in soon if at is not None), default=None))


# -- delegations


def _delegations(
    rows: Rows, owners: Processes, manifests: FoundFiles, transcripts: Logs, writers: Writers | None
) -> list[Delegation]:
    """Those that `state.db` knows and those that only left a transcript, unfinished ones first, with all tasks."""
    written = dict(_manifests(manifests.files))
    found = {}
    for row in rows:
        id = text(row["delegation_id"]) or ""
        found[id] = _from_row(id, row, written.get(id, {}), owners, transcripts)
    for id, manifest in written.items():
        if id not in found:
            found[id] = _from_manifest(id, manifest, transcripts, writers)
    oldest = datetime.min.replace(tzinfo=UTC)
    return sorted(
        sorted(found.values(), key=lambda one: one.started_at or oldest, reverse=True),
        key=lambda one: one.state not in RUNNING or one.is_lost,
    )


def _manifests(files: Iterable[FoundFile]) -> Iterator[tuple[str, Row]]:
    """What Hermes notes beside each live transcript; one that is just being written counts as none."""
    for file in files:
        manifest = _json(file.text)
        if isinstance(manifest, Mapping):
            yield file.path.partition("/")[0], manifest


def _from_row(id: str, row: Row, manifest: Row, owners: Processes, transcripts: Logs) -> Delegation:
    state = _words(row["state"], LABEL_CHARS) or "?"
    is_alive = owners.is_alive(row["owner_pid"], row["owner_started_at"]) if state in RUNNING else None
    task = _mapping(row["task_json"])
    event = _mapping(row["event_json"])
    goals = task.get("goals")
    listed = goals if isinstance(goals, list) and goals else [task.get("goal")]
    results = event.get("results")
    tasks = _tasks(id, listed, results if isinstance(results, list) else [event], manifest, transcripts)
    started_at, ended_at = instant(row["dispatched_at"]), instant(row["completed_at"])
    return Delegation(
        id=id,
        is_background=True,
        state=state,
        is_lost=is_alive is False,
        parent_id=_words(row["parent_session_id"], LABEL_CHARS),
        parent_title=None,
        goal=_words(task.get("goal"), GOAL_CHARS) or "",
        role=_words(task.get("role"), LABEL_CHARS),
        model=_words(event.get("model") or task.get("model"), LABEL_CHARS),
        started_at=started_at,
        ended_at=ended_at,
        duration_s=_between(started_at, ended_at),
        api_calls=_api_calls(event),
        error=_words(event.get("error"), ERROR_CHARS),
        delivery=_words(row["delivery_state"], LABEL_CHARS),
        delivery_attempts=count(row["delivery_attempts"]),
        delivered_at=instant(row["delivered_at"]),
        owner_pid=row["owner_pid"] if isinstance(row["owner_pid"], int) else None,
        is_owner_alive=is_alive,
        tasks=tasks,
        total_tasks=len(tasks),
    )


def _from_manifest(id: str, manifest: Row, transcripts: Logs, writers: Writers | None) -> Delegation:
    """One that the conversation waits for: no table knows it, but it left its transcripts."""
    tasks = _tasks(id, [], [], manifest, transcripts)
    started_at, ended_at = _local(manifest.get("started")), _local(manifest.get("completed"))
    is_alive = None
    if ended_at is None and writers is not None and started_at is not None:
        # It runs within a Hermes that has the database open since before.
        is_alive = any(one.started_at <= started_at + _START_TOLERANCE for one in writers.processes)
    well = all(task.status in ("completed", "success") for task in tasks)
    goals = [task.goal for task in tasks]
    return Delegation(
        id=id,
        is_background=False,
        state="running" if ended_at is None else "completed" if well else "error",
        is_lost=is_alive is False,
        parent_id=None,
        parent_title=None,
        goal=(goals[0] if len(goals) == 1 else "; ".join(goals))[:GOAL_CHARS],
        role=None,
        model=None,
        started_at=started_at,
        ended_at=ended_at,
        duration_s=_between(started_at, ended_at),
        api_calls=None,
        error=None,
        delivery=None,
        delivery_attempts=0,
        delivered_at=None,
        owner_pid=None,
        is_owner_alive=is_alive,
        tasks=tasks,
        total_tasks=len(tasks),
    )


def _tasks(
    id: str, goals: Sequence[Any], results: Sequence[Any], manifest: Row, transcripts: Logs
) -> tuple[DelegationTask, ...]:
    """The tasks of a delegation, from what it was given, what came of it, and what its manifest says."""
    listed = manifest.get("tasks")
    noted = {
        count(entry.get("index")): entry
        for entry in (listed if isinstance(listed, list) else [])
        if isinstance(entry, Mapping)
    }
    came = {
        count(result.get("task_index")): result
        for result in results
        if isinstance(result, Mapping) and result
    }
    tasks = []
    for index in sorted({*range(len(goals)), *noted, *came}):
        note, result = noted.get(index, {}), came.get(index, {})
        goal = goals[index] if 0 <= index < len(goals) else None
        facts = transcripts.facts(_log(id, index)) if index in noted else None
        tasks.append(
            DelegationTask(
                index=index,
                goal=_words(goal, GOAL_CHARS) or _words(note.get("goal"), GOAL_CHARS) or "",
                status=_words(result.get("status") or note.get("status"), LABEL_CHARS),
                exit_reason=_words(result.get("exit_reason") or note.get("exit_reason"), LABEL_CHARS),
                summary=_words(result.get("summary"), SUMMARY_CHARS),
                error=_words(result.get("error"), ERROR_CHARS),
                duration_s=number(result.get("duration_seconds")),
                transcript_bytes=facts[0] if facts else None,
                wrote_at=facts[1] if facts else None,
            )
        )
    return tuple(tasks)


def _api_calls(event: Row) -> int | None:
    results = event.get("results")
    if isinstance(results, list):
        calls = [count(one.get("api_calls")) for one in results if isinstance(one, Mapping)]
        return sum(calls) if calls else None
    return count(event["api_calls"]) if "api_calls" in event else None


def _log(id: str, index: int) -> str:
    return f"{id}/task-{index}.log"


def _transcript(
    transcripts: Logs, id: str, task: int, before: int | None, limit: int
) -> DelegationTranscript | None:
    page = transcripts.page(_log(id, task), before, limit)
    if page is None:
        return None
    lines = []
    for line in page.lines:
        match = _LINE.fullmatch(line.text)
        clock, role, words = match.groups() if match else (None, None, line.text)
        lines.append(DelegationLine(line.offset, clock, role, words, line.is_cut))
    return DelegationTranscript(id, task, tuple(lines), page.older, page.size_bytes, page.modified_at)


# -- subagents


def _families(children: Sequence[Session], sessions: Mapping[str, Session]) -> Iterator[AgentFamily]:
    below: defaultdict[str | None, list[Session]] = defaultdict(list)
    for child in children:
        below[child.parent_id].append(child)
    # A child may have gone on in another piece than the one that its own children name.
    names = {name for child in children for name in (child.id, child.root_id)}
    families = []
    for parent_id in below:
        if parent_id not in names:
            parent = sessions.get(parent_id or "")
            families.append(AgentFamily(parent_id, parent, tuple(_descendants(parent_id, below))))
    yield from sorted(
        families, key=lambda one: max(child.session.last_active for child in one.children), reverse=True
    )


def _descendants(parent_id: str | None, below: Mapping[str | None, list[Session]]) -> Iterator[AgentChild]:
    waiting = [(child, 1) for child in reversed(below.get(parent_id, ()))]
    seen = set()
    while waiting:
        child, depth = waiting.pop()
        if child.root_id in seen:
            continue
        seen.add(child.root_id)
        yield AgentChild(child, depth)
        names = dict.fromkeys((child.id, child.root_id))
        waiting += [(one, depth + 1) for name in names for one in reversed(below.get(name, ()))]


# -- compressions, processes, history


def _compressions(locks: Rows, proc: Proc, now: datetime) -> Iterator[CompressionNow]:
    for row in locks:
        expires_at = instant(row["expires_at"])
        if expires_at is None or expires_at <= now:
            continue
        match = _HOLDER_PID.search(text(row["holder"]) or "")
        pid = int(match[1]) if match else None
        yield CompressionNow(
            session_id=text(row["session_id"]) or "",
            session_title=None,
            since=instant(row["acquired_at"]),
            expires_at=expires_at,
            pid=pid,
            is_process_gone=pid is not None and proc.is_gone(pid),
        )


def _processes(
    background: Any, background_alive: Processes, surfaces: Any, writers: Writers | None, proc: Proc
) -> list[AgentProcess]:
    """All of them, background ones first, then open chats, then writers."""
    return [
        *_background(background, background_alive, proc),
        *_surfaces(surfaces, proc),
        *_writers(writers, proc),
    ]


def _background(written: Any, alive: Processes, proc: Proc) -> Iterator[AgentProcess]:
    for entry in written if isinstance(written, list) else []:
        if not isinstance(entry, Mapping):
            continue
        pid = _pid(entry.get("pid"))
        is_sandboxed = (_words(entry.get("pid_scope"), LABEL_CHARS) or "host") != "host"
        is_alive = None if is_sandboxed else alive.is_alive(pid, entry.get("host_start_time"))
        facts = proc.facts(pid) if pid is not None and is_alive else None
        patterns = entry.get("watch_patterns")
        yield AgentProcess(
            kind="background",
            id=_words(entry.get("session_id"), LABEL_CHARS),
            pid=pid,
            is_alive=is_alive,
            is_sandboxed=is_sandboxed,
            started_at=instant(entry.get("started_at")),
            session_id=_words(entry.get("task_id"), LABEL_CHARS),
            session_title=None,
            surface=None,
            cwd=_words(entry.get("cwd"), GOAL_CHARS),
            memory_bytes=facts.memory_bytes if facts else None,
            notifies=bool(entry.get("notify_on_complete")),
            watches=len(patterns) if isinstance(patterns, list) else 0,
        )


def _surfaces(written: Any, proc: Proc) -> Iterator[AgentProcess]:
    entries = written.get("entries") if isinstance(written, Mapping) else written
    for entry in entries if isinstance(entries, list) else []:
        if not isinstance(entry, Mapping):
            continue
        pid = _pid(entry.get("pid"))
        facts = proc.facts(pid) if pid is not None else None
        began = instant(entry.get("process_start_time"))
        is_alive: bool | None = None
        if facts is not None and began is not None:
            is_alive = abs(facts.started_at - began) < _START_TOLERANCE
        elif pid is not None and proc.is_gone(pid):
            is_alive = False
        yield AgentProcess(
            kind="surface",
            id=_words(entry.get("lease_id"), LABEL_CHARS),
            pid=pid,
            is_alive=is_alive,
            is_sandboxed=False,
            started_at=instant(entry.get("started_at")),
            session_id=_words(entry.get("session_id"), LABEL_CHARS),
            session_title=None,
            surface=_words(entry.get("surface"), LABEL_CHARS),
            cwd=None,
            memory_bytes=facts.memory_bytes if facts and is_alive else None,
            notifies=False,
            watches=0,
        )


def _writers(writers: Writers | None, proc: Proc) -> Iterator[AgentProcess]:
    for writer in sorted(writers.processes if writers else (), key=lambda one: (one.started_at, one.pid)):
        facts = proc.facts(writer.pid)
        yield AgentProcess(
            kind="writer",
            id=None,
            pid=writer.pid,
            is_alive=True,
            is_sandboxed=False,
            started_at=writer.started_at,
            session_id=None,
            session_title=None,
            surface=None,
            cwd=None,
            memory_bytes=facts.memory_bytes if facts else None,
            notifies=False,
            watches=0,
        )


def _of_session(process: AgentProcess, titles: Mapping[str, str | None]) -> AgentProcess:
    """With the session's title; what names none that there is belongs to none."""
    known = process.session_id if process.session_id in titles else None
    return replace(process, session_id=known, session_title=titles.get(known or ""))


def _spawn_trees(files: FoundFiles) -> list[SpawnTree]:
    """Those in the indexes, the newest first; a line that is not there from its beginning is no object."""
    entries = (_json(line) for file in files.files for line in (file.text or "").splitlines())
    found = [
        SpawnTree(
            session_id=_words(entry.get("session_id"), LABEL_CHARS) or "",
            session_title=None,
            label=_words(entry.get("label"), LABEL_CHARS),
            subagents=count(entry.get("count")),
            started_at=instant(entry.get("started_at")),
            finished_at=instant(entry.get("finished_at")),
        )
        for entry in entries
        if isinstance(entry, Mapping)
    ]
    return sorted(found, key=_finished, reverse=True)


def _finished(tree: SpawnTree) -> datetime:
    return tree.finished_at or datetime.min.replace(tzinfo=UTC)


# -- what others wrote


@lru_cache(REMEMBERED_EVENTS)
def _mapping(written: str | None) -> Row:
    """A JSON object; what is none is empty. Remembered: results are long, and asked for after each commit."""
    found = _json(written)
    if found is None and written is not None and len(written) >= EVENT_CHARS:
        return _begun(written)
    return found if isinstance(found, Mapping) else {}


def _begun(written: str) -> Row:
    """What stands complete in the beginning of a JSON object that is too long to be read whole."""
    found: dict[str, Any] = {}
    at = written.find("{") + 1
    while (key := _next(written, at)) is not None and isinstance(key[0], str):
        at = _next_of(written, key[1], ":")
        value = _next(written, at)
        if value is None and written[at : at + 1] == "[":
            # Of the list that is cut its first elements.
            elements, at = [], at + 1
            while (one := _next(written, at)) is not None:
                elements.append(one[0])
                at = _next_of(written, one[1], ",")
            found[key[0]] = elements
        if value is None:
            break
        found[key[0]] = value[0]
        at = _next_of(written, value[1], ",")
    return found


def _next(written: str, at: int) -> tuple[Any, int] | None:
    """The JSON value that begins there, and where it ends."""
    try:
        return _DECODER.raw_decode(written, _next_of(written, at, ""))
    except (ValueError, RecursionError):
        return None


def _next_of(written: str, at: int, sign: str) -> int:
    """Where it goes on after this sign and the space around it."""
    at = _SPACE.match(written, at).end()  # type: ignore[union-attr]
    if sign and written.startswith(sign, at):
        at += 1
    return _SPACE.match(written, at).end()  # type: ignore[union-attr]


_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\r\n]*")


def _json(written: str | None) -> Any:
    try:
        return json.loads(written or "null")
    except (ValueError, RecursionError, TypeError):
        return None


def _local(written: Any) -> datetime | None:
    """A time of Hermes' machine without a zone, as the manifest has it."""
    try:
        return datetime.fromisoformat(str(written)).astimezone(UTC) if written else None
    except (ValueError, OverflowError):
        return None


def _between(start: datetime | None, end: datetime | None) -> float | None:
    return None if start is None or end is None else max(0.0, (end - start).total_seconds())


def _pid(written: Any) -> int | None:
    is_number = isinstance(written, int) and not isinstance(written, bool)
    return written if is_number and 0 < written < 2**31 else None


def _words(written: Any, chars: int) -> str | None:
    """A text that is short enough; None for nothing, or something else."""
    if written is None or isinstance(written, (Mapping, list)):
        return None
    return str(written).strip()[:chars] or None


# -- frames


def _fill_delegations(
    delegations: Rows,
    owners: Processes,
    manifests: FoundFiles,
    transcripts: Logs,
    writers: Writers | None,
    args: FrameArguments,
) -> dict[str, list[Any]]:
    given = _delegations(delegations, owners, manifests, transcripts, writers)
    found = [one for one in given if args.holds(one.started_at)][: args.limit]
    special: dict[str, list[Any]] = {
        "goals": [[task.goal for task in one.tasks] for one in found],
        "completed_tasks": [
            sum(task.status in ("completed", "success") for task in one.tasks) for one in found
        ],
    }
    return {
        column.name: special.get(column.name) or [getattr(one, column.name, None) for one in found]
        for column in DELEGATION_COLUMNS
    }


def _fill_processes(
    background: Any,
    background_alive: Processes,
    surfaces: Any,
    writers: Writers | None,
    proc: Proc,
    args: FrameArguments,
) -> dict[str, list[Any]]:
    every = _processes(background, background_alive, surfaces, writers, proc)
    found = [one for one in every if args.holds(one.started_at)][: args.limit]
    return {column.name: [getattr(one, column.name) for one in found] for column in PROCESS_COLUMNS}


def _fill_spawn_trees(spawn_trees: FoundFiles, args: FrameArguments) -> dict[str, list[Any]]:
    found = [one for one in _spawn_trees(spawn_trees) if args.holds(one.finished_at)][: args.limit]
    return {column.name: [getattr(one, column.name) for one in found] for column in SPAWN_TREE_COLUMNS}


DELEGATION_COLUMNS = (
    Column(
        "id", "text", "Hermes' id", is_identifier=True, source="state.db: async_delegations.delegation_id"
    ),
    Column("is_background", "boolean", "The conversation went on meanwhile", source="computed"),
    Column("state", "category", "running, finalizing, completed, error, interrupted or unknown"),
    Column("is_lost", "boolean", "Unfinished, and its process is gone", source="computed"),
    Column(
        "parent_id",
        "text",
        "The session that gave it",
        is_identifier=True,
        source="state.db: async_delegations.parent_session_id",
    ),
    Column(
        "goal",
        "text",
        f"All of it, cut to {GOAL_CHARS} characters",
        source="state.db: async_delegations.task_json: goal",
    ),
    Column("goals", "texts", "Task by task", source="state.db: async_delegations.task_json: goals"),
    Column("total_tasks", "integer", "How many tasks it has", source="computed"),
    Column("completed_tasks", "integer", "How many of them were completed", source="computed"),
    Column(
        "model", "category", "The subagents' model", source="state.db: async_delegations.event_json: model"
    ),
    Column("started_at", "instant", "When it was given", source="state.db: async_delegations.dispatched_at"),
    Column(
        "ended_at", "instant", "When its result was there", source="state.db: async_delegations.completed_at"
    ),
    Column("duration_s", "number", "From its start to its end", unit="s", source="computed"),
    Column(
        "api_calls",
        "integer",
        "Calls of the model",
        source="state.db: async_delegations.event_json: api_calls",
    ),
    Column("error", "text", "What went wrong", source="state.db: async_delegations.event_json: error"),
    Column(
        "delivery",
        "category",
        "pending, or delivered into the conversation",
        source="state.db: async_delegations.delivery_state",
    ),
    Column("delivery_attempts", "integer", "How often that was tried"),
    Column("delivered_at", "instant", "When it came back"),
    Column("owner_pid", "integer", "The process that ran it"),
    Column(
        "is_owner_alive",
        "boolean",
        "Of an unfinished one: its process lives; missing: unknown",
        source="/proc",
    ),
)

PROCESS_COLUMNS = (
    Column(
        "kind",
        "category",
        "background, surface (an open chat) or writer (it has state.db open)",
        source="computed",
    ),
    Column("id", "text", "Hermes' id of a background process or an open chat", is_identifier=True),
    Column("pid", "integer", "Its number"),
    Column("is_alive", "boolean", "By number and start; missing: unknown", source="/proc"),
    Column("is_sandboxed", "boolean", "It runs in a sandbox: its number means nothing here"),
    Column("started_at", "instant", "When it started"),
    Column("session_id", "text", "The task or session that it belongs to", is_identifier=True),
    Column("surface", "category", "Of an open chat: cli, tui, gateway, …"),
    Column("cwd", "text", "Of a background process: its working directory", is_identifier=True),
    Column("memory_bytes", "integer", "Resident memory, while it lives", unit="bytes", source="/proc"),
)

SPAWN_TREE_COLUMNS = (
    Column("session_id", "text", "The session", is_identifier=True),
    Column("label", "text", "What it was about"),
    Column("subagents", "integer", "How many subagents it had", source="spawn-trees/*/_index.jsonl: count"),
    Column("started_at", "instant", "When the first of them began"),
    Column("finished_at", "instant", "When all had ended"),
)

DELEGATIONS = Table(
    "state.db",
    "async_delegations",
    (
        "delegation_id",
        "parent_session_id",
        "state",
        "dispatched_at",
        "completed_at",
        "event_json",
        "delivery_state",
        "delivery_attempts",
        "delivered_at",
        "owner_pid",
        "owner_started_at",
        "task_json",
    ),
    order=("-dispatched_at",),
    # Hermes keeps 50 finished ones. Not `by_content`: what came of them is long, the panel reads the sessions anyway,
    # and so nothing is read of it unless somebody looks.
    limit=200,
    cut_chars=EVENT_CHARS,
)
BACKGROUND = Json("processes.json")

PANEL = Panel(
    "agents",
    "Agents",
    collect,
    titles={"zh": "智能体"},
    icon="agents",
    group="now",
    query=AgentsQuery,
    frames=(
        Frame(
            "delegations",
            DELEGATION_COLUMNS,
            _fill_delegations,
            time="started_at",
            about="One row for each delegation that Hermes still keeps: unfinished ones first, then those begun last. "
            "The subagents' sessions are in `sessions`, with kind=subagent",
            source="state.db: async_delegations",
        ),
        Frame(
            "processes",
            PROCESS_COLUMNS,
            _fill_processes,
            time="started_at",
            about="One row for each background process, open chat, and process that has state.db open for writing",
            source="processes.json",
        ),
        Frame(
            "spawn_trees",
            SPAWN_TREE_COLUMNS,
            _fill_spawn_trees,
            time="finished_at",
            about="One row for each turn in the terminal interface that had subagents, the newest first: those in the last"
            " 256 KiB of the 50 indexes written last",
            source="spawn-trees/*/_index.jsonl",
        ),
    ),
    view=view("agents"),
    state=StateDb(),
    writers=WritersOf(),
    delegations=DELEGATIONS,
    owners=Alive(
        Table(
            DELEGATIONS.path,
            DELEGATIONS.table,
            ("owner_pid", "owner_started_at", "state"),
            where=("state", RUNNING),
            by_content=True,
        ),
        pid="owner_pid",
        started="owner_started_at",
    ),
    manifests=Folder("cache/delegation/live", "*/manifest.json", read_bytes=65_536),
    transcripts=Tail("cache/delegation/live"),
    locks=Table(
        "state.db",
        "compression_locks",
        ("session_id", "holder", "acquired_at", "expires_at"),
        order=("acquired_at",),
        limit=50,
        by_content=True,
    ),
    background=BACKGROUND,
    background_alive=Alive(BACKGROUND, started="host_start_time", where=("pid_scope", ("host",))),
    surfaces=Json("runtime/active_sessions.json"),
    # Hermes appends to an index, and never shortens it.
    spawn_trees=Folder(
        "spawn-trees", "*/_index.jsonl", most=INDEXES_READ, read_bytes=INDEX_BYTES, read_end=True
    ),
    moa=Folder("moa-traces", "*.jsonl"),
    proc=System(),
)
