import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count

import pytest

from hermes_hud_widget.cache import SnapshotCache
from hermes_hud_widget.core import Snapshot
from hermes_hud_widget.protocol import Problem


def snapshot(version: int, data: object = None, *, is_damaged: bool = False) -> Snapshot:
    problem = Problem(kind="damaged", path="x", message="x is damaged") if is_damaged else None
    return Snapshot("home", "panel", version, "stale" if is_damaged else "ok", problem, data)


@contextmanager
def callers(threads: int, release: threading.Event) -> Iterator[ThreadPoolExecutor]:
    """Threads that call; whatever hangs in them goes on in the end."""
    with ThreadPoolExecutor(threads) as pool:
        try:
            yield pool
        finally:
            release.set()


def test_numbers_that_json_lacks_leave_as_null() -> None:
    assert snapshot(1, {"a": float("nan"), "b": [float("inf")]}).data_json == '{"a":null,"b":[null]}'


def test_a_snapshot_is_collected_once_for_a_version() -> None:
    cache, calls = SnapshotCache(), count(1)
    for _ in range(3):
        found = cache.get("key", lambda: 7, lambda version: snapshot(version, next(calls)))
    assert (found.version, found.data) == (7, 1)


def test_a_newer_version_is_collected_again() -> None:
    cache = SnapshotCache()
    cache.get("key", lambda: 1, lambda version: snapshot(version, "old"))
    assert cache.get("key", lambda: 2, lambda version: snapshot(version, "new")).data == "new"


def test_a_change_while_collecting_leaves_the_snapshot_behind_the_version() -> None:
    cache, versions = SnapshotCache(), iter([1, 2])
    assert cache.get("key", lambda: next(versions), lambda version: snapshot(version)).version == 1
    assert cache.get("key", lambda: next(versions), lambda version: snapshot(version)).version == 2


def test_many_callers_at_once_wait_for_one_collection() -> None:
    cache, calls, all_here = SnapshotCache(), count(1), threading.Barrier(8)

    def collect(version: int) -> Snapshot:
        return snapshot(version, next(calls))

    def ask(_: int) -> object:
        all_here.wait(timeout=10)
        return cache.get("key", lambda: 1, collect).data

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(8))) == {1}


def test_queries_do_not_wait_for_each_other() -> None:
    cache, release = SnapshotCache(), threading.Event()

    def hang(version: int) -> Snapshot:
        assert release.wait(timeout=10)
        return snapshot(version)

    with callers(1, release) as pool:
        slow = pool.submit(cache.get, "slow", lambda: 1, hang)
        assert cache.get("quick", lambda: 1, lambda version: snapshot(version, "here")).data == "here"
        release.set()
        slow.result(timeout=10)


def test_damage_keeps_the_last_good_data_and_says_so() -> None:
    cache = SnapshotCache()
    cache.get("key", lambda: 1, lambda version: snapshot(version, "good"))
    damaged = cache.get("key", lambda: 2, lambda version: snapshot(version, is_damaged=True))
    assert (damaged.version, damaged.status, damaged.data) == (2, "stale", "good")


def test_the_snapshots_used_last_are_kept() -> None:
    cache, calls = SnapshotCache(size=2), count(1)
    for key in ("a", "b", "a", "c", "a"):
        cache.get(key, lambda: 1, lambda version: snapshot(version, next(calls)))
    assert cache.get("a", lambda: 1, lambda version: snapshot(version, next(calls))).data == 1
    assert cache.get("b", lambda: 1, lambda version: snapshot(version, next(calls))).data == 4


def test_a_collection_that_hangs_costs_its_own_caller_and_others_see_the_older_data(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("hermes_hud_widget.cache.HANGING_AFTER_S", 0.05)
    cache, hangs, release = SnapshotCache(), threading.Event(), threading.Event()
    cache.get("key", lambda: 1, lambda version: snapshot(version, "good"))

    def hang(version: int) -> Snapshot:
        hangs.set()
        assert release.wait(timeout=10)
        return snapshot(version, "new")

    with callers(1, release) as pool:
        slow = pool.submit(cache.get, "key", lambda: 2, hang)
        assert hangs.wait(timeout=10)
        older = cache.get("key", lambda: 2, hang)
        assert (older.data, older.status, older.version) == ("good", "stale", 1)
        message = "This panel takes too long; older data are shown."
        assert older.error == Problem(kind="internal", path=None, message=message)
        release.set()
        assert slow.result(timeout=10).data == "new"


def test_with_nothing_to_show_a_collection_that_hangs_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hermes_hud_widget.cache.HANGING_AFTER_S", 0)
    cache, hangs, release = SnapshotCache(), threading.Event(), threading.Event()

    def hang(version: int) -> Snapshot:
        hangs.set()
        assert release.wait(timeout=10)
        return snapshot(version, "first")

    with callers(2, release) as pool:
        pool.submit(cache.get, "key", lambda: 1, hang)
        assert hangs.wait(timeout=10)
        second = pool.submit(cache.get, "key", lambda: 1, hang)
        with pytest.raises(TimeoutError):
            second.result(timeout=0.1)
        release.set()
        assert second.result(timeout=10).data == "first"


def test_forgotten_versions_are_collected_again_and_the_data_stay_for_what_is_damaged_now() -> None:
    cache = SnapshotCache()
    cache.get("good", lambda: 1, lambda version: snapshot(version, "old"))
    cache.get("damaged", lambda: 1, lambda version: snapshot(version, "old"))
    with pytest.raises(LookupError):
        cache.get("never collected", lambda: 1, lambda version: {}["nothing"])
    cache.forget_versions()
    assert cache.get("good", lambda: 1, lambda version: snapshot(version, "new")).data == "new"
    damaged = cache.get("damaged", lambda: 1, lambda version: snapshot(version, is_damaged=True))
    assert (damaged.status, damaged.data) == ("stale", "old")


def test_only_what_is_of_the_version_asked_for_is_ready() -> None:
    cache = SnapshotCache()
    assert cache.ready("key", 1) is None
    cache.get("key", lambda: 7, snapshot)
    assert [cache.ready("key", version) is None for version in (6, 7, 8)] == [False, False, True]
    cache.forget_versions()
    assert cache.ready("key", 7) is None


def test_what_was_ready_counts_as_used() -> None:
    cache = SnapshotCache(size=2)
    for key in ("a", "b"):
        cache.get(key, lambda: 1, snapshot)
    cache.ready("a", 1)
    cache.get("c", lambda: 1, snapshot)
    assert cache.ready("a", 1) is not None
    assert cache.ready("b", 1) is None
