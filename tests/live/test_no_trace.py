"""A whole session under strace: nothing below a home is written, made, removed, renamed, locked or retimed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cases import case_of
from hermes_hud_widget.panels import BUILT_IN
from live.kernel import Kernel
from live.trace import Trace, strace
from support.agent import Agent, Journal
from support.executions import Runner
from support.fingerprint import fingerprint

HOMES = [
    *("wal-live", "wal-killed", "wal-none", "wal-orphaned"),
    *("delete-live", "delete-killed", "delete-none"),
]
"""Journal mode, and the writer: alive, killed, closed cleanly, or killed and its `-shm` removed."""
WITHOUT_WRITER = [name for name in HOMES if not name.endswith("live")]


@dataclass(frozen=True)
class Session:
    """What one session left behind.

    Attributes:
        homes: By name, `<journal>-<writer>`.
        before: Fingerprints before the session, by name of the home.
        after: The same after it.
        said: What the cells printed, by name of the home.
        control: A folder in which the kernel did everything that is forbidden below a home.
    """

    homes: dict[str, Path]
    before: dict[str, dict[str, str]]
    after: dict[str, dict[str, str]]
    said: dict[str, str]
    control: Path
    trace: Trace


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """One kernel under strace: a HUD on each home, all panels, all frames, changes while it looks."""
    folder = tmp_path_factory.mktemp("no_trace").resolve()
    control = folder / "control"
    control.mkdir()
    homes = {name: folder / name for name in HOMES}
    writers = {name: _furnish(name, home) for name, home in homes.items()}
    before = {name: fingerprint(home) for name, home in homes.items()}
    log = folder / "strace.log"
    said = {}
    try:
        with Kernel(folder / "user", strace(log)) as kernel:
            for name, home in homes.items():
                said[name] = kernel.run(_tour(home), 60)
            models = kernel.models()
            assert len(models) == len(homes)
            for name, agent in writers.items():
                if name.endswith("live"):
                    _live_on(kernel, agent)
            kernel.run(_control(control))
            kernel.run("HUD.close_all()")
        for agent in writers.values():
            agent.stop()
        after = {name: fingerprint(home) for name, home in homes.items()}
        yield Session(homes, before, after, said, control, Trace(log))
    finally:
        for agent in writers.values():
            agent.stop()


def test_the_trace_would_show_every_kind_of_change(session: Session) -> None:
    changes = {call.name for call in session.trace.below(session.control) if call.is_change}
    assert changes >= {
        "openat",
        "mkdir",
        "rename",
        "unlink",
        "rmdir",
        "chmod",
        "utimensat",
        "truncate",
        "flock",
    }
    assert changes >= {"fcntl", "mmap"}


@pytest.mark.parametrize("name", HOMES)
def test_nothing_below_a_home_is_changed(session: Session, name: str) -> None:
    home = session.homes[name]
    changes = [
        call.text for call in session.trace.below(home) if call.is_change and not call.is_sqlite_opening_a_log
    ]
    assert not changes, "\n".join(changes)


@pytest.mark.parametrize("name", HOMES)
def test_the_server_and_not_the_kernel_opens_the_database(session: Session, name: str) -> None:
    opened = [
        call
        for call in session.trace.below(session.homes[name])
        if call.name in {"open", "openat", "openat2"} and any("state.db" in path for path in call.paths)
    ]
    assert any(session.trace.is_of_server(call) for call in opened), "nobody read it: nothing was tried"
    assert not [call.text for call in opened if not session.trace.is_of_server(call)]


@pytest.mark.parametrize("name", WITHOUT_WRITER)
def test_where_nobody_writes_every_byte_stays_as_it_was(session: Session, name: str) -> None:
    assert session.after[name] == session.before[name]


@pytest.mark.parametrize("name", [name for name in HOMES if name != "delete-killed"])
def test_the_session_read_what_was_committed(session: Session, name: str) -> None:
    said = session.said[name].splitlines()
    told = {f"{panel.name} ok" for panel in BUILT_IN} - set(said)
    if name.startswith("wal"):
        assert told == set()
        assert not [line for line in said if line.startswith("frame ") and line.endswith(" 0")]
    else:
        assert {line.replace(" ok", " empty") for line in told} <= set(said)
        assert {"sessions ok", "frame sessions 2", "frame messages 40"} <= set(said)


def test_a_hot_journal_is_reported_and_not_rolled_back(session: Session) -> None:
    assert "never committed" not in session.said["delete-killed"]
    assert "skills ok" in session.said["delete-killed"]
    assert "sessions stale" in session.said["delete-killed"] or (
        "sessions unavailable" in session.said["delete-killed"]
    )
    assert "recover" in session.said["delete-killed"]


def _furnish(name: str, home: Path) -> Agent:
    journal, writer = name.split("-")
    kind: Journal = "wal" if journal == "wal" else "delete"
    agent = Agent(home, kind)
    # Its log is left behind, as by a scheduler that was killed in the middle of a run.
    with Runner(home) as runner:
        runner.claim("run")
    if kind == "wal":  # the tables that some of them add make a write-ahead log
        for name in {panel.name for panel in BUILT_IN} - {"cron"}:
            case_of(name).fill(agent)
    for session in ("one", "two"):
        agent.session(session, title=f"Session {session}")
        for number in range(20):
            agent.message(
                session, "user" if number % 2 else "assistant", f"message {number} " + "text " * 500
            )
    agent.memory(["The harbour master is called Ada"])
    agent.tokens("one", input_tokens=100, output_tokens=10, estimated_cost_usd=0.01)
    agent.file(
        "skills/harbour/tides/SKILL.md", b"---\nname: tides\ndescription: Reads tide tables\n---\nLook."
    )
    agent.file("cron/jobs.json", b'{"jobs": [{"id": "job", "name": "Tides", "schedule": "daily"}]}')
    agent.file("cron/output/job/2026-11-23_08-00-00.md", b"High tide at noon.")
    agent.file("cron/suggestions.json", b'[{"id": "s", "status": "pending", "title": "A weekly list"}]')
    if writer in ("killed", "orphaned"):
        agent.die(halfway=kind == "delete")
        assert (home / ("state.db-wal" if kind == "wal" else "state.db-journal")).stat().st_size > 0
        if writer == "orphaned":
            (home / "state.db-shm").unlink()
    elif writer == "none":
        agent.close()
        assert not (home / "state.db-wal").exists()
        agent.stop()
    return agent


def _tour(home: Path) -> str:
    """A cell: a HUD, every panel, a transcript, every frame; prints what came."""
    return f"""
