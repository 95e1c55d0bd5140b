from __future__ import annotations

import pytest

from hermes_hud_widget.ledger.money import Usage, cost, residual, total
from hermes_hud_widget.ledger.rows import Cost, Tokens


def usage(
    session: str = "a", estimated: float | None = None, status: str | None = None, **more: float
) -> Usage:
    blank = {"input": 0, "output": 0, "cache_read": 0, "cache_write": 0, "reasoning": 0, "api_calls": 1}
    return Usage(session, **{**blank, "actual_usd": None, **more}, estimated_usd=estimated, status=status)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([], Cost(None, None, 0)),
        ([usage(estimated=0.5, status="estimated")], Cost(0.5, "estimated", 0)),
        ([usage(estimated=0.5, status="estimated", actual_usd=0.4)], Cost(0.4, "actual", 0)),
        ([usage(estimated=0.0, status="included")], Cost(0.0, "included", 0)),
        ([usage(estimated=0.0, status="unknown")], Cost(None, "unknown", 1)),
        ([usage(estimated=0.0, status=None)], Cost(None, "unknown", 1)),
        ([usage(estimated=0.2, status=None)], Cost(0.2, "estimated", 0)),
        ([usage(estimated=0.0, status=None, api_calls=0)], Cost(None, None, 0)),
        (
            [usage(estimated=0.5, status="estimated"), usage("b", estimated=0.0, status="unknown")],
            Cost(0.5, "mixed", 1),
        ),
        ([usage("b", status="unknown"), usage("b", status="unknown")], Cost(None, "unknown", 1)),
        ([usage(estimated=0.5, status="estimated"), usage(status="included")], Cost(0.5, "mixed", 0)),
        ([usage(status="included"), usage("b", status="unknown")], Cost(None, "mixed", 1)),
        # The status is the last call's; the dollars are those of earlier ones.
        ([usage(estimated=0.5, status="unknown")], Cost(0.5, "mixed", 1)),
        ([usage(estimated=0.5, status="included")], Cost(0.5, "mixed", 0)),
    ],
)
def test_a_sum_says_what_kind_of_figure_it_is_and_what_it_does_not_know(
    parts: list[Usage], expected: Cost
) -> None:
    assert cost(parts) == expected


def test_the_residual_is_what_was_not_attributed_and_never_negative() -> None:
    whole = usage(estimated=1.0, status="estimated", input=100, output=10, api_calls=3)
    parts = [usage(estimated=0.4, input=60, output=20), usage(estimated=0.1, input=10)]
    rest = residual(whole, parts)
    assert (rest.input, rest.output, rest.api_calls, rest.estimated_usd) == (30, 0, 1, 0.5)


def test_what_is_wholly_attributed_leaves_nothing_behind() -> None:
    whole = usage(estimated=0.3, status="estimated", input=30, api_calls=3)
    rest = residual(whole, [usage(estimated=0.1, input=10)] * 3)  # 0.1 + 0.1 + 0.1 is not 0.3
    assert rest.is_nothing()
    assert cost([rest]) == Cost(None, None, 0)


def test_tokens_are_summed_by_kind() -> None:
    parts = [usage(input=1, output=2, cache_read=3, cache_write=4, reasoning=5)] * 2
    assert total(parts).tokens() == Tokens(2, 4, 6, 8, 10)
    assert total([]).tokens() == Tokens()


def test_sums_of_sums_are_the_sum_of_everything() -> None:
    days = [
        [usage("a", 0.5, "estimated", input=1), usage("a", 0.25, "unknown", output=2)],
        [usage("b", status="included", cache_read=4), usage("c", actual_usd=1.0, reasoning=3)],
        [usage("d", api_calls=0)],
    ]
    spent = total([])
    for day in days:
        spent.add(total(day))
    parts = [part for day in days for part in day]
    assert (spent.tokens(), spent.cost()) == (total(parts).tokens(), cost(parts))
    assert spent.api_calls() == 4
    assert (spent.sessions, spent.used) == (4, 3)
    assert spent.cost() == Cost(1.75, "mixed", 1)
