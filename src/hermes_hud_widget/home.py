"""`Home`: panels and DataFrames of a Hermes home, in a script or a notebook."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self, TypeVar, Unpack, overload

from hermes_hud_widget.client.secret import Secret
from hermes_hud_widget.client.sessions import is_marimo
from hermes_hud_widget.errors import HudError, ServerError, SourceError
from hermes_hud_widget.place import Place, find_place, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from hermes_hud_widget.chunks import Rows
    from hermes_hud_widget.client.child import Endpoint
    from hermes_hud_widget.client.runtime import Runtime
    from hermes_hud_widget.client.waiting import Stop
    from hermes_hud_widget.frames import Given, Library, When
    from hermes_hud_widget.protocol import Progress
    from hermes_hud_widget.snapshot import Still

T = TypeVar("T")

PROGRESS_TIMEOUT_S = 1.0
"""Who asks is who waits for the call: it must learn soon that it is over."""


class _Access(Protocol):
    """How a home is read: in this process, or by the server."""

    def panel(self, name: str, query: Mapping[str, Any]) -> dict[str, Any]: ...

    def table(self, name: str, given: Mapping[str, Any], is_whole: bool, stop: Stop) -> pa.Table: ...

    def progress(self) -> Progress | None: ...

    def close(self) -> None: ...


class Home:
    """A Hermes home, read without leaving a trace in it.

    In a script it reads the files itself. In a Jupyter kernel, or where Hermes itself runs in this process
    (`hermes_state` is imported), a server process reads them: SQLite's locks belong to a process, and a second
    reader in it could drop those of the agent.

        Home("~/.hermes").frame("sessions")

    Args:
        home: The home's directory. Without it: `$HERMES_HOME`, else `~/.hermes`, and there the sticky profile
            that plain `hermes` works in.
        profile: One of its profiles; `default` means the root home.
        url: A `hermes-hud serve` on another machine, in a container or in WSL, where a tunnel ends or a network leads:
            `http://127.0.0.1:9119`. Nothing is read or started here; `home` is the path over there of one of the homes
            that it serves, without it the first.
        token: What that server wants to hear; without it: `$HERMES_HUD_TOKEN`. It is in the first line of `serve`.

    Raises:
        HomeError: `home` is not a directory or cannot be read, or there is no such profile; the server at `url` does not
            have it.
        ArgumentError: `url` or `token` makes no sense.
        ServerError: The server at `url` does not answer, or refuses the token.
    """

    def __init__(
        self,
        home: str | os.PathLike[str] | None = None,
        *,
        profile: str | None = None,
        url: str | None = None,
        token: str | None = None,
    ) -> None:
        if url is None and token is None:
            self._start(find_place(home, profile))
            return
        # First of all: a traceback with variables may end up in a saved notebook.
        secret_url, secret_token = Secret(url), Secret(token)
        del url, token
        from hermes_hud_widget.client.remote import find_address
        from hermes_hud_widget.client.runtime import found

        address = find_address(secret_url, secret_token)
        with found(home, profile, address) as (runtime, place):
            self._start(place, _Remote(place, runtime))

    @classmethod
    def _of(cls, place: Place, runtime: Runtime) -> Home:
        """The home of a HUD, read by the same server that feeds the page."""
        home = cls.__new__(cls)
        home._start(place, _Remote(place, runtime))
        return home

    def _start(self, place: Place, access: _Remote | None = None) -> None:
        self.place: Place = place
        self._access: _Access | None = access
        self._is_closed = False

    @property
    def panels(self) -> tuple[str, ...]:
        """Names of all panels."""
        from hermes_hud_widget.panels import all_panels

        return tuple(all_panels())

    @property
    def frames(self) -> tuple[str, ...]:
        """Names of all frames."""
        from hermes_hud_widget.panels import all_panels

        return tuple(frame.name for panel in all_panels().values() for frame in panel.frames)

    def panel(self, name: str, **query: Any) -> dict[str, Any]:
        """What a panel shows.

        Args:
            name: One of `panels`.
            query: Parameters that the panel declares, such as `page=` and `session=` of "sessions".

        Returns:
            home, panel, version, status (`ok`, `empty`, `unavailable`, `stale`), error (None, or kind, path and
            message), progress (None, or the rows `done` of `total` while a long history is being read), data (the
            payload as JSON: times as ISO 8601 in UTC; None if it was never readable).

        Raises:
            UnknownNameError: There is no such panel.
            ArgumentError: It takes no such parameter, or not that value.
        """
        return self._reader().panel(name, query)

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
        """A frame as a pandas DataFrame, or as another library has it.

        A call that takes longer than a second shows how far it has come, in a notebook and on a terminal. In a
        notebook, whole frames that grow (`messages`, `tool_calls`) are kept, and the next call fetches only what is
        new; what is returned is always of now, and yours to change.

        Args:
            name: One of `frames`.
            since: Only rows at or after it: a datetime or date, a timedelta or "7d", "24h", "90m" (so long ago),
                an ISO 8601 string, "today", "yesterday". Naive times are in the zone that `config.yaml` names
                (`timezone`), else in this machine's.
            until: Only rows before it.
            columns: Only these columns, in this order.
            limit: At most so many rows, the newest ("memory": the first).
            session_id: Only one conversation, by any of its ids, in frames that have sessions' parts.
            text: With the rows' texts as the column `text`, redacted, in frames that have them.
            library: "pandas"; "polars", if it is installed (`pip install "hermes-hud-widget[polars]"`); "arrow" for a `pyarrow.Table`.
                The columns are the same, in that library's types.

        Returns:
            The columns and dtypes that `describe` names, also without rows. `attrs` holds home, as_of, timezone,
            day_boundary, status and units. An Arrow table has these as its schema's and fields' metadata; polars has
            no place for them.

        Raises:
            UnknownNameError: There is no such frame or column.
            ArgumentError: A value makes no sense, the frame does not take that argument, or polars is not installed.
            SourceError: A file that it needs is damaged or locked.
            ServerError: The server ended, twice, or broke off its answer.
        """
        from hermes_hud_widget.client.waiting import attended, find_display
        from hermes_hud_widget.core import check_arguments
        from hermes_hud_widget.frames import check_library, converted
        from hermes_hud_widget.panels import all_panels

        given: dict[str, Any] = {
            "since": since,
            "until": until,
            "columns": columns,
            "limit": limit,
            "session_id": session_id,
            "text": text,
        }
        # Checked here, too: what makes no sense needs no server to be told.
        check_library(library)
        is_whole = check_arguments(all_panels(), name, given).is_whole
        reader = self._reader()
        table = attended(
            lambda stop: reader.table(name, given, is_whole, stop), reader.progress, find_display()
        )
        return converted(table, library)

    def export(self, session_id: str, format: Literal["markdown", "jsonl"] = "markdown") -> str:
        """A whole transcript, oldest message first, redacted as everywhere.

            Path("talk.md").write_text(home.export("20260601_091200_r0"))

        Args:
            session_id: Any id of a conversation, or of a subagent.
            format: "markdown" to read; "jsonl" for one JSON object a line: the session (`"type": "session"`), then its
                messages. Texts longer than 20,000 characters are cut, and say so (`truncated`).

        Raises:
            ArgumentError: There is no such session or format.
            SourceError: `state.db` is damaged or locked.
        """
        from hermes_hud_widget.export import export

        def panel(**query: Any) -> dict[str, Any]:
            snapshot = self.panel("sessions", **query)
            if snapshot["error"] is not None:
                raise SourceError(
                    "unavailable", snapshot["error"]["path"] or "", snapshot["error"]["message"]
                )
            data: dict[str, Any] = snapshot["data"]
            return data

        return export(panel, session_id, format)

    def snapshot(self) -> Still:
        """The home at this moment as static HTML that may be passed on: figures, states and a few names.

            Home("~/.hermes").snapshot().save("hermes.html")

        No message, title, memory entry or prompt is in it, no path beyond the home's name, and nobody's name. As the
        last value of a cell it is shown, and saved in the notebook, without a widget.

        Raises:
            ServerError: The server does not answer.
        """
        from hermes_hud_widget.snapshot import PANELS, still_of

        return still_of({name: self.panel(name) for name in PANELS}, path=self.place.name)

    def describe(self, name: str) -> pd.DataFrame:
        """What a frame's columns are: one row for each, with column, dtype, unit, meaning and source.

        `attrs` holds the frame's name, what one row is (`about`) and its time column (`time`).

        Args:
            name: One of `frames`.

        Raises:
            UnknownNameError: There is no such frame.
        """
        import pandas as pd

        from hermes_hud_widget.core import find_frame
        from hermes_hud_widget.panels import all_panels

        frame = find_frame(all_panels(), name)[1]
        described = pd.DataFrame(frame.describe(), dtype="string")
        described.attrs.update({"frame": frame.name, "about": frame.about, "time": frame.time})
        return described

    def close(self) -> None:
        """Gives back what it holds open."""
        self._is_closed = True
        access, self._access = self._access, None
        if access is not None:
            access.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        profile = f", profile={self.place.profile!r}" if self.place.profile else ""
        url = f", url={self.place.url!r}" if self.place.url else ""
        return f"Home({shown(self.place.root)!r}{profile}{url})"

    def _reader(self) -> _Access:
        if self._is_closed:
            raise HudError(f"This {self!r} was closed; make a new one.")
        must_ask_server = needs_server()
        if self._access is not None and must_ask_server and isinstance(self._access, _Local):
            self._access.close()
            self._access = None
        if self._access is None:
            self._access = _asked_here(self.place) if must_ask_server else _Local(self.place)
        return self._access


def needs_server() -> bool:
    """True where `state.db` must not be opened in this process: in a Jupyter kernel, in marimo, or beside Hermes."""
    if "hermes_state" in sys.modules or is_marimo():
        return True
    interactive = sys.modules.get("IPython")
    shell = interactive.get_ipython() if interactive is not None else None
    return shell is not None and getattr(shell, "kernel", None) is not None


class _Local:
    """Reads in this process."""

    def __init__(self, place: Place) -> None:
        from hermes_hud_widget.cache import SnapshotCache
        from hermes_hud_widget.client.tables import Tables
        from hermes_hud_widget.core import OpenHome
        from hermes_hud_widget.panels import all_panels

        self._home = OpenHome(place, all_panels())
        self._cache = SnapshotCache()
        self._tables = Tables()
        self._versions: dict[str, tuple[Any, int]] = {}

    def panel(self, name: str, query: Mapping[str, Any]) -> dict[str, Any]:
        parsed = self._home.parse_query(name, query)
        # Nobody is told here when there is more: a script never sees a history that was read in part.
        self._home.settle(name)
        signature = self._home.signature(name)
        known, version = self._versions.get(name, (None, 0))
        if version == 0 or known != signature:
            version += 1
            self._versions[name] = (signature, version)
        key = (name, parsed.model_dump_json())
        # Time alone changes panels, too, and nobody is told here: each call collects, but keeps the last good data.
        self._cache.forget_versions()
        return self._cache.get(
            key, lambda: version, lambda now: self._home.collect(name, parsed, now)
        ).as_dict()

    def table(self, name: str, given: Mapping[str, Any], is_whole: bool, stop: Stop) -> pa.Table:
        return self._tables.table(
            "", self._home.id, name, given, is_whole, lambda given, have: self._home.rows(name, given, have)
        )

    def progress(self) -> Progress | None:
        return self._home.progress()

    def close(self) -> None:
        if "hermes_state" in sys.modules:
            # Closing a descriptor of `state.db` would drop the locks that the agent in this process holds on it.
            _LEFT_OPEN.append(self._home)
        else:
            self._home.close()


_LEFT_OPEN: list[Any] = []
"""Homes that may not be closed before this process ends."""


def _asked_here(place: Place) -> _Remote:
    from hermes_hud_widget.client.runtime import current_runtime

    return _Remote(place, current_runtime())


class _Remote:
    """Asks a server: the process of this kernel, or one that somebody else started."""

    def __init__(self, place: Place, runtime: Runtime) -> None:
        self.place = place
        self._runtime = runtime
        self._runtime.use(self)

    def panel(self, name: str, query: Mapping[str, Any]) -> dict[str, Any]:
        from hermes_hud_widget.client.rest import get

        def ask(endpoint: Endpoint, home: str) -> dict[str, Any]:
            answer: dict[str, Any] = json.loads(get(endpoint, ("homes", home, "panels", name), query))
            return answer

        return self._ask(ask)

    def table(self, name: str, given: Mapping[str, Any], is_whole: bool, stop: Stop) -> pa.Table:
        from hermes_hud_widget.client.rest import get_rows
        from hermes_hud_widget.frames import as_text

        times = {"since": as_text(given["since"]), "until": as_text(given["until"])}

        def ask(endpoint: Endpoint, home: str) -> pa.Table:
            def fetch(given: Mapping[str, Any], have: Collection[str]) -> Rows:
                if stop.is_set:
                    raise ServerError("The call was broken off.")
                query = {**given, **times, "text": given["text"] or None, "have": sorted(have)}
                with ExitStack() as undo:

                    def on_stop(break_off: Callable[[], None]) -> None:
                        stop.on_stop(break_off)
                        # A tunnel that went silent would keep this waiting for ever.
                        undo.callback(self._runtime.on_down(object(), lambda _: break_off()))

                    return get_rows(endpoint, ("homes", home, "frames", name), query, on_stop)

            return self._runtime.tables.table(endpoint.server_id, home, name, given, is_whole, fetch)

        return self._ask(ask, stop)

    def progress(self) -> Progress | None:
        from hermes_hud_widget.client.rest import get
        from hermes_hud_widget.protocol import Progress

        home, endpoint = self._runtime.open(self.place), self._runtime.endpoint()
        answer = json.loads(get(endpoint, ("homes", home, "progress"), timeout_s=PROGRESS_TIMEOUT_S))
        return None if answer is None else Progress.model_validate(answer)

    def close(self) -> None:
        if not self._runtime.is_used(self.place, besides=self):
            self._runtime.tables.drop(self.place.id)
        self._runtime.release(self)

    def _ask(self, ask: Callable[[Endpoint, str], T], stop: Stop | None = None) -> T:
        from hermes_hud_widget.client.remote import WaitedInVainError

        self._runtime.use(self)  # it was ended by HUD.close_all(), perhaps
        try:
            home = self._runtime.open(self.place)
            return ask(self._runtime.endpoint(), home)
        except WaitedInVainError:
            raise
        except ServerError:
            if stop is not None and stop.is_set:
                raise
            # It died between two calls, and is being started again: ask the new one, once.
            home = self._runtime.open(self.place)
            return ask(self._runtime.endpoint(), home)
