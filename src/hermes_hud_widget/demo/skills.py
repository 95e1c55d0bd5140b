"""The agent's skills: what it knows how to do, and the files in which Hermes counts how often it did."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import tempfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from hermes_hud_widget.demo.script import Script, after, together
from hermes_hud_widget.demo.stories import read_stories

DAY_S = 86_400.0
USE_EVERY_S = (6.0, 10.0)
PATCHED = "data-quality"
"""The skill that the agent keeps improving."""
LESSONS_KEPT = 3

BUNDLED = ("arxiv", "plan", "test-driven-development", "ocr-documents", "apple-notes", "pr-review")
EDITED = "test-driven-development"
"""A bundled one that Mira changed."""
INSTALLED = "gbfs-feeds"
ARCHIVED = "excel-export"
MADE_BY_HERMES = ("data-quality", "debug-slow-query", ARCHIVED)
USES = {
    "backtest": 26,
    "data-quality": 34,
    "pr-review": 19,
    "read-experiment": 12,
    "gbfs-feeds": 9,
    "weekly-report": 8,
    "test-driven-development": 7,
    "arxiv": 5,
    "plan": 4,
    "debug-slow-query": 1,
}
"""About how often each was used in the month that is past."""
AGES_DAYS = {"backtest": 12, "data-quality": 3, "weekly-report": 47, "read-experiment": 20}
"""When those that are not Hermes' own were written."""


