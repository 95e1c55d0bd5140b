import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hermes_hud_widget.errors import SourceError
from hermes_hud_widget.place import Place
from hermes_hud_widget.sources import (
    ActiveProfile,
    Attached,
    Config,
    Entries,
    Json,
    Profiles,
    Settings,
    Source,
    TextFile,
)
from hermes_hud_widget.sources.file import MAX_FILE_BYTES


@dataclass
class Written:
    """A source attached to a home, and the file it reads."""

    source: Source[Any]
    attached: Attached[Any]
    file: Path

    def replace(self, content: bytes) -> None:
        """As Hermes writes: a temporary file, then a rename."""
        temporary = self.file.with_suffix(".tmp")
        temporary.write_bytes(content)
        temporary.replace(self.file)


FILES: list[Source[Any]] = [
    TextFile("SOUL.md"),
    Json("x.json"),
    Entries("MEMORY.md"),
    Config(),
    ActiveProfile(),
]
file_source = pytest.mark.parametrize("source", FILES, ids=lambda source: type(source).__name__)
Attach = Callable[[Source[Any]], Written]


@pytest.fixture
def attach(tmp_path: Path) -> Attach:
    def attach(source: Source[Any]) -> Written:
        attached = source.attach(Place(tmp_path, tmp_path, None))
        return Written(source, attached, attached.files[0])

    return attach


@file_source
def test_a_missing_file_is_its_missing_content_and_no_error(source: Source[Any], attach: Attach) -> None:
    written = attach(source)
    assert written.attached.is_missing()
    content = written.attached.read()
    assert content == source.missing or vars(content) == vars(source.missing)


@file_source
@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"a\xc3"], ids=["utf-16", "cut off"])
def test_what_is_not_utf_8_is_an_error_that_names_the_file(
    source: Source[Any], content: bytes, attach: Attach
) -> None:
    written = attach(source)
    written.file.write_bytes(content)
    with pytest.raises(SourceError, match=r"is not UTF-8 text") as raised:
        written.attached.read()
    assert (raised.value.kind, raised.value.path) == ("damaged", source.label)


@file_source
@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["directory", "FIFO"])
@pytest.mark.timeout(10)
def test_what_is_no_regular_file_is_an_error_and_never_waits(
    source: Source[Any], make: Callable[[Path], None], attach: Attach
) -> None:
    written = attach(source)
    make(written.file)
    with pytest.raises(SourceError):
        written.attached.read()


@file_source
def test_a_link_to_nowhere_is_an_error(source: Source[Any], attach: Attach) -> None:
    written = attach(source)
    written.file.symlink_to("nowhere")
    with pytest.raises(SourceError, match="does not exist"):
        written.attached.read()


@file_source
def test_a_file_of_absurd_size_is_an_error(source: Source[Any], attach: Attach) -> None:
    written = attach(source)
    with written.file.open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    with pytest.raises(SourceError, match="too large"):
        written.attached.read()


@file_source
def test_the_signature_is_the_same_as_long_as_the_content_is(source: Source[Any], attach: Attach) -> None:
    written = attach(source)
    written.replace(b"one: 1")
    before = written.attached.signature()
    written.replace(b"one: 1")
    os.utime(written.file, (1, 1))
    assert written.attached.signature() == before


@file_source
def test_each_of_many_writes_within_a_clock_tick_changes_the_signature(
    source: Source[Any], attach: Attach
) -> None:
    written = attach(source)
    seen = {written.attached.signature()}
    for number in range(100, 300):
        written.file.write_bytes(b"n: %d" % number)
        seen.add(written.attached.signature())
    assert len(seen) == 201


@file_source
def test_appearing_vanishing_and_being_damaged_change_the_signature(
    source: Source[Any], attach: Attach
) -> None:
    written = attach(source)
    signatures = [written.attached.signature()]
    written.file.write_bytes(b"1")
    signatures.append(written.attached.signature())
    written.file.unlink()
    signatures.append(written.attached.signature())
    written.file.mkdir()
    signatures.append(written.attached.signature())
    assert len(set(signatures)) == 4


def test_damaged_json_says_where(attach: Attach) -> None:
    written = attach(Json("x.json"))
    written.file.write_text('{"a": ')
    with pytest.raises(SourceError, match=r"x\.json is not valid JSON: .*line 1 column 7"):
        written.attached.read()


def test_damaged_yaml_says_where(attach: Attach) -> None:
    written = attach(Config())
    written.file.write_text("memory:\n  a: [1\nb: 2\n")
    with pytest.raises(SourceError, match=r"config\.yaml is not valid YAML, line 3"):
        written.attached.read()


def test_yaml_that_is_no_mapping_is_damaged(attach: Attach) -> None:
    written = attach(Config())
    written.file.write_text("- a\n- b\n")
    with pytest.raises(SourceError, match="holds a list, expected a mapping"):
        written.attached.read()


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("one\n§\ntwo", ("one", "two")),
        ("See § 5 and § 7\n§\ntwo", ("See § 5 and § 7", "two")),
        ("\ufeffone\r\n§\r\ntwo\r\n", ("one", "two")),
        ("one\n§\none\n§\n\n§\n two ", ("one", "two")),
        ("first line\nsecond line", ("first line\nsecond line",)),
        ("", ()),
        ("\n§\n", ()),
    ],
)
def test_entries_are_divided_by_lines_that_are_a_section_sign_alone(
    text: str, entries: tuple[str, ...], attach: Attach
) -> None:
    written = attach(Entries("MEMORY.md"))
    written.file.write_bytes(text.encode())
    assert written.attached.read().entries == entries


def test_used_characters_count_delimiters_but_not_bytes(attach: Attach) -> None:
    written = attach(Entries("MEMORY.md"))
    written.file.write_text("äö\n§\nb\n", encoding="utf-8")
    assert written.attached.read().used_chars == 2 + 3 + 1


def test_a_store_says_when_it_was_written(attach: Attach) -> None:
    written = attach(Entries("MEMORY.md"))
    written.file.write_text("a")
    os.utime(written.file, (1_700_000_000, 1_700_000_000))
    assert written.attached.read().modified_at == datetime.fromtimestamp(1_700_000_000, UTC)


@pytest.mark.parametrize(
    ("value", "limit"),
    [(500, 500), ("500", 500), (None, 10), (0, 10), (-1, 10), (True, 10), ([1], 10), ("many", 10)],
)
def test_a_limit_of_the_wrong_type_falls_back_to_the_default(value: object, limit: int) -> None:
    assert Settings({"memory": {"limit": value}}).positive("memory.limit", 10) == limit


@pytest.mark.parametrize(
    ("config", "model"),
    [({"model": "a/b"}, "a/b"), ({"model": {"default": "c"}}, "c"), ({"model": 3}, None), ({}, None)],
)
def test_the_model_is_a_name_or_a_mapping_with_a_default(
    config: dict[str, object], model: str | None
) -> None:
    assert Settings(config).model == model


def test_profiles_are_the_directories_with_a_valid_name(tmp_path: Path) -> None:
    for name in ("coder", "a-b_2", "Bad", ".hidden"):
        (tmp_path / "profiles" / name).mkdir(parents=True)
    (tmp_path / "profiles" / "file").write_text("")
    assert Profiles().attach(Place(tmp_path, tmp_path, None)).read() == ("a-b_2", "coder")
