"""The projects: what was worked in which directory, and how its git checkout stands now."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

from hermes_hud_widget.frames import Column, Frame, FrameArguments
from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.ledger.ledger import Ledger
from hermes_hud_widget.ledger.rows import Cost, Tokens
from hermes_hud_widget.ledger.values import instant, moment, text
from hermes_hud_widget.ledger.whereabouts import Whereabout, Work, together
from hermes_hud_widget.panel import Panel, Payload, Until
from hermes_hud_widget.place import Place, shown
from hermes_hud_widget.sources import Checkout, Checkouts, HomeName, Repositories, Rows, StateDb, Table
from hermes_hud_widget.sources.git import LIMIT_S
from hermes_hud_widget.sources.repositories import READ_AGAIN
from hermes_hud_widget.views import view

PROJECTS_SHOWN = 100
CHECKOUTS_READ = 40
"""Of so many directories git is asked: those where something happened last."""
WAIT_S, FRAME_WAIT_S = 0.25, 2 * LIMIT_S
"""How long the panel and the frame wait for git. The panel shows the rest when it is there."""
TEXT_CHARS = 500
REMEMBERED = 8_192
"""Of so many directories is kept how their paths are taken apart, and whose they are."""

_KANBAN = re.compile(r"^(.*)[/\\]\.worktrees[/\\]t_[0-9a-f]+[/\\]?$")
_WORKTREE = re.compile(r"^(.+)-wt-(.+)$")

Kind = Literal["project", "repository", "folder"]


@frozen
class ProjectGit:
    """How a directory's git checkout stands (`git`, read only while somebody looks).

    Attributes:
        read_at: When it was read.
        root: The checkout's top directory, with the user's directory as `~`.
        kind: What the checkout is.
        branch: The branch that is checked out; None: none is (detached).
        commit: The newest commit's name, its first ten characters; None: there is none.
        commit_at: When it was committed.
        subject: The first line of its message.
        changed: Tracked files that differ from it; None: not known.
        conflicts: How many of them are in conflict.
        untracked: Files and directories that git does not know; None: not known.
        upstream: The branch elsewhere that this one follows, as last fetched.
        ahead: Commits that the upstream lacks; None: no upstream, or not known.
        behind: Commits that only the upstream has.
        worktrees: Further checkouts of the repository.
        submodules: Repositories within it.
        problem: What could not be found out, in words.
    """

    read_at: datetime
    root: str
    kind: Literal["repository", "worktree", "submodule"]
    branch: str | None
    commit: str | None
    commit_at: datetime | None
    subject: str | None
    changed: int | None
    conflicts: int
    untracked: int | None
    upstream: str | None
    ahead: int | None
    behind: int | None
    worktrees: int
    submodules: int
    problem: str | None


@frozen
class ProjectFolder:
    """A folder of a project (`project_folders`), with the user's directory as `~`."""

    path: str
    label: str | None
    is_primary: bool


@frozen
class Project:
    """One project, or a directory that belongs to none.

    Attributes:
        id: The project's id (`projects.id`); the path of what is none.
        kind: `project`: of Hermes' (`projects.db`); `repository`: a git repository in which sessions worked, or which
            Hermes has found; `folder`: a directory without one.
        slug: Its short name.
        color: As somebody chose it, such as `#aabbcc`.
        board: The kanban board that belongs to it.
        is_current: True for the one that Hermes works in (`hermes project use`).
        path: Its main folder, with the user's directory as `~`.
        directory: The same as Hermes writes it, by which the sessions panel knows it.
        exists: False if that is not there any more; None: not looked, or it does not answer.
        folders: Of a project.
        sessions: Conversations whose working directory is in it.
        tokens: Of these and all that was delegated from them.
        last_active: Of any of its sessions.
        git: Of its main folder; None: it is no repository, or it was not looked.
        is_git_pending: True while git is asked for the first time.
    """

    id: str
    kind: Kind
    name: str
    slug: str | None
    description: str | None
    color: str | None
    board: str | None
    is_current: bool
    created_at: datetime | None
    path: str | None
    directory: str | None
    exists: bool | None
    folders: tuple[ProjectFolder, ...]
    sessions: int
    tokens: Tokens
    cost: Cost
    last_active: datetime | None
    git: ProjectGit | None
    is_git_pending: bool


