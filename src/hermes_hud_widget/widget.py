"""`HUD`: the widget."""

from __future__ import annotations

import json
import os
import threading
import weakref
from collections.abc import Callable, Hashable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, Unpack, get_args, overload

from hermes_hud_widget.client.secret import Secret
from hermes_hud_widget.client.sessions import close_with_session, is_marimo, is_own, owner
from hermes_hud_widget.errors import ArgumentError, HudError, UnknownNameError
from hermes_hud_widget.home import Home
from hermes_hud_widget.place import Place

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from hermes_hud_widget._model import HudModel
    from hermes_hud_widget.client.doctor import Diagnosis
    from hermes_hud_widget.client.relay import Relay
    from hermes_hud_widget.client.runtime import Runtime
    from hermes_hud_widget.client.ways import Ways
    from hermes_hud_widget.frames import Given, Library, When
    from hermes_hud_widget.snapshot import Still

Theme = Literal["auto", "light", "dark", "neural-awakening", "blade-runner", "fsociety", "anime"]
THEMES: tuple[Theme, ...] = get_args(Theme)
Layout = Literal["tabs", "grid"]
LAYOUTS: tuple[Layout, ...] = get_args(Layout)
GRID = ("overview", "sessions", "costs", "agents", "memory", "cron")
"""What a grid shows for which no panels are named, as far as they exist."""


SNAPSHOT_TYPE = "application/vnd.hermes-hud+json"
"""Tells JupyterLab's extension that the HTML beside it is what to show of a HUD whose kernel is gone."""


