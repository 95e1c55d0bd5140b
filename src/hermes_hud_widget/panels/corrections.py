"""Where the agent was set right: messages of the user that correct it, and what it keeps in memory of mistakes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from pydantic import Field

from hermes_hud_widget.day import day_of, midnight, zone
from hermes_hud_widget.frames import Column, Frame, FrameArguments
from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.ledger.ledger import Ledger
from hermes_hud_widget.ledger.picked import Picked, SaidMessage
from hermes_hud_widget.ledger.search import IndexProblem
from hermes_hud_widget.panel import Panel, Payload, Query, Until
from hermes_hud_widget.sources import Config, Entries, EntriesFile, Settings, StateDb
from hermes_hud_widget.views import view

CorrectionSeverity = Literal["critical", "major", "minor"]
SEVERITIES: tuple[CorrectionSeverity, ...] = ("critical", "major", "minor")

CANDIDATES = 2_000
"""So many messages that hold one of the words are looked at, the newest."""
LOOKED_AT_CHARS = 600
"""Of each message; who corrects somebody begins with it."""
TEXT_CHARS = 300
SHOWN = 80
WEEKS = 26
NOT_USERS = frozenset(("cron", "subagent"))
"""In such sessions nobody types: what stands there as the user's is a job or a task."""
AGAIN = timedelta(seconds=0.5)
"""How soon it goes on while older messages have not been looked at."""


class CorrectionRule(NamedTuple):
    """What makes a sentence a correction.

    Attributes:
        name: What it is called in the payload, the frame and the view.
        pattern: Looked for in each sentence that asks nothing, in the order of the rules.
        terms: For the full-text index: each sentence that the pattern finds has one of them.
    """

    name: str
    severity: CorrectionSeverity
    pattern: re.Pattern[str]
    terms: tuple[str, ...] = ()


def _rule(name: str, severity: CorrectionSeverity, pattern: str, *terms: str) -> CorrectionRule:
    return CorrectionRule(name, severity, re.compile(pattern, re.IGNORECASE), terms)


_ACTS = "do|use|run|touch|delete|push|commit|change|edit|write|send|call|assume|guess|overwrite|install"
_BROKE = ("deleted", "broke", "overwrote", "removed", "lost", "destroyed", "wiped")
_ERRED = (
    "misunderstood",
    "misread",
    "forgot",
    "missed",
    "skipped",
    "ignored",
    "confused",
    "mixed",
    "left out",
)
_WRONG = "wrong|incorrect|mistaken|nonsense|not (?:right|correct|true)"
# What comes first in a sentence, or after a comma in Chinese, which has no spaces.
_ZH = r"(?:^|[，。！；：\s])(?:请|你)?"

