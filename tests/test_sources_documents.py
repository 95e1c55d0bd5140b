"""Trees of documents: found by Hermes' rules, seen to change, and never lost because one of them is broken."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hermes_hud_widget.errors import SourceError
from hermes_hud_widget.place import Place
from hermes_hud_widget.sources import Attached, Documents, JsonObject, Tree, documents
from hermes_hud_widget.sources.documents import split_front_matter
from ledger.world import settled

SKILLS = Documents(
    "skills",
    "SKILL.md",
    never=frozenset({".git", "node_modules"}),
    not_beside=frozenset({"references"}),
    further="skills.external_dirs",
    with_files=True,
)
TEXT = "---\nname: a\n---\ntext"


@pytest.fixture
def attached(tmp_path: Path) -> Attached[Tree]:
    return SKILLS.attach(Place(tmp_path, tmp_path, None))


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def write(path: str, content: str | bytes = TEXT) -> Path:
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    return write


def folders(attached: Attached[Tree]) -> list[str]:
    return [document.folder for document in attached.read().documents]


def test_no_folder_is_an_empty_tree_and_no_error(attached: Attached[Tree]) -> None:
    assert attached.is_missing()
    assert attached.read() == Tree() == SKILLS.missing


def test_documents_are_found_where_hermes_finds_them(
    attached: Attached[Tree], write: Callable[..., Path]
) -> None:
    write("skills/top/SKILL.md")
    write("skills/group/one/SKILL.md")
    write("skills/group/deep/er/two/SKILL.md")
    write("skills/references/three/SKILL.md")  # no skill beside it: a group of that name
    write("skills/group/one/references/old/SKILL.md")
    write("skills/group/.git/SKILL.md")
    write("skills/group/one/node_modules/x/SKILL.md")
    write("skills/group/notes.md")
    assert not attached.is_missing()
    assert folders(attached) == [
        "skills/group/deep/er/two",
        "skills/group/one",
        "skills/references/three",
        "skills/top",
    ]
    assert attached.read().documents[1].parts == ("group", "one")


def test_links_to_folders_are_followed_once_and_loops_end(
    attached: Attached[Tree], write: Callable[..., Path], tmp_path: Path
) -> None:
    write("elsewhere/mine/SKILL.md")
    write("skills/group/one/SKILL.md")
    (tmp_path / "skills/linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "skills/linked-too").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "skills/group/round").symlink_to(tmp_path / "skills")
    assert folders(attached) == ["skills/group/one", "skills/linked/mine"]


def test_a_skill_behind_a_link_is_seen_to_change(
    attached: Attached[Tree], write: Callable[..., Path], tmp_path: Path
) -> None:
    file = write("elsewhere/mine/SKILL.md")
    (tmp_path / "skills").mkdir()
    (tmp_path / "skills/linked").symlink_to(tmp_path / "elsewhere")
    before = settled(attached)
    file.write_text("other")
    assert attached.signature() != before
    assert tmp_path / "skills/linked/mine" in attached.folders


def test_front_matter_and_text_are_taken_apart(attached: Attached[Tree], write: Callable[..., Path]) -> None:
    write("skills/a/SKILL.md", "\ufeff---\r\nname: x\r\ntags: [a, b]\r\n---\r\n\r\n# Title\r\nText\r\n")
    (document,) = attached.read().documents
    assert document.front_matter == {"name": "x", "tags": ["a", "b"]}
    assert document.front_matter_text == "name: x\ntags: [a, b]"
    assert document.text == "# Title\nText\n"
    assert (document.problem, document.is_text, document.is_cut) == (None, True, False)


@pytest.mark.parametrize(
    ("text", "front", "problem"),
    [
        ("# No front matter", {}, None),
        ("", {}, None),
        ("---\n\n---\ntext", {}, None),
        ("---\nname: >\n  two\n  lines\n---\n", {"name": "two lines"}, None),
        (
            "---\nname: a\ndescription: this: breaks\n---\nx",
            {"name": "a", "description": "this: breaks"},
            "line 3",
        ),
        ("---\nname: [a\n---\nx", {"name": "[a"}, "is not valid YAML"),
        ("---\n- a\n---\nx", {}, "holds a list"),
        ("---\nname: a\nnever closed", {}, "not closed"),
        ("---\nname: a\n---", {}, "not closed"),
        (f"---\nx: {'y' * 5000}\n---\n", {}, "within 4,000 characters"),
        ("---\nname: a\nx: 2026-13-45\n---\n", {"name": "a", "x": "2026-13-45"}, "is not valid YAML"),
        ("---\nname: a\nx: !!bool maybe\n---\n", {"name": "a", "x": "!!bool maybe"}, "is not valid YAML"),
        (
            "---\nname: a\nx: !!timestamp soon\n---\n",
            {"name": "a", "x": "!!timestamp soon"},
            "is not valid YAML",
        ),
        ("---\nname: a\n? [b]\n: c\n---\n", {"name": "a", "": "c"}, "is not valid YAML"),
    ],
)
def test_broken_front_matter_is_read_as_far_as_hermes_reads_it_and_said_to_be_broken(
    text: str, front: dict[str, Any], problem: str | None
) -> None:
    found = split_front_matter(text)
    assert found.front_matter == front
    assert (found.problem is None) is (problem is None)
    assert (problem or "") in (found.problem or "")


def test_front_matter_of_a_thousand_brackets_is_a_problem_and_no_crash() -> None:
    found = split_front_matter(f"---\nname: a\nx: {'[' * 1500}{']' * 1500}\n---\ntext")
    assert found.front_matter["name"] == "a"
    assert found.problem == "its front matter nests more than 100 levels deep"


def test_an_unreadable_file_and_an_unlistable_folder_cost_no_other(
    attached: Attached[Tree], write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "abc":
        write(f"skills/{name}/SKILL.md")

    def refusing(function: Callable[..., Any], end: str) -> Callable[..., Any]:
        def refuse(path: Any, *rest: Any) -> Any:
            if str(path).endswith(end):
                raise PermissionError(13, "Permission denied")
            return function(path, *rest)

        return refuse

    # Not by the files' modes: whoever is root reads them all the same.
    monkeypatch.setattr(os, "open", refusing(os.open, "a/SKILL.md"))
    monkeypatch.setattr(os, "scandir", refusing(os.scandir, "skills/c"))
    tree = attached.read()
    assert [(document.folder, document.problem) for document in tree.documents] == [
        ("skills/a", "it cannot be opened: Permission denied"),
        ("skills/b", None),
    ]
    assert tree.unread == ("skills/c cannot be listed: Permission denied",)


def test_each_broken_file_is_a_document_that_says_what_is_wrong(
    attached: Attached[Tree], write: Callable[..., Path], tmp_path: Path
) -> None:
    write("skills/binary/SKILL.md", b"---\nname: x\n---\n\xff\xfe rest")
    write("skills/fine/SKILL.md")
    for name in ("link", "fifo"):
        (tmp_path / "skills" / name).mkdir()
    (tmp_path / "skills/link/SKILL.md").symlink_to("nowhere")
    os.mkfifo(tmp_path / "skills/fifo/SKILL.md")
    found = {
        document.parts[0]: (document.problem, document.is_text) for document in attached.read().documents
    }
    assert found == {
        "binary": ("it is not UTF-8 text (byte 16)", False),
        "fifo": ("it is not a regular file", False),
        "fine": (None, True),
        "link": ("it is a link to a file that does not exist", False),
    }


def test_a_long_text_is_cut_not_refused_and_not_within_a_character(
    attached: Attached[Tree], write: Callable[..., Path]
) -> None:
    write("skills/a/SKILL.md", "x" + "€" * documents.MAX_TEXT_BYTES)
    (document,) = attached.read().documents
    assert (document.is_cut, document.problem) == (True, None)
    assert set(document.text[1:]) == {"€"}


def test_of_too_many_folders_the_rest_is_left_out_and_said_to_be(
    attached: Attached[Tree], write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(9):
        write(f"skills/s{number}/SKILL.md")
    monkeypatch.setattr(documents, "MAX_FOLDERS", 5)
    tree = attached.read()
    assert 0 < len(tree.documents) < 9
    assert tree.unread == ("only the first 5 folders are read",)
    monkeypatch.setattr(documents, "MAX_FOLDERS", 50)
    monkeypatch.setattr(documents, "MAX_DOCUMENTS", 3)
    tree = attached.read()
    assert len(tree.documents) == 3
    assert tree.unread == ("only the first 3 files named SKILL.md are read",)


def test_something_else_than_a_folder_is_damage(attached: Attached[Tree], write: Callable[..., Path]) -> None:
    write("skills", "a file")
    assert not attached.is_missing()
    with pytest.raises(SourceError, match="skills is not a folder") as raised:
        attached.read()
    assert (raised.value.kind, raised.value.path) == ("damaged", "skills")


# -- files beside a document


def test_the_files_beside_a_document_are_listed_and_digested_in_the_order_of_their_paths(
    attached: Attached[Tree], write: Callable[..., Path], tmp_path: Path
) -> None:
    write("skills/a/SKILL.md")
    write("skills/a/b/c", "1")
    write("skills/a/b-c", "2")  # sorts before b/c as text, after it as a path
    write("skills/a/references/SKILL.md", "3")
    (tmp_path / "skills/a/linked").symlink_to(tmp_path / "skills/a/b")  # links to folders do not count
    (tmp_path / "skills/a/broken").symlink_to("nowhere")
    (document,) = attached.read().documents
    assert document.files == ("b/c", "b-c", "broken", "references/SKILL.md")
    digest = hashlib.md5()
    for name in ("SKILL.md", "b/c", "b-c", "references/SKILL.md"):
        digest.update(name.encode() + (tmp_path / "skills/a" / name).read_bytes())
    assert document.digest == digest.hexdigest()


def test_a_document_with_too_much_beside_it_has_no_digest(
    attached: Attached[Tree], write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    write("skills/a/SKILL.md")
    write("skills/a/large", "x" * 1000)
    monkeypatch.setattr(documents, "MAX_DIGEST_BYTES", 500)
    (document,) = attached.read().documents
    assert (document.digest, document.files) == (None, ("large",))
    monkeypatch.setattr(documents, "MAX_FILES_BELOW", 2)
    attached.signature()
    (document,) = attached.read().documents
    assert (document.digest, document.files) == (None, ())


def test_a_change_of_a_file_beside_a_document_is_a_change(
    attached: Attached[Tree], write: Callable[..., Path], tmp_path: Path
) -> None:
    write("skills/a/SKILL.md")
    script = write("skills/a/scripts/run.py", "one")
    before, digest = settled(attached), attached.read().documents[0].digest
    assert tmp_path / "skills/a/scripts" in attached.folders
    script.write_text("two")
    assert attached.signature() != before
    assert attached.read().documents[0].digest != digest


# -- changes


def test_nothing_is_read_and_nothing_listed_again_as_long_as_nothing_changes(
    attached: Attached[Tree], write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(20):
        write(f"skills/group/s{number}/SKILL.md")
    before = settled(attached)
    tree = attached.read()
    opened: list[object] = []

    def forbidden(path: object, *_: object) -> None:
        opened.append(path)
        raise AssertionError(path)

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", forbidden)
        patched.setattr(os, "scandir", forbidden)
        assert attached.signature() == before
        assert attached.read() == tree
    assert opened == []
    write("skills/group/s7/SKILL.md", "changed")
    read: list[str] = []
    monkeypatch.setattr(documents, "_read_document", _counting(documents._read_document, read))
    attached.read()
    assert [Path(path).parent.name for path in read] == ["s7"]


def _counting(function: Callable[..., Any], calls: list[str]) -> Callable[..., Any]:
    def counted(path: str, *rest: Any) -> Any:
        calls.append(path)
        return function(path, *rest)

    return counted


def test_every_kind_of_change_changes_the_signature(
    attached: Attached[Tree], write: Callable[..., Path], tmp_path: Path
) -> None:
    signatures = [settled(attached)]

    def changed(by: Callable[[], object]) -> None:
        by()
        signatures.append(settled(attached))
        assert signatures[-1] != signatures[-2]

    changed(lambda: write("skills/group/a/SKILL.md"))
    changed(lambda: write("skills/group/a/SKILL.md", "in place"))
    changed(lambda: write("new", "by rename").rename(tmp_path / "skills/group/a/SKILL.md"))
    changed(lambda: write("skills/group/b/SKILL.md"))
    changed(lambda: (tmp_path / "skills/group").rename(tmp_path / "skills/other"))
    changed(lambda: (tmp_path / "skills/other/b/SKILL.md").unlink())
    changed(lambda: (tmp_path / "skills").rename(tmp_path / "gone"))
    changed(lambda: (tmp_path / "gone").rename(tmp_path / "skills"))


def test_what_is_no_document_changes_nothing(
    attached: Attached[Tree], write: Callable[..., Path], tmp_path: Path
) -> None:
    write("skills/group/a/SKILL.md")
    before = settled(attached)
    write("skills/.usage.json", "{}")
    write("skills/group/DESCRIPTION.md")
    write("skills/group/.git/config")
    write("skills/group/a/.SKILL.md.tmp.abc")  # as Hermes writes before it renames
    (tmp_path / "skills/empty").mkdir()
    assert settled(attached) == before


def test_each_of_many_writes_within_a_clock_tick_changes_the_signature(
    attached: Attached[Tree], write: Callable[..., Path]
) -> None:
    write("skills/a/SKILL.md", "n: 000")
    seen = {attached.signature()}
    for number in range(100, 200):
        write("skills/a/SKILL.md", f"n: {number}")
        seen.add(attached.signature())
        assert attached.read().documents[0].text == f"n: {number}"
    assert len(seen) == 101
    last = attached.signature()
    assert settled(attached) == last


# -- folders outside the home


def test_further_folders_come_from_the_configuration_by_hermes_rules(
    attached: Attached[Tree], write: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    monkeypatch.setenv("TEAM", str(tmp_path / "team"))
    write("skills/a/SKILL.md")
    write("user/mine/b/SKILL.md")
    write("team/group/c/SKILL.md")
    write("relative/d/SKILL.md")
    before = settled(attached)
    listed = ["~/mine", "$TEAM/", "relative", "skills", "~/mine", "/no/such/folder", "", None, {"x": 1}]
    write("config.yaml", f"skills: {{external_dirs: {listed!r}}}".replace("None", "null"))
    assert settled(attached) != before
    tree = attached.read()
    assert [(document.folder, document.is_outside) for document in tree.documents] == [
        ("skills/a", False),
        ("~/mine/b", True),
        ("$TEAM/group/c", True),
        ("relative/d", True),
    ]
    assert [(folder.path, folder.exists) for folder in tree.outside] == [
        ("~/mine", True),
        ("$TEAM", True),
        ("relative", True),
        ("/no/such/folder", False),
    ]
    before = settled(attached)
    write("user/mine/b/SKILL.md", "changed")
    assert settled(attached) != before
    assert tmp_path / "user/mine/b" in attached.folders


def test_a_damaged_configuration_leaves_the_folders_as_they_were(
    attached: Attached[Tree], write: Callable[..., Path], tmp_path: Path
) -> None:
    write("other/b/SKILL.md")
    write("config.yaml", f"skills: {{external_dirs: '{tmp_path}/other'}}")
    assert folders(attached) == [f"{tmp_path}/other/b"]
    assert not attached.is_missing()
    write("config.yaml", "a: [")
    assert folders(attached) == [f"{tmp_path}/other/b"]
    write("config.yaml", "skills: {external_dirs: 7}")
    assert folders(attached) == []


def test_another_setting_does_not_change_the_tree(
    attached: Attached[Tree], write: Callable[..., Path]
) -> None:
    write("skills/a/SKILL.md")
    before = settled(attached)
    write("config.yaml", "model: other")
    assert settled(attached) == before


def test_names_that_are_no_text_can_be_shown(attached: Attached[Tree], tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path / "skills") + b"/caf\xe9"
    os.makedirs(folder)  # noqa: PTH103  a Path cannot be made of these bytes on every system
    Path(os.fsdecode(folder), "SKILL.md").write_text(TEXT)
    (document,) = attached.read().documents
    document.folder.encode()
    assert document.folder == "skills/caf?"


# -- JSON objects


@pytest.mark.parametrize("content", ["[]", "1", "null", '"x"', "[" * 100_000])
def test_json_that_is_no_object_is_damage_that_names_the_file(tmp_path: Path, content: str) -> None:
    (tmp_path / "x.json").write_text(content)
    attached = JsonObject("x.json").attach(Place(tmp_path, tmp_path, None))
    with pytest.raises(SourceError, match=r"x\.json") as raised:
        attached.read()
    assert raised.value.kind == "damaged"


def test_no_json_object_is_an_empty_one(tmp_path: Path) -> None:
    attached = JsonObject("x.json").attach(Place(tmp_path, tmp_path, None))
    assert attached.read() == {} == JsonObject("x.json").missing
    (tmp_path / "x.json").write_text('{"a": 1}')
    assert attached.read() == {"a": 1}
