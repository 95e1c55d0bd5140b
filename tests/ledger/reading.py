"""Everything that an open home says of its `state.db`, so that two readers can be compared."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

from hermes_hud_widget.core import OpenHome, Snapshot
from hermes_hud_widget.panels import all_panels
from hermes_hud_widget.panels.sessions import Sort
from hermes_hud_widget.place import find_place
from hermes_hud_widget.sources import StateDb, WritersOf

HISTORIES = int(os.environ.get("HISTORIES", "0"))
"""How many random histories a test tries; 0: as many as fit into a few seconds."""

OF_STATE = {name: panel for name, panel in all_panels().items() if StateDb() in panel.sources.values()}
PANELS = tuple(OF_STATE)
FRAMES = tuple(
    frame.name
    for panel in OF_STATE.values()
    for frame in panel.frames
    if frame.name != "processes"  # those come and go whatever the database holds
)
ALL = 200
"""As many conversations as fit on a page."""


def open_home(path: Path) -> OpenHome:
    """A home that keeps what it reads, as in the server."""
    return OpenHome(find_place(path), OF_STATE)


@contextmanager
def opened_anew(kept: OpenHome) -> Iterator[OpenHome]:
    """The same home as one that holds nothing reads it."""
    fresh = OpenHome(kept.place, kept.panels)
    own = dict(fresh.sources)
    # Processes are looked for every few seconds: both must have looked at the same moment.
    fresh.sources = {**own, WritersOf(): kept.sources[WritersOf()]}
    try:
        yield fresh
    finally:
        for attached in own.values():
            attached.close()


def settle(home: OpenHome) -> None:
    """Waits until all that is there has been read."""
    for attached in home.sources.values():
        attached.settle()


def show(home: OpenHome, panel: str, now: datetime, **query: Any) -> Snapshot:
    """What a panel shows at that time."""
    return home.collect(panel, home.parse_query(panel, query), 1, now)


def rows(home: OpenHome, frame: str, now: datetime, **given: Any) -> list[dict[str, Any]]:
    """The rows of a frame."""
    found: list[dict[str, Any]] = home.table(frame, given, now).to_pylist()
    return found


def listed(home: OpenHome, now: datetime, **query: Any) -> list[dict[str, Any]]:
    """The rows of the sessions panel, as many as fit on one page."""
    data = show(home, "sessions", now, page_size=ALL, **query).data
    conversations: list[dict[str, Any]] = data["list"]["rows"]
    return conversations


def said(home: OpenHome, now: datetime) -> dict[str, Any]:
    """What all panels show and all frames hold, page by page, by a name that says what was asked for.

    Args:
        home: The home.
        now: The present; payloads depend on it.
    """
    shown = {
        "overview": show(home, "overview", now),
        **{f"costs of {days} days": show(home, "costs", now, days=days) for days in (0, 1, 2, 30)},
    }
    for archived in (False, True):
        for by in get_args(Sort):
            for descending in (True, False):
                query = {"sort": by, "descending": descending, "archived": archived, "page_size": ALL}
                shown[f"sessions {query}"] = show(home, "sessions", now, **query)
        for page in range(3):
            query = {"page": page, "page_size": 2, "archived": archived}
            shown[f"sessions {query}"] = show(home, "sessions", now, **query)
    for query in (
        {"search": "hello"},
        {"search": "ello", "anywhere": True, "archived": True},
        {"search": "title", "source": "cli"},
        {"source": "cli"},
        {"project": "", "model": ""},
        {"live": True},
    ):
        shown[f"sessions {query}"] = show(home, "sessions", now, **query)
    sessions = rows(home, "sessions", now)
    for session_id in ["nobody", *(row["id"] for row in sessions)]:
        before, last = None, False
        while not last:
            query = {"session": session_id, "before": before, "limit": 3}
            page_of_it = shown[f"transcript {query}"] = show(home, "sessions", now, **query)
            transcript = page_of_it.data and page_of_it.data["transcript"]
            before = transcript["older"] if transcript else None
            last = before is None
    found: dict[str, Any] = {
        name: (one.status, one.error, one.data, one.valid_until) for name, one in shown.items()
    }
    for frame in FRAMES:
        declared = home.frame(frame)
        found[f"frame {frame}"] = rows(home, frame, now)
        asked: list[dict[str, Any]] = [{"limit": 0}, {"limit": 2}]
        times = sorted(
            row[declared.time]
            for row in found[f"frame {frame}"]
            if declared.time is not None and row[declared.time] is not None
        )
        if times:
            middle = times[len(times) // 2].astimezone(UTC)
            asked += [{"since": middle}, {"until": middle}, {"since": middle, "limit": 1}]
        if declared.by_session:
            asked += [{"session_id": row["id"]} for row in sessions]
        for given in asked:
            found[f"frame {frame} {given}"] = rows(home, frame, now, **given)
    return found


def by_column(home: OpenHome, now: datetime) -> dict[str, list[Any]]:
    """Each column of each frame, asked for alone."""
    return {
        f"{frame}.{column}": [row[column] for row in rows(home, frame, now, columns=[column])]
        for frame in FRAMES
        for column in home.frame(frame).column_names
    }


def assert_agrees(kept: OpenHome, now: datetime) -> None:
    """Asserts that a home says what one says that has just been opened."""
    settle(kept)
    with opened_anew(kept) as fresh:
        settle(fresh)
        expected, found = said(fresh, now), said(kept, now)
        assert_same(found, expected)
        alone = by_column(kept, now)
    for name, column in alone.items():
        frame, _, of = name.partition(".")
        assert_same({name: column}, {name: [row[of] for row in expected[f"frame {frame}"]]})


def assert_same(found: Any, expected: Any, tolerance: float = 0.0) -> None:
    """Asserts that two of these are equal; tells where they first differ, and no more.

    Args:
        found: Values, lists and dicts of them at any depth.
        expected: The same.
        tolerance: How far numbers may be apart, and seconds.
    """
    difference = next(_differences(found, expected, tolerance, ""), None)
    assert difference is None, difference


def _differences(found: Any, expected: Any, tolerance: float, where: str) -> Iterator[str]:
    if isinstance(found, dict) and isinstance(expected, dict):
        for key in found.keys() | expected.keys():
            if key not in found or key not in expected:
                yield f"{where}[{key!r}] is {'not ' if key not in found else ''}there"
            else:
                yield from _differences(found[key], expected[key], tolerance, f"{where}[{key!r}]")
    elif (
        isinstance(found, list | tuple) and isinstance(expected, list | tuple) and len(found) == len(expected)
    ):
        for index, (one, other) in enumerate(zip(found, expected, strict=True)):
            yield from _differences(one, other, tolerance, f"{where}[{index}]")
    elif not _is_same(found, expected, tolerance):
        yield f"{where}: {found!r}, expected {expected!r}"


def _is_same(found: Any, expected: Any, tolerance: float) -> bool:
    if isinstance(found, datetime) and isinstance(expected, datetime):
        return abs((found - expected).total_seconds()) <= tolerance
    if isinstance(found, float) and isinstance(expected, int | float):
        return abs(found - expected) <= tolerance
    return bool(found == expected)