class Projects(Payload):
    """What the projects panel shows.

    Attributes:
        projects: The current one first, then those where something happened last; at most 100.
        total: How many there are.
        archived: How many projects are put away, and not shown.
        elsewhere_sessions: Conversations without a directory, or in the user's or Hermes' own.
        elsewhere_tokens: Of these.
        elsewhere_cost: Of these.
        git_read: Of how many directories git was asked at most.
    """

    projects: tuple[Project, ...]
    total: int
    archived: int
    elsewhere_sessions: int
    elsewhere_tokens: Tokens
    elsewhere_cost: Cost
    git_read: int

    def is_empty(self) -> bool:
        return not (self.projects or self.archived or self.elsewhere_sessions)


class _Found(NamedTuple):
    """A project and what was done there, before git is asked."""

    id: str
    kind: Kind
    name: str
    path: str | None
    row: Mapping[str, Any]
    folders: tuple[ProjectFolder, ...]
    work: Work
    is_current: bool
    seen_at: datetime | None


class _All(NamedTuple):
    found: tuple[_Found, ...]
    archived: tuple[_Found, ...]
    elsewhere: Work


def collect(
    projects: Rows,
    folders: Rows,
    meta: Rows,
    discovered: Rows,
    state: Ledger | None,
    git: Checkouts,
    place: Place,
    now: datetime,
) -> Projects | Until:
    """What was worked where, and how git stands there."""
    every = _all(projects, folders, meta, discovered, state, place)
    listed = every.found[:PROJECTS_SHOWN]
    asked = _paths(listed)
    checkouts = git.look(asked, now, WAIT_S)
    pending = frozenset(asked) - checkouts.keys()
    panel = Projects(
        projects=tuple(_project(one, checkouts, pending) for one in listed),
        total=len(every.found),
        archived=len(every.archived),
        elsewhere_sessions=every.elsewhere.conversations,
        elsewhere_tokens=every.elsewhere.spent.tokens(),
        elsewhere_cost=every.elsewhere.spent.cost(),
        git_read=CHECKOUTS_READ,
    )
    oldest = min((found.read_at for found in checkouts.values()), default=None)
    return Until(panel, None if oldest is None else max(now, oldest) + READ_AGAIN)


def _paths(listed: Sequence[_Found]) -> list[str]:
    """The directories of which git is asked."""
    return list(dict.fromkeys(one.path for one in listed if one.path is not None))[:CHECKOUTS_READ]


# -- whose session it is (`tui_gateway/project_tree.py`)


def _all(
    projects: Rows, folders: Rows, meta: Rows, discovered: Rows, state: Ledger | None, place: Place
) -> _All:
    """All projects, with what was done in each."""
    rows = [row for row in projects if text(row["id"])]
    folders_of: dict[str, list[Mapping[str, Any]]] = {}
    for folder in folders:
        folders_of.setdefault(text(folder["project_id"]) or "", []).append(folder)
    shown_rows = [row for row in rows if not row["archived"]]
    index = _index(
        tuple(
            (text(row["id"]) or "", text(folder["path"]) or "")
            for row in shown_rows
            for folder in folders_of.get(text(row["id"]) or "", ())
        )
    )
    works: dict[str, list[Work]] = {}
    by_directory: dict[str, tuple[str, list[Work]]] = {}
    repositories: set[str] = set()
    elsewhere: list[Work] = []
    junk = _Junk(place)
    for where, work in (state.work() if state else {}).items():
        owner = index.owner(where)
        directory = None if owner else _directory(where, junk)
        if owner is not None:
            works.setdefault(owner, []).append(work)
        elif directory is not None:
            key = _key(directory)
            by_directory.setdefault(key, (directory, []))[1].append(work)
            if where.repository:
                repositories.add(key)
        else:
            elsewhere.append(work)
    active_id = next((text(row["value"]) for row in meta if row["key"] == "active_id"), None)
    own = [_own(row, folders_of, works, active_id) for row in rows]
    found = [one for one in own if not one.row["archived"]]
    labels = {_key(text(row["root"]) or ""): row for row in discovered}
    repositories |= labels.keys()
    for key, (path, parts) in by_directory.items():
        kind: Kind = "repository" if key in repositories else "folder"
        work = parts[0] if len(parts) == 1 else together(parts)
        found.append(_other(path, kind, work, labels.get(key)))
    for key, row in labels.items():
        root = text(row["root"]) or ""
        if (
            root
            and key not in by_directory
            and not index.owner(Whereabout(root, None))
            and not junk.holds(root)
        ):
            found.append(_other(root, "repository", together([]), row))
    found = _told_apart(found)
    found.sort(key=lambda one: (not one.is_current, -one.work.last, -_epoch(one.seen_at), one.name))
    return _All(tuple(found), tuple(one for one in own if one.row["archived"]), together(elsewhere))


