import errno
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hermes_hud_widget.errors import SourceError
from hermes_hud_widget.place import Place
from hermes_hud_widget.sources import (
    ActiveProfile,
    Attached,
    Config,
    Entries,
    EntriesFile,
    HomeName,
    Json,
    JsonObject,
    Profiles,
    Settings,
    Source,
    TextFile,
)
from hermes_hud_widget.sources import file as file_module
from hermes_hud_widget.sources.file import MAX_FILE_BYTES

WRITTEN_NS = 1_700_000_000_000_000_000


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
    JsonObject("y.json"),
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


def damage(written: Written) -> tuple[str, str]:
    """What kind of error reading is, and what it says after the name of the file."""
    with pytest.raises(SourceError) as raised:
        written.attached.read()
    label = written.source.label
    assert raised.value.path == label
    assert str(raised.value).startswith(f"{label} ")
    return raised.value.kind, str(raised.value).removeprefix(f"{label} ")


@file_source
def test_a_missing_file_is_its_missing_content_and_no_error(source: Source[Any], attach: Attach) -> None:
    written = attach(source)
    assert written.attached.is_missing()
    content = written.attached.read()
    assert content == source.missing or vars(content) == vars(source.missing)
    written.attached.signature()
    assert written.attached.recheck_soon is False


@pytest.mark.parametrize(
    ("source", "content", "expected"),
    [
        (TextFile("SOUL.md"), "Grüße\n", "Grüße\n"),
        (Json("x.json"), '{"a": [1, null]}', {"a": [1, None]}),
        (Entries("MEMORY.md"), "a", EntriesFile(True, ("a",), datetime.fromtimestamp(1e9, UTC))),
        (ActiveProfile(), "coder\n", "coder"),
        (ActiveProfile(), "default\n", None),
        (ActiveProfile(), "../coder", None),
        (ActiveProfile(), "", None),
    ],
)
def test_a_file_is_read_as_what_it_holds(
    source: Source[Any], content: str, expected: object, attach: Attach
) -> None:
    written = attach(source)
    written.file.write_text(content, encoding="utf-8")
    os.utime(written.file, (1e9, 1e9))
    assert written.attached.read() == expected


@pytest.mark.parametrize("of", [TextFile, Json])
def test_a_file_of_the_root_is_not_looked_for_in_the_profile(
    of: type[TextFile] | type[Json], tmp_path: Path
) -> None:
    place = Place(tmp_path / "profiles" / "coder", tmp_path, "coder")
    assert of("x").attach(place).files == (place.path / "x",)
    assert of("x", of="root").attach(place).files == (tmp_path / "x",)
    assert ActiveProfile().attach(place).files == (tmp_path / "active_profile",)


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
    assert damage(written) == ("damaged", "is not a regular file")


@file_source
def test_a_link_to_nowhere_is_an_error(source: Source[Any], attach: Attach) -> None:
    written = attach(source)
    written.file.symlink_to("nowhere")
    assert damage(written) == ("damaged", "is a link to a file that does not exist")


@file_source
def test_a_link_to_itself_is_an_error(source: Source[Any], attach: Attach) -> None:
    written = attach(source)
    written.file.symlink_to(written.file)
    assert damage(written) == ("unavailable", "cannot be opened: Too many levels of symbolic links")


@file_source
def test_a_file_of_absurd_size_is_an_error(source: Source[Any], attach: Attach) -> None:
    written = attach(source)
    with written.file.open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    assert damage(written) == ("unavailable", "is 17 MB, too large to be shown")


def test_a_file_may_have_the_greatest_size(attach: Attach, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_module, "MAX_FILE_BYTES", 3)
    written = attach(TextFile("SOUL.md"))
    written.file.write_text("abc")
    assert written.attached.read() == "abc"


