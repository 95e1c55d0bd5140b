"""What git knows of a repository, without running anything that the repository, or anybody's configuration, names.

A repository's configuration may name programs that run with the most harmless command: `core.fsmonitor`, filters
(`filter.*.clean` runs with `git status`), hooks, helpers of remotes that are asked for missing objects. So git never
works in the repository's own directory here: it gets a private one, outside of everything, with a configuration that is
written here and names nothing, a copy of the index, and the repository's objects to read. What decides whether a file
counts as changed (`core.autocrlf`, `core.filemode` and the like) is taken over value by value.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.ledger.descriptor import NotRegularError, open_for_reading
from hermes_hud_widget.ledger.values import instant
from hermes_hud_widget.redact import encodable

LIMIT_S = 5.0
"""So long git may take for one repository."""
SUBJECT_CHARS = 200
MAX_OUTPUT_BYTES = 16 * 1024 * 1024
MAX_SMALL_FILE_BYTES = 1024 * 1024
MAX_INDEX_BYTES = 256 * 1024 * 1024
MAX_PARENTS = 64
MAX_ENTRIES = 1000

Kind = Literal["repository", "worktree", "submodule"]

_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_REF = re.compile(r"refs/[^\0\n~^:?*\[\\]{1,1000}")
_TAKEN_OVER: Mapping[str, re.Pattern[str]] = {
    **dict.fromkeys(
        ("core.filemode", "core.ignorecase", "core.symlinks", "core.precomposeunicode", "core.trustctime"),
        re.compile(r"(?i)true|false|yes|no|on|off|0|1"),
    ),
    "core.autocrlf": re.compile(r"(?i)true|false|input"),
    "core.checkstat": re.compile(r"(?i)default|minimal"),
    "core.eol": re.compile(r"(?i)lf|crlf|native"),
    "extensions.objectformat": re.compile(r"sha1|sha256"),
}
"""What is taken over from a repository's configuration, and what it may say."""


class GitError(Exception):
    """Git could not say it; the text says why, in words for the viewer."""


@frozen
class Commit:
    """One commit.

    Attributes:
        id: Its name, as git spells it.
        at: When it was committed, in UTC.
        subject: The first line of its message, cut to 200 characters.
    """

    id: str
    at: datetime | None
    subject: str


@frozen
class Repository:
    """What git knows of the checkout around a directory.

    Attributes:
        root: The checkout's top directory.
        kind: `worktree` of another repository, `submodule` of another one, or neither.
        branch: The branch that is checked out; None: none is (detached).
        commit: The newest commit of that; None: there is none yet.
        changed: Tracked files that differ from that commit, submodules by their commit only; None: not known.
        conflicts: How many of them are in conflict.
        untracked: Files and directories that git does not know and does not ignore; None: not known.
        upstream: The branch elsewhere that this one follows, as last fetched; None: it follows none.
        ahead: Commits that the upstream lacks; None: there is no upstream, or it is not known.
        behind: Commits that only the upstream has.
        worktrees: Further checkouts of this repository.
        submodules: Repositories within it.
        problem: What could not be found out, in words; None: all could.
    """

    root: str
    kind: Kind
    branch: str | None = None
    commit: Commit | None = None
    changed: int | None = None
    conflicts: int = 0
    untracked: int | None = None
    upstream: str | None = None
    ahead: int | None = None
    behind: int | None = None
    worktrees: int = 0
    submodules: int = 0
    problem: str | None = None


def find_git() -> str | None:
    """Where the program git is; None: it is not installed."""
    return shutil.which("git")


def read_repository(path: Path, git: str | None, limit_s: float = LIMIT_S) -> Repository | None:
    """What git knows of the checkout that a directory lies in; None: it lies in none.

    May block as long as the file system does; git itself is given `limit_s` seconds.

    Args:
        path: The directory.
        git: The program; None: what files alone tell.
        limit_s: How long git may take in all, in seconds.
    """
    layout = _find(path)
    if layout is None:
        return None
    found = Repository(
        root=encodable(str(layout.root)),
        kind=layout.kind,
        worktrees=_count_folders(layout.common / "worktrees"),
        submodules=_count_folders(layout.common / "modules"),
    )
    try:
        for more in _read(layout, found, git, time.monotonic() + limit_s):
            found = more
    except (
        GitError,
        OSError,
        ValueError,
    ) as error:  # ValueError: a path with a NUL, in a file that git would refuse
        return replace(found, problem=_words(error))
    return found


