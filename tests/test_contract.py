"""What every registered panel must do, plugins included. A new panel is tested here without a line of its own."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from datetime import datetime
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from cases import case_of
from hermes_hud_widget.core import OpenHome
from hermes_hud_widget.frames import Column, Frame, FrameArguments
from hermes_hud_widget.panel import Panel, Payload
from hermes_hud_widget.panels import BUILT_IN, all_panels
from hermes_hud_widget.place import Place, find_place
from hermes_hud_widget.sources import Config, Json, Settings, Source, TextFile
from support.agent import Agent, MakeAgent
from support.examples import example_of
from support.served import Client, Served, served


class ToyPayload(Payload):
    """What a plugin's author would write."""

    words: int
    settings: dict[str, Any] | None


class ToyQuery(BaseModel):
    """Its parameters."""

    longer_than: int = 0


def collect(soul: str | None, toy: Any, config: Settings, query: ToyQuery, now: datetime) -> ToyPayload:
    words = [word for word in (soul or "").split() if len(word) > query.longer_than]
    return ToyPayload(words=len(words), settings=toy if isinstance(toy, dict) else None)


def fill(soul: str | None, toy: Any, config: Settings, args: FrameArguments) -> dict[str, list[str]]:
    return {"word": (soul or "").split()}


TOY = Panel(
    "toy",
    "Toy",
    collect,
    query=ToyQuery,
    frames=(Frame("words", (Column("word", "text", "A word of SOUL.md"),), fill),),
    soul=TextFile("SOUL.md"),
    toy=Json("toy.json"),
    config=Config(),
)
PANELS = {**all_panels(), TOY.name: TOY}
READERS: dict[Source[Any], list[Panel]] = {}
for _panel in PANELS.values():
    for _source in _panel.sources.values():
        READERS.setdefault(_source, []).append(_panel)
every_source = pytest.mark.parametrize(
    ("source", "readers"),
    [
        pytest.param(source, readers, id=f"{type(source).__name__}-{source.label}-{number}")
        for number, (source, readers) in enumerate(READERS.items())
    ],
)


def reads_file_of(source: Source[Any], panel: Panel) -> bool:
    """Whether the panel reads the file that this source is about, in whatever way."""
    return any(
        other.label in source.label
        or source.label in other.label
        or any(fnmatch(word, other.label) for word in source.label.split())
        for other in panel.sources.values()
    )


every_panel = pytest.mark.parametrize("panel", PANELS.values(), ids=list(PANELS))


@pytest.fixture
def shared() -> Iterator[Served]:
    """A server of each test's own: homes stay open, and hundreds of them with every source are not what is tested."""
    with served(PANELS) as server:
        yield server


@pytest.fixture
def client(shared: Served) -> Iterator[Client]:
    with shared.connect() as client:
        yield client


