"""Logs read from their end: what a page holds, what following means, and what it costs when they grow."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from hermes_hud_widget.errors import SourceError
from hermes_hud_widget.place import Place
from hermes_hud_widget.sources import Attached, LogPage, Logs, Tail
from hermes_hud_widget.sources.tail import LINE_CHARS, PAGE_BYTES
from support.served import Client, Served


@pytest.fixture
def tail(tmp_path: Path) -> Iterator[Attached[Logs]]:
    attached = Tail("logs").attach(Place(tmp_path, tmp_path, None))
    (tmp_path / "logs").mkdir()
    yield attached
    attached.close()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "a.log"


def page(tail: Attached[Logs], before: int | None = None, lines: int = 200, name: str = "a.log") -> LogPage:
    found = tail.read().page(name, before, lines)
    assert found is not None
    return found


def texts(found: LogPage) -> list[str]:
    return [line.text for line in found.lines]


def append(log: Path, content: bytes) -> None:
    with log.open("ab") as file:
        file.write(content)


def test_the_last_lines_come_with_where_they_begin(tail: Attached[Logs], log: Path) -> None:
    log.write_bytes(b"one\ntwo\nthree\n")
    found = page(tail, lines=2)
    assert [(line.offset, line.text) for line in found.lines] == [(4, "two"), (8, "three")]
    assert (found.older, found.size_bytes) == (4, 14)
    assert texts(page(tail, found.older)) == ["one"]
    assert page(tail, found.older).older is None


def test_pages_backwards_make_the_whole_log_with_no_line_twice(tail: Attached[Logs], log: Path) -> None:
    written = [f"line {number} {'x' * (number % 300)}" for number in range(2_000)]
    log.write_text("\n".join(written) + "\n")
    lines, before = list(page(tail).lines), page(tail).older
    while before is not None:
        found = page(tail, before, 77)
        lines = [*found.lines, *lines]
        before = found.older
    assert [line.text for line in lines] == written
    assert not any(line.is_cut for line in lines)


def test_what_is_no_utf8_is_replaced_and_a_line_that_is_being_written_is_shown(
    tail: Attached[Logs], log: Path
) -> None:
    log.write_bytes(b"caf\xc3\xa9 \xff\r\nhalf a li")
    assert texts(page(tail)) == ["café �", "half a li"]
    append(log, b"ne\n")
    assert texts(page(tail)) == ["café �", "half a line"]


def test_a_giant_line_is_cut_and_can_be_paged_past(tail: Attached[Logs], log: Path) -> None:
    log.write_bytes(b"first\n" + b"x" * (3 * PAGE_BYTES) + b"\nlast\n")
    assert texts(page(tail)) == ["last"]
    before = page(tail).older
    seen = []
    while before is not None:
        found = page(tail, before)
        assert all(len(line.text) <= LINE_CHARS for line in found.lines)
        seen += found.lines
        before = found.older
    assert "first" in [line.text for line in seen]
    assert all(line.is_cut for line in seen if line.text.startswith("x"))


def test_growth_reads_no_more_than_what_is_new(
    tail: Attached[Logs], log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.write_bytes(b"old\n" * 10_000)
    page(tail)
    append(log, b"new\n")
    read = 0
    fdopen = os.fdopen

    def counting(*args: object, **kwargs: object) -> object:
        file = fdopen(*args, **kwargs)  # type: ignore[call-overload]

        class Counting:
            def __enter__(self) -> Counting:
                return self

            def __exit__(self, *_: object) -> None:
                file.close()

            def fileno(self) -> int:
                return int(file.fileno())

            def seek(self, at: int) -> None:
                file.seek(at)

            def read(self, count: int) -> bytes:
                nonlocal read
                read += count
                return bytes(file.read(count))

        return Counting()

    monkeypatch.setattr(os, "fdopen", counting)
    assert texts(page(tail))[-1] == "new"
    assert read < 100


def test_a_log_that_was_rotated_emptied_or_written_anew_is_read_anew(tail: Attached[Logs], log: Path) -> None:
    log.write_bytes(b"one\ntwo\n")
    assert texts(page(tail)) == ["one", "two"]
    log.rename(log.with_name("a.log.1"))
    log.write_bytes(b"three\n")
    assert texts(page(tail)) == ["three"]
    assert texts(page(tail, name="a.log.1")) == ["one", "two"]
    log.write_bytes(b"")
    assert texts(page(tail)) == []
    log.write_bytes(b"four\n" * 9)
    page(tail)
    log.write_bytes(b"five\n" * 12)  # longer than before, in the same file
    assert texts(page(tail)) == ["five"] * 12
    log.unlink()
    assert tail.read().page("a.log") is None


def test_nothing_is_a_change_until_somebody_looks_and_then_each_change_once(
    tail: Attached[Logs], log: Path
) -> None:
    log.write_bytes(b"one\n")
    before = tail.signature()
    append(log, b"two\n")
    assert tail.signature() == before
    assert tail.files == ()
    page(tail)
    assert tail.signature() == before
    assert tail.files == (log,)
    append(log, b"three\n")
    changed = tail.signature()
    assert changed != before
    # Nobody has looked since: it is followed no longer.
    assert tail.files == ()
    append(log, b"four\n")
    assert tail.signature() == changed


def test_a_page_that_shows_more_is_a_change_for_whoever_still_shows_less(
    tail: Attached[Logs], log: Path
) -> None:
    append(log, b"one\n")
    page(tail)
    before = tail.signature()
    append(log, b"two\n")
    page(tail)  # another viewer asks before anybody has looked at the signature
    assert tail.signature() != before


def test_an_older_page_follows_nothing_and_one_that_is_not_there_is_awaited(
    tail: Attached[Logs], log: Path
) -> None:
    log.write_bytes(b"one\ntwo\n")
    page(tail, before=4)
    assert tail.read().facts("a.log") is not None
    before = tail.signature()
    assert tail.files == ()
    log.unlink()
    assert tail.read().page("a.log") is None
    assert tail.signature() == before
    log.write_bytes(b"one\n")
    assert tail.signature() != before


@pytest.mark.parametrize(
    "name", ["../secret", "/etc/passwd", "a/../../secret", "", "a//b", "./a.log", "a\0b"]
)
def test_a_path_that_leads_out_of_the_folder_is_not_there(
    tail: Attached[Logs], tmp_path: Path, name: str
) -> None:
    (tmp_path / "secret").write_text("token")
    assert tail.read().page(name) is None
    assert tail.read().facts(name) is None


def test_what_is_no_file_is_damage_that_names_it(tail: Attached[Logs], log: Path) -> None:
    os.mkfifo(log)
    with pytest.raises(SourceError, match=r"logs/a\.log is not a regular file") as error:
        tail.read().page("a.log")
    assert (error.value.kind, error.value.path) == ("damaged", "logs/a.log")


def test_a_log_below_a_folder_grows_before_the_eyes_of_whoever_asked_for_it(home: Path) -> None:
    from hermes_hud_widget.panels import all_panels
    from support.served import served

    log = home / "cache" / "delegation" / "live" / "d1" / "task-0.log"
    log.parent.mkdir(parents=True)
    log.write_text("12:00:00 start    | begins\n")
    (log.parent / "manifest.json").write_text(
        '{"tasks": [{"index": 0, "goal": "g"}], "completed": "2026-01-01"}'
    )
    query = {"transcript": "d1"}
    with served(all_panels()) as server, server.connect() as client:
        id = server.open(home)
        client.look(id, "agents")
        for number in range(5):
            frame = client.get(id, "agents", query)
            append(log, f"12:00:0{number} tool     | -> step {number}\n".encode())
            grown = _wait(server, client, id, frame["version"], query, f"-> step {number}")
            assert grown["data"]["transcript"]["lines"][-1]["role"] == "tool"


def _wait(
    server: Served, client: Client, id: str, version: int, query: dict[str, str], text: str
) -> dict[str, object]:
    frame = client.get(id, "agents", query)
    while frame["data"]["transcript"]["lines"][-1]["text"] != text:
        client.wait_version(id, "agents", version)
        frame = client.get(id, "agents", query)
        version = frame["version"]
    return frame
