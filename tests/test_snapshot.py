"""What a snapshot tells of a home, and what is never in it."""

from __future__ import annotations

import base64
import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from cases import case_of
from hermes_hud_widget import Home
from hermes_hud_widget.client import moments
from hermes_hud_widget.client.moments import Moments
from hermes_hud_widget.errors import ServerError
from hermes_hud_widget.panels import BUILT_IN
from hermes_hud_widget.snapshot import PANELS, as_html, still_of, summary
from support.agent import Agent, MakeAgent
from support.secrets import CHAT, MARK, PERSON, plant

NOW = datetime(2026, 11, 23, 20, 30, tzinfo=UTC)
TOKENS = {"input": 900, "output": 100, "cache_read": 0, "cache_write": 0, "reasoning": 0}
KEPT_TAGS = {"div", "span", "b", "img", "table", "thead", "tbody", "tr", "th", "td", "code", "br"}
"""Of those that JupyterLab's sanitizer leaves to an untrusted notebook, the ones in use."""
KEPT_ATTRIBUTES = {"style", "title", "lang", "src", "alt", "width", "height"}


def snapshots(**overview: Any) -> dict[str, Any]:
    """An overview's answer, with something in it replaced."""
    return {"overview": {"status": "ok", "error": None, "progress": None, "data": {**OVERVIEW, **overview}}}


def spending(usd: float | None, status: str | None, unknown: int = 0, sessions: int = 2) -> dict[str, Any]:
    cost = {"usd": usd, "status": status, "unknown_sessions": unknown}
    return {"since": "2026-11-22T23:00:00Z", "timezone": "Europe/Berlin"} | {
        "spending": {"sessions": sessions, "tokens": TOKENS, "cost": cost}
    }


OVERVIEW: dict[str, Any] = {
    "at": "2026-11-23T20:30:00Z",
    "identity": {"name": "/srv/ada/hermes", "profile": None, "model": "claude-sonnet-4-6"},
    "live": [{"activity": "running"}, {"activity": "idle"}, {"activity": "asking"}, {"activity": "crashed"}],
    "more_live": 0,
    "totals": {"sessions": 84, "messages": 5_330, "tool_calls": 151},
    "today": spending(0.4161, "estimated"),
    "memory": [{"store": "memory", "entries": 1, "used_chars": 2_150, "limit_chars": 2_200}],
}


# -- the line


def test_the_line_says_what_goes_on_what_it_cost_and_when_that_was() -> None:
    line = "Hermes HUD · 3 live sessions · $0.42 today · as of 2026-11-23 21:30 UTC+1"
    assert summary(snapshots(), NOW) == line


@pytest.mark.parametrize(
    ("today", "said"),
    [
        (spending(None, "unknown", unknown=2), None),
        (spending(None, None, sessions=0), None),
        (spending(0.0, "estimated"), "$0.00 today"),
        (spending(0.0123, "actual"), "$0.012 today"),
        (spending(1.5, "mixed", unknown=1), "at least $1.50 today"),
        (spending(0.0, "included"), "included in a subscription today"),
    ],
)
def test_a_cost_that_nobody_knows_is_left_out_and_never_zero(today: dict[str, Any], said: str | None) -> None:
    line = summary(snapshots(today=today), NOW)
    assert said in line if said else "today" not in line
    if said is None:
        assert "$" not in line
        assert "$" not in as_html(snapshots(today=today), NOW)


def test_what_is_not_there_yet_is_said_and_no_number_is_made_up() -> None:
    assert summary({}, NOW, path="/srv/ada/hermes") == "Hermes HUD · being read · as of 2026-11-23 20:30 UTC"
    missing = {"overview": {"status": "empty", "error": {"kind": "no-home"}, "data": OVERVIEW}}
    assert "no Hermes home yet" in summary(missing, NOW)
    part = snapshots()
    part["overview"]["progress"] = {"done": 30, "total": 120}
    assert "history still being read (25\u202f%)" in summary(part, NOW)
    assert "12+ live sessions" in summary(snapshots(live=[{"activity": "idle"}] * 12, more_live=3), NOW)


