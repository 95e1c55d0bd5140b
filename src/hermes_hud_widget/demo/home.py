"""Makes the demo's home: files from `skeleton/`, a month of past, and the script of what comes next."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib.resources import as_file, files
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any, cast

from hermes_hud_widget.demo.clock import Clock
from hermes_hud_widget.demo.cron import Cron
from hermes_hud_widget.demo.memories import Memories, Target
from hermes_hud_widget.demo.narrator import Narrator, Tempo
from hermes_hud_widget.demo.parts import (
    agents,
    approvals,
    corrections,
    curator,
    gateway,
    goals,
    growth,
    health,
    kanban,
    logs,
    plugins,
    projects,
    providers,
    verification,
)
from hermes_hud_widget.demo.routes import ROUTES
from hermes_hud_widget.demo.script import Script, after, together
from hermes_hud_widget.demo.skills import Skills
from hermes_hud_widget.demo.state import State
from hermes_hud_widget.demo.stories import Story, make_story, read_stories

PARTS: tuple[ModuleType, ...] = (
    agents,
    approvals,
    corrections,
    curator,
    gateway,
    goals,
    growth,
    health,
    kanban,
    logs,
    plugins,
    projects,
    providers,
    verification,
)
"""What panels need beside the sessions; each has `play(home)`, a script whose past lies before its first pause, and may
have `past(now)`: sessions of the past, and when each began."""

DAY_S = 86_400.0
PAST_DAYS = 30
LEAD_S = 18.0
"""How long before the demo starts its live sessions began, so that they are in the middle of something."""

PAST = Tempo(thinks_s=(3.0, 14.0), waits_s=(40.0, 420.0))
LIVE = Tempo(thinks_s=(0.8, 2.4), waits_s=(2.5, 6.0))
REVIEW_EVERY_S = (10.0, 14.0)
USER_HOME = "mira"
"""Mira's own directory; it lies in the demo's, so that what she works on is there, and vanishes with the demo."""
LIVE_SOURCES = ("cli", "telegram", "discord")


class DemoHome:
    """A home on disk and the script that keeps it changing.

    Args:
        path: An existing empty directory (a marker file may be in it).
        seed: The same seed and `now` give the same past.
        now: Where the past ends, in seconds since the epoch.
    """

    def __init__(self, path: Path, *, seed: int, now: float) -> None:
        _copy_skeleton(path)
        self.user_home = path / USER_HOME
        self._make_profile(path / "profiles" / "coder", self.user_home, seed, now)
        self.clock = Clock(now - PAST_DAYS * DAY_S)
        self.memories = Memories(path / "memories")
        self.state = State(path / "state.db")
        self.cron = Cron(path / "cron", self.clock, seed, now)
        self.skills = Skills(path / "skills", self.clock, seed, now)
        self.path, self.seed, self.now = path, seed, now
        self._random = Random(seed)
        self._prompt = "\n\n".join([(path / "SOUL.md").read_text("utf-8"), self.memories.text("memory")])
        with self.state.batch():
            self.state.set_meta("last_auto_prune", str(now - 3 * DAY_S))
            self.script = _play_until(now, self.clock, self._everything(now))
        self.clock.go_live()
        self.cron.go_live()
        self.skills.go_live()

    def close(self) -> None:
        """Closes the database."""
        self.state.close()

    def _everything(self, now: float) -> Script:
        past, live = (
            Narrator(
                self.state,
                self.memories,
                self._random,
                self.clock,
                tempo,
                self.user_home,
                self._prompt,
                self.skills,
            )
            for tempo in (PAST, LIVE)
        )
        start = self.clock()
        scripts = [
            after(at - start, partial(self._play, past, story))
            for at, story in (
                *_past_stories(now, self._random),
                *self.cron.past_feed(now),
                *(told for part in PARTS if hasattr(part, "past") for told in part.past(now)),
            )
        ]
        lead = now - LEAD_S - start
        live_stories = read_stories("live")
        for source in LIVE_SOURCES:
            own = {name: raw for name, raw in live_stories.items() if raw.get("source", "cli") == source}
            scripts.append(after(lead, partial(self._keep_talking, live, own)))
        scripts.append(self.skills.past(now))
        scripts.append(after(now + 0.9 - start, self._keep_learning))
        scripts.append(after(now + 2.0 - start, self.skills.keep_using))
        scripts.append(after(now + 3.0 - start, partial(self.cron.keep_feeding, live)))
        scripts.append(after(now + 5.0 - start, self.cron.keep_ticking))
        # After the stories: what a part says of the past may name their sessions.
        scripts.extend(after(lead, partial(part.play, self)) for part in PARTS)
        return together(*scripts)

    def _play(self, narrator: Narrator, story: Story) -> Script:
        return self.cron.play(narrator, story) if story.source == "cron" else narrator.play(story)

    def _keep_talking(self, narrator: Narrator, stories: dict[str, Any]) -> Script:
        while True:
            for name, raw in stories.items():
                yield from narrator.play(make_story(name, raw, self._random))
                yield self._random.uniform(*LIVE.waits_s)

    def _keep_learning(self) -> Script:
        """Hermes' review in the background, which edits the memory files between turns."""
        for number, lesson in enumerate(itertools.cycle(_lessons())):
            target = cast(Target, lesson["target"])
            self.memories.learn(target, lesson["text"])
            session_id = self.state.open_session()
            if session_id is not None:
                usage = ROUTES["haiku"].usage(0, 2_600 + 40 * (number % 7), 90, 0)
                self.state.add_usage(
                    session_id, ROUTES["haiku"], usage, self.clock(), task="background_review"
                )
            yield self._random.uniform(*REVIEW_EVERY_S)

    @staticmethod
    def _make_profile(path: Path, user_home: Path, seed: int, now: float) -> None:
        random, clock = Random(seed), Clock(now - 8 * DAY_S)
        state = State(path / "state.db")
        narrator = Narrator(state, Memories(path / "memories"), random, clock, PAST, user_home)
        with state.batch():
            for name, raw in read_stories("coder").items():
                for pause in narrator.play(make_story(name, raw, random)):
                    clock.advance(pause)
                clock.advance(2 * DAY_S)
        state.close()