class HUD:
    """A live view of a Hermes home: make it the last value of a cell to show it.

        hud = HUD()
        hud

    The same home with the same options is one model, however often it is made and shown.

    Args:
        home: The home's directory. Without it: `$HERMES_HOME`, else `~/.hermes`, and there the sticky profile
            that plain `hermes` works in. One that does not exist yet is shown as soon as it does.
        profile: One of its profiles; `default` means the root home.
        panels: Names of the panels to show, in that order; None for all, in a grid for the usual few. Whoever views it
            can show others, and hide and reorder them.
        layout: `tabs`: one panel at a time; `grid`: several at once.
        theme: `auto` follows the notebook's theme; `light`, `dark`, or one of the dark themes `neural-awakening`,
            `blade-runner`, `fsociety`, `anime`.
        scanlines: Draws the lines of an old screen over it.
        height: Height in pixels.
        url: A `hermes-hud serve` on another machine, in a container or in WSL; see `Home`. The kernel relays what it
            says; the page needs no way to it.
        token: What that server wants to hear; without it: `$HERMES_HUD_TOKEN`.

    Raises:
        HomeError: `home` is not a directory or cannot be read, or there is no such profile; the server at `url` does not
            have it.
        UnknownNameError: There is no such panel.
        ArgumentError: `layout`, `theme`, `scanlines`, `height`, `url` or `token` makes no sense, or
            `HERMES_HUD_TRANSPORT`, `HERMES_HUD_PROXY_URL` or `HERMES_HUD_STATIC` in the environment does.
        ServerError: The server at `url` does not answer, or refuses the token.
    """

    _models: ClassVar[_Models]

    def __init__(
        self,
        home: str | os.PathLike[str] | None = None,
        *,
        profile: str | None = None,
        panels: Sequence[str] | None = None,
        layout: Layout = "tabs",
        theme: Theme = "auto",
        scanlines: bool = False,
        height: int = 480,
        url: str | None = None,
        token: str | None = None,
    ) -> None:
        # First of all: a traceback with variables may end up in a saved notebook.
        secret_url, secret_token = Secret(url), Secret(token)
        del url, token
        from hermes_hud_widget.client.remote import find_address
        from hermes_hud_widget.client.runtime import found

        self._shared: _Shared | None = None
        options = _checked_options(panels, layout, theme, scanlines, height)
        address = find_address(secret_url, secret_token)
        with found(home, profile, address) as (runtime, place):
            self.place: Place = place
            self._undos: list[Callable[[], None]] = []
            self._shared = HUD._models.get(runtime, place, options, self)
            self._home = Home._of(place, runtime)

    @classmethod
    def demo(
        cls,
        *,
        panels: Sequence[str] | None = None,
        layout: Layout = "tabs",
        theme: Theme = "auto",
        scanlines: bool = False,
        height: int = 480,
    ) -> HUD:
        """A HUD on a made-up home in which a simulated agent works; both go when the last HUD is closed.

        Args:
            panels: As for `HUD`.
            layout: As for `HUD`.
            theme: As for `HUD`.
            scanlines: As for `HUD`.
            height: As for `HUD`.
        """
        from hermes_hud_widget.client.runtime import current_runtime

        _checked_options(panels, layout, theme, scanlines, height)
        home = current_runtime().demo().home
        return cls(home, panels=panels, layout=layout, theme=theme, scanlines=scanlines, height=height)

    @property
    def widget(self) -> HudModel:
        """The ipywidgets model, to be put into layouts: `VBox([hud.widget, …])`."""
        return self._open().model

    @property
    def transport(self) -> str:
        """How the page that was heard last gets its data: "none" (none was heard), "comm" (the kernel relays), "direct" (a
        socket to this machine) or "proxied" (one through a proxy of the page's own origin, such as Jupyter's)."""
        return self._open().relay.transport

    def doctor(self) -> Diagnosis:
        """What is in the way of this HUD, and the one command that mends it.

        Looks at home, server, pages, environment and versions; takes a few seconds at most. What it returns prints as a
        report without any secret; its `findings` are the same as data, its `mend` is that command.
        """
        from hermes_hud_widget.client.doctor import diagnose, gather

        shared = self._open()
        return diagnose(gather(shared.place, shared.runtime, shared.relay, shared.static))

    def side_panel(self) -> None:
        """Shows this HUD in the side bar of JupyterLab or Notebook 7, too; again, it moves there and no second one opens.

        Returns at once. If no page can do it, a line under the cell says what is missing.
        """
        self._open().relay.side_panel(lambda line: print(line, flush=True))  # noqa: T201

    @property
    def panels(self) -> tuple[str, ...]:
        """Names of all panels."""
        return self._home.panels

    @property
    def frames(self) -> tuple[str, ...]:
        """Names of all frames."""
        return self._home.frames

    def panel(self, name: str, **query: Any) -> dict[str, Any]:
        """What a panel shows; see `Home.panel`."""
        self._open()
        return self._home.panel(name, **query)

    @overload
    def frame(
        self, name: str, *, library: Literal["pandas"] = ..., **given: Unpack[Given]
    ) -> pd.DataFrame: ...

    @overload
    def frame(self, name: str, *, library: Literal["polars"], **given: Unpack[Given]) -> pl.DataFrame: ...

    @overload
    def frame(self, name: str, *, library: Literal["arrow"], **given: Unpack[Given]) -> pa.Table: ...

    @overload
    def frame(
        self, name: str, *, library: Library, **given: Unpack[Given]
    ) -> pd.DataFrame | pl.DataFrame | pa.Table: ...

    def frame(
        self,
        name: str,
        *,
        since: When = None,
        until: When = None,
        columns: Sequence[str] | str | None = None,
        limit: int | None = None,
        session_id: str | None = None,
        text: bool = False,
        library: Library = "pandas",
    ) -> pd.DataFrame | pl.DataFrame | pa.Table:
        """A frame as a pandas DataFrame, or as another library has it; see `Home.frame`."""
        self._open()
        return self._home.frame(
            name,
            since=since,
            until=until,
            columns=columns,
            limit=limit,
            session_id=session_id,
            text=text,
            library=library,
        )

    def describe(self, name: str) -> pd.DataFrame:
        """What a frame's columns are; see `Home.describe`."""
        return self._home.describe(name)

    def on_change(self, panel: str, call: Callable[[str, int], object]) -> Callable[[], None]:
        """Calls `call(panel, version)` whenever a panel changes.

        Never two at once for one registration; changes that come while it runs are gathered into one more call.
        What it prints appears under the cell that registered it. Registered again from the same cell (it was run
        again), it replaces the earlier registration.

        Returns:
            The undo: call it to end the registration.

        Raises:
            UnknownNameError: There is no such panel.
        """
        from hermes_hud_widget.client.callbacks import register
        from hermes_hud_widget.panels import all_panels

        shared = self._open()
        if not callable(call):
            raise ArgumentError(f"on_change({panel!r}, {call!r}): expected a function of (panel, version).")
        if panel not in all_panels():
            raise UnknownNameError("panel", panel, tuple(all_panels()))
        undo = register(shared.runtime, shared.place, panel, call)
        self._undos.append(undo)
        return undo

    def close(self) -> None:
        """Ends its callbacks and lets go of the model; the last HUD that shares it closes it in the page, too.

        A HUD that a cell showed is also held by `Out`, and so still open after the cell was run again;
        `HUD.close_all()` closes all of them.
        """
        shared, self._shared = self._shared, None
        undos, self._undos = self._undos, []
        for undo in undos:
            undo()
        if shared is not None:
            shared.release(self)
            self._home.close()

    @classmethod
    def close_all(cls) -> None:
        """Closes every HUD of this kernel, ends its server, and hangs up on all others.

        In marimo, which may serve several people from one process, those of this session alone.
        """
        from hermes_hud_widget.client.runtime import close_all_runtimes

        cls._models.close_all()
        if not is_marimo():
            close_all_runtimes()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def snapshot(self) -> Still:
        """The home at this moment as static HTML; see `Home.snapshot`.

        The last value of a cell that shows the HUD itself is saved with one, too.
        """
        self._open()
        return self._home.snapshot()

    def __repr__(self) -> str:
        if self._shared is None:
            return f"Hermes HUD · {self.place.root.name} · closed"
        return self._shared.moments.newest().text

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        from hermes_hud_widget.client.moments import static_reason

        shared = self._open()
        shared.static = static_reason(_settings(), has_page=HUD._models.has_page())
        if shared.static is not None:
            # A widget without a page would hide the snapshot from whoever reads what is saved.
            return shared.moments.wait(is_watched=False).bundle(), {}
        bundle = shared.model._repr_mimebundle_(include=include, exclude=exclude)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        # The page is fed while the cell waits.
        shared.relay.displayed()
        saved = {**shared.moments.wait().bundle(), SNAPSHOT_TYPE: {"version": 1}}
        return {**(data or {}), **saved}, metadata

    def _open(self) -> _Shared:
        if self._shared is None:
            raise HudError("This HUD was closed; make a new one.")
        return self._shared


