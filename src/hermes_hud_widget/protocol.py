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


Outbound = Annotated[
    Hello | Versions | PanelFrame | ModuleFrame | ProfileFrame | ErrorFrame, Field(discriminator="type")
]
Inbound = Annotated[Look | Get | GetModule | GetProfile, Field(discriminator="type")]

INBOUND: TypeAdapter[Look | Get | GetModule | GetProfile] = TypeAdapter(Inbound)
OUTBOUND: TypeAdapter[Hello | Versions | PanelFrame | ModuleFrame | ProfileFrame | ErrorFrame] = TypeAdapter(
    Outbound
)


# -- kernel ↔ widget model, as anywidget custom messages


class ServerNote(Message):
    """Kernel → model: where the server is. Never a synced trait: those are saved in notebooks."""

    type: Literal["server"] = "server"
    url: str = Field(description="ws://127.0.0.1:PORT/ws")
    server_id: str
    token: str
    home: str = Field(description="Id of this HUD's home")


class Relayed(Message):
    """Kernel → model: a server frame that came over the kernel's own connection."""

    type: Literal["relay"] = "relay"
    frame: dict[str, Any]


class Trouble(Message):
    """Kernel → model: the server is down (being restarted) or the HUD was closed."""

    type: Literal["trouble"] = "trouble"
    kind: Literal["server-down", "closed"]
    message: str


class Attach(Message):
    """Model → kernel: send me the greeting (server note, hello, first snapshots) and relay for me."""

    type: Literal["attach"] = "attach"
    client: str = Field(description="Tells the pages of one kernel apart; random, made by the page")
    look: Look | None = None


class Ack(Message):
    """Model → kernel: the greeting arrived; `direct` true: I have a socket, stop relaying."""

    type: Literal["ack"] = "ack"
    client: str
    direct: bool


class RelayRequest(Message):
    """Model → kernel: a viewer frame to be forwarded to the server."""

    type: Literal["relay"] = "relay"
    client: str
    frame: dict[str, Any]


KernelToModel = Annotated[ServerNote | Relayed | Trouble, Field(discriminator="type")]
ModelToKernel = Annotated[Attach | Ack | RelayRequest, Field(discriminator="type")]
FROM_MODEL: TypeAdapter[Attach | Ack | RelayRequest] = TypeAdapter(ModelToKernel)
