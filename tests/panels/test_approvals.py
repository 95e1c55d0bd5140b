"""The approvals panel: Hermes' own words in results, settings and their defaults, what waits."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from hermes_hud_widget import Home
from hermes_hud_widget.core import OpenHome, Snapshot
from hermes_hud_widget.frames import to_pandas
from hermes_hud_widget.ledger import Ledger
from hermes_hud_widget.panel import Until
from hermes_hud_widget.panels import approvals
from hermes_hud_widget.panels.approvals import ALLOWED, REFUSED, Approvals, ApprovalsQuery, is_sudo
from hermes_hud_widget.place import Place
from hermes_hud_widget.sources import FoundFiles, Settings
from ledger.world import NOW, Story, call, make
from support.agent import MakeAgent

Show = Callable[..., Approvals]

REQUIRED = "Command required approval (recursive delete) and was approved by the user."
STATED = "Command was flagged (find -delete) and auto-approved by smart approval."
HARD = (
    "BLOCKED (hardline): recursive delete of root filesystem. This command is on the unconditional blocklist."
)
RULE = (
    "BLOCKED: this command matches the user-defined deny rule 'git push*' (approvals.deny in config.yaml). It"
)
DENIED = "BLOCKED: User denied this command. The user has NOT consented to this action."
DENIED_GATEWAY = (
    'BLOCKED: Command denied by user. Reason given by the user: "not now". The user has NOT consented.'
)
LATE = "BLOCKED: Command timed out without user response. The user has NOT consented to this action."
SMART = (
    "BLOCKED by smart approval: pipe to shell. The command was assessed as genuinely dangerous. Do NOT retry."
)
CRON = "BLOCKED: Command flagged as dangerous (recursive delete) but cron jobs run without a user present."
SUDO_STDIN = "BLOCKED: sudo password guessing via stdin. Do not pipe passwords to 'sudo -S'."

OUTCOMES = [
    ({"exit_code": 0, "approval": REQUIRED}, "approved", "recursive delete"),
    (
        {"exit_code": 130, "approval": REQUIRED.rstrip(".") + ", then interrupted."},
        "approved",
        "recursive delete",
    ),
    ({"exit_code": 0, "approval": STATED}, "smart-approved", "find -delete"),
    (
        {"exit_code": -1, "error": HARD, "status": "blocked"},
        "hardline",
        "recursive delete of root filesystem",
    ),
    ({"exit_code": -1, "error": RULE, "status": "blocked"}, "deny-rule", "git push*"),
    ({"exit_code": -1, "error": DENIED, "status": "blocked"}, "denied", None),
    ({"exit_code": -1, "error": DENIED_GATEWAY, "status": "blocked"}, "denied", "not now"),
    ({"exit_code": -1, "error": LATE, "status": "blocked"}, "timeout", None),
    ({"exit_code": -1, "error": SMART, "status": "blocked"}, "smart-denied", "pipe to shell"),
    ({"exit_code": -1, "error": CRON, "status": "blocked"}, "cron-denied", "recursive delete"),
    (
        {"exit_code": -1, "error": SUDO_STDIN, "status": "blocked"},
        "blocked",
        "BLOCKED: sudo password guessing via stdin",
    ),
    ({"exit_code": -1, "error": "", "status": "pending_approval", "description": "x"}, "pending", None),
    ({"status": "error", "error": DENIED.replace("command", "execute_code script")}, "denied", None),
]


@pytest.fixture
def collect(home: Path) -> Callable[..., Snapshot]:
    def run(**query: Any) -> Snapshot:
        opened = OpenHome(Place(home, home, None), {"approvals": approvals.PANEL})
        try:
            opened.settle("approvals")
            return opened.collect("approvals", opened.parse_query("approvals", query), 1, NOW)
        finally:
            opened.close()

    return run


@pytest.fixture
def show(collect: Callable[..., Snapshot]) -> Show:
    def run(**query: Any) -> Approvals:
        shown = collect(**query)
        assert shown.error is None
        return Approvals.model_validate(shown.data)

    return run


def run_command(
    story: Story, command: str, result: Any, *, at: float = 60, session: str = "s", tool: str = "terminal"
) -> int:
    """A call and, unless it is None, its result; the result's id, else the call's."""
    id = f"c{at}"
    given = json.dumps({"code" if tool == "execute_code" else "command": command})
    asked = story.message(session, "assistant", "", at=at, tool_calls=[call(id, tool, given)])
    if result is None:
        return asked
    told = json.dumps({"output": "", "error": None, **result}) if isinstance(result, dict) else result
    return story.message(session, "tool", told, at=at - 1, tool_call_id=id, tool_name=tool)


@pytest.mark.parametrize(("result", "outcome", "reason"), OUTCOMES)
def test_what_hermes_writes_into_a_result_becomes_its_outcome(
    story: Story, show: Show, result: dict[str, Any], outcome: str, reason: str | None
) -> None:
    story.session("s", title="A talk")
    message = run_command(story, "rm -rf build", result)
    (found,) = show().commands
    assert (found.message, found.outcome, found.reason) == (message, outcome, reason)
    assert (found.command, found.session, found.tool) == ("rm -rf build", "A talk", "terminal")
    assert found.is_interrupted == ("then interrupted" in str(result.get("approval")))


def test_what_only_speaks_of_blocking_is_no_command(story: Story, show: Show) -> None:
    story.session("s")
    run_command(story, "grep BLOCKED log", {"exit_code": 0, "output": 'error BLOCKED, "status": "blocked"'})
    run_command(story, "make", {"exit_code": 1, "error": "make: *** blocked"}, at=50)
    run_command(story, "cat notes", 'not JSON: "status": "blocked"', at=40)
    assert show().commands == ()


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("sudo ls", True),
        ("cd /srv && sudo make install", True),
        ("FOO=1 sudo -E make", True),
        ("echo $(sudo cat /etc/shadow)", True),
        ("grep sudo /var/log/auth.log", False),
        ("man sudo", False),
        ("sudo-less thing", False),
        ("visudo", False),
    ],
)
def test_sudo_counts_where_a_command_begins(command: str, expected: bool) -> None:
    assert is_sudo(command) is expected


def test_sudo_that_nobody_had_to_be_asked_about_is_told_with_how_it_ended(story: Story, show: Show) -> None:
    story.session("s")
    run_command(story, "sudo -n systemctl restart tiles", {"exit_code": 0}, at=60)
    run_command(story, "sudo apt-get update", {"exit_code": 100}, at=50)
    run_command(
        story, "sudo apt-get install x", {"exit_code": -1, "error": DENIED, "status": "blocked"}, at=40
    )
    run_command(story, "sudo mount /mnt", None, at=30)
    shown = show()
    assert [(one.outcome, one.exit_code, one.is_sudo) for one in shown.commands] == [
        ("unanswered", None, True),
        ("denied", None, True),
        ("failed", 100, True),
        ("ran", 0, True),
    ]
    assert {one.command: (one.count, one.failed) for one in shown.sudo} == {
        "systemctl": (1, 0),
        "apt-get": (2, 2),
        "mount": (1, 0),
    }


def commands_by_time_alone(ledger: Ledger) -> tuple[approvals.ApprovalCommand, ...]:
    """Where nobody knows which processes have the database open."""
    while True:
        result = approvals.collect(
            ledger, None, FoundFiles(), FoundFiles(), Settings({}), ApprovalsQuery(), NOW
        )
        assert isinstance(result, Until)
        shown = cast("Approvals", result.payload)
        if shown.is_whole:
            return shown.commands


def test_of_several_calls_in_one_message_without_a_result_each_is_told(story: Story, ledger: Ledger) -> None:
    story.session("s")
    calls = [
        call(name, "terminal", json.dumps({"command": f"sudo {name}"})) for name in ("mount", "blkid", "lsof")
    ]
    story.message("s", "assistant", "", at=30, tool_calls=calls)
    assert [(one.command, one.outcome) for one in commands_by_time_alone(ledger)] == [
        ("sudo mount", "running"),
        ("sudo blkid", "running"),
        ("sudo lsof", "running"),
    ]


def test_a_call_that_nobody_waits_for_any_more_does_not_run_for_ever(story: Story, ledger: Ledger) -> None:
    story.session("ended", ended_at=NOW.timestamp() - 10)
    story.session("quiet")
    story.session("went on")
    story.session("waits")
    run_command(story, "sudo mount /a", None, at=30, session="ended")
    run_command(story, "sudo mount /b", None, at=3 * 24 * 3600, session="quiet")
    run_command(story, "sudo mount /c", None, at=50, session="went on")
    story.message("went on", "user", "Leave it", at=40)
    run_command(story, "sudo mount /d", None, at=20, session="waits")
    assert {one.session_id: one.outcome for one in commands_by_time_alone(ledger)} == {
        "ended": "unanswered",
        "quiet": "unanswered",
        "went on": "unanswered",
        "waits": "running",
    }


def test_a_call_that_gets_its_result_is_told_anew(home: Path, story: Story) -> None:
    story.session("s")
    run_command(story, "sudo mount /mnt", None, at=30)
    opened = OpenHome(Place(home, home, None), {"approvals": approvals.PANEL})
    try:
        query = opened.parse_query("approvals", {})
        assert [one["outcome"] for one in opened.collect("approvals", query, 1, NOW).data["commands"]] == [
            "unanswered"
        ]
        told = json.dumps({"exit_code": 0})
        story.message("s", "tool", told, at=20, tool_call_id="c30", tool_name="terminal")
        assert [one["outcome"] for one in opened.collect("approvals", query, 2, NOW).data["commands"]] == [
            "ran"
        ]
    finally:
        opened.close()


@pytest.mark.parametrize(
    ("command", "secret"),
    [
        ("echo hunter2secret | sudo -S ls", "hunter2secret"),
        ("sudo -S ls <<< 'hunter2secret'", "hunter2secret"),
        ("sshpass -p hunter2secret ssh host sudo ls", "hunter2secret"),
        (f"sudo {'x' * 225} --token=abcdefgh123456", "abcdefgh"),
        ("sudo env API_KEY=abcdefgh123456 make", "abcdefgh123456"),
        ("sudo -S ls <<EOF\nhunter2secret\nEOF\n", "hunter2secret"),
        ("sudo -S ls <<-'END'\n\thunter2secret\n\tEND", "hunter2secret"),
        ("sudo -S ls <<EOF\nhunter2secret", "hunter2secret"),
        ("yes hunter2secret | sudo -S ls", "hunter2secret"),
        ("echo hunter2secret | /usr/bin/sudo -S ls", "hunter2secret"),
        ("echo hunter2secret | tee x | sudo -S ls", "hunter2secret"),
        ("cd /srv && echo 'hunter2secret;x' | LANG=C sudo -S ls", "hunter2secret"),
        ("sudo useradd -m -p hunter2secret mira", "hunter2secret"),
        ("sudo useradd --password hunter2secret mira", "hunter2secret"),
        ("echo hunter2secret | env A=1 sudo -S ls", "hunter2secret"),
        ("MYSQL_PWD=hunter2secret sudo -E mysqldump x", "hunter2secret"),
        ("PASS='hunter2 secret'; sudo ls", "2 secret"),
    ],
)
def test_passwords_and_keys_never_leave_even_where_a_command_is_cut(
    story: Story, show: Show, command: str, secret: str
) -> None:
    story.session("s")
    run_command(story, command, {"exit_code": -1, "error": DENIED, "status": "blocked"})
    shown = show()
    assert len(shown.commands) == 1
    assert secret not in shown.model_dump_json()
    assert len(shown.commands[0].command or "") <= approvals.COMMAND_CHARS


def test_arguments_that_are_cut_or_damaged_still_tell_the_command(story: Story, show: Show) -> None:
    story.session("s")
    blocked = {"exit_code": -1, "error": DENIED, "status": "blocked"}
    run_command(story, "rm -rf build\n" + "x" * 5000, blocked, at=60)
    run_command(story, "os.remove('x')", blocked, at=50, tool="execute_code")
    story.message("s", "tool", json.dumps(blocked), at=40, tool_call_id="nobody's", tool_name="terminal")
    commands = [one.command for one in show().commands]
    assert commands[0] is None
    assert commands[1] == "os.remove('x')"
    assert (commands[2] or "").startswith("rm -rf build\nxxx")


@pytest.mark.parametrize(
    ("written", "mode", "is_unknown"),
    [
        ("", "smart", False),
        ("approvals: {mode: manual}", "manual", False),
        ("approvals: {mode: }", "manual", False),
        ("approvals: {timeout: 9}", "smart", False),
        ("approvals:", "smart", False),
        ("approvals: {mode: off}", "off", False),
        ("approvals: {mode: true}", "manual", False),
        ("approvals: {mode: ' SMART '}", "smart", False),
        ("approvals: {mode: auto}", "manual", True),
        ("approvals: {mode: 3}", "manual", False),
    ],
)
def test_the_mode_is_what_hermes_makes_of_it(
    home: Path, story: Story, show: Show, written: str, mode: str, is_unknown: bool
) -> None:
    story.session("s")
    (home / "config.yaml").write_text(written)
    settings = show().settings
    assert (settings.mode, settings.is_mode_unknown) == (mode, is_unknown)


def test_before_0_19_the_default_is_manual(home: Path, show: Show) -> None:
    make(home / "state.db", release="0.18")
    Story(home / "state.db").session("s")
    assert show().settings.mode == "manual"


def test_settings_have_hermes_defaults_and_tolerate_what_is_odd(home: Path, show: Show) -> None:
    settings = show().settings
    assert (settings.timeout_s, settings.cron_mode, settings.redacts_secrets) == (60, "deny", True)
    assert (settings.has_scanner, settings.allows_unscanned, settings.approves_memory) == (True, True, False)
    (home / "config.yaml").write_text(
        "approvals: {timeout: soon, cron_mode: Approve, deny: ['git push*', 7], mode: smart}\n"
        "command_allowlist: [recursive delete, 'API_KEY=abcdefgh123456 make']\n"
        "security: {redact_secrets: false, tirith_enabled: 'no'}\nmemory: {write_approval: 'on'}\n"
    )
    shown = show()
    settings = shown.settings
    assert (settings.timeout_s, settings.cron_mode, settings.redacts_secrets) == (60, "approve", False)
    assert (settings.deny, settings.total_allow) == (("git push*",), 2)
    assert (settings.has_scanner, settings.approves_memory) == (False, True)
    assert "abcdefgh123456" not in shown.model_dump_json()


def test_writes_that_wait_are_told_oldest_first_without_what_they_would_write(home: Path, show: Show) -> None:
    for store, name, at, summary in (("memory", "b", 20, "newer"), ("skills", "a", 10, "older")):
        folder = home / "pending" / store
        folder.mkdir(parents=True)
        record = {
            "id": name,
            "action": "add",
            "summary": summary,
            "origin": "background_review",
            "created_at": at,
            "payload": {"content": "nobody's business"},
        }
        (folder / f"{name}.json").write_text(json.dumps(record))
    (home / "pending/memory/broken.json").write_text("{")
    (home / "pending/memory/a.json.tmp").write_text("{}")
    shown = show()
    assert [(one.store, one.id, one.summary) for one in shown.pending[:2]] == [
        ("skills", "a", "older"),
        ("memory", "b", "newer"),
    ]
    assert (shown.total_pending, shown.pending[2].problem) == (3, "it is not valid JSON")
    assert "business" not in shown.model_dump_json()


def test_a_question_and_a_command_without_a_result_wait_as_long_as_their_process_lives(
    story: Story, ledger: Ledger, show: Show
) -> None:
    story.session("asks", title="A question")
    story.message("asks", "user", "go", at=20)
    story.message("asks", "assistant", "", at=10, tool_calls=[call("q", "clarify")])
    story.session("runs", title="A command")
    story.message("runs", "user", "go", at=20)
    story.message("runs", "assistant", "", at=5, tool_calls=[call("r", "terminal"), call("w", "web_search")])
    result = approvals.collect(ledger, None, FoundFiles(), FoundFiles(), Settings({}), ApprovalsQuery(), NOW)
    assert isinstance(result, Until)
    shown = cast("Approvals", result.payload)
    assert {(one.session, one.kind, one.tool) for one in shown.waiting} == {
        ("A question", "question", "clarify"),
        ("A command", "command", "terminal"),
    }
    assert show().waiting == ()  # nobody has the database open


def test_every_number_can_be_recomputed_from_the_frames(home: Path, story: Story, show: Show) -> None:
    (home / "config.yaml").write_text("timezone: Asia/Tokyo\n")
    story.session("s")
    for number, (result, _, _) in enumerate(OUTCOMES * 3):
        run_command(story, f"rm -rf {number}", result, at=60 + number * 50_000)
    for number in range(6):
        run_command(
            story,
            f"sudo {'mount' if number % 2 else 'ls'} x",
            {"exit_code": number % 3},
            at=90 + number * 70_000,
        )
    shown = show()
    opened = OpenHome(Place(home, home, None), {"approvals": approvals.PANEL})
    try:
        rows = to_pandas(opened.table("approvals", {}, NOW))
    finally:
        opened.close()
    assert len(rows) == shown.total_commands
    assert {one.outcome: one.count for one in shown.outcomes} == rows["outcome"].value_counts().to_dict()
    days = rows["at"].dt.tz_convert("Asia/Tokyo").dt.date
    allowed, refused = rows["outcome"].isin(ALLOWED), rows["outcome"].isin(REFUSED)
    for day in shown.days:
        there = days == day.day
        assert (day.allowed, day.refused, day.other) == (
            int((there & allowed).sum()),
            int((there & refused).sum()),
            int((there & ~allowed & ~refused).sum()),
        )
    sudo = rows[rows["is_sudo"]]
    names = sudo["command"].str.extract(r"sudo (\w+)")[0]
    assert {one.command: one.count for one in shown.sudo} == names.value_counts().to_dict()
    assert shown.total_sudo == names.nunique()
    assert show(outcome="denied").total_commands == int((rows["outcome"] == "denied").sum())
    assert shown.days[-1].day - shown.days[0].day == timedelta(days=approvals.DAYS - 1)


def test_what_waits_can_be_recounted_from_its_frame(agent: MakeAgent) -> None:
    hermes = agent()
    hermes.session("asks", title="A question")
    calls = [{"id": "q", "name": "clarify", "arguments": {}}]
    hermes.message("asks", "user", "go")
    hermes.message("asks", "assistant", "", tool_calls=calls)
    for number in range(approvals.LISTED + 5):
        record = {"action": "add", "summary": f"fact {number}", "created_at": number, "payload": "quagga"}
        hermes.file(f"pending/memory/{number:03}.json", json.dumps(record).encode())
    hermes.file("pending/skills/broken.json", b"{")
    with Home(hermes.home) as opened:
        shown, frame = opened.panel("approvals")["data"], opened.frame("approvals_waiting")
    writes = frame[frame["kind"] == "write"]
    assert (
        (shown["total_pending"], shown["total_waiting"])
        == (len(writes), len(frame) - len(writes))
        == (106, 1)
    )
    assert len(shown["pending"]) == approvals.LISTED
    assert [one["id"] for one in shown["pending"]] == list(writes["id"])[: approvals.LISTED]
    assert writes["store"].value_counts().to_dict() == {"memory": 105, "skills": 1}
    (waits,) = frame[frame["kind"] != "write"].to_dict("records")
    assert (waits["kind"], waits["session_id"], waits["tool"]) == ("question", "asks", "clarify")
    assert writes.set_index("id").loc["broken", "problem"] == "it is not valid JSON"
    assert "quagga" not in frame.to_csv()


def test_the_most_frequent_of_what_ran_by_sudo_are_shown_with_a_true_total(story: Story, show: Show) -> None:
    story.session("s")
    for number in range(14):
        run_command(story, f"sudo tool{number} x", {"exit_code": 0}, at=60 + number * 10)
    shown = show()
    assert (len(shown.sudo), shown.total_sudo) == (approvals.SUDO_SHOWN, 14)
