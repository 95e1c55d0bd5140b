"""Frames from a server to the user: what the kernel keeps is never seen in what it returns."""

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from hermes_hud_widget import Home
from hermes_hud_widget.client import tables as client_tables
from hermes_hud_widget.client.child import Endpoint
from hermes_hud_widget.client.rest import get, get_rows
from hermes_hud_widget.client.runtime import Runtime
from hermes_hud_widget.client.secret import Secret
from hermes_hud_widget.client.tables import Tables
from hermes_hud_widget.client.waiting import Stop
from hermes_hud_widget.errors import ArgumentError, HudError, ServerError, SourceError, UnknownNameError
from hermes_hud_widget.frames import FrameArguments
from hermes_hud_widget.place import Place
from hermes_hud_widget.protocol import Progress
from hermes_hud_widget.sources import Attached, Source
from support.served import TOKEN
from support.shelf import COLUMNS, SHELF_FRAME, Kernel, Shelf, chunk, kernel, row, script

NOTHING = dict.fromkeys(("since", "until", "columns", "limit", "session_id", "text"))


@pytest.fixture
def shelf() -> Shelf:
    return Shelf([row(number) for number in range(50)], [row(number) for number in range(50, 53)])


@pytest.fixture
def one(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kernel]:
    with kernel(shelf, monkeypatch) as made:
        yield made


def rows_of(frame: pa.Table) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = frame.to_pylist()
    return rows


def sent(one: Kernel, path: str) -> pa.Table:
    """What the server sends for a path, as any client sees it."""
    status, body = request(one, path)
    assert status == 200, body
    return pa.ipc.open_stream(body).read_all()


