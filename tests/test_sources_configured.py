"""The sources of what is configured: `.env` names, YAML files, the model catalog, the root home's files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hermes_hud_widget.errors import SourceError
from hermes_hud_widget.place import Place
from hermes_hud_widget.sources import Config, ConfigFile, EnvNames, ModelCatalog, RootJson, Source, Yaml

Read = Callable[[Source[Any]], Any]


@pytest.fixture
def read(home: Path) -> Read:
    return lambda source: source.attach(Place(home, home, None)).read()


LINES = [
    ("A=1", {"A"}),
    ("A=", set()),
    ("A=''", set()),
    ("export A=1", {"A"}),
    (" A = 1 ", {"A"}),
    ("# A=1", set()),
    ("A=1\nA=", set()),
    ("A=1\r\nB=2\r\n", {"A", "B"}),
    ("\ufeffA=1", {"A"}),
    ("nonsense", set()),
    ("not a name=1", set()),
    ("A=b=c", {"A"}),
]


@pytest.mark.parametrize(("written", "names"), LINES)
def test_names_of_variables_with_a_value_are_read_and_nothing_else(
    home: Path, read: Read, written: str, names: set[str]
) -> None:
    (home / ".env").write_text(written)
    assert read(EnvNames()) == names


def test_a_missing_env_has_no_names_and_a_damaged_one_is_named(home: Path, read: Read) -> None:
    assert read(EnvNames()) == frozenset()
    (home / ".env").write_bytes(b"\xff=1")
    with pytest.raises(SourceError, match=r"\.env is not UTF-8"):
        read(EnvNames())


def test_no_value_of_an_env_stays_and_another_value_is_no_change(home: Path) -> None:
    attached = EnvNames().attach(Place(home, home, None))
    (home / ".env").write_text("A_KEY=Sup3rSecret9\n# Sup3rSecret8\nSup3rSecret7\n")
    assert attached.read() == {"A_KEY"}
    before = attached.signature()
    assert "Sup3rSecret" not in repr(vars(attached))
    (home / ".env.tmp").write_text("A_KEY=Sup3rSecret10\n")
    (home / ".env.tmp").replace(home / ".env")
    assert attached.signature() == before
    (home / ".env.tmp").write_text("A_KEY=Sup3rSecret10\nB_KEY=Sup3rSecret11\n")
    (home / ".env.tmp").replace(home / ".env")
    assert attached.signature() != before
    assert attached.read() == {"A_KEY", "B_KEY"}
    assert "Sup3rSecret" not in repr(vars(attached))


def test_a_yaml_file_is_its_mapping(home: Path, read: Read) -> None:
    assert read(Yaml("cache.yaml")) == {}
    (home / "cache.yaml").write_text("")
    assert read(Yaml("cache.yaml")) == {}
    (home / "cache.yaml").write_text("a: {b: 1}")
    assert read(Yaml("cache.yaml")) == {"a": {"b": 1}}


@pytest.mark.parametrize(("written", "message"), [("[1]", "holds a list"), ("a: [", "not valid YAML, line")])
def test_a_yaml_file_that_is_none_is_named(home: Path, read: Read, written: str, message: str) -> None:
    (home / "cache.yaml").write_text(written)
    with pytest.raises(SourceError, match=rf"cache\.yaml.*{message}"):
        read(Yaml("cache.yaml"))


def test_the_catalog_keeps_what_is_needed_of_each_model(home: Path, read: Read) -> None:
    model = {
        "name": "Sonnet",
        "tool_call": True,
        "attachment": True,
        "modalities": {"input": ["text"]},
        "limit": {"context": 200_000, "output": 0},
        "cost": {"input": 3, "output": "15"},
        "unknown": {"much": ["more"]},
    }
    catalog = {"anthropic": {"models": {"claude": model, "odd": []}}, "odd": 1, "none": {"models": None}}
    (home / "models_dev_cache.json").write_text(json.dumps(catalog))
    found = read(ModelCatalog())
    assert list(found) == ["anthropic"]
    (claude,) = found["anthropic"].values()
    assert (claude.id, claude.context, claude.output, claude.tools) == ("claude", 200_000, None, True)
    assert (claude.input_usd, claude.output_usd, claude.images, claude.reasoning) == (3.0, None, False, None)


def test_a_catalog_that_is_no_object_is_named(home: Path, read: Read) -> None:
    (home / "models_dev_cache.json").write_text("[]")
    with pytest.raises(SourceError, match=r"models_dev_cache\.json holds a list"):
        read(ModelCatalog())


def test_the_catalog_is_parsed_once_for_each_time_that_it_is_written(home: Path) -> None:
    (home / "models_dev_cache.json").write_text('{"a": {"models": {}}}')
    attached = ModelCatalog().attach(Place(home, home, None))
    first = attached.read()
    assert attached.read() is first
    (home / "models_dev_cache.json").write_text('{"b": {"models": {}}}')
    assert list(attached.read()) == ["b"]


def test_the_roots_file_is_for_its_profiles_only(home: Path) -> None:
    (home / "auth.json").write_text('{"active_provider": "nous"}')
    profile = home / "profiles" / "coder"
    profile.mkdir(parents=True)
    of_root = RootJson("auth.json").attach(Place(home, home, None))
    assert (of_root.read(), of_root.files, of_root.signature()) == (None, (), None)
    of_profile = RootJson("auth.json").attach(Place(profile, home, "coder"))
    assert of_profile.read() == {"active_provider": "nous"}
    before = of_profile.signature()
    (home / "auth.json").write_text('{"active_provider": "xai"}')
    assert of_profile.signature() != before


def test_a_panel_that_shows_the_configuration_has_content_where_there_is_nothing_else() -> None:
    assert (ConfigFile().counts_as_content, Config().counts_as_content) == (True, False)
    assert ConfigFile() != Config()
