"""Whatever Hermes does, in whatever order, between whichever looks: what is shown is what is there.

Hypothesis makes up histories of calls of Hermes' own `SessionDB`, with files that are swapped, killed and cleaned
up in between. The oracles are Hermes' own functions, plain SQL over the same home, and a home opened anew.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from hermes_hud_widget.sources import WritersOf
from ledger.reading import (
    FRAMES,
    HISTORIES,
    assert_agrees,
    assert_same,
    listed,
    open_home,
    rows,
    settle,
    show,
)
from real.agent import Hermes, instant
from real.plain_oracle import COUNTED, Tables
from real.plain_sql import PlainSql

SONNET = {
    "model": "anthropic/claude-sonnet-4-6",
    "billing_provider": "anthropic",
    "cost_status": "estimated",
    "cost_source": "official_docs_snapshot",
}
SPENT: tuple[dict[str, Any], ...] = (
    {
        **SONNET,
        "input_tokens": 12,
        "output_tokens": 200,
        "cache_write_tokens": 900,
        "estimated_cost_usd": 0.04,
    },
    {**SONNET, "input_tokens": 7, "output_tokens": 9, "cache_read_tokens": 900, "estimated_cost_usd": 0.01},
    {
        "model": "gpt-5.6-terra",
        "billing_provider": "openai-codex",
        "billing_mode": "subscription_included",
        "input_tokens": 90,
        "output_tokens": 60,
        "reasoning_tokens": 20,
        "estimated_cost_usd": 0.0,
        "cost_status": "included",
        "cost_source": "none",
    },
    {
        "model": "qwen3-coder:30b",
        "billing_provider": "custom",
        "billing_base_url": "http://localhost:11434/v1",
        "input_tokens": 70,
        "output_tokens": 8,
        "cost_status": "unknown",
        "cost_source": "none",
    },
)
HAIKU = {"model": "claude-haiku-4-5", "billing_provider": "anthropic", "estimated_cost_usd": 0.000075}
"""What 50 tokens in and 5 out cost: Hermes prices auxiliary rows again in its insights, and comes to the same."""

RETURNED = (
    '{"output": "ok", "exit_code": 0, "error": null}',
    '{"output": "", "exit_code": 1, "error": null}',
    '{"error": "no such file"}',
    "Error: there is no page",
    "a page with two headings",
)
TEXTS = ("Plan my week", "line one\nline two", "so " * 60, "", "€uro 🙂", "  spaces  ")
PICTURE = [{"type": "text", "text": "See"}, {"type": "image_url", "image_url": {"url": "data:x"}}]

EXACT = 2e-6
"""Instants are exact to the microsecond, and sums of dollars have some dust."""

which = st.integers(0, 11)
"""Which of the sessions that there are; Hypothesis may not know their number."""


class Histories(RuleBasedStateMachine):
    """One home and what Hermes does to it."""

    home: Path
    journal_mode: str
    sql: PlainSql
    start: Callable[[], Hermes]

    def __init__(self) -> None:
        super().__init__()
        shutil.rmtree(self.home, ignore_errors=True)
        self.home.mkdir()
        self.path = self.home / "state.db"
        self.backup = self.home.with_name("backup.db")
        self.backup.unlink(missing_ok=True)
        self.processes = [self.start()]
        self.may_look_crashed = False
        self.made = 0
        self.kept = open_home(self.home)

    def teardown(self) -> None:
        try:
            self.agree()
            self.agree_with_hermes()
            self.agree_with_plain_sql()
            for hermes in self.processes:
                hermes("close", "")
            self.agree()
        finally:
            self.kept.close()
            for hermes in self.processes:
                hermes.close()

    # -- what Hermes does

    @rule(source=st.sampled_from(["cli", "telegram", "cron", "tool"]), model=st.sampled_from([None, "m/one"]))
    def begin(self, source: str, model: str | None) -> None:
        self.db("create_session", self.new_id(), source, model=model, cwd="/work")

    @rule(of=which, text=st.sampled_from(TEXTS), number=st.integers(1, 4))
    def talk(self, of: int, text: str, number: int) -> None:
        session = self.session(of)
        for index in range(number):
            said_by = ("user", "assistant")[index % 2]
            self.db("append_message", session, said_by, text, finish_reason=(None, "stop")[index % 2])

    @rule(of=which, tools=st.lists(st.sampled_from(["terminal", "todo", "clarify"]), min_size=1, max_size=2))
    def call_tools(self, of: int, tools: list[str]) -> None:
        calls = [
            {"id": f"c{number}", "type": "function", "function": {"name": tool, "arguments": '{"n": 1}'}}
            for number, tool in enumerate(tools)
        ]
        more = {"reasoning": "why not", "finish_reason": "tool_calls", "token_count": 3}
        self.db("append_message", self.session(of), "assistant", "", tool_calls=calls, **more)

    @rule(
        of=which,
        call=st.integers(0, 1),
        returned=st.sampled_from(RETURNED),
        effect=st.sampled_from([None, "none"]),
    )
    def return_result(self, of: int, call: int, returned: str, effect: str | None) -> None:
        known: dict[str, Any] = {"tool_call_id": f"c{call}", "effect_disposition": effect}
        self.db("append_message", self.session(of), "tool", returned, tool_name="terminal", **known)

    @rule(of=which, seconds=st.integers(0, 90))
    def overhear(self, of: int, seconds: int) -> None:
        """A message of a group, which arrives late."""
        self.may_look_crashed = True  # it may be older than the process that wrote it
        known = {"platform_message_id": "p1", "observed": True, "timestamp": self.now().timestamp() - seconds}
        self.db("append_message", self.session(of), "user", "not for you", **known)

    @rule(of=which)
    def show_picture(self, of: int) -> None:
        self.db("append_message", self.session(of), "user", PICTURE)

    @rule(of=which, spent=st.sampled_from(SPENT), is_total=st.booleans())
    def spend(self, of: int, spent: dict[str, Any], is_total: bool) -> None:
        if is_total and spent["cost_status"] != "estimated":
            is_total = False  # Hermes' own insights price such totals again
        self.db("update_token_counts", self.session(of), **spent, api_call_count=1, absolute=is_total)

    @rule(of=which, task=st.sampled_from(["title_generation", "compression", "vision"]))
    def help_itself(self, of: int, task: str) -> None:
        values = {"model": "llava"} if task == "vision" else HAIKU
        self.db("record_auxiliary_usage", self.session(of), task, input_tokens=50, output_tokens=5, **values)

    @rule(of=which, back=st.integers(0, 3))
    def rewind(self, of: int, back: int) -> None:
        session = self.session(of)
        asked = [row["id"] for row in self.messages(session) if row["role"] == "user"]
        if asked:
            self.db("rewind_to_message", session, asked[-1 - back % len(asked)])

    @rule(of=which, back=st.integers(0, 5))
    def restore(self, of: int, back: int) -> None:
        session = self.session(of)
        ids = [row["id"] for row in self.messages(session)]
        if ids:
            self.db("restore_rewound", session, ids[-1 - back % len(ids)])

    @rule(of=which, number=st.integers(0, 2))
    def compact(self, of: int, number: int) -> None:
        self.db("archive_and_compact", self.session(of), self.summary(number))

    @rule(of=which, number=st.integers(0, 2), active_only=st.booleans())
    def replace(self, of: int, number: int, active_only: bool) -> None:
        self.db("replace_messages", self.session(of), self.summary(number), active_only=active_only)

    @rule(of=which)
    def clear(self, of: int) -> None:
        self.db("clear_messages", self.session(of))

    @rule(of=which)
    def compress(self, of: int) -> None:
        parent, child = self.session(of), self.new_id()
        self.db("end_session", parent, "compression")
        self.db("create_session", child, "cli", parent_session_id=parent, model="m/two")
        self.db("append_message", child, "user", "Summary of what was")

    @rule(of=which)
    def branch(self, of: int) -> None:
        note(f"hermes.branch({self.session(of)!r})")
        self.hermes.branch(self.session(of), self.new_id())

    @rule(of=which)
    def delegate(self, of: int) -> None:
        note(f"hermes.delegate({self.session(of)!r})")
        self.hermes.delegate(self.session(of), self.new_id(), model="m/small")

    @rule(of=which, reason=st.sampled_from(["cli_close", "branched", "compression", "idle"]))
    def end(self, of: int, reason: str) -> None:
        self.db("end_session", self.session(of), reason)

    @rule(of=which)
    def reopen(self, of: int) -> None:
        self.db("reopen_session", self.session(of))

    @rule(of=which, title=st.sampled_from(["Eggs", "Plans", ""]))
    def name(self, of: int, title: str) -> None:
        session = self.session(of)
        self.db("set_session_title", session, f"{title} of {session}" if title else "")

    @rule(of=which, archived=st.booleans())
    def archive(self, of: int, archived: bool) -> None:
        self.db("set_session_archived", self.session(of), archived)

    @rule(of=which)
    def move(self, of: int) -> None:
        self.db("update_session_cwd", self.session(of), "/else", git_branch="main", git_repo_root="/else")

    @rule(of=which)
    def delete(self, of: int) -> None:
        self.db("delete_session", self.session(of))

    @rule(of=which)
    def export_and_import(self, of: int) -> None:
        exported = self.db("export_session", self.session(of))
        self.db("delete_session", exported["id"])
        self.db("import_sessions", [exported])

    @rule(source=st.sampled_from([None, "cron"]), most=st.integers(0, 4))
    def prune(self, source: str | None, most: int) -> None:
        self.db("prune_sessions", 0, source=source, max_messages=most)

    @rule()
    def delete_empty(self) -> None:
        self.db("delete_empty_sessions")

    # -- what happens to the file

    @rule()
    def vacuum(self) -> None:
        self.db("vacuum")

    @rule()
    def close_and_open(self) -> None:
        self.close_all()

    @precondition(lambda self: len(self.processes) < 2)
    @rule()
    def start_another(self) -> None:
        """Two of them at work on one home, such as a gateway and a chat."""
        self.processes.append(self.start())

    @rule()
    def kill(self) -> None:
        self.hermes.kill()
        self.processes.pop()
        self.may_look_crashed = True
        if not self.processes:
            self.processes.append(self.start())

    @rule()
    def back_up(self) -> None:
        self.close_all()
        if self.path.exists():
            self.copy(self.path, self.backup)

    @precondition(lambda self: self.backup.exists())
    @rule()
    def restore_backup(self) -> None:
        self.remove_log()
        coming = self.path.with_name("state.db.restored")
        self.copy(self.backup, coming)
        coming.replace(self.path)

    @rule()
    def begin_anew(self) -> None:
        """Whoever removes the file gets an empty one with the next session."""
        self.remove_log()
        self.path.unlink(missing_ok=True)

    # -- looks, after as many steps as there may be between them

    @rule()
    def look_at_overview(self) -> None:
        assert show(self.kept, "overview", self.now()).status in ("ok", "empty")

    @rule(descending=st.booleans(), page=st.integers(0, 1))
    def look_at_sessions(self, descending: bool, page: int) -> None:
        query = {"page": page, "page_size": 3, "sort": "tokens", "descending": descending}
        assert show(self.kept, "sessions", self.now(), **query).status in ("ok", "empty")

    @rule(of=which)
    def look_at_transcript(self, of: int) -> None:
        session = self.session(of)
        shown = show(self.kept, "sessions", self.now(), session=session, limit=5)
        assert shown.data["transcript"]["session"]["pieces"] >= 1

    @rule()
    def look_at_costs(self) -> None:
        assert show(self.kept, "costs", self.now()).status in ("ok", "empty")

    @rule(frame=st.sampled_from(FRAMES))
    def look_at_frame(self, frame: str) -> None:
        rows(self.kept, frame, self.now())

    @rule(of=which, text=st.sampled_from(TEXTS))
    def see_a_message_at_once(self, of: int, text: str) -> None:
        """No waiting here: what was written just now is shown by the very next answer."""
        session = self.session(of)
        settle(self.kept)
        message_id = self.db("append_message", session, "user", text)
        shown = show(self.kept, "sessions", self.now(), session=session, limit=1).data["transcript"]
        of_this = [row["id"] for row in rows(self.kept, "messages", self.now(), session_id=session)]
        assert message_id in of_this
        if of_this[-1] == message_id:
            assert shown["messages"][0]["id"] == message_id
        (row,) = [row for row in rows(self.kept, "sessions", self.now()) if row["id"] == session]
        assert row["message_count"] == self.db("get_session", session)["message_count"]

    @rule()
    def agree(self) -> None:
        """What it kept is what somebody reads who comes now."""
        assert_agrees(self.kept, self.now())

    @rule()
    def agree_with_hermes(self) -> None:
        settle(self.kept)
        now = self.now()
        for archived in (False, True):
            expected = self.db(
                "list_sessions_rich", limit=1000, order_by_last_active=True, include_archived=archived
            )
            found = listed(self.kept, now, archived=archived)
            assert_same(sorted(row["id"] for row in found), sorted(row["id"] for row in expected))
            # The panel goes by what it shows; Hermes also by late messages in pieces that were left behind.
            theirs_by_id = {row["id"]: row for row in expected}
            for ours in found:
                assert_listed(ours, theirs_by_id[ours["id"]])
                self.agree_on_transcript(ours, now)
            writers = self.kept.sources[WritersOf()].read()
            if writers and writers.processes and not self.may_look_crashed:
                page = show(self.kept, "sessions", now, archived=archived).data["list"]
                assert_same(page["live"], sum(row["ended_at"] is None for row in expected))
        live = [row["id"] for row in show(self.kept, "overview", now).data["live"]]
        order = [row["id"] for row in self.db("list_sessions_rich", limit=1000, order_by_last_active=True)]
        assert_same(live, [one for one in order if one in live])
        report = self.hermes("insights", "generate", days=1)
        totals = show(self.kept, "overview", now).data["totals"]

        expected = {
            "sessions": len(self.db("list_sessions_rich", limit=1000)),
            "messages": report["overview"].get("total_messages", 0),
            "tool_calls": report["overview"].get("total_tool_calls", 0),
        }
        assert_same(totals, expected)
        if not report["empty"]:
            assert_insights(show(self.kept, "costs", now, days=2).data, report)

    def agree_on_transcript(self, conversation: dict[str, Any], now: datetime) -> None:
        pages: list[dict[str, Any]] = []
        before = None
        while True:
            query = {"session": conversation["id"], "before": before, "limit": 4}
            transcript = show(self.kept, "sessions", now, **query).data["transcript"]
            pages = [*pages, *transcript["messages"]]
            before = transcript["older"]
            if before is None:
                break
        pieces = {message["session_id"] for message in pages}
        assert len(pages) == transcript["total"]
        assert self.db("get_compression_tip", conversation["root_id"]) == conversation["id"]
        for piece in pieces:
            found = [
                (one["id"], one["role"], one["state"] == "active")
                for one in reversed(pages)
                if one["session_id"] == piece
            ]
            expected = self.db("get_messages", piece, include_inactive=True)
            assert found == sorted((one["id"], one["role"], one["active"] == 1) for one in expected)

    @rule()
    def agree_with_plain_sql(self) -> None:
        settle(self.kept)
        now = self.now()
        tables = Tables(lambda sql: self.sql(self.path, sql), self.has_failed)
        assert_same(rows(self.kept, "sessions", now), tables.frame_of_sessions(), EXACT)
        assert_same(rows(self.kept, "messages", now), tables.frame_of_messages(), EXACT)
        assert_same(rows(self.kept, "tool_calls", now), tables.frame_of_tool_calls(), EXACT)
        usage = [
            {name: value for name, value in row.items() if name != "project"}
            for row in rows(self.kept, "model_usage", now)
        ]
        assert_same(usage, tables.frame_of_usage(), EXACT)
        days = rows(self.kept, "costs_daily", now)
        midnights = sorted({row["day_starts_at"] for row in days})
        expected = tables.frame_of_days(lambda at: max(day for day in midnights if day.timestamp() <= at))
        names = ("day_starts_at", "model", "provider", "cost_status")
        assert len(days) == len(expected)
        for row in days:
            other = expected[tuple(row[name] for name in names)]
            assert (row["cost_usd"] or 0.0) == pytest.approx(other.get("usd", 0.0))
            assert row["sessions"] == other["sessions"]
            assert row["api_calls"] == other.get("api_call_count", 0)
            assert [row[name] for name in COUNTED] == [other.get(name, 0) for name in COUNTED]
        today = show(self.kept, "overview", now).data["today"]
        sessions, tokens, usd = tables.spent_since(datetime.fromisoformat(today["since"]).timestamp())
        spending = today["spending"]
        assert spending["sessions"] == sessions
        assert {f"{name}_tokens": value for name, value in spending["tokens"].items()} == tokens
        assert (spending["cost"]["usd"] or 0.0) == pytest.approx(usd)
        newest = sorted(tables.messages, key=lambda row: row["id"], reverse=True)[:12]
        changes = show(self.kept, "overview", now).data["changes"]
        assert sorted(one["session_id"] for one in changes) == sorted(row["session_id"] for row in newest)

    # -- helpers

    @property
    def hermes(self) -> Hermes:
        return self.processes[-1]

    def db(self, method: str, *args: Any, **kwargs: Any) -> Any:
        note(
            f"hermes.db({', '.join([repr(method), *map(repr, args), *(f'{k}={v!r}' for k, v in kwargs.items())])})"
        )
        return self.hermes.db(method, *args, **kwargs)

    def now(self) -> datetime:
        return datetime.now(UTC)

    def new_id(self) -> str:
        self.made += 1
        return f"s{self.made}"

    def session(self, of: int) -> str:
        """One of the sessions; the first, if there is none."""
        there = [row["id"] for row in self.sql(self.path, "SELECT id FROM sessions ORDER BY rowid")]
        if there:
            return str(there[of % len(there)])
        session = self.new_id()
        self.db("create_session", session, "cli")
        return session

    def messages(self, session: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.hermes.db("get_messages", session, include_inactive=True)
        return found

    def summary(self, number: int) -> list[dict[str, Any]]:
        made = [{"role": "user", "content": "Summary"}, {"role": "assistant", "content": "and on"}]
        return made[:number]

    def close_all(self) -> None:
        for hermes in self.processes:
            hermes("close", "")

    def copy(self, one: Path, other: Path) -> None:
        # Not in this process: closing a database's file here would drop the reader's locks on it.
        self.hermes("shutil", "copy2", str(one), str(other))

    def remove_log(self) -> None:
        """As everybody should who exchanges a database."""
        self.close_all()
        self.may_look_crashed = True
        for suffix in ("-wal", "-shm", "-journal"):
            self.path.with_name(f"{self.path.name}{suffix}").unlink(missing_ok=True)

    def has_failed(self, tool: str, text: str) -> bool:
        known: bool = self.hermes("agent.display", "_detect_tool_failure", tool, text)[0]
        return known


def assert_listed(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    """Asserts that one row of the list is Hermes' own."""
    same = (
        "id",
        "title",
        "source",
        "model",
        "preview",
        "message_count",
        "tool_call_count",
        "cwd",
        "end_reason",
    )
    assert_same({name: ours[name] for name in same}, {name: theirs[name] for name in same})
    assert ours["archived"] == bool(theirs["archived"])
    assert (ours["activity"] == "ended") == (theirs["ended_at"] is not None)
    assert ours["root_id"] == theirs.get("_lineage_root_id", theirs["id"])
    for name in ("started_at", "ended_at", "last_active"):
        at = instant(ours[name])
        assert (at and at.timestamp()) == pytest.approx(theirs[name], abs=2e-6), name


