"""What is kept on disk of a history: it comes back as it was, or not at all."""

from __future__ import annotations

import errno
import json
import logging
import os
import select
import shutil
import signal
import stat
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from hermes_hud_widget.ledger import index as index_module
from hermes_hud_widget.ledger import shelf as shelf_module
from hermes_hud_widget.ledger.index import Index, Saved
from hermes_hud_widget.ledger.private import Folder, Lock, open_folder
from support.fingerprint import fingerprint

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no index is kept there")

CHANGES = ("open", "mkdir", "chmod", "fchmod", "rename", "unlink", "rmdir", "write", "utime")
"""The functions of `os` by which anything is changed."""
OLD = {"sessions": {"a": [1, 2]}, "seen": 7}
NEW = {"sessions": {"a": [1, 3], "b": []}, "seen": 8}


def table(*values: str) -> pa.Table:
    return pa.table({"id": pa.array(range(len(values))), "tool": pa.array(values).dictionary_encode()})


OLD_TABLES = {"first": table("read", "write"), "second": table("read")}
NEW_TABLES = {"first": OLD_TABLES["first"], "third": table("patch")}


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache directory that is not there yet."""
    return tmp_path / "cache"


@pytest.fixture
def database_path(home: Path) -> Path:
    path = home / "state.db"
    path.write_bytes(b"SQLite format 3\0")
    return path


Make = Callable[[], Index]


@pytest.fixture
def make(cache: Path, database_path: Path) -> Iterator[Make]:
    """Makes an index of the home's database, as each process has one of its own."""
    made = []

    def make() -> Index:
        status = database_path.stat()
        made.append(Index(database_path, (status.st_dev, status.st_ino), cache))
        return made[-1]

    yield make
    for index in made:
        index.close()


def save(make: Make, document: dict[str, Any], tables: Mapping[str, pa.Table]) -> None:
    """Saves as a process does that ends then."""
    with closing(make()) as index:
        assert index.save(document, tables)


def content(saved: Saved | None) -> Any:
    """All that was stored, to be compared."""
    if saved is None:
        return None
    return saved.document, {key: rows.to_pydict() for key, rows in saved.tables.items()}


def stored(document: dict[str, Any], tables: Mapping[str, pa.Table]) -> Any:
    """What `content` is when these were stored."""
    return content(Saved(document, tables))


def entry(cache: Path, make: Make) -> Path:
    return cache / "history" / make().name


def part(cache: Path, make: Make, key: str = "first") -> Path:
    """The file of a table."""
    said = json.loads((entry(cache, make) / "index.jsonl").read_bytes().splitlines()[1])
    return entry(cache, make) / said["tables"][key]["file"]


# -- what comes back


def test_what_was_saved_comes_back(make: Make) -> None:
    document = {
        "many": list(range(1234)),
        "by_id": {str(number): {"n": number} for number in range(1001)},
        "none": None,
        "empty": [],
        "text": "half a character \ud800, two lines\r\n, né",
    }
    in_chunks = pa.chunked_array(
        [pa.array(["a", "b"]).dictionary_encode(), pa.array(["c"]).dictionary_encode()]
    )
    tables = {"Any text/../ as a \0 key": pa.table({"tool": in_chunks}), "none": table()}
    save(make, document, tables)
    assert content(make().load()) == stored(document, tables)


def test_nothing_stored_is_none_and_leaves_nothing(make: Make, cache: Path) -> None:
    assert make().load() is None
    make().forget()
    assert not cache.exists()


def test_a_file_that_took_the_place_of_another_has_nothing_stored(
    make: Make, cache: Path, database_path: Path
) -> None:
    save(make, OLD, {})
    assert Index(database_path, (1, 2), cache).load() is None


def test_a_database_is_the_same_by_whatever_path(make: Make, cache: Path, database_path: Path) -> None:
    save(make, OLD, {})
    link = cache.parent / "link"
    link.symlink_to(database_path.parent)
    status = database_path.stat()
    again = Index(link / "state.db", (status.st_dev, status.st_ino), cache)
    assert content(again.load()) == (OLD, {})