def request(one: Kernel, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", one.server.port, timeout=10)
    try:
        connection.request("GET", path, headers={"Authorization": f"Bearer {TOKEN}"})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def test_after_each_change_the_frame_is_what_the_server_has(one: Kernel, shelf: Shelf, home: Path) -> None:
    with Home(home) as reader:
        for change in (
            lambda: shelf.put([row(53)]),
            lambda: shelf.put([row(53), row(54)], -1),
            lambda: shelf.put([row(900)], 0),
            lambda: shelf.pieces.reverse(),
            lambda: shelf.pieces.pop(1),
            lambda: shelf.pieces.clear(),
            lambda: shelf.put([row(1)]),
        ):
            change()
            assert rows_of(reader.frame("shelf", library="arrow")) == shelf.rows
            fresh = Tables()
            one.tables, kept = fresh, one.tables
            expected = reader.frame("shelf")
            one.tables = kept
            pd.testing.assert_frame_equal(reader.frame("shelf"), expected)


def test_some_columns_of_what_is_kept_are_of_now_too(one: Kernel, shelf: Shelf, home: Path) -> None:
    with Home(home) as reader:
        reader.frame("shelf")
        shelf.put([row(700)], 0)
        frame = reader.frame("shelf", columns=["call", "id"])
        assert list(frame) == ["call", "id"]
        assert list(frame["id"]) == [row["id"] for row in shelf.rows]
        assert shelf.asked[-1].columns is None
        assert list(reader.frame("shelf", columns="id")) == ["id"]


def test_some_columns_of_what_is_not_kept_are_all_that_comes(one: Kernel, shelf: Shelf, home: Path) -> None:
    with Home(home) as reader:
        assert list(reader.frame("shelf", columns=["call", "id"])) == ["call", "id"]
    assert shelf.asked[-1].columns == ("call", "id")
    assert one.tables.nbytes == 0


def test_two_homes_of_a_kernel_share_what_is_kept_until_the_last_is_closed(
    one: Kernel, shelf: Shelf, home: Path
) -> None:
    first, second = Home(home), Home(home)
    first.frame("shelf")
    held = one.tables.nbytes
    assert held > 0
    second.frame("shelf")
    assert one.tables.nbytes == held
    first.close()
    assert one.tables.nbytes == held
    second.close()
    assert one.tables.nbytes == 0


def test_what_another_server_sent_is_dropped(one: Kernel, shelf: Shelf, home: Path) -> None:
    asked: list[frozenset[str]] = []

    def fetch(given: Any, have: Any) -> Any:
        asked.append(frozenset(have))
        return SHELF_FRAME.rows(shelf.fill(FrameArguments()), FrameArguments(), {}, have)

    tables = Tables()
    for server in ("a", "a", "b", "b"):
        table = tables.table(server, "home", "shelf", {"columns": None}, True, fetch)
        assert table.to_pylist() == shelf.rows
    keys = frozenset(chunk.key for _, chunk in shelf.pieces)
    assert asked == [frozenset(), keys, frozenset(), keys]


def test_what_is_kept_goes_with_the_server(shelf: Shelf) -> None:
    runtime = Runtime()
    runtime.tables.table(
        "s",
        "home",
        "shelf",
        {"columns": None},
        True,
        lambda given, have: SHELF_FRAME.rows(shelf.fill(FrameArguments()), FrameArguments(), {}, have),
    )
    assert runtime.tables.nbytes > 0
    runtime.close()
    assert runtime.tables.nbytes == 0


def test_the_frames_used_least_go_first(shelf: Shelf) -> None:
    def fetch(given: Any, have: Any) -> Any:
        asked.append(frozenset(have))
        return SHELF_FRAME.rows(shelf.fill(FrameArguments()), FrameArguments(), {}, have)

    asked: list[frozenset[str]] = []
    measure = Tables()
    measure.table("s", "home", "a", {"columns": None}, True, fetch)
    tables = Tables(limit=int(2.5 * measure.nbytes))
    for name in ("a", "b", "a", "c"):
        tables.table("s", "home", name, {"columns": None}, True, fetch)
    assert tables.nbytes <= 2.5 * measure.nbytes
    asked.clear()
    for name in ("a", "b"):
        tables.table("s", "home", name, {"columns": None}, True, fetch)
    assert [bool(have) for have in asked] == [True, False]


def test_a_history_of_very_many_chunks_is_named_in_part(
    one: Kernel, shelf: Shelf, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_tables, "NAMED_BYTES", 100)
    for number in range(20):
        shelf.put([row(number)])
    asked: list[int] = []
    real = one.server.engine.rows

    def rows(home_id: str, frame: str, given: Any, have: Any) -> Any:
        asked.append(len(have))
        return real(home_id, frame, given, have)

    monkeypatch.setattr(one.server.engine, "rows", rows)
    with Home(home) as reader:
        for _ in range(2):
            assert rows_of(reader.frame("shelf", library="arrow")) == shelf.rows
    assert asked[0] == 0
    assert 5 <= asked[1] < 22


def test_a_request_may_name_as_many_chunks_as_are_named(one: Kernel, home: Path) -> None:
    keys = "".join(f"&have={number:064}" for number in range(client_tables.NAMED_BYTES // 70))
    assert sent(one, f"/api/homes/{one.server.open(home)}/frames/shelf?{keys[1:]}").num_rows == 53


def test_only_chunks_that_are_missing_are_sent_and_the_order_of_all(
    one: Kernel, shelf: Shelf, home: Path
) -> None:
    home_id = one.server.open(home)
    path = f"/api/homes/{home_id}/frames/shelf"
    keys = [chunk.key for _, chunk in shelf.pieces]
    assert rows_of(sent(one, path)) == shelf.rows
    table = sent(one, f"{path}?have={quote(keys[0])}&have=unknown")
    assert rows_of(table) == shelf.pieces[1][0]
    assert json.loads(table.schema.metadata[b"chunks"]) == [[keys[0], 50], [keys[1], 3]]


def test_narrowed_requests_and_texts_are_asked_for_and_not_kept(
    one: Kernel, shelf: Shelf, home: Path
) -> None:
    with Home(home) as reader:
        assert list(reader.frame("shelf", limit=2)["id"]) == [51, 52]
        assert shelf.asked[-1].limit == 2
        reader.frame("shelf", since="2026-01-01T00:00:40Z", until="2026-01-01T00:00:45Z")
        assert shelf.asked[-1].since is not None
        assert shelf.asked[-1].until is not None
        texts = reader.frame("shelf", limit=1, text=True)
        assert list(texts)[-1] == "text"
        assert texts["text"].iloc[0] == "text of 52 [redacted]"
        assert list(reader.frame("shelf", columns=["text", "id"], text=True)) == ["text", "id"]
        assert one.tables.nbytes == 0
        assert "text" not in reader.frame("shelf")


def test_a_frame_without_text_says_which_have_it(one: Kernel, shelf: Shelf, home: Path) -> None:
    with (
        Home(home) as reader,
        pytest.raises(ArgumentError, match=r"'plain' has no text.*Those that do: shelf\."),
    ):
        reader.frame("plain", text=True)
    with Home(home) as reader, pytest.raises(ArgumentError, match="comes with text=True"):
        reader.frame("shelf", columns=["text"])
    with Home(home) as reader, pytest.raises(ArgumentError, match="expected True or False"):
        reader.frame("shelf", text=1)  # type: ignore[call-overload]
    status, body = request(one, f"/api/homes/{one.server.open(home)}/frames/plain?text=true")
    assert (status, "Those that do: shelf." in json.loads(body)["detail"]) == (400, True)


@pytest.mark.parametrize("parameter", ["colums=id", "text_=1", "page=2"])
def test_a_parameter_that_frames_do_not_have_is_refused(one: Kernel, home: Path, parameter: str) -> None:
    status, body = request(one, f"/api/homes/{one.server.open(home)}/frames/shelf?{parameter}")
    assert status == 400
    assert "there is none. Parameters: since, until, columns" in json.loads(body)["detail"]


def test_pandas_polars_and_arrow_say_the_same(one: Kernel, shelf: Shelf, home: Path) -> None:
    with Home(home) as reader:
        arrow, polars, pandas = (
            reader.frame("shelf", library="arrow"),
            reader.frame("shelf", library="polars"),
            reader.frame("shelf", library="pandas"),
        )
    assert rows_of(arrow) == polars.to_dicts() == shelf.rows
    for name in arrow.column_names:
        values = [None if value is pd.NA or value is pd.NaT else value for value in pandas[name]]
        if name == "who":
            values = [value if isinstance(value, str) else None for value in values]
        assert values == arrow[name].to_pylist(), name
    assert arrow.schema.metadata[b"status"] == b"ok"
    assert b"chunks" not in arrow.schema.metadata
    assert set(pandas.attrs) == {"home", "as_of", "timezone", "day_boundary", "status", "units"}


def test_polars_has_its_own_types_with_and_without_rows(one: Kernel, shelf: Shelf, home: Path) -> None:
    expected = {
        "id": pl.Int64,
        "who": pl.Categorical,
        "at": pl.Datetime("us", "UTC"),
        "call": pl.String,
        "words": pl.String,
        "many": pl.List(pl.String),
        "share": pl.Float64,
        "yes": pl.Boolean,
    }
    with Home(home) as reader:
        assert dict(reader.frame("shelf", library="polars").schema) == expected
        shelf.pieces.clear()
        assert dict(reader.frame("shelf", library="polars").schema) == expected
        assert dict(reader.frame("shelf", library="polars", limit=0).schema) == expected


def test_a_library_that_is_not_there_is_named_before_anything_is_read(
    one: Kernel, shelf: Shelf, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hermes_hud_widget.frames.find_spec", lambda name: None)
    with Home(home) as reader:
        with pytest.raises(HudError, match=r"hermes-hud-widget\[polars\]"):
            reader.frame("shelf", library="polars")
        with pytest.raises(ArgumentError, match="expected one of pandas, polars, arrow"):
            reader.frame("shelf", library="dask")  # type: ignore[call-overload]
    assert shelf.asked == []


def scribble(frame: pd.DataFrame) -> None:
    """Writes to everything of a DataFrame that lets itself be written to."""
    others = {
        "who": "who 1",
        "call": "x",
        "words": "x",
        "many": ["x"],
        "at": pd.Timestamp(0, tz="UTC"),
        "yes": False,
    }
    for place, name in enumerate(frame.columns):
        other = others.get(name, 0)
        if name != "many":  # pandas takes no list for one value
            frame.iloc[0, place] = other
            frame.iloc[5:8, place] = other
            frame[name].array[1] = other
        for inner in () if name in ("call", "words", "many") else ("_data", "_mask", "_ndarray", "_codes"):
            memory = getattr(frame[name].array, inner, None)
            if isinstance(memory, np.ndarray):
                memory.flags.writeable = True
                memory[:] = memory[0]
        try:
            frame[name].to_numpy()[2] = other
        except ValueError:  # read-only
            continue


@pytest.mark.parametrize("where", ["kernel", "script"])
def test_who_writes_to_a_frame_changes_nothing_but_that_frame(
    where: str, shelf: Shelf, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager: Any = kernel(shelf, monkeypatch) if where == "kernel" else script(shelf, home, monkeypatch)
    with manager, Home(home) as reader:
        first, second = reader.frame("shelf"), reader.frame("shelf")
        untouched = second.copy(deep=True)
        scribble(first)
        assert not first.equals(untouched)
        pd.testing.assert_frame_equal(second, untouched)
        pd.testing.assert_frame_equal(reader.frame("shelf"), untouched)
        second["who"] = second["who"].cat.rename_categories(str.upper)
        second["new"] = 1
        pd.testing.assert_frame_equal(reader.frame("shelf"), untouched)
        assert rows_of(reader.frame("shelf", library="arrow")) == shelf.rows


def test_a_script_keeps_the_same_promise(shelf: Shelf, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with script(shelf, home, monkeypatch) as reader:
        for change in (lambda: None, lambda: shelf.put([row(60)]), lambda: shelf.put([], 0)):
            change()
            assert rows_of(reader.frame("shelf", library="arrow")) == shelf.rows


def test_lists_are_lists(one: Kernel, shelf: Shelf, home: Path) -> None:
    with Home(home) as reader:
        frame = reader.frame("shelf")
    assert str(frame["many"].dtype) == "list<item: string>[pyarrow]"
    expected = [row["many"] for row in shelf.rows]
    assert [None if value is pd.NA else value for value in frame["many"]] == expected
    assert frame["many"].list.len().dropna().tolist() == [
        len(value) for value in expected if value is not None
    ]
    exploded = [name for name in frame.explode("many")["many"] if not pd.isna(name)]
    assert exploded == [name for value in expected for name in value or ()]
    assert len(frame.drop_duplicates(subset="id")) == len(shelf.rows)


def test_text_that_is_not_hermes_own_is_redacted_in_chunks_too(one: Kernel, shelf: Shelf, home: Path) -> None:
    secret = {**row(1), "words": "sk-abcdefghijklmnopqrstuv", "many": ["x ghp_abcdefghijklmnopqrstuvwxyz"]}
    made = chunk([secret])
    arrays = {**made.columns, "words": pa.array([secret["words"]]), "many": pa.array([secret["many"]])}
    shelf.pieces = [([secret], made._replace(columns=arrays))]
    with Home(home) as reader:
        frame = reader.frame("shelf")
    assert (frame["words"][0], frame["many"][0]) == ("[redacted]", ["x [redacted]"])


@dataclass(frozen=True)
class Slow(Source[str]):
    """Is read in full only once it was settled."""

    log: list[str]
    fails: bool = False

    def __hash__(self) -> int:
        return id(self.log)

    @property
    def label(self) -> str:
        return "slow"

    @property
    def missing(self) -> str:
        return ""

    def attach(self, place: Place) -> Attached[str]:
        return _Slow(self)


class _Slow(Attached[str]):
    def __init__(self, declared: Slow) -> None:
        self._declared = declared

    @property
    def progress(self) -> Progress | None:
        return None if "settled" in self._declared.log else Progress(done=3, total=10)

    def settle(self) -> None:
        if self._declared.fails:
            raise SourceError("damaged", "slow.db", "slow.db is damaged")
        self._declared.log.append("settled")

    def signature(self) -> int:
        return len(self._declared.log)

    def is_missing(self) -> bool:
        return False

    def read(self) -> str:
        self._declared.log.append("read")
        return "content"


def test_a_frame_waits_until_its_sources_are_read_in_full(
    shelf: Shelf, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log: list[str] = []
    with script(shelf, home, monkeypatch, source=Slow(log)) as reader:
        reader.frame("shelf")
        assert log == ["settled", "read"]


def test_a_script_s_panel_waits_until_its_sources_are_read_in_full(
    shelf: Shelf, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log: list[str] = []
    with script(shelf, home, monkeypatch, source=Slow(log)) as reader:
        assert reader.panel("shelf")["status"] == "ok"
        assert log[:2] == ["settled", "read"]


def test_what_cannot_be_read_in_full_is_the_frame_s_error_before_the_first_byte(
    shelf: Shelf, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with kernel(shelf, monkeypatch, source=Slow([], fails=True)) as one:
        status, body = request(one, f"/api/homes/{one.server.open(home)}/frames/shelf")
        assert status == 409
        assert json.loads(body) == {"detail": "slow.db is damaged", "kind": "damaged", "path": "slow.db"}
        with Home(home) as reader, pytest.raises(SourceError, match=r"slow\.db is damaged"):
            reader.frame("shelf")


def test_the_progress_of_a_home_can_be_asked_for(
    shelf: Shelf, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with kernel(shelf, monkeypatch, source=Slow([])) as one, Home(home) as reader:
        path = f"/api/homes/{one.server.open(home)}/progress"
        assert json.loads(request(one, path)[1]) == {"done": 3, "total": 10}
        assert reader._reader().progress() == Progress(done=3, total=10)
        reader.frame("shelf")
        assert json.loads(request(one, path)[1]) is None
        assert reader._reader().progress() is None
        assert request(one, "/api/homes/nope/progress")[0] == 404


class Breaking:
    """Sits between client and server, and lets through only so many bytes of an answer."""

    def __init__(self, port: int, limit: int) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.answer = b""
        self._thread = threading.Thread(target=self._serve, args=(port, limit), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._thread.join(timeout=10)
        self._listener.close()

    def _serve(self, port: int, limit: int) -> None:
        client, _ = self._listener.accept()
        with client, socket.create_connection(("127.0.0.1", port)) as server:
            server.sendall(client.recv(65_536))
            while len(self.answer) < limit and not self.answer.endswith(b"\r\n0\r\n\r\n"):
                data = server.recv(65_536)
                assert data, "the server closed in the middle"
                self.answer += data
            client.sendall(self.answer[:limit])


def test_a_connection_that_breaks_in_the_middle_gives_an_error_and_never_a_short_table(
    one: Kernel, shelf: Shelf, home: Path
) -> None:
    path = ("homes", one.server.open(home), "frames", "shelf")
    whole = Breaking(one.server.port, 10**9)
    try:
        rows = get_rows(
            Endpoint(f"http://127.0.0.1:{whole.port}", Secret(TOKEN), ""), path, {}, lambda _: None
        )
    finally:
        whole.close()
    assert rows.table().to_pylist() == shelf.rows
    size = len(whole.answer)
    # In the headers, at the start, in the middle, within the stream's end, within the transfer's end.
    for limit in (50, size // 3, size // 2, size - 600, size - 20, size - 6, size - 5):
        broken = Breaking(one.server.port, limit)
        try:
            with pytest.raises(ServerError):
                get_rows(
                    Endpoint(f"http://127.0.0.1:{broken.port}", Secret(TOKEN), ""), path, {}, lambda _: None
                )
        finally:
            broken.close()


def test_a_call_is_broken_off_from_another_thread(one: Kernel, shelf: Shelf, home: Path) -> None:
    reached, go_on, errors = threading.Event(), threading.Event(), []
    breakers: list[Any] = []

    def before() -> None:
        reached.set()
        go_on.wait(10)

    shelf.before = before
    path = ("homes", one.server.open(home), "frames", "shelf")

    def ask() -> None:
        try:
            get_rows(one.endpoint(), path, {}, breakers.append)
        except ServerError as error:
            errors.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    assert reached.wait(10)
    breakers[0]()
    thread.join(timeout=10)
    go_on.set()
    assert len(errors) == 1


def test_a_call_that_was_broken_off_is_not_tried_again(one: Kernel, shelf: Shelf, home: Path) -> None:
    stop = Stop()
    stop.stop()
    with Home(home) as reader, pytest.raises(ServerError, match="broken off"):
        reader._reader().table("shelf", NOTHING, True, stop)
    assert shelf.asked == []


def test_the_frame_endpoint_never_blocks_the_loop(one: Kernel, shelf: Shelf, home: Path) -> None:
    reached, go_on = threading.Event(), threading.Event()

    def before() -> None:
        reached.set()
        go_on.wait(10)

    shelf.before = before
    path = ("homes", one.server.open(home), "frames", "shelf")
    thread = threading.Thread(target=get_rows, args=(one.endpoint(), path, {}, lambda _: None))
    thread.start()
    assert reached.wait(10)
    assert get(one.endpoint(), ("homes",))
    go_on.set()
    thread.join(timeout=10)
    assert not thread.is_alive()


def test_an_unknown_column_is_refused_with_the_text_s_name_where_it_was_asked_for(
    one: Kernel, home: Path
) -> None:
    with Home(home) as reader, pytest.raises(UnknownNameError, match=r"There are: .*text"):
        reader.frame("shelf", columns=["nope"], text=True)


def test_every_column_of_the_example_is_declared() -> None:
    assert {column.name for column in COLUMNS} == set(row(1))
