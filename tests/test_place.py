import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from hermes_hud_widget.errors import HomeError
from hermes_hud_widget.place import find_place


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A root home with a profile, named by $HERMES_HOME."""
    (tmp_path / "profiles" / "coder").mkdir(parents=True)
    monkeypatch.setenv("HERMES_HOME", str(tmp_path))
    return tmp_path


def test_without_a_name_the_home_is_the_one_in_the_environment(root: Path) -> None:
    assert find_place().path == root


@pytest.mark.parametrize("value", ["", "   "])
def test_an_empty_variable_means_the_default_home_and_not_the_current_directory(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HERMES_HOME", value)
    assert find_place().root == Path.home() / ".hermes"


def test_the_sticky_profile_is_followed_when_no_home_is_named(root: Path) -> None:
    (root / "active_profile").write_text("coder\n")
    place = find_place()
    assert (place.path, place.root, place.profile) == (root / "profiles" / "coder", root, "coder")


def test_the_sticky_profile_is_not_followed_when_a_home_is_named(root: Path) -> None:
    (root / "active_profile").write_text("coder\n")
    assert find_place(root).profile is None


def test_default_means_the_root_home_even_when_a_profile_is_sticky(root: Path) -> None:
    (root / "active_profile").write_text("coder\n")
    assert find_place(profile="default").path == root


def test_a_sticky_profile_that_is_gone_leaves_the_root_home(root: Path) -> None:
    (root / "active_profile").write_text("gone\n")
    assert find_place().path == root


@pytest.mark.parametrize("content", [b"\xff\xfe", b"../../etc", b""])
def test_a_senseless_sticky_profile_is_ignored(root: Path, content: bytes) -> None:
    (root / "active_profile").write_bytes(content)
    assert find_place().path == root


def test_an_unknown_profile_is_refused_with_the_names_that_exist(root: Path) -> None:
    with pytest.raises(HomeError, match=r"No profile named 'nope'.*There are: default, coder\."):
        find_place(profile="nope")


def test_a_profile_cannot_lead_out_of_the_home(root: Path) -> None:
    with pytest.raises(HomeError):
        find_place(profile="../coder")


def test_the_directory_of_a_profile_is_that_profile(root: Path) -> None:
    place = find_place(root / "profiles" / "coder")
    assert (place.root, place.profile) == (root, "coder")
    assert place.id == find_place(root, "coder").id


def test_two_profiles_of_one_root_have_different_ids(root: Path) -> None:
    assert find_place(root).id != find_place(root, "coder").id


def test_a_link_to_a_home_has_the_home_s_id(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    link = tmp_path_factory.mktemp("links") / "home"
    link.symlink_to(root)
    assert find_place(link).id == find_place(root).id


@pytest.mark.parametrize("home", [5, "", "  ", "~nobody-of-this-name/.hermes"])
def test_what_is_no_path_is_refused(home: object) -> None:
    with pytest.raises(HomeError):
        find_place(home)  # type: ignore[arg-type]


def test_a_home_that_is_missing_is_a_place_too(tmp_path: Path) -> None:
    assert find_place(tmp_path / "later").path == tmp_path / "later"


def test_a_home_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HomeError, match="is a file; expected a directory"):
        find_place(tmp_path / "file")


def test_an_unreadable_home_is_refused() -> None:
    # Root may read everything, so the child gives its rights away first.
    program = """
import os, sys
from hermes_hud_widget import Home
from hermes_hud_widget.errors import HomeError
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
try:
    Home(sys.argv[1])
except HomeError as error:
    print(error)
"""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        home = Path(folder, "hermes")
        home.mkdir()
        home.chmod(0)
        done = subprocess.run(
            [sys.executable, "-c", program, str(home)], capture_output=True, text=True, timeout=30, check=True
        )
        home.chmod(stat.S_IRWXU)
    assert "cannot be read: permission denied" in done.stdout.lower()
