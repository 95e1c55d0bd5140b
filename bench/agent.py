"""Drives the agent's process: what is to be written, and when it had been."""

from __future__ import annotations

import json
import os
import random
import secrets
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from bench.database import ACTIVE_SESSION, WORDS
from bench.row import NotMeasuredError

ROOT = Path(__file__).parent.parent
Thing = Literal["message", "title", "memory", "tokens"]
Journal = Literal["wal", "delete"]


def make_word() -> str:
    """A nonce, which is nowhere else and survives redaction; `paint.js` knows its shape."""
    return f"bench-{secrets.token_hex(6)}"


@dataclass(frozen=True)
class Step:
    """One write.

    Attributes:
        at: When, in seconds after the beginning.
        thing: What is written; `tokens` shows nowhere by itself.
        word: The nonce in it.
        home: Which of the agent's homes.
    """

    at: float
    thing: Thing
    word: str = field(default_factory=make_word)
    home: int = 0

    def as_command(self, session: str) -> dict[str, Any]:
        """As `agent_process.py` takes it."""
        do, arguments = _COMMANDS[self.thing], dict[str, Any]()
        match self.thing:
            case "message":
                text = f"{self.word} {' '.join(random.Random(self.word).choices(WORDS, k=60))}"
                arguments = {"session": session, "role": "assistant", "content": text}
            case "title":
                arguments = {"id": session, "title": self.word}
            case "memory":
                arguments = {
                    "entries": [self.word, "The harbour master is called Ada", "Short answers please"]
                }
            case "tokens":
                arguments = {"session": session, "input_tokens": 1_500, "output_tokens": 200}
        return {"at": self.at, "home": self.home, "do": do, "with": arguments}


_COMMANDS = {"message": "message", "title": "update", "memory": "memory", "tokens": "tokens"}


@dataclass(frozen=True)
class Written:
    """A write that has happened.

    Attributes:
        at: When the commit or rename had returned, in seconds since the epoch.
        took: How long the writer waited for it, in seconds.
        refusals: How often SQLite gave up with SQLITE_BUSY before.
    """

    step: Step
    at: float
    took: float
    refusals: int


class Agent:
    """An agent in a process of its own, with its databases open.

    Args:
        homes: The homes that it writes; each has a `state.db` with the session `session`, or gets an empty one.
        journal: SQLite's journal mode.
        session: The session in which it works.
    """

    def __init__(self, *homes: Path, journal: Journal = "wal", session: str = ACTIVE_SESSION) -> None:
        self._session = session
        self._playing: list[Step] = []
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.agent_process", journal, *map(str, homes)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._answer()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self, steps: Sequence[Step]) -> None:
        """Begins to carry out these steps, and does not wait for them."""
        self._playing = list(steps)
        assert self._process.stdin is not None
        commands = [step.as_command(self._session) for step in steps]
        self._process.stdin.write(json.dumps(commands) + "\n")
        self._process.stdin.flush()

    def finish(self) -> list[Written]:
        """Waits for the last step.

        Raises:
            NotMeasuredError: The agent died.
        """
        answers = self._answer()
        return [
            Written(step, answer["at"], answer["took"], int(answer["refusals"]))
            for step, answer in zip(self._playing, answers, strict=True)
        ]

    def play(self, steps: Sequence[Step]) -> list[Written]:
        """Carries out these steps and waits for the last one."""
        self.start(steps)
        return self.finish()

    def close(self) -> None:
        """Ends it in order: the databases are checkpointed and closed."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)
        self.stop()

    def stop(self) -> None:
        """Kills it where it stands."""
        self._process.kill()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        self._process.wait(10)

    def _answer(self) -> list[dict[str, float]]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise NotMeasuredError("the writing process died; its last words are above")
        answers: list[dict[str, float]] = json.loads(line)
        return answers


def spaced(things: Sequence[Thing], least_s: float, most_s: float, *, seed: int, home: int = 0) -> list[Step]:
    """Writes with random pauses between them, so that none keeps step with a clock or a frame."""
    return list(_spaced(things, least_s, most_s, random.Random(seed), home))


def _spaced(
    things: Sequence[Thing], least_s: float, most_s: float, rng: random.Random, home: int
) -> Iterator[Step]:
    at = 0.0
    for thing in things:
        at += rng.uniform(least_s, most_s)
        yield Step(at, thing, home=home)


def at_work(messages: int, least_s: float, most_s: float, *, seed: int) -> list[Step]:
    """An active agent: messages with random pauses, and after every second one its token counts, 5 ms later."""
    steps = []
    for number, step in enumerate(spaced(["message"] * messages, least_s, most_s, seed=seed)):
        steps.append(step)
        if number % 2:
            steps.append(Step(step.at + 0.005, "tokens"))
    return steps