def test_a_key_that_is_stored_is_not_asked_for_again_and_one_no_longer_named_goes(
    make: Make, cache: Path
) -> None:
    class OnlyThird(dict[str, pa.Table]):
        def __getitem__(self, key: str) -> pa.Table:
            assert key == "third"
            return super().__getitem__(key)

    save(make, OLD, OLD_TABLES)
    kept, gone = part(cache, make), part(cache, make, "second")
    written = kept.stat()
    with closing(make()) as index:
        assert index.save(NEW, OnlyThird(NEW_TABLES))
        assert index.save(NEW, OnlyThird(NEW_TABLES | {"third": None}))
    assert kept.stat() == written
    assert not gone.exists()
    assert {path.name for path in entry(cache, make).iterdir()} == {
        "index.jsonl",
        "lock",
        kept.name,
        part(cache, make, "third").name,
    }
    assert content(make().load()) == stored(NEW, NEW_TABLES)


def test_pyarrow_is_imported_for_tables_only(make: Make, cache: Path, database_path: Path) -> None:
    program = f"""
import sys
from pathlib import Path
from hermes_hud_widget.ledger.index import Index
index = Index(Path({str(database_path)!r}), (0, 0), Path({str(cache)!r}))
assert index.save({{"a": 1}}, {{}})
assert index.load().document == {{"a": 1}}
assert list(index.load().tables) == []
assert "pyarrow" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
    save(make, OLD, OLD_TABLES)
    program = f"""
import sys
from pathlib import Path
from hermes_hud_widget.ledger.index import Index
path = Path({str(database_path)!r})
saved = Index(path, (path.stat().st_dev, path.stat().st_ino), Path({str(cache)!r})).load()
assert "first" in saved.tables
assert "pyarrow" not in sys.modules
assert saved.tables["first"].num_rows == 2
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_tables_outlive_what_they_were_loaded_from(make: Make) -> None:
    save(make, OLD, OLD_TABLES)
    saved = make().load()
    assert saved is not None
    make().forget()
    rows = saved.tables["first"]
    before = _open_files()
    del saved
    assert _open_files() == before - len(OLD_TABLES)
    assert rows.equals(OLD_TABLES["first"])


def test_forgetting_removes_all(make: Make, cache: Path) -> None:
    index = make()
    assert index.save(OLD, OLD_TABLES)
    index.forget()
    assert list((cache / "history").iterdir()) == []
    assert index.load() is None
    assert index.save(NEW, NEW_TABLES)
    assert content(make().load()) == stored(NEW, NEW_TABLES)


# -- crashes and full disks


class Killed(BaseException):
    """The process is dead: nothing that it still tries has any effect."""


def changes(monkeypatch: pytest.MonkeyPatch, fails: Callable[[], None]) -> None:
    """Calls `fails` before each call that could change a file."""

    def wrapped(name: str) -> None:
        original = getattr(os, name)

        def call(*arguments: Any, **named: Any) -> Any:
            fails()
            return original(*arguments, **named)

        monkeypatch.setattr(os, name, call)

    for name in CHANGES:
        wrapped(name)


def nothing(make: Make, cache: Path) -> Any:
    return None


def an_older_one(make: Make, cache: Path) -> Any:
    save(make, OLD, OLD_TABLES)
    return stored(OLD, OLD_TABLES)


def a_damaged_one(make: Make, cache: Path) -> Any:
    save(make, OLD, OLD_TABLES)
    (entry(cache, make) / "index.jsonl").unlink()
    (entry(cache, make) / "index.jsonl").mkdir()
    return None


def a_lock_that_is_none(make: Make, cache: Path) -> Any:
    save(make, OLD, OLD_TABLES)
    (entry(cache, make) / "lock").unlink()
    (entry(cache, make) / "lock").mkdir()
    return stored(OLD, OLD_TABLES)


def one_among_expired_ones(make: Make, cache: Path) -> Any:
    save(make, OLD, OLD_TABLES)
    gone = cache / "history" / ("0" * 32)
    shutil.copytree(entry(cache, make), gone)
    os.utime(gone, (0, 0))
    return stored(OLD, OLD_TABLES)


