from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from hermes_hud_widget.errors import ArgumentError, UnknownNameError
from hermes_hud_widget.frames import Column, Filled, Frame, FrameArguments, as_text, parse_when, to_pandas
from hermes_hud_widget.panels import all_panels

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
FRAMES = [frame for panel in all_panels().values() for frame in panel.frames]
EXAMPLE = Frame(
    "example",
    (
        Column("n", "integer", "A number", unit="s"),
        Column("x", "number", "A number"),
        Column("yes", "boolean", "A fact"),
        Column("text", "text", "Words"),
        Column("kind", "category", "One of a few"),
        Column("at", "instant", "When"),
        Column("many", "texts", "Words"),
    ),
    dict,
    time="at",
)
ROWS = {
    "n": [1, None],
    "x": [0.5, None],
    "yes": [True, None],
    "text": ["a sk-abcdefghijklmnopqrstuv b", None],
    "kind": ["cli", None],
    "at": [NOW, None],
    "many": [["a", "x ghp_abcdefghijklmnopqrstuvwxyz"], None],
}
DTYPES = {
    "n": "Int64",
    "x": "Float64",
    "yes": "boolean",
    "text": "string",
    "kind": "category",
    "at": "datetime64[us, UTC]",
    "many": "list<item: string>[pyarrow]",
}


def to_arrow(frame: Frame, filled: Filled, args: FrameArguments, about: dict[str, str]) -> pa.Table:
    """What is sent, as one table."""
    return frame.rows(filled, args, about).table()


def dtypes(frame: pd.DataFrame) -> dict[str, str]:
    return {
        name: "string" if str(dtype).startswith("str") else str(dtype) for name, dtype in frame.dtypes.items()
    }


@pytest.mark.parametrize("rows", [ROWS, {name: [] for name in ROWS}], ids=["with rows", "empty"])
def test_columns_have_their_declared_dtypes_with_and_without_rows(rows: dict[str, list[object]]) -> None:
    assert dtypes(to_pandas(to_arrow(EXAMPLE, rows, FrameArguments(), {}))) == DTYPES


def test_text_is_redacted_unless_it_is_an_identifier() -> None:
    made = to_pandas(to_arrow(EXAMPLE, ROWS, FrameArguments(), {}))
    assert made["text"][0] == "a [redacted] b"
    assert list(made["many"][0]) == ["a", "x [redacted]"]


def test_arrow_arrays_of_the_declared_type_are_not_copied() -> None:
    arrays = {
        name: to_arrow(EXAMPLE, ROWS, FrameArguments(), {}).column(name).combine_chunks() for name in ROWS
    }
    made = to_arrow(EXAMPLE, arrays, FrameArguments(), {})
    for name, array in arrays.items():
        addresses = [buffer and buffer.address for buffer in made[name].chunk(0).buffers()]
        assert addresses == [buffer and buffer.address for buffer in array.buffers()], name


def test_arrow_arrays_of_another_type_become_the_declared_one_and_are_redacted() -> None:
    arrays: dict[str, Any] = {
        "n": pa.array([1, None], pa.int8()),
        "x": pa.array([0.5, None], pa.float32()),
        "yes": pa.array([True, None]),
        "text": pa.array(["a sk-abcdefghijklmnopqrstuv b", None], pa.large_string()),
        "kind": pa.array(["cli", None]),
        "at": pa.array([NOW, None], pa.timestamp("ms", tz="UTC")),
        "many": pa.chunked_array([[["a", "x ghp_abcdefghijklmnopqrstuvwxyz"]], [None]]),
    }
    made = to_arrow(EXAMPLE, arrays, FrameArguments(), {})
    assert made.equals(to_arrow(EXAMPLE, ROWS, FrameArguments(), {}))