def _checked_options(
    panels: Sequence[str] | str | None, layout: str, theme: str, scanlines: bool, height: int
) -> dict[str, Any]:
    """What the browser's module gets to know, checked before anything is started."""
    from hermes_hud_widget.panels import all_panels

    known = tuple(all_panels())
    chosen = (panels,) if isinstance(panels, str) else () if panels is None else tuple(panels)
    for name in chosen:
        if name not in known:
            raise UnknownNameError("panel", name, known)
    if panels is not None and not chosen:
        raise ArgumentError(f"panels=[] would show nothing. There are: {', '.join(known)}.")
    if layout not in LAYOUTS:
        raise ArgumentError(f"layout={layout!r}: expected one of {', '.join(LAYOUTS)}.")
    if theme not in THEMES:
        raise ArgumentError(f"theme={theme!r}: expected one of {', '.join(THEMES)}.")
    if not isinstance(scanlines, bool):
        raise ArgumentError(f"scanlines={scanlines!r}: expected True or False.")
    if not isinstance(height, int) or isinstance(height, bool) or height < 120:
        raise ArgumentError(f"height={height!r}: expected pixels, 120 or more.")
    return {
        "panels": list(chosen),
        "grid": [name for name in GRID if name in known],
        "layout": layout,
        "theme": theme,
        "scanlines": scanlines,
        "height": height,
        "language": "auto",
    }


def _panels_of(options: dict[str, Any]) -> tuple[tuple[str, ...], int]:
    """What a viewer who has not chosen otherwise may see, and how many of them come first, at once."""
    from hermes_hud_widget.panels import all_panels

    is_grid = options["layout"] == "grid"
    named = options["panels"] or (options["grid"] if is_grid else [])
    if not named:
        return tuple(all_panels()), 1
    return tuple(named), len(named) if is_grid else 1


