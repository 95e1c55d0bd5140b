"""The command `hermes-hud`, in a process of its own."""

import csv
import io
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from hermes_hud_widget import Home
from hermes_hud_widget.cli import FORMATS, _parser, write_table
from hermes_hud_widget.core import check_arguments
from hermes_hud_widget.demo.home import DemoHome
from hermes_hud_widget.ledger.index import Index
from hermes_hud_widget.panels import all_panels
from hermes_hud_widget.server import opening
from hermes_hud_widget.server.page import Tickets
from support.agent import MakeAgent

pytestmark = pytest.mark.live

COMMAND = [str(Path(sys.executable).with_name("hermes-hud"))]


def test_the_version_is_the_package_s() -> None:
    from hermes_hud_widget import __version__

    output = subprocess.run([*COMMAND, "--version"], capture_output=True, text=True, check=True).stdout
    assert output == f"hermes-hud {__version__}\n"


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_serve_announces_itself_in_one_line_survives_stdin_and_ends_on_a_signal(
    stop: signal.Signals, agent: MakeAgent
) -> None:
    home = agent().home
    process = subprocess.Popen(
        [*COMMAND, "serve", "--home", str(home)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        announced = json.loads(process.stdout.readline())
        assert set(announced) == {"url", "token", "pid", "protocol", "homes"}
        assert announced["pid"] == process.pid
        assert [entry["path"] for entry in announced["homes"]] == [str(home)]
        request = urllib.request.Request(
            announced["url"] + "/api/homes", headers={"Authorization": f"Bearer {announced['token']}"}
        )
        with urllib.request.urlopen(request, timeout=10) as response:
            assert json.load(response)["homes"] == announced["homes"]
        process.send_signal(stop)
        assert process.wait(10) == 0
        assert process.stdout.read() == ""


def test_the_token_is_in_no_argument_and_no_variable(agent: MakeAgent) -> None:
    with subprocess.Popen(
        [*COMMAND, "serve", "--home", str(agent().home)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        token = json.loads(process.stdout.readline())["token"].encode()
        for name in ("cmdline", "environ"):
            assert token not in Path(f"/proc/{process.pid}/{name}").read_bytes()
        process.terminate()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--home", "FILE"], "is a file; expected a directory"),
        (["--home", "HOME", "--profile", "nope"], "There are: default"),
        (["--home", "HOME", "--port", "TAKEN"], "Address already in use"),
        (["--home", "HOME", "--port", "99999"], "expected 0 to 65535"),
    ],
)
def test_what_cannot_be_served_is_explained_without_a_traceback(
    arguments: list[str], says: str, tmp_path: Path
) -> None:
    import socket

    (tmp_path / "file").write_text("")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        places = {"FILE": tmp_path / "file", "HOME": tmp_path, "TAKEN": taken.getsockname()[1]}
        done = subprocess.run(
            [*COMMAND, "serve", *(str(places.get(argument, argument)) for argument in arguments)],
            capture_output=True,
            text=True,
            timeout=30,
            env={**os.environ, "PYTHONWARNINGS": ""},
        )
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_the_cache_is_shown_and_cleared_while_its_writer_lives(tmp_path: Path) -> None:
    environment = {**os.environ, "HERMES_HUD_CACHE": str(tmp_path / "cache"), "HOME": str(tmp_path)}

    def run(action: str) -> str:
        return subprocess.run(
            [*COMMAND, "cache", action],
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
            env=environment,
        ).stdout

    assert run("show") == "~/cache/history: 0 entries, 0.0 MB\n"
    assert run("clear") == "Removed 0 entries, 0.0 MB.\n"
    assert not (tmp_path / "cache").exists()
    rows = pa.table({"id": range(200_000)})
    home = tmp_path / "secret" / "hermes"
    with (
        closing(Index(home / "state.db", (1, 1), tmp_path / "cache")) as first,
        closing(Index(home / "profiles" / "co\nder" / "state.db", (1, 2), tmp_path / "cache")) as second,
    ):
        assert first.save({}, {"rows": rows})
        assert second.save({}, {})
        said = run("show").splitlines()
        assert said[0] == "~/cache/history: 2 entries, 1.6 MB"
        assert sorted(line.partition("  last used ")[0] for line in said[1:]) == [
            "  co?der/state.db  0.0 MB",
            "  hermes/state.db  1.6 MB",
        ]
        assert all(re.fullmatch(r".*  last used \d{4}-\d\d-\d\d \d\d:\d\d", line) for line in said[1:])
        saved = first.load()
        assert saved is not None
        assert run("clear") == "Removed 2 entries, 1.6 MB.\n"
        assert list((tmp_path / "cache" / "history").iterdir()) == []
        assert saved.tables["rows"].equals(rows)
        assert first.save({}, {"rows": rows})
        assert run("show").startswith("~/cache/history: 1 entry, 1.6 MB\n")


def test_a_cache_below_a_home_is_neither_shown_nor_cleared(tmp_path: Path) -> None:
    (tmp_path / "state.db").write_text("")
    (tmp_path / "history" / ("0" * 32)).mkdir(parents=True)
    done = subprocess.run(
        [*COMMAND, "cache", "clear"],
        capture_output=True,
        text=True,
        timeout=30,
        env={**os.environ, "HERMES_HUD_CACHE": str(tmp_path)},
    )
    assert done.returncode == 2
    assert done.stderr == (
        f"hermes-hud: cache: {tmp_path} lies below a Hermes home, where nothing is written. "
        "Set HERMES_HUD_CACHE to a directory outside.\n"
    )
    assert (tmp_path / "history" / ("0" * 32)).exists()


def test_with_no_cache_there_is_nothing_to_clear() -> None:
    done = subprocess.run(
        [*COMMAND, "cache", "clear"],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
        env={**os.environ, "HERMES_HUD_CACHE": "off"},
    )
    assert done.stdout == "Nothing is kept: HERMES_HUD_CACHE is `off`, or this is Windows.\n"


# -- export, snapshot, doctor, demo


@pytest.fixture(scope="module")
def full_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home in which nearly every frame has rows."""
    home = tmp_path_factory.mktemp("full") / "hermes"
    home.mkdir()
    (home / ".hermes-hud-demo").touch()
    demo = DemoHome(home, seed=7, now=time.time())
    yield home
    demo.close()


def run(*arguments: object, **more: Any) -> subprocess.CompletedProcess[bytes]:
    command = [*COMMAND, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, timeout=60, stdin=subprocess.DEVNULL, **more)


@pytest.mark.parametrize("format", FORMATS)
def test_every_frame_is_written_in_every_format(full_home: Path, format: str) -> None:
    with Home(full_home) as home:
        for name in home.frames:
            table = home.frame(name, library="arrow")
            stream = io.BytesIO()
            write_table(table, format, stream)
            stream.seek(0)
            if format == "parquet":
                assert parquet.read_table(stream).equals(table), name
            elif format == "csv":
                header, *rows = csv.reader(io.StringIO(stream.read().decode()))
                assert (header, len(rows)) == (table.column_names, table.num_rows), name
            else:
                rows_read = [json.loads(line) for line in stream]
                assert len(rows_read) == table.num_rows, name
                assert {tuple(row) for row in rows_read} <= {tuple(table.column_names)}, name


def test_as_text_times_are_utc_durations_seconds_and_lists_json() -> None:
    at = datetime(2026, 6, 1, 12, 0, 0, 250_000, UTC)
    table = pa.table(
        {
            "at": pa.array([at, None], pa.timestamp("us", "UTC")),
            "took": pa.array([timedelta(milliseconds=1500), None], pa.duration("us")),
            "texts": pa.array([["a", 'b"'], None], pa.list_(pa.string())),
            "kind": pa.array(["x", None]).dictionary_encode(),
            "count": pa.array([2**53 + 1, None], pa.int64()),
            "is_so": pa.array([True, None], pa.bool_()),
        }
    )
    as_csv, as_lines = io.BytesIO(), io.BytesIO()
    write_table(table, "csv", as_csv)
    write_table(table, "jsonl", as_lines)
    rows = list(csv.reader(io.StringIO(as_csv.getvalue().decode())))
    assert rows[1:] == [
        ["2026-06-01T12:00:00.250000Z", "1.5", r'["a", "b\""]', "x", "9007199254740993", "true"],
        ["", "", "", "", "", ""],
    ]
    assert [json.loads(line) for line in as_lines.getvalue().splitlines()] == [
        {
            "at": "2026-06-01T12:00:00.250000Z",
            "took": 1.5,
            "texts": ["a", 'b"'],
            "kind": "x",
            "count": 9007199254740993,
            "is_so": True,
        },
        dict.fromkeys(table.column_names),
    ]


def test_export_takes_what_a_frame_takes_and_writes_to_stdout(full_home: Path) -> None:
    done = run(
        "export",
        "messages",
        "--home",
        full_home,
        "--format",
        "jsonl",
        "--columns",
        "id,role,text",
        "--text",
        "--limit",
        2,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [list(row) for row in rows] == [["id", "role", "text"]] * 2
    with Home(full_home) as home:
        assert [row["id"] for row in rows] == home.frame("messages", limit=2)["id"].tolist()


def test_an_exported_file_is_whole_and_takes_the_place_of_the_one_before(
    full_home: Path, tmp_path: Path
) -> None:
    file = tmp_path / "sessions.parquet"
    file.write_text("before")
    reader = file.open()
    done = run("export", "sessions", "--home", full_home, "--format", "parquet", "-o", file)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert parquet.read_table(file).num_rows > 10
    with reader:
        assert reader.read() == "before"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("nope",), "No frame named 'nope'"),
        (("sessions", "--since", "yesterdayish"), "since='yesterdayish' is not a time"),
        (("sessions", "--columns", "nope"), "No column of the frame 'sessions' named 'nope'"),
        (("sessions", "-o", "HOME/out.csv"), "lies below a Hermes home, where nothing is written"),
        (("sessions", "-o", "LINK/out.csv"), "lies below a Hermes home, where nothing is written"),
        (("sessions", "-o", "TMP/nowhere/out.csv"), "there is no directory"),
        (("sessions", "-o", "TMP"), "is not a file"),
        (("sessions", "--format", "xlsx"), "invalid choice: 'xlsx'"),
    ],
)
def test_what_cannot_be_exported_is_explained_and_nothing_is_written(
    full_home: Path, tmp_path: Path, arguments: tuple[str, ...], says: str
) -> None:
    (tmp_path / "link").symlink_to(full_home)
    names = {"HOME": str(full_home), "LINK": str(tmp_path / "link"), "TMP": str(tmp_path)}
    named = [re.sub("|".join(names), lambda match: names[match[0]], argument) for argument in arguments]
    before = sorted(full_home.iterdir())
    done = run("export", *named, "--home", full_home)
    assert done.returncode == 2
    assert says in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()
    assert done.stdout == b""
    assert sorted(full_home.iterdir()) == before
    assert list(tmp_path.iterdir()) == [tmp_path / "link"]


def test_of_a_home_that_is_not_there_columns_are_exported_and_it_is_said(tmp_path: Path) -> None:
    done = run("export", "memory", "--home", tmp_path / "nowhere")
    assert done.returncode == 0
    assert done.stdout.startswith(b'"store","position"')
    assert done.stdout.count(b"\n") == 1
    assert b"does not exist" in done.stderr


def test_an_export_whose_reader_has_enough_ends_quietly(full_home: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.run(
        [*COMMAND, "export", "messages", "--home", str(full_home), "--text"],
        stdout=writing,
        stderr=subprocess.PIPE,
        timeout=60,
    )
    os.close(writing)
    assert (process.returncode, process.stderr) == (1, b"")


def test_a_snapshot_is_a_line_or_a_page(full_home: Path, tmp_path: Path) -> None:
    line = run("snapshot", "--home", full_home)
    assert line.returncode == 0
    assert re.fullmatch(r"Hermes HUD · .*as of \d{4}-\d\d-\d\d .*\n", line.stdout.decode())
    file = tmp_path / "hermes.html"
    assert run("snapshot", "--html", "--home", full_home, "-o", file).returncode == 0
    page = file.read_text()
    assert page.startswith("<!doctype html>")
    assert "<script" not in page
    refused = run("snapshot", "--html", "--home", full_home, "-o", full_home / "hermes.html")
    assert refused.returncode == 2
    assert not (full_home / "hermes.html").exists()


def test_the_doctor_ends_with_1_where_something_does_not_work(full_home: Path, tmp_path: Path) -> None:
    well = run("doctor", "--home", full_home)
    assert (well.returncode, well.stderr) == (0, b"")
    assert well.stdout.decode().startswith("Hermes HUD · doctor\n")
    unwell = run("doctor", "--home", full_home, env={**os.environ, "HERMES_HUD_TRANSPORT": "carrier-pigeon"})
    assert unwell.returncode == 1
    assert "HERMES_HUD_TRANSPORT" in unwell.stdout.decode()


def test_the_demo_is_served_and_goes_with_its_command() -> None:
    with subprocess.Popen(
        [*COMMAND, "demo", "--no-open"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        announced = json.loads(process.stdout.readline())
        (home,) = (Path(entry["path"]) for entry in announced["homes"])
        assert (home / "state.db").exists()
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        assert not home.exists()


def test_where_no_browser_is_the_file_to_open_is_named(home: Path, tmp_path: Path) -> None:
    # Nothing that could be a browser is found.
    environment = {"PATH": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path), "HERMES_HUD_CACHE": "off"}
    with subprocess.Popen(
        [*COMMAND, "serve", "--open", "--home", str(home)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        assert process.stderr is not None
        said = process.stderr.readline()
        assert said.startswith(
            "hermes-hud: No browser could be opened. Open this file in one within five minutes: "
        )
        file = Path(said.rpartition(": ")[2].strip())
        assert file.parent.parent == tmp_path
        assert "#ticket=" in file.read_text()
        process.terminate()
        assert process.wait(20) == 0
    assert not file.parent.exists()


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_closing_the_terminal_leaves_nothing_behind(command: str, home: Path, tmp_path: Path) -> None:
    environment = {
        "PATH": str(tmp_path),
        "XDG_RUNTIME_DIR": str(tmp_path),
        "TMPDIR": str(tmp_path),
        "HERMES_HUD_CACHE": "off",
    }
    arguments = ("serve", "--open", "--home", str(home)) if command == "serve" else ("demo",)
    with subprocess.Popen(
        [*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stderr is not None
        assert "Open this file" in process.stderr.readline()
        assert list(tmp_path.glob("hermes-hud-*/open.html"))
        process.send_signal(signal.SIGHUP)
        assert process.wait(20) == 0
    assert list(tmp_path.glob("hermes-hud-*")) == []


@pytest.mark.parametrize("end", ["it is used", "it has expired"])
def test_the_file_with_the_ticket_goes_when(
    end: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setattr(opening, "_browser", lambda: None)
    monkeypatch.setattr(opening, "TICKET_S", 0.2 if end == "it has expired" else 300.0)
    tickets, said = Tickets(), list[str]()
    with opening.opened("http://127.0.0.1:9", tickets, said.append):
        directory = Path(said[0].rpartition(": ")[2]).parent
        if end == "it is used":
            assert directory.exists()
            found = re.search('#ticket=([^"]+)', (directory / "open.html").read_text())
            assert found is not None
            assert tickets.use(found[1])
        deadline = time.monotonic() + 10
        while directory.exists():
            assert time.monotonic() < deadline
            threading.Event().wait(0.02)


@pytest.mark.parametrize("command", ["serve", "demo", "export", "snapshot", "doctor", "cache"])
def test_each_command_explains_itself(command: str) -> None:
    done = run(command, "--help")
    assert done.returncode == 0
    assert done.stdout.decode().startswith(f"usage: hermes-hud {command}")


def test_the_commands_in_the_documents_are_understood() -> None:
    page = (Path(__file__).parents[1] / "docs" / "page.md").read_text("utf-8")
    lines = [line for block in re.findall(r"```sh\n(.*?)```", page, re.DOTALL) for line in block.splitlines()]
    assert len(lines) >= 8
    for line in lines:
        words = shlex.split(re.split(r"[|>]", line)[0], comments=True)
        chosen = _parser().parse_args(words[1:])
        if chosen.command == "export":
            columns = chosen.columns.split(",") if chosen.columns else None
            given = {
                "columns": columns,
                "since": chosen.since,
                "session_id": chosen.session,
                "text": chosen.text,
            }
            check_arguments(all_panels(), chosen.frame, given)