class _Index:
    """Which project a directory belongs to: the one with the folder that is nearest above it."""

    def __init__(self, folders: Iterable[tuple[str, str]]) -> None:
        self._owners: dict[str, str] = {}
        for owner, path in folders:
            if key := _key(path):
                self._owners.setdefault(key, owner)
        # Collected with every commit, while the directories stay where they are.
        self.owner = lru_cache(REMEMBERED)(self._owner)

    def _owner(self, where: Whereabout) -> str | None:
        """The project's id; None: it belongs to none, as does what has no working directory."""
        if where.cwd is None or not where.cwd.strip():
            return None
        best: tuple[int, str] | None = None
        for path in (where.cwd, where.repository):
            segments = _segments(path or "")
            for end in range(len(segments), 0, -1):
                owner = self._owners.get("/".join(segments[:end]))
                if owner is not None:
                    if best is None or end > best[0]:
                        best = (end, owner)
                    break
        return best[1] if best else None


@lru_cache(8)
def _index(folders: tuple[tuple[str, str], ...]) -> _Index:
    return _Index(folders)


class _Junk:
    """What Hermes makes no project of: the user's own directory, and what lies in Hermes' home."""

    def __init__(self, place: Place) -> None:
        # Compared as they are written: to ask the file system may wait for a network drive.
        self._homes = {_key(path) for path in (str(place.path), os.path.realpath(place.path))}
        self._user = {_key(path) for path in _user_directories()}

    def holds(self, path: str, *, with_folders_below: bool = True) -> bool:
        """True for such a directory.

        Args:
            path: The directory.
            with_folders_below: Also for what lies below Hermes' home.
        """
        key = _key(path)
        is_below = with_folders_below and any(key.startswith(f"{home}/") for home in self._homes)
        return key in self._homes or key in self._user or is_below


def _user_directories() -> Iterator[str]:
    try:
        home = Path.home()
    except RuntimeError:
        return
    yield from (str(home), os.path.realpath(home))


def _directory(where: Whereabout, junk: _Junk) -> str | None:
    """The directory that a session without a project counts to; None: to none."""
    if where.repository:
        return None if junk.holds(where.repository) else where.repository
    if not where.cwd or not where.cwd.strip() or junk.holds(where.cwd, with_folders_below=False):
        return None
    path = where.cwd.rstrip("/\\") or where.cwd
    if found := _KANBAN.match(path):
        return found[1]
    above, separator, name = path.rpartition("/")
    if found := _WORKTREE.match(name):
        return f"{above}{separator}{found[1]}"
    return path if _segments(path) else None


@lru_cache(REMEMBERED)
def _segments_as_written(path: str) -> tuple[str, ...]:
    return tuple(segment for segment in re.split(r"[/\\]", path) if segment)


@lru_cache(REMEMBERED)
def _segments(path: str) -> tuple[str, ...]:
    segments = _segments_as_written(path.strip())
    is_windows = bool(re.match(r"[A-Za-z]:[/\\]", path)) or path.startswith(("\\", "//"))
    return tuple(segment.casefold() for segment in segments) if is_windows else segments


@lru_cache(REMEMBERED)
def _key(path: str) -> str:
    return "/".join(_segments(path))


def _own(
    row: Mapping[str, Any],
    folders_of: Mapping[str, Sequence[Mapping[str, Any]]],
    works: Mapping[str, Sequence[Work]],
    active_id: str | None,
) -> _Found:
    id = text(row["id"]) or ""
    rows = sorted(folders_of.get(id, ()), key=lambda one: not one["is_primary"])
    folders = tuple(
        ProjectFolder(shown(Path(text(one["path"]) or "")), text(one["label"]), bool(one["is_primary"]))
        for one in rows
    )
    path = text(row["primary_path"]) or next((text(one["path"]) for one in rows), None)
    name = text(row["name"]) or text(row["slug"]) or id
    return _Found(
        id,
        "project",
        name,
        path,
        row,
        folders,
        together(works.get(id, ())),
        id == active_id,
        instant(row["created_at"]),
    )


_NO_ROW: Mapping[str, Any] = dict.fromkeys(
    ("slug", "description", "color", "board_slug", "created_at", "archived")
)


