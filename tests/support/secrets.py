"""A home in which every place that Hermes keeps secrets in holds a marked one."""

from __future__ import annotations

import base64
import json
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

MARK = "qzjxmarker"
"""No secret is without it, and nothing else has it."""
PERSON = "mirapersonmark"
"""Stands in names, addresses and ids of people, which are not to be shown either."""

CHAT = "-1009876512345"
"""The id of a chat."""


def secret(place: str) -> str:
    """A secret of no known shape: whoever shows it knew only by its place that it is one."""
    return f"{MARK}{place}"


def plant(home: Path) -> None:
    """Files of a home with a secret in each place that may hold one, and people's names where those are written."""
    _text(
        home / ".env",
        "".join(
            f"{name}={secret('env')}\n" for name in ("OPENROUTER_API_KEY", "ANTHROPIC_TOKEN", "SUDO_PASSWORD")
        ),
    )
    _json(home / "auth.json", _auth())
    _json(
        home / ".anthropic_oauth.json",
        {"accessToken": secret("anthropic"), "refreshToken": secret("refresh"), "expiresAt": 1e12},
    )
    _json(home / "shared" / "nous_auth.json", _login("nous"))
    _json(home / "mcp-tokens" / "tracker.json", {**_login("mcp"), "expires_in": 3600})
    _json(home / "mcp-tokens" / "tracker.client.json", {"client_secret": secret("client")})
    _json(home / "slack_tokens.json", {"T1": {"token": secret("slack")}})
    _text(home / "config.yaml", CONFIG)
    _text(home / "config.yaml.bak.1", CONFIG)
    _json(
        home / "webhook_subscriptions.json",
        {"deploy": {"events": ["push"], "secret": secret("webhook"), "prompt": secret("prompt"),
                    "deliver_extra": {"chat_id": PERSON}}},
    )  # fmt: skip
    waiting = {
        "hash": secret("hash"),
        "salt": secret("salt"),
        "user_id": PERSON,
        "user_name": PERSON,
        "created_at": 4e9,
    }
    for folder in ("platforms/pairing", "pairing"):
        _json(home / folder / "telegram-pending.json", {secret("code"): waiting})
        _json(home / folder / "telegram-approved.json", {PERSON: {"user_name": PERSON}})
    people = [{"id": PERSON, "name": PERSON, "type": "dm", "thread_id": PERSON}]
    _json(
        home / "channel_directory.json",
        {"updated_at": "2026-01-01T00:00:00", "platforms": {"telegram": people}},
    )
    _json(
        home / "gateway" / "dead_targets.json",
        {f"telegram:{PERSON}": {"platform": "telegram", "chat_id": PERSON, "reason": "forbidden"}},
    )
    _json(
        home / "sessions" / "sessions.json",
        {f"agent:main:telegram:dm:{PERSON}": {"origin": {"user_name": PERSON}}},
    )
    _text(home / "sessions" / "request_dump_1.json", json.dumps({"headers": {"x": secret("dump")}}))
    _json(home / "gateway_state.json", _gateway())
    _json(
        home / "processes.json",
        [{"session_id": "proc_1", "command": f"curl -H 'X-Auth: {secret('argv')}'", "pid": 999_999}],
    )
    _database(home / "state.db")
    _jobs(home / "cron")
    now = datetime.now().astimezone().strftime("%Y-%m-%d %H:%M:%S,000")
    for log in ("agent", "gateway", "errors"):
        _text(
            home / "logs" / f"{log}.log",
            f"{now} ERROR gateway.run: inbound message: platform=telegram user={PERSON} M chat={PERSON} msg='hello'\n"
            f"Traceback: user={PERSON}\n{now} ERROR gateway.run: {PERSON}@example.org has left {CHAT}\n",
        )


def _auth() -> dict[str, Any]:
    token = base64.urlsafe_b64encode(json.dumps({"exp": 4e9, "email": PERSON}).encode()).decode()
    entry = {
        "id": "a1",
        "label": f"{PERSON}@example.org",
        "source": "manual",
        "auth_type": "oauth",
        "account_id": PERSON,
        "access_token": f"x.{token}.{secret('signature')}",
        "refresh_token": secret("refresh"),
        "agent_key": secret("agent"),
        "secret_fingerprint": secret("fingerprint"),
        "last_status": "exhausted",
        "last_status_at": 4e9,
        "last_error_code": 401,
        "last_error_reason": "invalid_api_key",
        "last_error_message": f"Incorrect API key provided: {secret('message')}",
        "base_url": f"https://user:{secret('userinfo')}@api.example.com/v1?key={secret('query')}",
    }
    return {
        "version": 1,
        "active_provider": "nous",
        "providers": {
            "nous": _login("login"),
            "openai-codex": {"tokens": _login("tokens"), "account_id": PERSON},
        },
        "credential_pool": {"anthropic": [entry, {**entry, "id": "a2", "auth_type": "api_key"}]},
    }


