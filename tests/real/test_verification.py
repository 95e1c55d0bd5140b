"""The verification panel over what Hermes itself records: `verification_status` is the oracle."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hermes_hud_widget.core import OpenHome
from hermes_hud_widget.frames import to_pandas
from hermes_hud_widget.panels import verification
from hermes_hud_widget.panels.verification import Verification
from hermes_hud_widget.place import Place
from real.agent import Hermes

EVIDENCE = "agent.verification_evidence"


@pytest.fixture
def project(home: Path) -> Path:
    """A workspace whose checks Hermes knows."""
    project = home.parent / "project"
    (project / ".git").mkdir(parents=True)
    (project / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    (project / "Makefile").write_text("lint:\n\ttrue\ntypecheck:\n\ttrue\n")
    return project


@pytest.fixture
def opened(home: Path) -> OpenHome:
    return OpenHome(Place(home, home, None), {"verification": verification.PANEL})


def show(opened: OpenHome, **query: Any) -> Verification:
    shown = opened.collect("verification", opened.parse_query("verification", query), 1, datetime.now(UTC))
    assert shown.error is None
    return Verification.model_validate(shown.data)


def test_after_each_step_the_panel_says_what_hermes_says(
    hermes: Hermes, opened: OpenHome, project: Path
) -> None:
    def run(command: str, code: int, session: str = "a", output: str = "") -> Callable[[], Any]:
        given = {
            "command": command,
            "cwd": str(project),
            "session_id": session,
            "exit_code": code,
            "output": output,
        }
        return lambda: hermes(EVIDENCE, "record_terminal_result", **given)

    def edit(*paths: str, session: str = "a") -> Callable[[], Any]:
        given = {"session_id": session, "cwd": str(project), "paths": [str(project / path) for path in paths]}
        return lambda: hermes(EVIDENCE, "mark_workspace_edited", **given)

    steps = [
        edit("a.py"),
        run("pytest -q", 1, output="1 failed"),
        edit("a.py", "b.py"),
        run("cd src && python -m pytest tests/test_a.py", 0),
        run("make lint", 0, session="b"),
        run("ls", 0),
        edit("c.py", session="b"),
        run("make typecheck", 2, session="b"),
    ]
    for step in steps:
        step()
        shown = {one.session_id: one for one in show(opened).workspaces}
        for session in ("a", "b"):
            theirs = hermes(EVIDENCE, "verification_status", session_id=session, cwd=str(project))
            ours = shown.get(session)
            if ours is None:
                assert (theirs["status"], theirs["evidence"]) == ("unverified", None)
                continue
            assert (ours.status, list(ours.changed_paths)) == (theirs["status"], theirs["changed_paths"])
            assert ours.root == theirs["root"]
            if theirs["evidence"] is not None:
                assert ours.last is not None
                for name in ("id", "command", "canonical_command", "kind", "scope", "exit_code"):
                    assert getattr(ours.last, name) == theirs["evidence"][name]
    assert {(kind.kind, kind.passed, kind.failed) for kind in show(opened).kinds} == {
        ("test", 1, 1),
        ("lint", 1, 0),
        ("typecheck", 0, 1),
    }
    opened.close()


def test_the_frame_and_the_outputs_are_hermes_own(hermes: Hermes, opened: OpenHome, project: Path) -> None:
    made = [
        hermes(
            EVIDENCE,
            "record_terminal_result",
            command="pytest -q",
            cwd=str(project),
            session_id="a",
            exit_code=number % 2,
            output=f"{number} passed",
        )
        for number in range(4)
    ]
    events = to_pandas(opened.table("verification_events", {}))
    assert list(events["id"]) == [event["id"] for event in reversed(made)]
    assert list(events["status"]) == [event["status"] for event in reversed(made)]
    output = show(opened, event=made[2]["id"]).output
    assert output is not None
    assert output.text == "2 passed"
    opened.close()
