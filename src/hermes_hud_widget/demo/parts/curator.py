"""What the curator's runs left behind: reports, archived skills, backups."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from hermes_hud_widget.demo.script import Script

if TYPE_CHECKING:
    from hermes_hud_widget.demo.home import DemoHome

DAY_S = 86_400.0
RUNS = (
    {"days_ago": 26.2, "takes_s": 0.4, "checked": 9},
    {"days_ago": 19.2, "takes_s": 38.0, "checked": 11, "marked_stale": 2, "merged": True},
    {"days_ago": 12.2, "takes_s": 0.5, "checked": 9, "reactivated": 1},
    {"days_ago": 5.2, "takes_s": 0.4, "checked": 9, "marked_stale": 1, "archived": 1},
)
MERGED = ({"name": "trip-dedup", "into": "data-quality"}, {"name": "null-report", "into": "data-quality"})


def play(home: DemoHome) -> Script:
    """Four weekly runs; nothing happens afterwards: the next one is days away."""
    random = Random(f"curator {home.seed}")
    for run in RUNS:
        _write_run(home.path, home.now - float(run["days_ago"]) * DAY_S, run)
    for run in RUNS[1:]:
        _write_backup(home.path, home.now - float(run["days_ago"]) * DAY_S - 1, random)
    yield 0.0


def _write_run(home: Path, at: float, run: dict[str, Any]) -> None:
    started = datetime.fromtimestamp(at, UTC)
    folder = home / "logs" / "curator" / f"{started:%Y%m%d-%H%M%S}"
    folder.mkdir(parents=True)
    merged = list(MERGED) if run.get("merged") else []
    clock = {name: run.get(name, 0) for name in ("checked", "marked_stale", "archived", "reactivated")}
    told = {
        "started_at": started.isoformat(),
        "duration_seconds": run["takes_s"],
        "model": "claude-haiku-4-5" if merged else "",
        "provider": "anthropic" if merged else "",
        "auto_transitions": clock,
        "counts": {
            "before": run["checked"],
            "after": run["checked"] - len(merged),
            "delta": -len(merged),
            "archived_this_run": len(merged),
            "added_this_run": 0,
            "consolidated_this_run": len(merged),
            "pruned_this_run": 0,
            "state_transitions": 0,
            "cron_jobs_rewritten": 0,
            "tool_calls_total": 7 if merged else 0,
        },
        "tool_call_counts": {"skill_view": 4, "skill_manage": 3} if merged else {},
        "archived": [one["name"] for one in merged],
        "consolidated": merged,
        "pruned": [],
        "pruned_names": [],
        "added": [],
        "state_transitions": [],
        "cron_rewrites": {"rewrites": [], "jobs_updated": 0, "jobs_scanned": 0},
        "llm_final": "",
        "llm_summary": "two narrow checks became sections of data-quality"
        if merged
        else "skipped (consolidation off)",
        "llm_error": None,
        "tool_calls": [],
    }
    (folder / "run.json").write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    (folder / "REPORT.md").write_text(_report(told), encoding="utf-8")
    for path in folder.iterdir():
        os.utime(path, (at, at))


def _report(told: dict[str, Any]) -> str:
    clock, counts = told["auto_transitions"], told["counts"]
    lines = [
        f"# Curator run — {told['started_at']}\n",
        f"Model: `{told['model'] or '(not resolved)'}` via `{told['provider'] or '(not resolved)'}`  ·  "
        f"Duration: {told['duration_seconds']:.0f}s  ·  "
        f"Agent-created skills: {counts['before']} → {counts['after']} ({counts['delta']:+d})\n",
        "## Auto-transitions (pure, no LLM)\n",
        f"- checked: {clock['checked']}",
        f"- marked stale: {clock['marked_stale']}",
        f"- archived (no LLM, pure time-based staleness): {clock['archived']}",
        f"- reactivated: {clock['reactivated']}",
        "",
        "## LLM consolidation pass\n",
        f"- consolidated into umbrellas: **{counts['consolidated_this_run']}**",
        f"- pruned (archived for staleness): **{counts['pruned_this_run']}**",
        "",
        *(f"- `{one['name']}` → `{one['into']}`" for one in told["consolidated"]),
    ]
    return "\n".join(lines) + "\n"


def _write_backup(home: Path, at: float, random: Random) -> None:
    when = datetime.fromtimestamp(at, UTC)
    folder = home / "skills" / ".curator_backups" / f"{when:%Y-%m-%dT%H-%M-%SZ}"
    folder.mkdir(parents=True)
    # Nobody restores the demo's skills: the archive is only as large as a real one.
    (folder / "skills.tar.gz").write_bytes(random.randbytes(random.randint(18_000, 26_000)))
    manifest = {
        "id": folder.name,
        "reason": "pre-curator-run",
        "created_at": when.isoformat(),
        "archive": "skills.tar.gz",
        "archive_bytes": (folder / "skills.tar.gz").stat().st_size,
        "skill_files": random.randint(20, 24),
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2, sort_keys=True), encoding="utf-8")