def _login(place: str) -> dict[str, Any]:
    return {
        "access_token": secret(place),
        "refresh_token": secret(place),
        "agent_key": secret(place),
        "client_id": secret(place),
        "expires_at": "2099-01-01T00:00:00+00:00",
        "inference_base_url": f"https://{secret('name')}:{secret(place)}@inference.example.com/v1",
    }


def _gateway() -> dict[str, Any]:
    trouble = {
        "state": "fatal",
        "error_code": "401",
        "error_message": f"chat 12345678901 of {PERSON}@example.org is gone",
    }
    return {
        "pid": 999_999,
        "start_time": 1,
        "argv": ["hermes", "gateway", "--token", secret("argv")],
        "gateway_state": "running",
        "platforms": {"telegram": trouble},
        "updated_at": "2026-01-01T00:00:00+00:00",
    }


def _database(path: Path) -> None:
    """The tables of `state.db` that hold whom something is for; those that are there stay."""
    key = f"agent:main:telegram:dm:{PERSON}"
    entry = {
        "session_id": "s1",
        "last_prompt_tokens": 1000,
        "origin": {"user_name": PERSON, "chat_id": PERSON},
    }
    with closing(sqlite3.connect(path, timeout=10)) as database, database:
        _row(
            database,
            "delivery_obligations",
            obligation_id="o1",
            session_key=key,
            platform="telegram",
            chat_id=PERSON,
            content=secret("reply"),
            state="failed",
            attempts=1,
            created_at=1.0,
            updated_at=2.0,
            last_error=f"{PERSON}@example.org: 403",
        )
        _row(database, "gateway_routing", session_key=key, entry_json=json.dumps(entry), updated_at=1.0)


def _jobs(folder: Path) -> None:
    """A job that is told to a chat, and a run of it, which failed."""
    failed = f"chat {CHAT} of {PERSON}@example.org is gone"
    job = {
        "id": "told",
        "name": "Told",
        "schedule": {"kind": "interval", "minutes": 60},
        "deliver": f"telegram:{CHAT}:17,discord:{PERSON}",
        "last_status": "error",
        "last_error": failed,
        "last_delivery_error": failed,
    }
    _json(folder / "jobs.json", {"jobs": [job]})
    run = {"id": "told", "job_id": "told", "source": "builtin", "status": "failed", "error": failed}
    times = dict.fromkeys(("claimed_at", "started_at", "finished_at"), "2026-01-01T00:00:00+00:00")
    with closing(sqlite3.connect(folder / "executions.db", timeout=10)) as database, database:
        _row(database, "executions", **run, **times, pid=1, process_started_at=1)


def _row(database: sqlite3.Connection, table: str, **values: Any) -> None:
    database.execute(f"CREATE TABLE IF NOT EXISTS {table} ({', '.join(values)})")
    there = {name for _, name, *_ in database.execute(f"PRAGMA table_info({table})")}
    for name in values.keys() - there:
        database.execute(f"ALTER TABLE {table} ADD COLUMN {name}")
    marks = ", ".join("?" * len(values))
    database.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})", tuple(values.values()))


CONFIG = f"""
model:
  default: claude-sonnet-4-6
  provider: anthropic
  api_key: {secret("model")}
  base_url: https://user:{secret("url")}@proxy.example.com/v1?key={secret("query")}
providers:
  mine: {{api: "https://mine.example.com/v1", apiKey: {secret("camel")}, extra_headers: {{CF-Access: {secret("header")}}}}}
custom_providers:
  - {{name: own, base_url: "http://{secret("user")}:x@own.example.com", api_key: {secret("custom")}}}
mcp_servers:
  tracker:
    command: /opt/{secret("folder")}/npx --token={secret("command")}
    args: [--token, {secret("args")}]
    env: {{TRACKER_TOKEN: {secret("variable")}}}
  remote:
    url: https://u:{secret("mcpurl")}@mcp.example.com/{secret("path")}?key={secret("mcpquery")}
    headers: {{Authorization: "Bearer {secret("bearer")}"}}
    oauth: {{client_secret: {secret("oauth")}}}
auxiliary:
  vision: {{api_key: {secret("auxiliary")}, base_url: "https://v.example.com?token={secret("vision")}"}}
delegation: {{api_key: {secret("delegation")}}}
platforms:
  telegram: {{token: {secret("bot")}, extra: {{webhook: {secret("extra")}}}, home_channel: {{chat_id: {PERSON}}}}}
telegram: {{allowed_users: [{PERSON}], home_channel: {PERSON}}}
dashboard: {{basic_auth: {{username: {PERSON}, password_hash: {secret("hash")}}}}}
secrets: {{bitwarden: {{project_id: {secret("project")}}}}}
api_key: {secret("root")}
password: 12345678
"""


def _json(path: Path, content: Any) -> None:
    _text(path, json.dumps(content))


def _text(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
