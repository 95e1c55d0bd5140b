"""What the frames must hold, worked out from the rows of a database in the plainest way."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

Row = dict[str, Any]

COUNTED = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens")


def at(seconds: float | None) -> datetime | None:
    """Epoch seconds as the frames have them."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


class Tables:
    """All rows of a database.

    Args:
        read: Gives the rows of a statement.
        has_failed: Whether a tool's result says that it failed.
    """

    def __init__(self, read: Callable[[str], list[Row]], has_failed: Callable[[str, str], bool]) -> None:
        there = {row["name"] for row in read("SELECT name FROM sqlite_master WHERE type = 'table'")}
        tables = ("sessions", "messages", "session_model_usage")
        self.sessions, self.messages, self.usage = (
            read(f"SELECT * FROM {table} ORDER BY rowid") if table in there else [] for table in tables
        )
        self._has_failed = has_failed
        self.by_id: dict[str, Row] = {row["id"]: row for row in self.sessions}
        self.last: dict[str, float] = {}
        for message in self.messages:
            known = self.last.get(message["session_id"], float("-inf"))
            self.last[message["session_id"]] = max(known, message["timestamp"])

    # -- lineage

    def mark(self, row: Row, name: str) -> Any:
        return json.loads(row["model_config"] or "{}").get(name)

    def is_branch(self, row: Row) -> bool:
        above = self.by_id.get(row["parent_session_id"])
        return bool(self.mark(row, "_branched_from")) or (
            above is not None and above["end_reason"] == "branched" and row["started_at"] >= above["ended_at"]
        )

    def is_continuation(self, row: Row) -> bool:
        above = self.by_id.get(row["parent_session_id"])
        marked = self.mark(row, "_branched_from") or self.mark(row, "_delegate_from")
        return (
            above is not None
            and above["end_reason"] == "compression"
            and not marked
            and row["source"] != "tool"
        )

    def kind(self, row: Row) -> str:
        if self.mark(row, "_delegate_from"):
            return "subagent"
        if self.is_branch(row):
            return "branch"
        if row["parent_session_id"] is None:
            return "conversation"
        if self.is_continuation(row):
            return "continuation"
        return "subagent" if row["source"] in ("subagent", "tool") else "ephemeral"

    def root(self, session_id: str) -> str:
        row = self.by_id.get(session_id)
        while row is not None and self.is_continuation(row):
            row = self.by_id[row["parent_session_id"]]
        return session_id if row is None else str(row["id"])

    def pieces(self, session_id: str) -> list[str]:
        """The compression chain of a conversation, by the rule with which Hermes picks its tip."""
        found = [self.root(session_id)]
        while self.by_id[found[-1]]["end_reason"] == "compression":
            children = [
                row
                for row in self.sessions
                if row["parent_session_id"] == found[-1] and self.is_continuation(row)
            ]
            if not children:
                break

            def rank(row: Row) -> tuple[bool, bool, float, float, str]:
                last = self.last.get(row["id"], row["started_at"])
                return (
                    row["end_reason"] == "compression",
                    row["ended_at"] is None,
                    last,
                    row["started_at"],
                    row["id"],
                )

            found.append(max(children, key=rank)["id"])
        return found

    def is_listed(self, row: Row) -> bool:
        return (
            (row["parent_session_id"] is None or self.is_branch(row))
            and not self.mark(row, "_delegate_from")
            and not row["archived"]
        )

    # -- frames

    def frame_of_sessions(self) -> list[Row]:
        found = []
        for row in sorted(self.sessions, key=lambda row: (row["started_at"], row["id"]), reverse=True):
            last = self.last.get(row["id"], row["started_at"])
            usd, status = cost(row)
            until = last if row["ended_at"] is None else row["ended_at"]
            same = ("id", "title", "source", "model", "end_reason", "message_count", "tool_call_count")
            same += (
                "api_call_count",
                "rewind_count",
                *COUNTED,
                "cwd",
                "git_branch",
                "git_repo_root",
                "profile_name",
            )
            found.append(
                {
                    **{name: row[name] for name in same},
                    "root_id": self.root(row["id"]),
                    "parent_id": row["parent_session_id"],
                    "kind": self.kind(row),
                    "listed": self.is_listed(row),
                    "started_at": at(row["started_at"]),
                    "ended_at": at(row["ended_at"]),
                    "last_active": at(last),
                    "duration_s": max(0.0, until - row["started_at"]),
                    "cost_usd": usd,
                    "cost_status": status,
                    "archived": bool(row["archived"]),
                }
            )
        return found

    def frame_of_messages(self) -> list[Row]:
        same = ("id", "session_id", "role", "tool_name", "tool_call_id", "finish_reason", "token_count")
        return [
            {
                **{name: row[name] for name in same},
                "timestamp": at(row["timestamp"]),
                "tool_names": [call["function"]["name"] for call in json.loads(row["tool_calls"] or "[]")],
                "text_chars": len(words(row["content"])),
                "reasoning_chars": len(row["reasoning"] or row["reasoning_content"] or ""),
                "state": state(row),
            }
            for row in sorted(self.messages, key=lambda row: row["id"])
        ]

    def frame_of_tool_calls(self) -> list[Row]:
        found = []
        for row in sorted(self.messages, key=lambda row: row["id"]):
            for place, call in enumerate(json.loads(row["tool_calls"] or "[]")):
                answer = self._answer(row, call)
                arguments = call["function"]["arguments"]
                found.append(
                    {
                        "message_id": row["id"],
                        "call_index": place,
                        "session_id": row["session_id"],
                        "root_id": self.root(row["session_id"]),
                        "tool": call["function"]["name"],
                        "call_id": call["id"],
                        "called_at": at(row["timestamp"]),
                        "finished_at": answer and at(answer["timestamp"]),
                        "duration_s": answer and max(0.0, answer["timestamp"] - row["timestamp"]),
                        **self._outcome(call["function"]["name"], answer),
                        "effect": answer and answer["effect_disposition"],
                        "argument_chars": len(arguments),
                        "result_chars": answer and len(words(answer["content"])),
                        "state": state(row),
                    }
                )
        return found

    def _answer(self, row: Row, call: Row) -> Row | None:
        """The first result after the call, unless a later call of the same id comes before it."""
        for later in sorted(self.messages, key=lambda row: row["id"]):
            if later["id"] <= row["id"] or later["session_id"] != row["session_id"]:
                continue
            if later["role"] == "tool" and later["tool_call_id"] == call["id"]:
                return later
            if call["id"] in [other["id"] for other in json.loads(later["tool_calls"] or "[]")]:
                return None
        return None

    def _outcome(self, tool: str, answer: Row | None) -> Row:
        if answer is None:
            return {"status": "no result", "exit_code": None}
        text = answer["content"] or ""
        returned = json.loads(text) if text.startswith("{") else {}
        status = "error" if self._has_failed(tool, text) else "ok"
        return {"status": status, "exit_code": returned.get("exit_code")}

    def frame_of_usage(self) -> list[Row]:
        found = []
        for row in sorted(self.sessions, key=lambda row: (row["started_at"], row["id"]), reverse=True):
            for part in self.parts(row):
                usd, status = cost(part)
                estimated = part["estimated_cost_usd"]
                is_known = estimated or part["cost_status"] in ("estimated", "included")
                found.append(
                    {
                        "session_id": row["id"],
                        "root_id": self.root(row["id"]),
                        "source": row["source"],
                        "model": part["model"] or "unknown",
                        "provider": part["billing_provider"] or None,
                        "billing_mode": part["billing_mode"] or None,
                        "task": part.get("task") or "main",
                        "attributed": "task" in part,
                        "api_calls": part["api_call_count"],
                        **{name: part[name] for name in COUNTED},
                        "cost_usd": usd,
                        "cost_status": status,
                        "estimated_cost_usd": estimated if is_known else None,
                        "actual_cost_usd": part["actual_cost_usd"] or None,
                        "first_seen": at(part.get("first_seen")),
                        "last_seen": at(part.get("last_seen")),
                        "session_started_at": at(row["started_at"]),
                    }
                )
        return found

    def parts(self, session: Row) -> list[Row]:
        """What was attributed of a session, and what its own counters hold beyond that."""
        parts = [row for row in self.usage if row["session_id"] == session["id"]]
        rest = dict(session)
        for name in ("api_call_count", *COUNTED, "estimated_cost_usd", "actual_cost_usd"):
            beyond = (session[name] or 0) - sum(part[name] or 0 for part in parts)
            if parts:
                rest[name] = (
                    max(0, beyond)
                    if name.endswith(("tokens", "count"))
                    else beyond
                    if beyond > 1e-9
                    else None
                )
        amounts = ("api_call_count", *COUNTED, "estimated_cost_usd", "actual_cost_usd")
        return [*parts, rest] if any(rest[name] for name in amounts) else parts

    def frame_of_days(self, days: Callable[[float], datetime]) -> dict[tuple[Any, ...], Row]:
        """Dollars and counts by midnight, model, provider and kind of figure.

        Args:
            days: The midnight before an instant.
        """
        found: defaultdict[tuple[Any, ...], Row] = defaultdict(lambda: defaultdict(float))
        for row in self.sessions:
            touched: set[tuple[Any, ...]] = set()
            for part in self.parts(row):
                usd, status = cost(part)
                if status is None:
                    continue
                among = (
                    days(row["started_at"]),
                    part["model"] or "unknown",
                    part["billing_provider"] or None,
                )
                # Of mixed figures the tokens are of the last call's kind, the dollars an estimate.
                counts, dollars = (
                    (part["cost_status"], "estimated") if status == "mixed" else (status, status)
                )
                for name in ("api_call_count", *COUNTED):
                    found[*among, counts][name] += part[name]
                found[*among, dollars]["usd"] += usd or 0.0
                touched |= {(*among, counts), (*among, dollars)}
            for one in touched:
                found[one]["sessions"] += 1
        return {key: dict(values) for key, values in found.items()}

    def spent_since(self, seconds: float) -> tuple[int, Mapping[str, int], float]:
        """Of sessions that started since then: how many, their tokens, their known dollars."""
        chosen = [row for row in self.sessions if row["started_at"] >= seconds]
        parts = [part for row in chosen for part in self.parts(row)]
        tokens = {name: sum(part[name] for part in parts) for name in COUNTED}
        return len(chosen), tokens, sum(cost(part)[0] or 0.0 for part in parts)


def state(message: Row) -> str:
    return "active" if message["active"] else "compacted" if message["compacted"] else "rewound"


def words(content: str | None) -> str:
    """A message's text; of one made of parts, all its texts together."""
    if not (content or "").startswith("\0json:"):
        return content or ""
    return "".join(part.get("text", "") for part in json.loads((content or "")[6:]))


def cost(row: Row) -> tuple[float | None, str | None]:
    """Dollars and kind of figure of a row with Hermes' counters."""
    actual, estimated, status = row["actual_cost_usd"], row["estimated_cost_usd"], row["cost_status"]
    was_used = any(row[name] for name in ("api_call_count", *COUNTED[:4]))
    if actual:
        return actual, "actual"
    if estimated:
        return estimated, "mixed" if status in ("included", "unknown") else status or "estimated"
    if not was_used:
        return None, None
    if status in ("actual", "included") or (status == "estimated" and estimated is not None):
        return 0.0, status
    return None, "unknown"