SAID = (
    _rule(
        "repeated",
        "critical",
        r"\bI(?:['’]ve| have)? (?:already |just )?(?:told|asked) you\b|\bas I (?:already )?said\b|\bhow many times\b",
        '"told you"', '"asked you"', '"as I said"', '"as I already said"', '"how many times"',
    ),
    _rule("never", "critical", rf"\bnever (?:ever )?(?:{_ACTS})\b", '"never"'),
    _rule(
        "damage",
        "critical",
        rf"\byou(?:['’]ve| have)? (?:just |also )?(?:{'|'.join(_BROKE)})\b",
        *(f'NEAR("you" "{word}", 3)' for word in _BROKE),
    ),
    _rule(
        "made-up",
        "critical",
        r"\bmade (?:that|this|it) up\b|\b(?:hallucinat(?:ed|ing|ion)|fabricated)\b",
        '"made that up"', '"made this up"', '"made it up"', '"hallucinated"', '"hallucinating"', '"hallucination"',
        '"fabricated"',
    ),
    _rule(
        "without-asking",
        "critical",
        r"\bwithout (?:asking|my (?:permission|consent|ok))\b",
        '"without asking"', '"without my"',
    ),
    _rule(
        "wrong",
        "major",
        r"\b(?:that|this|it|you|they|these|those|which|answer|results?|output|numbers?|figures?|date|file|path|units?)"
        r"(?:['’](?:s|re)| is| are| was| were| got| have| has| looks?| seems?)?"
        rf"(?: still| just| completely| totally| all| it| that| this)* (?:{_WRONG})\b|^\W*(?:no\W+)?(?:{_WRONG})\b",
        '"wrong"', '"incorrect"', '"mistaken"', '"nonsense"', '"not right"', '"not correct"', '"not true"',
    ),
    _rule(
        "not-asked",
        "major",
        r"\bnot what I (?:asked|meant|wanted|said|need)|\bI (?:didn['’]t|did not|never) (?:ask|want|mean|say|said)",
        '"not what I"', '"I didn\'t"', '"I did not"', '"I never"',
    ),
    _rule(
        "does-not-work",
        "major",
        r"\b(?:does|did|is|do|wo)(?:n['’]t| not) work(?:ing)?\b|\bnot working\b"
        r"|\bstill (?:fails?|failing|broken|crash(?:es|ing)?|the same)\b",
        '"n\'t work"', '"doesn\'t work"', '"didn\'t work"', '"don\'t work"', '"won\'t work"', '"isn\'t working"',
        '"not work"', '"not working"', '"still fails"', '"still fail"', '"still failing"', '"still broken"',
        '"still crashes"', '"still crashing"', '"still the same"',
    ),
    _rule(
        "overlooked",
        "major",
        rf"\byou(?:['’]ve| have)? (?:just |also |again )?(?:{'|'.join(_ERRED)})\b",
        *(f'NEAR("you" "{word}", 3)' for word in _ERRED if " " not in word), '"you left out"',
    ),
    _rule(
        "undo",
        "major",
        r"^\W*(?:please |now )?(?:undo|revert|roll back)\b",
        '"undo"', '"revert"', '"roll back"',
    ),
    _rule("repeated", "critical", rf"{_ZH}我(?:已经|不是|刚刚?)?(?:说过|告诉过你|讲过)",
          *(f'"我{word}" *' for word in ("说过", "已经说过", "不是说过", "告诉过你", "刚说过", "已经告诉过你"))),
    _rule("wrong", "major", rf"{_ZH}(?:不对|错了|弄错|搞错|写错|理解错|不是这样)",
          *(f'"{word}" *' for word in ("不对", "错了", "你错了", "你弄错", "你搞错", "你写错", "你理解错", "不是这样"))),
    _rule(
        "no",
        "minor",
        r"^\W*(?:no|nope)[,.!;:–—-]+ *(?!thanks|thank you|that['’]s (?:all|it|fine|ok|okay|good)\b)\w",
        '"no"', '"nope"',
    ),
    _rule("actually", "minor", r"^\W*(?:but |and |no,? |well,? )?actually\b", '"actually"'),
    _rule(
        "instead",
        "minor",
        r"\b(?:use|do|try|take|call|put|write|make|run|keep|say|give|show)\b.{1,80}\binstead\b|^\W*instead\b",
        '"instead"',
    ),
    _rule("meant", "minor", r"\b(?:I|what I) mean(?:t)?\b", '"I mean"', '"I meant"'),
    _rule(
        "do-not",
        "minor",
        r"^\W*(?:please |and |but |also |no,? )*(?:(?:don['’]t|do not) (?!worry|forget|hesitate|know|think|mind|need|have)"
        r"\w|stop (?!by\b|at\b|when\b)\w+ing\b)",
        '"don\'t"', '"do not"', '"stop"',
    ),
    _rule("do-not", "minor", rf"{_ZH}(?:不要|别再)", *(f'"{word}" *' for word in ("不要", "请不要", "别再", "你不要"))),
    _rule("instead", "minor", rf"{_ZH}(?:应该是|应当是|而不是)", '"应该是" *', '"应当是" *', '"而不是" *'),
)  # fmt: skip
"""For messages: the first that hits, by sentence."""

KEPT = (
    _rule("never", "critical", r"\b(?:never|must not|under no circumstances)\b|绝不|切勿|禁止|严禁"),
    _rule(
        "verify",
        "critical",
        r"\b(?:verify|check|ask|confirm|read)\b.{0,60}\b(?:before|first)\b|必须先|之前先",
    ),
    _rule("caught", "critical", r"\b(?:caught|corrected) (?:me|by)\b|纠正过"),
    _rule("gotcha", "major", r"\b(?:gotchas?|pitfalls?|beware|careful)\b|小心|注意陷阱"),
    _rule("do-not", "major", r"\b(?:don['’]t|do not|avoid|stop)\b|不要|避免|别用"),
    _rule("wrong", "major", r"\b(?:wrong|incorrect|mistakes?|mistaken)\b|错误|不对"),
    _rule(
        "does-not-work",
        "minor",
        r"\b(?:does|did|do|wo|is|are)(?:n['’]t| not) (?:work|help|usable|reliable)|\bnot usable\b|不可用|无效",
    ),
    _rule("instead", "minor", r"\b(?:instead of|rather than|supersed\w+|no longer)\b|而不是|不再"),
)
"""For entries of the memory files: the first that hits."""

