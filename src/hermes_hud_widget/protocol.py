"""The messages between server and viewer: one envelope over WebSocket and comm.

The browser's types (`js/src/generated/`) are made from these models, and both sides' tests read the
same golden file, `tests/golden/messages.json`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

PROTOCOL = 1
SUBPROTOCOL = "hermes-hud.v1"
MAX_INBOUND_BYTES = 64 * 1024

Status = Literal["ok", "empty", "unavailable", "stale"]
"""`ok`; `empty`: nothing there yet; `unavailable`: cannot be read here, and why; `stale`: damaged or
locked now, the last good data stay."""


Way = Literal["comm", "direct", "proxied"]
"""How a page is fed: over the kernel's comm, by a socket to loopback, by one through a proxy of its own origin."""
Transport = Literal["auto", "comm", "direct", "proxy"]
"""What `HERMES_HUD_TRANSPORT` may say: which way a page may try besides the comm, which always is there."""


class Message(BaseModel):
    """What every message has: unknown fields are ignored, so that older and newer sides can talk."""

    model_config = ConfigDict(extra="ignore")


class HomeEntry(Message):
    """One home that the server has open."""

    id: str
    path: str
    profile: str | None


class PanelEntry(Message):
    """One registered panel, as a viewer needs it before it has seen any data."""

    name: str
    title: str = Field(description="In English")
    titles: dict[str, str] = Field(description="In other languages, by language code")
    icon: str = Field(
        description="Name of an icon of the browser module; an unknown one is drawn as a plain panel"
    )
    group: str = Field(
        default="more", description="Which tabs it stands among: `group.NAME` in the browser's texts"
    )
    module: str | None = Field(
        description="Name of its view's ES module, to be asked for; null: `views/generic` draws it"
    )
    payload_schema: dict[str, Any] | None = Field(
        description="JSON schema of `data` for the generic view; null when it has a module"
    )


class Watching(Message):
    """How changes of a home are noticed."""

    by: Literal["events", "timer"]
    reason: str | None = Field(description="Why native file events are not in use")


class Problem(Message):
    """Why a snapshot is not `ok`, in words for the viewer."""

    kind: Literal["no-home", "not-in-version", "damaged", "locked", "unavailable", "internal"]
    path: str | None = Field(description="The file at fault, relative to the home where it lies in it")
    message: str


class Progress(Message):
    """How far a long read has come: what is shown so far is true of what was read."""

    done: int = Field(description="Rows read")
    total: int = Field(description="Rows in all, as far as is known")


# -- server → viewer


class Hello(Message):
    """Opens every connection; again when `watching` changes. A new `server_id` drops all versions held."""

    type: Literal["hello"] = "hello"
    protocol: int
    version: str = Field(
        default="", description="The package's; a page of another one has to be loaded again"
    )
    server_id: str
    homes: list[HomeEntry]
    panels: list[PanelEntry]
    watching: dict[str, Watching] = Field(description="By home id")
    versions: dict[str, dict[str, int]] = Field(description="By home id, then panel")


class Versions(Message):
    """Some panels changed. Numbers only grow; a later one replaces an earlier one."""

    type: Literal["versions"] = "versions"
    seq: int = Field(description="Counts the frames of this connection, from 1")
    versions: dict[str, dict[str, int]]


class PanelFrame(Message):
    """One snapshot: the answer to a `get` (with its `id`), or pushed for a looked-at query (`id` null)."""

    type: Literal["panel"] = "panel"
    id: int | None
    home: str
    panel: str
    query: dict[str, Any] = Field(
        description="As asked; echoes what tells one snapshot of a panel from another"
    )
    version: int
    status: Status
    error: Problem | None
    progress: Progress | None = Field(
        default=None, description="How far the reading has come; null: the data are of all that there is"
    )
    unchanged: bool = Field(
        default=False, description="True: the viewer's `have` is the newest, `data` is left out"
    )
    data: Any | None


class ModuleFrame(Message):
    """The text of an ES module without imports: a view or a language."""

    type: Literal["module"] = "module"
    id: int | None
    name: str
    text: str


class ProfileFrame(Message):
    """The home that was asked for by its profile is open now, and in the `hello` that goes out to everybody."""

    type: Literal["profile"] = "profile"
    id: int
    home: str = Field(description="Id of that home")
    profile: str


class Pong(Message):
    """The answer to a `ping`: whoever gets it knows that the way is open in both directions."""

    type: Literal["pong"] = "pong"
    id: int


class HomeFrame(Message):
    """The home that was asked for is open now, and in the `hello` that goes out to everybody."""

    type: Literal["home"] = "home"
    id: int
    home: str = Field(description="Id of that home")


class ErrorFrame(Message):
    """A request that could not be answered."""

    type: Literal["error"] = "error"
    id: int | None
    code: Literal[
        "bad-message",
        "unknown-home",
        "unknown-panel",
        "unknown-module",
        "unknown-profile",
        "bad-home",
        "bad-query",
        "internal",
    ]
    message: str


# -- viewer → server


class Look(Message):
    """What this viewer shows of one home from now on; replaces what it said of that home before.

    With `queries`, the server pushes those snapshots itself whenever their panel changes (used over the
    comm, where asking may wait for a running cell); without, it only announces versions.
    """

    type: Literal["look"] = "look"
    home: str
    panels: list[str]
    queries: dict[str, list[dict[str, Any]]] = Field(default_factory=dict)


