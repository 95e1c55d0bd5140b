"""`hud.doctor()` and `hermes-hud doctor`: what is in the way, and the one command that mends it.

The pure core is `diagnose(facts) -> Diagnosis`. The facts are gathered at the edge: `gather(place)` for what can be told
without a HUD, `gather(place, runtime, relay)` for one of a kernel. No probe waits longer than is stated here, and no
token, and no variable's value that may hold one, is ever among the facts.
"""

from __future__ import annotations

import http.client
import importlib.metadata
import importlib.util
import os
import platform
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from urllib.parse import urlsplit

from hermes_hud_widget._version import __version__
from hermes_hud_widget.client.moments import STATIC, static_of
from hermes_hud_widget.client.ways import PROXY_URL, TRANSPORT, ways_of
from hermes_hud_widget.errors import ArgumentError, HomeError, HudError
from hermes_hud_widget.place import Place, check_readable, shown
from hermes_hud_widget.protocol import Transport
from hermes_hud_widget.redact import redact

if TYPE_CHECKING:
    from hermes_hud_widget.client.child import Endpoint
    from hermes_hud_widget.client.relay import Relay
    from hermes_hud_widget.client.runtime import Runtime

T = TypeVar("T")
Level = Literal["ok", "note", "problem"]
"""`ok`; `note`: it works, but could be better or is not there yet; `problem`: something does not work."""

PROBE_S = 4.0
"""How long each probe may take: of the home, of how its changes are noticed, of the server's process."""
ANSWER_S = 2.0
"""How long the server may be silent when it is asked."""
PAGES_SHOWN = 8
_CUT_CHARS = 300

LAB = 'pip install "hermes-hud-widget[lab]"'
NOTHING = "nothing to mend"

VARIABLES = (
    "HERMES_HOME",
    TRANSPORT,
    PROXY_URL,
    STATIC,
    "HERMES_HUD_CACHE",
    "HERMES_HUD_STATE",
    "JUPYTERHUB_SERVICE_PREFIX",
)
"""Environment variables whose values are shown."""
SECRET_VARIABLES = ("HERMES_HUD_TOKEN",)
"""Those of which only is said that they are set."""

PACKAGES = {
    "anywidget": "anywidget",
    "ipykernel": "ipykernel",
    "JupyterLab": "jupyterlab",
    "jupyter-server-proxy": "jupyter-server-proxy",
    "Hermes": "hermes-agent",
}

OUTCOMES = {
    "live": "it is live",
    "not-local": "the page is not of this machine, and must not dial its own loopback",
    "no-proxy": "no proxy answers there",
    "refused": "the socket was closed, or never opened",
    "silent": "the socket opened, and nothing came",
    "other-server": "another server answered",
    "switched-off": f"switched off by {TRANSPORT}",
}
WAYS = {"comm": "comm (the kernel relays)", "direct": "direct", "proxied": "proxied"}