def assert_insights(costs: dict[str, Any], report: dict[str, Any]) -> None:
    """Asserts that the costs are those of `hermes insights`, by model and in all."""
    names = ("input", "output", "cache_read", "cache_write")
    found: dict[str, list[float]] = {}
    reasoning: Counter[str] = Counter()
    for one in costs["models"]:
        figures = one["figures"]
        reasoning[one["model"].split("/")[-1]] += figures["tokens"]["reasoning"]
        row = [
            *(figures["tokens"][name] for name in names),
            figures["api_calls"],
            figures["cost"]["usd"] or 0.0,
        ]
        known = found.get(one["model"].split("/")[-1], [0.0] * len(row))
        found[one["model"].split("/")[-1]] = [a + b for a, b in zip(known, row, strict=True)]
    expected = {
        model["model"]: [*(model[f"{name}_tokens"] for name in names), model["api_calls"], model["cost"]]
        for model in report["models"]
    }
    # What only a session's own counters hold (it was imported, say) has no reasoning there; plain SQL compares it.
    assert all(reasoning[model["model"]] >= model["reasoning_tokens"] for model in report["models"])
    # A session that has used nothing is a model without figures there, and none here.
    expected = {name: figures for name, figures in expected.items() if any(figures)}
    assert_same(found, expected, EXACT)
    assert costs["total"]["sessions"] == report["overview"]["total_sessions"]
    assert (costs["total"]["cost"]["usd"] or 0.0) == pytest.approx(report["overview"]["estimated_cost"])


