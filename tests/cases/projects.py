from __future__ import annotations

from hermes_hud_widget.panels.projects import FOLDERS, PROJECTS
from real.agent import Hermes
from support.agent import Agent
from support.examples import add_row


def fill(agent: Agent) -> None:
    add_row(agent, PROJECTS, 0, id="p_0", archived=0, primary_path="/nowhere/zero")
    add_row(agent, FOLDERS, 0, project_id="p_0", path="/nowhere/zero")


def change(hermes: Hermes, nonce: str) -> None:
    hermes("projects", "create_project", name=nonce, folders=["/nowhere/else"])
