"""Scripts played side by side keep their own times."""

from __future__ import annotations

from hermes_hud_widget.demo.script import Script, after, together


def test_scripts_side_by_side_keep_their_own_times() -> None:
    now = 0.0
    seen: list[tuple[str, float]] = []

    def ticking(name: str, *pauses: float) -> Script:
        for pause in pauses:
            seen.append((name, now))
            yield pause
        seen.append((name, now))

    late = after(2.0, lambda: ticking("late", 0.5))
    for pause in together(ticking("slow", 3.0, 3.0), ticking("fast", 1.0, 1.0), late):
        now += pause
    assert seen == [
        ("slow", 0.0),
        ("fast", 0.0),
        ("fast", 1.0),
        ("fast", 2.0),
        ("late", 2.0),
        ("late", 2.5),
        ("slow", 3.0),
        ("slow", 6.0),
    ]


def test_nothing_played_together_ends_at_once() -> None:
    assert list(together()) == []