from hermes_hud_widget import HUD
from hermes_hud_widget.errors import HudError
from hermes_hud_widget.panels import all_panels
hud = HUD({str(home)!r})
display(hud)
for name, panel in all_panels().items():
    answer = hud.panel(name)
    print(name, answer["status"])
    if answer["error"]:
        print(answer["error"]["message"])
for panel in all_panels().values():
    for frame in panel.frames:
        try:
            print("frame", frame.name, len(hud.frame(frame.name)))
        except HudError as error:
            print("frame", frame.name, error)
"""


def _live_on(kernel: Kernel, agent: Agent) -> None:
    """Changes of every kind while the HUD is asked again and again."""
    hud = f"HUD({str(agent.home)!r})"
    messages, sessions = map(
        int, kernel.run(f"print(*map(len, ({hud}.frame('messages'), {hud}.frame('sessions'))))").split()
    )
    for number in range(5):
        agent.message("one", "user", f"live {number}")
        agent.tokens("one", input_tokens=100, output_tokens=10)
        agent.memory([f"entry {number}"])
        agent.session(f"new {number}", title=f"New {number}")
    kernel.wait(lambda: _is_up_to_date(kernel, hud, messages + 5, sessions + 5), "the last change", 20)
    agent.close()
    kernel.wait(
        lambda: _is_up_to_date(kernel, hud, messages + 5, sessions + 5),
        "the same after the writer closed",
        20,
    )
    agent.open()
    agent.message("one", "user", "and once more")
    kernel.wait(
        lambda: _is_up_to_date(kernel, hud, messages + 6, sessions + 5),
        "the message after the writer came back",
        20,
    )


def _is_up_to_date(kernel: Kernel, hud: str, messages: int, sessions: int) -> bool:
    said = kernel.run(
        f"print(len({hud}.frame('messages')), len({hud}.frame('sessions')), {hud}.panel('memory')['data'])"
    )
    return said.startswith(f"{messages} {sessions} ") and "entry 4" in said


def _control(folder: Path) -> str:
    """A cell that does in `folder` what must not happen below a home."""
    return f"""
import fcntl, mmap, os, pathlib
folder = pathlib.Path({str(folder)!r})
file = folder / "file"
file.write_text("text")
(folder / "made").mkdir()
(folder / "made").rmdir()
file.rename(folder / "renamed")
file = folder / "renamed"
file.chmod(0o600)
os.utime(file)
os.truncate(file, 1)
with file.open("r+") as stream:
    fcntl.flock(stream, fcntl.LOCK_EX)
    fcntl.lockf(stream, fcntl.LOCK_EX)
    mmap.mmap(stream.fileno(), 1)[:] = b"x"
file.unlink()
"""
