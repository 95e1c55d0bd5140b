"""Where Mira set the agent right."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING

from hermes_hud_widget.demo.script import Script
from hermes_hud_widget.demo.stories import Story, Turn

if TYPE_CHECKING:
    from hermes_hud_widget.demo.home import DemoHome

DAY_S = 86_400.0
EVERY_S = (28.0, 40.0)
SAID = (
    (
        "Where is station 118?",
        "It is drawn on the map.",
        "No, that's wrong: 118 is gone since March, its trips are under 117.",
    ),
    (
        "Make some room on the disk.",
        "I deleted the old runs.",
        "You deleted the baseline, too! Never delete anything without asking.",
    ),
    (
        "Run the holdout.",
        "The holdout is February.",
        "Not what I asked: the holdout is March, as everywhere.",
    ),
    (
        "A table for operations.",
        "Here is the table.",
        "Please use percent instead of shares, operations does not read decimals.",
    ),
    ("The join is slow.", "Casting in the join works.", "It still fails on the night of the clock change."),
    ("Read the 36 files.", "I used pandas.", "I told you twice: polars, the files do not fit into memory."),
    (
        "How good is it now?",
        "The error is 12 %.",
        "That number is not right, it has the leak of station 5 in it.",
    ),
    ("All stations, please.", "Done.", "You forgot the ferry stations."),
    (
        "Jonas should know.",
        "I wrote to Jonas.",
        "Don't write to anybody by yourself, show me the text first.",
    ),
    ("Will it rain?", "On Tuesday.", "Actually, take the forecast of the airport, it is closer."),
    ("介绍一下李琳。", "她在北京做研究。", "不对，她在上海，不是北京。"),
)


def past(now: float) -> Iterator[tuple[float, Story]]:
    """Eleven short sessions with a correction over the month."""
    for number, (question, answer, said) in enumerate(SAID):
        turns = (Turn(question, (), None, answer), Turn(said, (), None, "You are right."))
        story = Story(
            name=f"correction {number}",
            title=_title(question),
            source="cli",
            model="haiku",
            cwd=None,
            git_branch=None,
            turns=turns,
            ends="cli_close",
        )
        yield now - (24.5 - 2.2 * number) * DAY_S, story


def play(home: DemoHome) -> Script:
    """One more now and then, in a short session of its own: those that are being told must not be disturbed."""
    random = Random(f"corrections {home.seed}")
    number = 0
    while True:
        yield random.uniform(*EVERY_S)
        question, answer, said = SAID[number % len(SAID)]
        at = home.clock()
        session = f"{datetime.fromtimestamp(at, UTC):%Y%m%d_%H%M%S}_c{number:05x}"
        home.state.start_session(session, "cli", at, model="claude-haiku-4-5")
        home.state.set_title(session, _title(question))
        for role, text, pause in (
            ("user", question, 3.0),
            ("assistant", answer, 5.0),
            ("user", said, 2.0),
            ("assistant", "You are right.", 1.0),
        ):
            finish_reason = "stop" if role == "assistant" else None
            home.state.append(session, role, text, home.clock(), finish_reason=finish_reason)
            yield pause
        home.state.end_session(session, "cli_close", home.clock())
        number += 1


def _title(question: str) -> str:
    return question.rstrip(".?。")