@pytest.fixture(scope="module")
def full_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which every panel has something to show; made once, as a dozen processes write it."""
    home = tmp_path_factory.mktemp("full") / "hermes"
    with Agent(home) as hermes:
        for panel in PANELS.values():
            furnish(hermes, panel)
        hermes.file("config.yaml", b"model: m\n")
        hermes.close()
    return home


@pytest.fixture
def hermes(full_home: Path, tmp_path: Path, agent: MakeAgent) -> Agent:
    """An agent in a copy of that home."""
    shutil.copytree(full_home, tmp_path / "hermes", symlinks=True)
    hermes = agent()
    # As if long ago: of what was written just now a first look is not certain, and a second one may tell of it.
    for path in hermes.home.rglob("*"):
        if path.is_file():
            os.utime(path, ns=(0, path.stat().st_mtime_ns - 10**9))
    return hermes


def furnish(hermes: Agent, panel: Panel) -> None:
    """Lets the panel have something to show."""
    if panel is TOY:
        hermes.file("SOUL.md", b"a soul")
        hermes.file("toy.json", b"{}")
    elif panel in BUILT_IN:
        case_of(panel.name).fill(hermes)
    else:  # a plug-in's
        for source in panel.sources.values():
            if (change := example_of(source).change) is not None:
                change(hermes, 1)


@every_panel
def test_a_missing_home_is_empty_and_says_what_to_do(
    panel: Panel, shared: Served, client: Client, tmp_path: Path
) -> None:
    frame = client.get(shared.open(tmp_path / "nowhere"), panel.name)
    assert frame["status"] == "empty"
    assert frame["error"]["kind"] == "no-home"
    assert "nowhere" in frame["error"]["message"]
    assert "HUD.demo()" in frame["error"]["message"]


@every_panel
def test_an_empty_home_is_empty_and_no_error(
    panel: Panel, shared: Served, client: Client, home: Path
) -> None:
    frame = client.get(shared.open(home), panel.name)
    assert (frame["status"], frame["error"]) == ("empty", None)


@every_panel
def test_the_payload_matches_its_model(panel: Panel, shared: Served, client: Client, hermes: Agent) -> None:
    frame = client.get(shared.open(hermes.home), panel.name)
    assert (frame["status"], frame["error"]) == ("ok", None)
    panel.payload.model_validate_json(json.dumps(frame["data"]))


@every_panel
def test_every_parameter_has_a_default_and_others_are_refused(
    panel: Panel, shared: Served, client: Client, hermes: Agent
) -> None:
    panel.query()
    refused = client.get(shared.open(hermes.home), panel.name, {"no_such_parameter": 1})
    if panel is not TOY:  # the toy's author forgot to forbid unknown parameters, and may
        assert refused["code"] == "bad-query"


@every_panel
def test_a_home_that_comes_later_is_shown(
    panel: Panel, shared: Served, client: Client, agent: MakeAgent, tmp_path: Path
) -> None:
    id = shared.open(tmp_path / "hermes")
    assert client.get(id, panel.name)["status"] == "empty"
    furnish(agent(), panel)
    version = client.get(id, panel.name)["version"]
    while client.get(id, panel.name)["status"] != "ok":
        version = client.wait_version(id, panel.name, version)


@every_source
def test_a_change_of_each_source_reaches_those_who_look_at_a_panel_that_reads_it_and_moves_no_other(
    source: Source[Any], readers: list[Panel], shared: Served, client: Client, hermes: Agent
) -> None:
    example = example_of(source)
    if example.change is None:
        assert not source.counts_as_content
        return
    id = shared.open(hermes.home)
    names = {panel.name for panel in readers}
    # What else reads the same file may move with it: another table's rows, or the whole of it.
    may_move = names | {other.name for other in PANELS.values() if reads_file_of(source, other)}
    client.look(id, *names)
    versions = {other: client.get(id, other)["version"] for other in PANELS}
    example.change(hermes, 3)
    # Each for itself: two sources may look at the same file, some ms apart.
    for reader in names:
        assert client.wait_version(id, reader, versions[reader]) > versions[reader]
    # Everything that this change announces is out when the next change of another kind is.
    hermes.file("toy.json", b'{"last": 1}')
    client.wait_version(id, TOY.name, versions[TOY.name] + (TOY.name in names))
    moved = {other for other in PANELS if client.version(id, other) > versions[other]}
    assert names - {TOY.name} <= moved - {TOY.name} <= may_move - {TOY.name}


@every_source
def test_damage_is_named_keeps_the_last_good_data_and_is_over_when_mended(
    source: Source[Any], readers: list[Panel], shared: Served, client: Client, hermes: Agent
) -> None:
    example = example_of(source)
    if example.damage is None or example.change is None:
        return
    id = shared.open(hermes.home)
    example.change(hermes, 4)
    good = {panel: client.wait_data(id, panel.name, lambda data: data is not None) for panel in readers}
    example.damage(hermes)
    for panel in readers:
        version = good[panel]["version"]
        while (damaged := client.get(id, panel.name))["status"] in ("ok", "empty"):
            version = client.wait_version(id, panel.name, max(version, damaged["version"]))
        assert damaged["status"] == "stale", panel.name
        assert damaged["error"]["path"] == example.says, panel.name
        assert example.says in damaged["error"]["message"], panel.name
        assert damaged["data"] is not None, panel.name
    others = {other.name for other in PANELS.values() if not reads_file_of(source, other)}
    assert {other: client.get(id, other)["status"] for other in others} == dict.fromkeys(others, "ok")
    if example.says != "state.db":
        example.change(hermes, 5)
        for panel in readers:
            while (mended := client.get(id, panel.name))["status"] != "ok":
                client.wait_version(id, panel.name, mended["version"])


@every_panel
def test_a_file_that_no_panel_declares_moves_nothing(
    panel: Panel, shared: Served, client: Client, hermes: Agent
) -> None:
    id = shared.open(hermes.home)
    before = client.get(id, panel.name)["version"]
    hermes.file("unnamed.txt", b"x")
    hermes.file("memories/.mem_x.tmp", b"x")
    # A change that is announced comes after all that was written before it.
    witness, path = ("memory", "memories/MEMORY.md") if panel is TOY else (TOY.name, "toy.json")
    hermes.file(path, b'{"last": 2}')
    client.wait_version(id, witness, 1)
    assert client.get(id, panel.name)["version"] == before


@pytest.mark.parametrize("name", [frame.name for panel in PANELS.values() for frame in panel.frames])
def test_every_frame_has_its_columns_with_and_without_a_home(
    name: str, hermes: Agent, tmp_path: Path
) -> None:
    for path in (hermes.home, tmp_path / "nowhere"):
        opened = OpenHome(find_place(path), PANELS)
        try:
            frame = opened.frame(name)
            table = opened.table(name, {})
            assert table.column_names == list(frame.column_names)
            assert (table.num_rows > 0) is path.exists()
            for column in frame.column_names:
                assert opened.table(name, {"columns": [column]}).column_names == [column]
        finally:
            opened.close()


def test_a_home_that_became_a_file_is_unavailable_and_says_so(
    shared: Served, client: Client, home: Path
) -> None:
    id = shared.open(home)
    client.get(id, "memory")
    home.rmdir()
    home.write_text("")
    frame = client.get(id, "sessions")
    assert frame["status"] == "unavailable"
    assert "is a file; expected a directory" in frame["error"]["message"]


def test_a_panel_that_raises_fails_alone(hermes: Agent, caplog: pytest.LogCaptureFixture) -> None:
    def explode(soul: str | None) -> ToyPayload:
        raise ZeroDivisionError("as plugins do")

    panels = {**PANELS, "broken": Panel("broken", "Broken", explode, soul=TextFile("SOUL.md"))}
    opened = OpenHome(find_place(hermes.home), panels)
    try:
        broken = opened.collect("broken", opened.parse_query("broken", {}), 1)
        assert (broken.status, broken.error and broken.error.kind) == ("stale", "internal")
        assert "as plugins do" not in str(broken.error)
        assert "as plugins do" in caplog.text
        assert opened.collect("memory", opened.parse_query("memory", {}), 1).status == "ok"
    finally:
        opened.close()


def test_a_source_that_collect_does_not_take_is_refused_when_the_panel_is_declared() -> None:
    with pytest.raises(TypeError, match="takes no argument named soul"):
        Panel("x", "X", lambda: ToyPayload(words=0, settings=None), soul=TextFile("SOUL.md"))


def test_equal_sources_of_a_home_are_read_once(tmp_path: Path) -> None:
    opened = OpenHome(Place(tmp_path, tmp_path, None), PANELS)
    declared = {source for panel in PANELS.values() for source in panel.sources.values()}
    assert len(opened.sources) == len(declared) < sum(len(panel.sources) for panel in PANELS.values())
    opened.close()