def read_log(objects: Path, tip: str, git: str, limit: int, limit_s: float = LIMIT_S) -> tuple[Commit, ...]:
    """The commits from `tip` back, newest first, at most `limit`.

    Args:
        objects: The directory with the repository's objects.
        tip: A commit's full name.
        git: The program.
        limit: How many.
        limit_s: How long git may take, in seconds.

    Raises:
        GitError: Git could not say.
    """
    if not _ID.fullmatch(tip):
        raise GitError("it names no commit")
    with _Private.made(git, objects, time.monotonic() + limit_s) as private:
        return private.log(tip, limit)


@frozen
class _Layout:
    """Where a checkout's parts lie: `own` are its HEAD and index, `common` what all checkouts share."""

    root: Path
    own: Path
    common: Path
    kind: Kind


def _find(path: Path) -> _Layout | None:
    """The checkout around a directory, by git's rules, but without asking the file system's owner."""
    for folder in (path, *list(path.parents)[:MAX_PARENTS]):
        entry = folder / ".git"
        try:
            mode = entry.stat().st_mode
        except OSError:  # not there, or nothing that may be looked at: then not a repository for us
            continue
        if stat.S_ISDIR(mode):
            if (entry / "HEAD").is_file():
                return _Layout(folder, entry, entry, "repository")
            continue
        named = _small_file(entry)
        if named is None or not named.startswith("gitdir:"):
            continue
        own = folder / named.removeprefix("gitdir:").strip()
        shared = _small_file(own / "commondir")
        if not (own / "HEAD").is_file():
            continue
        if shared is None:
            return _Layout(folder, own, own, "submodule")
        return _Layout(folder, own, own / shared.strip(), "worktree")
    return None


def _read(layout: _Layout, found: Repository, git: str | None, deadline: float) -> Iterator[Repository]:
    """What is known after each step: what comes before one that fails is known all the same."""
    head = (_small_file(layout.own / "HEAD") or "").strip()
    branch = head.removeprefix("ref: refs/heads/") if head.startswith("ref: refs/heads/") else None
    if branch == ".invalid":
        raise GitError("it keeps its branches in a form (reftable) that is not read here")
    tip = _resolve(layout, head)
    found = replace(found, branch=None if branch is None else encodable(branch)[:SUBJECT_CHARS])
    yield found
    if git is None:
        raise GitError("git is not installed here, so its changes are not known")
    settings = _settings(git, layout.common, deadline)
    with _Private.made(git, layout.common / "objects", deadline, layout, tip, settings) as private:
        if tip is not None:
            commits = private.log(tip, 1)
            found = replace(found, commit=commits[0] if commits else None)
            yield found
        found = replace(found, **_upstream(private, layout, branch, tip, settings))
        yield found
        changed, conflicts, untracked = private.status(layout.root)
        yield replace(found, changed=changed, conflicts=conflicts, untracked=untracked)


def _upstream(
    private: _Private,
    layout: _Layout,
    branch: str | None,
    tip: str | None,
    settings: Mapping[str, Sequence[str]],
) -> dict[str, Any]:
    """The branch that this one follows, as `branch.NAME.remote`, `.merge` and the remote's refspecs say."""
    if branch is None:
        return {}
    remote = settings.get(f"branch.{branch}.remote", ("",))[-1]
    merge = settings.get(f"branch.{branch}.merge", ("",))[-1]
    ref = merge if remote == "." else None
    for spec in settings.get(f"remote.{remote}.fetch", ()):
        source, _, target = spec.removeprefix("+").partition(":")
        if source == merge:
            ref = target
        elif source.endswith("*") and merge.startswith(source[:-1]):
            ref = target.removesuffix("*") + merge[len(source) - 1 :]
        if ref:
            break
    if not ref:
        return {}
    name = encodable(ref.removeprefix("refs/remotes/").removeprefix("refs/heads/"))[:SUBJECT_CHARS]
    there = _resolve(layout, f"ref: {ref}")
    if there is None or tip is None:
        return {"upstream": name}
    ahead, behind = private.distance(tip, there)
    return {"upstream": name, "ahead": ahead, "behind": behind}


# -- files


def _resolve(layout: _Layout, content: str, depth: int = 5) -> str | None:
    """The commit that the content of a ref's file means; None: there is none."""
    if _ID.fullmatch(content):
        return content
    name = content.removeprefix("ref: ").strip()
    if depth == 0 or not _REF.fullmatch(name) or ".." in name:
        return None
    for folder in dict.fromkeys((layout.own, layout.common)):
        written = _small_file(folder / name)
        if written is not None:
            return _resolve(layout, written.strip(), depth - 1)
    for line in _lines(layout.common / "packed-refs"):
        if line.endswith(f" {name}") and _ID.fullmatch(line.partition(" ")[0]):
            return line.partition(" ")[0]
    return None


