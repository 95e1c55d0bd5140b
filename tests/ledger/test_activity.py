from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hermes_hud_widget.ledger.activity import LIVE_S, RECENT_S, Message, activity, dangling_calls
from hermes_hud_widget.ledger.rows import LIVE
from hermes_hud_widget.ledger.writers import WriterProcess, Writers
from ledger.world import NOW


def ago(seconds: float) -> Message:
    return Message("", NOW - timedelta(seconds=seconds))


def user(seconds: float = 10, **more: bool) -> Message:
    return Message("user", NOW - timedelta(seconds=seconds), **more)


def answer(seconds: float = 10) -> Message:
    return Message("assistant", NOW - timedelta(seconds=seconds))


def calls(*tools: str, seconds: float = 10) -> Message:
    made = tuple((f"call-{index}", "", tool) for index, tool in enumerate(tools))
    return Message("assistant", NOW - timedelta(seconds=seconds), calls=made)


def result(index: int = 0, seconds: float = 5) -> Message:
    return Message("tool", NOW - timedelta(seconds=seconds), answers=f"call-{index}")


def process(seconds: float) -> Writers:
    """One writer that started so many seconds ago."""
    return Writers(frozenset({WriterProcess(1, NOW - timedelta(seconds=seconds))}))


NOBODY = Writers(frozenset())
OLD, LATE = process(10_000), process(1)

CASES = [
    # what happened last, seconds since, who writes, what it does
    ("a call without a result", [user(), calls("terminal")], 10, None, "running"),
    ("one of two calls without a result", [calls("terminal", "read_file"), result(0)], 5, None, "running"),
    ("a question to the user", [calls("clarify")], 10, None, "asking"),
    ("all results are there", [calls("terminal"), result(0)], 5, None, "thinking"),
    ("the user asked", [answer(20), user()], 10, None, "thinking"),
    ("the model answered", [user(), answer()], 10, None, "idle"),
    ("nothing yet", [], 10, None, "idle"),
    (
        "the user spoke while a call ran: it was interrupted",
        [calls("terminal"), user(5)],
        5,
        None,
        "thinking",
    ),
    ("an overheard message asks for nothing", [answer(20), user(5, is_overheard=True)], 5, None, "idle"),
    ("a note of the session's own", [answer(20), Message("session_meta", NOW)], 5, None, "idle"),
    ("nobody knows, for long", [calls("terminal", seconds=400)], 400, None, "open"),
    ("nobody knows, for exactly 300 s", [calls("terminal", seconds=300)], 300, None, "open"),
    ("nobody knows, not yet 300 s", [calls("terminal", seconds=299.9)], 299.9, None, "running"),
    ("idle for long", [answer(400)], 400, None, "open"),
    ("idle for long, the writer lives", [answer(400)], 400, OLD, "open"),
    ("a long call, the writer lives", [calls("terminal", seconds=4000)], 4000, OLD, "running"),
    ("a long question, the writer lives", [calls("clarify", seconds=4000)], 4000, OLD, "asking"),
    ("a long call, beyond a day", [calls("terminal", seconds=RECENT_S)], RECENT_S, OLD, "open"),
    ("a call, no writer left", [calls("terminal")], 10, NOBODY, "crashed"),
    ("waiting for the model, no writer left", [user()], 10, NOBODY, "crashed"),
    ("a result, no writer left", [calls("terminal"), result(0)], 5, NOBODY, "crashed"),
    ("a call long ago, no writer left", [calls("terminal", seconds=4000)], 4000, NOBODY, "crashed"),
    ("a call, only a later writer", [calls("terminal")], 10, LATE, "crashed"),
    ("answered, no writer left: that is no crash", [answer()], 10, NOBODY, "idle"),
    ("waiting for the model for long", [user(400)], 400, OLD, "open"),
    ("a clock that runs ahead", [calls("terminal", seconds=-50)], -50, None, "running"),
]


@pytest.mark.parametrize(
    ("tail", "seconds", "writers", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_what_an_unended_session_does(
    tail: list[Message], seconds: float, writers: Writers | None, expected: str
) -> None:
    assert activity(tail, NOW - timedelta(seconds=seconds), None, NOW, writers).activity == expected


@pytest.mark.parametrize("writers", [None, NOBODY, OLD])
def test_an_ended_session_is_ended_whatever_it_left_behind(writers: Writers | None) -> None:
    doing = activity(
        [calls("terminal")], NOW - timedelta(seconds=10), NOW - timedelta(seconds=3), NOW, writers
    )
    assert (doing.activity, doing.since) == ("ended", NOW - timedelta(seconds=3))
    assert (doing.running, doing.valid_until) == ((), None)


def test_running_calls_are_named_with_their_start() -> None:
    tail = [user(30), calls("terminal", "read_file", seconds=20), result(1, seconds=15)]
    doing = activity(tail, NOW - timedelta(seconds=15), None, NOW, None)
    (running,) = doing.running
    assert (running.call_id, running.tool, running.since) == (
        "call-0",
        "terminal",
        NOW - timedelta(seconds=20),
    )
    assert doing.since == running.since


def test_a_result_may_name_the_calls_second_id() -> None:
    made = Message("assistant", NOW, calls=(("fc_1", "call_1", "terminal"),))
    assert dangling_calls([made, Message("tool", NOW, answers="call_1")]) == ()
    assert dangling_calls([made, Message("tool", NOW, answers="fc_1")]) == ()
    assert len(dangling_calls([made, Message("tool", NOW, answers="other")])) == 1


def test_a_crashed_session_names_the_calls_it_died_in() -> None:
    doing = activity([calls("terminal")], NOW - timedelta(seconds=10), None, NOW, NOBODY)
    assert [call.tool for call in doing.running] == ["terminal"]


messages = st.lists(
    st.builds(
        Message,
        role=st.sampled_from(["user", "assistant", "tool", "system"]),
        timestamp=st.just(NOW - timedelta(hours=3)),
        calls=st.lists(st.sampled_from([("a", "", "terminal"), ("b", "", "clarify")]), unique=True).map(
            tuple
        ),
        answers=st.sampled_from([None, "a", "b"]),
        is_overheard=st.booleans(),
    ),
    max_size=6,
)


@given(tail=messages, age=st.floats(-100, 2 * RECENT_S), writers=st.sampled_from([None, NOBODY, OLD]))
def test_an_answer_stays_true_until_it_says_and_not_longer(
    tail: list[Message], age: float, writers: Writers | None
) -> None:
    last_active = NOW - timedelta(seconds=age)
    doing = activity(tail, last_active, None, NOW, writers)
    if doing.valid_until is None:
        later = NOW + timedelta(days=400)
        assert activity(tail, last_active, None, later, writers).activity == doing.activity
    else:
        assert doing.valid_until > NOW
        just_before = doing.valid_until - timedelta(microseconds=1)
        assert activity(tail, last_active, None, just_before, writers).activity == doing.activity
        assert activity(tail, last_active, None, doing.valid_until, writers).activity != doing.activity


@given(tail=messages, age=st.floats(0, 2 * RECENT_S))
def test_without_knowing_the_writers_hermes_own_rule_decides(tail: list[Message], age: float) -> None:
    doing = activity(tail, NOW - timedelta(seconds=age), None, NOW, None)
    assert (doing.activity in LIVE) == (age < LIVE_S)
