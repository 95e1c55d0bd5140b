"""The running demo: it keeps changing, and leaves neither process nor directory behind."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from demo.waiting import wait_for
from hermes_hud_widget.demo import Demo, start_demo
from hermes_hud_widget.demo.agent import main as agent_main
from hermes_hud_widget.demo.directory import make_directory

pytestmark = pytest.mark.live


@pytest.fixture(autouse=True)
def own_temporary_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that no test sweeps, or counts, what another process has in /tmp."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)


@pytest.fixture
def demo() -> Iterator[Demo]:
    with start_demo() as running:
        yield running


def is_running(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def test_database_and_memory_change_within_two_seconds(demo: Demo) -> None:
    memory = demo.home / "memories" / "MEMORY.md"
    connection = sqlite3.connect(f"file:{demo.home}/state.db?mode=ro", uri=True)
    try:

        def version() -> int:
            return int(connection.execute("PRAGMA data_version").fetchone()[0])

        first, inode = version(), memory.stat().st_ino
        wait_for(lambda: version() != first, "a commit", 2)
        wait_for(lambda: memory.stat().st_ino != inode, "a new MEMORY.md", 2)
    finally:
        connection.close()


def test_the_home_is_private(demo: Demo) -> None:
    folders = [demo.home, *(path for path in demo.home.rglob("*") if path.is_dir())]
    assert {folder.stat().st_mode & 0o777 for folder in folders} == {0o700}


def test_close_leaves_neither_process_nor_directory(demo: Demo) -> None:
    demo.close()
    assert not is_running(demo.pid)
    assert not demo.home.exists()
    demo.close()


def test_the_agent_wakes_at_once_to_end(demo: Demo) -> None:
    began = time.monotonic()
    demo.close()
    assert time.monotonic() - began < 0.5


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_terminated_agent_removes_its_home(demo: Demo, number: int) -> None:
    os.kill(demo.pid, number)
    wait_for(lambda: not demo.home.exists(), "the directory's removal")


def test_a_killed_parent_leaves_nothing() -> None:
    parent = subprocess.Popen([sys.executable, "-m", "hermes_hud_widget.demo"], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    with parent.stdout:
        started = json.loads(parent.stdout.readline())
        parent.kill()
        parent.wait()
        wait_for(lambda: not Path(started["home"]).exists(), "the directory's removal")
        wait_for(lambda: not is_running(started["pid"]), "the agent's end")


def test_run_by_hand_it_ends_with_a_signal() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "hermes_hud_widget.demo", "--speed", "5"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    with process.stdout:
        started = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        assert process.wait(5) == 0
        assert not Path(started["home"]).exists()


def test_the_next_demo_sweeps_after_a_killed_agent(demo: Demo) -> None:
    with start_demo() as other:
        os.kill(demo.pid, signal.SIGKILL)
        # Not a zombie's state: its other threads may still hold the lock.
        os.waitid(os.P_PID, demo.pid, os.WEXITED | os.WNOWAIT)
        assert demo.home.exists()
        with start_demo():
            assert not demo.home.exists()
            assert other.home.exists()


def test_a_sweep_spares_what_it_did_not_make(tmp_path: Path) -> None:
    foreign = tmp_path / "hermes-hud-demo-notes"
    foreign.mkdir()
    with start_demo():
        assert foreign.exists()


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_does_not_keep_the_agent_alive() -> None:
    reads, writes = os.pipe()
    with start_demo() as demo:
        child = os.fork()
        if child == 0:
            os.close(writes)
            demo.close()  # not the child's to close
            os.read(reads, 1)
            os._exit(0)
        assert is_running(demo.pid)
        assert demo.home.exists()
        began = time.monotonic()
    assert time.monotonic() - began < 2
    assert psutil.Process(child).status() != psutil.STATUS_ZOMBIE
    os.close(writes)
    os.close(reads)
    assert os.waitpid(child, 0)[1] == 0


def test_the_agent_hardly_uses_the_processor(demo: Demo) -> None:
    process = psutil.Process(demo.pid)
    memory = demo.home / "memories" / "MEMORY.md"
    before, inode, began = process.cpu_times(), memory.stat().st_ino, time.monotonic()
    wait_for(lambda: memory.stat().st_ino != inode and time.monotonic() - began > 3, "3 s of work", 20)
    after = process.cpu_times()
    used = after.user + after.system - before.user - before.system
    assert used / (time.monotonic() - began) < 0.1


def test_the_agent_refuses_a_directory_that_is_not_a_fresh_demo(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    precious = tmp_path / ".hermes"
    precious.mkdir()
    with pytest.raises(SystemExit):
        agent_main([f"--home={precious}"])
    assert "expected a fresh directory" in capsys.readouterr().err
    assert precious.exists()


def test_the_agent_refuses_a_demo_that_is_in_use(capsys: pytest.CaptureFixture[str]) -> None:
    path, lock = make_directory()
    os.close(lock)
    (path / "state.db").touch()
    with pytest.raises(SystemExit):
        agent_main([f"--home={path}"])
    assert "expected a fresh directory" in capsys.readouterr().err
    assert (path / "state.db").exists()