def _settings() -> dict[str, str]:
    """What the environment says to HUDs. It is never passed on as a whole: a traceback with variables would show it."""
    from hermes_hud_widget.client.moments import STATIC, VOILA
    from hermes_hud_widget.client.ways import PROXY_URL, TRANSPORT

    names = (TRANSPORT, PROXY_URL, STATIC, *VOILA)
    return {name: os.environ[name] for name in names if name in os.environ}


class _Shared:
    """One model and its relay, shared by all HUDs on the same home with the same options."""

    def __init__(
        self,
        runtime: Runtime,
        place: Place,
        options: dict[str, Any],
        ways: Ways,
        forget: Callable[[], None],
    ) -> None:
        from hermes_hud_widget.client.moments import Moments
        from hermes_hud_widget.client.relay import Relay

        self.runtime = runtime
        self.place = place
        self._forget = forget
        self._lock = threading.Lock()
        self.users: weakref.WeakSet[HUD] = weakref.WeakSet()
        self.moments = Moments(self._fetch, place.name)
        self.static: str | None = None
        """Why it was a picture, when it was shown last."""
        runtime.use(self)
        self.moments.ask()
        # The server starts while anywidget is imported.
        from hermes_hud_widget._model import HudModel

        self.model: HudModel = HudModel({"home": place.id, **options})
        panels, first = _panels_of(options)
        self.relay: Relay = Relay(
            runtime.endpoint,
            lambda: runtime.open(place),
            panels,
            self._send,
            first,
            allow=runtime.allow,
            ways=ways,
            busy=runtime.busy,
        )
        self.model.on_msg(lambda _, content, buffers: self.relay.from_model(content))
        self._undo = runtime.on_down(self, self.relay.server_is_down)
        if is_marimo():
            close_with_session(lambda: self.model.comm, self.close_with_users)

    def release(self, user: HUD) -> None:
        """`user` was closed; the last one closes the model."""
        with self._lock:
            self.users.discard(user)
            is_last = not self.users
        if is_last:
            self.close()

    def close(self) -> None:
        """Closes the model in kernel and page."""
        self._forget()
        self._undo()
        self.relay.close()
        self.model.close()
        self.runtime.release(self)

    def close_with_users(self) -> None:
        """Closes the HUDs that share it, and the model."""
        for user in list(self.users):
            user.close()
        self.close()

    def _fetch(self, panel: str) -> dict[str, Any]:
        from hermes_hud_widget.client.moments import FETCH_TIMEOUT_S
        from hermes_hud_widget.client.rest import get

        # The home first: where the server is known, it may not be open yet.
        home = self.runtime.open(self.place)
        path = ("homes", home, "panels", panel)
        answer: dict[str, Any] = json.loads(get(self.runtime.endpoint(), path, timeout_s=FETCH_TIMEOUT_S))
        return answer

    def _send(self, message: dict[str, Any]) -> None:
        if self.model.comm is not None:
            self.model.send(message)


_Key = tuple["Runtime", str, str, Hashable]
"""Kernel, home, options, and whose it is."""


class _Models:
    """The open models of this kernel by home and options."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._shared: dict[_Key, _Shared] = {}

    def get(self, runtime: Runtime, place: Place, options: dict[str, Any], user: HUD) -> _Shared:
        from hermes_hud_widget.client.moments import static_of
        from hermes_hud_widget.client.ways import ways_of

        settings = _settings()
        static_of(settings)  # what makes no sense is told before anything is started
        # Another setting in the environment is another model: whoever changes it runs the cell again.
        ways = ways_of(settings)
        key = (runtime, place.id, repr((sorted(options.items()), ways)), owner())
        with self._lock:
            shared = self._shared.get(key)
            if shared is None:
                shared = self._shared[key] = _Shared(runtime, place, options, ways, lambda: self._forget(key))
            shared.users.add(user)
            return shared

    def has_page(self) -> bool:
        """True if a page has answered to any of them."""
        with self._lock:
            return any(shared.relay.pages for shared in self._shared.values())

    def close_all(self) -> None:
        with self._lock:
            models = [shared for key, shared in self._shared.items() if is_own(key[-1])]
        for shared in models:
            shared.close_with_users()

    def _forget(self, key: _Key) -> None:
        with self._lock:
            self._shared.pop(key, None)


HUD._models = _Models()