def test_the_home_is_called_by_its_name_and_a_profile_by_its_own() -> None:
    identity = {"name": "/srv/ada/hermes/profiles/coder", "profile": "coder"}
    html = as_html(snapshots(identity=identity), NOW)
    assert "hermes · profile coder" in html
    assert "ada" not in html
    assert summary(snapshots(identity=identity), NOW).startswith("Hermes HUD · profile coder · 3 live")


def test_times_are_in_the_zone_asked_for() -> None:
    assert "as of 2026-11-24 02:00 UTC+5:30" in summary(
        snapshots(), NOW, timezone(timedelta(hours=5, minutes=30))
    )
    assert "as of 2026-11-23 15:00 UTC-5:30" in summary(
        snapshots(), NOW, timezone(-timedelta(hours=5, minutes=30))
    )


def test_payloads_of_another_version_or_of_odd_shape_are_no_crash() -> None:
    for odd in (None, [], "text", 3, {"live": 7, "today": [], "identity": "x", "memory": {"a": 1}}):
        for name in PANELS:
            html = as_html({"overview": snapshots()["overview"], name: {"error": odd, "data": odd}}, NOW)
            assert "as of 2026-11-23" in html


# -- in a kernel


def test_a_home_that_takes_long_is_said_to_be_being_read_until_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moments, "FIRST_WAIT_S", 0.05)
    is_read = threading.Event()

    def fetch(panel: str) -> dict[str, Any]:
        assert is_read.wait(20)
        return dict(snapshots()["overview"])

    found = Moments(fetch, "/srv/ada/hermes")
    for still in (found.newest(), found.wait(), found.newest()):
        assert still.text.startswith("Hermes HUD · being read · as of ")
        assert "being read" in still.html
    is_read.set()
    assert "3 live sessions" in found.wait(is_watched=False).text
    assert "3 live sessions" in found.newest().text


def test_without_a_server_nobody_waits_and_what_was_known_is_told_with_its_time() -> None:
    answers = [dict(snapshots()["overview"]) for _ in PANELS]

    def fetch(panel: str) -> dict[str, Any]:
        if not answers:
            raise ServerError("The HUD's server is not running.")
        return answers.pop()

    found = Moments(fetch, "/srv/ada/hermes")
    known = found.wait(is_watched=False)
    assert "3 live sessions" in known.text
    assert found.wait(is_watched=False) == known


