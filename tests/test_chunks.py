"""What comes out depends on the chunks that there are, not on those that were kept."""

import io
import itertools
import random
from collections.abc import Collection

import pyarrow as pa
import pytest

from hermes_hud_widget import chunks
from hermes_hud_widget.chunks import (
    BrokenStream,
    Chunk,
    Joined,
    Rows,
    as_stream,
    compact,
    from_stream,
    joined,
)
from hermes_hud_widget.frames import FrameArguments
from support.shelf import SHELF_FRAME, Shelf, row


def answer(given: list[Chunk], have: Collection[str] = ()) -> Rows:
    """As the server gives it, over the wire."""
    rows = SHELF_FRAME.rows(given, FrameArguments(), {"status": "ok"}, have)
    return from_stream(io.BytesIO(b"".join(as_stream(rows))))


def update(before: Joined | None, given: list[Chunk]) -> tuple[Joined, pa.Table]:
    have = before.keys if before is not None else frozenset()
    rows = answer(given, have)
    after = joined(before, rows, have)
    return after, after.table(rows.schema)


def categories(table: pa.Table) -> list[str]:
    return list(table["who"].unify_dictionaries().chunk(0).dictionary.to_pylist()) if len(table) else []


def occurring(shelf: Shelf) -> list[str]:
    return list(dict.fromkeys(row["who"] for row in shelf.rows if row["who"] is not None))


@pytest.mark.parametrize("seed", range(8))
def test_whatever_happens_to_the_chunks_the_table_is_what_they_say(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "SMALL_ROWS", 40)
    monkeypatch.setattr(chunks, "LOOSE_CHUNKS", 4)
    chance = random.Random(seed)
    numbers = itertools.count(1)
    shelf = Shelf()

    def some() -> list[dict[str, object]]:
        return [row(next(numbers)) for _ in range(chance.choice([0, 1, 9, 30]))]

    held: Joined | None = None
    for _ in range(60):
        place = chance.randrange(len(shelf.pieces)) if shelf.pieces else None
        match chance.choice(["add", "add", "grow", "replace", "delete", "swap", "none", "clear"]):
            case "add":
                shelf.put(some())
            case "grow" if place is not None:
                shelf.put([*shelf.pieces[-1][0], row(next(numbers))], -1)
            case "replace" if place is not None:
                shelf.put(some(), place)
            case "delete" if place is not None:
                del shelf.pieces[place]
            case "swap":
                chance.shuffle(shelf.pieces)
            case "clear" if chance.random() < 0.2:
                shelf.pieces.clear()
        given = [chunk for _, chunk in shelf.pieces]
        held, table = update(held, given)
        assert table.to_pylist() == shelf.rows
        assert categories(table) == occurring(shelf)
        assert table.equals(answer(given).table())
        assert table.schema.metadata == {b"status": b"ok"}


def test_only_what_is_new_comes() -> None:
    shelf = Shelf([row(1)], [row(2)])
    held, _ = update(None, [chunk for _, chunk in shelf.pieces])
    shelf.put([row(3), row(4)])
    rows = answer([chunk for _, chunk in shelf.pieces], held.keys)
    assert [batch.num_rows for batch in rows.batches] == [2]
    assert [length for _, length in rows.order or ()] == [1, 1, 2]


def test_nothing_new_costs_nothing() -> None:
    given = [chunk for _, chunk in Shelf([row(1)], [row(2)]).pieces]
    held, _ = update(None, given)
    assert update(held, given)[0] is held


def test_neither_arrays_nor_memory_grow_with_the_number_of_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "SMALL_ROWS", 50)
    monkeypatch.setattr(chunks, "LOOSE_CHUNKS", 8)
    shelf = Shelf([row(number) for number in range(200)])
    held: Joined | None = None
    for number in range(200, 800):
        last = shelf.pieces[-1][0]
        if len(last) < 20:
            shelf.put([*last, row(number)], -1)
        else:
            shelf.put([row(number)])
        held, table = update(held, [chunk for _, chunk in shelf.pieces])
        assert table["id"].num_chunks <= 10
    assert held is not None
    once = joined(None, answer([chunk for _, chunk in shelf.pieces]), ())
    assert held.nbytes <= 1.5 * once.nbytes


def test_a_long_history_that_shrinks_gives_its_memory_back() -> None:
    shelf = Shelf(*([row(100 * piece + number) for number in range(100)] for piece in range(20)))
    held, _ = update(None, [chunk for _, chunk in shelf.pieces])
    before = held.nbytes
    del shelf.pieces[2:]
    held, _ = update(held, [chunk for _, chunk in shelf.pieces])
    assert held.nbytes < before / 4


def test_a_stream_that_ends_early_is_no_table() -> None:
    whole = b"".join(
        as_stream(SHELF_FRAME.rows(Shelf([row(1)], [row(2)]).fill(FrameArguments()), FrameArguments(), {}))
    )
    expected = from_stream(io.BytesIO(whole)).table()
    came_through = 0
    for end in range(0, len(whole), 7):
        try:
            table = from_stream(io.BytesIO(whole[:end])).table()
        except BrokenStream:
            continue
        assert table.equals(expected)
        came_through += 1
    # Only the end's own mark may be missing.
    assert came_through <= 2


def test_an_answer_that_lacks_a_chunk_is_refused() -> None:
    rows = answer([chunk for _, chunk in Shelf([row(1)], [row(2)]).pieces])
    with pytest.raises(BrokenStream, match="has not the chunks"):
        joined(None, rows._replace(batches=rows.batches[:1]), ())
    with pytest.raises(BrokenStream, match="lacks the chunk"):
        joined(None, rows._replace(batches=rows.batches[:1]), {(rows.order or ())[1][0]})


def test_an_ordinary_arrow_reader_understands_a_table_in_chunks() -> None:
    shelf = Shelf([row(1), row(2)], [], [row(3)])
    rows = SHELF_FRAME.rows([chunk for _, chunk in shelf.pieces], FrameArguments(), {})
    table = pa.ipc.open_stream(b"".join(as_stream(rows))).read_all()
    assert table.to_pylist() == shelf.rows


def test_categories_that_do_not_occur_are_left_out() -> None:
    made = compact(
        pa.DictionaryArray.from_arrays(pa.array([2, None, 0], pa.int32()), pa.array(["a", "b", "c"]))
    )
    assert made.dictionary.to_pylist() == ["c", "a"]
    assert made.to_pylist() == ["c", None, "a"]
    nothing = compact(pa.DictionaryArray.from_arrays(pa.array([None], pa.int32()), pa.array(["a"])))
    assert (nothing.dictionary.to_pylist(), nothing.to_pylist()) == ([], [None])