# -- what was found


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        what: Its name.
        why: What is so, and why.
        mend: A command, or what to do; None: nothing is needed, or nothing helps.
    """

    level: Level
    what: str
    why: str
    mend: str | None = None


@dataclass(frozen=True, repr=False)
class Diagnosis:
    """All that was found; printed, it is a report in plain text without any secret."""

    findings: tuple[Finding, ...]

    @property
    def is_well(self) -> bool:
        """True if there is no problem; notes do not count."""
        return all(finding.level != "problem" for finding in self.findings)

    @property
    def mend(self) -> str:
        """What mends the most important finding: the first problem, else the first note, that can be mended."""
        for level in ("problem", "note"):
            for finding in self.findings:
                if finding.level == level and finding.mend is not None:
                    return finding.mend
        return NOTHING

    def __repr__(self) -> str:
        what_chars = max((len(finding.what) for finding in self.findings), default=0)
        lines = ["Hermes HUD · doctor"]
        for finding in self.findings:
            first, *more = finding.why.split("\n")
            lines.append(f"{finding.level:<8} {finding.what:<{what_chars}}  {first}")
            lines += [" " * (what_chars + 11) + line for line in more]
        lines.append(f"To mend: {self.mend}")
        return redact("\n".join(lines))


# -- what is known


@dataclass(frozen=True)
class HomeFacts:
    """The home.

    Attributes:
        name: As it is shown.
        is_there: None: it is on another machine, and not looked at from here.
        problem: Why it cannot be read.
    """

    name: str
    profile: str | None
    is_there: bool | None
    problem: str | None = None


@dataclass(frozen=True)
class ServerFacts:
    """The server of a HUD.

    Attributes:
        url: Without any token; None: it never said where it is.
        pid: None: it is not a process of this kernel.
        is_own: False: somebody else started it.
        version: The package's there, as it says itself.
        problem: Why it does not answer.
    """

    url: str | None
    pid: int | None
    is_own: bool
    version: str | None = None
    problem: str | None = None


@dataclass(frozen=True)
class ChangesFacts:
    """How changes of the home are noticed.

    Attributes:
        by_timer: Why not by events; None: by events.
    """

    by_timer: str | None


@dataclass(frozen=True)
class PageFacts:
    """A page that was heard.

    Attributes:
        tried: Way and outcome of each.
        heard_s: How long ago it was heard last, in seconds.
        is_lost: It was asked since, and did not answer.
    """

    transport: str
    host: str | None = None
    origin: str | None = None
    tried: tuple[tuple[str, str], ...] = ()
    heard_s: float = 0.0
    is_lost: bool = False


@dataclass(frozen=True)
class Facts:
    """All that a diagnosis goes by.

    Attributes:
        server: None: there is none to look at.
        changes: None: nobody could tell.
        pages: None: there is no HUD.
        static: Why the HUD was shown as a picture; None: it was not.
        transport: What `HERMES_HUD_TRANSPORT` says.
        variables: Environment variables in force, by name; a secret one's value is not among them.
        variable_problem: Why one of them makes no sense.
        has_proxy: jupyter-server-proxy can be imported here.
        versions: By name; None: it is not installed here.
    """

    home: HomeFacts
    server: ServerFacts | None = None
    changes: ChangesFacts | None = None
    pages: tuple[PageFacts, ...] | None = None
    static: str | None = None
    transport: Transport = "auto"
    variables: Mapping[str, str] = field(default_factory=dict)
    variable_problem: str | None = None
    has_proxy: bool = False
    versions: Mapping[str, str | None] = field(default_factory=dict)


def diagnose(facts: Facts) -> Diagnosis:
    """What the facts mean; no files, no clocks, no sockets."""
    return Diagnosis(tuple(_findings(facts)))


def _findings(facts: Facts) -> Iterator[Finding]:
    yield _home(facts.home)
    if facts.server is not None:
        yield _server(facts.server)
        if facts.server.version not in (None, __version__):
            yield Finding(
                "note",
                "versions",
                f"The server is of {facts.server.version}, this is {__version__}: what only one of them knows is missing.",
                f'pip install "hermes-hud-widget=={__version__}"   (where the server runs; then start it again)',
            )
    if facts.changes is not None:
        yield _changes(facts.changes)
    if facts.static is not None:
        yield _picture(facts.static, facts)
    # A picture asks no page to answer.
    if facts.pages or (facts.pages is not None and facts.static is None):
        yield from _pages(facts.pages, facts)
    yield _environment(facts)
    yield _proxy(facts)
    yield Finding("ok", "versions", _listed(facts.versions))


def _home(home: HomeFacts) -> Finding:
    what = home.name + (f", profile {home.profile}" if home.profile else "")
    if home.problem is not None:
        return Finding("problem", "home", home.problem, f"ls -ld {home.name}   (who may read it?)")
    if home.is_there is None:
        return Finding("ok", "home", f"{what}, on the server's machine")
    if not home.is_there:
        return Finding(
            "note", "home", f"{what} is not there yet; it is shown as soon as it is.", "hermes setup"
        )
    return Finding("ok", "home", f"{what} can be read.")


def _server(server: ServerFacts) -> Finding:
    where = server.url or "somewhere"
    if server.is_own:
        parts = [
            f"process {server.pid}" if server.pid is not None else "no process",
            f"at {where}" if server.url else "",
        ]
        what = ", ".join(part for part in parts if part)
        if server.problem is None:
            return Finding("ok", "server", f"{what}: /healthz answers.")
        mend = "HUD.close_all(), then re-run the cell with HUD()"
        return Finding("problem", "server", f"{what}: {server.problem}", mend)
    if server.problem is None:
        return Finding("ok", "server", f"{where}, started by somebody else: /healthz answers.")
    why = server.problem if where in server.problem else f"{where}: {server.problem}"
    return Finding("problem", "server", why, _tunnel(server.url))


def _tunnel(url: str | None) -> str:
    parts = urlsplit(url or "")
    if parts.hostname in ("127.0.0.1", "localhost", "::1"):
        port = parts.port or (443 if parts.scheme == "https" else 80)
        return f"ssh -N -L {port}:127.0.0.1:PORT USER@HOST   (PORT: where `hermes-hud serve` listens on HOST)"
    return "hermes-hud serve   (on that machine: is it running, and is this its address?)"


def _changes(changes: ChangesFacts) -> Finding:
    why = changes.by_timer
    if why is None:
        return Finding("ok", "changes", "The system tells of each at once.")
    mend = None
    if "max_user_watches" in why:
        mend = "sudo sysctl -w fs.inotify.max_user_watches=524288"
    elif "max_user_instances" in why:
        mend = "sudo sysctl -w fs.inotify.max_user_instances=1024"
    return Finding(
        "note", "changes", f"The HUD looks once a second while somebody looks at it, since {why}.", mend
    )


def _picture(why: str, facts: Facts) -> Finding:
    what = f"It is a picture of the moment at which its cell ran, since {why}."
    if STATIC in facts.variables:
        return Finding("note", "output", what, f"%env {STATIC}=   (then re-run the cell)")
    return Finding("note", "output", what, f"%env {STATIC}=0   (where a page shows it; then re-run the cell)")


def _pages(pages: tuple[PageFacts, ...], facts: Facts) -> Iterator[Finding]:
    if not pages:
        yield Finding(
            "note",
            "page",
            "None has answered: the HUD was not shown, or its page is closed, or a running cell keeps it waiting.",
            "make the HUD the last value of a cell, and run that cell again",
        )
    for page in pages[-PAGES_SHOWN:]:
        yield _page(page, facts)


def _page(page: PageFacts, facts: Facts) -> Finding:
    of = _cut(page.host or "page")
    if page.origin is not None:
        of += f" at {_cut(page.origin)}"
    if page.is_lost:
        return Finding("note", "page", f"{of}: was heard {_ago(page.heard_s)}, and does not answer any more.")
    why = f"{of}: {WAYS.get(page.transport, page.transport)}, heard {_ago(page.heard_s)}"
    tried = [
        f"tried {WAYS.get(way, way)}: {_as_proxy_url(outcome, facts) or OUTCOMES.get(outcome, outcome)}"
        for way, outcome in page.tried
        if way != page.transport
    ]
    why = "\n".join((why, *tried))
    if page.transport != "comm" or facts.transport == "comm":
        return Finding("ok", "page", why)
    outcomes = dict(page.tried)
    if outcomes.get("proxied") == "no-proxy":
        if PROXY_URL in facts.variables:
            return Finding("note", "page", why, f"correct {PROXY_URL}, then re-run the cell")
        return Finding("note", "page", why, f"{LAB}   (where the Jupyter server runs; then start it again)")
    if facts.transport != "auto":
        return Finding("note", "page", why, f"unset {TRANSPORT}, then re-run the cell")
    return Finding("note" if page.tried else "ok", "page", why)


def _as_proxy_url(outcome: str, facts: Facts) -> str | None:
    if outcome == "no-proxy" and PROXY_URL in facts.variables:
        return f"none answers where {PROXY_URL} says"
    return None


def _environment(facts: Facts) -> Finding:
    if facts.variable_problem is not None:
        names = (PROXY_URL, STATIC)
        name = next((name for name in names if name in facts.variable_problem), TRANSPORT)
        return Finding("problem", "environment", facts.variable_problem, f"unset {name}")
    if not facts.variables:
        return Finding("ok", "environment", "No variable of the HUD is set.")
    return Finding(
        "ok", "environment", "\n".join(f"{name}={value}" for name, value in facts.variables.items())
    )


def _proxy(facts: Facts) -> Finding:
    if facts.has_proxy:
        return Finding("ok", "proxy", "jupyter-server-proxy can be imported here.")
    return Finding(
        "ok", "proxy", "jupyter-server-proxy is not here; it is needed where the Jupyter server runs."
    )


def _listed(versions: Mapping[str, str | None]) -> str:
    there = [f"{name} {version}" for name, version in versions.items() if version is not None]
    missing = [name for name, version in versions.items() if version is None]
    return " · ".join(there) + (f"\nnot here: {', '.join(missing)}" if missing else "")


def _ago(seconds: float) -> str:
    return f"{seconds:.0f} s ago" if seconds < 120 else f"{seconds / 60:.0f} min ago"


def _cut(text: str) -> str:
    """What a page said of itself, on one line."""
    return re.sub(r"[^\x20-\x7e]+", "?", text)[:80]


# -- the edge


def gather(
    place: Place, runtime: Runtime | None = None, relay: Relay | None = None, static: str | None = None
) -> Facts:
    """Looks at all that a diagnosis goes by; takes a few seconds at most.

    Args:
        place: The home.
        runtime: Whose server feeds the HUD; None: there is no server to look at.
        relay: What feeds the HUD's pages; None: there is no HUD.
        static: Why the HUD was shown as a picture; None: it was not.
    """
    transport: Transport = "auto"
    problem = None
    try:
        transport = ways_of(os.environ).transport
        static_of(os.environ)
    except ArgumentError as error:
        problem = str(error)
    if relay is not None:
        transport = relay.ways.transport
    server, changes = (None, None) if runtime is None else _server_facts(place, runtime)
    is_here = runtime is None or not _is_remote(place)
    return Facts(
        home=_home_facts(place) if is_here else HomeFacts(str(place.path), place.profile, None),
        server=server,
        changes=changes or (_changes_facts(place) if is_here else None),
        pages=None if relay is None else _pages_facts(relay),
        static=static,
        transport=transport,
        variables=_variables(os.environ, problem),
        variable_problem=problem,
        has_proxy=importlib.util.find_spec("jupyter_server_proxy") is not None,
        versions=_versions(),
    )


def _is_remote(place: Place) -> bool:
    from hermes_hud_widget.client.remote import RemotePlace

    return isinstance(place, RemotePlace)


def _home_facts(place: Place) -> HomeFacts:
    def look() -> HomeFacts:
        try:
            check_readable(place.path)
        except HomeError as error:
            return HomeFacts(place.name, place.profile, True, str(error))
        return HomeFacts(place.name, place.profile, place.path.exists())

    slow = HomeFacts(
        place.name,
        place.profile,
        True,
        f"{place.name} does not answer within {PROBE_S:g} s: is its drive there?",
    )
    return _within(PROBE_S, look, slow)


def _changes_facts(place: Place) -> ChangesFacts | None:
    """Tries what the server would do."""

    def look() -> ChangesFacts | None:
        from hermes_hud_widget.doorbell import Doorbell, DoorbellError, DoorbellLimitError
        from hermes_hud_widget.watcher import network_reason

        network = network_reason([str(place.path)])
        if network is not None:
            return ChangesFacts(network)
        try:
            bell = Doorbell()
        except DoorbellLimitError as error:
            return ChangesFacts(f"file events do not work here: {error}")
        except DoorbellError:  # not Linux: watchfiles does it there, and tells only when it begins
            return None
        try:
            bell.follow([str(place.path)])
        except DoorbellError as error:
            return ChangesFacts(f"file events do not work here: {error}")
        finally:
            bell.close()
        return ChangesFacts(None)

    return _within(PROBE_S, look, None)


def _server_facts(place: Place, runtime: Runtime) -> tuple[ServerFacts, ChangesFacts | None]:
    is_own, pid = not _is_remote(place), runtime.pid
    found = _within(PROBE_S, lambda: _found(runtime), None)
    if found is None:
        what = f"it does not say where it is within {PROBE_S:g} s."
        return ServerFacts(runtime.url, pid, is_own, problem=what), None
    if isinstance(found, HudError):
        return ServerFacts(runtime.url, pid, is_own, problem=_cut_text(str(found))), None
    problem = _health_problem(found)
    hello = None if problem is not None else _hello(found)
    if problem is None and hello is None:
        problem = f"/healthz answers, but its WebSocket does not within {ANSWER_S:g} s."
    if hello is None:
        return ServerFacts(found.base_url, pid, is_own, problem=problem), None
    watching = hello.get("watching", {}).get(place.id)
    changes = None if watching is None else ChangesFacts(watching.get("reason"))
    version = hello.get("version") or None
    return ServerFacts(found.base_url, pid, is_own, version), changes


def _found(runtime: Runtime) -> Endpoint | HudError:
    try:
        return runtime.endpoint()
    except HudError as error:
        return error


def _health_problem(endpoint: Endpoint) -> str | None:
    """Why the server's `/healthz` does not answer."""
    parts = urlsplit(endpoint.base_url)
    make = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = make(parts.hostname or "", endpoint.port, timeout=ANSWER_S)
    try:
        connection.request("GET", f"{parts.path}/healthz")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return f"/healthz does not answer: {str(error) or type(error).__name__}."
    finally:
        connection.close()
    return None if status == 200 else f"/healthz answers {status}: somebody else is there."