# -- what is never in it


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home with something in every panel, a secret and a person in every place for one, and marked texts."""
    with Agent(tmp_path_factory.mktemp("ownersfolder") / "hermes") as agent:
        for panel in BUILT_IN:
            case_of(panel.name).fill(agent)
        plant(agent.home)
        agent.session(
            "s-canary", title="canarytitle", source="canary@source.example", model="/models/canaryfolder/m-1"
        )
        agent.message("s-canary", "user", "canarymessage")
        agent.tokens(
            "s-canary",
            input_tokens=10,
            output_tokens=10,
            estimated_cost_usd=9_000.0,
            model="/models/canaryfolder/m-1",
        )
        agent.memory(["canarymemory"])
        agent.memory(["canaryuser"], "user")
        yield agent.home


def test_no_message_title_memory_secret_path_or_person_is_in_a_snapshot(planted: Path) -> None:
    with Home(planted) as home:
        panels = {name: home.panel(name) for name in home.panels}
        # Of all panels, not only of those that a snapshot asks for.
        stills = (home.snapshot(), still_of(panels))
    told = str(panels)
    for canary in ("canarytitle", "canarymemory", "canaryfolder", "canary@source", "ownersfolder"):
        assert canary in told, "it is not in the panels: nothing was tried"
    for still in stills:
        for text in (still.text, still.html, still.document, *_drawings(still.html)):
            for canary in ("canary", MARK, PERSON, CHAT, "ownersfolder", str(Path.home())):
                assert canary not in text
        assert "hermes" in still.html
        assert "m-1" in still.html, "a model's file is called by its name"


def test_a_damaged_file_is_named_within_the_home_and_one_elsewhere_is_not(agent: MakeAgent) -> None:
    one = agent()
    one.file("cron/jobs.json", b"{ torn")
    with Home(one.home) as home:
        still = home.snapshot()
    assert "<code>cron/jobs.json</code> damaged" in still.html
    assert "not readable" in still.text
    for path in ("/etc/passwd", "~/notes", "../other/file", "C:\\Users\\ada", "a/../../b"):
        error = {"kind": "damaged", "path": path, "message": f"{path}: torn"}
        html = as_html(snapshots() | {"cron": {"error": error, "data": None}}, NOW)
        assert "cron: damaged" in html
        assert path not in html
    error = {"kind": "damaged", "path": "skills/layoffs-at-acme/SKILL.md", "message": "torn"}
    html = as_html({**snapshots(), "cron": {"error": error, "data": None}}, NOW)
    assert "<code>skills/…</code>" in html
    assert "layoffs" not in html


@pytest.mark.parametrize(
    ("model", "shown"),
    [
        ("ft:gpt-4o:acme-corp:jane:9x", "ft:gpt-4o"),
        ("openai/ft:gpt-4o-mini-2024-07-18:acme-corp::9x", "openai/ft:gpt-4o-mini-2024-07-18"),
        ("davinci:ft-acme-corp-2023-01-02", "davinci"),
        ("arn:aws:bedrock:eu-west-1:4711:custom-model/acme-corp", "other"),
        ("qwen3:32b", "qwen3:32b"),
        ("anthropic.claude-3-haiku-20240307-v1:0:200k", "anthropic.claude-3-haiku-20240307-v1:0:200k"),
        ("ft:gpt-4o", "ft:gpt-4o"),
    ],
)
def test_of_a_model_that_somebody_tuned_only_what_it_was_before_is_named(model: str, shown: str) -> None:
    found = snapshots()
    found["overview"]["data"]["identity"]["model"] = model
    html = as_html(found, NOW)
    assert f">{shown}<" in html
    assert "acme" not in html


def test_markup_in_names_is_text() -> None:
    identity = {"name": "/srv/<script>alert(1)</script>", "profile": None, "model": '"><img src=x>'}
    html = as_html(snapshots(identity=identity), NOW)
    assert "<script" not in html
    assert "src=x" not in html


# -- the HTML


def test_the_html_needs_nothing_and_has_only_what_an_untrusted_notebook_keeps(planted: Path) -> None:
    with Home(planted) as home:
        still = home.snapshot()
    reader = _Reader()
    reader.feed(still.html)
    assert set(reader.tags) <= KEPT_TAGS
    assert reader.attributes <= KEPT_ATTRIBUTES
    assert all(source.startswith("data:image/svg+xml;base64,") for source in reader.sources)
    assert reader.is_balanced
    assert "url(" not in still.html
    assert "http" not in still.html
    drawings = list(_drawings(still.html))
    assert len(drawings) >= 4
    for drawing in drawings:
        assert {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(drawing).iter()} == {
            "svg",
            "rect",
        }


def test_a_still_is_shown_without_a_widget_and_saved_as_a_page(agent: MakeAgent, tmp_path: Path) -> None:
    with Home(agent().home) as home:
        still = home.snapshot()
    assert set(still.bundle()) == {"text/plain", "text/html"}
    assert repr(still) == still.text
    file = still.save(tmp_path / "page.html")
    page = file.read_text("utf-8")
    assert page.startswith("<!doctype html>")
    assert '<meta name="color-scheme" content="light dark">' in page
    assert f"<title>{still.text}</title>" in page
    assert still.html in page


def _drawings(html: str) -> Iterator[str]:
    for data in re.findall(r"data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)", html):
        yield base64.b64decode(data).decode()


class _Reader(HTMLParser):
    """Which tags, attributes and images there are, and whether all that is opened is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.sources: list[str] = []
        self._open: list[str] = []
        self._is_crossed = False

    @property
    def is_balanced(self) -> bool:
        return not self._open and not self._is_crossed

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.sources += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag not in ("img", "br"):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self._is_crossed |= not self._open or self._open.pop() != tag
