from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hermes_hud_widget.core import OpenHome
from hermes_hud_widget.frames import to_pandas
from hermes_hud_widget.panels.logs import MORE_SHOWN, PANEL, SHOWN, records_of
from hermes_hud_widget.place import Place
from hermes_hud_widget.sources import LogLine
from support.served import Client, Served

BEGIN = datetime(2026, 11, 23, 8).astimezone()
TRACEBACK = 'Traceback (most recent call last):\n  File "x.py", line 1, in f\nValueError: no such station'


@pytest.fixture
def logs(home: Path) -> Path:
    (home / "logs").mkdir()
    return home / "logs"


def line(
    number: int, level: str = "INFO", text: str = "", session: str = "", logger: str = "run_agent"
) -> str:
    at = BEGIN + timedelta(seconds=number)
    about = f" [{session}]" if session else ""
    return (
        f"{at:%Y-%m-%d %H:%M:%S},{number % 1000:03d} {level}{about} {logger}: {text or f'record {number}'}\n"
    )


def shown(home: Path, **query: Any) -> Any:
    with closing(OpenHome(Place(home, home, None), {"logs": PANEL})) as opened:
        snapshot = opened.collect("logs", opened.parse_query("logs", query), 1)
        assert snapshot.error is None
        return snapshot.data


def frame(home: Path, **arguments: Any) -> Any:
    with closing(OpenHome(Place(home, home, None), {"logs": PANEL})) as opened:
        return to_pandas(opened.table("logs", arguments))


def texts(data: Any) -> list[str]:
    return [record["text"] for record in data["records"]]


def test_a_record_says_when_how_grave_who_about_what(home: Path, logs: Path) -> None:
    (logs / "agent.log").write_text(line(5, "WARNING", "too slow", session="s1", logger="tools.web_tool"))
    (record,) = shown(home)["records"]
    at = (BEGIN + timedelta(seconds=5, milliseconds=5)).astimezone(UTC)
    assert datetime.fromisoformat(record.pop("at")) == at
    assert record == {
        "offset": 0,
        "level": "WARNING",
        "logger": "tools.web_tool",
        "session_id": "s1",
        "text": "too slow",
        "more": [],
        "more_lines": 0,
        "is_cut": False,
    }


def test_a_traceback_belongs_to_the_record_above_it(home: Path, logs: Path) -> None:
    (logs / "agent.log").write_text(line(1, "ERROR", f"failed\n{TRACEBACK}") + line(2))
    newest, failed = shown(home)["records"]
    assert newest["text"] == "record 2"
    assert (failed["text"], failed["more_lines"]) == ("failed", 3)
    assert failed["more"] == TRACEBACK.splitlines()


def test_a_record_of_many_lines_is_cut_and_says_of_how_many() -> None:
    lines = [LogLine(0, line(1).rstrip()), *(LogLine(n, f"  {n}") for n in range(1, 100))]
    (record,) = records_of(lines)
    assert (len(record.more), record.more_lines) == (MORE_SHOWN, 99)


def test_lines_of_another_form_are_records_of_their_own_without_a_time(home: Path, logs: Path) -> None:
    (logs / "mcp-stderr.log").write_text("server one started\nlistening\n")
    records = shown(home, file="mcp")["records"]
    assert [(record["text"], record["at"], record["level"]) for record in records] == [
        ("listening", None, None),
        ("server one started", None, None),
    ]


def test_level_session_and_words_choose(home: Path, logs: Path) -> None:
    (logs / "agent.log").write_text(
        line(1, "DEBUG")
        + line(2, "INFO", "100% of a_b", session="s1")
        + line(3, "WARNING", "1000 of axb", session="s2")
        + line(4, "ERROR", f"failed\n{TRACEBACK}")
    )
    assert texts(shown(home)) == ["failed", "1000 of axb", "100% of a_b", "record 1"]
    assert texts(shown(home, level="WARNING")) == ["failed", "1000 of axb"]
    assert texts(shown(home, session="s1")) == ["100% of a_b"]
    assert texts(shown(home, text="100%")) == ["100% of a_b"]
    assert texts(shown(home, text="A_B")) == ["100% of a_b"]
    assert texts(shown(home, text="no such station")) == ["failed"]
    assert shown(home, text="nowhere")["older"] is None
    assert shown(home)["levels"] == [
        {"level": level, "records": 1} for level in ("DEBUG", "INFO", "WARNING", "ERROR")
    ]


