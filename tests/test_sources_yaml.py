import subprocess
import sys
from contextlib import suppress

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from hermes_hud_widget.sources.yaml import MAX_DEPTH, NotYamlError, load_yaml

LOADERS = ["CSafeLoader", "SafeLoader"]


@pytest.fixture(params=LOADERS)
def loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The loader that is there: some builds of PyYAML lack the C one."""
    if request.param == "SafeLoader":
        monkeypatch.delattr(yaml, "CSafeLoader")
    return str(request.param)


def test_a_document_is_its_content(loader: str) -> None:
    assert load_yaml("a: 1\nb: [x, {c: null}]") == {"a": 1, "b": ["x", {"c": None}]}


def test_a_document_without_content_is_none(loader: str) -> None:
    assert load_yaml("# a remark\n") is None


def test_what_cannot_be_parsed_is_named_with_its_line() -> None:
    with pytest.raises(NotYamlError) as raised:
        load_yaml("a: 1\nb: [1\nc: 2\n")
    assert str(raised.value) == "is not valid YAML, line 3: did not find expected ',' or ']'"


def test_a_number_of_thousands_of_digits_is_damage(loader: str) -> None:
    assert load_yaml("a: 0xff") == {"a": 255}
    with pytest.raises(NotYamlError, match=r"^is not valid YAML: a value is not of its type"):
        load_yaml(f"a: 0x{'f' * 4000}")


def test_characters_that_yaml_forbids_are_damage_on_no_line(loader: str) -> None:
    with pytest.raises(NotYamlError) as raised:
        load_yaml("a: \x01")
    assert str(raised.value) == "is not valid YAML: it cannot be parsed"


@pytest.mark.parametrize(
    "value",
    [
        "2026-13-45",
        f"1{':1' * 200}.5",
        "9" * 5000,
        "!!bool maybe",
        "!!float ''",
        "!!int ''",
        "!!timestamp soon",
        "!!python/object:os.system x",
        "{[a]: b}",
        "*nowhere",
    ],
)
def test_a_value_that_is_not_of_its_type_is_damage(value: str, loader: str) -> None:
    with pytest.raises(NotYamlError, match="is not valid YAML"):
        load_yaml(f"a: {value}")


@pytest.mark.parametrize(("begin", "end"), [("[", "]"), ("{a: ", "}"), ("- ", "")])
def test_collections_nest_to_a_limit(begin: str, end: str, loader: str) -> None:
    load_yaml(begin * MAX_DEPTH + "x" + end * MAX_DEPTH)
    with pytest.raises(NotYamlError, match=r"^nests more than 100 levels deep$"):
        load_yaml(begin * (MAX_DEPTH + 1) + "x" + end * (MAX_DEPTH + 1))


def test_collections_beside_each_other_are_not_deep() -> None:
    assert load_yaml("- [[]]\n" * MAX_DEPTH) == [[[]]] * MAX_DEPTH


def test_a_file_of_brackets_does_not_end_the_process() -> None:
    program = "from hermes_hud_widget.sources.yaml import load_yaml; load_yaml('- ' * 200_000)"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ended.returncode == 1  # a crash has a number of its own
    assert "nests more than" in ended.stderr


@given(st.text("!&*[]{}-?:,|>'\"#%@` \n\t0123.eax_", max_size=40))
def test_any_text_is_content_or_damage(text: str) -> None:
    with suppress(NotYamlError):
        load_yaml(text)


@pytest.mark.parametrize("value", ["!Sup3rSecret9", "!!int Sup3rSecret9", "!!timestamp Sup3rSecret9"])
def test_what_an_error_says_holds_no_value(value: str, loader: str) -> None:
    with pytest.raises(NotYamlError) as caught:
        load_yaml(f"password: {value}")
    assert "Sup3rSecret9" not in str(caught.value)
