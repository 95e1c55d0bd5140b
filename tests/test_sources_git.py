"""What git knows of a repository: right, and without running or changing anything of it."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from hermes_hud_widget.place import Place
from hermes_hud_widget.sources import Checkout, Checkouts, Repositories
from hermes_hud_widget.sources.git import GitError, Repository, find_git, read_log, read_repository
from support.repository import git

GIT = find_git()
pytestmark = pytest.mark.skipif(GIT is None, reason="git is not installed")
NOW = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit, a changed file, a staged one and an untracked one."""
    folder = tmp_path / "work"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    for name in ("one", "two", "three"):
        (folder / name).write_text(name)
    (folder / ".gitignore").write_text("*.log\n")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "The | first\n\nIts body", GIT_COMMITTER_DATE="2026-05-01T10:00:00+00:00")
    (folder / "one").write_text("changed")
    (folder / "two").write_text("staged")
    git(folder, "add", "two")
    (folder / "new").write_text("")
    (folder / "x.log").write_text("")
    return folder


def read(folder: Path) -> Repository:
    found = read_repository(folder, GIT)
    assert found is not None
    return found


def test_a_repository_tells_its_branch_its_last_commit_and_what_changed(repository: Path) -> None:
    found = read(repository)
    assert found.commit is not None
    assert found.commit.id == git(repository, "rev-parse", "HEAD")
    # A commit's subject may hold any character.
    assert found.commit.subject == "The | first"
    assert found.commit.at == datetime(2026, 5, 1, 10, tzinfo=UTC)
    assert (found.root, found.kind, found.branch, found.problem) == (
        str(repository),
        "repository",
        "main",
        None,
    )
    assert (found.changed, found.conflicts, found.untracked) == (2, 0, 1)
    assert (found.upstream, found.ahead, found.behind) == (None, None, None)


def test_a_directory_below_belongs_to_the_repository_around_it(repository: Path) -> None:
    below = repository / "deep" / "er"
    below.mkdir(parents=True)
    assert read(below).root == str(repository)


def test_what_lies_in_no_repository_has_none(tmp_path: Path) -> None:
    assert read_repository(tmp_path, GIT) is None


def test_a_repository_without_a_commit_is_one(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "trunk")
    (tmp_path / "new").write_text("")
    found = read(tmp_path)
    assert (found.branch, found.commit, found.changed, found.untracked) == ("trunk", None, 0, 1)


def test_what_is_ahead_and_behind_is_told_by_the_upstream_as_last_fetched(
    repository: Path, tmp_path: Path
) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", str(repository), str(clone))
    assert (read(clone).upstream, read(clone).ahead, read(clone).behind) == ("origin/main", 0, 0)
    git(clone, "commit", "-q", "--allow-empty", "-m", "here")
    git(repository, "commit", "-q", "--allow-empty", "-m", "there")
    git(repository, "commit", "-q", "--allow-empty", "-m", "there, too")
    git(clone, "fetch", "-q")
    assert (read(clone).ahead, read(clone).behind) == (1, 2)
    # All refs in one file, as after a gc.
    git(clone, "pack-refs", "--all")
    assert (read(clone).ahead, read(clone).behind) == (1, 2)


def test_a_detached_head_has_no_branch(repository: Path) -> None:
    git(repository, "stash", "-q")
    git(repository, "checkout", "-q", "--detach")
    found = read(repository)
    assert found.branch is None
    assert found.commit is not None