EXPRESSION = " OR ".join(dict.fromkeys(term for rule in SAID for term in rule.terms))


class CorrectionsQuery(Query):
    """Which corrections a viewer asks for."""

    severity: CorrectionSeverity | None = Field(None, description="Only those of this severity")


@frozen
class Correction:
    """One correction.

    Attributes:
        severity: `critical`: harm was done, or it had to be said again; `major`: what the agent did or said is
            wrong; `minor`: it is to go on differently.
        rule: Which rule found it.
        text: The message, or the entry, cut to 300 characters.
        at: When it was said; None for an entry, whose time is not known.
        session_id: Where it was said.
        session: That session's title, else how it begins.
        message: The message's id.
        store: `memory` or `user`, for an entry.
    """

    severity: CorrectionSeverity
    rule: str
    text: str
    at: datetime | None
    session_id: str | None
    session: str | None
    message: int | None
    store: Literal["memory", "user"] | None


@frozen
class CorrectionCounts:
    """How many there are of each severity."""

    critical: int
    major: int
    minor: int


@frozen
class CorrectionWeek:
    """How many were said in one week, which begins on Monday in the home's zone."""

    starts_on: date
    critical: int
    major: int
    minor: int


class Corrections(Payload):
    """What the corrections panel shows.

    Attributes:
        said: The newest first, at most 80 of those asked for; `total_said` is how many these are.
        said_counts: Of all of them, whatever is asked for.
        kept: Entries of the memory files, in file order; at most 80 of those asked for: `total_kept`.
        weeks: The last 26 with messages, without gaps, oldest first; the present one is the last.
        looked_at: How many messages that hold one of the words, and entries, the rules were tried on.
        since: The oldest message that was looked at among those that hold one of the words; None: all were.
        is_whole: False while older messages are still being looked at.
        problem: Why messages cannot be searched: there is no full-text index, it does not have all messages, or it
            cannot be read.
        timezone: Whose weeks these are.
    """

    said: tuple[Correction, ...]
    total_said: int
    said_counts: CorrectionCounts
    kept: tuple[Correction, ...]
    total_kept: int
    kept_counts: CorrectionCounts
    weeks: tuple[CorrectionWeek, ...]
    looked_at: int
    since: datetime | None
    is_whole: bool
    problem: IndexProblem | None
    timezone: str

    def is_empty(self) -> bool:
        return self.looked_at == 0 and self.problem is None and self.is_whole


def collect(
    state: Ledger | None,
    memory: EntriesFile,
    user: EntriesFile,
    config: Settings,
    query: CorrectionsQuery,
    now: datetime,
) -> Corrections | Until:
    """The corrections that the rules find."""
    where, zone_name = zone(config.text("timezone"))
    said, picked = _said(state)
    kept = _kept(memory, user)
    asked, asked_kept = (
        [one for one in found if query.severity in (None, one.severity)] for found in (said, kept)
    )
    shown = asked[:SHOWN]
    labels = state.labels({one.session_id for one in shown if one.session_id}) if state else {}
    corrections = Corrections(
        said=tuple(_labelled(one, labels) for one in shown),
        total_said=len(asked),
        said_counts=_counts(said),
        kept=tuple(asked_kept[:SHOWN]),
        total_kept=len(asked_kept),
        kept_counts=_counts(kept),
        weeks=_weeks(said, where, now),
        looked_at=len(picked.rows) + len(memory.entries) + len(user.entries),
        since=picked.rows[-1].timestamp if picked.is_cut else None,
        is_whole=picked.is_whole,
        problem=picked.problem,
        timezone=zone_name,
    )
    return Until(corrections, midnight(now, where, days=1) if picked.is_whole else now + AGAIN)