BEFORE = [nothing, an_older_one, a_damaged_one, a_lock_that_is_none, one_among_expired_ones]


@pytest.mark.parametrize("before", BEFORE)
def test_a_crash_at_any_moment_leaves_the_old_or_the_new(
    before: Callable[[Make, Path], Any], make: Make, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new, left = stored(NEW, NEW_TABLES), []
    for last in range(1, 1000):
        old = before(make, cache)
        calls = 0

        def die(last: int = last) -> None:
            nonlocal calls
            calls += 1
            if calls >= last:
                raise Killed

        index = make()
        with monkeypatch.context() as patch:
            changes(patch, die)
            try:
                index.save(NEW, NEW_TABLES)
                is_done = calls < last
            except Killed:
                is_done = False
        index.close()
        left.append(content(make().load()))
        # Rebuilding a damaged entry begins with throwing it away.
        assert left[-1] in (old, new, None if before is a_lock_that_is_none else new), f"call {last}"
        save(make, NEW, NEW_TABLES)
        assert content(make().load()) == new, f"after call {last}"
        assert_tidy(cache, make)
        if is_done:
            break
        shutil.rmtree(cache, ignore_errors=True)
    assert is_done
    assert old in left
    assert new in left


@pytest.mark.parametrize("before", BEFORE)
def test_a_disk_that_fails_at_any_moment_is_told_once_and_leaves_the_old_or_the_new(
    before: Callable[[Make, Path], Any],
    make: Make,
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    new, told = stored(NEW, NEW_TABLES), set()
    for only in range(1, 1000):
        old = before(make, cache)
        calls = 0

        def fail(only: int = only) -> None:
            nonlocal calls
            calls += 1
            if calls == only:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        index = make()
        caplog.clear()
        with monkeypatch.context() as patch:
            changes(patch, fail)
            is_saved = index.save(NEW, NEW_TABLES)
        warnings = [record for record in caplog.records if record.levelno >= logging.WARNING]
        assert len(warnings) == (not is_saved), f"call {only}"
        told |= {record.getMessage() for record in warnings}
        left = content(make().load())
        assert left in ((new,) if is_saved else (old, None if before is a_lock_that_is_none else old))
        assert index.save(NEW, NEW_TABLES), f"after call {only}"
        assert content(make().load()) == new
        assert_tidy(cache, make)
        index.close()
        if calls < only:
            break
        shutil.rmtree(cache, ignore_errors=True)
    assert calls < only
    assert told == {
        "No index of hermes/state.db is kept, so each start reads all of its history: No space left on device"
    }


def test_a_full_disk_keeps_the_old_and_is_given_back_what_was_written(
    make: Make, cache: Path, database_path: Path
) -> None:
    save(make, OLD, OLD_TABLES)
    program = f"""
import logging, resource, signal
from pathlib import Path
import pyarrow as pa
from hermes_hud_widget.ledger.index import Index
logging.basicConfig(format="%(levelname)s %(message)s")
path = Path({str(database_path)!r})
index = Index(path, (path.stat().st_dev, path.stat().st_ino), Path({str(cache)!r}))
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
small, large = pa.table({{"a": [1]}}), pa.table({{"a": pa.array(range(1_000_000))}})
for _ in range(2):
    print(index.save({{}}, {{"small": small, "large": large}}))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.stdout == "False\nFalse\n", done.stderr
    assert done.stderr.count("WARNING No index of hermes/state.db") == 1
    assert done.stderr.count("\n") == 1
    assert content(make().load()) == stored(OLD, OLD_TABLES)
    assert_tidy(cache, make)


def test_a_cache_directory_that_cannot_be_made_is_told_once(
    make: Make, cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cache.write_text("a file")
    index = make()
    assert not index.save(OLD, OLD_TABLES)
    assert not index.save(OLD, OLD_TABLES)
    assert index.load() is None
    index.forget()
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def assert_tidy(cache: Path, make: Make) -> None:
    """Nothing is left over of what was thrown away or never finished."""
    shelf = cache / "history"
    folder = entry(cache, make)
    assert list(shelf.iterdir()) == [folder]
    said = json.loads((folder / "index.jsonl").read_bytes().splitlines()[1])
    files = {part["file"] for part in said["tables"].values()}
    assert {path.name for path in folder.iterdir()} == files | {"index.jsonl", "lock"}


# -- damage


def _rewritten(path: Path, change: Callable[[bytes], bytes]) -> None:
    """Changes a file's content in place."""
    path.write_bytes(change(path.read_bytes()))


def _replaced(path: Path, kind: str) -> None:
    """Puts something else in the place of a file or directory, behind which lies the very same."""
    aside = path.with_name("aside-" + path.name)
    path.rename(aside)
    if kind == "symlink":
        path.symlink_to(aside)
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
        (path / "inside").write_text("")
    elif kind == "file":
        path.write_text("")


def _flipped(data: bytes) -> bytes:
    return data[:-20] + bytes([data[-20] ^ 1]) + data[-19:]


def _other_head(**change: object) -> Callable[[bytes], bytes]:
    def change_head(data: bytes) -> bytes:
        head, _, body = data.partition(b"\n")
        return json.dumps({**json.loads(head), **change}).encode() + b"\n" + body

    return change_head


def _other_body(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    """Another content with the right checksum."""

    def change_body(data: bytes) -> bytes:
        body = data.partition(b"\n")[2].replace(old, new)
        assert body != data.partition(b"\n")[2]
        return _other_head(checksum=zlib.crc32(body))(data.partition(b"\n")[0] + b"\n" + body)

    return change_body


ON_FILES: dict[str, Callable[[Path], None]] = {
    "empty": lambda path: _rewritten(path, lambda data: b""),
    "cut": lambda path: _rewritten(path, lambda data: data[:-1]),
    "longer": lambda path: _rewritten(path, lambda data: data + b"\n"),
    "half": lambda path: _rewritten(path, lambda data: data[: len(data) // 2]),
    "flipped": lambda path: _rewritten(path, _flipped),
    "zeroed": lambda path: _rewritten(path, lambda data: bytes(len(data))),
    "group may write": lambda path: path.chmod(0o620),
    "all may write": lambda path: path.chmod(0o602),
    "symlink": lambda path: _replaced(path, "symlink"),
    "pipe": lambda path: _replaced(path, "pipe"),
    "folder": lambda path: _replaced(path, "folder"),
}
ON_INDEX: dict[str, Callable[[Path], None]] = {
    "other format": lambda path: _rewritten(path, _other_head(format=2)),
    "no checksum": lambda path: _rewritten(path, lambda data: b'{"format":1}\n'),
    "a list": lambda path: _rewritten(path, lambda data: b"[]\n"),
    "deep": lambda path: _rewritten(path, lambda data: b"[" * 100_000),
    "other version": lambda path: _rewritten(path, _other_body(b'"package":"', b'"package":"9')),
    "no JSON": lambda path: _rewritten(path, _other_body(b'"seen"', b'"seen')),
    "no pairs": lambda path: _rewritten(path, _other_body(b'["seen",7]', b"7")),
    "a path": lambda path: _rewritten(
        path, _other_body(b'"file":"', f'"file":"../{path.parent.name}/'.encode())
    ),
    "other fields": lambda path: _rewritten(path, _other_body(b'"file"', b'"name"')),
}
ON_FOLDER: dict[str, Callable[[Path], None]] = {
    "group may write": lambda path: path.chmod(0o770),
    "symlink": lambda path: _replaced(path, "symlink"),
    "file": lambda path: _replaced(path, "file"),
    "pipe": lambda path: _replaced(path, "pipe"),
}
DAMAGES = [
    *[("index", name, damage) for name, damage in (ON_FILES | ON_INDEX).items()],
    *[("table", name, damage) for name, damage in ON_FILES.items()],
    ("table", "missing", Path.unlink),
    *[("entry", name, damage) for name, damage in ON_FOLDER.items()],
]


@pytest.mark.parametrize(
    ("where", "damage"),
    [(where, damage) for where, _, damage in DAMAGES],
    ids=[f"{where}: {name}" for where, name, _ in DAMAGES],
)
def test_damage_of_any_kind_is_nothing_stored_and_made_anew(
    where: str,
    damage: Callable[[Path], None],
    make: Make,
    cache: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    save(make, OLD, OLD_TABLES)
    places = {
        "index": entry(cache, make) / "index.jsonl",
        "table": part(cache, make),
        "entry": entry(cache, make),
    }
    damage(places[where])
    index = make()
    assert index.load() is None
    (told,) = caplog.records
    assert told.levelname == "INFO"
    assert told.getMessage().startswith("The index of hermes/state.db is of no use and is made anew: ")
    assert index.save(OLD, OLD_TABLES)
    assert content(make().load()) == stored(OLD, OLD_TABLES)
    assert not any(path.is_symlink() for path in cache.rglob("*"))
    assert index.save(NEW, NEW_TABLES)
    assert content(make().load()) == stored(NEW, NEW_TABLES)
    assert len(caplog.records) == 1


def test_damage_that_nobody_loaded_is_made_good_too(make: Make, cache: Path) -> None:
    save(make, OLD, OLD_TABLES)
    _rewritten(part(cache, make), _flipped)
    save(make, OLD, OLD_TABLES)
    assert content(make().load()) == stored(OLD, OLD_TABLES)


def test_a_table_that_was_lost_while_its_writer_lives_is_written_again(make: Make, cache: Path) -> None:
    writer = make()
    assert writer.save(OLD, OLD_TABLES)
    part(cache, make).unlink()
    assert writer.save(OLD, OLD_TABLES)
    assert content(make().load()) == stored(OLD, OLD_TABLES)


def test_a_directory_of_indexes_that_others_could_write_is_closed_to_them(make: Make, cache: Path) -> None:
    save(make, OLD, OLD_TABLES)
    (cache / "history").chmod(0o770)
    assert make().load() is None
    save(make, NEW, NEW_TABLES)
    assert stat.S_IMODE((cache / "history").stat().st_mode) == 0o700
    assert content(make().load()) == stored(NEW, NEW_TABLES)


@pytest.mark.parametrize("kind", ["symlink", "pipe", "folder"])
def test_a_lock_that_is_no_file_does_not_keep_anyone_out(kind: str, make: Make, cache: Path) -> None:
    save(make, OLD, OLD_TABLES)
    _replaced(entry(cache, make) / "lock", kind)
    assert content(make().load()) == stored(OLD, OLD_TABLES)
    save(make, NEW, NEW_TABLES)
    assert content(make().load()) == stored(NEW, NEW_TABLES)


# -- other users


@pytest.mark.parametrize("mask", [0, 0o077, 0o777])
def test_only_this_user_may_read_whatever_the_umask_is(mask: int, make: Make, tmp_path: Path) -> None:
    before = os.umask(mask)
    try:
        cache = tmp_path / "cache"
        save(make, OLD, OLD_TABLES)
        save(make, NEW, NEW_TABLES)
        assert content(make().load()) == stored(NEW, NEW_TABLES)
    finally:
        os.umask(before)
    for path in (cache, *cache.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_all_that_is_made_above_is_for_this_user_only(database_path: Path, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with closing(Index(database_path, (1, 1), tmp_path / "a" / "b")) as index:
            assert index.save(OLD, {})
    finally:
        os.umask(before)
    assert [stat.S_IMODE((tmp_path / path).stat().st_mode) for path in ("a", "a/b")] == [0o700, 0o700]


def test_what_belongs_to_another_user_is_neither_read_nor_written(
    make: Make, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(make, OLD, OLD_TABLES)
    before = fingerprint(cache)
    somebody = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: somebody)
    assert make().load() is None
    assert not make().save(NEW, NEW_TABLES)
    assert fingerprint(cache) == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
@pytest.mark.parametrize("given", ["index.jsonl", "table", "lock", "entry"])
def test_a_file_given_away_is_made_anew(given: str, make: Make, cache: Path) -> None:
    save(make, OLD, OLD_TABLES)
    folder = entry(cache, make)
    os.chown({"table": part(cache, make), "entry": folder}.get(given, folder / given), 65534, 65534)
    assert (make().load() is None) == (given != "lock")
    save(make, NEW, NEW_TABLES)
    assert content(make().load()) == stored(NEW, NEW_TABLES)
    assert {path.stat().st_uid for path in cache.rglob("*")} == {0}


def test_a_link_planted_in_the_cache_directory_is_not_followed(
    make: Make, cache: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    save(make, OLD, OLD_TABLES)
    elsewhere = tmp_path / "elsewhere"
    (cache / "history").rename(elsewhere)
    (cache / "history").symlink_to(elsewhere)
    before = fingerprint(elsewhere)
    index = make()
    assert index.load() is None
    assert not index.save(NEW, NEW_TABLES)
    index.forget()
    assert fingerprint(elsewhere) == before
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_removing_an_entry_does_not_follow_a_link_in_it(make: Make, cache: Path, tmp_path: Path) -> None:
    save(make, OLD, OLD_TABLES)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "precious").write_text("text")
    (entry(cache, make) / "link").symlink_to(elsewhere)
    make().forget()
    assert (elsewhere / "precious").exists()
    assert not entry(cache, make).exists()


# -- several processes

OTHER = """
import sys
from pathlib import Path
import pyarrow as pa
from hermes_hud_widget.ledger.index import Index

path, cache, name, times = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
identity = (path.stat().st_dev, path.stat().st_ino)
kept = 0
print("ready", flush=True)
sys.stdin.readline()
while kept < times:
    index = Index(path, identity, cache)
    mark = f"{name} {kept}"
    kept += index.save({"mark": mark}, {"common": pa.table({"a": [1]}), mark: pa.table({"mark": [mark]})})
    if times > 1:
        index.close()
print(kept, flush=True)
sys.stdin.readline()
"""


def _start(database_path: Path, cache: Path, name: str, times: int) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", OTHER, str(database_path), str(cache), name, str(times)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def _go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def test_while_two_processes_save_readers_see_what_one_of_them_saved(
    make: Make, cache: Path, database_path: Path
) -> None:
    processes = [_start(database_path, cache, name, 100) for name in ("one", "two")]
    seen = set()
    for process in processes:
        _go(process)
    deadline = time.monotonic() + 60
    try:
        while not all(_has_ended(process) for process in processes):
            assert time.monotonic() < deadline, seen
            saved = make().load()
            if saved is not None:
                mark = saved.document["mark"]
                assert content(saved) == ({"mark": mark}, {"common": {"a": [1]}, mark: {"mark": [mark]}})
                seen.add(mark)
    finally:
        for process in processes:
            process.communicate("\n", timeout=60)
    assert [process.returncode for process in processes] == [0, 0]
    assert content(make().load())[0]["mark"] in {"one 99", "two 99"}
    assert len(seen) > 1
    assert_tidy(cache, make)


def _has_ended(process: subprocess.Popen[str]) -> bool:
    """True when it has said that it is done."""
    return bool(select.select([process.stdout], [], [], 0)[0])


def test_another_process_is_the_writer_until_it_ends(make: Make, cache: Path, database_path: Path) -> None:
    process = _start(database_path, cache, "other", 1)
    with process:
        _go(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "1\n"
        index = make()
        assert content(index.load())[0] == {"mark": "other 0"}
        assert not index.save(NEW, NEW_TABLES)
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    assert content(make().load())[0] == {"mark": "other 0"}
    assert index.save(NEW, NEW_TABLES)
    assert content(make().load()) == stored(NEW, NEW_TABLES)


def test_the_writer_makes_anew_what_another_process_removed(make: Make, cache: Path) -> None:
    writer = make()
    assert writer.save(OLD, OLD_TABLES)
    with open_folder(cache / "history") as shelf:
        assert [entry.name for entry in shelf_module.clear(shelf)] == [writer.name]
    assert make().load() is None
    assert writer.save(OLD, OLD_TABLES)
    assert content(make().load()) == stored(OLD, OLD_TABLES)
    assert not make().save(NEW, NEW_TABLES), "it is the writer still"
    shutil.rmtree(cache)
    assert writer.save(NEW, NEW_TABLES)
    assert content(make().load()) == stored(NEW, NEW_TABLES)


def test_an_entry_removed_while_it_is_locked_is_made_anew(
    make: Make, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(make, OLD, OLD_TABLES)
    original, is_done = Folder.lock, False

    def lock_late(self: Folder, name: str) -> Lock | None:
        nonlocal is_done
        lock = original(self, name)
        if not is_done:
            is_done = True
            with open_folder(cache / "history") as shelf:
                shelf_module.clear(shelf)
        return lock

    monkeypatch.setattr(Folder, "lock", lock_late)
    save(make, NEW, NEW_TABLES)
    assert content(make().load()) == stored(NEW, NEW_TABLES)


def test_a_reader_between_two_states_sees_the_newer_one(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    save(make, OLD, OLD_TABLES)
    original, is_done = Folder.open, False

    def open_late(self: Folder, name: str) -> int:
        nonlocal is_done
        if name.endswith(".arrow") and not is_done:
            is_done = True
            save(make, NEW, {"third": NEW_TABLES["third"]})
        return original(self, name)

    monkeypatch.setattr(Folder, "open", open_late)
    assert content(make().load()) == stored(NEW, {"third": NEW_TABLES["third"]})
    assert is_done


def test_a_writer_that_waited_for_no_lock_is_told_so_in_one_process_too(make: Make) -> None:
    first, second = make(), make()
    assert first.save(OLD, OLD_TABLES)
    assert not second.save(NEW, NEW_TABLES)
    first.close()
    assert second.save(NEW, NEW_TABLES)
    assert not first.save(OLD, OLD_TABLES)
    assert content(first.load()) == stored(NEW, NEW_TABLES)


# -- what goes


def _neighbour(cache: Path, database_path: Path, number: int, days: float) -> tuple[Index, Path]:
    """Another database's entry, last used so many days ago."""
    index = Index(database_path, (0, number), cache)
    assert index.save(OLD, OLD_TABLES)
    path = cache / "history" / index.name
    at = time.time() - days * 86_400
    os.utime(path, (at, at))
    return index, path


def test_what_was_not_used_for_thirty_days_goes_at_the_next_save(
    make: Make, cache: Path, database_path: Path
) -> None:
    neighbours = [
        _neighbour(cache, database_path, number, days) for number, days in enumerate([31, 29, 31, 31])
    ]
    for number, (index, path) in enumerate(neighbours):
        if number == 2:
            os.utime(path, (0, 0))
        else:
            index.close()
    read = Index(database_path, (0, 3), cache)
    assert read.load() is not None
    mine = cache / "history" / "mine"
    mine.mkdir()
    os.utime(mine, (0, 0))
    (cache / "history" / ".gone-left-behind").mkdir()
    save(make, NEW, NEW_TABLES)
    there = {path.name for path in (cache / "history").iterdir()}
    expected = {index.name for index, _ in neighbours[1:]} | {make().name, "mine"}
    assert there == expected, "29 days, its writer lives, was read just now, and what is none of ours"
    neighbours[2][0].close()


def test_beyond_the_limit_what_was_used_longest_ago_goes(
    make: Make, cache: Path, database_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = []
    for number, days in enumerate([3, 1, 2]):
        index, _ = _neighbour(cache, database_path, number, days)
        index.close()
        names.append(index.name)
    save(make, OLD, OLD_TABLES)
    size = sum(path.stat().st_size for path in entry(cache, make).iterdir())
    monkeypatch.setattr(shelf_module, "KEPT_BYTES", 3 * size + size // 2)
    save(make, OLD, OLD_TABLES)
    assert {path.name for path in (cache / "history").iterdir()} == {make().name, *names[1:]}
    monkeypatch.setattr(shelf_module, "KEPT_BYTES", 1)
    save(make, OLD, OLD_TABLES)
    assert {path.name for path in (cache / "history").iterdir()} == {make().name}


# -- where


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's directory, with a Hermes home in it that nobody looks at."""
    user = tmp_path / "user"
    (user / ".hermes").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(user))
    for name in ("XDG_CACHE_HOME", "HERMES_HOME", "HERMES_HUD_CACHE"):
        monkeypatch.delenv(name, raising=False)
    return user


def _index(database_path: Path) -> Index:
    return Index(database_path, (1, 1))


def test_the_user_s_cache_directory_is_the_place(elsewhere: Path, database_path: Path) -> None:
    with closing(_index(database_path)) as index:
        assert index.save(OLD, {})
    (path,) = elsewhere.rglob("index.jsonl")
    assert path.parent.parent.name == "history"
    assert path.parent.parent.parent.name == "hermes-hud-widget"


def test_a_variable_names_another_place(
    elsewhere: Path, database_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HERMES_HUD_CACHE", "~/mine")
    with closing(_index(database_path)) as index:
        assert index.save(OLD, {})
    assert (elsewhere / "mine" / "history" / index.name / "index.jsonl").exists()


@pytest.mark.parametrize("named", ["off", " OFF "])
def test_off_keeps_nothing(
    named: str,
    elsewhere: Path,
    database_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("HERMES_HUD_CACHE", named)
    monkeypatch.chdir(elsewhere)
    before = fingerprint(elsewhere)
    index = _index(database_path)
    assert not index.save(OLD, OLD_TABLES)
    assert index.load() is None
    index.forget()
    assert fingerprint(elsewhere) == before
    assert not caplog.records


@pytest.mark.parametrize(
    "named",
    ["HOME", "HOME/cache/deep", "LINK/cache", "HOME/profiles/other/cache", "USER/.hermes/cache", "OTHER/x"],
)
def test_nothing_is_written_below_any_hermes_home(
    named: str,
    elsewhere: Path,
    database_path: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    home = database_path.parent
    profile = home / "profiles" / "coder"
    profile.mkdir(parents=True)
    database_path.unlink()  # what has no database yet is a home, too
    other = tmp_path / "other"
    other.mkdir()
    (other / "state.db").write_text("")
    link = tmp_path / "link"
    link.symlink_to(home)
    for name, path in {"HOME": home, "LINK": link, "USER": elsewhere, "OTHER": other}.items():
        named = named.replace(name, str(path))
    monkeypatch.setenv("HERMES_HUD_CACHE", named)
    before = [fingerprint(path) for path in (home, elsewhere, other)]
    for path in (database_path, profile / "state.db"):
        caplog.clear()
        index = _index(path)
        assert index.load() is None
        assert not index.save(OLD, OLD_TABLES)
        index.forget()
        (told,) = caplog.records
        assert told.levelname == "WARNING"
        assert "lies below a Hermes home" in told.getMessage()
        assert "Set HERMES_HUD_CACHE to a directory outside" in told.getMessage()
    assert [fingerprint(path) for path in (home, elsewhere, other)] == before


def test_the_home_is_left_as_it_was(make: Make, database_path: Path) -> None:
    before = fingerprint(database_path.parent)
    save(make, OLD, OLD_TABLES)
    save(make, NEW, NEW_TABLES)
    assert make().load() is not None
    make().forget()
    assert fingerprint(database_path.parent) == before


def test_another_version_s_index_is_made_anew(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(index_module, "__version__", "0.0.1")
        save(make, OLD, OLD_TABLES)
    assert make().load() is None
    save(make, NEW, NEW_TABLES)
    assert content(make().load()) == stored(NEW, NEW_TABLES)


def test_what_json_cannot_hold_is_the_caller_s_fault_and_changes_nothing(make: Make) -> None:
    save(make, OLD, OLD_TABLES)
    with pytest.raises(TypeError):
        make().save({"a": object()}, NEW_TABLES)
    assert content(make().load()) == stored(OLD, OLD_TABLES)


def _open_files() -> int:
    return len(list(Path("/dev/fd").iterdir()))
