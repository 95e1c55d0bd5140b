"""A frame's description comes from the declaration that builds it, and so do the documents."""

from __future__ import annotations

import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest

from hermes_hud_widget import Home
from hermes_hud_widget.errors import UnknownNameError
from hermes_hud_widget.frames import Frame
from hermes_hud_widget.panels import all_panels
from support.agent import MakeAgent

ROOT = Path(__file__).parent.parent
FRAMES = [frame for panel in all_panels().values() for frame in panel.frames]
every_frame = pytest.mark.parametrize("frame", FRAMES, ids=[frame.name for frame in FRAMES])


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Home]:
    with Home(tmp_path) as home:
        yield home


def test_the_documented_frames_are_what_the_declarations_say() -> None:
    tool = runpy.run_path(str(ROOT / "tools/frames.py"))
    assert tool["FILE"].read_text(encoding="utf-8") == tool["text"](), (
        "docs/frames.md is out of date: run `make types`"
    )


@every_frame
def test_every_frame_says_what_a_row_is_and_every_column_what_it_means_and_where_it_comes_from(
    frame: Frame,
) -> None:
    assert frame.about, f'say what one row is: Frame({frame.name!r}, …, about="One row for each …")'
    for column, meaning, source in zip(
        frame.column_names, frame.describe()["meaning"], frame.describe()["source"], strict=True
    ):
        assert meaning, column
        assert source, (
            f"say where {frame.name}.{column} comes from: Column(…, source=…) or Frame(…, source=…)"
        )
    assert frame.time is None or frame.time in frame.column_names


@every_frame
def test_the_described_dtypes_are_those_of_the_frame_also_without_rows(frame: Frame, empty: Home) -> None:
    described = empty.describe(frame.name)
    made = empty.frame(frame.name)
    assert dict(zip(described["column"], described["dtype"], strict=True)) == {
        name: str(dtype) for name, dtype in made.dtypes.items()
    }
    assert list(described["column"]) == list(made.columns)
    assert described.attrs == {"frame": frame.name, "about": frame.about, "time": frame.time}


@every_frame
def test_the_attributes_say_of_what_and_when_the_frame_is(frame: Frame, agent: MakeAgent) -> None:
    hermes = agent()
    hermes.file("config.yaml", b"timezone: Asia/Kolkata\n")
    with Home(hermes.home) as home:
        made = home.frame(frame.name)
    assert made.attrs["home"].endswith(hermes.home.name)
    assert made.attrs["as_of"].endswith("+00:00")
    assert made.attrs["day_boundary"] == "00:00 Asia/Kolkata"
    assert made.attrs["status"] in ("ok", "empty")
    units = {column.name: column.unit for column in frame.columns if column.unit}
    assert made.attrs["units"] == units


def test_an_unknown_frame_is_refused_with_those_that_exist(empty: Home) -> None:
    with pytest.raises(UnknownNameError, match=r"'sesions'.*sessions"):
        empty.describe("sesions")