def _play_until(now: float, clock: Clock, script: Script) -> Script:
    """Plays what lies before `now`, and returns the rest."""
    for pause in script:
        if clock() + pause > now:
            left = clock() + pause - now
            clock.advance(pause - left)
            return after(left, lambda: script)
        clock.advance(pause)
    return script


def _past_stories(now: float, random: Random) -> Iterator[tuple[float, Story]]:
    """When each story of the past begins: the newer the denser, by day; and the jobs at their hours."""
    raws = read_stories("history")
    for number, (name, raw) in enumerate(raws.items()):
        age_days = (PAST_DAYS - 1) * (1 - number / len(raws)) ** 1.3
        at = now - age_days * DAY_S
        if age_days > 1.5:
            at = _at_hour(at, random.uniform(8.5, 20.5))
        yield at, make_story(name, raw, random)
    jobs = read_stories("cron")
    for days_ago in range(24, 0, -1):
        day = _at_hour(now - days_ago * DAY_S, 6.25)
        date = datetime.fromtimestamp(day, UTC)
        if day < now - 1800:
            yield day, make_story("3f9c1d20ab47", jobs["nightly"], random, date=f"{date:%d %b}")
        if date.weekday() == 0:
            yield day + 3600, make_story("b81e07c4d2f5", jobs["weekly"], random, date=f"{date:%d %b}")


def _at_hour(at: float, hour: float) -> float:
    """That hour of the local day in which `at` lies."""
    day = datetime.fromtimestamp(at).astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    return (day + timedelta(hours=hour)).timestamp()


def _copy_skeleton(path: Path) -> None:
    with as_file(files("hermes_hud_widget.demo").joinpath("skeleton")) as skeleton:
        shutil.copytree(skeleton, path, dirs_exist_ok=True, copy_function=shutil.copyfile)
    for name in ("sessions", "logs", "cron"):
        (path / name).mkdir()
    # The copy has the modes of the installed package.
    for folder in (path, *(found for found in path.rglob("*") if found.is_dir())):
        folder.chmod(0o700)
    (path / "config.yaml").chmod(0o600)


def _lessons() -> list[dict[str, str]]:
    return list(read_stories("lessons").values())