class Skills:
    """The skills of one home, changed as Hermes changes them.

    Args:
        folder: `skills/`, with the skeleton's skills in it.
        clock: Seconds since the epoch.
        seed: The same seed gives the same past.
        now: Where the past ends, in seconds since the epoch.
    """

    def __init__(self, folder: Path, clock: Callable[[], float], seed: int, now: float) -> None:
        self._folder = folder
        self._clock = clock
        self._random = Random(seed)
        self._folders = {file.parent.name: file.parent for file in sorted(folder.rglob("SKILL.md"))}
        self._records: dict[str, dict[str, Any]] = {}
        self._is_live = False
        self._new = list(read_stories("skills")["new"])
        self._lessons: list[str] = []
        for name, path in self._folders.items():
            written = now - AGES_DAYS.get(name, 58) * DAY_S
            os.utime(path / "SKILL.md", (written, written))
        for name, uses in USES.items():
            self._record(name).update(use_count=2 * uses, view_count=2 * uses + uses // 3)
        for name in MADE_BY_HERMES:
            self._record(name)["created_by"] = "agent"
        self._record("debug-slow-query").update(state="stale", patch_count=2)
        self._record("weekly-report")["pinned"] = True
        self._write_manifest()
        self._install(now - 17 * DAY_S)
        self._archive(now - 6 * DAY_S)
        self._curated(now - 5.2 * DAY_S)

    def go_live(self) -> None:
        """Ends the past: from now on every use is written down at once."""
        self._is_live = True
        self._save()

    def called(self, tool: str, arguments: Mapping[str, Any]) -> None:
        """What a tool's call does to the skills, if it is about one."""
        name = str(arguments.get("name", ""))
        if name not in self._folders:
            return
        if tool == "skill_view":
            self.use(name)
        elif tool == "skill_manage" and arguments.get("action") == "patch":
            self._count(name, "patch")

    def use(self, name: str) -> None:
        """Opening a skill counts as using it, too."""
        self._count(name, "view")
        self._count(name, "use")

    def past(self, now: float) -> Script:
        """A month of use, the newest at most some hours old; the one that went stale not in the last weeks."""
        start = self._clock()
        uses = [name for name, number in USES.items() for _ in range(number)]
        span = now - start - 7_200
        moments = [
            (span * (0.12 if name == "debug-slow-query" else self._random.random()), name) for name in uses
        ]
        return together(*(after(at, lambda name=name: self._once(name)) for at, name in moments))  # type: ignore[misc]

    def keep_using(self) -> Script:
        """Skills are used; now and then one is improved, and a new one made."""
        names = [name for name in USES if name != "debug-slow-query"]
        lessons = itertools.cycle(read_stories("skills")["lessons"])
        for number in itertools.count():
            if number % 4 == 1:
                self._improve(next(lessons))
            elif number % 6 == 2:
                self._make_another()
            else:
                self.use(self._random.choices(names, [USES[name] for name in names])[0])
            yield self._random.uniform(*USE_EVERY_S)

    def _once(self, name: str) -> Script:
        self.use(name)
        yield 0.0

    # -- files

    def _improve(self, lesson: str) -> None:
        """As `skill_manage` patches: the file is replaced, the change counted."""
        path = self._folders[PATCHED] / "SKILL.md"
        before, _, _ = path.read_text("utf-8").partition("\n\n## Learnt\n")
        self._lessons = [*self._lessons, lesson][-LESSONS_KEPT:]
        lessons = "\n".join(f"- {each}" for each in self._lessons)
        _replace(path, f"{before.rstrip()}\n\n## Learnt\n\n{lessons}\n", ".SKILL.md.tmp.")
        self._count(PATCHED, "patch")

    def _make_another(self) -> None:
        """Hermes' review makes a skill; when it has made all it can think of, it deletes the oldest."""
        made = [raw for raw in self._new if raw["name"] in self._folders]
        if len(made) == len(self._new):
            name = made[0]["name"]
            folder = self._folders.pop(name)
            (folder / "SKILL.md").unlink()
            folder.rmdir()
            self._records.pop(name, None)
            self._new.append(self._new.pop(0))
            self._save()
            return
        raw = next(raw for raw in self._new if raw["name"] not in self._folders)
        folder = self._folder / raw["category"] / raw["name"]
        for path in (folder.parent, folder):
            path.mkdir(mode=0o700, exist_ok=True)
        front = f"---\nname: {raw['name']}\ndescription: {raw['description']}\nversion: 0.1.0\nauthor: Hermes\n---"
        _replace(folder / "SKILL.md", f"{front}\n\n{raw['text']}", ".SKILL.md.tmp.")
        self._folders[raw["name"]] = folder
        self._record(raw["name"])["created_by"] = "agent"
        self._save()

    def _write_manifest(self) -> None:
        lines = [f"{name}:{_digest(self._folders[name])}" for name in sorted(BUNDLED)]
        _replace(self._folder / ".bundled_manifest", "\n".join(lines) + "\n", ".bundled_manifest_")
        edited = self._folders[EDITED] / "SKILL.md"
        times = (edited.stat().st_atime, edited.stat().st_mtime + 40 * DAY_S)
        text = edited.read_text("utf-8")
        edited.write_text(f"{text}\nHere: pytest, never unittest. A test's name is a sentence.\n", "utf-8")
        os.utime(edited, times)

    def _install(self, at: float) -> None:
        """As `hermes skills install` notes it."""
        folder = self._folders[INSTALLED]
        files = sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())
        entry = {
            "source": "github",
            "identifier": f"open-mobility/skills/{INSTALLED}",
            "trust_level": "community",
            "scan_verdict": "safe",
            "content_hash": f"sha256:{hashlib.sha256(INSTALLED.encode()).hexdigest()[:16]}",
            "install_path": folder.relative_to(self._folder).as_posix(),
            "files": files,
            "metadata": {},
            "scan_provenance": {},
            "installed_at": _iso(at),
            "updated_at": _iso(at),
        }
        hub = self._folder / ".hub"
        hub.mkdir(mode=0o700)
        content = {"version": 1, "installed": {INSTALLED: entry}}
        (hub / "lock.json").write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", "utf-8")

    def _archive(self, at: float) -> None:
        """As the curator puts a skill away."""
        archive = self._folder / ".archive"
        archive.mkdir(mode=0o700)
        self._folders.pop(ARCHIVED).rename(archive / ARCHIVED)
        self._record(ARCHIVED).update(state="archived", archived_at=_iso(at), use_count=1, view_count=2)

    def _curated(self, at: float) -> None:
        state = {
            "last_run_at": _iso(at),
            "last_run_duration_seconds": 0.4,
            "last_run_summary": "auto: 1 marked stale, 1 archived; llm: skipped (consolidation off)",
            "last_run_summary_shown_at": _iso(at + 600),
            "last_report_path": None,
            "paused": False,
            "run_count": 4,
        }
        _replace(
            self._folder / ".curator_state", json.dumps(state, indent=2, sort_keys=True), ".curator_state_"
        )

    def _record(self, name: str) -> dict[str, Any]:
        """One skill's entry in `.usage.json`, as Hermes begins it."""
        return self._records.setdefault(
            name,
            {
                "created_by": None,
                "use_count": 0,
                "view_count": 0,
                "last_used_at": None,
                "last_viewed_at": None,
                "patch_count": 0,
                "last_patched_at": None,
                "created_at": _iso(self._clock()),
                "state": "active",
                "pinned": False,
                "archived_at": None,
            },
        )

    def _count(self, name: str, what: str) -> None:
        record = self._record(name)
        record[f"{what}_count"] += 1
        record[{"use": "last_used_at", "view": "last_viewed_at", "patch": "last_patched_at"}[what]] = _iso(
            self._clock()
        )
        self._save()

    def _save(self) -> None:
        if self._is_live:
            text = json.dumps(self._records, indent=2, sort_keys=True, ensure_ascii=False)
            _replace(self._folder / ".usage.json", text, ".usage_")


def _replace(path: Path, text: str, prefix: str) -> None:
    """Writes a temporary file and renames it over the old one, as Hermes does."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=prefix, suffix=".tmp")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    Path(temporary).replace(path)


def _digest(folder: Path) -> str:
    """As Hermes digests a skill."""
    digest = hashlib.md5(usedforsecurity=False)
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(str(path.relative_to(folder)).encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()
