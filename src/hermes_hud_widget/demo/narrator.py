"""Plays stories into `state.db`, in the order and with the rows that Hermes would write."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from hermes_hud_widget.demo.memories import Memories
from hermes_hud_widget.demo.results import result_text
from hermes_hud_widget.demo.routes import ROUTES, Route
from hermes_hud_widget.demo.script import Script, together
from hermes_hud_widget.demo.skills import Skills
from hermes_hud_widget.demo.state import State
from hermes_hud_widget.demo.stories import Call, Step, Story, Turn

SYSTEM_PROMPT_TOKENS = 14_200
CHARACTERS_PER_TOKEN = 3.6
UNSEEN_TOKENS = (150, 2_400)
"""Added for each tool result: real ones are longer than what is worth reading in a demo."""
HELPED = {"vision_analyze": "vision", "web_extract": "web_extract"}
"""The tools that ask the auxiliary model, and what Hermes calls that task."""
SUMMARY_PREFIX = "[CONTEXT COMPACTION — REFERENCE ONLY] Earlier turns were compacted into the summary below."
CHATS = {
    "telegram": {"chat_id": "424242", "chat_type": "dm", "display_name": "Mira"},
    "discord": {"chat_id": "9001", "chat_type": "group", "display_name": "#data-room"},
}


@dataclass(frozen=True)
class Tempo:
    """How long the model thinks and the user waits: shortest and longest, in seconds."""

    thinks_s: tuple[float, float]
    waits_s: tuple[float, float]


@dataclass
class Conversation:
    """A session while it is being played; `context` and `fresh` are tokens, cached and new."""

    story: Story
    session_id: str
    route: Route
    parent_id: str | None
    title: str | None = None
    context: int = 0
    fresh: int = SYSTEM_PROMPT_TOKENS
    turn_began: int = 0


class Narrator:
    """Plays stories at a tempo.

    Args:
        clock: Seconds since the epoch, as the stories are to see them.
        system_prompt: What each session keeps as its prompt.
        skills: Where the tools for skills leave their traces.
    """

    def __init__(
        self,
        state: State,
        memories: Memories,
        random: Random,
        clock: Callable[[], float],
        tempo: Tempo,
        user_home: Path,
        system_prompt: str = "",
        skills: Skills | None = None,
    ) -> None:
        self._state = state
        self._memories = memories
        self._random = random
        self._clock = clock
        self._tempo = tempo
        self._user_home = user_home
        self._system_prompt = system_prompt
        self._skills = skills
        self._runs: set[str] = set()

    def play(self, story: Story, parent_id: str | None = None) -> Script:
        """Plays one story from its session's start to its end; `parent_id` started it as a subagent."""
        talk = self._open(story, parent_id, {"_delegate_from": parent_id} if parent_id else {})
        for turn in story.turns:
            yield from self._begin(talk, turn)
            yield from self._turn(talk, turn)
            if turn.answer is None:
                return
            yield self._between(self._tempo.waits_s) if turn is not story.turns[-1] else 0.5
        if story.ends is not None:
            self._state.end_session(talk.session_id, story.ends, self._clock())
        if story.archived:
            self._state.archive_session(talk.session_id)

    def _open(self, story: Story, parent_id: str | None, marks: dict[str, str | None]) -> Conversation:
        route = ROUTES[story.model]
        talk = Conversation(story, self._new_id(story), route, parent_id)
        config = {"max_iterations": 90, "reasoning_config": {"enabled": True, "effort": "medium"}, **marks}
        chat = CHATS.get(story.source)
        peer: dict[str, object] = {}
        if chat is not None:
            key = f"agent:main:{story.source}:{chat['chat_type']}:{chat['chat_id']}"
            peer = {**chat, "session_key": key, "user_id": "424242"}
        self._state.start_session(
            talk.session_id,
            story.source,
            self._clock(),
            model=route.model,
            model_config=json.dumps(config),
            system_prompt=self._system_prompt,
            parent_session_id=parent_id,
            cwd=story.cwd and str(self._user_home / story.cwd),
            git_branch=story.git_branch,
            **peer,
        )
        if peer:
            self._state.route_chat(
                str(peer["session_key"]), {"session_id": talk.session_id, **peer}, self._clock()
            )
        return talk

    def _new_id(self, story: Story) -> str:
        # Hermes names sessions by the local time of their creation.
        at = datetime.fromtimestamp(self._clock()).astimezone()
        if story.source != "cron":
            return f"{at:%Y%m%d_%H%M%S}_{self._random.getrandbits(24):06x}"
        # Told faster than it happens, two runs may begin in the same second.
        while (run := f"cron_{story.name}_{at:%Y%m%d_%H%M%S}") in self._runs:
            at += timedelta(seconds=1)
        self._runs.add(run)
        return run

    def _begin(self, talk: Conversation, turn: Turn) -> Script:
        now = self._clock()
        if turn.begins == "undo":
            self._state.rewind(talk.session_id, talk.turn_began)
        elif turn.begins == "compact":
            yield from self._summarise(talk)
            self._state.compact(talk.session_id, f"{SUMMARY_PREFIX}\n{turn.note}", self._clock())
        elif turn.begins == "compress":
            yield from self._summarise(talk)
            self._state.end_session(talk.session_id, "compression", self._clock())
            self._go_on_as(talk, self._open(talk.story, talk.session_id, {}), f"{talk.title} #2")
            self._state.append(talk.session_id, "user", f"{SUMMARY_PREFIX}\n{turn.note}", self._clock())
        elif turn.begins == "branch":
            self._state.end_session(talk.session_id, "branched", now)
            parent_id = talk.session_id
            self._go_on_as(talk, self._open(talk.story, parent_id, {"_branched_from": parent_id}), turn.note)
            self._state.copy_messages(parent_id, talk.session_id)

    def _go_on_as(self, talk: Conversation, child: Conversation, title: str) -> None:
        talk.session_id, talk.parent_id = child.session_id, child.parent_id
        talk.title = self._state.set_title(talk.session_id, title)
        talk.context, talk.fresh = 0, SYSTEM_PROMPT_TOKENS

    def _summarise(self, talk: Conversation) -> Script:
        yield self._between(self._tempo.thinks_s)
        self._help(talk, "compression", talk.context, 900)
        talk.context, talk.fresh = 0, SYSTEM_PROMPT_TOKENS + 900

    def _turn(self, talk: Conversation, turn: Turn) -> Script:
        talk.turn_began = self._state.append(talk.session_id, "user", turn.user, self._clock())
        talk.fresh += _tokens(turn.user)
        for step in turn.steps:
            yield self._between(self._tempo.thinks_s)
            yield from self._step(talk, step, ends_here=turn.answer is None and step is turn.steps[-1])
        if turn.answer is None:
            return
        yield self._between(self._tempo.thinks_s)
        self._reply(talk, turn.answer, turn.thinks, None)
        if talk.title is None and talk.story.title is not None:
            self._name(talk, talk.story.title)

    def _step(self, talk: Conversation, step: Step, *, ends_here: bool) -> Script:
        identities = [f"call_{self._random.getrandbits(96):024x}" for _ in step.calls]
        tool_calls = [
            _tool_call(identity, call) for identity, call in zip(identities, step.calls, strict=True)
        ]
        self._reply(talk, step.says, step.thinks, tool_calls)
        if not ends_here:
            calls = zip(identities, step.calls, strict=True)
            yield from together(*(self._run(talk, identity, call) for identity, call in calls))

    def _run(self, talk: Conversation, identity: str, call: Call) -> Script:
        began = self._clock()
        if call.tasks:
            yield from together(*(self.play(task, talk.session_id) for task in call.tasks))
        else:
            yield call.takes_s
        if call.tool == "memory":
            outcome = self._memories.add(call.arguments["target"], call.arguments["content"])
            text = json.dumps(outcome, ensure_ascii=False)
        else:
            text = result_text(call, self._clock() - began)
            if call.tool in HELPED:
                self._help(talk, HELPED[call.tool], self._random.randint(*UNSEEN_TOKENS), _tokens(text))
            if self._skills is not None:
                self._skills.called(call.tool, call.arguments)
        self._state.append(
            talk.session_id, "tool", text, self._clock(), tool_call_id=identity, tool_name=call.tool
        )
        talk.fresh += _tokens(text) + self._random.randint(*UNSEEN_TOKENS)

    def _reply(
        self, talk: Conversation, text: str, thought: str | None, tool_calls: list[dict[str, Any]] | None
    ) -> None:
        reasoning = _tokens(thought) if thought else 0
        output = reasoning + _tokens(text) + _tokens(json.dumps(tool_calls or ""))
        usage = talk.route.usage(talk.context, talk.fresh, output, reasoning)
        self._state.add_usage(talk.session_id, talk.route, usage, self._clock())
        self._state.append(
            talk.session_id,
            "assistant",
            text,
            self._clock(),
            tool_calls=tool_calls,
            finish_reason="tool_calls" if tool_calls else "stop",
            reasoning=thought,
            reasoning_content=thought,
        )
        talk.context, talk.fresh = talk.context + talk.fresh, output

    def _name(self, talk: Conversation, title: str) -> None:
        talk.title = self._state.set_title(talk.session_id, title)
        if talk.story.source != "cron":
            self._help(talk, "title_generation", 380, 14)

    def _help(self, talk: Conversation, task: str, fresh: int, output: int) -> None:
        """A call to the auxiliary model, in tokens."""
        haiku = ROUTES["haiku"]
        usage = haiku.usage(0, fresh, output, 0)
        self._state.add_usage(talk.session_id, haiku, usage, self._clock(), task=task)

    def _between(self, span: tuple[float, float]) -> float:
        return self._random.uniform(*span)


def _tool_call(identity: str, call: Call) -> dict[str, Any]:
    arguments = dict(call.arguments)
    if call.tasks:
        arguments["tasks"] = [{"goal": task.turns[0].user} for task in call.tasks]
    return {
        "id": identity,
        "call_id": identity,
        "response_item_id": f"fc_{identity[5:]}",
        "type": "function",
        "function": {"name": call.tool, "arguments": json.dumps(arguments, ensure_ascii=False)},
    }


def _tokens(text: str) -> int:
    return max(1, round(len(text) / CHARACTERS_PER_TOKEN))