def test_a_worktree_has_its_own_branch_and_changes(repository: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    git(repository, "worktree", "add", "-q", "-b", "side", str(other))
    (other / "three").unlink()
    found = read(other)
    assert (found.kind, found.branch, found.changed, found.untracked) == ("worktree", "side", 1, 0)
    assert read(repository).worktrees == 1


def test_a_submodule_is_one_and_counts_as_changed_by_its_commit_only(
    repository: Path, tmp_path: Path
) -> None:
    outer = tmp_path / "outer"
    outer.mkdir()
    git(outer, "init", "-q", "-b", "main")
    git(outer, "submodule", "--quiet", "add", str(repository), "inner")
    git(outer, "commit", "-qm", "with inner")
    (outer / "inner" / "one").write_text("changed in it")
    assert (read(outer).changed, read(outer).submodules) == (0, 1)
    assert (read(outer / "inner").kind, read(outer / "inner").changed) == ("submodule", 1)
    git(outer / "inner", "commit", "-qam", "moved on")
    assert read(outer).changed == 1


def test_a_conflict_is_counted(repository: Path) -> None:
    git(repository, "commit", "-qam", "ours")
    git(repository, "checkout", "-q", "-b", "side", "HEAD~")
    (repository / "one").write_text("theirs")
    git(repository, "commit", "-qam", "theirs")
    with pytest.raises(subprocess.CalledProcessError):
        git(repository, "merge", "main")
    assert (read(repository).conflicts, read(repository).changed) == (1, 2)


def test_line_ends_are_compared_as_the_repository_says(repository: Path) -> None:
    git(repository, "commit", "-qam", "all")
    (repository / "text").write_text("a\nb\n")
    git(repository, "config", "core.autocrlf", "true")
    git(repository, "add", "text")
    git(repository, "commit", "-qm", "text")
    (repository / "text").unlink()
    git(repository, "checkout", "text")
    assert (repository / "text").read_bytes() == b"a\r\nb\r\n"
    os.utime(repository / "text", (1, 1))
    assert read(repository).changed == 0


def test_a_split_index_is_read(repository: Path) -> None:
    git(repository, "update-index", "--split-index")
    assert (read(repository).changed, read(repository).problem) == (2, None)


def test_a_shallow_clone_is_read(repository: Path, tmp_path: Path) -> None:
    git(repository, "commit", "-qam", "second")
    git(tmp_path, "clone", "-q", "--depth=1", repository.as_uri(), "shallow")
    found = read(tmp_path / "shallow")
    assert found.commit is not None
    assert (found.commit.subject, found.ahead, found.behind, found.problem) == ("second", 0, 0, None)


def test_damage_is_told_and_what_is_known_stays(repository: Path) -> None:
    (repository / ".git" / "index").write_bytes(b"garbage")
    found = read(repository)
    assert found.branch == "main"
    assert found.changed is None
    assert found.problem is not None
    assert "index" in found.problem


def test_pipes_in_the_place_of_its_files_are_not_waited_for(repository: Path) -> None:
    for name in ("config", "packed-refs", "index"):
        (repository / ".git" / name).unlink(missing_ok=True)
        os.mkfifo(repository / ".git" / name)
    assert read(repository).problem == "its index is not a regular file"


def test_git_that_takes_too_long_is_ended_and_that_is_told(repository: Path) -> None:
    found = read_repository(repository, GIT, limit_s=0.0)
    assert found is not None
    assert (found.problem, found.branch) == ("git takes too long here", "main")


def test_without_git_the_branch_is_told_and_that_there_is_no_git(repository: Path) -> None:
    found = read_repository(repository, None)
    assert found is not None
    assert (found.branch, found.changed) == ("main", None)
    assert found.problem == "git is not installed here, so its changes are not known"


def test_a_log_is_read_from_the_objects_alone(repository: Path) -> None:
    git(repository, "commit", "-qam", "second")
    objects, tip = repository / ".git" / "objects", git(repository, "rev-parse", "HEAD")
    assert GIT is not None
    assert [commit.subject for commit in read_log(objects, tip, GIT, 10)] == ["second", "The | first"]
    assert len(read_log(objects, tip, GIT, 1)) == 1
    with pytest.raises(GitError):
        read_log(objects, "--output=/x", GIT, 1)
    with pytest.raises(GitError):
        read_log(objects, "0" * 40, GIT, 1)


# -- nothing of the repository runs


def plant(folder: Path, marks: Path) -> list[str]:
    """Puts a program into each place that git, or what it starts, may run one from; their names."""
    marks.mkdir(exist_ok=True)
    planted: list[str] = []

    def program(name: str, then: str = "exit 1") -> str:
        script = marks.parent / f"plant-{folder.name}-{name.replace('/', '-')}"
        script.write_text(f"#!/bin/sh\ntouch '{marks}/{folder.name}-{script.name}'\n{then}\n")
        script.chmod(0o755)
        planted.append(name)
        return str(script)

    own = Path(git(folder, "rev-parse", "--absolute-git-dir"))
    included = own / "included"
    settings = {
        "core.fsmonitor": program("fsmonitor"),
        "filter.planted.clean": program("clean", "cat"),
        "filter.planted.smudge": program("smudge", "cat"),
        "filter.served.process": program("process"),
        "filter.planted.required": "true",
        "diff.planted.textconv": program("textconv"),
        "diff.planted.command": program("diff"),
        "diff.external": program("external"),
        "merge.planted.driver": program("merge"),
        "core.pager": program("pager"),
        "pager.status": program("pager-status"),
        "pager.log": program("pager-log"),
        "core.editor": program("editor"),
        "core.askPass": program("askpass"),
        "core.sshCommand": program("ssh"),
        "core.gitProxy": program("proxy"),
        "core.alternateRefsCommand": program("alternates"),
        "credential.helper": "!" + program("credential"),
        "gpg.program": program("gpg"),
        "gpg.ssh.program": program("gpg-ssh"),
        "log.showSignature": "true",
        "alias.status": "!" + program("alias-status"),
        "alias.log": "!" + program("alias-log"),
        "alias.rev-list": "!" + program("alias-rev-list"),
        "include.path": str(included),
        # Objects that are missing would be fetched from here.
        "remote.origin.url": f"ext::{program('remote')}",
        "remote.origin.fetch": "+refs/heads/*:refs/remotes/origin/*",
        "remote.origin.promisor": "true",
        "remote.origin.uploadpack": program("uploadpack"),
        "remote.origin.vcs": "planted",
        "extensions.partialClone": "origin",
        "protocol.ext.allow": "always",
        "branch.main.remote": "origin",
        "branch.main.merge": "refs/heads/main",
        "status.submoduleSummary": "true",
        "trace2.eventTarget": str(marks / "trace"),
    }
    for key, value in settings.items():
        git(folder, "config", key, value)
    included.write_text(f"[core]\n\tfsmonitor = {program('included')}\n")
    (own / "info").mkdir(exist_ok=True)
    attributes = "* filter=planted diff=planted merge=planted\nthree filter=served\n"
    (own / "info" / "attributes").write_text(attributes)
    (folder / ".gitattributes").write_text(attributes)
    hooks = own / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in (
        "post-index-change",
        "pre-auto-gc",
        "reference-transaction",
        "post-checkout",
        "fsmonitor-watchman",
    ):
        Path(program(f"hook-{name}")).rename(hooks / name)
    (folder / "git").symlink_to(program("git-beside-the-files"))
    return planted


@contextmanager
def untouched(*folders: Path) -> Iterator[None]:
    """Nothing below these changes meanwhile, not even a file's time."""

    def look() -> dict[str, tuple[object, ...]]:
        return {
            str(path): (
                (status := path.lstat()).st_mtime_ns,
                status.st_size,
                status.st_ino,
                path.read_bytes() if path.is_file() else None,
            )
            for folder in folders
            for path in (folder, *folder.rglob("*"))
        }

    before = look()
    yield
    assert look() == before


def test_no_program_that_a_repository_names_runs_and_none_of_its_files_changes(
    repository: Path, tmp_path: Path
) -> None:
    outer, marks = tmp_path / "outer", tmp_path / "marks"
    outer.mkdir()
    git(outer, "init", "-q", "-b", "main")
    git(outer, "submodule", "--quiet", "add", str(repository), "inner")
    (outer / "three").write_text("three")
    git(outer, "add", ".")
    git(outer, "commit", "-qm", "all")
    side = tmp_path / "side"
    git(outer, "worktree", "add", "-q", "-b", "side", str(side))
    git(outer, "update-ref", "refs/remotes/origin/main", git(outer, "rev-parse", "HEAD"))
    assert len(plant(outer, marks)) > 30
    plant(outer / "inner", marks)
    for folder in (outer, outer / "inner", side):
        # The same content at another time: only by reading it can be told that nothing changed.
        (folder / "three").write_text("three")
        os.utime(folder / "three", (1, 1))
    with untouched(outer, side):
        for folder in (outer, outer / "inner", side):
            found = read(folder)
            assert (found.problem, found.commit is not None) == (None, True), found
    assert list(marks.iterdir()) == []
    # The test has teeth: git as people call it runs some of them.
    subprocess.run(["git", "status"], cwd=outer, capture_output=True, check=False, timeout=60)
    ran = " ".join(path.name for path in marks.iterdir())
    assert "fsmonitor" in ran or "included" in ran
    assert "clean" in ran


def test_missing_objects_are_not_fetched(repository: Path, tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    plant(repository, marks)
    tree = git(repository, "-c", "core.fsmonitor=false", "rev-parse", "HEAD^{tree}")
    (repository / ".git" / "objects" / tree[:2] / tree[2:]).unlink()
    with untouched(repository):
        assert read(repository).problem is not None
    assert list(marks.iterdir()) == []


def test_variables_of_the_environment_name_nothing_that_runs(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = tmp_path / "mark"
    script = tmp_path / "script"
    script.write_text(f"#!/bin/sh\ntouch '{mark}'\n")
    script.chmod(0o755)
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(f"[core]\n\tfsmonitor = {script}\n\tpager = {script}\n")
    for name in ("GIT_PAGER", "GIT_EXTERNAL_DIFF", "GIT_SSH", "GIT_ASKPASS", "GIT_EDITOR"):
        monkeypatch.setenv(name, str(script))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.fsmonitor")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(script))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    assert read(repository).changed == 2
    assert not mark.exists()


def test_what_the_user_never_counts_as_untracked_is_not_counted(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "git").mkdir()
    (tmp_path / "git" / "ignore").write_text("new\n")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert read(repository).untracked == 0


# -- the source


@pytest.fixture
def checkouts(tmp_path: Path) -> Iterator[Checkouts]:
    attached = Repositories().attach(Place(tmp_path, tmp_path, None))
    yield attached.read()
    attached.close()


def test_what_is_known_is_not_read_again_until_it_is_old(repository: Path, checkouts: Checkouts) -> None:
    path = str(repository)
    first = checkouts.look([path], datetime.now(UTC), 20.0)[path]
    assert first.repository is not None
    assert checkouts.look([path], datetime.now(UTC), 20.0)[path] is first
    later = datetime.now(UTC) + timedelta(seconds=31)
    assert checkouts.look([path], later, 20.0)[path].read_at > first.read_at


class Slow:
    """Reads directories, each in so many seconds of a clock that nobody waits for, at the `now` that was set last."""

    def __init__(self, takes_s: float, monkeypatch: pytest.MonkeyPatch) -> None:
        self.takes_s = takes_s
        self.now = NOW
        self.read: list[str] = []
        self._passed = 0.0
        clock = SimpleNamespace(monotonic=lambda: self._passed)
        monkeypatch.setattr("hermes_hud_widget.sources.repositories.time", clock)
        monkeypatch.setattr("hermes_hud_widget.sources.repositories.WORKERS", 1)
        self._checkouts = Checkouts(lambda: None, self._read)

    def look(self, paths: Iterable[str], after_s: float) -> list[str]:
        """What is read when somebody asks for these so many seconds later."""
        self.read.clear()
        self.now += timedelta(seconds=after_s)
        self._checkouts.look(paths, self.now, 10_000.0)
        return list(self.read)

    def _read(self, path: str) -> Checkout:
        self.read.append(path)
        self._passed += self.takes_s
        return Checkout(self.now, True, None)


def test_the_longer_it_takes_to_read_them_all_the_less_often_that_is_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    paths = ["a", "b", "c"]
    slow = Slow(2.0, monkeypatch)
    assert slow.look(paths, 0.0) == paths
    assert slow.look(paths, 299.0) == []
    assert slow.look([*paths, "new"], 0.0) == ["new"]
    assert slow.look(paths, 2.0) == []
    assert slow.look(paths, 100.0) == paths


def test_what_takes_too_long_together_is_read_in_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [str(number) for number in range(10)]
    slow = Slow(3.0, monkeypatch)
    assert slow.look(paths, 0.0) == paths
    assert slow.look(paths, 1_500.0) == paths[:4]
    assert slow.look(paths, 600.0) == paths[4:8]
    assert slow.look([*paths, "new"], 600.0) == ["new", *paths[8:], "0"]


def test_directories_that_are_gone_or_no_repository_are_told_apart(
    tmp_path: Path, checkouts: Checkouts
) -> None:
    gone = str(tmp_path / "gone")
    found = checkouts.look([gone, str(tmp_path)], datetime.now(UTC), 20.0)
    assert (found[gone].exists, found[gone].repository) == (False, None)
    assert (found[str(tmp_path)].exists, found[str(tmp_path)].repository) == (True, None)


def test_a_directory_that_does_not_answer_holds_up_no_other_and_the_bell_rings_when_it_does() -> None:
    may_answer, rang = threading.Event(), threading.Event()

    def slowly(path: str) -> Checkout:
        if path == "slow":
            assert may_answer.wait(20)
        return Checkout(NOW, True, None)

    checkouts = Checkouts(rang.set, slowly)
    assert set(checkouts.look(["fast"], NOW, 20.0)) == {"fast"}
    assert set(checkouts.look(["slow", "fast"], NOW, 0.05)) == {"fast"}
    assert not rang.is_set()
    may_answer.set()
    assert rang.wait(20)
    assert set(checkouts.look(["slow", "fast"], NOW, 0.0)) == {"slow", "fast"}
    checkouts.close()


def test_a_directory_that_fails_in_an_unknown_way_is_told_and_the_others_are_read(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def oddly(path: str) -> Checkout:
        if path.startswith("odd"):
            raise ValueError("embedded null byte")
        return Checkout(NOW, True, None)

    checkouts = Checkouts(lambda: None, oddly)
    odd = [f"odd {number}" for number in range(20)]
    found = checkouts.look(odd, NOW, 20.0)
    assert {found[path].exists for path in odd} == {None}
    assert checkouts.look(["good"], NOW, 20.0)["good"].exists
    assert "embedded null byte" in caplog.text
    checkouts.close()


@pytest.mark.parametrize("file", [".git", ".git/commondir"])
def test_a_nul_in_a_file_that_names_a_path_is_told(repository: Path, tmp_path: Path, file: str) -> None:
    folder = tmp_path / "odd"
    if file == ".git":
        folder.mkdir()
        (folder / ".git").write_bytes(b"gitdir: /x\0y\n")
    else:
        folder = repository
        (folder / file).write_bytes(b"x\0y\n")
    checkouts = Repositories().attach(Place(tmp_path, tmp_path, None))
    try:
        found = checkouts.read().look([str(folder)], datetime.now(UTC), 20.0)
        assert str(folder) in found
    finally:
        checkouts.close()


def test_a_directory_that_never_answers_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hermes_hud_widget.sources.repositories.STUCK_AFTER_S", 0.0)
    end = threading.Event()

    def never(path: str) -> Checkout:
        end.wait(60)
        raise OSError

    checkouts = Checkouts(lambda: None, never)
    found: dict[str, Checkout] = {}
    while not found:
        found = dict(checkouts.look(["dead"], NOW, 0.01))
    assert (found["dead"].exists, found["dead"].repository) == (None, None)
    end.set()
    checkouts.close()
