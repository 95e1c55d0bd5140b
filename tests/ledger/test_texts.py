from __future__ import annotations

import json
from typing import Any

import pytest

from hermes_hud_widget.ledger import Database
from hermes_hud_widget.ledger.texts import texts
from ledger.world import Story

LONG = "ä" * 70_000


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        ("plain", "plain"),
        ("", ""),
        (None, None),
        (LONG, LONG),
        ("a\0b", "a\0b"),
        (b"\xff!", "\ufffd!"),
        (12, "12"),
        ([{"type": "text", "text": LONG}, {"type": "image_url", "data": "A"}, "x"], f"{LONG}\n[image]\nx"),
        ([{"type": "audio"}, {}, 7], "[audio]\n[part]\n[part]"),
        ("\0json:{damaged", "{damaged"),
        ("\0json:[]", "[]"),
        ('\0json:[{"text": "\\ud800"}]', "\ufffd"),
    ],
)
def test_a_text_is_all_that_a_message_says(
    content: Any, shown: str | None, story: Story, database: Database
) -> None:
    message_id = story.message("a", content=content)
    ((ids, found),) = texts(database, [message_id])
    assert ids == [message_id]
    assert found == [shown] or (shown == "\ufffd" and json.dumps(found[0]) != '"\\ud800"')


def test_texts_come_a_few_at_a_time_in_sequence_without_those_that_are_gone(
    story: Story, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(12):
        story.message("a", content=f"{number}")
    story.execute("DELETE FROM messages WHERE id = 7")
    monkeypatch.setattr("hermes_hud_widget.ledger.pace.TARGET_S", 1e-9)
    found = list(texts(database, range(1, 13)))
    assert [len(ids) for ids, _ in found][:3] == [5, 1, 0]
    assert [int(text or "") + 1 for _, some in found for text in some] == [
        id for ids, _ in found for id in ids
    ]
    assert sum(len(ids) for ids, _ in found) == 11