def _other(path: str, kind: Kind, work: Work, discovered: Mapping[str, Any] | None) -> _Found:
    segments = _segments_as_written(path)
    name = (text(discovered["label"]) if discovered else None) or (segments[-1] if segments else path)
    seen_at = instant(discovered["last_seen"]) if discovered else None
    return _Found(path, kind, name, path, _NO_ROW, (), work, False, seen_at)


def _told_apart(found: Sequence[_Found]) -> list[_Found]:
    """With as much of its path before the name of each that is no project as tells it from the others."""
    sharing: dict[str, list[Sequence[str]]] = {}
    for one in found:
        if one.kind != "project":
            sharing.setdefault(one.name, []).append(_segments(one.id))
    depths = {name: _depth(paths) for name, paths in sharing.items() if len(paths) > 1}
    named: list[_Found] = []
    for one in found:
        if one.kind == "project" or one.name not in depths:
            named.append(one)
            continue
        named.append(one._replace(name="/".join(_segments_as_written(one.id)[-depths[one.name] :])))
    return named


def _depth(paths: Sequence[Sequence[str]]) -> int:
    """Of all that share a name the longest ending that is needed, as Hermes' desktop has it."""
    longest = max(map(len, paths))
    for depth in range(2, longest + 1):
        endings: set[tuple[str, ...]] = set()
        for path in paths:
            ending = tuple(path[-depth:])
            if ending in endings:
                break
            endings.add(ending)
        else:
            return depth
    return longest


def _epoch(at: datetime | None) -> float:
    return 0.0 if at is None else at.timestamp()


# -- what is shown of it


def _project(found: _Found, checkouts: Mapping[str, Checkout], pending: Collection[str]) -> Project:
    row, work = found.row, found.work
    checkout = checkouts.get(found.path or "")
    return Project(
        id=found.id,
        kind=found.kind,
        name=found.name[:TEXT_CHARS],
        slug=text(row["slug"]),
        description=text(row["description"]),
        color=text(row["color"]),
        board=text(row["board_slug"]),
        is_current=found.is_current,
        created_at=instant(row["created_at"]),
        path=None if found.path is None else shown(Path(found.path)),
        directory=found.path,
        exists=None if checkout is None else checkout.exists,
        folders=found.folders,
        sessions=work.conversations,
        tokens=work.spent.tokens(),
        cost=work.spent.cost(),
        last_active=_last_active(work),
        git=None if checkout is None else _git(checkout),
        is_git_pending=found.path is not None and found.path in pending,
    )


def _last_active(work: Work) -> datetime | None:
    return moment(work.last) if work.last > float("-inf") else None


def _git(checkout: Checkout) -> ProjectGit | None:
    repository = checkout.repository
    if repository is None:
        return None
    commit = repository.commit
    return ProjectGit(
        read_at=checkout.read_at,
        root=shown(Path(repository.root)),
        kind=repository.kind,
        branch=repository.branch,
        commit=commit.id[:10] if commit else None,
        commit_at=commit.at if commit else None,
        subject=commit.subject if commit else None,
        changed=repository.changed,
        conflicts=repository.conflicts,
        untracked=repository.untracked,
        upstream=repository.upstream,
        ahead=repository.ahead,
        behind=repository.behind,
        worktrees=repository.worktrees,
        submodules=repository.submodules,
        problem=repository.problem,
    )


# -- the frame

_GIT_COLUMNS = (
    Column("branch", "text", "The branch that is checked out", is_identifier=True, source="git"),
    Column("changed", "integer", "Tracked files that differ from the last commit", source="git"),
    Column("untracked", "integer", "Files and directories that git does not know", source="git"),
    Column("ahead", "integer", "Commits that the upstream lacks", source="git"),
    Column("behind", "integer", "Commits that only the upstream has, as last fetched", source="git"),
    Column("commit_at", "instant", "When the newest commit was made", source="git"),
    Column("commit_subject", "text", "Its message's first line", source="git"),
    Column("git_problem", "text", "What git could not find out", source="git"),
    Column("git_read_at", "instant", "When git was asked; missing: it was not, or there is no repository"),
)


