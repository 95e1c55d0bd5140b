"""What a panel is: a name, the sources it reads, a pure function of what they hold, and its frames."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.resources.abc import Traversable
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from hermes_hud_widget.frames import Frame, call
from hermes_hud_widget.ledger.release import parse_release
from hermes_hud_widget.sources import Diary, Page, Source

Group = Literal["now", "knowledge", "history", "models", "system", "more"]
GROUPS: tuple[Group, ...] = typing.get_args(Group)
"""In display order."""


class Payload(BaseModel):
    """Base of every panel's payload model.

    Times are timezone-aware UTC, durations are seconds, costs US dollars; the unit is in the name.
    """

    # What an error shows of its input would be message text in a log.
    # Built when first used: a server that starts should not wait for the models of panels that nobody opens.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, defer_build=True)

    def is_empty(self) -> bool:
        """True when there is nothing to show yet; the panel's status is then `empty`."""
        return False


class Query(BaseModel):
    """Base of every panel's query model: the parameters that a viewer may send; every field has a default."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class NoQuery(Query):
    """The query of a panel that takes no parameters."""


@dataclass(frozen=True)
class Until:
    """A payload that is true only until an instant, whatever the files do ("today", "live").

    Attributes:
        payload: The payload.
        valid_until: When it must be collected again while someone looks; timezone-aware.
    """

    payload: Payload
    valid_until: datetime | None


class Panel:
    """One panel.

    The keyword arguments are its sources: each is at once what to watch, how to read it, what damage
    looks like and what the documentation says. `collect` gets their contents under the same names, and
    `query` and `now` if it has parameters of those names.

        PANEL = Panel("cron", "Scheduled jobs", collect, jobs=Json("cron/jobs.json"))

    Args:
        name: Its name in URLs, in `hud.panel(name)` and in the page: lower case.
        title: What a viewer reads on its tab, in English.
        collect: Pure function from the sources' contents to the payload; its return annotation is the
            payload's model (or a union of it with `Until`).
        titles: The title in other languages, by language code: `{"zh": "…"}`.
        icon: Name of the icon on its tab, one of the browser module's (`js/src/ui/icon.tsx`).
        group: Which tabs it stands among: one of `GROUPS`.
        since: The first release of hermes-agent that writes what it shows ("0.16"); None: every one does. A panel
            that is empty in a home which an older one wrote says so.
        query: Model of the parameters that a viewer may send; every field has a default.
        frames: The DataFrames that it offers.
        record: What its `Diary` is to keep of its payload, by the day; None for a payload of which nothing is.
        view: An ES module that draws it; without one a generic view is made from the payload's schema.
        sources: What it reads, by the name under which `collect` receives it.
    """

    def __init__(
        self,
        name: str,
        title: str,
        collect: Callable[..., Payload | Until],
        *,
        titles: Mapping[str, str] | None = None,
        icon: str = "panel",
        group: Group = "more",
        since: str | None = None,
        query: type[BaseModel] = NoQuery,
        frames: tuple[Frame, ...] = (),
        record: Callable[[Any], Page | None] | None = None,
        view: Traversable | None = None,
        **sources: Source[Any],
    ) -> None:
        self.name = name
        self.title = title
        self.titles: Mapping[str, str] = titles or {}
        self.icon = icon
        self.group = group
        self.since = since
        self.collect = collect
        self.query = query
        self.frames = frames
        self.record = record
        self.view = view
        self.sources: Mapping[str, Source[Any]] = sources
        if group not in GROUPS:
            raise ValueError(f"panel {name!r}: group={group!r}; expected one of {', '.join(GROUPS)}")
        if since is not None:
            parse_release(since)
        if (record is None) is any(isinstance(source, Diary) for source in sources.values()):
            raise TypeError(f"panel {name!r}: a Diary among the sources and record= belong together")
        missing = sources.keys() - inspect.signature(collect).parameters.keys()
        if missing:
            raise TypeError(f"panel {name!r}: collect() takes no argument named {', '.join(sorted(missing))}")

    @property
    def payload(self) -> type[Payload]:
        """The model of what `collect` returns."""
        returned = typing.get_type_hints(self.collect)["return"]
        for candidate in typing.get_args(returned) or (returned,):
            if isinstance(candidate, type) and issubclass(candidate, Payload):
                return candidate
        raise TypeError(
            f"panel {self.name!r}: collect() must be annotated to return a Payload, not {returned!r}"
        )

    def run(self, contents: Mapping[str, Any], query: BaseModel, now: datetime) -> Until:
        """Calls `collect` with what it asks for."""
        result = call(self.collect, {**contents, "query": query, "now": now})
        return result if isinstance(result, Until) else Until(result, None)
