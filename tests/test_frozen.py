"""Frozen dataclasses that cost little to define behave as those of the standard library, but for the writing."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any

import pytest
from pydantic import TypeAdapter

from hermes_hud_widget.frozen import frozen


@frozen
class Point:
    x: int
    y: str = "here"
    seen: list[int] = field(default_factory=list, compare=False, repr=False)


@frozen
class Named(Point):
    name: str | None = None


@frozen
class Empty:
    """Nothing is in it."""


@frozen
class Single:
    only: int


def test_equal_fields_are_equal_and_have_the_same_hash() -> None:
    assert Point(1, "a", [1]) == Point(1, "a", [2])
    assert hash(Point(1, "a", [1])) == hash(Point(1, "a", [2]))
    assert Point(1, "a") != Point(2, "a")
    assert len({Single(1), Single(1), Single(2)}) == 2
    assert Empty() == Empty()
    assert hash(Empty()) == hash(Empty())


def test_another_class_is_never_equal() -> None:
    assert Named(1) != Point(1)
    assert Single(1) != 1


def test_a_subclass_compares_its_own_fields_too() -> None:
    assert Named(1, name="a") != Named(1, name="b")


def test_it_is_shown_with_its_fields() -> None:
    assert repr(Point(1)) == "Point(x=1, y='here')"


def test_the_standard_library_takes_it_for_one_of_its_own() -> None:
    assert replace(Point(1), x=2) == Point(2)
    assert asdict(Single(3)) == {"only": 3}


def as_the_library_does(values: Any) -> Any:
    @dataclass(frozen=True)
    class Same:
        x: int
        y: str = "here"

    return TypeAdapter(Same), Same(*values)


@pytest.mark.parametrize("mode", ["validation", "serialization"])
def test_it_is_written_as_json_and_described_like_one_of_the_library(mode: Any) -> None:
    @frozen
    class Same:
        x: int
        y: str = "here"

    adapter, value = as_the_library_does((1, "é"))
    ours = TypeAdapter(Same)
    assert ours.dump_json(Same(1, "é")) == adapter.dump_json(value)
    assert ours.json_schema(mode=mode) == adapter.json_schema(mode=mode)
