"""One time in `state.db` that no calendar has costs no panel its figures."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from hermes_hud_widget.core import OpenHome
from hermes_hud_widget.day import day_of
from hermes_hud_widget.ledger.activity import activity
from hermes_hud_widget.panels import BUILT_IN
from hermes_hud_widget.place import Place
from ledger.world import NOW, Story, call

ODD = {"milliseconds": 1_790_000_000_000, "the last second": 253_402_300_799, "year 1": -62_135_596_800}


@pytest.mark.parametrize("seconds", ODD.values(), ids=ODD.keys())
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Niue"])
def test_panels_and_frames_survive_it(home: Path, story: Story, seconds: float, zone: str) -> None:
    (home / "config.yaml").write_text(f"timezone: {zone}\n")
    story.session("good", at=60)
    story.message("good", "user", "hello", at=60)
    story.session("odd", at=NOW.timestamp() - seconds)
    for number, words in enumerate(["No, that is wrong, do not do that again", "go on"]):
        story.message("odd", "user", words, at=NOW.timestamp() - seconds + number)
    for command in ("sudo ls", "sudo mount"):
        asked = [call(command, "terminal", json.dumps({"command": command}))]
        story.message("odd", "assistant", "", at=NOW.timestamp() - seconds, tool_calls=asked)
    told = json.dumps({"exit_code": 0})
    story.message("odd", "tool", told, at=NOW.timestamp() - seconds, tool_call_id="sudo ls")
    story.execute(
        "INSERT INTO state_meta (key, value) VALUES ('goal:odd', ?)", (json.dumps({"goal": "End"}),)
    )
    opened = OpenHome(Place(home, home, None), {panel.name: panel for panel in BUILT_IN})
    try:
        for panel in BUILT_IN:
            opened.settle(panel.name)
            shown = opened.collect(panel.name, opened.parse_query(panel.name, {}), 1, NOW)
            assert shown.error is None, panel.name
            for frame in panel.frames:
                opened.table(frame.name, {})
    finally:
        opened.close()


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Niue"])
def test_a_day_is_the_nearest_that_there_is(zone: str) -> None:
    where = ZoneInfo(zone)
    assert day_of(datetime.min.replace(tzinfo=UTC), where).year == 1
    assert day_of(datetime.max.replace(tzinfo=UTC), where).year == 9999
    assert day_of(datetime(2026, 6, 1, 12, tzinfo=UTC), ZoneInfo("Pacific/Kiritimati")) == date(2026, 6, 2)


def test_what_never_comes_changes_nothing() -> None:
    last = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    found = activity((), last, None, NOW, None)
    assert (found.activity, found.valid_until) == ("idle", None)
