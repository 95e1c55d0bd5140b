"""One open home: its sources, its panels and its frames. Works without a server, a clock of its own or a thread."""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection, Hashable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import BaseModel, ValidationError
from pydantic_core import to_json

from hermes_hud_widget.chunks import Rows
from hermes_hud_widget.day import zone
from hermes_hud_widget.errors import ArgumentError, HomeError, SourceError, UnknownNameError
from hermes_hud_widget.frames import Frame, FrameArguments
from hermes_hud_widget.ledger.database import DatabaseMissing
from hermes_hud_widget.ledger.release import is_older
from hermes_hud_widget.looks import one_look
from hermes_hud_widget.panel import Panel
from hermes_hud_widget.place import Place, check_readable
from hermes_hud_widget.protocol import Problem, Progress, Status
from hermes_hud_widget.redact import redact_json
from hermes_hud_widget.sources import Attached, AttachedDiary, Config, Settings, Source, StateDb

if TYPE_CHECKING:
    import pyarrow as pa

log = logging.getLogger(__name__)

STATE = StateDb()
UPDATED = timedelta(minutes=1)
"""How soon a panel that is not in this Hermes version is collected again while someone looks."""
LOCKED_AGAIN = timedelta(seconds=1)
"""How soon a panel whose file was locked is collected again while someone looks."""


@dataclass(frozen=True)
class Snapshot:
    """What a panel shows at one version.

    Attributes:
        data: The payload as JSON, redacted; None when there is none and never was.
        valid_until: When it is no longer true even if no file changes.
        progress: How far the reading has come, while `data` are of a part only. A later version has more;
            until then the status is not `empty`, as nobody knows that yet.
    """

    home: str
    panel: str
    version: int
    status: Status
    error: Problem | None
    data: Any | None
    valid_until: datetime | None = None
    progress: Progress | None = None

    @cached_property
    def data_json(self) -> str:
        """`data` as JSON, written once however many viewers get it."""
        # A browser refuses the NaN that a panel made of somebody's numbers may hold.
        return to_json(self.data, inf_nan_mode="null").decode()

    @property
    def is_written(self) -> bool:
        """True when `data_json` costs nothing any more."""
        return "data_json" in self.__dict__

    def as_dict(self) -> dict[str, Any]:
        """As REST and `hud.panel()` give it."""
        return {
            "home": self.home,
            "panel": self.panel,
            "version": self.version,
            "status": self.status,
            "error": self.error.model_dump() if self.error else None,
            "progress": self.progress.model_dump() if self.progress else None,
            "data": self.data,
        }


def find_frame(panels: Mapping[str, Panel], name: str) -> tuple[Panel, Frame]:
    """The frame of that name and the panel that offers it.

    Raises:
        UnknownNameError: There is none.
    """
    frames = {frame.name: (panel, frame) for panel in panels.values() for frame in panel.frames}
    if name not in frames:
        raise UnknownNameError("frame", name, tuple(frames))
    return frames[name]


def check_arguments(
    panels: Mapping[str, Panel],
    name: str,
    given: Mapping[str, Any],
    now: datetime | None = None,
    where: tzinfo | None = None,
) -> FrameArguments:
    """A frame's arguments in one form; see `Frame.check`.

    Raises:
        ArgumentError: One of them makes no sense, or that frame does not take it.
        UnknownNameError: There is no such frame or column.
    """
    frame = find_frame(panels, name)[1]
    if given.get("text") is True and not frame.with_text:
        offer = [frame.name for panel in panels.values() for frame in panel.frames if frame.with_text]
        raise ArgumentError(
            f"The frame {name!r} has no text: it takes no text=True. Those that do: {', '.join(offer) or 'none'}."
        )
    return frame.check(**given, now=now, where=where)


class _Read(NamedTuple):
    """A source as something reads it: found once, since its hash and its equality go through all its fields."""

    name: str
    source: Source[Any]
    attached: Attached[Any]