@pytest.mark.parametrize("begin", range(10))
def test_parts_of_arrow_arrays_are_those_rows_and_no_others(begin: int) -> None:
    rows = {name: [values[number % 3 == 0] for number in range(30)] for name, values in ROWS.items()}
    whole = to_arrow(EXAMPLE, rows, FrameArguments(), {}).combine_chunks()
    part = pa.concat_tables([whole.slice(begin, 7), whole.slice(0, 0), whole.slice(begin + 3, 11)])
    expected = to_arrow(
        EXAMPLE,
        {name: [*rows[name][begin : begin + 7], *rows[name][begin + 3 : begin + 14]] for name in rows},
        FrameArguments(),
        {},
    )
    made = to_pandas(part)
    pd.testing.assert_frame_equal(made, to_pandas(expected), check_categorical=False)
    for name, values in expected.to_pydict().items():
        assert [
            None if pd.api.types.is_scalar(value) and pd.isna(value) else value for value in made[name]
        ] == values


def test_categories_of_arrow_arrays_are_those_that_occur() -> None:
    kinds = pa.DictionaryArray.from_arrays(pa.array([1, None], pa.int32()), pa.array(["unused", "cli"]))
    made = to_pandas(to_arrow(EXAMPLE, {**ROWS, "kind": kinds}, FrameArguments(), {}))
    assert list(made["kind"].cat.categories) == ["cli"]


def test_more_categories_than_a_byte_holds_are_told_apart() -> None:
    names = [f"kind {number}" for number in range(40_000)]
    made = to_pandas(
        to_arrow(
            Frame("many", (Column("kind", "category", "One of many"),), dict),
            {"kind": [*names, None, names[-1]]},
            FrameArguments(),
            {},
        )
    )
    assert made["kind"].astype("object").where(made["kind"].notna(), None).tolist() == [
        *names,
        None,
        names[-1],
    ]


def test_half_a_character_costs_no_frame() -> None:
    halves: dict[str, list[object]] = {**ROWS, "kind": ["a\ud83d", None], "text": ["b\ud83d", None]}
    made = to_pandas(to_arrow(EXAMPLE, halves, FrameArguments(), {}))
    assert list(made["kind"].dropna()) == ["a?"]
    assert list(made["text"].dropna()) == ["b?"]


def test_units_and_metadata_are_in_attrs() -> None:
    about = {"home": "~/.hermes", "as_of": NOW.isoformat(), "status": "ok"}
    attributes = to_pandas(to_arrow(EXAMPLE, ROWS, FrameArguments(), about)).attrs
    assert attributes == {
        "home": "~/.hermes",
        "as_of": NOW.isoformat(),
        "status": "ok",
        "units": {"n": "s"},
    }


def test_columns_come_in_the_order_asked_for() -> None:
    args = EXAMPLE.check(columns=["x", "n"])
    assert list(to_pandas(to_arrow(EXAMPLE, {"n": [1], "x": [2.0]}, args, {}))) == ["x", "n"]


def test_an_unknown_column_is_refused_with_those_that_exist() -> None:
    with pytest.raises(
        UnknownNameError, match=r"No column of the frame 'example' named 'nope'. There are: at, kind"
    ):
        EXAMPLE.check(columns=["n", "nope"])


def test_no_columns_at_all_is_refused() -> None:
    with pytest.raises(ArgumentError, match="asks for nothing"):
        EXAMPLE.check(columns=[])


def test_the_same_column_twice_is_refused() -> None:
    with pytest.raises(ArgumentError, match="twice"):
        EXAMPLE.check(columns=["n", "x", "n"])


def test_numpy_s_integers_are_limits() -> None:
    assert EXAMPLE.check(limit=np.int64(5)).limit == 5  # type: ignore[arg-type]


def test_today_and_naive_times_are_in_the_zone_given() -> None:
    where = ZoneInfo("Pacific/Auckland")
    assert parse_when("since", "today", NOW, where) == datetime(2026, 3, 4, 11, tzinfo=UTC)
    assert parse_when("since", "2026-03-05", NOW, where) == datetime(2026, 3, 4, 11, tzinfo=UTC)
    assert parse_when("since", datetime(2026, 3, 5), NOW, where) == datetime(2026, 3, 4, 11, tzinfo=UTC)  # noqa: DTZ001
    assert parse_when("since", pd.Timestamp("2026-03-05"), NOW, where) == datetime(2026, 3, 4, 11, tzinfo=UTC)