def _said(state: Ledger | None) -> tuple[list[Correction], Picked[SaidMessage]]:
    """Those among the user's messages, the newest first."""
    if state is None:
        return [], Picked()
    picked = state.said(EXPRESSION, CANDIDATES, LOOKED_AT_CHARS)
    found = [
        (one, rule) for one in picked.rows if not one.is_first and (rule := rule_of(one.text)) is not None
    ]
    sources = state.sources_of({one.session_id for one, _ in found})
    return [
        Correction(
            severity=rule.severity,
            rule=rule.name,
            text=one.text[:TEXT_CHARS],
            at=one.timestamp,
            session_id=one.session_id,
            session=None,
            message=one.id,
            store=None,
        )
        for one, rule in found
        if sources.get(one.session_id) not in NOT_USERS
    ], picked


@lru_cache(4_096)
def rule_of(text: str) -> CorrectionRule | None:
    """The first rule that finds something in a sentence that is no question."""
    sentences = [one for one in _SENTENCE.findall(text) if not one.rstrip().endswith(("?", "？"))]
    return next(
        (rule for rule in SAID for sentence in sentences if rule.pattern.search(sentence.strip())), None
    )


_SENTENCE = re.compile(r"[^.!?。！？\n]+(?:[.!?。！？]+(?=\s|$|[^\x00-\x7f])|\n|$|[.!?])*")


def _kept(memory: EntriesFile, user: EntriesFile) -> list[Correction]:
    stores: Sequence[tuple[Literal["memory", "user"], EntriesFile]] = (("memory", memory), ("user", user))
    return [
        Correction(rule.severity, rule.name, entry[:TEXT_CHARS], None, None, None, None, store)
        for store, file in stores
        for entry in file.entries
        if (rule := next((one for one in KEPT if one.pattern.search(entry)), None)) is not None
    ]


def _labelled(one: Correction, labels: Mapping[str, str]) -> Correction:
    return Correction(**{**vars(one), "session": labels.get(one.session_id or "")})


def _counts(corrections: Iterable[Correction]) -> CorrectionCounts:
    counted = Counter(one.severity for one in corrections)
    return CorrectionCounts(*(counted[severity] for severity in SEVERITIES))


def _weeks(said: Iterable[Correction], where: tzinfo, now: datetime) -> tuple[CorrectionWeek, ...]:
    counted = Counter((_monday(day_of(one.at, where)), one.severity) for one in said if one.at is not None)
    this = _monday(now.astimezone(where).date())
    weeks = [this - timedelta(weeks=ago) for ago in range(WEEKS - 1, -1, -1)]
    return tuple(
        CorrectionWeek(week, *(counted[week, severity] for severity in SEVERITIES)) for week in weeks
    )


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _fill(
    state: Ledger | None, memory: EntriesFile, user: EntriesFile, args: FrameArguments
) -> dict[str, list[Any]]:
    said, picked = _said(state)
    while not picked.is_whole:
        said, picked = _said(state)
    rows = [one for one in (*said, *_kept(memory, user)) if args.holds(one.at)][: args.limit]
    special = {"kind": ["message" if one.store is None else "memory" for one in rows]}
    return {
        name: special[name] if name in special else [getattr(one, name) for one in rows]
        for name in (column.name for column in COLUMNS)
    }


COLUMNS = (
    Column("kind", "category", "message: the user said it; memory: it is kept in memory", source="computed"),
    Column("severity", "category", "critical, major, minor", source="computed"),
    Column("rule", "category", "Which rule found it", source="computed"),
    Column(
        "at", "instant", "When it was said; missing for what is kept", source="state.db: messages.timestamp"
    ),
    Column(
        "session_id", "text", "Where it was said", is_identifier=True, source="state.db: messages.session_id"
    ),
    Column("message", "integer", "The message's id", source="state.db: messages.id"),
    Column("store", "category", "memory or user, for what is kept"),
    Column("text", "text", f"How it begins, cut to {TEXT_CHARS} characters"),
)

PANEL = Panel(
    "corrections",
    "Corrections",
    collect,
    titles={"zh": "纠正"},
    icon="pencil",
    group="knowledge",
    query=CorrectionsQuery,
    frames=(
        Frame(
            "corrections",
            COLUMNS,
            _fill,
            time="at",
            about=f"One row for each correction among the newest {CANDIDATES:,} messages of the user that hold one of the"
            " words, the newest first; then entries of the memory files",
            source="state.db: messages, memories/MEMORY.md, memories/USER.md",
        ),
    ),
    view=view("corrections"),
    state=StateDb(),
    memory=Entries("memories/MEMORY.md"),
    user=Entries("memories/USER.md"),
    config=Config(),
)