def read_ref(folder: Path, name: str) -> str | None:
    """The commit that a ref of a repository without checkouts points at; None: there is no such ref."""
    return _resolve(_Layout(folder, folder, folder, "repository"), f"ref: {name}")


def _lines(path: Path) -> Iterator[str]:
    try:
        descriptor = open_for_reading(path)
    except (OSError, NotRegularError):
        return
    with os.fdopen(descriptor, encoding="utf-8", errors="replace") as file:
        for line in file:
            yield line.rstrip("\n")


def _small_file(path: Path) -> str | None:
    """The text of a small file; None where there is none. What cannot be read is not there."""
    try:
        descriptor = open_for_reading(path)
    except (OSError, NotRegularError):
        return None
    with os.fdopen(descriptor, "rb") as file:
        return file.read(MAX_SMALL_FILE_BYTES).decode("utf-8", "surrogateescape")


def _count_folders(path: Path) -> int:
    try:
        with os.scandir(path) as entries:
            return min(MAX_ENTRIES, sum(entry.is_dir(follow_symlinks=False) for entry in entries))
    except OSError:
        return 0


# -- git


def _settings(git: str, common: Path, deadline: float) -> Mapping[str, Sequence[str]]:
    """What a repository's own configuration says: read as a file, includes not followed, obeyed by nobody."""
    text = _small_file(common / "config")
    if text is None:
        return {}
    with tempfile.TemporaryDirectory(prefix="hermes-hud-git-") as name:
        copy = Path(name, "config")
        copy.write_text(text, encoding="utf-8", errors="surrogateescape")
        command = [git, "config", "--file", str(copy), "--no-includes", "--null", "--list"]
        output = _run(command, Path(name), _environment(Path(name)), deadline)
    found: dict[str, list[str]] = {}
    for entry in output.split("\0"):
        key, separator, value = entry.partition("\n")
        if key:
            # A name alone means true.
            found.setdefault(key, []).append(value if separator else "true")
    return found


class _Private:
    """A directory of our own in which git works."""

    def __init__(self, git: str, folder: Path, objects: Path, deadline: float) -> None:
        self._git = git
        self._folder = folder
        self._deadline = deadline
        self._environment = {
            **_environment(folder),
            "GIT_DIR": str(folder),
            "GIT_OBJECT_DIRECTORY": str(objects),
            "GIT_INDEX_FILE": str(folder / "index"),
        }

    @classmethod
    @contextmanager
    def made(
        cls,
        git: str,
        objects: Path,
        deadline: float,
        layout: _Layout | None = None,
        tip: str | None = None,
        settings: Mapping[str, Sequence[str]] | None = None,
    ) -> Iterator[_Private]:
        """One that lasts while the context does."""
        with tempfile.TemporaryDirectory(prefix="hermes-hud-git-") as name:
            folder = Path(name)
            for below in ("objects", "refs", "info"):
                (folder / below).mkdir()
            (folder / "HEAD").write_text(f"{tip or 'ref: refs/heads/none'}\n")
            (folder / "config").write_text(_config(settings or {}))
            if layout is not None:
                _copy_index(layout.own, folder)
                for file in ("shallow", "info/exclude"):
                    text = _small_file(layout.common / file)
                    if text is not None:
                        (folder / file).write_text(text, encoding="utf-8", errors="surrogateescape")
            yield cls(git, folder, objects, deadline)

    def log(self, tip: str, limit: int) -> tuple[Commit, ...]:
        """The commits from `tip` back."""
        output = self._ask(
            "log", f"--max-count={limit}", "--format=%H%x00%ct%x00%s%x00", "--encoding=UTF-8", tip
        )
        fields = output.split("\0")[:-1]
        return tuple(
            Commit(id.strip(), instant(at), encodable(subject)[:SUBJECT_CHARS])
            for id, at, subject in zip(fields[::3], fields[1::3], fields[2::3], strict=True)
        )

    def distance(self, tip: str, other: str) -> tuple[int, int]:
        """How many commits only the one has, and how many only the other."""
        ahead, behind = self._ask("rev-list", "--left-right", "--count", f"{tip}...{other}", "--").split()
        return int(ahead), int(behind)

    def status(self, root: Path) -> tuple[int, int, int]:
        """Changed files, how many of them are in conflict, and untracked ones."""
        # Without looking into submodules: git would start another git there, which obeys their configuration.
        output = self._ask(
            "status",
            "--porcelain=v2",
            "-z",
            "--no-renames",
            "--untracked-files=normal",
            "--ignore-submodules=dirty",
            work_tree=root,
        )
        kinds = [entry[:2] for entry in output.split("\0")]
        conflicts = kinds.count("u ")
        return kinds.count("1 ") + kinds.count("2 ") + conflicts, conflicts, kinds.count("? ")

    def _ask(self, command: str, *arguments: str, work_tree: Path | None = None) -> str:
        options = ["--no-pager", "--no-optional-locks"]
        environment = dict(self._environment)
        if work_tree is not None:
            environment["GIT_WORK_TREE"] = str(work_tree)
        return _run([self._git, *options, command, *arguments], self._folder, environment, self._deadline)


