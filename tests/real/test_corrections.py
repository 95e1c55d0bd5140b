"""The corrections panel over sessions that Hermes writes: kept true through rewinds and new messages."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from hermes_hud_widget.core import OpenHome
from hermes_hud_widget.panels import corrections
from hermes_hud_widget.panels.corrections import Corrections
from hermes_hud_widget.place import Place
from real.agent import Hermes


def test_corrections_come_and_go_with_hermes_messages(home: Path, hermes: Hermes) -> None:
    opened = OpenHome(Place(home, home, None), {"corrections": corrections.PANEL})

    def said() -> list[int | None]:
        opened.settle("corrections")
        shown = opened.collect("corrections", opened.parse_query("corrections", {}), 1, datetime.now(UTC))
        assert shown.error is None
        found = Corrections.model_validate(shown.data)
        assert found.is_whole
        return [one.message for one in found.said]

    hermes.db("create_session", "a", "cli")
    hermes.say("a", "Which day is it?", "It is Tuesday.")
    first = hermes.db("append_message", "a", "user", "That's wrong, it is Monday.")
    assert said() == [first]
    hermes.db("append_message", "a", "assistant", "Monday, then.")
    second = hermes.db("append_message", "a", "user", "Never guess again.")
    assert said() == [second, first]
    # Hermes' own search finds the same messages.
    theirs = {row["id"] for row in hermes.db("search_messages", "wrong OR never", role_filter=["user"])}
    assert theirs == {first, second}
    hermes.db("rewind_to_message", "a", second)
    assert said() == [first]
    hermes.memory("add", "memory", "Never guess the day.")
    shown = opened.collect("corrections", opened.parse_query("corrections", {}), 1, datetime.now(UTC))
    assert [one["rule"] for one in (shown.data or {})["kept"]] == ["never"]
    hermes.db("delete_session", "a")
    assert said() == []
    opened.close()
