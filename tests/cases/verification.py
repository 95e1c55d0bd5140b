from __future__ import annotations

from hermes_hud_widget.panels.verification import EVENTS, STATES
from real.agent import Hermes
from support.agent import Agent
from support.examples import add_row


def fill(agent: Agent) -> None:
    add_row(agent, EVENTS, 0, id=1, created_at="2026-05-04T08:00:00+00:00", status="passed", exit_code=0)
    add_row(agent, STATES, 0, last_event_id=1, last_edit_at=None, changed_paths_json="[]")


def prepare(hermes: Hermes) -> None:
    project = hermes.home.parent / "project"
    (project / "tests").mkdir(parents=True)
    (project / ".git").mkdir()
    (project / "pyproject.toml").write_text("[tool.pytest.ini_options]\n", encoding="utf-8")


def change(hermes: Hermes, nonce: str) -> None:
    hermes(
        "agent.verification_evidence",
        "record_terminal_result",
        command=f"pytest tests/{nonce}.py",
        cwd=str(hermes.home.parent / "project"),
        session_id="s",
        exit_code=0,
    )
