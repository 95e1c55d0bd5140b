"""Mira's gateway: three platforms of which one comes and goes, deliveries, pairings, a webhook."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from hermes_hud_widget.demo.script import Script
from hermes_hud_widget.ledger.processes import start_ticks

if TYPE_CHECKING:
    from hermes_hud_widget.demo.home import DemoHome

DAY_S = 86_400.0
BEAT_EVERY_S = 30.0
LEDGER = """CREATE TABLE IF NOT EXISTS delivery_obligations (
    obligation_id TEXT PRIMARY KEY, session_key TEXT NOT NULL, platform TEXT NOT NULL, chat_id TEXT NOT NULL,
    thread_id TEXT, content TEXT NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
    created_at REAL NOT NULL, updated_at REAL NOT NULL, owner_pid INTEGER, owner_started_at INTEGER, last_error TEXT
)"""
PAST = (
    # platform, state, how long ago it was owed in days, attempts, what went wrong
    *(("telegram", "delivered", 0.2 + day / 3, 0, None) for day in range(17)),
    *(("discord", "delivered", 0.5 + day / 2, 0, None) for day in range(9)),
    ("discord", "failed", 0.02, 1, "503 Service Unavailable: upstream connect error"),
    ("email", "abandoned", 2.1, 3, "SMTP 550: mailbox unavailable"),
    ("discord", "pending", 0.005, 0, None),
)
TROUBLE = ("retrying", "gateway_disconnected", "Connection closed by the server (4000); next try in 16 s")
WELL = ("connected", None, None)


def play(home: DemoHome) -> Script:
    """A gateway that this very process stands for, so that it lives as long as the demo."""
    gateway = _Gateway(home)
    gateway.write_past()
    gateway.write_ledger()
    random = Random(f"gateway {home.seed}")
    for number in count():
        yield random.uniform(3.0, 6.0)
        gateway.beat()
        gateway.work(random.choice((0, 1, 1, 2)))
        gateway.chat(number)
        yield random.uniform(6.0, 9.0)
        gateway.set_platform("discord", *(TROUBLE if number % 3 == 0 else WELL))
        gateway.deliver(number, "attempting")
        yield random.uniform(3.0, 6.0)
        gateway.deliver(number, "delivered")
        yield BEAT_EVERY_S - 15.0


class _Gateway:
    """Writes the gateway's files as Hermes does: each anew, then put in its place."""

    def __init__(self, home: DemoHome) -> None:
        self._path, self._clock, self._now, self._rows = home.path, home.clock, home.now, home.state
        self._state: dict[str, Any] = {
            "pid": os.getpid(),
            "kind": "hermes-gateway",
            "argv": ["hermes", "gateway"],
            "start_time": start_ticks(os.getpid()) if sys.platform.startswith("linux") else None,
            "gateway_state": "running",
            "exit_reason": None,
            "restart_requested": False,
            "active_agents": 1,
            "platforms": {},
            "served_profiles": ["default", "coder"],
        }

    def write_past(self) -> None:
        """What has come together in two days of running."""
        for name, ago_s, (state, code, message) in (
            ("telegram", 2 * DAY_S, WELL),
            ("discord", 40.0, TROUBLE),
            (
                "email",
                2.1 * DAY_S,
                ("fatal", "smtp_auth_failed", "535 5.7.8: username and password not accepted"),
            ),
        ):
            self._state["platforms"][name] = {
                "state": state,
                "error_code": code,
                "error_message": message,
                "updated_at": _iso(self._now - ago_s),
            }
        self._save(self._now - 40.0)
        self.beat(self._now - 12.0)
        starts = [self._now - days * DAY_S for days in (2.0, 2.001, 6.3, 9.9)]
        self._text("gateway-starts.log", "".join(f"{at!r}\n" for at in sorted(starts)))
        self._json(
            "channel_directory.json",
            {
                "updated_at": datetime.fromtimestamp(self._now - 140).isoformat(),  # noqa: DTZ006  Hermes writes local time
                "platforms": {
                    "telegram": [{"id": "4711", "name": "Mira", "type": "dm"}],
                    "discord": [
                        {"id": str(n), "name": name, "type": "channel"} for n, name in enumerate(CHANNELS)
                    ],
                },
            },
        )
        self._json("platforms/pairing/telegram-approved.json", {"4711": {"user_name": "Mira"}})
        waiting = {"hash": "00", "salt": "00", "user_id": "77", "created_at": self._now - 900}
        self._json("platforms/pairing/discord-pending.json", {"a1": waiting})
        self._json(
            "gateway/dead_targets.json",
            {
                "discord:9": {
                    "platform": "discord",
                    "chat_id": "9",
                    "reason": "forbidden",
                    "marked_at": self._now,
                }
            },
        )
        self._json(
            "webhook_subscriptions.json",
            {
                "feed-alert": {
                    "description": "A station feed has been silent for an hour",
                    "events": ["feed.silent", "feed.back"],
                    "secret": "demo-secret-of-no-use",
                    "prompt": "Look whether the feed is gone for good.",
                    "skills": ["gbfs-feeds"],
                    "deliver": "telegram",
                    "created_at": _iso(self._now - 12 * DAY_S),
                }
            },
        )

    def write_ledger(self) -> None:
        """The deliveries of the last week."""
        self._rows.make_table(LEDGER)
        for number, (platform, state, days, attempts, error) in enumerate(PAST):
            self._owe(f"past-{number}", platform, state, self._now - days * DAY_S, attempts, error)

    def chat(self, number: int) -> None:
        """What the last prompt of a chat took of the model's window."""
        tokens = 212_000 + 6_400 * (number % 40)
        session_id = (
            self._rows.session_titled("The model is too good on station 5") or self._rows.open_session()
        )
        entry = {"session_id": session_id, "platform": "telegram", "last_prompt_tokens": tokens}
        key = "agent:main:telegram:group:velocast"
        self._rows.put(
            "gateway_routing", session_key=key, entry_json=json.dumps(entry), updated_at=self._clock()
        )

    def beat(self, at: float | None = None) -> None:
        """The heartbeat, every half minute."""
        self._json(
            "state/gateway.heartbeat",
            {"pid": os.getpid(), "updated_at": _iso(self._clock() if at is None else at), "monotonic": 1.0},
        )

    def work(self, agents: int) -> None:
        """So many turns are worked on."""
        if self._state["active_agents"] != agents:
            self._state["active_agents"] = agents
            self._save(self._clock())

    def set_platform(self, name: str, state: str, code: str | None, message: str | None) -> None:
        """A platform changes its state."""
        known = self._state["platforms"][name]
        if known["state"] != state:
            known.update(state=state, error_code=code, error_message=message, updated_at=_iso(self._clock()))
            self._save(self._clock())

    def deliver(self, number: int, state: str) -> None:
        """A reply is on its way, or has arrived."""
        self._owe(f"live-{number}", "telegram", state, self._clock(), 0, None)

    def _owe(self, id: str, platform: str, state: str, at: float, attempts: int, error: str | None) -> None:
        self._rows.put(
            "delivery_obligations",
            obligation_id=id,
            session_key=f"agent:main:{platform}:dm:0",
            platform=platform,
            chat_id="0",
            content="…",
            state=state,
            attempts=attempts,
            created_at=at,
            updated_at=at + 2,
            last_error=error,
        )

    def _save(self, at: float) -> None:
        self._json("gateway_state.json", {**self._state, "updated_at": _iso(at)})

    def _json(self, path: str, content: Any) -> None:
        self._text(path, json.dumps(content))

    def _text(self, path: str, content: str) -> None:
        put(self._path / path, content)


CHANNELS = ("general", "forecast", "feeds", "papers", "standup", "random")


def put(path: Path, content: str) -> None:
    """Replaces a file as Hermes does, readable by its owner alone."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(content, encoding="utf-8")
    temporary.chmod(0o600)
    temporary.replace(path)


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()