class OpenHome:
    """A home with its sources attached. All methods may be called from any thread."""

    def __init__(self, place: Place, panels: Mapping[str, Panel]) -> None:
        self.place = place
        self.id = place.id
        self.panels = panels
        self.frames = tuple(frame.name for panel in panels.values() for frame in panel.frames)
        declared = {source for panel in panels.values() for source in panel.sources.values()}
        self.sources: Mapping[Source[Any], Attached[Any]] = {
            source: source.attach(place) for source in declared
        }
        self._readers = {
            attached: frozenset(name for name, panel in panels.items() if source in panel.sources.values())
            for source, attached in self.sources.items()
        }
        self._reads: dict[str, tuple[_Read, ...]] = {}
        self._config_file = self.sources.get(Config()) or Config().attach(place)
        self._lock = threading.Lock()
        self._good: dict[Attached[Any], Any] = {}

    def close(self) -> None:
        """Closes what the sources hold open."""
        for attached in self.sources.values():
            attached.close()

    def rest(self) -> None:
        """Drops what the sources keep to answer fast; it is read again when needed."""
        for attached in self.sources.values():
            attached.rest()

    def panels_reading(self, changed: Iterable[Attached[Any]]) -> frozenset[str]:
        """Names of the panels that read any of these."""
        return frozenset().union(*(self._readers[attached] for attached in changed))

    def signature(self, panel: str) -> Hashable:
        """Equal as long as nothing changed that this panel reads."""
        return tuple(read.attached.signature() for read in self._reads_by(panel))

    def panel(self, name: str) -> Panel:
        """The panel of that name.

        Raises:
            UnknownNameError: There is none.
        """
        try:
            return self.panels[name]
        except KeyError:
            raise UnknownNameError("panel", name, tuple(self.panels)) from None

    def frame(self, name: str) -> Frame:
        """The frame of that name.

        Raises:
            UnknownNameError: There is none.
        """
        return find_frame(self.panels, name)[1]

    def parse_query(self, panel: str, query: Mapping[str, Any]) -> BaseModel:
        """The query as its model.

        Raises:
            ArgumentError: It has a parameter that the panel does not declare, or of another type.
            UnknownNameError: There is no such panel.
        """
        model = self.panel(panel).query
        try:
            return model.model_validate(query)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(map(str, first["loc"])) or "query"
            known = ", ".join(model.model_fields) or "none"
            raise ArgumentError(
                f"panel {panel!r}, parameter {where!r}: {first['msg']}. Parameters: {known}."
            ) from None

    def collect(self, panel: str, query: BaseModel, version: int, now: datetime | None = None) -> Snapshot:
        """What the panel shows now.

        Never raises for what lies in the home: that becomes the snapshot's status and error.
        """
        now = now or datetime.now(UTC)
        blank = Snapshot(self.id, panel, version, "ok", None, None)
        declared, reads = self.panel(panel), self._reads_by(panel)
        try:
            check_readable(self.place.path)
        except HomeError as error:
            return replace(
                blank, status="unavailable", error=self._problem("unavailable", self.place.name, error)
            )
        try:
            before = _progress(reads)
            # Whoever asks a file what is there now asks it once: what is written from now on has another version.
            with one_look():
                contents, problem = self._contents(reads)
                result = declared.run(contents, query, now)
            # Asked again when the panel has read, since it may be the first look that begins it. What came to its
            # end in between may have given a part only: then what was said before counts, and the change that
            # follows corrects it.
            progress = _progress(reads) or before
            data = redact_json(result.payload.model_dump(mode="json"))
        except SourceError as error:
            status: Status = "unavailable" if error.kind == "unavailable" else "stale"
            problem = self._problem(error.kind, error.path, error)
            return replace(blank, status=status, error=problem, valid_until=_again(problem, now))
        except Exception:  # the boundary to a panel's own code: whatever fails there fails this panel only
            log.exception("The panel %r could not be collected", panel)
            message = f"The panel {panel!r} failed; the server's log says why."
            return replace(blank, status="stale", error=Problem(kind="internal", path=None, message=message))
        snapshot = replace(blank, data=data, valid_until=result.valid_until, error=problem, progress=progress)
        if problem is not None:
            instants = (snapshot.valid_until, _again(problem, now))
            return replace(
                snapshot,
                status="stale",
                valid_until=min((at for at in instants if at is not None), default=None),
            )
        if (no_home := self._no_home()) is not None:
            return replace(snapshot, status="empty", error=no_home, progress=None)
        if (elsewhere := self._elsewhere(reads)) is not None:
            return replace(snapshot, status="unavailable", error=elsewhere, progress=None)
        if progress is None and (result.payload.is_empty() or _is_missing(reads)):
            if (too_old := self._too_old(declared)) is None:
                return replace(snapshot, status="empty")
            # That Hermes was updated and has changed its database is told to no panel that does not read it.
            return replace(snapshot, status="empty", error=too_old, valid_until=now + UPDATED)
        return snapshot

    @property
    def recording(self) -> frozenset[str]:
        """Names of the panels of which something is kept over time."""
        return frozenset(name for name, panel in self.panels.items() if panel.record is not None)

    def record(self, panel: str, now: datetime | None = None) -> None:
        """Keeps what the panel's `record` makes of it now; nothing while anything is damaged or not read in full.

        Raises:
            OSError: It cannot be kept.
            SourceError: What was kept is damaged.
        """
        declared, reads = self.panel(panel), self._reads_by(panel)
        contents, problem = self._contents(reads)
        if declared.record is None or problem is not None or _progress(reads):
            return
        page = declared.record(declared.run(contents, declared.query(), now or datetime.now(UTC)).payload)
        for read in reads:
            if page is not None and isinstance(read.attached, AttachedDiary):
                read.attached.keep(page)

    def settle(self, panel: str) -> None:
        """Returns when what the panel reads is read in full; what cannot be read is for `collect` to tell."""
        for read in self._reads_by(panel):
            with suppress(SourceError):
                read.attached.settle()

    def progress(self) -> Progress | None:
        """How far the home has been read, while that goes on."""
        return _most_left(attached.reading for attached in self.sources.values())

    def table(self, name: str, given: Mapping[str, Any], now: datetime | None = None) -> pa.Table:
        """A frame as an Arrow table; arguments and errors are those of `rows`."""
        return self.rows(name, given, now=now).table()

    def rows(
        self, name: str, given: Mapping[str, Any], have: Collection[str] = (), now: datetime | None = None
    ) -> Rows:
        """A frame's rows, read in full.

        Args:
            name: The frame.
            given: `since`, `until`, `columns`, `limit`, `session_id`, `text`, as the caller gave them. Naive times
                and "today" are in the home's zone (`config.yaml`, `timezone`), else this machine's.
            have: Keys of chunks that are left out.
            now: The time; None: now.

        Raises:
            ArgumentError: A value makes no sense.
            SourceError: A file that it needs is damaged or locked, and was never read well.
            UnknownNameError: There is no such frame.
        """
        now = now or datetime.now(UTC)
        panel, frame = find_frame(self.panels, name)
        check_readable(self.place.path)
        where, zone_name = zone(self._config().text("timezone"))
        args = check_arguments(self.panels, name, given, now, where)
        reads = self._reads_of(frame.sources_of(panel.sources))
        if (elsewhere := self._elsewhere(reads)) is not None:
            raise SourceError("unavailable", STATE.path, elsewhere.message)
        contents, problem = self._contents(reads, is_for_frame=True)
        filled = frame.run(contents, args, now)
        status: Status = "stale" if problem else "ok"
        if problem is None and _is_missing(reads):
            status, problem = "empty", self._no_home()
        about = {
            "home": self.place.name,
            "as_of": now.isoformat(),
            "timezone": zone_name,
            "day_boundary": f"00:00 {zone_name}",
            "status": status,
            **({"error": problem.message} if problem else {}),
        }
        return frame.rows(filled, args, about, have)

    def _config(self) -> Settings:
        try:
            content: Settings = self._config_file.read()
        except SourceError:  # told by the panels that show it
            return Settings({})
        return content

    def _reads_by(self, panel: str) -> tuple[_Read, ...]:
        declared = self.panel(panel)
        if panel not in self._reads:
            self._reads[panel] = self._reads_of(declared.sources)
        return self._reads[panel]

    def _reads_of(self, sources: Mapping[str, Source[Any]]) -> tuple[_Read, ...]:
        return tuple(_Read(name, source, self.sources[source]) for name, source in sources.items())

    def _contents(
        self, reads: Iterable[_Read], is_for_frame: bool = False
    ) -> tuple[dict[str, Any], Problem | None]:
        """The sources' contents by name; for damaged ones the last good content, and what is wrong.

        A frame waits until all is read, and what is damaged and was never good is its error.
        """
        contents: dict[str, Any] = {}
        problem: Problem | None = None
        for name, source, attached in reads:
            try:
                if is_for_frame:
                    attached.settle()
                content = attached.read()
            except DatabaseMissing:
                content = source.missing
            except SourceError as error:
                with self._lock:
                    was_good = attached in self._good
                    content = self._good.get(attached, source.missing)
                if is_for_frame and source.counts_as_content and not was_good:
                    raise
                problem = problem or self._problem(error.kind, error.path, error)
            else:
                with self._lock:
                    self._good[attached] = content
            contents[name] = content
        return contents, problem

    def _no_home(self) -> Problem | None:
        if self.place.path.exists():
            return None
        message = f"No Hermes home at {self.place.name} — HUD.demo() shows one"
        return Problem(kind="no-home", path=self.place.name, message=message)

    def _elsewhere(self, reads: Iterable[_Read]) -> Problem | None:
        """Said where sessions are asked for that Hermes keeps in another database."""
        # Also where a file is left from before: it would show old sessions as the present.
        state = self.sources.get(STATE)
        if not any(read.attached is state for read in reads):
            return None
        backend = self._config().text("database.backend")
        if backend is None or not backend.strip().lower().startswith("postgres"):
            return None
        message = f"{STATE.path}: this home keeps its sessions in PostgreSQL, which is not read here"
        return Problem(kind="unavailable", path=STATE.path, message=message)

    def _too_old(self, panel: Panel) -> Problem | None:
        """Said of a panel that is empty because the Hermes of this home does not write yet what it shows."""
        state = self.sources.get(STATE)
        if panel.since is None or state is None:
            return None
        with suppress(SourceError, DatabaseMissing):  # told by the panels that show it
            ledger = state.read()
            release = None if ledger is None else ledger.release()
            if release is not None and is_older(release, panel.since):
                message = (
                    f"Not in this Hermes version: it came with Hermes {panel.since}, "
                    f"and this home was last used by {release} or older"
                )
                return Problem(kind="not-in-version", path=None, message=message)
        return None

    @staticmethod
    def _problem(kind: Any, path: str, error: Exception) -> Problem:
        return Problem(kind=kind, path=path, message=str(error))


def _progress(reads: Iterable[_Read]) -> Progress | None:
    """How far the reading of these has come: of several, the one with most left."""
    return _most_left(read.attached.progress for read in reads)


def _is_missing(reads: Iterable[_Read]) -> bool:
    content = [read for read in reads if read.source.counts_as_content]
    # The one that is most often there first: then no other file is asked for.
    content.sort(key=lambda read: not isinstance(read.source, StateDb))
    return bool(content) and all(read.attached.is_missing() for read in content)


def _most_left(found: Iterable[Progress | None]) -> Progress | None:
    return max(
        (progress for progress in found if progress is not None),
        key=lambda progress: progress.total - progress.done,
        default=None,
    )


def _again(problem: Problem, now: datetime) -> datetime | None:
    """When to look again: whoever holds a lock may let go without changing anything, so no event need follow."""
    return now + LOCKED_AGAIN if problem.kind == "locked" else None