@contextmanager
def histories(place: Path, mode: str) -> Iterator[type[Histories]]:
    """Histories of one home."""
    with closing(PlainSql()) as plain_sql:

        class OfThisTest(Histories):
            home = place
            journal_mode = mode
            sql = plain_sql

            def start(self) -> Hermes:
                return Hermes(place, journal_mode=mode)

        yield OfThisTest


@pytest.mark.parametrize("journal_mode", ["wal", "delete"])
def test_a_session_without_messages_that_was_there_first_is_gone_when_it_is_deleted(
    tmp_path: Path, journal_mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next session gets its row's number, and a compaction seems to explain one commit too many."""
    monkeypatch.setitem(globals(), "note", print)  # Hypothesis takes notes of its own examples only
    with histories(tmp_path / "hermes", journal_mode) as of_this_test:
        history = of_this_test()
        try:
            history.begin("cli", None)
            history.look_at_transcript(0)
            history.delete(0)
            history.begin("cli", None)
            history.overhear(0, 46)
            history.compact(0, 2)
        finally:
            history.teardown()  # compares


@pytest.mark.timeout(900)  # a history that fails is made shorter, which takes minutes
@pytest.mark.parametrize(("journal_mode", "share"), [("wal", 14), ("delete", 6)])
def test_whatever_hermes_does_the_home_is_shown_as_it_is(
    tmp_path: Path, journal_mode: str, share: int
) -> None:
    with histories(tmp_path / "hermes", journal_mode) as of_this_test:
        run_state_machine_as_test(
            of_this_test,
            settings=settings(
                max_examples=share * (HISTORIES or 20) // 20,
                stateful_step_count=25,
                deadline=None,
                suppress_health_check=list(HealthCheck),
                report_multiple_bugs=False,
                print_blob=True,
            ),
        )
