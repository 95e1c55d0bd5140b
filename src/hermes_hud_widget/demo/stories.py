"""The conversations that the demo plays, read from the YAML files beside this module.

A story has turns; a turn has steps and an answer; a step is one reply of the model that calls tools.
`<<name:10-20>>` in a text stands for a number between 10 and 20, the same at each later `<<name>>`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from random import Random
from typing import Any

_NUMBER = re.compile(r"<<(\w+)(?::(\d+)-(\d+))?>>")


@dataclass(frozen=True)
class Call:
    """One tool call.

    Attributes:
        takes_s: How long the tool runs, in seconds.
        result: What the tool gives; a text is wrapped as that tool wraps it.
        tasks: The subagents that a `delegate_task` starts, one story each.
    """

    tool: str
    arguments: Mapping[str, Any]
    takes_s: float
    result: Any
    tasks: tuple[Story, ...] = ()


@dataclass(frozen=True)
class Step:
    """One reply of the model that calls tools, several of them in parallel."""

    says: str
    thinks: str | None
    calls: tuple[Call, ...]


@dataclass(frozen=True)
class Turn:
    """One message of the user and what comes of it.

    Attributes:
        begins: What happens before it: `undo` (the turn before is taken back), `compact` (what went
            before is summarised in place), `compress` (the same, going on in a child session), `branch`.
        note: The summary of `compact` and `compress`, the title of `branch`.
        answer: The model's last word; None when the agent is killed before it comes.
    """

    user: str
    steps: tuple[Step, ...]
    thinks: str | None
    answer: str | None
    begins: str | None = None
    note: str = ""


@dataclass(frozen=True)
class Story:
    """One conversation.

    Attributes:
        name: Key in the file; of no meaning to the home.
        model: A key of `ROUTES`.
        ends: The `end_reason`; None for a session that is never closed.
    """

    name: str
    title: str | None
    source: str
    model: str
    cwd: str | None
    git_branch: str | None
    turns: tuple[Turn, ...]
    ends: str | None
    archived: bool = False


_END_REASONS = {"cli": "cli_close", "telegram": "idle", "discord": "session_reset", "cron": "cron_complete"}


def read_stories(name: str) -> dict[str, Any]:
    """The raw stories of one file (`history`, `live`, `cron`), by key."""
    import yaml

    text = files("hermes_hud_widget.demo").joinpath("stories", f"{name}.yaml").read_text(encoding="utf-8")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return dict(yaml.load(text, Loader=loader))


def make_story(name: str, raw: Mapping[str, Any], random: Random, **numbers: str) -> Story:
    """One story with its numbers drawn from `random`; `numbers` are known beforehand."""
    filled = _fill(raw, random, dict(numbers))
    return _story(name, filled)


def _story(name: str, raw: Mapping[str, Any]) -> Story:
    source = raw.get("source", "cli")
    return Story(
        name=name,
        title=raw.get("title"),
        source=source,
        model=raw.get("model", "sonnet"),
        cwd=raw.get("cwd"),
        git_branch=raw.get("git_branch"),
        turns=tuple(_turn(turn) for turn in raw["turns"]),
        ends=raw.get("ends", _END_REASONS.get(source)),
        archived=raw.get("archived", False),
    )


def _turn(raw: Mapping[str, Any]) -> Turn:
    begins = next((key for key in ("undo", "compact", "compress", "branch") if key in raw), None)
    return Turn(
        user=raw["user"],
        steps=tuple(_step(step) for step in raw.get("steps", ())),
        thinks=raw.get("thinks"),
        answer=raw.get("answer"),
        begins=begins,
        note=str(raw[begins]) if begins else "",
    )


def _step(raw: Mapping[str, Any]) -> Step:
    return Step(
        raw.get("says", ""), raw.get("thinks"), tuple(_call(call) for call in raw.get("calls", [raw]))
    )


def _call(raw: Mapping[str, Any]) -> Call:
    return Call(
        tool=raw["call"],
        arguments=raw.get("with", {}),
        takes_s=float(raw.get("takes", 1.2)),
        result=raw.get("result", ""),
        tasks=tuple(
            _story(f"task {number}", {"source": "subagent", "ends": "agent_close", "turns": [task], **task})
            for number, task in enumerate(raw.get("tasks", ()))
        ),
    )


def _fill(value: Any, random: Random, numbers: dict[str, str]) -> Any:
    def number(found: re.Match[str]) -> str:
        name, low, high = found.groups()
        if low is not None:
            numbers[name] = str(random.randint(int(low), int(high)))
        return numbers[name]

    if isinstance(value, str):
        return _NUMBER.sub(number, value)
    if isinstance(value, list):
        return [_fill(item, random, numbers) for item in value]
    if isinstance(value, dict):
        return {key: _fill(item, random, numbers) for key, item in value.items()}
    return value
