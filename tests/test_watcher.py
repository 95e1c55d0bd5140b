"""Real files and real events. Every wait is for the change itself."""

import gc
import queue
import re
import shutil
import threading
import time
from collections.abc import Callable, Hashable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hermes_hud_widget.doorbell import Doorbell, DoorbellError, DoorbellLimitError
from hermes_hud_widget.place import Place
from hermes_hud_widget.sources import Attached, Documents, Profiles, Source, TextFile
from hermes_hud_widget.watcher import BETWEEN_LOOKS_S, SETTLE_S, Agenda, Plan, Watcher, needs_of

DESCRIPTORS = Path("/proc/self/fd")
WAIT_S = 5.0
QUIET_S = 0.4
"""Longer than any delay between an event and its announcement."""


class Watch:
    """A watcher, and what it announced."""

    def __init__(self) -> None:
        self.announced: queue.Queue[frozenset[Hashable]] = queue.Queue()
        self.last: frozenset[Hashable] = frozenset()
        self.on_change: Callable[[frozenset[Hashable]], object] = lambda _: None
        self.watcher = Watcher(self._announce)

    def _announce(self, changed: frozenset[Hashable]) -> None:
        self.on_change(changed)
        self.announced.put(changed)

    def add(self, home: Path, **sources: Source[Any]) -> dict[str, Attached[Any]]:
        attached = {name: source.attach(Place(home, home, None)) for name, source in sources.items()}
        self.watcher.add(attached)
        return attached

    def next(self) -> frozenset[Hashable]:
        return self.announced.get(timeout=WAIT_S)

    def says_nothing(self) -> bool:
        try:
            self.last = self.announced.get(timeout=QUIET_S)
        except queue.Empty:
            return True
        return False


@pytest.fixture(params=["doorbell", "watchfiles"])
def watch(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    if request.param == "watchfiles":

        def unavailable() -> None:
            raise DoorbellError("not here")

        monkeypatch.setattr("hermes_hud_widget.watcher.Doorbell", unavailable)
    watch = Watch()
    yield watch
    watch.watcher.close()


def replace(file: Path, content: str) -> None:
    temporary = file.with_name(f".{file.name}.tmp")
    temporary.write_text(content)
    temporary.replace(file)


def test_a_change_is_announced_once(tmp_path: Path, watch: Watch) -> None:
    (tmp_path / "a").write_text("1")
    watch.add(tmp_path, a=TextFile("a"), b=TextFile("b"))
    replace(tmp_path / "a", "2")
    assert watch.next() == {"a"}
    assert watch.says_nothing()


def test_a_file_that_is_written_in_place_is_announced_when_it_is_whole(tmp_path: Path, watch: Watch) -> None:
    """Also twice: for a moment the file is empty, and that can be seen."""
    (tmp_path / "a").write_text("1")
    contents: list[str] = []
    watch.on_change = lambda _: contents.append((tmp_path / "a").read_text())
    watch.add(tmp_path, a=TextFile("a"), b=TextFile("b"))
    (tmp_path / "a").write_text("2")
    assert watch.next() == {"a"}
    while not watch.says_nothing():
        assert watch.last == {"a"}
    assert contents[-1] == "2"
    assert len(contents) <= 2


def test_the_last_of_many_changes_is_announced(tmp_path: Path, watch: Watch) -> None:
    contents: list[str] = []
    watch.on_change = lambda _: contents.append((tmp_path / "a").read_text())
    watch.add(tmp_path, a=TextFile("a"))
    for number in range(500):
        replace(tmp_path / "a", str(number))
    while not watch.says_nothing():
        pass
    assert contents[-1] == "499"
    assert len(contents) < 500


def test_writing_the_same_again_is_not_a_change(tmp_path: Path, watch: Watch) -> None:
    (tmp_path / "a").write_text("1")
    watch.add(tmp_path, a=TextFile("a"))
    replace(tmp_path / "a", "1")
    (tmp_path / "unnamed").write_text("2")
    assert watch.says_nothing()


def test_a_file_in_a_directory_that_comes_later_is_announced(tmp_path: Path, watch: Watch) -> None:
    watch.add(tmp_path / "home", a=TextFile("memories/deep/a"))
    (tmp_path / "home" / "memories" / "deep").mkdir(parents=True)
    (tmp_path / "home" / "memories" / "deep" / "a").write_text("1")
    assert watch.next() == {"a"}
    replace(tmp_path / "home" / "memories" / "deep" / "a", "2")
    assert watch.next() == {"a"}


def test_a_document_that_comes_long_after_its_folder_is_announced(tmp_path: Path, watch: Watch) -> None:
    skills = tmp_path / "skills"
    skills.mkdir()
    skill = watch.add(tmp_path, skills=Documents("skills", "SKILL.md"))["skills"]
    # Each time until the watcher has looked for the last time: later, only a new event makes it look.
    time.sleep(2 * SETTLE_S[-1])
    (skills / "new").mkdir()
    time.sleep(2 * SETTLE_S[-1])
    assert skills / "new" in skill.folders
    (skills / "new" / "SKILL.md").write_text("now")
    watch.next()


def test_a_home_that_is_removed_and_made_again_is_announced(tmp_path: Path, watch: Watch) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "a").write_text("1")
    attached = watch.add(home, a=TextFile("a"))["a"]
    shutil.rmtree(home)
    assert watch.next() == {"a"}
    home.mkdir()
    (home / "a").write_text("2")
    while attached.read() != "2":
        watch.next()
    watch.says_nothing()
    replace(home / "a", "3")
    assert watch.next() == {"a"}