def test_pages_follow_each_other_without_a_gap_or_a_double(home: Path, logs: Path) -> None:
    total = 1_000
    text = "".join(
        line(number, "ERROR", f"record {number}\n{TRACEBACK * 20}") if number % 10 == 0 else line(number)
        for number in range(total)
    )
    (logs / "agent.log").write_text(text)
    seen: list[str] = []
    before, pages = None, 0
    while True:
        data = shown(home, before=before)
        assert len(data["records"]) <= SHOWN
        seen += texts(data)
        pages += 1
        before = data["older"]
        if before is None:
            break
    assert seen == [f"record {number}" for number in range(total - 1, -1, -1)]
    assert pages == total / SHOWN


def test_a_word_that_is_far_back_is_found_by_going_on(home: Path, logs: Path) -> None:
    filler = "x" * 900
    rows = [line(0, text="the needle"), *(line(number, text=filler) for number in range(1, 3_000))]
    (logs / "agent.log").write_text("".join(rows))
    first = shown(home, text="needle")
    assert (first["records"], first["older"] is None) == ([], False)
    before, found = first["older"], []
    while before is not None and not found:
        data = shown(home, text="needle", before=before)
        found, before = texts(data), data["older"]
    assert found == ["the needle"]


def test_a_log_that_is_not_there_is_told_and_the_others_are_listed(home: Path, logs: Path) -> None:
    (logs / "agent.log").write_text(line(1))
    data = shown(home, file="gateway")
    assert (data["size_bytes"], data["records"]) == (None, [])
    assert [file["name"] for file in data["files"]] == ["agent"]


def test_what_is_written_while_somebody_looks_is_told_and_nothing_before_that(
    server: Served, viewer: Client, home: Path, logs: Path
) -> None:
    path = logs / "agent.log"
    path.write_text(line(1))
    id = server.open(home)
    viewer.look(id, "logs")
    got = viewer.get(id, "logs")
    for number in range(2, 6):
        with path.open("a") as file:
            file.write(line(number))
        while f"record {number}" not in texts(got["data"]):
            viewer.wait_version(id, "logs", got["version"])
            got = viewer.get(id, "logs")
    path.rename(logs / "agent.log.1")
    path.write_text(line(9))
    while texts(got["data"]) != ["record 9"]:
        viewer.wait_version(id, "logs", got["version"])
        got = viewer.get(id, "logs")


def test_the_frame_has_every_record_of_every_log_newest_first(home: Path, logs: Path) -> None:
    (logs / "agent.log").write_text("".join(line(number) for number in range(0, 3_000, 2)))
    (logs / "errors.log").write_text(
        "".join(line(number, "ERROR", "x\nmore") for number in range(1, 3_000, 2))
    )
    found = frame(home)
    assert len(found) == 3_000
    assert found["at"].is_monotonic_decreasing
    assert found["file"].value_counts().to_dict() == {"agent": 1_500, "errors": 1_500}
    assert found.loc[found["file"] == "errors", "more_lines"].eq(1).all()
    assert list(frame(home, limit=3)["offset"]) == list(found["offset"][:3])
    since = (BEGIN + timedelta(seconds=2_990)).astimezone(UTC)
    assert len(frame(home, since=since)) == 10
    assert len(frame(home, until=since)) == 2_990


def test_every_number_can_be_recomputed_from_the_frames(home: Path, logs: Path) -> None:
    levels = ("INFO", "INFO", "WARNING", "ERROR", "INFO")
    (logs / "agent.log").write_text("".join(line(number, level) for number, level in enumerate(levels)))
    counted = frame(home)["level"].value_counts()
    data = shown(home)
    assert {each["level"]: each["records"] for each in data["levels"]} == counted[counted > 0].to_dict()
    assert data["looked_at_bytes"] == data["size_bytes"] == (logs / "agent.log").stat().st_size