@file_source
def test_a_file_that_cannot_be_read_is_an_error_until_it_can(
    source: Source[Any], attach: Attach, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = attach(source)
    written.file.write_bytes(b"1")

    def fail(descriptor: int, _: str) -> None:
        os.close(descriptor)
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as broken:
        broken.setattr(os, "fdopen", fail)
        assert damage(written) == ("unavailable", "cannot be read: Input/output error")
        failing = written.attached.signature()
    os.utime(written.file, (1, 1))
    assert written.attached.signature() != failing


@file_source
def test_damage_that_stays_is_the_same_signature(source: Source[Any], attach: Attach) -> None:
    written = attach(source)
    written.file.mkdir()
    before = written.attached.signature()
    (written.file / "inside").touch()
    os.utime(written.file, (1, 1))
    assert written.attached.signature() == before


@file_source
def test_a_file_that_appears_in_the_middle_of_a_look_is_read(
    source: Source[Any], attach: Attach, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = attach(source)
    facts = file_module._facts

    def write_after(path: Path) -> object:
        found = facts(path)
        path.write_bytes(b"a: 1")
        return found

    with monkeypatch.context() as slow:
        slow.setattr(file_module, "_facts", write_after)
        found = written.attached.signature()
    assert written.attached.signature() == found
    written.replace(b"a: 2")
    assert written.attached.signature() != found


@file_source
@pytest.mark.parametrize(
    ("age_ms", "is_noticed"), [(0, True), (19, True), (-19, True), (20, False), (1000, False)]
)
def test_a_write_that_changes_no_fact_is_noticed_after_one_as_fresh_as_a_clock_tick(
    source: Source[Any],
    age_ms: int,
    is_noticed: bool,
    attach: Attach,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written = attach(source)

    def write(content: bytes) -> None:
        written.file.write_bytes(content)
        os.utime(written.file, ns=(WRITTEN_NS, WRITTEN_NS))

    clock = SimpleNamespace(time_ns=lambda: WRITTEN_NS + age_ms * 1_000_000)
    monkeypatch.setattr(file_module, "time", clock)
    write(b"a: 1")
    before = written.attached.signature()
    assert written.attached.recheck_soon == is_noticed
    write(b"a: 2")
    assert (written.attached.signature() != before) == is_noticed


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


def test_what_is_as_it_was_is_not_parsed_again(attach: Attach) -> None:
    written = attach(Json("x.json"))
    written.file.write_text("[1]")
    before = written.attached.read()
    assert written.attached.read() is before
    written.file.write_text("[2]")
    assert written.attached.read() == [2]


def test_damaged_json_says_where(attach: Attach) -> None:
    written = attach(Json("x.json"))
    written.file.write_text('{"a": ')
    assert damage(written) == ("damaged", "is not valid JSON: Expecting value: line 1 column 7 (char 6)")


def test_json_edited_by_hand_may_have_a_byte_order_mark_and_raw_line_ends_in_its_texts(
    attach: Attach,
) -> None:
    written = attach(Json("x.json"))
    written.file.write_text('\ufeff{"prompt": "one\ntwo"}', encoding="utf-8")
    assert written.attached.read() == {"prompt": "one\ntwo"}


def test_json_that_nests_without_end_is_damaged(attach: Attach) -> None:
    written = attach(Json("x.json"))
    written.file.write_text("[" * 100_000)
    kind, words = damage(written)
    assert (kind, words.partition(":")[0]) == ("damaged", "is not valid JSON")


def test_damaged_yaml_says_where(attach: Attach) -> None:
    written = attach(Config())
    written.file.write_text("memory:\n  a: [1\nb: 2\n")
    problem = "is not valid YAML, line 3: did not find expected ',' or ']'"
    assert damage(written) == ("damaged", problem)


def test_yaml_that_is_no_mapping_is_damaged(attach: Attach) -> None:
    written = attach(Config())
    written.file.write_text("- a\n- b\n")
    assert damage(written) == ("damaged", "holds a list, expected a mapping")


@pytest.mark.parametrize(("text", "value"), [("a:\n  b: 1\n", 1), ("a: 1\n", None), ("# nothing\n", None)])
def test_settings_are_found_by_dotted_path(text: str, value: object, attach: Attach) -> None:
    written = attach(Config())
    written.file.write_text(text)
    assert written.attached.read().get("a.b") == value


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
    [(500, 500), ("500", 500), (1, 1), (None, 10), (0, 10), (-1, 10), (True, 10), ([1], 10), ("many", 10)],
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
    attached = Profiles().attach(Place(tmp_path / "profiles" / "coder", tmp_path, "coder"))
    assert attached.read() == ("a-b_2", "coder")
    assert attached.folders == (tmp_path / "profiles",)
    (tmp_path / "profiles" / "new").mkdir()
    assert attached.signature() == ("a-b_2", "coder", "new")


def test_the_place_itself_is_a_source_that_never_changes(tmp_path: Path) -> None:
    place = Place(tmp_path, tmp_path, None)
    attached = HomeName().attach(place)
    before = attached.signature()
    (tmp_path / "SOUL.md").touch()
    assert (attached.read(), attached.signature()) == (place, before)