def fill(
    projects: Rows,
    folders: Rows,
    meta: Rows,
    discovered: Rows,
    state: Ledger | None,
    git: Checkouts,
    place: Place,
    args: FrameArguments,
    now: datetime,
) -> dict[str, list[Any]]:
    """One row for each project, archived ones too, and each directory that belongs to none."""
    every = _all(projects, folders, meta, discovered, state, place)
    listed = [one for one in (*every.found, *every.archived) if args.holds(_last_active(one.work))][
        : args.limit
    ]
    wanted = args.columns or FRAME.column_names
    asks_git = any(column.name in wanted for column in _GIT_COLUMNS)
    checkouts = git.look(_paths(listed), now, FRAME_WAIT_S) if asks_git else {}
    rows = [(one, _project(one, checkouts, ())) for one in listed]
    made: dict[str, list[Any]] = {
        "project": [one.id for one, _ in rows],
        "kind": [one.kind for one, _ in rows],
        "name": [one.name for one, _ in rows],
        "path": [one.path for one, _ in rows],
        "folders": [_folders(folders, one) for one, _ in rows],
        "is_current": [one.is_current for one, _ in rows],
        "archived": [bool(one.row["archived"]) for one, _ in rows],
        "created_at": [project.created_at for _, project in rows],
        "last_active": [project.last_active for _, project in rows],
        "sessions": [project.sessions for _, project in rows],
        **{
            f"{kind}_tokens": [getattr(project.tokens, kind) for _, project in rows]
            for kind in ("input", "output", "cache_read", "cache_write", "reasoning")
        },
        "cost_usd": [project.cost.usd for _, project in rows],
        "cost_status": [project.cost.status for _, project in rows],
        **{
            name: [getattr(project.git, field, None) for _, project in rows]
            for name, field in (
                *(
                    (name, name)
                    for name in ("branch", "changed", "untracked", "ahead", "behind", "commit_at")
                ),
                ("commit_subject", "subject"),
                ("git_problem", "problem"),
                ("git_read_at", "read_at"),
            )
        },
    }
    return {name: made[name] for name in wanted}


def _folders(folders: Rows, project: _Found) -> list[str]:
    if project.kind != "project":
        return [project.id]
    return [text(row["path"]) or "" for row in folders if text(row["project_id"]) == project.id]


FRAME = Frame(
    "projects",
    (
        Column("project", "text", "The project's id; the path of what is none", is_identifier=True),
        Column("kind", "category", "`project`, `repository` or `folder`"),
        Column("name", "text", "Its name"),
        Column("path", "text", "Its main folder", is_identifier=True),
        Column("folders", "texts", "All its folders", is_identifier=True),
        Column("is_current", "boolean", "The one that Hermes works in"),
        Column("archived", "boolean", "Put away"),
        Column("created_at", "instant", "When it was made"),
        Column("last_active", "instant", "The last activity of its sessions"),
        Column("sessions", "integer", "Conversations whose working directory is in it"),
        Column("input_tokens", "integer", "Input, without the cache; of delegated sessions, too", "tokens"),
        Column("output_tokens", "integer", "Output", "tokens"),
        Column("cache_read_tokens", "integer", "Read from the cache", "tokens"),
        Column("cache_write_tokens", "integer", "Written to the cache", "tokens"),
        Column("reasoning_tokens", "integer", "Reasoning, part of the output", "tokens"),
        Column("cost_usd", "number", "What is known of its cost", "USD"),
        Column("cost_status", "category", "What kind of figure that is"),
        *_GIT_COLUMNS,
    ),
    fill,
    time="last_active",
    about="One project of Hermes', or one directory with sessions that belongs to none",
    source="projects.db, state.db: sessions",
)

PROJECTS = Table(
    "projects.db",
    "projects",
    (
        "id",
        "slug",
        "name",
        "description",
        "color",
        "board_slug",
        "primary_path",
        "created_at",
        "archived",
    ),
    order=("created_at",),
    limit=500,
    cut_chars=TEXT_CHARS,
    by_content=True,
)
FOLDERS = Table(
    "projects.db",
    "project_folders",
    ("project_id", "path", "label", "is_primary", "added_at"),
    order=("added_at",),
    limit=2_000,
    by_content=True,
)
META = Table("projects.db", "project_meta", ("key", "value"), limit=50, cut_chars=TEXT_CHARS, by_content=True)
DISCOVERED = Table(
    "projects.db",
    "discovered_repos",
    ("root", "label", "last_seen"),
    order=("-last_seen",),
    limit=500,
    by_content=True,
)

PANEL = Panel(
    "projects",
    "Projects",
    collect,
    titles={"zh": "项目"},
    icon="folder",
    group="history",
    since="0.16",
    frames=(FRAME,),
    view=view("projects"),
    projects=PROJECTS,
    folders=FOLDERS,
    meta=META,
    discovered=DISCOVERED,
    state=StateDb(),
    git=Repositories(),
    place=HomeName(),
)