def test_a_home_that_is_replaced_by_another_under_its_name_is_announced(tmp_path: Path, watch: Watch) -> None:
    home, other = tmp_path / "home", tmp_path / "other"
    for directory, content in ((home, "1"), (other, "2")):
        directory.mkdir()
        (directory / "a").write_text(content)
    watch.add(home, a=TextFile("a"))
    home.rename(tmp_path / "old")
    other.rename(home)
    while (home / "a").read_text() == "2" and not watch.next():
        pass
    watch.says_nothing()
    replace(home / "a", "3")
    assert watch.next() == {"a"}


def test_the_target_of_a_link_is_watched(tmp_path: Path, watch: Watch) -> None:
    (tmp_path / "dotfiles").mkdir()
    (tmp_path / "dotfiles" / "a").write_text("1")
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "a").symlink_to(tmp_path / "dotfiles" / "a")
    watch.add(tmp_path / "home", a=TextFile("a"))
    replace(tmp_path / "dotfiles" / "a", "2")
    assert watch.next() == {"a"}


@pytest.mark.parametrize(("link", "target"), [("a", "z"), ("z", "a")])
def test_what_comes_into_a_folder_of_a_linked_home_is_announced(
    tmp_path: Path, watch: Watch, link: str, target: str
) -> None:
    (tmp_path / target / "skills" / "one").mkdir(parents=True)
    (tmp_path / target / "skills" / "one" / "SKILL.md").write_text("1")
    (tmp_path / link).symlink_to(tmp_path / target)
    # Both name the same directory: one as the place of a file, one as a folder.
    watch.add(tmp_path / link, text=TextFile("skills/x"), skills=Documents("skills", "SKILL.md"))
    (tmp_path / target / "skills" / "two").mkdir()
    (tmp_path / target / "skills" / "two" / "SKILL.md").write_text("2")
    assert watch.next() == {"skills"}


def test_a_new_profile_is_announced(tmp_path: Path, watch: Watch) -> None:
    (tmp_path / "profiles").mkdir()
    watch.add(tmp_path, profiles=Profiles())
    (tmp_path / "profiles" / "coder").mkdir()
    assert watch.next() == {"profiles"}


