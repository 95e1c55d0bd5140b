"""The command `hermes-hud`, in a process of its own."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pytest

from hermes_hud_widget.ledger.index import Index
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