def _config(settings: Mapping[str, Sequence[str]]) -> str:
    """The configuration that git obeys here."""
    taken = {
        key: settings[key][-1].lower()
        for key, pattern in _TAKEN_OVER.items()
        if key in settings and pattern.fullmatch(settings[key][-1])
    }
    lines = [
        "[core]",
        f"repositoryformatversion = {int('extensions.objectformat' in taken)}",
        "bare = false",
        "fsmonitor = false",
        f"hooksPath = {os.devnull}",
        "untrackedCache = false",
        f'excludesFile = "{_quoted(_global_ignore())}"',
        f"attributesFile = {os.devnull}",
        *(f"{key.partition('.')[2]} = {value}" for key, value in taken.items() if key.startswith("core.")),
        "[gc]",
        "auto = 0",
    ]
    if "extensions.objectformat" in taken:
        lines += ["[extensions]", f"objectFormat = {taken['extensions.objectformat']}"]
    return "\n".join(lines) + "\n"


def _quoted(path: Path) -> str:
    return str(path).replace("\\", "\\\\").replace('"', '\\"')


def _global_ignore() -> Path:
    """The user's own list of what git never counts as untracked, where git looks for it by default."""
    base = os.environ.get("XDG_CONFIG_HOME", "")
    return (Path(base) if base else Path("~/.config").expanduser()) / "git" / "ignore"


def _copy_index(own: Path, folder: Path) -> None:
    """A copy of what the checkout tracks: git may then lock and write it as it likes."""
    names = ["index"]
    with suppress(OSError):
        names += [name for name in os.listdir(own) if name.startswith("sharedindex.")]  # noqa: PTH208
    for name in names:
        try:
            descriptor = open_for_reading(own / name)
        except FileNotFoundError:
            continue
        except NotRegularError as error:
            raise GitError(f"its {name} is not a regular file") from error
        with os.fdopen(descriptor, "rb") as source, (folder / name).open("wb") as target:
            status = os.fstat(descriptor)
            if status.st_size > MAX_INDEX_BYTES:
                raise GitError(f"its {name} is too large ({status.st_size / 1e6:.0f} MB)")
            shutil.copyfileobj(source, target)
        # By the index' own time git tells which files may have changed in the moment it was written.
        os.utime(folder / name, ns=(status.st_atime_ns, status.st_mtime_ns))


def _environment(home: Path) -> dict[str, str]:
    """An environment in which git obeys nobody's configuration, and asks nobody anything."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    return {
        **kept,
        # Git before 2.32 knows no other way to leave out the user's own configuration.
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
    }


def _run(command: Sequence[str], folder: Path, environment: Mapping[str, str], deadline: float) -> str:
    """What a command says.

    Raises:
        GitError: It failed, took too long or said too much.
    """
    # Into files: whoever waits for a pipe waits for everything that holds its other end.
    with tempfile.TemporaryFile(dir=folder) as output, tempfile.TemporaryFile(dir=folder) as errors:
        process = subprocess.Popen(
            command, cwd=folder, env=dict(environment), stdin=subprocess.DEVNULL, stdout=output, stderr=errors
        )
        try:
            code = process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            with suppress(
                subprocess.TimeoutExpired
            ):  # one that waits for a dead network drive cannot be killed
                process.wait(1.0)
            raise GitError("git takes too long here") from None
        if code != 0:
            errors.seek(0)
            said = errors.read(2_000).decode("utf-8", "replace").strip().partition("\n")[0]
            raise GitError(
                f"git could not read it: {encodable(said)[:SUBJECT_CHARS]}" if said else "git failed"
            )
        if os.fstat(output.fileno()).st_size > MAX_OUTPUT_BYTES:
            raise GitError("too much has changed to be counted")
        output.seek(0)
        return output.read().decode("utf-8", "surrogateescape")


def _words(error: GitError | OSError | ValueError) -> str:
    if isinstance(error, OSError):
        return f"it cannot be read: {error.strerror or error}"
    return str(error) if isinstance(error, GitError) else "it names a path that cannot be"