def test_without_native_events_a_timer_looks_as_long_as_someone_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_events(*directories: object, **options: object) -> Iterator[None]:
        raise OSError(28, "inotify watch limit reached")

    def unavailable() -> None:
        raise DoorbellError("not here")

    monkeypatch.setattr("watchfiles.watch", no_events)
    monkeypatch.setattr("hermes_hud_widget.watcher.Doorbell", unavailable)
    watch = Watch()
    try:
        watch.add(tmp_path, a=TextFile("a"))
        watch.watcher.attend(True)
        (tmp_path / "a").write_text("1")
        assert watch.next() == {"a"}
        assert watch.watcher.reason is not None
        assert "inotify watch limit reached" in watch.watcher.reason
    finally:
        watch.watcher.close()


def test_only_the_directories_of_named_files_are_watched(tmp_path: Path) -> None:
    (tmp_path / "home" / "node_modules" / "deep").mkdir(parents=True)
    (tmp_path / "home" / "memories").mkdir()
    place = Place(tmp_path / "home", tmp_path / "home", None)
    watched = {"a": TextFile("a").attach(place), "b": TextFile("memories/b").attach(place)}
    plan = Plan()
    plan.meet({key: needs_of(thing) for key, thing in watched.items()})
    directories = {path for path, _, _ in plan.directories}
    assert directories == {str(tmp_path), str(tmp_path / "home"), str(tmp_path / "home" / "memories")}
    assert plan.concerned(str(tmp_path / "home" / "unnamed")) == set()
    assert plan.concerned(str(tmp_path / "home" / "a")) == {"a"}
    assert plan.concerned(str(tmp_path / "home" / "memories")) == {"b"}
    assert plan.concerned(str(tmp_path / "home")) == {"a", "b"}


def test_a_plan_changes_by_what_one_thing_needs_and_keeps_what_others_need(tmp_path: Path) -> None:
    (tmp_path / "memories").mkdir()
    place = Place(tmp_path, tmp_path, None)
    a, b = TextFile("a").attach(place), TextFile("memories/b").attach(place)
    plan = Plan()
    plan.meet({"a": needs_of(a)})
    came, went = plan.meet({"b": needs_of(b)})
    assert {path for path, _, _ in came} == {str(tmp_path / "memories")}
    assert not went
    assert plan.meet({"a": needs_of(a), "b": needs_of(b)}) == (frozenset(), frozenset())
    shutil.rmtree(tmp_path / "memories")
    came, went = plan.meet({"b": needs_of(b)})
    assert not came
    assert {path for path, _, _ in went} == {str(tmp_path / "memories")}
    assert plan.concerned(str(tmp_path / "a")) == {"a"}
    assert plan.concerned(str(tmp_path / "memories")) == {"b"}
    assert plan.concerned(str(tmp_path)) == {"a", "b"}


def test_what_is_watched_later_makes_nobody_look_at_what_is_watched_already(tmp_path: Path) -> None:
    homes = [tmp_path / "first", tmp_path / "second"]
    for home in homes:
        home.mkdir()
    watch = Watch()
    try:
        if watch.watcher._native.descriptor is None:
            pytest.skip("watchfiles begins anew with each directory, and everything is looked at")
        (attached,) = watch.add(homes[0], a=TextFile("a")).values()
        assert watch.says_nothing()
        looks: list[None] = []
        taken = attached.signature
        attached.signature = lambda: (looks.append(None), taken())[1]  # type: ignore[method-assign]
        watch.add(homes[1], b=TextFile("b"))
        (homes[1] / "b").touch()
        assert watch.next() == {"b"}
        assert looks == []
    finally:
        watch.watcher.close()


def test_a_thing_without_doorbells_is_not_asked_for_them(tmp_path: Path, watch: Watch) -> None:
    attached = watch.add(tmp_path, a=TextFile("a"))["a"]
    assert not attached.rings
    asked: list[None] = []
    attached.doorbells = lambda: (asked.append(None), frozenset())[1]  # type: ignore[method-assign,func-returns-value]
    (tmp_path / "a").touch()
    assert watch.next() == {"a"}
    assert not asked