def _hello(endpoint: Endpoint) -> dict[str, Any] | None:
    """What the server says first on a WebSocket; None: nothing."""
    from hermes_hud_widget.client.link import Link

    frames: list[dict[str, Any]] = []
    came = threading.Event()

    def take(frame: dict[str, Any]) -> None:
        frames.append(frame)
        came.set()

    link = Link(lambda: endpoint, take)
    came.wait(ANSWER_S)
    link.close()
    return frames[0] if frames and frames[0]["type"] == "hello" else None


def _pages_facts(relay: Relay) -> tuple[PageFacts, ...]:
    now = time.monotonic()
    return tuple(
        PageFacts(
            transport=page.transport,
            host=page.host,
            origin=page.origin,
            tried=tuple((each.way, each.outcome) for each in page.tried),
            heard_s=now - page.heard_at,
            is_lost=page.is_lost,
        )
        for page in relay.pages
    )


def _variables(environment: Mapping[str, str], problem: str | None) -> dict[str, str]:
    named = {name: environment[name] for name in VARIABLES if environment.get(name, "").strip()}
    known = {name: _shown_value(name, value) for name, value in named.items() if name not in (problem or "")}
    return known | {
        name: "(set, not shown)" for name in SECRET_VARIABLES if environment.get(name, "").strip()
    }


def _shown_value(name: str, value: str) -> str:
    """A variable's value for others to read."""
    if name == "HERMES_HOME":
        value = shown(Path(value))
    return _cut_text(redact(value))


def _versions() -> dict[str, str | None]:
    versions: dict[str, str | None] = {
        "hermes-hud-widget": __version__,
        "Python": platform.python_version(),
        platform.system() or "system": platform.release(),
    }
    for name, package in PACKAGES.items():
        try:
            versions[name] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = None
    return versions


def _cut_text(text: str) -> str:
    return text if len(text) <= _CUT_CHARS else text[:_CUT_CHARS] + " …"


def _within(seconds: float, look: Callable[[], T], otherwise: T) -> T:
    """What `look` returns; `otherwise` if it takes longer: a drive that went away lets a call wait for ever."""
    found: list[T] = []
    thread = threading.Thread(target=lambda: found.append(look()), name="hermes-hud-doctor", daemon=True)
    thread.start()
    thread.join(seconds)
    return found[0] if found else otherwise
