"""`Home` in a script: the same core without a server."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from hermes_hud_widget import HUD, Home
from hermes_hud_widget.errors import ArgumentError, HomeError, HudError, SourceError, UnknownNameError
from support.agent import MakeAgent


@pytest.fixture
def hermes_home(agent: MakeAgent) -> Path:
    hermes = agent()
    for number in range(3):
        hermes.session(f"s{number}", title=f"Session {number}", started_at=1_767_225_600.0 + 86_400 * number)
        hermes.message(f"s{number}", "user", "hello", timestamp=1_767_225_600.0 + 86_400 * number)
    hermes.memory(["one", "two"])
    return hermes.home


def run(program: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )


def test_a_frame_is_a_pandas_dataframe(hermes_home: Path) -> None:
    with Home(hermes_home) as home:
        frame = home.frame("sessions")
    assert isinstance(frame, pd.DataFrame)
    assert list(frame["title"]) == ["Session 2", "Session 1", "Session 0"]
    assert frame.attrs["status"] == "ok"
    assert frame.attrs["units"]["input_tokens"] == "tokens"


def test_since_until_limit_columns_and_session_are_understood(hermes_home: Path) -> None:
    with Home(hermes_home) as home:
        assert list(home.frame("sessions", since="2026-01-02T00:00Z", until="2026-01-03T00:00Z")["id"]) == [
            "s1"
        ]
        assert list(home.frame("sessions", limit=1)["id"]) == ["s2"]
        assert list(home.frame("sessions", columns="id")) == ["id"]
        assert list(home.frame("messages", session_id="s1")["session_id"]) == ["s1"]
        assert list(home.frame("messages", limit=2)["session_id"]) == ["s1", "s2"]


def test_a_panel_is_a_dict_with_status_and_version(hermes_home: Path) -> None:
    with Home(hermes_home) as home:
        memory = home.panel("memory")
        assert set(memory) == {"home", "panel", "version", "status", "error", "progress", "data"}
        assert home.panel("memory")["version"] == memory["version"]
        (hermes_home / "memories" / "MEMORY.md").write_text("changed")
        assert home.panel("memory")["version"] > memory["version"]
        assert home.panel("sessions", page_size=1, sort="title")["data"]["list"]["rows"][0]["id"] == "s2"


def test_unknown_names_are_refused_with_those_that_exist(hermes_home: Path) -> None:
    with Home(hermes_home) as home:
        with pytest.raises(UnknownNameError, match=r"There are: .*costs_daily, .*memory, .*messages"):
            home.frame("nope")
        with pytest.raises(UnknownNameError, match=r"There are: .*costs, .*memory, .*sessions"):
            home.panel("nope")
        with pytest.raises(ArgumentError, match="'pagesize'"):
            home.panel("sessions", pagesize=1)
        with pytest.raises(ArgumentError, match="yesterdayish"):
            home.frame("sessions", since="yesterdayish")
        with pytest.raises(ArgumentError, match="session_id=5: expected the id"):
            home.frame("messages", session_id=5)  # type: ignore[arg-type]


def test_a_damaged_file_makes_its_frame_an_error_and_not_an_empty_frame(hermes_home: Path) -> None:
    (hermes_home / "memories" / "USER.md").write_bytes(b"\xff")
    with Home(hermes_home) as home:
        with pytest.raises(SourceError, match=r"memories/USER\.md is not UTF-8"):
            home.frame("memory")
        assert len(home.frame("sessions")) == 3


def test_after_damage_a_frame_has_the_last_good_rows_and_says_so(hermes_home: Path) -> None:
    with Home(hermes_home) as home:
        assert len(home.frame("memory")) == 2
        (hermes_home / "memories" / "MEMORY.md").write_bytes(b"\xff")
        frame = home.frame("memory")
    assert len(frame) == 2
    assert frame.attrs["status"] == "stale"
    assert "memories/MEMORY.md" in frame.attrs["error"]


def test_a_missing_home_gives_empty_frames(tmp_path: Path) -> None:
    with Home(tmp_path / "nowhere") as home:
        frame = home.frame("sessions")
        assert len(frame) == 0
        assert frame.attrs["status"] == "empty"
        assert "No Hermes home at" in frame.attrs["error"]
        assert home.panel("overview")["status"] == "empty"


def test_a_closed_home_says_so(hermes_home: Path) -> None:
    home = Home(hermes_home)
    home.close()
    with pytest.raises(HudError, match="was closed"):
        home.frame("sessions")


def test_errors_show_themselves_in_one_line_in_a_notebook(tmp_path: Path) -> None:
    with pytest.raises(HomeError) as raised:
        Home(tmp_path, profile="nope")
    lines = raised.value._render_traceback_()
    assert len(lines) == 1
    assert "There are: default." in lines[0]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (
            {"panels": ["memroy"]},
            "No panel named 'memroy'. Did you mean 'memory'? There are: agents, approvals",
        ),
        ({"panels": []}, "would show nothing"),
        (
            {"theme": "pink"},
            "expected one of auto, light, dark, neural-awakening, blade-runner, fsociety, anime",
        ),
        ({"layout": "heap"}, "layout='heap': expected one of tabs, grid"),
        ({"scanlines": "some"}, "expected True or False"),
        ({"height": "tall"}, "expected pixels"),
        ({"profile": "nope"}, "There are: default"),
    ],
)
def test_a_hud_refuses_senseless_options_before_it_starts_anything(
    options: dict[str, object], says: str, hermes_home: Path
) -> None:
    program = (
        "import sys, threading\nfrom hermes_hud_widget import HUD\n"
        f"try: HUD(sys.argv[1], **{options!r})\nexcept Exception as error: print(error, threading.active_count())"
    )
    output = run(program, hermes_home).stdout
    assert says in output
    assert output.rstrip().endswith(" 1")


def test_importing_the_names_loads_nothing_heavy() -> None:
    heavy = {
        "pandas",
        "pyarrow",
        "polars",
        "fastapi",
        "uvicorn",
        "anywidget",
        "ipywidgets",
        "pydantic",
        "websockets",
    }
    heavy |= {"watchfiles", "yaml", "sqlite3"}
    loaded = run("import sys\nfrom hermes_hud_widget import HUD, Home\nprint(*sys.modules)").stdout.split()
    assert heavy.isdisjoint(loaded)


BESIDE_HERMES = """
import os, sys, types
from hermes_hud_widget import Home

def is_open_here():
    held = []
    for entry in os.listdir("/proc/self/fd"):
        try:
            held.append(os.readlink(f"/proc/self/fd/{entry}"))
        except OSError:
            pass
    return any("state.db" in path for path in held)

with Home(sys.argv[1]) as home:
    if sys.argv[2] == "late":
        home.frame("sessions")
    sys.modules["hermes_state"] = types.ModuleType("hermes_state")
    print(len(home.frame("sessions")), is_open_here())
print(is_open_here())
"""


def test_beside_hermes_itself_another_process_reads_the_database(hermes_home: Path) -> None:
    assert run(BESIDE_HERMES, hermes_home, "early").stdout.split() == ["3", "False", "False"]


def test_what_was_open_before_hermes_came_is_not_closed_under_its_locks(hermes_home: Path) -> None:
    assert run(BESIDE_HERMES, hermes_home, "late").stdout.split() == ["3", "True", "True"]


def test_the_public_names_are_few() -> None:
    import hermes_hud_widget

    assert hermes_hud_widget.__all__ == ["HUD", "Home", "__version__"]
    assert HUD.__doc__
    assert Home.__doc__