def test_only_what_an_event_concerns_is_looked_at(tmp_path: Path, watch: Watch) -> None:
    looks: list[str] = []
    attached = watch.add(tmp_path, a=TextFile("a"), b=TextFile("b"))
    assert watch.says_nothing()
    of_b = attached["b"].signature
    attached["b"].signature = lambda: (looks.append("b"), of_b())[1]  # type: ignore[method-assign]
    replace(tmp_path / "a", "1")
    assert watch.next() == {"a"}
    assert watch.says_nothing()
    assert looks == []
    replace(tmp_path / "b", "1")
    assert watch.next() == {"b"}
    assert looks


def test_a_thing_is_looked_at_once_at_a_time_and_again_until_it_has_settled() -> None:
    agenda = Agenda()
    agenda.ring(frozenset({"a"}), 10.0)
    assert agenda.take(10.0) == ({"a"}, {"a"})
    agenda.ring(frozenset({"a", "b"}), 10.001)
    assert agenda.take(10.001) == ({"b"}, {"b"})
    assert agenda.take(10.0 + BETWEEN_LOOKS_S) == ({"a", "b"}, {"a"})
    looks = 0
    while (at := agenda.next()) is not None:
        looks += 1
        agenda.take(at)
        assert at <= 10.0 + BETWEEN_LOOKS_S + SETTLE_S[-1]
    assert looks >= len(SETTLE_S) - 1


@pytest.mark.skipif(not DESCRIPTORS.exists(), reason="counts descriptors in /proc")
def test_closing_gives_every_descriptor_back(tmp_path: Path) -> None:
    gc.collect()
    before = len(list(DESCRIPTORS.iterdir()))
    watch = Watch()
    watch.add(tmp_path, a=TextFile("a"))
    (tmp_path / "a").write_text("1")
    watch.next()
    watch.watcher.close()
    # The thread in which watchfiles' library waits closes its own a moment later.
    deadline = time.monotonic() + WAIT_S
    while (left := len(list(DESCRIPTORS.iterdir()))) != before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert left == before