class Get(Message):
    """Asks for one snapshot."""

    type: Literal["get"] = "get"
    id: int
    home: str
    panel: str
    query: dict[str, Any] = Field(default_factory=dict)
    have: int | None = Field(default=None, description="The version that the viewer holds for this query")


class GetModule(Message):
    """Asks for a view or a language."""

    type: Literal["module"] = "module"
    id: int
    name: str


class GetProfile(Message):
    """Asks for the home of a profile of the same root, which is opened if need be.

    Only by its name: no message opens a path.
    """

    type: Literal["profile"] = "profile"
    id: int
    home: str = Field(description="Id of an open home of that root")
    profile: str = Field(description="Its name; `default` is the root home")


class Ping(Message):
    """Asks for a `pong`: a socket may be dead without saying so."""

    type: Literal["ping"] = "ping"
    id: int


class GetHome(Message):
    """Asks for the home in a directory, which is opened if need be.

    Only behind Jupyter's own login, whose users may run code and so read any of their files; elsewhere only the kernel
    and the command line open homes.
    """

    type: Literal["home"] = "home"
    id: int
    path: str | None = Field(
        default=None, description="The directory; null: `$HERMES_HOME`, else `~/.hermes`"
    )
    profile: str | None = Field(default=None, description="Its name; null: the sticky one")


Outbound = Annotated[
    Hello | Versions | PanelFrame | ModuleFrame | ProfileFrame | HomeFrame | Pong | ErrorFrame,
    Field(discriminator="type"),
]
Inbound = Annotated[Look | Get | GetModule | GetProfile | GetHome | Ping, Field(discriminator="type")]

INBOUND: TypeAdapter[Look | Get | GetModule | GetProfile | GetHome | Ping] = TypeAdapter(Inbound)
OUTBOUND: TypeAdapter[
    Hello | Versions | PanelFrame | ModuleFrame | ProfileFrame | HomeFrame | Pong | ErrorFrame
] = TypeAdapter(Outbound)


# -- kernel ↔ widget model, as anywidget custom messages


class ServerNote(Message):
    """Kernel → model: where the server is. Never a synced trait: those are saved in notebooks.

    What mounts the module without a kernel (side panel, stand-alone page) says it, too.
    """

    type: Literal["server"] = "server"
    url: str | None = Field(
        description="ws://127.0.0.1:PORT/ws; null: this page has no route to the server, the kernel relays"
    )
    server_id: str | None = Field(
        description="Who must answer there; null: whoever does, since its page came from it"
    )
    token: str | None = Field(description="null: the door has none, Jupyter's login is before it")
    home: str = Field(description="Id of this HUD's home")
    transport: Transport = "auto"
    proxy_url: str | None = Field(
        default=None,
        description="Where a proxy passes on what is below it, absolute or for the page's own host, `%PORT%` filled in; "
        "null: `{baseUrl}proxy/{port}/` in a Jupyter page",
    )
    origins: list[str] = Field(
        default_factory=list,
        description="Origins of pages besides loopback that the server accepts: those that an `attach` named",
    )


class Relayed(Message):
    """Kernel → model: a server frame that came over the kernel's own connection."""

    type: Literal["relay"] = "relay"
    frame: dict[str, Any]


class Trouble(Message):
    """Kernel → model: the server is down (being restarted) or the HUD was closed."""

    type: Literal["trouble"] = "trouble"
    kind: Literal["server-down", "closed"]
    message: str


class SidePanel(Message):
    """Kernel → model: show this HUD in the page's side bar, if it has one."""

    type: Literal["side-panel"] = "side-panel"


class Attach(Message):
    """Model → kernel: send me the greeting (server note, hello, first snapshots) and relay for me."""

    type: Literal["attach"] = "attach"
    client: str = Field(description="Tells the pages of one kernel apart; random, made by the page")
    look: Look | None = None
    origin: str | None = Field(default=None, description="`location.origin` of the page")


class Try(Message):
    """One way to the server that a page tried, and what came of it."""

    way: Way
    outcome: Literal["live", "not-local", "no-proxy", "refused", "silent", "other-server", "switched-off"] = (
        Field(
            description="`not-local`: the page is of another machine, which must not dial its own loopback; `no-proxy`: none "
            "answers at that address; `refused`: the socket was closed or never opened; `silent`: it opened, and nothing came; "
            "`other-server`: somebody else answered; `switched-off`: by `HERMES_HUD_TRANSPORT`"
        )
    )


class Ack(Message):
    """Model → kernel: the greeting arrived by this way; unless it is `comm`, stop relaying."""

    type: Literal["ack"] = "ack"
    client: str
    transport: Way
    host: str | None = Field(
        default=None, description="What the page is of, as far as it can tell: `jupyterlab`, `colab`, …"
    )
    tried: list[Try] = Field(default_factory=list, description="In the order tried, the last outcome of each")


class SidePanelShown(Message):
    """Model → kernel: whether this page has a side bar, and shows the HUD there now."""

    type: Literal["side-panel"] = "side-panel"
    client: str
    shown: bool


class RelayRequest(Message):
    """Model → kernel: a viewer frame to be forwarded to the server."""

    type: Literal["relay"] = "relay"
    client: str
    frame: dict[str, Any]


KernelToModel = Annotated[ServerNote | Relayed | Trouble | SidePanel, Field(discriminator="type")]
ModelToKernel = Annotated[Attach | Ack | RelayRequest | SidePanelShown, Field(discriminator="type")]
FROM_MODEL: TypeAdapter[Attach | Ack | RelayRequest | SidePanelShown] = TypeAdapter(ModelToKernel)