def test_not_a_time_is_no_time() -> None:
    with pytest.raises(ArgumentError, match="is not a time"):
        parse_when("since", pd.NaT, NOW)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "value", ["7d", date(2026, 1, 2), pd.Timestamp("2026-01-02T03:00Z"), timedelta(hours=1), NOW]
)
def test_a_time_as_text_means_the_same(value: object) -> None:
    there = parse_when("since", as_text(value), datetime.now(UTC))  # type: ignore[arg-type]
    here = parse_when("since", value, datetime.now(UTC))  # type: ignore[arg-type]
    assert there is not None
    assert here is not None
    assert abs(there - here) < timedelta(seconds=5)


@pytest.mark.parametrize("limit", [-1, 1.5, True, "3"])
def test_a_senseless_limit_is_refused(limit: object) -> None:
    with pytest.raises(ArgumentError, match="limit="):
        EXAMPLE.check(limit=limit)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "instant"),
    [
        (datetime(2026, 1, 2, 3, tzinfo=timezone(timedelta(hours=2))), datetime(2026, 1, 2, 1, tzinfo=UTC)),
        ("2026-01-02T03:00:00+02:00", datetime(2026, 1, 2, 1, tzinfo=UTC)),
        ("2026-01-02T03:00:00Z", datetime(2026, 1, 2, 3, tzinfo=UTC)),
        (timedelta(hours=2), NOW - timedelta(hours=2)),
        ("90m", NOW - timedelta(minutes=90)),
        ("24h", NOW - timedelta(hours=24)),
        ("7d", NOW - timedelta(days=7)),
        ("2 w", NOW - timedelta(weeks=2)),
        ("now", NOW),
        (date(2026, 1, 2), datetime(2026, 1, 2).astimezone(UTC)),
        ("2026-01-02", datetime(2026, 1, 2).astimezone(UTC)),
        (pd.Timestamp("2026-01-02T03:00Z"), datetime(2026, 1, 2, 3, tzinfo=UTC)),
        (None, None),
    ],
)
def test_a_time_may_be_given_in_many_ways(value: object, instant: datetime | None) -> None:
    assert parse_when("since", value, NOW) == instant  # type: ignore[arg-type]


def test_yesterday_begins_a_day_before_today() -> None:
    today, yesterday = parse_when("since", "today", NOW), parse_when("since", "Yesterday", NOW)
    assert today is not None
    assert yesterday is not None
    assert timedelta(hours=22) < today - yesterday < timedelta(hours=26)
    assert today <= NOW < today + timedelta(hours=26)


@pytest.mark.parametrize("value", ["yesterdayish", "", "7 parsecs", "2026-13-40", 5])
def test_a_time_that_is_none_is_refused_with_what_is_understood(value: object) -> None:
    with pytest.raises(ArgumentError, match=r"since=.*is not a time\. Expected a datetime"):
        parse_when("since", value, NOW)  # type: ignore[arg-type]


def test_a_frame_without_time_takes_no_since() -> None:
    with pytest.raises(ArgumentError, match="has no time column"):
        Frame("plain", (), dict).check(since="7d")


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: frame.name)
def test_every_declared_column_says_what_it_means(frame: Frame) -> None:
    assert all(column.meaning for column in frame.columns)
    assert len(set(frame.column_names)) == len(frame.columns)
    assert frame.time is None or frame.time in frame.column_names


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: frame.name)
def test_every_frame_converts_to_arrow_and_pandas_without_rows(frame: Frame) -> None:
    table = to_arrow(frame, {name: [] for name in frame.column_names}, FrameArguments(), {})
    assert isinstance(table, pa.Table)
    assert list(to_pandas(table)) == list(frame.column_names)