def test_a_source_that_breaks_its_promise_blinds_nobody_else(
    tmp_path: Path, watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    broken = TextFile("b").attach(Place(tmp_path, tmp_path, None))
    broken.signature = lambda: 1 / 0  # type: ignore[method-assign]
    watch.watcher.add({"broken": broken})
    watch.add(tmp_path, a=TextFile("a"))
    (tmp_path / "a").write_text("1")
    assert watch.next() == {"a"}
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.skipif(not DESCRIPTORS.exists(), reason="counts wake-ups and inotify watches in /proc")
def test_what_no_panel_declares_is_not_watched_and_wakes_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hermes_hud_widget.watcher.SETTLE_S", (0.0,))
    home = tmp_path / "home"
    crowded = [home / name for name in ("hermes-agent/node_modules/x", ".git/objects", "checkpoints", "logs")]
    declared = [home / "memories", home / "profiles"]
    for folder in (*crowded, *declared):
        folder.mkdir(parents=True)
    watch = Watch()
    try:
        watch.add(home, a=TextFile("memories/a"), b=TextFile("SOUL.md"), profiles=Profiles())
        before = wake_ups_once_quiet(watch.watcher)
        for number in range(100):
            for folder in crowded:
                with (folder / "log").open("a") as file:
                    file.write("line\n")
                (folder / str(number)).mkdir()
        assert wake_ups_once_quiet(watch.watcher) == before
        assert watched_inodes() == {path.stat().st_ino for path in (tmp_path, home, *declared)}
        (home / "memories" / "a").write_text("1")
        assert watch.next() == {"a"}
        assert wake_ups_once_quiet(watch.watcher) > before
    finally:
        watch.watcher.close()


def wake_ups_once_quiet(watcher: Watcher) -> int:
    """How often the watcher's thread has gone to sleep, once it has done so for a while."""
    status = Path(f"/proc/self/task/{watcher._thread.native_id}/status")

    def count() -> int:
        line = next(line for line in status.read_text().splitlines() if line.startswith("voluntary_ctxt"))
        return int(line.split()[1])

    deadline, last, since = time.monotonic() + WAIT_S, count(), time.monotonic()
    while time.monotonic() < deadline:
        threading.Event().wait(0.01)
        if (now := count()) != last:
            last, since = now, time.monotonic()
        elif time.monotonic() - since > QUIET_S / 2:
            return now
    raise AssertionError("the watcher does not come to rest")


def watched_inodes() -> set[int]:
    """Everything that this process watches with inotify."""
    infos = [file.read_text() for file in Path("/proc/self/fdinfo").iterdir() if file.exists()]
    return {
        int(inode, 16) for info in infos for inode in re.findall(r"^inotify wd:\S+ ino:(\S+)", info, re.M)
    }


def test_only_what_may_lag_behind_its_events_is_looked_at_again_and_again(
    tmp_path: Path, watch: Watch
) -> None:
    attached = watch.add(tmp_path, a=TextFile("a"), b=TextFile("b"))
    assert watch.says_nothing()
    attached["b"].may_lag = True
    if watch.watcher._native.descriptor is None:
        attached["a"].may_lag = True  # watchfiles may begin late: everything is looked at as often
    looks: dict[str, list[float]] = {"a": [], "b": []}
    for name, one in attached.items():
        taken = one.signature
        one.signature = lambda name=name, taken=taken: (looks[name].append(time.monotonic()), taken())[1]  # type: ignore[method-assign]
    # Counted from here: the first look may come late, and the last one after it is then the sooner.
    touched = time.monotonic()
    for name in attached:
        (tmp_path / name).touch()
    wait_for(lambda: all(times and times[-1] - touched >= SETTLE_S[-1] for times in looks.values()))
    assert len(looks["b"]) > len(SETTLE_S) - 2
    if not attached["a"].may_lag:
        assert len(looks["a"]) < len(looks["b"])


def wait_for(fact: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not fact():
        assert time.monotonic() < deadline, "not within the time"
        threading.Event().wait(0.005)


def test_a_write_alone_makes_no_new_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plans: list[object] = []
    (tmp_path / "a").write_text("1")
    watch = Watch()
    try:
        watch.add(tmp_path, a=TextFile("a"))
        assert watch.says_nothing()
        monkeypatch.setattr(
            "hermes_hud_widget.watcher.needs_of", lambda thing: (plans.append(thing), needs_of(thing))[1]
        )
        (tmp_path / "a").write_text("22")
        assert watch.next() == {"a"}
        assert plans == [] or watch.watcher._native.descriptor is None
        replace(tmp_path / "a", "333")
        assert watch.next() == {"a"}
        assert plans
    finally:
        watch.watcher.close()


class Failing:
    """A doorbell that cannot watch until it is allowed to."""

    is_allowed = False

    def __init__(self) -> None:
        if not self.is_allowed:
            raise DoorbellLimitError("this user has used up the inotify instances")
        self._real = Doorbell()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


@pytest.mark.skipif(not DESCRIPTORS.exists(), reason="inotify is Linux's")
def test_events_are_taken_up_again_when_they_work_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: queue.Queue[str | None] = queue.Queue()
    monkeypatch.setattr("hermes_hud_widget.watcher.Doorbell", Failing)
    monkeypatch.setattr("hermes_hud_widget.watcher.TIMER_S", 0.02)
    monkeypatch.setattr("hermes_hud_widget.watcher.RETRY_S", 0.05)
    watcher = Watcher(lambda _: None, lambda: told.put(watcher.reason))
    try:
        watcher.add({"a": TextFile("a").attach(Place(tmp_path, tmp_path, None))})
        watcher.attend(True)
        assert "inotify instances" in (told.get(timeout=WAIT_S) or "")
        monkeypatch.setattr(Failing, "is_allowed", True)
        assert told.get(timeout=WAIT_S) is None
        assert watcher.reason is None
    finally:
        watcher.close()
